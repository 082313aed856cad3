/*
 * auth.c owns the SQL side of tokens, their settings and their keys.
 *
 * The core allocates with malloc; what it returns is copied or released before anything that can
 * raise. No message holds a token or a key.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base64url.h"
#include "errors.h"
#include "init.h"
#include "jwt.h"
#include "user.h"
#include "viewer.h"

PG_FUNCTION_INFO_V1(social_jwt_verify_sql);
PG_FUNCTION_INFO_V1(social_authenticate);
PG_FUNCTION_INFO_V1(social_sign_access_token);

/* Clocks of database servers differ by this much, in seconds. */
#define CLOCK_LEEWAY 5

/* Taken while the first key is made. */
#define FIRST_KEY_LOCK "pg_catalog.hashtextextended('social.jwt_key', 0)"

#define RANDOM_NAME_BYTES 16
#define RANDOM_NAME_SIZE  SOCIAL_BASE64URL_SIZE(RANDOM_NAME_BYTES)

static char *jwt_issuer;
static char *jwt_audience;
static int access_token_lifetime;

/* A row of jwt_key, in the caller's memory. */
struct stored_key
{
	char *kid;
	enum social_jws_algorithm algorithm;
	bytea *private_key; /* NULL when only verified */
	char *public_key;   /* NULL for HS256 */
};

/* ---- settings -----------------------------------------------------------------------------------
 */

static const struct
{
	const char *name;
	const char *purpose;
	char **value;
	const char *initial;
} text_settings[] = {
	{"social.jwt_issuer", "The issuer (iss) that tokens name.", &jwt_issuer, "social"},
	{"social.jwt_audience", "The audience (aud) that tokens are for.", &jwt_audience, "social"},
};

void
social_auth_init(void)
{
	for (int i = 0; i < lengthof(text_settings); i++)
		DefineCustomStringVariable(text_settings[i].name, text_settings[i].purpose, NULL,
								   text_settings[i].value, text_settings[i].initial, PGC_SUSET, 0,
								   NULL, NULL, NULL);
	DefineCustomIntVariable("social.access_token_lifetime", "How long an access token is valid.",
							NULL, &access_token_lifetime, 900, 1, 86400 * 366, PGC_SUSET,
							GUC_UNIT_S, NULL, NULL, NULL);
}

/* ---- keys in the table --------------------------------------------------------------------------
 */

