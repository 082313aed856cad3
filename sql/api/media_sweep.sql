-- media_sweep.sql owns comparing the table media with the store, both ways, for operators: a job of social-worker
-- (media.sweep) lists the store page by page, in the order of keys, and each page is compared here.

CREATE OR REPLACE FUNCTION social.start_media_sweep(delete_orphans boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	sweep bigint;
BEGIN
	PERFORM social.require_media_store();
	INSERT INTO social.media_sweeps AS s (deletes) VALUES (coalesce($1, false)) RETURNING s.id INTO sweep;
	PERFORM social.ensure_media_kinds();
	PERFORM social.enqueue_job('media.sweep', jsonb_build_object('sweep_id', sweep), unique_key => 'sweep:' || sweep);
	PERFORM social.audit('start_media_sweep', 'media_sweep', sweep, jsonb_build_object('deletes', coalesce($1, false)));
	RETURN sweep;
END
$$;
COMMENT ON FUNCTION social.start_media_sweep(boolean) IS 'Has social-worker compare the table media with the store, both ways; with delete_orphans what nobody knows, and is older than a day, is deleted. Returns the sweep''s id: social.media_sweeps has how far it has come, social.admin_media_findings what it found. SM409 where there is no store.';

CREATE OR REPLACE FUNCTION social.media_sweep_address(sweep_id bigint) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place text;
	store social.media_store := social.require_media_store();
BEGIN
	SELECT s.place INTO place FROM social.media_sweeps s WHERE s.id = $1 AND s.finished_at IS NULL;
	RETURN CASE WHEN FOUND THEN social.media_store_address(store, 'GET', '', 900, now(), '{}',
		-- A page of the directory costs a look at all of it.
		jsonb_build_object('list-type', '2', 'max-keys', CASE WHEN store.is_local THEN '10000' ELSE '1000' END) || CASE WHEN place = '' THEN '{}' ELSE jsonb_build_object('start-after', place) END) END;
END
$$;
COMMENT ON FUNCTION social.media_sweep_address(bigint) IS 'Where the next page of the store''s objects is listed (ListObjectsV2), for a sweep; null for one that is through, or gone. For workers.';

CREATE OR REPLACE FUNCTION social.expected_objects(after text, up_to text, before timestamptz) RETURNS TABLE (key text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT m.key FROM social.media m
	WHERE m.key > $1 COLLATE "C" AND ($2 IS NULL OR m.key <= $2 COLLATE "C") AND m.state IN ('verified', 'processing', 'ready') AND m.updated_at < $3
	UNION ALL
	-- Keys of variants, media/ID/..., are in the order of their ids as texts: a slash comes before any digit.
	SELECT v.value ->> 'key' FROM social.media m, jsonb_each(m.variants) v
	WHERE m.variants <> '{}' AND m.id::text COLLATE "C" >= CASE WHEN starts_with($1, 'media/') THEN split_part($1, '/', 2) ELSE '' END
		AND ($2 IS NULL OR $2 COLLATE "C" >= 'media/' AND m.id::text COLLATE "C" <= CASE WHEN starts_with($2, 'media/') THEN split_part($2, '/', 2) ELSE ':' END)
		AND v.value ->> 'key' > $1 COLLATE "C" AND ($2 IS NULL OR v.value ->> 'key' <= $2 COLLATE "C") AND m.state = 'ready' AND m.updated_at < $3
	UNION ALL
	SELECT e.key FROM social.exports e WHERE e.key > $1 COLLATE "C" AND ($2 IS NULL OR e.key <= $2 COLLATE "C") AND e.state = 'ready' AND e.finished_at < $3
$$;
COMMENT ON FUNCTION social.expected_objects(text, text, timestamptz) IS 'The keys of objects that should be in the store, behind one and up to another (null: all), of files that have not changed since.';

CREATE OR REPLACE FUNCTION social.is_known_object(key text) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN starts_with($1, 'uploads/') THEN EXISTS (SELECT FROM social.media m WHERE m.key = $1 AND m.state NOT IN ('rejected', 'failed'))
		WHEN $1 ~ '^media/[1-9][0-9]{0,15}/' THEN EXISTS (SELECT FROM social.media m WHERE m.id = split_part($1, '/', 2)::bigint
			AND (m.state IN ('verified', 'processing') OR EXISTS (SELECT FROM jsonb_each(m.variants) v WHERE v.value ->> 'key' = $1)))
		WHEN starts_with($1, 'exports/') THEN EXISTS (SELECT FROM social.exports e WHERE e.key = $1 AND e.state IN ('running', 'ready'))
		ELSE false END
$$;
COMMENT ON FUNCTION social.is_known_object(text) IS 'Does a file have this object: as what was sent, as a variant, or, while its variants are made, as one to come? Or is it the archive of an export?';

CREATE OR REPLACE FUNCTION social.media_sweep_page(sweep_id bigint, listing text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	sweep social.media_sweeps;
	document xml := $2::xml;
	names text[] := ARRAY[ARRAY['s3', 'http://s3.amazonaws.com/doc/2006-03-01/']];
	is_last boolean := coalesce((xpath('/s3:ListBucketResult/s3:IsTruncated/text()', document, names))[1]::text <> 'true', true);
	last_key text;
	listed_count bigint;
	missing_count bigint;
	orphan_count bigint;
	found jsonb;
	doomed jsonb;
BEGIN
	SELECT s.* INTO sweep FROM social.media_sweeps s WHERE s.id = $1 AND s.finished_at IS NULL FOR NO KEY UPDATE;
	IF sweep.id IS NULL THEN
		RETURN true;
	ELSIF NOT xpath_exists('/s3:ListBucketResult', document, names) THEN
		PERFORM social.raise_error('SM400', 'invalid listing', 'It is S3''s answer to ListObjectsV2.');
	END IF;
	WITH listed AS MATERIALIZED (
		SELECT l.* FROM xmltable(xmlnamespaces('http://s3.amazonaws.com/doc/2006-03-01/' AS s3), '/s3:ListBucketResult/s3:Contents' PASSING document
			COLUMNS key text PATH 's3:Key', size bigint PATH 's3:Size', changed_at timestamptz PATH 's3:LastModified') l
		-- A page that was told of already, before its worker heard so.
		WHERE l.key > sweep.place COLLATE "C"),
	up_to AS MATERIALIZED (SELECT max(l.key COLLATE "C") AS key FROM listed l),
	missing AS MATERIALIZED (
		SELECT e.key FROM up_to u, social.expected_objects(sweep.place, CASE WHEN NOT is_last THEN u.key END, sweep.started_at - interval '1 hour') e
		WHERE (is_last OR u.key IS NOT NULL) AND NOT EXISTS (SELECT FROM listed l WHERE l.key = e.key)),
	orphans AS MATERIALIZED (
		SELECT l.* FROM listed l WHERE l.changed_at < sweep.started_at - interval '1 hour' AND NOT social.is_known_object(l.key))
	SELECT (SELECT jsonb_agg(f.o) FROM (
			SELECT jsonb_build_object('kind', 'missing', 'key', m.key) AS o FROM missing m
			UNION ALL SELECT jsonb_build_object('kind', 'orphan', 'key', p.key, 'size', p.size, 'changed_at', p.changed_at) FROM orphans p
			LIMIT greatest(1000 - jsonb_array_length(sweep.findings), 0)) f),
		(SELECT jsonb_agg(p.key) FROM orphans p WHERE sweep.deletes AND p.changed_at < sweep.started_at - interval '1 day' AND p.key ~ '^(uploads|media|exports)/'),
		(SELECT count(*) FROM listed), (SELECT count(*) FROM missing), (SELECT count(*) FROM orphans), (SELECT u.key FROM up_to u)
	INTO found, doomed, listed_count, missing_count, orphan_count, last_key;
	UPDATE social.media_sweeps s SET objects = s.objects + listed_count, missing = s.missing + missing_count, orphans = s.orphans + orphan_count, place = coalesce(last_key, s.place),
		finished_at = CASE WHEN is_last THEN clock_timestamp() END, findings = s.findings || coalesce(found, '[]'), deleted = s.deleted + coalesce(jsonb_array_length(doomed), 0) WHERE s.id = $1;
	IF doomed IS NOT NULL THEN
		PERFORM social.enqueue_job('media.delete', jsonb_build_object('keys', doomed));
	END IF;
	RETURN is_last;
END
$$;
COMMENT ON FUNCTION social.media_sweep_page(bigint, text) IS 'Compares a page of the store''s objects (S3''s answer to ListObjectsV2) with the table, both ways; what is younger than an hour before the sweep is left out, for it may be on its way. Orphans are deleted where the sweep says so, outside of uploads/, media/ and exports/ never. The same page again changes nothing. True when the sweep is through. SM400 for what is no such answer. For workers.';
