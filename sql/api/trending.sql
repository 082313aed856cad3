-- trending.sql owns what is popular: by count, and lately by decayed scores that the worker folds.
-- What weighs how much stands in the registry (extension/counter/observed.c).

CREATE OR REPLACE FUNCTION social.trend_sources(OUT source_table text, OUT post_column text, OUT when_set text, OUT weight double precision,
		OUT actor_column text, OUT once_column text)
	RETURNS SETOF record
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_trend_sources';
COMMENT ON FUNCTION social.trend_sources() IS 'What a row of each table is worth to its post in trending lists, at its created_at: nothing where actor_column names the post''s author, and all rows with the same once_column no more than the first.';

CREATE OR REPLACE FUNCTION social.trend_amount(weight double precision, at timestamptz, as_of timestamptz) RETURNS double precision
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_trend_amount';
COMMENT ON FUNCTION social.trend_amount(double precision, timestamptz, timestamptz) IS 'What an act of this weight is worth later: half after each social.trending_half_life.';

CREATE OR REPLACE FUNCTION social.trend_merge(score double precision, amount double precision, at timestamptz) RETURNS double precision
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_trend_merge';
COMMENT ON FUNCTION social.trend_merge(double precision, double precision, timestamptz) IS 'A stored score (or null) and an amount at a time, as a score; null when nothing is left.';

CREATE OR REPLACE FUNCTION social.trend_floor() RETURNS double precision
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_trend_floor';
COMMENT ON FUNCTION social.trend_floor() IS 'The score below which nothing is worth keeping now.';

-- ---- folding ---------------------------------------------------------------------------------------

