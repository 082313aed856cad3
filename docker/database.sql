-- What makes a database one that bridges serve, whatever of it is there already: the extension in the version
-- that is installed, the bridges' role and the workers'; with the variable demo, but 0, demo data where nobody lives yet.
-- Read by psql: docker/instance, docker/database/social-database.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS social;
ALTER EXTENSION social UPDATE;
SELECT 'CREATE ROLE social_bridge LOGIN' WHERE to_regrole('social_bridge') IS NULL \gexec
SELECT social.grant_bridge('social_bridge') \g /dev/null
SELECT 'CREATE ROLE social_worker LOGIN' WHERE to_regrole('social_worker') IS NULL \gexec
SELECT social.grant_worker('social_worker') \g /dev/null
SELECT :'demo' <> '0' AND NOT EXISTS (SELECT FROM social.users) AS wants_demo \gset
\if :wants_demo
	SELECT social.init_data() \g /dev/null
\endif
