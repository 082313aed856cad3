-- hashtag.sql owns what keeps hashtags and their links true.

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
