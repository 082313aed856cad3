-- row_document.sql proves that social.document() says what the views say (found F1, F4): each column of them,
-- rows that lead to others, lists in their order and of their size, for each viewer; and that it
-- refuses what it cannot be asked for (seed P-10). Who sees what is in visibility_matrix.sql.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE person (name text, id bigint);
INSERT INTO person SELECT n, social.register_user('dcm_' || n, 'dcm_' || n || '@e.com', 'long password')
FROM unnest(ARRAY['author', 'friend', 'muted', 'blocked', 'suspended', 'staff']) n;
CREATE FUNCTION pg_temp.who(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT id FROM person p WHERE p.name = $1 $$;
CREATE FUNCTION pg_temp.act(name text) RETURNS bigint LANGUAGE sql AS $$ SELECT social.act_as(pg_temp.who($1), true) $$;
INSERT INTO social.profiles (user_id, bio, avatar, location) VALUES (pg_temp.who('author'), 'A "bio"', 'https://example.com/a.png', ''), (pg_temp.who('friend'), '', NULL, 'There');
SELECT pg_temp.act('author') \g /dev/null
SELECT social.create_post('dcm one', E'lines\nand\ttabs, 日本 😀 #Größe #tag2 @dcm_friend') AS one \gset
SELECT social.create_post('dcm "two"', 'no tag', visibility => 'followers') AS two \gset
SELECT social.create_post('dcm draft', 'later', is_published => false) AS draft \gset
SELECT social.update_post(:one, title => 'dcm one, better') \g /dev/null
CREATE TEMPORARY TABLE commented (n integer, id bigint);
INSERT INTO commented SELECT n, social.create_comment(:one, 'mine ' || n) FROM generate_series(1, 4) n;
CREATE FUNCTION pg_temp.comment(n integer) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT id FROM commented c WHERE c.n = $1 $$;
SELECT social.create_comment(:one, 'below', pg_temp.comment(1)), social.create_comment(:one, 'below the deleted', pg_temp.comment(2)) \g /dev/null
SELECT social.delete_comment(pg_temp.comment(2)), social.delete_comment(pg_temp.comment(3)) \g /dev/null
CREATE FUNCTION pg_temp.say(name text, post bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.act(name);
	PERFORM social.create_comment(post, 'of ' || name), social.create_comment(post, 'reply of ' || name, pg_temp.comment(1));
END
$$;
SELECT pg_temp.say(n, :one) FROM unnest(ARRAY['friend', 'muted', 'blocked', 'suspended']) n \g /dev/null
SELECT pg_temp.act('friend') \g /dev/null
SELECT social.like_post(:one), social.like_comment(pg_temp.comment(1)), social.mute_user(pg_temp.who('muted')), social.block_user(pg_temp.who('blocked')) \g /dev/null
INSERT INTO social.post_counter_deltas (post_id, likes_count, comments_count) VALUES (:one, 3, 0);
UPDATE social.comments SET hidden_at = now() WHERE id = pg_temp.comment(4);
UPDATE social.users SET suspended_at = now() WHERE id = pg_temp.who('suspended');
UPDATE social.users SET is_staff = true WHERE id = pg_temp.who('staff');

-- ---- columns -------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.members(view text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT string_agg(format('%s=%s', a.attname, a.attname), ',' ORDER BY a.attnum) FROM pg_attribute a
	WHERE a.attrelid = ('social.' || $1)::regclass AND a.attnum > 0
$$;
CREATE FUNCTION pg_temp.compared(name text) RETURNS TABLE (what text, made text, expected text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.act($1);
	RETURN QUERY SELECT 'post ' || p.title, social.document('post', p.id, NULL, pg_temp.members('visible_posts'))::text,
			(SELECT row_to_json(v)::text FROM social.visible_posts v WHERE v.id = p.id)
		FROM social.posts p WHERE p.title LIKE 'dcm%'
		UNION ALL SELECT 'comment ' || m.content, social.document('comment', m.id, NULL, pg_temp.members('visible_comments'))::text,
			(SELECT row_to_json(v)::text FROM social.visible_comments v WHERE v.id = m.id)
		FROM social.comments m JOIN social.posts p ON p.id = m.post_id WHERE p.title LIKE 'dcm%'
		UNION ALL SELECT 'user ' || u.username, social.document('user', u.id, NULL, pg_temp.members('visible_users'))::text,
			(SELECT row_to_json(v)::text FROM social.visible_users v WHERE v.id = u.id)
		FROM social.users u WHERE u.username LIKE 'dcm%';
END
$$;
SELECT is(c.made, c.expected, format('%s reads %s', coalesce(v, 'nobody'), c.what))
FROM unnest(ARRAY['author', 'friend', 'muted', 'blocked', 'staff', NULL]) v, LATERAL pg_temp.compared(v) c;
SELECT cmp_ok((SELECT count(c.made) FROM pg_temp.compared('friend') c), '>', 9::bigint, 'of which some are there');

-- ---- rows that lead to others, and lists -----------------------------------------------------------

CREATE FUNCTION pg_temp.lists(name text, post bigint) RETURNS TABLE (what text, made jsonb, expected jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.act($1);
	RETURN QUERY
	SELECT 'a post with all below it', social.document('post', $2, ARRAY[10, 2, 1],
			'id=id.text,by=user.author_id(name=username),tags=tags.hashtags[3](tag=tag,kind="Tag"),all=comments.id[1](id=id,text=content,by=user.author_id(name=username),below=replies.id[2](text=content,above=comment.parent_id(id=id))),shown=visibility.upper')::jsonb,
		(SELECT to_jsonb(r) FROM (
			SELECT p.id::text AS id, (SELECT to_jsonb(a) FROM (SELECT u.username AS name FROM social.visible_users u WHERE u.id = p.author_id) a) AS by,
				(SELECT jsonb_agg(t) FROM (SELECT h.tag, 'Tag' AS kind FROM unnest(p.hashtags) h (tag) LIMIT 1) t) AS tags,
				(SELECT jsonb_agg(to_jsonb(m) ORDER BY m.id) FROM (
					SELECT m.id, m.content AS text, (SELECT to_jsonb(a) FROM (SELECT u.username AS name FROM social.visible_users u WHERE u.id = m.author_id) a) AS by,
						coalesce((SELECT jsonb_agg(to_jsonb(n) - 'id' ORDER BY n.id) FROM (
							SELECT n.id, n.content AS text, jsonb_build_object('id', n.parent_id) AS above FROM social.listed_comments n WHERE n.parent_id = m.id ORDER BY n.id LIMIT 2) n), '[]') AS below
					FROM social.listed_comments m WHERE m.post_id = p.id AND m.parent_id IS NULL ORDER BY m.id LIMIT 10) m) AS "all",
				upper(p.visibility) AS shown
			FROM social.visible_posts p WHERE p.id = $2) r)
	UNION ALL
	SELECT 'the newest posts', social.document('posts', NULL, ARRAY[3], 'id=id')::jsonb,
		(SELECT jsonb_agg(jsonb_build_object('id', p.id) ORDER BY p.position DESC) FROM (SELECT * FROM social.listed_posts p ORDER BY p.position DESC LIMIT 3) p)
	UNION ALL
	SELECT 'a person''s posts', social.document('user_posts', pg_temp.who('author'), ARRAY[3], 'id=id')::jsonb,
		(SELECT jsonb_agg(jsonb_build_object('id', p.id) ORDER BY p.position DESC) FROM social.listed_posts p WHERE p.author_id = pg_temp.who('author'));
END
$$;
SELECT is(l.made, l.expected, format('%s reads %s', coalesce(v, 'nobody'), l.what))
FROM unnest(ARRAY['author', 'friend', 'muted', 'blocked', 'staff', NULL]) v, LATERAL pg_temp.lists(v, :one) l;
SELECT pg_temp.act('friend') \g /dev/null
SELECT is(social.document('comments', :one, ARRAY[0], 'id=id')::text, '[]', 'a list of none');
SELECT is(social.document('comments', NULL, ARRAY[5], 'id=id')::text, '[]', 'nothing is below nothing');
SELECT is(social.document('comments', -1, ARRAY[5], 'id=id')::text, '[]', 'nor below what there is not');
SELECT is(social.document('post', NULL, NULL, 'id=id')::text, NULL, 'null is no post');
SELECT is(social.document('post', :draft, NULL, 'id=id')::text, NULL, 'somebody''s draft is none');
SELECT is(ARRAY(SELECT social.document('post', i, NULL, 'id=id')::text FROM unnest(ARRAY[:one, -1, :one]::bigint[]) WITH ORDINALITY u (i, n) ORDER BY n),
	ARRAY[format('{"id":%s}', :one), NULL, format('{"id":%s}', :one)], 'one call after the other');

-- Pages have the rows, the places and the ends of the list functions, for each viewer.
CREATE FUNCTION pg_temp.pages(name text, post bigint, below bigint, author bigint) RETURNS TABLE (what text, made text[], expected text[]) LANGUAGE plpgsql AS $$
DECLARE
	ours text;
	theirs text;
	side text;
	place text;
	kind text;
BEGIN
	PERFORM pg_temp.act($1);
	FOR what, ours, theirs IN VALUES ('the newest posts', '''posts'', NULL', 'posts('), ('a person''s posts', '''user_posts'', $3', 'user_posts($3, '),
		('comments', '''comments'', $1', 'post_comments($1, '), ('replies', '''replies'', $2', 'comment_replies($2, ') LOOP
		EXECUTE format('SELECT max(l.cursor) FROM (SELECT * FROM social.%s 3) LIMIT 1 OFFSET 2) l', theirs) INTO place USING post, below, author;
		kind := split_part(theirs, '(', 1);
		FOREACH side IN ARRAY ARRAY['after', 'before'] LOOP
			EXECUTE format('SELECT array_agg(l::text) FROM (SELECT l.document ->> ''id'', (social.cursor_decode(%L, l.cursor)).key, l.has_more FROM social.documents(%s, NULL, ''id=id'', 2, %I => $4) l) l', kind, ours, side) INTO made USING post, below, author, place;
			EXECUTE format('SELECT array_agg(l::text) FROM (SELECT l.id, (social.cursor_decode(%L, l.cursor)).key, l.has_more FROM social.%s 2, %I => $4) l) l', kind, theirs, side) INTO expected USING post, below, author, place;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END
$$;
SELECT is(l.made, l.expected, format('%s reads %s in pages', v, l.what))
FROM unnest(ARRAY['author', 'friend', 'muted', 'staff']) v, LATERAL pg_temp.pages(v, :one, pg_temp.comment(1), pg_temp.who('author')) l;
SELECT cmp_ok((SELECT count(l.made) FROM pg_temp.pages('author', :one, pg_temp.comment(1), pg_temp.who('author')) l), '>', 5::bigint, 'of which some are there');
SELECT pg_temp.act('friend') \g /dev/null
SELECT is(ARRAY(SELECT d.document::text FROM social.documents('comments', :one, ARRAY[1], 'text=content,below=replies.id[1](text=content)', 1) d),
	ARRAY['{"text":"mine 1","below":[{"text":"below"}]}'], 'documents of a page hold lists');
SELECT is_empty(format('SELECT FROM social.documents(%L, %s, NULL, %L)', source, key, 'id=id'), format('%s of %s', source, key))
FROM (VALUES ('comments', 'NULL'), ('comments', '-1'), ('user_posts', '-1'), (NULL, '1')) v (source, key);
SELECT is_empty('SELECT FROM social.documents(''posts'', NULL, NULL, NULL)', 'posts with no members');
SELECT throws_ok(format('SELECT FROM social.documents(%L, %s, %L, %L)', source, :one, sizes, members), 'SM400', NULL, format('a page of %s of %s', members, source))
FROM (VALUES ('passwords', NULL, 'id=id'), ('tags', NULL, 'tag=tag'), ('post', NULL, 'id=id'), ('user', NULL, 'id=id'), ('posts', NULL, 'p=password'), ('posts', NULL, ''),
	('comments', NULL, 'u=replies.id[1](id=id)'), ('comments', '{-1}', 'u=replies.id[1](id=id)'), ('comments', '{{1}}', 'u=replies.id[1](id=id)'), ('posts', '{NULL}', 'id=id')) v (source, sizes, members);

-- What one call of a statement left open when it failed is not there for the next.
CREATE FUNCTION pg_temp.tried(post bigint, size integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN social.document('post', post, ARRAY[2, size], 'all=comments.id[1](below=replies.id[2](id=id))') IS NOT NULL THEN 'made' END;
EXCEPTION WHEN SQLSTATE 'SM400' THEN
	RETURN 'refused';
END
$$;
SELECT is(ARRAY(SELECT pg_temp.tried(:one, s) FROM unnest(ARRAY[1, -1, 1, -1, 2]) WITH ORDINALITY u (s, n) ORDER BY n),
	ARRAY['made', 'refused', 'made', 'refused', 'made'], 'also after one that failed');

-- ---- what is refused -----------------------------------------------------------------------------

SELECT throws_ok(format('SELECT social.document(%L, %s, ARRAY[1], %L)', source, :one, members), 'SM400', NULL, format('%s of %s', members, source))
FROM (VALUES ('passwords', 'id=id'), ('', 'id=id'), ('tags', 'tag=tag'),
	('user', 'p=password'), ('user', 'e=email'), ('user', 'e=pending_email'), ('user', 'p=xmin'), ('user', 'p=ctid'), ('user', 'm=mentions'),
	('post', 'v=search_vector'), ('post', 'k=kept_position'), ('comment', 'c=is_counted'),
	('post', 'id'), ('post', 'id='), ('post', '=id'), ('post', ''), ('post', ','), ('post', 'id=id,'), ('post', 'id=id;'), ('post', 'id=id.'), ('post', 'id=id.bold'), ('post', 'a b=id'), ('post', 'a"=id'),
	('post', 'u=user.author_id'), ('post', 'u=user.author_id('), ('post', 'u=user.author_id()'), ('post', 'u=user.author_id(id=id'), ('post', 'u=user(id=id)'), ('post', 'u=user.title(id=id)'), ('post', 'u=user.likes_count(id=id)'),
	('post', 'u=user.author_id[1](id=id)'), ('post', 'u=comments.id(id=id)'), ('post', 'u=comments.id[0](id=id)'), ('post', 'u=comments.id[2](id=id)'), ('post', 'u=comments.id[x](id=id)'), ('post', 'u=comments.id[99999999999](id=id)'), ('post', 'u=comments.id[1(id=id)'),
	('post', 'h=tags.hashtags[1](id=id)'), ('post', 'h=tags.id[1](tag=tag)'), ('post', 'c="'), ('post', 'c="a b"'), ('post', 'c=""')) v (source, members);
SELECT throws_ok(format('SELECT social.document(''post'', %s, %s, %L)', :one, sizes, 'u=comments.id[1](id=id)'), 'SM400', NULL, format('the sizes %s', sizes))
FROM unnest(ARRAY['NULL', '''{}''', '''{-1}''', '''{NULL}''', '''{{1},{2}}''']) sizes;
SELECT is(social.document(NULL, 1, NULL, 'id=id')::text, NULL, 'of no source');
SELECT is(social.document('post', 1, NULL, NULL)::text, NULL, 'with no members');
SELECT throws_ok(format('SELECT social.document(''comment'', 1, NULL, %L)', repeat('c=comment.parent_id(', 200000) || 'id=id' || repeat(')', 200000)), '54001', NULL, 'very many rows within one another');

SELECT * FROM finish();
ROLLBACK;
