/*
 * auth_password.c owns the SQL side of password hashes, and their settings. No message holds a
 * password or a hash.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/errors.h"
#include "base/init.h"
#include "core/password.h"
#include "core/password_form.h"
#include "account/password_hasher.h"

PG_FUNCTION_INFO_V1(social_hash_password);
PG_FUNCTION_INFO_V1(social_verify_password);
PG_FUNCTION_INFO_V1(social_check_password);
PG_FUNCTION_INFO_V1(social_password_needs_rehash_sql);
PG_FUNCTION_INFO_V1(social_prepare_password);
PG_FUNCTION_INFO_V1(social_password_length_sql);

static int password_min_length;
static int argon2_memory;
static int argon2_iterations;

static const struct
{
	const char *name;
	const char *purpose;
	int *value;
	int initial;
	int least;
	int most;
	int unit;
} settings[] = {
	{"social.password_min_length", "The fewest characters of a new password.", &password_min_length,
	 8, 1, SOCIAL_PASSWORD_MAX_BYTES, 0},
	{"social.argon2_memory", "The memory that hashing a password takes.", &argon2_memory, 19456, 8,
	 SOCIAL_PASSWORD_MAX_MEMORY_KB, GUC_UNIT_KB},
	{"social.argon2_iterations", "The passes over that memory.", &argon2_iterations, 2, 1,
	 SOCIAL_PASSWORD_MAX_PASSES, 0},
};

void
social_auth_password_init(void)
{
	for (int i = 0; i < lengthof(settings); i++)
		DefineCustomIntVariable(settings[i].name, settings[i].purpose, NULL, settings[i].value,
								settings[i].initial, settings[i].least, settings[i].most, PGC_SUSET,
								settings[i].unit, NULL, NULL, NULL);
}

static struct social_password_cost
current_cost(void)
{
	struct social_password_cost cost = {argon2_memory, argon2_iterations};

	if ((int64) argon2_memory * argon2_iterations > SOCIAL_PASSWORD_MAX_MEMORY_PASSES)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR),
						errmsg("hashing a password would cost too much"),
						errhint("Lower social.argon2_memory or social.argon2_iterations.")));
	return cost;
}

/* Does it, and forgets the password. False when that is too long for any hash. */
static bool
work(struct social_password_task *task, text *password)
{
	task->len = VARSIZE_ANY_EXHDR(password);
	if (task->len > SOCIAL_PASSWORD_MAX_BYTES)
		return false;
	memcpy(task->password, VARDATA_ANY(password), task->len);
	PG_TRY();
	{
		social_password_hasher_do(task);
	}
	PG_FINALLY();
	{
		explicit_bzero(task->password, sizeof(task->password));
	}
	PG_END_TRY();
	return true;
}

/* social.hash_password(password text) -> text: argon2id at the cost of the settings. */
Datum
social_hash_password(PG_FUNCTION_ARGS)
{
	struct social_password_task task = {.cost = current_cost()};

	if (!work(&task, PG_GETARG_TEXT_PP(0)))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("password is too long"),
						errdetail("The limit is %d bytes.", SOCIAL_PASSWORD_MAX_BYTES),
						errhint("Choose a shorter one.")));
	if (task.result != SOCIAL_PASSWORD_OK)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not hash a password")));
	PG_RETURN_TEXT_P(cstring_to_text(task.encoded));
}

/* Does the password fit what the task says? In one turn. A null is no hash. */
static bool
verify(struct social_password_task *task, text *password, text *encoded)
{
	task->verifies = true;
	if (encoded != NULL)
		text_to_cstring_buffer(encoded, task->encoded, sizeof(task->encoded));
	if (!work(task, password))
		return false;
	if (task->result == SOCIAL_PASSWORD_FAILURE)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not verify a password")));
	return task->result == SOCIAL_PASSWORD_OK;
}

/* social.verify_password(password text, encoded text) -> boolean: false for unknown forms. */
Datum
social_verify_password(PG_FUNCTION_ARGS)
{
	struct social_password_task task = {0};

	PG_RETURN_BOOL(verify(&task, PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1)));
}

/*
 * social.check_password(password text, encoded text) -> boolean: the same for a door that must not
 * tell whether an account exists or has a password: a null or unusable hash costs one hash too.
 */
Datum
social_check_password(PG_FUNCTION_ARGS)
{
	text *password = PG_ARGISNULL(0) ? cstring_to_text("") : PG_GETARG_TEXT_PP(0);
	text *encoded = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	struct social_password_task task = {.cost = current_cost(), .pays_always = true};

	PG_RETURN_BOOL(verify(&task, password, encoded));
}

/* social.password_needs_rehash(encoded text) -> boolean: not an argon2id of the settings' cost? */
Datum
social_password_needs_rehash_sql(PG_FUNCTION_ARGS)
{
	struct social_password_cost cost = current_cost();

	PG_RETURN_BOOL(social_password_needs_rehash(text_to_cstring(PG_GETARG_TEXT_PP(0)), &cost));
}

/* social.prepare_password(password text) -> text: the form of it that is hashed and compared. */
Datum
social_prepare_password(PG_FUNCTION_ARGS)
{
	text *password = PG_GETARG_TEXT_PP(0);
	char form[SOCIAL_PASSWORD_MAX_BYTES];
	size_t len;

	if (!social_password_form(VARDATA_ANY(password), VARSIZE_ANY_EXHDR(password), form, &len))
		PG_RETURN_TEXT_P(password);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(form, (int) len));
}

/*
 * social.password_length(password text) -> integer: its characters; 0 when they are blanks alone,
 * null when one can be neither seen nor typed.
 */
Datum
social_password_length_sql(PG_FUNCTION_ARGS)
{
	text *password = PG_GETARG_TEXT_PP(0);
	int length = social_password_length(VARDATA_ANY(password), VARSIZE_ANY_EXHDR(password));

	if (length < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(length);
}
