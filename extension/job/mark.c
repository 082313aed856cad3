/*
 * mark.c owns where a session that claims jobs begins to look (see mark.h).
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "job/mark.h"

PG_FUNCTION_INFO_V1(social_job_scan_due_at);
PG_FUNCTION_INFO_V1(social_note_job_scan);

#define REST_FACTOR 20
#define CHEAP       2000 /* microseconds that a look from the beginning may take each time */
#define LANES_MAX   4096

struct lane
{
	char kind[NAMEDATALEN]; /* the CHECK of job_kinds has no longer ones */
	int32 priority;
};

struct mark
{
	struct lane lane;
	struct social_job_place place;
};

static HTAB *marks;
static TimestampTz scan_due; /* when to look from the beginning again */

static struct mark *
find_mark(const text *kind, int priority, HASHACTION action)
{
	struct lane lane;
	bool found;
	struct mark *mark;

	if (marks == NULL)
	{
		HASHCTL control = {.keysize = sizeof(struct lane),
						   .entrysize = sizeof(struct mark),
						   .hcxt = TopMemoryContext};

		marks =
			hash_create("social job marks", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	/* Kinds that come and go must not fill the session's memory. */
	if (action == HASH_ENTER && hash_get_num_entries(marks) >= LANES_MAX)
		action = HASH_FIND;
	memset(&lane, 0, sizeof(lane));
	text_to_cstring_buffer(kind, lane.kind, sizeof(lane.kind));
	lane.priority = priority;
	mark = hash_search(marks, &lane, action, &found);
	if (mark != NULL && !found)
		mark->place = (struct social_job_place){.run_at = DT_NOBEGIN};
	return mark;
}

const struct social_job_place *
social_job_mark(const text *kind, int priority)
{
	struct mark *mark = find_mark(kind, priority, HASH_FIND);

	return mark == NULL ? NULL : &mark->place;
}

void
social_job_pass(const text *kind, int priority, const struct social_job_place *place)
{
	struct mark *mark = find_mark(kind, priority, HASH_ENTER);

	if (mark != NULL && (place->run_at > mark->place.run_at ||
						 (place->run_at == mark->place.run_at && place->id > mark->place.id)))
		mark->place = *place;
}

TimestampTz
social_job_scan_due(void)
{
	return scan_due;
}

void
social_job_scan_took(int64 took)
{
	TimestampTz now = GetCurrentTimestamp();

	scan_due = took <= CHEAP ? now : now + took * REST_FACTOR;
}

/* job_scan_due() timestamptz: see sql/api/job.sql */
Datum
social_job_scan_due_at(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(social_job_scan_due());
}

/* note_job_scan(began timestamptz): as if a look from the beginning that began then ended now. */
Datum
social_note_job_scan(PG_FUNCTION_ARGS)
{
	social_job_scan_took(GetCurrentTimestamp() - PG_GETARG_TIMESTAMPTZ(0));
	PG_RETURN_VOID();
}
