-- language.sql owns making the text vectors of posts anew, and which tables of Unicode they and the
-- indexes on texts were made with.

CREATE TABLE social.post_reindex (
	before_id bigint NOT NULL,
	started_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.post_reindex IS 'How far reindex_posts has come, newest posts first: one row while there is work left, else none.';
ALTER TABLE social.post_reindex REPLICA IDENTITY FULL;
CREATE UNIQUE INDEX post_reindex_single_idx ON social.post_reindex ((true));

CREATE TABLE social.text_tables (
	is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
	unicode text NOT NULL,
	icu text NOT NULL
);
COMMENT ON TABLE social.text_tables IS 'The one row says which version of Unicode the indexes on texts were made with, and whose tables those were. It stays in its cluster: pg_dump leaves it out, because a restore makes the indexes anew, and pg_upgrade takes it along, as it does the indexes.';
