-- worker.sql owns the background worker's round: social.tick() does the same, and what belongs to
-- no other domain. The table of steps stands at the head of extension/worker/worker_round.c.

CREATE OR REPLACE FUNCTION social.tick() RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_tick';
COMMENT ON FUNCTION social.tick() IS 'One round of the background worker in this transaction, for installations that do not preload the library; returns how many things it did. A step that fails is undone by itself, with a warning.';

CREATE OR REPLACE FUNCTION social.worker_is_running() RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_worker_is_running';
COMMENT ON FUNCTION social.worker_is_running() IS 'Does a background worker serve this database? False where the library is not preloaded.';

CREATE OR REPLACE FUNCTION social.worker_failures(OUT step text, OUT sqlstate text, OUT message text, OUT times bigint, OUT since timestamptz, OUT last timestamptz)
	RETURNS SETOF record
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_worker_failures';
COMMENT ON FUNCTION social.worker_failures() IS 'Steps of the background worker''s round in this database whose last try failed: with what, how often in a row, since when, and last when. check() tells of them.';

CREATE OR REPLACE FUNCTION social.tick_without_worker() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF social.worker_is_running() OR NOT social.hold_task('tick', false) THEN
		RETURN NULL;
	END IF;
	RETURN social.tick();
END
$$;
COMMENT ON FUNCTION social.tick_without_worker() IS 'tick() where no worker does it and no other session is at it; null otherwise. Bridges call it every second or so (design D12).';

CREATE OR REPLACE FUNCTION social.expire_mutes(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	removed bigint;
BEGIN
	DELETE FROM social.mutes m WHERE (m.muter_id, m.muted_id) IN (
		SELECT o.muter_id, o.muted_id FROM social.mutes o WHERE o.expires_at <= now()
		ORDER BY o.expires_at LIMIT batch FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN removed;
END
$$;
COMMENT ON FUNCTION social.expire_mutes(integer) IS 'Removes up to this many mutes whose time is over (they have no effect any more); returns how many. Part of the worker''s round.';
