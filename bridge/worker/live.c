/*
 * live.c owns the handlers of broadcasts: what is asked of the ingest server, by its socket in
 * LIVE_DIR, and the end of a playlist. Its two applications, and the names of broadcasts in each:
 * api/ingest_conf.c.
 */
#include "worker/live.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "worker/live_stat.h"
#include "worker/live_work.h"

#define JOBS          2 /* of a kind at once */
#define ANSWER_MAX    (1024 * 1024)
#define MEASURE_EVERY 5   /* seconds */
#define DROP_TRIES    100 /* before it is left to the next attempt */
#define DROP_WAIT_MS  50
#define PLAYLIST_MAX  65536
#define END_OF_LIST   "#EXT-X-ENDLIST\n"
#define MD5_LENGTH    16
#define KNOWN_MAX     256 /* broadcasts whose dropped frames are counted */

/* What jobs of one kind share. */
struct service
{
	struct sb_tasks *tasks;
	pthread_mutex_t lock; /* of what follows */
	int place;            /* of the next one that is not known yet */
	struct
	{
		char playback[SB_LIVE_ID];
		int64_t dropped;
	} known[KNOWN_MAX]; /* frames that the server had dropped when it was last asked */
};

/* ---- the job ----------------------------------------------------------------------------------
 */

static bool
is_id(const char *text)
{
	return text && *text && strlen(text) < SB_LIVE_ID &&
		   strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
			   strlen(text);
}

static bool
read_work(struct sb_task *task, struct sb_live_work *work)
{
	const json_t *number = json_object_get(task->args, "stream_id");
	const char *playback = json_string_value(json_object_get(task->args, "playback_id"));

	work->task = task;
	if (!json_is_integer(number) || !is_id(playback))
	{
		sb_task_fail(task, true, 0, "its args name no stream");
		return false;
	}
	snprintf(work->stream, sizeof(work->stream), "%" PRId64, (int64_t) json_integer_value(number));
	snprintf(work->playback, sizeof(work->playback), "%s", playback);
	return true;
}

void
sb_live_path(const struct sb_live_work *work, const char *folder, const char *suffix,
			 char path[SB_LIVE_PATH])
{
	snprintf(path, SB_LIVE_PATH, "%s/%s/%s%s", work->task->config->live_dir, folder, work->playback,
			 suffix);
}

/* ---- the ingest server ------------------------------------------------------------------------
 */

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct sb_buffer *answer = arg;

	if (answer->len + size * count > ANSWER_MAX)
		return 0;
	sb_buffer_append(answer, bytes, size * count);
	return size * count;
}

static int
on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	return sb_task_is_cancelled(arg);
}

enum answer
{
	ANSWERED,
	AWAY, /* the server does not run */
	FAILED
};

/* What the server says to a path; FAILED: the task was told. */
static enum answer
ask(struct sb_task *task, const char *path, struct sb_buffer *answer)
{
	CURL *easy = task->easy;
	char url[512];
	char socket[SB_LIVE_PATH];
	CURLcode result;
	long status = 0;

	snprintf(url, sizeof(url), "http://localhost%s", path);
	snprintf(socket, sizeof(socket), "%s/control.sock", task->config->live_dir);
	answer->len = 0;
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 10L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, task);
	result = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	sb_buffer_putc(answer, '\0');
	if (result == CURLE_COULDNT_CONNECT)
		return AWAY;
	if (result == CURLE_OK && status == 200)
		return ANSWERED;
	if (result == CURLE_OK)
		sb_task_fail(task, false, 0, "the ingest server answers %ld", status);
	else
		sb_task_fail(task, false, 0, "the ingest server cannot be asked: %s",
					 curl_easy_strerror(result));
	return FAILED;
}

/* What a broadcast is called in the application `live`: the digest of where it is passed on to. */
static void
name_of(const struct sb_live_work *work, char name[2 * MD5_LENGTH + 1])
{
	char address[128];
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;
	int n = snprintf(address, sizeof(address), "rtmp://127.0.0.1:%d/play/%s",
					 work->task->config->rtmp_play_port, work->playback);

	if (EVP_Digest(address, (size_t) n, digest, &len, EVP_md5(), NULL) != 1)
		abort();
	for (int i = 0; i < MD5_LENGTH; i++)
		snprintf(name + 2 * i, 3, "%02x", digest[i]);
}

static void
wait_ms(int milliseconds)
{
	nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000L}, NULL);
}

/* How many connections were dropped: below 0, the task was told. */
static int
drop_once(struct sb_live_work *work, int server, const char *application, const char *name)
{
	struct sb_buffer answer = {0};
	char path[256];
	enum answer came;
	int count;

	snprintf(path, sizeof(path), "/control/drop/publisher?srv=%d&app=%s&name=%s", server,
			 application, name);
	came = ask(work->task, path, &answer);
	count = came == ANSWERED ? atoi(answer.data) : came == AWAY ? 0 : -1;
	sb_buffer_free(&answer);
	return count;
}

/* Until nobody publishes, and the server has passed nothing on; then its files are whole. */
static bool
drop(struct sb_live_work *work)
{
	char name[2 * MD5_LENGTH + 1];

	name_of(work, name);
	for (int i = 0; i < DROP_TRIES && !sb_task_is_cancelled(work->task); i++)
	{
		int publishers = drop_once(work, 0, "live", name);
		int passed_on = publishers < 0 ? -1 : drop_once(work, 1, "play", work->playback);

		if (passed_on < 0)
			return false;
		if (publishers == 0 && passed_on == 0)
			return true;
		wait_ms(DROP_WAIT_MS);
	}
	sb_task_fail(work->task, false, 0, "the ingest server does not drop whoever publishes");
	return false;
}

