/*
 * routes.c owns the tables of routes: a file of rows for each domain (mission 1-49).
 *
 *   SB_ROUTE(group, method, path, name, auth, ...)              parameters in, statements, JSON out
 *   SB_HANDLER(group, method, path, name, auth, function, ...)  code of its own, in api/
 *   SB_ACT(group, method, path, name, parameters, ...)          what somebody does: REQUIRED, WRITE
 *   SB_LIST(group, path, name, auth, list, item, shape, ...)    a GET of pages (api/page.h)
 *   SB_LIST_OF(group, path, name, auth, lane, parameters, list, item, shape, ...)    of something:
 *                                                               $4 and on are these parameters
 *   SB_LIST_ONWARD(…)                                           likewise, where pages go one way:
 *                                                               $3 and on
 *     list        a list function of SB_PAGE_ARGUMENTS, or SB_PAGE_ONWARD_ARGUMENTS
 *     item        the JSON of one of its rows, l; its shape
 *     group       a row of `groups`: the path is served below each of its bases
 *     path        {name} stands for an id, digits only; served with and without the last slash
 *     name        of the row, for people; unique with its method
 *     auth        NONE      the Authorization header is not looked at
 *                 OPTIONAL  anonymous or a good token
 *                 CONTENT   a good token, or anonymous with ANONYMOUS_READ=on (mission I-12)
 *                 REQUIRED  a good token
 *                 STAFF     a good token of staff; nothing on ADMIN_PORT
 *                 ADMIN     nothing, on ADMIN_PORT alone
 *                 INGEST    nothing, on INGEST_PORT alone
 *   and behind them, what the row has of:
 *     summary     a sentence for documents
 *     action      what the request counts as, for its rate limits: "[surface/]action", where
 *                 surface is rest unless said. ":member" may follow, the text of the JSON body that
 *                 names an account ("auth/login:username"), or "?member", the text without which
 *                 the request does not count as the action ("auth/credential?current_password").
 *                 None: only what holds for every request. SELECT * FROM social.rate_limit_policy
 *                 lists surfaces and actions
 *     lane        READ (if not said), SLOW_READ (transactions are READ ONLY), WRITE, SLOW
 *                 (pg/pool.h)
 *     status      of success; 200 if not said
 *     location    path of the created object, %s = the id that call returned; "%s/" is below the
 *                 path of the request
 *     also        a whole path that serves the same
 *     parameters  of the first statement (see http/params.h)
 *     takes       what a handler reads by itself, as a shape: of the query in a GET, else the body
 *     call        statement that acts and leaves the id for select
 *     select      statement that returns one row with one column, the JSON of the answer; no row
 *                 means 404. Where the statement may refuse without raising, the columns
 *                 error_code, error_message and error_detail follow (see error/errors.h); where
 *                 it can be written with If-Match, the column version (see api/version.h)
 *     guard       what it writes, "post", "comment" or "account": If-Match and If-None-Match hold
 *                 its version against what the client has read
 *     cache       strangers' answers are kept in Redis, as long as this kind of them (CACHE,
 *                 cache/cache.h): for what costs the database more than that costs (bench/cache.pl)
 *     answer      the shape of that JSON (see api/shapes.h)
 *     answer_type its media type, where it is not JSON
 *     errors      statuses of its own ("404 409"), with a shape where the body is not the usual
 *                 one ("503:Health"); what follows from the other members (401 where a token may
 *                 be asked for, 404 where an id is in the path) is not said
 *     has_query_token   true: with WS_QUERY_TOKEN the token may stand in the address (?token=)
 *     is_hidden   true: for browsers or operators, in no document for programs
 */
#include "api/routes.h"

#include <stdlib.h>

#include "api/api.h"
#include "api/describe.h"
#include "api/page.h"
#include "api/scope.h"
#include "api/version.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/router.h"
#include "media/media.h"
#include "pg/pool.h"
#include "sse/door.h"
#include "ws/door.h"

enum group
{
	ACCOUNT,
	USER,
	RELATION,
	POST,
	COMMENT,
	REACTION,
	SHARE,
	MEDIA,
	STREAM,
	FEED,
	HASHTAG,
	SEARCH,
	SPORT,
	WEBHOOK,
	NOTIFICATION,
	MODERATION,
	SYSTEM,
	EVENT,
	SOCKET,
	ADMIN,
	INGEST
};

