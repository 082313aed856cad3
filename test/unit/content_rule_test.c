/*
 * content_rule_test.c proves what counts as a whole word, and as a host or one below it.
 */
#include "tap.h"

#include "core/content_rule.h"

struct example
{
	const char *text;
	const char *pattern;
	bool matches;
};

static const struct example words[] = {
	{"bad", "bad", true},
	{"a bad, one", "bad", true},
	{"(bad)", "bad", true},
	{"badly bad", "bad", true},
	{"badly forbad", "bad", false},
	{"bad_", "bad", false},
	{"b\xc3\xa4"
	 "d",
	 "bad", false},
	{"\xc3\xa4"
	 "bad",
	 "bad", false},
	{"c++ rules", "c++", true},
	{"c++11", "c++", true},
	{"two words", "two words", true},
	{"two wordsmiths", "two words", false},
	{"\xe3\x81\x93\xe3\x82\x8c\xe3\x81\xaf\xe7\xa6\x81\xe6\xad\xa2\xe3\x81\xa7\xe3\x81\x99",
	 "\xe7\xa6\x81\xe6\xad\xa2", true},
	{"", "bad", false},
	{"bad", "", false},
	{"aaaa", "aa", false},
	{"\xff"
	 "bad\xff",
	 "bad", true},
};

static const struct example hosts[] = {
	{"evil.example", "evil.example", true},
	{"see https://www.evil.example/x?y", "evil.example", true},
	{"me@evil.example", "evil.example", true},
	{"http://me:pw@evil.example:80", "evil.example", true},
	{"evil.example.", "evil.example", true},
	{"evil.example. Next", "evil.example", true},
	{"notevil.example", "evil.example", false},
	{"not-evil.example", "evil.example", false},
	{"evil.example.org", "evil.example", false},
	{"evil.example-site.org", "evil.example", false},
	{"evil.example.org and evil.example", "evil.example", true},
	{"evil example", "evil.example", false},
};

int
main(void)
{
	char name[200];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		const struct example *e = &words[i];

		snprintf(name, sizeof(name), "the word \"%s\" is %sin \"%s\"", e->pattern,
				 e->matches ? "" : "not ", e->text);
		is_int(social_content_has_word(e->text, strlen(e->text), e->pattern, strlen(e->pattern)),
			   e->matches, name);
	}
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
	{
		const struct example *e = &hosts[i];

		snprintf(name, sizeof(name), "the host \"%s\" is %snamed by \"%s\"", e->pattern,
				 e->matches ? "" : "not ", e->text);
		is_int(social_content_has_host(e->text, strlen(e->text), e->pattern, strlen(e->pattern)),
			   e->matches, name);
	}
	return done_testing();
}
