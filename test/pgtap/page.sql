-- page.sql proves the page protocol (sql/README.md, "Pages") of every list there is: it finds them in
-- the catalog, and walks each forwards and backwards, over ties, and while rows come and go. P-04.
BEGIN;
SELECT no_plan();

-- ---- what the catalog says -----------------------------------------------------------------------

CREATE TEMPORARY VIEW lists AS
SELECT p.oid, p.proname::text AS name, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
	'before' = ANY (p.proargnames[1:p.pronargs]) AS both_ways
FROM pg_proc p
WHERE p.pronamespace = 'social'::regnamespace AND p.proretset AND 'first' = ANY (p.proargnames[1:p.pronargs]);

SELECT is_empty($$ SELECT name, arguments FROM lists WHERE arguments !~ 'first integer DEFAULT 20, after text DEFAULT NULL::text' $$, 'every list takes first and after');
SELECT is_empty($$ SELECT name, arguments FROM lists WHERE both_ways AND arguments !~ 'before text DEFAULT NULL::text$' $$, 'and before, last of all');
SELECT is_empty($$ SELECT name, result FROM lists WHERE result !~ ', cursor text, has_more boolean\)$' $$, 'every row ends with cursor and has_more');
SELECT is_empty($$ SELECT name FROM lists GROUP BY name HAVING count(*) > 1 $$, 'and there is one of each');
SELECT set_eq($$ SELECT name FROM lists WHERE NOT both_ways $$, ARRAY['search_posts', 'search_posts_like', 'search_users', 'search_hashtags', 'search', 'search_streams', 'trending_hashtags', 'comment_thread', 'search_sports'],
	'pages go both ways, but where nothing holds the rows in order');
-- What returns rows to readers otherwise is bounded by what it is about.
SELECT is_empty($$
	SELECT p.proname FROM pg_proc p JOIN social.function_audience() a ON a.function_name = p.proname
	WHERE p.pronamespace = 'social'::regnamespace AND a.audience IN ('reader', 'bridge') AND p.proretset AND p.proname NOT IN (SELECT name FROM lists)
		AND p.proname <> ALL (ARRAY[
			'help', 'function_audience', 'post', 'post_reactions', 'comment_reactions', 'metrics', 'notification_preferences', 'rate_limit_policies', 'rate_limit_status',
			'ended_sessions', 'jwks', 'statement_problems', 'nodes', 'events_after', 'event_payloads', 'event_results', 'event_topics_lost', 'events_since', 'media_types', 'stream_providers', 'chat_messages_json', 'renew_stream_views', 'streams_playable',
			'bucket_requests',
			'sport_fields', 'webhook_secrets', 'api_scopes', 'consents',
			-- one row
			'admit', 'authenticate', 'login', 'refresh_session', 'verify_token', 'rate_limit_config', 'bridge_config', 'change_password', 'reset_password', 'verify_email',
			'enable_totp', 'confirm_totp', 'disable_totp', 'regenerate_recovery_codes', 'update_account', 'delete_account', 'event_feed_entry', 'create_api_key', 'current_api_key', 'create_stream', 'rotate_stream_key', 'take_stream_key', 'watch_stream', 'create_webhook', 'rotate_webhook_secret'])
$$, 'whatever else returns rows is named here, or is a list: give it first, after, cursor and has_more');

-- ---- what there is to read -----------------------------------------------------------------------

SELECT throws_ok('SET social.page_size_max = 49', '22023', NULL, 'whoever names no number is shown as many as a list shows by itself, 50 at most');
SET LOCAL social.page_size_max = 50;
INSERT INTO social.users (username, is_staff, is_superuser) VALUES ('pg_viewer', true, true);
SELECT id AS viewer FROM social.users WHERE username = 'pg_viewer' \gset
INSERT INTO social.users (username, first_name) SELECT 'pg_person' || n, 'Person' FROM generate_series(1, 26) n;
CREATE TEMPORARY TABLE people AS SELECT u.id, row_number() OVER (ORDER BY u.id) AS n FROM social.users u WHERE u.username LIKE 'pg\_person%';
SELECT id AS one FROM people WHERE n = 1 \gset
SELECT id AS two FROM people WHERE n = 2 \gset
-- Times are the same for five rows each, also across the ends of pages.
CREATE FUNCTION pg_temp.tied(n bigint) RETURNS timestamptz LANGUAGE sql AS $$ SELECT now() - n / 5 * interval '1 minute' $$;

