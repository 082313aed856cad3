-- login.sql proves logging in, what a refused attempt leaves behind, and that time tells nothing
-- (seed 001, 049, 106, 114, 116, 117; pain P-16).
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SELECT social.register_user('auth_Test', 'Auth.Test@example.com', 'a good password', 'Ann', 'Test') AS ann \gset

-- ---- the row
CREATE TEMPORARY TABLE granted AS SELECT * FROM social.login('AUTH_TEST', 'a good password');
SELECT is(count(*), 1::bigint, 'seed 001: one row') FROM granted;
SELECT is(token_type || ' ' || expires_in, 'Bearer ' || extract(epoch FROM current_setting('social.access_token_lifetime')::interval)::integer, 'seed 114: type and lifetime') FROM granted;
SELECT is(social.authenticate(access), user_id, 'seed 049: the token authenticates') FROM granted;
SELECT is(social.viewer_id(), user_id, 'seed 049: its user acts') FROM granted;
SELECT is(claims ->> 'sub', user_id::text, 'seed 114: sub') FROM granted, LATERAL (SELECT social.jwt_verify(access, convert_to(k.public_key, 'UTF8'), k.alg) FROM social.jwt_key k WHERE k.status = 'active') AS c (claims);
SELECT is((claims ->> 'exp')::integer - (claims ->> 'iat')::integer, expires_in, 'seed 114: exp - iat') FROM granted, LATERAL (SELECT social.jwt_verify(access, convert_to(k.public_key, 'UTF8'), k.alg) FROM social.jwt_key k WHERE k.status = 'active') AS c (claims);
SELECT ok(claims ?& ARRAY['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'nbf', 'exp'], 'seed 114: all claims') FROM granted, LATERAL (SELECT social.jwt_verify(access, convert_to(k.public_key, 'UTF8'), k.alg) FROM social.jwt_key k WHERE k.status = 'active') AS c (claims);
SELECT is(last_login_at, now(), 'seed 001: the login is noted') FROM social.users WHERE username = 'auth_Test';
SELECT is(count(*), 1::bigint, 'seed 117: one active key, made with the first token') FROM social.jwt_key WHERE status = 'active';
SELECT isnt(l.access, granted.access, 'seed 114: every token is another one') FROM granted, social.login('auth.test@example.com', 'a good password') l;

UPDATE social.users SET last_login_at = now() - interval '59 seconds' WHERE username = 'auth_Test';
SELECT count(*) FROM social.login('auth_test', 'a good password');
SELECT is(last_login_at, now() - interval '59 seconds', 'seed 001: noted once a minute') FROM social.users WHERE username = 'auth_Test';

INSERT INTO social.users (username, email, password, is_active) VALUES
	('auth_inactive', 'auth_inactive@example.com', social.hash_password('a good password'), false),
	('auth_unusable', 'auth_unusable@example.com', '!', true),
	('auth_no_email', '', social.hash_password('a good password'), true),
	('auth django', 'auth_django@example.com', 'pbkdf2_sha256$1000$saltSALT123$7HZFUcb8Gh4XsP3JGl8jZSZ96vb+T8we36aAlnAJaAk=', true);
SELECT is((SELECT l FROM social.login(username, password) l)::text, '(,,,,,,,f,SM401,"wrong username or password","No active account has this name or address and this password.")', 'P-16: ' || why)
FROM (VALUES
	('auth_test', 'another password', 'a wrong password'), ('auth_test', 'A good password', 'the password in other case'),
	('auth_test', '', 'an empty password'), ('auth_test', NULL, 'no password'), ('auth_test', repeat('x', 1000000), '1 MB of password'),
	('auth_nobody', 'a good password', 'no such account'), ('', 'a good password', 'an empty name, though an account lacks an address'),
	(NULL, 'a good password', 'no name'), (repeat('x', 1000000), 'a good password', '1 MB of name'), (''' OR true --', 'a good password', 'SQL as name'),
	('auth_inactive', 'a good password', 'an inactive account'), ('auth_inactive', 'another password', 'an inactive account and a wrong password'),
	('auth_unusable', '!', 'an unusable hash'), ('auth_%', 'a good password', 'a pattern as name')) AS cases (username, password, why);

SELECT count(*) FROM social.login('auth django', 'secret');
SELECT matches(password, '^\$argon2id\$v=19\$m=64,t=1,p=1\$', 'D10: a hash of Django is renewed at login') FROM social.users WHERE username = 'auth django';
SELECT is(count(*), 1::bigint, 'D10: and fits again') FROM social.login('auth django', 'secret');
SET LOCAL social.argon2_iterations = 2;
SELECT count(*) FROM social.login('auth_test', 'a good password');
SELECT matches(password, '^\$argon2id\$v=19\$m=64,t=2,p=1\$', 'seed 117: a changed cost is taken over at login') FROM social.users WHERE username = 'auth_Test';

SELECT * FROM finish();
ROLLBACK;
