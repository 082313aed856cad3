-- idempotency.sql: requests that are done once (issue 13, line 3; mission 3.1).
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SELECT social.register_user('tap_once', 'tap_once@example.com', 'a good password') AS ann,
	social.register_user('tap_twice', 'tap_twice@example.com', 'a good password') AS bea \gset

SELECT throws_ok($$ SELECT social.claim_request('k', 0, 'h') $$, 'SM401', NULL, 'nobody has keys');
SELECT social.act_as(:ann) \g /dev/null
SELECT throws_ok(format('SELECT social.claim_request(%L, 0, %L)', key, 'h'), 'SM400', 'invalid idempotency key', 'no key: ' || left(coalesce(key, 'null'), 20)) FROM (VALUES
	(NULL), (''), (' '), ('a b'), (E'a\n'), ('ä'), (repeat('k', 256))) v (key);
SELECT lives_ok(format('SELECT social.claim_request(%L, 0, %L)', repeat('~', 255), 'h'), 'the longest');
SELECT lives_ok($$ SELECT social.claim_request('k', 0, 'h') $$, 'a key is claimed');
SELECT is(k.*::text, '(,)', 'nothing is kept yet') FROM social.kept_answer('k', 0, 'h') k;
SELECT social.set_result_id(7), social.keep_answer('k', 0, 'h', '{"a": 1}') \g /dev/null
SELECT throws_ok($$ SELECT social.claim_request('k', 0, 'h') $$, 'SM208', 'this request was done before', 'once');
SELECT is((k.answer, k.result_id)::text, '("{""a"": 1}",7)', 'its answer is kept, byte for byte') FROM social.kept_answer('k', 0, 'h') k;
SELECT throws_ok($$ SELECT social.claim_request('k', 0, 'other') $$, 'SM422', 'this idempotency key was used for another request', 'another request has another key');
SELECT throws_ok($$ SELECT social.claim_request('k', 1, 'other') $$, 'SM422', NULL, 'in every step');
SELECT lives_ok($$ SELECT social.claim_request('k', 1, 'h') $$, 'the next step of the same request is to be done');
SELECT is(k.answer, NULL, 'another hash, step or key tells nothing') FROM (VALUES ('k', 0, 'other'), ('k', 1, 'h'), ('K', 0, 'h')) v (key, step, hash), social.kept_answer(v.key, v.step, v.hash) k;
SELECT throws_ok($$ SELECT social.keep_answer('k', 0, 'h', '{}') $$, '23505', NULL, 'an answer is kept once');
SELECT social.act_as(:bea) \g /dev/null
SELECT lives_ok($$ SELECT social.claim_request('k', 0, 'other') $$, 'other people have keys of their own');
SELECT is(k.answer, NULL, 'and read no answers of others') FROM social.kept_answer('k', 0, 'h') k;

-- retention
SELECT is((keep, is_default)::text, '(24:00:00,t)', 'kept for a day') FROM social.admin_retention WHERE data_class = 'idempotency_keys';
UPDATE social.idempotency_keys SET created_at = now() - interval '23 hours 59 minutes' WHERE user_id = :ann;
SELECT social.retention_round() \g /dev/null
SELECT isnt_empty(format('SELECT FROM social.idempotency_keys WHERE user_id = %s', :ann), 'not less');
UPDATE social.idempotency_keys SET created_at = now() - interval '24 hours 1 second' WHERE user_id = :ann;
SELECT social.retention_round() \g /dev/null
SELECT is_empty(format('SELECT FROM social.idempotency_keys WHERE user_id = %s', :ann), 'and not longer');

-- who may
CREATE ROLE tap_bridge;
CREATE ROLE tap_reader;
SELECT social.grant_bridge('tap_bridge'), social.grant_reader('tap_reader') \g /dev/null
SET LOCAL ROLE tap_bridge;
SELECT throws_ok('SELECT FROM social.idempotency_keys', '42501', NULL, 'a bridge reads no table');
SELECT lives_ok($$ SELECT social.claim_request('b', 0, 'h') $$, 'but claims');
SET LOCAL ROLE tap_reader;
SELECT throws_ok($$ SELECT social.claim_request('b', 0, 'h') $$, '42501', NULL, 'readers do not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
