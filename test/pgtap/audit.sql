-- audit.sql proves the audit log: who, what, when, from where, and that it only grows (seed 166).
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username, is_staff) VALUES ('tap_auditor', true), ('tap_plain', false);
SELECT social.audit('tap_nobody') AS first_entry \gset
SELECT results_eq($$ SELECT r::text FROM (SELECT actor_id, action, object_type, object_id, detail, address, application, database_role, created_at FROM social.audit_log ORDER BY id DESC LIMIT 1) r $$,
	$$ SELECT r::text FROM (SELECT NULL::bigint, 'tap_nobody', '', NULL::bigint, '{}'::jsonb, host(inet_client_addr()), current_setting('application_name'), session_user::text, now()) r $$,
	'an entry without a viewer says which role and application');
SELECT social.act_as('tap_auditor') AS auditor \gset
SELECT social.set_client_address('203.0.113.7');
SET LOCAL application_name = 'tap';
SELECT social.audit('tap_done', 'post', 7, '{"why": "test"}');
SELECT is((SELECT (actor_id, action, object_type, object_id, detail, address, application)::text FROM social.audit_log ORDER BY id DESC LIMIT 1),
	(:auditor::bigint, 'tap_done', 'post', 7, '{"why": "test"}'::jsonb, '203.0.113.7', 'tap')::text, 'an entry of a viewer says who, what and from where');
SELECT social.set_client_address(repeat('x', 500));
SELECT social.audit('tap_long');
SELECT is((SELECT length(address) FROM social.audit_log ORDER BY id DESC LIMIT 1), 100, 'an address has its limit');
SELECT social.set_client_address(NULL);
SELECT throws_ok($$ SELECT social.audit('') $$, 'SM400', 'action is required', 'an entry needs an action');

SELECT throws_ok($$ UPDATE social.audit_log SET action = 'other' $$, '42501', NULL, 'entries are not changed');
SELECT throws_ok($$ DELETE FROM social.audit_log $$, '42501', NULL, 'nor removed');
SELECT throws_ok($$ TRUNCATE social.audit_log $$, '42501', NULL, 'nor truncated');
SELECT lives_ok($$ SET LOCAL social.restoring = on; UPDATE social.audit_log SET created_at = now() - interval '10 years' WHERE action = 'tap_nobody' $$, 'a superuser who says so may');
SET LOCAL social.restoring = off;
SELECT cmp_ok(social.retention_round(), '>=', 1::bigint, 'retention removes old ones');
SELECT is_empty(format($$ SELECT FROM social.audit_log WHERE id = %s $$, :first_entry), 'of its time');
SELECT isnt_empty($$ SELECT FROM social.audit_log WHERE action = 'tap_done' $$, 'and no others');
SELECT throws_ok($$ DELETE FROM social.audit_log $$, '42501', NULL, 'and closes the door behind it');

CREATE ROLE tap_audit_reader;
CREATE ROLE tap_audit_admin;
SELECT social.grant_bridge('tap_audit_reader');
SELECT social.grant_admin('tap_audit_admin');
SET LOCAL ROLE tap_audit_reader;
SELECT throws_ok($$ SELECT FROM social.audit_log $$, '42501', NULL, 'a bridge does not read it');
SELECT throws_ok($$ SELECT FROM social.admin_audit_log $$, '42501', NULL, 'nor its view');
SELECT throws_ok($$ SELECT social.audit('made up') $$, '42501', NULL, 'nor writes what it likes');
SELECT throws_ok($$ SET social.client_address = '192.0.2.1' $$, '42501', NULL, 'nor sets the address by itself');
SELECT lives_ok($$ SELECT social.set_client_address('192.0.2.1') $$, 'but says where its client comes from');
RESET ROLE;
SET LOCAL ROLE tap_audit_admin;
SELECT isnt_empty($$ SELECT FROM social.admin_audit_log WHERE actor = 'tap_auditor' $$, 'an admin reads it');
SELECT throws_ok($$ DELETE FROM social.audit_log $$, '42501', NULL, 'and does not change it');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
