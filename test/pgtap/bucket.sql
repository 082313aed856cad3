-- bucket.sql proves the requests that a bucket is told by what it must know (seed 145, 148; I-11). A real S3 server is
-- asked in test/worker/bucket.t.
BEGIN;
SELECT no_plan();

DELETE FROM social.media_store;
SELECT throws_ok($$SELECT social.bucket_requests('{https://a.example}')$$, 'SM409', 'there is no media store', 'no store');
SELECT social.set_media_store() \gset
SELECT throws_ok($$SELECT social.bucket_requests('{https://a.example}')$$, 'SM409', 'the store is no bucket', 'a directory');
SELECT social.set_media_store(false, '', 'example-media', 'eu-central-1', false, 'AKIAIOSFODNN7EXAMPLE', 'secret') \gset
SELECT throws_ok(format('SELECT social.bucket_requests(%L)', o), 'SM400', 'invalid origins', 'SM400: ' || coalesce(o, 'null')) FROM unnest(ARRAY[NULL, '{}', '{NULL}', '{https://a.example,x}', '{https://a.example/path}', '{"<a>"}', '{javascript:a}']) o;

SELECT set_eq($$SELECT what, is_needed, after, method FROM social.bucket_requests('{https://a.example}')$$, $$VALUES ('cors', true, NULL, 'PUT'), ('versioning', true, NULL, 'PUT'), ('lifecycle', true, NULL, 'PUT'), ('encryption', false, NULL, 'PUT'), ('an encrypted upload', false, 'done', 'POST'), ('encryption taken back', true, 'failed', 'DELETE')$$, 'seed 148: what it is told');
SELECT is(r.url, social.s3_presign('PUT', 'example-media', '', 'AKIAIOSFODNN7EXAMPLE', 'secret', 'eu-central-1', 900, '2026-01-01 00:00:00+00', headers => jsonb_build_object('content-md5', r.content_md5, 'content-type', 'application/xml'), parameters => jsonb_build_object(r.what, '')), r.what || ': signed for this body alone')
FROM social.bucket_requests('{*}', at => '2026-01-01 00:00:00+00') r WHERE r.after IS NULL;
SELECT is(r.content_md5, encode(decode(md5(r.body), 'hex'), 'base64'), r.what || ': its digest') FROM social.bucket_requests('{*}') r;
SELECT ok(xml_is_well_formed_document(r.body), r.what || ': XML') FROM social.bucket_requests('{https://a.example,http://localhost:3000}', true) r WHERE r.body <> '';
SELECT is(xpath('//s3:AllowedMethod/text()', r.body::xml, '{{s3,http://s3.amazonaws.com/doc/2006-03-01/}}')::text, m, 'I-11: ' || m)
FROM (VALUES (false, '{GET,PUT,POST}'), (true, '{GET,PUT,POST,DELETE}')) v (d, m), social.bucket_requests('{https://a.example}', d) r WHERE r.what = 'cors';
SELECT is(social.xml_text('a<b>&c'), 'a&lt;b&gt;&amp;c', 'texts stay texts');

SELECT * FROM finish();
ROLLBACK;
