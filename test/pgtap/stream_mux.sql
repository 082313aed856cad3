-- stream_mux.sql proves streams at Mux in the database: what a job says there, what is taken from answers and events, the
-- key for its host alone, and who may watch by which address (mission 34-41, 135-143, I-17, P-19, P-20; issue 16 line 4).
BEGIN;
SELECT no_plan();

SELECT social.hold_task('events', true) AS held \gset
INSERT INTO social.users (username, is_staff) VALUES ('tap_host', false), ('tap_friend', false), ('tap_stranger', false);
SELECT id AS host FROM social.users WHERE username = 'tap_host' \gset
SELECT id AS friend FROM social.users WHERE username = 'tap_friend' \gset
SELECT id AS stranger FROM social.users WHERE username = 'tap_stranger' \gset
CREATE FUNCTION pg_temp.next(stream bigint) RETURNS text LANGUAGE sql AS $$SELECT concat_ws(' ', n.step, n.method, n.path, n.body) FROM social.mux_next_request(stream) n$$;
CREATE FUNCTION pg_temp.answer(stream bigint, step text, data text, status integer DEFAULT 200) RETURNS boolean LANGUAGE sql AS $$SELECT social.mux_answered(stream, step, status, CASE WHEN data <> '' THEN '{"data": ' || data || '}' ELSE '' END)$$;
CREATE FUNCTION pg_temp.status(id bigint) RETURNS text LANGUAGE sql AS $$SELECT s.status::text FROM social.streams s WHERE s.id = $1$$;
CREATE FUNCTION pg_temp.jobs(stream bigint) RETURNS bigint LANGUAGE sql AS $$SELECT count(*) FROM social.jobs j WHERE j.kind = 'mux' AND j.unique_key = 'stream ' || stream$$;
CREATE FUNCTION pg_temp.deletions(path text) RETURNS bigint LANGUAGE sql AS $$SELECT count(*) FROM social.jobs j WHERE j.kind = 'mux' AND j.args -> 'delete' ? path$$;
CREATE FUNCTION pg_temp.event(id text, kind text, ago numeric, data jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT social.mux_event(jsonb_build_object('id', id, 'type', kind, 'created_at', clock_timestamp() - ago * interval '1 second', 'data', data))
$$;
-- A claim of a token that is part of an address.
CREATE FUNCTION pg_temp.claims(url text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb FROM split_part(url, '.', 5) p
$$;

-- ---- whose new streams are ------------------------------------------------------------------------------
DELETE FROM social.mux_account;
SELECT is(social.new_stream_provider(), 'local', 'nobody has an account at Mux without saying so');
SELECT social.set_mux(is_default => true) \gset
SELECT is(social.new_stream_provider(), 'mux', 'issue 16: new streams are Mux''s');
SELECT ok(NOT social.set_mux(is_default => true), 'the same again changes nothing');
SELECT throws_ok(format('SELECT social.set_mux(%s)', a), 'SM400', NULL, 'SM400: ' || a) FROM unnest(ARRAY['signing_key_id => ''one''', 'private_key => ''x''', 'signing_key_id => ''one'', private_key => ''x''', 'signing_key_id => ''one'', private_key => ''!''',
	'signing_key_id => ''one'', private_key => encode(''-----BEGIN PRIVATE KEY-----'', ''base64'')', 'signing_key_id => E''a\nb'', private_key => ''''']) a;
SELECT throws_ok(format('SELECT social.set_mux(signing_key_id => ''one'', private_key => %L)', g.private_key), 'SM400', NULL, 'a key of another kind') FROM social.generate_jwt_key('ES256') g;
SELECT throws_ok(format('SELECT social.set_mux(signing_key_id => ''one'', private_key => %L)', g.public_key), 'SM400', NULL, 'a public key') FROM social.generate_jwt_key('RS256') g;
SELECT social.act_as(:host) \gset
SELECT throws_ok($$SELECT social.create_stream('Private', is_private => true)$$, 'SM409', 'streams cannot be private here', 'P-20: nothing private without what signs');
SELECT convert_from(private_key, 'UTF8') AS pem, public_key AS public FROM social.generate_jwt_key('RS256') \gset
SELECT ok(social.set_mux(signing_key_id => 'key-1', private_key => replace(encode(convert_to(:'pem', 'UTF8'), 'base64'), E'\n', '')), 'a key in base64, as Mux gives it');
SELECT ok(NOT social.set_mux(signing_key_id => 'key-1', private_key => :'pem'), 'or as PEM');
SELECT ok(position('PRIVATE' IN string_agg(detail::text, '')) = 0, 'the audit log has no key') FROM social.audit_log WHERE action = 'set_mux';
SELECT ok(NOT has_table_privilege('pg_monitor', 'social.' || t, 'SELECT'), 'nobody else reads ' || t) FROM unnest(ARRAY['mux_account', 'mux_streams']) t;

-- ---- announcing -----------------------------------------------------------------------------------------
SELECT (c.stream).id AS one, c.stream_key IS NULL AS no_key, c.rtmp_url, (c.stream).playback_id AS passthrough FROM social.create_stream('At Mux') c \gset
SELECT ok(:'no_key', 'I-17: Mux makes the key');
SELECT is(:'rtmp_url'::text, 'rtmp://global-live.mux.com:5222/app', 'seed 136: where to publish');
SELECT is(pg_temp.jobs(:one), 1::bigint, 'a job says so to Mux');
SELECT throws_ok(format('SELECT social.take_stream_key(%s)', :one), 'SM409', 'the key is not there yet', 'which there is none of yet');
SELECT is(step || method || path, 'createPOST/video/v1/live-streams', 'by making a live stream') FROM social.mux_next_request(:one);
SELECT is(body::jsonb, jsonb_build_object('playback_policies', '["public"]'::jsonb, 'new_asset_settings', '{"playback_policies": ["public"]}'::jsonb, 'latency_mode', 'reduced', 'reconnect_window', 60, 'passthrough', :'passthrough'),
	'P-19: that waits as long as we do') FROM social.mux_next_request(:one);
SELECT is(j ->> 'playback_url', NULL, 'it is watched nowhere yet') FROM social.visible_streams v, social.stream_json(v) j WHERE v.id = :one;
SELECT is((playback_url, mode)::text, '(,public)', 'nor by who asks') FROM social.watch_stream(:one);
SELECT throws_ok(format('SELECT social.mux_answered(%s, ''create'', 201, %L)', :one, a), 'SM400', NULL, 'no answer: ' || a) FROM unnest(ARRAY['', 'x', '{}', '[]', '{"data": null}', '{"data": {"id": "a/b", "stream_key": "0123456789", "playback_ids": [{"id": "p", "policy": "public"}]}}',
	'{"data": {"id": "l", "stream_key": "0123456789", "playback_ids": []}}', '{"data": {"id": "l", "stream_key": "", "playback_ids": [{"id": "p", "policy": "public"}]}}', '{"data": {"id": "l", "stream_key": "0123456789", "playback_ids": [{"id": "p", "policy": "drm"}]}}']) a;
SELECT ok(pg_temp.answer(:one, 'create', '{"id": "live-1", "stream_key": "the-key-of-mux-1", "playback_ids": [{"id": "play-1", "policy": "public"}]}', 201), 'it is made');
SELECT is(pg_temp.next(:one), NULL, 'and nothing is left to be said');
SELECT is(j ->> 'playback_url', 'https://stream.mux.com/play-1.m3u8', 'seed 136: where it is watched') FROM social.visible_streams v, social.stream_json(v) j WHERE v.id = :one;
SELECT ok(position('the-key' IN social.stream_json(v)::text) = 0, 'I-17: the key is not told with it') FROM social.visible_streams v WHERE id = :one;
SELECT is_empty($$SELECT FROM (SELECT j::text AS row_text FROM social.jobs j UNION ALL SELECT a::text FROM social.audit_log a UNION ALL SELECT e::text FROM social.stream_events e UNION ALL SELECT k::text FROM social.stream_keys k) t WHERE position('the-key' IN t.row_text) > 0$$, 'I-17: nor does it stand in jobs, events or the audit log');
SELECT ok(pg_temp.answer(:one, 'create', '{"id": "live-1", "stream_key": "the-key-of-mux-1", "playback_ids": [{"id": "play-1", "policy": "public"}]}', 201), 'the same answer again is harmless');
SELECT ok(pg_temp.answer(:one, 'create', '{"id": "live-x", "stream_key": "the-key-of-mux-x", "playback_ids": [{"id": "play-x", "policy": "public"}]}', 201), 'another one, of a worker that was taken for dead');
SELECT is(pg_temp.deletions('/video/v1/live-streams/live-x'), 1::bigint, 'is deleted there');

-- ---- the key --------------------------------------------------------------------------------------------
SELECT social.act_as(:stranger) \gset
SELECT throws_ok(format('SELECT social.take_stream_key(%s)', :one), 'SM403', NULL, 'I-17: for its host alone');
SELECT social.act_as(:host) \gset
SELECT is(c.stream_key || ' ' || c.rtmp_url, 'the-key-of-mux-1 rtmp://global-live.mux.com:5222/app', 'I-17: who takes it') FROM social.take_stream_key(:one) c;
SELECT throws_ok(format('SELECT social.take_stream_key(%s)', :one), 'SM409', 'the key was told', 'I-17: once');
SELECT is(m.stream_key, NULL, 'and it stands nowhere afterwards') FROM social.mux_streams m WHERE m.stream_id = :one;
SELECT is(c.stream_key, NULL, 'another key is Mux''s to make') FROM social.rotate_stream_key(:one) c;
SELECT throws_ok(format('SELECT social.take_stream_key(%s)', :one), 'SM409', 'the key is not there yet', 'which takes a moment');
SELECT is(pg_temp.next(:one), 'reset POST /video/v1/live-streams/live-1/reset-stream-key', 'by another request');
SELECT ok(pg_temp.answer(:one, 'reset', '{"id": "live-1", "stream_key": "the-key-of-mux-2"}'), 'it is made');
SELECT is(c.stream_key, 'the-key-of-mux-2', 'and told') FROM social.take_stream_key(:one) c;

-- ---- private --------------------------------------------------------------------------------------------
SELECT social.update_stream(:one, is_private => true, allowed_users => ARRAY[:friend]::bigint[]) \gset
SELECT is((playback_url, mode)::text, '(,provider_token)', 'P-20: what has become private is not shown by a public id') FROM social.watch_stream(:one);
SELECT is(pg_temp.next(:one), 'show_live POST /video/v1/live-streams/live-1/playback-ids {"policy" : "signed"}', 'it gets an id that needs a token');
SELECT ok(pg_temp.answer(:one, 'show_live', '{"id": "play-2", "policy": "signed"}'), 'which it has');
SELECT is(pg_temp.next(:one), 'forget_live DELETE /video/v1/live-streams/live-1/playback-ids/play-1', 'the public one goes');
SELECT ok(pg_temp.answer(:one, 'forget_live', '', 204), 'and is gone');
SELECT is(pg_temp.next(:one), NULL, 'which is all');
SELECT social.act_as(:friend) \gset
SELECT is(j ->> 'playback_url', NULL, 'P-20: there is no address for everybody') FROM social.visible_streams v, social.stream_json(v) j WHERE v.id = :one;
SELECT w.playback_url AS url, w.mode, extract(epoch FROM w.expires_at - now())::integer AS life FROM social.watch_stream(:one) w \gset
SELECT is(:'mode' || :'life', 'provider_token3600', 'I-11: who may watch gets a token for an hour');
SELECT is(split_part(:'url', '?token=', 1), 'https://stream.mux.com/play-2.m3u8', 'with the address');
SELECT is(pg_temp.claims(:'url') - 'exp', '{"kid": "key-1", "sub": "play-2", "aud": "v"}', 'that says what it is for');
SELECT ok((pg_temp.claims(:'url') ->> 'exp')::bigint BETWEEN extract(epoch FROM now()) + 3598 AND extract(epoch FROM now()) + 3602, 'and until when');
SELECT is(social.jwt_verify(split_part(:'url', '?token=', 2), convert_to(:'public', 'UTF8'), 'RS256') ->> 'sub', 'play-2', 'signed with the key of the account');
SELECT is(social.stream_playback_url(:'passthrough', 'x'), NULL, 'who may not watch gets none in another way');
SELECT social.act_as(:stranger) \gset
SELECT throws_ok(format('SELECT social.watch_stream(%s)', :one), 'SM403', NULL, 'seed 041: who is not invited');
SELECT social.act_as(:host) \gset
SELECT social.update_stream(:one, is_private => false) \gset
SELECT social.update_stream(:one, is_private => true) \gset
SELECT is(pg_temp.next(:one), NULL, 'to and fro asks nothing');

-- ---- a broadcast as Mux tells it ----------------------------------------------------------------------------
SELECT is(pg_temp.event('e' || n, 'video.live_stream.' || kind, 60 - n, '{"id": "live-1", "stream_key": "the-key-of-mux-2"}') || ' ' || pg_temp.status(:one), result || ' ' || state, 'seed 042, 135, P-19: ' || kind)
FROM unnest(ARRAY['connected', 'recording', 'active', 'disconnected', 'connected', 'active'], ARRAY['applied', 'ignored', 'applied', 'applied', 'applied', 'applied'], ARRAY['starting', 'starting', 'live', 'live', 'live', 'live']) WITH ORDINALITY u (kind, result, state, n);
SELECT is(status, 'live', 'it is live') FROM social.streams WHERE id = :one;
SELECT is(pg_temp.event('e5', 'video.live_stream.idle', 1, '{"id": "live-1"}'), 'repeated', 'P-19: an event counts once');
SELECT is(pg_temp.event('e0', 'video.live_stream.idle', 58, '{"id": "live-1"}'), 'stale', 'P-19: an older one is none');
SELECT is(pg_temp.event('a0', 'video.asset.created', 50, '{"id": "asset-1", "live_stream_id": "live-1", "playback_ids": [{"id": "play-a", "policy": "public"}]}'), 'applied', 'what is recorded, though it is older');
SELECT is(pg_temp.next(:one), 'show_asset POST /video/v1/assets/asset-1/playback-ids {"policy" : "signed"}', 'P-20: it is as private as the stream');
SELECT ok(pg_temp.answer(:one, 'show_asset', '{"id": "play-b", "policy": "signed"}') AND pg_temp.next(:one) = 'forget_asset DELETE /video/v1/assets/asset-1/playback-ids/play-a' AND pg_temp.answer(:one, 'forget_asset', '', 404), 'and by no other id, which may be gone already');
SELECT is(pg_temp.event('a1', 'video.asset.ready', 40, '{"id": "asset-1", "live_stream_id": "live-1", "is_live": true, "playback_ids": [{"id": "play-b", "policy": "signed"}]}'), 'applied', 'the recording goes on');
SELECT ok(asset_ready_at IS NULL, 'and is not ready') FROM social.mux_streams WHERE stream_id = :one;
SELECT is(pg_temp.event('u', 'video.asset.ready', 40, '{"id": "asset-u", "playback_ids": []}'), 'unknown', 'what is no stream''s is nobody''s');
SELECT is(pg_temp.event('v', 'video.upload.created', 1, '{"id": "u"}'), 'unknown', 'an unknown type');
SELECT is(pg_temp.event('w', 'video.live_stream.warning', 1, '{"id": "live-1"}'), 'ignored', 'one that means nothing');
SELECT throws_ok($$SELECT pg_temp.event('old', 'video.live_stream.idle', 86400 * 8, '{"id": "live-1"}')$$, 'SM400', NULL, 'one of last week');
SELECT is(pg_temp.event('c', 'video.live_stream.created', 1, jsonb_build_object('id', 'live-y', 'stream_key', 'the-key-of-mux-y', 'passthrough', :'passthrough')) || pg_temp.deletions('/video/v1/live-streams/live-y'), 'unknown1', 'what a worker made that did not live to say so is deleted');
DELETE FROM social.jobs WHERE kind = 'mux';
SELECT is(pg_temp.event('e9', 'video.live_stream.idle', 0, '{"id": "live-1"}'), 'applied', 'P-19: the end');
SELECT is(status || pg_temp.jobs(:one), 'ended1', 'which Mux is told') FROM social.streams WHERE id = :one;
SELECT is(pg_temp.next(:one), 'complete PUT /video/v1/live-streams/live-1/complete', 'issue 16: complete');
SELECT ok(pg_temp.answer(:one, 'complete', ''), 'is said');
SELECT is(pg_temp.next(:one), 'disable PUT /video/v1/live-streams/live-1/disable', 'I-17: and its key is burned');
SELECT ok(pg_temp.answer(:one, 'disable', ''), 'likewise');
SELECT is(pg_temp.next(:one), NULL, 'which is all');
SELECT throws_ok(format('SELECT social.take_stream_key(%s)', :one), 'SM409', 'the stream has ended', 'I-17: there is no key any more');
SELECT ok(w.playback_url LIKE 'https://stream.mux.com/play-2.m3u8?token=%', 'what was shown is') FROM social.watch_stream(:one) w;
SELECT is(pg_temp.event('a2', 'video.asset.live_stream_completed', 0, '{"id": "asset-1", "live_stream_id": "live-1", "duration": 12.5, "playback_ids": [{"id": "play-b", "policy": "signed"}]}'), 'applied', 'seed 140: the recording is ready');
SELECT ok(w.playback_url LIKE 'https://stream.mux.com/play-b.m3u8?token=%', 'and shown in its place') FROM social.watch_stream(:one) w;
SELECT results_eq('SELECT id FROM social.recorded_streams()', format('VALUES (%s::bigint)', :one), 'seed 140: among the recordings');
SELECT ok(j ->> 'playback_url' LIKE 'https://stream.mux.com/play-b.m3u8?token=%' AND j -> 'media_id' = 'null' AND j -> 'poster_url' = 'null', 'as HLS, with a token') FROM social.visible_streams v, LATERAL (SELECT social.stream_recording_json(v)::jsonb) x (j) WHERE v.id = :one;
SELECT social.act_as(:stranger) \gset
SELECT is_empty('SELECT FROM social.recorded_streams()', 'seed 139: who is not invited finds nothing');
SELECT is(social.stream_recording_url(:one), NULL, 'and no address');
SELECT social.act_as(:host) \gset
SELECT is(pg_temp.event('a3', 'video.asset.ready', 0, '{"id": "asset-2", "live_stream_id": "live-1", "playback_ids": [{"id": "play-c", "policy": "public"}]}'), 'ignored', 'a second one is not');
SELECT social.update_stream(:one, is_private => false) \gset
SELECT is(pg_temp.next(:one), 'show_live POST /video/v1/live-streams/live-1/playback-ids {"policy" : "public"}', 'a recording that becomes public');
SELECT ok(pg_temp.answer(:one, 'show_live', '', 404) AND pg_temp.answer(:one, 'show_asset', '{"id": "play-d", "policy": "public"}') AND pg_temp.answer(:one, 'forget_asset', '', 204), 'is, though the broadcast is gone there');
SELECT is(pg_temp.next(:one), NULL, 'which is all');
SELECT is(j ->> 'playback_url', 'https://stream.mux.com/play-d.m3u8', 'for everybody') FROM social.visible_streams v, social.stream_json(v) j WHERE v.id = :one;

-- ---- the end ----------------------------------------------------------------------------------------------
SELECT social.delete_stream(:one) \gset
SELECT is(pg_temp.deletions('/video/v1/live-streams/live-1') || ' ' || pg_temp.deletions('/video/v1/assets/asset-1'), '1 1', 'issue 16: what is deleted here is deleted there');
SELECT is(pg_temp.next(:one), NULL, 'and nothing else is said of it');
SELECT ok(NOT pg_temp.answer(:one, 'create', '{"id": "live-z", "stream_key": "the-key-of-mux-z", "playback_ids": [{"id": "play-z", "policy": "public"}]}', 201), 'made for who is gone');
SELECT is(pg_temp.deletions('/video/v1/live-streams/live-z'), 1::bigint, 'is deleted, too');
SELECT (c.stream).id AS two FROM social.create_stream('Never begun') c \gset
SELECT social.end_stream(:two) \gset
SELECT is(pg_temp.next(:two), NULL, 'what ends before Mux hears of it is none of its business');
SELECT (c.stream).id AS three FROM social.create_stream('Lost answer') c \gset
SELECT is(pg_temp.event('c3', 'video.live_stream.created', 1, jsonb_build_object('id', 'live-3', 'stream_key', 'the-key-of-mux-3', 'passthrough', s.playback_id, 'playback_ids', '[{"id": "play-3", "policy": "public"}]'::jsonb)) || coalesce(pg_temp.next(:three), ''), 'ignored', 'an answer that was lost comes as an event, and nothing is made twice') FROM social.streams s WHERE s.id = :three;
SELECT is(c.stream_key, 'the-key-of-mux-3', 'with its key') FROM social.take_stream_key(:three) c;
UPDATE social.mux_streams SET asset_id = 'asset-3' WHERE stream_id = :three;
DELETE FROM social.mux_streams WHERE stream_id = :three;
SELECT is(pg_temp.deletions('/video/v1/assets/asset-3'), 1::bigint, 'an account that ends takes what hangs on its streams first: the recording is deleted there all the same');
DELETE FROM social.users WHERE id = :host;
SELECT is(pg_temp.deletions('/video/v1/live-streams/live-3'), 1::bigint, 'who deletes the account leaves nothing there');

SELECT * FROM finish();
ROLLBACK;
