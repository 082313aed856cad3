-- error.sql proves that every refusal carries a state of class SM, a detail and a hint (issue: the
-- domain in the database, bad input).
BEGIN;
SELECT no_plan();

INSERT INTO social.users (id, username, is_locked) VALUES (9100001, 'tap_error', false), (9100002, 'tap_other', true);
INSERT INTO social.posts (id, author_id, title, content, reply_settings) VALUES (9100001, 9100002, 'closed', 'thread', 'none');

-- What a statement raises: its state, and whether it has a detail and a hint.
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', state, CASE WHEN detail = '' THEN 'without a detail' END, CASE WHEN hint = '' THEN 'without a hint' END);
END
$$;

SELECT is(pg_temp.refusal(statement), 'SM401', 'nobody acts: ' || statement)
FROM unnest(ARRAY['SELECT social.create_post(''t'', ''c'')', 'SELECT social.like_post(9100001)', 'SELECT social.follow_user(9100002)',
	'SELECT * FROM social.notifications()', 'SELECT * FROM social.login_attempts()', 'SELECT social.account_json()']) AS t (statement);
SELECT is((SELECT error_code || CASE WHEN error_detail <> '' THEN ' with a detail' ELSE '' END FROM social.login('tap_nobody', 'not the password')), 'SM401 with a detail', 'a refused login says so in its row');

SELECT social.act_as(9100001, session => true);
SELECT is(pg_temp.refusal(statement), state, statement)
FROM (VALUES
	('SM404', 'SELECT social.like_post(-1)'), ('SM404', 'SELECT social.like_comment(-1)'), ('SM404', 'SELECT social.follow_user(-1)'),
	('SM404', 'SELECT social.create_comment(-1, ''c'')'), ('SM404', 'SELECT social.delete_post(-1)'), ('SM404', 'SELECT social.update_comment(-1, ''c'')'),
	('SM404', 'SELECT social.mark_notification_read(-1)'), ('SM404', 'SELECT * FROM social.user_posts(-1)'), ('SM404', 'SELECT social.block_user(-1)'),
	('SM400', 'SELECT social.follow_user(9100001)'), ('SM400', 'SELECT social.block_user(9100001)'),
	('SM400', 'SELECT social.create_post('''', ''c'')'), ('SM400', 'SELECT social.create_post(repeat(''x'', 256), ''c'')'),
	('SM400', 'SELECT social.create_post(''t'', ''c'', visibility => ''nobody'')'), ('SM400', 'SELECT social.create_post(''t'', ''c'', reply_settings => ''some'')'),
	('SM400', 'SELECT * FROM social.search_posts('''')'), ('SM400', 'SELECT * FROM social.search_posts(''x'', first => 0)'),
	('SM400', 'SELECT * FROM social.hashtag_posts(''x'', after => ''tampered'')'), ('SM400', 'SELECT social.set_notification_preference(''nothing'', true)'),
	('SM403', 'SELECT social.create_comment(9100001, ''c'')'), ('SM403', 'SELECT social.hide_post(9100001)'),
	('SM409', 'SELECT social.register_user(''TAP_other'', ''x@example.com'', ''long enough'')'),
	('SM400', 'SELECT social.register_user(''tap third'', ''x@example.com'', ''long enough'')'),
	('SM400', 'SELECT social.register_user(''tap_third'', ''x@example.com'', ''short'')')) AS t (state, statement);

SELECT * FROM finish();
ROLLBACK;
