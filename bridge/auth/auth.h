/*
 * auth.h owns the question whose token it is: a signature check against the keys of the database,
 * once per token, then a cache (mission P-13, P-14). Keys and limits are read from the database
 * again when somebody rings, which may be often: soon, and not more than twice a second.
 */
#ifndef SB_AUTH_H
#define SB_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct sb_auth;
struct sb_loop;
struct sb_mail_kind;
struct sb_pg_pool;
struct sb_token_owner;

/* A signal to every loop: the keys may be other ones, or SIGHUP says so. */
extern const struct sb_mail_kind sb_auth_keys_changed;

enum sb_auth_outcome
{
	SB_AUTH_OK,
	SB_AUTH_INVALID,     /* malformed, forged, expired, of another issuer, … */
	SB_AUTH_UNAVAILABLE, /* the keys could not be read yet */
	SB_AUTH_COSTLY       /* only the database can say: count the request, then sb_auth_ask() */
};

/* A check under way; the caller keeps it alive until on_checked has told its outcome. */
struct sb_auth_check
{
	struct sb_auth_check *next;
	struct sb_auth *auth; /* filled in here */
	const char *token;
	/* owner: what the token says, for the time of the call; NULL unless SB_AUTH_OK */
	void (*on_checked)(void *arg, enum sb_auth_outcome outcome, struct sb_token_owner *owner);
	void *arg;
};

/*
 * on_limits gets what the database says about limits, a member of what the keys come with, whenever
 * that has changed.
 */
extern struct sb_auth *sb_auth_new(struct sb_loop *loop, struct sb_pg_pool *pool,
								   void (*on_limits)(void *owner, json_t *limits), void *owner);

/* Answers the checks that wait; after the pool, before the server. */
extern void sb_auth_free(struct sb_auth *auth);

/* Checks a token as far as the bridge can; on_checked is called before this returns. */
extern void sb_auth_check(struct sb_auth *auth, struct sb_auth_check *check);

/*
 * Goes on with a check that is COSTLY, to any other outcome; on_checked is called once more,
 * perhaps before this returns. A token with an unknown key waits for the keys to be read again; a
 * flood of unknown keys makes that no more frequent than once in a few seconds.
 */
extern void sb_auth_ask(struct sb_auth *auth, struct sb_auth_check *check);

/* The database is there: makes sure that it has a key to sign with, so that no login need make it.
 */
extern void sb_auth_begin(struct sb_auth *auth);

/* A session has ended: its tokens are refused from now on. */
extern void sb_auth_end_session(struct sb_auth *auth, int64_t session_id);

/* Sessions of the tokens that are known; see auth/cache.h. */
extern int sb_auth_sessions(const struct sb_auth *auth, size_t *position, int64_t *ids, int max);

/* Forgets the tokens that are known; those that name no session. */
extern void sb_auth_forget(struct sb_auth *auth);
extern void sb_auth_forget_foreign(struct sb_auth *auth);

/* Answers the checks that wait: no load can end them, for the database is away. */
extern void sb_auth_give_up(struct sb_auth *auth);

/* Whether keys have been read once. */
extern bool sb_auth_is_ready(const struct sb_auth *auth);

#endif /* SB_AUTH_H */
