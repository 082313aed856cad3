-- account.sql owns the end of an account, and making one for an administrator.

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

-- From here on nobody can log in, act as, or see the account; its name and address are free.
CREATE OR REPLACE FUNCTION social.close_account(user_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	name text;
BEGIN
	SELECT u.username INTO name FROM social.users u WHERE u.id = $1 AND u.deleted_at IS NULL FOR NO KEY UPDATE;
	IF name IS NULL THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	UPDATE social.users u
	SET deleted_at = now(), is_active = false, is_staff = false, is_superuser = false,
		username = 'deleted-' || u.id, email = '', password = '!', first_name = '', last_name = ''
	WHERE u.id = $1;
	DELETE FROM social.profiles p WHERE p.user_id = $1;
	PERFORM social.end_sessions($1, 'account deleted');
	PERFORM social.audit('delete_user', 'user', $1, jsonb_build_object('username', name));
END
$$;
COMMENT ON FUNCTION social.close_account(bigint) IS 'Makes an account unusable and unseen at once, and wipes what it says of the person; the common part of delete_user and delete_account. SM404 for an unknown account.';

-- What an account leaves behind, from the leaves of the foreign keys to the account itself; rows
-- that hang on its posts go first, so that no single DELETE grows without bound.
CREATE OR REPLACE FUNCTION social.erase_account(user_id bigint, batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part record;
	done bigint;
BEGIN
	FOR part IN SELECT * FROM (VALUES
		('post_likes', 'user_id = $1'), ('comment_likes', 'user_id = $1'), ('reposts', 'user_id = $1'), ('bookmarks', 'user_id = $1'),
		('follows', 'follower_id = $1'), ('follows', 'followed_id = $1'), ('follow_requests', 'requester_id = $1'), ('follow_requests', 'target_id = $1'),
		('user_sessions', 'user_id = $1'), ('notifications', 'recipient_id = $1'), ('notifications', 'actor_id = $1'),
		('comments', 'author_id = $1'),
		('comments', 'post_id IN (SELECT p.id FROM social.posts p WHERE p.author_id = $1)'),
		('post_likes', 'post_id IN (SELECT p.id FROM social.posts p WHERE p.author_id = $1)'),
		('reposts', 'post_id IN (SELECT p.id FROM social.posts p WHERE p.author_id = $1)'),
		('post_views', 'post_id IN (SELECT p.id FROM social.posts p WHERE p.author_id = $1)'),
		('posts', 'author_id = $1'),
		('users', 'id = $1')) AS parts (table_name, condition)
	LOOP
		EXECUTE format('DELETE FROM social.%1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM social.%1$I WHERE %2$s LIMIT $2))',
			part.table_name, part.condition) USING user_id, batch;
		GET DIAGNOSTICS done = ROW_COUNT;
		EXIT WHEN done > 0;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION social.erase_account(bigint, integer) IS 'Deletes at most a batch of rows that a closed account has left, its own row last; returns how many, 0 when nothing is left.';

CREATE OR REPLACE FUNCTION social.erase_accounts(batch integer) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account bigint;
	done bigint := 0;
	step bigint;
BEGIN
	SELECT u.id INTO account FROM social.users u WHERE u.deleted_at IS NOT NULL ORDER BY u.id LIMIT 1 FOR UPDATE SKIP LOCKED;
	WHILE account IS NOT NULL AND done < batch
	LOOP
		step := social.erase_account(account, batch);
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
COMMENT ON FUNCTION social.delete_user(bigint) IS 'Deletes an account with everything it wrote, and the replies to it, in this transaction. For administrators; delete_account leaves the erasing to the worker. SM403 when somebody acts who is no superuser, SM404 for an unknown account.';

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
