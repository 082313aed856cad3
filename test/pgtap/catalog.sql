-- catalog.sql proves what must hold for every object of the extension, whoever adds one.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY VIEW members AS
SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND e.extname = 'social' AND d.deptype = 'e';
CREATE TEMPORARY VIEW routines AS
SELECT p.* FROM pg_proc p JOIN members m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;

SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid, pg_extension e
	WHERE e.extname = 'social' AND c.relkind IN ('r', 'p', 'S') AND (c.relpersistence = 'p') = (NOT c.oid = ANY (e.extconfig))
$$, 'every table and sequence is registered for pg_dump (P-03), but for what is not logged');
SELECT isnt_empty($$
	SELECT 1 FROM pg_extension WHERE extname = 'social' AND cardinality(extconfig) > 20
$$, 'and there are some');

SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE c.relkind IN ('r', 'p') AND c.relreplident <> 'f'
		AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (c.relreplident = 'd' AND i.indisprimary OR c.relreplident = 'i' AND i.indisreplident))
$$, 'every table has a primary key or a replica identity, or a publication could not tell of its deletions (found C1)');
SELECT is_empty($$
	SELECT con.conrelid::regclass, con.conname FROM pg_constraint con JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = con.conrelid
	WHERE con.contype = 'f' AND con.confrelid = con.conrelid
$$, 'no foreign key leads from a table to itself: no order of rows in a dump could satisfy it (found C3, extension/base/reference.c)');

SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE c.relkind IN ('r', 'p', 'v') AND obj_description(c.oid, 'pg_class') IS NULL
$$, 'every table and view has a comment');
SELECT is_empty($$
	SELECT oid::regprocedure FROM routines WHERE obj_description(oid, 'pg_proc') IS NULL
$$, 'every function has a comment');

SELECT is_empty($$
	SELECT attrelid::regclass, attname FROM pg_attribute a JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = a.attrelid
	JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
	WHERE attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL
$$, 'every column of a table has a comment: one row in sql/api/column.sql');

-- Found C12: JavaScript reads a larger number as another one.
SELECT is_empty($$
	SELECT a.attrelid::regclass, s.seqmax FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	JOIN pg_sequence s ON s.seqrelid = pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)::regclass
	WHERE a.attidentity <> '' AND NOT c.relispartition AND (s.seqmax <> 9007199254740991
		OR NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conrelid = a.attrelid AND n.convalidated AND pg_get_constraintdef(n.oid) = format('CHECK ((%I <= ''9007199254740991''::bigint))', a.attname)))
$$, 'found C12: no id is beyond 2^53 - 1');
SELECT throws_ok($$ INSERT INTO social.users (id, username) VALUES (9007199254740992, 'too_far') $$, '23514', NULL, 'nor can one be brought in');

-- C functions that run no SQL need no search path, nor do aggregates, which are made of them; the others pin theirs or are parsed at creation.
SELECT is_empty($$
	SELECT r.oid::regprocedure FROM routines r JOIN pg_language l ON l.oid = r.prolang
	WHERE r.prosqlbody IS NULL AND l.lanname <> 'c' AND r.prokind <> 'a'
	AND r.proname <> 'import_django' -- a procedure that ends transactions cannot: it names the schema of all that it calls
	AND NOT EXISTS (SELECT FROM unnest(r.proconfig) c WHERE c LIKE 'search_path=pg_catalog, %pg_temp%' OR c = 'search_path=pg_catalog, pg_temp')
$$, 'every SQL and PL/pgSQL function has a pinned search path');

