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
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	page_size integer := social.page_size(first);
	before bigint := social.page_key('hashtag_posts', after);
	wanted bigint := (SELECT h.id FROM social.hashtags h WHERE h.tag = social.hashtag_key($1));
BEGIN
	RETURN QUERY
	SELECT p.* FROM social.post_hashtags l JOIN social.listed_posts p ON p.id = l.post_id
	WHERE l.hashtag_id = wanted AND l.position < before
	ORDER BY l.position DESC LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.hashtag_posts(text, integer, text) IS 'Public posts that carry a tag (in any spelling, with or without the sign), newest first. after is cursor_encode(''hashtag_posts'', position, id) of the last post seen. No rows for an unknown tag; SM400 for a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.title_query(query tsquery) RETURNS tsquery
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_title_query';
COMMENT ON FUNCTION social.title_query(tsquery) IS 'The same query, matching in titles only.';

-- Ranks a bounded set: the newest few hundred matches, and as many title matches, which are probed
-- apart so that an old perfect title is still found. Custom plans, because a rare and a common word
-- need different ones.
CREATE OR REPLACE FUNCTION social.search_posts(query text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS SETOF social.visible_posts
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	wanted tsquery := social.search_query(query);
	titles tsquery := social.title_query(wanted);
	page_size integer := social.page_size(first);
	last_score real := 'infinity';
	last_position bigint := 0;
BEGIN
	IF after IS NOT NULL THEN
		SELECT ts_rank(p.search_vector, wanted) + CASE WHEN p.search_vector @@ titles THEN 2 ELSE 0 END, p.position
		INTO last_score, last_position
		FROM social.cursor_decode('search_posts', after) c JOIN social.posts p ON p.id = c.id;
		IF NOT FOUND THEN
			PERFORM social.raise_error('SM400', 'invalid cursor', 'The post that the last page ended with is gone.');
		END IF;
	END IF;
	RETURN QUERY
	WITH newest AS MATERIALIZED (
		SELECT p.id, p.position, p.search_vector FROM social.posts p
		WHERE p.search_vector @@ wanted AND p.position IS NOT NULL
		ORDER BY p.position DESC LIMIT 300
	), titled AS MATERIALIZED (
		SELECT p.id, p.position, p.search_vector FROM social.posts p
		WHERE p.search_vector @@ titles AND p.position IS NOT NULL
		ORDER BY p.position DESC LIMIT 300
	), ranked AS (
		SELECT n.id, n.position, ts_rank(n.search_vector, wanted) + CASE WHEN n.search_vector @@ titles THEN 2 ELSE 0 END AS score
		FROM newest n
		UNION
		SELECT t.id, t.position, ts_rank(t.search_vector, wanted) + 2 FROM titled t
	)
	SELECT p.* FROM ranked r JOIN social.listed_posts p ON p.id = r.id
	WHERE (r.score, r.position) < (last_score, last_position)
	ORDER BY r.score DESC, r.position DESC LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.search_posts(text, integer, text) IS 'Public posts that match a query in web-search syntax, best first: title matches above content matches, then rank, then recency, among the newest few hundred matches and title matches. after is cursor_encode(''search_posts'', position, id) of the last post seen. SM400 for an empty or over-long query, a bad page size or cursor.';
