/*
 * store.c owns what a worker does to an object of the media store.
 *
 * Addresses of a directory that bridges serve are paths: MEDIA_STORE_URL goes before them, and the
 * host that was signed is said.
 */
#include "worker/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/memory.h"

#define ANSWER_MAX      2048 /* bytes of what a store says of a failure */
#define CONNECT_SECONDS 10
#define IDLE_SECONDS    30 /* for so long less than a kilobyte a second may come or go */
#define CACHE_CONTROL   "Cache-Control: max-age=86400"

struct call
{
	struct sb_task *task;
	const char *method;
	const char *key;
	struct curl_slist *headers;
	FILE *file; /* what is sent, or where what comes goes; NULL: none */
	int64_t file_size;
	char *bytes; /* where the first of what comes go; NULL: nowhere */
	size_t size;
	size_t len;
	int64_t most; /* of what comes */
	int64_t came;
	bool is_too_long;
	int file_error;
	char answer[ANSWER_MAX + 1]; /* the beginning of what a refusal says */
	size_t answer_len;
	char etag[128];
	char problem[CURL_ERROR_SIZE];
};

/* ---- what libcurl calls -----------------------------------------------------------------------
 */

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct call *call = arg;
	size_t len = size * count;
	long status = 0;

	(void) curl_easy_getinfo(call->task->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
	{
		size_t part = ANSWER_MAX - call->answer_len < len ? ANSWER_MAX - call->answer_len : len;

		memcpy(call->answer + call->answer_len, bytes, part);
		call->answer_len += part;
		return len;
	}
	call->came += (int64_t) len;
	if (call->bytes)
	{
		size_t part = call->size - call->len < len ? call->size - call->len : len;

		memcpy(call->bytes + call->len, bytes, part);
		call->len += part;
		return part; /* with less than all of it the transfer ends */
	}
	if (call->came > call->most)
	{
		call->is_too_long = true;
		return 0;
	}
	errno = EIO;
	if (call->file && fwrite(bytes, 1, len, call->file) != len)
	{
		call->file_error = errno;
		return 0;
	}
	return len;
}

static size_t
on_wanted(char *out, size_t size, size_t count, void *arg)
{
	const struct call *call = arg;
	size_t len = fread(out, 1, size * count, call->file);

	return ferror(call->file) ? CURL_READFUNC_ABORT : len;
}

