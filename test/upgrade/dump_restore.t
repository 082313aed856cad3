# dump_restore.t: a dump restored into an empty database equals the original table by table, by each
# documented way, and goes on living there. mission P-03, design D1.
use strict;
use warnings;
use lib 'test/upgrade';
use Databases;
use Test::More;

my $source = "social_dump_$$";

# A restored database holds its counts, counts on, and gives out new ids.
sub lives_on
{
	my ($database, $how) = @_;
	is(sql($database, 'SELECT count(*) FROM social.reconcile()'), 0, "$how: counts equal the truth");
	is(sql($database, <<'SQL'), "2|1|1|0", "$how: a new post links, counts and mentions");
SELECT social.act_as('alice', true) AS viewer \gset
SELECT social.create_post('After the restore', '#django and #afterwards with @bob') AS id \gset
SELECT social.like_post(:id) AS liked \gset
SELECT cardinality(hashtags), likes_count,
	(SELECT count(*) FROM social.visible_mentions m WHERE m.post_id = p.id),
	(SELECT count(*) FROM social.reconcile())
FROM social.post(:id) p;
SQL
	sql($database, 'SELECT social.tick()');
	is(sql($database, 'SELECT count(*) > 0, min(id) > 4000000000 FROM social.events'), 't|t', "$how: events go on, with numbers that the original has not given out");
	is(sql($database, q{UPDATE social.job_workers SET leased_until = now(); DELETE FROM social.job_pauses; SELECT count(*), min(attempt) FROM social.claim_jobs('restored', '{dump}')}),
		'1|2', "$how: P-24: what ran when the dump was made comes back when its lease is over");
	is(sql($database, 'SELECT count(*) FROM pg_trigger WHERE tgrelid::regclass::text LIKE $$social.%$$ AND tgenabled = $$D$$'),
		0, "$how: no trigger is left disabled");
}

create_database($source);
sql($source, 'CREATE EXTENSION social');
is(sql($source, q{SELECT count(*) FROM social.jwt_key}), 0, 'found E12: no key is made at install');
my $first_key = sql($source, 'SELECT social.ensure_jwt_key()');
is(sql($source, q{SELECT string_agg(k.status, ' ' ORDER BY k.status), json_array_length(social.jwks() -> 'keys'), c.status FROM social.jwt_key k, social.check() c WHERE c.name = 'signing key' GROUP BY 3}),
	'active standby|2|ok', 'found E12: the first bridge makes the one that signs, and the next, and publishes both');
