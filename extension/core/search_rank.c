/*
 * search_rank.c owns how well a text matches a query (see search_rank.h).
 */
#include "core/search_rank.h"

#include <math.h>

/* What a word is worth by its weight, D to A: the server's own figures. */
static const double weight_worth[] = {0.1, 0.2, 0.4, 1.0};

/* How much of the rank is left where the words stand far apart. */
#define FAR_APART 0.6

/* The best weight, and half of what is missing to it again for each time that the word occurs. */
static double
strength(const struct social_search_word *word)
{
	unsigned best = 0;

	if (word->count == 0)
		return 0;
	for (int i = 0; i < word->count; i++)
		best = word->weights[i] > best ? word->weights[i] : best;
	return weight_worth[best] * (1 - exp2(-word->count));
}

/* The smallest distance from the first to the last of places that hold every word once. */
static int
smallest_span(const struct social_search_word *words, int nwords)
{
	int at[SOCIAL_SEARCH_RANK_WORDS] = {0};
	int smallest = UINT16_MAX;

	for (;;)
	{
		int first = 0;
		int last = 0;

		for (int i = 1; i < nwords; i++)
		{
			if (words[i].places[at[i]] < words[first].places[at[first]])
				first = i;
			if (words[i].places[at[i]] > words[last].places[at[last]])
				last = i;
		}
		if (words[last].places[at[last]] - words[first].places[at[first]] < smallest)
			smallest = words[last].places[at[last]] - words[first].places[at[first]];
		if (++at[first] == words[first].count)
			return smallest;
	}
}

/* 1 where the words stand side by side, towards 0 the farther they are apart. */
static double
nearness(const struct social_search_word *words, int nwords)
{
	int span;

	for (int i = 0; i < nwords; i++)
		if (words[i].count == 0)
			return 0;
	span = smallest_span(words, nwords);
	return span < nwords ? 1 : (nwords - 1.0) / span;
}

double
social_search_rank(const struct social_search_word *words, int nwords)
{
	double sum = 0;

	if (nwords == 0)
		return 0;
	for (int i = 0; i < nwords; i++)
		sum += strength(&words[i]);
	if (nwords == 1)
		return sum;
	return sum / nwords * (FAR_APART + (1 - FAR_APART) * nearness(words, nwords));
}
