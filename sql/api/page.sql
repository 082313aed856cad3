-- page.sql owns the page protocol of every list (README.md, "Pages"): its arguments, the cursor and the
-- flag on its rows, and the functions that are made of one row of SQL each.

CREATE OR REPLACE FUNCTION social.page_size(first integer) RETURNS integer
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_page_size';
COMMENT ON FUNCTION social.page_size(integer) IS 'The number of rows a page may hold: 20 for null, else first; SM400 below 1 or above social.page_size_max.';

CREATE OR REPLACE FUNCTION social.page_cursor(after text, before text) RETURNS text
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_page_one_cursor_sql';
COMMENT ON FUNCTION social.page_cursor(text, text) IS 'The one cursor that a page lies after or before; null without one, SM400 for two.';

CREATE OR REPLACE FUNCTION social.page_key(kind text, after text) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN after IS NULL THEN 9223372036854775807 ELSE (social.cursor_decode(kind, after)).key END;
END;
COMMENT ON FUNCTION social.page_key(text, text) IS 'The key that a newest-first page starts at, from its cursor; without one it starts at the newest. SM400 for a bad cursor.';

CREATE OR REPLACE FUNCTION social.page_start(kind text, after text) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN after IS NULL THEN -9223372036854775808 ELSE (social.cursor_decode(kind, after)).key END;
END;
COMMENT ON FUNCTION social.page_start(text, text) IS 'The key that an oldest-first page starts at, from its cursor; without one it starts at the oldest. SM400 for a bad cursor.';

CREATE OR REPLACE FUNCTION social.time_key(at timestamptz) RETURNS bigint
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT (extract(epoch FROM at) * 1000000)::bigint;
END;
COMMENT ON FUNCTION social.time_key(timestamptz) IS 'A time as the key of a page cursor: microseconds since 1970.';

