/*
 * mux.c owns the handler of jobs of kind mux. What is to be said the database knows
 * (sql/api/stream_mux.sql): it is asked for the next request until there is none. An answer may
 * hold a stream's key: it goes to the database and nowhere else.
 */
#include "worker/mux.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/config.h"
#include "base/memory.h"
#include "worker/task.h"

#define ANSWER_MAX      (256 * 1024) /* bytes; a live stream has two or three thousand */
#define ADDRESS_MAX     1024
#define STEPS_MAX       32 /* of one job: no stream needs half of them */
#define CONNECT_SECONDS 10
#define CALL_SECONDS    60

struct call
{
	struct sb_task *task;
	const char *method;
	const char *path;
	const char *body; /* NULL: none */
	struct curl_slist *headers;
	struct sb_buffer answer;
	long status;
	char problem[CURL_ERROR_SIZE];
};

/* ---- what libcurl calls -----------------------------------------------------------------------
 */

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct call *call = arg;

	if (call->answer.len + size * count > ANSWER_MAX)
		return 0;
	sb_buffer_append(&call->answer, bytes, size * count);
	return size * count;
}

static int
on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	return sb_task_is_cancelled(arg);
}

/* ---- a call -----------------------------------------------------------------------------------
 */

static void
add_header(struct call *call, const char *header)
{
	call->headers = sb_checked(curl_slist_append(call->headers, header));
}

static void
set_up(struct call *call, const char *url)
{
	const struct sb_config *config = call->task->config;
	CURL *easy = call->task->easy;

	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long) CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long) CALL_SECONDS);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->problem);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
	curl_easy_setopt(easy, CURLOPT_USERNAME, config->mux_token_id);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, config->mux_token_secret);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "social-worker");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, call->task);
	add_header(call, "Accept: application/json");
	add_header(call, "Expect:");
	add_header(call, call->body ? "Content-Type: application/json" : "Content-Type:");
	/* A POST or PUT without a body says so. */
	if (call->body || strcmp(call->method, "DELETE") != 0)
	{
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body ? call->body : "");
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, call->body ? (long) strlen(call->body) : 0L);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
}

/* What Mux calls a refusal, in its own word: {"error": {"type": "invalid_parameters", …}}. */
static void
type_of(const struct call *call, char *type, size_t size)
{
	json_t *answer =
		json_loadb(call->answer.data ? call->answer.data : "", call->answer.len, 0, NULL);
	const char *word = json_string_value(json_object_get(json_object_get(answer, "error"), "type"));
	size_t len = word ? strspn(word, "abcdefghijklmnopqrstuvwxyz_") : 0;

	type[0] = '\0';
	if (len > 0)
		snprintf(type, size, " (%.*s)", (int) (len < 60 ? len : 60), word);
	json_decref(answer);
}

/* Whether the answer is one that the database is told; else the task was told, or cancelled. */
static bool
judge(struct call *call, CURLcode result)
{
	struct sb_task *task = call->task;
	curl_off_t retry_after = 0;
	char type[80];
	bool is_final;

	(void) curl_easy_getinfo(task->easy, CURLINFO_RESPONSE_CODE, &call->status);
	(void) curl_easy_getinfo(task->easy, CURLINFO_RETRY_AFTER, &retry_after);
	if (sb_task_is_cancelled(task))
		return false;
	if (result != CURLE_OK)
	{
		sb_task_fail(task, false, 0, "Mux cannot be asked: %s",
					 *call->problem ? call->problem : curl_easy_strerror(result));
		return false;
	}
	if (call->status >= 200 && call->status <= 299)
		return true;
	if (call->status == 404 && strcmp(call->path, "/video/v1/live-streams") != 0)
		return true;
	type_of(call, type, sizeof(type));
	/* What is wrong with the account (401, 403) somebody can put right. */
	is_final = call->status >= 400 && call->status < 500 && call->status != 401 &&
			   call->status != 403 && call->status != 404 && call->status != 408 &&
			   call->status != 409 && call->status != 429;
	sb_task_fail(task, is_final, retry_after > 0 && retry_after < 86400 ? (int) retry_after : 0,
				 "Mux answers %ld%s to %s %s", call->status, type, call->method, call->path);
	return false;
}

