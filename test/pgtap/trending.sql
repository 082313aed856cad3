-- trending.sql proves what is popular.
BEGIN;
SELECT no_plan();

DELETE FROM social.posts;
INSERT INTO social.users (username) VALUES ('tap_author');
SELECT social.act_as('tap_author');
SELECT count(social.create_post('Post', (SELECT string_agg('#taptrend' || k, ' ') FROM generate_series(1, n) k))) FROM generate_series(1, 4) n;
SELECT results_eq($$ SELECT tag, post_count FROM social.trending_hashtags() $$,
	$$ VALUES ('taptrend1' COLLATE "C", 4::bigint), ('taptrend2', 3), ('taptrend3', 2), ('taptrend4', 1) $$, 'seed 063, 132: hashtags by post count');
SELECT is((SELECT count(*) FROM social.trending_hashtags(2)), 2::bigint, 'at most as many as asked for');
SELECT throws_ok('SELECT FROM social.trending_hashtags(0)', 'SM400', 'invalid page size', 'not none');
SELECT throws_ok('SELECT FROM social.trending_hashtags(1001)', 'SM400', 'invalid page size', 'nor too many');

SELECT * FROM finish();
ROLLBACK;
