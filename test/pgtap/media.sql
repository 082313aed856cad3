-- media.sql proves files that people send, from the address to the post (mission 21, 32, 98, 109, 144-149, I-11, I-27, P-21).
BEGIN;
SELECT no_plan();

SELECT social.hold_task('events', true) AS held \gset
DELETE FROM social.media_store;
INSERT INTO social.users (username) VALUES ('tap_owner'), ('tap_other');
SELECT id AS owner FROM social.users WHERE username = 'tap_owner' \gset
SELECT id AS other FROM social.users WHERE username = 'tap_other' \gset
CREATE FUNCTION pg_temp.state(id bigint) RETURNS text LANGUAGE sql AS $$SELECT m.state::text FROM social.media m WHERE m.id = $1$$;
CREATE FUNCTION pg_temp.keys() RETURNS SETOF text LANGUAGE sql AS $$SELECT k FROM social.jobs j, jsonb_array_elements_text(j.args -> 'keys') k WHERE j.kind = 'media.delete'$$;
-- A file that was sent and looked at.
CREATE FUNCTION pg_temp.sent(type text DEFAULT 'image/png') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	id bigint := social.create_upload('a file', type, 100);
BEGIN
	PERFORM social.complete_upload(id), social.media_found(id, 100, type);
	RETURN id;
END
$$;

-- ---- the store -----------------------------------------------------------------------------------------
SELECT social.act_as(:owner) \gset
SELECT throws_ok($$SELECT social.create_upload('a.png', 'image/png')$$, 'SM409', 'there is no media store', 'nothing can be sent where there is no store');
SELECT social.act_as(NULL::bigint) \gset
SELECT is(social.set_media_store(), false, 'a store with what goes without saying');
SELECT ok(s.is_local AND s.secret_key ~ '^[0-9a-f]{64}$' AND s.access_key ~ '^social-[0-9a-f]{12}$' AND s.max_size = 104857600 AND s.upload_seconds = 900 AND s.signed_seconds = 60,
	'seed 144, 146: a directory, keys of our own, 100 MB, 900 s and 60 s') FROM social.media_store s;
SELECT set_eq($$SELECT kind::text FROM social.job_kinds WHERE queue = 'media'$$, '{media.verify,media.process,media.delete,media.sweep,export}'::text[], 'with the kinds of its jobs');
SELECT social.set_job_kind('media.verify', max_attempts => 3);
SELECT ok(social.set_media_store(upload_seconds => 600), 'a change is one');
SELECT is(max_attempts, 3, 'what the operator changed of a kind stays') FROM social.job_kinds WHERE kind = 'media.verify';
SELECT ok(NOT social.set_media_store(upload_seconds => 600), 'the same again is none');
SELECT ok(NOT detail ?| '{secret_key,access_key}' AND detail ->> 'upload_seconds' = '600', 'the audit log knows of it, but no key') FROM social.audit_log WHERE action = 'set_media_store' ORDER BY id DESC LIMIT 1;
SELECT ok(s ->> 'upload_seconds' = '600' AND s ->> 'secret_key' ~ '^[0-9a-f]{64}$', 'bridges read it, with the keys of what they serve') FROM social.media_store_json() s;
SELECT throws_ok(format('SELECT social.set_media_store(%s)', a), 'SM400', NULL, 'SM400: ' || a) FROM unnest(ARRAY['upload_seconds => 0', 'signed_seconds => 604801', 'max_size => 0', 'quota => -1', 'extensions => ''{exe}''',
	'endpoint => ''nowhere''', 'bucket => ''NO''', 'access_key => ''a/b''', 'region => ''''', 'public_url => ''javascript:a''']) a;
SELECT ok(NOT has_table_privilege('pg_monitor', 'social.media_store', 'SELECT'), 'nobody else reads the keys');

