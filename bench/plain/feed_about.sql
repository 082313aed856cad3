-- GET /api/posts/feed/ of who follows subjects, too
\set n random(1, {VIEWERS})
SELECT json_build_object('results', coalesce(json_agg(row_to_json(r)), '[]'), 'next', min(r.id)) FROM (
	SELECT p.id, (SELECT row_to_json(a) FROM (SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, u.avatar AS profile_image, NULL AS avatar_url) a) AS author,
		p.title, p.content,
		ARRAY(SELECT h.tag FROM plain.post_hashtags l JOIN plain.hashtags h ON h.id = l.hashtag_id WHERE l.post_id = p.id) AS hashtags,
		ARRAY(SELECT o.username FROM plain.mentions m JOIN plain.users o ON o.id = m.user_id WHERE m.post_id = p.id) AS mentions,
		p.image, p.video, '[]'::json AS media, p.quoted_post_id,
		(SELECT row_to_json(q) FROM (
			SELECT o.id, (SELECT row_to_json(a) FROM (SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, u.avatar AS profile_image, NULL AS avatar_url) a) AS author,
				o.title, o.content, o.image, o.video, '[]'::json AS media, o.created_at
			FROM plain.posts o JOIN plain.users u ON u.id = o.author_id WHERE o.id = p.quoted_post_id) q) AS quoted_post,
		p.is_published, p.visibility, p.reply_settings, p.is_pinned, p.is_highlighted,
		(SELECT count(*) FROM plain.post_likes l WHERE l.post_id = p.id) AS likes_count,
		(SELECT count(*) FROM plain.comments c WHERE c.post_id = p.id) AS comments_count,
		(SELECT count(*) FROM plain.reposts r WHERE r.post_id = p.id) AS reposts_count,
		(SELECT count(*) FROM plain.post_views v WHERE v.post_id = p.id) AS views_count,
		p.language, p.edited_at IS NOT NULL AS is_edited, p.edited_at, p.publish_at, p.created_at, p.updated_at
	FROM (
		SELECT DISTINCT l.* FROM (
			SELECT q.* FROM plain.follows f CROSS JOIN LATERAL (
				SELECT q.* FROM plain.posts q WHERE q.author_id = f.followed_id AND q.is_published ORDER BY q.created_at DESC, q.id DESC LIMIT 20) q
			WHERE f.follower_id = ({VIEWER_IDS})[:n]
			UNION ALL
			SELECT q.* FROM plain.sport_follows f CROSS JOIN LATERAL (
				SELECT q.* FROM plain.post_subjects s JOIN plain.posts q ON q.id = s.post_id WHERE s.subject_id = f.subject_id AND q.is_published ORDER BY s.post_id DESC LIMIT 20) q
			WHERE f.user_id = ({VIEWER_IDS})[:n]) l
		ORDER BY l.created_at DESC, l.id DESC LIMIT 20) p
	JOIN plain.users u ON u.id = p.author_id
	ORDER BY p.created_at DESC, p.id DESC) r;
