-- visibility.sql owns who may see what: one predicate, in the views that every read goes through.
--
-- visible_*: what the viewer may see at all; what may not be seen does not exist.
-- listed_*: what belongs into the viewer's lists, searches and counts: published, and not by people
-- whose posts the viewer has muted.
--
-- A row is asked about in one call (extension/viewer/sight.c), and what concerns the viewer alone is
-- read once a statement. Counts come by left joins on unique keys: a query that does not use them
-- does not pay, and what waits to be added is looked for only where something does.

CREATE OR REPLACE FUNCTION social.viewer_is_staff() RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_viewer_is_staff';
COMMENT ON FUNCTION social.viewer_is_staff() IS 'Is the acting user staff or a superuser? False when nobody acts.';

CREATE OR REPLACE FUNCTION social.blocked_ids() RETURNS bigint[]
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_blocked_ids';
COMMENT ON FUNCTION social.blocked_ids() IS 'The people whom the viewer blocks, and those who block the viewer; empty when nobody acts.';

CREATE OR REPLACE FUNCTION social.muted_ids() RETURNS bigint[]
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_muted_ids';
COMMENT ON FUNCTION social.muted_ids() IS 'The people whose posts the viewer has muted, for good or for a time that is not over; empty when nobody acts.';

CREATE OR REPLACE FUNCTION social.viewer_in_audience(post_id bigint, author_id bigint, visibility text) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE STRICT COST 20 AS 'MODULE_PATHNAME', 'social_viewer_in_audience';
COMMENT ON FUNCTION social.viewer_in_audience(bigint, bigint, text) IS 'Is a published post of this visibility for the viewer too: everybody''s, a follower''s, or that of somebody it names?';

CREATE OR REPLACE FUNCTION social.viewer_sees_person(user_id bigint, suspended_at timestamptz, suspended_until timestamptz) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'social_viewer_sees_person';
COMMENT ON FUNCTION social.viewer_sees_person(bigint, timestamptz, timestamptz) IS 'Does the viewer see this active account: not suspended at this moment, and no block between them? Staff see all.';

CREATE OR REPLACE FUNCTION social.viewer_sees_post(post_id bigint, author_id bigint, visibility text, "position" bigint, deleted_at timestamptz, hidden_at timestamptz) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'social_viewer_sees_post';
COMMENT ON FUNCTION social.viewer_sees_post(bigint, bigint, text, bigint, timestamptz, timestamptz) IS 'Does the viewer see a post that looks like this, by somebody whom they see: their own one that is not deleted, or a published one that is for them too and not hidden? Staff see all.';

CREATE OR REPLACE FUNCTION social.viewer_sees_comment(post_id bigint, author_id bigint, suspended_at timestamptz, suspended_until timestamptz, hidden_at timestamptz) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'social_viewer_sees_comment';
COMMENT ON FUNCTION social.viewer_sees_comment(bigint, bigint, timestamptz, timestamptz, timestamptz) IS 'Does the viewer see a comment of an active account that looks like this: under a post that they see, by somebody whom they see (under their own post across blocks too), not hidden or their own? Staff see all under posts that are there.';

CREATE OR REPLACE FUNCTION social.viewer_sees_stream(stream_id bigint, host_id bigint, is_private boolean, is_open boolean, hidden_at timestamptz) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'social_viewer_sees_stream';
COMMENT ON FUNCTION social.viewer_sees_stream(bigint, bigint, boolean, boolean, timestamptz) IS 'Does the viewer see a stream that looks like this, by somebody whom they see: their own; a private one that they are invited to; else one that is open, or any when they are logged in, unless it is hidden? Staff see all.';

CREATE OR REPLACE FUNCTION social.waiting_count(counter_table text, object_id bigint, counter_column text) RETURNS bigint
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'social_waiting_count';
COMMENT ON FUNCTION social.waiting_count(text, bigint, text) IS 'What deltas that are not folded yet add to a count of something that the viewer sees (user_counters, …), 0 of something else. SM400 for a count that there is not.';

CREATE OR REPLACE FUNCTION social.viewer_lists_person(user_id bigint) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'social_viewer_lists_person';
COMMENT ON FUNCTION social.viewer_lists_person(bigint) IS 'Are this person''s posts for the viewer''s lists, not muted? True for null.';

-- ---- people --------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_users AS
SELECT u.id, u.username, u.first_name, u.last_name,
	coalesce(p.bio, '') AS bio, p.avatar, p.banner_image,
	coalesce(p.location, '') AS location, coalesce(p.website, '') AS website,
	coalesce(c.followers_count, 0) + social.waiting_count('user_counters', u.id, 'followers_count') AS followers_count,
	coalesce(c.following_count, 0) + social.waiting_count('user_counters', u.id, 'following_count') AS following_count,
	coalesce(c.posts_count, 0) + social.waiting_count('user_counters', u.id, 'posts_count') AS posts_count,
	u.created_at, u.is_locked
