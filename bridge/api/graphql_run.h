/*
 * graphql_run.h owns running what is asked of GraphQL, whatever it came by: an HTTP request, a
 * message on a socket. Who may see the schema, what it counts as, its steps in their order; the
 * answer is for whoever asked. Which document it is: api/graphql_document.h.
 */
#ifndef SB_API_GRAPHQL_RUN_H
#define SB_API_GRAPHQL_RUN_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "admission/admission.h"
#include "graphql/graphql.h"

struct sb_graphql_run;

/* Whoever asked. Only on_answer and on_failure must be there. */
struct sb_graphql_asker
{
	/* sb_graphql_respond() has all that it needs, in execution and results. */
	void (*on_answer)(struct sb_graphql_run *run);
	/* Nothing that a field could say: the admission was refused, or the database is away. */
	void (*on_failure)(struct sb_graphql_run *run, enum sb_pg_outcome outcome);
	/* A subscription is to be begun; it has a step. Who does not have this is refused. */
	void (*on_subscription)(struct sb_graphql_run *run);
	/* A mutation begins: false when that was refused, and answered. */
	bool (*begin_mutation)(struct sb_graphql_run *run);
	/* Adds the statements of a step that acts by a call: the call, then what answers. */
	void (*add_call)(struct sb_graphql_run *run, const struct sb_pg_statement *call,
					 const struct sb_pg_statement *answer);
	/* A step has ended: true when somebody else goes on, and then calls sb_graphql_run_go_on(). */
	bool (*take_over)(struct sb_graphql_run *run, enum sb_pg_outcome outcome);
};

struct sb_graphql_run
{
	struct sb_admission *admission;
	const struct sb_graphql_asker *asker;
	void *owner;                     /* of whoever asked */
	struct sb_purpose purpose;       /* what it counts as, but for its own actions */
	struct sb_graphql_request asked; /* its texts live as long as the run */
	const char *document_id;         /* what names the document, or NULL */
	struct sb_graphql_execution *execution;
	bool may_introspect;
	int step;
	struct sb_graphql_result *results; /* one per step; texts in the arena or in taken */
	PGresult **taken;
};

/*
 * Prepares what is asked, whose document is known, and runs it; for a schema that is not open, once
 * it is known who asks.
 */
extern void sb_graphql_run_execute(struct sb_graphql_run *run);

/* Answers that it is not run: an error with that code, a constant. */
extern void sb_graphql_run_refuse(struct sb_graphql_run *run, const char *code,
								  const char *message);

/* Starts the unit afresh; on_done gets the run as its owner. */
extern void sb_graphql_run_begin_unit(struct sb_graphql_run *run,
									  void (*on_done)(struct sb_pg_unit *unit,
													  enum sb_pg_outcome outcome));
/* Sends the unit, or fails. */
extern void sb_graphql_run_send_unit(struct sb_graphql_run *run, enum sb_pg_lane lane);

/* A step that somebody else had taken over has ended like this. */
extern void sb_graphql_run_go_on(struct sb_graphql_run *run, enum sb_pg_outcome outcome);

/* Forgets the execution and what was taken for it; nothing may be under way. */
extern void sb_graphql_run_end(struct sb_graphql_run *run);

/* What a unit came to, as the result of a step; *taken: its rows, to be cleared by the caller. */
extern struct sb_graphql_result sb_graphql_result_of(struct sb_admission *admission,
													 enum sb_pg_outcome outcome, PGresult **taken);

/* In which lane an execution is run. */
extern enum sb_pg_lane sb_graphql_lane_of(const struct sb_graphql_execution *execution);

#endif /* SB_API_GRAPHQL_RUN_H */