/* The stored key that the query returns, copied to the caller's memory; false for no row. */
static bool
fetch_key(const char *query, const char *kid, struct stored_key *key)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid types[1] = {TEXTOID};
	Datum values[1];
	bool found;

	SPI_connect();
	values[0] = kid == NULL ? (Datum) 0 : CStringGetTextDatum(kid);
	if (SPI_execute_with_args(query, kid == NULL ? 0 : 1, types, values, NULL, false, 1) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not read the signing keys");
	found = SPI_processed > 0;
	if (found)
	{
		HeapTuple row = SPI_tuptable->vals[0];
		TupleDesc columns = SPI_tuptable->tupdesc;
		MemoryContext spi = MemoryContextSwitchTo(caller);
		bool isnull;
		Datum secret = SPI_getbinval(row, columns, 3, &isnull);

		key->kid = SPI_getvalue(row, columns, 1);
		key->algorithm = social_jws_algorithm_by_name(SPI_getvalue(row, columns, 2));
		key->private_key = isnull ? NULL : DatumGetByteaPCopy(secret);
		key->public_key = SPI_getvalue(row, columns, 4);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return found;
}

static bool
fetch_active_key(struct stored_key *key)
{
	return fetch_key("SELECT kid, alg, private_key, public_key FROM social.jwt_key"
					 " WHERE status = 'active'",
					 NULL, key);
}

/* Random, safe in URLs and file names. */
static void
make_random_name(char name[RANDOM_NAME_SIZE])
{
	unsigned char bytes[RANDOM_NAME_BYTES];

	if (!pg_strong_random(bytes, sizeof(bytes)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
	social_base64url_encode(bytes, sizeof(bytes), name);
}

static void
insert_active_key(void)
{
	Oid types[3] = {TEXTOID, BYTEAOID, TEXTOID};
	Datum values[3];
	char kid[RANDOM_NAME_SIZE];
	char *private_pem;
	char *public_pem;

	make_random_name(kid);
	if (!social_jws_generate_es256(&private_pem, &public_pem))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not make a signing key")));
	SPI_connect();
	values[0] = CStringGetTextDatum(kid);
	values[1] = CStringGetTextDatum(private_pem); /* text and bytea look the same here */
	values[2] = CStringGetTextDatum(public_pem);
	explicit_bzero(private_pem, strlen(private_pem));
	free(private_pem);
	free(public_pem);
	SPI_execute_with_args("INSERT INTO social.jwt_key (kid, alg, private_key, public_key, status)"
						  " VALUES ($1, 'ES256', $2, $3, 'active')",
						  3, types, values, NULL, false, 0);
	SPI_finish();
}

/* The key that signs. The first caller ever makes it; callers at the same time wait for that one.
 */
static void
get_signing_key(struct stored_key *key)
{
	if (fetch_active_key(key))
		return;
	SPI_connect();
	SPI_execute("SELECT pg_catalog.pg_advisory_xact_lock(" FIRST_KEY_LOCK ")", false, 0);
	SPI_finish();
	if (fetch_active_key(key))
		return;
	insert_active_key();
	if (!fetch_active_key(key))
		elog(ERROR, "the new signing key is missing");
}

/* What verifies a token that the stored key signed. */
static struct social_jws_key
verification_key(const struct stored_key *stored)
{
	struct social_jws_key key = {.algorithm = stored->algorithm};

	if (stored->public_key != NULL)
	{
		key.bytes = stored->public_key;
		key.len = strlen(stored->public_key);
	}
	else if (stored->private_key != NULL)
	{
		key.bytes = VARDATA_ANY(stored->private_key);
		key.len = VARSIZE_ANY_EXHDR(stored->private_key);
	}
	return key;
}

/* ---- tokens
 * -------------------------------------------------------------------------------------- */

static int64
seconds_since_1970(TimestampTz at)
{
	return at / USECS_PER_SEC - (at % USECS_PER_SEC < 0 ? 1 : 0) +
		   (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
}

static void
refuse_token(enum social_jwt_result result)
{
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_UNAUTHENTICATED), errmsg("invalid token"),
					errdetail("%s", social_jwt_result_text(result)),
					errhint("Log in again for a new token.")));
}

static char *
optional_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_NARGS() <= argument || PG_ARGISNULL(argument)
			   ? NULL
			   : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/*
 * social.jwt_verify(token text, key bytea, alg text, at timestamptz, issuer text, audience text)
 * -> jsonb: the claims, or SM401 with the reason as detail. Reads no table and no setting.
 */
Datum
social_jwt_verify_sql(PG_FUNCTION_ARGS)
{
	struct social_jws_key key = {0};
	struct social_jwt_policy policy = {0};
	struct social_jwt_claims claims;
	enum social_jwt_result result;
	text *token;
	bytea *bytes;
	char *json;
	char *copy;

	if (PG_ARGISNULL(0))
		refuse_token(SOCIAL_JWT_MALFORMED);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		refuse_token(SOCIAL_JWT_BAD_KEY);
	token = PG_GETARG_TEXT_PP(0);
	bytes = PG_GETARG_BYTEA_PP(1);
	key.algorithm = social_jws_algorithm_by_name(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	key.bytes = VARDATA_ANY(bytes);
	key.len = VARSIZE_ANY_EXHDR(bytes);
	policy.now =
		seconds_since_1970(PG_ARGISNULL(3) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(3));
	policy.issuer = optional_argument(fcinfo, 4);
	policy.audience = optional_argument(fcinfo, 5);

	result =
		social_jwt_verify(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token), &key, &policy, &claims);
	if (result != SOCIAL_JWT_OK)
		refuse_token(result);
	json = social_jwt_claims_text(&claims);
	social_jwt_claims_release(&claims);
	if (json == NULL)
		refuse_token(SOCIAL_JWT_FAILURE);
	copy = pstrdup(json);
	free(json);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(copy));
}

