/*
 * graphql_operation.h owns the operations of a client of graphql-transport-ws: queries, mutations,
 * and the subscriptions that go on.
 */
#ifndef SB_API_GRAPHQL_OPERATION_H
#define SB_API_GRAPHQL_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/graphql_message.h"

struct sb_graphql_subscription;
struct sb_listener;

/* Those of one client; listener and say are set by whoever has him. */
struct sb_graphql_operations
{
	struct sb_listener *listener;
	/* Sends a message; event_id: of what it tells of, 0: of nothing that has one. */
	void (*say)(struct sb_graphql_operations *operations, enum sb_graphql_message_type type,
				const char *id, const char *payload, size_t len, int64_t event_id);
	struct sb_graphql_subscription *subscriptions;
	int64_t told_id; /* after which the first of them was live */
};

/* Runs what a message of type SUBSCRIBE asks for; no work is under way for the listener. */
extern void sb_graphql_operation_begin(struct sb_graphql_operations *operations,
									   const struct sb_graphql_message *message);

/* The client wants no more of one; there may be none. */
extern void sb_graphql_operation_complete(struct sb_graphql_operations *operations, const char *id);

/* Whether so many events wait that what was missed is to wait, too. */
extern bool sb_graphql_operations_are_full(const struct sb_graphql_operations *operations);

/* About once a second. */
extern void sb_graphql_operations_look(struct sb_graphql_operations *operations);

/* The client goes. */
extern void sb_graphql_operations_leave(struct sb_graphql_operations *operations);

/* The id after which nothing is missed by any of the subscriptions; sent_id: of the last event that
 * was sent, or 0. */
extern int64_t sb_graphql_operations_place(const struct sb_graphql_operations *operations,
										   int64_t sent_id);

#endif /* SB_API_GRAPHQL_OPERATION_H */
