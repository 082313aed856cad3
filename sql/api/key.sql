-- key.sql owns signing and verifying tokens, and the life of the keys that do it.

-- ---- tokens --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.jwt_verify(
	token text, key bytea, alg text, at timestamptz DEFAULT clock_timestamp(),
	issuer text DEFAULT NULL, audience text DEFAULT NULL) RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_jwt_verify_sql';
COMMENT ON FUNCTION social.jwt_verify(text, bytea, text, timestamptz, text, text) IS
	'The claims of a token that this key (an HS256 secret, or a public key as PEM for ES256 and RS256) signed, and that is valid at this time; also of this issuer and for this audience when given. SM401 otherwise, with the reason as detail.';

CREATE OR REPLACE FUNCTION social.sign_access_token(user_id bigint, session_id text, expires_at timestamptz DEFAULT NULL) RETURNS text
	LANGUAGE c VOLATILE
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'social_sign_access_token';
COMMENT ON FUNCTION social.sign_access_token(bigint, text, timestamptz) IS
	'A new access token of this user in this session, by default for social.access_token_lifetime. Sees to it that there is a signing key.';

-- ---- our keys ------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.generate_jwt_key(alg text, OUT private_key bytea, OUT public_key text)
	LANGUAGE c VOLATILE STRICT
	AS 'MODULE_PATHNAME', 'social_generate_jwt_key';
COMMENT ON FUNCTION social.generate_jwt_key(text) IS
	'A random key for HS256 (a secret, with no public half), ES256 (P-256) or RS256 (2048 bits). SM400 for another algorithm.';

CREATE OR REPLACE FUNCTION social.make_jwt_key(alg text) RETURNS text
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	made text := replace(gen_random_uuid()::text, '-', '');
BEGIN
	INSERT INTO social.jwt_key (kid, alg, private_key, public_key)
	SELECT made, make_jwt_key.alg, g.private_key, g.public_key FROM social.generate_jwt_key(make_jwt_key.alg) g;
	RETURN made;
END
$$;
COMMENT ON FUNCTION social.make_jwt_key(text) IS
	'Adds a standby key with a random kid, which it returns. SM400 for an unknown algorithm.';

-- Everything that changes which key signs goes one after the other.
CREATE OR REPLACE FUNCTION social.activate_jwt_key(kid text) RETURNS void
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	retired text;
BEGIN
	UPDATE social.jwt_key k SET status = 'retired', retired_at = now() WHERE k.status = 'active' RETURNING k.kid INTO retired;
	UPDATE social.jwt_key k SET status = 'active', activated_at = now() WHERE k.kid = activate_jwt_key.kid;
	PERFORM social.audit('activate_jwt_key', 'jwt_key', NULL, jsonb_build_object('kid', kid, 'retired', retired));
	PERFORM pg_notify('social_keys', kid);
END
$$;
COMMENT ON FUNCTION social.activate_jwt_key(text) IS
	'Makes this key the one that signs, and retires the one that did: tokens that it signed stay good. NOTIFY social_keys tells bridges.';

CREATE OR REPLACE FUNCTION social.read_jwt_key(alg text, key bytea, OUT private_key bytea, OUT public_key text)
	LANGUAGE c IMMUTABLE STRICT
	AS 'MODULE_PATHNAME', 'social_read_jwt_key';
COMMENT ON FUNCTION social.read_jwt_key(text, bytea) IS
	'Both halves of a key that somebody brings: a secret for HS256 (public_key is null), else a PEM (private_key is null for a public key). SM400 for an unknown algorithm, and for what is no key of it or too weak.';

CREATE OR REPLACE FUNCTION social.import_jwt_key(alg text, key bytea, kid text DEFAULT NULL, status text DEFAULT 'standby') RETURNS text
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text := coalesce(import_jwt_key.kid, replace(gen_random_uuid()::text, '-', ''));
	pair record;
