-- media.sql owns files that people send. A client asks for an address (create_upload), puts the file there,
-- and says so (complete_upload); a worker looks whether it is what was declared, and makes its variants:
--
--   media.verify {media_id}    HEAD, and the first kilobytes: media_found, media_absent or media_rejected.
--                              Asked for by complete_upload, and when an address has run out unsaid
--   media.process {media_id}   media_processing, then media_processed, media_rejected or media_failed
--   media.delete {keys}        deletes the objects; one that is not there is deleted
--   media.sweep {sweep_id}     lists the store for a comparison (media_sweep.sql)
--
-- All may run twice. What they need to know of a file, media_source() tells.

-- ---- what may be sent, and where to ------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.media_types(OUT content_type text, OUT kind text, OUT extensions text[], OUT aliases text[], OUT max_size bigint)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	VALUES ('image/jpeg'::text, 'image'::text, '{jpg,jpeg}'::text[], '{image/jpg,image/pjpeg}'::text[], 104857600::bigint),
		('image/png', 'image', '{png}', '{image/x-png}', 104857600),
		('image/gif', 'image', '{gif}', '{}', 104857600),
		('video/mp4', 'video', '{mp4}', '{video/x-m4v,video/iso.segment}', 1073741824),
		('video/quicktime', 'video', '{mov}', '{}', 1073741824),
		('video/x-msvideo', 'video', '{avi}', '{video/avi,video/msvideo,video/vnd.avi}', 1073741824);
END;
COMMENT ON FUNCTION social.media_types() IS 'The types of files that may be sent: the first of its extensions is that of our keys, aliases are other names of the same; max_size is the most that one may take, where the store does not say less.';

CREATE OR REPLACE FUNCTION social.set_media_store(is_local boolean DEFAULT NULL, endpoint text DEFAULT NULL, bucket text DEFAULT NULL, region text DEFAULT NULL, path_style boolean DEFAULT NULL,
		access_key text DEFAULT NULL, secret_key text DEFAULT NULL, public_url text DEFAULT NULL, upload_seconds integer DEFAULT NULL, signed_seconds integer DEFAULT NULL,
		max_size bigint DEFAULT NULL, quota bigint DEFAULT NULL, extensions text[] DEFAULT NULL, cdn_key_id text DEFAULT NULL, cdn_private_key text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	store social.media_store;
	was social.media_store;
	unknown text := (SELECT e FROM unnest($13) e WHERE NOT EXISTS (SELECT FROM social.media_types() t WHERE e = ANY (t.extensions)) LIMIT 1);
BEGIN
	IF unknown IS NOT NULL THEN
		PERFORM social.raise_error('SM400', 'unknown file type', format('It is "%s".', left(unknown, 100)), 'SELECT extensions FROM social.media_types() lists them.');
	ELSIF $8 !~ '^(https?://[^/?#[:space:]]+(/[^?#[:space:]]*)?)?$' THEN
		PERFORM social.raise_error('SM400', 'invalid public_url', 'It is an address that starts with https:// or http://, or empty.');
	END IF;
	INSERT INTO social.media_store AS s (access_key, secret_key) VALUES ('social-' || encode(social.random_bytes(6), 'hex'), encode(social.random_bytes(32), 'hex'))
	ON CONFLICT ON CONSTRAINT media_store_pkey DO NOTHING;
	SELECT s.* INTO was FROM social.media_store s FOR UPDATE;
	store := was;
	-- One kind of store leaves nothing to the other.
	IF $1 <> was.is_local THEN
		store.endpoint := '';
		store.bucket := 'files';
		store.region := CASE WHEN $1 THEN 'local' ELSE 'us-east-1' END;
		store.path_style := $1;
		store.access_key := 'social-' || encode(social.random_bytes(6), 'hex');
		store.secret_key := encode(social.random_bytes(32), 'hex');
		store.public_url := '';
		store.cdn_key_id := '';
		store.cdn_private_key := '';
		was := store;
	END IF;
	store.is_local := coalesce($1, was.is_local);
	store.endpoint := coalesce($2, was.endpoint);
	store.bucket := coalesce($3, was.bucket);
	store.region := coalesce($4, was.region);
	store.path_style := coalesce($5, was.path_style);
	store.access_key := coalesce($6, was.access_key);
	store.secret_key := coalesce($7, was.secret_key);
	store.public_url := rtrim(coalesce($8, was.public_url), '/');
	store.upload_seconds := coalesce($9, was.upload_seconds);
	store.signed_seconds := coalesce($10, was.signed_seconds);
	store.max_size := coalesce($11, was.max_size);
	store.quota := coalesce($12, was.quota);
	store.extensions := nullif(coalesce($13, was.extensions), '{}');
	store.cdn_key_id := coalesce($14, was.cdn_key_id);
	store.cdn_private_key := CASE WHEN $15 IS NULL THEN was.cdn_private_key WHEN $15 = '' THEN '' ELSE convert_from(social.mux_private_key($15), 'UTF8') END;
	IF (store.cdn_key_id = '') <> (store.cdn_private_key = '') THEN
		PERFORM social.raise_error('SM400', 'a signing key is an id and a key', '', 'Give both, or neither.');
	ELSIF store.cdn_key_id <> '' THEN
		IF store.public_url = '' THEN
			PERFORM social.raise_error('SM400', 'a key that signs addresses of nothing', 'There is no public_url.');
		END IF;
		-- What can be signed.
		PERFORM social.cloudfront_cookies(store.public_url || '/media/*', store.cdn_key_id, store.cdn_private_key, now());
	END IF;
	-- An address that can be signed says that it all fits.
	PERFORM social.media_store_address(store, 'GET', 'a', 1, now());
	PERFORM social.ensure_media_kinds();
	IF store IS NOT DISTINCT FROM (SELECT s FROM social.media_store s) THEN
		RETURN false;
	END IF;
	UPDATE social.media_store s SET (is_local, endpoint, bucket, region, path_style, access_key, secret_key, public_url, cdn_key_id, cdn_private_key, upload_seconds, signed_seconds, max_size, quota, extensions, changed_at)
		= (SELECT store.is_local, store.endpoint, store.bucket, store.region, store.path_style, store.access_key, store.secret_key, store.public_url, store.cdn_key_id, store.cdn_private_key, store.upload_seconds,
			store.signed_seconds, store.max_size, store.quota, store.extensions, now());
	PERFORM social.audit('set_media_store', 'media_store', NULL, to_jsonb(store) - '{is_only,access_key,secret_key,cdn_private_key,changed_at}'::text[]);
	RETURN true;
EXCEPTION WHEN check_violation THEN
	PERFORM social.raise_error('SM400', 'invalid media store', 'upload_seconds is 1 to 604800, signed_seconds 2 to 604800, max_size positive, quota not negative.');
END
$$;
COMMENT ON FUNCTION social.set_media_store(boolean, text, text, text, boolean, text, text, text, integer, integer, bigint, bigint, text[], text, text) IS 'Says where media are stored; null leaves what it is. At first that is a directory of the bridge (is_local), whose endpoint is where people reach the bridge (empty: addresses are paths), with keys of our own; else it is S3, or what speaks its language: endpoint, bucket (path_style: in the path), region, access_key, secret_key. public_url: where media of public posts can be read without a signature (a CDN); with cdn_key_id and cdn_private_key (a key pair of CloudFront: RSA, as PEM, or that in base64; empty: none) it lets nobody read without one, so all addresses there are signed, and those of what not everybody may see are there, too. upload_seconds, signed_seconds: how long addresses are good for sending, and for reading what not everybody may. max_size of a file, quota of a person (0: none may be sent), in bytes; extensions that may be sent ({}: all). True if anything has changed. SM400 for what fits no store.';

CREATE OR REPLACE FUNCTION social.ensure_media_kinds() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	missing record;
BEGIN
	FOR missing IN SELECT v.* FROM (VALUES ('media.verify', 2, 15, interval '5 minutes'), ('media.process', 3, 5, interval '1 hour'), ('media.delete', 4, 30, interval '10 minutes'), ('media.sweep', 4, 10, interval '1 day'), ('export', 3, 5, interval '2 hours')) AS v (kind, priority, max_attempts, timeout)
		WHERE NOT EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = v.kind)
	LOOP
		PERFORM social.set_job_kind(missing.kind, queue => 'media', priority => missing.priority, max_attempts => missing.max_attempts, timeout => missing.timeout);
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.ensure_media_kinds() IS 'Makes the kinds of jobs about media that there are not; what an operator has changed of one stays.';

