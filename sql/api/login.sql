-- login.sql owns logging in, and the record of attempts to.

CREATE OR REPLACE FUNCTION social.account_by_name(name text, is_claim boolean) RETURNS social.users
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account social.users;
BEGIN
	IF is_claim THEN
		SELECT u.* INTO account FROM social.users u
		WHERE lower(u.pending_email) = lower(name) AND u.pending_email <> '' AND u.is_active ORDER BY coalesce(u.claimed_at, u.created_at), u.id LIMIT 1;
	ELSE
		-- A name is matched before an address, should one account have the other's address for a name.
		SELECT u.* INTO account FROM social.users u
		WHERE lower(u.username) = lower(name) OR (lower(u.email) = lower(name) AND u.email <> '')
		ORDER BY (lower(u.username) = lower(name)) DESC LIMIT 1;
	END IF;
	RETURN account;
END
$$;
COMMENT ON FUNCTION social.account_by_name(text, boolean) IS 'The account with this user name or e-mail address, in any case, or the earliest active one that claims the address; null for none.';

-- A name or address that nobody has costs what an account would: always the same one of those there
-- are; which, nobody outside can tell. Hashes differ in form and cost (those of a site that moved in,
-- those before a setting changed), and so do their times.
CREATE OR REPLACE FUNCTION social.decoy_account(name text) RETURNS social.users
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	decoy social.users;
	last_id bigint := (SELECT max(u.id) FROM social.users u);
	seed bigint := (SELECT s.system_identifier FROM pg_control_system() s);
BEGIN
	SELECT u.* INTO decoy FROM social.users u
	WHERE u.id >= (hashtextextended(lower(name), seed) & 9223372036854775807) % (last_id + 1)
	ORDER BY u.id LIMIT 1;
	RETURN decoy;
END
$$;
COMMENT ON FUNCTION social.decoy_account(text) IS 'The account whose work stands in, in vain, for a name or address that nobody has.';

-- What a refused attempt tells. The first four read the same; only who knows the password learns more.
CREATE OR REPLACE FUNCTION social.login_refusals(OUT reason text, OUT code text, OUT message text, OUT detail text) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.reason, 'SM401', 'wrong username or password', 'No active account has this name or address and this password, or it was tried too often in a minute.'
	FROM (VALUES ('unknown_account'), ('wrong_password'), ('paused'), ('inactive')) AS r (reason)
	UNION ALL VALUES
		('suspended', 'SM403', 'the account is suspended', 'Ask the operator about it.'),
		('refused', 'SM403', 'the login is refused', 'Ask the operator about it.'),
		('deleting', 'SM403', 'the account is being deleted', 'Log in with restore to have it back.'),
		('code_required', 'SM401', 'a one-time code is required', 'Log in again with the code of the authenticator app, or a recovery code.'),
		('wrong_code', 'SM401', 'wrong one-time code', 'It is not the present one, was used already, or is no recovery code that is left.'),
		('code_paused', 'SM429', 'too many wrong one-time codes', 'Codes are refused for a while.')
$$;
COMMENT ON FUNCTION social.login_refusals() IS 'What each outcome of a login that was refused answers.';

CREATE OR REPLACE FUNCTION social.login(username text, password text, totp text DEFAULT NULL,
		device text DEFAULT NULL, user_agent text DEFAULT NULL, address text DEFAULT NULL, restore boolean DEFAULT false)
	RETURNS TABLE (access text, refresh text, token_type text, expires_in integer, refresh_expires_in integer,
		user_id bigint, session_id bigint, totp_required boolean, error_code text, error_message text, error_detail text, restorable_until timestamptz)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text := social.trim_identifier(left(login.username, 1000));
	decoy text := (social.decoy_account(name)).password;
	account social.users;
	candidate social.users;
	claimant bigint;
	fits boolean := false;
	outcome text;
	refusal text;
	until timestamptz;
