-- api_key.sql owns API keys: making and revoking them, and what whoever acts by one may not do.
--
-- A key acts as its owner, within its scopes, in a session of its own: session_id in bridges is the
-- key's id with a minus. So whatever is done about sessions (admit, the doorbell, sockets that end)
-- is done about keys. Which routes and fields need which scope: bridge/api/scope.def. Here, writing
-- needs `write` (require_writer), what staff do a scope of staff (require_scope), and what is about
-- the account itself is for nobody who has not logged in (require_login); a key that may write
-- nothing acts in a transaction that is READ ONLY.
--
-- Locks as for sessions: the account's row, then its keys by id.

-- ---- acting by a key -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.api_key_id() RETURNS bigint
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'social_api_key_id';
COMMENT ON FUNCTION social.api_key_id() IS 'The API key by which the viewer acts, or null.';

CREATE OR REPLACE FUNCTION social.require_scope(scope text) RETURNS void
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'social_require_scope';
COMMENT ON FUNCTION social.require_scope(text) IS 'Raises SM403, naming the scope, where an API key acts that lacks it (social.api_scopes); SM400 for what is no scope.';

CREATE OR REPLACE FUNCTION social.require_login() RETURNS bigint
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'social_require_login';
COMMENT ON FUNCTION social.require_login() IS 'The user who acts, but not by an API key: for what is about the account and its security. SM401 when nobody acts, SM403 where a key does.';

CREATE OR REPLACE FUNCTION social.api_scopes(OUT scope text, OUT description text)
	RETURNS SETOF record
	LANGUAGE c IMMUTABLE ROWS 5 PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_api_scopes';
COMMENT ON FUNCTION social.api_scopes() IS 'What API keys may be made for; those of staff are for staff alone.';

CREATE OR REPLACE FUNCTION social.api_key_problem(token text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_api_key_problem';
COMMENT ON FUNCTION social.api_key_problem(text) IS 'Why a text is no API key as one was given out (mistyped, not complete); null: it is one, be it known or not.';

CREATE OR REPLACE FUNCTION social.api_key_scopes(session_id bigint) RETURNS text
	LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT array_to_string(k.scopes, ' ') FROM social.api_keys k WHERE session_id < 0 AND k.id = -session_id);
END
$$;
COMMENT ON FUNCTION social.api_key_scopes(bigint) IS 'What the API key may do whose session this is (its id with a minus), with blanks between; null for a login session. For bridges.';

-- ---- making --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.api_key_new() RETURNS text
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'social_api_key_new';
COMMENT ON FUNCTION social.api_key_new() IS 'The text of a new API key.';

CREATE OR REPLACE FUNCTION social.check_api_key(user_id bigint, name text, scopes text[], expires_at timestamptz) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	longest interval := social.setting('api_key_lifetime')::interval;
	unknown text := (SELECT s FROM unnest($3) AS s WHERE s IS NULL OR s NOT IN (SELECT a.scope FROM social.api_scopes() a) LIMIT 1);
BEGIN
	PERFORM social.check_text('name', $2, true, true);
	IF length($2) > 100 THEN
		PERFORM social.raise_error('SM400', 'name is too long', format('It has %s characters; the limit is 100.', length($2)));
	ELSIF coalesce(cardinality($3), 0) = 0 OR array_position($3, NULL) IS NOT NULL OR unknown IS NOT NULL THEN
		PERFORM social.raise_error('SM400', 'invalid scopes', format('One or more of %s.', (SELECT string_agg(a.scope, ', ') FROM social.api_scopes() a)));
	ELSIF $4 <= now() OR $4 > now() + longest THEN
		PERFORM social.raise_error('SM400', 'invalid expires_at', format('It is a time within %s days from now.', (extract(epoch FROM longest) / 86400)::integer));
	ELSIF NOT EXISTS (SELECT FROM social.users u WHERE u.id = $1 AND (u.is_staff OR u.is_superuser))
		AND $3 && ARRAY['sports:write', 'admin:read', 'admin:write'] THEN
		PERFORM social.raise_error('SM403', 'these scopes are for staff', 'sports:write, admin:read and admin:write.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_api_key(bigint, text, text[], timestamptz) IS 'SM400 for a name, scopes or an end that an API key cannot have; SM403 for scopes of staff where the owner is none.';

CREATE OR REPLACE FUNCTION social.make_api_key(user_id bigint, name text, scopes text[], expires_at timestamptz, OUT id bigint, OUT token text)
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	most integer := social.setting('api_keys_max')::integer;
	account social.users;
	ends timestamptz := coalesce($4, now() + least(interval '90 days', social.setting('api_key_lifetime')::interval));
BEGIN
	PERFORM social.check_api_key($1, $2, $3, ends);
	SELECT u.* INTO account FROM social.users u WHERE u.id = $1 AND u.is_active AND u.deleted_at IS NULL FOR NO KEY UPDATE;
	IF account.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'user not found');
	ELSIF (SELECT count(*) FROM social.api_keys k WHERE k.user_id = $1 AND k.expires_at > now()) >= most THEN
		PERFORM social.raise_error('SM409', 'too many API keys', format('An account has %s at most.', most), 'Revoke one that is not in use.');
	END IF;
	-- Its name is one of 2 * 10^14.
	LOOP
		token := social.api_key_new();
		INSERT INTO social.api_keys AS k (user_id, name, prefix, digest, scopes, expires_at)
		VALUES ($1, $2, left(token, 18), sha256(convert_to(token, 'UTF8')),
			ARRAY(SELECT a.scope FROM social.api_scopes() a WHERE a.scope = ANY ($3)), ends)
		ON CONFLICT DO NOTHING RETURNING k.id INTO id;
		EXIT WHEN id IS NOT NULL;
	END LOOP;
	PERFORM social.audit('create_api_key', 'user', $1, jsonb_build_object('key_id', id, 'scopes', $3));
	PERFORM social.queue_mail('api_key_created', $1, account.email, jsonb_build_object('username', account.username));
