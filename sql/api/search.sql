-- search.sql owns finding posts: full-text search, the posts of a tag.

DO $$ BEGIN EXECUTE format('CREATE OR REPLACE FUNCTION social.hashtag_posts(tag text, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL) RETURNS TABLE (%s)
	LANGUAGE c STABLE PARALLEL SAFE ROWS 20 AS ''MODULE_PATHNAME'', ''social_hashtag_posts''', social.list_columns('social.visible_posts')); END $$;
COMMENT ON FUNCTION social.hashtag_posts(text, integer, text, text) IS 'Public posts that carry a tag (in any spelling, with or without the sign), newest first. No rows for an unknown tag; SM400 for a bad page size or cursor.';

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
		OUT ids bigint[], OUT ranks real[], OUT cursors text[], OUT has_more boolean, OUT total bigint, OUT total_is_exact boolean, OUT is_bounded boolean)
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_search_ranking';
COMMENT ON FUNCTION social.search_ranking(tsquery, text, integer, text) IS 'One page of search_posts without its posts: their ids, ranks and cursors, best first; whether more follow; how many results there are, at least; and whether only a bounded set of the matches was ranked. wanted is what query means. SM400 for a bad page size or cursor.';

-- Rows are fetched by their ids, for which one plan is right, and planning costs as much as a search.
CREATE OR REPLACE FUNCTION social.search_posts(query text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, author_id bigint, title text, content text, hashtags text[], is_published boolean, "position" bigint,
		likes_count bigint, comments_count bigint, created_at timestamptz, updated_at timestamptz,
		visibility text, reply_settings text, is_pinned boolean, is_highlighted boolean, quoted_post_id bigint, image text, video text,
		edited_at timestamptz, is_edited boolean, publish_at timestamptz, reposts_count bigint, views_count bigint,
		hidden_at timestamptz, deleted_at timestamptz, language text,
		rank real, title_snippet text, snippet text, total bigint, total_is_exact boolean, is_bounded boolean, cursor text, has_more boolean)
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
		page.total, page.total_is_exact, page.is_bounded, r.cursor, page.has_more
	FROM unnest(page.ids, page.ranks, page.cursors) WITH ORDINALITY r (id, rank, cursor, place)
	CROSS JOIN LATERAL (SELECT l.* FROM social.listed_posts l WHERE l.id = r.id) p
	ORDER BY r.place;
END
$$;
COMMENT ON FUNCTION social.search_posts(text, integer, text) IS 'Posts in the viewer''s lists that match a query in web-search syntax, best first: titles that are the query, titles with all its words, then content; within each by rank, which falls gently with age. snippet and title_snippet are HTML (search_snippet). total is how many results there are, exactly or at least so many (total_is_exact); is_bounded tells that matches were too many to rank all: the newest few hundred and as many title matches were. Pages go one way, and later ones leave out what was published since the first. SM400 for an empty or over-long query, a bad page size or cursor.';
