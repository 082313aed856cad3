-- follow.sql proves following, requests to follow locked accounts, and the lists of both.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_a'), ('tap_b');
SELECT id AS a FROM social.users WHERE username = 'tap_a' \gset
SELECT id AS b FROM social.users WHERE username = 'tap_b' \gset
PREPARE counts AS SELECT followers_count, following_count FROM social.visible_users WHERE username IN ('tap_a', 'tap_b') ORDER BY username;

SELECT throws_ok('SELECT social.follow_user(' || :b || ')', 'SM401', NULL, 'nobody cannot follow');
SELECT social.act_as(:a) \gset
SELECT is(social.follow_user(:b), :b::bigint, 'seed 080: followUser');
SELECT is(social.follow_user(:b), :b::bigint, 'again is harmless');
SELECT results_eq('counts', $$ VALUES (0::bigint, 1::bigint), (1, 0) $$, 'seed 096: both counts follow');
SELECT results_eq('SELECT follower_id, followed_id FROM social.visible_follows WHERE follower_id = ' || :a, 'SELECT ' || :a || '::bigint, ' || :b || '::bigint', 'seed 097: the follow is seen');
SELECT ok(social.is_following(:a, :b), 'seed 054: isFollowing');
SELECT ok(NOT social.is_following(:b, :a), 'which has a direction');
SELECT ok(NOT social.is_following(-1, :a), 'and is false for unknown people');
SELECT throws_ok('SELECT social.follow_user(' || :a || ')', 'SM400', 'you cannot follow yourself', 'not oneself');
SELECT throws_ok('SELECT social.follow_user(-1)', 'SM404', 'user not found', 'not an unknown person');
SELECT throws_ok('SELECT social.follow_user(NULL)', 'SM404', 'user not found', 'nor none');
SELECT is(social.unfollow_user(:b), :b::bigint, 'seed 080: unfollowUser');
SELECT is(social.unfollow_user(:b), :b::bigint, 'again is harmless');
SELECT throws_ok('SELECT social.unfollow_user(-1)', 'SM404', 'user not found', 'an unknown person cannot be unfollowed');
SELECT results_eq('counts', $$ VALUES (0::bigint, 0::bigint), (0, 0) $$, 'and the counts are back');
SELECT throws_ok($$ INSERT INTO social.follows VALUES (1, 1) $$, '23514', NULL, 'seed 113: the table refuses following oneself');

-- ---- removing a follower ---------------------------------------------------------------------------
SELECT social.follow_user(:b) \gset
SELECT social.act_as(:b) \gset
SELECT is(social.remove_follower(:a), :a::bigint, 'the followed person removes a follower');
SELECT is(social.remove_follower(:a), :a::bigint, 'again is harmless');
SELECT throws_ok('SELECT social.remove_follower(-1)', 'SM404', 'user not found', 'not an unknown one');
SELECT results_eq('counts', $$ VALUES (0::bigint, 0::bigint), (0, 0) $$, 'the follow is gone from both');

-- ---- locked accounts -------------------------------------------------------------------------------
SELECT social.update_profile(is_locked => true) \gset
SELECT social.act_as(:a) \gset
SELECT is(social.follow_user(:b), :b::bigint, 'following a locked account');
SELECT is(social.follow_user(:b), :b::bigint, 'again is harmless');
SELECT ok(NOT social.is_following(:a, :b), 'is only a request');
SELECT results_eq('SELECT requester_id, target_id FROM social.follow_requests WHERE requester_id = ' || :a, 'SELECT ' || :a || '::bigint, ' || :b || '::bigint', 'of which there is one');
SELECT throws_ok('SELECT social.accept_follow_request(' || :b || ')', 'SM404', 'follow request not found', 'the requester cannot accept it');
SELECT is(social.reject_follow_request(:b), :b::bigint, 'nor reject it');
SELECT isnt_empty('SELECT FROM social.follow_requests WHERE requester_id = ' || :a, 'it is still there');
SELECT is(social.unfollow_user(:b), :b::bigint, 'unfollowing withdraws it');
SELECT is_empty('SELECT FROM social.follow_requests WHERE requester_id = ' || :a, 'and it is gone');

