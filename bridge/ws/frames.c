/*
 * frames.c owns the frames of one WebSocket.
 *
 * libwslay's layer of frames reads what comes, not its layer of messages ("event"): that one
 * answers some faults with a close that gives no code, makes room for as many bytes as a frame
 * announces, copies each message for each socket, and takes twice the memory. What goes out is
 * written here: a server's frame is the same bytes for whoever it is sent to, and so is made once.
 */
#include "ws/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <wslay/wslay.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "loop/sends.h"

#define READ_AT_ONCE   65536 /* bytes taken before others have their turn */
#define MAX_CONTROL    125
#define NO_STATUS      1005
#define PROTOCOL_ERROR 1002
#define BAD_TEXT       1007
#define TOO_BIG        1009

/* What a control frame holds. */
struct control
{
	uint8_t len;
	char bytes[MAX_CONTROL];
};

struct sb_frames
{
	wslay_frame_context_ptr context;
	int fd;
	size_t max_message;
	const struct sb_frames_owner *functions;
	void *owner;

	/* Coming in. */
	struct sb_buffer put_back; /* read by somebody before */
	size_t put_back_at;
	size_t may_read;          /* bytes, in this turn */
	uint64_t count;           /* of frames */
	bool is_in_frame;         /* not all of the frame's bytes have come */
	uint64_t left;            /* of them */
	uint8_t frame_opcode;     /* of the frame that comes */
	bool is_last;             /* of its message */
	uint8_t message_opcode;   /* of the message that comes; 0 = none does */
	struct sb_buffer message; /* as far as it has come */
	size_t checked;           /* bytes of it that are UTF-8 for certain */
	struct control control;   /* of the control frame that comes */
	bool is_paused;
	bool has_heard;
	bool is_deaf; /* nothing that comes is read any more, only taken */

	/* Going out. What is being sent first: */
	struct sb_message *message_out;
	uint8_t opcode_out; /* 0 = nothing is being sent */
	size_t sent;        /* bytes of its frame */
	bool has_moved;     /* some were taken */
	bool is_full;       /* not all were: the other end had no room */
	uint8_t control_len;
	char control_out[2 + MAX_CONTROL]; /* the frame, where it is no message */
	/* then in this order: */
	bool has_pong;
	struct control pong;
	bool has_ping;
	struct sb_message **queue; /* a ring; NULL while it is empty */
	int queue_room;
	int queue_first;
	int queue_count;
	size_t queued;   /* bytes, of what is being sent, too */
	int64_t last_id; /* of the last message with an id that was begun */

	/* The end. */
	int close_code; /* of our close; 0 = none, or one without a code */
	bool close_begun;
	bool close_sent;
	bool close_received;
	bool is_lost;
	struct control close_out;
};

/* ---- the end --------------------------------------------------------------------------------- */

static void
drop_queue(struct sb_frames *frames)
{
	for (int i = 0; i < frames->queue_count; i++)
	{
		struct sb_message *message = frames->queue[(frames->queue_first + i) % frames->queue_room];

		frames->queued -= message->len;
		sb_message_release(message);
	}
	free(frames->queue);
	frames->queue = NULL;
	frames->queue_room = frames->queue_first = frames->queue_count = 0;
}

/* Our close comes behind what is queued, with what it holds; code 0: without one. */
static void
begin_close(struct sb_frames *frames, int code, const char *reason, size_t len)
{
	struct control *out = &frames->close_out;

	if (frames->close_begun)
		return;
	frames->close_begun = true;
	frames->close_code = code;
	frames->has_ping = false;
	if (code == 0)
		return;
	out->bytes[0] = (char) (code >> 8);
	out->bytes[1] = (char) (code & 0xff);
	memcpy(out->bytes + 2, reason, len);
	out->len = (uint8_t) (len + 2);
}

static void
say_close(struct sb_frames *frames, int code, const char *reason)
{
	size_t len = reason ? strlen(reason) : 0;

	begin_close(frames, code, reason ? reason : "", len < MAX_CONTROL - 2 ? len : MAX_CONTROL - 2);
}

void
sb_frames_close(struct sb_frames *frames, int code, const char *reason)
{
	if (!frames->close_begun)
		drop_queue(frames);
	say_close(frames, code, reason);
}

/* The other end breaks the protocol: it is told, behind what answers what it said before, and not
 * listened to any more. */
