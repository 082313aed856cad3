/*
 * guard.c owns the protection of the data: silent triggers during a restore, and no DROP that
 * would take posts along unless social.allow_drop says so.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "access/genam.h"
#include "access/table.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "guard.h"
#include "init.h"
#include "table.h"

PG_FUNCTION_INFO_V1(social_guard_drop);

static bool restoring;
static bool allow_drop;

void
social_guard_init(void)
{
	DefineCustomBoolVariable("social.restoring", "Keeps the extension's triggers silent.",
							 "Sessions that restore a pg_dump are recognised without it.",
							 &restoring, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("social.allow_drop",
							 "Allows dropping the extension while there are posts.", NULL,
							 &allow_drop, false, PGC_SUSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
}

bool
social_restoring(void)
{
	return restoring ||
		   (!row_security && !check_function_bodies && namespace_search_path[0] == '\0');
}

/* Does this DROP statement name the extension, or the schema it lives in? */
static bool
drops_extension(const DropStmt *statement)
{
	ListCell *cell;

	if (statement->removeType != OBJECT_EXTENSION && statement->removeType != OBJECT_SCHEMA)
		return false;
	foreach (cell, statement->objects)
	{
		if (strcmp(strVal(lfirst(cell)), "social") == 0)
			return true;
	}
	return false;
}

/* The role that owns the extension. */
static Oid
extension_owner(void)
{
	Relation catalog = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	Oid owner = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("social"));
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return owner;
}

static bool
drops_owner(const DropOwnedStmt *statement)
{
	Oid owner = extension_owner();
	ListCell *cell;

	foreach (cell, statement->roles)
	{
		if (get_rolespec_oid(lfirst(cell), true) == owner)
			return true;
	}
	return false;
}

/*
 * Event trigger on ddl_command_start of DROP EXTENSION, DROP SCHEMA and DROP OWNED: refuses while
 * the posts table has a row. It reads the parse tree, so it also holds without preloading.
 */
Datum
social_guard_drop(PG_FUNCTION_ARGS)
{
	EventTriggerData *event;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called by the event trigger manager")));
	event = (EventTriggerData *) fcinfo->context;
	if (allow_drop)
		PG_RETURN_NULL();
	if (!((IsA(event->parsetree, DropStmt) && drops_extension((DropStmt *) event->parsetree)) ||
		  (IsA(event->parsetree, DropOwnedStmt) &&
		   drops_owner((DropOwnedStmt *) event->parsetree))))
		PG_RETURN_NULL();
	if (social_table_has_rows("posts"))
		ereport(ERROR, (errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
						errmsg("cannot drop extension social while it holds posts"),
						errhint("Dump the database first, then SET social.allow_drop = on.")));
	PG_RETURN_NULL();
}
