/*
 * account.c owns what the doors of accounts need from the server: their settings, random secrets,
 * and the digest that lists of leaked passwords use.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha1.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "core/base64url.h"
#include "base/errors.h"
#include "base/init.h"

PG_FUNCTION_INFO_V1(social_random_bytes);
PG_FUNCTION_INFO_V1(social_random_token);
PG_FUNCTION_INFO_V1(social_leaked_password_hash);

#define RANDOM_MAX_BYTES 1024
#define TOKEN_BYTES      32

/* Who people take for the site itself, and words that its paths and mentions use. */
#define RESERVED_USERNAMES                                                                         \
	"admin,admins,administrator,administrators,root,superuser,sysadmin,system,owner,operator,"     \
	"staff,team,official,support,help,helpdesk,moderator,moderators,mod,mods,security,abuse,"      \
	"postmaster,webmaster,hostmaster,noreply,no_reply,mail,info,contact,billing,legal,privacy,"    \
	"me,self,you,all,everyone,everybody,here,anonymous,nobody,null,undefined,deleted,"             \
	"api,graphql,health,auth,login,logout,register,signup,signin,account,accounts,settings,"       \
	"password,verify,users,posts,search,explore,notifications,static,www"

static bool registration;
static char *totp_issuer;
static char *register_hook;
static char *reserved_usernames;
static char *login_hook;
static int password_reset_lifetime;
static int email_verification_lifetime;
static int code_failures;
static int code_pause;
static int deletion_grace;
static int mail_attempts;
static int mail_hourly_limit;

static const struct
{
	const char *name;
	const char *purpose;
	char **value;
	const char *initial;
} texts[] = {
	{"social.totp_issuer", "The site's name, as authenticator apps show it.", &totp_issuer,
	 "social"},
	{"social.register_hook", "A function(jsonb) that may refuse a new account.", &register_hook,
	 ""},
	{"social.login_hook", "A function(jsonb) that may refuse a login.", &login_hook, ""},
	{"social.reserved_usernames",
	 "Names that nobody may register, nor what looks like them; separated by commas.",
	 &reserved_usernames, RESERVED_USERNAMES},
};

static const struct
{
	const char *name;
	const char *purpose;
	int *value;
	int initial;
	int least;
	int most;
	int unit;
} numbers[] = {
	{"social.password_reset_lifetime", "How long the token of a password reset is valid.",
	 &password_reset_lifetime, 3600, 60, 86400 * 7, GUC_UNIT_S},
	{"social.email_verification_lifetime", "How long the token that proves an address is valid.",
	 &email_verification_lifetime, 86400, 60, 86400 * 30, GUC_UNIT_S},
	{"social.totp_failures", "The wrong one-time codes in a row after which codes are refused.",
	 &code_failures, 5, 1, 1000, 0},
	{"social.totp_pause", "For how long they are refused then.", &code_pause, 900, 1, 86400,
	 GUC_UNIT_S},
	{"social.deletion_grace", "How long an account that its owner deletes can be had back.",
	 &deletion_grace, 30 * 86400, 0, 3650 * 86400, GUC_UNIT_S},
	{"social.mail_attempts", "How often sending a mail is tried.", &mail_attempts, 8, 1, 100, 0},
	{"social.mail_hourly_limit", "The most mails of one kind to one address in an hour.",
	 &mail_hourly_limit, 5, 1, 100000, 0},
};

void
social_account_init(void)
{
	DefineCustomBoolVariable("social.registration", "May people make accounts for themselves?",
							 NULL, &registration, true, PGC_SUSET, 0, NULL, NULL, NULL);
	for (int i = 0; i < lengthof(texts); i++)
		DefineCustomStringVariable(texts[i].name, texts[i].purpose, NULL, texts[i].value,
								   texts[i].initial, PGC_SUSET, 0, NULL, NULL, NULL);
	for (int i = 0; i < lengthof(numbers); i++)
		DefineCustomIntVariable(numbers[i].name, numbers[i].purpose, NULL, numbers[i].value,
								numbers[i].initial, numbers[i].least, numbers[i].most, PGC_SUSET,
								numbers[i].unit, NULL, NULL, NULL);
}

static void
fill_with_random(void *bytes, size_t len)
{
	if (!pg_strong_random(bytes, len))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
}

/* social.random_bytes(count integer) -> bytea; SM400 for none or more than 1024. */
Datum
social_random_bytes(PG_FUNCTION_ARGS)
{
	int32 count = PG_GETARG_INT32(0);
	bytea *bytes;

	if (count < 1 || count > RANDOM_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid count"),
				 errdetail("It must be 1 to %d.", RANDOM_MAX_BYTES), errhint("Take several.")));
	bytes = palloc(VARHDRSZ + count);
	SET_VARSIZE(bytes, VARHDRSZ + count);
	fill_with_random(VARDATA(bytes), count);
	PG_RETURN_BYTEA_P(bytes);
}

/* social.random_token() -> text: 256 random bits that are safe in a URL. */
Datum
social_random_token(PG_FUNCTION_ARGS)
{
	unsigned char bytes[TOKEN_BYTES];
	char token[SOCIAL_BASE64URL_SIZE(TOKEN_BYTES)];

	fill_with_random(bytes, sizeof(bytes));
	social_base64url_encode(bytes, sizeof(bytes), token);
	PG_RETURN_TEXT_P(cstring_to_text(token));
}

/* social.leaked_password_hash(password text) -> bytea: SHA-1, as published lists have it. */
Datum
social_leaked_password_hash(PG_FUNCTION_ARGS)
{
	text *password = PG_GETARG_TEXT_PP(0);
	pg_cryptohash_ctx *digest = pg_cryptohash_create(PG_SHA1);
	bytea *hash = palloc(VARHDRSZ + SHA1_DIGEST_LENGTH);

	SET_VARSIZE(hash, VARHDRSZ + SHA1_DIGEST_LENGTH);
	if (digest == NULL || pg_cryptohash_init(digest) < 0 ||
		pg_cryptohash_update(digest, (const uint8 *) VARDATA_ANY(password),
							 VARSIZE_ANY_EXHDR(password)) < 0 ||
		pg_cryptohash_final(digest, (uint8 *) VARDATA(hash), SHA1_DIGEST_LENGTH) < 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute a digest")));
	pg_cryptohash_free(digest);
	PG_RETURN_BYTEA_P(hash);
}
