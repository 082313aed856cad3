/*
 * health.c owns what is said of the bridge's and the installation's health.
 *
 *   GET /api/posts/health/           for load balancers, without a round trip (mission 043). A
 *                                    standby serves reads: it is healthy, and says what it does not
 * do GET /api/posts/health/detailed/  for staff and operators, made once a minute (mission 044) GET
 * /live, /ready                for operators: does the process answer; is it to get requests
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admission/services.h"
#include "api/api.h"
#include "api/snapshot.h"
#include "base/buffer.h"
#include "base/process.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"
#include "redis/connection.h"

#define DETAILED_MS 60000

void
sb_api_health(struct sb_request *request)
{
	if (!sb_api_is_on(request, request->loop->config->health_check_enabled))
		return;
	if (sb_services_all_ready() && sb_pg_pool_is_standby(request->admission.services->pool))
		sb_request_reply_constant(request, 200, "{\"status\":\"healthy\",\"read_only\":true}");
	else if (sb_services_all_ready())
		sb_request_reply_constant(request, 200, "{\"status\":\"healthy\"}");
	else
		sb_request_reply_constant(request, 503, "{\"status\":\"unhealthy\"}");
}

void
sb_api_live(struct sb_request *request)
{
	sb_request_reply_constant(request, 200, "{\"status\":\"live\"}");
}

void
sb_api_ready(struct sb_request *request)
{
	bool is_draining = request->loop->stopping;
	bool is_ready = sb_services_all_ready() && !is_draining;
	struct sb_buffer out = {0};
	size_t len;
	char *body;

	sb_buffer_printf(&out, "{\"status\":\"%s\",\"draining\":%s,\"read_only\":%s}",
					 is_draining ? "draining"
					 : is_ready  ? "ready"
								 : "not_ready",
					 is_draining ? "true" : "false",
					 sb_pg_pool_is_standby(request->admission.services->pool) ? "true" : "false");
	body = sb_buffer_take(&out, &len);
	sb_request_reply(request, is_ready ? 200 : 503, "application/json", body, len);
}

/* ---- in detail ------------------------------------------------------------------------------- */

/* The sum of the figures of a name; false where there is none. */
static bool
figure(const PGresult *figures, const char *name, double *value)
{
	bool found = false;

	*value = 0;
	for (int i = 0; figures && i < PQntuples(figures); i++)
		if (strcmp(PQgetvalue(figures, i, 0), name) == 0)
		{
			*value += strtod(PQgetvalue(figures, i, 5), NULL);
			found = true;
		}
	return found;
}

/* A member that is null where the figure is not there. */
static void
put_figure(struct sb_buffer *out, const char *member, const PGresult *figures, const char *name)
{
	double value;

	if (figure(figures, name, &value))
		sb_buffer_printf(out, ",\"%s\":%.15g", member, value);
	else
		sb_buffer_printf(out, ",\"%s\":null", member);
}

static void
put_flag(struct sb_buffer *out, const char *member, const PGresult *figures, const char *name)
{
	double value;

	if (figure(figures, name, &value))
		sb_buffer_printf(out, ",\"%s\":%s", member, value != 0 ? "true" : "false");
	else
		sb_buffer_printf(out, ",\"%s\":null", member);
}

static const char *
redis_status(const struct sb_services *services)
{
	if (services->redis == NULL)
		return "off";
	return sb_redis_is_up(services->redis) ? "ok" : "unavailable";
}

static double
percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double) part / (double) whole : 0;
}

static void
put_machine(struct sb_buffer *out)
{
	struct sb_machine machine;
	struct sb_process process;

	sb_machine_read(&machine);
	sb_process_read(&process);
	sb_buffer_printf(out, ",\"cpu\":{\"percent\":%.1f,\"cores\":%d,\"load\":[%.2f,%.2f,%.2f]}",
					 machine.cpu_percent, machine.cores, machine.load[0], machine.load[1],
					 machine.load[2]);
	sb_buffer_printf(
		out,
		",\"memory\":{\"percent\":%.1f,\"total_bytes\":%llu,\"available_bytes\":%llu,"
		"\"resident_bytes\":%llu}",
		percent(machine.memory_bytes - machine.memory_available_bytes, machine.memory_bytes),
		(unsigned long long) machine.memory_bytes,
		(unsigned long long) machine.memory_available_bytes,
		(unsigned long long) process.resident_bytes);
	sb_buffer_printf(out, ",\"disk\":{\"percent\":%.1f,\"total_bytes\":%llu,\"free_bytes\":%llu}",
					 percent(machine.disk_bytes - machine.disk_free_bytes, machine.disk_bytes),
					 (unsigned long long) machine.disk_bytes,
					 (unsigned long long) machine.disk_free_bytes);
}

static void
put_time(struct sb_buffer *out, const char *member, time_t at)
{
	struct tm broken;
	char text[32];

	gmtime_r(&at, &broken);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken);
	sb_buffer_printf(out, ",\"%s\":\"%s\"", member, text);
}

/*
 * The worst of its parts: unhealthy without the database, degraded where a part is not as it should
 * be and requests are served all the same.
 */
static int
write_detailed(struct sb_buffer *out, const struct sb_services *services, const PGresult *figures)
{
	const char *redis = redis_status(services);
	bool is_well = strcmp(redis, "unavailable") != 0;
	double failing;

	if (figure(figures, "social_worker_failing_steps", &failing) && failing > 0)
		is_well = false;
	sb_buffer_printf(out, "{\"status\":\"%s\"",
					 figures == NULL ? "unhealthy"
					 : is_well       ? "healthy"
									 : "degraded");
	sb_buffer_printf(out, ",\"version\":\"%s\"", SOCIAL_VERSION);
	put_time(out, "checked_at", time(NULL));
	sb_buffer_printf(out, ",\"database\":{\"status\":\"%s\"", figures ? "ok" : "unavailable");
	put_figure(out, "connections", figures, "social_database_connections");
	put_figure(out, "connections_max", figures, "social_database_connections_max");
	put_figure(out, "size_bytes", figures, "social_database_size_bytes");
	sb_buffer_puts(out, "},\"replication\":{\"role\":");
	sb_buffer_puts(out, figures == NULL                         ? "null"
						: sb_pg_pool_is_standby(services->pool) ? "\"standby\""
																: "\"primary\"");
	put_figure(out, "standbys", figures, "social_replication_standbys");
	put_figure(out, "lag_seconds", figures, "social_replication_lag_seconds");
	put_figure(out, "lag_bytes", figures, "social_replication_lag_bytes");
	sb_buffer_printf(out, "},\"redis\":{\"status\":\"%s\"},\"worker\":{", redis);
	sb_buffer_puts(out, "\"status\":");
	sb_buffer_puts(out, figures == NULL ? "null" : failing > 0 ? "\"failing\"" : "\"ok\"");
	put_flag(out, "running", figures, "social_worker_running");
	put_figure(out, "age_seconds", figures, "social_worker_age_seconds");
	sb_buffer_puts(out, "}");
	put_machine(out);
	sb_buffer_puts(out, "}");
	return figures ? 200 : 503;
}

static struct sb_snapshot detailed = {
	.max_age_ms = DETAILED_MS,
	.content_type = "application/json",
	.write = write_detailed,
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static void
answer_detailed(struct sb_request *request)
{
	sb_snapshot_answer(&detailed, request);
}

void
sb_api_health_detailed(struct sb_request *request)
{
	if (sb_api_is_on(request, request->loop->config->health_check_enabled))
		sb_api_for_staff(request, answer_detailed);
}
