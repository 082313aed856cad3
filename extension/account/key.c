/*
 * key.c owns reading, making and publishing keys for tokens (see key.h). What becomes of them over
 * time is in sql/api/key.sql.
 *
 * The cores allocate with malloc; what they return is copied and freed before anything that can
 * raise, but for being out of memory.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/base64url.h"
#include "base/errors.h"
#include "core/jwk.h"
#include "account/key.h"
#include "base/query.h"

PG_FUNCTION_INFO_V1(social_generate_jwt_key);
PG_FUNCTION_INFO_V1(social_read_jwt_key);
PG_FUNCTION_INFO_V1(social_jwk_sql);
PG_FUNCTION_INFO_V1(social_jwks_keys);

#define SECRET_BYTES 32
#define SECRET_SIZE  SOCIAL_BASE64URL_SIZE(SECRET_BYTES)

#define KEY_COLUMNS "SELECT kid, alg, private_key, public_key FROM social.jwt_key"

static struct social_query find_key = {
	.sql = KEY_COLUMNS " WHERE kid = $1 AND status IN ('active', 'retired')",
	.narguments = 1,
	.types = {TEXTOID},
};
static struct social_query active_key = {.sql = KEY_COLUMNS " WHERE status = 'active'"};
static struct social_query ensure_key = {.sql = "SELECT social.ensure_jwt_key()"};
static struct social_query find_issuer = {
	.sql = "SELECT i.issuer, i.audience, i.user_claim, i.user_match, k.public_key"
		   " FROM social.jwt_issuers i LEFT JOIN LATERAL (SELECT f.*, count(*) OVER () AS fitting"
		   " FROM social.jwks_keys(i.jwks) f WHERE f.alg = $3) k"
		   " ON k.kid = $2 OR (k.fitting = 1 AND '' IN (k.kid, $2))"
		   " WHERE i.issuer = $1 ORDER BY k.kid = $2 DESC NULLS LAST LIMIT 1",
	.narguments = 3,
	.types = {TEXTOID, TEXTOID, TEXTOID},
};

/* ---- in the tables --------------------------------------------------------------------------- */

/* Runs a query; true when it has a row, whose text columns are then copied to the caller's memory.
 */
static bool
fetch_row(struct social_query *query, Datum *arguments, char **values, int count)
{
	MemoryContext caller = CurrentMemoryContext;
	bool found;

	SPI_connect();
	found = social_query_run(query, arguments) > 0;
	if (found)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		for (int i = 0; i < count; i++)
			values[i] = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return found;
}

static bool
fetch_key(struct social_query *query, Datum *arguments, struct social_stored_key *key)
{
	char *values[4];

	if (!fetch_row(query, arguments, values, lengthof(values)))
		return false;
	key->kid = values[0];
	key->algorithm = social_jws_algorithm_by_name(values[1]);
	key->private_key =
		values[2] == NULL
			? NULL
			: DatumGetByteaPP(DirectFunctionCall1(byteain, CStringGetDatum(values[2])));
	key->public_key = values[3];
	return true;
}

bool
social_key_find(const char *kid, struct social_stored_key *key)
{
	Datum arguments[1] = {CStringGetTextDatum(kid)};

	return fetch_key(&find_key, arguments, key);
}

void
social_key_signing(struct social_stored_key *key)
{
	if (fetch_key(&active_key, NULL, key))
		return;
	fetch_row(&ensure_key, NULL, NULL, 0);
	if (!fetch_key(&active_key, NULL, key))
		elog(ERROR, "the new signing key is missing");
}

/* Keys that this session has opened, with copies of their PEM; the oldest makes room. */
static struct opened_key
{
	struct social_jws_key key;
	bool is_public;
} opened_keys[4];
static int oldest_opened;

