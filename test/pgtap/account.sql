-- account.sql proves what a person reads and changes of the own account (seed 006-008, 095; I-02, I-04).
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
SELECT social.register_user('acc_ann', 'acc_ann@example.com', 'a good password', 'Ann', 'Account') AS ann \gset
SELECT social.register_user('acc_ben', 'acc_ben@example.com', 'a good password') AS ben \gset

SELECT throws_ok(statement, 'SM401', NULL, 'nobody acts: ' || statement) FROM unnest(ARRAY['SELECT social.account_json()', 'SELECT social.update_account()']) AS statement;
SELECT social.act_as(:ann, true);

-- ---- reading
SELECT is(social.account_json()::jsonb - 'id' - 'created_at', '{"username": "acc_ann", "email": "acc_ann@example.com", "email_verified": false, "pending_email": null, "first_name": "Ann", "last_name": "Account", "bio": "", "avatar": null,
	"profile_image": null, "banner_image": null, "location": "", "website": "", "followers_count": 0, "following_count": 0, "posts_count": 0, "is_locked": false, "is_staff": false, "is_superuser": false, "totp_enabled": false,
	"recovery_codes_left": 0, "password_changed_at": null, "last_login_at": null, "avatar_url": null, "banner_url": null, "avatar_variants": [], "banner_variants": []}'::jsonb, 'seed 006: the own account and profile');
SELECT is((social.account_json() ->> 'id')::bigint, :ann::bigint, 'seed 006: nobody else''s');
SELECT ok(NOT social.account_json()::text LIKE '%argon2%', 'seed 006: no hash');

-- ---- PATCH and POST merge (seed 008, I-04)
CREATE FUNCTION pg_temp.fields(account json) RETURNS text LANGUAGE sql AS
	$$SELECT concat_ws('|', account ->> 'first_name', account ->> 'last_name', account ->> 'bio', account ->> 'avatar', account ->> 'banner_image', account ->> 'location', account ->> 'website', account ->> 'is_locked')$$;
SELECT is((SELECT pg_temp.fields(account) FROM social.update_account(bio => 'About me', website => 'https://example.com', is_locked => true)), 'Ann|Account|About me||https://example.com|true', 'seed 008: what is given changes');
SELECT is((SELECT pg_temp.fields(account) FROM social.update_account()), 'Ann|Account|About me||https://example.com|true', 'seed 008: nothing given, nothing changed');
SELECT is((SELECT pg_temp.fields(account) FROM social.update_account(avatar => 'https://example.com/a.png', banner_image => 'media/b.png', location => 'Here')), 'Ann|Account|About me|https://example.com/a.png|media/b.png|Here|https://example.com|true', 'seed 008: one after the other');
SELECT is((SELECT account ->> 'avatar' FROM social.update_account(profile_image => 'https://example.com/p.png')), 'https://example.com/p.png', 'I-02: profile_image is another name');
SELECT is((SELECT account ->> 'profile_image' FROM social.update_account(avatar => 'https://example.com/a.png', profile_image => 'https://example.com/p.png')), 'https://example.com/a.png', 'I-02: for avatar, which goes before');
SELECT is((SELECT pg_temp.fields(account) FROM social.update_account(bio => '', avatar => '')), 'Ann|Account||media/b.png|Here|https://example.com|true', 'seed 008: an empty text empties');

-- ---- PUT replaces (seed 007, I-04)
SELECT is((SELECT pg_temp.fields(account) FROM social.update_account(replace => true, first_name => 'Anna', bio => 'New')), 'Anna||New|||true', 'seed 007: what is missing is emptied, but for privacy');
SELECT is((SELECT account ->> 'email' FROM social.update_account(replace => true)), 'acc_ann@example.com', 'seed 007: and the address');
SELECT is((SELECT error_code FROM social.update_account(replace => true, username => 'ACC_ann', email => 'ACC_ann@example.com', first_name => 'A')), NULL, 'seed 007: what one reads may be sent back');

-- ---- refused
SELECT throws_ok(format('SELECT social.update_account(%s)', arguments), 'SM400', NULL, 'refused: ' || left(arguments, 60))
FROM unnest(ARRAY['username => ''acc_ben''', 'username => ''''', 'email => ''''', 'email => ''nonsense''', 'email => repeat(''x'', 1000000)', 'bio => repeat(''x'', 501)', 'first_name => repeat(''x'', 151)',
	'website => ''javascript:alert(1)''', 'avatar => ''//elsewhere''', 'location => E''two\nlines''']) AS arguments;
