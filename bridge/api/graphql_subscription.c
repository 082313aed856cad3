/*
 * graphql_subscription.c owns subscriptions of GraphQL that go on.
 *
 * An event is delivered by the loop's delivery, which has asked whether its viewer may see it at
 * this moment. Then its document's statement is run as that viewer, by the same views as any query;
 * one after the other, so that answers come in the order of the log. What several wait for is made
 * once (api/graphql_show.h).
 */
#include "api/graphql_subscription.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "error/hints.h"
#include "event/topic.h"
#include "loop/loop.h"

#define MAX_PENDING  4096 /* events of one subscription */
#define MAX_FAILURES 10   /* of one event, a second apart */

static void go_on(struct sb_graphql_subscription *subscription);

/* ---- errors ---------------------------------------------------------------------------------- */

static void
put_member(struct sb_buffer *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	sb_buffer_printf(out, ",\"%s\":", name);
	sb_buffer_put_json(out, text, strlen(text));
}

void
sb_graphql_put_error(struct sb_buffer *out, const struct sb_error *error)
{
	sb_buffer_puts(out, "[{\"message\":");
	sb_buffer_put_json(out, error->message, strlen(error->message));
	sb_buffer_puts(out, ",\"extensions\":{\"code\":");
	sb_buffer_put_json(out, error->code, strlen(error->code));
	put_member(out, "detail", error->detail);
	put_member(out, "hint", sb_hint_for(SB_HINT_GRAPHQL, error->hint));
	sb_buffer_puts(out, "}}]");
}

static void
fail(struct sb_graphql_subscription *subscription, const struct sb_error *error)
{
	struct sb_buffer errors = {0};

	if (subscription->is_over)
		return;
	subscription->is_over = true;
	sb_graphql_put_error(&errors, error);
	subscription->carrier->fail(subscription, errors.data, errors.len);
	sb_buffer_free(&errors);
}

/* ---- the answer to one event ----------------------------------------------------------------- */

static struct sb_graphql_subscription *
of_waiter(const struct sb_show_waiter *waiter)
{
	return (struct sb_graphql_subscription *) ((const char *) waiter -
											   offsetof(struct sb_graphql_subscription, waiter));
}

/* Tells one who has waited. */
static void
on_shown(struct sb_show_waiter *waiter, const struct sb_graphql_result *result)
{
	struct sb_graphql_subscription *subscription = of_waiter(waiter);
	const struct sb_pending event = subscription->pending[subscription->first];
	size_t len;
	char *body;

	subscription->first = (subscription->first + 1) % subscription->size;
	subscription->npending--;
	subscription->failures = 0;
	/* What may not be seen any more since it was delivered is nothing to tell of. */
	if (!subscription->is_over && (event.may_be_null || !sb_graphql_result_is_null(result)))
	{
		body = sb_graphql_respond_event(subscription->execution, result, event.id, &len);
		subscription->carrier->next(subscription, body, len, event.id);
		free(body);
	}
	go_on(subscription);
}

/* There is no answer now: later again, but not for ever. */
static void
put_off(struct sb_graphql_subscription *subscription, const struct sb_error *error)
{
	if (++subscription->failures >= MAX_FAILURES)
		fail(subscription, error);
}

static void
on_failure(struct sb_show_waiter *waiter, enum sb_show_failure failure,
		   const struct sb_error *error)
{
	struct sb_graphql_subscription *subscription = of_waiter(waiter);
	struct sb_listener *listener = subscription->subscriber.listener;

	if (failure == SB_SHOW_AGAIN)
		go_on(subscription);
	else if (failure == SB_SHOW_REFUSED && error->status == 401)
		listener->kind->end(listener, SB_CLOSE_UNAUTHENTICATED, error->message);
	else
		put_off(subscription, error);
}

static const struct sb_show_waiter_kind waiter_kind = {on_shown, on_failure};

/* Takes the first event that waits, unless one is under way; after the last of a topic that is
 * lost, it is over. */
static void
go_on(struct sb_graphql_subscription *subscription)
{
	const struct sb_listener *listener = subscription->subscriber.listener;
	const struct sb_pending *event;

	if (subscription->npending == 0 && subscription->lost)
		fail(subscription, subscription->lost);

	if (subscription->waiter.show || subscription->npending == 0 || subscription->is_over ||
		!listener->kind->is_open(listener))
		return;
	event = &subscription->pending[subscription->first];
	sb_show_join(&subscription->waiter, subscription->execution, event->id, event->delivered_ms,
				 event->may_be_null);
}

/* ---- the subscriber -------------------------------------------------------------------------- */

static struct sb_graphql_subscription *
of_subscriber(const struct sb_subscriber *subscriber)
{
	return (
		struct sb_graphql_subscription *) ((const char *) subscriber -
										   offsetof(struct sb_graphql_subscription, subscriber));
}

/* Whether a list of words, by spaces, has one. */
static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

