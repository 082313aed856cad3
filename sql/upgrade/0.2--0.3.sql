-- 0.2--0.3.sql owns what tables need to get from 0.2 to 0.3. Nothing here rewrites a table, and
-- nothing counts on a function that 0.2 brought: an installation of 0.1 comes through here too.

-- rate limits
DROP FUNCTION IF EXISTS social.admit(bigint);
