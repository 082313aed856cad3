/*
 * archive_in.h owns reading zip archives that somebody sent: file by file, with names that can do
 * no harm, and never more than a limit, whatever the archive says of itself.
 */
#ifndef SB_WORKER_ARCHIVE_IN_H
#define SB_WORKER_ARCHIVE_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_ARCHIVE_NAME    255
#define SB_ARCHIVE_ENTRIES 100000
#define SB_ARCHIVE_BYTES   INT64_C(1073741824) /* of what is unpacked */
#define SB_ARCHIVE_RATIO   250                 /* times the archive's own size, and: */
#define SB_ARCHIVE_FREE    INT64_C(1048576)

/* Who looks at an archive; either function ends it by false, and has said why. */
struct sb_archive_visitor
{
	/* A file; what is not wanted is passed over, and costs nothing. */
	bool (*begin)(void *owner, const char *name, bool *is_wanted);
	bool (*data)(void *owner, const void *bytes, size_t len);
	bool (*end)(void *owner);
	void *owner;
};

/* Goes through an archive; false: a visitor ended it, or problem (which is "" before) says what is
 * wrong with it. */
extern bool sb_archive_walk(const char *path, const struct sb_archive_visitor *visitor,
							char *problem, size_t size);
extern bool sb_archive_walk_bytes(const void *bytes, size_t len,
								  const struct sb_archive_visitor *visitor, char *problem,
								  size_t size);

/* Whether a name leads to nowhere but below where it is. */
extern bool sb_archive_is_good_name(const char *name);

#endif /* SB_WORKER_ARCHIVE_IN_H */
