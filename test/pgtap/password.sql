-- password.sql proves the SQL face of password hashes (seed 117, design D10). The forms are proved in
-- test/unit/password_test.c.
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;

SELECT matches(social.hash_password('secret'), '^\$argon2id\$v=19\$m=64,t=1,p=1\$', 'seed 117: argon2id at the cost of the settings');
SELECT isnt(social.hash_password('secret'), social.hash_password('secret'), 'seed 117: salted');
SELECT ok(social.verify_password('pässwörd ', social.hash_password('pässwörd ')), 'seed 117: verifies, blanks and accents included');
SELECT ok(NOT social.verify_password('pässwörd', social.hash_password('pässwörd ')), 'seed 117: a blank counts');

SELECT ok(social.verify_password('secret', encoded), 'seed 117 verifies: ' || encoded)
FROM unnest(ARRAY[
	'pbkdf2_sha256$1000$saltSALT123$7HZFUcb8Gh4XsP3JGl8jZSZ96vb+T8we36aAlnAJaAk=',
	'argon2$argon2id$v=19$m=1024,t=3,p=8$c2FsdHNhbHRzYWx0$Rv+HdOSNcg8n63a4HWDHc+6Bjtc1B9Y4RVQfQjj77hc',
	'$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHRzYWx0$X5FYVfax/F4kJBbMzd3VLf8g5G04Ag8NxNL9jEesfik']) AS encoded;
SELECT ok(NOT social.verify_password('secret', encoded), 'seed 117 refused: ' || left(encoded, 60))
FROM unnest(ARRAY['', '!', 'secret', 'md5$a$b', 'pbkdf2_sha256$1000$saltSALT123$',
	'pbkdf2_sha256$999999999$saltSALT123$7HZFUcb8Gh4XsP3JGl8jZSZ96vb+T8we36aAlnAJaAk=',
	'$argon2id$v=19$m=999999999,t=2,p=1$c2FsdHNhbHRzYWx0$X5FYVfax/F4kJBbMzd3VLf8g5G04Ag8NxNL9jEesfik',
	repeat('$argon2id$', 10000)]) AS encoded;
SELECT throws_ok($$SELECT social.hash_password(repeat('x', 1001))$$, 'SM400', 'password is too long', 'seed 117: 1,001 bytes');
SELECT ok(NOT social.verify_password(repeat('x', 1001), social.hash_password('x')), 'seed 117: 1,001 bytes never fit');

SELECT ok(NOT social.password_needs_rehash(social.hash_password('x')), 'seed 117: a fresh hash is current');
SET LOCAL social.argon2_iterations = 2;
SELECT ok(social.password_needs_rehash('$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$X5FYVfax/F4kJBbMzd3VLf8g5G04Ag8NxNL9jEesfik'), 'seed 117: another cost is not');
SELECT ok(social.password_needs_rehash('pbkdf2_sha256$1$a$b'), 'seed 117: nor is another form');

SELECT ok(social.check_password('x', social.hash_password('x')), 'P-16: the door''s check says yes');
SELECT ok(NOT social.check_password('x', encoded), 'P-16: and no for ' || coalesce(encoded, 'no hash'))
FROM unnest(ARRAY[NULL, '', '!', social.hash_password('y')]) AS encoded;

SET LOCAL social.argon2_memory = 1048576;
SET LOCAL social.argon2_iterations = 1000;
SELECT throws_like($$SELECT social.hash_password('x')$$, '%cost too much%', 'seed 117: settings beyond reason are said, not computed');

SELECT * FROM finish();
ROLLBACK;
