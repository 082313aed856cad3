-- event.sql proves the event log: which events people's acts are, their numbers, who hears of them
-- (mission 3.2, P-01, P-18; design D7).
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_author'), ('tap_reader'), ('tap_other');
SELECT id AS author FROM social.users WHERE username = 'tap_author' \gset
SELECT id AS reader FROM social.users WHERE username = 'tap_reader' \gset
SELECT id AS other FROM social.users WHERE username = 'tap_other' \gset

-- The worker numbers, too, what other tests do: this transaction has its turn, and looks at its own people's.
SELECT social.hold_task('events', true) AS held \gset
SELECT social.event_position() AS start \gset
CREATE TEMPORARY TABLE seen (id bigint);
CREATE FUNCTION pg_temp.told() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	before bigint := social.event_position();
BEGIN
	WHILE social.number_events() > 0 LOOP END LOOP;
	WHILE social.number_counts() > 0 LOOP END LOOP;
	RETURN QUERY
	SELECT concat_ws(' ', e.type, a.username, 'post ' || p.title, 'comment ' || c.content, 'for ' || r.username,
		CASE WHEN e.type ~ '^(follow|relation)' THEN 'with ' || s.username END)
	FROM social.events e
	LEFT JOIN social.users a ON a.id = e.author_id LEFT JOIN social.posts p ON p.id = e.post_id LEFT JOIN social.comments c ON c.id = e.comment_id
	LEFT JOIN social.users r ON r.id = e.recipient_id LEFT JOIN social.users s ON s.id = e.subject_id
	WHERE e.id > before AND (a.username LIKE 'tap\_%' OR r.username LIKE 'tap\_%' OR p.title LIKE 'tap\_%') ORDER BY e.id;
END
$$;
CREATE FUNCTION pg_temp.tells(VARIADIC wanted text[]) RETURNS text LANGUAGE sql AS $$
	SELECT results_eq('SELECT * FROM pg_temp.told()', wanted[2:], wanted[1]);
$$;
SELECT pg_temp.tells('a new account is no event');

-- ---- posts -----------------------------------------------------------------------------------------
SELECT social.act_as(:author) \gset
SELECT social.create_post('tap_one', 'text with #TapTag') AS post \gset
SELECT pg_temp.tells('a post', 'post.created tap_author post tap_one', 'profile.counts tap_author');
SELECT social.update_post(:post, content => 'other text with #TapTag') \gset
SELECT pg_temp.tells('its edit', 'post.edited tap_author post tap_one');
UPDATE social.posts SET search_vector = '' WHERE id = :post;
SELECT pg_temp.tells('bookkeeping is no event');
SELECT social.update_post(:post, visibility => 'followers') \gset
SELECT pg_temp.tells('another audience', 'visibility.changed tap_author post tap_one', 'post.edited tap_author post tap_one');
SELECT social.update_post(:post, visibility => 'public') \gset
SELECT pg_temp.tells('and back', 'visibility.changed tap_author post tap_one', 'post.edited tap_author post tap_one');
SELECT social.delete_post(:post) \gset
SELECT pg_temp.tells('its end', 'visibility.changed tap_author post tap_one', 'post.deleted tap_author post tap_one', 'profile.counts tap_author');
SELECT social.restore_post(:post) \gset
SELECT pg_temp.tells('its return', 'visibility.changed tap_author post tap_one', 'post.restored tap_author post tap_one', 'profile.counts tap_author');
SELECT social.create_post('tap_draft', 'text', is_published => false) AS draft \gset
SELECT pg_temp.tells('a draft is no event');
SELECT social.publish_post(:draft) \gset
SELECT pg_temp.tells('when it is published it is', 'post.created tap_author post tap_draft', 'profile.counts tap_author');
UPDATE social.posts SET hidden_at = now() WHERE id = :draft;
SELECT pg_temp.tells('what staff hide goes', 'visibility.changed tap_author post tap_draft', 'post.deleted tap_author post tap_draft');
UPDATE social.posts SET hidden_at = NULL WHERE id = :draft;
SELECT pg_temp.tells('and comes back', 'visibility.changed tap_author post tap_draft', 'post.restored tap_author post tap_draft');
UPDATE social.posts SET visibility = 'private' WHERE id = :draft;
SELECT count(*) FROM pg_temp.told() \gset
DELETE FROM social.posts WHERE id = :draft;
SELECT pg_temp.tells('of a private post that is gone only its author hears', 'post.deleted tap_author for tap_author', 'profile.counts tap_author');

