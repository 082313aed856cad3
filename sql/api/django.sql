-- django.sql owns the move from the tables of a Django application: people with their password hashes,
-- who follows, blocks and mutes whom, posts, reposts and shares, comments, likes and bookmarks.
--
-- The source is a schema of this database: a restored dump, foreign tables, or views that give tables of
-- other names and columns those that are looked for here. A step reads a table by its key, or several
-- tables in order of time where places in lists follow from it; a batch is one transaction.

CREATE OR REPLACE FUNCTION social.django_kinds(OUT step_order integer, OUT kind text, OUT kind_group text, OUT needs text[], OUT id_table text, OUT writes text[])
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
	VALUES
	(1, 'user', NULL, ARRAY['username', 'password'], 'users', ARRAY[
		$w$INSERT INTO social.users (id, username, pending_email, claimed_at, password, first_name, last_name, is_active, is_staff, is_superuser, created_at, last_login_at)
			SELECT b.id, b.username, coalesce(b.email, ''), CASE WHEN b.email <> '' THEN coalesce(b.created, now()) END, coalesce(b.password, ''), coalesce(b.first_name, ''), coalesce(b.last_name, ''),
				coalesce(b.is_active, true), coalesce(b.is_staff, false), coalesce(b.is_superuser, false), coalesce(b.created, now()), b.last_login
			FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 ORDER BY b.n$w$,
		$w$INSERT INTO social.profiles (user_id, bio, avatar, banner_image, location, website)
			SELECT b.id, coalesce(b.bio, ''), b.avatar, b.banner_image, coalesce(b.location, ''), coalesce(b.website, '')
			FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 AND concat(b.bio, b.avatar, b.banner_image, b.location, b.website) <> '' ORDER BY b.n$w$]),
	(2, 'profile', NULL, ARRAY['person'], NULL, ARRAY[
		$w$INSERT INTO social.profiles (user_id, bio, avatar, banner_image, location, website)
			SELECT b.person_id, coalesce(b.bio, ''), b.avatar, b.banner_image, coalesce(b.location, ''), coalesce(b.website, '')
			FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 AND concat(b.bio, b.avatar, b.banner_image, b.location, b.website) <> '' ORDER BY b.n
			ON CONFLICT DO NOTHING$w$]),
	(3, 'block', NULL, ARRAY['person', 'other'], NULL, ARRAY[
		$w$INSERT INTO social.blocks (blocker_id, blocked_id, created_at)
			SELECT b.person_id, b.other_id, coalesce(b.created, now()) FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 AND b.person_id <> b.other_id
			ON CONFLICT DO NOTHING$w$]),
	(4, 'mute', NULL, ARRAY['person', 'other'], NULL, ARRAY[
		$w$INSERT INTO social.mutes (muter_id, muted_id, created_at)
			SELECT b.person_id, b.other_id, coalesce(b.created, now()) FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 AND b.person_id <> b.other_id
			ON CONFLICT DO NOTHING$w$]),
	-- Nobody follows across a block, whatever the old tables say.
	(5, 'follow', NULL, ARRAY['person', 'other'], NULL, ARRAY[
		$w$INSERT INTO social.follows (follower_id, followed_id, created_at)
			SELECT b.person_id, b.other_id, coalesce(b.created, now()) FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 AND b.person_id <> b.other_id
				AND NOT EXISTS (SELECT FROM social.blocks k WHERE k.blocker_id = b.person_id AND k.blocked_id = b.other_id OR k.blocker_id = b.other_id AND k.blocked_id = b.person_id)
			ON CONFLICT DO NOTHING$w$]),
	(6, 'post', 'posts', ARRAY['person', 'content'], 'posts', ARRAY[
		$w$INSERT INTO social.posts (id, author_id, title, content, is_published, created_at, updated_at, reply_settings, is_pinned, is_highlighted, image, video)
			SELECT b.id, b.person_id, coalesce(nullif(b.title, ''), left(btrim(regexp_replace(b.content, '[[:cntrl:][:space:]]+', ' ', 'g')), 80), ''), coalesce(nullif(btrim(b.content), ''), b.title, ''),
				coalesce(b.is_published, true), coalesce(b.created, now()), coalesce(b.updated, b.created, now()),
				CASE WHEN b.reply_settings ~* 'follow' THEN 'followers' WHEN b.reply_settings ~* 'mention' THEN 'mentioned' WHEN b.reply_settings ~* '^(none|nobody|no_one|off|disabled|closed)$' THEN 'none' ELSE 'everyone' END,
				coalesce(b.is_pinned, false), coalesce(b.is_highlighted, false), b.image, b.video
			FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 ORDER BY b.n$w$]),
	(6, 'repost', 'posts', ARRAY['person', 'post'], NULL, ARRAY[
		$w$INSERT INTO social.reposts (post_id, user_id, created_at)
			SELECT b.post_id, b.person_id, coalesce(b.created, now()) FROM pg_temp.django_batch b JOIN social.posts p ON p.id = b.post_id AND p.position IS NOT NULL
			WHERE b.n BETWEEN $1 AND $2 ORDER BY b.n
			ON CONFLICT DO NOTHING$w$]),
	-- With words it is a quote, which is a post; without it is a repost.
	(6, 'share', 'posts', ARRAY['person', 'post'], 'posts', ARRAY[
		$w$INSERT INTO social.reposts (post_id, user_id, created_at)
			SELECT b.post_id, b.person_id, coalesce(b.created, now()) FROM pg_temp.django_batch b JOIN social.posts p ON p.id = b.post_id AND p.position IS NOT NULL
			WHERE b.n BETWEEN $1 AND $2 AND coalesce(btrim(b.message), '') = '' ORDER BY b.n
			ON CONFLICT DO NOTHING$w$,
		$w$INSERT INTO social.posts (id, author_id, title, content, quoted_post_id, created_at, updated_at)
			SELECT b.id, b.person_id, '', b.message, b.post_id, coalesce(b.created, now()), coalesce(b.created, now())
			FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 AND btrim(b.message) <> '' ORDER BY b.n$w$]),
	(7, 'comment', 'comments', ARRAY['person', 'post', 'content'], 'comments', ARRAY[
		$w$INSERT INTO social.comments (id, post_id, author_id, parent_id, content, is_edited, created_at, updated_at)
			SELECT b.id, b.post_id, b.person_id, b.parent_id, b.content, coalesce(b.is_edited, false), coalesce(b.created, now()), coalesce(b.updated, b.created, now())
			FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2 ORDER BY b.n$w$]),
	(8, 'post_like', NULL, ARRAY['person', 'post'], NULL, ARRAY[
		$w$INSERT INTO social.post_likes (post_id, user_id, created_at)
			SELECT b.post_id, b.person_id, coalesce(b.created, now()) FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2
			ON CONFLICT DO NOTHING$w$]),
	(9, 'comment_like', NULL, ARRAY['person', 'comment'], NULL, ARRAY[
		$w$INSERT INTO social.comment_likes (comment_id, user_id, created_at)
			SELECT b.comment_id, b.person_id, coalesce(b.created, now()) FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2
			ON CONFLICT DO NOTHING$w$]),
	(10, 'bookmark', NULL, ARRAY['person', 'post'], NULL, ARRAY[
		$w$INSERT INTO social.bookmarks (user_id, post_id, created_at)
			SELECT b.person_id, b.post_id, coalesce(b.created, now()) FROM pg_temp.django_batch b WHERE b.n BETWEEN $1 AND $2
			ON CONFLICT DO NOTHING$w$])