FROM social.users u
LEFT JOIN social.profiles p ON p.user_id = u.id
LEFT JOIN social.user_counters c ON c.user_id = u.id
WHERE u.is_active AND social.viewer_sees_person(u.id, u.suspended_at, u.suspended_until);
COMMENT ON VIEW social.visible_users IS 'People with profile and counts: active, not suspended, and with no block between them and the viewer. Staff see suspended people and across blocks.';

CREATE OR REPLACE VIEW social.visible_follows AS
SELECT f.follower_id, f.followed_id, f.created_at
FROM social.follows f
JOIN social.visible_users a ON a.id = f.follower_id
JOIN social.visible_users b ON b.id = f.followed_id;
COMMENT ON VIEW social.visible_follows IS 'Who follows whom, among people that the viewer may see.';

-- ---- posts ---------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_posts AS
SELECT p.id, p.author_id, p.title, p.content, p.hashtags, p.is_published, p.position,
	coalesce(c.likes_count, 0) + social.waiting_count('post_counters', p.id, 'likes_count') AS likes_count,
	coalesce(c.comments_count, 0) + social.waiting_count('post_counters', p.id, 'comments_count') AS comments_count,
	p.created_at, p.updated_at,
	p.visibility, p.reply_settings, p.is_pinned, p.is_highlighted, p.quoted_post_id, p.image, p.video,
	p.edited_at, p.edited_at IS NOT NULL AS is_edited, p.publish_at,
	coalesce(c.reposts_count, 0) + social.waiting_count('post_counters', p.id, 'reposts_count') AS reposts_count,
	coalesce(c.views_count, 0) + social.waiting_count('post_counters', p.id, 'views_count') AS views_count,
	p.hidden_at, p.deleted_at, p.language
FROM social.posts p
JOIN social.users a ON a.id = p.author_id
LEFT JOIN social.post_counters c ON c.post_id = p.id
WHERE a.is_active AND social.viewer_sees_person(a.id, a.suspended_at, a.suspended_until)
	AND social.viewer_sees_post(p.id, p.author_id, p.visibility, p.position, p.deleted_at, p.hidden_at);
COMMENT ON VIEW social.visible_posts IS 'Posts that the viewer may see: published ones for everybody, for the viewer''s follows, or naming the viewer, whose authors are visible; own drafts, scheduled, private and hidden ones (position is null until a post is published). Staff see all of active authors, deleted ones too.';

CREATE OR REPLACE VIEW social.listed_posts AS
SELECT p.* FROM social.visible_posts p
WHERE p.position IS NOT NULL AND p.deleted_at IS NULL
	AND social.viewer_lists_person(p.author_id);
COMMENT ON VIEW social.listed_posts IS 'Posts for the viewer''s lists: visible and published ones, without those by people whose posts the viewer has muted. The same columns as visible_posts.';

-- ---- comments ------------------------------------------------------------------------------------

-- A deleted comment stays, emptied, while something hangs on it, so that the thread keeps its shape.
CREATE OR REPLACE VIEW social.visible_comments AS
SELECT m.id, m.post_id, CASE WHEN m.deleted_at IS NULL THEN m.author_id END AS author_id, m.parent_id,
	CASE WHEN m.deleted_at IS NULL THEN m.content ELSE '' END AS content,
	m.is_edited AND m.deleted_at IS NULL AS is_edited,
	coalesce(c.likes_count, 0) + social.waiting_count('comment_counters', m.id, 'likes_count') AS likes_count,
	coalesce(c.replies_count, 0) + social.waiting_count('comment_counters', m.id, 'replies_count') AS replies_count,
	m.created_at, CASE WHEN m.deleted_at IS NULL THEN m.updated_at ELSE m.deleted_at END AS updated_at,
	m.deleted_at IS NOT NULL AS is_deleted,
	CASE WHEN m.deleted_at IS NULL THEN m.edited_at END AS edited_at,
	m.hidden_at
FROM social.comments m
JOIN social.users a ON a.id = m.author_id
LEFT JOIN social.comment_counters c ON c.comment_id = m.id
WHERE a.is_active AND social.viewer_sees_comment(m.post_id, m.author_id, a.suspended_at, a.suspended_until, m.hidden_at)
	AND (m.deleted_at IS NULL OR coalesce((SELECT true FROM social.comments r WHERE r.parent_id = m.id LIMIT 1), false));
