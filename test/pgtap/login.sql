-- login.sql proves logging in, what a refused attempt leaves behind, and that time tells nothing
-- (seed 001, 049, 106, 114, 116, 117; pain P-16).
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
-- Until the tests that are about them.
SET LOCAL social.rate_limits = off;
SELECT social.register_user('auth_Test', 'Auth.Test@example.com', 'a good password', 'Ann', 'Test') AS ann \gset

-- ---- the row
CREATE TEMPORARY TABLE granted AS SELECT * FROM social.login('AUTH_TEST', 'a good password');
SELECT is(count(*), 1::bigint, 'seed 001: one row') FROM granted;
SELECT is(token_type || ' ' || expires_in, 'Bearer ' || extract(epoch FROM current_setting('social.access_token_lifetime')::interval)::integer, 'seed 114: type and lifetime') FROM granted;
SELECT is(social.authenticate(access), user_id, 'seed 049: the token authenticates') FROM granted;
SELECT is(social.viewer_id(), user_id, 'seed 049: its user acts') FROM granted;
SELECT is(claims ->> 'sub', user_id::text, 'seed 114: sub') FROM granted, LATERAL (SELECT social.jwt_verify(access, convert_to(k.public_key, 'UTF8'), k.alg) FROM social.jwt_key k WHERE k.status = 'active') AS c (claims);
SELECT ok((claims ->> 'exp')::integer - (claims ->> 'iat')::integer BETWEEN expires_in - 10 AND expires_in, 'seed 114: exp - iat, but for the time that logging in took') FROM granted, LATERAL (SELECT social.jwt_verify(access, convert_to(k.public_key, 'UTF8'), k.alg) FROM social.jwt_key k WHERE k.status = 'active') AS c (claims);
SELECT ok(claims ?& ARRAY['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'nbf', 'exp'], 'seed 114: all claims') FROM granted, LATERAL (SELECT social.jwt_verify(access, convert_to(k.public_key, 'UTF8'), k.alg) FROM social.jwt_key k WHERE k.status = 'active') AS c (claims);
SELECT is(last_login_at, now(), 'seed 001: the login is noted') FROM social.users WHERE username = 'auth_Test';
SELECT is(count(*), 1::bigint, 'seed 117: one active key, made with the first token') FROM social.jwt_key WHERE status = 'active';
SELECT isnt(l.access, granted.access, 'seed 114: every token is another one') FROM granted, social.login('auth.test@example.com', 'a good password') l;

UPDATE social.users SET last_login_at = now() - interval '59 seconds' WHERE username = 'auth_Test';
SELECT count(*) FROM social.login('auth_test', 'a good password');
SELECT is(last_login_at, now() - interval '59 seconds', 'seed 001: noted once a minute') FROM social.users WHERE username = 'auth_Test';

INSERT INTO social.users (username, email, password, is_active) VALUES
	('auth_inactive', 'auth_inactive@example.com', social.hash_password('a good password'), false),
	('auth_unusable', 'auth_unusable@example.com', '!', true),
	('auth_no_email', '', social.hash_password('a good password'), true),
	('auth django', 'auth_django@example.com', 'pbkdf2_sha256$1000$saltSALT123$7HZFUcb8Gh4XsP3JGl8jZSZ96vb+T8we36aAlnAJaAk=', true);
SELECT is((SELECT l FROM social.login(username, password) l)::text, '(,,,,,,,f,SM401,"wrong username or password","No active account has this name or address and this password, or it was tried too often in a minute.",)', 'P-16: ' || why)
FROM (VALUES
	('auth_test', 'another password', 'a wrong password'), ('auth_test', 'A good password', 'the password in other case'),
	('auth_test', '', 'an empty password'), ('auth_test', NULL, 'no password'), ('auth_test', repeat('x', 1000000), '1 MB of password'),
	('auth_nobody', 'a good password', 'no such account'), ('', 'a good password', 'an empty name, though an account lacks an address'),
	(NULL, 'a good password', 'no name'), (repeat('x', 1000000), 'a good password', '1 MB of name'), (''' OR true --', 'a good password', 'SQL as name'),
	('auth_inactive', 'a good password', 'an inactive account'), ('auth_inactive', 'another password', 'an inactive account and a wrong password'),
	('auth_unusable', '!', 'an unusable hash'), ('auth_%', 'a good password', 'a pattern as name')) AS cases (username, password, why);

SELECT count(*) FROM social.login('auth django', 'secret');
SELECT matches(password, '^\$argon2id\$v=19\$m=64,t=1,p=1\$', 'D10: a hash of Django is renewed at login') FROM social.users WHERE username = 'auth django';
SELECT is(count(*), 1::bigint, 'D10: and fits again') FROM social.login('auth django', 'secret');
SET LOCAL social.argon2_iterations = 2;
SELECT count(*) FROM social.login('auth_test', 'a good password');
SELECT matches(password, '^\$argon2id\$v=19\$m=64,t=2,p=1\$', 'seed 117: a changed cost is taken over at login') FROM social.users WHERE username = 'auth_Test';


-- ---- attempts (seed 106, 116): a refused login is recorded, because nothing is raised
RESET social.argon2_iterations;
SET LOCAL social.argon2_iterations = 1;
DELETE FROM social.login_attempts;
INSERT INTO social.users (username, password, suspended_at, suspended_until) VALUES
	('auth_banned', social.hash_password('a good password'), now(), NULL), ('auth_paused', social.hash_password('a good password'), now(), '2100-01-01'),
	('auth_back', social.hash_password('a good password'), now() - interval '2 days', now() - interval '1 day');
SELECT row_eq(format($$SELECT error_code, error_message, error_detail, totp_required FROM social.login(%L, 'a good password')$$, name), row(code, message, detail, false), 'seed 116: ' || name)
FROM (VALUES ('auth_banned', 'SM403'::text, 'the account is suspended'::text, 'Ask the operator about it.'::text), ('auth_paused', 'SM403', 'the account is suspended', 'Until 2100-01-01 00:00:00+00.'),
	('auth_back', NULL, NULL, NULL)) AS c (name, code, message, detail);
SELECT is((SELECT error_code FROM social.login(name, 'another password')), 'SM401', 'P-16: with a wrong password nobody learns of it: ' || name) FROM unnest(ARRAY['auth_banned', 'auth_paused', 'auth_back']) AS name;
SELECT results_eq('SELECT username, outcome COLLATE "default" FROM social.login_attempts ORDER BY id', $$VALUES ('auth_banned', 'suspended'), ('auth_paused', 'suspended'), ('auth_back', 'success'),
	('auth_banned', 'wrong_password'), ('auth_paused', 'wrong_password'), ('auth_back', 'wrong_password')$$, 'seed 106: every attempt has its row and outcome');
SELECT count(*) FROM social.login('auth_test', 'another password', device => repeat('d', 1000), user_agent => repeat('u', 1000), address => '192.0.2.7');
SELECT row_eq('SELECT user_id, address, device, user_agent, outcome COLLATE "default" FROM social.login_attempts ORDER BY id DESC LIMIT 1',
	row(:ann::bigint, '192.0.2.7'::text, repeat('d', 200), repeat('u', 500), 'wrong_password'::text), 'seed 106: with the client, cut to size');
SELECT count(*) FROM social.login(repeat('n', 100000), 'x');
SELECT row_eq('SELECT user_id, username, outcome COLLATE "default" FROM social.login_attempts ORDER BY id DESC LIMIT 1', row(NULL::bigint, repeat('n', 254), 'unknown_account'::text), 'seed 106: also of nobody');
SELECT is((SELECT count(*) FROM social.user_sessions WHERE user_id = :ann), (SELECT count(*) FROM social.user_sessions s WHERE s.user_id = :ann AND s.revoked_at IS NULL), 'and no session is harmed');
SELECT count(*) FROM social.login('auth_test', 'a good password', NULL, 'Ann''s phone', 'Browser/1.0', '192.0.2.8');
SELECT row_eq('SELECT device, user_agent, address FROM social.user_sessions ORDER BY id DESC LIMIT 1', row('Ann''s phone'::text, 'Browser/1.0'::text, '192.0.2.8'::text), 'seed 116: a session knows its device');

-- the operator's own conditions (mission 3.4: hooks)
SELECT max(id) AS mark FROM social.login_attempts \gset
CREATE SCHEMA tap_hooks;
CREATE FUNCTION tap_hooks.known_devices(facts jsonb) RETURNS text LANGUAGE sql AS $$SELECT CASE WHEN facts ->> 'device' IS NULL THEN (facts ->> 'username') || ' must name the device.' END$$;
SET LOCAL social.login_hook = 'tap_hooks.known_devices';
SELECT row_eq($$SELECT error_code, error_message, error_detail FROM social.login('auth_test', 'a good password')$$, row('SM403'::text, 'the login is refused'::text, 'auth_Test must name the device.'::text), 'a hook refuses');
SELECT is((SELECT error_code FROM social.login('auth_test', 'another password')), 'SM401', 'P-16: only who knows the password hears of it');
SELECT is((SELECT array_agg(outcome::text ORDER BY id) FROM (SELECT * FROM social.login_attempts ORDER BY id DESC LIMIT 2) a), ARRAY['refused', 'wrong_password'], 'and it is an attempt');
SELECT is((SELECT error_code FROM social.login('auth_test', 'a good password', device => 'a phone')), NULL, 'or does not');
RESET social.login_hook;
DELETE FROM social.login_attempts WHERE id > :mark;

-- the viewer's own
SELECT throws_ok('SELECT * FROM social.login_attempts()', 'SM401', NULL, 'attempts: nobody acts') FROM (SELECT social.act_as(NULL::bigint)) AS nobody;
SELECT social.act_as(:ann);
SELECT results_eq('SELECT outcome, address FROM social.login_attempts(2)', $$VALUES ('success', '192.0.2.8'), ('wrong_password', '192.0.2.7')$$, 'I-03: one''s own attempts, newest first');
SELECT results_eq($$SELECT outcome FROM social.login_attempts(1, (SELECT cursor FROM social.login_attempts(1)))$$, $$VALUES ('wrong_password')$$, 'I-03: page by page');
SELECT results_eq('SELECT DISTINCT has_more FROM social.login_attempts(100)', 'VALUES (false)', 'I-03: to the end');
SELECT is_empty($$SELECT FROM social.login_attempts(100) a WHERE a.outcome = 'suspended'$$, 'I-03: nobody else''s');
SELECT throws_ok('SELECT * FROM social.login_attempts(0)', 'SM400', NULL, 'I-03: a page has a size');
SELECT throws_ok('SELECT * FROM social.login_attempts(1, ''x'')', 'SM400', NULL, 'I-03: a cursor is one of ours');

-- ---- a claimed address (P-16): several accounts may claim one, each opens with its own password
SELECT social.register('auth_first', 'shared@example.com', 'password of the first');
SELECT social.register('auth_second', 'Shared@example.com', 'password of the second');
SELECT is((SELECT user_id FROM social.login('shared@example.com', 'password of the first')), (SELECT id FROM social.users WHERE username = 'auth_first'), 'found B4: the earliest claim logs in by its address');
SELECT is((SELECT error_code FROM social.login('Shared@example.com', 'password of the second')), 'SM401', 'found B4: later ones by their name alone, however they spell it');
SELECT is((SELECT error_message FROM social.login('shared@example.com', 'password of the second', address => '192.0.2.99')), 'wrong username or password', 'found B4: in the words of every refusal');
SELECT is((SELECT (user_id, outcome)::text FROM social.login_attempts WHERE address = '192.0.2.99'), '(,unknown_account)',
	'P-16: who claims an address is not shown from where another tries it');
UPDATE social.users SET email = pending_email, pending_email = '' WHERE username = 'auth_first';
SELECT is((SELECT user_id FROM social.login('SHARED@example.com', 'password of the ' || which)), (SELECT id FROM social.users WHERE username = 'auth_' || which), 'P-16: the owner and a claim beside each other: ' || which) FROM unnest(ARRAY['first', 'second']) AS which;
-- An older account that claims it later is later.
UPDATE social.users SET pending_email = email, email = '', claimed_at = '2020-01-01' WHERE username = 'auth_first';
SELECT social.act_as('auth_Test', true);
SELECT count(*) FROM social.update_account(email => 'SHARED@example.com', current_password => 'a good password');
SELECT social.act_as(NULL::bigint, true);
SELECT is((SELECT user_id FROM social.login('shared@example.com', 'password of the first')), (SELECT id FROM social.users WHERE username = 'auth_first'), 'found B4: an older account that claims the address later is the later claim');
SELECT is((SELECT error_code FROM social.login('shared@example.com', 'a good password')), 'SM401', 'found B4: and does not log in by it');
SELECT ok((SELECT claimed_at = now() FROM social.users WHERE username = 'auth_Test'), 'found B4: its claim has its own time');
UPDATE social.users SET pending_email = '', claimed_at = NULL WHERE username = 'auth_Test';
UPDATE social.users SET is_active = false WHERE username = 'auth_first';
SELECT is((SELECT user_id FROM social.login('shared@example.com', 'password of the second')), (SELECT id FROM social.users WHERE username = 'auth_second'), 'found B4: a claim that is active no more stands in nobody''s way');
UPDATE social.users SET is_active = true, email = pending_email, pending_email = '' WHERE username = 'auth_first';
SELECT is((SELECT error_code FROM social.login('shared@example.com', 'password of nobody')), 'SM401', 'P-16: neither');

-- ---- one account, one count (found B9): by name, address and claim, from one network; it does not show
SET LOCAL social.rate_limits = on;
SELECT social.register_user('auth_counted', 'counted@example.com', 'a good password') AS counted \gset
SELECT social.register('auth_claims', 'claims@example.com', 'a good password');
CREATE FUNCTION pg_temp.tried(names text[], client text, password text DEFAULT 'a bad one') RETURNS text[] LANGUAGE sql AS
	$$SELECT array_agg((SELECT coalesce(error_code || ' ' || error_message || ' ' || error_detail, 'in') FROM social.login(n, password, address => client)) ORDER BY i) FROM unnest(names) WITH ORDINALITY AS t (n, i)$$;
SELECT is(count(DISTINCT t), 1::bigint, 'found B9: five wrong tries, and those after them, read the same: ' || client) FROM (VALUES
	('198.51.100.1', ARRAY['auth_counted', 'AUTH_COUNTED ', 'Counted@example.com', 'counted@example.com', 'auth_counted', 'counted@example.com', 'auth_counted']),
	('2001:db8::1', ARRAY['auth_counted', 'AUTH_COUNTED ', 'Counted@example.com', 'counted@example.com', 'auth_counted', 'counted@example.com', 'auth_counted']),
	('198.51.100.2', ARRAY['auth_claims', 'auth_claims', 'claims@example.com', 'claims@example.com', 'claims@example.com', 'claims@example.com'])) AS c (client, names),
	unnest(pg_temp.tried(names, client)) AS t GROUP BY client;
SELECT is(array_agg(outcome::text ORDER BY id), array_fill('wrong_password'::text, ARRAY[5]) || array_fill('paused'::text, ARRAY[2]), 'found B9: whichever name, the sixth try is one too many') FROM social.login_attempts WHERE address = '198.51.100.1';
SELECT is(pg_temp.tried(ARRAY['auth_counted'], client, 'a good password'), ARRAY[answer], 'found B9: ' || why) FROM (VALUES
	('198.51.100.1', 'SM401 wrong username or password No active account has this name or address and this password, or it was tried too often in a minute.', 'then the right password fits no more'),
	('2001:db8::ffff', 'SM401 wrong username or password No active account has this name or address and this password, or it was tried too often in a minute.', 'nor from another address of the network'),
	('198.51.100.3', 'in', 'but from elsewhere')) AS c (client, answer, why);
SELECT is(pg_temp.tried(ARRAY['auth_claims'], '198.51.100.2', 'a good password'), ARRAY['SM401 wrong username or password No active account has this name or address and this password, or it was tried too often in a minute.'], 'found B9: tries by a claimed address count too');
SELECT is(pg_temp.tried(ARRAY['auth_claims'], '198.51.100.1', 'a good password'), ARRAY['in'], 'found B9: each account for itself');
SELECT social.set_rate_limit('auth', 'login', 'account', 'off');
SELECT is(pg_temp.tried(ARRAY['auth_counted'], '198.51.100.1', 'a good password'), ARRAY['in'], 'found B9: the policy''s row says how many');
SELECT social.set_rate_limit('auth', 'login', 'account', NULL);
SET LOCAL social.rate_limits = off;

-- ---- what a phone's keyboard adds (found C13)
SELECT is((SELECT user_id FROM social.login(name, 'a good password')), :counted::bigint, 'found C13: logs in as ' || quote_literal(name))
FROM unnest(ARRAY['auth_counted ', E'\tauth_counted\n', 'counted@example.com ', U&'\00A0auth_counted\3000', U&'auth_counted\200B']) AS name;
SELECT is((SELECT error_code FROM social.login('auth_counted', ' a good password ')), 'SM401', 'found C13: a password is not trimmed');
SELECT is((SELECT error_code FROM social.login('auth counted', 'a good password')), 'SM401', 'found C13: nor blanks inside a name');

-- ---- one password, whichever keyboard composes it (found C9)
SELECT social.register_user('auth_composed', 'composed@example.com', U&'\00F1and\00FA \00E9lan');
SELECT is((SELECT error_code FROM social.login('auth_composed', typed)), expected, 'found C9: ' || why) FROM (VALUES
	(U&'\00F1and\00FA \00E9lan', NULL, 'as registered'), (U&'n\0303andu\0301 e\0301lan', NULL, 'decomposed'), (U&'\00F1and\00FA\00A0\00E9lan', NULL, 'another kind of blank'),
	(U&'nand\00FA \00E9lan', 'SM401', 'another letter'), (U&'\00D1and\00FA \00E9lan', 'SM401', 'another case')) AS c (typed, expected, why);
-- made before passwords had one form, of 'man' || U+0303 || 'ana'
UPDATE social.users SET password = 'pbkdf2_sha256$1000$saltSALT123$stkie1Ynu3dEdaD/kHaTZhkiI1Tecuj+Bo1auJlryp4=' WHERE username = 'auth_composed';
SELECT is((SELECT error_code FROM social.login('auth_composed', U&'man\0303ana')), NULL, 'found C9: an older hash of what was typed fits');
SELECT is((SELECT error_code FROM social.login('auth_composed', U&'ma\00F1ana')), NULL, 'found C9: and is renewed, so that the next keyboard fits too');
UPDATE social.users SET password = social.hash_password(U&'old\200Bpassword') WHERE username = 'auth_composed';
SELECT is((SELECT error_code FROM social.login('auth_composed', U&'old\200Bpassword')), NULL, 'found C8: an older password that no new one may be goes on fitting');
SELECT is((SELECT error_code FROM social.login('auth_composed', 'oldpassword')), 'SM401', 'found C8: as it is');
SELECT is((SELECT error_code FROM social.login('auth_composed', U&'man\0303anA')), 'SM401', 'found C9: another password fits in neither form');

-- ---- a password that changes while it is checked
SELECT is(social.open_account(u, 'a good password', NULL), 'wrong_password', 'a hash that is no longer the account''s opens nothing')
FROM (SELECT (jsonb_populate_record(u, jsonb_build_object('password', social.hash_password('a good password')))).* FROM social.users u WHERE u.id = :ann) AS u;

-- ---- time (P-16): medians of interleaved runs, again should the machine be busy; a hash that is
-- missing, or of another cost, would be several times off.
SET LOCAL social.argon2_memory = 4096;
SELECT social.register_user('auth_timed', 'auth_timed@example.com', 'a good password');
UPDATE social.users SET password = social.hash_password('a good password') WHERE password <> '!';
INSERT INTO social.users (username, email, password, is_active) VALUES ('auth_timed_off', 'auth_timed_off@example.com', social.hash_password('a good password'), false);
INSERT INTO social.users (username, email, password, suspended_at) VALUES ('auth_timed_banned', 'auth_timed_banned@example.com', social.hash_password('a good password'), now());
CREATE FUNCTION pg_temp.time_ratio(one text, other text, bound float) RETURNS float LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz;
	times float[][];
	ratio float;
BEGIN
	FOR round IN 1 .. 12 LOOP
		times := ARRAY[]::float[][];
		FOR i IN 1 .. 11 LOOP
			FOR side IN 1 .. 2 LOOP
				began := clock_timestamp();
				EXECUTE CASE side WHEN 1 THEN one ELSE other END;
				times := times || ARRAY[ARRAY[side, extract(epoch FROM clock_timestamp() - began)::float]];
			END LOOP;
		END LOOP;
		SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FILTER (WHERE side = 1) / percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FILTER (WHERE side = 2) INTO ratio
		FROM (SELECT times[i][1] AS side, times[i][2] AS t FROM generate_subscripts(times, 1) AS i) AS m;
		EXIT WHEN ratio BETWEEN 1 / bound AND bound;
	END LOOP;
	RETURN ratio;
END
$$;
SELECT ok(pg_temp.time_ratio(format('SELECT social.login(%L, ''not it'')', name), 'SELECT social.login(''auth_nobody'', ''not it'')', 1.4) BETWEEN 1 / 1.4 AND 1.4, 'P-16: ' || name || ' takes the time of an unknown account')
FROM unnest(ARRAY['auth_timed', 'auth_timed_off', 'auth_timed_banned', 'auth_unusable']) AS name;
SELECT ok(pg_temp.time_ratio('SELECT social.login(''auth_timed@example.com'', ''not it'')', 'SELECT social.login(''nobody@example.com'', ''not it'')', 1.4) BETWEEN 1 / 1.4 AND 1.4, 'P-16: an address as well');
SELECT ok(pg_temp.time_ratio('SELECT social.login(''auth_timed_off'', ''a good password'')', 'SELECT social.login(''auth_nobody'', ''a good password'')', 1.4) BETWEEN 1 / 1.4 AND 1.4, 'P-16: the right password of an inactive account too');
SELECT ok(pg_temp.time_ratio(format('SELECT social.login(%L, U&''n\0303ot it'')', name), 'SELECT social.login(''auth_nobody'', U&''n\0303ot it'')', 1.4) BETWEEN 1 / 1.4 AND 1.4, 'found C9, P-16: also with a password of two forms: ' || name) FROM unnest(ARRAY['auth_timed', 'auth_unusable']) AS name;
-- Every account with a hash of another cost: an unknown one follows them.
UPDATE social.users SET password = 'pbkdf2_sha256$30000$saltSALT123$7HZFUcb8Gh4XsP3JGl8jZSZ96vb+T8we36aAlnAJaAk=';
SELECT ok(pg_temp.time_ratio('SELECT social.login(''auth_timed'', ''not it'')', 'SELECT social.login(''auth_nobody'', ''not it'')', 1.4) BETWEEN 1 / 1.4 AND 1.4, 'P-16: also where all accounts moved in with hashes of another form');

SELECT * FROM finish();
ROLLBACK;
