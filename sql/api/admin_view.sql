-- admin_view.sql owns the views that an administrator lists, filters and searches with WHERE; one
-- for each model, with names instead of ids. They show everything: only grant_admin gives them.
-- social.admin_reports stands in moderation.sql, social.admin_retention in retention.sql.

CREATE OR REPLACE VIEW social.admin_users AS
SELECT u.id, u.username, u.email, u.first_name, u.last_name,
	CASE WHEN u.deleted_at IS NOT NULL THEN 'deleted' WHEN NOT u.is_active THEN 'inactive'
		WHEN u.suspended_at IS NOT NULL AND (u.suspended_until IS NULL OR u.suspended_until > now()) THEN 'suspended' ELSE 'active' END AS state,
	u.is_staff, u.is_superuser, u.is_locked, u.suspended_until, u.created_at, u.last_login_at,
	coalesce(c.posts_count, 0) AS posts_count, coalesce(c.followers_count, 0) AS followers_count, coalesce(c.following_count, 0) AS following_count,
	coalesce(p.bio, '') AS bio, coalesce(p.location, '') AS location, coalesce(p.website, '') AS website,
	(SELECT count(*) FROM social.reports r WHERE r.user_id = u.id AND r.status = 'open') AS open_reports
FROM social.users u
LEFT JOIN social.user_counters c ON c.user_id = u.id
LEFT JOIN social.profiles p ON p.user_id = u.id;
COMMENT ON VIEW social.admin_users IS 'Accounts with profile, state (active, suspended, inactive, deleted) and counts as last folded.';

CREATE OR REPLACE VIEW social.admin_posts AS
SELECT p.id, a.username AS author, p.title, left(p.content, 200) AS excerpt, p.hashtags,
	CASE WHEN p.deleted_at IS NOT NULL THEN 'deleted' WHEN p.hidden_at IS NOT NULL THEN 'hidden'
		WHEN p.position IS NOT NULL THEN 'published' WHEN p.publish_at IS NOT NULL THEN 'scheduled' ELSE 'draft' END AS state,
	p.visibility, p.reply_settings, p.is_pinned, p.is_highlighted, p.quoted_post_id,
	coalesce(c.likes_count, 0) AS likes_count, coalesce(c.comments_count, 0) AS comments_count,
	coalesce(c.reposts_count, 0) AS reposts_count, coalesce(c.views_count, 0) AS views_count,
	(SELECT count(*) FROM social.reports r WHERE r.post_id = p.id AND r.status = 'open') AS open_reports,
	p.created_at, p.edited_at, p.publish_at, p.hidden_at, p.deleted_at, p.search_vector
FROM social.posts p
JOIN social.users a ON a.id = p.author_id
LEFT JOIN social.post_counters c ON c.post_id = p.id;
COMMENT ON VIEW social.admin_posts IS 'Posts with author, state (published, draft, scheduled, hidden, deleted) and counts as last folded. Search: WHERE search_vector @@ social.search_query(''...'').';

CREATE OR REPLACE VIEW social.admin_comments AS
SELECT m.id, m.post_id, p.title AS post_title, a.username AS author, m.parent_id, left(m.content, 200) AS excerpt,
	CASE WHEN m.deleted_at IS NOT NULL THEN 'deleted' WHEN m.hidden_at IS NOT NULL THEN 'hidden' ELSE 'published' END AS state,
	coalesce(c.likes_count, 0) AS likes_count, coalesce(c.replies_count, 0) AS replies_count,
	(SELECT count(*) FROM social.reports r WHERE r.comment_id = m.id AND r.status = 'open') AS open_reports,
	m.created_at, m.edited_at, m.hidden_at, m.deleted_at
FROM social.comments m
JOIN social.posts p ON p.id = m.post_id
JOIN social.users a ON a.id = m.author_id
LEFT JOIN social.comment_counters c ON c.comment_id = m.id;
COMMENT ON VIEW social.admin_comments IS 'Comments with author, post, state (published, hidden, deleted) and counts as last folded.';

CREATE OR REPLACE VIEW social.admin_media AS
SELECT m.id, u.username AS owner, m.state, m.content_type, m.size, m.file_name, m.key, m.post_id, m.is_profile, m.width, m.height, m.duration, m.alternative_text,
	m.error, (SELECT count(*) FROM jsonb_object_keys(m.variants)) AS variants, m.created_at, m.updated_at
FROM social.media m JOIN social.users u ON u.id = m.owner_id;
COMMENT ON VIEW social.admin_media IS 'Files that people sent, their states, and where they are shown.';

CREATE OR REPLACE VIEW social.admin_streams AS
SELECT s.id, u.username AS host, s.title, s.status, s.is_private, s.is_open, s.tags, s.viewer_count, s.peak_viewers, s.provider, s.playback_id,
	(SELECT count(*) FROM social.stream_invitations i WHERE i.stream_id = s.id) AS invitations,
	(SELECT count(DISTINCT v.viewer_id) FROM social.stream_views v WHERE v.stream_id = s.id) AS viewers,
	s.scheduled_at, s.started_at, s.ended_at, s.hidden_at, s.heard_at, s.disconnected_at, s.created_at, s.updated_at, s.search_vector
