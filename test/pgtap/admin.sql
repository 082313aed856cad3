-- admin.sql proves what an administrator does from psql: demo data, check, stats, accounts, lists
-- (seed 151, 152).
BEGIN;
SELECT no_plan();

-- demo data
INSERT INTO social.users (username) VALUES ('tap_somebody');
SELECT throws_ok('SELECT social.init_data()', 'SM409', 'there are users already', 'seed 152: no demo data among real people');
DELETE FROM social.reports;
DELETE FROM social.users;
DELETE FROM social.hashtags;
SELECT throws_ok('SELECT social.init_data(0)', 'SM400', 'invalid scale', 'a scale is positive');
SELECT throws_ok('SELECT social.init_data(1, ''infinity'')', 'SM400', 'invalid until', 'demo data is of the past');
SELECT is(social.init_data(), '200 people, 1000 posts', 'seed 152: init_data');
SELECT set_has('SELECT username FROM social.visible_users', $$ VALUES ('alice'), ('bob'), ('carol'), ('dave'), ('erin'), ('john'), ('user0001') $$, 'with the people of the examples');
SELECT ok(social.verify_password('demo-password', password), 'alice logs in with demo-password') FROM social.users WHERE username = 'alice';
SELECT ok(NOT social.verify_password('demo-password', password) AND NOT social.verify_password('!', password), 'user0001 does not') FROM social.users WHERE username = 'user0001';
SELECT cmp_ok((SELECT count(*) FROM social.posts), '>=', 1000::bigint, 'a thousand posts');
SELECT cmp_ok((SELECT count(*) FROM social.mentions), '>', 300::bigint, 'with mentions');
SELECT cmp_ok((SELECT avg(cardinality(hashtags)) FROM social.posts), '>', 2::numeric, 'with several hashtags');
SELECT isnt_empty($$ SELECT FROM social.hashtag_posts('#django') $$, 'seed 062: #django has posts');
SELECT isnt_empty($$ SELECT FROM social.search_posts('django orm') $$, 'seed 061: "django orm" is found');
SELECT isnt_empty('SELECT FROM social.comments WHERE parent_id IS NOT NULL', 'comments have replies');
SELECT set_eq('SELECT DISTINCT visibility::text FROM social.posts', ARRAY['public', 'followers', 'mentioned', 'private'], 'posts have every visibility');
SELECT set_eq('SELECT DISTINCT reply_settings::text FROM social.posts', ARRAY['everyone', 'followers', 'mentioned', 'none'], 'and reply setting');
SELECT isnt_empty(format('SELECT FROM social.%I', t), 'there are ' || t)
FROM unnest(ARRAY['comment_likes', 'reposts', 'bookmarks', 'blocks', 'mutes', 'follow_requests', 'notifications', 'reports', 'profiles']) t;
SELECT isnt_empty('SELECT FROM social.posts WHERE NOT is_published', 'there are drafts');
SELECT isnt_empty('SELECT FROM social.posts WHERE quoted_post_id IS NOT NULL', 'and quotes');
SELECT isnt_empty($$ SELECT FROM social.post_likes WHERE reaction <> 'heart' $$, 'and other reactions');
SELECT is_empty('SELECT FROM social.reconcile()', 'counts equal the truth');
SELECT is_empty('SELECT FROM social.comments WHERE created_at > now()', 'nothing happens in the future');

-- the same scale gives the same rows, but for the keys that sequences give out
CREATE FUNCTION pg_temp.digest() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
		SELECT to_jsonb(p)::text FROM (SELECT a.username, p.title, p.content, p.visibility, p.hashtags, p.created_at, p.updated_at, p.is_published FROM social.posts p JOIN social.users a ON a.id = p.author_id) p
		UNION ALL SELECT to_jsonb(u)::text FROM (SELECT username, email, password, created_at, is_locked FROM social.users) u
		UNION ALL SELECT to_jsonb(f)::text FROM (SELECT follower, followed, created_at FROM social.admin_follows) f
		UNION ALL SELECT to_jsonb(c)::text FROM (SELECT author, excerpt, created_at FROM social.admin_comments) c
		UNION ALL SELECT to_jsonb(l)::text FROM (SELECT object_type, username, reaction, created_at FROM social.admin_likes) l
		UNION ALL SELECT to_jsonb(n)::text FROM (SELECT recipient, type, actor, is_read, created_at FROM social.admin_notifications) n
		UNION ALL SELECT to_jsonb(h)::text FROM (SELECT tag, posts_count, created_at FROM social.admin_hashtags) h
		UNION ALL SELECT to_jsonb(m)::text FROM (SELECT author, mentioned, created_at FROM social.admin_mentions) m) AS lines (line)
