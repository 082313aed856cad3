-- hashtag.sql proves hashtags and their pages.
BEGIN;
SELECT no_plan();

SELECT columns_are('social', 'visible_hashtags', ARRAY['id', 'tag', 'post_count', 'created_at', 'display'], 'seed 103: fields of a hashtag');
SELECT col_is_unique('social', 'hashtags', ARRAY['tag'], 'seed 103, 163: a tag is unique');
INSERT INTO social.users (username) VALUES ('tap_author');
SELECT social.act_as('tap_author');
SELECT count(social.create_post('Post ' || n, 'with #TapPage and #tap' || n)) FROM generate_series(1, 5) n;
SELECT social.create_post('Full width', 'with ＃ＴＡＰＰＡＧＥ');

SELECT results_eq($$ SELECT title FROM social.hashtag_posts('tappage', 3) $$, $$ VALUES ('Full width'), ('Post 5'), ('Post 4') $$, 'seed 062: hashtagPosts, newest first, whatever the spelling');
SELECT results_eq($$
	SELECT title FROM social.hashtag_posts('#TAPPAGE', 3,
		(SELECT social.cursor_encode('hashtag_posts', p.position, p.id) FROM social.visible_posts p WHERE p.title = 'Post 4'))
$$, $$ VALUES ('Post 3'), ('Post 2'), ('Post 1') $$, 'P-04: the next page follows the last row');
SELECT is_empty($$ SELECT FROM social.hashtag_posts('tapnever') $$, 'no posts for an unknown tag');
SELECT throws_ok($$ SELECT FROM social.hashtag_posts('tappage', 0) $$, 'SM400', 'invalid page size', 'a page has rows');
SELECT throws_ok($$ SELECT FROM social.hashtag_posts('tappage', 101) $$, 'SM400', 'invalid page size', 'but not too many');
SELECT throws_ok($$ SELECT FROM social.hashtag_posts('tappage', 10, 'nonsense') $$, 'SM400', NULL, 'a mangled cursor is refused');
SELECT throws_ok($$ SELECT FROM social.hashtag_posts('tappage', 10, social.cursor_encode('posts', 1, 1)) $$, 'SM400', NULL, 'so is one of another list');

-- Thirty tags at most, in order of first appearance.
SELECT social.create_post('Many', (SELECT string_agg('#many' || n || 'x', ' ' ORDER BY n) FROM generate_series(1, 40) n)) AS many \gset
SELECT is((SELECT array_length(hashtags, 1) FROM social.post(:many)), 30, 'P-08: a post has at most 30 tags');
SELECT is((SELECT hashtags[1:2] FROM social.post(:many)), '{many1x,many2x}'::text[] COLLATE "C", 'the first ones');
DELETE FROM social.hashtags WHERE tag = 'tappage';
SELECT is_empty($$ SELECT FROM social.hashtag_posts('tappage') $$, 'a deleted tag takes its links along');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter LIKE 'hashtag%' AND object_id IN (SELECT id FROM social.hashtags WHERE tag LIKE 'tap%' OR tag LIKE 'many%') $$, 'counts equal the truth');

-- Times differ from now() here only if written by hand.
INSERT INTO social.users (username) VALUES ('tap_ann'), ('tap_fan'), ('tap_bea');
INSERT INTO social.follows (follower_id, followed_id) SELECT f.id, a.id FROM social.users f, social.users a WHERE f.username = 'tap_fan' AND a.username IN ('tap_ann', 'tap_bea');
SELECT social.act_as('tap_ann');
SELECT social.create_post('Inner', 'only for fans: #TapSECRET', visibility => 'followers') AS inner \gset
UPDATE social.post_hashtags SET created_at = now() - interval '2 days' WHERE post_id = :inner;
SELECT results_eq($$ SELECT display, created_at, is_public FROM social.hashtags WHERE tag = 'tapsecret' $$, $$ VALUES ('tapsecret', '-infinity'::timestamptz, false) $$, 'found B7: what was never public keeps neither spelling nor time');
SELECT social.act_as('tap_fan');
SELECT results_eq($$ SELECT display, created_at FROM social.visible_hashtags WHERE tag = 'tapsecret' $$, $$ VALUES ('tapsecret', now() - interval '2 days') $$, 'found B7: who may see the post sees since when');
SELECT social.act_as('tap_bea');
SELECT social.create_post('Inner too', '#tapSecret', visibility => 'followers') AS inner_too \gset
SELECT results_eq($$ SELECT display, created_at FROM social.visible_hashtags WHERE tag = 'tapsecret' $$, $$ VALUES ('tapsecret', now()) $$, 'found B7: another one''s first use is their own, for followers');
SELECT social.create_post('Outer', '#tapSecret #tapOther') AS outer \gset
SELECT results_eq($$ SELECT tag, display, created_at, is_public FROM social.hashtags WHERE tag IN ('tapsecret', 'tapother') ORDER BY tag $$, $$ VALUES ('tapother' COLLATE "C", 'tapOther', now(), true), ('tapsecret', 'tapSecret', now(), true) $$, 'found B7: and in public');
UPDATE social.hashtags SET created_at = now() - interval '1 day' WHERE tag = 'tapsecret';
SELECT social.act_as('tap_ann');
SELECT social.update_post(:inner, visibility => 'public');
SELECT results_eq($$ SELECT display, created_at FROM social.hashtags WHERE tag = 'tapsecret' $$, $$ VALUES ('tapSecret', now() - interval '1 day') $$, 'which later uses leave alone');
SELECT social.create_post('Later', '#tapLater', visibility => 'private') AS later \gset
SELECT social.update_post(:later, visibility => 'public');
SELECT results_eq($$ SELECT display, is_public FROM social.hashtags WHERE tag = 'taplater' $$, $$ VALUES ('tapLater', true) $$, 'found B7: a post that becomes public uses its tags in public');

SELECT * FROM finish();
ROLLBACK;