FROM social.streams s JOIN social.users u ON u.id = s.host_id;
COMMENT ON VIEW social.admin_streams IS 'Live streams with their hosts, states and numbers of viewers; keys are nobody''s to see.';

CREATE OR REPLACE VIEW social.admin_media_findings AS
SELECT s.id AS sweep_id, f.value ->> 'kind' AS kind, f.value ->> 'key' AS key, (f.value ->> 'size')::bigint AS size, (f.value ->> 'changed_at')::timestamptz AS changed_at, s.started_at, s.finished_at
FROM social.media_sweeps s, jsonb_array_elements(s.findings) f;
COMMENT ON VIEW social.admin_media_findings IS 'What comparisons of media with the store have found (start_media_sweep): missing, an object that should be there, and orphan, one that nobody knows; the first thousand of each sweep.';

CREATE OR REPLACE VIEW social.admin_chat_messages AS
SELECT m.id, m.stream_id, s.title AS stream_title, u.username AS author, m.content, CASE WHEN m.deleted_at IS NOT NULL THEN 'deleted' WHEN m.hidden_at IS NOT NULL THEN 'hidden' ELSE 'published' END AS state,
	m.created_at, m.deleted_at, m.hidden_at
FROM social.stream_chat_messages m JOIN social.streams s ON s.id = m.stream_id JOIN social.users u ON u.id = m.author_id;
COMMENT ON VIEW social.admin_chat_messages IS 'What was said in the chats of streams, and what became of it.';

CREATE OR REPLACE VIEW social.admin_post_revisions AS
SELECT r.id, r.post_id, r.revision, r.title, left(r.content, 200) AS excerpt, coalesce(e.username, '') AS editor, r.created_at
FROM social.post_revisions r LEFT JOIN social.users e ON e.id = r.editor_id;
COMMENT ON VIEW social.admin_post_revisions IS 'What posts said before each edit, and who edited.';

CREATE OR REPLACE VIEW social.admin_hashtags AS
SELECT h.id, h.tag, h.display, coalesce(c.posts_count, 0) AS posts_count, h.created_at,
	(SELECT max(p.created_at) FROM social.post_hashtags l JOIN social.posts p ON p.id = l.post_id WHERE l.hashtag_id = h.id) AS last_used_at
FROM social.hashtags h LEFT JOIN social.hashtag_counters c ON c.hashtag_id = h.id;
COMMENT ON VIEW social.admin_hashtags IS 'Hashtags with the number of public posts, as last folded, and their last use.';

CREATE OR REPLACE VIEW social.admin_mentions AS
SELECT m.id, m.post_id, a.username AS author, u.username AS mentioned, p.title AS post_title, m.created_at
FROM social.mentions m
JOIN social.users u ON u.id = m.mentioned_user_id
JOIN social.posts p ON p.id = m.post_id
JOIN social.users a ON a.id = p.author_id;
COMMENT ON VIEW social.admin_mentions IS 'Who mentioned whom, in which post.';

CREATE OR REPLACE VIEW social.admin_follows AS
SELECT a.username AS follower, b.username AS followed, f.created_at, f.follower_id, f.followed_id
FROM social.follows f JOIN social.users a ON a.id = f.follower_id JOIN social.users b ON b.id = f.followed_id;
COMMENT ON VIEW social.admin_follows IS 'Who follows whom.';

CREATE OR REPLACE VIEW social.admin_follow_requests AS
SELECT a.username AS requester, b.username AS target, f.created_at, f.requester_id, f.target_id
FROM social.follow_requests f JOIN social.users a ON a.id = f.requester_id JOIN social.users b ON b.id = f.target_id;
COMMENT ON VIEW social.admin_follow_requests IS 'Who waits to follow which locked account.';

CREATE OR REPLACE VIEW social.admin_blocks AS
SELECT a.username AS blocker, b.username AS blocked, f.created_at, f.blocker_id, f.blocked_id
FROM social.blocks f JOIN social.users a ON a.id = f.blocker_id JOIN social.users b ON b.id = f.blocked_id;
COMMENT ON VIEW social.admin_blocks IS 'Who blocks whom.';

CREATE OR REPLACE VIEW social.admin_mutes AS
SELECT a.username AS muter, b.username AS muted, f.posts, f.notifications, f.expires_at, f.created_at, f.muter_id, f.muted_id
FROM social.mutes f JOIN social.users a ON a.id = f.muter_id JOIN social.users b ON b.id = f.muted_id;
COMMENT ON VIEW social.admin_mutes IS 'Who mutes whose posts or notifications, and until when.';

CREATE OR REPLACE VIEW social.admin_likes AS
SELECT 'post' AS object_type, l.post_id AS object_id, u.username, l.reaction, l.created_at, l.user_id
FROM social.post_likes l JOIN social.users u ON u.id = l.user_id
UNION ALL
SELECT 'comment', l.comment_id, u.username, l.reaction, l.created_at, l.user_id
FROM social.comment_likes l JOIN social.users u ON u.id = l.user_id;
COMMENT ON VIEW social.admin_likes IS 'Likes of posts and comments, with their reaction.';

