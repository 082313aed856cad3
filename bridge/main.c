/*
 * main.c owns the process of social-bridge: settings, one thread per core.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/config.h"
#include "cache/cache.h"
#include "http/router.h"
#include "http/cors.h"
#include "http/country.h"
#include "http/forwarded.h"
#include "http/library.h"
#include "http/peers.h"
#include "api/describe.h"
#include "api/ingest.h"
#include "api/asyncapi.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "api/store.h"
#include "api/web.h"
#include "api/webhook.h"
#include "auth/auth.h"
#include "http/server.h"
#include "http/socket.h"
#include "base/log.h"
#include "loop/loop.h"
#include "media/media.h"
#include "base/memory.h"
#include "base/process.h"
#include "pg/target.h"
#include "ratelimit/limits.h"
#include "reference.h"
#include "service.h"
#include "systemd.h"
#include "thread.h"
#include "tls/certificate.h"
#include "tls/relay.h"

/* Descriptors beside clients and pool: the process's own, and in each loop its epoll sets,
 * listening socket, wake-ups, Redis, the connections that listen and tick, names being resolved,
 * the ring that sends go out by. */
#define PROCESS_DESCRIPTORS 20
#define LOOP_DESCRIPTORS    13

static char **arguments; /* main()'s */

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
 * How many descriptors clients may have: three each, WebSockets one (by TLS two more), as far as
 * there are any when every other part has its own. Below 1 when there are too few even for those.
 */
static int
max_descriptors(const struct sb_config *config, int loops)
{
	rlim_t limit = raise_descriptor_limit();
	int pool = config->db_connections + config->db_write_connections + config->db_slow_connections +
			   config->db_slow_read_connections + 2 * config->db_wait_connections;
	rlim_t operators = config->admin_port || getenv("LISTEN_FDS") ? SB_SERVER_OPERATORS : 0;
	rlim_t ingest = config->ingest_port ? SB_SERVER_OPERATORS : 0;
	rlim_t each = SB_PEERS_DESCRIPTORS + (config->tls_certificate ? SB_RELAY_DESCRIPTORS : 0);
	rlim_t reserve = PROCESS_DESCRIPTORS + SB_PEERS_DESCRIPTORS * (operators + ingest) +
					 (rlim_t) loops * (rlim_t) (LOOP_DESCRIPTORS + pool);
	rlim_t clients = limit > reserve ? (limit - reserve) / each : 0;

	if (limit == RLIM_INFINITY || clients >= (rlim_t) config->max_connections)
		return config->max_connections * (int) each;
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
	return (int) (clients * each);
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
	char problem[512];

	if (config->drain_timeout > config->stop_timeout)
		sb_problem_warning(problems, "DRAIN_TIMEOUT is longer than STOP_TIMEOUT, which counts");
	if (config->lock_timeout > config->statement_timeout)
		sb_problem_warning(problems, "LOCK_TIMEOUT is longer than STATEMENT_TIMEOUT, which counts");
	sb_pg_target_init(config, problems);
	sb_cors_init(config, problems);
	sb_limits_check(config, problems);
	sb_cache_check(config, problems);
	sb_web_init(config, problems);
	sb_store_check(config, problems);
	sb_webhook_check(config, problems);
	sb_media_check(config, problems);
	sb_certificate_read(config, problems);
	if (!sb_country_read(config->country_file, problem, sizeof(problem)))
		sb_problem_error(problems, "%s", problem);
	if (!sb_forwarded_init(config->trusted_proxies, &item))
		sb_problem_error(problems, "TRUSTED_PROXIES: %.*s is no address or network",
						 (int) strcspn(item, ", "), item);
}

/* Becomes social-worker, which stands beside us and has the HTTP client; returns when it cannot. */
static int
become_worker(char **argv)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("social-worker"));
	char *name = len > 0 ? memrchr(path, '/', (size_t) len) : NULL;

	if (name)
	{
		strcpy(name + 1, "social-worker");
		execv(path, argv);
	}
	fprintf(stderr, "social-bridge: social-worker, which does that, is not beside it: %s\n",
			strerror(errno));
	return 1;
}

