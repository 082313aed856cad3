/*
 * live_record.c owns recordings: what the ingest server wrote while a broadcast went on (FLV, as it
 * came) is packed anew as an MP4, which costs little, and goes to the media store with a picture.
 * Whoever publishes is as hostile as whoever sends a file: ffmpeg is confined.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "worker/child.h"
#include "worker/live_work.h"
#include "worker/store.h"
#include "worker/workplace.h"

#define RESERVE_MS 60000 /* before the deadline: to send and tell */

/* No network, no other files, no formats and codecs but those that broadcasts have. */
#define INPUT                                                                                      \
	"-protocol_whitelist file -codec_whitelist "                                                   \
	"h264,hevc,flv,vp6f,aac,mp3,mp3float,opus,pcm_s16le "                                          \
	"-f %s"
#define FFMPEG "ffmpeg -nostdin -hide_banner -loglevel error -y -threads 1 "

struct film
{
	struct sb_live_work *work;
	char directory[SB_LIVE_PATH];
	char media[24]; /* the id of the file that it becomes */
	bool has_poster;
	int width; /* 0: not known */
	int height;
	double duration;
	int64_t size;
};

/* ---- ffmpeg -----------------------------------------------------------------------------------
 */

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

/* In the film's directory. */
static enum sb_child_end
run(struct film *film, struct sb_buffer *output, char problem[300], const char *format, ...)
{
	struct sb_task *task = film->work->task;
	const char *words[64];
	char *line;
	enum sb_child_end end;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) < 0)
		abort();
	va_end(arguments);
	split(line, words, 64);
	end = sb_child_run(&(struct sb_child){.argv = words,
										  .directory = film->directory,
										  .cpu_seconds = 1800,
										  .memory = (uint64_t) 2 * 1024 * 1024 * 1024,
										  .file_size = (uint64_t) 5 * 1024 * 1024 * 1024,
										  .deadline_ms = task->deadline_ms > RESERVE_MS
															 ? task->deadline_ms - RESERVE_MS
															 : 0,
										  .is_cancelled = &task->is_cancelled},
					   output, problem, 300);
	free(line);
	return end;
}

static const char *
path_in(const struct film *film, const char *file, char path[SB_LIVE_PATH + 32])
{
	snprintf(path, SB_LIVE_PATH + 32, "%s/%s", film->directory, file);
	return path;
}

static int64_t
size_of(const struct film *film, const char *file)
{
	char path[SB_LIVE_PATH + 32];
	struct stat status;

	return stat(path_in(film, file, path), &status) == 0 && S_ISREG(status.st_mode) ? status.st_size
																					: 0;
}

/* How large and how long it is, as far as that is told. */
static void
look(struct film *film)
{
	struct sb_buffer text = {0};
	char problem[300];
	json_t *facts = NULL;
	const json_t *picture;

	if (run(film, &text, problem,
			"ffprobe -hide_banner -v error " INPUT
			" -of json -select_streams v:0 -show_entries stream=width,height:format=duration "
			"video.mp4",
			"mov") == SB_CHILD_DONE)
		facts = json_loadb(text.data ? text.data : "", text.len, 0, NULL);
	picture = json_array_get(json_object_get(facts, "streams"), 0);
	film->width = (int) json_integer_value(json_object_get(picture, "width"));
	film->height = (int) json_integer_value(json_object_get(picture, "height"));
	if (film->width < 1 || film->height < 1 || film->width > 16384 || film->height > 16384)
		film->width = film->height = 0;
	text.len = 0;
	film->duration = strtod(
		json_string_value(json_object_get(json_object_get(facts, "format"), "duration")) ?: "0",
		NULL);
	if (!(film->duration > 0 && film->duration < 1e7))
		film->duration = 0;
	json_decref(facts);
	sb_buffer_free(&text);
}

/* SB_CHILD_FAILED: it is no film, and never will be. */
static enum sb_child_end
make(struct film *film, char problem[300])
{
	struct sb_buffer ignored = {0};
	char ignored_problem[300];
	enum sb_child_end end;

	end = run(film, &ignored, problem,
			  FFMPEG INPUT
			  " -i record.flv -map 0:v:0 -map 0:a:0? -c copy -map_metadata -1 -map_chapters -1 "
			  "-fflags +bitexact -movflags +faststart -f mp4 video.mp4",
			  "flv");
	film->size = end == SB_CHILD_DONE ? size_of(film, "video.mp4") : 0;
	if (end == SB_CHILD_DONE && film->size == 0)
	{
		snprintf(problem, 300, "it is empty");
		end = SB_CHILD_FAILED;
	}
	if (end == SB_CHILD_DONE)
	{
		look(film);
		film->has_poster =
			run(film, &ignored, ignored_problem,
				FFMPEG INPUT
				" -ss %.3f -i video.mp4 -map 0:v:0 -frames:v 1 -vf scale=w='min(1280,iw)':h=-2 "
				"-q:v 4 -map_metadata -1 -fflags +bitexact poster.jpg",
				"mov", film->duration > 2 ? 1.0 : 0.0) == SB_CHILD_DONE &&
			size_of(film, "poster.jpg") > 0;
	}
	sb_buffer_free(&ignored);
	return end;
}

