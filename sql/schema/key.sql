-- key.sql owns the keys that sign and verify tokens: ours, and those of issuers that we trust.

CREATE TABLE social.jwt_key (
	kid text COLLATE "C" PRIMARY KEY CHECK (kid <> '' AND length(kid) <= 64),
	alg text NOT NULL CHECK (alg IN ('HS256', 'ES256', 'RS256')),
	private_key bytea,
	public_key text,
	status text NOT NULL DEFAULT 'standby' CHECK (status IN ('standby', 'active', 'retired')),
	created_at timestamptz NOT NULL DEFAULT now(),
	retired_at timestamptz,
	activated_at timestamptz,
	CHECK (alg = 'HS256' OR public_key IS NOT NULL),
	CHECK (alg <> 'HS256' OR (private_key IS NOT NULL AND public_key IS NULL)),
	CONSTRAINT jwt_key_active_signs CHECK (status <> 'active' OR private_key IS NOT NULL)
);
COMMENT ON TABLE social.jwt_key IS 'Signing keys, each with its one algorithm. private_key holds the HS256 secret or a private key as PEM, public_key a public key as PEM. The active key signs; active and retired ones verify; a standby one is published and waits for its turn. The first is made when a bridge starts, or for the first token. Nobody but the owner may read this table.';
CREATE UNIQUE INDEX jwt_key_active ON social.jwt_key (status) WHERE status = 'active';
REVOKE ALL ON social.jwt_key FROM PUBLIC;

CREATE TABLE social.jwt_issuers (
	issuer text COLLATE "C" PRIMARY KEY CHECK (issuer <> ''),
	jwks text NOT NULL,
	audience text,
	user_claim text NOT NULL DEFAULT 'sub' CHECK (user_claim <> ''),
	user_match text NOT NULL DEFAULT 'id' CHECK (user_match IN ('id', 'username', 'email')),
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.jwt_issuers IS 'Others whose access tokens are taken (register_issuer): their public keys as a JSON Web Key Set, and which claim names which column of our account.';