SELECT social.act_as(:one);
SELECT social.create_post('pgword number ' || n, 'about #pgshared and #pgtag' || n || ' for @pg_viewer') AS id FROM generate_series(1, 26) n \g /dev/null
CREATE TEMPORARY TABLE tap_posts AS SELECT p.id, row_number() OVER (ORDER BY p.id) AS n FROM social.posts p WHERE p.author_id = :one;
SELECT max(id) AS post FROM tap_posts \gset
UPDATE social.mentions m SET created_at = pg_temp.tied(p.n) FROM tap_posts p WHERE p.id = m.post_id;
INSERT INTO social.comments (post_id, author_id, content) SELECT :post, p.id, 'top' FROM people p ORDER BY p.n;
SELECT max(id) AS comment FROM social.comments WHERE post_id = :post \gset
INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT :post, p.id, :comment, 'reply' FROM people p ORDER BY p.n;
INSERT INTO social.post_likes (post_id, user_id, created_at) SELECT :post, id, pg_temp.tied(n) FROM people;
INSERT INTO social.comment_likes (comment_id, user_id, created_at) SELECT :comment, id, pg_temp.tied(n) FROM people;
INSERT INTO social.reposts (post_id, user_id) SELECT :post, id FROM people WHERE n % 2 = 0;
INSERT INTO social.posts (author_id, title, content, quoted_post_id) SELECT id, '', 'quoted', :post FROM people WHERE n % 2 = 1;
SELECT min(id) AS quoted FROM tap_posts \gset
INSERT INTO social.posts (author_id, title, content, quoted_post_id) SELECT :two, '', 'quoted ' || n, :quoted FROM generate_series(1, 26) n;
INSERT INTO social.post_views (post_id, viewer_key, window_start, user_id, created_at) SELECT :post, 'user ' || id, now(), id, pg_temp.tied(n) FROM people;
INSERT INTO social.follows (follower_id, followed_id, created_at) SELECT id, :viewer, pg_temp.tied(n) FROM people;
INSERT INTO social.follows (follower_id, followed_id, created_at) SELECT :viewer, id, pg_temp.tied(n) FROM people;
INSERT INTO social.follow_requests (requester_id, target_id, created_at) SELECT id, :viewer, pg_temp.tied(n) FROM people;
INSERT INTO social.users (username) SELECT 'pgblocked' || n FROM generate_series(1, 26) n;
INSERT INTO social.blocks (blocker_id, blocked_id, created_at) SELECT :viewer, u.id, pg_temp.tied(row_number() OVER (ORDER BY u.id)) FROM social.users u WHERE u.username LIKE 'pgblocked%';
INSERT INTO social.users (username) SELECT 'pgmuted' || n FROM generate_series(1, 26) n;
INSERT INTO social.mutes (muter_id, muted_id, created_at) SELECT :viewer, u.id, pg_temp.tied(row_number() OVER (ORDER BY u.id)) FROM social.users u WHERE u.username LIKE 'pgmuted%';
INSERT INTO social.bookmarks (user_id, post_id, created_at) SELECT :viewer, id, pg_temp.tied(n) FROM tap_posts;
INSERT INTO social.posts (author_id, title, content, is_published) SELECT :viewer, 'draft ' || n, 'x', false FROM generate_series(1, 26) n;
INSERT INTO social.posts (author_id, title, content) SELECT :viewer, 'gone ' || n, 'x' FROM generate_series(1, 26) n;
UPDATE social.posts SET deleted_at = pg_temp.tied(substr(title, 6)::bigint) WHERE author_id = :viewer AND title LIKE 'gone %';
INSERT INTO social.post_revisions (post_id, revision, title, content) SELECT :post, n, 'was', 'x' FROM generate_series(1, 26) n;
INSERT INTO social.login_attempts (user_id, username, outcome) SELECT :viewer, 'pg_viewer', 'success' FROM generate_series(1, 26) n;
INSERT INTO social.webhooks (owner_id, url, event_types, topics, after_event_id) SELECT :viewer, 'https://pg' || n || '.example', '{*}', '{posts}', 0 FROM generate_series(1, 26) n;
SELECT max(id) AS webhook FROM social.webhooks WHERE owner_id = :viewer \gset
INSERT INTO social.webhook_deliveries (webhook_id, type, at) SELECT :webhook, 'webhook.test', now() FROM generate_series(1, 26) n;
SELECT min(id) AS delivery FROM social.webhook_deliveries WHERE webhook_id = :webhook \gset
INSERT INTO social.webhook_delivery_attempts (webhook_id, delivery_id, status, took_ms) SELECT :webhook, :delivery, 204, n FROM generate_series(1, 26) n;
INSERT INTO social.media (owner_id, key, content_type) SELECT :viewer, 'uploads/pg' || n, 'image/png' FROM generate_series(1, 26) n;
INSERT INTO social.reports (reporter_id, user_id, reason) SELECT p.id, :two, 'spam' FROM people p WHERE p.id <> :two;
INSERT INTO social.content_rules (kind, pattern, action) SELECT 'word', 'pgrule' || n, 'flag' FROM generate_series(1, 26) n;
INSERT INTO social.audit_log (action, object_type, actor_id) SELECT 'hide_post', 'post', :one FROM generate_series(1, 26);
INSERT INTO social.audit_log (action) SELECT 'pgaudit' FROM generate_series(1, 26);
INSERT INTO social.api_keys (user_id, name, prefix, digest, scopes, expires_at) SELECT :viewer, 'key ' || n, format('social_sk_%s', lpad(n::text, 8, '0')), sha256(''), '{read}', now() + interval '1 day' FROM generate_series(1, 26) n;
INSERT INTO social.audit_log (action, object_type, object_id) SELECT 'change_password', 'user', :viewer FROM generate_series(1, 26) n;
INSERT INTO social.consent_documents (document, version) VALUES ('pg_terms', '1');
INSERT INTO social.consents (user_id, document, version, is_given, source) SELECT :viewer, 'pg_terms', '1', n % 2 = 0, 'sql' FROM generate_series(1, 26) n;
INSERT INTO social.user_sessions (user_id, device, family_secret, last_seen_at, expires_at) SELECT :viewer, 'device ' || n, '\x00', pg_temp.tied(n), now() + interval '1 day' FROM generate_series(1, 26) n;
UPDATE social.posts SET is_pinned = true WHERE author_id = :one;
INSERT INTO social.post_trends (post_id, score) SELECT id, -n / 5 FROM tap_posts;
INSERT INTO social.hashtag_trends (hashtag_id, score) SELECT h.id, row_number() OVER (ORDER BY h.id) / 5 FROM social.hashtags h WHERE h.tag LIKE 'pgtag%';
SELECT social.act_as(:viewer) \g /dev/null
SELECT social.create_league('Pg league', sport => 'pgball') AS league \gset
SELECT social.create_team('Pg team', :league) AS team \gset
SELECT social.create_league('Pg league ' || n, sport => 'pgball'), social.create_team('Pg team ' || n, :league), social.create_athlete('Pg', 'Athlete ' || n, :team) FROM generate_series(1, 25) n \g /dev/null
SELECT social.create_athlete('Pg', 'Athlete', :team) \g /dev/null
INSERT INTO social.post_subjects (post_id, subject_id, position) SELECT p.id, :league, p.position FROM social.posts p JOIN tap_posts t ON t.id = p.id;
INSERT INTO social.sport_follows (user_id, subject_id, created_at) SELECT :viewer, s.id, pg_temp.tied(row_number() OVER (ORDER BY s.id)) FROM social.sport_subjects s WHERE s.name LIKE 'Pg team %' OR s.name LIKE 'Pg Athlete %';
DELETE FROM social.notifications WHERE recipient_id = :viewer;
INSERT INTO social.notifications (recipient_id, type, actor_id, post_id, is_read) SELECT :viewer, 'like', :one, p.id, p.n % 2 = 0 FROM tap_posts p ORDER BY p.n;
INSERT INTO social.notifications (recipient_id, type, actor_id, post_id, is_read) SELECT :two, 'like', :one, p.id, p.n % 2 = 0 FROM tap_posts p ORDER BY p.n;

