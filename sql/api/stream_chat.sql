-- stream_chat.sql owns the chats of streams: saying something, reading it, keeping order. Whoever sees a stream reads
-- its chat; who is logged in may write there, within the limits of I-07 and what the host has set.

-- ---- who may do what ---------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.chat_rank(stream_id bigint, user_id bigint) RETURNS integer
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN s.host_id = $2 THEN 3 WHEN EXISTS (SELECT FROM social.users u WHERE u.id = $2 AND (u.is_staff OR u.is_superuser)) THEN 2
		WHEN EXISTS (SELECT FROM social.stream_moderators m WHERE m.stream_id = $1 AND m.user_id = $2) THEN 1 ELSE 0 END
	FROM social.streams s WHERE s.id = $1
$$;
COMMENT ON FUNCTION social.chat_rank(bigint, bigint) IS 'What somebody is in the chat of a stream: 3 its host, 2 staff, 1 a moderator, 0 nobody in particular; null for no stream.';

CREATE OR REPLACE FUNCTION social.require_chat(stream_id bigint, rank integer DEFAULT 0) RETURNS social.streams
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	stream social.streams;
BEGIN
	IF EXISTS (SELECT FROM social.visible_streams v WHERE v.id = $1) THEN
		SELECT s.* INTO stream FROM social.streams s WHERE s.id = $1 FOR KEY SHARE;
	END IF;
	IF stream.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'stream not found');
	ELSIF $2 > 0 AND social.chat_rank($1, viewer) < $2 THEN
		PERFORM social.raise_error('SM403', CASE $2 WHEN 1 THEN 'only the host and moderators may do this' ELSE 'only the host may do this' END);
	END IF;
	RETURN stream;
END
$$;
COMMENT ON FUNCTION social.require_chat(bigint, integer) IS 'A stream that the viewer sees, and that stays until the end of the transaction, for an act in its chat that takes a chat_rank. SM401 when nobody acts, SM404 for what is not to be seen, SM403 below that rank.';

CREATE OR REPLACE FUNCTION social.require_chat_over(stream_id bigint, user_id bigint) RETURNS social.streams
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams := social.require_chat($1, 1);
BEGIN
	-- Who was blocked meanwhile can be banned still: what they have said is here.
	IF NOT coalesce(social.hold_user($2), false) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	ELSIF social.chat_rank($1, $2) >= social.chat_rank($1, social.viewer_id()) THEN
		PERFORM social.raise_error('SM403', 'you may not do this to them');
	END IF;
	RETURN stream;
END
$$;
COMMENT ON FUNCTION social.require_chat_over(bigint, bigint) IS 'require_chat() for an act of a moderator on somebody, who stays too: SM404 for an unknown person, SM403 for one of the same or a higher rank.';

