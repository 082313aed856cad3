/*
 * media_sweep.c owns the handler of media.sweep: the store is listed page by page, and each page is
 * handed to the database, which compares (sql/api/media_sweep.sql) and remembers the place. So a
 * job that was broken off goes on where it was.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "worker/media.h"
#include "worker/media_work.h"
#include "worker/store.h"
#include "worker/task.h"

#define LISTING_MAX                                                                                \
	(16 * 1024 * 1024) /* bytes of a page: a thousand of the longest keys, escaped */

struct page
{
	struct sb_task *task;
	struct sb_buffer text;
	struct curl_slist *headers;
	char problem[CURL_ERROR_SIZE];
};

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct page *page = arg;

	if (page->text.len + size * count > LISTING_MAX)
		return 0;
	sb_buffer_append(&page->text, bytes, size * count);
	return size * count;
}

static int
on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	return sb_task_is_cancelled(arg);
}

/* False: the task was told why, or was cancelled. */
static bool
list(struct sb_task *task, const char *address, struct page *page)
{
	CURL *easy = task->easy;
	char url[SB_STORE_URL];
	CURLcode result;
	long status = 0;

	if (!sb_store_reach(task, address, url, &page->headers))
	{
		sb_task_fail(task, true, 0, "there is no address of a listing");
		return false;
	}
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, page->headers);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 120L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, page->problem);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, page);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, task);
	result = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (result == CURLE_OK && status == 200 && page->text.len > 0)
		return true;
	if (sb_task_is_cancelled(task))
		return false;
	if (result != CURLE_OK)
		sb_task_fail(task, false, 0, "the store cannot be listed: %s",
					 *page->problem ? page->problem : curl_easy_strerror(result));
	else
		sb_task_fail(task, false, 0, "the store answers %ld to a listing", status);
	return false;
}

/* A page further; false: there is none, or the task was told why not. */
static bool
go_on(struct sb_task *task, const char *sweep)
{
	struct page page = {.task = task};
	char address[SB_STORE_URL];
	char is_last[8] = "t";
	bool goes_on =
		sb_task_ask_text(task, "SELECT social.media_sweep_address($1)", 1, (const char *[]){sweep},
						 address, sizeof(address)) &&
		*address != '\0' && list(task, address, &page) &&
		sb_task_ask_text(task, "SELECT social.media_sweep_page($1, $2)", 2,
						 (const char *[]){sweep, page.text.data}, is_last, sizeof(is_last)) &&
		*is_last != 't';

	curl_slist_free_all(page.headers);
	sb_buffer_free(&page.text);
	return goes_on;
}

static void
sweep(struct sb_task *task)
{
	const json_t *number = json_object_get(task->args, "sweep_id");
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, (int64_t) json_integer_value(number));
	if (!json_is_integer(number))
		sb_task_fail(task, true, 0, "its args name no sweep");
	else
		while (go_on(task, id))
			;
}

void
sb_media_sweep_start(struct sb_job *job)
{
	sb_task_start(((struct sb_media_service *) job->service)->tasks, job, sweep);
}
