/*
 * export.c owns the handler of exports. An archive is made in the workplace and sent to the store;
 * until that was told (export_finished), nobody knows of it: whatever happens in between, the next
 * attempt makes it again, under the same key.
 *
 * The rows come over a connection of the job's own: one snapshot for all of them, read by a cursor,
 * so that no length of anything is held in memory. What is told of an archive (index.html,
 * manifest.json) is written along with it.
 */
#include "worker/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "pg/target.h"
#include "worker/archive.h"
#include "worker/export_text.h"
#include "worker/store.h"
#include "worker/task.h"
#include "worker/workplace.h"

#define FETCH       "FETCH 200 FROM export_rows"
#define ROOM_MIN    ((uint64_t) 64 * 1024 * 1024)
#define ARCHIVE_MAX INT64_C(5000000000) /* what S3 takes at once */
#define PATH_SIZE   (SB_WORKPLACE_PATH + 32)
#define FORMAT      1

/* What exports share. */
struct service
{
	struct sb_tasks *tasks;
	struct sb_workplace *workplace; /* NULL: there is none, problem says why */
	char problem[SB_WORKPLACE_PATH];
};

struct export
{
	struct sb_task *task;
	const struct service *service;
	char id[24];
	char user_id[24];
	char username[512];
	char key[256];
	char version[32];
	char directory[SB_WORKPLACE_PATH];
	char path[PATH_SIZE]; /* of the archive */
	PGconn *conn;
	struct sb_archive *archive;
	FILE *index;
	FILE *manifest;
	bool has_files; /* the manifest has one by now */
	int64_t size;   /* of what was put in */
	int done;
	time_t told_at;
	char problem[600];
};

/* False: the task has failed, with why. */
static bool __attribute__((format(printf, 2, 3)))
fail(struct export *export, const char *format, ...)
{
	char text[700];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sb_task_fail(export->task, false, 0, "%s", text);
	return false;
}

static const char *
place(const struct export *export, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s", export->directory, name);
	return path;
}

static FILE *
create(struct export *export, const char *name)
{
	char path[PATH_SIZE];
	FILE *file = fopen(place(export, name, path), "wbe");

	if (file == NULL)
		(void) fail(export, "no file can be written: %s", strerror(errno));
	return file;
}

/* ---- what is told of the archive --------------------------------------------------------------
 */

static void
put_page(struct export *export, const char *before, const char *text, const char *after)
{
	struct sb_buffer page = {0};

	sb_buffer_puts(&page, before);
	sb_export_put_html(&page, text);
	sb_buffer_puts(&page, after);
	fwrite(page.data, 1, page.len, export->index);
	sb_buffer_free(&page);
}

static void
put_json(FILE *file, const char *before, const char *text, const char *after)
{
	struct sb_buffer line = {0};

	sb_buffer_puts(&line, before);
	sb_buffer_put_json(&line, text, strlen(text));
	sb_buffer_puts(&line, after);
	fwrite(line.data, 1, line.len, file);
	sb_buffer_free(&line);
}

static bool
begin_telling(struct export *export, time_t now)
{
	char moment[40];
	struct tm utc;

	if ((export->index = create(export, "index")) == NULL ||
		(export->manifest = create(export, "manifest")) == NULL)
		return false;
	strftime(moment, sizeof(moment), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	fprintf(export->manifest, "{\"format\":\"social-export\",\"format_version\":%d,", FORMAT);
	put_json(export->manifest, "\"schema_version\":", export->version, ",");
	fprintf(export->manifest, "\"created_at\":\"%s\",\"user\":{\"id\":%s,", moment,
			export->user_id);
	put_json(export->manifest, "\"username\":", export->username, "},\n\"files\":[");
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src "
		  "'self'; media-src 'self'; style-src 'unsafe-inline'\">\n",
		  export->index);
	put_page(export, "<title>Export of ", export->username,
			 "</title>\n<style>body{font:16px sans-serif;max-width:60em;margin:2em auto}"
			 "td,th{text-align:left;padding:.2em 1em .2em 0}td.n{text-align:right}</style>"
			 "</head><body>\n");
	put_page(export, "<h1>All that there is of ", export->username, "</h1>\n");
	put_page(export, "<p>Made at ", moment,
			 ". Each table stands here twice: as JSON, for programs, and as CSV, for "
			 "spreadsheets. Other people are named by their id and user name alone. "
			 "<a href=\"manifest.json\">manifest.json</a> has the SHA-256 digest of each "
			 "file.</p>\n<table><tr><th>What</th><th>Rows</th><th></th><th></th></tr>\n");
	return true;
}

