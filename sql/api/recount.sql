-- recount.sql owns going through the rows of people who are suspended, inactive, or back, so that what
-- they do counts exactly while they are shown (extension/counter/recount.h).

CREATE OR REPLACE FUNCTION social.recount_sources(OUT step integer, OUT source_table text, OUT flag text, OUT person_column text, OUT place_column text, OUT place_type text)
	RETURNS SETOF record
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_recount_sources';
COMMENT ON FUNCTION social.recount_sources() IS 'Which rows stop counting with the person behind them: flag is null while the account in person_column is not shown. A sweep goes along place_column.';

CREATE OR REPLACE FUNCTION social.note_standing() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO social.recounts (user_id) VALUES (NEW.id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.note_standing() IS 'Row trigger: an account that is suspended, inactive or back is to be gone through.';
CREATE OR REPLACE TRIGGER social_note_standing AFTER UPDATE OF is_active, suspended_at, suspended_until ON social.users
	FOR EACH ROW WHEN ((OLD.is_active, OLD.suspended_at, OLD.suspended_until) IS DISTINCT FROM (NEW.is_active, NEW.suspended_at, NEW.suspended_until))
	EXECUTE FUNCTION social.note_standing();

-- ---- one batch -------------------------------------------------------------------------------------

-- Rows that somebody else holds are left for the next time: due is more than changed then.
CREATE OR REPLACE FUNCTION social.recount_rows(source record, person bigint, counts boolean, place text, batch integer,
		OUT due bigint, OUT changed bigint, OUT last_place text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = ISO AS $$
BEGIN
	EXECUTE format(
		'WITH due AS MATERIALIZED (
			SELECT s.ctid AS row, s.%1$I AS place FROM social.%2$I s
			WHERE s.%3$I = $1%4$s AND (s.%5$I IS NULL) = $2 ORDER BY s.%1$I LIMIT $3
		), held AS MATERIALIZED (
			SELECT s.ctid AS row FROM social.%2$I s WHERE s.ctid = ANY (ARRAY(SELECT d.row FROM due d)) FOR NO KEY UPDATE SKIP LOCKED
		), done AS (
			UPDATE social.%2$I s SET %5$I = CASE WHEN $2 THEN true END FROM held h
			WHERE s.ctid = h.row AND s.%3$I = $1 AND (s.%5$I IS NULL) = $2 RETURNING 1
		)
		SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM done), (SELECT max(d.place)::text FROM due d)',
		source.place_column, source.source_table, source.person_column,
		format(' AND s.%I >= ', source.place_column) || quote_literal(place) || '::' || source.place_type, source.flag)
	INTO due, changed, last_place USING person, counts, batch;
END
$$;
COMMENT ON FUNCTION social.recount_rows(record, bigint, boolean, text, integer) IS 'Part of recount: sets the flags of up to so many of a person''s rows from a place on.';

-- Before its links stop counting their tags lose what the post has earned; after they count again, they get it back.
CREATE OR REPLACE FUNCTION social.recount_post_links(ids bigint[], counts boolean) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	worth double precision[];
	tags bigint[];
BEGIN
	worth := ARRAY(SELECT CASE WHEN counts THEN 1 ELSE -1 END * coalesce(exp(t.score - social.trend_merge(NULL, 1, now())), 0)
		FROM unnest(ids) WITH ORDINALITY AS h (id, n) LEFT JOIN social.post_trends t ON t.post_id = h.id ORDER BY h.n);
	IF NOT counts THEN
		PERFORM social.fold_hashtag_trends(ids, worth, now());
	END IF;
	UPDATE social.post_hashtags l SET is_public = CASE WHEN counts THEN true END
	WHERE l.post_id = ANY (ids) AND (l.is_public IS NULL) = counts;
	IF counts THEN
		tags := ARRAY(SELECT DISTINCT l.hashtag_id FROM social.post_hashtags l WHERE l.post_id = ANY (ids));
		WITH first_use AS MATERIALIZED (
			SELECT h.id FROM social.hashtags h WHERE h.id = ANY (tags) AND NOT h.is_public ORDER BY h.tag FOR NO KEY UPDATE)
		UPDATE social.hashtags h SET is_public = true, created_at = now() FROM first_use f WHERE h.id = f.id;
		PERFORM social.fold_hashtag_trends(ids, worth, now());
	END IF;
END
$$;
COMMENT ON FUNCTION social.recount_post_links(bigint[], boolean) IS 'Lets the hashtags of these posts, which the caller holds, count, or not.';

