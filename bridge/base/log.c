/*
 * log.c owns the log lines and the buffer of each thread.
 */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/utf8.h"

#define FLUSH_AT 32768
#define ELLIPSIS "\xe2\x80\xa6"
#define TEXT_MAX 1024 /* bytes of a text that is logged: what clients send must not fill a disk */

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static enum sb_log_level wanted = SB_LOG_INFO;

static __thread struct sb_buffer lines;
static __thread bool skipping; /* the line being built is below the level */

bool
sb_log_init(const char *name)
{
	for (int level = SB_LOG_ERROR; level <= SB_LOG_DEBUG; level++)
		if (strcmp(name, level_names[level]) == 0)
		{
			__atomic_store_n(&wanted, level, __ATOMIC_RELAXED);
			return true;
		}
	return false;
}

bool
sb_log_wants(enum sb_log_level level)
{
	return level <= __atomic_load_n(&wanted, __ATOMIC_RELAXED);
}

/* The time of day in RFC 3339, with milliseconds. The calendar part is kept for its second. */
static void
put_time(void)
{
	static __thread time_t second;
	static __thread char calendar[32];
	struct timespec now;
	char fraction[8];

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != second)
	{
		struct tm broken;

		gmtime_r(&now.tv_sec, &broken);
		strftime(calendar, sizeof(calendar), "{\"ts\":\"%Y-%m-%dT%H:%M:%S", &broken);
		second = now.tv_sec;
	}
	sb_buffer_puts(&lines, calendar);
	snprintf(fraction, sizeof(fraction), ".%03dZ\"", (int) (now.tv_nsec / 1000000));
	sb_buffer_puts(&lines, fraction);
}

static void
put_key(const char *key)
{
	sb_buffer_puts(&lines, ",\"");
	sb_buffer_puts(&lines, key);
	sb_buffer_puts(&lines, "\":");
}

void
sb_log_begin(enum sb_log_level level, const char *message)
{
	skipping = !sb_log_wants(level);
	if (skipping)
		return;
	put_time();
	sb_log_text("level", level_names[level]);
	sb_log_text("msg", message);
}

/* A text, or its beginning with "…". */
static void
put_text(const char *text, size_t len)
{
	char cut[TEXT_MAX + sizeof(ELLIPSIS)];
	size_t kept = 0;

	if (len > TEXT_MAX)
	{
		while (kept < TEXT_MAX)
		{
			size_t width = sb_utf8_width(text + kept, len - kept);

			if (kept + width > TEXT_MAX)
				break;
			kept += width ? width : 1;
		}
		memcpy(cut, text, kept);
		memcpy(cut + kept, ELLIPSIS, sizeof(ELLIPSIS));
		len = kept + sizeof(ELLIPSIS) - 1;
		text = cut;
	}
	sb_buffer_put_json(&lines, text, len);
}

void
sb_log_text(const char *key, const char *value)
{
	if (skipping || value == NULL)
		return;
	put_key(key);
	put_text(value, strlen(value));
}

void
sb_log_int(const char *key, int64_t value)
{
	if (skipping)
		return;
	put_key(key);
	sb_buffer_put_int(&lines, value);
}

void
sb_log_ms(const char *key, uint64_t microseconds)
{
	char text[32];

	if (skipping)
		return;
	put_key(key);
	snprintf(text, sizeof(text), "%llu.%03llu", (unsigned long long) microseconds / 1000,
			 (unsigned long long) microseconds % 1000);
	sb_buffer_puts(&lines, text);
}

void
sb_log_end(void)
{
	if (skipping)
		return;
	sb_buffer_append(&lines, "}\n", 2);
	if (lines.len >= FLUSH_AT)
		sb_log_flush();
}

void
sb_log(enum sb_log_level level, const char *message, const char *key, const char *value)
{
	sb_log_begin(level, message);
	if (key)
		sb_log_text(key, value);
	sb_log_end();
}

void
sb_log_flush(void)
{
	size_t done = 0;

	while (done < lines.len)
	{
		ssize_t n = write(STDERR_FILENO, lines.data + done, lines.len - done);

		if (n > 0)
			done += (size_t) n;
		else if (n < 0 && errno != EINTR)
			break; /* nobody reads the log: lines are dropped, requests go on */
	}
	lines.len = 0;
}

void
sb_log_finish(void)
{
	sb_log_flush();
	sb_buffer_free(&lines);
}
