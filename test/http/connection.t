# What happens to a connection besides requests that are good: order, refusals in the middle, slow
# and vanished clients, the end of the bridge. The same with every version of the HTTP library,
# behind a gate or not (found C19, E1).
use strict;
use warnings;
use IO::Select;
use Social;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF SHUT_WR);
use Test::More;
use Time::HiRes qw(sleep time);

my $get  = "GET /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n";
my $body = '{"username":"a","password":"b"}';
my $post = "POST /api/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n";
local $SIG{PIPE} = 'IGNORE';

sub statuses { my ($text) = @_; return join ' ', $text =~ m{HTTP/1\.1 (\d+) }g }

# ---- a refusal keeps its place among the answers, and is the last
for my $case (
	[ "GET / HTTP/1.1\nHost: x\r\n\r\n", 400, 'a bare line feed' ],
	[ "GET / HTTP/1.1\r\n\r\n", 400, 'no Host' ],
	[ "GET /" . 'a' x 9000 . " HTTP/1.1\r\nHost: x\r\n\r\n", 414, 'a long target' ],
	[ "GET /?" . '&' x 500 . " HTTP/1.1\r\nHost: x\r\n\r\n", 431, 'many parameters' ],
	[ "GET / HTTP/1.1\r\nHost: x\r\nA: " . 'a' x 14_000 . "\r\n\r\n", 431, 'a long header' ],
	[ "GET / HTTP/3.7\r\nHost: x\r\n\r\n", 505, 'another version' ],
	[ "${post}Transfer-Encoding: chunked\r\n\r\n$body", 400, 'two lengths' ],
	[ "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411, 'chunks' ],
	[ "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\nx", 400, 'a list of lengths' ],
	[ "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413, 'too large a body' ],
	[ "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n", 413, 'the same, asked before' ],
  )
{
	# The first two answers wait for the database.
	my ($answer, $closed) = raw("$post\r\n$body$post\r\n$body$get" . $case->[0] . $get);
	is(statuses($answer), "401 401 200 $case->[1]", "$case->[2] after other requests: their answers, then $case->[1]");
	ok($closed && $answer =~ /"code":"[A-Z_]+","detail":null\}\z/, 'with our body, and the end');
}

# ---- a refusal reaches who goes on sending
for my $bad ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "GET / HTTP/1.1\nHost: x\r\n\r\n", "POST /nothing/ HTTP/1.1\r\nHost: x\r\nContent-Length: 17000000\r\n\r\n")
{
	my $told = 0;
	for (1 .. 20)
	{
		my $socket = raw_connect();
		syswrite $socket, $bad . 'x' x 100_000;
		my ($answer) = raw_read($socket, 30);
		$told++ if $answer =~ m{^HTTP/1\.1 4\d\d .*\}\z}s;
	}
	is($told, 20, 'told, though much more was sent: ' . ($bad =~ /^(.*?)\r?\n/)[0]);
}

# ---- a body that is asked for before it is sent
my $socket = raw_connect();
syswrite $socket, "${post}Expect: 100-continue\r\n\r\n";
my ($answer) = raw_read($socket, 30, qr/\r\n\r\n/);
like($answer, qr{^HTTP/1\.1 100 Continue\r\n\r\n\z}, 'Expect: 100-continue is answered at once');
syswrite $socket, $body;
($answer) = raw_read($socket, 30, qr/\}\z/);
is(statuses($answer), '401', 'and the body is taken');
syswrite $socket, $get;
is(statuses((raw_read($socket, 30, qr/\}\z/))[0]), '200', 'and the connection goes on');

