/*
 * prepared.h owns the list of statements that one connection has prepared: bounded in number and in
 * the bytes of their SQL, the least recently used one leaves first, so that hostile distinct
 * documents cannot fill a backend, where a byte of SQL through our views becomes some 250. Pure.
 */
#ifndef SB_PG_PREPARED_H
#define SB_PG_PREPARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_pg_prepared;

/* A list of at most limit ids (16 to 4096), with so many bytes. */
extern struct sb_pg_prepared *sb_pg_prepared_new(int limit, size_t bytes);
extern void sb_pg_prepared_free(struct sb_pg_prepared *prepared);

/* Whether the id is listed; if so it becomes the most recently used. */
extern bool sb_pg_prepared_use(struct sb_pg_prepared *prepared, uint64_t id);

/*
 * True when an id has left the list, *evicted, to be deallocated, for one with SQL of so many
 * bytes: to be asked until there is none. The `keep` most recently used ones (below the limit)
 * stay, however large they are: what runs together.
 */
extern bool sb_pg_prepared_make_room(struct sb_pg_prepared *prepared, size_t size, int keep,
									 uint64_t *evicted);

/* Lists a new id, when there is room for it. */
extern void sb_pg_prepared_add(struct sb_pg_prepared *prepared, uint64_t id, size_t size);

/* Takes an id off the list, if it is there: its PREPARE failed. */
extern void sb_pg_prepared_drop(struct sb_pg_prepared *prepared, uint64_t id);

/* Forgets all: the connection is a new one. */
extern void sb_pg_prepared_clear(struct sb_pg_prepared *prepared);

#endif /* SB_PG_PREPARED_H */
