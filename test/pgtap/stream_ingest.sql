-- stream_ingest.sql proves what the database says to the ingest server that comes along, and what it has it do: who may
-- watch, whom it drops, what becomes of a recording (mission 135, 137, 139, 140, P-20; issue 16 lines 3 and 5).
BEGIN;
SELECT no_plan();

SELECT social.hold_task('events', true) AS held \gset
INSERT INTO social.users (username) VALUES ('tap_host'), ('tap_friend'), ('tap_stranger');
SELECT id AS host FROM social.users WHERE username = 'tap_host' \gset
SELECT id AS friend FROM social.users WHERE username = 'tap_friend' \gset
SELECT id AS stranger FROM social.users WHERE username = 'tap_stranger' \gset
SELECT social.set_media_store() \gset ignored_
CREATE FUNCTION pg_temp.jobs() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(j.kind || ' ' || (j.args ->> 'stream_id'), ', ' ORDER BY j.kind) FROM social.jobs j WHERE j.kind LIKE 'stream.%'
$$;
SELECT social.act_as(:host) \gset ignored_
SELECT (c.stream).id AS one, c.stream_key AS key, (c.stream).playback_id AS playback FROM social.create_stream('One', is_open => true) c \gset
SELECT (c.stream).id AS member, c.stream_key AS member_key, (c.stream).playback_id AS member_playback FROM social.create_stream('For members') c \gset
SELECT (c.stream).id AS private, c.stream_key AS private_key, (c.stream).playback_id AS private_playback FROM social.create_stream('Private', is_private => true, allowed_users => ARRAY[:friend]::bigint[]) c \gset

-- ---- without an ingest server's worker nothing waits
DELETE FROM social.jobs WHERE kind LIKE 'stream.%';
DELETE FROM social.job_kinds WHERE kind LIKE 'stream.%';
SELECT (social.stream_publish(:'key', 'c1')).stream_id \gset ignored_
SELECT is(pg_temp.jobs(), NULL, 'no job where no worker serves any');
SELECT social.serve_job_kinds('{stream.drop,stream.finish,stream.measure}') \gset ignored_
SELECT set_eq($$SELECT kind::text FROM social.job_kinds WHERE queue = 'live'$$, '{stream.drop,stream.finish,stream.measure}'::text[], 'a worker makes its kinds');
SELECT social.set_job_kind('stream.drop', max_attempts => 3), social.serve_job_kinds('{stream.drop}') \gset ignored_
SELECT is(max_attempts, 3, 'what the operator changed of one stays') FROM social.job_kinds WHERE kind = 'stream.drop';

-- ---- who may watch
SELECT (social.stream_publish(:'key', 'c1')).stream_id \gset ignored_
SELECT is(pg_temp.jobs(), 'stream.measure ' || :one, 'who publishes is measured');
SELECT ok(social.stream_playable(:'playback') AND social.stream_playable(:'playback', ''), 'a stream that is open to everybody, by its id alone');
SELECT ok(NOT social.stream_playable(p, t), format('P-20: not %s %s', left(p, 30), left(t, 30))) FROM (VALUES (NULL, NULL), ('', ''), ('guessed', NULL), (repeat('a', 22), NULL), (:'private_playback', NULL), (:'private_playback', ''), (:'member_playback', NULL), (:'member_playback', ''), (:'member_playback', repeat('a', 43)), (:'private_playback', 'x'),
	(:'private_playback', repeat('a', 100000)), (:'key', NULL)) v (p, t);
