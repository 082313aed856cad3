-- { allPosts(first: 20) { id title author { username } hashtags { tag } likesCount commentsCount } }
SELECT json_build_object('allPosts', json_agg(row_to_json(r))) FROM (
	SELECT p.id::text AS id, p.title, json_build_object('username', u.username) AS author,
		(SELECT coalesce(json_agg(json_build_object('tag', h.tag)), '[]') FROM plain.post_hashtags l JOIN plain.hashtags h ON h.id = l.hashtag_id WHERE l.post_id = p.id) AS hashtags,
		(SELECT count(*) FROM plain.post_likes l WHERE l.post_id = p.id) AS "likesCount",
		(SELECT count(*) FROM plain.comments c WHERE c.post_id = p.id) AS "commentsCount"
	FROM (SELECT * FROM plain.posts WHERE is_published ORDER BY created_at DESC, id DESC LIMIT 20) p
	JOIN plain.users u ON u.id = p.author_id
	ORDER BY p.created_at DESC, p.id DESC) r;
