-- stream_ingest.sql owns what bridges and workers do for the ingest server that comes along (provider local): who may
-- watch, whom it is to drop, and what becomes of a recording. Who may publish is in stream_event.sql.

-- ---- who may watch -----------------------------------------------------------------------------------

-- Whose right to watch is lost has no lease any more (end_lost_views), so a lease is all that is looked for.
CREATE OR REPLACE FUNCTION social.streams_playable(playback_ids text[], playback_tokens text[]) RETURNS SETOF integer
	LANGUAGE plpgsql SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	here timestamptz := clock_timestamp();
	oldest timestamptz := here - social.setting('stream_playback_lifetime')::interval;
	lease interval := social.setting('stream_lease');
	stale timestamptz := here - lease / 6;
	playable integer[];
BEGIN
	WITH shown AS MATERIALIZED (
		SELECT s.id, s.playback_id, s.is_open, CASE s.status WHEN 'ended' THEN s.ended_at END AS ended_at FROM social.streams s
		WHERE s.playback_id = ANY ($1) AND s.hidden_at IS NULL AND (s.status <> 'ended' OR s.ended_at >= here - interval '1 minute') AND social.host_may_stream(s.host_id)
	), asked AS (
		SELECT u.n::integer AS n, s.id AS stream_id, s.is_open, s.ended_at, sha256(convert_to(left(nullif(u.token, ''), 1000), 'UTF8')) AS hash
		FROM unnest($1, $2) WITH ORDINALITY u (id, token, n) JOIN shown s ON s.playback_id = u.id
	), watched AS (
		SELECT a.n, v.id, v.left_at IS NULL AND (v.renewed_at < stale OR v.leaving_at IS NOT NULL) AS is_stale FROM asked a
		-- One look into the index for each, however many there are.
		CROSS JOIN LATERAL (SELECT o.* FROM social.stream_views o WHERE o.token_hash = a.hash AND o.stream_id = a.stream_id LIMIT 1) v
		WHERE CASE WHEN a.ended_at IS NULL THEN v.left_at IS NULL AND v.joined_at >= oldest AND v.renewed_at > here - lease
			-- Who watched until the end is shown it: by then the lease is over.
			ELSE v.left_at >= a.ended_at AND social.viewer_may_watch(v.stream_id, v.viewer_id) END
	), renewed AS (
		UPDATE social.stream_views v SET renewed_at = clock_timestamp(), leaving_at = NULL WHERE v.id = ANY (ARRAY(
			SELECT o.id FROM social.stream_views o WHERE o.id = ANY (ARRAY(SELECT w.id FROM watched w WHERE w.is_stale)) AND o.left_at IS NULL FOR NO KEY UPDATE SKIP LOCKED))
	)
	SELECT array_agg(p.n) INTO playable FROM (SELECT a.n FROM asked a WHERE a.hash IS NULL AND a.is_open UNION ALL SELECT w.n FROM watched w) p;
	RETURN QUERY SELECT unnest(playable);
END
$$;
COMMENT ON FUNCTION social.streams_playable(text[], text[]) IS 'stream_playable() for many at once: the places (from 1) of the playback ids whose pieces may be sent to who has the playback token in the same place (null or empty: none). A token is renewed when a sixth of social.stream_lease has passed. For bridges, whose ingest server asks.';

CREATE OR REPLACE FUNCTION social.stream_playable(playback_id text, playback_token text DEFAULT NULL) RETURNS boolean
	LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM social.streams_playable(ARRAY[$1], ARRAY[$2]))
$$;
COMMENT ON FUNCTION social.stream_playable(text, text) IS 'May the pieces of the stream with this public playback id be sent to whoever has this playback token, or to somebody without one? A token is renewed by that; without one, a stream that is open to everybody. For a minute after the end also to who watched until then. For ingest servers; bridges ask for many at once (streams_playable).';

