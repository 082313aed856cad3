-- feed.sql proves the home feed: it equals plain SQL over listed_posts, whatever the graph, whichever
-- way it is read, and however its pages are cut. P-04, P-05, P-22.
BEGIN;
SELECT no_plan();

-- ---- who may read whose --------------------------------------------------------------------------

INSERT INTO social.users (username, is_staff) VALUES ('tap_reader', false), ('tap_writer', false), ('tap_staff', true);
SELECT id AS reader FROM social.users WHERE username = 'tap_reader' \gset
SELECT id AS writer FROM social.users WHERE username = 'tap_writer' \gset
SELECT throws_ok('SELECT FROM social.home_feed()', 'SM401', NULL, 'nobody has no feed');
SELECT throws_ok('SELECT FROM social.feed_documents()', 'SM401', NULL, 'nor as documents');
SELECT social.act_as('tap_writer');
SELECT social.create_post('Written', 'text') AS written \gset
SELECT social.act_as('tap_reader');
SELECT is_empty('SELECT FROM social.home_feed()', 'who follows nobody and wrote nothing has an empty feed');
SELECT social.follow_user(:writer);
SELECT results_eq('SELECT id, reposted_by_id, reposted_at FROM social.home_feed()', 'SELECT ' || :written || '::bigint, NULL::bigint, NULL::timestamptz', 'seed 001: the feed shows posts of people followed');
SELECT social.create_post('Own', 'text') AS own \gset
SELECT results_eq('SELECT id FROM social.home_feed()', ARRAY[:own, :written]::bigint[], 'and one''s own');
SELECT results_eq('SELECT id FROM social.home_feed(' || :reader || ')', ARRAY[:own, :written]::bigint[], 'one''s own feed by id');
CREATE ROLE tap_app;
SELECT social.grant_reader('tap_app');
SET LOCAL ROLE tap_app;
SELECT throws_ok('SELECT FROM social.home_feed(' || :writer || ')', 'SM404', 'user not found', 'somebody else''s feed does not exist');
SELECT throws_ok('SELECT FROM social.home_feed(-1)', 'SM404', 'user not found', 'as an unknown user''s');
SELECT results_eq('SELECT id FROM social.home_feed(' || :reader || ')', ARRAY[:own, :written]::bigint[], 'one''s own does');
RESET ROLE;
SELECT results_eq('SELECT id FROM social.home_feed(' || :writer || ')', ARRAY[:written]::bigint[], 'a role that may act as anybody reads it');
SELECT throws_ok('SELECT FROM social.home_feed(-1)', 'SM404', 'user not found', 'but not an unknown user''s');
SELECT social.act_as('tap_staff');
SET LOCAL ROLE tap_app;
SELECT results_eq('SELECT id FROM social.home_feed(' || :reader || ')', ARRAY[:own, :written]::bigint[], 'so do staff');
RESET ROLE;
SELECT social.act_as('tap_reader');

SELECT throws_ok('SELECT FROM social.home_feed(first => ' || n || ')', 'SM400', 'invalid page size', 'first = ' || n) FROM unnest(ARRAY[0, -1, 101, 1000000000]) n;
SELECT throws_ok('SELECT FROM social.home_feed(after => ' || quote_literal(c) || ')', 'SM400', 'invalid cursor', 'bad cursor ' || left(c, 20))
FROM unnest(ARRAY['', 'x', repeat('x', 28), repeat('x', 56), repeat('x', 10000), social.cursor_encode('posts', 1, 1),
	social.cursor_encode('home_feed', 1, 1) || social.cursor_encode('home_feed', 1, 1)]) c;
SELECT throws_ok('SELECT FROM social.cursor_encode(''home_feed'', 1, 1) c, social.home_feed(after => c, before => c)', 'SM400', 'two cursors', 'both cursors');
SELECT results_eq($$
	SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'social.visible_posts'::regclass AND attnum > 0 ORDER BY attnum
$$, $$
	SELECT n, format_type(t, NULL) FROM pg_proc p, unnest(p.proargnames[5:], p.proallargtypes[5:]) WITH ORDINALITY AS a (n, t, o)
	WHERE p.oid = 'social.home_feed'::regproc AND a.n NOT IN ('reposted_by_id', 'reposted_at', 'cursor', 'has_more') ORDER BY o
$$, 'the columns of visible_posts come first');

