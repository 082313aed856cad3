-- post_document.sql proves that the documents that C makes (found F2, F5) are, byte for byte, what SQL
-- says of the rows that the viewer sees, and nothing for whom may not see them.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE person (name text, id bigint);
INSERT INTO person SELECT n, social.register_user('doc_' || n, 'doc_' || n || '@e.com', 'long password')
FROM unnest(ARRAY['author', 'friend', 'blocked', 'suspended', 'inactive', 'staff', 'follower']) n;
CREATE FUNCTION pg_temp.who(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT id FROM person p WHERE p.name = $1 $$;
CREATE FUNCTION pg_temp.act(name text) RETURNS bigint LANGUAGE sql AS $$ SELECT social.act_as(pg_temp.who($1), true) $$;
UPDATE social.users SET first_name = 'Au "thor"', last_name = E'Ba\\ck' WHERE id = pg_temp.who('author');
INSERT INTO social.profiles (user_id, avatar) VALUES (pg_temp.who('author'), 'https://example.com/a.png?x="1"'), (pg_temp.who('friend'), NULL);
SELECT pg_temp.act('follower') \g /dev/null
SELECT social.follow_user(pg_temp.who('author')) \g /dev/null
SELECT pg_temp.act('author') \g /dev/null
SELECT social.create_post('doc plain', 'nothing in it') \g /dev/null
SELECT social.create_post('doc "quoted" \ /', E'lines\nand\ttabs, Ünïcödé 日本 😀 #tag #Größe #tag2') \g /dev/null
SELECT social.create_post('doc named', 'by @doc_suspended @doc_friend @doc_blocked @doc_inactive @doc_staff, not doc@friend') \g /dev/null
SELECT social.create_post('doc wide', '＠doc_friend') \g /dev/null
SELECT social.create_post('doc followers', 'for @doc_friend too', visibility => 'followers') \g /dev/null
SELECT social.create_post('doc private', 'mine', visibility => 'private') \g /dev/null
SELECT social.create_post('doc draft', 'later', is_published => false) \g /dev/null
SELECT social.create_post('doc deleted', 'gone') AS deleted \gset
SELECT social.delete_post(:deleted) \g /dev/null
SELECT social.create_post('doc hidden', 'out of sight') AS hidden \gset
UPDATE social.posts SET hidden_at = now() WHERE id = :hidden;
SELECT social.create_post('doc liked', 'by many @doc_friend') AS liked \gset
SELECT pg_temp.act('friend') \g /dev/null
SELECT social.like_post(:liked), social.create_comment(:liked, 'well') \g /dev/null
SELECT pg_temp.act('suspended') \g /dev/null
SELECT social.create_post('doc of somebody suspended', 'hello') \g /dev/null
SELECT pg_temp.act('blocked') \g /dev/null
SELECT social.create_post('doc of somebody blocked', 'hello @doc_friend') \g /dev/null
-- Counts that found the counter locked.
INSERT INTO social.post_counter_deltas (post_id, likes_count, comments_count) VALUES (:liked, 3, 0), (:liked, -1, 2), (:hidden, 7, 7);
UPDATE social.users SET suspended_at = now() WHERE id = pg_temp.who('suspended');
UPDATE social.users SET is_active = false WHERE id = pg_temp.who('inactive');
UPDATE social.users SET is_staff = true WHERE id = pg_temp.who('staff');
SELECT pg_temp.act('author') \g /dev/null
SELECT social.block_user(pg_temp.who('blocked')) \g /dev/null

CREATE FUNCTION pg_temp.expected(post bigint) RETURNS text LANGUAGE sql AS $$
	SELECT row_to_json(r)::text FROM (
		SELECT p.id,
			(SELECT row_to_json(a) FROM (
				SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, u.avatar AS profile_image, social.picture_url(u.avatar) AS avatar_url
				FROM social.visible_users u WHERE u.id = p.author_id) a) AS author,
			p.title, p.content, p.hashtags,
			ARRAY(SELECT u.username FROM social.mentions m JOIN social.visible_users u ON u.id = m.mentioned_user_id
				WHERE m.post_id = p.id ORDER BY m.id) AS mentions,
			p.image, p.video, '[]'::json AS media, p.quoted_post_id,
			(SELECT row_to_json(q) FROM (
				SELECT o.id, social.person_document(o.author_id) AS author, o.title, o.content, o.image, o.video, '[]'::json AS media, o.created_at
				FROM social.visible_posts o WHERE o.id = p.quoted_post_id) q) AS quoted_post,
			p.is_published, p.visibility, p.reply_settings, p.is_pinned, p.is_highlighted,
			p.likes_count, p.comments_count, p.reposts_count, p.views_count,
			p.language, p.is_edited, p.edited_at, p.publish_at, p.created_at, p.updated_at
		FROM social.visible_posts p WHERE p.id = $1) r
$$;
CREATE FUNCTION pg_temp.documents(name text) RETURNS TABLE (title text, made text, expected text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.act($1);
	RETURN QUERY SELECT p.title, social.post_document(p.id)::text, pg_temp.expected(p.id) FROM social.posts p WHERE p.title LIKE 'doc %';
END
$$;
SELECT is(d.made, d.expected, format('%s reads "%s"', coalesce(v, 'nobody'), d.title))
FROM unnest(ARRAY['author', 'friend', 'blocked', 'staff', 'follower', NULL]) v, LATERAL pg_temp.documents(v) d;
SELECT results_eq($$ SELECT v, (SELECT count(made) FROM pg_temp.documents(v))::integer
	FROM unnest(ARRAY['author', 'friend', 'blocked', 'staff', 'follower']) WITH ORDINALITY o(v, n) ORDER BY n $$,
	$$ VALUES ('author', 9), ('friend', 7), ('blocked', 1), ('staff', 12), ('follower', 7) $$, 'each of them the posts that they may see');
SELECT pg_temp.act('author') \g /dev/null
SELECT is(social.post_document(NULL)::text, NULL, 'null is no post');
SELECT is(social.post_document(-1)::text, NULL, 'nor is an unknown id');
SELECT is((social.post_document(:liked) ->> 'likes_count')::bigint, 3::bigint, 'counts that wait are counted');
SELECT is(social.waiting_count('post_counters', :liked, 'likes_count'), 2::bigint, 'what waits');
SELECT is(social.waiting_count('post_counters', :hidden, 'likes_count'), 7::bigint, 'also of one''s own hidden post');
SELECT pg_temp.act('friend') \g /dev/null
SELECT is(social.waiting_count('post_counters', :hidden, 'likes_count'), 0::bigint, 'which tells nobody else anything');
SELECT throws_ok($$ SELECT social.waiting_count('post_counters', 1, 'passwords') $$, 'SM400', NULL, 'no such count');
SELECT throws_ok($$ SELECT social.waiting_count('users', 1, 'likes_count') $$, 'SM400', NULL, 'no such table');
INSERT INTO social.comment_counter_deltas (comment_id, likes_count) SELECT c.id, 4 FROM social.comments c WHERE c.post_id = :liked;
INSERT INTO social.user_counter_deltas (user_id, followers_count) VALUES (pg_temp.who('author'), 5), (pg_temp.who('suspended'), 6);
SELECT is((SELECT social.waiting_count('comment_counters', c.id, 'likes_count') FROM social.comments c WHERE c.post_id = :liked), 4::bigint, 'of a comment');
SELECT is(social.waiting_count('user_counters', pg_temp.who('author'), 'followers_count'), 5::bigint, 'of a person');
SELECT is(social.waiting_count('user_counters', pg_temp.who('suspended'), 'followers_count'), 0::bigint, 'not of one who is not seen');
UPDATE social.comments SET hidden_at = now() WHERE post_id = :liked;
SELECT pg_temp.act('follower') \g /dev/null
SELECT is((SELECT social.waiting_count('comment_counters', c.id, 'likes_count') FROM social.comments c WHERE c.post_id = :liked), 0::bigint, 'nor of a hidden comment');
SELECT pg_temp.act('author') \g /dev/null

-- In one transaction what the viewer may see changes, and is seen to.
SELECT pg_temp.act('friend') \g /dev/null
SELECT isnt(social.post_document(:liked)::text, NULL, 'seen');
CREATE FUNCTION pg_temp.seen_after_block(post bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	seen boolean;
BEGIN
	PERFORM social.block_user(pg_temp.who('author'));
	seen := (SELECT social.post_document(post) IS NOT NULL);
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
	RETURN seen;
END
$$;
SELECT is(pg_temp.seen_after_block(:liked), false, 'not after a block');
SELECT isnt(social.post_document(:liked)::text, NULL, 'seen again when that is rolled back');
SELECT is(social.person_document(pg_temp.who('suspended'))::text, NULL, 'nobody who is suspended');
SELECT is(social.person_document(pg_temp.who('author'))::text, (SELECT row_to_json(a)::text FROM (
	SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, u.avatar AS profile_image, social.picture_url(u.avatar) AS avatar_url FROM social.visible_users u WHERE u.id = pg_temp.who('author')) a), 'a person');

SELECT * FROM finish();
ROLLBACK;
