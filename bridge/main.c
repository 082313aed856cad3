/*
 * main.c owns the process: settings, one thread per core, signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/config.h"
#include "http/router.h"
#include "http/cors.h"
#include "http/forwarded.h"
#include "http/library.h"
#include "http/peers.h"
#include "api/describe.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "api/web.h"
#include "auth/auth.h"
#include "http/server.h"
#include "http/socket.h"
#include "base/log.h"
#include "loop/loop.h"
#include "base/memory.h"
#include "base/process.h"
#include "pg/target.h"
#include "ratelimit/limits.h"
#include "reference.h"
#include "systemd.h"
#include "thread.h"

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

/* Descriptors beside clients and pool: the process's own, and in each loop its epoll sets,
 * listening socket, wake-ups, Redis, the connections that listen and tick, names being resolved. */
#define PROCESS_DESCRIPTORS 16
#define LOOP_DESCRIPTORS    12

/* Raises the number of descriptors as far as the system lets us; how many that is. */
static rlim_t
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return RLIM_INFINITY;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

/*
 * How many clients there may be at once: what the setting says, as far as there are descriptors
 * for them when every other part has its own. Below 1 when there are too few even for those.
 */
static int
max_clients(const struct sb_config *config, int loops)
{
	rlim_t limit = raise_descriptor_limit();
	int pool = config->db_connections + config->db_write_connections + config->db_slow_connections +
			   config->db_slow_read_connections + 2 * config->db_wait_connections;
	rlim_t operators = config->admin_port || getenv("LISTEN_FDS") ? SB_SERVER_OPERATORS : 0;
	rlim_t each = 3; /* its socket, and both ends of its gate (http/gate.h) */
	rlim_t reserve = PROCESS_DESCRIPTORS + each * operators +
					 (rlim_t) loops * (rlim_t) (LOOP_DESCRIPTORS + pool);
	rlim_t clients = limit > reserve ? (limit - reserve) / each : 0;

	if (limit == RLIM_INFINITY || clients >= (rlim_t) config->max_connections)
		return config->max_connections;
	if (clients < 1)
	{
		fprintf(stderr,
				"social-bridge: %llu descriptors (ulimit -n) are too few: %llu are needed beside "
				"the clients' own\n",
				(unsigned long long) limit, (unsigned long long) reserve);
		return 0;
	}
	sb_log_begin(SB_LOG_WARNING, "fewer connections than MAX_CONNECTIONS: descriptors (ulimit -n)");
	sb_log_int("descriptors", (int64_t) limit);
	sb_log_int("connections", (int64_t) clients);
	sb_log_end();
	return (int) clients;
}

/* Whether the HTTP library at hand is one that is known. */
static bool
check_library(void)
{
	if (sb_server_library())
		return true;
	fprintf(stderr,
			"social-bridge: libmicrohttpd %s is not known to refuse what it must; known are %s\n",
			MHD_get_version(), sb_library_known());
	return false;
}

/* What the table of settings cannot check by itself. */
static void
check_config(const struct sb_config *config, struct sb_problems *problems)
{
	const char *item;

	(void) sb_log_init(config->log_level);
	if (config->drain_timeout > config->stop_timeout)
		sb_problem_warning(problems, "DRAIN_TIMEOUT is longer than STOP_TIMEOUT, which counts");
	if (config->lock_timeout > config->statement_timeout)
		sb_problem_warning(problems, "LOCK_TIMEOUT is longer than STATEMENT_TIMEOUT, which counts");
	sb_pg_target_init(config, problems);
	sb_cors_init(config, problems);
	sb_limits_check(config, problems);
	sb_web_init(config, problems);
	if (!sb_forwarded_init(config->trusted_proxies, &item))
		sb_problem_error(problems, "TRUSTED_PROXIES: %.*s is no address or network",
						 (int) strcspn(item, ", "), item);
}

static void
print_problems(const struct sb_problems *problems)
{
	for (int i = 0; i < problems->count; i++)
		fprintf(stderr, "social-bridge: %s%s\n",
				problems->list[i].is_error ? "" : "warning: ", problems->list[i].text);
}

