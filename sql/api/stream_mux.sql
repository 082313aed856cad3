-- stream_mux.sql owns streams that Mux takes in and sends out. What is to be said to Mux follows from what a stream
-- is and from what is known there (mux_streams): a job of kind mux asks mux_next_request() what comes next, sends it,
-- tells mux_answered() the answer, and so on until nothing is left. So a job that was broken off goes on where it was,
-- and one too many does nothing. What Mux says by itself comes as webhooks (webhook.sql). I-17: Mux makes the key; its
-- host takes it once (take_stream_key), and it stands nowhere afterwards.

-- ---- the account ---------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.ensure_mux_kind() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.job_kinds k WHERE k.kind = 'mux') THEN
		PERFORM social.set_job_kind('mux', queue => 'mux', priority => 2, max_attempts => 15, timeout => interval '5 minutes');
	END IF;
END
$$;
COMMENT ON FUNCTION social.ensure_mux_kind() IS 'Makes the kind of jobs about streams at Mux where there is none; what an operator has changed of it stays.';

CREATE OR REPLACE FUNCTION social.set_mux(is_default boolean DEFAULT NULL, signing_key_id text DEFAULT NULL, private_key text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	account social.mux_account;
	was social.mux_account;
BEGIN
	INSERT INTO social.mux_account AS a DEFAULT VALUES ON CONFLICT ON CONSTRAINT mux_account_pkey DO NOTHING;
	SELECT a.* INTO was FROM social.mux_account a FOR UPDATE;
	account := was;
	account.is_default := coalesce($1, was.is_default);
	account.signing_key_id := coalesce($2, was.signing_key_id);
	account.private_key := CASE WHEN $3 = '' THEN '' WHEN $3 IS NULL THEN was.private_key ELSE social.mux_private_key($3) END;
	IF account.signing_key_id !~ '^[!-~]{0,64}$' THEN
		PERFORM social.raise_error('SM400', 'invalid signing_key_id', 'It is what Mux calls the key: at most 64 visible ASCII characters.');
	ELSIF (account.signing_key_id = '') <> (account.private_key = '') THEN
		PERFORM social.raise_error('SM400', 'a signing key is an id and a key', '', 'Give both, or neither.');
	END IF;
	PERFORM social.ensure_mux_kind();
	IF account IS NOT DISTINCT FROM was THEN
		RETURN false;
	END IF;
	UPDATE social.mux_account a SET is_default = account.is_default, signing_key_id = account.signing_key_id, private_key = account.private_key, changed_at = now();
	PERFORM social.audit('set_mux', 'mux_account', NULL, jsonb_build_object('is_default', account.is_default, 'signing_key_id', account.signing_key_id));
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.set_mux(boolean, text, text) IS 'Says how streams go by Mux; null leaves what it is. is_default: new streams are Mux''s. signing_key_id and private_key (RSA, as PEM, or that in base64 as Mux gives it; empty: none) sign who may watch a private one. Bridges tell it from their settings. True if anything has changed. SM400 for what is no such key. Whoever logs statements logs the key: give it as a parameter.';

CREATE OR REPLACE FUNCTION social.mux_private_key(given text) RETURNS bytea
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	pem bytea;
BEGIN
	pem := CASE WHEN $1 ~ '^\s*-----BEGIN ' THEN convert_to($1, 'UTF8') ELSE decode($1, 'base64') END;
	pem := (SELECT r.private_key FROM social.read_jwt_key('RS256', pem) r);
	IF pem IS NULL THEN
		PERFORM social.raise_error('SM400', 'invalid private_key', 'It is a private key of RSA, as PEM, or that in base64.');
	END IF;
	RETURN pem;
EXCEPTION WHEN invalid_parameter_value OR data_exception OR SQLSTATE 'SM400' THEN
	PERFORM social.raise_error('SM400', 'invalid private_key', 'It is a private key of RSA, as PEM, or that in base64.');
END
$$;
COMMENT ON FUNCTION social.mux_private_key(text) IS 'The PEM of a key that is given as PEM, or as that in base64. SM400 for what is no private key of RSA.';

CREATE OR REPLACE FUNCTION social.new_stream_provider() RETURNS text
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN EXISTS (SELECT FROM social.mux_account a WHERE a.is_default) THEN 'mux' ELSE 'local' END
$$;
COMMENT ON FUNCTION social.new_stream_provider() IS 'Whose a new stream is: local or mux.';

-- ---- what a change of a stream asks of Mux ---------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.want_mux(stream_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.ensure_mux_kind(), social.enqueue_job('mux', jsonb_build_object('stream_id', $1), unique_key => 'stream ' || $1);
END
$$;
COMMENT ON FUNCTION social.want_mux(bigint) IS 'Asks for a job that says to Mux whatever is to be said of a stream.';

CREATE OR REPLACE FUNCTION social.delete_at_mux(paths text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.ensure_mux_kind(), social.enqueue_job('mux', jsonb_build_object('delete', to_jsonb(array_remove($1, NULL))));
END
$$;
COMMENT ON FUNCTION social.delete_at_mux(text[]) IS 'Asks for a job that deletes these things at Mux, by their paths.';

CREATE OR REPLACE FUNCTION social.stream_mux_key() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM social.mux_account a WHERE a.private_key <> '') THEN
		PERFORM social.raise_error('SM409', 'streams cannot be private here', 'Nothing signs who may watch one.', 'The operator sets MUX_SIGNING_KEY and MUX_PRIVATE_KEY.');
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION social.stream_mux_key() IS 'Row trigger: a private stream at Mux needs a key that signs. SM409 without.';
CREATE OR REPLACE TRIGGER social_stream_mux_key BEFORE INSERT OR UPDATE OF is_private ON social.streams
	FOR EACH ROW WHEN (NEW.provider = 'mux' AND NEW.is_private AND NOT social.is_restoring()) EXECUTE FUNCTION social.stream_mux_key();

CREATE OR REPLACE FUNCTION social.stream_mux_change() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO social.mux_streams (stream_id) VALUES (NEW.id);
	ELSIF NEW.status = 'ended' THEN
		UPDATE social.mux_streams m SET stream_key = NULL, key_is_due = false WHERE m.stream_id = NEW.id;
	END IF;
	PERFORM social.want_mux(NEW.id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.stream_mux_change() IS 'Row trigger: a stream of Mux''s that begins, ends, or is for others than before has a job say so there; with the end the key is gone (I-17).';
CREATE OR REPLACE TRIGGER social_stream_mux_made AFTER INSERT ON social.streams
	FOR EACH ROW WHEN (NEW.provider = 'mux' AND NOT social.is_restoring()) EXECUTE FUNCTION social.stream_mux_change();
CREATE OR REPLACE TRIGGER social_stream_mux_change AFTER UPDATE OF status, is_private ON social.streams
	FOR EACH ROW WHEN (NEW.provider = 'mux' AND (NEW.status = 'ended' AND OLD.status <> 'ended' OR NEW.is_private <> OLD.is_private) AND NOT social.is_restoring())
	EXECUTE FUNCTION social.stream_mux_change();

CREATE OR REPLACE FUNCTION social.stream_mux_gone() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.delete_at_mux(ARRAY[CASE TG_TABLE_NAME WHEN 'streams' THEN '/video/v1/live-streams/' || (to_jsonb(OLD) ->> 'provider_id') ELSE '/video/v1/assets/' || (to_jsonb(OLD) ->> 'asset_id') END]);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION social.stream_mux_gone() IS 'Row trigger: what goes here of a stream, it and its recording, a job deletes at Mux. An account that ends deletes what hangs on its streams before them.';
CREATE OR REPLACE TRIGGER social_stream_mux_gone AFTER DELETE ON social.streams
	FOR EACH ROW WHEN (OLD.provider = 'mux' AND OLD.provider_id IS NOT NULL AND NOT social.is_restoring()) EXECUTE FUNCTION social.stream_mux_gone();
CREATE OR REPLACE TRIGGER social_stream_mux_gone AFTER DELETE ON social.mux_streams
	FOR EACH ROW WHEN (OLD.asset_id IS NOT NULL AND NOT social.is_restoring()) EXECUTE FUNCTION social.stream_mux_gone();

-- ---- the key, for its host ---------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.take_stream_key(stream_id bigint)
	RETURNS TABLE (stream social.visible_streams, stream_key text, rtmp_url text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own social.streams := social.require_own_stream($1);
	mux social.mux_streams;
BEGIN
	SELECT m.* INTO mux FROM social.mux_streams m WHERE m.stream_id = $1 FOR UPDATE;
	IF own.status = 'ended' THEN
		PERFORM social.raise_error('SM409', 'the stream has ended', 'Its key went with it.', 'Announce another one.');
	ELSIF mux.stream_key IS NULL AND (mux.key_is_due OR mux.stream_id IS NOT NULL AND own.provider_id IS NULL) THEN
		PERFORM social.raise_error('SM409', 'the key is not there yet', 'The provider is asked for it.', 'Try again in a moment.');
	ELSIF mux.stream_key IS NULL THEN
		PERFORM social.raise_error('SM409', 'the key was told', 'A key is told once.', 'Make another one.');
	END IF;
	UPDATE social.mux_streams m SET stream_key = NULL WHERE m.stream_id = $1;
	RETURN QUERY SELECT v, mux.stream_key, social.stream_ingest_url(v.playback_id) FROM social.visible_streams v WHERE v.id = $1;
END
$$;
COMMENT ON FUNCTION social.take_stream_key(bigint) IS 'The host takes the key that a provider (Mux) has made for a stream, once: it stands nowhere afterwards. Returns one row as create_stream does. SM401, SM404 and SM403 as require_own_stream; SM409 when the key is not there yet (a moment after create_stream and rotate_stream_key), was told, or has gone with the stream.';

-- ---- where a stream goes in and out --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.stream_ingest_url(playback_id text) RETURNS text
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT social.setting(CASE s.provider WHEN 'mux' THEN 'mux_ingest_url' ELSE 'stream_ingest_url' END) FROM social.streams s WHERE s.playback_id = $1
$$;
COMMENT ON FUNCTION social.stream_ingest_url(text) IS 'Where a stream is published to, by its provider.';

CREATE OR REPLACE FUNCTION social.mux_playback(stream_id bigint, OUT id text, OUT policy text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN r THEN m.asset_playback_id ELSE m.live_playback_id END, CASE WHEN r THEN m.asset_policy ELSE m.live_policy END
	FROM social.mux_streams m JOIN social.streams s ON s.id = m.stream_id
	CROSS JOIN LATERAL (SELECT s.status = 'ended' AND m.asset_ready_at IS NOT NULL AND m.asset_playback_id IS NOT NULL) AS recorded (r)
	WHERE m.stream_id = $1
$$;
COMMENT ON FUNCTION social.mux_playback(bigint) IS 'By which id a stream is watched at Mux, and whether that needs a token (signed): of the recording when it has ended and that is ready, else of the broadcast. Null where Mux has none yet.';

CREATE OR REPLACE FUNCTION social.mux_has_recording(stream_id bigint) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM social.mux_streams m JOIN social.streams s ON s.id = m.stream_id
		WHERE m.stream_id = $1 AND s.status = 'ended' AND m.asset_ready_at IS NOT NULL AND m.asset_playback_id IS NOT NULL)
$$;
COMMENT ON FUNCTION social.mux_has_recording(bigint) IS 'Is there at Mux a recording, which is ready, of this stream, which has ended?';

CREATE OR REPLACE FUNCTION social.mux_url(id text, token text DEFAULT NULL) RETURNS text
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT social.setting('mux_playback_url') || '/' || $1 || '.m3u8' || coalesce('?token=' || $2, '')
$$;
COMMENT ON FUNCTION social.mux_url(text, text) IS 'Where something is watched at Mux, by its playback id, with a token where it needs one.';

CREATE OR REPLACE FUNCTION social.sign_rs256(claims text, private_key bytea) RETURNS text
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'social_sign_rs256_sql';
COMMENT ON FUNCTION social.sign_rs256(text, bytea) IS 'A token (JWT, RS256) that says these claims, a JSON object, signed with a private key as PEM. SM400 for what is no such key or no claims.';

CREATE OR REPLACE FUNCTION social.mux_token(id text, expires_at timestamptz) RETURNS text
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT social.sign_rs256(json_build_object('kid', a.signing_key_id, 'sub', $1, 'aud', 'v', 'exp', floor(extract(epoch FROM $2))::bigint)::text, a.private_key)
	FROM social.mux_account a WHERE a.private_key <> ''
$$;
COMMENT ON FUNCTION social.mux_token(text, timestamptz) IS 'A token with which a video is watched at Mux until then, by its playback id; null without a signing key.';

CREATE OR REPLACE FUNCTION social.watch_mux(stream social.visible_streams, expires_at timestamptz, OUT playback_url text, OUT mode text)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	playback record;
BEGIN
	SELECT p.* INTO playback FROM social.mux_playback($1.id) p;
	mode := CASE WHEN $1.is_private OR playback.policy = 'signed' THEN 'provider_token' ELSE 'public' END;
	-- What has become private is not shown by an id that is public still.
	playback_url := CASE WHEN playback.policy = 'signed' THEN social.mux_url(playback.id, social.mux_token(playback.id, $2))
		WHEN NOT $1.is_private THEN social.mux_url(playback.id) END;
END
$$;
COMMENT ON FUNCTION social.watch_mux(social.visible_streams, timestamptz) IS 'Where somebody who may watch a stream does so at Mux, and how (P-20): public, or with a provider_token until expires_at. playback_url is null while Mux has not said.';

-- ---- what is said to Mux ---------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.mux_next_request(stream_id bigint, OUT step text, OUT method text, OUT path text, OUT body text)
	RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
	WITH known AS (
		SELECT m.*, s.provider_id, s.status = 'ended' AS is_over, s.playback_id, CASE WHEN s.is_private THEN 'signed' ELSE 'public' END AS policy,
			'/video/v1/live-streams/' || s.provider_id AS live, '/video/v1/assets/' || m.asset_id AS asset
		FROM social.mux_streams m JOIN social.streams s ON s.id = m.stream_id WHERE m.stream_id = $1 AND s.provider = 'mux'
	)
	SELECT n.step, n.method, n.path, n.body::text FROM known k, LATERAL (VALUES
		(1, NOT k.is_over AND k.provider_id IS NULL, 'create', 'POST', '/video/v1/live-streams', json_build_object(
			'playback_policies', json_build_array(k.policy), 'new_asset_settings', json_build_object('playback_policies', json_build_array(k.policy)),
			'latency_mode', 'reduced', 'reconnect_window', extract(epoch FROM social.setting('stream_reconnect_window')::interval)::integer, 'passthrough', k.playback_id)),
		(2, k.live_stale_id IS NOT NULL, 'forget_live', 'DELETE', k.live || '/playback-ids/' || k.live_stale_id, NULL),
		(3, k.asset_stale_id IS NOT NULL, 'forget_asset', 'DELETE', k.asset || '/playback-ids/' || k.asset_stale_id, NULL),
		(4, k.live_policy IS DISTINCT FROM k.policy, 'show_live', 'POST', k.live || '/playback-ids', json_build_object('policy', k.policy)),
		(5, k.asset_policy IS DISTINCT FROM k.policy, 'show_asset', 'POST', k.asset || '/playback-ids', json_build_object('policy', k.policy)),
		(6, k.key_is_due AND NOT k.is_over, 'reset', 'POST', k.live || '/reset-stream-key', NULL),
		(7, k.is_over AND k.completed_at IS NULL, 'complete', 'PUT', k.live || '/complete', NULL),
		(8, k.is_over AND k.disabled_at IS NULL, 'disable', 'PUT', k.live || '/disable', NULL)
	) AS n (place, is_due, step, method, path, body)
	WHERE n.is_due AND n.path IS NOT NULL ORDER BY n.place LIMIT 1
$$;
COMMENT ON FUNCTION social.mux_next_request(bigint) IS 'What is to be said to Mux next of a stream: a step, and its request; no row: nothing. For social-worker.';

CREATE OR REPLACE FUNCTION social.mux_id(given text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $1 IS NULL OR $1 !~ '^[A-Za-z0-9_-]{1,200}$' THEN
		PERFORM social.raise_error('SM400', 'this is no answer of Mux''s', 'An id is missing, or of another form.');
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.mux_id(text) IS 'An id that Mux gives; SM400 for what cannot stand in a path.';

CREATE OR REPLACE FUNCTION social.mux_policy(given text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF $1 IS NULL OR $1 NOT IN ('public', 'signed') THEN
		PERFORM social.raise_error('SM400', 'this is no answer of Mux''s', 'A policy is public or signed.');
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.mux_policy(text) IS 'A policy that Mux gives; SM400 for another word.';

CREATE OR REPLACE FUNCTION social.mux_made(of_stream social.streams, data jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made text := social.mux_id($2 ->> 'id');
	key text := $2 ->> 'stream_key';
BEGIN
	IF $1.provider_id = made THEN
		RETURN false;
	ELSIF $1.id IS NULL OR $1.provider_id IS NOT NULL THEN
		-- Made for nobody: the stream was deleted meanwhile, or whoever made it could not say so and made another.
		PERFORM social.delete_at_mux(ARRAY['/video/v1/live-streams/' || made]);
		RETURN false;
	ELSIF coalesce(key, '') !~ '^[!-~]{8,200}$' THEN
		PERFORM social.raise_error('SM400', 'this is no answer of Mux''s', 'There is no key.');
	END IF;
	UPDATE social.streams s SET provider_id = made, updated_at = clock_timestamp() WHERE s.id = $1.id;
	UPDATE social.mux_streams m SET stream_key = CASE WHEN $1.status <> 'ended' THEN key END,
		live_playback_id = social.mux_id($2 -> 'playback_ids' -> 0 ->> 'id'), live_policy = social.mux_policy($2 -> 'playback_ids' -> 0 ->> 'policy')
	WHERE m.stream_id = $1.id;
	RETURN true;
END
$$;
COMMENT ON FUNCTION social.mux_made(social.streams, jsonb) IS 'Mux has made a live stream for this one, which the caller holds (null: it is gone): takes it over, or has it deleted there when there is no need of it. SM400 for what is no answer.';

CREATE OR REPLACE FUNCTION social.mux_answered(stream_id bigint, step text, status integer, body text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stream social.streams;
	policy text;
	data jsonb;
BEGIN
	data := CASE WHEN $3 < 300 AND $2 IN ('create', 'show_live', 'show_asset', 'reset') THEN $4::jsonb -> 'data' END;
	SELECT s.* INTO stream FROM social.streams s WHERE s.id = $1 AND s.provider = 'mux' FOR NO KEY UPDATE;
	policy := CASE WHEN stream.is_private THEN 'signed' ELSE 'public' END;
	IF $2 = 'create' THEN
		PERFORM social.mux_made(stream, data);
	ELSIF $2 = 'show_live' THEN
		UPDATE social.mux_streams m SET live_stale_id = CASE WHEN $3 < 300 THEN m.live_playback_id END, live_playback_id = CASE WHEN $3 < 300 THEN social.mux_id(data ->> 'id') END,
			live_policy = CASE WHEN $3 < 300 THEN social.mux_policy(data ->> 'policy') ELSE policy END
		WHERE m.stream_id = $1;
	ELSIF $2 = 'show_asset' THEN
		UPDATE social.mux_streams m SET asset_stale_id = CASE WHEN $3 < 300 THEN m.asset_playback_id END, asset_playback_id = CASE WHEN $3 < 300 THEN social.mux_id(data ->> 'id') END,
			asset_policy = CASE WHEN $3 < 300 THEN social.mux_policy(data ->> 'policy') ELSE policy END
		WHERE m.stream_id = $1;
	ELSIF $2 = 'reset' THEN
		UPDATE social.mux_streams m SET key_is_due = false, stream_key = CASE WHEN stream.status <> 'ended' THEN data ->> 'stream_key' END WHERE m.stream_id = $1;
	ELSE
		UPDATE social.mux_streams m SET live_stale_id = CASE WHEN $2 <> 'forget_live' THEN m.live_stale_id END, asset_stale_id = CASE WHEN $2 <> 'forget_asset' THEN m.asset_stale_id END,
			completed_at = CASE WHEN $2 IN ('complete', 'disable') THEN coalesce(m.completed_at, now()) ELSE m.completed_at END, disabled_at = CASE WHEN $2 = 'disable' THEN now() ELSE m.disabled_at END
		WHERE m.stream_id = $1;
	END IF;
	RETURN stream.id IS NOT NULL;
EXCEPTION WHEN data_exception THEN
	PERFORM social.raise_error('SM400', 'this is no answer of Mux''s', 'It is no JSON.');
END
$$;
COMMENT ON FUNCTION social.mux_answered(bigint, text, integer, text) IS 'What Mux has answered to a step of mux_next_request: a success, or 404 for what is not there any more. False when the stream is gone. SM400 for what is no answer. For social-worker.';

-- ---- what Mux says -----------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.mux_recorded(of_stream social.streams, data jsonb) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	is_ready boolean := coalesce(($2 ->> 'is_ready')::boolean, false);
	policy text;
BEGIN
	-- What a second connection in the same minute has left is no part of the broadcast.
	UPDATE social.mux_streams m SET asset_id = social.mux_id($2 ->> 'asset_id'), asset_ready_at = coalesce(m.asset_ready_at, CASE WHEN is_ready THEN clock_timestamp() END),
		asset_playback_id = coalesce(m.asset_playback_id, $2 ->> 'recording_id'), asset_policy = coalesce(m.asset_policy, CASE WHEN $2 ->> 'policy' IN ('public', 'signed') THEN $2 ->> 'policy' END)
	WHERE m.stream_id = $1.id AND (m.asset_id IS NULL OR m.asset_id = $2 ->> 'asset_id')
	RETURNING m.asset_policy INTO policy;
	IF NOT FOUND THEN
		RETURN 'ignored';
	ELSIF policy IS DISTINCT FROM (CASE WHEN $1.is_private THEN 'signed' ELSE 'public' END) THEN
		PERFORM social.want_mux($1.id);
	END IF;
	RETURN 'applied';
END
$$;
COMMENT ON FUNCTION social.mux_recorded(social.streams, jsonb) IS 'Mux records a stream, which the caller holds, or has (is_ready): asset_id, recording_id (its playback id) and policy of that. Returns applied or ignored.';

CREATE OR REPLACE FUNCTION social.mux_event(event jsonb) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kind text := $1 ->> 'type';
	data jsonb := $1 -> 'data';
	stream social.streams;
BEGIN
	IF kind = 'video.live_stream.created' THEN
		SELECT s.* INTO stream FROM social.streams s WHERE s.playback_id = data ->> 'passthrough' AND s.provider = 'mux' FOR NO KEY UPDATE;
		IF stream.id IS NOT NULL THEN
			PERFORM social.mux_made(stream, data);
		END IF;
	END IF;
	RETURN social.stream_event('mux', $1 ->> 'id', kind, CASE WHEN $1 ->> 'created_at' ~ '^\d{4}-\d\d-\d\dT' THEN ($1 ->> 'created_at')::timestamptz END, CASE WHEN kind LIKE 'video.asset.%'
		THEN jsonb_build_object('provider_id', data ->> 'live_stream_id', 'asset_id', data ->> 'id', 'recording_id', data -> 'playback_ids' -> 0 ->> 'id', 'policy', data -> 'playback_ids' -> 0 ->> 'policy',
			'duration', data -> 'duration', 'is_ready', kind = 'video.asset.live_stream_completed' OR kind = 'video.asset.ready' AND coalesce(data ->> 'is_live', 'false') <> 'true')
		ELSE jsonb_build_object('provider_id', data ->> 'id') END);
END
$$;
COMMENT ON FUNCTION social.mux_event(jsonb) IS 'Mux says what has happened, in its own form: what stream_event returns. SM400 for what is no event.';
