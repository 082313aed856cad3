-- comment.sql owns comments and replies: their JSON, and writing them.

CREATE OR REPLACE FUNCTION social.comment_check() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_comment_check';
COMMENT ON FUNCTION social.comment_check() IS 'Row trigger: checks a comment''s content (SM400); an edit sets is_edited and updated_at.';
CREATE OR REPLACE TRIGGER social_comment_check BEFORE INSERT OR UPDATE ON social.comments
	FOR EACH ROW EXECUTE FUNCTION social.comment_check();

CREATE OR REPLACE FUNCTION social.comment_json(visible_comments social.visible_comments) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (
		SELECT row_to_json(r) FROM (
			SELECT ($1).id, ($1).post_id,
				(SELECT row_to_json(a) FROM (
					SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, u.avatar AS profile_image
					FROM social.visible_users u WHERE u.id = ($1).author_id) a) AS author,
				($1).parent_id, ($1).parent_id AS parent_comment, ($1).content, ($1).is_edited,
				($1).likes_count, ($1).replies_count, ($1).created_at, ($1).updated_at) r
	);
END
$$;
COMMENT ON FUNCTION social.comment_json(social.visible_comments) IS 'A comment as REST shows it.';

CREATE OR REPLACE FUNCTION social.create_comment(post_id bigint, content text, parent_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	comment_id bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	ELSIF $3 IS NOT NULL AND NOT EXISTS (SELECT FROM social.visible_comments m WHERE m.id = $3 AND m.post_id = $1) THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	INSERT INTO social.comments (post_id, author_id, parent_id, content)
	VALUES ($1, viewer, $3, $2)
	RETURNING id INTO comment_id;
	RETURN comment_id;
END
$$;
COMMENT ON FUNCTION social.create_comment(bigint, text, bigint) IS 'The viewer comments on a post, or replies to a comment under the same post. Returns the comment''s id. SM401 when nobody acts, SM404 for an unknown post or parent, SM400 for missing or over-long content.';
