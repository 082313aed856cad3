/*
 * limit.c owns length limits of user input, and the small things that row triggers share.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "errors.h"
#include "guard.h"
#include "limit.h"
#include "version.h"

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
	const char *bytes = value == NULL ? "" : VARDATA_ANY(value);
	int len = value == NULL ? 0 : VARSIZE_ANY_EXHDR(value);

	for (int i = 0; i < len; i++)
	{
		if (bytes[i] != ' ' && (bytes[i] < '\t' || bytes[i] > '\r'))
			return;
	}
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("%s is required", what),
					errdetail("It is missing or empty."), errhint("Give it a value.")));
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

void
social_limit_check_column(const TriggerData *trigger, const char *column, int limit)
{
	text *value = social_row_text(trigger, social_row_trigger_result(trigger), column);

	if (value != NULL)
		social_limit_check(column, value, limit);
}
