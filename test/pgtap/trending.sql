-- trending.sql proves what is popular, by count and lately. seed 060, 063, 132; design D12.
BEGIN;
SELECT no_plan();

DELETE FROM social.posts;
INSERT INTO social.users (username) VALUES ('tap_author');
SELECT social.act_as('tap_author');
SELECT count(social.create_post('Post', (SELECT string_agg('#taptrend' || k, ' ') FROM generate_series(1, n) k))) FROM generate_series(1, 4) n;
SELECT results_eq($$ SELECT tag, post_count FROM social.trending_hashtags() $$,
	$$ VALUES ('taptrend1', 4::bigint), ('taptrend2', 3), ('taptrend3', 2), ('taptrend4', 1) $$, 'seed 063, 132: hashtags by post count');
SELECT is((SELECT count(*) FROM social.trending_hashtags(2)), 2::bigint, 'at most as many as asked for');
-- Counts that wait to be added decide, too, for the first place and for the others.
INSERT INTO social.hashtag_counter_deltas (hashtag_id, posts_count) SELECT h.id, CASE h.tag WHEN 'taptrend4' THEN 7 ELSE -2 END FROM social.hashtags h WHERE h.tag IN ('taptrend4', 'taptrend1');
SELECT results_eq(format('SELECT tag, post_count FROM social.trending_hashtags(%s)', n), format($$ SELECT * FROM (VALUES ('taptrend4', 8::bigint), ('taptrend2', 3), ('taptrend1', 2), ('taptrend3', 2)) v LIMIT %s $$, n), 'with what is not added yet: the first ' || n)
FROM generate_series(1, 4) n;
DELETE FROM social.hashtag_counter_deltas d USING social.hashtags h WHERE h.id = d.hashtag_id AND h.tag LIKE 'taptrend%';
SELECT throws_ok('SELECT FROM social.trending_hashtags(0)', 'SM400', 'invalid page size', 'not none');
SELECT throws_ok('SELECT FROM social.trending_hashtags(1001)', 'SM400', 'invalid page size', 'nor too many');

-- ---- posts, lately -------------------------------------------------------------------------------
DELETE FROM social.posts;
INSERT INTO social.users (username) SELECT 'tapt_' || n FROM generate_series(1, 40) n;
CREATE TEMPORARY TABLE people AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.users WHERE username LIKE 'tapt\_%';
SELECT social.fold_trends() \gset ignored_
SELECT is_empty('SELECT FROM social.post_trends', 'what is gone has no score');
INSERT INTO social.posts (author_id, title, content) SELECT id, 'T' || n, 'about #tapa' || n % 2 FROM people WHERE n <= 6 ORDER BY n;
CREATE TEMPORARY TABLE made AS SELECT id, right(title, 1)::integer AS n FROM social.posts;
-- Post n gets n likes; post 1 gets 10, but a month ago; comments weigh two.
INSERT INTO social.post_likes (post_id, user_id) SELECT m.id, p.id FROM made m JOIN people p ON p.n <= m.n WHERE m.n > 1;
INSERT INTO social.post_likes (post_id, user_id, created_at) SELECT m.id, p.id, now() - interval '30 days' FROM made m JOIN people p ON p.n <= 10 WHERE m.n = 1;
INSERT INTO social.comments (post_id, author_id, content) SELECT m.id, p.id, 'c' FROM made m JOIN people p ON p.n <= 4 WHERE m.n = 2;
SELECT is_empty($$ SELECT FROM social.trending_posts() $$, 'a like computes no score by itself');
SELECT cmp_ok(social.fold_trends(), '>', 0::bigint, 'the worker''s fold does');
SELECT is_empty('SELECT FROM social.trend_events', 'and takes every event');
SELECT results_eq('SELECT m.n FROM social.trending_posts(6) WITH ORDINALITY t JOIN made m ON m.id = t.id ORDER BY t.ordinality', ARRAY[2, 6, 5, 4, 3, 1],
	'seed 060: newer and weightier acts first, whatever the like counts');
SELECT is((SELECT count(*) FROM social.trending_posts(2)), 2::bigint, 'as many as asked for');
SELECT throws_ok('SELECT FROM social.trending_posts(0)', 'SM400', 'invalid page size', 'not none');
SELECT results_eq('SELECT tag FROM social.trending_topics(2)', $$ VALUES ('tapa0'), ('tapa1') $$, 'seed 132: hashtags by what happens to their posts');