$$;
SELECT pg_temp.digest() AS first_time \gset
DELETE FROM social.reports;
DELETE FROM social.users;
DELETE FROM social.hashtags;
SELECT is_empty('SELECT FROM social.comments', 'all of it goes with its people');
SELECT social.init_data() \g /dev/null
SELECT is(pg_temp.digest(), :'first_time', 'and comes back the same');

-- check and stats
SELECT is_empty($$ SELECT FROM social.check() WHERE status NOT IN ('ok', 'warning', 'error') OR detail IS NULL OR (status <> 'ok' AND hint = '') $$, 'each check has a status, what it found, and a hint where something is to do');
SELECT is_empty($$ SELECT name FROM social.check() WHERE status = 'error' $$, 'this installation has no error');
SELECT set_has('SELECT name FROM social.check()', $$ VALUES ('version'), ('preloaded'), ('worker'), ('counts'), ('signing key'), ('password hashes'), ('tables that pg_dump leaves out') $$, 'the checks that count');
SELECT is((SELECT status FROM social.check() WHERE name = 'demo accounts'), 'warning', 'demo accounts are found');
UPDATE social.post_counters SET likes_count = likes_count + 7 WHERE post_id = (SELECT max(id) FROM social.posts);
SELECT is((SELECT status FROM social.check() WHERE name = 'counts'), 'error', 'a count that is wrong is found');
SELECT social.reconcile(true) \g /dev/null
SELECT is((SELECT status FROM social.check() WHERE name = 'counts'), 'ok', 'and not when it was repaired');
GRANT EXECUTE ON FUNCTION social.act_as(bigint, boolean) TO PUBLIC;
SELECT is((SELECT (status, detail)::text FROM social.check() WHERE name = 'functions open to PUBLIC'), '(warning,"social.act_as(bigint,boolean)")', 'a function open to PUBLIC is found');
ALTER TABLE social.posts DISABLE TRIGGER social_post_after;
SELECT is((SELECT (status, detail)::text FROM social.check() WHERE name = 'disabled triggers'), '(error,"social.posts social_post_after")', 'a disabled trigger is found');
ALTER TABLE social.posts ENABLE TRIGGER social_post_after;
CREATE TABLE social.tap_stray (n integer);
SELECT is((SELECT status FROM social.check() WHERE name = 'columns that are not of social'), 'ok', 'all columns are of social');
ALTER TABLE social.posts ADD COLUMN theirs text;
SELECT is((SELECT (status, detail)::text FROM social.check() WHERE name = 'columns that are not of social'), '(warning,"social.posts theirs")', 'one that is not is found');
ALTER TABLE social.posts DROP COLUMN theirs;
SELECT is((SELECT status FROM social.check() WHERE name = 'tables that pg_dump leaves out'), 'ok', 'a table that is not ours is dumped by itself');
SET LOCAL social.argon2_iterations = 1;
SELECT is((SELECT status FROM social.check() WHERE name = 'password hashes'), 'warning', 'a weak password hash is found');
SELECT is((SELECT status FROM social.check() WHERE name = 'secrets in the log'), 'ok', 'a log without parameters is fine');
SET LOCAL log_min_duration_statement = '1min';
SELECT matches((SELECT detail FROM social.check() WHERE name = 'secrets in the log' AND status = 'warning'), 'log_min_duration_statement$', 'one that shows passwords is found');
SET LOCAL log_parameter_max_length = 0;
SELECT is((SELECT status FROM social.check() WHERE name = 'secrets in the log'), 'ok', 'until parameters are left out');
SET LOCAL log_parameter_max_length_on_error = 100;
SELECT is((SELECT status FROM social.check() WHERE name = 'secrets in the log'), 'warning', 'also those of failed statements');
SELECT is((SELECT value FROM social.stats() WHERE name = 'users'), 200::bigint, 'stats count people');
SELECT is((SELECT value FROM social.stats() WHERE name = 'comments'), (SELECT count(*) FROM social.comments), 'and comments');
SELECT is_empty('SELECT FROM social.stats() WHERE value IS NULL', 'and know every figure');

