/*
 * head.c owns the reading of a request's head. Pure.
 */
#include "http/head.h"

#include <string.h>
#include <strings.h>

#include "http/strict.h"

#define MAX_DIGITS 18 /* of a Content-Length: no body is larger than what they can say */

static bool
is_visible(unsigned char c)
{
	return c > ' ' && c != 0x7f;
}

static bool
is_request_line(const char *text, size_t len)
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
	return true;
}

/* False for a length that is not one number, or larger than any body. */
static bool
is_length(const char *value, size_t len, uint64_t *length)
{
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
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
is_field(const char *text, size_t len, int *lengths, struct sb_head_form *form)
{
	const char *end = text + len;
	const char *colon = memchr(text, ':', len);
	const char *value = colon ? colon + 1 : NULL;
	size_t name_len = colon ? (size_t) (colon - text) : 0;

	if (!sb_strict_is_token(text, name_len))
		return false;
	for (const char *at = value; at < end; at++)
		if (!is_visible((unsigned char) *at) && *at != ' ' && *at != '\t')
			return false;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	if (name_len == 17 && strncasecmp(text, "Transfer-Encoding", 17) == 0)
		form->is_last = true;
	if (name_len == 14 && strncasecmp(text, "Content-Length", 14) == 0)
	{
		form->is_last |= (*lengths)++ > 0;
		return is_length(value, (size_t) (end - value), &form->body);
	}
	return true;
}

/* Whether the beginning of a line may become one. */
static bool
may_go_on(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_visible((unsigned char) text[i]) && text[i] != ' ' && text[i] != '\t' &&
			!(text[i] == '\r' && i + 1 == len))
			return false;
	return true;
}

enum sb_head_outcome
sb_head_read(const char *text, size_t len, struct sb_head_form *form)
{
	bool has_request_line = false;
	int lengths = 0;
	size_t at = 0;

	*form = (struct sb_head_form){.problem = "the request holds bytes that are no part of HTTP"};
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
							 : !is_request_line(line, line_len))
			return SB_HEAD_BAD;
		has_request_line = true;
	}
	if (form->is_last)
		form->body = 0;
	form->size = at;
	return SB_HEAD_WHOLE;
}
