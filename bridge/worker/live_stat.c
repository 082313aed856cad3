/*
 * live_stat.c owns the reading of the ingest server's statistics. Names in them are escaped, so
 * that a tag is a tag wherever it stands; elements of one kind do not nest.
 */
#include "worker/live_stat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX INT64_C(1000000000000) /* beyond which nobody means it */

struct span
{
	const char *begin;
	const char *end;
};

/* The content of the first element of a name from *at on, which moves behind it; false: there is
 * none. */
static bool
next(const char **at, const char *end, const char *name, struct span *content)
{
	char tag[32];
	const char *begin;
	const char *close;

	snprintf(tag, sizeof(tag), "<%s>", name);
	begin = memmem(*at, (size_t) (end - *at), tag, strlen(tag));
	if (begin == NULL)
		return false;
	content->begin = begin + strlen(tag);
	snprintf(tag, sizeof(tag), "</%s>", name);
	close = memmem(content->begin, (size_t) (end - content->begin), tag, strlen(tag));
	if (close == NULL)
		return false;
	content->end = close;
	*at = close + strlen(tag);
	return true;
}

/* Whether the first element `name` within an element is this text. */
static bool
is_named(const struct span *element, const char *name)
{
	const char *at = element->begin;
	struct span text;

	return next(&at, element->end, "name", &text) &&
		   (size_t) (text.end - text.begin) == strlen(name) &&
		   memcmp(text.begin, name, strlen(name)) == 0;
}

static int64_t
number_of(const struct span *text)
{
	int64_t number = 0;

	for (const char *c = text->begin; c < text->end; c++)
	{
		if (*c < '0' || *c > '9' || number > NUMBER_MAX)
			return 0;
		number = number * 10 + (*c - '0');
	}
	return number;
}

static void
read_stream(const struct span *stream, struct sb_live_stat *stat)
{
	const char *at = stream->begin;
	struct span text;
	int64_t milliseconds = 0;

	memset(stat, 0, sizeof(*stat));
	if (next(&at, stream->end, "bw_in", &text))
		stat->bits = number_of(&text);
	/* It is told from the tenth second on. */
	at = stream->begin;
	if (stat->bits == 0 && next(&at, stream->end, "time", &text))
		milliseconds = number_of(&text);
	at = stream->begin;
	if (milliseconds > 0 && next(&at, stream->end, "bytes_in", &text))
		stat->bits = number_of(&text) * 8000 / milliseconds;
	at = stream->begin;
	while (next(&at, stream->end, "dropped", &text))
		stat->dropped += number_of(&text);
}

bool
sb_live_stat_read(const char *text, const char *application, const char *stream,
				  struct sb_live_stat *stat)
{
	const char *end = text + strlen(text);
	const char *at = text;
	struct span app;
	struct span one;

	while (next(&at, end, "application", &app))
	{
		const char *within = app.begin;

		if (!is_named(&app, application))
			continue;
		while (next(&within, app.end, "stream", &one))
			if (is_named(&one, stream))
			{
				read_stream(&one, stat);
				return true;
			}
	}
	return false;
}
