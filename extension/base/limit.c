/*
 * limit.c owns length limits of user input, and the small things that row triggers share.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/errors.h"
#include "base/guard.h"
#include "base/limit.h"
#include "core/text_check.h"
#include "base/version.h"

PG_FUNCTION_INFO_V1(social_check_text);

void
social_limit_define(const char *name, const char *purpose, int *value, int initial)
{
	DefineCustomIntVariable(name, purpose, NULL, value, initial, 1, 1024 * 1024, PGC_SUSET, 0, NULL,
							NULL, NULL);
}

void
social_limit_check(const char *what, const text *value, int limit)
{
	int bytes = VARSIZE_ANY_EXHDR(value);
	int characters;

	if (bytes <= limit)
		return;
	characters = pg_mbstrlen_with_len(VARDATA_ANY(value), bytes);
	if (characters > limit)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("%s is too long", what),
						errdetail("It has %d characters; the limit is %d.", characters, limit),
						errhint("Shorten it; the limits are settings social.*_max_length.")));
}

void
social_limit_require(const char *what, const text *value)
{
	if (value == NULL || social_text_check(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), false) ==
							 SOCIAL_TEXT_UNSEEN)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("%s is required", what),
						errdetail("It is missing or empty, or nothing of it can be seen."),
						errhint("Give it a value.")));
}

void
social_limit_check_form(const char *what, const text *value, bool is_line)
{
	int len = VARSIZE_ANY_EXHDR(value);

	switch (social_text_check(VARDATA_ANY(value), len, is_line))
	{
		case SOCIAL_TEXT_FINE:
			break;
		case SOCIAL_TEXT_UNSEEN:
			if (len > 0)
				ereport(ERROR,
						(errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("%s is not valid", what),
						 errdetail("Nothing of it can be seen."), errhint("Leave it empty.")));
			break;
		case SOCIAL_TEXT_CONTROLS:
			ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("%s is not valid", what),
							is_line ? errdetail("It must be one line without control characters.")
									: errdetail("It holds control characters.")));
			break;
	}
}

/*
 * check_text(what text, value text, is_line boolean, is_required boolean) void: as
 * social_limit_check_form, and as social_limit_require where it is. Null, which means nothing, is
 * fine where it is not.
 */
Datum
social_check_text(PG_FUNCTION_ARGS)
{
	char *what = PG_ARGISNULL(0) ? pstrdup("text") : text_to_cstring(PG_GETARG_TEXT_PP(0));
	text *value = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);

	if (!PG_ARGISNULL(3) && PG_GETARG_BOOL(3))
		social_limit_require(what, value);
	if (value != NULL)
		social_limit_check_form(what, value, PG_ARGISNULL(2) || PG_GETARG_BOOL(2));
	PG_RETURN_VOID();
}

TriggerData *
social_row_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(((TriggerData *) fcinfo->context)->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called as a row trigger")));
	if (!social_restoring())
		social_version_require();
	return (TriggerData *) fcinfo->context;
}

HeapTuple
social_row_trigger_result(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple
													  : trigger->tg_trigtuple;
}

text *
social_row_text(const TriggerData *trigger, HeapTuple row, const char *column)
{
	TupleDesc columns = RelationGetDescr(trigger->tg_relation);
	bool isnull;
	Datum value = SPI_getbinval(row, columns, SPI_fnumber(columns, column), &isnull);

	return isnull ? NULL : DatumGetTextPP(value);
}

bool
social_row_text_is_new(const TriggerData *trigger, const char *column)
{
	text *old;
	text *new;

	if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return true;
	old = social_row_text(trigger, trigger->tg_trigtuple, column);
	new = social_row_text(trigger, trigger->tg_newtuple, column);
	if (old == NULL || new == NULL)
		return old != new;
	return VARSIZE_ANY_EXHDR(old) != VARSIZE_ANY_EXHDR(new) ||
		   memcmp(VARDATA_ANY(old), VARDATA_ANY(new), VARSIZE_ANY_EXHDR(old)) != 0;
}
