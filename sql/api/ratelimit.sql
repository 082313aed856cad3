-- ratelimit.sql owns rate limits: what holds, changing it, taking from it, looking at it.
-- The default policies are the table in extension/core/ratelimit_policy.c, because the bridge needs them too.

CREATE OR REPLACE FUNCTION social.take_rate_limit(
	action text, user_id bigint DEFAULT NULL, session_id bigint DEFAULT NULL, address text DEFAULT NULL,
	account text DEFAULT NULL, rates text DEFAULT NULL, surface text DEFAULT 'rest')
	RETURNS text
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'social_take_rate_limit';
COMMENT ON FUNCTION social.take_rate_limit(text, bigint, bigint, text, text, text, text) IS 'Counts one request in every window of social.rate_limit_policy that it meets, or in none. The action is counted by the policies of every surface, and refused by those of its own: post_creation, or several of them ("search*50,feed_access" is 50 of one and 1 of another, for one request). Returns the tightest window that may refuse as "limit remaining reset window retry_after" (reset in Unix time, all in seconds), null when nothing limits it. rates ("10/hour") replaces those of the first policy that may refuse, or ("action=rates;…") those of each action''s first policy that is not of graphql or auth. SM429 when the request is one too many, with the same figures as the error''s constraint name; SM400 for a malformed address or rates. In a table it needs a transaction that may write, and is given back if that fails.';

CREATE OR REPLACE FUNCTION social.take_login_limit(user_id bigint, name text, address text) RETURNS boolean
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'social_take_login_limit';
COMMENT ON FUNCTION social.take_login_limit(bigint, text, text) IS 'Counts a try to log in to an account (null: to none, by this name) from a network address in the windows of the policy auth/login/account, apart from what a bridge counts by the name that was typed. False when it is one too many; it tells nobody. True where nothing is limited, and without an address.';

CREATE OR REPLACE FUNCTION social.rate_limit_status(
	user_id bigint DEFAULT NULL, session_id bigint DEFAULT NULL, address text DEFAULT NULL, rates text DEFAULT NULL,
	OUT surface text, OUT action text, OUT subject text, OUT "limit" integer, OUT remaining integer,
	OUT reset bigint, OUT window_seconds integer, OUT retry_after bigint)
	RETURNS SETOF record
	LANGUAGE c STABLE ROWS 20 AS 'MODULE_PATHNAME', 'social_rate_limit_status';
COMMENT ON FUNCTION social.rate_limit_status(bigint, bigint, text, text) IS 'Every window that a request of this caller could meet, with what is left in it, when it is whole again (Unix time), and how many seconds until a request fits (0: now). Takes nothing. rates are a bridge''s own, as "action=rates" separated by semicolons. No rows where social.rate_limits is off.';

CREATE OR REPLACE FUNCTION social.rate_limit_policies(
	OUT surface text, OUT action text, OUT subject text, OUT rate text, OUT "limit" integer,
	OUT window_seconds integer, OUT source text)
	RETURNS SETOF record
	LANGUAGE c STABLE ROWS 30 AS 'MODULE_PATHNAME', 'social_rate_limit_policies';
COMMENT ON FUNCTION social.rate_limit_policies() IS 'The rows of social.rate_limit_policy.';

CREATE OR REPLACE VIEW social.rate_limit_policy AS
SELECT p.surface, p.action, p.subject, p.rate, p."limit", p.window_seconds, p.source
FROM social.rate_limit_policies() p;
COMMENT ON VIEW social.rate_limit_policy IS 'The rate limits in force, one row for each window: where (surface, * = everywhere; an action of one surface is counted by the policies of the others too), for what (action; global, user and anon hold for every request of the surface), whose requests count together (subject), how many in how long (rate null: no limit), and whether that is the default or an override.';