COMMENT ON VIEW social.visible_comments IS 'Comments by visible people under posts that the viewer may see; under an own post also those across a block, which others see and its author may remove. A deleted comment that has replies stays without author and content (is_deleted). Hidden ones are seen by their author and staff.';

CREATE OR REPLACE VIEW social.listed_comments AS
SELECT m.* FROM social.visible_comments m
WHERE social.viewer_lists_person(m.author_id);
COMMENT ON VIEW social.listed_comments IS 'Comments for the viewer''s lists: visible ones, without those by people whose posts the viewer has muted. The same columns as visible_comments.';

-- Passing over tens of thousands of comments by one person must cost little: the row and its author
-- tell all that is needed, when the post has been asked about. No view, because it is for no reader;
-- who acts, and whom they muted and are blocked with, are arguments, because a walk asks very often.
CREATE OR REPLACE FUNCTION social.thread_comments(viewer bigint, is_staff boolean, muted bigint[], blocked bigint[])
	RETURNS TABLE (id bigint, post_id bigint, parent_id bigint, may_be_listed boolean, has_replies boolean)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT m.id, m.post_id, m.parent_id,
		CASE WHEN m.deleted_at IS NULL THEN coalesce(m.author_id <> ALL (muted), true)
			ELSE coalesce((SELECT true FROM social.comments r WHERE r.parent_id = m.id LIMIT 1), false) END
			AND (is_staff
				OR ((m.author_id <> ALL (blocked) OR (SELECT p.author_id FROM social.posts p WHERE p.id = m.post_id) = viewer)
					AND (m.hidden_at IS NULL OR m.author_id = viewer)))
			AND (SELECT a.is_active AND (thread_comments.is_staff OR a.suspended_at IS NULL OR coalesce(a.suspended_until <= now(), false))
				FROM social.users a WHERE a.id = m.author_id),
		coalesce((SELECT true FROM social.comments r WHERE r.parent_id = m.id LIMIT 1), false)
	FROM social.comments m;
END;
COMMENT ON FUNCTION social.thread_comments(bigint, boolean, bigint[], bigint[]) IS 'What a walk over a thread must know of comments under a post that the viewer may see: whether there is reason to ask listed_comments about one (what it has is never left out), and whether something stands below it.';

-- ---- hashtags and mentions -----------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.hashtag_is_visible(hashtag_id bigint) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT SECURITY DEFINER COST 1000 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM social.post_hashtags l JOIN social.visible_posts p ON p.id = l.post_id WHERE l.hashtag_id = $1);
END
$$;
COMMENT ON FUNCTION social.hashtag_is_visible(bigint) IS 'Does a post that the viewer may see carry this hashtag?';

CREATE OR REPLACE FUNCTION social.hashtag_seen_at(hashtag_id bigint) RETURNS timestamptz
	LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT SECURITY DEFINER COST 1000 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT min(l.created_at) FROM social.post_hashtags l JOIN social.visible_posts p ON p.id = l.post_id WHERE l.hashtag_id = $1);
END
$$;
COMMENT ON FUNCTION social.hashtag_seen_at(bigint) IS 'Since when a post that the viewer may see has carried this hashtag.';

-- A tag that stands in no post for the viewer does not exist; for most the count of public posts answers that.
CREATE OR REPLACE VIEW social.visible_hashtags AS
SELECT h.id, h.tag,
	coalesce(c.posts_count, 0) + social.waiting_count('hashtag_counters', h.id, 'posts_count') AS post_count,
	CASE WHEN h.is_public THEN h.created_at ELSE social.hashtag_seen_at(h.id) END AS created_at, h.display
FROM social.hashtags h
LEFT JOIN social.hashtag_counters c ON c.hashtag_id = h.id
WHERE c.posts_count > 0 OR social.hashtag_is_visible(h.id);
COMMENT ON VIEW social.visible_hashtags IS 'Hashtags of posts that the viewer may see, with the number of public posts that carry them; display is the first spelling in public, created_at its time; for a tag that was never public the key and the time of the oldest such post.';

CREATE OR REPLACE VIEW social.visible_mentions AS
SELECT m.id, m.post_id, m.mentioned_user_id, m.created_at
FROM social.mentions m
JOIN social.visible_users u ON u.id = m.mentioned_user_id
JOIN social.visible_posts p ON p.id = m.post_id;
COMMENT ON VIEW social.visible_mentions IS 'Mentions of visible people in posts that the viewer may see.';

