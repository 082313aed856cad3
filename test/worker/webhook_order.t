# Webhooks are told in order, at least once, whoever runs them (mission 3.2; issue 17 line 6): two workers, and workers
# that are killed at any moment.
use strict;
use warnings;
use Social;
use Test::More;
use Webhook;
use Worker;

plan skip_all => 'needs the libraries of test/npm' unless -d 'test/npm/node_modules/svix';
allow_loopback();
my $receiver = start_receiver();
my ($ann, $bob) = (account(), account());
my @hooks = map { webhook_of($ann, $receiver, "/ok/$_", topics => ["user:$bob->{id}"]) } 1 .. 3;

sub posts { my ($from, $to) = @_; return psql("INSERT INTO social.posts (author_id, title, content) SELECT $bob->{id}, 'p' || n, 'text' FROM generate_series($from, $to) n ORDER BY n") }
sub expected { my ($to) = @_; return join ',', map { "p$_" } 1 .. $to }
sub all_have { my ($to) = @_; return !grep { titles($receiver->received("/ok/$_")) ne expected($to) } 1 .. 3 }
sub in_order { my ($to, $name) = @_; is(titles($receiver->received("/ok/$_")), expected($to), "$name: $_") for 1 .. 3; return }

# ---- two workers
my @workers = map { start_worker(webhook_settings()) } 1 .. 2;
for my $n (1 .. 5) { posts($n * 20 - 19, $n * 20) }
ok(wait_until(120, sub { all_have(100) }), 'two workers deliver all');
in_order(100, 'in order');
is(scalar(() = $receiver->received("/ok/$_")), 100, 'each once') for 1 .. 3;
is($_->stop, 0, 'a worker stops') for @workers;

# ---- kill -9 while one is under way: the same comes again, with its id, and what stands behind it after it
$receiver->answers("/ok/$_", '/hang') for 1 .. 3;
psql(q{ALTER SYSTEM SET social.webhook_timeout = '30s'}); psql(q{SELECT pg_reload_conf()});
wait_until(60, sub { psql(q{SELECT social.setting('webhook_timeout')}) eq '30s' });
my $killed = start_worker(webhook_settings(WORKER_LEASE => 3));
posts(101, 110);
ok(wait_until(60, sub { !grep { (() = $receiver->received("/ok/$_")) < 101 } 1 .. 3 }), 'a delivery to each is under way');
$killed->signal('KILL');
$killed->finish;
$receiver->answers("/ok/$_", undef) for 1 .. 3;
my $next = start_worker(webhook_settings(WORKER_LEASE => 3));
ok(wait_until(120, sub { all_have(110) }), 'kill -9: another worker goes on');
in_order(110, 'in order');
for my $n (1 .. 3)
{
	my @twice = grep { $_->{body}{data}{title} eq 'p101' } $receiver->received("/ok/$n");
	is(scalar @twice, 2, 'what was under way comes twice');
	is($twice[0]{headers}{'webhook-id'}, $twice[1]{headers}{'webhook-id'}, 'with the same id');
}

# ---- kill -9 at any moment
is($next->stop, 0, 'that worker stops');
posts(111, 300);
my $seen = 110;
for my $round (1 .. 5)
{
	my $victim = start_worker(webhook_settings(WORKER_LEASE => 3));
	wait_until(60, sub { my $now = () = $receiver->received('/ok/1'); $now >= $seen + $round * 7 || all_have(300) ? ($seen = $now, 1) : 0 });
	$victim->signal('KILL');
	$victim->finish;
}
my @last = map { start_worker(webhook_settings(WORKER_LEASE => 3)) } 1 .. 2;
ok(wait_until(180, sub { all_have(300) }), 'workers that are killed at any moment: the rest ends the work');
in_order(300, 'nothing lost, nothing out of order');
ok(wait_until(60, sub { psql("SELECT count(*) FROM social.webhook_deliveries d JOIN social.webhooks w ON w.id = d.webhook_id WHERE w.owner_id = $ann->{id} AND d.state <> 'delivered'") == 0 }), 'and all of it is told');
is($_->stop, 0, 'a worker stops') for @last;
done_testing;
