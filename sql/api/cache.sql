-- cache.sql owns the version of what everybody may read, which bridges keep with the answers that
-- they keep (extension/content/cache.c says what it promises).

CREATE OR REPLACE FUNCTION social.content_version() RETURNS text
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'social_content_version';
COMMENT ON FUNCTION social.content_version() IS 'The version of what anybody may read without logging in, "EPOCH:NUMBER". The number rises with every commit that has written such content, before who commits hears of it; the epoch is of one start of the server and one database. What is read after the version is at least as new. Null where the library is not preloaded, and on standbys.';

CREATE OR REPLACE FUNCTION social.touch_content() RETURNS void
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'social_touch_content';
COMMENT ON FUNCTION social.touch_content() IS 'Lets content_version() rise when this transaction commits, whatever it has written: answers that bridges keep are made anew. For an operator who has changed what no table tells, a function of ours or a setting.';

CREATE OR REPLACE FUNCTION social.is_content(source_table regclass) RETURNS boolean
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'social_is_content';
COMMENT ON FUNCTION social.is_content(regclass) IS 'Does content_version() rise when this table is written to? True for every table of ours of which strangers may be shown something.';

-- An update may have changed what our functions answer.
SELECT social.touch_content();