-- One folder at a time. It waits for nobody: posts and tags that are being deleted are left out,
-- with what their events were worth.
CREATE OR REPLACE FUNCTION social.fold_trends(batch integer DEFAULT 10000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	folded bigint;
	posts bigint[];
	amounts double precision[];
	latest timestamptz;
	pruned bigint;
	total bigint;
BEGIN
	IF NOT social.hold_task('fold_trends', false) THEN
		RETURN 0;
	END IF;
	WITH taken AS (
		DELETE FROM social.trend_events e
		WHERE e.ctid = ANY (ARRAY(SELECT w.ctid FROM social.trend_events w LIMIT batch))
		RETURNING e.post_id, e.amount, e.at
	), newest AS (
		SELECT max(t.at) AS at FROM taken t
	), summed AS (
		SELECT t.post_id, count(*) AS n, sum(social.trend_amount(t.amount, t.at, n.at)) AS amount, max(n.at) AS at
		FROM taken t CROSS JOIN newest n GROUP BY t.post_id
	)
	SELECT sum(s.n), array_agg(s.post_id ORDER BY s.post_id), array_agg(s.amount ORDER BY s.post_id), max(s.at)
	INTO folded, posts, amounts, latest FROM summed s;
	IF folded IS NOT NULL THEN
		PERFORM social.fold_post_trends(posts, amounts, latest);
		PERFORM social.fold_hashtag_trends(posts, amounts, latest);
	END IF;

	-- What has decayed to nothing goes, a few at a time.
	DELETE FROM social.post_trends t WHERE t.post_id = ANY (ARRAY(
		SELECT o.post_id FROM social.post_trends o WHERE o.score < social.trend_floor()
		ORDER BY o.score LIMIT 1000 FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS pruned = ROW_COUNT;
	total := coalesce(folded, 0) + pruned;
	DELETE FROM social.hashtag_trends t WHERE t.hashtag_id = ANY (ARRAY(
		SELECT o.hashtag_id FROM social.hashtag_trends o WHERE o.score < social.trend_floor()
		ORDER BY o.score LIMIT 1000 FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS pruned = ROW_COUNT;
	RETURN total + pruned;
END
$$;
COMMENT ON FUNCTION social.fold_trends(integer) IS 'Adds up to this many waiting trend events to the scores of their posts and hashtags, without waiting for any lock; returns how many things it did. The background worker does this by itself.';

CREATE OR REPLACE FUNCTION social.fold_post_trends(posts bigint[], amounts double precision[], at timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	WITH held AS MATERIALIZED (
		SELECT t.post_id, social.trend_merge(t.score, d.amount, $3) AS score
		FROM unnest(posts, amounts) AS d (post_id, amount) JOIN social.post_trends t USING (post_id)
		FOR NO KEY UPDATE OF t SKIP LOCKED
	), worthless AS (
		DELETE FROM social.post_trends t USING held h WHERE t.post_id = h.post_id AND h.score IS NULL
	)
	UPDATE social.post_trends t SET score = h.score FROM held h WHERE t.post_id = h.post_id AND h.score IS NOT NULL;

	INSERT INTO social.post_trends (post_id, score)
	SELECT p.id, social.trend_merge(NULL, d.amount, $3)
	FROM unnest(posts, amounts) AS d (post_id, amount) JOIN social.posts p ON p.id = d.post_id
	WHERE d.amount > 1e-9 AND NOT EXISTS (SELECT FROM social.post_trends t WHERE t.post_id = d.post_id)
	FOR KEY SHARE OF p SKIP LOCKED
	ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION social.fold_post_trends(bigint[], double precision[], timestamptz) IS 'Part of fold_trends: adds what posts earned at a time to their scores.';

CREATE OR REPLACE FUNCTION social.fold_hashtag_trends(posts bigint[], amounts double precision[], at timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tags bigint[];
	earned double precision[];
BEGIN
	SELECT array_agg(s.hashtag_id ORDER BY s.hashtag_id), array_agg(s.amount ORDER BY s.hashtag_id) INTO tags, earned
	FROM (SELECT l.hashtag_id, sum(d.amount) AS amount
		FROM unnest(posts, amounts) AS d (post_id, amount)
		JOIN social.post_hashtags l ON l.post_id = d.post_id AND l.is_public
		GROUP BY 1) s;

	WITH held AS MATERIALIZED (
		SELECT t.hashtag_id, social.trend_merge(t.score, d.amount, $3) AS score
		FROM unnest(tags, earned) AS d (hashtag_id, amount) JOIN social.hashtag_trends t USING (hashtag_id)
		FOR NO KEY UPDATE OF t SKIP LOCKED
	), worthless AS (
		DELETE FROM social.hashtag_trends t USING held h WHERE t.hashtag_id = h.hashtag_id AND h.score IS NULL
	)
	UPDATE social.hashtag_trends t SET score = h.score FROM held h WHERE t.hashtag_id = h.hashtag_id AND h.score IS NOT NULL;

	INSERT INTO social.hashtag_trends (hashtag_id, score)
	SELECT h.id, social.trend_merge(NULL, d.amount, $3)
	FROM unnest(tags, earned) AS d (hashtag_id, amount) JOIN social.hashtags h ON h.id = d.hashtag_id
	WHERE d.amount > 1e-9 AND NOT EXISTS (SELECT FROM social.hashtag_trends t WHERE t.hashtag_id = d.hashtag_id)
	FOR KEY SHARE OF h SKIP LOCKED
	ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION social.fold_hashtag_trends(bigint[], double precision[], timestamptz) IS 'Part of fold_trends: what a public post earned, its hashtags earn too.';

CREATE OR REPLACE FUNCTION social.rebuild_trends() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	acts text := (SELECT string_agg(format('SELECT s.%1$I AS post_id, social.trend_amount(%2$L, %3$s, now()) AS amount
			FROM social.%4$I s JOIN social.posts p ON p.id = s.%1$I WHERE %5$s%6$s',
			s.post_column, s.weight, CASE WHEN s.once_column IS NULL THEN 's.created_at' ELSE 'min(s.created_at)' END, s.source_table,
			concat_ws(' AND ', coalesce('s.' || quote_ident(s.when_set), 'p.id') || ' IS NOT NULL', 's.' || quote_ident(s.actor_column) || ' IS DISTINCT FROM p.author_id'),
			' GROUP BY s.' || quote_ident(s.post_column) || ', s.' || quote_ident(s.once_column)), ' UNION ALL ')
		FROM social.trend_sources() s);
	posts bigint[];
	amounts double precision[];
BEGIN
	PERFORM social.hold_task('fold_trends');
	-- One statement, one snapshot: an act is either among these rows or still waits as an event.
	EXECUTE format('WITH gone AS (DELETE FROM social.trend_events)
		SELECT array_agg(s.post_id), array_agg(s.amount)
		FROM (SELECT a.post_id, sum(a.amount) AS amount FROM (%s) a GROUP BY 1) s WHERE s.amount > 1e-9', acts)
		INTO posts, amounts;
	DELETE FROM social.post_trends;
	DELETE FROM social.hashtag_trends;
	PERFORM social.fold_post_trends(posts, amounts, now());
	PERFORM social.fold_hashtag_trends(posts, amounts, now());
	RETURN coalesce(cardinality(posts), 0);
END
$$;
COMMENT ON FUNCTION social.rebuild_trends() IS 'Computes every trending score anew from likes, comments, reposts, views and posts; needed after a change of social.trending_half_life. Returns how many posts have one.';

-- ---- lists -----------------------------------------------------------------------------------------

-- Counted are those that could be on the page: the largest stored counts from the place on, so many more
-- of them as there are tags with deltas, and these.
CREATE OR REPLACE FUNCTION social.trending_hashtags(first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, tag text, post_count bigint, created_at timestamptz, display text, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	page_size integer := social.page_size(first);
	last_count bigint := 9223372036854775807;
	last_id bigint := 0;
	waiting bigint[] := ARRAY(SELECT DISTINCT d.hashtag_id FROM social.hashtag_counter_deltas d);
	candidates bigint[];
BEGIN
	IF after IS NOT NULL THEN
		SELECT c.key, c.id INTO last_count, last_id FROM social.cursor_decode('trending_hashtags', after) c;
	END IF;
	candidates := waiting || ARRAY(SELECT c.hashtag_id FROM social.hashtag_counters c
		WHERE c.posts_count < last_count OR (c.posts_count = last_count AND c.hashtag_id > last_id)
		ORDER BY c.posts_count DESC, c.hashtag_id LIMIT page_size + 1 + cardinality(waiting));
	RETURN QUERY
	SELECT h.*, social.cursor_encode('trending_hashtags', h.post_count, h.id), count(*) OVER () > page_size
	FROM social.visible_hashtags h
	WHERE h.id = ANY (candidates) AND h.post_count > 0 AND (h.post_count < last_count OR (h.post_count = last_count AND h.id > last_id))
	ORDER BY h.post_count DESC, h.id LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.trending_hashtags(integer, text) IS 'Hashtags by the number of public posts that carry them. Pages go one way. SM400 for a bad page size or cursor.';

SELECT social.make_list('trending_topics', '',
	'social.visible_hashtags',
	'h.*',
	'social.hashtag_trends t JOIN social.visible_hashtags h ON h.id = t.hashtag_id WHERE h.post_count > 0', '{t.score, t.hashtag_id}',
	'Hashtags by what lately happened to public posts that carry them: newer likes, comments, reposts, views and posts weigh more (social.trending_half_life). SM400 for a bad page size or cursor.',
	is_definer => true, by => 'score');

SELECT social.make_list('trending_posts', '',
	'social.listed_posts',
	'p.*',
	'social.post_trends t JOIN social.listed_posts p ON p.id = t.post_id WHERE p.visibility = ''public'' AND p.hidden_at IS NULL', '{t.score, t.post_id}',
	'Public posts by what lately happened to them: newer likes, comments, reposts and views weigh more (social.trending_half_life). SM400 for a bad page size or cursor.',
	is_definer => true, by => 'score');
