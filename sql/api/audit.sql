-- audit.sql owns the audit log: the one function that writes it, and what keeps it as written.

CREATE OR REPLACE FUNCTION social.append_only() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_append_only';
COMMENT ON FUNCTION social.append_only() IS 'Trigger before UPDATE, DELETE or TRUNCATE of a table whose rows are only added: refuses (42501), unless social.restoring is on, as it is for retention and while a dump is restored.';
CREATE OR REPLACE TRIGGER social_append_only BEFORE UPDATE OR DELETE ON social.audit_log
	FOR EACH ROW EXECUTE FUNCTION social.append_only();
CREATE OR REPLACE TRIGGER social_append_only_truncate BEFORE TRUNCATE ON social.audit_log
	FOR EACH STATEMENT EXECUTE FUNCTION social.append_only();

CREATE OR REPLACE FUNCTION social.set_client_address(address text) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_set_client_address';
COMMENT ON FUNCTION social.set_client_address(text) IS 'Says where the client of this transaction comes from, for the audit log; null means the address of the connection. For the bridge.';

CREATE OR REPLACE FUNCTION social.client_address() RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN coalesce(nullif(social.setting('client_address'), ''), host(inet_client_addr()));
END
$$;
COMMENT ON FUNCTION social.client_address() IS 'Where the request comes from: what set_client_address said, else the address of the connection; null for a local one.';

CREATE OR REPLACE FUNCTION social.audit(action text, object_type text DEFAULT '', object_id bigint DEFAULT NULL, detail jsonb DEFAULT '{}')
	RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	entry bigint;
BEGIN
	IF coalesce(action, '') = '' THEN
		PERFORM social.raise_error('SM400', 'action is required');
	END IF;
	INSERT INTO social.audit_log (actor_id, action, object_type, object_id, detail, address, application, database_role)
	VALUES (social.viewer_id(), $1, coalesce($2, ''), $3, coalesce($4, '{}'),
		social.client_address(), current_setting('application_name'), session_user)
	RETURNING id INTO entry;
	RETURN entry;
END
$$;
COMMENT ON FUNCTION social.audit(text, text, bigint, jsonb) IS 'Adds an entry to the audit log: who (the viewer and the database role), what (action on the object), when and from where (set_client_address or the connection, application_name). Returns its id. SM400 without an action.';

-- ---- for alerts ----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.security_counters(since interval DEFAULT interval '1 hour') RETURNS TABLE (name text, value bigint)
	LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF since IS NULL OR since <= interval '0' THEN
		PERFORM social.raise_error('SM400', 'invalid since', 'It is an interval that reaches into the past.');
	END IF;
	RETURN QUERY
	WITH attempts AS (
		SELECT count(*) FILTER (WHERE a.outcome = 'success') AS good,
			count(*) FILTER (WHERE a.outcome IN ('unknown_account', 'wrong_password', 'paused', 'inactive', 'suspended', 'refused')) AS bad,
			count(*) FILTER (WHERE a.outcome IN ('wrong_code', 'code_paused')) AS codes,
			count(DISTINCT a.address) FILTER (WHERE a.outcome NOT IN ('success', 'code_required')) AS addresses,
			count(DISTINCT a.user_id) FILTER (WHERE a.outcome NOT IN ('success', 'code_required')) AS accounts
		FROM social.login_attempts a WHERE a.created_at > now() - since
	), events AS (
		SELECT l.action, count(*) AS n FROM social.audit_log l WHERE l.created_at > now() - since GROUP BY 1
	)
	SELECT c.name, c.value FROM (
		SELECT 1, 'logins', good FROM attempts
		UNION ALL SELECT 2, 'failed logins', bad FROM attempts
		UNION ALL SELECT 3, 'wrong one-time codes', codes FROM attempts
		UNION ALL SELECT 4, 'addresses of failed logins', addresses FROM attempts
		UNION ALL SELECT 5, 'accounts of failed logins', accounts FROM attempts
		UNION ALL SELECT 6, w.name, coalesce((SELECT sum(e.n) FROM events e WHERE e.action = ANY (w.actions)), 0)::bigint
		FROM (VALUES
			('registrations', ARRAY['register']),
			('refused password changes', ARRAY['change_password_refused', 'disable_totp_refused', 'confirm_totp_refused', 'regenerate_recovery_codes_refused', 'change_email_refused']),
			('refused mail tokens', ARRAY['reset_password_refused', 'verify_email_refused']),
			('password resets asked for', ARRAY['request_password_reset']),
			('passwords set', ARRAY['change_password', 'reset_password']),
			('refresh tokens used twice', ARRAY['refresh_token_reused']),
			('sessions revoked', ARRAY['revoke_session', 'logout_all']),
			('suspensions', ARRAY['suspend_user'])) AS w (name, actions)
		UNION ALL SELECT 7, 'content violations', (SELECT count(*) FROM social.reports r WHERE r.reporter_id IS NULL AND r.created_at > now() - since)
		UNION ALL SELECT 8, 'mails given up', (SELECT count(*) FROM social.mail_outbox m WHERE m.failed_at > now() - since AND m.attempts > 0)
	) AS c (place, name, value)
	ORDER BY c.place, c.name;
END
$$;
COMMENT ON FUNCTION social.security_counters(interval) IS 'What an alert may look at: how often each kind of security event happened in this time until now. SM400 for no time at all.';
