-- deletion.sql proves the end of accounts (issue 17 line 3, seed 166): unseen and logged out at once, had back whole within
-- the grace, closed and erased after it, in any order of what may happen; what stays of content; the ledger.
BEGIN;
SELECT no_plan();
SET LOCAL social.argon2_memory = 64;
SET LOCAL social.argon2_iterations = 1;
SET LOCAL social.rate_limits = off;
SET LOCAL social.deletion_grace = '30d';
SELECT social.register_user('del_' || n, 'del_' || n || '@example.com', 'a good password') FROM unnest('{ann,ben,cat,staff}'::text[]) n \g /dev/null
SELECT u.id AS ann FROM social.users u WHERE u.username = 'del_ann' \gset
SELECT u.id AS ben FROM social.users u WHERE u.username = 'del_ben' \gset
SELECT u.id AS cat FROM social.users u WHERE u.username = 'del_cat' \gset
SELECT u.id AS staff FROM social.users u WHERE u.username = 'del_staff' \gset
UPDATE social.users SET is_staff = true WHERE id = :staff;
CREATE FUNCTION pg_temp.worker() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 1000 LOOP EXIT WHEN social.erase_accounts(1000) = 0 AND social.recount() = 0 AND social.fold_counters(10000) + social.number_counts(10000) = 0; END LOOP;
END
$$;
-- As others see it, and what is kept of it.
CREATE FUNCTION pg_temp.seen(person bigint, other bigint, OUT what text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.act_as(other, true);
	what := (SELECT concat_ws(' ', (SELECT count(*) FROM social.visible_users WHERE id = person), (SELECT count(*) FROM social.visible_posts WHERE author_id = person),
		(SELECT count(*) FROM social.visible_comments WHERE author_id = person), (SELECT count(*) FROM social.home_feed(first => 50) WHERE author_id = person),
		(SELECT sum(p.likes_count) FROM social.visible_posts p WHERE p.author_id = other), (SELECT sum(p.comments_count) FROM social.visible_posts p WHERE p.author_id = other),
		(SELECT v.followers_count FROM social.visible_users v WHERE v.id = other), (SELECT sum(h.post_count) FROM social.visible_hashtags h WHERE h.tag IN ('deltag', 'delall')),
		(SELECT count(*) FROM social.search_posts('delword'))));
	PERFORM social.act_as(NULL::bigint, true);
END
$$;
SELECT social.act_as(:ben, true), social.create_post('Of Ben', '#delall') AS bens, social.follow_user(:ann) \gset
SELECT social.act_as(:ann, true), social.create_post('Of Ann', 'delword #deltag #delall') AS anns, social.create_post('Drafted', 'delword', is_published => false) AS draft, social.like_post(:bens), social.follow_user(:ben),
	social.create_comment(:bens, 'by Ann') AS said \gset
SELECT social.act_as(:ben, true), social.create_comment(:bens, 'to Ann', :said) AS reply, social.like_post(:anns), social.like_comment(:said) \gset
SELECT social.act_as(:ann, true) \g /dev/null
SELECT (c.stream).id AS stream, c.stream_key FROM social.create_stream('Live') c \gset
SELECT (c.stream).id AS later FROM social.create_stream('Later', scheduled_at => now() + interval '1 day') c \gset
SELECT social.stream_publish(:'stream_key', 'x', '192.0.2.1'), social.stream_event('local', 'del1', 'update', clock_timestamp(), jsonb_build_object('stream_key', :'stream_key')) \g /dev/null
SELECT social.act_as(NULL::bigint, true), pg_temp.worker() \g /dev/null
SELECT pg_temp.seen(:ann, :ben) AS before \gset
SELECT is(:'before'::text, '1 1 1 1 1 2 1 3 1', 'somebody is seen, and counts');
SELECT access FROM social.login('del_ann', 'a good password') \gset
SELECT social.request_password_reset('del_ann@example.com') \g /dev/null

-- ---- asking for it
SELECT throws_ok('SELECT social.delete_account()', 'SM401', NULL, 'nobody deletes nobody');
SELECT social.act_as(:ann, true) \g /dev/null
SELECT is((SELECT error_code FROM social.delete_account('wrong')), 'SM403', 'not without the password');
SELECT results_eq($$SELECT user_id, restorable_until FROM social.delete_account('a good password')$$, 'SELECT ' || :ann || '::bigint, now() + interval ''30 days''', 'with it, in 30 days');
SELECT social.act_as(NULL::bigint, true) \g /dev/null
SELECT throws_ok('SELECT social.act_as(' || :ann || ')', 'SM404', NULL, 'nobody acts as them from now on');
SELECT is((SELECT error_code FROM social.verify_token(:'access')), 'SM401', 'their session is over');
SELECT is((SELECT count(*) FROM social.admin_sessions WHERE user_id = :ann AND is_live), 0::bigint, 'and every other');
SELECT is((SELECT status::text FROM social.streams WHERE id = :stream), 'ended', 'what they broadcast ends');
SELECT is((SELECT status::text FROM social.streams WHERE id = :later), 'scheduled', 'what they will, if they come back, does not');
SELECT is((SELECT count(*) FROM social.stream_publish(:'stream_key', 'x', '192.0.2.1') p WHERE p.refusal IS NULL), 0::bigint, 'nobody publishes for them');
SELECT is(pg_temp.seen(:ann, :ben), '0 0 0 0 1 2 1 3 0', 'nobody sees them, or what they wrote, at once');
SELECT pg_temp.worker() \g /dev/null
SELECT is(pg_temp.seen(:ann, :ben), '0 0 0 0 0 1 0 1 0', 'and soon they do not count');
SELECT is_empty('SELECT FROM social.reconcile()', 'in any count');
SELECT results_eq($$SELECT username COLLATE "default", state, is_own, keeps_content FROM social.admin_deletions WHERE user_id = $$ || :ann, $$VALUES ('del_ann', 'pending', true, false)$$, 'the operator sees it');
SELECT is((SELECT address || ' ' || (variables ->> 'username') FROM social.mail_outbox WHERE template = 'account_deletion' AND user_id = :ann), 'del_ann@example.com del_ann', 'the address is told');
SELECT is((SELECT count(*) FROM social.posts WHERE author_id = :ann), 2::bigint, 'nothing is erased yet');
SELECT throws_ok($$SELECT social.register_user('del_ann', 'other@example.com', 'a good password')$$, 'SM409', NULL, 'the name is theirs still');

-- ---- having it back
SELECT is((SELECT error_code FROM social.login('del_ann', 'wrong', restore => true)), 'SM401', 'who does not know the password learns nothing');
SELECT results_eq($$SELECT error_code, error_message, restorable_until, access FROM social.login('del_ann', 'a good password')$$,
	$$SELECT 'SM403', 'the account is being deleted', now() + interval '30 days', NULL::text$$, 'who does hears of it');
SELECT is((SELECT outcome::text FROM social.login_attempts WHERE user_id = :ann ORDER BY id DESC LIMIT 1), 'deleting', 'which is an attempt');
UPDATE social.users SET suspended_at = now() WHERE id = :ann;
SELECT is((SELECT error_message FROM social.login('del_ann', 'a good password', restore => true)), 'the account is suspended', 'who is suspended has nothing back');
UPDATE social.users SET suspended_at = NULL WHERE id = :ann;
SELECT isnt((SELECT access FROM social.login('del_ann', 'a good password', restore => true)), NULL, 'with restore it is back');
SELECT pg_temp.worker() \g /dev/null
SELECT is(pg_temp.seen(:ann, :ben), :'before', 'whole');
SELECT is_empty('SELECT FROM social.reconcile()', 'in every count');
SELECT is_empty('SELECT FROM social.account_deletions WHERE user_id = ' || :ann, 'the ledger forgets it');
SELECT is_empty('SELECT FROM social.mail_outbox WHERE template = ''account_deletion'' AND user_id = ' || :ann, 'a mail that has not gone does not');
SELECT is((SELECT error_code FROM social.verify_token(:'access')), 'SM401', 'sessions of before stay over');
SELECT isnt((SELECT access FROM social.login('del_ann', 'a good password', restore => true)), NULL, 'restore does no harm where there is nothing to restore');
SELECT results_eq($$SELECT action COLLATE "default" FROM social.audit_log WHERE object_id = $$ || :ann || $$ AND action IN ('begin_deletion', 'cancel_deletion') ORDER BY id$$, $$VALUES ('begin_deletion'), ('cancel_deletion')$$, 'the log has both');

-- ---- an administrator's
SELECT social.act_as(:ben, true) \g /dev/null
SELECT throws_ok(format('SELECT social.%s(%s)', f, :ann), 'SM403', NULL, 'not for everybody: ' || f) FROM unnest('{request_account_deletion,cancel_account_deletion,delete_user}'::text[]) f;
SELECT social.act_as(NULL::bigint, true) \g /dev/null
SELECT throws_ok('SELECT social.request_account_deletion(' || :ann || ', grace => ' || quote_literal(g) || ')', 'SM400', 'invalid grace', 'no grace: ' || g) FROM unnest('{-1 s,11 years}'::text[]) g;
SELECT throws_ok('SELECT social.request_account_deletion(0)', 'SM404', NULL, 'nobody');
SELECT is(social.request_account_deletion(:ann, grace => '1 hour'), now() + interval '1 hour', 'with a grace of its own');
SELECT is((SELECT error_code FROM social.login('del_ann', 'a good password', restore => true)), 'SM401', 'which its owner cannot take back');
SELECT is(social.request_account_deletion(:ann, true, '2 hours'), now() + interval '1 hour', 'again it does not come later');
SELECT ok((SELECT keeps_content FROM social.account_deletions WHERE user_id = :ann), 'but may keep other things');
SELECT ok(social.cancel_account_deletion(:ann), 'the operator can');
SELECT ok(NOT social.cancel_account_deletion(:ann), 'once');
UPDATE social.users SET is_active = false WHERE id = :cat;
SELECT social.request_account_deletion(:cat), social.cancel_account_deletion(:cat) \g /dev/null
SELECT ok(NOT is_active, 'who was inactive before is so again') FROM social.users WHERE id = :cat;
UPDATE social.users SET is_active = true WHERE id = :cat;

-- ---- the grace passes
SELECT pg_temp.worker() \g /dev/null
SELECT social.act_as(:ann, true) \g /dev/null
SELECT count(*) FROM social.update_account(email => 'del_ann_new@example.com', current_password => 'a good password') \g /dev/null
SELECT social.delete_account() \g /dev/null
SELECT social.act_as(NULL::bigint, true) \g /dev/null
UPDATE social.account_deletions SET due_at = now() - interval '1 second' WHERE user_id = :ann;
SELECT is((SELECT error_code FROM social.login('del_ann', 'a good password', restore => true)), 'SM401', 'too late is too late');
SELECT cmp_ok(social.erase_accounts(1), '>=', 1::bigint, 'the worker closes it');
SELECT ok(closed_at IS NOT NULL AND erased_at IS NULL, 'for good') FROM social.account_deletions WHERE user_id = :ann;
SELECT is_empty('SELECT FROM social.mail_outbox WHERE user_id = ' || :ann, 'no mail goes out any more');
SELECT ok(NOT social.cancel_account_deletion(:ann), 'nothing brings it back');
SELECT pg_temp.worker() \g /dev/null
SELECT is_empty('SELECT FROM social.users WHERE id = ' || :ann, 'the account is gone');
SELECT is((SELECT (author_id = (SELECT t.user_id FROM social.tombstones t), content, deleted_at IS NOT NULL)::text FROM social.comments WHERE id = :said), '(t,"",t)', 'what others have replied to leaves its empty place');
SELECT is((SELECT content FROM social.comments WHERE id = :reply), 'to Ann', 'so that they keep what they said');
SELECT is(pg_temp.seen(:ann, :ben), '0 0 0 0 0 1 0 1 0', 'everything else is gone, too');
SELECT is((SELECT (content, is_deleted)::text FROM social.visible_comments WHERE id = :said), '("",t)', 'and the place is seen');
SELECT is_empty('SELECT FROM social.reconcile()', 'counts are right');
SELECT is_empty($$SELECT FROM social.hashtags WHERE tag = 'deltag'$$, 'a tag that nobody else used is gone');
SELECT ok(erased_at IS NULL, 'events of these seconds are waited for') FROM social.account_deletions WHERE user_id = :ann;
SELECT social.number_events(10000) \g /dev/null
UPDATE social.events SET at = now() - interval '11 seconds';
UPDATE social.account_deletions SET due_at = now() WHERE user_id = :ann;
SELECT pg_temp.worker() \g /dev/null
SELECT ok(erased_at IS NOT NULL, 'until nothing is left') FROM social.account_deletions WHERE user_id = :ann;
SELECT is_empty('SELECT * FROM social.user_footprint(' || :ann || ')', 'and the footprint is empty');
SELECT is((SELECT state FROM social.admin_deletions WHERE user_id = :ann), 'erased', 'as the ledger says');

-- ---- content stays
SELECT social.act_as(:cat, true), social.create_post('Of Cat', 'stays #delcat', image => 'https://example.com/cat.png') AS kept, social.create_post('Draft', 'goes', is_published => false) AS draft,
	social.create_post('Mine', 'goes', visibility => 'private') AS private, social.create_post('Shown', 'goes') AS hidden, social.create_comment(:bens, 'Cat says') AS said \gset
SELECT social.update_post(:kept, content => 'stays, edited #delcat'), social.pin_post(:kept), social.like_post(:bens), social.share_post(:bens, 'quoted by Cat') AS quote \gset
SELECT social.create_comment(:kept, 'Cat to herself') AS own \gset
SELECT social.act_as(:ben, true), social.follow_user(:cat), social.like_post(:kept), social.create_comment(:kept, 'Ben to Cat') AS bensaid \gset
SELECT social.act_as(:staff, true), social.hide_post(:hidden, 'bad') \g /dev/null
SELECT social.act_as(NULL::bigint, true), pg_temp.worker() \g /dev/null
SELECT social.act_as(:cat, true), social.delete_account(keep_content => true), social.act_as(NULL::bigint, true), pg_temp.worker() \g /dev/null
SELECT is(pg_temp.seen(:cat, :ben), '0 0 0 0 0 1 0 1 0', 'in the grace nobody sees it either');
SELECT social.act_as(NULL::bigint, true) \g /dev/null
UPDATE social.account_deletions SET due_at = now() WHERE user_id = :cat;
SELECT pg_temp.worker() \g /dev/null
SELECT is_empty('SELECT FROM social.users WHERE id = ' || :cat, 'the account goes');
SELECT social.act_as(:ben, true) \g /dev/null
SELECT results_eq($$SELECT id, author_id = (SELECT user_id FROM social.tombstones), content, image, is_pinned, likes_count, comments_count FROM social.visible_posts WHERE id IN ($$ || concat_ws(',', :kept, :draft, :private, :hidden) || ')',
	'SELECT ' || :kept || $$::bigint, true, 'stays, edited #delcat', NULL::text, false, 1::bigint, 2::bigint$$, 'public posts stay, as a deleted user''s, without pictures');
SELECT is((SELECT count(*) FROM social.posts WHERE id IN (:draft, :private, :hidden)), 0::bigint, 'what not everybody saw does not');
SELECT results_eq('SELECT id, is_deleted, content FROM social.visible_comments WHERE id IN (' || concat_ws(',', :said, :own, :bensaid) || ') ORDER BY id', $$VALUES ($$ || :said || $$::bigint, false, 'Cat says'), ($$ || :own || $$, false, 'Cat to herself'), ($$ || :bensaid || ', false, ''Ben to Cat'')', 'comments stay likewise');
SELECT is((SELECT quoted_post_id FROM social.visible_posts WHERE id = :quote), :bens::bigint, 'a quote goes on quoting');
SELECT is((SELECT post_count FROM social.visible_hashtags WHERE tag = 'delcat'), 1::bigint, 'a tag counts them again');
SELECT is_empty('SELECT FROM social.post_revisions WHERE post_id = ' || :kept, 'what they said before an edit goes');
SELECT is((SELECT username || ' ' || is_active FROM social.users WHERE id = (SELECT user_id FROM social.tombstones)), 'deleted_user true', 'one account stands for all');
SELECT is((SELECT error_code FROM social.login('deleted_user', '!')), 'SM401', 'that nobody logs in to');
SELECT bag_eq('SELECT type COLLATE "default", false FROM social.notification_preferences()', 'SELECT type COLLATE "default", is_enabled FROM social.notification_preferences WHERE user_id = (SELECT user_id FROM social.tombstones)', 'and that is told of nothing');
SELECT social.act_as(:ben, true), social.unlike_post(:kept), social.like_post(:kept), social.create_comment(:said, 'x') IS NULL FROM (SELECT social.require_viewer()) v WHERE false \g /dev/null
SELECT is_empty('SELECT FROM social.notifications WHERE recipient_id = (SELECT user_id FROM social.tombstones)', 'really');
-- A moderator's answer to what one person has left is none to what all have.
SELECT social.act_as(:ben, true), social.report_post(:kept, 'bad') AS report \gset
SELECT social.act_as(:staff, true) \g /dev/null
SELECT throws_ok(format('SELECT social.resolve_report(%s, ''suspend'')', :report), 'SM400', 'this account stands for all who are gone', 'nobody suspends it by a report of one post');
SELECT throws_ok('SELECT social.suspend_user((SELECT user_id FROM social.tombstones))', 'SM400', 'this account stands for all who are gone', 'nor by its id');
SELECT is(social.resolve_report(:report, 'dismiss'), :report::bigint, 'the report can be closed otherwise');
SELECT social.act_as(NULL::bigint, true) \g /dev/null
SELECT throws_ok('SELECT social.request_account_deletion((SELECT user_id FROM social.tombstones))', 'SM400', 'this account stands for all who are gone', 'nor does an administrator delete it');
SELECT is_empty('SELECT FROM social.reconcile()', 'counts are right');
UPDATE social.events SET at = now() - interval '11 seconds';
SELECT social.number_events(10000) \g /dev/null
UPDATE social.events SET at = now() - interval '11 seconds';
UPDATE social.account_deletions SET due_at = now() WHERE user_id = :cat;
SELECT social.act_as(NULL::bigint, true), pg_temp.worker() \g /dev/null
SELECT is_empty('SELECT * FROM social.user_footprint(' || :cat || ')', 'and nothing leads back');
-- Somebody whose content is not shown does not show it by this.
SELECT social.register_user('del_dan', 'del_dan@example.com', 'a good password') AS dan \gset
SELECT social.act_as(:dan, true), social.create_post('Of Dan', 'bad') AS dans, social.act_as(:staff, true), social.suspend_user(:dan), social.act_as(NULL::bigint, true), social.delete_user(:dan, true) \gset
SELECT is_empty('SELECT FROM social.posts WHERE id = ' || :dans, 'what a suspended person wrote goes, whatever they want');

-- ---- the ledger
SELECT social.deletion_ledger() AS ledger \gset
SELECT is(social.replay_deletions(:'ledger'), 0::bigint, 'the ledger brings nothing new where it is from');
-- As a backup has it: one who was erased, one who asked, and somebody new with the number of one who was erased.
INSERT INTO social.users (id, username, created_at) SELECT :ann, 'del_ann', d.account_created_at FROM social.account_deletions d WHERE d.user_id = :ann;
INSERT INTO social.users (id, username, created_at) SELECT :cat, 'del_new', d.account_created_at + interval '1 second' FROM social.account_deletions d WHERE d.user_id = :cat;
SELECT social.act_as(:ann), social.create_post('Back', 'from a backup') \g /dev/null
SELECT social.act_as(:ben, true), social.delete_account() \g /dev/null
SELECT social.act_as(NULL::bigint, true), social.deletion_ledger() AS ledger \gset
DELETE FROM social.account_deletions;
UPDATE social.users SET is_active = true WHERE id = :ben;
SELECT is(social.replay_deletions(:'ledger'), 2::bigint, 'issue 17: deletions are done again after a restore');
SELECT is(social.replay_deletions(:'ledger'), 0::bigint, 'once');
SELECT pg_temp.worker() \g /dev/null
SELECT is_empty('SELECT FROM social.users WHERE id = ' || :ann, 'who was erased is so again');
SELECT isnt_empty('SELECT FROM social.users WHERE is_active AND id = ' || :cat, 'who has only the number is another person');
SELECT is((SELECT state || is_active FROM social.admin_deletions d JOIN social.users u ON u.id = d.user_id WHERE u.id = :ben), 'pendingfalse', 'who had asked has asked');
SELECT isnt((SELECT access FROM social.login('del_ben', 'a good password', restore => true)), NULL, 'and may be back');
SELECT throws_ok(format('SELECT social.replay_deletions(%L)', l), 'SM400', 'invalid ledger', 'no ledger: ' || l) FROM unnest(ARRAY['{}', '1', '[1]', '[{}]', '[{"user_id": 1}]', 'null']) l;
SELECT throws_ok('SELECT social.erase_accounts(' || b || ')', 'SM400', 'invalid batch', 'no batch: ' || b) FROM unnest('{0,100001,NULL}'::text[]) b WHERE b IS NOT NULL;

SELECT * FROM finish();
ROLLBACK;
