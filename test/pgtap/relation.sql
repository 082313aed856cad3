-- relation.sql proves blocks and mutes: what they end, what they hide, and their lists.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username, is_staff) VALUES ('tap_a', false), ('tap_b', false), ('tap_c', false), ('tap_staff', true);
SELECT id AS a FROM social.users WHERE username = 'tap_a' \gset
SELECT id AS b FROM social.users WHERE username = 'tap_b' \gset
SELECT id AS c FROM social.users WHERE username = 'tap_c' \gset
SELECT id AS staff FROM social.users WHERE username = 'tap_staff' \gset

SELECT throws_ok(format('SELECT social.%s(1)', f), 'SM401', NULL, f || ' needs a viewer')
FROM unnest(ARRAY['block_user', 'unblock_user', 'mute_user', 'unmute_user', 'remove_follower', 'accept_follow_request', 'reject_follow_request']) f;
SELECT throws_ok(format('SELECT social.%s()', f), 'SM401', NULL, f || ' needs a viewer') FROM unnest(ARRAY['blocked_users', 'muted_users']) f;
SELECT is(social.blocked_ids() || social.muted_ids(), '{}'::bigint[], 'nobody blocks and mutes nobody');
SELECT ok(NOT social.viewer_is_staff(), 'and is no staff');

-- ---- blocks ----------------------------------------------------------------------------------------
SELECT social.act_as(:b) \gset
SELECT social.follow_user(:a) \gset
SELECT social.create_post('By b', 'with @tap_a') AS post_b \gset
SELECT social.act_as(:a) \gset
SELECT social.follow_user(:b) \gset
SELECT social.like_post(:post_b) \gset
SELECT social.create_post('By a', 'nothing') AS post_a \gset
SELECT isnt_empty(format('SELECT FROM social.notifications WHERE recipient_id = %s AND actor_id = %s', :b, :a), 'b was told of a');
SELECT isnt_empty(format('SELECT FROM social.notifications WHERE recipient_id = %s AND actor_id = %s', :a, :b), 'and a of b');
SELECT is(social.block_user(:b), :b::bigint, 'mission 19: block');
SELECT is(social.block_user(:b), :b::bigint, 'again is harmless');
SELECT is_empty(format('SELECT FROM social.follows WHERE follower_id IN (%s, %s)', :a, :b), 'follows end, both ways');
SELECT is_empty(format('SELECT FROM social.notifications WHERE recipient_id IN (%1$s, %2$s) AND actor_id IN (%1$s, %2$s) AND withdrawn_at IS NULL', :a, :b), 'notifications between the two are gone');
SELECT is(social.blocked_ids(), ARRAY[:b::bigint], 'one knows whom one blocks');
SELECT results_eq('SELECT id, username FROM social.blocked_users()', 'SELECT ' || :b || $$::bigint, 'tap_b' $$, 'and can list them');
SELECT is_empty(format('SELECT FROM social.post(%s)', :post_b), 'the blocker does not see the blocked');
SELECT throws_ok(format('SELECT social.%s(%s)', f, :b), 'SM404', 'user not found', f || ' finds nobody across a block')
FROM unnest(ARRAY['follow_user', 'unfollow_user', 'remove_follower', 'accept_follow_request', 'reject_follow_request', 'mute_user', 'unmute_user', 'followers', 'following']) f;
SELECT social.act_as(:b) \gset
SELECT is(social.blocked_ids(), ARRAY[:a::bigint], 'the blocked person is parted as well');
SELECT is_empty('SELECT FROM social.blocked_users()', 'but is not told');
SELECT is_empty(format('SELECT FROM social.post(%s)', :post_a), 'and does not see the blocker');
SELECT throws_ok(format('SELECT social.follow_user(%s)', :a), 'SM404', 'user not found', 'nor follows');
SELECT throws_ok(format('SELECT social.block_user(%s)', :a), 'SM404', 'user not found', 'nor blocks back');
SELECT throws_ok(format('SELECT social.unblock_user(%s)', :a), 'SM404', 'user not found', 'nor lifts the block');
SELECT is(social.create_post('Later', 'naming @tap_a'), currval('social.posts_id_seq'), 'naming somebody across a block is text');
SELECT is_empty(format('SELECT FROM social.notifications WHERE recipient_id = %s AND withdrawn_at IS NULL', :a), 'of which they hear nothing');
SELECT social.act_as(:a) \gset
SELECT throws_ok(format('SELECT social.block_user(%s)', :a), 'SM400', 'you cannot block yourself', 'not oneself');
SELECT throws_ok('SELECT social.block_user(-1)', 'SM404', 'user not found', 'not an unknown person');
SELECT is(social.unblock_user(:b), :b::bigint, 'mission 19: unblock');
SELECT is(social.unblock_user(:b), :b::bigint, 'again is harmless');
SELECT throws_ok('SELECT social.unblock_user(-1)', 'SM404', 'user not found', 'not an unknown person');
SELECT isnt_empty(format('SELECT FROM social.post(%s)', :post_b), 'they see each other again');
SELECT ok(NOT social.is_following(:a, :b), 'but the follows do not come back');

