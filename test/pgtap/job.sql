-- job.sql proves background jobs (seed 149, 155; P-24): every state and what leads from one to the next,
-- keys, priorities, pauses, limits, schedules, and what an operator sees.
BEGIN;
SELECT no_plan();
DELETE FROM social.jobs;
DELETE FROM social.job_schedules;
DELETE FROM social.job_workers;
DELETE FROM social.job_pauses;
DELETE FROM social.job_kinds;
SELECT social.set_job_kind('tap.mail', queue => 'tap_net'), social.set_job_kind('tap.video', queue => 'tap_media', priority => 3, max_attempts => 2, backoff => '1 minute', backoff_max => '3 minutes');
CREATE FUNCTION pg_temp.claim(batch integer DEFAULT 100, worker text DEFAULT 'tap', kinds text[] DEFAULT '{tap.mail,tap.video}') RETURNS text LANGUAGE sql AS
	$$SELECT social.note_job_scan(clock_timestamp()); -- whatever the machine's pace is
	SELECT coalesce(string_agg(c.args ->> 'n', ' '), '') FROM social.claim_jobs(worker, kinds, batch) c$$;
CREATE FUNCTION pg_temp.ask(n text, kind text DEFAULT 'tap.mail', run_at timestamptz DEFAULT NULL, priority integer DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
	$$SELECT social.enqueue_job(kind, jsonb_build_object('n', n), run_at, priority)$$;
CREATE FUNCTION pg_temp.state(job bigint) RETURNS text LANGUAGE sql AS
	$$SELECT concat_ws(' ', a.state, a.attempts || '/' || a.max_attempts, a.worker, nullif(a.error, '')) FROM social.admin_jobs a WHERE a.id = $1$$;

-- ---- asking
SELECT throws_ok('SELECT social.enqueue_job(NULL)', 'SM400', 'kind is required', 'a job has a kind');
SELECT throws_ok($$SELECT social.enqueue_job('tap.none')$$, 'SM404', 'job kind not found', 'which there is');
SELECT throws_ok($$SELECT social.enqueue_job('tap.none', unique_key => 'k')$$, 'SM404', 'job kind not found', 'with a key, too');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', priority => 0)$$, 'SM400', 'invalid priority', 'a priority below 1');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', priority => 5)$$, 'SM400', 'invalid priority', 'or above 4');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', max_attempts => 0)$$, 'SM400', 'invalid max_attempts', 'no attempts');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', run_at => 'infinity')$$, 'SM400', 'invalid run_at', 'a time that never comes');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', to_jsonb(repeat('x', 65536)))$$, 'SM400', 'args are too long', 'args have a bound');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', to_jsonb(repeat('x', 65536)), unique_key => 'k')$$, 'SM400', 'args are too long', 'with a key, too');
SELECT lives_ok($$SELECT social.enqueue_job('tap.mail', to_jsonb(repeat('x', 65000)))$$, 'args below it');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', unique_key => '')$$, 'SM400', 'invalid unique_key', 'an empty key');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', unique_key => repeat('k', 501))$$, 'SM400', 'invalid unique_key', 'a long key');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', unique_key => 'k', on_conflict => 'other')$$, 'SM400', 'invalid on_conflict', 'another mode');
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail', user_id => -1)$$, 'SM404', 'user not found', 'an unknown person');
SELECT throws_ok($$SELECT social.enqueue_jobs('tap.none', '{}')$$, 'SM404', 'job kind not found', 'many of an unknown kind');
SELECT throws_ok($$SELECT social.enqueue_jobs('tap.mail', '{}', priority => 9)$$, 'SM400', 'invalid priority', 'or of another priority');
SELECT throws_ok($$SELECT social.enqueue_jobs('tap.mail', ARRAY[to_jsonb(repeat('x', 65536))])$$, 'SM400', 'args are too long', 'or with long args');
DELETE FROM social.jobs;
SELECT social.enqueue_job('tap.mail') AS one, social.enqueue_job('tap.video', run_at => '2100-01-01 UTC') AS two, social.enqueue_job('tap.video', priority => 1, max_attempts => 7) AS three \gset
SELECT results_eq('SELECT kind COLLATE "default", args, priority, run_at = created_at, attempts, max_attempts, unique_key, user_id FROM social.jobs WHERE id = ' || :one,
	$$VALUES ('tap.mail', '{}'::jsonb, 2::smallint, true, 0, 10, NULL::text, NULL::bigint)$$, 'a job is what its kind says');
SELECT results_eq('SELECT priority, max_attempts, run_at FROM social.jobs WHERE id = ' || :two,
	$$VALUES (3::smallint, 2, '2100-01-01 UTC'::timestamptz)$$, 'another kind another');
SELECT results_eq('SELECT priority, max_attempts FROM social.jobs WHERE id = ' || :three, $$VALUES (1::smallint, 7)$$, 'or what the call says');
DELETE FROM social.jobs;
SELECT is(cardinality(social.enqueue_jobs('tap.mail', ARRAY['{"n": 1}', '{"n": 2}', NULL]::jsonb[])), 3, 'many at once');
SELECT is(pg_temp.claim(), '1 2', 'in their order');
SELECT is(social.stop_job_worker('tap'), 3::bigint, 'and back');
DELETE FROM social.jobs;

