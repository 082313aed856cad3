-- search.sql proves full-text search and the page of posts.
BEGIN;
SELECT no_plan();

SELECT has_index('social', 'posts', 'posts_search_idx', 'seed 130, 163: a GIN index on the vector');
INSERT INTO social.users (username) VALUES ('tap_author'), ('tap_reader'), ('tap_spammer');
SELECT social.act_as('tap_author');
SELECT social.create_post('Old tapzebra crossing', 'nothing else to say') AS titled \gset
SELECT social.create_post('Tapzebra!', 'the title is the word') AS same \gset
SELECT count(social.create_post('Note ' || n, 'a tapzebra walks, the tapzebra runs, tapzebra tapzebra')) FROM generate_series(1, 400) n;
SELECT social.create_post('Draft tapzebra', 'not public', false) AS draft \gset
SELECT social.create_post('Quagga', 'tapquagga and tapokapi live here') AS both \gset
SELECT social.create_post('Okapi', 'only tapokapi lives here') AS one \gset

SELECT results_eq($$ SELECT id FROM social.search_posts('tapzebra', 2) $$, 'VALUES (' || :same || '::bigint), (' || :titled || ')', 'P-06: an old post whose title is the query comes first, then a title with the word, above hundreds of newer ones');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapzebra', 4) OFFSET 2 $$, $$ VALUES ('Note 400'), ('Note 399') $$, 'equal texts: the newest first');
SELECT isnt_empty($$ SELECT FROM social.search_posts('TapZebras walking') $$, 'words are found in other forms (english)');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapokapi') $$, $$ VALUES ('Okapi'), ('Quagga') $$, 'both posts with the word');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapokapi tapquagga') $$, $$ VALUES ('Quagga') $$, 'seed 061: web-search syntax: all words');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapokapi -tapquagga') $$, $$ VALUES ('Okapi') $$, 'seed 061: not this word');
SELECT results_eq($$ SELECT count(*) FROM social.search_posts('tapquagga or tapzebra', 100) $$, $$ VALUES (100::bigint) $$, 'seed 061: either word');
SELECT results_eq($$ SELECT title FROM social.search_posts('"tapquagga and tapokapi"') $$, $$ VALUES ('Quagga') $$, 'seed 061: a phrase');
SELECT is_empty('SELECT FROM social.search_posts(''tapzebra'', 100) WHERE id = ' || :draft, 'no drafts, even own ones');
SELECT results_eq($$ SELECT DISTINCT total, total_is_exact, is_bounded FROM social.search_posts('tapokapi') $$, 'VALUES (2::bigint, true, false)', 'P-06: few matches: all ranked, and counted exactly');
SELECT results_eq($$ SELECT DISTINCT total >= 100, total_is_exact, is_bounded FROM social.search_posts('tapzebra') $$, 'VALUES (true, false, true)', 'P-06: many: a bounded set is ranked, and the answer says so');
SET LOCAL social.search_candidates_max = 1000;
SET LOCAL social.search_walk_max = 1;
SELECT results_eq($$ SELECT DISTINCT total, total_is_exact, is_bounded FROM social.search_posts('tapzebra') $$, 'VALUES (402::bigint, true, false)', 'within a wider bound: all');
SET LOCAL social.search_candidates_max = 10;
SELECT results_eq($$ SELECT id FROM social.search_posts('tapzebra', 2) $$, 'VALUES (' || :same || '::bigint), (' || :titled || ')', 'P-06: within a narrow one the old titles are still first');
RESET social.search_candidates_max;
RESET social.search_walk_max;
-- The newest posts are others, so that only the index leads to the word.
SELECT count(social.create_post('Newer ' || n, 'about something else')) FROM generate_series(1, 1200) n;
SELECT results_eq($$ SELECT id FROM social.search_posts('tapzebra', 2) $$, 'VALUES (' || :same || '::bigint), (' || :titled || ')', 'P-06: a rare word, by the index');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapokapi') $$, $$ VALUES ('Okapi'), ('Quagga') $$, 'so are both posts with a rare word');
SELECT results_eq($$ SELECT DISTINCT total, total_is_exact FROM social.search_posts('tapokapi') $$, 'VALUES (2::bigint, true)', 'and counted exactly');
SELECT results_eq($$ SELECT title FROM social.search_posts('"tapquagga and tapokapi"') $$, $$ VALUES ('Quagga') $$, 'a phrase by the index');
SELECT is_empty($$ SELECT FROM social.search_posts('"tapokapi tapquagga"') $$, 'not the other way round');

