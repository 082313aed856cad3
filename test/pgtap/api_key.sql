-- api_key.sql proves API keys in the database (issue 17, mission 3.4): making, acting by, what they may not
-- do, ending; and that nothing but the digest is kept.
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SET LOCAL social.rate_limits = off;
SELECT social.register_user('tap_ann', 'tap_ann@example.com', 'a good password') AS ann, social.register_user('tap_bob', 'tap_bob@example.com', 'a good password') AS bob,
	social.register_user('tap_staff', 'tap_staff@example.com', 'a good password') AS staff \gset
UPDATE social.users SET is_staff = true WHERE id = :staff;
-- As whoever has a login: session 1 of ann.
CREATE FUNCTION pg_temp.log_in(who bigint) RETURNS void LANGUAGE sql AS $$ SELECT social.act_as(who) $$;

-- ---- the text ------------------------------------------------------------------------------------

SELECT social.api_key_new() AS text \gset
SELECT matches(:'text'::text, '^social_sk_[0-9A-Za-z]{57}$', 'a key is found by its form');
SELECT is(social.api_key_problem(:'text'), NULL, 'it is one');
SELECT is(social.api_key_problem(left(:'text', 66)), 'the API key is not complete', 'what lacks a character is none');
SELECT is(social.api_key_problem(overlay(:'text' PLACING CASE substr(:'text', 30, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM 30)), 'the API key is mistyped', 'nor what has another');
SELECT is(social.api_key_problem('eyJ'), 'it is no API key', 'nor a token');
SELECT isnt(social.api_key_new(), :'text'::text, 'each is another');
SELECT set_eq('SELECT scope FROM social.api_scopes()', ARRAY['read', 'write', 'sports:write', 'admin:read', 'admin:write'], 'what a key may be made for');

-- ---- making --------------------------------------------------------------------------------------

SELECT throws_ok($$ SELECT social.create_api_key('a good password', 'x', '{read}') $$, 'SM401', NULL, 'nobody makes a key as nobody');
SELECT pg_temp.log_in(:ann);
SELECT is(error_code, 'SM403', 'the password is asked for') FROM social.create_api_key('wrong', 'x', '{read}');
SELECT isnt_empty($$ SELECT FROM social.audit_log WHERE action = 'create_api_key_refused' $$, 'and a wrong one is noted');
SELECT throws_ok(format('SELECT social.create_api_key(''a good password'', %L, %L, %L)', name, scopes, ends), 'SM400', NULL, what)
FROM (VALUES ('', '{read}', NULL, 'no name'), ('two' || chr(10) || 'lines', '{read}', NULL, 'a name of two lines'), (repeat('x', 101), '{read}', NULL, 'a long one'), ('x', '{}', NULL, 'no scope'), ('x', NULL, NULL, 'null'), ('x', '{read,all}', NULL, 'an unknown one'),
	('x', '{read,NULL}', NULL, 'a null one'), ('x', '{READ}', NULL, 'another case'), ('x', '{read}', (now() - interval '1 second')::text, 'an end that is past'), ('x', '{read}', (now() + interval '2 years')::text, 'one too far'), ('x', '{read}', 'infinity', 'none')) AS t (name, scopes, ends, what);
SELECT throws_ok(format('SELECT social.create_api_key(''a good password'', ''x'', ''{%s}'')', s), 'SM403', 'these scopes are for staff', s || ' is for staff') FROM unnest(ARRAY['sports:write', 'admin:read', 'admin:write']) AS s;
SELECT id AS key, token FROM social.create_api_key('a good password', 'Reader', '{read,read}') \gset
SELECT is(social.api_key_problem(:'token'), NULL, 'a key is made');
SELECT row_eq(format('SELECT user_id, name, prefix COLLATE "default", scopes::text COLLATE "default", revoked_at, last_used_at, expires_at - created_at FROM social.api_keys WHERE id = %s', :key),
	row(:ann::bigint, 'Reader'::text, left(:'token', 18), '{read}'::text, NULL::timestamptz, NULL::timestamptz, interval '90 days'), 'it is what was asked for, and 90 days are its time');
SELECT is((SELECT digest FROM social.api_keys WHERE id = :key), sha256(:'token'), 'its digest is kept');
SELECT is_empty(format('SELECT FROM social.%I t WHERE t::text LIKE ''%%%s%%''', c.relname, substr(:'token', 19)), 'its secret is in no table: ' || c.relname)
FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relname IN ('api_keys', 'audit_log', 'mail_outbox', 'idempotency_keys', 'events', 'event_outbox');
SELECT isnt_empty(format($$ SELECT FROM social.audit_log WHERE action = 'create_api_key' AND object_id = %s AND detail = '{"key_id": %s, "scopes": ["read", "read"]}' $$, :ann, :key), 'the audit log has it');
SELECT isnt_empty(format($$ SELECT FROM social.mail_outbox WHERE template = 'api_key_created' AND user_id = %s $$, :ann), 'and its owner is mailed');
SELECT id AS writer, token AS writer_token FROM social.create_api_key('a good password', 'Writer', '{write,read}', now() + interval '1 hour') \gset
SELECT results_eq('SELECT name, prefix, scopes::text, is_live, last_used_at FROM social.api_keys()', format($$ VALUES ('Writer', %L, '{read,write}', true, NULL::timestamptz), ('Reader', %L, '{read}', true, NULL) $$, left(:'writer_token', 18), left(:'token', 18)), 'its owner sees what they are, and no more');
SELECT pg_temp.log_in(:bob);
SELECT is_empty('SELECT FROM social.api_keys()', 'and nobody else');
SELECT social.act_as(NULL::bigint);
SELECT throws_ok('SELECT social.api_keys()', 'SM401', NULL, 'nobody least of all');
SELECT id AS staff_key, token AS staff_token FROM social.issue_api_key(:staff, 'Import', '{sports:write}') \gset
SELECT id AS reports_key, token AS reports_token FROM social.issue_api_key(:staff, 'Reports', '{admin:read,write}') \gset
SELECT id AS moderator_key, token AS moderator_token FROM social.issue_api_key(:staff, 'Moderator', '{admin:read,admin:write}') \gset
SELECT throws_ok(format($$ SELECT social.issue_api_key(%s, 'x', '{sports:write}') $$, :bob), 'SM403', NULL, 'an operator makes keys for others, within the same bounds');
SELECT throws_ok($$ SELECT social.issue_api_key(9007199254740991, 'x', '{read}') $$, 'SM404', NULL, 'for accounts that there are');
SET LOCAL social.api_keys_max = 3;
SELECT throws_ok(format($$ SELECT social.issue_api_key(%s, 'x', '{read}') $$, :staff), 'SM409', 'too many API keys', 'and so many each');
RESET social.api_keys_max;

-- ---- acting by -----------------------------------------------------------------------------------

SAVEPOINT reader;
SELECT is(social.authenticate(:'token'), :ann::bigint, 'who has the key acts as its owner');
SELECT is(social.viewer_id(), :ann::bigint, 'the viewer');
SELECT is(social.session_id(), NULL, 'in no login session');
SELECT is(social.api_key_id(), :key::bigint, 'but by the key');
SELECT row_eq('SELECT id, user_id, name FROM social.current_api_key()', row(:key::bigint, :ann::bigint, 'Reader'::text), 'which says what it is');
SELECT lives_ok('SELECT * FROM social.home_feed()', 'it reads');
SELECT is(current_setting('transaction_read_only'), 'on', 'what may write nothing acts in a transaction that is READ ONLY');
SELECT throws_ok($$ SELECT social.create_post('x', 'y') $$, 'SM403', 'the API key may not do this', 'nor is it let to write');
SELECT throws_ok(format('SELECT social.set_following(%s, true)', :bob), 'SM403', NULL, 'at all');
SELECT throws_ok($$ SELECT social.mark_all_notifications_read() $$, '25006', NULL, 'whatever the function');
SELECT throws_ok('SELECT ' || f, 'SM403', 'this is not for API keys', f || ' is for nobody but who has logged in')
FROM unnest(ARRAY['social.account_json()', 'social.active_sessions()', 'social.login_attempts()', 'social.logout_all()', 'social.revoke_session(1)', 'social.clear_expired_sessions()',
	'social.change_password(''a'', ''another good one'')', 'social.enable_totp(''a'')', 'social.confirm_totp(''1'')', 'social.disable_totp(''a'', ''1'')', 'social.regenerate_recovery_codes(''1'')',
	'social.request_email_verification()', 'social.update_account(bio => ''x'')', 'social.delete_account()', 'social.delete_account(''a'')', 'social.create_api_key(''a'', ''x'', ''{read}'')', 'social.api_keys()',
	'social.revoke_api_key(1)', 'social.give_consent(''terms'')', 'social.withdraw_consent(''terms'')', 'social.consents()', 'social.consent_history()', 'social.security_json()', 'social.security_changes()']) AS f;
SELECT is_empty('SELECT FROM social.visible_account', 'and so is the account');
ROLLBACK TO reader;

SELECT social.authenticate(:'writer_token') \g /dev/null
SELECT isnt(social.create_post('By a key', 'text'), NULL, 'what may write writes');
SELECT is(current_setting('transaction_read_only'), 'off', 'in any transaction');
SELECT throws_ok($$ SELECT social.create_league('x') $$, 'SM403', NULL, 'not what staff write');
SELECT social.authenticate(:'staff_token') \g /dev/null
SELECT isnt(social.create_league('Tap league'), NULL, 'seed 110: sports:write writes sports');
SELECT throws_ok($$ SELECT social.create_post('x', 'y') $$, 'SM403', NULL, 'and nothing else');
SELECT throws_ok('SELECT social.reports()', 'SM403', 'the API key may not do this', 'nor reads what staff read');
SELECT social.authenticate(:'reports_token') \g /dev/null
SELECT lives_ok('SELECT social.reports()', 'admin:read reads reports');
SELECT throws_ok(format('SELECT social.suspend_user(%s)', :bob), 'SM403', 'the API key may not do this', 'and suspends nobody');
SELECT throws_ok($$ SELECT social.create_league('x') $$, 'SM403', NULL, 'nor writes sports');
SELECT throws_ok($$ SELECT social.add_content_rule('word', 'x') $$, 'SM403', NULL, 'nor rules');
SELECT social.authenticate(:'moderator_token') \g /dev/null
SELECT is(social.suspend_user(:bob), :bob::bigint, 'admin:write moderates');
SELECT social.unsuspend_user(:bob) \g /dev/null

-- What the bridge does: the session is the key's id with a minus.
SELECT row_eq(format('SELECT user_id, session_id, jti, error_code FROM social.verify_token(%L)', :'writer_token'), row(:ann::bigint, -:writer::bigint, NULL::text, NULL::text), 'a bridge asks whose it is');
SELECT is(social.api_key_scopes(-:writer), 'read write', 'and what it may');
SELECT is(social.api_key_scopes(:writer), NULL, 'of a login nothing is said');
SELECT lives_ok(format('SELECT social.admit(%s, -%s)', :ann, :writer), 'and lets it in');
SELECT is(social.api_key_id(), :writer::bigint, 'by the key');
SELECT throws_ok(format('SELECT social.admit(%s, -%s)', :bob, :writer), 'SM401', NULL, 'as nobody else');
SELECT throws_ok(format('SELECT social.admit(%s, -9007199254740991)', :bob), 'SM401', NULL, 'by no other');
SAVEPOINT admitted;
SELECT social.admit(:ann, -:key) \g /dev/null
SELECT is(current_setting('transaction_read_only'), 'on', 'READ ONLY there, too');
ROLLBACK TO admitted;
SELECT social.act_as(:ann);
SELECT is(social.api_key_id(), NULL, 'another viewer acts by none');

SELECT is_empty($$ SELECT proname FROM pg_proc WHERE pronamespace = 'social'::regnamespace AND proparallel = 's' AND prosrc ~ 'require_(login|scope|staff|superuser)|api_key_id' $$,
	'what asks whether a key acts asks the leader of parallel workers, who knows');

-- ---- what does not let anybody act ----------------------------------------------------------------

SELECT throws_ok(format('SELECT social.authenticate(%L)', t), 'SM401', 'invalid token', what) FROM (VALUES
	(left(:'token', 66), 'a key that is not complete'), (social.api_key_new(), 'one that nobody has'), ('social_sk_', 'the beginning'), (upper(:'token'), 'another case')) AS x (t, what);
-- The name of one and the secret of another, with a right checksum: the digest does not fit.
UPDATE social.api_keys SET digest = sha256('another') WHERE id = :writer;
SELECT is(error_detail, 'the API key is unknown, has expired or was revoked', 'the digest is compared') FROM social.verify_token(:'writer_token');
UPDATE social.api_keys SET digest = sha256(:'writer_token') WHERE id = :writer;
UPDATE social.api_keys SET expires_at = now() WHERE id = :writer;
SELECT throws_ok(format('SELECT social.authenticate(%L)', :'writer_token'), 'SM401', NULL, 'one that has expired');
SELECT set_eq(format('SELECT social.ended_sessions(''{-%s,-%s,-9007199254740991}'')', :writer, :key), ARRAY[-:writer, -9007199254740991]::bigint[], 'bridges hear which have ended');
SELECT throws_ok(format('SELECT social.admit(%s, -%s)', :ann, :writer), 'SM401', NULL, 'and it is let in no more');

-- ---- last used -----------------------------------------------------------------------------------

SELECT ok(social.touch_session(-:key), 'use is noted');
SELECT is((SELECT last_used_at FROM social.api_keys WHERE id = :key), now(), 'with its time');
SELECT ok(NOT social.touch_session(-:key), 'once a minute');
SELECT ok(NOT social.touch_session(-:writer), 'of what lives');

-- ---- ending --------------------------------------------------------------------------------------

SELECT pg_temp.log_in(:bob);
SELECT throws_ok(format('SELECT social.revoke_api_key(%s)', :key), 'SM404', NULL, 'a key is its owner''s to revoke');
SELECT pg_temp.log_in(:ann);
SELECT is(social.revoke_api_key(:key), :key::bigint, 'who does');
SELECT is(social.revoke_api_key(:key), :key::bigint, 'again');
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'revoke_api_key' AND object_id = :ann), 1::bigint, 'the audit log has it once');
SELECT is((SELECT (revoked_at = now() AND expires_at = now())::text || revoked_reason FROM social.api_keys WHERE id = :key), 'truerevoked', 'it says when and why');
SELECT throws_ok(format('SELECT social.authenticate(%L)', :'token'), 'SM401', NULL, 'it lets nobody act');
SELECT pg_temp.log_in(:staff);
SELECT id AS bobs, token AS bobs_token FROM social.issue_api_key(:bob, 'x', '{read}') \gset
SELECT is(social.revoke_api_key(:bobs), :bobs::bigint, 'staff revoke anybody''s');
SELECT social.act_as(NULL::bigint);
CREATE FUNCTION pg_temp.dies(what text, VARIADIC statements text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	made record;
	person bigint := (SELECT id FROM social.users WHERE username = 'tap_bob');
	statement text;
BEGIN
	SELECT * INTO made FROM social.issue_api_key(person, what, '{read}');
	FOREACH statement IN ARRAY statements LOOP
		EXECUTE format(statement, person);
	END LOOP;
	RETURN NEXT ok((SELECT error_code FROM social.verify_token(made.token)) = 'SM401' AND (SELECT count(*) = 1 FROM social.ended_sessions(ARRAY[-made.id])), what);
END
$$;
SELECT pg_temp.dies('a suspended owner''s key is dead', 'UPDATE social.users SET suspended_at = now() WHERE id = %s');
UPDATE social.users SET suspended_at = NULL WHERE id = :bob;
SELECT pg_temp.dies('and stays so', 'UPDATE social.users SET suspended_at = now() WHERE id = %s', 'UPDATE social.users SET suspended_at = NULL WHERE id = %s');
SELECT pg_temp.dies('so is one of an account that is not active', 'UPDATE social.users SET is_active = false WHERE id = %s');
UPDATE social.users SET is_active = true WHERE id = :bob;
SELECT pg_temp.dies('or whose password was reset', 'SELECT social.password_was_set(%s, ''reset_password'')');
SELECT id AS kept, token AS kept_token FROM social.issue_api_key(:bob, 'x', '{read}') \gset
SELECT social.password_was_set(:bob, 'change_password'), social.end_sessions(:bob, 'logout everywhere');
SELECT is((SELECT error_code FROM social.verify_token(:'kept_token')), NULL, 'another password, and logging out, leave it: a script has not logged in');
SELECT throws_ok(format('SELECT social.revoke_api_key(%s)', 9007199254740991), 'SM404', NULL, 'an unknown key');
SELECT is(social.revoke_api_key(:kept), :kept::bigint, 'who owns the database revokes any');
SELECT social.delete_user(:bob);
SELECT is_empty(format('SELECT FROM social.api_keys WHERE user_id = %s', :bob), 'seed 166: they go with the account');
SELECT ok(NOT has_table_privilege('public', 'social.api_keys', 'SELECT'), 'nobody is granted the table');

-- retention
UPDATE social.api_keys SET expires_at = now() - interval '91 days' WHERE id = :writer;
SELECT social.retention_round() \g /dev/null
SELECT is_empty(format('SELECT FROM social.api_keys WHERE id = %s', :writer), 'seed 166: what has ended long ago goes');
SELECT isnt_empty(format('SELECT FROM social.api_keys WHERE id = %s', :key), 'what ended just now stays');

SELECT * FROM finish();
ROLLBACK;
