/*
 * thread.h owns one thread of the process: its loop, and all that is served there. Threads share
 * nothing but the configuration and the route table (read-only), the counts of connections
 * (http/peers.h), how many of them are not ready (admission/services.h), and mail (loop/loop.h).
 */
#ifndef SB_THREAD_H
#define SB_THREAD_H

#include <stdbool.h>
#include <stdint.h>

struct sb_config;
struct sb_thread;

/*
 * One that listens on its own socket (listen_fd becomes its property; is_passed: as a duplicate of
 * one that whoever comes next serves, too) and connects to the database by itself. NULL with the
 * reason in the log.
 */
extern struct sb_thread *sb_thread_new(const struct sb_config *config, int index, int listen_fd,
									   bool is_passed);

/* Before it starts: it answers operators, too (listen_fd becomes its property). False: it cannot.
 */
extern bool sb_thread_serve_operators(struct sb_thread *thread, int listen_fd);

/* The same for an ingest server (INGEST_PORT). */
extern bool sb_thread_serve_ingest(struct sb_thread *thread, int listen_fd);

/* From any thread: how many rounds its loop has gone through; one that stands still is stuck. */
extern uint64_t sb_thread_rounds(const struct sb_thread *thread);

/* Starts it; false when that fails. */
extern bool sb_thread_start(struct sb_thread *thread);

/* From any thread: it comes to its end. */
extern void sb_thread_stop(struct sb_thread *thread);

/* Waits for its end. */
extern void sb_thread_join(struct sb_thread *thread);

/* After all of them have ended. */
extern void sb_thread_free(struct sb_thread *thread);

#endif /* SB_THREAD_H */
