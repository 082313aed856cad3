-- follow.sql proves following.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_a'), ('tap_b');
SELECT id AS a FROM social.users WHERE username = 'tap_a' \gset
SELECT id AS b FROM social.users WHERE username = 'tap_b' \gset
PREPARE counts AS SELECT followers_count, following_count FROM social.visible_users WHERE username IN ('tap_a', 'tap_b') ORDER BY username;

SELECT throws_ok('SELECT social.follow_user(' || :b || ')', 'SM401', NULL, 'nobody cannot follow');
SELECT social.act_as(:a);
SELECT is(social.follow_user(:b), :b::bigint, 'seed 080: followUser');
SELECT is(social.follow_user(:b), :b::bigint, 'again is harmless');
SELECT results_eq('counts', $$ VALUES (0::bigint, 1::bigint), (1, 0) $$, 'seed 096: both counts follow');
SELECT results_eq('SELECT follower_id, followed_id FROM social.visible_follows WHERE follower_id = ' || :a, 'SELECT ' || :a || '::bigint, ' || :b || '::bigint', 'seed 097: the follow is seen');
SELECT throws_ok('SELECT social.follow_user(' || :a || ')', 'SM400', 'you cannot follow yourself', 'not oneself');
SELECT throws_ok('SELECT social.follow_user(-1)', 'SM404', 'user not found', 'not an unknown person');
SELECT is(social.unfollow_user(:b), :b::bigint, 'seed 080: unfollowUser');
SELECT is(social.unfollow_user(:b), :b::bigint, 'again is harmless');
SELECT results_eq('counts', $$ VALUES (0::bigint, 0::bigint), (0, 0) $$, 'and the counts are back');
SELECT throws_ok($$ INSERT INTO social.follows VALUES (1, 1) $$, '23514', NULL, 'seed 113: the table refuses following oneself');

SELECT * FROM finish();
ROLLBACK;
