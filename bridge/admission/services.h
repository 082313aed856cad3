/*
 * services.h owns what one loop serves its callers with: the database, the tokens, the limits, the
 * compiled GraphQL schema. Whatever takes callers in (HTTP, and whatever comes beside it) is given
 * one of these.
 */
#ifndef SB_ADMISSION_SERVICES_H
#define SB_ADMISSION_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

struct sb_auth;
struct sb_cache;
struct sb_delivery;
struct sb_door;
struct sb_doorbell;
struct sb_graphql;
struct sb_leases;
struct sb_limits;
struct sb_listeners;
struct sb_pg_pool;
struct sb_pg_tick;
struct sb_redis;
struct sb_review;
struct sb_sockets;

struct sb_services
{
	struct sb_timer gauges; /* must stay first */
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	struct sb_redis *redis; /* NULL: nothing needs it */
	struct sb_limits *limits;
	struct sb_cache *cache; /* NULL: nothing is kept */
	struct sb_auth *auth;
	struct sb_graphql *graphql;
	struct sb_review *review;
	struct sb_doorbell *doorbell; /* of the first loop, which hears for all; NULL in the others */
	struct sb_pg_tick *tick;      /* likewise */
	/* Of whoever tells events to those who take them. */
	struct sb_listeners *listeners;
	struct sb_delivery *delivery;
	struct sb_door *door;       /* of whoever serves what goes past the routes; NULL: nobody does */
	struct sb_sockets *sockets; /* of whoever takes callers in by WebSockets; NULL: nobody does */
	struct sb_leases *leases;   /* of streams that are watched by those */
	bool is_ready;              /* as last counted */
	/* Called whenever the database is there; NULL: nobody asked. */
	void (*on_database)(struct sb_services *services);
};

/* Connects to the database by itself. NULL with the reason in the log. */
extern struct sb_services *sb_services_new(struct sb_loop *loop);

/* After the thread has ended, and whatever took callers in is gone. */
extern void sb_services_free(struct sb_services *services);

/*
 * Ends what is under way: callers hear that it is not to be had, as do those who come later. For a
 * loop that stops and has waited long enough.
 */
extern void sb_services_close(struct sb_services *services);

/* Does what is due; once an iteration of the loop. */
extern void sb_services_settle(struct sb_services *services);

/* From any thread: whether every loop of the process is ready to serve, and none is stopping. */
extern bool sb_services_all_ready(void);

#endif /* SB_ADMISSION_SERVICES_H */
