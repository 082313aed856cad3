/*
 * listing.c owns lists of objects.
 */
#include "media/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "http/request.h"
#include "media/answer.h"
#include "media/object.h"
#include "media/step.h"

#define MOST_TEXT 8388608 /* bytes of a page, from which on it ends */

/* ---- the smallest keys ----------------------------------------------------------------------- */

static void
swap(struct sb_listed *one, struct sb_listed *other)
{
	struct sb_listed kept = *one;

	*one = *other;
	*other = kept;
}

static void
sift_up(struct sb_listed *heap, int at)
{
	for (int up = (at - 1) / 2; at > 0 && strcmp(heap[at].key, heap[up].key) > 0; up = (at - 1) / 2)
	{
		swap(&heap[at], &heap[up]);
		at = up;
	}
}

static void
sift_down(struct sb_listed *heap, int count, int at)
{
	for (;;)
	{
		int greatest = at;

		for (int child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
			if (strcmp(heap[child].key, heap[greatest].key) > 0)
				greatest = child;
		if (greatest == at)
			return;
		swap(&heap[at], &heap[greatest]);
		at = greatest;
	}
}

static struct sb_listed
listed_of(const struct sb_label *label, int64_t changed_at)
{
	struct sb_listed listed = {.size = label->size, .changed_at = changed_at};

	listed.key = sb_checked(strdup(label->key));
	memcpy(listed.tag, label->tag, sizeof(listed.tag));
	return listed;
}

void
sb_listing_add(struct sb_listing *listing, const struct sb_label *label, int64_t changed_at)
{
	struct sb_listed *heap = listing->objects;

	if (strcmp(label->key, listing->after) <= 0)
		return;
	if (listing->count < listing->most)
	{
		if ((listing->count & (listing->count - 1)) == 0)
			heap = listing->objects = sb_realloc(
				heap, (size_t) (listing->count ? 2 * listing->count : 1) * sizeof(*heap));
		heap[listing->count] = listed_of(label, changed_at);
		sift_up(heap, listing->count++);
		return;
	}
	listing->is_truncated = true;
	if (strcmp(label->key, heap[0].key) >= 0)
		return;
	free(heap[0].key);
	heap[0] = listed_of(label, changed_at);
	sift_down(heap, listing->count, 0);
}

static int
compare_keys(const void *one, const void *other)
{
	return strcmp(((const struct sb_listed *) one)->key, ((const struct sb_listed *) other)->key);
}

void
sb_listing_sort(struct sb_listing *listing)
{
	if (listing->count > 0)
		qsort(listing->objects, (size_t) listing->count, sizeof(*listing->objects), compare_keys);
}

void
sb_listing_free(struct sb_listing *listing)
{
	for (int i = 0; i < listing->count; i++)
		free(listing->objects[i].key);
	free(listing->objects);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void
put_object(struct sb_buffer *out, const struct sb_listed *object)
{
	time_t changed_at = (time_t) object->changed_at;
	char date[32] = "";
	struct tm parts;

	if (gmtime_r(&changed_at, &parts))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S.000Z", &parts);
	sb_buffer_puts(out, "<Contents>");
	sb_answer_put(out, "Key", object->key);
	sb_answer_put(out, "LastModified", date);
	sb_buffer_printf(out,
					 "<ETag>&quot;%s&quot;</ETag><Size>%" PRIu64
					 "</Size><StorageClass>STANDARD</StorageClass></Contents>",
					 object->tag, object->size);
}

static void
add(void *listing, const struct sb_label *label, int64_t changed_at)
{
	sb_listing_add(listing, label, changed_at);
}

/* The thread's: the objects of the page into text, their number into listed. */
static void
scan(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;
	struct sb_listing listing = {.after = object->label.key, .most = object->most};

	object->error = sb_folder_walk(add, &listing);
	object->outcome = object->error ? SB_OUTCOME_FAILED : SB_OUTCOME_DONE;
	sb_listing_sort(&listing);
	for (object->listed = 0; object->listed < listing.count; object->listed++)
	{
		if (object->text.len >= MOST_TEXT)
		{
			listing.is_truncated = true;
			break;
		}
		put_object(&object->text, &listing.objects[object->listed]);
	}
	object->is_truncated = listing.is_truncated;
	sb_listing_free(&listing);
	sb_disk_done(&object->job);
}

static void
on_scanned(struct sb_object *object)
{
	struct sb_buffer out = {0};

	if (!sb_step_is_done(object, "the objects could not be listed"))
		return;
	sb_answer_put(&out, "Name",
				  sb_media_store_name(&object->media->store, &object->request->arena));
	sb_answer_put(&out, "Prefix", "");
	if (*object->label.key)
		sb_answer_put(&out, "StartAfter", object->label.key);
	sb_buffer_printf(&out,
					 "<KeyCount>%d</KeyCount><MaxKeys>%d</MaxKeys><IsTruncated>%s</IsTruncated>",
					 object->listed, object->most, object->is_truncated ? "true" : "false");
	sb_buffer_append(&out, object->text.data, object->text.len);
	sb_answer_document(object, "ListBucketResult", out.data);
	sb_buffer_free(&out);
}

void
sb_listing_show(struct sb_object *object)
{
	sb_step_work(object, scan, on_scanned);
}
