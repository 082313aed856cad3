-- ratelimit.sql proves rate limits in the database: the policies of mission 119-124 with I-07 to I-10,
-- I-12 and I-29, both stores by the same cases, admit, overrides, status. Shared memory outlives a
-- rollback, so the ids are fresh in each run.
BEGIN;
SELECT no_plan();
SELECT (random() * 1e15)::bigint AS person \gset

-- ---- policies ------------------------------------------------------------------------------------

SELECT set_eq($$ SELECT surface, action, subject, rate FROM social.rate_limit_policy $$, $$ VALUES
	('*', 'global', 'client', '100/minute'), ('*', 'global', 'key', '100/minute'),
	('graphql', 'user', 'user', '1000/day'), ('auth', 'user', 'user', '1000/day'), ('graphql', 'anon', 'anonymous', '100/day'),
	('auth', 'login', 'account', '5/minute'), ('auth', 'login', 'address', '30/minute'), ('auth', 'register', 'address', '5/minute'),
	('auth', 'refresh', 'session', '5/minute'), ('auth', 'refresh', 'address', '60/minute'),
	('auth', 'password_reset', 'account', '5/minute'), ('auth', 'password_reset', 'address', '30/minute'), ('auth', 'credential', 'user', '5/minute'),
	('rest', 'post_creation', 'user', '10/hour'), ('rest', 'post_creation', 'user', '60/minute'), ('rest', 'post_creation', 'anonymous', '1/hour'),
	('graphql', 'post_creation', 'user', '10/hour'), ('graphql', 'post_creation', 'user', '60/minute'), ('graphql', 'post_creation', 'anonymous', '1/hour'),
	('rest', 'feed_access', 'client', '100/minute'), ('rest', 'search', 'client', '30/minute'), ('graphql', 'search', 'client', '100/hour'),
	('*', 'report', 'user', '30/hour'), ('*', 'export', 'user', '10/hour'),
	('*', 'upload', 'user', '10/hour'), ('rest', 'media_upload', 'user', '20/minute'), ('graphql', 'media_upload', 'user', '20/minute'),
	('*', 'webhook', 'user', '120/hour'),
	('*', 'stream_creation', 'user', '3/day'), ('*', 'stream_creation', 'user', '10/hour'),
	('*', 'stream_publish', 'address', '30/minute'),
	('*', 'chat_message', 'user', '5/minute'), ('*', 'chat_message_host', 'user', '30/minute')
$$, 'seed 119-124: every rate of the seeds is the default');
SELECT is_empty($$ SELECT FROM social.rate_limit_policy WHERE source <> 'default' OR "limit" IS NULL OR window_seconds IS NULL $$, 'and nothing else');
SELECT is(social.rate_limit_store(), CASE WHEN current_setting('shared_preload_libraries') ~ 'social' THEN 'memory' ELSE 'table' END, 'the store is the memory when there is one');

-- ---- both stores ---------------------------------------------------------------------------------

-- Takes `times` requests; the answers joined, 'SM429' for a refusal with its figures.
CREATE FUNCTION pg_temp.take(times integer, action text, user_id bigint DEFAULT NULL, address text DEFAULT NULL,
	session_id bigint DEFAULT NULL, account text DEFAULT NULL, rates text DEFAULT NULL, surface text DEFAULT 'rest') RETURNS text[]
	LANGUAGE plpgsql AS $$
DECLARE
	answers text[] = '{}';
	figures text;
BEGIN
	FOR i IN 1 .. times LOOP
		BEGIN
			answers := answers || coalesce(social.take_rate_limit(action, user_id, session_id, address, account, rates, surface), 'unlimited');
		EXCEPTION WHEN SQLSTATE 'SM429' THEN
			GET STACKED DIAGNOSTICS figures = CONSTRAINT_NAME;
			answers := answers || ('SM429 ' || figures);
		END;
	END LOOP;
	RETURN answers;
END
$$;

