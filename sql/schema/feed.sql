-- feed.sql owns where everybody was last active in newest-first lists. No unique index: a writer who
-- finds a person's row held adds another (see extension/last_position.h).

CREATE TABLE social.last_positions (
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	post_position bigint,
	repost_position bigint
) WITH (fillfactor = 50);
COMMENT ON TABLE social.last_positions IS 'Positions that no post and no repost of a person lies above, so that a home feed looks up only people who may stand on its page; the highest of a person''s rows counts. It may be too high, but never too low; a person without a row is looked up.';
CREATE INDEX last_positions_user_idx ON social.last_positions (user_id);
