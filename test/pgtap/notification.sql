-- notification.sql proves what people are told, and what not. seed 105, 133, 134; mission P-22.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) SELECT 'tapn_' || name FROM unnest(ARRAY['ann', 'ben', 'cleo', 'dan', 'eve']) WITH ORDINALITY AS n (name, i) ORDER BY i;
SELECT id AS ann FROM social.users WHERE username = 'tapn_ann' \gset
SELECT id AS ben FROM social.users WHERE username = 'tapn_ben' \gset
SELECT id AS cleo FROM social.users WHERE username = 'tapn_cleo' \gset
SELECT id AS dan FROM social.users WHERE username = 'tapn_dan' \gset
SELECT id AS eve FROM social.users WHERE username = 'tapn_eve' \gset

-- What a person is told, in words.
CREATE FUNCTION pg_temp.told(who bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	before bigint := social.viewer_id();
BEGIN
	PERFORM social.act_as(who);
	RETURN QUERY SELECT concat_ws(' ', replace(u.username, 'tapn_', ''), n.type) FROM social.notifications(100) n
		LEFT JOIN social.users u ON u.id = n.actor_id ORDER BY n.id;
	PERFORM social.act_as(before);
END
$$;
CREATE FUNCTION pg_temp.as_user(who bigint, statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint;
BEGIN
	PERFORM social.act_as(who);
	EXECUTE 'SELECT ' || statement INTO result;
	RETURN result;
END
$$;

-- ---- the kinds -----------------------------------------------------------------------------------
SELECT pg_temp.as_user(:ann, $$ social.create_post('Ann writes', 'something') $$) AS post \gset
SELECT is_empty(format('SELECT pg_temp.told(%s)', :ann), 'nobody is told of what one does oneself');
SELECT pg_temp.as_user(:ben, format('social.like_post(%s)', :post)) \gset ignored_
SELECT pg_temp.as_user(:cleo, format('social.create_comment(%s, %L)', :post, 'Well said')) AS comment \gset
SELECT pg_temp.as_user(:ann, format('social.like_comment(%s)', :comment)) \gset ignored_
SELECT pg_temp.as_user(:dan, format('social.create_comment(%s, %L, %s)', :post, 'I agree', :comment)) AS reply \gset
SELECT pg_temp.as_user(:cleo, format('social.create_comment(%s, %L, %s)', :post, 'With myself', :comment)) \gset ignored_
SELECT pg_temp.as_user(:ann, format('social.create_comment(%s, %L, %s)', :post, 'Thanks', :comment)) \gset ignored_
SELECT pg_temp.as_user(:ben, format('social.follow_user(%s)', :ann)) \gset ignored_
INSERT INTO social.follow_requests VALUES (:dan, :ann);
SELECT pg_temp.as_user(:cleo, format('social.repost_post(%s)', :post)) \gset ignored_
SELECT pg_temp.as_user(:dan, format('social.share_post(%s, %L)', :post, 'Read this')) AS quote \gset
SELECT pg_temp.as_user(:ben, $$ social.create_post('Ben names', 'hello @tapn_ann and @tapn_ben') $$) AS naming \gset
SELECT results_eq(format('SELECT pg_temp.told(%s)', :ann), ARRAY['ben like', 'cleo comment', 'dan comment', 'cleo comment', 'ben follow',
	'dan follow_request', 'cleo repost', 'dan repost', 'ben mention'], 'seed 133: like, comment, follow, request, repost, quote and mention');
SELECT results_eq(format('SELECT pg_temp.told(%s)', :cleo), ARRAY['ann comment_like', 'dan reply', 'ann reply'], 'comment like and reply');
SELECT is_empty(format('SELECT pg_temp.told(%s)', :ben), 'whoever names themselves is not told');
SELECT pg_temp.as_user(:ann, format('social.create_comment(%s, %L, %s)', :post, 'to Dan', :reply)) \gset ignored_
SELECT results_eq(format('SELECT pg_temp.told(%s)', :dan), ARRAY['ann reply'], 'a reply under one''s own post tells the one answered only');
SELECT pg_temp.as_user(:eve, $$ social.create_post('Eve', 'post') $$) AS evepost \gset
SELECT pg_temp.as_user(:eve, format('social.create_comment(%s, %L)', :evepost, 'first')) AS evecomment \gset
SELECT pg_temp.as_user(:ben, format('social.create_comment(%s, %L, %s)', :evepost, 'second', :evecomment)) \gset ignored_
SELECT results_eq(format('SELECT pg_temp.told(%s)', :eve), ARRAY['ben reply'], 'never both for one comment');

-- ---- edits, drafts, restores ---------------------------------------------------------------------
SELECT pg_temp.as_user(:ben, format('social.update_post(%s, content => %L)', :naming, 'hello @tapn_ann, @tapn_eve')) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t = 'ben mention'), 1::bigint, 'an edit does not tell the same person again');
SELECT is((SELECT count(*) FROM pg_temp.told(:eve) t WHERE t = 'ben mention'), 1::bigint, 'but tells newly named ones');
SELECT pg_temp.as_user(:ben, $$ social.create_post('Draft', '@tapn_dan', is_published => false) $$) AS draft \gset
SELECT is((SELECT count(*) FROM pg_temp.told(:dan) t WHERE t = 'ben mention'), 0::bigint, 'a draft tells nobody');
SELECT pg_temp.as_user(:ben, format('social.publish_post(%s)', :draft)) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:dan) t WHERE t = 'ben mention'), 1::bigint, 'until it is published');
SELECT pg_temp.as_user(:ben, format('social.delete_post(%s)', :draft)) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:dan) t WHERE t = 'ben mention'), 0::bigint, 'a deleted post is not shown');
SELECT pg_temp.as_user(:ben, format('social.restore_post(%s)', :draft)) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:dan) t WHERE t = 'ben mention'), 1::bigint, 'a restored one is, once');
SELECT pg_temp.as_user(:ben, $$ social.create_post('Private', '@tapn_dan', visibility => 'private') $$) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:dan) t WHERE t = 'ben mention'), 1::bigint, 'P-22: a private post tells nobody');

