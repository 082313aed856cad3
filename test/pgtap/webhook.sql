-- webhook.sql proves what is kept of webhooks (mission 42, 142, 143, 153; issue 16 line 4): every attempt, why it was
-- refused, and not what was in it.
BEGIN;
SELECT no_plan();

SELECT is(social.verify_webhook_signature(h, b::bytea, s, to_timestamp(1565125718 + late)), want, 'seed 142, 143: ' || want || ' ' || what) FROM (VALUES
	('t=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7', '{"test":"body"}', 'SuperSecret123', 0, 'ok', 'the vector of mux-node'),
	('t=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7', '{"test":"body"}', 'SuperSecret123', 300, 'ok', '300 s'),
	('t=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7', '{"test":"body"}', 'SuperSecret123', 301, 'too_old', '301 s'),
	('t=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7', '{"test":"body"}', 'SuperSecret124', 0, 'bad_signature', 'another secret'),
	('t=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7', '{"test":"Body"}', 'SuperSecret123', 0, 'bad_signature', 'another body'),
	('', '{"test":"body"}', 'SuperSecret123', 0, 'missing', 'no header'), ('v1=1', '{"test":"body"}', 'SuperSecret123', 0, 'malformed', 'no time')) v (h, b, s, late, want, what);

-- What other tests have left is not ours.
DELETE FROM social.webhook_attempts;
CREATE FUNCTION pg_temp.body(id text, kind text, data text DEFAULT '{"id": "nobody"}') RETURNS text LANGUAGE sql AS $$SELECT format('{"id": %s, "type": %s, "created_at": %s, "data": %s}', to_json(id), to_json(kind), to_json(clock_timestamp()), data)$$;
SELECT is(social.receive_webhook('mux', v, '192.0.2.9', 100, 1700000000, NULL), v, 'refused: ' || v) FROM unnest(ARRAY['missing', 'malformed', 'bad_signature', 'too_old', 'too_new', 'failure', 'foreign_source', 'plain_http', 'too_large', 'bad_body']) v;
SELECT is(social.receive_webhook('mux', 'ok', '192.0.2.9', 100, 1700000000, b), 'bad_body', 'no event: ' || coalesce(left(b, 60), 'null')) FROM unnest(ARRAY[NULL, '', 'x', '[]', '{}', '{"id": 1}', '1', '"x"', 'null', '{"id": "a", "type": "b"}', '{"id": "a", "type": "b", "data": []}', '{"id": "a", "type": 1, "data": {}}',
	'{"id": "a\u0000", "type": "b", "data": {}}', '{"id": "a", "type": "b", "created_at": "2026-13-01T00:00:00Z", "data": {}}', '{"id": "a", "type": "b", "data": {}} {}', repeat('[', 100000)]) b;
SELECT is(social.receive_webhook('mux', 'ok', '192.0.2.9', 100, 1700000000, b), 'ignored', 'nothing to be done: ' || left(b, 60)) FROM unnest(ARRAY['{"id": "a", "type": "b", "data": {}}', '{"id": "a", "type": "b", "created_at": "infinity", "data": {}}', '{"id": "a", "type": "b", "created_at": "2019-01-01T00:00:00Z", "data": {}}', pg_temp.body('', 'b'), pg_temp.body(repeat('a', 201), 'b'), pg_temp.body('a', repeat('b', 201))]) b;
SELECT is(social.receive_webhook('mux', 'ok', '192.0.2.9', 100, 1700000000, pg_temp.body('tap-1', 'video.live_stream.active', '{"id": "nobody", "stream_key": "a-secret-key"}')), r, 'seed 042: ' || r) FROM unnest(ARRAY['unknown', 'repeated']) r;
SELECT is(social.receive_webhook('mux', 'ok', '192.0.2.9', 100, 1700000000, pg_temp.body('tap-2', 'something.new')), 'unknown', 'an unknown type is taken, and logged');
SELECT results_eq($$SELECT outcome, is_refused, address, size, signed_at, event_id, kind FROM social.admin_webhook_attempts WHERE event_id LIKE 'tap-%' ORDER BY id$$,
	$$VALUES ('unknown' COLLATE "C", false, '192.0.2.9' COLLATE "C", 100, to_timestamp(1700000000), 'tap-1' COLLATE "C", 'video.live_stream.active' COLLATE "C"), ('repeated', false, '192.0.2.9', 100, to_timestamp(1700000000), 'tap-1', 'video.live_stream.active'), ('unknown', false, '192.0.2.9', 100, to_timestamp(1700000000), 'tap-2', 'something.new')$$, 'seed 143: every attempt is logged');
SELECT ok(count(*) FILTER (WHERE is_refused) = 26 AND count(*) FILTER (WHERE outcome = 'bad_signature' AND event_id = '') = 1, 'seed 143: those that were refused, too') FROM social.admin_webhook_attempts WHERE address = '192.0.2.9' AND received_at >= now();
SELECT is_empty($$SELECT FROM social.webhook_attempts w WHERE w::text LIKE '%secret-key%' UNION ALL SELECT FROM social.stream_events e WHERE e::text LIKE '%secret-key%'$$, 'I-17: not what was in them');
SELECT ok(status = 'warning' AND detail LIKE '%refused within an hour%', 'seed 153: check() warns') FROM social.check() WHERE name = 'webhooks';
SELECT ok(NOT EXISTS (SELECT FROM aclexplode((SELECT c.relacl FROM pg_class c WHERE c.oid = 'social.webhook_attempts'::regclass)) a WHERE a.grantee = 0), 'the log is not for everybody');
UPDATE social.webhook_attempts SET received_at = received_at - interval '31 days' WHERE address = '192.0.2.9';
SELECT social.retention_round(100000) \gset
SELECT is(count(*), 0::bigint, 'seed 148, 166: and stays for a month') FROM social.webhook_attempts WHERE address = '192.0.2.9';
SELECT is(status, 'ok', 'nothing is to warn of any more') FROM social.check() WHERE name = 'webhooks';

SELECT * FROM finish();
ROLLBACK;