/* What no other program can be asked for; the exit status. */
static int
do_task(const struct sb_config *config, enum sb_config_task task)
{
	if (task == SB_CONFIG_BUCKET)
		return become_worker(arguments);
	if (task == SB_CONFIG_NGINX)
		return sb_ingest_print_conf(config, stdout) ? 0 : 1;
	if (task == SB_CONFIG_SCHEMA)
		return sb_reference_print_schema(stdout) ? 0 : 1;
	if (!sb_routes_init())
		return 1;
	if (task == SB_CONFIG_REFERENCE)
		return sb_reference_print(stdout) ? 0 : 1;
	if (task == SB_CONFIG_OPENAPI)
		sb_openapi_print(config, stdout);
	else if (task == SB_CONFIG_ASYNCAPI)
		sb_asyncapi_print(config, stdout);
	else
		sb_describe_print(stdout);
	return 0;
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

static bool
serve_ingest(const struct sb_config *config, struct sb_thread *thread)
{
	int fd;

	if (config->ingest_port == 0)
		return true;
	fd = listen_on("127.0.0.1", config->ingest_port, true);
	return fd >= 0 && sb_thread_serve_ingest(thread, fd);
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
		threads[i] = sb_thread_new(config, i, fd, passed->count > 0);
		if (threads[i] == NULL)
			return false;
	}
	for (int i = 0; i < passed->count; i++)
		close(passed->fds[i]); /* each thread has a duplicate */
	if (!serve_operators(config, passed, threads[0]) || !serve_ingest(config, threads[0]))
		return false;
	for (int i = 0; i < count; i++)
		if (!sb_thread_start(threads[i]))
			return false;
	return true;
}

/* ---- while it serves ------------------------------------------------------------------------- */

static void
on_reload(const struct sb_config *config)
{
	char problem[512];

	if (!sb_country_read(config->country_file, problem, sizeof(problem)))
	{
		sb_log(SB_LOG_ERROR, problem, NULL, NULL);
		sb_log(SB_LOG_ERROR, "countries are told by the file as it was", NULL, NULL);
	}
	sb_certificate_read_again(config);
	sb_loop_send_all(&sb_auth_keys_changed, NULL);
}

static uint64_t
rounds(void *owner, int n)
{
	return sb_thread_rounds(((struct sb_thread **) owner)[n]);
}

static void
stop(struct sb_thread **threads, int count)
{
	for (int i = 0; i < count; i++)
		sb_thread_stop(threads[i]);
	for (int i = 0; i < count; i++)
		sb_thread_join(threads[i]);
	for (int i = 0; i < count; i++)
		sb_thread_free(threads[i]);
	free(threads);
}

int
main(int argc, char **argv)
{
	struct sb_config config;
	struct sb_systemd_sockets passed;
	struct sb_service service = {.program = "social-bridge",
								 .config = &config,
								 .argc = argc,
								 .argv = argv,
								 .on_reload = on_reload,
								 .rounds = rounds};
	struct sb_thread **threads;
	int exit_status;
	int descriptors;
	int count;

	arguments = argv;
	if (!sb_service_load(service.program, &config, argc, argv, check_config, do_task, &exit_status))
		return exit_status;
	if (!sb_routes_init() || !check_library() || !sb_media_init(&config) ||
		!sb_systemd_take_sockets(&passed))
		return 2;
	sb_openapi_init(&config);
	sb_asyncapi_init(&config);
	sb_router_name_metrics();
	sb_process_begin();
	sb_service_block_signals(&service);
	/* A request's large pieces come and go, and each time the heap would go through its bins of
	 * small ones: without these it has nothing to go through. */
	mallopt(M_MXFAST, 0);
	json_object_seed(0);
	malloc_trim(0); /* the documents are made, and what they were made of is gone */
	count = config.loops ? config.loops : (int) sysconf(_SC_NPROCESSORS_ONLN);
	descriptors = max_descriptors(&config, count);
	if (descriptors < 1)
		return 2;
	sb_peers_init(config.max_connections,
				  config.rate_limits ? config.max_connections_per_address : config.max_connections,
				  descriptors);
	threads = sb_calloc((size_t) count, sizeof(struct sb_thread *));
	service.owner = threads;
	service.count = count;
	if (!make_threads(&config, &passed, threads, count))
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
	if (config.tls_certificate)
		sb_log_text("tls", config.tls_min_version);
	sb_log_end();
	sb_log_flush();
	sb_service_wait(&service);
	stop(threads, count);
	sb_media_end();
	sb_certificate_free();
	sb_service_free(&service);
	sb_pg_target_free();
	sb_log(SB_LOG_INFO, "stopped", NULL, NULL);
	sb_log_finish();
	return 0;
}