/* social.authenticate(token text) -> bigint: the token's user acts until the transaction ends. */
Datum
social_authenticate(PG_FUNCTION_ARGS)
{
	text *token = PG_GETARG_TEXT_PP(0);
	const char *chars = VARDATA_ANY(token);
	size_t len = VARSIZE_ANY_EXHDR(token);
	struct social_jwt_policy policy = {.now = seconds_since_1970(GetCurrentTimestamp()),
									   .leeway = CLOCK_LEEWAY,
									   .issuer = jwt_issuer,
									   .audience = jwt_audience,
									   .is_access_token = true};
	struct social_jwt_header header;
	struct social_jwt_claims claims;
	struct social_jws_key key;
	struct stored_key stored;
	enum social_jwt_result result = social_jwt_peek(chars, len, &header);
	int64 user_id;

	if (result != SOCIAL_JWT_OK)
		refuse_token(result);
	if (!header.has_kid || !fetch_key("SELECT kid, alg, private_key, public_key FROM social.jwt_key"
									  " WHERE kid = $1 AND status IN ('active', 'retired')",
									  header.kid, &stored))
		refuse_token(SOCIAL_JWT_BAD_KEY);
	key = verification_key(&stored);
	result = social_jwt_verify(chars, len, &key, &policy, &claims);
	if (result != SOCIAL_JWT_OK)
		refuse_token(result);
	user_id = claims.subject_id;
	social_jwt_claims_release(&claims);

	if (!social_user_is_active(user_id))
		refuse_token(SOCIAL_JWT_BAD_SUBJECT);
	social_viewer_set(user_id, false);
	PG_RETURN_INT64(user_id);
}

/* The claims of a new access token, as JSON. */
static char *
make_claims(int64 user_id, const char *session_id, int64 now, int64 exp)
{
	char jti[RANDOM_NAME_SIZE];
	StringInfoData json;

	make_random_name(jti);
	initStringInfo(&json);
	appendStringInfoString(&json, "{\"iss\":");
	escape_json(&json, jwt_issuer);
	appendStringInfoString(&json, ",\"aud\":");
	escape_json(&json, jwt_audience);
	appendStringInfo(&json, ",\"sub\":\"" INT64_FORMAT "\",\"sid\":", user_id);
	escape_json(&json, session_id);
	appendStringInfo(&json,
					 ",\"jti\":\"%s\",\"iat\":" INT64_FORMAT ",\"nbf\":" INT64_FORMAT
					 ",\"exp\":" INT64_FORMAT "}",
					 jti, now, now, exp);
	return json.data;
}

/*
 * social.sign_access_token(user_id bigint, session_id text, expires_at timestamptz) -> text; null
 * means social.access_token_lifetime from now.
 */
Datum
social_sign_access_token(PG_FUNCTION_ARGS)
{
	int64 now = seconds_since_1970(GetCurrentTimestamp());
	int64 exp = PG_NARGS() <= 2 || PG_ARGISNULL(2) ? now + access_token_lifetime
												   : seconds_since_1970(PG_GETARG_TIMESTAMPTZ(2));
	char *claims;
	struct stored_key stored;
	struct social_jws_key key;
	enum social_jwt_result result;
	char *token;
	text *copy;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	claims = make_claims(PG_GETARG_INT64(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), now, exp);
	get_signing_key(&stored);
	key.algorithm = stored.algorithm;
	key.bytes = VARDATA_ANY(stored.private_key);
	key.len = VARSIZE_ANY_EXHDR(stored.private_key);
	result = social_jwt_sign(&key, stored.kid, claims, &token);
	explicit_bzero(VARDATA_ANY(stored.private_key), key.len);
	if (result != SOCIAL_JWT_OK)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not sign a token"),
						errdetail("%s", social_jwt_result_text(result)),
						errhint("Log in again for a new token.")));
	copy = cstring_to_text(token);
	free(token);
	PG_RETURN_TEXT_P(copy);
}
