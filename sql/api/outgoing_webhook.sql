-- outgoing_webhook.sql owns outgoing webhooks as their owners know them: Standard Webhooks 1.0. How they get from the
-- event log to whom they are for is in outgoing_webhook_delivery.sql.

-- ---- secrets, signatures, addresses ------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.webhook_signature(secrets text[], id text, at bigint, body text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_webhook_signature';
COMMENT ON FUNCTION social.webhook_signature(text[], text, bigint, text) IS 'What the header webhook-signature of a message is: a signature with each secret, v1 (HMAC-SHA256) with whsec_, v1a (ed25519) with whsk_. at is the header webhook-timestamp. SM400 for a secret that is none.';

CREATE OR REPLACE FUNCTION social.webhook_new_secret(kind text) RETURNS text
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'social_webhook_new_secret';
COMMENT ON FUNCTION social.webhook_new_secret(text) IS 'A fresh secret of a kind, hmac or ed25519; SM400 for another.';

CREATE OR REPLACE FUNCTION social.webhook_public_key(secret text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_webhook_public_key';
COMMENT ON FUNCTION social.webhook_public_key(text) IS 'The public key (whpk_) of an ed25519 secret, by which receivers know the sender; null for an HMAC secret. SM400 for what is none.';

CREATE OR REPLACE FUNCTION social.webhook_url_problem(url text) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_webhook_url_problem_sql';
COMMENT ON FUNCTION social.webhook_url_problem(text) IS 'Why no webhook can go to an address, in a sentence; null: one can. https alone unless social.webhook_http is on; addresses in digits that are not of the internet only within social.webhook_networks. Where a name leads is looked at when it is connected to.';

CREATE OR REPLACE FUNCTION social.address_owner(address text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'social_address_owner_sql';
COMMENT ON FUNCTION social.address_owner(text) IS 'Whose an IPv4 or IPv6 address is: private, loopback, link-local, metadata and so on; null: of the internet. One that holds an IPv4 address (mapped, NAT64, 6to4) is what that one is. SM400 for what is none.';

-- ---- what they may be told ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.json_texts(list jsonb) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF list IS NULL OR jsonb_typeof(list) = 'null' THEN
		RETURN NULL;
	ELSIF jsonb_typeof(list) <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(list) e WHERE jsonb_typeof(e) <> 'string') THEN
		PERFORM social.raise_error('SM400', 'invalid list', 'It is a list of texts.');
	END IF;
	RETURN ARRAY(SELECT e.value FROM jsonb_array_elements_text(list) WITH ORDINALITY e (value, place) ORDER BY e.place);
END
$$;
COMMENT ON FUNCTION social.json_texts(jsonb) IS 'A JSON list of texts as an array; null for null, SM400 for anything else.';

CREATE OR REPLACE FUNCTION social.webhook_event_types() RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '{post.created,post.edited,post.deleted,post.restored,post.counts,comment.created,comment.edited,comment.deleted,comment.counts,repost.created,repost.deleted,notification.created,notification.read,follow.created,profile.edited,profile.counts,media.changed,stream.status,stream.edited,stream.deleted,stream.viewers,stream.joined,stream.left,chat.message,chat.deleted,chat.banned,chat.unbanned}'::text[];
END;
COMMENT ON FUNCTION social.webhook_event_types() IS 'The types of events that webhooks can be told of; webhook.test is told beside them.';

CREATE OR REPLACE FUNCTION social.check_webhook_types(event_types text[]) RETURNS text[]
	LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known text[] := social.webhook_event_types();
	wrong text := (SELECT t FROM unnest($1) t WHERE t IS NULL OR NOT (t = ANY (known) OR t = '*' OR t IN (SELECT split_part(k, '.', 1) || '.*' FROM unnest(known) k)) LIMIT 1);
BEGIN
	IF cardinality($1) NOT BETWEEN 1 AND 50 THEN
		PERFORM social.raise_error('SM400', 'invalid event types', 'There are 1 to 50.');
	ELSIF wrong IS NOT NULL OR array_position($1, NULL) IS NOT NULL THEN
		PERFORM social.raise_error('SM400', 'unknown event type', format('It is "%s".', left(wrong, 100)), 'Such as post.created, post.* or *.');
	END IF;
	RETURN ARRAY(SELECT DISTINCT t FROM unnest($1) t ORDER BY t);
END
$$;
COMMENT ON FUNCTION social.check_webhook_types(text[]) IS 'Types of events, each once; SM400 for what names none.';

CREATE OR REPLACE FUNCTION social.check_webhook_topics(owner_id bigint, topics text[]) RETURNS text[]
	LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	topic text;
	list text[] := '{}';
BEGIN
	IF cardinality($2) NOT BETWEEN 1 AND 50 THEN
		PERFORM social.raise_error('SM400', 'invalid topics', 'There are 1 to 50.');
	END IF;
	FOREACH topic IN ARRAY $2
	LOOP
		IF topic = '*' THEN
			IF NOT EXISTS (SELECT FROM social.users u WHERE u.id = $1 AND (u.is_staff OR u.is_superuser)) THEN
				PERFORM social.raise_error('SM403', 'only staff may be told of everything');
			END IF;
		ELSIF topic = 'notifications' THEN
			topic := 'notifications:' || $1;
		ELSIF topic LIKE 'hashtag:%' THEN
			PERFORM social.event_topic_key(topic);
			topic := 'hashtag:' || social.hashtag_key(substr(topic, 9));
		ELSE
			PERFORM social.event_topic_key(topic);
		END IF;
		IF topic IS NULL OR topic LIKE 'session:%' OR topic LIKE 'notifications:%' AND topic <> 'notifications:' || $1 THEN
			PERFORM social.raise_error('SM400', 'invalid topic', 'It is post:ID, user:ID, hashtag:NAME, posts, feed, stream:ID, streams or notifications; for staff also *.');
		END IF;
		list := list || topic;
	END LOOP;
	RETURN ARRAY(SELECT DISTINCT t FROM unnest(list) t ORDER BY t);
END
$$;
COMMENT ON FUNCTION social.check_webhook_topics(bigint, text[]) IS 'Topics that this person may be told of, each once, as events have them; SM400 for what is none, SM403 for * of who is no staff.';

-- ---- looking -----------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.visible_webhooks AS
SELECT w.id, w.owner_id, w.url, w.description, w.event_types, w.topics, w.state, nullif(w.reason, '') AS reason, w.failures, w.failing_since, w.next_at,
	w.recover_to IS NOT NULL AS is_recovering, w.last_delivered_at, w.created_at, w.updated_at
FROM social.webhooks w WHERE w.owner_id = (SELECT social.viewer_id());
COMMENT ON VIEW social.visible_webhooks IS 'The viewer''s own webhooks.';

CREATE OR REPLACE VIEW social.visible_webhook_secrets AS
SELECT s.id, s.webhook_id, s.kind, CASE s.kind WHEN 'ed25519' THEN social.webhook_public_key(s.secret) END AS public_key, s.created_at, s.expires_at
FROM social.webhook_secrets s JOIN social.webhooks w ON w.id = s.webhook_id
WHERE w.owner_id = (SELECT social.viewer_id()) AND (s.expires_at IS NULL OR s.expires_at > now());
COMMENT ON VIEW social.visible_webhook_secrets IS 'What the viewer''s own webhooks are signed with, without the secrets.';

CREATE OR REPLACE VIEW social.visible_webhook_deliveries AS
SELECT d.id, d.webhook_id, 'msg_' || d.id AS message_id, d.event_id, d.type, d.at, d.state, d.attempts, d.first_attempt_at, d.finished_at, d.created_at
FROM social.webhook_deliveries d JOIN social.webhooks w ON w.id = d.webhook_id WHERE w.owner_id = (SELECT social.viewer_id());
COMMENT ON VIEW social.visible_webhook_deliveries IS 'What the viewer''s own webhooks are told; message_id is the header webhook-id.';

CREATE OR REPLACE VIEW social.visible_webhook_delivery_attempts AS
SELECT a.id, a.webhook_id, a.delivery_id, a.at, a.status, a.took_ms, nullif(a.error, '') AS error, a.answer
FROM social.webhook_delivery_attempts a JOIN social.webhooks w ON w.id = a.webhook_id WHERE w.owner_id = (SELECT social.viewer_id());
COMMENT ON VIEW social.visible_webhook_delivery_attempts IS 'Attempts to deliver to the viewer''s own webhooks.';

-- Volatile, so that it sees the secret that its caller's statement has made.
CREATE OR REPLACE FUNCTION social.webhook_secrets(of_webhook_id bigint) RETURNS SETOF social.visible_webhook_secrets
	LANGUAGE plpgsql VOLATILE ROWS 2 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT v.* FROM social.visible_webhook_secrets v WHERE v.webhook_id = $1 ORDER BY v.id;
END
$$;
COMMENT ON FUNCTION social.webhook_secrets(bigint) IS 'What an own webhook is signed with, without the secrets; nothing of another''s.';

CREATE OR REPLACE FUNCTION social.webhook_json(webhook social.visible_webhooks) RETURNS json
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT row_to_json(t) FROM (
		SELECT $1.id, $1.url, $1.description, $1.event_types, $1.topics, $1.state, $1.reason, $1.failures, $1.failing_since, $1.next_at, $1.is_recovering,
			(SELECT coalesce(json_agg(row_to_json(s) ORDER BY s.id), '[]') FROM (SELECT v.id, v.kind, v.public_key, v.created_at, v.expires_at FROM social.webhook_secrets($1.id) v) s) AS secrets,
			$1.last_delivered_at, $1.created_at, $1.updated_at) t);
END
$$;
COMMENT ON FUNCTION social.webhook_json(social.visible_webhooks) IS 'A webhook as REST shows it to its owner.';

CREATE OR REPLACE FUNCTION social.webhook_secret_json(webhook social.visible_webhooks, secret text) RETURNS json
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (social.webhook_json($1)::jsonb || jsonb_build_object('secret', $2))::json;
END
$$;
COMMENT ON FUNCTION social.webhook_secret_json(social.visible_webhooks, text) IS 'The same with its secret, which is told once.';

SELECT social.make_list('own_webhooks', '',
	'social.visible_webhooks',
	'w.*',
	'social.visible_webhooks w WHERE w.owner_id = viewer', '{w.id}',
	'The viewer''s own webhooks, newest first. SM401 when nobody acts; SM400 for a bad page size or cursor.',
	is_own => true);

CREATE OR REPLACE FUNCTION social.require_own_webhook(webhook_id bigint) RETURNS social.webhooks
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	viewer bigint := social.require_login();
	webhook social.webhooks;
BEGIN
	PERFORM social.require_writer();
	SELECT w.* INTO webhook FROM social.webhooks w WHERE w.id = $1 AND w.owner_id = viewer FOR NO KEY UPDATE;
	IF webhook.id IS NULL THEN
		PERFORM social.raise_error('SM404', 'webhook not found');
	END IF;
	RETURN webhook;
END
$$;
COMMENT ON FUNCTION social.require_own_webhook(bigint) IS 'A webhook of the viewer''s own, held until the end of the transaction. SM401 when nobody acts, SM404 for any other.';

SELECT social.make_list('webhook_deliveries', 'of_webhook_id bigint, with_state text DEFAULT NULL',
	'social.visible_webhook_deliveries',
	'd.*',
	'social.visible_webhook_deliveries d WHERE d.webhook_id = $1 AND ($2 IS NULL OR d.state = $2)', '{d.id}',
	'What an own webhook is told, newest first: all, or that in a state (waiting, delivered, failed, withheld). SM401 when nobody acts, SM404 for another''s webhook; SM400 for an unknown state, a bad page size or cursor.',
	checks => $checks$PERFORM social.require_viewer();
	IF NOT EXISTS (SELECT FROM social.visible_webhooks w WHERE w.id = $1) THEN
		PERFORM social.raise_error('SM404', 'webhook not found');
	ELSIF $2 NOT IN ('waiting', 'delivered', 'failed', 'withheld') THEN
		PERFORM social.raise_error('SM400', 'invalid state', 'It is waiting, delivered, failed or withheld.');
	END IF;$checks$);

SELECT social.make_list('webhook_delivery_attempts', 'of_webhook_id bigint',
	'social.visible_webhook_delivery_attempts',
	'a.*',
	'social.visible_webhook_delivery_attempts a WHERE a.webhook_id = $1', '{a.id}',
	'Attempts to deliver to an own webhook, newest first. SM401 when nobody acts, SM404 for another''s webhook; SM400 for a bad page size or cursor.',
	checks => $checks$PERFORM social.require_viewer();
	IF NOT EXISTS (SELECT FROM social.visible_webhooks w WHERE w.id = $1) THEN
		PERFORM social.raise_error('SM404', 'webhook not found');
	END IF;$checks$);

-- ---- making and changing -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.check_webhook_text(url text, description text) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	problem text := social.webhook_url_problem($1);
BEGIN
	PERFORM social.check_text('description', $2, false, false);
	IF problem IS NOT NULL THEN
		PERFORM social.raise_error('SM400', 'invalid url', problem);
	ELSIF char_length($2) > 500 THEN
		PERFORM social.raise_error('SM400', 'description is too long', format('It has %s characters; the limit is 500.', char_length($2)));
	END IF;
END
$$;
COMMENT ON FUNCTION social.check_webhook_text(text, text) IS 'Raises SM400 for an address or a description that a webhook cannot have; null is passed over.';

CREATE OR REPLACE FUNCTION social.add_webhook_secret(webhook_id bigint, kind text, secret text) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	value text := coalesce($3, social.webhook_new_secret($2));
	public_key text := social.webhook_public_key(value);
BEGIN
	INSERT INTO social.webhook_secrets (webhook_id, kind, secret) VALUES ($1, CASE WHEN public_key IS NULL THEN 'hmac' ELSE 'ed25519' END, value);
	RETURN coalesce(public_key, value);
END
$$;
COMMENT ON FUNCTION social.add_webhook_secret(bigint, text, text) IS 'Signs deliveries with one secret more, a given one or a fresh one of a kind; returns what its receiver needs: that secret, or of an ed25519 key the public one. SM400 for what is none.';

CREATE OR REPLACE FUNCTION social.create_webhook(url text, event_types text[] DEFAULT NULL, topics text[] DEFAULT NULL, description text DEFAULT NULL, kind text DEFAULT NULL, secret text DEFAULT NULL)
	RETURNS TABLE (webhook social.visible_webhooks, webhook_secret text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	viewer bigint := social.require_login();
	most integer := social.setting('webhook_max');
	new_id bigint;
BEGIN
	PERFORM social.require_writer();
	IF $1 IS NULL OR $1 = '' THEN
		PERFORM social.raise_error('SM400', 'url is required', 'It is an address that starts with https://.');
	END IF;
	PERFORM social.check_webhook_text($1, $4);
	-- One at a time for each owner, or two could pass the limit together.
	PERFORM FROM social.users u WHERE u.id = viewer FOR NO KEY UPDATE;
	IF (SELECT count(*) FROM social.webhooks w WHERE w.owner_id = viewer) >= most THEN
		PERFORM social.raise_error('SM409', 'you have too many webhooks', format('The limit is %s.', most), 'Delete one.');
	END IF;
	INSERT INTO social.webhooks (owner_id, url, description, event_types, topics, after_event_id)
	VALUES (viewer, $1, coalesce($4, ''), social.check_webhook_types(coalesce($2, '{*}')), social.check_webhook_topics(viewer, coalesce($3, '{notifications}')), social.event_position())
	RETURNING id INTO new_id;
	PERFORM social.ensure_webhook_kinds();
	PERFORM social.audit('create_webhook', 'webhook', new_id, '{}');
	RETURN QUERY SELECT v, social.add_webhook_secret(v.id, coalesce(nullif($5, ''), 'hmac'), nullif($6, '')) FROM social.visible_webhooks v WHERE v.id = new_id;
END
$$;
COMMENT ON FUNCTION social.create_webhook(text, text[], text[], text, text, text) IS 'The viewer is told by HTTP (Standard Webhooks 1.0) what happens from now on. url: https://…; event_types: such as post.created, post.* or * (which is the default); topics: post:ID, user:ID, hashtag:NAME, posts, feed, stream:ID, streams, notifications (the default), for staff also *; description (at most 500 characters); kind of the secret: hmac (the default) or ed25519; secret: one''s own, whsec_… or whsk_…. What is told is what the viewer may see at that moment. Returns the webhook, and once its secret, or the public key of an ed25519 one. SM401 when nobody acts, SM400 for what does not fit, SM403 for * of who is no staff, SM409 when there are social.webhook_max.';

CREATE OR REPLACE FUNCTION social.update_webhook(webhook_id bigint, url text DEFAULT NULL, event_types text[] DEFAULT NULL, topics text[] DEFAULT NULL, description text DEFAULT NULL, is_active boolean DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	webhook social.webhooks := social.require_own_webhook($1);
	resumes boolean := coalesce($6, false) AND webhook.state <> 'active';
BEGIN
	PERFORM social.check_webhook_text($2, $5);
	UPDATE social.webhooks w SET url = coalesce(nullif($2, ''), w.url), description = coalesce($5, w.description),
		event_types = coalesce(social.check_webhook_types($3), w.event_types), topics = coalesce(social.check_webhook_topics(w.owner_id, $4), w.topics),
		state = CASE WHEN $6 THEN 'active' WHEN $6 IS NULL OR w.state = 'disabled' THEN w.state ELSE 'paused' END,
		reason = CASE WHEN $6 THEN '' ELSE w.reason END,
		after_event_id = CASE WHEN resumes THEN social.event_position() ELSE w.after_event_id END,
		failures = CASE WHEN resumes THEN 0 ELSE w.failures END, failing_since = CASE WHEN resumes THEN NULL ELSE w.failing_since END,
		next_at = CASE WHEN resumes OR $2 <> w.url THEN NULL ELSE w.next_at END, updated_at = now()
	WHERE w.id = $1;
	PERFORM social.audit('update_webhook', 'webhook', $1, '{}');
	IF resumes OR $2 <> webhook.url THEN
		PERFORM social.run_webhook($1);
	END IF;
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.update_webhook(bigint, text, text[], text[], text, boolean) IS 'Changes an own webhook; null leaves what it is. is_active false pauses it: nothing more is noted for it or told; true has one that was paused or disabled go on, with what waited and what happens from now on: recover_webhook() fetches what happened meanwhile. Another url is tried at once. Returns its id. SM401 when nobody acts, SM404 for another''s, SM400 and SM403 as create_webhook.';

CREATE OR REPLACE FUNCTION social.delete_webhook(webhook_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	webhook social.webhooks := social.require_own_webhook($1);
BEGIN
	DELETE FROM social.webhooks w WHERE w.id = webhook.id;
	PERFORM social.audit('delete_webhook', 'webhook', $1, '{}');
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.delete_webhook(bigint) IS 'Deletes an own webhook, with all that it waits for and what became of the rest. Returns its id. SM401 when nobody acts, SM404 for another''s.';

CREATE OR REPLACE FUNCTION social.rotate_webhook_secret(webhook_id bigint, kind text DEFAULT NULL, secret text DEFAULT NULL, overlap_seconds integer DEFAULT NULL)
	RETURNS TABLE (webhook social.visible_webhooks, webhook_secret text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	held social.webhooks := social.require_own_webhook($1);
	seconds integer := coalesce($4, 86400);
	told text;
	newest bigint;
BEGIN
	IF seconds NOT BETWEEN 0 AND 2592000 THEN
		PERFORM social.raise_error('SM400', 'invalid overlap', 'It is 0 to 2592000 seconds.');
	END IF;
	DELETE FROM social.webhook_secrets s WHERE s.webhook_id = $1 AND s.expires_at <= now();
	IF (SELECT count(*) FROM social.webhook_secrets s WHERE s.webhook_id = $1) >= 5 AND seconds > 0 THEN
		PERFORM social.raise_error('SM409', 'there are too many secrets', 'Five may sign at once.', 'Wait until one has expired, or let the others end now.');
	END IF;
	told := social.add_webhook_secret($1, coalesce(nullif($2, ''), (SELECT s.kind FROM social.webhook_secrets s WHERE s.webhook_id = $1 ORDER BY s.id DESC LIMIT 1), 'hmac'), nullif($3, ''));
	newest := (SELECT max(s.id) FROM social.webhook_secrets s WHERE s.webhook_id = $1);
	UPDATE social.webhook_secrets s SET expires_at = least(s.expires_at, now() + make_interval(secs => seconds)) WHERE s.webhook_id = $1 AND s.id <> newest;
	DELETE FROM social.webhook_secrets s WHERE s.webhook_id = $1 AND s.expires_at <= now();
	UPDATE social.webhooks w SET updated_at = now() WHERE w.id = $1;
	PERFORM social.audit('rotate_webhook_secret', 'webhook', $1, jsonb_build_object('overlap_seconds', seconds));
	RETURN QUERY SELECT v, told FROM social.visible_webhooks v WHERE v.id = held.id;
END
$$;
COMMENT ON FUNCTION social.rotate_webhook_secret(bigint, text, text, integer) IS 'Signs an own webhook with a new secret, of its kind or another one (hmac, ed25519), fresh or one''s own; those until now sign beside it for overlap_seconds (a day; 0: no longer). Returns the webhook, and once the new secret, or the public key of an ed25519 one. SM401 when nobody acts, SM404 for another''s, SM400 for what is no secret, SM409 when five sign already.';

-- ---- again -------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION social.require_active_webhook(webhook_id bigint) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	webhook social.webhooks := social.require_own_webhook($1);
BEGIN
	IF webhook.state <> 'active' THEN
		PERFORM social.raise_error('SM409', 'the webhook is not active', format('It is %s.', webhook.state), 'Have it go on first.');
	END IF;
END
$$;
COMMENT ON FUNCTION social.require_active_webhook(bigint) IS 'Holds a webhook of the viewer''s own; SM401 when nobody acts, SM404 for any other, SM409 while it is paused or disabled.';

CREATE OR REPLACE FUNCTION social.test_webhook(webhook_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	delivery bigint;
BEGIN
	PERFORM social.require_active_webhook($1);
	INSERT INTO social.webhook_deliveries (webhook_id, type, at) VALUES ($1, 'webhook.test', clock_timestamp()) RETURNING id INTO delivery;
	PERFORM social.run_webhook($1);
	RETURN delivery;
END
$$;
COMMENT ON FUNCTION social.test_webhook(bigint) IS 'Tells an own webhook something that has not happened: webhook.test, behind what waits. Returns the delivery''s id. SM401 when nobody acts, SM404 for another''s, SM409 while it is paused or disabled.';

CREATE OR REPLACE FUNCTION social.replay_webhook_delivery(delivery_id bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	held bigint := (SELECT d.webhook_id FROM social.webhook_deliveries d JOIN social.webhooks w ON w.id = d.webhook_id WHERE d.id = $1 AND w.owner_id = social.require_viewer());
BEGIN
	IF held IS NULL THEN
		PERFORM social.raise_error('SM404', 'delivery not found');
	END IF;
	PERFORM social.require_active_webhook(held);
	UPDATE social.webhook_deliveries d SET state = 'waiting', attempts = 0, first_attempt_at = NULL, finished_at = NULL WHERE d.id = $1 AND d.state <> 'waiting';
	PERFORM social.run_webhook(held);
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.replay_webhook_delivery(bigint) IS 'Tells an own webhook something once more, whatever became of it, with the id that it had, before what waits. Returns the delivery''s id. SM401 when nobody acts, SM404 for another''s, SM409 while the webhook is paused or disabled.';

CREATE OR REPLACE FUNCTION social.recover_webhook(webhook_id bigint, since timestamptz) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM social.require_active_webhook($1);
	IF $2 IS NULL OR NOT isfinite($2) OR $2 > now() THEN
		PERFORM social.raise_error('SM400', 'invalid since', 'It is a time that is over.');
	END IF;
	UPDATE social.webhook_deliveries d SET state = 'waiting', attempts = 0, first_attempt_at = NULL, finished_at = NULL
	WHERE d.webhook_id = $1 AND d.state = 'failed' AND d.at >= $2;
	-- What was never noted, because it was paused or disabled: the worker goes through the log.
	UPDATE social.webhooks w SET recover_to = social.event_position(), updated_at = now(), next_at = NULL,
		recover_after = coalesce((SELECT e.id FROM social.events e WHERE e.at < $2 ORDER BY e.id DESC LIMIT 1), 0)
	WHERE w.id = $1;
	PERFORM social.run_webhook($1);
	RETURN $1;
END
$$;
COMMENT ON FUNCTION social.recover_webhook(bigint, timestamptz) IS 'Tells an own webhook what has happened since a time and did not reach it: what failed, and what was not noted while it was paused or disabled, as far back as the event log goes. Returns its id. SM401 when nobody acts, SM404 for another''s, SM400 for what is no time that is over, SM409 while it is paused or disabled.';

-- ---- for operators -----------------------------------------------------------------------------------

CREATE OR REPLACE VIEW social.admin_webhooks AS
SELECT w.id, u.username AS owner, w.url, w.description, w.event_types, w.topics, w.state, w.reason, w.failures, w.failing_since, w.next_at, w.is_slow,
	(SELECT count(*) FROM (SELECT FROM social.webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'waiting' LIMIT 10000) n) AS waiting,
	(SELECT min(d.created_at) FROM (SELECT o.created_at FROM social.webhook_deliveries o WHERE o.webhook_id = w.id AND o.state = 'waiting' ORDER BY o.id LIMIT 1) d) AS oldest_waiting_at,
	l.status AS last_status, l.error AS last_error, l.at AS last_attempt_at, w.last_delivered_at, w.created_at, w.updated_at
FROM social.webhooks w JOIN social.users u ON u.id = w.owner_id
LEFT JOIN LATERAL (SELECT a.status, a.error, a.at FROM social.webhook_delivery_attempts a WHERE a.webhook_id = w.id ORDER BY a.id DESC LIMIT 1) l ON true;
COMMENT ON VIEW social.admin_webhooks IS 'Webhooks with their owners and states: how much waits (10000 stands for that or more) since when, and what came of the last attempt.';

CREATE OR REPLACE FUNCTION social.disable_webhook(webhook_id bigint) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE social.webhooks w SET state = 'disabled', updated_at = now() WHERE w.id = $1 AND w.state <> 'disabled';
	IF FOUND THEN
		PERFORM social.audit('disable_webhook', 'webhook', $1, '{}');
	END IF;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION social.disable_webhook(bigint) IS 'An operator has a webhook told nothing more, until its owner has it go on; false when it is disabled already, or unknown.';
