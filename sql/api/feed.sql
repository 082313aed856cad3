-- feed.sql owns the home feed: what a person and those whom they follow have posted and passed on, what is
-- posted about the leagues, teams and athletes that they follow, which streams are live at its head,
-- and where everybody was last active, so that a page looks only at people who may stand on it.

CREATE OR REPLACE FUNCTION social.home_feed(viewer bigint DEFAULT NULL, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (id bigint, author_id bigint, title text, content text, hashtags text[], is_published boolean, "position" bigint,
		likes_count bigint, comments_count bigint, created_at timestamptz, updated_at timestamptz, visibility text, reply_settings text,
		is_pinned boolean, is_highlighted boolean, quoted_post_id bigint, image text, video text, edited_at timestamptz, is_edited boolean,
		publish_at timestamptz, reposts_count bigint, views_count bigint, hidden_at timestamptz, deleted_at timestamptz, language text,
		reposted_by_id bigint, reposted_at timestamptz, cursor text, has_more boolean)
	LANGUAGE c STABLE PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'social_home_feed';
COMMENT ON FUNCTION social.home_feed(bigint, integer, text, text) IS 'The home feed, newest first: listed posts by the viewer and the people whom the viewer follows, listed posts that they reposted (reposted_by_id, reposted_at), and listed posts about leagues, teams and athletes that the viewer follows, each post once, at its newest place. Columns as visible_posts. after continues as the feed was when the first page was read, before returns what is above now. viewer is who acts, or, for staff and for roles that may act_as, somebody else, as whom it is read. SM401 when nobody acts; SM404 for an unknown viewer, or one who may not be read as; SM400 for a bad page size or cursor, or both cursors.';

CREATE OR REPLACE FUNCTION social.feed_documents(first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (document json, cursor text, has_more boolean)
	LANGUAGE c STABLE PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'social_feed_documents';
COMMENT ON FUNCTION social.feed_documents(integer, text, text) IS 'The viewer''s home_feed(), as REST shows it: each post with reposted_by and reposted_at; cursors of the one are good for the other. SM401 when nobody acts; SM400 for a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.feed_live_streams() RETURNS SETOF bigint
	LANGUAGE c STABLE PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'social_feed_live_streams';
COMMENT ON FUNCTION social.feed_live_streams() IS 'Which of the newest thousand streams on the air are by the viewer or people whom the viewer follows, or about leagues, teams and athletes that the viewer follows; newest first, without those of people who are muted or blocked. Whether the viewer may see them is the caller''s to ask. SM401 when nobody acts.';

CREATE OR REPLACE FUNCTION social.feed_live_json() RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream_id bigint;
	live json[] := '{}';
BEGIN
	FOR stream_id IN SELECT l FROM social.feed_live_streams() l
	LOOP
		live := live || ARRAY(SELECT social.stream_json(s) FROM social.visible_streams s WHERE s.id = stream_id);
		EXIT WHEN cardinality(live) = 10;
	END LOOP;
	RETURN array_to_json(live);
END
$$;
COMMENT ON FUNCTION social.feed_live_json() IS 'What stands live at the head of the viewer''s home feed, as REST shows it: at most ten streams on the air by whom or about what the viewer follows, newest first; followed_streams() has all of them. SM401 when nobody acts.';

-- ---- last positions ------------------------------------------------------------------------------
-- Kept by the triggers that count (extension/counter/counter.c calls extension/counter/last_position.c).

CREATE OR REPLACE FUNCTION social.last_positions_changed() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_last_positions_changed';
COMMENT ON FUNCTION social.last_positions_changed() IS 'Statement trigger: shared memory is loaded anew after SQL wrote last positions, a restore for instance.';
CREATE OR REPLACE TRIGGER social_last_positions_changed AFTER INSERT OR UPDATE OR TRUNCATE ON social.last_positions
	FOR EACH STATEMENT EXECUTE FUNCTION social.last_positions_changed();

CREATE OR REPLACE FUNCTION social.fill_last_positions(batch integer) RETURNS bigint
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'social_fill_last_positions';
COMMENT ON FUNCTION social.fill_last_positions(integer) IS 'Makes missing rows of last_positions for the next so many people, after an upgrade or the restore of an older dump; goes over everybody, batch by batch, at most once an hour in a session. Returns how many people it passed. The background worker does this by itself.';

CREATE OR REPLACE FUNCTION social.last_position_drift() RETURNS TABLE (counter text, object_id bigint, stored bigint, actual bigint)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	WITH stored AS (
		SELECT l.user_id, max(l.post_position) AS post_position, max(l.repost_position) AS repost_position
		FROM social.last_positions l GROUP BY l.user_id
	)
	SELECT 'last_positions.post_position', s.user_id, s.post_position, p.position
	FROM stored s JOIN (SELECT p.author_id, max(p.position) AS position FROM social.posts p GROUP BY p.author_id) p ON p.author_id = s.user_id
	WHERE coalesce(s.post_position < p.position, p.position IS NOT NULL)
	UNION ALL
	SELECT 'last_positions.repost_position', s.user_id, s.repost_position, r.position
	FROM stored s JOIN (SELECT r.user_id, max(r.position) AS position FROM social.reposts r GROUP BY r.user_id) r ON r.user_id = s.user_id
	WHERE coalesce(s.repost_position < r.position, true);
END
$$;
COMMENT ON FUNCTION social.last_position_drift() IS 'Last positions that are too low, as after a load without triggers: posts of these people may be missing in home feeds until rebuild_last_positions().';

CREATE OR REPLACE FUNCTION social.rebuild_last_positions() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	people bigint;
BEGIN
	-- Posts before the table that their writers take last.
	LOCK TABLE social.posts, social.reposts IN SHARE ROW EXCLUSIVE MODE;
	LOCK TABLE social.last_positions IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM social.last_positions;
	INSERT INTO social.last_positions (user_id, post_position, repost_position)
	SELECT u.id, p.position, r.position FROM social.users u
	LEFT JOIN (SELECT p.author_id, max(p.position) AS position FROM social.posts p GROUP BY p.author_id) p ON p.author_id = u.id
	LEFT JOIN (SELECT r.user_id, max(r.position) AS position FROM social.reposts r GROUP BY r.user_id) r ON r.user_id = u.id
	ORDER BY u.id;
	GET DIAGNOSTICS people = ROW_COUNT;
	RETURN people;
END
$$;
COMMENT ON FUNCTION social.rebuild_last_positions() IS 'Sets all last positions anew, after a load without triggers; keeps writers of posts and reposts waiting meanwhile. Returns the number of people. reconcile(true) does it too.';
