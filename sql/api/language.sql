-- language.sql owns how posts and queries are read: languages, text search configurations, vectors.
--
-- Every text is read with the general configuration (social.search_config) and, where its language
-- has one, with that configuration too; scripts without spaces become bigrams in both.

CREATE OR REPLACE FUNCTION social.search_config() RETURNS regconfig
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_search_config';
COMMENT ON FUNCTION social.search_config() IS 'The general configuration, which all posts and queries are read with (social.search_config).';

CREATE OR REPLACE FUNCTION social.language_code(tag text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_language_sql';
COMMENT ON FUNCTION social.language_code(text) IS 'The ISO 639 code of a language tag like EN, en-US or zh_Hant; null for an empty one. SM400 for an unknown language.';

CREATE OR REPLACE FUNCTION social.guess_language(text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_guess_language_sql';
COMMENT ON FUNCTION social.guess_language(text) IS 'The code of the language that the script of a text suggests; null where it says nothing, above all for Latin letters.';

CREATE OR REPLACE FUNCTION social.search_vector(title text, content text, language text DEFAULT NULL) RETURNS tsvector
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_search_vector_sql';
COMMENT ON FUNCTION social.search_vector(text, text, text) IS 'The vector of a post: title weighted A, content B; language is guessed when it is null. SM400 for an unknown language.';

CREATE OR REPLACE FUNCTION social.search_query(query text, language text DEFAULT NULL) RETURNS tsquery
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_search_query';
COMMENT ON FUNCTION social.search_query(text, text) IS 'A query in web-search syntax as tsquery: what websearch_to_tsquery makes with the general configuration; where the query''s language (guessed from the script when it is null) has a configuration, each word may stand in that one''s form instead; words in scripts without spaces are phrases of bigrams. SM400 when it is empty, over-long or in an unknown language.';

-- ---- making vectors anew ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.start_reindex() RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.post_reindex;
	INSERT INTO social.post_reindex (before_id) SELECT max(p.id) + 1 FROM social.posts p HAVING max(p.id) IS NOT NULL;
END
$$;
COMMENT ON FUNCTION social.start_reindex() IS 'Has the vectors of all posts made anew, as after a change of social.search_config: the background worker does it in its rounds, reindex_posts at once. Begun before, it begins again.';

CREATE OR REPLACE FUNCTION social.reindex_posts(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mark bigint;
	looked bigint[];
	stale bigint[];
	held bigint[];
BEGIN
	SELECT r.before_id INTO mark FROM social.post_reindex r FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	looked := ARRAY(SELECT p.id FROM social.posts p WHERE p.id < mark ORDER BY p.id DESC LIMIT batch);
	IF looked = '{}' THEN
		DELETE FROM social.post_reindex;
		RETURN 0;
	END IF;
	stale := ARRAY(
		SELECT p.id FROM social.posts p
		WHERE p.id = ANY (looked)
			AND (p.search_vector IS DISTINCT FROM social.search_vector(p.title, p.content, p.language)
				OR (p.language IS NULL AND social.guess_language(p.title || ' ' || p.content) IS NOT NULL)));
	held := ARRAY(SELECT p.id FROM social.posts p WHERE p.id = ANY (stale) FOR NO KEY UPDATE SKIP LOCKED);
	UPDATE social.posts p SET search_vector = NULL WHERE p.id = ANY (held);
	-- A post that somebody holds is the next batch's first.
	SELECT coalesce(max(s.id) + 1, min(l.id)) INTO mark
	FROM unnest(looked) l (id) LEFT JOIN unnest(stale) s (id) ON s.id = l.id AND s.id <> ALL (held);
	UPDATE social.post_reindex SET before_id = mark;
	RETURN cardinality(looked);
END
$$;
COMMENT ON FUNCTION social.reindex_posts(integer) IS 'Looks at the next posts, newest first, and makes the vectors (and languages) anew that would be others today; at most batch. Returns how many it looked at, 0 when there is nothing left to do. It can stop anywhere and goes on where it was; an update from a version without languages leaves it to be done, and so does start_reindex.';

-- ---- tables of Unicode -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.library_text_tables(OUT unicode text, OUT icu text)
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_library_text_tables';
COMMENT ON FUNCTION social.library_text_tables() IS 'The version of Unicode that the server reads texts with now, and that of ICU, which brings it.';

INSERT INTO social.text_tables (unicode, icu) SELECT l.unicode, l.icu FROM social.library_text_tables() l ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION social.text_indexes() RETURNS SETOF regclass
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT DISTINCT i.indexrelid::regclass FROM pg_index i
	JOIN pg_class c ON c.oid = i.indexrelid AND c.relnamespace = 'social'::regnamespace
	JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_proc'::regclass
	JOIN pg_proc p ON p.oid = d.refobjid AND p.pronamespace = 'social'::regnamespace
$$;
COMMENT ON FUNCTION social.text_indexes() IS 'The indexes on what functions of the extension make of a text, and so on the tables of Unicode.';

CREATE OR REPLACE FUNCTION social.reindex_texts(rebuild boolean DEFAULT true) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	index regclass;
	now_read record := social.library_text_tables();
BEGIN
	IF rebuild THEN
		FOR index IN SELECT i FROM social.text_indexes() i ORDER BY i::text LOOP
			EXECUTE format('REINDEX INDEX %s', index);
		END LOOP;
	END IF;
	PERFORM social.start_reindex();
	INSERT INTO social.text_tables AS t (unicode, icu) VALUES (now_read.unicode, now_read.icu)
	ON CONFLICT ON CONSTRAINT text_tables_pkey DO UPDATE SET unicode = EXCLUDED.unicode, icu = EXCLUDED.icu;
	RETURN now_read.unicode;
END
$$;
COMMENT ON FUNCTION social.reindex_texts(boolean) IS 'After an upgrade of the operating system with another ICU (check() tells): makes the indexes on texts anew, has the worker look at the vectors of posts, and notes the version of Unicode, which it returns. Writes to posts, people and hashtags wait meanwhile; to spare them, REINDEX INDEX CONCURRENTLY each of social.text_indexes(), then call it with rebuild => false.';
