-- auth.sql owns the keys that sign and verify tokens.

CREATE TABLE social.jwt_key (
	kid text COLLATE "C" PRIMARY KEY CHECK (kid <> '' AND length(kid) <= 64),
	alg text NOT NULL CHECK (alg IN ('HS256', 'ES256', 'RS256')),
	private_key bytea,
	public_key text,
	status text NOT NULL DEFAULT 'standby' CHECK (status IN ('standby', 'active', 'retired')),
	created_at timestamptz NOT NULL DEFAULT now(),
	retired_at timestamptz,
	CHECK (alg = 'HS256' OR public_key IS NOT NULL),
	CHECK (alg <> 'HS256' OR (private_key IS NOT NULL AND public_key IS NULL)),
	CHECK (status <> 'active' OR (private_key IS NOT NULL AND alg <> 'RS256'))
);
COMMENT ON TABLE social.jwt_key IS 'Signing keys, each with its one algorithm. private_key holds the HS256 secret or a private key as PEM, public_key a public key as PEM. The active key signs; active and retired ones verify. The first key is made when the first token is signed. Nobody but the owner may read this table.';
CREATE UNIQUE INDEX jwt_key_active ON social.jwt_key (status) WHERE status = 'active';
REVOKE ALL ON social.jwt_key FROM PUBLIC;
