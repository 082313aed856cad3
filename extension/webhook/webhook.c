/*
 * webhook.c owns the SQL side of webhooks' secrets, signatures and addresses (core/webhook.h), and
 * their settings. No message holds a secret.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "base/errors.h"
#include "base/init.h"
#include "core/webhook.h"

PG_FUNCTION_INFO_V1(social_webhook_signature);
PG_FUNCTION_INFO_V1(social_webhook_new_secret);
PG_FUNCTION_INFO_V1(social_webhook_public_key);
PG_FUNCTION_INFO_V1(social_webhook_url_problem_sql);
PG_FUNCTION_INFO_V1(social_address_owner_sql);

static char *networks_text;
static bool takes_http;
static int endpoints_max;
static int queue_max;
static int timeout_seconds;

static struct social_webhook_key
key_of(const text *secret)
{
	struct social_webhook_key key;

	if (!social_webhook_key_parse(VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret), &key))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid secret"),
						errdetail("It is whsec_ and 24 to 64 bytes in base64, or whsk_ and an "
								  "ed25519 key.")));
	return key;
}

/*
 * webhook_signature(secrets text[], id text, at bigint, body text) text: a signature with each, as
 * the header has them; SM400 for a secret that is none.
 */
Datum
social_webhook_signature(PG_FUNCTION_ARGS)
{
	text *id = PG_GETARG_TEXT_PP(1);
	text *body = PG_GETARG_TEXT_PP(3);
	StringInfoData out;
	Datum *secrets;
	bool *isnull;
	int count;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &secrets, &isnull,
					  &count);
	initStringInfo(&out);
	for (int i = 0; i < count; i++)
	{
		struct social_webhook_key key;
		char signature[SOCIAL_WEBHOOK_SIGNED_SIZE];

		if (isnull[i])
			continue;
		key = key_of(DatumGetTextPP(secrets[i]));
		if (!social_webhook_sign(&key, VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id), PG_GETARG_INT64(2),
								 VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), signature))
			ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid webhook id")));
		appendStringInfo(&out, "%s%s", out.len > 0 ? " " : "", signature);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* webhook_new_secret(kind text) text; SM400 for another kind than hmac and ed25519. */
Datum
social_webhook_new_secret(PG_FUNCTION_ARGS)
{
	const char *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool is_hmac = strcmp(kind, "hmac") == 0;
	char secret[SOCIAL_WEBHOOK_TEXT_SIZE];

	if (!is_hmac && strcmp(kind, "ed25519") != 0)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid kind"),
						errdetail("It is hmac or ed25519.")));
	if (!social_webhook_key_make(is_hmac ? SOCIAL_WEBHOOK_HMAC : SOCIAL_WEBHOOK_ED25519, secret))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not make a secret")));
	PG_RETURN_TEXT_P(cstring_to_text(secret));
}

/* webhook_public_key(secret text) text: null for an HMAC secret; SM400 for what is none. */
Datum
social_webhook_public_key(PG_FUNCTION_ARGS)
{
	struct social_webhook_key key = key_of(PG_GETARG_TEXT_PP(0));
	char public[SOCIAL_WEBHOOK_TEXT_SIZE];

	if (!social_webhook_key_public(&key, public))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(public));
}

/* webhook_url_problem(url text) text: null where webhooks may go there, else a sentence. */
Datum
social_webhook_url_problem_sql(PG_FUNCTION_ARGS)
{
	text *url = PG_GETARG_TEXT_PP(0);
	struct social_networks networks;
	const char *problem;

	(void) social_networks_parse(networks_text, strlen(networks_text), &networks);
	problem =
		social_webhook_url_problem(VARDATA_ANY(url), VARSIZE_ANY_EXHDR(url), takes_http, &networks);
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

/* address_owner(address text) text: null for one of the internet; SM400 for what is none. */
Datum
social_address_owner_sql(PG_FUNCTION_ARGS)
{
	text *given = PG_GETARG_TEXT_PP(0);
	struct social_address address;
	const char *owner;

	if (!social_address_parse(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), &address))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid address"),
						errdetail("It is an IPv4 or IPv6 address.")));
	owner = social_address_owner(&address);
	if (owner == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(owner));
}

static bool
check_networks(char **value, void **extra, GucSource source)
{
	struct social_networks networks;

	if (social_networks_parse(*value, strlen(*value), &networks) == NULL)
		return true;
	GUC_check_errdetail("It is a list of at most %d networks, such as 10.0.0.0/8, fd00::/8.",
						SOCIAL_NETWORKS_MAX);
	return false;
}

void
social_webhook_init(void)
{
	DefineCustomStringVariable("social.webhook_networks",
							   "Networks that webhooks may go to beside the internet.",
							   "With commas between, such as 10.0.0.0/8, fd00::/8.", &networks_text,
							   "", PGC_SUSET, 0, check_networks, NULL, NULL);
	DefineCustomBoolVariable("social.webhook_http", "Webhooks may go to http:// addresses.", NULL,
							 &takes_http, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("social.webhook_max", "How many webhooks somebody may have.", NULL,
							&endpoints_max, 10, 0, 10000, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("social.webhook_queue_max",
							"How many deliveries may wait for a webhook that fails.",
							"With more it is disabled.", &queue_max, 100000, 100, INT_MAX,
							PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("social.webhook_timeout",
							"How long a delivery may take until it is answered.", NULL,
							&timeout_seconds, 15, 1, 60, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
}
