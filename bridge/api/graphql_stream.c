/*
 * graphql_stream.c owns GraphQL over server-sent events.
 *
 * An answer is an event `next`, the end of the operation an event `complete`; a query has one of
 * each. A subscription's stream begins when it is known that its topic may be heard; its events
 * have the log's ids, so that who comes again misses nothing (Last-Event-ID, or lastEventId in the
 * extensions). A stream that ends without `complete` is to be asked for again.
 */
#include "api/graphql_stream.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "api/graphql_document.h"
#include "api/graphql_once.h"
#include "api/graphql_read.h"
#include "api/graphql_run.h"
#include "api/graphql_subscription.h"
#include "base/config.h"
#include "base/id.h"
#include "base/memory.h"
#include "event/listener.h"
#include "http/content.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/stream.h"
#include "loop/loop.h"
#include "sse/block.h"

#define PATIENCE 4 /* heartbeats that a client may leave without taking anything */

static const char media_type[] = "text/event-stream";

struct graphql_stream
{
	struct sb_graphql_run run; /* must stay first */
	struct sb_listener listener;
	struct sb_request *request;
	struct sb_graphql_subscription *subscription; /* NULL: there is none */
	struct sb_stream *stream;                     /* NULL: the answer has not begun */
	int64_t after;
	uint64_t told_ms;  /* when something was last sent */
	bool is_answered;  /* refused, or the stream has begun */
	enum sb_close why; /* it has ended; SB_CLOSES: nobody has said that it should */
};

