/*
 * watch.c owns how somebody watches a stream by a WebSocket: he shows his playback token, and
 * counts as a viewer for as long as the socket is open.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "ws/subscriber.h"

static const char keep_sql[] = "SELECT social.keep_stream_view(playback_token => $1)";

/* A token that is looked at. */
struct watching
{
	struct sb_task task; /* must stay first */
	const char *token;   /* in its arena */
	const char *values[1];
};

static void
say_watching(struct sb_socket_subscriber *subscriber, bool is_renewed)
{
	sb_subscriber_say(subscriber, SB_ANSWER_WATCHING, SB_NO_ID,
					  is_renewed ? "{\"renewed\":true}" : "{\"renewed\":false}");
}

static void
on_over(struct sb_lease *lease)
{
	say_watching((struct sb_socket_subscriber *) ((char *) lease -
												  offsetof(struct sb_socket_subscriber, lease)),
				 false);
}

/* The answer: for how many seconds it lasts, or null. */
static void
take_answer(struct sb_socket_subscriber *subscriber, const struct watching *watching,
			const PGresult *answer)
{
	struct sb_leases *leases = watching->task.admission.services->leases;
	bool is_good = !PQgetisnull(answer, 0, 0);

	if (is_good)
		sb_lease_keep(leases, &subscriber->lease, watching->token, atoi(PQgetvalue(answer, 0, 0)),
					  on_over);
	say_watching(subscriber, is_good);
}

static void
on_looked_at(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct watching *watching = unit->owner;
	struct sb_listener *listener = watching->task.listener;
	struct sb_socket_subscriber *subscriber = NULL;
	struct sb_error error;

	if (listener && listener->kind->is_open(listener))
		subscriber =
			(struct sb_socket_subscriber *) ((char *) listener -
											 offsetof(struct sb_socket_subscriber, listener));
	if (subscriber && outcome == SB_PG_OK)
		take_answer(subscriber, watching, unit->results[1]);
	else if (subscriber)
	{
		error = sb_admission_error(&watching->task.admission, outcome);
		sb_subscriber_say_error(subscriber, &error, NULL);
		if (error.status == 401)
			sb_socket_close(&subscriber->socket, SB_CLOSE_UNAUTHENTICATED, error.message);
	}
	sb_task_end(&watching->task);
}

void
sb_subscriber_watch(struct sb_socket_subscriber *subscriber, const json_t *message)
{
	const char *token = json_string_value(json_object_get(message, "playback_token"));
	struct sb_error error = {400, sb_error_code(400), "watch needs a playback_token", NULL, NULL};
	struct watching *watching;

	if (token == NULL)
	{
		sb_subscriber_say_error(subscriber, &error, NULL);
		return;
	}
	if (!sb_lease_is_token(token))
	{
		say_watching(subscriber, false);
		return;
	}
	watching = (struct watching *) sb_task_begin(&subscriber->listener, sizeof(*watching),
												 "streams.renew");
	watching->token = sb_arena_copy(&watching->task.arena, token, strlen(token));
	watching->values[0] = watching->token;
	sb_admission_begin(&watching->task.admission, on_looked_at);
	sb_pg_unit_add(&watching->task.admission.unit, sb_pg_statement_id(keep_sql), keep_sql, 1,
				   watching->values);
	if (sb_admission_send(&watching->task.admission, SB_LANE_WRITE))
		return;
	error = sb_error_unavailable();
	sb_subscriber_say_error(subscriber, &error, NULL);
	sb_task_end(&watching->task);
}