-- ---- what people do with them ------------------------------------------------------------------------
SELECT social.act_as(:reader) \gset
SELECT social.like_post(:post) \gset
SELECT pg_temp.tells('a like is counted, and tells the author', 'notification.created tap_reader post tap_one for tap_author', 'post.counts post tap_one');
SELECT social.unlike_post(:post) \gset
SELECT pg_temp.tells('taken back', 'notification.read for tap_author', 'post.counts post tap_one');
INSERT INTO social.post_likes (post_id, user_id) SELECT :post, id FROM social.users WHERE username LIKE 'tap\_%';
SELECT count(*) FILTER (WHERE told ~ '^post.counts') AS counted FROM pg_temp.told() told \gset
SELECT is(:counted, 1, 'many likes are one event');

-- Many events of one statement share rows of the outbox, and are numbered as they happened.
INSERT INTO social.users (username) SELECT 'tap_many' || n FROM generate_series(1, 80) n;
SELECT count(*) FROM pg_temp.told() \gset
INSERT INTO social.follows (follower_id, followed_id) SELECT id, :author FROM social.users WHERE username ~ '^tap_many' ORDER BY id;
SELECT results_eq('SELECT type::text COLLATE "default", count(*), sum(coalesce(cardinality(more), 0) / 6 + 1)::bigint FROM social.event_outbox GROUP BY type ORDER BY type',
	$$ VALUES ('follow.created' COLLATE "default", 3::bigint, 80::bigint), ('notification.created', 3::bigint, 80::bigint) $$, 'P-02: eighty events of a kind are three rows');
SELECT is((SELECT value FROM social.metrics() WHERE name = 'social_events_waiting'), 160::double precision, 'and wait as eighty');
SELECT social.event_position() AS many \gset
SELECT is(social.number_events(10), 33::bigint, 'what shares a row is numbered with it');
SELECT is(social.number_events(40), 47::bigint, 'a batch ends with the row that it is full in');
SELECT is(social.number_events() + social.number_events(), 80::bigint, 'the rest follows');
SELECT results_eq(format('SELECT author_id, recipient_id, subject_id FROM social.events WHERE id > %s AND type = %L ORDER BY id', :many, 'follow.created'),
	format('SELECT id, NULL::bigint, %s::bigint FROM social.users WHERE username ~ %L ORDER BY id', :author, '^tap_many'), 'in the order of the statement, with their ids');
SELECT results_eq(format('SELECT subject_id FROM social.events WHERE id > %s AND type = %L ORDER BY id', :many, 'notification.created'),
	format('SELECT n.id FROM social.notifications n JOIN social.users u ON u.id = n.actor_id WHERE n.recipient_id = %s AND u.username ~ %L ORDER BY n.id', :author, '^tap_many'), 'and each tells of its own row');
SELECT is((SELECT count(DISTINCT e.author_id) FROM social.events e JOIN social.users u ON u.id = e.author_id WHERE e.id > :many AND e.recipient_id = :author AND u.username ~ '^tap_many'), 80::bigint, 'of whoever did it');
INSERT INTO social.follows (follower_id, followed_id) SELECT f.id, o.id FROM social.users f JOIN social.users o ON o.username = 'tap_many1' WHERE f.username ~ '^tap_many' AND f.id <> o.id;
SELECT is((SELECT count(*) FROM social.users u WHERE u.username ~ '^tap_many' AND NOT EXISTS (SELECT FROM social.user_footprint(u.id) f WHERE f.place ~ '^event_outbox')), 0::bigint, 'seed 166: whoever is in the outbox is found there');
DELETE FROM social.users WHERE username ~ '^tap_many';
SELECT count(*) FROM pg_temp.told() \gset
SELECT social.create_comment(:post, 'tap_comment') AS comment \gset
SELECT pg_temp.tells('a comment', 'comment.created tap_reader post tap_one comment tap_comment', 'notification.created tap_reader post tap_one comment tap_comment for tap_author', 'post.counts post tap_one');
SELECT social.update_comment(:comment, 'tap_comment 2') \gset
SELECT pg_temp.tells('its edit', 'comment.edited tap_reader post tap_one comment tap_comment 2');
SELECT social.act_as(:other) \gset
SELECT social.like_comment(:comment) \gset
SELECT pg_temp.tells('its like', 'notification.created tap_other post tap_one comment tap_comment 2 for tap_reader', 'comment.counts post tap_one comment tap_comment 2');
SELECT social.act_as(:reader) \gset
SELECT social.delete_comment(:comment) \gset
SELECT is((SELECT count(*) FROM pg_temp.told() t WHERE t ~ '^comment.deleted tap_reader post tap_one'), 1::bigint, 'its end');
SELECT social.repost_post(:post) \gset
SELECT pg_temp.tells('a repost', 'repost.created tap_reader post tap_one', 'notification.created tap_reader post tap_one for tap_author', 'post.counts post tap_one');
SELECT social.unrepost_post(:post) \gset
SELECT pg_temp.tells('taken back', 'repost.deleted tap_reader post tap_one', 'notification.read for tap_author', 'post.counts post tap_one');

