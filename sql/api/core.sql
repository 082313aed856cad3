-- core.sql owns what everything else stands on: the dump registration, the DROP guard, who is
-- acting, and the way a request leaves an id for its next statement.

-- Every table and sequence travels with pg_dump, but for tables that are not logged; of what is about
-- this cluster's files (text_tables) and about moments (events) the rows stay. Repeating a registration is harmless.
DO $$
DECLARE
	relation regclass;
BEGIN
	FOR relation IN
		SELECT c.oid FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'social' AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence = 'p'
		ORDER BY c.oid
	LOOP
		PERFORM pg_catalog.pg_extension_config_dump(relation, CASE WHEN relation = ANY (ARRAY['social.text_tables', 'social.event_outbox', 'social.event_counts', 'social.events']::regclass[]) THEN 'WHERE false' ELSE '' END);
	END LOOP;
END
$$;

-- Ids are at most 2^53 - 1, so that every JSON parser keeps them exact (JavaScript's reads a larger one as another).
-- bridge/base/id.h has the same bound.
DO $$
DECLARE
	identity record;
BEGIN
	FOR identity IN
		SELECT a.attrelid::regclass AS relation, c.relname, a.attname, s.seqmax
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''
		JOIN pg_catalog.pg_depend d ON d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype = 'i' AND d.classid = 'pg_catalog.pg_class'::regclass
		JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
		WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		ORDER BY c.oid
	LOOP
		IF identity.seqmax <> 9007199254740991 THEN
			EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET MAXVALUE 9007199254740991', identity.relation, identity.attname);
		END IF;
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint n WHERE n.conrelid = identity.relation AND n.conname = identity.relname || '_id_exact') THEN
			EXECUTE pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I <= 9007199254740991)', identity.relation, identity.relname || '_id_exact', identity.attname);
		END IF;
	END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION social.guard_drop() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_guard_drop';
COMMENT ON FUNCTION social.guard_drop() IS 'Event trigger: has the library loaded, which refuses to drop the extension and its tables while there are posts, whatever the statement that leads there, unless social.allow_drop is on.';
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = 'social_guard_drop') THEN
		-- Whatever an object may be dropped with that something of ours depends on, or is.
		CREATE EVENT TRIGGER social_guard_drop ON ddl_command_start
			WHEN TAG IN ('DROP EXTENSION', 'DROP SCHEMA', 'DROP OWNED', 'DROP LANGUAGE', 'DROP TABLE', 'DROP FUNCTION', 'DROP PROCEDURE',
				'DROP ROUTINE', 'DROP AGGREGATE', 'DROP TYPE', 'DROP DOMAIN', 'DROP COLLATION', 'DROP OPERATOR', 'DROP OPERATOR CLASS',
				'DROP OPERATOR FAMILY', 'DROP ACCESS METHOD', 'DROP TEXT SEARCH CONFIGURATION', 'DROP TEXT SEARCH DICTIONARY')
			EXECUTE FUNCTION social.guard_drop();
		COMMENT ON EVENT TRIGGER social_guard_drop IS 'Keeps posts from being dropped by accident; see social.allow_drop.';
	END IF;
END
$$;

-- References of a table to itself (extension/base/reference.c). The triggers are named so that they fire
-- before ours that count, as foreign keys do.
CREATE OR REPLACE FUNCTION social.reference_check() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_reference_check';
COMMENT ON FUNCTION social.reference_check() IS 'Row trigger: what the row names of its own table (a quoted post, a parent) is there and stays, as a foreign key sees to it; silent while a dump is restored, whose rows come in any order.';
CREATE OR REPLACE FUNCTION social.reference_end() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_reference_end';
COMMENT ON FUNCTION social.reference_end() IS 'Row trigger: quotes of a deleted post quote nothing, replies go with their parent, and neither changes its key while it is named.';

CREATE OR REPLACE FUNCTION social.viewer_id() RETURNS bigint
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_viewer_id';
COMMENT ON FUNCTION social.viewer_id() IS 'The user who acts, or null. Set by act_as, admit and authenticate.';

CREATE OR REPLACE FUNCTION social.require_viewer() RETURNS bigint
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_require_viewer';
COMMENT ON FUNCTION social.require_viewer() IS 'The user who acts; SM401 when nobody does.';

CREATE OR REPLACE FUNCTION social.require_writer() RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_require_writer';
COMMENT ON FUNCTION social.require_writer() IS 'The user who acts, who stays until the end of the transaction: for functions that write rows which name the viewer. SM401 when nobody acts, or the account is deleted at this moment.';

CREATE OR REPLACE FUNCTION social.hold_task(name text, wait boolean DEFAULT true) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'social_hold_task';
COMMENT ON FUNCTION social.hold_task(text, boolean) IS 'Holds a task that one session at a time does until the end of the transaction; false without wait while another one holds it. Unlike an advisory lock no stranger can take it.';

