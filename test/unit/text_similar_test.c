/*
 * text_similar_test.c proves how well names fit what somebody typed (seed 058): exactly, by their
 * beginning, or but for typing errors, each beside what is just too far off.
 */
#include "tap.h"

#include "core/text_similar.h"

#define HUNDRED                                                                                    \
	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijj" \
	"jjjjjjjj"

struct fit_case
{
	const char *query;
	const char *name;
	enum social_text_fit fit;
	int errors;
	int rest;
};

static const struct fit_case cases[] = {
	{"john", "john", SOCIAL_FIT_EXACT, 0, 0},
	{"joh", "john", SOCIAL_FIT_BEGINNING, 0, 1},
	{"j", "john", SOCIAL_FIT_BEGINNING, 0, 3},
	{"", "john", SOCIAL_FIT_NONE, 0, 0},
	{"john", "", SOCIAL_FIT_NONE, 0, 0},
	{"ohn", "john", SOCIAL_FIT_LIKE, 1, 1},
	{"hn", "john", SOCIAL_FIT_NONE, 0, 0},

	{"jahn", "john", SOCIAL_FIT_LIKE, 1, 0},
	{"jon", "john", SOCIAL_FIT_LIKE, 1, 1},
	{"johhn", "john", SOCIAL_FIT_LIKE, 1, 0},
	{"jonh", "john", SOCIAL_FIT_LIKE, 1, 0},
	{"jnoh", "john", SOCIAL_FIT_LIKE_BEGINNING, 1, 0},
	{"nhoj", "john", SOCIAL_FIT_NONE, 0, 0},
	{"jaan", "john", SOCIAL_FIT_NONE, 0, 0},
	{"johnny", "jahnni", SOCIAL_FIT_LIKE, 2, 0},
	{"johnny", "jahnna", SOCIAL_FIT_LIKE, 2, 0},
	{"johnny", "jahmna", SOCIAL_FIT_NONE, 0, 0},
	{"jonh", "johnathan", SOCIAL_FIT_LIKE_BEGINNING, 1, 5},
	{"jo", "ja", SOCIAL_FIT_NONE, 0, 0},
	{"ab", "ba", SOCIAL_FIT_NONE, 0, 0},

	{"東京都", "東京府", SOCIAL_FIT_LIKE, 1, 0},
	{"mül", "müller", SOCIAL_FIT_BEGINNING, 0, 3},
	{"\xFF\xFF\xFF", "abc", SOCIAL_FIT_NONE, 0, 0},

	{HUNDRED, HUNDRED, SOCIAL_FIT_NONE, 0, 0},
	{"aaaa", HUNDRED, SOCIAL_FIT_BEGINNING, 0, 96},
	{"abaaaaaa", HUNDRED, SOCIAL_FIT_LIKE_BEGINNING, 1, 92},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const struct fit_case *c = &cases[i];
		struct social_text_similarity found =
			social_text_compare(c->query, strlen(c->query), c->name, strlen(c->name));
		char name[300];

		snprintf(name, sizeof(name), "seed 058: \"%s\" for \"%s\"", c->query, c->name);
		if (!ok(found.fit == c->fit && found.errors == c->errors && found.rest == c->rest, name))
			printf("#   fit %d, %d errors, rest %d\n", found.fit, found.errors, found.rest);
	}
	return done_testing();
}
