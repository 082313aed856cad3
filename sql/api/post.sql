-- post.sql owns posts: their triggers, their JSON, and writing them.

CREATE OR REPLACE FUNCTION social.post_before() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_post_before';
COMMENT ON FUNCTION social.post_before() IS 'Row trigger: checks a post''s title and content (SM400), and sets hashtags, search_vector, position and the marks of an edit.';
CREATE OR REPLACE TRIGGER social_post_before BEFORE INSERT OR UPDATE ON social.posts
	FOR EACH ROW EXECUTE FUNCTION social.post_before();

CREATE OR REPLACE FUNCTION social.post_after() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_post_after';
COMMENT ON FUNCTION social.post_after() IS 'Row trigger: keeps a listed post''s hashtag and mention rows, and the revisions of a published one.';
CREATE OR REPLACE TRIGGER social_post_after AFTER INSERT OR UPDATE ON social.posts
	FOR EACH ROW EXECUTE FUNCTION social.post_after();

CREATE OR REPLACE TRIGGER posts_quoted_post_id_fkey AFTER INSERT OR UPDATE OF quoted_post_id ON social.posts
	FOR EACH ROW WHEN (NEW.quoted_post_id IS NOT NULL) EXECUTE FUNCTION social.reference_check();
CREATE OR REPLACE TRIGGER posts_quoted_post_id_fkey_end AFTER DELETE OR UPDATE OF id ON social.posts
	FOR EACH ROW EXECUTE FUNCTION social.reference_end();

CREATE OR REPLACE FUNCTION social.post(id bigint) RETURNS SETOF social.visible_posts
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT p.* FROM social.visible_posts p WHERE p.id = $1;
END;
COMMENT ON FUNCTION social.post(bigint) IS 'One post, or no row when the viewer may not see it.';

-- ---- what the functions below check --------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.require_post(post_id bigint) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_require_post';
COMMENT ON FUNCTION social.require_post(bigint) IS 'The author of a post that the viewer may see, and that stays until the end of the transaction; SM404 for an unknown or deleted post.';

CREATE OR REPLACE FUNCTION social.seen_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1 AND p.deleted_at IS NULL) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.seen_post(bigint) IS 'The id of a post that the viewer may see, for lists of what hangs on it; SM404 for an unknown or deleted post.';

CREATE OR REPLACE FUNCTION social.require_own_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	author bigint;
BEGIN
	SELECT p.author_id INTO author FROM social.visible_posts p WHERE p.id = $1 AND p.deleted_at IS NULL;
	IF author <> viewer THEN
		PERFORM social.raise_error('SM403', 'this is not your post', '', 'Only its author may do this.');
	END IF;
	IF FOUND THEN
		PERFORM FROM social.posts p WHERE p.id = $1 AND p.deleted_at IS NULL FOR NO KEY UPDATE;
	END IF;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	RETURN viewer;
END
$$;
COMMENT ON FUNCTION social.require_own_post(bigint) IS 'Locks a post of the viewer''s own for a change and returns the viewer. SM401 when nobody acts, SM404 for an unknown or deleted post, SM403 for somebody else''s.';

