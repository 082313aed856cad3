/*
 * store.c owns what a loop knows of the store of objects.
 */
#include "media/store.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "pg/pool.h"

#define LOOK_MS  100   /* between two looks at whether it is time */
#define EVERY_MS 10000 /* that it is read: whoever changes it tells nobody */
#define NONE_MS  1000  /* likewise, while there is none */
#define PAUSE_MS 200   /* between two that strangers can bring about */
#define SERVICE  "s3"

/* ---- reading --------------------------------------------------------------------------------- */

static void
forget(struct sb_media_store *store)
{
	if (store->key.secret)
		OPENSSL_cleanse((void *) store->key.secret, strlen(store->key.secret));
	free((void *) store->key.secret);
	free((void *) store->key.access_key);
	free((void *) store->key.region);
	free(store->host);
	free(store->prefix);
	store->key = (struct social_sigv4_key){0};
	store->host = store->prefix = NULL;
	store->is_here = false;
}

static char *
text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return sb_checked(strdup(text ? text : ""));
}

static void
read_store(struct sb_media_store *store, const json_t *json)
{
	char *path = text_of(json, "path");

	forget(store);
	/* Null: none was set up, which a bridge is about to do (api/store.h). */
	store->is_known = json_is_object(json);
	store->is_here = json_is_true(json_object_get(json, "is_local"));
	store->key.access_key = text_of(json, "access_key");
	store->key.secret = text_of(json, "secret_key");
	store->key.region = text_of(json, "region");
	store->key.service = SERVICE;
	store->host = text_of(json, "host");
	store->prefix_len = strlen(path) + 1;
	store->prefix = sb_realloc(path, store->prefix_len + 1);
	memcpy(store->prefix + store->prefix_len - 1, "/", 2);
	store->max_size = (uint64_t) json_integer_value(json_object_get(json, "max_size"));
}

static void
on_answer(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_media_store *store = unit->owner;

	store->under_way = false;
	if (outcome == SB_PG_OK && PQntuples(unit->results[0]) == 1)
	{
		json_t *json = json_loads(PQgetvalue(unit->results[0], 0, 0), 0, NULL);

		read_store(store, json);
		json_decref(json);
	}
	else if (outcome == SB_PG_ERROR)
		sb_log(SB_LOG_ERROR, "the store of files could not be read", "error",
			   PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	sb_pg_unit_clear(unit);
	store->on_read(store->owner);
}

static bool
ask(struct sb_media_store *store)
{
	static const char sql[] = "SELECT social.media_store_json()";

	if (store->under_way)
		return true;
	store->read_at_ms = store->loop->now_ms;
	store->is_wanted = false;
	store->unit.owner = store;
	store->unit.on_done = on_answer;
	sb_pg_unit_add(&store->unit, sb_pg_statement_id(sql), sql, 0, NULL);
	store->under_way = sb_pg_pool_submit(store->pool, SB_LANE_READ, &store->unit);
	if (!store->under_way)
		sb_pg_unit_clear(&store->unit);
	return store->under_way;
}

const char *
sb_media_store_name(const struct sb_media_store *store, struct sb_arena *arena)
{
	return store->prefix_len > 2 ? sb_arena_copy(arena, store->prefix + 1, store->prefix_len - 2)
								 : "";
}

bool
sb_media_store_ask(struct sb_media_store *store)
{
	if (!sb_pg_pool_is_ready(store->pool))
		return false;
	store->is_wanted = !store->under_way;
	return true;
}

static void
on_due(struct sb_timer *timer)
{
	struct sb_media_store *store = (struct sb_media_store *) timer;
	uint64_t pause = store->is_wanted ? PAUSE_MS : store->is_known ? EVERY_MS : NONE_MS;
	bool is_wanted = store->is_wanted;
	bool is_there = sb_pg_pool_is_ready(store->pool);

	if (is_there && store->loop->now_ms - store->read_at_ms < pause)
		return;
	if ((!is_there || !ask(store)) && is_wanted)
	{
		store->is_wanted = false;
		store->on_read(store->owner);
	}
}

/* ---- life ------------------------------------------------------------------------------------ */

void
sb_media_store_open(struct sb_media_store *store, struct sb_loop *loop, struct sb_pg_pool *pool,
					void (*on_read)(void *owner), void *owner)
{
	store->loop = loop;
	store->pool = pool;
	store->on_read = on_read;
	store->owner = owner;
	sb_loop_every(loop, &store->timer, LOOK_MS, on_due);
}

void
sb_media_store_close(struct sb_media_store *store)
{
	forget(store);
}
