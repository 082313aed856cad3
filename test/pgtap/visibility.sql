-- visibility.sql proves what the matrix cannot: changes over time, what a document around a post may
-- say, and what the predicate costs (P-22, P-23, design D2).
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_author'), ('tap_reader'), ('tap_other');
SELECT id AS author FROM social.users WHERE username = 'tap_author' \gset
SELECT id AS reader FROM social.users WHERE username = 'tap_reader' \gset
SELECT id AS other FROM social.users WHERE username = 'tap_other' \gset

-- ---- one predicate, over time ------------------------------------------------------------------------
SELECT social.act_as(:author) \gset
SELECT social.create_post('For followers', '#tap_secret', visibility => 'followers') AS post \gset
SELECT social.create_post('For some', 'hello @tap_reader', visibility => 'mentioned') AS letter \gset
SELECT social.act_as(:reader) \gset
PREPARE readable AS SELECT id FROM social.visible_posts WHERE author_id = :author ORDER BY id;
SELECT results_eq('readable', ARRAY[:letter::bigint], 'seed I-20: followers only, and who is named');
SELECT is_empty($$ SELECT FROM social.visible_hashtags WHERE tag = 'tap_secret' $$, 'a tag that stands in nothing one may read does not exist');
SELECT social.follow_user(:author) \gset
SELECT results_eq('readable', ARRAY[:post::bigint, :letter], 'following opens the post');
SELECT results_eq($$ SELECT post_count FROM social.visible_hashtags WHERE tag = 'tap_secret' $$, ARRAY[0::bigint], 'and shows its tag, which counts for nobody');
SELECT social.create_comment(:post, 'I see') AS comment \gset
SELECT social.like_post(:post) \gset
SELECT social.unfollow_user(:author) \gset
SELECT results_eq('readable', ARRAY[:letter::bigint], 'unfollowing closes it');
SELECT is_empty('SELECT FROM social.visible_comments WHERE id = ' || :comment, 'with one''s own comment below it');
SELECT throws_ok('SELECT social.like_post(' || :post || ')', 'SM404', 'post not found', 'nothing can be done to it');
SELECT throws_ok('SELECT social.like_post(-1)', 'SM404', 'post not found', 'and that reads like an unknown id');
SELECT social.block_user(:author) \gset
SELECT is_empty('readable', 'who blocks the author does not see what names them either');
SELECT social.unblock_user(:author) \gset
SELECT results_eq('readable', ARRAY[:letter::bigint], 'until the block is lifted');

-- ---- quotes --------------------------------------------------------------------------------------------
SELECT social.act_as(:author) \gset
SELECT social.create_post('Quoted', 'the tap_needle inside') AS quoted \gset
SELECT social.act_as(:other) \gset
SELECT social.share_post(:quoted, 'look at this') AS quote \gset
SELECT social.act_as(:reader) \gset
SELECT social.block_user(:author) \gset
SELECT isnt_empty('SELECT FROM social.post(' || :quote || ')', 'a quote of what one may not see is seen');
SELECT unalike((SELECT social.post_json(p)::text || p::text FROM social.post(:quote) p), '%tap_needle%', 'without the words it quotes');
SELECT is_empty('SELECT FROM social.post((SELECT quoted_post_id FROM social.post(' || :quote || ')))', 'and the quoted id leads nowhere');
SELECT is_empty('SELECT FROM social.visible_shares WHERE post_id = ' || :quoted, 'nor is the share listed');
SELECT social.unblock_user(:author) \gset

-- ---- documents -----------------------------------------------------------------------------------------
SELECT social.act_as(:other) \gset
SELECT social.create_post('Naming', '@tap_author and @tap_reader') AS naming \gset
SELECT social.act_as(:reader) \gset
SELECT is((SELECT social.post_json(p)::jsonb -> 'mentions' FROM social.post(:naming) p), '["tap_author", "tap_reader"]'::jsonb, 'a post shows whom it names');
SELECT social.block_user(:author) \gset
SELECT is((SELECT social.post_json(p)::jsonb -> 'mentions' FROM social.post(:naming) p), '["tap_reader"]'::jsonb, 'but for people who do not exist for the viewer');
SELECT social.unblock_user(:author) \gset

