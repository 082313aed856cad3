/* graphql_document_test.c owns the tests of documents that are known by a name (issue 12, line 5).
 */
#include "graphql_request.h"

static const char *
found(const char *id, uint64_t now)
{
	size_t len = 0;
	const char *text = sb_graphql_find_document(service, id, now, &len);

	return text && strlen(text) == len ? text : NULL;
}

static void
keep(const char *id, const char *text, uint64_t until)
{
	sb_graphql_keep_document(service, id, text, strlen(text), until);
}

static void
test_time(void)
{
	start(NULL);
	is_str(found("a", 0), NULL, "nothing is known");
	keep("a", "{ a }", 10);
	is_str(found("a", 9), "{ a }", "until its time");
	is_str(found("a", 10), NULL, "and not then");
	is_str(found("a", 9), NULL, "nor is it there again");
	keep("a", "{ a }", UINT64_MAX);
	keep("a", "{ b }", UINT64_MAX);
	is_str(found("a", UINT64_MAX - 1), "{ b }", "the last word counts");
	keep("", "{ c }", UINT64_MAX);
	is_str(found("", 0), "{ c }", "an empty name is one like others");
}

static void
test_room(void)
{
	char id[32];
	char *large = malloc(64 * 1024 + 2);
	int known = 0;

	start(NULL);
	keep("first", "{ first }", UINT64_MAX);
	for (int i = 0; i < 1023; i++)
	{
		snprintf(id, sizeof(id), "%d", i);
		keep(id, id, UINT64_MAX);
	}
	is_str(found("first", 0), "{ first }", "1,024 are known");
	keep("more", "{ more }", UINT64_MAX);
	is_str(found("first", 0), "{ first }", "of more, those that were used last");
	is_str(found("0", 0), NULL, "the oldest is forgotten");
	is_str(found("1", 0), "1", "and no other");
	memset(large, 'x', 64 * 1024 + 1);
	large[64 * 1024 + 1] = '\0';
	keep("first", large, UINT64_MAX);
	is_str(found("first", 0), NULL, "what may not be run is not kept");
	large[64 * 1024] = '\0';
	for (int i = 0; i < 200; i++)
	{
		snprintf(id, sizeof(id), "large %d", i);
		keep(id, large, UINT64_MAX);
	}
	for (int i = 0; i < 200; i++)
	{
		snprintf(id, sizeof(id), "large %d", i);
		known += found(id, 0) != NULL;
	}
	is_int(known, 127, "8 MiB of them");
	is_str(found("large 199", 0), large, "the last is there");
	free(large);
}

int
main(void)
{
	test_time();
	test_room();
	stop();
	return done_testing();
}
