-- consent.sql proves what people agree to (seed 166, issue 17), and the page about their security.
BEGIN;
SELECT no_plan();
INSERT INTO social.users (username) VALUES ('tap_ann'), ('tap_bob');
SELECT social.set_consent_document('tap_terms', '1', 'Terms', 'https://example.com/terms', true, now() - interval '2 years');
SELECT social.set_consent_document('tap_mails', 'a', 'News by mail', published_at => now() - interval '1 year');
SELECT social.set_consent_document('tap_terms', '3', 'Terms of next year', is_required => true, published_at => now() + interval '1 year');
SELECT throws_ok(format('SELECT social.set_consent_document(%L, %L, url => %L)', d, v, u), 'SM400', NULL, what)
FROM (VALUES ('Terms', '1', '', 'a document is a word'), (NULL, '1', '', 'null is none'), ('tap_terms', '', '', 'a version has a name'), ('tap_terms', repeat('x', 51), '', 'of some length'), ('tap_terms', '1', 'javascript:alert(1)', 'an address is one')) AS t (d, v, u, what);

SELECT throws_ok('SELECT social.consents()', 'SM401', NULL, 'who acts sees what he has agreed to');
SELECT social.act_as('tap_ann') AS ann \gset
SELECT social.set_client_address('192.0.2.7');
SELECT results_eq('SELECT document COLLATE "default", version COLLATE "default", is_required, is_given, is_missing, said_at FROM social.consents() WHERE document LIKE ''tap\_%''', $$ VALUES ('tap_mails', 'a', false, false, false, NULL::timestamptz), ('tap_terms', '1', true, false, true, NULL) $$, 'nothing at first; what is required is missing');
SELECT social.give_consent('tap_terms', '1', 'app') AS given \gset
SELECT row_eq(format('SELECT user_id, document COLLATE "default", version COLLATE "default", is_given, source COLLATE "default", address, created_at FROM social.consents WHERE id = %s', :given), row(:ann::bigint, 'tap_terms'::text, '1'::text, true, 'app'::text, '192.0.2.7'::text, now()), 'a consent is a row: document, version, time, source, address');
SELECT is(social.give_consent('tap_terms'), :given::bigint, 'again is the same');
SELECT is((SELECT is_given AND NOT is_missing FROM social.consents() WHERE document = 'tap_terms'), true, 'it is given');
SELECT throws_ok($$ SELECT social.give_consent('tap_terms', '3') $$, 'SM409', 'another version holds', 'to what holds');
SELECT throws_ok($$ SELECT social.give_consent('tap_cookies') $$, 'SM404', NULL, 'of what there is');
SELECT throws_ok($$ SELECT social.withdraw_consent('tap_mails') $$, 'SM404', NULL, 'what was never given cannot be taken back');
-- a new version
SELECT social.set_consent_document('tap_terms', '2', 'Terms', is_required => true);
SELECT row_eq($$ SELECT version COLLATE "default", is_given, is_missing, said_version COLLATE "default" FROM social.consents() WHERE document = 'tap_terms' $$, row('2'::text, false, true, '1'::text), 'a newer version asks anew, and what was said stays known');
SELECT throws_ok($$ SELECT social.give_consent('tap_terms', '1') $$, 'SM409', NULL, 'nobody agrees to an older one');
SELECT isnt(social.give_consent('tap_terms', '2'), :given::bigint, 'agreeing to it is another row');
SELECT social.withdraw_consent('tap_terms') AS taken \gset
SELECT is(social.withdraw_consent('tap_terms'), :taken::bigint, 'taken back, again the same');
SELECT is((SELECT is_missing FROM social.consents() WHERE document = 'tap_terms'), true, 'and missing once more');
SELECT results_eq('SELECT version COLLATE "default", is_given, source COLLATE "default" FROM social.consent_history()', $$ VALUES ('2', false, 'sql'), ('2', true, 'sql'), ('1', true, 'app') $$, 'the history has all of it');
SELECT social.act_as('tap_bob');
SELECT is_empty('SELECT FROM social.consent_history()', 'each has their own');
SELECT results_eq($$ SELECT username, version COLLATE "default", is_given, holds FROM social.admin_consents WHERE username = 'tap_ann' ORDER BY id $$, $$ VALUES ('tap_ann', '1', true, false), ('tap_ann', '2', true, false), ('tap_ann', '2', false, true) $$, 'operators see what holds');
SELECT results_eq($$ SELECT version COLLATE "default", holds FROM social.admin_consent_documents WHERE document = 'tap_terms' ORDER BY version $$, $$ VALUES ('1', false), ('2', true), ('3', false) $$, 'and which documents do');
SELECT social.act_as(NULL::bigint);
SELECT throws_ok($$ SELECT social.remove_consent_document('tap_terms', '1') $$, 'SM409', NULL, 'what somebody agreed to stays known');
SELECT lives_ok($$ SELECT social.remove_consent_document('tap_terms', '3') $$, 'another version goes');
SELECT throws_ok($$ SELECT social.remove_consent_document('tap_terms', '3') $$, 'SM404', NULL, 'once');
UPDATE social.consents SET created_at = now() - interval '91 days' WHERE user_id = :ann;
SELECT social.retention_round() \g /dev/null
SELECT is((SELECT count(*) FILTER (WHERE address IS NULL) || ' ' || count(*) FROM social.consents WHERE user_id = :ann), '3 3', 'seed 166: addresses go, the rest stays');

-- ---- the page about security ------------------------------------------------------------------------
SELECT throws_ok('SELECT social.security_json()', 'SM401', NULL, 'security is one''s own');
SELECT social.act_as('tap_ann');
SELECT social.audit('change_password', 'user', :ann), social.audit('suspend_user', 'user', :ann), social.issue_api_key(:ann, 'Tap', '{read}');
SELECT social.security_json()::jsonb AS page \gset
SELECT set_eq(format('SELECT jsonb_object_keys(%L)', :'page'), ARRAY['email', 'email_verified', 'pending_email', 'password_changed_at', 'last_login_at', 'totp_enabled', 'recovery_codes_left', 'sessions', 'login_attempts', 'api_keys', 'changes'], 'all of it in one');
SELECT is((:'page'::jsonb #>> '{api_keys,0,name}'), 'Tap', 'the keys');
SELECT is((SELECT array_agg(c ->> 'action') FROM jsonb_array_elements(:'page'::jsonb -> 'changes') c), ARRAY['create_api_key', 'change_password'], 'what was changed, newest first, and nothing else of the audit log');

SELECT * FROM finish();
ROLLBACK;
