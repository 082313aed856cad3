/*
 * search_vector.c owns how a text becomes a vector and a query: which text search configuration
 * reads it.
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
#include "search_vector.h"

PG_FUNCTION_INFO_V1(social_search_config);
PG_FUNCTION_INFO_V1(social_search_query);

static char *search_config;
static int search_query_max_length;

void
social_search_vector_init(void)
{
	DefineCustomStringVariable("social.search_config", "The text search configuration of posts.",
							   "A name outside pg_catalog needs its schema.", &search_config,
							   "english", PGC_SUSET, 0, NULL, NULL, NULL);
	social_limit_define("social.search_query_max_length",
						"The longest search query, in characters.", &search_query_max_length, 500);
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