/* Whether to go on; otherwise the process ends with *exit_status. */
static bool
load_config(struct sb_config *config, int argc, char **argv, int *exit_status)
{
	struct sb_problems problems = {0};
	enum sb_config_task task = sb_config_load(config, argc, argv, &problems);
	bool go_on = false;

	*exit_status = 0;
	if (task == SB_CONFIG_HELP)
		sb_config_help(stdout);
	else if (task == SB_CONFIG_VERSION)
		puts("social-bridge " SOCIAL_VERSION);
	else if (task == SB_CONFIG_REFERENCE)
		*exit_status = sb_routes_init() && sb_reference_print(stdout) ? 0 : 1;
	else if (task == SB_CONFIG_SCHEMA)
		*exit_status = sb_reference_print_schema(stdout) ? 0 : 1;
	else if (task == SB_CONFIG_OPENAPI)
	{
		*exit_status = sb_routes_init() ? 0 : 1;
		if (*exit_status == 0)
			sb_openapi_print(config, stdout);
	}
	else if (task == SB_CONFIG_ROUTES)
	{
		*exit_status = sb_routes_init() ? 0 : 1;
		if (*exit_status == 0)
			sb_describe_print(stdout);
	}
	else
	{
		check_config(config, &problems);
		go_on = task == SB_CONFIG_RUN && problems.errors == 0;
		if (!go_on)
			print_problems(&problems);
		for (int i = 0; go_on && i < problems.count; i++)
			sb_log(SB_LOG_WARNING, problems.list[i].text, NULL, NULL);
		if (problems.errors)
			*exit_status = task == SB_CONFIG_CHECK ? 1 : 2;
		else if (task == SB_CONFIG_CHECK)
			puts("social-bridge: the settings are good");
	}
	sb_problems_free(&problems);
	return go_on;
}

/* Below 0, and said why, when that cannot be. */
static int
listen_on(const char *host, int port, bool exclusive)
{
	int fd = sb_socket_listen(host, port, exclusive);

	if (fd < 0)
		fprintf(stderr, "social-bridge: cannot listen on %s port %d: %s\n", host, port,
				strerror(errno));
	return fd;
}

/*
 * The socket of the n-th thread: one of those that were passed, which several may share, or one of
 * its own; the first finds out whether the port is somebody else's.
 */
static int
socket_for(const struct sb_config *config, const struct sb_systemd_sockets *passed, int n)
{
	if (passed->count == 0)
		return listen_on(config->http_host, config->http_port, n == 0);
	return fcntl(passed->fds[n % passed->count], F_DUPFD_CLOEXEC, 0);
}

static bool
serve_operators(const struct sb_config *config, const struct sb_systemd_sockets *passed,
				struct sb_thread *thread)
{
	int fd = passed->operators;

	if (fd < 0 && config->admin_port == 0)
		return true;
	if (fd < 0)
		fd = listen_on(config->admin_host, config->admin_port, true);
	return fd >= 0 && sb_thread_serve_operators(thread, fd);
}

/* Every thread with its socket. */
static bool
make_threads(const struct sb_config *config, const struct sb_systemd_sockets *passed,
			 struct sb_thread **threads, int count)
{
	for (int i = 0; i < count; i++)
	{
		int fd = socket_for(config, passed, i);

		if (fd < 0)
			return false;
		threads[i] = sb_thread_new(config, i, fd);
		if (threads[i] == NULL)
			return false;
	}
	for (int i = 0; i < passed->count; i++)
		close(passed->fds[i]); /* each thread has a duplicate */
	if (!serve_operators(config, passed, threads[0]))
		return false;
	for (int i = 0; i < count; i++)
		if (!sb_thread_start(threads[i]))
			return false;
	return true;
}

/* ---- while it serves ------------------------------------------------------------------------- */

