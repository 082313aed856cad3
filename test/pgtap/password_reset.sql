-- password_reset.sql proves changing a password and resetting a forgotten one (seed 009, 117, 153;
-- I-03; pain P-16).
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
SELECT social.register_user('reset_ann', 'Reset.Ann@example.com', 'a good password') AS ann \gset
SELECT social.register_user('reset_ben', 'reset_ben@example.com', 'a good password') AS ben \gset
CREATE FUNCTION pg_temp.mailed(address text, template text DEFAULT 'reset_password') RETURNS text LANGUAGE sql AS
	$$SELECT m.variables ->> 'token' FROM social.mail_outbox m WHERE lower(m.address) = lower($1) AND m.template = $2 ORDER BY m.id DESC LIMIT 1$$;
CREATE FUNCTION pg_temp.logs_in(name text, password text) RETURNS boolean LANGUAGE sql AS 'SELECT l.access IS NOT NULL FROM social.login(name, password) l';
CREATE FUNCTION pg_temp.live_sessions(id bigint) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM social.user_sessions s WHERE s.user_id = $1 AND s.revoked_at IS NULL';

-- ---- change_password
SELECT throws_ok($$SELECT social.change_password('a', 'another password')$$, 'SM401', NULL, 'seed 009: nobody acts');
SELECT count(*) FROM social.login('reset_ann', 'a good password'), social.login('reset_ann', 'a good password') AS another, social.login('reset_ben', 'a good password') AS ben;
SELECT cmp_ok(pg_temp.live_sessions(:ann), '>', 0::bigint, 'there are sessions');
SELECT social.act_as(:ann, true);
SELECT row_eq(format('SELECT * FROM social.change_password(%L, ''another password'')', old), row(NULL::bigint, 'SM403'::text, 'wrong password'::text, 'The old password does not fit.'::text), 'seed 009: not the old one: ' || coalesce(left(old, 20), 'null'))
FROM unnest(ARRAY['', NULL, 'A good password', repeat('x', 100000), ''' OR true']) AS old;
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'change_password_refused' AND object_id = :ann), 5::bigint, 'seed 153: each is in the audit log');
SELECT throws_ok(format('SELECT social.change_password(''a good password'', %L)', new), 'SM400', message, 'seed 009: ' || message)
FROM (VALUES ('', 'password is required'), (NULL, 'password is required'), ('short', 'password is too short'), (repeat('x', 1001), 'password is too long'),
	('Reset_ANN', 'password is too easy to guess'), ('reset.ann@example.com', 'password is too easy to guess'), ('a good password', 'the new password is the old one')) AS c (new, message);
SELECT cmp_ok(pg_temp.live_sessions(:ann), '>', 0::bigint, 'a refusal ends no session');
SELECT row_eq($$SELECT * FROM social.change_password('a good password', 'another password')$$, row(:ann::bigint, NULL::text, NULL::text, NULL::text), 'seed 009: the viewer takes a new password');
SELECT is(pg_temp.live_sessions(:ann), 0::bigint, 'seed 009: and must log in again everywhere');
SELECT cmp_ok(pg_temp.live_sessions(:ben), '>', 0::bigint, 'seed 009: others need not');
SELECT is((SELECT password_changed_at FROM social.users WHERE id = :ann), now(), 'seed 009: the time is noted');
SELECT ok(pg_temp.logs_in('reset_ann', 'another password') AND NOT pg_temp.logs_in('reset_ann', 'a good password'), 'seed 009: the new one opens, the old one does not');
SELECT row_eq($$SELECT template COLLATE "default", address, variables::text FROM social.mail_outbox ORDER BY id DESC LIMIT 1$$,
	row('password_changed'::text, 'Reset.Ann@example.com'::text, '{"reason": "change_password", "username": "reset_ann"}'::text), 'the person is told');
SELECT isnt_empty(format($$SELECT FROM social.audit_log WHERE action = 'change_password' AND actor_id = %1$s AND object_id = %1$s$$, :ann), 'seed 153: and the audit log knows');
SELECT social.act_as(NULL::bigint, true);

-- ---- request_password_reset
SELECT is(social.request_password_reset(email)::text, format('{"email" : "%s"}', email), 'P-16: the same answer: ' || email)
FROM unnest(ARRAY['reset.ann@EXAMPLE.com', 'nobody@example.com', 'not even an address']) AS email;
SELECT throws_ok('SELECT social.request_password_reset(NULL)', 'SM400', 'email is required', 'an address is needed');
SELECT throws_ok('SELECT social.request_password_reset('''')', 'SM400', 'email is required', 'not an empty one');
SELECT throws_ok('SELECT social.request_password_reset(repeat(''x'', 1000000))', 'SM400', 'email is not valid', 'nor 1 MB of it');
SELECT row_eq($$SELECT address, length(variables ->> 'token'), expires_at FROM social.mail_outbox WHERE template = 'reset_password' AND failed_at IS NULL$$,
	row('Reset.Ann@example.com'::text, 43, now() + interval '1 hour'), 'the token goes to the address as the account has it');
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE template = 'reset_password' AND error = 'no account has this address' AND address = '' AND user_id IS NULL AND NOT variables ? 'token'), 2::bigint, 'P-16: for nobody the same rows are written, and name nobody');
SELECT is((SELECT count(*) FROM social.account_tokens WHERE purpose = 'reset_password'), 3 * 5::bigint, 'P-16: tokens too');
SELECT is((SELECT count(*) FROM social.account_tokens WHERE token_hash = sha256(convert_to(pg_temp.mailed('reset.ann@example.com'), 'UTF8'))), 1::bigint, 'the table has a hash of it');
SELECT is_empty(format('SELECT FROM social.account_tokens t WHERE t::text LIKE ''%%%s%%''', pg_temp.mailed('reset.ann@example.com')), 'and not the token');
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'request_password_reset'), 3::bigint, 'seed 153: the audit log has each');

