/*
 * graphql_show.c owns what is made of one event for whoever waits for the same document's answer.
 *
 * Those who join in one iteration of the loop are asked for in one statement, which runs the
 * document's as each of them (social.event_results()). Where the answer is the same for all who see
 * what the event is about (execution->is_shared), it is run as the first of them alone, and whoever
 * joins until it is there gets it as well.
 */
#include "api/graphql_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "api/graphql_run.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "event/listener.h"
#include "loop/loop.h"

#define FRESH_MS     1000
#define MAX_VIEWERS  1000 /* in one statement */
#define MANY_VIEWERS 16   /* from here on not among the quick statements */

struct viewer
{
	int64_t user_id;
	int64_t session_id;
};

struct sb_show
{
	struct sb_show *next; /* of the loop */
	int64_t event_id;
	enum sb_show_company company;
	bool is_sent;
	struct sb_graphql_statement select;
	enum sb_pg_lane lane;
	struct viewer *viewers; /* as whom it is asked */
	int nviewers;
	int size;
	struct sb_show_waiter *waiting;
	struct sb_services *services;
	struct sb_arena arena;
	struct sb_caller caller; /* nobody: the statement acts as its viewers */
	struct sb_admission admission;
	const char *values[5];
};

static const char results_sql[] =
	"SELECT r.n, r.result, r.is_refused FROM "
	"social.event_results($1::bigint, $2::bigint[], $3::bigint[], $4, $5::text[]) r";

static _Thread_local struct sb_show *shows; /* each loop is a thread */

static void
free_show(struct sb_show *show)
{
	struct sb_show **link = &shows;

	while (*link != show)
		link = &(*link)->next;
	*link = show->next;
	sb_admission_finish(&show->admission);
	sb_arena_free(&show->arena);
	free(show->viewers);
	free(show);
}

static struct viewer
viewer_of(const struct sb_listener *listener)
{
	return (struct viewer){listener->user_id, listener->session_id};
}

static bool
is_same_viewer(struct viewer one, struct viewer other)
{
	return one.user_id == other.user_id && one.session_id == other.session_id;
}

/* Whether it is known of the listener that he may see what is made as others. */
static bool
is_fresh(const struct sb_show_waiter *waiter)
{
	uint64_t now = sb_listener_services(waiter->listener)->loop->now_ms;

	return now - waiter->delivered_ms < FRESH_MS;
}

/* ---- the answer -------------------------------------------------------------------------------
 */

/* What one statement came to, read for one waiter after the other. */
struct answer
{
	const struct sb_show *show;
	enum sb_pg_outcome outcome;
	const PGresult *rows;            /* of the viewers, in their order; NULL: it failed */
	struct sb_graphql_result failed; /* as what one viewer is answered */
	struct sb_error error;           /* there is no answer */
};

static const struct sb_error ended = {401, "UNAUTHENTICATED", "authentication required", NULL,
									  NULL};

bool
sb_graphql_result_is_null(const struct sb_graphql_result *result)
{
	const char *colon = result->json ? strchr(result->json, ':') : NULL;

	return colon && strncmp(colon + 1 + strspn(colon + 1, " "), "null}", 5) == 0;
}

static struct sb_graphql_result
result_at(const PGresult *rows, int row)
{
	if (PQgetisnull(rows, row, 1))
		return (struct sb_graphql_result){.json = "null", .json_len = 4};
	return (struct sb_graphql_result){.json = PQgetvalue(rows, row, 1),
									  .json_len = (size_t) PQgetlength(rows, row, 1)};
}

static void
tell(struct sb_show_waiter *waiter, const struct sb_graphql_result *result)
{
	waiter->company = SB_SHOW_SHARED;
	waiter->kind->on_shown(waiter, result);
}

static void
fail(struct sb_show_waiter *waiter, enum sb_show_failure failure, const struct sb_error *error)
{
	waiter->company = SB_SHOW_SHARED;
	waiter->kind->on_failure(waiter, failure, error);
}

static void
ask_again(struct sb_show_waiter *waiter, enum sb_show_company company)
{
	waiter->company = company;
	waiter->kind->on_failure(waiter, SB_SHOW_AGAIN, NULL);
}

