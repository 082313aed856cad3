/*
 * media_process.c owns the job media.process: a file comes, its variants are made beside it, sent
 * to the store and told of. Until they are told, nobody knows of them: whatever happens in between,
 * the next attempt makes the same ones, under the same keys.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "worker/child.h"
#include "worker/media.h"
#include "worker/media_work.h"
#include "worker/store.h"

#define RESERVE_MS     20000 /* before the deadline: to send and tell */
#define SEAT_SECONDS   5     /* after which a video looks for a seat again */
#define CORES_OF_VIDEO 2
#define ROOM_FACTOR    4 /* times the file's own size, and: */
#define ROOM_MIN       ((uint64_t) 64 * 1024 * 1024)

/* ---- for the makers of variants ---------------------------------------------------------------
 */

bool
sb_media_reject(struct sb_media_work *work, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(work->reason, sizeof(work->reason), format, arguments);
	va_end(arguments);
	work->reason_to_reject = work->reason;
	return false;
}

void
sb_media_add(struct sb_media_work *work, const char *name, const char *file,
			 const char *content_type, int width, int height)
{
	struct sb_media_variant *variant = &work->variants[work->nvariants++];

	snprintf(variant->name, sizeof(variant->name), "%s", name);
	snprintf(variant->file, sizeof(variant->file), "%s", file);
	variant->content_type = content_type;
	variant->width = width;
	variant->height = height;
}

static const char *
path_of(const struct sb_media_work *work, const char *file, char path[SB_WORKPLACE_PATH + 64])
{
	snprintf(path, SB_WORKPLACE_PATH + 64, "%s/%s", work->directory, file);
	return path;
}

bool
sb_media_has(const struct sb_media_work *work, const char *file)
{
	char path[SB_WORKPLACE_PATH + 64];
	struct stat status;

	return stat(path_of(work, file, path), &status) == 0 && S_ISREG(status.st_mode) &&
		   status.st_size > 0;
}

/* Cuts a line at its spaces. */
static void
split(char *line, const char **words, int most)
{
	char *rest;
	int n = 0;

	for (char *word = strtok_r(line, " ", &rest); word && n + 1 < most;
		 word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	words[n] = NULL;
}

bool
sb_media_run(struct sb_media_work *work, const struct sb_media_limits *limits,
			 struct sb_buffer *output, const char *format, ...)
{
	struct sb_task *task = work->task;
	struct sb_buffer ignored = {0};
	const char *words[96];
	char problem[300];
	char *line;
	enum sb_child_end end;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) < 0)
		abort();
	va_end(arguments);
	split(line, words, 96);
	end = sb_child_run(&(struct sb_child){.argv = words,
										  .directory = work->directory,
										  .cpu_seconds = limits->cpu_seconds,
										  .memory = limits->memory,
										  .file_size = limits->file_size,
										  .deadline_ms = task->deadline_ms > RESERVE_MS
															 ? task->deadline_ms - RESERVE_MS
															 : 0,
										  .is_cancelled = &task->is_cancelled},
					   output ? output : &ignored, problem, sizeof(problem));
	sb_buffer_free(&ignored);
	work->is_too_slow = end == SB_CHILD_CANCELLED;
	if (end == SB_CHILD_UNABLE || end == SB_CHILD_CANCELLED)
		sb_task_fail(task, false, 0, "%s: %s", words[0], problem);
	else if (end != SB_CHILD_DONE && !sb_workplace_has_room(work->service->workplace, ROOM_MIN))
		sb_task_fail(task, false, 0, "there is no room for files to work on");
	else if (end == SB_CHILD_FAILED)
		(void) sb_media_reject(work, "it cannot be decoded: %s", problem);
	else if (end != SB_CHILD_DONE)
		(void) sb_media_reject(work, "%s", problem);
	free(line);
	return end == SB_CHILD_DONE;
}

/* ---- the store --------------------------------------------------------------------------------
 */

static void
key_of(const struct sb_media_work *work, const char *file, char *key, size_t size)
{
	snprintf(key, size, "media/%s/%s", work->source.id, file);
}

/* Deletes whatever may have been sent of a file that has come to nothing. */
static void
delete_all(struct sb_media_work *work)
{
	char key[128];

	for (const char *const *file = sb_media_files; *file; file++)
	{
		key_of(work, *file, key, sizeof(key));
		if (sb_store_delete(work->task, key) != SB_STORE_DONE)
			return;
	}
}

static bool
send_all(struct sb_media_work *work)
{
	char path[SB_WORKPLACE_PATH + 64];
	char key[128];

	for (int i = 0; i < work->nvariants; i++)
	{
		key_of(work, work->variants[i].file, key, sizeof(key));
		if (sb_store_put(work->task, key, path_of(work, work->variants[i].file, path),
						 work->variants[i].content_type) != SB_STORE_DONE)
			return false;
	}
	return true;
}

/* ---- the database -----------------------------------------------------------------------------
 */

static bool
say(struct sb_media_work *work, const char *sql, const char *words, char state[32])
{
	return sb_task_ask_text(work->task, sql, words ? 2 : 1,
							(const char *[]){work->source.id, words}, state, 32);
}

