-- retention.sql owns how long each class of data is kept, and deleting what is older in batches.

-- One row for each class: what is deleted is every row of table_name whose time_column is older and
-- which meets the condition; instead_set empties a column rather than deleting the row. A class
-- without a table has a function of its own, and its time is a setting.
CREATE OR REPLACE FUNCTION social.retention_classes(OUT data_class text, OUT default_keep interval, OUT table_name text,
		OUT time_column text, OUT condition text, OUT instead_set text, OUT description text)
	RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	VALUES
		('deleted_posts', social.setting('restore_window')::interval, NULL, NULL, NULL, NULL,
			'Posts and comments that somebody deleted; until then they can be restored. The time is the setting social.restore_window.'),
		('read_notifications', interval '90 days', 'notifications', 'created_at', 'is_read', NULL,
			'Notifications that were read.'),
		('unread_notifications', interval '1 year', 'notifications', 'created_at', 'NOT is_read', NULL,
			'Notifications that nobody has read.'),
		('post_views', interval '30 days', 'post_views', 'window_start', 'true', NULL,
			'Who saw which post; the count stays.'),
		('withdrawn_reposts', interval '30 days', 'repost_places', 'withdrawn_at', 'true', NULL,
			'Where reposts stood that were taken back; after it, passing the post on again is a new repost.'),
		('post_revisions', NULL::interval, 'post_revisions', 'created_at', 'true', NULL,
			'What posts said before they were edited; by default they go with the post.'),
		('closed_reports', interval '1 year', 'reports', 'resolved_at', 'status <> ''open''', NULL,
			'Reports that were resolved or dismissed.'),
		('ended_sessions', interval '30 days', 'user_sessions', 'expires_at', 'true', NULL,
			'Sessions that ended or expired, with device and network address.'),
		('ended_api_keys', interval '90 days', 'api_keys', 'expires_at', 'true', NULL,
			'API keys that were revoked or have expired.'),
		('consent_addresses', interval '90 days', 'consents', 'created_at', 'address IS NOT NULL', 'address',
			'Network addresses of those who agreed to something; what they agreed to stays.'),
		('consents', NULL::interval, 'consents', 'created_at', 'true', NULL,
			'What people have agreed to and taken back; by default it goes with the account.'),
		('retired_keys', greatest(interval '7 days', social.setting('access_token_lifetime')::interval + interval '1 hour'), 'jwt_key', 'retired_at', 'status = ''retired''', NULL,
			'Keys that have been rotated out; tokens that they signed are refused from then on.'),
		('token_blacklist', interval '1 day', 'token_blacklist', 'expires_at', 'true', NULL,
			'Blacklisted tokens that would have expired by themselves.'),
		('audit_addresses', interval '90 days', 'audit_log', 'created_at', 'address IS NOT NULL', 'address',
			'Network addresses in the audit log; the entry stays.'),
		('audit_log', interval '2 years', 'audit_log', 'created_at', 'true', NULL,
			'Entries of the audit log.'),
		('login_addresses', interval '30 days', 'login_attempts', 'created_at', 'address IS NOT NULL', 'address',
			'Network addresses of attempts to log in; the attempt stays.'),
		('login_attempts', interval '90 days', 'login_attempts', 'created_at', 'true', NULL,
			'Attempts to log in.'),
		('account_tokens', interval '7 days', 'account_tokens', 'expires_at', 'true', NULL,
			'Tokens that were sent by mail, after they have expired.'),
		('sent_mails', interval '30 days', 'mail_outbox', 'sent_at', 'sent_at IS NOT NULL', NULL,
			'Mails that were sent.'),
		('failed_mails', interval '30 days', 'mail_outbox', 'failed_at', 'failed_at IS NOT NULL', NULL,
			'Mails that were given up, and those that nobody was to get.'),
		('events', interval '24 hours', 'events', 'at', 'true', NULL,
			'What has happened, for those who listen; of a busy site the newest social.events_max. Who comes back later reads anew.'),
		('finished_jobs', interval '7 days', 'job_history', 'finished_at', 'true', NULL,
			'What became of background jobs, without what they were about.'),
		('dead_jobs', interval '90 days', 'jobs', 'dead_at', 'dead_at IS NOT NULL', NULL,
			'Background jobs that were given up.'),
		('unclaimed_media', interval '24 hours', 'media', 'created_at', 'post_id IS NULL AND NOT is_profile AND stream_id IS NULL', NULL,
			'Files that people sent, or were about to, and showed nowhere.'),
		('exports', interval '7 days', 'exports', 'finished_at', 'true', NULL,
			'Archives of what there is of people, which they asked for; and why there is none.'),
		('stream_events', interval '30 days', 'stream_events', 'received_at', 'true', NULL,
			'What providers have said of streams, after which the same would be taken for new.'),
		('webhook_attempts', interval '30 days', 'webhook_attempts', 'received_at', 'true', NULL,
			'Webhooks that came, with the address of who sent them.'),
		('stream_views', interval '1 year', 'stream_views', 'left_at', 'left_at IS NOT NULL', NULL,
			'Who watched which stream, and when.'),
		('stream_minutes', interval '1 year', 'stream_minutes', 'minute', 'true', NULL,
			'What each minute of a broadcast was like; how many viewers came from which country stays with the stream.'),
		('stream_recordings', NULL::interval, 'media', 'created_at', 'stream_id IS NOT NULL', NULL,
			'Recordings of streams; by default they go with the stream.'),
		('media_sweeps', interval '1 year', 'media_sweeps', 'started_at', 'true', NULL,
			'Comparisons of media with the store, and what they found.'),
		('deleted_chat_messages', interval '7 days', 'stream_chat_messages', 'deleted_at', 'deleted_at IS NOT NULL', NULL,
			'Messages of chats that were deleted.'),
		('ended_chat_bans', interval '90 days', 'stream_bans', 'until', 'until IS NOT NULL', NULL,
			'Bans from the chats of streams whose time is over.'),
		('chat_messages', NULL::interval, 'stream_chat_messages', 'created_at', 'true', NULL,
			'What was said in the chats of streams; by default it goes with the stream.'),
		('deletions', NULL::interval, 'account_deletions', 'erased_at', 'erased_at IS NOT NULL', NULL,
			'The ledger of accounts that were deleted: a number and times. By default it is kept; let it outlive every backup.'),
		('webhook_delivery_attempts', interval '30 days', 'webhook_delivery_attempts', 'at', 'true', NULL,
			'Attempts to deliver to webhooks, with the beginning of what was answered.'),
		('webhook_deliveries', interval '30 days', 'webhook_deliveries', 'created_at', 'true', NULL,
			'What webhooks were told, or were to be told.'),
		('webhook_events', interval '30 days', 'webhook_events', 'at', 'true', NULL,
			'Events that webhooks may be told (again), for longer than the log knows them.'),
		('idempotency_keys', interval '24 hours', 'idempotency_keys', 'created_at', 'true', NULL,
			'Answers to requests that came with an Idempotency-Key; after it the key is as good as new.'),
		('rate_limits', interval '1 day', 'rate_limit_state', 'full_at', 'true', NULL,
			'Rate limits counted in a table: windows that nobody uses any more.')
