-- check.sql owns the look at an installation's health.

CREATE OR REPLACE FUNCTION social.library_version() RETURNS text
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_library_version';
COMMENT ON FUNCTION social.library_version() IS 'The version of the library that this session has loaded.';

-- Each part returns rows (name, status, detail, hint); check() puts them together.

CREATE OR REPLACE FUNCTION social.check_server() RETURNS TABLE (name text, status text, detail text, hint text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH here AS (
		SELECT (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'social') AS script, social.library_version() AS library,
			'social' = ANY (string_to_array(replace(current_setting('shared_preload_libraries'), ' ', ''), ',')) AS preloaded,
			social.setting('database') AS served,
			EXISTS (SELECT FROM pg_stat_activity a WHERE a.backend_type = 'social worker' AND a.datname = current_database()) AS works
	)
	SELECT 'version', CASE WHEN script = library THEN 'ok' ELSE 'error' END, format('script %s, library %s', script, library),
		CASE WHEN script <> library THEN 'ALTER EXTENSION social UPDATE, and restart the server if the library is older.' ELSE '' END FROM here
	UNION ALL
	SELECT 'preloaded', CASE WHEN preloaded THEN 'ok' ELSE 'warning' END, CASE WHEN preloaded THEN 'yes' ELSE 'no' END,
		CASE WHEN preloaded THEN '' ELSE 'Add social to shared_preload_libraries, or call social.tick() every second.' END FROM here
	UNION ALL
	SELECT 'worker', CASE WHEN works OR NOT preloaded THEN 'ok' ELSE 'warning' END,
		CASE WHEN works THEN 'runs in this database' WHEN NOT preloaded THEN 'none, because the library is not preloaded' ELSE format('none here; it serves the database %s', served) END,
		CASE WHEN preloaded AND NOT works THEN CASE WHEN served = current_database()
			THEN 'It starts within seconds; else see the server log.' ELSE format('ALTER SYSTEM SET social.database = %L, then reload.', current_database()) END ELSE '' END FROM here
	UNION ALL
	SELECT 'worker rounds', CASE WHEN count(*) = 0 THEN 'ok' ELSE 'error' END,
		CASE WHEN NOT (SELECT preloaded FROM here) THEN 'not kept, because the library is not preloaded; social.tick() warns' WHEN count(*) = 0 THEN 'no step fails' ELSE string_agg(format('%s failed %s times since %s: %s (%s)', f.step, f.times, f.since::timestamptz(0), f.message, f.sqlstate), '; ' ORDER BY f.step) END,
		CASE WHEN count(*) = 0 THEN '' ELSE 'What they do waits until the reason is gone; the server log has more.' END
	FROM social.worker_failures() f
	UNION ALL
	SELECT 'subscriber', 'ok', CASE WHEN social.is_subscriber() THEN 'yes: the worker does nothing here' ELSE 'no' END,
		CASE WHEN social.is_subscriber() THEN 'To take over: DROP SUBSCRIPTION, then SELECT * FROM social.advance_sequences().' ELSE '' END
	UNION ALL
	SELECT 'encoding', CASE WHEN getdatabaseencoding() = 'UTF8' THEN 'ok' ELSE 'error' END, getdatabaseencoding()::text,
		CASE WHEN getdatabaseencoding() = 'UTF8' THEN '' ELSE 'Hashtags and mentions need a database in UTF8.' END
	UNION ALL
	SELECT 'letters', CASE WHEN lower('I') = 'i' THEN 'ok' ELSE 'error' END, format('the small letter of I is %s', lower('I')),
		CASE WHEN lower('I') = 'i' THEN '' ELSE 'Names that differ in I and i alone are two people''s here, and are not found: dump, and restore into a database of another locale.' END
	UNION ALL
	SELECT 'durability', CASE WHEN current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean THEN 'ok' ELSE 'error' END,
		format('fsync %s, full_page_writes %s', current_setting('fsync'), current_setting('full_page_writes')),
		CASE WHEN current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean THEN '' ELSE 'A crash may lose the database: turn both on.' END
$$;
COMMENT ON FUNCTION social.check_server() IS 'The part of check() about the server.';

CREATE OR REPLACE FUNCTION social.check_settings() RETURNS TABLE (name text, status text, detail text, hint text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT 'password hashes', CASE WHEN m >= 19456 AND t >= 2 OR m >= 47104 THEN 'ok' ELSE 'warning' END, format('argon2id, %s kB, %s iterations', m, t),
		CASE WHEN m >= 19456 AND t >= 2 OR m >= 47104 THEN '' ELSE 'Raise social.argon2_memory to 19456 and social.argon2_iterations to 2 at least.' END
	FROM (SELECT s.setting::integer, i.setting::integer FROM pg_settings s, pg_settings i
		WHERE s.name = 'social.argon2_memory' AND i.name = 'social.argon2_iterations') AS cost (m, t)
	UNION ALL
	SELECT 'password length', CASE WHEN n >= 8 THEN 'ok' ELSE 'warning' END, format('at least %s characters', n),
		CASE WHEN n >= 8 THEN '' ELSE 'Set social.password_min_length to 8 or more.' END
	FROM (SELECT social.setting('password_min_length')::integer) AS length (n)
	UNION ALL
	SELECT 'secrets in the log', CASE WHEN which IS NULL THEN 'ok' ELSE 'warning' END, coalesce('statements are logged with their parameters, passwords and tokens among them: ' || which, 'parameters are not logged'),
		CASE WHEN which IS NULL THEN '' ELSE 'Set log_parameter_max_length and log_parameter_max_length_on_error to 0.' END
	FROM (SELECT string_agg(s.name, ', ' ORDER BY s.name) FROM pg_settings s
		WHERE s.name = 'log_parameter_max_length_on_error' AND s.setting <> '0'
			OR current_setting('log_parameter_max_length') <> '0' AND (s.name = 'log_statement' AND s.setting = 'all'
				OR s.name IN ('log_min_duration_statement', 'log_min_duration_sample') AND s.setting <> '-1'
				OR s.name = 'log_transaction_sample_rate' AND s.setting <> '0')) AS logged (which)
	UNION ALL
	SELECT 'safety catches', CASE WHEN string_agg(s.name, '') IS NULL THEN 'ok' ELSE 'warning' END,
		coalesce(string_agg(s.name, ', ') || ' on', 'closed'), CASE WHEN string_agg(s.name, '') IS NULL THEN '' ELSE 'Turn them on for a session only.' END
	FROM pg_settings s WHERE s.name IN ('social.restoring', 'social.allow_drop') AND s.setting = 'on'
	UNION ALL
	SELECT 'text search', CASE WHEN known THEN 'ok' ELSE 'error' END, c,
		CASE WHEN known THEN '' ELSE 'Set social.search_config to a text search configuration.' END
	FROM (SELECT c, EXISTS (SELECT FROM pg_ts_config t WHERE c IN (t.cfgname, t.cfgnamespace::regnamespace || '.' || t.cfgname))
		FROM (SELECT social.setting('search_config')) AS setting (c)) AS config (c, known)
	UNION ALL
	SELECT 'content filter', CASE WHEN f = '' OR to_regprocedure(f || '(text,text,text)') IS NOT NULL THEN 'ok' ELSE 'error' END,
		CASE WHEN f = '' THEN 'none' ELSE f END,
		CASE WHEN f = '' OR to_regprocedure(f || '(text,text,text)') IS NOT NULL THEN '' ELSE 'Nobody can post: set social.content_filter to a function (text, text, text), with its schema, or to ''''.' END
	FROM (SELECT social.setting('content_filter')) AS filter (f)
$$;
COMMENT ON FUNCTION social.check_settings() IS 'The part of check() about settings.';

-- Only who may read the files: the view reads them anew, and says what the server would not take.
CREATE OR REPLACE FUNCTION social.check_files() RETURNS TABLE (name text, status text, detail text, hint text)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	refused text;
BEGIN
	IF NOT has_table_privilege('pg_file_settings', 'SELECT') OR NOT has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') THEN
		RETURN;
	END IF;
	SELECT string_agg(format('%s = %s (%s:%s)', f.name, f.setting, f.sourcefile, f.sourceline), ', ' ORDER BY f.seqno) INTO refused
	FROM pg_file_settings f WHERE f.name LIKE 'social.%' AND NOT f.applied AND f.error NOT LIKE '%restart%';
	RETURN QUERY SELECT 'settings in files', CASE WHEN refused IS NULL THEN 'ok' ELSE 'error' END, coalesce('of no effect: ' || refused, 'all are in force'),
		CASE WHEN refused IS NULL THEN '' ELSE 'There is no such setting, or that is no value of it: SELECT name, unit, min_val, max_val FROM pg_settings WHERE name LIKE ''social.%''.' END;
END
$$;
COMMENT ON FUNCTION social.check_files() IS 'The part of check() about settings of the extension in the server''s files that it does not take; nothing where its owner may not read them.';

CREATE OR REPLACE FUNCTION social.check_catalog() RETURNS TABLE (name text, status text, detail text, hint text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT f.name, CASE WHEN count(f.object) = 0 THEN 'ok' ELSE f.severity END,
		CASE WHEN count(f.object) = 0 THEN 'none' ELSE string_agg(f.object, ', ' ORDER BY f.object) END,
		CASE WHEN count(f.object) = 0 THEN '' ELSE f.hint END
	FROM (
		SELECT 'unvalidated constraints' AS name, 'warning' AS severity, c.conrelid::regclass || ' ' || c.conname AS object, 'ALTER TABLE ... VALIDATE CONSTRAINT' AS hint
		FROM pg_constraint c WHERE c.connamespace = 'social'::regnamespace AND NOT c.convalidated
		UNION ALL
		SELECT 'invalid indexes', 'error', i.indexrelid::regclass::text, 'REINDEX INDEX'
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'social'::regnamespace AND NOT i.indisvalid
		UNION ALL
		SELECT 'disabled triggers', 'error', t.tgrelid::regclass || ' ' || t.tgname, 'ALTER TABLE ... ENABLE TRIGGER ALL, then SELECT * FROM social.reconcile(true).'
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'social'::regnamespace AND t.tgenabled = 'D'
		UNION ALL
		SELECT 'triggers of a subscriber', 'warning', t.tgrelid::regclass || ' ' || t.tgname, 'ALTER TABLE ... ENABLE REPLICA TRIGGER social_replicated; pg_restore --disable-triggers leaves them so.'
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'social'::regnamespace AND t.tgname = 'social_replicated' AND t.tgenabled NOT IN ('R', 'D')
		UNION ALL
		SELECT 'disabled guards', 'warning', e.evtname::text, 'ALTER EVENT TRIGGER ... ENABLE'
		FROM pg_event_trigger e WHERE e.evtname LIKE 'social\_%' AND e.evtenabled = 'D'
		UNION ALL
		SELECT 'functions open to PUBLIC', 'warning', p.oid::regprocedure::text, 'REVOKE ALL ON FUNCTION ... FROM PUBLIC'
		FROM pg_proc p WHERE p.pronamespace = 'social'::regnamespace
			AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
		UNION ALL
		SELECT 'tables open to PUBLIC', 'error', c.oid::regclass::text, 'REVOKE ALL ON ... FROM PUBLIC'
		FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0)
		UNION ALL
		SELECT 'tables that pg_dump leaves out', 'error', c.oid::regclass::text, 'They are no part of the extension, or not registered: dump them by name.'
		FROM pg_class c, pg_extension e WHERE e.extname = 'social' AND c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence = 'p'
			AND NOT c.oid = ANY (e.extconfig) AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		UNION ALL
		SELECT 'columns that are not of social', 'warning', c.oid::regclass || ' ' || a.attname, 'A dump that has them does not restore, and an update may refuse them: keep that in a table of your own, which refers to ours.'
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped, pg_depend d, pg_extension e
		WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p') AND col_description(c.oid, a.attnum) IS NULL
			AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' AND d.refobjid = e.oid AND e.extname = 'social'
		UNION ALL
		SELECT n.name, '', NULL, '' FROM unnest(ARRAY['unvalidated constraints', 'invalid indexes', 'disabled triggers', 'triggers of a subscriber', 'disabled guards',
			'functions open to PUBLIC', 'tables open to PUBLIC', 'tables that pg_dump leaves out', 'columns that are not of social']) AS n (name)
	) f
	GROUP BY f.name, f.severity, f.hint
	HAVING count(f.object) > 0 OR f.severity = ''
$$;
COMMENT ON FUNCTION social.check_catalog() IS 'The part of check() about the extension''s own objects; a finding comes as a row of its own.';

-- How many counts differ from the truth, among each kind's newest objects.
CREATE OR REPLACE FUNCTION social.count_drift(sample integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	counted record;
	wrong bigint;
	total bigint := 0;
BEGIN
	FOR counted IN SELECT * FROM social.counted_columns()
	LOOP
		EXECUTE format(
			'SELECT count(*) FROM (SELECT o.id FROM social.%I o ORDER BY o.id DESC LIMIT $1) o
			LEFT JOIN social.%I c ON c.%I = o.id
			WHERE c.%I + coalesce((SELECT sum(d.%I) FROM social.%I d WHERE d.%I = o.id), 0)
				IS DISTINCT FROM (SELECT count(*) FROM social.%I s WHERE s.%I = o.id AND s.%I IS NOT NULL)',
			counted.object_table, counted.counter_table, counted.counter_key, counted.counter_column, counted.counter_column,
			counted.delta_table, counted.counter_key, counted.source_table, counted.source_key, coalesce(counted.when_set, counted.source_key))
		INTO wrong USING sample;
		total := total + wrong;
	END LOOP;
	RETURN total;
END
$$;
COMMENT ON FUNCTION social.count_drift(integer) IS 'The number of counts that differ from the rows they count, among the newest objects of each kind; reconcile() looks at all.';

CREATE OR REPLACE FUNCTION social.check_data() RETURNS TABLE (name text, status text, detail text, hint text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT 'counts', CASE WHEN n = 0 THEN 'ok' ELSE 'error' END, CASE WHEN n = 0 THEN 'true for the newest objects' ELSE format('%s of the newest differ from the truth', n) END,
		CASE WHEN n = 0 THEN '' ELSE 'SELECT * FROM social.reconcile(true)' END
	FROM (SELECT social.count_drift()) AS drift (n)
	UNION ALL
	SELECT 'text indexes', CASE WHEN t.unicode = l.unicode THEN 'ok' ELSE 'error' END,
		CASE WHEN t.unicode = l.unicode THEN format('made with Unicode %s', t.unicode)
			ELSE format('made with Unicode %s (ICU %s); this server reads texts with %s (ICU %s)', coalesce(t.unicode, 'of a version that was not noted'), coalesce(t.icu, '?'), l.unicode, l.icu) END,
		CASE WHEN t.unicode = l.unicode THEN '' ELSE 'Searches may miss posts, people and tags: SELECT social.reindex_texts()' END
	FROM social.library_text_tables() l LEFT JOIN social.text_tables t ON true
	UNION ALL
	SELECT 'waiting changes of counts', CASE WHEN n < 10000 THEN 'ok' ELSE 'warning' END, format('%s%s', least(n, 10000), CASE WHEN n < 10000 THEN '' ELSE ' or more' END),
		CASE WHEN n < 10000 THEN '' ELSE 'Does the worker run? Else call social.tick().' END
	FROM (SELECT count(*) FROM (SELECT 1 FROM (SELECT FROM social.post_counter_deltas UNION ALL SELECT FROM social.user_counter_deltas
		UNION ALL SELECT FROM social.comment_counter_deltas UNION ALL SELECT FROM social.hashtag_counter_deltas
		UNION ALL SELECT FROM social.subject_counter_deltas) d LIMIT 10000) d) AS waiting (n)
	UNION ALL
	SELECT 'last positions', CASE WHEN low > 0 THEN 'error' WHEN missing > 0 THEN 'warning' ELSE 'ok' END,
		CASE WHEN low > 0 THEN format('too low for %s of the newest posts and reposts', low) WHEN missing > 0 THEN format('%s people have none', missing) ELSE 'hold for the newest posts' END,
		CASE WHEN low > 0 THEN 'SELECT social.rebuild_last_positions()' WHEN missing > 0 THEN 'The worker makes them, or social.tick(); home feeds are slower meanwhile.' ELSE '' END
	FROM (SELECT count(*) FROM (
			(SELECT p.author_id, p.position, NULL::bigint FROM social.posts p WHERE p.position IS NOT NULL ORDER BY p.position DESC LIMIT 1000)
			UNION ALL (SELECT r.user_id, NULL, r.position FROM social.reposts r ORDER BY r.position DESC LIMIT 1000)) AS n (user_id, post_position, repost_position)
		JOIN LATERAL (SELECT max(l.post_position), max(l.repost_position), count(*) FROM social.last_positions l WHERE l.user_id = n.user_id) AS l (post, repost, rows)
			ON l.rows > 0 AND (coalesce(l.post, n.post_position - 1) < n.post_position OR coalesce(l.repost, n.repost_position - 1) < n.repost_position)) AS drift (low),
		(SELECT count(*) FROM social.users u WHERE NOT EXISTS (SELECT FROM social.last_positions l WHERE l.user_id = u.id)) AS gaps (missing)
	UNION ALL
	SELECT 'sequences', CASE WHEN count(*) = 0 OR social.is_subscriber() THEN 'ok' ELSE 'error' END, CASE WHEN count(*) = 0 THEN 'ahead of their tables' ELSE 'behind their tables: ' || string_agg(DISTINCT b.sequence::text, ', ') END,
		CASE WHEN count(*) = 0 THEN '' ELSE 'New rows would get ids that are taken: SELECT * FROM social.advance_sequences().' END
	FROM social.sequences_behind(false) b
	UNION ALL
	SELECT 'signing key', CASE WHEN active = 1 OR (active = 0 AND waiting > 0) THEN 'ok' WHEN active = 0 THEN 'warning' ELSE 'error' END, format('%s active', active),
		CASE WHEN active = 1 THEN '' WHEN active = 0 AND waiting > 0 THEN 'The one on standby signs from the first login on.' WHEN active = 0 THEN 'A bridge makes one when it starts, and so does the first login.' ELSE 'SELECT social.rotate_jwt_key()' END
	FROM (SELECT count(*) FILTER (WHERE k.status = 'active'), count(*) FILTER (WHERE k.status = 'standby' AND k.activated_at IS NULL) FROM social.jwt_key k) AS keys (active, waiting)
	UNION ALL
	SELECT 'mails', CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END, CASE WHEN count(*) = 0 THEN 'none waits for long' ELSE format('%s wait for an hour or more', count(*)) END,
		CASE WHEN count(*) = 0 THEN '' ELSE 'Does social-worker run with SMTP_URL, or a mailer of your own? That calls social.lease_mail(); social.grant_mailer(role) gives it the right. SELECT * FROM social.admin_mail tells what went wrong.' END
	FROM social.mail_outbox m WHERE m.sent_at IS NULL AND m.failed_at IS NULL AND m.due_at < now() - interval '1 hour'
	UNION ALL
	SELECT 'jobs', CASE WHEN o.lag < 600 AND f.dead = 0 THEN 'ok' ELSE 'warning' END,
		concat_ws('; ', CASE WHEN f.oldest IS NULL THEN 'none is due' ELSE format('the oldest one due is %s of kind %s, for %s s', f.oldest, f.kind, round(o.lag)) END,
			CASE WHEN f.dead > 0 THEN format('%s dead', f.dead) END),
		concat_ws(' ', CASE WHEN o.lag >= 600 THEN 'Does a worker run that claims this kind? SELECT * FROM social.admin_job_workers; social.grant_job_worker(role) gives it the right.' END,
			CASE WHEN f.dead > 0 THEN 'SELECT * FROM social.admin_jobs WHERE state = ''dead'' tells why; social.requeue_job(id) runs one again, social.cancel_job(id) removes it.' END)
	FROM (SELECT max(j.lag_seconds) FILTER (WHERE NOT p.is_paused), (array_agg(j.oldest ORDER BY j.lag_seconds DESC) FILTER (WHERE NOT p.is_paused AND j.oldest IS NOT NULL))[1],
			(array_agg(j.kind ORDER BY j.lag_seconds DESC) FILTER (WHERE NOT p.is_paused AND j.oldest IS NOT NULL))[1], coalesce(sum(j.dead), 0)
		FROM social.job_figures() j JOIN social.job_kinds k ON k.kind = j.kind
		CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM social.job_pauses s WHERE s.queue = k.queue)) AS p (is_paused)) AS f (lag, oldest, kind, dead),
		LATERAL (SELECT coalesce(f.lag, 0)) AS o (lag)
	UNION ALL
	SELECT 'job queues', CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END, CASE WHEN count(*) = 0 THEN 'none is paused' ELSE 'paused: ' || string_agg(p.queue, ', ' ORDER BY p.queue) END,
		CASE WHEN count(*) = 0 THEN '' ELSE 'SELECT social.resume_queue(queue)' END
	FROM social.job_pauses p
	UNION ALL
	SELECT 'outgoing webhooks', CASE WHEN f.failing > f.active + 2 THEN 'warning' ELSE 'ok' END, format('%s active, %s failing, %s disabled', f.active, f.failing, f.disabled),
		CASE WHEN f.failing > f.active + 2 THEN 'Most receivers cannot be reached: has social-worker a way out? SELECT url, last_status, last_error FROM social.admin_webhooks WHERE failures > 0 tells what they get.' ELSE '' END
	FROM (SELECT sum(w.webhooks) FILTER (WHERE w.state = 'active'), sum(w.webhooks) FILTER (WHERE w.state = 'failing'), sum(w.webhooks) FILTER (WHERE w.state = 'disabled')
		FROM social.webhook_figures() w) AS f (active, failing, disabled)
	UNION ALL
	SELECT 'administrator', CASE WHEN count(*) > 0 THEN 'ok' ELSE 'warning' END, format('%s superuser accounts', count(*)),
		CASE WHEN count(*) > 0 THEN '' ELSE 'SELECT social.create_superuser(username, email, password)' END
	FROM social.users u WHERE u.is_superuser AND u.is_active
	UNION ALL
	SELECT 'demo accounts', CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END, CASE WHEN count(*) = 0 THEN 'none' ELSE format('%s accounts have the demo password', count(*)) END,
		CASE WHEN count(*) = 0 THEN '' ELSE 'Everybody can log in as them: not for an installation that others reach.' END
	FROM social.users u WHERE u.is_active AND u.password LIKE '%$TijaEodlF8vdo5bw6Zn8NA$%'
$$;
COMMENT ON FUNCTION social.check_data() IS 'The part of check() about the data.';

CREATE OR REPLACE FUNCTION social.check() RETURNS TABLE (name text, status text, detail text, hint text)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT * FROM social.check_server();
	RETURN QUERY SELECT * FROM social.check_settings();
	RETURN QUERY SELECT * FROM social.check_files();
	RETURN QUERY SELECT * FROM social.check_webhooks();
	RETURN QUERY SELECT c.* FROM social.check_catalog() c WHERE c.status <> 'ok' OR NOT EXISTS (
		SELECT FROM social.check_catalog() o WHERE o.name = c.name AND o.status <> 'ok');
	RETURN QUERY SELECT * FROM social.check_data();
END
$$;
COMMENT ON FUNCTION social.check() IS 'Looks at the installation: one row for each check, with status ok, warning or error, what was found, and what to do about it.';

CREATE OR REPLACE FUNCTION social.stats() RETURNS TABLE (name text, value bigint)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT s.name, s.value FROM (
		SELECT pg_catalog.count(*) FILTER (WHERE u.is_active), pg_catalog.count(*) FILTER (WHERE u.suspended_at IS NOT NULL AND (u.suspended_until IS NULL OR u.suspended_until > pg_catalog.now())),
			pg_catalog.count(*) FILTER (WHERE u.is_staff OR u.is_superuser), pg_catalog.count(*) FILTER (WHERE u.created_at > pg_catalog.now() - interval '1 day')
		FROM social.users u) AS u (active, suspended, staff, recent)
	CROSS JOIN (
		SELECT pg_catalog.count(p.position), pg_catalog.count(*) FILTER (WHERE NOT p.is_published AND p.deleted_at IS NULL),
			pg_catalog.count(*) FILTER (WHERE p.hidden_at IS NOT NULL), pg_catalog.count(p.deleted_at), pg_catalog.count(*) FILTER (WHERE p.created_at > pg_catalog.now() - interval '1 day')
		FROM social.posts p) AS p (published, drafts, hidden, deleted, recent)
	CROSS JOIN LATERAL (VALUES
		(1, 'users', u.active), (2, 'users_last_day', u.recent), (3, 'users_suspended', u.suspended), (4, 'users_staff', u.staff),
		(5, 'posts', p.published), (6, 'posts_last_day', p.recent), (7, 'posts_drafts', p.drafts), (8, 'posts_hidden', p.hidden), (9, 'posts_deleted', p.deleted),
		(10, 'comments', (SELECT pg_catalog.count(*) FROM social.comments c WHERE c.deleted_at IS NULL)),
		(11, 'post_likes', (SELECT pg_catalog.count(*) FROM social.post_likes)),
		(12, 'comment_likes', (SELECT pg_catalog.count(*) FROM social.comment_likes)),
		(13, 'follows', (SELECT pg_catalog.count(*) FROM social.follows)),
		(14, 'reposts', (SELECT pg_catalog.count(*) FROM social.reposts)),
		(15, 'hashtags', (SELECT pg_catalog.count(*) FROM social.hashtags)),
		(16, 'notifications', (SELECT pg_catalog.count(*) FROM social.notifications n WHERE n.withdrawn_at IS NULL)),
		(17, 'notifications_unread', (SELECT pg_catalog.count(*) FROM social.notifications n WHERE NOT n.is_read AND n.withdrawn_at IS NULL)),
		(18, 'reports_open', (SELECT pg_catalog.count(*) FROM social.reports r WHERE r.status = 'open')),
		(19, 'audit_entries', (SELECT pg_catalog.count(*) FROM social.audit_log)),
		(20, 'database_bytes', pg_catalog.pg_database_size(pg_catalog.current_database()))
	) AS s (n, name, value)
	ORDER BY s.n;
END;
COMMENT ON FUNCTION social.stats() IS 'Figures of the installation, counted now.';
