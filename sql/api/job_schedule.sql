-- job_schedule.sql owns jobs that are asked for again and again, and the worker's look after jobs.

-- ---- schedules -----------------------------------------------------------------------------------------------

-- Less than a day is so much time, whatever the clocks do.
CREATE OR REPLACE FUNCTION social.schedule_time(starts_at timestamptz, every interval, time_zone text, n bigint) RETURNS timestamptz
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN every < interval '1 day' THEN starts_at + every * n ELSE ((starts_at AT TIME ZONE time_zone) + every * n) AT TIME ZONE time_zone END;
COMMENT ON FUNCTION social.schedule_time(timestamptz, interval, text, bigint) IS 'The n-th time of a schedule, from 0: on the clocks of a time zone, where it comes no oftener than daily.';

-- Months are of several lengths, so the guess is put right in both directions.
CREATE OR REPLACE FUNCTION social.schedule_number(starts_at timestamptz, every interval, time_zone text, after timestamptz) RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n bigint := greatest(floor(extract(epoch FROM (after AT TIME ZONE time_zone) - (starts_at AT TIME ZONE time_zone)) / extract(epoch FROM every)), 0);
BEGIN
	IF every < interval '1 day' THEN
		n := greatest(floor(extract(epoch FROM after - starts_at) / extract(epoch FROM every)), 0);
	END IF;
	WHILE n > 0 AND social.schedule_time(starts_at, every, time_zone, n - 1) > after LOOP
		n := n - 1;
	END LOOP;
	WHILE social.schedule_time(starts_at, every, time_zone, n) <= after LOOP
		n := n + 1;
	END LOOP;
	RETURN n;
END
$$;
COMMENT ON FUNCTION social.schedule_number(timestamptz, interval, text, timestamptz) IS 'Which of a schedule''s times is the first after this one, counted from 0.';

CREATE OR REPLACE FUNCTION social.next_schedule_time(starts_at timestamptz, every interval, time_zone text, after timestamptz) RETURNS timestamptz
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
	RETURN social.schedule_time(starts_at, every, time_zone, social.schedule_number(starts_at, every, time_zone, after));
COMMENT ON FUNCTION social.next_schedule_time(timestamptz, interval, text, timestamptz) IS 'The first time of a schedule after this one.';

CREATE OR REPLACE FUNCTION social.set_job_schedule(name text, kind text, every interval, args jsonb DEFAULT '{}', starts_at timestamptz DEFAULT NULL, time_zone text DEFAULT 'UTC', catch_up text DEFAULT 'once') RETURNS timestamptz
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	now timestamptz := clock_timestamp();
	start timestamptz := coalesce(starts_at, now);
	first_at timestamptz;
BEGIN
	IF name IS NULL OR name !~ '^[a-z][a-z0-9_.-]{0,62}$' THEN
		PERFORM social.raise_error('SM400', 'invalid name', 'A name has up to 63 of a-z, 0-9, _, . and -, and begins with a letter.');
	ELSIF NOT EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = $2) THEN
		PERFORM social.raise_error('SM404', 'job kind not found', 'SELECT social.set_job_kind(kind) makes one.');
	ELSIF every IS NULL OR every NOT BETWEEN interval '1 second' AND interval '10 years' THEN
		PERFORM social.raise_error('SM400', 'invalid every', 'It is a second to ten years.');
	ELSIF catch_up IS NULL OR catch_up NOT IN ('skip', 'once', 'all') THEN
		PERFORM social.raise_error('SM400', 'invalid catch_up', 'It is skip, once or all.');
	ELSIF NOT EXISTS (SELECT FROM pg_timezone_names t WHERE t.name = $6) THEN
		PERFORM social.raise_error('SM400', 'invalid time_zone', 'pg_timezone_names lists them.');
	ELSIF pg_column_size(args) > 65536 THEN
		PERFORM social.raise_error('SM400', 'args are too long', 'They take 65536 bytes at most; what is larger belongs into a table of its own.');
	ELSIF start NOT BETWEEN timestamptz '1900-01-01' AND timestamptz '2200-01-01' THEN
		PERFORM social.raise_error('SM400', 'invalid starts_at', 'It is a time of the years 1900 to 2199.');
	END IF;
	-- The first time is the next one from now on; what was before the schedule is no gap.
	first_at := social.next_schedule_time(start, every, time_zone, greatest(start, now) - interval '1 microsecond');
	INSERT INTO social.job_schedules AS s (name, kind, args, every, starts_at, time_zone, catch_up, next_at)
	VALUES ($1, $2, coalesce($4, '{}'), $3, start, $6, $7, first_at)
	ON CONFLICT ON CONSTRAINT job_schedules_pkey DO UPDATE SET kind = EXCLUDED.kind, args = EXCLUDED.args, every = EXCLUDED.every,
		starts_at = EXCLUDED.starts_at, time_zone = EXCLUDED.time_zone, catch_up = EXCLUDED.catch_up, next_at = EXCLUDED.next_at;
	PERFORM social.audit('set_job_schedule', 'job_schedule', NULL, jsonb_build_object('name', name));
	PERFORM social.wake_jobs(first_at);
	RETURN first_at;