-- ---- reset_password
SELECT row_eq(format('SELECT * FROM social.reset_password(%L, ''a third password'')', token), row(NULL::bigint, 'SM401'::text, 'invalid token'::text, 'It was used, has expired, or was never valid.'::text), 'no token: ' || coalesce(left(token, 20), 'null'))
FROM unnest(ARRAY[NULL, '', 'x', repeat('A', 43), repeat('A', 1000000), upper(pg_temp.mailed('reset.ann@example.com')), left(pg_temp.mailed('reset.ann@example.com'), 42)]) AS token;
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'reset_password_refused'), 7::bigint, 'seed 153: each is in the audit log');
SELECT pg_temp.mailed('reset.ann@example.com') AS token \gset
SELECT is((SELECT error_code FROM social.verify_email(:'token')), 'SM401', 'a token is for one purpose');
SELECT throws_ok(format('SELECT social.reset_password(%L, %L)', :'token', new), 'SM400', NULL, 'a password that breaks the rules: ' || new) FROM unnest(ARRAY['', 'short', 'reset_ann', 'reset.ann@example.com']) AS new;
SELECT count(*) FROM social.login('reset_ann', 'another password');
SELECT row_eq(format('SELECT * FROM social.reset_password(%L, ''a third password'', ''192.0.2.3'')', :'token'), row(:ann::bigint, NULL::text, NULL::text, NULL::text), 'does not use the token up: it resets');
SELECT ok(pg_temp.logs_in('reset_ann', 'a third password') AND NOT pg_temp.logs_in('reset_ann', 'another password'), 'the new one opens, the old one does not');
SELECT is((SELECT count(*) FROM social.user_sessions WHERE user_id = :ann AND revoked_reason = 'reset_password'), 2::bigint, 'the two sessions that were there ended');
SELECT isnt((SELECT email_verified_at FROM social.users WHERE id = :ann), NULL, 'whoever reads the mail has the address');
SELECT is((SELECT error_code FROM social.reset_password(:'token', 'a fourth password')), 'SM401', 'a token works once');
SELECT isnt_empty(format($$SELECT FROM social.audit_log WHERE action = 'reset_password' AND object_id = %s AND address = '192.0.2.3'$$, :ann), 'seed 153: the audit log knows, and from where');

