/*
 * snapshot.h owns answers about the installation that are made from the database's figures
 * (social.metrics()) at most once in a while for the whole process, whoever asks and however often.
 *
 * Those who ask while one is being made wait for it, in whatever loop they are.
 */
#ifndef SB_API_SNAPSHOT_H
#define SB_API_SNAPSHOT_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_buffer;
struct sb_loop;
struct sb_request;
struct sb_services;

/* Lives as long as the process; what is not set by its owner is zero. */
struct sb_snapshot
{
	uint32_t max_age_ms;
	const char *content_type;
	/* Writes the answer from the figures, NULL when the database does not say them; its status. */
	int (*write)(struct sb_buffer *out, const struct sb_services *services,
				 const PGresult *figures);
	/* Writes what goes before it, anew for each who asks. May be NULL. */
	void (*write_first)(struct sb_buffer *out, const struct sb_services *services);

	pthread_mutex_t lock; /* of the rest */
	bool is_under_way;
	bool is_failed; /* it was made without the database: the next comes soon */
	uint64_t made_at_ms;
	int status;
	char *text; /* NULL: there was none yet */
	size_t len;
};

/* Answers a request, now or when the snapshot is there. */
extern void sb_snapshot_answer(struct sb_snapshot *snapshot, struct sb_request *request);

/* A loop takes part, before its thread runs. */
extern void sb_snapshot_join(struct sb_loop *loop);

/* This loop stops: who waits here is answered 503. */
extern void sb_snapshot_give_up(void);

#endif /* SB_API_SNAPSHOT_H */
