/*
 * bridge_frames_test.c: ws/frames.c: what a client's frames come to, whole or byte by byte (mission
 * P-17; RFC 6455 sections 5 and 7). Messages are sent back, as /ws/echo/ does.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loop/sends.h"
#include "tap.h"
#include "ws/frames.h"

#define MAX_MESSAGE 70000

/* ---- both ends ------------------------------------------------------------------------------- */

static int client_fd;
static int server_fd;
static struct sb_frames *frames;
static struct sb_sends *sends; /* NULL: each is sent alone */
static int messages;
static int their_code;

static void
on_message(void *owner, bool is_text, const char *bytes, size_t len)
{
	struct sb_message *message = sb_message_new(is_text, bytes, len);

	messages++;
	sb_frames_send(frames, message);
	sb_message_release(message);
}

static void
on_close(void *owner, int code)
{
	their_code = code;
}

static void
open_both(void)
{
	static const struct sb_frames_owner functions = {on_message, on_close};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
		abort();
	client_fd = pair[0];
	server_fd = pair[1];
	frames = sb_frames_new(server_fd, MAX_MESSAGE, &functions, NULL);
	messages = their_code = 0;
}

static void
close_both(void)
{
	sb_frames_free(frames);
	close(client_fd);
	close(server_fd);
}

/* As ws/socket.c does, or at once. */
static void
write_out(void)
{
	if (sends)
	{
		sb_frames_write_with(frames, sends);
		sb_sends_flush(sends);
		if (!sb_frames_can_write(frames))
			return;
	}
	sb_frames_write(frames);
}

/* What the client gets until nothing more comes. */
static void
turn(struct sb_buffer *got)
{
	char room[4096];
	ssize_t len;
	bool is_done;

	do
	{
		is_done = sb_frames_read(frames);
		write_out();
		while ((len = recv(client_fd, room, sizeof(room), MSG_DONTWAIT)) > 0)
		{
			sb_buffer_append(got, room, (size_t) len);
			is_done = false;
		}
	} while (!is_done);
}

/* Sends bytes, piece of them at once. */
static void
talk(const char *bytes, size_t len, size_t piece, struct sb_buffer *got)
{
	for (size_t at = 0; at < len; at += piece)
	{
		if (send(client_fd, bytes + at, len - at < piece ? len - at : piece, MSG_NOSIGNAL) < 0)
			break;
		turn(got);
	}
}

/* A client's frame. */
static void
put_frame(struct sb_buffer *out, int first, bool is_masked, const char *bytes, size_t len)
{
	static const char mask[4] = {0x37, (char) 0xfa, 0x21, 0x3d};
	int bit = is_masked ? 0x80 : 0;

	sb_buffer_putc(out, (char) first);
	if (len < 126)
		sb_buffer_putc(out, (char) (bit | (int) len));
	else if (len < 65536)
	{
		sb_buffer_putc(out, (char) (bit | 126));
		sb_buffer_putc(out, (char) (len >> 8));
		sb_buffer_putc(out, (char) len);
	}
	else
	{
		sb_buffer_putc(out, (char) (bit | 127));
		for (int shift = 56; shift >= 0; shift -= 8)
			sb_buffer_putc(out, (char) (len >> shift));
	}
	if (is_masked)
		sb_buffer_append(out, mask, 4);
	for (size_t i = 0; i < len; i++)
		sb_buffer_putc(out, is_masked ? (char) (bytes[i] ^ mask[i % 4]) : bytes[i]);
}

/* The code of the close that ends what the client got: 0 when none does, 1005 for one without. */
static int
code_of(const struct sb_buffer *got)
{
	size_t at = 0;
	int code = 0;

	while (at + 2 <= got->len)
	{
		const unsigned char *frame = (const unsigned char *) got->data + at;
		size_t len = frame[1];
		size_t head = 2;

		if (len == 126)
		{
			len = (size_t) frame[2] << 8 | frame[3];
			head = 4;
		}
		else if (len == 127)
		{
			len = (size_t) frame[6] << 24 | (size_t) frame[7] << 16 | (size_t) frame[8] << 8 |
				  frame[9];
			head = 10;
		}
		if ((frame[0] & 0x0f) == 8)
			code = len < 2 ? 1005 : frame[head] << 8 | frame[head + 1];
		at += head + len;
	}
	return at == got->len ? code : -1;
}

/* ---- a table --------------------------------------------------------------------------------- */

