/*
 * bridge_strict_test.c: the refusals of http/strict.c (design D13; RFC 9112 sections 3, 5,
 * 6, 11.2).
 */
#include <stdlib.h>
#include <string.h>

#include "http/strict.h"
#include "tap.h"

#define MAX_HEADERS 16

/* Cuts a head up as libmicrohttpd does. */
static const char *
check(const char *bytes, size_t size)
{
	char *buffer = malloc(size + 1);
	struct sb_header headers[MAX_HEADERS];
	struct sb_head head = {.method = buffer, .headers = headers};
	const char *problem;
	char *at;
	char *end;

	memcpy(buffer, bytes, size);
	buffer[size] = '\0';
	end = strstr(buffer, "\r\n");
	*end = end[1] = '\0';
	at = strrchr(buffer, ' ');
	*at = '\0';
	head.version = at + 1;
	at = strchr(buffer, ' ');
	*at = '\0';
	head.target = at + 1;
	head.target_len = strlen(head.target);
	at = end + 2;
	while (at < buffer + size && *at != '\r')
	{
		struct sb_header *header = &headers[head.nheaders++];
		char *colon = strchr(at, ':');

		end = memmem(at, (size_t) (buffer + size - at), "\r\n", 2);
		*end = end[1] = '\0';
		*colon = '\0';
		header->name = at;
		header->name_len = strlen(at);
		header->value = colon + 1 + strspn(colon + 1, " \t");
		header->value_len = strlen(header->value);
		at = end + 2;
	}
	problem = sb_strict_check(&head);
	free(buffer);
	return problem;
}

#define REFUSED(head, name) ok(check(head, sizeof(head) - 1) != NULL, name)
#define SERVED(head, name)  is_str(check(head, sizeof(head) - 1), NULL, name)
#define GET                 "GET /a HTTP/1.1\r\n"

/* How many bytes are taken for what they are not, wherever among others they stand. */
static int
misread(void)
{
	static const char others[] = {'x', ' ', '\t', (char) 0x80, (char) 0xff};
	int wrong = 0;

	for (int byte = 0; byte < 256; byte++)
	{
		bool in_token = byte > ' ' && byte < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", byte);
		bool in_value = (byte >= ' ' && byte != 0x7f) || byte == '\t';
		char text[20];

		text[0] = (char) byte;
		wrong += sb_strict_is_token(text, 1) != in_token;
		for (size_t at = 0; at < sizeof(text); at++)
			for (size_t other = 0; other < sizeof(others); other++)
			{
				memset(text, others[other], sizeof(text));
				text[at] = (char) byte;
				wrong += sb_strict_is_value(text, sizeof(text)) != in_value;
				wrong += !sb_strict_is_value(text, at);
			}
	}
	return wrong;
}

int
main(void)
{
	SERVED(GET "Host: x\r\n\r\n", "a plain request");
	SERVED(GET "Host:x\r\nEmpty:\r\nTabbed:\t y\r\n\r\n", "no blank, nothing, a tab and a blank");
	SERVED("GET /a HTTP/1.0\r\n\r\n", "HTTP/1.0 without Host");
	SERVED("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: CHUNKED\r\n\r\n", "chunked");
	SERVED("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", "a length");

	SERVED(GET "Host: [::1]:8000\r\n\r\n", "an address and a port");
	SERVED(GET "Host: x \r\n\r\n", "a blank behind the host");
	SERVED(GET "Host:\r\n\r\n", "an empty Host");
	REFUSED(GET "\r\n", "no Host");
	REFUSED(GET "Host: a/b\r\n\r\n", "a host with a path");
	REFUSED(GET "Host: a b\r\n\r\n", "two hosts");
	REFUSED(GET "Host: a\r\nhost: a\r\n\r\n", "Host twice");
	REFUSED(GET "Host: a\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n", "the length twice");
	REFUSED(GET "Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both");
	REFUSED(GET "Host: a\r\nTransfer-Encoding: identity\r\n\r\n", "another coding");
	REFUSED(GET "Host: a\r\nTransfer-Encoding: chunked \r\n\r\n", "chunked with a blank behind");
	REFUSED("GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "chunked in HTTP/1.0");
	REFUSED(GET "Host : a\r\n\r\n", "a blank before the colon");
	REFUSED(GET "Host: a\r\n: b\r\n\r\n", "an empty name");
	REFUSED(GET "Host: a\r\nB\x80: b\r\n\r\n", "a name beyond ASCII");
	REFUSED(GET "Host: a\r\nB: b\x1f\r\n\r\n", "a control character");
	REFUSED("GET  /a HTTP/1.1\r\nHost: a\r\n\r\n", "two blanks");
	REFUSED("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", "a tab in the target");

	ok(sb_strict_is_token("X-a_b.c~1!", 10), "a token");
	ok(!sb_strict_is_token("", 0), "nothing is no token");
	ok(!sb_strict_is_token("a\0b", 3), "a NUL is in no token");
	is_int(misread(), 0, "each byte is in tokens and values, or not, wherever it stands");
	return done_testing();
}
