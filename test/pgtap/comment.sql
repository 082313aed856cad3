-- comment.sql proves comments and replies.
BEGIN;
SELECT no_plan();

SELECT has_column('social', 'comments', c, 'seed 100: comments.' || c) FROM unnest(ARRAY['id', 'post_id', 'author_id', 'content', 'parent_id', 'is_edited', 'created_at', 'updated_at']) c;
INSERT INTO social.users (username) VALUES ('tap_author');
SELECT throws_ok($$ SELECT social.create_comment(1, 'x') $$, 'SM401', NULL, 'nobody cannot comment');
SELECT social.act_as('tap_author');
SELECT social.create_post('One', 'text') AS one \gset
SELECT social.create_post('Two', 'text') AS two \gset
SELECT social.create_comment(:one, 'first') AS first \gset
SELECT social.create_comment(:one, 'reply', :first) AS reply \gset

SELECT results_eq('SELECT content, parent_id, replies_count, is_edited FROM social.visible_comments WHERE post_id = ' || :one || ' ORDER BY id',
	'VALUES (''first'', NULL::bigint, 1::bigint, false), (''reply'', ' || :first || ', 0, false)', 'seed 074: createComment, with a parent');
SELECT is((SELECT comments_count FROM social.post(:one)), 2::bigint, 'seed 099: the post counts replies too');
SELECT is((SELECT social.comment_json(c)::jsonb -> 'parent_comment' FROM social.visible_comments c WHERE id = :reply), to_jsonb(:first::bigint), 'both names of the parent are shown');
SELECT is((SELECT social.comment_document(:reply)::text), (SELECT row_to_json(r)::text FROM (
	SELECT c.id, c.post_id, social.person_document(c.author_id) AS author, c.parent_id, c.parent_id AS parent_comment, c.content, c.is_edited, c.edited_at,
		c.is_deleted, c.likes_count, c.replies_count, c.created_at, c.updated_at FROM social.visible_comments c WHERE c.id = :reply) r), 'as a document: what the view says');
SELECT is(social.comment_document(-1)::text, NULL, 'an unknown one has none');
SELECT is(social.comment_of_post(:one, :first), :first::bigint, 'a comment and its post');
SELECT throws_ok(format('SELECT social.%s', call), 'SM404', NULL, call) FROM unnest(ARRAY[format('comment_of_post(%s, %s)', :two, :first), format('seen_comment(%s, %s)', :two, :first), 'seen_comment(NULL, NULL)', 'comment_of_post(NULL, NULL)', 'seen_post(-1)', 'seen_post(NULL)']) call;
SELECT is(social.seen_comment(:one, :first), :first::bigint, 'and where it is seen');
SELECT is(social.seen_post(:one), :one::bigint, 'so is the post');
SELECT throws_ok($$ SELECT social.rest_documents('tags', 1) $$, 'SM400', 'there is no such document', 'what is no list has no pages');
SELECT is_empty($$ SELECT social.rest_documents('comments', NULL) $$, 'nor has nothing');
SELECT throws_ok('SELECT social.create_comment(' || :two || $$, 'x', $$ || :first || ')', 'SM404', 'comment not found', 'a reply stands under its parent''s post');
SELECT throws_ok('INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT ' || :two || ', id, ' || :first || $$, 'x' FROM social.users LIMIT 1 $$, '23503', NULL, 'the table holds this too');
SELECT throws_ok($$ SELECT social.create_comment(-1, 'x') $$, 'SM404', 'post not found', 'an unknown post');
SELECT throws_ok('SELECT social.create_comment(' || :one || $$, ' ') $$, 'SM400', 'content is required', 'content is required');
SELECT throws_ok('SELECT social.create_comment(' || :one || $$, repeat('x', 5001)) $$, 'SM400', 'content is too long', 'and limited');

UPDATE social.comments SET content = 'second thought' WHERE id = :first;
SELECT is((SELECT is_edited FROM social.visible_comments WHERE id = :first), true, 'seed 075: an edit sets is_edited');
UPDATE social.comments SET content = content WHERE id = :reply;
SELECT is((SELECT is_edited FROM social.visible_comments WHERE id = :reply), false, 'the same text is no edit');

DELETE FROM social.comments WHERE id = :first;
SELECT is((SELECT comments_count FROM social.post(:one)), 0::bigint, 'seed 113: replies go with their parent, and the count follows');
SELECT is_empty('SELECT FROM social.comment_counters WHERE comment_id IN (' || :first || ', ' || :reply || ')', 'so do their counters');

