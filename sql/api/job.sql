-- job.sql owns background jobs. Applications ask for them (enqueue_job) in their own transactions;
-- worker processes take them in batches and say what came of them. A worker's loop:
--
--   LISTEN social_jobs                            the bell: some are due (extension/job/bell.c)
--   claim_jobs(worker, kinds, batch, lease)       until fewer come than were asked for
--   finish_jobs, fail_jobs, snooze_jobs           in batches; what they return it has lost meanwhile. In one
--                                                 transaction with the next claim_jobs it costs one commit less
--   renew_leases(worker, ...)                     every third of the lease
--   stop_job_worker(worker)                       at its end; else its lease ends it
--
-- A job runs at least once: whoever dies before he has said what came of it has it done again. What a
-- worker says of a job it says with the attempt that claim_jobs told it, so that somebody who comes
-- late neither ends nor fails the next attempt.

-- ---- the bell, and where claiming begins -------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.wake_jobs(at timestamptz) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'social_wake_jobs';
COMMENT ON FUNCTION social.wake_jobs(timestamptz) IS 'Has the bell rung then, or at once, when this transaction commits.';

CREATE OR REPLACE FUNCTION social.set_job_alarm(at timestamptz) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'social_set_job_alarm';
COMMENT ON FUNCTION social.set_job_alarm(timestamptz) IS 'Has the worker ring the bell at this time at the latest; nothing happens where the library is not preloaded.';

CREATE OR REPLACE FUNCTION social.ring_jobs(batch integer DEFAULT 1) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_ring_jobs';
COMMENT ON FUNCTION social.ring_jobs(integer) IS 'Part of the worker''s round: rings the bell once (NOTIFY social_jobs) when jobs have become due; returns 1 then.';

CREATE OR REPLACE FUNCTION social.job_scan_due() RETURNS timestamptz
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'social_job_scan_due_at';
COMMENT ON FUNCTION social.job_scan_due() IS 'When this session looks for jobs from the beginning again.';

CREATE OR REPLACE FUNCTION social.note_job_scan(began timestamptz) RETURNS void
	LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'social_note_job_scan';
COMMENT ON FUNCTION social.note_job_scan(timestamptz) IS 'As if a look from the beginning that began then ended now: the next one rests the longer the longer it took.';

CREATE OR REPLACE FUNCTION social.take_jobs(worker bigint, kinds text[], rooms integer[], timeouts interval[], batch integer, began timestamptz,
		OUT id bigint, OUT kind text, OUT args jsonb, OUT attempt integer, OUT max_attempts integer, OUT priority smallint, OUT run_at timestamptz, OUT created_at timestamptz,
		OUT user_id bigint, OUT timeout interval)
	RETURNS SETOF record
	LANGUAGE c STRICT VOLATILE ROWS 100 AS 'MODULE_PATHNAME', 'social_take_jobs';
COMMENT ON FUNCTION social.take_jobs(bigint, text[], integer[], interval[], integer, timestamptz) IS 'The part of claim_jobs() that takes them: at most a batch, and of each kind at most its room, become the worker''s, leased at began.';

CREATE OR REPLACE FUNCTION social.end_jobs(worker bigint, ids bigint[], attempts integer[], forgotten text[], limited text[]) RETURNS bigint[]
	LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'social_end_jobs';
COMMENT ON FUNCTION social.end_jobs(bigint, bigint[], integer[], text[], text[]) IS 'The part of finish_jobs() that ends them; returns those that were the worker''s. Of forgotten kinds no history is kept; the end of one of a limited kind rings the bell.';

CREATE OR REPLACE FUNCTION social.jobs_are_due() RETURNS boolean
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (
		SELECT FROM social.job_kinds k CROSS JOIN generate_series(1, 4) AS p (priority)
		CROSS JOIN LATERAL (SELECT FROM social.jobs j WHERE j.kind = k.kind AND j.priority = p.priority AND j.worker_id IS NULL AND j.dead_at IS NULL
			AND j.run_at <= clock_timestamp() LIMIT 1) j
		WHERE NOT EXISTS (SELECT FROM social.job_pauses s WHERE s.queue = k.queue))