CREATE OR REPLACE FUNCTION social.media_store_json() RETURNS json
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT to_json(CASE WHEN s.is_local THEN to_jsonb(s) - '{is_only,cdn_key_id,cdn_private_key}'::text[] || (SELECT jsonb_build_object('host', p.host, 'path', p.path)
			FROM social.s3_host(s.bucket, s.region, coalesce(nullif(s.endpoint, ''), 'http://localhost'), s.path_style) p)
		ELSE to_jsonb(s) - '{is_only,secret_key,cdn_private_key}'::text[] END) FROM social.media_store s
$$;
COMMENT ON FUNCTION social.media_store_json() IS 'The store, for bridges: with its keys where it is a directory that they serve, and the host and the path that its addresses are signed for; null where none was set up.';

CREATE OR REPLACE FUNCTION social.require_media_store() RETURNS social.media_store
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	store social.media_store;
BEGIN
	SELECT s.* INTO store FROM social.media_store s;
	IF store.is_only IS NULL THEN
		PERFORM social.raise_error('SM409', 'there is no media store', '', 'SELECT social.set_media_store() makes one.');
	END IF;
	RETURN store;
END
$$;
COMMENT ON FUNCTION social.require_media_store() IS 'The store; SM409 where none was set up.';

-- ---- addresses ---------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.media_store_address(store social.media_store, method text, key text, seconds integer, at timestamptz, headers jsonb DEFAULT '{}', parameters jsonb DEFAULT '{}') RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	address text := social.s3_presign($2, $1.bucket, $3, $1.access_key, $1.secret_key, $1.region, $4, $5,
		CASE WHEN $1.endpoint <> '' THEN $1.endpoint WHEN $1.is_local THEN 'http://localhost' END, $1.path_style, $6, $7);
BEGIN
	RETURN CASE WHEN $1.is_local AND $1.endpoint = '' THEN substr(address, length('http://localhost') + 1) ELSE address END;
END
$$;
COMMENT ON FUNCTION social.media_store_address(social.media_store, text, text, integer, timestamptz, jsonb, jsonb) IS 'An address in the store that is good for so many seconds from at on. Of a directory whose endpoint is empty it is a path, and localhost is what is signed.';

