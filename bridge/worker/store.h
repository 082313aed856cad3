/*
 * store.h owns what a worker does to an object of the media store, over HTTP, with an address that
 * the database signs.
 */
#ifndef SB_WORKER_STORE_H
#define SB_WORKER_STORE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/task.h"

enum sb_store_answer
{
	SB_STORE_DONE,
	SB_STORE_ABSENT, /* there is no such object */
	SB_STORE_FAILED  /* the task has failed, with why; or it was cancelled */
};

/* What HEAD tells. */
struct sb_store_object
{
	int64_t size; /* -1: it does not say */
	char etag[128];
};

#define SB_STORE_URL 4096 /* bytes of an address in full */

/* Where an address of the database is reached, and what must be said there, which the caller frees
 * (curl_slist_free_all). False: it is too long, or there is none. */
extern bool sb_store_reach(const struct sb_task *task, const char *address, char url[SB_STORE_URL],
						   struct curl_slist **headers);

extern enum sb_store_answer sb_store_look(struct sb_task *task, const char *key,
										  struct sb_store_object *object);

/* Its first bytes; *len says how many came. */
extern enum sb_store_answer sb_store_begin_of(struct sb_task *task, const char *key, char *bytes,
											  size_t size, size_t *len);

/* All of it, into a new file, and no more than most bytes: beyond them the task fails. */
extern enum sb_store_answer sb_store_fetch(struct sb_task *task, const char *key, const char *path,
										   int64_t most);

extern enum sb_store_answer sb_store_put(struct sb_task *task, const char *key, const char *path,
										 const char *content_type);

/* One that is not there is deleted. */
extern enum sb_store_answer sb_store_delete(struct sb_task *task, const char *key);

#endif /* SB_WORKER_STORE_H */
