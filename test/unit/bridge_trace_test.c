/*
 * bridge_trace_test.c: trace.c, each accepted traceparent beside its malformed neighbours (W3C
 * Trace Context; issue 13 line 5).
 */
#include "http/trace.h"
#include "tap.h"

static bool
is_valid(const char *text)
{
	return sb_trace_is_valid(text, strlen(text));
}

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"

int
main(void)
{
	ok(is_valid("00-" TRACE "-" PARENT "-01"), "version 00");
	ok(is_valid("00-" TRACE "-" PARENT "-00"), "not sampled");
	ok(is_valid("00-" TRACE "-" PARENT "-ff"), "flags of later levels");
	ok(is_valid("cc-" TRACE "-" PARENT "-01"), "a later version");
	ok(is_valid("cc-" TRACE "-" PARENT "-01-what-comes"), "which may go on");
	ok(!is_valid("00-" TRACE "-" PARENT "-01-what-comes"), "as 00 may not");
	ok(!is_valid("cc-" TRACE "-" PARENT "-01x") && !is_valid("cc-" TRACE "-" PARENT "-01.x"),
	   "nor without a dash");
	ok(!is_valid("ff-" TRACE "-" PARENT "-01"), "version ff is none");
	ok(!is_valid("0-" TRACE "-" PARENT "-01") && !is_valid("gg-" TRACE "-" PARENT "-01"),
	   "versions are two digits");
	ok(!is_valid("00-00000000000000000000000000000000-" PARENT "-01"), "a trace has an id");
	ok(!is_valid("00-" TRACE "-0000000000000000-01"), "so has its parent");
	ok(!is_valid("00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01"), "lower case");
	ok(!is_valid("00-" TRACE "-B7AD6B7169203331-01") && !is_valid("00-" TRACE "-" PARENT "-0A"),
	   "everywhere");
	ok(!is_valid("00_" TRACE "-" PARENT "-01") && !is_valid("00-" TRACE "_" PARENT "-01") &&
		   !is_valid("00-" TRACE "-" PARENT "_01"),
	   "dashes where they belong");
	ok(!is_valid("") && !is_valid("00") && !is_valid("00-" TRACE "-" PARENT "-0"), "cut short");
	ok(!is_valid(" 00-" TRACE "-" PARENT "-01") && !is_valid("00-" TRACE "-" PARENT "-01 "),
	   "no spaces");
	ok(!is_valid("00-" TRACE "-" PARENT "-\"\n"), "nothing that ends a line or a text");
	return done_testing();
}
