-- search.sql owns finding posts: pages of lists, full-text search, the posts of a tag.
-- Every page is keyset: a cursor names the last row seen, and nothing is ever skipped by counting.

CREATE OR REPLACE FUNCTION social.page_size(first integer) RETURNS integer
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_page_size';
COMMENT ON FUNCTION social.page_size(integer) IS 'The number of rows a page may hold: 20 for null, else first; SM400 below 1 or above social.page_size_max.';

CREATE OR REPLACE FUNCTION social.page_key(kind text, after text) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN after IS NULL THEN 9223372036854775807 ELSE (social.cursor_decode(kind, after)).key END;
END;
COMMENT ON FUNCTION social.page_key(text, text) IS 'The key that a newest-first page starts below; no cursor starts at the newest. SM400 for a bad cursor.';

CREATE OR REPLACE FUNCTION social.page_start(kind text, after text) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN after IS NULL THEN -9223372036854775808 ELSE (social.cursor_decode(kind, after)).key END;
END;
COMMENT ON FUNCTION social.page_start(text, text) IS 'The key that an oldest-first page starts above; no cursor starts at the oldest. SM400 for a bad cursor.';

CREATE OR REPLACE FUNCTION social.time_key(at timestamptz) RETURNS bigint
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT (extract(epoch FROM at) * 1000000)::bigint;
END;
COMMENT ON FUNCTION social.time_key(timestamptz) IS 'A time as the key of a page cursor: microseconds since 1970.';

