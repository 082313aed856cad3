/*
 * subscribe.c owns how a subscriber comes to hear of topics.
 *
 * The database is asked, as whoever subscribes, where the log is, whether he may hear of the topics
 * and what has happened under them since the event that he names. Once that reaches as far as what
 * the loop has delivered to others, they are live: nothing is missed, and nothing comes twice.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "event/delivery.h"
#include "event/subscriber.h"
#include "event/topic.h"

#define PAGE 100 /* events in one statement; the statement says so, too */

static const char position_sql[] = "SELECT social.event_position()";
/* The same, and leaves it for the next, which tells nothing that is told afterwards. */
static const char place_sql[] = "SELECT social.set_result_id(social.event_position())";
static const char history_sql[] = "SELECT social.topic_history($1::text[])::text";
/* The first of all topics are among the first of each. */
static const char since_sql[] =
	"SELECT e.id, e.type, e.payload::text FROM ("
	"SELECT DISTINCT ON (s.id) s.id, s.type, s.payload FROM unnest($1::text[]) t (topic), "
	"LATERAL social.events_since(t.topic, $2::bigint, 100) s ORDER BY s.id LIMIT 100) e ORDER BY "
	"e.id";

/* Somebody who catches up. */
struct sb_joining
{
	struct sb_task task;              /* must stay first */
	struct sb_subscriber *subscriber; /* NULL: he has gone */
	const char **topics;
	int ntopics;
	const char **missing; /* what he asked for as well, and may not hear of */
	int nmissing;
	bool is_back; /* he came with an event that he had seen */
	bool has_after;
	bool must_resync; /* what came after is not known any more */
	bool has_history; /* it was asked for */
	int64_t after;
	char after_text[24];
	const char *values[2]; /* the topics, after */
};

static const struct sb_error not_found = {404, "NOT_FOUND", "there is no such topic", NULL, NULL};
static const struct sb_error too_many = {
	400, "LIMIT_EXCEEDED", "a connection has no more topics than WS_MAX_TOPICS", NULL, NULL};

static const struct sb_error lost = {
	404, "NOT_FOUND", "what this is about is gone, or not to be seen any more", NULL, NULL};

static struct sb_subscription *
find_own(const struct sb_subscriber *subscriber, const char *topic)
{
	struct sb_subscription *own = subscriber->subscriptions;

	while (own && strcmp(sb_hub_name(own), topic) != 0)
		own = own->next_own;
	return own;
}

static struct sb_delivery *
delivery_of(const struct sb_subscriber *subscriber)
{
	return sb_listener_services(subscriber->listener)->delivery;
}

static void
join(struct sb_subscriber *subscriber, const char *topic, int64_t from)
{
	sb_hub_add(sb_delivery_hub(delivery_of(subscriber)), topic, subscriber, from,
			   &subscriber->subscriptions);
	subscriber->nsubscriptions++;
}

static void
leave(struct sb_subscriber *subscriber, struct sb_subscription *subscription)
{
	sb_hub_remove(sb_delivery_hub(delivery_of(subscriber)), subscription,
				  &subscriber->subscriptions);
	subscriber->nsubscriptions--;
}

/* ---- the end of catching up ------------------------------------------------------------------ */

static void
finish(struct sb_joining *joining)
{
	if (joining->subscriber)
		joining->subscriber->joining = NULL;
	sb_task_end(&joining->task);
}

/* It does not come about. */
static void
give_up(struct sb_joining *joining, const char *topic, const struct sb_error *error)
{
	struct sb_subscriber *subscriber = joining->subscriber;

	if (subscriber)
	{
		struct sb_listener *listener = subscriber->listener;

		subscriber->kind->on_refused(subscriber, topic, error);
		/* The end of the session ends the connection, whoever sees it first. */
		if (error->status == 401)
			listener->kind->end(listener, SB_CLOSE_UNAUTHENTICATED, error->message);
	}
	finish(joining);
}

static void
go_live(struct sb_joining *joining, int64_t from)
{
	struct sb_subscriber *subscriber = joining->subscriber;
	struct sb_delivery *delivery = delivery_of(subscriber);

	sb_delivery_begin(delivery, from);
	if (subscriber->first_id == 0)
		subscriber->first_id = from;
	for (int i = 0; i < joining->ntopics; i++)
	{
		const char *topic = joining->topics[i];
		bool is_new = find_own(subscriber, topic) == NULL;

		if (is_new)
			join(subscriber, topic, from);
		if (is_new && joining->must_resync)
			subscriber->kind->on_resync(subscriber, topic, from);
		subscriber->kind->on_subscribed(subscriber, topic, is_new ? from : -1);
	}
	for (int i = 0; i < joining->nmissing; i++)
		subscriber->kind->on_lost(subscriber, joining->missing[i], &lost);
	finish(joining);
}

