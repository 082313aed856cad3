/*
 * main.c owns the process: settings, one loop per core, signals.
 */
#include <errno.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "http/cors.h"
#include "http/forwarded.h"
#include "http/peers.h"
#include "http/router.h"
#include "http/server.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "ratelimit/limits.h"
#include "reference.h"

/* The signals that main() waits for; no other thread gets them. */
static void
block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* As many descriptors as the system lets us have: one per client. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
	{
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Whether libpq can read the text; what it says may hold the password, so nobody repeats it. */
static bool
is_connection_string(const char *text)
{
	PQconninfoOption *options = PQconninfoParse(text, NULL);

	PQconninfoFree(options);
	return options != NULL;
}

/* What the table of settings cannot check by itself; false with one line in error. */
static bool
check_config(const struct sb_config *config, char *error, size_t size)
{
	const char *origin;
	const char *problem;

	if (!sb_log_init(config->log_level))
		snprintf(error, size, "LOG_LEVEL must be error, warning, info or debug");
	else if (config->database_url && !is_connection_string(config->database_url))
		snprintf(error, size, "DATABASE_URL is no connection string or URI");
	else if (!sb_cors_init(config, &origin))
		snprintf(error, size, "%.200s is not an origin (scheme://host[:port])", origin);
	else if (!sb_limits_check(config, error, size))
		return false;
	else if (!sb_forwarded_init(config->trusted_proxies, &problem))
		snprintf(error, size, "TRUSTED_PROXIES: %.200s is no address or network", problem);
	else
		return true;
	return false;
}

/* Whether to go on; otherwise the process ends with *exit_status. */
static bool
load_config(struct sb_config *config, int argc, char **argv, int *exit_status)
{
	char error[256];

	*exit_status = 0;
	switch (sb_config_load(config, argc, argv, error, sizeof(error)))
	{
		case SB_CONFIG_HELP:
			sb_config_help(stdout);
			return false;
		case SB_CONFIG_VERSION:
			puts("social-bridge " SOCIAL_VERSION);
			return false;
		case SB_CONFIG_REFERENCE:
			*exit_status = sb_router_init() && sb_reference_print(stdout) ? 0 : 1;
			return false;
		case SB_CONFIG_OK:
			if (check_config(config, error, sizeof(error)))
				return true;
			break;
		case SB_CONFIG_ERROR:
			break;
	}
	fprintf(stderr, "social-bridge: %s\n", error);
	*exit_status = 2;
	return false;
}

/* Every loop with its socket; the first finds out whether the port is somebody else's. */
static bool
make_loops(const struct sb_config *config, struct sb_loop **loops, int count)
{
	for (int i = 0; i < count; i++)
	{
		int fd = sb_server_listen(config->http_host, config->http_port, i == 0);

		if (fd < 0)
		{
			fprintf(stderr, "social-bridge: cannot listen on %s port %d: %s\n", config->http_host,
					config->http_port, strerror(errno));
			return false;
		}
		loops[i] = sb_loop_new(config, i, fd);
		if (loops[i] == NULL)
			return false;
	}
	for (int i = 0; i < count; i++)
		if (!sb_loop_start(loops[i]))
			return false;
	return true;
}

/* Waits for signals until one says stop. */
static void
serve(struct sb_loop **loops, int count, const sigset_t *signals)
{
	int signal_number = 0;

	while (signal_number != SIGTERM && signal_number != SIGINT)
	{
		if (sigwait(signals, &signal_number) != 0)
			continue;
		for (int i = 0; signal_number == SIGHUP && i < count; i++)
			sb_loop_reload(loops[i]);
	}
	sb_log(SB_LOG_INFO, "stopping", "signal", signal_number == SIGTERM ? "TERM" : "INT");
	sb_log_flush();
	for (int i = 0; i < count; i++)
		sb_loop_stop(loops[i]);
	for (int i = 0; i < count; i++)
	{
		pthread_join(loops[i]->thread, NULL);
		sb_loop_free(loops[i]);
	}
}

int
main(int argc, char **argv)
{
	struct sb_config config;
	struct sb_loop **loops;
	sigset_t signals;
	int exit_status;
	int count;

	if (!load_config(&config, argc, argv, &exit_status))
		return exit_status;
	if (!sb_router_init())
		return 2;
	block_signals(&signals);
	raise_descriptor_limit();
	json_object_seed(0);
	sb_peers_init(config.max_connections,
				  config.rate_limits ? config.max_connections_per_address : config.max_connections);
	count = config.loops ? config.loops : (int) sysconf(_SC_NPROCESSORS_ONLN);
	loops = sb_calloc((size_t) count, sizeof(*loops));
	if (!make_loops(&config, loops, count))
	{
		sb_log_flush();
		return 1;
	}
	sb_log_begin(SB_LOG_INFO, "listening");
	sb_log_text("version", SOCIAL_VERSION);
	sb_log_text("host", config.http_host);
	sb_log_int("port", config.http_port);
	sb_log_int("loops", count);
	sb_log_end();
	sb_log_flush();
	serve(loops, count, &signals);
	free(loops);
	sb_log(SB_LOG_INFO, "stopped", NULL, NULL);
	sb_log_finish();
	return 0;
}
