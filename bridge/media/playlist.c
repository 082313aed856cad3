/*
 * playlist.c owns playlists whose pieces have addresses.
 */
#include "media/playlist.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "core/sigv4.h"
#include "http/request.h"
#include "media/answer.h"
#include "media/object.h"
#include "media/step.h"

#define MADE_BELOW "media/" /* by the worker, who refers to nothing but what lies beside it */
#define TYPE       "application/vnd.apple.mpegurl"

/* Seconds that pieces can be read, where not everybody may: for as long as somebody watches, as by
 * CloudFront's cookies. What their address was asked for is asked once, when it is made. */
#define PIECE_LIFE 14400

/* ---- writing --------------------------------------------------------------------------------- */

static bool
is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!social_sigv4_is_plain((unsigned char) text[i]))
			return false;
	return len > 0 && text[0] != '.';
}

static void
put_address(struct sb_buffer *out, const char *text, size_t len, sb_playlist_address address,
			void *arg)
{
	if (is_name(text, len))
		address(out, text, len, arg);
	else
		sb_buffer_append(out, text, len);
}

/* A line with a tag, which may have an address as an attribute. */
static void
put_tag(struct sb_buffer *out, const char *text, size_t len, sb_playlist_address address, void *arg)
{
	static const char attribute[] = "URI=\"";
	const char *begin = memmem(text, len, attribute, sizeof(attribute) - 1);
	const char *end = text + len;
	const char *mark = NULL;

	if (begin)
	{
		begin += sizeof(attribute) - 1;
		mark = memchr(begin, '"', (size_t) (end - begin));
	}
	if (mark == NULL)
	{
		sb_buffer_append(out, text, len);
		return;
	}
	sb_buffer_append(out, text, (size_t) (begin - text));
	put_address(out, begin, (size_t) (mark - begin), address, arg);
	sb_buffer_append(out, mark, (size_t) (end - mark));
}

void
sb_playlist_write(struct sb_buffer *out, const char *text, size_t len, sb_playlist_address address,
				  void *arg)
{
	const char *end = text + len;

	while (text < end)
	{
		const char *next = memchr(text, '\n', (size_t) (end - text));
		size_t line = (size_t) ((next ? next : end) - text);
		size_t shown = line > 0 && text[line - 1] == '\r' ? line - 1 : line;

		if (*text == '#')
			put_tag(out, text, shown, address, arg);
		else
			put_address(out, text, shown, address, arg);
		sb_buffer_append(out, text + shown, line - shown);
		if (next)
			sb_buffer_putc(out, '\n');
		text = next ? next + 1 : end;
	}
}

/* ---- addresses ------------------------------------------------------------------------------- */

struct signing
{
	const struct sb_media_store *store;
	const char *key; /* of the playlist */
	size_t folder;   /* bytes of it up to the last slash, which it has */
	int64_t at;
	int64_t life;
	bool has_failed;
};

static void
sign(struct sb_buffer *out, const char *name, size_t len, void *arg)
{
	struct signing *signing = arg;
	const struct sb_media_store *store = signing->store;
	char signature[SOCIAL_SIGV4_GET_SIZE];
	struct sb_buffer path = {0};

	/* What the worker has made needs no escapes. */
	sb_buffer_append(&path, store->prefix, store->prefix_len);
	sb_buffer_append(&path, signing->key, signing->folder);
	sb_buffer_append(&path, name, len);
	if (social_sigv4_presign_get(&store->key, store->host, path.data, path.len, signing->at,
								 signing->life, signature) != SOCIAL_SIGV4_OK)
		signing->has_failed = true;
	sb_buffer_append(out, name, len);
	sb_buffer_putc(out, '?');
	sb_buffer_puts(out, signature);
	sb_buffer_free(&path);
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* The thread's: what the file says, into text. */
static void
read_file(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	uint64_t size = object->label.size;
	ssize_t got;

	sb_buffer_reserve(&object->text, (size_t) size);
	got = pread(object->file, object->text.data, (size_t) size, 0);
	object->error = got < 0 ? errno : (uint64_t) got != size ? EIO : 0;
	object->outcome = object->error ? SB_OUTCOME_FAILED : SB_OUTCOME_DONE;
	if (object->error == 0)
		object->text.len = (size_t) size;
	sb_disk_done(job);
}

static void
on_file(struct sb_object *object)
{
	const char *slash = strrchr(object->label.key, '/');
	struct signing signing = {.store = &object->media->store,
							  .key = object->label.key,
							  .folder = (size_t) (slash + 1 - object->label.key),
							  .at = (int64_t) time(NULL),
							  .life = object->is_public ? object->life : PIECE_LIFE};
	struct sb_buffer out = {0};
	const char *answer;

	if (!sb_step_is_done(object, "a playlist could not be read"))
		return;
	sb_playlist_write(&out, object->text.data, object->text.len, sign, &signing);
	if (signing.has_failed)
	{
		sb_buffer_free(&out);
		sb_step_refuse(object, SB_REFUSAL_FAILURE);
		return;
	}
	answer = sb_arena_copy(&object->request->arena, out.data, out.len);
	sb_answer_playlist(object, answer, out.len);
	sb_buffer_free(&out);
}

bool
sb_playlist_is(const struct sb_object *object)
{
	return strncmp(object->label.key, MADE_BELOW, strlen(MADE_BELOW)) == 0 &&
		   strcasecmp(object->label.type, TYPE) == 0 && object->label.size > 0 &&
		   object->label.size <= SB_PLAYLIST_MOST;
}

void
sb_playlist_show(struct sb_object *object)
{
	sb_step_work(object, read_file, on_file);
}
