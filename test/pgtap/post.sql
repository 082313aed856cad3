-- post.sql proves posts and drafts.
BEGIN;
SELECT no_plan();

SELECT has_column('social', 'posts', c, 'seed 098: posts.' || c) FROM unnest(ARRAY['id', 'author_id', 'title', 'content', 'is_published', 'created_at', 'updated_at', 'search_vector']) c;
SELECT has_column('social', 'visible_posts', c, 'seed 099: visible_posts.' || c) FROM unnest(ARRAY['likes_count', 'comments_count']) c;
SELECT results_eq($$
	SELECT pg_get_indexdef(i.indexrelid) LIKE '%(author_id, created_at DESC)%' OR pg_get_indexdef(i.indexrelid) LIKE '%(is_published, created_at DESC)%'
		OR pg_get_indexdef(i.indexrelid) LIKE '%(created_at)%' OR pg_get_indexdef(i.indexrelid) LIKE '%gin (search_vector)%' AS wanted
	FROM pg_index i WHERE i.indrelid = 'social.posts'::regclass AND pg_get_indexdef(i.indexrelid) ~ 'created_at|gin \(search_vector' $$,
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
SELECT social.act_as((SELECT username FROM social.users WHERE id = :author));
SELECT position AS old_place FROM social.post(:draft) \gset
SELECT social.create_post('Newer', 'than the draft') AS newer \gset
SELECT social.update_post(:draft, is_published => false);
SELECT is((SELECT position FROM social.post(:draft)), NULL, 'taken back, it has no place');
SELECT social.publish_post(:draft);
SELECT is((SELECT position FROM social.post(:draft)), :old_place::bigint, 'found B14: published again, it returns to its place');
SELECT social.update_post(:draft, is_published => false);
SELECT social.delete_post(:draft);
SELECT social.restore_post(:draft);
SELECT social.update_post(:draft, publish_at => now() + interval '1 hour');
UPDATE social.posts SET publish_at = now() - interval '1 second' WHERE id = :draft;
SELECT social.publish_due_posts(10);
SELECT is((SELECT position FROM social.post(:draft)), :old_place::bigint, 'found B14: whatever way it takes');
DELETE FROM social.posts WHERE id = :newer;
SELECT social.act_as('tap_friend');
UPDATE social.posts SET is_published = false WHERE id = :draft;
SELECT is_empty($$ SELECT post_count FROM social.visible_hashtags WHERE tag = 'tapdraft' $$, 'taken back, it gives them up');
SELECT is_empty('SELECT FROM social.mentions WHERE post_id = ' || :draft, 'and its mentions too');

-- ---- settings ----
SELECT act_as AS author FROM social.act_as('tap_author') \gset
SELECT throws_ok($$ SELECT social.create_post('a', 'b', visibility => 'friends') $$, 'SM400', 'invalid visibility', 'an unknown visibility');
SELECT throws_ok($$ SELECT social.create_post('a', 'b', reply_settings => 'nobody') $$, 'SM400', 'invalid reply settings', 'unknown reply settings');
SELECT throws_ok($$ SELECT social.create_post('a', 'b', publish_at => now() - interval '1 second') $$, 'SM400', 'invalid time of publication', 'a time that is over');
SELECT throws_ok($$ SELECT social.create_post('a', 'b', image => repeat('x', 2001)) $$, 'SM400', 'image is too long', 'an over-long image');
SELECT throws_ok('INSERT INTO social.posts (author_id, title, content, visibility) VALUES (' || :author || $$, 'a', 'b', 'friends') $$, '23514', NULL, 'the table refuses an unknown visibility too');
SELECT throws_ok(format('SELECT social.create_post(''a'', ''b'', %s => %L)', what, address), 'SM400', what || ' is not valid', 'found B6: ' || what || ' ' || address)
FROM unnest(ARRAY['image', 'video']) what,
	unnest(ARRAY['javascript:alert(1)', 'JAVASCRIPT:alert(1)', ' javascript:alert(1)', E'java\tscript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'https://', 'https://a"b', '../x', 'a:b']) address;
SELECT lives_ok(format('SELECT social.create_post(''a'', ''b'', image => %1$L, video => %1$L)', address), 'found B6: ' || address || ' is fine')
FROM unnest(ARRAY['https://cdn.example.org/a%20b.png', 'http://example.org/v.mp4?sig=1#t=2', 'media/posts/1/a.png', '/media/posts/1/a.png']) address;
SELECT social.create_post(title => 'Named', content => 'arguments', is_published => true) AS named \gset
SELECT results_eq('SELECT is_published, visibility, reply_settings, is_pinned, is_highlighted, image, video, is_edited FROM social.post(' || :named || ')',
	$$ VALUES (true, 'public' COLLATE "C", 'everyone' COLLATE "C", false, false, NULL::text, NULL::text, false) $$, 'seed 099: what a post is unless said otherwise');

-- ---- editing ----
SELECT position AS place FROM social.posts WHERE id = :named \gset
SELECT is(social.update_post(:named, content => 'other #tapedit words'), :named::bigint, 'seed 072: updatePost');
SELECT results_eq('SELECT title, content, is_edited, edited_at IS NOT NULL, position, hashtags FROM social.post(' || :named || ')',
	'SELECT ''Named'', ''other #tapedit words'', true, true, ' || :place || $$::bigint, '{tapedit}'::text[] COLLATE "C" $$, 'what is null stays; the edit is marked and keeps its place');
SELECT results_eq('SELECT revision, title, content, editor_id FROM social.post_revisions(' || :named || ')',
	'SELECT 1, ''Named'', ''arguments'', ' || :author || '::bigint', 'the revision says what was there before');
SELECT social.update_post(:named, title => 'Named', content => 'other #tapedit words', image => 'a.png');
SELECT is((SELECT count(*) FROM social.post_revisions(:named)), 1::bigint, 'the same text is no edit');
SELECT is((SELECT image FROM social.post(:named)), 'a.png', 'an image is set');
SELECT social.update_post(:named, image => '');
SELECT is((SELECT image FROM social.post(:named)), NULL, 'and taken off');
UPDATE social.posts SET content = 'third' WHERE id = :named;
SELECT results_eq('SELECT revision, content FROM social.post_revisions(' || :named || ')', $$ VALUES (2, 'other #tapedit words'), (1, 'arguments') $$, 'a plain UPDATE leaves a revision too, latest first');
SELECT results_eq('SELECT revision FROM social.post_revisions(' || :named || ', 5, (SELECT cursor FROM social.post_revisions(' || :named || ', 1)))', 'VALUES (1)', 'P-04: the next page of revisions');
SELECT throws_ok('UPDATE social.post_revisions SET content = ''forged'' WHERE post_id = ' || :named, 'SM403', 'revisions are only added', 'revisions are not changed');
SELECT throws_ok('DELETE FROM social.post_revisions WHERE post_id = ' || :named, 'SM403', 'revisions are only added', 'nor deleted');
SELECT throws_ok('SELECT social.update_post(' || :named || $$, title => ' ') $$, 'SM400', 'title is required', 'an edit keeps to the rules of a post');
SELECT throws_ok('SELECT social.update_post(' || :named || $$, video => 'javascript:alert(1)') $$, 'SM400', 'video is not valid', 'found B6: an edit too');
SELECT throws_ok('SELECT social.update_post(' || :named || $$, visibility => 'friends') $$, 'SM400', 'invalid visibility', 'also to those of its settings');
SELECT throws_ok('SELECT social.update_post(' || :named || $$, publish_at => now() + interval '1 day') $$, 'SM400', 'the post is published already', 'a published post is not scheduled');
SELECT social.create_post('Untold', 'draft', false) AS untold \gset
SELECT social.update_post(:untold, content => 'draft, second');
SELECT results_eq('SELECT is_edited, (SELECT count(*) FROM social.post_revisions(' || :untold || ')) FROM social.post(' || :untold || ')', 'VALUES (false, 0::bigint)', 'a draft may change unseen');
SELECT social.act_as('tap_friend');
SELECT throws_ok('SELECT social.update_post(' || :named || $$, title => 'x') $$, 'SM403', 'this is not your post', 'somebody else''s post');
SELECT throws_ok('SELECT social.update_post(' || :untold || $$, title => 'x') $$, 'SM404', 'post not found', 'somebody else''s draft does not exist');
SELECT throws_ok('SELECT social.publish_post(' || :untold || ')', 'SM404', 'post not found', 'and is not published');
SELECT throws_ok('SELECT social.delete_post(' || :named || ')', 'SM403', 'this is not your post', 'nor is somebody else''s post deleted');
SELECT throws_ok('SELECT social.pin_post(' || :named || ')', 'SM403', 'this is not your post', 'nor pinned');
SELECT throws_ok('SELECT social.restore_post(' || :named || ')', 'SM403', 'this is not your post', 'nor restored');
SELECT throws_ok('SELECT * FROM social.post_revisions(' || :named || ')', 'SM403', 'this is not your post', 'nor are its revisions read');
SELECT throws_ok('SELECT social.update_post(-1, title => ''x'')', 'SM404', 'post not found', 'an unknown post');
SELECT social.act_as(NULL::bigint);
SELECT throws_ok('SELECT social.update_post(' || :named || ')', 'SM401', NULL, 'nobody cannot edit');
SELECT throws_ok('SELECT social.delete_post(' || :named || ')', 'SM401', NULL, 'nor delete');
SELECT throws_ok('SELECT * FROM social.draft_posts()', 'SM401', NULL, 'nor have drafts');

