/*
 * graphql_show.h owns running a subscription's statement for one event, in one statement for all of
 * a loop who wait for what it makes of that.
 */
#ifndef SB_API_GRAPHQL_SHOW_H
#define SB_API_GRAPHQL_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "error/errors.h"
#include "graphql/graphql.h"

struct sb_listener;
struct sb_show;
struct sb_show_waiter;

enum sb_show_failure
{
	SB_SHOW_AWAY,    /* the database is away, or slow: later again */
	SB_SHOW_REFUSED, /* this listener's session has ended, or his account may not act */
	SB_SHOW_AGAIN    /* what others got is nothing for him: he asks again, by himself more */
};

/* From inside of these calls nobody else may leave; joining is allowed. */
struct sb_show_waiter_kind
{
	void (*on_shown)(struct sb_show_waiter *waiter, const struct sb_graphql_result *result);
	void (*on_failure)(struct sb_show_waiter *waiter, enum sb_show_failure failure,
					   const struct sb_error *error);
};

/* With whom a waiter asks; after SB_SHOW_AGAIN with fewer. */
enum sb_show_company
{
	SB_SHOW_SHARED, /* what is the same for all is asked as one of them */
	SB_SHOW_EACH,   /* in one statement, each as himself */
	SB_SHOW_ALONE
};

/* Part of whoever waits, with kind and listener set. */
struct sb_show_waiter
{
	struct sb_show_waiter *next; /* for the same */
	const struct sb_show_waiter_kind *kind;
	const struct sb_listener *listener;
	struct sb_show *show; /* NULL: waits for nothing */
	enum sb_show_company company;
	int place; /* of his viewer in the show */
	uint64_t delivered_ms;
	bool may_be_null; /* null is what there is to tell */
};

/*
 * Waits for what the execution makes of an event. delivered_ms: when it was known that the listener
 * may see it; what was made as somebody else is shown to him within a second of that, and not
 * later.
 */
extern void sb_show_join(struct sb_show_waiter *waiter,
						 const struct sb_graphql_execution *execution, int64_t event_id,
						 uint64_t delivered_ms, bool may_be_null);

/* Waits no more. */
extern void sb_show_leave(struct sb_show_waiter *waiter);

/* Whether the one field of an answer, {"key":…}, is null. */
extern bool sb_graphql_result_is_null(const struct sb_graphql_result *result);

/* Sends what was joined in this iteration of the loop; once in each, before the database's turn. */
extern void sb_shows_settle(void);

#endif /* SB_API_GRAPHQL_SHOW_H */
