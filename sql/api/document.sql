-- document.sql owns the GraphQL documents that clients may name instead of sending them. Bridges look
-- one up when a request names it, and know it for a minute from then on.

CREATE OR REPLACE FUNCTION social.add_graphql_document(body text, id text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	hash text := 'sha256:' || encode(sha256(convert_to(body, 'UTF8')), 'hex');
	name text := coalesce(id, hash);
	earlier text;
BEGIN
	IF coalesce(body, '') = '' OR octet_length(body) > 65536 THEN
		PERFORM social.raise_error('SM400', 'document is not valid', 'It has 1 to 65536 bytes.');
	ELSIF name <> hash AND (name !~ '^[A-Za-z0-9._~-]+$' OR length(name) > 128) THEN
		PERFORM social.raise_error('SM400', 'document id is not valid',
			'It is sha256: and the hash of the document, or 1 to 128 letters, digits and ._~-.');
	END IF;
	INSERT INTO social.graphql_documents AS d (id, body) VALUES (name, $1) ON CONFLICT ON CONSTRAINT graphql_documents_pkey DO NOTHING;
	IF NOT FOUND THEN
		SELECT d.body INTO earlier FROM social.graphql_documents d WHERE d.id = name;
		IF earlier IS DISTINCT FROM $1 THEN
			PERFORM social.raise_error('SM409', 'another document has this id', 'What stands under an id never changes.');
		END IF;
		RETURN name;
	END IF;
	PERFORM social.audit('add_graphql_document', 'graphql_document', NULL, jsonb_build_object('id', name));
	RETURN name;
END
$$;
COMMENT ON FUNCTION social.add_graphql_document(text, text) IS 'Lets clients of GraphQL name this document instead of sending it, by an id (documentId), by default sha256: and its hash in hexadecimal, as clients compute it. Returns the id, also when the document is there already. SM400 for a document that is empty or over 65536 bytes, or an id of another form; SM409 for an id under which another one stands.';

CREATE OR REPLACE FUNCTION social.remove_graphql_document(id text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.graphql_documents d WHERE d.id = $1;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'document not found', '', 'SELECT id FROM social.admin_graphql_documents lists them.');
	END IF;
	PERFORM social.audit('remove_graphql_document', 'graphql_document', NULL, jsonb_build_object('id', id));
END
$$;
COMMENT ON FUNCTION social.remove_graphql_document(text) IS 'No client can name this document any more; bridges may know it for another minute. SM404 for an unknown id.';

CREATE OR REPLACE FUNCTION social.graphql_document(id text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT d.body FROM social.graphql_documents d WHERE d.id = $1);
END
$$;
COMMENT ON FUNCTION social.graphql_document(text) IS 'The GraphQL document of this id, for bridges; null without one.';
