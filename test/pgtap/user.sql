-- user.sql proves accounts and profiles.
BEGIN;
SELECT no_plan();

SELECT columns_are('social', 'users', ARRAY['id', 'username', 'email', 'password', 'first_name', 'last_name', 'is_active', 'is_staff', 'is_superuser', 'created_at', 'last_login_at', 'is_locked', 'suspended_at', 'suspended_until', 'deleted_at', 'pending_email', 'email_verified_at', 'password_changed_at', 'has_filters', 'claimed_at'], 'seed 095: fields of a user');
SELECT columns_are('social', 'visible_users', ARRAY['id', 'username', 'first_name', 'last_name', 'bio', 'avatar', 'banner_image', 'location', 'website', 'followers_count', 'following_count', 'posts_count', 'created_at', 'is_locked'], 'seed 096: a person and their profile, without password or e-mail');

INSERT INTO social.users (username, email) VALUES ('tap_Anna', 'tap@example.com');
SELECT throws_ok($$ INSERT INTO social.users (username) VALUES ('TAP_anna') $$, '23505', NULL, 'seed 095: names are unique in any case');
SELECT throws_ok($$ INSERT INTO social.users (username, email) VALUES ('tap_other', 'TAP@example.com') $$, '23505', NULL, 'so are addresses');
SELECT lives_ok($$ INSERT INTO social.users (username) VALUES ('tap_one'), ('tap_two') $$, 'but accounts without an address may be many');
SELECT throws_ok($$ INSERT INTO social.users (username) VALUES ('') $$, '23514', NULL, 'a name is not empty');

SELECT results_eq($$ SELECT bio, avatar, followers_count, posts_count FROM social.visible_users WHERE username = 'tap_Anna' $$,
	$$ VALUES ('', NULL::text, 0::bigint, 0::bigint) $$, 'seed 096: no profile row reads as an empty profile');
INSERT INTO social.profiles (user_id, bio, avatar) SELECT id, repeat('é', 500), 'a.png' FROM social.users WHERE username = 'tap_Anna';
SELECT is((SELECT (social.user_json(u) ->> 'profile_image') FROM social.visible_users u WHERE username = 'tap_Anna'), 'a.png', 'both image names are shown');
SELECT throws_ok($$ UPDATE social.profiles SET bio = repeat('é', 501) $$, 'SM400', 'bio is too long', 'a profile text has a limit, in characters');
UPDATE social.users SET is_active = false WHERE username = 'tap_Anna';
SELECT is_empty($$ SELECT FROM social.visible_users WHERE username = 'tap_Anna' $$, 'an inactive account is not seen');

-- ---- one's own profile ----------------------------------------------------------------------------
SELECT throws_ok($$ SELECT social.update_profile(bio => 'x') $$, 'SM401', NULL, 'nobody has no profile');
SELECT id AS one FROM social.users WHERE username = 'tap_one' \gset
SELECT social.act_as(:one) \gset
PREPARE profile AS SELECT first_name, last_name, bio, avatar, banner_image, location, website, is_locked FROM social.visible_users WHERE id = :one;
SELECT is(social.update_profile('Ona', 'Önning', 'I write', 'https://example.com/a.png', 'media/profiles/1/banner', 'Riga', 'https://example.com/~one?x=1#y', true),
	:one::bigint, 'seed 096: the viewer''s profile');
SELECT results_eq('profile', $$ VALUES ('Ona', 'Önning', 'I write', 'https://example.com/a.png', 'media/profiles/1/banner', 'Riga', 'https://example.com/~one?x=1#y', true) $$, 'every field is kept');
SELECT social.update_profile(bio => 'I read');
SELECT social.update_profile(avatar => '', website => '', last_name => '');
SELECT social.update_profile(profile_image => 'media/one.png');
SELECT is((SELECT avatar FROM social.visible_users WHERE id = :one), 'media/one.png', 'I-02: either name of the picture is taken');
SELECT social.update_profile(avatar => '', profile_image => 'media/two.png');
SELECT social.update_profile();
SELECT results_eq('profile', $$ VALUES ('Ona', '', 'I read', NULL, 'media/profiles/1/banner', 'Riga', '', true) $$, 'null leaves a field, an empty text clears it');
SELECT lives_ok(format('SELECT social.update_profile(%s => %L)', field, value), field || ' may be ' || translate(left(value, 40), E'\n', ' '))
FROM (VALUES ('first_name', repeat('ö', 150)), ('location', repeat('ö', 150)), ('bio', repeat(E'ö\n', 250)),
	('website', 'HTTP://EXAMPLE.com'), ('website', 'https://[::1]:8000/'), ('website', 'https://münchen.example/straße'),
	('avatar', '/media/a.png'), ('avatar', 'media/profiles/1/a%20b.png')) v (field, value);
