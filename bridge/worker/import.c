/*
 * import.c owns taking an archive into an account. The archive is gone through twice: for its
 * manifest, and for the files that are wanted, whose digests must be those of the manifest before
 * anything is done with them. They wait in files without a name. Then one transaction takes the
 * rows, so many at once.
 */
#include "worker/import.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "pg/target.h"
#include "worker/archive.h"
#include "worker/archive_in.h"

#define MANIFEST_MAX ((size_t) 16 * 1024 * 1024)
#define BATCH_ROWS   500
#define BATCH_BYTES  ((size_t) 1024 * 1024)
#define DEPTH_FLAGS  (JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES)

/* In the order in which they are taken: who is blocked is not followed. */
static const char *const parts[] = {"blocks", "mutes", "following", "posts"};

#define PARTS (sizeof(parts) / sizeof(*parts))

struct import
{
	const struct sb_config *config;
	struct sb_buffer text; /* of the manifest */
	json_t *manifest;
	FILE *files[PARTS]; /* what was unpacked, and has the right digest; NULL: it is not there */
	int current;        /* the part that comes; -1: the manifest */
	EVP_MD_CTX *digest;
	PGconn *pg;
	char user_id[24];
	char problem[400];
};

static bool __attribute__((format(printf, 2, 3)))
fail(struct import *import, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(import->problem, sizeof(import->problem), format, arguments);
	va_end(arguments);
	return false;
}

/* ---- the manifest -----------------------------------------------------------------------------
 */

static bool
begin_manifest(void *owner, const char *name, bool *is_wanted)
{
	struct import *import = owner;

	*is_wanted = strcmp(name, "manifest.json") == 0;
	if (*is_wanted && import->text.len > 0)
		return fail(import, "it has two manifests");
	return true;
}

static bool
take_manifest(void *owner, const void *bytes, size_t len)
{
	struct import *import = owner;

	if (import->text.len + len > MANIFEST_MAX)
		return fail(import, "its manifest is too long");
	sb_buffer_append(&import->text, bytes, len);
	return true;
}

static bool
end_manifest(void *owner)
{
	return true;
}

static bool
walk(struct import *import, bool (*begin)(void *, const char *, bool *),
	 bool (*data)(void *, const void *, size_t), bool (*end)(void *))
{
	const struct sb_archive_visitor visitor = {begin, data, end, import};
	char problem[300];

	import->problem[0] = '\0';
	if (sb_archive_walk(import->config->import_file, &visitor, problem, sizeof(problem)))
		return true;
	return *import->problem ? false : fail(import, "%s", problem);
}

static bool
read_manifest(struct import *import)
{
	json_error_t error;

	if (!walk(import, begin_manifest, take_manifest, end_manifest))
		return false;
	if (import->text.len == 0)
		return fail(import, "it has no manifest");
	import->manifest =
		json_loadb(import->text.data, import->text.len, JSON_REJECT_DUPLICATES, &error);
	if (import->manifest == NULL)
		return fail(import, "its manifest cannot be read: %s", error.text);
	if (!json_is_string(json_object_get(import->manifest, "format")) ||
		strcmp(json_string_value(json_object_get(import->manifest, "format")), "social-export") !=
			0)
		return fail(import, "it is no export");
	if (json_integer_value(json_object_get(import->manifest, "format_version")) != 1)
		return fail(import, "its format is of another version");
	return true;
}

