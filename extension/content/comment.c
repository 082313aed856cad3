/*
 * comment.c owns the checks of a comment's content, and what its deletion means for counts.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "base/guard.h"
#include "base/init.h"
#include "base/limit.h"

PG_FUNCTION_INFO_V1(social_comment_check);

static int comment_max_length;
static int comment_depth_max;

void
social_comment_init(void)
{
	social_limit_define("social.comment_max_length", "The longest comment, in characters.",
						&comment_max_length, 5000);
	social_limit_define("social.comment_depth_max",
						"How deep replies may nest; a comment on a post has depth 1.",
						&comment_depth_max, 20);
}

/* A column that the trigger sets; the installed version may not have it yet. */
static HeapTuple
with_column(HeapTuple row, TupleDesc columns, const char *name, Datum value, bool isnull)
{
	int number = SPI_fnumber(columns, name);

	if (number <= 0)
		return row;
	return heap_modify_tuple_by_cols(row, columns, 1, &number, &value, &isnull);
}

/* Is this column set? One that the installed version does not have yet is not. */
static bool
is_set(TupleDesc columns, HeapTuple row, const char *name)
{
	int number = SPI_fnumber(columns, name);
	bool isnull = true;

	if (number > 0)
		(void) SPI_getbinval(row, columns, number, &isnull);
	return !isnull;
}

/* A flag that is true or null. */
static HeapTuple
with_flag(HeapTuple row, TupleDesc columns, const char *name, bool set)
{
	if (set == is_set(columns, row, name))
		return row;
	return with_column(row, columns, name, BoolGetDatum(true), !set);
}

/*
 * BEFORE INSERT OR UPDATE on comments: content is required and limited; an edit leaves its mark; a
 * deleted comment, which may be empty, does not count, nor that of an author who does not
 * (recount.h).
 */
Datum
social_comment_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	HeapTuple row = social_row_trigger_result(trigger);
	TupleDesc columns = RelationGetDescr(trigger->tg_relation);
	bool is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	Datum now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool deleted;
	bool shown;
	bool is_new;
	text *content;

	if (social_restoring())
		return PointerGetDatum(row);
	deleted = is_set(columns, row, "deleted_at");
	content = social_row_text(trigger, row, "content");
	is_new = social_row_text_is_new(trigger, "content");
	if (!deleted && is_new)
		social_limit_require("content", content);
	if (content != NULL && is_new)
	{
		social_limit_check("content", content, comment_max_length);
		social_limit_check_form("content", content, false);
	}
	shown = !is_set(columns, row, "hidden_at") && is_set(columns, row, "author_is_counted");
	row = with_flag(row, columns, "is_counted", shown && !deleted);
	row = with_flag(row, columns, "is_reply", shown);
	if (!is_update || deleted || !is_new)
		return PointerGetDatum(row);
	row = with_column(row, columns, "is_edited", BoolGetDatum(true), false);
	row = with_column(row, columns, "updated_at", now, false);
	row = with_column(row, columns, "edited_at", now, false);
	return PointerGetDatum(row);
}
