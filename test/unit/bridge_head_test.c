/*
 * bridge_head_test.c: the form of a request's head, before the HTTP library sees it (found C19;
 * RFC 9112 sections 2 to 6). Each head is also read in every length that it has on its way.
 */
#include <stdlib.h>
#include <string.h>

#include "http/head.h"
#include "tap.h"

/* In memory of just that size, so that the sanitizers see a step beyond. */
static enum sb_head_outcome
read_exactly(const char *text, size_t len, struct sb_head_form *form)
{
	char *copy = malloc(len ? len : 1);
	enum sb_head_outcome outcome;

	memcpy(copy, text, len);
	outcome = sb_head_read(copy, len, form);
	free(copy);
	return outcome;
}

static void
whole(const char *text, size_t len, size_t rest, uint64_t body, bool is_last, const char *name)
{
	struct sb_head_form form;
	bool good = read_exactly(text, len, &form) == SB_HEAD_WHOLE && form.size == len - rest &&
				form.body == body && form.is_last == is_last;

	for (size_t part = 0; part < len - rest; part++)
		good &= read_exactly(text, part, &form) == SB_HEAD_MORE;
	ok(good, name);
}

static void
bad(const char *text, size_t len, const char *name)
{
	struct sb_head_form form;

	ok(read_exactly(text, len, &form) == SB_HEAD_BAD && form.problem, name);
}

/* Whether it is like most, and its parts are found. */
static void
usual(const char *text, bool wanted, const char *name)
{
	struct sb_head_form form;

	ok(sb_head_read(text, strlen(text), &form) == SB_HEAD_WHOLE && form.is_usual == wanted, name);
}

static void
parts(void)
{
	static const char text[] =
		"\r\nPOST /a?b HTTP/1.1\r\nHost: x\r\nA:\t b c \t\r\nB:\r\nC: \r\n\r\n";
	static const char *const wanted[][2] = {{"Host", "x"}, {"A", "b c"}, {"B", ""}, {"C", ""}};
	struct sb_head_form form;
	bool good = sb_head_read(text, sizeof(text) - 1, &form) == SB_HEAD_WHOLE && form.nfields == 4;

	good &= form.method_len == 4 && memcmp(form.method, "POST", 4) == 0;
	good &= form.target_len == 4 && memcmp(form.target, "/a?b", 4) == 0;
	for (int i = 0; good && i < 4; i++)
	{
		const struct sb_header *field = &form.fields[i];

		good &= field->name_len == strlen(wanted[i][0]) &&
				memcmp(field->name, wanted[i][0], field->name_len) == 0;
		good &= field->value_len == strlen(wanted[i][1]) &&
				memcmp(field->value, wanted[i][1], field->value_len) == 0;
	}
	ok(good, "the parts of a head, without the blanks around values");
}

/* Heads of every number of fields, and of every size, around what is usual. */
static void
sizes(void)
{
	static char text[3 * 4096];
	struct sb_head_form form;
	bool good = true;

	for (int n = SB_HEAD_FIELDS - 2; n <= SB_HEAD_FIELDS + 2; n++)
	{
		strcpy(text, "GET / HTTP/1.1\r\n");
		for (int i = 0; i < n; i++)
			strcat(text, "A: b\r\n");
		strcat(text, "\r\n");
		good &= sb_head_read(text, strlen(text), &form) == SB_HEAD_WHOLE &&
				form.is_usual == (n <= SB_HEAD_FIELDS) && form.nfields <= SB_HEAD_FIELDS;
	}
	ok(good, "more fields than most have");
	strcpy(text, "GET / HTTP/1.1\r\nA: ");
	memset(text + strlen(text), 'a', 8000);
	strcpy(text + 8000, "\r\n\r\n");
	good = sb_head_read(text, strlen(text), &form) == SB_HEAD_WHOLE && !form.is_usual;
	strcpy(text + 3000, "\r\n\r\n");
	good &= sb_head_read(text, strlen(text), &form) == SB_HEAD_WHOLE && form.is_usual;
	ok(good, "a larger head than most are");
}

#define WHOLE(text, rest, body, is_last, name)                                                     \
	whole(text rest, sizeof(text rest) - 1, sizeof(rest) - 1, body, is_last, name)
#define BAD(text, name) bad(text, sizeof(text) - 1, name)
#define GET             "GET /a HTTP/1.1\r\n"