/* A file that the archive has now. */
static void
tell_file(struct export *export, const char *name, const struct sb_archive_file *file, int64_t rows)
{
	put_json(export->manifest, export->has_files ? ",\n{\"path\":" : "\n{\"path\":", name, ",");
	fprintf(export->manifest, "\"size\":%" PRId64 ",\"sha256\":\"%s\"", file->size, file->digest);
	if (rows >= 0)
		fprintf(export->manifest, ",\"rows\":%" PRId64, rows);
	putc('}', export->manifest);
	export->has_files = true;
}

/* One that it should have and has not. */
static void
tell_missing(struct export *export, const char *name, const char *why)
{
	put_json(export->manifest, export->has_files ? ",\n{\"path\":" : "\n{\"path\":", name, ",");
	put_json(export->manifest, "\"missing\":", why, "}");
	export->has_files = true;
	put_page(export, "<li>", name, " is missing: ");
	put_page(export, "", why, "</li>\n");
}

/* ---- putting in -------------------------------------------------------------------------------
 */

static bool
put_in(struct export *export, const char *name, const char *from, bool is_packed,
	   struct sb_archive_file *file)
{
	char path[PATH_SIZE];

	if (!sb_archive_add(export->archive, name, place(export, from, path), is_packed, file,
						export->problem, sizeof(export->problem)))
		return fail(export, "%s", export->problem);
	export->size += file->size;
	(void) unlink(path);
	return true;
}

