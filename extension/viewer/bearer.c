/*
 * bearer.c owns whom an access token lets act: the key that its header names, its claims, then the
 * blacklist, the account and the session. And whom an API key does.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "account/api_key.h"
#include "account/auth.h"
#include "core/api_key.h"
#include "core/jwt.h"
#include "account/key.h"
#include "base/query.h"
#include "account/session.h"
#include "base/table.h"
#include "account/user.h"
#include "viewer/viewer.h"

PG_FUNCTION_INFO_V1(social_authenticate);
PG_FUNCTION_INFO_V1(social_verify_token);

#define CLAIM_SIZE 512

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
			const char *audience, bool is_ours, struct social_jwt_claims *claims)
{
	struct social_jwt_policy policy = {.now = social_auth_seconds(GetCurrentTimestamp()),
									   .leeway = social_jwt_leeway,
									   .issuer = issuer,
									   .audience = audience,
									   .is_access_token = is_ours,
									   .takes_at_jwt = !is_ours};

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
	struct social_jws_key key = social_key_open(stored, true);
	struct social_jwt_claims claims;
	enum social_jwt_result result =
		verify_with(token, &key, social_jwt_issuer, social_jwt_audience, true, &claims);

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
	enum social_jwt_result result = verify_with(
		token, &key, issuer->issuer,
		issuer->audience == NULL ? social_jwt_audience : issuer->audience, false, &claims);

	if (result != SOCIAL_JWT_OK)
		return result;
	/* An address that the issuer itself has not proven may be anybody's (OpenID Connect 5.7). */
	has_account =
		social_jwt_claim(&claims, issuer->user_claim, account, sizeof(account)) &&
		!(strcmp(issuer->user_match, "email") == 0 && social_jwt_denies(&claims, "email_verified"));
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
	if (name[0] == '\0' || !social_issuer_find(name, &header, &issuer) || issuer.public_key == NULL)
		return header.kid[0] == '\0' ? SOCIAL_JWT_NO_KID : SOCIAL_JWT_UNKNOWN_KEY;
	return open_foreign(token, &issuer, bearer);
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

/* An API key, which acts in a session of its own. */
static const char *
check_key(const text *token, struct bearer *bearer)
{
	struct social_api_key key;
	const char *problem = social_api_key_find(token, &key);
	Snapshot snapshot;

	if (problem != NULL)
		return problem;
	*bearer = (struct bearer){
		.user_id = key.user_id, .session_id = -key.id, .exp = social_auth_seconds(key.expires_at)};
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (!social_user_is_active(bearer->user_id, snapshot))
		problem = "the account is gone, inactive or suspended";
	UnregisterSnapshot(snapshot);
	return problem;
}

/* Everything that a token must pass to let somebody act; NULL, or why it does not. */
static const char *
check_bearer(const text *token, struct bearer *bearer)
{
	enum social_jwt_result result;
	const char *problem = NULL;
	Snapshot snapshot;

	if (social_api_key_is(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token)))
		return check_key(token, bearer);
	result = open_token(token, bearer);
	if (result != SOCIAL_JWT_OK)
		return social_jwt_result_text(result);
	if (bearer->jti[0] != '\0' && is_blacklisted(bearer->jti))
		return "the token was taken back";
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (!social_user_is_active(bearer->user_id, snapshot))
		problem = "the account is gone, inactive or suspended";
	else if (bearer->session_id != 0 &&
			 !social_session_is_live(bearer->session_id, bearer->user_id, snapshot))
		problem = "the session has ended";
	UnregisterSnapshot(snapshot);
	return problem;
}

/* The moment; infinity for one beyond what a timestamp holds. */
static TimestampTz
timestamp_of(int64 seconds)
{
	int64 since_2000 = seconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;

	return since_2000 < END_TIMESTAMP / USECS_PER_SEC ? since_2000 * USECS_PER_SEC : DT_NOEND;
}

/* social.authenticate(token text) -> bigint: the token's user acts until the transaction ends. */
Datum
social_authenticate(PG_FUNCTION_ARGS)
{
	struct bearer bearer;
	const char *reason = check_bearer(PG_GETARG_TEXT_PP(0), &bearer);

	if (reason != NULL)
		social_auth_refuse(reason);
	social_viewer_set(bearer.user_id, false);
	social_viewer_session_set(bearer.session_id);
	social_viewer_confine();
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
		values[5] = CStringGetTextDatum(SOCIAL_AUTH_INVALID_TOKEN);
		values[6] = CStringGetTextDatum(reason);
		isnull[4] = isnull[5] = isnull[6] = false;
	}
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, isnull)));
}
