-- mention.sql owns who sees mentions, and a post's JSON, which shows them.

CREATE OR REPLACE VIEW social.visible_mentions AS
SELECT m.id, m.post_id, m.mentioned_user_id, m.created_at
FROM social.mentions m
JOIN social.users u ON u.id = m.mentioned_user_id AND u.is_active
JOIN social.visible_posts p ON p.id = m.post_id;
COMMENT ON VIEW social.visible_mentions IS 'Mentions of active people in posts that the viewer may see.';

CREATE OR REPLACE FUNCTION social.post_json(visible_posts social.visible_posts) RETURNS json
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(r) FROM (
		SELECT ($1).id,
			(SELECT row_to_json(a) FROM (
				SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, u.avatar AS profile_image
				FROM social.visible_users u WHERE u.id = ($1).author_id) a) AS author,
			($1).title, ($1).content, ($1).hashtags,
			ARRAY(SELECT u.username FROM social.visible_mentions m JOIN social.visible_users u ON u.id = m.mentioned_user_id
				WHERE m.post_id = ($1).id ORDER BY m.id) AS mentions,
			($1).is_published, ($1).likes_count, ($1).comments_count, ($1).created_at, ($1).updated_at) r;
END;
COMMENT ON FUNCTION social.post_json(social.visible_posts) IS 'A post as REST shows it.';
