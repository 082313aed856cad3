-- help.sql owns the reference of functions inside psql: what each is called, takes, answers and says.

CREATE OR REPLACE FUNCTION social.help(pattern text DEFAULT '')
	RETURNS TABLE (name text, arguments text, result text, audience text, description text)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), a.audience, obj_description(p.oid, 'pg_proc')
	FROM pg_proc p
	JOIN social.function_audience() a ON a.function_name = p.proname
	WHERE p.pronamespace = 'social'::regnamespace AND a.audience <> 'owner'
		AND strpos(p.proname, lower(pattern)) > 0
	ORDER BY p.proname COLLATE "C";
$$;
COMMENT ON FUNCTION social.help(text) IS 'The functions whose names hold pattern (all of them without one): name, arguments, result, audience (which of grant_reader, grant_bridge, grant_mailer, grant_admin lets a role call it) and what each does. Functions that only the extension''s owner calls are left out.';
