-- stream.sql owns live streams as their hosts and viewers know them: announcing, changing, inviting, finding and
-- watching them. What providers say of them is in stream_event.sql.

-- ---- what a stream is made of ------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.stream_before() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	NEW.search_vector := social.search_vector(NEW.title, concat_ws(E'\n', NEW.description, array_to_string(NEW.tags, E'\n')));
	NEW.playback_id := coalesce(NEW.playback_id, left(social.random_token(), 22));
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION social.stream_before() IS 'Row trigger: the vector by which a stream is found, and a public id that nobody can guess where it has none.';
CREATE OR REPLACE TRIGGER social_stream_before BEFORE INSERT OR UPDATE OF title, description, tags ON social.streams
	FOR EACH ROW WHEN (NOT social.is_restoring()) EXECUTE FUNCTION social.stream_before();

CREATE OR REPLACE FUNCTION social.check_stream_text(title text, description text, thumbnail_url text, scheduled_at timestamptz) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	title_max integer := social.setting('stream_title_max_length');
	description_max integer := social.setting('stream_description_max_length');
BEGIN
	PERFORM social.check_text('title', $1, true, $1 IS NOT NULL), social.check_text('description', $2, false, false), social.check_url('thumbnail url', $3, true, 2000);
	IF char_length($1) > title_max THEN
		PERFORM social.raise_error('SM400', 'title is too long', format('It has %s characters; the limit is %s.', char_length($1), title_max));
	ELSIF char_length($2) > description_max THEN
		PERFORM social.raise_error('SM400', 'description is too long', format('It has %s characters; the limit is %s.', char_length($2), description_max));
	ELSIF $4 = '-infinity' OR $4 < 'infinity' AND $4 NOT BETWEEN now() - interval '1 day' AND now() + interval '2 years' THEN
		PERFORM social.raise_error('SM400', 'invalid scheduled_at', 'It is a time within the next two years.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_stream_text(text, text, text, timestamptz) IS 'Raises SM400 for what a stream cannot be announced with; null is passed over.';

CREATE OR REPLACE FUNCTION social.stream_tags(tags text) RETURNS text[]
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	list text[] := ARRAY(SELECT btrim(t) FROM unnest(string_to_array($1, ',')) WITH ORDINALITY u (t, n) WHERE btrim(t) <> '' GROUP BY 1 ORDER BY min(n));
BEGIN
	IF octet_length($1) > 4000 OR cardinality(list) > 10 OR EXISTS (SELECT FROM unnest(list) t WHERE char_length(t) > 50) THEN
		PERFORM social.raise_error('SM400', 'invalid tags', 'At most 10, with commas between, each of at most 50 characters.');
	END IF;
	PERFORM social.check_text('tag', t, true, true) FROM unnest(list) t;
	RETURN list;
END
$$;
COMMENT ON FUNCTION social.stream_tags(text) IS 'Tags that are written with commas between, each once. SM400 for more than ten, and for what is none.';

CREATE OR REPLACE FUNCTION social.new_stream_key(stream_id bigint) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- 132 random bits, URL-safe.
	key text := left(social.random_token(), 22);
BEGIN
	-- Mux makes its keys, which take_stream_key() tells.
	UPDATE social.mux_streams m SET key_is_due = EXISTS (SELECT FROM social.streams s WHERE s.id = $1 AND s.provider_id IS NOT NULL), stream_key = NULL WHERE m.stream_id = $1;
	IF FOUND THEN
		PERFORM social.want_mux($1);
		RETURN NULL;
	END IF;
	INSERT INTO social.stream_keys AS k (stream_id, key_hash) VALUES ($1, sha256(convert_to(key, 'UTF8')))
	ON CONFLICT ON CONSTRAINT stream_keys_pkey DO UPDATE SET key_hash = excluded.key_hash, created_at = now();
	RETURN key;
END
$$;
COMMENT ON FUNCTION social.new_stream_key(bigint) IS 'A new key for a stream, in the place of any other; what is returned is all that there is of it. Null where the provider makes it: take_stream_key() tells it then.';

CREATE OR REPLACE FUNCTION social.stream_playback_url(playback_id text, token text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams;
BEGIN
	SELECT s.* INTO stream FROM social.streams s WHERE s.playback_id = $1;
	IF stream.provider = 'mux' THEN
		RETURN (SELECT social.mux_url(p.id) FROM social.mux_playback(stream.id) p WHERE p.policy = 'public');
	END IF;
	RETURN CASE WHEN $2 IS NOT NULL OR stream.is_open THEN concat_ws('/', social.setting('stream_playback_url'), $2, $1, 'index.m3u8') END;
END
$$;
COMMENT ON FUNCTION social.stream_playback_url(text, text) IS 'Where a stream is watched. What stands in the path before the playback id is there for its segments too, whose names are relative (P-20): that of any stream but an open one begins with the token of whoever watches, and without a token it is null. At Mux null where a token of Mux''s is needed. watch_stream gives either token.';

CREATE OR REPLACE FUNCTION social.stream_url(host_id bigint, status text, playback_id text) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN CASE WHEN $1 = social.viewer_id() AND $2 <> 'ended' THEN social.stream_ingest_url($3) END;
END
$$;
COMMENT ON FUNCTION social.stream_url(bigint, text, text) IS 'Where the viewer publishes a stream of their own that has not ended; null for any other.';

-- ---- announcing --------------------------------------------------------------------------------------

-- One row by name and key: what a create or a rotation answers, and nothing else ever does.
CREATE OR REPLACE FUNCTION social.create_stream(title text, description text DEFAULT '', scheduled_at timestamptz DEFAULT NULL, thumbnail_url text DEFAULT NULL,
		tags text DEFAULT '', is_private boolean DEFAULT false, is_open boolean DEFAULT false, allowed_users bigint[] DEFAULT NULL, subject_ids bigint[] DEFAULT NULL)
	RETURNS TABLE (stream social.visible_streams, stream_key text, rtmp_url text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	viewer bigint := social.require_writer();
	active_max integer := social.setting('stream_active_max');
	active bigint;
	new_id bigint;
BEGIN
	PERFORM social.check_text('title', $1, true, true), social.check_stream_text($1, $2, $4, $3);
	IF $6 AND $7 THEN
		PERFORM social.raise_error('SM400', 'a private stream cannot be open', '', 'Choose one of the two.');
	END IF;
	-- One at a time for each host, or two could pass the limit together.
	PERFORM FROM social.users u WHERE u.id = viewer FOR NO KEY UPDATE;
	SELECT count(*) INTO active FROM social.streams s WHERE s.host_id = viewer AND s.status <> 'ended';
	IF active >= active_max THEN
		PERFORM social.raise_error('SM409', 'you have too many streams', format('%s are announced or on the air; the limit is %s.', active, active_max), 'End or delete one.');
	END IF;
	INSERT INTO social.streams (host_id, title, description, scheduled_at, thumbnail_url, tags, is_private, is_open, provider, search_vector)
	VALUES (viewer, $1, coalesce($2, ''), nullif($3, 'infinity'), nullif($4, ''), social.stream_tags(coalesce($5, '')), coalesce($6, false), coalesce($7, false), social.new_stream_provider(), '')
	RETURNING id INTO new_id;
	PERFORM social.set_allowed_users(new_id, $8), social.set_stream_subjects(new_id, $9);
	RETURN QUERY SELECT v, social.new_stream_key(v.id), social.stream_ingest_url(v.playback_id) FROM social.visible_streams v WHERE v.id = new_id;
END
$$;
COMMENT ON FUNCTION social.create_stream(text, text, timestamptz, text, text, boolean, boolean, bigint[], bigint[]) IS 'The viewer announces a stream: title (at most 100 characters), description (500), scheduled_at, thumbnail_url, tags with commas between, is_private (for those invited, allowed_users), is_open (also for who is not logged in), subject_ids (the leagues, teams and athletes that it is about, at most five). Returns one row: the stream, the key to publish it with, and where to. The key is told here and by rotate_stream_key, and never again; that of a stream at Mux, which makes it, by take_stream_key. SM401 when nobody acts, SM400 for what does not fit, SM404 for an unknown person among allowed_users or an unknown subject, SM409 when social.stream_active_max streams of the viewer have not ended.';

CREATE OR REPLACE FUNCTION social.require_own_stream(stream_id bigint, for_staff boolean DEFAULT false) RETURNS social.streams
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	stream social.streams;
BEGIN
	SELECT s.* INTO stream FROM social.streams s WHERE s.id = $1 FOR NO KEY UPDATE;
	IF NOT EXISTS (SELECT FROM social.visible_streams v WHERE v.id = $1) THEN
		PERFORM social.raise_error('SM404', 'stream not found');
	ELSIF stream.host_id <> viewer AND NOT ($2 AND social.viewer_is_staff()) THEN
		PERFORM social.raise_error('SM403', 'only the host may do this');
	END IF;
	RETURN stream;
END
$$;
COMMENT ON FUNCTION social.require_own_stream(bigint, boolean) IS 'A stream of the viewer''s own, or for staff anybody''s, held until the end of the transaction. SM401 when nobody acts, SM404 for what the viewer may not see, SM403 for another''s.';

CREATE OR REPLACE FUNCTION social.update_stream(stream_id bigint, title text DEFAULT NULL, description text DEFAULT NULL, scheduled_at timestamptz DEFAULT NULL,
		thumbnail_url text DEFAULT NULL, tags text DEFAULT NULL, is_private boolean DEFAULT NULL, is_open boolean DEFAULT NULL, allowed_users bigint[] DEFAULT NULL, subject_ids bigint[] DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams := social.require_own_stream($1);
BEGIN
	PERFORM social.check_stream_text($2, $3, $5, $4);
	IF coalesce($7, stream.is_private) AND coalesce($8, stream.is_open) THEN
		PERFORM social.raise_error('SM400', 'a private stream cannot be open', '', 'Choose one of the two.');
	END IF;
	UPDATE social.streams s SET title = coalesce($2, s.title), description = coalesce($3, s.description), scheduled_at = nullif(coalesce($4, s.scheduled_at), 'infinity'),
		thumbnail_url = nullif(coalesce($5, s.thumbnail_url), ''), tags = coalesce(social.stream_tags($6), s.tags), is_private = coalesce($7, s.is_private),
		is_open = coalesce($8, s.is_open), updated_at = now()
	WHERE s.id = $1;
	PERFORM social.set_allowed_users($1, $9), social.set_stream_subjects($1, $10);
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.update_stream(bigint, text, text, timestamptz, text, text, boolean, boolean, bigint[], bigint[]) IS 'The host changes what is said of a stream, and for whom it is; what is null stays as it is, an empty text goes, scheduled_at infinity takes the time back. allowed_users are all who are invited from now on, subject_ids all that it is about. Returns the id. SM401, SM404 and SM403 as require_own_stream, SM400 as create_stream.';

CREATE OR REPLACE FUNCTION social.delete_stream(stream_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams := social.require_own_stream($1, true);
BEGIN
	DELETE FROM social.streams s WHERE s.id = $1;
	IF stream.host_id <> social.viewer_id() THEN
		PERFORM social.audit('delete_stream', 'stream', $1, jsonb_build_object('host_id', stream.host_id));
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.delete_stream(bigint) IS 'The host, or staff, deletes a stream with its chat and its key, also in the middle of a broadcast. Returns the id. SM401, SM404 and SM403 as require_own_stream.';

CREATE OR REPLACE FUNCTION social.rotate_stream_key(stream_id bigint)
	RETURNS TABLE (stream social.visible_streams, stream_key text, rtmp_url text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own social.streams := social.require_own_stream($1);
BEGIN
	IF own.status = 'ended' THEN
		PERFORM social.raise_error('SM409', 'the stream has ended', 'Its key went with it.', 'Announce another one.');
	END IF;
	PERFORM social.audit('rotate_stream_key', 'stream', $1);
	IF own.provider = 'local' AND own.publisher IS NOT NULL AND own.disconnected_at IS NULL THEN
		UPDATE social.streams s SET publisher = NULL, disconnected_at = clock_timestamp(), updated_at = clock_timestamp() WHERE s.id = $1;
		PERFORM social.enqueue_stream_job('stream.drop', own);
	END IF;
	RETURN QUERY SELECT v, social.new_stream_key(v.id), social.stream_ingest_url(v.playback_id) FROM social.visible_streams v WHERE v.id = $1;
END
$$;
COMMENT ON FUNCTION social.rotate_stream_key(bigint) IS 'The host gets a new key for a stream; from now on the old one publishes nothing, and whoever publishes with it is dropped. Returns one row as create_stream does. SM401, SM404 and SM403 as require_own_stream, SM409 when the stream has ended.';

CREATE OR REPLACE FUNCTION social.start_stream(stream_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams := social.require_own_stream($1);
BEGIN
	IF stream.status = 'ended' THEN
		PERFORM social.raise_error('SM409', 'the stream has ended', '', 'Announce another one.');
	END IF;
	UPDATE social.streams s SET status = 'starting', updated_at = now() WHERE s.id = $1 AND s.status = 'scheduled';
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.start_stream(bigint) IS 'The host says that a stream begins: it is starting, and live as soon as pictures come. Again changes nothing. Returns the id. SM401, SM404 and SM403 as require_own_stream, SM409 when it has ended.';

CREATE OR REPLACE FUNCTION social.end_stream(stream_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams := social.require_own_stream($1, true);
BEGIN
	PERFORM social.finish_stream($1);
	IF stream.host_id <> social.viewer_id() THEN
		PERFORM social.audit('end_stream', 'stream', $1, jsonb_build_object('host_id', stream.host_id));
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.end_stream(bigint) IS 'The host, or staff, ends a stream, for good: its key publishes nothing more. Again changes nothing. Returns the id. SM401, SM404 and SM403 as require_own_stream.';

-- ---- who is invited ----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.set_allowed_users(stream_id bigint, user_ids bigint[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	invited bigint;
BEGIN
	IF cardinality($2) > 100 THEN
		PERFORM social.raise_error('SM400', 'too many allowed_users', 'At most 100 at once.', 'Invite others one by one.');
	END IF;
	DELETE FROM social.stream_invitations i WHERE i.stream_id = $1 AND i.user_id <> ALL ($2);
	-- By their ids, so that two who invite the same people do not wait for each other in a circle.
	FOR invited IN SELECT DISTINCT u FROM unnest($2) u WHERE u IS NOT NULL ORDER BY 1 LOOP
		PERFORM social.add_invitation($1, invited);
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.set_allowed_users(bigint, bigint[]) IS 'Makes these people those who are invited to a stream; null leaves who is. SM404 for an unknown person, SM400 for more than 100.';

CREATE OR REPLACE FUNCTION social.add_invitation(stream_id bigint, user_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_person($2, 'invite');
	INSERT INTO social.stream_invitations AS i (stream_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION social.add_invitation(bigint, bigint) IS 'Lets a person watch a stream, which the caller holds. SM404 for an unknown person, SM400 for oneself.';

CREATE OR REPLACE FUNCTION social.invite_to_stream(stream_id bigint, user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_stream($1);
	IF (SELECT count(*) FROM social.stream_invitations i WHERE i.stream_id = $1) >= 10000 THEN
		PERFORM social.raise_error('SM409', 'too many people are invited', 'The limit is 10000.');
	END IF;
	PERFORM social.add_invitation($1, $2);
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.invite_to_stream(bigint, bigint) IS 'The host invites a person to a private stream; again is harmless. Returns the stream''s id. SM401, SM404 and SM403 as require_own_stream; SM404 for an unknown person, SM400 for oneself, SM409 beyond 10,000.';

CREATE OR REPLACE FUNCTION social.uninvite_from_stream(stream_id bigint, user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams := social.require_own_stream($1);
BEGIN
	DELETE FROM social.stream_invitations i WHERE i.stream_id = $1 AND i.user_id = $2;
	-- Who was blocked meanwhile is no more invited, either.
	IF NOT FOUND THEN
		PERFORM social.require_person($2);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.uninvite_from_stream(bigint, bigint) IS 'The host takes an invitation back: who watches a private stream by it does so no longer. Again is harmless. Returns the stream''s id. SM401, SM404 and SM403 as require_own_stream; SM404 for an unknown person.';

SELECT social.make_list('stream_invitations', 'stream_id bigint', 'id bigint, username text, first_name text, last_name text, avatar text, created_at timestamptz',
	'u.id, u.username, u.first_name, u.last_name, u.avatar, i.created_at',
	'social.stream_invitations i JOIN social.visible_users u ON u.id = i.user_id WHERE i.stream_id = $1',
	'{i.created_at, i.user_id}',
	'Who is invited to a stream, the latest first, for its host and staff. SM401 when nobody acts, SM404 for what the viewer may not see, SM403 for others than the host; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.require_host($1);
	$$, is_definer => true);

CREATE OR REPLACE FUNCTION social.require_host(stream_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	host bigint := (SELECT v.host_id FROM social.visible_streams v WHERE v.id = $1);
BEGIN
	IF host IS NULL THEN
		PERFORM social.raise_error('SM404', 'stream not found');
	ELSIF host <> viewer AND NOT social.viewer_is_staff() THEN
		PERFORM social.raise_error('SM403', 'only the host may see this');
	END IF;
	RETURN host;
END
$$;
COMMENT ON FUNCTION social.require_host(bigint) IS 'The host of a stream, when the viewer is that or staff: for reads. SM401 when nobody acts, SM404 for what the viewer may not see, SM403 for others.';

-- ---- finding -----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.check_stream_status(status text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $1 NOT IN ('scheduled', 'starting', 'live', 'ended') THEN
		PERFORM social.raise_error('SM400', 'invalid status', 'It is scheduled, starting, live or ended.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_stream_status(text) IS 'Raises SM400 for what is no status of a stream.';

SELECT social.make_list('streams', 'with_status text DEFAULT NULL', 'social.visible_streams', 's.*',
	'social.listed_streams s WHERE (s.status = ''ended'') = coalesce($1 = ''ended'', false) AND ($1 IS NULL OR s.status = $1)', '{s.id}',
	'Streams in the viewer''s lists, newest first: those of a status, or all that have not ended. SM400 for an unknown status, a bad page size or cursor.',
	checks => $$
	PERFORM social.check_stream_status($1);
	$$);

SELECT social.make_list('user_streams', 'user_id bigint', 'social.visible_streams', 's.*', 'social.visible_streams s WHERE s.host_id = $1', '{s.id}',
	'A person''s streams, newest first, those that have ended too. SM404 for somebody whom the viewer may not see; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.require_person($1);
	$$);

SELECT social.make_list('followed_streams', '', 'social.visible_streams', 's.*',
	'social.listed_streams s WHERE s.status IN (''starting'', ''live'') AND (s.host_id = viewer OR EXISTS (SELECT FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = s.host_id)
		OR EXISTS (SELECT FROM social.stream_subjects t JOIN social.sport_follows f ON f.user_id = viewer AND f.subject_id = t.subject_id WHERE t.stream_id = s.id))', '{s.id}',
	'What is on the air by the viewer and by those whom the viewer follows, and about the leagues, teams and athletes that the viewer follows, newest first. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true, is_definer => true);

CREATE OR REPLACE FUNCTION social.search_streams(query text, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	wanted tsquery := social.search_query(query);
	page_size integer := social.page_size(first);
	last_key bigint := 9223372036854775807;
	last_id bigint := 9223372036854775807;
BEGIN
	IF after IS NOT NULL THEN
		SELECT c.key, c.id INTO last_key, last_id FROM social.cursor_decode('search_streams', after) c;
	END IF;
	RETURN QUERY
	WITH candidates AS MATERIALIZED (
		-- On the air before announced before ended; within each titles before descriptions, by a thousandth.
		SELECT s.id, (CASE s.status WHEN 'live' THEN 3 WHEN 'starting' THEN 2 WHEN 'scheduled' THEN 1 ELSE 0 END * 1000000
			+ least(ts_rank(s.search_vector, wanted) * 1000, 999999))::bigint AS key
		FROM social.streams s WHERE s.search_vector @@ wanted ORDER BY s.id DESC LIMIT 1000
	), found AS (
		SELECT l.id, c.key FROM candidates c JOIN social.listed_streams l ON l.id = c.id WHERE (c.key, c.id) < (last_key, last_id)
		ORDER BY c.key DESC, c.id DESC LIMIT page_size + 1
	)
	SELECT f.id, social.cursor_encode('search_streams', f.key, f.id), count(*) OVER () > page_size FROM found f ORDER BY f.key DESC, f.id DESC LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.search_streams(text, integer, text) IS 'Streams in the viewer''s lists whose title, description or tags match a query in web-search syntax, among the newest thousand that do: live ones first, then those that start, are announced, have ended; within each the best first. Pages go one way. SM400 for an empty or over-long query, a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.stream_json(stream social.visible_streams) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	is_own boolean := coalesce($1.host_id = social.viewer_id(), false);
BEGIN
	RETURN json_build_object('id', $1.id, 'title', $1.title, 'description', $1.description, 'host', social.person_document($1.host_id), 'status', $1.status,
		'is_private', $1.is_private, 'is_open', $1.is_open, 'thumbnail_url', $1.thumbnail_url, 'tags', to_json($1.tags),
		'subjects', (SELECT coalesce(json_agg(row_to_json(l) ORDER BY l.id), '[]') FROM (SELECT v.id, v.kind, v.slug, v.name, v.sport, v.followers_count FROM social.stream_subjects t JOIN social.visible_sport_subjects v ON v.id = t.subject_id WHERE t.stream_id = $1.id) l),
		'viewer_count', $1.viewer_count, 'peak_viewers', $1.peak_viewers,
		'playback_url', CASE WHEN NOT $1.is_private THEN social.stream_playback_url($1.playback_id) END,
		'stream_url', social.stream_url($1.host_id, $1.status, $1.playback_id),
		'allowed_users', CASE WHEN is_own THEN (SELECT coalesce(json_agg(l.user_id ORDER BY l.user_id), '[]') FROM (SELECT i.user_id FROM social.stream_invitations i WHERE i.stream_id = $1.id ORDER BY 1 LIMIT 100) l) END,
		'chat', json_build_object('enabled', $1.chat_enabled, 'slow_mode_seconds', $1.slow_mode_seconds, 'followers_only', $1.followers_only, 'follow_minutes', $1.follow_minutes,
			'pinned_message_id', $1.pinned_message_id),
		'scheduled_at', $1.scheduled_at, 'started_at', $1.started_at, 'ended_at', $1.ended_at, 'created_at', $1.created_at, 'updated_at', $1.updated_at);
END
$$;
COMMENT ON FUNCTION social.stream_json(social.visible_streams) IS 'A stream as REST shows it. stream_url, where to publish it, and allowed_users, the first hundred who are invited, are the host''s; playback_url is null where it is another one for each viewer, which watch_stream tells: unless the stream is open to everybody. The key is no part of it.';

-- ---- watching ----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.watch_stream(stream_id bigint) RETURNS TABLE (stream social.visible_streams, playback_url text, mode text, playback_token text, expires_at timestamptz)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	viewer bigint := social.viewer_id();
	watched social.visible_streams;
	token text := social.random_token();
	until timestamptz := now() + social.setting('stream_playback_lifetime')::interval;
	recording text;
BEGIN
	SELECT v.* INTO watched FROM social.visible_streams v WHERE v.id = $1;
	IF watched.id IS NULL THEN
		-- The seed tells that there is a stream for others; a block or a suspension is told to nobody.
		IF EXISTS (SELECT FROM social.streams s JOIN social.visible_users h ON h.id = s.host_id WHERE s.id = $1 AND s.hidden_at IS NULL) THEN
			PERFORM social.require_viewer();
			PERFORM social.raise_error('SM403', 'Access denied', 'This stream is for those whom its host has invited.');
		END IF;
		PERFORM social.raise_error('SM404', 'Stream not found');
	END IF;
	IF viewer IS NOT NULL THEN
		PERFORM social.require_writer();
	END IF;
	-- It may be deleted, or end, at this moment.
	PERFORM FROM social.streams s WHERE s.id = $1 FOR KEY SHARE;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'Stream not found');
	ELSIF watched.status IN ('starting', 'live') THEN
		INSERT INTO social.stream_views (stream_id, viewer_id, token_hash, is_told) VALUES ($1, viewer, sha256(convert_to(token, 'UTF8')), watched.viewer_count < 100);
	END IF;
	IF EXISTS (SELECT FROM social.mux_streams m WHERE m.stream_id = $1) THEN
		RETURN QUERY SELECT watched, m.playback_url, m.mode, CASE WHEN watched.status IN ('starting', 'live') THEN token END, until FROM social.watch_mux(watched, until) m;
		RETURN;
	END IF;
	recording := CASE WHEN watched.status = 'ended' THEN social.stream_recording_url($1) END;
	RETURN QUERY SELECT watched, coalesce(recording, social.stream_playback_url(watched.playback_id, CASE WHEN NOT watched.is_open THEN token END)),
		CASE WHEN recording IS NOT NULL THEN 'recording' WHEN watched.is_open THEN 'public' ELSE 'signed_prefix' END, CASE WHEN watched.status IN ('starting', 'live') THEN token END,
		until;
END
$$;
COMMENT ON FUNCTION social.watch_stream(bigint) IS 'The viewer (or nobody, where the stream is open) begins to watch a stream. Returns one row: the stream; its playback_url; mode, public for an open one, signed_prefix where the path begins with the token, recording where it has ended and the address is that of a film, or provider_token where the provider (Mux) checks one in the address, which is null while Mux has not said it; the playback_token, a lease that renew_stream_view keeps, while it is on the air; and until when that is good. SM404 (Stream not found) for what is not there, SM403 (Access denied) for a stream of others, SM401 where a login would help.';

CREATE OR REPLACE FUNCTION social.stream_watch_json(stream_id bigint) RETURNS json
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object('stream', social.stream_json(w.stream), 'playback_url', w.playback_url, 'mode', w.mode, 'playback_token', w.playback_token, 'expires_at', w.expires_at)
	FROM social.watch_stream($1) w
$$;
COMMENT ON FUNCTION social.stream_watch_json(bigint) IS 'watch_stream() as REST answers it.';

CREATE OR REPLACE FUNCTION social.stream_key_json(stream social.visible_streams, stream_key text, rtmp_url text) RETURNS jsonb
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Volatile, to see what was made in the same statement.
	RETURN social.stream_json($1)::jsonb || jsonb_build_object('stream_key', $2, 'rtmp_url', $3);
END
$$;
COMMENT ON FUNCTION social.stream_key_json(social.visible_streams, text, text) IS 'A stream with the key that was just made, and where to publish it: what its host is answered once.';
