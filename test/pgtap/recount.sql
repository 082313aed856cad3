-- recount.sql proves that what suspended and inactive people did does not count, and counts again when
-- they are back. found B5; seed 063, 132; design D4.
BEGIN;
SELECT no_plan();

DELETE FROM social.posts;
SELECT social.recount(1000000) \gset ignored_
INSERT INTO social.users (username, is_staff) VALUES ('tap_ann', false), ('tap_bad', false), ('tap_cy', false), ('tap_staff', true);
SELECT id AS ann FROM social.users WHERE username = 'tap_ann' \gset
SELECT id AS bad FROM social.users WHERE username = 'tap_bad' \gset
SELECT id AS cy FROM social.users WHERE username = 'tap_cy' \gset
SELECT id AS staff FROM social.users WHERE username = 'tap_staff' \gset
SELECT social.act_as(:ann) \gset ignored_
SELECT social.create_post('Anns', '#tapgood') AS post \gset
SELECT social.create_comment(:post, 'mine') AS comment \gset
SELECT social.follow_user(:bad) \gset ignored_
SELECT social.act_as(:bad) \gset ignored_
SELECT count(social.create_post('Bad', '#tapbad #tapgood')) FROM generate_series(1, 3) \gset ignored_
SELECT social.create_post('Bad and inner', '#tapbad', visibility => 'followers') \gset ignored_
SELECT social.like_post(:post), social.repost_post(:post), social.like_comment(:comment), social.follow_user(:ann) \gset ignored_
SELECT social.create_comment(:post, 'bad', :comment) AS reply \gset
SELECT social.create_comment(:post, 'gone') AS gone \gset
SELECT social.delete_comment(:gone) \gset ignored_
SELECT social.act_as(:cy) \gset ignored_
SELECT social.like_post(:post), social.like_post(id) FROM social.posts WHERE author_id = :bad AND visibility = 'public' LIMIT 1 \gset ignored_
SELECT social.fold_trends() \gset ignored_

CREATE FUNCTION pg_temp.counts(post bigint, comment bigint, ann bigint, OUT likes bigint, OUT comments bigint, OUT reposts bigint, OUT comment_likes bigint,
		OUT replies bigint, OUT followers bigint, OUT following bigint, OUT bad_tag bigint, OUT good_tag bigint) LANGUAGE sql AS $$
	SELECT p.likes_count::bigint, p.comments_count::bigint, p.reposts_count::bigint, c.likes_count::bigint, c.replies_count::bigint, u.followers_count::bigint, u.following_count::bigint,
		coalesce((SELECT post_count FROM social.trending_hashtags() WHERE tag = 'tapbad'), 0)::bigint, (SELECT post_count FROM social.trending_hashtags() WHERE tag = 'tapgood')::bigint
	FROM social.visible_posts p, social.visible_comments c, social.visible_users u WHERE p.id = $1 AND c.id = $2 AND u.id = $3 $$;
PREPARE counts AS SELECT (pg_temp.counts(:post, :comment, :ann)).*;
PREPARE trends AS SELECT h.tag, round(exp(t.score - social.trend_merge(NULL, 1, now()))::numeric, 6) FROM social.hashtag_trends t JOIN social.hashtags h ON h.id = t.hashtag_id WHERE h.tag LIKE 'tap%' ORDER BY 1;
PREPARE with_bad AS VALUES (2::bigint, 2::bigint, 1::bigint, 1::bigint, 1::bigint, 1::bigint, 1::bigint, 3::bigint, 4::bigint);
PREPARE without_bad AS VALUES (1::bigint, 1::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 1::bigint);
SELECT results_eq('counts', 'with_bad', 'everything counts');
SELECT results_eq('trends', $$ VALUES ('tapbad' COLLATE "C", 4::numeric), ('tapgood', 12) $$, 'and trends');

SELECT social.act_as(:staff) \gset ignored_
SELECT social.suspend_user(:bad, now() + interval '1 day') \gset ignored_
SELECT isnt_empty('SELECT FROM social.recounts WHERE user_id = ' || :bad, 'an account that is suspended is noted');
SELECT is_empty($$ SELECT * FROM social.recount_drift() $$, 'and is no drift, while the worker is about to go through it');
SELECT cmp_ok(social.recount(3), '>', 0::bigint, 'a batch has a size');
SELECT isnt_empty('SELECT FROM social.recounts WHERE due <= now()', 'more is left');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter !~ 'last_pos' $$, 'in the middle of it counts are those of the flags');
SELECT cmp_ok(social.recount(), '>', 0::bigint, 'the next does the rest');
SELECT social.fold_trends() \gset ignored_
SELECT results_eq('counts', 'without_bad', 'found B5: nothing of a suspended person counts: likes, comments, reposts, replies, follows either way, tags');
SELECT results_eq('trends', $$ VALUES ('tapgood' COLLATE "C", 2::numeric) $$, 'found B5: nor trends');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter !~ 'last_pos' $$, 'found B5: and reconcile agrees');
SELECT is((SELECT due FROM social.recounts WHERE user_id = :bad), now() + interval '1 day', 'its end is awaited');
SELECT is(social.recount(), 0::bigint, 'until then there is nothing to do');

