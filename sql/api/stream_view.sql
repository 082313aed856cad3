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
	ELSIF view.renewed_at <= clock_timestamp() - social.setting('stream_lease')::interval
		OR view.joined_at < clock_timestamp() - social.setting('stream_playback_lifetime')::interval OR NOT social.viewer_may_watch(view.stream_id, view.viewer_id) THEN
		UPDATE social.stream_views v SET left_at = greatest(v.renewed_at, v.joined_at) WHERE v.id = view.id;
		RETURN false;
	END IF;
	UPDATE social.stream_views v SET renewed_at = clock_timestamp(), leaving_at = NULL WHERE v.id = view.id;
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.renew_stream_view(text, text) IS 'Whoever has this playback token (of the stream with this playback id, where that is said) watches on. False, and the lease ends, when the token is none or is over (social.stream_playback_lifetime), the lease has lapsed, the stream has ended, or its viewer may not see it any more: watch_stream begins another one. For clients; bridges ask for the pieces of a stream by streams_playable.';

CREATE OR REPLACE FUNCTION social.leave_stream(playback_token text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.stream_views v SET renewed_at = clock_timestamp(), left_at = clock_timestamp()
	WHERE v.token_hash = sha256(convert_to(left(coalesce($1, ''), 1000), 'UTF8')) AND v.left_at IS NULL AND v.renewed_at > clock_timestamp() - social.setting('stream_lease')::interval;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION social.leave_stream(text) IS 'Whoever has this playback token watches no longer; false when they did not before.';

-- ---- leases that are held by a connection ------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.keep_stream_view(playback_token text) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN CASE WHEN social.renew_stream_view($1) THEN extract(epoch FROM social.setting('stream_lease')::interval) END;
END
$$;
COMMENT ON FUNCTION social.keep_stream_view(text) IS 'renew_stream_view() for a connection that is going to hold the lease: for how many seconds it is good without being renewed, null when it is not. For bridges.';

-- A row that somebody else is at is passed over: it is renewed, or ends, without us.
CREATE OR REPLACE FUNCTION social.renew_stream_views(playback_tokens text[]) RETURNS SETOF integer
	LANGUAGE plpgsql SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	hashes bytea[] := ARRAY(SELECT sha256(convert_to(t, 'UTF8')) FROM unnest($1) WITH ORDINALITY u (t, n) ORDER BY n);
	oldest timestamptz := clock_timestamp() - social.setting('stream_playback_lifetime')::interval;
	lapsed timestamptz := clock_timestamp() - social.setting('stream_lease')::interval;
BEGIN
	UPDATE social.stream_views v SET renewed_at = clock_timestamp(), leaving_at = NULL WHERE v.id = ANY (ARRAY(
		SELECT o.id FROM social.stream_views o WHERE o.token_hash = ANY (hashes) AND o.left_at IS NULL AND o.joined_at >= oldest AND o.renewed_at > lapsed FOR NO KEY UPDATE SKIP LOCKED));
	RETURN QUERY
	SELECT u.n::integer FROM unnest(hashes) WITH ORDINALITY u (hash, n)
	WHERE NOT EXISTS (SELECT FROM social.stream_views v WHERE v.token_hash = u.hash AND v.left_at IS NULL AND v.joined_at >= oldest AND v.renewed_at > lapsed);
END
$$;
COMMENT ON FUNCTION social.renew_stream_views(text[]) IS 'Renews the leases of these playback tokens together; returns the places (from 1) of those that are over. Whose right to watch is lost has no lease any more (end_lost_views), so it is not asked about again. For bridges.';

CREATE OR REPLACE FUNCTION social.leave_stream_views(playback_tokens text[]) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	left_now bigint;
BEGIN
	UPDATE social.stream_views v SET renewed_at = clock_timestamp(), leaving_at = clock_timestamp() WHERE v.id = ANY (ARRAY(
		SELECT o.id FROM social.stream_views o WHERE o.token_hash = ANY (ARRAY(SELECT sha256(convert_to(t, 'UTF8')) FROM unnest($1) t)) AND o.left_at IS NULL FOR NO KEY UPDATE SKIP LOCKED));
	GET DIAGNOSTICS left_now = ROW_COUNT;
	RETURN left_now;
END
$$;
COMMENT ON FUNCTION social.leave_stream_views(text[]) IS 'The connections that held these leases are gone: they end in two seconds, unless they are renewed by whatever else their viewers watch with. Returns how many. For bridges.';

-- ---- whose right to watch is lost --------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.end_lost_views() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	CASE TG_TABLE_NAME
		WHEN 'blocks' THEN
			UPDATE social.stream_views v SET left_at = v.renewed_at FROM social.streams s
			WHERE s.id = v.stream_id AND v.left_at IS NULL AND (v.viewer_id = NEW.blocked_id AND s.host_id = NEW.blocker_id OR v.viewer_id = NEW.blocker_id AND s.host_id = NEW.blocked_id);
		WHEN 'stream_invitations' THEN
			UPDATE social.stream_views v SET left_at = v.renewed_at FROM social.streams s
			WHERE s.id = v.stream_id AND s.is_private AND v.left_at IS NULL AND v.viewer_id = OLD.user_id AND v.stream_id = OLD.stream_id;
		WHEN 'users' THEN
			UPDATE social.stream_views v SET left_at = v.renewed_at WHERE v.left_at IS NULL AND v.viewer_id = NEW.id;
		WHEN 'streams' THEN
			UPDATE social.stream_views v SET left_at = v.renewed_at
			WHERE v.left_at IS NULL AND v.stream_id = NEW.id AND v.viewer_id IS DISTINCT FROM NEW.host_id
				AND NOT EXISTS (SELECT FROM social.users u WHERE u.id = v.viewer_id AND (u.is_staff OR u.is_superuser))
				AND (NEW.hidden_at IS NOT NULL OR v.viewer_id IS NULL AND NOT NEW.is_open
					OR NEW.is_private AND NOT EXISTS (SELECT FROM social.stream_invitations i WHERE i.stream_id = NEW.id AND i.user_id = v.viewer_id));
	END CASE;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.end_lost_views() IS 'Row trigger: the leases of who may not watch any more end at once, whose host blocks them (or is blocked), whose invitation is taken back, who is suspended, inactive or no staff any more, or whose stream is private, not open or hidden now.';
CREATE OR REPLACE TRIGGER social_end_lost_views AFTER INSERT ON social.blocks
	FOR EACH ROW WHEN (NOT social.is_restoring()) EXECUTE FUNCTION social.end_lost_views();
CREATE OR REPLACE TRIGGER social_end_lost_views AFTER DELETE ON social.stream_invitations
	FOR EACH ROW WHEN (NOT social.is_restoring()) EXECUTE FUNCTION social.end_lost_views();
CREATE OR REPLACE TRIGGER social_end_lost_views AFTER UPDATE OF is_active, suspended_at, is_staff, is_superuser ON social.users
	FOR EACH ROW WHEN ((NOT NEW.is_active OR NEW.suspended_at IS NOT NULL OR NEW.is_staff < OLD.is_staff OR NEW.is_superuser < OLD.is_superuser) AND NOT social.is_restoring()) EXECUTE FUNCTION social.end_lost_views();
CREATE OR REPLACE TRIGGER social_end_lost_views AFTER UPDATE OF is_private, is_open, hidden_at ON social.streams
	FOR EACH ROW WHEN ((NEW.is_private > OLD.is_private OR NEW.is_open < OLD.is_open OR NEW.hidden_at IS NOT NULL) AND NOT social.is_restoring()) EXECUTE FUNCTION social.end_lost_views();

-- ---- how many ----------------------------------------------------------------------------------------

-- The same number for the host, viewers, clients and figures: that of the row, which only this writes.
CREATE OR REPLACE FUNCTION social.count_stream_viewers(batch integer DEFAULT 10000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	counted record;
	changed bigint := 0;
	lapsed timestamptz := clock_timestamp() - social.setting('stream_lease')::interval;
BEGIN
	UPDATE social.stream_views v SET left_at = v.renewed_at WHERE v.id = ANY (ARRAY(
		SELECT o.id FROM social.stream_views o WHERE o.left_at IS NULL AND (o.renewed_at <= lapsed OR o.leaving_at <= clock_timestamp() - interval '2 seconds') LIMIT batch FOR NO KEY UPDATE SKIP LOCKED));
	FOR counted IN
		SELECT s.id, coalesce(c.n, 0)::integer AS viewers FROM social.streams s LEFT JOIN (
			SELECT v.stream_id, count(DISTINCT v.viewer_id) + count(*) FILTER (WHERE v.viewer_id IS NULL) AS n FROM social.stream_views v WHERE v.left_at IS NULL GROUP BY 1) c ON c.stream_id = s.id
		WHERE s.status IN ('starting', 'live') AND s.viewer_count <> coalesce(c.n, 0) ORDER BY s.id LIMIT batch FOR NO KEY UPDATE OF s SKIP LOCKED
	LOOP
		UPDATE social.streams s SET viewer_count = counted.viewers, peak_viewers = greatest(s.peak_viewers, counted.viewers) WHERE s.id = counted.id AND s.status IN ('starting', 'live');
		PERFORM social.note_stream_minute(counted.id, counted.viewers);
		changed := changed + 1;
	END LOOP;
	-- A minute in which nothing changes has its row, too.
	INSERT INTO social.stream_minutes AS m (stream_id, minute, viewers, most_viewers)
	SELECT s.id, date_trunc('minute', clock_timestamp()), s.viewer_count, s.viewer_count FROM social.streams s
	WHERE s.status IN ('starting', 'live') AND NOT EXISTS (SELECT FROM social.stream_minutes o WHERE o.stream_id = s.id AND o.minute = date_trunc('minute', clock_timestamp()))
	ON CONFLICT DO NOTHING;
	RETURN changed;
END
$$;
COMMENT ON FUNCTION social.count_stream_viewers(integer) IS 'Ends leases that nobody has renewed for social.stream_lease, or whose connection is gone, and counts those that are left: each person once, whatever they watch with. Returns how many streams have another count. Part of the worker''s round, once a second.';
