-- post.sql owns posts: their triggers, who sees them, their JSON, and writing them.

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

CREATE OR REPLACE VIEW social.visible_posts AS
SELECT p.id, p.author_id, p.title, p.content, p.hashtags, p.is_published, p.position,
	coalesce(c.likes_count, 0) + coalesce((SELECT sum(d.likes_count) FROM social.post_counter_deltas d WHERE d.post_id = p.id), 0) AS likes_count,
	coalesce(c.comments_count, 0) + coalesce((SELECT sum(d.comments_count) FROM social.post_counter_deltas d WHERE d.post_id = p.id), 0) AS comments_count,
	p.created_at, p.updated_at
FROM social.posts p
JOIN social.users a ON a.id = p.author_id AND a.is_active
LEFT JOIN social.post_counters c ON c.post_id = p.id
WHERE p.is_published OR p.author_id = social.viewer_id();
COMMENT ON VIEW social.visible_posts IS 'Posts that the viewer may see: public ones of active authors, and own drafts (position is null there).';

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