SELECT social.follow_user(:b) \gset
SELECT social.act_as(:b) \gset
SELECT results_eq('SELECT id, username FROM social.follow_requests()', 'SELECT ' || :a || $$::bigint, 'tap_a' $$, 'the target sees who waits');
SELECT is(social.accept_follow_request(:a), :a::bigint, 'accepts');
SELECT is(social.accept_follow_request(:a), :a::bigint, 'again is harmless');
SELECT ok(social.is_following(:a, :b), 'now it is a follow');
SELECT is_empty('SELECT FROM social.follow_requests()', 'and nobody waits');
SELECT is(social.reject_follow_request(:a), :a::bigint, 'rejecting what is accepted changes nothing');
SELECT ok(social.is_following(:a, :b), 'the follow stays');
SELECT throws_ok('SELECT social.accept_follow_request(-1)', 'SM404', 'user not found', 'an unknown person has not asked');
SELECT throws_ok('SELECT social.reject_follow_request(-1)', 'SM404', 'user not found', 'likewise');
SELECT social.remove_follower(:a) \gset
SELECT social.act_as(:a) \gset
SELECT social.follow_user(:b) \gset
SELECT social.act_as(:b) \gset
SELECT is(social.reject_follow_request(:a), :a::bigint, 'or rejects');
SELECT is(social.reject_follow_request(:a), :a::bigint, 'again is harmless');
SELECT ok(NOT social.is_following(:a, :b), 'that makes no follow');
SELECT social.act_as(:a) \gset
SELECT social.follow_user(:b) \gset
SELECT social.act_as(:b) \gset
SELECT social.update_profile(is_locked => false) \gset
SELECT ok(social.is_following(:a, :b), 'unlocking grants what waits');
SELECT is_empty('SELECT FROM social.follow_requests WHERE target_id = ' || :b, 'all of it');
SELECT social.update_profile(is_locked => true) \gset
SELECT ok(social.is_following(:a, :b), 'locking keeps followers');
SELECT social.act_as(:a) \gset
SELECT is(social.follow_user(:b), :b::bigint, 'a follower needs no second leave');
SELECT is_empty('SELECT FROM social.follow_requests WHERE requester_id = ' || :a, 'so none is asked for');

-- ---- lists -----------------------------------------------------------------------------------------
INSERT INTO social.users (username) SELECT 'tap_fan' || n FROM generate_series(1, 25) n;
INSERT INTO social.follows (follower_id, followed_id, created_at)
SELECT id, :a, now() - substr(username, 8)::integer / 3 * interval '1 hour' FROM social.users WHERE username LIKE 'tap\_fan%';
INSERT INTO social.follows (follower_id, followed_id, created_at)
SELECT :a, id, now() - substr(username, 8)::integer / 3 * interval '1 hour' FROM social.users WHERE username LIKE 'tap\_fan%';
SELECT is((SELECT count(*)::integer FROM social.followers(:a)), 20, 'a page holds 20');
CREATE FUNCTION pg_temp.walk(list text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	page bigint[];
	met bigint[] := '{}';
	last text;
BEGIN
	LOOP
		EXECUTE format('SELECT array_agg(id ORDER BY n), (array_agg(cursor ORDER BY n DESC))[1] FROM (SELECT id, cursor, row_number() OVER () AS n FROM %s) x',
			format(list, 4, last)) INTO page, last;
		EXIT WHEN page IS NULL;
		met := met || page;
	END LOOP;
	RETURN met;
END
$$;
SELECT is(pg_temp.walk('social.followers(' || :a || ', %s, %L)'),
	(SELECT array_agg(follower_id ORDER BY created_at DESC, follower_id DESC) FROM social.follows WHERE followed_id = :a), 'pages of followers, newest first, none twice and none left out');
SELECT is(pg_temp.walk('social.following(' || :a || ', %s, %L)'),
	(SELECT array_agg(followed_id ORDER BY created_at DESC, followed_id DESC) FROM social.follows WHERE follower_id = :a), 'pages of those followed');
INSERT INTO social.follow_requests (requester_id, target_id, created_at)
SELECT id, :a, now() - substr(username, 8)::integer / 3 * interval '1 hour' FROM social.users WHERE username LIKE 'tap\_fan%';
SELECT is(pg_temp.walk('social.follow_requests(%s, %L)'),
	(SELECT array_agg(requester_id ORDER BY created_at DESC, requester_id DESC) FROM social.follow_requests WHERE target_id = :a), 'pages of requests');
SELECT throws_ok(format('SELECT social.%s', call), code, message, format('%s: %s', call, message))
FROM (VALUES ('followers(-1)', 'SM404', 'user not found'), ('following(-1)', 'SM404', 'user not found'),
	('followers(' || :a || ', 0)', 'SM400', NULL), ('following(' || :a || ', 101)', 'SM400', NULL), ('follow_requests(-1)', 'SM400', NULL),
	('followers(' || :a || $$, 5, 'x')$$, 'SM400', NULL), ('followers(' || :a || ', 5, ' || quote_literal(social.cursor_encode('following', 1, 1)) || ')', 'SM400', NULL),
	('follow_requests(5, ' || quote_literal(social.cursor_encode('follow_requests', 9223372036854775807, 1)) || ')', 'SM400', NULL)) v (call, code, message);
SELECT social.act_as(NULL::bigint) \gset
SELECT throws_ok('SELECT social.follow_requests()', 'SM401', NULL, 'nobody has no requests');
SELECT is((SELECT count(*)::integer FROM social.followers(:a, 100)), 25, 'but anybody may see who follows whom');
SELECT is_empty($$ SELECT * FROM social.reconcile() $$, 'counts equal the truth');

SELECT * FROM finish();
ROLLBACK;