-- ---- claiming
SELECT throws_ok($$SELECT social.claim_jobs(NULL, '{tap.mail}')$$, 'SM400', 'invalid worker', 'a worker has a name');
SELECT throws_ok($$SELECT social.claim_jobs('', '{tap.mail}')$$, 'SM400', 'invalid worker', 'which is not empty');
SELECT throws_ok($$SELECT social.claim_jobs('tap', NULL)$$, 'SM400', 'invalid kinds', 'and kinds');
SELECT throws_ok($$SELECT social.claim_jobs('tap', '{tap.mail}', 0)$$, 'SM400', 'invalid batch', 'an empty batch');
SELECT throws_ok($$SELECT social.claim_jobs('tap', '{tap.mail}', 10001)$$, 'SM400', 'invalid batch', 'a huge one');
SELECT throws_ok($$SELECT social.claim_jobs('tap', '{tap.mail}', 1, '0 s')$$, 'SM400', 'invalid lease', 'no lease');
SELECT is(pg_temp.claim(), '', 'nothing is due');
SELECT pg_temp.ask('a') AS a, pg_temp.ask('b') AS b, pg_temp.ask('later', run_at => clock_timestamp() + interval '1 hour') AS later, pg_temp.ask('urgent', priority => 1) AS urgent,
	pg_temp.ask('film', 'tap.video') AS film, pg_temp.ask('last', 'tap.mail', clock_timestamp() - interval '1 hour', 4) AS last, pg_temp.ask('long ago', run_at => clock_timestamp() - interval '1 hour') AS ago \gset
SELECT is(pg_temp.state(:a), 'due 0/10', 'a job that is due');
SELECT is(pg_temp.state(:later), 'later 0/10', 'and one that is not');
SELECT is(social.job_state(:a), 'waiting', 'wait both') FROM (VALUES (:a), (:later)) j (a);
SELECT is(pg_temp.claim(kinds => '{tap.other}'), '', 'another kind is not claimed');
SELECT is(pg_temp.claim(kinds => '{tap.video}', batch => 1), 'film', 'the kinds that a worker knows');
SELECT is(pg_temp.claim(3), 'urgent long ago a', 'by priority, then by time, over all kinds');
SELECT is(pg_temp.claim(3, 'tap two'), 'b last', 'another worker gets what is left');
SELECT is(pg_temp.claim(), '', 'and a third one nothing');
SELECT is(pg_temp.state(:a), 'running 1/10 tap', 'a job that was claimed');
SELECT is(social.job_state(:a), 'running', 'runs');

-- ---- done
SELECT is(social.finish_jobs('tap two', ARRAY[:a], '{1}'), ARRAY[:a]::bigint[], 'whoever has not claimed it cannot end it');
SELECT is(social.finish_jobs('tap', ARRAY[:a], '{2}'), ARRAY[:a]::bigint[], 'nor can another attempt');
SELECT is(social.finish_jobs('nobody', ARRAY[:a], '{1}'), ARRAY[:a]::bigint[], 'nor somebody unknown');
SELECT is(social.finish_jobs('tap', ARRAY[:a, :b, -1, :urgent], '{1,1,1,1}'), ARRAY[:b, -1]::bigint[], 'a batch: it is told which it had lost');
SELECT is(social.job_state(:a), 'done', 'a is done');
SELECT is(social.job_state(:b), 'running', 'b runs');
SELECT results_eq(format('SELECT kind, outcome COLLATE "default", attempts, took >= ''0'', waited >= ''0'' FROM social.admin_job_history WHERE id = %s', :a), $$VALUES ('tap.mail' COLLATE "C", 'done', 1, true, true)$$, 'its history');
SELECT is(social.finish_jobs('tap', ARRAY[:a], '{1}'), ARRAY[:a]::bigint[], 'once');
SELECT is(social.job_state(-1), NULL, 'an unknown job');
SELECT social.set_job_kind('tap.video', has_history => false);
SELECT is(social.finish_jobs('tap', ARRAY[:film], '{1}'), '{}', 'a kind');
SELECT is(social.job_state(:film), NULL, 'may have no history');
SELECT social.set_job_kind('tap.video', has_history => true);

-- ---- failed
SELECT results_eq(format('SELECT state FROM social.fail_jobs(''tap two'', ARRAY[%s, %s], ''{1,1}'', ''{refused,refused}'')', :b, :urgent), $$VALUES ('waiting'), ('lost')$$, 'a batch that failed');
SELECT is(pg_temp.state(:b), 'later 1/10 refused', 'it waits, and says why');
SELECT ok(j.run_at - clock_timestamp() BETWEEN interval '6 s' AND interval '12.5 s', 'for ten seconds, give or take a quarter') FROM social.jobs j WHERE j.id = :b;
SELECT is(social.fail_job('tap two', :last, 1, repeat('x', 2000), interval '1 hour'), 'waiting', 'a server that asks for patience');
SELECT ok(j.run_at - clock_timestamp() BETWEEN interval '59 minutes 50 s' AND interval '66 minutes' AND length(j.error) = 1000, 'has it, and the error an end') FROM social.jobs j WHERE j.id = :last;
UPDATE social.jobs SET run_at = clock_timestamp() - interval '1 s' WHERE id = :last;
SELECT is(pg_temp.claim(), 'last', 'then it is claimed again');
SELECT is(social.fail_job('tap', :last, 1, 'late'), 'lost', 'the first attempt is over');
SELECT is(social.fail_job('tap', :last, 2, 'down', interval '100 years'), 'waiting', 'patience');
SELECT ok(j.run_at - clock_timestamp() BETWEEN interval '6 days 23 hours' AND interval '7.7 days', 'has a bound') FROM social.jobs j WHERE j.id = :last;
CREATE FUNCTION pg_temp.fail(job bigint) RETURNS interval LANGUAGE plpgsql AS $$
DECLARE
	was text;
