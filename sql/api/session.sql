-- session.sql owns logins that last: starting, refreshing and ending sessions, and the token that
-- says in which one somebody acts.
--
-- Locks are taken in one order: the account's row, then sessions by id, then what hangs on them.

-- ---- acting in a session -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.session_id() RETURNS bigint
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'social_session_id';
COMMENT ON FUNCTION social.session_id() IS
	'The session in which the viewer acts, or null: act_as was called, or the token names no session.';

CREATE OR REPLACE FUNCTION social.session_is_live(session_id bigint, user_id bigint) RETURNS boolean
	LANGUAGE c STABLE STRICT
	AS 'MODULE_PATHNAME', 'social_session_is_live_sql';
COMMENT ON FUNCTION social.session_is_live(bigint, bigint) IS
	'Is this a session of this user that has neither ended nor expired, nor been idle for longer than social.session_idle_timeout?';

CREATE OR REPLACE FUNCTION social.authenticate(token text) RETURNS bigint
	LANGUAGE c VOLATILE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'social_authenticate';
COMMENT ON FUNCTION social.authenticate(text) IS
	'Makes the user of an access token the viewer until the end of the transaction; returns the id. SM401 for a token that does not hold, or an account that is gone, inactive or suspended.';

-- ---- ending --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.end_session_ids(ids bigint[], reason text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ended bigint[];
BEGIN
	ended := ARRAY(
		SELECT s.id FROM social.user_sessions s
		WHERE s.id = ANY (ids) AND s.revoked_at IS NULL AND s.expires_at > now()
		ORDER BY s.id FOR NO KEY UPDATE);
	UPDATE social.user_sessions s SET revoked_at = now(), expires_at = now(), revoked_reason = reason
	WHERE s.id = ANY (ended);
	INSERT INTO social.token_blacklist (jti, token_type, user_id, session_id, reason, expires_at)
	SELECT encode(t.token_hash, 'hex'), 'refresh', s.user_id, s.id, end_session_ids.reason, t.expires_at
	FROM social.refresh_tokens t JOIN social.user_sessions s ON s.id = t.session_id
	WHERE t.session_id = ANY (ended)
	ON CONFLICT DO NOTHING;
	DELETE FROM social.refresh_tokens t WHERE t.session_id = ANY (ended);
	PERFORM pg_notify('social_sessions', id::text) FROM unnest(ended) AS e (id);
	RETURN cardinality(ended);
END
$$;
COMMENT ON FUNCTION social.end_session_ids(bigint[], text) IS
	'Ends those of these sessions that live, for this reason; returns how many. Their refresh tokens are blacklisted, and NOTIFY social_sessions tells each id: ending is rare, so the lock that a notifying commit takes is no matter.';

CREATE OR REPLACE FUNCTION social.end_sessions(user_id bigint, reason text, except_session bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN social.end_session_ids(ARRAY(
		SELECT s.id FROM social.user_sessions s
		WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.id IS DISTINCT FROM except_session), reason);
END
$$;
COMMENT ON FUNCTION social.end_sessions(bigint, text, bigint) IS
	'Ends all sessions of a user but this one; returns how many. For functions that change what an account is, such as its password.';

-- ---- starting ------------------------------------------------------------------------------------

-- Until when a session that began then lives if it is refreshed now.
CREATE OR REPLACE FUNCTION social.session_end(began timestamptz) RETURNS timestamptz
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	whole interval := social.setting('session_lifetime')::interval;
	refreshed timestamptz := now() + social.setting('refresh_token_lifetime')::interval;
BEGIN
	RETURN CASE WHEN whole > interval '0' THEN least(began + whole, refreshed) ELSE refreshed END;
END
$$;
COMMENT ON FUNCTION social.session_end(timestamptz) IS
	'Until when a session that began then lives if it is refreshed now: social.refresh_token_lifetime, within social.session_lifetime.';

CREATE OR REPLACE FUNCTION social.start_session(account_id bigint, device text DEFAULT NULL, user_agent text DEFAULT NULL, address text DEFAULT NULL)
	RETURNS TABLE (access text, refresh text, token_type text, expires_in integer, refresh_expires_in integer, user_id bigint, session_id bigint)
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	sessions_max integer := social.setting('sessions_max')::integer;
	session_ends timestamptz := social.session_end(now());
	session bigint;
	token text := social.refresh_token_new();
BEGIN
	IF sessions_max > 0 THEN
		PERFORM FROM social.users u WHERE u.id = account_id FOR NO KEY UPDATE;
		PERFORM social.end_session_ids(ARRAY(
			SELECT s.id FROM social.user_sessions s
			WHERE s.user_id = account_id AND s.revoked_at IS NULL AND s.expires_at > now()
			ORDER BY s.last_seen_at DESC, s.id DESC OFFSET sessions_max - 1), 'too many sessions');
	END IF;
	INSERT INTO social.user_sessions (user_id, device, user_agent, address, family_secret, expires_at)
	VALUES (account_id, left(coalesce(start_session.device, ''), 100), left(coalesce(start_session.user_agent, ''), 500),
		left(start_session.address, 100), convert_to(social.refresh_token_new(), 'UTF8'), session_ends)
	RETURNING id INTO session;
	INSERT INTO social.refresh_tokens (session_id, token_hash, expires_at)
	VALUES (session, sha256(convert_to(token, 'UTF8')), session_ends);
	RETURN QUERY SELECT * FROM social.session_tokens(account_id, session, token, session_ends);
END
$$;
COMMENT ON FUNCTION social.start_session(bigint, text, text, text) IS
	'Starts a session of an account that has just proved who it is, on a device (what the client calls it, its User-Agent, its address), and gives its first tokens. Beyond social.sessions_max, the sessions not seen for longest end.';

CREATE OR REPLACE FUNCTION social.session_tokens(account_id bigint, session bigint, token text, session_ends timestamptz)
	RETURNS TABLE (access text, refresh text, token_type text, expires_in integer, refresh_expires_in integer, user_id bigint, session_id bigint)
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	access_ends timestamptz := least(now() + social.setting('access_token_lifetime')::interval, session_ends);
BEGIN
	RETURN QUERY SELECT social.sign_access_token(account_id, session::text, access_ends), token, 'Bearer'::text,
		extract(epoch FROM access_ends - now())::integer, extract(epoch FROM session_ends - now())::integer, account_id, session;
END
$$;
COMMENT ON FUNCTION social.session_tokens(bigint, bigint, text, timestamptz) IS
	'What a client gets: a new access token, which ends no later than the session, beside this refresh token.';

-- ---- refresh tokens ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.refresh_token_new() RETURNS text
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'social_refresh_token_new';
COMMENT ON FUNCTION social.refresh_token_new() IS
	'256 random bits, as text.';

CREATE OR REPLACE FUNCTION social.refresh_token_next(token text, family_secret bytea) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_refresh_token_next';
COMMENT ON FUNCTION social.refresh_token_next(text, bytea) IS
	'The refresh token that follows this one in its family: computed from it, so that asking twice gives the same one though only hashes are stored.';
