/*
 * event.c owns the forms of one event.
 */
#include "event/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"

struct sb_message *
sb_event_message(struct sb_event *event, enum sb_event_form form,
				 void (*write)(const struct sb_event *event, struct sb_buffer *out))
{
	struct sb_buffer out = {0};

	if (event->messages[form])
		return event->messages[form];
	write(event, &out);
	event->messages[form] = sb_message_new(true, out.data, out.len);
	event->messages[form]->id = event->id;
	sb_buffer_free(&out);
	return event->messages[form];
}

void
sb_event_forget(struct sb_event *event)
{
	for (int form = 0; form < SB_EVENT_FORMS; form++)
	{
		if (event->messages[form])
			sb_message_release(event->messages[form]);
		event->messages[form] = NULL;
	}
}

bool
sb_event_read_id(const json_t *value, int64_t *id)
{
	const char *text = json_string_value(value);

	*id = -1;
	if (value == NULL || json_is_null(value))
		return true;
	if (json_is_integer(value))
		*id = json_integer_value(value);
	else if (text && sb_is_id(text, strlen(text)))
		*id = strtoll(text, NULL, 10);
	else
		return false;
	return *id >= 0 && *id <= SB_ID_MAX;
}
