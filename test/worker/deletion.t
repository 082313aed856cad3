# A person who has something in every table and in every prefix of the store is exported, which is compared with the database,
# deleted, and then looked for by name, address and number in every table, a dump, the store's folder and Redis: nothing
# (issue 17 lines 2 and 3, "Show it"; seed 166). Which
# tables there are is asked of the catalog: a new one that nothing is put into fails. Erasing is ended in the middle, again and again.
use strict;
use warnings;
use Archive;
use File::Find;
use File::Temp 'tempdir';
use JSON::PP;
use Media;
use POSIX ();
use Social;
use Test::More;
use Worker;

# A database, a bridge with a folder and a cache, and a worker of the test's own: what is found is nobody else's.
my $own = "social_deletion_$$";
my $folder = tempdir('store-XXXXXX', TMPDIR => 1, CLEANUP => 1);
psql("CREATE DATABASE $own TEMPLATE template0 ENCODING 'UTF8'");
$ENV{PGDATABASE} = $own;
END { local $?; $ENV{PGDATABASE} = 'social'; for ("${own}_back", $own) { psql("DROP DATABASE IF EXISTS $_ WITH (FORCE)") } }
psql(q{CREATE EXTENSION social; SELECT social.grant_bridge('social_bridge'), social.grant_worker('social_worker')});
$ENV{DATABASE_URL} =~ s/dbname=\w+/dbname=$own/;
(my $redis = $ENV{REDIS_URL}) =~ s{/\d+$}{/7};
my @redis = ('redis-cli', '-u', $redis);
my $bridge = start_bridge(MEDIA_DIR => $folder, USE_S3 => 'off', CACHE => 'on', ANONYMOUS_READ => 'on', REDIS_URL => $redis, TRUSTED_PROXIES => '127.0.0.1', FEED_CACHE_TIMEOUT => 2,
	POST_CACHE_TIMEOUT => 2, SEARCH_CACHE_TIMEOUT => 2, HASHTAG_CACHE_TIMEOUT => 2, MENTION_CACHE_TIMEOUT => 2);
$ENV{BRIDGE_URL} = $bridge->{url};
use_directory();
my $worker = start_worker(media_settings());

my $mark = 'zqx' . join '', map { ('a' .. 'z')[ rand 26 ] } 1 .. 8;
my $id   = 870_000_000_000 + int rand 1_000_000_000;
my $ip   = '198.18.' . (1 + int rand 250) . '.' . (1 + int rand 250);
my $password = 'correct horse battery';
my $other = account();
my $staff = account();
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");
my %before = map { $_ => 1 } files();
sub files { my @files; find(sub { push @files, $File::Find::name if -f }, $folder); return @files }
sub tick { psql('SELECT social.tick() FROM generate_series(1, 3)') }

