/*
 * event_document.c owns what each viewer gets to see of an event (event/event.h): asked when it is
 * delivered, so that what was deleted, hidden or made private meanwhile reaches nobody, nor what
 * comes from somebody who is blocked or muted.
 *
 * One event goes to a thousand viewers. What is the same for all of them is made once: whether it
 * is theirs to see is asked for each, and costs a few look-ups (viewer/sight.h).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "account/user.h"
#include "base/call.h"
#include "base/column.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/place.h"
#include "base/table.h"
#include "content/document.h"
#include "content/post_mention.h"
#include "counter/counter.h"
#include "event/event.h"
#include "viewer/sight.h"
#include "viewer/viewer.h"
#include "viewer/visibility.h"

PG_FUNCTION_INFO_V1(social_event_payloads);

/* Events that are kept between pairs, and viewers' counts; powers of two. */
#define KEPT_EVENTS 256
#define KEPT_COUNTS 64

/* What a post or a stream may be about (hold_subjects). */
#define SUBJECTS_MAX 5

struct event
{
	int64 id; /* 0: none */
	enum social_event_type type;
	TimestampTz at;
	int64 author;
	int64 post;
	int64 comment;
	int64 recipient;
	int64 subject;
	int64 stream;
	bool is_read;  /* its row has been looked for */
	HeapTuple row; /* the post, comment or stream; NULL: it is gone */
	int nsubjects; /* of the post or stream; -1: not read yet */
	int64 subjects[SUBJECTS_MAX];
	text *payload; /* the same for all who see it; NULL: not made yet, or not the same */
};

/* How many notifications somebody has not read; viewer 0: nobody. */
struct unread
{
	int64 viewer;
	int64 count;
};

/* Documents of one kind, begun at the first. */
struct maker
{
	struct social_documents documents;
	struct social_document_rows *rows; /* NULL until then */
};

struct delivery
{
	Relation events;
	Relation key;
	Relation kept_events; /* of which webhooks are told when the log has forgotten them */
	Relation kept_key;
	Relation posts;
	Relation comments;
	Relation streams;
	TupleTableSlot *slot;
	struct maker post_maker;
	struct maker comment_maker;
	struct maker person_maker;
	struct event kept[KEPT_EVENTS];
	struct unread unread[KEPT_COUNTS];
	int64 viewer;
	bool may_act; /* the viewer, or nobody */
	/* What is made for one pair. */
	StringInfoData out;
	bool is_shared;  /* others who see it get the same */
	bool is_on_feed; /* it stands in the viewer's home feed */
};

/* ---- what there is -------------------------------------------------------------------------- */

static enum social_event_type
type_named(const text *name)
{
	for (int i = SOCIAL_EVENT_NONE + 1; i < SOCIAL_EVENT_NTYPES; i++)
	{
		if (strlen(social_event_types[i]) == VARSIZE_ANY_EXHDR(name) &&
			memcmp(social_event_types[i], VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) == 0)
			return i;
	}
	return SOCIAL_EVENT_NONE;
}

