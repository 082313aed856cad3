-- 0.3--0.4.sql owns what tables need to get from 0.3 to 0.4. Nothing here rewrites a table, and
-- nothing counts on a function that 0.3 brought: older installations come through here too.

-- feed: everything in its order of positions with whose it is, so that a feed reads the index alone
ALTER TABLE social.posts DROP CONSTRAINT posts_position_key, ADD CONSTRAINT posts_position_key UNIQUE (position) INCLUDE (author_id);
DROP INDEX social.reposts_position_idx;
CREATE INDEX reposts_position_idx ON social.reposts (position) INCLUDE (user_id);

-- sessions: those of accounts that have stopped being active end, as they do from now on
UPDATE social.user_sessions s SET revoked_at = now(), expires_at = now(), revoked_reason = CASE WHEN u.is_active THEN 'account suspended' ELSE 'account deactivated' END
FROM social.users u
WHERE u.id = s.user_id AND s.revoked_at IS NULL AND s.expires_at > now()
	AND (NOT u.is_active OR (u.suspended_at IS NOT NULL AND coalesce(u.suspended_until > now(), true)));

-- one-time codes: enabling asks for the password. What was begun without one is to begin again.
DROP FUNCTION IF EXISTS social.enable_totp();
DELETE FROM social.user_totp WHERE confirmed_at IS NULL;

-- key
COMMENT ON TABLE social.jwt_key IS 'Signing keys, each with its one algorithm. private_key holds the HS256 secret or a private key as PEM, public_key a public key as PEM. The active key signs; active and retired ones verify; a standby one is published and waits for its turn. The first is made at install. Nobody but the owner may read this table.';

-- people
ALTER TABLE social.users ADD COLUMN has_filters boolean NOT NULL DEFAULT false;
UPDATE social.users u SET has_filters = true
WHERE u.id IN (SELECT b.blocker_id FROM social.blocks b UNION SELECT b.blocked_id FROM social.blocks b
	UNION SELECT m.muter_id FROM social.mutes m);
