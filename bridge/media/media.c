/*
 * media.c owns the way of a request for an object: what it asks for is judged in the loop, the
 * disk's part is done by media/disk.h, and the loop answers.
 */
#include "media/media.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admission/services.h"
#include "base/config.h"
#include "base/memory.h"
#include "http/cors.h"
#include "http/peers.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"
#include "media/address.h"
#include "media/method.h"
#include "media/parts.h"
#include "media/step.h"

#define LOOK_MS     500     /* between two looks at who is too slow */
#define SWEEP_MS    3600000 /* between two at what was left behind */
#define LEAST_MOVED 32768   /* bytes that must move in REQUEST_TIMEOUT */
#define METHODS     "GET, POST, PUT, DELETE, HEAD, OPTIONS"

/* ---- what is asked for ----------------------------------------------------------------------- */

static void
wait_for_store(struct sb_object *object)
{
	object->has_waited = true;
	object->next_waiting = object->media->waiting;
	object->media->waiting = object;
}

/* A page of another origin asks what it may do. */
static void
answer_preflight(struct sb_object *object)
{
	sb_request_add_header(object->request, "Allow", METHODS);
	sb_cors_add_preflight(object->request, METHODS);
	sb_request_reply_constant(object->request, 204, NULL);
}

static void
examine(struct sb_object *object)
{
	struct sb_media_store *store = &object->media->store;
	enum sb_refusal refusal = SB_REFUSAL_CLOSED;

	if (store->is_here && sb_folder_is_open())
		refusal = sb_address_read(store, object);
	/* Its key may be new, or another bridge's settings may have come since. */
	if ((!store->is_known || refusal == SB_REFUSAL_UNKNOWN_KEY || refusal == SB_REFUSAL_MISMATCH) &&
		!object->has_waited && sb_media_store_ask(store))
	{
		wait_for_store(object);
		return;
	}
	if (refusal != SB_REFUSAL_NONE)
		sb_step_refuse(object, refusal);
	else
		sb_method_handle(object);
}

static void
on_read(void *owner)
{
	struct sb_media *media = owner;
	struct sb_object *waiting = media->waiting;

	media->waiting = NULL;
	while (waiting)
	{
		struct sb_object *object = waiting;

		waiting = object->next_waiting;
		examine(object);
	}
}

/* ---- the door -------------------------------------------------------------------------------- */

static bool
is_for(const struct sb_door *door, const char *target, size_t len)
{
	const struct sb_media_store *store = &((const struct sb_media *) door)->store;
	static const char mark[] = "X-Amz-Signature=";
	bool is_signed = memmem(target, len, mark, sizeof(mark) - 1) != NULL;

	if (!store->is_known)
		return is_signed;
	return store->is_here && len >= store->prefix_len &&
		   memcmp(target, store->prefix, store->prefix_len) == 0 &&
		   (is_signed || store->prefix_len > 1);
}

/* Frees what is not the arena's; the files on their way in are gone. */
static void
on_end(struct sb_request *request)
{
	struct sb_object *object = request->state;

	if (object->file >= 0)
		close(object->file);
	if (object->has_descriptor)
		sb_peers_give_descriptor();
	EVP_MD_CTX_free(object->digest);
	free(object->parts);
	sb_buffer_free(&object->text);
	sb_buffer_free(&object->head);
}

static void
begin(struct sb_door *door, struct sb_request *request, uint64_t body, const char *early,
	  size_t early_len)
{
	struct sb_media *media = (struct sb_media *) door;
	struct sb_object *object = sb_arena_new(&request->arena, struct sb_object);

	object->media = media;
	object->request = request;
	object->socket = sb_door_socket(request);
	object->body = body;
	object->early = early;
	object->early_len = early_len;
	object->left = body - early_len;
	object->incoming.fd = -1;
	object->file = -1;
	object->waits = sb_request_header(request, "Expect") != NULL;
	object->since_ms = media->loop->now_ms;
	object->next = media->objects;
	if (object->next)
		object->next->prev = object;
	media->objects = object;
	request->state = object;
	request->on_end = on_end;
}

static void
open_door(struct sb_request *request)
{
	struct sb_object *object = request->state;

	request->route = sb_router_row("files", request->method);
	object->has_descriptor = sb_peers_take_descriptor();
	if (request->method == SB_OPTIONS)
		answer_preflight(object);
	else if (!object->has_descriptor)
		sb_step_refuse(object, SB_REFUSAL_BUSY);
	else
		examine(object);
}

