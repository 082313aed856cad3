-- stream_event.sql owns broadcasts: who may publish, what providers say of it, and what follows. A stream is
-- starting when somebody publishes, live at the first heart-beat, ended when nobody has come back within the
-- reconnect window (social.stream_reconnect_window), or when the host or the provider says so.

CREATE OR REPLACE FUNCTION social.stream_providers(OUT provider text, OUT kind text, OUT means text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	VALUES ('local'::text, 'publish'::text, 'publish'::text), ('local', 'update', 'beat'), ('local', 'heartbeat', 'beat'), ('local', 'publish_done', 'stop'), ('local', 'end', 'end'),
		('mux', 'video.live_stream.connected', 'publish'), ('mux', 'video.live_stream.active', 'beat'), ('mux', 'video.live_stream.disconnected', 'stop'),
		('mux', 'video.live_stream.idle', 'end'), ('mux', 'video.live_stream.disabled', 'end'), ('mux', 'video.live_stream.deleted', 'end'),
		('mux', 'video.asset.created', 'recording'), ('mux', 'video.asset.ready', 'recording'), ('mux', 'video.asset.live_stream_completed', 'recording');
END;
COMMENT ON FUNCTION social.stream_providers() IS 'The kinds of events of each provider, in its own words, and what they mean: publish (somebody publishes), beat (pictures come), stop (nobody publishes any more), end, recording (of what was broadcast, there is a film). What is not here is ignored.';

CREATE OR REPLACE FUNCTION social.finish_stream(stream_id bigint) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams;
BEGIN
	UPDATE social.streams s SET status = 'ended', ended_at = clock_timestamp(), publisher = NULL, disconnected_at = NULL, notice_at = NULL, viewer_count = 0, updated_at = clock_timestamp()
	WHERE s.id = $1 AND s.status <> 'ended' RETURNING s.* INTO stream;
	IF stream.id IS NULL THEN
		RETURN false;
	END IF;
	DELETE FROM social.stream_keys k WHERE k.stream_id = $1;
	UPDATE social.stream_views v SET left_at = clock_timestamp() WHERE v.stream_id = $1 AND v.left_at IS NULL;
	IF stream.event_at IS NOT NULL THEN
		PERFORM social.enqueue_stream_job('stream.finish', stream);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.finish_stream(bigint) IS 'A stream ends: its key is burned (I-17), nobody watches it any more, followers who were not told yet will not be, and the ingest server drops whoever publishes. False when it has ended before, or is gone.';

CREATE OR REPLACE FUNCTION social.host_may_stream(host_id bigint) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM social.users u WHERE u.id = $1 AND u.is_active AND (u.suspended_at IS NULL OR u.suspended_until <= clock_timestamp()))
$$;
COMMENT ON FUNCTION social.host_may_stream(bigint) IS 'Is this an account that is active and not suspended?';

-- ---- who may publish ---------------------------------------------------------------------------------

