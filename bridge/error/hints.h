/*
 * hints.h owns what the database's hints become for clients: those that speak SQL have words of
 * their own on each surface, or none (found A14).
 */
#ifndef SB_ERROR_HINTS_H
#define SB_ERROR_HINTS_H

enum sb_hint_surface
{
	SB_HINT_REST,
	SB_HINT_GRAPHQL,
	SB_HINT_SURFACES
};

/* The hint in the words of the surface; NULL where it has nothing to say there (or is NULL). */
extern const char *sb_hint_for(enum sb_hint_surface surface, const char *hint);

#endif /* SB_ERROR_HINTS_H */
