-- cache.sql proves which tables are content that everybody may read (extension/content/cache.c); that
-- versions rise with them proves test/http/cache.t, for a commit is needed. seed 129, I-25
BEGIN;
SELECT no_plan();

-- Who adds a table decides whether strangers are ever shown anything of it; until it is said, they are.
SELECT set_eq($$
	SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p') AND social.is_content(c.oid)
$$, ARRAY[
	'users', 'profiles', 'follows', 'posts', 'post_hashtags', 'hashtags', 'mentions', 'comments', 'post_likes', 'comment_likes', 'reposts', 'repost_places', 'post_views',
	'user_counters', 'user_counter_deltas', 'post_counters', 'post_counter_deltas', 'comment_counters', 'comment_counter_deltas', 'hashtag_counters', 'hashtag_counter_deltas', 'subject_counters', 'subject_counter_deltas',
	'post_trends', 'hashtag_trends', 'post_reindex', 'text_tables', 'content_rules', 'media', 'streams', 'mux_streams', 'stream_chat_messages',
	'sport_subjects', 'leagues', 'teams', 'athletes', 'sport_external_ids', 'post_subjects', 'stream_subjects'
], 'what strangers are shown is made of these tables');
CREATE TABLE pg_temp.posts (id bigint);
SELECT ok(NOT social.is_content('pg_temp.posts'), 'tables of others are no content, whatever they are called');
SELECT ok(NOT social.is_content('pg_catalog.pg_class'), 'nor are those of the server');

SELECT matches(social.content_version(), '^[0-9]+\.' || (SELECT oid FROM pg_database WHERE datname = current_database()) || ':[0-9]+$', 'a version: of this start, of this database')
WHERE current_setting('shared_preload_libraries') LIKE '%social%';
SELECT is(social.content_version(), NULL, 'none where nothing is preloaded')
WHERE current_setting('shared_preload_libraries') NOT LIKE '%social%';
SELECT lives_ok('SELECT social.touch_content()', 'an operator may have it rise');

SELECT * FROM finish();
ROLLBACK;