-- ---- undo ----------------------------------------------------------------------------------------
SELECT pg_temp.as_user(:ben, format('social.unlike_post(%s)', :post)) \gset ignored_
SELECT pg_temp.as_user(:ben, format('social.unfollow_user(%s)', :ann)) \gset ignored_
SELECT pg_temp.as_user(:cleo, format('social.unrepost_post(%s)', :post)) \gset ignored_
SELECT pg_temp.as_user(:ann, format('social.unlike_comment(%s)', :comment)) \gset ignored_
DELETE FROM social.follow_requests WHERE requester_id = :dan;
SELECT results_eq(format('SELECT pg_temp.told(%s)', :ann), ARRAY['cleo comment', 'dan comment', 'cleo comment', 'dan repost', 'ben mention'],
	'what is undone is taken back; a quote stays when a repost goes');
SELECT is((SELECT count(*) FROM pg_temp.told(:cleo) t WHERE t = 'ann comment_like'), 0::bigint, 'a comment''s like too');
SELECT pg_temp.as_user(:dan, format('social.delete_comment(%s)', :reply)) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t = 'dan comment'), 0::bigint, 'a deleted comment''s notification is not shown');
SELECT pg_temp.as_user(:dan, format('social.delete_post(%s)', :quote)) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t = 'dan repost'), 0::bigint, 'nor that of a deleted quote');
SAVEPOINT undone;
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post, :eve);
ROLLBACK TO undone;
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t = 'eve like'), 0::bigint, 'what is rolled back tells nobody');

-- ---- silence -------------------------------------------------------------------------------------
SELECT pg_temp.as_user(:ann, format('social.mute_user(%s)', :ben)) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t LIKE 'ben %'), 0::bigint, 'a mute hides what was told before');
SELECT pg_temp.as_user(:ben, format('social.like_post(%s)', :post)) \gset ignored_
SELECT is((SELECT count(*) FROM social.notifications WHERE recipient_id = :ann AND actor_id = :ben AND notifications.type = 'like' AND withdrawn_at IS NULL), 0::bigint, 'and nothing new is made');
UPDATE social.mutes SET expires_at = now() - interval '1 second' WHERE muter_id = :ann;
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t = 'ben mention'), 1::bigint, 'a mute whose time is over hides nothing');
SELECT is(social.expire_mutes(), 1::bigint, 'the worker''s round removes it');
SELECT pg_temp.as_user(:ann, format('social.mute_user(%s, posts => true, notifications => false)', :ben)) \gset ignored_
SELECT pg_temp.as_user(:ben, format('social.repost_post(%s)', :post)) \gset ignored_
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t = 'ben repost'), 1::bigint, 'muting posts alone silences no notification');

