-- user.sql proves accounts and profiles.
BEGIN;
SELECT no_plan();

SELECT columns_are('social', 'users', ARRAY['id', 'username', 'email', 'password', 'first_name', 'last_name', 'is_active', 'is_staff', 'is_superuser', 'created_at', 'last_login_at', 'is_locked', 'suspended_at', 'suspended_until'], 'seed 095: fields of a user');
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

SELECT * FROM finish();
ROLLBACK;
