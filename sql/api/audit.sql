-- audit.sql owns the audit log: the one function that writes it, and what keeps it as written.

CREATE OR REPLACE FUNCTION social.append_only() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_append_only';
COMMENT ON FUNCTION social.append_only() IS 'Trigger before UPDATE, DELETE or TRUNCATE of a table whose rows are only added: refuses (42501), unless social.restoring is on, as it is for retention and while a dump is restored.';
CREATE OR REPLACE TRIGGER social_append_only BEFORE UPDATE OR DELETE ON social.audit_log
	FOR EACH ROW EXECUTE FUNCTION social.append_only();
CREATE OR REPLACE TRIGGER social_append_only_truncate BEFORE TRUNCATE ON social.audit_log
	FOR EACH STATEMENT EXECUTE FUNCTION social.append_only();

CREATE OR REPLACE FUNCTION social.set_client_address(address text) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_set_client_address';
COMMENT ON FUNCTION social.set_client_address(text) IS 'Says where the client of this transaction comes from, for the audit log; null means the address of the connection. For the bridge.';

CREATE OR REPLACE FUNCTION social.audit(action text, object_type text DEFAULT '', object_id bigint DEFAULT NULL, detail jsonb DEFAULT '{}')
	RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	entry bigint;
BEGIN
	IF coalesce(action, '') = '' THEN
		PERFORM social.raise_error('SM400', 'action is required');
	END IF;
	INSERT INTO social.audit_log (actor_id, action, object_type, object_id, detail, address, application, database_role)
	VALUES (social.viewer_id(), $1, coalesce($2, ''), $3, coalesce($4, '{}'),
		coalesce(nullif(social.setting('client_address'), ''), host(inet_client_addr())),
		current_setting('application_name'), session_user)
	RETURNING id INTO entry;
	RETURN entry;
END
$$;
COMMENT ON FUNCTION social.audit(text, text, bigint, jsonb) IS 'Adds an entry to the audit log: who (the viewer and the database role), what (action on the object), when and from where (set_client_address or the connection, application_name). Returns its id. SM400 without an action.';
