-- reaction.sql proves likes.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_author'), ('tap_fan');
SELECT throws_ok($$ SELECT social.like_post(1) $$, 'SM401', NULL, 'nobody cannot like');
SELECT social.act_as('tap_author');
SELECT social.create_post('One', 'text') AS post \gset
SELECT social.create_comment(:post, 'hello') AS comment \gset
SELECT social.act_as('tap_fan') AS fan \gset

SELECT is(social.like_post(:post), :post::bigint, 'seed 077: likePost');
SELECT is(social.like_post(:post), :post::bigint, 'again is harmless');
SELECT is((SELECT likes_count FROM social.post(:post)), 1::bigint, 'seed 101: one like for each user and post');
SELECT results_eq('SELECT user_id FROM social.visible_post_likes WHERE post_id = ' || :post, 'SELECT ' || :fan || '::bigint', 'seed 065: who likes a post');
SELECT throws_ok('SELECT social.like_post(-1)', 'SM404', 'post not found', 'an unknown post');
SELECT throws_ok('INSERT INTO social.post_likes SELECT post_id, user_id FROM social.post_likes WHERE post_id = ' || :post, '23505', NULL, 'seed 113: the table refuses a second like');
SELECT is(social.unlike_post(:post), :post::bigint, 'seed 077: unlikePost');
SELECT is(social.unlike_post(:post), :post::bigint, 'again is harmless');
SELECT is((SELECT likes_count FROM social.post(:post)), 0::bigint, 'the count is back');

SELECT is(social.like_comment(:comment), :comment::bigint, 'seed 078: likeComment');
SELECT is(social.like_comment(:comment), :comment::bigint, 'again is harmless');
SELECT is((SELECT likes_count FROM social.visible_comments WHERE id = :comment), 1::bigint, 'seed 101: one like for each user and comment');
SELECT results_eq('SELECT user_id FROM social.visible_comment_likes WHERE comment_id = ' || :comment, 'SELECT ' || :fan || '::bigint', 'seed 066: who likes a comment');
SELECT throws_ok('SELECT social.like_comment(-1)', 'SM404', 'comment not found', 'an unknown comment');
SELECT is(social.unlike_comment(:comment), :comment::bigint, 'seed 078: unlikeComment');
SELECT is((SELECT likes_count FROM social.visible_comments WHERE id = :comment), 0::bigint, 'the count is back');

SELECT * FROM finish();
ROLLBACK;
