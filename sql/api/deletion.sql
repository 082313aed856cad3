-- deletion.sql owns the end of accounts. It is asked for, and from then on nobody sees the account or acts
-- in it; until the grace has passed (social.deletion_grace) it can be had back whole. Then it is closed, for
-- good, and the worker erases what it has left, a few rows in each transaction. What became of it stands in the
-- ledger, account_deletions, which deletes again what a backup brings back.
--
-- Locks: the account's row, then its sessions by id, then its streams. Erasing locks rows of the account and
-- those that hang on what it made, from the leaves up, waits 20 ms for each at most, and lets go after some 25.

-- ---- asking for it, and taking that back ---------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.begin_deletion(user_id bigint, keep_content boolean, is_own boolean, grace interval DEFAULT NULL) RETURNS timestamptz
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present social.users;
	due timestamptz := now() + coalesce(grace, social.setting('deletion_grace')::interval);
BEGIN
	IF due NOT BETWEEN now() AND now() + interval '10 years' THEN
		PERFORM social.raise_error('SM400', 'invalid grace', 'It is an interval from 0 to 10 years.');
	END IF;
	SELECT u.* INTO present FROM social.users u WHERE u.id = $1 AND u.deleted_at IS NULL FOR NO KEY UPDATE;
	IF present.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'user not found');
	ELSIF EXISTS (SELECT FROM social.tombstones t WHERE t.user_id = $1) THEN
		PERFORM social.raise_error('SM400', 'this account stands for all who are gone', 'What any of them has left would go with it.');
	END IF;
	INSERT INTO social.account_deletions AS d (user_id, account_created_at, keeps_content, is_own, was_active, due_at)
	VALUES ($1, present.created_at, coalesce(keep_content, false), begin_deletion.is_own, present.is_active, due)
	ON CONFLICT ON CONSTRAINT account_deletions_pkey DO UPDATE SET keeps_content = excluded.keeps_content,
		is_own = d.is_own AND excluded.is_own, due_at = least(d.due_at, excluded.due_at), closed_at = NULL, erased_at = NULL
	RETURNING d.due_at INTO due;
	UPDATE social.users u SET is_active = false WHERE u.id = $1 AND u.is_active;
	PERFORM social.finish_stream(s.id) FROM social.streams s WHERE s.host_id = $1 AND s.status IN ('starting', 'live') ORDER BY s.id;
	IF due <= now() THEN
		PERFORM social.close_account($1);
	ELSE
		PERFORM social.queue_mail('account_deletion', $1, present.email, jsonb_build_object('username', present.username, 'until', to_char(due AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')));
		PERFORM social.audit('begin_deletion', 'user', $1, jsonb_build_object('due', due, 'keeps_content', coalesce(keep_content, false)));
	END IF;
	RETURN due;
END
$$;
COMMENT ON FUNCTION social.begin_deletion(bigint, boolean, boolean, interval) IS 'An account is to be deleted: nobody sees it or acts in it from now on, its sessions and broadcasts end, its address is told. Returns when it is closed for good, which is now where there is no grace (null: social.deletion_grace). Again, it may come sooner, or keep other things. SM404 for an unknown account, SM400 for the one that stands for all who are gone, and for a grace out of 0 to 10 years.';

CREATE OR REPLACE FUNCTION social.cancel_deletion(user_id bigint) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone social.account_deletions;
BEGIN
	PERFORM FROM social.users u WHERE u.id = $1 FOR NO KEY UPDATE;
	DELETE FROM social.account_deletions d USING social.users u
	WHERE d.user_id = $1 AND d.closed_at IS NULL AND u.id = $1 AND u.created_at = d.account_created_at RETURNING d.* INTO gone;
	IF gone.user_id IS NULL THEN
		RETURN false;
	END IF;
	UPDATE social.users u SET is_active = true WHERE u.id = $1 AND gone.was_active AND NOT u.is_active;
	DELETE FROM social.mail_outbox m WHERE m.user_id = $1 AND m.template = 'account_deletion' AND m.sent_at IS NULL AND m.leased_until IS NULL;
	PERFORM social.audit('cancel_deletion', 'user', $1);
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.cancel_deletion(bigint) IS 'An account that was to be deleted stays, with everything it had; its sessions are over. False where nothing is to be cancelled, or it is too late. A part of login and cancel_account_deletion.';

CREATE OR REPLACE FUNCTION social.pending_deletion(account social.users) RETURNS timestamptz
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT d.due_at FROM social.account_deletions d
	WHERE d.user_id = ($1).id AND d.account_created_at = ($1).created_at AND d.closed_at IS NULL AND d.is_own AND d.was_active AND d.due_at > now()
$$;
COMMENT ON FUNCTION social.pending_deletion(social.users) IS 'Until when a person may have an account back that they are deleting; null where they cannot.';

CREATE OR REPLACE FUNCTION social.delete_account(keep_content boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
BEGIN
	PERFORM social.begin_deletion(viewer, keep_content, true);
	RETURN viewer;
END
$$;
COMMENT ON FUNCTION social.delete_account(boolean) IS 'The viewer deletes the own account: nobody sees it or acts in it from now on. Until social.deletion_grace has passed, login(..., restore => true) brings it back whole; then it is erased by the background worker (or social.tick()) in batches. With keep_content public posts and comments stay, as a deleted user''s, without their pictures and films. Returns the id. SM401 when nobody acts.';

CREATE OR REPLACE FUNCTION social.delete_account(password text, code text DEFAULT NULL, keep_content boolean DEFAULT false)
	RETURNS TABLE (user_id bigint, restorable_until timestamptz, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	fits boolean := coalesce(octet_length($1), 0) <= 1000
		AND social.check_password($1, (SELECT u.password FROM social.users u WHERE u.id = viewer));
	second text := CASE WHEN fits THEN social.check_code(viewer, $2) END;
BEGIN
	IF second IS DISTINCT FROM 'ok' THEN
		PERFORM social.audit('delete_account_refused', 'user', viewer);
		RETURN QUERY SELECT NULL::bigint, NULL::timestamptz, CASE second WHEN 'code_paused' THEN 'SM429' ELSE 'SM403' END,
			CASE second WHEN 'code_paused' THEN 'too many wrong one-time codes' WHEN 'code_required' THEN 'a one-time code is required'
				ELSE 'wrong password or one-time code' END,
			'Deleting the account needs its password, and a one-time or recovery code where login asks for one.';
		RETURN;
	END IF;
	RETURN QUERY SELECT viewer, b.due, NULL::text, NULL::text, NULL::text FROM social.begin_deletion(viewer, keep_content, true) b (due);
END
$$;
COMMENT ON FUNCTION social.delete_account(text, text, boolean) IS 'delete_account() for whoever has no more than a token: with the password, and a one-time or recovery code where the account asks for one. Returns one row: the id and until when login(..., restore => true) brings the account back, or error_code SM403 when either is wrong, SM429 after too many wrong codes (nothing is raised, so that the audit entry stays). Raises SM401 when nobody acts.';

-- ---- for administrators ----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.require_deleter() RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF social.viewer_id() IS NOT NULL AND NOT EXISTS (SELECT FROM social.users u WHERE u.id = social.viewer_id() AND u.is_superuser) THEN
		PERFORM social.raise_error('SM403', 'only a superuser may delete accounts');
	END IF;
END
$$;
COMMENT ON FUNCTION social.require_deleter() IS 'SM403 when somebody acts who may not delete accounts of others.';

CREATE OR REPLACE FUNCTION social.request_account_deletion(user_id bigint, keep_content boolean DEFAULT false, grace interval DEFAULT NULL) RETURNS timestamptz
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_deleter();
	RETURN social.begin_deletion($1, $2, false, $3);
END
$$;
COMMENT ON FUNCTION social.request_account_deletion(bigint, boolean, interval) IS 'An administrator has an account deleted, as delete_account does for its owner, after this grace (null: social.deletion_grace; 0: at once); the owner cannot take it back, cancel_account_deletion() does. However much there is, nobody waits for it. Returns when it is closed for good. SM403 when somebody acts who is no superuser, SM404 for an unknown account, SM400 for a grace out of 0 to 10 years.';

CREATE OR REPLACE FUNCTION social.cancel_account_deletion(user_id bigint) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_deleter();
	RETURN social.cancel_deletion($1);
END
$$;
COMMENT ON FUNCTION social.cancel_account_deletion(bigint) IS 'An account whose grace has not passed stays, with everything it had, whoever asked for its deletion. False where nothing is to be cancelled, or it is too late. SM403 when somebody acts who is no superuser.';

CREATE OR REPLACE FUNCTION social.delete_user(user_id bigint, keep_content boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place integer := 0;
	done bigint;
BEGIN
	PERFORM social.require_deleter();
	PERFORM social.begin_deletion($1, $2, false, interval '0');
	LOOP
		SELECT e.place, e.done INTO place, done FROM social.erase_account($1, 10000, true, place) e;
		EXIT WHEN done = 0;
	END LOOP;
	PERFORM social.finish_deletion($1);
END
$$;
COMMENT ON FUNCTION social.delete_user(bigint, boolean) IS 'Deletes an account with everything it wrote, and what hangs on that, in this transaction; what others keep of it (reports, the audit log) stays without words, names and addresses. With keep_content as in delete_account(). For an account with much, request_account_deletion(id, grace => ''0'') makes nobody wait. SM403 when somebody acts who is no superuser, SM404 for an unknown account.';

CREATE OR REPLACE VIEW social.admin_deletions AS
SELECT d.user_id, CASE WHEN d.erased_at IS NOT NULL THEN 'erased' WHEN d.closed_at IS NOT NULL THEN 'closed' ELSE 'pending' END AS state,
	u.username, d.is_own, d.keeps_content, d.requested_at, CASE WHEN d.erased_at IS NULL THEN d.due_at END AS due_at, d.closed_at, d.erased_at, d.account_created_at
FROM social.account_deletions d LEFT JOIN social.users u ON u.id = d.user_id AND u.created_at = d.account_created_at AND u.deleted_at IS NULL;
COMMENT ON VIEW social.admin_deletions IS 'Deletions of accounts: pending (due_at: when each is closed for good), closed (the worker erases), erased.';

-- ---- closing ---------------------------------------------------------------------------------------------

-- From here on nothing brings it back; its name and address are free.
CREATE OR REPLACE FUNCTION social.close_account(user_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present social.users;
BEGIN
	SELECT u.* INTO present FROM social.users u WHERE u.id = $1 AND u.deleted_at IS NULL FOR NO KEY UPDATE;
	IF present.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	-- What was not shown does not come to be shown by it.
	INSERT INTO social.account_deletions AS d (user_id, account_created_at, is_own, due_at, closed_at) VALUES ($1, present.created_at, false, now(), now())
	ON CONFLICT ON CONSTRAINT account_deletions_pkey DO UPDATE SET due_at = now(), closed_at = coalesce(d.closed_at, now()), erased_at = NULL,
		keeps_content = d.keeps_content AND d.was_active AND (present.suspended_at IS NULL OR coalesce(present.suspended_until <= now(), false));
	PERFORM social.forget_names(present);
	UPDATE social.users u
	SET deleted_at = now(), is_active = false, is_staff = false, is_superuser = false,
		username = 'deleted-' || u.id, email = '', pending_email = '', claimed_at = NULL, email_verified_at = NULL, password = '!', first_name = '', last_name = ''
	WHERE u.id = $1;
	DELETE FROM social.profiles p WHERE p.user_id = $1;
	DELETE FROM social.user_totp t WHERE t.user_id = $1;
	DELETE FROM social.recovery_codes r WHERE r.user_id = $1;
	DELETE FROM social.account_tokens t WHERE t.user_id = $1;
	DELETE FROM social.mail_outbox m WHERE m.user_id = $1;
	PERFORM social.audit('delete_user', 'user', $1);
END
$$;
COMMENT ON FUNCTION social.close_account(bigint) IS 'Closes an account for good, and wipes what it says of the person; what it has left is erased by and by. SM404 for an unknown account.';

-- Where an account is named in rows that are not its own, and cannot be found by its id.
CREATE OR REPLACE FUNCTION social.forget_names(account social.users) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	names text[] := array_remove(ARRAY[lower(account.username), lower(account.email), lower(account.pending_email)], '');
BEGIN
	-- Mails about a reset that name all who claim the address.
	UPDATE social.mail_outbox m
	SET variables = jsonb_set(m.variables, '{accounts}', (
		SELECT coalesce(jsonb_agg(a), '[]') FROM jsonb_array_elements(m.variables -> 'accounts') AS a WHERE a ->> 'username' <> account.username))
	WHERE lower(m.address) = lower(account.pending_email) AND account.pending_email <> '' AND m.template = 'reset_password' AND m.variables ? 'accounts';
	DELETE FROM social.mail_outbox m WHERE m.user_id IS NULL AND lower(m.address) = ANY (names);
	-- Attempts under a name that was not theirs at the time, or not theirs alone.
	DELETE FROM social.login_attempts a WHERE a.user_id IS NULL AND a.claimant_id IS NULL AND lower(a.username) = ANY (names);
	-- Requests counted in the table, by a name that was typed or the account's id.
	DELETE FROM social.rate_limit_state r WHERE r.ctid = ANY (ARRAY(
		SELECT t.ctid FROM social.rate_limit_state t
		WHERE substring(t.key FROM '/account:.*:([^:]*)$') IN (SELECT mark || n FROM unnest(names) AS n, unnest(ARRAY['', E'\x02']) AS mark UNION ALL SELECT E'\x01' || account.id)
			OR substring(t.key FROM '/user:([0-9]+)$') = account.id::text
		FOR UPDATE SKIP LOCKED));
END
$$;
COMMENT ON FUNCTION social.forget_names(social.users) IS 'Takes an account''s names out of rows that are nobody''s or others'': mails to all who claim an address, attempts to log in, and rate limits counted in the table.';

-- ---- erasing: what hangs on something --------------------------------------------------------------------

-- What the log says of things that are about to go; the entries themselves stay.
CREATE OR REPLACE FUNCTION social.forget_notes(kind text, ids bigint[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	restoring text := social.setting('restoring');
BEGIN
	PERFORM set_config('social.restoring', 'on', true);
	UPDATE social.audit_log l SET detail = l.detail - '{note,reason}'::text[]
	WHERE l.object_type = kind AND l.object_id = ANY (ids) AND l.detail ?| '{note,reason}';
	UPDATE social.audit_log l SET detail = l.detail - '{note,reason}'::text[]
	WHERE l.object_type = 'report' AND l.detail ?| '{note,reason}' AND l.object_id IN (
		SELECT r.id FROM social.reports r WHERE CASE kind WHEN 'post' THEN r.post_id WHEN 'comment' THEN r.comment_id ELSE r.user_id END = ANY (ids));
	PERFORM set_config('social.restoring', restoring, true);
END
$$;
COMMENT ON FUNCTION social.forget_notes(text, bigint[]) IS 'Empties what staff and rules noted in the audit log about these posts, comments or people, and about reports of them.';

-- Deleting hashtags keeps posts from being written; it waits for those that are, so it comes last.
CREATE OR REPLACE FUNCTION social.forget_hashtags(tags text[]) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	forgotten bigint := 0;
BEGIN
	IF EXISTS (SELECT FROM social.hashtags h WHERE h.tag = ANY (tags) AND NOT EXISTS (SELECT FROM social.post_hashtags l WHERE l.hashtag_id = h.id)) THEN
		LOCK TABLE social.post_hashtags IN SHARE ROW EXCLUSIVE MODE;
		DELETE FROM social.hashtags h WHERE h.tag = ANY (tags) AND NOT EXISTS (SELECT FROM social.post_hashtags l WHERE l.hashtag_id = h.id);
		GET DIAGNOSTICS forgotten = ROW_COUNT;
	END IF;
	RETURN forgotten;
END
$$;
COMMENT ON FUNCTION social.forget_hashtags(text[]) IS 'Deletes those of these hashtags (keys) that no post carries any more; returns how many. Holds the table of links until the transaction ends when there are some.';

-- A few rows of a table. Tables that are only added to let them go while triggers are silent; of the log
-- and the revisions nothing else depends on those.
CREATE OR REPLACE FUNCTION social.erase_rows(table_name text, condition text, change text, ids bigint[], batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	restoring text := social.setting('restoring');
	append_only boolean := table_name IN ('audit_log', 'post_revisions');
	done bigint;
BEGIN
	IF append_only THEN
		PERFORM set_config('social.restoring', 'on', true);
	END IF;
	EXECUTE format('%3$s WHERE ctid = ANY (ARRAY(SELECT ctid FROM social.%1$I WHERE %2$s LIMIT $2))', table_name, condition,
		format(CASE WHEN change IS NULL THEN 'DELETE FROM social.%1$I' ELSE 'UPDATE social.%1$I SET %2$s' END, table_name, change)) USING ids, batch;
	GET DIAGNOSTICS done = ROW_COUNT;
	IF append_only THEN
		PERFORM set_config('social.restoring', restoring, true);
	END IF;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.erase_rows(text, text, text, bigint[], integer) IS 'Deletes, or changes where a change is given, at most a batch of rows that meet a condition on $1 (ids); returns how many.';

-- Found from the catalog, so that a new table is thought of.
CREATE OR REPLACE FUNCTION social.hanging_columns(table_name text, OUT source_table text, OUT source_column text, OUT is_deleted boolean) RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.relname::text, a.attname::text, n.confdeltype = 'c'
	FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid JOIN pg_attribute a ON a.attrelid = n.conrelid AND a.attnum = n.conkey[1]
	WHERE n.contype = 'f' AND n.confrelid = to_regclass(format('social.%I', $1)) AND n.confdeltype IN ('c', 'n') AND cardinality(n.conkey) = 1
	UNION ALL SELECT 'posts', 'quoted_post_id', false WHERE $1 = 'posts'
	ORDER BY 1, 2
$$;
COMMENT ON FUNCTION social.hanging_columns(text) IS 'Which columns name rows of a table, and whether their rows go with those or only name nothing any more.';

CREATE OR REPLACE FUNCTION social.erase_hanging(table_name text, ids bigint[], batch integer, spared text[] DEFAULT '{}') RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part record;
	done bigint;
BEGIN
	FOR part IN SELECT h.* FROM social.hanging_columns($1) h WHERE h.source_table <> ALL (spared) LOOP
		done := social.erase_rows(part.source_table, format('%I = ANY ($1)', part.source_column), CASE WHEN NOT part.is_deleted THEN format('%I = NULL', part.source_column) END, ids, batch);
		IF done > 0 THEN
			RETURN done;
		END IF;
	END LOOP;
	RETURN 0;
END
$$;
COMMENT ON FUNCTION social.erase_hanging(text, bigint[], integer, text[]) IS 'Deletes at most a batch of the rows that go with rows of a table, or has them name nothing any more, but for those of tables that are spared; returns how many, 0 when nothing is left.';

CREATE OR REPLACE FUNCTION social.erase_below(table_name text, condition text, ids bigint[], batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rows_of bigint[];
BEGIN
	IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('social.%I', $1)) AND a.attname = 'id' AND NOT a.attisdropped) THEN
		RETURN 0;
	END IF;
	EXECUTE format('SELECT ARRAY(SELECT id FROM social.%I WHERE %s LIMIT 20)', table_name, condition) INTO rows_of USING ids;
	RETURN CASE WHEN cardinality(rows_of) > 0 THEN social.erase_hanging(table_name, rows_of, batch) ELSE 0 END;
END
$$;
COMMENT ON FUNCTION social.erase_below(text, text, bigint[], integer) IS 'Deletes at most a batch of what hangs on some rows of a table that meet a condition on $1 (ids), so that those can go without taking much along; returns how many, 0 when nothing hangs on them.';

CREATE OR REPLACE FUNCTION social.erase_comments(ids bigint[], batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done bigint;
BEGIN
	IF cardinality(ids) = 0 THEN
		RETURN 0;
	END IF;
	PERFORM social.forget_notes('comment', ids);
	done := social.erase_hanging('comments', ids, batch);
	IF done = 0 THEN
		DELETE FROM social.comments c WHERE c.id = ANY (ids);
		GET DIAGNOSTICS done = ROW_COUNT;
	END IF;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.erase_comments(bigint[], integer) IS 'Deletes these comments, once at most a batch at a time of what hangs on them is gone; returns how many rows.';

-- ---- erasing: what an account has made -------------------------------------------------------------------

-- Who stands where somebody was whose words stay.
CREATE OR REPLACE FUNCTION social.tombstone_id() RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tombstone bigint := (SELECT t.user_id FROM social.tombstones t);
BEGIN
	IF tombstone IS NULL AND social.hold_task('tombstone') THEN
		tombstone := (SELECT t.user_id FROM social.tombstones t);
	END IF;
	IF tombstone IS NULL THEN
		INSERT INTO social.users (username, password)
		SELECT w.name, '!' FROM (SELECT 'deleted_user' || CASE WHEN n > 1 THEN '_' || n ELSE '' END AS name, n FROM generate_series(1, 1000) n) w
		WHERE NOT EXISTS (SELECT FROM social.users u WHERE lower(u.username) = w.name) ORDER BY w.n LIMIT 1
		RETURNING id INTO tombstone;
		INSERT INTO social.notification_preferences (user_id, type, is_enabled)
		SELECT tombstone, k.type, false
		FROM unnest(ARRAY['like', 'comment_like', 'comment', 'reply', 'follow', 'follow_request', 'repost', 'mention', 'live_stream', 'system']) AS k (type);
		INSERT INTO social.tombstones (user_id) VALUES (tombstone);
	END IF;
	RETURN tombstone;
END
$$;
COMMENT ON FUNCTION social.tombstone_id() IS 'The account that stands for everybody whose account is gone and whose words stay; made when it is first needed. Nobody logs in to it, and it is told of nothing.';

-- Newest first, so that a comment's replies by the same person are gone before it. What others have replied
-- to, under somebody else's post, leaves its place.
CREATE OR REPLACE FUNCTION social.erase_own_comments(user_id bigint, keeps_content boolean, batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ids bigint[] := ARRAY(SELECT c.id FROM social.comments c WHERE c.author_id = $1 ORDER BY c.created_at DESC, c.id DESC LIMIT least(batch, 50));
	kept bigint[];
	empty bigint[];
	done bigint;
BEGIN
	IF cardinality(ids) = 0 THEN
		RETURN 0;
	END IF;
	kept := ARRAY(SELECT c.id FROM social.comments c WHERE c.id = ANY (ids) AND keeps_content AND c.deleted_at IS NULL AND c.hidden_at IS NULL);
	empty := ARRAY(SELECT c.id FROM social.comments c JOIN social.posts p ON p.id = c.post_id
		WHERE c.id = ANY (ids) AND c.id <> ALL (kept) AND (keeps_content OR p.author_id <> $1) AND EXISTS (SELECT FROM social.comments r WHERE r.post_id = c.post_id AND r.parent_id = c.id));
	done := social.erase_rows('notifications', format('comment_id = ANY ($1) AND actor_id = %s', $1), NULL, kept, batch);
	IF done = 0 THEN
		done := social.erase_hanging('comments', empty, batch);
	END IF;
	IF done > 0 THEN
		RETURN done;
	END IF;
	IF cardinality(kept || empty) > 0 THEN
		PERFORM social.forget_notes('comment', empty);
		UPDATE social.comments c SET author_id = social.tombstone_id(), author_is_counted = true WHERE c.id = ANY (kept);
		UPDATE social.comments c SET author_id = social.tombstone_id(), author_is_counted = true, content = '', deleted_at = coalesce(c.deleted_at, now()) WHERE c.id = ANY (empty);
		RETURN cardinality(kept || empty);
	END IF;
	RETURN social.erase_comments(ids, batch);
END
$$;
COMMENT ON FUNCTION social.erase_own_comments(bigint, boolean, integer) IS 'Goes on with a closed account''s comments: they stay as a deleted user''s where that was asked for, leave an empty place where others have replied, or go. Returns how many rows, 0 when none is left.';

CREATE OR REPLACE FUNCTION social.erase_own_posts(user_id bigint, keeps_content boolean, batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ids bigint[] := ARRAY(SELECT p.id FROM social.posts p WHERE p.author_id = $1 ORDER BY p.created_at DESC LIMIT least(batch, 20));
	kept bigint[];
	tags text[];
	done bigint;
BEGIN
	IF cardinality(ids) = 0 THEN
		RETURN 0;
	END IF;
	kept := ARRAY(SELECT p.id FROM social.posts p WHERE p.id = ANY (ids) AND keeps_content AND p.position IS NOT NULL AND p.visibility = 'public' AND p.hidden_at IS NULL
		AND p.title || p.content <> '');
	ids := ARRAY(SELECT i FROM unnest(ids) i WHERE i <> ALL (kept));
	IF cardinality(kept) > 0 THEN
		done := social.erase_rows('notifications', format('post_id = ANY ($1) AND actor_id = %s', $1), NULL, kept, batch);
		IF done = 0 THEN
			done := social.erase_rows('notifications', format('quote_id = ANY ($1) AND actor_id = %s', $1), NULL, kept, batch);
		END IF;
		IF done = 0 THEN
			done := social.erase_rows('post_revisions', 'post_id = ANY ($1)', NULL, kept, batch);
		END IF;
		IF done = 0 THEN
			PERFORM social.anonymize_posts(kept);
			done := cardinality(kept);
		END IF;
		RETURN done;
	END IF;
	-- Others' comments, from the last reply up.
	done := social.erase_comments(ARRAY(
		SELECT c.id FROM unnest(ids) AS p (id), LATERAL (SELECT m.id FROM social.comments m WHERE m.post_id = p.id ORDER BY m.id DESC LIMIT least(batch, 50)) c LIMIT least(batch, 50)), batch);
	IF done > 0 THEN
		RETURN done;
	END IF;
	-- Tags also of what an edit took away, before its revision goes.
	tags := ARRAY(
		SELECT t FROM social.posts p, unnest(p.hashtags) AS t WHERE p.id = ANY (ids)
		UNION SELECT social.hashtag_key(t) FROM social.post_revisions r, unnest(social.extract_hashtags(r.title || E'\n' || r.content)) AS t WHERE r.post_id = ANY (ids));
	PERFORM social.forget_notes('post', ids);
	done := social.erase_hanging('posts', ids, batch, '{comments,post_hashtags,post_revisions}');
	IF done > 0 THEN
		RETURN done;
	END IF;
	DELETE FROM social.posts p WHERE p.id = ANY (ids);
	PERFORM social.forget_hashtags(tags);
	RETURN cardinality(ids);
END
$$;
COMMENT ON FUNCTION social.erase_own_posts(bigint, boolean, integer) IS 'Goes on with a closed account''s posts: public ones stay as a deleted user''s where that was asked for, the others go with what hangs on them, what the audit log says of them, and the hashtags that nobody else uses. Returns how many rows, 0 when none is left.';

CREATE OR REPLACE FUNCTION social.anonymize_posts(ids bigint[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.posts p SET author_id = social.tombstone_id(), image = NULL, video = NULL, is_pinned = false, is_highlighted = false WHERE p.id = ANY (ids);
	PERFORM social.recount_post_links(ARRAY(SELECT DISTINCT l.post_id FROM social.post_hashtags l WHERE l.post_id = ANY (ids) AND l.is_public IS NULL), true);
END
$$;
COMMENT ON FUNCTION social.anonymize_posts(bigint[]) IS 'Makes posts a deleted user''s, without pictures and films; they count for their hashtags again.';

CREATE OR REPLACE FUNCTION social.erase_own_streams(user_id bigint, batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ids bigint[] := ARRAY(SELECT s.id FROM social.streams s WHERE s.host_id = $1 ORDER BY s.id LIMIT 1);
	done bigint;
BEGIN
	IF cardinality(ids) = 0 THEN
		RETURN 0;
	END IF;
	PERFORM social.forget_notes('stream', ids);
	done := social.erase_hanging('streams', ids, batch);
	IF done = 0 THEN
		DELETE FROM social.streams s WHERE s.id = ANY (ids);
		GET DIAGNOSTICS done = ROW_COUNT;
	END IF;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.erase_own_streams(bigint, integer) IS 'Goes on with a closed account''s streams and what hangs on them; returns how many rows, 0 when none is left.';

-- ---- erasing: everything -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.events_about() RETURNS text
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT '(author_id = ANY ($1) OR recipient_id = ANY ($1) OR subject_id = ANY ($1) AND type IN (''follow.created'', ''follow.deleted'', ''relation.changed'', ''chat.banned'', ''chat.unbanned''))'
$$;
COMMENT ON FUNCTION social.events_about() IS 'The condition of events about people, $1: whoever did it, hears of it, or is its subject, where that is a person.';

-- What others keep of a person (a report, an entry of the log) stays without words, names, ids and addresses.
-- Foreign keys to users that are not named here are found in the catalog. A part that is_scan has no index
-- that leads to its rows: the table is read through, in a transaction that has locked nothing yet.
CREATE OR REPLACE FUNCTION social.erasure_parts(OUT place integer, OUT table_name text, OUT condition text, OUT change text, OUT is_scan boolean) RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT p.* FROM (
		VALUES
		(1, 'audit_log', 'object_type = ''session'' AND object_id IN (SELECT s.id FROM social.user_sessions s WHERE s.user_id = ANY ($1)) AND address IS NOT NULL AND (actor_id IS NULL OR actor_id = ANY ($1))',
			'address = NULL', false),
		(2, 'audit_log', 'object_type = ''report'' AND detail ?| ''{note,reason}'' AND object_id IN (SELECT r.id FROM social.reports r WHERE r.user_id = ANY ($1))',
			'detail = detail - ''{note,reason}''::text[]', false),
		(3, 'audit_log', 'object_type = ''user'' AND object_id = ANY ($1)', 'object_id = NULL, detail = ''{}'', address = CASE WHEN actor_id <> ALL ($1) THEN address END', false),
		(4, 'audit_log', 'actor_id = ANY ($1)', 'actor_id = NULL, address = NULL', false),
		-- A reason that is a word of the form's list stays.
		(5, 'reports', 'reporter_id = ANY ($1)', 'reporter_id = NULL, details = '''', reason = CASE WHEN reason ~ ''^[a-z_-]{1,20}$'' THEN reason ELSE ''other'' END', false),
		(6, 'post_views', 'user_id = ANY ($1)', NULL, false),
		(7, 'webhook_delivery_attempts', 'webhook_id IN (SELECT w.id FROM social.webhooks w WHERE w.owner_id = ANY ($1))', NULL, false),
		(8, 'webhook_deliveries', 'webhook_id IN (SELECT w.id FROM social.webhooks w WHERE w.owner_id = ANY ($1))', NULL, false),
		-- Those of likes, follows and the like that were taken back, and those that tell of no post.
		(1000, 'notifications', 'actor_id = ANY ($1) AND post_id IS NULL', NULL, false),
		(1001, 'notifications', 'actor_id = ANY ($1) AND withdrawn_at IS NOT NULL', NULL, false),
		(1002, 'comments', NULL, NULL, false), (1003, 'streams', NULL, NULL, false), (1004, 'posts', NULL, NULL, false),
		(1005, 'users', 'id = ANY ($1)', NULL, false),
		(1006, 'token_blacklist', 'user_id = ANY ($1)', 'user_id = NULL, session_id = NULL', true),
		(1007, 'django_notes', 'kind = ''user'' AND EXISTS (SELECT FROM social.django_ids d WHERE d.source = django_notes.source AND d.kind = django_notes.kind AND d.key = django_notes.key AND d.id = ANY ($1))', NULL, true),
		(1008, 'django_ids', 'kind = ''user'' AND id = ANY ($1)', 'id = NULL', true),
		(1009, 'jobs', 'user_id IS NULL AND args -> ''user_id'' = ANY (SELECT to_jsonb(i) FROM unnest($1) i)', NULL, true),
		(1010, 'media_sweeps', 'EXISTS (SELECT FROM jsonb_array_elements(findings) f, unnest($1) i WHERE position(''/'' || i || ''/'' IN f ->> ''key'') > 0)',
			'findings = (SELECT coalesce(jsonb_agg(f), ''[]'') FROM jsonb_array_elements(findings) f WHERE NOT EXISTS (SELECT FROM unnest($1) i WHERE position(''/'' || i || ''/'' IN f ->> ''key'') > 0))', true),
		(1011, 'audit_log', 'detail ?| ''{owner_id,host_id,user_id,target_id}'' AND (detail -> ''owner_id'' = ANY (SELECT to_jsonb(i) FROM unnest($1) i) OR detail -> ''host_id'' = ANY (SELECT to_jsonb(i) FROM unnest($1) i)
			OR detail -> ''user_id'' = ANY (SELECT to_jsonb(i) FROM unnest($1) i) OR detail ->> ''target'' = ''user'' AND detail -> ''target_id'' = ANY (SELECT to_jsonb(i) FROM unnest($1) i))',
			'detail = detail - ''{owner_id,host_id,user_id,target_id}''::text[]', true),
		-- Who listens has heard of it by then.
		(1012, 'events', 'at < now() - interval ''10 seconds'' AND ' || social.events_about(), NULL, true),
		(1013, 'webhook_events', social.events_about(), NULL, true)
		UNION ALL
		SELECT 100 + row_number() OVER (ORDER BY h.source_table, h.source_column)::integer, h.source_table, format('%I = ANY ($1)', h.source_column), CASE WHEN NOT h.is_deleted THEN format('%I = NULL', h.source_column) END, false
		FROM social.hanging_columns('users') h WHERE h.source_table NOT IN ('comments', 'posts', 'streams', 'tombstones')) AS p (place, table_name, condition, change, is_scan)
	ORDER BY p.place
$$;
COMMENT ON FUNCTION social.erasure_parts() IS 'What erasing an account goes through, in order: rows of a table that meet a condition on $1 (its id, in an array) are deleted, or changed. Without a condition the table has a function of its own.';

CREATE OR REPLACE FUNCTION social.erase_account(user_id bigint, batch integer, may_scan boolean, INOUT place integer DEFAULT 0, OUT done bigint)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part record;
	keeps boolean := EXISTS (SELECT FROM social.account_deletions d JOIN social.users u ON u.id = d.user_id AND u.created_at = d.account_created_at
		WHERE d.user_id = $1 AND d.closed_at IS NOT NULL AND d.erased_at IS NULL AND d.keeps_content);
BEGIN
	FOR part IN SELECT p.* FROM social.erasure_parts() p WHERE p.place >= erase_account.place LOOP
		IF part.is_scan AND NOT may_scan THEN
			RETURN;
		END IF;
		place := part.place;
		done := CASE WHEN part.place BETWEEN 100 AND 999 THEN social.erase_below(part.table_name, part.condition, ARRAY[user_id], batch) ELSE 0 END;
		IF done > 0 THEN
			RETURN;
		END IF;
		done := CASE WHEN part.condition IS NOT NULL THEN social.erase_rows(part.table_name, part.condition, part.change, ARRAY[user_id], batch)
			WHEN part.table_name = 'comments' THEN social.erase_own_comments(user_id, keeps, batch)
			WHEN part.table_name = 'streams' THEN social.erase_own_streams(user_id, batch)
			ELSE social.erase_own_posts(user_id, keeps, batch) END;
		IF done > 0 THEN
			RETURN;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.erase_account(bigint, integer, boolean, integer) IS 'Deletes at most a batch of rows that a closed account has left, or empties what others keep of it, its own row after those that name it. Begins with the part at a place, says at which it was, and how many rows: 0 when nothing is left, null when what is left is to be looked for in whole tables, and may_scan is not said.';

CREATE OR REPLACE FUNCTION social.object_jobs(user_id bigint) RETURNS TABLE (job_id bigint, prefix text, keys bigint)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT j.id, f.prefix, jsonb_array_length(j.args -> 'keys')::bigint FROM social.jobs j
	CROSS JOIN LATERAL (SELECT min(substring(k FROM format('^(?:uploads|exports)/%s/', $1)))
		FROM jsonb_array_elements_text(CASE jsonb_typeof(j.args -> 'keys') WHEN 'array' THEN j.args -> 'keys' ELSE '[]' END) k) AS f (prefix)
	WHERE j.kind = 'media.delete' AND f.prefix IS NOT NULL
$$;
COMMENT ON FUNCTION social.object_jobs(bigint) IS 'Jobs that wait to delete objects of a person from the store, or were given up: below which prefix, and how many objects each.';

CREATE OR REPLACE FUNCTION social.finish_deletion(user_id bigint) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	waits boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM social.event_outbox WHERE %1$s) OR EXISTS (SELECT FROM (SELECT o.type, b.* FROM social.event_outbox o CROSS JOIN social.more_events(o.more) b) m WHERE %1$s) OR EXISTS (SELECT FROM social.events WHERE %1$s) OR EXISTS (SELECT FROM social.webhook_events WHERE %1$s)', social.events_about()) INTO waits USING ARRAY[$1];
	waits := waits OR EXISTS (SELECT FROM social.event_counts c WHERE c.type = 'profile.counts' AND c.object_id = $1) OR EXISTS (SELECT FROM social.object_jobs($1));
	UPDATE social.account_deletions d SET erased_at = CASE WHEN NOT waits THEN now() END, due_at = CASE WHEN waits THEN clock_timestamp() + interval '11 seconds' ELSE d.due_at END
	WHERE d.user_id = $1 AND d.closed_at IS NOT NULL AND d.erased_at IS NULL;
	RETURN NOT waits;
END
$$;
COMMENT ON FUNCTION social.finish_deletion(bigint) IS 'A closed account has left no row: it is erased, or, while events of the last seconds tell of it and objects of it wait to be deleted, looked at again later (false).';

CREATE OR REPLACE FUNCTION social.close_due_account(entry social.account_deletions) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM FROM social.users u WHERE u.id = entry.user_id AND u.created_at = entry.account_created_at AND u.deleted_at IS NULL FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		-- Gone by somebody's own DELETE: what it has left is erased all the same.
		UPDATE social.account_deletions d SET closed_at = now() WHERE d.user_id = entry.user_id AND d.account_created_at = entry.account_created_at AND d.closed_at IS NULL;
		RETURN 1;
	END IF;
	-- Unless it was cancelled at the last moment.
	IF NOT EXISTS (SELECT FROM social.account_deletions d WHERE d.user_id = entry.user_id AND d.account_created_at = entry.account_created_at AND d.closed_at IS NULL AND d.due_at <= clock_timestamp()) THEN
		RETURN 0;
	END IF;
	PERFORM social.close_account(entry.user_id);
	RETURN 1;
END
$$;
COMMENT ON FUNCTION social.close_due_account(social.account_deletions) IS 'The grace of an account has passed: it is closed, unless that was cancelled meanwhile (0).';

-- Within one transaction locks are held for a moment only, and none is waited for longer than others may.
CREATE OR REPLACE FUNCTION social.erase_accounts(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ends timestamptz := clock_timestamp() + interval '25 milliseconds';
	patience text := current_setting('lock_timeout');
	entry social.account_deletions;
	place integer;
	step bigint;
	done bigint := 0;
BEGIN
	IF batch IS NULL OR batch NOT BETWEEN 1 AND 100000 THEN
		PERFORM social.raise_error('SM400', 'invalid batch', 'It must be 1 to 100000.');
	END IF;
	IF NOT EXISTS (SELECT FROM social.account_deletions d WHERE d.erased_at IS NULL AND d.due_at <= now())
			AND NOT EXISTS (SELECT FROM social.users u WHERE u.deleted_at IS NOT NULL) OR NOT social.hold_task('erase', false) THEN
		RETURN 0;
	END IF;
	-- Those that an earlier version closed, or a restored backup.
	INSERT INTO social.account_deletions AS d (user_id, account_created_at, is_own, due_at, closed_at)
	SELECT u.id, u.created_at, false, now(), u.deleted_at FROM social.users u WHERE u.deleted_at IS NOT NULL
		AND NOT EXISTS (SELECT FROM social.account_deletions o WHERE o.user_id = u.id AND o.account_created_at = u.created_at AND o.closed_at IS NOT NULL AND o.erased_at IS NULL)
	ON CONFLICT ON CONSTRAINT account_deletions_pkey DO UPDATE SET closed_at = excluded.closed_at, due_at = now(), erased_at = NULL;
	FOR entry IN SELECT d.* FROM social.account_deletions d WHERE d.erased_at IS NULL AND d.due_at <= now() ORDER BY d.due_at, d.user_id LIMIT 100 LOOP
		-- Its number is somebody else's by now.
		IF entry.closed_at IS NOT NULL AND EXISTS (SELECT FROM social.users u WHERE u.id = entry.user_id AND (u.created_at <> entry.account_created_at OR u.deleted_at IS NULL)) THEN
			UPDATE social.account_deletions d SET erased_at = now() WHERE d.user_id = entry.user_id AND d.account_created_at = entry.account_created_at;
			CONTINUE;
		END IF;
		place := 0;
		LOOP
			BEGIN
				PERFORM set_config('lock_timeout', '20ms', true);
				IF entry.closed_at IS NULL THEN
					step := social.close_due_account(entry);
				ELSE
					SELECT e.place, e.done INTO place, step FROM social.erase_account(entry.user_id, least(batch, 200), done = 0, place) e;
					IF step = 0 THEN
						PERFORM social.finish_deletion(entry.user_id);
					END IF;
				END IF;
				PERFORM set_config('lock_timeout', patience, true);
			EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
				step := 0;
			END;
			done := done + coalesce(step, 0);
			-- Posts may have taken a table for the sake of their hashtags: no more for this time.
			IF clock_timestamp() > ends OR done >= batch OR step > 0 AND place >= 1004 THEN
				RETURN done;
			END IF;
			EXIT WHEN coalesce(step, 0) = 0 OR entry.closed_at IS NULL;
		END LOOP;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.erase_accounts(integer) IS 'Closes accounts whose grace has passed, and goes on erasing closed ones, by about a batch of rows, for some 25 ms. Waits for no lock longer than 20 ms. Returns how many rows. The background worker and social.tick() call it; SM400 for a batch out of 1 to 100000.';

-- ---- the ledger --------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.deletion_ledger() RETURNS json
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(json_agg(row_to_json(d) ORDER BY d.requested_at, d.user_id), '[]') FROM social.account_deletions d
$$;
COMMENT ON FUNCTION social.deletion_ledger() IS 'The ledger of deletions, to be kept outside of the database, beside its backups, for replay_deletions().';

CREATE OR REPLACE FUNCTION social.replay_deletions(ledger json DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	entry record;
	done bigint := 0;
BEGIN
	IF json_typeof(ledger) <> 'array' OR EXISTS (SELECT FROM json_array_elements(ledger) e WHERE json_typeof(e) <> 'object' OR e ->> 'user_id' IS NULL OR e ->> 'account_created_at' IS NULL) THEN
		PERFORM social.raise_error('SM400', 'invalid ledger', 'It is the array that deletion_ledger() gave.');
	END IF;
	INSERT INTO social.account_deletions AS d (user_id, account_created_at, keeps_content, is_own, was_active, requested_at, due_at, closed_at, erased_at)
	SELECT l.user_id, l.account_created_at, coalesce(l.keeps_content, false), coalesce(l.is_own, false), coalesce(l.was_active, true), coalesce(l.requested_at, now()), coalesce(l.due_at, now()), l.closed_at, l.erased_at
	FROM json_populate_recordset(NULL::social.account_deletions, coalesce(ledger, '[]')) l
	ON CONFLICT ON CONSTRAINT account_deletions_pkey DO UPDATE SET closed_at = coalesce(d.closed_at, excluded.closed_at),
		keeps_content = excluded.keeps_content;
	-- An id alone may be another person's, who came after the backup was restored.
	FOR entry IN
		SELECT d.*, u.deleted_at FROM social.account_deletions d JOIN social.users u ON u.id = d.user_id AND u.created_at = d.account_created_at
		WHERE u.is_active OR d.closed_at IS NOT NULL AND (u.deleted_at IS NULL OR d.erased_at IS NOT NULL)
		ORDER BY d.user_id
	LOOP
		IF entry.closed_at IS NULL THEN
			UPDATE social.users u SET is_active = false WHERE u.id = entry.user_id;
		ELSIF entry.deleted_at IS NULL THEN
			PERFORM social.close_account(entry.user_id);
		ELSE
			UPDATE social.account_deletions d SET erased_at = NULL, due_at = now() WHERE d.user_id = entry.user_id AND d.account_created_at = entry.account_created_at;
		END IF;
		done := done + 1;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.replay_deletions(json) IS 'After a restore from a backup: accounts that the ledger knows as deleted (the database''s own, and what deletion_ledger() gave later than the backup) are closed again, and those that are about to be deleted are unseen again; the worker erases. Returns how many. An account is known by its id and the moment it was made. SM400 for what is no such ledger.';

-- ---- the proof ---------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.user_footprint(user_id bigint) RETURNS TABLE (place text, many bigint)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known record;
BEGIN
	FOR known IN SELECT c.* FROM social.personal_columns() c WHERE c.table_name <> 'account_deletions' LOOP
		EXECUTE format('SELECT count(*) FROM social.%I t WHERE %s', known.table_name, known.condition) INTO many USING $1;
		IF many > 0 THEN
			place := known.table_name || '.' || known.column_name;
			RETURN NEXT;
		END IF;
	END LOOP;
	-- What the store has, or is to lose.
	RETURN QUERY
	SELECT p.prefix, sum(p.keys)::bigint FROM (
		SELECT split_part(k, '/', 1) || '/' || split_part(k, '/', 2) || '/', 1 FROM social.media m, unnest(m.key || ARRAY(SELECT v.value ->> 'key' FROM jsonb_each(m.variants) v)) k WHERE m.owner_id = $1
		UNION ALL SELECT format('exports/%s/', $1), 1 FROM social.exports e WHERE e.user_id = $1 AND e.state <> 'waiting'
		UNION ALL SELECT j.prefix, j.keys FROM social.object_jobs($1) j) AS p (prefix, keys)
	GROUP BY 1 ORDER BY 1;
END
$$;
COMMENT ON FUNCTION social.user_footprint(bigint) IS 'What there is of a person: for each column that refers to people (table.column, as personal_columns() knows them) how many rows, and for each prefix of the store (uploads/ID/, exports/ID/, media/ID/) how many objects that are known of, or wait to be deleted. After a deletion there is no row; that the ledger keeps the number is not told. Reads whole tables. For operators.';
