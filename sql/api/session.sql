-- session.sql owns logins that last: starting, refreshing and ending sessions, and the token that
-- says in which one somebody acts.
--
-- Locks are taken in one order: the account's row, then sessions by id, then what hangs on them.

-- ---- acting in a session -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.session_id() RETURNS bigint
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'social_session_id';
COMMENT ON FUNCTION social.session_id() IS
	'The login session in which the viewer acts, or null: act_as was called, or an API key acts, or the token names no session.';

CREATE OR REPLACE FUNCTION social.session_is_live(session_id bigint, user_id bigint) RETURNS boolean
	LANGUAGE c STABLE STRICT
	AS 'MODULE_PATHNAME', 'social_session_is_live_sql';
COMMENT ON FUNCTION social.session_is_live(bigint, bigint) IS
	'Is this a session of this user (or, of a negative id, an API key) that has neither ended nor expired, nor been idle for longer than social.session_idle_timeout?';

CREATE OR REPLACE FUNCTION social.authenticate(token text) RETURNS bigint
	LANGUAGE c VOLATILE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'social_authenticate';
COMMENT ON FUNCTION social.authenticate(text) IS
	'Makes the user of an access token, or of an API key, the viewer, in the token''s session, until the end of the transaction; returns the id. A key that may write nothing makes the transaction READ ONLY. SM401 for a token that does not hold or was taken back, a session that has ended, or an account that is gone, inactive or suspended.';

CREATE OR REPLACE FUNCTION social.verify_token(token text, OUT user_id bigint, OUT session_id bigint, OUT expires_at timestamptz, OUT jti text,
		OUT error_code text, OUT error_message text, OUT error_detail text)
	LANGUAGE c VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'social_verify_token';
COMMENT ON FUNCTION social.verify_token(text) IS
	'Whom an access token lets act, in which session (null: it names none, as others'' tokens do) and until when. Knows our keys of every algorithm and those of registered issuers, ended sessions and the blacklist; and API keys, whose session is their id with a minus. A token that does not hold is a row with error_code SM401, error_message and error_detail, not an error.';