$$;
COMMENT ON FUNCTION social.django_kinds() IS 'What is moved, in which order: kinds of one group are read together, by time; a row needs these values, gets an id of that table, and is written by these statements.';

CREATE OR REPLACE FUNCTION social.django_tables(OUT kind text, OUT table_names text[], OUT columns jsonb)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
	VALUES
	('user', ARRAY['users_user', 'accounts_user', 'users_customuser', 'accounts_customuser', 'auth_user'], '{}'::jsonb),
	('profile', ARRAY['users_profile', 'accounts_profile', 'users_userprofile', 'accounts_userprofile'], '{}'),
	('block', ARRAY['users_block', 'accounts_block'], '{"person": ["blocker_id", "user_id"], "other": ["blocked_id", "blocked_user_id"]}'),
	('block', ARRAY['accounts_user_blocked_users', 'users_user_blocked_users', 'accounts_customuser_blocked_users'], '{"person": ["from_user_id", "from_customuser_id"], "other": ["to_user_id", "to_customuser_id"]}'),
	('mute', ARRAY['users_mute', 'accounts_mute'], '{"person": ["muter_id", "user_id"], "other": ["muted_id", "muted_user_id"]}'),
	('mute', ARRAY['accounts_user_muted_users', 'users_user_muted_users', 'accounts_customuser_muted_users'], '{"person": ["from_user_id", "from_customuser_id"], "other": ["to_user_id", "to_customuser_id"]}'),
	('follow', ARRAY['users_follow', 'accounts_follow'], '{"person": ["follower_id"], "other": ["following_id", "followed_id", "followee_id"]}'),
	('follow', ARRAY['accounts_user_following', 'users_user_following', 'accounts_customuser_following'], '{"person": ["from_user_id", "from_customuser_id"], "other": ["to_user_id", "to_customuser_id"]}'),
	('follow', ARRAY['accounts_user_followers', 'users_user_followers', 'accounts_customuser_followers'], '{"person": ["to_user_id", "to_customuser_id"], "other": ["from_user_id", "from_customuser_id"]}'),
	('post', ARRAY['posts_post'], '{}'),
	('repost', ARRAY['posts_repost', 'interactions_repost'], '{}'),
	('share', ARRAY['interactions_share', 'posts_share'], '{}'),
	('comment', ARRAY['posts_comment', 'interactions_comment'], '{}'),
	('post_like', ARRAY['interactions_like', 'interactions_postlike', 'posts_like', 'posts_postlike', 'posts_post_likes'], '{}'),
	('comment_like', ARRAY['interactions_like', 'interactions_commentlike', 'posts_like', 'posts_commentlike', 'posts_comment_likes'], '{}'),
	('bookmark', ARRAY['posts_bookmark', 'interactions_bookmark', 'posts_post_bookmarks'], '{}')
