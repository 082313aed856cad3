-- lexeme.sql proves that what a session keeps of words (extension/content/lexeme.c) is what the server's
-- own to_tsvector() makes of them, of every configuration, and follows whatever becomes of configurations
-- and dictionaries: each step reads words that the steps before have left. mission 130.
BEGIN;
SELECT no_plan();

CREATE SCHEMA theirs;
CREATE TEMP TABLE texts (n integer GENERATED ALWAYS AS IDENTITY, t text NOT NULL);
INSERT INTO texts (t) VALUES
	('The runners were running, and ran; Running RUNNERS run'),
	('well-known foot-ball state-of-the-art x-ray 12-month'),
	('see https://example.com/a/b?c=d#e or mail to somebody@example.org, 3.14 -7 1e10 10% <b>bold</b> &amp; /usr/bin/env v1.2.3'),
	('the of and to it'),
	('Ärger über Straßen, naïve cafés, привет мир'),
	('don''t can''t o''clock rock''n''roll'),
	('one ' || repeat('verylongword', 3) || ' ' || repeat('verylongword', 20) || ' two'),
	('#topic7 with @person9, #part9 and #topic7 again'),
	(repeat('again and again ', 300)),
	('');
CREATE FUNCTION pg_temp.differing(config text) RETURNS TABLE (text_number integer, pass integer) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('social.search_config', config, true);
	FOR round IN 1 .. 2 LOOP
		RETURN QUERY SELECT a.n, round FROM texts a
		WHERE social.search_vector(a.t, a.t || ' more') IS DISTINCT FROM
			setweight(to_tsvector(config::regconfig, a.t), 'A') || setweight(to_tsvector(config::regconfig, a.t || ' more'), 'B');
	END LOOP;
END $$;
CREATE FUNCTION pg_temp.vector(t text) RETURNS text LANGUAGE sql AS $$SELECT social.search_vector(t, '')::text$$;

SELECT is_empty(format('SELECT * FROM pg_temp.differing(%L)', c.cfgname), c.cfgname || ' reads words as to_tsvector does, whether they are known or not')
FROM pg_ts_config c WHERE c.cfgnamespace = 'pg_catalog'::regnamespace ORDER BY c.cfgname;

SET LOCAL social.search_config = 'english';
SET LOCAL client_min_messages = error;
SELECT is(pg_temp.vector('short ' || repeat('x', 3000)), pg_temp.vector('short'), 'a word that no index takes is left out');
RESET client_min_messages;

-- ---- configurations and dictionaries change -----------------------------------------------------------

CREATE TEXT SEARCH DICTIONARY theirs.plain (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH CONFIGURATION theirs.words (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION theirs.words ALTER MAPPING FOR asciiword WITH theirs.plain;
SET LOCAL social.search_config = 'theirs.words';
SELECT is(pg_temp.vector('the running'), '''running'':2A ''the'':1A', 'a dictionary of somebody''s');

SAVEPOINT before;
ALTER TEXT SEARCH DICTIONARY theirs.plain (STOPWORDS = english);
SELECT is(pg_temp.vector('the running'), '''running'':2A', 'has stop words from now on');
ALTER TEXT SEARCH CONFIGURATION theirs.words ALTER MAPPING FOR asciiword WITH pg_catalog.english_stem;
SELECT is(pg_temp.vector('the running'), '''run'':2A', 'another dictionary takes its place');
ALTER TEXT SEARCH CONFIGURATION theirs.words DROP MAPPING FOR asciiword;
SELECT is(pg_temp.vector('the running 7'), '''7'':1A', 'words of a kind that no dictionary reads take no position');
ROLLBACK TO before;
SELECT is(pg_temp.vector('the running'), '''running'':2A ''the'':1A', 'all of that is rolled back');

-- Looks at more than one word: nothing of it is kept.
CREATE TEXT SEARCH DICTIONARY theirs.phrases (TEMPLATE = pg_catalog.thesaurus, DictFile = thesaurus_sample, Dictionary = pg_catalog.english_stem);
ALTER TEXT SEARCH CONFIGURATION theirs.words ALTER MAPPING FOR asciiword WITH theirs.phrases, pg_catalog.english_stem;
SELECT is(pg_temp.vector(t), setweight(to_tsvector('theirs.words', t), 'A')::text, t || ' as a thesaurus has it')
FROM (VALUES ('supernovae'), ('supernovae stars'), ('stars'), ('supernovae stars')) v (t);
SELECT alike(pg_temp.vector('supernovae stars'), '%''sn''%', 'which it does');

SELECT * FROM finish();
ROLLBACK;
