-- language.sql proves languages: which forms of a word a post is found by, words of scripts without
-- spaces (P-07), and making old vectors anew (P-25).
BEGIN;
SELECT no_plan();
INSERT INTO social.users (username) VALUES ('tap_polyglot');
SELECT social.act_as('tap_polyglot') AS polyglot \gset

-- ---- the language of a post ------------------------------------------------------------------------

SELECT social.create_post('Haus', 'Die alten Häuser stehen leer', language => 'DE-at') AS german \gset
SELECT social.create_post('House', 'The old houses are empty') AS plain \gset
SELECT social.create_post('Собака', 'Мы гуляли с собаками в парке') AS russian \gset
SELECT social.create_post('東京タワー', '展望台からPostgreSQLの街を見た。犬') AS japanese \gset
SELECT social.create_post('北京', '今天我们去长城看雪') AS chinese \gset
SELECT social.create_post('서울 여행', '경복궁에서 사진을 찍었어요') AS korean \gset
SELECT social.create_post('กรุงเทพ', 'วันนี้กินข้าวที่ตลาดน้ำ') AS thai \gset
CREATE FUNCTION pg_temp.language(id bigint) RETURNS text LANGUAGE sql AS 'SELECT p.language FROM social.visible_posts p WHERE p.id = $1';

SELECT is(pg_temp.language(:german), 'de', 'the language given, as a code');
SELECT is(pg_temp.language(:plain), NULL, 'Latin letters say nothing');
SELECT is(array_agg(pg_temp.language(n)), ARRAY['ru', 'ja', 'zh', 'ko', 'th'], 'P-07: other scripts do')
FROM unnest(ARRAY[:russian, :japanese, :chinese, :korean, :thai]) n;
SELECT social.update_post(:german, content => 'Ein ganz anderes Haus');
SELECT is(pg_temp.language(:german), 'de', 'an edit keeps a language that was given');
SELECT social.update_post(:german, language => 'sv');
SELECT is(pg_temp.language(:german), 'sv', 'it can be changed alone');
SELECT is((SELECT is_edited FROM social.visible_posts WHERE id = :german), true, 'which is no edit of its own');
SELECT social.update_post(:german, language => '');
SELECT is(pg_temp.language(:german), NULL, 'and taken back');
SELECT social.update_post(:german, title => 'Haus', content => 'Die alten Häuser stehen leer', language => 'de');
SELECT social.create_post('Привет', 'мир') AS guessed \gset
SELECT social.update_post(:guessed, title => 'Hello', content => 'world');
SELECT is(pg_temp.language(:guessed), NULL, 'a guess goes with the text that it was made of');
INSERT INTO social.posts (author_id, title, content, language) VALUES (:polyglot, 'x', 'y', 'EN') RETURNING language = 'en' AS is_code \gset
SELECT ok(:'is_code', 'so it is for a plain INSERT');
SELECT throws_ok($$ SELECT social.create_post('x', 'y', language => 'klingonese') $$, 'SM400', 'unknown language', 'an unknown language');
SELECT throws_ok($$ SELECT social.create_post('x', 'y', language => 'e') $$, 'SM400', 'unknown language', 'half a code');
SELECT throws_ok(format($$ SELECT social.update_post(%s, language => repeat('x', 1000)) $$, :plain), 'SM400', 'unknown language', 'no code at all');
SELECT throws_ok($$ INSERT INTO social.posts (author_id, title, content, language) SELECT id, 'x', 'y', '??' FROM social.users LIMIT 1 $$, 'SM400', 'unknown language', 'nor by a plain INSERT');
SELECT results_eq($$ SELECT social.language_code(c) FROM unnest(ARRAY['EN', 'en-GB', 'zh_Hans', 'deu', 'pl', '']) c $$, ARRAY['en', 'en', 'zh', 'de', 'pl', NULL], 'codes');

-- ---- queries that have no language -----------------------------------------------------------------

