-- post.sql owns posts: their triggers, their JSON, and writing them.

CREATE OR REPLACE FUNCTION social.post_before() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_post_before';
COMMENT ON FUNCTION social.post_before() IS 'Row trigger: checks a post''s title and content (SM400), and sets hashtags, search_vector, position and updated_at.';
CREATE OR REPLACE TRIGGER social_post_before BEFORE INSERT OR UPDATE ON social.posts
	FOR EACH ROW EXECUTE FUNCTION social.post_before();

CREATE OR REPLACE FUNCTION social.post_after() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_post_after';
COMMENT ON FUNCTION social.post_after() IS 'Row trigger: keeps a public post''s hashtag and mention rows.';
CREATE OR REPLACE TRIGGER social_post_after AFTER INSERT OR UPDATE ON social.posts
	FOR EACH ROW EXECUTE FUNCTION social.post_after();

CREATE OR REPLACE FUNCTION social.post(id bigint) RETURNS SETOF social.visible_posts
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT p.* FROM social.visible_posts p WHERE p.id = $1;
END;
COMMENT ON FUNCTION social.post(bigint) IS 'One post, or no row when the viewer may not see it.';

CREATE OR REPLACE FUNCTION social.create_post(title text, content text, is_published boolean DEFAULT true) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	post_id bigint;
BEGIN
	INSERT INTO social.posts (author_id, title, content, is_published)
	VALUES (social.require_viewer(), $1, $2, coalesce($3, true))
	RETURNING id INTO post_id;
	RETURN post_id;
END
$$;
COMMENT ON FUNCTION social.create_post(text, text, boolean) IS 'The viewer writes a post, or a draft; hashtags and mentions are found in title and content. Returns its id. SM401 when nobody acts, SM400 for a missing or over-long title or content.';