INSERT INTO social.blocks VALUES (:eve, :ann);
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post, :eve), (:evepost, :ann);
SELECT is((SELECT count(*) FROM social.notifications WHERE (recipient_id, actor_id) IN ((:ann, :eve), (:eve, :ann)) AND notifications.type = 'like'), 0::bigint, 'a block silences both ways');
INSERT INTO social.blocks VALUES (:ann, :dan);
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t LIKE 'dan %'), 0::bigint, 'a later block hides old notifications');
DELETE FROM social.blocks;
DELETE FROM social.post_likes;
UPDATE social.users SET suspended_at = now() WHERE id = :dan;
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post, :dan);
SELECT is((SELECT count(*) FROM social.notifications WHERE actor_id = :dan AND notifications.type = 'like'), 0::bigint, 'nothing from suspended people');
UPDATE social.users SET suspended_at = NULL, is_active = false WHERE id = :dan;
INSERT INTO social.comment_likes (comment_id, user_id) VALUES (:comment, :dan);
SELECT is((SELECT count(*) FROM social.notifications WHERE actor_id = :dan AND notifications.type = 'comment_like'), 0::bigint, 'nor from inactive ones');
UPDATE social.users SET is_active = true WHERE id = :dan;

-- ---- preferences ---------------------------------------------------------------------------------
SELECT social.act_as(:ann) \gset ignored_
SELECT set_eq('SELECT type, is_enabled FROM social.notification_preferences()', $$
	SELECT m[1], true FROM pg_constraint n, regexp_matches(pg_get_constraintdef(n.oid), '''([a-z_]+)''', 'g') m WHERE n.conname = 'notifications_type_check'
$$, 'seed 134: every kind is among social.notification_preferences(), and on at first');
SELECT is(social.set_notification_preference('like', false), false, 'a kind is turned off');
SELECT results_eq('SELECT type FROM social.notification_preferences() WHERE NOT is_enabled', ARRAY['like'], 'which reads back');
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post, :cleo);
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t LIKE '% like'), 0::bigint, 'and is silent');
SELECT is(social.set_notification_preference('like', true), true, 'and on again');
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post, :eve);
SELECT is((SELECT count(*) FROM pg_temp.told(:ann) t WHERE t LIKE '% like'), 1::bigint, 'from then on');
SELECT throws_ok($$ SELECT social.set_notification_preference('gossip', false) $$, 'SM400', 'invalid notification type', 'an unknown kind is refused');
SELECT throws_ok($$ SELECT social.set_notification_preference('like', NULL) $$, 'SM400', 'is_enabled is required', 'so is no choice');

-- ---- read and unread -----------------------------------------------------------------------------
SELECT count(*) AS n FROM social.notifications(100) \gset
SELECT is(social.unread_notifications_count(), :n::bigint, 'all are unread');
SELECT id AS newest FROM social.notifications(1) \gset
SELECT is(social.mark_notification_read(:newest), :newest::bigint, 'one is marked read');
SELECT is(social.mark_notification_read(:newest), :newest::bigint, 'again is harmless');
SELECT is((SELECT is_read AND read_at IS NOT NULL FROM social.notifications(1)), true, 'it keeps its place');
SELECT is(social.unread_notifications_count(), :n::bigint - 1, 'one less is unread');
SELECT is((SELECT count(*) FROM social.notifications(100, NULL, true)), :n::bigint - 1, 'unread_only leaves it out');
SELECT social.mark_notification_unread(:newest) \gset ignored_
SELECT is(social.unread_notifications_count(), :n::bigint, 'and the mark is taken back');
SELECT is(social.mark_notifications(ARRAY[:newest, :newest, -1]::bigint[] || (SELECT min(id) FROM social.notifications WHERE recipient_id = :cleo), true), 1::bigint, 'seed 134: several at once; what is not one''s own is passed over');
SELECT is(social.unread_notifications_count(), :n::bigint - 1, 'one has changed');
SELECT is((SELECT is_read AND read_at IS NOT NULL FROM social.notifications(1)), true, 'it is read');
SELECT is(social.mark_notifications(ARRAY[:newest]::bigint[], true), 0::bigint, 'again changes nothing');
SELECT is(social.mark_notifications(ARRAY[:newest]::bigint[], false), 1::bigint, 'the mark is taken back');
SELECT is((SELECT NOT is_read AND read_at IS NULL FROM social.notifications(1)), true, 'with its time');
SELECT is(social.mark_notifications('{}', true) + social.mark_notifications(NULL, true), 0::bigint, 'none are none');
SELECT throws_ok('SELECT social.mark_notifications(ARRAY(SELECT generate_series(1, 101)), true)', 'SM400', 'too many ids', 'no more than 100');
SELECT throws_ok('SELECT social.mark_notifications(ARRAY[1], NULL)', 'SM400', 'is_read is required', 'and as what');
SELECT throws_ok(format('SELECT social.mark_notification_read(%s)', (SELECT min(id) FROM social.notifications WHERE recipient_id = :cleo)), 'SM404', 'notification not found', 'somebody else''s does not exist');
SELECT throws_ok('SELECT social.mark_notification_read(0)', 'SM404', 'notification not found', 'nor does an unknown one');
SELECT is(social.mark_all_notifications_read() >= :n, true, 'all are marked at once');
SELECT is(social.unread_notifications_count(), 0::bigint, 'and none is left');

