/*
 * observed.c owns the registry of observed tables, the triggers that go by it, and what SQL reads
 * of it (observed.h).
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/guard.h"
#include "base/limit.h"
#include "base/table.h"
#include "counter/observed.h"

PG_FUNCTION_INFO_V1(social_count_row);
PG_FUNCTION_INFO_V1(social_count_statement);
PG_FUNCTION_INFO_V1(social_post_view_after);
PG_FUNCTION_INFO_V1(social_observed_tables);
PG_FUNCTION_INFO_V1(social_counted_columns);
PG_FUNCTION_INFO_V1(social_trend_sources);
PG_FUNCTION_INFO_V1(social_recount_sources);

/*
 * The flags in `recounts` are numbered in this order, and social.recounts remembers the number: a
 * table with a flag is added behind the others.
 */
static const struct social_observed registry[] = {
	{
		.table = "post_likes",
		.counts = {{.object = SOCIAL_POST_LIKES_POST_ID,
					.counter = SOCIAL_POST_COUNTERS,
					.count = SOCIAL_POST_LIKES_COUNT,
					.when = SOCIAL_POST_LIKES_IS_COUNTED}},
		.notice = {.type = SOCIAL_NOTIFY_LIKE,
				   .actor = SOCIAL_POST_LIKES_USER_ID,
				   .post = SOCIAL_POST_LIKES_POST_ID,
				   .undo = true},
		.trend = {.weight = 1.0,
				  .post = SOCIAL_POST_LIKES_POST_ID,
				  .at = SOCIAL_POST_LIKES_CREATED_AT,
				  .when = SOCIAL_POST_LIKES_IS_COUNTED,
				  .actor = SOCIAL_POST_LIKES_USER_ID},
		.recounts = {{.flag = SOCIAL_POST_LIKES_IS_COUNTED,
					  .person = SOCIAL_POST_LIKES_USER_ID,
					  .place = SOCIAL_POST_LIKES_CREATED_AT}},
	},
	{
		.table = "comment_likes",
		.counts = {{.object = SOCIAL_COMMENT_LIKES_COMMENT_ID,
					.counter = SOCIAL_COMMENT_COUNTERS,
					.count = SOCIAL_COMMENT_LIKES_COUNT,
					.when = SOCIAL_COMMENT_LIKES_IS_COUNTED}},
		.notice = {.type = SOCIAL_NOTIFY_COMMENT_LIKE,
				   .actor = SOCIAL_COMMENT_LIKES_USER_ID,
				   .comment = SOCIAL_COMMENT_LIKES_COMMENT_ID,
				   .undo = true},
		.recounts = {{.flag = SOCIAL_COMMENT_LIKES_IS_COUNTED,
					  .person = SOCIAL_COMMENT_LIKES_USER_ID,
					  .place = SOCIAL_COMMENT_LIKES_CREATED_AT}},
	},
	{
		.table = "reposts",
		.counts = {{.object = SOCIAL_REPOSTS_POST_ID,
					.counter = SOCIAL_POST_COUNTERS,
					.count = SOCIAL_POST_REPOSTS_COUNT,
					.when = SOCIAL_REPOSTS_IS_COUNTED}},
		.notice = {.type = SOCIAL_NOTIFY_REPOST,
				   .actor = SOCIAL_REPOSTS_USER_ID,
				   .post = SOCIAL_REPOSTS_POST_ID,
				   .undo = true},
		.trend = {.weight = 3.0,
				  .post = SOCIAL_REPOSTS_POST_ID,
				  .at = SOCIAL_REPOSTS_CREATED_AT,
				  .when = SOCIAL_REPOSTS_IS_COUNTED,
				  .actor = SOCIAL_REPOSTS_USER_ID},
		.position = {.of = SOCIAL_POSITION_OF_REPOST,
					 .person = SOCIAL_REPOSTS_USER_ID,
					 .position = SOCIAL_REPOSTS_POSITION},
		.recounts = {{.flag = SOCIAL_REPOSTS_IS_COUNTED,
					  .person = SOCIAL_REPOSTS_USER_ID,
					  .place = SOCIAL_REPOSTS_POSITION}},
		.event = SOCIAL_EVENT_OF_REPOST,
	},
	{
		.table = "follows",
		.counts = {{.object = SOCIAL_FOLLOWS_FOLLOWED_ID,
					.counter = SOCIAL_USER_COUNTERS,
					.count = SOCIAL_USER_FOLLOWERS_COUNT,
					.when = SOCIAL_FOLLOWS_FOLLOWER_IS_COUNTED},
				   {.object = SOCIAL_FOLLOWS_FOLLOWER_ID,
					.counter = SOCIAL_USER_COUNTERS,
					.count = SOCIAL_USER_FOLLOWING_COUNT,
					.when = SOCIAL_FOLLOWS_FOLLOWED_IS_COUNTED}},
		.notice = {.type = SOCIAL_NOTIFY_FOLLOW,
				   .actor = SOCIAL_FOLLOWS_FOLLOWER_ID,
				   .recipient = SOCIAL_FOLLOWS_FOLLOWED_ID,
				   .undo = true},
		.recounts = {{.flag = SOCIAL_FOLLOWS_FOLLOWER_IS_COUNTED,
					  .person = SOCIAL_FOLLOWS_FOLLOWER_ID,
					  .place = SOCIAL_FOLLOWS_CREATED_AT},
					 {.flag = SOCIAL_FOLLOWS_FOLLOWED_IS_COUNTED,
					  .person = SOCIAL_FOLLOWS_FOLLOWED_ID,
					  .place = SOCIAL_FOLLOWS_CREATED_AT}},
		.event = SOCIAL_EVENT_OF_FOLLOW,
	},
	{
		.table = "comments",
		.counts = {{.object = SOCIAL_COMMENTS_POST_ID,
					.counter = SOCIAL_POST_COUNTERS,
					.count = SOCIAL_POST_COMMENTS_COUNT,
					.when = SOCIAL_COMMENTS_IS_COUNTED},
				   {.object = SOCIAL_COMMENTS_PARENT_ID,
					.counter = SOCIAL_COMMENT_COUNTERS,
					.count = SOCIAL_COMMENT_REPLIES_COUNT,
					.when = SOCIAL_COMMENTS_IS_REPLY}},
		.counters = &social_counters[SOCIAL_COMMENT_COUNTERS],
		/* Foreign keys delete what tells of a comment that is gone. */
		.notice = {.type = SOCIAL_NOTIFY_COMMENT,
				   .actor = SOCIAL_COMMENTS_AUTHOR_ID,
				   .post = SOCIAL_COMMENTS_POST_ID,
				   .comment = SOCIAL_COMMENTS_ID,
				   .parent = SOCIAL_COMMENTS_PARENT_ID,
				   .unless = SOCIAL_COMMENTS_HIDDEN_AT},
		.trend = {.weight = 2.0,
				  .post = SOCIAL_COMMENTS_POST_ID,
				  .at = SOCIAL_COMMENTS_CREATED_AT,
				  .when = SOCIAL_COMMENTS_IS_COUNTED,
				  .actor = SOCIAL_COMMENTS_AUTHOR_ID,
				  .once = SOCIAL_COMMENTS_AUTHOR_ID},
		.recounts = {{.flag = SOCIAL_COMMENTS_AUTHOR_IS_COUNTED,
					  .person = SOCIAL_COMMENTS_AUTHOR_ID,
					  .place = SOCIAL_COMMENTS_CREATED_AT}},
		.event = SOCIAL_EVENT_OF_COMMENT,
	},
	{
		.table = "posts",
		.counts = {{.object = SOCIAL_POSTS_AUTHOR_ID,
					.counter = SOCIAL_USER_COUNTERS,
					.count = SOCIAL_USER_POSTS_COUNT,
					.when = SOCIAL_POSTS_POSITION}},
		.counters = &social_counters[SOCIAL_POST_COUNTERS],
		.notice = {.type = SOCIAL_NOTIFY_REPOST,
				   .actor = SOCIAL_POSTS_AUTHOR_ID,
				   .post = SOCIAL_POSTS_QUOTED_POST_ID,
				   .quote = SOCIAL_POSTS_ID,
				   .when = SOCIAL_POSTS_POSITION},
		.trend = {.weight = 1.0,
				  .post = SOCIAL_POSTS_ID,
				  .at = SOCIAL_POSTS_CREATED_AT,
				  .when = SOCIAL_POSTS_POSITION},
		.position = {.of = SOCIAL_POSITION_OF_POST,
					 .person = SOCIAL_POSTS_AUTHOR_ID,
					 .position = SOCIAL_POSTS_POSITION},
		.event = SOCIAL_EVENT_OF_POST,
	},
	{
		.table = "post_views",
		/* A view goes on counting when retention removes its row. */
		.only_new = true,
		.counts = {{.object = SOCIAL_POST_VIEWS_POST_ID,
					.counter = SOCIAL_POST_COUNTERS,
					.count = SOCIAL_POST_VIEWS_COUNT}},
		.trend = {.weight = 0.1,
				  .post = SOCIAL_POST_VIEWS_POST_ID,
				  .at = SOCIAL_POST_VIEWS_CREATED_AT,
				  .actor = SOCIAL_POST_VIEWS_USER_ID,
				  .once = SOCIAL_POST_VIEWS_VIEWER_KEY},
	},
	{
		/* post_link.c, which writes most of them, fires no trigger and counts them itself. */
		.table = "post_hashtags",
		.counts = {{.object = SOCIAL_POST_HASHTAGS_HASHTAG_ID,
					.counter = SOCIAL_HASHTAG_COUNTERS,
					.count = SOCIAL_HASHTAG_POSTS_COUNT,
					.when = SOCIAL_POST_HASHTAGS_IS_PUBLIC}},
	},
	{
		.table = "sport_follows",
		.counts = {{.object = SOCIAL_SPORT_FOLLOWS_SUBJECT_ID,
					.counter = SOCIAL_SUBJECT_COUNTERS,
					.count = SOCIAL_SUBJECT_FOLLOWERS_COUNT,
					.when = SOCIAL_SPORT_FOLLOWS_IS_COUNTED}},
		.recounts = {{.flag = SOCIAL_SPORT_FOLLOWS_IS_COUNTED,
					  .person = SOCIAL_SPORT_FOLLOWS_USER_ID,
					  .place = SOCIAL_SPORT_FOLLOWS_CREATED_AT}},
	},
	{
		.table = "sport_subjects",
		.counters = &social_counters[SOCIAL_SUBJECT_COUNTERS],
	},
	{
		.table = "follow_requests",
		.notice = {.type = SOCIAL_NOTIFY_FOLLOW_REQUEST,
				   .actor = SOCIAL_FOLLOW_REQUESTS_REQUESTER_ID,
				   .recipient = SOCIAL_FOLLOW_REQUESTS_TARGET_ID,
				   .undo = true},
	},
	{
		.table = "hashtags",
		.counters = &social_counters[SOCIAL_HASHTAG_COUNTERS],
	},
	{
		.table = "users",
		.counters = &social_counters[SOCIAL_USER_COUNTERS],
		.position = {.of = SOCIAL_POSITION_OF_NEW_PERSON, .person = SOCIAL_USERS_ID},
		.event = SOCIAL_EVENT_OF_USER,
	},
	{
		.table = "blocks",
		.event = SOCIAL_EVENT_OF_BLOCK,
	},
	{
		.table = "mutes",
		.event = SOCIAL_EVENT_OF_MUTE,
	},
	{
		.table = "profiles",
		.event = SOCIAL_EVENT_OF_PROFILE,
	},
	{
		.table = "user_sessions",
		.event = SOCIAL_EVENT_OF_SESSION,
	},
	{
		.table = "notifications",
		.event = SOCIAL_EVENT_OF_NOTIFICATION,
	},
	{
		.table = "media",
		.event = SOCIAL_EVENT_OF_MEDIA,
	},
	{
		.table = "streams",
		.event = SOCIAL_EVENT_OF_STREAM,
	},
	{
		.table = "stream_views",
		.event = SOCIAL_EVENT_OF_VIEW,
	},
	{
		.table = "stream_chat_messages",
		.event = SOCIAL_EVENT_OF_CHAT,
	},
	{
		.table = "stream_bans",
		.event = SOCIAL_EVENT_OF_BAN,
	},
	{
		.table = "stream_invitations",
		.event = SOCIAL_EVENT_OF_INVITATION,
	},
	{
		.table = "exports",
		.event = SOCIAL_EVENT_OF_EXPORT,
	},
};

