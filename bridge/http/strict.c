/*
 * strict.c owns the refusals that the HTTP library does not make. Pure.
 */
#include "http/strict.h"

#include <string.h>
#include <strings.h>

bool
sb_strict_is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c && strchr("!#$%&'*+-.^_`|~", c))))
			return false;
	}
	return len > 0;
}

static bool
is_field_value(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
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
check_fields(const struct sb_head *head)
{
	for (int i = 0; i < head->nheaders; i++)
	{
		const struct sb_header *header = &head->headers[i];

		if (!sb_strict_is_token(header->name, header->name_len))
			return "a header's name holds a character that is not allowed";
		if (!is_field_value(header->value, header->value_len))
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
	const char *problem;

	if (!sb_strict_is_token(head->method, strlen(head->method)))
		return "the method holds a character that is not allowed";
	if (!is_target(head->target, head->target_len))
		return "the request target is missing or holds a blank";
	problem = check_fields(head);
	if (problem == NULL)
		problem = check_framing(head);
	return problem;
}
