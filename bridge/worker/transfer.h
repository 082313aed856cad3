/*
 * transfer.h owns what libcurl transfers: in threads of its own, for libcurl waits for some answers
 * (that to a mail's text, that to QUIT) also where it promises not to, and the loop has leases to
 * keep.
 */
#ifndef SB_WORKER_TRANSFER_H
#define SB_WORKER_TRANSFER_H

#include <curl/curl.h>

struct sb_loop;
struct sb_transfers;

/* One transfer, whose owner keeps it alive until on_done is called. */
struct sb_transfer
{
	/* In a thread that has nothing else: options of a handle that has none. Sockets and progress
	 * are ours.
	 */
	void (*set_up)(struct sb_transfer *transfer, CURL *easy);
	/* In the loop, exactly once. */
	void (*on_done)(struct sb_transfer *transfer, CURLcode result);

	/* transfer.c's own */
	struct sb_transfer *next;
	CURLcode result;
	int is_cancelled; /* atomic */
};

/* So many at once, each of which keeps its connection for the next one. Before the loop runs. */
extern struct sb_transfers *sb_transfers_new(struct sb_loop *loop, int threads);

/* What was not done is, cancelled. */
extern void sb_transfers_free(struct sb_transfers *transfers);

/* Begins, when a thread is free. */
extern void sb_transfer_begin(struct sb_transfers *transfers, struct sb_transfer *transfer);

/* Ends it, and the connection that it has; on_done follows. */
extern void sb_transfer_cancel(struct sb_transfers *transfers, struct sb_transfer *transfer);

#endif /* SB_WORKER_TRANSFER_H */
