-- stream_analytics.sql owns what a host learns of an audience (issue 16 line 8, mission 140): numbers, never who.
-- The worker's count of viewers writes the minutes (stream_view.sql); joins, chat and watch times are asked of the
-- rows that there are.

-- ---- what is noted -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.note_stream_minute(stream_id bigint, viewers integer) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO social.stream_minutes AS m (stream_id, minute, viewers, most_viewers) VALUES ($1, date_trunc('minute', clock_timestamp()), $2, $2)
	ON CONFLICT ON CONSTRAINT stream_minutes_pkey DO UPDATE SET viewers = excluded.viewers, most_viewers = greatest(m.most_viewers, excluded.viewers);
END
$$;
COMMENT ON FUNCTION social.note_stream_minute(bigint, integer) IS 'So many watch a stream now.';

CREATE OR REPLACE FUNCTION social.note_stream_health(stream_id bigint, data jsonb) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- What is no such number is as good as not said.
	bitrate bigint := CASE WHEN $2 ->> 'bitrate_kbps' ~ '^[0-9]{1,7}(\.[0-9]{1,6})?$' THEN ($2 ->> 'bitrate_kbps')::numeric END;
	dropped bigint := CASE WHEN $2 ->> 'dropped_frames' ~ '^[0-9]{1,9}$' THEN $2 ->> 'dropped_frames' END;
BEGIN
	IF bitrate IS NULL AND dropped IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO social.stream_minutes AS m (stream_id, minute, viewers, most_viewers, bitrate_sum, bitrate_count, dropped_frames)
	SELECT s.id, date_trunc('minute', clock_timestamp()), s.viewer_count, s.viewer_count, coalesce(bitrate, 0), (bitrate IS NOT NULL)::integer, coalesce(dropped, 0) FROM social.streams s WHERE s.id = $1
	ON CONFLICT ON CONSTRAINT stream_minutes_pkey DO UPDATE SET bitrate_sum = m.bitrate_sum + excluded.bitrate_sum, bitrate_count = m.bitrate_count + excluded.bitrate_count,
		dropped_frames = m.dropped_frames + excluded.dropped_frames;
END
$$;
COMMENT ON FUNCTION social.note_stream_health(bigint, jsonb) IS 'What an ingest server says of a stream''s pictures in a heart-beat: bitrate_kbps, at this moment, and dropped_frames, since the heart-beat before. What is no such number is passed over.';

