-- reaction.sql owns likes of posts and comments.

CREATE OR REPLACE VIEW social.visible_post_likes AS
SELECT l.post_id, l.user_id, l.created_at
FROM social.post_likes l
JOIN social.users u ON u.id = l.user_id AND u.is_active
JOIN social.visible_posts p ON p.id = l.post_id;
COMMENT ON VIEW social.visible_post_likes IS 'Likes by active people of posts that the viewer may see.';

CREATE OR REPLACE VIEW social.visible_comment_likes AS
SELECT l.comment_id, l.user_id, l.created_at
FROM social.comment_likes l
JOIN social.users u ON u.id = l.user_id AND u.is_active
JOIN social.visible_comments m ON m.id = l.comment_id;
COMMENT ON VIEW social.visible_comment_likes IS 'Likes by active people of comments that the viewer may see.';

CREATE OR REPLACE FUNCTION social.like_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	INSERT INTO social.post_likes (post_id, user_id) VALUES ($1, viewer) ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.like_post(bigint) IS 'The viewer likes a post; again is harmless. Returns the post''s id. SM401 when nobody acts, SM404 for an unknown post.';

CREATE OR REPLACE FUNCTION social.unlike_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	DELETE FROM social.post_likes l WHERE l.post_id = $1 AND l.user_id = viewer;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unlike_post(bigint) IS 'The viewer takes a like of a post back; again is harmless. Returns the post''s id. SM401 when nobody acts, SM404 for an unknown post.';

CREATE OR REPLACE FUNCTION social.like_comment(comment_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_comments m WHERE m.id = $1) THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	INSERT INTO social.comment_likes (comment_id, user_id) VALUES ($1, viewer) ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.like_comment(bigint) IS 'The viewer likes a comment; again is harmless. Returns the comment''s id. SM401 when nobody acts, SM404 for an unknown comment.';

CREATE OR REPLACE FUNCTION social.unlike_comment(comment_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_comments m WHERE m.id = $1) THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	DELETE FROM social.comment_likes l WHERE l.comment_id = $1 AND l.user_id = viewer;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unlike_comment(bigint) IS 'The viewer takes a like of a comment back; again is harmless. Returns the comment''s id. SM401 when nobody acts, SM404 for an unknown comment.';