-- ---- pages ---------------------------------------------------------------------------------------
DELETE FROM social.post_likes;
INSERT INTO social.users (username) SELECT 'tapfan_' || n FROM generate_series(1, 30) n;
INSERT INTO social.post_likes (post_id, user_id) SELECT :evepost, id FROM social.users WHERE username LIKE 'tapfan\_%' ORDER BY id;
SELECT social.act_as(:eve) \gset ignored_
UPDATE social.notifications SET is_read = true WHERE recipient_id = :eve AND id % 3 = 0;
CREATE FUNCTION pg_temp.pages(function text, size integer) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
	after text;
	ids bigint[];
BEGIN
	LOOP
		EXECUTE format('SELECT array_agg(id ORDER BY id DESC) FROM social.%I(%s, %L)', function, size, after) INTO ids;
		EXIT WHEN ids IS NULL;
		RETURN QUERY SELECT unnest(ids);
		after := social.cursor_encode(function, ids[cardinality(ids)], ids[cardinality(ids)]);
	END LOOP;
END
$$;
SELECT results_eq($$ SELECT pg_temp.pages('notifications', 7) $$, 'SELECT id FROM social.visible_notifications ORDER BY id DESC', 'pages neither skip nor repeat, read or not');
SELECT throws_ok('SELECT FROM social.notifications(0)', 'SM400', 'invalid page size', 'a page holds something');
SELECT throws_ok($$ SELECT FROM social.notifications(1, 'x') $$, 'SM400', 'invalid cursor', 'a mangled cursor is refused');
SELECT throws_ok($$ SELECT FROM social.notifications(1, social.cursor_encode('posts', 1, 1)) $$, 'SM400', 'invalid cursor', 'so is that of another list');

-- ---- of somebody, by id ----------------------------------------------------------------------------
SELECT results_eq('SELECT id, is_read FROM social.user_notifications(first => 100)', 'SELECT id, is_read FROM social.notifications(100)', 'seed 069: null is the viewer');
SELECT results_eq(format('SELECT id, recipient_id FROM social.user_notifications(%s, true, 7)', :eve), format('SELECT id, %s::bigint FROM social.notifications(7, unread_only => true)', :eve), 'as is the viewer''s id');
SELECT is(social.user_unread_notifications_count(:eve), social.unread_notifications_count(), 'seed 070: and so for the count');
SELECT social.act_as(:dan) \gset ignored_
SELECT throws_ok(format('SELECT FROM social.user_notifications(%s)', who), 'SM404', 'user not found', 'I-13: ' || name) FROM (VALUES (:eve, 'a foreign id'), (-1, 'an unknown one')) v (who, name);
SELECT throws_ok(format('SELECT social.user_unread_notifications_count(%s)', who), 'SM404', 'user not found', 'I-13: of ' || name) FROM (VALUES (:eve, 'a foreign id'), (-1, 'an unknown one')) v (who, name);
UPDATE social.users SET is_staff = true WHERE id = :dan;
SELECT results_eq(format('SELECT id FROM social.user_notifications(%s, first => 100)', :eve), format('SELECT id FROM social.notifications WHERE recipient_id = %s AND withdrawn_at IS NULL ORDER BY id DESC', :eve), 'I-13: staff see what anybody was told');
SELECT is(social.user_unread_notifications_count(:eve), (SELECT count(*) FROM social.notifications WHERE recipient_id = :eve AND NOT is_read AND withdrawn_at IS NULL), 'and how much is unread');
SELECT throws_ok('SELECT FROM social.user_notifications(-1)', 'SM404', 'user not found', 'of people whom there are');
UPDATE social.users SET is_staff = false WHERE id = :dan;
SELECT social.act_as(NULL::bigint) \gset ignored_
SELECT throws_ok(format('SELECT FROM social.user_notifications(%s)', :eve), 'SM401', NULL, 'nobody is told nothing');
SELECT social.act_as(:eve) \gset ignored_

