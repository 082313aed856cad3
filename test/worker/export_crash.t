# An export whose worker is killed (-9) starts anew and is clean (issue 17: "worker killed in mid-archive"): at four moments
# that the test holds it at, whatever the machine's speed, no half archive is in the store, nobody has an address,
# what is told of progress is right, and at the end there is one archive, one object and one mail. One that is given
# up has failed, and its owner is told.
use strict;
use warnings;
use Archive;
use Digest::SHA 'sha256_hex';
use JSON::PP;
use Media;
use Social;
use Test::More;
use Time::HiRes 'time';
use Worker;

use_directory();
my $path = '/api/accounts/users/me/export/';
my $ann  = account();
my $json = JSON::PP->new->utf8;
sub export_of { return api(GET => $path, token => $ann->{token})->{json} }
sub asked_for { return is(api(POST => $path, token => $ann->{token}, json => {})->{status}, 201, 'an export is asked for') }
sub mails { my ($template) = @_; return psql("SELECT count(*) FROM social.mail_outbox WHERE user_id = $ann->{id} AND template = '$template'") }

# Keys of her archives that the store has.
sub objects { my @keys = grep { m{^exports/$ann->{id}/} } keys_stored(); return @keys }

# ---- held at a moment: what a worker says then waits for a lock that the test has
my @moments = ('the first rows are read', 'some of it is in the archive', 'the archive is sent, and nobody told');
my %lock = map { $moments[$_] => 1717 + $_ } 0 .. $#moments;
psql(<<'SQL');
CREATE TABLE public.export_told (n bigint GENERATED ALWAYS AS IDENTITY, started_at timestamptz, state text, done integer);
CREATE FUNCTION public.export_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.state = 'ready' OR NEW.state = 'running' AND NEW.started_at = OLD.started_at THEN
		PERFORM pg_advisory_xact_lock_shared(1717 + CASE WHEN NEW.state = 'ready' THEN 2 WHEN NEW.parts_done > 0 THEN 1 ELSE 0 END);
	END IF;
	INSERT INTO public.export_told (started_at, state, done) VALUES (NEW.started_at, NEW.state, NEW.parts_done);
	RETURN NEW;
END
$$;
CREATE TRIGGER test_note BEFORE UPDATE ON social.exports FOR EACH ROW EXECUTE FUNCTION public.export_note();
SQL
END { local $?; eval { psql('DROP TRIGGER IF EXISTS test_note ON social.exports; DROP FUNCTION IF EXISTS public.export_note(); DROP TABLE IF EXISTS public.export_told') } if $ENV{PGHOST} }

sub waiting { my ($when) = @_; return "FROM pg_locks WHERE locktype = 'advisory' AND objid = $lock{$when} AND NOT granted" }
sub waits { my ($when) = @_; return psql('SELECT count(*) ' . waiting($when)) ne '0' }

