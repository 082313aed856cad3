-- version.sql owns which state of a document somebody has read, so that they do not write over another
-- one: the version of what a person writes (a post, a comment, the own profile), not of the counts and
-- names beside it.

CREATE OR REPLACE FUNCTION social.post_version(post_id bigint) RETURNS bigint
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_post_version';
COMMENT ON FUNCTION social.post_version(bigint) IS 'The version of a post: another number after each change of its own row, whoever likes it or comments on it meanwhile. Null for no post. Who may see the post is for the caller to ask.';

CREATE OR REPLACE FUNCTION social.comment_version(comment_id bigint) RETURNS bigint
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_comment_version';
COMMENT ON FUNCTION social.comment_version(bigint) IS 'The version of a comment, as post_version.';

-- Not of the rows: a login changes the account, too.
CREATE OR REPLACE FUNCTION social.account_version() RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT left(md5(ROW(u.email, u.pending_email, u.first_name, u.last_name, u.is_locked,
			coalesce(p.bio, ''), p.avatar, p.banner_image, coalesce(p.location, ''), coalesce(p.website, ''))::text), 16)
		FROM social.users u LEFT JOIN social.profiles p ON p.user_id = u.id WHERE u.id = social.require_viewer());
END
$$;
COMMENT ON FUNCTION social.account_version() IS 'The version of what the viewer can change of the own account and profile: another text after each change, the same one when a change is taken back. SM401 when nobody acts.';

CREATE OR REPLACE FUNCTION social.require_version(kind text, id bigint, wanted text[], unwanted text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	present text;
BEGIN
	-- The row is held first, then looked at with a snapshot of its own: of two who have read the same, one is late.
	IF kind = 'post' THEN
		PERFORM FROM social.visible_posts v WHERE v.id = $2;
		IF FOUND THEN
			PERFORM FROM social.posts p WHERE p.id = $2 FOR NO KEY UPDATE;
			present := social.post_version($2);
		END IF;
	ELSIF kind = 'comment' THEN
		PERFORM FROM social.visible_comments v WHERE v.id = $2;
		IF FOUND THEN
			PERFORM FROM social.comments m WHERE m.id = $2 FOR UPDATE;
			present := social.comment_version($2);
		END IF;
	ELSE
		PERFORM FROM social.users u WHERE u.id = viewer FOR NO KEY UPDATE;
		present := social.account_version();
	END IF;
	IF present IS NULL THEN
		PERFORM social.raise_error('SM404', kind || ' not found');
	ELSIF NOT (coalesce(present = ANY (wanted) OR '*' = ANY (wanted), true)) OR present = ANY (unwanted) OR '*' = ANY (unwanted) THEN
		PERFORM social.raise_error('SM412', 'it has changed since it was read', 'Its version is another one than the request asks for.', 'Read it again, then decide.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.require_version(text, bigint, text[], text[]) IS 'Holds a document of the kind post, comment or account (the viewer''s own; the id is not looked at) until the end of the transaction, and refuses with SM412 unless its version is one of wanted (null: any) and none of unwanted; * is every version. SM401 when nobody acts, SM404 for a document that the viewer may not see.';
