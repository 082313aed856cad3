# Heads of every size: each gets an HTTP answer with our body, and the process lives (found E1, E10).
use strict;
use warnings;
use Social;
use Test::More;

my $bridge = start_bridge(LOOPS => 1, RATE_LIMITS => 'on');
my $get    = "GET /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n";
my $next   = "GET /api/posts/health/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

# Every answer in a text: its status, and its body when it is one of ours. The answers must fill the text.
sub answers
{
	my ($text) = @_;
	my @found;
	while ($text =~ /\G(HTTP\/1\.1 (\d{3}) .*?\r\n)\r\n/gcs)
	{
		my ($head, $status) = ($1, $2);
		my ($length) = $head =~ /^Content-Length: (\d+)\r$/m;
		my $body = substr $text, pos $text, $length // 0;
		pos($text) += length $body;
		push @found, $body =~ /^\{.*\}\z/s && $head =~ /^Content-Type: application\/json\r$/m ? $status : "$status, not ours";
	}
	push @found, 'rest' if (pos($text) // 0) != length $text;
	return "@found";
}

sub ask { return answers((raw($_[0], undef, $bridge->{url}))[0]) }

# One request of each kind with `n` of something, as (before its last line end) a target and header lines.
my %many = (
	'parameters'            => sub { '/?' . join('&', map {"a$_=1"} 1 .. $_[0]) },
	'ampersands'            => sub { '/?' . '&' x $_[0] },
	'parameters, no values' => sub { '/api/posts/health/?' . join('&', map {"a$_"} 1 .. $_[0]) },
	'cookies'               => sub { '/api/posts/health/', 'Cookie: ' . join('; ', map {"c$_=1"} 1 .. $_[0]) . "\r\n" },
	'commas in a cookie'    => sub { '/api/posts/health/', 'Cookie: ' . ',' x $_[0] . "\r\n" },
	'headers'               => sub { '/api/posts/health/', join '', map {"A$_: b\r\n"} 1 .. $_[0] },
	'empty headers'         => sub { '/api/posts/health/', "A:\r\n" x $_[0] },
);
# The statuses that may answer: what is small enough, what is not; the second from which number on.
my %status = (
	'parameters' => [ 400, 431, 101 ], 'ampersands' => [ 400, 431, 100 ], 'parameters, no values' => [ 400, 431, 101 ],
	'cookies' => [ 200, 431, 190 ], 'commas in a cookie' => [ 200, 431, 190 ], 'headers' => [ 400, 431, 190 ], 'empty headers' => [ 400, 431, 190 ],
);
for my $kind (sort keys %many)
{
	my ($small, $large, $from) = @{ $status{$kind} };
	for my $n (102, 150, 190, 200, 231, 232, 233, 250, 300, 400, 500, 700, 999, 1000)
	{
		my ($target, $headers) = $many{$kind}->($n);
		my $request  = "GET $target HTTP/1.1\r\nHost: x\r\n" . ($headers // '') . "\r\n";
		my $expected = $n >= $from ? $large : $small;
		# What we refuse for its size ends the connection; so does a head with too many headers.
		my $goes_on = $expected == 200 ? ' 200' : '';
		# libmicrohttpd 1.0 passes over a cookie that is none.
		my $pattern = $kind =~ /commas/ ? qr/(431|200 200)/ : qr/$expected$goes_on/;
		like(ask($request . $next), qr/^$pattern\z/, "$n $kind: $expected, with another request behind");
		like(ask($get . $request . $next), qr/^200 $pattern\z/, 'and before');
	}
}

# Every size around the limits, of what a head has: target, query, header, cookie, both.
my %long = (
	'target'            => [ 7960, 8040, 1, qr/^4(04|14)$/, sub { '/' . 'a' x ($_[0] - 1) } ],
	'query'             => [ 7960, 8040, 1, qr/^(200|414)$/, sub { '/api/posts/health/?a=' . 'b' x ($_[0] - 21) } ],
	'huge query'        => [ 15_800, 16_500, 7, qr/^414$/, sub { '/?' . 'a' x $_[0] } ],
	'query of many'     => [ 15_800, 16_500, 7, qr/^414$/, sub { '/?' . substr 'ab=c&' x 4000, 0, $_[0] } ],
	'huge target'       => [ 16_000, 33_000, 173, qr/^414$/, sub { '/' . 'a' x $_[0] } ],
	'header'            => [ 11_000, 16_800, 11, qr/^(200|431)$/, sub { '/api/posts/health/', 'A: ' . 'a' x $_[0] . "\r\n" } ],
	'cookie'            => [ 5000, 16_800, 23, qr/^(200|431)$/, sub { '/api/posts/health/', 'Cookie: a=' . 'a' x $_[0] . "\r\n" } ],
	'cookies'           => [ 100, 16_800, 53, qr/^(200|431)$/, sub { '/api/posts/health/', 'Cookie: ' . substr('a=b; ' x 4000, 0, $_[0]) . "\r\n" } ],
	'many headers'      => [ 4000, 16_800, 31, qr/^(200|431)$/, sub { '/api/posts/health/', ('A: ' . 'b' x ($_[0] / 80) . "\r\n") x 80 } ],
	'target and header' => [ 9000, 16_800, 31, qr/^(404|414|431)$/, sub { '/' . 'a' x ($_[0] / 2), 'A: ' . 'a' x ($_[0] / 2) . "\r\n" } ],
	'header and length' => [ 11_000, 16_800, 31, qr/^4(00|31)$/, sub { '/api/posts/health/', 'A: ' . 'a' x $_[0] . "\r\nContent-Length: x\r\n" } ],
);
for my $kind (sort keys %long)
{
	my ($from, $to, $step, $expected, $make) = @{ $long{$kind} };
	my @wrong;
	my %seen;
	for (my $n = $from; $n <= $to; $n += $step)
	{
		my ($target, $headers) = $make->($n);
		my $answer = ask("GET $target HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" . ($headers // '') . "\r\n");
		$seen{$answer}++;
		push @wrong, "$n: $answer" unless $answer =~ $expected;
	}
	is("@wrong[0 .. ($#wrong < 5 ? $#wrong : 5)]", '', "a $kind of $from to $to bytes is always answered: " . join ', ', map {"$seen{$_} times $_"} sort keys %seen);
}

# One byte after the other: the head is cut anywhere.
for my $request ("GET /?" . '&' x 300 . " HTTP/1.1\r\nHost: x\r\n\r\n", "GET /" . 'a' x 9000 . " HTTP/1.1\r\nHost: x\r\n\r\n")
{
	my $socket = raw_connect($bridge->{url});
	setsockopt $socket, Socket::IPPROTO_TCP(), Socket::TCP_NODELAY(), 1;
	local $SIG{PIPE} = 'IGNORE';
	for my $piece ($request =~ /(.{1,97})/gs) { syswrite $socket, $piece or last }
	like(answers((raw_read($socket, 30))[0]), qr/^4(14|31)$/, 'in small pieces');
}
is(api(GET => '/api/posts/health/', url => $bridge->{url})->{status}, 200, 'the bridge serves');
ok(kill(0, $bridge->{pid}), 'and it is the same process');
is($bridge->stop, 0, 'which ends well, with nobody left');
done_testing;