static void
fail(struct sb_frames *frames, int code, const char *reason)
{
	frames->is_deaf = true;
	sb_buffer_free(&frames->message);
	say_close(frames, code, reason);
}

static void
lose(struct sb_frames *frames)
{
	frames->is_lost = true;
	drop_queue(frames);
}

void
sb_frames_give_up(struct sb_frames *frames)
{
	lose(frames);
}

/* ---- coming in ------------------------------------------------------------------------------- */

static ssize_t
take_bytes(struct sb_frames *frames, uint8_t *room, size_t size)
{
	size_t left = frames->put_back.len - frames->put_back_at;
	ssize_t got;

	if (left > 0)
	{
		if (left > size)
			left = size;
		memcpy(room, frames->put_back.data + frames->put_back_at, left);
		frames->put_back_at += left;
		if (frames->put_back_at == frames->put_back.len)
		{
			sb_buffer_free(&frames->put_back);
			frames->put_back_at = 0;
		}
		return (ssize_t) left;
	}
	if (frames->may_read == 0)
		return -1;
	got = recv(frames->fd, room, size, MSG_DONTWAIT);
	if (got > 0)
		frames->may_read -= (size_t) got < frames->may_read ? (size_t) got : frames->may_read;
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		lose(frames);
	if (got <= 0)
		return -1;
	frames->has_heard = true;
	return got;
}

static ssize_t
on_recv(uint8_t *room, size_t size, int flags, void *arg)
{
	return take_bytes(arg, room, size);
}

/* NULL, or why a frame must not come now. *code: of the close that says so. */
static const char *
judge_frame(const struct sb_frames *frames, const struct wslay_frame_iocb *piece, int *code)
{
	*code = PROTOCOL_ERROR;
	if (!piece->mask)
		return "a client's frames must be masked";
	if (piece->rsv)
		return "no extension was agreed on";
	if (wslay_is_ctrl_frame(piece->opcode))
		return piece->opcode > WSLAY_PONG ? "the opcode is reserved" : NULL;
	if (piece->opcode > WSLAY_BINARY_FRAME)
		return "the opcode is reserved";
	if (piece->opcode == WSLAY_CONTINUATION_FRAME && frames->message_opcode == 0)
		return "there is no message to go on with";
	if (piece->opcode != WSLAY_CONTINUATION_FRAME && frames->message_opcode != 0)
		return "the message before has not ended";
	*code = TOO_BIG;
	if (piece->payload_length > frames->max_message - frames->message.len)
		return "the message is too large";
	return NULL;
}

/* The first that is seen of a frame; false when it must not come. */
static bool
begin_frame(struct sb_frames *frames, const struct wslay_frame_iocb *piece)
{
	int code;
	const char *problem = judge_frame(frames, piece, &code);

	frames->count++;
	if (problem)
	{
		fail(frames, code, problem);
		return false;
	}
	frames->is_in_frame = true;
	frames->left = piece->payload_length;
	frames->frame_opcode = piece->opcode;
	frames->is_last = piece->fin;
	frames->control.len = 0;
	if (piece->opcode == WSLAY_TEXT_FRAME || piece->opcode == WSLAY_BINARY_FRAME)
	{
		frames->message_opcode = piece->opcode;
		frames->checked = 0;
	}
	return true;
}

/* Bytes of a message; false where they are not what text may be. */
static bool
add_to_message(struct sb_frames *frames, const char *bytes, size_t len)
{
	sb_buffer_append(&frames->message, bytes, len);
	if (frames->message_opcode != WSLAY_TEXT_FRAME ||
		sb_utf8_goes_on(frames->message.data, frames->message.len, &frames->checked))
		return true;
	fail(frames, BAD_TEXT, "the text is not UTF-8");
	return false;
}

static void
end_message(struct sb_frames *frames)
{
	struct sb_buffer message = frames->message;
	bool is_text = frames->message_opcode == WSLAY_TEXT_FRAME;

	if (is_text && frames->checked < message.len)
	{
		fail(frames, BAD_TEXT, "the text is not UTF-8");
		return;
	}
	frames->message = (struct sb_buffer){0};
	frames->message_opcode = 0;
	/* Who has said that he closes has nothing more to be told, and is not asked for more. */
	if (!frames->close_begun)
		frames->functions->on_message(frames->owner, is_text, message.data ? message.data : "",
									  message.len);
	sb_buffer_free(&message);
}

