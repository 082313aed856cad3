-- 0.1--0.2.sql owns what tables need to get from 0.1 to 0.2; the Makefile appends all of sql/api.
-- Nothing here rewrites a table: new columns are null or have constant defaults.

-- people
ALTER TABLE social.users ADD COLUMN is_locked boolean NOT NULL DEFAULT false;
ALTER TABLE social.users ADD COLUMN suspended_at timestamptz;
ALTER TABLE social.users ADD COLUMN suspended_until timestamptz;
ALTER TABLE social.users ADD COLUMN deleted_at timestamptz;
CREATE INDEX users_deleted_idx ON social.users (id) WHERE deleted_at IS NOT NULL;
-- posts
ALTER TABLE social.posts ADD COLUMN visibility text COLLATE "C" NOT NULL DEFAULT 'public' CONSTRAINT posts_visibility_check CHECK (visibility IN ('public', 'followers', 'mentioned', 'private'));
ALTER TABLE social.posts ADD COLUMN reply_settings text COLLATE "C" NOT NULL DEFAULT 'everyone' CONSTRAINT posts_reply_settings_check CHECK (reply_settings IN ('everyone', 'followers', 'mentioned', 'none'));
ALTER TABLE social.posts ADD COLUMN publish_at timestamptz;
ALTER TABLE social.posts ADD COLUMN is_pinned boolean NOT NULL DEFAULT false;
ALTER TABLE social.posts ADD COLUMN is_highlighted boolean NOT NULL DEFAULT false;
ALTER TABLE social.posts ADD COLUMN quoted_post_id bigint REFERENCES social.posts ON DELETE SET NULL;
ALTER TABLE social.posts ADD COLUMN image text;
ALTER TABLE social.posts ADD COLUMN video text;
ALTER TABLE social.posts ADD COLUMN edited_at timestamptz;
ALTER TABLE social.posts ADD COLUMN deleted_at timestamptz;
ALTER TABLE social.posts ADD COLUMN hidden_at timestamptz;
ALTER TABLE social.posts ADD COLUMN kept_position bigint;
CREATE INDEX posts_quoted_idx ON social.posts (quoted_post_id, position DESC) WHERE quoted_post_id IS NOT NULL;
CREATE INDEX posts_due_idx ON social.posts (publish_at) WHERE publish_at IS NOT NULL AND NOT is_published;
CREATE INDEX posts_deleted_idx ON social.posts (deleted_at) WHERE deleted_at IS NOT NULL;
COMMENT ON TABLE social.posts IS 'Posts and drafts. hashtags, search_vector and position are kept by a trigger: folded tags in order of first appearance, title weighted A above content B, and the place in newest-first lists (null unless the post is published and not deleted). kept_position is the place that a deleted post gets back when it is restored; publish_at is null once a post is published.';
CREATE INDEX posts_author_deleted_idx ON social.posts (author_id, deleted_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX posts_drafts_idx ON social.posts (author_id, id DESC) WHERE NOT is_published;
CREATE INDEX posts_pinned_idx ON social.posts (author_id, position DESC) WHERE is_pinned;
-- The arguments have changed.
DROP FUNCTION social.create_post(text, text, boolean);
DROP FUNCTION social.like_post(bigint);
DROP FUNCTION social.like_comment(bigint);
DROP INDEX social.mentions_user_created_idx;
CREATE INDEX mentions_user_created_idx ON social.mentions (mentioned_user_id, created_at DESC, id DESC);
COMMENT ON TABLE social.mentions IS 'One row for each person that a published post names, unless the post is private or one of the two blocks the other; kept by the post trigger.';
-- Every link of 0.1 is public and counted; a default says so without an UPDATE, which would count it again.
ALTER TABLE social.post_hashtags ADD COLUMN is_public boolean DEFAULT true;
ALTER TABLE social.post_hashtags ALTER COLUMN is_public DROP DEFAULT;
COMMENT ON TABLE social.post_hashtags IS 'Which published post carries which tag; position repeats the post''s, so that a tag''s page is one walk of one index. A draft has no rows here. is_public is null where not everybody may see the post: such a link does not count.';
-- comments and likes
ALTER TABLE social.comments ADD COLUMN edited_at timestamptz;
ALTER TABLE social.comments ADD COLUMN deleted_at timestamptz;
ALTER TABLE social.comments ADD COLUMN hidden_at timestamptz;
ALTER TABLE social.comments ADD COLUMN is_counted boolean DEFAULT true;
COMMENT ON TABLE social.comments IS 'Comments; parent_id makes a reply, and a reply stands under the same post as its parent. A deleted comment that has replies stays as a tombstone; is_counted is null there, so that it does not count for its post.';
CREATE INDEX comments_top_idx ON social.comments (post_id, id) WHERE parent_id IS NULL;
CREATE INDEX comments_deleted_idx ON social.comments (deleted_at) WHERE deleted_at IS NOT NULL AND content <> '';
CREATE INDEX post_likes_newest_idx ON social.post_likes (post_id, created_at DESC, user_id DESC);
COMMENT ON TABLE social.post_likes IS 'Who likes which post, and with which reaction.';
CREATE INDEX comment_likes_newest_idx ON social.comment_likes (comment_id, created_at DESC, user_id DESC);
COMMENT ON TABLE social.comment_likes IS 'Who likes which comment, and with which reaction.';
ALTER TABLE social.post_likes ADD COLUMN reaction text NOT NULL DEFAULT 'heart' CONSTRAINT post_likes_reaction_check CHECK (char_length(reaction) BETWEEN 1 AND 32);
ALTER TABLE social.comment_likes ADD COLUMN reaction text NOT NULL DEFAULT 'heart' CONSTRAINT comment_likes_reaction_check CHECK (char_length(reaction) BETWEEN 1 AND 32);
-- counters
ALTER TABLE social.post_counters ADD COLUMN reposts_count bigint NOT NULL DEFAULT 0;
ALTER TABLE social.post_counters ADD COLUMN views_count bigint NOT NULL DEFAULT 0;
ALTER TABLE social.post_counter_deltas ADD COLUMN reposts_count integer NOT NULL DEFAULT 0;
ALTER TABLE social.post_counter_deltas ADD COLUMN views_count integer NOT NULL DEFAULT 0;

-- relation.sql owns what people decide about each other: blocks, mutes, and follow requests.

CREATE TABLE social.follow_requests (
	requester_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	target_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (requester_id, target_id),
	CONSTRAINT follow_requests_not_oneself CHECK (requester_id <> target_id)
);
COMMENT ON TABLE social.follow_requests IS 'Who waits for a locked account''s leave to follow it.';
CREATE INDEX follow_requests_target_idx ON social.follow_requests (target_id, created_at DESC, requester_id DESC);

CREATE TABLE social.blocks (
	blocker_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	blocked_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (blocker_id, blocked_id),
	CONSTRAINT blocks_not_oneself CHECK (blocker_id <> blocked_id)
);
COMMENT ON TABLE social.blocks IS 'Who blocks whom; the two do not exist for each other, whichever of them did it.';
CREATE INDEX blocks_blocked_idx ON social.blocks (blocked_id, blocker_id);

CREATE TABLE social.mutes (
	muter_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	muted_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	posts boolean NOT NULL DEFAULT true,
	notifications boolean NOT NULL DEFAULT true,
	expires_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (muter_id, muted_id),
	CONSTRAINT mutes_not_oneself CHECK (muter_id <> muted_id)
);
COMMENT ON TABLE social.mutes IS 'Whose posts, whose notifications or both somebody does not want to see in lists, for good or until expires_at. The muted person does not notice.';
CREATE INDEX mutes_muted_idx ON social.mutes (muted_id);
CREATE INDEX mutes_expiry_idx ON social.mutes (expires_at) WHERE expires_at IS NOT NULL;

-- share.sql owns what people do with others' posts besides liking them: reposts, bookmarks, views;
-- and the revisions that an edit leaves.

CREATE TABLE social.reposts (
	post_id bigint NOT NULL REFERENCES social.posts ON DELETE CASCADE,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	position bigint NOT NULL DEFAULT nextval('social.post_position_seq'),
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id)
);
COMMENT ON TABLE social.reposts IS 'Plain reposts. A share with a message is a post of its own that names the other in quoted_post_id.';
CREATE INDEX reposts_post_position_idx ON social.reposts (post_id, position DESC);
CREATE INDEX reposts_user_position_idx ON social.reposts (user_id, position DESC);

