/*
 * move.c owns how the bytes of an object come in and go out, in the threads of media/disk.h.
 *
 * A thread moves what there is, up to SLICE, and leaves: for the next in the queue, or until the
 * client has sent more, or taken more. So bytes are nowhere but in its room, and in the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/object.h"

#define SLICE  (8u << 20)  /* bytes of one client, before it is another's turn */
#define LINGER (64u << 20) /* bytes that are read of somebody who was refused, after the answer */

static void
count(struct sb_object *object, size_t len)
{
	__atomic_store_n(&object->moved, object->moved + len, __ATOMIC_RELAXED);
}

static void
await(struct sb_object *object, uint32_t events)
{
	__atomic_store_n(&object->is_waiting, true, __ATOMIC_RELAXED);
	sb_disk_await(&object->job, object->socket, events);
}

static void
end(struct sb_object *object, enum sb_outcome outcome)
{
	object->outcome = outcome;
	sb_disk_done(&object->job);
}

/* ---- in -------------------------------------------------------------------------------------- */

/* Nothing of it stays. */
static void
give_up(struct sb_object *object, enum sb_outcome outcome, int error)
{
	sb_folder_give_up(&object->incoming);
	object->error = error;
	end(object, outcome);
}

/* False with the reason in object->error. */
static bool
write_all(struct sb_object *object, const char *bytes, size_t len)
{
	if (object->digest && EVP_DigestUpdate(object->digest, bytes, len) != 1)
	{
		object->error = ENOMEM;
		return false;
	}
	while (len > 0)
	{
		ssize_t written = write(object->incoming.fd, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			object->error = written < 0 ? errno : ENOSPC;
			return false;
		}
		bytes += written;
		len -= (size_t) written;
	}
	return true;
}

/* Who waits for it is told to send. The socket's buffer is empty, so this fits, or he is gone, as
 * will be seen. */
static void
tell_to_go_on(struct sb_object *object)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (object->waits && object->early_len == 0 && object->left > 0)
		(void) !send(object->socket, go_on, sizeof(go_on) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	object->waits = false;
}

/* A part is taken for an upload that is there, of this key. */
static int
find_upload(const struct sb_object *object)
{
	struct sb_label label;

	strcpy(label.key, object->label.key);
	return sb_parts_find(object->upload, &label);
}

/* Opens the file, and writes what came with the head. */
static bool
begin(struct sb_object *object)
{
	size_t early_len = object->early_len;

	object->error = object->names_upload ? find_upload(object) : 0;
	if (object->error == 0)
		object->error = sb_folder_begin(&object->incoming);
	if (object->error)
		return false;
	tell_to_go_on(object);
	object->early_len = 0;
	return write_all(object, object->early, early_len);
}

/* What the client has sent, at most so much; 0: nothing for now, below 0: he is gone. */
static ssize_t
take(struct sb_object *object, size_t most)
{
	size_t size = object->left < SB_DISK_ROOM ? (size_t) object->left : SB_DISK_ROOM;
	ssize_t got;

	do
		got = recv(object->socket, sb_disk_room(), size < most ? size : most, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got > 0)
	{
		object->left -= (uint64_t) got;
		count(object, (size_t) got);
		return got;
	}
	return got < 0 && errno == EAGAIN ? 0 : -1;
}

/* Whether the bytes are those that were meant. */
static bool
is_unaltered(struct sb_object *object)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	return object->digest == NULL || (EVP_DigestFinal_ex(object->digest, digest, NULL) == 1 &&
									  memcmp(digest, object->md5, sizeof(object->md5)) == 0);
}

static void
publish(struct sb_object *object)
{
	if (!is_unaltered(object))
	{
		give_up(object, SB_OUTCOME_ALTERED, 0);
		return;
	}
	object->error =
		object->names_upload
			? sb_parts_publish(&object->incoming, object->upload, object->part, &object->label)
			: sb_folder_publish(&object->incoming, object->name, &object->label);
	end(object, object->error ? SB_OUTCOME_FAILED : SB_OUTCOME_DONE);
}