# A session that has the lock of a moment until it is closed.
sub holder
{
	my ($when) = @_;
	open my $psql, '|-', 'psql -X -q >/dev/null' or die "psql: $!";
	$psql->autoflush(1);
	print $psql "SELECT pg_advisory_lock($lock{$when});\n";
	wait_until(60, sub { psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $lock{$when} AND granted") ne '0' }) or die "no lock: $when";
	return $psql;
}

# A worker, when it has come to this moment: {worker, lock, when}.
sub held_at
{
	my ($when) = @_;
	my $lock  = holder($when);
	# Progress is told once in a second: the first time has to take longer, so that there is a second one.
	my $first = $when eq $moments[1] && holder($moments[0]);
	my $worker = start_worker(media_settings(WORKER_LEASE => 60, LOCK_TIMEOUT => 600, STATEMENT_TIMEOUT => 600));
	if ($first)
	{
		ok(wait_until(120, sub { waits($moments[0]) }), 'it begins');
		my $began = time;
		wait_until(10, sub { time > $began + 1.1 });
		close $first;
	}
	ok(wait_until(120, sub { waits($when) }), "issue 17: $when") or diag(explain(export_of()), $worker->log_text);
	return { worker => $worker, lock => $lock, when => $when };
}

# Killed there: what it was about to say is lost, or arrives all the same. Its lease need not be waited for.
sub killed
{
	my ($held, $arrives) = @_;
	my $pid = $held->{worker}{pid};
	$held->{worker}->signal('KILL');
	$held->{worker}->finish;
	if (!$arrives)
	{
		psql('SELECT pg_terminate_backend(pid) ' . waiting($held->{when}));
		ok(wait_until(60, sub { !waits($held->{when}) }), 'its worker is killed');
	}
	close $held->{lock};
	psql("UPDATE social.job_workers SET leased_until = now() - interval '1 second' WHERE name LIKE '% $pid %'");
	return;
}
sub kind { my ($attempts) = @_; return psql("SELECT social.set_job_kind('export', queue => 'media', max_attempts => $attempts, timeout => '5 minutes', backoff => '100 milliseconds')") }

# ---- somebody with a few things
my $first = start_worker(media_settings());
sent($ann, picture('png', '64x48'), 'image/png', 'ready', 'a picture');
is($first->stop, 0, 'that worker stops');
psql("INSERT INTO social.posts (author_id, title, content) SELECT $ann->{id}, 'Post ' || n, repeat('word ', 20) FROM generate_series(1, 500) n");
kind(50);

# ---- killed at each moment, one after the other
asked_for();
for my $when (@moments)
{
	my $held = held_at($when);
	my $told = export_of();
	is(join(' ', $told->{state}, $told->{url} // 'nowhere'), 'running nowhere', 'it runs, and can be read nowhere');
	cmp_ok($told->{parts_done}, $when =~ /sent/ ? '<=' : '<', $told->{parts_total}, 'it is not done, as its owner hears');
	is(scalar(my @there = objects()), $when =~ /sent/ ? 1 : 0, 'the store has ' . ($when =~ /sent/ ? 'all of it' : 'nothing of it'));
	cmp_ok(scalar(places()), '>=', 1, 'files lie where it worked');
	killed($held);
}
my $worker = start_worker(media_settings());
ok(wait_until(180, sub { export_of()->{state} =~ /ready|failed/ }), 'another worker goes on');
my $export = export_of();
is(join(' ', @$export{qw(state parts_done)}), "ready $export->{parts_total}", 'issue 17: it is ready, and all of it done') or diag(explain($export), $worker->log_text);
my $bytes = fetch($export->{url})->{content};
is(join(' ', length $bytes, sha256_hex($bytes)), "$export->{size} $export->{sha256}", 'the archive is what it says');
is_deeply([ objects() ], [ psql("SELECT key FROM social.exports WHERE user_id = $ann->{id}") ], 'issue 17: there is one object, and it is this one');
my %file = unpacked($bytes);
my %listed = map { $_->{path} => $_ } @{ $json->decode($file{'manifest.json'})->{files} };
is_deeply([ sort keys %listed ], [ sort grep { $_ ne 'manifest.json' } keys %file ], 'each file stands in it once, and in the manifest');
is_deeply([ grep { $listed{$_}{sha256} ne sha256_hex($file{$_}) } keys %listed ], [], 'whole');
is(scalar @{ $json->decode($file{'data/posts.json'}) }, 500, 'with every post');
is(scalar(grep { m{^media/} } keys %file), 1, 'and the picture');
ok(wait_until(60, sub { !places() }), 'nothing lies around') or diag(join "\n", places());
ok(wait_until(60, sub { psql("SELECT count(*) FROM social.jobs WHERE kind = 'export' AND user_id = $ann->{id}") eq '0' }), 'its job is done');
is(mails('export_ready'), 1, 'one mail says so');
my @told = map { [ split /\|/ ] } split /\n/, psql('SELECT extract(epoch FROM started_at), state, done FROM public.export_told ORDER BY n');
my @wrong = grep { my ($before, $now) = @told[ $_ - 1, $_ ]; $now->[0] == $before->[0] ? $now->[2] < $before->[2] : $now->[2] != 0 } 1 .. $#told;
is_deeply([ @told[@wrong] ], [], 'progress begins anew with each worker, and never goes back within one');
my %attempts = map { $_->[0] => 1 } @told;
is(scalar keys %attempts, 4, 'three that were killed, and one that was not') or diag(explain(\@told));
is($worker->stop, 0, 'that worker stops');

# ---- what it said has arrived, and it has not heard so
psql('DELETE FROM public.export_told');
asked_for();
my $held = held_at('the archive is sent, and nobody told');
killed($held, 1);
ok(wait_until(60, sub { export_of()->{state} eq 'ready' }), 'what was said before it was killed has arrived');
my $before = export_of();
$worker = start_worker(media_settings());
ok(wait_until(60, sub { psql("SELECT count(*) FROM social.jobs WHERE kind = 'export' AND user_id = $ann->{id}") eq '0' }), 'its job is done by another');
my $after = export_of();
is_deeply([ @$after{qw(state sha256 finished_at)} ], [ @$before{qw(state sha256 finished_at)} ], 'issue 17: who makes no second archive');
is(sha256_hex(fetch($after->{url})->{content}), $after->{sha256}, 'the one that there is stays');
ok(wait_until(60, sub { objects() == 1 }), 'the older one goes') or diag(join "\n", objects());
is(mails('export_ready'), 1, 'one mail says so');
is($worker->stop, 0, 'that worker stops');

# ---- killed until it is given up
kind(2);
asked_for();
for my $attempt (1 .. 2) { killed(held_at('the archive is sent, and nobody told')) }
ok(wait_until(60, sub { export_of()->{state} eq 'failed' }), 'issue 17: one that kills its workers is given up');
is(join(' ', map { export_of()->{$_} // 'nowhere' } qw(error url)), 'its worker did not come back nowhere', 'and says why');
is(mails('export_failed'), 1, 'its owner gets a mail');
is(mails('export_ready'), 0, 'and none that is wrong by now');
$worker = start_worker(media_settings());
ok(wait_until(60, sub { objects() == 1 }), 'what was sent lies there, where nobody has an address');
psql("UPDATE social.exports SET finished_at = now() - interval '8 days' WHERE user_id = $ann->{id}; SELECT social.retention_round(1000)");
ok(wait_until(60, sub { objects() == 0 }), 'issue 17: and goes, at the latest when its time is over') or diag(join "\n", objects());
is($worker->stop, 0, 'that worker stops');
ok(!places(), 'nothing lies around') or diag(join "\n", places());
psql("DELETE FROM social.job_kinds WHERE kind = 'export'; DELETE FROM social.exports; SELECT social.set_media_store()");
done_testing;
