-- jwt.sql proves tokens in SQL (seed 049, 114; pain P-14): the negative corpus, the time of a token,
-- and that authenticate takes nothing of it.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE corpus (name text, key text, alg text, issuer text, audience text, token text, outcome text);
\copy corpus FROM 'test/data/jwt_negative.tsv'
CREATE TEMPORARY TABLE keys (name text, bytes bytea);
\set hs256 `cat test/data/jwt_keys/hs256_secret.txt`
\set es256 `cat test/data/jwt_keys/es256_public.pem`
\set es256_private `cat test/data/jwt_keys/es256.pem`
\set rs256 `cat test/data/jwt_keys/rs256_public.pem`
\set rsa1024 `cat test/data/jwt_keys/rsa1024_public.pem`
\set p384 `cat test/data/jwt_keys/p384_public.pem`
INSERT INTO keys VALUES
	('hs256_secret.txt', convert_to(:'hs256', 'UTF8')), ('es256_public.pem', convert_to(:'es256', 'UTF8')),
	('es256.pem', convert_to(:'es256_private', 'UTF8')), ('rs256_public.pem', convert_to(:'rs256', 'UTF8')),
	('rsa1024_public.pem', convert_to(:'rsa1024', 'UTF8')), ('p384_public.pem', convert_to(:'p384', 'UTF8')), ('empty', '');

