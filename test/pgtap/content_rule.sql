-- content_rule.sql proves the rules and the filter that texts pass (mission 3.3).
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username, is_staff) VALUES ('tap_author', false), ('tap_staff', true);
SELECT social.act_as('tap_author') \g /dev/null
SELECT lives_ok($$ SELECT social.create_post('Before', 'bad, evil.example') $$, 'without rules anything goes');
SELECT social.act_as('tap_staff') \g /dev/null
SELECT throws_ok($$ SELECT social.add_content_rule('smell', 'x') $$, 'SM400', 'invalid kind', 'a rule is about words or links');
SELECT throws_ok($$ SELECT social.add_content_rule('word', 'x', 'burn') $$, 'SM400', 'invalid action', 'and does one of three things');
SELECT throws_ok($$ SELECT social.add_content_rule('word', '  ') $$, 'SM400', 'pattern is required', 'about something');
SELECT throws_ok($$ SELECT social.add_content_rule('word', repeat('x', 254)) $$, 'SM400', 'pattern is too long', 'short');
SELECT social.add_content_rule('word', 'BAD') AS bad \gset
SELECT social.add_content_rule('word', '禁止');
SELECT social.add_content_rule('word', 'two words');
SELECT social.add_content_rule('link', 'HTTPS://user@Evil.Example:80/path', 'reject');
SELECT social.add_content_rule('word', 'odd', 'hide');
SELECT social.add_content_rule('word', 'curious', 'flag');
SELECT is(social.add_content_rule('word', 'bad'), :bad::bigint, 'the same word is the same rule');
SELECT results_eq('SELECT kind, pattern, action FROM social.content_rules() WHERE id = ' || :bad, $$ VALUES ('word', 'bad', 'reject') $$, 'staff list the rules');
SELECT social.act_as('tap_author') \g /dev/null
SELECT throws_ok('SELECT social.content_rules()', 'SM403', 'only staff may do this', 'others do not');
SELECT social.act_as('tap_staff') \g /dev/null
SELECT set_eq($$ SELECT pattern FROM social.content_rules WHERE kind = 'link' $$, ARRAY['evil.example'], 'a link is reduced to its host');

SELECT social.act_as('tap_author') \g /dev/null
SELECT throws_ok(format('SELECT social.create_post(%L, %L)', 'Title', text), 'SM422', 'content is not allowed', 'refused: ' || text)
FROM unnest(ARRAY['bad', 'so BAD!', 'ｂａｄ', '(bad)', 'b​ad', 'これは禁止です', 'two words here',
	'evil.example', 'see http://evil.example/x', 'https://www.evil.example', 'http://me@evil.example', 'EVIL.example.']) text;
SELECT lives_ok(format('SELECT social.create_post(%L, %L)', 'Title', text), 'accepted: ' || text)
FROM unnest(ARRAY['badly', 'forbad', 'bad_', 'bäd', 'two  wordss', 'two wordsmiths', 'notevil.example', 'evil.example.org', 'evil-example', 'my-evil.example']) text;
SELECT throws_ok($$ SELECT social.create_post('A bad title', 'text') $$, 'SM422', NULL, 'a title likewise');
SELECT social.create_post('Good', 'text') AS post \gset
SELECT throws_ok(format($$ SELECT social.create_comment(%s, 'bad') $$, :post), 'SM422', NULL, 'a comment likewise');
SELECT throws_ok(format($$ SELECT social.update_post(%s, content => 'now bad') $$, :post), 'SM422', NULL, 'an edit likewise');
SELECT social.create_post('Strange', 'odd') AS odd \gset
SELECT social.create_post('Strange', 'curious') AS curious \gset
SELECT social.create_comment(:post, 'odd') AS odd_comment \gset
SELECT isnt((SELECT hidden_at FROM social.posts WHERE id = :odd), NULL, 'a text is hidden');
SELECT is((SELECT hidden_at FROM social.posts WHERE id = :curious), NULL, 'or only flagged');
SELECT isnt((SELECT hidden_at FROM social.comments WHERE id = :odd_comment), NULL, 'a comment is hidden');
SELECT is((SELECT array_agg((object_type, object_id, reporter)::text ORDER BY id) FROM social.admin_reports WHERE reason = 'content rule'),
	ARRAY[('post', :odd::bigint, '')::text, ('post', :curious::bigint, '')::text, ('comment', :odd_comment::bigint, '')::text], 'and a report is filed by itself');
