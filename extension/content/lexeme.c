/*
 * lexeme.c owns what dictionaries make of words, kept for the session (see lexeme.h).
 *
 * Kept is what a configuration makes of a token, until something about configurations or
 * dictionaries changes. Only of dictionaries that are known to look at one word and at nothing
 * else: the server's own, but for the thesaurus, which asks for the next one. Whatever has others
 * is read by parsetext(), whose steps these are.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_template.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "tsearch/ts_cache.h"
#include "tsearch/ts_public.h"
#include "tsearch/ts_type.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "content/lexeme.h"

/* Words kept, a power of two; longer ones are not. */
#define WORDS          4096
#define LENGTH_MAX     48
#define LEXEMES_MAX    4
#define CONFIGS_JUDGED 8

struct lexeme
{
	uint16 nvariant;
	uint16 flags;
	int start; /* in bytes[] of its word */
};

/* What became of a token. */
struct word
{
	Oid config;
	int type;
	int len;
	int count; /* of lexemes: none for a stop word; -1: no dictionary knows it */
	struct lexeme lexemes[LEXEMES_MAX];
	char bytes[FLEXIBLE_ARRAY_MEMBER]; /* the token, then its lexemes, each ended by a NUL */
};

static MemoryContext memory; /* of the words */
static struct word *words[WORDS];
static bool is_stale;

/* Configurations that were looked at. */
static struct
{
	Oid config;
	bool is_plain;
} judged[CONFIGS_JUDGED];
static int njudged;

/* ---- until something changes ----------------------------------------------------------------- */

/* Nothing is freed here: a text may be being read. */
static void
on_change(Datum arg, int cache, uint32 hash)
{
	is_stale = true;
}

static void
begin(void)
{
	if (memory == NULL)
	{
		memory = AllocSetContextCreate(TopMemoryContext, "social lexemes", ALLOCSET_DEFAULT_SIZES);
		CacheRegisterSyscacheCallback(TSCONFIGOID, on_change, (Datum) 0);
		CacheRegisterSyscacheCallback(TSCONFIGMAP, on_change, (Datum) 0);
		CacheRegisterSyscacheCallback(TSDICTOID, on_change, (Datum) 0);
		CacheRegisterSyscacheCallback(TSTEMPLATEOID, on_change, (Datum) 0);
	}
	if (!is_stale)
		return;
	is_stale = false;
	njudged = 0;
	memset(words, 0, sizeof(words));
	MemoryContextReset(memory);
}

/* Does a dictionary look at one word, and at nothing else? */
static bool
is_plain_dictionary(Oid dictionary)
{
	HeapTuple row = SearchSysCache1(TSDICTOID, ObjectIdGetDatum(dictionary));
	HeapTuple template;
	bool is_plain = false;

	if (!HeapTupleIsValid(row))
		return false;
	template = SearchSysCache1(TSTEMPLATEOID,
							   ObjectIdGetDatum(((Form_pg_ts_dict) GETSTRUCT(row))->dicttemplate));
	if (HeapTupleIsValid(template))
	{
		Form_pg_ts_template form = (Form_pg_ts_template) GETSTRUCT(template);

		is_plain = form->oid < FirstNormalObjectId && form->tmpllexize != F_THESAURUS_LEXIZE;
		ReleaseSysCache(template);
	}
	ReleaseSysCache(row);
	return is_plain;
}

