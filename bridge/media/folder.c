/*
 * folder.c owns the directory of objects.
 */
#include "media/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"

#define TRIES 100 /* at a name that nobody has */

static int objects_fd = -1; /* read-only once threads run */
static int incoming_fd = -1;
static int parts_fd = -1;

/* ---- the directory --------------------------------------------------------------------------- */

static int
open_directory(int at, const char *path)
{
	if (mkdirat(at, path, 0700) != 0 && errno != EEXIST)
		return -1;
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (at == AT_FDCWD ? 0 : O_NOFOLLOW));
}

int
sb_folder_open(const char *path)
{
	int top = open_directory(AT_FDCWD, path);
	int problem = 0;

	if (top < 0)
		return errno;
	objects_fd = open_directory(top, "objects");
	parts_fd = objects_fd < 0 ? -1 : open_directory(top, "parts");
	incoming_fd = parts_fd < 0 ? -1 : open_directory(top, "incoming");
	if (incoming_fd < 0 || faccessat(incoming_fd, ".", W_OK | X_OK, AT_EACCESS) != 0 ||
		faccessat(objects_fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		problem = errno;
	close(top);
	return problem;
}

bool
sb_folder_is_open(void)
{
	return incoming_fd >= 0;
}

int
sb_folder_parts(void)
{
	return parts_fd;
}

/* The directory of those whose names begin alike; below 0 with errno, which is that of making it
 * where it could not be made: a full disk is no object that is not there. */
static int
open_shelf(const char *name, bool makes)
{
	char shelf[3] = {name[0], name[1], '\0'};
	int problem = 0;
	int fd;

	if (makes && mkdirat(objects_fd, shelf, 0700) == 0)
		fsync(objects_fd);
	else if (makes && errno != EEXIST)
		problem = errno;
	fd = openat(objects_fd, shelf, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && problem)
		errno = problem;
	return fd;
}

/* ---- on the way in --------------------------------------------------------------------------- */

/* Makes a file that nobody else has, and locks it; false: not at this name. */
static bool
try_name(struct sb_incoming *incoming)
{
	struct stat found;
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return false;
	sb_hex_write(incoming->name, number);
	incoming->fd = openat(incoming_fd, incoming->name,
						  O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (incoming->fd < 0)
		return false;
	/* Who sweeps may have locked it first, and removed it. */
	if (flock(incoming->fd, LOCK_EX | LOCK_NB) == 0 && fstat(incoming->fd, &found) == 0 &&
		found.st_nlink > 0)
		return true;
	close(incoming->fd);
	incoming->fd = -1;
	errno = EEXIST;
	return false;
}

int
sb_folder_begin(struct sb_incoming *incoming)
{
	for (int i = 0; i < TRIES; i++)
	{
		if (try_name(incoming))
			return 0;
		if (errno != EEXIST && errno != EINTR)
			return errno;
	}
	return EEXIST;
}

void
sb_folder_give_up(struct sb_incoming *incoming)
{
	if (incoming->fd < 0)
		return;
	unlinkat(incoming_fd, incoming->name, 0);
	close(incoming->fd);
	incoming->fd = -1;
}

/* Writes the label, and has all of it on disk. */
static int
finish(const struct sb_incoming *incoming, const struct sb_label *label)
{
	char text[SB_LABEL_SIZE];
	ssize_t written;

	sb_label_write(label, text);
	written = pwrite(incoming->fd, text, sizeof(text), (off_t) label->size);
	if (written != sizeof(text))
		return written < 0 ? errno : ENOSPC;
	return fsync(incoming->fd) == 0 ? 0 : errno;
}

int
sb_folder_place(struct sb_incoming *incoming, int directory, const char *name,
				const struct sb_label *label)
{
	int problem = finish(incoming, label);

	if (problem == 0 &&
		(renameat(incoming_fd, incoming->name, directory, name) != 0 || fsync(directory) != 0))
		problem = errno;
	if (problem)
		sb_folder_give_up(incoming);
	else
		close(incoming->fd);
	incoming->fd = -1;
	return problem;
}

int
sb_folder_publish(struct sb_incoming *incoming, const char *name, const struct sb_label *label)
{
	int shelf = open_shelf(name, true);
	int problem = errno;

	if (shelf < 0)
	{
		sb_folder_give_up(incoming);
		return problem;
	}
	problem = sb_folder_place(incoming, shelf, name + 2, label);
	close(shelf);
	return problem;
}

int
sb_folder_sweep(void)
{
	int again = dup(incoming_fd);
	DIR *directory = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;
	int count = 0;

	if (directory == NULL)
		return 0;
	rewinddir(directory);
	while ((entry = readdir(directory)))
	{
		int fd = entry->d_name[0] == '.'
					 ? -1
					 : openat(incoming_fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(incoming_fd, entry->d_name, 0) == 0)
			count++;
		close(fd);
	}
	closedir(directory);
	return count;
}

/* ---- what is there --------------------------------------------------------------------------- */

/* Reads the label of an open file; EBADMSG: it has none (of this key, if there is one). */
static int
read_label(int fd, const char *key, struct sb_label *label, int64_t *changed_at)
{
	char text[SB_LABEL_SIZE];
	struct stat found;

	if (fstat(fd, &found) != 0)
		return errno;
	if (!S_ISREG(found.st_mode) || found.st_size < SB_LABEL_SIZE ||
		pread(fd, text, sizeof(text), found.st_size - SB_LABEL_SIZE) != sizeof(text) ||
		!sb_label_read(label, text, (uint64_t) found.st_size - SB_LABEL_SIZE) ||
		(key && strcmp(label->key, key) != 0))
		return EBADMSG;
	*changed_at = found.st_mtime;
	return 0;
}

int
sb_folder_open_at(int directory, const char *name, const char *key, int *fd, struct sb_label *label,
				  int64_t *changed_at)
{
	int problem;

	*fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	problem = *fd < 0 ? errno : read_label(*fd, key, label, changed_at);
	if (problem && *fd >= 0)
		close(*fd);
	if (problem)
		*fd = -1;
	return problem;
}

int
sb_folder_find(const char *name, const char *key, int *fd, struct sb_label *label,
			   int64_t *changed_at)
{
	int shelf = open_shelf(name, false);
	int problem = errno;

	*fd = -1;
	if (shelf < 0)
		return problem;
	problem = sb_folder_open_at(shelf, name + 2, key, fd, label, changed_at);
	close(shelf);
	return problem;
}

/* 0, or an errno: not that of one that goes meanwhile, or has no label. */
static int
walk_shelf(int shelf, void (*show)(void *, const struct sb_label *, int64_t), void *arg)
{
	DIR *directory = fdopendir(shelf);
	struct dirent *entry;
	int problem = directory ? 0 : errno;

	while (problem == 0 && (errno = 0, entry = readdir(directory)))
	{
		struct sb_label label;
		int64_t changed_at;
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		problem = sb_folder_open_at(shelf, entry->d_name, NULL, &fd, &label, &changed_at);
		if (problem == 0)
		{
			close(fd);
			show(arg, &label, changed_at);
		}
		else if (problem == ENOENT || problem == EBADMSG || problem == ELOOP)
			problem = 0;
	}
	if (problem == 0)
		problem = errno;
	if (directory)
		closedir(directory);
	else
		close(shelf);
	return problem;
}

int
sb_folder_walk(void (*show)(void *, const struct sb_label *, int64_t), void *arg)
{
	int problem = 0;

	for (int i = 0; i < 256 && problem == 0; i++)
	{
		char name[3];
		int shelf;

		snprintf(name, sizeof(name), "%02x", (unsigned) i);
		shelf = open_shelf(name, false);
		if (shelf >= 0)
			problem = walk_shelf(shelf, show, arg);
		else if (errno != ENOENT)
			problem = errno;
	}
	return problem;
}

int
sb_folder_remove(const char *name)
{
	int shelf = open_shelf(name, false);
	int problem = 0;

	if (shelf < 0)
		return errno == ENOENT ? 0 : errno;
	if (unlinkat(shelf, name + 2, 0) != 0)
		problem = errno == ENOENT ? 0 : errno;
	else if (fsync(shelf) != 0)
		problem = errno;
	close(shelf);
	return problem;
}