/* A connection that was kept may be gone: what was read is read again. */
static int
on_again(void *arg, curl_off_t offset, int origin)
{
	const struct call *call = arg;

	return fseeko(call->file, (off_t) offset, origin) == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t
on_header(char *line, size_t size, size_t count, void *arg)
{
	struct call *call = arg;
	size_t len = size * count;

	if (len > 5 && strncasecmp(line, "etag:", 5) == 0)
	{
		size_t from = 5 + strspn(line + 5, " \t\"");
		size_t n = strcspn(line + from, "\"\r\n");

		snprintf(call->etag, sizeof(call->etag), "%.*s", (int) (n < 120 ? n : 120), line + from);
	}
	return len;
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

bool
sb_store_reach(const struct sb_task *task, const char *address, char url[SB_STORE_URL],
			   struct curl_slist **headers)
{
	bool is_path = *address == '/';

	if (is_path)
		*headers = sb_checked(curl_slist_append(*headers, "Host: localhost"));
	return *address &&
		   snprintf(url, SB_STORE_URL, "%s%s", is_path ? task->config->media_store_url : "",
					address) < SB_STORE_URL;
}

/* Where the store is asked; false: the task was told. signed_headers is JSON. */
static bool
address_of(struct call *call, const char *signed_headers, char url[SB_STORE_URL])
{
	char address[SB_STORE_URL];

	if (!sb_task_ask_text(call->task, "SELECT social.media_address($1, $2, $3::jsonb)", 3,
						  (const char *[]){call->method, call->key, signed_headers}, address,
						  sizeof(address)))
		return false;
	if (sb_store_reach(call->task, address, url, &call->headers))
		return true;
	sb_task_fail(call->task, true, 0, "there is no address of %s", call->key);
	return false;
}

static void
set_up(struct call *call, const char *url)
{
	CURL *easy = call->task->easy;

	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long) CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1024L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long) IDLE_SECONDS);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->problem);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, call->task);
	if (strcmp(call->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(call->method, "PUT") == 0)
	{
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_wanted);
		curl_easy_setopt(easy, CURLOPT_READDATA, call);
		curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_again);
		curl_easy_setopt(easy, CURLOPT_SEEKDATA, call);
		curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t) call->file_size);
	}
	else if (strcmp(call->method, "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
}

/* What a store says of a refusal, in its own word: <Code>NoSuchBucket</Code>. */
static void
code_of(const struct call *call, char *code, size_t size)
{
	const char *begin = strstr(call->answer, "<Code>");
	size_t len =
		begin ? strspn(begin + 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") : 0;

	code[0] = '\0';
	if (len > 0)
		snprintf(code, size, " (%.*s)", (int) (len < 60 ? len : 60), begin + 6);
}

/* What an answer means. */
static enum sb_store_answer
judge(struct call *call, CURLcode result)
{
	struct sb_task *task = call->task;
	bool has_all = call->bytes && call->len == call->size && result == CURLE_WRITE_ERROR;
	long status = 0;
	curl_off_t retry_after = 0;
	char code[80];

	(void) curl_easy_getinfo(task->easy, CURLINFO_RESPONSE_CODE, &status);
	(void) curl_easy_getinfo(task->easy, CURLINFO_RETRY_AFTER, &retry_after);
	if (sb_task_is_cancelled(task))
		return SB_STORE_FAILED;
	if (call->is_too_long)
		sb_task_fail(task, true, 0, "%s has more than %" PRId64 " bytes", call->key, call->most);
	else if (call->file_error)
		sb_task_fail(task, false, 0, "what comes cannot be written: %s",
					 strerror(call->file_error));
	else if (result != CURLE_OK && !has_all)
		sb_task_fail(task, false, 0, "the store cannot be asked: %s",
					 *call->problem ? call->problem : curl_easy_strerror(result));
	else if (status >= 200 && status <= 299)
		return SB_STORE_DONE;
	else if (status == 404 && strstr(call->answer, "<Code>NoSuchBucket<") == NULL)
		return SB_STORE_ABSENT;
	else if (status == 416 && call->bytes) /* not even one byte */
		return SB_STORE_DONE;
	else
	{
		code_of(call, code, sizeof(code));
		sb_task_fail(task, false, retry_after > 0 && retry_after < 86400 ? (int) retry_after : 0,
					 "the store answers %ld%s to %s of %s", status, code, call->method, call->key);
	}
	return SB_STORE_FAILED;
}

static enum sb_store_answer
do_call(struct call *call, const char *signed_headers)
{
	char url[SB_STORE_URL];
	enum sb_store_answer answer = SB_STORE_FAILED;

	add_header(call, "Expect:");
	if (address_of(call, signed_headers, url))
	{
		set_up(call, url);
		answer = judge(call, curl_easy_perform(call->task->easy));
	}
	curl_slist_free_all(call->headers);
	return answer;
}

/* ---- what can be done -------------------------------------------------------------------------
 */

enum sb_store_answer
sb_store_look(struct sb_task *task, const char *key, struct sb_store_object *object)
{
	struct call call = {.task = task, .method = "HEAD", .key = key};
	enum sb_store_answer answer = do_call(&call, "{}");
	curl_off_t size = -1;

	(void) curl_easy_getinfo(task->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	object->size = size;
	memcpy(object->etag, call.etag, sizeof(object->etag));
	return answer;
}

enum sb_store_answer
sb_store_begin_of(struct sb_task *task, const char *key, char *bytes, size_t size, size_t *len)
{
	struct call call = {.task = task, .method = "GET", .key = key, .bytes = bytes, .size = size};
	enum sb_store_answer answer;
	char range[64];

	snprintf(range, sizeof(range), "Range: bytes=0-%zu", size - 1);
	add_header(&call, range);
	answer = do_call(&call, "{}");
	*len = call.len;
	return answer;
}

enum sb_store_answer
sb_store_fetch(struct sb_task *task, const char *key, const char *path, int64_t most)
{
	struct call call = {
		.task = task, .method = "GET", .key = key, .most = most, .file = fopen(path, "wbxe")};
	enum sb_store_answer answer = SB_STORE_FAILED;

	if (call.file)
		answer = do_call(&call, "{}");
	if (call.file == NULL || (fclose(call.file) != 0 && answer == SB_STORE_DONE))
	{
		sb_task_fail(task, false, 0, "what comes cannot be written: %s", strerror(errno));
		return SB_STORE_FAILED;
	}
	return answer;
}

enum sb_store_answer
sb_store_put(struct sb_task *task, const char *key, const char *path, const char *content_type)
{
	struct call call = {.task = task, .method = "PUT", .key = key, .file = fopen(path, "rbe")};
	enum sb_store_answer answer;
	struct stat status;
	char header[128];
	char signed_headers[256];

	if (call.file == NULL || fstat(fileno(call.file), &status) != 0)
	{
		sb_task_fail(task, false, 0, "what was made cannot be read: %s", strerror(errno));
		if (call.file)
			fclose(call.file);
		return SB_STORE_FAILED;
	}
	call.file_size = status.st_size;
	snprintf(header, sizeof(header), "Content-Type: %s", content_type);
	add_header(&call, header);
	add_header(&call, CACHE_CONTROL);
	snprintf(signed_headers, sizeof(signed_headers),
			 "{\"content-type\": \"%s\", \"content-length\": \"%" PRId64 "\"}", content_type,
			 call.file_size);
	answer = do_call(&call, signed_headers);
	fclose(call.file);
	if (answer == SB_STORE_ABSENT)
		sb_task_fail(task, false, 0, "the store answers 404 to PUT of %s", key);
	return answer == SB_STORE_ABSENT ? SB_STORE_FAILED : answer;
}

enum sb_store_answer
sb_store_delete(struct sb_task *task, const char *key)
{
	struct call call = {.task = task, .method = "DELETE", .key = key};
	enum sb_store_answer answer = do_call(&call, "{}");

	return answer == SB_STORE_ABSENT ? SB_STORE_DONE : answer;
}
