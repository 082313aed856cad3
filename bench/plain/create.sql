-- mutation { createPost(title: …, content: …) { post { id title author { username } hashtags { tag } createdAt } success } }
\set n random(1, {VIEWERS})
\set a random(1, 5000)
\set b random(0, 999)
BEGIN;
INSERT INTO plain.posts (author_id, title, content) VALUES (({VIEWER_IDS})[:n], 'Notes from day ' || :a::text,
	'Reading about #topic' || :a::text || ' with @person' || :b::text || ' this morning; the longer I look, the more the old lessons hold. Write it down, measure it, then decide again. More in #part' || :b::text || ' soon.')
RETURNING id AS post \gset
INSERT INTO plain.hashtags (tag) VALUES ('topic' || :a::text), ('part' || :b::text) ON CONFLICT DO NOTHING;
INSERT INTO plain.post_hashtags (post_id, hashtag_id) SELECT :post, h.id FROM plain.hashtags h WHERE h.tag = ANY (ARRAY['topic' || :a::text, 'part' || :b::text]);
WITH named AS (INSERT INTO plain.mentions (post_id, user_id) SELECT :post, u.id FROM plain.users u WHERE u.username = 'person' || :b::text RETURNING user_id)
INSERT INTO plain.notifications (recipient_id, actor_id, type, post_id) SELECT n.user_id, ({VIEWER_IDS})[:n], 'mention', :post FROM named n;
SELECT row_to_json(r) FROM (
	SELECT p.id::text AS id, p.title, json_build_object('username', u.username) AS author,
		(SELECT coalesce(json_agg(json_build_object('tag', h.tag)), '[]') FROM plain.post_hashtags l JOIN plain.hashtags h ON h.id = l.hashtag_id WHERE l.post_id = p.id) AS hashtags,
		p.created_at AS "createdAt"
	FROM plain.posts p JOIN plain.users u ON u.id = p.author_id WHERE p.id = :post) r;
COMMIT;
