-- bridge.sql owns what a bridge asks the database about how to work.

CREATE OR REPLACE FUNCTION social.bridge_config() RETURNS json
	LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT pg_catalog.json_build_object(
		'version', (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'social'),
		'jwt', pg_catalog.json_build_object(
			'issuer', social.setting('jwt_issuer'),
			'audience', social.setting('jwt_audience'),
			'leeway', extract(epoch FROM social.setting('jwt_leeway')::interval)::integer,
			'keys', (
				SELECT coalesce(pg_catalog.json_agg(
					pg_catalog.json_build_object('kid', k.kid, 'alg', k.alg, 'public_key', k.public_key)
					ORDER BY k.created_at, k.kid), '[]')
				FROM social.jwt_key k
				WHERE k.status IN ('active', 'retired')),
			'issuers', (SELECT coalesce(pg_catalog.json_agg(i.issuer ORDER BY i.issuer), '[]') FROM social.jwt_issuers i)),
		'limits', pg_catalog.json_build_object(
			'title_max_length', social.setting('title_max_length')::integer,
			'content_max_length', social.setting('content_max_length')::integer,
			'comment_max_length', social.setting('comment_max_length')::integer,
			'search_query_max_length', social.setting('search_query_max_length')::integer,
			'page_size_max', social.setting('page_size_max')::integer),
		'rate_limits', social.rate_limit_config());
END;
COMMENT ON FUNCTION social.bridge_config() IS
	'What a bridge must know: version, limits, rate limits, and what verifies tokens: issuer, audience, leeway, public keys. A key without public_key is a secret that stays here: verify_token() checks its tokens, and those of the issuers named. A bridge that meets an unknown kid asks again.';

-- Prepares under a name of its own, and explains: the rights are the caller's.
CREATE OR REPLACE FUNCTION social.statement_problems(statements json) RETURNS TABLE (name text, problem text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	statement record;
	types text[];
BEGIN
	FOR statement IN
		SELECT s ->> 'name' AS name, s ->> 'sql' AS sql, ARRAY(SELECT t FROM json_array_elements_text(s -> 'types') t) AS types
		FROM json_array_elements(statements) s
	LOOP
		name := statement.name;
		problem := NULL;
		BEGIN
			EXECUTE 'PREPARE social_statement_problems AS ' || statement.sql;
			SELECT p.parameter_types::text[] INTO types FROM pg_prepared_statements p WHERE p.name = 'social_statement_problems';
			-- The planner does not ask for rights, the start of an execution does.
			EXECUTE 'EXPLAIN EXECUTE social_statement_problems' || coalesce('(' || (SELECT string_agg('NULL', ', ') FROM unnest(types)) || ')', '');
			IF types IS DISTINCT FROM statement.types THEN
				problem := format('its parameters are %s, not %s', types, statement.types);
			END IF;
		EXCEPTION WHEN OTHERS THEN
			problem := SQLERRM;
		END;
		IF EXISTS (SELECT FROM pg_prepared_statements p WHERE p.name = 'social_statement_problems') THEN
			DEALLOCATE social_statement_problems;
		END IF;
		IF problem IS NOT NULL THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.statement_problems(json) IS 'Which of the statements, [{"name", "sql", "types": [...]}], do not fit this database: what they use is not there, may not be used by the caller, or takes parameters of other types. One row for each, with the reason. They are planned, not run. A bridge asks when it starts.';
