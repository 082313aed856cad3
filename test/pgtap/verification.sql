-- verification.sql proves that an address is an account's once its mailbox says so (I-03; pain P-16).
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
CREATE FUNCTION pg_temp.mailed(username text) RETURNS text LANGUAGE sql AS
	$$SELECT m.variables ->> 'token' FROM social.mail_outbox m JOIN social.users u ON u.id = m.user_id WHERE u.username = $1 AND m.template = 'verify_email' ORDER BY m.id DESC LIMIT 1$$;
CREATE FUNCTION pg_temp.address(username text) RETURNS text LANGUAGE sql AS
	$$SELECT concat_ws(' ', 'has ' || nullif(u.email, ''), CASE WHEN u.email_verified_at IS NOT NULL THEN 'proven' END, 'claims ' || nullif(u.pending_email, '')) FROM social.users u WHERE u.username = $1$$;

SELECT is(length(t) || ' ' || (t ~ '^[A-Za-z0-9_-]+$'), '43 true', 'a token is 256 bits that fit a URL') FROM social.random_token() AS t;
SELECT is(count(DISTINCT social.random_token()), 100::bigint, 'and no two are the same') FROM generate_series(1, 100);
SELECT is(length(social.random_bytes(1024)), 1024, 'random bytes');
SELECT throws_ok(format('SELECT social.random_bytes(%s)', n), 'SM400', NULL, 'not ' || n) FROM unnest(ARRAY[0, -1, 1025]) AS n;

-- ---- verify_email
SELECT social.register('ver_one', 'Ver@example.com', 'a good password');
SELECT is(pg_temp.address('ver_one'), 'claims Ver@example.com', 'a new account claims its address');
SELECT row_eq(format('SELECT * FROM social.verify_email(%L)', token), row(NULL::bigint, NULL::text, 'SM401'::text, 'invalid token'::text, 'It was used, has expired, or was never valid.'::text), 'no token: ' || coalesce(left(token, 20), 'null'))
FROM unnest(ARRAY[NULL, '', 'x', repeat('A', 43), repeat('A', 1000000), lower(pg_temp.mailed('ver_one')), pg_temp.mailed('ver_one') || 'A']) AS token;
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'verify_email_refused'), 7::bigint, 'seed 153: each is in the audit log');
SELECT pg_temp.mailed('ver_one') AS token \gset
SELECT is((SELECT error_code FROM social.reset_password(:'token', 'another password')), 'SM401', 'a token is for one purpose');
SELECT row_eq(format('SELECT email, error_code FROM social.verify_email(%L)', E' ' || :'token' || E'\n'), row('Ver@example.com'::text, NULL::text), 'found C13: the token that was mailed proves it');
SELECT is(pg_temp.address('ver_one'), 'has Ver@example.com proven', 'and it is the account''s');
SELECT is((SELECT error_code FROM social.verify_email(:'token')), 'SM401', 'a token works once');
SELECT isnt_empty($$SELECT FROM social.audit_log WHERE action = 'verify_email'$$, 'seed 153: the audit log knows');

-- Whoever proves an address first has it.
SELECT social.register('ver_two', 'race@example.com', 'a good password'), social.register('ver_three', 'RACE@example.com', 'a good password');
SELECT is((SELECT email FROM social.verify_email(pg_temp.mailed('ver_three'))), 'RACE@example.com', 'the second claim is proven first');
SELECT row_eq(format('SELECT error_code, error_message FROM social.verify_email(%L)', pg_temp.mailed('ver_two')), row('SM409'::text, 'email is taken'::text), 'which the first then hears');
SELECT is(pg_temp.address('ver_two') || ', ' || pg_temp.address('ver_three'), 'claims race@example.com, has RACE@example.com proven', 'and changes nothing');

