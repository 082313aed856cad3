-- follow.sql owns who follows whom.

CREATE TABLE social.follows (
	follower_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	followed_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	follower_is_counted boolean DEFAULT true,
	followed_is_counted boolean DEFAULT true,
	PRIMARY KEY (follower_id, followed_id),
	CONSTRAINT follows_not_oneself CHECK (follower_id <> followed_id)
);
COMMENT ON TABLE social.follows IS 'One row for each follower and the person they follow. follower_is_counted and followed_is_counted are null while that person is not shown.';
CREATE INDEX follows_followed_idx ON social.follows (followed_id, created_at DESC, follower_id DESC);
CREATE INDEX follows_newest_idx ON social.follows (follower_id, created_at DESC, followed_id DESC);
