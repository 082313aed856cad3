/*
 * bridge_suspect_test.c: pg/suspect.c (found E3).
 */
#include "pg/suspect.h"
#include "tap.h"

static struct sb_pg_suspects suspects;

static void
stall(uint64_t id, int times, uint64_t now)
{
	for (int i = 0; i < times; i++)
		sb_pg_suspect_stalled(&suspects, id, now);
}

int
main(void)
{
	ok(!sb_pg_suspect_is(&suspects, 1, 1000), "nothing is suspected");
	stall(1, 15, 1000);
	ok(!sb_pg_suspect_is(&suspects, 1, 1000), "a few locks tell nothing");
	stall(1, 1, 1000);
	ok(sb_pg_suspect_is(&suspects, 1, 1000), "many in a row do");
	ok(!sb_pg_suspect_is(&suspects, 2, 1000), "of that statement alone");
	ok(!sb_pg_suspect_is(&suspects, 1, 3000), "after a while it is tried again");
	stall(1, 1, 3000);
	ok(sb_pg_suspect_is(&suspects, 1, 3000), "and one lock more is enough");
	sb_pg_suspect_cleared(&suspects, 1);
	ok(!sb_pg_suspect_is(&suspects, 1, 3000), "once it goes well all is forgotten");
	sb_pg_suspect_cleared(&suspects, 1);
	stall(1, 15, 3000);
	ok(!sb_pg_suspect_is(&suspects, 1, 3000), "counting begins anew");
	for (uint64_t id = 100; id < 100 + 3 * SB_PG_SUSPECTS; id++)
		stall(id, 16, 4000 + id);
	is_int(suspects.count, SB_PG_SUSPECTS, "there is room for so many");
	ok(!sb_pg_suspect_is(&suspects, 1, 4200) &&
		   sb_pg_suspect_is(&suspects, 99 + 3 * SB_PG_SUSPECTS, 4200),
	   "the latest stay");
	return done_testing();
}
