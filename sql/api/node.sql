-- node.sql owns the ids that name a type along with a row: what GraphQL calls a node. They are opaque to
-- clients, and beside the plain ids, which are a type's own.

CREATE OR REPLACE FUNCTION social.node_id(type text, id bigint) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT encode(decode(type || ':' || id, 'escape'), 'base64');
END;
COMMENT ON FUNCTION social.node_id(text, bigint) IS 'The id of a row among the rows of all types.';

CREATE OR REPLACE FUNCTION social.nodes(node_ids text[]) RETURNS TABLE (type text, id bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	most integer := social.setting('page_size_max')::integer;
BEGIN
	IF cardinality(node_ids) > most THEN
		PERFORM social.raise_error('SM400', 'too many ids', format('There are %s; %s can be asked for at once.', cardinality(node_ids), most), 'Ask several times.');
	END IF;
	-- What does not decode names nothing.
	RETURN QUERY
	SELECT n.words[1], n.words[2]::bigint
	FROM unnest(node_ids) WITH ORDINALITY u (node_id, place)
	CROSS JOIN LATERAL (SELECT CASE WHEN u.node_id ~ '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$'
		THEN regexp_match(encode(decode(u.node_id, 'base64'), 'escape'), '^([A-Za-z]+):([0-9]{1,16})$') END) n (words)
	ORDER BY u.place;
END
$$;
COMMENT ON FUNCTION social.nodes(text[]) IS 'What such ids name, in their order: type and plain id, null for what is no such id. SM400 for more than social.page_size_max.';
