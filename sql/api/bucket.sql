-- bucket.sql owns what a bucket of S3 must be told before it can serve: who may call it from web pages, that
-- versions are kept, and what goes by itself. Requests are made here, signed, for whoever sends them
-- (social-bridge --configure-bucket).

CREATE OR REPLACE FUNCTION social.xml_text(value text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT replace(replace(replace(value, '&', '&amp;'), '<', '&lt;'), '>', '&gt;');
END;
COMMENT ON FUNCTION social.xml_text(text) IS 'A text as it stands in XML between two tags.';

CREATE OR REPLACE FUNCTION social.bucket_settings(origins text[], client_delete boolean) RETURNS TABLE (what text, is_needed boolean, body text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT s.what, s.is_needed, format('<?xml version="1.0" encoding="UTF-8"?><%s xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</%1$s>', s.element, s.content)
	FROM (VALUES
		('cors', true, 'CORSConfiguration', format('<CORSRule>%s%s<AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>3600</MaxAgeSeconds></CORSRule>',
			(SELECT string_agg(format('<AllowedOrigin>%s</AllowedOrigin>', social.xml_text(o)), '' ORDER BY n) FROM unnest($1) WITH ORDINALITY u (o, n)),
			(SELECT string_agg(format('<AllowedMethod>%s</AllowedMethod>', m), '' ORDER BY n) FROM unnest(ARRAY['GET', 'PUT', 'POST'] || CASE WHEN $2 THEN ARRAY['DELETE'] END) WITH ORDINALITY u (m, n)))),
		('versioning', true, 'VersioningConfiguration', '<Status>Enabled</Status>'),
		('lifecycle', true, 'LifecycleConfiguration', '<Rule><ID>parts</ID><Filter><Prefix>uploads/</Prefix></Filter><Status>Enabled</Status>'
			|| '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>'
			|| '<Rule><ID>versions</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>'
			|| '<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration></Rule>'),
		('encryption', false, 'ServerSideEncryptionConfiguration', '<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>')
	) AS s (what, is_needed, element, content)
$$;
COMMENT ON FUNCTION social.bucket_settings(text[], boolean) IS 'What a bucket is told: web pages of these origins may GET, PUT and POST (and with client_delete DELETE, to give an upload in parts up) and read ETag; earlier versions are kept for 30 days; parts of uploads that nobody completed go after one; objects are encrypted at rest, where the store can (is_needed false). body is XML as S3 takes it.';

CREATE OR REPLACE FUNCTION social.bucket_requests(origins text[], client_delete boolean DEFAULT false, at timestamptz DEFAULT now())
	RETURNS TABLE (what text, is_needed boolean, after text, method text, url text, content_md5 text, body text)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	store social.media_store := social.require_media_store();
	origin text := (SELECT o FROM unnest($1) o WHERE o IS NULL OR o <> '*' AND o !~ '^https?://[A-Za-z0-9.*-]+(:[0-9]{1,5})?$' LIMIT 1);
BEGIN
	IF store.is_local THEN
		PERFORM social.raise_error('SM409', 'the store is no bucket', 'It is a directory of the bridges.');
	ELSIF coalesce(cardinality($1), 0) = 0 OR EXISTS (SELECT FROM unnest($1) o WHERE o IS NULL) OR origin IS NOT NULL THEN
		PERFORM social.raise_error('SM400', 'invalid origins', coalesce(format('It is "%s".', origin), 'There is none.'), 'Give those of the web pages that send files, such as https://example.com.');
	END IF;
	RETURN QUERY
	SELECT r.what, r.is_needed, r.after, r.method,
		social.media_store_address(store, r.method, r.key, 900, $3, jsonb_build_object('content-md5', m.content_md5, 'content-type', 'application/xml'), jsonb_build_object(r.query, '')), m.content_md5, r.body
	FROM (
		SELECT s.what, s.is_needed, NULL, 'PUT', '', s.what, s.body FROM social.bucket_settings($1, coalesce($2, false)) s
		-- Whoever has no keys may still agree to encrypt, and then takes nothing.
		UNION ALL VALUES
			('an encrypted upload', false, 'done', 'POST', 'uploads/begun-and-left', 'uploads', ''),
			('encryption taken back', true, 'failed', 'DELETE', '', 'encryption', '')
	) AS r (what, is_needed, after, method, key, query, body), LATERAL (SELECT encode(decode(md5(r.body), 'hex'), 'base64') AS content_md5) m;
END
$$;
COMMENT ON FUNCTION social.bucket_requests(text[], boolean, timestamptz) IS 'The requests that make the store''s bucket fit (bucket_settings), signed from at on for 900 seconds, in this order: each is sent with its method, the headers Content-MD5 (content_md5) and Content-Type: application/xml, and its body; the answer is 200 or 204. One that is not needed may be refused by stores that know no such thing. One with after is sent only when the one before it was sent and is done, or has failed: a store that agrees to encrypt, and then refuses an upload (which is begun, and left to the rule for parts), has no keys, and is told not to. social-bridge --configure-bucket sends them. SM409 where the store is no bucket, SM400 for origins that are none.';