static int64
id_in(TupleTableSlot *slot, int column)
{
	bool isnull;
	Datum value = slot_getattr(slot, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* Finds an event's row in the log, or among those that were kept of it, which have its columns. */
static bool
find_row(struct delivery *delivery, int64 id)
{
	return social_table_find(delivery->events, delivery->key, F_INT8EQ, Int64GetDatum(id),
							 GetActiveSnapshot(), delivery->slot) ||
		   social_table_find(delivery->kept_events, delivery->kept_key, F_INT8EQ, Int64GetDatum(id),
							 GetActiveSnapshot(), delivery->slot);
}

/* An event by its id; NULL when the log does not have it. */
static struct event *
find_event(struct delivery *delivery, int64 id)
{
	struct event *event = &delivery->kept[id & (KEPT_EVENTS - 1)];
	TupleTableSlot *slot = delivery->slot;
	bool isnull;

	if (event->id == id && id != 0)
		return event;
	memset(event, 0, sizeof(*event));
	if (!find_row(delivery, id))
		return NULL;
	event->id = id;
	event->nsubjects = -1;
	event->type = type_named(DatumGetTextPP(slot_getattr(slot, SOCIAL_EVENTS_TYPE, &isnull)));
	event->at = DatumGetTimestampTz(slot_getattr(slot, SOCIAL_EVENTS_AT, &isnull));
	event->author = id_in(slot, SOCIAL_EVENTS_AUTHOR_ID);
	event->post = id_in(slot, SOCIAL_EVENTS_POST_ID);
	event->comment = id_in(slot, SOCIAL_EVENTS_COMMENT_ID);
	event->recipient = id_in(slot, SOCIAL_EVENTS_RECIPIENT_ID);
	event->subject = id_in(slot, SOCIAL_EVENTS_SUBJECT_ID);
	event->stream = id_in(slot, SOCIAL_EVENTS_STREAM_ID);
	ExecClearTuple(slot);
	return event;
}

/* The event's row of one of the tables; NULL when it is gone. */
static HeapTuple
row_of(struct event *event, Relation table, int64 id)
{
	if (!event->is_read)
		event->row = social_place_find(table, id, GetActiveSnapshot());
	event->is_read = true;
	return event->row;
}

static struct social_documents *
begin(struct maker *maker, const char *list)
{
	if (maker->rows == NULL)
		maker->rows = list != NULL ? social_document_begin_rest(&maker->documents, list)
								   : social_document_begin_person(&maker->documents);
	resetStringInfo(&maker->documents.out);
	return &maker->documents;
}

static void
add_person(struct delivery *delivery, int64 user_id)
{
	struct social_documents *documents = begin(&delivery->person_maker, NULL);

	social_document_add_id(documents, delivery->person_maker.rows, user_id);
	appendBinaryStringInfo(&delivery->out, documents->out.data, documents->out.len);
}

/* ---- what the viewer sees of it -------------------------------------------------------------- */

/*
 * Each says whether the viewer sees anything of an event, and writes what, unless it has been made
 * for others (event->payload). What is written is the same for all who see it, unless is_shared is
 * taken back.
 */

/* Whose posts stand in the viewer's home feed, whatever they are about: theirs, and those of whom
 * they follow. */
static bool
is_on_feed(const struct delivery *delivery, int64 person)
{
	return delivery->viewer != 0 &&
		   (person == delivery->viewer || social_follows(delivery->viewer, person));
}

/* Is the event's post or stream about something that the viewer follows? */
static bool
is_about_followed(const struct delivery *delivery, struct event *event)
{
	if (delivery->viewer == 0)
		return false;
	if (event->nsubjects < 0)
		event->nsubjects =
			event->post != 0
				? social_subjects_of_post(event->post, event->subjects, SUBJECTS_MAX)
				: social_subjects_of_stream(event->stream, event->subjects, SUBJECTS_MAX);
	for (int i = 0; i < event->nsubjects; i++)
	{
		if (social_follows_subject(delivery->viewer, event->subjects[i]))
			return true;
	}
	return false;
}

/* A quoted post and the names of people are seen by some. */
static bool
post_is_the_same_for_all(HeapTuple row, TupleDesc columns)
{
	bool isnull;

	return heap_attisnull(row, SOCIAL_POSTS_QUOTED_POST_ID, columns) &&
		   !social_post_may_mention(heap_getattr(row, SOCIAL_POSTS_TITLE, columns, &isnull)) &&
		   !social_post_may_mention(heap_getattr(row, SOCIAL_POSTS_CONTENT, columns, &isnull));
}

/* Does the post belong into the viewer's lists? Sets what holds for its document. */
static bool
sees_listed_post(struct delivery *delivery, struct event *event)
{
	HeapTuple row = row_of(event, delivery->posts, event->post);
	TupleDesc columns = RelationGetDescr(delivery->posts);

	if (row == NULL || !social_sight_shows_post(row, columns, true))
		return false;
	delivery->is_shared = post_is_the_same_for_all(row, columns);
	return true;
}

static bool
tell_post(struct delivery *delivery, struct event *event)
{
	struct social_documents *documents;

	if (!sees_listed_post(delivery, event))
		return false;
	delivery->is_on_feed =
		event->type != SOCIAL_EVENT_POST_EDITED &&
		(is_on_feed(delivery, event->author) || is_about_followed(delivery, event));
	if (event->payload != NULL)
		return true;
	documents = begin(&delivery->post_maker, "posts");
	social_document_add(documents, delivery->post_maker.rows, event->row);
	appendBinaryStringInfo(&delivery->out, documents->out.data, documents->out.len);
	return true;
}

static bool
tell_repost(struct delivery *delivery, struct event *event)
{
	struct social_documents *documents;

	if (!sees_listed_post(delivery, event) || !social_sight_sees_person(event->author) ||
		!social_sight_lists_person(event->author))
		return false;
	delivery->is_on_feed = is_on_feed(delivery, event->author);
	if (event->payload != NULL)
		return true;
	documents = begin(&delivery->post_maker, "posts");
	social_document_add_shared(documents, delivery->post_maker.rows, event->row, event->author,
							   event->at);
	appendBinaryStringInfo(&delivery->out, documents->out.data, documents->out.len);
	return true;
}

/* Nothing parts the viewer from who did it. */
static bool
is_near(const struct delivery *delivery, int64 person)
{
	return delivery->viewer == 0 || !social_blocked_between(delivery->viewer, person);
}

/*
 * A post that is gone for its readers. Its row may be there still, and says who they were; of one
 * that was not for everybody and has no row any more only its author hears (event_row.c).
 */
static bool
tell_post_gone(struct delivery *delivery, struct event *event)
{
	HeapTuple row = row_of(event, delivery->posts, event->post);
	TupleDesc columns = RelationGetDescr(delivery->posts);
	bool isnull;

	if (event->author != delivery->viewer)
	{
		if (!is_near(delivery, event->author))
			return false;
		if (row != NULL &&
			!social_in_audience(
				event->post, event->author,
				DatumGetTextPP(heap_getattr(row, SOCIAL_POSTS_VISIBILITY, columns, &isnull))))
			return false;
	}
	appendStringInfo(&delivery->out, "{\"id\":" INT64_FORMAT "}", event->post);
	return true;
}

static bool
tell_repost_gone(struct delivery *delivery, struct event *event)
{
	if (!social_sight_sees_post(event->post) || !social_sight_sees_person(event->author))
		return false;
	appendStringInfo(&delivery->out, "{\"post_id\":" INT64_FORMAT ",\"user_id\":" INT64_FORMAT "}",
					 event->post, event->author);
	return true;
}

static bool
tell_comment(struct delivery *delivery, struct event *event)
{
	HeapTuple row = row_of(event, delivery->comments, event->comment);
	TupleDesc columns = RelationGetDescr(delivery->comments);
	struct social_documents *documents;

	if (row == NULL || !heap_attisnull(row, SOCIAL_COMMENTS_DELETED_AT, columns) ||
		!social_sight_shows_comment(row, columns, true))
		return false;
	/* Under their own posts people see comments by those whom they do not see. */
	delivery->is_shared = social_sight_sees_person(event->author);
	if (event->payload != NULL && delivery->is_shared)
		return true;
	documents = begin(&delivery->comment_maker, "comments");
	social_document_add(documents, delivery->comment_maker.rows, row);
	appendBinaryStringInfo(&delivery->out, documents->out.data, documents->out.len);
	return true;
}

static bool
tell_comment_gone(struct delivery *delivery, struct event *event)
{
	if (!social_sight_sees_post(event->post) || !is_near(delivery, event->author))
		return false;
	appendStringInfo(&delivery->out, "{\"id\":" INT64_FORMAT ",\"post_id\":" INT64_FORMAT "}",
					 event->comment, event->post);
	return true;
}

static bool
tell_counts(struct delivery *delivery, const struct event *event, int which, int64 id)
{
	const struct social_counter *counter = &social_counters[which];
	int64 counts[SOCIAL_COUNTER_COLUMNS_MAX];

	if (event->payload != NULL)
		return true;
	social_counter_read(counter, id, counts);
	appendStringInfo(&delivery->out, "{\"id\":" INT64_FORMAT, id);
	for (int i = 0; i < counter->ncolumns; i++)
		appendStringInfo(&delivery->out, ",\"%s\":" INT64_FORMAT, counter->columns[i], counts[i]);
	appendStringInfoChar(&delivery->out, '}');
	return true;
}

static bool
tell_post_counts(struct delivery *delivery, struct event *event)
{
	return social_sight_sees_post(event->post) &&
		   tell_counts(delivery, event, SOCIAL_POST_COUNTERS, event->post);
}

static bool
tell_comment_counts(struct delivery *delivery, struct event *event)
{
	return social_sight_sees_comment(event->comment) &&
		   tell_counts(delivery, event, SOCIAL_COMMENT_COUNTERS, event->comment);
}

static bool
tell_profile_counts(struct delivery *delivery, struct event *event)
{
	return social_sight_sees_person(event->author) &&
		   tell_counts(delivery, event, SOCIAL_USER_COUNTERS, event->author);
}

static bool
tell_profile(struct delivery *delivery, struct event *event)
{
	if (!social_sight_sees_person(event->author))
		return false;
	if (event->payload == NULL)
		add_person(delivery, event->author);
	return true;
}

static bool
tell_follow(struct delivery *delivery, struct event *event)
{
	if (!social_sight_sees_person(event->author) || !social_sight_sees_person(event->subject))
		return false;
	if (event->payload != NULL)
		return true;
	appendStringInfoString(&delivery->out, "{\"follower\":");
	add_person(delivery, event->author);
	appendStringInfo(&delivery->out, ",\"followed_id\":" INT64_FORMAT "}", event->subject);
	return true;
}

static bool
tell_session(struct delivery *delivery, struct event *event)
{
	appendStringInfo(&delivery->out, "{\"session_id\":" INT64_FORMAT "}", event->subject);
	return true;
}

/* What a function of ours says to the viewer of something with this id. */
static bool
tell_by(struct delivery *delivery, int64 id, char *name)
{
	Datum told;

	if (!social_call(name, INT8OID, Int64GetDatum(id), id == 0, &told))
		return false;
	appendStringInfoString(&delivery->out, TextDatumGetCString(told));
	return true;
}

/* Counted once for all pairs, for it takes as long as there are many. */
static int64
unread_of_viewer(struct delivery *delivery)
{
	struct unread *kept = &delivery->unread[delivery->viewer & (KEPT_COUNTS - 1)];
	Datum count;

	if (kept->viewer != delivery->viewer)
	{
		social_call("unread_notifications_count", InvalidOid, (Datum) 0, true, &count);
		kept->count = DatumGetInt64(count);
	}
	kept->viewer = delivery->viewer;
	return kept->count;
}

static bool
tell_notification(struct delivery *delivery, struct event *event)
{
	appendStringInfoChar(&delivery->out, '{');
	if (event->subject != 0)
	{
		appendStringInfoString(&delivery->out, "\"notification\":");
		if (!tell_by(delivery, event->subject, "event_notification"))
			return false;
		appendStringInfoChar(&delivery->out, ',');
	}
	appendStringInfo(&delivery->out, "\"unread_count\":" INT64_FORMAT "}",
					 unread_of_viewer(delivery));
	return true;
}

static bool
tell_media(struct delivery *delivery, struct event *event)
{
	return tell_by(delivery, event->subject, "media_json");
}

static bool
tell_export(struct delivery *delivery, struct event *event)
{
	return tell_by(delivery, event->subject, "export_document");
}

/* ---- streams ---- */

static bool
sees_stream(struct delivery *delivery, struct event *event)
{
	HeapTuple row = row_of(event, delivery->streams, event->stream);

	return row != NULL && social_sight_shows_stream(row, RelationGetDescr(delivery->streams));
}

static bool
tell_stream(struct delivery *delivery, struct event *event)
{
	if (!sees_stream(delivery, event) || !social_sight_lists_person(event->author))
		return false;
	delivery->is_on_feed =
		is_on_feed(delivery, event->author) || is_about_followed(delivery, event);
	return event->payload != NULL || tell_by(delivery, event->stream, "event_stream");
}

static bool
tell_stream_gone(struct delivery *delivery, struct event *event)
{
	if (!is_near(delivery, event->author))
		return false;
	appendStringInfo(&delivery->out, "{\"id\":" INT64_FORMAT "}", event->stream);
	return true;
}

static bool
tell_viewers(struct delivery *delivery, struct event *event)
{
	TupleDesc columns = RelationGetDescr(delivery->streams);
	bool isnull;

	if (!sees_stream(delivery, event))
		return false;
	if (event->payload == NULL)
		appendStringInfo(
			&delivery->out,
			"{\"stream_id\":" INT64_FORMAT ",\"viewer_count\":%d,\"peak_viewers\":%d}",
			event->stream,
			DatumGetInt32(heap_getattr(event->row, SOCIAL_STREAMS_VIEWER_COUNT, columns, &isnull)),
			DatumGetInt32(heap_getattr(event->row, SOCIAL_STREAMS_PEAK_VIEWERS, columns, &isnull)));
	return true;
}

/* Who watches is told to those who watch, and see them. */
static bool
tell_audience(struct delivery *delivery, struct event *event)
{
	if (!sees_stream(delivery, event) || !social_sight_sees_person(event->author) ||
		!social_sight_lists_person(event->author))
		return false;
	if (event->payload != NULL)
		return true;
	appendStringInfo(&delivery->out, "{\"stream_id\":" INT64_FORMAT ",\"user\":", event->stream);
	add_person(delivery, event->author);
	appendStringInfoChar(&delivery->out, '}');
	return true;
}

static bool
tell_chat(struct delivery *delivery, struct event *event)
{
	if (!sees_stream(delivery, event) || !social_sight_sees_person(event->author) ||
		!social_sight_lists_person(event->author))
		return false;
	return event->payload != NULL || tell_by(delivery, event->subject, "chat_message_json");
}

static bool
tell_chat_gone(struct delivery *delivery, struct event *event)
{
	if (!sees_stream(delivery, event))
		return false;
	appendStringInfo(&delivery->out, "{\"id\":" INT64_FORMAT ",\"stream_id\":" INT64_FORMAT "}",
					 event->subject, event->stream);
	return true;
}

static bool
tell_ban(struct delivery *delivery, struct event *event)
{
	if (!sees_stream(delivery, event))
		return false;
	appendStringInfo(&delivery->out,
					 "{\"stream_id\":" INT64_FORMAT ",\"user_id\":" INT64_FORMAT "}", event->stream,
					 event->subject);
	return true;
}

/* What no viewer hears of has no row. */
static bool (*const tellers[SOCIAL_EVENT_NTYPES])(struct delivery *, struct event *) = {
	[SOCIAL_EVENT_POST_CREATED] = tell_post,
	[SOCIAL_EVENT_POST_EDITED] = tell_post,
	[SOCIAL_EVENT_POST_DELETED] = tell_post_gone,
	[SOCIAL_EVENT_POST_RESTORED] = tell_post,
	[SOCIAL_EVENT_POST_COUNTS] = tell_post_counts,
	[SOCIAL_EVENT_COMMENT_CREATED] = tell_comment,
	[SOCIAL_EVENT_COMMENT_EDITED] = tell_comment,
	[SOCIAL_EVENT_COMMENT_DELETED] = tell_comment_gone,
	[SOCIAL_EVENT_COMMENT_COUNTS] = tell_comment_counts,
	[SOCIAL_EVENT_REPOST_CREATED] = tell_repost,
	[SOCIAL_EVENT_REPOST_DELETED] = tell_repost_gone,
	[SOCIAL_EVENT_NOTIFICATION_CREATED] = tell_notification,
	[SOCIAL_EVENT_NOTIFICATION_READ] = tell_notification,
	[SOCIAL_EVENT_FOLLOW_CREATED] = tell_follow,
	[SOCIAL_EVENT_PROFILE_EDITED] = tell_profile,
	[SOCIAL_EVENT_PROFILE_COUNTS] = tell_profile_counts,
	[SOCIAL_EVENT_SESSION_ENDED] = tell_session,
	[SOCIAL_EVENT_MEDIA_CHANGED] = tell_media,
	[SOCIAL_EVENT_EXPORT_CHANGED] = tell_export,
	[SOCIAL_EVENT_STREAM_STATUS] = tell_stream,
	[SOCIAL_EVENT_STREAM_EDITED] = tell_stream,
	[SOCIAL_EVENT_STREAM_DELETED] = tell_stream_gone,
	[SOCIAL_EVENT_STREAM_VIEWERS] = tell_viewers,
	[SOCIAL_EVENT_STREAM_JOINED] = tell_audience,
	[SOCIAL_EVENT_STREAM_LEFT] = tell_audience,
	[SOCIAL_EVENT_CHAT_MESSAGE] = tell_chat,
	[SOCIAL_EVENT_CHAT_DELETED] = tell_chat_gone,
	[SOCIAL_EVENT_CHAT_BANNED] = tell_ban,
	[SOCIAL_EVENT_CHAT_UNBANNED] = tell_ban,
};

/* What the viewer sees of an event; NULL: nothing. */
static text *
payload_of(struct delivery *delivery, struct event *event)
{
	text *payload;

	if (event == NULL || tellers[event->type] == NULL ||
		(event->recipient != 0 && event->recipient != delivery->viewer) ||
		!(delivery->may_act || event->type == SOCIAL_EVENT_SESSION_ENDED))
		return NULL;
	resetStringInfo(&delivery->out);
	delivery->is_shared = event->recipient == 0;
	delivery->is_on_feed = false;
	if (!tellers[event->type](delivery, event))
		return NULL;
	if (event->payload != NULL && delivery->is_shared)
		return event->payload;
	payload = cstring_to_text_with_len(delivery->out.data, delivery->out.len);
	if (delivery->is_shared)
		event->payload = payload;
	return payload;
}

/* ---- all pairs ------------------------------------------------------------------------------ */

static void
act_as(struct delivery *delivery, int64 viewer)
{
	if (viewer == delivery->viewer)
		return;
	social_viewer_set(viewer, false);
	delivery->viewer = viewer;
	delivery->may_act = viewer == 0 || social_user_account(viewer, GetActiveSnapshot()).may_act;
}

static void
deliver(ReturnSetInfo *output, const Datum *events, const bool *no_event, const Datum *viewers,
		const bool *no_viewer, int count)
{
	struct delivery *delivery = palloc0(sizeof(*delivery));

	delivery->events = social_table_open("events", AccessShareLock);
	delivery->key = social_table_primary_key(delivery->events, AccessShareLock);
	delivery->kept_events = social_table_open("webhook_events", AccessShareLock);
	delivery->kept_key = social_table_primary_key(delivery->kept_events, AccessShareLock);
	delivery->posts = social_table_open("posts", AccessShareLock);
	delivery->comments = social_table_open("comments", AccessShareLock);
	delivery->streams = social_table_open("streams", AccessShareLock);
	delivery->slot = table_slot_create(delivery->events, NULL);
	delivery->viewer = -1;
	initStringInfo(&delivery->out);
	for (int i = 0; i < count; i++)
	{
		Datum values[4];
		bool isnull[lengthof(values)] = {false};
		text *payload;

		CHECK_FOR_INTERRUPTS();
		if (no_event[i])
			continue;
		act_as(delivery, no_viewer[i] ? 0 : DatumGetInt64(viewers[i]));
		payload = payload_of(delivery, find_event(delivery, DatumGetInt64(events[i])));
		if (payload == NULL)
			continue;
		values[0] = events[i];
		values[1] = viewers[i];
		isnull[1] = no_viewer[i];
		values[2] = PointerGetDatum(payload);
		values[3] = BoolGetDatum(delivery->is_on_feed);
		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	if (delivery->post_maker.rows != NULL)
		social_document_end(&delivery->post_maker.documents, delivery->post_maker.rows);
	if (delivery->comment_maker.rows != NULL)
		social_document_end(&delivery->comment_maker.documents, delivery->comment_maker.rows);
	if (delivery->person_maker.rows != NULL)
		social_document_end(&delivery->person_maker.documents, delivery->person_maker.rows);
	ExecDropSingleTupleTableSlot(delivery->slot);
	index_close(delivery->kept_key, NoLock);
	index_close(delivery->key, NoLock);
	table_close(delivery->kept_events, NoLock);
	table_close(delivery->streams, NoLock);
	table_close(delivery->comments, NoLock);
	table_close(delivery->posts, NoLock);
	table_close(delivery->events, NoLock);
}

/*
 * event_payloads(event_ids bigint[], viewer_ids bigint[]): see sql/api/event.sql. Whoever acts does
 * so again afterwards.
 */
Datum
social_event_payloads(PG_FUNCTION_ARGS)
{
	int64 session = social_viewer_session();
	Datum *events;
	Datum *viewers;
	bool *no_event;
	bool *no_viewer;
	int nevents;
	int nviewers;
	int level;

	InitMaterializedSRF(fcinfo, 0);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &events, &no_event, &nevents);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &viewers, &no_viewer, &nviewers);
	if (nevents != nviewers)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid pairs"),
						errdetail("There are %d events and %d viewers.", nevents, nviewers)));
	level = NewGUCNestLevel();
	deliver((ReturnSetInfo *) fcinfo->resultinfo, events, no_event, viewers, no_viewer, nevents);
	AtEOXact_GUC(false, level);
	social_viewer_session_set(session);
	return (Datum) 0;
}
