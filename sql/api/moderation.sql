-- moderation.sql owns reports and what staff do about them: hiding, deleting, suspending.

CREATE OR REPLACE FUNCTION social.require_staff() RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_viewer();
	IF NOT social.viewer_is_staff() THEN
		PERFORM social.raise_error('SM403', 'only staff may do this');
	END IF;
	PERFORM social.require_scope('admin:read');
	RETURN social.viewer_id();
END
$$;
COMMENT ON FUNCTION social.require_staff() IS 'The user who acts, when that is staff; SM401 when nobody acts, SM403 otherwise, and where an API key acts without the scope admin:read.';

-- ---- reporting -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.require_superuser() RETURNS bigint
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.users u WHERE u.id = social.require_viewer() AND u.is_superuser) THEN
		PERFORM social.raise_error('SM403', 'only a superuser may do this');
	END IF;
	PERFORM social.require_scope('admin:read');
	RETURN social.viewer_id();
END
$$;
COMMENT ON FUNCTION social.require_superuser() IS 'The user who acts, when that is a superuser; SM401 when nobody acts, SM403 otherwise, and where an API key acts without the scope admin:read.';

CREATE OR REPLACE FUNCTION social.file_report(kind text, target_id bigint, owner_id bigint, reason text, details text) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	details_max integer := social.setting('report_max_length')::integer;
	report bigint;
BEGIN
	IF owner_id IS NULL THEN
		PERFORM social.raise_error('SM404', kind || ' not found');
	ELSIF owner_id = viewer THEN
		PERFORM social.raise_error('SM400', 'you cannot report ' || CASE kind WHEN 'user' THEN 'yourself' ELSE 'your own ' || kind END);
	ELSIF length(reason) > 100 THEN
		PERFORM social.raise_error('SM400', 'reason is too long', format('It has %s characters; the limit is 100.', length(reason)), 'The details may say more.');
	ELSIF length(details) > details_max THEN
		PERFORM social.raise_error('SM400', 'details are too long', format('They have %s characters; the limit is %s.', length(details), details_max));
	END IF;
	PERFORM social.check_text('reason', reason, true, true), social.check_text('details', details, false, false);
	-- It may be deleted at this moment.
	CASE kind
		WHEN 'user' THEN PERFORM WHERE social.hold_user(target_id);
		WHEN 'post' THEN PERFORM FROM social.posts p WHERE p.id = target_id FOR KEY SHARE;
		ELSE PERFORM FROM social.comments c WHERE c.id = target_id FOR KEY SHARE;
	END CASE;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', kind || ' not found');
	END IF;
	LOOP
		SELECT r.id INTO report FROM social.reports r
		WHERE r.reporter_id = viewer AND r.status = 'open'
			AND target_id = CASE kind WHEN 'user' THEN r.user_id WHEN 'post' THEN r.post_id ELSE r.comment_id END;
		EXIT WHEN report IS NOT NULL;
		INSERT INTO social.reports (reporter_id, user_id, post_id, comment_id, reason, details)
		VALUES (viewer, CASE WHEN kind = 'user' THEN target_id END, CASE WHEN kind = 'post' THEN target_id END,
			CASE WHEN kind = 'comment' THEN target_id END, file_report.reason, coalesce(file_report.details, ''))
		ON CONFLICT DO NOTHING
		RETURNING id INTO report;
		EXIT WHEN report IS NOT NULL;
	END LOOP;
	RETURN report;
END
$$;
COMMENT ON FUNCTION social.file_report(text, bigint, bigint, text, text) IS 'The common part of report_user, report_post and report_comment; owner_id is null for what the viewer may not see.';