SELECT (social.stream_publish(:'private_key', 'c2')).stream_id \gset ignored_
SELECT social.act_as(:friend) \gset ignored_
SELECT w.playback_token AS token, w.playback_url AS url FROM social.watch_stream(:private) w \gset
SELECT is(:'url'::text, social.setting('stream_playback_url') || '/' || :'token' || '/' || :'private_playback' || '/index.m3u8', 'P-20: the token stands before the id, where all pieces inherit it');
SELECT social.act_as(NULL::bigint) \gset ignored_
SELECT ok(social.stream_playable(:'private_playback', :'token'), 'seed 139: a private one with the token of who is invited');
SELECT ok(NOT social.stream_playable(:'playback', :'token'), 'P-20: which is good for no other stream');
UPDATE social.stream_views SET renewed_at = clock_timestamp() - interval '20 seconds', joined_at = clock_timestamp() - interval '20 seconds' WHERE stream_id = :private;
SELECT ok(social.stream_playable(:'private_playback', :'token'), 'watching');
SELECT ok(renewed_at > clock_timestamp() - interval '5 seconds', 'seed 140: renews the lease') FROM social.stream_views WHERE stream_id = :private;
SELECT social.act_as(:host) \gset ignored_
SELECT social.uninvite_from_stream(:private, :friend) \gset ignored_
SELECT ok(NOT social.stream_playable(:'private_playback', :'token'), 'P-20: who is not invited any more is out');
SELECT social.invite_to_stream(:private, :friend) \gset ignored_
SELECT ok(NOT social.stream_playable(:'private_playback', :'token'), 'and comes back by asking again');
SELECT social.act_as(:friend) \gset ignored_
SELECT w.playback_token AS token FROM social.watch_stream(:private) w \gset
UPDATE social.stream_views SET joined_at = clock_timestamp() - interval '2 hours' WHERE stream_id = :private AND left_at IS NULL;
SELECT ok(NOT social.stream_playable(:'private_playback', :'token'), 'P-20: an address that is over');
SELECT w.playback_token AS token FROM social.watch_stream(:private) w \gset
INSERT INTO social.blocks (blocker_id, blocked_id) VALUES (:host, :friend);
SELECT ok(NOT social.stream_playable(:'private_playback', :'token'), 'a viewer whom the host blocks is out');
DELETE FROM social.blocks WHERE blocker_id = :host;
SELECT w.playback_token AS token FROM social.watch_stream(:private) w \gset
UPDATE social.streams SET hidden_at = now() WHERE id = :one;
SELECT ok(NOT social.stream_playable(:'playback'), 'nor one that was hidden');
UPDATE social.streams SET hidden_at = NULL WHERE id = :one;
-- The address of an open one is for everybody who knows it, until it is not open any more.
UPDATE social.streams SET is_open = false WHERE id = :one;
SELECT ok(NOT social.stream_playable(:'playback'), 'issue 16: a stream that its host opens no longer is nobody''s by the address alone');
UPDATE social.streams SET is_open = true WHERE id = :one;