CREATE OR REPLACE FUNCTION social.page_time(kind text, after text, OUT at timestamptz, OUT id bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	microseconds bigint;
BEGIN
	at := 'infinity';
	id := 9223372036854775807;
	IF after IS NOT NULL THEN
		SELECT c.key, c.id INTO microseconds, id FROM social.cursor_decode(kind, after) c;
		-- The years 1000 to 3000: a cursor of ours lies within, and others may be no time at all.
		IF microseconds NOT BETWEEN -30610224000000000 AND 32503680000000000 THEN
			PERFORM social.raise_error('SM400', 'invalid cursor');
		END IF;
		-- Intervals are multiplied as floats, which hold no more than 285 years of microseconds.
		at := timestamptz '1970-01-01 00:00:00+00' + microseconds / 1000000 * interval '1 second' + microseconds % 1000000 * interval '1 microsecond';
	END IF;
END
$$;
COMMENT ON FUNCTION social.page_time(text, text) IS 'The time and id that a newest-first page starts at, from a cursor whose key is a time_key. SM400 for a bad cursor.';

-- Oldest first.
CREATE OR REPLACE FUNCTION social.moment_key(at timestamptz) RETURNS bigint
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT social.time_key(at);
END;
COMMENT ON FUNCTION social.moment_key(timestamptz) IS 'time_key(), of a list whose oldest rows come first.';

CREATE OR REPLACE FUNCTION social.page_moment(kind text, after text, OUT at timestamptz, OUT id bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF after IS NULL THEN
		at := '-infinity';
		id := 0;
	ELSE
		SELECT p.at, p.id INTO at, id FROM social.page_time(kind, after) p;
	END IF;
END
$$;
COMMENT ON FUNCTION social.page_moment(text, text) IS 'The time and id that an oldest-first page starts at, from a cursor whose key is a moment_key. SM400 for a bad cursor.';

CREATE OR REPLACE FUNCTION social.score_key(score double precision) RETURNS bigint
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_score_key';
COMMENT ON FUNCTION social.score_key(double precision) IS 'A score as the key of a page cursor: exactly, and in the same order.';

CREATE OR REPLACE FUNCTION social.key_score(key bigint) RETURNS double precision
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_key_score';
COMMENT ON FUNCTION social.key_score(bigint) IS 'The score whose score_key this is.';

CREATE OR REPLACE FUNCTION social.page_score(kind text, after text, OUT at double precision, OUT id bigint)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	at := 'infinity';
	id := 9223372036854775807;
	IF after IS NOT NULL THEN
		SELECT social.key_score(c.key), c.id INTO at, id FROM social.cursor_decode(kind, after) c;
	END IF;
END
$$;
COMMENT ON FUNCTION social.page_score(text, text) IS 'The score and id that a highest-first page starts at, from a cursor whose key is a score_key. SM400 for a bad cursor.';

-- ---- pages as JSON -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.page_json_step(page internal, item json, cursor text, has_more boolean, after text, before text, facts json) RETURNS internal
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_page_json_step';
COMMENT ON FUNCTION social.page_json_step(internal, json, text, boolean, text, text, json) IS 'One row of page_json().';
CREATE OR REPLACE FUNCTION social.page_json_end(page internal) RETURNS text[]
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_page_json_end';
COMMENT ON FUNCTION social.page_json_end(internal) IS 'The end of page_json().';
CREATE OR REPLACE AGGREGATE social.page_json(item json, cursor text, has_more boolean, after text, before text, facts json) (
	SFUNC = social.page_json_step, STYPE = internal, FINALFUNC = social.page_json_end, PARALLEL = SAFE);
COMMENT ON AGGREGATE social.page_json(json, text, boolean, text, text, json) IS 'The rows of a list as a page: its JSON, and the cursors next and previous once more. The JSON has results, the items of rows that have a cursor, in the order in which they come; next and previous, null where the list does not go on; after and before are those that the list was asked with. facts is an object whose members follow, that of the first row, which may be one without a cursor where nothing was found.';

-- ---- making lists ----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.list_columns(columns text) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN CASE WHEN columns NOT LIKE 'social.%' THEN columns ELSE (
		SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
		FROM pg_attribute a WHERE a.attrelid = columns::regclass AND a.attnum > 0 AND NOT a.attisdropped) END
		|| ', cursor text, has_more boolean';
END
$$;
COMMENT ON FUNCTION social.list_columns(text) IS 'What a list returns: these columns ("id bigint, name text"), or those of a view ("social.visible_posts"), and the two that every list ends with.';

-- A walk over an index, from a key on, one way or the other: what all lists but a few have in common.
--   columns    those of a row, or a view ("social.visible_comments"); `"values"`, in the same order
--   source     what follows FROM, up to a condition
--   keys       the order, newest first unless it is said: a bigint, or a time and an id
--   by         what the first of two keys is: a time, a moment (a time, of a list that is oldest first), or a score
--   checks     statements that run before; a list of one's own has asked who acts, in `viewer`
CREATE OR REPLACE FUNCTION social.make_list(name text, arguments text, columns text, "values" text, source text, keys text[], comment text,
		checks text DEFAULT '', is_own boolean DEFAULT false, is_definer boolean DEFAULT false, newest_first boolean DEFAULT true, by text DEFAULT 'time') RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $make$
DECLARE
	is_pair boolean := cardinality(keys) = 2;
	list_keys text := array_to_string((ARRAY['l.list_key', 'l.list_id'])[1:cardinality(keys)], '{way}, ') || '{way}';
	way text[] := CASE WHEN newest_first THEN ARRAY[' DESC', ''] ELSE ARRAY['', ' DESC'] END; -- forwards, backwards
	beyond text[] := CASE WHEN newest_first THEN ARRAY['<', '>'] ELSE ARRAY['>', '<'] END;
	names text[] := ARRAY(SELECT split_part(c, ' ', 1) FROM unnest(string_to_array(social.list_columns(columns), ', ')) WITH ORDINALITY u (c, n) ORDER BY n);
	page text := $page$
		RETURN QUERY
		SELECT l.{result} FROM (
			SELECT l.*, social.cursor_encode('{name}', {cursor}), count(*) OVER () > page_size
			FROM (
				SELECT {keys}, {values} FROM {source} AND ({keys}) {beyond} ({place})
				ORDER BY {key_order} LIMIT page_size + 1
			) AS l ({inner})
			ORDER BY {page_order} LIMIT page_size
		) AS l ({inner}, cursor, has_more)
		ORDER BY {list_order};$page$;
	body text := $body$
DECLARE
	{viewer}page_size integer := social.page_size(first);
	place {place_of}('{name}', social.page_cursor(after, before));
BEGIN
	{checks}
	IF before IS NULL THEN{forwards}
	ELSE{backwards}
	END IF;
END
$body$;
	token record;
BEGIN
	page := replace(replace(page, '{key_order}', array_to_string(keys, '{way}, ') || '{way}'), '{page_order}', list_keys);
	body := replace(body, '{forwards}', replace(replace(page, '{way}', way[1]), '{beyond}', beyond[1]));
	body := replace(body, '{backwards}', replace(replace(page, '{way}', way[2]), '{beyond}', beyond[2]));
	FOR token IN SELECT * FROM jsonb_each_text(jsonb_build_object(
		'name', name, 'keys', array_to_string(keys, ', '), 'values', "values", 'source', source,
		'list_order', replace(list_keys, '{way}', way[1]),
		'result', array_to_string(names, ', l.'),
		'inner', array_to_string((ARRAY['list_key', 'list_id'])[1:cardinality(keys)] || names[1:cardinality(names) - 2], ', '),
		'cursor', CASE WHEN is_pair THEN format('social.%s_key(l.list_key), l.list_id', by) ELSE 'l.list_key, l.list_key' END,
		'place', CASE WHEN is_pair THEN 'place.at, place.id' ELSE 'place' END,
		'place_of', CASE WHEN is_pair THEN 'record := social.page_' || by WHEN newest_first THEN 'bigint := social.page_key' ELSE 'bigint := social.page_start' END,
		'viewer', CASE WHEN is_own THEN E'viewer bigint := social.require_viewer();\n\t' ELSE '' END,
		'checks', checks))
	LOOP
		body := replace(body, '{' || token.key || '}', token.value);
	END LOOP;
	EXECUTE format('CREATE OR REPLACE FUNCTION social.%I(%sfirst integer DEFAULT 20, after text DEFAULT NULL, before text DEFAULT NULL) RETURNS TABLE (%s)
		LANGUAGE plpgsql STABLE PARALLEL %s ROWS 20 %s SET search_path = pg_catalog, pg_temp AS %L',
		name, arguments || CASE WHEN arguments = '' THEN '' ELSE ', ' END, social.list_columns(columns),
		-- Whether an API key acts is known to the leader alone.
		CASE WHEN checks ~ 'require_(login|staff|superuser)' THEN 'RESTRICTED' ELSE 'SAFE' END, CASE WHEN is_definer THEN 'SECURITY DEFINER' ELSE 'SECURITY INVOKER' END, body);
	EXECUTE format('COMMENT ON FUNCTION social.%I IS %L', name, comment);
END
$make$;
COMMENT ON FUNCTION social.make_list(text, text, text, text, text, text[], text, text, boolean, boolean, boolean, text) IS 'Makes the function of a list that walks an index, with its comment. For the install script.';
