-- s3.sql owns signed addresses of S3 and of stores that speak its language (AWS Signature Version 4):
-- clock, keys and all that is signed are arguments, so that published examples can be run through them.

CREATE OR REPLACE FUNCTION social.s3_address(method text, path text, parameter_names text[], parameter_values text[], header_names text[], header_values text[],
		access_key text, secret_key text, region text, seconds integer, at timestamptz) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_s3_address';
COMMENT ON FUNCTION social.s3_address(text, text, text[], text[], text[], text[], text, text, text, integer, timestamptz) IS 'The part of an address behind its host: the path, percent-encoded, with its parameters and those of the signature. Names of headers are in small letters, and host is among them. SM400 for what cannot be signed.';

CREATE OR REPLACE FUNCTION social.s3_sign_policy(policy text, secret_key text, region text, at timestamptz) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_s3_sign_policy';
COMMENT ON FUNCTION social.s3_sign_policy(text, text, text, timestamptz) IS 'The signature (hexadecimal) of the policy of a form, which is given in base64. SM400 for a region that is none.';

CREATE OR REPLACE FUNCTION social.s3_host(bucket text, region text, endpoint text, path_style boolean, OUT origin text, OUT host text, OUT path text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place text := coalesce(endpoint, CASE region WHEN 'us-east-1' THEN 'https://s3.amazonaws.com' ELSE format('https://s3.%s.amazonaws.com', region) END);
	parts text[] := regexp_match(place, '^(https?://)([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$');
BEGIN
	IF parts IS NULL THEN
		PERFORM social.raise_error('SM400', 'invalid endpoint', 'It is http:// or https:// with a host, and perhaps a port.');
	ELSIF bucket !~ '^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$' OR bucket IS NULL THEN
		PERFORM social.raise_error('SM400', 'invalid bucket', 'It has 3 to 63 small letters, digits, dots and dashes; empty where the endpoint is the bucket''s own name.');
	END IF;
	host := CASE WHEN path_style OR bucket = '' THEN '' ELSE bucket || '.' END || lower(parts[2]) || coalesce(parts[3], '');
	-- Clients leave the port out that goes without saying.
	host := regexp_replace(host, CASE parts[1] WHEN 'https://' THEN ':443$' ELSE ':80$' END, '');
	origin := parts[1] || host;
	path := CASE WHEN path_style AND bucket <> '' THEN '/' || bucket ELSE '' END;
END
$$;
COMMENT ON FUNCTION social.s3_host(text, text, text, boolean) IS 'Where a bucket is: its origin, the host that is signed, and the path below which its keys are. SM400 for an endpoint or a bucket that is none.';

CREATE OR REPLACE FUNCTION social.s3_presign(method text, bucket text, key text, access_key text, secret_key text, region text DEFAULT 'us-east-1',
		seconds integer DEFAULT 900, at timestamptz DEFAULT now(), endpoint text DEFAULT NULL, path_style boolean DEFAULT false,
		headers jsonb DEFAULT '{}', parameters jsonb DEFAULT '{}') RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place record;
	address text;
BEGIN
	IF upper(method) NOT IN ('GET', 'HEAD', 'PUT', 'POST', 'DELETE') OR method IS NULL THEN
		PERFORM social.raise_error('SM400', 'invalid method', 'It is GET, HEAD, PUT, POST or DELETE.');
	ELSIF key IS NULL OR octet_length(key) > 1024 OR key ~ '[[:cntrl:]]' THEN
		PERFORM social.raise_error('SM400', 'invalid key', 'It has at most 1024 bytes, and no control characters.');
	ELSIF jsonb_typeof(headers) <> 'object' OR jsonb_typeof(parameters) <> 'object' THEN
		PERFORM social.raise_error('SM400', 'invalid headers or parameters', 'Each is an object of names and values.');
	END IF;
	place := social.s3_host(bucket, region, endpoint, path_style);
	address := social.s3_address(upper(method), place.path || '/' || key,
		ARRAY(SELECT p.key FROM jsonb_each_text(parameters) p ORDER BY p.key), ARRAY(SELECT coalesce(p.value, '') FROM jsonb_each_text(parameters) p ORDER BY p.key),
		ARRAY(SELECT lower(h.key) FROM jsonb_each_text(headers) h ORDER BY h.key) || 'host'::text, ARRAY(SELECT coalesce(h.value, '') FROM jsonb_each_text(headers) h ORDER BY h.key) || place.host,
		access_key, secret_key, region, seconds, at);
	IF address IS NULL THEN
		PERFORM social.raise_error('SM400', 'something to sign with is missing', 'Access key, secret key, region, seconds and time are none of them null.');
	END IF;
	RETURN place.origin || address;
END
$$;
COMMENT ON FUNCTION social.s3_presign(text, text, text, text, text, text, integer, timestamptz, text, boolean, jsonb, jsonb) IS 'An address with which anybody may do this to an object, from at on, for so many seconds (a week at most). headers (without host) must come with the request as they are here; parameters stand in the address. endpoint is that of AWS if it is null; path_style puts the bucket into the path; an empty bucket leaves it out, where the endpoint''s host names it. Reads no table and no clock. SM400 for what cannot be signed.';

CREATE OR REPLACE FUNCTION social.s3_post_form(bucket text, key text, content_type text, max_size bigint, access_key text, secret_key text, region text DEFAULT 'us-east-1',
		seconds integer DEFAULT 900, at timestamptz DEFAULT now(), endpoint text DEFAULT NULL, path_style boolean DEFAULT false) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place record := social.s3_host(bucket, region, endpoint, path_style);
	moment text := to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"');
	fields jsonb := jsonb_build_object('key', key, 'Content-Type', content_type, 'x-amz-algorithm', 'AWS4-HMAC-SHA256',
		'x-amz-credential', format('%s/%s/%s/s3/aws4_request', access_key, left(moment, 8), region), 'x-amz-date', moment);
	policy text;
BEGIN
	IF seconds NOT BETWEEN 1 AND 604800 OR max_size < 1 OR octet_length(key) > 1024 OR content_type = '' OR access_key !~ '^[!-.0-~]+$'
		OR num_nulls(bucket, key, content_type, max_size, access_key, secret_key, region, seconds, at) > 0 THEN
		PERFORM social.raise_error('SM400', 'no such form can be signed', 'Nothing is null, seconds are 1 to 604800, a key has at most 1024 bytes, and an access key is printable ASCII without slashes.');
	END IF;
	policy := jsonb_build_object(
		'expiration', to_char((at + make_interval(secs => seconds)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
		'conditions', jsonb_build_array(jsonb_build_object('bucket', bucket), jsonb_build_array('content-length-range', 1, max_size))
			|| (SELECT jsonb_agg(jsonb_build_object(f.key, f.value) ORDER BY f.key) FROM jsonb_each(fields) f))::text;
	policy := translate(encode(convert_to(policy, 'UTF8'), 'base64'), E'\n', '');
	RETURN jsonb_build_object('url', place.origin || place.path || '/',
		'fields', fields || jsonb_build_object('policy', policy, 'x-amz-signature', social.s3_sign_policy(policy, secret_key, region, at)));
END
$$;
COMMENT ON FUNCTION social.s3_post_form(text, text, text, bigint, text, text, text, integer, timestamptz, text, boolean) IS 'A form with which anybody may put an object of this type and of 1 to max_size bytes at this key: {"url", "fields"}, to be sent as multipart/form-data with the fields and, last of all, the file. Reads no table and no clock. SM400 for what cannot be signed.';
