/*
 * s3.c owns the SQL side of signed addresses (core/sigv4.h). No message holds a secret.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/errors.h"
#include "core/sigv4.h"

PG_FUNCTION_INFO_V1(social_s3_address);
PG_FUNCTION_INFO_V1(social_s3_sign_policy);

static int64
seconds_since_1970(TimestampTz at)
{
	return at / USECS_PER_SEC - (at % USECS_PER_SEC < 0 ? 1 : 0) +
		   (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
}

/* Raises what became of a signature, unless it was made. */
static void
require_signature(enum social_sigv4_result result)
{
	if (result == SOCIAL_SIGV4_FAILURE)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not sign")));
	if (result != SOCIAL_SIGV4_OK)
		ereport(
			ERROR,
			(errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("no such address can be signed"),
			 errdetail("Access key and region are printable ASCII without slashes; an address "
					   "is good for 1 to %d seconds, and has at most %d parameters and headers.",
					   SOCIAL_SIGV4_LIFE_MAX, SOCIAL_SIGV4_FIELDS - 5)));
}

/*
 * Fields of two arrays, names and values. Parameters are percent-encoded; *bytes gets what they
 * take in a query.
 */
static int
read_fields(ArrayType *names, ArrayType *values, bool is_query, struct social_sigv4_field *fields,
			size_t *bytes)
{
	Datum *parts[2];
	bool *isnull[2];
	int counts[2];

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &parts[0], &isnull[0], &counts[0]);
	deconstruct_array(values, TEXTOID, -1, false, TYPALIGN_INT, &parts[1], &isnull[1], &counts[1]);
	if (counts[0] != counts[1] || counts[0] > SOCIAL_SIGV4_FIELDS - 5)
		require_signature(SOCIAL_SIGV4_MALFORMED);
	*bytes = 0;
	for (int i = 0; i < counts[0]; i++)
	{
		const char *texts[2];
		size_t lens[2];

		for (int part = 0; part < 2; part++)
		{
			text *value = isnull[part][i] ? NULL : DatumGetTextPP(parts[part][i]);

			if (value == NULL)
				require_signature(SOCIAL_SIGV4_MALFORMED);
			texts[part] = VARDATA_ANY(value);
			lens[part] = VARSIZE_ANY_EXHDR(value);
			if (is_query)
			{
				char *encoded = palloc(3 * lens[part] + 1);

				lens[part] = social_sigv4_encode(texts[part], lens[part], false, encoded);
				texts[part] = encoded;
			}
			*bytes += lens[part] + 1;
		}
		fields[i] = (struct social_sigv4_field){texts[0], lens[0], texts[1], lens[1]};
	}
	return counts[0];
}

/*
 * s3_address(method, path, parameter_names, parameter_values, header_names, header_values,
 * access_key, secret_key, region, seconds, at) -> the percent-encoded path with its signed query;
 * SM400.
 */
Datum
social_s3_address(PG_FUNCTION_ARGS)
{
	text *path = PG_GETARG_TEXT_PP(1);
	struct social_sigv4_key key = {.access_key = text_to_cstring(PG_GETARG_TEXT_PP(6)),
								   .secret = text_to_cstring(PG_GETARG_TEXT_PP(7)),
								   .region = text_to_cstring(PG_GETARG_TEXT_PP(8)),
								   .service = "s3"};
	struct social_sigv4_field query[SOCIAL_SIGV4_FIELDS];
	struct social_sigv4_field headers[SOCIAL_SIGV4_FIELDS];
	char *encoded = palloc(3 * VARSIZE_ANY_EXHDR(path) + 1);
	struct social_sigv4_request request = {.method = text_to_cstring(PG_GETARG_TEXT_PP(0)),
										   .path = encoded,
										   .query = query,
										   .headers = headers,
										   .payload = SOCIAL_SIGV4_UNSIGNED};
	size_t parameter_bytes;
	size_t header_bytes;
	size_t size;
	char *out;

	request.path_len =
		social_sigv4_encode(VARDATA_ANY(path), VARSIZE_ANY_EXHDR(path), true, encoded);
	request.nquery = read_fields(PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3), true, query,
								 &parameter_bytes);
	request.nheaders = read_fields(PG_GETARG_ARRAYTYPE_P(4), PG_GETARG_ARRAYTYPE_P(5), false,
								   headers, &header_bytes);
	size = SOCIAL_SIGV4_QUERY_SIZE(parameter_bytes, header_bytes);
	out = palloc(size);
	require_signature(social_sigv4_presign(&key, &request,
										   seconds_since_1970(PG_GETARG_TIMESTAMPTZ(10)),
										   PG_GETARG_INT32(9), out, size));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s?%s", encoded, out)));
}

/* s3_sign_policy(policy, secret_key, region, at) -> the signature of a form's policy; SM400. */
Datum
social_s3_sign_policy(PG_FUNCTION_ARGS)
{
	text *policy = PG_GETARG_TEXT_PP(0);
	struct social_sigv4_key key = {.secret = text_to_cstring(PG_GETARG_TEXT_PP(1)),
								   .region = text_to_cstring(PG_GETARG_TEXT_PP(2)),
								   .service = "s3"};
	char date[SOCIAL_SIGV4_DATE_SIZE];
	char signature[SOCIAL_SIGV4_SIGNATURE + 1];

	if (!social_sigv4_date(seconds_since_1970(PG_GETARG_TIMESTAMPTZ(3)), date))
		require_signature(SOCIAL_SIGV4_MALFORMED);
	require_signature(social_sigv4_sign_text(&key, date, VARDATA_ANY(policy),
											 VARSIZE_ANY_EXHDR(policy), signature));
	PG_RETURN_TEXT_P(cstring_to_text(signature));
}
