/*
 * auth_totp.c owns the SQL side of one-time codes. No message holds a secret or a code.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/errors.h"
#include "core/totp.h"

PG_FUNCTION_INFO_V1(social_totp_sql);
PG_FUNCTION_INFO_V1(social_totp_step_sql);
PG_FUNCTION_INFO_V1(social_base32_sql);

static int64
seconds_since_1970(TimestampTz at)
{
	return at / USECS_PER_SEC - (at % USECS_PER_SEC < 0 ? 1 : 0) +
		   (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
}

/* social.totp(secret bytea, at timestamptz, digits integer, algorithm text) -> text; SM400. */
Datum
social_totp_sql(PG_FUNCTION_ARGS)
{
	bytea *secret = PG_GETARG_BYTEA_PP(0);
	int64 step = social_totp_step(seconds_since_1970(PG_GETARG_TIMESTAMPTZ(1)));
	enum social_totp_digest digest =
		social_totp_digest_by_name(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	char code[SOCIAL_TOTP_MAX_DIGITS + 1];

	if (!social_totp_code(VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret), digest,
						  PG_GETARG_INT32(2), step, code))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("no such one-time code"),
						errdetail("digits is 1 to %d, algorithm sha1, sha256 or sha512.",
								  SOCIAL_TOTP_MAX_DIGITS),
						errhint("Authenticator apps take 6 digits and sha1.")));
	PG_RETURN_TEXT_P(cstring_to_text(code));
}

/*
 * social.totp_step(secret bytea, code text, last_step bigint, at timestamptz) -> bigint: the step
 * of a code that fits and is later than last_step; null for any other.
 */
Datum
social_totp_step_sql(PG_FUNCTION_ARGS)
{
	bytea *secret = PG_GETARG_BYTEA_PP(0);
	text *code = PG_GETARG_TEXT_PP(1);
	int64_t step = 0;
	enum social_totp_result result = social_totp_check(
		VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret), VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code),
		seconds_since_1970(PG_GETARG_TIMESTAMPTZ(3)), PG_GETARG_INT64(2), &step);

	if (result == SOCIAL_TOTP_FAILURE)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not check a one-time code")));
	if (result != SOCIAL_TOTP_OK)
		PG_RETURN_NULL();
	PG_RETURN_INT64(step);
}

/* social.base32(bytes bytea) -> text: RFC 4648 without padding. */
Datum
social_base32_sql(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	size_t len = VARSIZE_ANY_EXHDR(bytes);
	char *encoded = palloc(SOCIAL_BASE32_SIZE(len));

	social_base32_encode((const unsigned char *) VARDATA_ANY(bytes), len, encoded);
	PG_RETURN_TEXT_P(cstring_to_text(encoded));
}
