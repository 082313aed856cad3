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
	'A new access token of this user in this session, by default for social.access_token_lifetime. Makes the first signing key when there is none.';