SELECT throws_ok(format('SELECT social.update_profile(%s => %L)', field, value), 'SM400', message, field || ' is not ' || translate(left(value, 40), E'\n\t', '  '))
FROM (VALUES ('first_name', repeat('ö', 151), 'first name is too long'), ('last_name', repeat('ö', 151), 'last name is too long'),
	('first_name', E'a\nb', 'first name is not valid'), ('last_name', E'\u0007', 'last name is not valid'),
	('bio', repeat('ö', 501), 'bio is too long'), ('location', repeat('ö', 151), 'location is too long'), ('location', E'a\tb', 'location is not valid'),
	('website', 'example.com', 'website is not valid'), ('website', 'javascript:alert(1)', 'website is not valid'), ('website', 'https://', 'website is not valid'),
	('website', 'https:///path', 'website is not valid'), ('website', 'https://a b', 'website is not valid'), ('website', 'https://user@example.com/', 'website is not valid'),
	('website', E'https://a/\nSet-Cookie: b', 'website is not valid'), ('website', 'https://a/"onclick', 'website is not valid'),
	('website', 'https://a/' || repeat('b', 500), 'website is too long'), ('website', 'media/x', 'website is not valid'),
	('avatar', 'javascript:alert(1)', 'avatar is not valid'), ('avatar', 'data:image/png;base64,AAAA', 'avatar is not valid'), ('avatar', '//evil.example/a.png', 'avatar is not valid'),
	('avatar', '../../etc/passwd', 'avatar is not valid'), ('avatar', 'a/../../b', 'avatar is not valid'), ('banner_image', 'a b', 'banner image is not valid'),
	('banner_image', repeat('a', 501), 'banner image is too long')) v (field, value, message);
SELECT results_eq('SELECT bio FROM social.visible_users WHERE id = ' || :one, $$ VALUES (repeat(E'ö\n', 250)) $$, 'what is refused changes nothing');

-- ---- suspension -----------------------------------------------------------------------------------
SELECT id AS two FROM social.users WHERE username = 'tap_two' \gset
UPDATE social.users SET suspended_at = now(), password = social.hash_password('correct horse') WHERE id = :two;
SELECT throws_ok('SELECT social.act_as(' || :two || ')', 'SM404', 'user not found', 'a suspended account cannot act');
SELECT throws_ok($$ SELECT social.act_as('TAP_TWO') $$, 'SM404', 'user not found', 'nor by name');
SELECT throws_ok('SELECT social.admit(' || :two || ')', 'SM401', NULL, 'nor open a request');
SELECT row_eq($$ SELECT error_code, error_message FROM social.login('tap_two', 'correct horse') $$, row('SM403'::text, 'the account is suspended'::text), 'nor log in, and its owner learns why');
SELECT row_eq($$ SELECT error_code, error_message FROM social.login('tap_two', 'wrong horse') $$, row('SM401'::text, 'wrong username or password'::text), 'others do not');
SELECT throws_ok('SELECT social.authenticate(' || quote_literal(social.sign_access_token(:two, 's')) || ')', 'SM401', NULL, 'a token given before does not help');
UPDATE social.users SET suspended_until = now() + interval '1 day' WHERE id = :two;
SELECT throws_ok('SELECT social.act_as(' || :two || ')', 'SM404', NULL, 'nor before the time is over');
SELECT is_empty('SELECT FROM social.visible_users WHERE id = ' || :two, 'it is not seen meanwhile');
UPDATE social.users SET suspended_until = now() WHERE id = :two;
SELECT is(social.act_as(:two), :two::bigint, 'afterwards all is as before');
SELECT isnt_empty('SELECT FROM social.visible_users WHERE id = ' || :two, 'and it is seen again');
SELECT isnt_empty($$ SELECT FROM social.login('tap_two', 'correct horse') WHERE access IS NOT NULL $$, 'and logs in');

SELECT * FROM finish();
ROLLBACK;
