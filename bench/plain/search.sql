-- { searchPostsFts(query: …, first: 20) { id title author { username } hashtags { tag } likesCount commentsCount } }
\set q random(1, 20)
SELECT json_build_object('searchPostsFts', coalesce(json_agg(row_to_json(r)), '[]')) FROM (
	SELECT p.id::text AS id, p.title, json_build_object('username', u.username) AS author,
		(SELECT coalesce(json_agg(json_build_object('tag', h.tag)), '[]') FROM plain.post_hashtags l JOIN plain.hashtags h ON h.id = l.hashtag_id WHERE l.post_id = p.id) AS hashtags,
		(SELECT count(*) FROM plain.post_likes l WHERE l.post_id = p.id) AS "likesCount",
		(SELECT count(*) FROM plain.comments c WHERE c.post_id = p.id) AS "commentsCount"
	FROM (
		SELECT s.id, s.title, s.author_id, ts_rank(s.search_vector, w.wanted) AS rank
		FROM websearch_to_tsquery('english', ({QUERIES})[:q]) w (wanted), plain.posts s
		WHERE s.search_vector @@ w.wanted AND s.is_published ORDER BY 4 DESC, 1 DESC LIMIT 20) p
	JOIN plain.users u ON u.id = p.author_id
	ORDER BY p.rank DESC, p.id DESC) r;
