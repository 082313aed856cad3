-- cloudfront.sql owns addresses and cookies with which somebody may read private files by CloudFront (signed URLs and
-- signed cookies, canned and custom policies): clock and keys are arguments, so that published examples can be run.

CREATE OR REPLACE FUNCTION social.cloudfront_signature(policy text, private_key text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_cloudfront_signature';
COMMENT ON FUNCTION social.cloudfront_signature(text, text) IS 'The signature (RSA, SHA-1) of a policy, in base64 as CloudFront has it in addresses. SM400 for a key that is no RSA key in PEM.';

CREATE OR REPLACE FUNCTION social.cloudfront_base64(value text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_cloudfront_base64_sql';
COMMENT ON FUNCTION social.cloudfront_base64(text) IS 'A text in base64 as CloudFront has it in addresses and cookies: with -, _ and ~ for +, = and /.';

CREATE OR REPLACE FUNCTION social.cloudfront_policy(resource text, ends_at timestamptz, begins_at timestamptz DEFAULT NULL, address cidr DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF resource IS NULL OR resource !~ '^[!#-\[\]-~]{1,}$' OR octet_length(resource) > 2048 THEN
		PERFORM social.raise_error('SM400', 'invalid resource', 'It is an address, or its beginning with * behind, of at most 2048 bytes.');
	ELSIF ends_at IS NULL OR NOT isfinite(ends_at) OR begins_at >= ends_at OR NOT coalesce(isfinite(begins_at), true) THEN
		PERFORM social.raise_error('SM400', 'invalid time', 'ends_at is a time, and begins_at, if there is one, an earlier one.');
	END IF;
	RETURN format('{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%s}%s%s}}]}', resource, floor(extract(epoch FROM ends_at))::bigint,
		CASE WHEN begins_at IS NOT NULL THEN format(',"DateGreaterThan":{"AWS:EpochTime":%s}', floor(extract(epoch FROM begins_at))::bigint) ELSE '' END,
		CASE WHEN address IS NOT NULL THEN format(',"IpAddress":{"AWS:SourceIp":"%s"}', text(address)) ELSE '' END);
END
$$;
COMMENT ON FUNCTION social.cloudfront_policy(text, timestamptz, timestamptz, cidr) IS 'The policy that lets a resource be read until ends_at, perhaps not before begins_at, and from this network alone. With ends_at alone it is, byte by byte, the canned policy that CloudFront makes by itself. A resource may end with * (media/7/*). SM400 for what can be none.';

CREATE OR REPLACE FUNCTION social.cloudfront_url(url text, key_id text, private_key text, ends_at timestamptz, begins_at timestamptz DEFAULT NULL, address cidr DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	policy text := social.cloudfront_policy($1, $4, $5, $6);
BEGIN
	IF key_id IS NULL OR key_id !~ '^[A-Za-z0-9-]+$' OR private_key IS NULL THEN
		PERFORM social.raise_error('SM400', 'invalid key', 'Give the id of the public key at CloudFront, and the private key in PEM.');
	ELSIF position('*' IN url) > 0 OR position('#' IN url) > 0 THEN
		PERFORM social.raise_error('SM400', 'invalid url', 'An address that is read has no * and no #; cookies may be for several.');
	END IF;
	RETURN url || CASE WHEN position('?' IN url) > 0 THEN '&' ELSE '?' END
		|| CASE WHEN begins_at IS NULL AND address IS NULL THEN format('Expires=%s', floor(extract(epoch FROM ends_at))::bigint) ELSE 'Policy=' || social.cloudfront_base64(policy) END
		|| '&Signature=' || social.cloudfront_signature(policy, private_key) || '&Key-Pair-Id=' || key_id;
END
$$;
COMMENT ON FUNCTION social.cloudfront_url(text, text, text, timestamptz, timestamptz, cidr) IS 'An address with which a private file can be read by CloudFront until ends_at: with a canned policy, or, where begins_at or a network is said, with that one. key_id is that of the public key at CloudFront, private_key RSA in PEM. Reads no table and no clock. SM400 for what cannot be signed.';

CREATE OR REPLACE FUNCTION social.cloudfront_cookies(resource text, key_id text, private_key text, ends_at timestamptz, begins_at timestamptz DEFAULT NULL, address cidr DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	policy text := social.cloudfront_policy($1, $4, $5, $6);
BEGIN
	IF key_id IS NULL OR key_id !~ '^[A-Za-z0-9-]+$' OR private_key IS NULL THEN
		PERFORM social.raise_error('SM400', 'invalid key', 'Give the id of the public key at CloudFront, and the private key in PEM.');
	END IF;
	RETURN jsonb_build_object('CloudFront-Policy', social.cloudfront_base64(policy), 'CloudFront-Signature', social.cloudfront_signature(policy, private_key), 'CloudFront-Key-Pair-Id', key_id);
END
$$;
COMMENT ON FUNCTION social.cloudfront_cookies(text, text, text, timestamptz, timestamptz, cidr) IS 'The cookies with which everything below a prefix (https://cdn.example.com/media/7/*) can be read by CloudFront: names and values, to be set for its domain, Secure and HttpOnly. Arguments as cloudfront_url. SM400 for what cannot be signed.';
