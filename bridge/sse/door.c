/*
 * door.c owns streams of events: what is asked for, what is told, and the end.
 *
 * The answer begins when it is known that its topics may be heard: until then every refusal is one
 * of HTTP. From then on the last block says why the stream ends; a browser comes again by itself,
 * with the id of the last block that it has (Last-Event-ID).
 */
#include "sse/door.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "base/backlog.h"
#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "event/delivery.h"
#include "event/subscriber.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/stream.h"
#include "loop/loop.h"
#include "sse/block.h"

#define PATIENCE 4 /* heartbeats that a client may leave without taking anything */

struct event_stream
{
	struct sb_listener listener; /* must stay first */
	struct sb_subscriber subscriber;
	struct sb_request *request;
	struct sb_stream *stream; /* NULL: the answer has not begun */
	struct sb_backlog backlog;
	int64_t after; /* of the last event that he had when he came; -1: he said none */
	uint64_t opened_ms;
	uint64_t told_ms;  /* when something was last sent */
	bool is_answered;  /* refused, or the stream has begun */
	enum sb_close why; /* it has ended; SB_CLOSES: nobody has said that it should */
};

static struct event_stream *
of_listener(const struct sb_listener *listener)
{
	return (struct event_stream *) listener;
}

static struct event_stream *
of_subscriber(const struct sb_subscriber *subscriber)
{
	return (struct event_stream *) ((const char *) subscriber -
									offsetof(struct event_stream, subscriber));
}

static struct sb_metrics *
metrics_of(const struct event_stream *own)
{
	return own->request->loop->metrics;
}

/* ---- what is sent ---------------------------------------------------------------------------- */

/* The answer begins; when to come again, once it has ended, is not the same for all who listen. */
static void
begin(struct event_stream *own)
{
	struct sb_request *request = own->request;
	char retry[32];

	own->is_answered = true;
	own->opened_ms = request->loop->now_ms;
	own->stream = sb_stream_begin(request, "text/event-stream",
								  request->loop->config->sse_heartbeat * PATIENCE);
	sb_metric_add(metrics_of(own)->streams_opened, 1);
	snprintf(retry, sizeof(retry), "retry: %" PRIu64 "\n\n",
			 1000 + own->listener.number * 2654435761 % 4000);
	sb_stream_say(own->stream, retry, strlen(retry));
}

/* The last block, and the end; what waits is for the next time, where there will be one. */
static void
say_close(struct event_stream *own, const char *reason)
{
	struct sb_buffer data = {0};
	struct sb_buffer block = {0};
	int64_t id = sb_stream_last_id(own->stream);

	if (id == 0)
		id = own->subscriber.first_id ? own->subscriber.first_id : own->after;
	if (own->why != SB_CLOSE_NOT_FOUND)
		sb_stream_drop(own->stream);
	sb_buffer_puts(&data, "{\"code\":");
	sb_buffer_put_int(&data, sb_close_code(own->why));
	sb_buffer_puts(&data, ",\"reason\":");
	sb_buffer_put_json(&data, reason, strlen(reason));
	if (id >= 0)
	{
		sb_buffer_puts(&data, ",\"after\":");
		sb_buffer_put_int(&data, id);
	}
	sb_buffer_puts(&data, "}");
	sb_block_put(&block, "close", -1, data.data);
	sb_stream_say(own->stream, block.data, block.len);
	sb_stream_end(own->stream);
	sb_buffer_free(&data);
	sb_buffer_free(&block);
}

static void
end(struct sb_listener *listener, enum sb_close close, const char *reason)
{
	struct event_stream *own = of_listener(listener);
	int status = sb_close_code(close) - 4000;

	reason = reason ? reason : sb_close_reason(close);
	if (own->why != SB_CLOSES)
		return;
	own->why = close;
	if (own->stream)
	{
		sb_metric_add(&metrics_of(own)->stream_closes[close], 1);
		say_close(own, reason);
	}
	else if (!own->is_answered)
	{
		own->is_answered = true;
		sb_request_fail(own->request, status >= 400 ? status : 503, reason);
	}
}

