-- relation.sql owns what people decide about each other: blocks, mutes, and follow requests.

CREATE TABLE social.follow_requests (
	requester_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	target_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (requester_id, target_id),
	CONSTRAINT follow_requests_not_oneself CHECK (requester_id <> target_id)
);
COMMENT ON TABLE social.follow_requests IS 'Who waits for a locked account''s leave to follow it.';
CREATE INDEX follow_requests_target_idx ON social.follow_requests (target_id, created_at DESC, requester_id DESC);

CREATE TABLE social.blocks (
	blocker_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	blocked_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	is_settled boolean NOT NULL DEFAULT true,
	PRIMARY KEY (blocker_id, blocked_id),
	CONSTRAINT blocks_not_oneself CHECK (blocker_id <> blocked_id)
);
COMMENT ON TABLE social.blocks IS 'Who blocks whom; the two do not exist for each other, whichever of them did it.';
CREATE INDEX blocks_blocked_idx ON social.blocks (blocked_id, blocker_id);
CREATE INDEX blocks_unsettled_idx ON social.blocks (blocker_id, blocked_id) WHERE NOT is_settled;

CREATE TABLE social.mutes (
	muter_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	muted_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	posts boolean NOT NULL DEFAULT true,
	notifications boolean NOT NULL DEFAULT true,
	expires_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (muter_id, muted_id),
	CONSTRAINT mutes_not_oneself CHECK (muter_id <> muted_id)
);
COMMENT ON TABLE social.mutes IS 'Whose posts, whose notifications or both somebody does not want to see in lists, for good or until expires_at. The muted person does not notice.';
CREATE INDEX mutes_muted_idx ON social.mutes (muted_id);
CREATE INDEX mutes_expiry_idx ON social.mutes (expires_at) WHERE expires_at IS NOT NULL;