END
$$;
COMMENT ON FUNCTION social.make_api_key(bigint, text, text[], timestamptz) IS 'Makes an API key for an account, and returns its id and its text, which nobody sees again; the audit log and the person are told. Null for its end is 90 days from now. SM400, SM403 as check_api_key; SM404 for an account that is gone or inactive, SM409 beyond social.api_keys_max.';

CREATE OR REPLACE FUNCTION social.create_api_key(password text, name text, scopes text[], expires_at timestamptz DEFAULT NULL, code text DEFAULT NULL)
	RETURNS TABLE (id bigint, token text, prefix text, granted_scopes text[], created_at timestamptz, ends_at timestamptz,
		error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	fits boolean;
	second text;
	made record;
BEGIN
	PERFORM social.check_api_key(viewer, $2, $3, $4);
	-- Whoever has but a token would have one that lasts for months.
	fits := coalesce(octet_length($1), 0) <= 1000
		AND social.check_password($1, (SELECT u.password FROM social.users u WHERE u.id = viewer));
	second := CASE WHEN fits THEN social.check_code(viewer, $5) END;
	IF second IS DISTINCT FROM 'ok' THEN
		PERFORM social.audit('create_api_key_refused', 'user', viewer);
		RETURN QUERY SELECT NULL::bigint, NULL::text, NULL::text, NULL::text[], NULL::timestamptz, NULL::timestamptz, CASE second WHEN 'code_paused' THEN 'SM429' ELSE 'SM403' END,
			CASE second WHEN 'code_paused' THEN 'too many wrong one-time codes' WHEN 'code_required' THEN 'a one-time code is required'
				ELSE 'wrong password or one-time code' END,
			'Making a key needs the account''s password, and a one-time or recovery code where login asks for one.';
		RETURN;
	END IF;
	SELECT m.id, m.token INTO made FROM social.make_api_key(viewer, $2, $3, $4) m;
	RETURN QUERY SELECT k.id, made.token, k.prefix, k.scopes, k.created_at, k.expires_at, NULL::text, NULL::text, NULL::text
	FROM social.api_keys k WHERE k.id = made.id;
END
$$;
COMMENT ON FUNCTION social.create_api_key(text, text, text[], timestamptz, text) IS 'The viewer makes an API key, with the password, and a one-time or recovery code where the account asks for one: what it is called, what it may do (social.api_scopes), until when (null: 90 days). Returns one row: the id, the key''s text (token), which is never shown again, and what it is; or error_code SM403 for a wrong password or code, SM429 after too many wrong codes (nothing is raised, so that the audit entry stays). Raises SM401 when nobody acts, SM403 where a key does or the scopes are for staff, SM400 for what a key cannot be, SM409 beyond social.api_keys_max.';

CREATE OR REPLACE FUNCTION social.issue_api_key(user_id bigint, name text, scopes text[], expires_at timestamptz DEFAULT NULL, OUT id bigint, OUT token text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT k.id, k.token INTO id, token FROM social.make_api_key($1, $2, $3, $4) k;
END
$$;
COMMENT ON FUNCTION social.issue_api_key(bigint, text, text[], timestamptz) IS 'Makes an API key for anybody''s account, for administrators: as create_api_key, without the password. The person is mailed. SM404 for an account that is gone or inactive.';

-- ---- ending --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.revoke_api_keys(user_id bigint, reason text, key_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	revoked bigint[];
BEGIN
	PERFORM FROM social.users u WHERE u.id = $1 FOR NO KEY UPDATE;
	revoked := ARRAY(
		SELECT k.id FROM social.api_keys k
		WHERE k.user_id = $1 AND k.revoked_at IS NULL AND k.expires_at > now() AND k.id = coalesce($3, k.id)
		ORDER BY k.id FOR NO KEY UPDATE);
	UPDATE social.api_keys k SET revoked_at = now(), expires_at = now(), revoked_reason = $2 WHERE k.id = ANY (revoked);
	PERFORM pg_notify('social_sessions', (-r)::text) FROM unnest(revoked) AS r;
	RETURN cardinality(revoked);
END
$$;
COMMENT ON FUNCTION social.revoke_api_keys(bigint, text, bigint) IS 'Revokes the API keys of an account that live, or this one; returns how many. NOTIFY social_sessions tells bridges, as of sessions.';

CREATE OR REPLACE FUNCTION social.revoke_api_key(key_id bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.viewer_id();
	owner bigint;
BEGIN
	IF viewer IS NOT NULL OR NOT has_function_privilege(session_user, 'social.act_as(bigint, boolean)', 'EXECUTE') THEN
		viewer := social.require_login();
	END IF;
	SELECT k.user_id INTO owner FROM social.api_keys k
	WHERE k.id = $1 AND (k.user_id = viewer OR viewer IS NULL OR social.viewer_is_staff());
	IF owner IS NULL THEN
		PERFORM social.raise_error('SM404', 'API key not found');
	END IF;
	IF social.revoke_api_keys(owner, CASE WHEN owner = viewer THEN 'revoked' ELSE 'revoked by staff' END, $1) > 0 THEN
		PERFORM social.audit('revoke_api_key', 'user', owner, jsonb_build_object('key_id', $1));
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.revoke_api_key(bigint) IS 'Revokes an API key of the viewer, or anybody''s when staff acts, or nobody in a session of a role that may act as anybody; returns its id, also when it had ended before. Whatever it holds open ends within a second. SM401 when nobody acts, SM403 where a key does, SM404 for a key that is unknown or somebody else''s.';

-- ---- looking -------------------------------------------------------------------------------------

SELECT social.make_list('api_keys', '',
	'id bigint, name text, prefix text, scopes text[], is_live boolean, created_at timestamptz, expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz',
	'k.id, k.name, k.prefix, k.scopes, k.revoked_at IS NULL AND k.expires_at > now(), k.created_at, k.expires_at, k.last_used_at, k.revoked_at',
	'social.api_keys k WHERE k.user_id = viewer', '{k.id}',
	'The viewer''s API keys, newest first, also those that have ended, until retention takes them: the name, the characters that it begins with, what it may do, and when it was last in use, to the minute. SM401 when nobody acts, SM403 where a key does; SM400 for a bad page size or cursor.',
	checks => 'PERFORM social.require_login();', is_own => true, is_definer => true);

CREATE OR REPLACE FUNCTION social.current_api_key()
	RETURNS TABLE (id bigint, user_id bigint, name text, prefix text, scopes text[], is_live boolean, created_at timestamptz, expires_at timestamptz, last_used_at timestamptz,
		revoked_at timestamptz)
	LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT k.id, k.user_id, k.name, k.prefix, k.scopes, k.revoked_at IS NULL AND k.expires_at > now(), k.created_at, k.expires_at, k.last_used_at, k.revoked_at
	FROM social.api_keys k WHERE k.id = social.api_key_id();
END
$$;
COMMENT ON FUNCTION social.current_api_key() IS 'The API key that acts, and whose it is; no row where none does.';

CREATE OR REPLACE VIEW social.admin_api_keys AS
SELECT k.id, k.user_id, u.username, k.name, k.prefix, k.scopes, k.revoked_at IS NULL AND k.expires_at > now() AS is_live,
	k.created_at, k.expires_at, k.last_used_at, k.revoked_at, k.revoked_reason
FROM social.api_keys k JOIN social.users u ON u.id = k.user_id;
COMMENT ON VIEW social.admin_api_keys IS 'API keys with their people; those that ended too, until retention removes them.';
