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

-- ---- mails as jobs (issue 15 line 8), once somebody has said that he sends them
DELETE FROM social.mail_outbox;
DELETE FROM social.jobs;
DELETE FROM social.job_kinds WHERE kind = 'mail';
CREATE FUNCTION pg_temp.claim(worker text DEFAULT 'tap mail') RETURNS text LANGUAGE sql AS
	$$SELECT social.note_job_scan(clock_timestamp());
	SELECT coalesce(string_agg(coalesce(c.args ->> 'error', c.args ->> 'address', 'nothing'), ' ' ORDER BY c.id), '') FROM social.claim_mail_jobs(worker, NULL, 10, '1 minute') c$$;
CREATE FUNCTION pg_temp.job(mail bigint) RETURNS bigint LANGUAGE sql AS 'SELECT job_id FROM social.mail_outbox WHERE id = $1';
SELECT pg_temp.queue('j1@example.com') AS one \gset
SELECT is(social.make_mail_jobs(10), 0::bigint, 'where nobody has, mails are no jobs');
SELECT social.serve_job_kinds('{mail,other}');
SELECT social.serve_job_kinds('{mail}');
SELECT results_eq($$SELECT kind COLLATE "default", queue COLLATE "default", max_attempts, backoff FROM social.job_kinds WHERE kind IN ('mail', 'other')$$, $$VALUES ('mail', 'mail', 8, interval '1 minute')$$, 'a worker says which of its kinds it runs');
SELECT pg_temp.queue('j2@example.com') AS two, pg_temp.queue('j3@example.com', interval '1 hour') AS three \gset
SELECT social.queue_mail('verify_email', NULL, NULL, '{}', is_for_nobody => true);
SELECT is(social.make_mail_jobs(2), 2::bigint, 'a batch of mails gets jobs');
SELECT is(social.make_mail_jobs(10), 1::bigint, 'and the rest');
SELECT is(social.make_mail_jobs(10), 0::bigint, 'once; one for nobody gets none');
SELECT results_eq(format('SELECT kind COLLATE "default", args, user_id, max_attempts FROM social.jobs WHERE id = %s', pg_temp.job(:one)), format($$VALUES ('mail', '{"mail": %s}'::jsonb, %s::bigint, 8)$$, :one, :person), 'a job holds an id, no word of the mail');
UPDATE social.mail_outbox SET expires_at = clock_timestamp() WHERE id = :three;
SELECT is(pg_temp.claim(), 'j1@example.com j2@example.com it had expired before it could be sent', 'who claims it gets the mail');
SELECT is(pg_temp.claim(), '', 'once');
SELECT is_empty('SELECT FROM social.lease_mail()', 'an own mailer does not get it then');
SELECT is(social.finish_mail_jobs('nobody', ARRAY[pg_temp.job(:one)], '{1}'), ARRAY[pg_temp.job(:one)], 'somebody whose lease was over has sent it:');
SELECT is(pg_temp.state(:one), 'sent 1', 'sent is sent');
SELECT is(social.finish_mail_jobs('tap mail', ARRAY[pg_temp.job(:one)], '{1}'), '{}', 'the other one, too');
SELECT is(pg_temp.state(:one), 'sent 1', 'and the token is forgotten');
SELECT results_eq(format('SELECT state FROM social.fail_mail_jobs(''tap mail'', ARRAY[%s, %s], ''{1,1}'', ''{busy,late}'', are_final => ''{f,t}'')', pg_temp.job(:two), pg_temp.job(:three)), $$VALUES ('waiting'), ('dead')$$, 'failed');
SELECT is(pg_temp.state(:two), 'waiting 1 busy token', 'one waits, and says why');
SELECT is((SELECT m.due_at FROM social.mail_outbox m WHERE m.id = :two), (SELECT j.run_at FROM social.jobs j WHERE j.id = pg_temp.job(:two)), 'as long as its job');
SELECT is(pg_temp.state(:three), 'failed 1 late', 'the other one is given up');
SELECT is(social.requeue_job(pg_temp.job(:three)), true, 'requeued');
SELECT is(pg_temp.claim(), 'it was given up, and what it said is forgotten', 'it is known to be over');
SELECT results_eq(format('SELECT state FROM social.fail_mail_jobs(''tap two'', ARRAY[%s], ''{1}'', ''{no}'')', pg_temp.job(:two)), $$VALUES ('lost')$$, 'who has it not cannot fail it');
SELECT is(pg_temp.state(:two), 'waiting 1 busy token', 'it is as it was');
UPDATE social.mail_outbox SET due_at = now() WHERE id = :two;
SELECT pg_temp.job(:two) AS job \gset
SELECT results_eq('SELECT id FROM social.lease_mail()', format('VALUES (%s::bigint)', :two), 'an own mailer may take one that waits');
SELECT is(social.job_state(:job), NULL, 'its job is gone');
SELECT is(social.make_mail_jobs(10), 0::bigint, 'and no other is made while he has it');
SELECT social.mail_failed(:two, 'no');
UPDATE social.mail_outbox SET due_at = now() WHERE id = :two;
SELECT is(social.make_mail_jobs(10), 1::bigint, 'when he has failed it is a job again');
SELECT is((SELECT max_attempts FROM social.jobs WHERE id = pg_temp.job(:two)), 6, 'with the attempts that are left');
SELECT pg_temp.claim();
UPDATE social.mail_outbox SET due_at = now() WHERE id = :two;
SELECT pg_temp.job(:two) AS job \gset
SELECT results_eq('SELECT id FROM social.lease_mail()', format('VALUES (%s::bigint)', :two), 'one that takes longer than it may, too');
SELECT is(social.job_state(:job), 'running', 'whose job has to find that out');
SELECT is(social.stop_job_worker('tap mail') > 0, true, 'its worker ends');
SELECT is(pg_temp.claim('tap two'), 'it was given up, and what it said is forgotten nothing', 'and the next finds nothing to do');
DELETE FROM social.mail_outbox;
DELETE FROM social.jobs;

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
CREATE ROLE tap_worker;
SELECT social.grant_worker('tap_worker');
SELECT set_eq($$SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'social'::regnamespace AND has_function_privilege('tap_worker', p.oid, 'EXECUTE')$$,
	$$SELECT function_name::text FROM social.function_audience() WHERE audience IN ('worker', 'job_worker')$$, 'our own worker may do what workers do');
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('tap_worker', c.oid, 'SELECT')$$, 'and read nothing');
CREATE ROLE tap_mail_admin;
SELECT social.grant_admin('tap_mail_admin');
SELECT is(has_table_privilege('tap_mail_admin', 'social.' || name, 'SELECT'), expected, name) FROM (VALUES ('admin_mail', true), ('admin_login_attempts', true), ('mail_outbox', false), ('user_totp', false), ('recovery_codes', false)) AS c (name, expected);

SELECT * FROM finish();
ROLLBACK;
