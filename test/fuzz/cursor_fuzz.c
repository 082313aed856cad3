/*
 * cursor_fuzz.c feeds any bytes to the cursor reader: what it accepts is exactly what the writer
 * would have made.
 */
#include "core/cursor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char cursor[SOCIAL_CURSOR_LENGTH + 1];
	int64_t key;
	int64_t id;

	if (social_cursor_decode("posts", (const char *) data, size, &key, &id))
	{
		social_cursor_encode("posts", key, id, cursor);
		CHECK(size == SOCIAL_CURSOR_LENGTH && memcmp(cursor, data, size) == 0);
	}
	if (size >= 16)
	{
		int64_t fields[2];

		memcpy(fields, data, sizeof(fields));
		social_cursor_encode("posts", fields[0], fields[1], cursor);
		CHECK(social_cursor_decode("posts", cursor, SOCIAL_CURSOR_LENGTH, &key, &id) &&
			  key == fields[0] && id == fields[1]);
	}
	return 0;
}
