/*
 * bridge_library_test.c: which versions of the HTTP library may serve (found C19).
 */
#include "http/library.h"
#include "tap.h"

int
main(void)
{
	const struct sb_library *library = sb_library_find("0.9.75");

	ok(library && library->flags == 0, "0.9.75 is known");
	library = sb_library_find("1.0.1");
	ok(library && library->strictness > 0 && library->flags != 0,
	   "1.0.1 is told to be strict, and that its daemon is one thread's");
	ok(sb_library_find("1.0.10") != NULL, "1.0.10 is known");
	ok(sb_library_find("0.9.76") == NULL, "0.9.76 is not");
	ok(sb_library_find("1.0.100") == NULL && sb_library_find("1.0") == NULL,
	   "nor what begins alike");
	ok(sb_library_find("") == NULL, "nor nothing");
	return done_testing();
}
