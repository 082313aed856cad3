-- register.sql proves making accounts, by trusted code and at the public door (seed 003, 014, 095, 117; pain P-16).
BEGIN;
SELECT no_plan();
-- Whatever tests before this one have left.
SET LOCAL social.restoring = on;
DELETE FROM social.audit_log;
RESET social.restoring;
DELETE FROM social.mail_outbox;
DELETE FROM social.account_tokens;
DELETE FROM social.login_attempts;
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
	('auth_nul', repeat('l', 64) || '@example.com', ' a blank ')) AS cases (username, email, password);

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
	(E'a\nb', 'new@example.com', 'a good password', 'username is not valid'),
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
	('new', 'a<victim@example.com>', 'a good password', 'email is not valid'),
	('new', 'a,victim@example.com', 'a good password', 'email is not valid'),
	('new', 'a;victim@example.com', 'a good password', 'email is not valid'),
	('new', 'a:victim@example.com', 'a good password', 'email is not valid'),
	('new', '"a"victim@example.com', 'a good password', 'email is not valid'),
	('new', 'a(b)victim@example.com', 'a good password', 'email is not valid'),
	('new', 'victim@[192.0.2.1]', 'a good password', 'email is not valid'),
	('new', 'a\victim@example.com', 'a good password', 'email is not valid'),
	('new', repeat('x', 1000000) || '@example.com', 'a good password', 'email is not valid'),
	('new', 'new@example.com', NULL, 'password is required'),
	('new', 'new@example.com', '', 'password is required'),
	('new', 'new@example.com', '1234567', 'password is too short'),
	('new', 'new@example.com', repeat('x', 1001), 'password is too long'),
	('new', 'new@example.com', repeat(U&'\200B', 8), 'password holds an invisible character'),
	('new', 'new@example.com', U&'a good\FEFF password', 'password holds an invisible character'),
	('new', 'new@example.com', repeat(U&'\3164', 8), 'password holds an invisible character'),
	('new', 'new@example.com', E'a good\tpassword', 'password holds an invisible character'),
	('new', 'new@example.com', '        ', 'password is blank'),
	('new', 'new@example.com', repeat(U&'\00A0', 8), 'password is blank'),
	('new', 'new@example.com', repeat(U&'\2800', 8), 'password is blank'),
	('new', 'new@example.com', 'seven' || repeat(U&'\200D', 8), 'password is too short'),
	('new', 'new@example.com', 'seve' || repeat(U&'n\0303', 3), 'password is too short'),
	('new', 'new@example.com', repeat('é', 501), 'password is too long')) AS cases (username, email, password, message);
SELECT throws_ok($$SELECT social.register_user('new', 'new@example.com', 'a good password', repeat('x', 151))$$, 'SM400', 'first name is too long', 'seed 003: first name');
SELECT throws_ok($$SELECT social.register_user('new', 'new@example.com', 'a good password', 'x', repeat('x', 151))$$, 'SM400', 'last name is too long', 'seed 003: last name');
SELECT throws_ok($$SELECT social.register_user('AUTH_test', 'other@example.com', 'a good password')$$, 'SM409', 'username is taken', 'seed 095: a name is unique in any case');
SELECT throws_ok($$SELECT social.register_user('auth_other', 'auth.test@EXAMPLE.com', 'a good password')$$, 'SM409', 'email is taken', 'seed 095: an address too');
SELECT is(count(*), 0::bigint, 'seed 003: a refusal writes nothing') FROM social.users WHERE username IN ('new', 'auth_other');

-- ---- the rules of passwords
SELECT throws_ok(format('SELECT social.register_user(''new_name'', ''new_name@example.com'', %L)', password), 'SM400', message, 'seed 117: ' || message || ': ' || password)
FROM (VALUES ('NEW_name', 'password is too easy to guess'), ('new_name@EXAMPLE.com', 'password is too easy to guess')) AS c (password, message);
SELECT is(social.add_leaked_passwords(ARRAY['correct horse', 'Tr0ub4dor&3', 'correct horse', '', NULL]), 2::bigint, 'a list of leaked passwords');
SELECT is(social.add_leaked_passwords(ARRAY['correct horse', 'another one']), 1::bigint, 'grows by what is new');
-- SHA-1 of "password" and of "12345678", as published lists have them.
SELECT is(social.add_leaked_hashes(ARRAY['5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3303003', E'7c222fb2927d828af22f592134e8932480637c0d\r']), 2::bigint, 'and takes published lists');
SELECT throws_ok(format('SELECT social.add_leaked_hashes(ARRAY[%L])', hash), 'SM400', 'invalid hash', 'not: ' || coalesce(hash, 'null'))
FROM unnest(ARRAY['', NULL, 'password', '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD', '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8x', '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:']) AS hash;
SELECT throws_ok(format('SELECT social.register_user(''new_name'', ''new_name@example.com'', %L)', password), 'SM400', 'password has leaked', 'leaked: ' || password)
FROM unnest(ARRAY['correct horse', 'Tr0ub4dor&3', 'password', '12345678']) AS password;
SELECT lives_ok($$SELECT social.register_user('new_name', 'new_name@example.com', 'Correct horse')$$, 'one that merely resembles it is another');

