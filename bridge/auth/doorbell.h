/*
 * doorbell.h owns what becomes of a NOTIFY on social_sessions or social_keys. Any role that may
 * connect can send one, and as many as it likes: a doorbell is not believed, it is a reason to
 * look, and no reason to look more than a few times a second.
 */
#ifndef SB_AUTH_DOORBELL_H
#define SB_AUTH_DOORBELL_H

struct sb_auth;
struct sb_doorbell;
struct sb_loop;
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
extern void sb_review_free(struct sb_review *review); /* after the pool */
extern void sb_review_settle(struct sb_review *review);

#endif /* SB_AUTH_DOORBELL_H */
