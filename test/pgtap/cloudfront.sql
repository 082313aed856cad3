-- cloudfront.sql proves addresses and cookies of CloudFront (seed 144, 158) against what the commands of its documentation make of
-- the same policies: openssl sha1 -sign KEY | openssl base64 -A | tr -- '+=/' '-_~'.
BEGIN;
SELECT no_plan();

\set key `cat test/data/jwt_keys/rs256.pem`
\set canned `printf '%s' '{"Statement":[{"Resource":"https://cdn.example.com/media/7/full.webp?a=1","Condition":{"DateLessThan":{"AWS:EpochTime":1767225600}}}]}' | openssl sha1 -sign test/data/jwt_keys/rs256.pem | openssl base64 -A | tr -- '+=/' '-_~'`
\set policy '{"Statement":[{"Resource":"https://cdn.example.com/media/7/*","Condition":{"DateLessThan":{"AWS:EpochTime":1767225600},"DateGreaterThan":{"AWS:EpochTime":1767139200},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}}}]}'
\setenv CLOUDFRONT_POLICY :policy
\set custom `printf '%s' "$CLOUDFRONT_POLICY" | openssl sha1 -sign test/data/jwt_keys/rs256.pem | openssl base64 -A | tr -- '+=/' '-_~'`
\set encoded `printf '%s' "$CLOUDFRONT_POLICY" | openssl base64 -A | tr -- '+=/' '-_~'`
SELECT is(length(:'canned'), 344, 'openssl has signed');

SELECT is(social.cloudfront_url('https://cdn.example.com/media/7/full.webp?a=1', 'K2JCJMDEHXQW5F', :'key', '2026-01-01 00:00:00+00'),
	'https://cdn.example.com/media/7/full.webp?a=1&Expires=1767225600&Signature=' || :'canned' || '&Key-Pair-Id=K2JCJMDEHXQW5F', 'a canned policy');
SELECT is(social.cloudfront_policy('https://cdn.example.com/media/7/*', '2026-01-01 00:00:00+00', '2025-12-31 00:00:00+00', '192.0.2.0/24'), :'policy', 'a policy of one''s own');
SELECT is(social.cloudfront_cookies('https://cdn.example.com/media/7/*', 'K2JCJMDEHXQW5F', :'key', '2026-01-01 00:00:00+00', '2025-12-31 00:00:00+00', '192.0.2.0/24'),
	jsonb_build_object('CloudFront-Policy', :'encoded', 'CloudFront-Signature', :'custom', 'CloudFront-Key-Pair-Id', 'K2JCJMDEHXQW5F'), 'cookies for all below a prefix');
SELECT matches(social.cloudfront_url('https://cdn.example.com/a', 'K1', :'key', '2026-01-01 00:00:00+00', address => '192.0.2.1'), '^https://cdn\.example\.com/a\?Policy=[A-Za-z0-9~_-]+&Signature=[A-Za-z0-9~_-]+&Key-Pair-Id=K1$', 'and an address with one');
SELECT is(social.cloudfront_base64('>>>???'), 'Pj4-Pz8~', 'base64 as it stands in addresses');
SELECT is(social.cloudfront_base64(''), '', 'of nothing');

SELECT throws_ok(format('SELECT social.cloudfront_url(%s)', a), 'SM400', NULL, 'SM400: ' || left(a, 60)) FROM unnest(ARRAY['NULL, ''K'', ''x'', now()', '''https://a/*'', ''K'', ''x'', now()', '''https://a/"'', ''K'', ''x'', now()',
	'E''https://a/\\n'', ''K'', ''x'', now()', '''https://a/é'', ''K'', ''x'', now()', '''https://a/b#c'', ''K'', ''x'', now()', '''https://a/'', ''K&x'', ''x'', now()', '''https://a/'', ''K'', NULL, now()', '''https://a/'', ''K'', ''x'', NULL', '''https://a/'', ''K'', ''x'', ''infinity''',
	'''https://a/'', ''K'', ''x'', now(), now()', '''https://a/'', ''K'', ''x'', now()', '''https://a/'', ''K'', ''-----BEGIN PRIVATE KEY-----'', now()']) a;
\set other `cat test/data/jwt_keys/es256.pem`
SELECT throws_ok(format('SELECT social.cloudfront_signature(''x'', %L)', :'other'), 'SM400', 'invalid private key', 'a key that is no RSA key');

SELECT * FROM finish();
ROLLBACK;
