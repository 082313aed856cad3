-- hashtag.sql owns what keeps hashtags and their links true, and the list of them.

-- Posts link to hashtags without a foreign key check (see extension/content/post.h): whoever deletes
-- hashtags waits for posts being written, and lets none begin.
CREATE OR REPLACE FUNCTION social.hashtag_delete() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	LOCK TABLE social.post_hashtags IN SHARE ROW EXCLUSIVE MODE;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.hashtag_delete() IS 'Statement trigger: keeps posts from linking to hashtags that are being deleted.';
CREATE OR REPLACE TRIGGER social_hashtag_delete BEFORE DELETE ON social.hashtags
	FOR EACH STATEMENT EXECUTE FUNCTION social.hashtag_delete();

-- A cursor holds no text: it names the tag that the page follows. Tags that no post carries any more
-- stay; only those go that an erased account alone had used. Planned anew
-- each time: a plan for pages of any size reads all tags.
CREATE OR REPLACE FUNCTION social.hashtags(first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (id bigint, tag text, post_count bigint, created_at timestamptz, display text, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	page_size integer := social.page_size(first);
	given text := social.page_cursor(after, before);
	place text COLLATE "C" := '';
BEGIN
	IF given IS NOT NULL THEN
		SELECT h.tag INTO place FROM social.hashtags h WHERE h.id = (social.cursor_decode('hashtags', given)).id;
		IF NOT FOUND THEN
			PERFORM social.raise_error('SM400', 'invalid cursor', 'The hashtag that it names is gone.');
		END IF;
	END IF;
	IF before IS NULL THEN
		RETURN QUERY
		SELECT l.id, l.tag, l.post_count, l.created_at, l.display, social.cursor_encode('hashtags', l.id, l.id), l.n > page_size
		FROM (
			SELECT w.*, count(*) OVER () AS n
			FROM (SELECT h.* FROM social.visible_hashtags h WHERE h.tag > place ORDER BY h.tag LIMIT page_size + 1) w
			ORDER BY w.tag LIMIT page_size
		) l ORDER BY l.tag;
	ELSE
		RETURN QUERY
		SELECT l.id, l.tag, l.post_count, l.created_at, l.display, social.cursor_encode('hashtags', l.id, l.id), l.n > page_size
		FROM (
			SELECT w.*, count(*) OVER () AS n
			FROM (SELECT h.* FROM social.visible_hashtags h WHERE h.tag < place ORDER BY h.tag DESC LIMIT page_size + 1) w
			ORDER BY w.tag DESC LIMIT page_size
		) l ORDER BY l.tag;
	END IF;
END
$$;
COMMENT ON FUNCTION social.hashtags(integer, text, text) IS 'Hashtags of posts that the viewer may see, in alphabetical order. SM400 for a bad page size or cursor.';