SELECT social.update_profile(is_locked => true) \gset
SELECT social.act_as(:b) \gset
SELECT social.follow_user(:a) \gset
SELECT social.act_as(:a) \gset
SELECT social.block_user(:b) \gset
SELECT is_empty(format('SELECT FROM social.follow_requests WHERE target_id = %s', :a), 'a block ends a waiting request');
SELECT results_eq('SELECT * FROM social.visible_blocks', 'SELECT id, username, first_name, last_name, avatar, created_at FROM social.blocked_users()', 'seed 097: whom the viewer blocks is a view, and a list');
SELECT social.unblock_user(:b) \gset
SELECT throws_ok(format('SELECT social.accept_follow_request(%s)', :b), 'SM404', 'follow request not found', 'which cannot be accepted any more');

SELECT social.act_as(:c) \gset
SELECT social.block_user(:staff) \gset
SELECT social.act_as(:staff) \gset
SELECT ok(social.viewer_is_staff(), 'staff');
SELECT isnt_empty(format('SELECT FROM social.visible_users WHERE id = %s', :c), 'see across blocks');
SELECT throws_ok(format('SELECT social.follow_user(%s)', :c), 'SM404', 'user not found', 'but do not follow across them');

-- ---- mutes -----------------------------------------------------------------------------------------
SELECT social.act_as(:a) \gset
PREPARE listed AS SELECT id FROM social.listed_posts WHERE id = :post_b;
SELECT is(social.mute_user(:b), :b::bigint, 'mission 19: mute');
SELECT is(social.muted_ids(), ARRAY[:b::bigint], 'the posts of one person');
SELECT is_empty('listed', 'leave the lists');
SELECT isnt_empty(format('SELECT FROM social.post(%s)', :post_b), 'but can be read');
SELECT isnt_empty(format('SELECT FROM social.visible_users WHERE id = %s', :b), 'and the person be seen');
SELECT results_eq('SELECT id, posts, notifications, expires_at FROM social.muted_users()', 'SELECT ' || :b || '::bigint, true, true, NULL::timestamptz', 'there is a list');
SELECT results_eq('SELECT id, posts FROM social.visible_mutes', 'SELECT id, posts FROM social.muted_users()', 'and a view');
SELECT is(social.mute_user(:b, posts => false), :b::bigint, 'again replaces the kind');
SELECT isnt_empty('listed', 'a mute of notifications leaves posts alone');
SELECT results_eq('SELECT posts, notifications FROM social.muted_users()', 'VALUES (false, true)', 'and says so');
SELECT social.mute_user(:b, notifications => false, expires_at => now() + interval '1 hour') \gset
SELECT is_empty('listed', 'a mute may have an end');
UPDATE social.mutes SET expires_at = now();
SELECT isnt_empty('listed', 'after which it is none');
SELECT is_empty('SELECT FROM social.muted_users()', 'nor listed');
SELECT social.mute_user(:b, expires_at => 'infinity') \gset
SELECT results_eq('SELECT expires_at FROM social.muted_users()', 'SELECT NULL::timestamptz', 'for ever is no end');
SELECT is(social.unmute_user(:b), :b::bigint, 'mission 19: unmute');
SELECT is(social.unmute_user(:b), :b::bigint, 'again is harmless');
SELECT isnt_empty('listed', 'the posts are back');
SELECT throws_ok(format('SELECT social.mute_user(%s, false, false)', :b), 'SM400', 'a mute needs something to mute', 'not nothing');
SELECT throws_ok(format('SELECT social.mute_user(%s, expires_at => now())', :b), 'SM400', 'expires_at is in the past', 'not for no time');
SELECT throws_ok(format('SELECT social.mute_user(%s)', :a), 'SM400', 'you cannot mute yourself', 'not oneself');
SELECT throws_ok('SELECT social.mute_user(-1)', 'SM404', 'user not found', 'not an unknown person');
SELECT throws_ok('SELECT social.unmute_user(-1)', 'SM404', 'user not found', 'likewise');
SELECT throws_ok($$ INSERT INTO social.blocks VALUES (1, 1) $$, '23514', NULL, 'seed 113: the tables refuse oneself too');

