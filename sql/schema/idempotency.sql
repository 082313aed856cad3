-- idempotency.sql owns what requests with an Idempotency-Key were answered.

CREATE TABLE social.idempotency_keys (
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	key text COLLATE "C" NOT NULL CHECK (key <> '' AND length(key) <= 255),
	step integer NOT NULL,
	request_hash text COLLATE "C" NOT NULL,
	result_id bigint,
	answer text,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, key, step)
);
COMMENT ON TABLE social.idempotency_keys IS 'Requests that were sent with an Idempotency-Key and did what they were sent for: a row is written by the transaction that did it, so it is there when the effect is, and only then. step is the field of a GraphQL mutation, 0 otherwise. A key stands for its person''s one request of that hash until retention forgets it. Nobody but the owner may read this table.';
CREATE INDEX idempotency_keys_created_idx ON social.idempotency_keys (created_at);
REVOKE ALL ON social.idempotency_keys FROM PUBLIC;
