/*
 * foreign.h owns the tokens that only the database can check: API keys, those of issuers that are
 * registered there, and ours that a shared secret signed. It is asked once per token.
 */
#ifndef SB_AUTH_FOREIGN_H
#define SB_AUTH_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/keys.h"

struct sb_pg_pool;
struct sb_token_owner;

/*
 * Whether the token says that it is one of those. Nothing about it has been checked: this only
 * chooses who checks.
 */
extern bool sb_foreign_is(const struct sb_keys *keys, const char *token, size_t len);

/*
 * Asks the database. on_answer is called exactly once, perhaps before this returns: not answered,
 * when the database was not to be had; else with what the token says, or NULL for one that is no
 * good. The token must live until then.
 */
extern void sb_foreign_ask(struct sb_pg_pool *pool, const char *token,
						   void (*on_answer)(void *arg, bool answered,
											 const struct sb_token_owner *owner),
						   void *arg);

#endif /* SB_AUTH_FOREIGN_H */
