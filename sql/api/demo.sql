-- demo.sql owns the demo data: the same scale gives the same rows, times included.
--
-- People, posts and what happens to the newest posts are written as anybody would write them, so
-- their triggers link, count and notify. The bulk of follows, comments and likes is written without
-- triggers and counted at once: everything in it is made from rows that are known to exist.

-- Draws the n-th pseudo-random number of a series, 0 to below 1.
CREATE OR REPLACE FUNCTION social.demo_random(n bigint, series integer) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT (pg_catalog.hashint8extended(n, series) & 2147483647) / 2147483648.0::double precision;
END;
COMMENT ON FUNCTION social.demo_random(bigint, integer) IS 'The n-th number of a fixed pseudo-random series, from 0 to below 1.';

CREATE OR REPLACE FUNCTION social.demo_topics() RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT '[
		{"tags": ["django", "python", "webdev"], "titles": ["Django ORM tips that saved my week", "What I learned from a year of Django", "Migrations without downtime in Django"],
		 "lines": ["The Django ORM writes better SQL once you use select_related.", "A small Django app grows faster than its tests.", "Prefetching turned a hundred queries into two.", "Read the query log before you blame the ORM."]},
		{"tags": ["postgresql", "database", "sql"], "titles": ["An index that pays for itself", "Reading a query plan in five minutes", "Why I keep logic in PostgreSQL"],
		 "lines": ["A partial index is the cheapest speed there is.", "Full-text search inside PostgreSQL is enough for most sites.", "Look at the buffers line first.", "Vacuum is a friend, not a chore."]},
		{"tags": ["graphql", "api", "webdev"], "titles": ["GraphQL without the N+1", "Designing an API people like", "One request, one round trip"],
		 "lines": ["One document became one SQL statement.", "Depth limits are cheap insurance.", "Names outlive implementations, so choose them well.", "A good error message is part of the API."]},
		{"tags": ["python", "opensource", "testing"], "titles": ["Type hints paid off today", "A test that fails for the right reason", "My first merged pull request"],
		 "lines": ["Property tests found a bug that I had read past for months.", "The standard library keeps surprising me.", "Small commits make kind reviewers.", "Delete code on Fridays."]},
		{"tags": ["cooking", "food"], "titles": ["Sourdough after three failures", "A soup for a cold evening", "Dinner from what was left"],
		 "lines": ["Salt late, taste often.", "Patience is the missing ingredient.", "The crust sang when it came out of the oven.", "Lemon fixes nearly everything."]},
		{"tags": ["football", "sports"], "titles": ["That last minute again", "The table after ten rounds", "A young team worth watching"],
		 "lines": ["The second half belonged to the visitors.", "Two chances, two goals.", "The keeper read every corner.", "They press as one."]},
		{"tags": ["travel", "photography"], "titles": ["Morning light in the old town", "Three days by train", "What I pack and what I never use"],
		 "lines": ["The best picture came after I had put the camera away.", "Slow trains show more.", "Bring one lens and walk.", "Ask the baker where to eat."]},
		{"tags": ["linux", "opensource", "devops"], "titles": ["A quieter on-call rota", "Logs that answer questions", "Boring deployments"],
		 "lines": ["An alert without an action is noise.", "We removed more than we added this quarter.", "Roll back first, ask later.", "One script, no ceremony."]}
	]'::jsonb
$$;
COMMENT ON FUNCTION social.demo_topics() IS 'What demo posts are made of.';