void
sb_object_receive(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	ssize_t got = 1;

	__atomic_store_n(&object->is_waiting, false, __ATOMIC_RELAXED);
	if (object->incoming.fd < 0 && !begin(object))
	{
		give_up(object, SB_OUTCOME_FAILED, object->error);
		return;
	}
	for (size_t slice = 0; object->left > 0 && slice < SLICE; slice += (size_t) got)
	{
		got = take(object, SB_DISK_ROOM);
		if (got <= 0)
			break;
		if (!write_all(object, sb_disk_room(), (size_t) got))
		{
			give_up(object, SB_OUTCOME_FAILED, object->error);
			return;
		}
	}
	if (got < 0)
		give_up(object, SB_OUTCOME_BROKEN, 0);
	else if (object->left == 0)
		publish(object);
	else if (got == 0)
		await(object, EPOLLIN | EPOLLRDHUP);
	else
	{
		/* What is on its way to the disk already is not waited for at the end. */
		sync_file_range(object->incoming.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		sb_disk_again(job);
	}
}

void
sb_object_pass_over(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	ssize_t got = 1;

	__atomic_store_n(&object->is_waiting, false, __ATOMIC_RELAXED);
	while (object->left > 0 && (got = take(object, SB_DISK_ROOM)) > 0)
		;
	if (got < 0)
		end(object, SB_OUTCOME_BROKEN);
	else if (object->left == 0)
		end(object, SB_OUTCOME_DONE);
	else
		await(object, EPOLLIN | EPOLLRDHUP);
}

void
sb_object_collect(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	ssize_t got = 1;

	__atomic_store_n(&object->is_waiting, false, __ATOMIC_RELAXED);
	tell_to_go_on(object);
	sb_buffer_append(&object->text, object->early, object->early_len);
	object->early_len = 0;
	while (object->left > 0 && (got = take(object, SB_DISK_ROOM)) > 0)
		sb_buffer_append(&object->text, sb_disk_room(), (size_t) got);
	if (got < 0)
		end(object, SB_OUTCOME_BROKEN);
	else if (object->left == 0)
		end(object, SB_OUTCOME_DONE);
	else
		await(object, EPOLLIN | EPOLLRDHUP);
}

/* ---- out ------------------------------------------------------------------------------------- */

/* The next bytes of the head, or of the file; 0: he takes none for now, below 0: he is gone, or the
 * file is. */
static ssize_t
give(struct sb_object *object)
{
	size_t rest = object->head.len - object->head_sent;
	ssize_t sent;

	if (rest > 0)
	{
		sent = send(object->socket, object->head.data + object->head_sent, rest,
					MSG_DONTWAIT | MSG_NOSIGNAL | (object->length > 0 ? MSG_MORE : 0));
		object->head_sent += sent > 0 ? (size_t) sent : 0;
	}
	else
	{
		off_t offset = (off_t) object->offset;

		sent = sendfile(object->socket, object->file, &offset,
						object->length < SLICE ? (size_t) object->length : SLICE);
		object->offset += sent > 0 ? (uint64_t) sent : 0;
		object->length -= sent > 0 ? (uint64_t) sent : 0;
	}
	if (sent > 0)
		count(object, (size_t) sent);
	return sent > 0 ? sent : sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* The answer is out, and he sends what nobody wants: if the socket were closed now, the answer
 * could be lost on its way. True when he has ended. */
static bool
linger(struct sb_object *object)
{
	ssize_t got = 1;

	shutdown(object->socket, SHUT_WR);
	object->left = LINGER;
	while (object->moved < LINGER && (got = take(object, SB_DISK_ROOM)) > 0)
		;
	return got != 0;
}

void
sb_object_send(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	ssize_t sent = 1;

	__atomic_store_n(&object->is_waiting, false, __ATOMIC_RELAXED);
	for (size_t slice = 0; slice < SLICE && sent > 0; slice += (size_t) sent)
	{
		if (object->head_sent == object->head.len && object->length == 0)
		{
			if (object->lingers && !linger(object))
				await(object, EPOLLIN | EPOLLRDHUP);
			else
				end(object, SB_OUTCOME_DONE);
			return;
		}
		sent = give(object);
	}
	if (sent < 0)
		end(object, SB_OUTCOME_BROKEN);
	else if (sent == 0)
		await(object, EPOLLOUT);
	else
		sb_disk_again(job);
}

/* ---- what needs no client -------------------------------------------------------------------- */

void
sb_object_find(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	char key[SB_LABEL_KEY + 1];

	memcpy(key, object->label.key, sizeof(key));
	object->error =
		sb_folder_find(object->name, key, &object->file, &object->label, &object->changed_at);
	end(object, object->error ? SB_OUTCOME_FAILED : SB_OUTCOME_DONE);
}

void
sb_object_remove(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;

	object->error = sb_folder_remove(object->name);
	end(object, object->error ? SB_OUTCOME_FAILED : SB_OUTCOME_DONE);
}

void
sb_object_sweep(struct sb_disk_job *job)
{
	sb_folder_sweep();
	sb_parts_sweep();
	sb_disk_done(job);
}
