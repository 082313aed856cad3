-- stream_chat.sql proves the chats of streams: who may say what, how often, who keeps order, and what is told of it
-- (mission 090-094, 123, I-07; issue 16 line 7).
BEGIN;
SELECT no_plan();

SELECT social.hold_task('events', true) AS held \gset
SET LOCAL social.rate_limits = off;
INSERT INTO social.users (username, is_staff) VALUES ('tap_host', false), ('tap_one', false), ('tap_two', false), ('tap_mod', false), ('tap_blocked', false), ('tap_staff', true);
SELECT id AS host FROM social.users WHERE username = 'tap_host' \gset
SELECT id AS one FROM social.users WHERE username = 'tap_one' \gset
SELECT id AS two FROM social.users WHERE username = 'tap_two' \gset
SELECT id AS mod FROM social.users WHERE username = 'tap_mod' \gset
SELECT id AS blocked FROM social.users WHERE username = 'tap_blocked' \gset
SELECT id AS staff FROM social.users WHERE username = 'tap_staff' \gset
INSERT INTO social.blocks (blocker_id, blocked_id) VALUES (:host, :blocked);
INSERT INTO social.streams (host_id, title, status) VALUES (:host, 'A stream', 'live') RETURNING id AS stream \gset
INSERT INTO social.streams (host_id, title, status, is_private) VALUES (:host, 'A private one', 'live', true) RETURNING id AS private \gset
CREATE FUNCTION pg_temp.says(who bigint, stream bigint, what text DEFAULT 'hello') RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.act_as(who);
	RETURN social.send_chat_message(stream, what);
END
$$;
-- What somebody is told when they try: the code, or said.
CREATE FUNCTION pg_temp.tries(who bigint, stream bigint, what text DEFAULT 'hello') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.says(who, stream, what);
	RETURN 'said';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE FUNCTION pg_temp.reads(who bigint, stream bigint) RETURNS bigint[] LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.act_as(who);
	RETURN ARRAY(SELECT m.id FROM social.stream_chat(stream) m ORDER BY m.id);
END
$$;
CREATE FUNCTION pg_temp.told(who bigint, stream bigint, after bigint) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.number_events();
	PERFORM social.act_as(who);
	RETURN ARRAY(SELECT e.type || ' ' || coalesce(e.payload ->> 'content', e.payload ->> 'user_id', e.payload ->> 'id', e.payload ->> 'viewer_count', '') FROM social.events_since('stream:' || stream, after) e ORDER BY e.id);
END
$$;

-- ---- saying something ----------------------------------------------------------------------------------
SELECT social.act_as(NULL::bigint) \gset
SELECT throws_ok(format('SELECT social.send_chat_message(%s, ''hello'')', :stream), 'SM401', NULL, 'seed 093: who is logged in');
SELECT is(pg_temp.tries(:one, :stream, what), 'SM400 ' || message, 'seed 093: ' || message || ': ' || coalesce(left(what, 10), 'null')) FROM (VALUES (NULL, 'message is required'), ('', 'message is required'), (E'\u200b ', 'message is required'), (E'a\x01b', 'message is not valid'), (repeat('x', 501), 'message is too long')) v (what, message);
SELECT social.number_events() \gset
SELECT social.event_position() AS position \gset
SELECT pg_temp.says(:one, :stream, 'first') AS first, pg_temp.says(:host, :stream, 'second') AS second \gset
SELECT is(pg_temp.tries(:blocked, :stream), 'SM404 stream not found', 'whom the host blocks finds no stream');
SELECT is(pg_temp.tries(:one, :private), 'SM404 stream not found', 'nor who is not invited');
SELECT is(pg_temp.reads(:two, :stream), ARRAY[:first, :second]::bigint[], 'seed 093: what was said is kept');
SELECT is((SELECT array_agg(r) FROM (SELECT j ->> 'role' || ' ' || (j -> 'author' ->> 'username') AS r FROM unnest(ARRAY[:first, :second]::bigint[]) i, social.chat_message_json(i) j ORDER BY i) x), ARRAY['viewer tap_one', 'host tap_host'], 'and by whom');
SELECT throws_ok(format('SELECT FROM social.stream_chat(%s)', :private), 'SM404', 'stream not found', 'a private chat is for those invited');
SELECT is(social.chat_message_json(:first)::text IS NULL, true, 'nothing of it is told to others') FROM social.act_as(:blocked);
SELECT is(pg_temp.told(:two, :stream, :position), ARRAY['chat.message first', 'chat.message second'], 'seed 090: told as it was said');
SELECT throws_ok(format('SELECT FROM social.events_since(''stream:x'', %s)', :position), 'SM400', NULL, 'of a stream that there may be');
SELECT is(pg_temp.told(:blocked, :stream, :position), '{}', 'and to nobody who does not see it');
INSERT INTO social.mutes (muter_id, muted_id) VALUES (:two, :one);
INSERT INTO social.blocks (blocker_id, blocked_id) VALUES (:mod, :one);
SELECT is(pg_temp.reads(:two, :stream), ARRAY[:second]::bigint[], 'not of whom one mutes');
SELECT is(pg_temp.reads(:mod, :stream), ARRAY[:second]::bigint[], 'nor across a block');
SELECT is(pg_temp.told(:mod, :stream, :position), ARRAY['chat.message second'], 'in events neither');
DELETE FROM social.mutes WHERE muter_id = :two;
DELETE FROM social.blocks WHERE blocker_id = :mod;