# ---- HEAD and OPTIONS are refused as others are; after a 4xx the connection goes on
$socket = raw_connect();
my $requests = join '', map {"$_ HTTP/1.1\r\nHost: x\r\n\r\n"} 'HEAD /nothing/', 'OPTIONS /nothing/', 'HEAD /api/auth/login/', 'OPTIONS /graphql/', 'DELETE /graphql/', 'GET /api/posts/posts/?first=x';
syswrite $socket, $requests . $get;
($answer) = raw_read($socket, 30, qr/healthy"\}\z/);
is(statuses($answer), '404 404 405 204 405 401 200', 'refusals that are no danger leave the connection open');

# ---- the client sends no more, but listens
$socket = raw_connect();
syswrite $socket, "$post\r\n$body$get";
shutdown $socket, SHUT_WR;
is(statuses((raw_read($socket, 30, qr/healthy"\}\z/))[0]), '401 200', 'half-closed: the answers arrive');

# ---- clients that go in the middle of a body, their last bytes and their end arriving together
{
	my $bridge = start_bridge(LOOPS => 1, REQUEST_TIMEOUT => 60);
	my $open   = sub { scalar(() = glob "/proc/$bridge->{pid}/fd/*") };
	is(api(GET => '/api/posts/health/', url => $bridge->{url})->{status}, 200, 'a bridge of its own');
	my $before = $open->();
	for my $last ('', substr($body, 0, 9))
	{
		for (1 .. 60)
		{
			my $gone = raw_connect($bridge->{url});
			syswrite $gone, "$post\r\n$last";
			close $gone;
		}
	}
	ok(wait_until(30, sub { $open->() < $before + 10 }), 'keep nothing open until a deadline') or diag($open->() . " instead of $before");
}

# ---- a slow reader gets all of a large answer, though the connection ends with it
my $ann  = account();
my $text = 'x' x 10_000;
psql("INSERT INTO social.posts (author_id, title, content) SELECT $ann->{id}, 'large ' || n, '$text' FROM generate_series(1, 60) n");
my $list = "GET /api/posts/posts/?first=60 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $ann->{token}\r\n";

sub slow_reader
{
	my ($url, $bytes) = @_;
	my ($host, $port) = host_port($url);
	socket(my $slow, Socket::PF_INET(), Socket::SOCK_STREAM(), 0) or die;
	setsockopt $slow, SOL_SOCKET, SO_RCVBUF, pack 'i', 4096;
	connect $slow, Socket::pack_sockaddr_in($port, Socket::inet_aton($host)) or die;
	syswrite $slow, $bytes;
	return $slow;
}

sub read_slowly
{
	my ($slow) = @_;
	my $all = '';
	while (sysread $slow, $all, 20_000, length $all) { sleep 0.001 }
	return $all;
}

sub is_whole { my ($all) = @_; my ($length) = $all =~ /^Content-Length: (\d+)\r$/m; return $length && $length > 600_000 && $all =~ /\r\n\r\n(.*)\z/s && length $1 == $length }
my $slow = slow_reader($ENV{BRIDGE_URL}, "${list}Connection: close\r\n\r\n");
ok(is_whole(read_slowly($slow)), 'a slow reader gets all of a large answer');
$slow = slow_reader($ENV{BRIDGE_URL}, "$list\r\n$list\r\nGET / HTTP/1.1\nHost: x\r\n\r\n");
my $all = read_slowly($slow);
is(statuses($all), '200 200 400', 'also of two, and the refusal behind them');

my $bridge = start_bridge(LOOPS => 1, STOP_TIMEOUT => 60);
$slow = slow_reader($bridge->{url}, "$list\r\n");
sleep 0.02 until IO::Select->new($slow)->can_read(0);
$bridge->signal('TERM');
ok(is_whole(read_slowly($slow)), 'also when the bridge stops meanwhile');
is($bridge->finish, 0, 'which ends well');

# ---- clients that vanish while the database works cost nothing, and leave nothing behind
$bridge = start_bridge(LOOPS => 1);
my $descriptors = sub { scalar(my @all = glob "/proc/$bridge->{pid}/fd/*") };
my $cpu         = sub { open my $f, '<', "/proc/$bridge->{pid}/stat"; my @s = split ' ', <$f>; ($s[13] + $s[14]) / 100 };
my $before      = $descriptors->(); # the pool may open some more
my $lock        = fork // die;
if (!$lock) { exec '/bin/sh', '-c', 'psql -X -q -c "BEGIN" -c "LOCK TABLE social.posts IN ACCESS EXCLUSIVE MODE" -c "SELECT pg_sleep(300)" >/dev/null 2>&1' }
wait_until(30, sub { psql(q{SELECT count(*) FROM pg_locks WHERE relation = 'social.posts'::regclass AND mode = 'AccessExclusiveLock' AND granted}) > 0 });
my @gone = map { raw_connect($bridge->{url}) } 1 .. 30;
syswrite $_, "$list\r\n" for @gone;
wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND wait_event_type = 'Lock'}) > 0 });
for (@gone[ 0 .. 14 ]) { setsockopt $_, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 }
@gone = ();
my $used = $cpu->();
sleep 0.7;
cmp_ok($cpu->() - $used, '<', 0.2, 'clients that are gone while the database works cost nothing');
psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%' AND pid <> pg_backend_pid()});
waitpid $lock, 0;
ok(wait_until(30, sub { $descriptors->() <= $before + 8 }), 'and leave no descriptor') or diag($descriptors->(), " of $before");

# Those who never read, and those who go in the middle of an answer.
@gone = map { slow_reader($bridge->{url}, "$list\r\n" x 3) } 1 .. 20;
sleep 0.02 until IO::Select->new(@gone)->can_read(0);
@gone = ();
ok(wait_until(30, sub { $descriptors->() <= $before + 8 }), 'nor do those who go in the middle of an answer') or diag($descriptors->(), " of $before");
is(api(GET => '/api/posts/health/', url => $bridge->{url})->{status}, 200, 'the bridge serves');
@gone = map { slow_reader($bridge->{url}, "$list\r\n" x 3) } 1 .. 5;
is($bridge->stop, 0, 'and ends well with such clients, in its time');

# ---- who has seen the end of a connection has its place back, in whichever loop the next one is
$bridge = start_bridge(LOOPS => 2, RATE_LIMITS => 'on', MAX_CONNECTIONS_PER_ADDRESS => 9); # one is held by who asked for its health
my $serves = sub { my ($socket) = @_; syswrite $socket, $get; return statuses((raw_read($socket, 30, qr/healthy"\}/))[0]) };
my $last   = $get =~ s/\r\n\r\n\z/\r\nConnection: close\r\n\r\n/r;
for my $bad ("GET / HTTP/1.1\nHost: x\r\n\r\n", "GET /?" . '&' x 500 . " HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\r\n\r\n")
{
	my @held = map { raw_connect($bridge->{url}) } 1 .. 7;
	is(join(' ', map { $serves->($_) } @held), '200 200 200 200 200 200 200', 'all the connections that an address may have but one');
	my ($refused, $served) = (0, 0);
	for (1 .. 100)
	{
		my ($answer, $closed) = raw($bad, undef, $bridge->{url});
		$refused++ if $closed && $answer =~ ($bad =~ /^GET/ ? qr{^HTTP/1\.1 4} : qr{^(HTTP/1\.1 400 |\z)});
		($answer, $closed) = raw($last, undef, $bridge->{url});
		$served++ if $closed && statuses($answer) eq '200';
	}
	is($refused, 100, 'in the last place a hundred are refused, one after the other');
	is($served, 100, 'and a hundred are served in between');
	shutdown $_, SHUT_WR for @held;
	is(scalar(grep { (raw_read($_, 30))[1] } @held), 7, 'those who have theirs leave');
}
is($bridge->stop, 0, 'a clean end');
psql("DELETE FROM social.posts WHERE author_id = $ann->{id}");
done_testing;