-- ---- drafts and scheduled posts ----
SELECT social.act_as('tap_author');
SELECT social.create_post('Later', 'about #taplater for @tap_friend', publish_at => now() + interval '1 hour') AS later \gset
SELECT results_eq('SELECT is_published, position, publish_at = now() + interval ''1 hour'' FROM social.post(' || :later || ')', 'VALUES (false, NULL::bigint, true)', 'a scheduled post is not published yet');
SELECT is_empty('SELECT FROM social.mentions WHERE post_id = ' || :later, 'and mentions nobody yet');
SELECT results_eq('SELECT id FROM social.draft_posts() LIMIT 2', 'VALUES (' || :later || '::bigint), (' || :untold || ')', 'drafts and scheduled posts, newest first');
SELECT is(social.publish_due_posts(10), 0::bigint, 'nothing is due');
SELECT social.update_post(:later, content => 'editable until due: #taplater for @tap_friend');
UPDATE social.posts SET publish_at = now() - interval '2 seconds' WHERE id = :later;
UPDATE social.posts SET publish_at = now() - interval '1 second' WHERE id = :untold;
SELECT is(social.publish_due_posts(1), 1::bigint, 'a batch has a size');
SELECT is(social.publish_due_posts(10), 1::bigint, 'the worker''s function publishes what is due');
SELECT results_eq('SELECT is_published, publish_at, (SELECT count(*) FROM social.mentions WHERE post_id = p.id), position < (SELECT position FROM social.post(' || :untold || ')), is_edited FROM social.post(' || :later || ') p',
	'VALUES (true, NULL::timestamptz, 1::bigint, true, false)', 'with links, in the order of their times');
