-- metrics.sql owns the installation's figures for monitoring: one function, which bridges print in
-- the Prometheus text format. Each is cheap: nothing here reads a table that grows with what people do
-- for longer than its newest hour, or more than WAITING_MAX rows.

CREATE OR REPLACE FUNCTION social.worker_steps(OUT step text, OUT runs bigint, OUT done bigint, OUT last timestamptz)
	RETURNS SETOF record
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_worker_steps';
COMMENT ON FUNCTION social.worker_steps() IS 'What each step of the background worker''s round has done since the server started: how often it ran without failing, how many things it did, when it ran last. No rows where the library is not preloaded.';

-- The figures of standbys: those that stream from here, or this one's own.
CREATE OR REPLACE FUNCTION social.replication_figures(OUT is_standby boolean, OUT standbys bigint, OUT lag_seconds double precision, OUT lag_bytes double precision)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	is_standby := pg_is_in_recovery();
	IF is_standby THEN
		-- What has arrived is replayed, or the last transaction that was is so old.
		lag_bytes := coalesce(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0);
		lag_seconds := CASE WHEN lag_bytes <= 0 THEN 0 ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END;
	END IF;
	SELECT count(*), coalesce(lag_seconds, extract(epoch FROM max(r.replay_lag)), 0),
		coalesce(lag_bytes, max(CASE WHEN NOT is_standby THEN pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn) END), 0)
	INTO standbys, lag_seconds, lag_bytes FROM pg_stat_replication r;
END
$$;
COMMENT ON FUNCTION social.replication_figures() IS 'Whether this server is a standby; how many stream from it; how far behind in time and bytes the slowest of them is, or this one where it is a standby itself.';

CREATE OR REPLACE FUNCTION social.metrics() RETURNS TABLE (name text, kind text, help text, label text, label_value text, value double precision)
	LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 60 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	waiting_max CONSTANT integer := 10000;