$$;
COMMENT ON FUNCTION social.django_tables() IS 'Under which names Django applications keep what is moved; columns are names of columns that go before those of django_columns(). Every table that is there is read.';

CREATE OR REPLACE FUNCTION social.django_columns(OUT name text, OUT form text, OUT column_names text[])
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
	VALUES
	('created', 'time', ARRAY['created_at', 'date_joined', 'created', 'timestamp']),
	('updated', 'time', ARRAY['updated_at', 'updated', 'modified_at']),
	('last_login', 'time', ARRAY['last_login']),
	('person', 'key', ARRAY['author_id', 'user_id', 'customuser_id']),
	('other', 'key', ARRAY[]::text[]),
	('post', 'key', ARRAY['post_id', 'original_post_id']),
	('comment', 'key', ARRAY['comment_id']),
	('parent', 'key', ARRAY['parent_id', 'parent_comment_id']),
	('username', 'line', ARRAY['username']),
	('email', 'line', ARRAY['email']),
	('password', 'text', ARRAY['password']),
	('first_name', 'line', ARRAY['first_name']),
	('last_name', 'line', ARRAY['last_name']),
	('is_active', 'boolean', ARRAY['is_active']),
	('is_staff', 'boolean', ARRAY['is_staff']),
	('is_superuser', 'boolean', ARRAY['is_superuser']),
	('bio', 'text', ARRAY['bio']),
	('avatar', 'media', ARRAY['avatar', 'profile_image', 'profile_picture']),
	('banner_image', 'media', ARRAY['banner_image', 'banner']),
	('location', 'line', ARRAY['location']),
	('website', 'url', ARRAY['website']),
	('title', 'line', ARRAY['title']),
	('content', 'text', ARRAY['content', 'body', 'text']),
	('message', 'text', ARRAY['message', 'comment']),
	('image', 'media', ARRAY['image']),
	('video', 'media', ARRAY['video']),
	('is_published', 'boolean', ARRAY['is_published']),
	('is_pinned', 'boolean', ARRAY['is_pinned']),
	('is_highlighted', 'boolean', ARRAY['is_highlighted']),
	('is_edited', 'boolean', ARRAY['is_edited']),
	('reply_settings', 'line', ARRAY['reply_settings'])
