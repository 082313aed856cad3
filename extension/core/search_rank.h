/*
 * search_rank.h owns how well a text matches a query: in weight, in number and in nearness of the
 * query's words. Pure: no server headers.
 *
 * Its time is linear in the places of the words, whatever the text: the server's ts_rank compares
 * each place of a word with each of another one, which a text made for it turns into seconds.
 */
#ifndef SOCIAL_SEARCH_RANK_H
#define SOCIAL_SEARCH_RANK_H

#include <stdint.h>

/* Words of a query beyond these, and later places of a word, do not count. */
#define SOCIAL_SEARCH_RANK_WORDS  16
#define SOCIAL_SEARCH_RANK_PLACES 64

/* Where a word of the query stands in the text; count is 0 for a word that is not there. */
struct social_search_word
{
	int count;
	uint16_t places[SOCIAL_SEARCH_RANK_PLACES];       /* rising */
	unsigned char weights[SOCIAL_SEARCH_RANK_PLACES]; /* 3 for A down to 0 for D */
};

/* From 0 for no word to 1 for all words in the title, many times, side by side. */
extern double social_search_rank(const struct social_search_word *words, int nwords);

#endif /* SOCIAL_SEARCH_RANK_H */
