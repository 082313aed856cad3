-- trending.sql owns the scores behind trending lists. A score is in forward-decay units (see
-- extension/counter/trending.c): it only ever grows, and newer activity weighs exponentially more.

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

CREATE TABLE social.trend_events (
	post_id bigint NOT NULL,
	amount double precision NOT NULL,
	at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE social.trend_events IS 'What was done to posts since the last fold, one row for each post and statement: amount is what it was worth at the time. No index and no foreign key, so that writers only append.';
ALTER TABLE social.trend_events REPLICA IDENTITY FULL;
