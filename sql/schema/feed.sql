-- feed.sql owns where everybody was last active in newest-first lists. A writer who finds a person's
-- row held adds another (see extension/counter/last_position.h); `part` keeps them apart, at random, so that
-- nobody ever waits for somebody else's entry of the key.

CREATE TABLE social.last_positions (
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	post_position bigint,
	repost_position bigint,
	part bigint NOT NULL DEFAULT (9e18::double precision * random())::bigint,
	PRIMARY KEY (user_id, part)
) WITH (fillfactor = 50);
COMMENT ON TABLE social.last_positions IS 'Positions that no post and no repost of a person lies above, so that a home feed looks up only people who may stand on its page; the highest of a person''s rows counts. It may be too high, but never too low; a person without a row is looked up.';