SELECT set_config('tap.scores', (SELECT json_object_agg(post_id, score)::text FROM social.post_trends), true) \gset ignored_
SELECT is(social.rebuild_trends(), 6::bigint, 'all scores are computed anew');
SELECT is_empty($$ SELECT FROM social.post_trends t JOIN json_each_text(current_setting('tap.scores')::json) s ON s.key::bigint = t.post_id
	WHERE abs(s.value::float8 - t.score) > 1e-6 $$, 'and are those that the folds made');

-- ---- undone --------------------------------------------------------------------------------------
SELECT set_config('tap.score', (SELECT score::text FROM social.post_trends JOIN made ON id = post_id WHERE n = 3), true) \gset ignored_
INSERT INTO social.post_likes (post_id, user_id) SELECT m.id, p.id FROM made m JOIN people p ON p.n > 20 WHERE m.n = 3;
SELECT social.fold_trends() \gset ignored_
SELECT is((SELECT m.n FROM social.trending_posts(1) t JOIN made m ON m.id = t.id), 3, '20 more likes lead');
DELETE FROM social.post_likes USING made WHERE post_id = made.id AND made.n = 3 AND user_id IN (SELECT id FROM people WHERE people.n > 20);
SELECT social.fold_trends() \gset ignored_
SELECT is(abs((SELECT score FROM social.post_trends JOIN made ON id = post_id WHERE n = 3) - current_setting('tap.score')::float8) < 1e-6, true, 'taken back, they leave nothing');
SELECT is(social.fold_trends(), 0::bigint, 'a fold without events does nothing');
SAVEPOINT undone;
INSERT INTO social.reposts (post_id, user_id) SELECT m.id, p.id FROM made m JOIN people p ON p.n < 10 WHERE m.n = 4;
ROLLBACK TO undone;
SELECT is_empty('SELECT FROM social.trend_events', 'what is rolled back leaves no event');

-- ---- who sees what -------------------------------------------------------------------------------
SELECT social.act_as(id) FROM people WHERE n = 30 \gset ignored_
UPDATE social.posts SET visibility = 'followers' WHERE id = (SELECT id FROM made WHERE n = 2);
SELECT is_empty('SELECT FROM social.trending_posts() t JOIN made m ON m.id = t.id WHERE m.n = 2', 'P-22: only what is public trends');
INSERT INTO social.follows SELECT v.id, a.id FROM people v, people a WHERE v.n = 30 AND a.n = 2;
SELECT is_empty('SELECT FROM social.trending_posts() t JOIN made m ON m.id = t.id WHERE m.n = 2', 'for a follower too');
INSERT INTO social.blocks SELECT a.id, v.id FROM people v, people a WHERE v.n = 30 AND a.n = 6;
INSERT INTO social.mutes (muter_id, muted_id) SELECT v.id, a.id FROM people v, people a WHERE v.n = 30 AND a.n = 5;
UPDATE social.posts SET deleted_at = now() WHERE id = (SELECT id FROM made WHERE n = 4);
SELECT results_eq('SELECT m.n FROM social.trending_posts() WITH ORDINALITY t JOIN made m ON m.id = t.id ORDER BY t.ordinality', ARRAY[3, 1], 'nor blocked, muted or deleted posts');

-- ---- decay ---------------------------------------------------------------------------------------
SELECT is(social.trend_amount(8, '2026-01-01 00:00Z', '2026-01-03 00:00Z'), 2::float8, 'half each day');
SET LOCAL social.trending_half_life = '48h';
SELECT is(social.trend_amount(8, '2026-01-01 00:00Z', '2026-01-03 00:00Z'), 4::float8, 'or as social.trending_half_life says');
RESET social.trending_half_life;
SELECT is(social.trend_amount(8, '2026-01-03 00:00Z', '2026-01-01 00:00Z'), 8::float8, 'the future weighs like now');
SELECT is(social.trend_merge(NULL, 0, now()), NULL, 'nothing has no score');
SELECT is(social.trend_merge(social.trend_merge(NULL, 3, now()), -3, now()), NULL, 'nothing is left of what is taken back');
UPDATE social.post_trends SET score = social.trend_floor() - 1 WHERE post_id = (SELECT id FROM made WHERE n = 1);
SELECT social.fold_trends() \gset ignored_
SELECT is_empty('SELECT FROM social.post_trends JOIN made ON id = post_id WHERE n = 1', 'P-24: what has decayed to nothing is not kept');
INSERT INTO social.trend_events VALUES (-1, 5, now());
SELECT lives_ok('SELECT social.tick()', 'an event of nothing is harmless');
SELECT is_empty('SELECT FROM social.trend_events', 'and a tick folds it too');
SET LOCAL social.trending = off;
INSERT INTO social.posts (author_id, title, content) SELECT id, 'off', 'c' FROM people WHERE n = 1;
SELECT is_empty('SELECT FROM social.trend_events', 'it may be turned off');