-- ---- groups --------------------------------------------------------------------------------------
SELECT results_eq(format('SELECT type::text, count, cardinality(actor_ids), is_read FROM social.grouped_notifications() WHERE post_id = %s AND type = %L', :evepost, 'like'),
	$$ VALUES ('like'::text, 30::bigint, 3, false) $$, '30 likes are one group with the last three people');
SELECT results_eq(format('SELECT unnest(actor_ids) FROM social.grouped_notifications() WHERE type = %L', 'like'),
	$$ SELECT id FROM social.users WHERE username LIKE 'tapfan\_%' ORDER BY id DESC LIMIT 3 $$, 'the latest first');
SELECT results_eq($$ SELECT pg_temp.pages('grouped_notifications', 1) $$, 'SELECT id FROM social.grouped_notifications() ORDER BY id DESC', 'pages of groups neither skip nor repeat');
SELECT id AS likes FROM social.grouped_notifications() WHERE post_id = :evepost AND type = 'like' \gset
SELECT is((SELECT count(*) FROM social.notifications(100) WHERE post_id = :evepost AND type = 'like' AND is_read), 10::bigint, 'some of a group are read');
SELECT count(*) AS others FROM social.notifications(100) WHERE NOT (post_id IS NOT DISTINCT FROM :evepost AND type = 'like') AND NOT is_read \gset
SELECT is(social.mark_notification_group_read(:likes), :likes::bigint, 'a group can be marked');
SELECT is(social.mark_notification_group_read(:likes), :likes::bigint, 'again is harmless');
SELECT is((SELECT is_read FROM social.grouped_notifications() WHERE id = :likes), true, 'all of it is read then');
SELECT is((SELECT count(*) FROM social.notifications(100) WHERE NOT is_read), :others::bigint, 'and nothing else');
SELECT throws_ok('SELECT social.mark_notification_group_read(-1)', 'SM404', 'notification not found', 'there must be one');
SELECT social.mark_all_notifications_read() \gset ignored_
SELECT is((SELECT bool_and(is_read) FROM social.grouped_notifications()), true, 'a group is read when all of it is');
SELECT is((SELECT count FROM (SELECT social.act_as(:cleo)) a, LATERAL (SELECT count FROM social.grouped_notifications() WHERE type = 'reply' AND comment_id = :comment) g), 1::bigint, 'answers are grouped by the comment they answer');
SELECT throws_ok($$ SELECT FROM social.grouped_notifications(1, social.cursor_encode('notifications', 1, 1)) $$, 'SM400', 'invalid cursor', 'a cursor belongs to its list');

-- ---- the operator --------------------------------------------------------------------------------
SELECT is(social.system_notification(:dan, 'Welcome'), 1::bigint, 'an operator tells one person');
SELECT is(social.system_notification(NULL, 'Maintenance tonight'), (SELECT count(*) FROM social.users WHERE is_active), 'or everybody');
SELECT is((SELECT count(*) FROM pg_temp.told(:dan) t WHERE t = 'system'), 2::bigint, 'who reads it');
SELECT is((SELECT array_agg(message ORDER BY id) FROM (SELECT social.act_as(:dan)) a, LATERAL (SELECT id, message FROM social.grouped_notifications() WHERE type = 'system') g), ARRAY['Welcome', 'Maintenance tonight'], 'each message stands alone');
SELECT throws_ok($$ SELECT social.system_notification(NULL, ' ') $$, 'SM400', 'message is required', 'something must be said');
SELECT throws_ok($$ SELECT social.system_notification(0, 'x') $$, 'SM404', 'user not found', 'to somebody');

