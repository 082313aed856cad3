/*
 * search.c owns the settings of pages, and what search asks of a query.
 */
#include "postgres.h"

#include "fmgr.h"
#include "tsearch/ts_utils.h"
#include "utils/guc.h"

#include "errors.h"
#include "init.h"
#include "limit.h"

PG_FUNCTION_INFO_V1(social_title_query);
PG_FUNCTION_INFO_V1(social_page_size);

#define PAGE_SIZE_DEFAULT 20

static int page_size_max;

void
social_search_init(void)
{
	social_limit_define("social.page_size_max", "The most rows that one page may hold.",
						&page_size_max, 100);
}

/* title_query(query tsquery) tsquery: every word must stand in the title (weight A). */
Datum
social_title_query(PG_FUNCTION_ARGS)
{
	TSQuery query = PG_GETARG_TSQUERY_COPY(0);
	QueryItem *items = GETQUERY(query);

	for (int i = 0; i < query->size; i++)
	{
		if (items[i].type == QI_VAL)
			items[i].qoperand.weight = 1 << 3;
	}
	PG_RETURN_TSQUERY(query);
}

/* page_size(first integer) integer: 20 for null; SM400 outside 1 .. social.page_size_max. */
Datum
social_page_size(PG_FUNCTION_ARGS)
{
	int first = PG_ARGISNULL(0) ? Min(PAGE_SIZE_DEFAULT, page_size_max) : PG_GETARG_INT32(0);

	if (first < 1 || first > page_size_max)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid page size"),
						errdetail("It is %d; it must be 1 to %d.", first, page_size_max),
						errhint("The upper bound is the setting social.page_size_max.")));
	PG_RETURN_INT32(first);
}
