-- database.sql owns what a database must be for the extension to be installed there. Who has one that is
-- not, from before this was looked at, is told by check().

DO $$
BEGIN
	IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'social needs a database in UTF8; this one is in %', pg_catalog.getdatabaseencoding() USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0';
	END IF;
	-- Names are the same in small letters and capitals; in Turkish, ADMIN and admin would be two.
	IF pg_catalog.lower('I') <> 'i' THEN
		RAISE EXCEPTION 'social needs a database in whose locale i is the small letter of I' USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'CREATE DATABASE ... LOCALE ''C.UTF-8'' TEMPLATE template0, for instance; what is shown can be ordered by another COLLATE.';
	END IF;
END
$$;