CREATE OR REPLACE VIEW social.admin_reposts AS
SELECT r.post_id, a.username AS author, p.title AS post_title, u.username, r.created_at, r.user_id
FROM social.reposts r JOIN social.posts p ON p.id = r.post_id JOIN social.users a ON a.id = p.author_id JOIN social.users u ON u.id = r.user_id;
COMMENT ON VIEW social.admin_reposts IS 'Who reposted which post.';

CREATE OR REPLACE VIEW social.admin_bookmarks AS
SELECT b.post_id, p.title AS post_title, u.username, b.created_at, b.user_id
FROM social.bookmarks b JOIN social.posts p ON p.id = b.post_id JOIN social.users u ON u.id = b.user_id;
COMMENT ON VIEW social.admin_bookmarks IS 'Who put which post aside.';

CREATE OR REPLACE VIEW social.admin_notifications AS
SELECT n.id, u.username AS recipient, n.type, coalesce(a.username, '') AS actor, n.post_id, n.comment_id, n.message, n.is_read, n.read_at, n.created_at, n.withdrawn_at
FROM social.notifications n JOIN social.users u ON u.id = n.recipient_id LEFT JOIN social.users a ON a.id = n.actor_id;
COMMENT ON VIEW social.admin_notifications IS 'Who was told what; withdrawn_at is when the deed was taken back.';

CREATE OR REPLACE VIEW social.admin_graphql_documents AS
SELECT d.id, d.body, d.created_at FROM social.graphql_documents d;
COMMENT ON VIEW social.admin_graphql_documents IS 'GraphQL documents that clients may name instead of sending them.';

CREATE OR REPLACE VIEW social.admin_content_rules AS
SELECT r.id, r.kind, r.pattern, r.action, r.created_at FROM social.content_rules r;
COMMENT ON VIEW social.admin_content_rules IS 'Words and hosts that posts and comments may not carry, and what happens to those that do.';

CREATE OR REPLACE VIEW social.admin_audit_log AS
SELECT l.id, l.created_at, coalesce(u.username, '') AS actor, l.action, l.object_type, l.object_id,
	CASE l.object_type WHEN 'user' THEN (SELECT o.username FROM social.users o WHERE o.id = l.object_id) WHEN 'post' THEN (SELECT p.title FROM social.posts p WHERE p.id = l.object_id) END AS object_name,
	l.detail, l.address, l.application, l.database_role, l.actor_id
FROM social.audit_log l LEFT JOIN social.users u ON u.id = l.actor_id;
COMMENT ON VIEW social.admin_audit_log IS 'Who did what to what, when and from where; actor is empty when nobody acted, or the account is gone (actor_id stays).';

CREATE OR REPLACE VIEW social.admin_leagues AS
SELECT s.id, s.slug, s.name, s.sport, l.country, (SELECT count(*) FROM social.teams t WHERE t.league_id = l.id) AS teams, s.created_at, s.updated_at
FROM social.leagues l JOIN social.sport_subjects s ON s.id = l.id;
COMMENT ON VIEW social.admin_leagues IS 'Leagues, with the number of their teams.';

CREATE OR REPLACE VIEW social.admin_teams AS
SELECT s.id, s.slug, s.name, t.abbreviation, s.sport, g.name AS league, t.city, t.country, (SELECT count(*) FROM social.athletes a WHERE a.team_id = t.id) AS athletes, t.league_id, s.created_at, s.updated_at
FROM social.teams t JOIN social.sport_subjects s ON s.id = t.id LEFT JOIN social.sport_subjects g ON g.id = t.league_id;
COMMENT ON VIEW social.admin_teams IS 'Teams, with their league and the number of their athletes.';

CREATE OR REPLACE VIEW social.admin_athletes AS
SELECT s.id, s.slug, s.name, a.position, s.sport, t.name AS team, a.team_id, s.created_at, s.updated_at
FROM social.athletes a JOIN social.sport_subjects s ON s.id = a.id LEFT JOIN social.sport_subjects t ON t.id = a.team_id;
COMMENT ON VIEW social.admin_athletes IS 'Athletes, with their team.';

CREATE OR REPLACE VIEW social.admin_sport_follows AS
SELECT u.username, s.kind, s.name, f.created_at, f.user_id, f.subject_id
FROM social.sport_follows f JOIN social.users u ON u.id = f.user_id JOIN social.sport_subjects s ON s.id = f.subject_id;
COMMENT ON VIEW social.admin_sport_follows IS 'Who follows which league, team or athlete.';

CREATE OR REPLACE VIEW social.admin_sport_external_ids AS
SELECT e.provider, e.kind, e.external_id, s.name, e.subject_id
FROM social.sport_external_ids e JOIN social.sport_subjects s ON s.id = e.subject_id;
COMMENT ON VIEW social.admin_sport_external_ids IS 'What providers of figures call leagues, teams and athletes.';
