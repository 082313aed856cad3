-- register.sql owns making accounts: the door that anybody may knock at, and the one for trusted roles.

-- The conditions on a new account that concern one argument alone; each raises SM400.
CREATE OR REPLACE FUNCTION social.check_new_account(
	username text, email text, password text, first_name text, last_name text) RETURNS void
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF coalesce(username, '') = '' THEN
		PERFORM social.raise_error('SM400', 'username is required');
	ELSIF octet_length(username) > 30 OR username !~ '^[A-Za-z0-9_]+$' THEN
		PERFORM social.raise_error('SM400', 'username is not valid',
			'A username is 1 to 30 letters a-z, digits and underscores.');
	END IF;
	PERFORM social.check_email(email);
	PERFORM social.check_new_password(password, username, email);
	PERFORM social.check_profile_text('first name', first_name, 150), social.check_profile_text('last name', last_name, 150);
END
$$;
COMMENT ON FUNCTION social.check_new_account(text, text, text, text, text) IS
	'Raises SM400 unless these could be a new account''s.';

-- Letters and digits that pass for others in a name count as them; underscores as nothing.
CREATE OR REPLACE FUNCTION social.name_likeness(username text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT translate(lower(username), '013457i_', 'oleastl');
END;
COMMENT ON FUNCTION social.name_likeness(text) IS 'What a user name looks like at a glance: adm1n, Admin and _admin_ are alike.';

CREATE OR REPLACE FUNCTION social.name_is_reserved(username text) RETURNS boolean
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.name_likeness(username) = ANY (
		SELECT social.name_likeness(btrim(r)) FROM unnest(string_to_array(social.setting('reserved_usernames'), ',')) AS r WHERE btrim(r) <> '');
END
$$;
COMMENT ON FUNCTION social.name_is_reserved(text) IS 'May nobody register this name, or one that looks like it: does social.reserved_usernames (names, separated by commas) have it?';

-- The operator's own conditions. Only a superuser can set which function that is; it runs as the owner.
CREATE OR REPLACE FUNCTION social.hook_refusal(hook text, facts jsonb) RETURNS text
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	name text := social.setting(hook);
	reason text;
BEGIN
	IF name <> '' THEN
		EXECUTE format('SELECT %s($1)::text', name::regproc) INTO reason USING facts;
	END IF;
	RETURN reason;
END
$$;
COMMENT ON FUNCTION social.hook_refusal(text, jsonb) IS 'What the function that social.register_hook or social.login_hook names (schema.function, which takes jsonb) says against this: null for nothing, or when none is set.';

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
	username := social.trim_identifier(username);
	email := social.trim_identifier(email);
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
	'Creates an account whose address is taken at its word, and returns its id. For trusted code: it tells whether an address is taken, and takes reserved names; the public''s door is social.register(). SM400 for input that is no account''s, SM409 for a name or an e-mail address that is taken, in any case.';

CREATE OR REPLACE FUNCTION social.register(
	username text, email text, password text, first_name text DEFAULT '', last_name text DEFAULT '', address text DEFAULT NULL)
	RETURNS json
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account bigint;
	refusal text;
BEGIN
	IF NOT social.setting('registration')::boolean THEN
		PERFORM social.raise_error('SM403', 'registration is closed', 'The operator has turned it off.', 'Ask the operator for an account.');
	END IF;
	username := social.trim_identifier(username);
	email := social.trim_identifier(email);
	PERFORM social.check_new_account(username, email, password, first_name, last_name);
	IF social.name_is_reserved(username) THEN
		PERFORM social.raise_error('SM409', 'username is reserved', 'It is one that the site keeps for itself, or looks like one.', 'Choose another name.');
	END IF;
	IF address IS NOT NULL THEN
		PERFORM social.set_client_address(address);
	END IF;
	refusal := social.hook_refusal('register_hook', jsonb_build_object('username', username, 'email', email, 'address', social.client_address()));
	IF refusal IS NOT NULL THEN
		PERFORM social.raise_error('SM403', 'registration is refused', refusal, 'Ask the operator for an account.');
	END IF;
	INSERT INTO social.users (username, pending_email, claimed_at, password, first_name, last_name)
	VALUES ($1, $2, now(), social.hash_password($3), coalesce($4, ''), coalesce($5, ''))
	ON CONFLICT DO NOTHING RETURNING id INTO account;
	IF account IS NULL THEN
		PERFORM social.raise_error('SM409', 'username is taken', format('There is already a user named "%s".', register.username), 'Choose another name.');
	END IF;
	PERFORM social.claim_address(account, email);
	PERFORM social.audit('register', 'user', account);
	RETURN json_build_object('username', username, 'email', email, 'first_name', coalesce(first_name, ''), 'last_name', coalesce(last_name, ''));
END
$$;
COMMENT ON FUNCTION social.register(text, text, text, text, text, text) IS
	'Makes an account that can log in at once, and mails a token for verify_email to the address, which is the account''s only once it is proven. When another account has the address that one is told by mail instead; the answer (what was given, without the password), the work, and what the new account can do are the same, so nobody learns who has an address. address is the client''s, for the audit log. SM400 for input that is no account''s, SM409 for a name that is taken, in any case (names are public), or that social.reserved_usernames keeps back, SM403 while social.registration is off, or when social.register_hook says why not (it is given username, email and address).';
