-- outgoing_webhook_delivery.sql owns how webhooks get from the event log to whom they are for. The worker's round notes
-- for each webhook what it is to be told (queue_webhooks), and asks for one job of it; social-worker runs
-- that job, which takes what waits in turns, in order (webhook_turn), until nothing does:
--
--   webhook {webhook_id}        those that answer
--   webhook.slow {webhook_id}   those that have failed or are slow, so that they keep nobody waiting
--
-- One job delivers to a webhook at a time: it holds its row while it takes or tells, and stands in it in
-- between. Another job that meets one at work is done, for that one looks once more before it ends. What was
-- sent and could not be told of is sent again, with the same id.

CREATE OR REPLACE FUNCTION social.ensure_webhook_kinds() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	missing record;
BEGIN
	FOR missing IN SELECT v.* FROM (VALUES ('webhook', 2), ('webhook.slow', 3)) AS v (kind, priority)
		WHERE NOT EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = v.kind)
	LOOP
		PERFORM social.set_job_kind(missing.kind, queue => 'webhook', priority => missing.priority, max_attempts => 1000, timeout => interval '5 minutes', has_history => false);
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.ensure_webhook_kinds() IS 'Makes the kinds of jobs about webhooks that there are not; what an operator has changed of one stays.';

CREATE OR REPLACE FUNCTION social.may_hear(owner_id bigint) RETURNS boolean
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM social.users u WHERE u.id = $1 AND u.is_active AND (u.suspended_at IS NULL OR u.suspended_until <= now()));
END
$$;
COMMENT ON FUNCTION social.may_hear(bigint) IS 'May the account act, so that its webhooks are told? What waits for others waits on.';

