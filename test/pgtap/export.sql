-- export.sql proves exports: who may ask, what is asked of a worker, and what an export has (issue 17, seed 166).
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SELECT social.register_user('exp_one', 'exp_one@example.com', 'a good password') AS one, social.register_user('exp_two', 'exp_two@example.com', 'a good password') AS two \gset
DELETE FROM social.media_store;
SELECT social.act_as(NULL::bigint, true);
SELECT throws_ok('SELECT social.request_export()', 'SM401', NULL, 'nobody has no export');
SELECT social.act_as(:one, true);
SELECT throws_ok('SELECT social.request_export()', 'SM409', NULL, 'without a store there is none');
SELECT social.act_as(NULL::bigint, true), social.set_media_store(), social.act_as(:one, true);

-- ---- asking
SELECT is(social.export_document()::text, NULL, 'at first there is none');
SELECT social.request_export() AS export \gset
SELECT is(social.request_export(), :export::bigint, 'issue 17: asked twice, it is the one that waits');
SELECT is((SELECT count(*) FROM social.jobs j WHERE j.kind = 'export' AND j.user_id = :one), 1::bigint, 'one job');
SELECT is(social.export_document() ->> 'state', 'waiting', 'it waits');
SELECT is(social.export_document() ->> 'url', NULL, 'and can be read nowhere');
SELECT is((SELECT b.state FROM social.export_begin(:export) b), 'running', 'a worker begins');
SELECT is(social.request_export(), :export::bigint, 'issue 17: asked for again, it is the one that runs');
SELECT is(social.export_progress(:export, 3), 'running', 'it comes on');
SELECT is((d ->> 'state', d ->> 'parts_done', (d ->> 'parts_total')::integer > 30)::text, '(running,3,t)', 'which its owner sees') FROM social.export_document() d;
SELECT throws_ok(format('SELECT social.export_finished(%s, 0, repeat(''a'', 64))', :export), 'SM400', NULL, 'an archive has bytes');
SELECT is(social.export_finished(:export, 1000, repeat('a', 64)), 'ready', 'and is ready');
SELECT is((SELECT m.address || ' ' || (m.variables ->> 'username') || ' ' || (m.variables ->> 'until') FROM social.mail_outbox m WHERE m.template = 'export_ready' AND m.user_id = :one),
	'exp_one@example.com exp_one ' || to_char(now() AT TIME ZONE 'UTC' + interval '7 days', 'YYYY-MM-DD HH24:MI "UTC"'), 'issue 17: a mail says that it is ready, and for how long');
