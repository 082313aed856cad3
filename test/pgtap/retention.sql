-- retention.sql proves how long data is kept (seed 166, P-24).
BEGIN;
SELECT no_plan();

SELECT is_empty('SELECT FROM social.retention', 'a new installation overrides nothing');
SELECT isnt_empty($$ SELECT FROM social.admin_retention WHERE data_class = 'audit_log' AND keep = '2 years' AND is_default AND description <> '' $$, 'the defaults are there to be read');
SELECT throws_ok($$ SELECT social.set_retention('nonsense', '1 day') $$, 'SM404', 'data class not found', 'an unknown class is refused');
SELECT throws_ok($$ SELECT social.set_retention('post_views', '1 minute') $$, 'SM400', 'invalid keep', 'so is a time that is too short');
SELECT throws_ok($$ SELECT social.set_retention('post_views', '-1 day') $$, 'SM400', 'invalid keep', 'or none');
SELECT throws_ok($$ SELECT social.set_retention('deleted_posts', '1 day') $$, 'SM400', NULL, 'deleted posts follow their setting');
SELECT throws_ok('SELECT social.retention_round(0)', 'SM400', 'invalid batch', 'a batch has a size');

-- The round comes every minute: it must not read what is not old.
SELECT is((SELECT sum(least(p.past, pages) - p.first)::bigint FROM (SELECT DISTINCT p.* FROM generate_series(0, 1439) minute, social.retention_pages(pages, '2026-01-01'::timestamptz + minute * interval '1 minute') p) p), pages, 'a table of ' || pages || ' pages is looked at within a day')
FROM unnest(ARRAY[0, 1, 4000, 4001, 90000, 30000001]::bigint[]) pages;
SELECT is((SELECT max(p.past - p.first) FROM generate_series(0, 1439) minute, social.retention_pages(pages, '2026-01-01'::timestamptz + minute * interval '1 minute') p), greatest(4000, (pages + 1399) / 1400), 'no more of it than that at once')
FROM unnest(ARRAY[4000, 90000, 30000001]::bigint[]) pages;
-- In any order, as plans are made anew.
DO $$
DECLARE
	class record;
BEGIN
	FOR class IN SELECT c.* FROM social.retention_classes() c WHERE c.table_name IS NOT NULL AND c.data_class <> 'events' ORDER BY c.table_name = 'notifications'
	LOOP
		DISCARD PLANS;
		PERFORM social.retention_batch(class, interval '100 years', 1);
	END LOOP;
END
$$;
SELECT pass('each class by itself, with plans that are new');
-- A table of more pages than a minute's: what is old in all of them goes, in the minutes of each.
CREATE TABLE social.walked (id bigint, at timestamptz, pad text) WITH (fillfactor = 10);
INSERT INTO social.walked SELECT n, now() - interval '2 days', repeat('x', 500) FROM generate_series(1, 5000) n;
SELECT cmp_ok(pg_relation_size('social.walked') / current_setting('block_size')::integer, '>', 4000::bigint, 'a table of some pages');
SELECT social.retention_batch(c, interval '1 day', 100000) AS gone FROM (SELECT 'walked', NULL::interval, 'walked', 'at', 'true', NULL, '') AS c (data_class, default_keep, table_name, time_column, condition, instead_set, description) \gset
SELECT is(count(*), 5000::bigint - :gone, 'a batch is of the pages of this minute') FROM social.walked;
SELECT ok(:gone BETWEEN 1 AND 4999, 'which are not all');
SELECT is(count(*), 0::bigint, 'and the rest stands in others') FROM social.walked w, social.retention_pages(pg_relation_size('social.walked') / current_setting('block_size')::integer, now()) p WHERE w.ctid >= format('(%s,0)', p.first)::tid AND w.ctid < format('(%s,0)', p.past)::tid;
SET LOCAL social.allow_drop = on;
DROP TABLE social.walked;
SET LOCAL social.allow_drop = off;
-- A row of BRIN would keep the oldest time that its pages ever had, so that once all were in use again everything is read.
SELECT is_empty($$
	SELECT i.indexrelid::regclass FROM social.retention_classes() r JOIN pg_index i ON i.indrelid = ('social.' || r.table_name)::regclass
		JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'brin'
$$, 'no class is looked up by BRIN');

