-- version.sql: which state of a document somebody has read (issue 13, line 3).
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SELECT social.register_user('tap_writer', 'tap_writer@example.com', 'a good password') AS ann,
	social.register_user('tap_stranger', 'tap_stranger@example.com', 'a good password') AS bea \gset
SELECT social.act_as(:ann) \g /dev/null
SELECT social.create_post('a post', 'text') AS post, social.create_post('a secret', 'text', visibility => 'private') AS secret \gset
SELECT social.create_comment(:post, 'a comment') AS comment \gset

-- A version is of what is written, and of the transaction that wrote it; here savepoints are those.
SELECT social.post_version(:post) AS before, social.comment_version(:comment) AS comment_before, social.account_version() AS account_before \gset
SELECT isnt(:before::text, NULL, 'a post has a version');
SELECT social.act_as(:bea), social.like_post(:post), social.like_comment(:comment), social.create_comment(:post, 'another', :comment) \g /dev/null
SELECT is(social.post_version(:post), :before::bigint, 'likes and comments are none of a post''s');
SELECT is(social.comment_version(:comment), :comment_before::bigint, 'nor of a comment''s');
SELECT social.act_as(:ann) \g /dev/null
SAVEPOINT s;
SELECT social.update_post(:post, content => 'other text'), social.update_comment(:comment, 'other text'), social.update_profile(bio => 'other text') \g /dev/null
SELECT isnt(social.post_version(:post), :before::bigint, 'an edit makes another version of a post');
SELECT isnt(social.comment_version(:comment), :comment_before::bigint, 'of a comment');
SELECT isnt(social.account_version(), :'account_before', 'of a profile');
SELECT social.update_profile(bio => '') \g /dev/null
SELECT is(social.account_version(), :'account_before', 'a profile as it was has the version that it had');
UPDATE social.users SET last_login_at = now() WHERE id = :ann;
SELECT is(social.account_version(), :'account_before', 'logging in changes nothing that somebody writes');
SELECT is(social.post_version(v.id), NULL, 'no post, no version') FROM (VALUES (NULL::bigint), (0), (-1), (9223372036854775807)) v (id);
SELECT is(social.comment_version(NULL), NULL, 'no comment, no version');

-- what is asked for
SELECT lives_ok(format('SELECT social.require_version(''post'', %s, %L, %L)', :post, w.wanted, w.unwanted), 'fits: ' || w.why) FROM (VALUES
	(NULL, NULL, 'whatever it is'), ('{*}', NULL, 'any'), ('{1,' || social.post_version(:post) || '}', NULL, 'one of a list'), (NULL, '{1}', 'not one of a list')) w (wanted, unwanted, why);
SELECT throws_ok(format('SELECT social.require_version(''post'', %s, %L, %L)', :post, w.wanted, w.unwanted), 'SM412', 'it has changed since it was read', 'not: ' || w.why) FROM (VALUES
	('{}', NULL, 'none'), ('{' || :before || '}', NULL, 'the one before'), (NULL, '{*}', 'any is unwanted'), ('{*}', '{' || social.post_version(:post) || '}', 'this one is')) w (wanted, unwanted, why);
SELECT throws_ok(format('SELECT social.require_version(''comment'', %s, %L, NULL)', :comment, '{1}'), 'SM412', NULL, 'a comment');
SELECT throws_ok(format('SELECT social.require_version(''account'', NULL, %L, NULL)', '{1}'), 'SM412', NULL, 'a profile');
SELECT lives_ok(format('SELECT social.require_version(''account'', NULL, %L, NULL)', array[social.account_version()]), 'a profile as it was read');
SELECT throws_ok('SELECT social.require_version(''post'', -1, ''{*}'', NULL)', 'SM404', NULL, 'what is not there');
SELECT social.act_as(:bea) \g /dev/null
SELECT throws_ok(format('SELECT social.require_version(''post'', %s, %L, NULL)', :secret, wanted), 'SM404', NULL, 'what is not seen is not there: ' || wanted) FROM (VALUES ('{*}'), ('{1}')) w (wanted);
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT throws_ok(format('SELECT social.require_version(''post'', %s, NULL, NULL)', :post), 'SM401', NULL, 'nobody writes');

SELECT * FROM finish();
ROLLBACK;