INSERT INTO social.streams (host_id, title, status) SELECT :one, 'pgstream ' || n, 'live' FROM generate_series(1, 26) n;
WITH made AS (INSERT INTO social.streams (host_id, title, status, ended_at) SELECT :two, 'pgrecorded ' || n, 'ended', now() FROM generate_series(1, 26) n RETURNING id)
	INSERT INTO social.media (owner_id, state, key, content_type, stream_id) SELECT :two, 'ready', 'media/recorded/' || id, 'video/mp4', id FROM made;
INSERT INTO social.stream_invitations (stream_id, user_id, created_at) SELECT (SELECT min(s.id) FROM social.streams s WHERE s.host_id = :one), id, pg_temp.tied(n) FROM people WHERE n > 1;
SELECT min(id) AS stream FROM social.streams WHERE host_id = :one \gset
INSERT INTO social.stream_subjects (stream_id, subject_id) SELECT s.id, :league FROM social.streams s WHERE s.host_id = :one;
INSERT INTO social.stream_chat_messages (stream_id, author_id, content) SELECT :stream, id, 'said' FROM people;
INSERT INTO social.stream_moderators (stream_id, user_id, created_at) SELECT :stream, id, pg_temp.tied(n) FROM people WHERE n > 1;
INSERT INTO social.stream_bans (stream_id, user_id, created_at) SELECT :stream, id, pg_temp.tied(n) FROM people WHERE n > 1;

