/*
 * connection.h owns the connection to Redis: one of each loop, for whoever has commands for it.
 *
 * While it is down nobody waits for it: every command fails at once, and a new connection is tried
 * now and then, with one command of our own, later and later. An answer that takes longer than
 * REDIS_TIMEOUT takes the connection down.
 */
#ifndef SB_REDIS_CONNECTION_H
#define SB_REDIS_CONNECTION_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_loop;
struct sb_redis;

/* A command under way. The owner embeds it, and keeps it until on_reply. */
struct sb_redis_command
{
	/* Called exactly once: with what Redis says, perhaps an error, for the time of the call; NULL:
	 * it does not answer. */
	void (*on_reply)(struct sb_redis_command *command, const redisReply *reply);

	/* The connection's. */
	struct sb_redis *redis;
	struct sb_redis_command *next;
	uint64_t deadline_ms;
};

/* Whether the URL can be read. */
extern bool sb_redis_check_url(const char *url);

/* To REDIS_URL, which has been checked. */
extern struct sb_redis *sb_redis_new(struct sb_loop *loop);
extern void sb_redis_free(struct sb_redis *redis);

/* Ends what is under way as not answered; from then on it is down. */
extern void sb_redis_close(struct sb_redis *redis);

/*
 * Sends a command, whose words are copied. False, and on_reply is never called, while the
 * connection is down. on_reply is never called from inside.
 */
extern bool sb_redis_send(struct sb_redis *redis, struct sb_redis_command *command, int argc,
						  const char *const *argv, const size_t *lens);

/* Whether the connection works. */
extern bool sb_redis_is_up(const struct sb_redis *redis);

/* Watches the deadlines, and begins a new connection when it is time. Each iteration of the loop.
 */
extern void sb_redis_settle(struct sb_redis *redis);

#endif /* SB_REDIS_CONNECTION_H */
