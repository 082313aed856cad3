-- counter.sql proves that counts equal the truth: one by one, in bulk, after cascades and errors.
BEGIN;
SELECT no_plan();

-- Drift of what this file makes.
CREATE FUNCTION pg_temp.drift() RETURNS SETOF text LANGUAGE sql AS $$ SELECT r::text FROM social.reconcile() r $$;
SELECT count(*) FROM social.reconcile(true);
SELECT is_empty('SELECT pg_temp.drift()', 'a repaired database has no drift');

INSERT INTO social.users (username) SELECT 'tap_' || n FROM generate_series(1, 50) n;
CREATE TEMPORARY TABLE people AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.users WHERE username LIKE 'tap\_%';
SELECT is((SELECT count(*) FROM social.user_counters JOIN people ON id = user_id), 50::bigint, 'counter rows come with their objects');

INSERT INTO social.posts (author_id, title, content) SELECT p.id, 'Post ' || i, '#tapcount #tapmod' || i % 7 || ' @tap_' || i % 50 FROM generate_series(1, 200) i JOIN people p ON p.n = 1 + i % 50;
CREATE TEMPORARY TABLE made AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.posts WHERE hashtags @> '{tapcount}';
INSERT INTO social.post_likes SELECT m.id, p.id FROM made m CROSS JOIN people p WHERE (m.n + p.n) % 3 = 0;
INSERT INTO social.comments (post_id, author_id, content) SELECT m.id, p.id, 'comment' FROM made m JOIN people p ON p.n = 1 + m.n % 50;
INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT post_id, author_id, id, 'reply' FROM social.comments WHERE post_id IN (SELECT id FROM made);
INSERT INTO social.comment_likes SELECT c.id, c.author_id FROM social.comments c WHERE post_id IN (SELECT id FROM made);
INSERT INTO social.follows SELECT a.id, b.id FROM people a CROSS JOIN people b WHERE a.id <> b.id;
SELECT is_empty('SELECT pg_temp.drift()', 'bulk inserts count exactly');
SELECT is((SELECT post_count FROM social.visible_hashtags WHERE tag = 'tapcount'), 200::bigint, 'seed 132: as do hashtags');
SELECT is((SELECT min(followers_count) FROM social.visible_users JOIN people USING (id)), 49::bigint, 'and followers');

UPDATE social.posts SET author_id = (SELECT id FROM people WHERE n = 1) WHERE id IN (SELECT id FROM made WHERE n % 10 = 0);
UPDATE social.posts SET is_published = NOT is_published WHERE id IN (SELECT id FROM made WHERE n % 9 = 0);
UPDATE social.posts SET content = '#taprenamed' WHERE id IN (SELECT id FROM made WHERE n % 8 = 0);
SELECT is_empty('SELECT pg_temp.drift()', 'updates move counts');
DELETE FROM social.post_likes WHERE post_id IN (SELECT id FROM made WHERE n % 4 = 0);
DELETE FROM social.comments WHERE parent_id IS NULL AND post_id IN (SELECT id FROM made WHERE n % 5 = 0);
DELETE FROM social.posts WHERE id IN (SELECT id FROM made WHERE n % 6 = 0);
SELECT is_empty('SELECT pg_temp.drift()', 'deletes and their cascades take counts back (P-02)');
DELETE FROM social.users WHERE id IN (SELECT id FROM people WHERE n % 2 = 0);
SELECT is_empty('SELECT pg_temp.drift()', 'so does deleting people with all they wrote');
SELECT is_empty('SELECT FROM social.user_counters JOIN people ON id = user_id WHERE n % 2 = 0', 'whose counters go too');

-- What an error undoes is not counted, in a savepoint, an exception block or a failed statement.
SELECT id AS post FROM made WHERE EXISTS (SELECT FROM social.posts p WHERE p.id = made.id AND p.is_published) LIMIT 1 \gset
DELETE FROM social.post_likes WHERE post_id = :post;
SAVEPOINT undone;
INSERT INTO social.post_likes SELECT :post, id FROM people WHERE n % 2 = 1;
ROLLBACK TO undone;
DO $$
BEGIN
	INSERT INTO social.posts (author_id, title, content) SELECT id, 'one', '#tapcount' FROM people WHERE n = 1;
	INSERT INTO social.posts (author_id, title, content) SELECT id, '', '#tapcount' FROM people WHERE n = 1;
