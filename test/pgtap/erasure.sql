-- erasure.sql proves that nothing of a person is left in the database once the account is erased
-- (found B11): no name, address, network address, device, text or tag, in any column of any table.
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SET LOCAL social.deletion_grace = 0;
SET LOCAL social.rate_limits = on;
SET LOCAL social.rate_limit_store = 'table';
SELECT social.register_user('era_staff', 'era_staff@example.com', 'a good password') AS staff,
	social.register_user('era_other', 'era_other@example.com', 'a good password') AS other \gset
UPDATE social.users SET is_staff = true WHERE id = :staff;
SELECT social.set_consent_document('era_terms', '1');

-- Every word of theirs begins with zqxvj, which no random token of others holds by chance; both addresses are of 203.0.113.0/24.
CREATE FUNCTION pg_temp.live(who text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	me bigint;
	others bigint := social.act_as('era_other', true);
	post bigint;
	comment bigint;
	report bigint;
	refresh text;
BEGIN
	PERFORM social.act_as(NULL::bigint, true);
	PERFORM social.set_client_address('203.0.113.201');
	PERFORM social.register('zqxvj' || who, 'zqxvj' || who || '@zqxvj.example', 'zqxvj password', 'Zqxvjfirst', 'Zqxvjlast', '203.0.113.201');
	SELECT u.id INTO me FROM social.users u WHERE u.username = 'zqxvj' || who;
	PERFORM social.register('zqxvjlater' || who, 'zqxvj' || who || '@zqxvj.example', 'zqxvj password');
	PERFORM social.login('zqxvj' || who, 'zqxvj password', device => 'zqxvjphone', user_agent => 'zqxvjagent/1', address => '203.0.113.201');
	PERFORM social.login('zqxvj' || who, 'not it', device => 'zqxvjphone', user_agent => 'zqxvjagent/1', address => '203.0.113.202');
	PERFORM social.login('zqxvj' || who || '@zqxvj.example', 'not it', device => 'zqxvjphone', user_agent => 'zqxvjagent/1', address => '203.0.113.202');
	PERFORM social.take_rate_limit('login', address => '203.0.113.202', account => n, surface => 'auth') FROM unnest(ARRAY['zqxvj' || who, 'zqxvj' || who || '@zqxvj.example']) AS n;
	PERFORM social.request_password_reset('zqxvj' || who || '@zqxvj.example', '203.0.113.202');
	PERFORM social.verify_email((SELECT m.variables ->> 'token' FROM social.mail_outbox m WHERE m.user_id = me AND m.template = 'verify_email'), '203.0.113.201');
	PERFORM social.request_password_reset('zqxvj' || who || '@zqxvj.example', '203.0.113.202');
	SELECT l.refresh INTO refresh FROM social.login('zqxvj' || who || '@zqxvj.example', 'zqxvj password', address => '203.0.113.201') l;
	PERFORM social.logout(refresh);

	PERFORM social.act_as(me, true);
	PERFORM social.update_account(email => 'zqxvjnew' || who || '@zqxvj.example', current_password => 'zqxvj password', bio => 'zqxvjbio', avatar => 'https://zqxvj.example/a.png',
		banner_image => 'https://zqxvj.example/b.png', location => 'Zqxvjville', website => 'https://zqxvj.example/');
	PERFORM social.set_job_kind('era'), social.enqueue_job('era', '{"to": "zqxvjmail"}', user_id => me);
	PERFORM social.claim_request('zqxvjkey', 0, 'hash'), social.keep_answer('zqxvjkey', 0, 'hash', 'zqxvjanswer');
	PERFORM social.make_api_key(me, 'zqxvjkey', '{read}', NULL), social.give_consent('era_terms', source => 'zqxvjapp');
	post := social.create_post('zqxvjtitle', 'zqxvjtext #zqxvjtag #eratag');
	PERFORM social.update_post(post, content => 'zqxvjedited #zqxvjother #eratag');
	PERFORM social.create_stream('zqxvjstream', 'zqxvjabout', tags => 'zqxvjtag', allowed_users => ARRAY[others]);
	PERFORM social.send_chat_message((SELECT max(s.id) FROM social.streams s WHERE s.host_id = me), 'zqxvjsaid');
	PERFORM social.create_post('zqxvjdraft', 'zqxvjdraft #zqxvjdrafttag', is_published => false);
	PERFORM social.delete_post(social.create_post('zqxvjgone', 'zqxvjgone #zqxvjgonetag'));
	PERFORM social.act_as(others, true);
	comment := social.create_comment(post, 'a comment');
	PERFORM social.report_post(post, 'spam', 'what is this');
	PERFORM social.act_as(me, true);
	PERFORM social.create_comment(post, 'zqxvjreply', comment);
	comment := social.create_comment(post, 'zqxvjcomment');
	PERFORM social.like_post(post), social.follow_user(others), social.view_post((SELECT max(p.id) FROM social.posts p WHERE p.author_id = others));
	PERFORM social.report_user(others, 'zqxvj reason', 'zqxvjdetails');
	PERFORM social.report_post((SELECT max(p.id) FROM social.posts p WHERE p.author_id = others), 'spam', 'zqxvjdetails');

	PERFORM social.act_as('era_staff', true);
	PERFORM social.set_client_address('198.51.100.1');
	SELECT r.id INTO report FROM social.reports r WHERE r.post_id = post;
	PERFORM social.resolve_report(report, 'hide', 'zqxvjnote: as ever');
	PERFORM social.hide_comment(comment, 'zqxvjnote');
	PERFORM social.suspend_user(me, reason => 'zqxvjnote'), social.unsuspend_user(me, 'zqxvjnote');
	PERFORM social.act_as(others, true);
	report := social.report_user(me, 'spam', 'them again');
	PERFORM social.act_as('era_staff', true);
	PERFORM social.resolve_report(report, 'dismiss', 'zqxvjnote');
	PERFORM social.act_as(NULL::bigint, true);
	PERFORM social.set_client_address(NULL);
	-- Who claims the address too is another person, and theirs to erase.
	PERFORM social.delete_user(u.id) FROM social.users u WHERE u.username = 'zqxvjlater' || who;
	RETURN me;
END
$$;
CREATE FUNCTION pg_temp.left_of() RETURNS TABLE (place text, row_text text) LANGUAGE plpgsql AS $$
DECLARE
	relation regclass;
BEGIN
	FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'r' ORDER BY c.relname LOOP
		RETURN QUERY EXECUTE format('SELECT %L::text, left(t::text, 300) FROM %s t WHERE t::text ~* ''zqxvj|203\.0\.113'' OR t::text ILIKE ''%%\\x7a7178766a%%''', relation, relation);
	END LOOP;
END
$$;
SELECT social.act_as('era_other', true);
SELECT social.create_post('A post of another', 'which stays #eratag') AS kept \gset

-- Windows of a network are nobody's in particular, and last a day at most.
CREATE FUNCTION pg_temp.found() RETURNS SETOF text LANGUAGE sql AS $$SELECT place || row_text FROM pg_temp.left_of() WHERE NOT (place = 'social.rate_limit_state' AND row_text LIKE '%/address:%')$$;

-- in the transaction that asks
SELECT pg_temp.live('one') AS one \gset
SELECT cmp_ok((SELECT count(DISTINCT place) FROM pg_temp.left_of()), '>=', 12::bigint, 'found B11: a person leaves traces in a dozen tables');
SELECT social.delete_user(:one);
SELECT is_empty('SELECT pg_temp.found()', 'found B11: none of them after delete_user');

-- by the worker's rounds
SELECT pg_temp.live('two') AS two \gset
SELECT social.act_as(:two, true);
SELECT social.set_client_address('203.0.113.201');
SELECT social.delete_account();
SELECT social.act_as(NULL::bigint, true), social.set_client_address(NULL);
DO $$ BEGIN WHILE social.erase_accounts(3) > 0 LOOP END LOOP; END $$;
SELECT is_empty('SELECT pg_temp.found()', 'found B11: nor after delete_account and the worker, few rows at a time');

-- in parts
SELECT is_empty($$
	SELECT h.source_table, h.source_column FROM social.hanging_columns('users') h
	WHERE h.source_table <> 'tombstones' AND NOT EXISTS (SELECT FROM social.erasure_parts() p WHERE p.table_name = h.source_table)
$$, 'what hangs on a person is gone through in batches');

-- what stays
SELECT results_eq($$SELECT action COLLATE "default", count(*) FROM social.audit_log WHERE object_type = 'user' AND object_id IS NULL AND created_at = now() AND action IN ('register', 'suspend_user', 'delete_user') GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('delete_user', 4::bigint), ('register', 4), ('suspend_user', 2)$$, 'found B11: the audit log goes on saying what happened, and when');
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'suspend_user' AND object_id IS NULL AND address = '198.51.100.1' AND actor_id = :staff), 2::bigint, 'found B11: and who of the staff did it');
SELECT is_empty($$SELECT FROM social.audit_log WHERE object_type = 'user' AND object_id IN ($$ || :one || ',' || :two || ') OR actor_id IN (' || :one || ',' || :two || ')', 'issue 17: but not to whom');
SELECT results_eq($$SELECT reason, details, reporter_id FROM social.reports WHERE user_id = $$ || :other || ' OR post_id = ' || :kept || ' ORDER BY id', $$VALUES ('other', '', NULL::bigint), ('spam', '', NULL), ('other', '', NULL), ('spam', '', NULL)$$, 'found B11: their reports stay, without their words');
SELECT is((SELECT array_agg(h.tag::text) FROM social.hashtags h WHERE h.tag = 'eratag'), ARRAY['eratag'], 'found B11: a tag that others use stays');
SELECT is((SELECT count(*) FROM social.hashtag_posts('eratag')), 1::bigint, 'found B11: with their posts');
SELECT is((SELECT count(*) FROM social.reconcile()), 0::bigint, 'found B11: and every count is right');

SELECT * FROM finish();
ROLLBACK;
