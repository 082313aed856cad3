-- { post(id: …) { id title content author { username } likesCount commentsCount comments(first: 10) {
--   id content author { username } replies(first: 5) { id content author { username } } } } }
\set id {ID}
SELECT json_build_object('post', (
	SELECT row_to_json(r) FROM (
		SELECT p.id::text AS id, p.title, p.content, json_build_object('username', u.username) AS author,
			(SELECT count(*) FROM plain.post_likes l WHERE l.post_id = p.id) AS "likesCount",
			(SELECT count(*) FROM plain.comments c WHERE c.post_id = p.id) AS "commentsCount",
			(SELECT coalesce(json_agg(row_to_json(c)), '[]') FROM (
				SELECT m.id::text AS id, m.content, json_build_object('username', a.username) AS author,
					(SELECT coalesce(json_agg(row_to_json(d)), '[]') FROM (
						SELECT n.id::text AS id, n.content, json_build_object('username', b.username) AS author
						FROM (SELECT * FROM plain.comments k WHERE k.parent_id = m.id ORDER BY k.id LIMIT 5) n
						JOIN plain.users b ON b.id = n.author_id ORDER BY n.id) d) AS replies
				FROM (SELECT * FROM plain.comments k WHERE k.post_id = p.id AND k.parent_id IS NULL ORDER BY k.id LIMIT 10) m
				JOIN plain.users a ON a.id = m.author_id ORDER BY m.id) c) AS comments
		FROM plain.posts p JOIN plain.users u ON u.id = p.author_id
		WHERE p.id = :id AND p.is_published) r));