-- Each list: its arguments, what tells its rows apart, what removes one (r, as JSON), what makes one.
CREATE TEMPORARY TABLE calls (name text, arguments text, identity text, gone text, fresh text);
INSERT INTO calls VALUES
	('posts', '', 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'')', :one)),
	('post_documents', '', 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'')', :one)),
	('rest_documents', format('source => ''user_posts'', key => %s', :one), 'document', 'UPDATE social.posts SET deleted_at = now() WHERE id = ((r ->> ''document'')::json ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'')', :one)),
	('documents', 'source => ''posts'', key => NULL, sizes => NULL, members => ''id=id''', 'document', 'UPDATE social.posts SET deleted_at = now() WHERE id = ((r ->> ''document'')::json ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'')', :one)),
	('documents', format('source => ''user_posts'', key => %s, sizes => NULL, members => ''id=id''', :one), 'document', 'UPDATE social.posts SET deleted_at = now() WHERE id = ((r ->> ''document'')::json ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'')', :one)),
	('documents', format('source => ''comments'', key => %s, sizes => NULL, members => ''id=id''', :post), 'document', 'DELETE FROM social.comments WHERE id = ((r ->> ''document'')::json ->> ''id'')::bigint', format('INSERT INTO social.comments (post_id, author_id, content) VALUES (%s, %s, ''fresh'')', :post, :one)),
	('documents', format('source => ''replies'', key => %s, sizes => NULL, members => ''id=id''', :comment), 'document', 'DELETE FROM social.comments WHERE id = ((r ->> ''document'')::json ->> ''id'')::bigint', format('INSERT INTO social.comments (post_id, author_id, parent_id, content) VALUES (%s, %s, %s, ''fresh'')', :post, :one, :comment)),
	('users', '', 'id', 'UPDATE social.users SET is_active = false WHERE id = (r ->> ''id'')::bigint', 'INSERT INTO social.users (username) VALUES (''pgfresh'')'),
	('user_posts', 'user_id => ' || :one, 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'')', :one)),
	('hashtag_posts', 'tag => ''pgshared''', 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''#pgshared'')', :one)),
	('user_mentions', 'user_id => ' || :viewer, 'id', 'DELETE FROM social.mentions WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''@pg_viewer'')', :one)),
	('bookmarked_posts', '', 'id', 'DELETE FROM social.bookmarks WHERE post_id = (r ->> ''id'')::bigint', format('INSERT INTO social.bookmarks (user_id, post_id, created_at) SELECT %s, id, now() + interval ''1 second'' FROM social.posts WHERE title = '''' LIMIT 1', :viewer)),
	('draft_posts', '', 'id', 'DELETE FROM social.posts WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content, is_published) VALUES (%s, ''fresh'', ''x'', false)', :viewer)),
	('deleted_posts', '', 'id', 'DELETE FROM social.posts WHERE id = (r ->> ''id'')::bigint', format('UPDATE social.posts SET deleted_at = now() + interval ''1 second'' WHERE id = (SELECT max(id) FROM social.posts WHERE author_id = %s AND deleted_at IS NULL)', :viewer)),
	('post_revisions', 'post_id => ' || :post, 'revision', 'SELECT set_config(''social.restoring'', ''on'', true); DELETE FROM social.post_revisions WHERE revision = (r ->> ''revision'')::integer', format('INSERT INTO social.post_revisions (post_id, revision, title, content) VALUES (%s, 1000, ''was'', ''x'')', :post)),
	('home_feed', '', 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'')', :two)),
	('feed_documents', '', 'document', 'UPDATE social.posts SET deleted_at = now() WHERE id = ((r ->> ''document'')::json ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'')', :two)),
	('post_comments', 'commented_post_id => ' || :post, 'id', 'DELETE FROM social.comments WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.comments (post_id, author_id, content) VALUES (%s, %s, ''fresh'')', :post, :one)),
	('comment_replies', 'comment_id => ' || :comment, 'id', 'DELETE FROM social.comments WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.comments (post_id, author_id, parent_id, content) VALUES (%s, %s, %s, ''fresh'')', :post, :one, :comment)),
	('comment_thread', 'post_id => ' || :post, 'id', 'DELETE FROM social.comments WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.comments (post_id, author_id, content) VALUES (%s, %s, ''fresh'')', :post, :one)),
	('post_likers', 'post_id => ' || :post, 'user_id', 'DELETE FROM social.post_likes WHERE user_id = (r ->> ''user_id'')::bigint', format('INSERT INTO social.post_likes (post_id, user_id, created_at) VALUES (%s, %s, now() + interval ''1 second'')', :post, :viewer)),
	('comment_likers', 'comment_id => ' || :comment, 'user_id', 'DELETE FROM social.comment_likes WHERE user_id = (r ->> ''user_id'')::bigint', format('INSERT INTO social.comment_likes (comment_id, user_id, created_at) VALUES (%s, %s, now() + interval ''1 second'')', :comment, :viewer)),
	('post_shares', 'post_id => ' || :post, 'user_id', 'DELETE FROM social.reposts WHERE user_id = (r ->> ''user_id'')::bigint; DELETE FROM social.posts WHERE id = (r ->> ''quote_id'')::bigint', format('INSERT INTO social.reposts (post_id, user_id) VALUES (%s, %s)', :post, :viewer)),
	('hashtags', '', 'tag', 'DELETE FROM social.post_hashtags l USING social.hashtags h WHERE h.id = l.hashtag_id AND h.tag = r ->> ''tag''', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''#pgtagfresh'')', :one)),
	('post_quotes', 'post_id => ' || :quoted, 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content, quoted_post_id) VALUES (%s, '''', ''fresh'', %s)', :two, :quoted)),
	('post_views', 'viewed_post_id => ' || :post, 'user_id', 'DELETE FROM social.post_views WHERE user_id = (r ->> ''user_id'')::bigint', format('INSERT INTO social.post_views (post_id, viewer_key, window_start, user_id, created_at) VALUES (%s, ''fresh'', now(), %s, now() + interval ''1 second'')', :post, :viewer)),
	('followers', 'user_id => ' || :viewer, 'id', 'DELETE FROM social.follows WHERE follower_id = (r ->> ''id'')::bigint', format('INSERT INTO social.follows (follower_id, followed_id, created_at) SELECT id, %s, now() + interval ''1 second'' FROM social.users WHERE username = ''pgmuted1''', :viewer)),
	('following', 'user_id => ' || :viewer, 'id', 'DELETE FROM social.follows WHERE followed_id = (r ->> ''id'')::bigint', format('INSERT INTO social.follows (follower_id, followed_id, created_at) SELECT %s, id, now() + interval ''1 second'' FROM social.users WHERE username = ''pgmuted1''', :viewer)),
	('follow_requests', '', 'id', 'DELETE FROM social.follow_requests WHERE requester_id = (r ->> ''id'')::bigint', format('INSERT INTO social.follow_requests (requester_id, target_id, created_at) SELECT id, %s, now() + interval ''1 second'' FROM social.users WHERE username = ''pgmuted1''', :viewer)),
	('blocked_users', '', 'id', 'DELETE FROM social.blocks WHERE blocked_id = (r ->> ''id'')::bigint', format('INSERT INTO social.blocks (blocker_id, blocked_id, created_at) SELECT %s, id, now() + interval ''1 second'' FROM social.users WHERE username = ''pgmuted1''', :viewer)),
	('muted_users', '', 'id', 'DELETE FROM social.mutes WHERE muted_id = (r ->> ''id'')::bigint', format('INSERT INTO social.mutes (muter_id, muted_id, created_at) SELECT %s, id, now() + interval ''1 second'' FROM people WHERE n = 3', :viewer)),
	('login_attempts', '', 'id', 'DELETE FROM social.login_attempts WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.login_attempts (user_id, username, outcome) VALUES (%s, ''pg_viewer'', ''success'')', :viewer)),
	('own_media', '', 'id', 'DELETE FROM social.media WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.media (owner_id, key, content_type) VALUES (%s, ''uploads/pgfresh'', ''image/png'')', :viewer)),
	('own_webhooks', '', 'id', 'DELETE FROM social.webhooks WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.webhooks (owner_id, url, event_types, topics, after_event_id) VALUES (%s, ''https://fresh.example'', ''{*}'', ''{posts}'', 0)', :viewer)),
	('webhook_deliveries', 'of_webhook_id => ' || :webhook, 'id', 'DELETE FROM social.webhook_deliveries WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.webhook_deliveries (webhook_id, type, at) VALUES (%s, ''webhook.test'', now())', :webhook)),
	('webhook_delivery_attempts', 'of_webhook_id => ' || :webhook, 'id', 'DELETE FROM social.webhook_delivery_attempts WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.webhook_delivery_attempts (webhook_id, delivery_id, status, took_ms) VALUES (%s, %s, 204, 1)', :webhook, :delivery)),
	('content_rules', '', 'id', 'DELETE FROM social.content_rules WHERE id = (r ->> ''id'')::bigint', 'INSERT INTO social.content_rules (kind, pattern, action) VALUES (''word'', ''pgfreshrule'', ''flag'')'),
	('reports', '', 'id', 'DELETE FROM social.reports WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.reports (reporter_id, user_id, reason) VALUES (%s, %s, ''spam'')', :viewer, :two)),
	('moderation_entries', 'with_actor_id => ' || :one, 'id', 'SELECT set_config(''social.restoring'', ''on'', true); DELETE FROM social.audit_log WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.audit_log (action, object_type, actor_id) VALUES (''hide_post'', ''post'', %s)', :one)),
	('audit_entries', 'with_action => ''pgaudit''', 'id', 'SELECT set_config(''social.restoring'', ''on'', true); DELETE FROM social.audit_log WHERE id = (r ->> ''id'')::bigint', 'INSERT INTO social.audit_log (action) VALUES (''pgaudit'')'),
	('notifications', '', 'id', 'DELETE FROM social.notifications WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.notifications (recipient_id, type, actor_id, post_id) VALUES (%s, ''comment'', %s, %s)', :viewer, :one, :post)),
	('user_notifications', 'user_id => ' || :two, 'id', 'DELETE FROM social.notifications WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.notifications (recipient_id, type, actor_id, post_id) VALUES (%s, ''comment'', %s, %s)', :two, :one, :post)),
	('grouped_notifications', '', 'id', 'DELETE FROM social.notifications WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.notifications (recipient_id, type, actor_id, post_id) VALUES (%s, ''comment'', %s, %s)', :viewer, :one, :post)),
	('api_keys', '', 'id', 'DELETE FROM social.api_keys WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.api_keys (user_id, name, prefix, digest, scopes, expires_at) VALUES (%s, ''fresh'', ''social_sk_freshkey'', sha256(''''), ''{read}'', now() + interval ''1 day'')', :viewer)),
	('security_changes', '', 'id', 'SELECT set_config(''social.restoring'', ''on'', true); DELETE FROM social.audit_log WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.audit_log (action, object_type, object_id) VALUES (''change_password'', ''user'', %s)', :viewer)),
	('consent_history', '', 'id', 'DELETE FROM social.consents WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.consents (user_id, document, version, is_given, source) VALUES (%s, ''pg_terms'', ''1'', true, ''sql'')', :viewer)),
	('active_sessions', '', 'id', 'DELETE FROM social.user_sessions WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.user_sessions (user_id, family_secret, last_seen_at, expires_at) VALUES (%s, ''\x00'', now() + interval ''1 second'', now() + interval ''1 day'')', :viewer)),
	('pinned_posts', 'user_id => ' || :one, 'id', 'UPDATE social.posts SET is_pinned = false WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content, is_pinned) VALUES (%s, ''fresh'', ''x'', true)', :one)),
	('trending_posts', '', 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x''); INSERT INTO social.post_trends (post_id, score) SELECT max(id), 1e9 FROM social.posts', :one)),
	('trending_topics', '', 'tag', 'DELETE FROM social.post_hashtags l USING social.hashtags h WHERE h.id = l.hashtag_id AND h.tag = r ->> ''tag''', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''#pgtagfresh''); INSERT INTO social.hashtag_trends (hashtag_id, score) SELECT max(id), 1e9 FROM social.hashtags', :one)),
	('trending_hashtags', '', 'tag', 'DELETE FROM social.post_hashtags l USING social.hashtags h WHERE h.id = l.hashtag_id AND h.tag = r ->> ''tag''', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''#pgtagfresh'')', :one)),
	('streams', '', 'id', 'DELETE FROM social.streams WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.streams (host_id, title) VALUES (%s, ''fresh'')', :one)),
	('user_streams', 'user_id => ' || :one, 'id', 'DELETE FROM social.streams WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.streams (host_id, title) VALUES (%s, ''fresh'')', :one)),
	('followed_streams', '', 'id', 'UPDATE social.streams SET status = ''ended'' WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.streams (host_id, title, status) VALUES (%s, ''fresh'', ''live'')', :one)),
	('recorded_streams', '', 'id', 'DELETE FROM social.streams WHERE id = (r ->> ''id'')::bigint', format('WITH made AS (INSERT INTO social.streams (host_id, title, status) VALUES (%s, ''fresh'', ''ended'') RETURNING id) INSERT INTO social.media (owner_id, state, key, content_type, stream_id) SELECT %1$s, ''ready'', ''media/recorded/'' || id, ''video/mp4'', id FROM made', :two)),
	('search_streams', 'query => ''pgstream''', 'id', 'DELETE FROM social.streams WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.streams (host_id, title, status) VALUES (%s, ''pgstream fresh'', ''live'')', :one)),
	('stream_invitations', 'stream_id => ' || :stream, 'id', 'DELETE FROM social.stream_invitations WHERE user_id = (r ->> ''id'')::bigint', format('INSERT INTO social.stream_invitations (stream_id, user_id, created_at) SELECT %s, id, now() + interval ''1 second'' FROM social.users WHERE username = ''pgmuted1''', :stream)),
	('subject_posts', 'subject_id => ' || :league, 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('WITH p AS (INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''x'') RETURNING id, position) INSERT INTO social.post_subjects (post_id, subject_id, position) SELECT p.id, %s, p.position FROM p', :one, :league)),
	('subject_streams', 'subject_id => ' || :league, 'id', 'DELETE FROM social.streams WHERE id = (r ->> ''id'')::bigint', format('WITH s AS (INSERT INTO social.streams (host_id, title) VALUES (%s, ''fresh'') RETURNING id) INSERT INTO social.stream_subjects (stream_id, subject_id) SELECT s.id, %s FROM s', :one, :league)),
	('followed_subjects', '', 'id', 'DELETE FROM social.sport_follows WHERE subject_id = (r ->> ''id'')::bigint', format('INSERT INTO social.sport_follows (user_id, subject_id, created_at) VALUES (%s, %s, now() + interval ''1 second'')', :viewer, :league)),
	('leagues', 'with_sport => ''pgball''', 'id', 'DELETE FROM social.sport_subjects WHERE id = (r ->> ''id'')::bigint', 'SELECT social.act_as(NULL::bigint), social.create_league(''Pg fresh'', sport => ''pgball'')'),
	('teams', 'with_league_id => ' || :league, 'id', 'DELETE FROM social.sport_subjects WHERE id = (r ->> ''id'')::bigint', format('SELECT social.act_as(NULL::bigint), social.create_team(''Pg fresh'', %s)', :league)),
	('athletes', 'with_team_id => ' || :team, 'id', 'DELETE FROM social.sport_subjects WHERE id = (r ->> ''id'')::bigint', format('SELECT social.act_as(NULL::bigint), social.create_athlete(''Pg'', ''fresh'', %s)', :team)),
	('search_sports', 'query => ''pg athlete'', with_kind => ''athlete''', 'id', 'DELETE FROM social.sport_subjects WHERE id = (r ->> ''id'')::bigint', format('SELECT social.act_as(NULL::bigint), social.create_athlete(''Pg'', ''Athlete'', %s)', :team)),
	('stream_chat', 'chat_stream_id => ' || :stream, 'id', 'DELETE FROM social.stream_chat_messages WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.stream_chat_messages (stream_id, author_id, content) VALUES (%s, %s, ''fresh'')', :stream, :one)),
	('stream_replay', 'replay_stream_id => ' || :stream, 'id', 'DELETE FROM social.stream_chat_messages WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.stream_chat_messages (stream_id, author_id, content) VALUES (%s, %s, ''fresh'')', :stream, :one)),
	('stream_moderators', 'of_stream_id => ' || :stream, 'id', 'DELETE FROM social.stream_moderators WHERE user_id = (r ->> ''id'')::bigint', format('INSERT INTO social.stream_moderators (stream_id, user_id, created_at) SELECT %s, id, now() + interval ''1 second'' FROM social.users WHERE username = ''pgmuted1''', :stream)),
	('stream_bans', 'of_stream_id => ' || :stream, 'id', 'DELETE FROM social.stream_bans WHERE user_id = (r ->> ''id'')::bigint', format('INSERT INTO social.stream_bans (stream_id, user_id, created_at) SELECT %s, id, now() + interval ''1 second'' FROM social.users WHERE username = ''pgmuted1''', :stream)),
	('search', 'query => ''pg_person''', 'id', 'UPDATE social.users SET is_active = false WHERE id = (r ->> ''id'')::bigint', 'INSERT INTO social.users (username) VALUES (''pg_person_fresh'')'),
	('search_posts', 'query => ''pgword''', 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''pgword'', ''x'')', :one)),
	('search_posts_like', 'query => ''pgword''', 'id', 'UPDATE social.posts SET deleted_at = now() WHERE id = (r ->> ''id'')::bigint', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''pgword'', ''x'')', :one)),
	('search_users', 'query => ''pg_person''', 'id', 'UPDATE social.users SET is_active = false WHERE id = (r ->> ''id'')::bigint', 'INSERT INTO social.users (username) VALUES (''pg_person_fresh'')'),
	('search_hashtags', 'query => ''pgtag''', 'id', 'UPDATE social.posts SET deleted_at = now() WHERE content LIKE ''%#'' || (r ->> ''tag'') || '' %''', format('INSERT INTO social.posts (author_id, title, content) VALUES (%s, ''fresh'', ''#pgtagfresh'')', :one));
