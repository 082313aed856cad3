/*
 * bridge_decimal_test.c: numbers as text are what printf makes of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/decimal.h"
#include "tap.h"

static bool
is_right(int64_t number)
{
	char text[SB_DECIMAL_SIZE];
	char wanted[32];
	struct sb_buffer buffer = {0};
	size_t len = sb_decimal_write(text, number);
	bool good;

	snprintf(wanted, sizeof(wanted), "%" PRId64, number);
	sb_buffer_puts(&buffer, "x");
	sb_buffer_put_int(&buffer, number);
	good = strcmp(text, wanted) == 0 && len == strlen(wanted) &&
		   strcmp(buffer.data + 1, wanted) == 0 && buffer.len == len + 1;
	sb_buffer_free(&buffer);
	return good;
}

int
main(void)
{
	bool good = is_right(0) && is_right(INT64_MIN) && is_right(INT64_MAX);

	for (int64_t power = 1; power < INT64_MAX / 10; power *= 10)
		for (int64_t number = power - 1; number <= power + 1; number++)
			good = good && is_right(number) && is_right(-number);
	ok(good, "numbers of every length, and the largest");
	return done_testing();
}
