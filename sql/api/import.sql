-- import.sql owns the way back: what an export of somebody has of lists and posts goes into an account here.
-- social-worker --import reads an archive and calls import_rows(); import_json() takes the document of export_json().

-- One row of a part; true: it was taken. SM errors and those of checks are the caller's to name the row of.
CREATE OR REPLACE FUNCTION social.import_row(user_id bigint, part text, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	other bigint;
	made timestamptz;
	post bigint;
BEGIN
	IF jsonb_typeof(r) IS DISTINCT FROM 'object' THEN
		PERFORM social.raise_error('SM400', 'it is no object');
	END IF;
	IF part = 'posts' THEN
		-- What was deleted or hidden there does not come back here.
		IF r ->> 'deleted_at' IS NOT NULL OR r ->> 'hidden_at' IS NOT NULL
			OR EXISTS (SELECT FROM social.imported_posts i WHERE i.user_id = $1 AND i.original_id = (r ->> 'id')::bigint) THEN
			RETURN false;
		END IF;
		IF coalesce(btrim(r ->> 'content'), '') = '' THEN
			PERFORM social.raise_error('SM400', 'content is required');
		END IF;
		made := least(greatest((r ->> 'created_at')::timestamptz, timestamptz '1990-01-01'), now());
		INSERT INTO social.posts AS p (author_id, title, content, is_published, visibility, reply_settings, created_at, updated_at, edited_at, is_pinned, is_highlighted, quoted_post_id, image, video, language)
		VALUES ($1, coalesce(r ->> 'title', ''), coalesce(r ->> 'content', ''), coalesce((r ->> 'is_published')::boolean, true), coalesce(r ->> 'visibility', 'public'), coalesce(r ->> 'reply_settings', 'everyone'),
			coalesce(made, now()), coalesce(made, now()), least((r ->> 'edited_at')::timestamptz, now()), coalesce((r ->> 'is_pinned')::boolean, false), coalesce((r ->> 'is_highlighted')::boolean, false),
			(SELECT i.post_id FROM social.imported_posts i WHERE i.user_id = $1 AND i.original_id = (r ->> 'quoted_post_id')::bigint),
			substring(r ->> 'image' FROM '^https?://.*'), substring(r ->> 'video' FROM '^https?://.*'), left(r ->> 'language', 20))
		RETURNING p.id INTO post;
		INSERT INTO social.imported_posts (user_id, original_id, post_id) VALUES ($1, (r ->> 'id')::bigint, post);
		RETURN true;
	END IF;
	SELECT u.id INTO other FROM social.visible_users u
	WHERE lower(u.username) = lower(r ->> CASE part WHEN 'following' THEN 'followed_username' WHEN 'blocks' THEN 'blocked_username' ELSE 'muted_username' END) AND u.id <> $1;
	IF other IS NULL THEN
		RETURN false;
	ELSIF part = 'following' THEN
		IF EXISTS (SELECT FROM social.follows f WHERE f.follower_id = $1 AND f.followed_id = other) OR EXISTS (SELECT FROM social.follow_requests q WHERE q.requester_id = $1 AND q.target_id = other) THEN
			RETURN false;
		END IF;
		PERFORM social.follow_user(other);
	ELSIF part = 'blocks' THEN
		PERFORM social.block_user(other);
	ELSE
		IF (r ->> 'expires_at')::timestamptz <= now() OR EXISTS (SELECT FROM social.mutes m WHERE m.muter_id = $1 AND m.muted_id = other) THEN
			RETURN false;
		END IF;
		PERFORM social.mute_user(other, coalesce((r ->> 'posts')::boolean, true), coalesce((r ->> 'notifications')::boolean, true), (r ->> 'expires_at')::timestamptz);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.import_row(bigint, text, jsonb) IS 'Takes one row of an export into the account of the viewer: a post, or whom to follow, block or mute, by user name. False: it is there already, or nobody has that name.';

CREATE OR REPLACE FUNCTION social.import_rows(user_id bigint, part text, rows json, OUT rows_read bigint, OUT rows_taken bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET social.notifications = off SET social.trending = off AS $$
DECLARE
	acting bigint := social.viewer_id();
	one record;
	said text;
BEGIN
	rows_read := 0;
	rows_taken := 0;
	IF acting IS NOT NULL AND NOT EXISTS (SELECT FROM social.users u WHERE u.id = acting AND u.is_superuser) THEN
		PERFORM social.raise_error('SM403', 'only a superuser may import into accounts');
	ELSIF part IS NULL OR part NOT IN ('posts', 'following', 'blocks', 'mutes') THEN
		PERFORM social.raise_error('SM404', 'this part of an export is not imported', '', 'Those that are: posts, following, blocks, mutes.');
	ELSIF json_typeof(rows) IS DISTINCT FROM 'array' THEN
		PERFORM social.raise_error('SM400', 'invalid rows', 'They are an array of objects.');
	END IF;
	PERFORM social.act_as(user_id);
	-- Two that import the same would both find nothing there.
	PERFORM FROM social.users u WHERE u.id = $1 FOR NO KEY UPDATE;
	FOR one IN SELECT e.value::jsonb AS row, e.n FROM json_array_elements(rows) WITH ORDINALITY AS e (value, n) ORDER BY e.n
	LOOP
		rows_read := rows_read + 1;
		BEGIN
			rows_taken := rows_taken + social.import_row($1, part, one.row)::integer;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS said = MESSAGE_TEXT;
			PERFORM social.raise_error('SM400', format('row %s of %s cannot be taken', one.n, part), format('Its id is %s: %s', coalesce(left(one.row ->> 'id', 20), 'not told'), said));
		END;
	END LOOP;
	PERFORM social.act_as(acting);
END
$$;
COMMENT ON FUNCTION social.import_rows(bigint, text, json) IS 'Takes rows of a part of an export (posts, following, blocks, mutes) into an account: posts with their times, at the head of lists in the order of the rows; people by the user names that they have here; files do not come along. All of them or none. What was taken before is not taken again. Nobody is notified. For administrators. How many rows there were, and how many were taken; what is there already, was deleted or hidden, or names nobody here, is left out. SM400 for a row that cannot be taken, with its number; SM403 when somebody acts who is no superuser; SM404 for an unknown or inactive account, or another part.';

CREATE OR REPLACE FUNCTION social.import_json(user_id bigint, document json) RETURNS TABLE (part text, rows_read bigint, rows_taken bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	FOREACH part IN ARRAY ARRAY['blocks', 'mutes', 'following', 'posts'] LOOP
		SELECT i.rows_read, i.rows_taken INTO rows_read, rows_taken FROM social.import_rows($1, part, coalesce($2 -> part, '[]')) i;
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.import_json(bigint, json) IS 'Takes lists and posts of a document that export_json() made into an account, as import_rows() does: what came of each part. For administrators. Errors as there.';
