-- stream_analytics.sql proves what a host learns of an audience, and that viewers are counted right (mission 094, 108,
-- 140; issue 16 lines 6 and 8): joins and leaves, leases that a connection holds, lost rights, watch times as unions.
BEGIN;
SELECT no_plan();

SELECT social.hold_task('events', true) AS held \gset
INSERT INTO social.users (username, is_staff) VALUES ('tap_host', false), ('tap_one', false), ('tap_two', false), ('tap_three', false), ('tap_staff', true);
SELECT id AS host FROM social.users WHERE username = 'tap_host' \gset
SELECT id AS one FROM social.users WHERE username = 'tap_one' \gset
SELECT id AS two FROM social.users WHERE username = 'tap_two' \gset
SELECT id AS three FROM social.users WHERE username = 'tap_three' \gset
SELECT id AS staff FROM social.users WHERE username = 'tap_staff' \gset
INSERT INTO social.streams (host_id, title, status, started_at) VALUES (:host, 'A stream', 'live', now()) RETURNING id AS stream \gset
INSERT INTO social.streams (host_id, title, status, is_private) VALUES (:host, 'A private one', 'live', true) RETURNING id AS private \gset
INSERT INTO social.streams (host_id, title, status, is_open) VALUES (:host, 'An open one', 'live', true) RETURNING id AS open \gset
INSERT INTO social.stream_invitations (stream_id, user_id) SELECT :private, u FROM unnest(ARRAY[:one, :two, :three]::bigint[]) u;
-- Somebody watches; their token.
CREATE FUNCTION pg_temp.watches(who bigint, stream bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.act_as(who);
	RETURN (SELECT w.playback_token FROM social.watch_stream(stream) w);
END
$$;
CREATE FUNCTION pg_temp.watching(who bigint, stream bigint) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM social.stream_views v WHERE v.viewer_id IS NOT DISTINCT FROM $1 AND v.stream_id = $2 AND v.left_at IS NULL
$$;
CREATE FUNCTION pg_temp.counted(stream bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.count_stream_viewers();
	RETURN (SELECT format('%s of %s', s.viewer_count, s.peak_viewers) FROM social.streams s WHERE s.id = $1);
END
$$;

-- ---- leases that a connection holds --------------------------------------------------------------------
SELECT pg_temp.watches(:one, :stream) AS t1, pg_temp.watches(:two, :stream) AS t2 \gset
SELECT is(social.keep_stream_view(:'t1'), 30, 'issue 16 line 6: a connection is told for how long a lease is good');
SELECT is(social.keep_stream_view(t), NULL, 'none: ' || coalesce(left(t, 10), 'null')) FROM unnest(ARRAY[NULL, '', 'x', repeat('a', 100000)]) t;
SELECT is(pg_temp.counted(:stream), '2 of 2', 'two watch');
UPDATE social.stream_views SET joined_at = now() - interval '2 min', renewed_at = now() - interval '29 s' WHERE stream_id = :stream;
SELECT is_empty(format('SELECT social.renew_stream_views(ARRAY[%L, %L])', :'t1', :'t2'), 'both are renewed together');
SELECT is((SELECT count(*) FROM social.stream_views WHERE stream_id = :stream AND renewed_at >= now()), 2::bigint, 'which their rows say');
SELECT is((SELECT array_agg(n) FROM social.renew_stream_views(ARRAY['x', :'t1', '', NULL]) n), ARRAY[1, 3, 4], 'and which are none');
SELECT is(social.renew_stream_views('{}'), NULL, 'none at all') WHERE false;
SELECT is(social.leave_stream_views(ARRAY[:'t1', 'x']), 1::bigint, 'a connection is gone');
SELECT is(pg_temp.counted(:stream), '2 of 2', 'for a moment they count: they may watch with something else, or come back');
SELECT ok(social.renew_stream_view(:'t1'), 'which a playlist that is fetched says');
UPDATE social.stream_views SET leaving_at = now() - interval '1 min' WHERE viewer_id = :two;
SELECT is(pg_temp.counted(:stream), '1 of 2', 'who does not has gone; the peak stays');
SELECT is(pg_temp.watching(:one, :stream), 1::bigint, 'who came back has not');
UPDATE social.stream_views SET joined_at = now() - interval '3 hours' WHERE viewer_id = :one;
SELECT is((SELECT array_agg(n) FROM social.renew_stream_views(ARRAY[:'t1']) n), ARRAY[1], 'a token is good for social.stream_playback_lifetime, however it is renewed');
UPDATE social.stream_views SET left_at = renewed_at WHERE left_at IS NULL;

-- ---- whose right to watch is lost ----------------------------------------------------------------------
SELECT pg_temp.watches(u, s) FROM unnest(ARRAY[:one, :two, :three]::bigint[]) u, unnest(ARRAY[:stream, :private]::bigint[]) s;
SELECT is(pg_temp.counted(:stream) || ', ' || pg_temp.counted(:private), '3 of 3, 3 of 3', 'three watch two streams');
INSERT INTO social.blocks (blocker_id, blocked_id) VALUES (:host, :one);
SELECT is(pg_temp.watching(:one, :stream) + pg_temp.watching(:one, :private), 0::bigint, 'issue 16: whom the host blocks in mid-stream is out at once');
INSERT INTO social.blocks (blocker_id, blocked_id) VALUES (:two, :three);
SELECT is(pg_temp.watching(:three, :stream) + pg_temp.watching(:two, :stream), 2::bigint, 'whom others block is not');
SELECT social.act_as(:host) \gset
SELECT social.uninvite_from_stream(:private, :two) \gset
SELECT is(pg_temp.watching(:two, :private) || ' ' || pg_temp.watching(:two, :stream), '0 1', 'issue 16: whose invitation is taken back is out of that stream');
SELECT social.update_stream(:private, allowed_users => ARRAY[:two]::bigint[]) \gset
SELECT is(pg_temp.watching(:three, :private), 0::bigint, 'however it is taken back');
UPDATE social.users SET suspended_at = now() WHERE id = :two;
SELECT is(pg_temp.watching(:two, :stream), 0::bigint, 'issue 16: who is suspended is out');
UPDATE social.users SET suspended_at = NULL WHERE id = :two;
SELECT pg_temp.watches(:two, :stream), pg_temp.watches(:host, :stream), pg_temp.watches(:staff, :stream), pg_temp.watches(NULL, :open), pg_temp.watches(:two, :open);
SELECT is(pg_temp.counted(:stream), '4 of 4', 'four watch');
UPDATE social.streams SET is_private = true WHERE id = :stream;
SELECT is((SELECT array_agg(viewer_id ORDER BY viewer_id) FROM social.stream_views WHERE stream_id = :stream AND left_at IS NULL), ARRAY[:host, :staff]::bigint[], 'a stream that is made private is its host''s, and staff''s');
UPDATE social.streams SET is_open = false WHERE id = :open;
SELECT is(pg_temp.watching(NULL, :open) || ' ' || pg_temp.watching(:two, :open), '0 1', 'one that is open no longer is for who is logged in');
UPDATE social.streams SET hidden_at = now() WHERE id = :open;
SELECT is(pg_temp.watching(:two, :open), 0::bigint, 'one that is hidden is for nobody');
SELECT is(pg_temp.counted(:stream) || ', ' || pg_temp.counted(:open), '2 of 4, 0 of 2', 'and so it is counted');
SELECT is((SELECT count(*) FROM social.event_outbox WHERE type = 'relation.changed' AND author_id = :two AND stream_id = :private), 1::bigint, 'bridges hear whom an invitation was taken from');

SELECT is(value, (SELECT sum(viewer_count) FROM social.streams WHERE status IN ('starting', 'live'))::double precision, 'issue 16 line 6: figures tell the same number') FROM social.metrics() WHERE name = 'social_stream_viewers';

-- ---- watch times (seed 108) ----------------------------------------------------------------------------
UPDATE social.streams SET is_private = false WHERE id = :stream;
DELETE FROM social.stream_views;
INSERT INTO social.stream_views (stream_id, viewer_id, token_hash, joined_at, renewed_at, left_at)
SELECT :stream, v.who, sha256(convert_to(social.random_token(), 'UTF8')), now() - interval '1 hour' + v.start * interval '1 s', now() - interval '1 hour' + v.stop * interval '1 s', now() - interval '1 hour' + v.stop * interval '1 s'
FROM (VALUES (:one::bigint, 0, 100), (:one, 50, 150), (:one, 200, 210), (:one, 60, 70), (:two, 0, 0), (:three, 0, 1000), (NULL, 0, 30), (NULL, 0, 30), (:two, 5, 5)) v (who, start, stop);
SELECT results_eq(format('SELECT viewer_id, seconds::integer FROM social.stream_watch_times(%s) ORDER BY 1, 2', :stream), format('VALUES (%s::bigint, 160), (%s, 0), (%s, 1000), (NULL, 30), (NULL, 30)', :one, :two, :three),
	'seed 108: watch time is the union of intervals, not their sum; of who is not logged in each lease by itself');

-- ---- what is noted -------------------------------------------------------------------------------------
SELECT is(social.device_class(agent), class, class || ': ' || coalesce(left(agent, 60), 'nothing')) FROM (VALUES
	('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36', 'desktop'), ('Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Version/17.0 Safari/605.1.15', 'desktop'),
	('Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0', 'desktop'), ('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1', 'mobile'),
	('Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36', 'mobile'), ('Mozilla/5.0 (Linux; Android 13; SM-X900) Chrome/120.0 Safari/537.36', 'tablet'),
	('Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) Mobile/15E148', 'tablet'), ('Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0)', 'tv'), ('AppleTV11,1/11.1', 'tv'), ('Mozilla/5.0 (compatible; Googlebot/2.1)', 'bot'),
	('curl/8.5.0', 'other'), ('', 'other'), (NULL, 'other'), (repeat('x', 100000) || 'iPhone', 'other'), (E'\x01iphone', 'mobile')) v (agent, class);
DELETE FROM social.stream_audiences;
CREATE FUNCTION pg_temp.comes(who bigint, country text, agent text DEFAULT 'iPhone', stream bigint DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.act_as(who);
	RETURN social.note_stream_audience(stream, country, agent);
END
$$;
DELETE FROM social.stream_views WHERE viewer_id = :two;
SELECT pg_temp.comes(:two, 'de', stream => :stream), pg_temp.watches(:two, :stream), pg_temp.comes(:two, 'FR', stream => :stream), pg_temp.watches(:two, :stream), pg_temp.comes(:staff, 'XX', 'Windows NT', :stream), pg_temp.comes(:one, 'DE', stream => :stream);
SELECT results_eq(format('SELECT country::text COLLATE "default", device::text COLLATE "default", sum(viewers)::bigint FROM social.stream_audiences WHERE stream_id = %s GROUP BY 1, 2 ORDER BY 1', :stream), $$VALUES ('DE', 'mobile', 1::bigint), ('unknown', 'desktop', 1)$$, 'seed 140: a country and a device of each viewer, once, and not whose');
SELECT pg_temp.comes(:host, c, stream => :stream) FROM unnest(ARRAY['D', 'DEU', '1a', E'D\n', '', NULL]) c;
SELECT is((SELECT sum(viewers) FROM social.stream_audiences WHERE country = 'unknown'), 7::numeric, 'what is no country is unknown');
SELECT pg_temp.comes(:one, 'DE', stream => :private), pg_temp.comes(:one, 'DE', stream => 0), pg_temp.comes(NULL, 'DE', stream => NULL);
SELECT is_empty(format('SELECT FROM social.stream_audiences WHERE stream_id <> %s', :stream), 'of what one does not see nothing is counted');
DELETE FROM social.stream_audiences WHERE country = 'unknown' AND device = 'mobile';

DELETE FROM social.stream_minutes;
-- The clock may go over into the next minute here.
CREATE VIEW pg_temp.noted AS SELECT (array_agg(m.viewers ORDER BY m.minute DESC))[1] AS viewers, max(m.most_viewers) AS most_viewers, sum(m.bitrate_sum) AS bitrate_sum, sum(m.bitrate_count) AS bitrate_count, sum(m.dropped_frames) AS dropped_frames, m.stream_id
	FROM social.stream_minutes m GROUP BY m.stream_id;
SELECT social.count_stream_viewers() \gset ignored_
SELECT is((viewers, most_viewers)::text, '(1,1)', 'the worker notes each minute of a broadcast') FROM pg_temp.noted WHERE stream_id = :stream;
UPDATE social.stream_minutes SET most_viewers = 9;
SELECT pg_temp.watches(:host, :stream), social.count_stream_viewers();
SELECT is((viewers, most_viewers)::text, '(2,9)', 'and each change within it') FROM pg_temp.noted WHERE stream_id = :stream;
UPDATE social.streams SET playback_id = 'tap_playback' WHERE id = :stream;
SELECT social.stream_event('local', 'beat ' || n, 'heartbeat', clock_timestamp(), jsonb_build_object('playback_id', 'tap_playback', 'bitrate_kbps', b, 'dropped_frames', d))
FROM (VALUES (1, '2000'::jsonb, '3'::jsonb), (2, '3000.5', '0'), (3, '-5', '-1'), (4, '"x"', '1e9'), (5, '{}', '[]'), (6, 'null', 'null'), (7, '99999999999999999999', '99999999999999999999')) v (n, b, d);
SELECT social.stream_event('local', 'beat 1', 'heartbeat', clock_timestamp(), '{"playback_id": "tap_playback", "bitrate_kbps": 9000}') \gset ignored_
SELECT is((bitrate_sum, bitrate_count, dropped_frames)::text, '(5001,2,3)', 'seed 140: bitrate and drops as heart-beats bring them; what is no number is passed over, and each event is taken once') FROM pg_temp.noted WHERE stream_id = :stream;
INSERT INTO social.stream_chat_messages (stream_id, author_id, content) VALUES (:stream, :one, 'said'), (:stream, :two, 'said');
INSERT INTO social.stream_chat_messages (stream_id, author_id, content, deleted_at) VALUES (:stream, :two, 'gone', now());

-- ---- what the host is told -----------------------------------------------------------------------------
SELECT throws_ok(format('SELECT social.act_as(%s); SELECT social.stream_analytics_json(%s)', who, :stream), code, NULL, 'SM: ' || code) FROM (VALUES ('NULL::bigint', 'SM401'), (:two::text, 'SM403'), (:one::text, 'SM404')) v (who, code);
SELECT social.act_as(:staff) \gset ignored_
SELECT ok(social.stream_analytics_json(:stream) IS NOT NULL, 'staff may see it');
SELECT social.act_as(:host) \gset ignored_
SELECT social.stream_analytics_json(:stream) AS told \gset
SELECT is((SELECT jsonb_object_agg(k, j -> k) FROM (SELECT :'told'::jsonb AS j) x, unnest(ARRAY['viewer_count', 'peak_viewers', 'viewers', 'joins', 'watch_seconds', 'chat_messages']) k),
	'{"viewer_count": 2, "peak_viewers": 4, "viewers": 6, "joins": 10, "watch_seconds": 1220, "chat_messages": 2}', 'seed 140: the numbers of an audience');
SELECT is((SELECT jsonb_agg(w -> 'viewers') FROM jsonb_array_elements(:'told'::jsonb -> 'watch_times') w), '[4, 1, 0, 1, 0, 0, 0]', 'how watch times are distributed');
SELECT is(:'told'::jsonb -> 'countries', '[{"country": "DE", "viewers": 1}, {"country": "unknown", "viewers": 1}]', 'from where');
SELECT is(:'told'::jsonb -> 'devices', '[{"device": "desktop", "viewers": 1}, {"device": "mobile", "viewers": 1}]', 'with what');
SELECT is((max(viewers), sum(joins), sum(chat_messages), max(bitrate_kbps), sum(dropped_frames), max(seconds))::text, '(9,10,2,2501,3,60)', 'the timeline') FROM jsonb_to_recordset(:'told'::jsonb -> 'timeline') t (viewers integer, joins integer, chat_messages integer, bitrate_kbps bigint, dropped_frames bigint, seconds integer);
SELECT ok(:'told' !~ 'tap_(one|two|three)' AND :'told' !~ ('"' || :one || '"'), 'nobody is named');
DELETE FROM social.stream_minutes WHERE stream_id = :open;
DELETE FROM social.stream_views WHERE stream_id = :open;
INSERT INTO social.stream_minutes (stream_id, minute, viewers, most_viewers, bitrate_sum, bitrate_count) SELECT :open, date_trunc('minute', now()) - n * interval '1 min', n, n, n * 10, 1 FROM generate_series(0, 2999) n;
SELECT is((SELECT (count(*), min(seconds), max(viewers), sum(joins))::text FROM social.stream_timeline(:open)), '(1000,180,2999,0)', 'a broadcast of days is told in at most 1,440 steps');
SELECT is((SELECT count(*) FROM social.stream_timeline(:private)), 0::bigint, 'one that was not there yet in none') WHERE NOT EXISTS (SELECT FROM social.stream_minutes WHERE stream_id = :private);
SELECT results_eq($$SELECT data_class, keep FROM social.admin_retention WHERE data_class IN ('stream_minutes', 'stream_views') ORDER BY 1$$, $$VALUES ('stream_minutes', interval '1 year'), ('stream_views', interval '1 year')$$, 'minutes and leases are kept for a year');
DELETE FROM social.streams WHERE id = :stream;
SELECT is_empty(format('SELECT FROM social.stream_minutes WHERE stream_id = %s UNION ALL SELECT FROM social.stream_audiences WHERE stream_id = %s', :stream, :stream), 'all of it goes with the stream');

-- ---- the chat beside the recording (issue 16 line 7) ---------------------------------------------------
DELETE FROM social.blocks;
INSERT INTO social.streams (host_id, title, status, started_at, ended_at) VALUES (:host, 'Over', 'ended', now() - interval '1 hour', now()) RETURNING id AS over \gset
INSERT INTO social.stream_chat_messages (stream_id, author_id, content, created_at) SELECT :over, :two, 'at ' || s, now() - interval '1 hour' + s * interval '1 s' FROM unnest(ARRAY[-5, 0, 10, 10, 60, 3599]) s;
SELECT social.act_as(:three) \gset ignored_
INSERT INTO social.mutes (muter_id, muted_id) VALUES (:three, :one);
INSERT INTO social.stream_chat_messages (stream_id, author_id, content, created_at) VALUES (:over, :one, 'muted', now());
DELETE FROM social.blocks;
SELECT is((SELECT array_agg(m.content) FROM social.stream_replay(:over, 0) m), ARRAY['at 0', 'at 10', 'at 10', 'at 60', 'at 3599'], 'what was said from the beginning of the broadcast on, the oldest first');
SELECT is((SELECT array_agg(m.content) FROM social.stream_replay(:over, 10, first => 2) m), ARRAY['at 10', 'at 10'], 'or from a moment on');
SELECT is((SELECT array_agg(m.content) FROM social.stream_replay(:over, 10, first => 2, after => (SELECT cursor FROM social.stream_replay(:over, 10, first => 2) OFFSET 1)) m), ARRAY['at 60', 'at 3599'], 'page by page');
SELECT is((SELECT array_agg((j.message ->> 'offset_seconds')::numeric ORDER BY j.id) FROM social.chat_messages_json(ARRAY(SELECT m.id FROM social.stream_replay(:over) m)) j), ARRAY[0, 10, 10, 60, 3599]::numeric[], 'each says when in the broadcast it was');
SELECT throws_ok(format('SELECT FROM social.stream_replay(%s, %s)', :over, o), 'SM400', 'invalid from_seconds', 'not from ' || o) FROM unnest(ARRAY['-1', 'NULL', '31536001']) o;
SELECT throws_ok(format('SELECT FROM social.stream_replay(%s)', :private), 'SM404', 'stream not found', 'not of what is not to be seen');

SELECT * FROM finish();
ROLLBACK;
