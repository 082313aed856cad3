/*
 * worker_archive_test.c proves that an archive which was written is read again, byte by byte, and
 * what is refused of one that somebody sent: names that lead elsewhere, links, bombs, broken ones.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "worker/archive.h"
#include "worker/archive_in.h"

static char seen[1024];
static int64_t came;

static bool
begin(void *owner, const char *name, bool *is_wanted)
{
	strcat(seen, name);
	strcat(seen, " ");
	*is_wanted = true;
	return true;
}

static bool
data(void *owner, const void *bytes, size_t len)
{
	came += (int64_t) len;
	return true;
}

static bool
end(void *owner)
{
	return true;
}

static const struct sb_archive_visitor visitor = {begin, data, end, NULL};

/* An archive with a file of this name, type and size of zeroes, and what walking it says. */
static const char *
said_of(const char *name, unsigned type, size_t size)
{
	static char problem[300];
	static char bytes[4096 * 1024];
	struct archive *writer = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	char *zeroes = calloc(1, size + 1);
	size_t used = 0;

	archive_write_set_format_zip(writer);
	archive_write_open_memory(writer, bytes, sizeof(bytes), &used);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0644);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, "/etc/passwd");
	else
		archive_entry_set_size(entry, (la_int64_t) size);
	archive_write_header(writer, entry);
	if (type == AE_IFREG)
		archive_write_data(writer, zeroes, size);
	archive_entry_free(entry);
	archive_write_close(writer);
	archive_write_free(writer);
	free(zeroes);
	seen[0] = '\0';
	came = 0;
	return sb_archive_walk_bytes(bytes, used, &visitor, problem, sizeof(problem)) ? "" : problem;
}

static void
write_and_read(void)
{
	char path[] = "/tmp/archive-XXXXXX";
	char other[] = "/tmp/archive-XXXXXX";
	char problem[300] = "";
	struct sb_archive_file file;
	struct sb_archive *archive;
	FILE *out = fdopen(mkstemp(path), "w");

	fputs("some text", out);
	fclose(out);
	close(mkstemp(other));
	archive = sb_archive_new(other, 0, problem, sizeof(problem));
	ok(archive != NULL, "an archive is begun");
	ok(sb_archive_add(archive, "data/a.json", path, false, &file, problem, sizeof(problem)),
	   "a file is added");
	is_int(file.size, 9, "its size is told");
	is_str(file.digest, "b94f6f125c79e3a5ffaa826f584c10d52ada669e6762051b826b55776d05aed2",
		   "and its digest");
	ok(sb_archive_add(archive, "media/1.png", path, true, &file, problem, sizeof(problem)),
	   "another one, as it is");
	ok(!sb_archive_add(archive, "none", "/nowhere/at/all", true, &file, problem, sizeof(problem)),
	   "one that is not there is not");
	ok(sb_archive_end(archive, problem, sizeof(problem)), "it is ended");
	sb_archive_free(archive);
	seen[0] = '\0';
	came = 0;
	ok(sb_archive_walk(other, &visitor, problem, sizeof(problem)), "it can be read");
	is_str(seen, "data/a.json media/1.png ", "both files");
	is_int(came, 18, "all of them");
	ok(truncate(other, 60) == 0 && !sb_archive_walk(other, &visitor, problem, sizeof(problem)),
	   "half of it cannot");
	ok(!sb_archive_walk("/nowhere/at/all", &visitor, problem, sizeof(problem)), "nor none");
	unlink(path);
	unlink(other);
	ok(sb_archive_new("/nowhere/at/all", 0, problem, sizeof(problem)) == NULL,
	   "nowhere, none is written");
}

int
main(void)
{
	static const char *const bad[] = {"",
									  "/etc/passwd",
									  "../a",
									  "a/../b",
									  "a/..",
									  "a//b",
									  "./a",
									  "a\\b",
									  "c:a",
									  "a\nb",
									  "a\x7f"
									  "b",
									  "a/",
									  "a\xff"
									  "b"};
	char long_name[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!sb_archive_is_good_name(bad[i]), "a name that leads elsewhere");
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	ok(!sb_archive_is_good_name(long_name), "one that is too long");
	ok(sb_archive_is_good_name("data/posts.json") && sb_archive_is_good_name("caf\xc3\xa9"),
	   "others are good");
	write_and_read();
	is_str(said_of("data/posts.json", AE_IFREG, 1000), "", "a file");
	is_str(said_of("../posts.json", AE_IFREG, 10), "the name of a file of it leads elsewhere",
		   "issue 17: ../ is refused");
	is_str(said_of("/posts.json", AE_IFREG, 10), "the name of a file of it leads elsewhere",
		   "so is /");
	is_str(said_of("link", AE_IFLNK, 0), "it has something else than files", "so is a link");
	is_str(said_of("data/posts.json", AE_IFREG, 100 * 1024 * 1024),
		   "it unpacks to more than an archive of its size may", "issue 17: so is a bomb");
	ok(came < 64 * 1024 * 1024, "before it is unpacked");
	return done_testing();
}
