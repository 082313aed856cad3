-- session.sql proves sessions and refresh families (seed 002, 004, 005, 010 to 012, 106, 114 to 116; I-05; pain P-15).
BEGIN;
SELECT no_plan();
SET LOCAL social.rate_limits = off;
INSERT INTO social.users (username) VALUES ('tap_ann'), ('tap_ben');
INSERT INTO social.users (username, is_staff) VALUES ('tap_staff', true);
SELECT id AS ann FROM social.users WHERE username = 'tap_ann' \gset
SELECT id AS ben FROM social.users WHERE username = 'tap_ben' \gset
SELECT id AS staff FROM social.users WHERE username = 'tap_staff' \gset
CREATE FUNCTION pg_temp.hash(token text) RETURNS bytea LANGUAGE sql AS $$ SELECT sha256(convert_to(token, 'UTF8')) $$;
-- Refreshing, in words: the error's code, or that it worked.
CREATE FUNCTION pg_temp.refresh_outcome(token text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(error_code || ': ' || error_message || ': ' || error_detail, 'refreshed') FROM social.refresh_session(token) $$;

-- ---- a session starts
SELECT * FROM social.start_session(:ann, 'Ann''s phone', 'Mozilla/5.0 (tap)', '192.0.2.1') \gset a_
SELECT is(:'a_token_type', 'Bearer'::text, 'seed 114: a bearer token');
SELECT is(:a_expires_in || ' ' || :a_refresh_expires_in, '900 604800', 'seed 114: 15 minutes, 7 days');
SELECT matches(:'a_refresh'::text, '^[A-Za-z0-9_-]{43}$', 'seed 114: a refresh token of 256 bits');
SELECT row_eq(format('SELECT user_id, device, user_agent, address, revoked_at, is_live FROM social.admin_sessions WHERE id = %s', :a_session_id),
	row(:ann::bigint, 'Ann''s phone'::text, 'Mozilla/5.0 (tap)'::text, '192.0.2.1'::text, NULL::timestamptz, true), 'seed 116: device, agent and address are kept');
SELECT is(count(*), 0::bigint, 'P-15: no token is stored') FROM social.refresh_tokens t WHERE t.session_id = :a_session_id AND t::text LIKE '%' || :'a_refresh' || '%';
SELECT is(count(*), 1::bigint, 'P-15: its hash is') FROM social.refresh_tokens WHERE session_id = :a_session_id AND token_hash = pg_temp.hash(:'a_refresh');
SELECT is(c.claims ->> 'sid', :'a_session_id', 'seed 114: sid is the session') FROM social.jwt_key k, LATERAL (SELECT social.jwt_verify(:'a_access', convert_to(k.public_key, 'UTF8'), k.alg)) AS c (claims) WHERE k.status = 'active';
SELECT row_eq(format('SELECT user_id, session_id, error_code FROM social.verify_token(%L)', :'a_access'), row(:ann::bigint, :a_session_id::bigint, NULL::text), 'the token tells who and where');
SELECT is(social.authenticate(:'a_access'), :ann::bigint, 'and lets act');
SELECT is(social.session_id(), :a_session_id::bigint, 'in the session');
SELECT is(social.act_as(:ben), :ben::bigint, 'somebody else');
SELECT is(social.session_id(), NULL, 'is in no session');
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT lives_ok(format('SELECT social.start_session(%s, repeat(''d'', 1000000), repeat(''u'', 1000000), repeat(''a'', 1000000))', :ben), 'huge descriptions are cut');
SELECT lives_ok(format($$SELECT social.start_session(%s, E''';DROP TABLE x;--\n\x01', '<script>', 'not an address')$$, :ben), 'odd ones are only text');
SELECT is(max(length(device)) || ' ' || max(length(user_agent)) || ' ' || max(length(address)), '100 500 100', 'to lengths that a list can show') FROM social.user_sessions WHERE user_id = :ben;

-- The time that a password takes is not taken from the token (this transaction has begun before).
SELECT pg_sleep(greatest(0, extract(epoch FROM now() + interval '1.2 s' - clock_timestamp()))) \g /dev/null
SELECT cmp_ok((c.claims ->> 'exp')::bigint - (c.claims ->> 'iat')::bigint, '>=', 899::bigint, 'seed 114: a token lives for its time from when it is issued')
FROM social.start_session(:ann) s, social.jwt_key k, LATERAL (SELECT social.jwt_verify(s.access, convert_to(k.public_key, 'UTF8'), k.alg)) AS c (claims) WHERE k.status = 'active';

-- ---- rotation and grace
SELECT refresh AS second, access AS second_access, session_id AS same, refresh_expires_in AS again FROM social.refresh_session(:'a_refresh', 'Mozilla/5.1', '192.0.2.2') \gset
SELECT isnt(:'second', :'a_refresh'::text, 'seed 115: a refresh gives another token');
SELECT is(:same::bigint, :a_session_id::bigint, 'of the same session');
SELECT is(:again, 604800::integer, 'for another 7 days');
SELECT is(user_agent || ' ' || address, 'Mozilla/5.1 192.0.2.2', 'seed 116: which is seen where it is now') FROM social.user_sessions WHERE id = :a_session_id;
SELECT is(reason || ' ' || token_type, 'rotated refresh', 'seed 115: the old token is blacklisted') FROM social.token_blacklist WHERE jti = encode(pg_temp.hash(:'a_refresh'), 'hex') AND session_id = :a_session_id;
SELECT is(count(*), 1::bigint, 'P-15: child and parent are known') FROM social.refresh_tokens c JOIN social.refresh_tokens p ON p.id = c.parent_id WHERE c.token_hash = pg_temp.hash(:'second') AND p.token_hash = pg_temp.hash(:'a_refresh');
SELECT is(refresh, :'second', 'P-15: within the grace the old token gives the same successor') FROM social.refresh_session(:'a_refresh');
SELECT is((SELECT error_code FROM social.verify_token(access)), NULL, 'with a good access token') FROM social.refresh_session(:'a_refresh');
SELECT refresh AS third FROM social.refresh_session(:'second') \gset
SELECT is(refresh, :'third', 'P-15: and the newest one when others went on') FROM social.refresh_session(:'a_refresh');
SELECT is(count(*) FILTER (WHERE used_at IS NULL) || ' of ' || count(*), '1 of 3', 'one token is current') FROM social.refresh_tokens WHERE session_id = :a_session_id;

-- ---- reuse
UPDATE social.refresh_tokens SET used_at = used_at - interval '10 seconds' WHERE session_id = :a_session_id AND used_at IS NOT NULL;
SELECT refresh AS fourth FROM social.refresh_session(:'third') \gset
SELECT is(count(*), 2::bigint, 'rotation forgets those beyond the grace, the blacklist knows them') FROM social.refresh_tokens WHERE session_id = :a_session_id;
SELECT is(pg_temp.refresh_outcome(:'a_refresh'), 'SM401: invalid refresh token: The token was used before, so its session has been ended.', 'P-15: reuse after the grace is refused, without an error');
SELECT is(revoked_reason, 'refresh token reused', 'P-15: and ends the family') FROM social.user_sessions WHERE id = :a_session_id;
SELECT is(pg_temp.refresh_outcome(:'fourth'), 'SM401: invalid refresh token: The session has ended.', 'its current token with it');
SELECT is(reason, 'refresh token reused', 'which is blacklisted') FROM social.token_blacklist WHERE jti = encode(pg_temp.hash(:'fourth'), 'hex');
SELECT throws_ok(format('SELECT social.authenticate(%L)', :'second_access'), 'SM401', 'invalid token', 'seed 116: access tokens of the session too');
SELECT is(error_detail, 'the session has ended', 'verify_token says why') FROM social.verify_token(:'second_access');
SELECT is(detail ->> 'session_id', :'a_session_id', 'P-15: the reuse is audited') FROM social.audit_log WHERE action = 'refresh_token_reused' AND object_type = 'user' AND object_id = :ann;
SELECT is(pg_temp.refresh_outcome(:'a_refresh'), 'SM401: invalid refresh token: The session has ended.', 'once');
SELECT refresh AS chain FROM social.start_session(:ann) \gset
SELECT refresh AS next FROM social.refresh_session(:'chain') \gset
UPDATE social.refresh_tokens SET used_at = used_at - interval '9 seconds' WHERE token_hash = pg_temp.hash(:'chain');
SELECT is(refresh, :'next', 'P-15: 9 seconds later is within the grace') FROM social.refresh_session(:'chain');
SET LOCAL social.refresh_grace = 5;
SELECT matches(pg_temp.refresh_outcome(:'chain'), 'was used before', 'P-15: unless social.refresh_grace is shorter');
RESET social.refresh_grace;

-- ---- what is no refresh token
SELECT throws_ok('SELECT social.refresh_session(' || quote_nullable(t) || ')', 'SM400', 'refresh is required', 'seed 002: no token') FROM unnest(ARRAY[NULL, '']) AS t;
SELECT is(pg_temp.refresh_outcome(token), 'SM401: invalid refresh token: The token is unknown or has expired.', 'seed 002: ' || why)
FROM (VALUES ('x', 'a letter'), (repeat('A', 43), 'a made-up token'), (repeat('A', 1000000), '1 MB'), (''' OR true --', 'SQL'), (E'\\x00', 'an escape'), ('é' || chr(1), 'odd characters'),
	(:'next' || ' ', 'a blank behind'), (lower(:'next'), 'other case'), (encode(pg_temp.hash(:'next'), 'hex'), 'the hash in the table'), (:'second_access', 'an access token')) AS cases (token, why);
SELECT is(error_code, 'SM401', 'seed 002: a refresh token is no access token') FROM social.verify_token(:'fourth');

-- ---- how often
SET LOCAL social.rate_limits = on;
CREATE FUNCTION pg_temp.refresh_often(token text, times integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times
	LOOP
		token := (SELECT r.refresh FROM social.refresh_session(token) r);
	END LOOP;
	RETURN token;
END $$;
SELECT refresh AS often FROM social.start_session(:ann) \gset
SELECT pg_temp.refresh_often(:'often', 5) AS fifth \gset
SELECT is(refresh, :'fifth', 'I-29: replays within the grace are not counted') FROM social.refresh_session(:'often');
SELECT throws_ok(format('SELECT social.refresh_session(%L)', :'fifth'), 'SM429', NULL, 'I-29: a session refreshes five times a minute');
SELECT is(pg_temp.refresh_outcome(refresh), 'refreshed', 'others are not held up') FROM social.start_session(:ann);
SET LOCAL social.rate_limits = off;
SELECT is(pg_temp.refresh_outcome(:'fifth'), 'refreshed', 'and its token stays good');

-- ---- expiry
SET LOCAL social.session_lifetime = '8d';
SELECT refresh AS boxed, session_id AS box FROM social.start_session(:ann) \gset
UPDATE social.user_sessions SET created_at = now() - interval '8 days' + interval '800 seconds' WHERE id = :box;
SELECT ok(expires_in BETWEEN 400 AND 800 AND refresh_expires_in = 800, 'a time box ends session and tokens') FROM social.refresh_session(:'boxed');
RESET social.session_lifetime;
SELECT refresh AS late, access AS late_access, session_id AS late_id FROM social.start_session(:ann) \gset
UPDATE social.user_sessions SET expires_at = now() WHERE id = :late_id;
SELECT is(pg_temp.refresh_outcome(:'late'), 'SM401: invalid refresh token: The session has ended.', 'seed 114: nothing refreshes after 7 days');
SELECT is(error_code, 'SM401', 'nor lets its access token act') FROM social.verify_token(:'late_access');
SELECT refresh AS idle, access AS idle_access, session_id AS idle_id FROM social.start_session(:ann) \gset
UPDATE social.user_sessions SET last_seen_at = now() - interval '1 hour' WHERE id = :idle_id;
SET LOCAL social.session_idle_timeout = '59min';
SELECT is(error_detail, 'the session has ended', 'an idle session is over') FROM social.verify_token(:'idle_access');
SELECT is(pg_temp.refresh_outcome(:'idle'), 'SM401: invalid refresh token: The session has ended.', 'and is not refreshed');
RESET social.session_idle_timeout;
SELECT is(error_code, NULL, 'by default none is') FROM social.verify_token(:'idle_access');

-- ---- an account that stops being active
CREATE FUNCTION pg_temp.ends(change text, state text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	person bigint := (SELECT id FROM social.users WHERE username = 'tap_ben');
	begun record;
BEGIN
	SELECT * INTO begun FROM social.start_session(person);
	EXECUTE 'UPDATE social.users SET ' || change || ' WHERE id = $1' USING person;
	RETURN NEXT is((SELECT s.is_live || ' ' || coalesce(s.revoked_reason, 'lives on') FROM social.admin_sessions s WHERE s.id = begun.session_id), state, change);
	UPDATE social.users SET is_active = true, suspended_at = NULL, suspended_until = NULL WHERE id = person;
	RETURN NEXT is(pg_temp.refresh_outcome(begun.refresh), CASE WHEN state LIKE 'false%' THEN 'SM401: invalid refresh token: The session has ended.' ELSE 'refreshed' END,
		'and whether it goes on when the account comes back');
END
$$;
SELECT c.line FROM (VALUES ('suspended_at = now()', 'false account suspended'), ('suspended_at = now(), suspended_until = now() + interval ''1 day''', 'false account suspended'),
	('is_active = false', 'false account deactivated'), ('suspended_at = now(), is_active = false', 'false account deactivated'),
	('suspended_at = now() - interval ''2 days'', suspended_until = now() - interval ''1 day''', 'true lives on'),
	('is_locked = true, last_login_at = now(), suspended_until = now()', 'true lives on')) AS changes (change, state), LATERAL pg_temp.ends(change, state) AS c (line);

-- ---- the list
DELETE FROM social.user_sessions WHERE user_id IN (:ann, :ben);
SELECT access AS one, session_id AS one_id FROM social.start_session(:ann, 'one') \gset
SELECT access AS two, session_id AS two_id, refresh AS two_refresh FROM social.start_session(:ann, 'two') \gset
SELECT access AS his, session_id AS his_id, refresh AS his_refresh FROM social.start_session(:ben, 'his') \gset
UPDATE social.user_sessions SET last_seen_at = now() - interval '1 hour' WHERE id = :two_id;
SELECT throws_ok('SELECT * FROM social.active_sessions()', 'SM401', NULL, 'seed 010: nobody acts, nobody has sessions');
SELECT social.authenticate(:'two') \g /dev/null
SELECT results_eq('SELECT device, is_current FROM social.active_sessions()', $$VALUES ('one', false), ('two', true)$$, 'seed 010: one''s own, seen last first, the current one marked');
SELECT is(social.touch_session(:two_id, '198.51.100.7', 'Other/1'), true, 'seed 116: a use is noted');
SELECT is(social.touch_session(:two_id, '198.51.100.8', 'Other/2'), false, 'once a minute');
SELECT is(address || ' ' || user_agent || ' ' || (last_seen_at = now()), '198.51.100.7 Other/1 true', 'with where from') FROM social.active_sessions() WHERE is_current;
SELECT is(social.touch_session(-1), false, 'an unknown session is none');

-- ---- what a bridge looks up (found E4)
SELECT is(ARRAY(SELECT social.ended_sessions(ARRAY[:one_id, :two_id, :his_id])), '{}', 'found E4: sessions that live have not ended');
SELECT is(ARRAY(SELECT social.ended_sessions(ARRAY[:one_id, 0, 999999999999])), '{0,999999999999}', 'unknown ones have');
SELECT is(ARRAY(SELECT social.ended_sessions('{}')) || ARRAY(SELECT social.ended_sessions(NULL)), '{}', 'none of none');
SAVEPOINT ended;
UPDATE social.user_sessions SET revoked_at = now() WHERE id = :one_id;
UPDATE social.user_sessions SET expires_at = now() - interval '1 second' WHERE id = :two_id;
SELECT is(ARRAY(SELECT social.ended_sessions(ARRAY[:one_id, :two_id, :his_id])), ARRAY[:one_id, :two_id]::bigint[], 'those that were revoked or have expired have');
ROLLBACK TO ended;

-- ---- revoking
SELECT throws_ok(format('SELECT social.revoke_session(%s)', id), 'SM404', 'session not found', 'I-05: ' || why) FROM (VALUES (:his_id, 'somebody else''s session'), (999999999999, 'an unknown one'), (:ann + 1000000, 'a user is no session')) AS cases (id, why);
SELECT throws_ok('SELECT social.revoke_session(NULL)', 'SM404', 'session not found', 'I-05: none');
SELECT is(error_code, NULL, 'which lives on') FROM social.verify_token(:'his');
SELECT is(social.revoke_session(:one_id), :one_id::bigint, 'seed 011: one''s own');
SELECT is(error_code, 'SM401', 'is over at once') FROM social.verify_token(:'one');
SELECT is(social.revoke_session(:one_id), :one_id::bigint, 'again changes nothing');
SELECT is(count(*), 1::bigint, 'and it is audited once') FROM social.audit_log WHERE action = 'revoke_session' AND object_id = :one_id;
SELECT is(revoked_reason, 'revoked', 'with a reason') FROM social.admin_sessions WHERE id = :one_id;
SELECT social.act_as(:staff) \g /dev/null
SELECT is(social.revoke_session(:his_id), :his_id::bigint, 'I-05: staff end anybody''s');
SELECT is(revoked_reason, 'revoked by staff', 'and it says so') FROM social.admin_sessions WHERE id = :his_id;
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT throws_ok('SELECT social.revoke_session(1)', 'SM401', NULL, 'seed 011: nobody acts, nobody revokes');

-- ---- logging out
SELECT social.authenticate(:'two') \g /dev/null
SELECT is(social.logout(), :two_id::bigint, 'seed 004: the session that acts');
SELECT is(error_code, 'SM401', 'seed 004: its token is dead') FROM social.verify_token(:'two');
SELECT is(pg_temp.refresh_outcome(:'two_refresh'), 'SM401: invalid refresh token: The session has ended.', 'and its refresh token');
SELECT is(social.logout(), :two_id::bigint, 'seed 004: again in the same request is no error');
SELECT is(count(*), 1::bigint, 'audited once') FROM social.audit_log WHERE action = 'logout' AND object_id = :two_id AND actor_id = :ann;
SELECT social.act_as(:ann) \g /dev/null
SELECT throws_ok('SELECT social.logout()', 'SM400', 'no session to end', 'seed 004: without a session');
SELECT refresh AS three, session_id AS three_id FROM social.start_session(:ann) \gset
SELECT refresh AS four, session_id AS four_id FROM social.start_session(:ben) \gset
SELECT throws_ok(format('SELECT social.logout(%L)', :'four'), 'SM401', 'invalid refresh token', 'seed 004: not by somebody else''s refresh token');
SELECT is(social.logout(:'three'), :three_id::bigint, 'seed 004: by one''s own');
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT is(social.logout(:'four'), :four_id::bigint, 'seed 004: also without an access token, which may have expired');
SELECT throws_ok('SELECT social.logout(''nonsense'')', 'SM401', 'invalid refresh token', 'seed 004: an unknown one');
SELECT throws_ok('SELECT social.logout()', 'SM401', NULL, 'seed 004: nobody acts, nobody logs out');
SELECT social.start_session(:ann) FROM generate_series(1, 3) \g /dev/null
SELECT access AS mine FROM social.start_session(:ann) \gset
SELECT access AS kept FROM social.start_session(:ben) \gset
SELECT throws_ok('SELECT social.logout_all()', 'SM401', NULL, 'seed 005: nobody acts');
SELECT social.authenticate(:'mine') \g /dev/null
SELECT is(social.logout_all(), 4::bigint, 'seed 005: all of one''s own');
SELECT is_empty('SELECT FROM social.active_sessions()', 'seed 005: none is left');
SELECT is(detail ->> 'sessions', '4', 'seed 005: audited') FROM social.audit_log WHERE action = 'logout_all' AND object_id = :ann;
SELECT is(error_code, NULL, 'seed 005: others stay') FROM social.verify_token(:'kept');

-- ---- clearing
SELECT social.act_as(:ann) \g /dev/null
SELECT session_id AS live FROM social.start_session(:ann) \gset
SELECT session_id AS over FROM social.start_session(:ann) \gset
UPDATE social.user_sessions SET expires_at = now() - interval '1 second' WHERE id = :over;
SELECT cmp_ok(social.clear_expired_sessions(), '>', 4::bigint, 'seed 012: ended and expired ones go');
SELECT results_eq(format('SELECT id FROM social.user_sessions WHERE user_id = %s', :ann), ARRAY[:live::bigint], 'seed 012: the live one stays');
SELECT isnt_empty(format('SELECT FROM social.user_sessions WHERE user_id = %s', :ben), 'seed 012: and others''');
SELECT is(social.clear_expired_sessions(), 0::bigint, 'seed 012: again there is nothing to do');
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT throws_ok('SELECT social.clear_expired_sessions()', 'SM401', NULL, 'seed 012: nobody acts');

-- ---- how many
SET LOCAL social.sessions_max = 2;
SELECT session_id AS new1 FROM social.start_session(:ann) \gset
UPDATE social.user_sessions SET last_seen_at = now() - interval '1 day' WHERE id = :new1;
SELECT session_id AS new2 FROM social.start_session(:ann) \gset
SELECT results_eq(format('SELECT id FROM social.admin_sessions WHERE user_id = %s AND is_live ORDER BY id', :ann), ARRAY[:live, :new2]::bigint[], 'the session not seen for longest makes room');
SET LOCAL social.sessions_max = 1;
SELECT session_id AS only FROM social.start_session(:ann) \gset
SELECT results_eq(format('SELECT id FROM social.admin_sessions WHERE user_id = %s AND is_live', :ann), ARRAY[:only]::bigint[], 'one session alone, where the operator wants that');
SET LOCAL social.sessions_max = 0;
SELECT lives_ok(format('SELECT social.start_session(%s) FROM generate_series(1, 5)', :ann), 'or any number');
SELECT is(social.end_sessions(:ann, 'tap', :only), 5::bigint, 'all but one can be ended');
RESET social.sessions_max;

-- ---- an account ends, and time goes by
SELECT access AS last_access FROM social.start_session(:ben) \gset
SELECT social.authenticate(:'last_access') \g /dev/null
SELECT social.delete_account() \g /dev/null
SELECT is_empty(format('SELECT FROM social.admin_sessions WHERE user_id = %s AND is_live', :ben), 'a deleted account has no session');
SELECT is(error_code, 'SM401', 'its token is dead') FROM social.verify_token(:'last_access');
SELECT social.act_as(NULL::bigint) \g /dev/null
UPDATE social.user_sessions SET expires_at = now() - interval '31 days' WHERE user_id IN (:ann, :ben, :staff) AND id <> :only;
UPDATE social.token_blacklist SET expires_at = now() - interval '25 hours' WHERE user_id IN (:ann, :ben, :staff);
SELECT cmp_ok(social.retention_round(), '>', 0::bigint, 'retention runs');
SELECT results_eq(format('SELECT id FROM social.user_sessions WHERE user_id IN (%s, %s, %s)', :ann, :ben, :staff), ARRAY[:only]::bigint[], 'seed 166: and takes sessions that ended long ago');
SELECT is_empty(format('SELECT FROM social.token_blacklist WHERE user_id IN (%s, %s, %s)', :ann, :ben, :staff), 'seed 166: and blacklisted tokens that have expired');

-- ---- who may
CREATE ROLE tap_session_reader;
CREATE ROLE tap_session_admin;
SELECT social.grant_reader('tap_session_reader'), social.grant_admin('tap_session_admin');
SET LOCAL ROLE tap_session_admin;
SELECT throws_ok('SELECT * FROM social.' || t, '42501', NULL, 'no role reads ' || t) FROM unnest(ARRAY['user_sessions', 'refresh_tokens', 'jwt_key']) AS t;
SELECT lives_ok('SELECT * FROM social.admin_sessions', 'an admin sees who is logged in');
SELECT throws_ok(format('SELECT social.%s', call), '42501', NULL, 'nor may any call ' || call)
FROM unnest(ARRAY['start_session(1)', 'end_sessions(1, '''')', 'refresh_token_next(''a'', ''b'')', 'session_tokens(1, 1, '''', now())']) AS call;
RESET ROLE;
SET LOCAL ROLE tap_session_reader;
SELECT throws_ok('SELECT social.touch_session(1)', '42501', NULL, 'a reader does not touch sessions');
SELECT lives_ok($$SELECT social.refresh_session('x')$$, 'but refreshes');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