-- ---- while they are away -------------------------------------------------------------------------
SELECT lives_ok('DELETE FROM social.post_likes WHERE user_id = ' || :bad, 'what goes meanwhile');
SELECT results_eq('counts', 'without_bad', 'found B5: is not taken off twice');
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post, :bad);
INSERT INTO social.posts (author_id, title, content) VALUES (:bad, 'Moved in', '#tapbad');
SELECT cmp_ok(social.recount(), '>', 0::bigint, 'what is written in their name meanwhile');
SELECT results_eq('counts', 'without_bad', 'found B5: does not count');
UPDATE social.comments SET hidden_at = now() WHERE id = :reply;
UPDATE social.comments SET hidden_at = NULL WHERE id = :reply;
UPDATE social.posts SET hidden_at = now() WHERE author_id = :bad;
UPDATE social.posts SET hidden_at = NULL WHERE author_id = :bad;
SELECT results_eq('counts', 'without_bad', 'found B5: whatever staff do to it');
DELETE FROM social.posts WHERE title = 'Moved in';
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter !~ 'last_pos' $$, 'counts equal the truth');

-- ---- and back ------------------------------------------------------------------------------------
ALTER TABLE social.users DISABLE TRIGGER social_note_standing;
UPDATE social.users SET suspended_at = now() - interval '2 days', suspended_until = now() - interval '1 day' WHERE id = :bad;
ALTER TABLE social.users ENABLE TRIGGER social_note_standing;
SELECT isnt_empty($$ SELECT * FROM social.recount_drift() $$, 'somebody who is back uncounted is drift');
UPDATE social.recounts SET due = now() WHERE user_id = :bad;
SELECT cmp_ok(social.recount(), '>', 0::bigint, 'the end of a suspension comes by itself');
SELECT social.fold_trends() \gset ignored_
SELECT results_eq('counts', 'with_bad', 'found B5: all is back');
SELECT results_eq('trends', $$ VALUES ('tapbad' COLLATE "C", 4::numeric), ('tapgood', 12) $$, 'found B5: in the trends, too');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter !~ 'last_pos' $$, 'exactly');

UPDATE social.users SET is_active = false WHERE id = :bad;
SELECT social.tick() \gset ignored_
SELECT results_eq('counts', 'without_bad', 'found B5: an inactive account likewise');
UPDATE social.users SET is_active = true WHERE id = :bad;
SELECT social.tick() \gset ignored_
SELECT results_eq('counts', 'with_bad', 'found B5: and back');

SELECT social.suspend_user(:bad) \gset ignored_
SELECT social.tick() \gset ignored_
SELECT results_eq('counts', 'without_bad', 'found B5: somebody who is suspended for good');
SELECT is_empty('SELECT FROM social.recounts WHERE user_id = ' || :bad, 'for whom nothing waits');
SELECT social.unsuspend_user(:bad) \gset ignored_
SELECT social.tick() \gset ignored_
SELECT results_eq('counts', 'with_bad', 'found B5: until they are forgiven');

-- ---- what is hidden ------------------------------------------------------------------------------
UPDATE social.comments SET hidden_at = now() WHERE id = :reply;
SELECT results_eq('SELECT p.comments_count::bigint, c.replies_count::bigint FROM social.visible_posts p, social.visible_comments c WHERE p.id = ' || :post || ' AND c.id = ' || :comment, 'VALUES (1::bigint, 0::bigint)', 'a hidden comment counts neither for its post nor for its parent');
UPDATE social.comments SET hidden_at = NULL WHERE id = :reply;
SELECT results_eq('counts', 'with_bad', 'until it is shown again');
INSERT INTO social.content_rules (kind, pattern, action) VALUES ('word', 'taphideme', 'hide');
INSERT INTO social.comments (post_id, author_id, parent_id, content) VALUES (:post, :cy, :comment, 'taphideme');
SELECT results_eq('counts', 'with_bad', 'one that a rule hides does not count from the start');
DELETE FROM social.comments WHERE content = 'taphideme';
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter !~ 'last_pos' $$, 'counts equal the truth');

-- ---- many, and tags that were never public -------------------------------------------------------
INSERT INTO social.users (username) SELECT 'tap_fan' || n FROM generate_series(1, 300) n;
INSERT INTO social.follows (follower_id, followed_id) SELECT id, :bad FROM social.users WHERE username LIKE 'tap\_fan%';
UPDATE social.users SET is_active = false WHERE id = :bad;
SELECT social.recount(50) \gset ignored_
UPDATE social.users SET is_active = true WHERE id = :bad;
SELECT count(social.recount(50)) FROM generate_series(1, 20) \gset ignored_
SELECT is_empty('SELECT FROM social.recounts WHERE due <= now() AND user_id = ' || :bad, 'who returns in the middle of a pass is gone through again');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter !~ 'last_pos' $$, 'found B5: and counts are exact');
UPDATE social.users SET is_active = false WHERE id = :bad;
INSERT INTO social.posts (author_id, title, content) VALUES (:bad, 'Moved in', '#tapNew');
SELECT social.tick() \gset ignored_
UPDATE social.users SET is_active = true WHERE id = :bad;
SELECT social.tick() \gset ignored_
SELECT results_eq($$ SELECT post_count::bigint, created_at FROM social.visible_hashtags WHERE tag = 'tapnew' $$, $$ VALUES (1::bigint, now()) $$, 'a tag that only they used is used in public when they are back');

-- ---- repair --------------------------------------------------------------------------------------
UPDATE social.post_likes SET is_counted = NULL WHERE user_id = :cy;
SELECT isnt_empty($$ SELECT FROM social.reconcile() WHERE counter = 'post_likes.is_counted' $$, 'a flag that is wrong is drift');
SELECT count(*) FROM social.reconcile(true) \gset ignored_
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter !~ 'last_pos' $$, 'and is repaired');
SELECT results_eq('counts', 'with_bad', 'with its count');

SELECT * FROM finish();
ROLLBACK;
