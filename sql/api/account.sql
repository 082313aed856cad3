-- account.sql owns what a person reads and changes of the own account, and making one for an
-- administrator. Its end is in deletion.sql.

-- ---- one's own account -----------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_account AS
SELECT v.id, v.username, coalesce(nullif(u.email, ''), u.pending_email) AS email,
	u.email <> '' AND u.email_verified_at IS NOT NULL AS email_verified,
	CASE WHEN u.email <> '' THEN nullif(u.pending_email, '') END AS pending_email,
	v.first_name, v.last_name, v.bio, v.avatar, v.avatar AS profile_image, v.banner_image, v.location, v.website,
	v.followers_count, v.following_count, v.posts_count, v.created_at, v.is_locked, u.is_staff, u.is_superuser,
	EXISTS (SELECT FROM social.user_totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS totp_enabled,
	(SELECT count(*) FROM social.recovery_codes c WHERE c.user_id = u.id) AS recovery_codes_left,
	u.password_changed_at, u.last_login_at
FROM social.visible_users v JOIN social.users u ON u.id = v.id
WHERE u.id = (SELECT social.viewer_id()) AND (SELECT social.api_key_id()) IS NULL;
COMMENT ON VIEW social.visible_account IS 'The viewer''s own account and profile, empty where an API key acts, with what nobody else sees: address, whether it is proven, an address that waits to be, and how the account is guarded.';

CREATE OR REPLACE FUNCTION social.account_json() RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_login();
	RETURN (SELECT row_to_json(r) FROM (
		SELECT a.*, social.picture_url(a.avatar) AS avatar_url, social.picture_url(a.banner_image) AS banner_url,
			social.picture_variants(a.avatar) AS avatar_variants, social.picture_variants(a.banner_image) AS banner_variants
		FROM social.visible_account a) r);
END
$$;
COMMENT ON FUNCTION social.account_json() IS 'social.visible_account as REST shows it, with where its pictures can be seen. SM401 when nobody acts.';

-- Null is unchanged; replacing, what is missing is emptied.
CREATE OR REPLACE FUNCTION social.update_account(replace boolean DEFAULT false,
		username text DEFAULT NULL, email text DEFAULT NULL, current_password text DEFAULT NULL,
		first_name text DEFAULT NULL, last_name text DEFAULT NULL, bio text DEFAULT NULL, avatar text DEFAULT NULL, profile_image text DEFAULT NULL,
		banner_image text DEFAULT NULL, location text DEFAULT NULL, website text DEFAULT NULL, is_locked boolean DEFAULT NULL)
	RETURNS TABLE (account json, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	missing text := CASE WHEN $1 THEN '' END;
	present social.users;
BEGIN
	username := social.trim_identifier(username);
	email := social.trim_identifier(email);
	SELECT u.* INTO present FROM social.users u WHERE u.id = viewer;
	IF lower($2) <> lower(present.username) THEN
		PERFORM social.raise_error('SM400', 'username cannot be changed', 'Others know the account, and mention it, by its name.', 'Leave it out.');
	END IF;
	IF lower($3) IS DISTINCT FROM lower(coalesce(nullif(present.email, ''), present.pending_email)) AND $3 IS NOT NULL THEN
		PERFORM social.check_email($3);
		IF coalesce(octet_length($4), 0) NOT BETWEEN 1 AND 1000 OR NOT social.check_password($4, present.password) THEN
			PERFORM social.audit('change_email_refused', 'user', viewer);
			RETURN QUERY SELECT NULL::json, 'SM403', CASE WHEN coalesce($4, '') = '' THEN 'current_password is required' ELSE 'wrong password' END,
				'Another address needs the account''s password.';
			RETURN;
		END IF;
	END IF;
	PERFORM social.update_profile(first_name => coalesce($5, missing), last_name => coalesce($6, missing), bio => coalesce($7, missing),
		avatar => coalesce($8, $9, missing), banner_image => coalesce($10, missing), location => coalesce($11, missing),
		website => coalesce($12, missing), is_locked => $13);
	IF $3 IS NOT NULL THEN
		PERFORM social.change_address(viewer, $3);
	END IF;
	RETURN QUERY SELECT social.account_json(), NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.update_account(boolean, text, text, text, text, text, text, text, text, text, text, text, boolean) IS 'Changes the viewer''s account and profile. What is null stays as it is; with replace the names and the profile''s texts and pictures that are null are emptied (is_locked and the address never are). profile_image is another name for avatar. Another e-mail address needs current_password; it waits until verify_email proves it, and the address until now is told. Returns one row: the account as account_json shows it, or error_code SM403 for a missing or wrong password (nothing is raised, so that the audit entry stays). Raises SM401 when nobody acts, SM400 for text that is too long or no address, or another username.';

CREATE OR REPLACE FUNCTION social.change_address(user_id bigint, email text) RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present social.users;
BEGIN
	SELECT u.* INTO present FROM social.users u WHERE u.id = $1 FOR NO KEY UPDATE;
	IF lower($2) = lower(present.email) THEN
		UPDATE social.users u SET pending_email = '', claimed_at = NULL WHERE u.id = $1 AND u.pending_email <> '';
	ELSIF lower($2) <> lower(present.pending_email) THEN
		UPDATE social.users u SET pending_email = $2, claimed_at = now() WHERE u.id = $1;
		PERFORM social.claim_address($1, $2);
		IF present.email <> '' THEN
			PERFORM social.queue_mail('email_change_requested', $1, present.email, jsonb_build_object('username', present.username, 'new_email', $2));
		END IF;
		PERFORM social.audit('change_email', 'user', $1);
	END IF;
END
$$;
COMMENT ON FUNCTION social.change_address(bigint, text) IS 'An account claims another address, which is mailed a token; its present one is told. The present address again takes a claim back.';

-- ---- an administrator's --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.create_superuser(username text, email text, password text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account bigint := social.register_user(username, email, password);
BEGIN
	UPDATE social.users u SET is_staff = true, is_superuser = true WHERE u.id = account;
	PERFORM social.audit('create_superuser', 'user', account, jsonb_build_object('username', username));
	RETURN account;
END
$$;
COMMENT ON FUNCTION social.create_superuser(text, text, text) IS 'Creates an account that may do what staff may, and that staff cannot moderate. Returns its id. SM400 and SM409 as register_user.';
