/*
 * moderation.c owns the triggers that hold posts and comments against the content rules and the
 * site's own filter.
 *
 * BEFORE decides: it refuses a text, or hides the row. What a moderator should look at it notes for
 * the AFTER trigger, which files the report once the row is there.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/guard.h"
#include "base/init.h"
#include "base/limit.h"
#include "content/moderation.h"

PG_FUNCTION_INFO_V1(social_content_check);
PG_FUNCTION_INFO_V1(social_content_report);

static char *content_filter;
static int report_max_length;

/* What BEFORE noted in this transaction; entries before notes_first are done with. */
struct note
{
	Oid relation;
	int64 id;
	enum social_content_action action;
	char *reason;
};

static struct note *notes; /* in the transaction's memory */
static int notes_count;
static int notes_first;
static int notes_room;
static LocalTransactionId notes_transaction = InvalidLocalTransactionId;

void
social_moderation_init(void)
{
	DefineCustomStringVariable(
		"social.content_filter",
		"A function (kind text, title text, content text) returning text that judges every post, "
		"comment, stream and message of a chat.",
		"It answers null or 'allow', 'flag', 'hide' or 'reject'; kind is 'post', 'comment', "
		"'stream' or 'chat_message'.",
		&content_filter, "", PGC_SUSET, 0, NULL, NULL, NULL);
	social_limit_define("social.report_max_length",
						"The longest details of a report, in characters.", &report_max_length,
						2000);
}

/* ---- the site's filter ----------------------------------------------------------------------- */

static Oid
filter_function(void)
{
	Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	List *name = social_compat_name_list(content_filter);
	Oid function = LookupFuncName(name, lengthof(types), types, true);

	if (!OidIsValid(function) || get_func_rettype(function) != TEXTOID)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("there is no content filter %s(text, text, text) returning text",
						content_filter),
				 errhint("Set social.content_filter to a function, with its schema, or to ''.")));
	return function;
}

/* Calls the filter with a pinned search path; its answer, or NULL. */
static char *
call_filter(Oid function, const char *kind, text *title, text *content)
{
	FmgrInfo info;
	Datum answer = (Datum) 0;
	int pinned = social_compat_pin_search_path();
	LOCAL_FCINFO(call, 3);

	fmgr_info(function, &info);
	InitFunctionCallInfoData(*call, &info, 3, DEFAULT_COLLATION_OID, NULL, NULL);
	call->args[0].value = CStringGetTextDatum(kind);
	call->args[0].isnull = false;
	call->args[1].value = PointerGetDatum(title);
	call->args[1].isnull = title == NULL;
	call->args[2].value = PointerGetDatum(content);
	call->args[2].isnull = content == NULL;
	if (info.fn_strict && (title == NULL || content == NULL))
		call->isnull = true;
	else
		answer = FunctionCallInvoke(call);
	social_compat_unpin_search_path(pinned);
	return call->isnull ? NULL : text_to_cstring(DatumGetTextPP(answer));
}

static enum social_content_action
ask_filter(const char *kind, text *title, text *content)
{
	enum social_content_action action;
	char *answer;

	if (content_filter == NULL || *content_filter == '\0')
		return SOCIAL_CONTENT_ALLOW;
	answer = call_filter(filter_function(), kind, title, content);
	if (!social_content_action_named(answer, &action))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the content filter %s gave an unknown answer", content_filter),
				 errdetail("It is \"%s\"; null, 'allow', 'flag', 'hide' and 'reject' are known.",
						   answer)));
	return action;
}

/* ---- notes from BEFORE to AFTER -------------------------------------------------------------- */

static void
add_note(Oid relation, int64 id, enum social_content_action action, const char *reason)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	if (notes_transaction != SOCIAL_LOCAL_TRANSACTION_ID || notes_first == notes_count)
	{
		if (notes_transaction != SOCIAL_LOCAL_TRANSACTION_ID)
		{
			notes_room = 8;
			notes = palloc(notes_room * sizeof(struct note));
			notes_transaction = SOCIAL_LOCAL_TRANSACTION_ID;
		}
		notes_first = notes_count = 0;
	}
	if (notes_count == notes_room)
	{
		notes_room *= 2;
		notes = repalloc_huge(notes, notes_room * sizeof(struct note));
	}
	notes[notes_count++] = (struct note){relation, id, action, pstrdup(reason)};
	MemoryContextSwitchTo(caller);
}

