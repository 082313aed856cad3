-- sport.sql owns leagues, teams and athletes: what may be said of them and by whom, and their lists.
--
-- A league has teams, a team has athletes; what loses its parent stays, without one. Staff write them,
-- and so do roles that may act as anybody (grant_admin) while nobody acts. A slug is the name, folded
-- (sport_slug): one that is made gets a number where it is taken, one that is given is refused.
--
-- Lock order: the subject's own row is held before its league, team or athlete, and parents before what
-- hangs on them. Imports and deletions, which touch many rows, take turns (hold_task).

-- ---- what may be said --------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.sport_fields(OUT kind text, OUT field text, OUT form text, OUT max_length integer)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	VALUES ('league'::text, 'name'::text, 'line'::text, 200), ('league', 'slug', 'slug', 200), ('league', 'sport', 'line', 50), ('league', 'description', 'text', 5000),
		('league', 'country', 'line', 100), ('league', 'logo_url', 'url', 500), ('league', 'standings', 'json', 262144),
		('team', 'name', 'line', 200), ('team', 'slug', 'slug', 200), ('team', 'abbreviation', 'line', 10), ('team', 'sport', 'line', 50), ('team', 'league_id', 'parent', NULL),
		('team', 'city', 'line', 100), ('team', 'country', 'line', 100), ('team', 'logo_url', 'url', 500), ('team', 'stadium_name', 'line', 200),
		('team', 'stadium_capacity', 'number', 1000000), ('team', 'roster', 'json', 262144), ('team', 'schedule', 'json', 262144),
		('athlete', 'first_name', 'line', 150), ('athlete', 'last_name', 'line', 150), ('athlete', 'slug', 'slug', 200), ('athlete', 'position', 'line', 100),
		('athlete', 'team_id', 'parent', NULL), ('athlete', 'sport', 'line', 50), ('athlete', 'career_stats', 'json', 262144), ('athlete', 'achievements', 'json', 262144),
		('athlete', 'photo_url', 'url', 500);
END;
COMMENT ON FUNCTION social.sport_fields() IS 'What can be said of a league, a team or an athlete, in which form, and how much of it: characters of a text, bytes of JSON, the most that a number may be.';