SELECT is(social.publish_due_posts(10), 0::bigint, 'once');
SELECT social.create_post('Never', 'x', publish_at => now() + interval '1 hour') AS never \gset
SELECT social.update_post(:never, publish_at => 'infinity');
SELECT results_eq('SELECT is_published, publish_at FROM social.post(' || :never || ')', 'VALUES (false, NULL::timestamptz)', 'a scheduled post becomes a draft again');
SELECT is(social.publish_post(:never), :never::bigint, 'publish_post');
SELECT is(social.publish_post(:never), :never::bigint, 'again is harmless');
SELECT cmp_ok((SELECT position FROM social.post(:never)), '>', (SELECT position FROM social.post(:later)), 'it enters at the top');

-- ---- visibility and links ----
SELECT social.create_post('Quiet', 'about #tapquiet for @tap_friend', visibility => 'followers') AS quiet \gset
SELECT is_empty($$ SELECT FROM social.hashtag_counters c JOIN social.hashtags h ON h.id = c.hashtag_id WHERE h.tag = 'tapquiet' AND c.posts_count <> 0 $$, 'a post for followers does not count for its tags');
SELECT results_eq('SELECT is_public FROM social.post_hashtags WHERE post_id = ' || :quiet, 'VALUES (NULL::boolean)', 'but is linked with them');
SELECT social.update_post(:quiet, visibility => 'public');
SELECT results_eq($$ SELECT post_count FROM social.visible_hashtags WHERE tag = 'tapquiet' $$, ARRAY[1::bigint], 'made public, it counts');
UPDATE social.posts SET hidden_at = now() WHERE id = :quiet;
SELECT is((SELECT posts_count FROM social.hashtag_counters c JOIN social.hashtags h ON h.id = c.hashtag_id WHERE h.tag = 'tapquiet'), 0::bigint, 'hidden, it does not');
UPDATE social.posts SET hidden_at = NULL, visibility = 'private' WHERE id = :quiet;
SELECT is_empty('SELECT FROM social.mentions WHERE post_id = ' || :quiet, 'a private post mentions nobody');
SELECT social.update_post(:quiet, visibility => 'mentioned');
SELECT isnt_empty('SELECT FROM social.mentions WHERE post_id = ' || :quiet, 'one for those it mentions does');
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT id, :author FROM social.users WHERE username = 'tap_friend';
SELECT social.create_post('Blocked', 'for @tap_friend') AS blocked \gset
SELECT is_empty('SELECT FROM social.mentions WHERE post_id = ' || :blocked, 'P-09: a blocked pair makes no mention');
DELETE FROM social.blocks WHERE blocked_id = :author;

