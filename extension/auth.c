/*
 * auth.c owns the SQL side of tokens and their settings: verifying, signing, and who a token says
 * acts.
 *
 * The core allocates with malloc; what it returns is copied or released before anything that can
 * raise. No message holds a token or a key.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base64url.h"
#include "errors.h"
#include "init.h"
#include "jwt.h"
#include "key.h"
#include "query.h"
#include "session.h"
#include "table.h"
#include "user.h"
#include "viewer.h"

PG_FUNCTION_INFO_V1(social_jwt_verify_sql);
PG_FUNCTION_INFO_V1(social_authenticate);
PG_FUNCTION_INFO_V1(social_verify_token);
PG_FUNCTION_INFO_V1(social_sign_access_token);

#define INVALID_TOKEN "invalid token"
#define CLAIM_SIZE    512

#define RANDOM_NAME_BYTES 16
#define RANDOM_NAME_SIZE  SOCIAL_BASE64URL_SIZE(RANDOM_NAME_BYTES)

static char *jwt_issuer;
static char *jwt_audience;
static int access_token_lifetime;
static int leeway;
static int key_lifetime;

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
	DefineCustomIntVariable("social.jwt_key_lifetime",
							"After what time of signing a key is rotated; 0 means by hand only.",
							NULL, &key_lifetime, 0, 0, 86400 * 3660, PGC_SUSET, GUC_UNIT_S, NULL,
							NULL, NULL);
	DefineCustomIntVariable("social.jwt_leeway",
							"How far clocks may differ when a token is checked.", NULL, &leeway, 5,
							0, 300, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
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

/* ---- with a key that is given --------------------------------------------------------------- */

static int64
seconds_since_1970(TimestampTz at)
{
	return at / USECS_PER_SEC - (at % USECS_PER_SEC < 0 ? 1 : 0) +
		   (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
}

/* The moment; infinity for one beyond what a timestamp holds. */
static TimestampTz
timestamp_of(int64 seconds)
{
	int64 since_2000 = seconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;

	return since_2000 < END_TIMESTAMP / USECS_PER_SEC ? since_2000 * USECS_PER_SEC : DT_NOEND;
}

static void
refuse_token(const char *reason)
{
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_UNAUTHENTICATED), errmsg(INVALID_TOKEN),
					errdetail("%s", reason), errhint("Log in again for a new token.")));
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
		refuse_token(social_jwt_result_text(SOCIAL_JWT_MALFORMED));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		refuse_token(social_jwt_result_text(SOCIAL_JWT_BAD_KEY));
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
		refuse_token(social_jwt_result_text(result));
	json = social_jwt_claims_text(&claims);
	social_jwt_claims_release(&claims);
	if (json == NULL)
		refuse_token(social_jwt_result_text(SOCIAL_JWT_FAILURE));
	copy = pstrdup(json);
	free(json);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(copy));
}

/* ---- with the keys in the tables ------------------------------------------------------------- */

/* Who a token lets act. */
struct bearer
{
	int64 user_id;
	int64 session_id; /* 0: it names none */
	int64 exp;        /* seconds since 1970 */
	char jti[CLAIM_SIZE];
};

/* Verifies with a key; on OK the caller releases the claims. */
static enum social_jwt_result
verify_with(const text *token, const struct social_jws_key *key, const char *issuer,
			const char *audience, bool is_access_token, struct social_jwt_claims *claims)
{
	struct social_jwt_policy policy = {.now = seconds_since_1970(GetCurrentTimestamp()),
									   .leeway = leeway,
									   .issuer = issuer,
									   .audience = audience,
									   .is_access_token = is_access_token};

	return social_jwt_verify(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token), key, &policy, claims);
}

/* Copies the claims that every bearer has, and releases them all; false when one is no good. */
static bool
take_claims(struct social_jwt_claims *claims, struct bearer *bearer)
{
	bool fits = claims->jti == NULL || strlen(claims->jti) < sizeof(bearer->jti);

	bearer->user_id = claims->subject_id;
	bearer->exp = claims->exp;
	strlcpy(bearer->jti, claims->jti == NULL ? "" : claims->jti, sizeof(bearer->jti));
	bearer->session_id = claims->sid == NULL ? 0 : social_session_parse(claims->sid);
	fits = fits && (claims->sid == NULL || bearer->session_id != 0);
	social_jwt_claims_release(claims);
	return fits;
}

/* A token of ours, or of somebody whose public key stands among ours. */
static enum social_jwt_result
open_own(const text *token, const struct social_stored_key *stored, struct bearer *bearer)
{
	struct social_jws_key key = social_key_verifier(stored);
	struct social_jwt_claims claims;
	enum social_jwt_result result =
		verify_with(token, &key, jwt_issuer, jwt_audience, true, &claims);

	if (result != SOCIAL_JWT_OK)
		return result;
	return take_claims(&claims, bearer) ? SOCIAL_JWT_OK : SOCIAL_JWT_BAD_CLAIMS;
}

/* The account that a registered issuer's claim names, or 0. */
static int64
find_account(const char *match, const char *value)
{
	static struct social_query by_email = {
		.sql = "SELECT id FROM social.users WHERE lower(email) = lower($1) AND email <> ''",
		.narguments = 1,
		.types = {TEXTOID},
	};
	Datum arguments[1] = {CStringGetTextDatum(value)};
	int64 user_id = 0;
	bool isnull;

	if (strcmp(match, "id") == 0)
		return social_session_parse(value); /* ids of accounts look the same */
	if (strcmp(match, "username") == 0)
		return social_active_user_named(value);
	SPI_connect();
	if (social_query_run(&by_email, arguments) == 1)
		user_id =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return user_id;
}

