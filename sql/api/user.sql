-- user.sql owns people: their profiles, accounts and JSON.

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
				($1).followers_count, ($1).following_count, ($1).posts_count, ($1).created_at) r
	);
END
$$;
COMMENT ON FUNCTION social.user_json(social.visible_users) IS 'A person as REST shows them.';