-- ---- deleting and restoring ----
SELECT social.create_post('Gone', 'with #tapgone for @tap_friend') AS gone \gset
SELECT position AS place FROM social.posts WHERE id = :gone \gset
SELECT posts_count AS many FROM social.visible_users WHERE id = :author \gset
SELECT social.create_comment(:gone, 'stays with it');
SELECT social.pin_post(:gone);
SELECT is(social.delete_post(:gone), :gone::bigint, 'seed 073: deletePost');
SELECT is_empty('SELECT FROM social.post(' || :gone || ')', 'a deleted post is gone, for its author too');
SELECT throws_ok('SELECT social.delete_post(' || :gone || ')', 'SM404', 'post not found', 'and is not deleted again');
SELECT throws_ok('SELECT social.update_post(' || :gone || ', title => ''x'')', 'SM404', 'post not found', 'nor edited');
SELECT throws_ok('SELECT social.create_comment(' || :gone || ', ''x'')', 'SM404', 'post not found', 'nor commented on');
SELECT is((SELECT posts_count FROM social.visible_users WHERE id = :author), (:many - 1)::bigint, 'it does not count for its author');
SELECT is((SELECT posts_count FROM social.hashtag_counters c JOIN social.hashtags h ON h.id = c.hashtag_id WHERE h.tag = 'tapgone'), 0::bigint, 'nor for its tag');
SELECT is_empty('SELECT FROM social.mentions WHERE post_id = ' || :gone, 'and mentions nobody');
SELECT is_empty('SELECT FROM social.user_posts(' || :author || $$, 100) WHERE title = 'Gone' $$, 'it is in no list');
SELECT results_eq('SELECT id, title, restorable_until = now() + interval ''30 days'' FROM social.deleted_posts()', 'VALUES (' || :gone || '::bigint, ''Gone'', true)', 'but among its author''s deleted posts');
SELECT is_empty('SELECT FROM social.deleted_posts(5, (SELECT cursor FROM social.deleted_posts(1)))', 'P-04: the next page of those');
SELECT is(social.restore_post(:gone), :gone::bigint, 'restore_post');
SELECT is(social.restore_post(:gone), :gone::bigint, 'again is harmless');
SELECT results_eq('SELECT position, is_pinned, comments_count FROM social.post(' || :gone || ')', 'VALUES (' || :place || '::bigint, false, 1::bigint)', 'it is back in its place, with its comments, unpinned');
SELECT results_eq($$ SELECT post_count FROM social.visible_hashtags WHERE tag = 'tapgone' $$, ARRAY[1::bigint], 'it counts for its tag');
SELECT isnt_empty('SELECT FROM social.mentions WHERE post_id = ' || :gone, 'and mentions people');
SELECT is((SELECT posts_count FROM social.visible_users WHERE id = :author), :many::bigint, 'and counts for its author');
SELECT social.delete_post(:gone);
SELECT social.act_as('tap_friend');
SELECT throws_ok('SELECT social.restore_post(' || :gone || ')', 'SM404', 'post not found', 'nobody else knows of it');
SELECT is_empty('SELECT FROM social.deleted_posts()', 'nor lists it');
SELECT social.act_as('tap_author');
UPDATE social.posts SET deleted_at = now() - interval '31 days' WHERE id = :gone;
SELECT throws_ok('SELECT social.restore_post(' || :gone || ')', 'SM404', 'post not found', 'after the window it stays gone');
SELECT is_empty('SELECT FROM social.deleted_posts()', 'and is listed no more');
SELECT is(social.purge_deleted(10), 1::bigint, 'and is purged');
SELECT is_empty('SELECT FROM social.posts WHERE id = ' || :gone, 'for good');
SELECT is_empty('SELECT FROM social.comments WHERE post_id = ' || :gone, 'with its comments');
SELECT is(social.purge_deleted(10), 0::bigint, 'once');
SELECT social.create_post('Draft again', 'x', false) AS again \gset
SELECT social.delete_post(:again);
SELECT social.restore_post(:again);
SELECT results_eq('SELECT is_published, position FROM social.post(' || :again || ')', 'VALUES (false, NULL::bigint)', 'a restored draft is a draft');
UPDATE social.posts SET is_published = true, deleted_at = now() WHERE id = :again;
SELECT is((SELECT position FROM social.posts WHERE id = :again), NULL, 'published while deleted, it has no place');
SELECT social.restore_post(:again);
SELECT isnt((SELECT position FROM social.posts WHERE id = :again), NULL, 'until it is restored');