CREATE OR REPLACE FUNCTION social.check_post_settings(visibility text, reply_settings text, publish_at timestamptz, image text, video text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $1 NOT IN ('public', 'followers', 'mentioned', 'private') THEN
		PERFORM social.raise_error('SM400', 'invalid visibility', format('It is "%s".', left($1, 100)), 'It must be public, followers, mentioned or private.');
	ELSIF $2 NOT IN ('everyone', 'followers', 'mentioned', 'none') THEN
		PERFORM social.raise_error('SM400', 'invalid reply settings', format('They are "%s".', left($2, 100)), 'They must be everyone, followers, mentioned or none.');
	ELSIF $3 <= now() THEN
		PERFORM social.raise_error('SM400', 'invalid time of publication', format('%s is not in the future.', $3), 'Leave it out to publish now.');
	END IF;
	IF $4 IS NOT NULL OR $5 IS NOT NULL THEN
		PERFORM social.check_url('image', $4, true, 2000), social.check_url('video', $5, true, 2000);
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_post_settings(text, text, timestamptz, text, text) IS 'Refuses settings that no post can have (SM400); null is always fine.';

-- ---- writing -------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.create_post(title text, content text, is_published boolean DEFAULT true,
		visibility text DEFAULT 'public', reply_settings text DEFAULT 'everyone', publish_at timestamptz DEFAULT NULL,
		image text DEFAULT NULL, video text DEFAULT NULL, language text DEFAULT NULL, subject_ids bigint[] DEFAULT NULL) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_create_post';
COMMENT ON FUNCTION social.create_post(text, text, boolean, text, text, timestamptz, text, text, text, bigint[]) IS 'The viewer writes a post, a draft (is_published false) or, with publish_at, a post that the worker publishes then; hashtags and mentions are found in title and content. language (a code like en) says which forms of a word search finds; null leaves it to the script. subject_ids are the leagues, teams and athletes that it is about, at most five. Returns its id. SM401 when nobody acts; SM400 for a missing or over-long title or content, an unknown visibility, reply setting or language, an image or video that is neither an http(s) address nor a media key, a time that is over, or more than five subjects, SM404 for an unknown one.';

CREATE OR REPLACE FUNCTION social.update_post(id bigint, title text DEFAULT NULL, content text DEFAULT NULL, is_published boolean DEFAULT NULL,
		visibility text DEFAULT NULL, reply_settings text DEFAULT NULL, publish_at timestamptz DEFAULT NULL,
		image text DEFAULT NULL, video text DEFAULT NULL, language text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_post($1);
	PERFORM social.check_post_settings($5, $6, $7, $8, $9);
	IF $7 < 'infinity' AND ($4 OR ($4 IS NULL AND (SELECT p.is_published FROM social.posts p WHERE p.id = $1))) THEN
		PERFORM social.raise_error('SM400', 'the post is published already', '', 'Take it back with is_published => false to publish it later.');
	END IF;
	UPDATE social.posts p SET
		title = coalesce($2, p.title),
		content = coalesce($3, p.content),
		is_published = coalesce($4, p.is_published),
		visibility = coalesce($5, p.visibility),
		reply_settings = coalesce($6, p.reply_settings),
		publish_at = nullif(coalesce($7, p.publish_at), 'infinity'),
		image = nullif(coalesce($8, p.image), ''),
		video = nullif(coalesce($9, p.video), ''),
		language = coalesce($10, p.language)
	WHERE p.id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.update_post(bigint, text, text, boolean, text, text, timestamptz, text, text, text) IS 'The viewer changes an own post; what is null stays as it is, an empty image or video goes, an empty language is guessed, publish_at infinity makes a scheduled post a draft again. A changed title or content of a published post leaves a revision and an edited mark; only newly named people are told. Returns the id. SM401, SM404, SM403 for somebody else''s post, SM400 as create_post.';

CREATE OR REPLACE FUNCTION social.publish_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_post($1);
	UPDATE social.posts p SET is_published = true WHERE p.id = $1 AND NOT p.is_published;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.publish_post(bigint) IS 'The viewer publishes an own draft or scheduled post now; again is harmless. It enters the lists at their top, but one that was published before returns to its old place. Returns the id. SM401, SM404, SM403 for somebody else''s post.';

CREATE OR REPLACE FUNCTION social.publish_due_posts(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	due bigint;
	published bigint := 0;
BEGIN
	-- One by one, so that their places follow their times.
	FOR due IN
		SELECT p.id FROM social.posts p
		WHERE p.publish_at <= now() AND NOT p.is_published AND p.deleted_at IS NULL
		ORDER BY p.publish_at, p.id LIMIT batch FOR NO KEY UPDATE SKIP LOCKED
	LOOP
		UPDATE social.posts p SET is_published = true WHERE p.id = due;
		published := published + 1;
	END LOOP;
	RETURN published;
END
$$;
COMMENT ON FUNCTION social.publish_due_posts(integer) IS 'Publishes scheduled posts whose time has come, earliest first, at most batch; returns how many. The background worker does this by itself.';

CREATE OR REPLACE FUNCTION social.delete_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_post($1);
	UPDATE social.posts p SET deleted_at = now(), is_pinned = false WHERE p.id = $1;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.delete_post(bigint) IS 'The viewer deletes an own post: it is gone from every list and count, and can be restored within social.restore_window. Returns the id. SM401, SM404, SM403 for somebody else''s post.';

CREATE OR REPLACE FUNCTION social.restore_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	deleted timestamptz;
BEGIN
	SELECT p.deleted_at INTO deleted FROM social.posts p WHERE p.id = $1 AND p.author_id = viewer FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM social.raise_error(CASE WHEN EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1) THEN 'SM403' ELSE 'SM404' END,
			CASE WHEN EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1) THEN 'this is not your post' ELSE 'post not found' END);
	ELSIF deleted < now() - social.setting('restore_window')::interval THEN
		PERFORM social.raise_error('SM404', 'post not found', format('It was deleted more than %s ago.', social.setting('restore_window')));
	END IF;
	UPDATE social.posts p SET deleted_at = NULL WHERE p.id = $1 AND p.deleted_at IS NOT NULL;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.restore_post(bigint) IS 'The viewer takes back the deletion of an own post; it returns to its old place, with its links and counts. Harmless for a post that is there. Returns the id. SM401; SM404 for an unknown post and after social.restore_window; SM403 for somebody else''s post.';

CREATE OR REPLACE FUNCTION social.purge_deleted(batch integer DEFAULT 100) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	before timestamptz := now() - social.setting('restore_window')::interval;
	old bigint[] := ARRAY(
		SELECT m.id FROM social.comments m WHERE m.deleted_at < before AND m.content <> ''
		ORDER BY m.deleted_at LIMIT batch FOR NO KEY UPDATE SKIP LOCKED);
	posts bigint;
BEGIN
	DELETE FROM social.posts WHERE id = ANY (ARRAY(
		SELECT p.id FROM social.posts p WHERE p.deleted_at < before ORDER BY p.deleted_at LIMIT batch FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS posts = ROW_COUNT;
	UPDATE social.comments SET content = '' WHERE id = ANY (old);
	-- Two who deleted the last replies at once may each have left the tombstone to the other.
	DELETE FROM social.comments m WHERE m.id = ANY (old) AND NOT social.comment_holds(m.id);
	RETURN posts + cardinality(old);
END
$$;
COMMENT ON FUNCTION social.purge_deleted(integer) IS 'Removes posts for good, and the text of comments, that were deleted longer than social.restore_window ago, at most batch of each; returns how many. Retention does this by itself.';

-- ---- pins and highlights -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.pin_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	most integer := social.setting('pinned_posts_max');
BEGIN
	-- One pin at a time for each person, or two could pass the limit together.
	PERFORM FROM social.users u WHERE u.id = viewer FOR NO KEY UPDATE;
	PERFORM social.require_own_post($1);
	IF (SELECT p.position IS NULL FROM social.posts p WHERE p.id = $1) THEN
		PERFORM social.raise_error('SM400', 'only a published post can be pinned');
	ELSIF (SELECT count(*) FROM social.posts p WHERE p.author_id = viewer AND p.is_pinned AND p.id <> $1) >= most THEN
		PERFORM social.raise_error('SM409', 'too many pinned posts', format('The limit is %s.', most), 'Unpin another one first.');
	END IF;
	UPDATE social.posts p SET is_pinned = true WHERE p.id = $1 AND NOT p.is_pinned;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.pin_post(bigint) IS 'The viewer pins an own published post to the profile; again is harmless. Returns the id. SM401, SM404, SM403 for somebody else''s post, SM400 for a draft, SM409 beyond social.pinned_posts_max.';

CREATE OR REPLACE FUNCTION social.unpin_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_post($1);
	UPDATE social.posts p SET is_pinned = false WHERE p.id = $1 AND p.is_pinned;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unpin_post(bigint) IS 'The viewer takes an own post off the profile''s top; again is harmless. Returns the id. SM401, SM404, SM403 for somebody else''s post.';

CREATE OR REPLACE FUNCTION social.highlight_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_post($1);
	UPDATE social.posts p SET is_highlighted = true WHERE p.id = $1 AND NOT p.is_highlighted;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.highlight_post(bigint) IS 'The viewer marks an own post as a highlight; again is harmless. Returns the id. SM401, SM404, SM403 for somebody else''s post.';

CREATE OR REPLACE FUNCTION social.unhighlight_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_own_post($1);
	UPDATE social.posts p SET is_highlighted = false WHERE p.id = $1 AND p.is_highlighted;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unhighlight_post(bigint) IS 'The viewer takes that mark off; again is harmless. Returns the id. SM401, SM404, SM403 for somebody else''s post.';

-- ---- lists ---------------------------------------------------------------------------------------

SELECT social.make_list('posts', '',
	'social.visible_posts',
	'p.*',
	'social.listed_posts p WHERE true', '{p.position}',
	'Posts for the viewer''s lists, newest first. SM400 for a bad page size or cursor.');

-- Made of the documents alone: the columns of posts() would cost half as much again.
CREATE OR REPLACE FUNCTION social.post_documents(first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL)
	RETURNS TABLE (id bigint, document json, cursor text, has_more boolean)
	LANGUAGE c STABLE PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'social_post_documents';
COMMENT ON FUNCTION social.post_documents(integer, text, text) IS 'The posts of posts(), as REST shows them; cursors of the one are good for the other. SM400 for a bad page size or cursor.';

DO $$ BEGIN EXECUTE format('CREATE OR REPLACE FUNCTION social.user_posts(user_id bigint, first integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL) RETURNS TABLE (%s)
	LANGUAGE c STABLE PARALLEL SAFE ROWS 20 AS ''MODULE_PATHNAME'', ''social_user_posts''', social.list_columns('social.visible_posts')); END $$;
COMMENT ON FUNCTION social.user_posts(bigint, integer, text, text) IS 'A person''s published posts, newest first; pinned ones keep their place here (see pinned_posts). SM404 for an unknown person; SM400 for a bad page size or cursor.';

SELECT social.make_list('pinned_posts', 'user_id bigint',
	'social.visible_posts',
	'p.*',
	'social.listed_posts p WHERE p.author_id = $1 AND p.is_pinned', '{p.position}',
	'The posts that a person has pinned to the profile, newest first. SM404 for an unknown person; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.visible_users u WHERE u.id = $1) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	END IF;
	$$);

SELECT social.make_list('draft_posts', '',
	'social.visible_posts',
	'p.*',
	'social.visible_posts p WHERE p.author_id = viewer AND NOT p.is_published AND p.deleted_at IS NULL', '{p.id}',
	'The viewer''s drafts and scheduled posts (publish_at), newest first. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true);

SELECT social.make_list('deleted_posts', '',
	'id bigint, title text, content text, deleted_at timestamptz, restorable_until timestamptz',
	'p.id, p.title, p.content, p.deleted_at, p.restorable_until',
	'social.own_deleted_posts p WHERE true', '{p.deleted_at, p.id}',
	'The viewer''s deleted posts that restore_post can bring back, latest deletion first. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true, is_definer => true);

-- ---- revisions -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.revision_guard() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- A foreign key's action runs one trigger deeper; retention says social.restoring.
	IF pg_trigger_depth() = 1 AND NOT social.setting('restoring')::boolean THEN
		PERFORM social.raise_error('SM403', 'revisions are only added', '', 'They go with their post.');
	END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
COMMENT ON FUNCTION social.revision_guard() IS 'Row trigger: refuses to change or delete revisions but by the foreign keys'' actions (SM403).';
CREATE OR REPLACE TRIGGER social_revision_guard BEFORE UPDATE OR DELETE ON social.post_revisions
	FOR EACH ROW EXECUTE FUNCTION social.revision_guard();

SELECT social.make_list('post_revisions', 'post_id bigint',
	'revision integer, title text, content text, editor_id bigint, created_at timestamptz',
	'r.revision, r.title, r.content, r.editor_id, r.created_at',
	'social.post_revisions r WHERE r.post_id = $1', '{r.revision}',
	'What a post said before each edit, latest first, for its author and staff. SM401, SM404, SM403 for somebody else''s post; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	ELSIF NOT EXISTS (SELECT FROM social.posts p WHERE p.id = $1 AND p.author_id = viewer) AND NOT social.viewer_is_staff() THEN
		PERFORM social.raise_error('SM403', 'this is not your post', '', 'Only its author and staff see its revisions.');
	END IF;
	$$,
	is_own => true, is_definer => true);
