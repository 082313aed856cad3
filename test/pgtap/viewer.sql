-- viewer.sql proves that a connection which goes back to a pool acts as nobody (found E6). Not in one
-- transaction: DISCARD ALL is for sessions.
INSERT INTO social.users (username) VALUES ('tap_pooled') RETURNING id AS person \gset
CREATE ROLE tap_pool_client;
SELECT social.grant_direct('tap_pool_client') \g /dev/null

-- Before the first test: it forgets what pgTAP has counted, too.
SELECT social.act_as(:person, session => true) \g /dev/null
DISCARD ALL;
SELECT coalesce(social.viewer_id()::text, 'nobody') AS discarded \gset
SELECT no_plan();
SELECT is(:'discarded'::text, 'nobody', 'found E6: nobody acts after DISCARD ALL');

SELECT is(social.act_as(:person, session => true), :person::bigint, 'found E6: somebody acts for the session');
BEGIN;
SELECT is(social.viewer_id(), :person::bigint, 'found E6: beyond the transaction');
RESET ALL;
SELECT is(social.viewer_id(), NULL, 'found E6: RESET ALL ends that');
ROLLBACK;
SELECT is(social.viewer_id(), :person::bigint, 'found E6: if its transaction commits');
RESET ALL;
SELECT is(social.viewer_id(), NULL, 'found E6: RESET ALL, outside of one');

SELECT throws_ok('SELECT social.require_viewer()', 'SM401', NULL, 'found E6: nothing can be done any more');

SELECT social.act_as(:person, session => true) \g /dev/null
BEGIN;
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT is(social.viewer_id(), NULL, 'found E6: nobody for a transaction');
COMMIT;
SELECT is(social.viewer_id(), :person::bigint, 'found E6: is that and no more');

-- As a client of the pool, who is no superuser.
SET ROLE tap_pool_client;
SELECT is(social.viewer_id(), :person::bigint, 'found E6: like any setting it outlives SET ROLE');
SELECT throws_ok('RESET social.viewer_id', '42501', NULL, 'found E6: which alone nobody but a superuser resets');
SELECT throws_ok(format('SET social.viewer_id = %L', :person), '42501', NULL, 'found E6: nor sets');
SELECT throws_ok(format('SELECT set_config(''social.viewer_id'', %L, false)', :person), '42501', NULL, 'found E6: nor by set_config');
RESET ALL;
SELECT is(current_user::text || ' ' || coalesce(social.viewer_id()::text, 'nobody'), 'tap_pool_client nobody', 'found E6: anybody may end it by RESET ALL');
SELECT throws_ok(format('ALTER ROLE tap_pool_client SET social.viewer_id = %L', :person), '42501', NULL, 'found E6: and not have it come back by a reset');
RESET ROLE;

SELECT social.act_as(:person, session => true) \g /dev/null
SET SESSION AUTHORIZATION tap_pool_client;
SELECT is(social.viewer_id(), :person::bigint, 'found E6: likewise SET SESSION AUTHORIZATION');
RESET SESSION AUTHORIZATION;
RESET social.viewer_id;
SELECT is(social.viewer_id(), NULL, 'found E6: a superuser may reset the setting alone');

DROP OWNED BY tap_pool_client;
DROP ROLE tap_pool_client;
DELETE FROM social.users WHERE id = :person;
SELECT * FROM finish();
