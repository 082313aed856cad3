-- search_form.sql proves that a word is found in whatever normal form it, or the query, is written
-- (found C7): composed or decomposed, wide or narrow, with soft hyphens or characters of no width in
-- it, by every kind of search, and that a tag is one tag in all its forms.
BEGIN;
SELECT no_plan();
SELECT social.register_user('formann', 'formann@e.com', 'long password') AS ann \gset
SELECT social.act_as(:ann, true) \g /dev/null

-- Every letter that has another canonical form, in a word of its own.
CREATE TEMPORARY TABLE letter AS
SELECT chr(n) AS c FROM generate_series(192, 196607) AS n WHERE n NOT BETWEEN 55296 AND 57343 AND chr(n) <> normalize(chr(n), NFD);
SELECT cmp_ok(count(*), '>', 12000::bigint, 'there are letters that have another form') FROM letter;
SELECT is(string_agg(c, ' '), NULL, 'C7: each reads the same composed and decomposed')
FROM letter WHERE social.search_vector('t', 'a' || c || 'b') <> social.search_vector('t', normalize('a' || c || 'b', NFD));
SELECT is(string_agg(c, ' '), NULL, 'C7: and so does a query')
FROM letter WHERE social.search_query('a' || c || 'b')::text <> social.search_query(normalize('a' || c || 'b', NFD))::text;
SELECT is(string_agg(to_hex(n), ' '), NULL, 'C7: what is never seen stands in no word')
FROM unnest(ARRAY[x'AD'::integer, x'34F'::integer, x'61C'::integer, x'180B'::integer, x'180E'::integer, x'200B'::integer, x'200C'::integer, x'200D'::integer,
	x'200E'::integer, x'2060'::integer, x'2064'::integer, x'FE0F'::integer, x'FEFF'::integer, x'E0061'::integer]) AS n
