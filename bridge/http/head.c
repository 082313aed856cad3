/*
 * head.c owns the reading of a request's head. Pure.
 */
#include "http/head.h"

#include <string.h>
#include <strings.h>

#define MAX_DIGITS   18   /* of a Content-Length: no body is larger than what they can say */
#define USUAL_SIZE   4096 /* of a head */
#define USUAL_COOKIE 512  /* the library cuts them up, and refuses more than it has room for */

static bool
is_visible(unsigned char c)
{
	return c > ' ' && c != 0x7f;
}

static bool
is_request_line(const char *text, size_t len, struct sb_head_form *form)
{
	const char *end = text + len;
	const char *target = memchr(text, ' ', len);
	const char *version = target ? memchr(target + 1, ' ', (size_t) (end - target - 1)) : NULL;

	if (version == NULL || version == target + 1 || version + 1 == end ||
		!sb_strict_is_token(text, (size_t) (target - text)))
		return false;
	for (const char *at = target + 1; at < end; at++)
		if (at != version && !is_visible((unsigned char) *at))
			return false;
	form->method = text;
	form->method_len = (size_t) (target - text);
	form->target = target + 1;
	form->target_len = (size_t) (version - form->target);
	form->version = version + 1;
	form->version_len = (size_t) (end - form->version);
	form->is_usual = form->version_len == 8 && memcmp(form->version, "HTTP/1.1", 8) == 0;
	form->is_closing = !form->is_usual;
	return true;
}

/* False for a length that is not one number, or larger than any body. */
static bool
is_length(const char *value, size_t len, uint64_t *length)
{
	*length = 0;
	for (size_t i = 0; i < len; i++)
	{
		if (value[i] < '0' || value[i] > '9')
			return false;
		*length = *length * 10 + (uint64_t) (value[i] - '0');
	}
	return len > 0 && len <= MAX_DIGITS;
}

static bool
is_text(const char *text, size_t len, const char *wanted)
{
	return len == strlen(wanted) && strncasecmp(text, wanted, len) == 0;
}

static bool
is_named(const struct sb_header *field, const char *name)
{
	return is_text(field->name, field->name_len, name);
}

/* Answers that go on are given by the library (http/stream.h). */
static bool
wants_stream(const struct sb_header *field)
{
	static const char type[] = "text/event-stream";

	return is_named(field, "Accept") &&
		   memmem(field->value, field->value_len, type, sizeof(type) - 1) != NULL;
}

/* What a field says about the request as a whole; false for a length that is none. */
static bool
weigh_field(const struct sb_header *field, int *lengths, struct sb_head_form *form)
{
	if (is_named(field, "Content-Length"))
	{
		form->is_last |= (*lengths)++ > 0;
		return is_length(field->value, field->value_len, &form->body);
	}
	form->is_last |= is_named(field, "Transfer-Encoding");
	form->is_closing |=
		is_named(field, "Connection") && !is_text(field->value, field->value_len, "keep-alive");
	if (is_named(field, "Upgrade") || wants_stream(field) || is_named(field, "Expect") ||
		(is_named(field, "Cookie") && field->value_len > USUAL_COOKIE) || form->is_closing)
		form->is_usual = false;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_field(const char *text, size_t len, int *lengths, struct sb_head_form *form)
{
	const char *end = text + len;
	const char *colon = memchr(text, ':', len);
	struct sb_header field = {.name = text, .name_len = colon ? (size_t) (colon - text) : 0};

	if (!sb_strict_is_token(text, field.name_len) ||
		!sb_strict_is_value(colon + 1, (size_t) (end - colon - 1)))
		return false;
	for (field.value = colon + 1; field.value < end && is_blank(*field.value);)
		field.value++;
	while (end > field.value && is_blank(end[-1]))
		end--;
	field.value_len = (size_t) (end - field.value);
	if (form->nfields < SB_HEAD_FIELDS)
		form->fields[form->nfields++] = field;
	else
	{
		form->is_cut = true;
		form->is_usual = false;
	}
	return weigh_field(&field, lengths, form);
}

/* Whether the beginning of a line may become one. */
static bool
may_go_on(const char *text, size_t len)
{
	return sb_strict_is_value(text, len - (len > 0 && text[len - 1] == '\r'));
}

enum sb_head_outcome
sb_head_read(const char *text, size_t len, struct sb_head_form *form)
{
	bool has_request_line = false;
	int lengths = 0;
	size_t at = 0;

	form->problem = "the request holds bytes that are no part of HTTP";
	form->body = 0;
	form->is_last = false;
	form->is_cut = false;
	form->nfields = 0;
	for (;;)
	{
		const char *line = text + at;
		const char *end = memchr(line, '\n', len - at);
		size_t line_len;

		if (end == NULL)
			return may_go_on(line, len - at) ? SB_HEAD_MORE : SB_HEAD_BAD;
		if (end == line || end[-1] != '\r')
			return SB_HEAD_BAD;
		line_len = (size_t) (end - line) - 1;
		at = (size_t) (end - text) + 1;
		if (line_len == 0 && has_request_line)
			break;
		if (line_len == 0)
			continue; /* empty lines before a request are passed over */
		if (has_request_line ? !is_field(line, line_len, &lengths, form)
							 : !is_request_line(line, line_len, form))
			return SB_HEAD_BAD;
		has_request_line = true;
	}
	if (form->is_last)
		form->body = 0;
	form->is_usual &= !form->is_last && at <= USUAL_SIZE;
	form->size = at;
	return SB_HEAD_WHOLE;
}