-- ---- distinct others -----------------------------------------------------------------------------
RESET social.trending;
DELETE FROM social.posts;
DELETE FROM social.blocks;
DELETE FROM social.mutes;
SELECT social.fold_trends() \gset ignored_
SELECT social.act_as(id) FROM people WHERE n = 1 \gset ignored_
SELECT social.create_post('Vain', 'mine') AS vain \gset
SELECT count(social.create_comment(:vain, 'me again')) FROM generate_series(1, 15) \gset ignored_
SELECT social.like_post(:vain), social.repost_post(:vain), social.view_post(:vain) \gset ignored_
SELECT social.act_as(id) FROM people WHERE n = 2 \gset ignored_
SELECT social.create_post('Liked', 'by 20') AS liked \gset
INSERT INTO social.post_likes (post_id, user_id) SELECT :liked, id FROM people WHERE n > 20;
SELECT social.create_post('Talked', 'of by one') AS talked \gset
SELECT social.act_as(id) FROM people WHERE n = 3 \gset ignored_
SELECT social.create_comment(:talked, 'first') AS first \gset
SELECT count(social.create_comment(:talked, 'and again')) FROM generate_series(1, 15) \gset ignored_
INSERT INTO social.comments (post_id, author_id, content) SELECT :talked, id, 'c' FROM people, generate_series(1, 3) WHERE people.n = 4;
CREATE FUNCTION pg_temp.scores(OUT post_id bigint, OUT amount numeric) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT t.post_id, round(exp(t.score - ln(2) * extract(epoch FROM now() - '2000-01-01 00:00Z'::timestamptz) / 86400)::numeric, 6) FROM social.post_trends t ORDER BY 1 $$;
SELECT social.fold_trends() \gset ignored_
SELECT results_eq('SELECT id FROM social.trending_posts()', 'VALUES (' || :liked || '::bigint), (' || :talked || '), (' || :vain || ')', 'found B15: 20 likes of 20 people trend above 15 comments of the author');
SELECT results_eq('SELECT * FROM pg_temp.scores()', 'VALUES (' || :vain || '::bigint, 1::numeric), (' || :liked || ', 21), (' || :talked || ', 5)',
	'found B15: what one does to one''s own post is worth nothing, and somebody''s next comments no more than the first');
SELECT social.delete_comment(:first) \gset ignored_
SELECT social.fold_trends() \gset ignored_
SELECT is((SELECT amount FROM pg_temp.scores() WHERE post_id = :talked), 5::numeric, 'found B15: one of several comments goes, and nothing changes');
SELECT count(social.delete_comment(id)) FROM (SELECT c.id FROM social.comments c JOIN people p ON p.id = c.author_id WHERE c.post_id = :talked AND p.n = 3) c \gset ignored_
SELECT social.fold_trends() \gset ignored_
SELECT is((SELECT amount FROM pg_temp.scores() WHERE post_id = :talked), 3::numeric, 'found B15: with the last one goes what the first was worth');
DELETE FROM social.comments WHERE post_id = :talked;
SELECT social.fold_trends() \gset ignored_
SELECT is((SELECT amount FROM pg_temp.scores() WHERE post_id = :talked), 1::numeric, 'found B15: many at once, too');
SELECT social.view_post(:talked) \gset ignored_
INSERT INTO social.post_views (post_id, viewer_key, window_start, user_id) SELECT :talked, 'user ' || social.viewer_id(), now() - n * interval '1 day', social.viewer_id() FROM generate_series(1, 5) n;
SELECT count(social.view_post(:talked, 'visitor ' || n)) FROM generate_series(1, 2) n \gset ignored_
SELECT social.fold_trends() \gset ignored_
SELECT is((SELECT amount FROM pg_temp.scores() WHERE post_id = :talked), 1.1::numeric, 'found B15: a viewer counts once, in whatever window');
SELECT social.act_as(NULL::bigint) \gset ignored_
SELECT social.view_post(:talked, 'visitor') \gset ignored_
INSERT INTO social.comments (post_id, author_id, content) SELECT :talked, id, 'c' FROM people, generate_series(1, 3) WHERE people.n IN (2, 5);
SELECT social.fold_trends() \gset ignored_
CREATE TEMPORARY TABLE folded AS SELECT * FROM pg_temp.scores();
SELECT is(social.rebuild_trends(), 3::bigint, 'scores computed anew');
SELECT results_eq('SELECT * FROM pg_temp.scores()', 'SELECT * FROM folded', 'found B15: are the same');

SELECT * FROM finish();
ROLLBACK;
