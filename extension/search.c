/*
 * search.c owns how a text becomes a vector, and the settings of search and of pages.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/regproc.h"

#include "compat.h"
#include "errors.h"
#include "init.h"
#include "limit.h"
#include "search.h"

PG_FUNCTION_INFO_V1(social_search_config);
PG_FUNCTION_INFO_V1(social_search_query);
PG_FUNCTION_INFO_V1(social_title_query);
PG_FUNCTION_INFO_V1(social_page_size);

#define PAGE_SIZE_DEFAULT 20

static char *search_config;
static int search_query_max_length;
static int page_size_max;

void
social_search_init(void)
{
	DefineCustomStringVariable("social.search_config", "The text search configuration of posts.",
							   "A name outside pg_catalog needs its schema.", &search_config,
							   "english", PGC_SUSET, 0, NULL, NULL, NULL);
	social_limit_define("social.search_query_max_length",
						"The longest search query, in characters.", &search_query_max_length, 500);
	social_limit_define("social.page_size_max", "The most rows that one page may hold.",
						&page_size_max, 100);
}

/* The configuration that the setting names; found in pg_catalog when it has no schema. */
static Oid
config_oid(void)
{
	int path = social_compat_pin_search_path();
	Oid config = get_ts_config_oid(social_compat_name_list(search_config), false);

	social_compat_unpin_search_path(path);
	return config;
}

static Datum
weighted_vector(Oid config, text *value, char weight)
{
	Datum vector =
		DirectFunctionCall2(to_tsvector_byid, ObjectIdGetDatum(config), PointerGetDatum(value));

	return DirectFunctionCall2(tsvector_setweight, vector, CharGetDatum(weight));
}

Datum
social_search_vector(text *title, text *content)
{
	Oid config = config_oid();

	return DirectFunctionCall2(tsvector_concat, weighted_vector(config, title, 'A'),
							   weighted_vector(config, content, 'B'));
}

/* search_config() regconfig: what queries must be parsed with. */
Datum
social_search_config(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(config_oid());
}

/* search_query(query text) tsquery: web-search syntax; SM400 when empty or over-long. */
Datum
social_search_query(PG_FUNCTION_ARGS)
{
	text *query = PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0);

	social_limit_require("search query", query);
	social_limit_check("search query", query, search_query_max_length);
	return DirectFunctionCall2(websearch_to_tsquery_byid, ObjectIdGetDatum(config_oid()),
							   PointerGetDatum(query));
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
