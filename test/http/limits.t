# Deadlines and caps: a slow sender, an idle connection, too many connections, a stopped reader.
use strict;
use warnings;
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

my $bridge = start_bridge(REQUEST_TIMEOUT => 1, KEEPALIVE_TIMEOUT => 2, MAX_CONNECTIONS_PER_ADDRESS => 20, LOOPS => 2, RATE_LIMITS => 'on');
my $get    = "GET /api/posts/health/ HTTP/1.1\r\nHost: x\r\n";

# Sends a byte every 50 ms until the server ends it; returns (answer, seconds).
sub trickle
{
	my ($first, $byte) = @_;
	my $socket = raw_connect($bridge->{url});
	local $SIG{PIPE} = 'IGNORE';
	my ($began, $answer, $closed) = (time, '', 0);
	syswrite $socket, $first;
	while (!$closed && time - $began < 8)
	{
		my $more;
		syswrite $socket, $byte;
		($more, $closed) = raw_read($socket, 0.05);
		$answer .= $more;
	}
	return ($answer, time - $began);
}

for my $case ([ '', 'G', 'of the request line' ], [ $get . 'X-Slow: ', 'a', 'of a header' ], [ "POST /api/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", ' ', 'of the body' ])
{
	my ($answer, $seconds) = trickle(@$case);
	cmp_ok($seconds, '<', 4, "a slow sender $case->[2] is cut off after the whole request's time");
	like($answer, qr/^(HTTP\/1\.1 200 .*healthy"\})?HTTP\/1\.1 408 .*"code":"TIMEOUT"/s, 'and told so');
}

my $socket = raw_connect($bridge->{url});
syswrite $socket, "$get\r\n";
my ($answer) = raw_read($socket, 5, qr/healthy"\}/);
my $began = time;
my ($rest, $closed) = raw_read($socket, 8);
ok($closed && $rest eq '', 'an idle connection is closed without a word');
cmp_ok(time - $began, '>', 1.5, 'not before its time');

my @sockets = map { raw_connect($bridge->{url}) } 1 .. 30;
my $served  = 0;
for (@sockets)
{
	local $SIG{PIPE} = 'IGNORE';
	syswrite $_, "$get\r\n";
	my ($text) = raw_read($_, 2, qr/healthy"\}/);
	$served += $text =~ m{^HTTP/1\.1 200 };
}
is($served, 20, 'one address gets as many connections as the setting says');
@sockets = ();
ok(wait_until(5, sub { api(GET => '/api/posts/health/', url => $bridge->{url}, agent => HTTP::Tiny->new)->{status} == 200 }), 'and new ones when they are closed');

my $open = start_bridge(RATE_LIMITS => 'off', MAX_CONNECTIONS_PER_ADDRESS => 2);
@sockets = map { raw_connect($open->{url}) } 1 .. 30;
$served  = 0;
for (@sockets)
{
	syswrite $_, "$get\r\n";
	my ($text) = raw_read($_, 5, qr/healthy"\}/);
	$served += $text =~ m{^HTTP/1\.1 200 };
}
is($served, 30, 'RATE_LIMITS=off lifts that');

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
is($bridge->stop, 0, 'a clean end');
is($open->stop,   0, 'here too');
done_testing;