/* ---- catching up ----------------------------------------------------------------------------- */

static void ask(struct sb_joining *joining);

/* Tells what was missed; the id of its last event, or what it was after. */
static int64_t
tell_missed(struct sb_joining *joining, const PGresult *events)
{
	struct sb_subscriber *subscriber = joining->subscriber;
	int64_t last = joining->after;

	for (int i = 0; i < PQntuples(events); i++)
	{
		struct sb_event event = {.id = strtoll(PQgetvalue(events, i, 0), NULL, 10),
								 .type = PQgetvalue(events, i, 1),
								 .payload = PQgetvalue(events, i, 2),
								 .len = (size_t) PQgetlength(events, i, 2)};

		subscriber->kind->deliver(subscriber, &event);
		sb_event_forget(&event);
		last = event.id;
	}
	return last;
}

/* The topics as the database names them, without those that he may not hear of. */
static void
take_names(struct sb_joining *joining, const PGresult *names)
{
	int asked = joining->ntopics;

	joining->ntopics = 0;
	for (int i = 0; i < asked; i++)
		if (PQgetisnull(names, i, 0))
			joining->missing[joining->nmissing++] = joining->topics[i];
		else
			joining->topics[joining->ntopics++] = sb_arena_copy(
				&joining->task.arena, PQgetvalue(names, i, 0), (size_t) PQgetlength(names, i, 0));
}

/* He has taken most of what he had missed, or has gone. */
static void
on_room(struct sb_task *task)
{
	struct sb_joining *joining = (struct sb_joining *) task;
	struct sb_subscriber *subscriber = joining->subscriber;

	if (subscriber && subscriber->listener->kind->is_open(subscriber->listener))
		ask(joining);
	else
		finish(joining);
}

static void
tell_history(const struct sb_joining *joining, const PGresult *history, int64_t position)
{
	if (!PQgetisnull(history, 0, 0))
		joining->subscriber->kind->on_history(joining->subscriber, joining->topics[0], position,
											  PQgetvalue(history, 0, 0));
}

static void
go_on(struct sb_joining *joining)
{
	struct sb_pg_unit *unit = &joining->task.admission.unit;
	struct sb_listener *listener = joining->subscriber->listener;
	int64_t position = strtoll(PQgetvalue(unit->results[1], 0, 0), NULL, 10);
	int64_t from = position;
	bool is_page = false;

	take_names(joining, unit->results[2]);
	/* Who comes back goes on with what is left, as he would have had he stayed. */
	if (joining->nmissing > 0 && (joining->ntopics == 0 || !joining->is_back))
	{
		give_up(joining, joining->missing[0], &not_found);
		return;
	}
	if (joining->has_history)
		tell_history(joining, unit->results[3], position);
	if (joining->has_after)
	{
		from = tell_missed(joining, unit->results[3]);
		is_page = PQntuples(unit->results[3]) == PAGE;
		if (!is_page && from < position)
			from = position;
	}
	joining->after = from;
	if (!listener->kind->is_open(listener))
		finish(joining);
	else if (joining->has_after && listener->kind->is_full(listener))
		sb_task_wait(&joining->task, on_room);
	else if (!is_page && from >= sb_delivery_position(delivery_of(joining->subscriber)))
		go_live(joining, from);
	else
	{
		joining->has_after = true;
		ask(joining);
	}
}

static void
on_answer(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_joining *joining = unit->owner;
	const char *state =
		outcome == SB_PG_ERROR ? PQresultErrorField(unit->error, PG_DIAG_SQLSTATE) : NULL;
	struct sb_error error;

	if (joining->subscriber == NULL)
		finish(joining);
	else if (outcome == SB_PG_OK)
		go_on(joining);
	else if (state && strcmp(state, "SM410") == 0 && joining->has_after)
	{
		joining->has_after = false;
		joining->must_resync = true;
		ask(joining);
	}
	else
	{
		error = sb_admission_error(&joining->task.admission, outcome);
		give_up(joining, joining->topics[0], &error);
	}
}

/* The topics as an array of the database. */
static const char *
array_of(struct sb_joining *joining)
{
	struct sb_buffer text = {0};
	char *copy;

	for (int i = 0; i < joining->ntopics; i++)
	{
		sb_buffer_puts(&text, i ? ",\"" : "{\"");
		for (const char *at = joining->topics[i]; *at; at++)
		{
			if (*at == '"' || *at == '\\')
				sb_buffer_putc(&text, '\\');
			sb_buffer_putc(&text, *at);
		}
		sb_buffer_putc(&text, '"');
	}
	sb_buffer_putc(&text, '}');
	copy = sb_arena_copy(&joining->task.arena, text.data, text.len);
	sb_buffer_free(&text);
	return copy;
}

