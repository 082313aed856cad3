/*
 * listener.c owns who is at the other end of a connection.
 *
 * The token's session is looked at when he comes and in each statement for him; its end is heard of
 * by the doorbell.
 */
#include "event/listener.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admission/identify.h"
#include "admission/services.h"
#include "auth/doorbell.h"
#include "base/memory.h"
#include "core/api_key.h"
#include "event/places.h"

#define LOOK_MS 500
#define WAIT_MS 10

struct sb_listeners
{
	struct sb_timer timer; /* must stay first */
	struct sb_timer waits;
	struct sb_task *waiting; /* for room */
	struct sb_services *services;
	struct sb_listener *first;
	struct sb_listener *last;
	uint64_t joined;
};

/* ---- pieces of work -------------------------------------------------------------------------- */

struct sb_task *
sb_task_begin(struct sb_listener *listener, size_t size, const char *name)
{
	struct sb_task *task = sb_calloc(1, size);

	task->listener = listener;
	memcpy(task->caller.address, listener->address, sizeof(task->caller.address));
	if (*listener->country)
		task->caller.country = sb_arena_copy(&task->arena, listener->country, 2);
	if (listener->agent)
		task->caller.agent = sb_arena_copy(&task->arena, listener->agent, strlen(listener->agent));
	if (listener->user_id)
		sb_caller_set_owner(&task->caller, listener->user_id, listener->session_id,
							listener->scopes);
	task->caller.purpose.surface = "rest";
	snprintf(task->id, sizeof(task->id), "%s-%" PRIu64, listener->kind->name, listener->number);
	task->caller.work = task->id;
	task->caller.task = name;
	sb_admission_init(&task->admission, listener->all->services, &task->caller, &task->arena, task);
	listener->task = task;
	if (listener->kind->hold)
		listener->kind->hold(listener, true);
	return task;
}

struct sb_listener *
sb_task_end(struct sb_task *task)
{
	struct sb_listener *listener = task->listener;

	if (listener)
	{
		listener->task = NULL;
		if (listener->kind->hold)
			listener->kind->hold(listener, false);
	}
	sb_admission_finish(&task->admission);
	sb_arena_free(&task->arena);
	free(task);
	return listener;
}

void
sb_task_wait(struct sb_task *task, void (*go_on)(struct sb_task *task))
{
	struct sb_listeners *all = task->listener->all;

	task->go_on = go_on;
	task->next_waiting = all->waiting;
	all->waiting = task;
}

static void
let_go_on(struct sb_listeners *listeners)
{
	struct sb_task **at = &listeners->waiting;

	while (*at)
	{
		struct sb_task *task = *at;
		const struct sb_listener *listener = task->listener;

		if (listener && listener->kind->is_open(listener) && listener->kind->is_full(listener))
		{
			at = &task->next_waiting;
			continue;
		}
		*at = task->next_waiting;
		task->go_on(task);
	}
}

/* ---- who is it ------------------------------------------------------------------------------- */

/* He is not let in, or what he is let in by is not renewed. */
static void
turn_away(struct sb_listener *listener, const struct sb_error *error)
{
	if (listener->state == SB_LISTENER_READY)
		listener->kind->on_refused(listener, error);
	else
		listener->kind->end(listener, sb_close_for(error->status), error->message);
}

bool
sb_listener_enter(struct sb_listener *listener, const struct sb_caller *caller)
{
	const struct sb_config *config = listener->all->services->loop->config;
	int most = config->rate_limits ? config->ws_max_per_user : config->max_connections;

	if (listener->state == SB_LISTENER_NEW && caller->user_id &&
		!sb_places_take(caller->user_id, most))
		return false;
	listener->state = SB_LISTENER_READY;
	listener->user_id = caller->user_id;
	listener->session_id = caller->session_id;
	listener->scopes = caller->scopes;
	listener->expires_at = caller->expires_at;
	return true;
}

static void
on_admitted(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_task *task = unit->owner;
	struct sb_caller caller = task->caller;
	struct sb_listener *listener = task->listener;
	struct sb_error error = {.status = 0};
	bool is_new;

	if (outcome != SB_PG_OK)
		error = sb_admission_error(&task->admission, outcome);
	if (listener && !listener->kind->is_open(listener))
		listener = NULL;
	if (listener && outcome != SB_PG_OK)
		turn_away(listener, &error);
	sb_task_end(task);
	if (listener == NULL || outcome != SB_PG_OK)
		return;
	is_new = listener->state == SB_LISTENER_NEW;
	if (sb_listener_enter(listener, &caller))
		listener->kind->on_ready(listener, is_new);
	else
		listener->kind->end(listener, SB_CLOSE_LIMITED, SB_LISTENER_MANY);
}

/* The caller of the task is known: the database says whether his session lives. */
static void
ask(struct sb_task *task)
{
	struct sb_error error = sb_error_unavailable();

	sb_admission_begin(&task->admission, on_admitted);
	if (sb_admission_send(&task->admission, SB_LANE_READ))
		return;
	if (task->listener)
		turn_away(task->listener, &error);
	sb_task_end(task);
}

