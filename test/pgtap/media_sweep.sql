-- media_sweep.sql proves the comparison of the table media with the store, both ways (issue 15, line 7); a real S3 server is swept in
-- test/s3/sweep.t, the directory in test/worker/sweep.t.
BEGIN;
SELECT no_plan();

DELETE FROM social.media_store;
DELETE FROM social.media;
DELETE FROM social.jobs WHERE kind = 'media.delete';
SELECT throws_ok('SELECT social.start_media_sweep()', 'SM409', 'there is no media store', 'no store');
SELECT social.set_media_store() \gset
SELECT matches(social.media_sweep_address(social.start_media_sweep()), '^/.*/\?.*&list-type=2&max-keys=10000&X-Amz-Signature=', 'a directory is listed by the bridge');
DELETE FROM social.media_sweeps;
DELETE FROM social.jobs WHERE kind = 'media.sweep';
SELECT social.set_media_store(false, '', 'example-media', 'eu-central-1', false, 'AKIAIOSFODNN7EXAMPLE', 'secret') \gset
INSERT INTO social.users (username) VALUES ('tap_sweep');
SELECT id AS owner FROM social.users WHERE username = 'tap_sweep' \gset
-- Files whose ids are 1, 2, 10 and 11, in the order of keys 1, 10, 11, 2, with two variants each.
INSERT INTO social.media (id, owner_id, state, key, content_type, variants, updated_at)
SELECT i, :owner, 'ready', format('uploads/7/%s.png', i), 'image/png', format('{"full": {"key": "media/%1$s/full.webp"}, "thumbnail": {"key": "media/%1$s/t.webp"}}', i)::jsonb, now() - interval '2 days' FROM unnest(ARRAY[1, 2, 10, 11]) i;
INSERT INTO social.media (id, owner_id, state, key, content_type, updated_at) VALUES (3, :owner, 'reserved', 'uploads/7/3.png', 'image/png', now() - interval '2 days'), (4, :owner, 'processing', 'uploads/7/4.png', 'image/png', now() - interval '2 days'),
	(5, :owner, 'rejected', 'uploads/7/5.png', 'image/png', now() - interval '2 days'), (6, :owner, 'verified', 'uploads/7/6.png', 'image/png', now());

-- Where they all stand.
CREATE TEMPORARY TABLE stored (key text COLLATE "C", at timestamptz);
INSERT INTO stored SELECT key, now() - interval '2 days' FROM social.expected_objects('', NULL, now() + interval '1 day');
SELECT is(count(*), 14::bigint, 'what should be there: originals and variants, of those that were found to be what they are') FROM stored;
SELECT set_eq(format('SELECT key FROM social.expected_objects(%L, %L, now() + interval ''1 day'')', a, b), format('SELECT key FROM stored WHERE key > %L AND key <= %L', a, b), format('between "%s" and "%s"', a, b))
FROM unnest(ARRAY['', 'media/', 'media/1', 'media/1/full.webp', 'media/1/t.webp', 'media/10/full.webp', 'media/2/full.webp', 'n', 'uploads/7/1.png']) a,
	unnest(ARRAY['a', 'media/1/full.webp', 'media/1/z', 'media/11/full.webp', 'media/2/t.webp', 'media/9', 'uploads/7/10.png', 'z']) b WHERE a COLLATE "C" < b COLLATE "C";
CREATE FUNCTION pg_temp.listing(after text, size integer) RETURNS text LANGUAGE sql AS $$
	SELECT format('<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>%s</IsTruncated>%s</ListBucketResult>',
		((SELECT count(*) FROM stored WHERE key > after COLLATE "C") > size)::text,
		(SELECT string_agg(format('<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size></Contents>', social.xml_text(s.key), to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), '' ORDER BY s.key)
			FROM (SELECT * FROM stored WHERE key > after COLLATE "C" ORDER BY key LIMIT size) s))
