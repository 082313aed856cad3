/*
 * strict.c owns the refusals that the HTTP library does not make. Pure.
 */
#include "http/strict.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

bool
sb_strict_is_token(const char *text, size_t len)
{
	static const bool may_be[256] = {
		['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['!'] = true,
		['#'] = true,         ['$'] = true,         ['%'] = true,         ['&'] = true,
		['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true,
		['.'] = true,         ['^'] = true,         ['_'] = true,         ['`'] = true,
		['|'] = true,         ['~'] = true};

	for (size_t i = 0; i < len; i++)
		if (!may_be[(unsigned char) text[i]])
			return false;
	return len > 0;
}

/* Whether each of eight bytes is at least a blank, and none is 0x7f; false may be said in vain. */
static bool
are_plain(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t bytes;
	uint64_t without_del;

	memcpy(&bytes, text, sizeof(bytes));
	without_del = bytes ^ ones * 0x7f;
	return ((((bytes - ones * ' ') & ~bytes) | ((without_del - ones) & ~without_del)) &
			ones * 0x80) == 0;
}

bool
sb_strict_is_value(const char *text, size_t len)
{
	size_t i = 0;

	/* Most of a head are values, of a token most of all, and two look at each. */
	while (i < len)
	{
		unsigned char c = (unsigned char) text[i];

		if (len - i >= sizeof(uint64_t) && are_plain(text + i))
			i += sizeof(uint64_t);
		else if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
		else
			i++;
	}
	return true;
}

static bool
is_target(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) text[i] <= ' ' || text[i] == 0x7f)
			return false;
	return len > 0;
}

static bool
is_named(const struct sb_header *header, const char *name)
{
	return header->name_len == strlen(name) &&
		   strncasecmp(header->name, name, header->name_len) == 0;
}

static const char *
check_texts(const struct sb_head *head)
{
	if (!sb_strict_is_token(head->method, strlen(head->method)))
		return "the method holds a character that is not allowed";
	if (!is_target(head->target, head->target_len))
		return "the request target is missing or holds a blank";
	for (int i = 0; i < head->nheaders; i++)
	{
		const struct sb_header *header = &head->headers[i];

		if (!sb_strict_is_token(header->name, header->name_len))
			return "a header's name holds a character that is not allowed";
		if (!sb_strict_is_value(header->value, header->value_len))
			return "a header's value holds a control character";
	}
	return NULL;
}

static bool
is_chunked(const struct sb_header *header)
{
	return header->value_len == 7 && strncasecmp(header->value, "chunked", 7) == 0;
}

/* Whether all of it may stand in a host and port (RFC 3986), so that nobody reads more into it. */
static bool
is_host(const char *text, size_t len)
{
	static const char others[] = "-._~!$&'()*+,;=%:[]";

	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	for (size_t i = 0; i < len; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'Z') ||
			  (text[i] >= 'a' && text[i] <= 'z') || memchr(others, text[i], sizeof(others) - 1)))
			return false;
	return true;
}

/* What decides where the body ends, and for whom the request is. */
static const char *
check_framing(const struct sb_head *head)
{
	bool is_1_0 = strcmp(head->version, "HTTP/1.0") == 0;
	int hosts = 0;
	int lengths = 0;
	int encodings = 0;

	for (int i = 0; i < head->nheaders; i++)
	{
		const struct sb_header *header = &head->headers[i];

		if (is_named(header, "Host"))
		{
			hosts++;
			if (!is_host(header->value, header->value_len))
				return "Host is no name of a host";
		}
		lengths += is_named(header, "Content-Length");
		if (is_named(header, "Transfer-Encoding"))
		{
			encodings++;
			if (!is_chunked(header))
				return "Transfer-Encoding may only be chunked";
		}
	}
	if (hosts > 1 || (hosts == 0 && !is_1_0))
		return "the request needs exactly one Host header";
	if (lengths > 1)
		return "Content-Length is given more than once";
	if (encodings > 1 || (encodings && is_1_0))
		return "Transfer-Encoding may only be given once, in HTTP/1.1";
	if (encodings && lengths)
		return "Transfer-Encoding and Content-Length exclude each other";
	return NULL;
}

const char *
sb_strict_check(const struct sb_head *head)
{
	const char *problem = head->is_formed ? NULL : check_texts(head);

	return problem ? problem : check_framing(head);
}
