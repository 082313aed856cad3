/*
 * bridge_backlog_test.c: base/backlog.h: when too much waits for somebody who is slow (issue 14).
 */
#include "base/backlog.h"
#include "tap.h"

int
main(void)
{
	struct sb_backlog backlog = {0};

	ok(!sb_backlog_is_over(&backlog, 10, 0, 100), "nothing waits");
	ok(!sb_backlog_is_over(&backlog, 10, 500, 100), "what comes at once may be more");
	ok(!sb_backlog_is_over(&backlog, 20, 100, 100), "as much as may wait");
	ok(!sb_backlog_is_over(&backlog, 20, 900, 100), "and more at once");
	ok(sb_backlog_is_over(&backlog, 30, 101, 100), "what has waited is too much");
	ok(sb_backlog_is_over(&backlog, 30, 0, 100), "for the whole iteration");
	ok(!sb_backlog_is_over(&backlog, 40, 50, 100), "until it is taken");
	return done_testing();
}