-- ---- nobody --------------------------------------------------------------------------------------
SELECT social.act_as(NULL::bigint) \gset ignored_
SELECT is_empty('SELECT FROM social.visible_notifications', 'nobody sees nobody''s');
SELECT throws_ok('SELECT FROM social.notifications()', 'SM401', NULL, 'who does not act is told nothing');
SELECT throws_ok('SELECT social.unread_notifications_count()', 'SM401', NULL, 'no count');
SELECT throws_ok('SELECT social.mark_all_notifications_read()', 'SM401', NULL, 'no mark');
SELECT throws_ok('SELECT social.mark_notifications(ARRAY[1], true)', 'SM401', NULL, 'not of several either');

-- ---- what goes takes its notifications along -----------------------------------------------------
SELECT lives_ok(format('DELETE FROM social.users WHERE id IN (%s, %s)', :cleo, :eve), 'people go');
SELECT is_empty(format('SELECT FROM social.notifications WHERE %s IN (recipient_id, actor_id) OR %s IN (recipient_id, actor_id)', :cleo, :eve), 'and no notification names them (P-22)');
SELECT is_empty('SELECT FROM social.notifications n WHERE actor_id IS NOT NULL AND NOT EXISTS (SELECT FROM social.users u WHERE u.id = n.actor_id)', 'no orphan is left');
SET LOCAL social.notifications = off;
INSERT INTO social.follows VALUES (:ben, :ann);
SELECT is_empty(format('SELECT FROM social.notifications WHERE recipient_id = %s AND type = %L AND withdrawn_at IS NULL', :ann, 'follow'), 'a load of old data may be silent');