sql($source, 'SELECT social.init_data()');
sql($source, q{SELECT social.login('alice', 'demo-password')});
is(sql($source, q{SELECT reltuples BETWEEN 900 AND 1100 FROM pg_class WHERE oid = 'social.posts'::regclass}), 't', 'the planner knows of the demo data');
is(sql($source, q{SELECT kid FROM social.jwt_key WHERE status = 'active'}), $first_key, 'it signs the first token');
# A row or more in every table.
sql($source, <<'SQL');
SELECT social.set_retention('post_views', '7 days'), social.add_content_rule('word', 'forbidden', 'flag'), social.set_rate_limit('rest', 'search', 'client', '7/minute'), social.add_graphql_document('{ me { id } }');
SELECT social.act_as('alice', true);
SELECT social.create_post('Twice', 'Something forbidden') AS id \gset
SELECT social.update_post(:id, content => 'Something else'), social.view_post(:id), social.bookmark_post(:id), social.set_notification_preference('like', false);
SELECT social.repost_post(:id), social.unrepost_post(:id), social.delete_post(social.create_post('Gone', 'for now'));
SELECT social.create_post('Later', 'at its time', publish_at => now() + interval '1 year', is_published => false);
SELECT social.register('dumped', 'dumped@example.com', 'correct horse'), social.add_leaked_passwords('{password}');
SELECT count(secret) FROM social.enable_totp('demo-password');
SELECT count(*) FROM social.confirm_totp(social.totp((SELECT secret FROM social.user_totp)));
SELECT id > 0 FROM social.issue_api_key(social.viewer_id(), 'dumped', '{read}');
SELECT social.set_consent_document('terms', '1'), social.give_consent('terms');
INSERT INTO social.jwt_issuers (issuer, jwks) VALUES ('https://issuer.example', '{"keys":[]}');
INSERT INTO social.token_blacklist (jti, token_type, expires_at) VALUES ('dumped', 'access', now() + interval '1 year');
SELECT social.tick();
INSERT INTO social.post_trends SELECT id, 1 FROM social.posts ORDER BY id LIMIT 1 ON CONFLICT DO NOTHING;
INSERT INTO social.hashtag_trends SELECT id, 1 FROM social.hashtags ORDER BY id LIMIT 1 ON CONFLICT DO NOTHING;
INSERT INTO social.post_reindex (before_id) VALUES (1);
INSERT INTO social.idempotency_keys (user_id, key, step, request_hash, answer) SELECT min(id), 'a key', 0, 'hash', '{}' FROM social.users;
INSERT INTO social.repost_places (post_id, user_id, position, created_at) SELECT min(id), min(author_id), 1, now() FROM social.posts;
INSERT INTO social.django_imports (source, step) VALUES ('old', 'comments');
INSERT INTO social.django_ids VALUES (1, 'old', 'user', '1');
INSERT INTO social.django_notes (source, kind, key, note) VALUES ('old', 'user', '2', 'left out');
SELECT social.set_job_kind('dump', queue => 'dump_queue'), social.set_job_schedule('dump', 'dump', '1 year', starts_at => now() + interval '1 year'), social.enqueue_jobs('dump', '{"{}","{}"}');
SELECT social.finish_jobs('dumped', ARRAY[id], ARRAY[attempt]) FROM social.claim_jobs('dumped', '{dump}', 1);
SELECT count(*) FROM social.claim_jobs('dumped', '{dump}', 1);
SELECT social.pause_queue('dump_queue');
INSERT INTO social.account_deletions (user_id, account_created_at, due_at, closed_at, erased_at) VALUES (1000000, now(), now(), now(), now());
INSERT INTO social.tombstones (user_id) SELECT max(id) FROM social.users;
INSERT INTO social.media_sweeps (deletes) VALUES (true);
INSERT INTO social.exports (user_id, key) SELECT min(id), 'exports/1/dumped.zip' FROM social.users;
INSERT INTO social.imported_posts (user_id, original_id, post_id) SELECT author_id, 1, id FROM social.posts LIMIT 1;
SELECT social.set_media_store(), social.create_upload('dumped.png', 'image/png', 100) AS media \gset
SELECT social.media_found(:media, 100, 'image/png'), social.create_post('Shown', 'with a picture', image => key) FROM social.media WHERE id = :media;
SELECT (c.webhook).id AS webhook FROM social.create_webhook('https://dumped.example') c \gset
SELECT social.test_webhook(:webhook);
INSERT INTO social.webhook_delivery_attempts (webhook_id, delivery_id, status, took_ms) SELECT :webhook, max(id), 204, 1 FROM social.webhook_deliveries;
INSERT INTO social.webhook_events (id, at, type) VALUES (1, now(), 'post.created');
INSERT INTO social.webhook_log (event_id, tended_at) VALUES (1, now() + interval '1 year') ON CONFLICT DO NOTHING;
SELECT (c.stream).id AS stream, c.stream_key FROM social.create_stream('Dumped', tags => 'a,b', is_private => true, allowed_users => ARRAY[(SELECT max(id) FROM social.users)]) c \gset
SELECT social.stream_publish(:'stream_key', 'dumped', '192.0.2.1'), social.stream_event('local', 'dumped', 'update', clock_timestamp(), jsonb_build_object('stream_key', :'stream_key'));
SELECT social.stream_event('local', 'dumped beat', 'heartbeat', clock_timestamp(), jsonb_build_object('stream_key', :'stream_key', 'bitrate_kbps', 2500));
SELECT social.note_stream_audience(:stream, 'DE', 'Firefox');
SELECT count(*) FROM social.watch_stream(:stream);
SELECT social.send_chat_message(:stream, 'Dumped'), social.add_stream_moderator(:stream, (SELECT max(id) FROM social.users)), social.ban_chat_user(:stream, (SELECT max(id) - 1 FROM social.users));
SELECT social.set_mux(is_default => true);
SELECT count(*) FROM social.create_stream('Dumped at Mux');
SELECT social.set_mux(is_default => false), social.receive_webhook('mux', 'missing', '192.0.2.1', 0);
UPDATE social.streams SET publisher = NULL, heard_at = now() + interval '1 year';
SELECT social.act_as(NULL::bigint, true), social.sports_import('dump', '{"leagues": [{"id": "1", "name": "Dumped"}], "teams": [{"id": "1", "league": "1", "name": "Dumped"}], "athletes": [{"id": "1", "team": "1", "last_name": "Dumped"}]}');
INSERT INTO social.post_subjects SELECT p.id, s.id, p.position FROM social.posts p, social.sport_subjects s ORDER BY p.id, s.id LIMIT 1;
INSERT INTO social.stream_subjects SELECT t.id, s.id FROM social.streams t, social.sport_subjects s ORDER BY t.id, s.id LIMIT 1;
INSERT INTO social.sport_follows (user_id, subject_id) SELECT u.id, s.id FROM social.users u, social.sport_subjects s ORDER BY u.id DESC, s.id LIMIT 1;
INSERT INTO social.recounts (user_id, due, horizon) SELECT min(author_id), now() + interval '1 year', pg_current_xact_id() FROM social.posts;
SQL
# A dump may meet deltas that are not folded yet, and vectors that wait to be made anew.
sql($source, q{
	SELECT social.start_reindex();
	UPDATE social.post_counters SET likes_count = likes_count - 3 WHERE post_id = (SELECT min(id) FROM social.posts);
	INSERT INTO social.post_counter_deltas SELECT min(id), 3, 0 FROM social.posts});
