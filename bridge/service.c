/*
 * service.c owns what the mains of our programs share.
 */
#include "service.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "loop/loop.h"
#include "systemd.h"

/* ---- settings -------------------------------------------------------------------------------- */

static void
print_problems(const char *program, const struct sb_problems *problems)
{
	for (int i = 0; i < problems->count; i++)
		fprintf(stderr, "%s: %s%s\n", program,
				problems->list[i].is_error ? "" : "warning: ", problems->list[i].text);
}

bool
sb_service_load(const char *program, struct sb_config *config, int argc, char **argv,
				void (*check)(const struct sb_config *, struct sb_problems *),
				int (*other)(const struct sb_config *, enum sb_config_task), int *exit_status)
{
	struct sb_problems problems = {0};
	enum sb_config_task task = sb_config_load(config, argc, argv, &problems);
	bool go_on = false;

	*exit_status = 0;
	if (task == SB_CONFIG_HELP)
		sb_config_help(stdout);
	else if (task == SB_CONFIG_VERSION)
		printf("%s " SOCIAL_VERSION "\n", program);
	else if (task != SB_CONFIG_RUN && task != SB_CONFIG_CHECK)
		*exit_status = other(config, task);
	else
	{
		(void) sb_log_init(config->log_level);
		check(config, &problems);
		go_on = task == SB_CONFIG_RUN && problems.errors == 0;
		if (!go_on)
			print_problems(program, &problems);
		for (int i = 0; go_on && i < problems.count; i++)
			sb_log(SB_LOG_WARNING, problems.list[i].text, NULL, NULL);
		if (problems.errors)
			*exit_status = task == SB_CONFIG_CHECK ? 1 : 2;
		else if (task == SB_CONFIG_CHECK)
			printf("%s: the settings are good\n", program);
	}
	sb_problems_free(&problems);
	return go_on;
}

/* Takes over the settings that may change; faulty ones change nothing. */
static void
reload(struct sb_service *service)
{
	struct sb_config *next = sb_malloc(sizeof(*next));
	struct sb_problems problems = {0};
	char state[64];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, sb_loop_clock_us());
	sb_systemd_notify(state);
	sb_config_reload(service->config, next, service->argc, service->argv, &problems);
	for (int i = 0; i < problems.count; i++)
		sb_log(problems.list[i].is_error ? SB_LOG_ERROR : SB_LOG_WARNING, problems.list[i].text,
			   NULL, NULL);
	if (problems.errors)
	{
		sb_log(SB_LOG_ERROR, "the settings stay as they were", NULL, NULL);
		free(next);
	}
	else
	{
		(void) sb_log_init(next->log_level);
		service->loaded =
			sb_realloc(service->loaded, (size_t) (service->nloaded + 1) * sizeof(*service->loaded));
		service->loaded[service->nloaded++] = next;
		service->config = next;
		sb_loop_send_all(&sb_loop_settings, &service->config);
		sb_log(SB_LOG_INFO, "settings read again", NULL, NULL);
	}
	sb_problems_free(&problems);
	if (service->on_reload)
		service->on_reload(service->config);
	sb_log_flush();
	sb_systemd_notify("READY=1");
}

/* ---- signals --------------------------------------------------------------------------------- */

void
sb_service_block_signals(struct sb_service *service)
{
	sigemptyset(&service->signals);
	sigaddset(&service->signals, SIGTERM);
	sigaddset(&service->signals, SIGINT);
	sigaddset(&service->signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &service->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Tells the watchdog that all is well, unless a loop has not gone round since it was told last. */
static void
tell_watchdog(struct sb_service *service)
{
	for (int i = 0; i < service->count; i++)
		if (service->rounds(service->owner, i) == service->seen[i])
			return;
	for (int i = 0; i < service->count; i++)
		service->seen[i] = service->rounds(service->owner, i);
	sb_systemd_notify("WATCHDOG=1");
}

/* The next signal; 0 when it is time for the watchdog. */
static int
wait_for_signal(const struct sb_service *service, uint64_t every_us)
{
	struct timespec time = {(time_t) (every_us / 1000000), (long) (every_us % 1000000) * 1000};
	int signal_number = every_us ? sigtimedwait(&service->signals, NULL, &time)
								 : sigwaitinfo(&service->signals, NULL);

	return signal_number > 0 ? signal_number : 0;
}

void
sb_service_wait(struct sb_service *service)
{
	uint64_t watchdog_us = sb_systemd_watchdog_us() / 3;
	int signal_number = 0;

	service->seen = sb_calloc((size_t) service->count, sizeof(*service->seen));
	sb_systemd_notify("READY=1");
	while (signal_number != SIGTERM && signal_number != SIGINT)
	{
		signal_number = wait_for_signal(service, watchdog_us);
		if (signal_number == SIGHUP)
			reload(service);
		if (watchdog_us)
			tell_watchdog(service);
	}
	sb_systemd_notify("STOPPING=1");
	sb_log(SB_LOG_INFO, "stopping", "signal", signal_number == SIGTERM ? "TERM" : "INT");
	sb_log_flush();
}

void
sb_service_free(struct sb_service *service)
{
	for (int i = 0; i < service->nloaded; i++)
		free(service->loaded[i]);
	free(service->loaded);
	free(service->seen);
}