$$;
COMMENT ON FUNCTION social.retention_classes() IS 'Every class of data that retention knows, with the time it is kept by default (null: for ever) and what is deleted then.';

CREATE OR REPLACE VIEW social.admin_retention AS
SELECT c.data_class, CASE WHEN r.data_class IS NULL THEN c.default_keep ELSE r.keep END AS keep,
	c.default_keep, r.data_class IS NULL AS is_default, r.changed_at, c.description
FROM social.retention_classes() c
LEFT JOIN social.retention r ON r.data_class = c.data_class;
COMMENT ON VIEW social.admin_retention IS 'How long each class of data is kept (keep, null: for ever), whether that is the default, and what is deleted after it.';

CREATE OR REPLACE FUNCTION social.set_retention(data_class text, keep interval) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	class record;
BEGIN
	SELECT c.* INTO class FROM social.retention_classes() c WHERE c.data_class = $1;
	IF class.data_class IS NULL THEN
		PERFORM social.raise_error('SM404', 'data class not found', '', 'SELECT data_class FROM social.admin_retention lists them.');
	ELSIF class.table_name IS NULL THEN
		PERFORM social.raise_error('SM400', 'this class is kept for as long as a setting says', class.description);
	ELSIF keep < interval '1 hour' THEN
		PERFORM social.raise_error('SM400', 'invalid keep', 'It is an interval of at least an hour, or null for ever.');
	END IF;
	IF keep IS NOT DISTINCT FROM class.default_keep THEN
		DELETE FROM social.retention r WHERE r.data_class = $1;
	ELSE
		INSERT INTO social.retention AS r (data_class, keep) VALUES ($1, $2)
		ON CONFLICT ON CONSTRAINT retention_pkey DO UPDATE SET keep = EXCLUDED.keep, changed_at = now();
	END IF;
	PERFORM social.audit('set_retention', 'retention', NULL, jsonb_build_object('data_class', data_class, 'keep', keep));