/* False: it was cancelled, or given up by its owner. */
static bool
tell_progress(struct export *export)
{
	time_t now = time(NULL);
	char number[16];
	char state[32];

	if (sb_task_is_cancelled(export->task))
		return false;
	if (now == export->told_at)
		return true;
	export->told_at = now;
	snprintf(number, sizeof(number), "%d", export->done);
	return sb_task_ask_text(export->task, "SELECT social.export_progress($1, $2)", 2,
							(const char *[]){export->id, number}, state, sizeof(state)) &&
		   strcmp(state, "running") == 0;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

/* NULL: the task has failed. */
static PGresult *
query(struct export *export, const char *sql)
{
	PGresult *rows = PQexec(export->conn, sql);
	const char *said = PQresultErrorField(rows, PG_DIAG_MESSAGE_PRIMARY);

	if (PQresultStatus(rows) == PGRES_TUPLES_OK || PQresultStatus(rows) == PGRES_COMMAND_OK)
		return rows;
	(void) fail(export, "the database said: %s", said ? said : "nothing, for it is gone");
	PQclear(rows);
	return NULL;
}

static bool
does(struct export *export, const char *sql)
{
	PGresult *rows = query(export, sql);

	PQclear(rows);
	return rows != NULL;
}

static bool
connect_to(struct export *export)
{
	export->conn = sb_pg_target_wait(export->task->config);
	if (PQstatus(export->conn) != CONNECTION_OK)
		return fail(export, "the database cannot be reached");
	return does(export,
				"SET statement_timeout = '5min'; SET lock_timeout = '10s'; SET timezone = 'UTC'; "
				"SET datestyle = 'ISO'; SET intervalstyle = 'iso_8601'") &&
		   does(export, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

/* Column 0 of a result is its rows as JSON, the others are those of the table. */
static void
write_rows(const PGresult *rows, int64_t before, FILE *json, FILE *csv)
{
	struct sb_buffer line = {0};

	for (int row = 0; row < PQntuples(rows); row++)
	{
		fputs(before + row > 0 ? ",\n" : "\n", json);
		fwrite(PQgetvalue(rows, row, 0), 1, (size_t) PQgetlength(rows, row, 0), json);
		line.len = 0;
		for (int column = 1; column < PQnfields(rows); column++)
		{
			if (column > 1)
				sb_buffer_putc(&line, ',');
			sb_export_put_field(
				&line, PQgetisnull(rows, row, column) ? NULL : PQgetvalue(rows, row, column),
				(size_t) PQgetlength(rows, row, column));
		}
		sb_buffer_puts(&line, "\r\n");
		fwrite(line.data, 1, line.len, csv);
	}
	sb_buffer_free(&line);
}

static void
write_head(const PGresult *rows, FILE *csv)
{
	for (int column = 1; column < PQnfields(rows); column++)
		fprintf(csv, "%s%s", column > 1 ? "," : "", PQfname(rows, column));
	fputs("\r\n", csv);
}

/* Number of rows; -1: the task has failed, or was cancelled. */
static int64_t
copy_rows(struct export *export, FILE *json, FILE *csv)
{
	int64_t count = 0;
	int came;

	putc('[', json);
	do
	{
		PGresult *rows = query(export, FETCH);

		if (rows == NULL)
			return -1;
		came = PQntuples(rows);
		if (count == 0)
			write_head(rows, csv);
		write_rows(rows, count, json, csv);
		count += came;
		PQclear(rows);
	} while (came > 0 && tell_progress(export));
	fputs("\n]\n", json);
	return came > 0 ? -1 : count;
}

static int64_t
write_part(struct export *export)
{
	FILE *json = create(export, "rows.json");
	FILE *csv = create(export, "rows.csv");
	int64_t count = json && csv ? copy_rows(export, json, csv) : -1;
	bool is_written = json && !ferror(json);

	is_written = csv && !ferror(csv) && is_written;
	if (json)
		is_written = fclose(json) == 0 && is_written;
	if (csv)
		is_written = fclose(csv) == 0 && is_written;
	if (count >= 0 && !is_written)
	{
		(void) fail(export, "no file can be written: %s", strerror(errno));
		return -1;
	}
	return count;
}

static bool
add_part(struct export *export, const char *part, const char *note)
{
	struct sb_archive_file file;
	char sql[200];
	char name[96];
	char text[400];
	int64_t rows;

	snprintf(sql, sizeof(sql), "SELECT social.export_open(%s, '%.60s')", export->id, part);
	if (!does(export, sql) || (rows = write_part(export)) < 0 || !does(export, "CLOSE export_rows"))
		return false;
	snprintf(name, sizeof(name), "data/%.60s.json", part);
	if (!put_in(export, name, "rows.json", false, &file))
		return false;
	tell_file(export, name, &file, rows);
	snprintf(name, sizeof(name), "data/%.60s.csv", part);
	if (!put_in(export, name, "rows.csv", false, &file))
		return false;
	tell_file(export, name, &file, rows);
	put_page(export, "<tr><td>", note, "</td>");
	snprintf(text, sizeof(text),
			 "<td class=\"n\">%" PRId64 "</td><td><a href=\"data/%.60s.json\">JSON</a></td>"
			 "<td><a href=\"data/%.60s.csv\">CSV</a></td></tr>\n",
			 rows, part, part);
	fputs(text, export->index);
	export->done++;
	return true;
}

static bool
add_parts(struct export *export)
{
	PGresult *parts = query(export, "SELECT part, note FROM social.export_parts()");
	bool is_done = parts != NULL;

	for (int i = 0; parts && i < PQntuples(parts) && is_done; i++)
		is_done = add_part(export, PQgetvalue(parts, i, 0), PQgetvalue(parts, i, 1));
	PQclear(parts);
	return is_done && does(export, "COMMIT");
}

static bool
add_rows(struct export *export)
{
	bool is_done = connect_to(export) && add_parts(export);

	PQfinish(export->conn);
	fputs("</table>\n", export->index);
	return is_done;
}

/* ---- files ------------------------------------------------------------------------------------
 */

/* What follows the dot in a key of ours; it is one anywhere. */
static const char *
extension_of(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot && strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(dot + 1) ? dot
																							 : "";
}

static bool
add_file(struct export *export, const char *id, const char *key, int64_t size)
{
	struct sb_archive_file file;
	char path[PATH_SIZE];
	char name[64];
	enum sb_store_answer answer;

	snprintf(name, sizeof(name), "media/%.20s%.8s", id, extension_of(key));
	if (export->size + size > ARCHIVE_MAX)
	{
		tell_missing(export, name, "there is no room for it in one archive");
		return true;
	}
	if (!sb_workplace_has_room(export->service->workplace, ROOM_MIN + 2 * (uint64_t) size))
		return fail(export, "there is no room for files to work on");
	answer = sb_store_fetch(export->task, key, place(export, "file", path), size);
	if (answer == SB_STORE_ABSENT)
		tell_missing(export, name, "it is not in the store any more");
	if (answer != SB_STORE_DONE)
		return answer == SB_STORE_ABSENT;
	if (!put_in(export, name, "file", true, &file))
		return false;
	tell_file(export, name, &file, -1);
	put_page(export, "<li><a href=\"", name, "\">");
	put_page(export, "", name, "</a></li>\n");
	return true;
}

static bool
add_files(struct export *export)
{
	char after[24] = "0";
	int came;

	fputs("<h2>Files</h2>\n<ul>\n", export->index);
	do
	{
		PGresult *rows = sb_task_ask(export->task,
									 "SELECT id, key, coalesce(size, 0) FROM "
									 "social.export_media($1, $2)",
									 2, (const char *[]){export->id, after});
		bool is_done = rows != NULL;

		came = rows ? PQntuples(rows) : 0;
		for (int i = 0; i < came && is_done; i++)
		{
			snprintf(after, sizeof(after), "%s", PQgetvalue(rows, i, 0));
			is_done = tell_progress(export) && add_file(export, after, PQgetvalue(rows, i, 1),
														strtoll(PQgetvalue(rows, i, 2), NULL, 10));
		}
		PQclear(rows);
		if (!is_done)
			return false;
	} while (came > 0);
	fputs("</ul>\n", export->index);
	return true;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

/* What is told comes last; the manifest has a digest of everything but itself. */
static bool
add_told(struct export *export)
{
	struct sb_archive_file file;
	bool is_written;

	fputs("</body></html>\n", export->index);
	is_written = !ferror(export->index);
	is_written = fclose(export->index) == 0 && is_written;
	export->index = NULL;
	if (!is_written)
		return fail(export, "no file can be written: %s", strerror(errno));
	if (!put_in(export, "index.html", "index", false, &file))
		return false;
	tell_file(export, "index.html", &file, -1);
	fputs("\n]}\n", export->manifest);
	is_written = !ferror(export->manifest);
	is_written = fclose(export->manifest) == 0 && is_written;
	export->manifest = NULL;
	if (!is_written)
		return fail(export, "no file can be written: %s", strerror(errno));
	if (!put_in(export, "manifest.json", "manifest", false, &file))
		return false;
	return sb_archive_end(export->archive, export->problem, sizeof(export->problem)) ||
		   fail(export, "%s", export->problem);
}

static bool
make(struct export *export)
{
	time_t now = time(NULL);
	bool is_made;

	place(export, "export.zip", export->path);
	export->archive = sb_archive_new(export->path, now, export->problem, sizeof(export->problem));
	if (export->archive == NULL)
		return fail(export, "%s", export->problem);
	is_made =
		begin_telling(export, now) && add_rows(export) && add_files(export) && add_told(export);
	if (export->index)
		fclose(export->index);
	if (export->manifest)
		fclose(export->manifest);
	sb_archive_free(export->archive);
	return is_made;
}

/* Sends the archive and tells of it; what nobody wants any more goes. */
static bool
deliver(struct export *export)
{
	struct sb_archive_file file;
	char size[24];
	char state[32];

	if (!sb_archive_digest(export->path, &file, export->problem, sizeof(export->problem)))
		return fail(export, "%s", export->problem);
	if (sb_store_put(export->task, export->key, export->path, "application/zip") != SB_STORE_DONE)
		return false;
	snprintf(size, sizeof(size), "%" PRId64, file.size);
	if (!sb_task_ask_text(export->task, "SELECT social.export_finished($1, $2, $3)", 3,
						  (const char *[]){export->id, size, file.digest}, state, sizeof(state)))
		return false;
	if (strcmp(state, "ready") != 0)
		return sb_store_delete(export->task, export->key) == SB_STORE_DONE;
	sb_log_begin(SB_LOG_INFO, "exported");
	sb_log_text("export", export->id);
	sb_log_text("bytes", size);
	sb_log_end();
	return true;
}

/* Its owner is told; what may have been sent goes. */
static void
give_up(struct export *export)
{
	struct sb_task *task = export->task;
	char *error = sb_checked(strdup(task->error));
	char state[32];

	(void) sb_store_delete(task, export->key);
	(void) sb_task_ask_text(task, "SELECT social.export_failed($1, $2)", 2,
							(const char *[]){export->id, error}, state, sizeof(state));
	sb_task_fail(task, true, 0, "%s", error);
	free(error);
}

static void
export_here(struct export *export)
{
	struct sb_task *task = export->task;
	const struct service *service = export->service;

	if (service->workplace == NULL)
		sb_task_fail(task, false, 0, "%s", service->problem);
	else if (!sb_workplace_has_room(service->workplace, ROOM_MIN))
		sb_task_fail(task, false, 0, "there is no room for files to work on");
	else if (!sb_workplace_make(service->workplace, task->id, export->directory))
		sb_task_fail(task, false, 0, "no files can be worked on: %s", strerror(errno));
	else
	{
		if (make(export))
			(void) deliver(export);
		sb_workplace_remove(export->directory);
	}
	if (task->state == SB_JOB_FAILED && !sb_task_is_cancelled(task) &&
		(task->is_final || sb_task_is_last_attempt(task)))
		give_up(export);
}

static void
copy(char *to, size_t size, const PGresult *rows, int column)
{
	snprintf(to, size, "%s", PQgetvalue(rows, 0, column));
}

/* True: it is under way, and ours. */
static bool
begin(struct export *export)
{
	PGresult *rows = sb_task_ask(
		export->task, "SELECT state, user_id, username, key, version FROM social.export_begin($1)",
		1, (const char *[]){export->id});
	bool is_ours = rows && PQntuples(rows) == 1 && strcmp(PQgetvalue(rows, 0, 0), "running") == 0;

	if (is_ours)
	{
		copy(export->user_id, sizeof(export->user_id), rows, 1);
		copy(export->username, sizeof(export->username), rows, 2);
		copy(export->key, sizeof(export->key), rows, 3);
		copy(export->version, sizeof(export->version), rows, 4);
	}
	PQclear(rows);
	return is_ours;
}

static void
run(struct sb_task *task)
{
	const json_t *number = json_object_get(task->args, "export_id");
	struct export export = {.task = task, .service = task->service};

	snprintf(export.id, sizeof(export.id), "%" PRId64, (int64_t) json_integer_value(number));
	if (!json_is_integer(number))
		sb_task_fail(task, true, 0, "its args name no export");
	else if (begin(&export))
		export_here(&export);
}

/* ---- the handler ------------------------------------------------------------------------------
 */

int
sb_export_most(const struct sb_config *config)
{
	return config->media_jobs > 0 ? 1 : 0;
}

void *
sb_export_open(struct sb_loop *loop)
{
	struct service *service = sb_calloc(1, sizeof(*service));

	service->tasks = sb_tasks_new(loop, sb_export_most(loop->config), service);
	service->workplace =
		sb_workplace_new(loop->config->media_temp, service->problem, sizeof(service->problem));
	return service;
}

void
sb_export_close(void *arg)
{
	struct service *service = arg;

	sb_tasks_free(service->tasks);
	sb_workplace_free(service->workplace);
	free(service);
}

void
sb_export_start(struct sb_job *job)
{
	sb_task_start(((struct service *) job->service)->tasks, job, run);
}

void
sb_export_cancel(struct sb_job *job)
{
	sb_task_cancel(job);
}
