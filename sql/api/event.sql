-- event.sql owns the event log: numbering what writers have put into the outbox, what listeners read of
-- it, and what each viewer may see of that (extension/event/event.h, extension/content/event_document.c).
--
-- A doorbell rings once for each batch: NOTIFY social_event, 'first-last'. Whoever reads the log from the
-- last id that they have seen misses nothing, and needs no bell to do so.

-- ---- numbering -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.hold_events() RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_hold_events';
COMMENT ON FUNCTION social.hold_events() IS 'Holds the numbering of events until the end of the transaction, which will be on disk before anybody sees it; false while another session holds it.';

CREATE OR REPLACE FUNCTION social.event_identity() RETURNS text
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_event_identity';
COMMENT ON FUNCTION social.event_identity() IS 'Names the history of this database that goes on here: the cluster, its timeline, and the table of events.';

-- Where the log goes on in another way than somebody may have seen it go on, ids jump beyond all that
-- were given out there. Nobody gives out 2^32 ids between a copy and its use.
CREATE OR REPLACE FUNCTION social.require_event_history() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known social.event_histories;
	newest bigint;
	drawn bigint;
	jump CONSTANT bigint := 4294967296;
BEGIN
	SELECT h.* INTO known FROM social.event_histories h ORDER BY h.first_id DESC LIMIT 1;
	IF known.identity = social.event_identity() THEN
		RETURN;
	END IF;
	newest := (SELECT max(e.id) FROM social.events e);
	SELECT s.last_value - (NOT s.is_called)::integer INTO drawn FROM social.events_id_seq s;
	IF known.first_id IS NOT NULL OR newest IS NOT NULL OR drawn > 0 THEN
		drawn := greatest(drawn, newest, known.first_id) + jump;
		PERFORM setval('social.events_id_seq', drawn);
	END IF;
	INSERT INTO social.event_histories (first_id, last_id, identity, pruned_to)
	VALUES (drawn + 1, coalesce(newest, known.pruned_to, 0), social.event_identity(), coalesce(known.pruned_to, 0));
END
$$;
COMMENT ON FUNCTION social.require_event_history() IS 'Begins another history of the event log where this database has been restored, recovered or promoted since it last numbered events.';