BEGIN
	IF status IS NULL OR status NOT IN ('standby', 'active', 'retired') THEN
		PERFORM social.raise_error('SM400', 'invalid status', 'It is standby, active or retired.');
	ELSIF name !~ '^[!-~]{1,64}$' THEN
		PERFORM social.raise_error('SM400', 'invalid kid', 'It is 1 to 64 visible ASCII characters, as the tokens'' header has it.');
	END IF;
	SELECT r.private_key, r.public_key INTO pair FROM social.read_jwt_key(coalesce(import_jwt_key.alg, ''), coalesce(key, '')) r;
	IF pair.private_key IS NULL AND status <> 'retired' THEN
		PERFORM social.raise_error('SM400', 'a public key does not sign', 'It only verifies: its status is retired.');
	END IF;
	PERFORM social.hold_task('jwt_key');
	IF EXISTS (SELECT FROM social.jwt_key k WHERE k.kid = name) THEN
		PERFORM social.raise_error('SM409', 'kid is taken', format('There is already a key "%s".', name));
	ELSIF EXISTS (SELECT FROM social.jwt_key k WHERE k.alg = import_jwt_key.alg AND (k.public_key = pair.public_key OR (pair.public_key IS NULL AND k.private_key = pair.private_key))) THEN
		PERFORM social.raise_error('SM409', 'the key is there already', '', 'SELECT kid, alg, status FROM social.admin_jwt_keys lists them.');
	END IF;
	INSERT INTO social.jwt_key (kid, alg, private_key, public_key, status, retired_at)
	VALUES (name, import_jwt_key.alg, pair.private_key, pair.public_key, CASE status WHEN 'retired' THEN 'retired' ELSE 'standby' END,
		CASE WHEN status = 'retired' THEN now() END);
	PERFORM social.audit('import_jwt_key', 'jwt_key', NULL, jsonb_build_object('kid', name, 'alg', import_jwt_key.alg, 'status', status));
	IF status = 'active' THEN
		PERFORM social.activate_jwt_key(name);
	ELSE
		PERFORM pg_notify('social_keys', name);
	END IF;
	RETURN name;
END
$$;
COMMENT ON FUNCTION social.import_jwt_key(text, bytea, text, text) IS
	'Brings a key along, so that tokens which another system signed or checks stay good: the secret for HS256 (32 bytes or more), a private key as PEM for ES256 (P-256) or RS256 (2048 bits or more), or a public one. kid is what the tokens'' header says (null: a random one); status is standby (published, and taken by the next rotate_jwt_key of its algorithm), active (signs from now on), or retired (verifies only, until retention removes it; a public key is always that). Returns the kid. SM400 for what is malformed, no key of the algorithm or too weak; SM409 for a kid or key that is there. Whoever logs statements logs the key: give it as a parameter.';

CREATE OR REPLACE FUNCTION social.import_jwt_key(alg text, key text, kid text DEFAULT NULL, status text DEFAULT 'standby') RETURNS text
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN social.import_jwt_key($1, convert_to(coalesce($2, ''), 'UTF8'), $3, $4);
END
$$;
COMMENT ON FUNCTION social.import_jwt_key(text, text, text, text) IS
	'The same with a PEM, or a secret that is a text (its UTF-8); decode(secret, ''base64'') makes bytes of one that is written so.';

CREATE OR REPLACE FUNCTION social.rotate_jwt_key(alg text DEFAULT 'ES256') RETURNS text
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	successor text;
BEGIN
	PERFORM social.hold_task('jwt_key');
	SELECT k.kid INTO successor FROM social.jwt_key k
	WHERE k.status = 'standby' AND k.alg = rotate_jwt_key.alg AND k.private_key IS NOT NULL
	ORDER BY k.created_at, k.kid LIMIT 1;
	successor := coalesce(successor, social.make_jwt_key(coalesce(alg, '')));
	PERFORM social.activate_jwt_key(successor);
	-- The one after it is published from now on, so that nobody's copy of the key set is too old.
	IF alg <> 'HS256' AND NOT EXISTS (SELECT FROM social.jwt_key k WHERE k.status = 'standby' AND k.alg = rotate_jwt_key.alg AND k.private_key IS NOT NULL) THEN
		PERFORM social.make_jwt_key(alg);
	END IF;
	RETURN successor;
END
$$;
COMMENT ON FUNCTION social.rotate_jwt_key(text) IS
	'Signs with another key from now on: the oldest standby key of this algorithm (ES256, RS256, HS256), else a new one. Returns its kid. Nobody is logged out: the key before is retired and still verifies, until retention (retired_keys) removes it. Leaves a standby key behind, which jwks() publishes ahead of its turn. SM400 for an unknown algorithm.';