-- Known and unknown keys cost the same: one digest and one look into one index, whose keys tell nothing of how
-- near a guess was.
CREATE OR REPLACE FUNCTION social.stream_publish(stream_key text, publisher text, address text DEFAULT NULL, OUT stream_id bigint, OUT playback_id text, OUT refusal text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams;
	own bigint;
	here timestamptz := clock_timestamp();
BEGIN
	PERFORM social.set_client_address($3);
	BEGIN
		PERFORM social.take_rate_limit('stream_publish', address => $3);
	EXCEPTION WHEN SQLSTATE 'SM429' THEN
		refusal := 'too many attempts';
		RETURN;
	END;
	own := (SELECT k.stream_id FROM social.stream_keys k WHERE k.key_hash = sha256(convert_to(left(coalesce($1, ''), 1000), 'UTF8')));
	SELECT s.* INTO stream FROM social.streams s WHERE s.id = own FOR NO KEY UPDATE;
	IF stream.disconnected_at <= here - social.setting('stream_reconnect_window')::interval THEN
		PERFORM social.finish_stream(own);
		stream.status := 'ended';
	END IF;
	refusal := CASE WHEN stream.id IS NULL OR stream.status = 'ended' OR NOT EXISTS (SELECT FROM social.stream_keys k
			WHERE k.stream_id = own AND k.key_hash = sha256(convert_to(left(coalesce($1, ''), 1000), 'UTF8'))) THEN 'unknown key'
		WHEN NOT social.host_may_stream(stream.host_id) OR stream.hidden_at IS NOT NULL THEN 'the host may not publish'
		WHEN coalesce($2, '') = '' OR octet_length($2) > 200 THEN 'invalid publisher'
		WHEN stream.publisher IS NOT NULL AND stream.publisher <> $2 AND stream.disconnected_at IS NULL
			AND stream.heard_at > here - social.setting('stream_heartbeat_timeout')::interval THEN 'already publishing' END;
	IF refusal IS NOT NULL THEN
		PERFORM social.audit('stream_publish_refused', 'stream', stream.id, jsonb_build_object('reason', refusal));
		RETURN;
	END IF;
	UPDATE social.streams s SET status = CASE s.status WHEN 'scheduled' THEN 'starting' ELSE s.status END, publisher = $2, heard_at = here, disconnected_at = NULL,
		event_at = greatest(s.event_at, here), updated_at = here
	WHERE s.id = stream.id;
	PERFORM social.enqueue_stream_job('stream.measure', stream, here + interval '5 seconds');
	stream_id := stream.id;
	playback_id := stream.playback_id;
END
$$;
COMMENT ON FUNCTION social.stream_publish(text, text, text) IS 'May somebody (publisher, a name of this one connection) from a network address publish with this key? Returns the stream''s id and its public playback id, under which the ingest server goes on, and the stream is starting; or why not: unknown key, already publishing, the host may not publish, invalid publisher, too many attempts (the limit stream_publish, by the address). A refusal is in the audit log, without the key. For bridges, whose ingest server asks.';

-- ---- what providers say ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.find_stream(provider text, data jsonb) RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN CASE WHEN $2 ? 'stream_key' THEN (SELECT k.stream_id FROM social.stream_keys k WHERE k.key_hash = sha256(convert_to(left($2 ->> 'stream_key', 1000), 'UTF8')))
		WHEN $2 ? 'playback_id' THEN (SELECT s.id FROM social.streams s WHERE s.playback_id = $2 ->> 'playback_id' AND s.provider = $1)
		ELSE (SELECT s.id FROM social.streams s WHERE s.provider = $1 AND s.provider_id = $2 ->> 'provider_id') END;
END
$$;
COMMENT ON FUNCTION social.find_stream(text, jsonb) IS 'The stream that an event is about: by stream_key, playback_id or provider_id of its data; null for none.';

CREATE OR REPLACE FUNCTION social.stream_event(provider text, event_id text, kind text, at timestamptz, data jsonb DEFAULT '{}') RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	means text := (SELECT p.means FROM social.stream_providers() p WHERE p.provider = $1 AND p.kind = $3);
	result text := 'unknown';
	stream social.streams;
BEGIN
	IF NOT EXISTS (SELECT FROM social.stream_providers() p WHERE p.provider = $1) THEN
		PERFORM social.raise_error('SM400', 'unknown provider', 'SELECT DISTINCT provider FROM social.stream_providers() lists them.');
	ELSIF coalesce(octet_length($2), 0) NOT BETWEEN 1 AND 200 OR coalesce(octet_length($3), 0) NOT BETWEEN 1 AND 200 THEN
		PERFORM social.raise_error('SM400', 'invalid event', 'Its id and its kind have 1 to 200 bytes.');
	ELSIF $4 IS NULL OR $4 NOT BETWEEN now() - interval '7 days' AND clock_timestamp() + interval '5 minutes' THEN
		PERFORM social.raise_error('SM400', 'invalid time of an event', 'It is none of the last seven days.');
	ELSIF jsonb_typeof($5) IS DISTINCT FROM 'object' THEN
		PERFORM social.raise_error('SM400', 'invalid data of an event', 'It is an object.');
	END IF;
	-- Whoever says the same at this moment waits here, and is told that it was said.
	INSERT INTO social.stream_events AS e (provider, event_id, kind, at, outcome) VALUES ($1, $2, $3, $4, result) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN 'repeated';
	END IF;
	SELECT s.* INTO stream FROM social.streams s WHERE s.id = social.find_stream($1, $5) AND s.provider = $1 FOR NO KEY UPDATE;
	IF stream.id IS NOT NULL THEN
		result := CASE WHEN means IS NULL THEN 'ignored' WHEN means = 'recording' THEN social.mux_recorded(stream, $5) WHEN $4 < stream.event_at THEN 'stale'
			ELSE social.apply_stream_event(stream, means, $4, $5 ->> 'publisher') END;
	END IF;
	IF result = 'applied' AND means = 'beat' THEN
		PERFORM social.note_stream_health(stream.id, $5);
	END IF;
	UPDATE social.stream_events e SET stream_id = stream.id, outcome = result WHERE e.provider = $1 AND e.event_id = $2;
	RETURN result;
END
$$;
COMMENT ON FUNCTION social.stream_event(text, text, text, timestamptz, jsonb) IS 'A provider (local, mux) says what has happened to a stream: the event''s id, its kind in the provider''s words (stream_providers), when it was, and in data which stream (stream_key, playback_id or provider_id) and which connection (publisher); with a heart-beat, what its pictures are like (note_stream_health). Each event is applied once. Returns what came of it: applied; repeated; stale, for it is older than the last that was applied; ignored, where it means nothing now; unknown, where there is no such stream. SM400 for what is no event. For bridges.';

CREATE OR REPLACE FUNCTION social.apply_stream_event(stream social.streams, means text, at timestamptz, publisher text) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- A clock that is ahead of ours makes nothing last longer.
	heard timestamptz := least($3, clock_timestamp());
BEGIN
	-- What an earlier connection says after another one has come means nothing, nor does anything after the end.
	IF $1.status = 'ended' OR $1.publisher <> $4 AND $1.disconnected_at IS NULL THEN
		RETURN 'ignored';
	-- Whoever comes back too late finds the stream over, whether or not the worker has seen that.
	ELSIF $2 IN ('publish', 'beat') AND $1.disconnected_at <= heard - social.setting('stream_reconnect_window')::interval THEN
		PERFORM social.finish_stream($1.id);
		RETURN 'ignored';
	ELSIF $2 = 'end' THEN
		PERFORM social.finish_stream($1.id);
	ELSIF $2 = 'stop' THEN
		UPDATE social.streams s SET publisher = NULL, disconnected_at = coalesce(s.disconnected_at, heard), updated_at = heard WHERE s.id = $1.id AND s.status IN ('starting', 'live');
	ELSIF NOT social.host_may_stream($1.host_id) THEN
		PERFORM social.finish_stream($1.id);
	ELSE
		UPDATE social.streams s SET status = CASE WHEN $2 = 'beat' THEN 'live' WHEN s.status = 'scheduled' THEN 'starting' ELSE s.status END,
			publisher = coalesce($4, s.publisher), heard_at = heard, disconnected_at = NULL, updated_at = CASE WHEN $2 = 'beat' AND s.status = 'live' THEN s.updated_at ELSE heard END,
			started_at = CASE WHEN $2 = 'beat' THEN coalesce(s.started_at, heard) ELSE s.started_at END,
			-- Followers are told once for each broadcast.
			notice_at = CASE WHEN $2 = 'beat' AND s.started_at IS NULL THEN heard ELSE s.notice_at END
		WHERE s.id = $1.id;
	END IF;
	UPDATE social.streams s SET event_at = $3 WHERE s.id = $1.id;
	RETURN 'applied';
END
$$;
COMMENT ON FUNCTION social.apply_stream_event(social.streams, text, timestamptz, text) IS 'What an event means for a stream, which the caller holds: applied, or ignored where it means nothing.';

-- ---- what time does ----------------------------------------------------------------------------------

-- After a pause of ours all heart-beats look old: whoever publishes still has the reconnect window to be heard.
CREATE OR REPLACE FUNCTION social.tend_streams(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	here timestamptz := clock_timestamp();
	due record;
	done bigint := 0;
BEGIN
	FOR due IN
		SELECT s.id, s.disconnected_at IS NULL AND social.host_may_stream(s.host_id) AS is_silent FROM social.streams s
		WHERE s.status IN ('starting', 'live')
			AND (s.disconnected_at <= here - social.setting('stream_reconnect_window')::interval
				OR s.disconnected_at IS NULL AND s.provider = 'local' AND s.publisher IS NOT NULL AND s.heard_at <= here - social.setting('stream_heartbeat_timeout')::interval
				OR NOT social.host_may_stream(s.host_id))
		ORDER BY s.id LIMIT batch FOR NO KEY UPDATE SKIP LOCKED
	LOOP
		IF due.is_silent THEN
			UPDATE social.streams s SET disconnected_at = here WHERE s.id = due.id;
		ELSE
			PERFORM social.finish_stream(due.id);
		END IF;
		done := done + 1;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.tend_streams(integer) IS 'Ends up to this many streams whose publisher has not come back within social.stream_reconnect_window, or whose host may not stream any more, and takes a publisher for gone who has sent no heart-beat for social.stream_heartbeat_timeout. Returns how many. Part of the worker''s round.';

CREATE OR REPLACE FUNCTION social.tell_stream_followers(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams;
	ids bigint[];
	times timestamptz[];
BEGIN
	SELECT s.* INTO stream FROM social.streams s WHERE s.notice_at IS NOT NULL ORDER BY s.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
	IF stream.id IS NULL THEN
		RETURN 0;
	END IF;
	SELECT array_agg(f.follower_id), array_agg(f.created_at) INTO ids, times FROM (
		SELECT f.follower_id, f.created_at FROM social.follows f
		WHERE f.followed_id = stream.host_id AND (f.created_at, f.follower_id) < (stream.notice_at, CASE stream.notice_id WHEN 0 THEN 9223372036854775807 ELSE stream.notice_id END)
		ORDER BY f.created_at DESC, f.follower_id DESC LIMIT batch) f;
	-- Who is being deleted at this moment is not waited for.
	INSERT INTO social.notifications (recipient_id, type, actor_id, stream_id)
	SELECT u.id, 'live_stream', stream.host_id, stream.id FROM (
		SELECT u.id FROM social.users u WHERE u.id = ANY (ids) AND u.is_active ORDER BY u.id FOR KEY SHARE SKIP LOCKED) u
	WHERE NOT EXISTS (SELECT FROM social.notification_preferences p WHERE p.user_id = u.id AND p.type = 'live_stream' AND NOT p.is_enabled)
		AND NOT EXISTS (SELECT FROM social.mutes m WHERE m.muter_id = u.id AND m.muted_id = stream.host_id AND m.notifications AND (m.expires_at IS NULL OR m.expires_at > now()))
		AND (NOT stream.is_private OR EXISTS (SELECT FROM social.stream_invitations i WHERE i.stream_id = stream.id AND i.user_id = u.id));
	UPDATE social.streams s SET notice_at = CASE WHEN cardinality(ids) = batch THEN times[batch] END, notice_id = coalesce(ids[cardinality(ids)], s.notice_id) WHERE s.id = stream.id;
	RETURN coalesce(cardinality(ids), 0);
END
$$;
COMMENT ON FUNCTION social.tell_stream_followers(integer) IS 'Tells the next so many followers of somebody who has gone live (seed 141), those who followed before; of a private stream those who are invited. Returns how many it passed. Part of the worker''s round.';
