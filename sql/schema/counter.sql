-- counter.sql owns the counters: a narrow row beside each counted object, and beside each counter
-- table an append-only table of deltas that the worker folds in. A count is counter + sum(deltas).
-- No foreign keys: the object's own triggers make and remove the row (see extension/counter.c).
-- Deltas have no key, which would cost each of them an index entry: a row that goes is named whole
-- to logical subscribers (REPLICA IDENTITY FULL), which costs nothing where there are none.

CREATE TABLE social.user_counters (
	user_id bigint PRIMARY KEY,
	followers_count bigint NOT NULL DEFAULT 0,
	following_count bigint NOT NULL DEFAULT 0,
	posts_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE social.user_counters IS 'Followers, people followed and public posts of each user, but for the deltas not folded yet.';
CREATE TABLE social.user_counter_deltas (
	user_id bigint NOT NULL,
	followers_count integer NOT NULL DEFAULT 0,
	following_count integer NOT NULL DEFAULT 0,
	posts_count integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE social.user_counter_deltas IS 'Changes of user_counters that found the row locked.';
ALTER TABLE social.user_counter_deltas REPLICA IDENTITY FULL;
CREATE INDEX user_counter_deltas_idx ON social.user_counter_deltas (user_id);

CREATE TABLE social.post_counters (
	post_id bigint PRIMARY KEY,
	likes_count bigint NOT NULL DEFAULT 0,
	comments_count bigint NOT NULL DEFAULT 0,
	reposts_count bigint NOT NULL DEFAULT 0,
	views_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE social.post_counters IS 'Likes and comments of each post, but for the deltas not folded yet.';
CREATE TABLE social.post_counter_deltas (
	post_id bigint NOT NULL,
	likes_count integer NOT NULL DEFAULT 0,
	comments_count integer NOT NULL DEFAULT 0,
	reposts_count integer NOT NULL DEFAULT 0,
	views_count integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE social.post_counter_deltas IS 'Changes of post_counters that found the row locked.';
ALTER TABLE social.post_counter_deltas REPLICA IDENTITY FULL;
CREATE INDEX post_counter_deltas_idx ON social.post_counter_deltas (post_id);

CREATE TABLE social.comment_counters (
	comment_id bigint PRIMARY KEY,
	likes_count bigint NOT NULL DEFAULT 0,
	replies_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE social.comment_counters IS 'Likes and direct replies of each comment, but for the deltas not folded yet.';
CREATE TABLE social.comment_counter_deltas (
	comment_id bigint NOT NULL,
	likes_count integer NOT NULL DEFAULT 0,
	replies_count integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE social.comment_counter_deltas IS 'Changes of comment_counters that found the row locked.';
ALTER TABLE social.comment_counter_deltas REPLICA IDENTITY FULL;
CREATE INDEX comment_counter_deltas_idx ON social.comment_counter_deltas (comment_id);

CREATE TABLE social.hashtag_counters (
	hashtag_id bigint PRIMARY KEY,
	posts_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE social.hashtag_counters IS 'Public posts of each tag, but for the deltas not folded yet.';
CREATE TABLE social.hashtag_counter_deltas (
	hashtag_id bigint NOT NULL,
	posts_count integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE social.hashtag_counter_deltas IS 'Changes of hashtag_counters that found the row locked.';
ALTER TABLE social.hashtag_counter_deltas REPLICA IDENTITY FULL;
CREATE INDEX hashtag_counter_deltas_idx ON social.hashtag_counter_deltas (hashtag_id);
