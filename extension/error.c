/*
 * error.c owns raising the errors of SQL functions.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(social_raise_error);

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

	if (code != NULL && strlen(code) == 5 && message != NULL)
		ereport(ERROR, (errcode(MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4])),
						errmsg("%s", message), detail ? errdetail("%s", detail) : 0,
						hint ? errhint("%s", hint) : 0));
	else
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("an error needs a code of five characters and a message")));
	PG_RETURN_NULL();
}
