-- consent.sql owns what people agree to: the documents, which are the operator's rows, and what each
-- person has said of them (seed 166).

-- ---- documents -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.set_consent_document(document text, version text, title text DEFAULT '', url text DEFAULT '', is_required boolean DEFAULT false,
		published_at timestamptz DEFAULT now()) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $1 IS NULL OR $1 !~ '^[a-z][a-z0-9_-]{0,49}$' THEN
		PERFORM social.raise_error('SM400', 'invalid document', 'It is a word of letters a-z, digits, _ and -, of 50 at most.');
	ELSIF length($2) > 50 OR length($3) > 200 OR length($4) > 500 THEN
		PERFORM social.raise_error('SM400', 'too long', 'A version has 50 characters at most, a title 200, an address 500.');
	END IF;
	PERFORM social.check_text('version', $2, true, true), social.check_text('title', $3, true, false);
	PERFORM social.check_url('url', $4, true);
	INSERT INTO social.consent_documents AS d (document, version, title, url, is_required, published_at)
	VALUES ($1, $2, coalesce($3, ''), coalesce($4, ''), coalesce($5, false), coalesce($6, now()))
	ON CONFLICT ON CONSTRAINT consent_documents_pkey DO UPDATE
	SET title = EXCLUDED.title, url = EXCLUDED.url, is_required = EXCLUDED.is_required, published_at = EXCLUDED.published_at;
	PERFORM social.audit('set_consent_document', 'consent_document', NULL, jsonb_build_object('document', $1, 'version', $2, 'is_required', $5));
END
$$;
COMMENT ON FUNCTION social.set_consent_document(text, text, text, text, boolean, timestamptz) IS 'Adds a version of a document that people are asked to agree to, or changes what is said of it. Of each document the version published last holds, from its time on; where it is required, whoever has agreed to an earlier one alone is asked anew. SM400 for what is malformed.';

CREATE OR REPLACE FUNCTION social.remove_consent_document(document text, version text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM social.consents c WHERE c.document = $1 AND c.version = $2) THEN
		PERFORM social.raise_error('SM409', 'somebody has said something of this version', 'What they agreed to must be known.');
	END IF;
	DELETE FROM social.consent_documents d WHERE d.document = $1 AND d.version = $2;
	IF NOT FOUND THEN
		PERFORM social.raise_error('SM404', 'document not found');
	END IF;
	PERFORM social.audit('remove_consent_document', 'consent_document', NULL, jsonb_build_object('document', $1, 'version', $2));
END
$$;
COMMENT ON FUNCTION social.remove_consent_document(text, text) IS 'Removes a version of a document that nobody has said anything of. SM404 for an unknown one, SM409 where somebody has.';