END
$$;
COMMENT ON FUNCTION social.set_retention(text, interval) IS 'Keeps a class of data (see social.admin_retention) for this time; null keeps it for ever. SM404 for an unknown class, SM400 for less than an hour or a class that follows a setting.';

-- An index by time would cost every like more than its row's removal, and a row of BRIN keeps the oldest time that its
-- pages ever had: tables without one are walked, a piece a minute, so that each page is looked at once a day.
CREATE OR REPLACE FUNCTION social.retention_pages(pages bigint, at timestamptz, OUT first bigint, OUT past bigint)
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT turn * piece, (turn + 1) * piece
	FROM (SELECT greatest(4000, ($1 + 1399) / 1400)) AS p (piece), LATERAL (SELECT extract(epoch FROM $2)::bigint / 60 % greatest(1, ($1 + piece - 1) / piece)) AS t (turn)
$$;
COMMENT ON FUNCTION social.retention_pages(bigint, timestamptz) IS 'Which pages of a table of this many retention looks at in this minute, from first to before past: at least four thousand, and all of them within a day.';

-- One batch of one class.
CREATE OR REPLACE FUNCTION social.retention_batch(class record, keep interval, batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	restoring text := social.setting('restoring');
	append_only boolean := class.table_name IN ('audit_log', 'post_revisions');
	relation regclass := format('social.%I', class.table_name);
	walks boolean := NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = relation AND a.attname = class.time_column);
	page bigint;
	past bigint;
	done bigint;
BEGIN
	IF walks THEN
		SELECT p.first, p.past INTO page, past FROM social.retention_pages(pg_relation_size(relation) / current_setting('block_size')::bigint, now()) p;
	END IF;
	IF append_only THEN
		PERFORM set_config('social.restoring', 'on', true);
	END IF;
	EXECUTE format(
		CASE WHEN class.instead_set IS NULL THEN 'DELETE FROM social.%1$I' ELSE 'UPDATE social.%1$I SET %4$I = NULL' END
		|| ' WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM social.%1$I t WHERE t.%2$I < now() - $1 AND %3$s%5$s LIMIT $2 FOR UPDATE SKIP LOCKED))',
		class.table_name, class.time_column, class.condition, class.instead_set,
		CASE WHEN walks THEN format(' AND t.ctid >= ''(%s,0)'' AND t.ctid < ''(%s,0)''', page, past) END) USING keep, batch;
	GET DIAGNOSTICS done = ROW_COUNT;
	IF append_only THEN
		PERFORM set_config('social.restoring', restoring, true);
	END IF;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.retention_batch(record, interval, integer) IS 'Deletes at most a batch of one row of retention_classes that is older, where its table has no index by time of the pages that are looked at in this minute; returns how many.';

CREATE OR REPLACE FUNCTION social.retention_round(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	class record;
	keep interval;
	done bigint := 0;
BEGIN
	IF batch IS NULL OR batch NOT BETWEEN 1 AND 100000 THEN
		PERFORM social.raise_error('SM400', 'invalid batch', 'It must be 1 to 100000.');
	END IF;
	FOR class IN SELECT * FROM social.retention_classes()
	LOOP
		IF class.table_name IS NULL THEN
			done := done + social.purge_deleted(batch);
			CONTINUE;
		END IF;
		IF class.data_class = 'events' THEN
			done := done + social.prune_events(batch);
			CONTINUE;
		END IF;
		SELECT a.keep INTO keep FROM social.admin_retention a WHERE a.data_class = class.data_class;
		IF keep IS NOT NULL THEN
			done := done + social.retention_batch(class, keep, batch);
		END IF;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.retention_round(integer) IS 'Deletes what is older than social.admin_retention says, at most a batch of each class, without waiting for locks; returns how many rows. The background worker and social.tick() call it; SM400 for a batch out of 1 to 100000.';
