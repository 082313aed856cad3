-- webhook.sql owns the doors for webhooks: what came is logged, good or bad, and what is from whom it says is
-- applied. Whether it is, the bridge knows, which has the secrets and the bytes (bridge/api/webhook.c).

CREATE OR REPLACE FUNCTION social.verify_webhook_signature(header text, body bytea, secret text, at timestamptz DEFAULT clock_timestamp(), tolerance integer DEFAULT 300) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_webhook_signature_sql';
COMMENT ON FUNCTION social.verify_webhook_signature(text, bytea, text, timestamptz, integer) IS 'Whether a webhook is from whom it says: a header "t=<seconds>,v1=<hex>" signs the body, as it came, with the secret, not longer ago than so many seconds (seed 142, 143). Returns ok, or missing, malformed, bad_signature, too_old, too_new, failure.';

CREATE OR REPLACE FUNCTION social.receive_webhook(provider text, verdict text, address text, size integer, signed_at bigint DEFAULT 0, body text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	event jsonb;
	outcome text := $2;
BEGIN
	IF $2 = 'ok' THEN
		BEGIN
			event := $6::jsonb;
			IF jsonb_typeof(event -> 'data') IS DISTINCT FROM 'object' OR jsonb_typeof(event -> 'id') IS DISTINCT FROM 'string' OR jsonb_typeof(event -> 'type') IS DISTINCT FROM 'string' THEN
				outcome := 'bad_body';
			ELSE
				outcome := social.mux_event(event);
			END IF;
		EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
			outcome := 'bad_body';
		WHEN SQLSTATE 'SM400' THEN
			-- It is from Mux, and nothing that anybody could do anything with: not to be sent again.
			outcome := 'ignored';
		END;
	END IF;
	INSERT INTO social.webhook_attempts (provider, outcome, is_refused, address, size, signed_at, event_id, kind)
	VALUES ($1, outcome, $2 <> 'ok' OR outcome = 'bad_body', left(coalesce($3, ''), 45), $4, CASE WHEN $5 BETWEEN 1 AND 100000000000 THEN to_timestamp($5) END,
		coalesce(left(event ->> 'id', 200), ''), coalesce(left(event ->> 'type', 200), ''));
	RETURN outcome;
END
$$;
COMMENT ON FUNCTION social.receive_webhook(text, text, text, integer, bigint, text) IS 'A webhook of a provider (mux) came to a bridge, whose verdict on it is ok, or why it is refused; from an address, so many bytes long, signed at that time (seconds since 1970), with this body where it is good. Logs it, applies it, and returns the outcome: the verdict, bad_body, or what stream_event returns; ignored also for what is no event. For bridges.';

CREATE OR REPLACE VIEW social.admin_webhook_attempts AS
SELECT a.id, a.provider, a.outcome, a.is_refused, a.address, a.size, a.signed_at, a.event_id, a.kind, a.received_at
FROM social.webhook_attempts a;
COMMENT ON VIEW social.admin_webhook_attempts IS 'Webhooks that came, and what became of them.';

CREATE OR REPLACE FUNCTION social.check_webhooks() RETURNS TABLE (name text, status text, detail text, hint text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT 'webhooks', CASE WHEN count(*) > 0 THEN 'warning' ELSE 'ok' END,
		CASE WHEN count(*) = 0 THEN 'none was refused within an hour'
			ELSE format('%s refused within an hour, the last one at %s: %s', CASE WHEN count(*) = 1000 THEN '1000 and more were' ELSE count(*)::text END, max(r.received_at)::timestamptz(0), (array_agg(r.outcome ORDER BY r.received_at DESC))[1]) END,
		CASE WHEN count(*) = 0 THEN '' ELSE 'Is MUX_WEBHOOK_SECRET that of the endpoint at Mux? SELECT * FROM social.admin_webhook_attempts tells from where they came.' END
	FROM (SELECT a.received_at, a.outcome FROM social.webhook_attempts a WHERE a.is_refused AND a.received_at > now() - interval '1 hour' ORDER BY a.received_at DESC LIMIT 1000) r
$$;
COMMENT ON FUNCTION social.check_webhooks() IS 'The part of check() about webhooks.';
