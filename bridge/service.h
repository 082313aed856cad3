/*
 * service.h owns what the mains of our programs share: settings that are loaded and checked, and
 * the wait for signals while threads do the work.
 */
#ifndef SB_SERVICE_H
#define SB_SERVICE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

struct sb_service
{
	const char *program;            /* its name */
	const struct sb_config *config; /* as last loaded */
	int argc;
	char **argv;
	/* Settings were read, and keys and other files are to be; may be NULL. */
	void (*on_reload)(const struct sb_config *config);
	/* How often the n-th thread of `count` has gone round; one that stands still is stuck. */
	uint64_t (*rounds)(void *owner, int n);
	void *owner;
	int count;

	/* service.c's own; zeroed at first */
	sigset_t signals;
	struct sb_config **loaded; /* by reloads: loops may still have the one before the last */
	int nloaded;
	uint64_t *seen; /* of each thread, its rounds */
};

/*
 * Loads the settings; `check` adds what their table cannot tell. Whether the program is to run;
 * otherwise it did what it was asked for, or said what is wrong, and ends with *exit_status.
 * `other` does what only one program can be asked for, and returns the exit status.
 */
extern bool sb_service_load(const char *program, struct sb_config *config, int argc, char **argv,
							void (*check)(const struct sb_config *config,
										  struct sb_problems *problems),
							int (*other)(const struct sb_config *config, enum sb_config_task task),
							int *exit_status);

/* Before any thread: the signals that are waited for reach nobody else. */
extern void sb_service_block_signals(struct sb_service *service);

/* Tells that the program is ready, and waits for the signal that says stop. SIGHUP reloads. */
extern void sb_service_wait(struct sb_service *service);

/* After all threads have ended. */
extern void sb_service_free(struct sb_service *service);

#endif /* SB_SERVICE_H */
