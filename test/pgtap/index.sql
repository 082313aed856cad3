-- index.sql proves that indexes stay true on tables whose rows C code writes without the planner, also
-- one that the operator adds and that summarizes (BRIN): from PostgreSQL 16 on an update of what it
-- summarizes is heap-only, and no other index may have an entry of such a row.
BEGIN;
SELECT no_plan();
CREATE EXTENSION IF NOT EXISTS pageinspect;
CREATE EXTENSION IF NOT EXISTS amcheck;

-- How many entries of an index of a table point to a heap-only row.
CREATE FUNCTION pg_temp.wrong_entries(of_table regclass, of_index regclass) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM (
		SELECT (i.htid::text::point)[0]::integer AS page, array_agg((i.htid::text::point)[1]::integer) AS places
		FROM generate_series(1, pg_relation_size(of_index) / current_setting('block_size')::integer - 1) n, bt_page_items(of_index::text, n) i
		WHERE i.htid IS NOT NULL AND NOT i.dead AND (SELECT btpo_level FROM bt_page_stats(of_index::text, n)) = 0 GROUP BY 1) e,
		heap_page_items(get_raw_page(of_table::text, e.page)) h
	WHERE h.lp = ANY (e.places) AND h.t_infomask2 & 32768 <> 0
$$;

INSERT INTO social.users (username) SELECT 'tap_' || n FROM generate_series(1, 40) n;
CREATE TEMPORARY TABLE people AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.users WHERE username LIKE 'tap\_%';
SELECT id AS author FROM people WHERE n = 1 \gset
CREATE INDEX tap_posts ON social.post_counters USING brin (likes_count, comments_count);
CREATE INDEX tap_users ON social.user_counters USING brin (followers_count);
CREATE INDEX tap_notifications ON social.notifications USING brin (withdrawn_at);
SELECT social.act_as(:author);
SELECT social.create_post('Indexed', 'summarized by blocks') AS post \gset
SELECT is(brin_summarize_new_values(i) >= 0, true, i || ' knows the pages there are') FROM unnest('{tap_posts,tap_users,tap_notifications}'::text[]) n, LATERAL (SELECT ('social.' || n)::regclass AS i) r;

-- Each statement updates a count, and tells of it or takes that back.
CREATE FUNCTION pg_temp.live() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	person bigint;
	post bigint := (SELECT id FROM social.posts WHERE title = 'Indexed');
BEGIN
	FOR person IN SELECT id FROM people WHERE n > 1
	LOOP
		PERFORM social.act_as(person);
		PERFORM social.like_post(post);
		PERFORM social.follow_user((SELECT id FROM people WHERE n = 1));
		PERFORM social.unlike_post(post);
		PERFORM social.like_post(post);
	END LOOP;
END
$$;
SELECT pg_temp.live();
SELECT is(count(*) > 0, current_setting('server_version_num')::integer >= 160000, 'from 16 on updates of what BRIN summarizes are heap-only')
-- on any page: the last one may be new, when the one before was full
FROM generate_series(0, pg_relation_size('social.post_counters') / current_setting('block_size')::integer - 1) n, heap_page_items(get_raw_page('social.post_counters', n::integer))
WHERE t_infomask2 & 32768 <> 0 AND t_xmin::text::bigint >= pg_current_xact_id()::text::bigint % 4294967296; -- what stood there before is others'
SELECT is(pg_temp.wrong_entries(indrelid, indexrelid), 0::bigint, 'no entry of ' || indexrelid::regclass || ' points to a heap-only row')
FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = c.relam
WHERE a.amname = 'btree' AND indrelid IN ('social.post_counters'::regclass, 'social.user_counters'::regclass, 'social.notifications'::regclass);
SELECT lives_ok(format('SELECT bt_index_check(%L, true)', i), i || ' is sound') FROM unnest('{post_counters_pkey,user_counters_pkey}'::text[]) n, LATERAL (SELECT ('social.' || n)::regclass AS i) r;

-- What is summarized is found.
SET LOCAL enable_seqscan = off;
SET LOCAL enable_indexscan = off;
SELECT ok((SELECT array_agg(post_id) FROM social.post_counters WHERE likes_count = 39) @> ARRAY[:post::bigint], 'a count is found by the index that summarizes it');
SELECT ok((SELECT array_agg(user_id) FROM social.user_counters WHERE followers_count = 39) @> ARRAY[:author::bigint], 'another one, too');
SELECT * FROM finish();
ROLLBACK;
