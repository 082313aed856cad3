-- totp.sql proves one-time codes and recovery codes (mission 3.4: TOTP; seed 116, 153).
BEGIN;
SELECT no_plan();
-- Whatever tests before this one have left.
SET LOCAL social.restoring = on;
DELETE FROM social.audit_log;
RESET social.restoring;
DELETE FROM social.mail_outbox;
DELETE FROM social.account_tokens;
DELETE FROM social.login_attempts;
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SELECT social.register_user('totp_ann', 'totp_ann@example.com', 'a good password') AS ann \gset
SELECT social.register_user('totp_ben', 'totp_ben@example.com', 'a good password') AS ben \gset

-- ---- the arithmetic: vectors of RFC 6238 (appendix B), through SQL
SELECT is(social.totp(convert_to(left(repeat('1234567890', 7), bytes), 'UTF8'), to_timestamp(at), 8, algorithm), code, format('RFC 6238: %s at %s', algorithm, at))
FROM (VALUES (20, 59, 'sha1', '94287082'), (32, 59, 'sha256', '46119246'), (64, 59, 'sha512', '90693936'), (20, 1111111109, 'sha1', '07081804'),
	(32, 1234567890, 'sha256', '91819424'), (64, 2000000000, 'sha512', '38618901'), (20, 20000000000, 'sha1', '65353130')) AS v (bytes, at, algorithm, code);
SELECT throws_ok(format('SELECT social.totp(''x'', now(), %s, %L)', digits, algorithm), 'SM400', 'no such one-time code', format('not %s digits of %s', digits, algorithm))
FROM (VALUES (0, 'sha1'), (10, 'sha1'), (6, 'md5'), (6, 'SHA1')) AS c (digits, algorithm);
SELECT is(social.base32('foobar'), 'MZXW6YTBOI', 'RFC 4648: base32');
SELECT is(social.url_encode('a b/ü~.'), 'a%20b%2F%C3%BC~.', 'a part of a URL');

-- ---- turning codes on
SELECT throws_ok(statement, 'SM401', NULL, 'nobody acts: ' || statement)
FROM unnest(ARRAY['SELECT social.enable_totp(''a good password'')', 'SELECT social.confirm_totp(''1'')', 'SELECT social.disable_totp(''a'', ''1'')', 'SELECT social.regenerate_recovery_codes(''1'')']) AS statement;
SELECT social.act_as(:ann, true);
SELECT throws_ok('SELECT social.confirm_totp(''123456'')', 'SM409', 'there is nothing to confirm', 'first comes enable_totp');
SELECT throws_ok('SELECT social.disable_totp(''a good password'', ''123456'')', 'SM409', 'one-time codes are off', 'there is nothing to turn off');
SELECT throws_ok('SELECT social.regenerate_recovery_codes(''123456'')', 'SM409', 'one-time codes are off', 'nor to recover');
SELECT row_eq(format('SELECT secret, uri, error_code, error_message FROM social.enable_totp(%L)', password), row(NULL::text, NULL::text, 'SM403'::text, 'wrong password'::text), 'a token alone turns nothing on: ' || coalesce(left(password, 20), 'null'))
FROM unnest(ARRAY[NULL, '', 'another password', repeat('x', 1001)]) AS password;
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'enable_totp_refused' AND object_id = :ann), 4::bigint, 'seed 153: the audit log has each');
SELECT throws_ok('SELECT social.confirm_totp(''123456'')', 'SM409', 'there is nothing to confirm', 'and leaves nothing to confirm');
SELECT secret AS first_secret FROM social.enable_totp('a good password') \gset
SET LOCAL social.totp_issuer = 'My Site';
SELECT secret, uri FROM social.enable_totp('a good password') \gset
SELECT isnt(:'secret'::text, :'first_secret', 'again gives another secret');
SELECT is(length(:'secret'), 32, 'of 160 bits');
SELECT is(:'uri', format('otpauth://totp/My%%20Site:totp_ann?secret=%s&issuer=My%%20Site', :'secret'), 'and the address that apps read');
SELECT is((SELECT totp_required FROM social.login('totp_ann', 'a good password')), false, 'until the app is proven, nobody asks for codes');

-- Codes for any moment; `of` moves it by steps.
CREATE FUNCTION pg_temp.code(username text, of integer DEFAULT 0) RETURNS text LANGUAGE sql AS
	$$SELECT social.totp(t.secret, clock_timestamp() + of * interval '30 seconds') FROM social.user_totp t JOIN social.users u ON u.id = t.user_id WHERE u.username = $1$$;
