-- admin.sql proves the demo data.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_somebody');
SELECT throws_ok('SELECT social.init_data()', 'SM409', 'there are users already', 'seed 152: no demo data among real people');
DELETE FROM social.users;
DELETE FROM social.hashtags;
SELECT throws_ok('SELECT social.init_data(0)', 'SM400', 'invalid scale', 'a scale is positive');
SELECT is(social.init_data(), '200 people, 1000 posts', 'seed 152: init_data');
SELECT set_has('SELECT username FROM social.visible_users', $$ VALUES ('alice'), ('bob'), ('carol'), ('dave'), ('erin'), ('john'), ('user0001') $$, 'with the people of the examples');
SELECT ok(social.verify_password('demo-password', password), 'alice logs in with demo-password') FROM social.users WHERE username = 'alice';
SELECT ok(NOT social.verify_password('demo-password', password) AND NOT social.verify_password('!', password), 'user0001 does not') FROM social.users WHERE username = 'user0001';
SELECT is((SELECT count(*) FROM social.posts), 1000::bigint, 'a thousand posts');
SELECT cmp_ok((SELECT count(*) FROM social.mentions), '>', 300::bigint, 'with mentions');
SELECT cmp_ok((SELECT avg(cardinality(hashtags)) FROM social.posts), '>', 2::numeric, 'with several hashtags');
SELECT isnt_empty($$ SELECT FROM social.hashtag_posts('#django') $$, 'seed 062: #django has posts');
SELECT isnt_empty($$ SELECT FROM social.search_posts('django orm') $$, 'seed 061: "django orm" is found');
SELECT isnt_empty('SELECT FROM social.comments WHERE parent_id IS NOT NULL', 'comments have replies');
SELECT isnt_empty('SELECT FROM social.comment_likes', 'and likes');
SELECT is_empty('SELECT FROM social.reconcile()', 'counts equal the truth');
SELECT is_empty('SELECT FROM social.comments WHERE created_at > now()', 'nothing happens in the future');

SELECT * FROM finish();
ROLLBACK;