-- ---- likes, shares, bookmarks ----------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_post_likes AS
SELECT l.post_id, l.user_id, l.created_at, l.reaction
FROM social.post_likes l
JOIN social.visible_users u ON u.id = l.user_id
JOIN social.visible_posts p ON p.id = l.post_id;
COMMENT ON VIEW social.visible_post_likes IS 'Likes by visible people of posts that the viewer may see.';

CREATE OR REPLACE VIEW social.visible_comment_likes AS
SELECT l.comment_id, l.user_id, l.created_at, l.reaction
FROM social.comment_likes l
JOIN social.visible_users u ON u.id = l.user_id
JOIN social.visible_comments m ON m.id = l.comment_id AND NOT m.is_deleted;
COMMENT ON VIEW social.visible_comment_likes IS 'Likes by visible people of comments that the viewer may see.';

CREATE OR REPLACE VIEW social.visible_shares AS
SELECT r.post_id, r.user_id, ''::text AS message, r.created_at, NULL::bigint AS quote_id, r.position
FROM social.reposts r
JOIN social.visible_users u ON u.id = r.user_id
JOIN social.visible_posts p ON p.id = r.post_id
UNION ALL
SELECT q.quoted_post_id, q.author_id, q.content, q.created_at, q.id, q.position
FROM social.visible_posts q
JOIN social.visible_posts p ON p.id = q.quoted_post_id
WHERE q.position IS NOT NULL AND q.deleted_at IS NULL;
COMMENT ON VIEW social.visible_shares IS 'Who passed which post on: reposts (message is empty), and quotes, which are posts themselves (quote_id). Both people and posts visible.';

CREATE OR REPLACE VIEW social.visible_bookmarks AS
SELECT b.user_id, b.post_id, b.created_at
FROM social.bookmarks b
JOIN social.visible_posts p ON p.id = b.post_id
WHERE b.user_id = (SELECT social.viewer_id());
COMMENT ON VIEW social.visible_bookmarks IS 'The viewer''s own bookmarks, of posts that can still be seen.';

-- What the viewer has done, asked about something that has been seen: one probe of an index each.
CREATE OR REPLACE VIEW social.own_post_likes AS
SELECT l.post_id, l.reaction, l.created_at FROM social.post_likes l WHERE l.user_id = social.viewer_id();
COMMENT ON VIEW social.own_post_likes IS 'The posts that the viewer likes, seen or not any more.';

CREATE OR REPLACE VIEW social.own_comment_likes AS
SELECT l.comment_id, l.reaction, l.created_at FROM social.comment_likes l WHERE l.user_id = social.viewer_id();
COMMENT ON VIEW social.own_comment_likes IS 'The comments that the viewer likes, seen or not any more.';

CREATE OR REPLACE VIEW social.own_bookmarks AS
SELECT b.post_id, b.created_at FROM social.bookmarks b WHERE b.user_id = social.viewer_id();
COMMENT ON VIEW social.own_bookmarks IS 'The posts that the viewer has put aside, seen or not any more.';

CREATE OR REPLACE VIEW social.own_reposts AS
SELECT r.post_id, r.position, r.created_at FROM social.reposts r WHERE r.user_id = social.viewer_id();
COMMENT ON VIEW social.own_reposts IS 'The posts that the viewer has passed on, seen or not any more.';

CREATE OR REPLACE VIEW social.own_follows AS
SELECT f.followed_id, f.created_at FROM social.follows f WHERE f.follower_id = social.viewer_id();
COMMENT ON VIEW social.own_follows IS 'Whom the viewer follows, seen or not any more.';

CREATE OR REPLACE VIEW social.own_followers AS
SELECT f.follower_id, f.created_at FROM social.follows f WHERE f.followed_id = social.viewer_id();
COMMENT ON VIEW social.own_followers IS 'Who follows the viewer, seen or not any more.';

CREATE OR REPLACE VIEW social.own_follow_requests AS
SELECT r.target_id, r.created_at FROM social.follow_requests r WHERE r.requester_id = social.viewer_id();
COMMENT ON VIEW social.own_follow_requests IS 'Whom the viewer asks for leave to follow, seen or not any more.';

CREATE OR REPLACE VIEW social.own_blocks AS
SELECT b.blocked_id, b.created_at FROM social.blocks b WHERE b.blocker_id = social.viewer_id();
COMMENT ON VIEW social.own_blocks IS 'Whom the viewer blocks; visible_blocks has their names.';

CREATE OR REPLACE VIEW social.own_mutes AS
SELECT m.muted_id, m.created_at FROM social.mutes m
WHERE m.muter_id = social.viewer_id() AND (m.expires_at IS NULL OR m.expires_at > now());
COMMENT ON VIEW social.own_mutes IS 'Whom the viewer mutes at this moment, seen or not any more; visible_mutes says how.';

