-- django.sql owns how far the move from a Django database has come, and what became of its rows.

CREATE TABLE social.django_imports (
	source text COLLATE "C" NOT NULL,
	step text COLLATE "C" NOT NULL,
	last_created timestamptz,
	last_table text COLLATE "C",
	last_key text COLLATE "C",
	rows_read bigint NOT NULL DEFAULT 0,
	rows_taken bigint NOT NULL DEFAULT 0,
	is_done boolean NOT NULL DEFAULT false,
	PRIMARY KEY (source, step)
);
COMMENT ON TABLE social.django_imports IS 'How far social.import_django() has come: one row for each step, which is a table of the source, or several that are read in order of time.';

CREATE TABLE social.django_ids (
	id bigint,
	source text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	PRIMARY KEY (source, kind, key)
);
COMMENT ON TABLE social.django_ids IS 'Which id here a person, post or comment of a Django database has got; null for somebody who has been erased here, and is not moved again.';

CREATE TABLE social.django_notes (
	source text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	note text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (source, kind, key)
);
COMMENT ON TABLE social.django_notes IS 'Rows of a Django database that were not taken as they are, and why.';