/* Whether an end may say that it closes with this code (RFC 6455 section 7.4, and IANA's list). */
static bool
may_close_with(int code)
{
	if (code >= 1000 && code <= 1014)
		return code != 1004 && code != 1005 && code != 1006;
	return code >= 3000 && code <= 4999;
}

static void
on_close_frame(struct sb_frames *frames)
{
	const struct control *in = &frames->control;
	int code = NO_STATUS;
	size_t checked = 0;
	size_t reason_len = in->len > 2 ? (size_t) in->len - 2 : 0;

	if (in->len >= 2)
		code = (unsigned char) in->bytes[0] << 8 | (unsigned char) in->bytes[1];
	if (in->len == 1 || (in->len > 1 && !may_close_with(code)))
	{
		fail(frames, PROTOCOL_ERROR, "nobody may close with that code");
		return;
	}
	if (reason_len > 0 &&
		(!sb_utf8_goes_on(in->bytes + 2, reason_len, &checked) || checked < reason_len))
	{
		fail(frames, BAD_TEXT, "the reason is not UTF-8");
		return;
	}
	frames->close_received = true;
	frames->is_deaf = true;
	begin_close(frames, code == NO_STATUS ? 0 : code, "", 0);
	frames->functions->on_close(frames->owner, code);
}

static void
end_control(struct sb_frames *frames)
{
	if (frames->frame_opcode == WSLAY_CONNECTION_CLOSE)
		on_close_frame(frames);
	else if (frames->frame_opcode == WSLAY_PING && !frames->close_begun)
	{
		/* Each is answered while the answers are taken, else the last (section 5.5.3). */
		if (frames->has_pong)
			sb_frames_write(frames);
		frames->pong = frames->control;
		frames->has_pong = true;
	}
}

/* A piece of a frame, or all of it. */
static void
take_piece(struct sb_frames *frames, const struct wslay_frame_iocb *piece)
{
	if (!frames->is_in_frame && !begin_frame(frames, piece))
		return;
	frames->left -= piece->data_length;
	if (!wslay_is_ctrl_frame(frames->frame_opcode))
	{
		if (!add_to_message(frames, (const char *) piece->data, piece->data_length))
			return;
	}
	else
	{
		memcpy(frames->control.bytes + frames->control.len, piece->data, piece->data_length);
		frames->control.len += (uint8_t) piece->data_length;
	}
	if (frames->left > 0)
		return;
	frames->is_in_frame = false;
	if (wslay_is_ctrl_frame(frames->frame_opcode))
		end_control(frames);
	else if (frames->is_last)
		end_message(frames);
}

/* Takes what comes and throws it away, so that our close is not lost to a reset. */
static void
take_unread(struct sb_frames *frames)
{
	uint8_t room[4096];

	while (!frames->is_lost && take_bytes(frames, room, sizeof(room)) > 0)
		;
}

bool
sb_frames_read(struct sb_frames *frames)
{
	struct wslay_frame_iocb piece;
	ssize_t got = 0;

	frames->may_read = READ_AT_ONCE;
	while (!frames->is_deaf && !frames->is_paused && got >= 0)
	{
		memset(&piece, 0, sizeof(piece));
		got = wslay_frame_recv(frames->context, &piece);
		if (got >= 0)
			take_piece(frames, &piece);
		else if (got != WSLAY_ERR_WANT_READ)
			fail(frames, PROTOCOL_ERROR, "the frame's head is not as it must be");
	}
	if (frames->is_deaf)
		take_unread(frames);
	return frames->may_read > 0;
}

/* ---- going out ------------------------------------------------------------------------------- */

/* The head of a frame, which is not masked, so that it ends at `end`; its length. */
static uint8_t
write_head(char *end, uint8_t opcode, size_t len)
{
	uint8_t size = len < 126 ? 2 : len < 65536 ? 4 : SB_MESSAGE_HEAD;
	unsigned char *head = (unsigned char *) end - size;

	head[0] = 0x80 | opcode;
	head[1] = (uint8_t) (size == 2 ? len : size == 4 ? 126 : 127);
	for (uint8_t *at = head + size - 1; at > head + 1 && size > 2; at--, len >>= 8)
		*at = (uint8_t) len;
	return size;
}