# ---- something everywhere
psql(<<"SQL");
INSERT INTO social.users (id, username, email, password, first_name, last_name) SELECT $id, '$mark', '$mark\@$mark.example', social.hash_password('$password'), '${mark}first', '${mark}last';
SQL
sub log_in { my (%more) = @_; return api(POST => '/api/auth/login/', headers => { 'X-Forwarded-For' => $ip, 'User-Agent' => "${mark}agent" }, json => { username => $mark, password => $password, device => "${mark}phone", %more }) }
my $me = { id => $id, token => log_in()->{json}{access} };
my @token = (token => $me->{token}, headers => { 'X-Forwarded-For' => $ip });
is(log_in(password => 'wrong')->{status}, 401, 'somebody who has tried, too');
my $media = sent($me, picture('jpg', '320x200'), 'image/jpeg', 'ready', 'a picture in the store');
my $face  = sent($me, picture('png', '64x64'), 'image/png', 'ready', 'and another');
is(api(PATCH => '/api/auth/users/me/', @token, json => { bio => "${mark}bio", avatar => $face->{upload}{key}, location => "${mark}ville", website => "https://$mark.example/" })->{status}, 200, 'a profile');
is(api(PATCH => '/api/auth/users/me/', @token, json => { email => "new$mark\@$mark.example", current_password => $password })->{status}, 200, 'an address that waits');
log_in(username => "new$mark\@$mark.example", password => 'wrong');
my $post = api(POST => '/api/posts/posts/', token => $me->{token}, headers => { 'X-Forwarded-For' => $ip, 'Idempotency-Key' => "${mark}key" }, json => { title => "${mark}title", content => "${mark}text #${mark}tag \@$other->{username}", image => $media->{upload}{key} })->{json}{id};
my $league = psql(q{SELECT social.sports_import('x', '{"leagues": [{"id": "1", "name": "A league"}]}'); SELECT id FROM social.sport_subjects LIMIT 1}) =~ s/.*\n//sr;
my $others = api(POST => '/api/posts/posts/', token => $other->{token}, json => { title => 'Another', content => "of another" })->{json}{id};
my $stream = api(POST => '/api/posts/live/stream/', @token, json => { title => "${mark}stream", description => "${mark}about", tags => 'atag', is_private => JSON::PP::true() })->{json}{id};
my $guest = api(POST => '/api/posts/live/stream/', token => $other->{token}, json => { title => 'Of another' })->{json}{id};
psql(<<"SQL");
SELECT social.set_client_address('$ip');
SELECT social.act_as($id, true);
SELECT social.update_post($post, content => '${mark}edited #${mark}tag \@$other->{username}');
SELECT social.like_post($post), social.like_post($others), social.follow_user($other->{id}), social.repost_post($others), social.bookmark_post($others), social.view_post($others), social.set_notification_preference('like', true);
SELECT social.create_comment($others, '${mark}comment') AS said \\gset
SELECT social.create_comment($post, '${mark}own') AS own \\gset
SELECT social.like_comment(:own), social.share_post($others, '${mark}quote');
SELECT social.report_post($others, 'spam', '${mark}details'), social.report_user($other->{id}, 'spam', '${mark}details');
SELECT social.repost_post($post), social.unrepost_post($post), social.view_post($post), social.bookmark_post($post);
SELECT social.invite_to_stream($stream, $other->{id}), social.send_chat_message($stream, '${mark}said'), social.add_stream_moderator($stream, $other->{id}), social.ban_chat_user($stream, $staff->{id}, reason => '${mark}reason');
SELECT count(*) FROM social.enable_totp('$password');
SELECT social.set_job_kind('mine') FROM (SELECT social.act_as(NULL::bigint, true)) n;
SELECT social.enqueue_job('mine', '{"to": "${mark}mail"}', user_id => $id), social.enqueue_job('mine', '{"user_id": $id}', run_at => now() + interval '1 day');
SELECT social.request_password_reset('$mark\@$mark.example', '$ip');
SELECT social.act_as($other->{id}, true);
SELECT social.follow_user($id), social.like_post($post), social.create_comment($post, 'of another'), social.like_comment(:said), social.repost_post($post), social.bookmark_post($post), social.view_post($post);
SELECT social.repost_post($post), social.report_post($post, 'spam', 'a report'), social.report_comment(:said, 'spam', 'a report'), social.report_user($id, 'spam', 'a report'), social.mute_user($id);
SELECT count(*) FROM social.watch_stream($stream);
SELECT social.invite_to_stream($guest, $id), social.add_stream_moderator($guest, $id);
SELECT social.act_as($id, true);
SELECT social.send_chat_message($guest, '${mark}guest');
SELECT count(*) FROM social.watch_stream($guest);
SELECT social.act_as($staff->{id}, true);
SELECT social.suspend_user($id, reason => '${mark}note'), social.unsuspend_user($id);
SELECT social.mute_user($id), social.follow_user($id);
SELECT social.act_as(NULL::bigint, true);
UPDATE social.users SET is_active = true WHERE id = $id;
-- What nobody does so easily, or in passing; a name in somebody else's words would be theirs, and stay.
INSERT INTO social.mentions (post_id, mentioned_user_id) VALUES ($others, $id);
INSERT INTO social.users (username) VALUES ('locked'), ('wants');
INSERT INTO social.follow_requests SELECT $id, id FROM social.users WHERE username = 'locked';
INSERT INTO social.follow_requests SELECT id, $id FROM social.users WHERE username = 'wants';
INSERT INTO social.blocks SELECT $id, id FROM social.users WHERE username = 'locked';
INSERT INTO social.blocks SELECT id, $id FROM social.users WHERE username = 'wants';
INSERT INTO social.mutes (muter_id, muted_id) SELECT $id, id FROM social.users WHERE username = 'locked';
INSERT INTO social.follows (follower_id, followed_id) VALUES ($staff->{id}, $id) ON CONFLICT DO NOTHING;
INSERT INTO social.stream_bans (stream_id, user_id, banned_by) VALUES ($guest, $id, $other->{id}) ON CONFLICT DO NOTHING;
INSERT INTO social.stream_bans (stream_id, user_id, banned_by) SELECT $guest, id, $id FROM social.users WHERE username = 'wants';
INSERT INTO social.stream_events (provider, event_id, stream_id, kind, at, outcome) VALUES ('local', 'e', $stream, 'update', now(), 'applied');
INSERT INTO social.stream_views (stream_id, viewer_id, token_hash) VALUES ($stream, $other->{id}, '\\x02'), ($guest, $id, '\\x03');
INSERT INTO social.recovery_codes (user_id, code_hash) VALUES ($id, '\\x01');
INSERT INTO social.login_attempts (username, outcome, address) VALUES ('$mark', 'unknown_account', '$ip');
INSERT INTO social.mail_outbox (template, address) VALUES ('address_taken', '$mark\@$mark.example');
INSERT INTO social.rate_limit_state (key, full_at) SELECT 'x/y/user:$id', now() + interval '1 hour';
INSERT INTO social.django_ids VALUES ($id, 'old', 'user', '7');
INSERT INTO social.django_notes (source, kind, key, note) VALUES ('old', 'user', '7', '$mark');
INSERT INTO social.media_sweeps (findings) VALUES ('[{"kind": "orphan", "key": "uploads/$id/x.png"}, {"kind": "orphan", "key": "uploads/1/x.png"}]');
INSERT INTO social.reports (reporter_id, user_id, reason, resolved_by, status, resolved_at) VALUES ($other->{id}, $staff->{id}, 'spam', $id, 'resolved', now());
INSERT INTO social.post_subjects VALUES ($post, $league, 1) ON CONFLICT DO NOTHING;
INSERT INTO social.token_blacklist (jti, token_type, user_id, expires_at) VALUES ('x', 'refresh', $id, now() + interval '1 day');
INSERT INTO social.repost_places (post_id, user_id, position, created_at) VALUES ($others, $id, 1, now()) ON CONFLICT DO NOTHING;
INSERT INTO social.notifications (recipient_id, type, actor_id, post_id, quote_id) SELECT $other->{id}, 'repost', $id, $others, id FROM social.posts WHERE author_id = $id AND quoted_post_id IS NOT NULL ON CONFLICT DO NOTHING;
INSERT INTO social.notifications (recipient_id, type, actor_id, stream_id) VALUES ($other->{id}, 'live_stream', $id, $stream);
INSERT INTO social.recounts (user_id, due) VALUES ($id, now() + interval '1 year');
SQL
# What the tables of others who write here today need: a row for each, by their names, where they are there.
for (
	[ sport_follows => "INSERT INTO social.sport_follows (user_id, subject_id) VALUES ($id, $league)" ],
	[ stream_subjects => "INSERT INTO social.stream_subjects (stream_id, subject_id) VALUES ($stream, $league)" ],
	[ stream_minutes => "INSERT INTO social.stream_minutes (stream_id, minute) VALUES ($stream, date_trunc('minute', now()))" ],
	[ stream_audiences => "INSERT INTO social.stream_audiences (stream_id, country, device, shard) VALUES ($stream, '', 'x', 0)" ],
	[ api_keys => "INSERT INTO social.api_keys (user_id, name, prefix, digest, scopes, expires_at) VALUES ($id, '${mark}script', 'social_sk_abcdefgh', sha256('x'), '{posts.read}', now() + interval '1 day')" ],
	[ consents => "INSERT INTO social.consent_documents (document, version) VALUES ('terms', '1'); INSERT INTO social.consents (user_id, document, version, is_given, source, address) VALUES ($id, 'terms', '1', true, 'web', '$ip')" ],
	[ media => "INSERT INTO social.media (owner_id, state, key, content_type, stream_id) VALUES ($id, 'ready', 'uploads/$id/00000000-0000-0000-0000-000000000000.mp4', 'video/mp4', $stream)" ],
	[ mux_streams => "INSERT INTO social.mux_streams (stream_id) VALUES ($stream)" ],
	[ webhooks => "INSERT INTO social.webhooks (owner_id, url, event_types, topics, after_event_id) VALUES ($id, 'https://$mark.example/', '{}', '{}', 0); INSERT INTO social.webhook_secrets (webhook_id, kind, secret) SELECT id, 'hmac', 'x' FROM social.webhooks;
		INSERT INTO social.webhook_deliveries (webhook_id, type, at) SELECT id, 'x', now() FROM social.webhooks; INSERT INTO social.webhook_delivery_attempts (webhook_id, delivery_id, status, took_ms) SELECT webhook_id, id, 200, 1 FROM social.webhook_deliveries;
		INSERT INTO social.webhook_events (id, at, type, author_id, recipient_id, subject_id) VALUES (0, now(), 'follow.created', $id, $id, $id)" ],
	[ imported_posts => "INSERT INTO social.imported_posts (user_id, original_id, post_id) VALUES ($id, 1, $post)" ],
  )
{
	psql("$_->[1] ON CONFLICT DO NOTHING") if psql("SELECT to_regclass('social.$_->[0]') IS NOT NULL") eq 't';
}
$me->{token} = log_in()->{json}{access}; # moderators have ended what was before
tick();

# ---- exported
@token = (token => $me->{token});
is(api(POST => '/api/accounts/users/me/export/', @token, json => {})->{status}, 201, 'an export is asked for');
my $export;
ok(wait_until(180, sub { $export = api(GET => '/api/accounts/users/me/export/', @token)->{json}; $export->{state} =~ /ready|failed/ }), 'and made') or diag($worker->log_text);
my %archive = unpacked(fetch($export->{url})->{content});
is_deeply([ unlike_database($id, %archive) ], [], 'issue 17: it has what the database has, in each of its parts');
my @without = grep { $_ ne 'deletions' && $archive{"data/$_.json"} =~ /^\[\s*\]\s*$/ } split /\n/, psql('SELECT part FROM social.export_parts()');
is_deeply(\@without, [], 'issue 17: and something in every part, but for a deletion, which comes now');
my ($kind) = $media->{upload}{key} =~ /(\.\w+)$/;
is($archive{"media/$media->{id}$kind"}, file_of_key($media->{upload}{key}), 'and the files');
like(join('', map { $archive{"data/$_.json"} } qw(account profile posts comments)), qr/$mark.*${mark}bio.*${mark}edited.*${mark}comment/s, 'with the words of the person');
my %told = map { split /\|/ } split /\n/, psql("SELECT * FROM social.user_footprint($id)");
# What others' work fills within a moment, and empties again; what another column of the same rows is.
my %passing = map { $_ => 1 } qw(account_deletions.user_id tombstones.user_id event_outbox.author_id event_outbox.recipient_id event_outbox.subject_id event_outbox.more event_counts.object_id post_counter_deltas.post_id
  comment_counter_deltas.comment_id user_counter_deltas.user_id trend_events.post_id subject_counter_deltas.subject_id);
my @empty = grep { !$told{$_} && !$passing{$_} } split /\n/, psql(q{SELECT table_name || '.' || column_name FROM social.personal_columns() WHERE on_deletion IS NOT NULL});
is_deeply(\@empty, [], 'issue 17: there is something in every table that holds something of people') or diag("put a row into these, above: @empty");
cmp_ok($told{"uploads/$id/"} // 0, '>=', 2, 'and in the store');
my %prefix = map { m{^(\w+)/} ? ($1 => 1) : () } grep { m{^(uploads|exports)/$id/|^media/($media->{id}|$face->{id})/} } keys_stored();
is_deeply([ sort keys %prefix ], [qw(exports media uploads)], 'issue 17: under every prefix');
cmp_ok(scalar(grep { !$before{$_} } files()), '>=', 4, 'which has files');
# A write makes what was kept old, and what is asked for once may not be kept.
ok(wait_until(60, sub { api(GET => $_) for "/api/posts/search/?query=${mark}edited", '/api/posts/trending/', "/api/posts/posts/$post/thread/"; return `@redis dbsize` > 0 }), 'and in Redis');
# Who is gone is shown from Redis no more (test/http/cache.t); what lies there goes by time, for it is found by no name of theirs.
my @lives = map { `@redis pttl $_` + 0 } split /\n/, `@redis --scan`;
is_deeply([ grep { $_ == -1 } @lives ], [], 'where nothing stays for ever');

# Every column of every table, whatever its type; the ledger alone keeps the number.
sub left
{
	my $words = "$mark|$ip|\\m$id\\M";
	return psql(<<"SQL");
CREATE OR REPLACE FUNCTION pg_temp.left_of() RETURNS TABLE (place text, row_text text) LANGUAGE plpgsql AS \$\$
DECLARE relation regclass;
BEGIN
	FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'r' AND c.relname <> 'account_deletions' ORDER BY c.relname LOOP
		RETURN QUERY EXECUTE format('SELECT %L::text, left(t::text, 300) FROM %s t WHERE t::text ~* %L', relation, relation, '$words');
	END LOOP;
END
\$\$;
SELECT DISTINCT place FROM pg_temp.left_of();
SQL
}
cmp_ok(scalar(split /\n/, left()), '>=', 25, 'traces in many tables') or diag(left());

# ---- deleted
my $backup = File::Temp->new;
!system 'pg_dump', '-f', "$backup", $own or die 'pg_dump';
my $gone = api(DELETE => '/api/accounts/users/me/', token => $me->{token}, headers => { 'X-Forwarded-For' => $ip }, json => { password => $password });
is($gone->{status}, 200, 'deleted') or diag($gone->{content});
psql("UPDATE social.account_deletions SET due_at = now() WHERE user_id = $id");
# Ended in the middle, between any two of its transactions, or in one.
for (1 .. 3)
{
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		exec 'psql', '-X', '-q', '-c', 'DO $$ BEGIN LOOP PERFORM social.erase_accounts(5); COMMIT; END LOOP; END $$' or POSIX::_exit(127);
	}
	my $erasing = "pg_stat_activity WHERE query LIKE 'DO %erase_accounts(5)%' AND datname = '$own' AND pid <> pg_backend_pid()";
	ok(wait_until(60, sub { psql("SELECT count(*) FROM $erasing") }), 'it is being erased');
	psql("SELECT pg_terminate_backend(pid) FROM $erasing");
	waitpid $pid, 0;
}
ok(wait_until(120, sub { tick(); psql("SELECT count(*) FROM social.account_deletions WHERE user_id = $id AND erased_at IS NOT NULL") }), 'issue 17: the worker erases it, whatever it was interrupted by')
  or diag(psql("SELECT * FROM social.account_deletions; SELECT * FROM social.user_footprint($id)"), psql(q{SELECT kind, state, attempts, error FROM social.admin_jobs}));
is(psql("SELECT * FROM social.user_footprint($id)"), '', 'issue 17: the footprint is empty');
is(left(), '', 'issue 17: nothing in any table');
my $dump = `pg_dump $own`;
$dump =~ s/^COPY social\.account_deletions.*?^\\\.$//ms;
is(scalar(() = $dump =~ /$mark|\Q$ip\E|\b$id\b/gi), 0, 'issue 17: nor in a dump') or diag(join "\n", (grep { /$mark|\Q$ip\E|\b$id\b/i } split /\n/, $dump)[0 .. 5]);
cmp_ok(length $dump, '>', 10_000, 'which is one');
ok(wait_until(60, sub { !grep { m{^(uploads|exports)/$id/|^media/($media->{id}|$face->{id})/} } keys_stored() }), 'issue 17: nor in the store, under any prefix');
ok(wait_until(60, sub { !grep { !$before{$_} } files() }), 'issue 17: nor in its folder') or diag(grep { !$before{$_} } files());
ok(wait_until(60, sub { `@redis dbsize` == 0 }), 'issue 17: nor in Redis') or diag(`@redis keys '*'`);
is(psql('SELECT count(*) FROM social.reconcile()'), 0, 'counts are right');
is(api(GET => "/api/posts/posts/$others/", token => $other->{token})->{json}{likes_count}, 0, 'as others see');
is($worker->stop, 0, 'the worker stops');
$bridge->stop;

# ---- a backup of before is restored
psql(q{SELECT social.deletion_ledger()}) =~ /(.*)/s;
my $ledger = $1;
psql("CREATE DATABASE ${own}_back TEMPLATE template0 ENCODING 'UTF8'");
$ENV{PGDATABASE} = "${own}_back";
psql("\\i $backup");
is(psql("SELECT count(*) FROM social.users WHERE id = $id AND username = '$mark'"), 1, 'a backup of before brings the person back');
$ledger =~ s/'/''/g;
is(psql("SELECT social.replay_deletions('$ledger')"), 1, 'issue 17: the ledger, kept outside of it, deletes them again');
psql(q{UPDATE social.events SET at = now() - interval '1 minute'});
# No worker deletes objects there: there are none.
ok(wait_until(120, sub { tick(); psql("DELETE FROM social.jobs WHERE kind = 'media.delete'; UPDATE social.account_deletions SET due_at = now(); SELECT count(*) FROM social.users WHERE id = $id") eq '0' && left() eq '' }), 'nothing in any table') or diag(left());
is(psql('SELECT count(*) FROM social.reconcile()'), 0, 'counts are right');
done_testing;