/* A token of a registered issuer. Its sessions are not ours. */
static enum social_jwt_result
open_foreign(const text *token, const struct social_issuer *issuer, struct bearer *bearer)
{
	struct social_jws_key key = {issuer->algorithm, issuer->public_key, strlen(issuer->public_key)};
	struct social_jwt_claims claims;
	char account[CLAIM_SIZE];
	bool has_account;
	enum social_jwt_result result =
		verify_with(token, &key, issuer->issuer,
					issuer->audience == NULL ? jwt_audience : issuer->audience, false, &claims);

	if (result != SOCIAL_JWT_OK)
		return result;
	has_account = social_jwt_claim(&claims, issuer->user_claim, account, sizeof(account));
	claims.sid = NULL;
	if (!take_claims(&claims, bearer))
		return SOCIAL_JWT_BAD_CLAIMS;
	if (bearer->exp == 0)
		return SOCIAL_JWT_MISSING_CLAIM;
	bearer->user_id = has_account ? find_account(issuer->user_match, account) : 0;
	return bearer->user_id == 0 ? SOCIAL_JWT_BAD_SUBJECT : SOCIAL_JWT_OK;
}

/* Checks a token's signature and claims. The header, then iss, only choose the key to try. */
static enum social_jwt_result
open_token(const text *token, struct bearer *bearer)
{
	const char *chars = VARDATA_ANY(token);
	size_t len = VARSIZE_ANY_EXHDR(token);
	char name[SOCIAL_JWT_ISSUER_MAX + 1];
	struct social_jwt_header header;
	struct social_stored_key stored;
	struct social_issuer issuer;
	enum social_jwt_result result = social_jwt_peek(chars, len, &header);

	if (result != SOCIAL_JWT_OK)
		return result;
	if (header.has_kid && social_key_find(header.kid, &stored))
		return open_own(token, &stored, bearer);
	social_jwt_peek_issuer(chars, len, name);
	if (name[0] != '\0' && social_issuer_find(name, header.kid, &issuer))
		return open_foreign(token, &issuer, bearer);
	return SOCIAL_JWT_BAD_KEY;
}

static bool
is_blacklisted(const char *jti)
{
	Relation blacklist = social_table_open("token_blacklist", AccessShareLock);
	Relation index = social_table_primary_key(blacklist, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(blacklist, NULL);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	bool found =
		social_table_find(blacklist, index, F_TEXTEQ, CStringGetTextDatum(jti), snapshot, slot);

	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(blacklist, AccessShareLock);
	return found;
}

/* Everything that a token must pass to let somebody act; NULL, or why it does not. */
static const char *
check_bearer(const text *token, struct bearer *bearer)
{
	enum social_jwt_result result = open_token(token, bearer);

	if (result != SOCIAL_JWT_OK)
		return social_jwt_result_text(result);
	if (bearer->jti[0] != '\0' && is_blacklisted(bearer->jti))
		return "the token was taken back";
	if (!social_user_is_active(bearer->user_id))
		return "the account is gone, inactive or suspended";
	if (bearer->session_id != 0 && !social_session_is_live(bearer->session_id, bearer->user_id))
		return "the session has ended";
	return NULL;
}

/* social.authenticate(token text) -> bigint: the token's user acts until the transaction ends. */
Datum
social_authenticate(PG_FUNCTION_ARGS)
{
	struct bearer bearer;
	const char *reason = check_bearer(PG_GETARG_TEXT_PP(0), &bearer);

	if (reason != NULL)
		refuse_token(reason);
	social_viewer_set(bearer.user_id, false);
	social_viewer_session_set(bearer.session_id);
	PG_RETURN_INT64(bearer.user_id);
}

/*
 * social.verify_token(token text, OUT user_id bigint, OUT session_id bigint, OUT expires_at
 * timestamptz, OUT jti text, OUT error_code text, OUT error_message text, OUT error_detail text)
 */
Datum
social_verify_token(PG_FUNCTION_ARGS)
{
	struct bearer bearer;
	const char *reason = PG_ARGISNULL(0) ? social_jwt_result_text(SOCIAL_JWT_MALFORMED)
										 : check_bearer(PG_GETARG_TEXT_PP(0), &bearer);
	Datum values[7] = {0};
	bool isnull[7] = {true, true, true, true, true, true, true};
	TupleDesc columns;

	if (reason == NULL)
	{
		values[0] = Int64GetDatum(bearer.user_id);
		values[1] = Int64GetDatum(bearer.session_id);
		values[2] = TimestampTzGetDatum(timestamp_of(bearer.exp));
		isnull[0] = isnull[2] = false;
		isnull[1] = bearer.session_id == 0;
		values[3] = CStringGetTextDatum(bearer.jti);
		isnull[3] = bearer.jti[0] == '\0';
	}
	else
	{
		values[4] = CStringGetTextDatum("SM401");
		values[5] = CStringGetTextDatum(INVALID_TOKEN);
		values[6] = CStringGetTextDatum(reason);
		isnull[4] = isnull[5] = isnull[6] = false;
	}
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, isnull)));
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
	struct social_stored_key stored;
	struct social_jws_key key;
	enum social_jwt_result result;
	char *token;
	text *copy;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	claims = make_claims(PG_GETARG_INT64(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), now, exp);
	social_key_signing(&stored);
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
