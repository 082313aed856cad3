-- reaction.sql owns likes of posts and comments.

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
