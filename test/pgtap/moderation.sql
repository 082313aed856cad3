-- moderation.sql proves reports and what staff do about them (mission 3.3, seed 166).
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username, is_staff, is_superuser)
VALUES ('tap_author', false, false), ('tap_reporter', false, false), ('tap_second', false, false), ('tap_staff', true, false), ('tap_staff2', true, false), ('tap_root', true, true);
SELECT id AS author FROM social.users WHERE username = 'tap_author' \gset
SELECT id AS root FROM social.users WHERE username = 'tap_root' \gset
SELECT id AS staff FROM social.users WHERE username = 'tap_staff' \gset
SELECT id AS staff2 FROM social.users WHERE username = 'tap_staff2' \gset
SELECT social.act_as('tap_root') \g /dev/null
SELECT social.create_post('By root', 'untouchable') AS root_post \gset
SELECT social.act_as('tap_author') \g /dev/null
SELECT social.create_post('One', 'text') AS post \gset
SELECT social.create_post('Private', 'text', visibility => 'private') AS private_post \gset
SELECT social.create_post('Two', 'text') AS other_post \gset
SELECT social.create_comment(:post, 'a comment') AS comment \gset

-- reporting
SELECT throws_ok(format('SELECT social.report_post(%s, %L)', :post, 'spam'), 'SM400', 'you cannot report your own post', 'nobody reports the own post');
SELECT throws_ok(format('SELECT social.report_comment(%s, %L)', :comment, 'spam'), 'SM400', 'you cannot report your own comment', 'nor comment');
SELECT throws_ok(format('SELECT social.report_user(%s, %L)', :author, 'spam'), 'SM400', 'you cannot report yourself', 'nor oneself');
SELECT social.act_as(NULL::bigint);
SELECT throws_ok(format('SELECT social.report_post(%s, %L)', :post, 'spam'), 'SM401', NULL, 'nobody acts, nobody reports');
SELECT social.act_as('tap_reporter') \g /dev/null
SELECT throws_ok(format('SELECT social.report_post(%s, %L)', :private_post, 'spam'), 'SM404', 'post not found', 'what one cannot see is not there');
SELECT throws_ok('SELECT social.report_post(-1, ''spam'')', 'SM404', 'post not found', 'in the words for an unknown one');
SELECT throws_ok('SELECT social.report_comment(-1, ''spam'')', 'SM404', 'comment not found', 'a comment likewise');
SELECT throws_ok('SELECT social.report_user(-1, ''spam'')', 'SM404', 'user not found', 'a person likewise');
SELECT throws_ok(format('SELECT social.report_post(%s, %L)', :post, ' '), 'SM400', 'reason is required', 'a report has a reason');
SELECT throws_ok(format('SELECT social.report_post(%s, repeat(%L, 101))', :post, 'x'), 'SM400', 'reason is too long', 'a short one');
SELECT throws_ok(format('SELECT social.report_post(%s, %L, repeat(%L, 2001))', :post, 'spam', 'x'), 'SM400', 'details are too long', 'and details of a length');
SELECT social.report_post(:post, 'spam', 'buys and sells') AS report \gset
SELECT is(social.report_post(:post, 'spam again'), :report::bigint, 'while a report is open, another is the same');
SELECT social.report_comment(:comment, 'rude') AS comment_report \gset
SELECT social.report_user(:author, 'spammer') AS user_report \gset
SELECT social.report_post(:root_post, 'spam') AS root_report \gset
SELECT social.act_as('tap_second') \g /dev/null
SELECT social.report_post(:post, 'spam') AS second_report \gset
SELECT isnt(:second_report::bigint, :report::bigint, 'another person''s report is another');

-- reading
SELECT throws_ok('SELECT social.reports()', 'SM403', 'only staff may do this', 'reports are for staff');
SELECT throws_ok(format('SELECT social.resolve_report(%s, ''dismiss'')', :report), 'SM403', NULL, 'so is closing them');
SELECT throws_ok(format('SELECT social.hide_post(%s)', :post), 'SM403', NULL, 'hiding');
SELECT throws_ok(format('SELECT social.suspend_user(%s)', :author), 'SM403', NULL, 'suspending');
SELECT throws_ok($$ SELECT social.add_content_rule('word', 'x') $$, 'SM403', NULL, 'and the rules');
SELECT social.act_as('tap_staff') \g /dev/null
SELECT results_eq(format($$ SELECT (id, object_type, object_id, object_owner, reason, reporter)::text FROM social.reports() WHERE id >= %s LIMIT 2 $$, :report),
	format($$ VALUES ((%s, 'post', %s, 'tap_author', 'spam', 'tap_reporter')::text), ((%s, 'comment', %s, 'tap_author', 'rude', 'tap_reporter')::text) $$, :report, :post, :comment_report, :comment),
	'staff read what was reported, whose and by whom');
