-- comment.sql owns comments and replies: their JSON, and writing them.

CREATE OR REPLACE FUNCTION social.comment_check() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_comment_check';
COMMENT ON FUNCTION social.comment_check() IS 'Row trigger: checks a comment''s content (SM400); an edit leaves its mark, and a deleted comment does not count.';
-- Triggers go by their names: after content_check, which may hide the comment.
CREATE OR REPLACE TRIGGER social_row_check BEFORE INSERT OR UPDATE ON social.comments
	FOR EACH ROW EXECUTE FUNCTION social.comment_check();

CREATE OR REPLACE TRIGGER comments_parent_fkey AFTER INSERT OR UPDATE OF post_id, parent_id ON social.comments
	FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION social.reference_check();
CREATE OR REPLACE TRIGGER comments_parent_fkey_end AFTER DELETE OR UPDATE OF post_id, id ON social.comments
	FOR EACH ROW EXECUTE FUNCTION social.reference_end();

CREATE OR REPLACE FUNCTION social.comment_json(visible_comments social.visible_comments) RETURNS json
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT social.comment_document(($1).id);
END;
COMMENT ON FUNCTION social.comment_json(social.visible_comments) IS 'A comment as REST shows it.';

-- ---- what the functions below check --------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.require_comment(comment_id bigint) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	author bigint;
BEGIN
	SELECT m.author_id INTO author FROM social.visible_comments m
	WHERE m.id = $1 AND NOT m.is_deleted AND (social.viewer_is_staff() OR m.author_id <> ALL (social.blocked_ids()));
	IF FOUND THEN
		PERFORM FROM social.comments m WHERE m.id = $1 AND m.deleted_at IS NULL FOR KEY SHARE;
	END IF;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	RETURN author;
END
$$;
COMMENT ON FUNCTION social.require_comment(bigint) IS 'The author of a comment that the viewer may do something about, and that stays until the end of the transaction; SM404 for an unknown or deleted comment, and across a block (under an own post it is seen, to be removed).';

CREATE OR REPLACE FUNCTION social.comment_of_post(post_id bigint, comment_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.comments m WHERE m.id = $2 AND m.post_id = $1) THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	RETURN $2;
END
$$;
COMMENT ON FUNCTION social.comment_of_post(bigint, bigint) IS 'The second id, of a comment that stands under the post of the first; SM404 for any other. Whether the viewer may see it is for whoever takes the id.';

CREATE OR REPLACE FUNCTION social.seen_comment(post_id bigint, comment_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_comments m WHERE m.id = $2 AND m.post_id = $1) THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	RETURN $2;
END
$$;
COMMENT ON FUNCTION social.seen_comment(bigint, bigint) IS 'The second id, of a comment that the viewer may see under the post of the first; SM404 for any other.';

CREATE OR REPLACE FUNCTION social.require_own_comment(comment_id bigint) RETURNS social.comments
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	author bigint;
	own social.comments;
BEGIN
	SELECT m.author_id INTO author FROM social.visible_comments m WHERE m.id = $1 AND NOT m.is_deleted;
	IF author <> viewer THEN
		PERFORM social.raise_error('SM403', 'this is not your comment', '', 'Only its author may do this.');
	END IF;
	-- Nobody replies to it or likes it meanwhile.
	SELECT m.* INTO own FROM social.comments m WHERE m.id = $1 AND m.author_id = author AND m.deleted_at IS NULL FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	RETURN own;
END
$$;
COMMENT ON FUNCTION social.require_own_comment(bigint) IS 'Locks a comment of the viewer''s own for a change and returns it. SM401 when nobody acts, SM404 for an unknown or deleted comment, SM403 for somebody else''s.';