EXCEPTION WHEN SQLSTATE 'SM400' THEN
	NULL;
END
$$;
SELECT throws_ok('INSERT INTO social.post_likes SELECT ' || :post || ', id FROM people', '23503', NULL, 'a statement that fails at its end');
SELECT is((SELECT likes_count FROM social.visible_posts WHERE id = :post), 0::bigint, 'what is undone does not count');
SELECT is_empty('SELECT pg_temp.drift()', 'nowhere');

-- Deltas: part of every count, and folded.
UPDATE social.post_counters SET likes_count = likes_count - 5 WHERE post_id = :post;
INSERT INTO social.post_counter_deltas VALUES (:post, 3, 0), (:post, 2, 0);
SELECT is((SELECT likes_count FROM social.visible_posts WHERE id = :post), 0::bigint, 'a count is counter plus deltas');
SELECT is_empty('SELECT pg_temp.drift()', 'for reconcile too');
SELECT cmp_ok(social.tick(), '>=', 2::bigint, 'a round takes them');
SELECT is((SELECT likes_count FROM social.post_counters WHERE post_id = :post), 0::bigint, 'and adds them up');
SELECT is_empty('SELECT FROM social.post_counter_deltas WHERE post_id = ' || :post, 'nothing is left');
INSERT INTO social.post_counter_deltas VALUES (-1, 1, 0);
SELECT is(social.fold_counters(), 0::bigint, 'deltas without a counter row are left alone: a restore may bring it yet');

-- Drift is found and repaired.
UPDATE social.post_counters SET likes_count = 77 WHERE post_id = :post;
DELETE FROM social.user_counters WHERE user_id = (SELECT id FROM people WHERE n = 1);
SELECT results_eq('SELECT * FROM social.reconcile() WHERE object_id = ' || :post || $$ AND counter LIKE 'post_counters.%' $$, 'SELECT ''post_counters.likes_count'', ' || :post || '::bigint, 77::bigint, 0::bigint', 'reconcile names the drift');
SELECT isnt_empty('SELECT FROM social.reconcile(true) WHERE stored IS NULL AND object_id = (SELECT id FROM people WHERE n = 1)', 'and a missing row');
SELECT is_empty('SELECT pg_temp.drift()', 'repair sets them right');
SET LOCAL session_replication_role = replica;
INSERT INTO social.posts (id, author_id, title, content) SELECT 9150001, p.id, 'loaded', 'without triggers' FROM people p WHERE p.n = 2;
INSERT INTO social.post_likes (post_id, user_id) SELECT 9150001, p.id FROM people p WHERE p.n = 2;
SET LOCAL session_replication_role = origin;
INSERT INTO social.post_likes (post_id, user_id) SELECT 9150001, p.id FROM people p WHERE p.n = 3;
SELECT isnt_empty('SELECT FROM social.post_counter_deltas WHERE post_id = 9150001', 'a change that waits, of a post without a row of counts');
SELECT count(*) FROM social.reconcile(true);
SELECT is_empty('SELECT pg_temp.drift()', 'is not counted twice when the row is made');
DELETE FROM social.posts WHERE id = 9150001;
SELECT is_empty('SELECT FROM social.post_counter_deltas WHERE post_id = -1', 'and drops deltas of nothing');

-- A cascade removes the object before the rows that counted for it: nothing is left to be folded.
INSERT INTO social.users (id, username) VALUES (9000001, 'tap_gone'), (9000002, 'tap_stays');
INSERT INTO social.follows VALUES (9000001, 9000002), (9000002, 9000001);
DELETE FROM social.users WHERE id = 9000001;
SELECT is_empty('SELECT FROM social.user_counter_deltas WHERE user_id = 9000001', 'a removed user leaves no delta');
SELECT results_eq('SELECT followers_count, following_count FROM social.visible_users WHERE id = 9000002', 'VALUES (0::bigint, 0::bigint)', 'and no count with others');

SELECT * FROM finish();
ROLLBACK;