SELECT is((SELECT id FROM social.reports('open', 1, social.cursor_encode('reports', :report, 0))), :comment_report::bigint, 'page by page');
SELECT throws_ok($$ SELECT social.reports('strange') $$, 'SM400', 'invalid status', 'of a known status');
SELECT throws_ok($$ SELECT social.reports('open', 0) $$, 'SM400', NULL, 'in pages of a size');
SELECT throws_ok($$ SELECT social.reports('open', 5, 'mangled') $$, 'SM400', NULL, 'with a cursor of this list');

SELECT set_eq('SELECT r::text FROM social.visible_reports r WHERE id >= ' || :report, 'SELECT r::text FROM social.admin_reports r WHERE id >= ' || :report, 'and in a view');
SELECT social.act_as('tap_reporter') \g /dev/null
SELECT results_eq(format('SELECT (id, status, reporter, object_owner, excerpt, resolution, resolver)::text FROM social.visible_reports WHERE id >= %s ORDER BY id', :report),
	format($$ SELECT (id, 'open', 'tap_reporter', NULL, NULL, NULL, NULL)::text FROM unnest(ARRAY[%s, %s, %s, %s]::bigint[]) id $$, :report, :comment_report, :user_report, :root_report),
	'who reported sees the own reports, without what staff know');
SELECT is_empty('SELECT FROM social.visible_content_rules', 'and no rules');
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT is_empty('SELECT FROM social.visible_reports', 'nobody sees none');
SELECT social.act_as('tap_staff') \g /dev/null

-- acting
SELECT throws_ok(format('SELECT social.resolve_report(%s, ''explode'')', :report), 'SM400', 'invalid action', 'there are four actions');
SELECT throws_ok(format('SELECT social.resolve_report(%s, ''hide'')', :user_report), 'SM400', 'invalid action', 'a person is not hidden');
SELECT throws_ok('SELECT social.resolve_report(-1, ''dismiss'')', 'SM404', 'report not found', 'of a report that exists');
SELECT is(social.resolve_report(:report, 'hide', 'first warning'), :report::bigint, 'a report is resolved');
SELECT results_eq(format('SELECT (status, resolution, resolved_by)::text FROM social.reports WHERE id IN (%s, %s)', :report, :second_report),
	format($$ VALUES (('resolved', 'hide: first warning', %1$s)::text), (('resolved', 'hide: first warning', %1$s)::text) $$, :staff), 'and with it the others about the same post');
SELECT throws_ok(format('SELECT social.resolve_report(%s, ''dismiss'')', :report), 'SM409', 'the report is closed already', 'once');
SELECT is(social.resolve_report(:comment_report, 'dismiss'), :comment_report::bigint, 'another is dismissed');
SELECT is((SELECT hidden_at FROM social.comments WHERE id = :comment), NULL, 'and nothing happens to its comment');
SELECT throws_ok(format('SELECT social.resolve_report(%s, ''delete'')', :root_report), 'SM403', 'a superuser account is not moderated', 'a superuser''s post is not deleted');
SELECT throws_ok(format('SELECT social.hide_post(%s)', :root_post), 'SM403', NULL, 'nor hidden');
SELECT throws_ok(format('SELECT social.suspend_user(%s)', :root), 'SM403', NULL, 'nor is a superuser suspended');
SELECT throws_ok(format('SELECT social.suspend_user(%s)', :staff2), 'SM403', 'only a superuser may suspend staff', 'nor staff by staff');
SELECT throws_ok(format('SELECT social.suspend_user(%s)', :staff), 'SM400', 'you cannot suspend yourself', 'nor oneself');
SELECT throws_ok('SELECT social.suspend_user(-1)', 'SM404', 'user not found', 'nor nobody');
SELECT throws_ok(format('SELECT social.suspend_user(%s, now() - interval ''1 s'')', :author), 'SM400', 'invalid until', 'a suspension ends in the future');

