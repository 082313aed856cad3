-- observed.sql proves the registry of observed tables (extension/counter/observed.c): triggers and rows
-- match both ways, every table was thought of, and whatever counts, tells or follows an account has its row.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE observed AS SELECT * FROM social.observed_tables();
CREATE TEMPORARY VIEW triggers AS
SELECT c.relname::text AS source_table, t.tgname::text AS trigger_name,
	format('AFTER %s FOR EACH %s%s', concat_ws(' OR ', CASE WHEN t.tgtype & 4 <> 0 THEN 'INSERT' END, CASE WHEN t.tgtype & 16 <> 0 THEN 'UPDATE' END, CASE WHEN t.tgtype & 8 <> 0 THEN 'DELETE' END),
		CASE WHEN t.tgtype & 1 <> 0 THEN 'ROW' ELSE 'STATEMENT' END, CASE WHEN t.tgtype & 2 <> 0 OR t.tgqual IS NOT NULL OR t.tgattr <> '' OR t.tgenabled <> 'O' THEN ', but not always' ELSE '' END) AS fires,
	p.proname::text AS calls
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'social'::regnamespace AND p.pronamespace = 'social'::regnamespace AND p.proname IN ('count_row', 'count_statement');

SELECT cmp_ok((SELECT count(*) FROM observed), '>=', 11::bigint, 'there are observed tables');
SELECT is((SELECT count(DISTINCT source_table) FROM observed), (SELECT count(*) FROM observed), 'each has one row');
SELECT is_empty($$ SELECT o.source_table FROM observed o WHERE to_regclass('social.' || quote_ident(o.source_table)) IS NULL $$, 'and is there');
SELECT set_eq($$ SELECT source_table, trigger_name, fires, calls FROM triggers $$, $$
	SELECT o.source_table, 'social_' || f.calls, format('AFTER %s FOR EACH %s', o.events, f.level), f.calls
	FROM observed o CROSS JOIN (VALUES ('count_row', 'ROW'), ('count_statement', 'STATEMENT')) f (calls, level)
$$, 'the triggers are those of the registry: none is missing, and none is without a row');

-- Who adds a table decides whether it is observed, and says so here if not.
SELECT set_eq($$
	SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT IN (SELECT source_table FROM observed)
$$, ARRAY[
	-- what is written beneath SQL, by those who also count and tell it
	'mentions', 'user_counters', 'user_counter_deltas', 'post_counters', 'post_counter_deltas', 'comment_counters', 'comment_counter_deltas',
	'hashtag_counters', 'hashtag_counter_deltas', 'subject_counters', 'subject_counter_deltas', 'trend_events', 'last_positions', 'recounts',
	-- what the others' rows are for those who listen
	'event_outbox', 'event_counts', 'events', 'event_histories',
	-- what folds and steps of the worker make
	'post_trends', 'hashtag_trends', 'post_reindex', 'text_tables', 'retention',
	-- what is between one person and the site, or nobody else's business
	'bookmarks', 'repost_places', 'post_revisions', 'notification_preferences',
	'refresh_tokens', 'token_blacklist', 'jwt_key', 'jwt_issuers', 'login_attempts', 'account_tokens', 'account_deletions', 'tombstones', 'mail_outbox', 'user_totp', 'recovery_codes', 'leaked_passwords',
	'api_keys', 'consent_documents', 'consents',
	'reports', 'content_rules', 'audit_log', 'rate_limit_overrides', 'rate_limit_state', 'job_kinds', 'job_pauses', 'job_workers', 'jobs', 'job_history', 'job_schedules', 'media_store', 'media_sweeps', 'stream_keys', 'stream_events', 'mux_account', 'mux_streams', 'webhook_attempts', 'stream_chatters', 'stream_moderators', 'stream_minutes', 'stream_audiences', 'graphql_documents', 'idempotency_keys', 'imported_posts', 'django_imports', 'django_ids', 'django_notes',
	'webhooks', 'webhook_secrets', 'webhook_events', 'webhook_deliveries', 'webhook_delivery_attempts', 'webhook_log',
	-- what staff say of sports
	'leagues', 'teams', 'athletes', 'sport_external_ids', 'post_subjects', 'stream_subjects'
], 'every table is observed, or stands here');