CREATE OR REPLACE FUNCTION social.ensure_jwt_key() RETURNS text
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	active text := (SELECT k.kid FROM social.jwt_key k WHERE k.status = 'active');
BEGIN
	IF active IS NULL THEN
		PERFORM social.hold_task('jwt_key');
		SELECT k.kid INTO active FROM social.jwt_key k WHERE k.status = 'active';
	END IF;
	IF active IS NULL THEN
		-- A standby key that has signed before was taken back on purpose: it is not used here.
		SELECT k.kid INTO active FROM social.jwt_key k
		WHERE k.status = 'standby' AND k.alg = 'ES256' AND k.private_key IS NOT NULL AND k.activated_at IS NULL
		ORDER BY k.created_at, k.kid LIMIT 1;
		active := coalesce(active, social.make_jwt_key('ES256'));
		PERFORM social.activate_jwt_key(active);
		PERFORM social.make_jwt_key('ES256');
	END IF;
	RETURN active;
END
$$;
COMMENT ON FUNCTION social.ensure_jwt_key() IS
	'The kid of the key that signs. When there is none, a standby key that has never signed begins to (else a new one), and the next is made, on standby. A bridge calls it when it starts, and the first token does: the install makes none, so that a restore finds the table empty.';

CREATE OR REPLACE FUNCTION social.remove_jwt_key(kid text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	removed record;
BEGIN
	PERFORM social.hold_task('jwt_key');
	SELECT k.alg, k.status INTO removed FROM social.jwt_key k WHERE k.kid = remove_jwt_key.kid;
	IF removed.alg IS NULL THEN
		PERFORM social.raise_error('SM404', 'key not found', '', 'SELECT kid FROM social.admin_jwt_keys lists them.');
	ELSIF removed.status = 'active' THEN
		-- What knew this key may know the standby one too.
		PERFORM social.activate_jwt_key(social.make_jwt_key(removed.alg));
	END IF;
	DELETE FROM social.jwt_key k WHERE k.kid = remove_jwt_key.kid;
	PERFORM social.audit('remove_jwt_key', 'jwt_key', NULL, jsonb_build_object('kid', kid, 'alg', removed.alg, 'status', removed.status));
	PERFORM pg_notify('social_keys', kid);
END
$$;
COMMENT ON FUNCTION social.remove_jwt_key(text) IS
	'Forgets a key that others may have learnt: every access token that it signed is refused at once, and clients refresh. A new key takes the place of the active one. SM404 for an unknown kid.';

CREATE OR REPLACE FUNCTION social.rotate_due_jwt_keys(batch integer DEFAULT 1) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	lifetime interval := social.setting('jwt_key_lifetime')::interval;
	due text;
BEGIN
	IF lifetime > interval '0' THEN
		SELECT k.alg INTO due FROM social.jwt_key k
		WHERE k.status = 'active' AND coalesce(k.activated_at, k.created_at) < now() - lifetime;
	END IF;
	IF due IS NULL OR NOT social.hold_task('jwt_key', false) THEN
		RETURN 0;
	END IF;
	PERFORM social.rotate_jwt_key(due);
	RETURN 1;
END
$$;
COMMENT ON FUNCTION social.rotate_due_jwt_keys(integer) IS
	'Rotates the key that signs, keeping its algorithm, when it has done so for longer than social.jwt_key_lifetime; returns how many. The background worker and social.tick() call it.';

CREATE OR REPLACE FUNCTION social.jwk(kid text, alg text, public_key text) RETURNS json
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_jwk_sql';
COMMENT ON FUNCTION social.jwk(text, text, text) IS
	'A public key (PEM) as JSON Web Key; null when it is no key of this algorithm (ES256, RS256).';

CREATE OR REPLACE FUNCTION social.jwks() RETURNS json
	LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT json_build_object('keys', coalesce(json_agg(k.jwk ORDER BY k.created_at, k.kid), '[]'))
	FROM (
		SELECT k.kid, k.created_at, social.jwk(k.kid, k.alg, k.public_key) AS jwk
		FROM social.jwt_key k
		WHERE k.public_key IS NOT NULL AND k.private_key IS NOT NULL) k
	WHERE k.jwk IS NOT NULL;
END;
COMMENT ON FUNCTION social.jwks() IS
	'Our public keys as JSON Web Key Set (RFC 7517), for whoever verifies our tokens: active, retired, and those to come. No secrets, so no HS256 keys.';

CREATE OR REPLACE VIEW social.admin_jwt_keys AS
SELECT k.kid, k.alg, k.status, k.private_key IS NOT NULL AS signs, k.public_key, k.created_at, k.activated_at, k.retired_at
FROM social.jwt_key k;
COMMENT ON VIEW social.admin_jwt_keys IS 'Our keys without what is secret of them; signs: we hold the private half.';

-- ---- others' keys --------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.jwks_keys(jwks text, OUT kid text, OUT alg text, OUT public_key text) RETURNS SETOF record
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_jwks_keys';
COMMENT ON FUNCTION social.jwks_keys(text) IS
	'The public keys of a JSON Web Key Set that are for ES256 and RS256 signatures, as PEM; kid is empty for a key without. SM400 for anything but a key set, for secrets in it, and for weak keys.';

CREATE OR REPLACE FUNCTION social.register_issuer(issuer text, jwks text, audience text DEFAULT NULL, user_claim text DEFAULT 'sub', user_match text DEFAULT 'id')
	RETURNS integer
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found integer;
BEGIN
	IF coalesce(issuer, '') = '' OR octet_length(issuer) > 500 THEN
		PERFORM social.raise_error('SM400', 'issuer is not valid', 'It is what the tokens say as iss, in 1 to 500 bytes.');
	ELSIF issuer = social.setting('jwt_issuer') THEN
		PERFORM social.raise_error('SM409', 'the issuer is this server', format('social.jwt_issuer is "%s".', issuer));
	ELSIF coalesce(user_claim, '') = '' OR user_match IS NULL OR user_match NOT IN ('id', 'username', 'email') THEN
		PERFORM social.raise_error('SM400', 'invalid user claim', 'user_claim is the name of a claim, user_match is id, username or email.');
	END IF;
	SELECT count(*) INTO found FROM social.jwks_keys(coalesce(jwks, ''));
	INSERT INTO social.jwt_issuers AS i (issuer, jwks, audience, user_claim, user_match)
	VALUES (register_issuer.issuer, register_issuer.jwks, nullif(register_issuer.audience, ''), register_issuer.user_claim, register_issuer.user_match)
	ON CONFLICT ON CONSTRAINT jwt_issuers_pkey DO UPDATE
	SET jwks = EXCLUDED.jwks, audience = EXCLUDED.audience, user_claim = EXCLUDED.user_claim, user_match = EXCLUDED.user_match, updated_at = now();
	PERFORM social.audit('register_issuer', 'issuer', NULL, jsonb_build_object('issuer', issuer, 'audience', audience, 'user_claim', user_claim, 'user_match', user_match));
	PERFORM pg_notify('social_keys', '');
	-- Tokens that bridges have checked may be of a key that is in the set no more.
	PERFORM pg_notify('social_sessions', '0');
	RETURN found;
END
$$;
COMMENT ON FUNCTION social.register_issuer(text, text, text, text, text) IS
	'Takes access tokens of another issuer from now on: those that a key of its JSON Web Key Set signed, that name this audience (null: social.jwt_audience), and whose user_claim is the id, username or email (user_match) of an account here. Where that is the email, a token that says email_verified must say true. Registering again replaces, and bridges forget the tokens they have checked. Returns the number of its keys. SM400 for what is no key set, SM409 for our own issuer. Accounts are not made, and such tokens belong to no session.';

CREATE OR REPLACE FUNCTION social.remove_issuer(issuer text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM social.jwt_issuers i WHERE i.issuer = remove_issuer.issuer;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'issuer not found', '', 'SELECT issuer FROM social.admin_jwt_issuers lists them.');
	END IF;
	PERFORM social.audit('remove_issuer', 'issuer', NULL, jsonb_build_object('issuer', issuer));
	PERFORM pg_notify('social_keys', '');
	PERFORM pg_notify('social_sessions', '0');
END
$$;
COMMENT ON FUNCTION social.remove_issuer(text) IS
	'Takes no more tokens of this issuer; bridges forget those they have checked. SM404 for an unknown one.';

CREATE OR REPLACE VIEW social.admin_jwt_issuers AS
SELECT i.issuer, i.audience, i.user_claim, i.user_match, i.jwks, i.created_at, i.updated_at
FROM social.jwt_issuers i;
COMMENT ON VIEW social.admin_jwt_issuers IS 'Issuers whose tokens are taken.';
