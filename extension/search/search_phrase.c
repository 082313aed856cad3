/*
 * search_phrase.c owns the question whether a text can hold the phrases of a query (see
 * search_phrase.h).
 */
#include "postgres.h"

#include "miscadmin.h"
#include "tsearch/ts_utils.h"

#include "search/search_phrase.h"
#include "search/search_word.h"

/* ---- the neighbours of a query --------------------------------------------------------------- */

/* The plain word that stands last in what an item of a phrase matches; NULL where that is open. */
static const QueryOperand *
last_word(const QueryItem *item)
{
	if (item->type == QI_OPR && item->qoperator.oper == OP_PHRASE)
		item++;
	return item->type == QI_VAL && !item->qoperand.prefix ? &item->qoperand : NULL;
}

/* What a text must have stands below AND and phrases alone. */
static void
collect_pairs(struct social_search_phrases *phrases, const QueryItem *item)
{
	const QueryItem *left;
	const QueryItem *right = item + 1;

	check_stack_depth();
	if (item->type != QI_OPR ||
		(item->qoperator.oper != OP_AND && item->qoperator.oper != OP_PHRASE))
		return;
	left = item + item->qoperator.left;
	collect_pairs(phrases, left);
	collect_pairs(phrases, right);
	/* A right side of more than a word begins somewhere before its last one. */
	if (item->qoperator.oper == OP_PHRASE && right->type == QI_VAL && last_word(left) != NULL &&
		last_word(right) != NULL && phrases->count < SOCIAL_SEARCH_PHRASE_PAIRS)
		phrases->pairs[phrases->count++] = (struct social_search_pair){
			last_word(left), last_word(right), item->qoperator.distance};
}

void
social_search_phrases_begin(struct social_search_phrases *phrases, TSQuery query)
{
	phrases->strings = GETOPERAND(query);
	phrases->count = 0;
	if (query->size > 0)
		collect_pairs(phrases, GETQUERY(query));
}

/* ---- a text ---------------------------------------------------------------------------------- */

/* Does a place of the second list come so far after one of the first? Both rise. */
static bool
stand_apart(const WordEntryPos *first, int nfirst, const WordEntryPos *second, int nsecond,
			int distance)
{
	int i = 0;
	int j = 0;

	while (i < nfirst && j < nsecond)
	{
		int apart = WEP_GETPOS(second[j]) - WEP_GETPOS(first[i]);

		if (apart == distance)
			return true;
		if (apart < distance)
			j++;
		else
			i++;
	}
	return false;
}

static bool
has_pair(const struct social_search_phrases *phrases, const struct social_search_pair *pair,
		 TSVector vector)
{
	const WordEntry *first = social_search_word_find(vector, phrases->strings, pair->first);
	const WordEntry *second =
		first == NULL ? NULL : social_search_word_find(vector, phrases->strings, pair->second);

	if (second == NULL)
		return false;
	/* What a stripped vector matches is for the server to say. */
	if (!first->haspos || !second->haspos)
		return true;
	return stand_apart(POSDATAPTR(vector, first), POSDATALEN(vector, first),
					   POSDATAPTR(vector, second), POSDATALEN(vector, second), pair->distance);
}

bool
social_search_phrases_may_match(const struct social_search_phrases *phrases, TSVector vector)
{
	for (int i = 0; i < phrases->count; i++)
		if (!has_pair(phrases, &phrases->pairs[i], vector))
			return false;
	return true;
}