-- ---- what the host has set -----------------------------------------------------------------------------
SELECT social.act_as(:one) \gset
SELECT throws_ok(format('SELECT social.%s', a), 'SM403', NULL, 'not for anybody: ' || a) FROM unnest(ARRAY[format('update_stream_chat(%s, false)', :stream), format('pin_chat_message(%s)', :second), format('unpin_chat_message(%s)', :stream), format('delete_chat_message(%s)', :second),
	format('clear_chat_user(%s, %s)', :stream, :two), format('ban_chat_user(%s, %s)', :stream, :two), format('unban_chat_user(%s, %s)', :stream, :two), format('add_stream_moderator(%s, %s)', :stream, :two), format('remove_stream_moderator(%s, %s)', :stream, :two),
	format('stream_bans(%s)', :stream)]) a;
SELECT social.act_as(:host) \gset
SELECT social.add_stream_moderator(:stream, :mod), social.add_stream_moderator(:stream, :mod) \gset ignored_
SELECT throws_ok(format('SELECT social.add_stream_moderator(%s, %s)', :stream, u), e, NULL, 'nor can everybody keep order') FROM (VALUES (:host::bigint, 'SM400'), (0, 'SM404'), (:blocked, 'SM404')) v (u, e);
SELECT is((SELECT array_agg(id) FROM social.stream_moderators(:stream)), ARRAY[:mod]::bigint[], 'who does is no secret');
SELECT social.update_stream_chat(:stream, slow_mode_seconds => 60) \gset ignored_
SELECT is(pg_temp.tries(:one, :stream), 'SM429 slow mode', 'slow mode: a message, then a pause');
SELECT is(pg_temp.tries(:two, :stream), 'said', 'of each their own');
SELECT is(pg_temp.tries(:two, :stream), 'SM429 slow mode', 'from the first one on');
SELECT is(pg_temp.tries(:mod, :stream) || pg_temp.tries(:mod, :stream) || pg_temp.tries(:host, :stream) || pg_temp.tries(:host, :stream), 'saidsaidsaidsaid', 'not for those who keep order');
UPDATE social.stream_chatters SET last_at = now() - interval '61 s' WHERE user_id = :one;
SELECT is(pg_temp.tries(:one, :stream), 'said', 'until it is over');
SELECT social.act_as(:mod) \gset
SELECT social.update_stream_chat(:stream, slow_mode_seconds => 0, followers_only => true, follow_minutes => 10) \gset ignored_
SELECT is(pg_temp.tries(:one, :stream), 'SM403 only followers may write in this chat', 'followers only');
INSERT INTO social.follows (follower_id, followed_id) VALUES (:one, :host);
SELECT is(pg_temp.tries(:one, :stream), 'SM403 only followers may write in this chat', 'of so many minutes');
UPDATE social.follows SET created_at = now() - interval '10 minutes' WHERE follower_id = :one;
SELECT is(pg_temp.tries(:one, :stream) || ', ' || pg_temp.tries(:mod, :stream), 'said, said', 'who are let in, as are those who keep order');
SELECT social.act_as(:mod) \gset
SELECT throws_ok(format('SELECT social.update_stream_chat(%s, %s)', :stream, a), 'SM400', NULL, 'SM400: ' || a) FROM unnest(ARRAY['slow_mode_seconds => -1', 'slow_mode_seconds => 3601', 'follow_minutes => -1', 'follow_minutes => 525601']) a;
SELECT social.update_stream_chat(:stream, chat_enabled => false, followers_only => false) \gset ignored_
SELECT is(pg_temp.tries(:one, :stream) || ', ' || pg_temp.tries(:host, :stream), 'SM403 the chat is turned off, said', 'a chat can be turned off');
SELECT social.act_as(:host) \gset
SELECT social.update_stream_chat(:stream, chat_enabled => true) \gset ignored_

