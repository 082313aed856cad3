-- admin.sql owns what an operator does: the demo data.

CREATE OR REPLACE FUNCTION social.init_data(scale integer DEFAULT 1) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	people integer := 200 * scale;
	posts integer := 1000 * scale;
	-- demo-password
	demo_hash text := '$argon2id$v=19$m=19456,t=2,p=1$TijaEodlF8vdo5bw6Zn8NA$Gmj5DeBxiAlyV9Hi8rxc+XhDhlzms3KK/hXqRCvTFN0';
	topics jsonb := '[
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
	]';
BEGIN
	IF scale IS NULL OR scale NOT BETWEEN 1 AND 1000 THEN
		PERFORM social.raise_error('SM400', 'invalid scale', 'It must be 1 to 1000.');
	ELSIF EXISTS (SELECT FROM social.users) THEN
		PERFORM social.raise_error('SM409', 'there are users already', '', 'Demo data goes into an empty installation only.');
	END IF;

	INSERT INTO social.users (username, email, password, first_name, last_name, created_at)
	SELECT name, name || '@example.com', demo_hash, initcap(name), 'Demo', now() - interval '60 days'
	FROM unnest(ARRAY['alice', 'bob', 'carol', 'dave', 'erin', 'john']) WITH ORDINALITY AS named (name, n) ORDER BY n;
	INSERT INTO social.users (username, email, password, first_name, last_name, created_at)
	SELECT name, name || '@example.com', '!', 'User', n::text, now() - interval '60 days' + n * interval '1 minute'
	FROM (SELECT n, 'user' || lpad(n::text, greatest(4, length(n::text)), '0') AS name FROM generate_series(1, people - 6) n) made
	ORDER BY n;
	CREATE TEMPORARY TABLE demo_users ON COMMIT DROP AS
		SELECT row_number() OVER (ORDER BY id)::integer AS n, id, username FROM social.users;
	CREATE UNIQUE INDEX ON pg_temp.demo_users (n);
	INSERT INTO social.profiles (user_id, bio, location)
	SELECT u.id, 'Writes about ' || (topics -> (u.n % 8) -> 'tags' ->> 0) || '.',
		(ARRAY['Lagos', 'Berlin', 'Lima', 'Osaka', 'Toronto'])[1 + u.n % 5]
	FROM pg_temp.demo_users u;

	-- A few are followed by nearly everybody, most by a handful.
	INSERT INTO social.follows (follower_id, followed_id)
	SELECT DISTINCT a.id, b.id
	FROM generate_series(1, people * 15) i
	JOIN pg_temp.demo_users a ON a.n = 1 + (hashint8extended(i, 1) & 2147483647) % people
	JOIN pg_temp.demo_users b ON b.n = 1 + floor(people * power(((hashint8extended(i, 2) & 2147483647) / 2147483648.0)::float8, 3))::integer
	WHERE a.id <> b.id;

	INSERT INTO social.posts (author_id, title, content, created_at, updated_at)
	SELECT u.id, title, content, made_at, made_at
	FROM (
		SELECT i, topic -> 'titles' ->> ((i / 8) % 3) AS title,
			concat_ws(' ', topic -> 'lines' ->> (h % 4)::integer, topic -> 'lines' ->> ((h + 1 + (h / 4) % 3) % 4)::integer,
				CASE WHEN h % 3 = 0 THEN 'Thanks @' || (ARRAY['alice', 'bob', 'carol', 'dave', 'erin', 'john'])[1 + (h / 16) % 6] || '!' END,
				CASE WHEN h % 7 = 0 THEN 'Ask @user' || lpad((1 + (h / 64) % 150)::text, 4, '0') || '.' END,
				(SELECT string_agg('#' || tag, ' ') FROM jsonb_array_elements_text(topic -> 'tags') WITH ORDINALITY AS t (tag, n)
					WHERE n <= 2 + (h / 8) % 2),
				CASE WHEN h % 5 = 0 THEN '#throwback' END) AS content,
			1 + floor(people * power(((hashint8extended(i, 4) & 2147483647) / 2147483648.0)::float8, 2))::integer AS author,
			now() - (posts - i) * interval '30 days' / posts AS made_at
		FROM (SELECT i, topics -> (i % 8) AS topic, hashint8extended(i, 3) & 2147483647 AS h FROM generate_series(1, posts) i) chosen
	) made
	JOIN pg_temp.demo_users u ON u.n = made.author
	ORDER BY i;
	CREATE TEMPORARY TABLE demo_posts ON COMMIT DROP AS
		SELECT row_number() OVER (ORDER BY id)::integer AS n, id, created_at FROM social.posts;
	CREATE UNIQUE INDEX ON pg_temp.demo_posts (n);

	INSERT INTO social.comments (post_id, author_id, content, created_at, updated_at)
	SELECT p.id, u.id, (ARRAY['Well put.', 'I had not thought of it that way.', 'Could you say more about this?', 'Saved for later, thank you.', 'We do the same here.'])[1 + h % 5], made_at, made_at
	FROM (SELECT i, hashint8extended(i, 5) & 2147483647 AS h, hashint8extended(i, 6) & 2147483647 AS who FROM generate_series(1, posts * 2) i) c
	JOIN pg_temp.demo_posts p ON p.n = posts - floor(posts * power((c.h / 2147483648.0)::float8, 2))::integer
	JOIN pg_temp.demo_users u ON u.n = 1 + c.who % people
	CROSS JOIN LATERAL (SELECT least(now(), p.created_at + (c.h % 600) * interval '1 minute') AS made_at) t
	ORDER BY i;
	INSERT INTO social.comments (post_id, author_id, parent_id, content, created_at, updated_at)
	SELECT c.post_id, u.id, c.id, (ARRAY['Thank you!', 'Agreed.', 'More on that next week.'])[1 + c.n % 3], least(now(), c.created_at + interval '1 hour'), least(now(), c.created_at + interval '1 hour')
	FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM social.comments) c
	JOIN pg_temp.demo_users u ON u.n = 1 + (hashint8extended(c.n, 7) & 2147483647) % people
	WHERE c.n % 3 = 0
	ORDER BY c.id;

	INSERT INTO social.post_likes (post_id, user_id)
	SELECT DISTINCT p.id, u.id
	FROM generate_series(1, posts * 6) i
	JOIN pg_temp.demo_posts p ON p.n = posts - floor(posts * power(((hashint8extended(i, 8) & 2147483647) / 2147483648.0)::float8, 3))::integer
	JOIN pg_temp.demo_users u ON u.n = 1 + (hashint8extended(i, 9) & 2147483647) % people;
	INSERT INTO social.comment_likes (comment_id, user_id)
	SELECT c.id, u.id
	FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM social.comments) c
	JOIN pg_temp.demo_users u ON u.n = 1 + (hashint8extended(c.n, 10) & 2147483647) % people
	WHERE c.n % 2 = 0;
	DROP TABLE pg_temp.demo_users, pg_temp.demo_posts;
	RETURN format('%s people, %s posts', people, posts);
END
$$;
COMMENT ON FUNCTION social.init_data(integer) IS 'Fills an empty installation with demo data: about 200 people and 1,000 posts for each unit of scale. alice, bob, carol, dave, erin and john log in with demo-password; nobody else can. SM409 when there are users already.';