SELECT row_eq(format('SELECT account::text, error_code, error_message FROM social.update_account(email => ''other@example.com'', bio => ''Hacked'', current_password => %L)', password), row(NULL::text, 'SM403'::text, message), 'another address: ' || message)
FROM (VALUES (NULL, 'current_password is required'), ('', 'current_password is required'), ('another password', 'wrong password'), (repeat('x', 100000), 'wrong password')) AS c (password, message);
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'change_email_refused'), 4::bigint, 'seed 153: each is in the audit log');
SELECT is(social.account_json() ->> 'bio', '', 'and nothing else of it is done');

-- ---- another address: the same whether somebody has it (P-16)
SELECT is((SELECT (account ->> 'email') || ' ' || (account ->> 'pending_email') FROM social.update_account(email => email, current_password => 'a good password')), 'acc_ann@example.com ' || email, 'P-16: it waits: ' || email)
FROM unnest(ARRAY['acc_free@example.com', 'acc_ben@example.com']) AS email;
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'change_email'), 2::bigint, 'seed 153: the audit log knows');
SELECT is((SELECT template::text FROM social.mail_outbox WHERE user_id = :ben), 'address_taken', 'P-16: the owner is told by mail');
SELECT is((SELECT (account ->> 'email') || ' ' || (account ->> 'pending_email') FROM social.update_account(email => 'ACC_ben@example.com', current_password => 'a good password')), 'acc_ann@example.com acc_ben@example.com', 'the same claim again changes nothing');

-- ---- counters for alerts (seed 153)
SELECT count(*) FROM social.login('acc_ann', 'wrong', address => '192.0.2.1'), social.login('acc_nobody', 'wrong', address => '192.0.2.2') AS b, social.login('acc_ben', 'a good password', address => '192.0.2.3') AS c;
SELECT is((SELECT value FROM social.security_counters() WHERE name = 'refused password changes'), 4::bigint, 'seed 153: refusals of the last hour');
SELECT results_eq($$SELECT name, value FROM social.security_counters() WHERE name IN ('logins', 'failed logins', 'addresses of failed logins', 'accounts of failed logins')$$,
	$$VALUES ('logins', 1::bigint), ('failed logins', 2), ('addresses of failed logins', 2), ('accounts of failed logins', 1)$$, 'seed 153: logins that failed, from how many addresses and at how many accounts');
SELECT is((SELECT count(*) FROM social.security_counters() WHERE value IS NULL), 0::bigint, 'seed 153: what did not happen counts 0');
SELECT throws_ok(format('SELECT social.security_counters(%L)', since), 'SM400', 'invalid since', 'seed 153: not ' || coalesce(since, 'null')) FROM unnest(ARRAY[NULL, '0', '-1 hour']) AS since;

-- ---- the end takes it all along
SET LOCAL social.deletion_grace = 0;
SELECT is((SELECT error_code || ' ' || error_message FROM social.delete_account(p)), 'SM403 wrong password or one-time code', 'seed 166: not without the password: ' || left(coalesce(p, 'null'), 10))
FROM unnest(ARRAY[NULL, '', 'wrong', repeat('x', 1001)]) AS p;
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'delete_account_refused' AND actor_id = :ann), 4::bigint, 'each try leaves a trace');
SELECT is(social.viewer_id(), :ann::bigint, 'and the account as it was');
SELECT is((SELECT user_id FROM social.delete_account('a good password')), :ann::bigint, 'seed 166: with it the account is gone');
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE user_id = :ann) + (SELECT count(*) FROM social.account_tokens WHERE user_id = :ann), 0::bigint, 'an account that ends leaves no mail and no token');
SELECT is((SELECT pending_email FROM social.users WHERE id = :ann), '', 'and claims nothing');
DO $$ BEGIN WHILE social.erase_accounts(1000) > 0 LOOP END LOOP; END $$;
SELECT is((SELECT count(*) FROM social.login_attempts WHERE user_id = :ann) + (SELECT count(*) FROM social.users WHERE id = :ann), 0::bigint, 'its attempts go with its rows');

SELECT * FROM finish();
ROLLBACK;
