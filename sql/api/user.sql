-- user.sql owns people: their profiles and their JSON.

CREATE OR REPLACE FUNCTION social.profile_check() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_profile_check';
COMMENT ON FUNCTION social.profile_check() IS 'Row trigger: a profile''s text keeps to social.bio_max_length (SM400).';
CREATE OR REPLACE TRIGGER social_profile_check BEFORE INSERT OR UPDATE ON social.profiles
	FOR EACH ROW EXECUTE FUNCTION social.profile_check();

CREATE OR REPLACE FUNCTION social.user_json(visible_users social.visible_users) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (
		SELECT row_to_json(r) FROM (
			SELECT ($1).id, ($1).username, ($1).first_name, ($1).last_name, ($1).bio,
				($1).avatar, ($1).avatar AS profile_image, ($1).banner_image, ($1).location, ($1).website,
				($1).followers_count, ($1).following_count, ($1).posts_count, ($1).created_at, ($1).is_locked,
				social.picture_url(($1).avatar) AS avatar_url, social.picture_url(($1).banner_image) AS banner_url,
				social.picture_variants(($1).avatar) AS avatar_variants, social.picture_variants(($1).banner_image) AS banner_variants) r
	);
END
$$;
COMMENT ON FUNCTION social.user_json(social.visible_users) IS 'A person as REST shows them.';

CREATE OR REPLACE FUNCTION social.profile_json(visible_users social.visible_users) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.viewer_id();
BEGIN
	RETURN (
		SELECT row_to_json(r) FROM (
			SELECT ($1).id, ($1).username, ($1).first_name, ($1).last_name, ($1).bio,
				($1).avatar, ($1).avatar AS profile_image, ($1).banner_image, ($1).location, ($1).website,
				($1).followers_count, ($1).following_count, ($1).posts_count, ($1).created_at, ($1).is_locked,
				social.picture_url(($1).avatar) AS avatar_url, social.picture_url(($1).banner_image) AS banner_url,
				social.picture_variants(($1).avatar) AS avatar_variants, social.picture_variants(($1).banner_image) AS banner_variants,
				EXISTS (SELECT FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = ($1).id) AS following,
				EXISTS (SELECT FROM social.follow_requests q WHERE q.requester_id = viewer AND q.target_id = ($1).id) AS requested,
				EXISTS (SELECT FROM social.follows f WHERE f.follower_id = ($1).id AND f.followed_id = viewer) AS follows_you) r
	);
END
$$;
COMMENT ON FUNCTION social.profile_json(social.visible_users) IS 'A person as REST shows them on their own page: user_json, and what is between them and the viewer.';

SELECT social.make_list('users', '',
	'social.visible_users',
	'u.*',
	'social.visible_users u WHERE true', '{u.id}',
	'People, newest first. SM400 for a bad page size or cursor.');

-- What a profile's fields may hold; each raises SM400. Null, which means unchanged, is fine.
CREATE OR REPLACE FUNCTION social.check_profile_text(what text, value text, max_length integer) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF char_length(value) > max_length THEN
		PERFORM social.raise_error('SM400', what || ' is too long', format('The limit is %s characters.', max_length));
	END IF;
	PERFORM social.check_text(what, value, true, false);
END
$$;
COMMENT ON FUNCTION social.check_profile_text(text, text, integer) IS 'Raises SM400 unless this is one line of at most so many characters, of which some can be seen, or empty.';

CREATE OR REPLACE FUNCTION social.is_url(value text, is_media boolean) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT value ~* '^(https?://[^/?#[:space:][:cntrl:]"<>\\@]+([/?#][^[:space:][:cntrl:]"<>\\]*)?)?$'
		OR is_media AND value ~ '^/?[A-Za-z0-9_~-][A-Za-z0-9._~%/-]*$' AND value !~ '(^|/)\.\.?(/|$)';
