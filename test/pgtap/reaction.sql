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

-- ---- reactions and lists ----
SELECT social.like_post(:post, 'party');
SELECT social.like_post(:post, '🎉');
SELECT results_eq('SELECT user_id, username, reaction FROM social.post_likers(' || :post || ')', 'VALUES (' || :fan || $$::bigint, 'tap_fan', '🎉') $$, 'another reaction takes the place of the first');
SELECT is((SELECT likes_count FROM social.post(:post)), 1::bigint, 'and is no second like');
SELECT social.like_post(:post, NULL);
SELECT is((SELECT reaction FROM social.post_likers(:post)), 'heart', 'a heart unless said otherwise');
SELECT throws_ok(format('SELECT social.like_%s(%s, %L)', t, o, r), 'SM400', 'invalid reaction', t || ': ' || n)
	FROM (VALUES ('post', :post), ('comment', :comment)) o(t, o), (VALUES ('', 'no reaction'), (repeat('x', 33), 'an over-long one'), ('a b', 'spaces'), (E'a\n', 'a line end')) r(r, n);
SELECT social.like_comment(:comment, 'laugh');
SELECT results_eq('SELECT username, reaction FROM social.comment_likers(' || :comment || ')', $$ VALUES ('tap_fan', 'laugh') $$, 'seed 066: who likes a comment, and how');
INSERT INTO social.users (username) SELECT 'tap_fan' || n FROM generate_series(1, 9) n;
INSERT INTO social.post_likes (post_id, user_id, created_at) SELECT :post, id, now() - interval '1 minute' FROM social.users WHERE username ~ 'tap_fan\d';
SELECT is((SELECT array_agg(username) FROM social.post_likers(:post, 3)), ARRAY['tap_fan', 'tap_fan9', 'tap_fan8'], 'seed 065: the latest first');
SELECT is((SELECT array_agg(username) FROM social.post_likers(:post, 3, (SELECT cursor FROM social.post_likers(:post, 3) ORDER BY user_id LIMIT 1 OFFSET 1))), ARRAY['tap_fan7', 'tap_fan6', 'tap_fan5'], 'P-04: the next page, also among equal times');
SELECT throws_ok('SELECT * FROM social.post_likers(-1)', 'SM404', 'post not found', 'likers of nothing');
SELECT throws_ok('SELECT * FROM social.comment_likers(-1)', 'SM404', 'comment not found', 'likers of no comment');
SELECT throws_ok('SELECT * FROM social.post_likers(' || :post || $$, 5, 'nonsense') $$, 'SM400', 'invalid cursor', 'a mangled cursor');
SELECT throws_ok('SELECT * FROM social.comment_likers(' || :comment || $$, 101) $$, 'SM400', 'invalid page size', 'a page has a size');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter LIKE '%likes_count' $$, 'counts equal the truth');


-- ---- counts by reaction ----
INSERT INTO social.users (username) SELECT 'tap_liker' || n FROM generate_series(1, 1000) n;
CREATE TEMPORARY TABLE likers AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.users WHERE username LIKE 'tap\_liker%';
SELECT social.create_post('Two', 'text') AS counted \gset
SELECT is_empty('SELECT FROM social.post_reactions(' || :counted || ')', 'nobody likes it: no reactions');
INSERT INTO social.post_likes (post_id, user_id, reaction) SELECT :counted, id, CASE WHEN n % 10 < 5 THEN 'heart' WHEN n % 10 < 9 THEN '🎉' ELSE 'laugh' END FROM likers;
INSERT INTO social.comment_likes (comment_id, user_id, reaction) SELECT :comment, id, 'wow' FROM likers WHERE n <= 2;
SELECT results_eq('SELECT reaction, count, is_exact FROM social.post_reactions(' || :counted || ')', $$ VALUES ('heart', 500::bigint, true), ('🎉', 400, true), ('laugh', 100, true) $$, 'a post''s likes by reaction, most used first');
SELECT is((SELECT count FROM social.comment_reactions(:comment) WHERE reaction = 'wow'), 2::bigint, 'a comment''s likewise');
UPDATE social.users SET is_active = false WHERE id = (SELECT id FROM likers WHERE n = 9);
SELECT count(social.recount()) \g /dev/null
SELECT is((SELECT sum(count) FROM social.post_reactions(:counted)), (SELECT likes_count::numeric FROM social.post(:counted)), 'whoever does not count, does not count here either');
INSERT INTO social.post_likes (post_id, user_id, reaction, created_at) VALUES (:counted, :fan, 'old', now() - interval '1 day');
SELECT results_eq('SELECT sum(count), bool_or(is_exact), bool_or(reaction = ''old'') FROM social.post_reactions(' || :counted || ')', 'VALUES (999::numeric, false, false)', 'of more than a thousand the newest count, and that is said');
SELECT throws_ok(format('SELECT FROM social.%s_reactions(-1)', t), 'SM404', t || ' not found', 'an unknown ' || t) FROM unnest(ARRAY['post', 'comment']) t;

SELECT * FROM finish();
ROLLBACK;