/* Whoever has moved too little for too long is given up: who sends is told. */
static void
look(struct sb_object *object, uint64_t now_ms, uint64_t timeout_ms)
{
	uint64_t moved = __atomic_load_n(&object->moved, __ATOMIC_RELAXED);

	if (!__atomic_load_n(&object->is_waiting, __ATOMIC_RELAXED) ||
		moved - object->moved_before >= LEAST_MOVED)
	{
		object->moved_before = moved;
		object->since_ms = now_ms;
	}
	else if (now_ms - object->since_ms >= timeout_ms)
	{
		object->is_late = true;
		shutdown(object->socket, object->job.work == sb_object_send ? SHUT_RDWR : SHUT_RD);
	}
}

static void
on_swept(struct sb_disk_job *job)
{
	struct sb_media *media = (struct sb_media *) ((char *) job - offsetof(struct sb_media, sweep));

	media->is_sweeping = false;
}

static void
sweep(struct sb_media *media)
{
	media->is_sweeping = true;
	media->swept_at_ms = media->loop->now_ms;
	media->sweep.work = sb_object_sweep;
	media->sweep.on_done = on_swept;
	sb_disk_do(&media->disk, &media->sweep);
}

static void
on_due(struct sb_timer *timer)
{
	struct sb_media *media =
		(struct sb_media *) ((char *) timer - offsetof(struct sb_media, timer));
	uint64_t now_ms = media->loop->now_ms;

	for (struct sb_object *object = media->objects; object; object = object->next)
		look(object, now_ms, (uint64_t) media->loop->config->request_timeout * 1000);
	if (media->loop->index == 0 && sb_folder_is_open() && !media->is_sweeping &&
		now_ms - media->swept_at_ms >= SWEEP_MS)
		sweep(media);
}

/* ---- life ------------------------------------------------------------------------------------ */

void
sb_media_check(const struct sb_config *config, struct sb_problems *problems)
{
	if (config->media_dir == NULL && strcmp(config->use_s3, "off") == 0)
		sb_problem_warning(problems, "USE_S3 is off, and MEDIA_DIR is not set: no files are taken");
}

bool
sb_media_init(const struct sb_config *config)
{
	int problem = config->media_dir ? sb_folder_open(config->media_dir) : 0;

	/* A file that grows beyond a limit fails then, and ends nobody. */
	signal(SIGXFSZ, SIG_IGN);
	if (problem)
		fprintf(stderr, "social-bridge: MEDIA_DIR: %s: %s\n", config->media_dir, strerror(problem));
	else if (config->media_dir)
	{
		sb_folder_sweep();
		sb_parts_sweep();
	}
	return problem == 0;
}

struct sb_media *
sb_media_new(struct sb_services *services)
{
	struct sb_media *media = sb_calloc(1, sizeof(*media));

	media->door = (struct sb_door){is_for, begin, open_door, sb_step_deliver};
	media->loop = services->loop;
	media->swept_at_ms = media->loop->now_ms;
	sb_disk_join(&media->disk, media->loop);
	sb_media_store_open(&media->store, media->loop, services->pool, on_read, media);
	sb_loop_every(media->loop, &media->timer, LOOK_MS, on_due);
	services->door = &media->door;
	return media;
}

void
sb_media_stop(struct sb_media *media)
{
	struct sb_object *waiting = media->waiting;

	media->is_over = true;
	media->waiting = NULL;
	while (waiting)
	{
		struct sb_object *object = waiting;

		waiting = object->next_waiting;
		sb_step_finish(object, false);
	}
	for (struct sb_object *object = media->objects; object; object = object->next)
		shutdown(object->socket, SHUT_RDWR);
	sb_disk_finish(&media->disk);
}

void
sb_media_free(struct sb_media *media)
{
	if (media == NULL)
		return;
	sb_media_store_close(&media->store);
	sb_disk_leave(&media->disk);
	free(media);
}

void
sb_media_end(void)
{
	sb_disk_end();
}

void
sb_media_nothing(struct sb_request *request)
{
	sb_request_fail(request, 404, "there is nothing at this path");
}