-- ---- what the ingest server is to do -----------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.ensure_live_kinds() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	missing record;
BEGIN
	FOR missing IN SELECT v.* FROM (VALUES ('stream.drop', 1, 20, interval '1 second', interval '1 minute'), ('stream.finish', 2, 20, interval '2 seconds', interval '2 hours'), ('stream.measure', 3, 10, interval '5 seconds', interval '1 minute')) AS v (kind, priority, max_attempts, backoff, timeout)
		WHERE NOT EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = v.kind)
	LOOP
		PERFORM social.set_job_kind(missing.kind, queue => 'live', priority => missing.priority, max_attempts => missing.max_attempts, backoff => missing.backoff, timeout => missing.timeout, has_history => missing.kind <> 'stream.measure');
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.ensure_live_kinds() IS 'Makes the kinds of jobs about broadcasts that there are not; what an operator has changed of one stays.';

CREATE OR REPLACE FUNCTION social.enqueue_stream_job(kind text, stream social.streams, run_at timestamptz DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF ($2).provider = 'local' AND EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = $1) THEN
		PERFORM social.enqueue_job($1, jsonb_build_object('stream_id', ($2).id, 'playback_id', ($2).playback_id), run_at => $3, unique_key => ($2).playback_id, on_conflict => 'replace');
	END IF;
END
$$;
COMMENT ON FUNCTION social.enqueue_stream_job(text, social.streams, timestamptz) IS 'A job for the ingest server''s side of a stream, one of a kind at a time; none where no worker has ever served such (LIVE_DIR).';

CREATE OR REPLACE FUNCTION social.stream_gone() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.enqueue_stream_job('stream.finish', OLD);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.stream_gone() IS 'Row trigger: of a stream that is gone the ingest server drops the publisher, and its files go.';
CREATE OR REPLACE TRIGGER social_stream_gone AFTER DELETE ON social.streams
	FOR EACH ROW WHEN (OLD.event_at IS NOT NULL AND NOT social.is_restoring()) EXECUTE FUNCTION social.stream_gone();

