-- text_tables.sql proves that an ICU with another version of Unicode under the indexes on texts is
-- noticed, and that one function mends it (found C20).
BEGIN;
SELECT no_plan();
CREATE FUNCTION pg_temp.checked() RETURNS text LANGUAGE sql AS $$ SELECT status FROM social.check() WHERE name = 'text indexes' $$;

SELECT is((SELECT t.unicode FROM social.text_tables t), (SELECT unicode FROM social.library_text_tables()), 'an install notes what it reads texts with');
SELECT matches((SELECT unicode || ' ' || icu FROM social.library_text_tables()), '^[0-9]+(\.[0-9]+)+ [0-9]+\.[0-9]+$', 'which is a version');
SELECT is(pg_temp.checked(), 'ok', 'check() finds nothing');
SELECT set_eq('SELECT i::text FROM social.text_indexes() i',
	$$ SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
	WHERE c.relnamespace = 'social'::regnamespace AND pg_get_indexdef(i.indexrelid) ~ 'social\.[a-z_]+\(' $$, 'the indexes that call a function of ours');
SELECT cmp_ok((SELECT count(*) FROM social.text_indexes()), '>=', 4::bigint, 'are at least four');

-- As pg_upgrade, or an upgrade of the operating system, would leave it.
UPDATE social.text_tables SET unicode = '14.0', icu = '70.1';
SELECT is(pg_temp.checked(), 'error', 'C20: another version of Unicode is an error');
SELECT matches(detail || ' ' || hint, 'Unicode 14\.0.*this server.*social\.reindex_texts\(\)', 'which says what was and is, and what to do') FROM social.check() WHERE name = 'text indexes';
CREATE TEMPORARY TABLE file AS SELECT i::oid AS index, pg_relation_filenode(i) AS node FROM social.text_indexes() i;
SELECT social.register_user('tablesann', 'tablesann@e.com', 'long password') AS ann \gset
SELECT social.act_as(:ann) \g /dev/null
SELECT social.create_post('Café in the old tables', 'text') AS post \gset
DELETE FROM social.post_reindex;
SELECT is(social.reindex_texts(), (SELECT unicode FROM social.library_text_tables()), 'it tells the version');
SELECT is((SELECT count(*) FROM file WHERE node = pg_relation_filenode(index)), 0::bigint, 'C20: every index was made anew');
SELECT is((SELECT count(*) FROM social.post_reindex), 1::bigint, 'and the worker looks at the vectors');
SELECT is(pg_temp.checked(), 'ok', 'then check() is content');
SELECT is((SELECT count(*) FROM social.search_posts_like('café in the old') s WHERE s.id = :post), 1::bigint, 'and the post is found');

UPDATE social.text_tables SET unicode = '14.0';
DELETE FROM file;
INSERT INTO file SELECT i::oid, pg_relation_filenode(i) FROM social.text_indexes() i;
SELECT social.reindex_texts(rebuild => false) \g /dev/null
SELECT is((SELECT count(*) FROM file WHERE node <> pg_relation_filenode(index)), 0::bigint, 'who made them anew by hand has it noted alone');
SELECT is(pg_temp.checked(), 'ok', 'which is enough');
DELETE FROM social.text_tables;
SELECT is(pg_temp.checked(), 'error', 'a version that is not known is none to rely on');

SELECT * FROM finish();
ROLLBACK;