/* ---- the end of a playlist --------------------------------------------------------------------
 */

/* Players ask for a live playlist until it says that it has ended, which the server never does. */
static void
end_playlist(struct sb_live_work *work)
{
	char text[PLAYLIST_MAX];
	char path[SB_LIVE_PATH];
	char next[SB_LIVE_PATH];
	FILE *file;
	size_t len = 0;

	sb_live_path(work, "hls", "/index.m3u8", path);
	sb_live_path(work, "hls", "/index.end", next);
	if ((file = fopen(path, "rbe")) == NULL)
		return;
	len = fread(text, 1, sizeof(text) - sizeof(END_OF_LIST), file);
	fclose(file);
	text[len] = '\0';
	if (len == 0 || strstr(text, "#EXT-X-ENDLIST"))
		return;
	if ((file = fopen(next, "wbe")) == NULL)
		return;
	fwrite(text, 1, len, file);
	fputs(END_OF_LIST, file);
	if (fclose(file) == 0)
		(void) rename(next, path);
}

/* ---- what the jobs do -------------------------------------------------------------------------
 */

static void
run_drop(struct sb_task *task)
{
	struct sb_live_work work;

	if (read_work(task, &work))
		(void) drop(&work);
}

static void
run_finish(struct sb_task *task)
{
	struct sb_live_work work;

	if (!read_work(task, &work) || !drop(&work))
		return;
	end_playlist(&work);
	sb_live_record(&work);
}

/* How many frames were dropped since it was asked for the last time. A new connection counts anew.
 */
static int64_t
newly_dropped(struct service *service, const char *playback, int64_t dropped)
{
	int64_t before = -1;
	int at;

	pthread_mutex_lock(&service->lock);
	for (at = 0; at < KNOWN_MAX && strcmp(service->known[at].playback, playback) != 0; at++)
		;
	if (at < KNOWN_MAX)
		before = service->known[at].dropped;
	else
	{
		at = service->place;
		service->place = (service->place + 1) % KNOWN_MAX;
		snprintf(service->known[at].playback, SB_LIVE_ID, "%s", playback);
	}
	service->known[at].dropped = dropped;
	pthread_mutex_unlock(&service->lock);
	return before < 0 ? 0 : dropped < before ? dropped : dropped - before;
}

static void
run_measure(struct sb_task *task)
{
	struct sb_live_work work;
	struct sb_live_stat stat;
	struct sb_live_stat taken_in = {0};
	struct sb_buffer answer = {0};
	char name[2 * MD5_LENGTH + 1];
	char bitrate[24];
	char dropped[24];
	char goes_on[8];
	bool is_there = false;
	enum answer came;

	if (!read_work(task, &work))
		return;
	came = ask(task, "/stat", &answer);
	if (came == ANSWERED)
	{
		name_of(&work, name);
		is_there = sb_live_stat_read(answer.data, "play", work.playback, &stat);
		(void) sb_live_stat_read(answer.data, "live", name, &taken_in);
	}
	sb_buffer_free(&answer);
	if (came == FAILED)
		return;
	snprintf(bitrate, sizeof(bitrate), "%" PRId64, is_there ? stat.bits / 1000 % 1000000000 : 0);
	snprintf(dropped, sizeof(dropped), "%" PRId64,
			 newly_dropped(task->service, work.playback, taken_in.dropped));
	if (sb_task_ask_text(
			task, "SELECT social.stream_measured($1, $2, $3)", 3,
			(const char *[]){work.stream, is_there ? bitrate : NULL, is_there ? dropped : NULL},
			goes_on, sizeof(goes_on)) &&
		*goes_on == 't')
		sb_task_snooze(task, MEASURE_EVERY);
}

/* ---- the handlers -----------------------------------------------------------------------------
 */

void
sb_live_drop_start(struct sb_job *job)
{
	sb_task_start(((struct service *) job->service)->tasks, job, run_drop);
}

void
sb_live_finish_start(struct sb_job *job)
{
	sb_task_start(((struct service *) job->service)->tasks, job, run_finish);
}

void
sb_live_measure_start(struct sb_job *job)
{
	sb_task_start(((struct service *) job->service)->tasks, job, run_measure);
}

void
sb_live_cancel(struct sb_job *job)
{
	sb_task_cancel(job);
}

int
sb_live_most(const struct sb_config *config)
{
	return config->live_dir ? JOBS : 0;
}

void
sb_live_check(const struct sb_config *config, struct sb_problems *problems)
{
	if (config->live_dir && (*config->live_dir != '/' || strlen(config->live_dir) >= 95))
		sb_problem_error(problems, "LIVE_DIR must be a whole path of at most 94 characters");
}

void *
sb_live_open(struct sb_loop *loop)
{
	struct service *service = sb_calloc(1, sizeof(*service));

	pthread_mutex_init(&service->lock, NULL);
	service->tasks = sb_tasks_new(loop, JOBS, service);
	return service;
}

void
sb_live_close(void *arg)
{
	struct service *service = arg;

	sb_tasks_free(service->tasks);
	pthread_mutex_destroy(&service->lock);
	free(service);
}
