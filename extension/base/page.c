/*
 * page.c owns the SQL side of page cursors, how many rows a page may hold, and the pages that C
 * functions return.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/tuplestore.h"

#include "core/cursor.h"
#include "base/errors.h"
#include "base/init.h"
#include "base/page.h"

PG_FUNCTION_INFO_V1(social_cursor_encode_sql);
PG_FUNCTION_INFO_V1(social_cursor_decode_sql);
PG_FUNCTION_INFO_V1(social_page_size);
PG_FUNCTION_INFO_V1(social_page_one_cursor_sql);
PG_FUNCTION_INFO_V1(social_score_key);
PG_FUNCTION_INFO_V1(social_key_score);

#define PAGE_SIZE_DEFAULT         20
#define PAGE_SIZE_LARGEST_DEFAULT 50 /* of the lists in GraphQL and REST, too */

static int page_size_max;

void
social_page_init(void)
{
	/* No fewer than what a list shows whoever names no number: that would be refused. */
	DefineCustomIntVariable("social.page_size_max", "The most rows that one page may hold.", NULL,
							&page_size_max, 100, PAGE_SIZE_LARGEST_DEFAULT, 1024 * 1024, PGC_SUSET,
							0, NULL, NULL, NULL);
}

int
social_page_rows(FunctionCallInfo fcinfo, int number)
{
	LOCAL_FCINFO(call, 1);

	InitFunctionCallInfoData(*call, NULL, 1, InvalidOid, NULL, NULL);
	call->args[0] = fcinfo->args[number];
	return DatumGetInt32(social_page_size(call));
}

text *
social_page_one_cursor(FunctionCallInfo fcinfo, int after, int before)
{
	if (!PG_ARGISNULL(after) && !PG_ARGISNULL(before))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("two cursors"),
						errdetail("A page lies after one row or before another."),
						errhint("Pass after or before, not both.")));
	if (!PG_ARGISNULL(after))
		return PG_GETARG_TEXT_PP(after);
	return PG_ARGISNULL(before) ? NULL : PG_GETARG_TEXT_PP(before);
}

void
social_page_refuse_cursor(void)
{
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid cursor"),
					errdetail("It is none of ours, or belongs to another list."),
					errhint("Pass the cursor that the last page of the same list returned.")));
}

void
social_page_cursor(const char *kind, const text *cursor, int64 *key, int64 *id)
{
	int64_t found_key;
	int64_t found_id;

	if (!social_cursor_decode(kind, VARDATA_ANY(cursor), VARSIZE_ANY_EXHDR(cursor), &found_key,
							  &found_id))
		social_page_refuse_cursor();
	*key = found_key;
	*id = found_id;
}

/* ---- pages of C functions -------------------------------------------------------------------- */

void
social_page_begin(struct social_page *page, FunctionCallInfo fcinfo, int first, const char *kind)
{
	page->kind = kind;
	page->wanted = social_page_rows(fcinfo, first);
	page->cursor = social_page_one_cursor(fcinfo, first + 1, first + 2);
	page->backwards = !PG_ARGISNULL(first + 2);
	page->count = 0;
	page->rows = palloc((page->wanted + 1) * sizeof(*page->rows));
	InitMaterializedSRF(fcinfo, 0);
	page->result = (ReturnSetInfo *) fcinfo->resultinfo;
}

int64
social_page_start(const struct social_page *page, int64 top)
{
	int64 key = top;
	int64 id;

	if (page->cursor != NULL)
		social_page_cursor(page->kind, page->cursor, &key, &id);
	return key;
}

bool
social_page_keep(struct social_page *page, TupleTableSlot *slot, int64 key, int64 id)
{
	struct social_page_row *kept = &page->rows[page->count++];

	if (page->count > page->wanted)
		return false;
	*kept = (struct social_page_row){ExecCopySlotHeapTuple(slot), key, id};
	return true;
}

void
social_page_put(struct social_page *page,
				void (*fill)(void *state, HeapTuple row, Datum *values, bool *isnull), void *state)
{
	int ncolumns = page->result->setDesc->natts;
	Datum *values = palloc(ncolumns * sizeof(*values));
	bool *isnull = palloc(ncolumns * sizeof(*isnull));
	int count = Min(page->count, page->wanted);
	char cursor[SOCIAL_CURSOR_LENGTH + 1];

	for (int i = 0; i < count; i++)
	{
		const struct social_page_row *kept = &page->rows[page->backwards ? count - 1 - i : i];

		fill(state, kept->row, values, isnull);
		social_cursor_encode(page->kind, kept->key, kept->id, cursor);
		values[ncolumns - 2] = CStringGetTextDatum(cursor);
		values[ncolumns - 1] = BoolGetDatum(page->count > page->wanted);
		isnull[ncolumns - 2] = isnull[ncolumns - 1] = false;
		tuplestore_putvalues(page->result->setResult, page->result->setDesc, values, isnull);
	}
}

/* ---- SQL ------------------------------------------------------------------------------------- */

/* social.cursor_encode(kind text, key bigint, id bigint) -> text */
Datum
social_cursor_encode_sql(PG_FUNCTION_ARGS)
{
	char *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char cursor[SOCIAL_CURSOR_LENGTH + 1];

	social_cursor_encode(kind, PG_GETARG_INT64(1), PG_GETARG_INT64(2), cursor);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(cursor, SOCIAL_CURSOR_LENGTH));
}

/* social.cursor_decode(kind text, cursor text) -> (key bigint, id bigint); SM400 if mangled. */
Datum
social_cursor_decode_sql(PG_FUNCTION_ARGS)
{
	char *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text *cursor = PG_GETARG_TEXT_PP(1);
	TupleDesc tupdesc;
	Datum values[2];
	bool nulls[2] = {false, false};
	int64 key;
	int64 id;

	social_page_cursor(kind, cursor, &key, &id);
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cursor_decode must return a row");
	values[0] = Int64GetDatum(key);
	values[1] = Int64GetDatum(id);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/* page_cursor(after text, before text) -> text: the one that is there, or null; SM400 for both. */
Datum
social_page_one_cursor_sql(PG_FUNCTION_ARGS)
{
	text *cursor = social_page_one_cursor(fcinfo, 0, 1);

	if (cursor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cursor);
}

/* page_size(first integer) integer: 20 for null; SM400 outside 1 .. social.page_size_max. */
Datum
social_page_size(PG_FUNCTION_ARGS)
{
	int first = PG_ARGISNULL(0) ? PAGE_SIZE_DEFAULT : PG_GETARG_INT32(0);

	if (first < 1 || first > page_size_max)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid page size"),
						errdetail("It is %d; it must be 1 to %d.", first, page_size_max),
						errhint("The upper bound is the setting social.page_size_max.")));
	PG_RETURN_INT32(first);
}

/* The bits of a double as a number, or back: those of negative ones run the other way. */
static int64
ordered_bits(int64 bits)
{
	return bits < 0 ? bits ^ PG_INT64_MAX : bits;
}

/* score_key(score double precision) -> bigint: in the same order, and exact. */
Datum
social_score_key(PG_FUNCTION_ARGS)
{
	double score = PG_GETARG_FLOAT8(0);
	int64 bits;

	memcpy(&bits, &score, sizeof(bits));
	PG_RETURN_INT64(ordered_bits(bits));
}

/* key_score(key bigint) -> double precision: the way back. */
Datum
social_key_score(PG_FUNCTION_ARGS)
{
	int64 bits = ordered_bits(PG_GETARG_INT64(0));
	double score;

	memcpy(&score, &bits, sizeof(score));
	PG_RETURN_FLOAT8(score);
}
