-- column_number.sql owns the question whether columns have the numbers by which C knows them
-- (extension/base/column.h, put in by `make`): an update appends ours behind those that somebody else
-- has added, and C would take these for them.

DO $$
DECLARE
	misplaced text;
BEGIN
	SELECT pg_catalog.string_agg(pg_catalog.format('%s is column %s of social.%s, and has to be %s', a.attname, a.attnum, c.relname, m.part[2]), '; ' ORDER BY c.relname, a.attnum) INTO misplaced
	FROM pg_catalog.pg_class c
	JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	JOIN pg_catalog.regexp_matches('@COLUMN_NUMBERS@', '([A-Z_]+)=([0-9]+)', 'g') AS m (part) ON m.part[1] = pg_catalog.upper(c.relname || '_' || a.attname)
	WHERE c.relnamespace = 'social'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p') AND a.attnum <> m.part[2]::integer;
	IF misplaced IS NOT NULL THEN
		RAISE EXCEPTION 'a table of social has, or had, a column that is not of social: %', misplaced USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Numbers of dropped columns are not given out again. Drop those columns, dump the database, create the extension in this older version in a new one, restore, and update there; a table of your own that refers to ours can be kept.';
	END IF;
END
$$;
