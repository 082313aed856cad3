/*
 * document_page.c owns pages of lists whose rows are documents: the rows and the cursors of a list
 * function (sql/README.md, Pages), without the columns that nobody asks for. They are listed as
 * social.document() lists them. Mission P-04, P-10.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "base/column.h"
#include "base/errors.h"
#include "base/page.h"
#include "base/walk.h"
#include "content/document.h"

PG_FUNCTION_INFO_V1(social_documents);
PG_FUNCTION_INFO_V1(social_rest_documents);
PG_FUNCTION_INFO_V1(social_post_documents);

/* What a page is filled with. */
struct filler
{
	struct social_documents documents;
	struct social_document_rows *rows;
	TupleDesc columns; /* of the table; NULL where the page has no ids */
};

/* The columns of one row: perhaps its id, and its document. */
static void
fill(void *state, HeapTuple row, Datum *values, bool *isnull)
{
	struct filler *filler = state;
	StringInfo out = &filler->documents.out;
	int n = 0;

	if (filler->columns != NULL)
	{
		values[n] = heap_getattr(row, SOCIAL_COLUMN_ID, filler->columns, &isnull[n]);
		n++;
	}
	resetStringInfo(out);
	social_document_add(&filler->documents, filler->rows, row);
	values[n] = PointerGetDatum(cstring_to_text_with_len(out->data, out->len));
	isnull[n] = false;
}

/* Keeps the listed rows that the walk comes to, as many as the page holds and one. */
static void
keep_listed(struct social_page *page, struct social_walk *walk,
			const struct social_document_rows *rows)
{
	TupleDesc columns = RelationGetDescr(walk->table);
	bool goes_on = true;

	while (goes_on && social_walk_next(walk))
	{
		bool is_copy;
		HeapTuple row = ExecFetchSlotHeapTuple(walk->slot, false, &is_copy);

		if (social_document_is_listed(rows, row, columns))
			goes_on =
				social_page_keep(page, walk->slot, social_walk_int64(walk, rows->source->order),
								 social_walk_int64(walk, SOCIAL_COLUMN_ID));
		if (is_copy)
			heap_freetuple(row);
	}
}

/* Fills the page with the rows that `key` leads to, and ends the documents. */
static void
put_page(struct social_page *page, struct filler *filler, int64 key, bool has_id)
{
	const struct social_document_source *list = filler->rows->source;
	bool newest_first = list->newest_first != page->backwards;
	struct social_walk walk;

	social_walk_open(&walk, social_document_table(list->kind), list->index);
	social_walk_start(
		&walk, list->nkeys, &key, newest_first,
		social_page_start(page, newest_first ? SOCIAL_WALK_NEWEST : SOCIAL_WALK_OLDEST),
		SOCIAL_WALK_NO_BUDGET);
	keep_listed(page, &walk, filler->rows);
	filler->columns = has_id ? RelationGetDescr(walk.table) : NULL;
	social_page_put(page, fill, filler);
	social_walk_close(&walk);
	social_document_end(&filler->documents, filler->rows);
}

/*
 * documents(source text, key bigint, sizes integer[], members text, first integer, after text,
 * before text): see sql/api/visibility.sql.
 */
Datum
social_documents(PG_FUNCTION_ARGS)
{
	struct social_page page;
	struct filler filler = {0};
	const struct social_document_source *list;

	filler.rows = social_document_begin(&filler.documents, fcinfo, 0, 2, 3);
	list = filler.rows != NULL ? filler.rows->source : NULL;
	if (list != NULL && list->page == NULL)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("there is no such document"),
						errdetail("\"%s\" is no list.", list->name)));
	social_page_begin(&page, fcinfo, 4, list != NULL ? list->page : "");
	if (list != NULL && (list->nkeys == 0 || !PG_ARGISNULL(1)))
		put_page(&page, &filler, PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1), false);
	return (Datum) 0;
}

/*
 * rest_documents(source text, key bigint, first integer, after text, before text): see
 * sql/api/visibility.sql.
 */
Datum
social_rest_documents(PG_FUNCTION_ARGS)
{
	struct social_page page;
	struct filler filler = {0};

	if (PG_ARGISNULL(0))
		social_page_begin(&page, fcinfo, 2, "");
	else
	{
		filler.rows =
			social_document_begin_rest(&filler.documents, text_to_cstring(PG_GETARG_TEXT_PP(0)));
		social_page_begin(&page, fcinfo, 2, filler.rows->source->page);
		if (filler.rows->source->nkeys == 0 || !PG_ARGISNULL(1))
			put_page(&page, &filler, PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1), false);
	}
	return (Datum) 0;
}

/* post_documents(first integer, after text, before text): see sql/api/post.sql. */
Datum
social_post_documents(PG_FUNCTION_ARGS)
{
	struct social_page page;
	struct filler filler = {0};

	filler.rows = social_document_begin_rest(&filler.documents, "posts");
	social_page_begin(&page, fcinfo, 0, filler.rows->source->page);
	put_page(&page, &filler, 0, true);
	return (Datum) 0;
}