-- Who adds a table says how long its rows are kept, or here why they need no class (P-24, issue 17).
SELECT set_eq($$
	SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p')
		AND c.relname NOT IN (SELECT r.table_name FROM social.retention_classes() r WHERE r.table_name IS NOT NULL)
$$, ARRAY[
	-- what people made, until they or the account's end take it away; what was deleted is the class deleted_posts
	'users', 'profiles', 'posts', 'comments', 'follows', 'follow_requests', 'blocks', 'post_likes', 'comment_likes', 'reposts', 'bookmarks', 'notification_preferences', 'user_totp', 'recovery_codes', 'streams', 'sport_follows',
	-- mutes end by expire_mutes()
	'mutes',
	-- parts of such a row, which go with it
	'mentions', 'hashtags', 'post_hashtags', 'post_subjects', 'refresh_tokens', 'stream_keys', 'stream_invitations', 'stream_chatters', 'stream_moderators', 'stream_subjects', 'mux_streams',
	-- one row for each of those, however often it changes
	'user_counters', 'post_counters', 'comment_counters', 'hashtag_counters', 'subject_counters', 'stream_audiences', 'last_positions', 'text_tables',
	-- what waits to be folded, told or done, and is gone a moment later; the worker's rounds see to it
	'user_counter_deltas', 'post_counter_deltas', 'comment_counter_deltas', 'hashtag_counter_deltas', 'subject_counter_deltas', 'trend_events', 'event_outbox', 'event_counts', 'post_reindex', 'recounts', 'job_workers',
	-- what fades by itself
	'post_trends', 'hashtag_trends',
	-- what the operator, or staff, put there by hand, and take away again
	'retention', 'content_rules', 'rate_limit_overrides', 'leaked_passwords', 'jwt_issuers', 'graphql_documents', 'media_store', 'mux_account', 'consent_documents', 'job_kinds', 'job_pauses', 'job_schedules',
	'sport_subjects', 'leagues', 'teams', 'athletes', 'sport_external_ids',
	-- what a moving in leaves, as long as its operator wants to look at it; an imported post is there as long as the post
	'django_imports', 'django_ids', 'django_notes', 'imported_posts',
	-- a row for each time that the database went on in another way
	'event_histories',
	-- a few of a person's, as long as they want them, and where the log was looked at last
	'webhooks', 'webhook_secrets', 'webhook_log',
	-- one row: whose name what deleted people left is shown under
	'tombstones'
], 'every table that grows has its class of data, or stands here with why not');
SELECT is_empty($$ SELECT c.data_class FROM social.retention_classes() c WHERE c.table_name IS NOT NULL AND to_regclass('social.' || quote_ident(c.table_name)) IS NULL $$, 'and every class its table');

INSERT INTO social.users (username) VALUES ('tap_author'), ('tap_reader');
SELECT social.act_as('tap_author') AS author \gset
SELECT social.create_post('Old', 'text') AS post \gset
SELECT social.update_post(:post, content => 'another text') \g /dev/null
SELECT social.act_as('tap_reader') AS reader \gset
SELECT social.view_post(:post), social.report_post(:post, 'spam') AS report \gset
DELETE FROM social.notifications;
INSERT INTO social.notifications (recipient_id, type, message, is_read, created_at)
SELECT :author, 'system', 'old', n % 2 = 0, now() - interval '100 days' FROM generate_series(1, 10) n;
UPDATE social.post_views SET window_start = now() - interval '31 days' WHERE post_id = :post;
UPDATE social.reports SET status = 'dismissed', resolved_at = now() - interval '2 years' WHERE id = :report;
SET LOCAL social.restoring = on;
INSERT INTO social.audit_log (action, address, created_at) VALUES ('tap', '192.0.2.1', now() - interval '91 days');
UPDATE social.post_revisions SET created_at = now() - interval '20 years' WHERE post_id = :post;
SET LOCAL social.restoring = off;

