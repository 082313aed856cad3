-- personal.sql owns which columns refer to a person, what an export of the person's data takes of each,
-- and what becomes of it when the account is deleted. Whoever adds a table that holds something of
-- people adds rows here; test/pgtap/personal.sql fails until it is done.

-- What foreign keys cannot tell. One row for each column that refers to a person, by a foreign key or
-- without one: export_as is the file of the archive that has its rows (null: none, and the note says why);
-- on_deletion is delete, anonymise (the row stays, what tells of the person goes) or keep. condition
-- finds the rows of the person $1 in the table t; null where foreign keys tell it.
CREATE OR REPLACE FUNCTION social.personal_notes(OUT table_name text, OUT column_name text, OUT export_as text, OUT export_note text,
		OUT on_deletion text, OUT deletion_note text, OUT condition text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	VALUES
		-- the account
		('users', 'id', 'account', 'the account', 'delete', 'the last row to go', 't.id = $1'),
		('profiles', 'user_id', 'profile', 'the profile', 'delete', 'with the account', NULL),
		('user_counters', 'user_id', 'counts', 'how many posts, followers and people followed', 'delete', 'with the account, by its trigger', 't.user_id = $1'),
		('user_counter_deltas', 'user_id', NULL, 'part of the counts until the worker folds it', 'delete', 'folded within seconds', 't.user_id = $1'),
		('recounts', 'user_id', NULL, 'work of the site, gone when it is done', 'delete', 'with the account', NULL),
		('last_positions', 'user_id', NULL, 'follows from the posts and reposts', 'delete', 'with the account', NULL),
		('notification_preferences', 'user_id', 'notification_preferences', 'which kinds the person wants to be told', 'delete', 'with the account', NULL),
		('user_sessions', 'user_id', 'sessions', 'where the person is, or was, logged in', 'delete', '', NULL),
		('api_keys', 'user_id', 'api_keys', 'what scripts act by in the person''s name', 'delete', '', NULL),
		('consents', 'user_id', 'consents', 'what the person has agreed to, and taken back', 'delete', '', NULL),
		('refresh_tokens', 'session_id', NULL, 'digests of secrets', 'delete', 'with the session', NULL),
		('token_blacklist', 'user_id', NULL, 'digests of secrets', 'anonymise', 'null; the token stays refused until it expires', 't.user_id = $1'),
		('login_attempts', 'user_id', 'login_attempts', 'attempts to log in as the person', 'delete', '', NULL),
		('login_attempts', 'claimant_id', NULL, 'attempts at an address that nobody has proven: they may be somebody else''s', 'delete', '', NULL),
		('login_attempts', 'username', NULL, 'what somebody has typed, who may be somebody else', 'keep', 'found no account: gone with the names when the account is closed, and what comes later retention takes',
			't.user_id IS NULL AND t.username <> '''' AND lower(t.username) = ANY (SELECT lower(n) FROM social.users u, unnest(ARRAY[u.username, u.email, u.pending_email]) AS n WHERE u.id = $1 AND n <> '''')'),
		('account_tokens', 'user_id', 'account_tokens', 'tokens that were sent by mail: to which address, when and what for', 'delete', 'with the account', NULL),
		('user_totp', 'user_id', 'one_time_codes', 'since when one-time codes are asked for', 'delete', 'with the account', NULL),
		('recovery_codes', 'user_id', NULL, 'digests of secrets', 'delete', 'with the account', NULL),
		('mail_outbox', 'user_id', 'mails', 'mails to the person: which, when and where to; their words may hold tokens', 'delete', '', NULL),
		('mail_outbox', 'address', NULL, 'mails to an address that is no account''s; retention takes them in 30 days', 'delete', '',
			't.user_id IS NULL AND lower(t.address) = ANY (SELECT lower(n) FROM social.users u, unnest(ARRAY[u.email, u.pending_email]) AS n WHERE u.id = $1 AND n <> '''')'),
		('idempotency_keys', 'user_id', NULL, 'answers to requests, copies of what stands elsewhere, for a day', 'delete', '', NULL),
		('jobs', 'user_id', NULL, 'work of the site, gone when it is done', 'delete', '', NULL),
		('jobs', 'args', NULL, 'work of the site, gone when it is done', 'delete', '', 't.user_id IS NULL AND t.args @> jsonb_build_object(''user_id'', $1)'),
		('rate_limit_state', 'key', NULL, 'counts of requests, for a day at most', 'keep', 'ids and windows of networks, which last a day at most', 't.key ~ (''(^|[:/])user:'' || $1 || ''($|[^0-9])'')'),
		('audit_log', 'actor_id', 'acts', 'what the person did that the audit log tells; what staff note of others is theirs', 'anonymise', 'the entry stays, without the network address, and without who it was', 't.actor_id = $1'),
		('audit_log', 'object_id', 'audit_log', 'what was done to the account, without what staff noted', 'anonymise', 'the entry stays, without its words, and without whom it was done to', 't.object_type = ''user'' AND t.object_id = $1'),
		('audit_log', 'detail', NULL, 'what staff noted', 'anonymise', 'emptied, or without who is named',
			'(t.object_type = ''user'' AND t.object_id = $1 AND t.detail <> ''{}'') OR to_jsonb($1) IN (t.detail -> ''owner_id'', t.detail -> ''host_id'', t.detail -> ''user_id'', CASE WHEN t.detail ->> ''target'' = ''user'' THEN t.detail -> ''target_id'' END)'),
		('audit_log', 'address', NULL, 'stands in acts', 'anonymise', 'emptied', 't.actor_id = $1 AND t.address IS NOT NULL'),
		('django_ids', 'id', 'moved_from', 'which account of another application it was', 'anonymise', 'null; the key there stays, so that the move does not bring the person back', 't.kind = ''user'' AND t.id = $1'),
		('django_notes', 'key', NULL, 'what the move noted of rows that it did not take as they were', 'delete', '',
			't.kind = ''user'' AND EXISTS (SELECT FROM social.django_ids d WHERE d.source = t.source AND d.kind = t.kind AND d.key = t.key AND d.id = $1)'),
		('account_deletions', 'user_id', 'deletions', 'that the account is being deleted', 'keep', 'the ledger: a number and times, by which a restored backup forgets the person again', 't.user_id = $1'),
		('tombstones', 'user_id', NULL, 'nobody', 'keep', 'the account that stands for all who are gone', NULL),
		('exports', 'user_id', NULL, 'the archive itself', 'delete', 'with its object, by a job', NULL),
		('imported_posts', 'user_id', 'imported_posts', 'posts that came from elsewhere, and their ids there', 'delete', 'with the account', NULL),
		('imported_posts', 'post_id', NULL, 'stands with its author', 'delete', 'with the post', NULL),
		-- who has to do with whom
		('follows', 'follower_id', 'following', 'whom the person follows', 'delete', '', NULL),
		('follows', 'followed_id', 'followers', 'who follows the person', 'delete', '', NULL),
		('sport_follows', 'user_id', 'sports_followed', 'leagues, teams and athletes that the person follows', 'delete', '', NULL),
		('follow_requests', 'requester_id', 'follow_requests_sent', 'whom the person wants to follow', 'delete', '', NULL),
		('follow_requests', 'target_id', 'follow_requests', 'who wants to follow the person', 'delete', '', NULL),
		('blocks', 'blocker_id', 'blocks', 'whom the person blocks', 'delete', 'with the account', NULL),
		('blocks', 'blocked_id', NULL, 'who blocks the person is that one''s secret', 'delete', 'with the account', NULL),
		('mutes', 'muter_id', 'mutes', 'whom the person mutes', 'delete', 'with the account', NULL),
		('mutes', 'muted_id', NULL, 'who mutes the person is that one''s secret', 'delete', 'with the account', NULL),
		('notifications', 'recipient_id', 'notifications', 'what the person was told', 'delete', '', NULL),
		('notifications', 'actor_id', NULL, 'what others were told', 'delete', '', 't.actor_id = $1'),
		('notifications', 'post_id', NULL, 'what others were told', 'delete', 'with the post', NULL),
		('notifications', 'quote_id', NULL, 'what others were told', 'delete', 'with the post', NULL),
		('notifications', 'comment_id', NULL, 'what others were told', 'delete', 'with the comment', NULL),
		('notifications', 'stream_id', NULL, 'what others were told', 'delete', 'with the stream', NULL),
		-- posts, and what hangs on them
		('posts', 'author_id', 'posts', 'the posts, drafts and deleted ones too', 'delete', '', NULL),
		('post_revisions', 'post_id', 'post_revisions', 'what the posts said before they were edited', 'delete', 'with the post', NULL),
		('post_revisions', 'editor_id', NULL, 'stands with the post', 'anonymise', 'null', NULL),
		('post_hashtags', 'post_id', NULL, 'stands in the posts', 'delete', 'with the post', NULL),
		('post_subjects', 'post_id', 'post_subjects', 'leagues, teams and athletes that the posts are about', 'delete', 'with the post', NULL),
		('post_counters', 'post_id', 'post_counts', 'likes, comments, reposts and views of the posts', 'delete', 'with the post, by its trigger', 't.post_id IN (SELECT x.id FROM social.posts x WHERE x.author_id = $1)'),
		('post_counter_deltas', 'post_id', NULL, 'part of the counts until the worker folds it', 'delete', 'folded within seconds', 't.post_id IN (SELECT x.id FROM social.posts x WHERE x.author_id = $1)'),
		('post_trends', 'post_id', NULL, 'follows from what others do', 'delete', 'with the post', NULL),
		('trend_events', 'post_id', NULL, 'part of the trends until the worker folds it', 'delete', 'folded within seconds', 't.post_id IN (SELECT x.id FROM social.posts x WHERE x.author_id = $1)'),
		('mentions', 'post_id', 'mentions', 'whom the posts mention', 'delete', 'with the post', NULL),
		('mentions', 'mentioned_user_id', 'mentioned_in', 'which posts mention the person', 'delete', 'with the account', NULL),
		('hashtags', 'tag', NULL, 'stands in the posts', 'delete', 'where nobody else uses it',
			't.tag = ANY (SELECT unnest(x.hashtags) FROM social.posts x WHERE x.author_id = $1)'),
		('media', 'owner_id', 'media', 'the files that the person sent; the archive has them, too', 'delete', 'with its objects, by a job', NULL),
		('media', 'post_id', NULL, 'stands with its owner', 'delete', 'with the post', NULL),
		('media', 'stream_id', NULL, 'stands with its owner', 'delete', 'with the stream', NULL),
		('media_sweeps', 'findings', NULL, 'names of objects that an operator''s comparison found', 'anonymise', 'without those names',
			'EXISTS (SELECT FROM jsonb_array_elements(t.findings) f WHERE position(''uploads/'' || $1 || ''/'' IN f::text) > 0)'),
		('comments', 'author_id', 'comments', 'comments and replies, with what they answer', 'delete', '', NULL),
		('comments', 'post_id', NULL, 'what others say', 'delete', 'with the post', NULL),
		('comment_counters', 'comment_id', 'comment_counts', 'likes of the comments, and replies', 'delete', 'with the comment, by its trigger', 't.comment_id IN (SELECT x.id FROM social.comments x WHERE x.author_id = $1)'),
		('comment_counter_deltas', 'comment_id', NULL, 'part of the counts until the worker folds it', 'delete', 'folded within seconds', 't.comment_id IN (SELECT x.id FROM social.comments x WHERE x.author_id = $1)'),
		('post_likes', 'user_id', 'post_likes', 'posts that the person likes', 'delete', '', NULL),
		('post_likes', 'post_id', NULL, 'what others do; how many is in post_counts', 'delete', 'with the post', NULL),
		('comment_likes', 'user_id', 'comment_likes', 'comments that the person likes', 'delete', '', NULL),
		('comment_likes', 'comment_id', NULL, 'what others do; how many is in comment_counts', 'delete', 'with the comment', NULL),
		('reposts', 'user_id', 'reposts', 'posts that the person passed on', 'delete', '', NULL),
		('reposts', 'post_id', NULL, 'what others do; how many is in post_counts', 'delete', 'with the post', NULL),
		('repost_places', 'user_id', 'withdrawn_reposts', 'reposts that the person took back', 'delete', '', NULL),
		('repost_places', 'post_id', NULL, 'what others do', 'delete', 'with the post', NULL),
		('bookmarks', 'user_id', 'bookmarks', 'posts that the person keeps', 'delete', '', NULL),
		('bookmarks', 'post_id', NULL, 'what others keep is their secret', 'delete', 'with the post', NULL),
		('post_views', 'user_id', 'post_views', 'posts that the person saw', 'delete', '', NULL),
		('post_views', 'post_id', NULL, 'what others see; how many is in post_counts', 'delete', 'with the post', NULL),
		('reports', 'reporter_id', 'reports', 'what the person reported', 'anonymise', 'the report stays, without its words', NULL),
		('reports', 'user_id', NULL, 'what others report is between them and staff', 'delete', 'with the account', NULL),
		('reports', 'post_id', NULL, 'what others report is between them and staff', 'delete', 'with the post', NULL),
		('reports', 'comment_id', NULL, 'what others report is between them and staff', 'delete', 'with the comment', NULL),
		('reports', 'resolved_by', NULL, 'what staff did stands in acts', 'anonymise', 'null', NULL),
		-- streams
		('webhooks', 'owner_id', 'webhooks', 'addresses that are told by HTTP what happens', 'delete', '', NULL),
		('webhook_secrets', 'webhook_id', NULL, 'secrets', 'delete', 'with the webhook', NULL),
		('webhook_deliveries', 'webhook_id', 'webhook_deliveries', 'what the webhooks were told: when, and what became of it', 'delete', '', NULL),
		('webhook_delivery_attempts', 'delivery_id', 'webhook_delivery_attempts', 'attempts to tell it, and what was answered', 'delete', 'with the webhook', NULL),
		('webhook_events', 'author_id', NULL, 'ids of what stands elsewhere, for 30 days', 'delete', 'seconds after what they tell of', 't.author_id = $1'),
		('webhook_events', 'recipient_id', NULL, 'ids of what stands elsewhere, for 30 days', 'delete', 'seconds after what they tell of', 't.recipient_id = $1'),
		('webhook_events', 'subject_id', NULL, 'ids of what stands elsewhere, for 30 days', 'delete', 'seconds after what they tell of', 't.subject_id = $1 AND t.type IN (''follow.created'', ''follow.deleted'', ''relation.changed'', ''chat.banned'', ''chat.unbanned'')'),
		('streams', 'host_id', 'streams', 'the streams', 'delete', '', NULL),
		('stream_keys', 'stream_id', NULL, 'digests of secrets', 'delete', 'with the stream', NULL),
		('mux_streams', 'stream_id', NULL, 'what Mux calls a stream, and its key until it is taken', 'delete', 'with the stream, and at Mux by a job', NULL),
		('stream_events', 'stream_id', NULL, 'what providers tell the site, gone in 30 days', 'delete', 'with the stream', NULL),
		('stream_subjects', 'stream_id', 'stream_subjects', 'leagues, teams and athletes that the streams are about', 'delete', 'with the stream', NULL),
		('stream_invitations', 'stream_id', 'stream_guests', 'whom the person invited', 'delete', 'with the stream', NULL),
		('stream_invitations', 'user_id', 'stream_invitations', 'streams that the person was invited to', 'delete', '', NULL),
		('stream_minutes', 'stream_id', NULL, 'numbers of an audience', 'delete', 'with the stream', NULL),
		('stream_audiences', 'stream_id', NULL, 'numbers of an audience', 'delete', 'with the stream', NULL),
		('stream_views', 'viewer_id', 'stream_views', 'streams that the person watched', 'delete', '', NULL),
		('stream_views', 'stream_id', NULL, 'what others watch', 'delete', 'with the stream', NULL),
		('stream_chat_messages', 'author_id', 'stream_chat_messages', 'what the person said in chats', 'delete', '', NULL),
		('stream_chat_messages', 'stream_id', NULL, 'what others say', 'delete', 'with the stream', NULL),
		('stream_chatters', 'user_id', 'stream_chats', 'chats that the person took part in', 'delete', '', NULL),
		('stream_chatters', 'stream_id', NULL, 'what others do', 'delete', 'with the stream', NULL),
		('stream_moderators', 'user_id', 'stream_moderator_of', 'chats that the person keeps order in', 'delete', '', NULL),
		('stream_moderators', 'stream_id', 'stream_moderators', 'who keeps order in the person''s chats', 'delete', 'with the stream', NULL),
		('stream_bans', 'user_id', 'stream_banned_from', 'chats that the person may say nothing in', 'delete', '', NULL),
		('stream_bans', 'stream_id', 'stream_bans', 'who may say nothing in the person''s chats', 'delete', 'with the stream', NULL),
		('stream_bans', 'banned_by', NULL, 'stands with whose chat it is', 'anonymise', 'null', NULL),
		-- sports
		-- what has happened, for a day
		('event_outbox', 'author_id', NULL, 'ids of what stands elsewhere, for seconds', 'keep', 'ids alone, moved within seconds', 't.author_id = $1'),
		('event_outbox', 'recipient_id', NULL, 'ids of what stands elsewhere, for seconds', 'keep', 'ids alone, moved within seconds', 't.recipient_id = $1'),
		('event_outbox', 'subject_id', NULL, 'ids of what stands elsewhere, for seconds', 'keep', 'ids alone, moved within seconds', 't.subject_id = $1 AND t.type IN (''follow.created'', ''follow.deleted'', ''relation.changed'', ''chat.banned'', ''chat.unbanned'')'),
		('event_outbox', 'more', NULL, 'ids of what stands elsewhere, for seconds', 'keep', 'ids alone, moved within seconds',
			'EXISTS (SELECT FROM social.more_events(t.more) b WHERE b.author_id = $1 OR b.recipient_id = $1 OR (b.subject_id = $1 AND t.type IN (''follow.created'', ''follow.deleted'', ''relation.changed'', ''chat.banned'', ''chat.unbanned'')))'),
		('events', 'author_id', NULL, 'ids of what stands elsewhere, for a day', 'delete', 'seconds after what they tell of', 't.author_id = $1'),
		('events', 'recipient_id', NULL, 'ids of what stands elsewhere, for a day', 'delete', 'seconds after what they tell of', 't.recipient_id = $1'),
		('events', 'subject_id', NULL, 'ids of what stands elsewhere, for a day', 'delete', 'seconds after what they tell of', 't.subject_id = $1 AND t.type IN (''follow.created'', ''follow.deleted'', ''relation.changed'', ''chat.banned'', ''chat.unbanned'')'),
		('event_counts', 'object_id', NULL, 'ids of what stands elsewhere, for seconds', 'keep', 'ids alone, gone within seconds', 't.type = ''profile.counts'' AND t.object_id = $1')
$$;
COMMENT ON FUNCTION social.personal_notes() IS 'What is written of the columns that refer to people: under which name their rows are exported, what deletion does, and how the rows of the person $1 are found where no foreign key tells it.';

-- Columns of exported tables that the archive leaves out: of every file, or of one (export_as).
CREATE OR REPLACE FUNCTION social.unexported_columns(OUT table_name text, OUT column_name text, OUT export_as text, OUT reason text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT l.table_name, unnest(l.columns), l.export_as, l.reason
	FROM (VALUES
		('users', ARRAY['password'], NULL, 'a secret'),
		('users', ARRAY['has_filters', 'is_locked'], NULL, 'follows from what stands elsewhere'),
		('user_sessions', ARRAY['family_secret'], NULL, 'a secret'),
		('api_keys', ARRAY['digest'], NULL, 'a digest of a secret'),
		('account_tokens', ARRAY['token_hash'], NULL, 'a digest of a secret'),
		('user_totp', ARRAY['secret', 'last_step', 'failures', 'failed_at'], NULL, 'a secret, and what guards it'),
		('mail_outbox', ARRAY['variables'], NULL, 'they may hold tokens'),
		('mail_outbox', ARRAY['due_at', 'attempts', 'leased_until', 'error', 'job_id'], NULL, 'how the site sends it'),
		('login_attempts', ARRAY['claimant_id'], NULL, 'somebody else'),
		('audit_log', ARRAY['detail', 'application', 'database_role'], NULL, 'what staff noted, and how the site is run'),
		('audit_log', ARRAY['actor_id', 'address'], 'audit_log', 'somebody else'),
		('follows', ARRAY['follower_is_counted', 'followed_is_counted'], NULL, 'how the site counts'),
		('blocks', ARRAY['is_settled'], NULL, 'how the site works'),
		('posts', ARRAY['position', 'kept_position', 'search_vector'], NULL, 'how the site lists and finds it'),
		('post_revisions', ARRAY['editor_id'], NULL, 'who of the staff it was'),
		('post_subjects', ARRAY['position'], NULL, 'how the site lists it'),
		('post_likes', ARRAY['is_counted'], NULL, 'how the site counts'),
		('comment_likes', ARRAY['is_counted'], NULL, 'how the site counts'),
		('reposts', ARRAY['is_counted', 'position'], NULL, 'how the site counts and lists it'),
		('repost_places', ARRAY['position'], NULL, 'how the site lists it'),
		('post_views', ARRAY['viewer_key'], NULL, 'follows from the person'),
		('comments', ARRAY['is_counted', 'author_is_counted', 'is_reply'], NULL, 'how the site counts'),
		('reports', ARRAY['resolved_by', 'resolution'], NULL, 'what staff noted'),
		('media', ARRAY['etag', 'is_form', 'error'], NULL, 'how the site keeps it'),
		('streams', ARRAY['search_vector', 'publisher', 'heard_at', 'disconnected_at', 'event_at', 'notice_at', 'notice_id', 'provider_id', 'playback_id'], NULL, 'how the site carries it'),
		('stream_views', ARRAY['token_hash', 'is_told', 'leaving_at'], NULL, 'a digest of a secret, and how the site counts'),
		('stream_bans', ARRAY['reason', 'banned_by'], 'stream_banned_from', 'what the host noted')
	) AS l (table_name, columns, export_as, reason)
$$;
COMMENT ON FUNCTION social.unexported_columns() IS 'Columns of exported tables that an export leaves out, and why; export_as null: of every file that the table is exported as.';

-- Edges of foreign keys that lead to people: to users, and to tables whose rows belong to one (a column
-- that is never null, and whose row goes with the person), however far.
CREATE OR REPLACE FUNCTION social.personal_references(OUT table_name text, OUT column_name text, OUT condition text, OUT goes_along boolean)
	RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE edges AS (
		SELECT n.conrelid, n.confrelid, n.confdeltype = 'c' AND a.attnotnull AS goes_along, n.confdeltype = 'c' AS cascades, c.relname::text AS table_name, a.attname::text AS column_name,
			r.attname::text AS key
		FROM pg_constraint n
		JOIN pg_class c ON c.oid = n.conrelid
		JOIN pg_attribute a ON a.attrelid = n.conrelid AND a.attnum = n.conkey[1]
		JOIN pg_attribute r ON r.attrelid = n.confrelid AND r.attnum = n.confkey[1]
		WHERE n.contype = 'f' AND c.relnamespace = 'social'::regnamespace AND n.conparentid = 0
	), reached AS (
		SELECT e.conrelid, e.confrelid, e.goes_along, e.cascades, e.table_name, e.column_name, format('t.%I = $1', e.column_name) AS condition, 1 AS depth
		FROM edges e WHERE e.confrelid = 'social.users'::regclass
		UNION ALL
		SELECT e.conrelid, e.confrelid, e.goes_along, e.cascades, e.table_name, e.column_name,
			format('t.%I IN (SELECT %s.%I FROM social.%I %s WHERE %s)', e.column_name, 'x' || r.depth, e.key, r.table_name, 'x' || r.depth, replace(r.condition, 't.', 'x' || r.depth || '.')), r.depth + 1
		FROM reached r JOIN edges e ON e.confrelid = r.conrelid
		WHERE r.goes_along AND r.depth < 4 AND e.conrelid <> e.confrelid
	)
	SELECT DISTINCT ON (r.table_name, r.column_name) r.table_name, r.column_name, r.condition, r.cascades FROM reached r ORDER BY r.table_name, r.column_name, r.depth
$$;
COMMENT ON FUNCTION social.personal_references() IS 'Columns whose foreign keys lead to a person, directly or by what belongs to one, with the condition that finds the rows of the person $1 in the table t.';

CREATE OR REPLACE FUNCTION social.personal_columns(OUT table_name text, OUT column_name text, OUT has_reference boolean, OUT condition text,
		OUT export_as text, OUT export_note text, OUT on_deletion text, OUT deletion_note text)
	RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(r.table_name, n.table_name), coalesce(r.column_name, n.column_name), r.table_name IS NOT NULL, coalesce(n.condition, r.condition),
		n.export_as, n.export_note, n.on_deletion, n.deletion_note
	FROM social.personal_references() r
	FULL JOIN social.personal_notes() n ON n.table_name = r.table_name AND n.column_name = r.column_name
	ORDER BY 1, 2
$$;
COMMENT ON FUNCTION social.personal_columns() IS 'Every column that refers to a person, found from the foreign keys and a written list: condition finds the rows of the person $1 in the table t; export_as is the file of an export that has them (null: none, export_note says why); on_deletion says what deletion does with them: delete, anonymise, keep.';
