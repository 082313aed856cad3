-- follow.sql owns following and its end.

CREATE OR REPLACE FUNCTION social.follow_user(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_users u WHERE u.id = $1) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	ELSIF viewer = $1 THEN
		PERFORM social.raise_error('SM400', 'you cannot follow yourself');
	END IF;
	INSERT INTO social.follows (follower_id, followed_id) VALUES (viewer, $1) ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.follow_user(bigint) IS 'The viewer follows this person; again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person, SM400 for oneself.';

CREATE OR REPLACE FUNCTION social.unfollow_user(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_users u WHERE u.id = $1) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	DELETE FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unfollow_user(bigint) IS 'The viewer no longer follows this person; again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person.';