-- ---- editing and deleting ----
SELECT social.create_post('Thread', 'text') AS thread \gset
SELECT social.create_comment(:thread, 'a') AS a \gset
SELECT social.create_comment(:thread, 'b') AS b \gset
SELECT social.create_comment(:thread, 'a1', :a) AS a1 \gset
SELECT social.create_comment(:thread, 'a11', :a1) AS a11 \gset
SELECT social.create_comment(:thread, 'a2', :a) AS a2 \gset
SELECT is(social.update_comment(:b, 'b, better'), :b::bigint, 'seed 075: updateComment');
SELECT results_eq('SELECT content, is_edited, edited_at IS NOT NULL FROM social.visible_comments WHERE id = ' || :b, $$ VALUES ('b, better', true, true) $$, 'with its mark');
SELECT throws_ok('SELECT social.update_comment(' || :b || $$, '') $$, 'SM400', 'content is required', 'content is required');
SELECT throws_ok('SELECT social.update_comment(' || :b || $$, repeat('x', 5001)) $$, 'SM400', 'content is too long', 'and limited');
SELECT throws_ok($$ SELECT social.update_comment(-1, 'x') $$, 'SM404', 'comment not found', 'an unknown comment');
INSERT INTO social.users (username) VALUES ('tap_other'), ('tap_follower'), ('tap_named');
INSERT INTO social.follows SELECT f.id, a.id FROM social.users f, social.users a WHERE f.username = 'tap_follower' AND a.username = 'tap_author';
SELECT social.act_as('tap_other');
SELECT throws_ok('SELECT social.update_comment(' || :b || $$, 'x') $$, 'SM403', 'this is not your comment', 'somebody else''s comment');
SELECT throws_ok('SELECT social.delete_comment(' || :b || ')', 'SM403', 'this is not your comment', 'nor is it deleted');
SELECT social.act_as(NULL::bigint);
SELECT throws_ok('SELECT social.delete_comment(' || :b || ')', 'SM401', NULL, 'nobody cannot delete');
SELECT social.act_as('tap_author');

SELECT results_eq('SELECT content, depth, path[cardinality(path)] = id FROM social.comment_thread(' || :thread || ')',
	$$ VALUES ('a', 1, true), ('a1', 2, true), ('a11', 3, true), ('a2', 2, true), ('b, better', 1, true) $$, 'a thread, depth first');
SELECT results_eq('SELECT content FROM social.comment_thread(' || :thread || ', 2, (SELECT cursor FROM social.comment_thread(' || :thread || $$, 3) WHERE content = 'a11')) $$, $$ VALUES ('a2'), ('b, better') $$, 'P-04: its next page goes on where the last one ended');
SELECT is_empty('SELECT * FROM social.comment_thread(' || :thread || ', 2, (SELECT cursor FROM social.comment_thread(' || :thread || $$) WHERE content = 'b, better')) $$, 'and ends');
SELECT results_eq('SELECT content FROM social.post_comments(' || :thread || ')', $$ VALUES ('a'), ('b, better') $$, 'the comments that are no replies');
SELECT results_eq('SELECT content FROM social.post_comments(' || :thread || ', 5, ' || quote_literal(social.cursor_encode('post_comments', :a, :a)) || ')', $$ VALUES ('b, better') $$, 'P-04: their next page');
SELECT results_eq('SELECT content FROM social.comment_replies(' || :a || ')', $$ VALUES ('a1'), ('a2') $$, 'the replies to one');
SELECT results_eq('SELECT content FROM social.comment_replies(' || :a || ', 5, ' || quote_literal(social.cursor_encode('comment_replies', :a1, :a1)) || ')', $$ VALUES ('a2') $$, 'P-04: their next page');
SELECT throws_ok('SELECT * FROM social.' || f || '(-1)', 'SM404', NULL, f || ' of nothing') FROM unnest(ARRAY['post_comments', 'comment_replies', 'comment_thread']) f;
SELECT throws_ok(format('SELECT * FROM social.%s(%s, 0)', f, o), 'SM400', 'invalid page size', f || ': a page has rows')
	FROM (VALUES ('post_comments', :thread), ('comment_replies', :a), ('comment_thread', :thread)) l(f, o);
SELECT throws_ok(format('SELECT * FROM social.%s(%s, 5, %L)', f, o, social.cursor_encode('posts', 1, 1)), 'SM400', 'invalid cursor', f || ': a cursor of another list')
	FROM (VALUES ('post_comments', :thread), ('comment_replies', :a), ('comment_thread', :thread)) l(f, o);

