/*
 * session.h owns what the bridge tells the database about sessions: that one is in use, at most
 * once a minute and apart from the caller's work, for reads never write (design D15).
 */
#ifndef SB_AUTH_SESSION_H
#define SB_AUTH_SESSION_H

struct sb_caller;
struct sb_pg_pool;
struct sb_token_owner;

/* The caller's session is in use: has the database note it when that is due. */
extern void sb_session_seen(struct sb_pg_pool *pool, const struct sb_caller *caller,
							struct sb_token_owner *owner);

#endif /* SB_AUTH_SESSION_H */
