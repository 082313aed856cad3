-- help.sql: the reference inside psql (found A13: \df+ social.* prints 14.5 MB).
BEGIN;
SELECT plan(8);
SELECT results_eq($$SELECT name, result, audience FROM social.help('like_post')$$, $$VALUES ('like_post', 'bigint', 'reader'), ('unlike_post', 'bigint', 'reader')$$,
	'the functions that a word names, also inside longer names');
SELECT is((SELECT arguments FROM social.help('search_users')), (SELECT pg_get_function_arguments('social.search_users'::regproc)), 'with their arguments and defaults');
SELECT is((SELECT count(*) FROM social.help('LIKE_POST')), 2::bigint, 'in any case');
SELECT is((SELECT count(*) FROM social.help('%')), 0::bigint, 'a word, not a pattern of LIKE');
SELECT cmp_ok((SELECT count(*) FROM social.help()), '>', 150::bigint, 'all of them without a word');
SELECT is_empty($$SELECT name FROM social.help() WHERE coalesce(description, '') = ''$$, 'each says what it does');
SELECT cmp_ok((SELECT sum(octet_length(h::text)) FROM social.help() h), '<', 200000::bigint, 'and all of it is some pages, not megabytes');
CREATE ROLE social_help_reader;
SELECT social.grant_reader('social_help_reader') \g /dev/null
SET LOCAL ROLE social_help_reader;
SELECT is((SELECT count(*) FROM social.help('create_post')), 1::bigint, 'a reader may ask');
RESET ROLE;
SELECT finish();
ROLLBACK;