$$;
COMMENT ON FUNCTION social.django_columns() IS 'What may be read of a row, in which form, and under which names Django applications keep it; the first that is there counts.';

-- Of a kind whose rows get ids only the first table counts: keys of two would be told apart by nothing.
CREATE OR REPLACE FUNCTION social.django_candidates(source text)
	RETURNS TABLE (kind text, source_table text, relation oid, missing text[], columns jsonb)
	LANGUAGE sql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
	WITH present AS (
		SELECT k.kind, k.needs, t.columns, c.oid AS relation, c.relname::text AS source_table,
			k.id_table IS NULL OR row_number() OVER (PARTITION BY k.kind ORDER BY n.n) = 1 AS is_read
		FROM social.django_kinds() k JOIN social.django_tables() t ON t.kind = k.kind CROSS JOIN LATERAL unnest(t.table_names) WITH ORDINALITY n (name, n)
		JOIN pg_class c ON c.relname = n.name AND c.relnamespace = (SELECT s.oid FROM pg_namespace s WHERE s.nspname = source) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
	), found AS (
		SELECT p.kind, p.source_table, p.relation, p.needs, c.name, (
				SELECT a.attname::text FROM pg_attribute a JOIN unnest(ARRAY(SELECT jsonb_array_elements_text(p.columns -> c.name)) || c.column_names) WITH ORDINALITY n (name, n) ON n.name = a.attname
				WHERE a.attrelid = p.relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY n.n LIMIT 1) AS column_name
		FROM present p CROSS JOIN (SELECT d.name, d.column_names FROM social.django_columns() d UNION ALL VALUES ('key', ARRAY['id'])) c
		WHERE p.is_read
	)
	SELECT f.kind, f.source_table, f.relation, coalesce(array_agg(f.name ORDER BY f.name) FILTER (WHERE f.column_name IS NULL AND f.name = ANY (f.needs || '{key}')), '{}'), jsonb_object_agg(f.name, f.column_name)
	FROM found f GROUP BY f.kind, f.source_table, f.relation
$$;
COMMENT ON FUNCTION social.django_candidates(text) IS 'The tables of this schema that a move would read, by their names: what they lack that is needed, and which column of theirs is which (name of django_columns() to column, null for none).';

CREATE OR REPLACE FUNCTION social.django_steps(source text)
	RETURNS TABLE (step text, step_order integer, by_time boolean, selects text, id_tables text[], key_type text)
	LANGUAGE sql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
	WITH forms (form, type_name, expression) AS (
		VALUES ('boolean', 'boolean', 's.%I::boolean'), ('time', 'timestamptz', 's.%I::timestamptz'), ('key', 'text', 's.%I::text'), ('text', 'text', 's.%I::text'),
			('line', 'text', $f$btrim(regexp_replace(s.%I::text, '[[:cntrl:]]+', ' ', 'g'))$f$), ('url', 'text', 'social.django_url(s.%I, false)'), ('media', 'text', 'social.django_url(s.%I, true)')
	), selects AS (
		SELECT k.kind, k.kind_group, k.step_order, k.id_table, x.source_table, format('SELECT %L AS kind, %L COLLATE "C" AS source_table, s.id%s AS key, %s FROM %I.%I s%s', x.kind, x.source_table,
			CASE WHEN k.kind_group IS NOT NULL THEN '::text COLLATE "C"' END,
			(SELECT string_agg(CASE WHEN x.columns ->> c.name IS NULL THEN 'NULL::' || f.type_name ELSE format(f.expression, x.columns ->> c.name) END || ' AS ' || quote_ident(c.name), ', ' ORDER BY c.name)
				FROM social.django_columns() c JOIN forms f ON f.form = c.form),
			source, x.source_table,
			(SELECT ' WHERE ' || string_agg(format('s.%I IS NOT NULL', x.columns ->> c.name), ' AND ') FROM social.django_columns() c WHERE c.form = 'key' AND c.name = ANY (k.needs))) AS body,
			(SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = x.relation AND a.attname = 'id') AS key_type
		FROM social.django_candidates(source) x JOIN social.django_kinds() k ON k.kind = x.kind
		WHERE x.missing = '{}'
	)
	SELECT coalesce(s.kind_group, s.kind || ':' || s.source_table), min(s.step_order), bool_and(s.kind_group IS NOT NULL), string_agg(s.body, ' UNION ALL ' ORDER BY s.source_table),
		array_agg(DISTINCT s.id_table) FILTER (WHERE s.id_table IS NOT NULL), min(s.key_type)
	FROM selects s GROUP BY 1