CREATE OR REPLACE FUNCTION social.stream_measured(stream_id bigint, bitrate_kbps integer DEFAULT NULL, dropped_frames bigint DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams;
BEGIN
	SELECT s.* INTO stream FROM social.streams s WHERE s.id = $1 AND s.status IN ('starting', 'live');
	IF stream.id IS NULL THEN
		RETURN false;
	ELSIF $2 IS NOT NULL AND stream.publisher IS NOT NULL AND stream.disconnected_at IS NULL THEN
		PERFORM social.stream_event('local', gen_random_uuid()::text, 'heartbeat', clock_timestamp(), jsonb_strip_nulls(jsonb_build_object('playback_id', stream.playback_id, 'publisher', stream.publisher, 'bitrate_kbps', $2, 'dropped_frames', $3)));
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.stream_measured(bigint, integer, bigint) IS 'A worker has read of the ingest server how much of a stream comes, and how many frames it has dropped since it was asked before: an event heartbeat with bitrate_kbps and dropped_frames; null: it does not come at this moment. False when the stream is not on the air any more. For workers.';

-- ---- recordings --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.stream_recording(stream_id bigint, OUT media_id bigint, OUT state text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams;
BEGIN
	SELECT s.* INTO stream FROM social.streams s WHERE s.id = $1 FOR NO KEY UPDATE;
	IF stream.id IS NULL THEN
		RETURN;
	END IF;
	PERFORM social.require_media_store();
	SELECT m.id, m.state INTO media_id, state FROM social.media m WHERE m.stream_id = $1 ORDER BY m.id LIMIT 1;
	IF media_id IS NULL THEN
		media_id := nextval(pg_get_serial_sequence('social.media', 'id'));
		state := 'processing';
		INSERT INTO social.media (id, owner_id, state, key, file_name, content_type, stream_id)
		VALUES (media_id, stream.host_id, state, format('media/%s/video.mp4', media_id), left(stream.title, 200) || '.mp4', 'video/mp4', $1);
	END IF;
END
$$;
COMMENT ON FUNCTION social.stream_recording(bigint) IS 'A worker is about to store the recording of a stream: the file that it becomes (its objects are media/ID/...), and its state; nulls when the stream is gone. SM409 where there is no store. For workers.';

CREATE OR REPLACE FUNCTION social.stream_recorded(media_id bigint, size bigint, variants jsonb, width integer DEFAULT NULL, height integer DEFAULT NULL, duration double precision DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.media m SET size = $2 WHERE m.id = $1 AND m.stream_id IS NOT NULL AND m.state = 'processing';
	RETURN social.media_processed($1, $3, $4, $5, $6);
END
$$;
COMMENT ON FUNCTION social.stream_recorded(bigint, bigint, jsonb, integer, integer, double precision) IS 'The recording is in the store: bytes, variants (video, poster) as media_processed takes them, width and height, seconds. Returns the state, null when it is gone: then its objects are to go. For workers.';

CREATE OR REPLACE FUNCTION social.stream_recording_url(stream_id bigint, variant text DEFAULT 'video') RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key text;
	is_private boolean;
	store social.media_store;
	mux social.visible_streams;
BEGIN
	SELECT v.* INTO mux FROM social.visible_streams v JOIN social.mux_streams m ON m.stream_id = v.id WHERE v.id = $1 AND social.mux_has_recording(v.id);
	IF mux.id IS NOT NULL THEN
		RETURN (SELECT w.playback_url FROM social.watch_mux(mux, now() + social.setting('stream_playback_lifetime')::interval) w WHERE $2 = 'video');
	END IF;
	SELECT m.variants -> $2 ->> 'key', v.is_private INTO key, is_private
	FROM social.visible_streams v JOIN social.media m ON m.stream_id = v.id WHERE v.id = $1 AND m.state = 'ready' ORDER BY m.id LIMIT 1;
	SELECT s.* INTO store FROM social.media_store s;
	IF key IS NULL OR store.access_key IS NULL THEN
		RETURN NULL;
	ELSIF is_private THEN
		-- A long film is read piece by piece for as long as it is watched.
		RETURN social.media_store_address(store, 'GET', key, extract(epoch FROM social.setting('stream_playback_lifetime')::interval)::integer, now());
	END IF;
	RETURN social.media_url(key, true);
END
$$;
COMMENT ON FUNCTION social.stream_recording_url(bigint, text) IS 'Where the recording of a stream that the viewer may see can be read (video), or a picture of it (poster): of a private one for social.stream_playback_lifetime. At Mux it is HLS, and there is no picture. Null while there is none.';

CREATE OR REPLACE FUNCTION social.stream_recording_json(stream social.visible_streams) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT json_build_object('stream', social.stream_json($1), 'media_id', m.id, 'playback_url', social.stream_recording_url($1.id), 'poster_url', social.stream_recording_url($1.id, 'poster'),
			'width', m.width, 'height', m.height, 'duration', m.duration, 'size', m.size, 'created_at', m.created_at)
		FROM (SELECT m.id, m.width, m.height, m.duration, m.size, m.created_at FROM social.media m WHERE m.stream_id = $1.id AND m.state = 'ready'
			UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, m.asset_ready_at FROM social.mux_streams m WHERE m.stream_id = $1.id AND social.mux_has_recording(m.stream_id)
			ORDER BY 1 LIMIT 1) m);
END
$$;
COMMENT ON FUNCTION social.stream_recording_json(social.visible_streams) IS 'The recording of a stream as REST shows it; null while there is none.';

SELECT social.make_list('recorded_streams', '', 'social.visible_streams', 's.*',
	'social.listed_streams s WHERE s.status = ''ended'' AND (EXISTS (SELECT FROM social.media m WHERE m.stream_id = s.id AND m.state = ''ready'') OR social.mux_has_recording(s.id))', '{s.id}',
	'Streams in the viewer''s lists of which there is a recording, newest first. SM400 for a bad page size or cursor.', is_definer => true);