-- ---- each post once, at its newest place ---------------------------------------------------------

INSERT INTO social.users (username) SELECT 'tap_f' || n FROM generate_series(1, 4) n;
SELECT id AS f1 FROM social.users WHERE username = 'tap_f1' \gset
SELECT id AS f2 FROM social.users WHERE username = 'tap_f2' \gset
SELECT social.follow_user(:f1);
SELECT social.act_as('tap_f2');
SELECT social.create_post('Strange', 'text') AS strange \gset
SELECT social.act_as('tap_f1');
SELECT social.repost_post(:strange), social.repost_post(:written);
SELECT social.act_as('tap_reader');
SELECT results_eq('SELECT id, reposted_by_id FROM social.home_feed()',
	format('VALUES (%s::bigint, %s::bigint), (%s, %s), (%s, NULL)', :written, :f1, :strange, :f1, :own), 'seed 102: reposts of people followed, each post once');
SELECT results_eq('SELECT has_more FROM social.home_feed(first => 2)', 'VALUES (true), (true)', 'a page says that more follow');
SELECT results_eq('SELECT has_more FROM social.home_feed(first => 2, after => (SELECT cursor FROM social.home_feed(first => 2) WITH ORDINALITY f WHERE ordinality = 2))', 'VALUES (false)', 'but the last');
SELECT social.repost_post(:strange);
-- As documents it is the same.
PREPARE documents AS SELECT d.document::text, d.cursor, d.has_more FROM social.feed_documents($1, $2, $3) d;
PREPARE rows_as_documents AS
	SELECT left(social.post_document(f.id)::text, -1) || ',"reposted_by":' || coalesce(social.person_document(f.reposted_by_id)::text, 'null')
		|| ',"reposted_at":' || coalesce(to_json(f.reposted_at)::text, 'null') || '}', f.cursor, f.has_more
	FROM social.home_feed(first => $1, after => $2, before => $3) f;
SELECT results_eq('EXECUTE documents(20, NULL, NULL)', 'EXECUTE rows_as_documents(20, NULL, NULL)', 'the feed as REST shows it');
SELECT cursor FROM social.home_feed(first => 1) \gset
SELECT results_eq(format('EXECUTE documents(1, %L, NULL)', :'cursor'), format('EXECUTE rows_as_documents(1, %L, NULL)', :'cursor'), 'also further on');
SELECT cursor FROM social.home_feed(first => 1, after => :'cursor') \gset
SELECT results_eq(format('EXECUTE documents(1, NULL, %L)', :'cursor'), format('EXECUTE rows_as_documents(1, NULL, %L)', :'cursor'), 'and back');
SELECT throws_ok('EXECUTE documents(0, NULL, NULL)', 'SM400', NULL, 'of a size');
SELECT results_eq('SELECT id, reposted_by_id FROM social.home_feed(first => 2)',
	format('VALUES (%s::bigint, %s::bigint), (%s, %s)', :strange, :reader, :written, :f1), 'one''s own reposts too');
SELECT social.mute_user(:f1);
SELECT results_eq('SELECT id, reposted_by_id FROM social.home_feed()',
	format('VALUES (%s::bigint, %s::bigint), (%s, NULL), (%s, NULL)', :strange, :reader, :own, :written), 'not what a muted person passes on');
SELECT social.unmute_user(:f1);

-- ---- a page fits to the next while others write --------------------------------------------------