-- Bad input (seed 061, P-06).
SELECT is_empty($$ SELECT FROM social.search_posts('the') $$, 'stop words alone find nothing');
SELECT results_eq($$ SELECT ids, has_more, total, total_is_exact, is_bounded FROM social.search_ranking(social.search_query('the'), 'the', 20, NULL) $$, $$ VALUES ('{}'::bigint[], false, 0::bigint, true, false) $$, 'and say so');
SELECT lives_ok(format('SELECT FROM social.search_posts(%L)', q), 'any characters are a query: ' || q)
FROM unnest(ARRAY['((( " & | ! <-> :* '' \', '"unbalanced', '"', '-', '- - -', 'or', 'or or or', '-tapzebra', '-tapzebra -note', 'tapzebra:*', 'tap*', '!!tapzebra', 'a or -a', '-"a b"', '%', '\x00', E'a\x01\x02\x03', repeat('tapzebra ', 50), repeat('"', 500), repeat('-', 31), repeat('- ', 31), repeat('or ', 160)]) q;
SELECT throws_ok(format($$ SELECT FROM social.search_posts(%L) $$, q), 'SM400', 'search query is too deep', 'no end of minus signs')
FROM unnest(ARRAY[repeat('-', 500), repeat('- ', 250), 'x ' || repeat('-', 32) || 'y']) q;
SELECT isnt_empty($$ SELECT FROM social.search_posts('-tapzebra') $$, 'only what is not wanted: the newest of the rest');
SELECT results_eq($$ SELECT DISTINCT p.search_vector @@ social.search_query('-tapzebra') FROM social.search_posts('-tapzebra', 100) s JOIN social.posts p USING (id) $$, 'VALUES (true)', 'each of them without it');
SELECT throws_ok($$ SELECT FROM social.search_posts('') $$, 'SM400', 'search query is required', 'an empty query');
SELECT throws_ok($$ SELECT FROM social.search_posts('  ') $$, 'SM400', 'search query is required', 'a blank one');
SELECT throws_ok($$ SELECT FROM social.search_posts(NULL) $$, 'SM400', 'search query is required', 'none');
SELECT throws_ok($$ SELECT FROM social.search_posts(repeat('x', 501)) $$, 'SM400', 'search query is too long', 'an over-long one');
SELECT throws_ok($$ SELECT FROM social.search_posts(repeat('x', 10240)) $$, 'SM400', 'search query is too long', 'one of 10 kB');
SELECT throws_ok(format($$ SELECT FROM social.search_posts('x', %s) $$, n), 'SM400', 'invalid page size', 'a page of ' || n)
FROM unnest(ARRAY[0, -1, 1000000000]) n;
SELECT throws_ok(format($$ SELECT FROM social.search_posts('x', 10, %L) $$, c), 'SM400', 'invalid cursor', 'a mangled cursor: ' || left(c, 30))
FROM unnest(ARRAY['zzz', '', repeat('A', 28), social.cursor_encode('posts', 1, 1), social.cursor_encode('search', 1, -1), repeat('x', 10000)]) c;
SELECT lives_ok(format($$ SELECT FROM social.search_posts('tapzebra', 10, %L) $$, social.cursor_encode('search', k, i)), 'a cursor from nowhere')
FROM unnest(ARRAY[-9223372036854775808, 0, 9223372036854775807]) k, unnest(ARRAY[0, 9223372036854775807]) i;
SELECT lives_ok($$ SELECT FROM social.search_posts('tapzebra', NULL, NULL) $$, 'null is the default page');

-- Pages: no gap, no repetition, while others write.
CREATE FUNCTION pg_temp.walk(query text, size integer, disturb boolean) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
	page record;
	after text;
	more boolean;
BEGIN
	LOOP
		more := false;
		FOR page IN SELECT s.id, s.cursor, s.has_more FROM social.search_posts(query, size, after) s LOOP
			RETURN NEXT page.id;
			after := page.cursor;
			more := page.has_more;
		END LOOP;
		EXIT WHEN NOT more;
		IF disturb THEN
			PERFORM social.create_post('Tapzebra', 'tapzebra of a later time');
		END IF;
	END LOOP;
END
$$;
CREATE TEMPORARY TABLE ranking AS SELECT w AS id, row_number() OVER () AS n FROM pg_temp.walk('tapzebra', 100, false) w;
SELECT results_eq('SELECT count(*) >= 300, count(*) - count(DISTINCT id) FROM ranking', 'VALUES (true, 0::bigint)', 'P-04: pages join without repetition');
SELECT results_eq($$ SELECT w FROM pg_temp.walk('tapzebra', 7, true) w $$, 'SELECT id FROM ranking ORDER BY n', 'P-04: nor gap, in pages of any size, whatever is published meanwhile');

-- Bounded ranking is exact where nothing is left out: against ranking all by the same rule.
CREATE FUNCTION pg_temp.exact(query text) RETURNS TABLE (id bigint) LANGUAGE sql AS $$
	SELECT p.id FROM social.listed_posts l JOIN social.posts p ON p.id = l.id
	WHERE p.search_vector @@ social.search_query(query)
$$;
SELECT set_eq(format('SELECT w FROM pg_temp.walk(%L, 100, false) w', q), format('SELECT id FROM pg_temp.exact(%L)', q), 'all that match, and nothing else: ' || q)
FROM unnest(ARRAY['tapokapi', 'tapquagga or tapokapi', '"lives here"', 'crossing', 'later -crossing', 'note 7 or note 9']) q;

-- The same through the index alone: lists that are trees, short ones, those of prefixes, and rows
-- that are still pending, alone and together.
SET LOCAL social.search_walk_max = 1;
SET LOCAL social.search_candidates_max = 100000;
SET LOCAL social.search_rows_max = 100000;
CREATE TEMPORARY TABLE queries (query text);
INSERT INTO queries VALUES ('something'), ('about something'), ('something -newer'), ('something -about'), ('tapzebra or about'), ('"something else"'), ('"else something"'),
	('about tapzebra'), ('tapokapi or tapquagga or crossing'), ('walking tapzebra -nothing'), ('tapquagga -absentword'), ('absentword'), ('absentword or crossing'), ('(about something) tapzebra'), ('犬'), ('about about about');
SELECT count(social.create_post('犬と猫', '犬犬犬 ' || n)) FROM generate_series(1, 3) n;
SELECT is((SELECT (r.total, r.total_is_exact) FROM social.search_ranking(social.search_query(query), query, 1, NULL) r), ((SELECT count(*) FROM pg_temp.exact(query)), true), 'by the index, some rows pending: ' || query) FROM queries;
SELECT gin_clean_pending_list('social.posts_search_idx') > 0 AS cleaned \gset
SELECT is((SELECT (r.total, r.total_is_exact) FROM social.search_ranking(social.search_query(query), query, 1, NULL) r), ((SELECT count(*) FROM pg_temp.exact(query)), true), 'none pending: ' || query) FROM queries;
SELECT count(social.create_post('Late ' || n, 'something about tapzebra again')) FROM generate_series(1, 30) n;
SELECT is((SELECT (r.total, r.total_is_exact) FROM social.search_ranking(social.search_query(query), query, 1, NULL) r), ((SELECT count(*) FROM pg_temp.exact(query)), true), 'and some again: ' || query) FROM queries;
-- Phrases are what the server says they are, in any nesting: texts of few words, so that neighbours
-- turn up by chance, and vectors as no text of ours has them.
SELECT setseed(0.25);
SELECT count(social.create_post(t.title, t.content)) FROM (
	SELECT (SELECT string_agg((ARRAY['tapuno', 'tapduo', 'taptre', 'the'])[1 + floor(random() * 4)::integer], ' ') FROM generate_series(1, 1 + n % 4)) AS title,
		(SELECT string_agg((ARRAY['tapuno', 'tapduo', 'taptre', 'tapfor', 'the', 'of'])[1 + floor(random() * 6)::integer], ' ') FROM generate_series(1, 1 + n % 9)) AS content
	FROM generate_series(1, 60) n) t;
SELECT social.create_post('Tapvector ' || n, 'to be replaced') AS id INTO TEMPORARY vectors FROM generate_series(1, 6) n;
SET LOCAL session_replication_role = replica;
UPDATE social.posts p SET search_vector = v.vector
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM vectors) i JOIN (VALUES
	(1, 'tapuno tapduo taptre'::tsvector),
	(2, 'tapuno:1 tapduo'),
	(3, 'tapuno:16382 tapduo:16383'),
	(4, 'tapuno:16383 tapduo:20000'),
	(5, to_tsvector('simple', repeat('tapfor ', 16500) || 'tapuno tapduo')),
	(6, 'tapuno:3A,3B,9 tapduo:4B,10A taptre:11 tapunobis:11')) v (n, vector) USING (n)
WHERE p.id = i.id;
RESET session_replication_role;
CREATE TEMPORARY TABLE phrases AS
SELECT q::tsquery AS query FROM unnest(ARRAY['tapuno <-> tapduo', 'tapduo <-> tapuno', 'tapuno <2> tapduo', 'tapuno <0> tapuno', 'tapuno <0> tapduo', 'tapuno <-> tapuno', 'tapuno <-> tapuno <-> tapuno',
	'tapuno <-> (tapduo <-> taptre)', '(tapuno <-> tapduo) <-> (taptre <-> tapfor)', '(tapuno <2> tapduo) <3> (taptre <-> tapfor)', 'tapuno <-> !tapduo & tapduo', '!tapuno <-> tapduo', 'tapuno <-> !(tapduo <-> taptre)', 'taptre & !(tapuno <-> tapduo)',
	'(tapuno | tapduo) <-> taptre', 'taptre <-> (tapuno | tapduo)', '(tapuno & tapduo) <-> taptre', 'tapuno <-> (tapduo & tapduo)', '(tapuno <-> tapduo) | (taptre <-> tapfor)', '(tapuno <-> tapduo) & (taptre <-> tapfor)',
	'tapuno:A <-> tapduo', 'tapuno <-> tapduo:B', 'tapuno:A <-> tapduo:A', 'tapu:* <-> tapduo', 'tapduo <-> tapu:*', 'tapduo <-> tapuno:*B', 'tapuno <16383> tapduo', 'tapuno <-> absentword', 'absentword <-> tapuno']) q
UNION SELECT social.search_query(q) FROM unnest(ARRAY['"tapuno the tapduo"', '"the tapuno of the tapduo"', '"tapuno tapduo taptre tapfor tapuno"', '"tapuno tapduo" -"taptre tapfor"', '"tapuno tapduo" or "tapfor tapfor"', '"猫犬犬"', '"犬犬犬犬"', '"犬と猫"', '"猫と犬"',
	'"' || repeat('tapuno tapduo ', 30) || '"', '"tapuno "tapduo" taptre"']) q
UNION SELECT (SELECT string_agg((ARRAY['tapuno', 'tapduo', 'taptre', 'tapfor'])[1 + floor(random() * 4)::integer], ' <-> ') FROM generate_series(1, 2 + n % 3))::tsquery FROM generate_series(1, 30) n;
SELECT isnt_empty($$ SELECT FROM phrases f JOIN social.posts p ON p.search_vector @@ f.query WHERE p.id IN (SELECT id FROM vectors) $$, 'the vectors match some of the phrases');
SELECT results_eq($$ SELECT f.query::text, r.total, r.total_is_exact, i.ids FROM phrases f CROSS JOIN LATERAL social.search_ranking(f.query, 'x', 100, NULL) r
		CROSS JOIN LATERAL (SELECT coalesce(array_agg(i ORDER BY i), '{}') AS ids FROM unnest(r.ids) i) i ORDER BY f.query::text $$,
	$$ SELECT f.query::text, (SELECT count(*) FROM social.posts p WHERE p.search_vector @@ f.query AND p.position IS NOT NULL), true,
		ARRAY(SELECT p.id FROM social.posts p WHERE p.search_vector @@ f.query AND p.position IS NOT NULL ORDER BY p.id) FROM phrases f ORDER BY f.query::text $$, 'P-06: phrases by the index');
SET LOCAL social.search_walk_max = 100000;
SET LOCAL social.search_candidates_max = 1000;
SELECT results_eq($$ SELECT f.query::text, i.ids FROM phrases f CROSS JOIN LATERAL social.search_ranking(f.query, 'x', 100, NULL) r
		CROSS JOIN LATERAL (SELECT coalesce(array_agg(i ORDER BY i), '{}') AS ids FROM unnest(r.ids) i) i WHERE f.query::text !~ '^!' ORDER BY f.query::text $$,
	$$ SELECT f.query::text, ARRAY(SELECT p.id FROM social.posts p WHERE p.search_vector @@ f.query AND p.position IS NOT NULL ORDER BY p.id) FROM phrases f WHERE f.query::text !~ '^!' ORDER BY f.query::text $$, 'and by the walk');
SET LOCAL social.search_walk_max = 1;
SET LOCAL social.search_candidates_max = 100000;
SET LOCAL social.search_rows_max = 1;
SELECT is((SELECT r.total_is_exact FROM social.search_ranking(social.search_query('something tapzebra'), 'something tapzebra', 1, NULL) r), false, 'a budget that is used up is admitted');
RESET social.search_walk_max;
RESET social.search_candidates_max;
RESET social.search_rows_max;

-- Who may see what (P-22): what may not be seen is not returned, not counted, and shifts no cursor.
SELECT social.act_as('tap_spammer');
SELECT count(social.create_post('Taphidden', 'taphidden')) FROM generate_series(1, 20) n;
SELECT social.act_as('tap_author');
SELECT count(social.create_post('Older ' || n, 'tapflood')) FROM generate_series(1, 3) n;
SELECT social.act_as('tap_spammer');
SELECT count(social.create_post('Flood ' || n, 'tapflood')) FROM generate_series(1, 400) n;
SELECT social.act_as('tap_author');
SELECT social.create_post('Taphidden', 'for followers', visibility => 'followers') AS followers \gset
SELECT social.create_post('Taphidden', 'for nobody', visibility => 'private') AS private \gset
SELECT social.create_post('Taphidden', 'deleted') AS deleted \gset
SELECT social.delete_post(:deleted);
SELECT social.create_post('Taphidden', 'for all') AS open \gset
SELECT social.act_as('tap_reader');
SELECT social.block_user((SELECT u.id FROM social.users u WHERE u.username = 'tap_spammer'));
SELECT results_eq($$ SELECT id, total, total_is_exact FROM social.search_posts('taphidden') $$, 'VALUES (' || :open || '::bigint, 1::bigint, true)', 'P-22: blocked, private, deleted: neither found nor counted');
SELECT is((SELECT s.has_more FROM social.search_posts('taphidden', 1) s), false, 'P-22: nor hinted at by a next page');
SELECT social.follow_user((SELECT u.id FROM social.users u WHERE u.username = 'tap_author'));
SELECT results_eq($$ SELECT DISTINCT total FROM social.search_posts('taphidden') $$, 'VALUES (2::bigint)', 'a follower sees what is for followers');
SELECT results_eq($$ SELECT count(*), bool_and(author_id <> (SELECT u.id FROM social.users u WHERE u.username = 'tap_spammer')) FROM social.search_posts('tapflood') $$, 'VALUES (3::bigint, true)', 'P-22: nor do newer posts of somebody blocked fill the bounded set');
SELECT social.mute_user((SELECT u.id FROM social.users u WHERE u.username = 'tap_author'));
SELECT is_empty($$ SELECT FROM social.search_posts('taphidden') $$, 'muted: nothing');
SELECT social.act_as('tap_author');
SELECT set_eq($$ SELECT id FROM social.search_posts('taphidden', 100) s WHERE s.author_id = social.viewer_id() $$, ARRAY[:followers, :private, :open]::bigint[], 'one''s own: all but deleted ones');
SELECT social.restore_post(:deleted);
SELECT is((SELECT count(*)::integer FROM social.search_posts('taphidden', 100) s WHERE s.id = :deleted), 1, 'a restored post is found again');
SELECT social.publish_post(:draft);
SELECT isnt_empty('SELECT FROM social.search_posts(''tapzebra'', 100) WHERE id = ' || :draft, 'so is a draft once it is published');

-- Titles.
SELECT is(social.title_key(a) = social.title_key(b), same, format('title key of "%s" and "%s"', a, b))
FROM (VALUES ('Tap Zebra', '  tap...ZEBRA!!', true), ('tap zebra', 'tapzebra', false), ('tap zebra', 'zebra tap', false),
	('Ｔａｐ', 'tap', true), ('ÉTÉ', 'été', true), ('a b', 'ab', false), ('鰻重', '鰻 重', false), ('x1', 'X1', true)) v (a, b, same);
SELECT is(social.title_key('!!! -'), NULL, 'no words, no key');
SELECT social.create_post('Tap "quoted" & odd: (title)', 'x') AS odd \gset
SELECT is((SELECT id FROM social.search_posts('tap quoted odd title', 1)), :odd::bigint, 'signs between the words of a title do not matter');

-- Snippets are HTML in which only <mark> is markup (seed 059).
SELECT social.create_post('<b>Tapmarkup</b> & "more"', E'see <script>alert(''tapmarkup'')</script> tapmarkup x & <mark>this</mark>') AS markup \gset
SELECT results_eq($$ SELECT title_snippet ~ '<mark>Tapmarkup</mark>', regexp_replace(title_snippet || snippet, '</?mark>', '', 'g') ~ '[<>"'']', regexp_replace(title_snippet || snippet, '&(amp|lt|gt|quot|#39);', '', 'g') ~ '&' FROM social.search_posts('tapmarkup') $$,
	'VALUES (true, false, false)', 'seed 059: the words are marked, everything else is escaped');
SELECT is(social.search_snippet('english', '<mark>no</mark> 1 < 2', 'word', true), '&lt;mark&gt;no&lt;/mark&gt; 1 &lt; 2', 'markup of the text is text');
SELECT is(social.search_snippet('english', E'a \x02word\x03 b', 'word', true), 'a  <mark>word</mark>  b', 'nor do control characters mark');
SELECT ok(length(social.search_snippet('english', repeat('long ', 1990) || 'word', 'word')) < 400, 'a snippet of a long text is short');
SELECT matches(social.search_snippet('english', repeat('filler words before ', 100) || 'the needle here ' || repeat('and after it ', 100), to_tsquery('english', 'needle')), '<mark>needle</mark>', 'and shows the word');

SELECT is(social.search_snippet('english', '昨日は東京都へ行った', social.search_query('東京都')), '昨日は<mark>東京都</mark>へ行った', 'P-07: words in scripts without spaces are marked too');
SELECT is(social.search_snippet('english', repeat('言葉', 500) || 'で鰻重を' || repeat('食べ', 500), social.search_query('鰻重')), '葉' || repeat('言葉', 9) || 'で<mark>鰻重</mark>を' || repeat('食べ', 28) || '食', 'a snippet of a long run shows the word');
SELECT is(social.search_snippet('english', '<犬>', social.search_query('犬'), true), '&lt;<mark>犬</mark>&gt;', 'and is HTML as any other');

-- Pages of posts.
SELECT is((SELECT count(*)::integer FROM social.posts(3)), 3, 'a page of posts');
SELECT is((SELECT id FROM social.posts(3) LIMIT 1), :markup::bigint, 'newest first');
SELECT is((SELECT id FROM social.posts(1, (SELECT cursor FROM social.posts(1)))), :odd::bigint, 'the next page follows');
SELECT is_empty($$ SELECT FROM social.posts(1, social.cursor_encode('posts', 0, 0)) $$, 'the end of the list');
SELECT throws_ok($$ SELECT FROM social.posts(1000) $$, 'SM400', 'invalid page size', 'pages have a size limit');
SELECT throws_ok($$ SELECT FROM social.posts(10, '') $$, 'SM400', NULL, 'an empty cursor is none');

-- Changing the configuration: new posts at once, old ones when their vector is made anew.
SET LOCAL social.search_config = 'simple';
SELECT is((SELECT search_vector::text LIKE '%''live'':%' FROM social.posts WHERE id = :both), true, 'a vector of the old configuration');
UPDATE social.posts SET search_vector = NULL WHERE id = :both;
SELECT is((SELECT search_vector::text LIKE '%''and'':%' FROM social.posts WHERE id = :both), true, 'made anew by the new one');
SET LOCAL social.search_config = 'no_such';
SELECT throws_ok($$ SELECT FROM social.search_posts('x') $$, '42704', NULL, 'an unknown configuration is an error');

SELECT * FROM finish();
ROLLBACK;