END;
COMMENT ON FUNCTION social.is_url(text, boolean) IS 'Is this an http or https address, a media key where it names a picture or a film, or empty? Null for null.';

CREATE OR REPLACE FUNCTION social.check_url(what text, value text, is_media boolean, max_length integer DEFAULT 500) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF char_length(value) > max_length THEN
		PERFORM social.raise_error('SM400', what || ' is too long', format('The limit is %s characters.', max_length));
	ELSIF NOT social.is_url(value, is_media) THEN
		PERFORM social.raise_error('SM400', what || ' is not valid', '',
			CASE WHEN is_media THEN 'Give an address that starts with https://, or a media key such as media/profiles/1/avatar.'
				ELSE 'Give an address that starts with https://.' END);
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_url(text, text, boolean, integer) IS 'Raises SM400 unless this is an http or https address, a media key where it names a picture or a film, or empty. Every address that clients show or follow passes it.';

CREATE OR REPLACE FUNCTION social.update_profile(first_name text DEFAULT NULL, last_name text DEFAULT NULL, bio text DEFAULT NULL,
		avatar text DEFAULT NULL, banner_image text DEFAULT NULL, location text DEFAULT NULL, website text DEFAULT NULL,
		is_locked boolean DEFAULT NULL, profile_image text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	was_locked boolean;
BEGIN
	avatar := coalesce($4, $9);
	PERFORM social.check_profile_text('first name', $1, 150), social.check_profile_text('last name', $2, 150),
		social.check_url('avatar', $4, true), social.check_url('banner image', $5, true),
		social.check_profile_text('location', $6, 150), social.check_url('website', $7, false);

	-- Whoever asks to follow a locked account looks at this row under a lock of its own.
	SELECT u.is_locked INTO was_locked FROM social.users u WHERE u.id = viewer FOR NO KEY UPDATE;
	UPDATE social.users u
	SET first_name = coalesce($1, u.first_name), last_name = coalesce($2, u.last_name), is_locked = coalesce($8, u.is_locked)
	WHERE u.id = viewer
		AND (u.first_name, u.last_name, u.is_locked) <> (coalesce($1, u.first_name), coalesce($2, u.last_name), coalesce($8, u.is_locked));
	IF num_nonnulls($3, $4, $5, $6, $7) > 0 THEN
		INSERT INTO social.profiles AS p (user_id, bio, avatar, banner_image, location, website)
		VALUES (viewer, coalesce($3, ''), nullif($4, ''), nullif($5, ''), coalesce($6, ''), coalesce($7, ''))
		ON CONFLICT ON CONSTRAINT profiles_pkey DO UPDATE SET
			bio = coalesce($3, p.bio),
			avatar = CASE WHEN $4 IS NULL THEN p.avatar ELSE nullif($4, '') END,
			banner_image = CASE WHEN $5 IS NULL THEN p.banner_image ELSE nullif($5, '') END,
			location = coalesce($6, p.location), website = coalesce($7, p.website), updated_at = now();
	END IF;
	IF was_locked AND NOT $8 THEN
		WITH waiting AS (DELETE FROM social.follow_requests r WHERE r.target_id = viewer RETURNING r.requester_id)
		INSERT INTO social.follows (follower_id, followed_id)
		SELECT w.requester_id, viewer FROM waiting w WHERE social.hold_user(w.requester_id) ORDER BY w.requester_id
		ON CONFLICT DO NOTHING;
	END IF;
	RETURN viewer;
END
$$;
COMMENT ON FUNCTION social.update_profile(text, text, text, text, text, text, text, boolean, text) IS 'Changes what the viewer tells about themselves; null leaves a field as it is, an empty text clears it. profile_image is another name for avatar. A locked account is followed by leave only; unlocking grants all waiting requests. Returns the viewer''s id. SM401 when nobody acts, SM400 for text that is over-long, of several lines or without anything to be seen, an address that is none, or a bio above social.bio_max_length.';
