-- password.sql owns passwords: their hashes, the rules for new ones, changing and resetting them.

-- ---- hashes ------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.hash_password(password text) RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_hash_password';
COMMENT ON FUNCTION social.hash_password(text) IS
	'A password as argon2id with a random salt, at the cost of social.argon2_memory and social.argon2_iterations.';

CREATE OR REPLACE FUNCTION social.verify_password(password text, encoded text) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_verify_password';
COMMENT ON FUNCTION social.verify_password(text, text) IS
	'Does the password fit the hash, in its form (prepare_password) or, for older hashes, as it was typed? Takes argon2id and the pbkdf2_sha256$ and argon2$ forms of Django; false for anything else, and for a hash whose cost is beyond reason.';

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

CREATE OR REPLACE FUNCTION social.prepare_password(password text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_prepare_password';
COMMENT ON FUNCTION social.prepare_password(text) IS
	'The form of a password that is hashed and compared, the same from every keyboard (OpaqueString, RFC 8265): every space is an ordinary one, characters are composed. hash_password and verify_password do this themselves.';

CREATE OR REPLACE FUNCTION social.password_length(password text) RETURNS integer
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_password_length_sql';
COMMENT ON FUNCTION social.password_length(text) IS
	'How many characters of a password count: not the joiners of emoji; 0 for blanks alone. Null when it holds one that nobody can see or type (control characters, zero-width spaces, fillers, marks of direction).';

CREATE OR REPLACE FUNCTION social.password_turns(OUT allowed integer, OUT running integer, OUT waiting integer)
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'social_password_turns';
COMMENT ON FUNCTION social.password_turns() IS
	'How many backends of the server may compute a password hash at once (social.password_concurrency; 0 where nothing is preloaded: as many as ask), how many do so now, and how many wait for their turn.';

-- ---- rules -------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.leaked_password_hash(password text) RETURNS bytea
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_leaked_password_hash';
COMMENT ON FUNCTION social.leaked_password_hash(text) IS 'A password as social.leaked_passwords has it: SHA-1, the form of published lists.';

CREATE OR REPLACE FUNCTION social.add_leaked_passwords(passwords text[]) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	added bigint;
BEGIN
	INSERT INTO social.leaked_passwords (hash)
	SELECT DISTINCT social.leaked_password_hash(social.prepare_password(p)) FROM unnest(passwords) AS p WHERE p <> '' ORDER BY 1
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	RETURN added;
END
$$;
COMMENT ON FUNCTION social.add_leaked_passwords(text[]) IS 'Adds passwords to those that nobody may choose; returns how many were new.';

CREATE OR REPLACE FUNCTION social.add_leaked_hashes(hashes text[]) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	added bigint;
BEGIN
	IF EXISTS (SELECT FROM unnest(hashes) AS h WHERE h IS NULL OR h !~ '^[0-9A-Fa-f]{40}(:[0-9]+)?\r?$') THEN
		PERFORM social.raise_error('SM400', 'invalid hash', 'Each is 40 hexadecimal digits, with or without :count as published lists have it.');
	END IF;
	INSERT INTO social.leaked_passwords (hash)
	SELECT DISTINCT decode(left(h, 40), 'hex') FROM unnest(hashes) AS h ORDER BY 1
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	RETURN added;
END
$$;
COMMENT ON FUNCTION social.add_leaked_hashes(text[]) IS 'Adds lines of a published list (SHA-1 in hexadecimal, :count may follow) to the passwords that nobody may choose; returns how many were new. SM400 for a line of another form, and nothing is added.';

CREATE OR REPLACE FUNCTION social.check_new_password(password text, username text DEFAULT NULL, email text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	min_length integer := social.setting('password_min_length')::integer;
	form text := CASE WHEN octet_length(password) <= 1000 THEN social.prepare_password(password) END;
	characters integer := social.password_length(form);
BEGIN
	IF coalesce(password, '') = '' THEN
		PERFORM social.raise_error('SM400', 'password is required');
	ELSIF octet_length(password) > 1000 THEN
		PERFORM social.raise_error('SM400', 'password is too long', 'The limit is 1000 bytes.');
	ELSIF characters IS NULL THEN
		PERFORM social.raise_error('SM400', 'password holds an invisible character', 'A control character, a zero-width space or the like cannot be typed again for sure.', 'Type the password by hand.');
	ELSIF characters = 0 THEN
		PERFORM social.raise_error('SM400', 'password is blank');
	ELSIF characters < min_length THEN
		PERFORM social.raise_error('SM400', 'password is too short', format('It must have at least %s characters.', min_length));
	ELSIF lower(form) IN (lower(username), lower(email)) THEN
		PERFORM social.raise_error('SM400', 'password is too easy to guess', 'It is the user name or the e-mail address.', 'Choose another one.');
	ELSIF EXISTS (SELECT FROM social.leaked_passwords l WHERE l.hash IN (social.leaked_password_hash(password), social.leaked_password_hash(form))) THEN
		PERFORM social.raise_error('SM400', 'password has leaked', 'It is on a list of passwords that were published.', 'Choose another one.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_new_password(text, text, text) IS 'Raises SM400 unless this may be the password of such an account: social.password_min_length, nothing invisible, not its name or address, not in social.leaked_passwords.';

-- ---- changing and resetting ---------------------------------------------------------------------

-- The common end: whoever has the account now must log in again.
CREATE OR REPLACE FUNCTION social.password_was_set(user_id bigint, reason text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account social.users;
BEGIN
	DELETE FROM social.account_tokens t WHERE t.user_id = $1 AND t.purpose = 'reset_password';
	PERFORM social.end_sessions($1, reason);
	-- Whoever had to ask for a mail may have lost the account to somebody, who may have made keys.
	IF reason = 'reset_password' THEN
		PERFORM social.revoke_api_keys($1, reason);
	END IF;
	SELECT u.* INTO account FROM social.users u WHERE u.id = $1;
	PERFORM social.audit(reason, 'user', $1);
	PERFORM social.queue_mail('password_changed', $1, account.email, jsonb_build_object('username', account.username, 'reason', reason));
END
$$;
COMMENT ON FUNCTION social.password_was_set(bigint, text) IS 'After a new password: the account''s other reset tokens and all its sessions end, after a reset its API keys too; the audit log and the person are told.';

CREATE OR REPLACE FUNCTION social.change_password(old_password text, new_password text)
	RETURNS TABLE (user_id bigint, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	account social.users;
	fits boolean := false;
BEGIN
	SELECT u.* INTO account FROM social.users u WHERE u.id = viewer;
	PERFORM social.check_new_password(new_password, account.username, coalesce(nullif(account.email, ''), account.pending_email));
	IF octet_length(old_password) <= 1000 THEN
		fits := social.check_password(old_password, account.password);
	END IF;
	IF fits AND social.prepare_password(old_password) = social.prepare_password(new_password) THEN
		PERFORM social.raise_error('SM400', 'the new password is the old one');
	END IF;
	UPDATE social.users u SET password = social.hash_password(new_password), password_changed_at = now()
	WHERE fits AND u.id = viewer AND u.password = account.password;
	IF NOT FOUND THEN
		PERFORM social.audit('change_password_refused', 'user', viewer);
		RETURN QUERY SELECT NULL::bigint, 'SM403', 'wrong password', 'The old password does not fit.';
		RETURN;
	END IF;
	PERFORM social.password_was_set(viewer, 'change_password');
	RETURN QUERY SELECT viewer, NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.change_password(text, text) IS 'The viewer takes a new password; every session of the account ends, this one too. Returns one row: the id, or error_code SM403 when the old password does not fit (the row is committed with its audit entry; nothing is raised). Raises SM401 when nobody acts, SM400 for a new password that breaks the rules (check_new_password) or is the old one.';

CREATE OR REPLACE FUNCTION social.request_password_reset(email text, address text DEFAULT NULL) RETURNS json
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	given text := social.trim_identifier(email);
	-- So many accounts one mail is about, and so many tokens are written in any case.
	most CONSTANT integer := 5;
	decoy social.users := social.decoy_account(given);
	next_decoy bigint := decoy.id;
	ids bigint[];
	names text[];
	mailbox text;
	tokens text[] := ARRAY(SELECT social.random_token() FROM generate_series(1, most));
	lifetime interval := social.setting('password_reset_lifetime')::interval;
BEGIN
	IF coalesce(given, '') = '' THEN
		PERFORM social.raise_error('SM400', 'email is required');
	ELSIF octet_length(given) > 254 THEN
		PERFORM social.raise_error('SM400', 'email is not valid');
	END IF;
	IF address IS NOT NULL THEN
		PERFORM social.set_client_address(address);
	END IF;
	-- To the address as the accounts have it: what was typed may be another mailbox that only folds to it.
	SELECT array_agg(a.id), array_agg(a.username), (array_agg(CASE WHEN lower(a.email) = lower(given) THEN a.email ELSE a.pending_email END))[1]
	INTO ids, names, mailbox FROM social.accounts_with_address(given, most) a;
	INSERT INTO social.account_tokens (user_id, purpose, token_hash, email, expires_at)
	SELECT ids[i], 'reset_password', sha256(convert_to(tokens[i], 'UTF8')), CASE WHEN ids[i] IS NULL THEN '' ELSE mailbox END, now() + lifetime
	FROM generate_series(1, most) AS i;
	PERFORM social.queue_mail('reset_password', ids[1], coalesce(mailbox, given), jsonb_build_object('username', coalesce(names[1], ''), 'token', tokens[1], 'accounts',
		(SELECT jsonb_agg(jsonb_build_object('username', coalesce(names[i], ''), 'token', tokens[i]) ORDER BY i) FROM generate_series(1, coalesce(cardinality(ids), 1)) AS i)),
		lifetime, ids IS NULL);
	-- What the foreign keys of the rows cost where there are accounts: a look-up and a lock for each token, and one for the mail.
	FOR i IN 1 .. most - coalesce(cardinality(ids), 0) LOOP
		PERFORM FROM social.users u WHERE u.id = next_decoy FOR KEY SHARE;
		next_decoy := coalesce((SELECT min(u.id) FROM social.users u WHERE u.id > next_decoy), decoy.id);
	END LOOP;
	IF ids IS NULL THEN
		PERFORM FROM social.users u WHERE u.id = decoy.id FOR KEY SHARE;
	END IF;
	PERFORM social.audit('request_password_reset', 'user', ids[1]);
	RETURN json_build_object('email', email);
END
$$;
COMMENT ON FUNCTION social.request_password_reset(text, text) IS 'Sends tokens for reset_password to an e-mail address: one for the account that has it, else one for each account that claims it (the five earliest), since whoever reads the mail decides. The same answer ({"email": what was given}), after the same work, whether there is one. address is the client''s, for the audit log. SM400 without an e-mail address.';

CREATE OR REPLACE FUNCTION social.reset_password(token text, new_password text, address text DEFAULT NULL)
	RETURNS TABLE (user_id bigint, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	taken record;
	account social.users;
BEGIN
	PERFORM social.check_new_password(new_password);
	IF address IS NOT NULL THEN
		PERFORM social.set_client_address(address);
	END IF;
	SELECT * INTO taken FROM social.take_account_token('reset_password', social.trim_identifier(token));
	IF taken.user_id IS NULL THEN
		PERFORM social.audit('reset_password_refused');
		RETURN QUERY SELECT NULL::bigint, 'SM401', 'invalid token', 'It was used, has expired, or was never valid.';
		RETURN;
	END IF;
	SELECT u.* INTO account FROM social.users u WHERE u.id = taken.user_id;
	PERFORM social.check_new_password(new_password, account.username, taken.email);
	UPDATE social.users u SET password = social.hash_password(new_password), password_changed_at = now() WHERE u.id = account.id;
	-- Whoever reads the mail has the address.
	PERFORM social.prove_address(account.id, taken.email);
	PERFORM social.password_was_set(account.id, 'reset_password');
	RETURN QUERY SELECT account.id, NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.reset_password(text, text, text) IS 'Sets a new password with a token of request_password_reset; every session of the account ends. The token works once and only while the account has or claims the address it was sent to; the address counts as proven. Returns one row: the id, or error_code SM401 for a token that does not hold (nothing is raised, so that the audit entry stays). Raises SM400 for a password that breaks the rules; the token is then still good.';
