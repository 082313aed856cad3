/*
 * search_vector.c owns how a text becomes a vector and a search string a query: which text search
 * configurations read it, and the bigrams of scripts without spaces.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "base/errors.h"
#include "base/init.h"
#include "base/limit.h"
#include "content/lexeme.h"
#include "content/search_vector.h"
#include "content/text.h"
#include "core/text_bigram.h"
#include "core/text_language.h"

PG_FUNCTION_INFO_V1(social_search_config);
PG_FUNCTION_INFO_V1(social_search_query);
PG_FUNCTION_INFO_V1(social_search_vector_sql);
PG_FUNCTION_INFO_V1(social_language_sql);
PG_FUNCTION_INFO_V1(social_guess_language_sql);

/* The general configuration, and that of a language. */
#define MAX_CONFIGS 2

#define MAX_NEGATIONS 31

static char *search_config;
static int search_query_max_length;

void
social_search_vector_init(void)
{
	DefineCustomStringVariable("social.search_config",
							   "The general text search configuration of posts and queries.",
							   "A name outside pg_catalog needs its schema.", &search_config,
							   "english", PGC_SUSET, 0, NULL, NULL, NULL);
	social_limit_define("social.search_query_max_length",
						"The longest search query, in characters.", &search_query_max_length, 500);
}

/* ---- languages ------------------------------------------------------------------------------ */

const char *
social_language(const text *tag)
{
	char code[SOCIAL_LANGUAGE_MAX_LENGTH + 1];
	int len = tag == NULL ? 0 : VARSIZE_ANY_EXHDR(tag);

	if (len == 0)
		return NULL;
	if (!social_language_code(VARDATA_ANY(tag), len, code))
	{
		char *given = text_to_cstring(tag);

		ereport(ERROR,
				(errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("unknown language"),
				 errdetail("It is \"%.*s\".", pg_mbcliplen(given, strlen(given), 100), given),
				 errhint("Give a code of ISO 639, like en or ja, or leave it out.")));
	}
	return pstrdup(code);
}

const char *
social_guess_language(const text *const *parts, int nparts)
{
	struct social_text_letters letters = {0};

	for (int i = 0; i < nparts; i++)
	{
		if (parts[i] != NULL)
			social_text_count_letters(VARDATA_ANY(parts[i]), VARSIZE_ANY_EXHDR(parts[i]), &letters);
	}
	return social_text_guess_language(&letters);
}

/* ---- configurations ------------------------------------------------------------------------- */

/* What reads a text: its configurations, the general one first. */
struct reader
{
	int count;
	Oid configs[MAX_CONFIGS];
};

/* The configuration that the setting names; found in pg_catalog when it has no schema. */
static Oid
general_config(void)
{
	int path = social_compat_pin_search_path();
	Oid config = get_ts_config_oid(social_compat_name_list(search_config), false);

	social_compat_unpin_search_path(path);
	return config;
}

static struct reader
reader_for(const char *language)
{
	struct reader reader = {1, {general_config()}};
	const char *name = language == NULL ? NULL : social_language_config(language);
	Oid config = InvalidOid;

	if (name != NULL)
		config = get_ts_config_oid(
			list_make2(makeString(pstrdup("pg_catalog")), makeString(pstrdup(name))), true);
	if (OidIsValid(config) && config != reader.configs[0])
		reader.configs[reader.count++] = config;
	return reader;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void
add_word(ParsedText *words, const char *word, int len, int pos, bool is_prefix)
{
	ParsedWord *added;

	if (words->curwords == words->lenwords)
	{
		words->lenwords *= 2;
		words->words = repalloc(words->words, words->lenwords * sizeof(ParsedWord));
	}
	added = &words->words[words->curwords++];
	memset(added, 0, sizeof(ParsedWord));
	added->word = pnstrdup(word, len);
	added->len = len;
	added->pos.pos = LIMITPOS(pos);
	added->flags = is_prefix ? TSL_PREFIX : 0;
}

/*
 * Adds a run's bigrams. The last character takes a position in any case, but asks for nothing in a
 * query, unless it is the only one: then it may begin any bigram.
 */
static void
read_bigrams(ParsedText *words, const char *run, size_t len, bool is_query)
{
	struct social_text_bigram bigram;
	size_t pos = 0;

	while (social_text_bigram_next(run, len, &pos, &bigram))
	{
		bool is_alone = bigram.is_last && bigram.start == 0;

		words->pos++;
		if (!is_query || !bigram.is_last || is_alone)
			add_word(words, run + bigram.start, bigram.end - bigram.start, words->pos,
					 is_query && is_alone);
	}
}

/* Adds the words of a text as one configuration reads it, from position words->pos + 1 on. */
static void
read_words(ParsedText *words, Oid config, char *bytes, int len, bool is_query)
{
	struct social_text_run run;
	size_t pos = 0;

	if (!social_text_has_spaceless(bytes, len))
	{
		social_lexemes_read(config, words, bytes, len);
		return;
	}
	while (social_text_run_next(bytes, len, &pos, &run))
	{
		if (run.is_spaceless)
			read_bigrams(words, bytes + run.start, run.end - run.start, is_query);
		else
			social_lexemes_read(config, words, bytes + run.start, run.end - run.start);
	}
}

static void
begin_words(ParsedText *words, int len)
{
	words->lenwords = Max(len / 6, 16);
	words->words = palloc(words->lenwords * sizeof(ParsedWord));
	words->curwords = 0;
	words->pos = 0;
}

/* ---- vectors -------------------------------------------------------------------------------- */

static Datum
weighted_vector(const struct reader *reader, text *value, char weight)
{
	text *bytes = social_text_lowered(social_text_searchable(value));
	ParsedText words;

	begin_words(&words, VARSIZE_ANY_EXHDR(bytes));
	for (int i = 0; i < reader->count; i++)
	{
		words.pos = 0;
		read_words(&words, reader->configs[i], VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), false);
	}
	return DirectFunctionCall2(tsvector_setweight, TSVectorGetDatum(make_tsvector(&words)),
							   CharGetDatum(weight));
}

