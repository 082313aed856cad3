/*
 * bridge_block_test.c: sse/block.c: blocks of a stream of events (issue 14).
 */
#include "base/buffer.h"
#include "event/event.h"
#include "sse/block.h"
#include "tap.h"

static void
is_block(const char *type, int64_t id, const char *data, const char *want, const char *label)
{
	struct sb_buffer out = {0};

	sb_block_put(&out, type, id, data);
	is_str(out.data, want, label);
	sb_buffer_free(&out);
}

static void
test_forms(void)
{
	struct sb_event event = {.id = 7, .type = "post.created", .payload = "{}", .len = 2};
	struct sb_message *message = sb_event_message(&event, SB_EVENT_BLOCK, sb_block_write);

	is_int((int64_t) message->len, 36, "an event is written");
	is_int(message->id, 7, "with its id");
	ok(sb_event_message(&event, SB_EVENT_BLOCK, sb_block_write) == message, "once");
	message->references++;
	sb_event_forget(&event);
	is_int(message->references, 1, "who took it still has it");
	sb_message_release(message);
}

int
main(void)
{
	is_block("post.created", 7, "{\"id\":1}", "id: 7\nevent: post.created\ndata: {\"id\":1}\n\n",
			 "a block");
	is_block("close", -1, "{}", "event: close\ndata: {}\n\n", "without an id");
	is_block("resync", 0, "{}", "id: 0\nevent: resync\ndata: {}\n\n", "0 is one");
	is_block("x", 1, "[1,\n 2,\r\n 3,\r4]", "id: 1\nevent: x\ndata: [1,  2,   3, 4]\n\n",
			 "the data is one line, whatever ends its lines");
	is_block("x", 1, "\n", "id: 1\nevent: x\ndata:  \n\n", "also where it is nothing but that");
	test_forms();
	return done_testing();
}
