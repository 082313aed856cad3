-- outgoing_webhook.sql proves outgoing webhooks in the database: secrets and signatures, addresses, who is told what, in
-- which order, again and no more (mission 3.2; issue 17 line 6). Receivers are in test/worker/webhook.t.
BEGIN;
SELECT no_plan();

SELECT social.hold_task('events', true) AS held \gset
INSERT INTO social.users (username, is_staff) VALUES ('tap_owner', false), ('tap_writer', false), ('tap_blocked', false), ('tap_staff', true);
SELECT id AS owner FROM social.users WHERE username = 'tap_owner' \gset
SELECT id AS writer FROM social.users WHERE username = 'tap_writer' \gset
SELECT id AS blocked FROM social.users WHERE username = 'tap_blocked' \gset
SELECT id AS staff FROM social.users WHERE username = 'tap_staff' \gset
DELETE FROM social.webhooks;

-- ---- signatures: the vectors of the specification's libraries -----------------------------------------
SELECT is(social.webhook_signature('{whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'),
	'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', 'HMAC');
SELECT is(social.webhook_public_key('whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='),
	'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=', 'ed25519: the public key');
SELECT is(social.webhook_signature('{whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==}', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'),
	social.webhook_signature('{whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=}', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'), 'a seed is as good as the whole key');
SELECT matches(social.webhook_signature(ARRAY['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', social.webhook_new_secret('ed25519'), social.webhook_new_secret('hmac')], 'msg_1', 1, ''),
	'^v1,[A-Za-z0-9+/]{43}= v1a,[A-Za-z0-9+/]{86}== v1,[A-Za-z0-9+/]{43}=$', 'several sign, with blanks between');
SELECT matches(social.webhook_new_secret('hmac'), '^whsec_[A-Za-z0-9+/]{43}=$', 'a fresh secret has 32 bytes');
SELECT isnt(social.webhook_new_secret(k), social.webhook_new_secret(k), 'each another one') FROM unnest(ARRAY['hmac', 'ed25519']) k;
SELECT is(social.webhook_public_key(social.webhook_new_secret('hmac')), NULL, 'an HMAC secret has no public key');
SELECT throws_ok(format('SELECT social.webhook_signature(ARRAY[%L], ''i'', 1, '''')', s), 'SM400', 'invalid secret', 'no secret: ' || left(s, 30)) FROM unnest(ARRAY['', 'whsec_', 'secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==',
	'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=', 'whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_' || encode(decode(repeat('00', 65), 'hex'), 'base64'), 'whsk_' || encode(decode(repeat('00', 31), 'hex'), 'base64'), 'whsk_' || repeat('A', 84) || 'AA==',
	'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=']) s;
SELECT throws_ok($$SELECT social.webhook_new_secret('rsa')$$, 'SM400', NULL, 'nor another kind');

-- ---- addresses -----------------------------------------------------------------------------------------
SELECT is(social.address_owner(a), NULL, a || ' is of the internet') FROM unnest(ARRAY['93.184.216.34', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1', '::ffff:93.184.216.34', '64:ff9b::5db8:d822', '2002:5db8:d822::1']) a;
SELECT is(social.address_owner(a), o, a || ' is not: ' || o) FROM (VALUES ('127.0.0.1', 'loopback'), ('127.255.255.255', 'loopback'), ('0.0.0.0', 'this host'), ('10.0.0.1', 'private'), ('172.16.0.1', 'private'), ('172.31.255.255', 'private'),
	('192.168.1.1', 'private'), ('100.64.0.1', 'shared'), ('169.254.1.1', 'link-local'), ('169.254.169.254', 'metadata'), ('100.100.100.200', 'shared'), ('168.63.129.16', 'metadata'), ('192.0.2.1', 'documentation'), ('198.18.0.1', 'benchmarking'), ('224.0.0.1', 'multicast'),
	('255.255.255.255', 'reserved'), ('::', 'this host'), ('::1', 'loopback'), ('::ffff:127.0.0.1', 'loopback'), ('::ffff:a9fe:a9fe', 'metadata'), ('64:ff9b::7f00:1', 'loopback'), ('64:ff9b::a9fe:a9fe', 'metadata'), ('64:ff9b:1::a00:1', 'reserved'),
	('2002:7f00:1::1', 'loopback'), ('2001::1', 'reserved'), ('2001:db8::1', 'documentation'), ('fe80::1', 'link-local'), ('fec0::1', 'private'), ('fc00::1', 'private'), ('fd00:ec2::254', 'metadata'), ('ff02::1', 'multicast'), ('::7f00:1', 'reserved'), ('4000::1', 'reserved'),
	('2606:4700::5efe:7f00:1', 'loopback')) v (a, o);
SELECT throws_ok(format('SELECT social.address_owner(%L)', a), 'SM400', NULL, 'no address: ' || a) FROM unnest(ARRAY['', 'localhost', '1.2.3', '1.2.3.4.5', '1.2.3.4/8', '::g', repeat('1', 100)]) a;
SELECT is(social.webhook_url_problem(u), NULL, 'may be told: ' || u) FROM unnest(ARRAY['https://example.com/', 'https://example.com', 'https://a-b.example.com:8443/x/y?z=%20&b', 'https://93.184.216.34/', 'https://[2606:4700::1]:443/']) u;
SELECT isnt(social.webhook_url_problem(u), NULL, 'may not: ' || left(u, 60)) FROM unnest(ARRAY['', 'https://', 'https:///x', 'http://example.com/', 'ftp://example.com/', 'HTTPS://example.com/', 'https://user@example.com/', 'https://user:pw@example.com/', 'https://example.com/#x', 'https://example.com:0/',
	'https://example.com:65536/', 'https://example.com:/', 'https://example.com:x/', 'https://exa mple.com/', E'https://example.com/\r\nx: y', 'https://ex\ample.com/', 'https://..example.com/', 'https://127.0.0.1/', 'https://169.254.169.254/latest', 'https://[::1]/', 'https://[::ffff:10.0.0.1]/',
	'https://[::1', 'https://::1/', 'https://b\u00fccher.example/', 'https://exämple.com/', 'https://' || repeat('a', 64) || '.com/', 'https://example.com/' || repeat('a', 2000)]) u;
SET LOCAL social.webhook_http = on;
SET LOCAL social.webhook_networks = '127.0.0.0/8, fd00::/8 10.1.2.3';
SELECT is(social.webhook_url_problem(u), NULL, 'where it is allowed: ' || u) FROM unnest(ARRAY['http://127.0.0.1:8080/', 'https://[fd12::1]/', 'http://10.1.2.3/', 'https://[::ffff:127.0.0.2]/']) u;
SELECT isnt(social.webhook_url_problem(u), NULL, 'nothing else: ' || u) FROM unnest(ARRAY['http://10.1.2.4/', 'http://[::1]/', 'ftp://127.0.0.1/']) u;
SELECT throws_ok(format('SET LOCAL social.webhook_networks = %L', n), '22023', NULL, 'no list of networks: ' || left(n, 30)) FROM unnest(ARRAY['10.0.0.0/33', '10.0.0/8', 'localhost', '::/129', '10.0.0.0/', '10.0.0.0/1234', repeat('10.0.0.1,', 257)]) n;

-- ---- making and changing -------------------------------------------------------------------------------
SELECT social.act_as(NULL::bigint) \gset
SELECT throws_ok($$SELECT social.create_webhook('https://example.com/')$$, 'SM401', NULL, 'somebody must act');
SELECT social.act_as(:owner) \gset
SELECT throws_ok(format('SELECT social.create_webhook(%s)', a), 'SM400', NULL, 'SM400: ' || left(a, 60)) FROM unnest(ARRAY['NULL', '''''', '''http://10.0.0.1/''', '''https://a.example'', event_types => ''{}''', '''https://a.example'', event_types => ''{post.made}''',
	'''https://a.example'', event_types => ''{session.ended}''', '''https://a.example'', event_types => ''{NULL}''', '''https://a.example'', topics => ''{}''', '''https://a.example'', topics => ''{nothing}''', '''https://a.example'', topics => ''{session:1}''',
	'''https://a.example'', topics => ''{notifications:999999999}''', '''https://a.example'', topics => ''{NULL}''', '''https://a.example'', topics => array_fill(''posts''::text, ARRAY[51])', '''https://a.example'', description => repeat(''a'', 501)', '''https://a.example'', description => E''\x01''',
	'''https://a.example'', kind => ''rsa''', '''https://a.example'', secret => ''mine''']) a;
SELECT throws_ok($$SELECT social.create_webhook('https://a.example', topics => '{*}')$$, 'SM403', NULL, 'everything is for staff');
SELECT throws_ok($$SELECT social.create_webhook('https://a.example', '{webhook.test}')$$, 'SM400', NULL, 'a test is no event');
SELECT (c.webhook).id AS hook, c.webhook_secret AS secret, (c.webhook).topics, (c.webhook).event_types FROM social.create_webhook('https://a.example/hook', '{post.*,comment.created,post.*}', '{posts,notifications,hashtag:TapHook}', 'Mine') c \gset
SELECT matches(:'secret'::text, '^whsec_', 'its secret is told once');
SELECT is(:'topics'::text[], ARRAY['hashtag:taphook', 'notifications:' || :owner, 'posts'], 'topics as events have them');
SELECT is(:'event_types'::text[], '{comment.created,post.*}', 'types, each once');
SELECT is_empty(format('SELECT 1 FROM social.visible_webhooks w, social.webhook_json(w) j WHERE j::text LIKE ''%%%s%%''', substr(:'secret', 7)), 'and stands in nothing that is shown');
SELECT is(social.webhook_json(w) -> 'secrets' -> 0 ->> 'kind', 'hmac', 'but its kind does') FROM social.visible_webhooks w WHERE w.id = :hook;
SELECT (c.webhook).id AS keyed, c.webhook_secret AS public FROM social.create_webhook('https://a.example/keyed', kind => 'ed25519') c \gset
SELECT matches(:'public'::text, '^whpk_', 'of an ed25519 key the public one');
SELECT is((SELECT v.public_key FROM social.visible_webhook_secrets v WHERE v.webhook_id = :keyed), :'public', 'which is shown any time');
SELECT is((c.webhook_secret), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'one''s own secret') FROM social.create_webhook('https://a.example/own', secret => 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw') c;
SET LOCAL social.webhook_max = 3;
SELECT throws_ok($$SELECT social.create_webhook('https://a.example')$$, 'SM409', NULL, 'no more than social.webhook_max');
SELECT lives_ok(format('SELECT social.delete_webhook(%s)', w.id), 'one is deleted') FROM social.visible_webhooks w WHERE w.url LIKE '%/own';
SET LOCAL social.webhook_max = 10;
SELECT is((SELECT count(*) FROM social.own_webhooks()), 2::bigint, 'the list');
SELECT social.act_as(:writer) \gset
SELECT is((SELECT count(*) FROM social.own_webhooks()), 0::bigint, 'is its owner''s alone');
SELECT throws_ok(format(q, :hook), 'SM404', NULL, 'nobody else''s: ' || q) FROM unnest(ARRAY['SELECT social.update_webhook(%s)', 'SELECT social.delete_webhook(%s)', 'SELECT social.rotate_webhook_secret(%s)', 'SELECT social.test_webhook(%s)', 'SELECT social.recover_webhook(%s, now())',
	'SELECT * FROM social.webhook_deliveries(%s)', 'SELECT * FROM social.webhook_delivery_attempts(%s)']) q;
SELECT social.act_as(:owner) \gset
SELECT throws_ok(format('SELECT social.update_webhook(%s, %s)', :hook, a), 'SM400', NULL, 'SM400: ' || a) FROM unnest(ARRAY['url => ''http://10.0.0.1''', 'event_types => ''{x}''', 'topics => ''{x}''']) a;
SELECT social.update_webhook(:hook, description => 'Changed') \gset
SELECT is((description, url, state)::text, '(Changed,https://a.example/hook,active)', 'changed, what is not given stays') FROM social.visible_webhooks WHERE id = :hook;

-- ---- secrets that change -------------------------------------------------------------------------------
SELECT c.webhook_secret AS second FROM social.rotate_webhook_secret(:hook, overlap_seconds => 3600) c \gset
SELECT isnt(:'second'::text, :'secret', 'another secret');
SELECT is((SELECT array_agg(s.expires_at IS NULL ORDER BY s.id) FROM social.visible_webhook_secrets s WHERE s.webhook_id = :hook), '{f,t}', 'the first one ends');
SELECT c.webhook_secret AS third FROM social.rotate_webhook_secret(:hook, kind => 'ed25519') c \gset
SELECT is((SELECT array_agg(s.kind ORDER BY s.id) FROM social.visible_webhook_secrets s WHERE s.webhook_id = :hook), '{hmac,hmac,ed25519}', 'three sign, of both kinds');
SELECT ok((SELECT min(s.expires_at) = now() + interval '1 hour' FROM social.webhook_secrets s WHERE s.webhook_id = :hook), 'an end that was said stays');
SELECT social.rotate_webhook_secret(:hook), social.rotate_webhook_secret(:hook) \g /dev/null
SELECT throws_ok(format('SELECT social.rotate_webhook_secret(%s)', :hook), 'SM409', NULL, 'no more than five');
SELECT throws_ok(format('SELECT social.rotate_webhook_secret(%s, overlap_seconds => %s)', :hook, n), 'SM400', NULL, 'an overlap of ' || n) FROM unnest(ARRAY[-1, 2592001]) n;
SELECT is((c.webhook_secret), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'at once') FROM social.rotate_webhook_secret(:hook, secret => 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', overlap_seconds => 0) c;
SELECT is((SELECT count(*) FROM social.webhook_secrets s WHERE s.webhook_id = :hook), 1::bigint, 'the others are gone');

-- ---- who is told what ----------------------------------------------------------------------------------
-- Everything that has happened until now, then what a turn of this job takes, as type and title or name.
CREATE FUNCTION pg_temp.noted() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	WHILE social.number_events() > 0 LOOP END LOOP;
	WHILE social.number_counts() > 0 LOOP END LOOP;
	WHILE social.queue_webhooks() > 0 LOOP END LOOP;
	RETURN (SELECT count(*) FROM social.webhook_deliveries d WHERE d.state = 'waiting');
END
$$;
SELECT social.serve_job_kinds('{webhook,webhook.slow}');
CREATE TEMPORARY TABLE turns (place bigint GENERATED ALWAYS AS IDENTITY, webhook_id bigint, delivery_id bigint, body jsonb, raw text, at bigint, signature text);
-- A webhook's job; those of others are asked for anew.
CREATE FUNCTION pg_temp.claim(hook bigint, OUT id bigint, OUT attempt integer, OUT kind text) LANGUAGE plpgsql AS $$
DECLARE
	job record;
BEGIN
	FOR job IN SELECT c.* FROM social.claim_jobs('tap_worker', '{webhook,webhook.slow}', 100) c LOOP
		IF job.args = jsonb_build_object('webhook_id', hook) AND claim.id IS NULL THEN
			SELECT job.id, job.attempt, job.kind INTO id, attempt, kind;
		ELSE
			PERFORM social.finish_jobs('tap_worker', ARRAY[job.id], ARRAY[job.attempt]), social.run_webhook((job.args ->> 'webhook_id')::bigint);
		END IF;
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.turn(hook bigint, batch integer DEFAULT 100) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	job record;
	told bigint[];
BEGIN
	SELECT * INTO job FROM pg_temp.claim(hook);
	IF job.id IS NULL THEN
		RETURN NULL;
	END IF;
	WITH taken AS (
		INSERT INTO turns (webhook_id, delivery_id, body, raw, at, signature)
		SELECT hook, t.delivery_id, t.body::jsonb, t.body, t.at, t.signature FROM social.webhook_turn(hook, job.id, job.attempt, batch) t RETURNING delivery_id)
	SELECT array_agg(t.delivery_id ORDER BY t.delivery_id) INTO told FROM taken t;
	IF told IS NOT NULL THEN
		PERFORM social.webhook_turn(hook, job.id, job.attempt, 0, told, array_fill(204, ARRAY[cardinality(told)]), array_fill(3, ARRAY[cardinality(told)]), array_fill(''::text, ARRAY[cardinality(told)]), array_fill(''::text, ARRAY[cardinality(told)]));
	END IF;
	PERFORM social.finish_jobs('tap_worker', ARRAY[job.id], ARRAY[job.attempt]);
	RETURN (SELECT array_agg(concat_ws(' ', t.body ->> 'type', t.body -> 'data' ->> 'title', t.body -> 'data' ->> 'content') ORDER BY t.place) FROM turns t WHERE t.delivery_id = ANY (told));
END
$$;
SELECT is(pg_temp.noted(), 0::bigint, 'what happened before it was there is not told');
SELECT social.act_as(:writer) \gset
SELECT social.create_post('tap_one', 'first') AS one, social.create_post('tap_two', 'second') AS two \gset
SELECT social.update_post(:one, content => 'edited') \gset
SELECT social.like_post(:two) \gset
SELECT is(pg_temp.noted(), 2::bigint, 'new posts are noted: of the topic posts, and the types');
SELECT is(pg_temp.turn(:hook), '{post.created tap_one edited,post.created tap_two second}', 'told in order, as they are now');
SELECT matches(raw, '^\{"type":"post\.created","timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","data":\{"id":\d+,.*\}\}$', 'in the form of the specification') FROM turns ORDER BY place LIMIT 1;
SELECT is(signature, social.webhook_signature('{whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}', 'msg_' || delivery_id, at, raw), 'signed') FROM turns ORDER BY place LIMIT 1;
SELECT ok(abs(at - extract(epoch FROM clock_timestamp())) < 60, 'at this time') FROM turns ORDER BY place LIMIT 1;
SELECT is(pg_temp.turn(:hook), NULL, 'once');
SELECT social.act_as(:owner) \gset
SELECT is((SELECT array_agg(d.state || ' ' || d.attempts || ' ' || d.type ORDER BY d.id) FROM social.webhook_deliveries(:hook) d), '{delivered 1 post.created,delivered 1 post.created}', 'its owner sees what became of it');
SELECT is((SELECT array_agg(a.status || ' ' || a.took_ms) FROM social.webhook_delivery_attempts(:hook) a), '{204 3,204 3}', 'and each attempt');
SELECT throws_ok(format('SELECT social.webhook_deliveries(%s, ''done'')', :hook), 'SM400', NULL, 'states are known');
SELECT is((SELECT count(*) FROM social.webhook_deliveries(:hook, 'waiting')), 0::bigint, 'of a state');

-- What may not be seen is not told.
SELECT social.act_as(:writer) \gset
SELECT social.create_post('tap_gone', 'soon deleted') AS gone, social.create_post('tap_secret', 'soon private') AS secret_post, social.create_post('tap_seen', 'stays') AS stays \gset
SELECT social.act_as(:blocked) \gset
SELECT social.create_post('tap_by_blocked', 'never told') \gset
SELECT is(pg_temp.noted(), 4::bigint, 'four are noted');
SELECT social.act_as(:writer) \gset
SELECT social.delete_post(:gone), social.update_post(:secret_post, visibility => 'private') \g /dev/null
SELECT social.act_as(:owner) \gset
SELECT social.block_user(:blocked) \gset
SELECT is(pg_temp.turn(:hook), '{post.created tap_seen stays}', 'a post that was deleted, made private, or whose author is blocked meanwhile is not told');
SELECT is((SELECT count(*) FROM social.webhook_deliveries(:hook, 'withheld')), 3::bigint, 'they are withheld');
SELECT social.act_as(:blocked) \gset
SELECT social.create_post('tap_by_blocked', 'never told either') \gset
SELECT pg_temp.noted() \g /dev/null
SELECT is(pg_temp.turn(:hook), NULL, 'nor is a blocked author''s next one');
-- Notifications are of the keyed one, too, whose topics are notifications alone.
SELECT social.act_as(:writer) \gset
SELECT social.follow_user(:owner) \gset
SELECT pg_temp.noted() \g /dev/null
SELECT is(pg_temp.turn(:keyed), '{notification.created}', 'a notification');
SELECT is((SELECT t.body #>> '{data,notification,type}' FROM turns t WHERE t.webhook_id = :keyed), 'follow', 'as sockets tell it');
SELECT matches((SELECT t.signature FROM turns t WHERE t.webhook_id = :keyed), '^v1a,', 'signed with its key');
SELECT is(pg_temp.turn(:hook), NULL, 'which the types of the first one leave out');
-- The feed.
SELECT social.act_as(:owner) \gset
SELECT (c.webhook).id AS feed FROM social.create_webhook('https://a.example/feed', '{post.created}', '{feed}') c \gset
SELECT social.follow_user(:writer) \gset
SELECT social.act_as(:staff) \gset
SELECT social.create_post('tap_stranger', 'not in the feed') \gset
SELECT social.act_as(:writer) \gset
SELECT social.create_post('tap_followed', 'in the feed') \gset
SELECT pg_temp.noted() \g /dev/null
SELECT is(pg_temp.turn(:feed), '{post.created tap_followed in the feed}', 'the feed has those of whom one follows');
SELECT is(array_length(pg_temp.turn(:hook), 1), 2, 'posts has both');
SELECT social.act_as(:staff) \gset
SELECT (c.webhook).id AS everything FROM social.create_webhook('https://a.example/all', '{follow.*,comment.created}', '{*}') c \gset
SELECT social.create_comment(:stays, 'a comment') \gset
SELECT social.act_as(:writer) \gset
SELECT social.follow_user(:staff) \gset
SELECT pg_temp.noted() \g /dev/null
SELECT is(pg_temp.turn(:everything), '{comment.created a comment,follow.created}', 'staff may hear of everything that they see');
-- What the log has forgotten is told all the same.
SELECT social.create_post('tap_forgotten', 'by the log') \gset
SELECT pg_temp.noted() \g /dev/null
DELETE FROM social.events WHERE id < social.event_position();
SELECT is(pg_temp.turn(:feed), '{post.created tap_forgotten by the log}', 'an event that the log has forgotten');
SELECT pg_temp.turn(:hook) \g /dev/null

-- ---- failures ------------------------------------------------------------------------------------------
CREATE FUNCTION pg_temp.fail(hook bigint, status integer, retry_after integer DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	job record;
	taken bigint;
BEGIN
	UPDATE social.jobs SET run_at = clock_timestamp() WHERE kind LIKE 'webhook%' AND args = jsonb_build_object('webhook_id', hook);
	UPDATE social.webhooks SET next_at = now() - interval '1 second' WHERE id = hook AND next_at IS NOT NULL;
	SELECT * INTO job FROM pg_temp.claim(hook);
	SELECT min(t.delivery_id) INTO taken FROM social.webhook_turn(hook, job.id, job.attempt, 100) t;
	PERFORM social.webhook_turn(hook, job.id, job.attempt, 100, ARRAY[taken], ARRAY[status], ARRAY[15000], ARRAY['it answered ' || status], ARRAY['oops'], retry_after);
	PERFORM social.finish_jobs('tap_worker', ARRAY[job.id], ARRAY[job.attempt]);
	RETURN (SELECT concat_ws(' ', job.kind, taken IS NOT NULL, w.state, nullif(w.reason, ''), w.failures,
		CASE WHEN extract(epoch FROM w.next_at - clock_timestamp()) BETWEEN 0.85 * p.s AND 1.15 * p.s THEN 'on time' WHEN w.next_at IS NOT NULL THEN extract(epoch FROM w.next_at - clock_timestamp())::text END,
		(SELECT j.kind || CASE WHEN j.run_at = w.next_at THEN ' then' END FROM social.jobs j WHERE j.args = jsonb_build_object('webhook_id', hook)))
		FROM social.webhooks w, LATERAL (SELECT coalesce(retry_after, (ARRAY[5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400])[least(w.failures, 9)])::double precision AS s) p WHERE w.id = hook);
END
$$;
SELECT social.act_as(:writer) \gset
SELECT social.create_post('tap_fails', 'again and again'), social.create_post('tap_behind', 'waits for it') \g /dev/null
SELECT pg_temp.noted() \g /dev/null
SELECT is(pg_temp.fail(:feed, 500), 'webhook t active 1 on time webhook.slow then', 'a failure: the next attempt is after 5 seconds, apart from those that answer');
SELECT is(pg_temp.turn(:feed), NULL, 'not before');
SELECT is(pg_temp.fail(:feed, n, NULL), format('webhook.slow t active %s on time webhook.slow then', n - 499), format('failure %s of the schedule', n - 499)) FROM generate_series(501, 509) n;
SELECT is((SELECT array_agg(d.state || ' ' || d.attempts ORDER BY d.id) FROM social.webhook_deliveries d WHERE d.webhook_id = :feed AND d.finished_at IS NULL), '{waiting 10,waiting 0}', 'ten attempts at the first, none at what stands behind it');
SELECT is(pg_temp.fail(:feed, 429, 600), 'webhook.slow t active 11 on time webhook.slow then', 'Retry-After counts');
SELECT is(round(min(extract(epoch FROM social.webhook_pause(f, r)))) >= low AND round(max(extract(epoch FROM social.webhook_pause(f, r)))) <= high, true, format('pause after %s failures, asked for %s', f, r))
FROM (VALUES (1, 1, 4, 6), (1, 100000, 86400, 95100), (5, 1, 54, 66), (5, 61, 54, 80), (100, NULL, 77000, 95100), (0, NULL, 4, 6), (1, -5, 4, 6)) v (f, r, low, high), generate_series(1, 20) GROUP BY f, r, low, high;
-- A dead letter after the whole schedule; the next one is tried then.
UPDATE social.webhook_deliveries SET first_attempt_at = now() - interval '76 hours' WHERE webhook_id = :feed AND state = 'waiting' AND attempts > 0;
UPDATE social.webhooks SET failing_since = now() - interval '76 hours' WHERE id = :feed;
SELECT pg_temp.fail(:feed, 500) \g /dev/null
SELECT is((SELECT array_agg(d.state || ' ' || d.attempts ORDER BY d.id) FROM social.webhook_deliveries d WHERE d.webhook_id = :feed AND d.type = 'post.created' AND d.created_at >= now() AND d.state <> 'delivered'), '{failed 12,waiting 0}', 'after 75 hours it is a dead letter');
UPDATE social.webhooks SET failing_since = now() - interval '5 days 1 minute' WHERE id = :feed;
SELECT pg_temp.fail(:feed, 503) \g /dev/null
SELECT is((state, reason, next_at IS NULL)::text, '(disabled,failing,t)', 'after five failing days it is disabled') FROM social.webhooks WHERE id = :feed;
SELECT is((SELECT count(*) FROM social.jobs j WHERE j.args = jsonb_build_object('webhook_id', :feed::bigint)), 0::bigint, 'and nothing comes for it any more');
SELECT matches((SELECT n.message FROM social.notifications n WHERE n.recipient_id = :owner AND n.type = 'system' ORDER BY n.id DESC LIMIT 1), '^Your webhook \d+ to https://a\.example was disabled: every delivery failed for five days\.$', 'its owner is told, without the whole address');
SELECT social.act_as(:writer) \gset
SELECT social.create_post('tap_missed', 'while it was disabled') \gset
SELECT pg_temp.noted() \g /dev/null
SELECT is((SELECT count(*) FROM social.webhook_deliveries d WHERE d.webhook_id = :feed AND d.state = 'waiting'), 1::bigint, 'nothing is noted for it');
SELECT social.act_as(:owner) \gset
SELECT throws_ok(format(q, :feed), 'SM409', NULL, 'while it is disabled: ' || q) FROM unnest(ARRAY['SELECT social.test_webhook(%s)', 'SELECT social.recover_webhook(%s, now() - interval ''1 day'')']) q;
SELECT social.update_webhook(:feed, is_active => true) \gset
SELECT is((state, reason, failures, failing_since)::text, '(active,"",0,)', 'its owner has it go on') FROM social.webhooks WHERE id = :feed;
SELECT is(pg_temp.turn(:feed), '{post.created tap_behind waits for it}', 'with what waited');
SELECT throws_ok(format('SELECT social.recover_webhook(%s, %s)', :feed, a), 'SM400', NULL, 'since ' || a) FROM unnest(ARRAY['NULL', '''infinity''', '''-infinity''', 'now() + interval ''1 hour''']) a;
SELECT social.recover_webhook(:feed, now() - interval '1 hour') \gset
SELECT pg_temp.noted() \g /dev/null
SELECT is(pg_temp.turn(:feed), '{post.created tap_fails again and again,post.created tap_missed while it was disabled}', 'recovered: what had failed, and what was never noted');
SELECT is((SELECT w.is_recovering FROM social.visible_webhooks w WHERE w.id = :feed), false, 'which comes to an end');
DELETE FROM social.webhook_deliveries WHERE webhook_id = :feed;
SELECT social.recover_webhook(:feed, now() - interval '1 hour'), social.update_webhook(:feed, is_active => false) \gset ignored_
SELECT social.queue_webhooks() \gset ignored_
SELECT is((SELECT w.is_recovering FROM social.visible_webhooks w WHERE w.id = :feed), true, 'paused in the midst of that, it is not over');
SELECT social.update_webhook(:feed, is_active => true), social.queue_webhooks() \gset ignored_
SELECT is_empty(format('SELECT FROM social.visible_webhooks w WHERE w.id = %s AND w.is_recovering', :feed), 'but goes on with the webhook');
SELECT ok(count(*) > 0, 'of which nothing is left out') FROM social.webhook_deliveries WHERE webhook_id = :feed AND state = 'waiting';
DELETE FROM social.webhook_deliveries WHERE webhook_id = :feed;
SELECT social.test_webhook(:feed) AS test \gset
SELECT is(pg_temp.turn(:feed), '{webhook.test}', 'a test');
SELECT is((SELECT t.body -> 'data' FROM turns t WHERE t.delivery_id = :test), jsonb_build_object('webhook_id', :feed::bigint), 'says which webhook');
SELECT social.replay_webhook_delivery(:test) \gset
SELECT is(pg_temp.turn(:feed), '{webhook.test,webhook.test}', 'replayed, with its id') FROM (SELECT) x;
SELECT social.act_as(:writer) \gset
SELECT throws_ok(format('SELECT social.replay_webhook_delivery(%s)', d), 'SM404', NULL, 'nobody else''s') FROM unnest(ARRAY[:test, 0]::bigint[]) d;
SELECT social.act_as(:owner) \gset
-- 410
SELECT social.test_webhook(:keyed) \gset
SELECT pg_temp.fail(:keyed, 410) \g /dev/null
SELECT is((state, reason)::text, '(disabled,gone)', '410 disables at once') FROM social.webhooks WHERE id = :keyed;
-- Too much waits.
SET LOCAL social.webhook_queue_max = 100;
SELECT social.test_webhook(:feed) FROM generate_series(1, 102) \g /dev/null
SELECT pg_temp.fail(:feed, 500) \g /dev/null
SELECT is((state, reason)::text, '(disabled,full)', 'and so does too much that waits') FROM social.webhooks WHERE id = :feed;

-- ---- one job at a time ---------------------------------------------------------------------------------
SELECT pg_temp.turn(:hook) \g /dev/null
SELECT social.test_webhook(:hook) AS first, social.test_webhook(:hook) AS next \gset
SELECT c.id AS job, c.attempt FROM social.claim_jobs('tap_worker', '{webhook}', 100) c WHERE c.args = jsonb_build_object('webhook_id', :hook::bigint) \gset
SELECT is((SELECT array_agg(t.delivery_id) FROM social.webhook_turn(:hook, :job, :attempt, 1) t), ARRAY[:first]::bigint[], 'a job has the first one');
SELECT social.run_webhook(:hook, true) \g /dev/null
SELECT c.id AS other_job, c.attempt AS other_attempt FROM social.claim_jobs('tap_other', '{webhook}', 100) c WHERE c.args = jsonb_build_object('webhook_id', :hook::bigint) \gset
SELECT is_empty(format('SELECT social.webhook_turn(%s, %s, %s, 100)', :hook, :other_job, :other_attempt), 'another one finds it at work');
SELECT is((SELECT array_agg(t.delivery_id) FROM social.webhook_turn(:hook, :job, :attempt, 100, ARRAY[:first]::bigint[], '{200}', '{1}', '{""}', '{""}') t), ARRAY[:next]::bigint[], 'which goes on');
SELECT social.release_jobs('tap_worker') \g /dev/null
SELECT is((SELECT array_agg(t.delivery_id) FROM social.webhook_turn(:hook, :other_job, :other_attempt, 100) t), ARRAY[:next]::bigint[], 'one that is lost leaves it to the other');
SELECT is_empty(format('SELECT social.webhook_turn(%s, %s, %s, 100, ARRAY[%s]::bigint[], ''{200}'', ''{1}'', ''{""}'', ''{""}'')', :hook, :job, :attempt, :next), 'and what it says late is heard');
SELECT is((SELECT d.state FROM social.webhook_deliveries d WHERE d.id = :next), 'delivered', 'once');
SELECT is_empty(format('SELECT social.webhook_turn(%s, %s, %s, 100)', :hook, :other_job, :other_attempt), 'nothing more waits');
SELECT is((SELECT w.runner_job_id FROM social.webhooks w WHERE w.id = :hook), NULL, 'and nobody stands in it');
SELECT social.stop_job_worker(w) FROM unnest(ARRAY['tap_worker', 'tap_other']) w \g /dev/null
-- A job that was lost is asked for again.
SELECT social.test_webhook(:hook) \gset
DELETE FROM social.jobs WHERE kind LIKE 'webhook%';
UPDATE social.webhook_log SET tended_at = now() - interval '2 minutes';
SELECT social.queue_webhooks() \g /dev/null
SELECT is((SELECT count(*) FROM social.jobs j WHERE j.args = jsonb_build_object('webhook_id', :hook::bigint)), 1::bigint, 'a job that is missing is asked for');
-- Paused, suspended, deleted.
UPDATE social.users SET suspended_at = now() WHERE id = :owner;
SELECT is(pg_temp.turn(:hook), NULL, 'who is suspended is told nothing');
SELECT is((SELECT d.state FROM social.webhook_deliveries d WHERE d.webhook_id = :hook ORDER BY d.id DESC LIMIT 1), 'waiting', 'but it waits');
UPDATE social.users SET suspended_at = NULL WHERE id = :owner;
SELECT social.act_as(:owner) \gset
SELECT social.update_webhook(:hook, is_active => false) \gset
SELECT is(state, 'paused', 'paused') FROM social.visible_webhooks WHERE id = :hook;
SELECT is((SELECT string_agg(f.state || ' ' || f.webhooks, ', ' ORDER BY f.state) FROM social.webhook_figures() f), 'active 1, disabled 2, failing 0, paused 1', 'figures');
SELECT is((SELECT c.status FROM social.check() c WHERE c.name = 'outgoing webhooks'), 'ok', 'check()');
SELECT is((SELECT m.value FROM social.metrics() m WHERE m.name = 'social_outgoing_webhooks' AND m.label_value = 'disabled'), 2::double precision, 'metrics()');
SELECT is((SELECT (w.owner, w.state, w.last_status)::text FROM social.admin_webhooks w WHERE w.id = :keyed), '(tap_owner,disabled,410)', 'what operators see');
SELECT is(social.disable_webhook(:everything), true, 'they disable one');
SELECT is(social.disable_webhook(:everything), false, 'once');
SELECT social.delete_webhook(:hook) \gset
SELECT is((SELECT count(*) FROM social.webhook_deliveries d WHERE d.webhook_id = :hook), 0::bigint, 'deleted, with all that is of it');
SELECT is_empty(format('SELECT social.webhook_turn(%s, 1, 1, 100, ARRAY[%s]::bigint[], ''{200}'', ''{1}'', ''{""}'', ''{""}'')', :hook, :next), 'who delivers to it meanwhile is done');
DELETE FROM social.users WHERE id = :owner;
SELECT is((SELECT count(*) FROM social.webhooks w WHERE w.owner_id = :owner), 0::bigint, 'webhooks go with their owner');

SELECT * FROM finish();
ROLLBACK;
