-- security.sql owns the page that shows a person who and what can get at the account.

SELECT social.make_list('security_changes', '',
	'id bigint, action text, address text, created_at timestamptz',
	'l.id, l.action, CASE WHEN coalesce(l.actor_id, viewer) = viewer THEN l.address END, l.created_at',
	$$social.audit_log l WHERE l.object_type = 'user' AND l.object_id = viewer AND l.action = ANY (ARRAY['change_password', 'reset_password', 'change_password_refused',
		'change_email', 'change_email_refused', 'verify_email', 'totp_enabled', 'totp_disabled', 'enable_totp_refused', 'recovery_code_used',
		'create_api_key', 'create_api_key_refused', 'revoke_api_key', 'logout_all', 'refresh_token_reused', 'delete_account_refused'])$$, '{l.id}',
	'What was done to the security of the viewer''s account, or tried, newest first: the password, the address, one-time codes, API keys, sessions; and from which network address, where it was not somebody else. SM401 when nobody acts, SM403 where an API key does; SM400 for a bad page size or cursor.',
	checks => 'PERFORM social.require_login();', is_own => true, is_definer => true);

CREATE OR REPLACE FUNCTION social.security_json() RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_login();
	RETURN (SELECT row_to_json(r) FROM (
		SELECT a.email, a.email_verified, a.pending_email, a.password_changed_at, a.last_login_at, a.totp_enabled, a.recovery_codes_left,
			(SELECT coalesce(json_agg(row_to_json(s)), '[]') FROM (SELECT l.id, l.device, l.user_agent, l.address, l.created_at, l.last_seen_at, l.expires_at, l.is_current
				FROM social.active_sessions() l) s) AS sessions,
			(SELECT coalesce(json_agg(row_to_json(s)), '[]') FROM (SELECT l.id, l.outcome, l.address, l.user_agent, l.device, l.created_at FROM social.login_attempts() l) s) AS login_attempts,
			(SELECT coalesce(json_agg(row_to_json(s)), '[]') FROM (SELECT l.id, l.name, l.prefix, l.scopes, l.is_live, l.created_at, l.expires_at, l.last_used_at, l.revoked_at
				FROM social.api_keys() l) s) AS api_keys,
			(SELECT coalesce(json_agg(row_to_json(s)), '[]') FROM (SELECT l.id, l.action, l.address, l.created_at FROM social.security_changes() l) s) AS changes
		FROM social.visible_account a) r);
END
$$;
COMMENT ON FUNCTION social.security_json() IS 'Who and what can get at the viewer''s account, in one: address and second factor, sessions, attempts to log in, API keys, and what was last changed; the newest 20 of each. SM401 when nobody acts, SM403 where an API key does.';