-- ---- saying something --------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.send_chat_message(stream_id bigint, content text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams := social.require_chat($1);
	viewer bigint := social.viewer_id();
	keeps_order boolean := social.chat_rank($1, viewer) > 0;
	length_max integer := social.setting('chat_max_length');
	banned social.stream_bans;
	message bigint;
BEGIN
	-- Counted first: a flood of what is refused is one, too.
	PERFORM social.take_rate_limit(CASE WHEN keeps_order THEN 'chat_message_host' ELSE 'chat_message' END, user_id => viewer,
		rates => CASE WHEN NOT keeps_order THEN nullif(social.setting('chat_message_rates'), '') END);
	PERFORM social.check_text('message', $2, false, true);
	IF char_length($2) > length_max THEN
		PERFORM social.raise_error('SM400', 'message is too long', format('It has %s characters; the limit is %s.', char_length($2), length_max));
	ELSIF stream.status = 'ended' THEN
		PERFORM social.raise_error('SM409', 'the stream has ended', 'Its chat can be read, but nothing more is said there.');
	ELSIF NOT keeps_order THEN
		SELECT b.* INTO banned FROM social.stream_bans b WHERE b.stream_id = $1 AND b.user_id = viewer AND (b.until IS NULL OR b.until > clock_timestamp());
		IF banned.stream_id IS NOT NULL THEN
			PERFORM social.raise_error('SM403', 'you may not write in this chat', CASE WHEN banned.until IS NULL THEN 'Its moderators have decided so.' ELSE format('It is for %s seconds more.', ceil(extract(epoch FROM banned.until - clock_timestamp()))) END);
		ELSIF NOT stream.chat_enabled THEN
			PERFORM social.raise_error('SM403', 'the chat is turned off');
		ELSIF stream.followers_only AND NOT EXISTS (SELECT FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = stream.host_id
				AND f.created_at <= now() - make_interval(mins => stream.follow_minutes)) THEN
			PERFORM social.raise_error('SM403', 'only followers may write in this chat', CASE WHEN stream.follow_minutes > 0 THEN format('They have to follow the host for %s minutes.', stream.follow_minutes) ELSE '' END);
		END IF;
	END IF;
	-- Two messages at the same moment meet here: the second waits, and sees the first.
	INSERT INTO social.stream_chatters AS c (stream_id, user_id, last_at) VALUES ($1, viewer, clock_timestamp())
	ON CONFLICT ON CONSTRAINT stream_chatters_pkey DO UPDATE SET last_at = clock_timestamp(), message_count = c.message_count + 1
	WHERE keeps_order OR c.last_at <= clock_timestamp() - make_interval(secs => stream.slow_mode_seconds);
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM429', 'slow mode', format('A message every %s seconds.', stream.slow_mode_seconds));
	END IF;
	INSERT INTO social.stream_chat_messages (stream_id, author_id, content) VALUES ($1, viewer, $2) RETURNING id INTO message;
	RETURN message;
END
$$;
COMMENT ON FUNCTION social.send_chat_message(bigint, text) IS 'The viewer says something in the chat of a stream, which may have social.chat_max_length characters. Counts against the limit chat_message (or social.chat_message_rates, a bridge''s own), for the host and moderators chat_message_host (I-07), who are also free of slow mode, followers only and a chat that is turned off. Returns the message''s id. SM401 when nobody acts, SM404 for a stream that is not to be seen, SM400 for what is no message, SM403 for who is banned, or does not follow where only followers may write, SM409 after the end, SM422 for what a content rule refuses, SM429 beyond a limit.';

CREATE OR REPLACE VIEW social.visible_chat_messages AS
SELECT m.id, m.stream_id, m.author_id, m.content, m.created_at, m.hidden_at
FROM social.stream_chat_messages m
JOIN social.visible_streams s ON s.id = m.stream_id
JOIN social.users a ON a.id = m.author_id
WHERE m.deleted_at IS NULL AND a.is_active AND social.viewer_sees_person(a.id, a.suspended_at, a.suspended_until)
	AND (m.hidden_at IS NULL OR m.author_id = (SELECT social.viewer_id()) OR s.host_id = (SELECT social.viewer_id()) OR (SELECT social.viewer_is_staff()));
COMMENT ON VIEW social.visible_chat_messages IS 'What was said in chats of streams that the viewer may see, by people whom they see. A hidden message is seen by who wrote it, the host and staff.';

CREATE OR REPLACE VIEW social.listed_chat_messages AS
SELECT m.* FROM social.visible_chat_messages m
WHERE social.viewer_lists_person(m.author_id);
COMMENT ON VIEW social.listed_chat_messages IS 'Messages for the viewer''s lists: visible ones, without those by people whose posts the viewer has muted. The same columns as visible_chat_messages.';

CREATE OR REPLACE FUNCTION social.seen_stream(stream_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_streams v WHERE v.id = $1) THEN
		PERFORM social.raise_error('SM404', 'stream not found');
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.seen_stream(bigint) IS 'The id of a stream that the viewer may see; SM404 for any other.';

SELECT social.make_list('stream_chat', 'chat_stream_id bigint', 'social.visible_chat_messages', 'm.*', 'social.listed_chat_messages m WHERE m.stream_id = $1', '{m.id}',
	'What was said in the chat of a stream, the latest first, as far as it belongs into the viewer''s lists. SM404 for a stream that is not to be seen; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.seen_stream($1);
	$$);

-- Made together: who joins is told fifty of them.
CREATE OR REPLACE FUNCTION social.chat_messages_json(message_ids bigint[]) RETURNS TABLE (id bigint, message json)
	LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	SELECT m.id, json_build_object('id', m.id, 'stream_id', m.stream_id, 'author', social.person_document(m.author_id), 'content', m.content,
		'role', CASE WHEN s.host_id = m.author_id THEN 'host' WHEN u.is_staff OR u.is_superuser THEN 'staff'
			WHEN EXISTS (SELECT FROM social.stream_moderators o WHERE o.stream_id = m.stream_id AND o.user_id = m.author_id) THEN 'moderator' ELSE 'viewer' END,
		'offset_seconds', round(extract(epoch FROM m.created_at - s.started_at), 3), 'created_at', m.created_at)
	FROM social.visible_chat_messages m JOIN social.streams s ON s.id = m.stream_id JOIN social.users u ON u.id = m.author_id
	WHERE m.id = ANY ($1);
END
$$;
COMMENT ON FUNCTION social.chat_messages_json(bigint[]) IS 'Messages of chats as REST shows them, as far as the viewer may see them, each with its id: role says whether it is by the host, staff, a moderator or a viewer (chat_role), offset_seconds how long the broadcast went on then (null where it has not begun).';

CREATE OR REPLACE FUNCTION social.chat_message_json(message_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT j.message FROM social.chat_messages_json(ARRAY[$1]) j);
END
$$;
COMMENT ON FUNCTION social.chat_message_json(bigint) IS 'A message of a chat as chat_messages_json() has it. Null for one that the viewer may not see.';

-- What is told as it happens, after the position that the caller has read in this transaction, is no part of it.
CREATE OR REPLACE FUNCTION social.topic_history(topics text[]) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	of_stream bigint := CASE WHEN topics[1] ~ '^stream:[1-9][0-9]{0,14}$' THEN substr(topics[1], 8)::bigint END;
	place bigint := coalesce(social.result_id(), social.event_position());
	told bigint[];
	ids bigint[];
BEGIN
	IF of_stream IS NULL OR NOT EXISTS (SELECT FROM social.visible_streams v WHERE v.id = of_stream) THEN
		RETURN NULL;
	END IF;
	told := ARRAY(
		SELECT e.subject_id FROM social.events e WHERE e.id > place AND e.type = 'chat.message' AND e.stream_id = of_stream
		UNION ALL
		SELECT o.subject_id FROM social.event_outbox o WHERE o.type = 'chat.message' AND o.stream_id = of_stream
		UNION ALL
		SELECT b.subject_id FROM social.event_outbox o CROSS JOIN social.more_events(o.more) b WHERE o.type = 'chat.message' AND b.stream_id = of_stream);
	ids := ARRAY(SELECT m.id FROM social.listed_chat_messages m WHERE m.stream_id = of_stream AND m.id <> ALL (told) ORDER BY m.id DESC LIMIT 50);
	RETURN (SELECT json_build_object('topic', topics[1], 'messages', json_agg(j.message ORDER BY j.id)) FROM social.chat_messages_json(ids) j HAVING count(*) > 0);
END
$$;
COMMENT ON FUNCTION social.topic_history(text[]) IS 'What whoever begins to hear of a topic (the first of these) is shown: of stream:ID the last fifty messages of its chat, the oldest first, without what comes as an event after the id that was left with set_result_id() (else after the newest). Null where there are none, and of other topics. For bridges.';

CREATE OR REPLACE FUNCTION social.chat_offset(stream_id bigint, at timestamptz) RETURNS double precision
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT round(extract(epoch FROM $2 - v.started_at), 3) FROM social.visible_streams v WHERE v.id = $1);
END
$$;
COMMENT ON FUNCTION social.chat_offset(bigint, timestamptz) IS 'For how many seconds a broadcast that the viewer sees had gone on at a time; null where it has not begun.';

