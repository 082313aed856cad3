/*
 * subscriber.c owns the question whether our tables here are a subscriber's copy (see
 * subscriber.h).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_subscription_rel.h"
#include "fmgr.h"
#include "utils/lsyscache.h"

#include "base/subscriber.h"

PG_FUNCTION_INFO_V1(social_is_subscriber_sql);

/*
 * Subscriptions' tables are few, and a catalog of this database alone names them: it is empty where
 * there is no subscription.
 */
bool
social_is_subscriber(void)
{
	Oid schema = get_namespace_oid("social", true);
	Relation catalog = table_open(SubscriptionRelRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	HeapTuple tuple;
	bool found = false;

	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = get_rel_namespace(((Form_pg_subscription_rel) GETSTRUCT(tuple))->srrelid) == schema;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* is_subscriber() boolean */
Datum
social_is_subscriber_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(social_is_subscriber());
}
