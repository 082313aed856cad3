-- search_like.sql owns finding by parts: posts by any part of their text, people and hashtags by the
-- beginning of a name, or one that is nearly so.

CREATE OR REPLACE FUNCTION social.posts_like(query text, before bigint, page_size integer) RETURNS bigint[]
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_posts_like';
COMMENT ON FUNCTION social.posts_like(text, bigint, integer) IS 'The ids of a page of the viewer''s listed posts with a text in title or content, newest first, below a position, and of one more, which tells that more follow. SM400 for an empty or over-long text.';

CREATE OR REPLACE FUNCTION social.search_posts_like(query text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, author_id bigint, title text, content text, hashtags text[], is_published boolean, "position" bigint,
		likes_count bigint, comments_count bigint, created_at timestamptz, updated_at timestamptz,
		visibility text, reply_settings text, is_pinned boolean, is_highlighted boolean, quoted_post_id bigint, image text, video text,
		edited_at timestamptz, is_edited boolean, publish_at timestamptz, reposts_count bigint, views_count bigint,
		hidden_at timestamptz, deleted_at timestamptz, language text, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	page_size integer := social.page_size(first);
	found bigint[] := social.posts_like(query, social.page_key('search_posts_like', after), page_size);
BEGIN
	RETURN QUERY
	SELECT p.*, social.cursor_encode('search_posts_like', p.position, p.id), cardinality(found) > page_size
	FROM social.listed_posts p WHERE p.id = ANY (found[:page_size])
	ORDER BY p.position DESC;
END
$$;
COMMENT ON FUNCTION social.search_posts_like(text, integer, text) IS 'Listed posts that have a text, as it stands, in their title or content, newest first; case and compatibility forms do not matter, and no character is special. Pages go one way. The work is bounded: a text without three letters or digits in a row is looked for in the newest 20,000 posts below the cursor only, and of a text whose parts are very common, but which itself is not, old posts may be missing. SM400 for an empty or over-long text, a bad page size or cursor.';

-- ---- names -----------------------------------------------------------------------------------------

-- Candidates come from three indexes, each bounded: the beginning of the name, words that begin so,
-- and, unless these bring plenty, words that are nearly so. The best few hundred are then asked
-- whether the viewer may see them.

CREATE OR REPLACE FUNCTION social.typed_name(query text, sign text) RETURNS text
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_typed_name';
COMMENT ON FUNCTION social.typed_name(text, text) IS 'The name that somebody typed, folded, without the sign (@ or #) that may stand before it. SM400 when it is empty or over-long.';

CREATE OR REPLACE FUNCTION social.typed_trigrams(typed text, others boolean) RETURNS integer[]
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_typed_trigrams';
COMMENT ON FUNCTION social.typed_trigrams(text, boolean) IS 'Every third trigram of a folded name, or all the others: of five characters or more, one with a typing error shares some of both.';

CREATE OR REPLACE FUNCTION social.name_score(query text, name text, other text DEFAULT NULL) RETURNS integer
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_name_score';
COMMENT ON FUNCTION social.name_score(text, text, text) IS 'How well a name, or another name of the same thing, fits what somebody typed: exactly, by the beginning of the name or of a word, or so but for one typing error (two in more than five characters); the more the better, 0: not at all.';

CREATE OR REPLACE FUNCTION social.search_users(query text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, username text, first_name text, last_name text, bio text, avatar text, banner_image text, location text, website text,
		followers_count bigint, following_count bigint, posts_count bigint, created_at timestamptz, is_locked boolean, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	typed text := social.typed_name(query, '@');
	page_size integer := social.page_size(first);
	every integer[] := social.name_trigrams(typed, NULL);
	one integer[] := CASE WHEN char_length(typed) < 3 THEN '{}' WHEN char_length(typed) < 5 THEN every ELSE social.typed_trigrams(typed, false) END;
	other integer[] := CASE WHEN char_length(typed) < 5 THEN one ELSE social.typed_trigrams(typed, true) END;
	last_key bigint := 9223372036854775807;
	last_id bigint := 0;
BEGIN
	IF after IS NOT NULL THEN
		SELECT c.key, c.id INTO last_key, last_id FROM social.cursor_decode('search_users', after) c;
	END IF;
	RETURN QUERY
	WITH sure AS MATERIALIZED (
		(SELECT u.id, u.username, u.first_name, u.last_name FROM social.users u
			WHERE lower(u.username) ~>=~ typed AND lower(u.username) ~<~ (typed || chr(1114111))
			ORDER BY lower(u.username) USING ~<~ LIMIT 1000)
		UNION
		(SELECT u.id, u.username, u.first_name, u.last_name FROM social.users u
			WHERE social.name_trigrams(u.username, u.first_name || ' ' || u.last_name) @> every AND every <> '{}' LIMIT 2000)
	), candidates AS (
		SELECT * FROM sure
		UNION
		(SELECT u.id, u.username, u.first_name, u.last_name FROM social.users u
			WHERE (SELECT count(*) FROM sure) < 100
				AND social.name_trigrams(u.username, u.first_name || ' ' || u.last_name) && one
				AND social.name_trigrams(u.username, u.first_name || ' ' || u.last_name) && other LIMIT 5000)
	), scored AS MATERIALIZED (
		SELECT c.id, social.name_score(typed, c.username, c.first_name || ' ' || c.last_name) AS score FROM candidates c
	), best AS MATERIALIZED (
		SELECT s.id, s.score FROM scored s
		WHERE s.score > 0 AND s.score <= last_key >> 6
		ORDER BY s.score DESC, s.id LIMIT 500
	), ranked AS (
		-- Of equally good ones those with most followers, by powers of two, so that pages hold.
		SELECT v.*, (b.score << 6) + least(floor(log(2, v.followers_count + 1)), 63)::bigint AS key
		FROM (SELECT i.id, i.score::bigint FROM best i) b JOIN social.visible_users v ON v.id = b.id
	)
	SELECT r.id, r.username, r.first_name, r.last_name, r.bio, r.avatar, r.banner_image, r.location, r.website,
		r.followers_count, r.following_count, r.posts_count, r.created_at, r.is_locked, social.cursor_encode('search_users', r.key, r.id),
		count(*) OVER () > page_size
	FROM ranked r
	WHERE r.key < last_key OR (r.key = last_key AND r.id > last_id)
	ORDER BY r.key DESC, r.id LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.search_users(text, integer, text) IS 'People whose username, or first or last name, is or begins with what was typed (@ before it does not matter), but for one typing error (two in more than five characters; none in fewer than three), best first: exact, beginning, nearly; usernames before other names, shorter names before longer, more followers before fewer. Among bounded candidates: beginnings of one or two letters do not reach everybody. Pages go one way. SM400 for an empty or over-long query, a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.search_hashtags(query text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, tag text, post_count bigint, created_at timestamptz, display text, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	typed text := social.typed_name(query, '#');
	page_size integer := social.page_size(first);
	every integer[] := social.name_trigrams(typed, NULL);
	one integer[] := CASE WHEN char_length(typed) < 3 THEN '{}' WHEN char_length(typed) < 5 THEN every ELSE social.typed_trigrams(typed, false) END;
	other integer[] := CASE WHEN char_length(typed) < 5 THEN one ELSE social.typed_trigrams(typed, true) END;
	last_key bigint := 9223372036854775807;
	last_id bigint := 0;
BEGIN
	IF after IS NOT NULL THEN
		SELECT c.key, c.id INTO last_key, last_id FROM social.cursor_decode('search_hashtags', after) c;
	END IF;
	RETURN QUERY
	WITH sure AS MATERIALIZED (
		(SELECT h.id, h.tag FROM social.hashtags h
			WHERE h.tag >= typed COLLATE "C" AND h.tag < (typed || chr(1114111)) COLLATE "C"
			ORDER BY h.tag LIMIT 1000)
		UNION
		(SELECT h.id, h.tag FROM social.hashtags h WHERE social.name_trigrams(h.tag, NULL) @> every AND every <> '{}' LIMIT 2000)
	), candidates AS (
		SELECT * FROM sure
		UNION
		(SELECT h.id, h.tag FROM social.hashtags h
			WHERE (SELECT count(*) FROM sure) < 100 AND social.name_trigrams(h.tag, NULL) && one AND social.name_trigrams(h.tag, NULL) && other LIMIT 5000)
	), scored AS MATERIALIZED (
		SELECT c.id, social.name_score(typed, c.tag) AS score FROM candidates c
	), best AS MATERIALIZED (
		SELECT s.id, s.score FROM scored s
		WHERE s.score > 0 AND s.score <= last_key >> 6
		ORDER BY s.score DESC, s.id LIMIT 500
	), ranked AS (
		SELECT v.*, (b.score << 6) + least(floor(log(2, v.post_count + 1)), 63)::bigint AS key
		FROM (SELECT i.id, i.score::bigint FROM best i) b JOIN social.visible_hashtags v ON v.id = b.id
	)
	SELECT r.id, r.tag, r.post_count, r.created_at, r.display, social.cursor_encode('search_hashtags', r.key, r.id),
		count(*) OVER () > page_size
	FROM ranked r
	WHERE r.key < last_key OR (r.key = last_key AND r.id > last_id)
	ORDER BY r.key DESC, r.id LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.search_hashtags(text, integer, text) IS 'Hashtags of visible posts whose folded tag is or begins with what was typed (# before it does not matter), but for typing errors as in search_users; best first, more posts before fewer. Among bounded candidates: beginnings of one or two letters do not reach every tag. Pages go one way. SM400 for an empty or over-long query, a bad page size or cursor.';

-- ---- everything ------------------------------------------------------------------------------------

-- A place is whose turn was the last, and how far each of the three was read: the cursors of each.
CREATE OR REPLACE FUNCTION social.search(query text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (type text, id bigint, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	page_size integer := social.page_size(first);
	read text[] := string_to_array(coalesce(after, '3...'), '.', '');
	last_turn integer;
BEGIN
	IF after !~ '^[123](\.[A-Za-z0-9_-]*){3}$' THEN
		PERFORM social.raise_error('SM400', 'invalid cursor');
	END IF;
	last_turn := read[1];
	RETURN QUERY
	WITH found AS MATERIALIZED (
		SELECT 'User' AS type, u.id, 1 AS turn, u.ordinality AS place, u.cursor, u.has_more
		FROM social.search_users(query, page_size, read[2]) WITH ORDINALITY u
		UNION ALL
		SELECT 'Hashtag', h.id, 2, h.ordinality, h.cursor, h.has_more
		FROM social.search_hashtags(query, page_size, read[3]) WITH ORDINALITY h
		UNION ALL
		SELECT 'Post', p.id, 3, p.ordinality, p.cursor, p.has_more
		FROM social.search_posts(query, page_size, read[4]) WITH ORDINALITY p
	), ends AS (
		SELECT array_agg(f.cursor ORDER BY f.place) FILTER (WHERE f.turn = 1) AS users,
			array_agg(f.cursor ORDER BY f.place) FILTER (WHERE f.turn = 2) AS hashtags,
			array_agg(f.cursor ORDER BY f.place) FILTER (WHERE f.turn = 3) AS posts,
			count(*) > page_size OR coalesce(bool_or(f.has_more), false) AS more
		FROM found f
	), turns AS (
		SELECT f.type, f.id, f.turn, row_number() OVER w AS n,
			count(*) FILTER (WHERE f.turn = 1) OVER w AS users,
			count(*) FILTER (WHERE f.turn = 2) OVER w AS hashtags,
			count(*) FILTER (WHERE f.turn = 3) OVER w AS posts
		FROM found f
		WINDOW w AS (ORDER BY f.place - (f.turn > last_turn)::integer, f.turn)
	)
	SELECT t.type, t.id, concat_ws('.', t.turn, coalesce(e.users[t.users], read[2], ''), coalesce(e.hashtags[t.hashtags], read[3], ''),
		coalesce(e.posts[t.posts], read[4], '')), e.more
	FROM turns t CROSS JOIN ends e
	ORDER BY t.n LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.search(text, integer, text) IS 'What search_users, search_hashtags and search_posts find, the best of each in turn: type and id. Pages go one way. SM400 for an empty or over-long query, a bad page size or cursor.';
