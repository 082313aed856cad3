-- mention.sql owns a post's JSON, which shows its mentions.

CREATE OR REPLACE FUNCTION social.post_json(visible_posts social.visible_posts) RETURNS json
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT social.post_document(($1).id);
END;
COMMENT ON FUNCTION social.post_json(social.visible_posts) IS 'A post as REST shows it.';

CREATE OR REPLACE FUNCTION social.user_mentions(user_id bigint, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (id bigint, post_id bigint, mentioned_user_id bigint, created_at timestamptz, cursor text, has_more boolean)
	LANGUAGE c STABLE PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'social_user_mentions';
COMMENT ON FUNCTION social.user_mentions(bigint, integer, text, text) IS 'Where a person is named in posts for the viewer''s lists, newest first. SM404 for an unknown person; SM400 for a bad page size or cursor.';