-- ---- one form of a password, and of a name as it is typed (found C9, C13)
SELECT throws_ok($$SELECT social.register_user('new_form', 'form@example.com', U&'correct\00A0horse')$$, 'SM400', 'password has leaked', 'found C9: leaked, whatever blank it is typed with');
SELECT is(social.add_leaked_passwords(ARRAY[U&'leake\0301 apart']), 1::bigint, 'found C9: a list in another form');
SELECT throws_ok($$SELECT social.register_user('new_form', 'form@example.com', U&'leak\00E9 apart')$$, 'SM400', 'password has leaked', 'found C9: counts as well');
SELECT ok(social.register_user(E' new_form\n', ' form@example.com ', ' a good password ') > 0, 'found C13: blanks around a name and an address are nothing');
SELECT row_eq($$SELECT username, email FROM social.users WHERE username = 'new_form'$$, row('new_form'::text, 'form@example.com'::text), 'found C13: and are not kept');
SELECT isnt((SELECT access FROM social.login('new_form', ' a good password ')), NULL, 'found C13: those of a password are');

-- ---- names that the site keeps for itself (found B10)
SELECT throws_ok(format('SELECT social.register(%L, ''reserved@example.com'', ''a good password'')', name), 'SM409', 'username is reserved', 'found B10: ' || name)
FROM unnest(ARRAY['admin', 'root', 'support', 'moderator', 'me', 'api', 'ADMIN', 'Adm1n', '_admin_', 'r00t', 'supp0rt', 'm0derat0r', 'admln', 'everyone', 'no_reply', ' admin ']) AS name;
SELECT lives_ok(format('SELECT social.register(%L, %L, ''a good password'')', name, name || '@example.com'), 'found B10: but ' || name) FROM unnest(ARRAY['administer', 'meg', 'rooted', 'apis_', 'supporter']) AS name;
SELECT ok(social.register_user('admin', 'admin@example.com', 'a good password') > 0, 'found B10: trusted code may');
SELECT ok(social.create_superuser('root', 'root@example.com', 'a good password') > 0, 'found B10: so may who makes a superuser');
SELECT isnt((SELECT access FROM social.login('admin', 'a good password')), NULL, 'found B10: and who has such a name keeps it');
SELECT is(social.register('Pub_Root', 'rooted@example.org', 'a good password') ->> 'username', 'Pub_Root', 'found B10: a part of a name is free');
SET LOCAL social.reserved_usernames = ' house, Boss ';
SELECT throws_ok($$SELECT social.register('B0ss', 'b@example.com', 'a good password')$$, 'SM409', 'username is reserved', 'found B10: the list is a setting');
SELECT lives_ok($$SELECT social.register('support', 'b@example.com', 'a good password')$$, 'found B10: in place of ours');
SET LOCAL social.reserved_usernames = '';
SELECT lives_ok($$SELECT social.register('boss', 'b@example.com', 'a good password')$$, 'found B10: which may be empty');
RESET social.reserved_usernames;

-- ---- the public door (seed 003, 014; P-16)
SELECT is(social.register('Pub_One', 'Pub.One@example.com', 'a good password', 'Pub', 'One', '192.0.2.1')::text,
	'{"username" : "Pub_One", "email" : "Pub.One@example.com", "first_name" : "Pub", "last_name" : "One"}', 'seed 003: what was given, no id, no password');
SELECT row_eq($$SELECT username, email, pending_email, first_name, last_name, email_verified_at, is_active, is_staff FROM social.users WHERE username = 'Pub_One'$$,
	row('Pub_One'::text, ''::text, 'Pub.One@example.com'::text, 'Pub'::text, 'One'::text, NULL::timestamptz, true, false), 'P-16: the address waits to be proven');
SELECT row_eq($$SELECT m.template COLLATE "default", m.address, m.variables ->> 'username', length(m.variables ->> 'token') FROM social.mail_outbox m ORDER BY id DESC LIMIT 1$$,
	row('verify_email'::text, 'Pub.One@example.com'::text, 'Pub_One'::text, 43), 'its mailbox gets a token');
SELECT row_eq($$SELECT action COLLATE "default", object_type COLLATE "default", address FROM social.audit_log ORDER BY id DESC LIMIT 1$$, row('register'::text, 'user'::text, '192.0.2.1'::text), 'seed 153: the audit log knows');
SELECT isnt_empty($$SELECT FROM social.login('pub_one', 'a good password') WHERE access IS NOT NULL$$, 'seed 014: the account can log in at once');
SELECT isnt_empty($$SELECT FROM social.login('pub.one@EXAMPLE.com', 'a good password') WHERE access IS NOT NULL$$, 'by its address too');

-- The same whether somebody has the address: bytes, account, what it can do, rows written.
CREATE TEMPORARY TABLE knocks AS
SELECT w.username, replace(replace(social.register(w.username, w.email, 'a good password')::text, w.username, 'NAME'), w.email, 'MAIL') AS answer,
	(SELECT count(*) FROM social.users) AS users, (SELECT count(*) FROM social.account_tokens) AS tokens,
	(SELECT count(*) FROM social.mail_outbox) AS mails, (SELECT count(*) FROM social.audit_log) AS entries
