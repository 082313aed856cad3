/*
 * event.h owns one event on its way to those who may see it, and the forms in which it goes out.
 */
#ifndef SB_EVENT_EVENT_H
#define SB_EVENT_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/message.h"

/* What an event looks like on the wires: each form is written once, for all who take it. */
enum sb_event_form
{
	SB_EVENT_ENVELOPE, /* of a WebSocket */
	SB_EVENT_BLOCK,    /* of a stream (text/event-stream) */
	SB_EVENT_FORMS
};

/* The texts live for the time of the call that hands it over. */
struct sb_event
{
	int64_t id;
	const char *type;    /* "post.created" */
	const char *payload; /* JSON, as REST shows it */
	size_t len;
	struct sb_message *messages[SB_EVENT_FORMS]; /* those that are written; else NULL */
};

/* The event in a form, as write puts it when it is asked for first. Not a reference. */
extern struct sb_message *sb_event_message(struct sb_event *event, enum sb_event_form form,
										   void (*write)(const struct sb_event *event,
														 struct sb_buffer *out));

/*
 * Reads the id of an event as clients name it: a number, or a text of digits; -1 where there is
 * none (NULL or null). False for anything else.
 */
extern bool sb_event_read_id(const json_t *value, int64_t *id);

/* Releases what was written. */
extern void sb_event_forget(struct sb_event *event);

#endif /* SB_EVENT_EVENT_H */