-- A token dies of time, of another one's use, of another address, and with the account.
SELECT social.request_password_reset('reset_ben@example.com'), pg_temp.mailed('reset_ben@example.com') AS none;
SELECT pg_temp.mailed('reset_ben@example.com') AS first \gset
SELECT social.request_password_reset('reset_ben@example.com');
SELECT pg_temp.mailed('reset_ben@example.com') AS second \gset
SELECT isnt(:'first'::text, :'second', 'every token is another one');
UPDATE social.account_tokens SET expires_at = now() WHERE token_hash = sha256(:'second'::bytea);
SELECT is((SELECT error_code FROM social.reset_password(:'second', 'another password')), 'SM401', 'an expired token');
SELECT social.request_password_reset('reset_ben@example.com');
SELECT pg_temp.mailed('reset_ben@example.com') AS third \gset
SELECT is((SELECT user_id FROM social.reset_password(:'third', 'another password')), :ben::bigint, 'the newest works');
SELECT is((SELECT error_code FROM social.reset_password(:'first', 'yet another password')), 'SM401', 'and ends those before it');
SELECT social.request_password_reset('reset_ben@example.com');
SELECT pg_temp.mailed('reset_ben@example.com') AS fourth \gset
UPDATE social.users SET email = 'ben@elsewhere.example' WHERE id = :ben;
SELECT is((SELECT error_code FROM social.reset_password(:'fourth', 'yet another password')), 'SM401', 'it is bound to the address it was sent to');
SELECT social.request_password_reset('ben@elsewhere.example');
SELECT pg_temp.mailed('ben@elsewhere.example') AS fifth \gset
UPDATE social.users SET is_active = false WHERE id = :ben;
SELECT is((SELECT error_code FROM social.reset_password(:'fifth', 'yet another password')), 'SM401', 'an inactive account cannot be opened');
SELECT social.request_password_reset('ben@elsewhere.example');
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE address = 'ben@elsewhere.example'), 1::bigint, 'and gets no mail');

-- An address that is only claimed resets too, and is proven by it.
SELECT social.register('reset_claim', 'claim@example.com', 'a good password');
SELECT social.request_password_reset('Claim@example.com');
SELECT is((SELECT error_code FROM social.reset_password(pg_temp.mailed('claim@example.com'), 'a new password')), NULL, 'a claimed address');
SELECT row_eq($$SELECT email, pending_email, email_verified_at IS NOT NULL FROM social.users WHERE username = 'reset_claim'$$, row('claim@example.com'::text, ''::text, true), 'is the account''s from then on');
-- Several accounts claim an address: one mail names them all, each with a token of its own (found B4).
SELECT social.register('reset_vic', 'Shared@claims.example', 'a good password'), social.register('reset_mal', 'shared@CLAIMS.example', 'a good password');
SELECT social.register('reset_kel', U&'shared@claims.e\212Aample', 'a good password');
SELECT count(*) AS tokens FROM social.account_tokens \gset
SELECT count(*) AS mails FROM social.mail_outbox \gset
SELECT social.request_password_reset(' shared@claims.example');
SELECT row_eq($$SELECT address, variables ->> 'username', (SELECT array_agg(a ->> 'username') FROM jsonb_array_elements(variables -> 'accounts') AS a) FROM social.mail_outbox ORDER BY id DESC LIMIT 1$$,
	row('Shared@claims.example'::text, 'reset_vic'::text, ARRAY['reset_vic', 'reset_mal']), 'found B4: the mail names all claimants, the earliest first');