CREATE OR REPLACE FUNCTION social.media_store_facts() RETURNS text[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT ARRAY[s.access_key, s.secret_key, s.region, CASE WHEN s.is_local AND s.endpoint = '' THEN '' ELSE h.origin END, h.host, h.path, s.public_url, s.signed_seconds::text, s.cdn_key_id, s.cdn_private_key]
	FROM social.media_store s,
		social.s3_host(s.bucket, s.region, CASE WHEN s.endpoint <> '' THEN s.endpoint WHEN s.is_local THEN 'http://localhost' END, s.path_style) h
$$;
COMMENT ON FUNCTION social.media_store_facts() IS 'What media_url() signs with, in the order that extension/media/address.c knows; null without a store. Secret.';

CREATE OR REPLACE FUNCTION social.media_url(key text, is_public boolean) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_media_url';
COMMENT ON FUNCTION social.media_url(text, boolean) IS 'Where an object can be read: a plain address where everybody may read it and the store says where, else a signed one, by CloudFront where the store has a key pair for it (which is good for all variants of a file), else at the store: for a day and more where everybody may (such media are looked at again and again, and caches like addresses that stay), else for signed_seconds. It is the same for half of its life, and good for at least the other half. Null where there is no store.';

CREATE OR REPLACE FUNCTION social.picture_variant(key text) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(m.variants -> 'thumbnail' ->> 'key', m.variants -> 'preview' ->> 'key', m.variants -> 'full' ->> 'key',
		(SELECT v.value ->> 'key' FROM jsonb_each(m.variants) v ORDER BY v.key LIMIT 1))
	FROM social.media m WHERE m.key = $1 AND m.is_profile AND m.state = 'ready'
$$;
COMMENT ON FUNCTION social.picture_variant(text) IS 'Of a file that a profile shows: the key of its smallest variant; null until there is one.';

CREATE OR REPLACE FUNCTION social.picture_url(picture text) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_picture_url';
COMMENT ON FUNCTION social.picture_url(text) IS 'Where an avatar or a banner can be seen: its address, or for the key of a file that was sent that of its smallest variant. Null for any other key, and until the variant is there.';

CREATE OR REPLACE FUNCTION social.picture_variants(picture text) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $1 IS NULL OR NOT starts_with($1, 'uploads/') THEN
		RETURN '[]';
	END IF;
	RETURN coalesce((SELECT social.variants_json(m.variants, true) FROM social.media m WHERE m.key = $1 AND m.is_profile AND m.state = 'ready'), '[]');
END
$$;
COMMENT ON FUNCTION social.picture_variants(text) IS 'The variants of an avatar or a banner that is the key of a file that was sent, as variants_json; none of any other.';

-- P-20: a bridge that serves a playlist gives its pieces addresses of their own; S3 does not.
CREATE OR REPLACE FUNCTION social.can_play_pieces(is_public boolean) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT s.is_local OR s.cdn_key_id <> '' OR $1 AND s.public_url <> '' FROM social.media_store s);
COMMENT ON FUNCTION social.can_play_pieces(boolean) IS 'Whether who has the address of a playlist can read its pieces: of a directory, which signs them when it sends it; by the cookies of CloudFront; or where everybody can.';

-- PL/pgSQL, which keeps plans: an SQL function would be planned anew for each post of a list.
CREATE OR REPLACE FUNCTION social.variants_json(variants jsonb, is_public boolean) RETURNS json
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT coalesce(json_agg(json_build_object('name', v.key, 'url', url, 'content_type', v.value ->> 'content_type',
			'width', (v.value ->> 'width')::integer, 'height', (v.value ->> 'height')::integer, 'size', (v.value ->> 'size')::bigint) ORDER BY v.key), '[]')
		FROM jsonb_each($1) v, social.media_url(v.value ->> 'key', $2) url
		WHERE url IS NOT NULL AND (v.value ->> 'content_type' <> 'application/vnd.apple.mpegurl' OR social.can_play_pieces($2)));
END
$$;
COMMENT ON FUNCTION social.variants_json(jsonb, boolean) IS 'What was made of a file, as REST shows it, with addresses; an empty list where there is no store. No playlist where its pieces could not be read: at S3 by an address that is signed for it alone.';

