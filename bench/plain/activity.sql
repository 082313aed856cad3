-- activity.sql gives the large data (Dataset.pm) likes and comments of more than one shape, and
-- hashtags, as ours and as rows that both sides read. Variables: base, the first post's id.
--
-- Likes: five a post, the popular ones many times that. Comments: every hundredth post has ten with
-- two replies each, the rest two or so by chance, one post has 20,000, and one has ten of which the
-- first has 5,000 replies (bench_data.marked).
SET client_min_messages = warning;
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SET enable_nestloop = off;
SELECT setseed(0.5) \g /dev/null

CREATE TEMP TABLE people AS
SELECT u.id, row_number() OVER (ORDER BY u.id) AS n FROM social.visible_users u WHERE u.username LIKE 'person%';
CREATE TEMP TABLE public_posts AS
SELECT p.id, row_number() OVER (ORDER BY p.id) AS n FROM social.listed_posts p WHERE p.id >= :base;
SELECT count(*) AS people FROM people \gset
SELECT count(*) AS posts FROM public_posts \gset

INSERT INTO social.post_likes (post_id, user_id, created_at)
SELECT p.id, u.id, now() - random() * interval '90 days'
FROM (SELECT 1 + floor(:posts * CASE WHEN g % 5 = 0 THEN random() ^ 4 ELSE random() END)::bigint AS post, 1 + floor(:people * random())::bigint AS person
	FROM generate_series(1, 5 * :posts) g) d
JOIN public_posts p ON p.n = d.post JOIN people u ON u.n = d.person
ON CONFLICT DO NOTHING;

CREATE TABLE bench_data.marked AS
SELECT shape, p.id AS post_id FROM (VALUES ('many', 0.31), ('skewed', 0.62)) v (shape, place) JOIN public_posts p ON p.n = floor(:posts * place);

-- The comments themselves: two a post by chance, ten under every hundredth, and the marked posts'.
INSERT INTO social.comments (post_id, author_id, content, created_at, updated_at)
SELECT d.post_id, u.id, 'A comment of some length, as people write them under posts of others, number ' || d.k, now(), now()
FROM (
	SELECT p.id AS post_id, k, 1 + floor(:people * random())::bigint AS person FROM public_posts p, generate_series(1, 2) k WHERE (p.id - :base) % 100 <> 0 AND random() < 0.7
	UNION ALL
	SELECT p.id, k, 1 + floor(:people * random())::bigint FROM public_posts p, generate_series(1, 10) k WHERE (p.id - :base) % 100 = 0
	UNION ALL
	SELECT m.post_id, k, 1 + floor(:people * random())::bigint FROM bench_data.marked m, generate_series(1, CASE m.shape WHEN 'many' THEN 20000 ELSE 10 END) k
) d JOIN people u ON u.n = d.person ORDER BY d.post_id, d.k;
-- And the replies.
INSERT INTO social.comments (post_id, author_id, parent_id, content, created_at, updated_at)
SELECT m.post_id, u.id, m.id, 'A reply, which is shorter: ' || d.k, now(), now()
FROM (
	SELECT m.id, k, 1 + floor(:people * random())::bigint AS person FROM social.comments m, generate_series(1, 2) k WHERE m.post_id >= :base AND (m.post_id - :base) % 100 = 0
	UNION ALL
	SELECT (SELECT min(m.id) FROM social.comments m WHERE m.post_id = k.post_id), n, 1 + floor(:people * random())::bigint
	FROM bench_data.marked k, generate_series(1, 5000) n WHERE k.shape = 'skewed'
) d JOIN social.comments m ON m.id = d.id JOIN people u ON u.n = d.person ORDER BY m.post_id, m.id, d.k;
SELECT social.reconcile(true) \g /dev/null
RESET session_replication_role;
VACUUM ANALYZE;