/* ---- the store --------------------------------------------------------------------------------
 */

static void
key_of(const struct film *film, const char *file, char key[64])
{
	snprintf(key, 64, "media/%s/%s", film->media, file);
}

static bool
put(struct film *film, const char *file, const char *type)
{
	char path[SB_LIVE_PATH + 32];
	char key[64];

	key_of(film, file, key);
	return sb_store_put(film->work->task, key, path_in(film, file, path), type) == SB_STORE_DONE;
}

static void
take_back(struct film *film)
{
	static const char *const files[] = {"video.mp4", "poster.jpg"};
	char key[64];

	for (int i = 0; i < 2; i++)
	{
		key_of(film, files[i], key);
		if (sb_store_delete(film->work->task, key) != SB_STORE_DONE)
			return;
	}
}

/* The variants as stream_recorded() takes them, for the caller to free(). */
static char *
describe(const struct film *film)
{
	json_t *all = sb_checked(json_object());
	json_t *one;
	char key[64];
	char *text;

	key_of(film, "video.mp4", key);
	one = sb_checked(
		json_pack("{s:s, s:s, s:I}", "key", key, "content_type", "video/mp4", "size", film->size));
	if (film->width)
	{
		json_object_set_new(one, "width", json_integer(film->width));
		json_object_set_new(one, "height", json_integer(film->height));
	}
	json_object_set_new(all, "video", one);
	if (film->has_poster)
	{
		key_of(film, "poster.jpg", key);
		json_object_set_new(
			all, "poster",
			sb_checked(json_pack("{s:s, s:s, s:I}", "key", key, "content_type", "image/jpeg",
								 "size", size_of(film, "poster.jpg"))));
	}
	text = sb_checked(json_dumps(all, JSON_COMPACT));
	json_decref(all);
	return text;
}

/* False: the task was told why not. */
static bool
store(struct film *film)
{
	char *variants;
	char size[24];
	char width[16];
	char height[16];
	char duration[32];
	char state[32];
	bool is_told;

	if (!put(film, "video.mp4", "video/mp4") ||
		(film->has_poster && !put(film, "poster.jpg", "image/jpeg")))
		return false;
	variants = describe(film);
	snprintf(size, sizeof(size), "%" PRId64, film->size);
	snprintf(width, sizeof(width), "%d", film->width);
	snprintf(height, sizeof(height), "%d", film->height);
	snprintf(duration, sizeof(duration), "%.3f", film->duration);
	is_told = sb_task_ask_text(
		film->work->task, "SELECT social.stream_recorded($1, $2, $3::jsonb, $4, $5, $6)", 6,
		(const char *[]){film->media, size, variants, film->width ? width : NULL,
						 film->width ? height : NULL, duration},
		state, sizeof(state));
	free(variants);
	if (is_told && *state == '\0')
		take_back(film);
	return is_told;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

/* Whether the recording is done with. */
static bool
work_on(struct film *film)
{
	char problem[300] = "";
	char state[32];
	enum sb_child_end end = make(film, problem);

	if (end == SB_CHILD_DONE)
		return store(film);
	if (end == SB_CHILD_FAILED)
		return sb_task_ask_text(film->work->task, "SELECT social.media_rejected($1, $2)", 2,
								(const char *[]){film->media, problem}, state, sizeof(state));
	sb_task_fail(film->work->task, false, 0, "the recording cannot be packed: %s", problem);
	return false;
}

/* In a directory of its own beside the recording, so that it need not be copied. */
static bool
work_there(struct film *film, const char *record)
{
	char path[SB_LIVE_PATH + 32];
	char folder[SB_LIVE_PATH];
	bool is_done = false;

	snprintf(folder, sizeof(folder), "%s/work", film->work->task->config->live_dir);
	(void) mkdir(folder, 0700);
	sb_live_path(film->work, "work", "", film->directory);
	sb_workplace_remove(film->directory); /* of an attempt that was broken off */
	if (mkdir(film->directory, 0700) == 0 && link(record, path_in(film, "record.flv", path)) == 0)
		is_done = work_on(film);
	else
		sb_task_fail(film->work->task, false, 0, "the recording cannot be worked on: %s",
					 strerror(errno));
	sb_workplace_remove(film->directory);
	return is_done;
}

void
sb_live_record(struct sb_live_work *work)
{
	struct film film = {.work = work};
	char record[SB_LIVE_PATH];
	struct stat status;
	PGresult *rows;
	bool is_done = true;

	sb_live_path(work, "record", ".flv", record);
	if (stat(record, &status) != 0)
		return;
	rows = sb_task_ask(work->task, "SELECT media_id, state FROM social.stream_recording($1)", 1,
					   (const char *[]){work->stream});
	if (rows == NULL)
		return;
	if (PQntuples(rows) == 1 && strcmp(PQgetvalue(rows, 0, 1), "processing") == 0)
	{
		snprintf(film.media, sizeof(film.media), "%s", PQgetvalue(rows, 0, 0));
		is_done = work_there(&film, record);
	}
	PQclear(rows);
	if (is_done && unlink(record) == 0 && film.size > 0)
		sb_log(SB_LOG_INFO, "recording stored", "stream", work->stream);
}