-- ---- an address ----------------------------------------------------------------------------------------
SELECT throws_ok($$SELECT social.create_upload('a.png', 'image/png')$$, 'SM401', NULL, 'I-27: somebody must act');
SELECT social.act_as(:owner) \gset
SELECT throws_ok(format('SELECT social.create_upload(%s)', a), 'SM400', NULL, 'seed 32, 146: SM400: ' || a) FROM unnest(ARRAY['NULL, ''image/png''', ''''', ''image/png''', '''a.png'', NULL', '''a.png'', ''''',
	'''a.html'', ''text/html''', '''a.svg'', ''image/svg+xml''', '''a.png'', ''image/png'', 0', '''a.png'', ''image/png'', -1', '''a.png'', ''image/png'', 104857601', 'repeat(''a'', 256), ''image/png''', 'E''a\nb'', ''image/png''',
	'''a.png'', ''image/png'', 1, repeat(''a'', 1501)', '''a.png'', ''image/png'', 1, E''\u200b''']) a;
SELECT social.create_upload('../../My picture.html', 'IMAGE/PNG', 1234, 'A picture') AS one \gset
SELECT is((owner_id, state, file_name, content_type, size, alternative_text)::text, format('(%s,reserved,"../../My picture.html",image/png,1234,"A picture")', :owner), 'a file is reserved; its name is a label')
FROM social.media WHERE id = :one;
SELECT matches(key, format('^uploads/%s/[0-9a-f-]{36}\.png$', :owner), 'seed 147, I-11: the key is ours') FROM social.media WHERE id = :one;
SELECT social.upload_json(:one)::jsonb AS upload \gset
SELECT is(:'upload'::jsonb - '{upload_url,key,expires_at}'::text[], jsonb_build_object('media_id', :one::bigint, 'method', 'PUT', 'headers', '{"Content-Type": "image/png"}'::jsonb, 'fields', NULL, 'max_size', 1234, 'part_size', NULL, 'part_count', NULL, 'create_url', NULL), 'what a client needs to know');
SELECT is((:'upload'::jsonb ->> 'expires_at')::timestamptz, now() + interval '600 s', 'until when it is good');
SELECT matches(:'upload'::jsonb ->> 'upload_url', format('^/files/%s\?.*X-Amz-Expires=600&X-Amz-SignedHeaders=content-length%%3Bcontent-type%%3Bhost&X-Amz-Signature=', :'upload'::jsonb ->> 'key'), 'P-21: an address of our own, length and type signed');
SELECT social.create_upload('a.mov', 'video/quicktime') AS film \gset
SELECT matches(social.upload_json(:film) ->> 'upload_url', 'SignedHeaders=content-type%3Bhost&', 'seed 32: who says no length signs none');
SELECT is((social.upload_json(:film) ->> 'max_size')::bigint, 104857600::bigint, 'and may send the largest');
SELECT social.create_upload('a.jpeg', 'image/jpg', form => true) AS form \gset
SELECT is(social.upload_json(:form) ->> 'method', 'PUT', 'a directory of ours needs no form: it takes no more than the largest anyway');
SELECT is((SELECT split_part(key, '.', 2) FROM social.media WHERE id = :form), 'jpg', 'one extension for each type');
SELECT is(social.upload_json(:one)::jsonb, :'upload'::jsonb, 'asked again, it is the same');
SELECT is((SELECT (run_at, user_id, args)::text FROM social.jobs WHERE kind = 'media.verify' AND unique_key = 'media:' || :one),
	(now() + interval '600 s', :owner::bigint, jsonb_build_object('media_id', :one::bigint))::text, 'somebody looks when the address has run out, whatever the owner says');
SELECT social.act_as(:other) \gset
SELECT is(social.upload_json(:one)::text, NULL, 'another gets no address');
SELECT throws_ok('SELECT social.complete_upload(' || :one || ')', 'SM404', NULL, 'cannot say that it was sent');
SELECT throws_ok('SELECT social.update_media(' || :one || ', ''mine'')', 'SM404', NULL, 'describe it');
SELECT throws_ok('SELECT social.delete_media(' || :one || ')', 'SM404', NULL, 'or delete it');
SELECT is(social.media_json(:one)::text, NULL, 'nor see it');

-- ---- what becomes of it --------------------------------------------------------------------------------
SELECT social.act_as(:owner) \gset
SELECT social.number_events() \gset
SELECT social.event_position() AS position \gset
SELECT is(social.complete_upload(:one), :one::bigint, 'the owner says that it was sent');
SELECT is(social.complete_upload(:one), :one::bigint, 'and again');
SELECT is(pg_temp.state(:one), 'uploaded', 'it is uploaded');
SELECT is(count(*), 1::bigint, 'one look at it, now') FROM social.jobs WHERE kind = 'media.verify' AND unique_key = 'media:' || :one AND run_at <= clock_timestamp();
SELECT is((s.state, s.kind, s.size, s.max_size)::text, '(uploaded,image,1234,104857600)', 'what a worker needs to know') FROM social.media_source(:one) s;
SELECT is(social.media_absent(:one), 'reserved', 'nothing is there: it is reserved again');
SELECT social.complete_upload(:one) \gset
SELECT is(social.media_found(:one, 1234, 'image/x-png', 'tag'), 'verified', 'seed 149: another name of the type is that type');
SELECT is(social.media_found(:one, 1, 'text/html'), 'verified', 'once looked at, it stays so');
SELECT is((SELECT count(*) FROM social.jobs WHERE kind = 'media.process' AND unique_key = 'media:' || :one), 1::bigint, 'its variants are asked for');
SELECT is(social.media_processing(:one), 'processing', 'a worker begins');
SELECT throws_ok(format('SELECT social.media_processed(%s, %L)', :one, v), 'SM400', NULL, 'a variant elsewhere: ' || v) FROM unnest(ARRAY['[]', '{"full": {"key": "uploads/1/a.png", "content_type": "image/png"}}',
	format('{"full": {"key": "media/%s/../a.png", "content_type": "image/png"}}', :one), format('{"full": {"key": "media/%s/a.png"}}', :one), format('{"../x": {"key": "media/%s/a.png", "content_type": "image/png"}}', :one)]) v;
SELECT is(social.media_processed(:one, format('{"full": {"key": "media/%1$s/full.webp", "content_type": "image/webp", "width": 20, "height": 10, "size": 99}}', :one)::jsonb, 20, 10, NULL, 'data:image/webp;base64,AA'), 'ready', 'and is done');
SELECT is(social.media_failed(:one, 'too late'), 'ready', 'what is ready stays so');
SELECT is(m ->> 'state' || ' ' || (m ->> 'width') || ' ' || (m -> 'variants' -> 0 ->> 'name'), 'ready 20 full', 'its owner sees it') FROM social.media_json(:one) m;
SELECT matches(m ->> 'url', '^/files/uploads/.*X-Amz-Expires=60&', 'with the original') FROM social.media_json(:one) m;
SELECT social.number_events() \gset
SELECT is(array_agg(e.type || ' ' || (e.payload ->> 'id') ORDER BY e.id), array_fill('media.changed ' || :one, ARRAY[6]), 'each state is an event for its owner') FROM social.events_since('notifications:' || :owner, :position) e;
SELECT social.act_as(:other) \gset
SELECT is_empty(format('SELECT FROM social.event_payloads(ARRAY(SELECT e.id FROM social.events e WHERE e.type = ''media.changed'' AND e.subject_id = %s), ARRAY(SELECT %s::bigint FROM social.events e WHERE e.type = ''media.changed'' AND e.subject_id = %1$s))', :one, :other), 'and for nobody else');
SELECT social.act_as(:owner) \gset

SELECT is(r.state, 'rejected', 'rejected: ' || r.what) FROM (VALUES ('longer than said', 101, 'image/png'), ('shorter', 99, 'image/png'), ('empty', 0, 'image/png'), ('of no known length', NULL, 'image/png'),
	('another type', 100, 'image/gif'), ('a page', 100, 'text/html'), ('of no known type', 100, NULL)) v (what, size, type), LATERAL (SELECT v.what, social.media_found(social.create_upload('a', 'image/png', 100), v.size, v.type) AS state) r;
SELECT is(social.media_found(:film, 104857601, 'video/quicktime'), 'rejected', 'rejected: larger than may be');
SELECT is((social.media_json(:film) ->> 'error'), 'it has 104857601 bytes, the limit is 104857600', 'the owner reads why');
SELECT ok((SELECT key FROM social.media WHERE id = :film) IN (SELECT pg_temp.keys()), 'and what was sent is deleted');
SELECT is(social.media_found(:film, 1, 'video/quicktime'), 'rejected', 'which is for good');
SELECT is(social.media_failed(pg_temp.sent(), 'no picture'), 'failed', 'variants that cannot be made');
SELECT is(social.media_found(0, 1, 'image/png'), NULL, 'a file that is gone is no error');
SELECT is(social.media_processing(0), NULL, 'to any of them');

SELECT matches(social.media_address('put', 'media/1/a.webp', '{"Content-Type": "image/webp"}'), '^/files/media/1/a\.webp\?.*SignedHeaders=content-type%3Bhost&', 'workers need no keys');
SELECT throws_ok(format('SELECT social.media_address(''GET'', %L)', k), 'SM400', 'invalid key', 'SM400: ' || coalesce(k, 'no key')) FROM unnest(ARRAY['other/a', 'media/../a', NULL]) k;

-- ---- parts ---------------------------------------------------------------------------------------------
SELECT is(social.upload_json(:one) ->> 'part_size', NULL, 'a small file is sent in one piece');
SELECT throws_ok('SELECT social.upload_parts_json(' || :one || ')', 'SM409', NULL, 'and takes no parts');
SELECT social.create_upload('a.mp4', 'video/mp4', 20000001) AS large \gset
SELECT ok(u ->> 'part_size' = '8388608' AND u ->> 'part_count' = '3' AND u ->> 'method' = 'PUT', 'one of more than 16 MB may be sent in parts, or at once') FROM social.upload_json(:large) u;
SELECT matches(social.upload_json(:large) ->> 'create_url', '^/files/uploads/.*\.mp4\?.*&X-Amz-SignedHeaders=content-type%3Bhost&uploads=&X-Amz-Signature=', 'where to begin');
SELECT ok(p ->> 'create_url' IS NOT NULL AND p ->> 'parts' = '[]' AND p ->> 'complete_url' IS NULL, 'asked for anew') FROM social.upload_parts_json(:large) p;
SELECT is((SELECT string_agg((q ->> 'number') || ' ' || (q ->> 'size'), ', ') FROM json_array_elements(social.upload_parts_json(:large, 'up+load/1') -> 'parts') q), '1 8388608, 2 8388608, 3 3222785', 'the parts, whose lengths make the whole');
SELECT matches(q ->> 'upload_url', '&X-Amz-SignedHeaders=content-length%3Bhost&partNumber=' || (q ->> 'number') || '&uploadId=up%2Bload%2F1&X-Amz-Signature=', 'each with an address that takes nothing else') FROM json_array_elements(social.upload_parts_json(:large, 'up+load/1') -> 'parts') q;
SELECT ok(bool_and(u ~ '&X-Amz-SignedHeaders=host&uploadId=x&') AND count(DISTINCT u) = 3, 'to list, to complete, to give up') FROM social.upload_parts_json(:large, 'x') p, unnest(ARRAY[p ->> 'list_url', p ->> 'complete_url', p ->> 'abort_url']) u;
SELECT throws_ok(format('SELECT social.upload_parts_json(%s, %L)', :large, i), 'SM400', 'invalid upload id', 'SM400: an id that can be none') FROM unnest(ARRAY['', 'a b', E'a\nb', repeat('x', 1025)]) i;
SELECT ok(social.part_size(1::bigint << 40) * 200 >= 1::bigint << 40 AND social.part_size(1::bigint << 40) % 1048576 = 0, 'never more than 200');
SELECT social.act_as(:other) \gset
SELECT throws_ok('SELECT social.upload_parts_json(' || :large || ')', 'SM404', NULL, 'not for another');
SELECT social.act_as(:owner) \gset
SELECT social.complete_upload(:large) \gset
SELECT throws_ok('SELECT social.upload_parts_json(' || :large || ')', 'SM409', NULL, 'nor when it was sent');
SELECT social.delete_media(:large) \gset

-- ---- posts ---------------------------------------------------------------------------------------------
SELECT key AS key FROM social.media WHERE id = :one \gset
SELECT social.create_upload('b.png', 'image/png', 100) AS unsent \gset
SELECT throws_ok(format('SELECT social.create_post(''a'', ''b'', image => key) FROM social.media WHERE id = %s', :unsent), 'SM409', 'this file cannot be shown', 'only what was looked at can be shown');
SELECT throws_ok(format('SELECT social.create_post(''a'', ''b'', video => %L)', :'key'), 'SM400', 'this file is no video', 'a picture is no film');
SELECT throws_ok(format('SELECT social.create_post(''a'', ''b'', image => %L)', 'uploads/1/' || gen_random_uuid() || '.png'), 'SM404', 'media not found', 'a key of nobody');
SELECT social.act_as(:other) \gset
SELECT throws_ok(format('SELECT social.create_post(''a'', ''b'', image => %L)', :'key'), 'SM404', 'media not found', 'another''s file does not exist');
SELECT social.create_post('theirs', 'text') AS theirs \gset
SELECT throws_ok(format('SELECT social.update_post(%s, image => %L)', :theirs, :'key'), 'SM404', 'media not found', 'nor for an edit');
SELECT social.act_as(:owner) \gset
SELECT social.create_post('a', 'b', image => :'key') AS post \gset
SELECT is(post_id, :post::bigint, 'a post shows it') FROM social.media WHERE id = :one;
SELECT is((SELECT image FROM social.post(:post)), :'key', 'seed 98: by its key');
SELECT throws_ok(format('SELECT social.create_post(''a'', ''b'', image => %L)', :'key'), 'SM409', 'this file is shown elsewhere', 'one post alone');
SELECT throws_ok(format('SELECT social.update_profile(avatar => %L)', :'key'), 'SM409', 'this file is shown elsewhere', 'and no profile');
SELECT lives_ok(format('SELECT social.update_post(%s, image => %L)', :post, :'key'), 'the same post may say it again');
SELECT throws_ok('SELECT social.delete_media(' || :one || ')', 'SM409', 'this file is shown', 'what is shown is not deleted');
SELECT is(json_array_length(social.post_media(:post)), 1, 'seed 109: the files of a post');
SELECT matches(social.media_json(:one) -> 'variants' -> 0 ->> 'url', 'X-Amz-Expires=172800&', 'those of a public post have addresses that stay for a while');
SELECT social.act_as(:other) \gset
SELECT is(m ->> 'url', NULL, 'the original is its owner''s') FROM social.media_json(:one) m;
SELECT is(m ->> 'file_name', NULL, 'as is what he called it') FROM social.media_json(:one) m;
SELECT is(m ->> 'alternative_text', 'A picture', 'others see the rest') FROM social.media_json(:one) m;
SELECT is((social.post_document(:post) -> 'media' -> 0)::jsonb, social.media_json(:one)::jsonb, 'seed 021: the post''s own document has them, as others see them');
SELECT social.act_as(:owner) \gset
SELECT is((social.post_document(:post) -> 'media' -> 0 ->> 'url', social.post_document(:post) -> 'media' -> 0 ->> 'file_name')::text, '(,)', 'nobody''s document has the original or its name: one is made for all who hear of an event');
SELECT social.create_post('quotes', 'it') AS quoting \gset
UPDATE social.posts SET quoted_post_id = :post WHERE id = :quoting;
SELECT is((SELECT d.document -> 'quoted_post' -> 'media' -> 0 ->> 'id' FROM social.post_documents(1) d), :'one', 'lists and quoted posts show them');
SELECT is(social.post_document(:quoting) ->> 'media', '[]', 'a post without files has none');
SELECT social.delete_post(:quoting) \gset
SELECT social.update_post(:post, visibility => 'private') \gset
SELECT is(social.post_document(:post) -> 'media' -> 0 -> 'variants' -> 0 ->> 'url', social.media_json(:one) -> 'variants' -> 0 ->> 'url', 'with the address of the moment');
SELECT matches(social.media_json(:one) -> 'variants' -> 0 ->> 'url', 'X-Amz-Expires=60&', 'seed 144: of a private one, for a minute');
SELECT social.act_as(:other) \gset
SELECT is(social.media_json(:one)::text, NULL, 'nobody else sees it then');
SELECT throws_ok('SELECT social.post_media(' || :post || ')', 'SM404', NULL, 'nor the post''s files');
SELECT social.act_as(:owner) \gset
SELECT social.set_media_store(public_url => 'https://cdn.example.com/') \gset
SELECT matches(social.media_json(:one) -> 'variants' -> 0 ->> 'url', '^/files/', 'nor does a CDN have it');
SELECT social.update_post(:post, visibility => 'public') \gset
SELECT is(social.media_json(:one) -> 'variants' -> 0 ->> 'url', format('https://cdn.example.com/media/%s/full.webp', :one), 'seed 144: what everybody may see comes from there');
SELECT is(social.post_document(:post) -> 'media' -> 0 -> 'variants' -> 0 ->> 'url', format('https://cdn.example.com/media/%s/full.webp', :one), 'as the document says at once');
SELECT set_eq('SELECT id FROM social.own_media(100)', 'SELECT m.id FROM social.media m WHERE m.owner_id = social.viewer_id()', 'seed 149: one''s own files');
SELECT is(social.update_media(:one, ''), :one::bigint, 'the description can be taken back');
SELECT pg_temp.sent() AS two \gset
SELECT social.update_post(:post, image => key) FROM social.media WHERE id = :two \gset
SELECT is(pg_temp.state(:one), NULL, 'another picture: the first is gone');
SELECT set_has('SELECT pg_temp.keys()', format('VALUES (%L), (%L)', :'key', format('media/%s/full.webp', :one)), 'with all of its objects');
SELECT social.delete_post(:post) \gset
SELECT is(pg_temp.state(:two), 'verified', 'a deleted post keeps its picture');
UPDATE social.posts SET deleted_at = now() - interval '10 years' WHERE id = :post;
SELECT social.purge_deleted(100000) \gset
SELECT is(pg_temp.state(:two), NULL, 'until it is gone for good');
SELECT lives_ok($$SELECT social.create_post('a', 'b', image => 'uploads/1/picture.png', video => 'https://example.com/a.mp4')$$, 'other keys and addresses are what they were');

-- ---- profiles ------------------------------------------------------------------------------------------
SELECT pg_temp.sent() AS face \gset
SELECT social.update_profile(avatar => key) FROM social.media WHERE id = :face \gset
SELECT is(is_profile, true, 'a profile shows it') FROM social.media WHERE id = :face;
SELECT is(social.picture_url(u.avatar), NULL, 'seen once it is ready') FROM social.visible_users u WHERE u.id = :owner;
SELECT social.media_processing(:face), social.media_processed(:face, format('{"full": {"key": "media/%1$s/full.webp", "content_type": "image/webp"}, "thumbnail": {"key": "media/%1$s/t.webp", "content_type": "image/webp", "width": 96}}', :face)::jsonb) \gset
SELECT social.act_as(:other) \gset
SELECT is(social.media_json(:face) ->> 'state', 'ready', 'for everybody');
SELECT is(social.person_document(:owner) ->> 'avatar_url', format('https://cdn.example.com/media/%s/t.webp', :face), 'seed 096: wherever a person is shown, in the smallest form');
SELECT is((SELECT (j -> 'avatar_variants' -> 0 ->> 'name') || ' ' || (j -> 'avatar_variants' -> 1 ->> 'width') || ' ' || (j ->> 'banner_variants') FROM social.visible_users u, social.profile_json(u) j WHERE u.id = :owner), 'full 96 []', 'with all of its forms on the own page');
SELECT social.set_media_store(public_url => '') \gset
SELECT matches(social.person_document(:owner) ->> 'avatar_url', format('^/files/media/%s/t\.webp\?.*X-Amz-Expires=172800&', :face), 'signed for days where there is no CDN');
SELECT social.set_media_store(public_url => 'https://cdn.example.com') \gset
SELECT is(social.picture_url(p), u, 'a picture elsewhere: ' || p) FROM (VALUES ('https://example.com/a.png', 'https://example.com/a.png'), ('media/1/full.webp', NULL), ('uploads/1/x.png', NULL), ('', NULL), ('javascript:alert(1)', NULL)) v (p, u);
SELECT is(social.picture_url(key), NULL, 'a file that no profile shows is no picture') FROM social.media WHERE owner_id = :owner AND NOT is_profile AND state = 'ready';
SELECT social.act_as(:owner) \gset
SELECT throws_ok(format('SELECT social.create_post(''a'', ''b'', image => key) FROM social.media WHERE id = %s', :face), 'SM409', NULL, 'and no post');
SELECT social.update_profile(avatar => '') \gset
SELECT is(pg_temp.state(:face), NULL, 'taken off, it is gone');

-- ---- by CloudFront, with a key pair --------------------------------------------------------------------
\set cdn_key `cat test/data/jwt_keys/rs256.pem`
\set cdn_key64 `base64 -w0 test/data/jwt_keys/rs256.pem`
SELECT social.act_as(NULL::bigint) \gset
SELECT throws_ok(format('SELECT social.set_media_store(%s)', replace(a, 'KEY', quote_literal(:'cdn_key'))), 'SM400', NULL, 'SM400: ' || a) FROM unnest(ARRAY['cdn_key_id => ''K1''', 'cdn_private_key => KEY', 'cdn_key_id => ''K1'', cdn_private_key => ''x''',
	'cdn_key_id => ''K&1'', cdn_private_key => KEY', 'cdn_key_id => ''K1'', cdn_private_key => KEY, public_url => ''''', 'cdn_key_id => ''K1'', cdn_private_key => KEY, public_url => ''https://a/"''']) a;
