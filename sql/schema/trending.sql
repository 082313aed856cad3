-- trending.sql owns the scores behind trending lists. A score is in forward-decay units (see
-- extension/trending.c): it only ever grows, and newer activity weighs exponentially more.

CREATE TABLE social.post_trends (
	post_id bigint PRIMARY KEY REFERENCES social.posts ON DELETE CASCADE,
	score double precision NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE social.post_trends IS 'Each lately active post''s score (natural logarithm, so that it never overflows); folded by the worker.';
CREATE INDEX post_trends_score_idx ON social.post_trends (score DESC, post_id DESC);

CREATE TABLE social.hashtag_trends (
	hashtag_id bigint PRIMARY KEY REFERENCES social.hashtags ON DELETE CASCADE,
	score double precision NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE social.hashtag_trends IS 'Each lately used hashtag''s score, likewise.';
CREATE INDEX hashtag_trends_score_idx ON social.hashtag_trends (score DESC, hashtag_id DESC);
