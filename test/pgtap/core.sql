-- core.sql proves who is acting, and for how long.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_Anna'), ('tap_ben');
INSERT INTO social.users (username, is_active) VALUES ('tap_gone', false);
SELECT id AS anna FROM social.users WHERE username = 'tap_Anna' \gset
SELECT id AS ben FROM social.users WHERE username = 'tap_ben' \gset
SELECT id AS gone FROM social.users WHERE username = 'tap_gone' \gset

SELECT is(social.viewer_id(), NULL, 'nobody acts at first');
SELECT throws_ok('SELECT social.require_viewer()', 'SM401', 'authentication required', 'and nothing can be done as nobody');
SELECT is(social.act_as(:anna), :anna::bigint, 'act_as returns the viewer');
SELECT is(social.viewer_id(), :anna::bigint, 'who then acts');
SELECT is(social.act_as('TAP_BEN'), :ben::bigint, 'names are found in any case');
SELECT throws_ok($$ SELECT social.act_as('tap_nobody') $$, 'SM404', 'user not found', 'an unknown name');
SELECT throws_ok($$ SELECT social.act_as(-1) $$, 'SM404', 'user not found', 'an unknown id');
SELECT throws_ok('SELECT social.act_as(' || :gone || ')', 'SM404', 'user not found', 'an inactive account');
SELECT is(social.viewer_id(), :ben::bigint, 'a refused change changes nothing');

SAVEPOINT before_change;
SELECT is(social.act_as(:anna), :anna::bigint, 'a change inside a savepoint');
ROLLBACK TO before_change;
SELECT is(social.viewer_id(), :ben::bigint, 'goes with the savepoint');

SELECT lives_ok('SELECT social.admit(' || :anna || ')', 'admit opens a request');
SELECT is(social.viewer_id(), :anna::bigint, 'as this user');
SELECT throws_ok('SELECT social.admit(' || :gone || ')', 'SM401', 'authentication required', 'not for an inactive account');
SELECT throws_ok('SELECT social.admit(-5)', 'SM401', 'authentication required', 'nor for one that is gone');
SELECT lives_ok('SELECT social.admit(NULL)', 'admit(null) opens it for nobody');
SELECT is(social.viewer_id(), NULL, 'and then nobody acts');
SELECT throws_ok($$ SET social.viewer_id = 'x' $$, '22023', NULL, 'the setting takes ids only');
SELECT throws_ok($$ SET social.viewer_id = '-1' $$, '22023', NULL, 'and no negative ones');

SELECT is(social.result_id(), NULL, 'no result yet');
SELECT is(social.set_result_id(42), 42::bigint, 'a result is left');
SELECT is(social.result_id(), 42::bigint, 'for the next statement');

SELECT throws_ok($$ SELECT social.raise_error('SM409', 'taken') $$, 'SM409', 'taken', 'an error of our own');
SELECT throws_ok($$ SELECT social.raise_error('SM', 'short') $$, '22023', NULL, 'needs a whole code');

SELECT * FROM finish();
ROLLBACK;