/* ---- triggers ------------------------------------------------------------------------------- */

static const struct social_observed *
observed_table(const char *name)
{
	for (int i = 0; i < lengthof(registry); i++)
	{
		if (strcmp(registry[i].table, name) == 0)
			return &registry[i];
	}
	return NULL;
}

/* Notes what the old and the new version of a row mean; NULL: it is new, or gone. */
static void
note_row(const struct social_observed *observed, Relation table, HeapTuple before, HeapTuple after)
{
	TupleDesc columns = RelationGetDescr(table);

	for (int i = 0; i < lengthof(observed->counts) && observed->counts[i].object != 0; i++)
		social_counted_row(&observed->counts[i], columns, before, after);
	if (observed->counters != NULL)
		social_counter_object_row(observed->counters, columns, before, after);
	if (observed->notice.actor != 0)
		social_notify_row(&observed->notice, columns, before, after);
	if (observed->trend.post != 0)
		social_trend_row(&observed->trend, table, before, after);
	if (observed->position.of != SOCIAL_POSITION_OF_NOTHING)
		social_last_position_row(&observed->position, columns, before, after);
	for (int i = 0; i < lengthof(observed->recounts) && observed->recounts[i].flag != 0; i++)
		social_recount_row(&observed->recounts[i], columns, before, after);
	social_event_row(observed->event, columns, before, after);
}