-- ---- people ------------------------------------------------------------------------------------------
SELECT social.follow_user(:author) \gset
SELECT pg_temp.tells('a follow', 'follow.created tap_reader with tap_author', 'notification.created tap_reader for tap_author', 'profile.counts tap_author', 'profile.counts tap_reader');
SELECT social.unfollow_user(:author) \gset
SELECT pg_temp.tells('its end', 'follow.deleted tap_reader with tap_author', 'notification.read for tap_author', 'profile.counts tap_author', 'profile.counts tap_reader');
SELECT social.mute_user(:author) \gset
SELECT pg_temp.tells('a mute', 'relation.changed tap_reader with tap_author');
SELECT social.unmute_user(:author) \gset
SELECT pg_temp.tells('its end', 'relation.changed tap_reader with tap_author');
SELECT social.block_user(:other) \gset
SELECT is((SELECT count(*) FROM pg_temp.told() t WHERE t = 'relation.changed tap_reader with tap_other'), 1::bigint, 'a block');
SELECT social.unblock_user(:other) \gset
SELECT pg_temp.tells('its end', 'relation.changed tap_reader with tap_other');
SELECT count(*) FROM social.update_profile(first_name => 'Rea', bio => 'reads') \gset
SELECT is((SELECT count(*) FROM pg_temp.told() t WHERE t = 'profile.edited tap_reader'), 2::bigint, 'a profile: the account and what stands beside it');
SELECT social.act_as(:author) \gset
SELECT social.mark_all_notifications_read() \gset
SELECT pg_temp.tells('reading all of what one was told is one event', 'notification.read for tap_author');
UPDATE social.users SET suspended_at = now() WHERE id = :other;
SELECT is((SELECT count(*) FROM pg_temp.told() t WHERE t = 'visibility.changed tap_other'), 1::bigint, 'a suspension');
UPDATE social.users SET suspended_at = NULL, last_login_at = now() WHERE id = :other;
SELECT is((SELECT count(*) FROM pg_temp.told() t WHERE t = 'visibility.changed tap_other'), 1::bigint, 'its end, but no login');
INSERT INTO social.user_sessions (user_id, family_secret, expires_at) VALUES (:other, '', now() + interval '1 day') RETURNING id AS session \gset
UPDATE social.user_sessions SET last_seen_at = now() WHERE id = :session;
SELECT social.end_session_ids(ARRAY[:session::bigint], 'test') \gset
SELECT pg_temp.tells('a session ends', 'session.ended tap_other for tap_other');
SELECT is((SELECT e.subject_id FROM social.events e WHERE e.type = 'session.ended' ORDER BY e.id DESC LIMIT 1), :session::bigint, 'and is named');
SELECT social.system_notification(:other, 'maintenance') \gset
SELECT pg_temp.tells('the operator tells something', 'notification.created for tap_other');

