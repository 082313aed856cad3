-- job_operator.sql owns what operators have of jobs: kinds, queues, what is dead, and views of it all.

-- ---- the operator ------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.set_job_kind(kind text, queue text DEFAULT NULL, priority integer DEFAULT NULL, max_attempts integer DEFAULT NULL, backoff interval DEFAULT NULL,
		backoff_max interval DEFAULT NULL, timeout interval DEFAULT NULL, concurrency integer DEFAULT NULL, rate integer DEFAULT NULL, rate_period interval DEFAULT NULL, has_history boolean DEFAULT NULL)
	RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF kind IS NULL OR kind !~ '^[a-z][a-z0-9_.-]{0,62}$' OR queue !~ '^[a-z][a-z0-9_.-]{0,62}$' THEN
		PERFORM social.raise_error('SM400', 'invalid kind or queue', 'A name has up to 63 of a-z, 0-9, _, . and -, and begins with a letter.');
	END IF;
	INSERT INTO social.job_kinds AS k (kind) VALUES ($1) ON CONFLICT ON CONSTRAINT job_kinds_pkey DO NOTHING;
	UPDATE social.job_kinds k SET queue = coalesce($2, k.queue), priority = coalesce($3, k.priority), max_attempts = coalesce($4, k.max_attempts),
		backoff = coalesce($5, least(k.backoff, $6)), backoff_max = coalesce($6, greatest(k.backoff_max, $5)), timeout = coalesce($7, k.timeout),
		concurrency = nullif(coalesce($8, k.concurrency), 0), rate = nullif(coalesce($9, k.rate), 0),
		rate_period = CASE WHEN nullif(coalesce($9, k.rate), 0) IS NOT NULL THEN coalesce($10, k.rate_period, interval '1 second') END,
		rate_used_until = CASE WHEN $9 IS NULL AND $10 IS NULL THEN k.rate_used_until END, has_history = coalesce($11, k.has_history)
	WHERE k.kind = $1;
	PERFORM social.audit('set_job_kind', 'job_kind', NULL, jsonb_build_object('kind', kind));
	PERFORM social.wake_jobs(clock_timestamp());
EXCEPTION WHEN check_violation OR numeric_value_out_of_range THEN
	PERFORM social.raise_error('SM400', 'invalid job kind', 'priority is 1 to 4, max_attempts 1 to 1000, backoff 10 ms to backoff_max, that 30 days at most, timeout a second to 7 days, concurrency and rate positive (0: no limit), rate_period a second to a day.');
END
$$;
COMMENT ON FUNCTION social.set_job_kind(text, text, integer, integer, interval, interval, interval, integer, integer, interval, boolean) IS 'Makes a kind of jobs, or changes it; null leaves what it is. queue: what is paused together. priority and max_attempts: of jobs that do not say. backoff, backoff_max: the pause after the first failure, and the longest. timeout: how long one may run. concurrency: how many run at once in all workers, and rate: how many begin within rate_period (a second), as evenly as they come; 0: no limit. has_history: whether those that are done are kept for a while. SM400 for a value that is none.';

-- What our own worker program runs: a row for each kind of its table (bridge/worker/handlers.c). An operator
-- who has changed one keeps it.
CREATE OR REPLACE FUNCTION social.serve_job_kinds(kinds text[]) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO social.job_kinds AS k (kind, queue, max_attempts, backoff, backoff_max, timeout)
	SELECT o.* FROM (VALUES
		('mail', 'mail', social.setting('mail_attempts')::integer, interval '1 minute', interval '1 hour', interval '5 minutes')
	) AS o (kind, queue, max_attempts, backoff, backoff_max, timeout)
	WHERE o.kind = ANY (kinds)
	ON CONFLICT ON CONSTRAINT job_kinds_pkey DO NOTHING;
	IF kinds && '{media.verify,media.process,media.delete,export}' THEN
		PERFORM social.ensure_media_kinds();
	END IF;
	IF 'mux' = ANY (kinds) THEN
		PERFORM social.ensure_mux_kind();
	END IF;
	IF kinds && '{webhook,webhook.slow}' THEN
		PERFORM social.ensure_webhook_kinds();
	END IF;
	IF kinds && '{stream.drop,stream.finish,stream.measure}' THEN
		PERFORM social.ensure_live_kinds();
	END IF;
END
$$;
COMMENT ON FUNCTION social.serve_job_kinds(text[]) IS 'social-worker says which of its own kinds of jobs it runs; those that are not there yet are made.';

