-- export.sql owns exports: an archive with all that there is of a person, for that person. Somebody asks for
-- one (request_export, or export_user for an administrator), a worker makes it, and it lies in the store
-- until the time of the data class exports is over:
--
--   export {export_id}   export_begin, then for each of export_parts() a cursor of export_open(), for each
--                        page of export_media() the files, and export_finished or export_failed
--
-- It may run twice: the object has the same key, and nobody knows of it before export_finished(). What the
-- archive has is said in personal.sql. Its person gets a mail when it is ready or has failed.

-- ---- what there is -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.export_parts(OUT part text, OUT table_name text, OUT column_name text, OUT note text)
	RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT p.export_as, p.table_name, p.column_name, p.export_note FROM social.personal_columns() p WHERE p.export_as IS NOT NULL
	ORDER BY p.export_as <> 'account', p.export_as <> 'profile', p.export_as
$$;
COMMENT ON FUNCTION social.export_parts() IS 'The files of an export: which column refers to the person in the rows that each has, and what they are. For workers and administrators.';

-- Other people are told by id and name, whoever of them is not gone.
CREATE OR REPLACE FUNCTION social.export_query(part text) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known record;
	relation regclass;
	columns text;
	sorted text;
BEGIN
	SELECT p.* INTO known FROM social.personal_columns() p WHERE p.export_as = $1;
	IF known.table_name IS NULL THEN
		PERFORM social.raise_error('SM404', 'there is no such part of an export', '', 'SELECT part FROM social.export_parts() lists them.');
	END IF;
	relation := format('social.%I', known.table_name)::regclass;
	SELECT string_agg(format('t.%I', a.attname) || CASE
			WHEN a.attname <> known.column_name AND (EXISTS (SELECT FROM pg_constraint n WHERE n.contype = 'f' AND n.conrelid = relation AND n.confrelid = 'social.users'::regclass AND n.conkey = ARRAY[a.attnum])
				OR EXISTS (SELECT FROM social.personal_notes() o WHERE o.table_name = known.table_name AND o.column_name = a.attname AND o.condition = format('t.%I = $1', a.attname) AND known.table_name <> 'users'))
			THEN format(', (SELECT u.username FROM social.users u WHERE u.id = t.%I AND u.deleted_at IS NULL) AS %I', a.attname, regexp_replace(a.attname, '_id$', '') || '_username')
			ELSE '' END, ', ' ORDER BY a.attnum) INTO columns
	FROM pg_attribute a
	WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
		AND NOT EXISTS (SELECT FROM social.unexported_columns() u WHERE u.table_name = known.table_name AND u.column_name = a.attname AND coalesce(u.export_as, $1) = $1);
	SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY k.place) INTO sorted
	FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place), pg_attribute a
	WHERE i.indrelid = relation AND i.indisprimary AND a.attrelid = relation AND a.attnum = k.attnum;
	RETURN format('SELECT row_to_json(r)::text, r.* FROM (SELECT %s FROM %s t WHERE %s ORDER BY %s) r', columns, relation, known.condition, sorted);
END
$$;
COMMENT ON FUNCTION social.export_query(text) IS 'The statement that reads a part of an export of the person $1: each row as JSON, then its columns.';

CREATE OR REPLACE FUNCTION social.export_json(user_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known record;
	rows jsonb;
	document jsonb := '{}';
BEGIN
	IF NOT EXISTS (SELECT FROM social.users u WHERE u.id = $1) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	FOR known IN SELECT p.part FROM social.export_parts() p LOOP
		EXECUTE format('SELECT coalesce(jsonb_agg(q.row_to_json::jsonb), ''[]'') FROM (%s) q', social.export_query(known.part)) INTO rows USING $1;
		document := document || jsonb_build_object(known.part, rows);
	END LOOP;
	RETURN document;
END
$$;
COMMENT ON FUNCTION social.export_json(bigint) IS 'All that there is of a person, as one document: a member for each part of an export, with its rows. Of files their keys; an archive with the files is made by export_user(). Also for accounts that are suspended. SM404 for an unknown account.';

-- ---- asking ------------------------------------------------------------------------------------------

-- A job whose workers were killed too often is dead, and has said nothing.
CREATE OR REPLACE FUNCTION social.export_is_under_way(export_id bigint, user_id bigint) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM social.jobs j WHERE j.user_id = $2 AND j.kind = 'export' AND j.args = jsonb_build_object('export_id', $1) AND j.dead_at IS NULL)
$$;
COMMENT ON FUNCTION social.export_is_under_way(bigint, bigint) IS 'Does the job of an export of this person wait or run?';