-- ---- what a viewer gets ----------------------------------------------------------------------------------
INSERT INTO social.users (username, is_active) VALUES ('tap_follower', true), ('tap_blocked', true), ('tap_muter', true), ('tap_stranger', true), ('tap_suspended', true);
CREATE TEMPORARY TABLE people AS SELECT id, substr(username, 5) AS name FROM social.users WHERE username LIKE 'tap\_%' UNION ALL SELECT 0, 'nobody';
INSERT INTO social.follows (follower_id, followed_id) SELECT id, :author FROM people WHERE name IN ('follower', 'muter');
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT :author, id FROM people WHERE name = 'blocked';
INSERT INTO social.mutes (muter_id, muted_id) SELECT id, :author FROM people WHERE name = 'muter';
UPDATE social.users SET suspended_at = now() WHERE username = 'tap_suspended';
SELECT count(*) FROM pg_temp.told() \gset
-- Who gets what of the newest event of a type about this author: 'name', with + where it stands in their feed.
CREATE FUNCTION pg_temp.get(type text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT p.name || CASE WHEN d.on_feed THEN '+' ELSE '' END
	FROM social.event_payloads(array_fill((SELECT max(e.id) FROM social.events e WHERE e.type = $1 AND (e.author_id IN (SELECT id FROM people) OR e.recipient_id IN (SELECT id FROM people) OR e.post_id IN (SELECT s.id FROM social.posts s WHERE s.author_id IN (SELECT id FROM people)))),
			ARRAY[(SELECT count(*) FROM people)::integer]), (SELECT array_agg(id ORDER BY id) FROM people)) d
	JOIN people p ON p.id = d.viewer_id ORDER BY 1;
$$;
CREATE FUNCTION pg_temp.reaches(type text, VARIADIC wanted text[]) RETURNS text LANGUAGE sql AS $$
	SELECT set_eq(format('SELECT * FROM pg_temp.get(%L)', $1), wanted, $1 || ': ' || array_to_string(wanted, ', '));
$$;
SELECT social.act_as(:author) \gset
SELECT social.create_post('tap_public', 'text') AS public_post \gset
SELECT count(*) FROM pg_temp.told() \gset
SELECT pg_temp.reaches('post.created', 'author+', 'follower+', 'reader', 'other', 'stranger', 'nobody');
SELECT is((SELECT d.payload::text FROM social.events e, social.event_payloads(ARRAY[e.id], ARRAY[:reader]) d WHERE e.type = 'post.created' AND e.post_id = :public_post),
	(SELECT social.post_document(:public_post)::text), 'a post is as REST shows it');
SELECT social.update_post(:public_post, visibility => 'followers') \gset
SELECT pg_temp.reaches('post.created', 'author+', 'follower+');
SELECT count(*) FROM pg_temp.told() \gset
SELECT pg_temp.reaches('post.edited', 'author', 'follower');
SELECT pg_temp.reaches('visibility.changed', VARIADIC '{}');
SELECT social.update_post(:public_post, visibility => 'public') \gset
SELECT social.act_as(:reader) \gset
SELECT social.create_comment(:public_post, 'tap_said') AS said, social.like_post(:public_post), social.repost_post(:public_post) \gset
SELECT count(*) FROM pg_temp.told() \gset
SELECT pg_temp.reaches('comment.created', 'author', 'follower', 'muter', 'reader', 'other', 'stranger', 'nobody');
SELECT pg_temp.reaches('post.counts', 'author', 'follower', 'muter', 'reader', 'other', 'stranger', 'nobody');
SELECT results_eq(format('SELECT d.payload::text FROM social.event_payloads(ARRAY[(SELECT max(id) FROM social.events WHERE type = %L AND post_id = %s)], ARRAY[0::bigint]) d', 'post.counts', :public_post),
	ARRAY[format('{"id":%s,"likes_count":1,"comments_count":1,"reposts_count":1,"views_count":0}', :public_post)], 'counts are those of this moment');
SELECT pg_temp.reaches('repost.created', 'author', 'follower', 'reader+', 'other', 'stranger', 'nobody');
SELECT pg_temp.reaches('notification.created', 'author');
SELECT is((SELECT (d.payload ->> 'unread_count')::bigint > 0 AND d.payload -> 'notification' -> 'actor' ->> 'username' = 'tap_reader' FROM social.events e, social.event_payloads(ARRAY[e.id], ARRAY[:author]) d
	WHERE e.type = 'notification.created' AND e.recipient_id = :author ORDER BY e.id DESC LIMIT 1), true, 'a notification, with how many are unread');
SELECT pg_temp.reaches('follow.created', 'author', 'follower', 'muter', 'reader', 'other', 'stranger', 'nobody');
SELECT pg_temp.reaches('session.ended', 'other');
SELECT pg_temp.reaches('relation.changed', VARIADIC '{}');
SELECT social.delete_comment(:said) \gset
SELECT count(*) FROM pg_temp.told() \gset
SELECT pg_temp.reaches('comment.created', VARIADIC '{}');
SELECT pg_temp.reaches('comment.deleted', 'author', 'follower', 'muter', 'reader', 'other', 'stranger', 'nobody');
SELECT social.act_as(:author) \gset
SELECT social.delete_post(:public_post) \gset
SELECT count(*) FROM pg_temp.told() \gset
SELECT is_empty(format('SELECT d.* FROM social.events e, social.event_payloads(ARRAY[e.id, e.id], ARRAY[%s, %s]) d WHERE e.post_id = %s AND e.type ~ %L', :author, :reader, :public_post, '^(post.created|post.edited|post.counts|comment|repost)'),
	'nothing that was deleted reaches anybody');
SELECT pg_temp.reaches('post.deleted', 'author', 'follower', 'muter', 'reader', 'other', 'stranger', 'nobody');
UPDATE social.users SET suspended_at = now() WHERE id = :author;
SELECT is_empty(format('SELECT d.* FROM social.events e, social.event_payloads(ARRAY[e.id], ARRAY[%s]) d WHERE e.author_id = %s AND e.type IN (%L, %L)', :reader, :author, 'post.created', 'profile.counts'), 'nor what a suspended person did');
UPDATE social.users SET suspended_at = NULL WHERE id = :author;
SELECT is(social.viewer_id(), :author::bigint, 'whoever acts does so afterwards');
SELECT throws_ok($$ SELECT * FROM social.event_payloads('{1,2}', '{1}') $$, 'SM400', NULL, 'pairs have two sides');
SELECT is_empty($$ SELECT * FROM social.event_payloads('{0,-1,9000000000000000,NULL}', '{1,1,1,1}') $$, 'what is no event is nothing');

-- ---- what bridges ask for many viewers --------------------------------------------------------------------
SELECT social.act_as(:author) \gset
SELECT social.create_post('tap_for_many', 'text') AS many_post \gset
SELECT social.act_as(:reader) \gset
SELECT social.like_post(:many_post) \gset
SELECT count(*) FROM pg_temp.told() \gset
SELECT max(id) AS many_event FROM social.events WHERE type = 'post.created' AND post_id = :many_post \gset
INSERT INTO social.user_sessions (user_id, family_secret, expires_at, revoked_at) VALUES (:author, '', now(), now()) RETURNING id AS ended_session \gset
UPDATE social.users SET suspended_at = now() WHERE username = 'tap_suspended';
CREATE FUNCTION pg_temp.results(statement text, viewers bigint[], sessions bigint[], parameters text[] DEFAULT '{}') RETURNS TABLE (n integer, result text, is_refused boolean) LANGUAGE sql AS $$
	SELECT * FROM social.event_results((SELECT max(id) FROM social.events WHERE type = 'post.created' AND author_id IN (SELECT p.id FROM people p WHERE p.name = 'author')), viewers, sessions, statement, parameters) r ORDER BY 1 $$;
SELECT results_eq(format($$ SELECT * FROM pg_temp.results('SELECT json_build_object(''id'', p.id, ''liked'', EXISTS (SELECT FROM social.own_post_likes o WHERE o.post_id = p.id), ''said'', $1, ''none'', $2) FROM social.visible_posts p WHERE p.id = social.event_post_id()',
	ARRAY[%s, %s, NULL, %s, %s], ARRAY[NULL, 0, NULL, NULL, %s], ARRAY['it''s "so", {\\}', NULL]) $$, :author, :reader, (SELECT id FROM people WHERE name = 'blocked'), :author, :ended_session),
	format($$ VALUES (1, '{"id" : %1$s, "liked" : false, "said" : "it''s \"so\", {\\\\}", "none" : null}', false), (2, '{"id" : %1$s, "liked" : true, "said" : "it''s \"so\", {\\\\}", "none" : null}', false),
		(3, '{"id" : %1$s, "liked" : false, "said" : "it''s \"so\", {\\\\}", "none" : null}', false), (4, NULL, false), (5, NULL, true) $$, :many_post), 'a statement answers to each viewer as whom it is run; one who sees nothing has no row; whose session has ended is refused');
SELECT results_eq(format($$ SELECT is_refused FROM pg_temp.results('SELECT 1', ARRAY[%s, 9000000000000], ARRAY[NULL, NULL]::bigint[]) $$, (SELECT id FROM social.users WHERE username = 'tap_suspended')), ARRAY[true, true], 'so is who is suspended, or nobody');
SELECT is(social.viewer_id(), :reader::bigint, 'whoever acts does so afterwards');
SELECT throws_ok($$ SELECT * FROM social.event_results(1, '{1,2}', '{1}', 'SELECT 1', '{}') $$, 'SM400', NULL, 'each viewer has a session');
SELECT throws_ok($$ SELECT * FROM social.event_results(1, '{0}', '{0}', 'SELECT 1; SELECT 2', '{}') $$, 'SM400', NULL, 'it is one statement');
SELECT throws_ok($$ SELECT * FROM social.event_results(1, '{0}', '{0}', 'LISTEN social_event', '{}') $$, 'SM400', NULL, 'that answers rows');
SELECT throws_ok($$ SELECT * FROM social.event_results(1, '{0}', '{0}', 'DELETE FROM social.events RETURNING 1', '{}') $$, '0A000', NULL, 'and reads');
SELECT throws_ok($$ SELECT * FROM social.event_results(1, '{0}', '{0}', 'SELECT r.result FROM generate_series(1, 40) n, social.event_results(1, ''{0}'', ''{0}'', ''SELECT '' || n, ''{}'') r', '{}') $$, 'SM400', NULL, 'and does not call the function itself');
SELECT throws_ok($$ SELECT * FROM social.event_results(1, '{0}', '{0}', '', '{}') $$, 'SM400', NULL, 'nor nothing');
SELECT is((SELECT string_agg(r.result, ',' ORDER BY g) FROM generate_series(1, 80) g, social.event_results(1, '{0}', '{0}', 'SELECT ' || (g % 40), '{}') r), (SELECT string_agg((n % 40)::text, ',' ORDER BY n) FROM generate_series(1, 80) n), 'more statements than are kept, and after an error');
SELECT results_eq(format($$ SELECT * FROM social.event_topics_lost(ARRAY['post:%1$s', 'post:%1$s', 'post:%1$s', 'user:%2$s', 'user:%2$s', 'feed', 'post:9000000000000', 'post:x', 'notifications:1', NULL], ARRAY[%2$s, %3$s, NULL, %3$s, %2$s, %3$s, 0, 0, 0, 0]) $$,
	:many_post, :author, (SELECT id FROM people WHERE name = 'blocked')), ARRAY[2, 4, 7, 8], 'whose topic is lost: what the viewer does not see');
SELECT throws_ok($$ SELECT * FROM social.event_topics_lost('{feed,feed}', '{1}') $$, 'SM400', NULL, 'pairs have two sides');

-- ---- since -----------------------------------------------------------------------------------------------
SELECT social.act_as(:reader) \gset
SELECT social.follow_user(:author) \gset
SELECT set_eq(format($$ SELECT DISTINCT type FROM social.events_since('post:%s', %s, 1000) $$, :post, :start), '{post.created,post.edited,post.restored,post.deleted,post.counts,comment.deleted}'::text[], 'a post''s topic');
SELECT set_eq(format($$ SELECT DISTINCT type FROM social.events_since('user:%s', %s, 1000) $$, :author, :start), '{post.created,post.edited,post.restored,post.deleted,profile.counts,follow.created}'::text[], 'a person''s');
SELECT set_eq(format($$ SELECT DISTINCT type FROM social.events_since('hashtag:TAPtag', %s, 1000) $$, :start), '{post.created,post.restored}'::text[], 'a hashtag''s, however it is spelled');
SELECT cmp_ok((SELECT count(*) FROM social.events_since('feed', :start, 1000) f WHERE f.type = 'post.created'), '>', 0::bigint, 'the feed''s');
SELECT social.act_as(:other) \gset
SELECT is_empty(format('SELECT * FROM social.events_since(%L, %s, 1000)', 'feed', :start), 'who follows nobody has none');
SELECT is_empty(format('SELECT * FROM social.events_since(%L, %s, 1000)', 'streams', :start), 'nor streams');
WITH made AS (INSERT INTO social.sport_subjects (kind, slug, name) VALUES ('team', 'tap-told', 'Tap told') RETURNING id),
	followed AS (INSERT INTO social.sport_follows (user_id, subject_id) SELECT :other, m.id FROM made m),
	about AS (INSERT INTO social.post_subjects (post_id, subject_id, position) SELECT p.id, m.id, p.position FROM made m, social.posts p WHERE p.id = :many_post),
	stream AS (INSERT INTO social.streams (host_id, title, status) VALUES (:author, 'tap_told', 'live') RETURNING id)
INSERT INTO social.stream_subjects (stream_id, subject_id) SELECT s.id, m.id FROM stream s, made m RETURNING stream_id AS told_stream \gset
SELECT count(*) FROM pg_temp.told() \gset
SELECT set_eq(format('SELECT DISTINCT payload ->> ''id'' FROM social.events_since(%L, %s, 1000)', 'feed', :start), ARRAY[:'many_post'], 'seed 150: but of a team what is about it');
SELECT set_eq(format('SELECT DISTINCT payload ->> ''id'' FROM social.events_since(%L, %s, 1000)', 'streams', :start), ARRAY[:'told_stream'], 'streams, too');
DELETE FROM social.sport_subjects WHERE slug = 'tap-told';
SELECT is_empty(format('SELECT * FROM social.events_since(%L, %s, 1000)', 'feed', :start), 'as long as it is followed');
SELECT set_eq(format($$ SELECT DISTINCT type FROM social.events_since('notifications:%s', %s, 1000) $$, :other, :start), '{notification.created}'::text[], 'the notifications');
SELECT set_eq(format($$ SELECT DISTINCT type FROM social.events_since('session:%s', %s, 1000) $$, :session, :start), '{session.ended}'::text[], 'a session''s');
SELECT throws_ok(format('SELECT * FROM social.events_since(%L, 0)', 'notifications:' || :author), 'SM404', NULL, 'another''s notifications');
SELECT social.act_as(:author) \gset
SELECT throws_ok(format('SELECT * FROM social.events_since(%L, 0)', 'session:' || :session), 'SM404', NULL, 'or session');
SET LOCAL track_functions = 'pl';
SELECT cmp_ok((SELECT count(*) FROM social.events_since('notifications:' || :author, :start, 1000)), '>', 1::bigint, 'somebody who has missed several');
SELECT is((SELECT calls FROM pg_stat_xact_user_functions WHERE funcname = 'unread_notifications_count'), 1::bigint, 'is counted unread ones once, however many they are');
RESET track_functions;
SELECT is((SELECT count(*) FROM social.events_since('user:' || :author, :start, 2)), 2::bigint, 'up to so many');
SELECT results_eq(format('SELECT id FROM social.events_since(%L, %s, 1000)', 'user:' || :author, :start), format('SELECT id FROM social.events_since(%L, %s, 1000) ORDER BY id', 'user:' || :author, :start), 'in order');
SELECT throws_ok(format('SELECT * FROM social.events_since(%L, 0)', t), 'SM400', NULL, 'no topic: ' || t) FROM unnest(ARRAY['', 'post', 'post:', 'post:x', 'post:1;2', 'post:99999999999999999999', 'feed:1', 'hashtag:', 'everything']) t;
SELECT throws_ok('SELECT * FROM social.events_since(''feed'', 0, ' || n || ')', 'SM400', NULL, 'not so many: ' || n) FROM unnest(ARRAY['0', '1001', 'NULL']) n;
SELECT throws_ok(format('SELECT * FROM social.events_since(%L, %s)', 'feed', social.event_position() + 1), 'SM410', 'resync', 'an id that is yet to come');
SELECT social.act_as(NULL::bigint) \gset
SELECT throws_ok(format('SELECT * FROM social.events_since(%L, 0)', t), 'SM401', NULL, 'nobody has: ' || t) FROM unnest(ARRAY['feed', 'notifications:1', 'session:1']) t;
SELECT isnt_empty(format('SELECT * FROM social.events_since(%L, %s)', 'post:' || :post, :start), 'but posts that everybody sees');
SELECT social.act_as(:author) \gset

-- ---- off -----------------------------------------------------------------------------------------------
SELECT count(*) FROM pg_temp.told() \gset
SET LOCAL social.events = off;
SELECT social.like_post(:post), social.create_post('tap_silent', 'text') \gset
SELECT pg_temp.tells('the log may be turned off');
SET LOCAL social.events = on;
SAVEPOINT s;
SELECT social.create_post('tap_undone', 'text') \gset
ROLLBACK TO s;
SELECT pg_temp.tells('what is rolled back is no event');

-- ---- the log ---------------------------------------------------------------------------------------------
SELECT social.event_position() AS position \gset
SELECT social.create_post('tap_two', 'text with #TapTag') AS second \gset
SELECT count(*) FROM pg_temp.told() \gset
SELECT results_eq(format($$ SELECT type, author_id, post_id, topics FROM social.events_after(%s) WHERE post_id = %s $$, :position, :second),
	format($$ VALUES ('post.created', %s::bigint, %s::bigint, ARRAY['post:%2$s', 'user:%1$s', 'feed', 'posts', 'hashtag:taptag']) $$, :author, :second), 'bridges read the log with its topics');
SELECT is_empty(format('SELECT * FROM social.events_after(%s)', social.event_position()), 'nothing is after the newest');
SELECT is((SELECT count(*) FROM social.events_after(:position, 1)), 1::bigint, 'up to so many');
SELECT set_eq(format($$ SELECT DISTINCT e.type, regexp_replace(t, '[0-9]+$', 'ID') FROM social.events_after(0, 10000) e, unnest(e.topics) t WHERE e.author_id IN (%1$s, %2$s, %3$s) OR e.recipient_id IN (%1$s, %2$s, %3$s) OR e.post_id = %4$s $$, :author, :reader, :other, :post), $$ VALUES
	('post.created', 'post:ID'), ('post.created', 'user:ID'), ('post.created', 'feed'), ('post.created', 'posts'), ('post.created', 'hashtag:taptag'), ('post.edited', 'post:ID'), ('post.edited', 'user:ID'),
	('post.restored', 'post:ID'), ('post.restored', 'user:ID'), ('post.restored', 'feed'), ('post.restored', 'posts'), ('post.restored', 'hashtag:taptag'), ('post.deleted', 'post:ID'), ('post.deleted', 'user:ID'), ('post.counts', 'post:ID'),
	('comment.created', 'post:ID'), ('comment.edited', 'post:ID'), ('comment.deleted', 'post:ID'), ('comment.counts', 'post:ID'),
	('repost.created', 'user:ID'), ('repost.created', 'feed'), ('repost.deleted', 'user:ID'), ('follow.created', 'user:ID'), ('stream.status', 'stream:ID'), ('stream.status', 'streams'), ('profile.edited', 'user:ID'), ('profile.counts', 'user:ID'),
	('notification.created', 'notifications:ID'), ('notification.read', 'notifications:ID'), ('session.ended', 'session:ID')
$$, 'the topics of each type; what changes who may see what is for bridges alone');
SELECT throws_ok('SELECT * FROM social.events_after(-1)', 'SM400', NULL, 'an id is none that is negative');
SELECT throws_ok('SELECT * FROM social.events_after(NULL)', 'SM400', NULL, 'or null');
SELECT throws_ok(format('SELECT * FROM social.events_after(%s)', social.event_position() + 1), 'SM410', 'resync', 'an id that is yet to come is of another history');

-- ---- retention -------------------------------------------------------------------------------------------
SELECT social.event_position() AS newest \gset
SELECT min(id) AS oldest FROM social.events \gset
UPDATE social.events SET at = now() - interval '25 hours' WHERE id <= :newest;
WITH RECURSIVE pruned AS (SELECT social.prune_events() AS n UNION ALL SELECT social.prune_events() FROM pruned WHERE n > 0) SELECT sum(n) FROM pruned \gset
SELECT results_eq('SELECT id FROM social.events', ARRAY[:newest::bigint], 'what is older than a day goes, but for the newest');
SELECT is((SELECT count(*) FROM social.events_after(:newest)), 0::bigint, 'who has seen that goes on');
SELECT throws_ok(format('SELECT * FROM social.events_after(%s)', :oldest - 1), 'SM410', 'resync', 'who has not reads anew');
SELECT social.create_post('tap_three', 'text') \gset
SELECT isnt_empty('SELECT * FROM pg_temp.told()', 'the log goes on');
SELECT cmp_ok((SELECT count(*) FROM social.events_after(:newest)), '>', 0::bigint, 'from there');

-- ---- another history ---------------------------------------------------------------------------------------
SELECT social.event_position() AS newest \gset
UPDATE social.event_histories SET identity = 'another server';
SELECT social.create_post('tap_four', 'text') \gset
SELECT isnt_empty('SELECT * FROM pg_temp.told()', 'P-18: after a fail-over or a restore the log goes on');
SELECT cmp_ok((SELECT min(id) FROM social.events_after(:newest)), '>', :newest + 4000000000, 'far above all that was given out before');
SELECT throws_ok(format('SELECT * FROM social.events_after(%s)', :newest + 5), 'SM410', 'resync', 'an id that the other server may have given out is not known here');
SELECT cmp_ok((SELECT count(*) FROM social.events_after(:newest)), '>', 0::bigint, 'who has seen less goes on');
SELECT is((SELECT count(*) FROM social.event_histories), 2::bigint, 'once');

SELECT * FROM finish();
ROLLBACK;
