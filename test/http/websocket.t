# WebSockets: the handshake, who takes nothing back, what comes of a restart (mission 088-092, P-17, design D13). What
# frames may be: websocket_conformance.t.
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;
use Time::HiRes 'time';
use WebSocket;

my $bridge = start_bridge(WS_ECHO => 'on', LOOPS => 1, CORS_ALLOWED_ORIGINS => 'https://app.example', STOP_TIMEOUT => 20);
my $url    = $bridge->{url};
sub dial { my (%option) = @_; return WebSocket->new('/ws/echo/', url => $url, %option) }

# ---- the handshake
my $good = dial();
is($good->{status}, 101, 'mission 088: a WebSocket is opened');
is($good->{headers}{'sec-websocket-accept'}, WebSocket::accept_of('MDEyMzQ1Njc4OWFiY2RlZg=='), 'with the key that belongs to the request');
is(lc $good->{headers}{upgrade}, 'websocket', 'Upgrade');
like($good->{headers}{connection}, qr/^upgrade$/i, 'Connection');
ok(!exists $good->{headers}{'sec-websocket-protocol'}, 'no protocol that nobody named');
$good->text('Hello');
is($good->next_frame->{bytes}, 'Hello', 'what is sent comes back');
is(WebSocket::accept_of('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'RFC 6455 section 1.3');

my %never = ('Upgrade' => undef);
for my $row (
	['no upgrade',                      426, headers => { 'Upgrade' => undef, 'Connection' => undef }],
	['another protocol',                426, headers => { 'Upgrade' => 'h2c' }],
	['Connection says nothing of it',   426, headers => { 'Connection' => 'keep-alive' }],
	['version 8',                       426, headers => { 'Sec-WebSocket-Version' => 8 }],
	['versions in a list',              426, headers => { 'Sec-WebSocket-Version' => '13, 8' }],
	['no version',                      400, headers => { 'Sec-WebSocket-Version' => undef }],
	['no key',                          400, headers => { 'Sec-WebSocket-Key' => undef }],
	['a key that is too short',         400, key => 'MDEyMzQ1Njc4OWFi'],
	['a key that is no base64',         400, key => '!!EyMzQ1Njc4OWFiY2RlZg=='],
	['a body',                          400, headers => { 'Content-Length' => 2 }, early => 'xx'],
	['a page of another origin',        403, headers => { 'Origin' => 'https://evil.example' }],
	['an origin that only begins well', 403, headers => { 'Origin' => 'https://app.example.evil' }],
	['an opaque origin',                403, headers => { 'Origin' => 'null' }],
	['a path that is none',             404, path => '/ws/nothing/'],
	['POST',                            405, method => 'POST', headers => { 'Content-Length' => 0 }],
  )
{
	my ($name, $status, %option) = @$row;
	my $path   = delete $option{path} // '/ws/echo/';
	my $socket = WebSocket->new($path, url => $url, %option);
	is($socket->{status}, $status, "$name: $status");
	is($socket->{headers}{'sec-websocket-version'}, 13, "$name: the version that is spoken") if $status == 426;
	my $json = eval { decode_json($socket->{body}) };
	ok($json && $json->{error} && $json->{code}, "$name: the usual body") or diag($socket->{body});
	$socket->send("GET /api/posts/health/ HTTP/1.1\r\nHost: a\r\n\r\n");
	1 while $socket->{bytes} !~ /healthy/ && $socket->fill(30);
	like($socket->{bytes}, qr/^HTTP\/1\.1 200 /, "$name: the connection goes on");
}
for my $row ([ 'the origin that may call', 'https://app.example' ], [ 'a page of the host itself', 'http://bridge.test' ])
{
	is(dial(headers => { Origin => $row->[1] })->{status}, 101, "$row->[0] may connect");
}
is(dial(headers => { 'Connection' => 'keep-alive, Upgrade', 'Upgrade' => 'WebSocket' })->{status}, 101, 'lists and the case of letters do not matter');
is(dial(protocol => 'graphql-ws, social')->{headers}{'sec-websocket-protocol'}, 'social', 'the protocol that both speak');
ok(!exists dial(protocol => 'chat')->{headers}{'sec-websocket-protocol'}, 'none where there is none');
is(WebSocket->new('/ws/echo/')->{status}, 404, 'design D13: there is no echo unless WS_ECHO says so');

# What comes right behind the handshake is taken; where the handshake is refused it is HTTP.
my $early = dial(early => frame(0x81, 'early') . substr(frame(0x81, 'split'), 0, 3));
is($early->{status}, 101, 'bytes behind the handshake');
is($early->next_frame->{bytes}, 'early', 'they are the first message');
for (1 .. 20)
{
	my $hasty = raw_connect($url);
	syswrite $hasty, handshake('/ws/echo/') . frame(0x81, 'and gone');
	shutdown $hasty, 1;
	my ($answer, $closed) = raw_read($hasty, 30);
	ok($closed, 'who is gone again before he is looked at') if $_ == 20;
}
is(dial(early => frame(0x81, 'next'))->next_frame->{bytes}, 'next', 'leaves nothing behind');
my $refused = dial(headers => { Origin => 'https://evil.example' }, early => "GET /api/posts/health/ HTTP/1.1\r\nHost: a\r\n\r\n");
is($refused->{status}, 403, 'behind a handshake that is refused');
1 while $refused->{bytes} !~ /healthy/ && $refused->fill(30);
like($refused->{bytes}, qr/^HTTP\/1\.1 200 .*healthy/s, 'the next request follows');
my $after = dial(early => '', method => 'GET');
my $both  = WebSocket->new('/api/posts/health/', url => $url, headers => { Upgrade => undef, Connection => undef }, early => handshake('/ws/echo/') . frame(0x81, 'piped'));
is($both->{status}, 200, 'a request, and a handshake right behind it');
$both->fill(30) or last until $both->{bytes} =~ /\r\n\r\n/;
like($both->{bytes}, qr/^HTTP\/1\.1 101 /, 'both are answered, in their order');
$both->{bytes} =~ s/^.*?\r\n\r\n//s;
is($both->next_frame->{bytes}, 'piped', 'and the message behind them');

# ---- a reader who does not read stops the sender, not the bridge
my $choked = dial();
$choked->{socket}->blocking(0);
my ($sent, $until) = (0, time + 30);
my $block = frame(0x82, 'z' x 100_000);
while (time < $until && $sent < 200)
{
	my $n = syswrite $choked->{socket}, $block;
	last unless defined $n && $n == length $block;
	$sent++;
}
ok($sent < 200, 'who takes nothing back is read no further');
my $other = dial();
$other->text('still here');
is($other->next_frame->{bytes}, 'still here', 'others are served meanwhile');
$choked->close;

# ---- figures, and a restart
my $metrics = sub { api(GET => '/metrics', url => $_[0])->{content} };
my $reading = start_bridge(WS_ECHO => 'on', LOOPS => 1, ADMIN_PORT => my $admin = free_port());
my $counted = WebSocket->new('/ws/echo/', url => $reading->{url});
$counted->text('one');
$counted->next_frame;
$counted->send(frame(0x83, ''));
is($counted->closed_with, 1002, 'a fault');
ok(wait_until(30, sub { $metrics->("http://127.0.0.1:$admin") =~ /^social_socket_closes_total\{code="1002"\} 1$/m }), 'closes are counted by their code') or diag($metrics->("http://127.0.0.1:$admin"));
like($metrics->("http://127.0.0.1:$admin"), qr/^social_sockets_opened_total 1$/m, 'so are sockets');
like($metrics->("http://127.0.0.1:$admin"), qr/^social_socket_messages_received_total 1$/m, 'and messages');

$bridge->signal('TERM');
is($good->closed_with, 1012, 'a bridge that stops closes its sockets with 1012');
is($early->closed_with, 1012, 'all of them');
is($bridge->finish, 0, 'and ends');
done_testing();
