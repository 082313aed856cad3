-- policy.sql owns reading the tables themselves: row-level security for roles that write their own
-- SQL, with the same answers as the visible_* views.
--
-- The owner of the tables is not bound by them, and so neither are functions, triggers, foreign
-- keys, the worker, the views and dumps. A dump does not carry policies of an extension's tables:
-- the install script makes them. Operators, who may read the audit log, read every row.
--
-- What concerns the viewer alone stands in scalar sub-selects (P-23). A policy that asks for
-- another table's row gets the answer of that table's policy.

-- Not more than visible_comments says: it tells nobody about accounts.
CREATE OR REPLACE FUNCTION social.commenter_is_shown(post_id bigint, author_id bigint) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT SECURITY DEFINER COST 1000 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM social.posts p JOIN social.users u ON u.id = $2
		WHERE p.id = $1 AND p.author_id = social.viewer_id() AND u.is_active AND (u.suspended_at IS NULL OR u.suspended_until <= now())
			AND EXISTS (SELECT FROM social.comments m WHERE m.post_id = $1 AND m.author_id = $2));
END
$$;
COMMENT ON FUNCTION social.commenter_is_shown(bigint, bigint) IS 'Is this the viewer''s own post, under which this person comments: somebody whose comments the viewer sees there across a block? For the policy.';

CREATE OR REPLACE FUNCTION social.policies(OUT table_name text, OUT columns text, OUT predicate text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	VALUES
	('users', 'id, username, first_name, last_name, is_active, is_staff, created_at, is_locked, suspended_at, suspended_until',
		'is_active AND ((SELECT social.viewer_is_staff())
			OR ((suspended_at IS NULL OR suspended_until <= now()) AND id <> ALL ((SELECT social.blocked_ids())::bigint[])))'),
	('profiles', '', 'EXISTS (SELECT FROM social.users u WHERE u.id = user_id)'),
	('follows', '', 'EXISTS (SELECT FROM social.users u WHERE u.id = follower_id) AND EXISTS (SELECT FROM social.users u WHERE u.id = followed_id)'),
	('posts', '',
		'EXISTS (SELECT FROM social.users u WHERE u.id = author_id)
			AND ((SELECT social.viewer_is_staff())
				OR (deleted_at IS NULL
					AND (author_id = (SELECT social.viewer_id())
						OR (position IS NOT NULL AND hidden_at IS NULL
							AND (visibility = ''public'' OR social.viewer_in_audience(id, author_id, visibility))))))'),
	('comments', '',
		'deleted_at IS NULL AND EXISTS (SELECT FROM social.posts p WHERE p.id = post_id)
			AND (EXISTS (SELECT FROM social.users u WHERE u.id = author_id)
				OR social.commenter_is_shown(post_id, author_id))
			AND (hidden_at IS NULL OR author_id = (SELECT social.viewer_id()) OR (SELECT social.viewer_is_staff()))'),
	('hashtags', '', 'social.hashtag_is_visible(id)'),
	('post_hashtags', '', 'EXISTS (SELECT FROM social.posts p WHERE p.id = post_id)'),
	('mentions', '', 'EXISTS (SELECT FROM social.posts p WHERE p.id = post_id) AND EXISTS (SELECT FROM social.users u WHERE u.id = mentioned_user_id)'),
	('post_likes', '', 'EXISTS (SELECT FROM social.posts p WHERE p.id = post_id) AND EXISTS (SELECT FROM social.users u WHERE u.id = user_id)'),
	('comment_likes', '', 'EXISTS (SELECT FROM social.comments m WHERE m.id = comment_id) AND EXISTS (SELECT FROM social.users u WHERE u.id = user_id)'),
	('reposts', '', 'EXISTS (SELECT FROM social.posts p WHERE p.id = post_id) AND EXISTS (SELECT FROM social.users u WHERE u.id = user_id)'),
	('bookmarks', '', 'user_id = (SELECT social.viewer_id()) AND EXISTS (SELECT FROM social.posts p WHERE p.id = post_id)'),
	('blocks', '', 'blocker_id = (SELECT social.viewer_id())'),
	('mutes', '', 'muter_id = (SELECT social.viewer_id())'),
	('follow_requests', '',
		'(requester_id = (SELECT social.viewer_id()) OR target_id = (SELECT social.viewer_id()))
			AND EXISTS (SELECT FROM social.users u WHERE u.id = requester_id) AND EXISTS (SELECT FROM social.users u WHERE u.id = target_id)');
END;
COMMENT ON FUNCTION social.policies() IS 'The tables that grant_direct opens, with the columns (empty: all) and the rows that may be read there; the policies are made of it.';

DO $$
DECLARE
	policy record;
BEGIN
	FOR policy IN
		SELECT t.table_name, p.name, p.predicate FROM social.policies() t,
			LATERAL (VALUES ('social_visible', t.predicate),
				('social_operator', '(SELECT pg_catalog.has_table_privilege(''social.audit_log'', ''SELECT''))')) p (name, predicate)
	LOOP
		IF EXISTS (SELECT FROM pg_catalog.pg_policy p
			WHERE p.polname = policy.name AND p.polrelid = pg_catalog.format('social.%I', policy.table_name)::pg_catalog.regclass) THEN
			EXECUTE pg_catalog.format('DROP POLICY %I ON social.%I', policy.name, policy.table_name);
		END IF;
		EXECUTE pg_catalog.format('CREATE POLICY %I ON social.%I FOR SELECT USING (%s)', policy.name, policy.table_name, policy.predicate);
		EXECUTE pg_catalog.format('ALTER TABLE social.%I ENABLE ROW LEVEL SECURITY', policy.table_name);
	END LOOP;
END
$$;

-- Not the views: they are no security barriers, and whoever writes SQL can write a cheap function
-- that a view's condition would come after. Policies come first.
CREATE OR REPLACE FUNCTION social.grant_direct(role name) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	object text;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA social TO %I', role);
	FOR object IN
		SELECT format('SELECT%s ON social.%I', coalesce(' (' || nullif(p.columns, '') || ')', ''), p.table_name) FROM social.policies() p
		UNION ALL
		SELECT 'EXECUTE ON FUNCTION ' || p.oid::regprocedure FROM pg_proc p
		JOIN social.function_audience() a ON a.function_name = p.proname
		WHERE p.pronamespace = 'social'::regnamespace AND a.audience = 'reader'
	LOOP
		EXECUTE format('GRANT %s TO %I', object, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION social.grant_direct(name) IS 'Gives a role SELECT on the content tables themselves, under row-level-security policies that answer as the visible_* views do (but for deleted comments, which are no rows), and a reader''s functions, of which those that read views need grant_reader too. For people who write their own SQL. Repeat after an upgrade.';
