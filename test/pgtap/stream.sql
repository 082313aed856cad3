-- stream.sql proves live streams in the database: announcing, keys, who may watch, and broadcasts as providers tell
-- of them (mission 34-41, 107, 108, 122, 135, 137-141, I-08, I-12, I-17, P-19; issue 16 lines 1, 6).
BEGIN;
SELECT no_plan();

SELECT social.hold_task('events', true) AS held \gset
INSERT INTO social.users (username, is_staff) VALUES ('tap_host', false), ('tap_friend', false), ('tap_stranger', false), ('tap_blocked', false), ('tap_staff', true);
SELECT id AS host FROM social.users WHERE username = 'tap_host' \gset
SELECT id AS friend FROM social.users WHERE username = 'tap_friend' \gset
SELECT id AS stranger FROM social.users WHERE username = 'tap_stranger' \gset
SELECT id AS blocked FROM social.users WHERE username = 'tap_blocked' \gset
SELECT id AS staff FROM social.users WHERE username = 'tap_staff' \gset
INSERT INTO social.blocks (blocker_id, blocked_id) VALUES (:host, :blocked);
CREATE FUNCTION pg_temp.status(id bigint) RETURNS text LANGUAGE sql AS $$SELECT s.status::text FROM social.streams s WHERE s.id = $1$$;
CREATE FUNCTION pg_temp.sees(viewer bigint, stream bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.act_as(viewer);
	RETURN EXISTS (SELECT FROM social.visible_streams v WHERE v.id = stream);
END
$$;
-- What happened as an event says, so many seconds ago.
CREATE FUNCTION pg_temp.event(id text, kind text, ago numeric, data jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT social.stream_event('local', id, kind, clock_timestamp() - ago * interval '1 second', data)
$$;

-- ---- announcing ----------------------------------------------------------------------------------------
SELECT throws_ok($$SELECT social.create_stream('A stream')$$, 'SM401', NULL, 'somebody must act');
SELECT social.act_as(:host) \gset
SELECT throws_ok(format('SELECT social.create_stream(%s)', a), 'SM400', NULL, 'seed 138: SM400: ' || a) FROM unnest(ARRAY['NULL', '''''', E'''a\nb''', 'E''\u200b''', 'repeat(''a'', 101)', '''a'', repeat(''a'', 501)', '''a'', E''\x01''',
	'''a'', thumbnail_url => ''javascript:alert(1)''', '''a'', tags => ''1,2,3,4,5,6,7,8,9,10,11''', '''a'', tags => repeat(''a'', 51)', '''a'', tags => E''a\x01''', '''a'', is_private => true, is_open => true',
	'''a'', scheduled_at => now() + interval ''3 years''', '''a'', scheduled_at => ''-infinity''', '''a'', allowed_users => ARRAY[' || :host || ']', '''a'', allowed_users => array_fill(1, ARRAY[101])::bigint[]']) a;
SELECT throws_ok(format('SELECT social.create_stream(''a'', allowed_users => ARRAY[%s])', u), 'SM404', NULL, 'seed 139: nobody can be invited who is not to be seen') FROM unnest(ARRAY[0, :blocked]::bigint[]) u;
SELECT (c.stream).id AS one, c.stream_key AS key, c.rtmp_url, (c.stream).playback_id AS playback FROM social.create_stream(repeat('t', 100), repeat('d', 500), now() + interval '1 day', 'https://example.org/a.jpg', ' news, sport ,, news') c \gset
SELECT matches(:'key'::text, '^[A-Za-z0-9_-]{22}$', 'seed 137, I-17: a random key of at least 16 URL-safe characters');
SELECT is(:'rtmp_url'::text, social.setting('stream_ingest_url'), 'seed 035: and where to publish');
SELECT matches(:'playback'::text, '^[A-Za-z0-9_-]{22}$', 'a public id, random too');
SELECT isnt(:'playback'::text, :'key', 'which is not the key');
SELECT is((status, tags, is_private, is_open, viewer_count, peak_viewers)::text, '(scheduled,"{news,sport}",f,f,0,0)', 'seed 107, 138: announced') FROM social.streams WHERE id = :one;
SELECT is_empty(format('SELECT t.tableoid::regclass FROM (SELECT s.tableoid, s::text AS row_text FROM social.streams s UNION ALL SELECT k.tableoid, k::text FROM social.stream_keys k UNION ALL SELECT a.tableoid, a::text FROM social.audit_log a) t WHERE position(%L IN t.row_text) > 0', :'key'),
	'I-17: the key stands in no row');
SELECT ok(position(:'key' IN social.stream_json(v)::text) = 0, 'nor in what is told of the stream') FROM social.visible_streams v WHERE id = :one;
SELECT ok(NOT has_table_privilege('pg_monitor', 'social.stream_keys', 'SELECT'), 'nobody else reads even its digest');
SELECT is(j ->> 'stream_url', social.setting('stream_ingest_url'), 'its host is told where to publish') FROM social.visible_streams v, social.stream_json(v) j WHERE v.id = :one;
SELECT social.create_stream('Stream ' || n) FROM generate_series(1, 4) n;
SELECT throws_ok($$SELECT social.create_stream('One too many')$$, 'SM409', 'you have too many streams', 'seed 122: so many that have not ended');
DELETE FROM social.streams WHERE host_id = :host AND title LIKE 'Stream %';
SELECT (c.stream).id AS private, c.stream_key AS private_key, (c.stream).playback_id AS private_playback FROM social.create_stream('Private', is_private => true, allowed_users => ARRAY[:friend]::bigint[]) c \gset
SELECT (c.stream).id AS open FROM social.create_stream('Open', is_open => true) c \gset

-- ---- who sees it ---------------------------------------------------------------------------------------
SELECT is((SELECT string_agg(CASE WHEN pg_temp.sees(p, s) THEN 'y' ELSE '-' END, '' ORDER BY p) FROM unnest(ARRAY[:host, :friend, :stranger, :blocked, :staff]::bigint[]) p), expected, 'seed 139, I-12: ' || what)
FROM (VALUES (:one::bigint, 'yyy-y', 'a public one is for who is logged in'), (:private, 'yy--y', 'a private one for those invited'), (:open, 'yyy-y', 'an open one')) v (s, expected, what);
SELECT is((SELECT string_agg(CASE WHEN pg_temp.sees(NULL, s) THEN 'y' ELSE '-' END, '' ORDER BY n) FROM unnest(ARRAY[:one, :private, :open]::bigint[]) WITH ORDINALITY u (s, n)), '--y', 'I-12: who is not logged in sees open ones');
SELECT social.act_as(:friend) \gset
SELECT is(j ->> 'stream_url' || (j ->> 'allowed_users'), NULL, 'where to publish and who is invited is the host''s business') FROM social.visible_streams v, social.stream_json(v) j WHERE v.id = :private;
SELECT is(j ->> 'playback_url', NULL, 'P-20: a private stream has no address for everybody') FROM social.visible_streams v, social.stream_json(v) j WHERE v.id = :private;
SELECT throws_ok(format('SELECT social.%s', a), 'SM403', NULL, 'seed 037-040: the host alone: ' || a) FROM unnest(ARRAY[format('update_stream(%s, ''mine'')', :one), format('delete_stream(%s)', :one), format('start_stream(%s)', :one), format('end_stream(%s)', :one),
	format('rotate_stream_key(%s)', :one), format('invite_to_stream(%s, %s)', :one, :stranger), format('uninvite_from_stream(%s, %s)', :private, :friend), format('stream_invitations(%s)', :private)]) a;
SELECT social.act_as(:stranger) \gset
SELECT throws_ok(format('SELECT social.%s', a), 'SM404', NULL, 'what is not to be seen is not there: ' || a) FROM unnest(ARRAY[format('update_stream(%s, ''mine'')', :private), format('delete_stream(%s)', :private), format('rotate_stream_key(%s)', :private), 'start_stream(0)']) a;
SELECT throws_ok(format('SELECT social.watch_stream(%s)', :private), 'SM403', 'Access denied', 'seed 041: watching a private one is forbidden');
SELECT throws_ok('SELECT social.watch_stream(0)', 'SM404', 'Stream not found', 'seed 041: and what is not there is not found');
SELECT social.act_as(:blocked) \gset
SELECT throws_ok(format('SELECT social.watch_stream(%s)', :one), 'SM404', 'Stream not found', 'across a block nothing is there');
SELECT social.act_as(NULL::bigint) \gset
SELECT throws_ok(format('SELECT social.watch_stream(%s)', :one), 'SM401', NULL, 'I-12: a login would help');

-- ---- changing ------------------------------------------------------------------------------------------
SELECT social.act_as(:host) \gset
SELECT social.update_stream(:one, title => 'Harbour news', tags => '', scheduled_at => 'infinity', thumbnail_url => '') \gset
SELECT is((title, description = repeat('d', 500), tags, scheduled_at, thumbnail_url)::text, '("Harbour news",t,{},,)', 'seed 037: what is given changes') FROM social.streams WHERE id = :one;
SELECT throws_ok(format('SELECT social.update_stream(%s, is_open => true)', :private), 'SM400', NULL, 'a private one cannot be open');
SELECT is((SELECT array_agg(id) FROM social.search_streams('harbour')), ARRAY[:one]::bigint[], 'it is found');
SELECT social.act_as(:blocked) \gset
SELECT is_empty('SELECT FROM social.search_streams(''harbour'')', 'not by whom the host blocks');
SELECT social.act_as(:host) \gset
SELECT social.update_stream(:private, allowed_users => ARRAY[:stranger]::bigint[]) \gset
SELECT set_eq(format('SELECT id FROM social.stream_invitations(%s)', :private), ARRAY[:stranger]::bigint[], 'seed 139: these alone are invited now');
SELECT social.invite_to_stream(:private, :friend), social.invite_to_stream(:private, :friend), social.uninvite_from_stream(:private, :stranger), social.uninvite_from_stream(:private, :stranger) \gset
SELECT ok(pg_temp.sees(:friend, :private) AND NOT pg_temp.sees(:stranger, :private), 'one by one, too');
SELECT social.act_as(:host) \gset

-- ---- keys ----------------------------------------------------------------------------------------------
SELECT c.stream_key AS next_key FROM social.rotate_stream_key(:one) c \gset
SELECT isnt(:'key'::text, :'next_key', 'I-17: another key');
SELECT is((SELECT refusal FROM social.stream_publish(:'key', 'c1', '192.0.2.1')), 'unknown key', 'the old one publishes nothing');
SELECT is((SELECT refusal FROM social.stream_publish(k, 'c1', '192.0.2.1')), 'unknown key', 'nor does ' || coalesce(left(k, 20), 'none')) FROM unnest(ARRAY[NULL, '', 'x', repeat('a', 100000), E'\U0001F600', ''' OR true --']) k;
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', p, '192.0.2.1')), 'invalid publisher', 'a connection has a name') FROM unnest(ARRAY[NULL, '', repeat('a', 201)]) p;
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'stream_publish_refused' AND address = '192.0.2.1' AND detail ->> 'reason' = 'unknown key'), 7::bigint, 'seed 153: each is told, and from where');
SELECT is((SELECT (refusal, stream_id, playback_id)::text FROM social.stream_publish(:'next_key', 'c1', '192.0.2.1')), format('(,%s,%s)', :one, :'playback'), 'this one does, and goes on under the public id');
SELECT is(pg_temp.status(:one), 'starting', 'seed 135: it is starting');
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', 'c2', '192.0.2.1')), 'already publishing', 'a second publisher is refused');
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', 'c1', '192.0.2.1')), NULL, 'the same one again is not');
UPDATE social.users SET suspended_at = now() WHERE id = :host;
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', 'c1', '192.0.2.1')), 'the host may not publish', 'who is suspended may not');
UPDATE social.users SET suspended_at = NULL WHERE id = :host;

-- ---- what providers say --------------------------------------------------------------------------------
INSERT INTO social.follows (follower_id, followed_id, created_at) SELECT u, :host, now() - interval '1 hour' FROM unnest(ARRAY[:friend, :stranger, :staff]::bigint[]) u;
INSERT INTO social.notification_preferences VALUES (:staff, 'live_stream', false);
SELECT jsonb_build_object('playback_id', :'playback', 'publisher', 'c1') AS data \gset
SELECT throws_ok(format('SELECT social.stream_event(%s)', a), 'SM400', NULL, 'SM400: ' || a) FROM unnest(ARRAY['''nobody'', ''1'', ''a'', now()', 'NULL, ''1'', ''a'', now()', '''local'', NULL, ''a'', now()', '''local'', '''', ''a'', now()', '''local'', repeat(''a'', 201), ''a'', now()',
	'''local'', ''1'', NULL, now()', '''local'', ''1'', ''a'', NULL', '''local'', ''1'', ''a'', now() + interval ''1 hour''', '''local'', ''1'', ''a'', ''infinity''', '''local'', ''1'', ''a'', now() - interval ''8 days''', '''local'', ''1'', ''a'', now(), ''[]''',
	'''local'', ''1'', ''a'', now(), NULL']) a;
SELECT is(pg_temp.event('e0', 'update', 0, '{"playback_id": "nothing"}'), 'unknown', 'P-19: of no stream');
SELECT is(pg_temp.event('e1', 'update', 0, :'data'), 'applied', 'P-19: a heart-beat');
SELECT is((status, started_at IS NOT NULL, notice_at IS NOT NULL)::text, '(live,t,t)', 'seed 135, 136: it is live, without the host') FROM social.streams WHERE id = :one;
SELECT is(pg_temp.event('e1', 'publish_done', 0, :'data'), 'repeated', 'P-19: an event is applied once');
SELECT is(pg_temp.event('e2', 'publish_done', 100, :'data'), 'stale', 'P-19: what is older than the last is ignored');
SELECT is(pg_temp.event('e3', 'on_play', 0, :'data'), 'ignored', 'so is what means nothing');
SELECT is(pg_temp.event('e4', 'publish_done', 0, :'data' || '{"publisher": "c0"}'::jsonb), 'ignored', 'or comes from an earlier connection');
SELECT is(pg_temp.status(:one), 'live', 'none of which ends it');
SELECT is((SELECT sum(social.tell_stream_followers(1)) FROM generate_series(1, 4)), 3::numeric, 'seed 141: followers are told, one batch after the other');
SELECT set_eq(format('SELECT recipient_id FROM social.notifications WHERE stream_id = %s AND type = ''live_stream'' AND actor_id = %s', :one, :host), ARRAY[:friend, :stranger]::bigint[], 'seed 133, 141: those who want to be');
SELECT social.act_as(:friend) \gset
SELECT is((SELECT n.stream_id FROM social.notifications() n WHERE n.type = 'live_stream'), :one::bigint, 'and see which stream it is');
SELECT is((SELECT array_agg(id) FROM social.followed_streams()), ARRAY[:one]::bigint[], 'which is among those of whom they follow');
SELECT is(pg_temp.event('e5', 'publish_done', 0, :'data'), 'applied', 'the connection is lost');
SELECT is(pg_temp.status(:one), 'live', 'P-19: which ends nothing yet');
SELECT social.tend_streams() \gset
SELECT is(pg_temp.status(:one), 'live', 'within the reconnect window');
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', 'c2', '192.0.2.1')), NULL, 'it comes back');
SELECT is(pg_temp.event('e6', 'update', 0, jsonb_build_object('stream_key', :'next_key', 'publisher', 'c2')), 'applied', 'by its key, too');
SELECT is((status, disconnected_at, notice_at)::text, '(live,,)', 'and nobody is told again') FROM social.streams WHERE id = :one;
UPDATE social.streams SET heard_at = clock_timestamp() - interval '16 s' WHERE id = :one;
SELECT social.tend_streams() \gset
SELECT ok(disconnected_at IS NOT NULL AND status = 'live', 'missing heart-beats are a disconnect') FROM social.streams WHERE id = :one;
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', 'c3', '192.0.2.1')), NULL, 'after which another connection may come');
SELECT pg_temp.event('e7', 'publish_done', 0, :'data' || '{"publisher": "c3"}'::jsonb) \gset
UPDATE social.streams SET disconnected_at = clock_timestamp() - interval '59 s' WHERE id = :one;
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', 'c3', '192.0.2.1')), NULL, 'at the end of the reconnect window it still comes back');
SELECT pg_temp.event('e7b', 'publish_done', 0, :'data' || '{"publisher": "c3"}'::jsonb) \gset
UPDATE social.streams SET disconnected_at = clock_timestamp() - interval '61 s' WHERE id = :one;
SAVEPOINT unseen;
SELECT is(pg_temp.event('e7c', 'update', 0, :'data' || '{"publisher": "c3"}'::jsonb) || ' ' || pg_temp.status(:one), 'ignored ended', 'after it the stream is over, whoever sees that first: a heart-beat');
ROLLBACK TO unseen;
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', 'c3', '192.0.2.1')), 'unknown key', 'or who comes back too late');
SELECT is(pg_temp.status(:one), 'ended', 'which ends it');
ROLLBACK TO unseen;
SELECT social.tend_streams() \gset
SELECT is((status, ended_at IS NOT NULL, publisher, viewer_count)::text, '(ended,t,,0)', 'P-19: it ends when nobody has come back') FROM social.streams WHERE id = :one;
SELECT is_empty(format('SELECT FROM social.stream_keys WHERE stream_id = %s', :one), 'I-17: its key is burned');
SELECT is((SELECT refusal FROM social.stream_publish(:'next_key', 'c4', '192.0.2.1')), 'unknown key', 'and publishes nothing more');
SELECT is(pg_temp.event('e8', 'update', 0, :'data'), 'ignored', 'what comes after the end means nothing');
SELECT social.act_as(:host) \gset
SELECT throws_ok(format('SELECT social.start_stream(%s)', :one), 'SM409', NULL, 'an end is for good');
SELECT throws_ok(format('SELECT social.rotate_stream_key(%s)', :one), 'SM409', NULL, 'nor is there another key');
SELECT is(social.end_stream(:one), :one::bigint, 'seed 040: ended again is harmless');
SELECT is(social.start_stream(:open), :open::bigint, 'seed 039: the host starts one');
SELECT is(pg_temp.status(social.start_stream(:open)), 'starting', 'again changes nothing');
SELECT is(pg_temp.status(social.end_stream(:open)), 'ended', 'seed 040: and ends it');
SELECT is((SELECT count(*) FROM social.streams(first => 100) s WHERE s.host_id = :host), 1::bigint, 'seed 034: what has not ended');
SELECT is((SELECT count(*) FROM social.streams('ended', 100) s WHERE s.host_id = :host), 2::bigint, 'and what has');
SELECT throws_ok('SELECT FROM social.streams(''over'')', 'SM400', NULL, 'other states there are none');
SELECT is((SELECT count(*) FROM social.user_streams(:host)), 3::bigint, 'a person''s are all of them');

-- mux says the same in other words
UPDATE social.streams SET provider = 'mux', provider_id = 'mux-1' WHERE id = :private;
CREATE FUNCTION pg_temp.mux(id text, kind text) RETURNS text LANGUAGE sql AS $$SELECT social.stream_event('mux', id, 'video.live_stream.' || kind, clock_timestamp(), '{"provider_id": "mux-1"}')$$;
SELECT is(pg_temp.mux('m' || n, kind) || ' ' || pg_temp.status(:private), 'applied ' || state, 'seed 136, P-19: ' || kind) FROM unnest(ARRAY['connected', 'active', 'disconnected', 'connected', 'active'], ARRAY['starting', 'live', 'live', 'live', 'live']) WITH ORDINALITY u (kind, state, n);
UPDATE social.streams SET heard_at = clock_timestamp() - interval '1 hour' WHERE id = :private;
SELECT social.tend_streams() \gset
SELECT is(disconnected_at, NULL, 'which sends no heart-beats') FROM social.streams WHERE id = :private;
SELECT sum(social.tell_stream_followers()) FROM generate_series(1, 3) \gset
SELECT set_eq(format('SELECT recipient_id FROM social.notifications WHERE stream_id = %s', :private), ARRAY[:friend]::bigint[], 'of a private stream those are told who are invited');
UPDATE social.streams SET provider = 'local', provider_id = NULL WHERE id = :private;

-- ---- who watches ---------------------------------------------------------------------------------------
SELECT social.act_as(:friend) \gset
SELECT w.playback_token AS token, w.playback_url, w.mode, extract(epoch FROM w.expires_at - now())::integer AS life FROM social.watch_stream(:private) w \gset
SELECT is(:'playback_url'::text, format('/hls/%s/%s/index.m3u8', :'token', :'private_playback'), 'P-20: the path of a private one begins with the token, which its segments inherit');
SELECT is(:'mode' || ' ' || :'life', 'signed_prefix 3600', 'I-11: for an hour');
SELECT is_empty(format('SELECT FROM social.stream_views v WHERE position(%L IN v::text) > 0', :'token'), 'the token stands in no row');
SELECT w.playback_token AS second FROM social.watch_stream(:private) w \gset
SELECT social.act_as(:host) \gset
SELECT w.playback_token AS third FROM social.watch_stream(:private) w \gset
SELECT is(social.count_stream_viewers(), 1::bigint, 'the worker counts');
SELECT is((viewer_count, peak_viewers)::text, '(2,2)', 'seed 140: each person once, whatever they watch with') FROM social.streams WHERE id = :private;
SELECT ok(social.renew_stream_view(:'token') AND social.renew_stream_view(:'token', :'private_playback'), 'a lease is renewed');
SELECT ok(NOT social.renew_stream_view(t, p), 'not by ' || coalesce(left(t, 10), 'nothing') || coalesce(' of another stream: ' || p, '')) FROM (VALUES (NULL, NULL), ('', NULL), ('x', NULL), (repeat('a', 100000), NULL), (:'token', :'playback')) v (t, p);
UPDATE social.stream_views SET renewed_at = now() - interval '31 s', joined_at = now() - interval '60 s' WHERE viewer_id = :host;
SELECT ok(NOT social.renew_stream_view(:'third') AND NOT social.stream_playable(:'private_playback', :'third') AND NOT social.leave_stream(:'third'), 'a lease that has lapsed is over before the worker has seen it');
SELECT results_eq(format('SELECT social.renew_stream_views(ARRAY[%L, %L])', :'third', :'token'), '{1}'::integer[], 'for a connection, too');
SELECT social.count_stream_viewers() \gset
SELECT is((viewer_count, peak_viewers)::text, '(1,2)', 'who is not heard of has gone; the peak stays') FROM social.streams WHERE id = :private;
SELECT is(left_at, renewed_at, 'seed 108: when they were heard of last') FROM social.stream_views WHERE viewer_id = :host;
SELECT ok(NOT social.renew_stream_view(:'third'), 'and cannot come back by the same lease');
SELECT ok(social.leave_stream(:'second') AND NOT social.leave_stream(:'second'), 'who leaves says so once');
SELECT social.uninvite_from_stream(:private, :friend) \gset
SELECT ok(NOT social.renew_stream_view(:'token'), 'who is invited no longer is out');
SELECT is(social.viewer_id(), :host::bigint, 'whoever acts goes on to do so');
SELECT social.count_stream_viewers() \gset
SELECT is(viewer_count, 0, 'and counted no more') FROM social.streams WHERE id = :private;
UPDATE social.streams SET provider = 'mux', provider_id = 'mux-1' WHERE id = :private;
SELECT is(pg_temp.mux('m9', 'idle') || ' ' || pg_temp.status(:private), 'applied ended', 'P-19: idle is the end');

-- ---- the end of an account -----------------------------------------------------------------------------
SELECT (c.stream).id AS last, c.stream_key AS last_key FROM social.create_stream('Last') c \gset
SELECT social.stream_publish(:'last_key', 'c1', '192.0.2.2') \gset
UPDATE social.users SET suspended_at = now() WHERE id = :host;
SELECT social.tend_streams() \gset
SELECT is(pg_temp.status(:last), 'ended', 'the stream of somebody who is suspended ends');
SELECT social.act_as(NULL::bigint) \gset
SELECT social.delete_user(:host);
SELECT is_empty(format('SELECT FROM social.streams WHERE host_id = %s', :host), 'seed 166: streams go with their host');

SELECT * FROM finish();
ROLLBACK;
