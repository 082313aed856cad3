-- verification.sql owns e-mail addresses: claiming one, proving it, and the tokens sent by mail.
--
-- An address belongs to an account (users.email) once it is proven, or when a trusted role said so
-- with register_user. Until then it is pending; anybody may claim any address, and sees the same
-- whether it is somebody else's: only the mailbox tells.

CREATE OR REPLACE FUNCTION social.random_bytes(count integer) RETURNS bytea
	LANGUAGE c VOLATILE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_random_bytes';
COMMENT ON FUNCTION social.random_bytes(integer) IS 'Random bytes fit for secrets. SM400 for none or more than 1024.';

CREATE OR REPLACE FUNCTION social.random_token() RETURNS text
	LANGUAGE c VOLATILE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_random_token';
COMMENT ON FUNCTION social.random_token() IS '256 random bits as 43 characters that are safe in a URL.';

-- What a phone's keyboard or a copied line leaves around a name, an address or a token; nobody's
-- starts or ends with it. Passwords are never trimmed.
CREATE OR REPLACE FUNCTION social.trim_identifier(value text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN btrim(value, U&' \0009\000A\000B\000C\000D\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\200B\2028\2029\202F\205F\2060\3000\FEFF');
END
$$;
COMMENT ON FUNCTION social.trim_identifier(text) IS 'A user name, address or token without blanks around it. For the doors that people type them at.';

CREATE OR REPLACE FUNCTION social.check_email(email text) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(email, '') = '' THEN
		PERFORM social.raise_error('SM400', 'email is required');
	-- Without RFC 5322's specials: in a mail's header they make one address two, or another.
	ELSIF octet_length(email) > 254 OR email ~ '[][()<>:;,\\"]'
		OR email !~ '^[^@[:space:][:cntrl:]]+@[^@.[:space:][:cntrl:]]+(\.[^@.[:space:][:cntrl:]]+)+$' THEN
		PERFORM social.raise_error('SM400', 'email is not valid');
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_email(text) IS 'Raises SM400 unless this has the form of an e-mail address.';

-- The earliest claim goes first: whoever comes later with somebody's address takes nothing from them.
-- Spellings that fold to one address beyond ASCII may be mailboxes of different people (a Kelvin sign
-- is a k to lower()): the accounts are of one.
CREATE OR REPLACE FUNCTION social.accounts_with_address(email text, most integer) RETURNS SETOF social.users
	LANGUAGE plpgsql STABLE ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner social.users;
	mailbox text;
BEGIN
	SELECT u.* INTO owner FROM social.users u WHERE lower(u.email) = lower($1) AND u.email <> '' AND u.is_active;
	SELECT u.pending_email INTO mailbox FROM social.users u
	WHERE lower(u.pending_email) = lower($1) AND u.pending_email <> '' AND u.is_active
	ORDER BY (lower(u.pending_email COLLATE "C") = lower($1 COLLATE "C")) DESC, coalesce(u.claimed_at, u.created_at), u.id LIMIT 1;
	RETURN QUERY SELECT owner.* WHERE owner.id IS NOT NULL;
	RETURN QUERY SELECT u.* FROM social.users u
	WHERE lower(u.pending_email) = lower($1) AND lower(u.pending_email COLLATE "C") = lower(mailbox COLLATE "C") AND u.pending_email <> '' AND u.is_active AND owner.id IS NULL
	ORDER BY coalesce(u.claimed_at, u.created_at), u.id LIMIT most;
END
$$;
COMMENT ON FUNCTION social.accounts_with_address(text, integer) IS 'The active account that has this address; else those that claim it, earliest first, so many at most, and only those of one mailbox: the one given if anybody claims just that, else that of the earliest.';

-- Sends a token to the address, or a word of warning when it is another account's.
CREATE OR REPLACE FUNCTION social.claim_address(user_id bigint, email text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner record;
	token text := social.random_token();
	lifetime interval := social.setting('email_verification_lifetime')::interval;
	username text := (SELECT u.username FROM social.users u WHERE u.id = $1);
BEGIN
	SELECT u.id, u.username, u.email INTO owner FROM social.users u WHERE lower(u.email) = lower($2) AND u.email <> '' AND u.id <> $1;
	INSERT INTO social.account_tokens (user_id, purpose, token_hash, email, expires_at)
	VALUES (CASE WHEN owner.id IS NULL THEN $1 END, 'verify_email', sha256(convert_to(token, 'UTF8')), CASE WHEN owner.id IS NULL THEN $2 ELSE '' END, now() + lifetime);
	PERFORM social.queue_mail(CASE WHEN owner.id IS NULL THEN 'verify_email' ELSE 'address_taken' END, coalesce(owner.id, $1), coalesce(owner.email, $2),
		CASE WHEN owner.id IS NULL THEN jsonb_build_object('username', username, 'token', token)
			ELSE jsonb_build_object('username', owner.username) END, lifetime);
END
$$;
COMMENT ON FUNCTION social.claim_address(bigint, text) IS 'Mails a token for verify_email to an address that this account claims, or tells the account that has it; the same work for both.';

CREATE OR REPLACE FUNCTION social.take_account_token(purpose text, token text, OUT user_id bigint, OUT email text)
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account social.users;
	hash bytea := sha256(convert_to(coalesce($2, ''), 'UTF8'));
BEGIN
	-- The account's row goes first in every lock order.
	SELECT u.* INTO account FROM social.users u
	WHERE u.id = (SELECT t.user_id FROM social.account_tokens t WHERE t.token_hash = hash) FOR NO KEY UPDATE;
	UPDATE social.account_tokens t SET used_at = now()
	WHERE t.token_hash = hash AND t.purpose = $1 AND t.used_at IS NULL AND t.expires_at > now() AND t.user_id = account.id
	RETURNING t.user_id, t.email INTO user_id, email;
	IF account.id IS NULL OR NOT account.is_active OR lower(email) NOT IN (lower(account.email), lower(account.pending_email)) THEN
		user_id := NULL;
		email := NULL;
	END IF;
END
$$;
COMMENT ON FUNCTION social.take_account_token(text, text) IS 'Uses up a token that was sent by mail: the account, whose row stays locked, and the address it was sent to; null when it was used, has expired, or the account is inactive or has another address now.';

CREATE OR REPLACE FUNCTION social.prove_address(user_id bigint, email text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account social.users;
BEGIN
	SELECT u.* INTO account FROM social.users u WHERE u.id = $1 FOR NO KEY UPDATE;
	IF lower(account.email) = lower($2) THEN
		UPDATE social.users u SET email_verified_at = now() WHERE u.id = $1 AND u.email_verified_at IS NULL;
		RETURN true;
	END IF;
	BEGIN
		UPDATE social.users u SET email = u.pending_email, pending_email = '', claimed_at = NULL, email_verified_at = now()
		WHERE u.id = $1 AND lower(u.pending_email) = lower($2);
		IF NOT FOUND THEN
			RETURN false;
		END IF;
	EXCEPTION WHEN unique_violation THEN
		RETURN false;
	END;
	DELETE FROM social.account_tokens t WHERE t.user_id = $1 AND lower(t.email) <> lower($2);
	IF account.email <> '' THEN
		PERFORM social.queue_mail('email_changed', $1, account.email, jsonb_build_object('username', account.username, 'new_email', account.pending_email));
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.prove_address(bigint, text) IS 'The person reads what is sent to this address: when the account claims it, it is the account''s from now on. False when another account has it by now, or this one does not claim it.';

CREATE OR REPLACE FUNCTION social.request_email_verification() RETURNS text
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	held bigint := social.require_writer();
	unproven text := (SELECT coalesce(nullif(u.pending_email, ''), CASE WHEN u.email_verified_at IS NULL THEN nullif(u.email, '') END)
		FROM social.users u WHERE u.id = viewer);
BEGIN
	IF unproven IS NULL THEN
		PERFORM social.raise_error('SM409', 'there is no address to verify', 'The account''s address is verified, or it has none.');
	END IF;
	PERFORM social.claim_address(viewer, unproven);
	RETURN unproven;
END
$$;
COMMENT ON FUNCTION social.request_email_verification() IS 'Mails the viewer a token for verify_email, to the address that waits to be proven; returns it. SM401 when nobody acts, SM409 when no address waits.';

CREATE OR REPLACE FUNCTION social.verify_email(token text, address text DEFAULT NULL)
	RETURNS TABLE (user_id bigint, email text, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	taken record;
BEGIN
	IF address IS NOT NULL THEN
		PERFORM social.set_client_address(address);
	END IF;
	SELECT * INTO taken FROM social.take_account_token('verify_email', social.trim_identifier(token));
	IF taken.user_id IS NULL THEN
		PERFORM social.audit('verify_email_refused');
		RETURN QUERY SELECT NULL::bigint, NULL::text, 'SM401', 'invalid token', 'It was used, has expired, or was never valid.';
	ELSIF NOT social.prove_address(taken.user_id, taken.email) THEN
		PERFORM social.audit('verify_email_refused', 'user', taken.user_id);
		RETURN QUERY SELECT NULL::bigint, NULL::text, 'SM409', 'email is taken', 'Another account has proven this address.';
	ELSE
		PERFORM social.audit('verify_email', 'user', taken.user_id);
		RETURN QUERY SELECT taken.user_id, taken.email, NULL::text, NULL::text, NULL::text;
	END IF;
END
$$;
COMMENT ON FUNCTION social.verify_email(text, text) IS 'Proves an address with the token that was mailed to it; needs nobody to be logged in. Returns one row: the account''s id and the address, or error_code SM401 for a token that does not hold, SM409 when another account has proven the address first. Raises nothing for a refused token, so that its audit entry stays.';
