/*
 * suspect.c owns the statements that meet nothing but locks.
 */
#include "pg/suspect.h"

#define STALLS_IN_A_ROW 16
#define LATELY_MS       2000

static int
find(const struct sb_pg_suspects *suspects, uint64_t id)
{
	for (int i = 0; i < suspects->count; i++)
		if (suspects->list[i].id == id)
			return i;
	return -1;
}

/* A place for one more: a new one, or that of whichever stalled longest ago. */
static int
place(struct sb_pg_suspects *suspects)
{
	int oldest = 0;

	if (suspects->count < SB_PG_SUSPECTS)
		return suspects->count++;
	for (int i = 1; i < suspects->count; i++)
		if (suspects->list[i].stalled_at_ms < suspects->list[oldest].stalled_at_ms)
			oldest = i;
	return oldest;
}

void
sb_pg_suspect_stalled(struct sb_pg_suspects *suspects, uint64_t id, uint64_t now_ms)
{
	int i = find(suspects, id);

	if (i < 0)
	{
		i = place(suspects);
		suspects->list[i].id = id;
		suspects->list[i].stalls = 0;
	}
	suspects->list[i].stalls++;
	suspects->list[i].stalled_at_ms = now_ms;
}

void
sb_pg_suspect_cleared(struct sb_pg_suspects *suspects, uint64_t id)
{
	int i = find(suspects, id);

	if (i >= 0)
		suspects->list[i] = suspects->list[--suspects->count];
}

bool
sb_pg_suspect_is(const struct sb_pg_suspects *suspects, uint64_t id, uint64_t now_ms)
{
	int i = find(suspects, id);

	return i >= 0 && suspects->list[i].stalls >= STALLS_IN_A_ROW &&
		   now_ms - suspects->list[i].stalled_at_ms < LATELY_MS;
}