CREATE OR REPLACE FUNCTION social.page_time(kind text, after text, OUT at timestamptz, OUT id bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	microseconds bigint;
BEGIN
	at := 'infinity';
	id := 9223372036854775807;
	IF after IS NOT NULL THEN
		SELECT c.key, c.id INTO microseconds, id FROM social.cursor_decode(kind, after) c;
		-- The years 1000 to 3000: a cursor of ours lies within, and others may be no time at all.
		IF microseconds NOT BETWEEN -30610224000000000 AND 32503680000000000 THEN
			PERFORM social.raise_error('SM400', 'invalid cursor');
		END IF;
		at := timestamptz '1970-01-01 00:00:00+00' + microseconds * interval '1 microsecond';
	END IF;
END
$$;
COMMENT ON FUNCTION social.page_time(text, text) IS 'The time and id that a newest-first page starts below, from a cursor whose key is a time_key. SM400 for a bad cursor.';

CREATE OR REPLACE FUNCTION social.posts_page(first integer DEFAULT 20, after text DEFAULT NULL) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	page_size integer := social.page_size(first);
	before bigint := social.page_key('posts', after);
BEGIN
	RETURN (
		SELECT row_to_json(r) FROM (
			SELECT coalesce(json_agg(p.document ORDER BY p.position DESC) FILTER (WHERE p.n <= page_size), '[]') AS results,
				CASE WHEN count(*) > page_size
					THEN social.cursor_encode('posts', min(p.position) FILTER (WHERE p.n <= page_size), 0) END AS next
			FROM (
				SELECT d.document, d.position, row_number() OVER (ORDER BY d.position DESC) AS n
				FROM social.listed_post_documents d
				WHERE d.position < before
				ORDER BY d.position DESC LIMIT page_size + 1
			) p
		) r
	);
END
$$;
COMMENT ON FUNCTION social.posts_page(integer, text) IS 'A page of public posts, newest first, as {"results": [...], "next": cursor or null}. SM400 for a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.hashtag_posts(tag text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS SETOF social.visible_posts
	LANGUAGE c STABLE PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'social_hashtag_posts';
COMMENT ON FUNCTION social.hashtag_posts(text, integer, text) IS 'Public posts that carry a tag (in any spelling, with or without the sign), newest first. after is cursor_encode(''hashtag_posts'', position, id) of the last post seen. No rows for an unknown tag; SM400 for a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.title_query(query tsquery) RETURNS tsquery
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_title_query';
COMMENT ON FUNCTION social.title_query(tsquery) IS 'The same query, matching in titles only.';

CREATE OR REPLACE FUNCTION social.title_key(title text) RETURNS bigint
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_title_key_sql';
COMMENT ON FUNCTION social.title_key(text) IS 'A hash of the words of a title, whatever their case and what stands between them; null without words. An index finds titles by it.';

CREATE OR REPLACE FUNCTION social.search_snippet(config regconfig, body text, wanted tsquery, whole boolean DEFAULT false) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_search_snippet';
COMMENT ON FUNCTION social.search_snippet(regconfig, text, tsquery, boolean) IS 'Where a text matches a query, or all of it when whole, as HTML: the text is escaped, and nothing but <mark> around the words that match is markup (what looks like a tag in the text may be left out). Looks at the first 4,000 characters.';

CREATE OR REPLACE FUNCTION social.search_ranking(wanted tsquery, query text, first integer, after text,
		OUT ids bigint[], OUT ranks real[], OUT cursors text[], OUT next text, OUT total bigint, OUT total_is_exact boolean, OUT is_bounded boolean)
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_search_ranking';
COMMENT ON FUNCTION social.search_ranking(tsquery, text, integer, text) IS 'One page of search_posts without its posts: their ids, ranks and cursors, best first; the cursor of the next page; how many results there are, at least; and whether only a bounded set of the matches was ranked. wanted is what query means. SM400 for a bad page size or cursor.';

-- Rows are fetched by their ids, for which one plan is right, and planning costs as much as a search.
CREATE OR REPLACE FUNCTION social.search_posts(query text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, author_id bigint, title text, content text, hashtags text[], is_published boolean, "position" bigint,
		likes_count bigint, comments_count bigint, created_at timestamptz, updated_at timestamptz,
		visibility text, reply_settings text, is_pinned boolean, is_highlighted boolean, quoted_post_id bigint, image text, video text,
		edited_at timestamptz, is_edited boolean, publish_at timestamptz, reposts_count bigint, views_count bigint,
		hidden_at timestamptz, deleted_at timestamptz, language text,
		rank real, title_snippet text, snippet text, total bigint, total_is_exact boolean, is_bounded boolean, cursor text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	wanted tsquery := social.search_query(query);
	config regconfig := social.search_config();
	page record := social.search_ranking(wanted, query, first, after);
BEGIN
	RETURN QUERY
	SELECT p.*, r.rank,
		social.search_snippet(config, p.title, wanted, true), social.search_snippet(config, p.content, wanted),
		page.total, page.total_is_exact, page.is_bounded, r.cursor
	FROM unnest(page.ids, page.ranks, page.cursors) WITH ORDINALITY r (id, rank, cursor, place)
	CROSS JOIN LATERAL (SELECT l.* FROM social.listed_posts l WHERE l.id = r.id) p
	ORDER BY r.place;
END
$$;
COMMENT ON FUNCTION social.search_posts(text, integer, text) IS 'Posts in the viewer''s lists that match a query in web-search syntax, best first: titles that are the query, titles with all its words, then content; within each by rank, which falls gently with age. snippet and title_snippet are HTML (search_snippet). total is how many results there are, exactly or at least so many (total_is_exact); is_bounded tells that matches were too many to rank all: the newest few hundred and as many title matches were. after is the cursor of the last post seen; later pages leave out what was published since the first one. SM400 for an empty or over-long query, a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.search_page(query text, first integer DEFAULT 20, after text DEFAULT NULL) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	wanted tsquery := social.search_query(query);
	config regconfig := social.search_config();
	page record := social.search_ranking(wanted, query, first, after);
BEGIN
	RETURN (
		SELECT row_to_json(a) FROM (
			SELECT coalesce((
					SELECT json_agg(json_build_object('post', d.document, 'rank', r.rank,
						'title_snippet', social.search_snippet(config, p.title, wanted, true),
						'snippet', social.search_snippet(config, p.content, wanted)) ORDER BY r.place)
					FROM unnest(page.ids, page.ranks) WITH ORDINALITY r (id, rank, place)
					JOIN social.listed_post_documents d ON d.id = r.id
					JOIN social.posts p ON p.id = r.id), '[]') AS results,
				page.next,
				(SELECT row_to_json(t) FROM (SELECT page.total AS value, page.total_is_exact AS is_exact) t) AS total,
				page.is_bounded
		) a
	);
END
$$;
COMMENT ON FUNCTION social.search_page(text, integer, text) IS 'A page of search_posts as {"results": [{"post", "rank", "title_snippet", "snippet"}], "next": cursor or null, "total": {"value", "is_exact"}, "is_bounded"}. SM400 for an empty or over-long query, a bad page size or cursor.';