-- A post's row is held while its links change, as by whoever edits it.
CREATE OR REPLACE FUNCTION social.recount_links(person bigint, counts boolean, place text, batch integer,
		OUT due bigint, OUT changed bigint, OUT last_place text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	picked bigint[];
	held bigint[];
BEGIN
	SELECT array_agg(d.id), max(d.position)::text INTO picked, last_place FROM (
		SELECT p.id, p.position FROM social.posts p
		WHERE p.author_id = person AND p.position >= coalesce(recount_links.place::bigint, 0)
			AND EXISTS (SELECT FROM social.post_hashtags l WHERE l.post_id = p.id AND (l.is_public IS NULL) = counts)
			AND (NOT counts OR (p.visibility = 'public' AND p.hidden_at IS NULL))
		ORDER BY p.position LIMIT batch) d;
	held := ARRAY(SELECT p.id FROM social.posts p WHERE p.id = ANY (picked) AND p.position IS NOT NULL
		AND (NOT counts OR (p.visibility = 'public' AND p.hidden_at IS NULL)) ORDER BY p.id FOR NO KEY UPDATE SKIP LOCKED);
	PERFORM social.recount_post_links(held, counts);
	due := coalesce(cardinality(picked), 0);
	changed := cardinality(held);
END
$$;
COMMENT ON FUNCTION social.recount_links(bigint, boolean, text, integer) IS 'Part of recount: lets the hashtags of up to so many of a person''s posts count, or not.';

-- ---- the worker's step -----------------------------------------------------------------------------

-- One at a time.
CREATE OR REPLACE FUNCTION social.recount(batch integer DEFAULT 5000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	links_step integer := (SELECT max(s.step) + 1 FROM social.recount_sources() s);
	job social.recounts;
	account record;
	source record;
	part record;
	left_over bigint := batch;
	done bigint := 0;
BEGIN
	IF NOT EXISTS (SELECT FROM social.recounts r WHERE r.due <= now()) OR NOT social.hold_task('recount', false) THEN
		RETURN 0;
	END IF;
	WHILE left_over > 0 LOOP
		SELECT r.* INTO job FROM social.recounts r WHERE r.due <= now() ORDER BY r.due, r.id LIMIT 1;
		EXIT WHEN NOT FOUND;
		SELECT u.is_active AND (u.suspended_at IS NULL OR coalesce(u.suspended_until <= now(), false)) AS counts,
			CASE WHEN u.is_active AND u.suspended_at IS NOT NULL AND u.suspended_until > now() THEN u.suspended_until END AS again
		INTO account FROM social.users u WHERE u.id = job.user_id;
		IF job.step = 0 THEN
			-- A pass begins, also for the changes noted until now. A restored horizon may be another server's.
			DELETE FROM social.recounts r WHERE r.user_id = job.user_id AND r.id <> job.id AND r.due <= now();
			IF job.horizon IS NULL OR job.horizon > pg_snapshot_xmax(pg_current_snapshot()) THEN
				job.horizon := pg_snapshot_xmax(pg_current_snapshot());
			END IF;
			job.is_settled := NOT EXISTS (SELECT FROM pg_snapshot_xip(pg_current_snapshot()) AS x (id) WHERE x.id < job.horizon);
			job.step := 1;
		END IF;
		IF job.step < links_step THEN
			SELECT s.* INTO source FROM social.recount_sources() s WHERE s.step = job.step;
			SELECT p.* INTO part FROM social.recount_rows(source, job.user_id, account.counts, job.place, left_over::integer) p;
		ELSE
			SELECT p.* INTO part FROM social.recount_links(job.user_id, account.counts, job.place, least(left_over, 500)::integer) p;
		END IF;
		left_over := left_over - part.due - 1;
		done := done + part.changed;
		IF part.changed < part.due THEN
			UPDATE social.recounts r SET step = job.step, place = job.place, horizon = job.horizon, is_settled = job.is_settled,
				due = clock_timestamp() + interval '100 milliseconds' WHERE r.id = job.id;
		ELSIF part.due > 0 THEN
			UPDATE social.recounts r SET step = job.step, place = part.last_place, horizon = job.horizon, is_settled = job.is_settled WHERE r.id = job.id;
		ELSIF job.step < links_step THEN
			UPDATE social.recounts r SET step = job.step + 1, place = NULL, horizon = job.horizon, is_settled = job.is_settled WHERE r.id = job.id;
		ELSIF NOT job.is_settled THEN
			UPDATE social.recounts r SET step = 0, place = NULL, horizon = job.horizon, passes = r.passes + 1,
				due = clock_timestamp() + least(interval '1 second' * 4 ^ least(r.passes, 10), interval '1 hour') WHERE r.id = job.id;
		ELSIF account.again IS NOT NULL THEN
			UPDATE social.recounts r SET step = 0, place = NULL, horizon = NULL, is_settled = false, passes = 0, due = account.again WHERE r.id = job.id;
		ELSE
			DELETE FROM social.recounts r WHERE r.id = job.id;
		END IF;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.recount(integer) IS 'Goes on with the people in social.recounts: up to so many of their likes, comments, follows, reposts and tags count no more, or again. Waits for nobody. Returns how many rows it changed. Part of the worker''s round.';

-- ---- the proof -------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.recount_drift() RETURNS TABLE (counter text, object_id bigint, stored bigint, actual bigint)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	source record;
	shown text := 'u.is_active AND (u.suspended_at IS NULL OR coalesce(u.suspended_until <= now(), false))';
	waiting text := 'NOT EXISTS (SELECT FROM social.recounts r WHERE r.user_id = u.id AND (r.due <= now() OR r.step > 0))';
BEGIN
	FOR source IN SELECT * FROM social.recount_sources()
	LOOP
		RETURN QUERY EXECUTE format('SELECT %L::text, u.id, count(*), 0::bigint FROM social.%I s JOIN social.users u ON u.id = s.%I
			WHERE (s.%I IS NULL) = (%s) AND %s GROUP BY u.id',
			source.source_table || '.' || source.flag, source.source_table, source.person_column, source.flag, shown, waiting);
	END LOOP;
	RETURN QUERY EXECUTE format('SELECT ''post_hashtags.is_public'', u.id, count(*), 0::bigint
		FROM social.post_hashtags l JOIN social.posts p ON p.id = l.post_id JOIN social.users u ON u.id = p.author_id
		WHERE (l.is_public IS NULL) = (p.visibility = ''public'' AND p.hidden_at IS NULL AND %s) AND %s GROUP BY u.id', shown, waiting);
END
$$;
COMMENT ON FUNCTION social.recount_drift() IS 'People with rows that count though they are not shown, or the reverse, and whom the worker is not about to go through: how many rows (stored) of which kind.';