-- ---- keeping order -------------------------------------------------------------------------------------
SELECT pg_temp.says(:two, :stream, 'rude') AS rude \gset
SELECT social.number_events() \gset ignored_
SELECT social.event_position() AS position \gset
SELECT social.act_as(:mod) \gset
SELECT throws_ok(format('SELECT social.%s', a), 'SM403', 'you may not do this to them', 'a moderator has nothing to say to the host, staff and the like: ' || a) FROM unnest(ARRAY[format('delete_chat_message(%s)', :second), format('ban_chat_user(%s, %s)', :stream, :host), format('ban_chat_user(%s, %s)', :stream, :staff), format('clear_chat_user(%s, %s)', :stream, :mod)]) a;
SELECT throws_ok(format('SELECT social.ban_chat_user(%s, %s)', :stream, a), e, NULL, e || ': ' || a) FROM (VALUES (:two || ', 0', 'SM400'), (:two || ', 1209601', 'SM400'), (:two || ', 5, repeat(''x'', 201)', 'SM400'), (:two || ', 5, E''a\nb''', 'SM400'), ('0', 'SM404'), ('NULL', 'SM404')) v (a, e);
SELECT social.delete_chat_message(:rude), social.delete_chat_message(:rude) \gset ignored_
SELECT ok(NOT :rude = ANY (pg_temp.reads(:two, :stream)), 'a message is deleted');
SELECT social.act_as(:mod) \gset
SELECT social.ban_chat_user(:stream, :two, 60, 'rude') \gset ignored_
SELECT is(pg_temp.tries(:two, :stream), 'SM403 you may not write in this chat', 'a timeout');
SELECT is(pg_temp.reads(:two, :stream) <> '{}', true, 'who is banned may read');
UPDATE social.stream_bans SET until = now() - interval '1 s';
SELECT is(pg_temp.tries(:two, :stream), 'said', 'until it is over');
SELECT social.act_as(:mod) \gset
SELECT social.ban_chat_user(:stream, :two) \gset ignored_
SELECT is((SELECT array_agg(id || ' ' || coalesce(until::text, 'for good')) FROM social.stream_bans(:stream)), ARRAY[:two || ' for good'], 'a ban is for good');
SELECT is(pg_temp.tries(:two, :stream), 'SM403 you may not write in this chat', 'so that nothing is said');
SELECT social.act_as(:mod) \gset
SELECT social.clear_chat_user(:stream, :two) \gset ignored_
SELECT is_empty(format('SELECT FROM social.stream_chat(%s) m WHERE m.author_id = %s', :stream, :two), 'and all that was is gone');
SELECT social.unban_chat_user(:stream, :two), social.unban_chat_user(:stream, :two) \gset ignored_
SELECT is(pg_temp.tries(:two, :stream, 'sorry'), 'said', 'a ban can be taken back');
SELECT social.act_as(:mod) \gset
SELECT social.pin_chat_message(:second) \gset ignored_
SELECT is((social.stream_json(v) -> 'chat' ->> 'pinned_message_id')::bigint, :second::bigint, 'a message stands at the top') FROM social.visible_streams v WHERE v.id = :stream;
SELECT throws_ok('SELECT social.pin_chat_message(0)', 'SM404', 'message not found', 'one that there is');
SELECT social.unpin_chat_message(:stream) \gset ignored_
SELECT ok(pg_temp.told(:one, :stream, :position) @> ARRAY['chat.deleted ' || :rude, 'chat.banned ' || :two, 'chat.unbanned ' || :two, 'chat.message sorry', 'stream.edited ' || :stream], 'seed 090: all of which is told at once');
SELECT cmp_ok((SELECT count(*) FROM social.audit_log WHERE object_type = 'stream' AND object_id = :stream AND actor_id = :mod), '>=', 5::bigint, 'and stands in the log of what moderators do');
SELECT social.act_as(:mod) \gset
SELECT social.remove_stream_moderator(:stream, :mod) \gset ignored_
SELECT throws_ok(format('SELECT social.ban_chat_user(%s, %s)', :stream, :two), 'SM403', NULL, 'who keeps order can give it up');
SELECT social.act_as(:one) \gset
SELECT is(social.delete_chat_message(:first), :first::bigint, 'one''s own message one may delete');
SELECT social.act_as(:staff) \gset
SELECT is(social.ban_chat_user(:stream, :two), :stream::bigint, 'staff keep order everywhere');
DELETE FROM social.stream_bans;