-- The first row that fits.
CREATE OR REPLACE FUNCTION social.device_classes(OUT device text, OUT pattern text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	VALUES ('bot'::text, '(bot|crawler|spider|slurp|preview)'::text), ('tv', '(smart-?tv|\mtv\M|appletv|googletv|bravia|tizen|web0s|webos|roku|crkey|aft[a-z]\M|playstation|xbox|nintendo)'),
		('tablet', '(ipad|tablet|kindle|silk/|android(?!.*mobile))'), ('mobile', '(iphone|ipod|mobile|android|okhttp|cfnetwork)'),
		('desktop', '(windows nt|macintosh|x11|cros |linux)');
END;
COMMENT ON FUNCTION social.device_classes() IS 'Classes of devices, and by which regular expression the first of them is known that fits what a client calls itself (User-Agent); other is none of these.';

CREATE OR REPLACE FUNCTION social.device_class(user_agent text) RETURNS text
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce((SELECT c.device FROM social.device_classes() WITH ORDINALITY c (device, pattern, n) WHERE left($1, 1000) ~* c.pattern ORDER BY c.n LIMIT 1), 'other')
$$;
COMMENT ON FUNCTION social.device_class(text) IS 'bot, tv, tablet, mobile, desktop or other, by what a client calls itself (User-Agent).';

CREATE OR REPLACE FUNCTION social.note_stream_audience(stream_id bigint, country text DEFAULT NULL, user_agent text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.viewer_id();
	device text := social.device_class($3);
	code text := CASE WHEN $2 ~ '^[A-Za-z]{2}$' AND upper($2) <> 'XX' THEN upper($2) ELSE 'unknown' END;
BEGIN
	IF EXISTS (SELECT FROM social.visible_streams v WHERE v.id = $1 AND v.status IN ('starting', 'live'))
		AND NOT EXISTS (SELECT FROM social.stream_views v WHERE v.viewer_id = viewer AND v.stream_id = $1) THEN
		PERFORM FROM social.streams s WHERE s.id = $1 FOR KEY SHARE;
		IF FOUND THEN
			INSERT INTO social.stream_audiences AS a (stream_id, country, device, shard) VALUES ($1, code, device, floor(random() * 16))
			ON CONFLICT ON CONSTRAINT stream_audiences_pkey DO UPDATE SET viewers = a.viewers + 1;
		END IF;
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.note_stream_audience(bigint, text, text) IS 'The viewer is about to watch a stream, from a country (two letters) and with something that calls itself so: counts, where it is the first time (who is not logged in: each time), and tells nobody who it was. Returns the stream''s id. For bridges, before watch_stream.';

-- ---- what the host is told ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.stream_watch_times(stream_id bigint) RETURNS TABLE (viewer_id bigint, seconds numeric)
	LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Who watches with two things at once watches once. A lease that goes on has lasted until it was renewed last.
	RETURN QUERY
	SELECT w.viewer_id, coalesce((SELECT sum(extract(epoch FROM upper(r) - lower(r))) FROM unnest(w.times) r), 0)
	FROM (SELECT v.viewer_id, range_agg(tstzrange(v.joined_at, coalesce(v.left_at, greatest(v.renewed_at, v.joined_at)))) AS times
		FROM social.stream_views v WHERE v.stream_id = $1 GROUP BY v.viewer_id, CASE WHEN v.viewer_id IS NULL THEN v.id END) w;
END
$$;
COMMENT ON FUNCTION social.stream_watch_times(bigint) IS 'For how long each viewer of a stream has watched it (each lease by itself of those who are not logged in): the union of their leases.';

CREATE OR REPLACE FUNCTION social.stream_timeline(stream_id bigint) RETURNS TABLE (at timestamptz, seconds integer, viewers integer, joins bigint, chat_messages bigint, bitrate_kbps bigint, dropped_frames bigint)
	LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	began timestamptz := (SELECT min(m.minute) FROM social.stream_minutes m WHERE m.stream_id = $1);
	minutes integer := (SELECT count(*) FROM social.stream_minutes m WHERE m.stream_id = $1);
	step interval := make_interval(mins => 1 + (minutes - 1) / 1440);
BEGIN
	RETURN QUERY
	SELECT r.place, extract(epoch FROM step)::integer, max(r.viewers), sum(r.joins), sum(r.chat), (sum(r.bitrate_sum) / nullif(sum(r.bitrate_count), 0))::bigint, sum(r.dropped)::bigint
	FROM (SELECT date_bin(step, o.minute, began) AS place, o.most_viewers AS viewers, 0 AS joins, 0 AS chat, o.bitrate_sum, o.bitrate_count, o.dropped_frames AS dropped
			FROM social.stream_minutes o WHERE o.stream_id = $1
		UNION ALL SELECT date_bin(step, v.joined_at, began), 0, 1, 0, 0, 0, 0 FROM social.stream_views v WHERE v.stream_id = $1 AND began IS NOT NULL
		UNION ALL SELECT date_bin(step, t.created_at, began), 0, 0, 1, 0, 0, 0 FROM social.stream_chat_messages t WHERE t.stream_id = $1 AND t.deleted_at IS NULL AND t.created_at >= began) r
	GROUP BY 1 ORDER BY 1;
END
$$;
COMMENT ON FUNCTION social.stream_timeline(bigint) IS 'A broadcast, minute by minute (at most 1,440 of them; longer steps where it went on for longer): the most that watched at once, how many began to, how much was said, the bitrate as the ingest server said it, and how many frames it lost.';

CREATE OR REPLACE FUNCTION social.stream_analytics_json(stream_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	host bigint := social.require_host($1);
	times numeric[] := ARRAY(SELECT w.seconds FROM social.stream_watch_times($1) w);
BEGIN
	RETURN (SELECT json_build_object('stream_id', s.id, 'viewer_count', s.viewer_count, 'peak_viewers', s.peak_viewers, 'viewers', cardinality(times),
		'joins', (SELECT count(*) FROM social.stream_views v WHERE v.stream_id = $1),
		'watch_seconds', (SELECT coalesce(round(sum(t)), 0)::bigint FROM unnest(times) t),
		'average_watch_seconds', (SELECT coalesce(round(avg(t)), 0)::bigint FROM unnest(times) t),
		'chat_messages', (SELECT count(*) FROM social.stream_chat_messages m WHERE m.stream_id = $1 AND m.deleted_at IS NULL),
		'chatters', (SELECT count(*) FROM social.stream_chatters c WHERE c.stream_id = $1),
		'timeline', (SELECT coalesce(json_agg(row_to_json(t) ORDER BY t.at), '[]') FROM social.stream_timeline($1) t),
		'watch_times', (SELECT json_agg(json_build_object('from_seconds', b.low, 'to_seconds', b.high, 'viewers', (SELECT count(*) FROM unnest(times) t WHERE t >= b.low AND (b.high IS NULL OR t < b.high))) ORDER BY b.low)
			FROM (VALUES (0, 60), (60, 300), (300, 900), (900, 1800), (1800, 3600), (3600, 7200), (7200, NULL)) b (low, high)),
		'countries', (SELECT coalesce(json_agg(row_to_json(c) ORDER BY c.viewers DESC, c.country), '[]') FROM (SELECT a.country, sum(a.viewers)::bigint AS viewers FROM social.stream_audiences a WHERE a.stream_id = $1 GROUP BY 1) c),
		'devices', (SELECT coalesce(json_agg(row_to_json(d) ORDER BY d.viewers DESC, d.device), '[]') FROM (SELECT a.device, sum(a.viewers)::bigint AS viewers FROM social.stream_audiences a WHERE a.stream_id = $1 GROUP BY 1) d))
	FROM social.streams s WHERE s.id = $1);
END
$$;
COMMENT ON FUNCTION social.stream_analytics_json(bigint) IS 'What the host, or staff, learns of a stream''s audience: viewers (each person once), joins, watch times (the union of each viewer''s leases) and how they are distributed, what was said, the timeline of stream_timeline(), countries and classes of devices. SM401 when nobody acts, SM404 for what the viewer may not see, SM403 for others.';
