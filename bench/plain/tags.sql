-- tags.sql adds 20,000 hashtags, each in one old post and some in the newest, on our side; the plain
-- copy is made anew after it. Variables: base, the first post's id.
SET client_min_messages = warning;
SET session_replication_role = replica;
CREATE TEMP TABLE added AS
SELECT p.id, p.position, p.created_at, 'many' || n AS tag
FROM generate_series(1, 20000) n
JOIN (SELECT l.*, row_number() OVER (ORDER BY l.position) AS place, row_number() OVER (ORDER BY l.position DESC) AS newest FROM social.listed_posts l WHERE l.visibility = 'public' AND l.id >= :base) p
	ON p.place = n OR p.newest * 3 IN (n, n - 1, n - 2) AND n <= 100;
INSERT INTO social.hashtags (tag, display) SELECT DISTINCT tag, tag FROM added;
UPDATE social.posts p SET hashtags = p.hashtags || a.tags
FROM (SELECT id, array_agg(tag ORDER BY tag) AS tags FROM added GROUP BY id) a WHERE p.id = a.id;
INSERT INTO social.post_hashtags (post_id, hashtag_id, position, created_at, is_public)
SELECT a.id, h.id, a.position, a.created_at, true FROM added a JOIN social.hashtags h ON h.tag = a.tag;
INSERT INTO social.hashtag_counters (hashtag_id, posts_count)
SELECT h.id, count(*) FROM added a JOIN social.hashtags h ON h.tag = a.tag GROUP BY h.id;
RESET session_replication_role;
VACUUM ANALYZE;
