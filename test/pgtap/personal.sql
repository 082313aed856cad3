-- personal.sql proves that every column which refers to a person is known: exported or not, and why;
-- deleted or not, and why (issue 17, seed 166). It fails for a new table or column until that is said.
BEGIN;
SELECT no_plan();
CREATE TEMPORARY TABLE personal AS SELECT * FROM social.personal_columns();
CREATE TEMPORARY VIEW columns AS
SELECT c.relname::text AS table_name, a.attname::text AS column_name, format_type(a.atttypid, NULL) AS type, c.oid
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition;

SELECT is_empty('SELECT table_name, column_name FROM personal WHERE on_deletion IS NULL', 'what a foreign key leads to a person by is a row of personal_notes(): sql/api/personal.sql');
SELECT is_empty('SELECT n.table_name, n.column_name FROM personal n WHERE NOT EXISTS (SELECT FROM columns c WHERE c.table_name = n.table_name AND c.column_name = n.column_name)',
	'no row is of a column that is not there');
SELECT is_empty('SELECT table_name, column_name FROM personal WHERE condition IS NULL', 'where no foreign key leads to a person, the row says how');
SELECT is_empty($$SELECT table_name, column_name FROM personal WHERE on_deletion NOT IN ('delete', 'anonymise', 'keep') OR export_note = '' OR (on_deletion <> 'delete' AND deletion_note = '')$$,
	'what is not exported, and what is not deleted, has a reason');
SELECT is((SELECT count(*) FROM (SELECT table_name, column_name FROM social.personal_notes() GROUP BY 1, 2 HAVING count(*) > 1) twice), 0::bigint, 'each column has one row');
SELECT is((SELECT count(*) FROM (SELECT export_as FROM personal WHERE export_as IS NOT NULL GROUP BY 1 HAVING count(*) > 1) twice), 0::bigint, 'and each file');
SELECT is_empty($$SELECT export_as FROM personal WHERE export_as !~ '^[a-z][a-z_]{1,40}$'$$, 'whose name is one anywhere');

-- Every table is known, or holds nothing of anybody in particular.
SELECT set_eq('SELECT DISTINCT table_name FROM columns WHERE table_name NOT IN (SELECT table_name FROM personal)', ARRAY[
	'leaked_passwords', 'jwt_key', 'jwt_issuers', 'media_store', 'mux_account', 'webhook_attempts', 'content_rules', 'rate_limit_overrides', 'retention', 'text_tables', 'post_reindex', 'graphql_documents', 'django_imports',
	'event_histories', 'webhook_log', 'job_kinds', 'job_pauses', 'job_workers', 'job_history', 'job_schedules', 'consent_documents',
	-- tags, and what everybody together makes of them
	'hashtag_counters', 'hashtag_counter_deltas', 'hashtag_trends', 'subject_counters', 'subject_counter_deltas',
	-- people and clubs that are no accounts
	'sport_subjects', 'leagues', 'teams', 'athletes', 'sport_external_ids'
], 'every table has a row in personal_notes(), or holds nothing of anybody, and stands here');

-- What may refer to somebody without a foreign key: an id, a document, somebody's words or traces.
SELECT set_eq($$
	SELECT c.table_name || '.' || c.column_name FROM columns c
	WHERE c.table_name IN (SELECT table_name FROM personal) AND (c.type IN ('jsonb', 'json', 'inet', 'cidr') OR c.column_name ~ '(^|_)(address|email|username|owner|author|actor|person)(_|$)' OR (c.type = 'bigint' AND c.column_name ~ '_id$'))
		AND NOT EXISTS (SELECT FROM personal n WHERE n.table_name = c.table_name AND n.column_name = c.column_name)
$$, ARRAY[
	-- of rows that are the person's as a whole
	'users.username', 'users.email', 'users.pending_email', 'users.email_verified_at', 'user_sessions.address', 'login_attempts.address', 'consents.address', 'account_tokens.email', 'mail_outbox.variables', 'media.variants', 'idempotency_keys.result_id',
	'comments.author_is_counted',
	-- of other things than people
	'webhooks.runner_job_id', 'webhooks.after_event_id', 'webhook_deliveries.event_id', 'webhook_delivery_attempts.webhook_id', 'webhook_events.post_id', 'webhook_events.comment_id', 'webhook_events.stream_id',
	'comments.parent_id', 'imported_posts.original_id', 'event_outbox.post_id', 'event_outbox.comment_id', 'event_outbox.stream_id', 'events.post_id', 'events.comment_id', 'events.stream_id', 'jobs.worker_id', 'mail_outbox.job_id',
	'post_hashtags.hashtag_id', 'post_subjects.subject_id', 'stream_subjects.subject_id', 'sport_follows.subject_id', 'posts.quoted_post_id', 'refresh_tokens.parent_id', 'streams.notice_id', 'streams.pinned_message_id', 'token_blacklist.session_id'
], 'no other column can refer to somebody, or it stands here');