/* The key as it was opened before, else opens it; one that is no good stays closed. */
static struct social_jws_key
open_once(const struct social_jws_key *key, bool is_public)
{
	struct opened_key *place = &opened_keys[oldest_opened];
	char *copy;

	for (int i = 0; i < lengthof(opened_keys); i++)
	{
		struct social_jws_key *known = &opened_keys[i].key;

		if (known->opened != NULL && opened_keys[i].is_public == is_public &&
			known->algorithm == key->algorithm && known->len == key->len &&
			memcmp(known->bytes, key->bytes, key->len) == 0)
			return *known;
	}
	if (place->key.opened != NULL)
	{
		social_jws_close(&place->key);
		explicit_bzero((void *) place->key.bytes, place->key.len);
		pfree((void *) place->key.bytes);
	}
	place->key = (struct social_jws_key){.algorithm = key->algorithm, .len = key->len};
	copy = MemoryContextAlloc(TopMemoryContext, key->len);
	memcpy(copy, key->bytes, key->len);
	place->key.bytes = copy;
	if (!social_jws_open(&place->key, is_public))
	{
		pfree(copy);
		return *key;
	}
	place->is_public = is_public;
	oldest_opened = (oldest_opened + 1) % lengthof(opened_keys);
	return place->key;
}

struct social_jws_key
social_key_open(const struct social_stored_key *stored, bool is_public)
{
	struct social_jws_key key = {.algorithm = stored->algorithm};

	if (is_public && stored->public_key != NULL)
	{
		key.bytes = stored->public_key;
		key.len = strlen(stored->public_key);
	}
	else if (stored->private_key != NULL)
	{
		key.bytes = VARDATA_ANY(stored->private_key);
		key.len = VARSIZE_ANY_EXHDR(stored->private_key);
	}
	return key.bytes == NULL || key.algorithm == SOCIAL_JWS_HS256 ? key
																  : open_once(&key, is_public);
}

bool
social_issuer_find(const char *issuer, const struct social_jwt_header *header,
				   struct social_issuer *found)
{
	Datum arguments[3] = {CStringGetTextDatum(issuer), CStringGetTextDatum(header->kid),
						  CStringGetTextDatum(social_jws_algorithm_name(header->algorithm))};
	char *values[5];

	if (!fetch_row(&find_issuer, arguments, values, lengthof(values)))
		return false;
	*found = (struct social_issuer){values[0], values[1],         values[2],
									values[3], header->algorithm, values[4]};
	return true;
}

/* ---- from SQL -------------------------------------------------------------------------------- */

static void
refuse_algorithm(const char *algorithm)
{
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("unknown algorithm"),
					errdetail("\"%s\" is none of HS256, ES256 and RS256.", algorithm)));
}

static Datum
return_row(FunctionCallInfo fcinfo, Datum *values, bool *isnull)
{
	TupleDesc columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, isnull));
}

/*
 * generate_jwt_key(alg text, OUT private_key bytea, OUT public_key text): random; HS256 has no
 * public half. SM400 for an unknown algorithm.
 */
