/*
 * mux.c owns what Mux needs of cryptography, in SQL: the signature of its webhooks, and tokens with
 * which its streams are watched.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/errors.h"
#include "core/jwt.h"
#include "core/webhook_signature.h"

PG_FUNCTION_INFO_V1(social_webhook_signature_sql);
PG_FUNCTION_INFO_V1(social_sign_rs256_sql);

/*
 * social.verify_webhook_signature(header text, body bytea, secret text, at timestamptz, tolerance
 * integer) -> text: ok, or what is wrong, in the words of core/webhook_signature.h. Reads no table
 * and no setting.
 */
Datum
social_webhook_signature_sql(PG_FUNCTION_ARGS)
{
	const text *header = PG_GETARG_TEXT_PP(0);
	const bytea *body = PG_GETARG_BYTEA_PP(1);
	const text *text_secret = PG_GETARG_TEXT_PP(2);
	struct social_webhook_secret secret = {VARDATA_ANY(text_secret),
										   VARSIZE_ANY_EXHDR(text_secret)};
	int64 signed_at;
	enum social_webhook_result result = social_webhook_verify(
		VARDATA_ANY(header), VARSIZE_ANY_EXHDR(header), VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body),
		&secret, 1, timestamptz_to_time_t(PG_GETARG_TIMESTAMPTZ(3)), PG_GETARG_INT32(4),
		&signed_at);

	PG_RETURN_TEXT_P(cstring_to_text(social_webhook_result_name(result)));
}

/*
 * social.sign_rs256(claims text, private_key bytea) -> text: a token that says the
 * claims, a JSON object. SM400 for what is no key or no claims.
 */
Datum
social_sign_rs256_sql(PG_FUNCTION_ARGS)
{
	const char *claims = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const bytea *pem = PG_GETARG_BYTEA_PP(1);
	struct social_jws_key key = {
		.algorithm = SOCIAL_JWS_RS256, .bytes = VARDATA_ANY(pem), .len = VARSIZE_ANY_EXHDR(pem)};
	char *signed_token = NULL;
	text *token;
	enum social_jwt_result result = social_jwt_sign(&key, NULL, claims, &signed_token);

	if (result != SOCIAL_JWT_OK)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("the token cannot be signed"),
						errdetail("%s", social_jwt_result_text(result)),
						errhint("The key is a private one of RSA, as PEM, of 2048 bits or more.")));
	token = cstring_to_text(signed_token);
	free(signed_token);
	PG_RETURN_TEXT_P(token);
}