SELECT set_eq('SELECT source_table, counts, counters, notification, trend_weight, last_position, recounted, event FROM observed', $$ VALUES
	('post_likes', '{post_counters.likes_count}'::text[], NULL, 'like', 1::double precision, NULL, '{is_counted}'::text[], NULL),
	('comment_likes', '{comment_counters.likes_count}', NULL, 'comment_like', NULL, NULL, '{is_counted}', NULL),
	('reposts', '{post_counters.reposts_count}', NULL, 'repost', 3, 'repost', '{is_counted}', 'repost'),
	('follows', '{user_counters.followers_count,user_counters.following_count}', NULL, 'follow', NULL, NULL, '{follower_is_counted,followed_is_counted}', 'follow'),
	('comments', '{post_counters.comments_count,comment_counters.replies_count}', 'comment_counters', 'comment', 2, NULL, '{author_is_counted}', 'comment'),
	('posts', '{user_counters.posts_count}', 'post_counters', 'repost', 1, 'post', '{}', 'post'),
	('post_views', '{post_counters.views_count}', NULL, NULL, 0.1, NULL, '{}', NULL),
	('post_hashtags', '{hashtag_counters.posts_count}', NULL, NULL, NULL, NULL, '{}', NULL),
	('sport_follows', '{subject_counters.followers_count}', NULL, NULL, NULL, NULL, '{is_counted}', NULL),
	('sport_subjects', '{}', 'subject_counters', NULL, NULL, NULL, '{}', NULL),
	('follow_requests', '{}', NULL, 'follow_request', NULL, NULL, '{}', NULL),
	('hashtags', '{}', 'hashtag_counters', NULL, NULL, NULL, '{}', NULL),
	('users', '{}', 'user_counters', NULL, NULL, 'new person', '{}', 'user'),
	('blocks', '{}', NULL, NULL, NULL, NULL, '{}', 'block'),
	('mutes', '{}', NULL, NULL, NULL, NULL, '{}', 'mute'),
	('profiles', '{}', NULL, NULL, NULL, NULL, '{}', 'profile'),
	('user_sessions', '{}', NULL, NULL, NULL, NULL, '{}', 'session'),
	('notifications', '{}', NULL, NULL, NULL, NULL, '{}', 'notification'),
	('media', '{}', NULL, NULL, NULL, NULL, '{}', 'media'),
	('streams', '{}', NULL, NULL, NULL, NULL, '{}', 'stream'),
	('stream_views', '{}', NULL, NULL, NULL, NULL, '{}', 'view'),
	('stream_chat_messages', '{}', NULL, NULL, NULL, NULL, '{}', 'chat'),
	('stream_bans', '{}', NULL, NULL, NULL, NULL, '{}', 'ban'),
	('stream_invitations', '{}', NULL, NULL, NULL, NULL, '{}', 'invitation'),
	('exports', '{}', NULL, NULL, NULL, NULL, '{}', 'export')
$$, 'a row of each means what it is to mean');

-- What the catalog knows of that must have its row.
SELECT set_eq($$
	SELECT unnest(counts) FROM observed
$$, $$
	SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'social'::regnamespace AND c.relname ~ '^[a-z]+_counters$' AND c.relkind = 'r' AND a.attnum > 1 AND NOT a.attisdropped
$$, 'every count has rows that it counts');
SELECT is_empty($$
	SELECT c.relname, a.attnum, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'social'::regnamespace AND c.relname ~ '^[a-z]+_counters$' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
		AND NOT EXISTS (SELECT FROM pg_attribute d WHERE d.attrelid = to_regclass('social.' || replace(c.relname, '_counters', '_counter_deltas')) AND d.attnum = a.attnum AND d.attname = a.attname)
$$, 'and stands in the table of deltas as well, in the same place');
SELECT set_eq($$ SELECT counters FROM observed WHERE counters IS NOT NULL $$, $$
	SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relname ~ '^[a-z]+_counters$' AND c.relkind = 'r'
$$, 'every counter table, objects whose rows it makes');
SELECT is_empty($$
	SELECT c.counter_table, c.object_table, o.source_table FROM social.counted_columns() c LEFT JOIN observed o ON o.counters = c.counter_table
	WHERE c.object_table IS DISTINCT FROM o.source_table
$$, 'which are those that it counts for');
SELECT set_eq($$ SELECT source_table || '.' || unnest(recounted) FROM observed $$, $$
	SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'r' AND a.attname ~ 'is_counted$' AND NOT a.attisdropped
		AND NOT EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid = c.oid AND a.attname = 'is_counted' AND p.attname = 'author_is_counted')
$$, 'every flag of who counts follows the account');
SELECT set_eq($$
	SELECT notification FROM observed WHERE notification IS NOT NULL
$$, $$
	SELECT m[1] FROM pg_constraint n, regexp_matches(pg_get_constraintdef(n.oid), '''([a-z_]+)''', 'g') m WHERE n.conname = 'notifications_type_check'
	-- comments make replies; the post's trigger tells of mentions; no rows tell of the others
	EXCEPT SELECT unnest(ARRAY['reply', 'mention', 'live_stream', 'system'])
$$, 'every kind of notification has rows that tell it');
SELECT is_empty($$
	SELECT kind, count(*) FROM pg_constraint n, regexp_matches(pg_get_constraintdef(n.oid), '''([a-z_]+)''', 'g') m (kind)
	WHERE n.conname IN ('notifications_type_check', 'notification_preferences_type_check') GROUP BY 1 HAVING count(*) <> 2
$$, 'and can be turned off');
-- An update's own recounts may be under way: social.recounts remembers steps by number.
SELECT results_eq('SELECT step, source_table, flag FROM social.recount_sources() ORDER BY step LIMIT 6', $$ VALUES
	(1, 'post_likes', 'is_counted'), (2, 'comment_likes', 'is_counted'), (3, 'reposts', 'is_counted'),
	(4, 'follows', 'follower_is_counted'), (5, 'follows', 'followed_is_counted'), (6, 'comments', 'author_is_counted')
$$, 'the steps of a recount keep their numbers');

SELECT * FROM finish();
ROLLBACK;