Datum
social_search_vector(text *title, text *content, const char *language)
{
	struct reader reader = reader_for(language);

	return DirectFunctionCall2(tsvector_concat, weighted_vector(&reader, title, 'A'),
							   weighted_vector(&reader, content, 'B'));
}

/* ---- queries -------------------------------------------------------------------------------- */

/* A word of a query as one of the configurations read it. */
struct reading
{
	ParsedWord *word;
	int config;
};

static int
compare_readings(const void *left, const void *right)
{
	const struct reading *a = left;
	const struct reading *b = right;

	if (a->word->pos.pos != b->word->pos.pos)
		return a->word->pos.pos < b->word->pos.pos ? -1 : 1;
	if (a->config != b->config)
		return a->config < b->config ? -1 : 1;
	if (a->word->nvariant != b->word->nvariant)
		return a->word->nvariant < b->word->nvariant ? -1 : 1;
	return a->word < b->word ? -1 : 1;
}

/* Do two readings belong together: parts of one variant of one word? */
static bool
is_same_variant(const struct reading *a, const struct reading *b)
{
	return a->config == b->config && a->word->nvariant == b->word->nvariant;
}

static bool
is_same_word(const ParsedWord *a, const ParsedWord *b)
{
	return a->len == b->len && memcmp(a->word, b->word, a->len) == 0;
}

/*
 * Pushes what stands at one position: the parts of a variant are all wanted, of the variants and
 * configurations one is enough. A configuration that takes the word for none (a stop word) makes it
 * one that may be missing. Returns false when nothing was pushed.
 */
static bool
push_position(TSQueryParserState state, const struct reading *readings, int count, int nconfigs,
			  int16 weight, bool is_prefix)
{
	int seen = 1;
	bool is_pushed = false;

	for (int i = 1; i < count; i++)
		seen += readings[i].config != readings[i - 1].config;
	if (seen < nconfigs)
		return false;
	for (int i = 0, next; i < count; i = next)
	{
		bool is_known = false;

		for (next = i + 1; next < count && is_same_variant(&readings[i], &readings[next]);)
			next++;
		for (int j = 0; next == i + 1 && j < i; j++)
			is_known |= is_same_word(readings[j].word, readings[i].word);
		if (is_known)
			continue;
		for (int j = i; j < next; j++)
		{
			ParsedWord *word = readings[j].word;

			pushValue(state, word->word, word->len, weight,
					  is_prefix || (word->flags & TSL_PREFIX));
			if (j > i)
				pushOperator(state, OP_AND, 0);
		}
		if (is_pushed)
			pushOperator(state, OP_OR, 0);
		is_pushed = true;
	}
	return is_pushed;
}

/* Pushes the words of sorted readings as a phrase with the gaps that the text has. */
static void
push_phrase(TSQueryParserState state, const struct reading *readings, int count, int nconfigs,
			int16 weight, bool is_prefix)
{
	int last = 0;

	for (int i = 0, next; i < count; i = next)
	{
		int pos = readings[i].word->pos.pos;
		bool is_first = last == 0;

		for (next = i; next < count && readings[next].word->pos.pos == pos;)
			next++;
		/* Words that ask for nothing keep their places; parse_tsquery makes distances of them. */
		for (; !is_first && last < pos - 1; last++)
		{
			pushStop(state);
			pushOperator(state, OP_PHRASE, 1);
		}
		if (!push_position(state, readings + i, next - i, nconfigs, weight, is_prefix))
		{
			if (is_first)
				continue;
			pushStop(state);
		}
		if (!is_first)
			pushOperator(state, OP_PHRASE, 1);
		last = pos;
	}
	if (last == 0)
		pushStop(state);
}