SELECT is(social.delete_comment(:a1), :a1::bigint, 'seed 076: deleteComment');
SELECT results_eq('SELECT content, author_id, is_deleted, replies_count FROM social.visible_comments WHERE id = ' || :a1, $$ VALUES ('', NULL::bigint, true, 1::bigint) $$, 'with replies it stays as a tombstone');
SELECT results_eq('SELECT content, depth FROM social.comment_thread(' || :thread || ')', $$ VALUES ('a', 1), ('', 2), ('a11', 3), ('a2', 2), ('b, better', 1) $$, 'the thread keeps its shape');
SELECT is((SELECT comments_count FROM social.post(:thread)), 4::bigint, 'a tombstone is no comment of the post');
SELECT is((SELECT replies_count FROM social.visible_comments WHERE id = :a), 2::bigint, 'but stands among its parent''s replies');
SELECT throws_ok('SELECT social.delete_comment(' || :a1 || ')', 'SM404', 'comment not found', 'it is not deleted again');
SELECT throws_ok('SELECT social.update_comment(' || :a1 || $$, 'x') $$, 'SM404', 'comment not found', 'nor edited');
SELECT throws_ok('SELECT social.like_comment(' || :a1 || ')', 'SM404', 'comment not found', 'nor liked');
SELECT throws_ok('SELECT social.create_comment(' || :thread || $$, 'x', $$ || :a1 || ')', 'SM403', 'you cannot reply to a deleted comment', 'nor replied to');
SELECT throws_ok('SELECT * FROM social.comment_thread(' || :thread || ', 5, ' || quote_literal(social.cursor_encode('comment_thread', 3, -1)) || ')', 'SM400', 'invalid cursor', 'a cursor into nowhere');
SELECT is((SELECT content FROM social.comments WHERE id = :a1), 'a1', 'the text is kept for a while');
UPDATE social.comments SET deleted_at = now() - interval '31 days' WHERE id = :a1;
SELECT is(social.purge_deleted(10), 1::bigint, 'and then purged');
SELECT is((SELECT content FROM social.comments WHERE id = :a1), '', 'for good');
SELECT social.delete_comment(:a11);
SELECT is_empty('SELECT FROM social.comments WHERE id IN (' || :a1 || ', ' || :a11 || ')', 'with its last reply the tombstone goes');
SELECT results_eq('SELECT replies_count FROM social.visible_comments WHERE id = ' || :a, ARRAY[1::bigint], 'and is no reply any more');
SELECT is((SELECT comments_count FROM social.post(:thread)), 3::bigint, 'the post counts what is left');
UPDATE social.comments SET deleted_at = now() WHERE id = :a;
UPDATE social.comments SET deleted_at = NULL WHERE id = :a;
SELECT is((SELECT comments_count FROM social.post(:thread)), 3::bigint, 'a plain UPDATE counts too, there and back');

-- ---- who may reply ----
SELECT social.create_post('Settings', 'for @tap_named') AS settings \gset
CREATE FUNCTION pg_temp.replies(setting text, OUT who text, OUT code text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
	UPDATE social.posts SET reply_settings = setting WHERE title = 'Settings';
	FOREACH who IN ARRAY ARRAY['tap_author', 'tap_follower', 'tap_named', 'tap_other'] LOOP
		code := 'fine';
		BEGIN
			PERFORM social.act_as(who);
			PERFORM social.create_comment((SELECT id FROM social.posts WHERE title = 'Settings'), 'x');
		EXCEPTION WHEN OTHERS THEN code := SQLSTATE;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT is((SELECT array_agg(code) FROM pg_temp.replies('everyone')), ARRAY['fine', 'fine', 'fine', 'fine'], 'seed 099: everyone may reply');
SELECT is((SELECT array_agg(code) FROM pg_temp.replies('followers')), ARRAY['fine', 'fine', 'fine', 'SM403'], 'followers, and who is named');
SELECT is((SELECT array_agg(code) FROM pg_temp.replies('mentioned')), ARRAY['fine', 'SM403', 'fine', 'SM403'], 'who is named');
SELECT is((SELECT array_agg(code) FROM pg_temp.replies('none')), ARRAY['fine', 'SM403', 'SM403', 'SM403'], 'nobody but the author');

-- ---- deep and wide ----
SELECT social.act_as('tap_author');
SELECT social.create_post('Deep', 'text') AS deep \gset
DO $$
DECLARE
	parent bigint;
BEGIN
	FOR n IN 1 .. 20 LOOP
		parent := social.create_comment((SELECT id FROM social.posts WHERE title = 'Deep'), 'level ' || n, parent);
	END LOOP;
END $$;
SELECT throws_ok('SELECT social.create_comment(' || :deep || $$, 'x', (SELECT id FROM social.comments WHERE content = 'level 20')) $$, 'SM400', 'the thread is too deep', 'replies nest twenty deep');
SELECT is((SELECT max(depth) FROM social.comment_thread(:deep)), 20, 'all of them are shown');
SELECT social.create_post('Wide', 'text') AS wide \gset
INSERT INTO social.comments (post_id, author_id, content) SELECT id, author_id, 'c' || n FROM social.posts, generate_series(1, 5000) n WHERE id = :wide;
INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT post_id, author_id, id, 'r' FROM social.comments WHERE post_id = :wide;
-- Work is counted in rows that were read: what looked through all comments for each of them would be at a hundred million.
-- A table of few pages may rightly be read whole each time, whatever tests before have left in it.
CREATE FUNCTION pg_temp.rows_read() RETURNS numeric LANGUAGE sql AS $$ SELECT sum(coalesce(t.seq_tup_read, 0) + coalesce(t.idx_tup_fetch, 0)) FROM pg_stat_xact_all_tables t WHERE t.schemaname = 'social' $$;
SELECT pg_temp.rows_read() AS read \gset
DELETE FROM social.posts WHERE id = :wide;
SELECT cmp_ok(pg_temp.rows_read() - :read, '<', 1000 * 10000::numeric, 'a post with 10,000 comments is purged with bounded work');
SELECT is_empty('SELECT FROM social.comments WHERE post_id = ' || :wide, 'and leaves none');
SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter LIKE 'post%' OR counter LIKE 'comment%' $$, 'counts equal the truth');