-- ---- asking again
SELECT social.act_as('ver_two', true) AS two \gset
SELECT is(social.request_email_verification(), 'race@example.com', 'P-16: asking again looks as ever');
SELECT is((SELECT template::text FROM social.mail_outbox ORDER BY id DESC LIMIT 1), 'address_taken', 'P-16: the owner is told');
SELECT social.act_as('ver_one', true);
SELECT throws_ok('SELECT social.request_email_verification()', 'SM409', 'there is no address to verify', 'a proven one needs no more');
SELECT social.act_as(NULL::bigint, true);
SELECT throws_ok('SELECT social.request_email_verification()', 'SM401', NULL, 'nobody acts');
SELECT social.register_user('ver_trusted', 'trusted@example.com', 'a good password') AS trusted \gset
SELECT social.act_as('ver_trusted', true);
SELECT is(social.request_email_verification(), 'trusted@example.com', 'an address that was taken at its word can be proven');
SELECT is((SELECT user_id FROM social.verify_email(pg_temp.mailed('ver_trusted'))), :trusted::bigint, 'with its token');
SELECT is(pg_temp.address('ver_trusted'), 'has trusted@example.com proven', 'and is');

-- ---- another address
SELECT is((SELECT error_code FROM social.update_account(email => 'new@example.com', current_password => 'a good password')), NULL, 'the person gives another address');
SELECT is(pg_temp.address('ver_trusted'), 'has trusted@example.com proven claims new@example.com', 'which waits');
SELECT row_eq($$SELECT address, variables ->> 'new_email' FROM social.mail_outbox WHERE template = 'email_change_requested'$$, row('trusted@example.com'::text, 'new@example.com'::text), 'the one until now is told');
SELECT pg_temp.mailed('ver_trusted') AS token \gset
SELECT social.update_account(email => 'newer@example.com', current_password => 'a good password');
SELECT is((SELECT error_code FROM social.verify_email(:'token')), 'SM401', 'a token is bound to the address that it was sent to');
SELECT social.request_password_reset('trusted@example.com');
SELECT m.variables ->> 'token' AS reset FROM social.mail_outbox m WHERE m.template = 'reset_password' ORDER BY id DESC LIMIT 1 \gset
SELECT is((SELECT email FROM social.verify_email(pg_temp.mailed('ver_trusted'))), 'newer@example.com', 'the last one is proven');
SELECT is(pg_temp.address('ver_trusted'), 'has newer@example.com proven', 'and takes the place of the old one');
SELECT row_eq($$SELECT address, variables ->> 'new_email' FROM social.mail_outbox WHERE template = 'email_changed'$$, row('trusted@example.com'::text, 'newer@example.com'::text), 'which is told');
SELECT is((SELECT error_code FROM social.reset_password(:'reset', 'another password')), 'SM401', 'tokens that went there are dead');
SELECT social.update_account(email => 'third@example.com', current_password => 'a good password');
SELECT social.update_account(email => 'NEWER@example.com');
SELECT is(pg_temp.address('ver_trusted'), 'has newer@example.com proven', 'the present address takes a claim back');

-- Expired, and an account that is gone.
SELECT social.register('ver_late', 'late@example.com', 'a good password');
UPDATE social.account_tokens SET expires_at = now() WHERE email = 'late@example.com';
SELECT is((SELECT error_code FROM social.verify_email(pg_temp.mailed('ver_late'))), 'SM401', 'an expired token');
SELECT social.register('ver_gone', 'gone@example.com', 'a good password');
SELECT pg_temp.mailed('ver_gone') AS token \gset
SELECT social.act_as('ver_gone', true);
SET LOCAL social.deletion_grace = 0;
SELECT count(*) FROM social.delete_account();
SELECT is((SELECT error_code FROM social.verify_email(:'token')), 'SM401', 'a token of an account that was deleted');
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE address = 'gone@example.com') + (SELECT count(*) FROM social.account_tokens WHERE email = 'gone@example.com'), 0::bigint, 'which leaves neither mail nor token');

SELECT * FROM finish();
ROLLBACK;
