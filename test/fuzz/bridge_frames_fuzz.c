/*
 * bridge_frames_fuzz.c sends any bytes to the frame layer of WebSockets (ws/frames.c), which sends
 * messages back. The input is cut into pieces as its first byte says; its highest bit puts a mask
 * into each frame's head, which would otherwise seldom be there: what follows such a head is masked
 * with zeros.
 *
 * What it wants: no fault; what comes back are whole frames of a server, in the shortest form, not
 * masked, without reserved bits, text that is UTF-8; nothing behind a close; no message that is
 * larger than may be; and an end when the client has gone.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "ws/frames.h"

#define MAX_MESSAGE 5000

#define CHECK(condition)                                                                           \
	do                                                                                             \
	{                                                                                              \
		if (!(condition))                                                                          \
		{                                                                                          \
			fprintf(stderr, "does not hold: %s\n", #condition);                                    \
			abort();                                                                               \
		}                                                                                          \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sb_frames *frames;
static bool is_reading;

static bool
is_utf8(const char *bytes, size_t len)
{
	size_t checked = 0;

	return sb_utf8_goes_on(bytes, len, &checked) && checked == len;
}

static void
on_message(void *owner, bool is_text, const char *bytes, size_t len)
{
	struct sb_message *message = sb_message_new(is_text, bytes, len);

	CHECK(is_reading && len <= MAX_MESSAGE && (!is_text || is_utf8(bytes, len)));
	sb_frames_send(frames, message);
	sb_message_release(message);
}

static void
on_close(void *owner, int code)
{
	CHECK(is_reading && code >= 1000 && code <= 4999);
}

static void
turn(int fd, struct sb_buffer *got)
{
	char room[65536];
	ssize_t len;
	bool is_done;

	do
	{
		is_reading = true;
		is_done = sb_frames_read(frames);
		is_reading = false;
		sb_frames_write(frames);
		while ((len = recv(fd, room, sizeof(room), MSG_DONTWAIT)) > 0)
		{
			sb_buffer_append(got, room, (size_t) len);
			is_done = false;
		}
	} while (!is_done && !sb_frames_is_over(frames));
}

static void
read_back(const struct sb_buffer *got)
{
	size_t at = 0;

	while (at < got->len)
	{
		const unsigned char *frame = (const unsigned char *) got->data + at;
		int opcode = frame[0] & 15;
		size_t head = 2;
		size_t len;

		CHECK(got->len - at >= 2 && (frame[0] & 0xf0) == 0x80 && frame[1] < 127);
		CHECK(opcode == 1 || opcode == 2 || opcode == 8 || opcode == 10);
		len = frame[1];
		if (len == 126)
		{
			CHECK(got->len - at >= 4 && opcode < 8);
			len = (size_t) frame[2] << 8 | frame[3];
			head = 4;
			CHECK(len >= 126 && len <= MAX_MESSAGE);
		}
		CHECK(got->len - at >= head + len);
		CHECK(opcode != 1 || is_utf8((const char *) frame + head, len));
		at += head + len;
		CHECK(opcode != 8 || at == got->len);
	}
}

/* Gives each frame of the input a mask of zeros; what is no whole frame stays. */
static void
put_masks(struct sb_buffer *out, const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at + 2 <= size)
	{
		size_t len = data[at + 1] & 0x7f;

		if (len > 125)
			break;
		sb_buffer_putc(out, (char) data[at]);
		sb_buffer_putc(out, (char) (0x80 | len));
		sb_buffer_append(out, "\0\0\0\0", 4);
		at += 2;
		if (len > size - at)
			len = size - at;
		sb_buffer_append(out, (const char *) data + at, len);
		at += len;
	}
	if (at < size)
		sb_buffer_append(out, (const char *) data + at, size - at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sb_frames_owner functions = {on_message, on_close};
	struct sb_buffer input = {0};
	struct sb_buffer got = {0};
	size_t piece;
	int pair[2];

	if (size < 2 || size > 20000)
		return 0;
	if (data[0] & 0x80)
		put_masks(&input, data + 1, size - 1);
	else
		sb_buffer_append(&input, (const char *) data + 1, size - 1);
	piece = data[0] & 0x7f ? (size_t) (data[0] & 0x7f) : input.len;
	if (piece < input.len / 64)
		piece = input.len / 64;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
		abort();
	frames = sb_frames_new(pair[1], MAX_MESSAGE, &functions, NULL);
	for (size_t at = 0; at < input.len; at += piece)
	{
		size_t len = input.len - at < piece ? input.len - at : piece;

		if (send(pair[0], input.data + at, len, MSG_NOSIGNAL) < 0)
			break;
		turn(pair[0], &got);
	}
	read_back(&got);
	close(pair[0]);
	is_reading = true;
	for (int i = 0; i < 64 && !sb_frames_is_over(frames); i++)
		sb_frames_read(frames);
	CHECK(sb_frames_is_over(frames));
	sb_frames_free(frames);
	close(pair[1]);
	sb_buffer_free(&input);
	sb_buffer_free(&got);
	return 0;
}
