-- language.sql owns making the text vectors of posts anew.

CREATE TABLE social.post_reindex (
	before_id bigint NOT NULL,
	started_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.post_reindex IS 'How far reindex_posts has come, newest posts first: one row while there is work left, else none.';
ALTER TABLE social.post_reindex REPLICA IDENTITY FULL;
CREATE UNIQUE INDEX post_reindex_single_idx ON social.post_reindex ((true));