SELECT set_eq($$
	SELECT DISTINCT proname::text FROM routines WHERE prosecdef
$$, ARRAY[
	-- they write as the viewer
	'create_comment', 'comment_of_post', 'unlike_post', 'like_comment', 'unlike_comment', 'follow_user', 'unfollow_user', 'set_following', 'follow_json', 'profile_json',
	'update_profile', 'remove_follower', 'accept_follow_request', 'reject_follow_request', 'block_user', 'unblock_user', 'mute_user', 'unmute_user',
	'update_post', 'publish_post', 'delete_post', 'restore_post', 'pin_post', 'unpin_post', 'highlight_post', 'unhighlight_post',
	'repost_post', 'unrepost_post', 'share_post', 'bookmark_post', 'unbookmark_post', 'view_post', 'update_comment', 'delete_comment',
	-- staff act on what others wrote, and everybody tells them
	'report_user', 'report_post', 'report_comment', 'report_by_rule', 'reports', 'resolve_report', 'hide_post', 'unhide_post', 'hide_comment', 'unhide_comment',
	'suspend_user', 'unsuspend_user', 'add_content_rule', 'remove_content_rule', 'audit', 'moderation_entries', 'audit_entries', 'set_rate_limit', 'rate_limit_config',
	-- whom a block or mute concerns, whoever makes it
	'note_filters',
	-- a bridge in the worker's place
	'tick_without_worker',
	-- bridges keep what a request was answered
	'claim_request', 'keep_answer', 'kept_answer',
	-- and its figures, which tell of nobody
	'metrics',
	-- whoever writes has read it
	'account_version', 'require_version',
	-- an account ends
	'delete_account', 'end_stopped_sessions', 'request_account_deletion', 'cancel_account_deletion', 'erase_accounts', 'user_footprint', 'deletion_ledger', 'replay_deletions',
	-- they open the door
	'register_user', 'login', 'authenticate', 'bridge_config',
	'refresh_session', 'refresh_session_id', 'active_sessions', 'logout', 'logout_all', 'revoke_session', 'clear_expired_sessions', 'touch_session', 'ended_sessions',
	'verify_token', 'blacklist_token', 'jwks', 'ensure_jwt_key', 'rotate_jwt_key', 'import_jwt_key', 'rotate_due_jwt_keys', 'remove_jwt_key', 'register_issuer', 'remove_issuer', 'add_graphql_document', 'remove_graphql_document', 'graphql_document',
	'register', 'request_password_reset', 'reset_password', 'verify_email',
	-- they read or change the viewer's own account
	'api_key_scopes', 'create_api_key', 'issue_api_key', 'revoke_api_key', 'api_keys', 'current_api_key', 'set_consent_document', 'remove_consent_document', 'give_consent', 'withdraw_consent', 'consents', 'consent_history',
	'security_changes', 'security_json',
	'change_password', 'request_email_verification', 'enable_totp', 'confirm_totp', 'disable_totp', 'regenerate_recovery_codes',
	'login_attempts', 'account_json', 'update_account',
	-- the operator's mailer calls them
	'lease_mail', 'mail_sent', 'mail_failed',
	'enqueue_jobs', 'job_state', 'cancel_job', 'claim_jobs', 'renew_leases', 'finish_jobs', 'fail_jobs', 'fail_job', 'snooze_jobs', 'snooze_job', 'release_jobs', 'stop_job_worker', 'serve_job_kinds', 'claim_mail_jobs', 'finish_mail_jobs', 'fail_mail_jobs',
	'set_job_kind', 'remove_job_kind', 'pause_queue', 'resume_queue', 'requeue_jobs', 'requeue_job', 'set_job_schedule', 'remove_job_schedule', 'pause_job_schedule', 'tend_jobs',
	-- they write as the viewer, sign with the store's keys, or are called by workers
	'create_upload', 'upload_json', 'upload_parts_json', 'complete_upload', 'update_media', 'delete_media', 'media_json', 'media_cookies', 'picture_variant', 'picture_variants', 'shown_media', 'media_store_facts', 'bucket_requests', 'set_media_store', 'media_store_json', 'post_media_claim', 'profile_media_claim', 'media_gone',
	'media_source', 'media_address', 'media_found', 'media_absent', 'media_rejected', 'media_failed', 'media_processing', 'media_processed', 'start_media_sweep', 'media_sweep_address', 'media_sweep_page',
	-- streams: they write as the viewer, read what is the host's alone, or are called by bridges and the worker
	'stream_before', 'create_stream', 'update_stream', 'delete_stream', 'rotate_stream_key', 'start_stream', 'end_stream', 'invite_to_stream', 'uninvite_from_stream', 'stream_invitations',
	'search_streams', 'stream_json', 'watch_stream', 'renew_stream_view', 'leave_stream', 'stream_publish', 'stream_event', 'stream_playable', 'streams_playable', 'stream_gone', 'stream_measured', 'stream_recording', 'stream_recorded', 'stream_recording_url', 'stream_recording_json', 'recorded_streams', 'tend_streams', 'tell_stream_followers', 'count_stream_viewers',
	'chat_rank', 'send_chat_message', 'chat_message_json', 'delete_chat_message', 'clear_chat_user', 'ban_chat_user', 'unban_chat_user', 'pin_chat_message', 'unpin_chat_message', 'update_stream_chat',
	'add_stream_moderator', 'remove_stream_moderator', 'stream_moderators', 'stream_bans', 'event_stream', 'event_chat_message_id', 'chat_messages_json', 'topic_history', 'stream_analytics_json', 'note_stream_audience',
	'keep_stream_view', 'renew_stream_views', 'leave_stream_views', 'end_lost_views',
	-- administrators read what is written of people's columns
	-- they read what is known at Mux, which holds keys
	'stream_playback_url', 'stream_url', 'take_stream_key', 'set_mux', 'stream_mux_key', 'stream_mux_change', 'stream_mux_gone', 'mux_next_request', 'mux_answered', 'receive_webhook',
	'personal_columns', 'export_json', 'export_user', 'export_url', 'export_parts', 'import_rows', 'import_json',
	-- they act for the viewer, or are called by workers
	'request_export', 'delete_export', 'own_export_url', 'export_document', 'exports_kept', 'export_is_under_way', 'export_gone', 'export_job_died',
	'export_begin', 'export_open', 'export_media', 'export_progress', 'export_finished', 'export_failed',
	-- webhooks: they write as the viewer, or are called by the worker's round and by workers
	'create_webhook', 'update_webhook', 'delete_webhook', 'rotate_webhook_secret', 'test_webhook', 'replay_webhook_delivery', 'recover_webhook', 'disable_webhook', 'queue_webhooks', 'webhook_turn',
	-- staff write of leagues, teams and athletes
	'create_league', 'update_league', 'delete_league', 'create_team', 'update_team', 'delete_team', 'create_athlete', 'update_athlete', 'delete_athlete', 'link_sport_subject', 'unlink_sport_subject', 'sports_import', 'set_post_subjects', 'follow_subject', 'unfollow_subject',
	-- they read tables on the way to a visible_* view
	'search_sports', 'subject_posts', 'subject_streams', 'followed_streams', 'feed_live_json',
	'search_posts', 'search_posts_like', 'search_users', 'search_hashtags', 'trending_hashtags', 'deleted_posts', 'post_revisions', 'post_shares', 'post_views', 'hashtags', 'bookmarked_posts',
	'post_likers', 'comment_likers', 'post_reactions', 'comment_reactions', 'comment_thread', 'hashtag_is_visible', 'hashtag_seen_at', 'commenter_is_shown', 'followers', 'following', 'follow_requests', 'blocked_users', 'muted_users',
	-- notifications and trending: they read or mark the viewer's own rows, or fold what all wrote
	'notifications', 'user_notifications', 'grouped_notifications', 'unread_notifications_count', 'user_unread_notifications_count', 'mark_notification_read', 'mark_notification_unread', 'mark_notification_group_read',
	'mark_all_notifications_read', 'mark_notifications', 'notification_preferences', 'set_notification_preference', 'notification_muted_ids', 'forget_withdrawn', 'system_notification',
	'trending_posts', 'trending_topics', 'fold_trends', 'rebuild_trends', 'recount', 'note_standing', 'expire_mutes',
	-- events of everybody
	'number_events', 'number_counts', 'prune_events', 'event_position', 'require_event_position', 'events_after', 'events_since', 'event_notification', 'event_post_id', 'event_comment_id', 'event_notification_id', 'event_media_id', 'event_feed_entry',
	-- an operator may call them
	'add_leaked_passwords', 'add_leaked_hashes', 'remove_totp', 'security_counters',
	'init_data', 'check', 'stats', 'create_superuser', 'delete_user', 'set_retention', 'retention_round', 'reconcile', 'rebuild_last_positions', 'publish_due_posts', 'settle_blocks', 'sequences_behind', 'advance_sequences', 'purge_deleted', 'start_reindex', 'reindex_posts', 'reindex_texts'
], 'only listed functions run with the owner''s rights');

SELECT is_empty($$
	SELECT c.oid::regclass, con.conname FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
	JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE con.contype = 'f' AND NOT EXISTS (
		SELECT FROM pg_index i WHERE i.indrelid = con.conrelid
		AND (i.indkey::int2[])[0] = ANY (con.conkey))
$$, 'every foreign key starts an index (seed 164)');
SELECT is_empty($$
	SELECT attrelid::regclass, attname FROM pg_attribute a JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = a.attrelid
	WHERE attnum > 0 AND atttypid = ANY ('{oid,regclass,regproc,regprocedure,regtype,regconfig,regrole,regnamespace}'::regtype[])
$$, 'no column holds an OID, which a restore would not keep');

SELECT is_empty($$
	SELECT oid::regprocedure FROM routines WHERE prosrc LIKE '%advisory%'
$$, 'no function waits for an advisory lock, which any role that may connect can take (found E5): social.hold_task');
SELECT is_empty($$
	SELECT oid::regprocedure FROM routines WHERE proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)
$$, 'PUBLIC may execute nothing');
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid,
		LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
	WHERE a.grantee = 0
$$, 'PUBLIC may read nothing');

SELECT * FROM finish();
ROLLBACK;
