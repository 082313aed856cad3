-- grant.sql owns who may call what: every function stands in exactly one row here, and three
-- functions give a role what its part needs. The install script itself creates no roles.

CREATE OR REPLACE FUNCTION social.function_audience(OUT function_name text, OUT audience text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- reader: sees what a viewer may see, and writes as the viewer that a token proves.
	SELECT unnest(ARRAY[
		'viewer_id', 'require_viewer', 'setting', 'result_id', 'authenticate',
		'viewer_is_staff', 'blocked_ids', 'muted_ids', 'viewer_in_audience', 'viewer_sees_person', 'viewer_sees_post', 'viewer_sees_comment', 'viewer_lists_person', 'waiting_count', 'hashtag_is_visible', 'hashtag_seen_at', 'commenter_is_shown',
		'check_text', 'extract_hashtags', 'extract_mentions', 'hashtag_key', 'cursor_encode', 'cursor_decode', 'jwt_verify',
		'page_size', 'page_cursor', 'page_key', 'page_json', 'post', 'posts', 'post_documents', 'document', 'documents', 'rest_documents', 'seen_post', 'seen_comment', 'hashtag_posts', 'search_posts', 'search_ranking', 'trending_hashtags',
		'user_json', 'person_document', 'post_document', 'comment_document', 'post_json', 'comment_json', 'raise_error',
		'create_post', 'create_comment', 'like_post', 'unlike_post', 'like_comment', 'unlike_comment',
		'follow_user', 'unfollow_user', 'set_following', 'follow_json', 'profile_json', 'users', 'login',
		'update_profile', 'remove_follower', 'accept_follow_request', 'reject_follow_request', 'is_following', 'followers', 'following',
		'follow_requests', 'block_user', 'unblock_user', 'blocked_users', 'mute_user', 'unmute_user', 'muted_users', 'require_person',
		'update_post', 'publish_post', 'delete_post', 'restore_post', 'pin_post', 'unpin_post', 'highlight_post', 'unhighlight_post',
		'user_posts', 'pinned_posts', 'draft_posts', 'deleted_posts', 'post_revisions',
		'repost_post', 'unrepost_post', 'share_post', 'post_shares', 'post_quotes', 'post_views', 'bookmark_post', 'unbookmark_post', 'bookmarked_posts', 'view_post',
		'update_comment', 'delete_comment', 'post_comments', 'comment_replies', 'comment_thread', 'post_likers', 'comment_likers', 'post_reactions', 'comment_reactions',
		'user_mentions', 'page_start', 'page_time', 'time_key', 'moment_key', 'page_moment',
		'search_config', 'search_query', 'title_query', 'search_vector', 'language_code', 'guess_language', 'title_key', 'search_snippet',
		'search_posts_like', 'search_users', 'search_hashtags', 'search', 'node_id', 'nodes', 'help', 'function_audience'
	]), 'reader'
	UNION ALL
	-- bridge: also names the viewer itself, because it has checked the token.
	SELECT unnest(ARRAY['admit', 'set_result_id', 'bridge_config', 'tick', 'worker_is_running', 'tick_without_worker', 'statement_problems', 'comment_of_post', 'metrics', 'content_version']), 'bridge'
	UNION ALL
	-- admin: also acts as anybody, and keeps the data in order.
	SELECT unnest(ARRAY['act_as', 'reconcile', 'touch_content', 'fold_counters', 'publish_due_posts', 'purge_deleted', 'start_reindex', 'reindex_posts', 'reindex_texts', 'text_indexes', 'library_text_tables', 'init_data', 'verify_password', 'hash_password']), 'admin'
	UNION ALL
	-- events: what everybody does goes to bridges, what a viewer may see of it to whoever shows a token
	SELECT unnest(ARRAY['events_since', 'event_position']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['events_after', 'event_payloads', 'event_results', 'event_topics_lost', 'event_post_id', 'event_comment_id', 'event_notification_id', 'event_media_id', 'event_chat_message_id', 'event_feed_entry']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['number_events', 'number_counts', 'prune_events']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['hold_events', 'event_identity', 'require_event_history', 'require_event_position', 'event_topics', 'more_events', 'event_notification', 'event_stream', 'event_topic_key', 'ring_events']), 'owner'
	UNION ALL
	-- audit
	SELECT unnest(ARRAY['set_client_address']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['audit']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['append_only', 'page_json_step', 'page_json_end', 'is_content']), 'owner'
	UNION ALL
	-- rate limits
	SELECT unnest(ARRAY['take_rate_limit', 'rate_limit_status', 'rate_limit_store', 'rate_limit_config']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['rate_limit_policies']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['set_rate_limit', 'check_rates', 'rate_limit_memory']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['rate_limits_changed', 'take_login_limit']), 'owner'
	UNION ALL
	-- moving in
	SELECT unnest(ARRAY['import_django', 'import_django_batch', 'django_kinds', 'django_tables', 'django_columns', 'django_candidates', 'django_steps', 'django_url', 'django_note',
		'django_write', 'django_resolve', 'django_reserve', 'django_begin']), 'owner'
	UNION ALL
	-- documents
	SELECT unnest(ARRAY['graphql_document']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['add_graphql_document', 'remove_graphql_document']), 'admin'
	UNION ALL
	-- requests that are done once
	SELECT unnest(ARRAY['claim_request', 'keep_answer', 'kept_answer']), 'bridge'
	UNION ALL
	-- which state of a document somebody has read
	SELECT unnest(ARRAY['post_version', 'comment_version', 'account_version', 'require_version']), 'bridge'
	UNION ALL
	-- moderation: staff are told apart by who acts
	SELECT unnest(ARRAY['require_staff', 'report_user', 'report_post', 'report_comment', 'reports', 'resolve_report',
		'hide_post', 'unhide_post', 'hide_comment', 'unhide_comment', 'suspend_user', 'unsuspend_user',
		'content_rules', 'add_content_rule', 'remove_content_rule']), 'reader'
	UNION ALL
	-- feed
	SELECT unnest(ARRAY['home_feed', 'feed_documents', 'feed_live_json']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['feed_live_streams']), 'owner'
	UNION ALL
	SELECT unnest(ARRAY['fill_last_positions', 'rebuild_last_positions']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['last_positions_changed', 'last_position_drift', 'note_filters', 'unnoted_filters']), 'owner'
	UNION ALL
	-- retention
	SELECT unnest(ARRAY['retention_classes', 'set_retention', 'retention_round',
		'create_superuser', 'delete_user', 'request_account_deletion', 'cancel_account_deletion', 'erase_accounts', 'user_footprint', 'deletion_ledger', 'replay_deletions', 'library_version', 'check', 'count_drift', 'stats']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['delete_account']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['close_account', 'erase_account', 'begin_deletion', 'cancel_deletion', 'pending_deletion', 'require_deleter', 'forget_names', 'forget_notes', 'forget_hashtags', 'erase_rows', 'hanging_columns', 'erase_hanging', 'erase_below',
		'erase_comments', 'erase_own_comments', 'erase_own_posts', 'erase_own_streams', 'anonymize_posts', 'tombstone_id', 'erasure_parts', 'events_about', 'object_jobs', 'finish_deletion', 'close_due_account', 'recount_post_links',
		'check_server', 'check_settings', 'check_files', 'check_webhooks', 'check_catalog', 'check_data']), 'owner'
	UNION ALL
	SELECT unnest(ARRAY['file_report', 'report_by_rule', 'spare_superusers', 'moderate_content', 'require_rule_keeper',
		'content_check', 'content_report', 'content_rules_changed', 'retention_batch', 'retention_pages',
		'demo_random', 'demo_topics', 'demo_people', 'demo_posts', 'demo_activity', 'demo_extras', 'demo_times', 'demo_count']), 'owner'
	UNION ALL
	-- notifications, trending, the worker's round
	SELECT unnest(ARRAY['notifications', 'user_notifications', 'grouped_notifications', 'unread_notifications_count', 'user_unread_notifications_count', 'mark_notification_read', 'mark_notification_unread', 'mark_notification_group_read',
		'mark_notifications', 'mark_all_notifications_read', 'notification_preferences', 'set_notification_preference', 'notification_muted_ids',
		'trending_posts', 'trending_topics', 'hashtags']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['notification_batch', 'require_recipient', 'replication_figures']), 'owner'
	UNION ALL
	SELECT unnest(ARRAY['system_notification', 'fold_trends', 'rebuild_trends', 'recount', 'expire_mutes']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['trend_sources', 'trend_amount', 'trend_merge', 'trend_floor', 'fold_post_trends', 'fold_hashtag_trends']), 'owner'
	UNION ALL
	-- sessions and keys
	SELECT unnest(ARRAY['session_id', 'refresh_session', 'active_sessions', 'logout', 'logout_all', 'revoke_session', 'clear_expired_sessions',
		'verify_token', 'jwks']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['login_user_json', 'touch_session', 'ended_sessions', 'refresh_session_id', 'ensure_jwt_key']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['rotate_jwt_key', 'import_jwt_key', 'rotate_due_jwt_keys', 'remove_jwt_key', 'register_issuer', 'remove_issuer', 'jwks_keys', 'blacklist_token']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['generate_jwt_key', 'read_jwt_key', 'make_jwt_key', 'activate_jwt_key', 'jwk', 'session_is_live', 'end_session_ids', 'end_sessions', 'end_stopped_sessions', 'session_end', 'start_session', 'session_tokens',
		'refresh_token_new', 'refresh_token_next', 'rotate_refresh_token', 'newest_refresh_token']), 'owner'
	UNION ALL
	-- API keys, consent, the page about security
	SELECT unnest(ARRAY['api_key_id', 'api_scopes', 'api_key_problem', 'require_login', 'require_scope', 'create_api_key', 'revoke_api_key', 'api_keys', 'current_api_key',
		'give_consent', 'withdraw_consent', 'consents', 'consent_history', 'security_changes', 'security_json']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['api_key_scopes']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['issue_api_key', 'set_consent_document', 'remove_consent_document']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['api_key_new', 'check_api_key', 'make_api_key', 'revoke_api_keys', 'say_consent']), 'owner'
	UNION ALL
	-- accounts
	SELECT unnest(ARRAY['register', 'change_password', 'request_password_reset', 'reset_password', 'request_email_verification', 'verify_email',
		'enable_totp', 'confirm_totp', 'disable_totp', 'regenerate_recovery_codes', 'login_attempts',
		'account_json', 'update_account', 'moderation_entries', 'audit_entries']), 'reader'
	UNION ALL
	-- register_user tells who has an address, and takes one at its word: the public's door is register
	SELECT unnest(ARRAY['register_user', 'add_leaked_passwords', 'add_leaked_hashes', 'totp', 'remove_totp', 'security_counters', 'password_turns']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['lease_mail', 'mail_sent', 'mail_failed']), 'mailer'
	UNION ALL
	-- background jobs
	SELECT unnest(ARRAY['enqueue_job', 'enqueue_jobs', 'job_state', 'cancel_job']), 'job_client'
	UNION ALL
	SELECT unnest(ARRAY['claim_jobs', 'renew_leases', 'finish_jobs', 'fail_jobs', 'fail_job', 'snooze_jobs', 'snooze_job', 'release_jobs', 'stop_job_worker']), 'job_worker'
	UNION ALL
	SELECT unnest(ARRAY['serve_job_kinds', 'claim_mail_jobs', 'finish_mail_jobs', 'fail_mail_jobs']), 'worker'
	UNION ALL
	SELECT unnest(ARRAY['set_job_kind', 'remove_job_kind', 'pause_queue', 'resume_queue', 'requeue_jobs', 'requeue_job',
		'set_job_schedule', 'remove_job_schedule', 'pause_job_schedule', 'tend_jobs', 'ring_jobs']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['put_job', 'put_back_jobs', 'other_jobs', 'wake_jobs', 'set_job_alarm', 'job_scan_due', 'note_job_scan', 'take_jobs', 'end_jobs', 'jobs_are_due', 'next_job_at',
		'tend_lost_jobs', 'hold_job_worker', 'job_rooms', 'schedule_time', 'schedule_number', 'next_schedule_time', 'tend_job_schedules', 'job_figures',
		'grant_job_client', 'grant_job_worker', 'grant_worker', 'make_mail_jobs']), 'owner'
	UNION ALL
	SELECT unnest(ARRAY['leaked_password_hash', 'check_new_password', 'password_was_set', 'random_bytes', 'random_token', 'check_email',
		'accounts_with_address', 'trim_identifier', 'prepare_password', 'password_length', 'claim_address', 'take_account_token', 'prove_address', 'change_address', 'client_address',
		'account_by_name', 'decoy_account', 'hook_refusal', 'login_refusals', 'open_account',
		'totp_step', 'base32', 'url_encode', 'recovery_code_hash', 'check_code', 'tell_account', 'make_recovery_codes', 'require_totp',
		'queue_mail', 'grant_mailer']), 'owner'
	UNION ALL
	SELECT unnest(ARRAY['require_writer', 'hold_user', 'hold_task', 'end_pair', 'stay_local', 'grant_restore']), 'owner'
	UNION ALL
	SELECT unnest(ARRAY['settle_blocks', 'worker_failures', 'worker_steps', 'is_subscriber', 'sequences_behind', 'advance_sequences']), 'admin'
	UNION ALL
	-- media
	SELECT unnest(ARRAY['media_types', 'create_upload', 'upload_json', 'upload_parts_json', 'complete_upload', 'update_media', 'delete_media', 'media_json', 'media_cookies', 'post_media', 'own_media',
		'picture_url', 'picture_variants', 'is_restoring']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['media_store_json', 'set_media_store', 'bucket_requests']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['media_source', 'media_address', 'media_found', 'media_absent', 'media_rejected', 'media_failed', 'media_processing', 'media_processed',
		'media_sweep_address', 'media_sweep_page']), 'job_worker'
	UNION ALL
	SELECT unnest(ARRAY['start_media_sweep']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['ensure_media_kinds', 'expected_objects', 'is_known_object', 'xml_text', 'bucket_settings', 'takes_parts', 'part_size', 'require_media_store', 'media_store_address', 'media_store_facts', 'media_url', 'picture_variant', 'variants_json', 'can_play_pieces', 'is_public_post',
		'media_document', 'shown_media', 'check_media_text', 'require_own_media', 'claim_media',
		'post_media_claim', 'profile_media_claim', 'media_gone', 'end_media']), 'owner'
	UNION ALL
	-- streams: hosts and viewers; bridges, for ingest servers and providers; the worker's round
	SELECT unnest(ARRAY['viewer_sees_stream', 'create_stream', 'update_stream', 'delete_stream', 'rotate_stream_key', 'start_stream', 'end_stream', 'invite_to_stream', 'uninvite_from_stream',
		'stream_invitations', 'streams', 'user_streams', 'followed_streams', 'search_streams', 'recorded_streams', 'stream_recording_url', 'stream_recording_json', 'require_host', 'check_stream_status', 'stream_json', 'stream_key_json', 'stream_playback_url', 'stream_url',
		'watch_stream', 'stream_watch_json', 'renew_stream_view', 'leave_stream', 'chat_rank', 'chat_role', 'send_chat_message', 'stream_chat', 'seen_stream', 'chat_message_json', 'delete_chat_message', 'clear_chat_user',
		'ban_chat_user', 'unban_chat_user', 'pin_chat_message', 'unpin_chat_message', 'update_stream_chat', 'add_stream_moderator', 'remove_stream_moderator', 'stream_moderators', 'stream_bans', 'chat_messages_json', 'chat_offset', 'stream_replay', 'stream_analytics_json']), 'reader'
	UNION ALL
	-- streams at Mux, and webhooks
	SELECT unnest(ARRAY['take_stream_key', 'verify_webhook_signature']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['set_mux', 'receive_webhook']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['mux_next_request', 'mux_answered']), 'worker'
	UNION ALL
	SELECT unnest(ARRAY['ensure_mux_kind', 'mux_private_key', 'new_stream_provider', 'want_mux', 'delete_at_mux', 'stream_mux_key', 'stream_mux_change', 'stream_mux_gone', 'stream_ingest_url', 'mux_playback', 'mux_has_recording', 'mux_url',
		'sign_rs256', 'mux_token', 'watch_mux', 'mux_id', 'mux_policy', 'mux_made', 'mux_recorded', 'mux_event']), 'owner'
	UNION ALL
	SELECT unnest(ARRAY['stream_publish', 'stream_event', 'stream_providers', 'stream_playable', 'streams_playable', 'keep_stream_view', 'renew_stream_views', 'leave_stream_views', 'note_stream_audience', 'topic_history']), 'bridge'
	UNION ALL
	SELECT unnest(ARRAY['stream_measured', 'stream_recording', 'stream_recorded']), 'job_worker'
	UNION ALL
	SELECT unnest(ARRAY['tend_streams', 'tell_stream_followers', 'count_stream_viewers']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['stream_before', 'check_stream_text', 'stream_tags', 'new_stream_key', 'require_own_stream', 'set_allowed_users', 'add_invitation', 'finish_stream', 'host_may_stream',
		'find_stream', 'apply_stream_event', 'ensure_live_kinds', 'enqueue_stream_job', 'stream_gone', 'viewer_may_watch', 'require_chat', 'require_chat_over', 'end_lost_views', 'note_stream_minute', 'note_stream_health', 'device_classes', 'device_class', 'stream_watch_times', 'stream_timeline']), 'owner'
	UNION ALL
	-- sports: staff are told apart by who acts
	SELECT unnest(ARRAY['sport_fields', 'sport_slug', 'create_league', 'update_league', 'delete_league', 'create_team', 'update_team', 'delete_team', 'create_athlete', 'update_athlete', 'delete_athlete',
		'link_sport_subject', 'unlink_sport_subject', 'sports_import', 'leagues', 'teams', 'athletes', 'search_sports', 'set_post_subjects', 'subject_posts', 'follow_subject', 'unfollow_subject', 'followed_subjects',
		'check_sport_kind', 'subject_streams']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['check_sport_json', 'check_sport_numbers', 'check_sport_field', 'check_sport_subject', 'require_sport_keeper', 'make_sport_slug', 'write_sport_subject', 'act_on_sport',
		'delete_sport_subject', 'import_sport_row', 'post_subject_position', 'post_subject_drift', 'demo_sports', 'hold_subjects', 'set_stream_subjects']), 'owner'
	UNION ALL
	-- what there is of people
	SELECT unnest(ARRAY['personal_columns', 'unexported_columns']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['personal_notes', 'personal_references']), 'owner'
	UNION ALL
	SELECT unnest(ARRAY['request_export', 'delete_export', 'export_document', 'own_export_url', 'exports_kept', 'export_is_under_way']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['export_begin', 'export_parts', 'export_open', 'export_media', 'export_progress', 'export_finished', 'export_failed']), 'job_worker'
	UNION ALL
	SELECT unnest(ARRAY['export_user', 'export_url', 'export_json', 'import_rows', 'import_json']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['export_query', 'start_export', 'export_gone', 'mail_export', 'export_job_died', 'import_row']), 'owner'
	UNION ALL
	-- webhooks
	SELECT unnest(ARRAY['webhook_signature', 'webhook_new_secret', 'webhook_public_key', 'webhook_url_problem', 'address_owner', 'json_texts', 'webhook_event_types', 'webhook_secrets', 'webhook_json', 'webhook_secret_json',
		'create_webhook', 'update_webhook', 'delete_webhook', 'rotate_webhook_secret', 'test_webhook', 'replay_webhook_delivery', 'recover_webhook', 'own_webhooks', 'webhook_deliveries', 'webhook_delivery_attempts']), 'reader'
	UNION ALL
	SELECT unnest(ARRAY['webhook_turn']), 'worker'
	UNION ALL
	SELECT unnest(ARRAY['queue_webhooks', 'disable_webhook']), 'admin'
	UNION ALL
	SELECT unnest(ARRAY['check_webhook_types', 'check_webhook_topics', 'check_webhook_text', 'require_own_webhook', 'require_active_webhook', 'add_webhook_secret', 'ensure_webhook_kinds', 'may_hear', 'run_webhook',
		'note_webhook_events', 'tend_webhooks', 'webhook_pause', 'end_webhook', 'tell_webhook', 'webhook_figures']), 'owner'
	UNION ALL
	-- signed addresses: with the caller's keys
	SELECT unnest(ARRAY['s3_presign', 's3_post_form', 's3_sign_policy', 's3_address', 's3_host',
		'cloudfront_url', 'cloudfront_cookies', 'cloudfront_policy', 'cloudfront_signature', 'cloudfront_base64']), 'reader'
	UNION ALL
	-- owner: triggers, parts of other functions, and the grants themselves.
	SELECT unnest(ARRAY['posts_like', 'post_trigrams', 'name_trigrams', 'typed_name', 'typed_trigrams', 'name_score',
		'check_profile_text', 'is_url', 'check_url', 'tally_reactions', 'hold_pair', 'policies', 'grant_direct',
		'list_columns', 'make_list', 'page_score', 'score_key', 'key_score', 'thread_walk', 'check_new_account', 'name_likeness', 'name_is_reserved', 'check_password', 'password_needs_rehash', 'sign_access_token',
		'guard_drop', 'reference_check', 'reference_end', 'count_row', 'count_statement', 'observed_tables', 'profile_check', 'post_before', 'post_after', 'revision_guard',
		'require_superuser', 'require_post', 'require_own_post', 'check_post_settings', 'require_shareable_post', 'check_reaction',
		'require_comment', 'require_own_comment', 'require_removable_comment', 'comment_holds', 'require_reply_allowed', 'comment_path', 'thread_comments', 'comment_check', 'hashtag_delete', 'note_standing', 'recount_sources', 'recount_rows', 'recount_links', 'recount_drift', 'forget_withdrawn',
		'counted_columns', 'reconcile_column', 'grant_audience', 'grant_reader', 'grant_bridge', 'grant_admin']), 'owner';
END;
COMMENT ON FUNCTION social.function_audience() IS 'For each function the least powerful audience that may call it: reader, bridge, admin or owner; mailer, job_client, job_worker and worker are beside them.';

CREATE OR REPLACE FUNCTION social.grant_audience(role name, audiences text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	object text;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA social TO %I', role);
	FOR object IN
		SELECT format('social.%I', c.relname) FROM pg_class c
		WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'v'
			AND CASE WHEN starts_with(c.relname, 'admin_') THEN 'admin' ELSE 'reader' END = ANY (audiences)
		ORDER BY 1
	LOOP
		EXECUTE format('GRANT SELECT ON %s TO %I', object, role);
	END LOOP;
	FOR object IN
		SELECT p.oid::regprocedure::text FROM pg_proc p
		JOIN social.function_audience() a ON a.function_name = p.proname
		WHERE p.pronamespace = 'social'::regnamespace AND a.audience = ANY (audiences)
		ORDER BY 1
	LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', object, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.grant_audience(name, text[]) IS 'Gives a role the schema, the views (admin_* with the audience admin, the others with reader) and the functions of these audiences.';

CREATE OR REPLACE FUNCTION social.grant_reader(role name) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	SELECT social.grant_audience(role, ARRAY['reader']);
END;
COMMENT ON FUNCTION social.grant_reader(name) IS 'Gives a role what an application needs that shows tokens (social.authenticate): the views and the functions that act as the viewer. Repeat after an upgrade.';

CREATE OR REPLACE FUNCTION social.grant_bridge(role name) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.grant_audience(role, ARRAY['reader', 'bridge']);
	-- Only a superuser can give these away; without them RATE_LIMITS=off and CHAT_MESSAGE_RATE_LIMIT do not start.
	IF current_setting('is_superuser')::boolean THEN
		EXECUTE format('GRANT SET ON PARAMETER social.rate_limits, social.chat_message_rates TO %I', role);
	END IF;
END
$$;
COMMENT ON FUNCTION social.grant_bridge(name) IS 'Gives a role what social-bridge needs: a reader''s rights, naming the viewer, and, when a superuser calls it, social.rate_limits for RATE_LIMITS=off and social.chat_message_rates for CHAT_MESSAGE_RATE_LIMIT. Repeat after an upgrade.';

CREATE OR REPLACE FUNCTION social.grant_mailer(role name) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	SELECT social.grant_audience(role, ARRAY['mailer']);
END;
COMMENT ON FUNCTION social.grant_mailer(name) IS 'Gives a role what a mailer needs: lease_mail, mail_sent and mail_failed, nothing else. Repeat after an upgrade.';

CREATE OR REPLACE FUNCTION social.grant_job_client(role name) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	SELECT social.grant_audience(role, ARRAY['job_client']);
END;
COMMENT ON FUNCTION social.grant_job_client(name) IS 'Lets a role ask for background jobs (enqueue_job), see what became of one, and cancel it. Repeat after an upgrade.';

CREATE OR REPLACE FUNCTION social.grant_job_worker(role name) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	SELECT social.grant_audience(role, ARRAY['job_client', 'job_worker']);
END;
COMMENT ON FUNCTION social.grant_job_worker(name) IS 'Gives a role what a process needs that runs background jobs: claiming them and saying what came of them, and what grant_job_client() gives. Repeat after an upgrade.';

CREATE OR REPLACE FUNCTION social.grant_worker(role name) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	SELECT social.grant_audience(role, ARRAY['job_worker', 'worker']);
END;
COMMENT ON FUNCTION social.grant_worker(name) IS 'Gives a role what social-worker needs: claiming jobs and saying what came of them, and what its own kinds of jobs are about (the words of mails). Repeat after an upgrade.';

CREATE OR REPLACE FUNCTION social.grant_admin(role name) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	object text;
BEGIN
	PERFORM social.grant_audience(role, ARRAY['reader', 'bridge', 'job_client', 'admin']);
	FOR object IN
		SELECT format('social.%I', c.relname) FROM pg_class c
		WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p')
			AND c.relname <> ALL (ARRAY['jwt_key', 'user_sessions', 'refresh_tokens', 'api_keys', 'user_totp', 'recovery_codes', 'mail_outbox', 'account_tokens', 'users', 'media_store', 'stream_keys', 'mux_account', 'mux_streams', 'webhook_secrets'])
		ORDER BY 1
	LOOP
		EXECUTE format('GRANT SELECT ON %s TO %I', object, role);
	END LOOP;
	-- Of people, all but the hash of the password; what was granted before 0.3 goes.
	EXECUTE format('REVOKE SELECT ON social.users FROM %I', role);
	EXECUTE (
		SELECT format('GRANT SELECT (%s) ON social.users TO %I', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), role)
		FROM pg_attribute a
		WHERE a.attrelid = 'social.users'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'password');
END
$$;
COMMENT ON FUNCTION social.grant_admin(name) IS 'Gives a role what an operator needs: acting as anybody, upkeep, and reading every table but those that hold secrets, and of people all but the password''s hash. Repeat after an upgrade.';

CREATE OR REPLACE FUNCTION social.grant_restore(role name, allow boolean DEFAULT true) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	object text;
	verb text := CASE WHEN allow THEN 'GRANT %s TO %I' ELSE 'REVOKE %s FROM %I' END;
BEGIN
	IF allow THEN
		EXECUTE format('GRANT USAGE ON SCHEMA social TO %I', role);
	END IF;
	FOR object IN
		SELECT format('%s social.%I', CASE WHEN c.relkind = 'S' THEN 'UPDATE ON SEQUENCE' ELSE 'INSERT ON TABLE' END, c.relname) FROM pg_class c
		WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence = 'p'
		UNION ALL
		-- What indexes compute, and the conditions of triggers.
		SELECT DISTINCT 'EXECUTE ON FUNCTION ' || d.refobjid::regprocedure FROM pg_depend d
		JOIN pg_proc p ON p.oid = d.refobjid AND p.pronamespace = 'social'::regnamespace AND p.prorettype <> 'trigger'::regtype
		WHERE d.refclassid = 'pg_proc'::regclass
			AND (d.classid = 'pg_trigger'::regclass OR d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = d.objid))
	LOOP
		EXECUTE format(verb, object, role);
	END LOOP;
	EXECUTE format('ALTER ROLE %I %s', role, CASE WHEN allow THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END);
END
$$;
COMMENT ON FUNCTION social.grant_restore(name, boolean) IS 'Lets a role that is no superuser load the data of a dump (pg_restore --data-only) into an empty installation; with allow false no longer. For superusers, for BYPASSRLS is part of it; what else the role was granted in SQL of these rights goes with them.';

-- Nobody else gets anything.
DO $$
DECLARE
	routine regprocedure;
BEGIN
	FOR routine IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'social'::pg_catalog.regnamespace
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
	END LOOP;
END
$$;