SELECT is(social.export_finished(:export, 1000, repeat('a', 64)), 'ready', 'a worker says it again');
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE template = 'export_ready' AND user_id = :one), 1::bigint, 'and no other mail goes out');
SELECT matches(social.export_document() ->> 'url', '/exports/' || :one || '/[0-9a-f-]{36}[.]zip[?].*X-Amz-Expires=3600', 'its owner has an address for an hour');
SELECT is((social.export_document() ->> 'expires_at')::timestamptz - (social.export_document() ->> 'finished_at')::timestamptz, interval '7 days', 'for seven days');
SELECT social.act_as(NULL::bigint, true), social.set_retention('exports', '3 days'), social.act_as(:one, true);
SELECT is((social.export_document() ->> 'expires_at')::timestamptz - (social.export_document() ->> 'finished_at')::timestamptz, interval '3 days', 'or for as long as the operator says');
SELECT social.act_as(:two, true);
SELECT is(social.export_document(:export)::text, NULL, 'nobody else sees it');
SELECT is(social.own_export_url(), NULL, 'or has an address');
SELECT throws_ok('SELECT social.delete_export()', 'SM404', NULL, 'or can delete it');
SELECT social.act_as(:one, true);
SELECT e.key AS key FROM social.exports e WHERE e.id = :export \gset
SELECT isnt(social.request_export(), :export::bigint, 'another one takes its place');
SELECT is((SELECT count(*) FROM social.jobs j WHERE j.kind = 'media.delete' AND j.args -> 'keys' ? :'key'), 1::bigint, 'issue 17: one archive is kept at most: the older one is deleted');
SELECT is((SELECT count(*) FROM social.exports e WHERE e.user_id = :one), 1::bigint, 'and its row');
SELECT is_empty('SELECT FROM social.mail_outbox WHERE template = ''export_ready'' AND user_id = ' || :one, 'a mail about it that waits does not go');
SELECT e.id AS export, e.key AS key FROM social.exports e WHERE e.user_id = :one \gset
SELECT is((SELECT b.state FROM social.export_begin(:export) b), 'running', 'it runs');
SELECT is(social.export_failed(:export, 'the store is full'), 'failed', 'and fails');
SELECT is(social.export_document() ->> 'error', 'the store is full', 'its owner reads why');
SELECT is((SELECT m.address || ' ' || (m.variables ->> 'username') FROM social.mail_outbox m WHERE m.template = 'export_failed' AND m.user_id = :one), 'exp_one@example.com exp_one', 'issue 17: and gets a mail');
DELETE FROM social.jobs WHERE kind = 'export' AND user_id = :one;
SELECT social.request_export() AS export \gset
SELECT is(social.export_document() ->> 'state', 'waiting', 'and may ask for another one at once');
SELECT b.state AS begun FROM social.export_begin(:export) b \gset
UPDATE social.jobs SET dead_at = now(), error = 'its worker did not come back' WHERE kind = 'export' AND user_id = :one;
SELECT is((d ->> 'state', d ->> 'error')::text, '(failed,"its worker did not come back")', 'issue 17: one whose workers were killed too often has failed, too') FROM social.export_document() d;
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE template = 'export_failed' AND user_id = :one), 1::bigint, 'which its owner is told');
SELECT isnt((SELECT e.finished_at FROM social.exports e WHERE e.id = :export), NULL, 'it has an end, so that retention takes it');
UPDATE social.jobs SET dead_at = NULL WHERE kind = 'export' AND user_id = :one;
UPDATE social.jobs SET dead_at = now() WHERE kind = 'export' AND user_id = :one;
SELECT is((SELECT count(*) FROM social.mail_outbox WHERE template = 'export_failed' AND user_id = :one), 1::bigint, 'once');
SELECT isnt(social.request_export(), :export::bigint, 'and is no obstacle');
SELECT is(social.delete_export() > 0, true, 'its owner gives it up');
SELECT is(social.export_document()::text, NULL, 'and it is gone');

-- ---- administrators
SELECT throws_ok('SELECT social.export_user(' || :two || ')', 'SM403', NULL, 'who acts must be a superuser to export others');
SELECT social.act_as(NULL::bigint, true);
UPDATE social.users SET suspended_at = now() WHERE id = :two;
SELECT social.export_user(:two) AS export \gset
SELECT is((SELECT a.username FROM social.admin_exports a WHERE a.id = :export), 'exp_two', 'issue 17: an administrator exports who is suspended');
SELECT is(social.export_url(:two), NULL, 'there is no address yet');
SELECT is((SELECT b.username FROM social.export_begin(:export) b), 'exp_two', 'a worker begins');
SELECT social.export_finished(:export, 10, repeat('0', 64)) \g /dev/null
SELECT is_empty('SELECT FROM social.mail_outbox WHERE template LIKE ''export%'' AND user_id = ' || :two, 'who cannot log in gets no mail that says to');
SELECT matches(social.export_url(:two, 82800), 'X-Amz-Expires=82800', 'then there is one, to be handed over');
SELECT throws_ok(format('SELECT social.export_url(%s, %s)', :two, s), 'SM400', NULL, s || ' seconds are too few or too many') FROM unnest('{0,82801}'::integer[]) s;
SELECT throws_ok('SELECT social.export_user(0)', 'SM404', NULL, 'nobody has no export');
SELECT is(social.is_known_object((SELECT e.key FROM social.exports e WHERE e.id = :export)), true, 'a sweep knows its object');
SELECT is(social.is_known_object('exports/1/x.zip'), false, 'and no other');