CREATE FUNCTION pg_temp.wrong_code(username text) RETURNS text LANGUAGE sql AS
	$$SELECT lpad(c::text, 6, '0') FROM generate_series(0, 999) AS c WHERE lpad(c::text, 6, '0') NOT IN (pg_temp.code($1, -2), pg_temp.code($1, -1), pg_temp.code($1, 0), pg_temp.code($1, 1), pg_temp.code($1, 2)) LIMIT 1$$;
-- A test need not wait for the next step: this forgets which one was used.
CREATE FUNCTION pg_temp.forget_step() RETURNS void LANGUAGE sql AS 'UPDATE social.user_totp SET last_step = 0 WHERE user_id = (SELECT id FROM social.users WHERE username = ''totp_ann'')';
SELECT row_eq(format('SELECT error_code, error_message FROM social.confirm_totp(%L)', code), row('SM403'::text, 'wrong one-time code'::text), 'a wrong code confirms nothing: ' || coalesce(code, 'null'))
FROM unnest(ARRAY[NULL, '', 'x', '12345', pg_temp.wrong_code('totp_ann'), repeat('1', 100000)]) AS code;
SELECT pg_temp.code('totp_ann') AS used \gset
-- As apps show it, and a keyboard leaves it (found C13).
SELECT recovery_codes AS codes FROM social.confirm_totp(left(:'used', 3) || ' ' || right(:'used', 3) || ' ') \gset
SELECT ok(cardinality(:'codes'::text[]) = 10 AND (SELECT bool_and(c ~ '^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$') FROM unnest(:'codes'::text[]) AS c), 'the right one gives ten recovery codes of 80 bits');
SELECT is_empty(format('SELECT FROM social.recovery_codes r WHERE r::text LIKE ''%%%s%%''', (:'codes'::text[])[1]), 'of which only hashes are kept');
SELECT throws_ok('SELECT social.enable_totp(''a good password'')', 'SM409', 'one-time codes are on already', 'once');
SELECT throws_ok('SELECT social.confirm_totp(''123456'')', 'SM409', 'one-time codes are on already', 'is enough');
SELECT is((social.account_json() ->> 'totp_enabled') || ' ' || (social.account_json() ->> 'recovery_codes_left'), 'true 10', 'the account says so');
SELECT isnt_empty($$SELECT FROM social.audit_log WHERE action = 'totp_enabled'$$, 'seed 153: so does the audit log');
SELECT isnt_empty($$SELECT FROM social.mail_outbox WHERE template = 'totp_enabled' AND address = 'totp_ann@example.com'$$, 'and a mail');
SELECT social.act_as(NULL::bigint, true);

-- ---- logging in
CREATE FUNCTION pg_temp.login(code text, password text DEFAULT 'a good password') RETURNS text LANGUAGE sql AS
	$$SELECT concat_ws(' ', CASE WHEN l.access IS NOT NULL THEN 'in' END, CASE WHEN l.totp_required THEN 'code' END, l.error_code, l.error_message) FROM social.login('totp_ann', password, code) l$$;
SELECT is(pg_temp.login(code), 'code SM401 a one-time code is required', 'the password alone does not open') FROM unnest(ARRAY[NULL, '']) AS code;
SELECT is(pg_temp.login(code, 'another password'), 'SM401 wrong username or password', 'P-16: who lacks the password does not learn of the code') FROM unnest(ARRAY[NULL, '123456', pg_temp.code('totp_ann')]) AS code;
SELECT is(pg_temp.login(:'used'), 'code SM401 wrong one-time code', 'a code that was used opens nothing');
SELECT pg_temp.forget_step();
SELECT is(pg_temp.login(pg_temp.code('totp_ann', -2)), 'code SM401 wrong one-time code', 'nor one of two steps ago') WHERE pg_temp.code('totp_ann', -2) NOT IN (pg_temp.code('totp_ann', -1), pg_temp.code('totp_ann'));
SELECT is(pg_temp.login(pg_temp.code('totp_ann')), 'in', 'the present code opens');
SELECT pg_temp.forget_step();
SELECT is(pg_temp.login(pg_temp.code('totp_ann', 1)), 'in', 'so does that of a clock which is a step ahead');
SELECT is(pg_temp.login(pg_temp.code('totp_ann', 0)), 'code SM401 wrong one-time code', 'after which no earlier step does');
SELECT is((SELECT array_agg(a.outcome::text ORDER BY a.id) FROM (SELECT * FROM social.login_attempts ORDER BY id DESC LIMIT 2) a), ARRAY['success', 'wrong_code'], 'seed 106: each is an attempt');

