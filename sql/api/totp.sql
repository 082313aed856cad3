-- totp.sql owns one-time codes: the authenticator app of an account, and its recovery codes.

CREATE OR REPLACE FUNCTION social.totp(secret bytea, at timestamptz DEFAULT now(), digits integer DEFAULT 6, algorithm text DEFAULT 'sha1') RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_totp_sql';
COMMENT ON FUNCTION social.totp(bytea, timestamptz, integer, text) IS 'The one-time code of a secret at a time (RFC 6238, steps of 30 seconds); the algorithm is sha1, sha256 or sha512. SM400 for another algorithm or a number of digits out of 1 to 9.';

CREATE OR REPLACE FUNCTION social.totp_step(secret bytea, code text, last_step bigint, at timestamptz DEFAULT clock_timestamp()) RETURNS bigint
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_totp_step_sql';
COMMENT ON FUNCTION social.totp_step(bytea, text, bigint, timestamptz) IS 'The step of a six-digit code that fits the time, one step more or less, and is later than last_step; null for any other.';

CREATE OR REPLACE FUNCTION social.base32(bytes bytea) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_base32_sql';
COMMENT ON FUNCTION social.base32(bytea) IS 'Bytes as base32 without padding (RFC 4648), as authenticator apps take secrets.';

CREATE OR REPLACE FUNCTION social.recovery_code_hash(code text) RETURNS bytea
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN sha256(convert_to(upper(translate(social.trim_identifier(left(code, 100)), '- ', '')), 'UTF8'));
END
$$;
COMMENT ON FUNCTION social.recovery_code_hash(text) IS 'A recovery code as social.recovery_codes has it, however it is typed.';

-- Holds the row of user_totp, so that codes that come at the same time are counted, and used, once.
CREATE OR REPLACE FUNCTION social.check_code(user_id bigint, code text) RETURNS text
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	factor social.user_totp;
	step bigint;
	pause interval := social.setting('totp_pause')::interval;
BEGIN
	SELECT t.* INTO factor FROM social.user_totp t WHERE t.user_id = $1 FOR UPDATE;
	IF factor.confirmed_at IS NULL THEN
		RETURN 'ok';
	ELSIF coalesce(code, '') = '' THEN
		RETURN 'code_required';
	ELSIF factor.failures >= social.setting('totp_failures')::integer AND factor.failed_at > now() - pause THEN
		RETURN 'code_paused';
	END IF;
	-- Apps show it as 123 456.
	step := social.totp_step(factor.secret, replace(social.trim_identifier(code), ' ', ''), factor.last_step);
	IF step IS NULL THEN
		DELETE FROM social.recovery_codes r WHERE r.user_id = $1 AND r.code_hash = social.recovery_code_hash(code);
		IF NOT FOUND THEN
			UPDATE social.user_totp t
			SET failures = CASE WHEN t.failed_at > now() - pause THEN t.failures + 1 ELSE 1 END, failed_at = clock_timestamp()
			WHERE t.user_id = $1;
			RETURN 'wrong_code';
		END IF;
		PERFORM social.tell_account($1, 'recovery_code_used');
	END IF;
	UPDATE social.user_totp t SET last_step = coalesce(step, t.last_step), failures = 0, failed_at = NULL WHERE t.user_id = $1;
	RETURN 'ok';
END
$$;
COMMENT ON FUNCTION social.check_code(bigint, text) IS 'Uses up a one-time or recovery code of an account: ok (also when it asks for none), code_required, wrong_code, or code_paused after social.totp_failures wrong ones in a row, for social.totp_pause.';

CREATE OR REPLACE FUNCTION social.tell_account(user_id bigint, event text) RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.audit(event, 'user', $1);
	PERFORM social.queue_mail(event, $1, u.email, jsonb_build_object('username', u.username)) FROM social.users u WHERE u.id = $1;
END
$$;
COMMENT ON FUNCTION social.tell_account(bigint, text) IS 'Notes a change of an account''s security in the audit log, and mails it to the person.';

