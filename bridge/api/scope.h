/*
 * scope.h owns which scope an API key needs for what (api/scope.def). What is not named there is
 * not for API keys: a new route or field is none of theirs until somebody says so.
 */
#ifndef SB_API_SCOPE_H
#define SB_API_SCOPE_H

#include <stdint.h>

/* For a row of the routes, by its name: one of core/api_key.h, SB_SCOPE_ANY, or 0. */
extern uint32_t sb_scope_of_route(const char *name);

/* The same for a root field of GraphQL; that of a list serves its connection. */
extern uint32_t sb_scope_of_field(const char *name);

/* The word for a scope; "any", or "" for what is not for API keys. */
extern const char *sb_scope_word(uint32_t scope);

#endif /* SB_API_SCOPE_H */
