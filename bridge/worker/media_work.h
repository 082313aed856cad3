/*
 * media_work.h owns what the parts of the handlers of media share: what is known of a file, and the
 * making of its variants. Nobody else includes it.
 */
#ifndef SB_WORKER_MEDIA_WORK_H
#define SB_WORKER_MEDIA_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "worker/task.h"
#include "worker/workplace.h"

/* What jobs of one kind share. */
struct sb_media_service
{
	struct sb_tasks *tasks;
	struct sb_workplace *workplace; /* of media.process; NULL: there is none, problem says why */
	char problem[SB_WORKPLACE_PATH];
};

/* A row of media_source(). */
struct sb_media_source
{
	char id[24];
	char state[16]; /* empty: the file is gone */
	bool is_video;
	char key[256];
	char content_type[64];
	int64_t size; /* or the most that it may have */
};

/* False: the task has failed, or was cancelled. */
extern bool sb_media_read_source(struct sb_task *task, struct sb_media_source *source);

#define SB_MEDIA_VARIANTS 16

/* What was made: the key is media/ID/FILE. */
struct sb_media_variant
{
	char name[32];
	char file[40];
	const char *content_type;
	int width; /* 0: it has none */
	int height;
};

struct sb_media_work
{
	struct sb_task *task;
	const struct sb_media_service *service;
	struct sb_media_source source;
	char directory[SB_WORKPLACE_PATH];
	const char *reason_to_reject; /* the file's fault: it will not be tried again */
	char reason[600];
	bool is_too_slow; /* its decoder did not end in time */

	struct sb_media_variant variants[SB_MEDIA_VARIANTS];
	int nvariants;
	int width; /* of the original, upright */
	int height;
	double duration; /* seconds; 0: of a picture */
	char placeholder[4097];
};

/* What a command may take. */
struct sb_media_limits
{
	int cpu_seconds;
	uint64_t memory;
	uint64_t file_size;
};

/*
 * Runs a command in the work's directory, confined (worker/child.h); its words are separated by
 * single spaces. False: it did not do it, and the work is rejected where that is the file's fault,
 * or the task has failed.
 */
extern bool sb_media_run(struct sb_media_work *work, const struct sb_media_limits *limits,
						 struct sb_buffer *output, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The file is to be rejected, for what is said; returns false. */
extern bool sb_media_reject(struct sb_media_work *work, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A variant that the directory has by now. */
extern void sb_media_add(struct sb_media_work *work, const char *name, const char *file,
						 const char *content_type, int width, int height);

/* Whether the directory has a file that is not empty. */
extern bool sb_media_has(const struct sb_media_work *work, const char *file);

/*
 * Makes the variants of a picture, `file`, which is of a content type; large says what the largest
 * is called. The work's size becomes that of the picture.
 */
extern bool sb_media_make_picture(struct sb_media_work *work, const char *file,
								  const char *content_type, const char *large);

/* Those of the video in `file`. */
extern bool sb_media_make_video(struct sb_media_work *work, const char *file);

/* Names of files that the makers may have made, so that objects of a file that is gone can be
 * deleted; ends with NULL. */
extern const char *const sb_media_files[];

#endif /* SB_WORKER_MEDIA_WORK_H */
