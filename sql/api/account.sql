-- account.sql owns what a person reads and changes of the own account, its end, and making one for
-- an administrator.

-- ---- one's own account -----------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_account AS
SELECT v.id, v.username, coalesce(nullif(u.email, ''), u.pending_email) AS email,
	u.email <> '' AND u.email_verified_at IS NOT NULL AS email_verified,
	CASE WHEN u.email <> '' THEN nullif(u.pending_email, '') END AS pending_email,
	v.first_name, v.last_name, v.bio, v.avatar, v.avatar AS profile_image, v.banner_image, v.location, v.website,
	v.followers_count, v.following_count, v.posts_count, v.created_at, v.is_locked, u.is_staff, u.is_superuser,
	EXISTS (SELECT FROM social.user_totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS totp_enabled,
	(SELECT count(*) FROM social.recovery_codes c WHERE c.user_id = u.id) AS recovery_codes_left,
	u.password_changed_at, u.last_login_at
FROM social.visible_users v JOIN social.users u ON u.id = v.id
WHERE u.id = (SELECT social.viewer_id());
COMMENT ON VIEW social.visible_account IS 'The viewer''s own account and profile, with what nobody else sees: address, whether it is proven, an address that waits to be, and how the account is guarded.';

CREATE OR REPLACE FUNCTION social.account_json() RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_viewer();
	RETURN (SELECT row_to_json(r) FROM (
		SELECT a.*, social.picture_url(a.avatar) AS avatar_url, social.picture_url(a.banner_image) AS banner_url,
			social.picture_variants(a.avatar) AS avatar_variants, social.picture_variants(a.banner_image) AS banner_variants
		FROM social.visible_account a) r);
END
$$;
COMMENT ON FUNCTION social.account_json() IS 'social.visible_account as REST shows it, with where its pictures can be seen. SM401 when nobody acts.';

-- Null is unchanged; replacing, what is missing is emptied.
CREATE OR REPLACE FUNCTION social.update_account(replace boolean DEFAULT false,
		username text DEFAULT NULL, email text DEFAULT NULL, current_password text DEFAULT NULL,
		first_name text DEFAULT NULL, last_name text DEFAULT NULL, bio text DEFAULT NULL, avatar text DEFAULT NULL, profile_image text DEFAULT NULL,
		banner_image text DEFAULT NULL, location text DEFAULT NULL, website text DEFAULT NULL, is_locked boolean DEFAULT NULL)
	RETURNS TABLE (account json, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	missing text := CASE WHEN $1 THEN '' END;
	present social.users;
BEGIN
	username := social.trim_identifier(username);
	email := social.trim_identifier(email);
	SELECT u.* INTO present FROM social.users u WHERE u.id = viewer;
	IF lower($2) <> lower(present.username) THEN
		PERFORM social.raise_error('SM400', 'username cannot be changed', 'Others know the account, and mention it, by its name.', 'Leave it out.');
	END IF;
	IF lower($3) IS DISTINCT FROM lower(coalesce(nullif(present.email, ''), present.pending_email)) AND $3 IS NOT NULL THEN
		PERFORM social.check_email($3);
		IF coalesce(octet_length($4), 0) NOT BETWEEN 1 AND 1000 OR NOT social.check_password($4, present.password) THEN
			PERFORM social.audit('change_email_refused', 'user', viewer);
			RETURN QUERY SELECT NULL::json, 'SM403', CASE WHEN coalesce($4, '') = '' THEN 'current_password is required' ELSE 'wrong password' END,
				'Another address needs the account''s password.';
			RETURN;
		END IF;
	END IF;
	PERFORM social.update_profile(first_name => coalesce($5, missing), last_name => coalesce($6, missing), bio => coalesce($7, missing),
		avatar => coalesce($8, $9, missing), banner_image => coalesce($10, missing), location => coalesce($11, missing),
		website => coalesce($12, missing), is_locked => $13);
	IF $3 IS NOT NULL THEN
		PERFORM social.change_address(viewer, $3);
	END IF;
	RETURN QUERY SELECT social.account_json(), NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.update_account(boolean, text, text, text, text, text, text, text, text, text, text, text, boolean) IS 'Changes the viewer''s account and profile. What is null stays as it is; with replace the names and the profile''s texts and pictures that are null are emptied (is_locked and the address never are). profile_image is another name for avatar. Another e-mail address needs current_password; it waits until verify_email proves it, and the address until now is told. Returns one row: the account as account_json shows it, or error_code SM403 for a missing or wrong password (nothing is raised, so that the audit entry stays). Raises SM401 when nobody acts, SM400 for text that is too long or no address, or another username.';

CREATE OR REPLACE FUNCTION social.change_address(user_id bigint, email text) RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present social.users;
BEGIN
	SELECT u.* INTO present FROM social.users u WHERE u.id = $1 FOR NO KEY UPDATE;
	IF lower($2) = lower(present.email) THEN
		UPDATE social.users u SET pending_email = '', claimed_at = NULL WHERE u.id = $1 AND u.pending_email <> '';
	ELSIF lower($2) <> lower(present.pending_email) THEN
		UPDATE social.users u SET pending_email = $2, claimed_at = now() WHERE u.id = $1;
		PERFORM social.claim_address($1, $2);
		IF present.email <> '' THEN
			PERFORM social.queue_mail('email_change_requested', $1, present.email, jsonb_build_object('username', present.username, 'new_email', $2));
		END IF;
		PERFORM social.audit('change_email', 'user', $1);
	END IF;
END
$$;
COMMENT ON FUNCTION social.change_address(bigint, text) IS 'An account claims another address, which is mailed a token; its present one is told. The present address again takes a claim back.';

-- ---- an administrator's --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.create_superuser(username text, email text, password text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account bigint := social.register_user(username, email, password);
BEGIN
	UPDATE social.users u SET is_staff = true, is_superuser = true WHERE u.id = account;
	PERFORM social.audit('create_superuser', 'user', account, jsonb_build_object('username', username));
	RETURN account;
END
$$;
COMMENT ON FUNCTION social.create_superuser(text, text, text) IS 'Creates an account that may do what staff may, and that staff cannot moderate. Returns its id. SM400 and SM409 as register_user.';

-- ---- the end -------------------------------------------------------------------------------------

-- From here on nobody can log in, act as, or see the account; its name and address are free.
CREATE OR REPLACE FUNCTION social.close_account(user_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present social.users;
BEGIN
	SELECT u.* INTO present FROM social.users u WHERE u.id = $1 AND u.deleted_at IS NULL FOR NO KEY UPDATE;
	IF present.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
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
COMMENT ON FUNCTION social.close_account(bigint) IS 'Makes an account unusable and unseen at once, and wipes what it says of the person; the common part of delete_user and delete_account. SM404 for an unknown account.';

-- Where an account is named in rows that are not its own, and cannot be found by its id.
CREATE OR REPLACE FUNCTION social.forget_names(account social.users) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	names text[] := ARRAY[lower(account.username), lower(account.email), lower(account.pending_email)];
BEGIN
	-- Mails about a reset that name all who claim the address.
	UPDATE social.mail_outbox m
	SET variables = jsonb_set(m.variables, '{accounts}', (
		SELECT coalesce(jsonb_agg(a), '[]') FROM jsonb_array_elements(m.variables -> 'accounts') AS a WHERE a ->> 'username' <> account.username))
	WHERE lower(m.address) = lower(account.pending_email) AND account.pending_email <> '' AND m.template = 'reset_password' AND m.variables ? 'accounts';
	-- Requests counted in the table, by a name that was typed or the account's id.
	DELETE FROM social.rate_limit_state r WHERE r.ctid = ANY (ARRAY(
		SELECT t.ctid FROM social.rate_limit_state t
		WHERE substring(t.key FROM '/account:.*:([^:]*)$') IN (SELECT mark || n FROM unnest(names) AS n, unnest(ARRAY['', E'\x02']) AS mark UNION ALL SELECT E'\x01' || account.id)
			OR substring(t.key FROM '/user:([0-9]+)$') = account.id::text
		FOR UPDATE SKIP LOCKED));
END
$$;
COMMENT ON FUNCTION social.forget_names(social.users) IS 'Takes an account''s names out of rows that are nobody''s or others'': mails to all who claim an address, and rate limits counted in the table.';

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

CREATE OR REPLACE FUNCTION social.erase_content(kind text, user_id bigint, batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ids bigint[];
	tags text[];
BEGIN
	IF kind = 'comment' THEN
		ids := ARRAY(SELECT c.id FROM social.comments c WHERE c.author_id = $2 LIMIT batch);
		PERFORM social.forget_notes(kind, ids);
		DELETE FROM social.comments c WHERE c.id = ANY (ids);
		RETURN cardinality(ids);
	END IF;
	ids := ARRAY(SELECT p.id FROM social.posts p WHERE p.author_id = $2 LIMIT batch);
	-- Also those that an edit took away.
	tags := ARRAY(
		SELECT t FROM social.posts p, unnest(p.hashtags) AS t WHERE p.id = ANY (ids)
		UNION SELECT social.hashtag_key(t) FROM social.post_revisions r, unnest(social.extract_hashtags(r.title || E'\n' || r.content)) AS t WHERE r.post_id = ANY (ids));
	PERFORM social.forget_notes(kind, ids);
	DELETE FROM social.posts p WHERE p.id = ANY (ids);
	PERFORM social.forget_hashtags(tags);
	RETURN cardinality(ids);
END
$$;
COMMENT ON FUNCTION social.erase_content(text, bigint, integer) IS 'Deletes at most a batch of an account''s comments or posts, with what the audit log says of them and the hashtags that nobody else uses; returns how many.';

-- What an account leaves behind, from the leaves of the foreign keys to the account itself; rows
-- that hang on its posts go first, so that no single DELETE grows without bound. What others keep of
-- it (a report, an entry of the audit log) stays without its words and network addresses.
CREATE OR REPLACE FUNCTION social.erase_account(user_id bigint, batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part record;
	restoring text := social.setting('restoring');
	done bigint;
BEGIN
	FOR part IN SELECT * FROM (VALUES
		('post_likes', 'user_id = $1', NULL), ('comment_likes', 'user_id = $1', NULL), ('reposts', 'user_id = $1', NULL), ('repost_places', 'user_id = $1', NULL), ('bookmarks', 'user_id = $1', NULL),
		('post_views', 'user_id = $1', NULL), ('idempotency_keys', 'user_id = $1', NULL),
		('follows', 'follower_id = $1', NULL), ('follows', 'followed_id = $1', NULL), ('follow_requests', 'requester_id = $1', NULL), ('follow_requests', 'target_id = $1', NULL),
		('notifications', 'recipient_id = $1', NULL), ('notifications', 'actor_id = $1', NULL),
		('login_attempts', 'user_id = $1', NULL), ('login_attempts', 'claimant_id = $1', NULL), ('mail_outbox', 'user_id = $1', NULL), ('jobs', 'user_id = $1', NULL),
		('media', 'owner_id = $1', NULL),
		('stream_chat_messages', 'author_id = $1', NULL), ('stream_chatters', 'user_id = $1', NULL), ('stream_bans', 'user_id = $1', NULL), ('stream_moderators', 'user_id = $1', NULL),
		('stream_chat_messages', 'stream_id IN (SELECT s.id FROM social.streams s WHERE s.host_id = $1)', NULL),
		('stream_views', 'viewer_id = $1', NULL), ('stream_invitations', 'user_id = $1', NULL), ('sport_follows', 'user_id = $1', NULL),
		('stream_views', 'stream_id IN (SELECT s.id FROM social.streams s WHERE s.host_id = $1)', NULL), ('streams', 'host_id = $1', NULL),
		-- A reason that is a word of the form's list stays.
		('reports', 'reporter_id = $1 AND (details <> '''' OR reason !~ ''^[a-z_-]{1,20}$'')',
			'details = '''', reason = CASE WHEN reason ~ ''^[a-z_-]{1,20}$'' THEN reason ELSE ''other'' END'),
		('audit_log', 'object_type = ''session'' AND object_id IN (SELECT s.id FROM social.user_sessions s WHERE s.user_id = $1) AND address IS NOT NULL AND coalesce(actor_id, $1) = $1',
			'address = NULL'),
		('audit_log', 'actor_id = $1 AND address IS NOT NULL', 'address = NULL'),
		('audit_log', 'object_type = ''user'' AND object_id = $1 AND (detail <> ''{}'' OR (actor_id IS NULL AND address IS NOT NULL))',
			'detail = ''{}'', address = CASE WHEN actor_id IS NOT NULL THEN address END'),
		('audit_log', 'object_type = ''report'' AND detail ?| ''{note,reason}'' AND object_id IN (SELECT r.id FROM social.reports r WHERE r.user_id = $1)',
			'detail = detail - ''{note,reason}''::text[]'),
		('user_sessions', 'user_id = $1', NULL),
		('comments', NULL, 'comment'),
		('comments', 'post_id IN (SELECT p.id FROM social.posts p WHERE p.author_id = $1)', NULL),
		('post_likes', 'post_id IN (SELECT p.id FROM social.posts p WHERE p.author_id = $1)', NULL),
		('reposts', 'post_id IN (SELECT p.id FROM social.posts p WHERE p.author_id = $1)', NULL),
		('post_views', 'post_id IN (SELECT p.id FROM social.posts p WHERE p.author_id = $1)', NULL),
		('posts', NULL, 'post'),
		('users', 'id = $1', NULL)) AS parts (table_name, condition, change)
	LOOP
		IF part.condition IS NULL THEN
			done := social.erase_content(part.change, user_id, batch);
		ELSE
			IF part.table_name = 'audit_log' THEN
				PERFORM set_config('social.restoring', 'on', true);
			END IF;
			EXECUTE format('%3$s WHERE ctid = ANY (ARRAY(SELECT ctid FROM social.%1$I WHERE %2$s LIMIT $2))', part.table_name, part.condition,
				format(CASE WHEN part.change IS NULL THEN 'DELETE FROM social.%1$I' ELSE 'UPDATE social.%1$I SET %2$s' END, part.table_name, part.change))
				USING user_id, batch;
			GET DIAGNOSTICS done = ROW_COUNT;
			IF part.table_name = 'audit_log' THEN
				PERFORM set_config('social.restoring', restoring, true);
			END IF;
		END IF;
		EXIT WHEN done > 0;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.erase_account(bigint, integer) IS 'Deletes at most a batch of rows that a closed account has left, or empties what others keep of it, its own row last; returns how many, 0 when nothing is left.';

CREATE OR REPLACE FUNCTION social.erase_accounts(batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account bigint;
	patience text := current_setting('lock_timeout');
	done bigint := 0;
	step bigint;
BEGIN
	SELECT u.id INTO account FROM social.users u WHERE u.deleted_at IS NOT NULL ORDER BY u.id LIMIT 1 FOR UPDATE SKIP LOCKED;
	WHILE account IS NOT NULL AND done < batch
	LOOP
		-- Whoever holds what it needs is not waited for long: posts would wait behind it.
		BEGIN
			PERFORM set_config('lock_timeout', '200ms', true);
			step := social.erase_account(account, batch);
			PERFORM set_config('lock_timeout', patience, true);
		EXCEPTION WHEN lock_not_available THEN
			step := 0;
		END;
		EXIT WHEN step = 0;
		done := done + step;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.erase_accounts(integer) IS 'Goes on erasing an account that was closed, by about a batch of rows; retention_round calls it.';

CREATE OR REPLACE FUNCTION social.delete_user(user_id bigint) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF social.viewer_id() IS NOT NULL AND NOT EXISTS (SELECT FROM social.users u WHERE u.id = social.viewer_id() AND u.is_superuser) THEN
		PERFORM social.raise_error('SM403', 'only a superuser may delete accounts');
	END IF;
	PERFORM social.close_account($1);
	WHILE social.erase_account($1, 10000) > 0
	LOOP
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.delete_user(bigint) IS 'Deletes an account with everything it wrote, and the replies to it, in this transaction; what others keep of it (reports, the audit log) stays without words and network addresses. For administrators; delete_account leaves the erasing to the worker. SM403 when somebody acts who is no superuser, SM404 for an unknown account.';

CREATE OR REPLACE FUNCTION social.delete_account() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	PERFORM social.close_account(viewer);
	RETURN viewer;
END
$$;
COMMENT ON FUNCTION social.delete_account() IS 'The viewer deletes the own account: it is unusable and unseen at once; what it wrote is erased by the background worker (or social.tick()) in batches. Returns the id. SM401 when nobody acts.';

CREATE OR REPLACE FUNCTION social.delete_account(password text, code text DEFAULT NULL)
	RETURNS TABLE (user_id bigint, error_code text, error_message text, error_detail text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	fits boolean := coalesce(octet_length($1), 0) <= 1000
		AND social.check_password($1, (SELECT u.password FROM social.users u WHERE u.id = viewer));
	second text := CASE WHEN fits THEN social.check_code(viewer, $2) END;
BEGIN
	IF second IS DISTINCT FROM 'ok' THEN
		PERFORM social.audit('delete_account_refused', 'user', viewer);
		RETURN QUERY SELECT NULL::bigint, CASE second WHEN 'code_paused' THEN 'SM429' ELSE 'SM403' END,
			CASE second WHEN 'code_paused' THEN 'too many wrong one-time codes' WHEN 'code_required' THEN 'a one-time code is required'
				ELSE 'wrong password or one-time code' END,
			'Deleting the account needs its password, and a one-time or recovery code where login asks for one.';
		RETURN;
	END IF;
	PERFORM social.close_account(viewer);
	RETURN QUERY SELECT viewer, NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION social.delete_account(text, text) IS 'delete_account() for whoever has no more than a token: with the password, and a one-time or recovery code where the account asks for one. Returns one row: the id, or error_code SM403 when either is wrong, SM429 after too many wrong codes (nothing is raised, so that the audit entry stays). Raises SM401 when nobody acts.';