FROM (VALUES ('knock_free', 'nobody.has@example.com'), ('knock_taken', 'AUTH.test@example.com'), ('knock_claimed', 'pub.one@example.com')) AS w (username, email);
SELECT is((SELECT count(DISTINCT answer) FROM knocks), 1::bigint, 'P-16: byte-equal answers for an address that is free, taken or claimed');
SELECT is((SELECT count(*) FROM social.users WHERE username LIKE 'knock\_%' AND email = '' AND pending_email <> ''), 3::bigint, 'P-16: each makes an account with a claim');
SELECT is((SELECT count(*) FROM social.users WHERE lower(email) = 'auth.test@example.com'), 1::bigint, 'P-16: the owner keeps the address');
SELECT row_eq($$SELECT m.template COLLATE "default", m.address, m.variables::text FROM social.mail_outbox m WHERE m.user_id = (SELECT id FROM social.users WHERE username = 'auth_Test') ORDER BY id DESC LIMIT 1$$,
	row('address_taken'::text, 'Auth.Test@example.com'::text, '{"username": "auth_Test"}'::text), 'P-16: and is told by mail, without a token');
SELECT is((SELECT count(*) FROM social.account_tokens WHERE user_id IS NULL), 1::bigint, 'P-16: a token that opens nothing is written in its stead');
SELECT is(jsonb_agg(DISTINCT account - '{id,username,email,created_at,last_login_at}'::text[]), jsonb_agg(account - '{id,username,email,created_at,last_login_at}'::text[]) FILTER (WHERE which = 'knock_free'), 'P-16: nor does the account tell its person')
FROM knocks, LATERAL (SELECT social.act_as(username)) AS actor (id), LATERAL (SELECT actor.id, username, social.account_json()::jsonb) AS a (id, which, account);
SELECT is((SELECT error_code FROM social.login(email, 'a good password')), NULL, 'P-16: and logs in by the address all the same: ' || email) FROM unnest(ARRAY['nobody.has@example.com', 'auth.TEST@example.com', 'pub.one@example.com']) AS email;
SELECT is((SELECT count(DISTINCT address) FROM social.mail_outbox WHERE address ILIKE 'auth.test@example.com'), 1::bigint, 'P-16: mail goes to the owner''s own spelling');

-- What is public, or wrong by itself, is said.
SELECT throws_ok($$SELECT social.register('PUB_one', 'x@example.com', 'a good password')$$, 'SM409', 'username is taken', 'names are public');
SELECT throws_ok(format('SELECT social.register(%L, %L, %L)', username, email, password), 'SM400', NULL, 'refused: ' || concat_ws(' ', username, email, password))
FROM (VALUES ('', 'x@example.com', 'a good password'), ('a b', 'x@example.com', 'a good password'), ('x', '', 'a good password'), ('x', 'x', 'a good password'), ('x', 'x@example.com', 'short')) AS c (username, email, password);
SET LOCAL social.registration = off;
SELECT throws_ok($$SELECT social.register('closed', 'closed@example.com', 'a good password')$$, 'SM403', 'registration is closed', 'an operator can close the door');
SELECT lives_ok($$SELECT social.register_user('closed', 'closed@example.com', 'a good password')$$, 'which trusted code does not use');
RESET social.registration;

-- The operator's own conditions (mission 3.4: hooks)
CREATE SCHEMA tap_hooks;
CREATE FUNCTION tap_hooks.no_robots(facts jsonb) RETURNS text LANGUAGE sql AS $$SELECT CASE WHEN facts ->> 'username' LIKE 'robot%' THEN 'No robots, ' || (facts ->> 'email') || ' from ' || (facts ->> 'address') || '.' END$$;
SET LOCAL social.register_hook = 'tap_hooks.no_robots';
SELECT throws_ok($$SELECT social.register('robot_1', 'robot@example.com', 'a good password', address => '192.0.2.9')$$, 'SM403', 'registration is refused', 'a hook refuses');
SELECT lives_ok($$SELECT social.register('human_1', 'human@example.com', 'a good password')$$, 'or does not');
SET LOCAL social.register_hook = 'tap_hooks.gone';
SELECT throws_ok($$SELECT social.register('human_2', 'human2@example.com', 'a good password')$$, '42883', NULL, 'one that is gone lets nobody in');
RESET social.register_hook;

-- Mails to one address are bounded, and a refused one looks the same from outside.
SELECT social.register('flood_' || i, 'flood@example.com', 'a good password') FROM generate_series(1, 7) AS i;
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE address = 'flood@example.com' AND failed_at IS NULL), 5::bigint, 'social.mail_hourly_limit mails an hour');
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE address = 'flood@example.com' AND error = 'too many mails to this address' AND NOT variables ? 'token'), 2::bigint, 'the others are put aside without their token');

SELECT * FROM finish();
ROLLBACK;