-- ---- lists -----------------------------------------------------------------------------------------
INSERT INTO social.users (username) SELECT 'tap_many' || n FROM generate_series(1, 9) n;
INSERT INTO social.blocks SELECT :a, id, now() - substr(username, 9)::integer / 3 * interval '1 hour' FROM social.users WHERE username LIKE 'tap\_many%';
SELECT id AS last, cursor AS last_cursor FROM (SELECT *, row_number() OVER () AS n FROM social.blocked_users(4)) b WHERE n = 4 \gset
SELECT results_eq(format('SELECT id FROM social.blocked_users(100, %L)', :'last_cursor'),
	format('SELECT blocked_id FROM social.blocks WHERE blocker_id = %s ORDER BY created_at DESC, blocked_id DESC OFFSET 4', :a), 'pages go on where the last one ended');
SELECT throws_ok('SELECT social.blocked_users(0)', 'SM400', NULL, 'a page has at least one row');
SELECT throws_ok(format('SELECT social.muted_users(5, %L)', :'last_cursor'), 'SM400', NULL, 'the cursor of another list is refused');

-- ---- what readers need not look for (issue 5, the speed of admission) ---------------------------------
INSERT INTO social.users (username) VALUES ('tap_f1'), ('tap_f2'), ('tap_f3'), ('tap_f4'), ('tap_f5');
SELECT id AS f1 FROM social.users WHERE username = 'tap_f1' \gset
SELECT id AS f2 FROM social.users WHERE username = 'tap_f2' \gset
SELECT id AS f3 FROM social.users WHERE username = 'tap_f3' \gset
SELECT id AS f4 FROM social.users WHERE username = 'tap_f4' \gset
SELECT id AS f5 FROM social.users WHERE username = 'tap_f5' \gset
INSERT INTO social.blocks VALUES (:f1, :f2);
INSERT INTO social.mutes VALUES (:f3, :f4);
SELECT set_eq($$ SELECT username FROM social.users WHERE username LIKE 'tap\_f_' AND has_filters $$, ARRAY['tap_f1', 'tap_f2', 'tap_f3'], 'a block is noted of both, a mute of who mutes, whoever makes it');
UPDATE social.blocks SET blocked_id = :f5 WHERE blocker_id = :f1;
SELECT ok(has_filters, 'a changed one, too') FROM social.users WHERE id = :f5;
SELECT social.act_as(:f5) \gset
SELECT is(social.blocked_ids(), ARRAY[:f1::bigint], 'and the blocked person''s reads find it');
SELECT social.act_as(:f4) \gset
SELECT is(social.muted_ids(), '{}'::bigint[], 'nothing for who has none');
SELECT social.mute_user(:f3) \gset
SELECT is(social.muted_ids(), ARRAY[:f3::bigint], 'the first one counts at once');
SAVEPOINT before;
UPDATE social.users SET is_staff = true WHERE id = :f4;
SELECT ok(social.viewer_is_staff(), 'what a transaction changes of the viewer, it sees');
ROLLBACK TO before;
SELECT ok(NOT social.viewer_is_staff(), 'and no longer when it is undone');
UPDATE social.users SET has_filters = false WHERE id IN (:f3, :f5);
SELECT set_eq($$ SELECT counter, object_id, stored, actual FROM social.reconcile(true) $$, format($$ VALUES ('users.has_filters', %s::bigint, 0::bigint, 1::bigint), ('users.has_filters', %s, 0, 1) $$, :f3, :f5), 'a load without triggers is set right by reconcile()');

SELECT is_empty($$ SELECT * FROM social.reconcile() $$, 'counts equal the truth');

SELECT * FROM finish();
ROLLBACK;