SELECT set_eq('SELECT name FROM calls', 'SELECT name FROM lists', 'this test has rows for every list');

-- A time comes back from its cursor as it was, also one that a double cannot hold to the microsecond.
SELECT is_empty($$
	SELECT t FROM unnest(ARRAY['1000-01-02 03:04:05.678901+00', '1646-03-04 05:06:07.123457+00', '1969-12-31 23:59:59.999999+00', '2026-11-29 01:02:03.000001+00', '2999-12-31 23:59:59.999999+00']::timestamptz[]) t
	WHERE (social.page_time('blocked_users', social.cursor_encode('blocked_users', social.time_key(t), 7))).at <> t
$$, 'the place of a time is exact');

-- ---- reading -------------------------------------------------------------------------------------

-- One page: its rows in order, and what all of them say in has_more (null without rows).
CREATE FUNCTION pg_temp.page(call calls, first integer, side text, cursor text, OUT ids text[], OUT cursors text[], OUT records jsonb[], OUT has_more boolean) LANGUAGE plpgsql AS $$
DECLARE
	shown boolean[];
BEGIN
	EXECUTE format('SELECT array_agg(l.r ->> %L ORDER BY l.n), array_agg(l.r ->> ''cursor'' ORDER BY l.n), array_agg(l.r ORDER BY l.n), array_agg(DISTINCT (l.r ->> ''has_more'')::boolean)
		FROM (SELECT to_jsonb(f) AS r, f.ordinality AS n FROM social.%I(%s first => $1, %I => $2) WITH ORDINALITY f) l',
		call.identity, call.name, call.arguments || CASE WHEN call.arguments = '' THEN '' ELSE ', ' END, side)
	INTO ids, cursors, records, shown USING first, cursor;
	IF cardinality(shown) > 1 OR shown[1] IS NULL AND ids IS NOT NULL OR array_position(cursors, NULL) > 0 THEN
		RAISE '%: a row without cursor or has_more, or with another has_more', call.name;
	END IF;
	ids := coalesce(ids, '{}');
	has_more := shown[1];
