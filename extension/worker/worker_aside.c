/*
 * worker_aside.c owns making room: the background worker leaves its database when somebody drops,
 * renames, moves or copies it, because the server does these only in a database without sessions;
 * and the second half of two-phase commits, which the worker hears of by their statement alone.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "worker/worker.h"

static ProcessUtility_hook_type previous_utility;

/* The value of a statement's option; NULL when it has none of this name. */
static char *
option_of(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, name) == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return NULL;
}

/* The database that this statement needs free of other sessions, or NULL. */
static const char *
wanted_database(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_DropdbStmt:
			return ((DropdbStmt *) statement)->dbname;
		case T_RenameStmt:
			return ((RenameStmt *) statement)->renameType == OBJECT_DATABASE
					   ? ((RenameStmt *) statement)->subname
					   : NULL;
		case T_AlterDatabaseStmt:
			return option_of(((AlterDatabaseStmt *) statement)->options, "tablespace") != NULL
					   ? ((AlterDatabaseStmt *) statement)->dbname
					   : NULL;
		case T_CreatedbStmt:
			return option_of(((CreatedbStmt *) statement)->options, "template");
		default:
			return NULL;
	}
}

static bool
may_create_databases(void)
{
	HeapTuple role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	bool may = superuser();

	if (HeapTupleIsValid(role))
	{
		may = may || ((Form_pg_authid) GETSTRUCT(role))->rolcreatedb;
		ReleaseSysCache(role);
	}
	return may;
}

static bool
is_template(Oid database)
{
	HeapTuple row = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	bool answer = false;

	if (HeapTupleIsValid(row))
	{
		answer = ((Form_pg_database) GETSTRUCT(row))->datistemplate;
		ReleaseSysCache(row);
	}
	return answer;
}

/*
 * May the one who runs this statement do so with the worker's database? The server asks the same
 * before anything else: whoever gets an error there shall not stop the worker with it.
 */
static bool
is_allowed(Node *statement)
{
	Oid database = get_database_oid(social_worker_database, true);
	bool is_owner = OidIsValid(database) && social_compat_owns_database(database, GetUserId());

	switch (nodeTag(statement))
	{
		case T_CreatedbStmt:
			return may_create_databases() && (is_owner || is_template(database));
		case T_RenameStmt:
			return is_owner && may_create_databases();
		default:
			return is_owner;
	}
}

/* Does this statement need the worker's database free, and will it be carried out? */
static bool
wants_database(Node *statement)
{
	const char *name = wanted_database(statement);

	return name != NULL && strcmp(name, social_worker_database) == 0 && !RecoveryInProgress() &&
		   is_allowed(statement);
}

/* Does this statement commit what others may have left for the worker? */
static bool
commits_prepared(Node *statement)
{
	return IsA(statement, TransactionStmt) &&
		   ((TransactionStmt *) statement)->kind == TRANS_STMT_COMMIT_PREPARED;
}

static void
on_utility(PlannedStmt *statement, const char *text, bool read_only_tree,
		   ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment *environment,
		   DestReceiver *destination, QueryCompletion *completion)
{
	if (wants_database(statement->utilityStmt))
		social_worker_step_aside();
	if (commits_prepared(statement->utilityStmt))
		social_worker_wake_at_commit();
	if (previous_utility != NULL)
		previous_utility(statement, text, read_only_tree, context, parameters, environment,
						 destination, completion);
	else
		standard_ProcessUtility(statement, text, read_only_tree, context, parameters, environment,
								destination, completion);
}

void
social_worker_aside_init(void)
{
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = on_utility;
}
