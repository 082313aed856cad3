-- column.sql proves that the columns that C reads and writes by number (extension/base/column.h) have
-- these numbers in the catalog.
BEGIN;
SELECT no_plan();

\set header `cat extension/base/column.h`
CREATE TEMPORARY TABLE numbered AS
SELECT m[1] AS name, m[2]::integer AS number FROM regexp_matches(:'header', '^\tSOCIAL_([A-Z_]+) = ([0-9]+),?$', 'gn') m;
CREATE TEMPORARY VIEW catalogued AS
SELECT upper(c.relname || '_' || a.attname) AS name, a.attnum::integer AS number
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT upper(c.relname) || '_NCOLUMNS', c.relnatts::integer FROM pg_class c
WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p')
UNION ALL
SELECT upper(c.relname) || '_NCHECKS', c.relchecks::integer FROM pg_class c
WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p');

SELECT cmp_ok((SELECT count(*) FROM numbered), '>', 100::bigint, 'the header is read');
SELECT is((SELECT count(*) FROM regexp_matches(:'header', '^\t\S', 'gn')), (SELECT count(*) FROM numbered), 'each of its lines gives a name its number');
SELECT is_empty($$
	SELECT n.name, n.number, c.number AS in_the_catalog FROM numbered n LEFT JOIN catalogued c USING (name)
	WHERE c.number IS DISTINCT FROM n.number
$$, 'and the catalog says the same of every name');

SELECT is_empty($$
	SELECT a.attrelid::regclass FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
	WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'id' AND a.attnum <> 1
$$, 'an id is the first column (SOCIAL_COLUMN_ID)');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c JOIN (SELECT DISTINCT unnest(ARRAY[counter_table, delta_table]) AS relname, counter_key FROM social.counted_columns()) t USING (relname)
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
	WHERE c.relnamespace = 'social'::regnamespace AND a.attname <> t.counter_key
$$, 'as is what a counter counts for');

SELECT * FROM finish();
ROLLBACK;
