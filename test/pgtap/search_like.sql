-- search_like.sql proves substring search (seed 058): what is found, in which order, by which index,
-- and that the work is bounded.
BEGIN;
SELECT no_plan();
INSERT INTO social.users (username) VALUES ('tap_liker'), ('tap_other');
SELECT social.act_as('tap_liker') AS liker \gset

SELECT social.create_post('Half a tapZebra', 'plain words') AS titled \gset
SELECT social.create_post('Note', 'it said: 100%_sure, \ and "quoted" taPzeBras') AS special \gset
SELECT social.create_post('Größe', 'ＴＡＰwide ﬁne ΣΊΣΥΦΟΣ İstanbul') AS folded \gset
SELECT social.create_post('東京', '寿司を食べた、鰻も。') AS japanese \gset
SELECT social.create_post('Draft tapzebra', 'tapzebra', false) AS draft \gset
CREATE FUNCTION pg_temp.found(query text) RETURNS bigint[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(p.id ORDER BY p.ordinality), '{}') FROM social.search_posts_like(query, 100) WITH ORDINALITY AS p
	-- What this test has written; other tests have left posts, too.
	WHERE EXISTS (SELECT FROM social.posts o WHERE o.id = p.id AND o.created_at = now())
$$;

SELECT is(pg_temp.found('tapzebra'), ARRAY[:special, :titled]::bigint[], 'seed 058: title or content, whatever the case, newest first');
SELECT is(pg_temp.found(q), ARRAY[id]::bigint[], 'seed 058: "' || q || '": ' || what)
FROM (VALUES ('apZebras', :special, 'inside a word'), ('100%', :special, 'a percent sign is one'), ('%_sure', :special, 'and so is an underscore'), ('\ and', :special, 'and a backslash'), ('"quoted"', :special, 'quotes'),
	('said: 100', :special, 'blanks and punctuation count'),
	('GRÖSSE', :folded, 'full case folding'), ('tapwide', :folded, 'other widths'), ('fine', :folded, 'ligatures'), ('σίσυφος', :folded, 'final sigma'),
	('寿司', :japanese, 'two characters'), ('鰻', :japanese, 'one'), ('食べた、鰻', :japanese, 'across punctuation')) v (q, id, what);
