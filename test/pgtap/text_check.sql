-- text_check.sql proves that every text which a person gives has something to be seen and commands
-- nothing (found C8). Which characters are which is proved in test/unit/text_check_test.c.
BEGIN;
SELECT no_plan();
SELECT social.register_user('checkann', 'checkann@e.com', 'long password') AS ann \gset
SELECT social.register_user('checkbea', 'checkbea@e.com', 'long password') AS bea \gset
UPDATE social.users SET is_staff = true WHERE id = :bea;
SELECT social.act_as(:ann, true) \g /dev/null
SELECT social.create_post('fine', 'fine') AS post \gset
SELECT social.create_comment(:post, 'fine') AS comment \gset
SELECT social.create_post('fine', 'fine') AS other \gset
SELECT social.act_as(:bea, true) \g /dev/null

-- Every door for a text: how to call it, what it names, whether it is one line (null: a query), whether it is required.
CREATE TEMPORARY TABLE door (call text, what text, is_line boolean, is_required boolean);
INSERT INTO door VALUES
	('SELECT social.create_post(%L, ''c'')', 'title', true, true),
	('SELECT social.create_post(''t'', %L)', 'content', false, true),
	(format('SELECT social.share_post(%s, %%L)', :post), 'content', false, true),
	(format('SELECT social.create_comment(%s, %%L)', :post), 'content', false, true),
	(format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, %%L, ''c'')', :ann), 'title', true, true),
	(format('UPDATE social.posts SET title = %%L WHERE id = %s', :post), 'title', true, true),
	(format('UPDATE social.posts SET content = %%L WHERE id = %s', :post), 'content', false, true),
	(format('UPDATE social.comments SET content = %%L WHERE id = %s', :comment), 'content', false, true),
	('SELECT social.update_profile(first_name => %L)', 'first name', true, false),
	('SELECT social.update_profile(last_name => %L)', 'last name', true, false),
	('SELECT social.update_profile(bio => %L)', 'bio', false, false),
	('SELECT social.update_profile(location => %L)', 'location', true, false),
	(format('INSERT INTO social.profiles (user_id, location) VALUES (%s, %%L)', :ann), 'location', true, false),
	('SELECT social.register_user(''checkcat'', ''checkcat@e.com'', ''long password'', %L)', 'first name', true, false),
	('SELECT social.register(''checkcat'', ''checkcat@e.com'', ''long password'', ''f'', %L)', 'last name', true, false),
	(format('SELECT social.report_post(%s, %%L)', :post), 'reason', true, true),
	(format('SELECT social.report_post(%s, ''spam'', %%L)', :post), 'details', false, false),
	(format('SELECT social.report_comment(%s, %%L)', :comment), 'reason', true, true),
	(format('SELECT social.report_user(%s, %%L)', :ann), 'reason', true, true),
	(format('SELECT social.hide_post(%s, %%L)', :post), 'note', false, false),
	(format('SELECT social.suspend_user(%s, NULL, %%L)', :ann), 'reason', false, false),
	('SELECT social.system_notification(NULL, %L)', 'message', false, true),
	('SELECT social.search_posts(%L)', 'search query', NULL, true),
	('SELECT social.search_posts_like(%L)', 'search query', NULL, true),
	('SELECT social.search_users(%L)', 'search query', NULL, true);

SELECT throws_ok(format(call, value), 'SM400', what || CASE WHEN is_required THEN ' is required' ELSE ' is not valid' END,
	format('C8: %s of U+%s: %s', what, lpad(upper(to_hex(ascii(value))), 4, '0'), call))
FROM door, unnest(ARRAY[U&'\200B', U&'\00A0', U&'\3000', U&'\2800', U&'\3164', E'\x01', U&' \200B\FEFF']) AS value;
SELECT throws_ok(format(call, value), 'SM400', what || ' is not valid', format('C8: %s with a control character: %s', what, call))
FROM door, unnest(ARRAY[E'a\x1b[31m', E'a\x08', U&'a\0085']) AS value WHERE is_line IS NOT NULL;
SELECT throws_ok(format(call, value), 'SM400', what || ' is not valid', format('C8: a line break in %s, which is one line: %s', what, call))
FROM door, unnest(ARRAY[E'a\nb', E'a\rb', U&'a\2028b']) AS value WHERE is_line;
SELECT lives_ok(format('DO $d$ BEGIN EXECUTE %L; RAISE EXCEPTION ''undo'' USING ERRCODE = ''22000''; EXCEPTION WHEN data_exception THEN NULL; END $d$',
	format(call, value)), format('%s may have %s: %s', what, kind, call))
FROM door, (VALUES (E'a\r\n\tb', false, 'several lines'), (U&'\+01F468\200D\+01F469', true, 'a joined emoji'), (U&'\0645\06CC\200C\062E', true, 'a non-joiner')) AS v (value, in_line, kind)
WHERE is_line IS NOT NULL AND (in_line OR NOT is_line);
SELECT throws_ok(format('SELECT social.like_post(%s, %L)', :post, value), 'SM400', NULL, 'C8: a reaction that shows nothing')
FROM unnest(ARRAY[U&'\200B', U&'\2800', U&'\3164']) AS value;
SELECT social.act_as(:ann, true) \g /dev/null
SELECT lives_ok('SELECT social.update_profile(first_name => '''', bio => '''', location => '''')', 'an empty text clears a field');

-- What was there before stays as it is, and in the way of nothing.
SET social.restoring = on;
UPDATE social.posts SET title = E'old\ntitle', content = E'old \x07', search_vector = '' WHERE id = :other;
UPDATE social.comments SET content = E'old \x07' WHERE id = :comment;
SET social.restoring = off;
SELECT lives_ok(format('UPDATE social.posts SET search_vector = NULL WHERE id = %s', :other), 'an old title of two lines is read anew');
SELECT lives_ok(format('SELECT social.update_post(%s, content => ''new'')', :other), 'the other text of its post can be edited');
SELECT lives_ok(format('UPDATE social.comments SET is_edited = true WHERE id = %s', :comment), 'so can other columns of an old comment');
SELECT throws_ok(format('UPDATE social.comments SET content = NULL WHERE id = %s', :comment), 'SM400', 'content is required', 'null is no content');

SELECT * FROM finish();
ROLLBACK;
