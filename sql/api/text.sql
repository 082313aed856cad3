-- text.sql owns what reads a text or a cursor without touching a table.
-- Anybody who may use the schema may call these; grant.sql has nothing to add.

CREATE OR REPLACE FUNCTION social.check_text(what text, value text, is_line boolean, is_required boolean) RETURNS void
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_check_text';
COMMENT ON FUNCTION social.check_text(text, text, boolean, boolean) IS
	'What every text that a person gives must pass: SM400, naming what, when it holds control characters (line breaks and tabs are none unless it is to be one line), when nothing of it can be seen (blanks, invisible characters) though it is not empty, and when it is required and is null or empty.';

CREATE OR REPLACE FUNCTION social.extract_hashtags(content text) RETURNS text[]
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_extract_hashtags';
COMMENT ON FUNCTION social.extract_hashtags(text) IS
	'The #hashtags of a text as written, without the sign, in order of appearance, repetitions kept.';

CREATE OR REPLACE FUNCTION social.extract_mentions(content text) RETURNS text[]
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_extract_mentions';
COMMENT ON FUNCTION social.extract_mentions(text) IS
	'The @mentions of a text as written, without the sign, in order of appearance, repetitions kept.';

CREATE OR REPLACE FUNCTION social.hashtag_key(tag text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_hashtag_key';
COMMENT ON FUNCTION social.hashtag_key(text) IS
	'The form in which hashtags are compared and stored: compatibility-composed, case-folded (NFKC_Casefold), without one leading # sign.';

CREATE OR REPLACE FUNCTION social.cursor_encode(kind text, key bigint, id bigint) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_cursor_encode_sql';
COMMENT ON FUNCTION social.cursor_encode(text, bigint, bigint) IS
	'The page cursor of the row (key, id) in the list named kind.';

CREATE OR REPLACE FUNCTION social.cursor_decode(kind text, cursor text, OUT key bigint, OUT id bigint)
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'social_cursor_decode_sql';
COMMENT ON FUNCTION social.cursor_decode(text, text) IS
	'The row that a page cursor of the list named kind stands for; SM400 for a mangled cursor or one of another list.';