CREATE FUNCTION pg_temp.stores(base bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	store text;
	person bigint;
	answer text[];
	began timestamptz;
	taken integer;
BEGIN
	FOREACH store IN ARRAY ARRAY['memory', 'table'] LOOP
		CONTINUE WHEN store = 'memory' AND (SELECT entries FROM social.rate_limit_memory()) = 0;
		PERFORM set_config('social.rate_limit_store', store, true);
		person := base + CASE store WHEN 'table' THEN 1000 ELSE 0 END;
		RETURN NEXT is(social.rate_limit_store(), store, store || ': in use');

		answer := pg_temp.take(12, 'post_creation', person);
		RETURN NEXT is((SELECT count(*) FROM unnest(answer) a WHERE a ~ '^SM429'), 2::bigint, store || ', seed 121: ten posts an hour, not twelve');
		RETURN NEXT matches(answer[1], '^10 9 \d+ 3600 0$', store || ', I-10: the tightest window: limit, remaining, reset, window');
		RETURN NEXT matches(answer[10], '^10 0 \d+ 3600 0$', store || ': the last one');
		RETURN NEXT matches(answer[11], '^SM429 10 0 \d+ 3600 3[2-6]\d$', store || ', I-10: refused with nothing remaining, and how long to wait');
		RETURN NEXT cmp_ok(split_part(answer[10], ' ', 3)::bigint - extract(epoch FROM clock_timestamp())::bigint, '>', 3560::bigint, store || ': reset is when the window is whole again');
		RETURN NEXT alike((pg_temp.take(1, 'search', person))[1], '30 29 %', store || ': another action has windows of its own');
		RETURN NEXT alike((pg_temp.take(1, 'post_creation', person + 1))[1], '10 9 %', store || ': so has another person');

		answer := pg_temp.take(2, 'post_creation', NULL, '2001:db8:' || to_hex(person % 65536) || ':1::1');
		RETURN NEXT ok(answer[1] ~ '^1 0 \d+ 3600 0$' AND answer[2] ~ '^SM429', store || ', I-12: a stranger has one attempt an hour');
		RETURN NEXT alike((pg_temp.take(1, 'post_creation', NULL, '2001:db8:' || to_hex(person % 65536) || ':1:ffff::'))[1], 'SM429%', store || ', P-11: his /64 shares it');
		RETURN NEXT alike((pg_temp.take(1, 'post_creation', NULL, '2001:db8:' || to_hex(person % 65536) || ':2::1'))[1], '1 0 %', store || ', P-11: the next /64 does not');

		answer := pg_temp.take(7, 'login', NULL, '192.0.2.1', NULL, 'name' || person, NULL, 'auth');
		RETURN NEXT is((SELECT count(*) FROM unnest(answer) a WHERE a ~ '^5 '), 5::bigint, store || ', seed 119: five logins a minute');
		RETURN NEXT alike((pg_temp.take(1, 'login', NULL, '192.0.2.1', NULL, upper('name' || person), NULL, 'auth'))[1], 'SM429%', store || ', I-29: per account, in any case');
		RETURN NEXT alike((pg_temp.take(1, 'login', NULL, '192.0.2.1', NULL, 'other' || person, NULL, 'auth'))[1], '5 4%', store || ', I-29: an office is not locked out');
		RETURN NEXT alike((pg_temp.take(1, 'login', NULL, '192.0.2.2', NULL, 'name' || person, NULL, 'auth'))[1], '5 4%', store || ', I-29: nor the owner, by somebody elsewhere');
		RETURN NEXT alike((pg_temp.take(6, 'refresh', session_id => person, surface => 'auth'))[6], 'SM429%', store || ', I-29: refresh per session');

		answer := pg_temp.take(4, 'stream_creation', person);
		RETURN NEXT ok(answer[3] ~ '^3 0 \d+ 86400 ' AND answer[4] ~ '^SM429 3 0 \d+ 86400 (287\d\d|28800)$', store || ', seed 122, I-08: of two windows the day binds');
		answer := pg_temp.take(3, 'post_creation', person + 2, rates => '2/minute');
		RETURN NEXT ok(answer[1] ~ '^2 1 ' AND answer[3] ~ '^SM429 2 0 \d+ 60 (\d|[12]\d|30)$', store || ', seed 160: rates of the caller');
		RETURN NEXT alike((pg_temp.take(1, 'post_creation', person + 4))[1], '10 9 %', store || ': which hold for that request alone');
		answer := pg_temp.take(1, 'search*60', person + 5, surface => 'graphql') || pg_temp.take(1, 'search*41', person + 5, surface => 'graphql') || pg_temp.take(1, 'search*40', person + 5, surface => 'graphql');
		RETURN NEXT ok(answer[1] ~ '^100 40 ' AND answer[2] ~ '^SM429 100 40 \d+ 3600 (\d|[12]\d|3[0-6])$' AND answer[3] ~ '^100 0 ', store || ', found B8: one request may count as many, all or none');
		RETURN NEXT alike((pg_temp.take(1, 'search', person + 5))[1], 'SM429 30 0 %', store || ', found E11: a search is one count, and each surface has its rate');
		answer := pg_temp.take(8, 'post_creation', person + 6) || pg_temp.take(3, 'post_creation', person + 6, surface => 'graphql') || pg_temp.take(1, 'post_creation', person + 6);
		RETURN NEXT ok(answer[8] ~ '^10 2 ' AND answer[9] ~ '^10 1 ' AND answer[10] ~ '^10 0 ' AND answer[11] ~ '^SM429' AND answer[12] ~ '^SM429', store || ', found E11: so is a post');
		-- Whoever is slow has some more: one comes back in 0.6 seconds.
		began := clock_timestamp();
		FOR i IN 0 .. 1000 LOOP
			taken := i;
			answer := pg_temp.take(1, 'nothing_special', person + 3);
			EXIT WHEN answer[1] ~ '^SM429';
		END LOOP;
		RETURN NEXT ok(taken BETWEEN 100 AND 100 + extract(epoch FROM clock_timestamp() - began) / 0.6 AND answer[1] ~ '^SM429 100 0', store || ', seed 120: 100 requests a minute, whatever they are');
		RETURN NEXT matches((pg_temp.take(1, 'search', person + 3))[1], '^(SM429 )?100 \d ', store || ': all actions together');
		RETURN NEXT is(pg_temp.take(2, 'nothing_special'), ARRAY['unlimited', 'unlimited'], store || ': nobody in particular is not limited');
		RETURN NEXT is((SELECT ARRAY[s."limit", s.remaining] FROM social.rate_limit_status(person) s WHERE s.surface = 'rest' AND s.action = 'post_creation' AND s.window_seconds = 3600), ARRAY[10, 0], store || ', seed 046: the status tells what is left');
		RETURN NEXT is((SELECT s.retry_after > 300 FROM social.rate_limit_status(person) s WHERE s.surface = 'rest' AND s.action = 'post_creation' AND s.window_seconds = 3600), true, store || ': and how long to wait');
		PERFORM pg_temp.take(10, 'search', person);
		RETURN NEXT ok((SELECT s.remaining FROM social.rate_limit_status(person) s WHERE s.action = 'search' AND s.surface = 'rest') BETWEEN 19 AND 29, store || ': of every action');
		taken := (SELECT s.remaining FROM social.rate_limit_status(person) s WHERE s.action = 'search' AND s.surface = 'rest');
		RETURN NEXT cmp_ok((SELECT s.remaining FROM social.rate_limit_status(person) s WHERE s.action = 'search' AND s.surface = 'rest'), '>=', taken, store || ': and takes nothing');
		RETURN NEXT is((SELECT array_agg(s.remaining) FROM social.rate_limit_status(person + 9) s WHERE s.remaining <> s."limit"), NULL, store || ': who has not been here has whole windows');
	END LOOP;
	PERFORM set_config('social.rate_limit_store', 'auto', true);
END
$$;
SELECT pg_temp.stores(:person);

-- ---- bad input -----------------------------------------------------------------------------------

SELECT throws_ok(format($$ SELECT social.take_rate_limit('search', address => %L) $$, bad), 'SM400', 'invalid address', format('%L is no address', bad))
FROM unnest(ARRAY['', 'localhost', '1.2.3', '1.2.3.4, 5.6.7.8', '1.2.3.4:80', '::1%lo', repeat('1', 100000)]) bad;
SELECT throws_ok(format($$ SELECT social.take_rate_limit('post_creation', 1, rates => %L) $$, bad), 'SM400', 'invalid rates', format('%L is no rate', bad))
FROM unnest(ARRAY['', '10', '0/hour', '-1/hour', '10/fortnight', '10/hour,', '5/hour,6/hour', '1000001/day']) bad;
SELECT alike(social.take_rate_limit('login', address => '192.0.2.9', account => repeat('''; DROP TABLE social.users; --', 40000), surface => 'auth'), '%', 'a megabyte of SQL for a name is a name');
SELECT alike(social.take_rate_limit(repeat('x', 1000000), :person + 20), '100 99 %', 'an unknown action meets the standing limits alone');
SELECT alike(social.take_rate_limit(NULL, :person + 21, surface => NULL), '100 99 %', 'so does none at all');

SELECT throws_ok($$ SELECT social.rate_limit_status(1, rates => 'search=often') $$, 'SM400', 'invalid rates', 'nor are these');
SELECT is((SELECT "limit" FROM social.rate_limit_status(1, address => '192.0.2.1', rates => 'search=7/minute') WHERE surface = 'rest' AND action = 'search'), 7, 'the status takes a bridge''s own rates');

-- ---- overrides -----------------------------------------------------------------------------------

SELECT social.set_rate_limit('rest', 'post_creation', 'user', '2/day');
SELECT is((pg_temp.take(3, 'post_creation', :person + 30))[3] ~ '^SM429 2 0 \d+ 86400', true, 'an override holds at once');
SELECT set_eq($$ SELECT rate, source FROM social.rate_limit_policy WHERE action = 'post_creation' AND subject = 'user' AND surface = 'rest' $$, $$ VALUES ('2/day', 'override') $$, 'and is shown');
SELECT isnt_empty($$ SELECT FROM social.audit_log WHERE action = 'set_rate_limit' AND detail->>'rates' = '2/day' $$, 'and is in the audit log');
SELECT social.set_rate_limit('rest', 'post_creation', 'user', 'off');
SELECT alike((pg_temp.take(3, 'post_creation', :person + 30))[3], '100 %', 'off lifts it');
SELECT is((SELECT rate FROM social.rate_limit_policy WHERE action = 'post_creation' AND subject = 'user' AND surface = 'rest'), NULL, 'and shows no rate');
SELECT social.set_rate_limit('rest', 'post_creation', 'user', NULL);
SELECT throws_ok($$ SELECT social.set_rate_limit('rest', 'a,b', 'user', '1/day') $$, 'SM400', 'invalid surface or action', 'an action is a word, which lists can hold');
SELECT set_eq($$ SELECT rate, source FROM social.rate_limit_policy WHERE action = 'post_creation' AND subject = 'user' AND surface = 'rest' $$, $$ VALUES ('10/hour', 'default'), ('60/minute', 'default') $$, 'null brings the default back');
SELECT social.set_rate_limit('rest', 'tap_action', 'user', '1/second');
SELECT alike((pg_temp.take(1, 'tap_action', :person + 31))[1], '1 0 % 1 0', 'the operator may add a policy');
SELECT throws_ok($$ SELECT social.set_rate_limit('rest', 'post_creation', 'everybody', '1/day') $$, 'SM400', 'invalid subject', 'not for an unknown subject');
SELECT throws_ok($$ SELECT social.set_rate_limit('', 'post_creation', 'user', '1/day') $$, 'SM400', 'invalid surface or action', 'nor without a surface');
SELECT throws_ok($$ SELECT social.set_rate_limit('rest', 'post_creation', 'user', '1/year') $$, 'SM400', 'invalid rates', 'nor with rates that are none');
SET LOCAL social.rate_limits_strict = on;
SELECT is((SELECT array_agg(split_part(a, ' ', 1)) FROM unnest(pg_temp.take(31, 'search', :person + 32)) a WHERE a ~ '^SM429'), ARRAY['SM429'], 'strict, I-09: a search meets the limits of both surfaces');
SELECT alike((pg_temp.take(1, 'search', :person + 32, surface => 'graphql'))[1], 'SM429 30 %', 'on either');
SET LOCAL social.rate_limits_strict = off;
SELECT alike((pg_temp.take(1, 'search', :person + 32, surface => 'graphql'))[1], '100 69 %', 'otherwise each has its own');
SET LOCAL social.rate_limits = off;
SELECT is(pg_temp.take(1, 'post_creation', :person), ARRAY['unlimited'], 'one setting turns everything off');
SELECT is_empty(format('SELECT FROM social.rate_limit_status(%s)', :person), 'the status too');
SELECT is(social.rate_limit_store(), 'off', 'and says so');
SET LOCAL social.rate_limits = on;

-- ---- admit ---------------------------------------------------------------------------------------

INSERT INTO social.users (username) VALUES ('tap_limited') RETURNING id AS user_id \gset
SELECT is(social.admit(:user_id), NULL, 'admit without a surface counts nothing');
SELECT CASE WHEN (SELECT entries FROM social.rate_limit_memory()) > 0
	THEN matches(social.admit(:user_id, NULL, 'post_creation', '192.0.2.7', NULL, 'rest'), '^\d+ \d+ \d+ 3600 0$', 'with one it counts, and tells the figures')
	ELSE is(social.admit(:user_id, NULL, 'post_creation', '192.0.2.7', NULL, 'rest'), NULL, 'without shared memory it counts nothing') END;
SELECT is(social.viewer_id(), :user_id::bigint, 'the viewer is set');
SELECT is(social.setting('client_address'), '192.0.2.7', 'the audit log will know the address');
SELECT throws_ok(format('SELECT social.admit(%s, -1)', :user_id), 'SM401', 'authentication required', 'a session that is not there');
SELECT throws_ok($$ SELECT social.admit(NULL, NULL, 'search', 'nowhere', NULL, 'rest') $$, 'SM400', 'invalid address', 'no address')
WHERE (SELECT entries FROM social.rate_limit_memory()) > 0;

-- ---- many clients ----------------------------------------------------------------------------------

-- More addresses than the memory has places: it stays within them, and who asks all the time is not forgotten.
SELECT entries, entries > 0 AS preloaded FROM social.rate_limit_memory() \gset
\if :preloaded
SELECT clock_timestamp() AS began \gset
SELECT pg_temp.take(90, 'nothing_special', :person + 50) \g /dev/null
SELECT count(social.take_rate_limit('nothing_special', address => format('10.%s.%s.%s', n >> 16, n >> 8 & 255, n & 255)))
FROM generate_series(1, least(:entries + 20000, 300000)) n \gset
SELECT is(:count, least(:entries + 20000, 300000), 'so many strangers are counted');
SELECT cmp_ok(live, '<=', entries, 'within the memory there is') FROM social.rate_limit_memory();
SELECT cmp_ok(evicted, '>', 0::bigint, 'some are forgotten for it') FROM social.rate_limit_memory();
SELECT cmp_ok(split_part((pg_temp.take(1, 'nothing_special', :person + 50))[1], ' ', 2)::integer, '<=', 10 + ceil(extract(epoch FROM clock_timestamp() - :'began') / 0.6)::integer, 'but not who has used up the most')
WHERE clock_timestamp() < :'began'::timestamptz + interval '50 seconds'; -- afterwards that is forgotten for its time
\endif

-- ---- what is kept --------------------------------------------------------------------------------

SELECT set_config('social.rate_limit_store', 'table', true);
SELECT pg_temp.take(1, 'search', :person + 40);
SELECT isnt_empty(format('SELECT FROM social.rate_limit_state WHERE key = %L AND full_at > now()', 'rest/search/60/user:' || :person + 40), 'the table holds a row for each window');
UPDATE social.rate_limit_state SET full_at = now() - interval '2 days';
SELECT social.retention_round();
SELECT is_empty('SELECT FROM social.rate_limit_state', 'retention removes those that are long over');
SET LOCAL transaction_read_only = on;
SELECT throws_ok(format($$ SELECT social.take_rate_limit('search', %s) $$, :person + 40), '25006', NULL, 'a table cannot count in a read-only transaction');
SELECT set_config('social.rate_limit_store', 'auto', true);
SELECT lives_ok(format($$ SELECT social.take_rate_limit('search', %s) $$, :person + 41), 'memory can (D15)')
WHERE (SELECT entries FROM social.rate_limit_memory()) > 0;
SELECT cmp_ok(live, '<=', entries, 'the memory store knows how full it is') FROM social.rate_limit_memory();

SELECT * FROM finish();
ROLLBACK;
