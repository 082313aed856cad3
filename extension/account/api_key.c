/*
 * api_key.c owns API keys for the C side. What keys are is in sql/api/api_key.sql.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include <openssl/crypto.h>

#include "account/api_key.h"
#include "base/column.h"
#include "base/place.h"
#include "base/query.h"
#include "base/table.h"
#include "core/api_key.h"

PG_FUNCTION_INFO_V1(social_api_key_new);
PG_FUNCTION_INFO_V1(social_api_key_problem);
PG_FUNCTION_INFO_V1(social_api_scopes);

#define RANDOM_SIZE 128
#define DIGEST_SIZE 32

/* ---- the text -------------------------------------------------------------------------------- */

/* api_key_new() text: one that nobody has. */
Datum
social_api_key_new(PG_FUNCTION_ARGS)
{
	unsigned char random[RANDOM_SIZE];
	char key[SOCIAL_API_KEY_LENGTH + 1];

	if (!pg_strong_random(random, sizeof(random)) ||
		!social_api_key_make(random, sizeof(random), key))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
	PG_RETURN_TEXT_P(cstring_to_text(key));
}

/* api_key_problem(token text) text: why a text is no key as it was given out; null: it is. */
Datum
social_api_key_problem(PG_FUNCTION_ARGS)
{
	text *token = PG_GETARG_TEXT_PP(0);
	enum social_api_key_result result =
		social_api_key_check(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token));

	if (result == SOCIAL_API_KEY_OK)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(social_api_key_result_text(result)));
}

/* ---- one key --------------------------------------------------------------------------------- */

/* The part of a key that it is known by finds the row; its digest is compared in constant time. */
const char *
social_api_key_find(const text *token, struct social_api_key *key)
{
	static struct social_query query = {
		.sql = "SELECT k.id, k.user_id, k.expires_at, k.digest, sha256(convert_to($2, 'UTF8')) "
			   "FROM social.api_keys k WHERE k.prefix = $1 AND k.revoked_at IS NULL AND "
			   "k.expires_at > now()",
		.narguments = 2,
		.types = {TEXTOID, TEXTOID},
	};
	const char *chars = VARDATA_ANY(token);
	enum social_api_key_result result = social_api_key_check(chars, VARSIZE_ANY_EXHDR(token));
	Datum arguments[2];
	bool found = false;

	if (result != SOCIAL_API_KEY_OK)
		return social_api_key_result_text(result);
	arguments[0] = PointerGetDatum(cstring_to_text_with_len(chars, SOCIAL_API_KEY_NAME));
	arguments[1] = PointerGetDatum(token);
	SPI_connect();
	if (social_query_run(&query, arguments) == 1)
	{
		HeapTuple row = SPI_tuptable->vals[0];
		TupleDesc columns = SPI_tuptable->tupdesc;
		bool isnull;
		bytea *kept = DatumGetByteaPP(SPI_getbinval(row, columns, 4, &isnull));
		bytea *given = DatumGetByteaPP(SPI_getbinval(row, columns, 5, &isnull));

		*key = (struct social_api_key){
			.id = DatumGetInt64(SPI_getbinval(row, columns, 1, &isnull)),
			.user_id = DatumGetInt64(SPI_getbinval(row, columns, 2, &isnull)),
			.expires_at = DatumGetTimestampTz(SPI_getbinval(row, columns, 3, &isnull))};
		found = VARSIZE_ANY_EXHDR(kept) == DIGEST_SIZE &&
				CRYPTO_memcmp(VARDATA_ANY(kept), VARDATA_ANY(given), DIGEST_SIZE) == 0;
	}
	SPI_finish();
	return found ? NULL : "the API key is unknown, has expired or was revoked";
}

/* The key's row as the snapshot sees it, and the table, which is open; NULL: there is none. */
static HeapTuple
read_key(int64 key_id, Snapshot snapshot, Relation *keys)
{
	*keys = social_table_open("api_keys", AccessShareLock);
	return social_place_find(*keys, key_id, snapshot);
}

bool
social_api_key_is_live(int64 key_id, int64 user_id, Snapshot snapshot)
{
	Relation keys;
	HeapTuple row = read_key(key_id, snapshot, &keys);
	TupleDesc columns = RelationGetDescr(keys);
	bool live = false;
	bool isnull;

	if (row != NULL)
	{
		live = heap_attisnull(row, SOCIAL_API_KEYS_REVOKED_AT, columns) &&
			   DatumGetInt64(heap_getattr(row, SOCIAL_API_KEYS_USER_ID, columns, &isnull)) ==
				   user_id &&
			   DatumGetTimestampTz(heap_getattr(row, SOCIAL_API_KEYS_EXPIRES_AT, columns,
												&isnull)) > GetCurrentTransactionStartTimestamp();
		heap_freetuple(row);
	}
	table_close(keys, AccessShareLock);
	return live;
}

/* The scopes of an array of words; one that is not known says nothing. */
static uint32
read_scopes(ArrayType *array)
{
	Datum *words;
	int count;
	uint32 scopes = 0;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &words, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		text *word = DatumGetTextPP(words[i]);

		scopes |= social_scope_named(VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word));
	}
	return scopes;
}

uint32
social_api_key_scopes(int64 key_id, Snapshot snapshot)
{
	Relation keys;
	HeapTuple row = read_key(key_id, snapshot, &keys);
	uint32 scopes = 0;
	bool isnull;

	if (row != NULL)
	{
		scopes = read_scopes(DatumGetArrayTypeP(
			heap_getattr(row, SOCIAL_API_KEYS_SCOPES, RelationGetDescr(keys), &isnull)));
		heap_freetuple(row);
	}
	table_close(keys, AccessShareLock);
	return scopes;
}

/* api_scopes(OUT scope text, OUT description text): the words for what keys may do. */
Datum
social_api_scopes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < SOCIAL_SCOPES; i++)
	{
		Datum values[2] = {CStringGetTextDatum(social_scope_name(i)),
						   CStringGetTextDatum(social_scope_purpose(i))};
		bool isnull[2] = {false, false};

		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	PG_RETURN_NULL();
}
