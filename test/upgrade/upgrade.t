# upgrade.t: an installation of each earlier version, updated, equals a fresh one catalog by catalog;
# its data is kept, and no table was rewritten. The data is a dump made with that version, with drafts,
# links, likes, an inactive account and deltas that wait. mission P-25, design D1.
use strict;
use warnings;
use lib 'test/upgrade';
use Databases;
use Test::More;

my $relations = q{pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace AND s.nspname = 'social'};
my $routines  = q{pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace AND s.nspname = 'social'};

# One query for each catalog; names instead of numbers, but for the columns of tables, which C reads by
# number (found C17).
my %catalog = (
	relations => qq{SELECT c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.relacl IS NULL, obj_description(c.oid, 'pg_class')
		FROM $relations WHERE c.relkind <> 'i'},
	columns => qq{SELECT c.relname, CASE WHEN c.relkind <> 'v' THEN a.attnum END, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstattarget,
		(SELECT collname FROM pg_collation o WHERE o.oid = a.attcollation), pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
		FROM $relations JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relkind IN ('r', 'v', 'p')},
	constraints => qq{SELECT c.relname, n.conname, n.convalidated, pg_get_constraintdef(n.oid) FROM $relations JOIN pg_constraint n ON n.conrelid = c.oid},
	indexes => qq{SELECT c.relname, i.indisvalid, pg_get_indexdef(c.oid), c.reloptions FROM $relations JOIN pg_index i ON i.indexrelid = c.oid},
	views => qq{SELECT c.relname, pg_get_viewdef(c.oid), c.reloptions FROM $relations WHERE c.relkind = 'v'},
	functions => qq{SELECT p.oid::regprocedure, pg_get_function_result(p.oid), pg_get_function_arguments(p.oid), (SELECT lanname FROM pg_language l WHERE l.oid = p.prolang),
		p.provolatile, p.proparallel, p.prosecdef, p.proisstrict, p.proleakproof, p.procost, p.prorows, p.proconfig, p.prosrc, pg_get_function_sqlbody(p.oid),
		array_length(p.proacl, 1), obj_description(p.oid, 'pg_proc') FROM $routines},
	triggers => qq{SELECT c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM $relations JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal},
	'event triggers' => q{SELECT evtname, evtevent, evtenabled, evttags, evtfoid::regprocedure, obj_description(oid, 'pg_event_trigger') FROM pg_event_trigger},
	policies => qq{SELECT c.relname, l.polname, l.polcmd, l.polpermissive, pg_get_expr(l.polqual, l.polrelid), pg_get_expr(l.polwithcheck, l.polrelid)
		FROM $relations JOIN pg_policy l ON l.polrelid = c.oid},
	sequences => qq{SELECT c.relname, q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle FROM $relations JOIN pg_sequence q ON q.seqrelid = c.oid},
	'dumped tables' => q{SELECT f.oid::regclass, f.condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS f (oid, condition) WHERE e.extname = 'social'},
	members => q{SELECT regexp_replace(pg_describe_object(d.classid, d.objid, 0), '_\d+$', '') FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
		WHERE e.extname = 'social' AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'},
);

my $fresh = create_database("social_fresh_$$");
sql($fresh, 'CREATE EXTENSION social');

for my $script (glob 'sql/release/social--*.sql')
{
	my ($version) = $script =~ /social--(.*)\.sql/;
	my $old = create_database("social_old_${\($version =~ tr{.}{_}r)}_$$");
	sql($old, "CREATE EXTENSION social VERSION '$version'");
	run('psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $old, '-f', "test/data/social--$version.data.sql");
	sql($old, "DO \$\$ BEGIN INSERT INTO social.users (username) VALUES ('early'); ASSERT false; EXCEPTION WHEN object_not_in_prerequisite_state THEN END \$\$");
	my @kept = (
		'SELECT id, username, email, password, is_active FROM social.users ORDER BY id',
		'SELECT id, author_id, title, content, is_published, position, hashtags, search_vector, created_at, updated_at FROM social.posts ORDER BY id',
		'SELECT id, post_id, author_id, parent_id, content, is_edited, created_at FROM social.comments ORDER BY id',
		'SELECT post_id, user_id, created_at FROM social.post_likes ORDER BY 1, 2',
		'SELECT follower_id, followed_id, created_at FROM social.follows ORDER BY 1, 2',
		'SELECT post_id, hashtag_id, position FROM social.post_hashtags ORDER BY 1, 2',
		'SELECT id, post_id, mentioned_user_id FROM social.mentions ORDER BY 1',
		'SELECT post_id, likes_count, comments_count FROM social.post_counters ORDER BY 1',
		'SELECT hashtag_id, posts_count FROM social.hashtag_counters ORDER BY 1');
	my $digest = join ' UNION ALL ', map { "(SELECT md5(string_agg(t::text, chr(10))) FROM ($kept[$_]) t)" } 0 .. $#kept;
	my $files  = q{SELECT relname, relfilenode FROM pg_class WHERE relnamespace = 'social'::regnamespace AND relkind = 'r' AND relname IN ('users', 'posts', 'comments', 'post_likes', 'comment_likes', 'post_hashtags', 'follows', 'post_counters') ORDER BY 1};
	my ($data_before, $files_before) = (sql($old, $digest), sql($old, $files));

	# 0.3 let sessions live on when their account was suspended, and one-time codes begin without a password.
	my $accounts = $version eq '0.1' || $version eq '0.2' ? undef : sql($old, <<'SQL');
SET social.restoring = on;
INSERT INTO social.users (username, is_active, suspended_at, suspended_until) VALUES ('up_on', true, NULL, NULL), ('up_off', false, NULL, NULL),
	('up_banned', true, now(), NULL), ('up_back', true, now() - interval '2 days', now() - interval '1 day');
INSERT INTO social.user_counters (user_id) SELECT id FROM social.users WHERE username LIKE 'up\_%';
INSERT INTO social.user_sessions (user_id, family_secret, expires_at) SELECT id, 'x', now() + interval '1 day' FROM social.users WHERE username LIKE 'up\_%';
INSERT INTO social.user_totp (user_id, secret, confirmed_at) SELECT id, 'x', CASE WHEN username = 'up_on' THEN now() END FROM social.users WHERE username IN ('up_on', 'up_back');
SELECT count(*) FROM social.admin_sessions WHERE username LIKE 'up\_%' AND is_live;
SQL
	$data_before = sql($old, $digest);

	sql($old, 'ALTER EXTENSION social UPDATE');
	is(sql($old, "SELECT extversion FROM pg_extension WHERE extname = 'social'"), sql($fresh, "SELECT extversion FROM pg_extension WHERE extname = 'social'"), "$version updates to the current version");
	for my $name (sort keys %catalog)
	{
		my ($updated, $expected) = map { [ split /\n/, sql($_, "SELECT to_json(r) FROM ($catalog{$name}) r") ] } $old, $fresh;
		my %differs;
		$differs{$_}-- for @$updated;
		$differs{$_}++ for @$expected;
		is(join("\n", map { ($differs{$_} > 0 ? 'missing: ' : 'only there: ') . $_ } grep { $differs{$_} } sort keys %differs), '', "$version updated: the $name of a fresh installation");
		cmp_ok(scalar @$expected, '>', 0, "which has some $name");
	}
	is(sql($old, $digest), $data_before, "$version updated: the data is kept");
	is(sql($old, $files), $files_before, "$version updated: no table was rewritten");
	is(sql($old, q{SELECT string_agg(username || ' ' || coalesce(revoked_reason, 'lives'), ', ' ORDER BY username) FROM social.admin_sessions WHERE username LIKE 'up\_%'}),
		'up_back lives, up_banned account suspended, up_off account deactivated, up_on lives', "$version updated: sessions of accounts that are not active end") if $accounts;
	is(sql($old, 'SELECT u.username FROM social.user_totp t JOIN social.users u ON u.id = t.user_id'), 'up_on', "$version updated: codes that nobody confirmed begin again") if $accounts;
	is(sql($old, 'SELECT count(*) FROM social.reconcile()'), 0, "$version updated: counts equal the truth");
	is(sql($old, <<'SQL'), "t|t|1|1|0", "$version updated: the draft is published, and links and counts go on");
SELECT social.act_as('alice', true) AS viewer \gset
SELECT id FROM social.posts WHERE title = 'A draft' \gset
SELECT social.publish_post(:id) AS published \gset
SELECT social.act_as('bob', true) AS viewer \gset
SELECT social.like_post(:id) AS liked \gset
SELECT is_published, position IS NOT NULL, likes_count, (SELECT count(*) FROM social.visible_mentions m WHERE m.post_id = p.id), (SELECT count(*) FROM social.reconcile())
FROM social.visible_posts p WHERE p.id = :id;
SQL
}
done_testing();
