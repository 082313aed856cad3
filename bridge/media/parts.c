/*
 * parts.c owns objects that are sent in parts.
 */
#include "media/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define UPLOAD       "upload" /* the file that says what it will be */
#define FORGOTTEN    86400    /* seconds */
#define NUMBER_WIDTH 6

static int
open_upload(const char *id)
{
	return openat(sb_folder_parts(), id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

int
sb_parts_begin(const struct sb_label *label)
{
	struct sb_incoming incoming = {.fd = -1};
	int problem = sb_folder_begin(&incoming);
	int fd;

	if (problem)
		return problem;
	if (mkdirat(sb_folder_parts(), label->tag, 0700) != 0 || (fd = open_upload(label->tag)) < 0)
	{
		problem = errno;
		sb_folder_give_up(&incoming);
		return problem;
	}
	problem = sb_folder_place(&incoming, fd, UPLOAD, label);
	close(fd);
	if (problem)
		unlinkat(sb_folder_parts(), label->tag, AT_REMOVEDIR);
	return problem;
}

int
sb_parts_find(const char *id, struct sb_label *label)
{
	char key[SB_LABEL_KEY + 1];
	int64_t changed_at;
	int upload = open_upload(id);
	int problem;
	int fd;

	if (upload < 0)
		return errno;
	strcpy(key, label->key);
	problem = sb_folder_open_at(upload, UPLOAD, key, &fd, label, &changed_at);
	close(upload);
	if (fd >= 0)
		close(fd);
	/* One of another key is none of this. */
	return problem == EBADMSG ? ENOENT : problem;
}

int
sb_parts_publish(struct sb_incoming *incoming, const char *id, unsigned number,
				 const struct sb_label *label)
{
	char name[NUMBER_WIDTH];
	int upload = open_upload(id);
	int problem = errno;

	if (upload < 0)
	{
		sb_folder_give_up(incoming);
		return problem;
	}
	snprintf(name, sizeof(name), "%u", number);
	problem = sb_folder_place(incoming, upload, name, label);
	close(upload);
	return problem;
}

int
sb_parts_open(const char *id, unsigned number, const char *key, int *fd, struct sb_label *label,
			  int64_t *changed_at)
{
	char name[NUMBER_WIDTH];
	int upload = open_upload(id);
	int problem = errno;

	*fd = -1;
	if (upload < 0)
		return problem;
	snprintf(name, sizeof(name), "%u", number);
	problem = sb_folder_open_at(upload, name, key, fd, label, changed_at);
	close(upload);
	return problem;
}

static int
compare_numbers(const void *one, const void *other)
{
	unsigned a = *(const unsigned *) one;
	unsigned b = *(const unsigned *) other;

	return (a > b) - (a < b);
}

int
sb_parts_list(const char *id, unsigned **numbers)
{
	int upload = open_upload(id);
	DIR *directory = upload < 0 ? NULL : fdopendir(upload);
	struct dirent *entry;
	int count = 0;

	*numbers = NULL;
	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) && count < SB_PARTS_MAX)
	{
		unsigned long number = strtoul(entry->d_name, NULL, 10);

		if (number < 1 || number > SB_PARTS_MAX)
			continue;
		if (count % 64 == 0)
			*numbers = sb_realloc(*numbers, (size_t) (count + 64) * sizeof(**numbers));
		(*numbers)[count++] = (unsigned) number;
	}
	closedir(directory);
	if (count > 0)
		qsort(*numbers, (size_t) count, sizeof(**numbers), compare_numbers);
	return count;
}

int
sb_parts_remove(const char *id)
{
	int upload = open_upload(id);
	DIR *directory = upload < 0 ? NULL : fdopendir(upload);
	struct dirent *entry;
	int problem = 0;

	if (directory == NULL)
		return errno;
	while ((entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(upload, entry->d_name, 0);
	closedir(directory);
	if (unlinkat(sb_folder_parts(), id, AT_REMOVEDIR) != 0 || fsync(sb_folder_parts()) != 0)
		problem = errno;
	return problem;
}

int
sb_parts_sweep(void)
{
	int again = openat(sb_folder_parts(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;
	struct stat found;
	int count = 0;

	if (directory == NULL)
		return 0;
	while ((entry = readdir(directory)))
		if (strlen(entry->d_name) == SB_PARTS_ID &&
			fstatat(again, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
			found.st_mtime < time(NULL) - FORGOTTEN && sb_parts_remove(entry->d_name) == 0)
			count++;
	closedir(directory);
	return count;
}