static void
push(struct sb_graphql_subscription *subscription, struct sb_pending event)
{
	if (subscription->npending == subscription->size)
	{
		size_t size = subscription->size ? subscription->size * 2 : 4;
		struct sb_pending *bigger = sb_calloc(size, sizeof(*bigger));

		for (size_t i = 0; i < subscription->npending; i++)
			bigger[i] = subscription->pending[(subscription->first + i) % subscription->size];
		free(subscription->pending);
		subscription->pending = bigger;
		subscription->size = size;
		subscription->first = 0;
	}
	subscription->pending[(subscription->first + subscription->npending++) % subscription->size] =
		event;
}

static void
deliver(struct sb_subscriber *subscriber, struct sb_event *event)
{
	struct sb_graphql_subscription *subscription = of_subscriber(subscriber);
	struct sb_listener *listener = subscriber->listener;
	struct sb_pending pending = {.id = event->id,
								 .delivered_ms = sb_listener_services(listener)->loop->now_ms,
								 .may_be_null = strcmp(event->type, "post.deleted") == 0};
	char reason[96];

	if (subscription->is_over || !has_word(subscription->execution->types, event->type))
		return;
	if (subscription->npending >= MAX_PENDING)
	{
		snprintf(reason, sizeof(reason), "%s: go on after %" PRId64, sb_close_reason(SB_CLOSE_SLOW),
				 subscription->pending[subscription->first].id - 1);
		listener->kind->end(listener, SB_CLOSE_SLOW, reason);
		return;
	}
	push(subscription, pending);
	go_on(subscription);
}

static void
on_subscribed(struct sb_subscriber *subscriber, const char *topic, int64_t id)
{
	struct sb_graphql_subscription *subscription = of_subscriber(subscriber);

	if (!subscription->is_over)
		subscription->carrier->live(subscription, id);
}

static void
on_resync(struct sb_subscriber *subscriber, const char *topic, int64_t id)
{
	static const struct sb_error resync = {
		410, "RESYNC", "Events after this one are not known any more",
		"Read anew what is shown, then subscribe without lastEventId", NULL};

	fail(of_subscriber(subscriber), &resync);
}

static void
on_refused(struct sb_subscriber *subscriber, const char *topic, const struct sb_error *error)
{
	fail(of_subscriber(subscriber), error);
}

/* What has been delivered is told before. */
static void
on_lost(struct sb_subscriber *subscriber, const char *topic, const struct sb_error *error)
{
	struct sb_graphql_subscription *subscription = of_subscriber(subscriber);

	subscription->lost = error;
	go_on(subscription);
}

static const struct sb_subscriber_kind kind = {deliver,    on_subscribed, on_resync,
											   on_refused, on_lost,       NULL};

/* ---- for who carries it ---------------------------------------------------------------------- */

struct sb_graphql_subscription *
sb_graphql_subscription_new(struct sb_listener *listener, const struct sb_graphql_carrier *carrier,
							void *owner, const char *id, const struct sb_graphql_request *asked)
{
	struct sb_graphql_subscription *subscription = sb_calloc(1, sizeof(*subscription));
	struct sb_graphql_request copy = *asked;

	subscription->carrier = carrier;
	subscription->owner = owner;
	subscription->subscriber.kind = &kind;
	subscription->subscriber.listener = listener;
	subscription->waiter.kind = &waiter_kind;
	subscription->waiter.listener = listener;
	if (id)
		subscription->id = sb_arena_copy(&subscription->arena, id, strlen(id));
	/* Errors of fields point into the document for as long as the execution lives. */
	copy.document = sb_arena_copy(&subscription->arena, asked->document, asked->document_len);
	subscription->execution = sb_graphql_prepare(sb_listener_services(listener)->graphql, &copy);
	return subscription;
}

void
sb_graphql_subscription_begin(struct sb_graphql_subscription *subscription, int64_t after)
{
	static const struct sb_error stranger = {401, "UNAUTHENTICATED", "authentication is required",
											 NULL, NULL};
	static const struct sb_error no_topic = {404, "NOT_FOUND", "there is nothing to listen to",
											 NULL, NULL};
	const struct sb_listener *listener = subscription->subscriber.listener;
	const char *topic = subscription->execution->topic;
	bool is_own = topic && strcmp(topic, "notifications") == 0;

	if (topic == NULL)
	{
		fail(subscription, &no_topic);
		return;
	}
	if (listener->user_id == 0 && (is_own || sb_topic_is_near(topic)))
	{
		fail(subscription, &stranger);
		return;
	}
	if (is_own)
		topic = sb_arena_printf(&subscription->arena, "%s:%" PRId64, topic, listener->user_id);
	sb_subscriber_subscribe(&subscription->subscriber, &topic, 1, after);
}

bool
sb_graphql_subscription_is_full(const struct sb_graphql_subscription *subscription)
{
	return subscription->npending >= MAX_PENDING / 2;
}

void
sb_graphql_subscription_look(struct sb_graphql_subscription *subscription)
{
	go_on(subscription);
}

void
sb_graphql_subscription_free(struct sb_graphql_subscription *subscription)
{
	struct sb_arena arena = subscription->arena;

	sb_subscriber_leave(&subscription->subscriber);
	sb_show_leave(&subscription->waiter);
	sb_graphql_execution_free(subscription->execution);
	free(subscription->pending);
	free(subscription);
	sb_arena_free(&arena);
}