WHERE social.search_vector('t', 'so' || chr(n) || 'ft') <> social.search_vector('t', 'soft') OR social.search_query('so' || chr(n) || 'ft')::text <> '''soft''';
SELECT is(social.search_query(one)::text, social.search_query(other)::text, one || ' is ' || other)
FROM (VALUES ('ﬁn', 'fin'), ('ＡＢＣ', 'ABC'), ('ｶﾞｲﾄﾞ', 'ガイド'), ('Ⅷ', 'VIII'), ('ﻣﺮﺣﺒﺎ', 'مرحبا'), (U&'a\0323\0302', 'ậ'), (U&'a\0302\0323', 'ậ')) AS v (one, other);
SELECT is(social.search_vector('t', value)::text LIKE '%''' || word || '''%', true, value || ' has the word ' || word)
FROM (VALUES ('Foo™', 'foo'), ('m²', 'm'), ('x³ y', 'x'), ('İstanbul', 'istanbul')) AS v (value, word);

-- Words of languages, each post in one form, each query in the other.
CREATE TEMPORARY TABLE word (n serial, word text);
INSERT INTO word (word) VALUES ('café'), ('naïve'), ('Ångström'), ('mañana'), ('São'), ('Đặng'), ('Việt'), ('čeština'), ('źródło'), ('Łódź'), ('şehir'), ('ğünlük'), ('română'),
	('ýsa'), ('ķēniņš'), ('ėjimas'), ('tőke'), ('ελληνικά'), ('Ἀθῆναι'), ('ёлка'), ('йогурт'), ('їжак'), ('ў'), ('हिन्दी क़लम'), ('বাংলা ড়'), ('ਪੰਜਾਬੀ ਖ਼'), ('தமிழ் கொ'), ('ಕನ್ನಡ ಕೊ'), ('മലയാളം കൊ'),
	('සිංහල කො'), ('한국어'), ('日本語のガイド'), ('आए'), ('مآب'), ('أحمد'), ('إسلام'), ('שׁלום'), ('မြန်မာဦး'), ('Yorùbá'), ('Hawaiʻi ā'), ('Ēriks'), ('ẹ̀kọ́');
CREATE TEMPORARY TABLE form (n integer, composed boolean, post bigint);
INSERT INTO form SELECT n, true, social.create_post(normalize(word, NFC), 'formtext ' || n) FROM word;
INSERT INTO form SELECT n, false, social.create_post('formtext ' || n, normalize(word, NFD)) FROM word;
CREATE FUNCTION pg_temp.both(n integer) RETURNS bigint[] LANGUAGE sql AS 'SELECT array_agg(post ORDER BY post) FROM form f WHERE f.n = $1';
SELECT ok(pg_temp.both(n) <@ ARRAY(SELECT s.id FROM social.search_posts(normalize(word, NFC), 50) s)
	AND pg_temp.both(n) <@ ARRAY(SELECT s.id FROM social.search_posts(normalize(word, NFD), 50) s), 'C7: both forms of ' || word || ' find both') FROM word;
SELECT ok(pg_temp.both(n) <@ ARRAY(SELECT s.id FROM social.search_posts_like(normalize(word, NFC), 50) s)
	AND pg_temp.both(n) <@ ARRAY(SELECT s.id FROM social.search_posts_like(normalize(word, NFD), 50) s), 'also as parts: ' || word) FROM word;
SELECT is(social.title_key(normalize(word, NFC)), social.title_key(normalize(word, NFD)), 'a title is the same in both: ' || word) FROM word;
SELECT matches(social.search_snippet('english', normalize(word, NFD), social.search_query(normalize(word, NFC)), true), '<mark>', 'a snippet marks it: ' || word) FROM word;

SELECT social.create_post('tags', U&'#cafe\0301 #caf\00E9 #CAF\00C9 #\FF43\FF41\FF46\00E9') AS tagged \gset
SELECT is((SELECT hashtags FROM social.posts WHERE id = :tagged), ARRAY['café'], 'a tag is one in all its forms');
SELECT is((SELECT count(*)::integer FROM social.search_hashtags(typed)), 1, 'and is found by each')
FROM unnest(ARRAY['café', U&'cafe\0301', U&'#cafe\0301', U&'ca\00ADfe\0301']) AS typed;
SELECT is((SELECT count(*)::integer FROM social.hashtag_posts(typed)), 1, 'as are its posts') FROM unnest(ARRAY['café', U&'cafe\0301', 'CAFÉ']) AS typed;
SELECT social.update_profile(first_name => U&'Rene\0301') \g /dev/null
SELECT is((SELECT username FROM social.search_users(typed)), 'formann', 'a person by a name in each form') FROM unnest(ARRAY['René', U&'Rene\0301', 'RENÉ']) AS typed;
SELECT social.create_post(U&'type\00ADset\00ADting', 'x'), social.create_post('t', U&'type\200Bsetting') \g /dev/null
SELECT is((SELECT count(*)::integer FROM social.search_posts(typed)), 2, 'soft hyphens and zero-width spaces stand in no way: ' || n)
FROM (VALUES (1, 'typesetting'), (2, U&'type\00ADsetting'), (3, U&'type\200Bsetting')) AS v (n, typed);
SELECT is(social.search_snippet('english', U&'go \+01F468\200D\+01F469\200D\+01F467 family', social.search_query('family'), true),
	U&'go \+01F468\200D\+01F469\200D\+01F467 <mark>family</mark>', 'a snippet leaves joined emoji whole');

-- What an older version wrote is made anew.
SELECT p.id AS old FROM social.posts p WHERE p.content = normalize('café', NFD) \gset
SET social.restoring = on;
UPDATE social.posts SET search_vector = to_tsvector('english', title) || to_tsvector('english', content) WHERE id = :old;
SET social.restoring = off;
SELECT is((SELECT count(*)::integer FROM social.search_posts('café') s WHERE s.id = :old), 0, 'a vector in another form is not found');
SELECT social.start_reindex() \g /dev/null
SELECT social.reindex_posts(100000) \g /dev/null
SELECT is((SELECT count(*)::integer FROM social.search_posts('café') s WHERE s.id = :old), 1, 'until the worker has made it anew');

SELECT * FROM finish();
ROLLBACK;