SELECT social.retention_round() AS done \gset
SELECT results_eq($$ SELECT is_read, count(*) FROM social.notifications WHERE message = 'old' GROUP BY 1 $$, $$ VALUES (false, 5::bigint) $$, 'read notifications go, unread ones stay');
SELECT is_empty(format('SELECT FROM social.post_views WHERE post_id = %s', :post), 'old views go');
SELECT is((SELECT views_count FROM social.post(:post)), 1::bigint, 'and still count');
SELECT is_empty(format('SELECT FROM social.reports WHERE id = %s', :report), 'closed reports go');
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'tap' AND address IS NULL), 1::bigint, 'the audit log loses the address, and keeps the entry');
SELECT is((SELECT count(*) FROM social.post_revisions WHERE post_id = :post), 1::bigint, 'revisions stay by default');
SELECT cmp_ok(:done, '>=', 8, 'the round says how many rows it took');
-- Other tests' rows may take a round more: those that somebody held are passed over.
SELECT ok(EXISTS (SELECT FROM generate_series(1, 100) WHERE social.retention_round() = 0), 'nothing is left to do');

SELECT social.set_retention('unread_notifications', '30 days');
SELECT social.set_retention('post_revisions', '1 year');
SELECT is((SELECT (keep, is_default)::text FROM social.admin_retention WHERE data_class = 'post_revisions'), '("1 year",f)', 'an installation decides otherwise');
SELECT is(social.retention_round(2), 3::bigint, 'a round takes a batch of each class');
SELECT is(social.retention_round(2), 2::bigint, 'the next another');
SELECT is_empty(format('SELECT FROM social.post_revisions WHERE post_id = %s', :post), 'revisions go when told so');
SELECT social.set_retention('read_notifications', NULL);
INSERT INTO social.notifications (recipient_id, type, message, is_read, created_at) VALUES (:author, 'system', 'kept', true, now() - interval '10 years');
SELECT social.retention_round();
SELECT isnt_empty($$ SELECT FROM social.notifications WHERE message = 'kept' $$, 'null keeps for ever');
SELECT social.set_retention('read_notifications', '90 days');
SELECT is_empty($$ SELECT FROM social.retention WHERE data_class = 'read_notifications' $$, 'the default leaves no row');
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'set_retention'), 4::bigint, 'the audit log says who decided');

-- an account that was deleted
SELECT social.act_as('tap_author') \g /dev/null
SELECT social.create_comment(:post, 'c' || n) FROM generate_series(1, 30) n \g /dev/null
SELECT social.like_post(:post) \g /dev/null
SET LOCAL social.deletion_grace = 0;
SELECT is(social.delete_account(), :author::bigint, 'an account is deleted by its owner');
SELECT social.act_as(NULL::bigint);
SELECT throws_ok($$ SELECT social.act_as('tap_author') $$, 'SM404', NULL, 'it cannot act from then on');
SELECT is((SELECT (username, email, password, is_active)::text FROM social.users WHERE id = :author), format('(deleted-%s,"",!,f)', :author), 'what it says of the person is gone at once');
SELECT lives_ok($$ SELECT social.register_user('tap_author', 'tap@example.com', 'correct horse') $$, 'the name is free');
SELECT cmp_ok(social.erase_accounts(10), '<=', 20::bigint, 'the erasing goes on in batches');
SELECT isnt_empty(format('SELECT FROM social.users WHERE id = %s', :author), 'over several rounds');
DO $$ BEGIN WHILE social.erase_accounts(10) > 0 LOOP END LOOP; END $$;
SELECT is_empty(format('SELECT FROM social.users WHERE id = %s', :author), 'until nothing is left');
SELECT is_empty('SELECT FROM social.reconcile()', 'and counts equal the truth');

SELECT * FROM finish();
ROLLBACK;
