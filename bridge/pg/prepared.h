/*
 * prepared.h owns the list of statements that one connection has prepared: bounded, the least
 * recently used one leaves first, so that hostile distinct documents cannot fill a backend. Pure.
 */
#ifndef SB_PG_PREPARED_H
#define SB_PG_PREPARED_H

#include <stdbool.h>
#include <stdint.h>

struct sb_pg_prepared;

/* A list of at most limit ids (16 to 4096). */
extern struct sb_pg_prepared *sb_pg_prepared_new(int limit);
extern void sb_pg_prepared_free(struct sb_pg_prepared *prepared);

/* Whether the id is listed; if so it becomes the most recently used. */
extern bool sb_pg_prepared_use(struct sb_pg_prepared *prepared, uint64_t id);

/*
 * Lists a new id. True when another one had to leave for it: *evicted is to be deallocated.
 */
extern bool sb_pg_prepared_add(struct sb_pg_prepared *prepared, uint64_t id, uint64_t *evicted);

/* Takes an id off the list, if it is there: its PREPARE failed. */
extern void sb_pg_prepared_drop(struct sb_pg_prepared *prepared, uint64_t id);

/* Forgets all: the connection is a new one. */
extern void sb_pg_prepared_clear(struct sb_pg_prepared *prepared);

#endif /* SB_PG_PREPARED_H */
