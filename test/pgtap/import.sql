-- import.sql proves the way back of an export: lists and posts of its document go into another account, once (issue 17).
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SELECT social.register_user('imp_old', 'imp_old@example.com', 'a good password') AS old, social.register_user('imp_new', 'imp_new@example.com', 'a good password') AS new,
	social.register_user('imp_friend', 'imp_friend@example.com', 'a good password') AS friend, social.register_user('imp_locked', 'imp_locked@example.com', 'a good password') AS locked,
	social.register_user('imp_foe', 'imp_foe@example.com', 'a good password') AS foe \gset
UPDATE social.users SET is_locked = true WHERE id = :locked;
SELECT social.act_as(:old, true);
SELECT social.follow_user(:friend), social.follow_user(:locked), social.mute_user(:friend, posts => false), social.block_user(:foe) \g /dev/null
SELECT social.create_post('One', 'the first #imptag @imp_friend') AS one, social.create_post('Draft', 'a draft', is_published => false) AS draft, social.create_post('Gone', 'deleted') AS gone, social.create_post('Hidden', 'hidden') AS hidden \gset
SELECT social.delete_post(:gone), social.share_post(:one, 'quoted by myself') \g /dev/null
SELECT social.act_as(NULL::bigint, true);
UPDATE social.posts SET created_at = '2020-02-03 04:05:06+00' WHERE id = :one;
UPDATE social.posts SET hidden_at = now() WHERE id = :hidden;
SELECT social.export_json(:old) AS document \gset

SELECT results_eq(format('SELECT * FROM social.import_json(%s, %L)', :new, :'document'), $$VALUES ('blocks', 1::bigint, 1::bigint), ('mutes', 1, 1), ('following', 1, 1), ('posts', 5, 3)$$, 'issue 17: what an export has of lists and posts is taken');
SELECT results_eq('SELECT title, content, is_published, visibility::text COLLATE "default", created_at = ''2020-02-03 04:05:06+00'' FROM social.posts WHERE author_id = ' || :new || ' ORDER BY id',
	$$VALUES ('One', 'the first #imptag @imp_friend', true, 'public', true), ('Draft', 'a draft', false, 'public', false), ('', 'quoted by myself', true, 'public', false)$$, 'posts with their times, without those that were deleted or hidden');
SELECT is((SELECT p.quoted_post_id FROM social.posts p WHERE p.author_id = :new AND p.content = 'quoted by myself'), (SELECT p.id FROM social.posts p WHERE p.author_id = :new AND p.title = 'One'), 'a quote of an own post quotes the one here');
SELECT is((SELECT p.hashtags FROM social.posts p WHERE p.author_id = :new AND p.title = 'One')::text, '{imptag}', 'with their tags');
SELECT is((SELECT count(*) FROM social.notifications n WHERE n.actor_id = :new), 0::bigint, 'nobody is notified');
SELECT set_eq('SELECT followed_id FROM social.follows WHERE follower_id = ' || :new, ARRAY[:friend::bigint], 'who was followed is');
SELECT is((SELECT (m.posts, m.notifications)::text FROM social.mutes m WHERE m.muter_id = :new), '(f,t)', 'who was muted is, in the same way');
SELECT set_eq('SELECT blocked_id FROM social.blocks WHERE blocker_id = ' || :new, ARRAY[:foe::bigint], 'who was blocked is');
SELECT is((SELECT count(*) FROM social.reconcile()), 0::bigint, 'every count is right');
SELECT is(social.viewer_id(), NULL, 'nobody acts afterwards');
SELECT results_eq(format('SELECT sum(rows_taken) FROM social.import_json(%s, %L) WHERE part <> ''blocks''', :new, :'document'), 'VALUES (0::numeric)', 'issue 17: nothing is taken twice');
SELECT is((SELECT count(*) FROM social.posts p WHERE p.author_id = :new), 3::bigint, 'no post');

SELECT is((SELECT (rows_read, rows_taken)::text FROM social.import_rows(:new, 'following', '[{"followed_username":"imp_locked"},{"followed_username":"nobody at all"},{"followed_username":"IMP_NEW"},{"followed_username":null},{}]')), '(5,1)', 'names are looked for here; nobody follows those that are not, or oneself');
SELECT is((SELECT count(*) FROM social.follow_requests q WHERE q.requester_id = :new AND q.target_id = :locked), 1::bigint, 'who is locked is asked');

-- ---- refused
SELECT throws_ok(format('SELECT social.import_rows(%s, ''posts'', %L)', :new, r.rows), r.code, NULL, r.name) FROM (VALUES
	('{}', 'SM400', 'what is no list'), ('[1]', 'SM400', 'a row that is no object'), ('[{"id":9001,"title":"a","content":" "}]', 'SM400', 'a post without text'),
	('[{"id":"x","content":"a"}]', 'SM400', 'an id that is none'), ('[{"content":"a"}]', 'SM400', 'no id'), ('[{"id":1e30,"content":"a"}]', 'SM400', 'one that is too large'),
	('[{"id":9002,"content":"a","visibility":"nobody"}]', 'SM400', 'a visibility that is none'), ('[{"id":9003,"content":"a","created_at":"tomorrow or so"}]', 'SM400', 'a time that is none'),
	(json_build_array(json_build_object('id', 9004, 'content', repeat('x', 200000)))::text, 'SM400', 'a text that is too long')) AS r (rows, code, name);
SELECT throws_like(format('SELECT social.import_rows(%s, ''posts'', ''[{"id":9010,"title":"a","content":"good"},{"id":9011,"title":"b","content":"","visibility":"x"}]'')', :new), '%row 2 of posts%', 'the row is named');
SELECT is((SELECT count(*) FROM social.imported_posts i WHERE i.user_id = :new AND i.original_id BETWEEN 9000 AND 9999), 0::bigint, 'all of them or none');
SELECT throws_ok(format('SELECT social.import_rows(%s, ''account'', ''[]'')', :new), 'SM404', NULL, 'no other part');
SELECT throws_ok('SELECT social.import_rows(0, ''posts'', ''[]'')', 'SM404', NULL, 'nobody');
SELECT is((SELECT rows_taken FROM social.import_rows(:new, 'posts', '[{"id":30,"title":"Later","content":"text","created_at":"2999-01-01","image":"uploads/1/a.png"}]')), 1::bigint, 'a post of the future');
SELECT is((SELECT (p.created_at <= now(), p.image)::text FROM social.posts p WHERE p.author_id = :new AND p.title = 'Later'), '(t,)', 'is of now, and takes no file of others');
SELECT social.act_as(:old, true);
SELECT throws_ok(format('SELECT social.import_rows(%s, ''posts'', ''[]'')', :new), 'SM403', NULL, 'who acts must be a superuser');

SELECT * FROM finish();
ROLLBACK;