END
$$;
COMMENT ON FUNCTION social.set_job_schedule(text, text, interval, jsonb, timestamptz, text, text) IS 'Asks for a job of a kind again and again: at starts_at (null: now) and every so often from there, on the clocks of time_zone, where a day has 23 or 25 hours twice a year. Times that were missed while nothing ran (catch_up): once runs the last of them, all runs each, skip none that is over for more than a minute. The name is the schedule''s; again changes it. Returns the next time. SM400 for a value that is none, SM404 for an unknown kind.';

CREATE OR REPLACE FUNCTION social.remove_job_schedule(name text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.job_schedules s WHERE s.name = $1;
	IF FOUND THEN
		PERFORM social.audit('remove_job_schedule', 'job_schedule', NULL, jsonb_build_object('name', name));
		RETURN true;
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION social.remove_job_schedule(text) IS 'Ends a schedule; jobs that it has asked for stay. False when there is none of this name.';

CREATE OR REPLACE FUNCTION social.pause_job_schedule(name text, is_paused boolean DEFAULT true) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.job_schedules s SET paused_at = CASE WHEN is_paused THEN now() END,
		next_at = CASE WHEN is_paused THEN s.next_at ELSE social.next_schedule_time(s.starts_at, s.every, s.time_zone, clock_timestamp()) END
	WHERE s.name = $1 AND (s.paused_at IS NOT NULL) <> is_paused;
	IF FOUND THEN
		PERFORM social.audit(CASE WHEN is_paused THEN 'pause_job_schedule' ELSE 'resume_job_schedule' END, 'job_schedule', NULL, jsonb_build_object('name', name));
		PERFORM social.wake_jobs((SELECT s.next_at FROM social.job_schedules s WHERE s.name = $1));
		RETURN true;
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION social.pause_job_schedule(text, boolean) IS 'A schedule asks for nothing until it is resumed (is_paused false); times in between are no gap. False when it is so already, or unknown.';

CREATE OR REPLACE FUNCTION social.tend_job_schedules(batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	schedule social.job_schedules;
	now timestamptz := clock_timestamp();
	at timestamptz;
	next timestamptz;
	number bigint;
	done bigint := 0;
BEGIN
	FOR schedule IN
		SELECT s.* FROM social.job_schedules s WHERE s.paused_at IS NULL AND s.next_at <= now ORDER BY s.next_at LIMIT batch FOR NO KEY UPDATE SKIP LOCKED
	LOOP
		at := schedule.next_at;
		IF schedule.catch_up = 'all' THEN
			LOOP
				PERFORM social.enqueue_job(schedule.kind, schedule.args, at);
				done := done + 1;
				next := social.next_schedule_time(schedule.starts_at, schedule.every, schedule.time_zone, at);
				EXIT WHEN next > now OR done >= batch;
				at := next;
			END LOOP;
		ELSE
			number := social.schedule_number(schedule.starts_at, schedule.every, schedule.time_zone, now);
			next := social.schedule_time(schedule.starts_at, schedule.every, schedule.time_zone, number);
			at := greatest(at, social.schedule_time(schedule.starts_at, schedule.every, schedule.time_zone, number - 1));
			-- One that waits still is enough: where nobody runs them, they do not pile up.
			IF schedule.catch_up = 'once' OR at > now - interval '1 minute' THEN
				PERFORM social.enqueue_job(schedule.kind, schedule.args, at, unique_key => 'schedule:' || schedule.name);
			END IF;
			done := done + 1;
		END IF;
		UPDATE social.job_schedules s SET next_at = next WHERE s.name = schedule.name;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.tend_job_schedules(integer) IS 'Asks for what schedules are due, at most a batch of jobs; returns how many times have come.';

CREATE OR REPLACE FUNCTION social.tend_jobs(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done bigint := social.tend_lost_jobs(batch) + social.tend_job_schedules(batch) + social.make_mail_jobs(batch);
BEGIN
	-- What a bell was lost for.
	IF social.jobs_are_due() THEN
		NOTIFY social_jobs;
	END IF;
	PERFORM social.set_job_alarm(social.next_job_at(clock_timestamp()));
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.tend_jobs(integer) IS 'Part of the worker''s round: takes jobs back from workers that are lost, asks for what schedules and mails are due, and rings the bell where jobs wait; at most a batch of each. Returns how many.';