SELECT is(social.set_media_store(cdn_key_id => 'K1', cdn_private_key => :'cdn_key64'), true, 'seed 144: a key pair');
SELECT is(social.set_media_store(cdn_key_id => 'K1', cdn_private_key => :'cdn_key'), false, 'in base64 it is the same');
SELECT ok(NOT detail ? 'cdn_private_key' AND detail ->> 'cdn_key_id' = 'K1', 'the audit log has no key') FROM social.audit_log WHERE action = 'set_media_store' ORDER BY id DESC LIMIT 1;
SELECT ok(s::text !~ 'PRIVATE', 'nor do bridges') FROM social.media_store_json() s;
SELECT social.act_as(:owner) \gset
SELECT pg_temp.sent('video/mp4') AS film \gset
SELECT social.create_post('a', 'b', video => key) AS filmed FROM social.media WHERE id = :film \gset
SELECT social.media_processing(:film), social.media_processed(:film, format('{"playlist": {"key": "media/%1$s/playlist.m3u8", "content_type": "application/vnd.apple.mpegurl"}, "video": {"key": "media/%1$s/video.mp4", "content_type": "video/mp4"}}', :film)::jsonb, 40, 30, 7200) \gset
-- What CloudFront must be shown until then; what the functions of cloudfront.sql make is proven in cloudfront.sql.
CREATE FUNCTION pg_temp.pass(resource text, until bigint, pem text) RETURNS text LANGUAGE sql AS $$
	SELECT format('?Policy=%s&Signature=%s&Key-Pair-Id=K1', social.cloudfront_base64(p), social.cloudfront_signature(p, pem)) FROM social.cloudfront_policy(resource, to_timestamp(until)) p