BEGIN
	UPDATE social.jobs SET run_at = clock_timestamp() - interval '1 s' WHERE id = job;
	PERFORM pg_temp.claim();
	was := social.fail_job('tap', job, (SELECT attempts FROM social.jobs WHERE id = job), 'again');
	RETURN (SELECT CASE WHEN was = 'waiting' THEN run_at - clock_timestamp() END FROM social.jobs WHERE id = job);
END
$$;
DELETE FROM social.jobs;
SELECT social.set_job_kind('tap.video', max_attempts => 4);
SELECT pg_temp.ask('film', 'tap.video') AS film \gset
SELECT ok(waits BETWEEN wait * 0.74 AND wait * 1.25, format('the pause doubles up to backoff_max: %s for %s', waits, wait))
FROM unnest(ARRAY['1 minute', '2 minutes', '3 minutes']::interval[]) AS wait, LATERAL (SELECT pg_temp.fail(:film) WHERE wait IS NOT NULL OFFSET 0) AS f (waits);
SELECT is(pg_temp.fail(:film), NULL, 'the last attempt');
SELECT is(pg_temp.state(:film), 'dead 4/4 again', 'leaves a dead job');
SELECT is(social.job_state(:film), 'dead', 'which says so');
SELECT is(pg_temp.claim(), '', 'nobody gets it');
SELECT is(social.requeue_job(:film), true, 'until an operator has it run again');
SELECT is(pg_temp.state(:film), 'due 4/8 again', 'with as many attempts as its kind has');
SELECT is(pg_temp.claim(), 'film', 'it runs');
SELECT is(social.requeue_job(:film), false, 'and can then not be requeued');
SELECT is(social.fail_job('tap', :film, 5, 'gone', is_final => true), 'dead', 'a worker may give up at once');
SELECT is(social.requeue_jobs(ARRAY[:film, -1]), 1::bigint, 'many at once');
SELECT is(social.cancel_job(:film), true, 'cancelled');

-- ---- snoozed, cancelled, given back
SELECT pg_temp.ask('a') AS a, pg_temp.ask('b') AS b, pg_temp.ask('c') AS c \gset
SELECT is(pg_temp.claim(), 'a b c', 'three run');
SELECT throws_ok(format('SELECT social.snooze_job(''tap'', %s, 1, ''-1 s'')', :a), 'SM400', 'invalid delay', 'a negative delay');
SELECT throws_ok(format('SELECT social.snooze_job(''tap'', %s, 1, NULL)', :a), 'SM400', 'invalid delay', 'none');
SELECT is(social.snooze_job('tap', :a, 1, interval '1 hour'), true, 'one is for later');
SELECT is(pg_temp.state(:a), 'later 1/11', 'which is no failure, and no attempt');
SELECT is(social.snooze_job('tap', :a, 1, interval '1 hour'), false, 'once');
SELECT is(social.requeue_job(:a), true, 'an operator may have it run now');
SELECT is(pg_temp.state(:a), 'due 1/11', 'it is due');
SELECT is(social.cancel_job(:b), true, 'one that runs is cancelled');
SELECT is(social.job_state(:b), 'cancelled', 'and says so');
SELECT is(social.renew_leases('tap', ARRAY[:b, :c], '{1,1}'), ARRAY[:b]::bigint[], 'the heart-beat tells its worker');
SELECT is(social.finish_jobs('tap', ARRAY[:b, :c], '{1,1}'), ARRAY[:b]::bigint[], 'and so does the end');
SELECT is(social.cancel_job(:c), false, 'what is done cannot be cancelled');
SELECT is(pg_temp.claim(), 'a', 'the snoozed one runs');
SELECT pg_temp.ask('kept') AS kept \gset
SELECT is(pg_temp.claim(), 'kept', 'it has another one');
SELECT is(social.release_jobs('tap two', ARRAY[:kept]), 0::bigint, 'whoever has none gives none back');
SELECT is(social.release_jobs('tap', ARRAY[:kept, NULL]), 1::bigint, 'a worker that does not know what it has keeps what it knows');
SELECT is(pg_temp.state(:kept), 'running 1/10 tap', 'which runs on');
SELECT is(pg_temp.state(:a), 'due 2/12', 'the rest waits again');
SELECT is(social.finish_jobs('tap', ARRAY[:kept], '{1}'), '{}', 'it ends it');
SELECT is(pg_temp.claim(), 'a', 'and claims again');
SELECT is(social.stop_job_worker('tap'), 1::bigint, 'a worker that leaves gives it back');
SELECT is(pg_temp.state(:a), 'due 3/13', 'without an attempt');
SELECT is(social.stop_job_worker('tap'), 0::bigint, 'once');
SELECT is(social.renew_leases('tap', ARRAY[:a], '{3}'), ARRAY[:a]::bigint[], 'and has no lease any more');