CREATE OR REPLACE FUNCTION social.sport_slug(name text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	-- Signs above Latin, Greek and Cyrillic letters go; those of other scripts are letters in their own right.
	SELECT trim('-' FROM regexp_replace(
		normalize(regexp_replace(normalize(social.hashtag_key(name), NFKD), '[' || chr(768) || '-' || chr(879) || ']+', '', 'g'), NFC) COLLATE "und-x-icu",
		'[^[:alnum:]' || chr(2304) || '-' || chr(2403) || chr(2406) || '-' || chr(4351) || chr(6016) || '-' || chr(6143) || chr(12441) || chr(12442) || ']+', '-', 'g')) COLLATE "C";
END;
COMMENT ON FUNCTION social.sport_slug(text) IS 'A name as a slug: compatibility forms and case folded, signs above letters left out, what is no letter and no digit a hyphen. Empty where nothing is left; null for null.';

CREATE OR REPLACE FUNCTION social.check_sport_json(what text, value jsonb, max_bytes integer) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF jsonb_typeof($2) NOT IN ('object', 'array') THEN
		PERFORM social.raise_error('SM400', what || ' must be an object or a list');
	ELSIF pg_column_size($2) > 4 * max_bytes THEN
		PERFORM social.raise_error('SM400', what || ' is too large', format('The limit is %s bytes.', max_bytes));
	ELSIF jsonb_path_exists($2, 'strict $.**{12} ? (@.type() == "array" || @.type() == "object")') THEN
		PERFORM social.raise_error('SM400', what || ' nests too deeply', 'The limit is 12 levels.');
	END IF;
	PERFORM social.check_sport_numbers(what, $2);
	IF octet_length($2::text) > max_bytes THEN
		PERFORM social.raise_error('SM400', what || ' is too large', format('The limit is %s bytes.', max_bytes));
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_sport_json(text, jsonb, integer) IS 'Raises SM400 unless this is an object or a list of at most so many bytes and twelve levels, whose numbers are of a size that figures have.';

-- A number of few bytes (1e99999) may be a text of many: none such is ever written out.
CREATE OR REPLACE FUNCTION social.check_sport_numbers(what text, value jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM jsonb_path_query($2, 'strict $.** ? (@.type() == "number")') n WHERE abs(n::numeric) >= 1e30 OR scale(n::numeric) > 30) THEN
		PERFORM social.raise_error('SM400', what || ' holds a number that is out of range', 'It has at most 30 digits before and after the point.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_sport_numbers(text, jsonb) IS 'Raises SM400 for JSON with a number of more than 30 digits before or after the point.';

CREATE OR REPLACE FUNCTION social.check_sport_field(field text, form text, max_length integer, value jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	what text := replace(field, '_', ' ');
	is_text boolean := form IN ('line', 'text', 'url', 'slug');
	said text;
BEGIN
	IF is_text AND jsonb_typeof(value) NOT IN ('string', 'null') THEN
		PERFORM social.raise_error('SM400', what || ' must be a text');
	ELSIF form IN ('number', 'parent') AND jsonb_typeof(value) NOT IN ('number', 'null') THEN
		PERFORM social.raise_error('SM400', what || ' must be a whole number');
	END IF;
	IF is_text THEN
		said := coalesce(value #>> '{}', '');
		said := CASE WHEN form = 'text' THEN said ELSE btrim(said) END;
	END IF;
	CASE form
		WHEN 'line', 'slug' THEN
			PERFORM social.check_profile_text(what, said, max_length);
			IF form = 'slug' THEN
				IF social.sport_slug(said) = '' AND said <> '' THEN
					PERFORM social.raise_error('SM400', 'slug is not valid', 'It has a letter or a digit.');
				END IF;
				said := social.sport_slug(said);
				IF char_length(said) > max_length THEN
					PERFORM social.raise_error('SM400', 'slug is too long', format('The limit is %s characters.', max_length));
				END IF;
			END IF;
		WHEN 'text' THEN
			IF char_length(said) > max_length THEN
				PERFORM social.raise_error('SM400', what || ' is too long', format('The limit is %s characters.', max_length));
			END IF;
			PERFORM social.check_text(what, said, false, false);
		WHEN 'url' THEN
			PERFORM social.check_url(what, said, true, max_length);
		WHEN 'number' THEN
			IF value <> 'null' THEN
				IF value::numeric NOT BETWEEN 0 AND max_length OR value::numeric % 1 <> 0 THEN
					PERFORM social.raise_error('SM400', what || ' is not valid', format('It is a whole number from 0 to %s.', max_length));
				END IF;
				RETURN to_jsonb(value::numeric::integer);
			END IF;
		WHEN 'parent' THEN
			IF value <> 'null' THEN
				IF value::numeric NOT BETWEEN 0 AND 9007199254740991 OR value::numeric % 1 <> 0 THEN
					PERFORM social.raise_error('SM400', what || ' is not valid');
				END IF;
				RETURN coalesce(to_jsonb(nullif(value::numeric::bigint, 0)), 'null');
			END IF;
		WHEN 'json' THEN
			IF value = 'null' THEN
				PERFORM social.raise_error('SM400', what || ' cannot be null', '', 'An empty list or object clears it.');
			END IF;
			PERFORM social.check_sport_json(what, value, max_length);
	END CASE;
	RETURN CASE WHEN is_text THEN to_jsonb(said) ELSE value END;
END
$$;
COMMENT ON FUNCTION social.check_sport_field(text, text, integer, jsonb) IS 'One thing that is said of a league, a team or an athlete in the form in which it is kept: texts without blanks around, null the empty text, 0 no parent. SM400 for what sport_fields() does not allow.';

CREATE OR REPLACE FUNCTION social.check_sport_subject(kind text, said jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	unknown text := (SELECT k FROM jsonb_object_keys(said) k WHERE NOT EXISTS (SELECT FROM social.sport_fields() f WHERE f.kind = $1 AND f.field = k) LIMIT 1);
	kept jsonb;
BEGIN
	IF unknown IS NOT NULL THEN
		PERFORM social.raise_error('SM400', 'unknown field', format('It is "%s".', left(unknown, 100)),
			'A ' || kind || ' has ' || (SELECT string_agg(f.field, ', ') FROM social.sport_fields() f WHERE f.kind = $1) || '.');
	END IF;
	SELECT coalesce(jsonb_object_agg(f.field, social.check_sport_field(f.field, f.form, f.max_length, said -> f.field)), '{}') INTO kept
	FROM social.sport_fields() f WHERE f.kind = $1 AND said ? f.field;
	RETURN kept;
END
$$;
COMMENT ON FUNCTION social.check_sport_subject(text, jsonb) IS 'An object of what is said of a league, a team or an athlete in the form in which it is kept. SM400 for an unknown member, or one that sport_fields() does not allow.';

CREATE OR REPLACE FUNCTION social.require_sport_keeper() RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF social.viewer_id() IS NOT NULL OR NOT has_function_privilege(session_user, 'social.act_as(bigint, boolean)', 'EXECUTE') THEN
		PERFORM social.require_viewer();
		IF NOT social.viewer_is_staff() THEN
			PERFORM social.raise_error('SM403', 'only staff may do this');
		END IF;
		PERFORM social.require_scope('sports:write');
	END IF;
END
$$;
COMMENT ON FUNCTION social.require_sport_keeper() IS 'Raises SM401 or SM403 unless staff act, by an API key only with the scope sports:write, or nobody acts in a session of a role that may act as anybody.';

-- ---- writing -----------------------------------------------------------------------------------------

-- A free slug for a name: the name's own, with a number up to 20, or at last with the id, which nobody shares.
CREATE OR REPLACE FUNCTION social.make_sport_slug(id bigint, kind text, name text) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	base text := left(coalesce(nullif(social.sport_slug(name), ''), kind), 180);
	free text COLLATE "C";
BEGIN
	-- One probe of the index at a time: as one statement it would read all slugs.
	FOR n IN 1 .. 20
	LOOP
		free := CASE WHEN n = 1 THEN base ELSE base || '-' || n END;
		IF NOT EXISTS (SELECT FROM social.sport_subjects s WHERE s.kind = $2 AND s.slug = free AND s.id <> $1) THEN
			RETURN free;
		END IF;
	END LOOP;
	RETURN base || '-' || $1;
END
$$;
COMMENT ON FUNCTION social.make_sport_slug(bigint, text, text) IS 'The slug of a league, team or athlete of this name that no other of its kind has.';

-- Writes what checks have let through; the caller has asked who may. Retries where another one takes the
-- slug that was free a moment ago.
CREATE OR REPLACE FUNCTION social.write_sport_subject(INOUT id bigint, kind text, kept jsonb, OUT outcome text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	was social.sport_subjects;
	subject social.sport_subjects;
	parts jsonb;
	parts_were jsonb;
	is_new boolean := $1 IS NULL;
	parent bigint := coalesce(kept ->> 'league_id', kept ->> 'team_id')::bigint;
	parent_sport text;
	broken text;
BEGIN
	IF NOT is_new THEN
		SELECT s.* INTO was FROM social.sport_subjects s WHERE s.id = $1 AND s.kind = $2 FOR NO KEY UPDATE;
		IF was.id IS NULL THEN
			PERFORM social.raise_error('SM404', $2 || ' not found');
		END IF;
		EXECUTE format('SELECT to_jsonb(t) - ''id'' FROM social.%I t WHERE t.id = $1', $2 || 's') INTO parts_were USING $1;
	END IF;
	IF parent IS NOT NULL THEN
		SELECT s.sport INTO parent_sport FROM social.sport_subjects s WHERE s.id = parent AND s.kind = CASE $2 WHEN 'team' THEN 'league' ELSE 'team' END FOR KEY SHARE;
		IF NOT FOUND THEN
			PERFORM social.raise_error('SM404', CASE $2 WHEN 'team' THEN 'league' ELSE 'team' END || ' not found');
		END IF;
	END IF;
	subject := was;
	subject.kind := $2;
	parts_were := coalesce(parts_were, (SELECT jsonb_object_agg(f.field, CASE WHEN f.field = 'career_stats' THEN '{}' WHEN f.form = 'json' THEN '[]' WHEN f.form IN ('number', 'parent') THEN 'null' ELSE '""' END::jsonb)
		FROM social.sport_fields() f WHERE f.kind = $2 AND f.field NOT IN ('name', 'slug', 'sport')));
	parts := parts_were || (kept - '{name,slug,sport}'::text[]);
	subject.name := CASE WHEN $2 = 'athlete' THEN btrim(concat_ws(' ', parts ->> 'first_name', parts ->> 'last_name')) ELSE coalesce(kept ->> 'name', was.name, '') END;
	IF subject.name = '' THEN
		PERFORM social.raise_error('SM400', 'name is required', CASE WHEN $2 = 'athlete' THEN 'A first or a last name.' ELSE '' END);
	END IF;
	subject.sport := coalesce(kept ->> 'sport', was.sport, parent_sport, '');
	subject.slug := coalesce(nullif(kept ->> 'slug', ''), was.slug);
	outcome := 'unchanged';
	FOR attempt IN 1 .. 5
	LOOP
		BEGIN
			IF is_new THEN
				$1 := coalesce($1, nextval(pg_get_serial_sequence('social.sport_subjects', 'id')));
				INSERT INTO social.sport_subjects (id, kind, slug, name, sport)
				VALUES ($1, $2, coalesce(subject.slug, social.make_sport_slug($1, $2, subject.name)), subject.name, subject.sport);
			ELSIF (subject.name, subject.sport, subject.slug) IS DISTINCT FROM (was.name, was.sport, was.slug) OR parts <> parts_were THEN
				UPDATE social.sport_subjects s SET name = subject.name, sport = subject.sport, slug = subject.slug, updated_at = now() WHERE s.id = $1;
				outcome := 'updated';
			END IF;
			EXIT;
		EXCEPTION WHEN unique_violation THEN
			GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
			IF broken <> 'sport_subjects_slug_key' OR (subject.slug IS NULL AND attempt = 5) THEN
				RAISE;
			ELSIF subject.slug IS NOT NULL THEN
				PERFORM social.raise_error('SM409', 'slug is taken', format('It is "%s".', subject.slug), 'Leave it out, and one is made of the name.');
			END IF;
		END;
	END LOOP;
	IF is_new THEN
		outcome := 'inserted';
		EXECUTE format('INSERT INTO social.%1$I SELECT r.* FROM jsonb_populate_record(NULL::social.%1$I, $1) r', $2 || 's') USING parts || jsonb_build_object('id', $1);
	ELSIF parts <> parts_were THEN
		EXECUTE (SELECT format('UPDATE social.%I t SET (%s) = (SELECT %s FROM jsonb_populate_record(t, $2) r) WHERE t.id = $1', $2 || 's',
				string_agg(quote_ident(f.field), ', '), string_agg('r.' || quote_ident(f.field), ', '))
			FROM social.sport_fields() f WHERE f.kind = $2 AND f.field NOT IN ('name', 'slug', 'sport')) USING $1, parts;
	END IF;
END
$$;
COMMENT ON FUNCTION social.write_sport_subject(bigint, text, jsonb) IS 'Makes a league, team or athlete (id null), or changes what is said of one; what is not said stays as it is. Returns its id, and whether it was inserted, updated or unchanged. SM404 for an id that is none of that kind, or an unknown parent; SM400 without a name, SM409 for a slug that another one of its kind has.';

CREATE OR REPLACE FUNCTION social.act_on_sport(id bigint, kind text, said jsonb) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	written record;
	fields jsonb := (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(said) e WHERE e.value <> 'null');
BEGIN
	PERFORM social.require_sport_keeper();
	written := social.write_sport_subject($1, $2, social.check_sport_subject($2, fields));
	IF written.outcome <> 'unchanged' THEN
		PERFORM social.audit(CASE WHEN $1 IS NULL THEN 'create_' ELSE 'update_' END || $2, $2, written.id,
			jsonb_build_object('fields', (SELECT coalesce(jsonb_agg(k ORDER BY k), '[]') FROM jsonb_object_keys(fields) k)));
	END IF;
	RETURN written.id;
END
$$;
COMMENT ON FUNCTION social.act_on_sport(bigint, text, jsonb) IS 'What create_league, update_league and their like have in common: who may, what is said (null: nothing), and the entry in the audit log.';

CREATE OR REPLACE FUNCTION social.create_league(name text, slug text DEFAULT NULL, sport text DEFAULT NULL, description text DEFAULT NULL, country text DEFAULT NULL,
		logo_url text DEFAULT NULL, standings jsonb DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.act_on_sport(NULL, 'league', jsonb_build_object('name', $1, 'slug', $2, 'sport', $3, 'description', $4, 'country', $5, 'logo_url', $6, 'standings', $7));
END
$$;
COMMENT ON FUNCTION social.create_league(text, text, text, text, text, text, jsonb) IS 'Staff make a league. Without a slug one is made of the name. standings is an object or a list. Returns its id. SM401 when nobody acts, SM403 for others than staff; SM400 for what sport_fields() does not allow, SM409 for a slug that is taken.';

CREATE OR REPLACE FUNCTION social.update_league(id bigint, name text DEFAULT NULL, slug text DEFAULT NULL, sport text DEFAULT NULL, description text DEFAULT NULL, country text DEFAULT NULL,
		logo_url text DEFAULT NULL, standings jsonb DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.act_on_sport(coalesce($1, 0), 'league', jsonb_build_object('name', $2, 'slug', $3, 'sport', $4, 'description', $5, 'country', $6, 'logo_url', $7, 'standings', $8));
END
$$;
COMMENT ON FUNCTION social.update_league(bigint, text, text, text, text, text, text, jsonb) IS 'Staff change a league; what is null stays as it is, an empty text is cleared. Returns its id. Errors as create_league, and SM404 for an unknown league.';

CREATE OR REPLACE FUNCTION social.create_team(name text, league_id bigint DEFAULT NULL, slug text DEFAULT NULL, abbreviation text DEFAULT NULL, sport text DEFAULT NULL, city text DEFAULT NULL,
		country text DEFAULT NULL, logo_url text DEFAULT NULL, stadium_name text DEFAULT NULL, stadium_capacity integer DEFAULT NULL, roster jsonb DEFAULT NULL, schedule jsonb DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.act_on_sport(NULL, 'team', jsonb_build_object('name', $1, 'league_id', $2, 'slug', $3, 'abbreviation', $4, 'sport', $5, 'city', $6, 'country', $7, 'logo_url', $8,
		'stadium_name', $9, 'stadium_capacity', $10, 'roster', $11, 'schedule', $12));
END
$$;
COMMENT ON FUNCTION social.create_team(text, bigint, text, text, text, text, text, text, text, integer, jsonb, jsonb) IS 'Staff make a team, of a league or of none. Without a slug one is made of the name, without a sport it has that of its league. roster and schedule are objects or lists. Returns its id. Errors as create_league, and SM404 for an unknown league.';

CREATE OR REPLACE FUNCTION social.update_team(id bigint, name text DEFAULT NULL, league_id bigint DEFAULT NULL, slug text DEFAULT NULL, abbreviation text DEFAULT NULL, sport text DEFAULT NULL,
		city text DEFAULT NULL, country text DEFAULT NULL, logo_url text DEFAULT NULL, stadium_name text DEFAULT NULL, stadium_capacity integer DEFAULT NULL, roster jsonb DEFAULT NULL,
		schedule jsonb DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.act_on_sport(coalesce($1, 0), 'team', jsonb_build_object('name', $2, 'league_id', $3, 'slug', $4, 'abbreviation', $5, 'sport', $6, 'city', $7, 'country', $8, 'logo_url', $9,
		'stadium_name', $10, 'stadium_capacity', $11, 'roster', $12, 'schedule', $13));
END
$$;
COMMENT ON FUNCTION social.update_team(bigint, text, bigint, text, text, text, text, text, text, text, integer, jsonb, jsonb) IS 'Staff change a team; what is null stays as it is, an empty text is cleared, league_id 0 takes it out of its league. Returns its id. Errors as create_team, and SM404 for an unknown team.';

CREATE OR REPLACE FUNCTION social.create_athlete(first_name text DEFAULT NULL, last_name text DEFAULT NULL, team_id bigint DEFAULT NULL, slug text DEFAULT NULL, athlete_position text DEFAULT NULL,
		sport text DEFAULT NULL, career_stats jsonb DEFAULT NULL, achievements jsonb DEFAULT NULL, photo_url text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.act_on_sport(NULL, 'athlete', jsonb_build_object('first_name', $1, 'last_name', $2, 'team_id', $3, 'slug', $4, 'position', $5, 'sport', $6, 'career_stats', $7,
		'achievements', $8, 'photo_url', $9));
END
$$;
COMMENT ON FUNCTION social.create_athlete(text, text, bigint, text, text, text, jsonb, jsonb, text) IS 'Staff make an athlete, of a team or of none, who has a first or a last name or both. Without a slug one is made of them, without a sport it is that of the team. career_stats and achievements are objects or lists. Returns the id. Errors as create_league, and SM404 for an unknown team.';

CREATE OR REPLACE FUNCTION social.update_athlete(id bigint, first_name text DEFAULT NULL, last_name text DEFAULT NULL, team_id bigint DEFAULT NULL, slug text DEFAULT NULL, athlete_position text DEFAULT NULL,
		sport text DEFAULT NULL, career_stats jsonb DEFAULT NULL, achievements jsonb DEFAULT NULL, photo_url text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.act_on_sport(coalesce($1, 0), 'athlete', jsonb_build_object('first_name', $2, 'last_name', $3, 'team_id', $4, 'slug', $5, 'position', $6, 'sport', $7, 'career_stats', $8,
		'achievements', $9, 'photo_url', $10));
END
$$;
COMMENT ON FUNCTION social.update_athlete(bigint, text, text, bigint, text, text, text, jsonb, jsonb, text) IS 'Staff change an athlete; what is null stays as it is, an empty text is cleared, team_id 0 takes the athlete out of the team. Returns the id. Errors as create_athlete, and SM404 for an unknown athlete.';

CREATE OR REPLACE FUNCTION social.delete_sport_subject(id bigint, kind text) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone social.sport_subjects;
BEGIN
	PERFORM social.require_sport_keeper(), social.hold_task('sports_import');
	DELETE FROM social.sport_subjects s WHERE s.id = $1 AND s.kind = $2 RETURNING * INTO gone;
	IF gone.id IS NULL THEN
		PERFORM social.raise_error('SM404', $2 || ' not found');
	END IF;
	PERFORM social.audit('delete_' || $2, $2, $1, jsonb_build_object('name', gone.name, 'slug', gone.slug));
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.delete_sport_subject(bigint, text) IS 'Deletes a league, team or athlete; what hangs on it stays, without it.';

CREATE OR REPLACE FUNCTION social.delete_league(id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.delete_sport_subject($1, 'league');
END
$$;
COMMENT ON FUNCTION social.delete_league(bigint) IS 'Staff delete a league. Its teams stay, without a league. Returns its id. SM401, SM403, SM404.';

CREATE OR REPLACE FUNCTION social.delete_team(id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.delete_sport_subject($1, 'team');
END
$$;
COMMENT ON FUNCTION social.delete_team(bigint) IS 'Staff delete a team. Its athletes stay, without a team. Returns its id. SM401, SM403, SM404.';

CREATE OR REPLACE FUNCTION social.delete_athlete(id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN social.delete_sport_subject($1, 'athlete');
END
$$;
COMMENT ON FUNCTION social.delete_athlete(bigint) IS 'Staff delete an athlete. Returns the id. SM401, SM403, SM404.';

CREATE OR REPLACE FUNCTION social.link_sport_subject(subject_id bigint, provider text, external_id text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	subject_kind text;
	owner bigint;
BEGIN
	PERFORM social.require_sport_keeper();
	PERFORM social.check_profile_text('provider', $2, 50), social.check_text('provider', $2, true, true), social.check_profile_text('external id', $3, 200), social.check_text('external id', $3, true, true);
	SELECT s.kind INTO subject_kind FROM social.sport_subjects s WHERE s.id = $1 FOR KEY SHARE;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'league, team or athlete not found');
	END IF;
	INSERT INTO social.sport_external_ids AS e (provider, kind, external_id, subject_id) VALUES ($2, subject_kind, $3, $1) ON CONFLICT DO NOTHING;
	SELECT e.subject_id INTO owner FROM social.sport_external_ids e WHERE e.provider = $2 AND e.kind = subject_kind AND e.external_id = $3;
	IF owner IS DISTINCT FROM $1 THEN
		PERFORM social.raise_error('SM409', 'external id is taken', format('It is that of the %s %s.', subject_kind, owner));
	END IF;
	PERFORM social.audit('link_' || subject_kind, subject_kind, $1, jsonb_build_object('provider', $2, 'external_id', $3));
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.link_sport_subject(bigint, text, text) IS 'Staff say what a provider calls a league, team or athlete, so that its next import means this one; again is harmless. Returns the id. SM401, SM403; SM404 for an unknown id, SM409 for an external id that means another one, SM400 for an empty or over-long text.';

CREATE OR REPLACE FUNCTION social.unlink_sport_subject(subject_id bigint, provider text, external_id text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	subject_kind text := (SELECT s.kind FROM social.sport_subjects s WHERE s.id = $1);
BEGIN
	PERFORM social.require_sport_keeper();
	PERFORM social.check_profile_text('provider', $2, 50), social.check_text('provider', $2, true, true), social.check_profile_text('external id', $3, 200), social.check_text('external id', $3, true, true);
	IF subject_kind IS NULL THEN
		PERFORM social.raise_error('SM404', 'league, team or athlete not found');
	END IF;
	DELETE FROM social.sport_external_ids e WHERE e.provider = $2 AND e.kind = subject_kind AND e.external_id = $3 AND e.subject_id = $1;
	IF FOUND THEN
		PERFORM social.audit('unlink_' || subject_kind, subject_kind, $1, jsonb_build_object('provider', $2, 'external_id', $3));
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unlink_sport_subject(bigint, text, text) IS 'Staff take back what a provider calls a league, team or athlete: its next import makes another one. Again is harmless. Returns the id. SM401, SM403; SM404 for an unknown id, SM400 for an empty or over-long text.';

-- ---- import ------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.import_sport_row(provider text, kind text, item jsonb) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	parent_kind text := CASE $2 WHEN 'team' THEN 'league' WHEN 'athlete' THEN 'team' END;
	external text := CASE WHEN jsonb_typeof($3 -> 'id') IN ('string', 'number') THEN $3 ->> 'id' END;
	said jsonb := $3 - 'id' - coalesce(parent_kind, '');
	subject bigint;
	parent bigint;
	written record;
BEGIN
	PERFORM social.check_profile_text('id', external, 200), social.check_text('id', external, true, true);
	SELECT e.subject_id INTO subject FROM social.sport_external_ids e WHERE e.provider = $1 AND e.kind = $2 AND e.external_id = external;
	IF $3 ? parent_kind AND $3 -> parent_kind <> 'null' THEN
		SELECT e.subject_id INTO parent FROM social.sport_external_ids e WHERE e.provider = $1 AND e.kind = parent_kind AND e.external_id = $3 ->> parent_kind;
		IF parent IS NULL THEN
			PERFORM social.raise_error('SM400', parent_kind || ' is not known', format('It is "%s".', left($3 ->> parent_kind, 200)), 'Import it before, or in the same document.');
		END IF;
	END IF;
	IF parent_kind IS NOT NULL AND said ? (parent_kind || '_id') THEN
		PERFORM social.raise_error('SM400', 'unknown field', format('It is "%s_id".', parent_kind), format('%s is what the provider calls it.', parent_kind));
	ELSIF $3 ? parent_kind THEN
		said := said || jsonb_build_object(parent_kind || '_id', parent);
	END IF;
	written := social.write_sport_subject(subject, $2, social.check_sport_subject($2, said));
	IF subject IS NULL THEN
		INSERT INTO social.sport_external_ids (provider, kind, external_id, subject_id) VALUES ($1, $2, external, written.id);
	END IF;
	RETURN written.outcome;
END
$$;
COMMENT ON FUNCTION social.import_sport_row(text, text, jsonb) IS 'One row of an import: inserted, updated or unchanged.';

CREATE OR REPLACE FUNCTION social.sports_import(provider text, data jsonb) RETURNS jsonb
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	list record;
	item record;
	outcome text;
	counts jsonb := '{}';
	place text;
	code text;
	message text;
	detail text;
	hint text;
BEGIN
	PERFORM social.require_sport_keeper();
	PERFORM social.check_profile_text('provider', $1, 50), social.check_text('provider', $1, true, true);
	IF jsonb_typeof($2) IS DISTINCT FROM 'object' OR EXISTS (SELECT FROM jsonb_each($2) e WHERE e.key NOT IN ('leagues', 'teams', 'athletes') OR jsonb_typeof(e.value) <> 'array') THEN
		PERFORM social.raise_error('SM400', 'invalid import', '', 'An object of the lists leagues, teams and athletes.');
	ELSIF (SELECT sum(jsonb_array_length(e.value)) FROM jsonb_each($2) e) > 10000 THEN
		PERFORM social.raise_error('SM400', 'the import has too many rows', 'The limit is 10000.');
	END IF;
	PERFORM social.check_sport_numbers('the import', $2);
	PERFORM social.hold_task('sports_import');
	BEGIN
		FOR list IN SELECT k.kind, k.kind || 's' AS name FROM unnest('{league,team,athlete}'::text[]) WITH ORDINALITY k (kind, n) ORDER BY k.n
		LOOP
			counts := counts || jsonb_build_object(list.name, '{"inserted": 0, "updated": 0, "unchanged": 0}'::jsonb);
			FOR item IN SELECT i.value, i.n, i.value -> 'id' <> 'null' AND count(*) OVER (PARTITION BY i.value ->> 'id') > 1 AS is_twice
				FROM jsonb_array_elements($2 -> list.name) WITH ORDINALITY i (value, n) ORDER BY i.n
			LOOP
				place := format('%s[%s]', list.name, item.n - 1);
				IF jsonb_typeof(item.value) <> 'object' THEN
					PERFORM social.raise_error('SM400', 'it must be an object');
				ELSIF item.is_twice THEN
					PERFORM social.raise_error('SM400', 'its id stands in the import more than once');
				END IF;
				outcome := social.import_sport_row($1, list.kind, item.value);
				counts := jsonb_set(counts, ARRAY[list.name, outcome], to_jsonb((counts -> list.name ->> outcome)::integer + 1));
			END LOOP;
		END LOOP;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		IF code NOT LIKE 'SM%' THEN
			RAISE;
		END IF;
		PERFORM social.raise_error(code, coalesce(place || ': ', '') || message, detail, hint);
	END;
	PERFORM social.audit('sports_import', 'sports', NULL, jsonb_build_object('provider', $1, 'counts', counts));
	RETURN counts;
END
$$;
COMMENT ON FUNCTION social.sports_import(text, jsonb) IS 'Staff bring in what a provider says: {"leagues": [], "teams": [], "athletes": []}, each row with the id that the provider has for it, and what create_league and its like take; a team''s league and an athlete''s team are named by their provider''s ids, in this document or an earlier one. A row whose id is known is changed by what it says, null clears; any other is new. All of it or nothing: an error names its row ("teams[3]: …"). Returns for each list how many were inserted, updated and unchanged; the same again changes nothing. At most 10,000 rows; imports take turns. SM401, SM403, SM400, SM404, SM409.';

-- ---- looking -----------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_sport_subjects AS
SELECT s.id, s.kind, s.slug, s.name, s.sport, s.created_at, s.updated_at,
	coalesce(c.followers_count, 0) + social.waiting_count('subject_counters', s.id, 'followers_count') AS followers_count
FROM social.sport_subjects s
LEFT JOIN social.subject_counters c ON c.subject_id = s.id;
COMMENT ON VIEW social.visible_sport_subjects IS 'Leagues, teams and athletes by what they have in common, with the number of their followers. Everybody may see them.';

CREATE OR REPLACE VIEW social.own_sport_follows AS
SELECT f.subject_id, f.created_at FROM social.sport_follows f WHERE f.user_id = social.viewer_id();
COMMENT ON VIEW social.own_sport_follows IS 'Which leagues, teams and athletes the viewer follows.';

CREATE OR REPLACE VIEW social.visible_leagues AS
SELECT s.id, s.slug, s.name, s.sport, l.description, l.country, l.logo_url, l.standings, s.created_at, s.updated_at, s.followers_count
FROM social.leagues l JOIN social.visible_sport_subjects s ON s.id = l.id;
COMMENT ON VIEW social.visible_leagues IS 'Leagues, with their standings. Everybody may see them.';

CREATE OR REPLACE VIEW social.visible_teams AS
SELECT s.id, s.slug, s.name, t.abbreviation, s.sport, t.league_id, t.city, t.country, t.logo_url, t.stadium_name, t.stadium_capacity, t.roster, t.schedule, s.created_at, s.updated_at, s.followers_count
FROM social.teams t JOIN social.visible_sport_subjects s ON s.id = t.id;
COMMENT ON VIEW social.visible_teams IS 'Teams, with their league, stadium, roster and schedule. Everybody may see them.';

CREATE OR REPLACE VIEW social.visible_athletes AS
SELECT s.id, s.slug, s.name, a.first_name, a.last_name, a.position, a.team_id, s.sport, a.career_stats, a.achievements, a.photo_url, s.created_at, s.updated_at, s.followers_count
FROM social.athletes a JOIN social.visible_sport_subjects s ON s.id = a.id;
COMMENT ON VIEW social.visible_athletes IS 'Athletes, with their team, career and achievements. Everybody may see them.';

CREATE OR REPLACE VIEW social.visible_sport_external_ids AS
SELECT e.subject_id, e.kind, e.provider, e.external_id FROM social.sport_external_ids e;
COMMENT ON VIEW social.visible_sport_external_ids IS 'What providers of figures call leagues, teams and athletes. Everybody may see it.';

-- Documents that may be large stay out of lists.
SELECT social.make_list('leagues', 'with_sport text DEFAULT NULL, with_country text DEFAULT NULL',
	'id bigint, slug text, name text, sport text, description text, country text, logo_url text, created_at timestamptz, updated_at timestamptz, followers_count bigint',
	'l.id, l.slug, l.name, l.sport, l.description, l.country, l.logo_url, l.created_at, l.updated_at, l.followers_count',
	'social.visible_leagues l WHERE ($1 IS NULL OR lower(l.sport) = lower($1)) AND ($2 IS NULL OR lower(l.country) = lower($2))', '{l.id}',
	'Leagues, of a sport and of a country where these are given (in any case), in the order in which they came. Their standings are in visible_leagues. SM400 for a bad page size or cursor.',
	newest_first => false);
SELECT social.make_list('teams', 'with_league_id bigint DEFAULT NULL, with_sport text DEFAULT NULL',
	'id bigint, slug text, name text, abbreviation text, sport text, league_id bigint, city text, country text, logo_url text, stadium_name text, stadium_capacity integer, created_at timestamptz, updated_at timestamptz, followers_count bigint',
	'l.id, l.slug, l.name, l.abbreviation, l.sport, l.league_id, l.city, l.country, l.logo_url, l.stadium_name, l.stadium_capacity, l.created_at, l.updated_at, l.followers_count',
	'social.visible_teams l WHERE ($1 IS NULL OR l.league_id = $1) AND ($2 IS NULL OR lower(l.sport) = lower($2))', '{l.id}',
	'Teams, of a league and of a sport where these are given, in the order in which they came. Rosters and schedules are in visible_teams. SM400 for a bad page size or cursor.',
	newest_first => false);
SELECT social.make_list('athletes', 'with_team_id bigint DEFAULT NULL, with_sport text DEFAULT NULL',
	'id bigint, slug text, name text, first_name text, last_name text, "position" text, team_id bigint, sport text, photo_url text, created_at timestamptz, updated_at timestamptz, followers_count bigint',
	'l.id, l.slug, l.name, l.first_name, l.last_name, l.position, l.team_id, l.sport, l.photo_url, l.created_at, l.updated_at, l.followers_count',
	'social.visible_athletes l WHERE ($1 IS NULL OR l.team_id = $1) AND ($2 IS NULL OR lower(l.sport) = lower($2))', '{l.id}',
	'Athletes, of a team and of a sport where these are given, in the order in which they came. Career and achievements are in visible_athletes. SM400 for a bad page size or cursor.',
	newest_first => false);
-- Planned anew each time: which index holds a page depends on what is asked for.
ALTER FUNCTION social.leagues(text, text, integer, text, text) SET plan_cache_mode = force_custom_plan;
ALTER FUNCTION social.teams(bigint, text, integer, text, text) SET plan_cache_mode = force_custom_plan;
ALTER FUNCTION social.athletes(bigint, text, integer, text, text) SET plan_cache_mode = force_custom_plan;

CREATE OR REPLACE FUNCTION social.check_sport_kind(kind text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $1 NOT IN ('league', 'team', 'athlete') THEN
		PERFORM social.raise_error('SM400', 'invalid kind', 'It is league, team, athlete, or null for all.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_sport_kind(text) IS 'Raises SM400 for what is no kind of subject; null is all.';

-- As search_users finds people.
CREATE OR REPLACE FUNCTION social.search_sports(query text, with_kind text DEFAULT NULL, first integer DEFAULT 20, after text DEFAULT NULL)
	RETURNS TABLE (id bigint, kind text, slug text, name text, sport text, followers_count bigint, cursor text, has_more boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	typed text := social.typed_name(query, '@');
	page_size integer := social.page_size(first);
	every integer[] := social.name_trigrams(typed, NULL);
	one integer[] := CASE WHEN char_length(typed) < 3 THEN '{}' WHEN char_length(typed) < 5 THEN every ELSE social.typed_trigrams(typed, false) END;
	other integer[] := CASE WHEN char_length(typed) < 5 THEN one ELSE social.typed_trigrams(typed, true) END;
	last_key bigint := 9223372036854775807;
	last_id bigint := 0;
BEGIN
	PERFORM social.check_sport_kind($2);
	IF after IS NOT NULL THEN
		SELECT c.key, c.id INTO last_key, last_id FROM social.cursor_decode('search_sports', after) c;
	END IF;
	RETURN QUERY
	WITH sure AS MATERIALIZED (
		SELECT s.id, s.name FROM social.sport_subjects s
		WHERE social.name_trigrams(s.name, NULL) @> every AND every <> '{}' AND ($2 IS NULL OR s.kind = $2) LIMIT 2000
	), candidates AS (
		SELECT * FROM sure
		UNION
		(SELECT s.id, s.name FROM social.sport_subjects s
			WHERE (SELECT count(*) FROM sure) < 100 AND social.name_trigrams(s.name, NULL) && one AND social.name_trigrams(s.name, NULL) && other
				AND ($2 IS NULL OR s.kind = $2) LIMIT 5000)
	), scored AS MATERIALIZED (
		SELECT c.id, social.name_score(typed, c.name)::bigint AS score FROM candidates c
	), best AS MATERIALIZED (
		SELECT b.id, b.score FROM scored b WHERE b.score > 0 AND b.score <= last_key ORDER BY b.score DESC, b.id LIMIT 500
	)
	SELECT v.id, v.kind, v.slug, v.name, v.sport, v.followers_count, social.cursor_encode('search_sports', b.score, b.id), count(*) OVER () > page_size
	FROM best b JOIN social.visible_sport_subjects v ON v.id = b.id
	WHERE b.score < last_key OR (b.score = last_key AND b.id > last_id)
	ORDER BY b.score DESC, b.id LIMIT page_size;
END
$$;
COMMENT ON FUNCTION social.search_sports(text, text, integer, text) IS 'Leagues, teams and athletes (or those of one kind) whose name, or a word of it, is or begins with what was typed, but for typing errors as in search_users; best first. Among bounded candidates: beginnings of one or two letters do not reach every name. Pages go one way. SM400 for an empty or over-long query, an unknown kind, a bad page size or cursor.';

-- ---- following ---------------------------------------------------------------------------------------

-- Following is one's own business: nobody is told, and how many do is all that others see.
CREATE OR REPLACE FUNCTION social.follow_subject(subject_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_writer();
BEGIN
	PERFORM FROM social.sport_subjects s WHERE s.id = $1 FOR KEY SHARE;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'league, team or athlete not found');
	ELSIF (SELECT count(*) FROM social.sport_follows f WHERE f.user_id = viewer AND f.subject_id <> $1) >= 2000 THEN
		PERFORM social.raise_error('SM409', 'you follow too many leagues, teams and athletes', 'The limit is 2000.');
	END IF;
	INSERT INTO social.sport_follows AS f (user_id, subject_id) VALUES (viewer, $1) ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.follow_subject(bigint) IS 'The viewer follows a league, team or athlete: posts about it stand in the home feed, and streams about it among those of whom the viewer follows. Again is harmless. Returns its id. SM401 when nobody acts, SM404 for an unknown id, SM409 beyond 2,000.';

CREATE OR REPLACE FUNCTION social.unfollow_subject(subject_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
BEGIN
	DELETE FROM social.sport_follows f WHERE f.user_id = viewer AND f.subject_id = $1;
	IF NOT FOUND AND NOT EXISTS (SELECT FROM social.sport_subjects s WHERE s.id = $1) THEN
		PERFORM social.raise_error('SM404', 'league, team or athlete not found');
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.unfollow_subject(bigint) IS 'The viewer no longer follows a league, team or athlete; again is harmless. Returns its id. SM401 when nobody acts, SM404 for an unknown id.';

SELECT social.make_list('followed_subjects', 'with_kind text DEFAULT NULL',
	'id bigint, kind text, slug text, name text, sport text, followers_count bigint, followed_at timestamptz',
	's.id, s.kind, s.slug, s.name, s.sport, s.followers_count, f.created_at',
	'social.own_sport_follows f JOIN social.visible_sport_subjects s ON s.id = f.subject_id WHERE ($1 IS NULL OR s.kind = $1)', '{f.created_at, f.subject_id}',
	'Which leagues, teams and athletes the viewer follows, or those of one kind, the latest first. SM401 when nobody acts; SM400 for an unknown kind, a bad page size or cursor.',
	checks => $$
	PERFORM social.check_sport_kind($1);
	$$,
	is_own => true);

-- ---- posts about them --------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.post_subject_position() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.post_subjects s SET position = NEW.position WHERE s.post_id = NEW.id;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.post_subject_position() IS 'Row trigger: a post that is published, taken back, deleted or restored enters or leaves the pages of what it is about.';
CREATE OR REPLACE TRIGGER social_post_subject_position AFTER UPDATE ON social.posts
	FOR EACH ROW WHEN (OLD.position IS DISTINCT FROM NEW.position AND NOT social.is_restoring()) EXECUTE FUNCTION social.post_subject_position();

CREATE OR REPLACE FUNCTION social.post_subject_drift() RETURNS TABLE (counter text, object_id bigint, stored bigint, actual bigint)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT 'post_subjects.position', s.post_id, min(s.position), p.position
	FROM social.post_subjects s JOIN social.posts p ON p.id = s.post_id WHERE s.position IS DISTINCT FROM p.position GROUP BY s.post_id, p.position;
END
$$;
COMMENT ON FUNCTION social.post_subject_drift() IS 'Posts that do not stand on the pages of what they are about where they stand otherwise, as after a load without triggers; reconcile(true) puts that right.';

CREATE OR REPLACE FUNCTION social.hold_subjects(what text, subject_ids bigint[]) RETURNS bigint[]
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted bigint[] := ARRAY(SELECT DISTINCT i FROM unnest($2) i ORDER BY i);
BEGIN
	IF cardinality(wanted) > 5 THEN
		PERFORM social.raise_error('SM400', what || ' has too many subjects', 'The limit is 5.');
	ELSIF cardinality(wanted) <> (SELECT count(*) FROM (SELECT FROM social.sport_subjects s WHERE s.id = ANY (wanted) ORDER BY s.id FOR KEY SHARE) held) THEN
		PERFORM social.raise_error('SM404', 'league, team or athlete not found');
	END IF;
	RETURN wanted;
END
$$;
COMMENT ON FUNCTION social.hold_subjects(text, bigint[]) IS 'What a post or a stream is about: each once, in order of id, held until the end of the transaction. SM404 for an unknown one, SM400 for more than five.';

CREATE OR REPLACE FUNCTION social.set_post_subjects(post_id bigint, subject_ids bigint[]) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	wanted bigint[];
	place bigint;
BEGIN
	IF $2 IS NULL THEN
		RETURN $1;
	END IF;
	PERFORM social.require_own_post($1);
	SELECT p.position INTO place FROM social.posts p WHERE p.id = $1 FOR NO KEY UPDATE;
	wanted := social.hold_subjects('a post', $2);
	DELETE FROM social.post_subjects s WHERE s.post_id = $1 AND s.subject_id <> ALL (wanted);
	INSERT INTO social.post_subjects (post_id, subject_id, position) SELECT $1, i, place FROM unnest(wanted) i ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.set_post_subjects(bigint, bigint[]) IS 'The viewer says which leagues, teams and athletes an own post is about: these, and no others any more; null leaves what there is. Returns the post''s id. SM401, SM404 for an unknown post or subject, SM403 for somebody else''s post, SM400 for more than five.';

CREATE OR REPLACE VIEW social.visible_post_subjects AS
SELECT l.post_id, s.id, s.kind, s.slug, s.name, s.sport, s.followers_count
FROM social.post_subjects l JOIN social.visible_sport_subjects s ON s.id = l.subject_id
WHERE EXISTS (SELECT FROM social.visible_posts p WHERE p.id = l.post_id);
COMMENT ON VIEW social.visible_post_subjects IS 'What posts that the viewer may see are about: leagues, teams and athletes (id).';

SELECT social.make_list('subject_posts', 'subject_id bigint',
	'social.visible_posts', 'p.*',
	'social.post_subjects l JOIN social.listed_posts p ON p.id = l.post_id WHERE l.subject_id = $1', '{l.position}',
	'Posts that the viewer may see about a league, team or athlete, newest first, without those of people whom the viewer mutes. SM404 for an unknown one; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.sport_subjects s WHERE s.id = $1) THEN
		PERFORM social.raise_error('SM404', 'league, team or athlete not found');
	END IF;
	$$,
	is_definer => true);

-- ---- streams about them ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.set_stream_subjects(stream_id bigint, subject_ids bigint[]) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	wanted bigint[];
BEGIN
	IF $2 IS NULL THEN
		RETURN $1;
	END IF;
	PERFORM social.require_own_stream($1);
	wanted := social.hold_subjects('a stream', $2);
	DELETE FROM social.stream_subjects s WHERE s.stream_id = $1 AND s.subject_id <> ALL (wanted);
	INSERT INTO social.stream_subjects (stream_id, subject_id) SELECT $1, i FROM unnest(wanted) i ON CONFLICT DO NOTHING;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.set_stream_subjects(bigint, bigint[]) IS 'The host says which leagues, teams and athletes a stream is about: these, and no others any more; null leaves what there is. Returns the stream''s id. SM401, SM404 and SM403 as require_own_stream; SM404 for an unknown subject, SM400 for more than five.';

CREATE OR REPLACE VIEW social.visible_stream_subjects AS
SELECT l.stream_id, s.id, s.kind, s.slug, s.name, s.sport, s.followers_count
FROM social.stream_subjects l JOIN social.visible_sport_subjects s ON s.id = l.subject_id
WHERE EXISTS (SELECT FROM social.visible_streams v WHERE v.id = l.stream_id);
COMMENT ON VIEW social.visible_stream_subjects IS 'What streams that the viewer may see are about: leagues, teams and athletes (id).';

SELECT social.make_list('subject_streams', 'subject_id bigint', 'social.visible_streams', 's.*',
	'social.stream_subjects l JOIN social.listed_streams s ON s.id = l.stream_id WHERE l.subject_id = $1', '{l.stream_id}',
	'Streams that the viewer may see about a league, team or athlete, newest first, those that have ended too, without those of people whom the viewer mutes. SM404 for an unknown one; SM400 for a bad page size or cursor.',
	checks => $$
	IF NOT EXISTS (SELECT FROM social.sport_subjects s WHERE s.id = $1) THEN
		PERFORM social.raise_error('SM404', 'league, team or athlete not found');
	END IF;
	$$,
	is_definer => true);