BEGIN
	IF login.address IS NOT NULL THEN
		PERFORM social.set_client_address(login.address);
	END IF;
	FOR claim IN 0 .. CASE WHEN position('@' IN name) > 0 THEN 1 ELSE 0 END
	LOOP
		candidate := social.account_by_name(name, claim = 1);
		IF octet_length(login.password) <= 1000 THEN
			fits := social.check_password(login.password, CASE WHEN candidate.id IS NULL THEN decoy ELSE candidate.password END)
				AND candidate.id IS NOT NULL;
		END IF;
		-- An attempt that fails is not a claimant's to see: the address may be somebody else's.
		IF fits OR claim = 0 THEN
			account := candidate;
		ELSE
			claimant := candidate.id;
		END IF;
		EXIT WHEN fits;
	END LOOP;

	-- One count of an account's tries, whichever of its names is used. A bridge's own count goes by what was typed and
	-- tells it; this one must not show, or it would tell whose an address is.
	outcome := CASE WHEN NOT social.take_login_limit(account.id, name, social.client_address())
			OR (position('@' IN name) > 0 AND NOT social.take_login_limit(claimant, name, social.client_address())) THEN 'paused'
		WHEN account.id IS NULL THEN 'unknown_account' WHEN NOT fits THEN 'wrong_password'
		WHEN NOT account.is_active AND social.pending_deletion(account) IS NULL THEN 'inactive'
		WHEN account.suspended_at IS NOT NULL AND coalesce(account.suspended_until > now(), true) THEN 'suspended' END;
	IF outcome IS NULL THEN
		refusal := social.hook_refusal('login_hook', jsonb_build_object('user_id', account.id, 'username', account.username,
			'device', login.device, 'user_agent', login.user_agent, 'address', social.client_address()));
		outcome := CASE WHEN refusal IS NULL THEN social.open_account(account, login.password, login.totp, login.restore) ELSE 'refused' END;
	END IF;
	INSERT INTO social.login_attempts (user_id, claimant_id, username, address, user_agent, device, outcome)
	VALUES (account.id, claimant, coalesce(left(name, 254), ''), social.client_address(),
		coalesce(left(login.user_agent, 500), ''), coalesce(left(login.device, 200), ''), outcome);
	IF outcome = 'success' THEN
		RETURN QUERY SELECT s.access, s.refresh, s.token_type, s.expires_in, s.refresh_expires_in, s.user_id, s.session_id,
			false, NULL::text, NULL::text, NULL::text, NULL::timestamptz
		FROM social.start_session(account.id, login.device, login.user_agent, social.client_address()) s;
	ELSE
		until := CASE WHEN outcome = 'deleting' THEN social.pending_deletion(account) END;
		RETURN QUERY SELECT NULL::text, NULL::text, NULL::text, NULL::integer, NULL::integer, NULL::bigint, NULL::bigint,
			r.reason IN ('code_required', 'wrong_code', 'code_paused'), r.code, r.message,
			CASE WHEN r.reason = 'suspended' AND account.suspended_until IS NOT NULL THEN 'Until ' || account.suspended_until || '.'
				WHEN until IS NOT NULL THEN 'Until ' || until || ': log in with restore to have it back.' ELSE coalesce(refusal, r.detail) END, until
		FROM social.login_refusals() r WHERE r.reason = outcome;
	END IF;
END
$$;
COMMENT ON FUNCTION social.login(text, text, text, text, text, text, boolean) IS
	'Exchanges a user name or e-mail address and a password, and a one-time or recovery code where the account asks for one (totp_required), for a session: access and refresh token. device, user_agent and address describe the client. Returns one row and raises nothing, so that the attempt is recorded: when refused the tokens are null and error_code is SM401, in the same words and after the same work whether the account, the password or its being active is what lacks; SM403 for the right password of a suspended account, or when social.login_hook says why not (it is given user_id, username, device, user_agent and address); SM403 too for an account that its owner is deleting, with restorable_until: with restore the same login has it back, whole, and logs in. SM401 for a missing or wrong code, SM429 after social.totp_failures wrong ones. An account''s tries from one network address count together, however it is named (the policy auth/login/account): one too many is answered like a wrong password. Blanks around the name are nothing. Hashes of another form or cost are renewed.';

