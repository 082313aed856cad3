/*
 * search_order_test.c proves the order of search results, their cursor, and when a walk pays
 * (mission P-04, P-06).
 */
#include "tap.h"

#include "core/search_order.h"

static void
test_scores(void)
{
	uint32_t content = social_search_score(SOCIAL_SEARCH_IN_CONTENT, 1, 0);
	uint32_t title = social_search_score(SOCIAL_SEARCH_IN_TITLE, 0, INT64_MAX);
	uint32_t same = social_search_score(SOCIAL_SEARCH_IS_TITLE, 0, INT64_MAX);
	uint32_t last = UINT32_MAX;
	bool falls = true;

	is_int(content, SOCIAL_SEARCH_SCORE_UNIT, "the best content scores 1");
	ok(title >= content, "the worst title match is above the best content match");
	ok(same > title && same >= social_search_score(SOCIAL_SEARCH_IN_TITLE, 1, 0),
	   "a title that is the query is above both");
	ok(social_search_score(SOCIAL_SEARCH_IS_TITLE, 1, 0) < 4 * SOCIAL_SEARCH_SCORE_UNIT,
	   "every score fits into a cursor");
	is_int(social_search_score(SOCIAL_SEARCH_IN_CONTENT, -1, 0), 0, "a rank below 0 is 0");
	is_int(social_search_score(SOCIAL_SEARCH_IN_CONTENT, 7, 0), content, "a rank above 1 is 1");
	is_int(social_search_score(SOCIAL_SEARCH_IN_CONTENT, 1, -5), content, "no post is too new");
	for (int64_t age = 0; age < (int64_t) 1 << 40; age = age * 3 + 1)
	{
		uint32_t score = social_search_score(SOCIAL_SEARCH_IN_CONTENT, 0.5, age);

		falls = falls && score <= last && score > 0;
		last = score;
	}
	ok(falls, "the score falls with age, and never to nothing");
	ok(social_search_score(SOCIAL_SEARCH_IN_CONTENT, 0.9, 1000000) >
		   social_search_score(SOCIAL_SEARCH_IN_CONTENT, 0.3, 0),
	   "a much better old text is above a new one");
	ok(social_search_score(SOCIAL_SEARCH_IN_CONTENT, 0.5, 1000000) <
		   social_search_score(SOCIAL_SEARCH_IN_CONTENT, 0.4, 0),
	   "a slightly better one is not");
}

static void
test_order(void)
{
	struct social_search_place place = {1000, 50, 7};

	ok(social_search_is_after(&place, 49, 900), "a lower score comes after");
	ok(!social_search_is_after(&place, 51, 1), "a higher one does not");
	ok(social_search_is_after(&place, 50, 6), "of equal ones the older comes after");
	ok(!social_search_is_after(&place, 50, 8), "the newer does not");
	ok(!social_search_is_after(&place, 50, 7), "nor does the place itself");
}

static void
test_cursors(void)
{
	static const int64_t positions[] = {0, 1, 12345678901, SOCIAL_SEARCH_POSITION_MAX};
	static const uint32_t scores[] = {0, 1, 3 * SOCIAL_SEARCH_SCORE_UNIT,
									  4 * SOCIAL_SEARCH_SCORE_UNIT - 1};
	char cursor[SOCIAL_CURSOR_LENGTH + 1];
	struct social_search_place back = {.newest = 7};

	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
		{
			struct social_search_place place = {INT64_MAX, scores[i], positions[j]};

			social_search_cursor_encode(&place, cursor);
			ok(social_search_cursor_decode(cursor, strlen(cursor), &back) &&
				   back.newest == INT64_MAX && back.score == scores[i] &&
				   back.position == positions[j],
			   "a cursor round-trips");
		}
	back.newest = 7;
	ok(!social_search_cursor_decode("", 0, &back), "an empty cursor is refused");
	ok(!social_search_cursor_decode("AAAAAAAAAAAAAAAAAAAAAAAAAAAA", 28, &back), "a made-up one");
	social_cursor_encode("posts", 1, 1, cursor);
	ok(!social_search_cursor_decode(cursor, 28, &back), "another list's");
	social_cursor_encode("search", 1, -1, cursor);
	ok(!social_search_cursor_decode(cursor, 28, &back), "one with an impossible score");
	is_int(back.newest, 7, "a refusal writes nothing");
}

static struct social_search_walk
walk(int rows, int matches)
{
	return (struct social_search_walk){2500, 50, 300, rows, matches};
}

static void
test_walks(void)
{
	static const struct
	{
		const char *name;
		int rows;
		int matches;
		bool pays;
	} cases[] = {
		{"at the beginning", 0, 0, true},
		{"within the sample, nothing found", 255, 0, true},
		{"nothing in the sample: the word is rare", 256, 0, false},
		{"too little for 50 in 2,500", 1000, 19, false},
		{"enough for 50 in 2,500", 1000, 20, true},
		{"the last row", 2499, 200, true},
		{"the budget is used up", 2500, 200, false},
		{"nearly enough matches", 1000, 299, true},
		{"enough matches", 1000, 300, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct social_search_walk at = walk(cases[i].rows, cases[i].matches);

		is_int(social_search_walk_pays(&at), cases[i].pays, cases[i].name);
	}
	is_int(social_search_walk_rows(0, 2500), 500, "a walk has a smallest budget");
	is_int(social_search_walk_rows(100000, 2500), 1224, "which grows with the posts");
	is_int(social_search_walk_rows(INT64_MAX, 2500), 2500, "up to a largest one");
	is_int(social_search_walk_rows(100000, 1), 1, "which may be next to none");
}

int
main(void)
{
	test_scores();
	test_order();
	test_cursors();
	test_walks();
	return done_testing();
}
