-- guard.sql proves that posts are not dropped by accident, and that a restore is left alone.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_author');
INSERT INTO social.posts (author_id, title, content) SELECT id, 'kept', 'text' FROM social.users WHERE username = 'tap_author';

SELECT throws_ok('DROP EXTENSION social', '2BP01', 'cannot drop extension social while it holds posts', 'DROP EXTENSION is refused');
SELECT throws_ok('DROP EXTENSION IF EXISTS social CASCADE', '2BP01', NULL, 'so is CASCADE');
SELECT throws_ok('DROP SCHEMA social CASCADE', '2BP01', 'cannot drop extension social while it holds posts', 'DROP SCHEMA is refused');
SELECT throws_ok('DROP OWNED BY current_user CASCADE', '2BP01', NULL, 'DROP OWNED BY the owner is refused; test/upgrade/no_preload.t tries an owner that is no part of the server');
SELECT throws_ok('DROP TABLE social.posts CASCADE', '2BP01', NULL, 'a member table cannot be dropped alone');
SELECT throws_ok('DROP EXTENSION plpgsql CASCADE', '2BP01', 'cannot drop extension social while it holds posts', 'DROP EXTENSION of what our functions are written in is refused (found C2)');
SAVEPOINT owned;
ALTER EXTENSION social DROP TABLE social.trend_events;
SELECT throws_ok('DROP TABLE social.trend_events CASCADE', '2BP01', 'cannot drop table trend_events while it holds posts', 'a table that was taken out of the extension is held as well');
SELECT lives_ok('ALTER TABLE social.posts ADD COLUMN tap integer; ALTER TABLE social.posts DROP COLUMN tap', 'columns are no business of the guard');
ROLLBACK TO owned;
ALTER SCHEMA social RENAME TO tap_moved;
SELECT throws_ok('DROP SCHEMA tap_moved CASCADE', '2BP01', 'cannot drop extension social while it holds posts', 'a schema of another name is held (found C2)');
SELECT throws_ok('DROP EXTENSION social', '2BP01', 'cannot drop extension social while it holds posts', 'and what is in it');
ROLLBACK TO owned;
ALTER TABLE social.posts SET SCHEMA public;
SELECT throws_ok('DROP EXTENSION social CASCADE', '2BP01', 'cannot drop extension social while it holds posts', 'a table that has left the schema is held (found C2)');
ROLLBACK TO owned;
CREATE TABLE tap_table (id integer PRIMARY KEY);
SELECT lives_ok('DROP TABLE tap_table', 'tables of others go as ever');
SELECT lives_ok('CLUSTER social.mutes USING mutes_pkey', 'a table that is written anew, as by VACUUM FULL, is not dropped');
CREATE SCHEMA tap_other;
SELECT lives_ok('DROP SCHEMA tap_other', 'other schemas go as ever');
SAVEPOINT kept;
SET LOCAL social.allow_drop = on;
SELECT lives_ok($$
DO $drop$
BEGIN
	FOR attempt IN 1 .. 10 LOOP
		BEGIN
			DROP EXTENSION social CASCADE;
			RETURN;
		EXCEPTION WHEN deadlock_detected THEN -- the instance's bridge reads several tables at the same time
			CONTINUE;
		END;
	END LOOP;
	RAISE 'ten deadlocks';
END
$drop$ $$, 'social.allow_drop allows it');
ROLLBACK TO kept;
SELECT isnt_empty('SELECT FROM social.posts', 'and a rollback brings all back');

-- What pg_dump writes at the head of a dump makes our triggers silent.
SAVEPOINT before_restore;
SET LOCAL row_security = off;
SET LOCAL check_function_bodies = off;
SELECT set_config('search_path', '', true);
INSERT INTO social.users (username) VALUES ('tap_restored');
INSERT INTO social.posts (author_id, title, content, hashtags, position)
SELECT id, '', '#not_read', '{as_dumped}', -7 FROM social.users WHERE username = 'tap_restored';
SET LOCAL search_path = public;
SELECT results_eq($$ SELECT p.hashtags, p.position FROM social.posts p JOIN social.users u ON u.id = p.author_id WHERE u.username = 'tap_restored' $$,
	$$ VALUES ('{as_dumped}'::text[] COLLATE "C", -7::bigint) $$, 'a restored post keeps what the dump holds');
SELECT is_empty($$ SELECT FROM social.user_counters c JOIN social.users u ON u.id = c.user_id WHERE u.username = 'tap_restored' $$, 'and counts nothing');
ROLLBACK TO before_restore;

SET LOCAL social.restoring = on;
INSERT INTO social.users (username) VALUES ('tap_said');
SELECT is_empty($$ SELECT FROM social.user_counters c JOIN social.users u ON u.id = c.user_id WHERE u.username = 'tap_said' $$, 'social.restoring says it in so many words');

SELECT * FROM finish();
ROLLBACK;
