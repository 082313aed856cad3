/*
 * assemble.c owns what uploads in parts need of the disk, in the threads of media/disk.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "media/complete.h"
#include "media/object.h"

static void
end(struct sb_object *object, int error)
{
	object->error = error;
	object->outcome = error ? SB_OUTCOME_FAILED : SB_OUTCOME_DONE;
	sb_disk_done(&object->job);
}

void
sb_object_create(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;

	end(object, sb_parts_begin(&object->label));
}

/* Whether the upload is there, and one of this key. */
static int
find_upload(struct sb_object *object, struct sb_label *label)
{
	strcpy(label->key, object->label.key);
	return sb_parts_find(object->upload, label);
}

void
sb_object_abort(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	struct sb_label label;
	int problem = find_upload(object, &label);

	end(object, problem ? problem : sb_parts_remove(object->upload));
}

/* ---- the list -------------------------------------------------------------------------------- */

static void
list_part(struct sb_object *object, unsigned number)
{
	struct sb_label label;
	int64_t changed_at;
	time_t time;
	struct tm parts;
	char date[32] = "";
	int fd;

	/* One that is taken away meanwhile is none. */
	if (sb_parts_open(object->upload, number, object->label.key, &fd, &label, &changed_at) != 0)
		return;
	close(fd);
	time = (time_t) changed_at;
	if (gmtime_r(&time, &parts))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S.000Z", &parts);
	sb_buffer_printf(&object->text,
					 "<Part><PartNumber>%u</PartNumber><LastModified>%s</LastModified>"
					 "<ETag>&quot;%s&quot;</ETag><Size>%" PRIu64 "</Size></Part>",
					 number, date, label.tag, label.size);
}

void
sb_object_list(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	struct sb_label label;
	unsigned *numbers = NULL;
	int problem = find_upload(object, &label);
	int count = problem ? 0 : sb_parts_list(object->upload, &numbers);

	if (count < 0)
		problem = errno;
	for (int i = 0; i < count; i++)
		list_part(object, numbers[i]);
	free(numbers);
	end(object, problem);
}

/* ---- the object ------------------------------------------------------------------------------ */

static void
give_up(struct sb_object *object, enum sb_outcome outcome, int error)
{
	sb_folder_give_up(&object->incoming);
	object->error = error;
	object->outcome = outcome;
	sb_disk_done(&object->job);
}

/* By the way of memory, where the file system knows no other. */
static int
copy_by_memory(int from, int to, uint64_t len)
{
	while (len > 0)
	{
		ssize_t got = read(from, sb_disk_room(), len < SB_DISK_ROOM ? (size_t) len : SB_DISK_ROOM);
		ssize_t put = got > 0 ? write(to, sb_disk_room(), (size_t) got) : got;

		if (got <= 0 || put != got)
			return got < 0 || put < 0 ? errno : ENOSPC;
		len -= (uint64_t) got;
	}
	return 0;
}

static int
copy(int from, int to, uint64_t len)
{
	while (len > 0)
	{
		ssize_t copied = copy_file_range(from, NULL, to, NULL, (size_t) len, 0);

		if (copied < 0 &&
			(errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
			return copy_by_memory(from, to, len);
		if (copied <= 0)
			return copied < 0 ? errno : EIO;
		len -= (uint64_t) copied;
	}
	return 0;
}

/* Appends the next part. */
static enum sb_outcome
append(struct sb_object *object)
{
	const struct sb_complete_part *part = &object->parts[object->next_part++];
	struct sb_label label;
	int64_t changed_at;
	int fd;
	int problem =
		sb_parts_open(object->upload, part->number, object->label.key, &fd, &label, &changed_at);

	object->error = problem;
	if (problem)
		return problem == ENOENT || problem == EBADMSG ? SB_OUTCOME_PART : SB_OUTCOME_FAILED;
	if (strcmp(label.tag, part->tag) != 0)
	{
		close(fd);
		return SB_OUTCOME_PART;
	}
	object->error = copy(fd, object->incoming.fd, label.size);
	close(fd);
	object->label.size += label.size;
	return object->error ? SB_OUTCOME_FAILED : SB_OUTCOME_DONE;
}

/* The upload says what it will be. */
static int
begin(struct sb_object *object)
{
	struct sb_label label;
	int problem = find_upload(object, &label);

	if (problem)
		return problem;
	strcpy(object->label.type, label.type);
	object->label.size = 0;
	return sb_folder_begin(&object->incoming);
}

void
sb_object_assemble(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	enum sb_outcome outcome;

	if (object->incoming.fd < 0 && (object->error = begin(object)) != 0)
	{
		give_up(object, SB_OUTCOME_FAILED, object->error);
		return;
	}
	outcome = append(object);
	if (outcome != SB_OUTCOME_DONE)
		give_up(object, outcome, object->error);
	else if (object->next_part < object->nparts)
		sb_disk_again(job);
	else
	{
		int problem = sb_folder_publish(&object->incoming, object->name, &object->label);

		/* What of them cannot be removed now is swept later. */
		if (problem == 0)
			sb_parts_remove(object->upload);
		end(object, problem);
	}
}
