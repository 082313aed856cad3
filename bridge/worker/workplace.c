/*
 * workplace.c owns where files lie while they are worked on: DIRECTORY/social-worker-UID/, and in
 * it a directory of each process (at-PID-TIME) and the seats (seat-N).
 *
 * Whoever can lock the directory of another process knows that this one has ended. A new one can be
 * met between its making and its lock: its maker then sees that it is gone, and makes another.
 */
#include "worker/workplace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/memory.h"

#define PLACE     "at-"
#define TRIES     10
#define FILES_MIN 32 /* more than a job makes */

struct sb_workplace
{
	char root[SB_WORKPLACE_PATH / 2];
	char path[SB_WORKPLACE_PATH - 64];
	int fd; /* locked as long as it is open */
};

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void) remove(path);
	return 0;
}

void
sb_workplace_remove(const char *path)
{
	(void) nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A descriptor of a directory that is ours alone from now on; -1: somebody else has it, or it is
 * gone. */
static int
lock_place(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat by_name;
	struct stat by_fd;

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &by_fd) == 0 &&
		lstat(path, &by_name) == 0 && by_name.st_ino == by_fd.st_ino)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What killed processes have left. */
static void
sweep(const char *root)
{
	DIR *directory = opendir(root);
	const struct dirent *entry;
	char path[SB_WORKPLACE_PATH];

	while (directory && (entry = readdir(directory)) != NULL)
	{
		int fd;

		if (strncmp(entry->d_name, PLACE, strlen(PLACE)) != 0 ||
			snprintf(path, sizeof(path), "%s/%s", root, entry->d_name) >= (int) sizeof(path) ||
			(fd = lock_place(path)) < 0)
			continue;
		sb_workplace_remove(path);
		close(fd);
	}
	if (directory)
		closedir(directory);
}

/* Others may be able to write where it lies, but not in it. */
static bool
make_root(const char *root)
{
	struct stat status;

	if (mkdir(root, 0700) != 0 && errno != EEXIST)
		return false;
	if (lstat(root, &status) != 0)
		return false;
	if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0)
		return true;
	errno = EPERM;
	return false;
}

static bool
make_place(struct sb_workplace *workplace)
{
	for (int i = 0; i < TRIES; i++)
	{
		snprintf(workplace->path, sizeof(workplace->path), "%s/" PLACE "%d-XXXXXX", workplace->root,
				 (int) getpid());
		if (mkdtemp(workplace->path) == NULL)
			return false;
		if ((workplace->fd = lock_place(workplace->path)) >= 0)
			return true;
	}
	errno = EAGAIN;
	return false;
}

struct sb_workplace *
sb_workplace_new(const char *directory, char *problem, size_t size)
{
	struct sb_workplace *workplace = sb_calloc(1, sizeof(*workplace));
	int len;

	if (directory == NULL)
		directory = getenv("TMPDIR");
	if (directory == NULL || *directory == '\0')
		directory = "/tmp";
	len = snprintf(workplace->root, sizeof(workplace->root), "%s/social-worker-%u", directory,
				   (unsigned) geteuid());
	errno = ENAMETOOLONG;
	if (len < (int) sizeof(workplace->root) && make_root(workplace->root))
	{
		sweep(workplace->root);
		if (make_place(workplace))
			return workplace;
	}
	snprintf(problem, size, "no files can be worked on in %s: %s", workplace->root,
			 strerror(errno));
	free(workplace);
	return NULL;
}

void
sb_workplace_free(struct sb_workplace *workplace)
{
	if (workplace == NULL)
		return;
	sb_workplace_remove(workplace->path);
	close(workplace->fd);
	free(workplace);
}

bool
sb_workplace_make(const struct sb_workplace *workplace, int64_t job, char path[SB_WORKPLACE_PATH])
{
	snprintf(path, SB_WORKPLACE_PATH, "%s/%" PRId64, workplace->path, job);
	sb_workplace_remove(path); /* of the same job, which this process lost and has again */
	return mkdir(path, 0700) == 0;
}

int
sb_workplace_sit(const struct sb_workplace *workplace, int seats)
{
	char path[SB_WORKPLACE_PATH];

	for (int i = 0; i < seats; i++)
	{
		int fd;

		snprintf(path, sizeof(path), "%s/seat-%d", workplace->root, i);
		fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

bool
sb_workplace_has_room(const struct sb_workplace *workplace, uint64_t bytes)
{
	struct statvfs disk;

	/* Some file systems count no files. */
	return statvfs(workplace->path, &disk) != 0 ||
		   ((uint64_t) disk.f_bavail * disk.f_frsize >= bytes &&
			(disk.f_files == 0 || disk.f_favail >= FILES_MIN));
}
