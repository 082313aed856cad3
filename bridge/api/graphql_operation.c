/*
 * graphql_operation.c owns the operations of a client of graphql-transport-ws. Like on the other
 * sockets one thing at a time is done for him, and no message is read meanwhile; what events make
 * of his subscriptions comes beside it.
 */
#include "api/graphql_operation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "api/graphql_document.h"
#include "api/graphql_read.h"
#include "api/graphql_run.h"
#include "api/graphql_subscription.h"
#include "base/buffer.h"
#include "base/config.h"
#include "event/listener.h"
#include "loop/loop.h"

/* An operation that is being run. */
struct operation
{
	struct sb_task task; /* must stay first */
	struct sb_graphql_run run;
	struct sb_graphql_operations *own; /* while the task has its listener */
	const char *id;
	json_t *json; /* the message */
	int64_t after;
};

/* ---- subscriptions --------------------------------------------------------------------------- */

static void
say_error(struct sb_graphql_operations *own, const char *id, const struct sb_error *error)
{
	struct sb_buffer errors = {0};

	sb_graphql_put_error(&errors, error);
	own->say(own, SB_GRAPHQL_ERROR, id, errors.data, errors.len, 0);
	sb_buffer_free(&errors);
}

static void
on_next(struct sb_graphql_subscription *subscription, const char *body, size_t len,
		int64_t event_id)
{
	struct sb_graphql_operations *own = subscription->owner;

	own->say(own, SB_GRAPHQL_NEXT, subscription->id, body, len, event_id);
}

static void
on_fail(struct sb_graphql_subscription *subscription, const char *errors, size_t len)
{
	struct sb_graphql_operations *own = subscription->owner;

	own->say(own, SB_GRAPHQL_ERROR, subscription->id, errors, len, 0);
}

/* The protocol has no word for it; a ping may say anything, and is answered by a pong. */
static void
on_live(struct sb_graphql_subscription *subscription, int64_t event_id)
{
	struct sb_graphql_operations *own = subscription->owner;
	struct sb_buffer payload = {0};

	if (own->told_id == 0)
		own->told_id = event_id;
	sb_buffer_puts(&payload, "{\"subscribed\":");
	sb_buffer_put_json(&payload, subscription->id, strlen(subscription->id));
	sb_buffer_printf(&payload, ",\"eventId\":\"%" PRId64 "\"}", event_id);
	own->say(own, SB_GRAPHQL_PING, NULL, payload.data, payload.len, 0);
	sb_buffer_free(&payload);
}

static const struct sb_graphql_carrier carrier = {on_next, on_fail, on_live};

/* One that goes on; NULL: there is none. */
static struct sb_graphql_subscription *
find_subscription(const struct sb_graphql_operations *own, const char *id)
{
	struct sb_graphql_subscription *one = own->subscriptions;

	while (one && (one->is_over || strcmp(one->id, id) != 0))
		one = one->next;
	return one;
}

static int
count_subscriptions(const struct sb_graphql_operations *own)
{
	int count = 0;

	for (const struct sb_graphql_subscription *one = own->subscriptions; one; one = one->next)
		count += !one->is_over;
	return count;
}

/* Frees those that are over; where nobody is told of events. */
static void
reap(struct sb_graphql_operations *own)
{
	struct sb_graphql_subscription **link = &own->subscriptions;

	while (*link)
	{
		struct sb_graphql_subscription *one = *link;

		if (!one->is_over)
		{
			link = &one->next;
			continue;
		}
		*link = one->next;
		sb_graphql_subscription_free(one);
	}
}

/* ---- operations ------------------------------------------------------------------------------ */

/* Ends the operation, of which everything has been said. */
static void
finish(struct operation *operation)
{
	sb_graphql_run_end(&operation->run);
	json_decref(operation->json);
	sb_task_end(&operation->task);
}

static struct sb_graphql_operations *
socket_of(const struct operation *operation)
{
	return operation->task.listener ? operation->own : NULL;
}

/* What was not executed is an error of the operation; else there is an answer, and then the end. */
static void
on_answer(struct sb_graphql_run *run)
{
	static const char errors[] = "{\"errors\":";
	struct operation *operation = run->owner;
	struct sb_graphql_operations *own = socket_of(operation);
	size_t len;
	char *body = sb_graphql_respond(run->execution, run->results, &len);

	if (own && sb_graphql_refusal(run->execution))
		own->say(own, SB_GRAPHQL_ERROR, operation->id, body + strlen(errors),
				 len - strlen(errors) - 1, 0);
	else if (own)
	{
		own->say(own, SB_GRAPHQL_NEXT, operation->id, body, len, 0);
		own->say(own, SB_GRAPHQL_COMPLETE, operation->id, NULL, 0, 0);
	}
	free(body);
	finish(operation);
}

