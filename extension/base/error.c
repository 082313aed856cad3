/*
 * error.c owns raising the errors of SQL functions.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(social_raise_error);

/* What an error says where its caller has nothing more exact to say; see errors.h for the codes. */
static const struct
{
	const char *code;
	const char *detail;
	const char *hint;
} defaults[] = {
	{"SM400", "An argument is missing or out of range.",
	 "SELECT name, arguments, description FROM social.help() says what each function takes."},
	{"SM401", "The credentials do not hold.", "Log in with a valid account."},
	{"SM403", "The viewer may not do this.", "The author may, or staff."},
	{"SM404", "It does not exist, or the viewer may not see it.",
	 "Check the id, and who acts: SELECT social.viewer_id()."},
	{"SM409", "What is there already does not allow it.",
	 "Read the present state, then try again."},
	{"SM422", "It contradicts what was said before.", "Compare it with the earlier request."},
	{"SM429", "A rate limit is used up.", "Try again later."},
};

/* An argument as C string; NULL when it is null or empty. */
static char *
argument(FunctionCallInfo fcinfo, int number)
{
	char *value = PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));

	return value != NULL && *value != '\0' ? value : NULL;
}

/* raise_error(code text, message text, detail text, hint text); see errors.h for the codes. */
Datum
social_raise_error(PG_FUNCTION_ARGS)
{
	char *code = argument(fcinfo, 0);
	char *message = argument(fcinfo, 1);
	char *detail = argument(fcinfo, 2);
	char *hint = argument(fcinfo, 3);

	for (int i = 0; code != NULL && i < lengthof(defaults); i++)
	{
		if (strcmp(code, defaults[i].code) != 0)
			continue;
		detail = detail ? detail : unconstify(char *, defaults[i].detail);
		hint = hint ? hint : unconstify(char *, defaults[i].hint);
	}
	if (code != NULL && strlen(code) == 5 && message != NULL)
		ereport(ERROR, (errcode(MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4])),
						errmsg("%s", message), detail ? errdetail("%s", detail) : 0,
						hint ? errhint("%s", hint) : 0));
	else
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("an error needs a code of five characters and a message")));
	PG_RETURN_NULL();
}
