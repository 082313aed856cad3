-- share.sql owns what people do with others' posts besides liking them: passing them on, bookmarks,
-- views.

-- ---- reposts and quotes --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.require_shareable_post(post_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	author bigint := social.require_post($1);
	shared social.posts;
BEGIN
	SELECT p.* INTO shared FROM social.posts p WHERE p.id = $1;
	IF shared.position IS NULL THEN
		PERFORM social.raise_error('SM403', 'the post cannot be shared', 'It is not published.');
	ELSIF shared.visibility <> 'public' AND author <> social.viewer_id() THEN
		PERFORM social.raise_error('SM403', 'the post cannot be shared', 'It is not public.', 'Only its author may share it.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.require_shareable_post(bigint) IS 'Refuses to pass on what is not for everybody: SM404 for an unknown post, SM403 for a draft and for somebody else''s post that is not public.';

CREATE OR REPLACE FUNCTION social.repost_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
BEGIN
	PERFORM social.require_shareable_post($1);
	INSERT INTO social.reposts (post_id, user_id, position, created_at)
	SELECT $1, viewer, coalesce(p.position, nextval('social.post_position_seq')), coalesce(p.created_at, now())
	FROM (VALUES (true)) AS one LEFT JOIN social.repost_places p ON p.post_id = $1 AND p.user_id = viewer
	ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.repost_post(bigint) IS 'The viewer passes a post on; again is harmless. Who has taken it back lately gets the old place. Returns the post''s id. SM401, SM404; SM403 for a draft, and for somebody else''s post that is not public.';

CREATE OR REPLACE FUNCTION social.unrepost_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	-- As unlike_post: one's own can always be taken back.
	PERFORM FROM social.reposts r JOIN social.posts p ON p.id = r.post_id
	WHERE r.post_id = $1 AND r.user_id = viewer FOR KEY SHARE OF p;
	IF FOUND THEN
		WITH gone AS (DELETE FROM social.reposts r WHERE r.post_id = $1 AND r.user_id = viewer RETURNING r.post_id, r.user_id, r.position, r.created_at)
		INSERT INTO social.repost_places AS p (post_id, user_id, position, created_at) SELECT g.post_id, g.user_id, g.position, g.created_at FROM gone g
		ON CONFLICT ON CONSTRAINT repost_places_pkey DO UPDATE SET position = EXCLUDED.position, created_at = EXCLUDED.created_at, withdrawn_at = EXCLUDED.withdrawn_at;
	ELSE
		PERFORM social.require_post($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unrepost_post(bigint) IS 'The viewer takes a repost back, also of a post that can no longer be seen; again is harmless. Returns the post''s id. SM401, SM404 for an unknown post that the viewer has not passed on.';

CREATE OR REPLACE FUNCTION social.share_post(post_id bigint, message text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	quote_id bigint;
BEGIN
	IF $2 IS NULL THEN
		RETURN social.repost_post($1);
	END IF;
	PERFORM social.require_shareable_post($1);
	INSERT INTO social.posts (author_id, title, content, quoted_post_id) VALUES (viewer, '', $2, $1)
	RETURNING id INTO quote_id;
	RETURN quote_id;
END
$$;
COMMENT ON FUNCTION social.share_post(bigint, text) IS 'The viewer shares a post: with a message as a post of its own that quotes the other (returns the quote''s id), without one as a repost (returns the post''s id). SM401, SM404, SM403 as repost_post, SM400 for an empty or over-long message.';

CREATE OR REPLACE FUNCTION social.post_shares(post_id bigint, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (user_id bigint, username text, message text, quote_id bigint, created_at timestamptz, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	page_size integer := social.page_size(first);
	place bigint := social.page_key('post_shares', social.page_cursor(after, before));
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1 AND p.deleted_at IS NULL) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	IF before IS NULL THEN
		RETURN QUERY
		SELECT s.user_id, u.username, s.message, s.quote_id, s.created_at, social.cursor_encode('post_shares', s.position, s.user_id), s.n > page_size
		FROM (
			SELECT w.*, count(*) OVER () AS n FROM (
				(SELECT r.user_id, ''::text AS message, NULL::bigint AS quote_id, r.created_at, r.position
				FROM social.reposts r JOIN social.visible_users v ON v.id = r.user_id
				WHERE r.post_id = $1 AND r.position < place ORDER BY r.position DESC LIMIT page_size + 1)
				UNION ALL
				(SELECT q.author_id, q.content, q.id, q.created_at, q.position
				FROM social.listed_posts q WHERE q.quoted_post_id = $1 AND q.position < place ORDER BY q.position DESC LIMIT page_size + 1)
			) w ORDER BY w.position DESC LIMIT page_size
		) s JOIN social.users u ON u.id = s.user_id
		ORDER BY s.position DESC;
	ELSE
		RETURN QUERY
		SELECT s.user_id, u.username, s.message, s.quote_id, s.created_at, social.cursor_encode('post_shares', s.position, s.user_id), s.n > page_size
		FROM (
			SELECT w.*, count(*) OVER () AS n FROM (
				(SELECT r.user_id, ''::text AS message, NULL::bigint AS quote_id, r.created_at, r.position
				FROM social.reposts r JOIN social.visible_users v ON v.id = r.user_id
				WHERE r.post_id = $1 AND r.position > place ORDER BY r.position LIMIT page_size + 1)
				UNION ALL
				(SELECT q.author_id, q.content, q.id, q.created_at, q.position
				FROM social.listed_posts q WHERE q.quoted_post_id = $1 AND q.position > place ORDER BY q.position LIMIT page_size + 1)
			) w ORDER BY w.position LIMIT page_size
		) s JOIN social.users u ON u.id = s.user_id
		ORDER BY s.position DESC;
	END IF;
END
$$;
COMMENT ON FUNCTION social.post_shares(bigint, integer, text, text) IS 'Who passed a post on, newest first: reposts (quote_id null) and quotes with their message. SM404 for an unknown post; SM400 for a bad page size or cursor.';

SELECT social.make_list('post_quotes', 'post_id bigint',
	'social.visible_posts',
	'p.*',
	'social.listed_posts p WHERE p.quoted_post_id = $1', '{p.position}',
	'Posts that quote a post, newest first. SM404 for an unknown post; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1 AND p.deleted_at IS NULL) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	$$);

-- ---- bookmarks -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.bookmark_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
BEGIN
	PERFORM social.require_post($1);
	INSERT INTO social.bookmarks (user_id, post_id) VALUES (viewer, $1) ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.bookmark_post(bigint) IS 'The viewer puts a post aside; again is harmless, and nobody else knows. Returns the post''s id. SM401, SM404.';

CREATE OR REPLACE FUNCTION social.unbookmark_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	DELETE FROM social.bookmarks b WHERE b.user_id = viewer AND b.post_id = $1;
	IF NOT FOUND THEN
		PERFORM social.require_post($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unbookmark_post(bigint) IS 'The viewer no longer keeps a post aside, also one that can no longer be seen; again is harmless. Returns the post''s id. SM401, SM404 for an unknown post that was not kept.';

SELECT social.make_list('bookmarked_posts', '',
	'social.visible_posts',
	'p.*',
	'social.bookmarks b JOIN social.listed_posts p ON p.id = b.post_id WHERE b.user_id = viewer', '{b.created_at, b.post_id}',
	'Posts that the viewer has put aside, the latest first. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true, is_definer => true);

-- ---- views ---------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.view_post(post_id bigint, viewer_key text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := CASE WHEN social.viewer_id() IS NOT NULL THEN social.require_writer() END;
	visitor text := coalesce(nullif($2, ''), social.client_address());
	seconds numeric := extract(epoch FROM social.setting('view_window')::interval);
	opened timestamptz := to_timestamp(floor(extract(epoch FROM now()) / seconds) * seconds);
BEGIN
	PERFORM social.require_post($1);
	IF viewer IS NULL AND visitor IS NULL THEN
		PERFORM social.raise_error('SM400', 'viewer key is required', '', 'Log in, or pass what tells this visitor from others.');
	END IF;
	-- With post and window in the hash, it cannot be followed from one to the next.
	INSERT INTO social.post_views (post_id, viewer_key, window_start, user_id)
	VALUES ($1, coalesce('user ' || viewer::text, encode(sha256(convert_to($1 || ' ' || extract(epoch FROM opened) || ' ' || visitor, 'UTF8')), 'hex')), opened, viewer)
	ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.view_post(bigint, text) IS 'Counts a view of a post, once for each viewer and social.view_window; viewer_key, or else the address of the client, tells anonymous visitors apart and is kept only as a hash. A request of its own, apart from reading. Returns the post''s id. SM404; SM400 without viewer, key and address.';

SELECT social.make_list('post_views', 'viewed_post_id bigint',
	'user_id bigint, username text, created_at timestamptz',
	'v.user_id, u.username, v.created_at',
	'social.post_views v JOIN social.visible_users u ON u.id = v.user_id WHERE v.post_id = $1', '{v.created_at, v.user_id}',
	'Who has seen a post while logged in, the latest first, for its author and staff; each once in a social.view_window. SM401, SM404, SM403 for somebody else''s post; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	ELSIF NOT EXISTS (SELECT FROM social.posts p WHERE p.id = $1 AND p.author_id = viewer) AND NOT social.viewer_is_staff() THEN
		PERFORM social.raise_error('SM403', 'this is not your post', '', 'Only its author and staff see who has seen it.');
	END IF;
	$$,
	is_own => true, is_definer => true);
