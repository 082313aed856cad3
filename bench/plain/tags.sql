-- tags.sql adds 20,000 hashtags, each in one old post and some in the newest, on our side; the plain
-- copy is made anew after it. Variables: base, the first post's id.
SET client_min_messages = warning;
SET session_replication_role = replica;
CREATE TEMP TABLE listed AS
SELECT l.id, l.position, l.created_at, row_number() OVER (ORDER BY l.position) AS oldest, row_number() OVER (ORDER BY l.position DESC) AS newest
FROM social.listed_posts l WHERE l.visibility = 'public' AND l.id >= :base;
-- Tag n stands in the n-th oldest post; the newest thirty have three of the first hundred each.
CREATE TEMP TABLE added AS
SELECT p.id, p.position, p.created_at, 'many' || p.oldest AS tag FROM listed p WHERE p.oldest <= 20000
UNION ALL
SELECT p.id, p.position, p.created_at, 'many' || (3 * p.newest + k) FROM listed p, generate_series(0, 2) k WHERE p.newest <= 30;
INSERT INTO social.hashtags (tag, display) SELECT DISTINCT tag, tag FROM added;
UPDATE social.posts p SET hashtags = p.hashtags || a.tags
FROM (SELECT id, array_agg(tag ORDER BY tag) AS tags FROM added GROUP BY id) a WHERE p.id = a.id;
INSERT INTO social.post_hashtags (post_id, hashtag_id, position, created_at, is_public)
SELECT a.id, h.id, a.position, a.created_at, true FROM added a JOIN social.hashtags h ON h.tag = a.tag;
INSERT INTO social.hashtag_counters (hashtag_id, posts_count)
SELECT h.id, count(*) FROM added a JOIN social.hashtags h ON h.tag = a.tag GROUP BY h.id;
RESET session_replication_role;
VACUUM ANALYZE;
