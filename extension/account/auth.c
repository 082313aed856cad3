/*
 * auth.c owns the SQL side of tokens and their settings: verifying with a given key, and signing.
 * Whom a token lets act is in bearer.c.
 *
 * The core allocates with malloc; what it returns is copied or released before anything that can
 * raise. No message holds a token or a key.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "account/auth.h"
#include "core/base64url.h"
#include "base/errors.h"
#include "base/init.h"
#include "core/jwt.h"
#include "account/key.h"

PG_FUNCTION_INFO_V1(social_jwt_verify_sql);
PG_FUNCTION_INFO_V1(social_sign_access_token);

#define RANDOM_NAME_BYTES 16
#define RANDOM_NAME_SIZE  SOCIAL_BASE64URL_SIZE(RANDOM_NAME_BYTES)

char *social_jwt_issuer;
char *social_jwt_audience;
static int access_token_lifetime;
int social_jwt_leeway;
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
	{"social.jwt_issuer", "The issuer (iss) that tokens name.", &social_jwt_issuer, "social"},
	{"social.jwt_audience", "The audience (aud) that tokens are for.", &social_jwt_audience,
	 "social"},
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
							"How far clocks may differ when a token is checked.", NULL,
							&social_jwt_leeway, 5, 0, 300, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
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

int64
social_auth_seconds(TimestampTz at)
{
	return at / USECS_PER_SEC - (at % USECS_PER_SEC < 0 ? 1 : 0) +
		   (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
}

void
social_auth_refuse(const char *reason)
{
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_UNAUTHENTICATED), errmsg(SOCIAL_AUTH_INVALID_TOKEN),
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
		social_auth_refuse(social_jwt_result_text(SOCIAL_JWT_MALFORMED));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		social_auth_refuse(social_jwt_result_text(SOCIAL_JWT_BAD_KEY));
	token = PG_GETARG_TEXT_PP(0);
	bytes = PG_GETARG_BYTEA_PP(1);
	key.algorithm = social_jws_algorithm_by_name(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	key.bytes = VARDATA_ANY(bytes);
	key.len = VARSIZE_ANY_EXHDR(bytes);
	policy.now =
		social_auth_seconds(PG_ARGISNULL(3) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(3));
	policy.issuer = optional_argument(fcinfo, 4);
	policy.audience = optional_argument(fcinfo, 5);

	result =
		social_jwt_verify(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token), &key, &policy, &claims);
	if (result != SOCIAL_JWT_OK)
		social_auth_refuse(social_jwt_result_text(result));
	json = social_jwt_claims_text(&claims);
	social_jwt_claims_release(&claims);
	if (json == NULL)
		social_auth_refuse(social_jwt_result_text(SOCIAL_JWT_FAILURE));
	copy = pstrdup(json);
	free(json);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(copy));
}

/* ---- signing ----------------------------------------------------------------------------------
 */

/* The claims of a new access token, as JSON. */
static char *
make_claims(int64 user_id, const char *session_id, int64 now, int64 exp)
{
	char jti[RANDOM_NAME_SIZE];
	StringInfoData json;

	make_random_name(jti);
	initStringInfo(&json);
	appendStringInfoString(&json, "{\"iss\":");
	escape_json(&json, social_jwt_issuer);
	appendStringInfoString(&json, ",\"aud\":");
	escape_json(&json, social_jwt_audience);
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
	int64 now = social_auth_seconds(GetCurrentTimestamp());
	int64 exp = PG_NARGS() <= 2 || PG_ARGISNULL(2) ? now + access_token_lifetime
												   : social_auth_seconds(PG_GETARG_TIMESTAMPTZ(2));
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
	key = social_key_open(&stored, false);
	result = social_jwt_sign(&key, stored.kid, claims, &token);
	explicit_bzero(VARDATA_ANY(stored.private_key), VARSIZE_ANY_EXHDR(stored.private_key));
	if (result != SOCIAL_JWT_OK)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not sign a token"),
						errdetail("%s", social_jwt_result_text(result)),
						errhint("Log in again for a new token.")));
	copy = cstring_to_text(token);
	free(token);
	PG_RETURN_TEXT_P(copy);
}