static bool
do_call(struct call *call)
{
	char url[ADDRESS_MAX];
	bool is_done = false;
	const char *base = call->task->config->mux_base_url;
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	if (snprintf(url, sizeof(url), "%.*s%s", (int) len, base, call->path) < (int) sizeof(url))
	{
		set_up(call, url);
		is_done = judge(call, curl_easy_perform(call->task->easy));
		curl_easy_reset(call->task->easy); /* which forgets the secret */
	}
	else
		sb_task_fail(call->task, true, 0, "the path of a request is too long");
	curl_slist_free_all(call->headers);
	return is_done;
}

/* ---- what a job says --------------------------------------------------------------------------
 */

static void
delete_all(struct sb_task *task, const json_t *paths)
{
	for (size_t i = 0; i < json_array_size(paths); i++)
	{
		const char *path = json_string_value(json_array_get(paths, i));
		struct call call = {.task = task, .method = "DELETE", .path = path};
		bool is_done = path == NULL || do_call(&call);

		sb_buffer_free(&call.answer);
		if (!is_done)
			return; /* the next attempt begins at the first, which is gone by then */
	}
}

/* One request, and the database is told the answer; false: the task was told why not. */
static bool
take_step(struct sb_task *task, const char *stream, PGresult *next)
{
	struct call call = {.task = task,
						.method = PQgetvalue(next, 0, 1),
						.path = PQgetvalue(next, 0, 2),
						.body = PQgetisnull(next, 0, 3) ? NULL : PQgetvalue(next, 0, 3)};
	bool is_done = do_call(&call);
	char status[16];
	char is_there[8] = "";

	if (is_done)
	{
		sb_buffer_append(&call.answer, "", 1);
		snprintf(status, sizeof(status), "%ld", call.status);
		is_done = sb_task_ask_text(
					  task, "SELECT social.mux_answered($1, $2, $3, $4)", 4,
					  (const char *[]){stream, PQgetvalue(next, 0, 0), status, call.answer.data},
					  is_there, sizeof(is_there)) &&
				  *is_there == 't';
	}
	if (call.answer.data)
		explicit_bzero(call.answer.data, call.answer.len);
	sb_buffer_free(&call.answer);
	return is_done;
}

static void
tell_stream(struct sb_task *task, const char *stream)
{
	for (int step = 0; step < STEPS_MAX; step++)
	{
		PGresult *next =
			sb_task_ask(task, "SELECT step, method, path, body FROM social.mux_next_request($1)", 1,
						(const char *[]){stream});
		bool goes_on = next && PQntuples(next) == 1 && take_step(task, stream, next);

		PQclear(next);
		if (!goes_on)
			return;
	}
	sb_task_fail(task, true, 0, "there is no end of what is to be said");
}

static void
tell(struct sb_task *task)
{
	const json_t *number = json_object_get(task->args, "stream_id");
	char stream[24];

	snprintf(stream, sizeof(stream), "%" PRId64, (int64_t) json_integer_value(number));
	if (json_is_integer(number))
		tell_stream(task, stream);
	else
		delete_all(task, json_object_get(task->args, "delete"));
}

/* ---- the handler ------------------------------------------------------------------------------
 */

int
sb_mux_most(const struct sb_config *config)
{
	return config->mux_token_id && config->mux_token_secret ? config->mux_jobs : 0;
}

void
sb_mux_check(const struct sb_config *config, struct sb_problems *problems)
{
	if ((config->mux_token_id == NULL) != (config->mux_token_secret == NULL))
		sb_problem_error(problems, "MUX_TOKEN_ID and MUX_TOKEN_SECRET are set both, or neither");
	if (config->mux_token_secret && strncmp(config->mux_base_url, "https://", 8) != 0)
		sb_problem_warning(problems,
						   "MUX_BASE_URL is no https://: the token can be read on the way");
}

void *
sb_mux_open(struct sb_loop *loop)
{
	return sb_tasks_new(loop, sb_mux_most(loop->config), NULL);
}

void
sb_mux_close(void *service)
{
	sb_tasks_free(service);
}

void
sb_mux_start(struct sb_job *job)
{
	sb_task_start(job->service, job, tell);
}

void
sb_mux_cancel(struct sb_job *job)
{
	sb_task_cancel(job);
}