BEGIN
	RETURN QUERY
	WITH activity AS (
		SELECT coalesce(a.state, 'unknown') AS state, count(*) AS n, extract(epoch FROM now() - min(a.xact_start)) AS oldest
		FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() GROUP BY 1
	), steps AS (
		SELECT * FROM social.worker_steps()
	), jobs AS (
		SELECT * FROM social.job_figures()
	), mail AS (
		SELECT count(*) AS n, extract(epoch FROM now() - min(m.due_at)) AS lag FROM (
			SELECT o.due_at FROM social.mail_outbox o WHERE o.sent_at IS NULL AND o.failed_at IS NULL AND o.due_at <= now() ORDER BY o.due_at LIMIT waiting_max) m
	)
	SELECT m.name, m.kind, m.help, coalesce(m.label, ''), coalesce(m.label_value, ''), m.value::double precision FROM (
		SELECT 1, 'social_extension_info', 'gauge', 'The extension that serves: 1, with its version.', 'version', (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'social'), 1::numeric
		UNION ALL SELECT 2, 'social_database_connections', 'gauge', 'Clients of the database server by what they do.', 'state', replace(a.state, ' ', '_'), a.n FROM activity a
		UNION ALL SELECT 3, 'social_database_connections_max', 'gauge', 'Clients that the database server takes.', NULL, NULL, current_setting('max_connections')::numeric
		UNION ALL SELECT 4, 'social_database_oldest_transaction_seconds', 'gauge', 'Age of the oldest transaction of a client.', NULL, NULL, coalesce((SELECT max(a.oldest) FROM activity a), 0)
		UNION ALL SELECT 5, 'social_database_size_bytes', 'gauge', 'Bytes of the database on disk.', NULL, NULL, pg_database_size(current_database())
		UNION ALL SELECT 6, f.name, 'gauge', f.help, NULL, NULL, f.value FROM social.replication_figures() r, LATERAL (VALUES
			('social_replication_is_standby', 'Whether this server is a standby, which takes no writes.', r.is_standby::integer::numeric),
			('social_replication_standbys', 'Standbys that stream from this server.', r.standbys),
			('social_replication_lag_seconds', 'How far the slowest standby is behind, or this one where it is a standby.', greatest(r.lag_seconds, 0)),
			('social_replication_lag_bytes', 'The same in bytes of the write-ahead log.', greatest(r.lag_bytes, 0))) AS f (name, help, value)
		UNION ALL SELECT 7, 'social_worker_running', 'gauge', 'Whether the background worker serves this database.', NULL, NULL, social.worker_is_running()::integer
		UNION ALL SELECT 8, 'social_worker_age_seconds', 'gauge', 'Time since the background worker last finished a step.', NULL, NULL, extract(epoch FROM clock_timestamp() - max(s.last)) FROM steps s HAVING count(*) > 0
		UNION ALL SELECT 9, 'social_worker_step_age_seconds', 'gauge', 'Time since a step of the worker''s round last went well.', 'step', s.step, extract(epoch FROM clock_timestamp() - s.last) FROM steps s
		UNION ALL SELECT 10, 'social_worker_step_runs_total', 'counter', 'Runs of a step of the worker''s round that went well.', 'step', s.step, s.runs FROM steps s
		UNION ALL SELECT 11, 'social_worker_step_done_total', 'counter', 'Things that a step has done: counter deltas folded (fold_counters), rows deleted by age (retention_round), and so on.', 'step', s.step, s.done FROM steps s
		UNION ALL SELECT 12, 'social_worker_failing_steps', 'gauge', 'Steps of the worker''s round whose last run failed.', NULL, NULL, count(*) FROM social.worker_failures()
		UNION ALL SELECT 13, 'social_deltas_waiting', 'gauge', 'Changes of counts that wait to be folded; 10000 stands for that or more.', 'counter', d.counter, d.n FROM (
			SELECT 'user', (SELECT count(*) FROM (SELECT FROM social.user_counter_deltas LIMIT waiting_max) x)
			UNION ALL SELECT 'post', (SELECT count(*) FROM (SELECT FROM social.post_counter_deltas LIMIT waiting_max) x)
			UNION ALL SELECT 'comment', (SELECT count(*) FROM (SELECT FROM social.comment_counter_deltas LIMIT waiting_max) x)
			UNION ALL SELECT 'hashtag', (SELECT count(*) FROM (SELECT FROM social.hashtag_counter_deltas LIMIT waiting_max) x)
			UNION ALL SELECT 'subject', (SELECT count(*) FROM (SELECT FROM social.subject_counter_deltas LIMIT waiting_max) x)) AS d (counter, n)
		UNION ALL SELECT 13, 'social_events_position', 'gauge', 'The id of the newest event of the log; it jumps after a fail-over.', NULL, NULL, social.event_position()
		UNION ALL SELECT 13, 'social_events_waiting', 'gauge', 'Events in the outbox that have no number yet; 10000 stands for that or more.', NULL, NULL, (SELECT least(coalesce(sum(coalesce(cardinality(x.more), 0) / 6 + 1), 0), waiting_max) FROM (SELECT o.more FROM social.event_outbox o LIMIT waiting_max) x)
		UNION ALL SELECT 13, 'social_events_lag_seconds', 'gauge', 'How long the first of them has waited.', NULL, NULL, coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - o.at), 0) FROM social.event_outbox o ORDER BY o.id LIMIT 1), 0)
		UNION ALL SELECT 13, 'social_streams_on_air', 'gauge', 'Streams that are starting or live.', NULL, NULL, (SELECT count(*) FROM social.streams s WHERE s.status IN ('starting', 'live'))
		UNION ALL SELECT 13, 'social_stream_viewers', 'gauge', 'How many watch them, each person once for each stream.', NULL, NULL, (SELECT coalesce(sum(s.viewer_count), 0) FROM social.streams s WHERE s.status IN ('starting', 'live'))
		UNION ALL SELECT 14, 'social_mail_waiting', 'gauge', 'Mails in the outbox that are due; 10000 stands for that or more.', NULL, NULL, mail.n FROM mail
		UNION ALL SELECT 15, 'social_mail_lag_seconds', 'gauge', 'How long the oldest of them has been due.', NULL, NULL, coalesce(mail.lag, 0) FROM mail
		UNION ALL SELECT 16, 'social_posts_due_lag_seconds', 'gauge', 'How long the oldest scheduled post that is not published yet has been due.', NULL, NULL,
			coalesce(extract(epoch FROM now() - (SELECT min(p.publish_at) FROM social.posts p WHERE p.publish_at IS NOT NULL AND NOT p.is_published AND p.publish_at <= now() AND p.deleted_at IS NULL)), 0)
		UNION ALL SELECT 17, 'social_recounts_waiting', 'gauge', 'People whose rows are to be counted anew; 10000 stands for that or more.', NULL, NULL, (SELECT count(*) FROM (SELECT FROM social.recounts r WHERE r.due <= now() LIMIT waiting_max) x)
		UNION ALL SELECT 18, 'social_reindex_running', 'gauge', 'Whether posts are being read anew for search.', NULL, NULL, EXISTS (SELECT FROM social.post_reindex)::integer
		UNION ALL SELECT 19, 'social_security_events', 'gauge', 'Security events of the last hour by kind (social.security_counters).', 'event', replace(replace(c.name, ' ', '_'), '-', '_'), c.value FROM social.security_counters() c
		UNION ALL SELECT 20, f.name, 'gauge', f.help, 'kind', j.kind, f.value FROM jobs j, LATERAL (VALUES
			('social_jobs_due', 'Jobs that are due, by kind; 10000 stands for that or more.', j.due::double precision),
			('social_jobs_lag_seconds', 'How long the oldest of them has been due.', j.lag_seconds),
			('social_jobs_running', 'Jobs that a worker has.', j.running),
			('social_jobs_retrying', 'Jobs that failed and wait for another attempt.', j.retrying),
			('social_jobs_dead', 'Jobs that were given up.', j.dead)) AS f (name, help, value)
		UNION ALL SELECT 22, 'social_outgoing_webhooks', 'gauge', 'Outgoing webhooks by what becomes of them: active, failing (for ten minutes), paused, disabled.', 'state', f.state, f.webhooks FROM social.webhook_figures() f
		UNION ALL SELECT 23, 'social_webhook_deliveries_waiting', 'gauge', 'Deliveries that wait for their webhook; 10000 stands for that or more.', NULL, NULL, (SELECT count(*) FROM (SELECT FROM social.webhook_deliveries d WHERE d.state = 'waiting' LIMIT waiting_max) x)
		UNION ALL SELECT 21, 'social_job_workers', 'gauge', 'Processes that run jobs.', NULL, NULL, (SELECT count(*) FROM social.job_workers w WHERE w.leased_until > now())
	) AS m (place, name, kind, help, label, label_value, value)
	WHERE m.value IS NOT NULL
	ORDER BY m.place, m.name, m.label_value;
END
$$;
COMMENT ON FUNCTION social.metrics() IS 'The installation''s figures for monitoring, as Prometheus names them: name, kind (gauge or counter), help, one label or none (empty), value. Rows of one name stand together. Works on a standby. Bridges serve it at /api/posts/metrics/ and /api/posts/health/detailed/.';
