-- search_like.sql owns the indexes that parts of texts and names are found by. Their functions are
-- here because an index needs them first.

CREATE OR REPLACE FUNCTION social.post_trigrams(title text, content text) RETURNS integer[]
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_post_trigrams';
COMMENT ON FUNCTION social.post_trigrams(text, text) IS 'The trigrams of a post''s words, folded: three characters in a row as a number.';
CREATE INDEX posts_trigram_idx ON social.posts USING gin (social.post_trigrams(title, content)) WITH (fastupdate = on, gin_pending_list_limit = 2048) WHERE position IS NOT NULL;

CREATE OR REPLACE FUNCTION social.name_trigrams(name text, other text) RETURNS integer[]
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_name_trigrams';
COMMENT ON FUNCTION social.name_trigrams(text, text) IS 'The trigrams of the words of names, folded; each word begins with two blanks.';
CREATE INDEX users_trigram_idx ON social.users USING gin (social.name_trigrams(username, first_name || ' ' || last_name)) WITH (fastupdate = on, gin_pending_list_limit = 256);
CREATE INDEX users_username_prefix_idx ON social.users (lower(username) text_pattern_ops);
CREATE INDEX hashtags_trigram_idx ON social.hashtags USING gin (social.name_trigrams(tag, NULL)) WITH (fastupdate = on, gin_pending_list_limit = 256);
