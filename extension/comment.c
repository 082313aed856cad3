/*
 * comment.c owns the checks of a comment's content.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "guard.h"
#include "init.h"
#include "limit.h"

PG_FUNCTION_INFO_V1(social_comment_check);

static int comment_max_length;

void
social_comment_init(void)
{
	social_limit_define("social.comment_max_length", "The longest comment, in characters.",
						&comment_max_length, 5000);
}

/* BEFORE INSERT OR UPDATE on comments: content is required and limited; an edit leaves its mark. */
Datum
social_comment_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	HeapTuple row = social_row_trigger_result(trigger);
	TupleDesc columns = RelationGetDescr(trigger->tg_relation);
	text *content;
	text *before;

	if (social_restoring())
		return PointerGetDatum(row);
	content = social_row_text(trigger, row, "content");
	social_limit_require("content", content);
	social_limit_check("content", content, comment_max_length);
	if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return PointerGetDatum(row);
	before = social_row_text(trigger, trigger->tg_trigtuple, "content");
	if (VARSIZE_ANY_EXHDR(before) == VARSIZE_ANY_EXHDR(content) &&
		memcmp(VARDATA_ANY(before), VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content)) == 0)
		return PointerGetDatum(row);
	{
		int numbers[] = {SPI_fnumber(columns, "is_edited"), SPI_fnumber(columns, "updated_at")};
		Datum values[] = {BoolGetDatum(true),
						  TimestampTzGetDatum(GetCurrentTransactionStartTimestamp())};
		bool isnull[] = {false, false};

		row = heap_modify_tuple_by_cols(row, columns, 2, numbers, values, isnull);
	}
	return PointerGetDatum(row);
}
