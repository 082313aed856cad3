/*
 * log.h owns the log: one JSON object a line on standard error (mission 155).
 *
 * A text of more than a kilobyte is cut. Never logged: tokens, passwords, query strings, bodies,
 * SQL parameters.
 */
#ifndef SB_LOG_H
#define SB_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum sb_log_level
{
	SB_LOG_ERROR,
	SB_LOG_WARNING,
	SB_LOG_INFO,
	SB_LOG_DEBUG
};

/* Which lines are written from now on; false when name is no level. From any thread. */
extern bool sb_log_init(const char *name);

/* Whether a line of this level is written: lets a caller skip the work of building it. */
extern bool sb_log_wants(enum sb_log_level level);

/*
 * A line is begun, filled and ended without another one in between on the same thread. Lines
 * collect in a buffer of the thread; sb_log_flush() writes them.
 */
extern void sb_log_begin(enum sb_log_level level, const char *message);
extern void sb_log_text(const char *key, const char *value); /* NULL: nothing is added */
extern void sb_log_int(const char *key, int64_t value);
extern void sb_log_ms(const char *key, uint64_t microseconds);
extern void sb_log_end(void);

/* One line with at most one further field (key may be NULL). */
extern void sb_log(enum sb_log_level level, const char *message, const char *key,
				   const char *value);

/* Writes out what the thread has collected. A loop calls it once an iteration. */
extern void sb_log_flush(void);

/* Frees the thread's buffer, flushed. */
extern void sb_log_finish(void);

#endif /* SB_LOG_H */