static const struct sb_route_group groups[] = {
	[ACCOUNT] = {"account",
				 {"/api/auth/", "/api/accounts/"},
				 "The own account: registering, logging in, sessions, passwords, one-time codes."},
	[USER] = {"user", {"/api/accounts/users/"}, "People and their profiles, and following them."},
	[RELATION] = {"relation",
				  {"/api/accounts/users/"},
				  "Who follows whom, requests to follow, blocks and mutes."},
	[POST] = {"post", {"/api/posts/"}, "Posts, from the draft to the history."},
	[COMMENT] = {"comment", {"/api/posts/posts/{post_id}/"}, "Comments and their threads."},
	[REACTION] = {"reaction", {"/api/posts/posts/"}, "Likes of posts and comments."},
	[SHARE] = {"share", {"/api/posts/"}, "Reposts, shares, bookmarks and views."},
	[MEDIA] = {"media",
			   {"/api/media/", "/api/posts/media/"},
			   "Files that people send: pictures and films."},
	[STREAM] = {"stream", {"/api/posts/live/"}, "Live streams, and what is said there."},
	[FEED] = {"feed", {"/api/posts/"}, "The home feed."},
	[HASHTAG] = {"hashtag", {"/api/posts/hashtags/"}, "Hashtags, and what trends."},
	[SEARCH] = {"search", {"/api/posts/search/"}, "Search for posts, people and hashtags."},
	[SPORT] = {"sport", {"/api/sports/"}, "Leagues, teams and athletes."},
	[WEBHOOK] = {"webhook",
				 {"/api/accounts/webhooks/"},
				 "Addresses that are told by HTTP what happens (Standard Webhooks)."},
	[NOTIFICATION] = {"notification",
					  {"/api/notifications/"},
					  "What people are told, and what they want to be told."},
	[MODERATION] = {"moderation",
					{"/api/moderation/"},
					"Reports and what staff do about them, content rules, the audit log."},
	[SYSTEM] = {"system", {"/"}, "What the service says of itself, and GraphQL."},
	[EVENT] = {"event", {"/api/events/"}, "What happens, as it happens."},
	[SOCKET] = {"socket", {"/ws/"}, "WebSockets."},
	[ADMIN] = {"admin", {"/"}, "For operators, on a port of their own."},
	[INGEST] = {"ingest", {"/ingest/"}, "For an ingest server, on a port of its own."},
};

#define SB_ROUTE(row_group, row_method, row_path, row_name, row_auth, ...)                         \
	SB_HANDLER(row_group, row_method, row_path, row_name, row_auth, sb_api_rest, __VA_ARGS__)
#define SB_HANDLER(row_group, row_method, row_path, row_name, row_auth, function, ...)             \
	{.group = &groups[row_group],                                                                  \
	 .method = SB_##row_method,                                                                    \
	 .path = row_path,                                                                             \
	 .name = row_name,                                                                             \
	 .auth = SB_AUTH_##row_auth,                                                                   \
	 .handler = function,                                                                          \
	 __VA_ARGS__},
#define SB_ACT(row_group, row_method, row_path, row_name, row_parameters, ...)                     \
	SB_ROUTE(row_group, row_method, row_path, row_name, REQUIRED, .lane = SB_LANE_WRITE,           \
			 .parameters = row_parameters, __VA_ARGS__)
#define SB_LIST(row_group, row_path, row_name, row_auth, list, item, shape, ...)                   \
	SB_LIST_OF(row_group, row_path, row_name, row_auth, READ, "", list, item, shape, __VA_ARGS__)
#define SB_LIST_OF(row_group, row_path, row_name, row_auth, row_lane, more, list, item, shape,     \
				   ...)                                                                            \
	SB_ROUTE(row_group, GET, row_path, row_name, row_auth, .lane = SB_LANE_##row_lane,             \
			 .parameters = SB_PAGE_PARAMETERS " " more, .select = SB_PAGE_BOTH_WAYS(list, item),   \
			 .answer = SB_PAGE_ANSWER(shape), __VA_ARGS__)
#define SB_LIST_ONWARD(row_group, row_path, row_name, row_auth, row_lane, more, list, item, shape, \
					   ...)                                                                        \
	SB_ROUTE(row_group, GET, row_path, row_name, row_auth, .lane = SB_LANE_##row_lane,             \
			 .parameters = SB_PAGE_ONWARD_PARAMETERS " " more,                                     \
			 .select = SB_PAGE_ONWARD(list " WITH ORDINALITY l", item, "NULL::json"),              \
			 .answer = SB_PAGE_ANSWER(shape), __VA_ARGS__)
#define SB_WEB_FILE(row_path, row_name)                                                            \
	SB_HANDLER(SYSTEM, GET, row_path row_name, row_name, NONE, sb_api_web_file,                    \
			   .summary = "A file of a page for browsers.", .is_hidden = true, .answer = "json",   \
			   .errors = "404")
#define SB_WEB_OWN(path, symbol, name, type)   SB_WEB_FILE(path, name)
#define SB_WEB_NPM(path, name, type, npm_path) SB_WEB_FILE(path, name)

