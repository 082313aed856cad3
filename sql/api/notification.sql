-- notification.sql owns what people are told: reading, counting, grouping and marking it, and the
-- kinds they want. C triggers write the rows (extension/notification/notification.c).

CREATE OR REPLACE FUNCTION social.notification_muted_ids() RETURNS bigint[]
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT ARRAY(SELECT m.muted_id FROM social.mutes m
		WHERE m.muter_id = social.viewer_id() AND m.notifications AND (m.expires_at IS NULL OR m.expires_at > now()));
$$;
COMMENT ON FUNCTION social.notification_muted_ids() IS 'The people whose notifications the viewer has muted, for good or for a time that is not over; empty when nobody acts.';

CREATE OR REPLACE VIEW social.visible_notifications AS
SELECT n.id, n.type, n.actor_id, n.post_id, n.comment_id, n.quote_id, n.message, n.is_read, n.read_at, n.created_at,
	n.recipient_id, n.stream_id
FROM social.notifications n
LEFT JOIN social.visible_users a ON a.id = n.actor_id
LEFT JOIN social.visible_posts p ON p.id = n.post_id
LEFT JOIN social.visible_comments c ON c.id = n.comment_id
LEFT JOIN social.visible_posts q ON q.id = n.quote_id
LEFT JOIN social.visible_streams s ON s.id = n.stream_id
WHERE n.recipient_id = (SELECT social.viewer_id()) AND n.withdrawn_at IS NULL
	AND (n.actor_id IS NULL OR (a.id IS NOT NULL AND n.actor_id <> ALL ((SELECT social.notification_muted_ids())::bigint[])))
	AND (n.post_id IS NULL OR (p.id IS NOT NULL AND p.deleted_at IS NULL))
	AND (n.comment_id IS NULL OR (c.id IS NOT NULL AND NOT c.is_deleted))
	AND (n.quote_id IS NULL OR (q.id IS NOT NULL AND q.position IS NOT NULL AND q.deleted_at IS NULL))
	AND (n.stream_id IS NULL OR s.id IS NOT NULL);
COMMENT ON VIEW social.visible_notifications IS 'What the viewer was told, as far as the actor and the target are visible and the actor''s notifications are not muted. type says what actor_id did to post_id or comment_id, or to the viewer; quote_id is the post that quotes post_id, stream_id the stream that has begun.';

-- What the last likes, follows and shares told goes with their rows; this is what was taken back before.
CREATE OR REPLACE FUNCTION social.forget_withdrawn() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.notifications n WHERE n.actor_id = OLD.id AND n.withdrawn_at IS NOT NULL;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.forget_withdrawn() IS 'Row trigger: withdrawn notifications of what somebody did go with their account.';
CREATE OR REPLACE TRIGGER social_forget_withdrawn AFTER DELETE ON social.users
	FOR EACH ROW EXECUTE FUNCTION social.forget_withdrawn();

-- ---- reading ---------------------------------------------------------------------------------------

