-- retention.sql owns how long data is kept where that differs from the defaults.

CREATE TABLE social.retention (
	data_class text COLLATE "C" PRIMARY KEY,
	keep interval CONSTRAINT retention_keep_check CHECK (keep >= interval '0'),
	changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.retention IS 'Where an installation keeps a class of data for another time than social.retention_policy says by default; null keeps it for ever.';