SELECT is(pg_temp.found(q), '{}'::bigint[], '"' || q || '" is nowhere')
FROM unnest(ARRAY['10_%', 'tap%bra', 'tap_ebra', 'words tap', '司寿', '100%_sure,\', repeat('tapzebra ', 50)]) q;
SELECT is(pg_temp.found('words' || E'\n' || 'Note'), '{}'::bigint[], 'title and content are two texts');
SELECT throws_ok($$ SELECT FROM social.search_posts_like('') $$, 'SM400', 'search query is required', 'nothing');
SELECT throws_ok($$ SELECT FROM social.search_posts_like(E' \n') $$, 'SM400', 'search query is required', 'blanks');
SELECT throws_ok($$ SELECT FROM social.search_posts_like(NULL) $$, 'SM400', 'search query is required', 'null');
SELECT throws_ok($$ SELECT FROM social.search_posts_like(repeat('x', 501)) $$, 'SM400', 'search query is too long', 'an over-long text');
SELECT throws_ok($$ SELECT FROM social.search_posts_like('x', 0) $$, 'SM400', 'invalid page size', 'a page of nothing');
SELECT throws_ok($$ SELECT FROM social.search_posts_like('x', 1000000000) $$, 'SM400', 'invalid page size', 'a page of everything');
SELECT throws_ok($$ SELECT FROM social.search_posts_like('x', 10, 'zzz') $$, 'SM400', NULL, 'a mangled cursor');
SELECT throws_ok('SELECT social.search_posts_like(chr(8205))', 'SM400', 'search query is required', 'a text that folds to nothing');

-- ---- many posts ------------------------------------------------------------------------------------
-- 30,000 posts; every 10th has "common", every 1,000th of the oldest 20,000 "seldom", one "unique";
-- "ommon seld" has only parts that many have. Loaded as a restore would.

SET LOCAL social.restoring = on;
INSERT INTO social.posts (author_id, title, content, position)
SELECT :liker, 'Filler ' || n,
	concat_ws(' ', md5(n::text), CASE WHEN n % 10 = 0 THEN 'tapcommon' END, CASE WHEN n % 1000 = 7 AND n < 20000 THEN 'tapseldom' END,
		CASE WHEN n = 12345 THEN 'tapunique' END, CASE WHEN n % 3 = 0 AND n < 25000 THEN 'tapold words' END, CASE WHEN n = 4001 THEN '!?!' END),
	nextval('social.post_position_seq')
FROM generate_series(1, 30000) n;
SET LOCAL social.restoring = off;
ANALYZE social.posts;

CREATE FUNCTION pg_temp.truth(query text) RETURNS bigint[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(p.id ORDER BY p.position DESC), '{}') FROM social.listed_posts p WHERE strpos(lower(p.title), query) > 0 OR strpos(lower(p.content), query) > 0
$$;
-- Follows the cursors to the end.
CREATE FUNCTION pg_temp.pages(query text, size integer) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	found bigint[] := '{}';
	page bigint[];
	after text;
BEGIN
	LOOP
		SELECT array_agg(p.id ORDER BY p.position DESC), (array_agg(p.cursor ORDER BY p.position))[1] INTO page, after
		FROM social.search_posts_like(query, size, after) p;
		EXIT WHEN page IS NULL;
		found := found || page;
	END LOOP;
	RETURN found;
END
$$;
SELECT is(pg_temp.pages(q, n), pg_temp.truth(q), format('seed 058: all posts with "%s" and no others, newest first, in pages of %s', q, n))
FROM (VALUES ('tapseldom', 3), ('tapunique', 10), ('tapcommon', 100), ('tapold', 100), ('filler 299', 5)) v (q, n);
SELECT is(pg_temp.found('tapcommon words'), '{}'::bigint[], 'a text that only has parts in common');
SELECT is((SELECT array_agg(f.id) FROM unnest(pg_temp.pages('filler 29', 50)) f (id)), (pg_temp.truth('filler 29'))[1:1000], 'where the parts are in every post, and the text in few old ones, these may be missing');

-- Visibility goes into the walk and the index alike.
UPDATE social.posts SET visibility = 'private', author_id = (SELECT id FROM social.users WHERE username = 'tap_other') WHERE content LIKE '%tapunique%';
UPDATE social.posts SET deleted_at = now() WHERE id IN (SELECT id FROM social.posts WHERE content LIKE '%tapseldom%' ORDER BY id LIMIT 5);
UPDATE social.posts SET hidden_at = now(), author_id = (SELECT id FROM social.users WHERE username = 'tap_other') WHERE id IN (SELECT id FROM social.posts WHERE content LIKE '%tapcommon%' ORDER BY id DESC LIMIT 30);
SELECT is(pg_temp.found('tapunique'), '{}'::bigint[], 'P-22: what is not for the viewer is not found');
SELECT is(pg_temp.pages(q, 50), pg_temp.truth(q), 'P-22: nor deleted, nor hidden: ' || q) FROM unnest(ARRAY['tapseldom', 'tapcommon']) q;
SELECT isnt(pg_temp.found('tapseldom'), '{}'::bigint[], 'of which there are some');

-- ---- by which index, and how much work --------------------------------------------------------------

SELECT social.post_trigrams('', 'tapunique') AS trigrams \gset
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END
$$;
SELECT matches(pg_temp.plan(format('SELECT FROM social.posts p WHERE p.position IS NOT NULL AND social.post_trigrams(p.title, p.content) @> %L::integer[]', :'trigrams')),
	'Bitmap Index Scan on posts_trigram_idx', 'the trigram index answers for parts of texts');
CREATE FUNCTION pg_temp.scans(index regclass) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT pg_stat_get_xact_numscans(index)
$$;
SELECT pg_temp.scans('social.posts_trigram_idx') AS before \gset
SELECT is((SELECT count(*) FROM social.search_posts_like('tapcommon', 20)), 20::bigint, 'a common text');
SELECT is(pg_temp.scans('social.posts_trigram_idx'), :'before'::bigint, 'is found by the walk alone');
SELECT is((SELECT count(*) FROM social.search_posts_like('tapseldom', 20)), 15::bigint, 'a seldom one');
SELECT cmp_ok(pg_temp.scans('social.posts_trigram_idx'), '>', :'before'::bigint, 'P-07, seed 058: by the trigram index');
SELECT pg_temp.scans('social.posts_search_idx') AS before \gset
SELECT is(pg_temp.found('寿司'), ARRAY[:japanese]::bigint[], 'two characters without spaces, behind 30,000 posts');
SELECT cmp_ok(pg_temp.scans('social.posts_search_idx'), '>', :'before'::bigint, 'P-07: by the bigrams of the vectors');
SELECT is(pg_temp.found('!?!'), '{}'::bigint[], 'a text without a trigram is looked for in the newest 20,000 posts only');

DROP INDEX social.posts_trigram_idx;
SELECT is((SELECT count(*) FROM social.search_posts_like('tapcommon', 20)), 20::bigint, 'without the index the walk goes on');

SELECT * FROM finish();
ROLLBACK;