$$;
CREATE FUNCTION pg_temp.urls(id bigint) RETURNS SETOF text LANGUAGE sql AS $$SELECT v ->> 'url' FROM json_array_elements(social.media_json(id) -> 'variants') v$$;
CREATE FUNCTION pg_temp.passes(id bigint, until bigint, pem text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('https://cdn.example.com/media/%s/%s', id, n) || pg_temp.pass(format('https://cdn.example.com/media/%s/*', id), until, pem) FROM unnest('{playlist.m3u8,video.mp4}'::text[]) n
$$;
SELECT floor(extract(epoch FROM now()))::bigint AS epoch \gset
SELECT results_eq(format('SELECT pg_temp.urls(%s)', :film), format('SELECT pg_temp.passes(%s, %s, %L)', :film, :epoch / 86400 * 86400 + 172800, :'cdn_key'),
	'seed 144: then all addresses are signed, also of what everybody may see: for days, the same for all variants of a file');
SELECT social.update_post(:filmed, visibility => 'private') \gset
SELECT results_eq(format('SELECT pg_temp.urls(%s)', :film), format('SELECT pg_temp.passes(%s, %s, %L)', :film, :epoch / 30 * 30 + 60, :'cdn_key'), 'issue 15, 6: of a private one for a minute');
-- By addresses of S3 alone the pieces of a playlist could not be read; a directory signs them when it sends it.
CREATE FUNCTION pg_temp.names(id bigint) RETURNS text LANGUAGE sql AS $$SELECT string_agg(v ->> 'name', ' ') FROM json_array_elements(social.media_json(id) -> 'variants') v$$;
CREATE FUNCTION pg_temp.names(id bigint, store social.media_store) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE social.media_store s SET (is_local, endpoint, public_url, cdn_key_id, cdn_private_key) = (SELECT $2.is_local, $2.endpoint, $2.public_url, $2.cdn_key_id, $2.cdn_private_key);
	RETURN pg_temp.names(id);
END
$$;
SAVEPOINT stores;
SELECT is(pg_temp.names(:film), 'playlist video', 'P-20: CloudFront''s cookies are for the pieces, too');
SELECT is(pg_temp.names(:film, jsonb_populate_record(s, '{"is_local": false, "endpoint": "https://s3.example.com", "public_url": "", "cdn_key_id": "", "cdn_private_key": ""}')), 'video', 'P-20: no playlist that is signed by itself') FROM social.media_store s;
SELECT is(pg_temp.names(:film, jsonb_populate_record(s, '{"is_local": true, "endpoint": "", "public_url": "", "cdn_key_id": "", "cdn_private_key": ""}')), 'playlist video', 'P-20: but where its pieces get addresses') FROM social.media_store s;
SELECT is(pg_temp.names(:film, jsonb_populate_record(s, '{"is_local": false, "endpoint": "https://s3.example.com", "public_url": "https://cdn.example.com", "cdn_key_id": "", "cdn_private_key": ""}')), 'video', 'P-20: nor of a private film where the public ones can be read') FROM social.media_store s;
SELECT social.update_post(:filmed, visibility => 'public') \gset
SELECT is(pg_temp.names(:film), 'playlist video', 'P-20: as those can, piece by piece');
ROLLBACK TO stores;
SELECT is(social.media_json(:film) ->> 'url', 'https://cdn.example.com/' || key || pg_temp.pass('https://cdn.example.com/' || key, :epoch / 30 * 30 + 60, :'cdn_key'), 'the original, for its owner, by itself') FROM social.media WHERE id = :film;
SELECT is(format('%s %s %s', c ->> 'domain', c ->> 'path', extract(epoch FROM (c ->> 'expires_at')::timestamptz - date_trunc('second', now()))::integer), format('cdn.example.com /media/%s/ 10800', :film), 'P-20: cookies for all of it, for an hour and as long as it plays')
FROM social.media_cookies(:film) c;
SELECT is((SELECT json_object_agg(v ->> 'name', v ->> 'value') FROM json_array_elements(social.media_cookies(:film) -> 'cookies') v)::jsonb,
	social.cloudfront_cookies(format('https://cdn.example.com/media/%s/*', :film), 'K1', :'cdn_key', to_timestamp(:epoch + 10800)), 'as CloudFront has them');
SELECT social.act_as(:other) \gset
SELECT is(social.media_cookies(:film)::text, NULL, 'nobody else gets any');
SELECT social.act_as(NULL::bigint) \gset
SELECT social.set_media_store(cdn_key_id => '', cdn_private_key => '') \gset
SELECT social.act_as(:owner) \gset
SELECT throws_ok('SELECT social.media_cookies(' || :film || ')', 'SM409', 'this store takes no cookies', 'without a key pair there are none');
SELECT social.delete_post(:filmed) \gset

-- ---- an end --------------------------------------------------------------------------------------------
SELECT pg_temp.sent() AS kept, pg_temp.sent() AS shown, pg_temp.sent() AS unclaimed \gset
SELECT social.create_post('a', 'b', image => key) FROM social.media WHERE id = :shown \gset
UPDATE social.media SET created_at = now() - interval '25 hours' WHERE id IN (:shown, :unclaimed);
SELECT social.retention_round(1000) \gset
SELECT is((pg_temp.state(:kept), pg_temp.state(:shown), pg_temp.state(:unclaimed))::text, '(verified,verified,)', 'what nobody shows goes after a day');
SELECT is(social.delete_media(:kept), :kept::bigint, 'its owner may delete it');
SELECT is(pg_temp.state(:kept), NULL, 'at once');
SELECT social.create_upload('late.png', 'image/png', 5) AS late \gset
SELECT key AS late_key FROM social.media WHERE id = :late \gset
SELECT social.delete_media(:late) \gset
SELECT is(run_at, now() + interval '600 s', 'objects that could still be sent are deleted once they cannot') FROM social.jobs WHERE kind = 'media.delete' AND args -> 'keys' ? :'late_key';

SELECT social.set_media_store(quota => 1000), (SELECT count(social.delete_media(m.id)) FROM social.media m WHERE m.owner_id = :owner AND m.post_id IS NULL) \gset
SELECT sum(size) AS used FROM social.media WHERE owner_id = :owner AND state NOT IN ('rejected', 'failed') \gset
SELECT throws_ok(format('SELECT social.create_upload(''a'', ''image/png'', %s)', 1001 - :used), 'SM422', 'your files take too much room', 'a quota');
SELECT throws_ok($$SELECT social.create_upload('a', 'image/png')$$, 'SM422', NULL, 'who says no length may fill it');
SELECT lives_ok(format('SELECT social.create_upload(''a'', ''image/png'', %s)', 1000 - :used), 'to the last byte');
SELECT social.set_media_store(extensions => '{mp4}', quota => 1000000) \gset
SELECT throws_ok($$SELECT social.create_upload('a', 'image/png', 1)$$, 'SM400', 'this type of file is not taken', 'seed 158: an operator takes fewer types');
SELECT lives_ok($$SELECT social.create_upload('a', 'video/mp4', 1)$$, 'and these');

SELECT social.act_as(NULL::bigint) \gset
SELECT social.delete_user(:owner) \gset
SELECT is((SELECT count(*) FROM social.media WHERE owner_id = :owner), 0::bigint, 'who goes takes the files along');

-- ---- S3 ------------------------------------------------------------------------------------------------
SELECT social.set_media_store(false, '', 'example-media', 'eu-central-1', false, 'AKIAIOSFODNN7EXAMPLE', 'secret', '', quota => 1000000000, extensions => '{}') \gset
SELECT ok(NOT s::jsonb ? 'secret_key', 'bridges do not read keys that they have no use for') FROM social.media_store_json() s;
SELECT social.act_as(:other) \gset
SELECT social.create_upload('a.png', 'image/png', 1) AS away \gset
SELECT matches(social.upload_json(:away) ->> 'upload_url', '^https://example-media\.s3\.eu-central-1\.amazonaws\.com/uploads/', 'seed 145: S3, the bucket in the host''s name');
SELECT social.create_upload('a.jpeg', 'image/jpg', form => true) AS form \gset
SELECT is((social.upload_json(:form) ->> 'method', social.upload_json(:form) ->> 'upload_url', social.upload_json(:form) -> 'fields' ->> 'key' = social.upload_json(:form) ->> 'key')::text, '(POST,https://example-media.s3.eu-central-1.amazonaws.com/,t)', 'P-21: a form');
SELECT ok(convert_from(decode(social.upload_json(:form) -> 'fields' ->> 'policy', 'base64'), 'UTF8')::jsonb -> 'conditions' @> '[["content-length-range", 1, 104857600]]', 'with which S3 bounds the length');
SELECT is(social.set_media_store(endpoint => 'http://s3.localhost:9000', path_style => true), true, 'or what speaks its language');
SELECT matches(social.upload_json(:away) ->> 'upload_url', '^http://s3\.localhost:9000/example-media/uploads/', 'the bucket in the path');
SELECT is(social.set_media_store(true), true, 'back to a directory');
SELECT ok(endpoint = '' AND bucket = 'files' AND access_key ~ '^social-' AND secret_key <> 'secret' AND upload_seconds = 600, 'which takes over nothing of S3') FROM social.media_store;

SELECT * FROM finish();
ROLLBACK;
