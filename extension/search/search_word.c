/*
 * search_word.c owns where the words of a query stand in a text's vector (see search_word.h).
 */
#include "postgres.h"

#include "tsearch/ts_utils.h"

#include "search/search_word.h"

/* The order of lexemes in a vector: by their bytes, the shorter one first where it begins both. */
static int
compare_lexemes(const char *one, int one_len, const char *other, int other_len)
{
	int result = memcmp(one, other, Min(one_len, other_len));

	return result != 0 ? result : one_len - other_len;
}

const WordEntry *
social_search_word_find(TSVector vector, const char *strings, const QueryOperand *operand)
{
	const WordEntry *entries = ARRPTR(vector);
	const char *lexemes = STRPTR(vector);
	const char *word = strings + operand->distance;
	int wanted = operand->length;
	int low = 0;
	int high = vector->size;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (compare_lexemes(lexemes + entries[middle].pos, entries[middle].len, word, wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == vector->size ||
		(operand->prefix ? entries[low].len < wanted : entries[low].len != wanted) ||
		memcmp(lexemes + entries[low].pos, word, wanted) != 0)
		return NULL;
	return &entries[low];
}

void
social_search_word_places(TSVector vector, const char *strings, const QueryOperand *operand,
						  struct social_search_word *word)
{
	const WordEntry *entry = social_search_word_find(vector, strings, operand);
	const WordEntryPos *places;

	word->count = 0;
	if (entry == NULL)
		return;
	if (!entry->haspos)
	{
		/* A stripped vector: somewhere, with the least weight. */
		word->count = 1;
		word->places[0] = 1;
		word->weights[0] = 0;
		return;
	}
	places = POSDATAPTR(vector, entry);
	word->count = Min(POSDATALEN(vector, entry), SOCIAL_SEARCH_RANK_PLACES);
	for (int i = 0; i < word->count; i++)
	{
		word->places[i] = WEP_GETPOS(places[i]);
		word->weights[i] = WEP_GETWEIGHT(places[i]);
	}
}
