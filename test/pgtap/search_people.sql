-- search_people.sql proves finding people and hashtags by what somebody types (seed 058): beginnings,
-- typing errors, the order, pages, and whom nobody finds.
BEGIN;
SELECT no_plan();
INSERT INTO social.users (username, first_name, last_name) VALUES
	('tapjohn', '', ''), ('tapjohnny', 'Johnny', 'Tapcash'), ('tap_johnson', 'Mark', 'Tapjohnson'), ('quincy', 'Tapjohn', 'Smith'),
	('tapjohannes', 'Johannes', 'Tapmüller'), ('xtapjohn', '', ''), ('tapmaria', 'María', 'López'), ('tapviewer', '', '');
SELECT social.act_as('tapviewer') AS viewer \gset
CREATE FUNCTION pg_temp.found(query text) RETURNS text[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(u.username ORDER BY n), '{}') FROM social.search_users(query, 100) WITH ORDINALITY AS u
		(id, username, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, n)
$$;

SELECT is(pg_temp.found('tapjohn'), ARRAY['tapjohn', 'quincy', 'tapjohnny', 'tap_johnson', 'xtapjohn', 'tapjohannes'], 'seed 058: the very name, a name of that name, beginnings of names, what is nearly so');
SELECT is((pg_temp.found(q))[1], name, '"' || q || '" finds ' || name || ' first')
FROM (VALUES ('@TapJohnny', 'tapjohnny'), ('  tapjohnny  ', 'tapjohnny'), ('＠ｔａｐｊｏｈｎｎｙ', 'tapjohnny'), ('tapviewer', 'tapviewer'), ('johnny tapcash', 'tapjohnny'), ('johnny tapc', 'tapjohnny'),
	('TAPMÜLLER', 'tapjohannes'), ('quin', 'quincy'), ('maría', 'tapmaria'), ('lópez', 'tapmaria')) v (q, name);
