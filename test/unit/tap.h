/*
 * tap.h owns the few lines of TAP that a unit test needs: ok(), is_int(), is_str(), done_testing().
 */
#ifndef TAP_H
#define TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

/* Reports one test; returns whether it passed, so that a caller can print more. */
static inline bool
tap_ok(bool passed, const char *name, const char *file, int line)
{
	tap_count++;
	printf("%sok %d - %s\n", passed ? "" : "not ", tap_count, name);
	if (!passed)
	{
		tap_failed++;
		printf("#   failed at %s:%d\n", file, line);
	}
	return passed;
}

static inline bool
tap_is_int(int64_t got, int64_t want, const char *name, const char *file, int line)
{
	bool passed = tap_ok(got == want, name, file, line);

	if (!passed)
		printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
	return passed;
}

static inline bool
tap_is_str(const char *got, const char *want, const char *name, const char *file, int line)
{
	bool same = (got && want) ? strcmp(got, want) == 0 : got == want;
	bool passed = tap_ok(same, name, file, line);

	if (!passed)
		printf("#   got  %s\n#   want %s\n", got ? got : "(null)", want ? want : "(null)");
	return passed;
}

/* Prints the plan; the value for main() to return. */
static inline int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#define ok(passed, name)        tap_ok((passed), (name), __FILE__, __LINE__)
#define is_int(got, want, name) tap_is_int((got), (want), (name), __FILE__, __LINE__)
#define is_str(got, want, name) tap_is_str((got), (want), (name), __FILE__, __LINE__)

#endif /* TAP_H */
