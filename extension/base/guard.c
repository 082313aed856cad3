/*
 * guard.c owns the protection of the data: silent triggers during a restore, and no DROP that
 * would take posts along unless social.allow_drop says so.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "base/guard.h"
#include "base/init.h"
#include "base/table.h"

PG_FUNCTION_INFO_V1(social_guard_drop);
PG_FUNCTION_INFO_V1(social_is_restoring);

static bool restoring;
static bool allow_drop;
static object_access_hook_type previous_object_access;

static void on_object_access(ObjectAccessType access, Oid catalog, Oid object, int column,
							 void *argument);

void
social_guard_init(void)
{
	DefineCustomBoolVariable("social.restoring", "Keeps the extension's triggers silent.",
							 "Sessions that restore a pg_dump are recognised without it.",
							 &restoring, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("social.allow_drop",
							 "Allows dropping the extension while there are posts.", NULL,
							 &allow_drop, false, PGC_SUSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	previous_object_access = object_access_hook;
	object_access_hook = on_object_access;
}

bool
social_restoring(void)
{
	return restoring ||
		   (!row_security && !check_function_bodies && namespace_search_path[0] == '\0');
}

/* is_restoring(): for the conditions of triggers that are no C. */
Datum
social_is_restoring(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(social_restoring());
}

/*
 * Refuses while there are posts, or where they cannot be looked for, because our tables have left
 * the schema that has our name. An upgrade's own script may drop a table: that is no loss of the
 * extension.
 */
static void
refuse(const char *what, const char *name, bool is_at_home)
{
	if (allow_drop || creating_extension || (is_at_home && !social_table_has_rows("posts")))
		return;
	ereport(ERROR, (errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
					errmsg("cannot drop %s %s while it holds posts", what, name),
					is_at_home ? 0 : errdetail("Its tables are no longer in the schema social."),
					errhint("Dump the database first, then SET social.allow_drop = on.")));
}

/*
 * Whatever the statement was (DROP EXTENSION plpgsql CASCADE, DROP OWNED, DROP SCHEMA): the server
 * calls this for each object before it goes.
 */
static void
on_object_access(ObjectAccessType access, Oid catalog, Oid object, int column, void *argument)
{
	if (previous_object_access != NULL)
		previous_object_access(access, catalog, object, column, argument);
	if (access != OAT_DROP || column != 0)
		return;
	/* What the server drops by itself, as the old file of a table after VACUUM FULL. */
	if (((ObjectAccessDrop *) argument)->dropflags & PERFORM_DELETION_INTERNAL)
		return;
	if (catalog == ExtensionRelationId)
	{
		if (object == get_extension_oid("social", true))
			refuse("extension", "social", true);
	}
	else if (catalog == RelationRelationId && get_rel_relkind(object) == RELKIND_RELATION)
	{
		Oid extension = getExtensionOfObject(catalog, object);
		bool is_at_home = get_rel_namespace(object) == get_namespace_oid("social", true);

		/* The tables go before the extension; alone they go when somebody took them out of it. */
		if (OidIsValid(extension) && extension == get_extension_oid("social", true))
			refuse("extension", "social", is_at_home);
		else if (is_at_home)
			refuse("table", get_rel_name(object), true);
	}
}

/*
 * Event trigger on ddl_command_start of whatever may drop something: where the library is not
 * preloaded, being called loads it, and on_object_access() sees what goes.
 */
Datum
social_guard_drop(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called by the event trigger manager")));
	PG_RETURN_NULL();
}
