-- content_rule.sql owns the rules and the filter that posts and comments pass when they are written.

CREATE OR REPLACE FUNCTION social.content_check() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_content_check';
COMMENT ON FUNCTION social.content_check() IS 'Row trigger: holds a text against social.content_rules and the function in social.content_filter; refuses it (SM422), or sets hidden_at.';

CREATE OR REPLACE FUNCTION social.content_report() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_content_report';
COMMENT ON FUNCTION social.content_report() IS 'Row trigger: files the report of a text that content_check flagged or hid.';

DO $$
DECLARE
	kind record;
BEGIN
	FOR kind IN SELECT * FROM (VALUES ('posts', 'title, content'), ('comments', 'content'), ('streams', 'title, description'), ('stream_chat_messages', 'content')) AS k (name, columns)
	LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER social_content_check BEFORE INSERT OR UPDATE OF %s ON social.%I FOR EACH ROW EXECUTE FUNCTION social.content_check()', kind.columns, kind.name);
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER social_content_report AFTER INSERT OR UPDATE OF %s ON social.%I FOR EACH ROW EXECUTE FUNCTION social.content_report()', kind.columns, kind.name);
	END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION social.content_rules_changed() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_content_rules_changed';
COMMENT ON FUNCTION social.content_rules_changed() IS 'Statement trigger: tells every session to read the rules anew.';
CREATE OR REPLACE TRIGGER social_content_rules_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON social.content_rules
	FOR EACH STATEMENT EXECUTE FUNCTION social.content_rules_changed();

-- Staff may keep the rules through a client; so may whoever owns the database, acting as nobody.
CREATE OR REPLACE FUNCTION social.require_rule_keeper() RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF social.viewer_id() IS NOT NULL OR NOT pg_has_role(session_user, (SELECT e.extowner FROM pg_extension e WHERE e.extname = 'social'), 'MEMBER') THEN
		PERFORM social.require_staff(), social.require_scope('admin:write');
	END IF;
END
$$;
COMMENT ON FUNCTION social.require_rule_keeper() IS 'Raises SM401 or SM403 unless staff act, or nobody acts in a session of the extension''s owner.';

CREATE OR REPLACE VIEW social.visible_content_rules AS
SELECT r.id, r.kind, r.pattern, r.action, r.created_at FROM social.content_rules r WHERE (SELECT social.viewer_is_staff());
COMMENT ON VIEW social.visible_content_rules IS 'Words and hosts that posts and comments may not carry, and what happens to those that do, for staff.';

SELECT social.make_list('content_rules', '',
	'social.visible_content_rules',
	'r.*',
	'social.visible_content_rules r WHERE true', '{r.id}',
	'Content rules, newest first, for staff. SM401 when nobody acts, SM403 for others than staff; SM400 for a bad page size or cursor.',
	checks => $$
	PERFORM social.require_staff();
	$$);

CREATE OR REPLACE FUNCTION social.add_content_rule(kind text, pattern text, action text DEFAULT 'reject') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	folded text := btrim(social.hashtag_key(btrim($2)));
	rule bigint;
BEGIN
	PERFORM social.require_rule_keeper();
	IF kind = 'link' THEN
		folded := rtrim(regexp_replace(regexp_replace(folded, '^[a-z][a-z0-9+.-]*://', ''), '^([^/?#]*@)?([^/?#:]*).*$', '\2'), '.');
	END IF;
	IF kind IS NULL OR kind NOT IN ('word', 'link') THEN
		PERFORM social.raise_error('SM400', 'invalid kind', 'It is word or link.');
	ELSIF action IS NULL OR action NOT IN ('reject', 'hide', 'flag') THEN
		PERFORM social.raise_error('SM400', 'invalid action', 'It is reject, hide or flag.');
	ELSIF length(folded) > 253 THEN
		PERFORM social.raise_error('SM400', 'pattern is too long', 'The limit is 253 characters.');
	END IF;
	PERFORM social.check_text('pattern', folded, true, true);
	INSERT INTO social.content_rules AS r (kind, pattern, action) VALUES ($1, folded, $3)
	ON CONFLICT ON CONSTRAINT content_rules_key DO UPDATE SET action = EXCLUDED.action
	RETURNING r.id INTO rule;
	PERFORM social.audit('add_content_rule', 'content_rule', rule, jsonb_build_object('kind', kind, 'pattern', folded, 'action', action));
	RETURN rule;
END
$$;
COMMENT ON FUNCTION social.add_content_rule(text, text, text) IS 'From now on, posts and comments with this word (whole, in any case or width) or with a link to this host (or below it) are refused, hidden, or flagged with a report. A rule that exists gets the new action. For staff, and for the database''s owner. Returns the rule''s id. SM403 for others, SM400 for an unknown kind or action, or a pattern that is empty or over 253 characters.';

CREATE OR REPLACE FUNCTION social.remove_content_rule(id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	removed social.content_rules;
BEGIN
	PERFORM social.require_rule_keeper();
	DELETE FROM social.content_rules r WHERE r.id = $1 RETURNING * INTO removed;
	IF removed.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'content rule not found');
	END IF;
	PERFORM social.audit('remove_content_rule', 'content_rule', $1, jsonb_build_object('kind', removed.kind, 'pattern', removed.pattern, 'action', removed.action));
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.remove_content_rule(bigint) IS 'Takes a rule back; texts written meanwhile stay as they are. For staff, and for the database''s owner. Returns the rule''s id. SM403 for others, SM404 for an unknown rule.';
