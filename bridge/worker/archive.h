/*
 * archive.h owns zip archives: writing one file by file, each with its digest, in constant memory.
 */
#ifndef SB_WORKER_ARCHIVE_H
#define SB_WORKER_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define SB_ARCHIVE_DIGEST 64 /* SHA-256, as hexadecimal digits */

struct sb_archive;

/* What a file of an archive has become. */
struct sb_archive_file
{
	int64_t size;
	char digest[SB_ARCHIVE_DIGEST + 1];
};

/* A new archive at this path, whose files are all of one time; NULL: it cannot be written, problem
 * says why. */
extern struct sb_archive *sb_archive_new(const char *path, time_t time, char *problem, size_t size);

/* Adds the file that lies at path under a name; false: it cannot be read or written, problem says
 * why. Pictures and films are not made smaller: is_packed. */
extern bool sb_archive_add(struct sb_archive *archive, const char *name, const char *path,
						   bool is_packed, struct sb_archive_file *file, char *problem,
						   size_t size);

/* Ends the archive; false as above. */
extern bool sb_archive_end(struct sb_archive *archive, char *problem, size_t size);
extern void sb_archive_free(struct sb_archive *archive);

/* The digest and size of a file; false as above. */
extern bool sb_archive_digest(const char *path, struct sb_archive_file *file, char *problem,
							  size_t size);

#endif /* SB_WORKER_ARCHIVE_H */
