/*
 * setting.c owns reading our settings from SQL. Where nothing is preloaded, a session knows them
 * only once it has loaded the library, which current_setting() does not do.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

PG_FUNCTION_INFO_V1(social_setting);

/* setting(name text) text: the value of social.<name>, as SHOW prints it. */
Datum
social_setting(PG_FUNCTION_ARGS)
{
	char *name = psprintf("social.%s", text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_TEXT_P(cstring_to_text(GetConfigOptionByName(name, NULL, false)));
}