CREATE OR REPLACE FUNCTION social.start_export(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	export bigint;
BEGIN
	PERFORM social.require_media_store();
	-- One at a time for each person.
	PERFORM FROM social.users u WHERE u.id = $1 AND u.deleted_at IS NULL FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	SELECT e.id INTO export FROM social.exports e
	WHERE e.user_id = $1 AND e.state IN ('waiting', 'running') AND social.export_is_under_way(e.id, $1);
	IF export IS NULL THEN
		DELETE FROM social.exports e WHERE e.user_id = $1;
		INSERT INTO social.exports AS e (user_id, key, parts_total) VALUES ($1, format('exports/%s/%s.zip', $1, gen_random_uuid()), (SELECT count(*) FROM social.export_parts()))
		RETURNING e.id INTO export;
		PERFORM social.ensure_media_kinds();
		PERFORM social.enqueue_job('export', jsonb_build_object('export_id', export), unique_key => 'export:' || export, user_id => $1);
	END IF;
	RETURN export;
END
$$;
COMMENT ON FUNCTION social.start_export(bigint) IS 'Begins an export of this person, or finds the one that is under way. Returns its id.';

CREATE OR REPLACE FUNCTION social.request_export() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	export bigint;
BEGIN
	PERFORM social.require_writer();
	export := social.start_export(viewer);
	PERFORM social.audit('request_export', 'user', viewer);
	RETURN export;
END
$$;
COMMENT ON FUNCTION social.request_export() IS 'The viewer asks for an archive of all that there is of the own account; it takes the place of an older one. While one is under way that is it. Returns its id; export_document() says how far it is. SM401 when nobody acts; SM409 where there is no store.';

CREATE OR REPLACE FUNCTION social.export_user(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	export bigint;
BEGIN
	IF social.viewer_id() IS NOT NULL AND NOT EXISTS (SELECT FROM social.users u WHERE u.id = social.viewer_id() AND u.is_superuser) THEN
		PERFORM social.raise_error('SM403', 'only a superuser may export accounts');
	END IF;
	export := social.start_export($1);
	PERFORM social.audit('export_user', 'user', $1);
	RETURN export;
END
$$;
COMMENT ON FUNCTION social.export_user(bigint) IS 'Has a worker make an archive of all that there is of a person, who may be suspended; social.admin_exports says how far it is, export_url() where it can be read. For administrators. Returns its id. SM403 when somebody acts who is no superuser, SM404 for an unknown account, SM409 where there is no store.';

CREATE OR REPLACE FUNCTION social.export_url(user_id bigint, seconds integer DEFAULT 3600) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- An address that lives for a day is one for everybody (bridge/media/address.c).
	IF $2 IS NULL OR $2 NOT BETWEEN 1 AND 82800 THEN
		PERFORM social.raise_error('SM400', 'invalid seconds', 'They are 1 to 82800.');
	END IF;
	RETURN (SELECT social.media_store_address(social.require_media_store(), 'GET', e.key, $2, now()) FROM social.exports e WHERE e.user_id = $1 AND e.state = 'ready');
END
$$;
COMMENT ON FUNCTION social.export_url(bigint, integer) IS 'An address where the archive of a person can be read for so many seconds (at most 23 hours), for an administrator to hand to somebody who cannot log in; null while there is none. SM400 for other seconds, SM409 where there is no store.';

CREATE OR REPLACE FUNCTION social.delete_export() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	export bigint;
BEGIN
	PERFORM social.require_writer();
	DELETE FROM social.exports e WHERE e.user_id = viewer RETURNING e.id INTO export;
	IF export IS NULL THEN
		PERFORM social.raise_error('SM404', 'there is no export');
	END IF;
	RETURN export;
END
$$;
COMMENT ON FUNCTION social.delete_export() IS 'The viewer gives the own export up, or has its archive deleted. Returns its id. SM401 when nobody acts, SM404 when there is none.';

CREATE OR REPLACE FUNCTION social.export_gone() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- A worker that is about to send it may hear of it late.
	PERFORM social.enqueue_job('media.delete', jsonb_build_object('keys', jsonb_build_array(OLD.key)), run_at => CASE WHEN OLD.state = 'running' THEN now() + interval '15 minutes' END)
	WHERE OLD.state <> 'waiting' AND EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = 'media.delete');
	-- Nor is anybody told of it who has not been.
	DELETE FROM social.mail_outbox m WHERE m.user_id = OLD.user_id AND m.template IN ('export_ready', 'export_failed') AND m.sent_at IS NULL AND m.leased_until IS NULL;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.export_gone() IS 'Row trigger: the archive of an export that is gone is deleted by a job, and a mail about it that waits is withdrawn.';
CREATE OR REPLACE TRIGGER social_export_gone AFTER DELETE ON social.exports
	FOR EACH ROW WHEN (NOT social.is_restoring()) EXECUTE FUNCTION social.export_gone();

-- ---- looking -----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.exports_kept() RETURNS interval
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT a.keep FROM social.admin_retention a WHERE a.data_class = 'exports'
$$;
COMMENT ON FUNCTION social.exports_kept() IS 'How long archives of exports are kept; null: for ever.';

CREATE OR REPLACE VIEW social.visible_exports AS
SELECT e.id, e.user_id, CASE WHEN e.state IN ('waiting', 'running') AND NOT social.export_is_under_way(e.id, e.user_id) THEN 'failed' ELSE e.state END AS state,
	e.parts_done, e.parts_total, e.size, e.digest, e.error, e.created_at, e.finished_at,
	CASE WHEN e.state = 'ready' THEN e.finished_at + (SELECT social.exports_kept()) END AS expires_at
FROM social.exports e
WHERE e.user_id = (SELECT social.viewer_id());
COMMENT ON VIEW social.visible_exports IS 'The viewer''s own export.';

CREATE OR REPLACE FUNCTION social.own_export_url() RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF social.api_key_id() IS NOT NULL THEN
		PERFORM social.require_login();
	END IF;
	RETURN social.export_url(social.viewer_id());
END
$$;
COMMENT ON FUNCTION social.own_export_url() IS 'Where the viewer finds the archive of the own export, for an hour; null while there is none.';

CREATE OR REPLACE FUNCTION social.export_document(export_id bigint DEFAULT NULL) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_login();
	RETURN (SELECT json_build_object('id', e.id, 'state', e.state, 'parts_done', e.parts_done, 'parts_total', e.parts_total, 'size', e.size, 'sha256', nullif(e.digest, ''), 'error', nullif(e.error, ''),
			'url', CASE WHEN e.state = 'ready' THEN social.own_export_url() END, 'created_at', e.created_at, 'finished_at', e.finished_at, 'expires_at', e.expires_at)
		FROM social.visible_exports e WHERE $1 IS NULL OR e.id = $1);
END
$$;
COMMENT ON FUNCTION social.export_document(bigint) IS 'The viewer''s own export as REST shows it: waiting, running (parts_done of parts_total), ready with an address that is good for an hour, or failed with an error; null when there is none, or another one. SM401 when nobody acts.';

CREATE OR REPLACE VIEW social.admin_exports AS
SELECT e.id, e.user_id, u.username, e.state, e.parts_done, e.parts_total, e.size, e.error, e.created_at, e.started_at, e.finished_at
FROM social.exports e JOIN social.users u ON u.id = e.user_id;
COMMENT ON VIEW social.admin_exports IS 'Archives of what there is of people, and those that are made.';

-- ---- what workers say --------------------------------------------------------------------------------

-- Who cannot log in does not get a mail that says to: administrators hand them the archive.
CREATE OR REPLACE FUNCTION social.mail_export(export_id bigint) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT social.queue_mail('export_' || e.state, u.id, u.email, jsonb_build_object('username', u.username, 'until',
		coalesce(to_char((e.finished_at + social.exports_kept()) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), 'you delete it')), social.exports_kept())
	FROM social.exports e JOIN social.users u ON u.id = e.user_id
	WHERE e.id = $1 AND e.state IN ('ready', 'failed') AND u.is_active AND u.deleted_at IS NULL AND (u.suspended_at IS NULL OR u.suspended_until <= now())
$$;
COMMENT ON FUNCTION social.mail_export(bigint) IS 'Tells the person by mail that an export is ready, or has failed. A part of export_finished and export_failed.';

CREATE OR REPLACE FUNCTION social.export_begin(export_id bigint, OUT state text, OUT user_id bigint, OUT username text, OUT key text, OUT version text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.exports e SET state = 'running', parts_done = 0, started_at = clock_timestamp(), error = ''
	WHERE e.id = $1 AND e.state IN ('waiting', 'running');
	SELECT e.state, e.user_id, u.username, e.key, (SELECT x.extversion FROM pg_extension x WHERE x.extname = 'social') INTO state, user_id, username, key, version
	FROM social.exports e JOIN social.users u ON u.id = e.user_id WHERE e.id = $1;
END
$$;
COMMENT ON FUNCTION social.export_begin(bigint) IS 'A worker begins with an export; where the state that comes back is not running, there is nothing to do; all null when it is gone. For workers.';

CREATE OR REPLACE FUNCTION social.export_open(export_id bigint, part text) RETURNS refcursor
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	person bigint := (SELECT e.user_id FROM social.exports e WHERE e.id = $1 AND e.state = 'running');
	rows refcursor := 'export_rows';
BEGIN
	IF person IS NULL THEN
		PERFORM social.raise_error('SM409', 'this export is not under way');
	END IF;
	OPEN rows NO SCROLL FOR EXECUTE social.export_query($2) USING person;
	RETURN rows;
END
$$;
COMMENT ON FUNCTION social.export_open(bigint, text) IS 'Opens the cursor export_rows with a part of an export that is under way: each row as JSON, then its columns. In a transaction, whose snapshot all parts share where it is repeatable read. SM404 for an unknown part, SM409 for an export that is not under way. For workers.';

CREATE OR REPLACE FUNCTION social.export_media(export_id bigint, after bigint DEFAULT 0) RETURNS TABLE (id bigint, key text, content_type text, size bigint)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT m.id, m.key, m.content_type, m.size FROM social.exports e JOIN social.media m ON m.owner_id = e.user_id
	WHERE e.id = $1 AND e.state = 'running' AND m.id > $2 AND m.state IN ('verified', 'processing', 'ready') ORDER BY m.id LIMIT 100
$$;
COMMENT ON FUNCTION social.export_media(bigint, bigint) IS 'Files of the person whose export is under way, with ids beyond one, 100 at most. For workers.';

CREATE OR REPLACE FUNCTION social.export_progress(export_id bigint, done integer) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.exports e SET parts_done = least(greatest($2, 0), e.parts_total) WHERE e.id = $1 AND e.state = 'running';
	RETURN (SELECT e.state FROM social.exports e WHERE e.id = $1);
END
$$;
COMMENT ON FUNCTION social.export_progress(bigint, integer) IS 'A worker says how many parts of an export are done. Returns the state: where it is not running, there is nothing more to do. For workers.';

CREATE OR REPLACE FUNCTION social.export_finished(export_id bigint, size bigint, digest text) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $3 !~ '^[0-9a-f]{64}$' OR $2 < 1 OR num_nulls($2, $3) > 0 THEN
		PERFORM social.raise_error('SM400', 'invalid size or digest', 'The digest is SHA-256, as 64 hexadecimal digits.');
	END IF;
	-- Before the export, as who deletes the account does.
	PERFORM FROM social.users u WHERE u.id = (SELECT e.user_id FROM social.exports e WHERE e.id = $1) FOR KEY SHARE;
	UPDATE social.exports e SET state = 'ready', parts_done = e.parts_total, size = $2, digest = $3, error = '', finished_at = clock_timestamp() WHERE e.id = $1 AND e.state = 'running';
	IF FOUND THEN
		PERFORM social.mail_export($1);
	END IF;
	RETURN (SELECT e.state FROM social.exports e WHERE e.id = $1);
END
$$;
COMMENT ON FUNCTION social.export_finished(bigint, bigint, text) IS 'A worker has put the archive of an export into the store. Returns the state: where it is not ready, the object has to go. SM400 for what is no size or SHA-256 digest. For workers.';

CREATE OR REPLACE FUNCTION social.export_failed(export_id bigint, reason text) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM FROM social.users u WHERE u.id = (SELECT e.user_id FROM social.exports e WHERE e.id = $1) FOR KEY SHARE;
	UPDATE social.exports e SET state = 'failed', error = left(coalesce($2, ''), 500), finished_at = clock_timestamp() WHERE e.id = $1 AND e.state IN ('waiting', 'running');
	IF FOUND THEN
		PERFORM social.mail_export($1);
	END IF;
	RETURN (SELECT e.state FROM social.exports e WHERE e.id = $1);
END
$$;
COMMENT ON FUNCTION social.export_failed(bigint, text) IS 'A worker gives an export up; its owner reads why, and may ask for another one at once. Returns the state. For workers.';

-- The last of its workers was killed, and has said nothing.
CREATE OR REPLACE FUNCTION social.export_job_died() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.export_failed((NEW.args ->> 'export_id')::bigint, NEW.error);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.export_job_died() IS 'Row trigger: an export whose job is dead has failed, so that its owner is told and retention takes it, with what may have been sent.';
CREATE OR REPLACE TRIGGER social_export_job_died AFTER UPDATE OF dead_at ON social.jobs
	FOR EACH ROW WHEN (NEW.kind = 'export' AND OLD.dead_at IS NULL AND NEW.dead_at IS NOT NULL AND jsonb_typeof(NEW.args -> 'export_id') = 'number') EXECUTE FUNCTION social.export_job_died();
