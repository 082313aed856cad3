# Deadlines and caps: a slow sender, an idle connection, too many connections, a stopped reader.
use strict;
use warnings;
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

my $bridge = start_bridge(REQUEST_TIMEOUT => 1, KEEPALIVE_TIMEOUT => 2, LOOPS => 2, RATE_LIMITS => 'on');
my $get    = "GET /api/posts/health/ HTTP/1.1\r\nHost: x\r\n";

# Sends a byte every 50 ms until the server ends it; returns (answer, whether it did, seconds).
sub trickle
{
	my ($first, $byte) = @_;
	my $socket = raw_connect($bridge->{url});
	local $SIG{PIPE} = 'IGNORE';
	my ($began, $answer, $closed) = (time, '', 0);
	syswrite $socket, $first;
	while (!$closed && time - $began < 60)
	{
		my $more;
		syswrite $socket, $byte;
		($more, $closed) = raw_read($socket, 0.05);
		$answer .= $more;
	}
	return ($answer, $closed, time - $began);
}

for my $case ([ '', 'G', 'of the request line' ], [ $get . 'X-Slow: ', 'a', 'of a header' ], [ "POST /api/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", ' ', 'of the body' ])
{
	my ($answer, $closed, $seconds) = trickle(@$case);
	ok($closed && $seconds > 0.9, "a slow sender $case->[2] is cut off after the whole request's time") or diag($seconds);
	like($answer, qr/^(HTTP\/1\.1 200 .*healthy"\})?HTTP\/1\.1 408 .*"code":"TIMEOUT"/s, 'and told so');
}

my $socket = raw_connect($bridge->{url});
my $began  = time;
syswrite $socket, "$get\r\n";
my ($answer) = raw_read($socket, 30, qr/healthy"\}/);
my ($rest, $closed) = raw_read($socket, 60);
ok($closed && $rest eq '', 'an idle connection is closed without a word');
cmp_ok(time - $began, '>', 1.9, 'not before its time');

# How many of thirty that come at once are served.
sub served_by
{
	my ($url) = @_;
	my @sockets = map { raw_connect($url) } 1 .. 30;
	local $SIG{PIPE} = 'IGNORE';
	syswrite $_, "$get\r\n" for @sockets;
	return scalar grep { (raw_read($_, 30, qr/healthy"\}/))[0] =~ m{^HTTP/1\.1 200 } } @sockets;
}
my $few = start_bridge(LOOPS => 2, RATE_LIMITS => 'on', MAX_CONNECTIONS_PER_ADDRESS => 21); # one is held by who asked for its health
is(served_by($few->{url}), 20, 'one address gets as many connections as the setting says');
ok(wait_until(30, sub { api(GET => '/api/posts/health/', url => $few->{url}, agent => HTTP::Tiny->new)->{status} == 200 }), 'and new ones when they are closed');

my $open = start_bridge(RATE_LIMITS => 'off', MAX_CONNECTIONS_PER_ADDRESS => 2);
is(served_by($open->{url}), 30, 'RATE_LIMITS=off lifts that');

# A client that asks for much and reads nothing must not keep its place for ever.
my $token  = account(url => $bridge->{url})->{token};
my $reader = raw_connect($bridge->{url});
my $ask    = "GET /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\n\r\n";
setsockopt $reader, IO::Socket::INET::SOL_SOCKET(), IO::Socket::INET::SO_RCVBUF(), pack 'i', 2048;
{
	local $SIG{PIPE} = 'IGNORE';
	$reader->blocking(0);
	for (1 .. 3000) { last unless defined syswrite $reader, $ask }
	$reader->blocking(1);
}
is(api(GET => '/api/posts/health/', url => $bridge->{url})->{status}, 200, 'others are served meanwhile');
is($_->stop, 0, 'a clean end') for $bridge, $few, $open;
done_testing;