#define TEXT   0x81
#define BINARY 0x82
#define MORE   0x80 /* taken away: not the last frame */
#define CLOSE  0x88
#define PING   0x89
#define PONG   0x8a
#define BARE   0x100 /* not masked */

static const struct
{
	const char *name;
	int code;     /* of our close; 0 = none */
	int messages; /* that were taken */
	struct
	{
		int first;
		const char *bytes;
		int len; /* -1: that of the text; otherwise, bytes NULL: so many 'x' */
	} frames[6];
} rows[] = {
	{"a text", 0, 1, {{TEXT, "Hello", -1}}},
	{"an empty text", 0, 1, {{TEXT, "", -1}}},
	{"bytes of every kind", 0, 1, {{BINARY, "\0\377\200\n", 4}}},
	{"125 bytes", 0, 1, {{BINARY, NULL, 125}}},
	{"126 bytes", 0, 1, {{BINARY, NULL, 126}}},
	{"65,535 bytes", 0, 1, {{BINARY, NULL, 65535}}},
	{"65,536 bytes", 0, 1, {{BINARY, NULL, 65536}}},
	{"as many as may be", 0, 1, {{TEXT, NULL, MAX_MESSAGE}}},
	{"one more", 1009, 0, {{TEXT, NULL, MAX_MESSAGE + 1}}},
	{"one more, in fragments", 1009, 0, {{TEXT - MORE, NULL, MAX_MESSAGE}, {0x80, "y", -1}}},
	{"fragments", 0, 1, {{TEXT - MORE, "He", -1}, {0x00, "ll", -1}, {0x80, "o", -1}}},
	{"empty fragments", 0, 1, {{TEXT - MORE, "", -1}, {0x00, "", -1}, {0x80, "", -1}}},
	{"a ping between fragments", 0, 1, {{TEXT - MORE, "He", -1}, {PING, "p", -1}, {0x80, "y", -1}}},
	{"a character cut by fragments",
	 0,
	 1,
	 {{TEXT - MORE, "\xf0\x9f", -1}, {0x00, "\x98", -1}, {0x80, "\x80", -1}}},
	{"a ping", 0, 0, {{PING, "are you there", -1}}},
	{"a ping of 125 bytes", 0, 0, {{PING, NULL, 125}}},
	{"a pong that nobody asked for", 0, 0, {{PONG, "", -1}}},
	{"not masked", 1002, 0, {{TEXT | BARE, "Hello", -1}}},
	{"a ping that is not masked", 1002, 0, {{PING | BARE, "", -1}}},
	{"reserved bit 1", 1002, 0, {{TEXT | 0x40, "Hello", -1}}},
	{"reserved bit 2", 1002, 0, {{TEXT | 0x20, "Hello", -1}}},
	{"reserved bit 3", 1002, 0, {{TEXT | 0x10, "Hello", -1}}},
	{"a reserved bit of a ping", 1002, 0, {{PING | 0x40, "", -1}}},
	{"reserved opcode 3", 1002, 0, {{0x83, "", -1}}},
	{"reserved opcode 7", 1002, 0, {{0x87, "x", -1}}},
	{"reserved opcode 11", 1002, 0, {{0x8b, "", -1}}},
	{"reserved opcode 15", 1002, 0, {{0x8f, "x", -1}}},
	{"after a message, a reserved opcode", 1002, 1, {{TEXT, "a", -1}, {0x83, "", -1}}},
	{"a ping of 126 bytes", 1002, 0, {{PING, NULL, 126}}},
	{"a close of 126 bytes", 1002, 0, {{CLOSE, NULL, 126}}},
	{"a ping in fragments", 1002, 0, {{PING - MORE, "a", -1}, {0x80, "b", -1}}},
	{"a close in fragments", 1002, 0, {{CLOSE - MORE, "\x03\xe8", -1}, {0x80, "b", -1}}},
	{"a continuation of nothing", 1002, 0, {{0x80, "a", -1}}},
	{"a continuation of nothing, to be continued", 1002, 0, {{0x00, "a", -1}}},
	{"a continuation of what has ended", 1002, 1, {{TEXT, "a", -1}, {0x80, "a", -1}}},
	{"a message within a message", 1002, 0, {{TEXT - MORE, "a", -1}, {TEXT, "b", -1}}},
	{"text with a lone byte", 1007, 0, {{TEXT, "a\xff", -1}}},
	{"text in overlong form", 1007, 0, {{TEXT, "\xc0\xaf", -1}}},
	{"text with a surrogate", 1007, 0, {{TEXT, "\xed\xa0\x80", -1}}},
	{"text beyond U+10FFFF", 1007, 0, {{TEXT, "\xf4\x90\x80\x80", -1}}},
	{"text that ends within a character", 1007, 0, {{TEXT, "\xe2\x82", -1}}},
	{"fragments that end within one", 1007, 0, {{TEXT - MORE, "\xe2", -1}, {0x80, "\x82", -1}}},
	{"bad text, before its end", 1007, 0, {{TEXT - MORE, "a\xff", -1}}},
	{"what can become no character, before its end", 1007, 0, {{TEXT - MORE, "\xed\xa0", -1}}},
	{"NUL is a character", 0, 1, {{TEXT, "a\0b", 3}}},
	{"a close", 1005, 0, {{CLOSE, "", -1}}},
	{"a close with a code", 1000, 0, {{CLOSE, "\x03\xe8", -1}}},
	{"with a reason",
	 1001,
	 0,
	 {{CLOSE,
	   "\x03\xe9"
	   "bye",
	   -1}}},
	{"with 123 bytes of reason",
	 1000,
	 0,
	 {{CLOSE,
	   "\x03\xe8"
	   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	   125}}},
	{"of one byte", 1002, 0, {{CLOSE, "\x03", -1}}},
	{"with 0", 1002, 0, {{CLOSE, "\0\0", 2}}},
	{"with 999", 1002, 0, {{CLOSE, "\x03\xe7", -1}}},
	{"with 1004", 1002, 0, {{CLOSE, "\x03\xec", -1}}},
	{"with 1005", 1002, 0, {{CLOSE, "\x03\xed", -1}}},
	{"with 1006", 1002, 0, {{CLOSE, "\x03\xee", -1}}},
	{"with 1012", 1012, 0, {{CLOSE, "\x03\xf4", -1}}},
	{"with 1015", 1002, 0, {{CLOSE, "\x03\xf7", -1}}},
	{"with 1016", 1002, 0, {{CLOSE, "\x03\xf8", -1}}},
	{"with 2999", 1002, 0, {{CLOSE, "\x0b\xb7", -1}}},
	{"with 3000", 3000, 0, {{CLOSE, "\x0b\xb8", -1}}},
	{"with 4999", 4999, 0, {{CLOSE, "\x13\x87", -1}}},
	{"with 5000", 1002, 0, {{CLOSE, "\x13\x88", -1}}},
	{"with a reason that is no text", 1007, 0, {{CLOSE, "\x03\xe8\xff", -1}}},
	{"what follows a close is not read",
	 1000,
	 1,
	 {{TEXT, "a", -1}, {CLOSE, "\x03\xe8", -1}, {TEXT, "b", -1}}},
};