$$;
COMMENT ON FUNCTION social.jobs_are_due() IS 'Is any job due whose queue is not paused?';

CREATE OR REPLACE FUNCTION social.next_job_at(after timestamptz) RETURNS timestamptz
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT least((SELECT min(j.run_at) FROM social.job_kinds k CROSS JOIN generate_series(1, 4) AS p (priority)
			CROSS JOIN LATERAL (SELECT j.run_at FROM social.jobs j WHERE j.kind = k.kind AND j.priority = p.priority AND j.worker_id IS NULL AND j.dead_at IS NULL
				AND j.run_at > $1 ORDER BY j.run_at LIMIT 1) j
			WHERE NOT EXISTS (SELECT FROM social.job_pauses s WHERE s.queue = k.queue)),
		(SELECT min(s.next_at) FROM social.job_schedules s WHERE s.paused_at IS NULL AND s.next_at > $1))
$$;
COMMENT ON FUNCTION social.next_job_at(timestamptz) IS 'The first time after this one at which a job or a schedule becomes due; null: none.';

-- ---- asking for jobs ---------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.enqueue_job(kind text, args jsonb DEFAULT '{}', run_at timestamptz DEFAULT NULL, priority integer DEFAULT NULL,
		unique_key text DEFAULT NULL, on_conflict text DEFAULT 'keep', max_attempts integer DEFAULT NULL, user_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_enqueue_job';
COMMENT ON FUNCTION social.enqueue_job(text, jsonb, timestamptz, integer, text, text, integer, bigint) IS 'Asks for a job, which runs at run_at (null: at once) when this transaction has committed, and again after failures. priority 1 goes before 4; it and max_attempts are the kind''s where they are null. Of a unique_key one job of a kind waits: a second call keeps that job as it is (on_conflict keep), replaces its args, time and attempts (replace), or merges its args with these (merge: arrays are joined, objects'' keys added, anything else is replaced; its time is the new one). A job that runs already is no obstacle. With user_id the job goes with the account; what args hold of people others than that is never erased, and secrets do not belong there. Returns the job''s id. SM400 without a kind, for args of more than 65536 bytes, another priority, max_attempts, key or on_conflict; SM404 for an unknown kind or person.';

CREATE OR REPLACE FUNCTION social.put_job(kind text, args jsonb, run_at timestamptz, priority integer, unique_key text, on_conflict text, max_attempts integer, user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	known social.job_kinds;
	at timestamptz := coalesce(run_at, clock_timestamp());
	job bigint;
	merged jsonb := coalesce(args, '{}');
BEGIN
	SELECT k.* INTO known FROM social.job_kinds k WHERE k.kind = $1;
	IF known.kind IS NULL THEN
		PERFORM social.raise_error('SM404', 'job kind not found', 'SELECT social.set_job_kind(kind) makes one.');
	ELSIF on_conflict IS NULL OR on_conflict NOT IN ('keep', 'replace', 'merge') THEN
		PERFORM social.raise_error('SM400', 'invalid on_conflict', 'It is keep, replace or merge.');
	ELSIF octet_length(unique_key) NOT BETWEEN 1 AND 500 THEN
		PERFORM social.raise_error('SM400', 'invalid unique_key', 'It has 1 to 500 bytes.');
	ELSIF user_id IS NOT NULL AND NOT coalesce(social.hold_user(user_id), false) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	LOOP
		INSERT INTO social.jobs AS j (kind, args, priority, run_at, created_at, max_attempts, unique_key, user_id)
		VALUES ($1, merged, coalesce($4, known.priority), at, clock_timestamp(), coalesce($7, known.max_attempts), $5, $8)
		ON CONFLICT (kind, unique_key) WHERE j.unique_key IS NOT NULL AND j.worker_id IS NULL AND j.dead_at IS NULL DO NOTHING
		RETURNING j.id INTO job;
		EXIT WHEN job IS NOT NULL OR unique_key IS NULL;
		-- Held, so that nobody claims it meanwhile; one that was claimed just now is no obstacle any more.
		SELECT j.id, CASE WHEN on_conflict = 'merge' AND jsonb_typeof(j.args) = jsonb_typeof(merged) AND jsonb_typeof(merged) IN ('array', 'object')
			THEN j.args || merged ELSE merged END
		INTO job, merged
		FROM social.jobs j WHERE j.kind = $1 AND j.unique_key = $5 AND j.worker_id IS NULL AND j.dead_at IS NULL FOR NO KEY UPDATE;
		CONTINUE WHEN job IS NULL;
		IF pg_column_size(merged) > 65536 THEN
			PERFORM social.raise_error('SM400', 'args are too long', 'They take 65536 bytes at most; what is larger belongs into a table of its own.');
		END IF;
		IF on_conflict <> 'keep' THEN
			UPDATE social.jobs j SET args = merged, run_at = at, priority = coalesce($4, known.priority), max_attempts = coalesce($7, known.max_attempts),
				attempts = 0, error = '', user_id = coalesce($8, j.user_id)
			WHERE j.id = job;
		END IF;
		EXIT;
	END LOOP;
	PERFORM social.wake_jobs(at);
	RETURN job;
END
$$;
COMMENT ON FUNCTION social.put_job(text, jsonb, timestamptz, integer, text, text, integer, bigint) IS 'The part of enqueue_job() for jobs with a key or a person.';

CREATE OR REPLACE FUNCTION social.enqueue_jobs(kind text, args jsonb[], run_at timestamptz DEFAULT NULL, priority integer DEFAULT NULL) RETURNS bigint[]
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known social.job_kinds;
	at timestamptz := coalesce(run_at, clock_timestamp());
	jobs bigint[];
BEGIN
	SELECT k.* INTO known FROM social.job_kinds k WHERE k.kind = $1;
	IF $1 IS NULL THEN
		PERFORM social.raise_error('SM400', 'kind is required', 'It is the name of a job kind.');
	ELSIF known.kind IS NULL THEN
		PERFORM social.raise_error('SM404', 'job kind not found', 'SELECT social.set_job_kind(kind) makes one.');
	ELSIF cardinality($2) > 100000 THEN
		PERFORM social.raise_error('SM400', 'too many jobs', 'One call takes 100000 at most.');
	ELSIF $4 NOT BETWEEN 1 AND 4 THEN
		PERFORM social.raise_error('SM400', 'invalid priority', 'It is 1, which goes first, to 4.');
	ELSIF NOT isfinite(at) THEN
		PERFORM social.raise_error('SM400', 'invalid run_at', 'It is a time, or null for now.');
	ELSIF EXISTS (SELECT FROM unnest($2) AS a WHERE pg_column_size(a) > 65536) THEN
		PERFORM social.raise_error('SM400', 'args are too long', 'They take 65536 bytes at most; what is larger belongs into a table of its own.');
	END IF;
	WITH added AS (
		INSERT INTO social.jobs AS j (kind, args, priority, run_at, created_at, max_attempts)
		SELECT $1, coalesce(a.args, '{}'), coalesce($4, known.priority), at, clock_timestamp(), known.max_attempts
		FROM unnest($2) WITH ORDINALITY AS a (args, place) ORDER BY a.place
		RETURNING j.id)
	SELECT coalesce(array_agg(a.id), '{}') INTO jobs FROM added a;
	PERFORM social.wake_jobs(at);
	RETURN jobs;
END
$$;
COMMENT ON FUNCTION social.enqueue_jobs(text, jsonb[], timestamptz, integer) IS 'enqueue_job for many jobs of a kind at once, at most 100000; returns their ids.';

CREATE OR REPLACE FUNCTION social.job_state(id bigint) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce((SELECT CASE WHEN j.dead_at IS NOT NULL THEN 'dead' WHEN j.worker_id IS NOT NULL THEN 'running' ELSE 'waiting' END FROM social.jobs j WHERE j.id = $1),
		(SELECT h.outcome::text FROM social.job_history h WHERE h.id = $1))
$$;
COMMENT ON FUNCTION social.job_state(bigint) IS 'waiting, running, dead (given up), done, cancelled, or superseded (another job with its key waits in its stead); null: unknown, or forgotten.';