CREATE OR REPLACE FUNCTION social.remove_job_kind(kind text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Whoever asks for one meanwhile has not told us: its job waits until the kind is made again.
	IF EXISTS (SELECT FROM social.jobs j WHERE j.kind = $1) OR EXISTS (SELECT FROM social.job_schedules s WHERE s.kind = $1) THEN
		PERFORM social.raise_error('SM409', 'the job kind is in use', 'There are jobs or schedules of it.');
	END IF;
	DELETE FROM social.job_kinds k WHERE k.kind = $1;
	IF FOUND THEN
		PERFORM social.audit('remove_job_kind', 'job_kind', NULL, jsonb_build_object('kind', kind));
	END IF;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION social.remove_job_kind(text) IS 'Removes a kind of jobs; false when there is none. SM409 while there are jobs or schedules of it.';

CREATE OR REPLACE FUNCTION social.pause_queue(queue text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.job_kinds k WHERE k.queue = $1) THEN
		PERFORM social.raise_error('SM404', 'queue not found', 'No kind of jobs is in it.');
	END IF;
	INSERT INTO social.job_pauses AS p (queue) VALUES ($1) ON CONFLICT ON CONSTRAINT job_pauses_pkey DO NOTHING;
	IF FOUND THEN
		PERFORM social.audit('pause_queue', 'queue', NULL, jsonb_build_object('queue', queue));
		RETURN true;
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION social.pause_queue(text) IS 'Nobody gets jobs of this queue until resume_queue(); those that run go on, and new ones may be asked for. False when it is paused already; SM404 when no kind is in it.';

CREATE OR REPLACE FUNCTION social.resume_queue(queue text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.job_pauses p WHERE p.queue = $1;
	IF FOUND THEN
		PERFORM social.audit('resume_queue', 'queue', NULL, jsonb_build_object('queue', queue));
		PERFORM social.wake_jobs(clock_timestamp());
		RETURN true;
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION social.resume_queue(text) IS 'Jobs of this queue run again; false when it is not paused.';

CREATE OR REPLACE FUNCTION social.requeue_jobs(ids bigint[]) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	held record;
BEGIN
	WITH locked AS MATERIALIZED (
		SELECT j.id FROM social.jobs j WHERE j.id = ANY (ids) AND j.worker_id IS NULL ORDER BY j.id FOR UPDATE
	), fresh AS (
		-- The number of attempts stays, for it tells one claim from the next.
		UPDATE social.jobs j SET max_attempts = CASE WHEN j.dead_at IS NULL THEN j.max_attempts ELSE j.attempts + coalesce((SELECT k.max_attempts FROM social.job_kinds k WHERE k.kind = j.kind), 1) END
		FROM locked l WHERE j.id = ANY (ARRAY[l.id]) RETURNING j.id, j.error)
	SELECT coalesce(array_agg(f.id), '{}') AS ids, array_agg(f.error) AS errors INTO held FROM fresh f;
	IF held.ids <> '{}' THEN
		PERFORM social.put_back_jobs(held.ids, array_fill(clock_timestamp(), ARRAY[cardinality(held.ids)]), held.errors);
		PERFORM social.audit('requeue_jobs', 'job', NULL, jsonb_build_object('jobs', cardinality(held.ids)));
	END IF;
	RETURN cardinality(held.ids);
END
$$;
COMMENT ON FUNCTION social.requeue_jobs(bigint[]) IS 'Dead jobs get as many attempts as their kind has, and they as well as those that wait for a time are due at once. Returns how many there were. SELECT social.requeue_jobs(array_agg(id)) FROM social.admin_jobs WHERE state = ''dead'' AND kind = …: all of a kind.';

CREATE OR REPLACE FUNCTION social.requeue_job(id bigint) RETURNS boolean
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT social.requeue_jobs(ARRAY[$1]) = 1
$$;
COMMENT ON FUNCTION social.requeue_job(bigint) IS 'requeue_jobs for one job; false when it neither waits nor is dead.';

-- ---- to look at ------------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.admin_jobs AS
SELECT j.id, j.kind, k.queue, CASE WHEN j.dead_at IS NOT NULL THEN 'dead' WHEN j.worker_id IS NOT NULL THEN 'running' WHEN j.run_at > clock_timestamp() THEN 'later' ELSE 'due' END AS state,
	j.priority, j.run_at, j.attempts, j.max_attempts, j.error, w.name AS worker, j.leased_at, j.dead_at, j.unique_key, j.user_id, j.created_at
FROM social.jobs j LEFT JOIN social.job_kinds k ON k.kind = j.kind LEFT JOIN social.job_workers w ON w.id = j.worker_id;
COMMENT ON VIEW social.admin_jobs IS 'Jobs that are due, wait for a time (later), run or are dead, without their args.';

CREATE OR REPLACE VIEW social.admin_job_kinds AS
SELECT k.kind, k.queue, p.paused_at, k.priority, k.max_attempts, k.backoff, k.backoff_max, k.timeout, k.concurrency, k.rate, k.rate_period, k.has_history,
	n.due, n.later, n.running, n.dead, n.oldest_due
FROM social.job_kinds k LEFT JOIN social.job_pauses p ON p.queue = k.queue
CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE j.worker_id IS NULL AND j.dead_at IS NULL AND j.run_at <= now()) AS due, count(*) FILTER (WHERE j.worker_id IS NULL AND j.dead_at IS NULL AND j.run_at > now()) AS later,
		count(*) FILTER (WHERE j.worker_id IS NOT NULL) AS running, count(*) FILTER (WHERE j.dead_at IS NOT NULL) AS dead, min(j.run_at) FILTER (WHERE j.worker_id IS NULL AND j.dead_at IS NULL AND j.run_at <= now()) AS oldest_due
	FROM social.jobs j WHERE j.kind = k.kind) n;
