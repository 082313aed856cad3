-- trending.sql owns what is popular.

CREATE OR REPLACE FUNCTION social.trending_hashtags("limit" integer DEFAULT 10) RETURNS SETOF social.visible_hashtags
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	SELECT h.* FROM social.visible_hashtags h WHERE h.post_count > 0
	ORDER BY h.post_count DESC, h.id LIMIT social.page_size($1);
END
$$;
COMMENT ON FUNCTION social.trending_hashtags(integer) IS 'Hashtags by the number of public posts that carry them. SM400 for a limit below 1 or above social.page_size_max.';