static void
put_row(struct sb_buffer *out, size_t row)
{
	char *xs = malloc(MAX_MESSAGE + 1);

	memset(xs, 'x', MAX_MESSAGE + 1);
	for (int i = 0; i < 6 && (rows[row].frames[i].bytes || rows[row].frames[i].len); i++)
	{
		const char *bytes = rows[row].frames[i].bytes;
		int len = rows[row].frames[i].len;

		put_frame(out, rows[row].frames[i].first & 0xff, !(rows[row].frames[i].first & BARE),
				  bytes ? bytes : xs, len < 0 ? strlen(bytes) : (size_t) len);
	}
	free(xs);
}

static void
test_rows(size_t piece)
{
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
	{
		struct sb_buffer bytes = {0};
		struct sb_buffer got = {0};
		char name[200];

		put_row(&bytes, row);
		if (piece == 1 && bytes.len > 1000)
		{
			sb_buffer_free(&bytes);
			continue;
		}
		open_both();
		talk(bytes.data, bytes.len, piece, &got);
		snprintf(name, sizeof(name), "%s%s: the close", rows[row].name,
				 piece == 1 ? ", byte by byte" : "");
		is_int(code_of(&got), rows[row].code, name);
		snprintf(name, sizeof(name), "%s: messages", rows[row].name);
		is_int(messages, rows[row].messages, name);
		close_both();
		sb_buffer_free(&bytes);
		sb_buffer_free(&got);
	}
}

/* ---- what a table does not say --------------------------------------------------------------- */

