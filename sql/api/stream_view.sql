-- stream_view.sql owns who watches streams: leases that watching renews, counts of them, and what hosts learn of it.

CREATE OR REPLACE FUNCTION social.viewer_may_watch(stream_id bigint, user_id bigint) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	acting bigint := social.viewer_id();
	may boolean;
BEGIN
	IF acting IS DISTINCT FROM $2 THEN
		BEGIN
			PERFORM social.act_as($2);
		EXCEPTION WHEN SQLSTATE 'SM404' THEN
			RETURN false;
		END;
	END IF;
	may := EXISTS (SELECT FROM social.visible_streams v WHERE v.id = $1);
	IF acting IS DISTINCT FROM $2 THEN
		PERFORM social.act_as(acting);
	END IF;
	RETURN may;
END
$$;
COMMENT ON FUNCTION social.viewer_may_watch(bigint, bigint) IS 'May this person (null: nobody) see the stream at this moment? Whoever acts does so again afterwards.';

CREATE OR REPLACE FUNCTION social.renew_stream_view(playback_token text, playback_id text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	view social.stream_views;
BEGIN
	SELECT v.* INTO view FROM social.stream_views v WHERE v.token_hash = sha256(convert_to(left(coalesce($1, ''), 1000), 'UTF8')) AND v.left_at IS NULL FOR NO KEY UPDATE;
	IF view.id IS NULL OR $2 IS NOT NULL AND NOT EXISTS (SELECT FROM social.streams s WHERE s.id = view.stream_id AND s.playback_id = $2) THEN
		RETURN false;
	ELSIF view.joined_at < clock_timestamp() - social.setting('stream_playback_lifetime')::interval OR NOT social.viewer_may_watch(view.stream_id, view.viewer_id) THEN
		UPDATE social.stream_views v SET left_at = greatest(v.renewed_at, v.joined_at) WHERE v.id = view.id;
		RETURN false;
	END IF;
	UPDATE social.stream_views v SET renewed_at = clock_timestamp() WHERE v.id = view.id;
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.renew_stream_view(text, text) IS 'Whoever has this playback token (of the stream with this playback id, where that is said) watches on. False, and the lease ends, when the token is none or is over (social.stream_playback_lifetime), the lease has lapsed, the stream has ended, or its viewer may not see it any more: watch_stream begins another one. For bridges, which ask for each piece of a private stream, and clients.';

CREATE OR REPLACE FUNCTION social.leave_stream(playback_token text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.stream_views v SET renewed_at = clock_timestamp(), left_at = clock_timestamp()
	WHERE v.token_hash = sha256(convert_to(left(coalesce($1, ''), 1000), 'UTF8')) AND v.left_at IS NULL;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION social.leave_stream(text) IS 'Whoever has this playback token watches no longer; false when they did not before.';

-- The same number for the host, viewers, clients and figures: that of the row, which only this writes.
CREATE OR REPLACE FUNCTION social.count_stream_viewers(batch integer DEFAULT 10000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	counted record;
	changed bigint := 0;
BEGIN
	UPDATE social.stream_views v SET left_at = v.renewed_at WHERE v.id = ANY (ARRAY(
		SELECT o.id FROM social.stream_views o WHERE o.left_at IS NULL AND o.renewed_at <= clock_timestamp() - social.setting('stream_lease')::interval LIMIT batch FOR NO KEY UPDATE SKIP LOCKED));
	FOR counted IN
		SELECT s.id, coalesce(c.n, 0)::integer AS viewers FROM social.streams s LEFT JOIN (
			SELECT v.stream_id, count(DISTINCT v.viewer_id) + count(*) FILTER (WHERE v.viewer_id IS NULL) AS n FROM social.stream_views v WHERE v.left_at IS NULL GROUP BY 1) c ON c.stream_id = s.id
		WHERE s.status IN ('starting', 'live') AND s.viewer_count <> coalesce(c.n, 0) ORDER BY s.id LIMIT batch FOR NO KEY UPDATE OF s SKIP LOCKED
	LOOP
		UPDATE social.streams s SET viewer_count = counted.viewers, peak_viewers = greatest(s.peak_viewers, counted.viewers) WHERE s.id = counted.id AND s.status IN ('starting', 'live');
		changed := changed + 1;
	END LOOP;
	RETURN changed;
END
$$;
COMMENT ON FUNCTION social.count_stream_viewers(integer) IS 'Ends leases that nobody has renewed for social.stream_lease, and counts those that are left: each person once, whatever they watch with. Returns how many streams have another count. Part of the worker''s round, once a second.';
