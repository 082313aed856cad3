-- mail.sql owns the outbox of mails: what the doors put in, and what social-worker or the operator's own
-- mailer takes out. Once a worker that sends mails has been there (job kind mail), the background worker
-- makes a job for each; the job says when it is tried again, and when it is given up. A mail that an own
-- mailer leases has no job any more.
-- Templates and what their variables hold:
--   verify_email            token, username: prove that the address is yours
--   address_taken           username: somebody gave your address for another account
--   reset_password          token, username: choose a new password; accounts: the token and username of
--                           each account, the first one's again, when several claim the address
--   password_changed        username, reason (change_password or reset_password)
--   email_change_requested  username, new_email: to the address until now
--   email_changed           username, new_email: to the address until now
--   totp_enabled, totp_disabled, recovery_code_used, api_key_created   username
--   account_deletion        username, until: the account is being deleted, and can be had back until then
--   export_ready            username, until: the archive of all that there is of the account can be taken until then
--   export_failed           username: it could not be made

-- A row is written in any case, so that a door costs the same whether or not anybody gets a mail.
CREATE OR REPLACE FUNCTION social.queue_mail(template text, user_id bigint, address text, variables jsonb,
		lifetime interval DEFAULT NULL, is_for_nobody boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	recent bigint;
	refusal text := '';
BEGIN
	SELECT count(*) INTO recent FROM (
		SELECT FROM social.mail_outbox m
		WHERE lower(m.address) = lower($3) AND m.template = $1 AND m.created_at > now() - interval '1 hour'
		LIMIT social.setting('mail_hourly_limit')::integer) r;
	IF is_for_nobody THEN
		refusal := 'no account has this address';
	ELSIF coalesce($3, '') = '' THEN
		refusal := 'the account has no address';
	ELSIF recent >= social.setting('mail_hourly_limit')::integer THEN
		refusal := 'too many mails to this address';
	END IF;
	INSERT INTO social.mail_outbox (template, user_id, address, variables, expires_at, failed_at, error)
	VALUES ($1, $2, CASE WHEN is_for_nobody THEN '' ELSE coalesce($3, '') END,
		CASE WHEN refusal = '' THEN $4 ELSE $4 - '{token,accounts}'::text[] END, now() + lifetime, CASE WHEN refusal <> '' THEN now() END, refusal);
END
$$;
COMMENT ON FUNCTION social.queue_mail(text, bigint, text, jsonb, interval, boolean) IS 'Puts a mail in the outbox, to be sent within its lifetime (null: ever). One for nobody, or beyond social.mail_hourly_limit of this template to this address, is put aside at once and without its token.';

CREATE OR REPLACE FUNCTION social.lease_mail(batch integer DEFAULT 10, lease interval DEFAULT interval '1 minute')
	RETURNS TABLE (id bigint, template text, user_id bigint, address text, variables jsonb, attempt integer, created_at timestamptz)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	due record;
BEGIN
	IF batch IS NULL OR batch NOT BETWEEN 1 AND 1000 THEN
		PERFORM social.raise_error('SM400', 'invalid batch', 'It must be 1 to 1000.');
	ELSIF lease IS NULL OR lease NOT BETWEEN interval '1 second' AND interval '1 hour' THEN
		PERFORM social.raise_error('SM400', 'invalid lease', 'It must be a second to an hour.');
	END IF;
	-- Given up: its token is dead, or its last attempt never came back.
	UPDATE social.mail_outbox m
	SET failed_at = now(), variables = m.variables - '{token,accounts}'::text[],
		error = CASE WHEN m.expires_at <= now() THEN 'expired' ELSE 'the last attempt did not report back' END
	WHERE m.id = ANY (ARRAY(SELECT w.id FROM social.mail_outbox w
		WHERE w.sent_at IS NULL AND w.failed_at IS NULL AND w.due_at <= now()
			AND (w.expires_at <= now() OR w.attempts >= social.setting('mail_attempts')::integer)
		ORDER BY w.due_at, w.id LIMIT 1000 FOR UPDATE SKIP LOCKED));
	SELECT array_agg(d.id) AS ids, array_agg(d.job_id) AS jobs INTO due FROM (
		SELECT w.id, w.job_id FROM social.mail_outbox w
		WHERE w.sent_at IS NULL AND w.failed_at IS NULL AND w.due_at <= now()
		ORDER BY w.due_at, w.id LIMIT batch FOR UPDATE SKIP LOCKED) d;
	-- A worker that claims the job at this moment waits for the mail, and finds that it is not its any more.
	DELETE FROM social.jobs j WHERE j.id = ANY (ARRAY(
		SELECT o.id FROM social.jobs o WHERE o.id = ANY (due.jobs) AND o.worker_id IS NULL FOR UPDATE SKIP LOCKED));
	RETURN QUERY
	WITH leased AS (
		UPDATE social.mail_outbox m
		SET attempts = m.attempts + 1, leased_until = now() + lease, due_at = now() + lease, job_id = NULL
		WHERE m.id = ANY (due.ids)
		RETURNING m.*)
	SELECT l.id, l.template, l.user_id, l.address, l.variables, l.attempts, l.created_at FROM leased l ORDER BY l.id;
END
$$;
COMMENT ON FUNCTION social.lease_mail(integer, interval) IS 'Takes up to a batch of mails that are due; nobody else gets them during the lease. Then say mail_sent or mail_failed; a mail that nothing is said about is due again when its lease ends. Several mailers may call it. SM400 for a batch out of 1 to 1000 or a lease out of a second to an hour.';

CREATE OR REPLACE FUNCTION social.mail_sent(id bigint) RETURNS boolean
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.mail_outbox m
	SET sent_at = now(), leased_until = NULL, failed_at = NULL, error = '', variables = m.variables - '{token,accounts}'::text[]
	WHERE m.id = $1 AND m.sent_at IS NULL AND m.attempts > 0;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION social.mail_sent(bigint) IS 'A leased mail was sent; the outbox forgets its token. False when it was not leased, or is reported already.';

CREATE OR REPLACE FUNCTION social.mail_failed(id bigint, error text DEFAULT '', is_final boolean DEFAULT false) RETURNS boolean
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mail social.mail_outbox;
	gives_up boolean;
BEGIN
	SELECT m.* INTO mail FROM social.mail_outbox m
	WHERE m.id = $1 AND m.sent_at IS NULL AND m.failed_at IS NULL AND m.leased_until IS NOT NULL FOR UPDATE;
	IF mail.id IS NULL THEN
		RETURN false;
	END IF;
	gives_up := coalesce(is_final, false) OR mail.attempts >= social.setting('mail_attempts')::integer;
	UPDATE social.mail_outbox m
	SET leased_until = NULL, error = left(coalesce(mail_failed.error, ''), 1000),
		failed_at = CASE WHEN gives_up THEN now() END,
		variables = CASE WHEN gives_up THEN m.variables - '{token,accounts}'::text[] ELSE m.variables END,
		due_at = now() + least(interval '1 minute' * 2 ^ (mail.attempts - 1), interval '1 hour')
	WHERE m.id = $1;
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.mail_failed(bigint, text, boolean) IS 'Sending a leased mail failed: it is tried again after a minute, then two, four and so on up to an hour, social.mail_attempts times in all; is_final gives up at once (an address that does not exist). False when it is not leased.';

-- ---- mails as jobs -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.make_mail_jobs(batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mail record;
	made bigint := 0;
BEGIN
	IF NOT EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = 'mail') THEN
		RETURN 0;
	END IF;
	FOR mail IN
		SELECT m.id, m.user_id, m.attempts FROM social.mail_outbox m
		WHERE m.sent_at IS NULL AND m.failed_at IS NULL AND m.job_id IS NULL AND m.due_at <= clock_timestamp()
		ORDER BY m.id LIMIT batch FOR UPDATE SKIP LOCKED
	LOOP
		UPDATE social.mail_outbox m SET job_id = social.put_job('mail', jsonb_build_object('mail', mail.id), NULL, NULL, NULL, 'keep',
			greatest(social.setting('mail_attempts')::integer - mail.attempts, 1), mail.user_id)
		WHERE m.id = mail.id;
		made := made + 1;
	END LOOP;
	RETURN made;
END
$$;
COMMENT ON FUNCTION social.make_mail_jobs(integer) IS 'Part of tend_jobs(): makes a job for each mail that is due and has none, at most a batch, where a worker has said that it sends mails (serve_job_kinds). Returns how many.';

CREATE OR REPLACE FUNCTION social.claim_mail_jobs(worker text, kinds text[], batch integer, lease interval)
	RETURNS TABLE (id bigint, kind text, args jsonb, attempt integer, max_attempts integer, priority smallint, run_at timestamptz, created_at timestamptz, user_id bigint, timeout interval)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	job record;
	mail social.mail_outbox;
BEGIN
	FOR job IN SELECT c.* FROM social.claim_jobs($1, ARRAY['mail'], $3, $4) c LOOP
		-- No own mailer takes it while the job has it.
		UPDATE social.mail_outbox m SET attempts = m.attempts + 1, leased_until = clock_timestamp() + job.timeout, due_at = clock_timestamp() + job.timeout
		WHERE m.job_id = job.id AND m.sent_at IS NULL AND m.failed_at IS NULL
		RETURNING m.* INTO mail;
		IF mail.expires_at <= clock_timestamp() THEN
			job.args := '{"error": "it had expired before it could be sent"}';
		ELSIF mail.id IS NOT NULL THEN
			job.args := jsonb_build_object('mail', mail.id, 'template', mail.template, 'address', mail.address, 'variables', mail.variables,
				'created_at', extract(epoch FROM mail.created_at)::bigint);
		ELSIF EXISTS (SELECT FROM social.mail_outbox m WHERE m.id = (job.args ->> 'mail')::bigint AND m.job_id = job.id AND m.failed_at IS NOT NULL) THEN
			job.args := '{"error": "it was given up, and what it said is forgotten"}';
		ELSE
			job.args := NULL;
		END IF;
		RETURN QUERY SELECT job.id, job.kind, job.args, job.attempt, job.max_attempts, job.priority, job.run_at, job.created_at, job.user_id, job.timeout;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.claim_mail_jobs(text, text[], integer, interval) IS 'claim_jobs() for mails: args are the mail itself (mail, template, address, variables, created_at); or error, why it cannot be sent; or null, where nothing is left to do, for it was sent, withdrawn, or taken by an own mailer.';

CREATE OR REPLACE FUNCTION social.finish_mail_jobs(worker text, ids bigint[], attempts integer[]) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Sent is sent, whoever has the job by now.
	UPDATE social.mail_outbox m
	SET sent_at = now(), leased_until = NULL, error = '', variables = m.variables - '{token,accounts}'::text[]
	WHERE m.job_id = ANY (ids) AND m.sent_at IS NULL AND m.failed_at IS NULL AND m.attempts > 0;
	RETURN social.finish_jobs(worker, ids, attempts);
END
$$;
COMMENT ON FUNCTION social.finish_mail_jobs(text, bigint[], integer[]) IS 'finish_jobs() for mails that were sent; the outbox forgets their tokens.';

CREATE OR REPLACE FUNCTION social.fail_mail_jobs(worker text, ids bigint[], attempts integer[], errors text[], retry_afters interval[] DEFAULT '{}', are_final boolean[] DEFAULT '{}')
	RETURNS TABLE (id bigint, state text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	FOR id, state IN SELECT f.id, f.state FROM social.fail_jobs(worker, ids, attempts, errors, retry_afters, are_final) f LOOP
		UPDATE social.mail_outbox m
		SET leased_until = NULL, due_at = greatest(j.run_at, clock_timestamp()), error = j.error, failed_at = j.dead_at,
			variables = CASE WHEN j.dead_at IS NULL THEN m.variables ELSE m.variables - '{token,accounts}'::text[] END
		FROM social.jobs j
		WHERE j.id = fail_mail_jobs.id AND m.job_id = j.id AND m.sent_at IS NULL AND m.failed_at IS NULL AND fail_mail_jobs.state <> 'lost';
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.fail_mail_jobs(text, bigint[], integer[], text[], interval[], boolean[]) IS 'fail_jobs() for mails: the outbox says why, too; a mail whose job is dead is given up, and its token forgotten.';

CREATE OR REPLACE VIEW social.admin_mail AS
SELECT m.id, m.template, coalesce(u.username, '') AS username, m.address,
	CASE WHEN m.sent_at IS NOT NULL THEN 'sent' WHEN m.failed_at IS NOT NULL THEN 'failed'
		WHEN m.leased_until > now() THEN 'leased' ELSE 'waiting' END AS state,
	m.attempts, m.error, m.created_at, m.due_at, m.expires_at, m.sent_at, m.failed_at
FROM social.mail_outbox m LEFT JOIN social.users u ON u.id = m.user_id;
COMMENT ON VIEW social.admin_mail IS 'Mails that wait, are being sent, were sent or failed, without what they say.';