SELECT social.make_list('stream_replay', 'replay_stream_id bigint, from_seconds integer DEFAULT 0', 'social.visible_chat_messages', 'm.*',
	'social.listed_chat_messages m WHERE m.stream_id = $1 AND m.created_at >= (SELECT coalesce(v.started_at, v.created_at) + make_interval(secs => $2) FROM social.visible_streams v WHERE v.id = $1)', '{m.created_at, m.id}',
	'What was said in the chat of a stream from so many seconds after its beginning on, the oldest first: what goes with a recording. SM404 for a stream that is not to be seen; SM400 for a negative offset, a bad page size or cursor.',
	checks => $$
	PERFORM social.seen_stream($1);
	IF coalesce($2, -1) NOT BETWEEN 0 AND 31536000 THEN
		PERFORM social.raise_error('SM400', 'invalid from_seconds', 'It is 0 to 31536000.');
	END IF;
	$$, newest_first => false, by => 'moment');

CREATE OR REPLACE FUNCTION social.chat_role(stream_id bigint, user_id bigint) RETURNS text
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT (ARRAY['viewer', 'moderator', 'staff', 'host'])[social.chat_rank($1, $2) + 1]
$$;
COMMENT ON FUNCTION social.chat_role(bigint, bigint) IS 'The chat_rank of somebody as a word: host, staff, moderator or viewer.';

