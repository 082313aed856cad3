-- 0.3--0.4.sql owns what tables need to get from 0.3 to 0.4. Nothing here rewrites a table, and
-- nothing counts on a function that 0.3 brought: older installations come through here too.

-- feed: everything in its order of positions with whose it is, so that a feed reads the index alone
ALTER TABLE social.posts DROP CONSTRAINT posts_position_key, ADD CONSTRAINT posts_position_key UNIQUE (position) INCLUDE (author_id);
DROP INDEX social.reposts_position_idx;
CREATE INDEX reposts_position_idx ON social.reposts (position) INCLUDE (user_id);

-- one-time codes: enabling asks for the password. What was begun without one is to begin again.
DROP FUNCTION IF EXISTS social.enable_totp();
DELETE FROM social.user_totp WHERE confirmed_at IS NULL;