SELECT ok(name = ANY (pg_temp.found(q)), 'a typing error: "' || q || '" finds ' || name)
FROM (VALUES ('tapmaira', 'tapmaria'), ('tapmraia', 'tapmaria'), ('tapmara', 'tapmaria'), ('tapmarria', 'tapmaria'), ('qiuncy', 'quincy'), ('quinci', 'quincy'), ('qunc', 'quincy'), ('lopez', 'tapmaria'), ('tapcahs', 'tapjohnny')) v (q, name);
SELECT is(pg_temp.found(q), '{}'::text[], '"' || q || '" finds nobody')
FROM unnest(ARRAY['hnny', 'qxyncz', 'qqqqqq', '%', '_', '100%', '\', repeat('tapjohn', 20), 'q%']) q;
SELECT is((SELECT count(*)::integer FROM social.search_users('t', 100)) >= 5, true, 'one letter is a beginning');
SELECT is(pg_temp.found('qu'), ARRAY['quincy'], 'two are');
SELECT throws_ok($$ SELECT FROM social.search_users('') $$, 'SM400', 'search query is required', 'nothing');
SELECT throws_ok($$ SELECT FROM social.search_users('@') $$, 'SM400', 'search query is required', 'a sign alone');
SELECT throws_ok($$ SELECT FROM social.search_users(NULL) $$, 'SM400', 'search query is required', 'null');
SELECT throws_ok($$ SELECT FROM social.search_users(repeat('x', 501)) $$, 'SM400', 'search query is too long', 'an over-long one');
SELECT throws_ok($$ SELECT FROM social.search_users('x', -1) $$, 'SM400', 'invalid page size', 'a page of less than nothing');
SELECT throws_ok($$ SELECT FROM social.search_users('x', 10, social.cursor_encode('search_hashtags', 1, 1)) $$, 'SM400', NULL, 'another list''s cursor');

-- Equal fits: more followers first.
INSERT INTO social.users (username) SELECT 'taptwin' || n FROM generate_series(1, 9) n;
INSERT INTO social.follows (follower_id, followed_id)
SELECT f.id, t.id FROM social.users f, social.users t WHERE f.username LIKE 'taptwin_' AND t.username = 'taptwin5' AND f.id <> t.id;
SELECT is(pg_temp.found('taptwin'), ARRAY['taptwin5', 'taptwin1', 'taptwin2', 'taptwin3', 'taptwin4', 'taptwin6', 'taptwin7', 'taptwin8', 'taptwin9'], 'of equals those with more followers, then the older');
CREATE FUNCTION pg_temp.user_pages(query text, size integer) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	found text[] := '{}';
	last record;
	after text;
	rows integer;
BEGIN
	LOOP
		rows := 0;
		FOR last IN SELECT u.username, u.cursor FROM social.search_users(query, size, after) u LOOP
			found := found || last.username;
			rows := rows + 1;
		END LOOP;
		EXIT WHEN rows = 0;
		after := last.cursor;
	END LOOP;
	RETURN found;
END
$$;
SELECT is(pg_temp.user_pages(q, n), pg_temp.found(q), format('P-04: pages of %s of "%s" join', n, q)) FROM (VALUES ('taptwin', 2), ('tapjohn', 1), ('tap', 3)) v (q, n);

-- Who is not there for the viewer.
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT u.id, :viewer FROM social.users u WHERE u.username = 'taptwin5';
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT :viewer, u.id FROM social.users u WHERE u.username = 'taptwin1';
UPDATE social.users SET suspended_at = now() WHERE username = 'taptwin2';
UPDATE social.users SET is_active = false WHERE username = 'taptwin3';
INSERT INTO social.mutes (muter_id, muted_id) SELECT :viewer, u.id FROM social.users u WHERE u.username = 'taptwin4';
SELECT is(pg_temp.found('taptwin'), ARRAY['taptwin4', 'taptwin6', 'taptwin7', 'taptwin8', 'taptwin9'], 'P-22: no blocks either way, nobody suspended or inactive; a mute is about posts');

-- ---- hashtags --------------------------------------------------------------------------------------

SELECT social.create_post('Tags', '#TapRunning #taprunner #tap_run #Größetap #東京タワー') IS NOT NULL AS tagged \gset
SELECT count(social.create_post('More ' || n, '#taprunner')) FROM generate_series(1, 3) n;
SELECT social.create_post('Mine', '#tapsecret', visibility => 'private') IS NOT NULL AS secret \gset
CREATE FUNCTION pg_temp.tags(query text) RETURNS text[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(h.tag ORDER BY n), '{}') FROM social.search_hashtags(query, 100) WITH ORDINALITY AS h (id, tag, post_count, created_at, display, cursor, n)
$$;
SELECT is(pg_temp.tags(q), tags, 'seed 058: "' || q || '"')
FROM (VALUES ('taprun', ARRAY['taprunner', 'taprunning', 'tap_run']), ('#TAPRUNNER', ARRAY['taprunner', 'taprunning']), ('taprunnign', ARRAY['taprunning']),
	('größet', ARRAY['grössetap']), ('GRÖSSETAP', ARRAY['grössetap']), ('東京', ARRAY['東京タワー']), ('東', ARRAY['東京タワー']), ('＃東京タワ', ARRAY['東京タワー']),
	('zzz', '{}'), ('%', '{}')) v (q, tags);
SELECT is((SELECT display FROM social.search_hashtags('taprunning', 1)), 'TapRunning', 'as it was first spelled');
SELECT is(pg_temp.tags('tapsecret'), ARRAY['tapsecret'], 'a tag of the viewer''s own private post');
SELECT social.act_as('quincy') AS quincy \gset
SELECT is(pg_temp.tags('tapsecret'), '{}'::text[], 'P-22: which exists for nobody else');
SELECT throws_ok($$ SELECT FROM social.search_hashtags('#') $$, 'SM400', 'search query is required', 'a sign alone');
SELECT throws_ok($$ SELECT FROM social.search_hashtags('x', 1000000000) $$, 'SM400', 'invalid page size', 'a page of everything');
SELECT throws_ok($$ SELECT FROM social.search_hashtags('x', 1, 'zzz') $$, 'SM400', NULL, 'a mangled cursor');
SELECT is((SELECT array_agg(tag) FROM social.search_hashtags('taprun', 1, (SELECT cursor FROM social.search_hashtags('taprun', 1)))), ARRAY['taprunning'], 'the next page');

-- ---- by which index ---------------------------------------------------------------------------------

SET LOCAL session_replication_role = replica;
INSERT INTO social.users (username) SELECT 'filler' || md5(n::text) FROM generate_series(1, 20000) n;
INSERT INTO social.hashtags (tag, display) SELECT 'filler' || md5(n::text), '' FROM generate_series(1, 20000) n;
SET LOCAL session_replication_role = origin;
ANALYZE social.users, social.hashtags;
CREATE FUNCTION pg_temp.scans(index regclass) RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT pg_stat_get_xact_numscans(index) $$;
CREATE FUNCTION pg_temp.used(query text, indexes regclass[], tables regclass[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	before bigint[] := ARRAY(SELECT pg_temp.scans(i) FROM unnest(indexes || tables) i);
BEGIN
	EXECUTE query;
	RETURN ARRAY(SELECT i::text FROM unnest(indexes || tables, before) u (i, b) WHERE pg_temp.scans(i) > b ORDER BY 1);
END
$$;
SELECT is(pg_temp.used($$ SELECT FROM social.search_users('tapjohn') $$, '{social.users_trigram_idx,social.users_username_prefix_idx}', '{social.users}'),
	ARRAY['social.users_trigram_idx', 'social.users_username_prefix_idx'], 'people are found through their indexes, and by no scan of the table');
SELECT is(pg_temp.used($$ SELECT FROM social.search_hashtags('taprun') $$, '{social.hashtags_trigram_idx,social.hashtags_tag_key}', '{social.hashtags}'),
	ARRAY['social.hashtags_tag_key', 'social.hashtags_trigram_idx'], 'and so are hashtags');
SELECT is(pg_temp.found('tapjohn'), ARRAY['tapjohn', 'quincy', 'tapjohnny', 'tap_johnson', 'xtapjohn', 'tapjohannes'], 'the same people among many');

SELECT * FROM finish();
ROLLBACK;