my $original = fingerprint($source);
like($original, qr/^posts\|10\d\d\|/m, 'the original has posts');
is(join(' ', grep { !/_deltas$|^trend_events$|^rate_limit_state$/ } $original =~ /^(\w+)\|0\|$/mg), '', 'and rows in every table but those that wait for a fold');
like($original, qr/^post_counter_deltas\|1\|/m, 'the original has a waiting delta');

# Rows that stand before the ones that they name: an edit puts a row behind those that came later (found C3).
sql($source, <<'SQL');
SELECT social.act_as('alice', true);
SELECT social.create_post('To be quoted', 'text') AS id \gset
SELECT social.share_post(:id, 'a quote of it'), social.create_comment(:id, 'a parent') AS parent \gset
SELECT social.create_comment(:id, 'a reply', :parent);
SELECT social.update_post(:id, content => 'changed'), social.update_comment(:parent, 'changed');
VACUUM FULL social.posts, social.comments;
SQL
$original = fingerprint($source);
is(sql($source, 'SELECT q.ctid < p.ctid FROM social.posts p JOIN social.posts q ON q.quoted_post_id = p.id ORDER BY p.id DESC LIMIT 1'), 't', 'a quote stands before its post');

run("pg_dump -d $source --inserts -f $dir/inserts.sql 2>$dir/warnings");
run("pg_dump -d $source --inserts --data-only -f $dir/inserts_data.sql 2>>$dir/warnings");
is(-s "$dir/warnings", 0, 'found C3: pg_dump warns of nothing') or diag(`cat $dir/warnings`);
unlike(do { local (@ARGV, $/) = "$dir/inserts.sql"; <> }, qr/INSERT INTO social\.text_tables/, 'found C20: what the indexes of this cluster were made with stays here');
run('pg_dump', '-d', $source, '-f', "$dir/plain.sql");
run('pg_dump', '-d', $source, '-Fc', '-f', "$dir/custom");
run('pg_dump', '-d', $source, '--data-only', '-f', "$dir/data.sql");

my %restore = (
	'plain' => sub {
		run('psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $_[0], '-f', "$dir/plain.sql");
	},
	'row by row' => sub {
		run('psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $_[0], '-f', "$dir/inserts.sql");
	},
	'custom' => sub {
		run('pg_restore', '-d', $_[0], "$dir/custom");
	},
	'custom, one transaction' => sub {
		run('pg_restore', '-1', '-d', $_[0], "$dir/custom");
	},
	'parallel' => sub {
		run('pg_restore', '--section=pre-data', '-d', $_[0], "$dir/custom");
		run('pg_restore', '--data-only', '--disable-triggers', '-j', 4, '-d', $_[0], "$dir/custom");
	},
	'data only, row by row' => sub {
		sql($_[0], 'CREATE EXTENSION social');
		run('psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $_[0], '-f', "$dir/inserts_data.sql");
	},
	'data only, into a fresh installation' => sub {
		sql($_[0], 'CREATE EXTENSION social');
		run('psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $_[0], '-f', "$dir/data.sql");
		is(sql($_[0], 'SELECT count(*) FROM social.jwt_key'), 2, 'found E12: the keys are those of the dump, and no other');
	},
);
# Whoever owns the database and is no superuser cannot create the extension: a superuser does, and
# lets him load the data (found E13).
my $owner = "social_owner_$$";
sql('postgres', "CREATE ROLE $owner LOGIN");
$restore{'data only, by an owner who is no superuser'} = sub {
	sql('postgres', "ALTER DATABASE $_[0] OWNER TO $owner");
	sql($_[0], "CREATE EXTENSION social; SELECT social.grant_restore('$owner')");
	local $ENV{PGUSER} = $owner;
	run('pg_restore', '--data-only', '--exit-on-error', '-d', $_[0], "$dir/custom");
	local $ENV{PGUSER} = 'postgres';
	sql($_[0], "SELECT social.grant_restore('$owner', false)");
	is(sql($_[0], "SELECT has_table_privilege('$owner', 'social.users', 'INSERT'), has_sequence_privilege('$owner', 'social.users_id_seq', 'UPDATE'), rolbypassrls FROM pg_roles WHERE rolname = '$owner'"), 'f|f|f', 'and may do nothing more');
};
my $number = 0;
for my $how (sort keys %restore) {
	my $target = create_database("${source}_" . ++$number);
	$restore{$how}->($target);
	is(fingerprint($target), $original, "$how: every table and sequence is equal");
	sql($target, 'SELECT social.tick()');
	lives_on($target, $how);
}

sql("${source}_$_", "DROP OWNED BY $owner") for 1 .. $number;
sql('postgres', "ALTER DATABASE ${source}_$_ OWNER TO postgres") for 1 .. $number;
sql('postgres', "DROP ROLE $owner");
done_testing();