$$;
COMMENT ON FUNCTION social.django_steps(text) IS 'The steps of a move from this schema, as its catalog shows: the statement that reads each, whether it is read in order of time (several tables as one) or of its key, the tables whose ids it fills, and the type of its key.';

CREATE OR REPLACE FUNCTION social.django_url(value text, is_media boolean) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN pg_catalog.char_length(value) <= 500 AND social.is_url(value, is_media) THEN nullif(value, '') END;
END;
COMMENT ON FUNCTION social.django_url(text, boolean) IS 'The address, or null where it is none that clients should follow (is_url).';

CREATE OR REPLACE FUNCTION social.django_note(source text, first bigint, last bigint, note text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE 'INSERT INTO social.django_notes AS n (source, kind, key, note) SELECT $1, b.kind, b.key, $4 FROM pg_temp.django_batch b WHERE b.n BETWEEN $2 AND $3
		ON CONFLICT ON CONSTRAINT django_notes_pkey DO UPDATE SET note = excluded.note, created_at = now()' USING source, first, last, note;
END
$$;
COMMENT ON FUNCTION social.django_note(text, bigint, bigint, text) IS 'Notes of these rows of the batch what became of them.';

-- One statement for all of them; where one of them is refused, halves, until it is found.
CREATE OR REPLACE FUNCTION social.django_write(source text, kind text, first bigint, last bigint) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	middle bigint := (first + last) / 2;
	statement text;
	refusal text;
BEGIN
	FOREACH statement IN ARRAY (SELECT k.writes FROM social.django_kinds() k WHERE k.kind = django_write.kind)
	LOOP
		EXECUTE statement USING first, last;
	END LOOP;
	EXECUTE 'INSERT INTO social.django_ids (source, kind, key, id) SELECT $1, b.kind, b.key, b.id FROM pg_temp.django_batch b WHERE b.n BETWEEN $2 AND $3 AND b.id IS NOT NULL'
		USING source, first, last;
	RETURN last - first + 1;
EXCEPTION WHEN integrity_constraint_violation OR data_exception OR program_limit_exceeded OR SQLSTATE 'SM400' OR SQLSTATE 'SM404' OR SQLSTATE 'SM409' OR SQLSTATE 'SM422' THEN
	IF first = last THEN
		GET STACKED DIAGNOSTICS refusal = MESSAGE_TEXT;
		PERFORM social.django_note(source, first, last, 'left out: ' || refusal);
		RETURN 0;
	END IF;
	RETURN social.django_write(source, kind, first, middle) + social.django_write(source, kind, middle + 1, last);
END
$$;
COMMENT ON FUNCTION social.django_write(text, text, bigint, bigint) IS 'Writes rows of the batch, of one kind; one that does not fit is left out, and noted. Returns how many were taken.';

-- Gives each row of the batch its id, and those of what it names; notes and drops what names nothing.
CREATE OR REPLACE FUNCTION social.django_resolve(source text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	named record;
	is_there boolean;
BEGIN
	-- What was taken before stays as it is.
	EXECUTE 'DELETE FROM pg_temp.django_batch b USING social.django_ids d WHERE d.source = $1 AND d.kind = b.kind AND d.key = b.key' USING source;
	FOR named IN SELECT k.kind, k.id_table FROM social.django_kinds() k WHERE k.id_table IS NOT NULL
	LOOP
		EXECUTE 'SELECT EXISTS (SELECT FROM pg_temp.django_batch b WHERE b.kind = $1)' INTO is_there USING named.kind;
		CONTINUE WHEN NOT is_there;
		EXECUTE format('UPDATE pg_temp.django_batch b SET id = CASE WHEN %L <> ''share'' AND b.key ~ ''^[1-9][0-9]{0,14}$''
				AND NOT EXISTS (SELECT FROM social.%2$I t WHERE t.id = CASE WHEN b.key ~ ''^[1-9][0-9]{0,14}$'' THEN b.key::bigint END) THEN b.key::bigint
			ELSE nextval(%3$L::regclass) END
			WHERE b.kind = %1$L AND NOT (b.kind = ''share'' AND coalesce(btrim(b.message), '''') = '''')', named.kind, named.id_table, pg_get_serial_sequence('social.' || named.id_table, 'id'));
	END LOOP;
	-- Names are unique whatever their case.
	EXECUTE 'WITH alike AS (SELECT e.n, row_number() OVER (PARTITION BY lower(e.username) ORDER BY e.n) > 1 AS is_later FROM pg_temp.django_batch e WHERE e.kind = ''user''),
		taken AS (
			UPDATE pg_temp.django_batch b SET username = CASE WHEN coalesce(b.username, '''') = '''' THEN ''user'' ELSE b.username END || ''_'' || b.key
			FROM alike a
			WHERE a.n = b.n AND (coalesce(b.username, '''') = '''' OR a.is_later OR EXISTS (SELECT FROM social.users u WHERE lower(u.username) = lower(b.username)))
			RETURNING b.key)
		INSERT INTO social.django_notes (source, kind, key, note) SELECT $1, ''user'', t.key, ''renamed: the name was taken or missing, its key was put behind it'' FROM taken t
		ON CONFLICT ON CONSTRAINT django_notes_pkey DO UPDATE SET note = excluded.note, created_at = now()' USING source;
	FOR named IN SELECT * FROM (VALUES ('person', 'user', 'users'), ('other', 'user', 'users'), ('post', 'post', 'posts'), ('comment', 'comment', 'comments'), ('parent', 'comment', 'comments')) v (name, kind, id_table)
	LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM pg_temp.django_batch b WHERE b.%I IS NOT NULL)', named.name) INTO is_there;
		CONTINUE WHEN NOT is_there;
		EXECUTE format('UPDATE pg_temp.django_batch b SET %1$I = coalesce(
			(SELECT e.id FROM pg_temp.django_batch e WHERE e.kind = %2$L AND e.key = b.%3$I),
			(SELECT d.id FROM social.django_ids d JOIN social.%4$I t ON t.id = d.id WHERE d.source = $1 AND d.kind = %2$L AND d.key = b.%3$I))
			WHERE b.%3$I IS NOT NULL', named.name || '_id', named.kind, named.name, named.id_table) USING source;
		EXECUTE format('WITH lost AS (DELETE FROM pg_temp.django_batch b WHERE b.%1$I IS NOT NULL AND b.%2$I IS NULL RETURNING b.kind, b.key)
			INSERT INTO social.django_notes (source, kind, key, note) SELECT $1, l.kind, l.key, %3$L FROM lost l
			ON CONFLICT ON CONSTRAINT django_notes_pkey DO UPDATE SET note = excluded.note, created_at = now()',
			named.name, named.name || '_id', format('left out: its %s is not there', CASE named.name WHEN 'other' THEN 'person' ELSE named.name END)) USING source;
	END LOOP;
	EXECUTE 'UPDATE pg_temp.django_batch b SET n = r.n FROM (SELECT e.n AS old, row_number() OVER (ORDER BY e.n) AS n FROM pg_temp.django_batch e) r WHERE r.old = b.n AND r.n <> b.n';
END
$$;
COMMENT ON FUNCTION social.django_resolve(text) IS 'Finds the ids of the batch: a row keeps its key as id where that is free; what was taken before, or names what is not there, is dropped from the batch, which is numbered anew.';

-- Numbers that are given out from here on lie above those that are kept. Never backwards: others may be drawing.
CREATE OR REPLACE FUNCTION social.django_reserve(id_table text, rows_from text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	sequence regclass := pg_get_serial_sequence('social.' || quote_ident(id_table), 'id');
	highest bigint;
BEGIN
	EXECUTE format('SELECT max(CASE WHEN q.key::text ~ ''^[1-9][0-9]{0,14}$'' THEN q.key::text::bigint END) FROM %s q
		WHERE q.kind IN (SELECT k.kind FROM social.django_kinds() k WHERE k.id_table = $1 AND k.kind <> ''share'')', rows_from) INTO highest USING id_table;
	EXECUTE format('SELECT setval($1, $2) FROM %s s WHERE $2 > s.last_value', sequence) USING sequence, highest;
END
$$;
COMMENT ON FUNCTION social.django_reserve(text, text) IS 'Lifts the sequence of this table''s ids above the keys of these rows.';

CREATE OR REPLACE FUNCTION social.import_django_batch(source text, batch integer DEFAULT 10000, OUT step text, OUT rows_read bigint, OUT rows_taken bigint, OUT is_done boolean)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	SET social.notifications = off
	SET social.title_max_length = 1048576 SET social.content_max_length = 1048576 SET social.comment_max_length = 1048576 SET social.bio_max_length = 1048576
	SET client_min_messages = warning SET jit = off AS $$
DECLARE
	reading record;
	kept record;
	island record;
BEGIN
	PERFORM social.hold_task('import_django');
	IF batch IS NULL OR batch NOT BETWEEN 1 AND 1000000 THEN
		PERFORM social.raise_error('SM400', 'batch is out of range', 'It is 1 to 1,000,000.');
	END IF;
	SELECT s.*, i.last_created, i.last_table, i.last_key INTO reading
	FROM social.django_steps(source) s LEFT JOIN social.django_imports i ON i.source = import_django_batch.source AND i.step = s.step
	WHERE NOT coalesce(i.is_done, false) ORDER BY s.step_order, s.step LIMIT 1;
	is_done := NOT FOUND;
	rows_read := 0;
	rows_taken := 0;
	IF is_done THEN
		PERFORM social.advance_sequences();
		RETURN;
	END IF;
	step := reading.step;

	DROP TABLE IF EXISTS pg_temp.django_batch;
	EXECUTE CASE WHEN reading.by_time
		THEN format('CREATE TEMPORARY TABLE django_batch ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY q.sort_created, q.source_table, q.key) AS n, q.*
			FROM (SELECT coalesce(u.created, ''-infinity'') AS sort_created, u.* FROM (%1$s) u
				WHERE %2$L::text IS NULL OR (coalesce(u.created, ''-infinity''), u.source_table, u.key) > (%3$L::timestamptz, %4$L, %2$L) ORDER BY 1, u.source_table, u.key LIMIT %5$s) q',
			reading.selects, reading.last_key, reading.last_created, reading.last_table, batch)
		ELSE format('CREATE TEMPORARY TABLE django_batch ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY q.key) AS n, NULL::timestamptz AS sort_created, q.*
			FROM (SELECT u.* FROM (%s) u %s ORDER BY u.key LIMIT %s) q',
			reading.selects, CASE WHEN reading.last_key IS NOT NULL THEN format('WHERE u.key > %L::%s', reading.last_key, reading.key_type) END, batch) END;
	ALTER TABLE pg_temp.django_batch ALTER COLUMN key TYPE text COLLATE "C", ADD COLUMN id bigint,
		ADD COLUMN person_id bigint, ADD COLUMN other_id bigint, ADD COLUMN post_id bigint, ADD COLUMN comment_id bigint, ADD COLUMN parent_id bigint;
	CREATE INDEX ON pg_temp.django_batch (n);
	CREATE INDEX ON pg_temp.django_batch (key);
	ANALYZE pg_temp.django_batch;
	EXECUTE 'SELECT b.sort_created, b.source_table, b.key, count(*) OVER () AS n FROM pg_temp.django_batch b ORDER BY b.n DESC LIMIT 1' INTO kept;
	rows_read := coalesce(kept.n, 0);
	IF rows_read > 0 THEN
		PERFORM social.django_reserve(t, CASE WHEN reading.last_key IS NULL THEN '(' || reading.selects || ')' ELSE 'pg_temp.django_batch' END) FROM unnest(reading.id_tables) t;
	END IF;

	PERFORM social.django_resolve(source);
	-- Those of one kind that follow each other are one statement.
	FOR island IN EXECUTE 'SELECT i.kind, min(i.n) AS first, max(i.n) AS last FROM (
			SELECT b.n, b.kind, b.n - row_number() OVER (PARTITION BY b.kind ORDER BY b.n) AS island FROM pg_temp.django_batch b) i
		GROUP BY i.kind, i.island ORDER BY 2'
	LOOP
		rows_taken := rows_taken + social.django_write(source, island.kind, island.first, island.last);
	END LOOP;
	INSERT INTO social.django_imports AS i (source, step, last_created, last_table, last_key, rows_read, rows_taken, is_done)
	VALUES ($1, reading.step, kept.sort_created, kept.source_table, kept.key, import_django_batch.rows_read, import_django_batch.rows_taken, import_django_batch.rows_read < batch)
	ON CONFLICT ON CONSTRAINT django_imports_pkey DO UPDATE SET last_created = coalesce(excluded.last_created, i.last_created), last_table = coalesce(excluded.last_table, i.last_table),
		last_key = coalesce(excluded.last_key, i.last_key), rows_read = i.rows_read + excluded.rows_read, rows_taken = i.rows_taken + excluded.rows_taken, is_done = excluded.is_done;
	DROP TABLE pg_temp.django_batch;
END
$$;
COMMENT ON FUNCTION social.import_django_batch(text, integer) IS 'Moves the next rows of a Django application, at most batch (1 to 1,000,000) of them, out of the schema source: which step that was, how many rows it read and how many it took; is_done when nothing is left. Nobody is notified. Only a superuser can, since it lifts limits. SM400 for a batch out of range. See import_django.';

CREATE OR REPLACE FUNCTION social.django_begin(source text, restart boolean) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.django_steps(source) s WHERE s.step LIKE 'user:%') THEN
		PERFORM social.raise_error('SM404', 'no Django application is there', format('The schema "%s" has no table of people, such as users_user, accounts_user or auth_user, with a name and a password.', source),
			'SELECT * FROM social.django_tables() lists the names; a view can give a table one of them.');
	END IF;
	INSERT INTO social.django_notes (source, kind, key, note)
	SELECT source, c.kind, c.source_table, 'left out: the table has no column for ' || array_to_string(c.missing, ', ') FROM social.django_candidates(source) c WHERE c.missing <> '{}'
	ON CONFLICT ON CONSTRAINT django_notes_pkey DO UPDATE SET note = excluded.note, created_at = now();
	IF restart OR NOT EXISTS (SELECT FROM social.django_steps(source) s LEFT JOIN social.django_imports i ON i.source = $1 AND i.step = s.step WHERE NOT coalesce(i.is_done, false)) THEN
		UPDATE social.django_imports i SET is_done = false, rows_read = 0, rows_taken = 0,
			last_created = CASE WHEN NOT restart THEN i.last_created END, last_table = CASE WHEN NOT restart THEN i.last_table END, last_key = CASE WHEN NOT restart THEN i.last_key END
		WHERE i.source = $1;
	END IF;
END
$$;
COMMENT ON FUNCTION social.django_begin(text, boolean) IS 'Prepares a run of import_django: goes on where the last one stopped, else looks for what has come since, else (restart) reads everything again. SM404 where no Django application is.';

-- Its transactions end in between, so it cannot pin a search path: nothing in it depends on one.
CREATE OR REPLACE PROCEDURE social.import_django(source text, batch integer DEFAULT 10000, restart boolean DEFAULT false)
	LANGUAGE plpgsql AS $$
DECLARE
	done record;
BEGIN
	PERFORM social.django_begin(source, restart);
	LOOP
		COMMIT;
		SELECT * INTO done FROM social.import_django_batch(source, batch);
		EXIT WHEN done.is_done;
		RAISE NOTICE '%: % rows read, % taken', done.step, done.rows_read, done.rows_taken;
	END LOOP;
	COMMIT;
END
$$;
COMMENT ON PROCEDURE social.import_django(text, integer, boolean) IS 'Moves a Django application in, from a schema of this database that holds its tables (a restored dump, foreign tables, or views under the names of social.django_tables()): people with their password hashes, blocks, mutes, follows, posts, reposts, shares, comments, likes, bookmarks. Keys stay ids where they are free; times stay; nobody is notified. Transactions of batch rows (10,000) each: when it is broken off, or rows have come since, the next call goes on; what was taken is not taken twice. restart reads everything again, for rows that were left out. social.django_imports tells how far it has come, social.django_notes what was not taken as it is. For superusers. SM404 where no table of people is.';