-- ---- what a person says --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.say_consent(document text, version text, is_given boolean, source text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	present social.consents;
	said bigint;
BEGIN
	-- One after the other: the newest row says what holds.
	PERFORM FROM social.users u WHERE u.id = viewer FOR NO KEY UPDATE;
	SELECT c.* INTO present FROM social.consents c WHERE c.user_id = viewer AND c.document = $1 ORDER BY c.id DESC LIMIT 1;
	IF present.is_given = $3 AND (present.version = $2 OR NOT $3) THEN
		RETURN present.id;
	END IF;
	INSERT INTO social.consents (user_id, document, version, is_given, source, address)
	VALUES (viewer, $1, $2, $3, left(coalesce($4, 'sql'), 50), left(social.client_address(), 100)) RETURNING id INTO said;
	RETURN said;
END
$$;
COMMENT ON FUNCTION social.say_consent(text, text, boolean, text) IS 'Adds what the viewer says of a version, unless that is what holds already; returns the row''s id.';

CREATE OR REPLACE FUNCTION social.give_consent(document text, version text DEFAULT NULL, source text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present text := (SELECT d.version FROM social.consent_documents d WHERE d.document = $1 AND d.published_at <= now()
		ORDER BY d.published_at DESC, d.version DESC LIMIT 1);
BEGIN
	PERFORM social.require_login();
	IF present IS NULL THEN
		PERFORM social.raise_error('SM404', 'document not found');
	ELSIF $2 <> present THEN
		PERFORM social.raise_error('SM409', 'another version holds', format('It is %s.', present), 'Read that one, and agree to it.');
	END IF;
	RETURN social.say_consent($1, present, true, $3);
END
$$;
COMMENT ON FUNCTION social.give_consent(text, text, text) IS 'The viewer agrees to the version of a document that holds, which version names where it is given; may be repeated. Returns the id of what was said. SM401 when nobody acts, SM403 where an API key does, SM404 for an unknown document, SM409 where another version holds by now.';

CREATE OR REPLACE FUNCTION social.withdraw_consent(document text, source text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	given text := (SELECT c.version FROM social.consents c WHERE c.user_id = viewer AND c.document = $1 ORDER BY c.id DESC LIMIT 1);
BEGIN
	IF given IS NULL THEN
		PERFORM social.raise_error('SM404', 'there is no consent to withdraw');
	END IF;
	RETURN social.say_consent($1, given, false, $2);
END
$$;
COMMENT ON FUNCTION social.withdraw_consent(text, text) IS 'The viewer takes back what was agreed to, whatever the version; may be repeated. Returns the id of what was said. SM401 when nobody acts, SM403 where an API key does, SM404 where nothing was ever agreed to.';

CREATE OR REPLACE FUNCTION social.consents(OUT document text, OUT version text, OUT title text, OUT url text, OUT is_required boolean, OUT published_at timestamptz,
		OUT is_given boolean, OUT is_missing boolean, OUT said_version text, OUT said_at timestamptz)
	RETURNS SETOF record
	LANGUAGE plpgsql STABLE ROWS 5 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
BEGIN
	RETURN QUERY
	SELECT d.document, d.version, d.title, d.url, d.is_required, d.published_at,
		coalesce(c.is_given AND c.version = d.version, false), d.is_required AND NOT coalesce(c.is_given AND c.version = d.version, false), c.version, c.created_at
	FROM (
		SELECT DISTINCT ON (h.document) h.* FROM social.consent_documents h WHERE h.published_at <= now()
		ORDER BY h.document, h.published_at DESC, h.version DESC
	) d
	LEFT JOIN LATERAL (
		SELECT s.* FROM social.consents s WHERE s.user_id = viewer AND s.document = d.document ORDER BY s.id DESC LIMIT 1
	) c ON true
	ORDER BY d.document;
END
$$;
COMMENT ON FUNCTION social.consents() IS 'Each document with the version that holds, and what the viewer says of it: is_given is about that very version; is_missing, it is required and not given; said_version and said_at are of what was said last. SM401 when nobody acts, SM403 where an API key does.';

SELECT social.make_list('consent_history', '',
	'id bigint, document text, version text, is_given boolean, source text, address text, created_at timestamptz',
	'c.id, c.document, c.version, c.is_given, c.source, c.address, c.created_at',
	'social.consents c WHERE c.user_id = viewer', '{c.id}',
	'What the viewer has agreed to and taken back, newest first: which version, when, where, and from which network address, until retention takes that. SM401 when nobody acts, SM403 where an API key does; SM400 for a bad page size or cursor.',
	checks => 'PERFORM social.require_login();', is_own => true, is_definer => true);

CREATE OR REPLACE VIEW social.admin_consents AS
SELECT c.id, c.user_id, u.username, c.document, c.version, c.is_given, c.source, c.address, c.created_at,
	c.id = (SELECT max(l.id) FROM social.consents l WHERE l.user_id = c.user_id AND l.document = c.document) AS holds
FROM social.consents c JOIN social.users u ON u.id = c.user_id;
COMMENT ON VIEW social.admin_consents IS 'What people have agreed to and taken back; holds marks the last that a person has said of a document.';

CREATE OR REPLACE VIEW social.admin_consent_documents AS
SELECT d.document, d.version, d.title, d.url, d.is_required, d.published_at,
	d.version = (SELECT l.version FROM social.consent_documents l WHERE l.document = d.document AND l.published_at <= now()
		ORDER BY l.published_at DESC, l.version DESC LIMIT 1) AS holds, d.created_at
FROM social.consent_documents d;
COMMENT ON VIEW social.admin_consent_documents IS 'What people are asked to agree to; holds marks the version of each document that they are asked for now.';
