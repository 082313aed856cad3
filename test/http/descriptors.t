# Out of descriptors (found E2): clients never take those of the database, Redis and the log; who
# comes when there are none waits, and is served when others have gone; the bridge never hangs.
use strict;
use warnings;
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

my $get  = "GET /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n";
my %base = (RATE_LIMITS => 'off', REQUEST_TIMEOUT => 1, REDIS_URL => $ENV{REDIS_URL}, RATE_LIMIT_STORE => 'redis');

# A bridge that may have this many descriptors.
sub bridge_with
{
	my ($limit, %setting) = @_;
	local $ENV{BRIDGE_BIN_REAL} = $ENV{BRIDGE_BIN};
	local $ENV{BRIDGE_BIN}      = "$ENV{RUN_DIR}/limited-bridge";
	open my $file, '>', $ENV{BRIDGE_BIN} or die;
	print $file "#!/bin/sh\nulimit -n $limit\nexec \"\$BRIDGE_BIN_REAL\" \"\$@\"\n";
	close $file;
	chmod 0755, $ENV{BRIDGE_BIN};
	return start_bridge(%base, %setting);
}

sub healthy { my ($bridge, $seconds) = @_; return api(GET => '/api/posts/health/', url => $bridge->{url}, agent => HTTP::Tiny->new(timeout => $seconds, keep_alive => 0))->{status} == 200 }
sub open_descriptors { my ($bridge) = @_; return scalar(my @all = glob "/proc/$bridge->{pid}/fd/*") }

for my $case ([ 128, 1, 200 ], [ 256, 2, 400 ])
{
	my ($limit, $loops, $clients) = @$case;
	my $bridge = bridge_with($limit, LOOPS => $loops);
	my $token  = account(url => $bridge->{url})->{token};
	my $before = open_descriptors($bridge);

	# Slow clients: half a request each. Those beyond the room wait in the kernel.
	my @slow = map { my $socket = raw_connect($bridge->{url}); syswrite $socket, substr $get, 0, 20; $socket } 1 .. $clients;
	my ($most, $cpu) = (0, sub { open my $f, '<', "/proc/$bridge->{pid}/stat"; my @s = split ' ', <$f>; ($s[13] + $s[14]) / 100 });
	my ($began, $used) = (time, $cpu->());
	while (time - $began < 1 || ($most <= $before + 20 && time - $began < 30)) { my $open = open_descriptors($bridge); $most = $open if $open > $most; sleep 0.02 }
	cmp_ok($most, '>', $before + 20, "$limit descriptors, $clients slow clients: many are let in");
	cmp_ok($most, '<=', $limit - 8, 'but some descriptors are left');
	cmp_ok($cpu->() - $used, '<', 0.5, 'who cannot come in costs nothing');
	is(psql(qq{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND backend_type = 'client backend'}) > 0 ? 1 : 0, 1, 'the database keeps its connections');

	# They are lost while all clients are here: there are descriptors for new ones.
	psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'social_bridge'});
	ok(wait_until(30, sub { psql(qq{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge'}) >= 10 }), 'and gets them back in the middle of it');

	# Nobody goes: each is told after its time that it was too slow, and the next ones come in.
	my $told = 0;
	for my $socket (@slow[ 0 .. 19, -20 .. -1 ]) { my ($answer) = raw_read($socket, 30); $told++ if $answer =~ m{^HTTP/1\.1 408 } }
	is($told, 40, 'the first and the last of them are told 408');
	ok(healthy($bridge, 30), 'others are served behind them');

	# All go at once, and many come at once.
	@slow = map { my $socket = raw_connect($bridge->{url}); syswrite $socket, $get; $socket } 1 .. $clients;
	@slow = ();
	ok(wait_until(60, sub { healthy($bridge, 30) }), 'when all have gone, it serves');
	my $fast = 0;
	for (1 .. 100) { $fast++ if healthy($bridge, 30) }
	is($fast, 100, 'and goes on serving');
	is(api(GET => '/api/posts/posts/', url => $bridge->{url}, token => $token)->{status}, 200, 'also from the database');
	ok(wait_until(30, sub { open_descriptors($bridge) <= $before + 5 }), 'nothing is left open') or diag(open_descriptors($bridge), " of $before");
	is($bridge->stop, 0, 'and ends well');
}

# So few that none is left for a client: said at once, instead of a bridge that cannot serve.
my $refused = bridge_with(20, LOOPS => 1, wait => 0);
is($refused->finish, 2, 'with too few descriptors it does not start');
like($refused->log_text, qr/20 descriptors \(ulimit -n\) are too few: \d+ are needed/, 'and says why');
my $warned = bridge_with(100, LOOPS => 1);
$warned->stop;
like($warned->log_text, qr/"level":"warning".*MAX_CONNECTIONS.*"descriptors":100,"connections":\d+/, 'with fewer than MAX_CONNECTIONS it says how many');
done_testing;
