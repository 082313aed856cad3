-- post.sql proves posts and drafts.
BEGIN;
SELECT no_plan();

SELECT has_column('social', 'posts', c, 'seed 098: posts.' || c) FROM unnest(ARRAY['id', 'author_id', 'title', 'content', 'is_published', 'created_at', 'updated_at', 'search_vector']) c;
SELECT has_column('social', 'visible_posts', c, 'seed 099: visible_posts.' || c) FROM unnest(ARRAY['likes_count', 'comments_count']) c;
SELECT results_eq($$
	SELECT pg_get_indexdef(i.indexrelid) LIKE '%(author_id, created_at DESC)%' OR pg_get_indexdef(i.indexrelid) LIKE '%(is_published, created_at DESC)%'
		OR pg_get_indexdef(i.indexrelid) LIKE '%(created_at)%' OR pg_get_indexdef(i.indexrelid) LIKE '%gin (search_vector)%' AS wanted
	FROM pg_index i WHERE i.indrelid = 'social.posts'::regclass AND pg_get_indexdef(i.indexrelid) ~ 'created_at|gin' $$,
	$$ VALUES (true), (true), (true), (true) $$, 'seed 163: the indexes of posts');

INSERT INTO social.users (username) VALUES ('tap_author'), ('tap_friend');
SELECT throws_ok($$ SELECT social.create_post('a', 'b') $$, 'SM401', 'authentication required', 'nobody cannot post');
SELECT social.act_as('tap_author') AS author \gset
SELECT social.create_post('On #TapOne', 'with #tapTwo, #tapone again and @TAP_friend, @tap_nobody') AS post \gset

SELECT results_eq('SELECT author_id, hashtags, is_published, position IS NOT NULL, likes_count, comments_count FROM social.post(' || :post || ')',
	'SELECT ' || :author || $$::bigint, '{tapone,taptwo}'::text[] COLLATE "C", true, true, 0::bigint, 0::bigint $$, 'seed 071: createPost extracts hashtags from title and content');
SELECT results_eq('SELECT u.username FROM social.visible_mentions m JOIN social.visible_users u ON u.id = m.mentioned_user_id WHERE m.post_id = ' || :post,
	$$ VALUES ('tap_friend') $$, 'seed 071: and mentions of people who exist');
