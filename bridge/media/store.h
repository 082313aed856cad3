/*
 * store.h owns what a loop knows of the store of objects: the database's word
 * (social.media_store_json), read when the database is there, every few seconds, and when somebody
 * comes with a key that is not known.
 */
#ifndef SB_MEDIA_STORE_H
#define SB_MEDIA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/sigv4.h"
#include "loop/loop.h"
#include "pg/unit.h"

struct sb_pg_pool;

struct sb_media_store
{
	struct sb_timer timer; /* must stay first */
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	struct sb_pg_unit unit;
	bool under_way;
	bool is_wanted;      /* by somebody who waits for it */
	uint64_t read_at_ms; /* 0: never */
	void (*on_read)(void *owner);
	void *owner;

	/* What is known; the texts change when it is read. */
	bool is_known;
	bool is_here;                /* it is a directory of ours: what follows is valid */
	struct social_sigv4_key key; /* of the addresses */
	char *host;                  /* that they are signed for */
	char *prefix;                /* of their paths: keys are behind it */
	size_t prefix_len;
	uint64_t max_size; /* bytes of an object whose address does not say how many */
};

/* on_read is called whenever it was read, or could not be. */
extern void sb_media_store_open(struct sb_media_store *store, struct sb_loop *loop,
								struct sb_pg_pool *pool, void (*on_read)(void *owner), void *owner);
extern void sb_media_store_close(struct sb_media_store *store);

/* What the store is called, as far as its addresses tell; the arena's. */
extern const char *sb_media_store_name(const struct sb_media_store *store, struct sb_arena *arena);

/*
 * Somebody has a key that is not known: reads it again, at most five times a second. True: on_read
 * will be called; false: the database is not there.
 */
extern bool sb_media_store_ask(struct sb_media_store *store);

#endif /* SB_MEDIA_STORE_H */