static bool
is_open(const struct sb_listener *listener)
{
	const struct event_stream *own = of_listener(listener);

	return own->why == SB_CLOSES && (own->stream == NULL || sb_stream_is_open(own->stream));
}

static bool
is_full(const struct sb_listener *listener)
{
	const struct event_stream *own = of_listener(listener);

	return own->stream &&
		   sb_stream_queued(own->stream) > (size_t) own->request->loop->config->ws_queue / 2;
}

static void
tell(struct event_stream *own, struct sb_message *message)
{
	size_t most = (size_t) own->request->loop->config->ws_queue;

	if (!is_open(&own->listener))
		return;
	if (own->stream == NULL)
		begin(own);
	if (sb_backlog_is_over(&own->backlog, own->request->loop->now_us, sb_stream_queued(own->stream),
						   most))
	{
		end(&own->listener, SB_CLOSE_SLOW, NULL);
		return;
	}
	own->told_ms = own->request->loop->now_ms;
	sb_metric_add(metrics_of(own)->stream_messages, 1);
	sb_stream_send(own->stream, message);
}

static void
say(struct event_stream *own, const char *type, int64_t id, const char *data)
{
	struct sb_buffer block = {0};
	struct sb_message *message;

	sb_block_put(&block, type, id, data);
	message = sb_message_new(true, block.data, block.len);
	message->id = id > 0 ? id : 0;
	tell(own, message);
	sb_message_release(message);
	sb_buffer_free(&block);
}

static void
say_topic(struct event_stream *own, const char *type, int64_t id, const char *topic)
{
	struct sb_buffer data = {0};

	sb_buffer_puts(&data, "{\"topic\":");
	sb_buffer_put_json(&data, topic, strlen(topic));
	sb_buffer_puts(&data, "}");
	say(own, type, id, data.data);
	sb_buffer_free(&data);
}

/* ---- the subscriber -------------------------------------------------------------------------- */

static void
deliver(struct sb_subscriber *subscriber, struct sb_event *event)
{
	tell(of_subscriber(subscriber), sb_event_message(event, SB_EVENT_BLOCK, sb_block_write));
}

static void
on_subscribed(struct sb_subscriber *subscriber, const char *topic, int64_t id)
{
	say_topic(of_subscriber(subscriber), "subscribed", id, topic);
}

static void
on_resync(struct sb_subscriber *subscriber, const char *topic, int64_t id)
{
	say_topic(of_subscriber(subscriber), "resync", id, topic);
}

/* Once it goes on, it can only be the database that is away, or a limit: he comes again. */
static void
on_refused(struct sb_subscriber *subscriber, const char *topic, const struct sb_error *error)
{
	struct event_stream *own = of_subscriber(subscriber);
	struct sb_error about = *error;

	if (own->stream || own->is_answered)
	{
		end(&own->listener, sb_close_for(error->status), error->message);
		return;
	}
	if (about.status == 404)
		about.detail = topic;
	own->is_answered = true;
	sb_request_fail_with(own->request, &about);
}

/* A stream that has nothing left to tell of has come to its end. */
static void
on_lost(struct sb_subscriber *subscriber, const char *topic, const struct sb_error *error)
{
	struct event_stream *own = of_subscriber(subscriber);
	struct sb_buffer data = {0};

	if (subscriber->nsubscriptions == 0)
	{
		end(&own->listener, sb_close_for(error->status), error->message);
		return;
	}
	sb_subscriber_put_lost(&data, topic, error);
	say(own, "unsubscribed", -1, data.data);
	sb_buffer_free(&data);
}

static const struct sb_subscriber_kind subscriber_kind = {deliver,    on_subscribed, on_resync,
														  on_refused, on_lost,       NULL};

/* ---- the listener ---------------------------------------------------------------------------- */

/* A line that says nothing keeps the connection; the id of the log goes along, so that who comes
 * again after a long silence does not ask for what the log has forgotten. */
