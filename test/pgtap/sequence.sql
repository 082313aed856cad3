-- sequence.sql proves that ids which somebody else chose are given out to nobody (found C4).
BEGIN;
SELECT no_plan();

-- An import brings its ids: the next ones, and some far away.
SELECT nextval('social.users_id_seq') AS next \gset
INSERT INTO social.users (id, username) VALUES (:next + 1, 'tap_import1'), (:next + 2, 'tap_import2');
SELECT lives_ok($$ SELECT social.register_user('tap_new', 'tap_new@example.com', 'correct horse battery') $$, 'whoever registers next gets an id of his own');
SELECT is((SELECT id FROM social.users WHERE username = 'tap_new'), :next + 3::bigint, 'the next one');
INSERT INTO social.users (id, username) VALUES (:next + 50000, 'tap_import3'), (:next + 40000, 'tap_import4');
INSERT INTO social.users (username) VALUES ('tap_after');
SELECT is((SELECT id FROM social.users WHERE username = 'tap_after'), :next + 50001::bigint, 'also after a leap');
INSERT INTO social.users (id, username) VALUES (-17, 'tap_low');
SELECT is((SELECT last_value FROM social.users_id_seq), :next + 50001::bigint, 'what is lower moves nothing');

SELECT :next + 3 AS author \gset
SELECT nextval('social.posts_id_seq') AS post \gset
INSERT INTO social.posts (id, author_id, title, content) SELECT :post + n, :author, 'moved #tapmoved' || n, 'text' FROM generate_series(1, 20) AS n;
SELECT social.act_as(:author) \g /dev/null
SELECT is(social.create_post('new', 'text'), :post + 21::bigint, 'posts');
SELECT nextval('social.comments_id_seq') AS comment \gset
INSERT INTO social.comments (id, post_id, author_id, content) SELECT :comment + n, :post + 1, :author, 'moved' FROM generate_series(1, 20) AS n;
SELECT is(social.create_comment(:post + 1, 'new'), :comment + 21::bigint, 'and comments');
SELECT nextval('social.hashtags_id_seq') AS hashtag \gset
INSERT INTO social.hashtags (id, tag, display) VALUES (:hashtag + 1, 'tapother', 'tapother');
SELECT lives_ok('SELECT social.create_post($$new$$, $$#tapfresh$$)', 'and hashtags');

-- A role that may insert, and no more.
CREATE ROLE tap_loader BYPASSRLS;
GRANT USAGE ON SCHEMA social TO tap_loader;
GRANT INSERT ON social.users TO tap_loader;
GRANT EXECUTE ON FUNCTION social.name_trigrams(text, text) TO tap_loader;
SET ROLE tap_loader;
SELECT lives_ok(format('INSERT INTO social.users (id, username) VALUES (%s, $$tap_loaded$$)', :next + 90000), 'whoever may insert moves the sequence along');
RESET ROLE;
SELECT is((SELECT last_value FROM social.users_id_seq), :next + 90000::bigint, 'with the owner''s rights');

-- Loads without triggers: check() tells, one function mends.
SELECT is_empty('SELECT * FROM social.sequences_behind()', 'none is behind');
SELECT is((SELECT status FROM social.check() WHERE name = 'sequences'), 'ok', 'says check()');
SET LOCAL session_replication_role = replica;
INSERT INTO social.users (id, username) VALUES (:next + 200000, 'tap_silent');
INSERT INTO social.posts (id, author_id, title, content, position) SELECT :post + 1000, :author, 'silent', 'text', last_value + 500 FROM social.post_position_seq;
INSERT INTO social.notifications (id, recipient_id, type) SELECT last_value + 77, :author, 'system' FROM social.notifications_id_seq;
SET LOCAL session_replication_role = origin;
SELECT bag_eq('SELECT sequence::text FROM social.sequences_behind()', ARRAY['social.users_id_seq', 'social.posts_id_seq', 'social.post_position_seq', 'social.notifications_id_seq'], 'behind');
SELECT results_eq($$ SELECT status, hint FROM social.check() WHERE name = 'sequences' $$, $$ VALUES ('error', 'New rows would get ids that are taken: SELECT * FROM social.advance_sequences().') $$, 'check() tells, and what to do');
SELECT bag_eq('SELECT sequence::text FROM social.advance_sequences()', ARRAY['social.users_id_seq', 'social.posts_id_seq', 'social.post_position_seq', 'social.notifications_id_seq'], 'advanced');
SELECT is_empty('SELECT * FROM social.sequences_behind()', 'none is behind any more');
SELECT is(social.create_post('after', 'text'), :post + 1001::bigint, 'and life goes on');

SELECT * FROM finish();
ROLLBACK;