-- ---- pins and highlights ----
SELECT count(social.pin_post(id)) FROM (SELECT id FROM social.user_posts(:author, 3)) p;
SELECT results_eq('SELECT id FROM social.pinned_posts(' || :author || ')', 'SELECT id FROM social.user_posts(' || :author || ', 3)', 'seed 099: pinned posts, newest first');
SELECT throws_ok('SELECT social.pin_post(' || :named || ')', 'SM409', 'too many pinned posts', 'at most three');
SELECT social.unpin_post(:again);
SELECT is(social.pin_post(:named), :named::bigint, 'one gives way to another');
SELECT is(social.pin_post(:named), :named::bigint, 'again is harmless');
SELECT social.update_post(:again, is_published => false);
SELECT throws_ok('SELECT social.pin_post(' || :again || ')', 'SM400', 'only a published post can be pinned', 'not a draft');
SELECT social.highlight_post(:named);
SELECT is(social.highlight_post(:named), :named::bigint, 'highlight; again is harmless');
SELECT is((SELECT is_highlighted FROM social.post(:named)), true, 'seed 099: highlighted');
SELECT social.unhighlight_post(:named);
SELECT is((SELECT is_highlighted FROM social.post(:named)), false, 'and no more');

-- ---- lists ----
SELECT results_eq('SELECT id FROM social.user_posts(' || :author || ', 100)', 'SELECT id FROM social.posts WHERE author_id = ' || :author || ' AND position IS NOT NULL ORDER BY position DESC', 'a person''s posts, newest first');
SELECT results_eq('SELECT id FROM social.user_posts(' || :author || ', 2, (SELECT social.cursor_encode(''user_posts'', position, id) FROM social.user_posts(' || :author || ', 2) ORDER BY position LIMIT 1))',
	'SELECT id FROM social.posts WHERE author_id = ' || :author || ' AND position IS NOT NULL ORDER BY position DESC OFFSET 2 LIMIT 2', 'P-04: the next page follows the last row');
SELECT throws_ok('SELECT * FROM social.user_posts(-1)', 'SM404', 'user not found', 'an unknown person');
SELECT throws_ok('SELECT * FROM social.user_posts(' || :author || ', 0)', 'SM400', 'invalid page size', 'a page has rows');
SELECT throws_ok(format('SELECT * FROM social.user_posts(%s, 5, %L)', :author, translate(social.cursor_encode('user_posts', 5, 5), 'ABC', 'BCA')), 'SM400', 'invalid cursor', 'a cursor that was tampered with');
SELECT throws_ok(format('SELECT * FROM social.user_posts(%s, 5, %L)', :author, social.cursor_encode('posts', 5, 5)), 'SM400', 'invalid cursor', 'one of another list');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter LIKE '%posts_count' AND (object_id IN (SELECT id FROM social.users WHERE username LIKE 'tap%') OR counter LIKE 'hashtag%' AND object_id IN (SELECT id FROM social.hashtags WHERE tag LIKE 'tap%')) $$, 'counts equal the truth after all this');

SELECT is_empty('SELECT FROM social.post(NULL)', 'no id, no post');
DELETE FROM social.posts WHERE id = :post;
SELECT is_empty('SELECT FROM social.post_hashtags WHERE post_id = ' || :post, 'seed 113: a deleted post takes its links along');
SELECT is_empty('SELECT FROM social.post_counters WHERE post_id = ' || :post, 'and its counters');
UPDATE social.users SET is_active = false WHERE username = 'tap_author';
SELECT is_empty('SELECT FROM social.visible_posts WHERE author_id = ' || :author, 'an inactive author''s posts are not seen');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE object_id IN (SELECT id FROM social.users WHERE username LIKE 'tap%') $$, 'counts equal the truth');

SELECT * FROM finish();
ROLLBACK;
