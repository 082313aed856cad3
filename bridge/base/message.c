/*
 * message.c owns bytes that several share.
 */
#include "base/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct sb_message *
sb_message_new(bool is_text, const char *bytes, size_t len)
{
	struct sb_message *message = sb_malloc(sizeof(*message) + SB_MESSAGE_HEAD + len);

	message->references = 1;
	message->id = 0;
	message->is_text = is_text;
	message->head_len = 0;
	message->bytes = message->room + SB_MESSAGE_HEAD;
	message->len = len;
	memcpy(message->bytes, bytes, len);
	return message;
}

void
sb_message_release(struct sb_message *message)
{
	if (--message->references == 0)
		free(message);
}
