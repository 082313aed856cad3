-- job_claim.sql owns what workers say of jobs: they claim some, keep them, say what came of them. What
-- nobody keeps any more is put back.

-- ---- putting jobs back ---------------------------------------------------------------------------------

-- Batches are joined with jobs by j.id = ANY (ARRAY[…]), which one index look for each row of the batch
-- alone can answer: by an equality a plan that was made while the table was small goes through all
-- jobs for each of them, and a session keeps its plans.
--
-- One with a key may meet another one that was asked for while it ran: that one will do, and a unique
-- index decides, which an UPDATE could not ask.
CREATE OR REPLACE FUNCTION social.put_back_jobs(ids bigint[], run_ats timestamptz[], errors text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
	UPDATE social.jobs j SET worker_id = NULL, leased_at = NULL, dead_at = NULL, run_at = b.run_at, error = b.error
	FROM unnest(ids, run_ats, errors) AS b (id, run_at, error)
	WHERE j.id = ANY (ARRAY[b.id]) AND j.unique_key IS NULL;
	WITH gone AS (
		DELETE FROM social.jobs j USING unnest(ids, run_ats, errors) AS b (id, new_run_at, new_error)
		WHERE j.id = ANY (ARRAY[b.id]) AND j.unique_key IS NOT NULL
		RETURNING j.*, b.new_run_at, b.new_error
	), back AS (
		INSERT INTO social.jobs AS j (id, kind, args, priority, run_at, created_at, attempts, max_attempts, unique_key, user_id, error)
		SELECT g.id, g.kind, g.args, g.priority, g.new_run_at, g.created_at, g.attempts, g.max_attempts, g.unique_key, g.user_id, g.new_error FROM gone g
		ON CONFLICT (kind, unique_key) WHERE j.unique_key IS NOT NULL AND j.worker_id IS NULL AND j.dead_at IS NULL DO NOTHING
		RETURNING j.id)
	INSERT INTO social.job_history (id, kind, outcome, attempts, created_at, run_at, leased_at, finished_at)
	SELECT g.id, g.kind, 'superseded', g.attempts, g.created_at, g.run_at, g.leased_at, clock_timestamp()
	FROM gone g WHERE g.id NOT IN (SELECT b.id FROM back b);
	PERFORM social.wake_jobs((SELECT min(t) FROM unnest(run_ats) t));
END
$$;
COMMENT ON FUNCTION social.put_back_jobs(bigint[], timestamptz[], text[]) IS 'Jobs that this transaction has locked wait again, until a time and with what went wrong; one with a key is superseded where another with it waits.';

CREATE OR REPLACE FUNCTION social.tend_lost_jobs(batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
DECLARE
	lost record;
BEGIN
	SELECT coalesce(array_agg(l.id) FILTER (WHERE NOT l.is_last), '{}') AS back, coalesce(array_agg(l.error) FILTER (WHERE NOT l.is_last), '{}') AS back_errors,
		coalesce(array_agg(l.id) FILTER (WHERE l.is_last), '{}') AS dead, count(*) AS n INTO lost
	FROM (
		SELECT j.id, j.attempts >= j.max_attempts AS is_last,
			CASE WHEN w.id IS NULL THEN 'its worker did not come back' ELSE 'it took longer than its kind''s timeout' END AS error
		FROM social.jobs j
		LEFT JOIN social.job_workers w ON w.id = j.worker_id AND w.leased_until > clock_timestamp()
		LEFT JOIN social.job_kinds k ON k.kind = j.kind
		WHERE j.worker_id IS NOT NULL AND (w.id IS NULL OR j.leased_at < clock_timestamp() - coalesce(k.timeout, interval '10 minutes') - interval '1 minute')
		LIMIT batch FOR UPDATE OF j SKIP LOCKED) l;
	IF lost.n > 0 THEN
		UPDATE social.jobs j SET worker_id = NULL, leased_at = NULL, dead_at = clock_timestamp(), error = 'its worker did not come back'
		WHERE j.id = ANY (lost.dead);
		PERFORM social.put_back_jobs(lost.back, array_fill(clock_timestamp(), ARRAY[cardinality(lost.back)]), lost.back_errors);
	END IF;
	-- A worker goes when nothing is its any more.
	DELETE FROM social.job_workers w WHERE w.id IN (
		SELECT o.id FROM social.job_workers o WHERE o.leased_until <= clock_timestamp() LIMIT batch FOR UPDATE SKIP LOCKED)
		AND NOT EXISTS (SELECT FROM social.jobs j WHERE j.worker_id = w.id);
	RETURN lost.n;
END
$$;
COMMENT ON FUNCTION social.tend_lost_jobs(integer) IS 'Takes at most a batch of jobs from workers whose lease has run out, and such that have run for a minute longer than their kind may; they are due at once, or dead where that was the last attempt. Returns how many.';

-- ---- claiming ------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.hold_job_worker(name text, lease interval) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	worker record;
BEGIN
	IF name IS NULL OR char_length(name) NOT BETWEEN 1 AND 200 THEN
		PERFORM social.raise_error('SM400', 'invalid worker', 'It is a name of 1 to 200 characters that no other process has.');
	ELSIF lease IS NULL OR lease NOT BETWEEN interval '1 second' AND interval '1 hour' THEN
		PERFORM social.raise_error('SM400', 'invalid lease', 'It is a second to an hour.');
	END IF;
	SELECT w.id, w.leased_until > clock_timestamp() + w.lease / 2 AND w.lease = $2 AS is_fresh INTO worker FROM social.job_workers w WHERE w.name = $1;
	IF worker.is_fresh THEN
		RETURN worker.id;
	END IF;
	INSERT INTO social.job_workers AS w (name, lease, leased_until) VALUES ($1, $2, clock_timestamp() + $2)
	ON CONFLICT ON CONSTRAINT job_workers_name_key DO UPDATE SET lease = EXCLUDED.lease, leased_until = EXCLUDED.leased_until
	RETURNING w.id INTO worker.id;
	RETURN worker.id;
END
$$;
COMMENT ON FUNCTION social.hold_job_worker(text, interval) IS 'The id of the worker of this name, made where there is none; its lease is renewed when half of it is over. SM400 for a name or lease that is none.';

-- How many jobs of each kind may be claimed now. A kind with limits is one claimer's at a time; another
-- one passes it over rather than wait.
CREATE OR REPLACE FUNCTION social.job_rooms(kinds text[], batch integer, OUT kind text, OUT room integer, OUT timeout interval, OUT has_rate boolean)
	RETURNS SETOF record
	LANGUAGE plpgsql ROWS 10 SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
DECLARE
	known social.job_kinds;
	now timestamptz := clock_timestamp();
BEGIN
	FOR kind, room, timeout IN
		SELECT k.kind, batch, k.timeout FROM social.job_kinds k WHERE k.kind = ANY (kinds) AND k.concurrency IS NULL AND k.rate IS NULL
			AND NOT EXISTS (SELECT FROM social.job_pauses p WHERE p.queue = k.queue)
	LOOP
		has_rate := false;
		RETURN NEXT;
	END LOOP;
	FOR known IN
		SELECT k.* FROM social.job_kinds k WHERE k.kind = ANY (kinds) AND (k.concurrency IS NOT NULL OR k.rate IS NOT NULL)
			AND NOT EXISTS (SELECT FROM social.job_pauses p WHERE p.queue = k.queue)
		ORDER BY k.kind FOR NO KEY UPDATE OF k SKIP LOCKED
	LOOP
		kind := known.kind;
		timeout := known.timeout;
		has_rate := known.rate IS NOT NULL;
		room := batch;
		IF known.concurrency IS NOT NULL THEN
			-- A statement of its own, which sees what the claimer before us has taken.
			room := least(room, known.concurrency - (SELECT count(*) FROM (
				SELECT FROM social.jobs j WHERE j.kind = known.kind AND j.worker_id IS NOT NULL LIMIT known.concurrency) r));
		END IF;
		IF has_rate THEN
			room := least(room, floor(extract(epoch FROM now + known.rate_period - greatest(known.rate_used_until, now))
				/ extract(epoch FROM known.rate_period) * known.rate)::integer);
			IF room < 1 THEN
				PERFORM social.wake_jobs(known.rate_used_until - known.rate_period + known.rate_period / known.rate);
			END IF;
		END IF;
		IF room > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.job_rooms(text[], integer) IS 'For each of these kinds that may run now, how many jobs a claimer may take, at most a batch.';

-- take_jobs() walks what is due of the kinds (extension/job/claim.c); here stands who may have how much.
CREATE OR REPLACE FUNCTION social.claim_jobs(worker text, kinds text[], batch integer DEFAULT 100, lease interval DEFAULT interval '1 minute')
	RETURNS TABLE (id bigint, kind text, args jsonb, attempt integer, max_attempts integer, priority smallint, run_at timestamptz, created_at timestamptz, user_id bigint, timeout interval)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 100
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off AS $$
DECLARE
	me bigint;
	rooms record;
	began timestamptz;
	used record;
BEGIN
	IF batch IS NULL OR batch NOT BETWEEN 1 AND 10000 THEN
		PERFORM social.raise_error('SM400', 'invalid batch', 'It must be 1 to 10000.');
	ELSIF kinds IS NULL OR cardinality(kinds) > 1000 THEN
		PERFORM social.raise_error('SM400', 'invalid kinds', 'It is an array of at most 1000 names.');
	END IF;
	me := social.hold_job_worker(worker, lease);
	IF EXISTS (SELECT FROM social.job_workers w WHERE w.leased_until < clock_timestamp()) THEN
		PERFORM social.tend_lost_jobs(1000);
	END IF;
	SELECT coalesce(array_agg(r.kind), '{}') AS kinds, array_agg(r.room) AS rooms, array_agg(r.timeout) AS timeouts,
		coalesce(array_agg(r.kind) FILTER (WHERE r.has_rate), '{}') AS rated
	INTO rooms FROM social.job_rooms(kinds, batch) r;
	IF rooms.kinds = '{}' THEN
		RETURN;
	END IF;
	began := clock_timestamp();
	RETURN QUERY SELECT t.* FROM social.take_jobs(me, rooms.kinds, rooms.rooms, rooms.timeouts, batch, began) t;
	IF rooms.rated <> '{}' THEN
		WITH spent AS (
			UPDATE social.job_kinds k
			SET rate_used_until = greatest(k.rate_used_until, began) + k.rate_period / k.rate * t.taken
			FROM unnest(rooms.kinds, rooms.rooms) AS r (kind, room),
				LATERAL (SELECT count(*) AS taken FROM social.jobs j WHERE j.kind = r.kind AND j.leased_at = began AND j.worker_id = me) AS t
			WHERE k.kind = r.kind AND k.kind = ANY (rooms.rated) AND t.taken > 0
			RETURNING k.rate_used_until - k.rate_period + k.rate_period / k.rate AS next_at, r.room - t.taken AS room)
		SELECT social.wake_jobs(min(u.next_at)) INTO used FROM spent u WHERE u.room = 0;
	END IF;
END
$$;
COMMENT ON FUNCTION social.claim_jobs(text, text[], integer, interval) IS 'Takes up to a batch of due jobs of these kinds for a worker, a process with a name of its own, by priority and then by time; nobody else gets them while its lease is renewed (renew_leases; claiming does it, too). attempt goes with whatever it says of the job; timeout is how long it may run. Several may claim at once, and nobody waits. Fewer than asked for: nothing more is due; LISTEN social_jobs tells when, which is no promise: look every few seconds as well. SM400 for an invalid worker, kinds, batch (1 to 10000) or lease (a second to an hour).';

CREATE OR REPLACE FUNCTION social.renew_leases(worker text, ids bigint[] DEFAULT '{}', attempts integer[] DEFAULT '{}') RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	me bigint;
BEGIN
	UPDATE social.job_workers w SET leased_until = clock_timestamp() + w.lease WHERE w.name = worker RETURNING w.id INTO me;
	me := coalesce(me, 0);
	RETURN ARRAY(
		SELECT r.id FROM unnest(ids, renew_leases.attempts) AS r (id, attempt)
		WHERE NOT EXISTS (SELECT FROM social.jobs j WHERE j.id = ANY (ARRAY[r.id]) AND j.attempts = r.attempt AND j.worker_id IS NOT DISTINCT FROM me));
END
$$;
COMMENT ON FUNCTION social.renew_leases(text, bigint[], integer[]) IS 'A worker''s heart-beat: its lease on all that it has claimed begins anew. Of the jobs that it names returns those that are not its any more (cancelled, or taken back): it should stop them.';

-- ---- what came of them -----------------------------------------------------------------------------------

-- IS NOT DISTINCT FROM keeps the planner from going through all that run: they are found by id. Who is
-- unknown is worker 0, which has none; waiting jobs have null.

CREATE OR REPLACE FUNCTION social.other_jobs(ids bigint[], known bigint[]) RETURNS bigint[]
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(array_agg(o.id ORDER BY o.place), '{}')
	FROM (SELECT s.id, min(s.place) AS place
		FROM (SELECT i.id, i.place FROM unnest(ids) WITH ORDINALITY AS i (id, place) UNION ALL SELECT i, NULL FROM unnest(known) AS i) AS s (id, place)
		GROUP BY s.id HAVING count(*) = count(s.place)) o
$$;
COMMENT ON FUNCTION social.other_jobs(bigint[], bigint[]) IS 'Those of the ids that are not known, in their order.';

CREATE OR REPLACE FUNCTION social.finish_jobs(worker text, ids bigint[], attempts integer[]) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	finished bigint[] := social.end_jobs(coalesce((SELECT w.id FROM social.job_workers w WHERE w.name = worker), 0), ids, finish_jobs.attempts,
		ARRAY(SELECT k.kind FROM social.job_kinds k WHERE NOT k.has_history), ARRAY(SELECT k.kind FROM social.job_kinds k WHERE k.concurrency IS NOT NULL));
BEGIN
	IF cardinality(finished) = cardinality(ids) THEN
		RETURN '{}';
	END IF;
	RETURN social.other_jobs(ids, finished);
END
$$;
COMMENT ON FUNCTION social.finish_jobs(text, bigint[], integer[]) IS 'Jobs that the worker has claimed, with the attempt of each, are done: they move to job_history, where their kind keeps one. Returns those that were not its any more (cancelled, or taken back when its lease ran out): somebody else may have run them.';

CREATE OR REPLACE FUNCTION social.fail_jobs(worker text, ids bigint[], attempts integer[], errors text[], retry_afters interval[] DEFAULT '{}', are_final boolean[] DEFAULT '{}')
	RETURNS TABLE (id bigint, state text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
	me bigint;
	failed record;
BEGIN
	me := coalesce((SELECT w.id FROM social.job_workers w WHERE w.name = worker), 0);
	WITH held AS MATERIALIZED (
		SELECT j.id, j.kind, j.attempts, left(coalesce(f.error, ''), 1000) AS error, CASE WHEN f.retry_after > interval '7 days' THEN interval '7 days' ELSE f.retry_after END AS retry_after,
			j.attempts >= j.max_attempts OR coalesce(f.is_final, false) AS is_dead
		FROM unnest(ids, fail_jobs.attempts, errors, retry_afters, are_final) AS f (id, attempt, error, retry_after, is_final)
		JOIN social.jobs j ON j.id = ANY (ARRAY[f.id]) AND j.attempts = f.attempt AND j.worker_id IS NOT DISTINCT FROM me
		FOR UPDATE OF j
	), judged AS (
		-- Half of the back-off is by chance, so that what failed together does not come back together;
		-- nothing comes before a time that the other side has named.
		SELECT h.*, clock_timestamp() + CASE WHEN h.retry_after > interval '0' THEN h.retry_after * (1 + random() / 10)
			ELSE make_interval(secs => least(extract(epoch FROM coalesce(k.backoff, interval '10 seconds')) * 2.0 ^ least(h.attempts - 1, 60),
				extract(epoch FROM coalesce(k.backoff_max, interval '6 hours')))::double precision * (0.75 + random() / 2)) END AS again_at
		FROM held h LEFT JOIN social.job_kinds k ON k.kind = h.kind)
	SELECT coalesce(array_agg(j.id) FILTER (WHERE j.is_dead), '{}') AS dead, array_agg(j.error) FILTER (WHERE j.is_dead) AS dead_errors,
		coalesce(array_agg(j.id) FILTER (WHERE NOT j.is_dead), '{}') AS back, array_agg(j.error) FILTER (WHERE NOT j.is_dead) AS back_errors,
		array_agg(j.again_at) FILTER (WHERE NOT j.is_dead) AS again_ats INTO failed FROM judged j;
	UPDATE social.jobs j SET worker_id = NULL, leased_at = NULL, dead_at = clock_timestamp(), error = d.error
	FROM unnest(failed.dead, failed.dead_errors) AS d (id, error) WHERE j.id = ANY (ARRAY[d.id]);
	IF failed.dead <> '{}' THEN
		PERFORM social.wake_jobs(clock_timestamp());
	END IF;
	IF failed.back <> '{}' THEN
		PERFORM social.put_back_jobs(failed.back, failed.again_ats, failed.back_errors);
	END IF;
	RETURN QUERY
	SELECT s.id, coalesce(max(s.state), 'lost')
	FROM (SELECT i.id, NULL, i.place FROM unnest(ids) WITH ORDINALITY AS i (id, place)
		UNION ALL SELECT i, 'dead', NULL FROM unnest(failed.dead) AS i
		UNION ALL SELECT i, 'waiting', NULL FROM unnest(failed.back) AS i) AS s (id, state, place)
	GROUP BY s.id ORDER BY min(s.place);
END
$$;
COMMENT ON FUNCTION social.fail_jobs(text, bigint[], integer[], text[], interval[], boolean[]) IS 'Jobs that the worker has claimed, with the attempt of each, went wrong: each waits for its kind''s backoff, twice as long after each attempt up to backoff_max, give or take a quarter, or for retry_after (at most 7 days) where the other side asked for that; after max_attempts, or where it is final, it is dead until requeue_job(). errors are cut to 1000 characters, and belong to nobody: no secrets. Returns for each what it is now: waiting, dead, or lost (it was not the worker''s any more).';

CREATE OR REPLACE FUNCTION social.fail_job(worker text, id bigint, attempt integer, error text, retry_after interval DEFAULT NULL, is_final boolean DEFAULT false) RETURNS text
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT f.state FROM social.fail_jobs(worker, ARRAY[$2], ARRAY[attempt], ARRAY[error], ARRAY[retry_after], ARRAY[is_final]) f
$$;
COMMENT ON FUNCTION social.fail_job(text, bigint, integer, text, interval, boolean) IS 'fail_jobs for one job; returns what it is now: waiting, dead or lost.';

CREATE OR REPLACE FUNCTION social.snooze_jobs(worker text, ids bigint[], attempts integer[], delays interval[]) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	me bigint;
	held record;
BEGIN
	IF EXISTS (SELECT FROM unnest(delays) AS d WHERE d IS NULL OR d NOT BETWEEN interval '0' AND interval '1 year') OR cardinality(delays) <> cardinality(ids) THEN
		PERFORM social.raise_error('SM400', 'invalid delay', 'Each job has one, of up to a year.');
	END IF;
	me := coalesce((SELECT w.id FROM social.job_workers w WHERE w.name = worker), 0);
	-- It was no attempt. The number of attempts stays, for it tells one claim from the next.
	WITH snoozed AS (
		UPDATE social.jobs j SET max_attempts = j.max_attempts + 1
		FROM unnest(ids, snooze_jobs.attempts, delays) AS s (id, attempt, delay)
		WHERE j.id = ANY (ARRAY[s.id]) AND j.attempts = s.attempt AND j.worker_id IS NOT DISTINCT FROM me
		RETURNING j.id, clock_timestamp() + s.delay AS run_at, j.error)
	SELECT coalesce(array_agg(s.id), '{}') AS ids, array_agg(s.run_at) AS run_ats, array_agg(s.error) AS errors INTO held FROM snoozed s;
	IF held.ids <> '{}' THEN
		PERFORM social.put_back_jobs(held.ids, held.run_ats, held.errors);
	END IF;
	RETURN social.other_jobs(ids, held.ids);
END
$$;
COMMENT ON FUNCTION social.snooze_jobs(text, bigint[], integer[], interval[]) IS 'Jobs that the worker has claimed wait again, each for a delay; that was no failure, and no attempt. Returns those that were not its any more. SM400 for a delay that is missing, negative or over a year.';

CREATE OR REPLACE FUNCTION social.snooze_job(worker text, id bigint, attempt integer, delay interval) RETURNS boolean
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT social.snooze_jobs(worker, ARRAY[$2], ARRAY[attempt], ARRAY[delay]) = '{}'
$$;
COMMENT ON FUNCTION social.snooze_job(text, bigint, integer, interval) IS 'snooze_jobs for one job; false when it was not the worker''s any more.';

CREATE OR REPLACE FUNCTION social.release_jobs(worker text, kept bigint[] DEFAULT '{}') RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
DECLARE
	me bigint := (SELECT w.id FROM social.job_workers w WHERE w.name = worker);
	held record;
BEGIN
	WITH left_over AS (
		UPDATE social.jobs j SET max_attempts = j.max_attempts + 1
		WHERE j.worker_id = me AND j.id NOT IN (SELECT k FROM unnest(kept) AS k WHERE k IS NOT NULL) RETURNING j.id, j.run_at, j.error)
	SELECT coalesce(array_agg(l.id), '{}') AS ids, array_agg(l.run_at) AS run_ats, array_agg(l.error) AS errors INTO held FROM left_over l;
	IF held.ids <> '{}' THEN
		PERFORM social.put_back_jobs(held.ids, held.run_ats, held.errors);
	END IF;
	RETURN cardinality(held.ids);
END
$$;
COMMENT ON FUNCTION social.release_jobs(text, bigint[]) IS 'What a worker has beside the jobs kept waits again, without an attempt: for one that lost its connection, and with it what claim_jobs told it. Returns how many jobs that were.';

CREATE OR REPLACE FUNCTION social.stop_job_worker(worker text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	released bigint := social.release_jobs(worker);
BEGIN
	DELETE FROM social.job_workers w WHERE w.name = worker;
	RETURN released;
END
$$;
COMMENT ON FUNCTION social.stop_job_worker(text) IS 'A worker ends: what it still has waits again, without an attempt. Returns how many jobs that were.';

CREATE OR REPLACE FUNCTION social.cancel_job(id bigint) RETURNS boolean
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	WITH gone AS (DELETE FROM social.jobs j WHERE j.id = $1 RETURNING j.*)
	INSERT INTO social.job_history (id, kind, outcome, attempts, created_at, run_at, leased_at, finished_at)
	SELECT g.id, g.kind, 'cancelled', g.attempts, g.created_at, g.run_at, g.leased_at, clock_timestamp() FROM gone g;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION social.cancel_job(bigint) IS 'A job that waits, runs or is dead is not to run (again). Whoever runs it learns so from renew_leases or when it says what came of it. False when there is no such job (any more).';
