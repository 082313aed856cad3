/*
 * archive_in.c owns reading zip archives that somebody sent, with libarchive: the format zip and no
 * other.
 */
#include "worker/archive_in.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/utf8.h"

#define BLOCK 65536

struct walk
{
	struct archive *reader;
	const struct sb_archive_visitor *visitor;
	int64_t most; /* bytes that may be unpacked */
	int64_t came;
	int entries;
	char *problem;
	size_t size;
};

static bool
fail(struct walk *walk, const char *what, const char *detail)
{
	snprintf(walk->problem, walk->size, "%s%s%.200s", what, detail ? ": " : "",
			 detail ? detail : "");
	return false;
}

bool
sb_archive_is_good_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > SB_ARCHIVE_NAME || !sb_utf8_is_text(name, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) name[i] < 0x20 || name[i] == 0x7f || strchr("\\:*?\"<>|", name[i]))
			return false;
	for (;;)
	{
		size_t part = strcspn(name, "/");

		if (part == 0 || (part == 1 && name[0] == '.') || (part == 2 && memcmp(name, "..", 2) == 0))
			return false;
		if (name[part] == '\0')
			return true;
		name += part + 1;
	}
}

static bool
read_data(struct walk *walk)
{
	const void *bytes;
	size_t len;
	la_int64_t offset;
	int64_t at = 0;
	int result;

	while ((result = archive_read_data_block(walk->reader, &bytes, &len, &offset)) == ARCHIVE_OK)
	{
		walk->came += (int64_t) len;
		if (walk->came > walk->most)
			return fail(walk, "it unpacks to more than an archive of its size may", NULL);
		if (offset != at)
			return fail(walk, "a file of it has holes", NULL);
		at += (int64_t) len;
		if (len > 0 && !walk->visitor->data(walk->visitor->owner, bytes, len))
			return false;
	}
	return result == ARCHIVE_EOF ||
		   fail(walk, "it cannot be read", archive_error_string(walk->reader));
}

static bool
visit(struct walk *walk, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);
	bool is_wanted = false;

	if (++walk->entries > SB_ARCHIVE_ENTRIES)
		return fail(walk, "it has too many files", NULL);
	if (name == NULL || !sb_archive_is_good_name(name))
		return fail(walk, "the name of a file of it leads elsewhere", NULL);
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
		archive_entry_is_encrypted(entry))
		return fail(walk, "it has something else than files", NULL);
	if (!walk->visitor->begin(walk->visitor->owner, name, &is_wanted))
		return false;
	return !is_wanted || (read_data(walk) && walk->visitor->end(walk->visitor->owner));
}

static bool
go_through(struct walk *walk)
{
	struct archive_entry *entry;
	int result;

	while ((result = archive_read_next_header(walk->reader, &entry)) == ARCHIVE_OK)
		if (!visit(walk, entry))
			return false;
	if (result != ARCHIVE_EOF)
		return fail(walk, "it cannot be read", archive_error_string(walk->reader));
	return walk->entries > 0 || fail(walk, "it is empty", NULL);
}

static struct archive *
make_reader(void)
{
	struct archive *reader = sb_checked(archive_read_new());

	archive_read_support_format_zip_seekable(reader);
	return reader;
}

static bool
walk_through(struct walk *walk, int opened, int64_t own_size)
{
	bool is_done;

	walk->problem[0] = '\0';
	walk->most = SB_ARCHIVE_FREE + own_size * SB_ARCHIVE_RATIO;
	if (walk->most > SB_ARCHIVE_BYTES)
		walk->most = SB_ARCHIVE_BYTES;
	is_done = opened == ARCHIVE_OK
				  ? go_through(walk)
				  : fail(walk, "it is no zip archive", archive_error_string(walk->reader));
	archive_read_free(walk->reader);
	return is_done;
}

bool
sb_archive_walk(const char *path, const struct sb_archive_visitor *visitor, char *problem,
				size_t size)
{
	struct walk walk = {
		.reader = make_reader(), .visitor = visitor, .problem = problem, .size = size};
	struct stat status = {0};

	(void) stat(path, &status);
	return walk_through(&walk, archive_read_open_filename(walk.reader, path, BLOCK),
						status.st_size);
}

bool
sb_archive_walk_bytes(const void *bytes, size_t len, const struct sb_archive_visitor *visitor,
					  char *problem, size_t size)
{
	struct walk walk = {
		.reader = make_reader(), .visitor = visitor, .problem = problem, .size = size};

	return walk_through(&walk, archive_read_open_memory(walk.reader, bytes, len), (int64_t) len);
}
