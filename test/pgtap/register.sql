-- register.sql proves making accounts, by trusted code and at the public door (seed 003, 014, 095, 117; pain P-16).
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SET LOCAL social.password_min_length = 8;

-- ---- register_user
SELECT ok(social.register_user('auth_Test', 'Auth.Test@example.com', 'a good password', 'Ann', 'Test') > 0, 'seed 003: registers');
SELECT row_eq($$SELECT username, email, first_name, last_name, is_active, is_staff, is_superuser FROM social.users WHERE username = 'auth_Test'$$,
	row('auth_Test'::text, 'Auth.Test@example.com'::text, 'Ann'::text, 'Test'::text, true, false, false), 'seed 095: as given');
SELECT matches(password, '^\$argon2id\$', 'seed 117: the password is hashed') FROM social.users WHERE username = 'auth_Test';
SELECT lives_ok(format('SELECT social.register_user(%L, %L, %L)', username, email, password), 'seed 003: ' || left(username || ' ' || email, 60))
FROM (VALUES ('a', 'a@b.cc', '12345678'), (repeat('Z', 30), 'x+y@sub.example.co.uk', repeat('x', 1000)), ('_9', 'o''neil@example.org', 'pässwörd'),
	('auth_nul', repeat('l', 64) || '@example.com', '        ')) AS cases (username, email, password);

SELECT throws_ok(format('SELECT social.register_user(%L, %L, %L)', username, email, password), 'SM400', message, 'seed 003 refused: ' || message || ': ' || left(coalesce(username, '-') || ' ' || coalesce(email, '-'), 50))
FROM (VALUES
	(NULL, 'new@example.com', 'a good password', 'username is required'),
	('', 'new@example.com', 'a good password', 'username is required'),
	(repeat('x', 31), 'new@example.com', 'a good password', 'username is not valid'),
	(repeat('x', 1000000), 'new@example.com', 'a good password', 'username is not valid'),
	('a b', 'new@example.com', 'a good password', 'username is not valid'),
	('a-b', 'new@example.com', 'a good password', 'username is not valid'),
	('a@b', 'new@example.com', 'a good password', 'username is not valid'),
	('é', 'new@example.com', 'a good password', 'username is not valid'),
	(E'a\n', 'new@example.com', 'a good password', 'username is not valid'),
	(''';DROP TABLE x;--', 'new@example.com', 'a good password', 'username is not valid'),
	('new', NULL, 'a good password', 'email is required'),
	('new', '', 'a good password', 'email is required'),
	('new', 'new', 'a good password', 'email is not valid'),
	('new', 'new@', 'a good password', 'email is not valid'),
	('new', '@example.com', 'a good password', 'email is not valid'),
	('new', 'new@example', 'a good password', 'email is not valid'),
	('new', 'new@.com', 'a good password', 'email is not valid'),
	('new', 'new@example..com', 'a good password', 'email is not valid'),
	('new', 'a@b@example.com', 'a good password', 'email is not valid'),
	('new', 'a b@example.com', 'a good password', 'email is not valid'),
	('new', E'new@example.com\nBcc: x@example.com', 'a good password', 'email is not valid'),
	('new', repeat('x', 1000000) || '@example.com', 'a good password', 'email is not valid'),
	('new', 'new@example.com', NULL, 'password is required'),
	('new', 'new@example.com', '', 'password is required'),
	('new', 'new@example.com', '1234567', 'password is too short'),
	('new', 'new@example.com', repeat('x', 1001), 'password is too long'),
	('new', 'new@example.com', repeat('é', 501), 'password is too long')) AS cases (username, email, password, message);
SELECT throws_ok($$SELECT social.register_user('new', 'new@example.com', 'a good password', repeat('x', 151))$$, 'SM400', 'first name is too long', 'seed 003: first name');
SELECT throws_ok($$SELECT social.register_user('new', 'new@example.com', 'a good password', 'x', repeat('x', 151))$$, 'SM400', 'last name is too long', 'seed 003: last name');
SELECT throws_ok($$SELECT social.register_user('AUTH_test', 'other@example.com', 'a good password')$$, 'SM409', 'username is taken', 'seed 095: a name is unique in any case');
SELECT throws_ok($$SELECT social.register_user('auth_other', 'auth.test@EXAMPLE.com', 'a good password')$$, 'SM409', 'email is taken', 'seed 095: an address too');
SELECT is(count(*), 0::bigint, 'seed 003: a refusal writes nothing') FROM social.users WHERE username IN ('new', 'auth_other');

SELECT * FROM finish();
ROLLBACK;