CREATE OR REPLACE FUNCTION social.run_webhook(webhook_id bigint, is_news boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	webhook social.webhooks;
BEGIN
	SELECT w.* INTO webhook FROM social.webhooks w WHERE w.id = $1;
	IF webhook.state = 'active' THEN
		PERFORM social.enqueue_job(CASE WHEN webhook.is_slow THEN 'webhook.slow' ELSE 'webhook' END, jsonb_build_object('webhook_id', $1), webhook.next_at,
			unique_key => $1::text, on_conflict => CASE WHEN $2 THEN 'keep' ELSE 'replace' END);
	END IF;
END
$$;
COMMENT ON FUNCTION social.run_webhook(bigint, boolean) IS 'Asks for a job that delivers what waits for an active webhook, when it may be told again; is_news: one that is asked for already will do.';

-- ---- from the log ------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.note_webhook_events(after bigint, up_to bigint, only_id bigint DEFAULT NULL) RETURNS bigint[]
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	told bigint[];
BEGIN
	WITH due AS MATERIALIZED (
		SELECT e.*, social.event_topics(e.type, e.author_id, e.post_id, e.recipient_id, e.subject_id, e.stream_id) AS topics
		FROM social.events e WHERE e.id > $1 AND e.id <= $2 AND e.type = ANY (social.webhook_event_types())
	), matched AS MATERIALIZED (
		SELECT d.id, w.id AS webhook_id, NOT w.topics && (array_remove(array_remove(d.topics, 'feed'), 'streams') || '{*}'::text[]) AS is_of_feed
		FROM due d JOIN social.webhooks w ON w.topics && (d.topics || '{*}'::text[])
		WHERE w.state = 'active' AND d.topics <> '{}' AND w.event_types && ARRAY[d.type, split_part(d.type, '.', 1) || '.*', '*']
			AND (d.recipient_id IS NULL OR d.recipient_id = w.owner_id)
			AND CASE WHEN $3 IS NULL THEN d.id > w.after_event_id ELSE w.id = $3 END
			-- Of what comes by the feed alone only what stands there.
			AND (w.topics && (array_remove(array_remove(d.topics, 'feed'), 'streams') || '{*}'::text[]) OR d.author_id = w.owner_id
				OR EXISTS (SELECT FROM social.follows f WHERE f.follower_id = w.owner_id AND f.followed_id = d.author_id))
		FOR KEY SHARE OF w SKIP LOCKED -- but for those that are being deleted
	), kept AS (
		INSERT INTO social.webhook_events (id, at, type, author_id, post_id, comment_id, recipient_id, subject_id, stream_id)
		SELECT d.id, d.at, d.type, d.author_id, d.post_id, d.comment_id, d.recipient_id, d.subject_id, d.stream_id
		FROM due d WHERE d.id IN (SELECT m.id FROM matched m)
		ON CONFLICT ON CONSTRAINT webhook_events_pkey DO NOTHING
	), noted AS (
		INSERT INTO social.webhook_deliveries AS n (webhook_id, event_id, type, at, is_of_feed)
		SELECT m.webhook_id, d.id, d.type, d.at, m.is_of_feed FROM matched m JOIN due d ON d.id = m.id ORDER BY d.id, m.webhook_id
		ON CONFLICT (webhook_id, event_id) WHERE n.event_id IS NOT NULL DO NOTHING
		RETURNING n.webhook_id)
	SELECT array_agg(DISTINCT n.webhook_id) INTO told FROM noted n;
	RETURN coalesce(told, '{}');
END
$$;
COMMENT ON FUNCTION social.note_webhook_events(bigint, bigint, bigint) IS 'Notes for each active webhook, or one, what it is to be told of a stretch of the event log; what is noted already stays as it is. Returns the webhooks that have something new.';

CREATE OR REPLACE FUNCTION social.tend_webhooks(batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	webhook record;
	up_to bigint;
	done bigint := 0;
BEGIN
	FOR webhook IN SELECT w.id, w.recover_after, w.recover_to FROM social.webhooks w WHERE w.recover_to IS NOT NULL AND w.state = 'active' ORDER BY w.id LIMIT 10 FOR NO KEY UPDATE SKIP LOCKED
	LOOP
		up_to := (SELECT max(e.id) FROM (SELECT o.id FROM social.events o WHERE o.id > webhook.recover_after AND o.id <= webhook.recover_to ORDER BY o.id LIMIT batch) e);
		IF up_to IS NOT NULL THEN
			PERFORM social.run_webhook(n, true) FROM unnest(social.note_webhook_events(webhook.recover_after, up_to, webhook.id)) n;
		END IF;
		UPDATE social.webhooks w SET recover_after = up_to, recover_to = CASE WHEN up_to < w.recover_to THEN w.recover_to END WHERE w.id = webhook.id;
		done := done + 1;
	END LOOP;
	-- What waits although no job will come for it: one was cancelled, or lost to a restore.
	UPDATE social.webhook_log l SET tended_at = now() WHERE l.tended_at < now() - interval '1 minute';
	IF FOUND THEN
		PERFORM social.run_webhook(w.id) FROM social.webhooks w
		WHERE w.state = 'active' AND social.may_hear(w.owner_id) AND EXISTS (SELECT FROM social.webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'waiting')
			AND NOT EXISTS (SELECT FROM social.jobs j WHERE j.kind IN ('webhook', 'webhook.slow') AND j.unique_key = w.id::text AND j.dead_at IS NULL);
	END IF;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.tend_webhooks(integer) IS 'Goes on with what active webhooks recover (others wait until they are), at most a batch of events for each; once a minute asks for the jobs that are missing. Returns how many webhooks recover.';

CREATE OR REPLACE FUNCTION social.queue_webhooks(batch integer DEFAULT 2000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	first bigint := (SELECT min(w.after_event_id) FROM social.webhooks w WHERE w.state = 'active');
	place bigint;
	up_to bigint;
	done bigint := 0;
BEGIN
	IF first IS NULL THEN
		RETURN 0;
	END IF;
	INSERT INTO social.webhook_log (event_id) SELECT first WHERE NOT EXISTS (SELECT FROM social.webhook_log) ON CONFLICT ON CONSTRAINT webhook_log_pkey DO NOTHING;
	SELECT greatest(l.event_id, first) INTO place FROM social.webhook_log l FOR UPDATE SKIP LOCKED;
	IF place IS NULL THEN
		RETURN 0;
	END IF;
	PERFORM social.ensure_webhook_kinds();
	SELECT max(e.id), count(*) INTO up_to, done FROM (SELECT o.id FROM social.events o WHERE o.id > place ORDER BY o.id LIMIT batch) e;
	IF up_to IS NOT NULL THEN
		PERFORM social.run_webhook(n, true) FROM unnest(social.note_webhook_events(place, up_to)) n;
		UPDATE social.webhook_log l SET event_id = up_to;
	END IF;
	RETURN done + social.tend_webhooks(batch);
END
$$;
COMMENT ON FUNCTION social.queue_webhooks(integer) IS 'Notes what webhooks are to be told of the event log since the last time, at most a batch of events, and asks for the jobs that tell it. Returns how many events it looked at. Part of the worker''s round; does nothing while another session does it.';

-- ---- turns -------------------------------------------------------------------------------------------

-- The schedule of the specification: 75 hours in all.
CREATE OR REPLACE FUNCTION social.webhook_pause(failures integer, retry_after integer DEFAULT NULL) RETURNS interval
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	SELECT make_interval(secs => CASE WHEN retry_after > 0 THEN greatest(least(retry_after, 86400) * (1 + random() / 10), least(s.planned, 60) * (0.9 + random() / 5)) ELSE s.planned * (0.9 + random() / 5) END)
	FROM (SELECT (ARRAY[5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400])[least(greatest(failures, 1), 9)]) AS s (planned)
$$;
COMMENT ON FUNCTION social.webhook_pause(integer, integer) IS 'How long a webhook is left alone after so many failures in a row: 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours, give or take a tenth; or as many seconds as its receiver has asked for (Retry-After), at least a minute after the first failure and at most a day.';

CREATE OR REPLACE FUNCTION social.end_webhook(webhook_id bigint, reason text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	webhook social.webhooks;
BEGIN
	UPDATE social.webhooks w SET state = 'disabled', reason = $2, next_at = NULL, updated_at = now() WHERE w.id = $1 AND w.state = 'active' RETURNING w.* INTO webhook;
	IF webhook.id IS NOT NULL AND EXISTS (SELECT FROM social.users u WHERE u.id = webhook.owner_id AND u.is_active) THEN
		PERFORM social.system_notification(webhook.owner_id, format('Your webhook %s to %s was disabled: %s.', $1, substring(webhook.url FROM '^https?://[^/?]{1,200}'),
			CASE $2 WHEN 'gone' THEN 'its receiver answered that it is gone (410)' WHEN 'failing' THEN 'every delivery failed for five days' ELSE 'too much waits for it' END));
	END IF;
END
$$;
COMMENT ON FUNCTION social.end_webhook(bigint, text) IS 'Disables a webhook (gone, failing, full), and notifies its owner.';

-- The last result of a turn may be a failure; those before it have all arrived.
CREATE OR REPLACE FUNCTION social.tell_webhook(webhook social.webhooks, delivery_ids bigint[], statuses integer[], took_ms integer[], errors text[], answers text[], retry_after integer) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	last integer := cardinality($2);
	now timestamptz := clock_timestamp();
	is_failed boolean := $3[last] NOT BETWEEN 200 AND 299 OR $5[last] <> '';
	since timestamptz;
BEGIN
	INSERT INTO social.webhook_delivery_attempts (webhook_id, delivery_id, at, status, took_ms, error, answer)
	SELECT $1.id, d.id, now, r.status, r.took_ms, left(r.error, 500), left(r.answer, 1024)
	FROM unnest($2, $3, $4, $5, $6) WITH ORDINALITY AS r (id, status, took_ms, error, answer, place) JOIN social.webhook_deliveries d ON d.id = r.id AND d.webhook_id = $1.id
	ORDER BY r.place;
	UPDATE social.webhook_deliveries d SET attempts = d.attempts + 1, first_attempt_at = coalesce(d.first_attempt_at, now), state = 'delivered', finished_at = now
	WHERE d.id = ANY ($2[1:last - is_failed::integer]) AND d.webhook_id = $1.id;
	IF last > 1 OR NOT is_failed THEN
		webhook.failures := 0;
		webhook.failing_since := NULL;
		webhook.last_delivered_at := now;
	END IF;
	IF is_failed THEN
		since := coalesce(webhook.failing_since, now);
		-- A dead letter after the whole schedule; what comes behind it is tried then.
		UPDATE social.webhook_deliveries d SET attempts = d.attempts + 1, first_attempt_at = coalesce(d.first_attempt_at, now),
			state = CASE WHEN d.attempts >= 9 AND d.first_attempt_at < now - interval '3 days' THEN 'failed' ELSE d.state END,
			finished_at = CASE WHEN d.attempts >= 9 AND d.first_attempt_at < now - interval '3 days' THEN now END
		WHERE d.id = $2[last] AND d.webhook_id = $1.id;
	END IF;
	UPDATE social.webhooks w SET failures = webhook.failures + is_failed::integer, failing_since = since, last_delivered_at = webhook.last_delivered_at,
		next_at = CASE WHEN is_failed THEN now + social.webhook_pause(webhook.failures + 1, retry_after) END,
		is_slow = is_failed OR (SELECT avg(t) > 1000 FROM unnest($4) t)
	WHERE w.id = $1.id;
	IF is_failed AND $3[last] = 410 THEN
		PERFORM social.end_webhook($1.id, 'gone');
	ELSIF is_failed AND since < now - interval '5 days' THEN
		PERFORM social.end_webhook($1.id, 'failing');
	ELSIF is_failed AND EXISTS (SELECT FROM social.webhook_deliveries d WHERE d.webhook_id = $1.id AND d.state = 'waiting' OFFSET social.setting('webhook_queue_max')::integer) THEN
		PERFORM social.end_webhook($1.id, 'full');
	END IF;
END
$$;
COMMENT ON FUNCTION social.tell_webhook(social.webhooks, bigint[], integer[], integer[], text[], text[], integer) IS 'What came of deliveries to a webhook that is held: they are done, or the last one has failed, so that the webhook waits, or is disabled.';

CREATE OR REPLACE FUNCTION social.webhook_turn(webhook_id bigint, job_id bigint, job_attempt integer, batch integer, delivery_ids bigint[] DEFAULT '{}', statuses integer[] DEFAULT '{}',
		took_ms integer[] DEFAULT '{}', errors text[] DEFAULT '{}', answers text[] DEFAULT '{}', retry_after integer DEFAULT NULL)
	RETURNS TABLE (delivery_id bigint, url text, at bigint, signature text, body text, networks text, takes_http boolean, timeout integer)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
	webhook social.webhooks;
	is_slow_job boolean;
	due record;
	now timestamptz;
	waits boolean := false;
	rounds integer := 0;
	secrets text[];
	sent_at bigint;
BEGIN
	SELECT w.* INTO webhook FROM social.webhooks w WHERE w.id = $1 FOR NO KEY UPDATE;
	IF webhook.id IS NULL THEN
		RETURN;
	END IF;
	IF cardinality($5) > 0 THEN
		PERFORM social.tell_webhook(webhook, $5, $6, $7, $8, $9, $10);
		SELECT w.* INTO webhook FROM social.webhooks w WHERE w.id = $1;
	END IF;
	IF webhook.runner_job_id IS NOT NULL AND (webhook.runner_job_id, webhook.runner_attempt) <> ($2, $3) AND EXISTS (SELECT FROM social.jobs j
		WHERE j.id = webhook.runner_job_id AND j.attempts = webhook.runner_attempt AND j.worker_id IS NOT NULL) THEN
		RETURN;
	END IF;
	now := clock_timestamp();
	is_slow_job := (SELECT j.kind = 'webhook.slow' FROM social.jobs j WHERE j.id = $2);
	IF webhook.state = 'active' AND social.may_hear(webhook.owner_id) AND (webhook.next_at IS NULL OR webhook.next_at <= now) THEN
		IF $4 > 0 AND (is_slow_job OR NOT webhook.is_slow) THEN
			secrets := ARRAY(SELECT s.secret FROM social.webhook_secrets s WHERE s.webhook_id = $1 AND (s.expires_at IS NULL OR s.expires_at > now) ORDER BY s.id DESC);
			sent_at := extract(epoch FROM now);
			LOOP
				SELECT array_agg(d.id ORDER BY d.id) AS ids, coalesce(array_agg(d.event_id ORDER BY d.id) FILTER (WHERE d.event_id IS NOT NULL), '{}') AS events INTO due
				FROM (SELECT d.id, d.event_id FROM social.webhook_deliveries d WHERE d.webhook_id = $1 AND d.state = 'waiting' ORDER BY d.id LIMIT least($4, 1000)) d;
				EXIT WHEN due.ids IS NULL;
				RETURN QUERY
				WITH told AS MATERIALIZED (
					SELECT p.event_id, p.payload, p.on_feed FROM social.event_payloads(due.events, array_fill(webhook.owner_id, ARRAY[cardinality(due.events)])) p
				), made AS MATERIALIZED (
					SELECT d.id, CASE WHEN d.event_id IS NULL THEN '{"webhook_id":' || $1 || '}' WHEN t.on_feed OR NOT d.is_of_feed THEN t.payload::text END AS data, d.type, d.at
					FROM social.webhook_deliveries d LEFT JOIN told t ON t.event_id = d.event_id WHERE d.id = ANY (due.ids)
				), withheld AS (
					UPDATE social.webhook_deliveries d SET state = 'withheld', finished_at = now FROM made m WHERE d.id = m.id AND m.data IS NULL
				)
				SELECT m.id, webhook.url, sent_at, social.webhook_signature(secrets, 'msg_' || m.id, sent_at, b.body), b.body, social.setting('webhook_networks'),
					social.setting('webhook_http')::boolean, extract(epoch FROM social.setting('webhook_timeout')::interval)::integer
				FROM made m, LATERAL (SELECT format('{"type":%s,"timestamp":%s,"data":%s}', to_json(m.type), to_json(to_char(m.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), m.data) AS body) b
				WHERE m.data IS NOT NULL ORDER BY m.id;
				EXIT WHEN FOUND;
				-- Much of it is not its owner's to see: another job goes on.
				rounds := rounds + 1;
				waits := rounds = 20;
				EXIT WHEN waits;
			END LOOP;
			IF due.ids IS NOT NULL AND NOT waits THEN
				IF (webhook.runner_job_id, webhook.runner_attempt) IS DISTINCT FROM ($2, $3) THEN
					UPDATE social.webhooks w SET runner_job_id = $2, runner_attempt = $3 WHERE w.id = $1;
				END IF;
				RETURN;
			END IF;
		ELSE
			waits := EXISTS (SELECT FROM social.webhook_deliveries d WHERE d.webhook_id = $1 AND d.state = 'waiting');
		END IF;
	ELSE
		waits := webhook.state = 'active' AND webhook.next_at > now;
	END IF;
	UPDATE social.webhooks w SET runner_job_id = NULL, runner_attempt = NULL WHERE w.id = $1 AND w.runner_job_id IS NOT NULL;
	IF waits THEN
		PERFORM social.run_webhook($1);
	END IF;
END
$$;
COMMENT ON FUNCTION social.webhook_turn(bigint, bigint, integer, integer, bigint[], integer[], integer[], text[], text[], integer) IS 'A job that delivers to a webhook (its id and attempt) tells what came of the deliveries of its last turn, in their order, of which only the last one may have failed, with the seconds that the receiver asked for, and takes at most a batch of the next ones: what their owner may see of them now, signed, good for a few seconds. No rows: the job is done; where something waits still, another job comes for it. batch 0: it stops here. For social-worker.';

-- ---- figures -----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.webhook_figures(OUT state text, OUT webhooks bigint)
	RETURNS SETOF record
	LANGUAGE sql STABLE ROWS 4 SET search_path = pg_catalog, pg_temp AS $$
	SELECT s.state, coalesce(n.webhooks, 0)
	FROM unnest('{active,failing,paused,disabled}'::text[]) AS s (state) LEFT JOIN (
		SELECT CASE WHEN w.state = 'active' AND w.failing_since < now() - interval '10 minutes' THEN 'failing' ELSE w.state END AS state, count(*) AS webhooks
		FROM (SELECT o.state, o.failing_since FROM social.webhooks o LIMIT 100000) w GROUP BY 1) n ON n.state = s.state
$$;
COMMENT ON FUNCTION social.webhook_figures() IS 'How many webhooks are active, have failed for ten minutes (failing), are paused, are disabled; of the first 100000. For metrics() and check().';
