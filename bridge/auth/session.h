/*
 * session.h owns what the bridge tells the database about sessions: that one is in use (at most
 * once a minute, apart from the request: reads never write, design D15); and what loops tell each
 * other: that one has ended.
 */
#ifndef SB_AUTH_SESSION_H
#define SB_AUTH_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sb_loop;
struct sb_request;
struct sb_token_owner;

/* The request's session is in use: has the database note it when that is due. */
extern void sb_session_seen(struct sb_request *request, struct sb_token_owner *owner);

/* Ended sessions on their way to a loop; any thread adds, the loop takes. */
struct sb_ended_sessions
{
	pthread_mutex_t lock;
	int64_t *ids;
	int count;
	int size;
	bool missed; /* more than ids: some word may have been lost */
};

extern void sb_ended_sessions_init(struct sb_ended_sessions *ended);
extern void sb_ended_sessions_finish(struct sb_ended_sessions *ended);

/* Adds a session, *(int64_t *) arg, for a loop; 0: some may have been missed. Any thread. */
extern void sb_ended_sessions_tell(struct sb_loop *loop, void *arg);

/* Ends in the loop what was added since the last call. */
extern void sb_ended_sessions_take(struct sb_loop *loop);

#endif /* SB_AUTH_SESSION_H */