/* What main() looks after while the threads serve. */
struct service
{
	const struct sb_config *config; /* as last loaded */
	struct sb_config **loaded;      /* by reloads: loops may still have the one before the last */
	int nloaded;
	int argc;
	char **argv;
	struct sb_thread **threads;
	uint64_t *rounds; /* of each thread, as last seen */
	int count;
	const sigset_t *signals;
};

/* Takes over the settings that may change; faulty ones change nothing. */
static void
reload(struct service *service)
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
	sb_loop_send_all(&sb_auth_keys_changed, NULL);
	sb_log_flush();
	sb_systemd_notify("READY=1");
}

/* Tells the watchdog that all is well, unless a loop has not gone round since it was told last. */
static void
tell_watchdog(struct service *service)
{
	for (int i = 0; i < service->count; i++)
		if (sb_thread_rounds(service->threads[i]) == service->rounds[i])
			return;
	for (int i = 0; i < service->count; i++)
		service->rounds[i] = sb_thread_rounds(service->threads[i]);
	sb_systemd_notify("WATCHDOG=1");
}

/* The next signal; 0 when it is time for the watchdog. */
static int
wait_for_signal(const struct service *service, uint64_t every_us)
{
	struct timespec time = {(time_t) (every_us / 1000000), (long) (every_us % 1000000) * 1000};
	int signal_number = every_us ? sigtimedwait(service->signals, NULL, &time)
								 : sigwaitinfo(service->signals, NULL);

	return signal_number > 0 ? signal_number : 0;
}

/* Waits for signals until one says stop. */
static void
serve(struct service *service)
{
	uint64_t watchdog_us = sb_systemd_watchdog_us() / 3;
	int signal_number = 0;

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
	for (int i = 0; i < service->count; i++)
		sb_thread_stop(service->threads[i]);
	for (int i = 0; i < service->count; i++)
		sb_thread_join(service->threads[i]);
	for (int i = 0; i < service->count; i++)
		sb_thread_free(service->threads[i]);
}

int
main(int argc, char **argv)
{
	struct sb_config config;
	struct sb_systemd_sockets passed;
	struct service service = {.config = &config, .argc = argc, .argv = argv};
	sigset_t signals;
	int exit_status;
	int clients;
	int count;

	if (!load_config(&config, argc, argv, &exit_status))
		return exit_status;
	if (!sb_routes_init() || !check_library() || !sb_systemd_take_sockets(&passed))
		return 2;
	sb_openapi_init(&config);
	sb_router_name_metrics();
	sb_process_begin();
	block_signals(&signals);
	/* A request's large pieces come and go, and each time the heap would go through its bins of
	 * small ones: without these it has nothing to go through. */
	mallopt(M_MXFAST, 0);
	json_object_seed(0);
	count = config.loops ? config.loops : (int) sysconf(_SC_NPROCESSORS_ONLN);
	clients = max_clients(&config, count);
	if (clients < 1)
		return 2;
	sb_peers_init(clients,
				  config.rate_limits ? config.max_connections_per_address : config.max_connections);
	service.threads = sb_calloc((size_t) count, sizeof(*service.threads));
	service.rounds = sb_calloc((size_t) count, sizeof(*service.rounds));
	service.count = count;
	service.signals = &signals;
	if (!make_threads(&config, &passed, service.threads, count))
	{
		sb_log_flush();
		return 1;
	}
	sb_log_begin(SB_LOG_INFO, "listening");
	sb_log_text("version", SOCIAL_VERSION);
	if (passed.count)
		sb_log_int("sockets_passed", passed.count);
	else
	{
		sb_log_text("host", config.http_host);
		sb_log_int("port", config.http_port);
	}
	sb_log_int("loops", count);
	sb_log_end();
	sb_log_flush();
	serve(&service);
	for (int i = 0; i < service.nloaded; i++)
		free(service.loaded[i]);
	free(service.loaded);
	free(service.threads);
	free(service.rounds);
	sb_pg_target_free();
	sb_log(SB_LOG_INFO, "stopped", NULL, NULL);
	sb_log_finish();
	return 0;
}
