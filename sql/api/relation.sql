-- relation.sql owns blocks and mutes, and what all functions between two people share.

-- ---- between two people ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.hold_user(user_id bigint) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'social_hold_user';
COMMENT ON FUNCTION social.hold_user(bigint) IS 'Keeps an account from being deleted until the end of the transaction, as a foreign key would, and waits for who deletes it; false when it is gone.';

CREATE OR REPLACE FUNCTION social.require_person(user_id bigint, act text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.visible_users u WHERE u.id = $1)
		OR (act IS NOT NULL AND $1 = ANY (social.blocked_ids())) THEN
		PERFORM social.raise_error('SM404', 'user not found');
	ELSIF act IS NOT NULL AND $1 = social.viewer_id() THEN
		PERFORM social.raise_error('SM400', format('you cannot %s yourself', act));
	ELSIF act IS NOT NULL THEN
		-- By itself: who only reads may not call it, and an expression is checked as a whole.
		IF NOT social.hold_user($1) THEN
			PERFORM social.raise_error('SM404', 'user not found');
		END IF;
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.require_person(bigint, text) IS 'The id of a person whom the viewer may see; SM404 for others. Where the viewer is to do something to them (act, a verb), also SM400 for oneself, and SM404 across a block even for staff; the person stays until the end of the transaction.';

-- Nobody waits for it: a follow made while a block is would not outlive the block, and a block made
-- while a follow is leaves what that adds to the worker (settle_blocks).
CREATE OR REPLACE FUNCTION social.hold_pair(one bigint, other bigint, ending boolean) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'social_hold_pair';
COMMENT ON FUNCTION social.hold_pair(bigint, bigint, boolean) IS 'Holds what is between two people until the end of the transaction, to end it by a block (ending), or to add to it; false, at once, while somebody does the other of the two.';

