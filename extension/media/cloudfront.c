/*
 * cloudfront.c owns the SQL side of CloudFront's signatures (core/cloudfront.h). No message holds a
 * key.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/errors.h"
#include "core/cloudfront.h"

PG_FUNCTION_INFO_V1(social_cloudfront_signature);
PG_FUNCTION_INFO_V1(social_cloudfront_base64_sql);

/* cloudfront_signature(policy text, private_key text) text; SM400 for a key that is none. */
Datum
social_cloudfront_signature(PG_FUNCTION_ARGS)
{
	text *policy = PG_GETARG_TEXT_PP(0);
	text *key = PG_GETARG_TEXT_PP(1);
	char signature[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE];
	enum social_cloudfront_result result =
		social_cloudfront_sign(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), VARDATA_ANY(policy),
							   VARSIZE_ANY_EXHDR(policy), signature);

	if (result == SOCIAL_CLOUDFRONT_NO_KEY)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid private key"),
						errdetail("It is an RSA key in PEM, without a passphrase, of at most 4096 "
								  "bits.")));
	if (result != SOCIAL_CLOUDFRONT_OK)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not sign")));
	PG_RETURN_TEXT_P(cstring_to_text(signature));
}

/* cloudfront_base64(value text) text */
Datum
social_cloudfront_base64_sql(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	size_t len = VARSIZE_ANY_EXHDR(value);
	char *out = palloc(SOCIAL_CLOUDFRONT_BASE64_SIZE(len));

	len = social_cloudfront_base64((const unsigned char *) VARDATA_ANY(value), len, out);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out, len));
}