CREATE OR REPLACE FUNCTION social.make_recovery_codes(user_id bigint) RETURNS text[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	codes text[];
BEGIN
	DELETE FROM social.recovery_codes r WHERE r.user_id = $1;
	SELECT array_agg(regexp_replace(social.base32(social.random_bytes(10)), '(.{4})(?=.)', '\1-', 'g')) INTO codes FROM generate_series(1, 10);
	INSERT INTO social.recovery_codes (user_id, code_hash) SELECT $1, social.recovery_code_hash(c) FROM unnest(codes) AS c;
	RETURN codes;
END
$$;
COMMENT ON FUNCTION social.make_recovery_codes(bigint) IS 'Gives an account ten new recovery codes of 80 bits, instead of those it had.';

CREATE OR REPLACE FUNCTION social.enable_totp(password text)
	RETURNS TABLE (secret text, uri text, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	held bigint := social.require_writer();
	account social.users;
	fresh bytea := social.random_bytes(20);
	issuer text := social.url_encode(social.setting('totp_issuer'));
BEGIN
	SELECT u.* INTO account FROM social.users u WHERE u.id = viewer;
	IF EXISTS (SELECT FROM social.user_totp t WHERE t.user_id = viewer AND t.confirmed_at IS NOT NULL) THEN
		PERFORM social.raise_error('SM409', 'one-time codes are on already', 'The account has an authenticator app.', 'Call disable_totp first.');
	END IF;
	-- Whoever has but a token could lock the person out with an app of their own.
	IF coalesce(octet_length($1), 0) NOT BETWEEN 1 AND 1000 OR NOT social.check_password($1, account.password) THEN
		PERFORM social.audit('enable_totp_refused', 'user', viewer);
		RETURN QUERY SELECT NULL::text, NULL::text, 'SM403', 'wrong password', 'Turning one-time codes on needs the account''s password.';
		RETURN;
	END IF;
	INSERT INTO social.user_totp AS t (user_id, secret) VALUES (viewer, fresh)
	ON CONFLICT ON CONSTRAINT user_totp_pkey DO UPDATE SET secret = EXCLUDED.secret, created_at = now() WHERE t.confirmed_at IS NULL;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM409', 'one-time codes are on already', 'The account has an authenticator app.', 'Call disable_totp first.');
	END IF;
	RETURN QUERY SELECT social.base32(fresh), format('otpauth://totp/%s:%s?secret=%s&issuer=%s', issuer,
		social.url_encode(account.username), social.base32(fresh), issuer), NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.enable_totp(text) IS 'Begins with one-time codes for the viewer''s account, with the password. Returns one row: the secret as base32, and the address that authenticator apps read as a QR code; or error_code SM403 when the password is wrong (nothing is raised, so that the audit entry stays). Nothing is asked for until confirm_totp proves that the app has the secret; again gives another one. Raises SM401 when nobody acts, SM409 when codes are on already.';

CREATE OR REPLACE FUNCTION social.url_encode(value text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT coalesce(string_agg(CASE WHEN chr(b) ~ '[A-Za-z0-9._~-]' THEN chr(b) ELSE '%' || upper(lpad(to_hex(b), 2, '0')) END, '' ORDER BY i), '')
		FROM (SELECT i, get_byte(convert_to(value, 'UTF8'), i) AS b FROM generate_series(0, octet_length(convert_to(value, 'UTF8')) - 1) AS i) bytes);
END
$$;
COMMENT ON FUNCTION social.url_encode(text) IS 'A value as part of a URL: all but letters, digits and . _ ~ - as %XX of its UTF-8.';

CREATE OR REPLACE FUNCTION social.confirm_totp(code text)
	RETURNS TABLE (recovery_codes text[], error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	factor social.user_totp;
	step bigint;
BEGIN
	SELECT t.* INTO factor FROM social.user_totp t WHERE t.user_id = viewer FOR UPDATE;
	IF factor.user_id IS NULL THEN
		PERFORM social.raise_error('SM409', 'there is nothing to confirm', 'The account has no authenticator app.', 'Call enable_totp first.');
	ELSIF factor.confirmed_at IS NOT NULL THEN
		PERFORM social.raise_error('SM409', 'one-time codes are on already', 'The account has an authenticator app.');
	END IF;
	step := social.totp_step(factor.secret, replace(social.trim_identifier(code), ' ', ''), factor.last_step);
	IF step IS NULL THEN
		PERFORM social.audit('confirm_totp_refused', 'user', viewer);
		RETURN QUERY SELECT NULL::text[], 'SM403', 'wrong one-time code', 'It is not the present one.';
		RETURN;
	END IF;
	UPDATE social.user_totp t SET confirmed_at = now(), last_step = step WHERE t.user_id = viewer;
	PERFORM social.tell_account(viewer, 'totp_enabled');
	RETURN QUERY SELECT social.make_recovery_codes(viewer), NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.confirm_totp(text) IS 'Turns one-time codes on with the first code of the app: from now on login asks for one. Returns one row: ten recovery codes, which are shown this once, or error_code SM403 for a wrong code (nothing is raised, so that the audit entry stays). Raises SM401 when nobody acts, SM409 without enable_totp or when codes are on already.';

CREATE OR REPLACE FUNCTION social.require_totp() RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
BEGIN
	IF NOT EXISTS (SELECT FROM social.user_totp t WHERE t.user_id = viewer AND t.confirmed_at IS NOT NULL) THEN
		PERFORM social.raise_error('SM409', 'one-time codes are off', 'The account has no authenticator app.', 'Call enable_totp first.');
	END IF;
	RETURN viewer;
END
$$;
COMMENT ON FUNCTION social.require_totp() IS 'The viewer, whose account asks for one-time codes; SM401 when nobody acts, SM409 when it does not.';

CREATE OR REPLACE FUNCTION social.disable_totp(password text, code text)
	RETURNS TABLE (user_id bigint, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_totp();
	fits boolean := coalesce(octet_length($1), 0) <= 1000
		AND social.check_password($1, (SELECT u.password FROM social.users u WHERE u.id = viewer));
	second text := CASE WHEN fits THEN social.check_code(viewer, $2) END;
BEGIN
	IF second IS DISTINCT FROM 'ok' THEN
		PERFORM social.audit('disable_totp_refused', 'user', viewer);
		RETURN QUERY SELECT NULL::bigint, CASE second WHEN 'code_paused' THEN 'SM429' ELSE 'SM403' END,
			CASE second WHEN 'code_paused' THEN 'too many wrong one-time codes' ELSE 'wrong password or one-time code' END,
			'Both are needed; a recovery code stands in for a one-time code.';
		RETURN;
	END IF;
	DELETE FROM social.user_totp t WHERE t.user_id = viewer;
	DELETE FROM social.recovery_codes r WHERE r.user_id = viewer;
	PERFORM social.tell_account(viewer, 'totp_disabled');
	RETURN QUERY SELECT viewer, NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.disable_totp(text, text) IS 'Turns one-time codes off, with the password and a one-time or recovery code. Returns one row: the viewer''s id, or error_code SM403 when either is wrong, SM429 after too many wrong codes (nothing is raised, so that the audit entry stays). Raises SM401 when nobody acts, SM409 when codes are off.';

CREATE OR REPLACE FUNCTION social.regenerate_recovery_codes(code text)
	RETURNS TABLE (recovery_codes text[], error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_totp();
	second text := social.check_code(viewer, $1);
BEGIN
	IF second <> 'ok' THEN
		PERFORM social.audit('regenerate_recovery_codes_refused', 'user', viewer);
		RETURN QUERY SELECT NULL::text[], CASE second WHEN 'code_paused' THEN 'SM429' ELSE 'SM403' END,
			CASE second WHEN 'code_paused' THEN 'too many wrong one-time codes' ELSE 'wrong one-time code' END, 'It is not the present one, or was used already.';
		RETURN;
	END IF;
	PERFORM social.audit('regenerate_recovery_codes', 'user', viewer);
	RETURN QUERY SELECT social.make_recovery_codes(viewer), NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.regenerate_recovery_codes(text) IS 'Ten new recovery codes for the viewer, with a one-time code; the old ones no longer work. Returns one row: the codes, which are shown this once, or error_code SM403 for a wrong code, SM429 after too many (nothing is raised, so that the audit entry stays). Raises SM401 when nobody acts, SM409 when codes are off.';

CREATE OR REPLACE FUNCTION social.remove_totp(user_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.user_totp t WHERE t.user_id = $1;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'the account has no authenticator app');
	END IF;
	DELETE FROM social.recovery_codes r WHERE r.user_id = $1;
	PERFORM social.tell_account($1, 'totp_disabled');
END
$$;
COMMENT ON FUNCTION social.remove_totp(bigint) IS 'Turns one-time codes off for somebody who has lost the app and the recovery codes, once the operator knows who asks. For administrators. SM404 when they are off.';