CREATE OR REPLACE FUNCTION social.act_as(user_id bigint, session boolean DEFAULT false) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_act_as_id';
COMMENT ON FUNCTION social.act_as(bigint, boolean) IS 'Makes a user the viewer until the end of the transaction, or of the session; null means nobody. With session it holds until RESET ALL or DISCARD ALL, as pools of sessions send them, and like any setting it outlives SET ROLE and SET SESSION AUTHORIZATION; it is not for a pool of transactions, where the next one is somebody else''s. For trusted roles. Returns the id; SM404 for an unknown, inactive or suspended account.';

CREATE OR REPLACE FUNCTION social.act_as(username text, session boolean DEFAULT false) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_act_as_name';
COMMENT ON FUNCTION social.act_as(text, boolean) IS 'act_as by user name, in any case.';

CREATE OR REPLACE FUNCTION social.admit(user_id bigint, session_id bigint DEFAULT NULL, action text DEFAULT NULL, address text DEFAULT NULL,
		rates text DEFAULT NULL, surface text DEFAULT NULL, account text DEFAULT NULL)
	RETURNS text
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_admit';
COMMENT ON FUNCTION social.admit(bigint, bigint, text, text, text, text, text) IS 'Opens a request as this user (null: as nobody) with this login session until the end of the transaction. For the bridge, which has checked the token. A surface counts the request in shared memory, as take_rate_limit does, and the figures come back; without a surface, or where there is no shared memory, nothing is counted. An address is noted for the audit log. SM429 when the request is one too many, SM401 when the account is gone, inactive or suspended, or the session has ended.';

CREATE OR REPLACE FUNCTION social.set_result_id(id bigint) RETURNS bigint
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'social_set_result_id';
COMMENT ON FUNCTION social.set_result_id(bigint) IS 'Leaves an id for a later statement of the same transaction; returns it.';

CREATE OR REPLACE FUNCTION social.result_id() RETURNS bigint
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_result_id';
COMMENT ON FUNCTION social.result_id() IS 'The id that set_result_id left in this transaction, or null.';

-- Errors that SQL functions raise: one function, so that a condition reads the same everywhere.
CREATE OR REPLACE FUNCTION social.raise_error(code text, message text, detail text DEFAULT '', hint text DEFAULT '')
	RETURNS boolean
	LANGUAGE c PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_raise_error';
COMMENT ON FUNCTION social.raise_error(text, text, text, text) IS 'Raises an error with this SQLSTATE; never returns. Without a detail or hint the error says what holds for every error of its state.';

CREATE OR REPLACE FUNCTION social.setting(name text) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_setting';
COMMENT ON FUNCTION social.setting(text) IS 'The value of the setting social.NAME. Unlike current_setting it finds our settings in every session, preloaded or not.';

-- ---- sequences -------------------------------------------------------------------------------------
-- Rows that come with ids of their own move the sequences of users, posts, comments and hashtags along
-- (extension/base/sequence.c), but not where triggers are silent: a load without them, a subscriber.

CREATE OR REPLACE FUNCTION social.sequences_behind(thorough boolean DEFAULT true)
	RETURNS TABLE (sequence regclass, of_table regclass, last_value bigint, highest bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	counted record;
BEGIN
	FOR counted IN
		SELECT d.objid::regclass AS sequence, c.oid::regclass AS of_table, format('SELECT max(%I) FROM %s', a.attname, c.oid::regclass) AS highest,
			EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indkey::int2[])[0] = a.attnum) AS is_cheap
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''
		JOIN pg_depend d ON d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
		WHERE c.relnamespace = 'social'::regnamespace
		UNION ALL
		SELECT 'social.post_position_seq', p.of_table, p.highest, p.is_cheap
		FROM (VALUES ('social.posts'::regclass, 'SELECT max(position) FROM social.posts', true), ('social.posts', 'SELECT max(kept_position) FROM social.posts', false),
			('social.reposts', 'SELECT max(position) FROM social.reposts', true), ('social.repost_places', 'SELECT max(position) FROM social.repost_places', false)) AS p (of_table, highest, is_cheap)
	LOOP
		CONTINUE WHEN NOT (thorough OR counted.is_cheap);
		EXECUTE counted.highest INTO highest;
		EXECUTE format('SELECT s.last_value - (NOT s.is_called)::integer FROM %s s', counted.sequence) INTO last_value;
		IF highest > last_value THEN
			sequence := counted.sequence;
			of_table := counted.of_table;
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.sequences_behind(boolean) IS 'Sequences that would give out numbers which rows have already, as after a load without triggers; advance_sequences() mends that. Not thorough: of columns that an index holds in order.';

CREATE OR REPLACE FUNCTION social.advance_sequences() RETURNS TABLE (sequence regclass, last_value bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	of_table regclass;
BEGIN
	-- Nobody draws a number between the look and the setting.
	FOR of_table IN SELECT DISTINCT b.of_table::oid FROM social.sequences_behind() b ORDER BY 1
	LOOP
		EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', of_table);
	END LOOP;
	FOR sequence, last_value IN SELECT b.sequence, max(b.highest) FROM social.sequences_behind() b GROUP BY b.sequence ORDER BY b.sequence::oid
	LOOP
		PERFORM setval(sequence, last_value);
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.advance_sequences() IS 'Sets every sequence that is behind its table (sequences_behind) to the highest number there, after a load without triggers or when a subscriber takes over; returns those. Keeps writers of these tables waiting meanwhile.';