/* The frame of a message: the same bytes for all that it goes to. */
static struct iovec
frame_of(struct sb_message *message)
{
	if (message->head_len == 0)
		message->head_len = write_head(
			message->bytes, message->is_text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, message->len);
	return (struct iovec){message->bytes - message->head_len, message->head_len + message->len};
}

static void
begin_control(struct sb_frames *frames, uint8_t opcode, const struct control *control)
{
	frames->opcode_out = opcode;
	frames->control_len = write_head(frames->control_out + 2, opcode, control->len);
	memcpy(frames->control_out + 2, control->bytes, control->len);
	frames->control_len += control->len;
}

static struct sb_message *
take_from_queue(struct sb_frames *frames)
{
	struct sb_message *message = frames->queue[frames->queue_first];

	frames->queue_first = (frames->queue_first + 1) % frames->queue_room;
	if (--frames->queue_count == 0)
		drop_queue(frames);
	return message;
}

static void
begin_message(struct sb_frames *frames)
{
	frames->message_out = take_from_queue(frames);
	frames->opcode_out = frames->message_out->is_text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME;
	if (frames->message_out->id)
		frames->last_id = frames->message_out->id;
}

/* What is to be sent next is begun; false when there is nothing. */
static bool
begin_next(struct sb_frames *frames)
{
	static const struct control nothing;

	frames->sent = 0;
	if (frames->close_sent)
		return false;
	if (frames->has_pong)
		begin_control(frames, WSLAY_PONG, &frames->pong);
	else if (frames->has_ping)
		begin_control(frames, WSLAY_PING, &nothing);
	else if (frames->queue_count > 0)
		begin_message(frames);
	else if (frames->close_begun)
		begin_control(frames, WSLAY_CONNECTION_CLOSE, &frames->close_out);
	else
		return false;
	if (frames->opcode_out == WSLAY_PONG)
		frames->has_pong = false;
	else if (frames->opcode_out == WSLAY_PING)
		frames->has_ping = false;
	return true;
}

/* What was being sent is out. */
static void
end_sending(struct sb_frames *frames)
{
	if (frames->message_out)
	{
		frames->queued -= frames->message_out->len;
		sb_message_release(frames->message_out);
		frames->message_out = NULL;
	}
	if (frames->opcode_out == WSLAY_CONNECTION_CLOSE)
	{
		frames->close_sent = true;
		/* Whose answer would not be read sees the end at once, and what he sends is still taken. */
		if (frames->is_deaf && !frames->close_received)
			shutdown(frames->fd, SHUT_WR);
	}
	frames->opcode_out = 0;
}

/* What has been begun, all of it. */
static struct iovec
begun(struct sb_frames *frames)
{
	if (frames->message_out)
		return frame_of(frames->message_out);
	return (struct iovec){frames->control_out, frames->control_len};
}

/* What is to be sent, in the order in which on_sent() will find it; 0: nothing is. */
static int
gather(struct sb_frames *frames, struct iovec *parts)
{
	int count = 1;

	if (frames->is_lost || (frames->opcode_out == 0 && !begin_next(frames)))
		return 0;
	parts[0] = begun(frames);
	parts[0].iov_base = (char *) parts[0].iov_base + frames->sent;
	parts[0].iov_len -= frames->sent;
	/* What goes before the queue may not have been begun yet. */
	if (frames->has_pong || frames->has_ping)
		return 1;
	for (int i = 0; i < frames->queue_count && count < SB_SEND_PARTS; i++)
		parts[count++] = frame_of(frames->queue[(frames->queue_first + i) % frames->queue_room]);
	return count;
}

static void
on_sent(void *owner, ssize_t sent)
{
	struct sb_frames *frames = owner;
	size_t left = sent > 0 ? (size_t) sent : 0;

	if (sent < 0 && sent != -EAGAIN && sent != -EINTR)
		lose(frames);
	frames->has_moved |= left > 0;
	frames->is_full = left == 0;
	while (left > 0)
	{
		size_t rest;

		if (frames->opcode_out == 0)
			begin_next(frames);
		rest = begun(frames).iov_len - frames->sent;
		if (left < rest)
		{
			frames->sent += left;
			frames->is_full = true;
			return;
		}
		left -= rest;
		end_sending(frames);
	}
}