int
main(void)
{
	WHOLE(GET "Host: x\r\n\r\n", "", 0, false, "a plain head");
	WHOLE(GET "Host: x\r\n\r\n", "GET\0", 0, false, "what lies behind is not looked at");
	WHOLE("\r\n\r\n" GET "\r\n", "", 0, false, "empty lines before it");
	WHOLE("GET /\xc3\xa9?a=%00 HTTP/3.7\r\nA:\r\nB:\t c d\xff \t\r\n\r\n", "", 0, false,
		  "any visible bytes, blanks around a value");
	WHOLE(GET "content-length: \t12 \r\n\r\n", "abc", 12, false, "the length of a body");
	WHOLE(GET "Content-Length: 000000000000000007\r\n\r\n", "", 7, false, "with noughts");
	WHOLE(GET "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "", 0, true, "told twice");
	BAD(GET "Content-Length: 1,1\r\n", "a length: a list");
	BAD(GET "Content-Length: +1\r\n", "a length: a sign");
	BAD(GET "Content-Length:\r\n", "a length: none");
	BAD(GET "Content-Length: 1000000000000000000\r\n", "a length: too many digits");
	WHOLE(GET "Transfer-Encoding: chunked\r\n\r\n", "", 0, true, "chunks: nothing may follow");
	WHOLE(GET "Content-Length: 5\r\ntransfer-encoding: x\r\n\r\n", "", 0, true, "both");
	WHOLE(GET "Transfer-Encoding: x\r\nContent-Length: 5\r\n\r\n", "", 0, true,
		  "and the other way");

	BAD("GET /a HTTP/1.1\n", "a bare LF after the request line");
	BAD(GET "Host: x\n", "after a header");
	BAD(GET "Host: x\r\n\n", "at the end");
	BAD("\n" GET, "and before");
	BAD(GET "Host: x\r\n:\n", "a colon and a bare LF, which 0.9.75 takes for the end");
	BAD(GET "Host: x\r\n:\r\n", "a colon alone");
	BAD(GET "Host: x\r\n: a\r\n", "an empty name");
	BAD(GET "A: b\0\n", "NUL LF, which 0.9.75 turns into what CR LF turns into");
	BAD(GET "A:\0\r\n\n", "a NUL instead of a value");
	BAD(GET "A: b\0", "a NUL, at once");
	BAD(GET "A: b\rc", "a bare CR");
	BAD(GET "A: b\r\r\n", "two of them");
	BAD(GET "A: b\r\n c\r\n", "a folded line");
	BAD(GET "A: b\r\n\tTransfer-Encoding: chunked\r\n", "a folded line that hides a header");
	BAD(GET " A: b\r\n", "a blank before the first name");
	BAD(GET "Host : a\r\n", "before the colon");
	BAD(GET "Host x\r\n", "no colon");
	BAD(GET "B\x80: b\r\n", "a name beyond ASCII");
	BAD(GET "A: b\x7f\r\n", "DEL in a value");
	BAD("GET  /a HTTP/1.1\r\n", "two blanks before the target");
	BAD("GET /a  HTTP/1.1\r\n", "behind it");
	BAD("GET /a b HTTP/1.1\r\n", "in it");
	BAD("GET /a\tb HTTP/1.1\r\n", "a tab in it");
	BAD("GET /a HTTP/1.1 \r\n", "a blank behind the version");
	BAD("GET /a\r\n", "no version");
	BAD("GET\r\n", "no target");
	BAD(" / HTTP/1.1\r\n", "no method");
	BAD("G(T / HTTP/1.1\r\n", "a method that is no token");
	BAD("\x16\x03\x01", "TLS");

	parts();
	sizes();
	usual(GET "Host: x\r\nContent-Length: 3\r\nconnection: Keep-Alive\r\n\r\n", true,
		  "like most: a body, a connection that goes on");
	usual("GET /a HTTP/1.0\r\nHost: x\r\n\r\n", false, "not: HTTP/1.0");
	usual("GET /a HTTP/1.10\r\nHost: x\r\n\r\n", false, "another version");
	usual("GET /a HTTP/1.\r\nHost: x\r\n\r\n", false, "half a version");
	usual(GET "Connection: close\r\n\r\n", false, "the last request");
	usual(GET "Connection: keep-alive, close\r\n\r\n", false, "and in a list");
	usual(GET "Connection:\r\n\r\n", false, "an empty list");
	usual(GET "UPGRADE: x\r\n\r\n", false, "another protocol");
	usual(GET "expect: 100-continue\r\n\r\n", false, "who waits before the body");
	usual(GET "Transfer-Encoding: chunked\r\n\r\n", false, "a body in chunks");
	usual(GET "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", false, "a length twice");
	return done_testing();
}