/* What the row of his viewer says to a waiter. */
static void
tell_row(const struct answer *answer, struct sb_show_waiter *waiter)
{
	struct viewer viewer = answer->show->viewers[waiter->place];
	bool is_his = is_same_viewer(viewer, viewer_of(waiter->listener));
	bool is_refused = *PQgetvalue(answer->rows, waiter->place, 2) == 't';
	struct sb_graphql_result result = result_at(answer->rows, waiter->place);

	if (is_refused && is_his)
		fail(waiter, SB_SHOW_REFUSED, &ended);
	/* It was asked as somebody who may not, or who does not see it any more. */
	else if (!is_his && (is_refused || !is_fresh(waiter) ||
						 (sb_graphql_result_is_null(&result) && !waiter->may_be_null)))
		ask_again(waiter, SB_SHOW_EACH);
	else
		tell(waiter, &result);
}

static void
tell_waiter(const struct answer *answer, struct sb_show_waiter *waiter)
{
	if (answer->rows)
		tell_row(answer, waiter);
	else if (answer->outcome != SB_PG_ERROR)
		fail(waiter, SB_SHOW_AWAY, &answer->error);
	/* It failed for one of them, and nobody knows for whom. */
	else if (answer->show->nviewers > 1)
		ask_again(waiter, SB_SHOW_ALONE);
	else
		tell(waiter, &answer->failed);
}

/* The show is over; who joins from here on waits for another one. */
static void
finish(struct sb_show *show, enum sb_pg_outcome outcome)
{
	struct answer answer = {.show = show, .outcome = outcome};
	PGresult *taken = NULL;

	if (outcome == SB_PG_OK)
		answer.rows = show->admission.unit.results[1];
	else if (outcome == SB_PG_ERROR)
		answer.failed = sb_graphql_result_of(&show->admission, outcome, &taken);
	else
		answer.error = sb_admission_error(&show->admission, outcome);
	show->event_id = 0;
	while (show->waiting)
	{
		struct sb_show_waiter *waiter = show->waiting;

		show->waiting = waiter->next;
		waiter->next = NULL;
		waiter->show = NULL;
		tell_waiter(&answer, waiter);
	}
	PQclear(taken);
	free_show(show);
}

static void
on_results(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	finish(unit->owner, outcome);
}

/* ---- the question -----------------------------------------------------------------------------
 */

/* The ids of the viewers, or of their sessions, as an array of the database. */
static const char *
ids_of(struct sb_show *show, bool sessions)
{
	struct sb_buffer text = {0};
	const char *copy;

	for (int i = 0; i < show->nviewers; i++)
	{
		sb_buffer_putc(&text, i ? ',' : '{');
		sb_buffer_put_int(&text, sessions ? show->viewers[i].session_id : show->viewers[i].user_id);
	}
	sb_buffer_putc(&text, '}');
	copy = sb_arena_copy(&show->arena, text.data, text.len);
	sb_buffer_free(&text);
	return copy;
}

/* The values of the document's statement, likewise. */
static const char *
values_of(struct sb_show *show)
{
	struct sb_buffer text = {0};
	const char *copy;

	sb_buffer_putc(&text, '{');
	for (int i = 0; i < show->select.nparams; i++)
	{
		const char *value = show->select.values[i];

		if (i)
			sb_buffer_putc(&text, ',');
		if (value == NULL)
		{
			sb_buffer_puts(&text, "NULL");
			continue;
		}
		sb_buffer_putc(&text, '"');
		for (; *value; value++)
		{
			if (*value == '"' || *value == '\\')
				sb_buffer_putc(&text, '\\');
			sb_buffer_putc(&text, *value);
		}
		sb_buffer_putc(&text, '"');
	}
	sb_buffer_putc(&text, '}');
	copy = sb_arena_copy(&show->arena, text.data, text.len);
	sb_buffer_free(&text);
	return copy;
}

static void
send_show(struct sb_show *show)
{
	struct sb_admission *admission = &show->admission;
	enum sb_pg_lane lane = show->nviewers < MANY_VIEWERS ? show->lane : SB_LANE_SLOW_READ;

	show->is_sent = true;
	show->values[0] = sb_arena_printf(&show->arena, "%" PRId64, show->event_id);
	show->values[1] = ids_of(show, false);
	show->values[2] = ids_of(show, true);
	show->values[3] = show->select.sql;
	show->values[4] = values_of(show);
	admission->is_counted = true; /* nobody has asked for it just now */
	sb_admission_begin(admission, on_results);
	sb_pg_unit_add(&admission->unit, sb_pg_statement_id(results_sql), results_sql, 5, show->values);
	if (!sb_admission_send(admission, lane))
		finish(show, SB_PG_LOST);
}