-- A listener that hears nothing for very long fills the server's queue: then the log goes on without a bell.
CREATE OR REPLACE FUNCTION social.ring_events(lowest bigint, highest bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF highest IS NOT NULL AND pg_notification_queue_usage() < 0.5 THEN
		PERFORM pg_notify('social_event', lowest || '-' || highest);
	END IF;
END
$$;
COMMENT ON FUNCTION social.ring_events(bigint, bigint) IS 'Tells those who listen which events were numbered, when this transaction commits.';

CREATE OR REPLACE FUNCTION social.more_events(more bigint[], OUT place integer, OUT author_id bigint, OUT post_id bigint, OUT comment_id bigint,
		OUT recipient_id bigint, OUT subject_id bigint, OUT stream_id bigint)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT ROWS 32 SET search_path = pg_catalog, pg_temp AS $$
	SELECT p, nullif(more[6 * p - 5], 0), nullif(more[6 * p - 4], 0), nullif(more[6 * p - 3], 0), nullif(more[6 * p - 2], 0), nullif(more[6 * p - 1], 0), nullif(more[6 * p], 0)
	FROM generate_series(1, cardinality(more) / 6) p
$$;
COMMENT ON FUNCTION social.more_events(bigint[]) IS 'The events that a row of the outbox has beside its own, in their order: six ids for each, 0 for none (extension/event/event.c).';

CREATE OR REPLACE FUNCTION social.number_events(batch integer DEFAULT 10000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	numbered bigint;
	lowest bigint;
	highest bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM social.event_outbox) OR NOT social.hold_events() THEN
		RETURN 0;
	END IF;
	PERFORM social.require_event_history();
	-- The snapshot is younger than the lock: it sees what others have numbered, and all that was committed
	-- before. Within it, outbox ids follow cause and effect.
	WITH moved AS (
		DELETE FROM social.event_outbox o
		WHERE o.id = ANY (ARRAY(
			SELECT w.id FROM (
				SELECT n.id, sum(n.beside + 1) OVER (ORDER BY n.id) - n.beside AS place
				FROM (SELECT f.id, coalesce(cardinality(f.more), 0) / 6 AS beside FROM social.event_outbox f ORDER BY f.id LIMIT batch) n) w
			WHERE w.place <= batch))
		RETURNING o.*
	), happened AS (
		SELECT m.id, 0 AS place, m.type, m.author_id, m.post_id, m.comment_id, m.recipient_id, m.subject_id, m.stream_id FROM moved m
		UNION ALL
		SELECT m.id, b.place, m.type, b.author_id, b.post_id, b.comment_id, b.recipient_id, b.subject_id, b.stream_id
		FROM moved m CROSS JOIN social.more_events(m.more) b WHERE m.more IS NOT NULL
	), logged AS (
		INSERT INTO social.events (type, author_id, post_id, comment_id, recipient_id, subject_id, stream_id)
		SELECT h.type, h.author_id, h.post_id, h.comment_id, h.recipient_id, h.subject_id, h.stream_id FROM happened h ORDER BY h.id, h.place
		RETURNING id
	)
	SELECT count(*), min(l.id), max(l.id) INTO numbered, lowest, highest FROM logged l;
	PERFORM social.ring_events(lowest, highest);
	RETURN numbered;
END
$$;
COMMENT ON FUNCTION social.number_events(integer) IS 'Moves up to a batch of events, and what shares the row of the last one, from the outbox to the log, in commit order, and rings: NOTIFY social_event with the first and the last id. Returns how many. Part of the worker''s round; does nothing while another session does it.';

CREATE OR REPLACE FUNCTION social.number_counts(batch integer DEFAULT 10000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	numbered bigint;
	lowest bigint;
	highest bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM social.event_counts) OR NOT social.hold_events() THEN
		RETURN 0;
	END IF;
	PERFORM social.require_event_history();
	WITH taken AS (
		DELETE FROM social.event_counts c
		WHERE c.ctid = ANY (ARRAY(SELECT w.ctid FROM social.event_counts w LIMIT batch))
		RETURNING c.type, c.object_id
	), changed AS (
		SELECT DISTINCT t.type, t.object_id FROM taken t
	), logged AS (
		INSERT INTO social.events (type, author_id, post_id, comment_id)
		SELECT c.type, CASE c.type WHEN 'profile.counts' THEN c.object_id END,
			CASE c.type WHEN 'post.counts' THEN c.object_id WHEN 'comment.counts' THEN (SELECT m.post_id FROM social.comments m WHERE m.id = c.object_id) END,
			CASE c.type WHEN 'comment.counts' THEN c.object_id END
		FROM changed c ORDER BY c.type, c.object_id
		RETURNING id
	)
	SELECT count(*), min(l.id), max(l.id) INTO numbered, lowest, highest FROM logged l;
	PERFORM social.ring_events(lowest, highest);
	RETURN numbered;
END
$$;
COMMENT ON FUNCTION social.number_counts(integer) IS 'Makes one event of all changes of an object''s counts since the last such event, of up to a batch of changes. Returns how many events. Part of the worker''s round, ten times a second.';

-- ---- retention -----------------------------------------------------------------------------------

-- The newest event stays, so that its id is known.
CREATE OR REPLACE FUNCTION social.prune_events(batch integer DEFAULT 10000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	keep interval := (SELECT r.keep FROM social.admin_retention r WHERE r.data_class = 'events');
	newest bigint := (SELECT max(e.id) FROM social.events e);
	history social.event_histories;
	beyond bigint := newest - social.setting('events_max')::bigint;
	last bigint;
	removed bigint;
BEGIN
	SELECT h.* INTO history FROM social.event_histories h ORDER BY h.first_id DESC LIMIT 1;
	-- Ids are dense but for the jump from one history to the next.
	IF beyond < history.first_id THEN
		beyond := history.last_id - (history.first_id - 1 - beyond);
	END IF;
	last := (SELECT max(o.id) FROM (SELECT e.id, e.at FROM social.events e ORDER BY e.id LIMIT batch) o
		WHERE o.id < newest AND (o.id <= beyond OR o.at < clock_timestamp() - keep));
	IF last IS NULL OR NOT social.hold_events() THEN
		RETURN 0;
	END IF;
	DELETE FROM social.events e WHERE e.id <= last;
	GET DIAGNOSTICS removed = ROW_COUNT;
	UPDATE social.event_histories h SET pruned_to = last WHERE h.first_id = history.first_id;
	RETURN removed;
END
$$;
COMMENT ON FUNCTION social.prune_events(integer) IS 'Deletes the oldest events, at most a batch: those that are older than social.admin_retention says, and what is beyond social.events_max. Returns how many. Part of the worker''s round.';

-- ---- reading the log -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.event_position() RETURNS bigint
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce((SELECT max(e.id) FROM social.events e), (SELECT h.last_id FROM social.event_histories h ORDER BY h.first_id DESC LIMIT 1), 0);
$$;
COMMENT ON FUNCTION social.event_position() IS 'The id of the newest event, after which a listener begins; 0 when there was none.';

CREATE OR REPLACE FUNCTION social.require_event_position(after bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF after IS NULL OR after < 0 THEN
		PERFORM social.raise_error('SM400', 'invalid event id', 'It is that of the last event that was seen, or 0.');
	ELSIF after > social.event_position()
		OR after < (SELECT h.pruned_to FROM social.event_histories h ORDER BY h.first_id DESC LIMIT 1)
		OR EXISTS (SELECT FROM social.event_histories h WHERE after > h.last_id AND after < h.first_id) THEN
		PERFORM social.raise_error('SM410', 'resync', 'Events after this one are not known any more.', 'Read anew what is shown, then listen from social.event_position().');
	END IF;
	RETURN after;
END
$$;
COMMENT ON FUNCTION social.require_event_position(bigint) IS 'The id of an event after which the log is whole. SM410 (resync) when retention has taken some since, or the id is of another history: that of a server that failed, or of what was restored over. SM400 for what is no id.';

-- Who subscribes to what: post:ID hears of a post and what is said there, user:ID of a person and their
-- posts, hashtag:NAME of new posts that carry it, posts of all new posts, feed of what may stand in somebody's home feed, stream:ID of a stream and its chat, streams of those by whom
-- somebody follows.
CREATE OR REPLACE FUNCTION social.event_topics(type text, author_id bigint, post_id bigint, recipient_id bigint, subject_id bigint, stream_id bigint) RETURNS text[]
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT array_remove(ARRAY[
		CASE WHEN split_part(type, '.', 1) IN ('post', 'comment') THEN 'post:' || post_id END,
		CASE WHEN type <> 'post.counts' AND split_part(type, '.', 1) IN ('post', 'repost', 'profile') THEN 'user:' || author_id
			WHEN type = 'follow.created' THEN 'user:' || subject_id END,
		CASE WHEN type IN ('post.created', 'post.restored', 'repost.created') THEN 'feed' END,
		CASE WHEN type IN ('post.created', 'post.restored') THEN 'posts' END,
		CASE WHEN split_part(type, '.', 1) IN ('notification', 'media', 'export') THEN 'notifications:' || recipient_id END,
		CASE WHEN type = 'session.ended' THEN 'session:' || subject_id END,
		CASE WHEN split_part(type, '.', 1) IN ('stream', 'chat') THEN 'stream:' || stream_id END,
		CASE WHEN type = 'stream.status' THEN 'streams' END], NULL)
	|| ARRAY(SELECT 'hashtag:' || t FROM social.posts p, unnest(p.hashtags) t WHERE p.id = event_topics.post_id AND type IN ('post.created', 'post.restored'));
$$;
COMMENT ON FUNCTION social.event_topics(text, bigint, bigint, bigint, bigint, bigint) IS 'The topics under which an event is heard of; none for what is for bridges alone. What a viewer of them gets, event_payloads() says.';

CREATE OR REPLACE FUNCTION social.events_after(after bigint, up_to integer DEFAULT 1000)
	RETURNS TABLE (id bigint, at timestamptz, type text, author_id bigint, post_id bigint, comment_id bigint, recipient_id bigint, subject_id bigint, topics text[])
	LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_event_position(after);
	RETURN QUERY
	SELECT e.id, e.at, e.type, e.author_id, e.post_id, e.comment_id, e.recipient_id, e.subject_id,
		social.event_topics(e.type, e.author_id, e.post_id, e.recipient_id, e.subject_id, e.stream_id)
	FROM (SELECT o.* FROM social.events o WHERE o.id > after ORDER BY o.id LIMIT least(up_to, 10000)) e
	ORDER BY e.id;
END
$$;
COMMENT ON FUNCTION social.events_after(bigint, integer) IS 'The log after an event, in order, up to so many: what bridges read when the bell rings. SM410 and SM400 as require_event_position.';

-- ---- what a viewer gets ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.event_notification(notification_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT row_to_json(t) FROM (
		SELECT n.id, n.type, social.person_document(n.actor_id) AS actor, n.post_id, n.comment_id, n.quote_id, n.message, n.is_read, n.read_at, n.created_at, n.stream_id
		FROM social.visible_notifications n WHERE n.is_read IN (false, true) AND n.id = notification_id) t);
END
$$;
COMMENT ON FUNCTION social.event_notification(bigint) IS 'A notification of the viewer as REST shows it; null for one that is not to be seen any more. event_payloads() adds how many are unread, counted once for many.';

CREATE OR REPLACE FUNCTION social.event_payloads(event_ids bigint[], viewer_ids bigint[])
	RETURNS TABLE (event_id bigint, viewer_id bigint, payload json, on_feed boolean)
	LANGUAGE c STABLE STRICT COST 10000 ROWS 100 AS 'MODULE_PATHNAME', 'social_event_payloads';
COMMENT ON FUNCTION social.event_payloads(bigint[], bigint[]) IS 'What each viewer (null or 0: nobody) may see of an event at this moment, for pairs of both; no row where nothing of it is theirs to see. Posts, comments and people are as REST shows them. on_feed: it is by the viewer or by somebody whom they follow; what subscribers of the topics feed and streams get is that. For bridges. SM400 when there are not as many of both.';

CREATE OR REPLACE FUNCTION social.event_stream(stream_id bigint) RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT (social.stream_json(v)::jsonb || '{"stream_url": null, "allowed_users": null}')::json FROM social.visible_streams v WHERE v.id = $1);
END
$$;
COMMENT ON FUNCTION social.event_stream(bigint) IS 'A stream as all who see it are told of it; null for one that the viewer may not see.';

CREATE OR REPLACE FUNCTION social.event_results(event_id bigint, viewer_ids bigint[], session_ids bigint[], statement text, parameters text[])
	RETURNS TABLE (n integer, result text, is_refused boolean)
	LANGUAGE c STABLE STRICT COST 10000 ROWS 100 AS 'MODULE_PATHNAME', 'social_event_results';
COMMENT ON FUNCTION social.event_results(bigint, bigint[], bigint[], text, text[]) IS 'What a statement that reads (its parameters are texts, which it casts) answers about an event to each viewer (null or 0: nobody), as whom it is run: the n-th one''s first column of the first row, null without one. is_refused: the account may not act, or the session (null or 0: not looked at) has ended. It may do what its caller may, but call this function. For bridges. SM400 for what is no such statement, or when there are not as many viewers as sessions; the statement''s own errors.';

CREATE OR REPLACE FUNCTION social.event_topics_lost(topics text[], viewer_ids bigint[]) RETURNS SETOF integer
	LANGUAGE c STABLE STRICT COST 10000 ROWS 10 AS 'MODULE_PATHNAME', 'social_event_topics_lost';
COMMENT ON FUNCTION social.event_topics_lost(text[], bigint[]) IS 'Of pairs of a topic that is subscribed to and a viewer (null or 0: nobody), the places (from 1) of those whose viewer does not see any more what the topic is about, and so hears no more. For bridges. SM400 when there are not as many of both.';

-- The event whose id social.set_result_id() has left in the transaction: what a subscription's statement is about.
CREATE OR REPLACE FUNCTION social.event_post_id() RETURNS bigint
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT e.post_id FROM social.events e WHERE e.id = social.result_id());
END
$$;
COMMENT ON FUNCTION social.event_post_id() IS 'The post that the event is about whose id social.set_result_id() has left; null without one. For bridges.';

CREATE OR REPLACE FUNCTION social.event_comment_id() RETURNS bigint
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT e.comment_id FROM social.events e WHERE e.id = social.result_id());
END
$$;
COMMENT ON FUNCTION social.event_comment_id() IS 'Likewise the comment.';

