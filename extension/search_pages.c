/*
 * search_pages.c owns reading the posts that a GIN index finds from the end of the table (see
 * search_pages.h).
 *
 * The server's bitmap can only be read forwards, so the last pages that it names are kept while it
 * passes; that costs a small part of what making it does. Where it has grown too large it names
 * pages without rows: then each row of the page is tried.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "search_pages.h"
#include "table.h"

/* The operator @@ in tsvector_ops. */
#define MATCH_STRATEGY 1

/* A bitmap of this size names every row of some 300,000 pages. */
#define BITMAP_BYTES (32 * 1024 * 1024)

struct page
{
	BlockNumber block;
	int count; /* of offsets; -1 for every row of the page */
	OffsetNumber offsets[MaxHeapTuplesPerPage];
};

struct social_search_pages
{
	Relation table;
	struct page *ring; /* the last `size` pages, oldest at seen % size */
	int size;
	int64 seen; /* pages that the index named */
	int64 left; /* pages still to be read */
	int row;    /* rows of the current page still to be read */
	IndexFetchTableData *fetch;
};

static TIDBitmap *
read_index(const char *name, TSQuery query)
{
	Relation index = index_open(social_relation_oid(name), AccessShareLock);
	IndexScanDesc scan = social_compat_beginscan_bitmap(index, GetActiveSnapshot(), 1);
	TIDBitmap *bitmap = tbm_create(BITMAP_BYTES, NULL);
	ScanKeyData key;

	ScanKeyInit(&key, 1, MATCH_STRATEGY, F_TS_MATCH_VQ, TSQueryGetDatum(query));
	index_rescan(scan, &key, 1, NULL, 0);
	index_getbitmap(scan, bitmap);
	index_endscan(scan);
	index_close(index, AccessShareLock);
	return bitmap;
}

/* Keeps the last pages that the bitmap names, each in the place of the oldest one. */
static void
keep_pages(struct social_search_pages *pages, TIDBitmap *bitmap)
{
	social_compat_bitmap iterator = social_compat_bitmap_begin(bitmap);

	for (;;)
	{
		struct page *page = &pages->ring[pages->seen % pages->size];

		if (!social_compat_bitmap_next(iterator, &page->block, &page->count, page->offsets))
			break;
		pages->seen++;
	}
	social_compat_bitmap_end(iterator);
}

/* The page that is being read. */
static const struct page *
current_page(const struct social_search_pages *pages)
{
	/* The ring holds the last pages that were seen, and `left` counts down from the last one. */
	return &pages->ring[(pages->seen - Min(pages->seen, pages->size) + pages->left - 1) %
						pages->size];
}

static int
rows_of(const struct page *page)
{
	return page->count < 0 ? MaxHeapTuplesPerPage : page->count;
}

struct social_search_pages *
social_search_pages_begin(Relation table, const char *index, TSQuery query, int pages_max)
{
	struct social_search_pages *pages = palloc0(sizeof(*pages));
	TIDBitmap *bitmap = read_index(index, query);

	pages->table = table;
	pages->size = Max(Min(pages_max, RelationGetNumberOfBlocks(table)), 1);
	pages->ring = palloc_extended(pages->size * sizeof(struct page), MCXT_ALLOC_HUGE);
	keep_pages(pages, bitmap);
	tbm_free(bitmap);
	pages->left = Min(pages->seen, pages->size);
	pages->row = pages->left == 0 ? 0 : rows_of(current_page(pages));
	pages->fetch = table_index_fetch_begin(table);
	return pages;
}

void
social_search_pages_end(struct social_search_pages *pages)
{
	table_index_fetch_end(pages->fetch);
	pfree(pages->ring);
	pfree(pages);
}

bool
social_search_pages_next(struct social_search_pages *pages, TupleTableSlot *slot)
{
	while (pages->left > 0)
	{
		const struct page *page = current_page(pages);

		while (pages->row-- > 0)
		{
			bool again = false;
			bool all_dead;
			ItemPointerData place;

			CHECK_FOR_INTERRUPTS();
			ItemPointerSet(&place, page->block,
						   page->count < 0 ? pages->row + 1 : page->offsets[pages->row]);
			if (table_index_fetch_tuple(pages->fetch, &place, GetActiveSnapshot(), slot, &again,
										&all_dead))
				return true;
		}
		if (--pages->left > 0)
			pages->row = rows_of(current_page(pages));
	}
	return false;
}

bool
social_search_pages_are_all(const struct social_search_pages *pages)
{
	return pages->seen <= pages->size;
}