-- Recovery codes
SELECT is(pg_temp.login((:'codes'::text[])[1]), 'in', 'a recovery code opens');
SELECT is(pg_temp.login((:'codes'::text[])[1]), 'code SM401 wrong one-time code', 'once');
SELECT is(pg_temp.login(lower(replace((:'codes'::text[])[2], '-', ' '))), 'in', 'however it is typed');
SELECT is((SELECT count(*) FROM social.recovery_codes WHERE user_id = :ann), 8::bigint, 'eight are left');
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'recovery_code_used' AND object_id = :ann), 2::bigint, 'seed 153: the audit log has each');
SELECT isnt_empty($$SELECT FROM social.mail_outbox WHERE template = 'recovery_code_used'$$, 'and the person is told');

-- ---- guessing (seed 116)
SELECT is(pg_temp.login(pg_temp.wrong_code('totp_ann')), 'code SM401 wrong one-time code', 'a wrong code: ' || i) FROM generate_series(1, 5) AS i;
SELECT pg_temp.forget_step();
SELECT is(pg_temp.login(code), 'code SM429 too many wrong one-time codes', 'after five in a row codes are refused for a while, the right one too')
FROM unnest(ARRAY[pg_temp.wrong_code('totp_ann'), pg_temp.code('totp_ann'), (:'codes'::text[])[3]]) AS code;
SELECT is(pg_temp.login('123456', 'another password'), 'SM401 wrong username or password', 'and nobody learns of that without the password');
UPDATE social.user_totp SET failed_at = now() - interval '15 minutes' WHERE user_id = :ann;
SELECT is(pg_temp.login(pg_temp.wrong_code('totp_ann')), 'code SM401 wrong one-time code', 'a quarter of an hour later they are looked at again');
SELECT is(pg_temp.login(pg_temp.code('totp_ann')), 'in', 'and the right one opens');
SELECT is((SELECT failures FROM social.user_totp WHERE user_id = :ann), 0, 'which forgives the wrong ones');
SELECT is((SELECT value FROM social.security_counters() WHERE name = 'wrong one-time codes') > 5, true, 'seed 153: an alert can count them');

-- ---- new recovery codes, turning codes off
SELECT social.act_as(:ann, true);
SELECT pg_temp.forget_step();
SELECT row_eq(format('SELECT recovery_codes IS NULL, error_code FROM social.regenerate_recovery_codes(%L)', pg_temp.wrong_code('totp_ann')), row(true, 'SM403'::text), 'new recovery codes need a code');
SELECT recovery_codes AS new_codes FROM social.regenerate_recovery_codes(pg_temp.code('totp_ann')) \gset
SELECT is(cardinality(:'new_codes'::text[]), 10, 'there are ten new ones');
SELECT is(pg_temp.login((:'codes'::text[])[4]), 'code SM401 wrong one-time code', 'the old ones are gone');
SELECT is((SELECT error_code || ' ' || error_message FROM social.disable_totp(password, code)), 'SM403 wrong password or one-time code', 'both are needed: ' || coalesce(left(password, 20), 'null') || ' ' || coalesce(code, 'null'))
FROM (VALUES ('a good password', NULL), ('a good password', '000'), ('another password', (:'new_codes'::text[])[1]), (NULL, (:'new_codes'::text[])[1]), (repeat('x', 100000), (:'new_codes'::text[])[1])) AS c (password, code);
SELECT is((SELECT count(*) FROM social.recovery_codes WHERE user_id = :ann), 10::bigint, 'a wrong password uses no code up');
SELECT row_eq(format('SELECT user_id, error_code FROM social.disable_totp(''a good password'', %L)', (:'new_codes'::text[])[1]), row(:ann::bigint, NULL::text), 'password and recovery code turn codes off');
SELECT is(pg_temp.login(NULL), 'in', 'the password alone opens again');
SELECT is((SELECT count(*) FROM social.recovery_codes WHERE user_id = :ann) + (SELECT count(*) FROM social.user_totp WHERE user_id = :ann), 0::bigint, 'nothing is left of them');
SELECT isnt_empty($$SELECT FROM social.mail_outbox WHERE template = 'totp_disabled'$$, 'and the person is told');
SELECT secret FROM social.enable_totp('a good password') \gset
SELECT count(*) FROM social.confirm_totp(pg_temp.code('totp_ann'));
SELECT lives_ok(format('SELECT social.remove_totp(%s)', :ann), 'an administrator helps somebody who has lost everything');
SELECT throws_ok(format('SELECT social.remove_totp(%s)', :ann), 'SM404', NULL, 'once');

SELECT * FROM finish();
ROLLBACK;