CREATE OR REPLACE FUNCTION social.event_notification_id() RETURNS bigint
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT e.subject_id FROM social.events e WHERE e.id = social.result_id() AND e.recipient_id IS NOT NULL);
END
$$;
COMMENT ON FUNCTION social.event_notification_id() IS 'Likewise the notification.';

CREATE OR REPLACE FUNCTION social.event_media_id() RETURNS bigint
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT e.subject_id FROM social.events e WHERE e.id = social.result_id() AND e.type = 'media.changed');
END
$$;
COMMENT ON FUNCTION social.event_media_id() IS 'Likewise the file that is in another state.';

CREATE OR REPLACE FUNCTION social.event_chat_message_id() RETURNS bigint
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT e.subject_id FROM social.events e WHERE e.id = social.result_id() AND e.type = 'chat.message');
END
$$;
COMMENT ON FUNCTION social.event_chat_message_id() IS 'Likewise the message of a chat.';

CREATE OR REPLACE FUNCTION social.event_feed_entry() RETURNS TABLE (post_id bigint, reposted_by_id bigint, reposted_at timestamptz)
	LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	SELECT e.post_id, CASE WHEN e.type = 'repost.created' THEN e.author_id END, CASE WHEN e.type = 'repost.created' THEN e.at END
	FROM social.events e WHERE e.id = social.result_id() AND e.post_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION social.event_feed_entry() IS 'Likewise the post, and who passed it on and when, where that is what happened.';