CREATE TABLE social.bookmarks (
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	post_id bigint NOT NULL REFERENCES social.posts ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, post_id)
);
COMMENT ON TABLE social.bookmarks IS 'Posts that somebody put aside; nobody else sees them.';
CREATE INDEX bookmarks_user_created_idx ON social.bookmarks (user_id, created_at DESC, post_id DESC);
CREATE INDEX bookmarks_post_idx ON social.bookmarks (post_id);

CREATE TABLE social.post_views (
	post_id bigint NOT NULL REFERENCES social.posts ON DELETE CASCADE,
	viewer_key text COLLATE "C" NOT NULL CHECK (char_length(viewer_key) BETWEEN 1 AND 100),
	window_start timestamptz NOT NULL,
	user_id bigint REFERENCES social.users ON DELETE SET NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, viewer_key, window_start)
);
COMMENT ON TABLE social.post_views IS 'One row for each viewer, post and window of social.view_window; viewer_key names a user or an anonymous visitor''s hash.';
CREATE INDEX post_views_window_idx ON social.post_views (window_start);
CREATE INDEX post_views_user_idx ON social.post_views (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE social.post_revisions (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	post_id bigint NOT NULL REFERENCES social.posts ON DELETE CASCADE,
	revision integer NOT NULL,
	title text NOT NULL,
	content text NOT NULL,
	editor_id bigint REFERENCES social.users ON DELETE SET NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT post_revisions_key UNIQUE (post_id, revision)
);
COMMENT ON TABLE social.post_revisions IS 'What a post said before each edit, oldest first; rows are only added, and go with the post.';
CREATE INDEX post_revisions_editor_idx ON social.post_revisions (editor_id) WHERE editor_id IS NOT NULL;

-- notification.sql owns what people are told, and which kinds they want to be told.

CREATE TABLE social.notifications (
	id bigint GENERATED BY DEFAULT AS IDENTITY,
	recipient_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	type text COLLATE "C" NOT NULL CONSTRAINT notifications_type_check CHECK (type IN ('like', 'comment_like', 'comment', 'reply', 'follow', 'follow_request', 'repost', 'mention', 'live_stream', 'system')),
	actor_id bigint,
	post_id bigint REFERENCES social.posts ON DELETE CASCADE,
	comment_id bigint REFERENCES social.comments ON DELETE CASCADE,
	message text NOT NULL DEFAULT '',
	is_read boolean NOT NULL DEFAULT false,
	read_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	quote_id bigint REFERENCES social.posts ON DELETE CASCADE,
	PRIMARY KEY (recipient_id, is_read, id)
);
COMMENT ON TABLE social.notifications IS 'One row for each thing that somebody is told: who did (actor_id, null for the system) what (type) to what (post_id, comment_id, or the recipient; where a quote is the deed, quote_id is the post that quotes post_id). A like writes two index entries here and no more: the key serves lists, the unread count and look-ups of one''s own; actor_id needs no foreign key, because a notification goes with the like, comment, follow or share that it tells of, and that with its actor.';
CREATE INDEX notifications_actor_idx ON social.notifications (actor_id, recipient_id) WHERE post_id IS NULL;
CREATE INDEX notifications_post_idx ON social.notifications (post_id, type, actor_id) WHERE post_id IS NOT NULL;
CREATE INDEX notifications_comment_idx ON social.notifications (comment_id, type, actor_id) WHERE comment_id IS NOT NULL;
CREATE INDEX notifications_quote_idx ON social.notifications (quote_id) WHERE quote_id IS NOT NULL;

CREATE TABLE social.notification_preferences (
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	type text COLLATE "C" NOT NULL CONSTRAINT notification_preferences_type_check CHECK (type IN ('like', 'comment_like', 'comment', 'reply', 'follow', 'follow_request', 'repost', 'mention', 'live_stream', 'system')),
	is_enabled boolean NOT NULL,
	PRIMARY KEY (user_id, type)
);
COMMENT ON TABLE social.notification_preferences IS 'Kinds of notifications that somebody has turned off, or on again; no row means on.';

-- trending.sql owns the scores behind trending lists. A score is in forward-decay units (see
-- extension/counter/trending.c): it only ever grows, and newer activity weighs exponentially more.

CREATE TABLE social.post_trends (
	post_id bigint PRIMARY KEY REFERENCES social.posts ON DELETE CASCADE,
	score double precision NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE social.post_trends IS 'Each lately active post''s score (natural logarithm, so that it never overflows); folded by the worker.';
CREATE INDEX post_trends_score_idx ON social.post_trends (score DESC, post_id DESC);

CREATE TABLE social.hashtag_trends (
	hashtag_id bigint PRIMARY KEY REFERENCES social.hashtags ON DELETE CASCADE,
	score double precision NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE social.hashtag_trends IS 'Each lately used hashtag''s score, likewise.';
CREATE INDEX hashtag_trends_score_idx ON social.hashtag_trends (score DESC, hashtag_id DESC);

CREATE TABLE social.trend_events (
	post_id bigint NOT NULL,
	amount double precision NOT NULL,
	at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE social.trend_events IS 'What was done to posts since the last fold, one row for each post and statement: amount is what it was worth at the time. No index and no foreign key, so that writers only append.';

-- moderation.sql owns reports, content rules, the audit log and how long data is kept.

CREATE TABLE social.reports (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	reporter_id bigint REFERENCES social.users ON DELETE SET NULL,
	user_id bigint REFERENCES social.users ON DELETE CASCADE,
	post_id bigint REFERENCES social.posts ON DELETE CASCADE,
	comment_id bigint REFERENCES social.comments ON DELETE CASCADE,
	reason text NOT NULL CHECK (reason <> ''),
	details text NOT NULL DEFAULT '',
	status text COLLATE "C" NOT NULL DEFAULT 'open' CONSTRAINT reports_status_check CHECK (status IN ('open', 'resolved', 'dismissed')),
	resolution text NOT NULL DEFAULT '',
	resolved_by bigint REFERENCES social.users ON DELETE SET NULL,
	resolved_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT reports_one_target CHECK (num_nonnulls(user_id, post_id, comment_id) = 1)
);
COMMENT ON TABLE social.reports IS 'What people told the moderators about a person, a post or a comment, and what came of it.';
CREATE INDEX reports_open_idx ON social.reports (id) WHERE status = 'open';
CREATE INDEX reports_reporter_idx ON social.reports (reporter_id) WHERE reporter_id IS NOT NULL;
CREATE INDEX reports_user_idx ON social.reports (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX reports_post_idx ON social.reports (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX reports_comment_idx ON social.reports (comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX reports_resolver_idx ON social.reports (resolved_by) WHERE resolved_by IS NOT NULL;
CREATE INDEX reports_resolved_idx ON social.reports (resolved_at) WHERE resolved_at IS NOT NULL;
-- One open report of each person for each target.
CREATE UNIQUE INDEX reports_open_user_key ON social.reports (user_id, reporter_id) WHERE status = 'open' AND user_id IS NOT NULL;
CREATE UNIQUE INDEX reports_open_post_key ON social.reports (post_id, reporter_id) WHERE status = 'open' AND post_id IS NOT NULL;
CREATE UNIQUE INDEX reports_open_comment_key ON social.reports (comment_id, reporter_id) WHERE status = 'open' AND comment_id IS NOT NULL;

CREATE TABLE social.content_rules (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	kind text COLLATE "C" NOT NULL CONSTRAINT content_rules_kind_check CHECK (kind IN ('word', 'link')),
	pattern text NOT NULL CHECK (pattern <> ''),
	action text COLLATE "C" NOT NULL DEFAULT 'reject' CONSTRAINT content_rules_action_check CHECK (action IN ('reject', 'hide', 'flag')),
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT content_rules_key UNIQUE (kind, pattern)
);
COMMENT ON TABLE social.content_rules IS 'Words, and hosts that links lead to, that posts and comments may not carry: refused, hidden until a moderator looks, or reported by themselves.';

CREATE TABLE social.audit_log (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	actor_id bigint,
	action text COLLATE "C" NOT NULL,
	object_type text COLLATE "C" NOT NULL DEFAULT '',
	object_id bigint,
	detail jsonb NOT NULL DEFAULT '{}',
	address text,
	application text NOT NULL DEFAULT '',
	database_role text NOT NULL DEFAULT '',
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.audit_log IS 'Who did what to what, when and from where. Rows are only added; retention alone removes them. No foreign keys: an entry outlives what it speaks of.';
CREATE INDEX audit_log_created_idx ON social.audit_log (created_at);
CREATE INDEX audit_log_address_idx ON social.audit_log (created_at) WHERE address IS NOT NULL;
CREATE INDEX audit_log_actor_idx ON social.audit_log (actor_id, id DESC) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_log_object_idx ON social.audit_log (object_type, object_id, id DESC);

CREATE TABLE social.retention (
	data_class text COLLATE "C" PRIMARY KEY,
	keep interval CONSTRAINT retention_keep_check CHECK (keep >= interval '0'),
	changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.retention IS 'Where an installation keeps a class of data for another time than social.retention_policy says by default; null keeps it for ever.';

-- 0.1 left deltas behind when a cascade removed the counted object first.
DELETE FROM social.user_counter_deltas d WHERE NOT EXISTS (SELECT FROM social.users o WHERE o.id = d.user_id);
DELETE FROM social.post_counter_deltas d WHERE NOT EXISTS (SELECT FROM social.posts o WHERE o.id = d.post_id);
DELETE FROM social.comment_counter_deltas d WHERE NOT EXISTS (SELECT FROM social.comments o WHERE o.id = d.comment_id);
DELETE FROM social.hashtag_counter_deltas d WHERE NOT EXISTS (SELECT FROM social.hashtags o WHERE o.id = d.hashtag_id);

DROP FUNCTION social.init_data(integer);

-- people: lists of who follows whom, newest first
DROP INDEX social.follows_followed_idx;
CREATE INDEX follows_followed_idx ON social.follows (followed_id, created_at DESC, follower_id DESC);
CREATE INDEX follows_newest_idx ON social.follows (follower_id, created_at DESC, followed_id DESC);
