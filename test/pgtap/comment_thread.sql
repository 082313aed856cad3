-- comment_thread.sql proves that a thread holds just what the viewer's lists have, page by page, and
-- that a page costs little however many comments it passes over (found C10).
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE person (name text, id bigint);
INSERT INTO person SELECT n, social.register_user('thread_' || n, 'thread_' || n || '@e.com', 'long password')
FROM unnest(ARRAY['author', 'reader', 'muted', 'blocked', 'blocker', 'suspended', 'inactive', 'staff', 'hidden']) n;
CREATE FUNCTION pg_temp.who(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT id FROM person p WHERE p.name = $1 $$;
SELECT social.act_as(pg_temp.who('author'), true) \g /dev/null
SELECT social.create_post('thread', 'thread') AS post \gset

-- A tree of 400 comments, each below any of those before it or at the top, by anybody.
SELECT setseed(0.5) \g /dev/null
DO $$
DECLARE
	ids bigint[] := '{}';
	new bigint;
BEGIN
	FOR n IN 1..400 LOOP
		INSERT INTO social.comments (post_id, author_id, parent_id, content)
		SELECT (SELECT max(id) FROM social.posts WHERE title = 'thread'), (SELECT id FROM person ORDER BY random() LIMIT 1),
			CASE WHEN random() < 0.6 THEN ids[1 + floor(random() * cardinality(ids))::integer] END, 'c' || n
		RETURNING id INTO new;
		ids := ids || new;
	END LOOP;
END
$$;
UPDATE social.comments SET deleted_at = now() WHERE id % 7 = 0;
UPDATE social.comments SET hidden_at = now() WHERE id % 11 = 0;
UPDATE social.users SET suspended_at = now() WHERE id = pg_temp.who('suspended');
UPDATE social.users SET is_active = false WHERE id = pg_temp.who('inactive');
UPDATE social.users SET is_staff = true WHERE id = pg_temp.who('staff');
INSERT INTO social.mutes (muter_id, muted_id) SELECT id, pg_temp.who('muted') FROM person WHERE name IN ('reader', 'author', 'staff');
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT id, pg_temp.who('blocked') FROM person WHERE name IN ('reader', 'author');
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT pg_temp.who('blocker'), id FROM person WHERE name IN ('reader', 'staff');

CREATE FUNCTION pg_temp.pages(post bigint, size integer) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	found bigint[] := '{}';
	page bigint[];
	after text;
BEGIN
	LOOP
		SELECT array_agg(t.id ORDER BY t.ordinality), (array_agg(t.cursor ORDER BY t.ordinality DESC))[1] INTO page, after
		FROM social.comment_thread(post, size, after) WITH ORDINALITY t;
		EXIT WHEN page IS NULL;
		found := found || page;
	END LOOP;
	RETURN found;
END
$$;
-- The same from the view, without a walk.
CREATE FUNCTION pg_temp.truth(post bigint) RETURNS bigint[] LANGUAGE sql AS $$
	WITH RECURSIVE tree AS (
		SELECT c.id, ARRAY[c.id] AS path FROM social.comments c WHERE c.post_id = post AND c.parent_id IS NULL
		UNION ALL
		SELECT c.id, t.path || c.id FROM tree t JOIN social.comments c ON c.parent_id = t.id)
	SELECT coalesce(array_agg(t.id ORDER BY t.path), '{}') FROM tree t JOIN social.listed_comments l ON l.id = t.id
$$;
CREATE FUNCTION pg_temp.as_viewer(viewer bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT social.act_as(viewer, true) $$;
SELECT is(CASE WHEN pg_temp.as_viewer(v.id) IS NULL OR true THEN pg_temp.pages(:post, v.size) END, pg_temp.truth(:post),
	format('C10: %s reads what the lists have, %s by %s', v.name, v.size, v.size))
FROM (SELECT p.name, p.id, s.size FROM person p, unnest(ARRAY[1, 7, 100]) AS s (size) WHERE p.name NOT IN ('suspended', 'inactive')
	UNION ALL VALUES ('nobody', NULL::bigint, 7)) AS v;
SELECT cmp_ok(cardinality(pg_temp.truth(:post)), '>', 100, 'which is a good part of them');

-- One person with very many comments, some of them answered, is passed over by row and index entry.
SELECT social.act_as(pg_temp.who('author'), true) \g /dev/null
SELECT social.create_post('flood', 'flood') AS flood \gset
INSERT INTO social.comments (post_id, author_id, content) SELECT :flood, a.id, 'flood' FROM person a, generate_series(1, 2000) WHERE a.name IN ('muted', 'blocker', 'suspended');
INSERT INTO social.comments (post_id, author_id, content, parent_id)
SELECT c.post_id, c.author_id, 'flood', c.id FROM social.comments c WHERE c.post_id = :flood AND c.id % 2 = 0;
INSERT INTO social.comments (post_id, author_id, content) SELECT :flood, pg_temp.who('author'), 'after all ' || n FROM generate_series(1, 3) n;
ANALYZE social.comments, social.comment_counters, social.users, social.posts; -- plans are for what is there, not for what another test left
SELECT social.act_as(pg_temp.who('reader'), true) \g /dev/null
SELECT pg_stat_get_xact_numscans('social.comment_counters_pkey'::regclass) AS before \gset
SELECT is(cardinality(pg_temp.pages(:flood, 20)), 3, 'three comments after a flood are found');
SELECT cmp_ok(pg_stat_get_xact_numscans('social.comment_counters_pkey'::regclass) - :before, '<', 50::bigint,
	'C10: and of the flood nothing is asked but the rows');

-- What the last page ended with is deleted before the next one is asked for: it goes on behind the place.
SELECT social.act_as(pg_temp.who('author'), true) \g /dev/null
SELECT social.create_post('scrolled', 'scrolled') AS scrolled \gset
SELECT social.create_comment(:scrolled, 'a') AS a \gset
SELECT social.create_comment(:scrolled, 'a1', :a) AS a1 \gset
SELECT social.create_comment(:scrolled, 'b') AS b \gset
SELECT social.create_comment(:scrolled, 'a2', :a) AS a2 \gset
SELECT social.create_comment(:scrolled, 'c') AS c \gset
CREATE TEMPORARY TABLE place AS SELECT t.id, t.cursor FROM social.comment_thread(:scrolled) t;
CREATE FUNCTION pg_temp.behind(post bigint, comment bigint) RETURNS text[] LANGUAGE sql AS $$
	SELECT ARRAY(SELECT t.content FROM place p, social.comment_thread($1, 20, p.cursor) t WHERE p.id = $2)
$$;
SELECT social.delete_comment(:a1) \g /dev/null
SELECT is(pg_temp.behind(:scrolled, :a1), '{a2,b,c}', 'behind a reply that was deleted come its siblings and what follows them');
SELECT social.delete_comment(:b) \g /dev/null
SELECT is(pg_temp.behind(:scrolled, :b), '{c}', 'and behind a comment that was deleted, the next');
SELECT social.delete_comment(:a2), social.delete_comment(:a) \g /dev/null
SELECT throws_ok(format('SELECT pg_temp.behind(%s, %s)', :scrolled, :a2), 'SM400', 'invalid cursor', 'where what it replied to has gone, too, nobody knows the place');
SELECT is(pg_temp.behind(:scrolled, :a), '{c}', 'which is known of what replied to nothing');
SELECT throws_ok(format('SELECT pg_temp.behind(%s, %s)', :flood, :c), 'SM400', 'invalid cursor', 'a place in another thread is none in this one');

SELECT * FROM finish();
ROLLBACK;