CREATE OR REPLACE FUNCTION social.event_topic_key(topic text) RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF topic ~ '^(post|user|notifications|session|stream):[1-9][0-9]{0,14}$' THEN
		RETURN split_part(topic, ':', 2)::bigint;
	ELSIF topic IN ('feed', 'posts', 'streams') OR topic ~ '^hashtag:.' THEN
		RETURN 0;
	END IF;
	PERFORM social.raise_error('SM400', 'invalid topic', 'It is post:ID, user:ID, hashtag:NAME, posts, feed, stream:ID, streams, notifications:ID or session:ID.');
END
$$;
COMMENT ON FUNCTION social.event_topic_key(text) IS 'The id that a topic names, 0 where it names none. SM400 for what is no topic.';

CREATE OR REPLACE FUNCTION social.events_since(topic text, after bigint, up_to integer DEFAULT 100)
	RETURNS TABLE (id bigint, at timestamptz, type text, payload json)
	LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kind text := split_part(topic, ':', 1);
	key bigint := social.event_topic_key(topic);
	wanted text := CASE WHEN kind = 'hashtag' THEN 'hashtag:' || social.hashtag_key(substr(topic, 9)) ELSE topic END;
	viewer bigint := CASE WHEN kind IN ('feed', 'streams', 'notifications', 'session') THEN social.require_viewer() ELSE social.viewer_id() END;
	place bigint := social.require_event_position(after);
	size integer := least(up_to, 500);
	batch bigint[];
	missing integer := up_to;
	found_now integer;
