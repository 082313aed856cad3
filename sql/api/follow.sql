-- follow.sql owns following and its end.

CREATE OR REPLACE VIEW social.visible_follows AS
SELECT f.follower_id, f.followed_id, f.created_at
FROM social.follows f
JOIN social.users a ON a.id = f.follower_id AND a.is_active
JOIN social.users b ON b.id = f.followed_id AND b.is_active;
COMMENT ON VIEW social.visible_follows IS 'Who follows whom, among active people.';

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
