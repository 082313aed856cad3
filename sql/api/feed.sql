-- feed.sql owns the home feed: what a person and those whom they follow have posted and passed on,
-- and where everybody was last active, so that a page looks only at people who may stand on it.

CREATE OR REPLACE FUNCTION social.home_feed(viewer bigint DEFAULT NULL, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (id bigint, author_id bigint, title text, content text, hashtags text[], is_published boolean, "position" bigint,
		likes_count bigint, comments_count bigint, created_at timestamptz, updated_at timestamptz, visibility text, reply_settings text,
		is_pinned boolean, is_highlighted boolean, quoted_post_id bigint, image text, video text, edited_at timestamptz, is_edited boolean,
		publish_at timestamptz, reposts_count bigint, views_count bigint, hidden_at timestamptz, deleted_at timestamptz, language text,
		reposted_by_id bigint, reposted_at timestamptz, cursor text)
	LANGUAGE c STABLE PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'social_home_feed';
COMMENT ON FUNCTION social.home_feed(bigint, integer, text, text) IS 'The home feed, newest first: listed posts by the viewer and the people whom the viewer follows, and listed posts that they reposted (reposted_by_id, reposted_at), each post once, at its newest place. Columns as visible_posts. after continues below a row''s cursor, as the feed was when the first page was read; before returns the page above one. viewer is who acts, or, for staff and for roles that may act_as, somebody else, as whom it is read. SM401 when nobody acts; SM404 for an unknown viewer, or one who may not be read as; SM400 for a bad page size or cursor, or both cursors.';

-- A post's document is json already: two more keys go in before its end.
CREATE OR REPLACE FUNCTION social.feed_page(first integer DEFAULT 20, after text DEFAULT NULL) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	page_size integer := social.page_size(first);
	results json;
	next text;
BEGIN
	PERFORM social.require_viewer();
	SELECT json_agg((left(d.document::text, -1)
			|| ',"reposted_by":' || coalesce((SELECT row_to_json(a) FROM (
				SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, u.avatar AS profile_image
				FROM social.visible_users u WHERE u.id = f.reposted_by_id) a)::text, 'null')
			|| ',"reposted_at":' || coalesce(to_json(f.reposted_at)::text, 'null') || '}')::json ORDER BY f.ordinality),
		max(f.cursor) FILTER (WHERE f.ordinality = page_size)
	INTO results, next
	FROM social.home_feed(NULL, page_size, $2) WITH ORDINALITY f
	JOIN social.visible_post_documents d ON d.id = f.id;
	IF next IS NOT NULL AND NOT EXISTS (SELECT FROM social.home_feed(NULL, 1, next)) THEN
		next := NULL;
	END IF;
	RETURN (SELECT row_to_json(r) FROM (SELECT coalesce(results, '[]') AS results, next) r);
END
$$;
COMMENT ON FUNCTION social.feed_page(integer, text) IS 'A page of the viewer''s home feed as {"results": [...], "next": cursor or null}: posts as REST shows them, with reposted_by (the person, or null) and reposted_at. SM401 when nobody acts; SM400 for a bad page size or cursor.';