SELECT a ->> 'token' AS mal_token FROM social.mail_outbox m, jsonb_array_elements(m.variables -> 'accounts') AS a WHERE a ->> 'username' = 'reset_mal' ORDER BY m.id DESC LIMIT 1 \gset
SELECT m.variables ->> 'token' AS vic_token FROM social.mail_outbox m ORDER BY m.id DESC LIMIT 1 \gset
SELECT social.request_password_reset('nobody.at.all@claims.example');
SELECT is((SELECT count(*) FROM social.account_tokens) - :tokens, 2 * 5::bigint, 'found B4: as many tokens are written for nobody');
SELECT is((SELECT count(*) FROM social.mail_outbox) - :mails, 2::bigint, 'found B4: and one mail');
SELECT is((SELECT user_id FROM social.reset_password(E'\t' || :'vic_token' || ' ', 'password of vic')), (SELECT id FROM social.users WHERE username = 'reset_vic'), 'found B4, C13: the earlier account''s token resets it');
SELECT ok(pg_temp.logs_in('shared@claims.example', 'password of vic') AND pg_temp.logs_in('reset_mal', 'a good password'), 'found B4: and it alone');
SELECT is((SELECT user_id FROM social.reset_password(:'mal_token', 'password of mal')), (SELECT id FROM social.users WHERE username = 'reset_mal'), 'found B4: whoever has the mailbox decides about the other too');
SELECT ok(pg_temp.logs_in('shared@claims.example', 'password of vic'), 'found B4: the address stays with whom it was proven for');
SELECT social.request_password_reset('shared@claims.example');
SELECT is((SELECT (SELECT array_agg(a ->> 'username') FROM jsonb_array_elements(variables -> 'accounts') AS a) FROM social.mail_outbox ORDER BY id DESC LIMIT 1), ARRAY['reset_vic'], 'found B4: a proven address is about its account alone');
SELECT social.register('reset_late' || n, 'crowd@claims.example', 'a good password') FROM generate_series(1, 7) AS n;
SELECT social.request_password_reset('crowd@claims.example');
SELECT is((SELECT jsonb_array_length(variables -> 'accounts') FROM social.mail_outbox ORDER BY id DESC LIMIT 1), 5, 'found B4: a crowd of claims has an end');
SELECT is((SELECT count(*) FROM social.mail_sent(l.id)), 1::bigint, 'found B4: a mail that was sent') FROM social.lease_mail(1000) l WHERE l.address = 'crowd@claims.example' AND l.template = 'reset_password';
SELECT is(variables, '{"username": "reset_late1"}'::jsonb, 'found B4: is not remembered with its tokens') FROM social.mail_outbox WHERE address = 'crowd@claims.example' AND template = 'reset_password';
-- A spelling that folds to the address is another mailbox, however early it was claimed.
SELECT social.register('reset_early', U&'bac\212A@claims.example', 'a good password'), social.register('reset_owner', 'back@claims.example', 'a good password');
SELECT social.request_password_reset('Back@claims.example');
SELECT row_eq($$SELECT address, variables -> 'accounts' -> 0 ->> 'username', jsonb_array_length(variables -> 'accounts') FROM social.mail_outbox ORDER BY id DESC LIMIT 1$$,
	row('back@claims.example'::text, 'reset_owner'::text, 1), 'found B4: a token goes to no other mailbox');
-- What folds to an address need not be its mailbox (KELVIN SIGN).
SELECT social.register_user('reset_kay', 'kay@example.com', 'a good password');
SELECT social.request_password_reset(U&'\212Aay@example.com');
SELECT is((SELECT array_agg(DISTINCT address) FROM social.mail_outbox WHERE variables ->> 'username' = 'reset_kay'), CASE WHEN lower(U&'\212A') = 'k' THEN ARRAY['kay@example.com'] END, 'mail goes to the address of the account, not to one that folds to it');

-- ---- time (P-16)
SET LOCAL social.mail_hourly_limit = 100000;
DO $$
DECLARE
	began timestamptz;
	known float[];
	unknown float[];
	crowd float[];
	second float;
	ratio float;
BEGIN
	FOR round IN 1 .. 12 LOOP
		known := '{}';
		unknown := '{}';
		crowd := '{}';
		FOR i IN 1 .. 60 LOOP
			began := clock_timestamp();
			PERFORM social.request_password_reset('reset.ann@example.com');
			known := known || extract(epoch FROM clock_timestamp() - began)::float;
			began := clock_timestamp();
			PERFORM social.request_password_reset('nobody@example.com');
			unknown := unknown || extract(epoch FROM clock_timestamp() - began)::float;
			began := clock_timestamp();
			PERFORM social.request_password_reset('crowd@claims.example');
			crowd := crowd || extract(epoch FROM clock_timestamp() - began)::float;
		END LOOP;
		ratio := (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY k) FROM unnest(known) AS k) / (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY u) FROM unnest(unknown) AS u);
		second := (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY c) FROM unnest(crowd) AS c) / (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY u) FROM unnest(unknown) AS u);
		EXIT WHEN ratio BETWEEN 1 / 1.4 AND 1.4 AND second BETWEEN 1 / 1.4 AND 1.4;
	END LOOP;
	PERFORM set_config('tap.ratio', ratio::text, true), set_config('tap.crowd', second::text, true);
END
$$;
SELECT ok(current_setting('tap.ratio')::float BETWEEN 1 / 1.4 AND 1.4, 'P-16: asking takes the same time for a known and an unknown address');
SELECT ok(current_setting('tap.crowd')::float BETWEEN 1 / 1.4 AND 1.4, 'found B4, P-16: and for one that several claim');

SELECT * FROM finish();
ROLLBACK;
