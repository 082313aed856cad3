-- index_set.sql proves that what a session keeps of the indexes that it writes to
-- (extension/base/index_set.c) follows whatever becomes of them: each step writes rows with what the
-- steps before have left. issue 11 line 10.
BEGIN;
SELECT no_plan();
CREATE EXTENSION IF NOT EXISTS amcheck;

INSERT INTO social.users (id, username) VALUES (9760001, 'index_set_author'), (9760002, 'index_set_reader');
CREATE SCHEMA theirs;
-- Of a security definer, so that nothing is put into the index's own expression in its stead.
CREATE FUNCTION theirs.mark(title text) RETURNS text LANGUAGE sql IMMUTABLE SECURITY DEFINER AS $$SELECT 'one ' || title$$;
CREATE FUNCTION pg_temp.post(title text) RETURNS bigint LANGUAGE sql AS $$SELECT social.create_post(title, 'of ' || title)$$;
-- The titles that an index on theirs.mark(title) finds; the plan is proved to use it.
CREATE FUNCTION pg_temp.marked(mark text) RETURNS text[] LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
	condition text := format('theirs.mark(title) = %L AND title <> %L', mark, 'left out');
	plan json;
	titles text[];
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) SELECT FROM social.posts WHERE ' || condition INTO plan;
	IF plan::text NOT LIKE '%tap_mark%' THEN
		RAISE 'not by the index: %', plan;
	END IF;
	EXECUTE 'SELECT array_agg(title::text ORDER BY id) FROM social.posts WHERE ' || condition INTO titles;
	RETURN titles;
END $$;
SELECT social.act_as(9760001);
SELECT pg_temp.post('first');

-- ---- an index comes ---------------------------------------------------------------------------------

CREATE INDEX tap_mark ON social.posts (theirs.mark(title)) WHERE title <> 'left out';
SELECT pg_temp.post('second'), pg_temp.post('left out'), pg_temp.post('second');
SELECT is(pg_temp.marked('one second'), '{second,second}', 'a new index has entries of what is written after it');
SELECT lives_ok($$SELECT bt_index_check('social.tap_mark', true)$$, 'of all and only those that its condition wants');

SAVEPOINT made;
CREATE UNIQUE INDEX tap_title ON social.posts (title) WHERE title = 'only one';
SELECT pg_temp.post('only one');
SELECT throws_ok($$SELECT pg_temp.post('only one')$$, '23505', NULL, 'a further one refuses');
ROLLBACK TO made;
SELECT is(pg_temp.post('only one') <> pg_temp.post('only one'), true, 'and no longer when it is taken back');

-- ---- its function changes ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION theirs.mark(title text) RETURNS text LANGUAGE sql IMMUTABLE SECURITY DEFINER AS $$SELECT 'two ' || title$$;
SELECT pg_temp.post('third');
SELECT is(pg_temp.marked('two third'), '{third}', 'a new function makes the entries from then on');

-- ---- errors, and acts within acts ---------------------------------------------------------------------

CREATE OR REPLACE FUNCTION theirs.mark(title text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF title = 'failing' THEN
		RAISE 'no mark';
	END IF;
	RETURN 'two ' || title;
END $$;
SELECT throws_ok($$SELECT pg_temp.post('failing')$$, 'P0001', 'no mark', 'the function may refuse');
SELECT pg_temp.post('fourth');
SELECT is(pg_temp.marked('two fourth'), '{fourth}', 'which the next post does not notice');

CREATE FUNCTION theirs.follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.title = 'outer' THEN
		PERFORM pg_temp.post('inner');
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER theirs_before BEFORE INSERT ON social.posts FOR EACH ROW EXECUTE FUNCTION theirs.follow_up();
SELECT pg_temp.post('outer'), pg_temp.post('last');
SELECT is(pg_temp.marked('two outer') || pg_temp.marked('two inner') || pg_temp.marked('two last'), '{outer,inner,last}', 'a post may be written while one is');
SELECT is(pg_temp.marked('two failing'), NULL, 'nothing is left of the one that failed');
DROP TRIGGER theirs_before ON social.posts;

-- ---- an index is made anew, and goes --------------------------------------------------------------------

REINDEX INDEX social.tap_mark;
SELECT pg_temp.post('fifth');
SELECT is(pg_temp.marked('two fifth'), '{fifth}', 'an index that was made anew');
SELECT lives_ok($$SELECT bt_index_check('social.tap_mark', true)$$, 'is sound');
DROP INDEX social.tap_mark;
SELECT lives_ok($$SELECT pg_temp.post('sixth')$$, 'one that is gone is missed by nobody');
SELECT social.act_as(9760002);
SELECT social.like_post(p.id) FROM social.posts p WHERE p.author_id = 9760001;
SELECT lives_ok(format('SELECT bt_index_check(%L, true)', i.indexrelid::regclass), i.indexrelid::regclass || ' is sound')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
WHERE i.indrelid IN ('social.posts'::regclass, 'social.post_likes'::regclass, 'social.notifications'::regclass);
SELECT is((SELECT count(*) FROM social.posts p WHERE p.author_id = 9760001 AND p.search_vector @@ to_tsquery('english', 'fifth | sixth')), 2::bigint, 'and texts are found');

SELECT * FROM finish();
ROLLBACK;