/* A PushFunction: one word or quoted phrase of a query. */
static void
push_words(Datum opaque, TSQueryParserState state, char *token, int len, int16 weight, bool prefix)
{
	const struct reader *reader = (const struct reader *) DatumGetPointer(opaque);
	ParsedText words[MAX_CONFIGS];
	struct reading *readings;
	int count = 0;

	for (int i = 0; i < reader->count; i++)
	{
		begin_words(&words[i], len);
		read_words(&words[i], reader->configs[i], token, len, true);
		count += words[i].curwords;
	}
	readings = palloc(Max(count, 1) * sizeof(struct reading));
	count = 0;
	for (int i = 0; i < reader->count; i++)
	{
		for (int j = 0; j < words[i].curwords; j++)
			readings[count++] = (struct reading){&words[i].words[j], i};
	}
	qsort(readings, count, sizeof(struct reading), compare_readings);
	push_phrase(state, readings, count, reader->count, weight, prefix);
	pfree(readings);
}

/* The server's parser has room for so many signs of negation in a row, and no word for more. */
static void
check_depth(const text *query)
{
	const char *bytes = VARDATA_ANY(query);
	int signs = 0;

	for (int i = 0; i < VARSIZE_ANY_EXHDR(query); i++)
	{
		if (bytes[i] == '-')
			signs++;
		else if (!isspace((unsigned char) bytes[i]))
			signs = 0;
		if (signs > MAX_NEGATIONS)
			ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("search query is too deep"),
							errdetail("It has more than %d minus signs in a row.", MAX_NEGATIONS)));
	}
}

void
social_search_check_query(const text *query)
{
	social_limit_require("search query", query);
	social_limit_check("search query", query, search_query_max_length);
}

TSQuery
social_search_query_of(text *query, text *language)
{
	const char *code = social_language(language);
	struct reader reader;
	text *bytes;

	social_search_check_query(query);
	if (code == NULL)
		code = social_guess_language((const text *const *) &query, 1);
	reader = reader_for(code);
	bytes = social_text_lowered(social_text_searchable(query));
	check_depth(bytes);
	if (reader.count == 1 &&
		!social_text_has_spaceless(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)))
		return DatumGetTSQuery(DirectFunctionCall2(websearch_to_tsquery_byid,
												   ObjectIdGetDatum(reader.configs[0]),
												   PointerGetDatum(bytes)));
	return social_compat_parse_websearch(text_to_cstring(bytes), push_words,
										 PointerGetDatum(&reader));
}

/* ---- SQL functions -------------------------------------------------------------------------- */

/* search_config() regconfig: what every post and query is read with. */
Datum
social_search_config(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(general_config());
}

static text *
text_or_null(FunctionCallInfo fcinfo, int i)
{
	return i >= PG_NARGS() || PG_ARGISNULL(i) ? NULL : PG_GETARG_TEXT_PP(i);
}

/* search_query(query text, language text) tsquery: as social_search_query_of. */
Datum
social_search_query(PG_FUNCTION_ARGS)
{
	PG_RETURN_TSQUERY(social_search_query_of(text_or_null(fcinfo, 0), text_or_null(fcinfo, 1)));
}

/* search_vector(title text, content text, language text) tsvector: what a post with them has. */
Datum
social_search_vector_sql(PG_FUNCTION_ARGS)
{
	text *parts[] = {text_or_null(fcinfo, 0), text_or_null(fcinfo, 1)};
	const char *language = social_language(text_or_null(fcinfo, 2));

	if (parts[0] == NULL || parts[1] == NULL)
		PG_RETURN_NULL();
	if (language == NULL)
		language = social_guess_language((const text *const *) parts, 2);
	return social_search_vector(parts[0], parts[1], language);
}

/* language_code(tag text) text: the code of a language tag; SM400 for an unknown language. */
Datum
social_language_sql(PG_FUNCTION_ARGS)
{
	const char *code = social_language(PG_GETARG_TEXT_PP(0));

	if (code == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(code));
}

/* guess_language(text) text: the code of the language that the script suggests; null: none. */
Datum
social_guess_language_sql(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	const char *code = social_guess_language((const text *const *) &value, 1);

	if (code == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(code));
}