-- accounts
SELECT social.create_superuser('tap_root', 'tap_root@example.com', 'correct horse') AS root \gset
SELECT is((SELECT (is_staff, is_superuser, is_active)::text FROM social.users WHERE id = :root), '(t,t,t)', 'seed 152: create superuser');
SELECT isnt_empty($$ SELECT FROM social.login('tap_root', 'correct horse') WHERE access IS NOT NULL $$, 'who logs in');
SELECT isnt_empty(format($$ SELECT FROM social.audit_log WHERE action = 'create_superuser' AND object_id = %s $$, :root), 'which the audit log knows');
SELECT throws_ok($$ SELECT social.create_superuser('TAP_ROOT', 'x@example.com', 'correct horse') $$, 'SM409', 'username is taken', 'once');
SELECT throws_ok($$ SELECT social.create_superuser('tap_x', 'x@example.com', 'short') $$, 'SM400', NULL, 'with a password of a length');

-- deleting somebody who is everywhere
SELECT id AS victim FROM social.users WHERE username = 'user0001' \gset
SELECT clock_timestamp() AS making \gset
INSERT INTO social.comments (post_id, author_id, content) SELECT p.id, :victim, 'c' FROM social.posts p, generate_series(1, 10) WHERE p.position IS NOT NULL;
INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT c.post_id, u.id, c.id, 'r' FROM social.comments c, social.users u WHERE c.author_id = :victim AND u.username = 'bob' AND c.id % 3 = 0;
INSERT INTO social.post_likes (post_id, user_id) SELECT id, :victim FROM social.posts ON CONFLICT DO NOTHING;
INSERT INTO social.comment_likes (comment_id, user_id) SELECT id, :victim FROM social.comments ON CONFLICT DO NOTHING;
SELECT clock_timestamp() AS begin \gset
SELECT lives_ok(format('SELECT social.delete_user(%s)', :victim), 'somebody with ten thousand comments and likes everywhere is deleted');
SELECT cmp_ok(clock_timestamp() - :'begin', '<', interval '30 s' + 5 * (:'begin'::timestamptz - :'making'::timestamptz), 'within bounds');
SELECT is_empty('SELECT FROM social.reconcile()', 'no count is wrong');
SELECT is_empty(format('SELECT FROM social.users WHERE id = %s', :victim), 'the account is gone');
SELECT is_empty($$ SELECT FROM social.comments c WHERE c.parent_id IS NOT NULL AND NOT EXISTS (SELECT FROM social.comments p WHERE p.id = c.parent_id) $$, 'no reply is an orphan');
SELECT throws_ok(format('SELECT social.delete_user(%s)', :victim), 'SM404', 'user not found', 'once');
SELECT social.act_as('alice') \g /dev/null
SELECT throws_ok(format('SELECT social.delete_user(%s)', :root), 'SM403', NULL, 'nobody but a superuser deletes others');
SELECT social.act_as('tap_root') \g /dev/null
SELECT lives_ok($$ SELECT social.delete_user((SELECT id FROM social.users WHERE username = 'erin')) $$, 'who does');

-- lists
SELECT is_empty($$
	SELECT t FROM unnest(ARRAY['users', 'posts', 'comments', 'hashtags', 'mentions', 'follows', 'blocks', 'mutes', 'follow_requests',
		'reposts', 'bookmarks', 'post_revisions', 'notifications', 'reports', 'content_rules', 'audit_log', 'retention']) t
	WHERE to_regclass('social.admin_' || t) IS NULL
$$, 'seed 151: a view for each model');
SELECT lives_ok(format('SELECT * FROM %s LIMIT 5', c.oid::regclass), c.relname || ' answers')
FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relname LIKE 'admin\_%' AND c.relkind = 'v' ORDER BY c.relname;
SELECT is((SELECT username FROM social.admin_users WHERE email ILIKE 'ALICE@%'), 'alice', 'with a search');
SELECT isnt_empty($$ SELECT FROM social.admin_posts WHERE author = 'alice' AND state = 'published' AND search_vector @@ social.search_query('index') $$, 'and filters');

SELECT * FROM finish();
ROLLBACK;