-- ---- sending -----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.create_upload(file_name text, content_type text, size bigint DEFAULT NULL, alternative_text text DEFAULT '', form boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	viewer bigint := social.require_writer();
	store social.media_store := social.require_media_store();
	known record;
	used bigint;
	media bigint;
BEGIN
	PERFORM social.check_text('file name', $1, true, true), social.check_text('content type', $2, true, true), social.check_media_text($1, $4);
	SELECT t.content_type, t.extensions, least(t.max_size, store.max_size) AS max_size INTO known FROM social.media_types() t
	WHERE (t.content_type = lower($2) OR lower($2) = ANY (t.aliases)) AND (store.extensions IS NULL OR t.extensions && store.extensions);
	IF known.content_type IS NULL THEN
		PERFORM social.raise_error('SM400', 'this type of file is not taken', format('It is "%s".', left($2, 100)),
			format('It must be %s.', (SELECT string_agg(t.content_type, ', ') FROM social.media_types() t WHERE store.extensions IS NULL OR t.extensions && store.extensions)));
	ELSIF $3 NOT BETWEEN 1 AND known.max_size THEN
		PERFORM social.raise_error('SM400', 'invalid size', format('It is %s bytes.', $3), format('A file of this type has 1 to %s bytes.', known.max_size));
	END IF;
	-- One at a time for each person, or two could pass the quota together. What has no size yet counts as the largest.
	PERFORM FROM social.users u WHERE u.id = viewer FOR NO KEY UPDATE;
	SELECT coalesce(sum(coalesce(m.size, (SELECT least(t.max_size, store.max_size) FROM social.media_types() t WHERE t.content_type = m.content_type), 0)), 0) INTO used
	FROM social.media m WHERE m.owner_id = viewer AND m.state NOT IN ('rejected', 'failed') AND m.stream_id IS NULL;
	IF used + coalesce($3, known.max_size) > store.quota THEN
		PERFORM social.raise_error('SM422', 'your files take too much room', format('They take %s of %s bytes.', used, store.quota), 'Delete some, or say how large this one is.');
	END IF;
	INSERT INTO social.media AS m (owner_id, key, file_name, content_type, size, is_form, alternative_text)
	VALUES (viewer, format('uploads/%s/%s.%s', viewer, gen_random_uuid(), known.extensions[1]), $1, known.content_type, $3, coalesce($5 AND NOT store.is_local, false), coalesce($4, ''))
	RETURNING m.id INTO media;
	PERFORM social.enqueue_job('media.verify', jsonb_build_object('media_id', media), run_at => now() + make_interval(secs => store.upload_seconds),
		unique_key => 'media:' || media, user_id => viewer);
	RETURN media;
END
$$;
COMMENT ON FUNCTION social.create_upload(text, text, bigint, text, boolean) IS 'The viewer is about to send a file; upload_json(id) tells where to. file_name is a label, and nothing else; of content_type there are those of media_types(). With a size the address takes a file of exactly that many bytes; form: a form to POST, with which S3 takes any length up to the largest; a directory of ours takes no more by PUT either. Returns the id. SM401 when nobody acts; SM400 for a missing name or type, another type or size; SM422 beyond the quota; SM409 where there is no store.';

CREATE OR REPLACE FUNCTION social.check_media_text(file_name text, alternative_text text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF char_length($1) > 255 THEN
		PERFORM social.raise_error('SM400', 'file name is too long', 'The limit is 255 characters.');
	ELSIF char_length($2) > 1500 THEN
		PERFORM social.raise_error('SM400', 'alternative text is too long', 'The limit is 1500 characters.');
	END IF;
	PERFORM social.check_text('alternative text', $2, false, false);
END
$$;
COMMENT ON FUNCTION social.check_media_text(text, text) IS 'SM400 for a name or an alternative text that is too long, or cannot be seen; null is fine.';

CREATE OR REPLACE FUNCTION social.upload_json(media_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	media social.media;
	store social.media_store := social.require_media_store();
	most bigint;
	form jsonb;
	url text;
	viewer bigint := social.require_viewer();
BEGIN
	SELECT m.* INTO media FROM social.media m WHERE m.id = $1 AND m.owner_id = viewer AND m.state = 'reserved';
	IF media.id IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT coalesce(media.size, least(t.max_size, store.max_size)) INTO most FROM social.media_types() t WHERE t.content_type = media.content_type;
	IF media.is_form THEN
		form := social.s3_post_form(store.bucket, media.key, media.content_type, most, store.access_key, store.secret_key, store.region, store.upload_seconds, media.created_at,
			nullif(store.endpoint, ''), store.path_style);
		url := form ->> 'url';
	ELSE
		url := social.media_store_address(store, 'PUT', media.key, store.upload_seconds, media.created_at,
			jsonb_strip_nulls(jsonb_build_object('content-type', media.content_type, 'content-length', media.size)));
	END IF;
	RETURN json_build_object('upload_url', url, 'key', media.key, 'media_id', media.id, 'method', CASE WHEN media.is_form THEN 'POST' ELSE 'PUT' END,
		'headers', CASE WHEN media.is_form THEN '{}'::json ELSE json_build_object('Content-Type', media.content_type) END,
		'fields', form -> 'fields', 'max_size', most, 'expires_at', media.created_at + make_interval(secs => store.upload_seconds),
		'part_size', CASE WHEN social.takes_parts(media) THEN social.part_size(media.size) END,
		'part_count', CASE WHEN social.takes_parts(media) THEN ceil(media.size::numeric / social.part_size(media.size))::integer END,
		'create_url', CASE WHEN social.takes_parts(media) THEN social.media_store_address(store, 'POST', media.key, store.upload_seconds, media.created_at,
			jsonb_build_object('content-type', media.content_type), '{"uploads": ""}') END);
END
$$;
COMMENT ON FUNCTION social.upload_json(bigint) IS 'Where and how the viewer sends a file that was asked for: upload_url, method, headers (PUT) or fields (a form to POST, the file behind them), key, media_id, max_size, expires_at; for a file of more than 16 MB also part_size, part_count and create_url, with which it can be sent in parts (upload_parts_json). Null when it is not theirs, or was sent. SM401 when nobody acts.';

-- ---- sending in parts ----------------------------------------------------------------------------------
--
-- A file of more than 16 MB may be sent in parts, so that who loses the connection sends the rest alone. The
-- protocol is S3's, each step an address that was signed for it, and the client goes through them by itself:
--   POST create_url, with the Content-Type           the answer (XML) has the UploadId
--   PUT upload_url of each part, its length signed   the answer's ETag is wanted below
--   GET list_url                                     which parts have arrived, with their ETags (XML)
--   POST complete_url, the ETags by number (XML)     now there is a file; or DELETE abort_url
-- What nobody completes, the store removes after a day (lifecycle of S3; a directory sweeps by itself).

CREATE OR REPLACE FUNCTION social.takes_parts(media social.media) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(($1).size > 16777216 AND NOT ($1).is_form, false);
END;
COMMENT ON FUNCTION social.takes_parts(social.media) IS 'May this file be sent in parts: is its size known, and more than 16 MB?';

CREATE OR REPLACE FUNCTION social.part_size(size bigint) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT greatest(8, ceil($1 / 209715200.0)::bigint) * 1048576;
END;
COMMENT ON FUNCTION social.part_size(bigint) IS 'How many bytes each part of a file of this size has, but for the last one: 8 MB, and more where there would be over 200 of them.';

CREATE OR REPLACE FUNCTION social.upload_parts_json(media_id bigint, upload_id text DEFAULT NULL) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	store social.media_store := social.require_media_store();
	media social.media;
	part bigint;
	named jsonb := jsonb_build_object('uploadId', $2);
BEGIN
	SELECT m.* INTO media FROM social.media m WHERE m.id = $1 AND m.owner_id = viewer;
	IF media.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'media not found');
	ELSIF media.state <> 'reserved' THEN
		PERFORM social.raise_error('SM409', 'this file was sent', format('It is %s.', media.state));
	ELSIF NOT social.takes_parts(media) THEN
		PERFORM social.raise_error('SM409', 'this file is sent in one piece', 'Parts are for files of more than 16777216 bytes, whose size was said.');
	ELSIF octet_length($2) > 1024 OR $2 !~ '^[!-~]+$' THEN
		PERFORM social.raise_error('SM400', 'invalid upload id', 'It is the UploadId of the store''s answer.');
	END IF;
	part := social.part_size(media.size);
	RETURN json_build_object('media_id', media.id, 'key', media.key, 'upload_id', $2, 'part_size', part, 'part_count', ceil(media.size::numeric / part)::integer,
		'create_url', CASE WHEN $2 IS NULL THEN social.media_store_address(store, 'POST', media.key, store.upload_seconds, now(), jsonb_build_object('content-type', media.content_type), '{"uploads": ""}') END,
		'parts', CASE WHEN $2 IS NULL THEN '[]' ELSE (
			SELECT json_agg(json_build_object('number', n, 'size', least(part, media.size - (n - 1) * part), 'upload_url', social.media_store_address(store, 'PUT', media.key, store.upload_seconds, now(),
				jsonb_build_object('content-length', least(part, media.size - (n - 1) * part)), named || jsonb_build_object('partNumber', n))) ORDER BY n)
			FROM generate_series(1, ceil(media.size::numeric / part)::integer) n) END,
		'list_url', CASE WHEN $2 IS NOT NULL THEN social.media_store_address(store, 'GET', media.key, store.upload_seconds, now(), '{}', named) END,
		'complete_url', CASE WHEN $2 IS NOT NULL THEN social.media_store_address(store, 'POST', media.key, store.upload_seconds, now(), '{}', named) END,
		'abort_url', CASE WHEN $2 IS NOT NULL THEN social.media_store_address(store, 'DELETE', media.key, store.upload_seconds, now(), '{}', named) END,
		'expires_at', now() + make_interval(secs => store.upload_seconds));
END
$$;
COMMENT ON FUNCTION social.upload_parts_json(bigint, text) IS 'How the viewer sends an own file of more than 16 MB in parts: without the UploadId that the store has given, create_url, which asks for one; with it the address of each part, and list_url, complete_url and abort_url. Good until expires_at; asked for again, also days later, an upload that broke off goes on. SM401, SM404; SM409 for a file that was sent, or takes no parts, or where there is no store; SM400 for an upload id that can be none.';

CREATE OR REPLACE FUNCTION social.require_own_media(media_id bigint) RETURNS social.media
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	media social.media;
BEGIN
	SELECT m.* INTO media FROM social.media m WHERE m.id = $1 AND m.owner_id = viewer FOR NO KEY UPDATE;
	IF media.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'media not found');
	END IF;
	RETURN media;
END
$$;
COMMENT ON FUNCTION social.require_own_media(bigint) IS 'Locks a file of the viewer''s own for a change. SM401 when nobody acts, SM404 for an unknown one and for somebody else''s.';

CREATE OR REPLACE FUNCTION social.complete_upload(media_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	media social.media := social.require_own_media($1);
BEGIN
	IF media.state = 'reserved' THEN
		UPDATE social.media m SET state = 'uploaded', updated_at = now() WHERE m.id = $1;
		PERFORM social.enqueue_job('media.verify', jsonb_build_object('media_id', $1), unique_key => 'media:' || $1, on_conflict => 'replace', user_id => media.owner_id);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.complete_upload(bigint) IS 'The viewer has sent the file, which a worker looks at now; again is harmless. Returns the id. SM401, SM404.';

CREATE OR REPLACE FUNCTION social.update_media(media_id bigint, alternative_text text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_media($1), social.check_media_text(NULL, $2);
	UPDATE social.media m SET alternative_text = coalesce($2, ''), updated_at = now() WHERE m.id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.update_media(bigint, text) IS 'The viewer says what can be seen on an own file. Returns the id. SM401, SM404; SM400 for a text that is too long.';

CREATE OR REPLACE FUNCTION social.delete_media(media_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	media social.media := social.require_own_media($1);
BEGIN
	IF media.post_id IS NOT NULL OR media.is_profile THEN
		PERFORM social.raise_error('SM409', 'this file is shown', coalesce('Post ' || media.post_id || ' shows it.', 'Your profile shows it.'), 'Take it off there.');
	END IF;
	DELETE FROM social.media m WHERE m.id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.delete_media(bigint) IS 'The viewer deletes an own file that is shown nowhere. Returns the id. SM401, SM404; SM409 for one that a post or the profile shows.';

-- ---- where files are shown ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.is_restoring() RETURNS boolean
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_is_restoring';
COMMENT ON FUNCTION social.is_restoring() IS 'Is a dump being restored, or social.restoring on? Asked by the conditions of triggers, which know the session''s own settings.';

CREATE OR REPLACE FUNCTION social.claim_media(owner_id bigint, key text, kind text, post_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	media social.media;
BEGIN
	-- Other keys, and addresses, are what they always were: texts.
	IF key IS NULL OR key !~ '^uploads/[0-9]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[a-z0-9]+$' THEN
		RETURN;
	END IF;
	SELECT m.* INTO media FROM social.media m WHERE m.key = $2 AND m.owner_id = $1 FOR NO KEY UPDATE;
	IF media.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'media not found', format('It is "%s".', key));
	ELSIF media.post_id = $4 OR ($4 IS NULL AND media.is_profile) THEN
		RETURN;
	ELSIF media.post_id IS NOT NULL OR media.is_profile THEN
		PERFORM social.raise_error('SM409', 'this file is shown elsewhere', '', 'Send it again.');
	ELSIF split_part(media.content_type, '/', 1) <> kind THEN
		PERFORM social.raise_error('SM400', format('this file is no %s', kind), format('It is %s.', media.content_type));
	ELSIF media.state NOT IN ('verified', 'processing', 'ready') THEN
		PERFORM social.raise_error('SM409', 'this file cannot be shown', format('It is %s.', media.state), 'It can be when it was sent, and has been looked at.');
	END IF;
	UPDATE social.media m SET post_id = $4, is_profile = $4 IS NULL, updated_at = now() WHERE m.id = media.id;
END
$$;
COMMENT ON FUNCTION social.claim_media(bigint, text, text, bigint) IS 'A post, or (without one) the owner''s profile, claims the file with this key for itself; what is no key of ours is left alone. SM404 for an unknown file and for somebody else''s, SM409 for one that is not verified, or shown elsewhere, SM400 for one of another kind.';

CREATE OR REPLACE FUNCTION social.post_media_claim() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.media m WHERE m.post_id = NEW.id AND m.key IS DISTINCT FROM NEW.image AND m.key IS DISTINCT FROM NEW.video;
	PERFORM social.claim_media(NEW.author_id, NEW.image, 'image', NEW.id), social.claim_media(NEW.author_id, NEW.video, 'video', NEW.id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.post_media_claim() IS 'Row trigger: a post whose image or video is the key of a file that was sent claims it (claim_media); what it shows no longer goes.';
CREATE OR REPLACE TRIGGER social_post_media_insert AFTER INSERT ON social.posts
	FOR EACH ROW WHEN ((NEW.image LIKE 'uploads/%' OR NEW.video LIKE 'uploads/%') AND NOT social.is_restoring()) EXECUTE FUNCTION social.post_media_claim();
CREATE OR REPLACE TRIGGER social_post_media_update AFTER UPDATE OF image, video ON social.posts
	FOR EACH ROW WHEN ((OLD.image IS DISTINCT FROM NEW.image OR OLD.video IS DISTINCT FROM NEW.video) AND NOT social.is_restoring()) EXECUTE FUNCTION social.post_media_claim();

CREATE OR REPLACE FUNCTION social.profile_media_claim() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.media m WHERE m.owner_id = NEW.user_id AND m.is_profile AND m.key IS DISTINCT FROM NEW.avatar AND m.key IS DISTINCT FROM NEW.banner_image;
	PERFORM social.claim_media(NEW.user_id, NEW.avatar, 'image', NULL), social.claim_media(NEW.user_id, NEW.banner_image, 'image', NULL);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.profile_media_claim() IS 'Row trigger: a profile whose avatar or banner_image is the key of a file that was sent claims it (claim_media); what it shows no longer goes.';
CREATE OR REPLACE TRIGGER social_profile_media_insert AFTER INSERT ON social.profiles
	FOR EACH ROW WHEN ((NEW.avatar LIKE 'uploads/%' OR NEW.banner_image LIKE 'uploads/%') AND NOT social.is_restoring()) EXECUTE FUNCTION social.profile_media_claim();
CREATE OR REPLACE TRIGGER social_profile_media_update AFTER UPDATE OF avatar, banner_image ON social.profiles
	FOR EACH ROW WHEN ((OLD.avatar IS DISTINCT FROM NEW.avatar OR OLD.banner_image IS DISTINCT FROM NEW.banner_image) AND NOT social.is_restoring()) EXECUTE FUNCTION social.profile_media_claim();

CREATE OR REPLACE FUNCTION social.media_gone() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = 'media.delete') THEN
		-- An address that is still good could bring the object back.
		PERFORM social.enqueue_job('media.delete', jsonb_build_object('keys', jsonb_build_array(OLD.key) || coalesce((SELECT jsonb_agg(v.value -> 'key') FROM jsonb_each(OLD.variants) v), '[]')),
			run_at => CASE WHEN OLD.state IN ('reserved', 'uploaded') THEN greatest(now(), OLD.created_at + (SELECT make_interval(secs => s.upload_seconds) FROM social.media_store s)) END);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.media_gone() IS 'Row trigger: the objects of a file that is gone are deleted by a job.';
CREATE OR REPLACE TRIGGER social_media_gone AFTER DELETE ON social.media
	FOR EACH ROW WHEN (NOT social.is_restoring()) EXECUTE FUNCTION social.media_gone();

-- ---- looking -----------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_media AS
SELECT m.id, m.owner_id, m.post_id, m.is_profile, m.state, m.key, m.file_name, m.content_type, m.size, m.width, m.height, m.duration, m.alternative_text, m.placeholder, m.variants,
	m.error, m.created_at, m.updated_at
FROM social.media m
WHERE m.owner_id = (SELECT social.viewer_id())
	OR m.state = 'ready' AND (EXISTS (SELECT FROM social.visible_posts p WHERE p.id = m.post_id)
		OR m.is_profile AND EXISTS (SELECT FROM social.visible_users u WHERE u.id = m.owner_id)
		OR m.stream_id IS NOT NULL AND EXISTS (SELECT FROM social.visible_streams s WHERE s.id = m.stream_id));
COMMENT ON VIEW social.visible_media IS 'Files that the viewer has sent, and those that are ready of posts, people and streams that the viewer may see.';

CREATE OR REPLACE FUNCTION social.is_public_post(post_id bigint) RETURNS boolean
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM social.posts p WHERE p.id = $1 AND p.visibility = 'public' AND p."position" IS NOT NULL AND p.deleted_at IS NULL AND p.hidden_at IS NULL);
END
$$;
COMMENT ON FUNCTION social.is_public_post(bigint) IS 'Is this a post that everybody may see, so that its media may have addresses that stay?';

CREATE OR REPLACE FUNCTION social.media_document(media social.visible_media, is_own boolean, is_public boolean) RETURNS json
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN json_build_object('id', ($1).id, 'key', ($1).key, 'state', ($1).state, 'error', nullif(($1).error, ''), 'post_id', ($1).post_id,
		'file_name', CASE WHEN $2 THEN ($1).file_name END, 'content_type', ($1).content_type, 'size', ($1).size, 'width', ($1).width, 'height', ($1).height, 'duration', ($1).duration,
		'alternative_text', ($1).alternative_text, 'placeholder', nullif(($1).placeholder, ''),
		'url', CASE WHEN $2 AND ($1).state IN ('verified', 'processing', 'ready') THEN social.media_url(($1).key, false) END,
		'variants', social.variants_json(($1).variants, $3), 'created_at', ($1).created_at, 'updated_at', ($1).updated_at);
END
$$;
COMMENT ON FUNCTION social.media_document(social.visible_media, boolean, boolean) IS 'A file as REST shows it: is_own, with its label and the original; is_public, with addresses that stay. Who may see it is for the caller to ask.';

CREATE OR REPLACE FUNCTION social.media_json(media_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	media social.visible_media;
BEGIN
	SELECT m.* INTO media FROM social.visible_media m WHERE m.id = $1;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	RETURN social.media_document(media, media.owner_id IS NOT DISTINCT FROM social.viewer_id(), media.is_profile OR social.is_public_post(media.post_id));
END
$$;
COMMENT ON FUNCTION social.media_json(bigint) IS 'A file that the viewer may see, as REST shows it; null for any other. url is that of the original, for its owner alone, and variants are what others get; addresses are signed where not everybody may see the post.';

CREATE OR REPLACE FUNCTION social.media_cookies(media_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	store social.media_store := social.require_media_store();
	media social.visible_media;
	ends timestamptz;
BEGIN
	SELECT m.* INTO media FROM social.visible_media m WHERE m.id = $1 AND m.state = 'ready';
	IF NOT FOUND THEN
		RETURN NULL;
	ELSIF store.cdn_key_id = '' THEN
		PERFORM social.raise_error('SM409', 'this store takes no cookies', 'Each address is signed by itself, or needs no signature.');
	END IF;
	-- As long as it may take to watch it.
	ends := date_trunc('second', now()) + make_interval(secs => greatest(3600, store.signed_seconds) + coalesce(media.duration, 0));
	RETURN (SELECT json_build_object('domain', p.parts[1], 'path', format('%s/media/%s/', p.parts[2], $1), 'expires_at', ends,
			'cookies', (SELECT json_agg(json_build_object('name', c.key, 'value', c.value) ORDER BY c.key)
				FROM jsonb_each_text(social.cloudfront_cookies(format('%s/media/%s/*', store.public_url, $1), store.cdn_key_id, store.cdn_private_key, ends)) c))
		FROM regexp_match(store.public_url, '^https?://([^/:]+)(?::[0-9]+)?(/.*)?$') AS p (parts));
END
$$;
COMMENT ON FUNCTION social.media_cookies(bigint) IS 'With which cookies a player reads all that was made of a file which the viewer may see, the pieces of a playlist among it, by CloudFront: {domain, path, expires_at, cookies: [{name, value}]}. They are good for an hour and for as long as it plays. Null for a file that is not ready, or not the viewer''s to see; SM409 where the store has no key pair of CloudFront.';

-- For all who see the post alike: an event's payload is made once for all who hear of it.
CREATE OR REPLACE FUNCTION social.shown_media(post_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT coalesce(json_agg(social.media_document((m.id, m.owner_id, m.post_id, m.is_profile, m.state, m.key, m.file_name, m.content_type, m.size, m.width, m.height, m.duration, m.alternative_text,
			m.placeholder, m.variants, m.error, m.created_at, m.updated_at)::social.visible_media, false, p.is_public) ORDER BY m.id), '[]')
		FROM (SELECT social.is_public_post($1) AS is_public OFFSET 0) p, social.media m WHERE m.post_id = $1 AND m.state = 'ready');
END
$$;
COMMENT ON FUNCTION social.shown_media(bigint) IS 'The files that a post shows and that are ready, as others than their owner see them. Who may see the post is for the caller to ask (extension/content/post_media.c).';

CREATE OR REPLACE FUNCTION social.post_media(post_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.seen_post($1);
	RETURN (SELECT coalesce(json_agg(social.media_json(m.id) ORDER BY m.id), '[]') FROM social.visible_media m WHERE m.post_id = $1);
END
$$;
COMMENT ON FUNCTION social.post_media(bigint) IS 'The files that a post shows, as media_json: for others than their owner those that are ready. SM404 for a post that the viewer may not see.';

SELECT social.make_list('own_media', '',
	'social.visible_media',
	'm.*',
	'social.visible_media m WHERE m.owner_id = viewer', '{m.id}',
	'Files that the viewer has sent, or is about to, newest first. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true);

-- ---- what workers say --------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.media_source(media_id bigint, OUT id bigint, OUT state text, OUT kind text, OUT key text, OUT content_type text, OUT size bigint, OUT max_size bigint)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT m.id, m.state, t.kind, m.key, m.content_type, m.size, least(t.max_size, (SELECT s.max_size FROM social.media_store s))
	FROM social.media m JOIN social.media_types() t ON t.content_type = m.content_type WHERE m.id = $1
$$;
COMMENT ON FUNCTION social.media_source(bigint) IS 'What a worker needs to know of a file: its state, kind (image, video), key, declared type and size, and the most that it may take; all null when it is gone. For workers.';

CREATE OR REPLACE FUNCTION social.media_address(method text, key text, headers jsonb DEFAULT '{}', seconds integer DEFAULT 900) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $2 IS NULL OR $2 !~ '^(uploads|media|exports)/' OR $2 ~ '(^|/)\.\.?(/|$)' THEN
		PERFORM social.raise_error('SM400', 'invalid key', 'It begins with uploads/, media/ or exports/.');
	END IF;
	RETURN social.media_store_address(social.require_media_store(), $1, $2, $4, now(), $3);
END
$$;
COMMENT ON FUNCTION social.media_address(text, text, jsonb, integer) IS 'An address with which a worker may do this (GET, HEAD, PUT, DELETE) to an object, so that it needs no keys. A path where the store is a directory whose endpoint is not known. SM400 for a key that is none of ours, SM409 where there is no store. For workers.';

CREATE OR REPLACE FUNCTION social.media_found(media_id bigint, size bigint, content_type text, etag text DEFAULT '') RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	media social.media;
	source record := social.media_source($1);
	reason text;
BEGIN
	SELECT m.* INTO media FROM social.media m WHERE m.id = $1 FOR NO KEY UPDATE;
	IF media.state IS NULL OR media.state NOT IN ('reserved', 'uploaded') THEN
		RETURN media.state;
	END IF;
	reason := CASE WHEN coalesce($2, 0) < 1 THEN 'it is empty'
		WHEN $2 <> media.size THEN format('it has %s bytes, not %s', $2, media.size)
		WHEN $2 > source.max_size THEN format('it has %s bytes, the limit is %s', $2, source.max_size)
		WHEN NOT EXISTS (SELECT FROM social.media_types() t WHERE t.content_type = media.content_type AND (lower($3) = t.content_type OR lower($3) = ANY (t.aliases)))
			THEN format('it is %s, not %s', coalesce(left($3, 100), 'of no known type'), media.content_type) END;
	IF reason IS NOT NULL THEN
		RETURN social.media_rejected($1, reason);
	END IF;
	UPDATE social.media m SET state = 'verified', size = $2, etag = coalesce($4, ''), updated_at = now() WHERE m.id = $1;
	PERFORM social.enqueue_job('media.process', jsonb_build_object('media_id', $1), unique_key => 'media:' || $1, user_id => media.owner_id);
	RETURN 'verified';
END
$$;
COMMENT ON FUNCTION social.media_found(bigint, bigint, text, text) IS 'A worker has found a file that was sent, of this size and (as its first bytes tell) of this type: it is verified, and media.process is asked for, or rejected when it is not what was declared. Returns the state that it has, null when it is gone. For workers.';

CREATE OR REPLACE FUNCTION social.media_absent(media_id bigint) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.media m SET state = 'reserved', updated_at = now() WHERE m.id = $1 AND m.state = 'uploaded';
	RETURN (SELECT m.state FROM social.media m WHERE m.id = $1);
END
$$;
COMMENT ON FUNCTION social.media_absent(bigint) IS 'A worker has found nothing where the owner said to have sent a file: it is reserved again. Returns the state. For workers.';

CREATE OR REPLACE FUNCTION social.media_rejected(media_id bigint, reason text) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.end_media($1, 'rejected', $2);
END
$$;
COMMENT ON FUNCTION social.media_rejected(bigint, text) IS 'A worker has found that a file is not what it must be; its objects go, the owner reads why. Returns the state. For workers.';

CREATE OR REPLACE FUNCTION social.media_failed(media_id bigint, reason text) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.end_media($1, 'failed', $2);
END
$$;
COMMENT ON FUNCTION social.media_failed(bigint, text) IS 'A worker cannot make the variants of a file, however often it tries; its objects go, the owner reads why. Returns the state. For workers.';

CREATE OR REPLACE FUNCTION social.end_media(media_id bigint, state text, reason text) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key text;
BEGIN
	UPDATE social.media m SET state = $2, error = left(coalesce($3, ''), 500), updated_at = now()
	WHERE m.id = $1 AND m.state NOT IN ('ready', 'rejected', 'failed') RETURNING m.key INTO key;
	IF key IS NOT NULL THEN
		PERFORM social.enqueue_job('media.delete', jsonb_build_object('keys', jsonb_build_array(key)));
	END IF;
	RETURN (SELECT m.state FROM social.media m WHERE m.id = $1);
END
$$;
COMMENT ON FUNCTION social.end_media(bigint, text, text) IS 'A file comes to nothing: its objects go. One that is ready, or came to nothing before, stays as it is.';

CREATE OR REPLACE FUNCTION social.media_processing(media_id bigint) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.media m SET state = 'processing', updated_at = now() WHERE m.id = $1 AND m.state = 'verified';
	RETURN (SELECT m.state FROM social.media m WHERE m.id = $1);
END
$$;
COMMENT ON FUNCTION social.media_processing(bigint) IS 'A worker has begun with the variants of a file. Returns the state: where that is not processing, there is nothing to do. For workers.';

CREATE OR REPLACE FUNCTION social.media_processed(media_id bigint, variants jsonb, width integer DEFAULT NULL, height integer DEFAULT NULL, duration double precision DEFAULT NULL, placeholder text DEFAULT '') RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF jsonb_typeof($2) IS DISTINCT FROM 'object' OR EXISTS (SELECT FROM jsonb_each($2) v
			WHERE v.key !~ '^[a-z][a-z0-9_]{0,30}$' OR NOT starts_with(coalesce(v.value ->> 'key', ''), format('media/%s/', $1)) OR v.value ->> 'key' ~ '(^|/)\.\.?(/|$)' OR coalesce(v.value ->> 'content_type', '') = '') THEN
		PERFORM social.raise_error('SM400', 'invalid variants', 'An object of names, each with key (media/ID/...), content_type, and perhaps width, height and size.');
	ELSIF octet_length($6) > 4096 THEN
		PERFORM social.raise_error('SM400', 'the placeholder is too long', 'It has 4096 bytes at most.');
	END IF;
	UPDATE social.media m SET state = 'ready', variants = $2, width = $3, height = $4, duration = $5, placeholder = coalesce($6, ''), updated_at = now()
	WHERE m.id = $1 AND m.state = 'processing';
	RETURN (SELECT m.state FROM social.media m WHERE m.id = $1);
END
$$;
COMMENT ON FUNCTION social.media_processed(bigint, jsonb, integer, integer, double precision, text) IS 'A worker has made the variants of a file: {"name": {"key", "content_type", "width", "height", "size"}}, below media/ID/; size and length of the original, and a tiny picture as a data: address. It is ready. Returns the state, null when it is gone (then the objects go, too: media.delete). SM400 for variants that are elsewhere. For workers.';