-- What is one's own, or stands under one's own post, need not be seen to be removed.
CREATE OR REPLACE FUNCTION social.require_removable_comment(comment_id bigint) RETURNS social.comments
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	found social.comments;
BEGIN
	-- Nobody replies to it or likes it meanwhile.
	SELECT m.* INTO found FROM social.comments m
	WHERE m.id = $1 AND m.deleted_at IS NULL
		AND (m.author_id = viewer OR EXISTS (SELECT FROM social.posts p WHERE p.id = m.post_id AND p.author_id = viewer)) FOR UPDATE;
	IF found.id IS NULL AND EXISTS (SELECT FROM social.visible_comments m WHERE m.id = $1 AND NOT m.is_deleted) THEN
		PERFORM social.raise_error('SM403', 'this is not your comment', '', 'Only its author, and the author of the post, may do this.');
	ELSIF found.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION social.require_removable_comment(bigint) IS 'Locks a comment that the viewer wrote, or that stands under a post of theirs, and returns it. SM401 when nobody acts, SM404 for an unknown or deleted comment, SM403 for another one that can be seen.';

CREATE OR REPLACE FUNCTION social.require_reply_allowed(post_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	author bigint := social.require_post($1);
	wanted text := (SELECT p.reply_settings FROM social.posts p WHERE p.id = $1);
BEGIN
	IF wanted = 'everyone' OR author = viewer
		OR (wanted = 'followers' AND EXISTS (SELECT FROM social.follows f WHERE f.follower_id = viewer AND f.followed_id = author))
		OR (wanted <> 'none' AND EXISTS (SELECT FROM social.mentions m WHERE m.post_id = $1 AND m.mentioned_user_id = viewer)) THEN
		RETURN;
	END IF;
	PERFORM social.raise_error('SM403', 'you cannot reply to this post', '', CASE wanted
		WHEN 'followers' THEN 'Only the author''s followers and people whom the post mentions may reply.'
		WHEN 'mentioned' THEN 'Only people whom the post mentions may reply.'
		ELSE 'Its author has closed it for replies.' END);
END
$$;
COMMENT ON FUNCTION social.require_reply_allowed(bigint) IS 'Refuses a comment that the post''s reply settings do not allow the viewer (SM403). Its author always may; people whom it mentions may unless it is closed. SM401, SM404.';

CREATE OR REPLACE FUNCTION social.comment_path(comment_id bigint) RETURNS bigint[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	path bigint[] := '{}';
	node bigint := $1;
BEGIN
	WHILE node IS NOT NULL LOOP
		path := node || path;
		SELECT m.parent_id INTO node FROM social.comments m WHERE m.id = node;
	END LOOP;
	RETURN path;
END
$$;
COMMENT ON FUNCTION social.comment_path(bigint) IS 'The ids from the top of a thread down to this comment.';

-- ---- writing -------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.create_comment(post_id bigint, content text, parent_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	deepest integer := social.setting('comment_depth_max');
	parent record;
	comment_id bigint;
BEGIN
	PERFORM social.require_reply_allowed($1);
	IF $3 IS NOT NULL THEN
		SELECT m.is_deleted INTO parent FROM social.visible_comments m
		WHERE m.id = $3 AND m.post_id = $1 AND (social.viewer_is_staff() OR coalesce(m.author_id <> ALL (social.blocked_ids()), true));
		IF FOUND THEN
			-- It may be deleted meanwhile.
			SELECT m.deleted_at IS NOT NULL AS is_deleted INTO parent FROM social.comments m WHERE m.id = $3 FOR KEY SHARE;
		END IF;
		IF NOT FOUND THEN
			PERFORM social.raise_error('SM404', 'comment not found');
		ELSIF parent.is_deleted THEN
			PERFORM social.raise_error('SM403', 'you cannot reply to a deleted comment', '', 'Reply to another comment, or to the post.');
		ELSIF cardinality(social.comment_path($3)) >= deepest THEN
			PERFORM social.raise_error('SM400', 'the thread is too deep', format('Replies may nest %s deep.', deepest), 'Reply to a comment further up.');
		END IF;
	END IF;
	INSERT INTO social.comments (post_id, author_id, parent_id, content)
	VALUES ($1, viewer, $3, $2)
	RETURNING id INTO comment_id;
	RETURN comment_id;
END
$$;
COMMENT ON FUNCTION social.create_comment(bigint, text, bigint) IS 'The viewer comments on a post, or replies to a comment under the same post. Returns the comment''s id. SM401 when nobody acts; SM404 for an unknown post or parent; SM403 when the post''s reply settings or a deleted parent do not allow it; SM400 for missing or over-long content, or replies nested deeper than social.comment_depth_max.';

CREATE OR REPLACE FUNCTION social.update_comment(comment_id bigint, content text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_comment($1);
	UPDATE social.comments m SET content = $2 WHERE m.id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.update_comment(bigint, text) IS 'The viewer rewrites an own comment, which is marked as edited when the text differs. Returns the id. SM401, SM404, SM403 for somebody else''s comment, SM400 for missing or over-long content.';

CREATE OR REPLACE FUNCTION social.comment_holds(comment_id bigint) RETURNS boolean
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM social.comments r WHERE r.parent_id = $1)
		OR EXISTS (SELECT FROM social.reports r WHERE r.comment_id = $1 AND r.status = 'open');
END
$$;
COMMENT ON FUNCTION social.comment_holds(bigint) IS 'Does something hang on this comment, so that its row stays when it is deleted: a reply, or an open report?';

-- Evidence stays: what somebody has reported is emptied for everybody but the moderators.
CREATE OR REPLACE FUNCTION social.delete_comment(comment_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone social.comments := social.require_removable_comment($1);
BEGIN
	IF gone.author_id <> social.viewer_id() THEN
		PERFORM social.audit('remove_comment', 'comment', $1, jsonb_build_object('owner_id', gone.author_id, 'post_id', gone.post_id));
	END IF;
	IF social.comment_holds($1) THEN
		UPDATE social.comments m SET deleted_at = now() WHERE m.id = $1;
		RETURN $1;
	END IF;
	DELETE FROM social.comments m WHERE m.id = $1;
	-- Tombstones above that held nothing else go too.
	WHILE gone.parent_id IS NOT NULL LOOP
		SELECT m.* INTO gone FROM social.comments m WHERE m.id = gone.parent_id AND m.deleted_at IS NOT NULL FOR UPDATE;
		EXIT WHEN NOT FOUND OR social.comment_holds(gone.id);
		DELETE FROM social.comments m WHERE m.id = gone.id;
	END LOOP;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.delete_comment(bigint) IS 'The viewer deletes an own comment, or somebody''s under an own post (which the audit log notes), whether it can still be seen or not. One with replies stays as a tombstone without author and text, which counts among its parent''s replies but not among the post''s comments; it goes with its last reply. One with an open report stays for the moderators. Returns the id. SM401, SM404, SM403 for somebody else''s comment under somebody else''s post.';

-- ---- lists ---------------------------------------------------------------------------------------

SELECT social.make_list('post_comments', 'commented_post_id bigint',
	'social.visible_comments',
	'm.*',
	'social.listed_comments m WHERE m.post_id = $1 AND m.parent_id IS NULL', '{m.id}',
	'The comments on a post that are no replies, oldest first. SM404 for an unknown post; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1 AND p.deleted_at IS NULL) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	$$,
	newest_first => false);

SELECT social.make_list('comment_replies', 'comment_id bigint',
	'social.visible_comments',
	'm.*',
	'social.listed_comments m WHERE m.parent_id = $1', '{m.id}',
	'The direct replies to a comment, oldest first. SM404 for an unknown comment; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.visible_comments m WHERE m.id = $1) THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	$$,
	newest_first => false);

-- Walks the tree from where the last page ended: each step is one probe of an index, so that a page
-- costs its own size and depth, whatever stands before and after it. What is not the viewer's to see
-- and has no replies costs an index entry and a row.
CREATE OR REPLACE FUNCTION social.thread_walk(post_id bigint, wanted integer, after text)
	RETURNS TABLE (id bigint, author_id bigint, parent_id bigint, content text, is_edited boolean, is_deleted boolean,
		likes_count numeric, replies_count numeric, created_at timestamptz, depth integer, path bigint[], cursor text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	left_over integer := wanted;
	viewer bigint := social.viewer_id();
	is_staff boolean := social.viewer_is_staff();
	muted bigint[] := social.muted_ids();
	blocked bigint[] := social.blocked_ids();
	oldest bigint := social.page_start('comment_thread', NULL);
	node record; -- where the walk stands; path leads to it
	place record; -- what the cursor names: a comment, and the one above it, for when the comment is deleted meanwhile
	last bigint := oldest; -- of what is below, what was passed
	seen social.visible_comments;
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1 AND p.deleted_at IS NULL) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	path := '{}';
	IF after IS NOT NULL THEN
		SELECT c.key, c.id INTO place FROM social.cursor_decode('comment_thread', after) c;
		SELECT m.post_id INTO node FROM social.comments m WHERE m.id = place.id;
		IF FOUND AND node.post_id = $1 THEN
			path := social.comment_path(place.id);
		ELSIF NOT FOUND AND (place.key = 0 OR EXISTS (SELECT FROM social.comments m WHERE m.id = place.key AND m.post_id = $1)) THEN
			path := social.comment_path(nullif(place.key, 0));
			last := place.id;
		ELSE
			PERFORM social.raise_error('SM400', 'invalid cursor', 'The comment that the last page ended with is gone, and what it replied to.');
		END IF;
	END IF;
	WHILE left_over > 0 LOOP
		-- Down, else to the next one on the same level, else up and on.
		LOOP
			IF cardinality(path) = 0 THEN
				SELECT m.id, m.may_be_listed INTO node FROM social.thread_comments(viewer, is_staff, muted, blocked) m
				WHERE m.post_id = $1 AND m.parent_id IS NULL AND m.id > last AND (m.may_be_listed OR m.has_replies) ORDER BY m.id LIMIT 1;
			ELSE
				SELECT m.id, m.may_be_listed INTO node FROM social.thread_comments(viewer, is_staff, muted, blocked) m
				WHERE m.parent_id = path[cardinality(path)] AND m.id > last AND (m.may_be_listed OR m.has_replies) ORDER BY m.id LIMIT 1;
			END IF;
			EXIT WHEN node.id IS NOT NULL OR cardinality(path) = 0;
			last := path[cardinality(path)];
			path := trim_array(path, 1);
		END LOOP;
		EXIT WHEN node.id IS NULL;
		path := path || node.id;
		last := oldest;
		CONTINUE WHEN NOT node.may_be_listed;
		SELECT m.* INTO seen FROM social.listed_comments m WHERE m.id = node.id;
		CONTINUE WHEN NOT FOUND;
		id := seen.id;
		author_id := seen.author_id;
		parent_id := seen.parent_id;
		content := seen.content;
		is_edited := seen.is_edited;
		is_deleted := seen.is_deleted;
		likes_count := seen.likes_count;
		replies_count := seen.replies_count;
		created_at := seen.created_at;
		depth := cardinality(path);
		cursor := social.cursor_encode('comment_thread', coalesce(parent_id, 0), node.id);
		left_over := left_over - 1;
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.thread_walk(bigint, integer, text) IS 'So many rows of comment_thread, behind the one that a cursor names.';

CREATE OR REPLACE FUNCTION social.comment_thread(post_id bigint, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, author_id bigint, parent_id bigint, content text, is_edited boolean, is_deleted boolean,
		likes_count numeric, replies_count numeric, created_at timestamptz, depth integer, path bigint[], cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	page_size integer := social.page_size(first);
BEGIN
	RETURN QUERY
	SELECT w.*, count(*) OVER () > page_size FROM social.thread_walk($1, page_size + 1, after) w ORDER BY w.path LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.comment_thread(bigint, integer, text) IS 'All comments on a post, depth first: each followed by its replies, oldest first; path leads from the top to the comment, depth is its length. Pages go one way. SM404 for an unknown post; SM400 for a bad page size or cursor.';
