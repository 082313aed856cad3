-- search.sql proves full-text search and the page of posts.
BEGIN;
SELECT no_plan();

SELECT has_index('social', 'posts', 'posts_search_idx', 'seed 130, 163: a GIN index on the vector');
INSERT INTO social.users (username) VALUES ('tap_author');
SELECT social.act_as('tap_author');
SELECT social.create_post('Old tapzebra crossing', 'nothing else to say') AS titled \gset
SELECT count(social.create_post('Note ' || n, 'a tapzebra walks, the tapzebra runs, tapzebra tapzebra')) FROM generate_series(1, 400) n;
SELECT social.create_post('Draft tapzebra', 'not public', false) AS draft \gset
SELECT social.create_post('Quagga', 'tapquagga and tapokapi live here') AS both \gset
SELECT social.create_post('Okapi', 'only tapokapi lives here') AS one \gset

SELECT is((SELECT id FROM social.search_posts('tapzebra', 1)), :titled::bigint, 'P-06: an old title match comes first, above hundreds of newer ones');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapzebra', 3) OFFSET 1 $$, $$ VALUES ('Note 400'), ('Note 399') $$, 'equal ranks: the newest first');
SELECT isnt_empty($$ SELECT FROM social.search_posts('TapZebras walking') $$, 'words are found in other forms (english)');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapokapi') $$, $$ VALUES ('Okapi'), ('Quagga') $$, 'both posts with the word');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapokapi tapquagga') $$, $$ VALUES ('Quagga') $$, 'seed 061: web-search syntax: all words');
SELECT results_eq($$ SELECT title FROM social.search_posts('tapokapi -tapquagga') $$, $$ VALUES ('Okapi') $$, 'seed 061: not this word');
SELECT results_eq($$ SELECT count(*) FROM social.search_posts('tapquagga or tapzebra', 100) $$, $$ VALUES (100::bigint) $$, 'seed 061: either word');
SELECT results_eq($$ SELECT title FROM social.search_posts('"tapquagga and tapokapi"') $$, $$ VALUES ('Quagga') $$, 'seed 061: a phrase');
SELECT is_empty('SELECT FROM social.search_posts(''tapzebra'', 100) WHERE id = ' || :draft, 'no drafts, even own ones');
SELECT is_empty($$ SELECT FROM social.search_posts('the') $$, 'stop words alone find nothing');
SELECT lives_ok($$ SELECT FROM social.search_posts('((( " & | ! <-> :* '' \') $$, 'any characters are a query');
SELECT throws_ok($$ SELECT FROM social.search_posts('') $$, 'SM400', 'search query is required', 'an empty query');
SELECT throws_ok($$ SELECT FROM social.search_posts('  ') $$, 'SM400', 'search query is required', 'a blank one');
SELECT throws_ok($$ SELECT FROM social.search_posts(NULL) $$, 'SM400', 'search query is required', 'none');
SELECT throws_ok($$ SELECT FROM social.search_posts(repeat('x', 501)) $$, 'SM400', 'search query is too long', 'an over-long one');
SELECT throws_ok($$ SELECT FROM social.search_posts('x', 0) $$, 'SM400', 'invalid page size', 'a page of nothing');
SELECT throws_ok($$ SELECT FROM social.search_posts('x', 10, 'zzz') $$, 'SM400', NULL, 'a mangled cursor');

-- Pages: no gap, no repetition.
CREATE FUNCTION pg_temp.walk() RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
	after text;
	last record;
	rows integer;
BEGIN
	LOOP
		rows := 0;
		FOR last IN SELECT p.id, p.position FROM social.search_posts('tapzebra', 60, after) p LOOP
			RETURN NEXT last.id;
			rows := rows + 1;
		END LOOP;
		EXIT WHEN rows = 0;
		after := social.cursor_encode('search_posts', last.position, last.id);
	END LOOP;
END
$$;
SELECT results_eq('SELECT count(*), count(DISTINCT w) FROM pg_temp.walk() w', 'VALUES (301::bigint, 301::bigint)', 'P-04: pages join without gap or repetition, over a bounded set');

SELECT is(json_array_length(social.posts_page(3) -> 'results'), 3, 'a page of posts');
SELECT is(social.posts_page(3) -> 'results' -> 0 ->> 'title', 'Okapi', 'newest first');
SELECT is(social.posts_page(3, social.posts_page(3) ->> 'next') -> 'results' -> 0 ->> 'title', 'Note 399', 'the next page follows');
SELECT is(social.posts_page(1, social.cursor_encode('posts', 0, 0))::text, '{"results":[],"next":null}', 'the end of the list');
SELECT throws_ok($$ SELECT social.posts_page(1000) $$, 'SM400', 'invalid page size', 'pages have a size limit');
SELECT throws_ok($$ SELECT social.posts_page(10, '') $$, 'SM400', NULL, 'an empty cursor is none');

-- Changing the configuration: new posts at once, old ones when their vector is made anew.
SET LOCAL social.search_config = 'simple';
SELECT is((SELECT search_vector::text LIKE '%''live'':%' FROM social.posts WHERE id = :both), true, 'a vector of the old configuration');
UPDATE social.posts SET search_vector = NULL WHERE id = :both;
SELECT is((SELECT search_vector::text LIKE '%''and'':%' FROM social.posts WHERE id = :both), true, 'made anew by the new one');
SET LOCAL social.search_config = 'no_such';
SELECT throws_ok($$ SELECT FROM social.search_posts('x') $$, '42704', NULL, 'an unknown configuration is an error');

SELECT * FROM finish();
ROLLBACK;