SELECT social.update_post(:curious, content => 'still curious');
SELECT is((SELECT count(*) FROM social.reports WHERE post_id = :curious), 1::bigint, 'one while it is open');
INSERT INTO social.posts (author_id, title, content) SELECT social.viewer_id(), 'Many', CASE WHEN n % 2 = 0 THEN 'curious' ELSE 'plain' END FROM generate_series(1, 100) n;
SELECT is((SELECT count(*) FROM social.admin_reports WHERE excerpt = 'Many: curious'), 50::bigint, 'each row of a statement by itself');

SAVEPOINT rules;
SELECT social.act_as('tap_staff') \g /dev/null
SELECT social.remove_content_rule(:bad);
SELECT throws_ok(format('SELECT social.remove_content_rule(%s)', :bad), 'SM404', NULL, 'a rule goes once');
SELECT lives_ok($$ SELECT social.create_post('Title', 'bad') $$, 'and holds no more');
ROLLBACK TO rules;
SELECT throws_ok($$ SELECT social.create_post('Title', 'bad') $$, 'SM422', NULL, 'unless that is rolled back');
TRUNCATE social.content_rules;
SELECT lives_ok($$ SELECT social.create_post('Title', 'bad') $$, 'however it went');
SELECT social.act_as(NULL::bigint);
SELECT lives_ok($$ SELECT social.add_content_rule('word', 'again') $$, 'the owner of the database keeps rules too');

-- the site's own filter
SELECT social.act_as('tap_author') \g /dev/null
CREATE FUNCTION public.tap_filter(kind text, title text, content text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN content = 'path' THEN CASE current_setting('search_path') WHEN 'public' THEN 'reject' END
		WHEN content IN ('allow', 'flag', 'hide', 'reject', 'nonsense') THEN content
		WHEN kind = 'comment' AND title IS NULL AND content = 'a comment' THEN 'reject' END;
END $$;
SET LOCAL social.content_filter = 'public.tap_filter';
SELECT lives_ok(format('SELECT social.create_post(%L, %L)', 'Title', text), 'the filter lets pass: ' || text) FROM unnest(ARRAY['allow', 'anything', 'path']) text;
SELECT throws_ok($$ SELECT social.create_post('Title', 'reject') $$, 'SM422', 'content is not allowed', 'the filter refuses');
SELECT throws_ok(format($$ SELECT social.create_comment(%s, 'a comment') $$, :post), 'SM422', NULL, 'a comment, too');
SELECT social.create_post('Title', 'hide') AS filtered \gset
SELECT isnt((SELECT hidden_at FROM social.posts WHERE id = :filtered), NULL, 'the filter hides');
SELECT throws_ok($$ SELECT social.create_post('Title', 'nonsense') $$, '22023', 'the content filter public.tap_filter gave an unknown answer', 'a wrong answer says so');
SET LOCAL social.content_filter = 'public.tap_missing';
SELECT throws_ok($$ SELECT social.create_post('Title', 'text') $$, '42883', 'there is no content filter public.tap_missing(text, text, text) returning text', 'a missing filter says so');
SELECT is((SELECT status FROM social.check() WHERE name = 'content filter'), 'error', 'check() finds it');
SET LOCAL social.content_filter = '';
SELECT lives_ok($$ SELECT social.create_post('Title', 'reject') $$, 'without a filter all is as before');

SELECT * FROM finish();
ROLLBACK;