-- One for who is logged in has an address for each viewer.
SELECT (social.stream_publish(:'member_key', 'c4')).stream_id \gset ignored_
SELECT social.act_as(:friend) \gset ignored_
SELECT w.playback_token AS friends, w.playback_url AS friends_url, w.mode FROM social.watch_stream(:member) w \gset
SELECT social.act_as(:stranger) \gset ignored_
SELECT w.playback_token AS strangers FROM social.watch_stream(:member) w \gset
SELECT social.act_as(NULL::bigint) \gset ignored_
SELECT is(:'mode' || ' ' || :'friends_url', 'signed_prefix ' || social.setting('stream_playback_url') || '/' || :'friends' || '/' || :'member_playback' || '/index.m3u8', 'issue 16: a public stream is watched at an address of the viewer''s own');
SELECT results_eq(format($$SELECT * FROM social.streams_playable(%L, %L) ORDER BY 1$$, ARRAY[:'member_playback', 'guessed', :'member_playback', :'playback', :'private_playback', :'member_playback', :'playback', NULL], ARRAY[:'friends', '', NULL, '', :'friends', :'strangers', :'friends', NULL]), '{1,4,6}'::integer[], 'P-20: many are asked about at once');
INSERT INTO social.blocks (blocker_id, blocked_id) VALUES (:host, :friend);
SELECT is(ARRAY(SELECT social.streams_playable(ARRAY[:'member_playback', :'member_playback'], ARRAY[:'friends', :'strangers'])), '{2}', 'issue 16: whom the host of a public stream blocks is out of its pictures, and nobody else');
DELETE FROM social.blocks WHERE blocker_id = :host;
UPDATE social.users SET is_staff = true WHERE id = :stranger;
UPDATE social.users SET is_staff = false WHERE id = :stranger;
SELECT ok(NOT social.stream_playable(:'member_playback', :'strangers'), 'P-20: as is who is no staff any more');
SELECT social.act_as(:friend) \gset ignored_
SELECT w.playback_token AS friends FROM social.watch_stream(:member) w \gset
UPDATE social.stream_views SET renewed_at = clock_timestamp() - interval '4 seconds', joined_at = clock_timestamp() - interval '4 seconds' WHERE stream_id = :member AND left_at IS NULL;
SELECT ok(social.stream_playable(:'member_playback', :'friends') AND renewed_at < clock_timestamp() - interval '3 seconds', 'a lease is not written each second') FROM social.stream_views WHERE stream_id = :member AND left_at IS NULL;
UPDATE social.stream_views SET leaving_at = clock_timestamp() WHERE stream_id = :member AND left_at IS NULL;
SELECT social.stream_playable(:'member_playback', :'friends') \gset ignored_
SELECT ok(leaving_at IS NULL AND renewed_at > clock_timestamp() - interval '3 seconds', 'unless its connection was let go: then at once') FROM social.stream_views WHERE stream_id = :member AND left_at IS NULL;
SELECT social.act_as(:host) \gset ignored_
SELECT social.end_stream(:member) \gset ignored_
SELECT ok(social.stream_playable(:'member_playback', :'friends') AND NOT social.stream_playable(:'member_playback'), 'whoever watched until the end sees it');
SELECT social.delete_stream(:member) \gset ignored_
DELETE FROM social.jobs WHERE kind LIKE 'stream.%' AND args ->> 'stream_id' = :'member';
SELECT social.act_as(:friend) \gset ignored_
SELECT w.playback_token AS token FROM social.watch_stream(:private) w \gset

-- ---- whom it drops
SELECT social.act_as(:host) \gset ignored_
SELECT c.stream_key AS next FROM social.rotate_stream_key(:one) c \gset
SELECT is(pg_temp.jobs(), format('stream.drop %s, stream.measure %1$s, stream.measure %s', :one, :private), 'I-17: whoever publishes with an older key is dropped');
SELECT is((publisher, disconnected_at IS NOT NULL, status)::text, '(,t,starting)', 'and the host has the time to come back') FROM social.streams WHERE id = :one;
SELECT is((SELECT p.refusal FROM social.stream_publish(:'next', 'c3') p), NULL, 'at once, with the new one');
SELECT social.end_stream(:private) \gset ignored_
SELECT ok(pg_temp.jobs() LIKE '%stream.finish ' || :private || '%', 'seed 040: a stream that ends');
SELECT ok(social.stream_playable(:'private_playback', :'token'), 'whoever watched until then sees the end');
SELECT ok(NOT social.stream_playable(:'private_playback', 'x') AND NOT social.stream_playable(:'private_playback'), 'and nobody else');
UPDATE social.streams SET ended_at = ended_at - interval '2 minutes' WHERE id = :private;
SELECT ok(NOT social.stream_playable(:'private_playback', :'token'), 'not for long');
UPDATE social.users SET suspended_at = now() WHERE id = :host;
SELECT ok(NOT social.stream_playable(:'playback'), 'a host who is suspended is not to be seen');
SELECT social.tend_streams() \gset ignored_
SELECT ok(pg_temp.jobs() LIKE '%stream.finish ' || :one || '%', 'and is dropped');
UPDATE social.users SET suspended_at = NULL WHERE id = :host;

-- ---- what comes
SELECT ok(NOT social.stream_measured(:one, 2500, 3) AND NOT social.stream_measured(0, 1, 1), 'nothing is measured of what is over, or never was');
UPDATE social.streams SET status = 'live', ended_at = NULL, publisher = 'c3', event_at = now() - interval '1 minute' WHERE id = :one;
SELECT ok(social.stream_measured(:one) AND social.stream_measured(:one, 2500, 3), 'but of what is on the air');
SELECT is(count(*), 1::bigint, 'seed 140: which is an event, where something comes') FROM social.stream_events WHERE stream_id = :one AND kind = 'heartbeat';
UPDATE social.streams SET status = 'ended', ended_at = now() WHERE id = :one;

