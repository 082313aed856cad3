/*
 * suspect.h owns the statements that meet nothing but locks, as all do whose table somebody has
 * locked: they are not tried in the lanes that others share. Pure.
 */
#ifndef SB_PG_SUSPECT_H
#define SB_PG_SUSPECT_H

#include <stdbool.h>
#include <stdint.h>

#define SB_PG_SUSPECTS 16

/* Zeroed memory suspects nothing. */
struct sb_pg_suspects
{
	int count; /* of entries in use */
	struct
	{
		uint64_t id;
		int stalls; /* since it last went well */
		uint64_t stalled_at_ms;
	} list[SB_PG_SUSPECTS];
};

/* The statement met a lock; it went well. */
extern void sb_pg_suspect_stalled(struct sb_pg_suspects *suspects, uint64_t id, uint64_t now_ms);
extern void sb_pg_suspect_cleared(struct sb_pg_suspects *suspects, uint64_t id);

/*
 * Whether it is one of those: it has met many locks in a row, the last one lately. After a while
 * one is let through again, and one more lock is enough.
 */
extern bool sb_pg_suspect_is(const struct sb_pg_suspects *suspects, uint64_t id, uint64_t now_ms);

#endif /* SB_PG_SUSPECT_H */
