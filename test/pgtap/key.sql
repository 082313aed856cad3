-- key.sql proves the life of signing keys, the published key set, and tokens of other issuers (seed
-- 049, 114, 117; pain P-14).
BEGIN;
SELECT no_plan();
INSERT INTO social.users (username, email) VALUES ('tap_key', 'tap.key@example.com');
SELECT id AS person FROM social.users WHERE username = 'tap_key' \gset
DELETE FROM social.jwt_key;

-- ---- the first key
SELECT is_empty('SELECT FROM social.jwt_issuers', 'an installation trusts nobody');
SELECT social.ensure_jwt_key() AS first \gset
SELECT is(social.ensure_jwt_key(), :'first'::text, 'a key is made once');
SELECT results_eq('SELECT alg, status, signs FROM social.admin_jwt_keys ORDER BY status', $$VALUES ('ES256', 'active', true), ('ES256', 'standby', true)$$, 'it signs, and the next is on standby');
SELECT kid AS standby FROM social.jwt_key WHERE status = 'standby' \gset
SELECT access AS token1, refresh AS refresh1 FROM social.start_session(:person) \gset
SELECT is(convert_from(decode(rpad(translate(split_part(:'token1', '.', 1), '-_', '+/'), (length(split_part(:'token1', '.', 1)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb,
	jsonb_build_object('alg', 'ES256', 'typ', 'JWT', 'kid', :'first'), 'a token names its key');

-- ---- rotation
SELECT is(social.rotate_jwt_key(), :'standby'::text, 'rotation takes the key that was published before');
SELECT is(status, 'retired', 'the key before is retired') FROM social.jwt_key WHERE kid = :'first';
SELECT is(retired_at = now(), true, 'now') FROM social.jwt_key WHERE kid = :'first';
SELECT is(activated_at = now(), true, 'when the new one became active') FROM social.jwt_key WHERE kid = :'standby';
SELECT is(error_code, NULL, 'its tokens stay good') FROM social.verify_token(:'token1');
SELECT is(error_code, NULL, 'and refresh') FROM social.refresh_session(:'refresh1');
SELECT is(count(*), 1::bigint, 'the next is on standby again') FROM social.jwt_key WHERE status = 'standby';
SELECT is(detail ->> 'retired', :'first'::text, 'rotation is audited') FROM social.audit_log WHERE action = 'activate_jwt_key' AND detail ->> 'kid' = :'standby';
SELECT social.rotate_jwt_key('RS256') AS rs \gset
SELECT access AS token2 FROM social.start_session(:person) \gset
SELECT is(error_code, NULL, 'RS256 signs') FROM social.verify_token(:'token2');
SELECT social.rotate_jwt_key('HS256') AS hs \gset
SELECT access AS token3 FROM social.start_session(:person) \gset
SELECT is(error_code, NULL, 'HS256 signs') FROM social.verify_token(:'token3');
SELECT is(social.authenticate(:'token3'), :person::bigint, 'and lets act');
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT is(string_agg((SELECT error_code FROM social.verify_token(t)), ','), NULL, 'seed 114: through all rotations nobody is logged out') FROM unnest(ARRAY[:'token1', :'token2', :'token3']) AS t;
SELECT is(count(*), 1::bigint, 'one key is active') FROM social.jwt_key WHERE status = 'active';
SELECT throws_ok(format('SELECT social.rotate_jwt_key(%L)', alg), 'SM400', 'unknown algorithm', 'no key for ' || quote_nullable(alg)) FROM unnest(ARRAY['none', 'hs256', 'HS512', '', NULL, 'ES256; DROP TABLE x']) AS alg;

-- A key of one algorithm never verifies another's tokens, whatever the header says.
UPDATE social.jwt_key SET kid = 'swap' WHERE kid = :'rs';
UPDATE social.jwt_key SET kid = :'rs' WHERE kid = :'standby';
SELECT is(error_detail, 'the token''s algorithm is not that of the key', 'P-14: a kid that means another key') FROM social.verify_token(:'token2');
UPDATE social.jwt_key SET kid = :'standby' WHERE kid = :'rs';
UPDATE social.jwt_key SET kid = :'rs' WHERE kid = 'swap';

-- Keys that a session has used are read once, and still looked up each time.
SELECT is(count(*) FILTER (WHERE (social.verify_token(t)).error_code IS NULL), 9::bigint, 'keys in turn, again and again')
FROM unnest(ARRAY[:'token1', :'token2', :'token3']) AS t, generate_series(1, 3);

-- ---- what is told
SELECT is((SELECT count(*) FROM json_array_elements(social.jwks() -> 'keys')), count(*), 'the key set holds every public key of ours') FROM social.jwt_key WHERE public_key IS NOT NULL;
SELECT is_empty($$SELECT FROM json_array_elements(social.jwks() -> 'keys') k WHERE k ->> 'kty' NOT IN ('EC', 'RSA') OR k::jsonb ?| ARRAY['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']$$, 'and no secret');
SELECT is_empty($$SELECT FROM json_array_elements(social.jwks() -> 'keys') k WHERE NOT k::jsonb ?& ARRAY['kid', 'alg', 'use', 'kty'] OR k ->> 'use' <> 'sig'$$, 'each names itself');
SELECT set_eq('SELECT kid, alg, public_key FROM social.jwks_keys(social.jwks()::text)', 'SELECT kid, alg, public_key FROM social.jwt_key WHERE public_key IS NOT NULL', 'to JSON and back they are the same keys');
SELECT is((social.bridge_config() #> '{jwt,issuers}')::text, '[]', 'and no issuer');
SELECT is(social.bridge_config() #>> '{jwt,leeway}', '5', 'the bridge is told the leeway');
SELECT results_eq(format($$SELECT k ->> 'public_key' FROM json_array_elements(social.bridge_config() #> '{jwt,keys}') k WHERE k ->> 'kid' = %L$$, :'hs'), ARRAY[NULL::text], 'and of a secret that it exists');
SELECT ok(NOT social.bridge_config()::text LIKE '%' || convert_from(private_key, 'UTF8') || '%' AND NOT social.jwks()::text LIKE '%' || convert_from(private_key, 'UTF8') || '%', 'seed 117: not the secret itself') FROM social.jwt_key WHERE kid = :'hs';
SELECT is(social.jwk('a', alg, key)::text, NULL, 'no JSON of ' || why) FROM (VALUES ('ES256', 'nonsense', 'nonsense'), ('HS256', 'secret', 'a secret'), ('RS256', (SELECT public_key FROM social.jwt_key WHERE alg = 'ES256' LIMIT 1), 'a key of another kind')) AS cases (alg, key, why);

-- ---- age
SELECT is(social.rotate_due_jwt_keys(), 0::bigint, 'by default no key is due');
SET LOCAL social.jwt_key_lifetime = '30d';
SELECT is(social.rotate_due_jwt_keys(), 0::bigint, 'a young one is not');
UPDATE social.jwt_key SET activated_at = now() - interval '31 days' WHERE status = 'active';
SELECT is(social.rotate_due_jwt_keys(), 1::bigint, 'an old one is');
SELECT is(alg, 'HS256', 'and its algorithm stays') FROM social.jwt_key WHERE status = 'active';
SELECT is(social.rotate_due_jwt_keys(), 0::bigint, 'once');
RESET social.jwt_key_lifetime;
SELECT is(error_code, NULL, 'its tokens stay good') FROM social.verify_token(:'token3');
UPDATE social.jwt_key SET retired_at = now() - interval '8 days' WHERE kid = :'first';
SELECT social.retention_round() \g /dev/null
SELECT is_empty(format('SELECT FROM social.jwt_key WHERE kid = %L', :'first'), 'retention takes keys that were retired long ago');
SELECT is(error_detail, 'no key here is the one that the token''s header names (kid)', 'whose tokens have long expired') FROM social.verify_token(:'token1');
SELECT isnt_empty(format('SELECT FROM social.jwt_key WHERE kid = %L', :'rs'), 'and no other');

-- {"alg":"ES256"}, {"alg":"ES256","kid":""} and claims of ours
SELECT is(error_detail, 'the token''s header names no key (kid)', 'found D6: a token without kid hears of that') FROM unnest(ARRAY['eyJhbGciOiJFUzI1NiJ9', 'eyJhbGciOiJFUzI1NiIsImtpZCI6IiJ9']) AS header, social.verify_token(header || '.eyJpc3MiOiJzb2NpYWwifQ.AA');

-- ---- keys that are brought along (found D5)
SELECT throws_ok(format('SELECT social.import_jwt_key(%L, %L::text, %L, %L)', alg, key, kid, status), code, message, 'found D5: refused: ' || why) FROM (VALUES
	('HS256', 'too short a secret', 'imp', 'standby', 'SM400', 'invalid key', 'a short secret'), ('HS256', repeat('abc', 20), 'imp', 'standby', 'SM400', 'invalid key', 'a secret of three letters'),
	('HS256', NULL, 'imp', 'standby', 'SM400', 'invalid key', 'no secret'), ('HS256', (SELECT public_key FROM social.jwt_key WHERE alg = 'ES256' LIMIT 1), 'imp', 'standby', 'SM400', 'invalid key', 'a public key as secret'),
	('HS256', repeat('0123456789abcdef', 600), 'imp', 'standby', 'SM400', 'invalid key', 'a secret without end'),
	('ES256', 'nonsense', 'imp', 'standby', 'SM400', 'invalid key', 'no PEM'), ('RS256', (SELECT convert_from(private_key, 'UTF8') FROM social.jwt_key WHERE alg = 'ES256' LIMIT 1), 'imp', 'standby', 'SM400', 'invalid key', 'a key of another algorithm'),
	('ES256', NULL, 'imp', 'standby', 'SM400', 'invalid key', 'null'), ('HS512', 'a secret of thirty-two bytes or more', 'imp', 'standby', 'SM400', 'unknown algorithm', 'an algorithm that is not ours'),
	(NULL, 'a secret of thirty-two bytes or more', 'imp', 'standby', 'SM400', 'unknown algorithm', 'no algorithm'),
	('HS256', 'a secret of thirty-two bytes or more', '', 'standby', 'SM400', 'invalid kid', 'an empty kid'), ('HS256', 'a secret of thirty-two bytes or more', 'a b', 'standby', 'SM400', 'invalid kid', 'a blank in the kid'),
	('HS256', 'a secret of thirty-two bytes or more', repeat('k', 65), 'standby', 'SM400', 'invalid kid', 'a long kid'), ('HS256', 'a secret of thirty-two bytes or more', 'imp', 'leaked', 'SM400', 'invalid status', 'an unknown status'),
	('HS256', 'a secret of thirty-two bytes or more', 'imp', NULL, 'SM400', 'invalid status', 'no status'), ('HS256', 'a secret of thirty-two bytes or more', :'hs', 'standby', 'SM409', 'kid is taken', 'a kid that is there'),
	('HS256', (SELECT convert_from(private_key, 'UTF8') FROM social.jwt_key WHERE kid = :'hs'), 'imp', 'standby', 'SM409', 'the key is there already', 'a secret that is there'),
	('RS256', (SELECT public_key FROM social.jwt_key WHERE kid = :'rs'), 'imp', 'retired', 'SM409', 'the key is there already', 'a key that is there')) AS c (alg, key, kid, status, code, message, why);
SELECT kid AS before FROM social.jwt_key WHERE status = 'active' \gset
-- The signature is the HMAC of RFC 2104, computed here from SHA-256 alone.
SELECT is(social.import_jwt_key('HS256', 'django-insecure-)#t0p&secret-of-a-site-that-moved', 'moved', 'active'), 'moved', 'found D5: a secret is brought along');
SELECT access AS token6, refresh AS refresh6 FROM social.start_session(:person) \gset
SELECT is(rtrim(translate(encode(hmac_of, 'base64'), '+/', '-_'), '='), split_part(:'token6', '.', 3), 'found D5: and signs') FROM (
	SELECT sha256(o || sha256(i || convert_to(split_part(:'token6', '.', 1) || '.' || split_part(:'token6', '.', 2), 'UTF8'))) AS hmac_of FROM (
		SELECT decode(string_agg(lpad(to_hex(b # 54), 2, '0'), '' ORDER BY n), 'hex') AS i, decode(string_agg(lpad(to_hex(b # 92), 2, '0'), '' ORDER BY n), 'hex') AS o
		FROM (SELECT n, CASE WHEN n < length(s) THEN get_byte(s, n) ELSE 0 END AS b FROM generate_series(0, 63) AS n, convert_to('django-insecure-)#t0p&secret-of-a-site-that-moved', 'UTF8') AS s) AS padded) AS pads) AS computed;
SELECT is(error_code, NULL, 'found D5: its tokens are good') FROM social.verify_token(:'token6');
SELECT is(status, 'retired', 'found D5: the key before is retired') FROM social.jwt_key WHERE kid = :'before';
SELECT row_eq($$SELECT detail - 'kid' FROM social.audit_log WHERE action = 'import_jwt_key' AND detail ->> 'kid' = 'moved'$$, row('{"alg": "HS256", "status": "active"}'::jsonb), 'found D5: the audit log knows, and not the secret');
SELECT g.private_key AS es_private, g.public_key AS es_public FROM social.generate_jwt_key('ES256') g \gset
SELECT is(social.import_jwt_key('ES256', convert_from(:'es_private', 'UTF8'), 'mine'), 'mine', 'found D5: a private key');
SELECT row_eq($$SELECT status, public_key FROM social.jwt_key WHERE kid = 'mine'$$, row('standby'::text, :'es_public'::text), 'found D5: waits on standby, with its public half');
SELECT is((SELECT count(*) FROM json_array_elements(social.jwks() -> 'keys') k WHERE k ->> 'kid' = 'mine'), 1::bigint, 'found D5: published');
SELECT g.public_key AS rs_public FROM social.generate_jwt_key('RS256') g \gset
SELECT throws_ok(format('SELECT social.import_jwt_key(%L, %L::text)', 'RS256', :'rs_public'), 'SM400', 'a public key does not sign', 'found D5: a public key does not wait to sign');
SELECT matches(social.import_jwt_key('RS256', :'rs_public', status => 'retired'), '^[0-9a-f]{32}$', 'found D5: it verifies, under a kid that is made up');
SELECT is(private_key, NULL, 'found D5: and is public') FROM social.jwt_key WHERE public_key = :'rs_public';
SELECT is(social.import_jwt_key('HS256', sha256('32 random bytes, say'), 'bytes', 'retired'), 'bytes', 'found D5: a secret of bytes');
SELECT is(retired_at = now(), true, 'found D5: retention takes what is retired, in time') FROM social.jwt_key WHERE kid = 'bytes';
DELETE FROM social.jwt_key WHERE kid IN ('mine', 'bytes') OR public_key = :'rs_public';

-- ---- a key that others have learnt
SELECT throws_ok('SELECT social.remove_jwt_key(''nobody'')', 'SM404', 'key not found', 'an unknown key');
SELECT social.rotate_jwt_key() AS leaked \gset
SELECT access AS token4, refresh AS refresh4 FROM social.start_session(:person) \gset
SELECT lives_ok(format('SELECT social.remove_jwt_key(%L)', :'leaked'), 'is removed');
SELECT is(error_code, 'SM401', 'and every token that it signed') FROM social.verify_token(:'token4');
SELECT is((SELECT error_code FROM social.verify_token(access)), NULL, 'clients refresh, and go on') FROM social.refresh_session(:'refresh4');
SELECT is(count(*) FILTER (WHERE status = 'active') || ' ' || count(*) FILTER (WHERE kid = :'leaked'), '1 0', 'with a new key') FROM social.jwt_key;

-- ---- what is no key set
SELECT throws_ok(format('SELECT * FROM social.jwks_keys(%L)', jwks), 'SM400', 'invalid key set', 'no key set: ' || why) FROM (VALUES
	('', 'nothing'), ('nonsense', 'nonsense'), ('[]', 'an array'), ('{"keys":{}}', 'keys is no array'), ('{"keys":[1]}', 'a key is no object'), ('{"keys":[]}', 'no key'),
	('{"keys":[],"keys":[]}', 'keys twice'), (repeat(' ', 65537), 'too long'), (repeat('[', 60000), 'deep'), ('{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}]}', 'a secret'),
	('{"keys":[{"kty":"EC","crv":"P-256","kid":1}]}', 'kid is a number'), (format('{"keys":[{"kty":"EC","crv":"P-256","kid":"%s"}]}', repeat('k', 65)), 'kid too long'),
	('{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}', 'a short point'), (format('{"keys":[{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}]}', rpad('', 43, 'A'), rpad('', 43, 'A')), 'the point zero'),
	(format('{"keys":[{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}]}', rpad('', 42, 'B') || 'A', rpad('', 42, 'C') || 'A'), 'a point off the curve'),
	('{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}', 'RSA of 17 bits'), ('{"keys":[{"kty":"RSA","n":"","e":""}]}', 'RSA of nothing'),
	(format('{"keys":[{"kty":"RSA","n":"%s","e":"AQAB"}]}', rpad('', 171, '-')), 'RSA of 1024 bits'), (format('{"keys":[{"kty":"RSA","n":"%s","e":"AQ"}]}', rpad('', 342, '-')), 'an exponent of 1'),
	('{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"},{"kty":"EC","crv":"P-384"}]}', 'keys that are not for our algorithms'),
	((SELECT jsonb_build_object('keys', jsonb_build_array(j.jwk::jsonb || '{"d":"AA"}'))::text FROM social.jwt_key k, LATERAL (SELECT social.jwk(k.kid, k.alg, k.public_key)) j (jwk) WHERE k.alg = 'ES256' LIMIT 1), 'a private key'),
	((SELECT jsonb_build_object('keys', jsonb_build_array(j.jwk::jsonb, j.jwk::jsonb))::text FROM social.jwt_key k, LATERAL (SELECT social.jwk(k.kid, k.alg, k.public_key)) j (jwk) WHERE k.alg = 'ES256' LIMIT 1), 'a kid twice'),
	((SELECT jsonb_build_object('keys', jsonb_build_array(j.jwk::jsonb || '{"use":"enc"}'))::text FROM social.jwt_key k, LATERAL (SELECT social.jwk(k.kid, k.alg, k.public_key)) j (jwk) WHERE k.alg = 'ES256' LIMIT 1), 'a key for encryption'),
	((SELECT jsonb_build_object('keys', jsonb_build_array(j.jwk::jsonb || '{"alg":"ES512"}'))::text FROM social.jwt_key k, LATERAL (SELECT social.jwk(k.kid, k.alg, k.public_key)) j (jwk) WHERE k.alg = 'ES256' LIMIT 1), 'a key for another algorithm'))
	AS cases (jwks, why);

-- ---- other issuers: their keys are made here, their tokens signed as theirs
SELECT j::text AS theirs FROM social.jwks() j \gset
SET LOCAL social.jwt_issuer = 'https://other.example';
SET LOCAL social.jwt_audience = 'them';
SELECT social.sign_access_token(:person, 'their session') AS foreign \gset
SELECT social.sign_access_token(999999999999, '1') AS stranger \gset
SET LOCAL social.jwt_audience = 'social';
SELECT social.sign_access_token(:person, '1') AS for_us \gset
SET LOCAL social.jwt_issuer = 'social';
SELECT social.sign_access_token(:person, '1') AS ours \gset
DELETE FROM social.jwt_key;
SELECT is(error_detail, 'no key here is the one that the token''s header names (kid)', 'an issuer that nobody registered') FROM social.verify_token(:'foreign');
SELECT throws_ok(format('SELECT social.register_issuer(%L, %L, user_claim => %L, user_match => %L)', issuer, jwks, claim, match), state, NULL, 'not registered: ' || why)
FROM (VALUES ('', :'theirs', 'sub', 'id', 'SM400', 'no name'), (repeat('x', 501), :'theirs', 'sub', 'id', 'SM400', 'a long name'), ('social', :'theirs', 'sub', 'id', 'SM409', 'ourselves'),
	('https://other.example', '{}', 'sub', 'id', 'SM400', 'no key set'), ('https://other.example', NULL, 'sub', 'id', 'SM400', 'null'), ('https://other.example', :'theirs', '', 'id', 'SM400', 'no claim'),
	('https://other.example', :'theirs', 'sub', 'phone', 'SM400', 'an unknown match'), ('https://other.example', :'theirs', 'sub', NULL, 'SM400', 'no match')) AS cases (issuer, jwks, claim, match, state, why);
SELECT cmp_ok(social.register_issuer('https://other.example', :'theirs', 'them'), '>', 1, 'registering tells how many keys there are');
SELECT is((social.bridge_config() #> '{jwt,issuers}')::text, '["https://other.example"]', 'the bridge is told of whom to ask');
SELECT row_eq(format('SELECT user_id, session_id, error_code FROM social.verify_token(%L)', :'foreign'), row(:person::bigint, NULL::bigint, NULL::text), 'their token names our user, and no session of ours');
SELECT is(social.authenticate(:'foreign'), :person::bigint, 'who acts');
SELECT is(social.session_id(), NULL, 'in no session');
SELECT throws_ok('SELECT social.logout()', 'SM400', 'no session to end', 'which cannot be ended');
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT is(error_detail, 'the token''s subject is not a user', 'nor without an account') FROM social.verify_token(:'stranger') WHERE error_detail <> 'the account is gone, inactive or suspended';
SELECT is(error_code, 'SM401', 'an account that does not exist') FROM social.verify_token(:'stranger');
SELECT is(error_detail, 'the token is for another audience', 'their token for another audience') FROM social.verify_token(:'for_us');
SELECT is(error_detail, 'no key here is the one that the token''s header names (kid)', 'their keys do not sign in our name') FROM social.verify_token(:'ours');
SELECT social.register_issuer('https://other.example', :'theirs') \g /dev/null
SELECT is(error_code, NULL, 'without an audience of their own, ours') FROM social.verify_token(:'for_us');
SELECT is(error_code, 'SM401', 'and no longer the other') FROM social.verify_token(:'foreign');
SELECT social.register_issuer('https://other.example', :'theirs', 'them', 'sid', 'username') \g /dev/null
SELECT is(error_detail, 'the token''s subject is not a user', 'a claim that names nobody') FROM social.verify_token(:'foreign');
UPDATE social.users SET username = 'Their Session' WHERE id = :person;
SELECT is(user_id, :person::bigint, 'a claim with the username, in any case') FROM social.verify_token(:'foreign');
SELECT social.register_issuer('https://other.example', :'theirs', 'them', 'sid', 'email') \g /dev/null
UPDATE social.users SET username = 'tap_key', email = 'THEIR session' WHERE id = :person;
SELECT is(user_id, :person::bigint, 'a claim with the e-mail address') FROM social.verify_token(:'foreign');
SELECT social.register_issuer('https://other.example', :'theirs', 'them', 'absent', 'id') \g /dev/null
SELECT is(error_detail, 'the token''s subject is not a user', 'a claim that is absent') FROM social.verify_token(:'foreign');
SELECT social.register_issuer('https://other.example', :'theirs', 'them', 'iat', 'id') \g /dev/null
SELECT is(error_code, 'SM401', 'a claim that is a number') FROM social.verify_token(:'foreign');
SELECT social.register_issuer('https://other.example', :'theirs', 'them') \g /dev/null
UPDATE social.users SET is_active = false WHERE id = :person;
SELECT is(error_code, 'SM401', 'an inactive account') FROM social.verify_token(:'foreign');
UPDATE social.users SET is_active = true WHERE id = :person;
SELECT is(social.blacklist_token(:'foreign', 'stolen'), :person::bigint, 'a token without a session is taken back by its name');
SELECT is(error_detail, 'the token was taken back', 'and refused') FROM social.verify_token(:'foreign');
SELECT throws_ok(format('SELECT social.blacklist_token(%L)', :'foreign'), 'SM401', 'invalid token', 'once');
SELECT throws_ok(format('SELECT social.authenticate(%L)', :'foreign'), 'SM401', 'invalid token', 'also for acting');
SELECT is(count(*), 1::bigint, 'which is audited') FROM social.audit_log WHERE action = 'blacklist_token' AND object_id = :person;
SELECT social.ensure_jwt_key() \g /dev/null
SELECT access AS token5, session_id AS session5 FROM social.start_session(:person) \gset
SELECT social.blacklist_token(:'token5', 'stolen') \g /dev/null
SELECT is(revoked_reason, 'stolen', 'one with a session ends that') FROM social.user_sessions WHERE id = :session5;
DELETE FROM social.token_blacklist;
SELECT throws_ok('SELECT social.remove_issuer(''nobody'')', 'SM404', 'issuer not found', 'an unknown issuer');
SELECT social.remove_issuer('https://other.example') \g /dev/null
SELECT is(error_code, 'SM401', 'an issuer that was removed') FROM social.verify_token(:'foreign');

-- ---- who may
CREATE ROLE tap_key_bridge;
SELECT social.grant_bridge('tap_key_bridge') \g /dev/null
SET LOCAL ROLE tap_key_bridge;
SELECT lives_ok('SELECT social.' || call, 'the bridge may call ' || call) FROM unnest(ARRAY['ensure_jwt_key()', 'jwks()', 'verify_token('''')', 'bridge_config()']) AS call;
SELECT throws_ok('SELECT social.' || call, '42501', NULL, 'but not ' || call) FROM unnest(ARRAY['rotate_jwt_key()', 'import_jwt_key(''HS256'', ''x''::text)', 'import_jwt_key(''HS256'', ''x''::bytea)', 'read_jwt_key(''HS256'', '''')', 'remove_jwt_key('''')', 'generate_jwt_key(''ES256'')', 'make_jwt_key(''ES256'')',
	'register_issuer('''', '''')', 'remove_issuer('''')', 'blacklist_token('''')', 'sign_access_token(1, ''1'')']) AS call;
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
