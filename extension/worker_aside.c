/*
 * worker_aside.c owns making room: the background worker leaves its database when somebody drops,
 * renames, moves or copies it, because the server does these only in a database without sessions.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"

#include "worker.h"

static ProcessUtility_hook_type previous_utility;

/* Does this statement need its database free of other sessions, and is it ours? */
static bool
wants_database(Node *statement)
{
	const char *name = NULL;
	ListCell *cell;

	if (IsA(statement, DropdbStmt))
		name = ((DropdbStmt *) statement)->dbname;
	else if (IsA(statement, RenameStmt) &&
			 ((RenameStmt *) statement)->renameType == OBJECT_DATABASE)
		name = ((RenameStmt *) statement)->subname;
	else if (IsA(statement, AlterDatabaseStmt))
		name = ((AlterDatabaseStmt *) statement)->dbname;
	else if (IsA(statement, CreatedbStmt))
	{
		foreach (cell, ((CreatedbStmt *) statement)->options)
		{
			DefElem *option = lfirst(cell);

			if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
				name = defGetString(option);
		}
	}
	return name != NULL && strcmp(name, social_worker_database) == 0;
}

static void
on_utility(PlannedStmt *statement, const char *text, bool read_only_tree,
		   ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment *environment,
		   DestReceiver *destination, QueryCompletion *completion)
{
	if (wants_database(statement->utilityStmt))
		social_worker_step_aside();
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
