-- s3.sql proves signed addresses in SQL with AWS's published examples (mission 144, 145): clock and keys are arguments.
BEGIN;
SELECT no_plan();

\set id 'AKIAIOSFODNN7EXAMPLE'
\set secret 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
CREATE FUNCTION pg_temp.presign(method text DEFAULT 'GET', bucket text DEFAULT 'examplebucket', key text DEFAULT 'test.txt', id text DEFAULT 'AKIAIOSFODNN7EXAMPLE',
	region text DEFAULT 'us-east-1', seconds integer DEFAULT 86400, endpoint text DEFAULT NULL, path_style boolean DEFAULT false, headers jsonb DEFAULT '{}', parameters jsonb DEFAULT '{}') RETURNS text
LANGUAGE sql AS $$ SELECT social.s3_presign($1, $2, $3, $4, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', $5, $6, '2013-05-24 00:00:00+00', $7, $8, $9, $10) $$;

SELECT is(pg_temp.presign(),
	'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
	'the published address');
SELECT is(social.s3_presign('get', 'examplebucket', 'test.txt', :'id', :'secret', seconds => 86400, at => '2013-05-24 02:00:00+02'), pg_temp.presign(), 'whatever the time zone, and the letters of the method');

SELECT is(split_part(pg_temp.presign(endpoint => 'http://127.0.0.1:9000', path_style => true), '?', 1), 'http://127.0.0.1:9000/examplebucket/test.txt', 'an endpoint of one''s own, the bucket in the path');
SELECT is(split_part(pg_temp.presign(endpoint => 'https://s3.LOCALHOST:443/'), '?', 1), 'https://examplebucket.s3.localhost/test.txt', 'the bucket in the name of the host, without the port that goes without saying');
SELECT is(split_part(pg_temp.presign(endpoint => 'https://cdn.example.com', bucket => ''), '?', 1), 'https://cdn.example.com/test.txt', 'a name of the bucket''s own');
SELECT is(split_part(pg_temp.presign(region => 'eu-central-1'), '?', 1), 'https://examplebucket.s3.eu-central-1.amazonaws.com/test.txt', 'another region');
SELECT is(split_part(pg_temp.presign(key => 'a b/ü+~.txt'), '?', 1), 'https://examplebucket.s3.amazonaws.com/a%20b/%C3%BC%2B~.txt', 'a key is percent-encoded, its slashes are not');
SELECT matches(pg_temp.presign('PUT', headers => '{"Content-Type": "image/png", "Content-Length": 12}'), 'X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&', 'headers that are signed are named');
SELECT matches(pg_temp.presign('PUT', parameters => '{"uploadId": "a/b", "partNumber": 2}'), 'X-Amz-SignedHeaders=host&partNumber=2&uploadId=a%2Fb&X-Amz-Signature=[0-9a-f]{64}$', 'a part of a large upload');
SELECT matches(pg_temp.presign('POST', parameters => '{"uploads": ""}'), '&uploads=&X-Amz-Signature=', 'the beginning of one');
SELECT is(count(DISTINCT a), 8::bigint, 'whatever is changed changes the signature') FROM unnest(ARRAY[
	pg_temp.presign(), pg_temp.presign('PUT'), pg_temp.presign(key => 'test.txu'), pg_temp.presign(bucket => 'examplebucket2'), pg_temp.presign(seconds => 86401),
	pg_temp.presign(headers => '{"range": "bytes=0-9"}'), pg_temp.presign(parameters => '{"a": "b"}'), pg_temp.presign(region => 'us-west-1')]) u, regexp_replace(u, '^.*Signature=', '') a;

SELECT throws_ok(format('SELECT pg_temp.presign(%s)', a), 'SM400', NULL, 'SM400: ' || a) FROM unnest(ARRAY[
	'''PATCH''', 'NULL', 'bucket => ''Example''', 'bucket => ''a''', 'bucket => ''a/b''', 'bucket => NULL', 'key => NULL', 'key => repeat(''k'', 1025)', 'key => E''a\nb''',
	'endpoint => ''ftp://example.com''', 'endpoint => ''https://example.com/path''', 'endpoint => ''https://user@example.com''', 'endpoint => ''''', 'id => ''a/b''', 'id => ''''', 'id => NULL', 'region => ''''',
	'seconds => 0', 'seconds => 604801', 'seconds => NULL', 'headers => ''[]''', 'headers => ''{"Range": "a", "range": "b"}''', 'headers => ''{"": "a"}''', 'headers => ''{"host": "other.example"}''']) a;
SELECT throws_ok($$SELECT social.s3_presign('GET', 'examplebucket', 'a', 'id', 'secret', at => 'infinity')$$, 'SM400', NULL, 'SM400: no time');

-- ---- forms ---------------------------------------------------------------------------------------
SELECT is(social.s3_sign_policy(translate(encode(convert_to(replace($policy${ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}$policy$, E'\n', E'\r\n'), 'UTF8'), 'base64'), E'\n', ''), :'secret', 'us-east-1', '2015-12-29 00:00:00+00'),
	'8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e', 'the published policy');
CREATE TEMPORARY TABLE forms AS SELECT social.s3_post_form('examplebucket', 'uploads/7/a.png', 'image/png', 1000, :'id', :'secret', seconds => 900, at => '2015-12-29 00:00:00+00') AS form;
SELECT is(form ->> 'url', 'https://examplebucket.s3.amazonaws.com/', 'a form goes to the bucket') FROM forms;
SELECT set_eq($$SELECT jsonb_array_elements(convert_from(decode(form -> 'fields' ->> 'policy', 'base64'), 'UTF8')::jsonb -> 'conditions') FROM forms$$,
	$$SELECT c::jsonb FROM unnest(ARRAY['{"bucket": "examplebucket"}', '["content-length-range", 1, 1000]', '{"key": "uploads/7/a.png"}', '{"Content-Type": "image/png"}', '{"x-amz-date": "20151229T000000Z"}',
		'{"x-amz-algorithm": "AWS4-HMAC-SHA256"}', '{"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"}']) c$$, 'its policy bounds the length, and names all of its fields');
SELECT is(convert_from(decode(form -> 'fields' ->> 'policy', 'base64'), 'UTF8')::jsonb ->> 'expiration', '2015-12-29T00:15:00Z', 'and says when it ends') FROM forms;
SELECT is(form -> 'fields' ->> 'x-amz-signature', social.s3_sign_policy(form -> 'fields' ->> 'policy', :'secret', 'us-east-1', '2015-12-29 00:00:00+00'), 'and is signed') FROM forms;
SELECT throws_ok(format('SELECT social.s3_post_form(%s, seconds => %s)', a, s), 'SM400', NULL, 'SM400: ' || a || ', ' || s) FROM (VALUES
	($$'examplebucket', 'k', 'image/png', 0, 'id', 'secret'$$, 900), ($$'examplebucket', NULL, 'image/png', 1, 'id', 'secret'$$, 900), ($$'examplebucket', 'k', 'image/png', 1, 'i/d', 'secret'$$, 900),
	($$'examplebucket', 'k', 'image/png', 1, 'id', 'secret'$$, 0), ($$'no bucket', 'k', 'image/png', 1, 'id', 'secret'$$, 900)) v (a, s);

SELECT * FROM finish();
ROLLBACK;