SELECT is(social.search_query(q)::text, websearch_to_tsquery('english', q)::text, 'P-07: exactly what websearch_to_tsquery gives: ' || q)
FROM unnest(ARRAY['houses', 'the running dogs', '"running dogs" -cats', 'cats or "the dogs" -"black birds"', 'well-known http://example.com/a?b=c x@y.org 3.14',
	'naïve “quoted” words…', 'a or', '((( " & | ! <-> :* \', '-"unbalanced quotes', 'or or or', '😀 houses', repeat('word ', 100)]) q;
SELECT is(social.search_vector(t, c), setweight(to_tsvector('english', t), 'A') || setweight(to_tsvector('english', c), 'B'), 'and so is the vector: ' || t)
FROM (VALUES ('The Houses', 'dogs were running, running and running'), ('', 'x'), ('naïve “quotes”', 'http://example.com/a?b=c well-known 3.14 😀'), ('the', 'a')) v (t, c);

CREATE FUNCTION pg_temp.found(query text, language text DEFAULT NULL) RETURNS bigint[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(p.id ORDER BY p.id), '{}') FROM social.posts p WHERE p.search_vector @@ social.search_query($1, $2) AND p.author_id = social.viewer_id()
$$;
SELECT is(pg_temp.found('house'), ARRAY[:plain]::bigint[], 'the general configuration''s forms');
SELECT is(pg_temp.found('Häuser'), ARRAY[:german]::bigint[], 'a word as it stands is found whatever the post''s language');
SELECT is(pg_temp.found('Häusern'), '{}'::bigint[], 'another form of it, in a query that does not say its language');
SELECT is(pg_temp.found('Häusern', 'de'), ARRAY[:german]::bigint[], 'in one that does');
SELECT is(pg_temp.found('houses', 'de'), ARRAY[:plain]::bigint[], 'which finds the other posts as well');
SELECT is(pg_temp.found('die Häusern', 'de'), ARRAY[:german]::bigint[], 'stop words of the language may be missing');
SELECT is(pg_temp.found('"alte Häusern"', 'de'), ARRAY[:german]::bigint[], 'phrases in its forms');
SELECT is(pg_temp.found('"Häuser alt"', 'de'), '{}'::bigint[], 'in their order');
SELECT is(pg_temp.found('Haus -Häusern', 'de'), '{}'::bigint[], 'a word that is not wanted is not wanted in any form');
SELECT is(pg_temp.found('собака'), ARRAY[:russian]::bigint[], 'the script tells the language of a query');
SELECT is(pg_temp.found('"гулять с собакой"'), ARRAY[:russian]::bigint[], 'for phrases too');
SELECT throws_ok($$ SELECT social.search_query('x', 'klingonese') $$, 'SM400', 'unknown language', 'a query in an unknown language');

-- ---- scripts without spaces ------------------------------------------------------------------------

SELECT is(pg_temp.found(q), ARRAY[id]::bigint[], 'P-07: "' || q || '" finds ' || what)
FROM (VALUES ('東京', :japanese, 'two characters of Japanese'), ('台か', :japanese, 'two that are no word'), ('タワー', :japanese, 'three'),
	('見', :japanese, 'one inside'), ('犬', :japanese, 'one at the end'), ('東京タワー 展望台', :japanese, 'two words'),
	('"PostgreSQLの街"', :japanese, 'letters beside'), ('postgresql', :japanese, 'the letters alone'), ('ﾀﾜｰ', :japanese, 'another width'),
	('ＰｏｓｔｇｒｅＳＱＬ', :japanese, 'another width of letters'), ('東京　犬', :japanese, 'an ideographic blank'),
	('长城', :chinese, 'two characters of Chinese'), ('我们去长城', :chinese, 'a phrase of Chinese'),
	('경복', :korean, 'two characters of Korean'), ('"서울 여행"', :korean, 'a phrase of Korean'), ('경복궁 사진', :korean, 'two words of Korean'),
	('กิ', :thai, 'two characters of Thai'), ('ตลาดน้ำ', :thai, 'a word of Thai')) v (q, id, what);
SELECT is(pg_temp.found(q), '{}'::bigint[], '"' || q || '" finds nothing: ' || why)
FROM (VALUES ('京東', 'the order counts'), ('東京ワー', 'what stands apart is no phrase'), ('東京 -犬', 'not this'), ('京展', 'title and content are two texts'),
	('猫', 'no such character'), ('"여행 서울"', 'the order of words counts'), ('북경', 'no such word')) v (q, why);
SELECT is(pg_temp.found('東京 or 长城'), ARRAY[:japanese, :chinese]::bigint[], 'either');
SELECT is(pg_temp.found('houses or 经理 or 서울'), ARRAY[:plain, :korean]::bigint[], 'scripts mixed');
SELECT lives_ok($$ SELECT pg_temp.found(repeat('東京', 250)) $$, 'a query as long as a query may be');
SELECT results_eq($$ SELECT id FROM social.search_posts('東京') WHERE created_at = now() $$, ARRAY[:japanese]::bigint[], 'search_posts finds them');

-- Through the index: planted among others, in a table that is not small.
SET LOCAL social.restoring = on;
INSERT INTO social.posts (author_id, title, content, position, search_vector)
SELECT :polyglot, 'Filler', repeat('words ', 50), nextval('social.post_position_seq'), 'filler:1A word:2B'::tsvector || to_tsvector('simple', 'w' || n) FROM generate_series(1, 10000) n;
SET LOCAL social.restoring = off;
ANALYZE social.posts;
CREATE FUNCTION pg_temp.plan(query tsquery) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE format('EXPLAIN SELECT FROM social.posts p WHERE p.search_vector @@ %L', query) LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END
$$;
SELECT matches(pg_temp.plan(social.search_query(q)), 'Bitmap Index Scan on posts_search_idx', 'P-07: through the index: ' || q)
FROM unnest(ARRAY['東京', '长城', '경복', 'กิ', '犬', '東京タワー', '"서울 여행"']) q;

-- ---- vectors made anew -------------------------------------------------------------------------------

-- As an update from a version without languages leaves them.
SELECT social.search_vector(title, content) AS japanese_vector FROM social.posts WHERE id = :japanese \gset
SET LOCAL social.restoring = on;
UPDATE social.posts SET search_vector = to_tsvector('english', content), language = NULL WHERE id IN (:japanese, :chinese, :plain);
SET LOCAL social.restoring = off;
SELECT updated_at AS before FROM social.posts WHERE id = :japanese \gset
SELECT is(social.reindex_posts(1000), 0::bigint, 'P-25: nothing to do');
SELECT social.start_reindex();
SELECT is(social.reindex_posts(1000), 1000::bigint, 'a batch of posts');
SELECT is(pg_temp.found('東京'), '{}'::bigint[], 'newest first');
SELECT is((SELECT count(*)::integer FROM social.post_reindex), 1, 'it stands where it was');
CREATE FUNCTION pg_temp.finish() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	rounds integer := 0;
BEGIN
	WHILE social.reindex_posts(2000) > 0 LOOP
		rounds := rounds + 1;
	END LOOP;
	RETURN rounds;
END
$$;
SELECT cmp_ok(pg_temp.finish(), '>=', 2, 'and goes on in batches');
SELECT is_empty('SELECT FROM social.post_reindex', 'until all is done');
SELECT is((SELECT search_vector FROM social.posts WHERE id = :japanese), :'japanese_vector'::tsvector, 'the vector is what a new post''s would be');
SELECT is(pg_temp.language(:chinese), 'zh', 'and so is the language');
SELECT is(pg_temp.found('House'), ARRAY[:plain]::bigint[], 'a post whose language nobody knows');
SELECT is((SELECT updated_at FROM social.posts WHERE id = :japanese), :'before'::timestamptz, 'which is no edit');
SELECT is_empty($$ SELECT FROM social.posts p WHERE p.search_vector IS DISTINCT FROM social.search_vector(p.title, p.content, p.language) $$, 'all vectors are what they should be');

-- A configuration that is gone, or is the general one, is not needed.
SET LOCAL social.search_config = 'german';
SELECT is(social.search_query('Häusern', 'de')::text, websearch_to_tsquery('german', 'Häusern')::text, 'the general configuration is the language''s');
SET LOCAL social.search_config = 'no_such';
SELECT throws_ok($$ SELECT social.search_query('x') $$, '42704', NULL, 'an unknown configuration is an error');

SELECT * FROM finish();
ROLLBACK;
