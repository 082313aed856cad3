-- { allPostsConnection(first: 20, after: "…") { edges { cursor node { id title author { username } hashtags { tag } likesCount commentsCount } } pageInfo { hasNextPage endCursor } } }
SELECT json_build_object('edges', json_agg(json_build_object('cursor', r.cursor, 'node', r.node)) FILTER (WHERE r.place <= 20),
	'pageInfo', json_build_object('hasNextPage', count(*) > 20, 'endCursor', max(r.cursor) FILTER (WHERE r.place = 20)))
FROM (
	SELECT encode((extract(epoch FROM p.created_at)::text || ' ' || p.id)::bytea, 'base64') AS cursor, row_number() OVER (ORDER BY p.created_at DESC, p.id DESC) AS place,
		json_build_object('id', p.id::text, 'title', p.title, 'author', json_build_object('username', u.username),
			'hashtags', (SELECT coalesce(json_agg(json_build_object('tag', h.tag)), '[]') FROM plain.post_hashtags l JOIN plain.hashtags h ON h.id = l.hashtag_id WHERE l.post_id = p.id),
			'likesCount', (SELECT count(*) FROM plain.post_likes l WHERE l.post_id = p.id),
			'commentsCount', (SELECT count(*) FROM plain.comments c WHERE c.post_id = p.id)) AS node
	FROM (SELECT * FROM plain.posts WHERE is_published AND (created_at, id) < ('{AT}', {ID}) ORDER BY created_at DESC, id DESC LIMIT 21) p
	JOIN plain.users u ON u.id = p.author_id) r;
