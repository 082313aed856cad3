/*
 * stream.c owns answers that go on.
 *
 * The library asks for bytes whenever it can send some (on_read); while there are none its
 * connection is suspended, and a message resumes it. What it has taken waits in the gate and in the
 * kernel, which are bounded; what it has not, in the queue here, whose bound is its owner's
 * business.
 */
#include "http/stream.h"

#include <microhttpd.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "http/client.h"
#include "http/gate.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"

#define BLOCK 1024 /* that the library makes room for, where it does not write chunks */

struct waiting
{
	struct waiting *next;
	struct sb_message *message;
};

struct sb_stream
{
	struct sb_request *request;
	struct waiting *first;
	struct waiting *last;
	size_t taken;  /* bytes of the first message that the library has */
	size_t queued; /* bytes that it does not have */
	int64_t last_id;
	bool is_asleep; /* the library waits for a message */
	bool is_ending; /* nothing more is sent */
	bool is_broken; /* the client is gone */
};

static void
wake(struct sb_stream *stream)
{
	if (!stream->is_asleep)
		return;
	stream->is_asleep = false;
	stream->request->resume(stream->request);
}

static void
forget_first(struct sb_stream *stream)
{
	struct waiting *first = stream->first;

	stream->queued -= first->message->len - stream->taken;
	stream->taken = 0;
	stream->first = first->next;
	if (stream->first == NULL)
		stream->last = NULL;
	sb_message_release(first->message);
	free(first);
}

/* ---- to the library -------------------------------------------------------------------------- */

static size_t
take(struct sb_stream *stream, char *room, size_t size)
{
	size_t len = 0;

	while (stream->first && len < size)
	{
		const struct sb_message *message = stream->first->message;
		size_t part = message->len - stream->taken;

		part = part < size - len ? part : size - len;
		if (stream->taken == 0 && message->id)
			stream->last_id = message->id;
		memcpy(room + len, message->bytes + stream->taken, part);
		len += part;
		stream->taken += part;
		stream->queued -= part;
		if (stream->taken == message->len)
			forget_first(stream);
	}
	return len;
}

static ssize_t
on_read(void *arg, uint64_t position, char *room, size_t size)
{
	struct sb_stream *stream = arg;
	size_t len;

	if (stream->is_broken)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	len = take(stream, room, size);
	stream->request->answer_len += len;
	if (len > 0)
		return (ssize_t) len;
	if (stream->is_ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	stream->is_asleep = true;
	MHD_suspend_connection(stream->request->mhd);
	return 0;
}

/* ---- for its owner --------------------------------------------------------------------------- */

void
sb_stream_send(struct sb_stream *stream, struct sb_message *message)
{
	struct waiting *waiting;

	if (!sb_stream_is_open(stream))
		return;
	waiting = sb_malloc(sizeof(*waiting));
	message->references++;
	*waiting = (struct waiting){.message = message};
	*(stream->last ? &stream->last->next : &stream->first) = waiting;
	stream->last = waiting;
	stream->queued += message->len;
	wake(stream);
}

void
sb_stream_say(struct sb_stream *stream, const char *bytes, size_t len)
{
	struct sb_message *message = sb_message_new(true, bytes, len);

	sb_stream_send(stream, message);
	sb_message_release(message);
}

size_t
sb_stream_queued(const struct sb_stream *stream)
{
	return stream->queued;
}

int64_t
sb_stream_last_id(const struct sb_stream *stream)
{
	return stream->last_id;
}

void
sb_stream_drop(struct sb_stream *stream)
{
	struct waiting *begun = stream->taken > 0 ? stream->first : NULL;
	struct waiting *rest = begun ? begun->next : stream->first;

	stream->first = stream->last = begun;
	if (begun)
		begun->next = NULL;
	while (rest)
	{
		struct waiting *next = rest->next;

		stream->queued -= rest->message->len;
		sb_message_release(rest->message);
		free(rest);
		rest = next;
	}
}

void
sb_stream_end(struct sb_stream *stream)
{
	if (!sb_stream_is_open(stream))
		return;
	stream->is_ending = true;
	/* Who does not take the rest has as long as for any answer. */
	if (stream->request->phase == SB_PHASE_ANSWERED)
		sb_client_enter(stream->request->client, SB_CLIENT_WRITING);
	wake(stream);
}

bool
sb_stream_is_open(const struct sb_stream *stream)
{
	return !stream->is_ending && !stream->is_broken;
}

/* ---- life ------------------------------------------------------------------------------------ */

void
sb_stream_break(struct sb_stream *stream)
{
	stream->is_broken = true;
	wake(stream);
}

void
sb_stream_free(struct sb_stream *stream)
{
	if (stream == NULL)
		return;
	while (stream->first)
		forget_first(stream);
	free(stream);
}

struct sb_stream *
sb_stream_begin(struct sb_request *request, const char *content_type, int patience)
{
	struct sb_stream *stream = sb_calloc(1, sizeof(*stream));
	unsigned ms = (unsigned) patience * 1000;
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, stream, NULL);

	stream->request = request;
	stream->is_broken = request->client->gate && sb_gate_is_at_end(request->client->gate);
	request->stream = stream;
	request->head_us = sb_loop_clock_us();
	/* The kernel gives up who acknowledges nothing, or has no room, for as long. */
	setsockopt(request->client->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	sb_request_add_header(request, "X-Accel-Buffering", "no");
	sb_request_reply_stream(request, content_type, sb_checked(response));
	return stream;
}