CREATE OR REPLACE FUNCTION social.report_user(user_id bigint, reason text, details text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.file_report('user', $1, (SELECT u.id FROM social.visible_users u WHERE u.id = $1), $2, $3);
END
$$;
COMMENT ON FUNCTION social.report_user(bigint, text, text) IS 'Tells the moderators about a person. Returns the report''s id; while the viewer''s last report of the same person is open, that one''s. SM401 when nobody acts, SM404 for an unknown person, SM400 for oneself, no reason, or text over 100 (reason) or social.report_max_length (details) characters.';

CREATE OR REPLACE FUNCTION social.report_post(post_id bigint, reason text, details text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.file_report('post', $1, (SELECT p.author_id FROM social.visible_posts p WHERE p.id = $1), $2, $3);
END
$$;
COMMENT ON FUNCTION social.report_post(bigint, text, text) IS 'Tells the moderators about a post, as report_user does about a person; SM400 for one''s own.';

CREATE OR REPLACE FUNCTION social.report_comment(comment_id bigint, reason text, details text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.file_report('comment', $1, (SELECT c.author_id FROM social.visible_comments c WHERE c.id = $1), $2, $3);
END
$$;
COMMENT ON FUNCTION social.report_comment(bigint, text, text) IS 'Tells the moderators about a comment, as report_user does about a person; SM400 for one''s own.';

CREATE OR REPLACE FUNCTION social.report_by_rule(kind text, target_id bigint, action text, details text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- A stream or a message has no report of its own: it is told of its author.
	INSERT INTO social.reports (post_id, comment_id, user_id, reason, details)
	SELECT CASE WHEN kind = 'post' THEN target_id END, CASE WHEN kind = 'comment' THEN target_id END,
		CASE kind WHEN 'stream' THEN (SELECT s.host_id FROM social.streams s WHERE s.id = target_id) WHEN 'chat_message' THEN (SELECT m.author_id FROM social.stream_chat_messages m WHERE m.id = target_id) END,
		'content rule', CASE WHEN kind IN ('post', 'comment') THEN report_by_rule.details ELSE format('%s %s: %s', replace(kind, '_', ' '), target_id, report_by_rule.details) END
	WHERE kind NOT IN ('post', 'comment') OR NOT EXISTS (
		SELECT FROM social.reports r WHERE r.status = 'open' AND r.reporter_id IS NULL
		AND target_id = CASE kind WHEN 'post' THEN r.post_id ELSE r.comment_id END);
	PERFORM social.audit('content_' || action, kind, target_id, jsonb_build_object('reason', report_by_rule.details));
END
$$;
COMMENT ON FUNCTION social.report_by_rule(text, bigint, text, text) IS 'Files the report of a content rule or filter that flags or hides; the trigger on posts and comments calls it.';

-- ---- what staff see ------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.admin_reports AS
SELECT r.id, r.status,
	CASE WHEN r.post_id IS NOT NULL THEN 'post' WHEN r.comment_id IS NOT NULL THEN 'comment' ELSE 'user' END AS object_type,
	coalesce(r.post_id, r.comment_id, r.user_id) AS object_id,
	o.username AS object_owner, left(coalesce(p.title || ': ' || p.content, c.content, ''), 200) AS excerpt,
	r.reason, r.details, coalesce(a.username, '') AS reporter, r.created_at,
	r.resolution, coalesce(s.username, '') AS resolver, r.resolved_at
FROM social.reports r
LEFT JOIN social.posts p ON p.id = r.post_id
LEFT JOIN social.comments c ON c.id = r.comment_id
JOIN social.users o ON o.id = coalesce(p.author_id, c.author_id, r.user_id)
LEFT JOIN social.users a ON a.id = r.reporter_id
LEFT JOIN social.users s ON s.id = r.resolved_by;
COMMENT ON VIEW social.admin_reports IS 'Reports for staff: what was reported (object_type, object_id), whose it is, by whom (empty: by a rule), and what came of it.';

CREATE OR REPLACE VIEW social.visible_reports AS
SELECT a.id, a.status, a.object_type, a.object_id, CASE WHEN s.is_staff THEN a.object_owner END AS object_owner, CASE WHEN s.is_staff THEN a.excerpt END AS excerpt,
	a.reason, a.details, a.reporter, a.created_at,
	CASE WHEN s.is_staff THEN a.resolution END AS resolution, CASE WHEN s.is_staff THEN a.resolver END AS resolver, a.resolved_at
FROM social.admin_reports a
JOIN social.reports r ON r.id = a.id
CROSS JOIN (SELECT social.viewer_is_staff() AS is_staff) s
WHERE s.is_staff OR r.reporter_id = (SELECT social.viewer_id());
COMMENT ON VIEW social.visible_reports IS 'Reports that the viewer has made, and whether they are closed; for staff all, as admin_reports has them.';

SELECT social.make_list('reports', 'with_status text DEFAULT ''open''',
	'social.admin_reports',
	'r.*',
	'social.admin_reports r WHERE ($1 IS NULL OR r.status = $1)', '{r.id}',
	'Reports of one status (null: of any), oldest first, for staff. SM401 when nobody acts, SM403 for others than staff; SM400 for an unknown status, a bad page size or cursor.',
	checks => $$
	PERFORM social.require_staff();
	IF $1 IS NOT NULL AND $1 NOT IN ('open', 'resolved', 'dismissed') THEN
		PERFORM social.raise_error('SM400', 'invalid status', 'It is open, resolved, dismissed, or null for all.');
	END IF;
	$$,
	is_definer => true, newest_first => false);

-- ---- what staff do -------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.spare_superusers(user_id bigint) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM social.users u WHERE u.id = $1 AND u.is_superuser) THEN
		PERFORM social.raise_error('SM403', 'a superuser account is not moderated');
	END IF;
END
$$;
COMMENT ON FUNCTION social.spare_superusers(bigint) IS 'Raises SM403 for a superuser''s account.';

-- Sets or takes the mark of one post or comment.
CREATE OR REPLACE FUNCTION social.moderate_content(kind text, target_id bigint, action text, note text) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id bigint;
	changed bigint;
BEGIN
	PERFORM social.require_staff(), social.require_scope('admin:write'), social.check_text('note', note, false, false);
	IF kind = 'post' THEN
		SELECT p.author_id INTO owner_id FROM social.posts p WHERE p.id = target_id AND p.deleted_at IS NULL;
	ELSE
		SELECT c.author_id INTO owner_id FROM social.comments c WHERE c.id = target_id AND c.deleted_at IS NULL;
	END IF;
	IF owner_id IS NULL THEN
		PERFORM social.raise_error('SM404', kind || ' not found');
	ELSIF action <> 'unhide' THEN
		PERFORM social.spare_superusers(owner_id);
	END IF;
	IF kind = 'post' THEN
		UPDATE social.posts p
		SET hidden_at = CASE action WHEN 'hide' THEN now() WHEN 'delete' THEN p.hidden_at END,
			deleted_at = CASE action WHEN 'delete' THEN now() END
		WHERE p.id = target_id AND p.deleted_at IS NULL AND (action = 'delete' OR (p.hidden_at IS NULL) = (action = 'hide'))
		RETURNING p.id INTO changed;
	ELSE
		UPDATE social.comments c
		SET hidden_at = CASE action WHEN 'hide' THEN now() WHEN 'delete' THEN c.hidden_at END,
			deleted_at = CASE action WHEN 'delete' THEN now() END
		WHERE c.id = target_id AND c.deleted_at IS NULL AND (action = 'delete' OR (c.hidden_at IS NULL) = (action = 'hide'))
		RETURNING c.id INTO changed;
	END IF;
	IF changed IS NOT NULL THEN
		PERFORM social.audit(action || '_' || kind, kind, target_id, jsonb_build_object('owner_id', owner_id, 'note', coalesce(note, '')));
	END IF;
	RETURN target_id;
END
$$;
COMMENT ON FUNCTION social.moderate_content(text, bigint, text, text) IS 'Hides, unhides or deletes a post or a comment as staff, and notes it in the audit log; the common part of hide_post and its like.';

CREATE OR REPLACE FUNCTION social.hide_post(post_id bigint, note text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.moderate_content('post', $1, 'hide', $2);
END
$$;
COMMENT ON FUNCTION social.hide_post(bigint, text) IS 'Staff hide a post from everybody but its author and staff; again is harmless. Returns the post''s id. SM401 when nobody acts, SM403 for others than staff and for a superuser''s post, SM404 for an unknown or deleted post.';

CREATE OR REPLACE FUNCTION social.unhide_post(post_id bigint, note text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.moderate_content('post', $1, 'unhide', $2);
END
$$;
COMMENT ON FUNCTION social.unhide_post(bigint, text) IS 'Undoes hide_post; again is harmless. Returns the post''s id. SM401, SM403 and SM404 as there.';

CREATE OR REPLACE FUNCTION social.hide_comment(comment_id bigint, note text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.moderate_content('comment', $1, 'hide', $2);
END
$$;
COMMENT ON FUNCTION social.hide_comment(bigint, text) IS 'Staff hide a comment from everybody but its author and staff; again is harmless. Returns the comment''s id. SM401 when nobody acts, SM403 for others than staff and for a superuser''s comment, SM404 for an unknown or deleted comment.';

CREATE OR REPLACE FUNCTION social.unhide_comment(comment_id bigint, note text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.moderate_content('comment', $1, 'unhide', $2);
END
$$;
COMMENT ON FUNCTION social.unhide_comment(bigint, text) IS 'Undoes hide_comment; again is harmless. Returns the comment''s id. SM401, SM403 and SM404 as there.';

CREATE OR REPLACE FUNCTION social.suspend_user(user_id bigint, until timestamptz DEFAULT NULL, reason text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_staff();
	target record;
BEGIN
	PERFORM social.require_scope('admin:write');
	SELECT u.id, u.is_staff, u.is_superuser INTO target FROM social.users u WHERE u.id = $1 AND u.is_active FOR NO KEY UPDATE;
	IF target.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'user not found');
	ELSIF target.id = viewer THEN
		PERFORM social.raise_error('SM400', 'you cannot suspend yourself');
	ELSIF EXISTS (SELECT FROM social.tombstones t WHERE t.user_id = $1) THEN
		PERFORM social.raise_error('SM400', 'this account stands for all who are gone', 'What any of them has left would go with it.', 'Hide or delete what it is about.');
	ELSIF until <= now() THEN
		PERFORM social.raise_error('SM400', 'invalid until', 'A suspension ends in the future, or never (null).');
	END IF;
	PERFORM social.check_text('reason', reason, false, false);
	PERFORM social.spare_superusers($1);
	IF target.is_staff AND NOT EXISTS (SELECT FROM social.users u WHERE u.id = viewer AND u.is_superuser) THEN
		PERFORM social.raise_error('SM403', 'only a superuser may suspend staff');
	END IF;
	UPDATE social.users u SET suspended_at = coalesce(u.suspended_at, now()), suspended_until = until WHERE u.id = $1;
	PERFORM social.audit('suspend_user', 'user', $1, jsonb_build_object('until', until, 'note', coalesce(reason, '')));
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.suspend_user(bigint, timestamptz, text) IS 'Staff suspend an account until a time, or for good (null): it can neither act nor be seen, and its sessions end. Again sets another time. Returns the person''s id. SM401 when nobody acts, SM403 for others than staff, for a superuser''s account, and for staff unless a superuser acts; SM404 for an unknown person, SM400 for oneself, the account that stands for all who are gone, or a time that is past.';

CREATE OR REPLACE FUNCTION social.unsuspend_user(user_id bigint, reason text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_staff(), social.require_scope('admin:write');
	IF NOT EXISTS (SELECT FROM social.users u WHERE u.id = $1 AND u.is_active) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	PERFORM social.check_text('reason', reason, false, false);
	UPDATE social.users u SET suspended_at = NULL, suspended_until = NULL WHERE u.id = $1 AND u.suspended_at IS NOT NULL;
	IF FOUND THEN
		PERFORM social.audit('unsuspend_user', 'user', $1, jsonb_build_object('note', coalesce(reason, '')));
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unsuspend_user(bigint, text) IS 'Ends a suspension: the person may log in again; again is harmless. Returns the person''s id. SM401 when nobody acts, SM403 for others than staff, SM404 for an unknown person.';

CREATE OR REPLACE FUNCTION social.resolve_report(id bigint, action text, note text DEFAULT '') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_staff();
	report social.reports;
	kind text;
	target bigint;
BEGIN
	PERFORM social.require_scope('admin:write');
	IF action IS NULL OR action NOT IN ('dismiss', 'hide', 'delete', 'suspend') THEN
		PERFORM social.raise_error('SM400', 'invalid action', 'It is dismiss, hide, delete or suspend.');
	END IF;
	PERFORM social.check_text('note', note, false, false);
	SELECT r.* INTO report FROM social.reports r WHERE r.id = $1 FOR NO KEY UPDATE;
	IF report.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'report not found');
	ELSIF report.status <> 'open' THEN
		PERFORM social.raise_error('SM409', 'the report is closed already', format('It was %s.', report.status));
	END IF;
	kind := CASE WHEN report.post_id IS NOT NULL THEN 'post' WHEN report.comment_id IS NOT NULL THEN 'comment' ELSE 'user' END;
	target := coalesce(report.post_id, report.comment_id, report.user_id);
	IF action = 'suspend' THEN
		PERFORM social.suspend_user(coalesce(report.user_id,
			(SELECT p.author_id FROM social.posts p WHERE p.id = report.post_id),
			(SELECT c.author_id FROM social.comments c WHERE c.id = report.comment_id)), NULL, note);
	ELSIF action <> 'dismiss' AND kind = 'user' THEN
		PERFORM social.raise_error('SM400', 'invalid action', format('A person cannot be %s.', CASE action WHEN 'hide' THEN 'hidden' ELSE 'deleted here' END),
			'Suspend the account, or dismiss the report.');
	ELSIF action <> 'dismiss' THEN
		PERFORM social.moderate_content(kind, target, action, note);
	END IF;
	-- What was done about the target answers everybody who reported it.
	UPDATE social.reports r
	SET status = CASE action WHEN 'dismiss' THEN 'dismissed' ELSE 'resolved' END,
		resolution = action || CASE WHEN coalesce(note, '') = '' THEN '' ELSE ': ' || note END,
		resolved_by = viewer, resolved_at = now()
	WHERE r.status = 'open' AND (r.id = report.id OR (action <> 'dismiss'
		AND target = CASE kind WHEN 'post' THEN r.post_id WHEN 'comment' THEN r.comment_id ELSE r.user_id END));
	PERFORM social.audit('resolve_report', 'report', report.id, jsonb_build_object('action', action, 'target', kind, 'target_id', target, 'note', coalesce(note, '')));
	RETURN report.id;
END
$$;
COMMENT ON FUNCTION social.resolve_report(bigint, text, text) IS 'Staff close a report: dismiss it, or hide or delete what it is about, or suspend whose it is (for good; suspend_user sets an end). Other open reports of the same target close with it, unless it is dismissed. Returns the report''s id. SM401 when nobody acts, SM403 for others than staff and against superusers, SM404 for an unknown report, SM409 for a closed one, SM400 for an unknown action or one that does not fit.';

-- ---- the audit log ---------------------------------------------------------------------------------

SELECT social.make_list('moderation_entries', 'with_actor_id bigint DEFAULT NULL',
	'id bigint, created_at timestamptz, actor_id bigint, actor text, action text, object_type text, object_id bigint, object_name text, detail jsonb',
	'l.id, l.created_at, l.actor_id, l.actor, l.action, l.object_type, l.object_id, l.object_name, l.detail',
	$$social.admin_audit_log l WHERE (l.object_type IN ('post', 'comment', 'report', 'content_rule') OR l.action IN ('suspend_user', 'unsuspend_user'))
		AND ($1 IS NULL OR l.actor_id = $1)$$, '{l.id}',
	'What was done in moderation (of somebody; null: of everybody), newest first, for staff: hidden, shown and removed posts and comments, suspensions, reports, content rules. SM401 when nobody acts, SM403 for others than staff; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.require_staff();
	$$,
	is_definer => true);

SELECT social.make_list('audit_entries', 'with_action text DEFAULT NULL, with_actor_id bigint DEFAULT NULL',
	'id bigint, created_at timestamptz, actor_id bigint, actor text, action text, object_type text, object_id bigint, object_name text, detail jsonb, address text',
	'l.id, l.created_at, l.actor_id, l.actor, l.action, l.object_type, l.object_id, l.object_name, l.detail, l.address',
	'social.admin_audit_log l WHERE ($1 IS NULL OR l.action = $1) AND ($2 IS NULL OR l.actor_id = $2)', '{l.id}',
	'The audit log (of an action, of somebody; null: all), newest first, for superusers: every security event, with the address that it came from. SM401 when nobody acts, SM403 for others than superusers; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.require_superuser();
	$$,
	is_definer => true);