/* count_row(): row trigger of every observed table. */
Datum
social_count_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	const struct social_observed *observed;
	HeapTuple before = TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? NULL : trigger->tg_trigtuple;
	HeapTuple after = TRIGGER_FIRED_BY_INSERT(trigger->tg_event)   ? trigger->tg_trigtuple
					  : TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple
																   : NULL;

	if (social_restoring())
		return PointerGetDatum(NULL);
	observed = observed_table(RelationGetRelationName(trigger->tg_relation));
	if (observed != NULL && !(observed->only_new && before != NULL))
		note_row(observed, trigger->tg_relation, before, after);
	return PointerGetDatum(NULL);
}

/* count_statement(): statement trigger of every observed table. */
Datum
social_count_statement(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called as a trigger")));
	social_counter_apply();
	social_notify_apply();
	social_trend_apply();
	social_last_position_apply();
	social_recount_apply();
	social_event_apply();
	return PointerGetDatum(NULL);
}

/* The row trigger of post_views in scripts up to 0.4, which still take dumps of theirs in. */
Datum
social_post_view_after(PG_FUNCTION_ARGS)
{
	return social_count_row(fcinfo);
}

/* ---- what SQL reads ------------------------------------------------------------------------- */

/* The name of a column; null for 0. */
static Datum
name_of(const struct social_observed *observed, int column, bool *isnull)
{
	*isnull = column == 0;
	return *isnull ? (Datum) 0
				   : CStringGetTextDatum(
						 get_attname(social_relation_oid(observed->table), column, false));
}

