-- policy.sql proves reading tables under row-level security: the matrix compares every answer with
-- the table of truth; here stand rights, columns, costs and who is not bound (mission 3.4, P-23).
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username, email, password) VALUES ('tap_author', 'tap@example.com', 'x'), ('tap_reader', '', '');
SELECT id AS author FROM social.users WHERE username = 'tap_author' \gset
SELECT id AS reader FROM social.users WHERE username = 'tap_reader' \gset
SELECT social.act_as(:author) \gset
SELECT social.create_post('Public', '#tap') AS public \gset
SELECT social.create_post('Private', 'mine', visibility => 'private') AS private \gset
SELECT social.create_comment(:public, 'c') AS comment \gset

SELECT is_empty($$
	SELECT p.table_name FROM social.policies() p JOIN pg_class c ON c.oid = format('social.%I', p.table_name)::regclass
	WHERE NOT c.relrowsecurity OR c.relforcerowsecurity
	OR (SELECT count(*) FROM pg_policy q WHERE q.polrelid = c.oid AND q.polcmd = 'r') <> 2
$$, 'every table of the list has its policies, which do not bind the owner');

CREATE ROLE tap_direct;
CREATE ROLE tap_operator;
CREATE ROLE tap_reading;
SELECT social.grant_direct('tap_direct');
SELECT social.grant_direct('tap_direct');
SELECT social.grant_admin('tap_operator');
SELECT social.grant_reader('tap_reading');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'S')
	AND (has_table_privilege('tap_reading', c.oid, 'SELECT') OR has_any_column_privilege('tap_reading', c.oid, 'SELECT'))
$$, 'a reader still reads no table');
SELECT set_eq($$
	SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'r' AND has_any_column_privilege('tap_direct', c.oid, 'SELECT')
$$, 'SELECT table_name FROM social.policies()', 'a direct role reads exactly the tables that have policies');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'v' AND has_table_privilege('tap_direct', c.oid, 'SELECT')
$$, 'no view, whose condition a function of its own could forestall');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'S')
	AND has_table_privilege('tap_direct', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
$$, 'and writes none');

SET LOCAL ROLE tap_direct;
SELECT throws_ok('SELECT ' || c || ' FROM social.users', '42501', NULL, 'nobody reads ' || c) FROM unnest(ARRAY['email', 'password', 'last_login_at']) c;
SELECT throws_ok($$ SELECT * FROM social.jwt_key $$, '42501', NULL, 'or signing keys');
SELECT throws_ok($$ SELECT set_config('social.viewer_id', '1', true) $$, '42501', NULL, 'or becomes somebody else');
SELECT results_eq('SELECT id FROM social.posts WHERE author_id = ' || :author || ' ORDER BY id', ARRAY[:public::bigint, :private], 'the author reads both posts in the table');
SELECT lives_ok($$ SELECT social.create_post('By a direct role', 'through functions') $$, 'and writes through functions');
RESET ROLE;
SELECT social.act_as(:reader) \gset
SET LOCAL ROLE tap_direct;
SELECT is_empty('SELECT FROM social.posts WHERE id = ' || :private, 'somebody else does not');
SELECT is_empty('SELECT FROM social.blocks WHERE blocker_id = ' || :author, 'nor others'' blocks');
SELECT lives_ok('SELECT social.like_post(' || :public || ')', 'foreign keys and triggers go on working');
SELECT results_eq('SELECT post_id FROM social.post_likes WHERE user_id = ' || :reader, ARRAY[:public::bigint], 'and what they wrote is read');
RESET ROLE;
SELECT social.act_as(NULL::bigint) \gset
SET LOCAL ROLE tap_operator;
SELECT isnt_empty('SELECT FROM social.posts WHERE id = ' || :private, 'operators read every row');
RESET ROLE;
SELECT is_empty($$ SELECT * FROM social.reconcile() $$, 'counts equal the truth');
SELECT lives_ok('SELECT social.tick()', 'the worker''s round goes on');

-- A role without rights of its own finds out nothing by a function of its own: the policy comes first.
SELECT social.act_as(:reader) \gset
SET LOCAL ROLE tap_direct;
CREATE FUNCTION pg_temp.spy(title text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
	IF title = 'Private' THEN
		RAISE EXCEPTION 'leaked';
	END IF;
	RETURN true;
END
$$;
SELECT lives_ok($$ SELECT count(*) FROM social.posts WHERE pg_temp.spy(title) $$, 'a cheap function sees no row before the policy does');
RESET ROLE;

-- ---- what it costs -------------------------------------------------------------------------------------
INSERT INTO social.posts (author_id, title, content) SELECT :author, 'many', 'posts' FROM generate_series(1, 2000);
ANALYZE social.posts, social.users;
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	lines text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ' || query LOOP
		lines := lines || line || E'\n';
	END LOOP;
	RETURN lines;
END
$$;
SET LOCAL ROLE tap_direct;
SELECT alike(pg_temp.plan('SELECT id FROM social.posts WHERE position IS NOT NULL ORDER BY position DESC LIMIT 20'), '%posts_position_key on posts (actual rows=20%', 'P-23: the newest 20 stop after 20');
SELECT unalike(pg_temp.plan('SELECT count(*) FROM social.posts'), '%blocked_ids%', 'P-23: the viewer''s blocks are asked once, not for each row');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