-- ---- own things, and what stands under own posts ----
INSERT INTO social.users (username) VALUES ('tap_ann'), ('tap_bea'), ('tap_cy');
CREATE FUNCTION pg_temp.code(statement text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; RETURN 'fine'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
CREATE TEMPORARY TABLE ways AS SELECT * FROM (VALUES
	('blocked', $$ INSERT INTO social.blocks SELECT a.id, b.id FROM social.users a, social.users b WHERE a.username = 'tap_ann' AND b.username = 'tap_bea' $$),
	('private', $$ UPDATE social.posts SET visibility = 'private' WHERE title = 'Way private' $$),
	('deleted', $$ UPDATE social.posts SET deleted_at = now() WHERE title = 'Way deleted' $$),
	('hidden', $$ UPDATE social.posts SET hidden_at = now() WHERE title = 'Way hidden' $$),
	('suspended', $$ UPDATE social.users SET suspended_at = now() WHERE username = 'tap_ann' $$)) w (way, statement);
CREATE FUNCTION pg_temp.take_back(way text, OUT first text[], OUT again text[], OUT stranger text[], OUT left_over bigint) LANGUAGE plpgsql AS $$
DECLARE
	post bigint;
	comment bigint;
	other bigint;
	calls text[];
BEGIN
	PERFORM social.act_as('tap_ann');
	post := social.create_post('Way ' || way, 'text');
	other := social.create_comment(post, 'by ann');
	PERFORM social.act_as('tap_bea');
	PERFORM social.like_post(post), social.repost_post(post), social.bookmark_post(post), social.like_comment(other);
	comment := social.create_comment(post, 'by bea');
	calls := ARRAY['social.unlike_post(' || post || ')', 'social.unrepost_post(' || post || ')', 'social.unbookmark_post(' || post || ')',
		'social.unlike_comment(' || other || ')', 'social.delete_comment(' || comment || ')'];
	EXECUTE (SELECT w.statement FROM ways w WHERE w.way = take_back.way);
	PERFORM social.act_as('tap_cy');
	INSERT INTO social.blocks SELECT a.id, b.id FROM social.users a, social.users b WHERE take_back.way = 'blocked' AND a.username = 'tap_ann' AND b.username = 'tap_cy';
	stranger := ARRAY(SELECT pg_temp.code('SELECT ' || c) FROM unnest(calls) WITH ORDINALITY AS u (c, n) ORDER BY n);
	PERFORM social.act_as('tap_bea');
	first := ARRAY(SELECT pg_temp.code('SELECT ' || c) FROM unnest(calls) WITH ORDINALITY AS u (c, n) ORDER BY n);
	again := ARRAY(SELECT pg_temp.code('SELECT ' || c) FROM unnest(calls) WITH ORDINALITY AS u (c, n) ORDER BY n);
	left_over := (SELECT count(*) FROM social.post_likes l WHERE l.post_id = post) + (SELECT count(*) FROM social.reposts l WHERE l.post_id = post)
		+ (SELECT count(*) FROM social.bookmarks l WHERE l.post_id = post) + (SELECT count(*) FROM social.comment_likes l WHERE l.comment_id = other)
		+ (SELECT count(*) FROM social.comments l WHERE l.id = comment);
	DELETE FROM social.blocks WHERE blocker_id = (SELECT id FROM social.users WHERE username = 'tap_ann');
	UPDATE social.users SET suspended_at = NULL WHERE username = 'tap_ann';
END $$;
CREATE TEMPORARY TABLE taken AS SELECT w.way, t.* FROM ways w, pg_temp.take_back(w.way) t;
SELECT is((t.first, t.left_over)::text, (array_fill('fine'::text, '{5}'), 0::bigint)::text, 'found B2: a like, a repost, a bookmark, a comment''s like and a comment are taken back: the post is now ' || way) FROM taken t;
SELECT is(t.again::text, array_fill('SM404'::text, '{5}')::text, 'found B2: there is nothing else to find out: ' || way) FROM taken t;
SELECT is(t.stranger::text, array_fill('SM404'::text, '{5}')::text, 'found B2: who never did is told what is told of no post at all: ' || way) FROM taken t;

SELECT social.act_as('tap_ann');
SELECT social.create_post('Anns', 'text') AS anns \gset
SELECT social.act_as('tap_bea');
SELECT social.create_comment(:anns, 'spite') AS spite \gset
SELECT social.create_comment(:anns, 'more spite', :spite) AS more \gset
SELECT social.create_comment(:anns, 'reported') AS reported \gset
SELECT social.act_as('tap_cy');
SELECT social.create_comment(:anns, 'answer', :spite) AS answer \gset
SELECT throws_ok('SELECT social.delete_comment(' || :spite || ')', 'SM403', 'this is not your comment', 'found B3: a stranger removes nothing');
SELECT social.report_comment(:reported, 'rude') AS report \gset
INSERT INTO social.blocks SELECT b.id, a.id FROM social.users a, social.users b WHERE a.username = 'tap_ann' AND b.username = 'tap_bea';
SELECT social.act_as('tap_ann');
SELECT results_eq('SELECT id FROM social.post_comments(' || :anns || ')', 'VALUES (' || :spite || '::bigint), (' || :reported || ')', 'found B3: the author of a post sees what others see under it, also across a block');
SELECT throws_ok('SELECT social.like_comment(' || :spite || ')', 'SM404', 'comment not found', 'found B3: but likes nothing across it');
SELECT throws_ok('SELECT social.create_comment(' || :anns || ', ''x'', ' || :spite || ')', 'SM404', 'comment not found', 'found B3: nor answers');
SELECT throws_ok('SELECT social.update_comment(' || :spite || ', ''x'')', 'SM403', 'this is not your comment', 'found B3: nor rewrites');
SELECT is((SELECT comments_count FROM social.post(:anns)), 4::bigint, 'four comments');
SELECT is(social.delete_comment(:more), :more::bigint, 'found B3: the author of the post removes a reply');
SELECT is(social.delete_comment(:spite), :spite::bigint, 'found B3: and a comment with replies');
SELECT is(social.delete_comment(:reported), :reported::bigint, 'found B3: and a reported one');
SELECT results_eq('SELECT id, author_id, content, is_deleted FROM social.visible_comments WHERE post_id = ' || :anns || ' ORDER BY 1',
	'VALUES (' || :spite || '::bigint, NULL::bigint, '''', true), (' || :answer || ', (SELECT id FROM social.users WHERE username = ''tap_cy''), ''answer'', false)', 'found B3: a tombstone keeps the answers');
SELECT is((SELECT comments_count FROM social.post(:anns)), 1::bigint, 'found B3: which alone counts');
SELECT results_eq(format('SELECT (detail ->> ''owner_id'')::bigint FROM social.audit_log WHERE action = ''remove_comment'' AND object_id IN (%s, %s, %s) ORDER BY id', :more, :spite, :reported), 'SELECT id FROM social.users, generate_series(1, 3) WHERE username = ''tap_bea''', 'found B3: the audit log notes who removed whose');
SELECT results_eq('SELECT status, excerpt FROM social.admin_reports WHERE id = ' || :report, $$ VALUES ('open' COLLATE "C", 'reported') $$, 'found B3: what was reported stays for the moderators');
SELECT social.act_as('tap_cy');
SELECT social.delete_comment(:answer);
SELECT is_empty('SELECT FROM social.comments WHERE id IN (' || :answer || ', ' || :spite || ')', 'the tombstone goes with its last answer');

SELECT * FROM finish();
ROLLBACK;