-- ---- keeping order -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.delete_chat_message(message_id bigint, of_stream_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	message social.stream_chat_messages;
BEGIN
	SELECT m.* INTO message FROM social.stream_chat_messages m WHERE m.id = $1 AND m.stream_id = coalesce($2, m.stream_id) AND EXISTS (SELECT FROM social.visible_streams v WHERE v.id = m.stream_id) FOR NO KEY UPDATE;
	IF message.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'message not found');
	ELSIF message.author_id <> viewer THEN
		PERFORM social.require_chat_over(message.stream_id, message.author_id);
	END IF;
	UPDATE social.stream_chat_messages m SET deleted_at = now() WHERE m.id = $1 AND m.deleted_at IS NULL;
	IF FOUND AND message.author_id <> viewer THEN
		PERFORM social.audit('delete_chat_message', 'stream', message.stream_id, jsonb_build_object('message_id', $1, 'user_id', message.author_id));
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.delete_chat_message(bigint, bigint) IS 'Who wrote a message (of this stream, where one is named), or a moderator over them, deletes it; again is harmless. Returns its id. SM401 when nobody acts, SM404 for an unknown message, SM403 for others.';

CREATE OR REPLACE FUNCTION social.clear_chat_user(stream_id bigint, user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_chat_over($1, $2);
	UPDATE social.stream_chat_messages m SET deleted_at = now() WHERE m.author_id = $2 AND m.stream_id = $1 AND m.deleted_at IS NULL;
	PERFORM social.audit('clear_chat_user', 'stream', $1, jsonb_build_object('user_id', $2));
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.clear_chat_user(bigint, bigint) IS 'A moderator deletes all that somebody has said in the chat of a stream. Returns the stream''s id. Errors as require_chat_over.';

CREATE OR REPLACE FUNCTION social.ban_chat_user(stream_id bigint, user_id bigint, seconds integer DEFAULT NULL, reason text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_chat_over($1, $2);
	IF $3 NOT BETWEEN 1 AND 1209600 THEN
		PERFORM social.raise_error('SM400', 'invalid seconds', 'It must be 1 to 1209600 (two weeks), or null for good.');
	ELSIF char_length($4) > 200 THEN
		PERFORM social.raise_error('SM400', 'reason is too long', 'The limit is 200 characters.');
	END IF;
	PERFORM social.check_text('reason', $4, true, false);
	INSERT INTO social.stream_bans AS b (stream_id, user_id, until, reason, banned_by) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), coalesce($4, ''), social.viewer_id())
	ON CONFLICT ON CONSTRAINT stream_bans_pkey DO UPDATE SET until = excluded.until, reason = excluded.reason, banned_by = excluded.banned_by, created_at = now();
	PERFORM social.audit('ban_chat_user', 'stream', $1, jsonb_build_object('user_id', $2, 'seconds', $3));
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.ban_chat_user(bigint, bigint, integer, text) IS 'A moderator keeps somebody from saying anything in the chat of a stream, for so many seconds or (null) for good; another ban takes the place of the first. Returns the stream''s id. Errors as require_chat_over, SM400 for a time or a reason that does not fit.';