-- what others see
SELECT social.act_as('tap_reporter') \g /dev/null
SELECT is_empty(format('SELECT FROM social.post(%s)', :post), 'a hidden post is gone for others');
SELECT social.act_as('tap_author') \g /dev/null
SELECT isnt_empty(format('SELECT FROM social.post(%s)', :post), 'but not for its author');
SELECT social.act_as('tap_staff') \g /dev/null
SELECT isnt_empty(format('SELECT FROM social.post(%s)', :post), 'nor for staff');
SELECT is(social.hide_post(:post), :post::bigint, 'hiding again is harmless');
SELECT social.unhide_post(:post);
SELECT is(social.unhide_post(:post), :post::bigint, 'so is unhiding again');
SELECT social.hide_comment(:comment);
SELECT social.act_as('tap_reporter') \g /dev/null
SELECT isnt_empty(format('SELECT FROM social.post(%s)', :post), 'the post is back');
SELECT is_empty(format('SELECT FROM social.visible_comments WHERE id = %s', :comment), 'a hidden comment is gone');
SELECT social.act_as('tap_staff') \g /dev/null
SELECT social.unhide_comment(:comment);
SELECT throws_ok('SELECT social.hide_post(-1)', 'SM404', 'post not found', 'an unknown post is not hidden');
SELECT throws_ok('SELECT social.unhide_comment(-1)', 'SM404', 'comment not found', 'nor an unknown comment unhidden');
SELECT is(social.resolve_report(:user_report, 'suspend'), :user_report::bigint, 'an account is suspended');
SELECT throws_ok('SELECT social.act_as(''tap_author'')', 'SM404', NULL, 'it cannot act');
SELECT throws_ok(format('SELECT social.admit(%s)', :author), 'SM401', NULL, 'nor come in');
SELECT social.act_as('tap_reporter') \g /dev/null
SELECT is_empty(format('SELECT FROM social.visible_users WHERE id = %s', :author), 'nor be seen');
SELECT is_empty(format('SELECT FROM social.post(%s)', :post), 'with what it wrote');
SELECT social.act_as('tap_staff') \g /dev/null
SELECT social.suspend_user(:author, now() + interval '1 day', 'shorter');
SELECT social.unsuspend_user(:author);
SELECT is(social.unsuspend_user(:author), :author::bigint, 'the suspension ends; again is harmless');
SELECT throws_ok('SELECT social.unsuspend_user(-1)', 'SM404', NULL, 'for somebody who exists');
SELECT social.act_as('tap_author') \g /dev/null
SELECT lives_ok('SELECT social.create_post(''Back'', ''again'')', 'and the account acts again');
SELECT social.act_as('tap_root') \g /dev/null
SELECT lives_ok(format('SELECT social.suspend_user(%s)', :staff2), 'a superuser suspends staff');
SELECT results_eq(format($$ SELECT action::text COLLATE "default" FROM social.audit_log WHERE actor_id = %s ORDER BY id $$, :staff),
	ARRAY['hide_post', 'resolve_report', 'resolve_report', 'unhide_post', 'hide_comment', 'unhide_comment', 'suspend_user', 'resolve_report', 'suspend_user', 'unsuspend_user'],
	'the audit log has all that was done, once');
-- what staff and superusers read of the log over a client (issue 13, line 1)
SELECT is((SELECT count(*) FROM social.audit_entries('suspend_user', :root)), 1::bigint, 'seed 153: a superuser reads all of it, by action and by person');
SELECT social.audit('logout', 'user', :staff) \g /dev/null
SELECT is((SELECT action FROM social.audit_entries(with_actor_id => :root, first => 1)), 'logout', 'newest first');
SELECT social.act_as('tap_staff') \g /dev/null
SELECT results_eq(format('SELECT action FROM social.moderation_entries(%s) LIMIT 2', :staff), ARRAY['unsuspend_user', 'suspend_user'], 'staff what was done in moderation');
SELECT results_eq(format('SELECT action FROM social.moderation_entries(%s)', :root), ARRAY['suspend_user'], 'and nothing that people do with their accounts');
SELECT throws_ok('SELECT social.audit_entries()', 'SM403', 'only a superuser may do this', 'the rest is for superusers');
SELECT social.act_as('tap_reporter') \g /dev/null
SELECT throws_ok('SELECT social.' || f, 'SM403', NULL, f || ': not for others') FROM unnest(ARRAY['audit_entries()', 'moderation_entries()']) f;
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT throws_ok('SELECT social.' || f, 'SM401', NULL, f || ': nor for nobody') FROM unnest(ARRAY['audit_entries()', 'moderation_entries()']) f;
SELECT is((SELECT detail ->> 'note' FROM social.audit_log WHERE action = 'hide_post' AND object_id = :post), 'first warning', 'with the note');
SELECT is_empty('SELECT FROM social.reconcile()', 'counts equal the truth');

SELECT * FROM finish();
ROLLBACK;
