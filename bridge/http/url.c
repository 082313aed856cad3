/*
 * url.c owns the reading of a request target. Pure.
 */
#include "http/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static const char bad_escape[] = "the request target holds a broken percent-escape";
static const char bad_text[] =
	"the request target holds the character U+0000, or is not valid UTF-8";
static const char too_many[] = "the request target has too many parts";

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes text[0 .. len) into the arena; NULL with *problem set when it cannot be. */
static const char *
decode(struct sb_arena *arena, const char *text, size_t len, bool plus_is_blank,
	   const char **problem)
{
	char *out = sb_arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (text[i] == '%')
		{
			int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
			int low = high >= 0 ? hex_value(text[i + 2]) : -1;

			if (low < 0)
			{
				*problem = bad_escape;
				return NULL;
			}
			out[n++] = (char) (high * 16 + low);
			i += 2;
		}
		else
			out[n++] = plus_is_blank && text[i] == '+' ? ' ' : text[i];
	}
	if (!sb_utf8_is_text(out, n))
	{
		*problem = bad_text;
		return NULL;
	}
	return out;
}

static const char *
parse_path(struct sb_url *url, struct sb_arena *arena)
{
	const char *at = url->path;
	const char *end = url->path + url->path_len;
	const char *problem = NULL;

	while (at < end && *at == '/')
	{
		const char *slash = memchr(at + 1, '/', (size_t) (end - at - 1));
		const char *stop = slash ? slash : end;

		if (stop == end && stop == at + 1)
			break; /* the trailing slash */
		if (url->nsegments == SB_URL_MAX_SEGMENTS)
			return too_many;
		url->segments[url->nsegments] =
			decode(arena, at + 1, (size_t) (stop - at - 1), false, &problem);
		if (url->segments[url->nsegments++] == NULL)
			return problem;
		at = stop;
	}
	return NULL;
}

static const char *
parse_pair(struct sb_url *url, struct sb_arena *arena, const char *pair, size_t len)
{
	const char *equals = memchr(pair, '=', len);
	size_t name_len = equals ? (size_t) (equals - pair) : len;
	struct sb_query_value *query = &url->query[url->nquery];
	const char *problem = NULL;

	if (len == 0)
		return NULL;
	if (url->nquery == SB_URL_MAX_QUERY)
		return too_many;
	query->name = decode(arena, pair, name_len, true, &problem);
	query->value = equals ? decode(arena, equals + 1, len - name_len - 1, true, &problem) : "";
	if (query->name && query->value)
		url->nquery++;
	return problem;
}

static const char *
parse_query(struct sb_url *url, struct sb_arena *arena, const char *at, const char *end)
{
	const char *problem = NULL;

	while (problem == NULL && at < end)
	{
		const char *ampersand = memchr(at, '&', (size_t) (end - at));
		const char *stop = ampersand ? ampersand : end;

		problem = parse_pair(url, arena, at, (size_t) (stop - at));
		at = stop + 1;
	}
	return problem;
}

/* Skips the scheme and authority of an absolute target. */
static const char *
skip_origin(const char *target, const char *end)
{
	size_t len = (size_t) (end - target);
	size_t scheme = 0;

	if (len > 7 && strncasecmp(target, "http://", 7) == 0)
		scheme = 7;
	else if (len > 8 && strncasecmp(target, "https://", 8) == 0)
		scheme = 8;
	if (scheme == 0)
		return target;
	for (target += scheme; target < end && *target != '/' && *target != '?'; target++)
		;
	return target;
}

bool
sb_url_begins(const char *target, size_t len, const char *text, size_t text_len)
{
	const char *end = target + len;
	const char *at = skip_origin(target, end);

	for (size_t i = 0; i < text_len; i++)
	{
		int high = end - at > 2 && *at == '%' ? hex_value(at[1]) : -1;
		int low = high >= 0 ? hex_value(at[2]) : -1;

		if (at >= end || (low >= 0 ? (char) (high * 16 + low) : *at) != text[i])
			return false;
		at += low >= 0 ? 3 : 1;
	}
	return true;
}

const char *
sb_url_parse(struct sb_url *url, struct sb_arena *arena, const char *target, size_t len)
{
	const char *end = target + len;
	const char *question;
	const char *problem;

	memset(url, 0, sizeof(*url));
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) target[i] <= ' ' || target[i] == 0x7f || target[i] == '#')
			return "the request target holds a character that must be escaped";
	url->path = target = skip_origin(target, end);
	question = memchr(target, '?', (size_t) (end - target));
	url->path_len = (size_t) ((question ? question : end) - target);
	problem = parse_path(url, arena);
	if (problem == NULL && question)
		problem = parse_query(url, arena, question + 1, end);
	return problem;
}

const char *
sb_url_query(const struct sb_url *url, const char *name, bool *twice)
{
	const char *value = NULL;

	*twice = false;
	for (int i = 0; i < url->nquery; i++)
		if (strcmp(url->query[i].name, name) == 0)
		{
			*twice = value != NULL;
			if (value == NULL)
				value = url->query[i].value;
			else
				break;
		}
	return value;
}

const char *
sb_url_escape(struct sb_arena *arena, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = sb_arena_alloc(arena, 3 * strlen(text) + 1);
	char *end = out;

	for (; *text; text++)
	{
		unsigned char c = (unsigned char) *text;

		if (isalnum(c) || strchr("-._~", c))
			*end++ = (char) c;
		else
		{
			*end++ = '%';
			*end++ = digits[c >> 4];
			*end++ = digits[c & 15];
		}
	}
	*end = '\0';
	return out;
}