-- Unread and read rows lie apart in the key: a batch merges two walks.
CREATE OR REPLACE FUNCTION social.notification_batch(recipient bigint, place bigint, backwards boolean, unread_only boolean, passed bigint[], size integer) RETURNS bigint[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT backwards THEN
		RETURN ARRAY(
			SELECT b.id FROM (
				(SELECT n.id FROM social.notifications n
					WHERE n.recipient_id = recipient AND NOT n.is_read AND n.withdrawn_at IS NULL AND n.id < place
						AND (n.actor_id IS NULL OR n.actor_id <> ALL (passed)) ORDER BY n.id DESC LIMIT size)
				UNION ALL
				(SELECT n.id FROM social.notifications n
					WHERE n.recipient_id = recipient AND n.is_read AND NOT coalesce(unread_only, false) AND n.withdrawn_at IS NULL AND n.id < place
						AND (n.actor_id IS NULL OR n.actor_id <> ALL (passed)) ORDER BY n.id DESC LIMIT size)) b
			ORDER BY b.id DESC LIMIT size);
	END IF;
	RETURN ARRAY(
		SELECT b.id FROM (
			(SELECT n.id FROM social.notifications n
				WHERE n.recipient_id = recipient AND NOT n.is_read AND n.withdrawn_at IS NULL AND n.id > place
					AND (n.actor_id IS NULL OR n.actor_id <> ALL (passed)) ORDER BY n.id LIMIT size)
			UNION ALL
			(SELECT n.id FROM social.notifications n
				WHERE n.recipient_id = recipient AND n.is_read AND NOT coalesce(unread_only, false) AND n.withdrawn_at IS NULL AND n.id > place
					AND (n.actor_id IS NULL OR n.actor_id <> ALL (passed)) ORDER BY n.id LIMIT size)) b
		ORDER BY b.id LIMIT size);
END
$$;
COMMENT ON FUNCTION social.notification_batch(bigint, bigint, boolean, boolean, bigint[], integer) IS 'The ids of the next notifications of somebody beyond a place, in the order of reading, but for those of actors who are passed over.';

-- Only what a batch names is asked about, so that a page costs what it shows and passes over, not all
-- that is unread.
CREATE OR REPLACE FUNCTION social.notifications(first integer DEFAULT 20, after text DEFAULT NULL, unread_only boolean DEFAULT false, before text DEFAULT NULL)
	RETURNS TABLE (id bigint, type text, actor_id bigint, post_id bigint, comment_id bigint, quote_id bigint, message text, is_read boolean,
		read_at timestamptz, created_at timestamptz, stream_id bigint, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	page_size integer := social.page_size(first);
	place bigint := social.page_key('notifications', social.page_cursor(after, before));
	size integer := page_size + 1;
	passed bigint[] := social.notification_muted_ids(); -- who may have left very many
	batch bigint[];
	page social.visible_notifications[];
BEGIN
	LOOP
		batch := social.notification_batch(viewer, place, before IS NOT NULL, unread_only, passed, size);
		page := page || ARRAY(SELECT n FROM social.visible_notifications n WHERE n.is_read IN (false, true) AND n.id = ANY (batch)
			ORDER BY CASE WHEN before IS NULL THEN -n.id ELSE n.id END);
		EXIT WHEN cardinality(batch) < size OR cardinality(page) > page_size;
		place := batch[cardinality(batch)];
		size := least(size * 2, 1000);
	END LOOP;
	RETURN QUERY
	SELECT n.id, n.type, n.actor_id, n.post_id, n.comment_id, n.quote_id, n.message, n.is_read, n.read_at, n.created_at, n.stream_id,
		social.cursor_encode('notifications', n.id, n.id), cardinality(page) > page_size
	FROM unnest(page[:page_size]) n ORDER BY n.id DESC;
END
$$;
COMMENT ON FUNCTION social.notifications(integer, text, boolean, text) IS 'What the viewer was told, newest first, or only what is unread. SM401 when nobody acts; SM400 for a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.unread_notifications_count() RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_viewer();
	RETURN (SELECT count(*) FROM social.visible_notifications n WHERE NOT n.is_read);
END
$$;
COMMENT ON FUNCTION social.unread_notifications_count() IS 'How many unread notifications the viewer has. SM401 when nobody acts.';

-- ---- of somebody, by id ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.require_recipient(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF coalesce($1, viewer) <> viewer AND NOT (social.viewer_is_staff() AND EXISTS (SELECT FROM social.visible_users u WHERE u.id = $1)) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	RETURN coalesce($1, viewer);
END
$$;
COMMENT ON FUNCTION social.require_recipient(bigint) IS 'Whose notifications are asked for: the viewer''s (null is the viewer), or as staff anybody''s. SM401 when nobody acts, SM404 for somebody else''s as for an unknown person''s (I-13).';

CREATE OR REPLACE FUNCTION social.user_notifications(user_id bigint DEFAULT NULL, unread_only boolean DEFAULT false, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (id bigint, type text, actor_id bigint, post_id bigint, comment_id bigint, quote_id bigint, message text, is_read boolean,
		read_at timestamptz, created_at timestamptz, recipient_id bigint, stream_id bigint, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	recipient bigint := social.require_recipient($1);
	page_size integer := social.page_size(first);
	batch bigint[];
BEGIN
	IF recipient = social.viewer_id() THEN
		RETURN QUERY
		SELECT n.id, n.type, n.actor_id, n.post_id, n.comment_id, n.quote_id, n.message, n.is_read, n.read_at, n.created_at, recipient, n.stream_id, n.cursor, n.has_more
		FROM social.notifications($3, $4, $2, $5) n;
		RETURN;
	END IF;
	batch := social.notification_batch(recipient, social.page_key('notifications', social.page_cursor(after, before)), before IS NOT NULL, unread_only, '{}', page_size + 1);
	RETURN QUERY
	SELECT n.id, n.type, n.actor_id, n.post_id, n.comment_id, n.quote_id, n.message, n.is_read, n.read_at, n.created_at, recipient, n.stream_id,
		social.cursor_encode('notifications', n.id, n.id), cardinality(batch) > page_size
	FROM social.notifications n
	WHERE n.recipient_id = recipient AND n.is_read IN (false, true) AND n.id = ANY (batch[:page_size]) ORDER BY n.id DESC;
END
$$;
COMMENT ON FUNCTION social.user_notifications(bigint, boolean, integer, text, text) IS 'What the viewer was told (null is the viewer), or for staff what anybody was told, newest first, or only what is unread. SM401 when nobody acts, SM404 for somebody else''s notifications as for an unknown person''s (I-13); SM400 for a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.user_unread_notifications_count(user_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	recipient bigint := social.require_recipient($1);
BEGIN
	IF recipient = social.viewer_id() THEN
		RETURN social.unread_notifications_count();
	END IF;
	RETURN (SELECT count(*) FROM social.notifications n WHERE n.recipient_id = recipient AND NOT n.is_read AND n.withdrawn_at IS NULL);
END
$$;
COMMENT ON FUNCTION social.user_unread_notifications_count(bigint) IS 'How many unread notifications the viewer has (null is the viewer), or for staff anybody. SM401 and SM404 as user_notifications.';

-- ---- grouped -----------------------------------------------------------------------------------------

-- A group is a kind and its target: a post that is liked, commented, shared or names the viewer, a
-- comment that is liked or answered, the viewer who is followed. Messages stand alone.
CREATE OR REPLACE FUNCTION social.grouped_notifications(first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (id bigint, type text, post_id bigint, comment_id bigint, count bigint, actor_ids bigint[], message text, is_read boolean, created_at timestamptz,
		stream_id bigint, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	page_size integer := social.page_size(first);
	place bigint := social.page_key('grouped_notifications', social.page_cursor(after, before));
BEGIN
	RETURN QUERY
	SELECT g.newest, g.type, g.post_id, g.target_comment, g.n,
		(SELECT array_agg(l.actor_id ORDER BY l.newest DESC) FROM (
			SELECT u.actor_id, max(u.id) AS newest FROM unnest(g.ids, g.actors) AS u (id, actor_id)
			WHERE u.actor_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 3) l),
		g.message, g.all_read, g.latest, g.stream_id, social.cursor_encode('grouped_notifications', g.newest, g.newest), g.groups > page_size
	FROM (
		SELECT max(n.id) AS newest, count(*) OVER () AS groups, n.type, n.post_id, t.target_comment, count(*) AS n,
			array_agg(n.id) AS ids, array_agg(n.actor_id) AS actors,
			max(n.message) AS message, max(n.stream_id) AS stream_id, bool_and(n.is_read) AS all_read, max(n.created_at) AS latest
		FROM social.visible_notifications n
		CROSS JOIN LATERAL (SELECT CASE n.type
			WHEN 'comment_like' THEN n.comment_id
			WHEN 'reply' THEN (SELECT r.parent_id FROM social.comments r WHERE r.id = n.comment_id) END AS target_comment) t
		GROUP BY n.type, n.post_id, t.target_comment, CASE WHEN n.type IN ('system', 'live_stream') THEN n.id END
		HAVING CASE WHEN before IS NULL THEN max(n.id) < place ELSE max(n.id) > place END
		ORDER BY CASE WHEN before IS NULL THEN -max(n.id) ELSE max(n.id) END LIMIT page_size
	) g
	ORDER BY g.newest DESC;
END
$$;
COMMENT ON FUNCTION social.grouped_notifications(integer, text, text) IS 'What the viewer was told, grouped by kind and target, the group with the newest notification first: its id, how many there are, the last three people (actor_ids), whether all are read and when the last one came. comment_id is the comment that was liked or answered. SM401 when nobody acts; SM400 for a bad page size or cursor.';

-- ---- marking ---------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.mark_notification_read(id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_notifications n WHERE n.is_read IN (false, true) AND n.id = $1) THEN
		PERFORM social.raise_error('SM404', 'notification not found');
	END IF;
	UPDATE social.notifications n SET is_read = true, read_at = now()
	WHERE n.recipient_id = viewer AND NOT n.is_read AND n.id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.mark_notification_read(bigint) IS 'The viewer has read a notification; again is harmless. Returns its id. SM401 when nobody acts, SM404 for one that is not the viewer''s.';

CREATE OR REPLACE FUNCTION social.mark_notification_unread(id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_notifications n WHERE n.is_read IN (false, true) AND n.id = $1) THEN
		PERFORM social.raise_error('SM404', 'notification not found');
	END IF;
	UPDATE social.notifications n SET is_read = false, read_at = NULL
	WHERE n.recipient_id = viewer AND n.is_read AND n.id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.mark_notification_unread(bigint) IS 'Takes a notification''s mark back; again is harmless. Returns its id. SM401 when nobody acts, SM404 for one that is not the viewer''s.';

-- As mark_all_notifications_read, it waits for nobody.
CREATE OR REPLACE FUNCTION social.mark_notification_group_read(id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	told social.visible_notifications;
BEGIN
	SELECT n.* INTO told FROM social.visible_notifications n WHERE n.is_read IN (false, true) AND n.id = $1;
	IF told.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'notification not found');
	END IF;
	WITH held AS MATERIALIZED (
		SELECT n.id FROM social.notifications n
		WHERE n.recipient_id = viewer AND NOT n.is_read AND n.withdrawn_at IS NULL AND n.id <= $1
			AND (n.id = $1 OR (n.type = told.type AND n.type NOT IN ('system', 'live_stream') AND n.post_id IS NOT DISTINCT FROM told.post_id
				AND CASE n.type WHEN 'comment_like' THEN n.comment_id = told.comment_id
					WHEN 'reply' THEN (SELECT r.parent_id FROM social.comments r WHERE r.id = n.comment_id) = (SELECT r.parent_id FROM social.comments r WHERE r.id = told.comment_id)
					ELSE true END))
		FOR NO KEY UPDATE SKIP LOCKED
	)
	UPDATE social.notifications n SET is_read = true, read_at = now()
	FROM held h WHERE n.recipient_id = viewer AND NOT n.is_read AND n.id = h.id;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.mark_notification_group_read(bigint) IS 'The viewer has read a group of grouped_notifications, by its id: this notification, and those before it of the same kind about the same thing; again is harmless. Returns the id. SM401 when nobody acts, SM404 for one that is not the viewer''s.';

-- Skips rows that somebody takes back at this moment: nobody waits, so no two can wait for each other.
CREATE OR REPLACE FUNCTION social.mark_notifications(ids bigint[], is_read boolean) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	marked bigint;
BEGIN
	IF cardinality(ids) > 100 THEN
		PERFORM social.raise_error('SM400', 'too many ids', 'The limit is 100.');
	ELSIF $2 IS NULL THEN
		PERFORM social.raise_error('SM400', 'is_read is required');
	END IF;
	WITH held AS MATERIALIZED (
		SELECT n.id FROM social.notifications n
		WHERE n.recipient_id = viewer AND n.is_read = NOT $2 AND n.withdrawn_at IS NULL AND n.id = ANY (ids)
		FOR NO KEY UPDATE SKIP LOCKED
	)
	UPDATE social.notifications n SET is_read = $2, read_at = CASE WHEN $2 THEN now() END
	FROM held h WHERE n.recipient_id = viewer AND n.is_read = NOT $2 AND n.id = h.id;
	GET DIAGNOSTICS marked = ROW_COUNT;
	RETURN marked;
END
$$;
COMMENT ON FUNCTION social.mark_notifications(bigint[], boolean) IS 'The viewer has read these notifications, or takes that mark back; ids that are not of the viewer''s are passed over. Returns how many have changed. SM401 when nobody acts, SM400 for more than 100 ids.';

CREATE OR REPLACE FUNCTION social.mark_all_notifications_read() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	marked bigint;
BEGIN
	WITH held AS MATERIALIZED (
		SELECT n.id FROM social.notifications n WHERE n.recipient_id = viewer AND NOT n.is_read AND n.withdrawn_at IS NULL
		FOR NO KEY UPDATE SKIP LOCKED
	)
	UPDATE social.notifications n SET is_read = true, read_at = now()
	FROM held h WHERE n.recipient_id = viewer AND NOT n.is_read AND n.id = h.id;
	GET DIAGNOSTICS marked = ROW_COUNT;
	RETURN marked;
END
$$;
COMMENT ON FUNCTION social.mark_all_notifications_read() IS 'The viewer has read every notification. Returns how many were unread. SM401 when nobody acts.';

-- ---- preferences -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.notification_preferences() RETURNS TABLE (type text, is_enabled boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	RETURN QUERY
	SELECT k.type, coalesce(p.is_enabled, true)
	FROM unnest(ARRAY['like', 'comment_like', 'comment', 'reply', 'follow', 'follow_request', 'repost', 'mention', 'live_stream', 'system'])
		WITH ORDINALITY AS k (type, n)
	LEFT JOIN social.notification_preferences p ON p.user_id = viewer AND p.type = k.type
	ORDER BY k.n;
END
$$;
COMMENT ON FUNCTION social.notification_preferences() IS 'Every kind of notification, and whether the viewer wants it. SM401 when nobody acts.';

CREATE OR REPLACE FUNCTION social.set_notification_preference(type text, is_enabled boolean) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
BEGIN
	IF NOT EXISTS (SELECT FROM social.notification_preferences() p WHERE p.type = $1) THEN
		PERFORM social.raise_error('SM400', 'invalid notification type', format('There is no type "%s".', coalesce($1, 'null')),
			'social.notification_preferences() lists them.');
	ELSIF $2 IS NULL THEN
		PERFORM social.raise_error('SM400', 'is_enabled is required');
	END IF;
	INSERT INTO social.notification_preferences AS p (user_id, type, is_enabled) VALUES (viewer, $1, $2)
	ON CONFLICT ON CONSTRAINT notification_preferences_pkey DO UPDATE SET is_enabled = excluded.is_enabled
	WHERE p.is_enabled <> excluded.is_enabled;
	RETURN $2;
END
$$;
COMMENT ON FUNCTION social.set_notification_preference(text, boolean) IS 'Turns a kind of notification off or on for the viewer, from now on. Returns the choice. SM401 when nobody acts, SM400 for an unknown type.';

-- ---- from the operator -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.system_notification(user_id bigint, message text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	told bigint;
BEGIN
	PERFORM social.check_text('message', $2, false, true);
	IF $1 IS NOT NULL AND NOT EXISTS (SELECT FROM social.users u WHERE u.id = $1 AND u.is_active) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	INSERT INTO social.notifications (recipient_id, type, message)
	SELECT u.id, 'system', $2 FROM social.users u
	WHERE u.is_active AND ($1 IS NULL OR u.id = $1)
		AND NOT EXISTS (SELECT FROM social.notification_preferences p WHERE p.user_id = u.id AND p.type = 'system' AND NOT p.is_enabled)
	ORDER BY u.id;
	GET DIAGNOSTICS told = ROW_COUNT;
	RETURN told;
END
$$;
COMMENT ON FUNCTION social.system_notification(bigint, text) IS 'Tells one person, or every active one for null, something in the operator''s name, unless they have turned that kind off. For operators. Returns how many were told; SM400 for an empty message, SM404 for an unknown user.';