/* The digest that a file must have; NULL: the manifest does not know it. */
static const char *
digest_of(const struct import *import, const char *name)
{
	const json_t *files = json_object_get(import->manifest, "files");

	for (size_t i = 0; i < json_array_size(files); i++)
	{
		const json_t *file = json_array_get(files, i);
		const char *path = json_string_value(json_object_get(file, "path"));

		if (path && strcmp(path, name) == 0)
			return json_string_value(json_object_get(file, "sha256"));
	}
	return NULL;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static void
name_of(size_t part, char name[64])
{
	snprintf(name, 64, "data/%s.json", parts[part]);
}

static bool
begin_file(void *owner, const char *name, bool *is_wanted)
{
	struct import *import = owner;
	char known[64];

	*is_wanted = false;
	for (size_t i = 0; i < PARTS; i++)
	{
		name_of(i, known);
		if (strcmp(name, known) != 0)
			continue;
		if (import->files[i])
			return fail(import, "it has %s twice", name);
		if ((import->files[i] = tmpfile()) == NULL)
			return fail(import, "no file can be made: %s", strerror(errno));
		import->current = (int) i;
		*is_wanted = EVP_DigestInit_ex(import->digest, EVP_sha256(), NULL) == 1;
		return *is_wanted || fail(import, "no digest can be made");
	}
	return true;
}

static bool
take_file(void *owner, const void *bytes, size_t len)
{
	struct import *import = owner;

	return (EVP_DigestUpdate(import->digest, bytes, len) == 1 &&
			fwrite(bytes, 1, len, import->files[import->current]) == len) ||
		   fail(import, "no file can be written: %s", strerror(errno));
}

static bool
end_file(void *owner)
{
	struct import *import = owner;
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char digest[SB_ARCHIVE_DIGEST + 1] = "";
	char name[64];
	const char *wanted;

	name_of((size_t) import->current, name);
	if (EVP_DigestFinal_ex(import->digest, bytes, &len) != 1)
		return fail(import, "no digest can be made");
	for (unsigned int i = 0; i < len && 2 * i < SB_ARCHIVE_DIGEST; i++)
		snprintf(digest + 2 * i, 3, "%02x", bytes[i]);
	wanted = digest_of(import, name);
	if (wanted == NULL)
		return fail(import, "its manifest does not know %s", name);
	if (strcmp(wanted, digest) != 0)
		return fail(import, "%s is not what its manifest says: the digest is another", name);
	if (fflush(import->files[import->current]) != 0)
		return fail(import, "no file can be written: %s", strerror(errno));
	rewind(import->files[import->current]);
	return true;
}

/* ---- the database -----------------------------------------------------------------------------
 */

/* NULL: problem says why. */
static PGresult *
query(struct import *import, const char *sql, int nvalues, const char *const *values)
{
	PGresult *rows = PQexecParams(import->pg, sql, nvalues, NULL, values, NULL, NULL, 0);
	const char *said = PQresultErrorField(rows, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(rows, PG_DIAG_MESSAGE_DETAIL);

	if (PQresultStatus(rows) == PGRES_TUPLES_OK || PQresultStatus(rows) == PGRES_COMMAND_OK)
		return rows;
	(void) fail(import, "%s%s%s", said ? said : "the database is gone", detail ? ": " : "",
				detail ? detail : "");
	PQclear(rows);
	return NULL;
}

static bool
does(struct import *import, const char *sql)
{
	PGresult *rows = query(import, sql, 0, NULL);

	PQclear(rows);
	return rows != NULL;
}

static bool
find_user(struct import *import)
{
	PGresult *rows = query(import, "SELECT social.act_as(username => $1)", 1,
						   (const char *[]){import->config->import_user});

	if (rows)
		snprintf(import->user_id, sizeof(import->user_id), "%s", PQgetvalue(rows, 0, 0));
	PQclear(rows);
	/* Nobody acts: who may import says the role. */
	return rows && does(import, "SELECT social.act_as(NULL::bigint)");
}

struct counts
{
	int64_t read;
	int64_t taken;
};

static bool
send_batch(struct import *import, const char *part, struct sb_buffer *batch, struct counts *counts)
{
	PGresult *rows;

	sb_buffer_putc(batch, ']');
	rows = query(import, "SELECT rows_read, rows_taken FROM social.import_rows($1, $2, $3)", 3,
				 (const char *[]){import->user_id, part, batch->data});
	if (rows)
	{
		counts->read += strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
		counts->taken += strtoll(PQgetvalue(rows, 0, 1), NULL, 10);
	}
	PQclear(rows);
	batch->len = 0;
	return rows != NULL;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

/* The next character that is no white space. */
static int
next_mark(FILE *file)
{
	int c;

	while ((c = getc(file)) == ' ' || c == '\n' || c == '\r' || c == '\t')
		;
	return c;
}

static bool
put_row(struct import *import, const char *part, FILE *file, struct sb_buffer *batch)
{
	json_error_t error;
	json_t *row = json_loadf(file, DEPTH_FLAGS, &error);
	char *text;

	if (row == NULL)
		return fail(import, "%s cannot be read: %s", part, error.text);
	text = sb_checked(json_dumps(row, JSON_COMPACT));
	json_decref(row);
	sb_buffer_putc(batch, batch->len == 0 ? '[' : ',');
	sb_buffer_puts(batch, text);
	free(text);
	return true;
}

/* One array of objects, of which one at a time is held. */
static bool
take_rows(struct import *import, const char *part, FILE *file, struct counts *counts)
{
	struct sb_buffer batch = {0};
	int in_batch = 0;
	bool is_good = next_mark(file) == '[';
	int mark = is_good ? next_mark(file) : 0;

	if (!is_good)
		(void) fail(import, "%s is no list", part);
	while (is_good && mark != ']')
	{
		if (mark != '{')
			is_good = fail(import, "%s has something else than objects", part);
		else
		{
			ungetc(mark, file);
			is_good = put_row(import, part, file, &batch);
		}
		mark = is_good ? next_mark(file) : 0;
		if (is_good && mark == ',')
		{
			mark = next_mark(file);
			if (mark == ']')
				is_good = fail(import, "%s is no list", part);
		}
		else if (is_good && mark != ']')
			is_good = fail(import, "%s is no list", part);
		if (is_good && (++in_batch == BATCH_ROWS || batch.len > BATCH_BYTES || mark == ']'))
		{
			is_good = send_batch(import, part, &batch, counts);
			in_batch = 0;
		}
	}
	sb_buffer_free(&batch);
	return is_good;
}

static bool
take_all(struct import *import, struct counts counts[PARTS])
{
	if (!does(import, "BEGIN") || !does(import, "SET LOCAL statement_timeout = '10min'") ||
		!find_user(import))
		return false;
	for (size_t i = 0; i < PARTS; i++)
		if (import->files[i] && !take_rows(import, parts[i], import->files[i], &counts[i]))
			return false;
	return does(import, "COMMIT");
}

static bool
import_all(struct import *import, struct counts counts[PARTS])
{
	if (import->config->import_file == NULL || import->config->import_user == NULL)
		return fail(import, "IMPORT_FILE and IMPORT_USER say which archive, and whose it becomes");
	if (!read_manifest(import) || !walk(import, begin_file, take_file, end_file))
		return false;
	import->pg = sb_pg_target_wait(import->config);
	if (PQstatus(import->pg) != CONNECTION_OK)
		return fail(import, "the database is not there: %s", PQerrorMessage(import->pg));
	return take_all(import, counts);
}

int
sb_import(const struct sb_config *config)
{
	struct import import = {.config = config, .digest = sb_checked(EVP_MD_CTX_new())};
	struct counts counts[PARTS] = {0};
	bool is_done = import_all(&import, counts);

	if (is_done)
		for (size_t i = 0; i < PARTS; i++)
			printf("%s: %" PRId64 " of %" PRId64 "\n", parts[i], counts[i].taken, counts[i].read);
	else
		fprintf(stderr, "nothing was imported: %s\n", import.problem);
	for (size_t i = 0; i < PARTS; i++)
		if (import.files[i])
			fclose(import.files[i]);
	PQfinish(import.pg);
	json_decref(import.manifest);
	sb_buffer_free(&import.text);
	EVP_MD_CTX_free(import.digest);
	return is_done ? 0 : 1;
}