static void
on_look(struct sb_listener *listener)
{
	struct event_stream *own = of_listener(listener);
	const struct sb_loop *loop = own->request->loop;
	int64_t told = sb_delivery_told(sb_listener_services(listener)->delivery);
	char text[64];

	if (own->stream == NULL || !is_open(listener) ||
		loop->now_ms - own->told_ms < (uint64_t) loop->config->sse_heartbeat * 1000)
		return;
	own->told_ms = loop->now_ms;
	if (own->subscriber.subscriptions == NULL || told < own->subscriber.sent_id ||
		told < own->subscriber.first_id)
		snprintf(text, sizeof(text), ":\n\n");
	else
		snprintf(text, sizeof(text), ":\nid: %" PRId64 "\n\n", told);
	sb_stream_say(own->stream, text, strlen(text));
}

static const struct sb_listener_kind listener_kind = {
	.name = "sse", .is_open = is_open, .is_full = is_full, .end = end, .on_look = on_look};

/* ---- who asks, and for what ------------------------------------------------------------------ */

static void
log_end(const struct event_stream *own)
{
	const struct sb_request *request = own->request;

	if (own->stream == NULL || !sb_log_wants(SB_LOG_INFO))
		return;
	sb_log_begin(SB_LOG_INFO, "stream closed");
	sb_log_text("request_id", request->id);
	sb_log_int("user", own->listener.user_id);
	sb_log_int("code", own->why == SB_CLOSES ? 0 : sb_close_code(own->why));
	sb_log_ms("ms", (request->loop->now_ms - own->opened_ms) * 1000);
	sb_log_end();
}

static void
on_end(struct sb_request *request)
{
	struct event_stream *own = request->state;

	if (own->stream && own->why == SB_CLOSES)
		sb_metric_add(&metrics_of(own)->stream_closes[SB_CLOSES], 1);
	log_end(own);
	sb_subscriber_leave(&own->subscriber);
	sb_listener_leave(&own->listener);
	free(own);
}

/* The list of topics, cut at its commas, in the request's arena; how many. */
static int
cut_topics(struct sb_request *request, const char *list, const char ***topics)
{
	size_t most = 1;
	int count = 0;

	for (const char *at = list; *at; at++)
		most += *at == ',';
	*topics = sb_arena_new_array(&request->arena, const char *, most);
	while (true)
	{
		size_t len = strcspn(list, ",");

		(*topics)[count++] = sb_arena_copy(&request->arena, list, len);
		if (list[len] == '\0')
			return count;
		list += len + 1;
	}
}

/* The last event that he has, of the header or of the address; -1: he says none. False for what is
 * no id. */
static bool
read_last_id(const struct sb_request *request, int64_t *id)
{
	const char *text = sb_request_header(request, "Last-Event-ID");
	bool twice = false;

	/* A browser that comes again has both, and the address is as old as its page. */
	if (text == NULL || *text == '\0')
		text = sb_url_query(&request->url, "last_event_id", &twice);
	*id = -1;
	if (text == NULL || *text == '\0')
		return true;
	if (twice || !sb_is_id(text, strlen(text)))
		return false;
	*id = strtoll(text, NULL, 10);
	return true;
}

void
sb_sse_subscribe(struct sb_request *request)
{
	bool twice = false;
	const char *list = sb_url_query(&request->url, "topics", &twice);
	struct event_stream *own;
	const char **topics;
	int64_t after;
	int count;

	if (list == NULL || twice)
		sb_request_fail(request, 400, "topics: once, the names with commas between");
	else if (!read_last_id(request, &after))
		sb_request_fail(request, 400, "Last-Event-ID is the id of an event");
	else if (request->loop->stopping)
		sb_request_fail(request, 503, "the bridge stops: come again");
	else
	{
		own = sb_calloc(1, sizeof(*own));
		own->request = request;
		own->why = SB_CLOSES;
		own->after = after;
		sb_listener_join(&own->listener, request->admission.services, &listener_kind,
						 &request->caller);
		own->subscriber.kind = &subscriber_kind;
		own->subscriber.listener = &own->listener;
		request->state = own;
		request->on_end = on_end;
		count = cut_topics(request, list, &topics);
		if (sb_listener_enter(&own->listener, &request->caller))
			sb_subscriber_subscribe(&own->subscriber, topics, count, after);
		else
			end(&own->listener, SB_CLOSE_LIMITED, SB_LISTENER_MANY);
	}
}
