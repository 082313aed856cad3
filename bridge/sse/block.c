/*
 * block.c owns the form of a stream of events.
 */
#include "sse/block.h"

#include <string.h>

#include "base/buffer.h"
#include "event/event.h"

/* A line ends the data; between JSON's tokens a space says as much as one. */
static void
put_on_one_line(struct sb_buffer *out, const char *json)
{
	size_t len;

	for (; *json; json += len)
	{
		len = strcspn(json, "\r\n");
		sb_buffer_append(out, json, len);
		if (json[len])
		{
			sb_buffer_putc(out, ' ');
			len++;
		}
	}
}

void
sb_block_put(struct sb_buffer *out, const char *type, int64_t id, const char *data)
{
	if (id >= 0)
	{
		sb_buffer_puts(out, "id: ");
		sb_buffer_put_int(out, id);
		sb_buffer_putc(out, '\n');
	}
	sb_buffer_puts(out, "event: ");
	sb_buffer_puts(out, type);
	sb_buffer_puts(out, "\ndata: ");
	put_on_one_line(out, data);
	sb_buffer_puts(out, "\n\n");
}

void
sb_block_write(const struct sb_event *event, struct sb_buffer *out)
{
	sb_block_put(out, event->type, event->id, event->payload);
}