BEGIN
	IF up_to IS NULL OR up_to NOT BETWEEN 1 AND 1000 THEN
		PERFORM social.raise_error('SM400', 'invalid up_to', 'It must be 1 to 1000.');
	ELSIF kind = 'notifications' AND key <> viewer THEN
		PERFORM social.raise_error('SM404', 'user not found');
	ELSIF kind = 'session' AND NOT EXISTS (SELECT FROM social.user_sessions s WHERE s.id = key AND s.user_id = viewer) THEN
		PERFORM social.raise_error('SM404', 'session not found');
	END IF;
	LOOP
		batch := ARRAY(
			SELECT e.id FROM social.events e
			WHERE e.id > place AND CASE kind
				WHEN 'post' THEN e.post_id = key
				WHEN 'user' THEN e.author_id = key OR e.subject_id = key
				WHEN 'notifications' THEN e.recipient_id = key
				WHEN 'session' THEN e.subject_id = key
				WHEN 'stream' THEN e.stream_id = key
				WHEN 'streams' THEN e.type = 'stream.status'
				WHEN 'feed' THEN e.type IN ('post.created', 'post.restored', 'repost.created')
				ELSE e.type IN ('post.created', 'post.restored') END
				AND wanted = ANY (social.event_topics(e.type, e.author_id, e.post_id, e.recipient_id, e.subject_id, e.stream_id))
			ORDER BY e.id LIMIT size);
		RETURN QUERY
		SELECT e.id, e.at, e.type, p.payload
		FROM social.event_payloads(batch, array_fill(viewer, ARRAY[cardinality(batch)])) p JOIN social.events e ON e.id = p.event_id
		WHERE kind NOT IN ('feed', 'streams') OR p.on_feed
		ORDER BY e.id LIMIT missing;
		GET DIAGNOSTICS found_now = ROW_COUNT;
		missing := missing - found_now;
		EXIT WHEN missing <= 0 OR cardinality(batch) < size;
		place := batch[size];
		size := 500; -- much of it is not the viewer's to see
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.events_since(text, bigint, integer) IS 'What has happened under a topic after an event, in order, as far as the viewer may see it now: for those who listen in SQL (LISTEN social_event) or come back. Topics are post:ID, user:ID, hashtag:NAME, posts, stream:ID, and for the viewer feed, streams, notifications:ID and session:ID. SM410 (resync) when the log does not reach back so far, or the id is of another history; SM401 where nobody acts and somebody must; SM404 for another''s notifications or session; SM400 for what is no topic, no id, or up_to out of 1 to 1000.';
