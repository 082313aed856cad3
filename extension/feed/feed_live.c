/*
 * feed_live.c owns which live streams stand at the head of a home feed: those on the air by whom
 * the reader follows, or about what the reader follows, newest first. Whether the reader may see
 * one is asked by the caller, of the few that are shown.
 *
 * Streams on the air are walked, not asked for person by person: they are few. Where they are many,
 * the newest of them are looked at.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"

#include "base/column.h"
#include "base/walk.h"
#include "feed/feed.h"
#include "viewer/listing.h"
#include "viewer/viewer.h"

PG_FUNCTION_INFO_V1(social_feed_live_streams);

#define STREAMS_MAX 1000

struct live
{
	struct social_listing *listing;
	int nsubjects; /* that the reader follows */
	struct social_walk streams;
	struct social_walk subjects; /* of a stream; open where the reader follows any */
};

static bool
is_about_followed(struct live *live, int64 stream_id)
{
	int64 subject_id;

	if (live->nsubjects == 0)
		return false;
	social_walk_start_equal(&live->subjects, 1, &stream_id);
	while (social_walk_next_key(&live->subjects, SOCIAL_STREAM_SUBJECTS_SUBJECT_ID, &subject_id))
	{
		if (social_listing_follows_subject(live->listing, subject_id))
			return true;
	}
	return false;
}

/* Is the stream of the walk by or about somebody or something that the reader follows? */
static bool
is_for_reader(struct live *live)
{
	int64 host_id = social_walk_int64(&live->streams, SOCIAL_STREAMS_HOST_ID);

	return (host_id == social_listing_viewer(live->listing) ||
			social_listing_follows(live->listing, host_id) ||
			is_about_followed(live, social_walk_int64(&live->streams, SOCIAL_COLUMN_ID))) &&
		   social_listing_admits_person(live->listing, host_id);
}

/* feed_live_streams(): see sql/api/feed.sql. */
Datum
social_feed_live_streams(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;
	struct live live = {.listing = social_listing_begin(social_viewer_required())};

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	(void) social_listing_subjects(live.listing, &live.nsubjects);
	social_walk_open(&live.streams, "streams", "streams_on_air_idx");
	if (live.nsubjects > 0)
		social_walk_open_keys(&live.subjects, "stream_subjects", "stream_subjects_pkey");
	social_walk_start(&live.streams, 0, NULL, true, SOCIAL_WALK_NEWEST, STREAMS_MAX);
	while (social_walk_next(&live.streams))
	{
		Datum id = Int64GetDatum(social_walk_int64(&live.streams, SOCIAL_COLUMN_ID));
		bool isnull = false;

		CHECK_FOR_INTERRUPTS();
		if (is_for_reader(&live))
			tuplestore_putvalues(output->setResult, output->setDesc, &id, &isnull);
	}
	social_walk_close(&live.streams);
	if (live.nsubjects > 0)
		social_walk_close(&live.subjects);
	social_listing_end(live.listing);
	return (Datum) 0;
}
