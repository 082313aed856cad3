-- observed.sql owns the triggers of observed tables: what their rows count for, tell, and are worth
-- stands in one table of rows at the head of extension/counter/observed.c.

CREATE OR REPLACE FUNCTION social.count_row() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_count_row';
COMMENT ON FUNCTION social.count_row() IS 'Row trigger of observed tables: notes the change of every count that this row bears on, whom it tells and what it is worth, and makes or removes the row''s own counters.';

CREATE OR REPLACE FUNCTION social.count_statement() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_count_statement';
COMMENT ON FUNCTION social.count_statement() IS 'Statement trigger of observed tables: applies what count_row noted, one never-waiting change for each counted object.';

CREATE OR REPLACE FUNCTION social.observed_tables(OUT source_table text, OUT events text, OUT counts text[], OUT counters text, OUT notification text,
		OUT trend_weight double precision, OUT last_position text, OUT recounted text[], OUT event text)
	RETURNS SETOF record
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_observed_tables';
COMMENT ON FUNCTION social.observed_tables() IS 'The registry of observed tables: on which events triggers look at a row of source_table, in which counts it counts, which table counts for it, what kind of notification it makes, what it is worth to its post in trending lists, whose last position it is, which of its flags follow a person''s account, and what events it is.';

DO $$
DECLARE
	observed record;
BEGIN
	FOR observed IN SELECT * FROM social.observed_tables()
	LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER social_count_row AFTER %s ON social.%I FOR EACH ROW EXECUTE FUNCTION social.count_row()', observed.events, observed.source_table);
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER social_count_statement AFTER %s ON social.%I FOR EACH STATEMENT EXECUTE FUNCTION social.count_statement()', observed.events, observed.source_table);
	END LOOP;
END
$$;
