/*
 * version.c owns what the bridge knows of the version of the content.
 *
 * A version is as old as the moment in which it was asked for. From FRESH_MS on it is asked for
 * anew, by the way; from STALE_MS on nobody is given it, and who wants it waits for the answer, but
 * not for long. So what is kept is shown for STALE_MS after a commit at most, however slow the
 * database is.
 */
#include "cache/version.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "loop/loop.h"
#include "pg/pool.h"

#define FRESH_MS  40
#define STALE_MS  100
#define WAIT_MS   500
#define ABSENT_MS 5000 /* after which a database that has none is asked again */

struct sb_versions
{
	struct sb_pg_unit unit; /* must stay first */
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	bool is_asking;
	bool is_absent;    /* the database has none */
	uint64_t asked_us; /* when the question that is under way, or was last, was sent */
	uint64_t known_us; /* when the one was sent that was answered by `known` */
	struct sb_version known;
	struct sb_version_wait *waiting;
};

bool
sb_version_read(struct sb_version *version, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t) (colon - text) : 0;
	char *end;

	if (len == 0 || len > SB_VERSION_EPOCH_MAX || colon[1] < '0' || colon[1] > '9')
		return false;
	version->number = strtoull(colon + 1, &end, 10);
	if (*end != '\0')
		return false;
	memcpy(version->epoch, text, len);
	version->epoch[len] = '\0';
	return true;
}

bool
sb_version_covers(const struct sb_version *version, const struct sb_version *wanted)
{
	return version->number >= wanted->number && strcmp(version->epoch, wanted->epoch) == 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Tells those who wait, or those whose time is over. */
static void
tell(struct sb_versions *versions, const struct sb_version *version, uint64_t due_ms)
{
	struct sb_version_wait *waiting = versions->waiting;
	struct sb_version_wait *next;

	versions->waiting = NULL;
	for (; waiting; waiting = next)
	{
		next = waiting->next;
		if (waiting->deadline_ms <= due_ms)
			waiting->on_version(waiting, version);
		else
		{
			waiting->next = versions->waiting;
			versions->waiting = waiting;
		}
	}
}

/* The database has no version, which is said once. */
static void
note_absence(struct sb_versions *versions, const char *why)
{
	if (!versions->is_absent)
		sb_log(SB_LOG_WARNING, "nothing is kept in Redis: the database does not tell its version",
			   "reason", why);
	versions->is_absent = true;
}

static void
on_answer(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_versions *versions = (struct sb_versions *) unit;
	const struct sb_version *version = NULL;
	struct sb_version read;

	versions->is_asking = false;
	if (outcome == SB_PG_ERROR)
		note_absence(versions, PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	else if (outcome == SB_PG_OK && PQgetisnull(unit->results[0], 0, 0))
		note_absence(versions, "the library is not preloaded");
	else if (outcome == SB_PG_OK && sb_version_read(&read, PQgetvalue(unit->results[0], 0, 0)))
	{
		versions->is_absent = false;
		versions->known = read;
		versions->known_us = versions->asked_us;
		version = &versions->known;
	}
	if (version == NULL)
		versions->known.epoch[0] = '\0';
	sb_pg_unit_clear(unit);
	tell(versions, version, UINT64_MAX);
}

/* False when it cannot be asked for now. */
static bool
ask(struct sb_versions *versions)
{
	static const char sql[] = "SELECT social.content_version()";

	if (versions->is_asking)
		return true;
	if (versions->is_absent &&
		versions->loop->now_us - versions->asked_us < ABSENT_MS * UINT64_C(1000))
		return false;
	versions->unit.on_done = on_answer;
	sb_pg_unit_add(&versions->unit, sb_pg_statement_id(sql), sql, 0, NULL);
	versions->asked_us = sb_loop_clock_us();
	versions->is_asking = sb_pg_pool_submit(versions->pool, SB_LANE_READ, &versions->unit);
	if (!versions->is_asking)
		sb_pg_unit_clear(&versions->unit);
	return versions->is_asking;
}

void
sb_versions_get(struct sb_versions *versions, struct sb_version_wait *wait)
{
	uint64_t now_us = sb_loop_clock_us();
	uint64_t age_us = now_us - versions->known_us;
	bool is_known = versions->known.epoch[0] != '\0';
	bool is_asked;

	/* Not all connections may be of the same server: the content might be a standby's. */
	if (sb_pg_pool_is_standby(versions->pool))
	{
		note_absence(versions, "it is a standby");
		wait->on_version(wait, NULL);
		return;
	}
	is_asked = (is_known && age_us < FRESH_MS * 1000) || ask(versions);
	if (is_known && age_us < STALE_MS * 1000)
	{
		wait->on_version(wait, &versions->known);
		return;
	}
	/* An answer that was asked for too long ago is too old for who comes now. */
	if (!is_asked || sb_loop_clock_us() - versions->asked_us > STALE_MS * 1000)
	{
		wait->on_version(wait, NULL);
		return;
	}
	wait->deadline_ms = versions->loop->now_ms + WAIT_MS;
	wait->next = versions->waiting;
	versions->waiting = wait;
}

/* ---- life ------------------------------------------------------------------------------------ */

void
sb_versions_settle(struct sb_versions *versions)
{
	if (versions->waiting)
		tell(versions, NULL, versions->loop->now_ms);
}

struct sb_versions *
sb_versions_new(struct sb_loop *loop, struct sb_pg_pool *pool)
{
	struct sb_versions *versions = sb_calloc(1, sizeof(*versions));

	versions->loop = loop;
	versions->pool = pool;
	return versions;
}

void
sb_versions_free(struct sb_versions *versions)
{
	if (versions == NULL)
		return;
	sb_pg_unit_clear(&versions->unit);
	free(versions);
}