CREATE OR REPLACE VIEW social.own_deleted_posts AS
SELECT p.id, p.title, p.content, p.deleted_at, p.deleted_at + social.setting('restore_window')::interval AS restorable_until
FROM social.posts p
WHERE p.author_id = social.viewer_id() AND p.deleted_at >= now() - social.setting('restore_window')::interval;
COMMENT ON VIEW social.own_deleted_posts IS 'The viewer''s deleted posts that restore_post brings back.';

-- ---- documents -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.person_document(user_id bigint) RETURNS json
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'social_person_document';
COMMENT ON FUNCTION social.person_document(bigint) IS 'A person as REST shows them beside what they wrote; null for somebody whom the viewer does not see.';

CREATE OR REPLACE FUNCTION social.post_document(post_id bigint) RETURNS json
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'social_post_document';
COMMENT ON FUNCTION social.post_document(bigint) IS 'A post as REST shows it; null for one that the viewer may not see.';

CREATE OR REPLACE FUNCTION social.comment_document(comment_id bigint) RETURNS json
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'social_comment_document';
COMMENT ON FUNCTION social.comment_document(bigint) IS 'A comment as REST shows it; null for one that the viewer may not see.';

CREATE OR REPLACE FUNCTION social.document(source text, key bigint, sizes integer[], members text) RETURNS json
	LANGUAGE c STABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'social_document';
COMMENT ON FUNCTION social.document(text, bigint, integer[], text) IS 'What the viewer sees of a source (user, post, comment: the one of this id, or null; posts, user_posts, comments, replies: a list, of what this id names), with these members: "id=id.text,author=user.author_id(name=username)"; sizes are those of lists, by their place. The same as the views say. SM400 for a source, member or size that there is not.';

CREATE OR REPLACE FUNCTION social.documents(source text, key bigint, sizes integer[], members text, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (document json, cursor text, has_more boolean)
	LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'social_documents';
COMMENT ON FUNCTION social.documents(text, bigint, integer[], text, integer, text, text) IS 'A list of document() in pages: cursors are those of the list function with the same rows (posts, user_posts, comments as post_comments, replies as comment_replies), and good for either; a key that leads to nothing has no rows. SM400 for a source that is no list, what document() refuses, and a bad page size or cursor.';

CREATE OR REPLACE FUNCTION social.rest_documents(source text, key bigint, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (document json, cursor text, has_more boolean)
	LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'social_rest_documents';
COMMENT ON FUNCTION social.rest_documents(text, bigint, integer, text, text) IS 'The same list as documents(), each row as REST shows it.';

CREATE OR REPLACE VIEW social.visible_post_documents AS
SELECT p.id, p.position, social.post_document(p.id) AS document, p.author_id, p.deleted_at
FROM social.visible_posts p;
COMMENT ON VIEW social.visible_post_documents IS 'Posts that the viewer may see, as REST shows them.';

CREATE OR REPLACE VIEW social.listed_post_documents AS
SELECT d.* FROM social.visible_post_documents d
WHERE d.position IS NOT NULL AND d.deleted_at IS NULL
	AND social.viewer_lists_person(d.author_id);
COMMENT ON VIEW social.listed_post_documents IS 'Posts for the viewer''s lists, as REST shows them.';

-- ---- streams -------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_streams AS
SELECT s.id, s.host_id, s.title, s.description, s.status, s.is_private, s.is_open, s.thumbnail_url, s.tags, s.viewer_count, s.peak_viewers,
	s.playback_id, s.scheduled_at, s.started_at, s.ended_at, s.created_at, s.updated_at, s.hidden_at, s.chat_enabled, s.slow_mode_seconds, s.followers_only,
	s.follow_minutes, s.pinned_message_id
FROM social.streams s
JOIN social.users h ON h.id = s.host_id
WHERE h.is_active AND social.viewer_sees_person(h.id, h.suspended_at, h.suspended_until)
	AND social.viewer_sees_stream(s.id, s.host_id, s.is_private, s.is_open, s.hidden_at);
COMMENT ON VIEW social.visible_streams IS 'Streams that the viewer may see, of hosts who are visible: open ones for everybody, public ones for who is logged in, private ones for those who are invited (I-12, seed 139). Staff see all.';

CREATE OR REPLACE VIEW social.listed_streams AS
SELECT s.* FROM social.visible_streams s
WHERE social.viewer_lists_person(s.host_id);
COMMENT ON VIEW social.listed_streams IS 'Streams for the viewer''s lists: visible ones, without those by people whose posts the viewer has muted. The same columns as visible_streams.';