static void
on_identified(struct sb_admission *admission, const struct sb_error *refusal)
{
	struct sb_task *task = admission->owner;
	struct sb_listener *listener = task->listener;
	struct sb_error another = {403, sb_error_code(403), "the token is another person's", NULL,
							   NULL};
	struct sb_error lacking = sb_admission_lacks(SOCIAL_SCOPE_READ);

	if (refusal == NULL && listener && listener->state == SB_LISTENER_READY &&
		task->caller.user_id != listener->user_id)
		refusal = &another;
	if (refusal == NULL && !sb_caller_may(&task->caller, SOCIAL_SCOPE_READ))
		refusal = &lacking;
	if (refusal == NULL && listener)
	{
		ask(task);
		return;
	}
	if (listener)
		turn_away(listener, refusal);
	sb_task_end(task);
}

void
sb_listener_authenticate(struct sb_listener *listener, const char *token)
{
	struct sb_task *task = sb_task_begin(listener, sizeof(*task), "events.auth");
	char *copy = sb_arena_copy(&task->arena, token, strlen(token));

	task->caller.user_id = task->caller.session_id = 0;
	sb_admission_identify(&task->admission, copy, on_identified);
}

void
sb_listener_admit(struct sb_listener *listener, const struct sb_caller *caller)
{
	struct sb_task *task = sb_task_begin(listener, sizeof(*task), "events.open");

	sb_caller_set_owner(&task->caller, caller->user_id, caller->session_id, caller->scopes);
	task->caller.expires_at = caller->expires_at;
	ask(task);
}

struct sb_services *
sb_listener_services(const struct sb_listener *listener)
{
	return listener->all->services;
}

/* ---- until when ------------------------------------------------------------------------------ */

static void
end_session(void *owner, int64_t session_id)
{
	const struct sb_listeners *listeners = owner;
	struct sb_listener *next;

	for (struct sb_listener *one = listeners->first; one; one = next)
	{
		next = one->next;
		if (one->session_id == session_id)
			one->kind->end(one, SB_CLOSE_UNAUTHENTICATED,
						   session_id < 0 ? "the API key was revoked" : "the session has ended");
	}
}

static int
list_sessions(void *owner, size_t *position, int64_t *ids, int max)
{
	const struct sb_listeners *listeners = owner;
	int count = 0;

	for (struct sb_listener *one = listeners->first; one && count < max; one = one->next)
	{
		if (one->number <= *position)
			continue;
		*position = one->number;
		if (one->session_id)
			ids[count++] = one->session_id;
	}
	return count;
}

static void
on_due(struct sb_timer *timer)
{
	const struct sb_listeners *listeners = (const struct sb_listeners *) timer;
	int64_t now = time(NULL);
	struct sb_listener *next;

	for (struct sb_listener *one = listeners->first; one; one = next)
	{
		next = one->next;
		if (one->expires_at && one->expires_at <= now)
			one->kind->end(one, SB_CLOSE_UNAUTHENTICATED, "the token has expired");
		if (one->kind->on_look)
			one->kind->on_look(one);
	}
}

static void
on_waits_due(struct sb_timer *timer)
{
	let_go_on((struct sb_listeners *) ((char *) timer - offsetof(struct sb_listeners, waits)));
}

void
sb_listeners_stop(struct sb_listeners *listeners)
{
	struct sb_listener *next;

	for (struct sb_listener *one = listeners->first; one; one = next)
	{
		next = one->next;
		one->kind->end(one, SB_CLOSE_RESTART, NULL);
	}
}

/* ---- coming and going ------------------------------------------------------------------------ */

void
sb_listener_join(struct sb_listener *listener, struct sb_services *services,
				 const struct sb_listener_kind *kind, const struct sb_caller *caller)
{
	struct sb_listeners *all = services->listeners;

	*listener = (struct sb_listener){.all = all, .kind = kind, .number = ++all->joined};
	memcpy(listener->address, caller->address, sizeof(listener->address));
	if (caller->country)
		snprintf(listener->country, sizeof(listener->country), "%s", caller->country);
	if (caller->agent)
		listener->agent = sb_checked(strdup(caller->agent));
	listener->prev = all->last;
	*(all->last ? &all->last->next : &all->first) = listener;
	all->last = listener;
}

void
sb_listener_leave(struct sb_listener *listener)
{
	struct sb_listeners *all = listener->all;

	if (listener->task)
		listener->task->listener = NULL;
	if (listener->user_id)
		sb_places_give_back(listener->user_id);
	free(listener->agent);
	*(listener->prev ? &listener->prev->next : &all->first) = listener->next;
	*(listener->next ? &listener->next->prev : &all->last) = listener->prev;
}

struct sb_listeners *
sb_listeners_new(struct sb_services *services)
{
	struct sb_listeners *listeners = sb_calloc(1, sizeof(*listeners));

	listeners->services = services;
	services->listeners = listeners;
	sb_review_add(services->review, list_sessions, end_session, listeners);
	sb_loop_every(services->loop, &listeners->timer, LOOK_MS, on_due);
	sb_loop_every(services->loop, &listeners->waits, WAIT_MS, on_waits_due);
	return listeners;
}

void
sb_listeners_free(struct sb_listeners *listeners)
{
	if (listeners)
		let_go_on(listeners); /* nobody is left, so all of it ends */
	free(listeners);
}
