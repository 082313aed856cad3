-- hashtag.sql owns who sees hashtags, and the posts of one.

CREATE OR REPLACE VIEW social.visible_hashtags AS
SELECT h.id, h.tag,
	coalesce(c.posts_count, 0) + coalesce((SELECT sum(d.posts_count) FROM social.hashtag_counter_deltas d WHERE d.hashtag_id = h.id), 0) AS post_count,
	h.created_at, h.display
FROM social.hashtags h
LEFT JOIN social.hashtag_counters c ON c.hashtag_id = h.id;
COMMENT ON VIEW social.visible_hashtags IS 'Hashtags with the number of public posts that carry them; display is the first spelling used.';

-- Posts link to hashtags without a foreign key check (see extension/post.h): whoever deletes
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