-- ---- deletion, expiry
UPDATE social.exports SET finished_at = now() - interval '4 days' WHERE id = :export;
SELECT social.retention_round(1000) \g /dev/null
SELECT is((SELECT count(*) FROM social.exports e WHERE e.id = :export), 0::bigint, 'issue 17: it goes when its time is over');
SELECT social.export_user(:two) AS export \gset
SELECT e.key AS key FROM social.exports e, social.export_begin(:export) b WHERE e.id = :export \gset
SELECT social.delete_user(:two);
SELECT is((SELECT count(*) FROM social.exports e WHERE e.id = :export), 0::bigint, 'issue 17: and with its account');
SELECT ok((SELECT j.run_at > now() + interval '10 minutes' FROM social.jobs j WHERE j.kind = 'media.delete' AND j.args -> 'keys' ? :'key'), 'what a worker may be sending is deleted when it has');
SELECT is(social.export_progress(:export, 5), NULL, 'the worker hears that nobody wants it any more');
SELECT is(social.export_finished(:export, 10, repeat('0', 64)), NULL, 'at the end, too');

-- ---- what it has
CREATE FUNCTION pg_temp.readable() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	known record;
BEGIN
	FOR known IN SELECT p.part FROM social.export_parts() p LOOP
		BEGIN
			EXECUTE format('SELECT count(*) FROM (%s) q', regexp_replace(social.export_query(known.part), 'r\.\*', '1')) USING 1::bigint;
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT known.part || ': ' || SQLERRM;
		END;
	END LOOP;
END
$$;
SELECT is_empty('SELECT pg_temp.readable()', 'each part can be read');
SELECT social.register_user('exp_three', 'exp_three@example.com', 'a good password') AS three \gset
SELECT social.act_as(:three, true), social.follow_user(:one), social.block_user(:one), social.create_comment(social.create_post('Theirs', 'text'), 'their comment') \g /dev/null
SELECT social.unblock_user(:one), social.follow_user(:one) \g /dev/null
SELECT social.act_as(:one, true), social.create_post('Mine', 'hello @exp_three #exptag') AS post \gset
SELECT social.update_post(:post, content => 'hello again @exp_three #exptag'), social.mute_user(:three), social.create_comment(:post, 'my comment') \g /dev/null
SELECT social.act_as(NULL::bigint, true), social.export_json(:one) AS document \gset
SELECT is(:'document'::json -> 'account' -> 0 ->> 'username', 'exp_one', 'the account');
SELECT is(:'document'::json -> 'account' -> 0 ->> 'password', NULL, 'without its password');
SELECT is(:'document'::json -> 'followers' -> 0 ->> 'follower_username', 'exp_three', 'others by id and name');
SELECT is(:'document'::json -> 'mutes' -> 0 ->> 'muted_username', 'exp_three', 'whom the person mutes');
SELECT is(:'document'::json -> 'posts' -> 0 ->> 'content', 'hello again @exp_three #exptag', 'posts');
SELECT is(:'document'::json -> 'post_revisions' -> 0 ->> 'content', 'hello @exp_three #exptag', 'what they said before');
SELECT is(:'document'::json -> 'comments' -> 0 ->> 'content', 'my comment', 'comments');
SELECT is(:'document'::json -> 'mentions' -> 0 ->> 'mentioned_user_username', 'exp_three', 'whom they mention');
SELECT unalike(:'document'::text, '%their comment%', 'nothing that others said');
SELECT unalike(:'document'::text, '%exp_three@example.com%', 'nor their addresses');
SELECT unalike(:'document'::text, '%argon2%', 'nor a password');

SELECT * FROM finish();
ROLLBACK;