-- The password fits: the rest, with the account's row locked, so that a password that changes, or an
-- account that is suspended meanwhile lets nobody in.
CREATE OR REPLACE FUNCTION social.open_account(account social.users, password text, code text, restore boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- Of another form or cost, or made before passwords had one form whatever the keyboard.
	renewed text := CASE WHEN social.password_needs_rehash(account.password)
		OR (social.prepare_password($2) <> $2 AND NOT social.verify_password(social.prepare_password($2), account.password)) THEN social.hash_password($2) ELSE account.password END;
	second text;
	present social.users;
BEGIN
	SELECT u.* INTO present FROM social.users u WHERE u.id = account.id AND u.password = account.password FOR NO KEY UPDATE;
	IF present.id IS NULL OR NOT present.is_active AND social.pending_deletion(present) IS NULL THEN
		RETURN 'wrong_password';
	ELSIF present.suspended_at IS NOT NULL AND coalesce(present.suspended_until > now(), true) THEN
		RETURN 'suspended';
	ELSIF NOT present.is_active AND restore IS NOT TRUE THEN
		RETURN 'deleting';
	END IF;
	second := social.check_code(account.id, code);
	IF second <> 'ok' THEN
		RETURN second;
	END IF;
	IF NOT present.is_active THEN
		PERFORM social.cancel_deletion(account.id);
	END IF;
	-- The time is kept to the minute, so that a client that logs in all the time does not write all the time.
	UPDATE social.users u
	SET password = renewed, last_login_at = CASE WHEN coalesce(u.last_login_at < now() - interval '1 minute', true) THEN now() ELSE u.last_login_at END
	WHERE u.id = account.id AND (u.password <> renewed OR coalesce(u.last_login_at < now() - interval '1 minute', true));
	RETURN 'success';
END
$$;
COMMENT ON FUNCTION social.open_account(social.users, text, text, boolean) IS 'The second half of login: the one-time code, having back an account that is being deleted, renewing the hash, noting the login. Returns the attempt''s outcome.';

-- A login that has an account back shows who it is, which the statement that began with it does not see yet.
CREATE OR REPLACE FUNCTION social.login_user_json(user_id bigint) RETURNS json
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT social.user_json(u) FROM social.visible_users u WHERE u.id = $1);
END
$$;
COMMENT ON FUNCTION social.login_user_json(bigint) IS 'Who has just logged in, as REST shows people; null for nobody.';

-- ---- attempts ------------------------------------------------------------------------------------

SELECT social.make_list('login_attempts', '',
	'id bigint, outcome text, address text, user_agent text, device text, created_at timestamptz',
	'a.id, a.outcome, a.address, a.user_agent, a.device, a.created_at',
	'social.login_attempts a WHERE a.user_id = viewer', '{a.id}',
	'Attempts to log in to the viewer''s account, newest first: the outcome (success, wrong_password, paused: tried too often, suspended, refused, deleting, code_required, wrong_code, code_paused) and where they came from. SM401 when nobody acts, SM403 where an API key does; SM400 for a bad page size or cursor.',
	checks => 'PERFORM social.require_login();', is_own => true, is_definer => true);

CREATE OR REPLACE VIEW social.admin_login_attempts AS
SELECT a.id, a.created_at, coalesce(u.username, '') AS account, a.username AS given_name, a.outcome, a.address, a.device, a.user_agent, a.user_id
FROM social.login_attempts a LEFT JOIN social.users u ON u.id = a.user_id;
COMMENT ON VIEW social.admin_login_attempts IS 'Every attempt to log in; account is empty when nobody has the name that was given.';
