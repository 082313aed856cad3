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