static void
on_failure(struct sb_graphql_run *run, enum sb_pg_outcome outcome)
{
	struct operation *operation = run->owner;
	struct sb_graphql_operations *own = socket_of(operation);
	struct sb_error error = sb_admission_error(run->admission, outcome);

	if (own && error.status == 401 && own->listener->user_id)
		own->listener->kind->end(own->listener, SB_CLOSE_UNAUTHENTICATED, error.message);
	else if (own)
		say_error(own, operation->id, &error);
	finish(operation);
}

static void
on_subscription(struct sb_graphql_run *run)
{
	struct operation *operation = run->owner;
	struct sb_graphql_operations *own = socket_of(operation);
	struct sb_graphql_subscription *subscription = NULL;
	int64_t after = operation->after;

	if (own)
	{
		subscription =
			sb_graphql_subscription_new(own->listener, &carrier, own, operation->id, &run->asked);
		subscription->next = own->subscriptions;
		own->subscriptions = subscription;
	}
	finish(operation);
	if (subscription)
		sb_graphql_subscription_begin(subscription, after);
}

static const struct sb_graphql_asker asker = {
	.on_answer = on_answer, .on_failure = on_failure, .on_subscription = on_subscription};

/* Reads what is asked for. NULL, or what is wrong. */
static const char *
read_operation(struct operation *operation, const json_t *payload)
{
	struct sb_asked asked = {.after = -1};
	const char *problem = sb_graphql_read_members(&operation->task.arena, payload, &asked);

	operation->after = asked.after;
	operation->run.asked = asked.graphql;
	operation->run.asked.allow_mutation = true;
	operation->run.asked.allow_subscription = true;
	operation->run.document_id = asked.document_id;
	return problem;
}

/* Runs what a message asks for. */
static void
run(struct sb_graphql_operations *own, const struct sb_graphql_message *message)
{
	struct operation *operation =
		(struct operation *) sb_task_begin(own->listener, sizeof(*operation), "graphql.socket");
	const char *problem;

	operation->own = own;
	operation->id = message->id;
	operation->json = json_incref(message->json);
	operation->task.caller.purpose = (struct sb_purpose){.surface = "graphql"};
	operation->run.admission = &operation->task.admission;
	operation->run.asker = &asker;
	operation->run.owner = operation;
	operation->run.purpose = operation->task.caller.purpose;
	problem = read_operation(operation, message->payload);
	if (problem == NULL)
	{
		sb_graphql_run(&operation->run);
		return;
	}
	own->listener->kind->end(own->listener, SB_CLOSE_BAD_MESSAGE, problem);
	finish(operation);
}

void
sb_graphql_operation_begin(struct sb_graphql_operations *own,
						   const struct sb_graphql_message *message)
{
	static const struct sb_error many = {
		400, "LIMIT_EXCEEDED", "a socket has no more subscriptions than WS_MAX_TOPICS", NULL, NULL};
	int most = sb_listener_services(own->listener)->loop->config->ws_max_topics;
	char reason[124];

	reap(own);
	if (find_subscription(own, message->id))
	{
		snprintf(reason, sizeof(reason), "Subscriber for %.60s already exists", message->id);
		own->listener->kind->end(own->listener, SB_CLOSE_CONFLICT, reason);
	}
	else if (count_subscriptions(own) >= most)
		say_error(own, message->id, &many);
	else
		run(own, message);
}

void
sb_graphql_operation_complete(struct sb_graphql_operations *own, const char *id)
{
	struct sb_graphql_subscription *subscription = find_subscription(own, id);

	if (subscription)
		subscription->is_over = true;
	reap(own);
}

bool
sb_graphql_operations_are_full(const struct sb_graphql_operations *own)
{
	const struct sb_graphql_subscription *one = own->subscriptions;

	while (one && !sb_graphql_subscription_is_full(one))
		one = one->next;
	return one != NULL;
}

void
sb_graphql_operations_look(struct sb_graphql_operations *own)
{
	reap(own);
	for (struct sb_graphql_subscription *one = own->subscriptions; one; one = one->next)
		sb_graphql_subscription_look(one);
}

void
sb_graphql_operations_leave(struct sb_graphql_operations *own)
{
	for (struct sb_graphql_subscription *one = own->subscriptions; one; one = one->next)
		one->is_over = true;
	reap(own);
}

int64_t
sb_graphql_operations_place(const struct sb_graphql_operations *own, int64_t sent_id)
{
	int64_t id = sent_id ? sent_id : own->told_id;

	for (const struct sb_graphql_subscription *one = own->subscriptions; one; one = one->next)
		if (one->npending > 0 && one->pending[one->first].id <= id)
			id = one->pending[one->first].id - 1;
	return id;
}