END
$$;
-- All rows from a cursor on to the end, or to the start, in the order of the list.
CREATE FUNCTION pg_temp.walk(call calls, size integer, side text DEFAULT 'after', cursor text DEFAULT NULL, OUT ids text[], OUT cursors text[], OUT records jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
	page record;
	at text := cursor;
BEGIN
	ids := '{}';
	LOOP
		page := pg_temp.page(call, size, side, at);
		EXIT WHEN page.ids = '{}';
		IF cardinality(page.ids) > size OR page.has_more AND cardinality(page.ids) < size THEN
			RAISE '%: a page of % for % with has_more %', call.name, cardinality(page.ids), size, page.has_more;
		END IF;
		IF side = 'after' THEN
			ids := ids || page.ids;
			cursors := cursors || page.cursors;
			records := records || page.records;
			at := page.cursors[cardinality(page.ids)];
		ELSE
			ids := page.ids || ids;
			at := page.cursors[1];
		END IF;
		EXIT WHEN NOT page.has_more;
		-- Other tests have left thousands of posts.
		IF cardinality(ids) > 5000 + (SELECT count(*) FROM social.posts) THEN
			RAISE '%: it does not end: by %, % %', call.name, size, side, at;
		END IF;
	END LOOP;
END
$$;
-- How a list breaks the protocol, in words; nothing where it does not.
CREATE FUNCTION pg_temp.faults(call calls) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	both_ways boolean := (SELECT l.both_ways FROM lists l WHERE l.name = call.name);
	whole record := pg_temp.walk(call, 40);
	n integer := cardinality(whole.ids);
	part record;
	size integer;
	here integer;
BEGIN
	IF n < 24 OR n <> (SELECT count(DISTINCT i) FROM unnest(whole.ids) i) THEN
		RETURN NEXT format('%s rows, some of them twice or too few', n);
	END IF;
	FOREACH size IN ARRAY ARRAY[1, 5, 7] LOOP
		part := pg_temp.walk(call, size);
		IF part.ids <> whole.ids THEN
			RETURN NEXT format('forwards by %s: %s instead of %s', size, part.ids, whole.ids);
		END IF;
		IF both_ways THEN
			part := pg_temp.walk(call, size, 'before', whole.cursors[n]);
			IF part.ids || whole.ids[n] <> whole.ids THEN
				RETURN NEXT format('backwards by %s: %s instead of %s', size, part.ids, whole.ids);
			END IF;
		END IF;
	END LOOP;
	-- From any place, there and back.
	FOREACH here IN ARRAY ARRAY[1, 2, 5, 6, n - 1, n] LOOP
		part := pg_temp.page(call, 5, 'after', whole.cursors[here]);
		IF part.ids <> whole.ids[here + 1:least(here + 5, n)] OR part.has_more IS DISTINCT FROM (CASE WHEN here < n THEN here + 5 < n END) THEN
			RETURN NEXT format('after row %s of %s: %s, has_more %s', here, n, part.ids, part.has_more);
		END IF;
		CONTINUE WHEN NOT both_ways;
		part := pg_temp.page(call, 5, 'before', whole.cursors[here]);
		IF part.ids <> whole.ids[greatest(here - 5, 1):here - 1] OR part.has_more IS DISTINCT FROM (CASE WHEN here > 1 THEN here > 6 END) THEN
			RETURN NEXT format('before row %s of %s: %s, has_more %s', here, n, part.ids, part.has_more);
		END IF;
	END LOOP;
	-- The ends of what a page may hold.
	part := pg_temp.page(call, NULL, 'after', NULL);
	IF part.ids <> whole.ids[1:20] THEN
		RETURN NEXT 'null is not the default page of 20';
	END IF;
	IF n <= 40 THEN
		part := pg_temp.page(call, n, 'after', NULL);
		IF part.ids <> whole.ids OR part.has_more THEN
			RETURN NEXT 'a page of all rows says that more follow';
		END IF;
		part := pg_temp.page(call, n - 1, 'after', NULL);
		IF part.ids <> whole.ids[1:n - 1] OR NOT part.has_more THEN
			RETURN NEXT 'a page of all rows but one does not say that more follow';
		END IF;
	END IF;
END
$$;
-- What it does while rows come and go between two pages; all of that is undone.
CREATE FUNCTION pg_temp.faults_meanwhile(call calls) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	both_ways boolean := (SELECT l.both_ways FROM lists l WHERE l.name = call.name);
	older record := pg_temp.walk(call, 40);
	newer record;
	part record;
	-- A thread's page ends at a comment that the next one must find; the others end at a place.
	lost integer[] := CASE WHEN call.name = 'comment_thread' THEN ARRAY[3, 8] ELSE ARRAY[5, 8] END;
	kept integer := CASE WHEN call.name = 'comment_thread' THEN 5 ELSE 4 END;
	expected text[];
	found text[] := '{}';
	i integer;
BEGIN
	BEGIN
		FOREACH i IN ARRAY lost LOOP
			EXECUTE replace(call.gone, 'r ->>', quote_literal(older.records[i]) || '::jsonb ->>');
		END LOOP;
		EXECUTE call.fresh;
		newer := pg_temp.walk(call, 40);
		IF newer.ids && ARRAY[older.ids[lost[1]], older.ids[lost[2]]] OR newer.ids <@ older.ids THEN
			found := found || format('the test does not do what it says: %s before, %s after', older.ids, newer.ids);
		END IF;
		expected := newer.ids[array_position(newer.ids, older.ids[kept]) + 1:];
		IF call.name IN ('home_feed', 'search_posts') THEN
			-- What was read goes on as it was when it began.
			expected := ARRAY(SELECT e FROM unnest(expected) WITH ORDINALITY u (e, n) WHERE e = ANY (older.ids) ORDER BY n);
		END IF;
		part := pg_temp.walk(call, 7, 'after', older.cursors[5]);
		IF part.ids <> expected THEN
			found := found || format('forwards: %s instead of %s', part.ids, expected);
		END IF;
		IF both_ways THEN
			expected := newer.ids[:array_position(newer.ids, older.ids[9]) - 1];
			FOREACH i IN ARRAY ARRAY[8, 9] LOOP
				part := pg_temp.walk(call, 3, 'before', older.cursors[i]);
				IF part.ids <> expected THEN
					found := found || format('backwards from row %s: %s instead of %s', i, part.ids, expected);
				END IF;
			END LOOP;
		END IF;
		RAISE EXCEPTION USING ERRCODE = 'TA000';
	EXCEPTION WHEN SQLSTATE 'TA000' THEN
		RETURN QUERY SELECT unnest(found);
	END;
END
$$;

SELECT social.act_as(:viewer);
SELECT is_empty(format('SELECT f FROM calls c, pg_temp.faults(c) f WHERE c.name = %L', name), name || ': pages join, forwards and backwards, and say whether more follow') FROM (SELECT DISTINCT name FROM calls) c ORDER BY name;
SELECT is_empty(format('SELECT f FROM calls c, pg_temp.faults_meanwhile(c) f WHERE c.name = %L', name), name || ': nothing twice and nothing missing while rows come and go') FROM (SELECT DISTINCT name FROM calls) c ORDER BY name;

-- ---- a list of three lists -----------------------------------------------------------------------

INSERT INTO social.users (username) SELECT 'pgall' || n FROM generate_series(1, 6) n;
INSERT INTO social.posts (author_id, title, content) SELECT :one, 'pgall', '#pgall' || n FROM generate_series(1, 3) n;
CREATE FUNCTION pg_temp.all_found(size integer, OUT kinds text, OUT ids text[]) LANGUAGE sql AS $$
	SELECT string_agg(left(r ->> 'type', 1), '' ORDER BY n), array_agg((r ->> 'type') || (r ->> 'id') ORDER BY n)
	FROM unnest((pg_temp.walk(ROW('search', 'query => ''pgall''', 'id', NULL, NULL)::calls, size)).records) WITH ORDINALITY u (r, n)
$$;
SELECT is((pg_temp.all_found(40)).kinds, 'UHPUHPUHPUUU', 'search: each kind in turn, as long as it has some');
SELECT is((pg_temp.all_found(size)).ids, (pg_temp.all_found(40)).ids, 'search: the same by ' || size) FROM generate_series(1, 12) size;
SELECT is((SELECT count(DISTINCT i) FROM unnest((pg_temp.all_found(5)).ids) i), 12::bigint, 'search: nothing twice');
SELECT throws_ok(format('SELECT FROM social.search(''pgall'', after => %L)', c), 'SM400', 'invalid cursor', 'search: no place is ' || left(c, 20))
FROM unnest(ARRAY['0...', '4...', '1..', '1....', '1.x..', '1..x.', '1...x', '1.' || social.cursor_encode('posts', 1, 1) || '..', '1...' || social.cursor_encode('search_users', 1, 1), repeat('1', 10000)]) c;

-- ---- what is refused -----------------------------------------------------------------------------

SELECT throws_ok(format('SELECT FROM social.%I(%s first => %s)', name, arguments || CASE WHEN arguments = '' THEN '' ELSE ', ' END, n), 'SM400', 'invalid page size', format('%s: a page of %s', name, n))
FROM calls, unnest(ARRAY[-2147483648, -1, 0, 51, 2147483647]) n ORDER BY name, n;
SELECT lives_ok(format('SELECT FROM social.%I(%s first => %s)', name, arguments || CASE WHEN arguments = '' THEN '' ELSE ', ' END, n), format('%s: a page of %s', name, n))
FROM calls, unnest(ARRAY[1, 50]) n ORDER BY name, n;
SELECT throws_ok(format('SELECT FROM social.%I(%s %s => %L)', c.name, c.arguments || CASE WHEN c.arguments = '' THEN '' ELSE ', ' END, side, cursor), 'SM400', 'invalid cursor', format('%s: %s another list''s cursor, or none', c.name, side))
FROM calls c JOIN lists l USING (name), unnest(ARRAY['after', 'before']) side, unnest(ARRAY['', 'x', social.cursor_encode('another list', 1, 1)]) cursor
WHERE side = 'after' OR l.both_ways ORDER BY c.name, side;
SELECT throws_ok(format('SELECT FROM social.%1$I(%2$s after => %3$L, before => %3$L)', c.name, c.arguments || CASE WHEN c.arguments = '' THEN '' ELSE ', ' END, cursor), 'SM400', 'two cursors', c.name || ': two cursors')
FROM calls c JOIN lists l USING (name), pg_temp.page(c, 1, 'after', NULL) p, unnest(p.cursors) cursor WHERE l.both_ways ORDER BY c.name;

-- ---- as JSON (issue 11 line 3) ---------------------------------------------------------------------

-- A page of these rows, which was asked for by these cursors.
CREATE FUNCTION pg_temp.json_page(rows text, after text, before text, facts text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	page text[];
BEGIN
	EXECUTE format('SELECT social.page_json(item::json, cursor, has_more, $1, $2, $3::json) FROM (VALUES %s) l (item, cursor, has_more)', rows) INTO page USING after, before, facts;
	IF page[2] IS DISTINCT FROM page[1]::json ->> 'next' OR page[3] IS DISTINCT FROM page[1]::json ->> 'previous' THEN
		RAISE 'other cursors beside the page than on it: %', page;
	END IF;
	RETURN page[1];
END $$;
SELECT is(pg_temp.json_page(rows, after, before, facts), wanted, name)
FROM (VALUES
	('the first page', $$('1', 'a', true), ('{"b":2}', 'b', true)$$, NULL, NULL, NULL, '{"results":[1,{"b":2}],"next":"b","previous":null}'),
	('the only one', $$('1', 'a', false)$$, NULL, NULL, NULL, '{"results":[1],"next":null,"previous":null}'),
	('one in the middle, forwards', $$('1', 'a', true), ('2', 'b', true), ('3', 'c', true)$$, 'z', NULL, NULL, '{"results":[1,2,3],"next":"c","previous":"a"}'),
	('the last, forwards', $$('1', 'a', false)$$, 'z', NULL, NULL, '{"results":[1],"next":null,"previous":"a"}'),
	('one in the middle, backwards', $$('1', 'a', true), ('2', 'b', true)$$, NULL, 'z', NULL, '{"results":[1,2],"next":"b","previous":"a"}'),
	('the first, backwards', $$('1', 'a', false), ('2', 'b', false)$$, NULL, 'z', NULL, '{"results":[1,2],"next":"b","previous":null}'),
	('no row that is one', $$('1', NULL, NULL::boolean)$$, NULL, NULL, ' { "total" : {"value": 0}, "x" : "}" } ', '{"results":[],"next":null,"previous":null, "total" : {"value": 0}, "x" : "}" }'),
	('facts without any', $$(NULL, 'a"\', NULL::boolean)$$, 'z', NULL, '{ }', '{"results":[null],"next":null,"previous":"a\"\\"}'),
	('facts that are no object', $$('1', 'a', true)$$, NULL, NULL, '[1]', '{"results":[1],"next":"a","previous":null}')) v (name, rows, after, before, facts, wanted);
SELECT is((SELECT (social.page_json('1', 'a', true, NULL, NULL, NULL))[1] WHERE false), '{"results":[],"next":null,"previous":null}', 'a page of no rows');
SELECT results_eq($$SELECT n % 2, (social.page_json(to_json(n), n::text, n < 4, NULL, 'z', NULL))[1] FROM generate_series(1, 5) n GROUP BY 1 ORDER BY 1$$,
	$$VALUES (0, '{"results":[2,4],"next":"4","previous":"2"}'), (1, '{"results":[1,3,5],"next":"5","previous":"1"}')$$, 'several at once');
SELECT throws_ok($$SELECT social.page_json_step(NULL, '1', 'a', true, NULL, NULL, NULL)$$, '42883', NULL, 'its step cannot be called');

SELECT * FROM finish();
ROLLBACK;
