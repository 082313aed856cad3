/* string.c owns the values of string tokens (specification section 2.9.4). */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "graphql/lex.h"
#include "base/utf8.h"

/* Reads up to `most` hexadecimal digits. */
static uint32_t
hex_value(const char **at, int most)
{
	uint32_t value = 0;

	while (most-- > 0 && isxdigit((unsigned char) **at))
	{
		char c = *(*at)++;

		value = value << 4 | (uint32_t) (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/* Decodes the escape after "\u"; the lexer has checked it. */
static uint32_t
unicode_escape(const char **at)
{
	uint32_t code;

	if (**at == '{')
	{
		(*at)++;
		code = hex_value(at, INT_MAX);
		(*at)++;
		return code;
	}
	code = hex_value(at, 4);
	if (code >= 0xD800 && code <= 0xDBFF)
	{
		*at += 2;
		code = 0x10000 + ((code - 0xD800) << 10) + (hex_value(at, 4) - 0xDC00);
	}
	return code;
}

static uint32_t
decode_quoted(const char *at, const char *end, char *out)
{
	static const char plain[128] = {
		['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
	char *start = out;

	while (at < end)
	{
		if (*at != '\\')
			*out++ = *at++;
		else if (at[1] == 'u')
		{
			at += 2;
			out += sb_utf8_encode(unicode_escape(&at), out);
		}
		else
		{
			unsigned char c = (unsigned char) at[1];

			*out++ = plain[c] ? plain[c] : (char) c;
			at += 2;
		}
	}
	return (uint32_t) (out - start);
}

/* One line of a block string; `end` is its line end or the end of the text. */
static const char *
line_end(const char *at, const char *end)
{
	while (at < end && *at != '\n' && *at != '\r')
		at++;
	return at;
}

static const char *
next_line(const char *at, const char *end)
{
	if (at < end && *at == '\r' && at + 1 < end && at[1] == '\n')
		return at + 2;
	return at < end ? at + 1 : end;
}

static uint32_t
indent_of(const char *at, const char *end)
{
	uint32_t n = 0;

	while (at + n < end && (at[n] == ' ' || at[n] == '\t'))
		n++;
	return n;
}

/* The indentation that all lines but the first share; blank lines do not count. */
static uint32_t
common_indent(const char *at, const char *end)
{
	uint32_t common = UINT32_MAX;

	for (at = next_line(line_end(at, end), end); at < end;)
	{
		const char *stop = line_end(at, end);
		uint32_t indent = indent_of(at, stop);

		if (at + indent < stop && indent < common)
			common = indent;
		at = next_line(stop, end);
	}
	return common == UINT32_MAX ? 0 : common;
}

static char *
copy_block_line(char *out, const char *at, const char *end)
{
	while (at < end)
	{
		if (end - at >= 4 && memcmp(at, "\\\"\"\"", 4) == 0)
			at++;
		*out++ = *at++;
	}
	return out;
}

/* Joins the lines with \n, without leading and trailing blank lines and the common indentation. */
static uint32_t
decode_block(const char *at, const char *end, char *out)
{
	uint32_t common = common_indent(at, end);
	char *start = out;
	char *last_text = out; /* the end of the last line that is not blank */
	bool first = true;
	bool any = false;
	bool more = true;

	while (more)
	{
		const char *stop = line_end(at, end);
		uint32_t indent = indent_of(at, stop);
		bool blank = at + indent == stop;
		uint32_t cut = first ? 0 : (indent < common ? indent : common);

		if (any)
			*out++ = '\n';
		if (any || !blank)
		{
			out = copy_block_line(out, at + cut, stop);
			any = true;
		}
		if (!blank)
			last_text = out;
		more = stop < end;
		at = next_line(stop, end);
		first = false;
	}
	return (uint32_t) (last_text - start);
}

char *
gql_string_value(struct sb_arena *arena, const char *source, const struct gql_token *token,
				 uint32_t *len)
{
	uint32_t quotes = token->kind == GQL_BLOCK_STRING ? 3 : 1;
	const char *at = source + token->start + quotes;
	const char *end = source + token->start + token->len - quotes;
	char *value = sb_arena_alloc(arena, (size_t) (end - at) + 1);

	*len = token->kind == GQL_BLOCK_STRING ? decode_block(at, end, value)
										   : decode_quoted(at, end, value);
	value[*len] = '\0';
	return value;
}