CREATE OR REPLACE FUNCTION social.blacklist_token(token text, reason text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bearer record;
BEGIN
	SELECT * INTO bearer FROM social.verify_token(token);
	IF bearer.error_code IS NOT NULL THEN
		PERFORM social.raise_error(bearer.error_code, bearer.error_message, bearer.error_detail);
	END IF;
	IF bearer.session_id IS NOT NULL THEN
		PERFORM social.end_session_ids(ARRAY[bearer.session_id], coalesce(reason, ''));
	ELSIF bearer.jti IS NULL THEN
		PERFORM social.raise_error('SM400', 'the token has no name', 'It has neither sid nor jti.');
	ELSE
		INSERT INTO social.token_blacklist (jti, token_type, user_id, reason, expires_at)
		VALUES (bearer.jti, 'access', bearer.user_id, coalesce(blacklist_token.reason, ''), least(bearer.expires_at, now() + interval '10 years'))
		ON CONFLICT DO NOTHING;
		PERFORM pg_notify('social_sessions', '0');
	END IF;
	PERFORM social.audit('blacklist_token', 'user', bearer.user_id, jsonb_build_object('session_id', bearer.session_id, 'jti', bearer.jti, 'reason', reason));
	RETURN bearer.user_id;
END
$$;
COMMENT ON FUNCTION social.blacklist_token(text, text) IS
	'Takes an access token back before its time, by ending its session, or by its jti when it has none (another issuer''s); returns whose it was. SM401 for a token that does not hold anyway, SM400 for one with neither.';

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
	IF ended = '{}' THEN
		RETURN 0;
	END IF;
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
	-- A login under way is waited for, and ends too.
	PERFORM FROM social.users u WHERE u.id = $1 FOR NO KEY UPDATE;
	RETURN social.end_session_ids(ARRAY(
		SELECT s.id FROM social.user_sessions s
		WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.id IS DISTINCT FROM except_session), reason);
END
$$;
COMMENT ON FUNCTION social.end_sessions(bigint, text, bigint) IS
	'Ends all sessions of a user but this one; returns how many. For functions that change what an account is, such as its password.';

-- However an account stops being active, by whoever's statement.
CREATE OR REPLACE FUNCTION social.end_stopped_sessions() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	reason text := CASE WHEN NEW.deleted_at IS NOT NULL THEN 'account deleted'
		WHEN NOT NEW.is_active THEN 'account deactivated' ELSE 'account suspended' END;
BEGIN
	PERFORM social.end_sessions(NEW.id, reason), social.revoke_api_keys(NEW.id, reason);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.end_stopped_sessions() IS 'Row trigger: the sessions and API keys of an account that is deleted, deactivated or suspended end, so that none goes on when the account comes back.';
CREATE OR REPLACE TRIGGER social_end_stopped_sessions AFTER UPDATE OF is_active, suspended_at, suspended_until, deleted_at ON social.users
	FOR EACH ROW WHEN (NOT NEW.is_active OR NEW.deleted_at IS NOT NULL OR (NEW.suspended_at IS NOT NULL AND coalesce(NEW.suspended_until > now(), true)))
	EXECUTE FUNCTION social.end_stopped_sessions();

CREATE OR REPLACE FUNCTION social.ended_sessions(ids bigint[]) RETURNS SETOF bigint
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT a.id FROM unnest(ids) AS a (id) LEFT JOIN social.user_sessions s ON s.id = a.id
	WHERE a.id >= 0 AND (s.id IS NULL OR NOT social.session_is_live(s.id, s.user_id))
	UNION ALL
	SELECT a.id FROM unnest(ids) AS a (id) LEFT JOIN social.api_keys k ON k.id = -a.id
	WHERE a.id < 0 AND (k.id IS NULL OR NOT social.session_is_live(a.id, k.user_id));
END
$$;
COMMENT ON FUNCTION social.ended_sessions(bigint[]) IS
	'Those of these sessions that live no more, or are unknown; a negative id is an API key''s. For bridges, which hear NOTIFY social_sessions from anybody and believe the table alone.';

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
	PERFORM FROM social.users u WHERE u.id = account_id FOR NO KEY UPDATE;
	IF sessions_max > 0 THEN
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
	issued timestamptz := clock_timestamp(); -- the transaction may have begun long ago: hashing takes its time
	access_ends timestamptz := least(issued + social.setting('access_token_lifetime')::interval, session_ends);
BEGIN
	RETURN QUERY SELECT social.sign_access_token(account_id, session::text, access_ends), token, 'Bearer'::text,
		extract(epoch FROM access_ends - issued)::integer, extract(epoch FROM session_ends - now())::integer, account_id, session;
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

CREATE OR REPLACE FUNCTION social.refresh_session_id(refresh text) RETURNS bigint
	LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT t.session_id FROM social.refresh_tokens t WHERE t.token_hash = sha256(convert_to(refresh, 'UTF8'))
	UNION ALL
	SELECT b.session_id FROM social.token_blacklist b
	WHERE b.jti = encode(sha256(convert_to(refresh, 'UTF8')), 'hex') AND b.token_type = 'refresh'
	LIMIT 1;
END;
COMMENT ON FUNCTION social.refresh_session_id(text) IS
	'The session that a refresh token was given out for, whether it still holds or not; null for a token that never was. For limits on refreshing.';

-- Exchanges the current token of a session, whose row the caller has locked.
CREATE OR REPLACE FUNCTION social.rotate_refresh_token(session social.user_sessions, current social.refresh_tokens, token text,
	user_agent text, address text) RETURNS text
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	at timestamptz := clock_timestamp();
	successor text := social.refresh_token_next(token, session.family_secret);
	session_ends timestamptz := social.session_end(session.created_at);
BEGIN
	UPDATE social.refresh_tokens t SET used_at = at WHERE t.id = current.id;
	DELETE FROM social.refresh_tokens t
	WHERE t.session_id = session.id AND t.used_at < at - social.setting('refresh_grace')::interval;
	INSERT INTO social.refresh_tokens (session_id, token_hash, parent_id, expires_at)
	VALUES (session.id, sha256(convert_to(successor, 'UTF8')), current.id, session_ends);
	INSERT INTO social.token_blacklist (jti, token_type, user_id, session_id, reason, expires_at)
	VALUES (encode(current.token_hash, 'hex'), 'refresh', session.user_id, session.id, 'rotated', current.expires_at)
	ON CONFLICT DO NOTHING;
	UPDATE social.user_sessions s
	SET last_seen_at = now(), expires_at = session_ends,
		user_agent = left(coalesce(rotate_refresh_token.user_agent, s.user_agent), 500),
		address = left(coalesce(rotate_refresh_token.address, s.address), 100)
	WHERE s.id = session.id;
	RETURN successor;
END
$$;
COMMENT ON FUNCTION social.rotate_refresh_token(social.user_sessions, social.refresh_tokens, text, text, text) IS
	'Blacklists the current refresh token of a session and makes the next, which it returns; the session lives longer for it, and is seen.';

-- A replay within the grace: other refreshes may have followed, so the chain is gone along to its end.
CREATE OR REPLACE FUNCTION social.newest_refresh_token(session social.user_sessions, token text) RETURNS text
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	successor text := token;
	used_at timestamptz;
BEGIN
	LOOP
		successor := social.refresh_token_next(successor, session.family_secret);
		SELECT t.used_at INTO used_at FROM social.refresh_tokens t WHERE t.token_hash = sha256(convert_to(successor, 'UTF8'));
		EXIT WHEN NOT FOUND OR used_at IS NULL;
	END LOOP;
	RETURN successor;
END
$$;
COMMENT ON FUNCTION social.newest_refresh_token(social.user_sessions, text) IS
	'The current refresh token of the family of this one, which was used before.';

CREATE OR REPLACE FUNCTION social.refresh_session(token text, user_agent text DEFAULT NULL, address text DEFAULT NULL)
	RETURNS TABLE (access text, refresh text, token_type text, expires_in integer, refresh_expires_in integer, user_id bigint, session_id bigint,
		error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	session social.user_sessions;
	current social.refresh_tokens;
	successor text;
	refusal text;
BEGIN
	IF coalesce(token, '') = '' THEN
		PERFORM social.raise_error('SM400', 'refresh is required', 'It is the refresh token of the last login or refresh.');
	END IF;

	-- The session's row is the queue in which parallel refreshes of one family stand.
	SELECT s.* INTO session FROM social.user_sessions s WHERE s.id = social.refresh_session_id(token) FOR NO KEY UPDATE;
	SELECT t.* INTO current FROM social.refresh_tokens t
	WHERE t.session_id = session.id AND t.token_hash = sha256(convert_to(token, 'UTF8'));

	IF session.id IS NULL THEN
		refusal := 'The token is unknown or has expired.';
	ELSIF NOT social.session_is_live(session.id, session.user_id) THEN
		refusal := 'The session has ended.';
	ELSIF NOT EXISTS (SELECT FROM social.users u WHERE u.id = session.user_id AND u.is_active
		AND (u.suspended_at IS NULL OR u.suspended_until <= now())) THEN
		refusal := 'The account is gone, inactive or suspended.';
	ELSIF current.id IS NULL OR current.used_at + social.setting('refresh_grace')::interval <= clock_timestamp() THEN
		PERFORM social.end_session_ids(ARRAY[session.id], 'refresh token reused');
		PERFORM social.audit('refresh_token_reused', 'user', session.user_id,
			jsonb_build_object('session_id', session.id, 'address', left(refresh_session.address, 100), 'user_agent', left(refresh_session.user_agent, 500)));
		refusal := 'The token was used before, so its session has been ended.';
	ELSIF current.used_at IS NULL THEN
		-- Here, because nobody else knows the session (I-29). Replays within the grace cost nothing.
		PERFORM social.take_rate_limit('refresh', session_id => session.id, surface => 'auth');
		successor := social.rotate_refresh_token(session, current, token, refresh_session.user_agent, refresh_session.address);
	ELSE
		successor := social.newest_refresh_token(session, token);
	END IF;

	IF refusal IS NULL THEN
		RETURN QUERY SELECT t.*, NULL::text, NULL::text, NULL::text
		FROM social.user_sessions s, social.session_tokens(s.user_id, s.id, successor, s.expires_at) t WHERE s.id = session.id;
	ELSE
		RETURN QUERY SELECT NULL::text, NULL::text, NULL::text, NULL::integer, NULL::integer, NULL::bigint, NULL::bigint,
			'SM401'::text, 'invalid refresh token'::text, refusal;
	END IF;
END
$$;
COMMENT ON FUNCTION social.refresh_session(text, text, text) IS
	'Exchanges a refresh token for a new access token and the next refresh token, which alone is good from then on. Until social.refresh_grace later the old one gives the same again, so that clients that refresh twice at once stay logged in; after that its use ends the session and is audited, for somebody else has it. A refusal is a row with error_code SM401, error_message and error_detail, not an error, so that what it does is kept. SM429 when one session refreshes too often (I-29: 5 a minute), SM400 without a token.';

-- ---- what a person does with sessions ------------------------------------------------------------

SELECT social.make_list('active_sessions', '',
	'id bigint, device text, user_agent text, address text, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz, is_current boolean',
	's.id, s.device, s.user_agent, s.address, s.created_at, s.last_seen_at, s.expires_at, s.id IS NOT DISTINCT FROM social.session_id()',
	'social.user_sessions s WHERE s.user_id = viewer AND social.session_is_live(s.id, viewer)', '{s.last_seen_at, s.id}',
	'The viewer''s sessions that live, last seen first; is_current marks the one that asks. SM401 when nobody acts, SM403 where an API key does; SM400 for a bad page size or cursor.',
	checks => 'PERFORM social.require_login();', is_own => true, is_definer => true);

CREATE OR REPLACE FUNCTION social.logout(refresh text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	session bigint := social.session_id();
BEGIN
	IF coalesce(refresh, '') <> '' THEN
		SELECT s.id INTO session FROM social.user_sessions s
		WHERE s.id = social.refresh_session_id(refresh) AND s.user_id = coalesce(social.viewer_id(), s.user_id);
		IF session IS NULL THEN
			PERFORM social.raise_error('SM401', 'invalid refresh token', 'It is unknown, has expired, or is somebody else''s.');
		END IF;
	ELSIF session IS NULL THEN
		PERFORM social.require_login();
		PERFORM social.raise_error('SM400', 'no session to end', 'The access token names no session.', 'Give the refresh token of the session, or end all sessions.');
	END IF;
	IF social.end_session_ids(ARRAY[session], 'logout') > 0 THEN
		PERFORM social.audit('logout', 'session', session);
	END IF;
	RETURN session;
END
$$;
COMMENT ON FUNCTION social.logout(text) IS
	'Ends the session that acts, or the one of this refresh token, which serves also when the access token has expired; returns its id. May be repeated. SM401 when nobody acts or the refresh token is not good for it, SM400 when there is no session to end.';

CREATE OR REPLACE FUNCTION social.logout_all() RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	viewer bigint := social.require_login();
	ended bigint := social.end_sessions(viewer, 'logout everywhere');
BEGIN
	PERFORM social.audit('logout_all', 'user', viewer, jsonb_build_object('sessions', ended));
	RETURN ended;
END
$$;
COMMENT ON FUNCTION social.logout_all() IS
	'Ends all sessions of the viewer, the one that acts included; returns how many. SM401 when nobody acts.';

CREATE OR REPLACE FUNCTION social.revoke_session(session_id bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	viewer bigint := social.require_login();
	owner bigint;
BEGIN
	SELECT s.user_id INTO owner FROM social.user_sessions s
	WHERE s.id = $1 AND (s.user_id = viewer OR social.viewer_is_staff());
	IF owner IS NULL THEN
		PERFORM social.raise_error('SM404', 'session not found');
	END IF;
	IF social.end_session_ids(ARRAY[$1], CASE WHEN owner = viewer THEN 'revoked' ELSE 'revoked by staff' END) > 0 THEN
		PERFORM social.audit('revoke_session', 'session', $1, jsonb_build_object('user_id', owner));
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.revoke_session(bigint) IS
	'Ends a session of the viewer, or anybody''s when staff acts; returns its id, also when it had ended before. SM401 when nobody acts, SM404 for a session that is unknown or somebody else''s.';

CREATE OR REPLACE FUNCTION social.clear_expired_sessions() RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	viewer bigint := social.require_login();
	cleared bigint;
BEGIN
	DELETE FROM social.user_sessions s WHERE s.user_id = viewer AND NOT social.session_is_live(s.id, viewer);
	GET DIAGNOSTICS cleared = ROW_COUNT;
	RETURN cleared;
END
$$;
COMMENT ON FUNCTION social.clear_expired_sessions() IS
	'Forgets those sessions of the viewer that have ended or expired; returns how many. SM401 when nobody acts.';

CREATE OR REPLACE FUNCTION social.touch_session(session_id bigint, address text DEFAULT NULL, user_agent text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF session_id < 0 THEN
		UPDATE social.api_keys k SET last_used_at = now()
		WHERE k.id = (
			SELECT o.id FROM social.api_keys o
			WHERE o.id = -$1 AND coalesce(o.last_used_at < now() - interval '1 minute', true) AND o.expires_at > now() AND o.revoked_at IS NULL
			FOR NO KEY UPDATE SKIP LOCKED);
		RETURN FOUND;
	END IF;
	UPDATE social.user_sessions s
	SET last_seen_at = now(), address = left(coalesce($2, s.address), 100), user_agent = left(coalesce($3, s.user_agent), 500)
	WHERE s.id = (
		SELECT o.id FROM social.user_sessions o
		WHERE o.id = $1 AND o.last_seen_at < now() - interval '1 minute' AND o.expires_at > now() AND o.revoked_at IS NULL
		FOR NO KEY UPDATE SKIP LOCKED);
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION social.touch_session(bigint, text, text) IS
	'Notes that a session is in use, from this address, by this User-Agent, or an API key (a negative id); at most once a minute, and never waiting. Returns whether it did. For the bridge.';

CREATE OR REPLACE VIEW social.admin_sessions AS
SELECT s.id, s.user_id, u.username, s.device, s.user_agent, s.address, s.created_at, s.last_seen_at, s.expires_at,
	s.expires_at > now() AS is_live, s.revoked_at, s.revoked_reason
FROM social.user_sessions s JOIN social.users u ON u.id = s.user_id;
COMMENT ON VIEW social.admin_sessions IS 'Sessions with their people; those that ended too, until retention removes them.';
