-- mail.sql proves the outbox of mails: each is taken by one mailer, tried again, given up, forgotten.
BEGIN;
SELECT no_plan();
-- Whatever tests before this one have left.
SET LOCAL social.restoring = on;
DELETE FROM social.audit_log;
RESET social.restoring;
DELETE FROM social.mail_outbox;
DELETE FROM social.account_tokens;
DELETE FROM social.login_attempts;
INSERT INTO social.users (username, email) VALUES ('tap_mail', 'tap_mail@example.com') RETURNING id AS person \gset
CREATE FUNCTION pg_temp.queue(address text, lifetime interval DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
	$$SELECT social.queue_mail('verify_email', u.id, address, '{"username": "tap_mail", "token": "secret"}', lifetime) FROM social.users u WHERE u.username = 'tap_mail';
	SELECT max(id) FROM social.mail_outbox$$;
CREATE FUNCTION pg_temp.state(mail bigint) RETURNS text LANGUAGE sql AS
	$$SELECT concat_ws(' ', m.state, m.attempts, nullif(m.error, ''), CASE WHEN o.variables ? 'token' THEN 'token' END) FROM social.admin_mail m JOIN social.mail_outbox o ON o.id = m.id WHERE m.id = $1$$;

-- ---- leasing
SELECT is_empty('SELECT FROM social.lease_mail()', 'nothing to send');
SELECT pg_temp.queue('one@example.com') AS one, pg_temp.queue('two@example.com') AS two, pg_temp.queue('three@example.com') AS three \gset
SELECT is(social.mail_sent(:one), false, 'a mail that nobody has taken is not sent');
SELECT is(social.mail_failed(:one), false, 'nor has it failed');
SELECT results_eq('SELECT id, template COLLATE "default", user_id, address, variables ->> ''token'', attempt FROM social.lease_mail(2)',
	format('VALUES (%s::bigint, ''verify_email'', %s::bigint, ''one@example.com'', ''secret'', 1), (%s, ''verify_email'', %2$s, ''two@example.com'', ''secret'', 1)', :one, :person, :two), 'a mailer takes the oldest');
SELECT results_eq('SELECT id FROM social.lease_mail()', format('VALUES (%s::bigint)', :three), 'the next one what is left');
SELECT is_empty('SELECT FROM social.lease_mail()', 'and a third one nothing');
SELECT is(pg_temp.state(:one), 'leased 1 token', 'a leased mail');

-- ---- sent
SELECT is(social.mail_sent(:one), true, 'one was sent');
SELECT is(pg_temp.state(:one), 'sent 1', 'and its token is forgotten');
SELECT is(social.mail_sent(:one), false, 'which is said once');
SELECT is(social.mail_failed(:one), false, 'and stays');
SELECT is(social.mail_sent(-1), false, 'an unknown mail');

-- ---- tried again: a minute, two, four ... up to an hour
SELECT is(social.mail_failed(:two, 'connection refused'), true, 'two failed');
SELECT is(pg_temp.state(:two), 'waiting 1 connection refused token', 'and waits');
SELECT is(social.mail_failed(:two), false, 'its lease is over');
CREATE FUNCTION pg_temp.fail(mail bigint) RETURNS interval LANGUAGE plpgsql AS $$
BEGIN
	UPDATE social.mail_outbox SET due_at = now() WHERE id = mail;
	PERFORM social.lease_mail();
	PERFORM social.mail_failed(mail, 'connection refused');
	RETURN (SELECT due_at - now() FROM social.mail_outbox WHERE id = mail);
END
$$;
SELECT is((SELECT due_at - now() FROM social.mail_outbox WHERE id = :two), interval '1 minute', 'for a minute');
SELECT is(pg_temp.fail(:two), wait, 'then ' || wait) FROM unnest(ARRAY['2 minutes', '4 minutes', '8 minutes', '16 minutes', '32 minutes', '1 hour']::interval[]) AS wait;
SELECT is(pg_temp.state(:two), 'waiting 7 connection refused token', 'seven times in all');
SELECT pg_temp.fail(:two);
SELECT is(pg_temp.state(:two), 'failed 8 connection refused', 'the eighth is the last, social.mail_attempts');
SELECT is_empty('SELECT FROM social.lease_mail()', 'nobody gets it any more');

-- ---- a mailer that dies, and an address that does not exist
UPDATE social.mail_outbox SET due_at = now() - interval '1 second', leased_until = now() - interval '1 second' WHERE id = :three;
SELECT results_eq('SELECT id, attempt FROM social.lease_mail()', format('VALUES (%s::bigint, 2)', :three), 'a lease that ran out gives the mail to the next');
SELECT is(social.mail_failed(:three, 'no such mailbox', true), true, 'a mailer may give up at once');
SELECT is(pg_temp.state(:three), 'failed 2 no such mailbox', 'with its reason');
SELECT pg_temp.queue('four@example.com') AS four \gset
UPDATE social.mail_outbox SET attempts = 8, leased_until = now() - interval '1 second', due_at = now() - interval '1 second' WHERE id = :four;
SELECT is_empty('SELECT FROM social.lease_mail()', 'a mail whose every mailer dies is not tried for ever');
SELECT is(pg_temp.state(:four), 'failed 8 the last attempt did not report back', 'but given up');
SELECT is(social.mail_sent(:four), true, 'unless one of them comes back after all');
SELECT is(pg_temp.state(:four), 'sent 8', 'and has sent it');
SELECT pg_temp.queue('five@example.com', interval '1 hour') AS five \gset
UPDATE social.mail_outbox SET expires_at = now() WHERE id = :five;
SELECT is_empty('SELECT FROM social.lease_mail()', 'a token that is dead is not sent');
SELECT is(pg_temp.state(:five), 'failed 0 expired', 'but forgotten');
SELECT social.queue_mail('password_changed', :person, '', '{}');
SELECT is((SELECT error FROM social.mail_outbox ORDER BY id DESC LIMIT 1), 'the account has no address', 'an account without an address gets nothing');

-- ---- bad input
SELECT throws_ok(format('SELECT social.lease_mail(%L)', batch), 'SM400', 'invalid batch', 'batch ' || coalesce(batch::text, 'null')) FROM unnest(ARRAY[NULL, 0, -1, 1001]) AS batch;
SELECT throws_ok(format('SELECT social.lease_mail(1, %L)', lease), 'SM400', 'invalid lease', 'lease ' || coalesce(lease, 'null')) FROM unnest(ARRAY[NULL, '0', '-1 minute', '2 hours']) AS lease;

-- ---- retention (seed 166)
SELECT results_eq($$SELECT data_class COLLATE "default", keep FROM social.admin_retention WHERE data_class IN ('sent_mails', 'failed_mails', 'account_tokens', 'login_attempts', 'login_addresses') ORDER BY 1$$,
	$$VALUES ('account_tokens', interval '7 days'), ('failed_mails', '30 days'), ('login_addresses', '30 days'), ('login_attempts', '90 days'), ('sent_mails', '30 days')$$, 'what accounts leave has its classes');
SELECT pg_temp.queue('waits@example.com') AS waits \gset
UPDATE social.mail_outbox SET created_at = now() - interval '1 year', due_at = now() - interval '1 year', sent_at = sent_at - interval '31 days', failed_at = failed_at - interval '31 days';
INSERT INTO social.login_attempts (username, address, outcome, created_at) VALUES ('a', '192.0.2.1', 'unknown_account', now() - interval '91 days'), ('b', '192.0.2.1', 'unknown_account', now() - interval '31 days'), ('c', '192.0.2.1', 'unknown_account', now());
INSERT INTO social.account_tokens (purpose, token_hash, email, expires_at) VALUES ('verify_email', 'old', '', now() - interval '8 days'), ('verify_email', 'new', '', now() - interval '6 days');
DO $$ BEGIN WHILE social.retention_round(1000) > 0 LOOP END LOOP; END $$;
SELECT results_eq('SELECT id FROM social.mail_outbox', format('VALUES (%s::bigint)', :waits), 'mails that were sent or given up go, one that waits stays');
SELECT results_eq('SELECT username, address FROM social.login_attempts ORDER BY 1', $$VALUES ('b', NULL), ('c', '192.0.2.1')$$, 'attempts lose their address, then go');
SELECT results_eq('SELECT token_hash FROM social.account_tokens', $$VALUES ('new'::bytea)$$, 'tokens go when they are long dead');

-- ---- the mailer's role
CREATE ROLE tap_mailer;
SELECT social.grant_mailer('tap_mailer');
SELECT set_eq($$SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'social'::regnamespace AND has_function_privilege('tap_mailer', p.oid, 'EXECUTE')$$,
	ARRAY['lease_mail', 'mail_sent', 'mail_failed'], 'a mailer may do three things');
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('tap_mailer', c.oid, 'SELECT')$$, 'and read nothing');
SET LOCAL ROLE tap_mailer;
SELECT isnt_empty('SELECT FROM social.lease_mail()', 'which is enough to work');
RESET ROLE;
CREATE ROLE tap_mail_admin;
SELECT social.grant_admin('tap_mail_admin');
SELECT is(has_table_privilege('tap_mail_admin', 'social.' || name, 'SELECT'), expected, name) FROM (VALUES ('admin_mail', true), ('admin_login_attempts', true), ('mail_outbox', false), ('user_totp', false), ('recovery_codes', false)) AS c (name, expected);

SELECT * FROM finish();
ROLLBACK;
