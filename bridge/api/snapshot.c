/*
 * snapshot.c owns answers that are made at most once in a while.
 */
#include "api/snapshot.h"

#include <stdlib.h>

#include "admission/services.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"

#define FAILED_AGE_MS 1000

static const struct sb_mail_kind made = {0, 0};

/* Somebody who waits in this loop; in his request's arena. */
struct waiter
{
	struct waiter *next;
	struct sb_snapshot *snapshot;
	struct sb_request *request;
};

static __thread struct waiter *waiters;

/* ---- answering ------------------------------------------------------------------------------- */

static bool
is_fresh(const struct sb_snapshot *snapshot, uint64_t now_ms)
{
	uint64_t age_ms = snapshot->is_failed ? FAILED_AGE_MS : snapshot->max_age_ms;

	/* Another loop's clock may be an iteration ahead. */
	return snapshot->text && now_ms < snapshot->made_at_ms + age_ms;
}

static void
reply(struct sb_snapshot *snapshot, struct sb_request *request)
{
	struct sb_buffer out = {0};
	size_t len;
	char *body;

	if (snapshot->write_first)
		snapshot->write_first(&out, request->admission.services);
	sb_buffer_append(&out, snapshot->text, snapshot->len);
	body = sb_buffer_take(&out, &len);
	sb_request_reply(request, snapshot->status, snapshot->content_type, body, len);
}

static void
wait_for(struct sb_snapshot *snapshot, struct sb_request *request)
{
	struct waiter *waiter = sb_arena_alloc(&request->arena, sizeof(*waiter));

	*waiter = (struct waiter){waiters, snapshot, request};
	waiters = waiter;
}

static void
on_made(void *owner, const void *messages, int count, bool more)
{
	struct waiter *list = waiters;

	waiters = NULL;
	while (list)
	{
		struct waiter *waiter = list;

		list = waiter->next; /* the request's end frees it */
		sb_snapshot_answer(waiter->snapshot, waiter->request);
	}
}

void
sb_snapshot_give_up(void)
{
	while (waiters)
	{
		struct sb_request *request = waiters->request;
		struct sb_error error = sb_error_unavailable();

		waiters = waiters->next;
		sb_request_fail_with(request, &error);
	}
}

/* ---- making ---------------------------------------------------------------------------------- */

struct making
{
	struct sb_pg_unit unit; /* must stay first */
	struct sb_snapshot *snapshot;
	const struct sb_services *services;
};

static void
make(struct sb_snapshot *snapshot, const struct sb_services *services, const PGresult *figures)
{
	struct sb_buffer out = {0};
	int status = snapshot->write(&out, services, figures);

	pthread_mutex_lock(&snapshot->lock);
	free(snapshot->text);
	snapshot->text = sb_buffer_take(&out, &snapshot->len);
	snapshot->status = status;
	snapshot->made_at_ms = services->loop->now_ms;
	snapshot->is_failed = figures == NULL;
	snapshot->is_under_way = false;
	pthread_mutex_unlock(&snapshot->lock);
	sb_loop_send_all(&made, NULL);
}

static void
on_figures(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct making *making = (struct making *) unit;

	if (outcome == SB_PG_ERROR)
		sb_error_log(unit->error, "-", "figures of the database");
	make(making->snapshot, making->services, outcome == SB_PG_OK ? unit->results[0] : NULL);
	sb_pg_unit_clear(unit);
	free(making);
}

static void
begin(struct sb_snapshot *snapshot, const struct sb_services *services)
{
	static const char sql[] =
		"SELECT name, kind, help, label, label_value, value FROM social.metrics()";
	struct making *making = sb_calloc(1, sizeof(*making));

	making->snapshot = snapshot;
	making->services = services;
	making->unit.on_done = on_figures;
	sb_pg_unit_add(&making->unit, sb_pg_statement_id(sql), sql, 0, NULL);
	if (sb_pg_pool_submit(services->pool, SB_LANE_SLOW_READ, &making->unit))
		return;
	free(making);
	make(snapshot, services, NULL);
}

void
sb_snapshot_answer(struct sb_snapshot *snapshot, struct sb_request *request)
{
	const struct sb_services *services = request->admission.services;
	bool is_mine = false;

	pthread_mutex_lock(&snapshot->lock);
	if (is_fresh(snapshot, request->loop->now_ms))
		reply(snapshot, request);
	else
	{
		is_mine = !snapshot->is_under_way;
		snapshot->is_under_way = true;
		wait_for(snapshot, request);
	}
	pthread_mutex_unlock(&snapshot->lock);
	if (is_mine)
		begin(snapshot, services);
}

void
sb_snapshot_join(struct sb_loop *loop)
{
	sb_loop_subscribe(loop, &made, on_made, NULL);
}