SELECT cursor AS after FROM social.home_feed(first => 1) \gset
SELECT social.act_as('tap_f1');
SELECT social.create_post('Newer', 'text') AS newer \gset
DELETE FROM social.reposts WHERE post_id = :written AND user_id = :f1;
SELECT social.repost_post(:own), social.repost_post(:written);
SELECT social.act_as('tap_reader');
SELECT results_eq('SELECT id FROM social.home_feed(after => ''' || :'after' || ''')', ARRAY[:own, :written]::bigint[], 'P-04: what moves up meanwhile does not go missing below');
SELECT results_eq('SELECT id FROM social.home_feed()', ARRAY[:written, :own, :newer, :strange]::bigint[], 'it stands above when the feed is read anew');
SELECT results_eq('SELECT id FROM social.home_feed(before => ''' || :'after' || ''')', ARRAY[:written, :own, :newer]::bigint[], 'and above the cursor');
SELECT results_eq('SELECT id FROM social.home_feed(NULL, 2, NULL, ''' || :'after' || ''')', ARRAY[:own, :newer]::bigint[], 'the page above a cursor ends at it');

-- ---- what posts are about --------------------------------------------------------------------------

SELECT social.act_as(NULL::bigint);
SELECT social.create_league('Tap League') AS league, social.create_team('Tap Team') AS team \gset
SELECT social.act_as('tap_f2');
SELECT social.create_post('About', 'text') AS about, social.create_post('For followers', 'text', visibility => 'followers') AS closed, social.create_post('Aside', 'text') AS aside \gset
SELECT social.set_post_subjects(:about, ARRAY[:league, :team]), social.set_post_subjects(:closed, ARRAY[:team]);
SELECT social.act_as('tap_reader');
SELECT is_empty('SELECT FROM social.home_feed() f WHERE f.id = ' || :about, 'seed 150: what is about a team is not for who does not follow it');
SELECT social.follow_subject(:league), social.follow_subject(:team);
SELECT results_eq('SELECT f.id, f.reposted_by_id FROM social.home_feed(first => 1) f', format('VALUES (%s::bigint, NULL::bigint)', :about), 'seed 150: it stands in the feed of who does');
SELECT is((SELECT count(*) FROM social.home_feed() f WHERE f.id IN (:about, :closed, :aside)), 1::bigint, 'once, and nothing else of who wrote it, nor what is for their followers');
SELECT results_eq('SELECT d.document ->> ''id'' FROM social.feed_documents(first => 1) d', ARRAY[:about::text], 'as a document, too');
SELECT social.follow_user(:f2);
SELECT results_eq('SELECT f.id FROM social.home_feed(first => 3) f', ARRAY[:aside, :closed, :about]::bigint[], 'once, when its author is followed, too');
SELECT social.unfollow_user(:f2);
SELECT social.act_as('tap_f1');
SELECT social.create_post('Between', 'text') AS between \gset
SELECT social.repost_post(:about);
SELECT social.act_as('tap_reader');
SELECT results_eq('SELECT f.id, f.reposted_by_id FROM social.home_feed(first => 2) f', format('VALUES (%s::bigint, %s::bigint), (%s, NULL)', :about, :f1, :between), 'at its newest place, where somebody passed it on');
SELECT is_empty(format('SELECT FROM social.home_feed(after => (SELECT cursor FROM social.home_feed(first => 1) f)) f WHERE f.id = %s', :about), 'and on no later page');
SELECT social.act_as('tap_f1');
SELECT social.unrepost_post(:about);
SELECT social.act_as('tap_reader');
SELECT social.repost_post(:about);
SELECT is_empty(format('SELECT FROM social.home_feed(before => (SELECT cursor FROM social.home_feed(first => 1) f)) f WHERE f.id = %s', :about), 'nor on an earlier one');
SELECT social.unrepost_post(:about);
SELECT is((SELECT array_agg(f.id) FROM social.home_feed(after => (SELECT f.cursor FROM social.home_feed() f WHERE f.id = :between)) f WHERE f.id = :about), ARRAY[:about::bigint], 'after a cursor');
SELECT is((SELECT array_agg(f.id) FROM social.home_feed(before => (SELECT f.cursor FROM social.home_feed() f WHERE f.id = :written)) f WHERE f.id = :about), ARRAY[:about::bigint], 'and before one');
SELECT social.mute_user(:f2);
SELECT is_empty('SELECT FROM social.home_feed() f WHERE f.id = ' || :about, 'not by somebody who is muted');
SELECT social.unmute_user(:f2), social.block_user(:f2);
SELECT is_empty('SELECT FROM social.home_feed() f WHERE f.id = ' || :about, 'nor by somebody who is blocked');
SELECT social.unblock_user(:f2), social.unfollow_subject(:league);
SELECT isnt_empty('SELECT FROM social.home_feed() f WHERE f.id = ' || :about, 'while one of what it is about is followed');
SELECT social.unfollow_subject(:team);
SELECT is_empty('SELECT FROM social.home_feed() f WHERE f.id = ' || :about, 'and no longer');

-- ---- random graphs -------------------------------------------------------------------------------

-- The feed in plain SQL: every place, the newest of each post.
CREATE FUNCTION pg_temp.plain_feed() RETURNS TABLE (n bigint, id bigint, place bigint, by_id bigint, at timestamptz) LANGUAGE sql STABLE AS $$
	WITH sources AS (
		SELECT f.followed_id AS id FROM social.follows f WHERE f.follower_id = social.viewer_id() UNION ALL SELECT social.viewer_id()
	), places AS (
		SELECT p.id, p.position AS place, NULL::bigint AS by_id, NULL::timestamptz AS at
		FROM social.listed_posts p WHERE p.author_id IN (SELECT s.id FROM sources s)
		UNION ALL
		SELECT p.id, r.position, r.user_id, r.created_at
		FROM social.reposts r JOIN social.listed_posts p ON p.id = r.post_id JOIN social.visible_users u ON u.id = r.user_id
		WHERE r.user_id IN (SELECT s.id FROM sources s) AND r.user_id <> ALL (social.muted_ids())
		UNION ALL
		SELECT p.id, p.position, NULL, NULL
		FROM social.listed_posts p JOIN social.post_subjects s ON s.post_id = p.id JOIN social.sport_follows f ON f.subject_id = s.subject_id AND f.user_id = social.viewer_id()
	), newest AS (
		SELECT DISTINCT ON (p.id) p.* FROM places p ORDER BY p.id, p.place DESC, p.by_id NULLS FIRST
	)
	SELECT row_number() OVER (ORDER BY n.place DESC, n.id DESC), n.* FROM newest n
$$;

-- The whole feed by pages of a size, downwards and upwards.
CREATE FUNCTION pg_temp.read_down(size integer) RETURNS TABLE (n bigint, id bigint, by_id bigint, at timestamptz, document jsonb) LANGUAGE plpgsql AS $$
DECLARE
	row record;
	last text;
	found bigint;
BEGIN
	n := 0;
	LOOP
		found := 0;
		FOR row IN SELECT f.id, f.reposted_by_id, f.reposted_at, f.cursor, to_jsonb(f) - 'reposted_by_id' - 'reposted_at' - 'cursor' - 'has_more' AS document
			FROM social.home_feed(NULL, size, last) f
		LOOP
			n := n + 1;
			found := found + 1;
			id := row.id;
			by_id := row.reposted_by_id;
			at := row.reposted_at;
			document := row.document;
			last := row.cursor;
			RETURN NEXT;
		END LOOP;
		EXIT WHEN found < size;
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.read_up(size integer) RETURNS TABLE (id bigint, by_id bigint) LANGUAGE plpgsql AS $$
DECLARE
	page bigint[];
	people bigint[];
	first text := social.cursor_encode('home_feed', 0, 0);
	ids bigint[] := '{}';
	bys bigint[] := '{}';
BEGIN
	LOOP
		SELECT array_agg(f.id ORDER BY f.ordinality), array_agg(f.reposted_by_id ORDER BY f.ordinality), max(f.cursor) FILTER (WHERE f.ordinality = 1)
		INTO page, people, first FROM social.home_feed(NULL, size, NULL, first) WITH ORDINALITY f;
		EXIT WHEN page IS NULL;
		ids := page || ids;
		bys := people || bys;
		EXIT WHEN cardinality(page) < size;
	END LOOP;
	RETURN QUERY SELECT * FROM unnest(ids, bys);
END
$$;

CREATE FUNCTION pg_temp.make_graph(seed double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	people bigint[];
	subjects bigint[];
	author bigint;
BEGIN
	PERFORM setseed(seed), social.act_as(NULL::bigint);
	DELETE FROM social.users u WHERE u.username LIKE 'tap\_%';
	INSERT INTO social.users (username, is_staff) SELECT 'tap_g' || n, n = 1 FROM generate_series(1, 30) n;
	SELECT array_agg(u.id ORDER BY u.id) INTO people FROM social.users u WHERE u.username LIKE 'tap\_g%';
	DELETE FROM social.sport_subjects s WHERE s.slug LIKE 'tap-s%';
	WITH made AS (INSERT INTO social.sport_subjects (kind, slug, name) SELECT 'team', 'tap-s' || n, 'Tap ' || n FROM generate_series(1, 12) n RETURNING id)
	SELECT array_agg(m.id) INTO subjects FROM made m;
	INSERT INTO social.sport_follows (user_id, subject_id)
	SELECT a, s FROM unnest(people) WITH ORDINALITY AS x (a, n), unnest(subjects) s WHERE random() < (n % 5) / 6.0;
	INSERT INTO social.follows (follower_id, followed_id)
	SELECT a, b FROM unnest(people) WITH ORDINALITY AS x (a, n), unnest(people) b WHERE a <> b AND random() < n / 30.0;
	INSERT INTO social.blocks (blocker_id, blocked_id) SELECT a, b FROM unnest(people) a, unnest(people) b WHERE a <> b AND random() < 0.01;
	INSERT INTO social.mutes (muter_id, muted_id, posts, expires_at)
	SELECT a, b, random() < 0.8, CASE WHEN random() < 0.3 THEN now() - interval '1 hour' WHEN random() < 0.3 THEN now() + interval '1 hour' END
	FROM unnest(people) a, unnest(people) b WHERE a <> b AND random() < 0.03;
	FOR n IN 1 .. 500
	LOOP
		-- Few write most.
		author := people[1 + floor(30 * random() ^ 3)];
		INSERT INTO social.posts (author_id, title, content, is_published, visibility)
		VALUES (author, 'tap ' || n, 'for @tap_g' || 1 + floor(30 * random()) || ' #tapgraph' || floor(3 * random()), random() < 0.9, (ARRAY['public', 'public', 'public', 'followers', 'mentioned', 'private'])[1 + floor(6 * random())]);
		IF random() < 0.3 THEN
			INSERT INTO social.post_subjects (post_id, subject_id, position)
			SELECT p.id, subjects[1 + floor(12 * random() ^ 2)], p.position FROM social.posts p, generate_series(1, 3) WHERE p.title = 'tap ' || n AND random() < 0.7
			ON CONFLICT DO NOTHING;
		END IF;
		IF random() < 0.5 THEN
			INSERT INTO social.reposts (post_id, user_id)
			SELECT p.id, people[1 + floor(30 * random() ^ 2)] FROM social.posts p WHERE p.title LIKE 'tap %' ORDER BY random() LIMIT 1
			ON CONFLICT DO NOTHING;
		END IF;
		IF random() < 0.03 THEN
			UPDATE social.posts p SET deleted_at = now() WHERE p.id = (SELECT p.id FROM social.posts p WHERE p.title LIKE 'tap %' AND p.deleted_at IS NULL ORDER BY random() LIMIT 1);
		ELSIF random() < 0.02 THEN
			UPDATE social.posts p SET deleted_at = NULL WHERE p.id = (SELECT p.id FROM social.posts p WHERE p.title LIKE 'tap %' AND p.deleted_at IS NOT NULL ORDER BY random() LIMIT 1);
		ELSIF random() < 0.03 THEN
			UPDATE social.posts p SET is_published = NOT p.is_published WHERE p.id = (SELECT p.id FROM social.posts p WHERE p.title LIKE 'tap %' ORDER BY random() LIMIT 1);
		ELSIF random() < 0.02 THEN
			UPDATE social.posts p SET hidden_at = now() WHERE p.id = (SELECT p.id FROM social.posts p WHERE p.title LIKE 'tap %' ORDER BY random() LIMIT 1);
		ELSIF random() < 0.02 THEN
			DELETE FROM social.posts p WHERE p.id = (SELECT p.id FROM social.posts p WHERE p.title LIKE 'tap %' ORDER BY random() LIMIT 1);
		ELSIF random() < 0.02 THEN
			UPDATE social.posts p SET author_id = people[1 + floor(30 * random())] WHERE p.id = (SELECT p.id FROM social.posts p WHERE p.title LIKE 'tap %' ORDER BY random() LIMIT 1);
		ELSIF random() < 0.1 THEN
			DELETE FROM social.reposts r WHERE r.position = (SELECT r.position FROM social.reposts r ORDER BY random() LIMIT 1);
		END IF;
	END LOOP;
	-- Ties, which the sequence never makes: reposts at one place, and at a post's.
	UPDATE social.reposts r SET position = (SELECT max(o.position) FROM social.reposts o WHERE o.position <= r.position AND o.position % 7 = 0)
	WHERE random() < 0.2 AND EXISTS (SELECT FROM social.reposts o WHERE o.position <= r.position AND o.position % 7 = 0);
	UPDATE social.reposts r SET position = (SELECT max(p.position) FROM social.posts p WHERE p.position <= r.position) WHERE random() < 0.1;
	UPDATE social.users u SET suspended_at = now(), suspended_until = CASE WHEN random() < 0.5 THEN now() - interval '1 hour' END WHERE u.id = ANY (people[20:23]);
	UPDATE social.users u SET is_active = false WHERE u.id = people[25];
END
$$;

-- Every reader of a graph who can act, by pages of several sizes, with a budget for the walk. Plain SQL, which takes
-- longest, is asked once for each.
CREATE FUNCTION pg_temp.differences() RETURNS TABLE (what text) LANGUAGE plpgsql AS $$
DECLARE
	reader record;
	size integer;
	down_expected text;
	up_expected text;
	down text;
	is_as_listed boolean;
BEGIN
	FOR reader IN SELECT u.id, u.username FROM social.users u WHERE u.username LIKE 'tap\_g%' AND u.is_active AND u.suspended_at IS NULL ORDER BY u.id
	LOOP
		PERFORM social.act_as(reader.id);
		SELECT string_agg(concat_ws(' ', p.id, p.by_id, p.at), ', ' ORDER BY p.n), string_agg(concat_ws(' ', p.id, p.by_id), ', ' ORDER BY p.n)
		INTO down_expected, up_expected FROM pg_temp.plain_feed() p;
		FOREACH size IN ARRAY CASE WHEN reader.id % 5 = 0 THEN ARRAY[1, 3, 20, 100] ELSE ARRAY[7, 100] END
		LOOP
			IF size = 100 THEN
				SELECT string_agg(concat_ws(' ', d.id, d.by_id, d.at), ', ' ORDER BY d.n), coalesce(bool_and(d.document IS NOT DISTINCT FROM to_jsonb(p)), true)
				INTO down, is_as_listed FROM pg_temp.read_down(size) d LEFT JOIN social.listed_posts p ON p.id = d.id;
				IF NOT is_as_listed THEN
					what := reader.username || ': rows';
					RETURN NEXT;
				END IF;
			ELSE
				SELECT string_agg(concat_ws(' ', d.id, d.by_id, d.at), ', ' ORDER BY d.n) INTO down FROM pg_temp.read_down(size) d;
			END IF;
			IF down_expected IS DISTINCT FROM down THEN
				what := format('%s down by %s', reader.username, size);
				RETURN NEXT;
			END IF;
			IF up_expected IS DISTINCT FROM (SELECT string_agg(concat_ws(' ', u.id, u.by_id), ', ' ORDER BY u.ordinality) FROM pg_temp.read_up(size) WITH ORDINALITY u) THEN
				what := format('%s up by %s', reader.username, size);
				RETURN NEXT;
			END IF;
		END LOOP;
	END LOOP;
END
$$;

-- The other pages of one index: by all, to the end, one row and seven at a time.
CREATE FUNCTION pg_temp.read_list(call text, size integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	page jsonb;
	whole jsonb := '[]';
	last text;
BEGIN
	LOOP
		EXECUTE format('SELECT jsonb_agg(to_jsonb(r) - ''cursor'' - ''has_more''), (array_agg(r.cursor))[count(*)] FROM social.%s, $1, $2) r', call) INTO page, last USING size, last;
		EXIT WHEN page IS NULL;
		whole := whole || page;
	END LOOP;
	RETURN whole;
END
$$;
CREATE FUNCTION pg_temp.list_differences() RETURNS TABLE (what text) LANGUAGE plpgsql AS $$
DECLARE
	reader record;
	person record;
	tag text;
BEGIN
	FOR reader IN SELECT u.id, u.username FROM social.users u WHERE u.username LIKE 'tap\_g%' AND u.id % 3 = 0 AND u.is_active AND u.suspended_at IS NULL
	LOOP
		PERFORM social.act_as(reader.id);
		FOR person IN SELECT u.id, u.username FROM social.visible_users u WHERE u.username LIKE 'tap\_g%' AND (u.id % 4 = 0 OR u.id = reader.id)
		LOOP
			RETURN QUERY SELECT format('%s reads posts of %s', reader.username, person.username)
			WHERE pg_temp.read_list(format('user_posts(%s', person.id), 7) IS DISTINCT FROM
				(SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.position DESC), '[]') FROM social.listed_posts p WHERE p.author_id = person.id);
			RETURN QUERY SELECT format('%s reads mentions of %s', reader.username, person.username)
			WHERE pg_temp.read_list(format('user_mentions(%s', person.id), 3) IS DISTINCT FROM
				(SELECT coalesce(jsonb_agg(to_jsonb(m) - 'username' ORDER BY m.created_at DESC, m.id DESC), '[]') FROM social.visible_mentions m
				WHERE m.mentioned_user_id = person.id AND EXISTS (SELECT FROM social.listed_posts p WHERE p.id = m.post_id));
		END LOOP;
		FOREACH tag IN ARRAY ARRAY['tapgraph0', 'tapgraph1']
		LOOP
			RETURN QUERY SELECT format('%s reads #%s', reader.username, tag)
			WHERE pg_temp.read_list(format('hashtag_posts(%L', tag), 20) IS DISTINCT FROM
				(SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.position DESC), '[]') FROM social.listed_posts p WHERE p.hashtags @> ARRAY[tag]);
		END LOOP;
	END LOOP;
END
$$;

SELECT pg_temp.make_graph(0.1);
SELECT cmp_ok((SELECT count(*) FROM social.posts p WHERE p.title LIKE 'tap %' AND p.position IS NOT NULL), '>', 300::bigint, 'there are posts');
SELECT cmp_ok((SELECT count(*) FROM social.reposts), '>', 50::bigint, 'and reposts');
SELECT cmp_ok((SELECT count(*) FROM social.post_subjects s JOIN social.sport_follows f USING (subject_id)), '>', 1000::bigint, 'and what is about something that somebody follows');
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'P-05: the feed equals plain SQL');
SET LOCAL social.feed_walk_budget = 0;
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'by merging people alone');
SET LOCAL social.feed_walk_budget = 1000000;
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'by walking alone');
SET LOCAL social.feed_walk_budget = 30;
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'by both');
SET LOCAL social.feed_walk_budget = -1;
SELECT pg_temp.make_graph(0.2);
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'another graph');
SELECT is_empty('SELECT * FROM pg_temp.list_differences()', 'posts of a person, of a tag, and mentions equal plain SQL');
SET LOCAL social.feed_walk_budget = 0;
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'by merging alone');

-- Places far apart, which stretches of positions jump over, and an index from before 0.4.
SET LOCAL social.restoring = on;
UPDATE social.posts p SET position = p.position * 1000000007;
UPDATE social.reposts r SET position = r.position * 1000000007;
UPDATE social.post_subjects s SET position = s.position * 1000000007;
SET LOCAL social.restoring = off;
SELECT lives_ok('SELECT social.rebuild_last_positions()', 'positions with gaps');
SET LOCAL social.feed_walk_budget = 1000000;
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'by walking alone');
SET LOCAL social.feed_walk_budget = -1;
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'by what is cheaper');
ALTER TABLE social.posts DROP CONSTRAINT posts_position_key, ADD CONSTRAINT posts_position_key UNIQUE (position);
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'an index that does not say whose a post is: by merging');
ALTER TABLE social.posts DROP CONSTRAINT posts_position_key, ADD CONSTRAINT posts_position_key UNIQUE (position) INCLUDE (author_id);

-- ---- last positions ------------------------------------------------------------------------------

CREATE TEMPORARY VIEW too_low AS SELECT d.* FROM social.last_position_drift() d;
SELECT is_empty('SELECT * FROM too_low', 'no last position is too low');
SELECT is_empty($$ SELECT u.username FROM social.users u WHERE (SELECT count(*) FROM social.last_positions l WHERE l.user_id = u.id) <> 1 $$, 'everybody has one row');
SELECT is((SELECT status FROM social.check() WHERE name = 'last positions'), 'ok', 'check() says so');
SELECT social.act_as(NULL::bigint);
INSERT INTO social.users (username) VALUES ('tap_last') RETURNING id AS last \gset
SELECT results_eq('SELECT post_position, repost_position FROM social.last_positions WHERE user_id = ' || :last, 'VALUES (NULL::bigint, NULL::bigint)', 'a new account was never active');
INSERT INTO social.posts (author_id, title, content, is_published) VALUES (:last, 'tap a', 'x', true), (:last, 'tap b', 'x', true), (:last, 'tap c', 'x', false);
CREATE TEMPORARY VIEW last AS SELECT l.post_position, l.repost_position FROM social.last_positions l JOIN social.users u ON u.id = l.user_id WHERE u.username = 'tap_last';
CREATE TEMPORARY VIEW truth AS SELECT max(p.position) AS post_position, (SELECT max(r.position) FROM social.reposts r WHERE r.user_id = u.id) AS repost_position FROM social.users u LEFT JOIN social.posts p ON p.author_id = u.id WHERE u.username = 'tap_last' GROUP BY u.id;
SELECT results_eq('SELECT * FROM last', 'SELECT * FROM truth', 'it is the newest post of a statement');
UPDATE social.posts SET is_published = true WHERE title = 'tap c';
SELECT results_eq('SELECT * FROM last', 'SELECT * FROM truth', 'a draft that is published');
UPDATE social.posts SET deleted_at = now() WHERE title = 'tap a';
INSERT INTO social.reposts (post_id, user_id) SELECT id, :last FROM social.posts WHERE title = 'tap b';
SELECT results_eq('SELECT * FROM last', 'SELECT * FROM truth', 'a repost');
SAVEPOINT aside;
INSERT INTO social.posts (author_id, title, content) VALUES (:last, 'tap d', 'x');
ROLLBACK TO aside;
SELECT results_eq('SELECT * FROM last', 'SELECT * FROM truth', 'not what was rolled back');
DELETE FROM social.last_positions l WHERE l.user_id = :last;
UPDATE social.posts SET deleted_at = NULL WHERE title = 'tap a';
SELECT results_eq('SELECT * FROM last', 'SELECT * FROM truth', 'a missing row is made from the posts, not from the restored one');
INSERT INTO social.last_positions (user_id, post_position) VALUES (:last, 1), (:last, NULL);
INSERT INTO social.posts (author_id, title, content) VALUES (:last, 'tap e', 'x');
SELECT results_eq('SELECT * FROM last', 'SELECT * FROM truth', 'several rows become one');
SET LOCAL social.restoring = on;
-- Above whatever is there: check() looks at the newest posts.
SELECT max(position) + 1000000 AS top FROM social.posts \gset
INSERT INTO social.posts (author_id, title, content, position) VALUES (:last, 'tap f', 'x', :top);
SET LOCAL social.restoring = off;
SELECT set_eq($$ SELECT object_id, actual FROM social.reconcile() WHERE counter = 'last_positions.post_position' $$, format('VALUES (%s::bigint, %s::bigint)', :last, :top), 'P-03: reconcile finds what a load without triggers left');
SELECT is((SELECT status FROM social.check() WHERE name = 'last positions'), 'error', 'so does check');
SELECT isnt_empty('SELECT * FROM social.reconcile(true)', 'reconcile(true)');
SELECT is_empty('SELECT * FROM too_low', 'repairs it');
SELECT results_eq('SELECT * FROM last', 'SELECT * FROM truth', 'exactly');
DELETE FROM social.last_positions;
SELECT is((SELECT status FROM social.check() WHERE name = 'last positions'), 'warning', 'people without a row');
SELECT is_empty('SELECT * FROM pg_temp.differences()', 'are looked up all the same');
SELECT social.act_as(NULL::bigint);
SELECT cmp_ok(social.fill_last_positions(1000000), '>', 30::bigint, 'the worker makes their rows');
SELECT is((SELECT status FROM social.check() WHERE name = 'last positions'), 'ok', 'for everybody');
DELETE FROM social.users WHERE id = :last;
SELECT is_empty('SELECT FROM social.last_positions WHERE user_id = ' || :last, 'a row goes with its account');

SELECT * FROM finish();
ROLLBACK;