/* Takes the newest note about a row out; false when there is none. In order, as rows come. */
static bool
take_note(Oid relation, int64 id, struct note *taken)
{
	bool found = false;

	if (notes_transaction != SOCIAL_LOCAL_TRANSACTION_ID)
		return false;
	for (int i = notes_first; i < notes_count; i++)
	{
		if (notes[i].relation != relation || notes[i].id != id)
		{
			if (found)
				break;
			continue;
		}
		*taken = notes[i];
		notes[i].relation = InvalidOid;
		found = true;
	}
	while (notes_first < notes_count && !OidIsValid(notes[notes_first].relation))
		notes_first++;
	return found;
}

/* ---- triggers -------------------------------------------------------------------------------- */

static int64
row_id(const TriggerData *trigger, HeapTuple row)
{
	bool isnull;

	return DatumGetInt64(
		heap_getattr(row, SOCIAL_COLUMN_ID, RelationGetDescr(trigger->tg_relation), &isnull));
}

/* The tables whose texts are looked at; all have hidden_at. */
static const struct kind
{
	const char *table;
	const char *name;    /* of the kind, for filters and reports */
	const char *title;   /* its column; NULL: none */
	const char *content; /* likewise */
} kinds[] = {
	{"posts", "post", "title", "content"},
	{"comments", "comment", NULL, "content"},
	{"streams", "stream", "title", "description"},
	{"stream_chat_messages", "chat_message", NULL, "content"},
};

static const struct kind *
kind_of(const TriggerData *trigger)
{
	const char *table = RelationGetRelationName(trigger->tg_relation);

	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (strcmp(kinds[i].table, table) == 0)
			return &kinds[i];
	}
	ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
					errmsg("the texts of %s are not looked at", table)));
}

/* The row with hidden_at set, unless it is set already. */
static HeapTuple
hide(const TriggerData *trigger, HeapTuple row)
{
	TupleDesc columns = RelationGetDescr(trigger->tg_relation);
	int column = SPI_fnumber(columns, "hidden_at");
	Datum value = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool isnull = false;

	if (!heap_attisnull(row, column, columns))
		return row;
	return heap_modify_tuple_by_cols(row, columns, 1, &column, &value, &isnull);
}

/* BEFORE INSERT OR UPDATE of the texts of these tables. */
Datum
social_content_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	HeapTuple row = social_row_trigger_result(trigger);
	const struct kind *kind;
	text *title;
	text *content;
	char *reason = NULL;
	enum social_content_action action;
	enum social_content_action asked;

	if (social_restoring())
		return PointerGetDatum(row);
	kind = kind_of(trigger);
	title = kind->title != NULL ? social_row_text(trigger, row, kind->title) : NULL;
	content = social_row_text(trigger, row, kind->content);
	action = social_content_rules_check(title, content, &reason);
	asked = ask_filter(kind->name, title, content);
	if (asked > action)
	{
		action = asked;
		reason = psprintf("The filter %s says so.", content_filter);
	}
	if (action == SOCIAL_CONTENT_REJECT)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_UNPROCESSABLE), errmsg("content is not allowed"),
						errdetail("%s", reason),
						errhint("Change the text; the site's content rules refuse it.")));
	if (action != SOCIAL_CONTENT_ALLOW)
		add_note(RelationGetRelid(trigger->tg_relation), row_id(trigger, row), action, reason);
	return PointerGetDatum(action == SOCIAL_CONTENT_HIDE ? hide(trigger, row) : row);
}

/* AFTER INSERT OR UPDATE of the same: files the report that BEFORE found necessary. */
Datum
social_content_report(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	Oid types[] = {TEXTOID, INT8OID, TEXTOID, TEXTOID};
	Datum values[4];
	struct note note = {0};
	int64 id = row_id(trigger, social_row_trigger_result(trigger));

	if (!take_note(RelationGetRelid(trigger->tg_relation), id, &note))
		return PointerGetDatum(NULL);
	values[0] = CStringGetTextDatum(kind_of(trigger)->name);
	values[1] = Int64GetDatum(id);
	values[2] = CStringGetTextDatum(note.action == SOCIAL_CONTENT_HIDE ? "hide" : "flag");
	values[3] = CStringGetTextDatum(note.reason);
	SPI_connect();
	if (SPI_execute_with_args("SELECT social.report_by_rule($1, $2, $3, $4)", lengthof(types),
							  types, values, NULL, false, 0) != SPI_OK_SELECT)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not file a report")));
	SPI_finish();
	return PointerGetDatum(NULL);
}
