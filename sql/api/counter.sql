-- counter.sql owns the fold, and the proof that counts equal the truth. What counts where stands in the
-- registry (extension/counter/observed.c); the triggers are in observed.sql.

CREATE OR REPLACE FUNCTION social.fold_counters(batch integer DEFAULT 10000) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_fold_counters';
COMMENT ON FUNCTION social.fold_counters(integer) IS 'Adds waiting deltas (of each table up to so many) to their counters without waiting for any lock; returns how many deltas it took. The background worker does this by itself.';

CREATE OR REPLACE FUNCTION social.counted_columns(OUT counter_table text, OUT counter_column text, OUT counter_key text,
		OUT delta_table text, OUT object_table text, OUT source_table text, OUT source_key text, OUT when_set text)
	RETURNS SETOF record
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_counted_columns';
COMMENT ON FUNCTION social.counted_columns() IS 'What counts where: each row of source_table whose when_set (if any) is not null counts in counter_column of the object that source_key names.';

-- The rows of one counter table that differ from the truth.
CREATE OR REPLACE FUNCTION social.reconcile_column(counted record)
	RETURNS TABLE (counter text, object_id bigint, stored bigint, actual bigint)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT %L::text, coalesce(a.id, s.id), s.n, a.n
		 FROM (SELECT o.id, coalesce(t.n, 0) AS n FROM social.%I o
		       LEFT JOIN (SELECT %I AS id, count(*) AS n FROM social.%I WHERE %I IS NOT NULL GROUP BY 1) t ON t.id = o.id) a
		 FULL JOIN (SELECT c.%I AS id, c.%I + coalesce(d.n, 0) AS n FROM social.%I c
		       LEFT JOIN (SELECT %I AS id, sum(%I) AS n FROM social.%I GROUP BY 1) d ON d.id = c.%I) s ON s.id = a.id
		 WHERE s.n IS DISTINCT FROM a.n',
		counted.counter_table || '.' || counted.counter_column, counted.object_table,
		counted.source_key, counted.source_table, coalesce(counted.when_set, counted.source_key),
		counted.counter_key, counted.counter_column, counted.counter_table,
		counted.counter_key, counted.counter_column, counted.delta_table, counted.counter_key);
END
$$;
COMMENT ON FUNCTION social.reconcile_column(record) IS 'The counts of one row of counted_columns that differ from the truth.';

CREATE OR REPLACE FUNCTION social.reconcile(repair boolean DEFAULT false)
	RETURNS TABLE (counter text, object_id bigint, stored bigint, actual bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	counted record;
	found record;
BEGIN
	IF repair THEN
		-- One statement takes the locks in the order of the names.
		EXECUTE (SELECT 'LOCK TABLE ' || string_agg(format('social.%I', t.name), ', ' ORDER BY t.name) || ' IN SHARE ROW EXCLUSIVE MODE'
			FROM (SELECT unnest(ARRAY[c.counter_table, c.delta_table, c.object_table, c.source_table]) AS name
				FROM social.counted_columns() c GROUP BY 1) t);
	END IF;
	-- Which rows count comes before how many there are.
	RETURN QUERY SELECT d.counter, d.object_id, d.stored, d.actual FROM social.recount_drift() d;
	IF repair THEN
		INSERT INTO social.recounts (user_id) SELECT DISTINCT d.object_id FROM social.recount_drift() d ORDER BY 1;
		WHILE social.recount(100000) > 0 LOOP
		END LOOP;
	END IF;
	FOR counted IN SELECT * FROM social.counted_columns()
	LOOP
		FOR found IN SELECT * FROM social.reconcile_column(counted)
		LOOP
			counter := found.counter;
			object_id := found.object_id;
			stored := found.stored;
			actual := found.actual;
			RETURN NEXT;
			CONTINUE WHEN NOT repair;
			IF actual IS NULL THEN
				EXECUTE format('DELETE FROM social.%I WHERE %I = $1', counted.counter_table, counted.counter_key) USING object_id;
			ELSE
				-- The difference goes to the counter; waiting deltas keep their part, also where there is none yet.
				EXECUTE format('INSERT INTO social.%1$I AS c (%2$I, %3$I) VALUES ($1, $2 - (SELECT coalesce(sum(d.%3$I), 0) FROM social.%4$I d WHERE d.%2$I = $1))
					ON CONFLICT (%2$I) DO UPDATE SET %3$I = c.%3$I + $2 - $3', counted.counter_table, counted.counter_key, counted.counter_column, counted.delta_table)
					USING object_id, actual, coalesce(stored, 0);
			END IF;
		END LOOP;
		IF repair THEN
			EXECUTE format('DELETE FROM social.%I d WHERE NOT EXISTS (SELECT FROM social.%I o WHERE o.id = d.%I)',
				counted.delta_table, counted.object_table, counted.counter_key);
		END IF;
	END LOOP;
	RETURN QUERY SELECT d.counter, d.object_id, d.stored, d.actual FROM social.last_position_drift() d;
	RETURN QUERY SELECT d.counter, d.object_id, d.stored, d.actual FROM social.post_subject_drift() d;
	RETURN QUERY SELECT 'users.has_filters', f.id, 0::bigint, 1::bigint FROM social.unnoted_filters() AS f (id);
	IF repair THEN
		UPDATE social.users u SET has_filters = true WHERE u.id IN (SELECT social.unnoted_filters());
		UPDATE social.post_subjects s SET position = p.position FROM social.posts p WHERE p.id = s.post_id AND s.position IS DISTINCT FROM p.position;
		PERFORM social.rebuild_last_positions();
	END IF;
END
$$;
COMMENT ON FUNCTION social.reconcile(boolean) IS 'Compares every count with the rows it counts and returns those that differ (counter names table.column; stored is null where the counter row is missing, actual is null where the object is gone), people with rows that count though the account is not shown or the reverse (counter is the flag), last positions that are too low, posts that stand elsewhere on the pages of what they are about, and people whose blocks and mutes are not noted. With repair it also sets them right, and keeps writers waiting meanwhile.';
