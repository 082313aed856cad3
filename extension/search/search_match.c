/*
 * search_match.c owns the question whether a post is a result of a search (see search_match.h).
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "base/column.h"
#include "search/search_match.h"
#include "search/search_phrase.h"
#include "core/search_rank.h"
#include "search/search_title.h"
#include "search/search_word.h"

struct social_search_match
{
	TSQuery query;
	TSQuery titles;
	struct social_search_phrases phrases;
	int64 newest;
	struct social_listing *listing;
	bool has_key;
	int64 key; /* of titles that are the query */
	const QueryOperand *words[SOCIAL_SEARCH_RANK_WORDS];
	int nwords;
	MemoryContext row; /* what one row needs */
};

/* ---- the words of a query ------------------------------------------------------------------- */

static bool
is_known(const struct social_search_match *match, const QueryOperand *word)
{
	const char *strings = GETOPERAND(match->query);

	for (int i = 0; i < match->nwords; i++)
	{
		const QueryOperand *known = match->words[i];

		if (known->length == word->length &&
			memcmp(strings + known->distance, strings + word->distance, word->length) == 0)
			return true;
	}
	return false;
}

/* Notes the distinct words that a text is to hold: those below no NOT. */
static void
collect_words(struct social_search_match *match, const QueryItem *item)
{
	check_stack_depth();
	if (item->type == QI_VAL)
	{
		if (match->nwords < SOCIAL_SEARCH_RANK_WORDS && !is_known(match, &item->qoperand))
			match->words[match->nwords++] = &item->qoperand;
		return;
	}
	if (item->qoperator.oper == OP_NOT)
		return;
	collect_words(match, item + item->qoperator.left);
	collect_words(match, item + 1);
}

struct social_search_match *
social_search_match_begin(TSQuery query, const text *typed, int64 newest,
						  struct social_listing *listing)
{
	struct social_search_match *match = palloc0(sizeof(*match));

	match->query = query;
	match->titles = social_title_query_of(query);
	match->newest = newest;
	match->listing = listing;
	match->has_key = social_title_key(typed, &match->key);
	match->row =
		AllocSetContextCreate(CurrentMemoryContext, "social search row", ALLOCSET_DEFAULT_SIZES);
	social_search_phrases_begin(&match->phrases, query);
	if (query->size > 0)
		collect_words(match, GETQUERY(query));
	return match;
}

TSQuery
social_search_match_query(const struct social_search_match *match)
{
	return match->query;
}

TSQuery
social_search_match_titles(const struct social_search_match *match)
{
	return match->titles;
}

bool
social_search_match_key(const struct social_search_match *match, int64 *key)
{
	*key = match->key;
	return match->has_key;
}

/* ---- a row ---------------------------------------------------------------------------------- */

static double
text_rank(const struct social_search_match *match, TSVector vector)
{
	struct social_search_word words[SOCIAL_SEARCH_RANK_WORDS];

	for (int i = 0; i < match->nwords; i++)
		social_search_word_places(vector, GETOPERAND(match->query), match->words[i], &words[i]);
	return social_search_rank(words, match->nwords);
}

static bool
matches(TSVector vector, TSQuery query)
{
	return DatumGetBool(
		DirectFunctionCall2(ts_match_vq, TSVectorGetDatum(vector), TSQueryGetDatum(query)));
}

static enum social_search_tier
tier_of(const struct social_search_match *match, TSVector vector, Datum title)
{
	int64 key;

	if (!matches(vector, match->titles))
		return SOCIAL_SEARCH_IN_CONTENT;
	if (match->has_key && social_title_key(DatumGetTextPP(title), &key) && key == match->key)
		return SOCIAL_SEARCH_IS_TITLE;
	return SOCIAL_SEARCH_IN_TITLE;
}

static void
score(const struct social_search_match *match, TSVector vector, Datum title,
	  struct social_search_result *result)
{
	result->tier = tier_of(match, vector, title);
	result->score = social_search_score(result->tier, text_rank(match, vector),
										match->newest - result->position);
}

bool
social_search_match_row(struct social_search_match *match, TupleTableSlot *slot,
						struct social_search_result *result)
{
	bool isnull;
	MemoryContext outer;
	TSVector vector;
	bool found;

	result->position = DatumGetInt64(slot_getattr(slot, SOCIAL_POSTS_POSITION, &isnull));
	if (isnull || result->position > match->newest)
		return false;
	result->id = DatumGetInt64(slot_getattr(slot, SOCIAL_POSTS_ID, &isnull));
	result->author_id = DatumGetInt64(slot_getattr(slot, SOCIAL_POSTS_AUTHOR_ID, &isnull));

	outer = MemoryContextSwitchTo(match->row);
	vector = DatumGetTSVector(slot_getattr(slot, SOCIAL_POSTS_SEARCH_VECTOR, &isnull));
	found =
		social_search_phrases_may_match(&match->phrases, vector) && matches(vector, match->query);
	MemoryContextSwitchTo(outer);
	/* The listing remembers what it learns, so it is asked outside of the row's memory. */
	found = found && social_listing_admits_post(match->listing, slot);
	if (found)
	{
		MemoryContextSwitchTo(match->row);
		score(match, vector, slot_getattr(slot, SOCIAL_POSTS_TITLE, &isnull), result);
		MemoryContextSwitchTo(outer);
	}
	MemoryContextReset(match->row);
	return found;
}
