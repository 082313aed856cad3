/*
 * search_rank_test.c proves how well a text matches a query (mission P-06).
 */
#include "tap.h"

#include "core/search_rank.h"

/* A word at these places, all of one weight (3 for A, 2 for B); 0 ends the places. */
static struct social_search_word
word(int weight, const uint16_t *places)
{
	struct social_search_word made = {0};

	for (; places[made.count] != 0; made.count++)
	{
		made.places[made.count] = places[made.count];
		made.weights[made.count] = weight;
	}
	return made;
}

#define WORD(weight, ...) word(weight, (const uint16_t[]){__VA_ARGS__, 0})

static double
rank2(struct social_search_word one, struct social_search_word other)
{
	struct social_search_word words[] = {one, other};

	return social_search_rank(words, 2);
}

static double
rank1(struct social_search_word one)
{
	return social_search_rank(&one, 1);
}

static void
test_one_word(void)
{
	struct social_search_word none = {0};

	ok(rank1(none) == 0, "a word that is not there");
	ok(social_search_rank(NULL, 0) == 0, "a query without words");
	ok(rank1(WORD(3, 1)) > rank1(WORD(2, 1)), "a title weighs more than content");
	ok(rank1(WORD(2, 1, 5)) > rank1(WORD(2, 1)), "twice is more than once");
	ok(rank1(WORD(2, 1, 2, 3, 4, 5, 6, 7, 8)) < rank1(WORD(3, 1)),
	   "no number of times in content reaches the title");
}

static void
test_words(void)
{
	struct social_search_word full[SOCIAL_SEARCH_RANK_WORDS];
	double rank;

	ok(rank2(WORD(2, 5), WORD(2, 6)) > rank2(WORD(2, 5), WORD(2, 60)), "side by side beats far");
	ok(rank2(WORD(2, 5), WORD(2, 60)) > rank2(WORD(2, 5), WORD(2, 600)), "far beats farther");
	ok(rank2(WORD(2, 5, 900), WORD(2, 300, 901)) > rank2(WORD(2, 5, 900), WORD(2, 300, 1500)),
	   "the nearest places count, wherever they are");
	ok(rank2(WORD(2, 901), WORD(2, 5, 900)) == rank2(WORD(2, 5, 900), WORD(2, 901)),
	   "in either order");
	ok(rank2(WORD(2, 5), WORD(2, 6)) > rank2(WORD(2, 5), (struct social_search_word){0}),
	   "two words beat one");
	ok(rank2(WORD(3, 5), WORD(3, 5)) <= 1, "two words at one place are near enough");
	for (int i = 0; i < SOCIAL_SEARCH_RANK_WORDS; i++)
	{
		full[i].count = SOCIAL_SEARCH_RANK_PLACES;
		for (int j = 0; j < SOCIAL_SEARCH_RANK_PLACES; j++)
		{
			full[i].places[j] = j * SOCIAL_SEARCH_RANK_WORDS + i + 1;
			full[i].weights[j] = 3;
		}
	}
	rank = social_search_rank(full, SOCIAL_SEARCH_RANK_WORDS);
	ok(rank > 0.99 && rank <= 1, "all words, many times, side by side in a title: 1");
}

int
main(void)
{
	test_one_word();
	test_words();
	return done_testing();
}