-- ---- a worker that dies
SELECT pg_temp.ask('poison') AS poison \gset
UPDATE social.jobs SET max_attempts = 1 WHERE id = :poison;
SELECT is(pg_temp.claim(worker => 'tap dies'), 'a poison', 'a worker has two');
SELECT is(social.tend_jobs(), 0::bigint, 'while its lease lasts they are its own');
UPDATE social.job_workers SET leased_until = clock_timestamp() - interval '1 s' WHERE name = 'tap dies';
SELECT is(pg_temp.claim(), 'a', 'P-24: when it is over the next claim has them');
SELECT is(pg_temp.state(:poison), 'dead 1/1 its worker did not come back', 'but what has had its last attempt is dead');
SELECT is_empty($$SELECT FROM social.job_workers WHERE name = 'tap dies'$$, 'the worker is forgotten');
SELECT is(social.finish_jobs('tap dies', ARRAY[:a], '{4}'), ARRAY[:a]::bigint[], 'the late one is told that it lost');
SELECT is(pg_temp.claim(worker => 'tap dies'), '', 'it may come back as a new one');
SELECT is(social.finish_jobs('tap dies', ARRAY[:a], '{4}'), ARRAY[:a]::bigint[], 'and has lost still');
SELECT is(social.finish_jobs('tap', ARRAY[:a], '{5}'), '{}', 'the other one ends it');
SELECT pg_temp.ask('slow') AS slow \gset
SELECT pg_temp.claim();
UPDATE social.jobs SET leased_at = clock_timestamp() - interval '10 minutes 30 s' WHERE id = :slow;
SELECT is(social.tend_jobs(), 0::bigint, 'a job has its timeout, and a minute');
UPDATE social.jobs SET leased_at = clock_timestamp() - interval '12 minutes' WHERE id = :slow;
SELECT is(social.tend_jobs(), 1::bigint, 'then it is taken from a worker that lives');
SELECT is(pg_temp.state(:slow), 'due 1/10 it took longer than its kind''s timeout', 'and is due');
UPDATE social.jobs SET worker_id = -1, leased_at = clock_timestamp() WHERE id = :slow;
SELECT is(social.tend_jobs(), 1::bigint, 'one of a worker that is not known (a restore) comes back');
DELETE FROM social.jobs;

-- ---- large batches: sixteen times as many take about so many times as long. What goes through the batch,
-- or through all jobs, for each of them takes 256 times as long. The plans are those of an empty table. What the processor did
-- is measured: who has to wait for one waits longer in a long batch. The kernel counts it when a process rests.
CREATE FUNCTION pg_temp.processor() RETURNS double precision LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_sleep(0.001);
	RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::double precision;
END
$$;
CREATE FUNCTION pg_temp.takes(what text, batch integer) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[];
	ones integer[] := array_fill(1, ARRAY[batch]);
	began double precision;
	least_of double precision := 'infinity';
BEGIN
	FOR i IN 1 .. 2 LOOP
		DELETE FROM social.jobs;
		INSERT INTO social.jobs (kind, unique_key) SELECT 'tap.mail', CASE WHEN n % 2 = 0 THEN clock_timestamp()::text || n END FROM generate_series(1, batch) n;
		PERFORM social.note_job_scan(clock_timestamp());
		SELECT array_agg(c.id) INTO ids FROM social.claim_jobs('tap', '{tap.mail}', 10000) c;
		began := pg_temp.processor();
		CASE what
			WHEN 'fail_jobs' THEN PERFORM social.fail_jobs('tap', ids, ones, array_fill('no'::text, ARRAY[batch]));
			WHEN 'snooze_jobs' THEN PERFORM social.snooze_jobs('tap', ids, ones, array_fill(interval '1 hour', ARRAY[batch]));
			WHEN 'finish_jobs' THEN PERFORM social.finish_jobs('tap', ids, ones);
			WHEN 'renew_leases' THEN PERFORM social.renew_leases('tap', ids, ones);
			WHEN 'lost ones' THEN PERFORM social.finish_jobs('tap', ids, array_fill(2, ARRAY[batch]));
			WHEN 'release_jobs' THEN PERFORM social.release_jobs('tap', ids);
			WHEN 'stop_job_worker' THEN PERFORM social.stop_job_worker('tap');
		END CASE;
		least_of := least(least_of, pg_temp.processor() - began);
	END LOOP;
	RETURN least_of;
END
$$;
SELECT pg_temp.takes(what, 10) FROM unnest(ARRAY['fail_jobs', 'snooze_jobs', 'finish_jobs', 'renew_leases', 'release_jobs', 'stop_job_worker']) AS what \g /dev/null
SELECT cmp_ok(pg_temp.takes(what, 4000) / pg_temp.takes(what, 250), '<', 90::double precision, what || ' takes a large batch')
FROM unnest(ARRAY['fail_jobs', 'snooze_jobs', 'finish_jobs', 'lost ones', 'renew_leases', 'release_jobs', 'stop_job_worker']) AS what;
DELETE FROM social.jobs;
DELETE FROM social.job_history;

