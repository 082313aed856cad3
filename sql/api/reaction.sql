-- reaction.sql owns likes of posts and comments, each with a reaction, and lists of who likes.

CREATE OR REPLACE FUNCTION social.check_reaction(reaction text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $1 IS NULL THEN
		RETURN 'heart';
	ELSIF char_length($1) NOT BETWEEN 1 AND 32 OR $1 ~ '[[:space:][:cntrl:]]' THEN
		PERFORM social.raise_error('SM400', 'invalid reaction', '', 'It is a name or an emoji of 1 to 32 characters, without spaces.');
	END IF;
	PERFORM social.check_text('reaction', $1, true, true);
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.check_reaction(text) IS 'The reaction, heart for null; SM400 when none can look like that.';

-- ---- posts ----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.like_post(post_id bigint, reaction text DEFAULT 'heart') RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_like_post';
COMMENT ON FUNCTION social.like_post(bigint, text) IS 'The viewer likes a post; again is harmless, and another reaction takes the place of the first. Returns the post''s id. SM401 when nobody acts, SM404 for an unknown post, SM400 for an invalid reaction.';

CREATE OR REPLACE FUNCTION social.unlike_post(post_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	-- The post stays until the end, as in require_post; whether the viewer may still see it or not.
	PERFORM FROM social.post_likes l JOIN social.posts p ON p.id = l.post_id
	WHERE l.post_id = $1 AND l.user_id = viewer FOR KEY SHARE OF p;
	IF FOUND THEN
		DELETE FROM social.post_likes l WHERE l.post_id = $1 AND l.user_id = viewer;
	ELSE
		PERFORM social.require_post($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unlike_post(bigint) IS 'The viewer takes a like of a post back, also of one that can no longer be seen; again is harmless. Returns the post''s id. SM401 when nobody acts, SM404 for an unknown post that the viewer does not like.';

SELECT social.make_list('post_likers', 'post_id bigint',
	'user_id bigint, username text, reaction text, created_at timestamptz',
	'l.user_id, u.username, l.reaction, l.created_at',
	'social.post_likes l JOIN social.visible_users u ON u.id = l.user_id WHERE l.post_id = $1', '{l.created_at, l.user_id}',
	'Who likes a post, the latest first. SM404 for an unknown post; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1 AND p.deleted_at IS NULL) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	$$,
	is_definer => true);

-- The callers read one like more than is counted, to know whether those are all.
CREATE OR REPLACE FUNCTION social.tally_reactions(newest text[]) RETURNS TABLE (reaction text, count bigint, is_exact boolean)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
	SELECT r.reaction, count(*), cardinality(newest) <= 1000 FROM unnest(newest[1:1000]) r (reaction) WHERE r.reaction IS NOT NULL
	GROUP BY r.reaction ORDER BY 2 DESC, 1;
END;
COMMENT ON FUNCTION social.tally_reactions(text[]) IS 'How often each of the first 1,000 reactions is there, most used first (null: it does not count), and whether these are all.';

CREATE OR REPLACE FUNCTION social.post_reactions(post_id bigint) RETURNS TABLE (reaction text, count bigint, is_exact boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_posts p WHERE p.id = $1 AND p.deleted_at IS NULL) THEN
		PERFORM social.raise_error('SM404', 'post not found');
	END IF;
	RETURN QUERY SELECT t.* FROM social.tally_reactions(ARRAY(
		SELECT CASE WHEN l.is_counted THEN l.reaction END FROM social.post_likes l WHERE l.post_id = $1
		ORDER BY l.created_at DESC, l.user_id DESC LIMIT 1001)) t;
END
$$;
COMMENT ON FUNCTION social.post_reactions(bigint) IS 'How many like a post with which reaction, most used first: of the newest 1,000 likes, which is_exact says to be all of them or not. SM404 for an unknown post.';

-- ---- comments -------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.like_comment(comment_id bigint, reaction text DEFAULT 'heart') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	chosen text := CASE WHEN $2 = 'heart' THEN $2 ELSE social.check_reaction($2) END;
BEGIN
	PERFORM social.require_comment($1);
	INSERT INTO social.comment_likes AS l (comment_id, user_id, reaction) VALUES ($1, viewer, chosen)
	ON CONFLICT ON CONSTRAINT comment_likes_pkey DO UPDATE SET reaction = EXCLUDED.reaction WHERE l.reaction <> EXCLUDED.reaction;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.like_comment(bigint, text) IS 'The viewer likes a comment; again is harmless, and another reaction takes the place of the first. Returns the comment''s id. SM401 when nobody acts, SM404 for an unknown comment, SM400 for an invalid reaction.';

CREATE OR REPLACE FUNCTION social.unlike_comment(comment_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	PERFORM FROM social.comment_likes l JOIN social.comments m ON m.id = l.comment_id
	WHERE l.comment_id = $1 AND l.user_id = viewer FOR KEY SHARE OF m;
	IF FOUND THEN
		DELETE FROM social.comment_likes l WHERE l.comment_id = $1 AND l.user_id = viewer;
	ELSE
		PERFORM social.require_comment($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unlike_comment(bigint) IS 'The viewer takes a like of a comment back, as unlike_post does that of a post. Returns the comment''s id. SM401 when nobody acts, SM404 for an unknown comment that the viewer does not like.';

SELECT social.make_list('comment_likers', 'comment_id bigint',
	'user_id bigint, username text, reaction text, created_at timestamptz',
	'l.user_id, u.username, l.reaction, l.created_at',
	'social.comment_likes l JOIN social.visible_users u ON u.id = l.user_id WHERE l.comment_id = $1', '{l.created_at, l.user_id}',
	'Who likes a comment, the latest first. SM404 for an unknown comment; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.visible_comments m WHERE m.id = $1 AND NOT m.is_deleted) THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	$$,
	is_definer => true);

CREATE OR REPLACE FUNCTION social.comment_reactions(comment_id bigint) RETURNS TABLE (reaction text, count bigint, is_exact boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_comments m WHERE m.id = $1 AND NOT m.is_deleted) THEN
		PERFORM social.raise_error('SM404', 'comment not found');
	END IF;
	RETURN QUERY SELECT t.* FROM social.tally_reactions(ARRAY(
		SELECT CASE WHEN l.is_counted THEN l.reaction END FROM social.comment_likes l WHERE l.comment_id = $1
		ORDER BY l.created_at DESC, l.user_id DESC LIMIT 1001)) t;
END
$$;
COMMENT ON FUNCTION social.comment_reactions(bigint) IS 'How many like a comment with which reaction, most used first: of the newest 1,000 likes, which is_exact says to be all of them or not. SM404 for an unknown comment.';