static void
test_heads(void)
{
	static const struct
	{
		const char *name;
		const char *bytes;
		size_t len;
	} heads[] = {
		{"a length of 16 bits that needs 7", "\x81\xfe\x00\x05xxxxHello", 13},
		{"a length of 64 bits that needs 16", "\x82\xff\0\0\0\0\0\0\x01\x00xxxxy", 15},
		{"a length of more than 63 bits", "\x82\xff\x80\0\0\0\0\0\x01\x00xxxxy", 15},
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
	{
		struct sb_buffer got = {0};

		open_both();
		talk(heads[i].bytes, heads[i].len, heads[i].len, &got);
		is_int(code_of(&got), 1002, heads[i].name);
		close_both();
		sb_buffer_free(&got);
	}
}

static void
test_announced(void)
{
	struct sb_buffer got = {0};

	open_both();
	talk("\x82\xff\0\0\0\x7f\xff\xff\xff\xff"
		 "abcdx",
		 15, 15, &got);
	is_int(code_of(&got), 1009, "a frame that announces half a terabyte is refused at its head");
	close_both();
	sb_buffer_free(&got);
}

static void
test_answers(void)
{
	struct sb_buffer out = {0};
	struct sb_buffer got = {0};

	open_both();
	put_frame(&out, PING, true, "one", 3);
	put_frame(&out, PING, true, "two", 3);
	put_frame(&out, TEXT, true, "Hello", 5);
	talk(out.data, out.len, out.len, &got);
	ok(got.len == 17 && memcmp(got.data, "\x8a\x03one\x8a\x03two\x81\x05Hello", 17) == 0,
	   "each of several pings is answered, then the message comes back");
	sb_frames_close(frames, 4401, "over");
	got.len = 0;
	out.len = 0;
	turn(&got);
	ok(got.len == 8 && memcmp(got.data, "\x88\x06\x11\x31over", 8) == 0, "a close of ours");
	ok(!sb_frames_is_over(frames), "it is over when the other end has answered");
	put_frame(&out, TEXT, true, "late", 4);
	put_frame(&out, CLOSE, true, "\x11\x31", 2);
	got.len = 0;
	talk(out.data, out.len, out.len, &got);
	is_int(messages, 1, "what came after our close was no message");
	ok(sb_frames_is_over(frames) && got.len == 0, "then it is");
	close_both();
	sb_buffer_free(&out);
	sb_buffer_free(&got);
}

/* What answers what came before a fault or a close goes out first. */
static void
test_before_the_end(void)
{
	static const struct
	{
		const char *name;
		int first;
		const char *bytes;
		size_t len;
		const char *answer;
	} ends[] = {
		{"before a close", CLOSE, "\x03\xe8", 2, "\x88\x02\x03\xe8"},
		{"before a fault", 0x83, "", 0, "\x88\x18\x03\xeathe opcode is reserved"},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
	{
		struct sb_buffer out = {0};
		struct sb_buffer got = {0};
		size_t len = strlen(ends[i].answer);

		open_both();
		put_frame(&out, TEXT, true, "Hello", 5);
		put_frame(&out, ends[i].first, true, ends[i].bytes, ends[i].len);
		put_frame(&out, PING, true, "late", 4);
		talk(out.data, out.len, out.len, &got);
		ok(got.len == 7 + len && memcmp(got.data, "\x81\x05Hello", 7) == 0 &&
			   memcmp(got.data + 7, ends[i].answer, len) == 0,
		   ends[i].name);
		close_both();
		sb_buffer_free(&out);
		sb_buffer_free(&got);
	}
}

/* Of pings whose answers are not taken the last is answered. */
static void
test_flood_of_pings(void)
{
	struct sb_buffer out = {0};
	struct sb_buffer got = {0};
	char *large = malloc(MAX_MESSAGE);
	struct sb_message *message;

	open_both();
	memset(large, 'z', MAX_MESSAGE);
	message = sb_message_new(false, large, MAX_MESSAGE);
	for (int i = 0; i < 50; i++)
		sb_frames_send(frames, message);
	write_out();
	put_frame(&out, PING, true, "one", 3);
	put_frame(&out, PING, true, "two", 3);
	ok(send(client_fd, out.data, out.len, MSG_NOSIGNAL) == (ssize_t) out.len, "two pings");
	sb_frames_read(frames);
	turn(&got);
	ok(memmem(got.data, got.len, "\x8a\x03two", 5) && !memmem(got.data, got.len, "\x8a\x03one", 5),
	   "while nothing is taken, the last is answered");
	sb_message_release(message);
	close_both();
	free(large);
	sb_buffer_free(&out);
	sb_buffer_free(&got);
}

/* Who reads slowly gets all of it, in its order, and the close behind what was begun. */
static void
test_slow_reader(void)
{
	struct sb_buffer got = {0};
	char *large = malloc(MAX_MESSAGE);
	struct sb_message *message;
	size_t before;

	open_both();
	memset(large, 'z', MAX_MESSAGE);
	message = sb_message_new(false, large, MAX_MESSAGE);
	for (int i = 0; i < 50; i++)
		sb_frames_send(frames, message);
	is_int(message->references, 51, "a message is not copied for its socket");
	write_out();
	before = sb_frames_queued(frames);
	ok(before > MAX_MESSAGE && sb_frames_wants_write(frames), "the rest waits");
	sb_frames_close(frames, 1013, "slow");
	ok(sb_frames_queued(frames) <= MAX_MESSAGE, "a close drops what was not begun");
	is_int(message->references, 1 + sb_frames_queued_messages(frames), "and the messages with it");
	turn(&got);
	is_int(code_of(&got), 1013, "the close comes behind what was begun, and that is whole");
	sb_message_release(message);
	close_both();
	free(large);
	sb_buffer_free(&got);
}

static void
test_pause(void)
{
	struct sb_buffer out = {0};
	struct sb_buffer got = {0};

	open_both();
	put_frame(&out, TEXT, true, "one", 3);
	put_frame(&out, TEXT, true, "two", 3);
	sb_frames_pause(frames, true);
	talk(out.data, out.len, out.len, &got);
	is_int(messages, 0, "nothing is read while it is paused");
	sb_frames_pause(frames, false);
	turn(&got);
	is_int(messages, 2, "and all of it afterwards");
	close_both();
	sb_buffer_free(&out);
	sb_buffer_free(&got);
}

static void
test_lost(void)
{
	open_both();
	shutdown(client_fd, SHUT_RDWR);
	sb_frames_read(frames);
	ok(sb_frames_is_over(frames), "the end of the connection is the end");
	close_both();
	open_both();
	sb_frames_put_back(frames,
					   "\x81\x82"
					   "abcd\x09\x0b",
					   8);
	sb_frames_read(frames);
	is_int(messages, 1, "what somebody has read before comes first");
	close_both();
}

/* What waits goes out as it was queued, however little is taken at once. */
static void
test_order(void)
{
	struct sb_buffer got = {0};
	struct sb_buffer want = {0};
	struct sb_buffer out = {0};
	char *large = calloc(1, MAX_MESSAGE);

	open_both();
	put_frame(&out, PING, true, "first", 5);
	if (send(client_fd, out.data, out.len, MSG_NOSIGNAL) != (ssize_t) out.len)
		abort();
	sb_frames_read(frames);
	sb_frames_ping(frames);
	put_frame(&want, PONG, false, "first", 5);
	put_frame(&want, PING, false, "", 0);
	for (int i = 0; i < 100; i++)
	{
		size_t len = i % 10 == 9 ? MAX_MESSAGE : (size_t) i * 2;
		struct sb_message *message;

		memset(large, 'a' + i % 26, len);
		message = sb_message_new(i % 2, large, len);
		message->id = i + 1;
		sb_frames_send(frames, message);
		sb_message_release(message);
		put_frame(&want, i % 2 ? TEXT : BINARY, false, large, len);
	}
	write_out();
	ok(sb_frames_wants_write(frames) && sb_frames_last_id(frames) < 100, "not all is taken");
	turn(&got);
	is_int((int64_t) got.len, (int64_t) want.len, "a pong, a ping and a hundred messages");
	ok(got.len == want.len && memcmp(got.data, want.data, got.len) == 0, "in their order");
	is_int(sb_frames_last_id(frames), 100, "the last of them is known");
	is_int((int64_t) sb_frames_queued(frames), 0, "and nothing waits");
	close_both();
	free(large);
	sb_buffer_free(&got);
	sb_buffer_free(&want);
	sb_buffer_free(&out);
}

static void
test_everything(void)
{
	test_rows(MAX_MESSAGE * 2);
	test_rows(1);
	test_heads();
	test_announced();
	test_answers();
	test_before_the_end();
	test_flood_of_pings();
	test_slow_reader();
	test_pause();
	test_lost();
	test_order();
}

int
main(void)
{
	test_everything();
	sends = sb_sends_new(true);
	test_everything();
	sb_sends_free(sends);
	return done_testing();
}