CREATE OR REPLACE FUNCTION social.check_rates(rates text) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_check_rates';
COMMENT ON FUNCTION social.check_rates(text) IS 'Is the text a list of rates (n/second, n/minute, n/hour, n/day, each once, separated by commas), or off?';

CREATE OR REPLACE FUNCTION social.rate_limit_store() RETURNS text
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'social_rate_limit_store';
COMMENT ON FUNCTION social.rate_limit_store() IS 'Where this session counts requests: memory, table, or off.';

CREATE OR REPLACE FUNCTION social.rate_limit_memory(OUT entries bigint, OUT live bigint, OUT evicted bigint)
	RETURNS record
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'social_rate_limit_memory';
COMMENT ON FUNCTION social.rate_limit_memory() IS 'The limiter''s shared memory: how many windows it can keep (social.rate_limit_entries; 0 where nothing is preloaded), how many are in use in all databases, and how many had to be given up before their time since the server started.';

CREATE OR REPLACE FUNCTION social.set_rate_limit(surface text, action text, subject text, rates text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(surface, '') = '' OR length(surface) >= 16 OR coalesce(action, '') = '' OR length(action) >= 48 OR action ~ '[,*=;]' THEN
		PERFORM social.raise_error('SM400', 'invalid surface or action', 'Each is a word, of at most 15 and 47 characters, the action without , * = and ;.');
	ELSIF subject IS NULL OR subject NOT IN ('user', 'anonymous', 'client', 'address', 'session', 'account', 'key') THEN
		PERFORM social.raise_error('SM400', 'invalid subject', 'It is user, anonymous, client, address, session, account or key.');
	ELSIF NOT social.check_rates(rates) THEN
		PERFORM social.raise_error('SM400', 'invalid rates', format('"%s" is no list of rates.', left(rates, 100)),
			'Write them as n/second, n/minute, n/hour or n/day, separated by commas, or off; null for the default.');
	END IF;
	IF rates IS NULL THEN
		DELETE FROM social.rate_limit_overrides o WHERE o.surface = $1 AND o.action = $2 AND o.subject = $3;
	ELSE
		INSERT INTO social.rate_limit_overrides AS o (surface, action, subject, rates) VALUES ($1, $2, $3, $4)
		ON CONFLICT ON CONSTRAINT rate_limit_overrides_pkey DO UPDATE SET rates = EXCLUDED.rates, changed_at = now();
	END IF;
	PERFORM social.audit('set_rate_limit', 'rate_limit', NULL,
		jsonb_build_object('surface', surface, 'action', action, 'subject', subject, 'rates', rates));
END
$$;
COMMENT ON FUNCTION social.set_rate_limit(text, text, text, text) IS 'Puts rates ("10/hour,60/minute"; off: no limit; null: the default again) in the place of a policy of social.rate_limit_policy, or adds a policy. Every session obeys at its next transaction, every bridge within a minute. SM400 for what is malformed.';

CREATE OR REPLACE FUNCTION social.rate_limits_changed() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'social_rate_limits_changed';
COMMENT ON FUNCTION social.rate_limits_changed() IS 'Trigger: sessions read the overrides again.';
CREATE OR REPLACE TRIGGER rate_limit_overrides_changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON social.rate_limit_overrides
	FOR EACH STATEMENT EXECUTE FUNCTION social.rate_limits_changed();

CREATE OR REPLACE FUNCTION social.rate_limit_config() RETURNS json
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN json_build_object(
		'store', social.rate_limit_store(),
		'strict', social.setting('rate_limits_strict')::boolean,
		'overrides', (
			SELECT coalesce(json_agg(json_build_object('surface', o.surface, 'action', o.action, 'subject', o.subject, 'rates', o.rates)
				ORDER BY o.surface, o.action, o.subject), '[]')
			FROM social.rate_limit_overrides o));
END
$$;
COMMENT ON FUNCTION social.rate_limit_config() IS 'What a bridge must know to limit by itself: the store of its sessions, and what the operator changed. Part of bridge_config().';
