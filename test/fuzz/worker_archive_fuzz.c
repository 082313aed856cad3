/*
 * worker_archive_fuzz.c takes any bytes as an archive that somebody sent: names that come are good
 * ones, and no more bytes than may.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/archive_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen
{
	int64_t came;
	int64_t most;
	bool is_open;
};

static bool
begin(void *owner, const char *name, bool *is_wanted)
{
	if (!sb_archive_is_good_name(name) || strncmp(name, "../", 3) == 0 || strstr(name, "/../") ||
		*name == '/')
		abort();
	((struct seen *) owner)->is_open = true;
	*is_wanted = true;
	return true;
}

static bool
take(void *owner, const void *bytes, size_t len)
{
	struct seen *seen = owner;

	seen->came += (int64_t) len;
	if (!seen->is_open || seen->came > seen->most)
		abort();
	return true;
}

static bool
end(void *owner)
{
	((struct seen *) owner)->is_open = false;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {.most = SB_ARCHIVE_FREE + (int64_t) size * SB_ARCHIVE_RATIO};
	const struct sb_archive_visitor visitor = {begin, take, end, &seen};
	char problem[300];

	if (!sb_archive_walk_bytes(data, size, &visitor, problem, sizeof(problem)) && *problem == '\0')
		abort();
	return 0;
}