-- ---- tombstones ----------------------------------------------------------------------------------------
SELECT social.create_comment(:naming, 'tap_top') AS top \gset
SELECT social.create_comment(:naming, 'below', :top) AS below \gset
SELECT social.delete_comment(:top) \gset
SELECT results_eq('SELECT author_id, content, is_deleted, is_edited, parent_id FROM social.visible_comments WHERE id = ' || :top,
	$$ VALUES (NULL::bigint, '', true, false, NULL::bigint) $$, 'a deleted comment with replies keeps its place, and nothing else');
SELECT is_empty('SELECT FROM social.visible_comment_likes WHERE comment_id = ' || :top, 'not even likes');
SELECT results_eq('SELECT parent_id FROM social.visible_comments WHERE id = ' || :below, ARRAY[:top::bigint], 'its replies still hang on it');

-- ---- what it costs -------------------------------------------------------------------------------------
INSERT INTO social.users (username) SELECT 'tap_many' || n FROM generate_series(1, 60) n;
INSERT INTO social.posts (author_id, title, content) SELECT id, 'many', 'posts' FROM social.users, generate_series(1, 50) WHERE username LIKE 'tap\_many%';
INSERT INTO social.users (username) SELECT 'tap_blocked' || n FROM generate_series(1, 50) n;
INSERT INTO social.blocks SELECT :reader, id FROM social.users WHERE username LIKE 'tap\_blocked%';
ANALYZE social.posts, social.users, social.post_counters, social.user_counters, social.follows;
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
-- The most rows that a scan of posts has read.
CREATE FUNCTION pg_temp.read(query text) RETURNS integer LANGUAGE sql AS $$
	SELECT max(m[1]::integer) FROM regexp_matches(pg_temp.plan(query), 'on posts[^\n]*\(actual rows=(\d+)', 'g') m
$$;
SELECT cmp_ok(pg_temp.read(format('SELECT id, title, likes_count FROM social.%I WHERE position < 9223372036854775807 ORDER BY position DESC LIMIT 20', list)), '<=', 25,
	'the newest 20 of ' || list || ' stop after 20')
FROM unnest(ARRAY['visible_posts', 'listed_posts']) list;
SELECT cmp_ok(pg_temp.read('SELECT document FROM social.listed_post_documents WHERE position < 9223372036854775807 ORDER BY position DESC LIMIT 20'), '<=', 25, 'as documents too');
SELECT unalike(pg_temp.plan('SELECT id, title FROM social.visible_posts WHERE id = ' || :post), '%counter%', 'counts that nobody asks for are not looked up');
SELECT unalike(pg_temp.plan('SELECT id, username FROM social.visible_users WHERE id = ' || :author), '%counter%', 'nor those of people');
SELECT unalike(pg_temp.plan('SELECT id, username FROM social.visible_users WHERE id = ' || :author), '%profiles%', 'nor profiles');
SELECT pg_stat_get_xact_numscans('social.blocks_pkey'::regclass) AS blocks, pg_stat_get_xact_numscans('social.mutes_pkey'::regclass) AS mutes \gset
SELECT social.act_as(:reader, true) \g /dev/null
SELECT cmp_ok((SELECT count(*) FROM (SELECT id, title FROM social.listed_posts ORDER BY position DESC LIMIT 20) p), '>', 15::bigint, 'a page for somebody who has blocked many');
SELECT is(ARRAY[pg_stat_get_xact_numscans('social.blocks_pkey'::regclass) - :blocks, pg_stat_get_xact_numscans('social.mutes_pkey'::regclass) - :mutes], ARRAY[1, 1]::bigint[],
	'what concerns the viewer is read once a statement, not once a row');
DELETE FROM social.post_counter_deltas;
SELECT pg_stat_get_xact_numscans('social.post_counter_deltas_idx'::regclass) AS deltas \gset
SELECT cmp_ok((SELECT sum(likes_count + comments_count) FROM (SELECT likes_count, comments_count FROM social.listed_posts ORDER BY position DESC LIMIT 20) p), '>=', 0::numeric, 'counts of a page');
SELECT cmp_ok(pg_stat_get_xact_numscans('social.post_counter_deltas_idx'::regclass) - :deltas, '<=', 1::bigint, 'where no deltas wait, none are looked for (found F1)');

SELECT * FROM finish();
ROLLBACK;
