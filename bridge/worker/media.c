/*
 * media.c owns the handlers of files that people have sent: what they share, and those that look at
 * a file and that delete objects. What makes variants is media_process.c.
 */
#include "worker/media.h"

#include <inttypes.h>
#include <magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "worker/media_work.h"
#include "worker/store.h"

#define BEGINNING 8192 /* bytes of a file that tell its type */

/* Looking into archives, texts and programs is for others: a file is one of few types, or it is
 * rejected. */
#define MAGIC_FLAGS                                                                                \
	(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF |         \
	 MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_JSON |       \
	 MAGIC_NO_CHECK_APPTYPE)

/* ---- what is known of a file ------------------------------------------------------------------
 */

static bool
id_of(const struct sb_task *task, char *id, size_t size)
{
	const json_t *number = json_object_get(task->args, "media_id");

	snprintf(id, size, "%" PRId64, (int64_t) json_integer_value(number));
	return json_is_integer(number);
}

static void
copy(char *to, size_t size, const PGresult *rows, int column)
{
	snprintf(to, size, "%s", PQgetvalue(rows, 0, column));
}

bool
sb_media_read_source(struct sb_task *task, struct sb_media_source *source)
{
	PGresult *rows;

	memset(source, 0, sizeof(*source));
	if (!id_of(task, source->id, sizeof(source->id)))
	{
		sb_task_fail(task, true, 0, "its args name no file");
		return false;
	}
	rows =
		sb_task_ask(task,
					"SELECT coalesce(state, ''), kind, key, content_type, coalesce(size, max_size) "
					"FROM social.media_source($1)",
					1, (const char *[]){source->id});
	if (rows == NULL)
		return false;
	if (PQntuples(rows) == 1)
	{
		copy(source->state, sizeof(source->state), rows, 0);
		source->is_video = strcmp(PQgetvalue(rows, 0, 1), "video") == 0;
		copy(source->key, sizeof(source->key), rows, 2);
		copy(source->content_type, sizeof(source->content_type), rows, 3);
		source->size = strtoll(PQgetvalue(rows, 0, 4), NULL, 10);
	}
	PQclear(rows);
	return true;
}

/* ---- media.verify -----------------------------------------------------------------------------
 */

/* What the first bytes are; the descriptions are read anew each time, as a cookie is one thread's.
 */
static void
type_of(const char *bytes, size_t len, char *type, size_t size)
{
	magic_t cookie = magic_open(MAGIC_FLAGS);
	const char *found = NULL;

	if (len > 0 && cookie && magic_load(cookie, NULL) == 0)
		found = magic_buffer(cookie, bytes, len);
	snprintf(type, size, "%s", found ? found : "");
	if (cookie)
		magic_close(cookie);
}

static void
tell_found(struct sb_task *task, const struct sb_media_source *source,
		   const struct sb_store_object *object, const char *type)
{
	char number[24];
	char state[32];

	snprintf(number, sizeof(number), "%" PRId64, object->size);
	if (sb_task_ask_text(task, "SELECT social.media_found($1, $2, $3, $4)", 4,
						 (const char *[]){source->id, number, type, object->etag}, state,
						 sizeof(state)))
		sb_log(SB_LOG_INFO, "media looked at", "state", state);
}

static void
verify(struct sb_task *task)
{
	struct sb_media_source source;
	struct sb_store_object object;
	char bytes[BEGINNING];
	char type[128] = "";
	char state[32];
	size_t len = 0;
	enum sb_store_answer answer;

	if (!sb_media_read_source(task, &source) ||
		(strcmp(source.state, "reserved") != 0 && strcmp(source.state, "uploaded") != 0))
		return;
	answer = sb_store_look(task, source.key, &object);
	if (answer == SB_STORE_DONE && object.size < 0)
	{
		sb_task_fail(task, false, 0, "the store does not say how long %s is", source.key);
		return;
	}
	if (answer == SB_STORE_DONE && object.size > 0)
		answer = sb_store_begin_of(task, source.key, bytes, sizeof(bytes), &len);
	if (answer == SB_STORE_ABSENT)
		(void) sb_task_ask_text(task, "SELECT social.media_absent($1)", 1,
								(const char *[]){source.id}, state, sizeof(state));
	if (answer != SB_STORE_DONE)
		return;
	type_of(bytes, len, type, sizeof(type));
	tell_found(task, &source, &object, type);
}

/* ---- media.delete -----------------------------------------------------------------------------
 */

static void
delete_objects(struct sb_task *task)
{
	const json_t *keys = json_object_get(task->args, "keys");

	for (size_t i = 0; i < json_array_size(keys); i++)
	{
		const char *key = json_string_value(json_array_get(keys, i));

		if (key && sb_store_delete(task, key) != SB_STORE_DONE)
			return; /* the next attempt begins at the first, which is no harm */
	}
}

/* ---- the handlers -----------------------------------------------------------------------------
 */

void
sb_media_verify_start(struct sb_job *job)
{
	sb_task_start(((struct sb_media_service *) job->service)->tasks, job, verify);
}

void
sb_media_delete_start(struct sb_job *job)
{
	sb_task_start(((struct sb_media_service *) job->service)->tasks, job, delete_objects);
}

void
sb_media_cancel(struct sb_job *job)
{
	sb_task_cancel(job);
}

int
sb_media_most(const struct sb_config *config)
{
	return config->media_jobs;
}

void
sb_media_check(const struct sb_config *config, struct sb_problems *problems)
{
	struct sb_workplace *workplace;
	char problem[SB_WORKPLACE_PATH];

	if (config->media_jobs == 0)
		return;
	workplace = sb_workplace_new(config->media_temp, problem, sizeof(problem));
	if (workplace == NULL && config->media_temp)
		sb_problem_error(problems, "MEDIA_TEMP: %s", problem);
	else if (workplace == NULL)
		sb_problem_warning(problems, "MEDIA_TEMP is not set, and %s", problem);
	sb_workplace_free(workplace);
}

void *
sb_media_open(struct sb_loop *loop)
{
	struct sb_media_service *service = sb_calloc(1, sizeof(*service));

	service->tasks = sb_tasks_new(loop, sb_media_most(loop->config), service);
	return service;
}

void *
sb_media_process_open(struct sb_loop *loop)
{
	struct sb_media_service *service = sb_media_open(loop);

	service->workplace =
		sb_workplace_new(loop->config->media_temp, service->problem, sizeof(service->problem));
	return service;
}

void
sb_media_close(void *arg)
{
	struct sb_media_service *service = arg;

	sb_tasks_free(service->tasks);
	sb_workplace_free(service->workplace);
	free(service);
}