-- What is left out of files.
SELECT is_empty($$SELECT u.table_name, u.column_name FROM social.unexported_columns() u WHERE NOT EXISTS (SELECT FROM columns c WHERE c.table_name = u.table_name AND c.column_name = u.column_name)
	OR NOT EXISTS (SELECT FROM personal n WHERE n.table_name = u.table_name AND n.export_as = coalesce(u.export_as, n.export_as)) OR u.reason = ''$$, 'what an export leaves out is a column of what it takes, with a reason');
SELECT is_empty($$
	SELECT n.export_as, c.column_name FROM personal n JOIN columns c ON c.table_name = n.table_name
	WHERE n.export_as IS NOT NULL AND (c.type IN ('bytea', 'tsvector') OR c.column_name ~ 'password$|secret|token|hash$|private_|digest')
		AND NOT EXISTS (SELECT FROM social.unexported_columns() u WHERE u.table_name = c.table_name AND u.column_name = c.column_name AND coalesce(u.export_as, n.export_as) = n.export_as)
$$, 'no secret and no digest of one is exported');

-- The conditions hold, each, and find what is there.
CREATE FUNCTION pg_temp.count_personal(person bigint) RETURNS TABLE (place text, many bigint) LANGUAGE plpgsql AS $$
DECLARE
	known record;
BEGIN
	FOR known IN SELECT * FROM personal LOOP
		place := known.table_name || '.' || known.column_name;
		EXECUTE format('SELECT count(*) FROM social.%I t WHERE %s', known.table_name, known.condition) INTO many USING person;
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT lives_ok('SELECT count(*) FROM pg_temp.count_personal(0)', 'each condition is one');
SELECT is((SELECT sum(many) FROM pg_temp.count_personal(0)), 0::numeric, 'and finds nothing of nobody');
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SELECT social.register_user('personal_one', 'personal_one@example.com', 'a good password') AS one, social.register_user('personal_two', 'personal_two@example.com', 'a good password') AS two \gset
SELECT social.act_as(:two, true), social.follow_user(:one), social.create_post('A title', 'hello @personal_one') AS post;
SELECT social.act_as(:one, true), social.create_post('A title', 'hello #tag') AS post \gset
SELECT social.update_post(:post, content => 'hello again #tag'), social.like_post(:post), social.create_comment(:post, 'so it is');
SELECT social.block_user(:two);
SELECT bag_has('SELECT place FROM pg_temp.count_personal(' || :one || ') WHERE many > 0',
	$$VALUES ('users.id'), ('posts.author_id'), ('post_revisions.post_id'), ('post_likes.user_id'), ('post_likes.post_id'), ('comments.author_id'), ('comments.post_id'), ('blocks.blocker_id'), ('hashtags.tag')$$,
	'a person is found where the person is, and by what belongs to the person');

-- A table that comes without a word is noticed.
CREATE TABLE social.personal_polls (id bigint PRIMARY KEY, author_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE);
CREATE TABLE social.personal_options (id bigint PRIMARY KEY, poll_id bigint NOT NULL REFERENCES social.personal_polls ON DELETE CASCADE);
CREATE TABLE social.personal_votes (option_id bigint REFERENCES social.personal_options ON DELETE CASCADE);
SELECT set_eq('SELECT table_name, condition FROM social.personal_columns() WHERE on_deletion IS NULL', $$VALUES
	('personal_polls', 't.author_id = $1'),
	('personal_options', 't.poll_id IN (SELECT x1.id FROM social.personal_polls x1 WHERE x1.author_id = $1)'),
	('personal_votes', 't.option_id IN (SELECT x2.id FROM social.personal_options x2 WHERE x2.poll_id IN (SELECT x1.id FROM social.personal_polls x1 WHERE x1.author_id = $1))')
$$, 'a new table is found by its foreign keys, however far, and has no word yet');

SELECT * FROM finish();
ROLLBACK;
