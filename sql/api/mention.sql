-- mention.sql owns a post's JSON, which shows its mentions.

-- PL/pgSQL, because it keeps its plan from one request to the next.
CREATE OR REPLACE FUNCTION social.post_json(visible_posts social.visible_posts) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT d.document FROM social.visible_post_documents d WHERE d.id = ($1).id);
END
$$;
COMMENT ON FUNCTION social.post_json(social.visible_posts) IS 'A post as REST shows it.';