CREATE OR REPLACE FUNCTION social.demo_people(people integer, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- demo-password
	demo_hash text := '$argon2id$v=19$m=19456,t=2,p=1$TijaEodlF8vdo5bw6Zn8NA$Gmj5DeBxiAlyV9Hi8rxc+XhDhlzms3KK/hXqRCvTFN0';
	topics jsonb := social.demo_topics();
BEGIN
	INSERT INTO social.users (username, email, password, first_name, last_name, created_at)
	SELECT name, name || '@example.com', demo_hash, initcap(name), 'Demo', until - interval '60 days'
	FROM unnest(ARRAY['alice', 'bob', 'carol', 'dave', 'erin', 'john']) WITH ORDINALITY AS named (name, n) ORDER BY n;
	INSERT INTO social.users (username, email, password, first_name, last_name, created_at, is_locked)
	SELECT name, name || '@example.com', '!', 'User', n::text, until - interval '60 days' + n * interval '1 minute', n % 25 = 0
	FROM (SELECT n, 'user' || lpad(n::text, greatest(4, length(n::text)), '0') AS name FROM generate_series(1, people - 6) n) made
	ORDER BY n;
	CREATE TEMPORARY TABLE demo_users ON COMMIT DROP AS
		SELECT row_number() OVER (ORDER BY id)::integer AS n, id, username FROM social.users;
	CREATE UNIQUE INDEX ON pg_temp.demo_users (n);
	INSERT INTO social.profiles (user_id, bio, location, updated_at)
	SELECT u.id, 'Writes about ' || (topics -> (u.n % 8) -> 'tags' ->> 0) || '.',
		(ARRAY['Lagos', 'Berlin', 'Lima', 'Osaka', 'Toronto'])[1 + u.n % 5], until - interval '60 days'
	FROM pg_temp.demo_users u ORDER BY u.n;
END
$$;
COMMENT ON FUNCTION social.demo_people(integer, timestamptz) IS 'The people of the demo data.';

CREATE OR REPLACE FUNCTION social.demo_posts(posts integer, people integer, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	topics jsonb := social.demo_topics();
BEGIN
	INSERT INTO social.posts (author_id, title, content, created_at, updated_at, is_published, visibility, reply_settings, is_highlighted)
	SELECT u.id, title, content, made_at, made_at, i % 50 <> 17,
		CASE i % 40 WHEN 11 THEN 'followers' WHEN 23 THEN 'mentioned' WHEN 37 THEN 'private' ELSE 'public' END,
		CASE i % 60 WHEN 13 THEN 'followers' WHEN 29 THEN 'mentioned' WHEN 47 THEN 'none' ELSE 'everyone' END, i % 100 = 33
	FROM (
		SELECT i, topic -> 'titles' ->> ((i / 8) % 3) AS title,
			concat_ws(' ', topic -> 'lines' ->> (h % 4)::integer, topic -> 'lines' ->> ((h + 1 + (h / 4) % 3) % 4)::integer,
				CASE WHEN h % 3 = 0 THEN 'Thanks @' || (ARRAY['alice', 'bob', 'carol', 'dave', 'erin', 'john'])[1 + (h / 16) % 6] || '!' END,
				CASE WHEN h % 7 = 0 THEN 'Ask @user' || lpad((1 + (h / 64) % 150)::text, 4, '0') || '.' END,
				(SELECT string_agg('#' || tag, ' ') FROM jsonb_array_elements_text(topic -> 'tags') WITH ORDINALITY AS t (tag, n)
					WHERE n <= 2 + (h / 8) % 2),
				CASE WHEN h % 5 = 0 THEN '#throwback' END) AS content,
			1 + floor(people * power(social.demo_random(i, 4), 2))::integer AS author,
			until - (posts - i) * interval '30 days' / posts AS made_at
		FROM (SELECT i, topics -> (i % 8) AS topic, hashint8extended(i, 3) & 2147483647 AS h FROM generate_series(1, posts) i) chosen
	) made
	JOIN pg_temp.demo_users u ON u.n = made.author
	ORDER BY i;
	-- What other people may touch: published, and for all.
	CREATE TEMPORARY TABLE demo_posts ON COMMIT DROP AS
		SELECT row_number() OVER (ORDER BY id)::integer AS n, id, author_id, created_at FROM social.posts
		WHERE position IS NOT NULL AND visibility = 'public';
	CREATE UNIQUE INDEX ON pg_temp.demo_posts (n);
	ANALYZE pg_temp.demo_users, pg_temp.demo_posts;
END
$$;
COMMENT ON FUNCTION social.demo_posts(integer, integer, timestamptz) IS 'The posts of the demo data, drafts and all visibilities among them.';

-- A few people are followed by nearly everybody, most by a handful. Older posts draw fewer comments
-- and likes. is_live takes the part about the newest posts (and the six named people), else the rest.
CREATE OR REPLACE FUNCTION social.demo_activity(posts integer, people integer, until timestamptz, is_live boolean) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	last_post integer := (SELECT max(n) FROM pg_temp.demo_posts);
	live_posts integer := last_post - 200;
BEGIN
	INSERT INTO social.follows (follower_id, followed_id, created_at)
	SELECT DISTINCT a.id, b.id, until - interval '40 days'
	FROM generate_series(1, people * 15) i
	JOIN pg_temp.demo_users a ON a.n = 1 + floor(people * social.demo_random(i, 1))::integer
	JOIN pg_temp.demo_users b ON b.n = 1 + floor(people * power(social.demo_random(i, 2), 3))::integer
	WHERE a.id <> b.id AND (b.n <= 6 AND a.n <= 200) = is_live
	ORDER BY 1, 2;

	INSERT INTO social.comments (post_id, author_id, content, created_at, updated_at)
	SELECT p.id, u.id, (ARRAY['Well put.', 'I had not thought of it that way.', 'Could you say more about this?', 'Saved for later, thank you.', 'We do the same here.'])[1 + i % 5], made_at, made_at
	FROM generate_series(1, posts * 2) i
	JOIN pg_temp.demo_posts p ON p.n = last_post - floor(last_post * power(social.demo_random(i, 5), 2))::integer AND (p.n > live_posts) = is_live
	JOIN pg_temp.demo_users u ON u.n = 1 + floor(people * social.demo_random(i, 6))::integer
	CROSS JOIN LATERAL (SELECT least(until, p.created_at + (i % 600 * 7919 % 600) * interval '1 minute') AS made_at) t
	ORDER BY i;
	INSERT INTO social.comments (post_id, author_id, parent_id, content, created_at, updated_at)
	SELECT c.post_id, u.id, c.id, (ARRAY['Thank you!', 'Agreed.', 'More on that next week.'])[1 + c.n % 3], least(until, c.created_at + interval '1 hour'), least(until, c.created_at + interval '1 hour')
	FROM (SELECT m.*, row_number() OVER (ORDER BY m.id) AS n FROM social.comments m JOIN pg_temp.demo_posts p ON p.id = m.post_id AND (p.n > live_posts) = is_live) c
	JOIN pg_temp.demo_users u ON u.n = 1 + floor(people * social.demo_random(c.n, 7))::integer
	WHERE c.n % 3 = 0
	ORDER BY c.id;

	INSERT INTO social.post_likes (post_id, user_id, reaction, created_at)
	SELECT DISTINCT ON (p.id, u.id) p.id, u.id, CASE i % 10 WHEN 3 THEN 'laugh' WHEN 7 THEN 'clap' ELSE 'heart' END,
		least(until, p.created_at + (i % 6000 * 7919 % 6000) * interval '1 minute')
	FROM generate_series(1, posts * 6) i
	JOIN pg_temp.demo_posts p ON p.n = last_post - floor(last_post * power(social.demo_random(i, 8), 3))::integer AND (p.n > live_posts) = is_live
	JOIN pg_temp.demo_users u ON u.n = 1 + floor(people * social.demo_random(i, 9))::integer
	ORDER BY p.id, u.id, i;
	INSERT INTO social.comment_likes (comment_id, user_id, created_at)
	SELECT c.id, u.id, least(until, c.created_at + interval '2 hours')
	FROM (SELECT m.*, row_number() OVER (ORDER BY m.id) AS n FROM social.comments m JOIN pg_temp.demo_posts p ON p.id = m.post_id AND (p.n > live_posts) = is_live) c
	JOIN pg_temp.demo_users u ON u.n = 1 + floor(people * social.demo_random(c.n, 10))::integer
	WHERE c.n % 2 = 0
	ORDER BY c.id;
END
$$;
COMMENT ON FUNCTION social.demo_activity(integer, integer, timestamptz, boolean) IS 'The follows, comments and likes of the demo data: the newest part, or the rest.';

CREATE OR REPLACE FUNCTION social.demo_extras(people integer, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	last_post integer := (SELECT max(n) FROM pg_temp.demo_posts);
BEGIN
	INSERT INTO social.reposts (post_id, user_id, created_at)
	SELECT DISTINCT p.id, u.id, least(until, p.created_at + interval '3 hours')
	FROM generate_series(1, 300) i
	JOIN pg_temp.demo_posts p ON p.n = last_post - floor(least(last_post, 1000) * social.demo_random(i, 11))::integer
	JOIN pg_temp.demo_users u ON u.n = 1 + floor(people * social.demo_random(i, 12))::integer
	WHERE u.id <> p.author_id
	ORDER BY 1, 2;
	INSERT INTO social.posts (author_id, title, content, quoted_post_id, created_at, updated_at)
	SELECT u.id, '', 'Worth your time. #throwback', p.id, until - interval '1 hour' + i * interval '1 second', until - interval '1 hour' + i * interval '1 second'
	FROM generate_series(1, 50) i
	JOIN pg_temp.demo_posts p ON p.n = last_post - floor(least(last_post, 1000) * social.demo_random(i, 13))::integer
	JOIN pg_temp.demo_users u ON u.n = 1 + floor(people * social.demo_random(i, 14))::integer
	WHERE u.id <> p.author_id
	ORDER BY i;
	INSERT INTO social.bookmarks (user_id, post_id, created_at)
	SELECT DISTINCT u.id, p.id, until - interval '1 day'
	FROM generate_series(1, 200) i
	JOIN pg_temp.demo_posts p ON p.n = last_post - floor(least(last_post, 1000) * social.demo_random(i, 15))::integer
	JOIN pg_temp.demo_users u ON u.n = 1 + i % 30
	ORDER BY 1, 2;
	-- john and the first users do not get on with everybody.
	INSERT INTO social.blocks (blocker_id, blocked_id, created_at)
	SELECT a.id, b.id, until - interval '30 days' FROM pg_temp.demo_users a JOIN pg_temp.demo_users b ON b.n = a.n + 90
	WHERE a.n BETWEEN 6 AND 20 AND NOT EXISTS (SELECT FROM social.follows f WHERE (f.follower_id, f.followed_id) IN ((a.id, b.id), (b.id, a.id)))
	ORDER BY a.n;
	INSERT INTO social.mutes (muter_id, muted_id, created_at)
	SELECT a.id, b.id, until - interval '30 days' FROM pg_temp.demo_users a JOIN pg_temp.demo_users b ON b.n = a.n + 50
	WHERE a.n BETWEEN 5 AND 20 ORDER BY a.n;
	INSERT INTO social.follow_requests (requester_id, target_id, created_at)
	SELECT a.id, b.id, until - interval '2 days' FROM pg_temp.demo_users b JOIN pg_temp.demo_users a ON a.n = b.n % 6 + 1
	WHERE b.n > 6 AND b.n % 25 = 6 AND b.n < 200 AND NOT EXISTS (SELECT FROM social.follows f WHERE f.follower_id = a.id AND f.followed_id = b.id)
	ORDER BY b.n;
	INSERT INTO social.reports (reporter_id, post_id, reason, created_at)
	SELECT u.id, p.id, (ARRAY['spam', 'off topic', 'rude'])[1 + u.n % 3], until - interval '5 hours' + u.n * interval '1 minute'
	FROM pg_temp.demo_users u JOIN pg_temp.demo_posts p ON p.n = last_post - u.n * 7
	WHERE u.n BETWEEN 1 AND 4 AND p.author_id <> u.id
	ORDER BY u.n;
END
$$;
COMMENT ON FUNCTION social.demo_extras(integer, timestamptz) IS 'Reposts, quotes, bookmarks, blocks, mutes, follow requests and reports of the demo data.';

-- What triggers date now gets the time of what it follows from.
CREATE OR REPLACE FUNCTION social.demo_times(until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.hashtags SET created_at = until - interval '30 days';
	UPDATE social.post_hashtags l SET created_at = p.created_at FROM social.posts p WHERE p.id = l.post_id;
	UPDATE social.mentions m SET created_at = p.created_at FROM social.posts p WHERE p.id = m.post_id;
	UPDATE social.notifications n SET created_at = coalesce(c.created_at, p.created_at, until - interval '40 days')
	FROM social.notifications o LEFT JOIN social.comments c ON c.id = o.comment_id LEFT JOIN social.posts p ON p.id = o.post_id
	WHERE o.id = n.id AND o.recipient_id = n.recipient_id;
END
$$;
COMMENT ON FUNCTION social.demo_times(timestamptz) IS 'Dates the rows that triggers made for the demo data.';

-- Sets every count to the truth, once, for tables that nobody else writes.
CREATE OR REPLACE FUNCTION social.demo_sports(until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- Leagues, their teams, and of each team two athletes.
	leagues text[] := '{Harbour League,Northern Hockey Circuit,River Basketball League}';
	sports text[] := '{football,ice hockey,basketball}';
	places text[] := '{Northport,Southport,Eastwick,Westhaven}';
	beasts text[] := '{Gulls,Owls,Otters,Foxes}';
	people text[] := '{Ida Strand,Tom Adeyemi,Mia Rossi,Kenji Mori,Lena Novak,Omar Haddad,Ana Silva,Jon Berg}';
	parts text[] := '{goalkeeper,forward}';
	team integer;
BEGIN
	FOR league IN 1 .. 3
	LOOP
		PERFORM social.import_sport_row('demo', 'league', jsonb_build_object('id', league, 'name', leagues[league], 'sport', sports[league], 'country', 'Norway', 'description', 'Four teams, and everybody plays everybody twice.',
			'standings', (SELECT jsonb_agg(jsonb_build_object('place', n, 'team', places[n] || ' ' || beasts[1 + (n + league) % 4], 'points', 40 - 7 * n) ORDER BY n) FROM generate_series(1, 4) n)));
		FOR place IN 1 .. 4
		LOOP
			team := 10 * league + place;
			PERFORM social.import_sport_row('demo', 'team', jsonb_build_object('id', team, 'league', league, 'name', places[place] || ' ' || beasts[1 + (place + league) % 4], 'city', places[place], 'country', 'Norway',
				'abbreviation', upper(left(places[place], 3)), 'stadium_name', places[place] || ' Ground', 'stadium_capacity', 4000 + 350 * team, 'schedule', jsonb_build_array(jsonb_build_object('round', 1, 'home', place % 2 = 1))));
			PERFORM social.import_sport_row('demo', 'athlete', jsonb_build_object('id', 10 * team + n, 'team', team, 'first_name', split_part(person, ' ', 1), 'last_name', split_part(person, ' ', 2), 'position', parts[n],
				'career_stats', jsonb_build_object('games', 3 * team + n), 'achievements', '[]'::jsonb))
			FROM generate_series(1, 2) n, LATERAL (SELECT people[1 + (2 * team + n) % 8] AS person) p;
		END LOOP;
	END LOOP;
	UPDATE social.sport_subjects s SET created_at = until, updated_at = until FROM social.sport_external_ids e WHERE e.subject_id = s.id AND e.provider = 'demo';
	INSERT INTO social.post_subjects (post_id, subject_id, position)
	SELECT p.id, e.subject_id, p.position FROM social.posts p JOIN social.sport_external_ids e ON e.provider = 'demo' AND e.kind = 'team' AND e.external_id = (11 + p.id % 4)::text
	WHERE p.hashtags @> '{football}' AND p.position IS NOT NULL ON CONFLICT DO NOTHING;
	-- Everybody follows a team, and every third person its league.
	INSERT INTO social.sport_follows (user_id, subject_id, created_at)
	SELECT u.id, e.subject_id, until - interval '1 day' FROM (SELECT u.id, row_number() OVER (ORDER BY u.username) AS n FROM social.users u) u
	JOIN social.sport_external_ids e ON e.provider = 'demo' AND (e.kind = 'team' AND e.external_id = (11 + u.n % 4)::text OR e.kind = 'league' AND e.external_id = '1' AND u.n % 3 = 0)
	ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION social.demo_sports(timestamptz) IS 'Leagues, teams and athletes of the demo data, the posts that are about the teams, and their followers.';

CREATE OR REPLACE FUNCTION social.demo_count() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	counted record;
BEGIN
	FOR counted IN SELECT DISTINCT c.counter_table, c.counter_key, c.delta_table, c.object_table FROM social.counted_columns() c
	LOOP
		EXECUTE format('DELETE FROM social.%I', counted.delta_table);
		EXECUTE format('INSERT INTO social.%I (%I) SELECT o.id FROM social.%I o ON CONFLICT DO NOTHING',
			counted.counter_table, counted.counter_key, counted.object_table);
	END LOOP;
	FOR counted IN SELECT * FROM social.counted_columns()
	LOOP
		EXECUTE format('UPDATE social.%1$I c SET %2$I = t.n FROM (SELECT %3$I AS id, count(*) AS n FROM social.%4$I WHERE %5$I IS NOT NULL GROUP BY 1) t
			WHERE c.%6$I = t.id AND c.%2$I <> t.n', counted.counter_table, counted.counter_column,
			counted.source_key, counted.source_table, coalesce(counted.when_set, counted.source_key), counted.counter_key);
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.demo_count() IS 'Counts the demo data.';

CREATE OR REPLACE FUNCTION social.init_data(scale integer DEFAULT 1, until timestamptz DEFAULT '2026-01-01 00:00:00+00') RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	people integer := 200 * scale;
	posts integer := 1000 * scale;
BEGIN
	IF scale IS NULL OR scale NOT BETWEEN 1 AND 1000 THEN
		PERFORM social.raise_error('SM400', 'invalid scale', 'It must be 1 to 1000.');
	ELSIF until IS NULL OR until > now() THEN
		PERFORM social.raise_error('SM400', 'invalid until', 'It is the time of the last event, and not in the future.');
	ELSIF EXISTS (SELECT FROM social.users) THEN
		PERFORM social.raise_error('SM409', 'there are users already', '', 'Demo data goes into an empty installation only.');
	END IF;
	PERFORM social.demo_people(people, until);
	PERFORM social.demo_posts(posts, people, until);
	PERFORM set_config('session_replication_role', 'replica', true);
	PERFORM social.demo_activity(posts, people, until, false);
	PERFORM social.demo_count();
	PERFORM set_config('session_replication_role', 'origin', true);
	PERFORM social.demo_activity(posts, people, until, true);
	PERFORM social.demo_extras(people, until);
	PERFORM social.demo_sports(until);
	PERFORM set_config('session_replication_role', 'replica', true);
	PERFORM social.demo_times(until);
	PERFORM set_config('session_replication_role', 'origin', true);
	DROP TABLE pg_temp.demo_users, pg_temp.demo_posts;
	-- Plans made before the first autovacuum would take the tables for empty.
	EXECUTE (SELECT 'ANALYZE ' || string_agg(c.oid::regclass::text, ', ') FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'r');
	RETURN format('%s people, %s posts', people, posts);
END
$$;
COMMENT ON FUNCTION social.init_data(integer, timestamptz) IS 'Fills an empty installation with demo data that ends at a time: about 200 people and 1,000 posts for each unit of scale. The same arguments give the same rows. alice, bob, carol, dave, erin and john log in with demo-password; nobody else can. SM409 when there are users already, SM400 for a scale out of 1 to 1000 or a time in the future.';