SELECT matches((SELECT search_vector::text FROM social.posts WHERE id = :post), '''tapon.*A', 'seed 130: the title is weighted A');
SELECT results_eq($$ SELECT tag, post_count, display FROM social.visible_hashtags WHERE tag LIKE 'tap%' ORDER BY tag $$,
	$$ VALUES ('tapone' COLLATE "C", 1::bigint, 'TapOne'), ('taptwo', 1, 'tapTwo') $$, 'seed 131: post counts are kept, with the first spelling for display');
SELECT is((SELECT posts_count FROM social.visible_users WHERE id = :author), 1::bigint, 'the author has one post');

SELECT throws_ok($$ SELECT social.create_post('', 'b') $$, 'SM400', 'title is required', 'a title is required');
SELECT throws_ok($$ SELECT social.create_post(NULL, 'b') $$, 'SM400', 'title is required', 'null is none');
SELECT throws_ok($$ SELECT social.create_post(E' \n', 'b') $$, 'SM400', 'title is required', 'nor is white space');
SELECT throws_ok($$ SELECT social.create_post('a', '') $$, 'SM400', 'content is required', 'content is required');
SELECT throws_ok($$ SELECT social.create_post(repeat('é', 256), 'b') $$, 'SM400', 'title is too long', 'a title has a limit');
SELECT lives_ok($$ SELECT social.create_post(repeat('é', 255), repeat('ü', 10000)) $$, 'limits are in characters, not bytes');
SELECT throws_ok($$ SELECT social.create_post('a', repeat('x', 10001)) $$, 'SM400', 'content is too long', 'content has a limit');
SELECT is((SELECT posts_count FROM social.visible_users WHERE id = :author), 2::bigint, 'refused posts count nowhere');

UPDATE social.posts SET content = 'now #tapthree for @tap_author' WHERE id = :post;
SELECT is((SELECT hashtags FROM social.posts WHERE id = :post), '{tapone,tapthree}'::text[] COLLATE "C", 'seed 072: an edit extracts again');
SELECT results_eq($$ SELECT tag, post_count FROM social.visible_hashtags WHERE tag LIKE 'tap%' ORDER BY tag $$,
	$$ VALUES ('tapone' COLLATE "C", 1::bigint), ('tapthree', 1) $$, 'seed 131: and moves the counts; a tag in no post is gone');
SELECT results_eq('SELECT mentioned_user_id FROM social.mentions WHERE post_id = ' || :post, 'SELECT ' || :author || '::bigint', 'and the mentions');
SELECT position AS place FROM social.posts WHERE id = :post \gset
UPDATE social.posts SET created_at = created_at WHERE id = :post;
SELECT is((SELECT position FROM social.posts WHERE id = :post), :place::bigint, 'an edit keeps the place in the lists');

SELECT social.create_post('Draft', 'about #tapdraft for @tap_friend', false) AS draft \gset
SELECT results_eq('SELECT hashtags, position FROM social.post(' || :draft || ')', $$ VALUES ('{tapdraft}'::text[] COLLATE "C", NULL::bigint) $$, 'the author sees the draft');
SELECT is_empty($$ SELECT FROM social.visible_hashtags WHERE tag = 'tapdraft' $$, 'a draft makes no hashtag');
SELECT is_empty('SELECT FROM social.mentions WHERE post_id = ' || :draft, 'and mentions nobody');
SELECT is((SELECT posts_count FROM social.visible_users WHERE id = :author), 2::bigint, 'and does not count');
SELECT social.act_as('tap_friend');
SELECT is_empty('SELECT FROM social.post(' || :draft || ')', 'others do not see a draft');
SELECT throws_ok('SELECT social.like_post(' || :draft || ')', 'SM404', 'post not found', 'and cannot like it (P-22)');
SELECT throws_ok('SELECT social.create_comment(' || :draft || $$, 'x') $$, 'SM404', 'post not found', 'nor comment on it');
UPDATE social.posts SET is_published = true WHERE id = :draft;
SELECT cmp_ok((SELECT position FROM social.post(:draft)), '>', :place::bigint, 'a published draft enters at the top');
SELECT results_eq($$ SELECT post_count FROM social.visible_hashtags WHERE tag = 'tapdraft' $$, ARRAY[1::bigint], 'with its hashtags');
SELECT isnt_empty('SELECT FROM social.mentions WHERE post_id = ' || :draft, 'and its mentions');
UPDATE social.posts SET is_published = false WHERE id = :draft;
SELECT is_empty($$ SELECT post_count FROM social.visible_hashtags WHERE tag = 'tapdraft' $$, 'taken back, it gives them up');
SELECT is_empty('SELECT FROM social.mentions WHERE post_id = ' || :draft, 'and its mentions too');

SELECT is_empty('SELECT FROM social.post(NULL)', 'no id, no post');
DELETE FROM social.posts WHERE id = :post;
SELECT is_empty('SELECT FROM social.post_hashtags WHERE post_id = ' || :post, 'seed 113: a deleted post takes its links along');
SELECT is_empty('SELECT FROM social.post_counters WHERE post_id = ' || :post, 'and its counters');
UPDATE social.users SET is_active = false WHERE username = 'tap_author';
SELECT is_empty('SELECT FROM social.visible_posts WHERE author_id = ' || :author, 'an inactive author''s posts are not seen');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE object_id IN (SELECT id FROM social.users WHERE username LIKE 'tap%') $$, 'counts equal the truth');

SELECT * FROM finish();
ROLLBACK;