/* The variants as media_processed() takes them, for the caller to free(). */
static char *
describe(const struct sb_media_work *work)
{
	json_t *all = sb_checked(json_object());
	char *text;

	for (int i = 0; i < work->nvariants; i++)
	{
		const struct sb_media_variant *variant = &work->variants[i];
		char path[SB_WORKPLACE_PATH + 64];
		char key[128];
		struct stat status = {0};
		json_t *one;

		key_of(work, variant->file, key, sizeof(key));
		(void) stat(path_of(work, variant->file, path), &status);
		one = sb_checked(json_pack("{s:s, s:s, s:I}", "key", key, "content_type",
								   variant->content_type, "size", (json_int_t) status.st_size));
		if (variant->width > 0)
		{
			json_object_set_new(one, "width", json_integer(variant->width));
			json_object_set_new(one, "height", json_integer(variant->height));
		}
		json_object_set_new(all, variant->name, one);
	}
	text = sb_checked(json_dumps(all, JSON_COMPACT));
	json_decref(all);
	return text;
}

static bool
tell_made(struct sb_media_work *work, char state[32])
{
	char *variants = describe(work);
	char width[16];
	char height[16];
	char duration[32];
	bool is_told;

	snprintf(width, sizeof(width), "%d", work->width);
	snprintf(height, sizeof(height), "%d", work->height);
	snprintf(duration, sizeof(duration), "%.3f", work->duration);
	is_told = sb_task_ask_text(
		work->task, "SELECT social.media_processed($1, $2::jsonb, $3, $4, $5, $6)", 6,
		(const char *[]){work->source.id, variants, width, height,
						 work->duration > 0 ? duration : NULL, work->placeholder},
		state, 32);
	free(variants);
	return is_told;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static const char *
extension_of(const char *content_type)
{
	static const char *const rows[][2] = {
		{"image/jpeg", "jpg"}, {"image/png", "png"},       {"image/gif", "gif"},
		{"video/mp4", "mp4"},  {"video/quicktime", "mov"}, {"video/x-msvideo", "avi"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i][0], content_type) == 0)
			return rows[i][1];
	return NULL;
}

/* Fetches the file and makes its variants. */
static bool
make(struct sb_media_work *work)
{
	struct sb_media_source *source = &work->source;
	const char *extension = extension_of(source->content_type);
	char path[SB_WORKPLACE_PATH + 64];
	char file[16];
	enum sb_store_answer answer;

	if (extension == NULL)
		return sb_media_reject(work, "nobody knows how to decode %s", source->content_type);
	snprintf(file, sizeof(file), "in.%s", extension);
	answer = sb_store_fetch(work->task, source->key, path_of(work, file, path), source->size);
	if (answer == SB_STORE_ABSENT)
		sb_task_fail(work->task, false, 0, "%s is not there any more", source->key);
	if (answer != SB_STORE_DONE)
		return false;
	if (source->is_video)
		return sb_media_make_video(work, file);
	return sb_media_make_picture(work, file, source->content_type, "full");
}

/* Makes, sends and tells. */
static void
work_on(struct sb_media_work *work)
{
	char state[32];

	if (!say(work, "SELECT social.media_processing($1)", NULL, state) ||
		strcmp(state, "processing") != 0)
		return;
	if (make(work) && send_all(work) && tell_made(work, state))
	{
		sb_log_begin(SB_LOG_INFO, "media processed");
		sb_log_text("media", work->source.id);
		sb_log_text("state", state);
		sb_log_end();
		if (strcmp(state, "ready") != 0)
			delete_all(work); /* it went meanwhile */
	}
	else if (work->reason_to_reject)
		(void) say(work, "SELECT social.media_rejected($1, $2)", work->reason_to_reject, state);
}

/* What can never be made comes to nothing; its owner is told why. Where the store, the disk or a
 * program is at fault, the file waits, with a dead letter for whoever puts that right. */
static void
give_up(struct sb_media_work *work)
{
	struct sb_task *task = work->task;
	char *error = sb_checked(strdup(task->error));
	char state[32];

	delete_all(work);
	(void) say(work, "SELECT social.media_failed($1, $2)", error, state);
	sb_task_fail(task, true, 0, "%s", error);
	free(error);
}

static void
process_here(struct sb_media_work *work)
{
	struct sb_task *task = work->task;

	if (!sb_workplace_has_room(work->service->workplace,
							   ROOM_MIN + ROOM_FACTOR * (uint64_t) work->source.size))
	{
		sb_task_fail(task, false, 0, "there is no room for files to work on");
		return;
	}
	if (!sb_workplace_make(work->service->workplace, task->id, work->directory))
	{
		sb_task_fail(task, false, 0, "no files can be worked on: %s", strerror(errno));
		return;
	}
	work_on(work);
	sb_workplace_remove(work->directory);
}

static int
seats(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores > CORES_OF_VIDEO ? (int) cores / CORES_OF_VIDEO : 1;
}

static void
process(struct sb_task *task)
{
	struct sb_media_work work = {.task = task, .service = task->service};
	int seat = -1;

	if (!sb_media_read_source(task, &work.source))
		return;
	if (*work.source.state == '\0')
	{
		if (task->attempt > 1)
			delete_all(&work); /* an attempt before may have sent some */
		return;
	}
	if (strcmp(work.source.state, "verified") != 0 && strcmp(work.source.state, "processing") != 0)
		return;
	if (work.service->workplace == NULL)
		sb_task_fail(task, false, 0, "%s", work.service->problem);
	else if (work.source.is_video &&
			 (seat = sb_workplace_sit(work.service->workplace, seats())) < 0)
		sb_task_snooze(task, SEAT_SECONDS);
	else
		process_here(&work);
	if (seat >= 0)
		close(seat);
	if (task->state == SB_JOB_FAILED && !sb_task_is_cancelled(task) &&
		(task->is_final || (work.is_too_slow && sb_task_is_last_attempt(task))))
		give_up(&work);
}

void
sb_media_process_start(struct sb_job *job)
{
	sb_task_start(((struct sb_media_service *) job->service)->tasks, job, process);
}