void
sb_shows_settle(void)
{
	struct sb_show *show = shows;

	while (show)
		if (show->is_sent)
			show = show->next;
		else
		{
			send_show(show);
			show = shows; /* the list may be another by now */
		}
}

/* ---- who waits for it -------------------------------------------------------------------------
 */

static bool
is_same_statement(const struct sb_graphql_statement *a, const struct sb_graphql_statement *b)
{
	if (a->id != b->id || a->nparams != b->nparams)
		return false;
	for (int i = 0; i < a->nparams; i++)
		if (a->values[i] && b->values[i] ? strcmp(a->values[i], b->values[i]) != 0
										 : a->values[i] != b->values[i])
			return false;
	return strcmp(a->sql, b->sql) == 0;
}

/* The place of a viewer in a show; where it is not sent yet, he gets one. -1: it is not for him. */
static int
place_in(struct sb_show *show, struct viewer viewer)
{
	if (show->company == SB_SHOW_SHARED)
		return 0;
	for (int i = 0; i < show->nviewers; i++)
		if (is_same_viewer(show->viewers[i], viewer))
			return i;
	if (show->is_sent || show->nviewers == MAX_VIEWERS || show->company == SB_SHOW_ALONE)
		return -1;
	if (show->nviewers == show->size)
	{
		show->size *= 2;
		show->viewers = sb_realloc(show->viewers, (size_t) show->size * sizeof(*show->viewers));
	}
	show->viewers[show->nviewers] = viewer;
	return show->nviewers++;
}

/* A copy of a statement, which lives longer than whoever wanted it first. */
static struct sb_graphql_statement
copy_statement(struct sb_arena *arena, const struct sb_graphql_statement *of)
{
	struct sb_graphql_statement copy = *of;
	const char **values = sb_arena_new_array(arena, const char *, of->nparams + 1);

	for (int i = 0; i < of->nparams; i++)
		values[i] =
			of->values[i] ? sb_arena_copy(arena, of->values[i], strlen(of->values[i])) : NULL;
	copy.values = values;
	copy.sql = sb_arena_copy(arena, of->sql, strlen(of->sql));
	return copy;
}

static struct sb_show *
new_show(const struct sb_listener *listener, const struct sb_graphql_execution *execution,
		 int64_t event_id, enum sb_show_company company)
{
	struct sb_show *show = sb_calloc(1, sizeof(*show));

	show->event_id = event_id;
	show->company = company;
	show->select = copy_statement(&show->arena, &execution->steps[0].select);
	show->lane = sb_graphql_lane_of(execution);
	show->size = 4;
	show->viewers = sb_calloc((size_t) show->size, sizeof(*show->viewers));
	show->viewers[show->nviewers++] = viewer_of(listener);
	show->caller.purpose.surface = "graphql";
	show->caller.task = "graphql.event";
	sb_admission_init(&show->admission, sb_listener_services(listener), &show->caller, &show->arena,
					  show);
	show->next = shows;
	shows = show;
	sb_loop_wake(sb_listener_services(listener)->loop); /* it is sent in the next iteration */
	return show;
}

void
sb_show_join(struct sb_show_waiter *waiter, const struct sb_graphql_execution *execution,
			 int64_t event_id, uint64_t delivered_ms, bool may_be_null)
{
	struct sb_show *show = shows;
	int place = -1;

	waiter->delivered_ms = delivered_ms;
	waiter->may_be_null = may_be_null;
	if (waiter->company == SB_SHOW_SHARED && !(execution->is_shared && is_fresh(waiter)))
		waiter->company = SB_SHOW_EACH;
	for (; show; show = show->next)
		if (show->event_id == event_id && show->company == waiter->company &&
			is_same_statement(&show->select, &execution->steps[0].select) &&
			(place = place_in(show, viewer_of(waiter->listener))) >= 0)
			break;
	if (show == NULL)
	{
		show = new_show(waiter->listener, execution, event_id, waiter->company);
		place = 0;
	}
	waiter->show = show;
	waiter->place = place;
	waiter->next = show->waiting;
	show->waiting = waiter;
}

void
sb_show_leave(struct sb_show_waiter *waiter)
{
	struct sb_show_waiter **link;

	if (waiter->show == NULL)
		return;
	link = &waiter->show->waiting;
	while (*link != waiter)
		link = &(*link)->next;
	*link = waiter->next;
	waiter->next = NULL;
	waiter->show = NULL;
}