Datum
social_generate_jwt_key(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	enum social_jws_algorithm algorithm = social_jws_algorithm_by_name(name);
	unsigned char bytes[SECRET_BYTES];
	char secret[SECRET_SIZE];
	char *private_pem;
	char *public_pem;
	Datum values[2] = {0};
	bool isnull[2] = {false, algorithm == SOCIAL_JWS_HS256};

	if (algorithm == SOCIAL_JWS_UNKNOWN)
		refuse_algorithm(name);
	if (algorithm == SOCIAL_JWS_HS256)
	{
		if (!pg_strong_random(bytes, sizeof(bytes)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
		social_base64url_encode(bytes, sizeof(bytes), secret);
		values[0] = CStringGetTextDatum(secret); /* text and bytea look the same here */
		return return_row(fcinfo, values, isnull);
	}
	if (!social_jws_generate(algorithm, &private_pem, &public_pem))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not make a signing key")));
	values[0] = CStringGetTextDatum(private_pem);
	values[1] = CStringGetTextDatum(public_pem);
	explicit_bzero(private_pem, strlen(private_pem));
	free(private_pem);
	free(public_pem);
	return return_row(fcinfo, values, isnull);
}

/*
 * read_jwt_key(alg text, key bytea, OUT private_key bytea, OUT public_key text): a key that
 * somebody brings: a secret for HS256, else a PEM, of which private_key is null for a public key.
 * SM400 for an unknown algorithm, and for what is no key of it or too weak.
 */
Datum
social_read_jwt_key(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea *given = PG_GETARG_BYTEA_PP(1);
	struct social_jws_key key = {social_jws_algorithm_by_name(name), VARDATA_ANY(given),
								 VARSIZE_ANY_EXHDR(given)};
	char *private_pem;
	char *public_pem;
	Datum values[2] = {0};
	bool isnull[2] = {false, false};

	if (key.algorithm == SOCIAL_JWS_UNKNOWN)
		refuse_algorithm(name);
	if (key.algorithm == SOCIAL_JWS_HS256)
	{
		if (!social_jws_is_strong_secret(&key))
			ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid key"),
							errdetail("A secret for HS256 has 32 to %d bytes, which are no key or "
									  "certificate in PEM or DER, and not few of them repeated.",
									  SOCIAL_JWS_MAX_KEY_LENGTH)));
		values[0] = PointerGetDatum(given);
		isnull[1] = true;
		return return_row(fcinfo, values, isnull);
	}
	if (!social_jws_import(&key, &private_pem, &public_pem))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid key"),
						errdetail("It is no PEM, without a passphrase, of a key for %s (%s).", name,
								  key.algorithm == SOCIAL_JWS_ES256 ? "P-256"
																	: "RSA, 2048 bits or more")));
	isnull[0] = private_pem == NULL;
	if (private_pem != NULL)
	{
		values[0] = CStringGetTextDatum(private_pem); /* text and bytea look the same here */
		explicit_bzero(private_pem, strlen(private_pem));
	}
	values[1] = CStringGetTextDatum(public_pem);
	free(private_pem);
	free(public_pem);
	return return_row(fcinfo, values, isnull);
}

/*
 * jwk(kid text, alg text, public_key text) json: a public key as others read it; null for a key
 * that is not one of this algorithm.
 */
Datum
social_jwk_sql(PG_FUNCTION_ARGS)
{
	char *kid = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	text *pem = PG_GETARG_TEXT_PP(2);
	struct social_jws_key key = {social_jws_algorithm_by_name(name), VARDATA_ANY(pem),
								 VARSIZE_ANY_EXHDR(pem)};
	char *json = social_jwk_text(&key, kid);
	text *copy;

	if (json == NULL)
		PG_RETURN_NULL();
	copy = cstring_to_text(json);
	free(json);
	PG_RETURN_TEXT_P(copy);
}

/*
 * jwks_keys(jwks text, OUT kid text, OUT alg text, OUT public_key text) SETOF record: the keys of a
 * JSON Web Key Set that are for our algorithms, '' for no kid. SM400 for anything else.
 */
Datum
social_jwks_keys(PG_FUNCTION_ARGS)
{
	text *jwks = PG_GETARG_TEXT_PP(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	struct social_jwk_set set;
	enum social_jwk_result outcome =
		social_jwk_parse_set(VARDATA_ANY(jwks), VARSIZE_ANY_EXHDR(jwks), &set);

	if (outcome != SOCIAL_JWK_OK)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid key set"),
						errdetail("%s", social_jwk_result_text(outcome)),
						errhint("It is the JSON document at the issuer's jwks_uri.")));
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < set.count; i++)
	{
		struct social_jwk *key = &set.keys[i];
		Datum values[3] = {CStringGetTextDatum(key->kid),
						   CStringGetTextDatum(social_jws_algorithm_name(key->algorithm)),
						   CStringGetTextDatum(key->pem)};
		bool isnull[3] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	social_jwk_set_release(&set);
	return (Datum) 0;
}