-- ---- once ----
SET LOCAL social.notifications = on;
INSERT INTO social.users (username) VALUES ('tap_calm'), ('tap_loop');
SELECT social.act_as('tap_calm');
SELECT social.create_post('Calm', 'text') AS calm \gset
SELECT social.create_comment(:calm, 'mine') AS calm_comment, social.viewer_id() AS calm_id \gset
SELECT social.act_as('tap_loop');
CREATE FUNCTION pg_temp.round(post bigint, comment bigint, person bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.like_post(post), social.repost_post(post), social.like_comment(comment), social.follow_user(person);
	PERFORM social.unlike_post(post), social.unrepost_post(post), social.unlike_comment(comment), social.unfollow_user(person);
END $$;
SELECT pg_temp.round(:calm, :calm_comment, :calm_id);
SELECT social.act_as('tap_calm');
SELECT is_empty('SELECT FROM social.notifications()', 'what was taken back is not shown');
SELECT is(social.unread_notifications_count(), 0::bigint, 'nor counted');
SELECT is(social.mark_all_notifications_read(), 0::bigint, 'nor marked');
CREATE TEMPORARY TABLE once AS SELECT array_agg(id ORDER BY id) AS ids FROM social.notifications WHERE recipient_id = :calm_id;
SELECT social.act_as('tap_loop');
SELECT pg_temp.round(:calm, :calm_comment, :calm_id) FROM generate_series(1, 5);
SELECT social.block_user(:calm_id), social.unblock_user(:calm_id);
SELECT social.like_post(:calm), social.repost_post(:calm), social.like_comment(:calm_comment), social.follow_user(:calm_id);
SELECT social.act_as('tap_calm');
SELECT results_eq('SELECT id, is_read FROM social.notifications() ORDER BY id', format('SELECT id, false FROM unnest(%L::bigint[]) id ORDER BY 1', (SELECT ids FROM once)), 'found B13: who likes, shares and follows in a loop, blocks in between, tells it once');
SELECT is(social.mark_all_notifications_read(), 4::bigint, 'read');
SELECT social.act_as('tap_loop');
SELECT pg_temp.round(:calm, :calm_comment, :calm_id);
SELECT social.like_post(:calm), social.follow_user(:calm_id);
SELECT social.act_as('tap_calm');
SELECT is(social.unread_notifications_count(), 0::bigint, 'found B13: what was read stays read');
SELECT results_eq('SELECT type FROM social.notifications() ORDER BY id', $$ VALUES ('like'), ('follow') $$, 'found B13: and comes back');
UPDATE social.users SET is_locked = true WHERE id = :calm_id;
SELECT social.act_as('tap_loop');
SELECT social.unfollow_user(:calm_id);
SELECT social.follow_user(:calm_id), social.unfollow_user(:calm_id) FROM generate_series(1, 3);
SELECT social.follow_user(:calm_id);
SELECT is((SELECT count(*) FROM social.notifications WHERE recipient_id = :calm_id AND type = 'follow_request'), 1::bigint, 'found B13: a request, too');
SELECT social.viewer_id() AS loop_id \gset
DELETE FROM social.users WHERE id = :loop_id;
SELECT is_empty('SELECT FROM social.notifications WHERE actor_id = ' || :loop_id, 'found B13: nothing is remembered of who is gone');

-- Many at once, in one statement: each is told once, whatever else the statement does to the same.
CREATE TEMPORARY TABLE crowd AS WITH made AS (INSERT INTO social.users (username) SELECT 'tap_crowd' || n FROM generate_series(1, 50) n RETURNING id) SELECT id FROM made;
CREATE FUNCTION pg_temp.crowd_told() RETURNS TABLE (n bigint, shown bigint, first_id bigint, last_id bigint) LANGUAGE sql AS $$
	SELECT count(*), count(*) FILTER (WHERE n.withdrawn_at IS NULL), min(n.id), max(n.id) FROM social.notifications n JOIN crowd c ON c.id = n.actor_id WHERE n.type = 'like'
$$;
INSERT INTO social.post_likes (post_id, user_id) SELECT :calm, id FROM crowd ORDER BY id;
SELECT results_eq('SELECT n.actor_id FROM social.notifications n JOIN crowd c ON c.id = n.actor_id ORDER BY n.id', 'SELECT id FROM crowd ORDER BY id', 'likes of one statement are told in its order');
SELECT first_id, last_id FROM pg_temp.crowd_told() \gset crowd_
DELETE FROM social.post_likes WHERE post_id = :calm;
SELECT is((SELECT shown FROM pg_temp.crowd_told()), 0::bigint, 'taken back in one statement, they are not shown');
INSERT INTO social.post_likes (post_id, user_id) SELECT :calm, id FROM crowd ORDER BY id DESC;
SELECT results_eq('SELECT * FROM pg_temp.crowd_told()', format('VALUES (50::bigint, 50::bigint, %s::bigint, %s::bigint)', :crowd_first_id, :crowd_last_id), 'given again in one statement, they are back as they were');
WITH back AS (DELETE FROM social.post_likes WHERE post_id = :calm RETURNING post_id, user_id)
INSERT INTO social.post_likes (post_id, user_id) SELECT post_id, user_id FROM back;
SELECT results_eq('SELECT * FROM pg_temp.crowd_told()', format('VALUES (50::bigint, 50::bigint, %s::bigint, %s::bigint)', :crowd_first_id, :crowd_last_id), 'taken back and given again by one statement, too');
-- Some of many were told before, and some were not.
DELETE FROM social.post_likes l WHERE l.post_id = :calm;
DELETE FROM social.notifications n USING crowd c WHERE c.id = n.actor_id AND n.id > :crowd_first_id + 24;
INSERT INTO social.post_likes (post_id, user_id) SELECT :calm, id FROM crowd ORDER BY id DESC;
SELECT results_eq('SELECT n, shown, first_id FROM pg_temp.crowd_told()', format('VALUES (50::bigint, 50::bigint, %s::bigint)', :crowd_first_id), 'the others are told, and nobody twice');
DELETE FROM social.users WHERE id IN (SELECT id FROM crowd);

-- Blocks and mutes count however many there are.
SELECT social.register_user('tap_strict', 'tap_strict@e.com', 'long password') AS strict \gset
CREATE TEMPORARY TABLE others AS WITH made AS (INSERT INTO social.users (username) SELECT 'tap_other' || n FROM generate_series(1, 60) n RETURNING id) SELECT id, row_number() OVER (ORDER BY id) AS n FROM made;
SELECT social.act_as(:strict);
SELECT social.create_post('Strict', 'text') AS strict_post \gset
CREATE FUNCTION pg_temp.strict_round() RETURNS bigint[] LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM social.post_likes l USING others o WHERE l.user_id = o.id;
	DELETE FROM social.notifications m USING others o WHERE m.actor_id = o.id;
	INSERT INTO social.post_likes (post_id, user_id) SELECT (SELECT max(id) FROM social.posts WHERE title = 'Strict'), id FROM others;
	RETURN ARRAY(SELECT o.n FROM social.notifications m JOIN others o ON o.id = m.actor_id WHERE m.type = 'like' ORDER BY 1);
END
$$;
SELECT is(array_length(pg_temp.strict_round(), 1), 60, 'without blocks and mutes all are heard');
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT :strict, id FROM others WHERE n = 1;
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT id, :strict FROM others WHERE n = 2;
INSERT INTO social.mutes (muter_id, muted_id) SELECT :strict, id FROM others WHERE n = 3;
INSERT INTO social.mutes (muter_id, muted_id, notifications) SELECT :strict, id, false FROM others WHERE n = 4;
INSERT INTO social.mutes (muter_id, muted_id, expires_at) SELECT :strict, id, now() - interval '1 minute' FROM others WHERE n = 5;
SELECT is(pg_temp.strict_round(), ARRAY(SELECT n FROM others WHERE n > 3 ORDER BY 1), 'with a few, those that are about notifications and not over silence');
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT :strict, id FROM others WHERE n BETWEEN 21 AND 40;
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT id, :strict FROM others WHERE n BETWEEN 41 AND 50;
INSERT INTO social.mutes (muter_id, muted_id) SELECT :strict, id FROM others WHERE n BETWEEN 51 AND 59;
SELECT is(pg_temp.strict_round(), ARRAY(SELECT n FROM others WHERE n BETWEEN 4 AND 20 OR n = 60 ORDER BY 1), 'with many, too');

-- A page costs what it shows and passes over, however much is unread (found C10).
SELECT social.register_user('tap_many', 'tap_many@e.com', 'long password') AS many, social.register_user('tap_loud', 'tap_loud@e.com', 'long password') AS loud,
	social.register_user('tap_heard', 'tap_heard@e.com', 'long password') AS heard, social.register_user('tap_shut', 'tap_shut@e.com', 'long password') AS shut \gset
INSERT INTO social.posts (author_id, title, content) SELECT :many, 'many', 'posts' FROM generate_series(1, 3);
INSERT INTO social.notifications (recipient_id, type, actor_id, post_id, is_read)
SELECT :many, 'like', CASE n % 4 WHEN 0 THEN :heard WHEN 1 THEN :shut ELSE :loud END, (SELECT max(p.id) FROM social.posts p) - n % 3, n % 5 = 0 FROM generate_series(1, 3000) n;
UPDATE social.posts SET deleted_at = now() WHERE id = (SELECT max(p.id) FROM social.posts p) - 1;
SELECT social.act_as(:many, true) \g /dev/null
SELECT social.block_user(:shut) \g /dev/null
CREATE FUNCTION pg_temp.told(size integer, unread boolean) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	told bigint[] := '{}';
	page bigint[];
BEGIN
	LOOP
		page := ARRAY(SELECT n.id FROM social.notifications(size, social.cursor_encode('notifications', told[cardinality(told)], told[cardinality(told)]), unread) n);
		EXIT WHEN page = '{}';
		told := told || page;
	END LOOP;
	RETURN told;
END
$$;
SELECT is(pg_temp.told(size, unread), ARRAY(SELECT n.id FROM social.visible_notifications n WHERE NOT (unread AND n.is_read) ORDER BY n.id DESC),
	format('found C10: pages of %s hold what may be seen, in order%s', size, CASE WHEN unread THEN ', unread' ELSE '' END))
FROM (VALUES (7, false), (100, false), (100, true)) AS v (size, unread);
SELECT social.mute_user(:loud) \g /dev/null
SELECT is(pg_temp.told(50, false), ARRAY(SELECT n.id FROM social.visible_notifications n ORDER BY n.id DESC), 'found C10: also with somebody muted');
-- However large other tests have made the tables: by indexes, which are what is counted.
SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
ANALYZE social.notifications, social.users, social.posts;
SELECT pg_stat_get_xact_numscans('social.users_pkey'::regclass) + pg_stat_get_xact_numscans('social.posts_pkey'::regclass) AS before \gset
SELECT is((SELECT count(*) FROM social.notifications(20)), 20::bigint, 'a page');
SELECT cmp_ok(pg_stat_get_xact_numscans('social.users_pkey'::regclass) + pg_stat_get_xact_numscans('social.posts_pkey'::regclass) - :before, '<', 600::bigint,
	'found C10: asks about what it shows and passes over, not about all');

SELECT * FROM finish();
ROLLBACK;