CREATE OR REPLACE FUNCTION social.unban_chat_user(stream_id bigint, user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_chat($1, 1);
	DELETE FROM social.stream_bans b WHERE b.stream_id = $1 AND b.user_id = $2;
	IF FOUND THEN
		PERFORM social.audit('unban_chat_user', 'stream', $1, jsonb_build_object('user_id', $2));
	ELSE
		PERFORM social.require_person($2);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unban_chat_user(bigint, bigint) IS 'A moderator takes a ban back; again is harmless. Returns the stream''s id. Errors as require_chat.';

CREATE OR REPLACE FUNCTION social.pin_chat_message(message_id bigint, of_stream_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	of_stream bigint := (SELECT m.stream_id FROM social.visible_chat_messages m WHERE m.id = $1 AND m.stream_id = coalesce($2, m.stream_id));
BEGIN
	IF of_stream IS NULL THEN
		PERFORM social.require_viewer(), social.raise_error('SM404', 'message not found');
	END IF;
	PERFORM social.require_chat(of_stream, 1);
	UPDATE social.streams s SET pinned_message_id = $1, updated_at = now() WHERE s.id = of_stream;
	RETURN of_stream;
END
$$;
COMMENT ON FUNCTION social.pin_chat_message(bigint, bigint) IS 'A moderator has a message (of this stream, where one is named) stand at the top of its chat, in the place of any other. Returns the stream''s id. SM401 when nobody acts, SM404 for an unknown message, SM403 for others.';

CREATE OR REPLACE FUNCTION social.unpin_chat_message(stream_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_chat($1, 1);
	UPDATE social.streams s SET pinned_message_id = NULL, updated_at = now() WHERE s.id = $1 AND s.pinned_message_id IS NOT NULL;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unpin_chat_message(bigint) IS 'A moderator takes the message at the top of a chat away; again is harmless. Returns the stream''s id. Errors as require_chat.';

CREATE OR REPLACE FUNCTION social.update_stream_chat(stream_id bigint, chat_enabled boolean DEFAULT NULL, slow_mode_seconds integer DEFAULT NULL, followers_only boolean DEFAULT NULL, follow_minutes integer DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_chat($1, 1);
	IF $3 NOT BETWEEN 0 AND 3600 OR $5 NOT BETWEEN 0 AND 525600 THEN
		PERFORM social.raise_error('SM400', 'invalid settings of a chat', 'slow_mode_seconds is 0 to 3600, follow_minutes 0 to 525600.');
	END IF;
	UPDATE social.streams s SET chat_enabled = coalesce($2, s.chat_enabled), slow_mode_seconds = coalesce($3, s.slow_mode_seconds), followers_only = coalesce($4, s.followers_only),
		follow_minutes = coalesce($5, s.follow_minutes), updated_at = now() WHERE s.id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.update_stream_chat(bigint, boolean, integer, boolean, integer) IS 'A moderator changes who may say how much in a chat: whether it is on, the seconds between two messages (0: as one likes), whether only followers may, and for how many minutes they have to follow; null stays. Returns the stream''s id. Errors as require_chat, SM400 for what does not fit.';

CREATE OR REPLACE FUNCTION social.add_stream_moderator(stream_id bigint, user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_chat($1, 3), social.require_person($2, 'appoint');
	IF (SELECT count(*) FROM social.stream_moderators m WHERE m.stream_id = $1) >= 100 THEN
		PERFORM social.raise_error('SM409', 'too many moderators', 'The limit is 100.');
	END IF;
	INSERT INTO social.stream_moderators (stream_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;
	DELETE FROM social.stream_bans b WHERE b.stream_id = $1 AND b.user_id = $2;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.add_stream_moderator(bigint, bigint) IS 'The host has somebody keep order in the chat of a stream; again is harmless. Returns the stream''s id. Errors as require_chat; SM404 for an unknown person, SM400 for oneself, SM409 beyond a hundred.';

CREATE OR REPLACE FUNCTION social.remove_stream_moderator(stream_id bigint, user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_chat($1, CASE WHEN $2 = social.viewer_id() THEN 0 ELSE 3 END);
	DELETE FROM social.stream_moderators m WHERE m.stream_id = $1 AND m.user_id = $2;
	IF NOT FOUND THEN
		PERFORM social.require_person($2);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.remove_stream_moderator(bigint, bigint) IS 'The host takes that back, or a moderator gives it up; again is harmless. Returns the stream''s id. Errors as require_chat.';

SELECT social.make_list('stream_moderators', 'of_stream_id bigint', 'id bigint, username text, first_name text, last_name text, avatar text, created_at timestamptz',
	'u.id, u.username, u.first_name, u.last_name, u.avatar, r.created_at', 'social.stream_moderators r JOIN social.visible_users u ON u.id = r.user_id WHERE r.stream_id = $1', '{r.created_at, r.user_id}',
	'Who keeps order in the chat of a stream beside its host, the latest first. SM404 for a stream that is not to be seen; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.seen_stream($1);
	$$, is_definer => true);

SELECT social.make_list('stream_bans', 'of_stream_id bigint', 'id bigint, username text, first_name text, last_name text, avatar text, until timestamptz, reason text, created_at timestamptz',
	'u.id, u.username, u.first_name, u.last_name, u.avatar, b.until, b.reason, b.created_at',
	'social.stream_bans b JOIN social.visible_users u ON u.id = b.user_id WHERE b.stream_id = $1 AND (b.until IS NULL OR b.until > now())', '{b.created_at, b.user_id}',
	'Who may say nothing in the chat of a stream, the latest first, for those who keep order there. SM401 when nobody acts, SM404 for a stream that is not to be seen, SM403 for others; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.require_viewer(), social.seen_stream($1);
	IF social.chat_rank($1, social.viewer_id()) = 0 THEN
		PERFORM social.raise_error('SM403', 'only the host and moderators may see this');
	END IF;
	$$, is_definer => true);