-- ---- recordings
SELECT media_id AS film, state FROM social.stream_recording(:private) \gset
SELECT is(:'state'::text, 'processing', 'seed 140: a recording is a file');
SELECT is((SELECT media_id FROM social.stream_recording(:private)), :film::bigint, 'the same one when it is tried again');
SELECT is((owner_id, key, content_type)::text, format('(%s,media/%s/video.mp4,video/mp4)', :host, :film), 'of the host''s') FROM social.media WHERE id = :film;
SELECT is((SELECT media_id FROM social.stream_recording(0)), NULL, 'of no stream there is none');
SELECT social.act_as(:friend) \gset ignored_
SELECT is_empty('SELECT FROM social.recorded_streams()', 'it is not there yet');
SELECT is((SELECT mode FROM social.watch_stream(:private)), 'signed_prefix', 'seed 041: nor watched');
SELECT jsonb_build_object('video', jsonb_build_object('key', format('media/%s/video.mp4', :film), 'content_type', 'video/mp4'), 'poster', jsonb_build_object('key', format('media/%s/poster.jpg', :film), 'content_type', 'image/jpeg')) AS variants \gset
SELECT throws_ok(format('SELECT social.stream_recorded(%s, 1, ''{"video": {"key": "media/0/x", "content_type": "video/mp4"}}'')', :film), 'SM400', NULL, 'its objects are its own');
SELECT is(social.stream_recorded(:film, 1000, :'variants', 640, 360, 12.5), 'ready', 'now it is');
SELECT is(social.stream_recorded(0, 1000, '{}'), NULL, 'of a stream that was deleted meanwhile it is told');
SELECT results_eq('SELECT id, title FROM social.recorded_streams()', format('VALUES (%s::bigint, ''Private'')', :private), 'seed 140: who may see the stream finds it');
SELECT is((w.mode, w.playback_token IS NULL, w.playback_url ~ ('media/' || :film || '/video\.mp4\?.*X-Amz-Expires=3600'))::text, '(recording,t,t)', 'seed 041: watching the stream is watching that, for an hour') FROM social.watch_stream(:private) w;
SELECT is((j ->> 'duration', j ->> 'size', j -> 'stream' ->> 'id')::text, format('(12.5,1000,%s)', :private), 'as REST shows it') FROM social.visible_streams v, social.stream_recording_json(v) j WHERE v.id = :private;
SELECT matches(social.stream_recording_url(:private, 'poster'), 'poster\.jpg', 'with a picture');
SELECT ok(EXISTS (SELECT FROM social.visible_media m WHERE m.id = :film), 'the file is theirs to see');
SELECT social.act_as(:stranger) \gset ignored_
SELECT is_empty('SELECT FROM social.recorded_streams()', 'seed 139: who is not invited finds nothing');
SELECT is(social.stream_recording_url(:private), NULL, 'no address');
SELECT is_empty(format('SELECT FROM social.visible_media m WHERE m.id = %s', :film), 'and no file');
SELECT throws_ok(format('SELECT social.watch_stream(%s)', :private), 'SM403', NULL, 'seed 041: forbidden');
UPDATE social.media SET created_at = now() - interval '10 years' WHERE id = :film;
SELECT social.retention_round() \gset ignored_
SELECT ok(EXISTS (SELECT FROM social.media WHERE id = :film), 'it is kept as long as the stream');
DELETE FROM social.jobs WHERE kind = 'media.delete' OR kind LIKE 'stream.%';
SELECT social.act_as(:host) \gset ignored_
SELECT social.delete_stream(:private) \gset ignored_
SELECT is((SELECT j.args -> 'keys' @> format('["media/%s/video.mp4", "media/%1$s/poster.jpg"]', :film)::jsonb FROM social.jobs j WHERE j.kind = 'media.delete'), true, 'and goes with it');
SELECT is(pg_temp.jobs(), 'stream.finish ' || :private, 'what the ingest server has of it, too');
SELECT social.act_as(NULL::bigint) \gset ignored_
SELECT * FROM finish();
ROLLBACK;
