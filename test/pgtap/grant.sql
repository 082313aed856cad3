-- grant.sql proves who may call what.
BEGIN;
SELECT no_plan();

SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'social'::regnamespace
	AND (SELECT count(*) FROM social.function_audience() a WHERE a.function_name = p.proname) <> 1
$$, 'every function has exactly one audience');
SELECT is_empty($$
	SELECT a.function_name FROM social.function_audience() a
	WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname = a.function_name AND p.pronamespace = 'social'::regnamespace)
$$, 'every function that has an audience exists');

CREATE ROLE tap_reader;
CREATE ROLE tap_bridge;
CREATE ROLE tap_admin;
SELECT social.grant_reader('tap_reader');
SELECT social.grant_bridge('tap_bridge');
SELECT social.grant_admin('tap_admin');

SELECT function_privs_are('social', 'create_post', ARRAY['text', 'text', 'boolean', 'text', 'text', 'timestamp with time zone', 'text', 'text', 'text', 'bigint[]'], 'tap_reader', ARRAY['EXECUTE'], 'a reader writes as the viewer');
SELECT function_privs_are('social', 'register_user', ARRAY['text', 'text', 'text', 'text', 'text'], r, ARRAY[]::text[], 'P-16: who may not make accounts as it likes is not told who has an address: ' || r)
FROM unnest(ARRAY['tap_reader', 'tap_bridge']) r;
SELECT is(array_agg(r ORDER BY r), ARRAY['tap_bridge'], 'of them only the bridge may turn the rate limits off (RATE_LIMITS=off)')
FROM unnest(ARRAY['tap_reader', 'tap_bridge', 'tap_admin']) r WHERE has_parameter_privilege(r, 'social.rate_limits', 'SET');
SET LOCAL ROLE tap_reader;
SELECT throws_ok('SET social.rate_limits = off', '42501', NULL, 'a reader''s session cannot');
RESET ROLE;
SELECT function_privs_are('social', 'admit', ARRAY['bigint', 'bigint', 'text', 'text', 'text', 'text', 'text'], 'tap_reader', ARRAY[]::text[], 'a reader does not name the viewer');
SELECT function_privs_are('social', 'admit', ARRAY['bigint', 'bigint', 'text', 'text', 'text', 'text', 'text'], 'tap_bridge', ARRAY['EXECUTE'], 'the bridge does');
SELECT function_privs_are('social', 'act_as', ARRAY['bigint', 'boolean'], 'tap_bridge', ARRAY[]::text[], 'the bridge acts within a request only');
SELECT function_privs_are('social', 'act_as', ARRAY['bigint', 'boolean'], 'tap_admin', ARRAY['EXECUTE'], 'an admin acts as anybody');
SELECT is_empty($$
	SELECT c.relname, r FROM pg_class c, unnest(ARRAY['tap_reader', 'tap_bridge']) r
	WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'S') AND has_table_privilege(r, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
$$, 'readers and bridges touch no table');
SELECT is_empty($$
	SELECT c.relname, r FROM pg_class c, unnest(ARRAY['tap_reader', 'tap_bridge']) r
	WHERE c.relnamespace = 'social'::regnamespace AND c.relname LIKE 'admin\_%' AND has_table_privilege(r, c.oid, 'SELECT')
$$, 'nor an administrator''s view');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c
	WHERE c.relnamespace = 'social'::regnamespace AND c.relname LIKE 'admin\_%' AND NOT has_table_privilege('tap_admin', c.oid, 'SELECT')
$$, 'which an admin reads');
SELECT table_privs_are('social', 'posts', 'tap_admin', ARRAY['SELECT'], 'an admin reads tables');
SELECT column_privs_are('social', 'users', 'email', 'tap_admin', ARRAY['SELECT'], 'of people too');
SELECT column_privs_are('social', 'users', 'password', 'tap_admin', ARRAY[]::text[], 'all but the password''s hash');
SELECT table_privs_are('social', 'account_tokens', 'tap_admin', ARRAY[]::text[], 'and no tokens');
SELECT table_privs_are('social', 'jwt_key', 'tap_admin', ARRAY[]::text[], 'but no signing keys');

INSERT INTO social.users (username) VALUES ('tap_writer');
SET LOCAL ROLE tap_reader;
SELECT throws_ok($$ SET social.viewer_id = '1' $$, '42501', NULL, 'a reader cannot set the viewer');
SELECT throws_ok($$ SELECT set_config('social.viewer_id', '1', true) $$, '42501', NULL, 'nor by set_config');
SELECT throws_ok($$ SELECT social.create_post('a', 'b') $$, 'SM401', NULL, 'nobody acts, nobody writes');
RESET ROLE;
SELECT social.act_as('tap_writer') \gset
SELECT social.admit(:act_as);
SET LOCAL ROLE tap_bridge;
SELECT lives_ok($$ SELECT social.set_result_id(social.create_post('By the bridge', 'with #tap_bridge and @tap_writer')) $$, 'the bridge creates a post');
SELECT results_eq($$ SELECT d ->> 'title', d -> 'hashtags', d -> 'mentions' FROM (SELECT social.post_json(p)::jsonb AS d FROM social.visible_posts p WHERE p.id = social.result_id()) p $$,
	$$ VALUES ('By the bridge', '["tap_bridge"]'::jsonb, '["tap_writer"]'::jsonb) $$, 'and reads it back');
SELECT lives_ok($$ SELECT count(*) FROM social.posts(); SELECT count(*) FROM social.search_posts('bridge'); SELECT count(*) FROM social.hashtag_posts('tap_bridge'); SELECT count(*) FROM social.trending_hashtags(); SELECT count(*) FROM social.post(1) $$, 'and runs every list');
SELECT throws_ok($$ SELECT * FROM social.posts $$, '42501', NULL, 'but no table');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
