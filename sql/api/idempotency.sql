-- idempotency.sql owns requests that are done once, however often they are sent: claimed before they act,
-- and kept with their answer, in the transaction that acts. For bridges, whose statement stands between.

CREATE OR REPLACE FUNCTION social.claim_request(key text, step integer, request_hash text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_viewer();
	differs boolean;
	is_done boolean;
BEGIN
	IF key IS NULL OR key !~ '^[!-~]{1,255}$' OR step IS NULL OR request_hash IS NULL THEN
		PERFORM social.raise_error('SM400', 'invalid idempotency key', 'It is 1 to 255 visible ASCII characters.');
	ELSIF NOT social.hold_task(format('idempotency %s %s', viewer, key), false) THEN
		PERFORM social.raise_error('SM423', 'a request with this idempotency key is under way', 'Its answer is not known yet.', 'Send it again in a moment.');
	END IF;
	-- A snapshot of its own, so that it sees what was committed by whoever held the key before.
	SELECT bool_or(k.request_hash <> $3), bool_or(k.step = $2) INTO differs, is_done
	FROM social.idempotency_keys k WHERE k.user_id = viewer AND k.key = $1;
	IF differs THEN
		PERFORM social.raise_error('SM422', 'this idempotency key was used for another request', 'Its method, path or body was another one.', 'Use a new key for each request.');
	ELSIF is_done THEN
		PERFORM social.raise_error('SM208', 'this request was done before', 'Its answer is kept.', 'kept_answer tells it.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.claim_request(text, integer, text) IS 'Opens a request of the viewer''s that is done once, in the transaction that will do it and call keep_answer. SM423 while another transaction has the key, SM208 when it was done before (kept_answer tells its answer), SM422 when it was used for a request of another hash, SM401 when nobody acts, SM400 for a key that is not 1 to 255 visible ASCII characters.';

CREATE OR REPLACE FUNCTION social.keep_answer(key text, step integer, request_hash text, answer text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO social.idempotency_keys (user_id, key, step, request_hash, result_id, answer)
	VALUES (social.require_viewer(), $1, $2, $3, social.result_id(), $4);
END
$$;
COMMENT ON FUNCTION social.keep_answer(text, integer, text, text) IS 'Keeps the answer (null: there is nothing to see) to a request that this transaction has claimed and done, with what set_result_id left. SM401 when nobody acts; 23505 for one that was not claimed and is there.';

CREATE OR REPLACE FUNCTION social.kept_answer(key text, step integer, request_hash text, OUT answer text, OUT result_id bigint)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT k.answer, k.result_id INTO answer, result_id FROM social.idempotency_keys k
	WHERE k.user_id = social.require_viewer() AND k.key = $1 AND k.step = $2 AND k.request_hash = $3;
END
$$;
COMMENT ON FUNCTION social.kept_answer(text, integer, text) IS 'What keep_answer kept of the viewer''s request; nulls when it is there no more. SM401 when nobody acts.';
