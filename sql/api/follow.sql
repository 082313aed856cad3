-- follow.sql owns following and its end, requests to follow a locked account, and the lists of both.
--
-- A block ends what is between two people: block_user holds their pair to end it, and whoever makes a
-- follow or a request holds it to add to it (see social.hold_pair in relation.sql).

CREATE OR REPLACE FUNCTION social.follow_user(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	locked boolean;
BEGIN
	IF NOT social.hold_pair(viewer, $1, false) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	PERFORM social.require_person($1, 'follow');
	SELECT u.is_locked INTO locked FROM social.users u WHERE u.id = $1;
	IF locked THEN
		-- Once more and with a lock: unlocking grants the requests that it finds.
		SELECT u.is_locked INTO locked FROM social.users u WHERE u.id = $1 FOR SHARE;
	END IF;
	IF NOT locked THEN
		INSERT INTO social.follows (follower_id, followed_id) VALUES (viewer, $1) ON CONFLICT DO NOTHING;
	ELSIF NOT EXISTS (SELECT FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = $1) THEN
		INSERT INTO social.follow_requests (requester_id, target_id) VALUES (viewer, $1) ON CONFLICT DO NOTHING;
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.follow_user(bigint) IS 'The viewer follows this person, or asks to when the account is locked; again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person, SM400 for oneself.';

CREATE OR REPLACE FUNCTION social.unfollow_user(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	removed boolean;
BEGIN
	DELETE FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = $1;
	removed := FOUND;
	DELETE FROM social.follow_requests r WHERE r.requester_id = viewer AND r.target_id = $1;
	IF NOT (removed OR FOUND) THEN
		PERFORM social.require_person($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unfollow_user(bigint) IS 'The viewer no longer follows this person, nor asks to; again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person.';

CREATE OR REPLACE FUNCTION social.set_following(user_id bigint, following boolean DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF coalesce($2, NOT EXISTS (SELECT FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = $1)
			AND NOT EXISTS (SELECT FROM social.follow_requests r WHERE r.requester_id = viewer AND r.target_id = $1)) THEN
		RETURN social.follow_user($1);
	END IF;
	RETURN social.unfollow_user($1);
END
$$;
COMMENT ON FUNCTION social.set_following(bigint, boolean) IS 'follow_user or unfollow_user; null turns round what there is, a request counted as following. Returns the person''s id; errors as these two.';

CREATE OR REPLACE FUNCTION social.follow_json(user_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	RETURN (
		SELECT row_to_json(r) FROM (
			SELECT u.id, EXISTS (SELECT FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = u.id) AS following,
				EXISTS (SELECT FROM social.follow_requests q WHERE q.requester_id = viewer AND q.target_id = u.id) AS requested,
				u.followers_count
			FROM social.visible_users u WHERE u.id = $1) r
	);
END
$$;
COMMENT ON FUNCTION social.follow_json(bigint) IS 'What is between the viewer and this person, as the answer of the follow routes: following, requested, followers_count. Null for somebody whom the viewer may not see. SM401 when nobody acts.';

CREATE OR REPLACE FUNCTION social.remove_follower(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	DELETE FROM social.follows f WHERE f.follower_id = $1 AND f.followed_id = viewer;
	IF NOT FOUND THEN
		PERFORM social.require_person($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.remove_follower(bigint) IS 'This person no longer follows the viewer; again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person.';

-- ---- requests --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.accept_follow_request(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
BEGIN
	IF NOT social.hold_pair(viewer, $1, false) OR NOT social.hold_user($1) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	PERFORM social.require_person($1);
	DELETE FROM social.follow_requests r WHERE r.requester_id = $1 AND r.target_id = viewer;
	IF FOUND THEN
		INSERT INTO social.follows (follower_id, followed_id) VALUES ($1, viewer) ON CONFLICT DO NOTHING;
	ELSIF NOT EXISTS (SELECT FROM social.follows f WHERE f.follower_id = $1 AND f.followed_id = viewer) THEN
		PERFORM social.raise_error('SM404', 'follow request not found');
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.accept_follow_request(bigint) IS 'Lets this person, who asked to, follow the viewer; again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person or one who has not asked.';

CREATE OR REPLACE FUNCTION social.reject_follow_request(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	DELETE FROM social.follow_requests r WHERE r.requester_id = $1 AND r.target_id = viewer;
	IF NOT FOUND THEN
		PERFORM social.require_person($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.reject_follow_request(bigint) IS 'Removes this person''s request to follow the viewer; again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person.';

-- ---- lists -----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.is_following(user_id bigint, target_user_id bigint) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM social.visible_follows f WHERE f.follower_id = $1 AND f.followed_id = $2);
END
$$;
COMMENT ON FUNCTION social.is_following(bigint, bigint) IS 'Does the first person follow the second? False also where the viewer may not see one of them.';

SELECT social.make_list('followers', 'user_id bigint',
	'id bigint, username text, first_name text, last_name text, avatar text, created_at timestamptz',
	'u.id, u.username, u.first_name, u.last_name, u.avatar, f.created_at',
	'social.follows f JOIN social.visible_users u ON u.id = f.follower_id WHERE f.followed_id = $1', '{f.created_at, f.follower_id}',
	'Who follows this person, newest first. SM404 for an unknown person; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.require_person($1);
	$$,
	is_definer => true);

SELECT social.make_list('following', 'user_id bigint',
	'id bigint, username text, first_name text, last_name text, avatar text, created_at timestamptz',
	'u.id, u.username, u.first_name, u.last_name, u.avatar, f.created_at',
	'social.follows f JOIN social.visible_users u ON u.id = f.followed_id WHERE f.follower_id = $1', '{f.created_at, f.followed_id}',
	'Whom this person follows, newest first. SM404 for an unknown person; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.require_person($1);
	$$,
	is_definer => true);

SELECT social.make_list('follow_requests', '',
	'id bigint, username text, first_name text, last_name text, avatar text, created_at timestamptz',
	'u.id, u.username, u.first_name, u.last_name, u.avatar, r.created_at',
	'social.follow_requests r JOIN social.visible_users u ON u.id = r.requester_id WHERE r.target_id = viewer', '{r.created_at, r.requester_id}',
	'Who waits for the viewer''s leave to follow, newest first. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true, is_definer => true);
