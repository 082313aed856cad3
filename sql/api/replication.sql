-- replication.sql owns what logical replication of our tables needs on the subscriber's side. On the
-- publisher's a table's key or replica identity is enough (sql/schema).

CREATE OR REPLACE FUNCTION social.is_subscriber() RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_is_subscriber_sql';
COMMENT ON FUNCTION social.is_subscriber() IS 'Does a subscription (enabled or not) write tables of ours in this database? The background worker and social.tick() do nothing then: what they would do arrives.';

-- Rows that arrive fire no other trigger of ours; what sessions keep in memory hears of them by these.
-- Where several rows of a person are one (last_positions), the highest counts: a deletion tells nothing.
DO $$
DECLARE
	source record;
BEGIN
	FOR source IN SELECT * FROM (VALUES ('last_positions', 'last_positions_changed', 'INSERT OR UPDATE'),
		('content_rules', 'content_rules_changed', 'INSERT OR UPDATE OR DELETE'), ('rate_limit_overrides', 'rate_limits_changed', 'INSERT OR UPDATE OR DELETE'))
		AS sources (table_name, function_name, events)
	LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER social_replicated AFTER %s ON social.%I FOR EACH ROW EXECUTE FUNCTION social.%I()',
			source.events, source.table_name, source.function_name);
		EXECUTE pg_catalog.format('ALTER TABLE social.%I ENABLE REPLICA TRIGGER social_replicated', source.table_name);
	END LOOP;
END
$$;

-- What text_tables says is true of this cluster's indexes, and the publisher's row of another's.
CREATE OR REPLACE FUNCTION social.stay_local() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.stay_local() IS 'Row trigger on a subscriber: what arrives for this table is left out.';
CREATE OR REPLACE TRIGGER social_replicated BEFORE INSERT OR UPDATE OR DELETE ON social.text_tables
	FOR EACH ROW EXECUTE FUNCTION social.stay_local();
ALTER TABLE social.text_tables ENABLE REPLICA TRIGGER social_replicated;