COMMENT ON VIEW social.admin_job_kinds IS 'Each kind of jobs: its settings, whether its queue is paused, and how many of its jobs are due, wait for a time, run and are dead, counted now.';

CREATE OR REPLACE VIEW social.admin_job_history AS
SELECT h.id, h.kind, h.outcome, h.attempts, h.created_at, h.run_at, h.leased_at, h.finished_at, h.leased_at - h.run_at AS waited, h.finished_at - h.leased_at AS took
FROM social.job_history h;
COMMENT ON VIEW social.admin_job_history IS 'Jobs that were done, cancelled or superseded: how long the last attempt waited and took.';

CREATE OR REPLACE VIEW social.admin_job_schedules AS
SELECT s.name, s.kind, s.every, s.starts_at, s.time_zone, s.catch_up, s.next_at, s.paused_at FROM social.job_schedules s;
COMMENT ON VIEW social.admin_job_schedules IS 'Schedules, with the next time of each.';

CREATE OR REPLACE VIEW social.admin_job_workers AS
SELECT w.id, w.name, w.created_at, w.leased_until, (SELECT count(*) FROM social.jobs j WHERE j.worker_id = w.id) AS running FROM social.job_workers w;
COMMENT ON VIEW social.admin_job_workers IS 'Who runs jobs, until when its lease is, and how many it has.';

-- Bounded whatever waits: for metrics() and check().
CREATE OR REPLACE FUNCTION social.job_figures(OUT kind text, OUT due bigint, OUT lag_seconds double precision, OUT running bigint, OUT retrying bigint, OUT dead bigint, OUT oldest bigint)
	RETURNS SETOF record
	LANGUAGE sql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
	SELECT k.kind::text,
		(SELECT count(*) FROM (SELECT FROM generate_series(1, 4) AS p (priority) CROSS JOIN LATERAL (SELECT FROM social.jobs j
			WHERE j.kind = k.kind AND j.priority = p.priority AND j.worker_id IS NULL AND j.dead_at IS NULL AND j.run_at <= now() LIMIT 10000) j LIMIT 10000) n),
		coalesce(extract(epoch FROM now() - o.run_at), 0)::double precision,
		(SELECT count(*) FROM (SELECT FROM social.jobs j WHERE j.kind = k.kind AND j.worker_id IS NOT NULL LIMIT 10000) n),
		(SELECT count(*) FROM (SELECT j.attempts FROM social.jobs j WHERE j.kind = k.kind AND j.worker_id IS NULL AND j.dead_at IS NULL LIMIT 10000) n WHERE n.attempts > 0),
		(SELECT count(*) FROM (SELECT j.kind FROM social.jobs j WHERE j.dead_at IS NOT NULL ORDER BY j.dead_at DESC LIMIT 10000) n WHERE n.kind = k.kind), o.id
	FROM social.job_kinds k
	LEFT JOIN LATERAL (SELECT j.id, j.run_at FROM generate_series(1, 4) AS p (priority) CROSS JOIN LATERAL (SELECT j.id, j.run_at FROM social.jobs j
		WHERE j.kind = k.kind AND j.priority = p.priority AND j.worker_id IS NULL AND j.dead_at IS NULL AND j.run_at <= now() ORDER BY j.run_at, j.id LIMIT 1) j ORDER BY j.run_at, j.id LIMIT 1) o ON true
$$;
COMMENT ON FUNCTION social.job_figures() IS 'For each kind of jobs: how many are due (10000 stands for that or more, as in the others), for how long the oldest is, how many run, wait for another attempt, are dead; and which the oldest one is.';
