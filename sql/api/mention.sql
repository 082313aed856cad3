-- mention.sql owns who sees mentions, and a post as a document, which shows them.

CREATE OR REPLACE VIEW social.visible_mentions AS
SELECT m.id, m.post_id, m.mentioned_user_id, m.created_at
FROM social.mentions m
JOIN social.users u ON u.id = m.mentioned_user_id AND u.is_active
JOIN social.visible_posts p ON p.id = m.post_id;
COMMENT ON VIEW social.visible_mentions IS 'Mentions of active people in posts that the viewer may see.';

CREATE OR REPLACE VIEW social.visible_post_documents AS
SELECT p.id, p.position,
	(SELECT row_to_json(r) FROM (
		SELECT p.id,
			(SELECT row_to_json(a) FROM (
				SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, u.avatar AS profile_image
				FROM social.visible_users u WHERE u.id = p.author_id) a) AS author,
			p.title, p.content, p.hashtags,
			ARRAY(SELECT u.username FROM social.mentions m JOIN social.users u ON u.id = m.mentioned_user_id AND u.is_active
				WHERE m.post_id = p.id ORDER BY m.id) AS mentions,
			p.is_published, p.likes_count, p.comments_count, p.created_at, p.updated_at) r) AS document
FROM social.visible_posts p;
COMMENT ON VIEW social.visible_post_documents IS 'Posts that the viewer may see, as REST shows them.';

-- PL/pgSQL, because it keeps its plan from one request to the next.
CREATE OR REPLACE FUNCTION social.post_json(visible_posts social.visible_posts) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT d.document FROM social.visible_post_documents d WHERE d.id = ($1).id);
END
$$;
COMMENT ON FUNCTION social.post_json(social.visible_posts) IS 'A post as REST shows it.';