CREATE OR REPLACE FUNCTION social.end_pair(one bigint, other bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM social.follows f
	WHERE (f.follower_id, f.followed_id) IN (($1, $2), ($2, $1));
	DELETE FROM social.follow_requests r
	WHERE (r.requester_id, r.target_id) IN (($1, $2), ($2, $1));
	-- Withdrawn, they remember what was told: following and blocking in turn tells nothing anew.
	UPDATE social.notifications n SET withdrawn_at = now()
	WHERE n.withdrawn_at IS NULL
		AND ((n.actor_id = $2 AND n.recipient_id = $1) OR (n.actor_id = $1 AND n.recipient_id = $2));
END
$$;
COMMENT ON FUNCTION social.end_pair(bigint, bigint) IS 'Removes follows and requests between two people, and withdraws notifications.';

-- ---- what readers need not look for ----------------------------------------------------------------

-- Most people never meet a block or a mute, and every read of theirs would look for them. What is
-- noted stays noted: unnoting would have to wait for whoever adds another one at that moment. The
-- rows are taken in the order of their ids; whoever finds them noted takes none.
CREATE OR REPLACE FUNCTION social.note_filters() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	people bigint[];
BEGIN
	IF TG_TABLE_NAME = 'blocks' THEN
		people := ARRAY[NEW.blocker_id, NEW.blocked_id];
	ELSE
		people := ARRAY[NEW.muter_id];
	END IF;
	PERFORM FROM social.users u WHERE u.id = ANY (people) AND NOT u.has_filters ORDER BY u.id FOR NO KEY UPDATE;
	IF FOUND THEN
		UPDATE social.users u SET has_filters = true WHERE u.id = ANY (people) AND NOT u.has_filters;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.note_filters() IS 'Notes in users.has_filters whom a new block or mute concerns.';

CREATE OR REPLACE FUNCTION social.unnoted_filters() RETURNS SETOF bigint
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT u.id FROM social.users u
	WHERE NOT u.has_filters
		AND (EXISTS (SELECT FROM social.blocks b WHERE b.blocker_id = u.id)
			OR EXISTS (SELECT FROM social.blocks b WHERE b.blocked_id = u.id)
			OR EXISTS (SELECT FROM social.mutes m WHERE m.muter_id = u.id))
$$;
COMMENT ON FUNCTION social.unnoted_filters() IS 'People with blocks or mutes that users.has_filters does not tell of, as after a load without triggers: reads of theirs pass over them until reconcile(true).';

CREATE OR REPLACE TRIGGER social_note_filters AFTER INSERT OR UPDATE OF blocker_id, blocked_id ON social.blocks
	FOR EACH ROW EXECUTE FUNCTION social.note_filters();
CREATE OR REPLACE TRIGGER social_note_filters AFTER INSERT OR UPDATE OF muter_id ON social.mutes
	FOR EACH ROW EXECUTE FUNCTION social.note_filters();

-- ---- blocks ----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.block_user(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
	settled boolean;
BEGIN
	IF EXISTS (SELECT FROM social.blocks b WHERE b.blocker_id = viewer AND b.blocked_id = $1) THEN
		RETURN $1;
	END IF;
	PERFORM social.require_person($1, 'block');
	-- A repeatable transaction does not see what was added meanwhile.
	settled := social.hold_pair(viewer, $1, true) AND current_setting('transaction_isolation') = 'read committed';
	INSERT INTO social.blocks (blocker_id, blocked_id, is_settled) VALUES (viewer, $1, settled) ON CONFLICT DO NOTHING;
	PERFORM social.end_pair(viewer, $1);
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.block_user(bigint) IS 'From now on the viewer and this person do not exist for each other; follows, requests and notifications between them are removed. Again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person, SM400 for oneself.';

CREATE OR REPLACE FUNCTION social.settle_blocks(batch integer DEFAULT 1000) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	block record;
	settled bigint := 0;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RETURN 0;
	END IF;
	FOR block IN
		SELECT b.blocker_id, b.blocked_id FROM social.blocks b
		WHERE NOT b.is_settled ORDER BY b.blocker_id, b.blocked_id LIMIT batch FOR UPDATE SKIP LOCKED
	LOOP
		CONTINUE WHEN NOT social.hold_pair(block.blocker_id, block.blocked_id, true);
		PERFORM social.end_pair(block.blocker_id, block.blocked_id);
		UPDATE social.blocks b SET is_settled = true WHERE b.blocker_id = block.blocker_id AND b.blocked_id = block.blocked_id;
		settled := settled + 1;
	END LOOP;
	RETURN settled;
END
$$;
COMMENT ON FUNCTION social.settle_blocks(integer) IS 'Ends what was being added between two people while one of them blocked the other, for up to this many blocks; returns how many. The background worker does this by itself.';

CREATE OR REPLACE FUNCTION social.unblock_user(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	DELETE FROM social.blocks b WHERE b.blocker_id = viewer AND b.blocked_id = $1;
	IF NOT FOUND THEN
		PERFORM social.require_person($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unblock_user(bigint) IS 'The viewer no longer blocks this person; follows do not come back. Again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person.';

CREATE OR REPLACE VIEW social.visible_blocks AS
SELECT u.id, u.username, u.first_name, u.last_name, p.avatar, b.created_at
FROM social.blocks b
JOIN social.users u ON u.id = b.blocked_id AND u.is_active
LEFT JOIN social.profiles p ON p.user_id = u.id
WHERE b.blocker_id = (SELECT social.viewer_id());
COMMENT ON VIEW social.visible_blocks IS 'Whom the viewer blocks, with the names that they do not see otherwise.';

SELECT social.make_list('blocked_users', '',
	'id bigint, username text, first_name text, last_name text, avatar text, created_at timestamptz',
	'u.id, u.username, u.first_name, u.last_name, p.avatar, b.created_at',
	'social.blocks b JOIN social.users u ON u.id = b.blocked_id AND u.is_active LEFT JOIN social.profiles p ON p.user_id = u.id WHERE b.blocker_id = viewer', '{b.created_at, b.blocked_id}',
	'Whom the viewer blocks, newest first. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true, is_definer => true);

-- ---- mutes -----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.mute_user(user_id bigint, posts boolean DEFAULT true, notifications boolean DEFAULT true,
		expires_at timestamptz DEFAULT NULL)
	RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
BEGIN
	PERFORM social.require_person($1, 'mute');
	IF NOT coalesce($2, true) AND NOT coalesce($3, true) THEN
		PERFORM social.raise_error('SM400', 'a mute needs something to mute', '', 'Mute posts, notifications or both, or call unmute_user.');
	ELSIF $4 <= now() THEN
		PERFORM social.raise_error('SM400', 'expires_at is in the past', $4::text);
	END IF;
	INSERT INTO social.mutes AS m (muter_id, muted_id, posts, notifications, expires_at)
	VALUES (viewer, $1, coalesce($2, true), coalesce($3, true), nullif($4, 'infinity'))
	ON CONFLICT ON CONSTRAINT mutes_pkey DO UPDATE
	SET posts = excluded.posts, notifications = excluded.notifications, expires_at = excluded.expires_at;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.mute_user(bigint, boolean, boolean, timestamptz) IS 'Keeps this person''s posts out of the viewer''s lists, their doings out of the viewer''s notifications, or both, for good or until expires_at; the person does not notice. Again replaces kind and end. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person, SM400 for oneself, for neither kind, or for an end that is past.';

CREATE OR REPLACE FUNCTION social.unmute_user(user_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	DELETE FROM social.mutes m WHERE m.muter_id = viewer AND m.muted_id = $1;
	IF NOT FOUND THEN
		PERFORM social.require_person($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unmute_user(bigint) IS 'The viewer no longer mutes this person; again is harmless. Returns the person''s id. SM401 when nobody acts, SM404 for an unknown person.';

CREATE OR REPLACE VIEW social.visible_mutes AS
SELECT u.id, u.username, u.first_name, u.last_name, u.avatar, m.created_at, m.posts, m.notifications, m.expires_at
FROM social.mutes m
JOIN social.visible_users u ON u.id = m.muted_id
WHERE m.muter_id = (SELECT social.viewer_id()) AND (m.expires_at IS NULL OR m.expires_at > now());
COMMENT ON VIEW social.visible_mutes IS 'Whom the viewer mutes at this moment, with kind and end.';

SELECT social.make_list('muted_users', '',
	'id bigint, username text, first_name text, last_name text, avatar text, created_at timestamptz, posts boolean, notifications boolean, expires_at timestamptz',
	'u.id, u.username, u.first_name, u.last_name, u.avatar, m.created_at, m.posts, m.notifications, m.expires_at',
	'social.mutes m JOIN social.visible_users u ON u.id = m.muted_id WHERE m.muter_id = viewer AND (m.expires_at IS NULL OR m.expires_at > now())', '{m.created_at, m.muted_id}',
	'Whom the viewer mutes, newest first, with kind and end. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true, is_definer => true);