-- ---- keys
CREATE FUNCTION pg_temp.key(args jsonb, mode text DEFAULT 'keep', run_at timestamptz DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
	$$SELECT social.enqueue_job('tap.mail', args, run_at, unique_key => 'key', on_conflict => mode)$$;
SELECT pg_temp.key('{"n": 1}') AS one \gset
SELECT is(pg_temp.key('{"n": 2}'), :one::bigint, 'of a key one job waits');
SELECT results_eq('SELECT args ->> ''n'' FROM social.jobs', $$VALUES ('1')$$, 'keep: as it is');
SELECT is(pg_temp.key('{"n": 3}', 'replace', '2100-01-01 UTC'), :one::bigint, 'replace');
SELECT results_eq('SELECT args ->> ''n'', run_at FROM social.jobs', $$VALUES ('3', '2100-01-01 UTC'::timestamptz)$$, 'what and when');
SELECT is(pg_temp.key('{"m": 4}', 'merge'), :one::bigint, 'merge');
SELECT results_eq('SELECT args, run_at <= clock_timestamp() FROM social.jobs', $$VALUES ('{"n": 3, "m": 4}'::jsonb, true)$$, 'adds keys');
SELECT is(pg_temp.key('[1]', 'merge'), :one::bigint, 'of another form');
SELECT is(pg_temp.key('[2, 3]', 'merge'), :one::bigint, 'and an array');
SELECT results_eq('SELECT args FROM social.jobs', $$VALUES ('[1, 2, 3]'::jsonb)$$, 'is joined');
SELECT pg_temp.key(to_jsonb(ARRAY[repeat('x', 60000)]), 'merge');
SELECT throws_ok($$SELECT pg_temp.key(to_jsonb(ARRAY[repeat('y', 60000)]), 'merge')$$, 'SM400', 'args are too long', 'up to the bound');
SELECT is(social.enqueue_job('tap.video', unique_key => 'key') <> :one, true, 'another kind has keys of its own');
SELECT is(pg_temp.key('{"n": 5}', 'replace'), :one::bigint, 'the key');
SELECT is(pg_temp.claim(1), '5', 'runs');
SELECT pg_temp.key('{"n": 6}') AS two \gset
SELECT isnt(:two::bigint, :one::bigint, 'what runs is no obstacle: what changed meanwhile is done again');
SELECT is(social.fail_job('tap', :one, 1, 'no'), 'waiting', 'it fails');
SELECT is(social.job_state(:one), 'superseded', 'and gives way to the one that waits');
SELECT is(pg_temp.claim(1), '6', 'which runs');
SELECT is(social.fail_job('tap', :two, 1, 'no'), 'waiting', 'alone it waits again');
SELECT is(pg_temp.key('{"n": 7}'), :two::bigint, 'with its key');
UPDATE social.jobs SET dead_at = now() WHERE id = :two;
SELECT pg_temp.key('{"n": 8}') AS three \gset
SELECT isnt(:three::bigint, :two::bigint, 'a dead one is no obstacle');
SELECT is(social.requeue_job(:two), true, 'and gives way');
SELECT is(social.job_state(:two), 'superseded', 'when it is requeued');
DELETE FROM social.jobs;

-- ---- pauses and limits
SELECT throws_ok($$SELECT social.pause_queue('tap_none')$$, 'SM404', 'queue not found', 'an unknown queue');
SELECT pg_temp.ask('mail'), pg_temp.ask('film', 'tap.video') \gset
SELECT is(social.pause_queue('tap_net'), true, 'a queue is paused');
SELECT is(social.pause_queue('tap_net'), false, 'once');
SELECT is(pg_temp.claim(), 'film', 'nobody gets its jobs');
SELECT is((SELECT c.status || ' ' || c.detail FROM social.check() c WHERE c.name = 'job queues'), 'warning paused: tap_net', 'check() tells');
SELECT is(social.resume_queue('tap_net'), true, 'until it is resumed');
SELECT is(social.resume_queue('tap_net'), false, 'once');
SELECT is(pg_temp.claim(), 'mail', 'then they do');
DELETE FROM social.jobs;
SELECT social.set_job_kind('tap.video', concurrency => 2);
SELECT social.enqueue_jobs('tap.video', ARRAY['{"n": 1}', '{"n": 2}', '{"n": 3}', '{"n": 4}']::jsonb[]);
SELECT is(pg_temp.claim(1), '1', 'a kind with a concurrency');
SELECT is(pg_temp.claim(worker => 'tap two'), '2', 'has it over all workers');
SELECT is(pg_temp.claim(), '', 'no more run');
SELECT social.finish_jobs('tap', ARRAY[j.id], '{1}') FROM social.jobs j WHERE j.args ->> 'n' = '1';
SELECT is(pg_temp.claim(), '3', 'until one has ended');
SELECT social.set_job_kind('tap.video', concurrency => 0);
SELECT is(pg_temp.claim(), '4', 'zero is no limit');
DELETE FROM social.jobs;
SELECT social.set_job_kind('tap.video', rate => 3, rate_period => '1 hour');
SELECT social.enqueue_jobs('tap.video', (SELECT array_agg(jsonb_build_object('n', n)) FROM generate_series(1, 8) n));
SELECT is(pg_temp.claim(2), '1 2', 'a kind with a rate');
SELECT is(pg_temp.claim(), '3', 'has so many in a period');
SELECT is(pg_temp.claim(), '', 'and no more');
UPDATE social.job_kinds SET rate_used_until = rate_used_until - interval '21 minutes' WHERE kind = 'tap.video';
SELECT is(pg_temp.claim(), '4', 'the next one when a third of it is over');
UPDATE social.job_kinds SET rate_used_until = rate_used_until - interval '10 hours' WHERE kind = 'tap.video';
SELECT is(pg_temp.claim(), '5 6 7', 'what was not used is not saved up');
SELECT social.set_job_kind('tap.video', rate => 0);
SELECT is(pg_temp.claim(), '8', 'zero is no limit');
SELECT throws_ok(format('SELECT social.set_job_kind(''tap.video'', %s)', a), 'SM400', NULL, a)
FROM unnest(ARRAY['priority => 5', 'priority => 100000', 'max_attempts => 0', 'backoff => ''-1 s''', 'backoff_max => ''31 days''', 'timeout => ''0 s''', 'concurrency => -1', 'rate => -1', 'rate => 1, rate_period => ''2 days''', 'queue => ''No''']) AS a;
SELECT throws_ok($$SELECT social.set_job_kind(NULL)$$, 'SM400', 'invalid kind or queue', 'no kind');
SELECT throws_ok($$SELECT social.set_job_kind(repeat('k', 64))$$, 'SM400', 'invalid kind or queue', 'a long kind');
SELECT throws_ok($$SELECT social.remove_job_kind('tap.video')$$, 'SM409', 'the job kind is in use', 'a kind that has jobs stays');
DELETE FROM social.jobs;
SELECT is(social.remove_job_kind('tap.video'), true, 'one without goes');
SELECT is(social.remove_job_kind('tap.video'), false, 'once');

-- ---- where a session goes on claiming: jobs that come before that place are found
SELECT social.enqueue_jobs('tap.mail', (SELECT array_agg(jsonb_build_object('n', n)) FROM generate_series(1, 5) n));
SELECT is(pg_temp.claim(3), '1 2 3', 'a session goes on behind what it took');
SELECT social.note_job_scan(clock_timestamp() - interval '1 day');
SELECT cmp_ok(social.job_scan_due(), '>', clock_timestamp() + interval '1 day', 'a look from the beginning that took long rests long');
SELECT pg_temp.ask('early', run_at => clock_timestamp() - interval '1 hour');
SELECT is(c.args ->> 'n', '4', 'meanwhile what comes first may wait') FROM social.claim_jobs('tap', '{tap.mail}', 1) c;
SELECT is(pg_temp.claim(), 'early 5', 'and is found when the rest is over');
DELETE FROM social.jobs;

-- ---- what one look takes: by priority, then by time, over kinds; and no more of each than it may have
SELECT social.set_job_kind('tap.more', queue => 'tap_net', timeout => '3 minutes'), social.set_job_kind('tap.few', concurrency => 2, timeout => '4 minutes');
SELECT pg_temp.ask(n::text, k, clock_timestamp() - interval '1 minute' + n * interval '1 s', CASE WHEN n > 6 THEN 1 ELSE 2 END) FROM (VALUES (3, 'tap.mail'), (1, 'tap.more'), (2, 'tap.few'), (4, 'tap.few'), (5, 'tap.few'), (6, 'tap.more'), (7, 'tap.mail'), (8, 'tap.more')) j (n, k) \g /dev/null
SELECT social.note_job_scan(clock_timestamp());
SELECT results_eq($$SELECT c.args ->> 'n', c.kind, c.attempt, c.timeout FROM social.claim_jobs('tap', '{tap.mail,tap.more,tap.few}', 7) c$$,
	$$VALUES ('7', 'tap.mail', 1, interval '10 minutes'), ('8', 'tap.more', 1, '3 minutes'), ('1', 'tap.more', 1, '3 minutes'), ('2', 'tap.few', 1, '4 minutes'), ('3', 'tap.mail', 1, '10 minutes'), ('4', 'tap.few', 1, '4 minutes'), ('6', 'tap.more', 1, '3 minutes')$$,
	'P-24: kinds are merged by time, each says how long it may take, and one of which two may run has two');
SELECT is(pg_temp.claim(kinds => '{tap.mail,tap.more,tap.few}'), '', 'the third one waits');
SELECT results_eq($$SELECT count(*), count(DISTINCT leased_at), min(attempts), max(attempts) FROM social.jobs WHERE worker_id = (SELECT id FROM social.job_workers WHERE name = 'tap')$$, $$VALUES (7::bigint, 1::bigint, 1, 1)$$, 'they are the worker''s, by one time');
SELECT is(social.finish_jobs('tap', array_agg(j.id), array_agg(1)), '{}', 'they end') FROM social.jobs j WHERE j.worker_id IS NOT NULL;
SELECT is(social.finish_jobs('tap', ARRAY[NULL, 1, 1, 2]::bigint[], ARRAY[1, NULL]), ARRAY[NULL, 1, 2]::bigint[], 'ids or attempts that are missing are nobody''s');
DELETE FROM social.jobs;
-- A claim reads each row once, and writes one new version of it; a lock before would be written, too.
SELECT social.set_job_kind('tap.once');
SELECT social.enqueue_jobs('tap.once', array_fill('{}'::jsonb, ARRAY[500])) \g /dev/null
SELECT pg_stat_get_xact_tuples_updated('social.jobs'::regclass) AS updated, pg_stat_get_xact_tuples_returned('social.jobs_due_idx'::regclass) AS returned \gset
SELECT is(count(*), 400::bigint, 'a batch') FROM social.claim_jobs('tap', '{tap.once}', 400);
SELECT is(pg_stat_get_xact_tuples_updated('social.jobs'::regclass) - :updated, 400::bigint, 'is written once');
SELECT is(pg_stat_get_xact_tuples_returned('social.jobs_due_idx'::regclass) - :returned, 400::bigint, 'and read once');
UPDATE social.jobs SET leased_at = leased_at + interval '1 microsecond' WHERE kind = 'tap.once' AND worker_id IS NOT NULL AND id % 2 = 0;
SELECT is(social.finish_jobs('tap', array_agg(j.id), array_agg(j.attempts)), '{}', 'they end wherever their rows are') FROM social.jobs j WHERE j.kind = 'tap.once' AND j.worker_id IS NOT NULL;
SELECT is(count(*), 400::bigint, 'and are remembered') FROM social.job_history h WHERE h.kind = 'tap.once' AND h.outcome = 'done' AND h.finished_at >= h.leased_at AND h.attempts = 1;
DELETE FROM social.jobs;
DELETE FROM social.job_history;

-- ---- what is somebody else's on these tables: he is told of each job, and may have a say
CREATE TABLE pg_temp.told (what text, id bigint);
CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO pg_temp.told VALUES (TG_TABLE_NAME || ' ' || TG_OP, CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END);
	RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER tap_jobs BEFORE UPDATE OR DELETE ON social.jobs FOR EACH ROW EXECUTE FUNCTION pg_temp.tell();
CREATE TRIGGER tap_history AFTER INSERT ON social.job_history FOR EACH ROW EXECUTE FUNCTION pg_temp.tell();
SELECT pg_temp.ask('watched') AS watched \gset
SELECT is(pg_temp.claim(), 'watched', 'a job that somebody watches is claimed');
SELECT is(social.finish_jobs('tap two', ARRAY[:watched], '{1}'), ARRAY[:watched]::bigint[], 'for whoever claimed it');
SELECT is(social.finish_jobs('tap', ARRAY[:watched], '{1}'), '{}', 'and ends');
SELECT results_eq('SELECT what, id FROM pg_temp.told', format('VALUES (''jobs UPDATE'', %1$s::bigint), (''jobs DELETE'', %1$s), (''job_history INSERT'', %1$s)', :watched), 'his triggers are told');
DROP TRIGGER tap_jobs ON social.jobs;
DROP TRIGGER tap_history ON social.job_history;
CREATE SCHEMA tap_theirs;
CREATE TABLE tap_theirs.notes (job_id bigint REFERENCES social.jobs ON DELETE CASCADE);
SELECT pg_temp.ask('noted') AS noted \gset
INSERT INTO tap_theirs.notes VALUES (:noted);
SELECT is(pg_temp.claim(), 'noted', 'one that a row of his refers to is claimed');
SELECT is(social.finish_jobs('tap', ARRAY[:noted], '{1}'), '{}', 'and ends');
SELECT is_empty('SELECT FROM tap_theirs.notes', 'with what refers to it');
DROP SCHEMA tap_theirs CASCADE;
DELETE FROM social.jobs;

-- ---- schedules
SELECT throws_ok(format('SELECT social.set_job_schedule(%s)', a), code, NULL, a) FROM (VALUES ('NULL, ''tap.mail'', ''1 day''', 'SM400'), ('''tap'', ''tap.none'', ''1 day''', 'SM404'), ('''tap'', ''tap.mail'', ''0 s''', 'SM400'),
	('''tap'', ''tap.mail'', ''1 day'', catch_up => ''no''', 'SM400'), ('''tap'', ''tap.mail'', ''1 day'', time_zone => ''No/Where''', 'SM400'), ('''tap'', ''tap.mail'', ''1 day'', starts_at => ''infinity''', 'SM400')) AS c (a, code);
SELECT cmp_ok(social.set_job_schedule('tap_hourly', 'tap.mail', '1 hour', '{"n": "hourly"}'), '<=', clock_timestamp(), 'a schedule begins at once');
SELECT is(social.tend_jobs(), 1::bigint, 'its time has come');
SELECT is(pg_temp.claim(), 'hourly', 'and its job');
SELECT is(social.tend_jobs(), 0::bigint, 'once');
SELECT ok(s.next_at BETWEEN clock_timestamp() + interval '59 minutes' AND clock_timestamp() + interval '1 hour', 'the next time') FROM social.job_schedules s WHERE s.name = 'tap_hourly';
CREATE FUNCTION pg_temp.gap(mode text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM social.jobs;
	PERFORM social.set_job_schedule('tap_hourly', 'tap.mail', '1 hour', '{"n": "hourly"}', starts_at => clock_timestamp() - interval '330 minutes', catch_up => mode);
	UPDATE social.job_schedules SET next_at = starts_at + interval '2 hours' WHERE name = 'tap_hourly';
	PERFORM social.tend_jobs();
	RETURN (SELECT string_agg(round(extract(epoch FROM clock_timestamp() - run_at) / 60)::text, ' ' ORDER BY run_at) FROM social.jobs);
END
$$;
SELECT is(pg_temp.gap('once'), '30', 'a gap of four times: the last one runs');
SELECT is(pg_temp.gap('all'), '210 150 90 30', 'all of them');
SELECT is(pg_temp.gap('skip'), NULL, 'or none');
SELECT ok(s.next_at BETWEEN clock_timestamp() + interval '29 minutes' AND clock_timestamp() + interval '31 minutes', 'and on it goes') FROM social.job_schedules s WHERE s.name = 'tap_hourly';
UPDATE social.job_schedules SET next_at = clock_timestamp() - interval '30 s', starts_at = clock_timestamp() - interval '1 day 30 s' WHERE name = 'tap_hourly';
SELECT social.tend_jobs();
SELECT is(count(*), 1::bigint, 'skip runs what is less than a minute late') FROM social.jobs;
UPDATE social.job_schedules SET next_at = clock_timestamp() - interval '30 s' WHERE name = 'tap_hourly';
SELECT social.tend_jobs();
SELECT is(count(*), 1::bigint, 'where nobody runs them they do not pile up') FROM social.jobs;
SELECT is(social.pause_job_schedule('tap_hourly'), true, 'paused');
SELECT is(social.pause_job_schedule('tap_hourly'), false, 'once');
UPDATE social.job_schedules SET next_at = clock_timestamp() - interval '10 hours' WHERE name = 'tap_hourly';
SELECT is(social.tend_jobs(), 0::bigint, 'it asks for nothing');
SELECT is(social.pause_job_schedule('tap_hourly', false), true, 'resumed');
SELECT is(social.tend_jobs(), 0::bigint, 'the pause was no gap');
SELECT is(social.next_schedule_time('2026-01-31 03:00 Europe/Berlin', '1 month', 'Europe/Berlin', '2026-02-01 UTC'), '2026-02-28 03:00 Europe/Berlin', 'a month has an end');
SELECT is(social.next_schedule_time('2026-01-01 03:00 Europe/Berlin', '1 day', 'Europe/Berlin', '2026-07-01 12:00 UTC'), '2026-07-02 03:00 Europe/Berlin', 'three o''clock is three in summer, too');
SELECT is(social.next_schedule_time('2026-01-01 03:00 Europe/Berlin', '2 hours', 'Europe/Berlin', '2026-07-01 12:00 UTC'), '2026-07-01 14:00 UTC', 'two hours are two hours');
SELECT is(social.next_schedule_time('1900-01-01 UTC', '1 second', 'UTC', '2100-01-01 UTC'), '2100-01-01 00:00:01 UTC', 'two hundred years of seconds');
SELECT throws_ok($$SELECT social.remove_job_kind('tap.mail')$$, 'SM409', 'the job kind is in use', 'a kind that has a schedule stays');
SELECT is(social.remove_job_schedule('tap_hourly'), true, 'it ends');
SELECT is(social.remove_job_schedule('tap_hourly'), false, 'once');
DELETE FROM social.jobs;

-- ---- what an operator sees
SELECT is((SELECT c.status FROM social.check() c WHERE c.name = 'jobs'), 'ok', 'nothing is due');
SELECT pg_temp.ask('old', run_at => clock_timestamp() - interval '1 hour') AS old, pg_temp.ask('new', run_at => now()) AS new, pg_temp.ask('gone') AS gone, pg_temp.ask('tomorrow', run_at => clock_timestamp() + interval '1 day') AS tomorrow \gset
UPDATE social.jobs SET dead_at = now() - interval '89 days' WHERE id = :gone;
UPDATE social.jobs SET attempts = 1 WHERE id = :tomorrow;
SELECT matches(c.status || ': ' || c.detail, '^warning: the oldest one due is ' || :old || ' of kind tap.mail, for 3[56].. s; 1 dead$', 'check() names the oldest job') FROM social.check() c WHERE c.name = 'jobs';
SELECT results_eq($$SELECT m.name, CASE WHEN m.name LIKE '%lag%' THEN round(m.value / 3600) ELSE m.value END FROM social.metrics() m WHERE m.name LIKE 'social_jobs%' AND m.label = 'kind' AND m.label_value = 'tap.mail'$$,
	$$VALUES ('social_jobs_dead', 1::double precision), ('social_jobs_due', 2), ('social_jobs_lag_seconds', 1), ('social_jobs_retrying', 1), ('social_jobs_running', 0)$$, 'metrics');
SELECT results_eq($$SELECT queue COLLATE "default", due, later, running, dead FROM social.admin_job_kinds WHERE kind = 'tap.mail'$$, $$VALUES ('tap_net', 2::bigint, 1::bigint, 0::bigint, 1::bigint)$$, 'kinds');
SELECT social.retention_round();
SELECT is(social.job_state(:gone), 'dead', 'P-24: a dead job stays for 90 days');
UPDATE social.jobs SET dead_at = now() - interval '91 days' WHERE id = :gone;
UPDATE social.job_history SET finished_at = now() - interval '8 days';
SELECT social.retention_round();
SELECT is(social.job_state(:gone), NULL, 'P-24: then it goes');
SELECT is_empty('SELECT FROM social.job_history', 'P-24: and so does the history');

-- ---- a person
INSERT INTO social.users (username, email) VALUES ('tap_job', 'tap_job@example.com') RETURNING id AS person \gset
SELECT social.enqueue_job('tap.mail', '{"n": "theirs"}', user_id => :person) AS theirs \gset
SELECT results_eq($$SELECT user_id FROM social.claim_jobs('tap', '{tap.mail}') WHERE user_id IS NOT NULL$$, format('VALUES (%s::bigint)', :person), 'a worker is told whom a job is about');
SELECT social.delete_user(:person);
SELECT is(social.job_state(:theirs), NULL, 'it goes with the account');

-- ---- rights
CREATE ROLE tap_job_client;
CREATE ROLE tap_job_worker;
CREATE ROLE tap_job_stranger;
GRANT USAGE ON SCHEMA social TO tap_job_stranger;
SELECT social.grant_job_client('tap_job_client'), social.grant_job_worker('tap_job_worker');
SET LOCAL ROLE tap_job_client;
SELECT lives_ok($$SELECT social.enqueue_job('tap.mail'), social.enqueue_job('tap.mail', unique_key => 'theirs'), social.enqueue_jobs('tap.mail', '{}')$$, 'a client asks for jobs');
SELECT throws_ok($$SELECT social.claim_jobs('x', '{tap.mail}')$$, '42501', NULL, 'and claims none');
SELECT throws_ok('SELECT FROM social.jobs', '42501', NULL, 'nor reads them');
SET LOCAL ROLE tap_job_worker;
SELECT lives_ok($$SELECT social.finish_jobs('x', array_agg(id), array_agg(attempt)) FROM social.claim_jobs('x', '{tap.mail}')$$, 'a worker claims them');
SELECT throws_ok($$SELECT social.set_job_kind('x')$$, '42501', NULL, 'and makes no kinds');
SET LOCAL ROLE tap_job_stranger;
SELECT throws_ok($$SELECT social.enqueue_job('tap.mail')$$, '42501', NULL, 'a stranger asks for none');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
