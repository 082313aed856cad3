-- auth.sql owns accounts' doors: registering, logging in, passwords.

-- ---- passwords ---------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.hash_password(password text) RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_hash_password';
COMMENT ON FUNCTION social.hash_password(text) IS
	'A password as argon2id with a random salt, at the cost of social.argon2_memory and social.argon2_iterations.';

CREATE OR REPLACE FUNCTION social.verify_password(password text, encoded text) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_verify_password';
COMMENT ON FUNCTION social.verify_password(text, text) IS
	'Does the password fit the hash? Takes argon2id and the pbkdf2_sha256$ and argon2$ forms of Django; false for anything else, and for a hash whose cost is beyond reason.';

CREATE OR REPLACE FUNCTION social.check_password(password text, encoded text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_check_password';
COMMENT ON FUNCTION social.check_password(text, text) IS
	'verify_password that does the work of one hash also when there is no usable hash, so that time tells nothing.';

CREATE OR REPLACE FUNCTION social.password_needs_rehash(encoded text) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_password_needs_rehash_sql';
COMMENT ON FUNCTION social.password_needs_rehash(text) IS
	'Is the hash of another form or cost than hash_password makes now?';

-- ---- registering and logging in --------------------------------------------------------------------

-- The conditions on a new account that concern one argument alone; each raises SM400.
CREATE OR REPLACE FUNCTION social.check_new_account(
	username text, email text, password text, first_name text, last_name text) RETURNS void
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	min_length integer := social.setting('password_min_length')::integer;
BEGIN
	IF coalesce(username, '') = '' THEN
		PERFORM social.raise_error('SM400', 'username is required');
	ELSIF octet_length(username) > 30 OR username !~ '^[A-Za-z0-9_]+$' THEN
		PERFORM social.raise_error('SM400', 'username is not valid',
			'A username is 1 to 30 letters a-z, digits and underscores.');
	ELSIF coalesce(email, '') = '' THEN
		PERFORM social.raise_error('SM400', 'email is required');
	ELSIF octet_length(email) > 254 OR email !~ '^[^@[:space:][:cntrl:]]+@[^@.[:space:][:cntrl:]]+(\.[^@.[:space:][:cntrl:]]+)+$' THEN
		PERFORM social.raise_error('SM400', 'email is not valid');
	ELSIF coalesce(password, '') = '' THEN
		PERFORM social.raise_error('SM400', 'password is required');
	ELSIF octet_length(password) > 1000 THEN
		PERFORM social.raise_error('SM400', 'password is too long', 'The limit is 1000 bytes.');
	ELSIF length(password) < min_length THEN
		PERFORM social.raise_error('SM400', 'password is too short',
			format('It must have at least %s characters.', min_length));
	ELSIF length(first_name) > 150 OR length(last_name) > 150 THEN
		PERFORM social.raise_error('SM400',
			CASE WHEN length(first_name) > 150 THEN 'first name' ELSE 'last name' END || ' is too long',
			'The limit is 150 characters.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_new_account(text, text, text, text, text) IS
	'Raises SM400 unless these could be a new account''s.';

CREATE OR REPLACE FUNCTION social.register_user(
	username text, email text, password text, first_name text DEFAULT '', last_name text DEFAULT '')
	RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	new_id bigint;
	taken text;
BEGIN
	PERFORM social.check_new_account(username, email, password, first_name, last_name);
	INSERT INTO social.users (username, email, password, first_name, last_name)
	VALUES (register_user.username, register_user.email, social.hash_password(register_user.password),
		coalesce(register_user.first_name, ''), coalesce(register_user.last_name, ''))
	RETURNING id INTO new_id;
	RETURN new_id;
EXCEPTION WHEN unique_violation THEN
	GET STACKED DIAGNOSTICS taken = CONSTRAINT_NAME;
	IF taken = 'users_username_key' THEN
		PERFORM social.raise_error('SM409', 'username is taken',
			format('There is already a user named "%s".', register_user.username));
	ELSIF taken = 'users_email_key' THEN
		PERFORM social.raise_error('SM409', 'email is taken');
	END IF;
	RAISE;
END
$$;
COMMENT ON FUNCTION social.register_user(text, text, text, text, text) IS
	'Creates an account and returns its id. SM400 for input that is no account''s, SM409 for a name or an e-mail address that is taken, in any case.';

CREATE OR REPLACE FUNCTION social.login(username text, password text)
	RETURNS TABLE (access text, token_type text, expires_in integer, user_id bigint)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	account record;
	fits boolean := false;
BEGIN
	-- A name is matched before an address, should one account have the other's address for a name.
	SELECT u.id, u.password, u.is_active, u.last_login_at, u.suspended_until,
		u.suspended_at IS NOT NULL AND coalesce(u.suspended_until > now(), true) AS is_suspended INTO account
	FROM social.users u
	WHERE lower(u.username) = lower(login.username)
		OR (lower(u.email) = lower(login.username) AND u.email <> '')
	ORDER BY (lower(u.username) = lower(login.username)) DESC
	LIMIT 1;

	IF octet_length(login.password) <= 1000 THEN
		fits := social.check_password(login.password, account.password);
	END IF;
	IF NOT fits OR NOT account.is_active THEN
		PERFORM social.raise_error('SM401', 'wrong username or password');
	ELSIF account.is_suspended THEN
		PERFORM social.raise_error('SM403', 'the account is suspended', coalesce('Until ' || account.suspended_until || '.', ''));
	END IF;

	IF social.password_needs_rehash(account.password) THEN
		UPDATE social.users u SET password = social.hash_password(login.password)
		WHERE u.id = account.id AND u.password = account.password;
	END IF;
	-- Kept to the minute, so that a client that logs in all the time does not write all the time.
	IF coalesce(account.last_login_at < now() - interval '1 minute', true) THEN
		UPDATE social.users u SET last_login_at = now() WHERE u.id = account.id;
	END IF;
	RETURN QUERY SELECT social.sign_access_token(account.id, gen_random_uuid()::text), 'Bearer'::text,
		extract(epoch FROM social.setting('access_token_lifetime')::interval)::integer, account.id;
END
$$;
COMMENT ON FUNCTION social.login(text, text) IS
	'Exchanges a user name or e-mail address and a password for an access token. SM401, in the same words and after the same work, whether the account, the password or its being active is what lacks; SM403 for the right password of a suspended account. Hashes of another form or cost are renewed.';
