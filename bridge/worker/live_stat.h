/*
 * live_stat.h owns what the ingest server says of its broadcasts (nginx-rtmp's statistics, XML).
 * Pure.
 */
#ifndef SB_WORKER_LIVE_STAT_H
#define SB_WORKER_LIVE_STAT_H

#include <stdbool.h>
#include <stdint.h>

struct sb_live_stat
{
	int64_t bits;    /* a second, as they come in */
	int64_t dropped; /* frames, by all that it is sent to */
};

/* What is said of a stream of an application; false: it is not there. */
extern bool sb_live_stat_read(const char *text, const char *application, const char *stream,
							  struct sb_live_stat *stat);

#endif /* SB_WORKER_LIVE_STAT_H */