/* What the statements of several rows say alike. */
#define THE_POST                                                                                   \
	SB_VERSIONED("social.post_version(social.result_id())",                                        \
				 "SELECT d FROM social.post_document(social.result_id()) d WHERE d IS NOT NULL")
#define THE_COMMENT                                                                                \
	SB_VERSIONED(                                                                                  \
		"social.comment_version(social.result_id())",                                              \
		"SELECT d FROM social.comment_document(social.result_id()) d WHERE d IS NOT NULL")
#define THE_MEDIA "SELECT d FROM social.media_json(social.result_id()) d WHERE d IS NOT NULL"
#define THE_STREAM                                                                                 \
	"SELECT social.stream_json(v) FROM social.visible_streams v WHERE v.id = social.result_id()"
#define THE_STREAM_KEY                                                                             \
	"SELECT social.stream_key_json(c.stream, c.stream_key, c.rtmp_url), NULL AS error_code, NULL " \
	"AS error_message, NULL AS error_detail FROM "
#define THE_WEBHOOK                                                                                \
	"SELECT social.webhook_json(v) FROM social.visible_webhooks v WHERE v.id = social.result_id()"
#define THE_WEBHOOK_SECRET                                                                         \
	"SELECT social.webhook_secret_json(c.webhook, c.webhook_secret), NULL AS error_code, NULL AS " \
	"error_message, NULL AS error_detail FROM "
#define WEBHOOK_DELIVERY_OF_ROW                                                                    \
	"(SELECT row_to_json(r) FROM (SELECT l.id, l.message_id, l.event_id, l.type, l.at, l.state, "  \
	"l.attempts, l.first_attempt_at, l.finished_at, l.created_at) r)"
#define THE_WEBHOOK_DELIVERY                                                                       \
	"SELECT " WEBHOOK_DELIVERY_OF_ROW                                                              \
	" FROM social.visible_webhook_deliveries l WHERE l.id = social.result_id()"
#define THE_CHAT_MESSAGE                                                                           \
	"SELECT d FROM social.chat_message_json(social.result_id()) d WHERE d IS NOT NULL"
#define STREAM_OF_ROW                                                                              \
	"(SELECT social.stream_json(v) FROM social.visible_streams v WHERE v.id = l.id)"
#define RECORDING_OF_ROW                                                                           \
	"(SELECT social.stream_recording_json(v) FROM social.visible_streams v WHERE v.id = l.id)"
#define STREAM_CHANGES                                                                             \
	"path.id:bigint body.title:text- body.description:text~ body.scheduled_at:time~ "              \
	"body.thumbnail_url:text~ body.tags:text~ body.is_private:bool- body.is_open:bool- "           \
	"body.allowed_users:bigints- body.subjects:bigints-"
#define UPDATE_STREAM                                                                              \
	"SELECT social.set_result_id(social.update_stream(stream_id => $1, title => $2, description "  \
	"=> $3, scheduled_at => $4, thumbnail_url => $5, tags => $6, is_private => $7, is_open => "    \
	"$8, "                                                                                         \
	"allowed_users => $9, subject_ids => $10))"
#define THE_REPORT                                                                                 \
	"SELECT row_to_json(r) FROM social.visible_reports r WHERE r.id = social.result_id()"
#define POST_OF_ROW "social.post_document(l.id)"
#define PERSON_OF_ROW                                                                              \
	"(SELECT row_to_json(p) FROM (SELECT l.id, l.username, l.first_name, l.last_name, l.avatar, "  \
	"l.avatar AS profile_image, social.picture_url(l.avatar) AS avatar_url, l.created_at) p)"
#define USER_OF_ROW                                                                                \
	"social.user_json((l.id, l.username, l.first_name, l.last_name, l.bio, l.avatar, "             \
	"l.banner_image, l.location, l.website, l.followers_count, l.following_count, "                \
	"l.posts_count, l.created_at, l.is_locked)::social.visible_users)"
#define HASHTAG_OF_ROW                                                                             \
	"(SELECT row_to_json(h) FROM (SELECT l.tag, l.display, l.post_count, l.created_at) h)"
#define REACTION_OF_ROW "(SELECT row_to_json(k) FROM (SELECT l.reaction, l.count, l.is_exact) k)"
#define LIKER_OF_ROW                                                                               \
	"(SELECT row_to_json(k) FROM (SELECT social.person_document(l.user_id) AS \"user\", "          \
	"l.reaction, l.created_at) k)"