/* Asks where the log is, whether the topics may be heard, and what has happened since. */
static void
ask(struct sb_joining *joining)
{
	struct sb_admission *admission = &joining->task.admission;
	const char *sql = sb_topic_names_sql();
	struct sb_error error = sb_error_unavailable();
	bool has_history = !joining->has_after && joining->ntopics == 1 &&
					   joining->subscriber->kind->on_history &&
					   sb_topic_has_history(joining->topics[0]);
	const char *position = has_history ? place_sql : position_sql;

	joining->has_history = has_history;
	snprintf(joining->after_text, sizeof(joining->after_text), "%" PRId64, joining->after);
	joining->values[0] = array_of(joining);
	joining->values[1] = joining->after_text;
	sb_admission_begin(admission, on_answer);
	sb_pg_unit_add(&admission->unit, sb_pg_statement_id(position), position, 0, NULL);
	sb_pg_unit_add(&admission->unit, sb_pg_statement_id(sql), sql, 1, joining->values);
	if (joining->has_after)
		sb_pg_unit_add(&admission->unit, sb_pg_statement_id(since_sql), since_sql, 2,
					   joining->values);
	if (has_history)
		sb_pg_unit_add(&admission->unit, sb_pg_statement_id(history_sql), history_sql, 1,
					   joining->values);
	if (!sb_admission_send(admission, joining->has_after ? SB_LANE_SLOW_READ : SB_LANE_READ))
		give_up(joining, joining->topics[0], &error);
}

/* ---- for subscribers ------------------------------------------------------------------------- */

/* Whether there may be such a topic for him. Another's notifications are as unknown as what does
 * not exist (mission I-13). */
static bool
is_his(const struct sb_subscriber *subscriber, const char *topic)
{
	struct sb_topic_name name;

	return sb_topic_read(topic, &name) &&
		   (name.kind->takes != 'm' || name.id == subscriber->listener->user_id);
}

void
sb_subscriber_subscribe(struct sb_subscriber *subscriber, const char *const *topics, int ntopics,
						int64_t after)
{
	struct sb_listener *listener = subscriber->listener;
	int most = sb_listener_services(listener)->loop->config->ws_max_topics;
	struct sb_joining *joining;

	for (int i = 0; i < ntopics; i++)
		if (!is_his(subscriber, topics[i]))
		{
			subscriber->kind->on_refused(subscriber, topics[i], &not_found);
			return;
		}
	if (ntopics == 1 && find_own(subscriber, topics[0]))
	{
		subscriber->kind->on_subscribed(subscriber, topics[0], -1);
		return;
	}
	if (subscriber->nsubscriptions + ntopics > most)
	{
		subscriber->kind->on_refused(subscriber, topics[0], &too_many);
		return;
	}
	joining = (struct sb_joining *) sb_task_begin(listener, sizeof(*joining), "events.subscribe");
	joining->subscriber = subscriber;
	joining->topics = sb_arena_new_array(&joining->task.arena, const char *, ntopics);
	for (int i = 0; i < ntopics; i++)
		joining->topics[i] = sb_arena_copy(&joining->task.arena, topics[i], strlen(topics[i]));
	joining->ntopics = ntopics;
	joining->missing = sb_arena_new_array(&joining->task.arena, const char *, ntopics);
	joining->has_after = joining->is_back = after >= 0;
	joining->after = after;
	subscriber->joining = joining;
	ask(joining);
}

void
sb_subscriber_unsubscribe(struct sb_subscriber *subscriber, const char *topic)
{
	struct sb_subscription *own = find_own(subscriber, topic);

	if (own)
		leave(subscriber, own);
}

void
sb_subscriber_lose(struct sb_subscriber *subscriber, struct sb_subscription *subscription,
				   const char *topic)
{
	leave(subscriber, subscription);
	if (subscriber->listener->kind->is_open(subscriber->listener))
		subscriber->kind->on_lost(subscriber, topic, &lost);
}

void
sb_subscriber_put_lost(struct sb_buffer *out, const char *topic, const struct sb_error *error)
{
	sb_buffer_puts(out, "{\"topic\":");
	sb_buffer_put_json(out, topic, strlen(topic));
	sb_buffer_puts(out, ",\"code\":");
	sb_buffer_put_json(out, error->code, strlen(error->code));
	sb_buffer_puts(out, ",\"reason\":");
	sb_buffer_put_json(out, error->message, strlen(error->message));
	sb_buffer_puts(out, "}");
}

void
sb_subscriber_leave(struct sb_subscriber *subscriber)
{
	if (subscriber->joining)
		subscriber->joining->subscriber = NULL;
	subscriber->joining = NULL;
	while (subscriber->subscriptions)
		leave(subscriber, subscriber->subscriptions);
}
