/*
 * doorbell.h owns what becomes of a NOTIFY on social_sessions or social_keys. Any role that may
 * connect can send one, and as many as it likes: a doorbell is not believed, it is a reason to
 * look, and no reason to look more than a few times a second.
 */
#ifndef SB_AUTH_DOORBELL_H
#define SB_AUTH_DOORBELL_H

#include <stddef.h>
#include <stdint.h>

struct sb_auth;
struct sb_doorbell;
struct sb_loop;
struct sb_mail_kind;
struct sb_pg_pool;
struct sb_review;

/*
 * The one of the process, in the first loop: listens, looks up which of the sessions named have
 * ended, and tells every loop of those.
 */
extern struct sb_doorbell *sb_doorbell_new(struct sb_loop *loop, struct sb_pg_pool *pool);

/* After the pool, which answers what is under way. */
extern void sb_doorbell_free(struct sb_doorbell *doorbell);

/* Does what is due; once an iteration of the loop. */
extern void sb_doorbell_settle(struct sb_doorbell *doorbell);

/*
 * One in each loop: hears of ended sessions, whose tokens are refused from then on; looks up every
 * session that the loop knows a token of, when it is not known which may have ended. Tokens without
 * a session are forgotten: the database is asked about them again.
 */
extern struct sb_review *sb_review_new(struct sb_loop *loop, struct sb_pg_pool *pool,
									   struct sb_auth *auth);

/*
 * Somebody else holds sessions that must not go on when they have ended: sessions writes some into
 * ids, from *position on, which moves, and returns 0 at their end; end is told of one that ended.
 * The one of a loop, for as long as the review.
 */
extern void sb_review_add(struct sb_review *review,
						  int (*sessions)(void *owner, size_t *position, int64_t *ids, int max),
						  void (*end)(void *owner, int64_t session_id), void *owner);
extern void sb_review_free(struct sb_review *review); /* after the pool */
extern void sb_review_settle(struct sb_review *review);

/* A signal to every loop that takes it: there may be new events (social_event). */
extern const struct sb_mail_kind sb_doorbell_events;

#endif /* SB_AUTH_DOORBELL_H */