$$;
-- What a worker does: it lists until it is told that that was all.
CREATE FUNCTION pg_temp.sweep(size integer, deletes boolean DEFAULT false) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	sweep bigint := social.start_media_sweep(deletes);
	listing text;
BEGIN
	LOOP
		listing := pg_temp.listing((SELECT s.place FROM social.media_sweeps s WHERE s.id = sweep), size);
		EXIT WHEN social.media_sweep_page(sweep, listing);
		PERFORM social.media_sweep_page(sweep, listing); -- told twice
	END LOOP;
	RETURN sweep;
END
$$;
CREATE TEMPORARY TABLE swept AS SELECT n, pg_temp.sweep(n) AS id FROM unnest(ARRAY[1, 3, 1000]) n;
SELECT is((s.objects, s.missing, s.orphans, s.finished_at IS NOT NULL)::text, '(14,0,0,t)', 'nothing amiss, in pages of ' || w.n) FROM swept w JOIN social.media_sweeps s ON s.id = w.id;
SELECT pg_temp.sweep(3) AS id \gset
SELECT matches(social.media_sweep_address(social.start_media_sweep()), '^https://example-media\.s3\.eu-central-1\.amazonaws\.com/\?.*&list-type=2&max-keys=1000&X-Amz-Signature=', 'where the first page is listed');
SELECT is(social.media_sweep_address(:id), NULL, 'nowhere when it is through');
SELECT is(social.media_sweep_page(:id, pg_temp.listing('', 10)), true, 'which it stays');

DELETE FROM stored WHERE key IN ('uploads/7/10.png', 'media/2/full.webp', 'uploads/7/6.png');
INSERT INTO stored VALUES ('media/2/old.webp', now() - interval '2 days'), ('media/9/full.webp', now() - interval '2 days'), ('media/4/to_come.webp', now() - interval '2 days'), ('uploads/7/5.png', now() - interval '2 days'), ('uploads/7/3.png', now() - interval '2 days'),
	('uploads/7/just<sent>.png', now()), ('uploads/7/today.png', now() - interval '3 hours'), ('somebody/else', now() - interval '2 days');
SELECT pg_temp.sweep(n) AS id FROM unnest(ARRAY[2]) n \gset
SELECT set_eq(format('SELECT kind, key FROM social.admin_media_findings WHERE sweep_id = %s', :id), $$VALUES ('missing', 'uploads/7/10.png'), ('missing', 'media/2/full.webp'),
	('orphan', 'media/2/old.webp'), ('orphan', 'media/9/full.webp'), ('orphan', 'uploads/7/5.png'), ('orphan', 'uploads/7/today.png'), ('orphan', 'somebody/else')$$, 'what is missing, and what nobody knows; not what was just sent, reserved, or is being made');
SELECT is((missing, orphans, deleted)::text, '(2,5,0)', 'counted; nothing is deleted unless it is said') FROM social.media_sweeps WHERE id = :id;
SELECT is(count(*), 0::bigint, 'nothing at all') FROM social.jobs WHERE kind = 'media.delete';
SELECT pg_temp.sweep(1000, true) AS id \gset
SELECT set_eq($$SELECT k FROM social.jobs j, jsonb_array_elements_text(j.args -> 'keys') k WHERE j.kind = 'media.delete'$$, '{media/2/old.webp,media/9/full.webp,uploads/7/5.png}'::text[], 'orphans of more than a day are, where they are ours');
SELECT is(deleted, 3::bigint, 'and counted') FROM social.media_sweeps WHERE id = :id;
SELECT throws_ok(format('SELECT social.media_sweep_page(social.start_media_sweep(), %L)', x), NULL, NULL, 'an answer that is none: ' || x) FROM unnest(ARRAY['<Error><Code>NoSuchBucket</Code></Error>', 'hello', '']) x;
SELECT set_eq($$SELECT action FROM social.audit_log WHERE action = 'start_media_sweep'$$, '{start_media_sweep}'::text[], 'the audit log knows of it');

SELECT * FROM finish();
ROLLBACK;