-- The outcome in words: the error's detail, or that there was none.
CREATE FUNCTION pg_temp.verify_outcome(token text, key bytea, alg text, at timestamptz, issuer text, audience text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	reason text;
BEGIN
	PERFORM social.jwt_verify(token, key, alg, at, issuer, audience);
	RETURN 'the token is valid';
EXCEPTION WHEN SQLSTATE 'SM401' THEN
	GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
	RETURN reason;
END
$$;
SELECT ok(count(*) > 150 AND count(DISTINCT outcome) >= 14, 'the corpus was read') FROM corpus;
SELECT is(pg_temp.verify_outcome(c.token, k.bytes, c.alg, to_timestamp(1700000000), c.issuer, c.audience), c.outcome, 'seed 114: ' || c.name)
FROM corpus c JOIN keys k ON k.name = c.key;

-- ---- jwt_verify
SELECT is(social.jwt_verify(token, bytes, 'HS256', to_timestamp(1700000000)),
	'{"iss":"social","sub":"1","aud":"social","sid":"1","jti":"j","iat":1699999900,"nbf":1699999900,"exp":4102444800}'::jsonb,
	'seed 114: the claims of a good token')
FROM corpus JOIN keys ON keys.name = corpus.key WHERE corpus.name = 'valid, HS256';
SELECT is(pg_temp.verify_outcome(token, bytes, 'ES256', at, NULL, NULL), outcomes.outcome, 'seed 114: at ' || at)
FROM corpus JOIN keys ON keys.name = corpus.key,
	(VALUES ('2099-12-31 23:59:59Z'::timestamptz, 'the token is valid'), ('2100-01-01 00:00:00Z', 'the token has expired'),
		('1970-01-01', 'the token is not valid yet'), ('-infinity', 'the token is not valid yet'), ('infinity', 'the token has expired')) AS outcomes (at, outcome)
WHERE corpus.name = 'valid, ES256';
SELECT is(pg_temp.verify_outcome(token, bytes, alg, at, NULL, NULL), outcome, 'seed 114: null or unknown argument: ' || coalesce(alg, 'no algorithm'))
FROM (VALUES (NULL, '\x61'::bytea, 'HS256', now(), 'the token is malformed'), ('a.b.c', NULL, 'HS256', now(), 'the key does not fit the algorithm'),
	('a.b.c', '\x61', NULL, now(), 'the key does not fit the algorithm'), ('a.b.c', '\x61', 'none', now(), 'the token is malformed'))
	AS cases (token, bytes, alg, at, outcome);
SELECT is(pg_temp.verify_outcome(token, bytes, pinned, now(), NULL, NULL), 'the token''s algorithm is not that of the key', 'seed 114: pinned to ' || quote_literal(pinned))
FROM corpus JOIN keys ON keys.name = corpus.key, unnest(ARRAY['none', '', 'hs256', 'HS512', 'ES256']) AS pinned
WHERE corpus.name = 'valid, HS256';

-- ---- authenticate: the corpus' keys are registered, and still only whole tokens of a user pass
INSERT INTO social.users (id, username, email, is_active) VALUES
	(1000000001, 'jwt_test_active', 'jwt1@example.com', true), (1000000002, 'jwt_test_inactive', 'jwt2@example.com', false);
-- No corpus token names a user that exists, unless the database has a user 1.
INSERT INTO social.users (id, username, email) VALUES (1, 'jwt_test_one', 'jwt3@example.com') ON CONFLICT DO NOTHING;
-- They name session 1.
INSERT INTO social.user_sessions (id, user_id, family_secret, expires_at) OVERRIDING SYSTEM VALUE VALUES (1, 1, '', 'infinity')
ON CONFLICT (id) DO UPDATE SET user_id = 1, expires_at = 'infinity', revoked_at = NULL;
DELETE FROM social.jwt_key WHERE status = 'active';
INSERT INTO social.jwt_key (kid, alg, private_key, public_key, status) VALUES
	('hs256', 'HS256', convert_to(:'hs256', 'UTF8'), NULL, 'retired'),
	('es256', 'ES256', convert_to(:'es256_private', 'UTF8'), :'es256', 'active'),
	('rs256', 'RS256', NULL, :'rs256', 'retired'),
	('sleeping', 'HS256', convert_to(:'hs256', 'UTF8'), NULL, 'standby');
SET LOCAL social.jwt_issuer = 'social';
SET LOCAL social.jwt_audience = 'social';

SELECT lives_ok(format('SELECT social.authenticate(%L)', token), 'seed 049: authenticate takes ' || name) FROM corpus WHERE name IN ('valid, HS256', 'valid, ES256', 'valid, RS256');
SELECT is(social.viewer_id(), 1::bigint, 'seed 049: the token''s user acts');
SELECT is(social.session_id(), 1::bigint, 'seed 116: in its session');
SELECT social.act_as(NULL::bigint);
SELECT is(social.session_id(), NULL, 'seed 116: which is nobody else''s');
SELECT throws_ok(format('SELECT social.authenticate(%L)', token), 'SM401', 'invalid token', 'seed 114: authenticate refuses ' || name)
FROM corpus WHERE name NOT LIKE '% token for an % key' AND outcome NOT IN ('the token is valid', 'the token is not valid yet', 'the token was issued in the future',
	'the key does not fit the algorithm', 'the token has expired');
SELECT throws_ok(format('SELECT social.authenticate(%L)', token), 'SM401', 'invalid token', 'seed 114: authenticate without kid: ' || name) FROM corpus WHERE name = 'no typ, no kid';
SELECT is(social.viewer_id(), NULL, 'seed 114: after a refusal nobody acts');
SELECT is(social.authenticate(NULL), NULL, 'seed 049: no token, nobody');

-- Tokens signed here with a key of the table, for a chosen kid.
CREATE FUNCTION pg_temp.base64url(bytes bytea) RETURNS text LANGUAGE sql AS
	$$ SELECT rtrim(translate(encode(bytes, 'base64'), E'+/\n', '-_'), '=') $$;
-- RFC 2104 for keys of at most 64 bytes.
CREATE FUNCTION pg_temp.pad(key bytea, with_byte integer) RETURNS bytea LANGUAGE sql AS $$
	SELECT string_agg(set_byte('\x00', 0, CASE WHEN i < length(key) THEN get_byte(key, i) ELSE 0 END # with_byte), '' ORDER BY i) FROM generate_series(0, 63) AS i $$;
CREATE FUNCTION pg_temp.hmac(message bytea, key bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT sha256(pg_temp.pad(key, 92) || sha256(pg_temp.pad(key, 54) || message)) $$;
CREATE FUNCTION pg_temp.hs256(kid text, claims text, secret text) RETURNS text LANGUAGE sql AS $$
	SELECT input || '.' || pg_temp.base64url(pg_temp.hmac(convert_to(input, 'UTF8'), convert_to(secret, 'UTF8')))
	FROM (SELECT pg_temp.base64url(convert_to(json_build_object('alg', 'HS256', 'kid', kid)::text, 'UTF8')) || '.'
		|| pg_temp.base64url(convert_to(claims, 'UTF8'))) AS parts (input) $$;

SELECT lives_ok(format('SELECT social.authenticate(%L)', pg_temp.hs256('hs256',
	'{"iss":"social","aud":"social","sub":"1000000001","iat":1,"exp":4102444800}', :'hs256')), 'seed 049: a token made in SQL');
SELECT throws_ok(format('SELECT social.authenticate(%L)', pg_temp.hs256(kid,
	format('{"iss":"social","aud":"social","sub":"%s","iat":1,"exp":4102444800}', sub), :'hs256')), 'SM401', 'invalid token', 'seed 114: ' || why)
FROM (VALUES ('hs256', '1000000002', 'an inactive account'), ('hs256', '999999999999', 'no account'), ('hs256', 'jwt_test_active', 'a name as subject'),
	('sleeping', '1000000001', 'a standby key'), ('unknown', '1000000001', 'an unknown kid'), ('', '1000000001', 'an empty kid'),
	('es256', '1000000001', 'another key''s kid'), ('../../etc/passwd', '1000000001', 'a path as kid'),
	('x'' OR status = ''active', '1000000001', 'SQL as kid'), ('hs256''; DROP TABLE social.jwt_key; --', '1000000001', 'a command as kid'),
	('hs256 ', '1000000001', 'the kid with a blank'), ('hs25_', '1000000001', 'a pattern as kid'), ('hs256', '0', 'nobody'), ('hs256', '-1', 'a negative subject'),
	('hs256', '01000000001', 'a subject with a zero before'), ('hs256', '1000000001 ', 'a subject with a blank'), ('hs256', '1e9', 'a subject with an exponent'),
	('hs256', '9223372036854775808', 'a subject beyond bigint'), ('hs256', '18446744074709551617', 'a subject that wraps around'), ('hs256', '1000000001; --', 'SQL as subject'), ('HS256', '1000000001', 'the kid in capitals')) AS cases (kid, sub, why);
SELECT throws_ok(format('SELECT social.authenticate(%L)', pg_temp.hs256('hs256',
	format('{"iss":"social","aud":"social","sub":"1000000001","sid":%s,"iat":1,"exp":4102444800}', to_json(sid)), :'hs256')), 'SM401', 'invalid token', 'seed 116: sid is ' || sid)
FROM unnest(ARRAY['', '0', '-1', '01', '1 ', ' 1', '1.0', '1e0', '+1', '9223372036854775808', '99999999999999999999', 's', '1'' OR true', gen_random_uuid()::text, repeat('1', 600),
	'1', '999999999999']) AS sid;
-- exp, nbf and iat, a leeway of 5 s around now.
SELECT is((SELECT error_code FROM social.verify_token(pg_temp.hs256('hs256', format('{"iss":"social","aud":"social","sub":"1000000001","iat":%s,"nbf":%s,"exp":%s}',
	at + iat, at + nbf, at + exp), :'hs256'))), outcome, format('seed 114: iat %s, nbf %s, exp %s', iat, nbf, exp))
FROM (VALUES (0, 0, 60, NULL), (0, 0, -2, NULL), (0, 0, -7, 'SM401'), (-60, -60, -5, 'SM401'), (3, 0, 60, NULL), (20, 0, 60, 'SM401'), (0, 3, 60, NULL), (0, 20, 60, 'SM401')) AS edges (iat, nbf, exp, outcome),
	LATERAL (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint AS at) AS clock;
SELECT throws_ok(format('SELECT social.authenticate(%L)', pg_temp.hs256('hs256', claims, :'hs256')), 'SM401', 'invalid token', 'seed 114: no access token: ' || claims)
FROM unnest(ARRAY['{"iss":"social","aud":"social","sub":"1000000001","iat":1}', '{"iss":"social","aud":"social","sub":"1000000001","exp":4102444800}',
	'{"aud":"social","sub":"1000000001","iat":1,"exp":4102444800}', '{"iss":"social","sub":"1000000001","iat":1,"exp":4102444800}',
	'{"iss":"social","aud":"social","sub":1000000001,"iat":1,"exp":4102444800}', '{"iss":"social","aud":"social","sub":"1000000001","iat":1,"exp":1700000000}']) AS claims;

-- ---- the key table tells nobody
SELECT is(social.bridge_config()::jsonb #> '{jwt,keys}' @> jsonb_build_array(jsonb_build_object('kid', 'es256', 'alg', 'ES256', 'public_key', :'es256')), true,
	'seed 118: the bridge is told the active public key');
SELECT ok(NOT social.bridge_config()::jsonb::text ~ 'PRIVATE|secret|sleeping', 'seed 118: and no secret');
CREATE ROLE jwt_test_bridge;
SELECT social.grant_bridge('jwt_test_bridge');
SELECT social.grant_admin('jwt_test_bridge');
SET LOCAL ROLE jwt_test_bridge;
SELECT throws_ok('SELECT * FROM social.jwt_key', '42501', NULL, 'seed 117: no role may read the keys');
SELECT throws_ok($$SELECT social.sign_access_token(1, 's')$$, '42501', NULL, 'seed 114: no role may make tokens');
SELECT lives_ok('SELECT social.bridge_config()', 'seed 118: the bridge''s role reads its configuration');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
