-- language.sql owns how posts and queries are read: the text search configuration of a text.

CREATE OR REPLACE FUNCTION social.search_config() RETURNS regconfig
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_search_config';
COMMENT ON FUNCTION social.search_config() IS 'The configuration that posts and queries are read with (social.search_config).';

CREATE OR REPLACE FUNCTION social.search_query(query text) RETURNS tsquery
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_search_query';
COMMENT ON FUNCTION social.search_query(text) IS 'A query in web-search syntax as tsquery; SM400 when it is empty or over-long.';