/* Do all dictionaries of a configuration? */
static bool
is_plain(const TSConfigCacheEntry *config)
{
	bool result = true;

	for (int i = 0; i < njudged; i++)
	{
		if (judged[i].config == config->cfgId)
			return judged[i].is_plain;
	}
	for (int type = 0; type < config->lenmap; type++)
	{
		for (int i = 0; i < config->map[type].len && result; i++)
			result = is_plain_dictionary(config->map[type].dictIds[i]);
	}
	if (njudged < CONFIGS_JUDGED)
	{
		judged[njudged].config = config->cfgId;
		judged[njudged++].is_plain = result;
	}
	return result;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* What the dictionaries of a token's type make of it; NULL when none of them knows it. */
static TSLexeme *
ask_dictionaries(const TSConfigCacheEntry *config, int type, char *token, int len)
{
	const ListDictionary *dictionaries = &config->map[type];

	for (int i = 0; i < dictionaries->len; i++)
	{
		TSDictionaryCacheEntry *dictionary = lookup_ts_dictionary_cache(dictionaries->dictIds[i]);
		DictSubState state = {0};
		TSLexeme *found = (TSLexeme *) DatumGetPointer(
			FunctionCall4(&dictionary->lexize, PointerGetDatum(dictionary->dictData),
						  PointerGetDatum(token), Int32GetDatum(len), PointerGetDatum(&state)));

		if (found == NULL)
			continue;
		if (!(found->flags & TSL_FILTER))
			return found;
		token = found->lexeme;
		len = strlen(token);
	}
	return NULL;
}

static struct word **
place_of(Oid config, int type, const char *token, int len)
{
	uint32 hash = hash_bytes((const unsigned char *) token, len) ^ murmurhash32(config + type);

	return &words[hash & (WORDS - 1)];
}

/* Keeps what became of a token, unless that is unusually much. */
static void
keep(struct word **place, Oid config, int type, const char *token, int len, const TSLexeme *lexemes)
{
	int count = lexemes == NULL ? -1 : 0;
	Size size = len;
	struct word *word;

	for (const TSLexeme *at = lexemes; at != NULL && at->lexeme != NULL; at++)
	{
		if (count == LEXEMES_MAX)
			return;
		size += strlen(at->lexeme) + 1;
		count++;
	}
	word = MemoryContextAlloc(memory, offsetof(struct word, bytes) + size);
	word->config = config;
	word->type = type;
	word->len = len;
	word->count = count;
	memcpy(word->bytes, token, len);
	for (int i = 0, end = len; i < count; i++)
	{
		word->lexemes[i] = (struct lexeme){lexemes[i].nvariant, lexemes[i].flags, end};
		strcpy(word->bytes + end, lexemes[i].lexeme);
		end += strlen(lexemes[i].lexeme) + 1;
	}
	if (*place != NULL)
		pfree(*place);
	*place = word;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The lexeme is the list's from now on. */
static void
add(ParsedText *list, char *lexeme, uint16 nvariant, uint16 flags)
{
	ParsedWord *added;

	if (list->curwords == list->lenwords)
	{
		list->lenwords *= 2;
		list->words = repalloc(list->words, list->lenwords * sizeof(ParsedWord));
	}
	if (flags & TSL_ADDPOS)
		list->pos++;
	added = &list->words[list->curwords++];
	memset(added, 0, sizeof(ParsedWord));
	added->word = lexeme;
	added->len = strlen(lexeme);
	added->nvariant = nvariant;
	added->flags = flags & TSL_PREFIX;
	added->pos.pos = LIMITPOS(list->pos);
}

static void
add_kept(ParsedText *list, const struct word *word)
{
	if (word->count >= 0)
		list->pos++;
	for (int i = 0; i < word->count; i++)
		add(list, pstrdup(word->bytes + word->lexemes[i].start), word->lexemes[i].nvariant,
			word->lexemes[i].flags);
}

static void
read_token(ParsedText *list, const TSConfigCacheEntry *config, int type, char *token, int len)
{
	struct word **place = place_of(config->cfgId, type, token, len);
	const struct word *word = *place;
	TSLexeme *lexemes;

	if (word != NULL && word->config == config->cfgId && word->type == type && word->len == len &&
		memcmp(word->bytes, token, len) == 0)
	{
		add_kept(list, word);
		return;
	}
	lexemes = ask_dictionaries(config, type, token, len);
	if (len <= LENGTH_MAX)
		keep(place, config->cfgId, type, token, len, lexemes);
	if (lexemes == NULL)
		return;
	list->pos++;
	for (const TSLexeme *at = lexemes; at->lexeme != NULL; at++)
		add(list, at->lexeme, at->nvariant, at->flags);
	pfree(lexemes);
}

void
social_lexemes_read(Oid config_id, ParsedText *list, char *bytes, int len)
{
	const TSConfigCacheEntry *config;
	TSParserCacheEntry *parser;
	Datum reading;
	char *token = NULL;
	int token_len = 0;
	int type;

	begin();
	config = lookup_ts_config_cache(config_id);
	if (!is_plain(config))
	{
		parsetext(config_id, list, bytes, len);
		return;
	}
	parser = lookup_ts_parser_cache(config->prsId);
	reading = FunctionCall2(&parser->prsstart, PointerGetDatum(bytes), Int32GetDatum(len));
	while ((type = DatumGetInt32(FunctionCall3(&parser->prstoken, reading, PointerGetDatum(&token),
											   PointerGetDatum(&token_len)))) > 0)
	{
		if (token_len >= MAXSTRLEN)
			ereport(NOTICE, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							 errmsg("word is too long to be indexed"),
							 errdetail("Words longer than %d characters are ignored.", MAXSTRLEN)));
		else if (type < config->lenmap && config->map[type].len > 0)
			read_token(list, config, type, token, token_len);
	}
	FunctionCall1(&parser->prsend, reading);
}
