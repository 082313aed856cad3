-- text.sql proves the SQL face of the scanner, of hashtag keys and of page cursors
-- (seed 131; pains P-04, P-08, P-09). The grammar itself is proved in test/unit/text_scan_test.c.
BEGIN;
SELECT no_plan();

SELECT is(social.extract_hashtags(content), tags, 'seed 131 tags: ' || content)
FROM (VALUES
	('', '{}'::text[]),
	('no tags', '{}'),
	('#One #one two #One', '{One,one,One}'),
	('#日本語 and ＃ｔａｇ', '{日本語,ｔａｇ}'),
	('#1 #1a #_ #a_', '{1a,a_}'),
	('http://example.com/#no (#yes)', '{yes}'),
	('#a# #b', '{b}')) AS cases (content, tags);

SELECT is(social.extract_mentions(content), names, 'seed 131 mentions: ' || content)
FROM (VALUES
	('', '{}'::text[]),
	('me@example.com', '{}'),
	('@Alice @alice RT@bob の@carol', '{Alice,alice,bob,carol}'),
	('@' || repeat('x', 30), ARRAY[repeat('x', 30)]),
	('@' || repeat('x', 31), '{}'),
	('https://example.com/@no, @yes', '{yes}')) AS cases (content, names);

SELECT is(social.extract_hashtags(NULL), NULL, 'seed 131: null stays null');
SELECT is(social.extract_mentions(NULL), NULL, 'seed 131: null stays null');
SELECT is(cardinality(social.extract_hashtags(repeat('#a ', 100000))), 100000, 'seed 131: no cap on a plain extraction');
SELECT is(cardinality(social.extract_mentions(repeat('#@http://', 100000))), 0, 'seed 131: 900 kB of signs');

SELECT is(social.hashtag_key(tag), key, 'seed 103 key: ' || tag)
FROM (VALUES
	('PostgreSQL', 'postgresql'),
	('#PostgreSQL', 'postgresql'),
	('＃Tag', 'tag'),
	('ＴＡＧ１', 'tag1'),
	('Straße', 'strasse'),
	('ΣΊΣΥΦΟΣ', 'σίσυφοσ'),
	('café', 'café'),
	(U&'cafe\0301', 'café'),
	('ｶﾞ', 'ガ'),
	('İ', U&'i\0307'),
	(U&'a\200Cb\200Dc', 'abc'),
	('', '')) AS cases (tag, key);
SELECT is(social.hashtag_key(social.hashtag_key(tag)), social.hashtag_key(tag), 'seed 103: folding twice is folding once: ' || tag)
FROM unnest(ARRAY['ﬃ', 'ẞ', 'ΌΣΟΣ', 'ﷺ', 'Ⅷ']) AS tag;

SELECT is(social.cursor_encode('posts', 42, 7), social.cursor_encode('posts', 42, 7), 'a cursor is a function of its place');
SELECT row_eq(format('SELECT * FROM social.cursor_decode(%L, %L)', 'posts', social.cursor_encode('posts', key, id)),
	row(key, id), format('cursor (%s, %s) round-trips', key, id))
FROM (VALUES (0::bigint, 0::bigint), (-1, 1), (9223372036854775807, -9223372036854775808)) AS cases (key, id);
SELECT throws_ok(format('SELECT * FROM social.cursor_decode(%L, %L)', 'posts', cursor), 'SM400', 'invalid cursor', 'mangled cursor: ' || left(cursor, 40))
FROM unnest(ARRAY['', 'x', social.cursor_encode('search', 42, 7), social.cursor_encode('posts', 42, 7) || 'A',
	left(social.cursor_encode('posts', 42, 7), 27), lower(social.cursor_encode('posts', 42, 7)),
	repeat('A', 28), repeat('é', 14), '; DROP TABLE posts;--', repeat('A', 100000)]) AS cursor;

SELECT * FROM finish();
ROLLBACK;
