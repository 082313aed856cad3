/*
 * query.h owns running prepared SQL from inside triggers: planned once a session, as the owner of
 * our tables, with a pinned search path.
 */
#ifndef SOCIAL_QUERY_H
#define SOCIAL_QUERY_H

#include "postgres.h"
#include "executor/spi.h"
#include "utils/rel.h"

#define SOCIAL_QUERY_ARGUMENTS_MAX 8

/* A statement; names in it are schema-qualified. `plan` is NULL until the first run. */
struct social_query
{
	const char *sql;
	int narguments;
	Oid types[SOCIAL_QUERY_ARGUMENTS_MAX];
	SPIPlanPtr plan;
};

/* Where a run of statements returns to. */
struct social_query_scope
{
	Oid user;
	int security_context;
	int search_path;
};

/* Acts as the owner of `table`, with a pinned search path, until the end of the scope. */
extern void social_query_act_as_owner(struct social_query_scope *scope, Relation table);
extern void social_query_act_as_before(const struct social_query_scope *scope);

/* Opens a run of statements that act as the owner of `table`. */
extern void social_query_begin(struct social_query_scope *scope, Relation table);

/* Runs one statement, without nulls among its arguments; returns how many rows it touched. */
extern uint64 social_query_run(struct social_query *query, Datum *arguments);

/* The first column of the first row of one, where nulls ('n', else ' ') may be among them; 0 for
 * null. */
extern int64 social_query_fetch_int64(struct social_query *query, Datum *arguments,
									  const char *nulls);

/*
 * social_query_run() as a run of its own, where nulls ('n', else ' ', NULL: none) may be among its
 * arguments.
 */
extern uint64 social_query_run_once(struct social_query *query, Relation table, Datum *arguments,
									const char *nulls);

/*
 * The same as a foreign key runs its statements: their triggers fire together with those of the
 * statement that fired ours, however deep a cascade goes. With `sees_new_rows` rows are found that
 * the transaction's own snapshot does not see; changing one is a serialization failure then.
 */
extern uint64 social_query_run_as_constraint(struct social_query *query, Datum *arguments,
											 bool sees_new_rows);

/* Ends the run. After an error the transaction's end does the same. */
extern void social_query_end(const struct social_query_scope *scope);

#endif /* SOCIAL_QUERY_H */