/* A league, team or athlete with all that is known, and what providers call it. */
#define THE_SUBJECT(view, condition)                                                               \
	"SELECT row_to_json(r) FROM (SELECT v.*, (SELECT coalesce(json_agg(row_to_json(x) ORDER BY "   \
	"x.provider, x.external_id), '[]') FROM (SELECT e.provider, e.external_id FROM "               \
	"social.visible_sport_external_ids e WHERE e.subject_id = v.id) x) AS external_ids, "          \
	"coalesce((SELECT true FROM social.own_sport_follows o WHERE o.subject_id = v.id), false) AS " \
	"is_following FROM "                                                                           \
	"social." view " v WHERE " condition ") r"
/* What a post is about. */
#define POST_SUBJECTS(id)                                                                          \
	"SELECT json_build_object('results', (SELECT coalesce(json_agg(row_to_json(s) ORDER BY "       \
	"s.id), "                                                                                      \
	"'[]') FROM (SELECT v.id, v.kind, v.slug, v.name, v.sport, v.followers_count FROM "            \
	"social.visible_post_subjects v WHERE v.post_id = " id ") s)) FROM social.seen_post(" id ")"
/* Whether the viewer follows a league, team or athlete, and how many do. */
#define SUBJECT_FOLLOW                                                                             \
	"SELECT row_to_json(r) FROM (SELECT v.id, coalesce((SELECT true FROM "                         \
	"social.own_sport_follows o WHERE o.subject_id = v.id), false) AS following, "                 \
	"v.followers_count FROM social.visible_sport_subjects v WHERE v.id = social.result_id()) r"
/* What providers call a league, team or athlete. */
#define SUBJECT_EXTERNAL_IDS                                                                       \
	"SELECT row_to_json(r) FROM (SELECT v.id, (SELECT coalesce(json_agg(row_to_json(x) ORDER BY "  \
	"x.provider, x.external_id), '[]') FROM (SELECT e.provider, e.external_id FROM "               \
	"social.visible_sport_external_ids e WHERE e.subject_id = v.id) x) AS external_ids FROM "      \
	"social.visible_sport_subjects v WHERE v.id = social.result_id()) r"
/* All rows of a function at once. */
#define ALL_OF(rows, item)                                                                         \
	"SELECT json_build_object('results', coalesce(json_agg(" item " ORDER BY l.ordinality), "      \
	"'[]')) FROM " rows " WITH ORDINALITY l"

static const struct sb_route rows[] = {
#include "api/account.def"
#include "api/admin.def"
#include "api/api_key.def"
#include "api/comment.def"
#include "api/consent.def"
#include "api/event.def"
#include "api/feed.def"
#include "api/hashtag.def"
#include "api/ingest.def"
#include "api/media.def"
#include "api/mention.def"
#include "api/moderation.def"
#include "api/notification.def"
#include "api/outgoing_webhook.def"
#include "api/post.def"
#include "api/reaction.def"
#include "api/relation.def"
#include "api/search.def"
#include "api/security.def"
#include "api/share.def"
#include "api/socket.def"
#include "api/sport.def"
#include "api/stream.def"
#include "api/system.def"
#include "api/user.def"
#include "api/web.def"
#include "api/webhook.def"
};

bool
sb_routes_init(void)
{
	return sb_router_init(rows, (int) (sizeof(rows) / sizeof(rows[0])), sb_scope_of_route) &&
		   sb_describe_check();
}

/* ---- what the database says to the statements ------------------------------------------------ */

struct review
{
	struct sb_pg_unit unit;
	char *statements;
	const char *values[1];
};

static void
on_reviewed(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct review *review = (struct review *) unit;

	if (outcome == SB_PG_ERROR)
		sb_log(SB_LOG_ERROR, "the routes could not be checked: is the extension of this version?",
			   "error", PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	for (int i = 0; outcome == SB_PG_OK && i < PQntuples(unit->results[0]); i++)
	{
		sb_log_begin(SB_LOG_ERROR, "a route does not fit the database");
		sb_log_text("route", PQgetvalue(unit->results[0], i, 0));
		sb_log_text("error", PQgetvalue(unit->results[0], i, 1));
		sb_log_end();
	}
	sb_pg_unit_clear(unit);
	free(review->statements);
	free(review);
}

void
sb_routes_review(struct sb_pg_pool *pool)
{
	static const char sql[] = "SELECT name, problem FROM social.statement_problems($1)";
	struct review *review = sb_calloc(1, sizeof(*review));

	review->statements = sb_describe_statements();
	review->values[0] = review->statements;
	review->unit.on_done = on_reviewed;
	sb_pg_unit_add(&review->unit, sb_pg_statement_id(sql), sql, 1, review->values);
	if (sb_pg_pool_submit(pool, SB_LANE_SLOW_READ, &review->unit))
		return;
	free(review->statements);
	free(review);
}
