/*
 * bridge_media_fuzz.c feeds any bytes to what reads addresses, labels, ranges and lists of parts of
 * objects: a key that is taken leads nowhere but to its own file, a range lies within the object.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "media/complete.h"
#include "media/label.h"
#include "media/name.h"
#include "media/range.h"

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_key(const char *text, size_t len)
{
	char key[SB_LABEL_KEY + 1];
	char name[SB_NAME_LENGTH + 1];

	if (sb_name_read(text, len, key) != SB_NAME_GOOD)
		return;
	CHECK(*key && *key != '/' && strstr(key, "//") == NULL && strstr(key, "/../") == NULL);
	CHECK(strcmp(key, "..") != 0 && strncmp(key, "../", 3) != 0);
	CHECK(sb_utf8_is_text(key, strlen(key)) && strpbrk(key, "\n\r\t\033\177") == NULL);
	CHECK(sb_name_make(key, name) && strspn(name, "0123456789abcdef") == SB_NAME_LENGTH);
}

/* What is read as a label is one that would be written. */
static void
read_label(const char *text, size_t len)
{
	char padded[SB_LABEL_SIZE];
	char again[SB_LABEL_SIZE];
	struct sb_label label;
	struct sb_label other;

	memset(padded, '\n', sizeof(padded));
	memcpy(padded, text, len < sizeof(padded) ? len : sizeof(padded));
	if (!sb_label_read(&label, padded, 7))
		return;
	sb_label_write(&label, again);
	CHECK(sb_label_read(&other, again, 7) && strcmp(other.key, label.key) == 0);
}

static void
read_range(const char *text, size_t len)
{
	char *value = strndup(text, len);
	uint64_t first;
	uint64_t length;

	CHECK(value != NULL);
	for (uint64_t size = 0; size < 300; size += 99)
		if (sb_range_read(value, size, &first, &length) == SB_RANGE_PART)
			CHECK(length > 0 && first < size && length <= size - first);
	free(value);
}

static void
read_list(const char *text, size_t len)
{
	static struct sb_complete_part parts[SB_COMPLETE_PARTS];
	int count = sb_complete_read(text, len, parts);

	CHECK(count <= SB_COMPLETE_PARTS);
	for (int i = 0; i < count; i++)
		CHECK(parts[i].number > (i > 0 ? parts[i - 1].number : 0) &&
			  strlen(parts[i].tag) <= SB_LABEL_TAG);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;

	read_list(text, size);
	read_key(text, size);
	read_label(text, size);
	read_range(text, size);
	return 0;
}
