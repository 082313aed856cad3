/*
 * archive.c owns writing zip archives, with libarchive.
 */
#include "worker/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

#define PIECE 65536

struct sb_archive
{
	struct archive *writer;
	time_t time;
};

struct reading
{
	FILE *file;
	EVP_MD_CTX *digest;
	char piece[PIECE];
};

static bool
fail(char *problem, size_t size, const char *what, const char *why)
{
	snprintf(problem, size, "%s: %s", what, why ? why : "for no known reason");
	return false;
}

/* ---- reading and digesting --------------------------------------------------------------------
 */

static bool
begin_reading(struct reading *reading, const char *path, int64_t *size)
{
	struct stat status;

	reading->file = fopen(path, "rbe");
	reading->digest = EVP_MD_CTX_new();
	if (reading->file == NULL || fstat(fileno(reading->file), &status) != 0)
		return false;
	*size = status.st_size;
	return reading->digest && EVP_DigestInit_ex(reading->digest, EVP_sha256(), NULL) == 1;
}

/* The next bytes; 0: there are none, or they cannot be read. */
static size_t
read_piece(struct reading *reading)
{
	size_t len = fread(reading->piece, 1, PIECE, reading->file);

	if (len > 0 && EVP_DigestUpdate(reading->digest, reading->piece, len) != 1)
		return 0;
	return len;
}

static void
end_reading(struct reading *reading, char digest[SB_ARCHIVE_DIGEST + 1])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	digest[0] = '\0';
	if (reading->digest && EVP_DigestFinal_ex(reading->digest, bytes, &len) == 1)
		for (unsigned int i = 0; i < len && 2 * i < SB_ARCHIVE_DIGEST; i++)
			snprintf(digest + 2 * i, 3, "%02x", bytes[i]);
	EVP_MD_CTX_free(reading->digest);
	if (reading->file)
		fclose(reading->file);
}

bool
sb_archive_digest(const char *path, struct sb_archive_file *file, char *problem, size_t size)
{
	struct reading reading;
	bool is_read = begin_reading(&reading, path, &file->size);
	int64_t came = 0;
	size_t len;

	while (is_read && (len = read_piece(&reading)) > 0)
		came += (int64_t) len;
	end_reading(&reading, file->digest);
	return (is_read && came == file->size) || fail(problem, size, path, strerror(errno));
}

/* ---- writing ----------------------------------------------------------------------------------
 */

struct sb_archive *
sb_archive_new(const char *path, time_t time, char *problem, size_t size)
{
	struct sb_archive *archive = sb_calloc(1, sizeof(*archive));

	archive->time = time;
	archive->writer = sb_checked(archive_write_new());
	if (archive_write_set_format_zip(archive->writer) == ARCHIVE_OK &&
		archive_write_set_options(archive->writer, "zip:hdrcharset=UTF-8") >= ARCHIVE_WARN &&
		archive_write_open_filename(archive->writer, path) == ARCHIVE_OK)
		return archive;
	(void) fail(problem, size, "no archive can be written", archive_error_string(archive->writer));
	sb_archive_free(archive);
	return NULL;
}

static bool
write_head(struct sb_archive *archive, const char *name, bool is_packed, int64_t size)
{
	struct archive_entry *entry = sb_checked(archive_entry_new());
	int result;

	archive_entry_set_pathname_utf8(entry, name);
	archive_entry_set_size(entry, size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, archive->time, 0);
	if (is_packed)
		archive_write_zip_set_compression_store(archive->writer);
	else
		archive_write_zip_set_compression_deflate(archive->writer);
	result = archive_write_header(archive->writer, entry);
	archive_entry_free(entry);
	return result == ARCHIVE_OK;
}

bool
sb_archive_add(struct sb_archive *archive, const char *name, const char *path, bool is_packed,
			   struct sb_archive_file *file, char *problem, size_t size)
{
	struct reading reading;
	int64_t came = 0;
	size_t len;
	bool is_read = begin_reading(&reading, path, &file->size);
	bool is_written = is_read && write_head(archive, name, is_packed, file->size);

	while (is_written && (len = read_piece(&reading)) > 0)
	{
		came += (int64_t) len;
		is_written = archive_write_data(archive->writer, reading.piece, len) == (la_ssize_t) len;
	}
	end_reading(&reading, file->digest);
	if (!is_read || (is_written && came != file->size))
		return fail(problem, size, name, strerror(errno));
	return is_written || fail(problem, size, "the archive cannot be written",
							  archive_error_string(archive->writer));
}

bool
sb_archive_end(struct sb_archive *archive, char *problem, size_t size)
{
	return archive_write_close(archive->writer) == ARCHIVE_OK ||
		   fail(problem, size, "the archive cannot be written",
				archive_error_string(archive->writer));
}

void
sb_archive_free(struct sb_archive *archive)
{
	if (archive == NULL)
		return;
	(void) archive_write_free(archive->writer);
	free(archive);
}
