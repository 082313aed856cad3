/*
 * metrics.c owns GET /api/posts/metrics/ (mission 045) in the Prometheus text format: what this
 * process counted, and the figures of the database, which are read every DATABASE_MS at most.
 */
#include "base/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "api/api.h"
#include "api/snapshot.h"
#include "base/buffer.h"
#include "base/process.h"
#include "http/request.h"
#include "loop/loop.h"

#define DATABASE_MS 10000

static void
put_gauge(struct sb_buffer *out, const char *name, const char *help, double value)
{
	sb_metrics_head(out, name, "gauge", help);
	sb_metrics_line(out, name, "", "", value);
}

static void
put_process(struct sb_buffer *out)
{
	static const char cpu[] = "process_cpu_seconds_total";
	struct sb_process process;

	sb_process_read(&process);
	sb_metrics_head(out, cpu, "counter", "Processor time that the process has used.");
	sb_metrics_line(out, cpu, "", "", process.cpu_seconds);
	put_gauge(out, "process_start_time_seconds", "When the process began (Unix time).",
			  process.started_at);
	put_gauge(out, "process_resident_memory_bytes", "Memory that the process has in use.",
			  (double) process.resident_bytes);
	put_gauge(out, "process_virtual_memory_bytes", "Address space that the process has taken.",
			  (double) process.virtual_bytes);
	put_gauge(out, "process_open_fds", "Descriptors that the process has open.",
			  (double) process.open_descriptors);
	put_gauge(out, "process_max_fds", "Descriptors that the process may have open.",
			  (double) process.max_descriptors);
}

static void
write_own(struct sb_buffer *out, const struct sb_services *services)
{
	static const char info[] = "social_bridge_info";

	sb_metrics_head(out, info, "gauge", "The bridge that answers: 1, with its version.");
	sb_metrics_line(out, info, "version", SOCIAL_VERSION, 1);
	put_gauge(out, "social_bridge_ready", "Whether every loop can serve.", sb_services_all_ready());
	put_gauge(out, "social_bridge_draining", "Whether the bridge is about to stop.",
			  services->loop->stopping);
	put_process(out);
	sb_metrics_print(out);
}

/* The rows of social.metrics(); those of one name stand together. */
static int
write_database(struct sb_buffer *out, const struct sb_services *services, const PGresult *figures)
{
	const char *last = "";

	put_gauge(out, "social_database_up", "Whether the database told its figures.", figures != NULL);
	for (int i = 0; figures && i < PQntuples(figures); i++)
	{
		const char *name = PQgetvalue(figures, i, 0);

		if (strcmp(name, last) != 0)
			sb_metrics_head(out, name, PQgetvalue(figures, i, 1), PQgetvalue(figures, i, 2));
		last = name;
		sb_metrics_line(out, name, PQgetvalue(figures, i, 3), PQgetvalue(figures, i, 4),
						strtod(PQgetvalue(figures, i, 5), NULL));
	}
	return 200;
}

static struct sb_snapshot snapshot = {
	.max_age_ms = DATABASE_MS,
	.content_type = "text/plain; version=0.0.4; charset=utf-8",
	.write = write_database,
	.write_first = write_own,
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static void
answer(struct sb_request *request)
{
	sb_snapshot_answer(&snapshot, request);
}

void
sb_api_metrics(struct sb_request *request)
{
	if (sb_api_is_on(request, request->loop->config->metrics_enabled))
		sb_api_for_staff(request, answer);
}