/* The name of its type. */
static Datum
type_of(const struct social_observed *observed, int column)
{
	return CStringGetTextDatum(
		format_type_be(get_atttype(social_relation_oid(observed->table), column)));
}

static Datum
text_or_null(const char *value, bool *isnull)
{
	*isnull = value == NULL;
	return *isnull ? (Datum) 0 : CStringGetTextDatum(value);
}

/* The counts that a table's rows bear on, as table.column. */
static Datum
counts_of(const struct social_observed *observed)
{
	Datum names[lengthof(observed->counts)];
	int count = 0;

	for (; count < lengthof(observed->counts) && observed->counts[count].object != 0; count++)
	{
		const struct social_counted *counted = &observed->counts[count];
		const struct social_counter *counter = &social_counters[counted->counter];

		names[count] = CStringGetTextDatum(
			psprintf("%s.%s", counter->table, counter->columns[counted->count]));
	}
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The flags of a table that follow people. */
static Datum
flags_of(const struct social_observed *observed)
{
	Datum names[lengthof(observed->recounts)];
	int count = 0;
	bool isnull;

	for (; count < lengthof(observed->recounts) && observed->recounts[count].flag != 0; count++)
		names[count] = name_of(observed, observed->recounts[count].flag, &isnull);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* observed_tables(): the registry, a row for each table. */
Datum
social_observed_tables(PG_FUNCTION_ARGS)
{
	static const char *const positions[] = {[SOCIAL_POSITION_OF_POST] = "post",
											[SOCIAL_POSITION_OF_REPOST] = "repost",
											[SOCIAL_POSITION_OF_NEW_PERSON] = "new person"};
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(registry); i++)
	{
		const struct social_observed *observed = &registry[i];
		Datum values[9];
		bool isnull[lengthof(values)] = {false};

		values[0] = CStringGetTextDatum(observed->table);
		values[1] =
			CStringGetTextDatum(observed->only_new ? "INSERT" : "INSERT OR UPDATE OR DELETE");
		values[2] = counts_of(observed);
		values[3] =
			text_or_null(observed->counters == NULL ? NULL : observed->counters->table, &isnull[3]);
		values[4] = text_or_null(
			observed->notice.actor == 0 ? NULL : social_notification_types[observed->notice.type],
			&isnull[4]);
		values[5] = Float8GetDatum(observed->trend.weight);
		isnull[5] = observed->trend.post == 0;
		values[6] = text_or_null(positions[observed->position.of], &isnull[6]);
		values[7] = flags_of(observed);
		values[8] = text_or_null(social_event_sources[observed->event], &isnull[8]);
		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/* counted_columns(): what reconcile compares; counts that outlive their rows are not among it. */
Datum
social_counted_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(registry); i++)
	{
		const struct social_observed *observed = &registry[i];

		for (int j = 0; j < lengthof(observed->counts) && observed->counts[j].object != 0; j++)
		{
			const struct social_counted *counted = &observed->counts[j];
			const struct social_counter *counter = &social_counters[counted->counter];
			Datum values[8];
			bool isnull[lengthof(values)] = {false};

			if (observed->only_new)
				continue;
			values[0] = CStringGetTextDatum(counter->table);
			values[1] = CStringGetTextDatum(counter->columns[counted->count]);
			values[2] = CStringGetTextDatum(counter->key);
			values[3] = CStringGetTextDatum(counter->deltas);
			values[4] = CStringGetTextDatum(counter->objects);
			values[5] = CStringGetTextDatum(observed->table);
			values[6] = name_of(observed, counted->object, &isnull[6]);
			values[7] = name_of(observed, counted->when, &isnull[7]);
			tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
		}
	}
	return (Datum) 0;
}

/* trend_sources(): what rebuild_trends reads. */
Datum
social_trend_sources(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(registry); i++)
	{
		const struct social_observed *observed = &registry[i];
		const struct social_trend_source *source = &observed->trend;
		Datum values[6];
		bool isnull[lengthof(values)] = {false};

		if (source->post == 0)
			continue;
		values[0] = CStringGetTextDatum(observed->table);
		values[1] = name_of(observed, source->post, &isnull[1]);
		values[2] = name_of(observed, source->when, &isnull[2]);
		values[3] = Float8GetDatum(source->weight);
		values[4] = name_of(observed, source->actor, &isnull[4]);
		values[5] = name_of(observed, source->once, &isnull[5]);
		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/* recount_sources(): what the sweep goes through. */
Datum
social_recount_sources(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;
	int step = 0;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(registry); i++)
	{
		const struct social_observed *observed = &registry[i];

		for (int j = 0; j < lengthof(observed->recounts) && observed->recounts[j].flag != 0; j++)
		{
			const struct social_recounted *recounted = &observed->recounts[j];
			Datum values[6];
			bool isnull[lengthof(values)] = {false};

			values[0] = Int32GetDatum(++step);
			values[1] = CStringGetTextDatum(observed->table);
			values[2] = name_of(observed, recounted->flag, &isnull[2]);
			values[3] = name_of(observed, recounted->person, &isnull[3]);
			values[4] = name_of(observed, recounted->place, &isnull[4]);
			values[5] = type_of(observed, recounted->place);
			tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
		}
	}
	return (Datum) 0;
}