-- ---- rules, limits, the end ----------------------------------------------------------------------------
SELECT social.act_as(NULL::bigint) \gset
SELECT social.add_content_rule('word', 'tapforbidden', 'reject'), social.add_content_rule('word', 'taphidden', 'hide'), social.add_content_rule('link', 'tap.example', 'reject') \gset ignored_
SELECT is(pg_temp.tries(:one, :stream, what), 'SM422 content is not allowed', 'a content rule: ' || what) FROM unnest(ARRAY['this is tapforbidden', 'see https://tap.example/x']) what;
SELECT pg_temp.says(:one, :stream, 'taphidden words') AS hidden \gset
SELECT ok(:hidden = ANY (pg_temp.reads(:one, :stream)) AND NOT :hidden = ANY (pg_temp.reads(:two, :stream)), 'what is hidden is seen by who wrote it alone');
SELECT is((SELECT count(*) FROM social.reports WHERE user_id = :one AND reason = 'content rule' AND details LIKE 'chat message ' || :hidden || ': %'), 1::bigint, 'and is told to staff');
SELECT throws_ok(format('SELECT social.act_as(%s), social.create_stream(''tapforbidden'')', :one), 'SM422', NULL, 'titles keep to them, too');
SET LOCAL social.rate_limits = on;
SELECT is((SELECT string_agg(left(pg_temp.tries(:one, :stream), 5), ' ') FROM generate_series(1, 6)), 'said said said said said SM429', 'I-07: five a minute');
SELECT is((SELECT count(*) FROM generate_series(1, 31) WHERE pg_temp.tries(:host, :stream) = 'said'), 30::bigint, 'I-07: thirty for the host');
SET LOCAL social.rate_limits = off;
SELECT social.act_as(:host) \gset
SELECT social.end_stream(:stream) \gset ignored_
SELECT is(pg_temp.tries(:one, :stream), 'SM409 the stream has ended', 'after the end nothing is said');
SELECT ok(cardinality(pg_temp.reads(:one, :stream)) > 0, 'but it can be read');

-- ---- who comes and goes, and how many ------------------------------------------------------------------
SELECT social.number_events() \gset ignored_
SELECT social.event_position() AS position \gset
INSERT INTO social.streams (host_id, title, status) VALUES (:host, 'Watched', 'live') RETURNING id AS watched \gset
SELECT social.act_as(:one) \gset
SELECT playback_token AS token FROM social.watch_stream(:watched) \gset
SELECT social.count_stream_viewers() \gset ignored_
SELECT social.leave_stream(:'token') \gset ignored_
SELECT social.count_stream_viewers() \gset ignored_
SELECT is((SELECT array_agg(split_part(t, ' ', 1)) FROM unnest(pg_temp.told(:two, :watched, :position)) t), ARRAY['stream.status', 'stream.joined', 'stream.viewers', 'stream.left', 'stream.viewers'], 'seed 094: joins and leaves, and how many are left');
SELECT is(pg_temp.told(:blocked, :watched, :position), '{}', 'not to whom the host blocks');
SELECT social.act_as(:one) \gset
SELECT is((SELECT array_agg(e.type || ' ' || (e.payload ->> 'title')) FROM social.events_since('streams', :position) e), ARRAY['stream.status Watched'], 'seed 091: who follows the host hears of it');
SELECT social.act_as(:two) \gset
SELECT is_empty(format('SELECT FROM social.events_since(''streams'', %s)', :position), 'seed 091: who does not, does not');

SELECT * FROM finish();
ROLLBACK;
