/*
 * bridge_content_test.c: which answer Accept and Accept-Encoding want (issue 13, line 3; RFC 9110
 * sections 12.4.2, 12.5.1, 12.5.3).
 */
#include <stdio.h>
#include <string.h>

#include "http/content.h"
#include "http/request.h"
#include "tap.h"

/* A request with one header, or with none (value NULL). */
static struct sb_request
with(struct sb_header *header, const char *name, const char *value)
{
	*header = (struct sb_header){name, strlen(name), value, value ? strlen(value) : 0};
	return (struct sb_request){.headers = header, .nheaders = value ? 1 : 0};
}

static const char *
titled(const char *what, const char *value)
{
	static char title[200];

	snprintf(title, sizeof(title), "%s: %s", what, value ? value : "(no header)");
	return title;
}

struct problem_case
{
	const char *accept;
	bool wants;
};

static const struct problem_case problem_cases[] = {
	{NULL, false},
	{"", false},
	{"*/*", false},
	{"application/*", false},
	{"application/json", false},
	{"application/problem+json", true},
	{"APPLICATION/Problem+JSON", true},
	{"application/problem+json;q=0", false},
	{"application/problem+json;q=0.000", false},
	{"application/json, application/problem+json", true},
	{"application/json;q=0.5, application/problem+json;q=0.4", false},
	{"application/problem+json;q=0.4, application/json;q=0.4", true},
	{"application/problem+json;q=0.9, */*;q=1", false},
	{"text/html, application/problem+json; charset=utf-8", true},
	{"application/problem+jsonx", false},
	{"application/problem", false},
	{";;;,,,=\"", false},
	{"application/problem+json;q=2", false},
	{"application/problem+json;q=nonsense", false},
	{"\"application/problem+json\"", false},
};

struct coding_case
{
	const char *accept;
	int gzip;
	int br;
};

static const struct coding_case coding_cases[] = {
	{NULL, 0, 0},
	{"", 0, 0},
	{"gzip", 1000, 0},
	{"GZip", 1000, 0},
	{"gzip, deflate, br", 1000, 1000},
	{"gzip;q=0", 0, 0},
	{"gzip ; q=0.25 , br;q=0.5", 250, 500},
	{"*", 1000, 1000},
	{"*;q=0.1, gzip;q=0", 0, 100},
	{"identity", 0, 0},
	{"identity;q=0", 0, 0},
	{"gzip;q=1.001", 0, 0},
	{"gzip;q=-1, br;q=.5", 0, 0},
	{"gzipped, xbr, br2", 0, 0},
	{"gzip=1", 0, 0},
	{",,, ,gzip,,", 1000, 0},
	{"gzip;q=0.5, gzip;q=0.7", 700, 0},
};

int
main(void)
{
	struct sb_header header;

	for (size_t i = 0; i < sizeof(problem_cases) / sizeof(problem_cases[0]); i++)
	{
		const struct problem_case *c = &problem_cases[i];
		struct sb_request request = with(&header, "Accept", c->accept);

		is_int(sb_content_wants_problem(&request), c->wants, titled("Accept", c->accept));
	}
	for (size_t i = 0; i < sizeof(coding_cases) / sizeof(coding_cases[0]); i++)
	{
		const struct coding_case *c = &coding_cases[i];
		struct sb_request request = with(&header, "accept-encoding", c->accept);

		is_int(sb_content_coding_quality(&request, "gzip"), c->gzip, titled("gzip", c->accept));
		is_int(sb_content_coding_quality(&request, "br"), c->br, titled("br", c->accept));
	}
	return done_testing();
}