void
sb_frames_write(struct sb_frames *frames)
{
	struct iovec parts[SB_SEND_PARTS];
	int count;

	frames->is_full = false;
	while (!frames->is_full && (count = gather(frames, parts)) > 0)
		on_sent(frames, sb_send_now(frames->fd, parts, count));
}

void
sb_frames_write_with(struct sb_frames *frames, struct sb_sends *sends)
{
	struct iovec parts[SB_SEND_PARTS];
	int count = gather(frames, parts);

	frames->is_full = false;
	if (count > 0)
		sb_sends_add(sends, frames->fd, parts, count, on_sent, frames);
}

void
sb_frames_send(struct sb_frames *frames, struct sb_message *message)
{
	if (frames->close_begun || frames->is_lost)
		return;
	if (frames->queue_count == frames->queue_room)
	{
		int room = frames->queue_room ? frames->queue_room * 2 : 4;
		struct sb_message **queue = sb_malloc((size_t) room * sizeof(*queue));

		for (int i = 0; i < frames->queue_count; i++)
			queue[i] = frames->queue[(frames->queue_first + i) % frames->queue_room];
		free(frames->queue);
		frames->queue = queue;
		frames->queue_room = room;
		frames->queue_first = 0;
	}
	message->references++;
	frames->queue[(frames->queue_first + frames->queue_count++) % frames->queue_room] = message;
	frames->queued += message->len;
}

void
sb_frames_ping(struct sb_frames *frames)
{
	frames->has_ping = !frames->close_begun;
}

/* ---- what it is like ------------------------------------------------------------------------- */

void
sb_frames_pause(struct sb_frames *frames, bool is_paused)
{
	frames->is_paused = is_paused;
}

size_t
sb_frames_queued(const struct sb_frames *frames)
{
	return frames->queued;
}

int
sb_frames_queued_messages(const struct sb_frames *frames)
{
	return frames->queue_count + (frames->message_out != NULL);
}

int64_t
sb_frames_last_id(const struct sb_frames *frames)
{
	return frames->last_id;
}

bool
sb_frames_wants_write(const struct sb_frames *frames)
{
	if (frames->is_lost || frames->close_sent)
		return false;
	return frames->opcode_out || frames->has_pong || frames->has_ping || frames->close_begun ||
		   frames->queue_count > 0;
}

bool
sb_frames_can_write(const struct sb_frames *frames)
{
	return sb_frames_wants_write(frames) && !frames->is_full;
}

bool
sb_frames_wants_read(const struct sb_frames *frames)
{
	return !frames->is_lost && (!frames->is_paused || frames->is_deaf);
}

bool
sb_frames_has_heard(struct sb_frames *frames)
{
	bool has_heard = frames->has_heard;

	frames->has_heard = false;
	return has_heard;
}

bool
sb_frames_has_moved(struct sb_frames *frames)
{
	bool has_moved = frames->has_moved || !sb_frames_wants_write(frames);

	frames->has_moved = false;
	return has_moved;
}

uint64_t
sb_frames_count(const struct sb_frames *frames)
{
	return frames->count;
}

bool
sb_frames_is_closing(const struct sb_frames *frames)
{
	return frames->close_begun;
}

int
sb_frames_close_code(const struct sb_frames *frames)
{
	return frames->close_code;
}

bool
sb_frames_is_over(const struct sb_frames *frames)
{
	return frames->is_lost || (frames->close_sent && frames->close_received);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct sb_frames *
sb_frames_new(int fd, size_t max_message, const struct sb_frames_owner *functions, void *owner)
{
	static const struct wslay_frame_callbacks callbacks = {.recv_callback = on_recv};
	struct sb_frames *frames = sb_calloc(1, sizeof(*frames));

	if (wslay_frame_context_init(&frames->context, &callbacks, frames) != 0)
		sb_checked(NULL);
	frames->fd = fd;
	frames->max_message = max_message;
	frames->functions = functions;
	frames->owner = owner;
	return frames;
}

void
sb_frames_put_back(struct sb_frames *frames, const char *bytes, size_t len)
{
	if (len > 0)
		sb_buffer_append(&frames->put_back, bytes, len);
}

void
sb_frames_free(struct sb_frames *frames)
{
	drop_queue(frames);
	if (frames->message_out)
		sb_message_release(frames->message_out);
	sb_buffer_free(&frames->message);
	sb_buffer_free(&frames->put_back);
	wslay_frame_context_free(frames->context);
	free(frames);
}