static struct graphql_stream *
of_listener(const struct sb_listener *listener)
{
	return (struct graphql_stream *) ((const char *) listener -
									  offsetof(struct graphql_stream, listener));
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static bool
is_open(const struct sb_listener *listener)
{
	const struct graphql_stream *own = of_listener(listener);

	return own->why == SB_CLOSES && (own->stream == NULL || sb_stream_is_open(own->stream));
}

static void
begin(struct graphql_stream *own)
{
	struct sb_loop *loop = own->request->loop;

	if (own->stream)
		return;
	own->is_answered = true;
	own->stream = sb_stream_begin(own->request, media_type, loop->config->sse_heartbeat * PATIENCE);
	own->told_ms = loop->now_ms;
	sb_metric_add(loop->metrics->streams_opened, 1);
}

static void
say(struct graphql_stream *own, const char *type, int64_t id, const char *data)
{
	struct sb_loop *loop = own->request->loop;
	struct sb_buffer block = {0};
	struct sb_message *message;

	begin(own);
	sb_block_put(&block, type, id > 0 ? id : -1, data);
	message = sb_message_new(true, block.data, block.len);
	message->id = id;
	if (sb_stream_queued(own->stream) + message->len > (size_t) loop->config->ws_queue)
		own->listener.kind->end(&own->listener, SB_CLOSE_SLOW, NULL);
	else
		sb_stream_send(own->stream, message);
	own->told_ms = loop->now_ms;
	sb_metric_add(loop->metrics->stream_messages, 1);
	sb_message_release(message);
	sb_buffer_free(&block);
}

/* The last words: errors of the operation, and that it is over. */
static void
say_errors(struct graphql_stream *own, const char *errors)
{
	struct sb_buffer body = {0};

	sb_buffer_puts(&body, "{\"errors\":");
	sb_buffer_puts(&body, errors);
	sb_buffer_puts(&body, "}");
	say(own, "next", 0, body.data);
	say(own, "complete", 0, "");
	sb_stream_end(own->stream);
	sb_buffer_free(&body);
}

/* Whose session has ended is told; others are to come again. */
static void
end(struct sb_listener *listener, enum sb_close close, const char *reason)
{
	struct graphql_stream *own = of_listener(listener);
	int status = sb_close_code(close) - 4000;
	struct sb_error error = {.status = status >= 400 ? status : 503,
							 .message = reason ? reason : sb_close_reason(close)};
	struct sb_buffer errors = {0};

	if (own->why != SB_CLOSES)
		return;
	error.code = sb_error_code(error.status);
	if (own->stream && close == SB_CLOSE_UNAUTHENTICATED)
	{
		sb_graphql_put_error(&errors, &error);
		say_errors(own, errors.data);
		sb_buffer_free(&errors);
	}
	own->why = close;
	if (own->stream)
	{
		if (close == SB_CLOSE_SLOW)
			sb_stream_drop(own->stream);
		sb_stream_end(own->stream);
	}
	else if (!own->is_answered)
	{
		own->is_answered = true;
		sb_request_fail_with(own->request, &error);
	}
}

static bool
is_full(const struct sb_listener *listener)
{
	const struct graphql_stream *own = of_listener(listener);

	return sb_graphql_subscription_is_full(own->subscription) ||
		   (own->stream &&
			sb_stream_queued(own->stream) > (size_t) own->request->loop->config->ws_queue / 2);
}

/* A line that says nothing keeps the connection. */
static void
on_look(struct sb_listener *listener)
{
	static const char nothing[] = ":\n\n";
	struct graphql_stream *own = of_listener(listener);
	const struct sb_loop *loop = own->request->loop;

	if (own->subscription)
		sb_graphql_subscription_look(own->subscription);
	if (own->stream == NULL || !is_open(listener) ||
		loop->now_ms - own->told_ms < (uint64_t) loop->config->sse_heartbeat * 1000)
		return;
	own->told_ms = loop->now_ms;
	sb_stream_say(own->stream, nothing, strlen(nothing));
}

static const struct sb_listener_kind listener_kind = {
	.name = "graphql-sse", .is_open = is_open, .is_full = is_full, .end = end, .on_look = on_look};

/* ---- subscriptions --------------------------------------------------------------------------- */

static void
on_next(struct sb_graphql_subscription *subscription, const char *body, size_t len,
		int64_t event_id)
{
	if (is_open(subscription->subscriber.listener))
		say(subscription->owner, "next", event_id, body);
}

static void
on_fail(struct sb_graphql_subscription *subscription, const char *errors, size_t len)
{
	struct graphql_stream *own = subscription->owner;

	if (!is_open(&own->listener))
		return;
	say_errors(own, errors);
	own->why = SB_CLOSE_NORMAL;
}

/* The id alone, with no event: a browser remembers it. */
static void
on_live(struct sb_graphql_subscription *subscription, int64_t event_id)
{
	struct graphql_stream *own = subscription->owner;
	char text[48];

	if (!is_open(&own->listener))
		return;
	begin(own);
	snprintf(text, sizeof(text), "id: %" PRId64 "\n\n", event_id);
	if (event_id > 0 && subscription->npending == 0)
		sb_stream_say(own->stream, text, strlen(text));
	else
		sb_stream_say(own->stream, ":\n\n", 3);
}

static const struct sb_graphql_carrier carrier = {on_next, on_fail, on_live};

static void
on_subscription(struct sb_graphql_run *run)
{
	struct graphql_stream *own = run->owner;

	if (own->request->loop->stopping)
	{
		own->is_answered = true;
		sb_request_fail(own->request, 503, "the bridge stops: come again");
		return;
	}
	if (!sb_listener_enter(&own->listener, &own->request->caller))
	{
		end(&own->listener, SB_CLOSE_LIMITED, SB_LISTENER_MANY);
		return;
	}
	own->subscription =
		sb_graphql_subscription_new(&own->listener, &carrier, own, NULL, &run->asked);
	sb_graphql_subscription_begin(own->subscription, own->after);
}

/* ---- the request ----------------------------------------------------------------------------- */

static void
on_answer(struct sb_graphql_run *run)
{
	struct graphql_stream *own = run->owner;
	struct sb_buffer out = {0};
	size_t len;
	char *body = sb_graphql_respond(run->execution, run->results, &len);

	own->is_answered = true;
	sb_block_put(&out, "next", -1, body);
	sb_block_put(&out, "complete", -1, "");
	free(body);
	body = sb_buffer_take(&out, &len);
	sb_request_reply(own->request, 200, media_type, body, len);
}

static void
on_failure(struct sb_graphql_run *run, enum sb_pg_outcome outcome)
{
	struct graphql_stream *own = run->owner;

	own->is_answered = true;
	sb_request_fail_unit(own->request, outcome);
}

static const struct sb_graphql_asker asker = {.on_answer = on_answer,
											  .on_failure = on_failure,
											  .on_subscription = on_subscription,
											  .begin_mutation = sb_graphql_once_begin,
											  .add_call = sb_graphql_once_add_call,
											  .take_over = sb_graphql_once_take_over};

static void
on_end(struct sb_request *request)
{
	struct graphql_stream *own = request->state;

	if (own->stream)
		sb_metric_add(&request->loop->metrics->stream_closes[own->why], 1);
	if (own->subscription)
		sb_graphql_subscription_free(own->subscription);
	sb_listener_leave(&own->listener);
	sb_graphql_run_end(&own->run);
	free(own);
}

/* Whether the stream is wanted more than another type; as much is enough where that has no name. */
static bool
beats(const struct sb_request *request, int wanted, const char *type)
{
	bool is_named;
	int other = sb_content_quality(request, type, &is_named);

	return wanted > other || (wanted == other && !is_named);
}

bool
sb_graphql_stream_is_wanted(const struct sb_request *request)
{
	bool is_named;
	int wanted = sb_content_quality(request, media_type, &is_named);

	return is_named && wanted > 0 && beats(request, wanted, "application/json") &&
		   beats(request, wanted, "application/graphql-response+json");
}

/* The last event that the client has: a browser that comes again says so by the header. */
static bool
read_place(const struct sb_request *request, int64_t *after)
{
	const char *text = sb_request_header(request, "Last-Event-ID");

	if (text == NULL || *text == '\0')
		return true;
	if (!sb_is_id(text, strlen(text)))
		return false;
	*after = strtoll(text, NULL, 10);
	return true;
}

void
sb_graphql_stream(struct sb_request *request, const struct sb_asked *asked)
{
	int64_t after = asked->after;
	struct graphql_stream *own;

	if (!read_place(request, &after))
	{
		sb_request_fail(request, 400, "Last-Event-ID is the id of an event");
		return;
	}
	own = sb_calloc(1, sizeof(*own));
	own->request = request;
	own->why = SB_CLOSES;
	own->after = after;
	sb_listener_join(&own->listener, request->admission.services, &listener_kind, &request->caller);
	own->run.admission = &request->admission;
	own->run.asker = &asker;
	own->run.owner = own;
	own->run.purpose = request->route->purpose;
	own->run.asked = asked->graphql;
	own->run.asked.allow_subscription = true;
	own->run.document_id = asked->document_id;
	request->state = own;
	request->on_end = on_end;
	sb_graphql_run(&own->run);
}
