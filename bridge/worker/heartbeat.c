/*
 * heartbeat.c owns the sign of life of a worker: a file with the time.
 */
#include "worker/heartbeat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

static bool has_failed; /* the last time */

/* Whole in one write, over what was there: a reader finds a time whenever he looks. */
static bool
write_time(const char *path)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%010" PRId64 "\n", (int64_t) time(NULL));
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	bool is_good = fd >= 0 && write(fd, text, (size_t) len) == len;
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return is_good;
}

void
sb_heartbeat(const char *path)
{
	if (path == NULL)
		return;
	if (write_time(path))
		has_failed = false;
	else if (!has_failed)
	{
		has_failed = true;
		sb_log(SB_LOG_WARNING, "HEARTBEAT_FILE cannot be written", "error", strerror(errno));
	}
}
