# TLS in the bridge (issue 13 line 6: "optional TLS in the bridge"): TLS_CERTIFICATE and TLS_KEY. What is served without
# it is served by it, to real clients (curl, OpenSSL, Node.js); whoever cannot, will not or does not finish harms nobody.
use strict;
use warnings;
use EventStream;
use File::Temp 'tempdir';
use IO::Socket::INET;
use IPC::Open2;
use JSON::PP;
use Social;
use Socket qw(SHUT_WR SOL_SOCKET SO_LINGER SO_RCVBUF);
use Test::More;
use Time::HiRes qw(time);
use WebSocket;

$SIG{PIPE} = 'IGNORE';
my $dir    = tempdir(CLEANUP => 1);
my $health = '/api/posts/health/';

# ---- certificates and bridges
sub slurp { my ($file) = @_; open my $in, '<:raw', $file or return ''; local $/; return <$in> // '' }
sub spill { my ($file, $bytes) = @_; open my $out, '>:raw', $file or die "$file: $!"; print $out $bytes; close $out; return $file }

sub random { my ($length) = @_; open my $in, '<:raw', '/dev/urandom' or die; read($in, my $bytes, $length); return $bytes }

# A certificate that signs itself, and its key: NAME.crt, NAME.key.
sub make
{
	my ($name, @how) = @_;
	@how = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1') unless @how;
	system('sh', '-c', 'openssl req -x509 -nodes "$@" 2>/dev/null', 'openssl', '-days', 2, '-subj', "/CN=$name", '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout', "$dir/$name.key", '-out', "$dir/$name.crt", @how) == 0
	  or die "openssl req $name";
	return ("$dir/$name.crt", "$dir/$name.key");
}
my ($certificate, $key) = make('first');

# A bridge that has TLS. url: of a tunnel to it, for clients that have none.
sub tls_bridge
{
	my (%setting) = @_;
	my $ca     = delete $setting{ca} // $setting{TLS_CERTIFICATE} // $certificate;
	my $bridge = start_bridge(TLS_CERTIFICATE => $certificate, TLS_KEY => $key, HTTP_HOST => '0.0.0.0', %setting, wait => 0);
	$bridge->{ca} = $ca;
	wait_until(60, sub { curl($bridge, $health) =~ /healthy/ }) or die 'no healthy bridge: ' . $bridge->log_text;
	my $pid = open2(my $out, my $in, 'node', 'test/npm/tls_tunnel.mjs', $bridge->{port}, $ca);
	$bridge->{tunnel} = [ $in, $out ];
	$bridge->{url}    = 'http://127.0.0.1:' . (<$out> =~ /(\d+)/)[0];
	return $bridge;
}
sub curl
{
	my ($bridge, $path, @option) = @_;
	open my $out, '-|', 'curl', '-sS', '-m', 60, '--cacert', $bridge->{ca}, '--stderr', '-', @option, "https://127.0.0.1:$bridge->{port}$path" or die;
	local $/;
	my $text = <$out> // '';
	close $out;
	return $text;
}
# What `openssl s_client` prints.
sub s_client
{
	my ($bridge, $said, @option) = @_;
	my $input = spill("$dir/said", $said);
	return `timeout 60 openssl s_client -connect 127.0.0.1:$bridge->{port} -CAfile $bridge->{ca} @option < $input 2>&1`;
}
sub plain
{
	my ($bridge, %option) = @_;
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $bridge->{port}, Timeout => 30, %option) // die "connect: $!";
}
# Figures of a bridge: the sum over the labels that match.
sub figure
{
	my ($bridge, $name) = @_;
	my $sum = 0;
	my $all = api(GET => '/metrics', url => "http://127.0.0.1:$bridge->{admin}")->{content};
	$sum += $1 while $all =~ /^$name (\d+)/mg;
	return $sum;
}
sub rereads
{
	my ($bridge, $says) = @_;
	my $were = () = $bridge->log_text =~ /$says/g;
	$bridge->signal('HUP');
	return wait_until(30, sub { my $are = () = $bridge->log_text =~ /$says/g; $are > $were });
}

# ---- what is wrong is told before anything starts
sub check
{
	my (%setting) = @_;
	local @ENV{ keys %setting } = values %setting;
	my $said = `$ENV{BRIDGE_BIN} --check-config 2>&1`;
	return ($? >> 8) . " $said";
}
my ($other, $other_key) = make('other');
make('rsa', '-newkey', 'rsa:2048');
system("openssl pkey -in $key -aes128 -passout pass:secret -out $dir/locked.key 2>/dev/null");
spill("$dir/text", "no certificate\n" x 10);
spill("$dir/big", 'x' x 1_100_000);
chmod 0, spill("$dir/unreadable", slurp($key));
like(check(TLS_CERTIFICATE => $certificate, TLS_KEY => $key), qr/^0 social-bridge: the settings are good/, 'issue 13: a certificate and its key');
like(check(TLS_CERTIFICATE => "$dir/rsa.crt", TLS_KEY => "$dir/rsa.key"), qr/^0 /, 'RSA as well');
for my $case (
	[ { TLS_CERTIFICATE => $certificate },                            qr/TLS_CERTIFICATE and TLS_KEY belong together: TLS_KEY is missing/,      'a certificate alone' ],
	[ { TLS_KEY         => $key },                                    qr/belong together: TLS_CERTIFICATE is missing/,                          'a key alone' ],
	[ { TLS_CERTIFICATE => "$dir/none", TLS_KEY => $key },            qr{TLS_CERTIFICATE: \Q$dir/none\E cannot be read: No such file},           'a file that is missing' ],
	[ { TLS_CERTIFICATE => $certificate, TLS_KEY => "$dir/none" },    qr{TLS_KEY: \Q$dir/none\E cannot be read: No such file},                   'a key that is missing' ],
	[ { TLS_CERTIFICATE => $dir,         TLS_KEY => $key },           qr{TLS_CERTIFICATE: \Q$dir\E cannot be read: Is a directory},              'a directory' ],
	[ { TLS_CERTIFICATE => '/dev/zero',  TLS_KEY => $key },           qr{TLS_CERTIFICATE: /dev/zero cannot be read: \w},                         'what has no end' ],
	[ { TLS_CERTIFICATE => "$dir/big",   TLS_KEY => $key },           qr{TLS_CERTIFICATE: \Q$dir\E/big cannot be read: File too large},          'what is too large' ],
	[ { TLS_CERTIFICATE => "$dir/text",  TLS_KEY => $key },           qr{TLS_CERTIFICATE: \Q$dir\E/text has no certificate \(PEM\)},             'text' ],
	[ { TLS_CERTIFICATE => $certificate, TLS_KEY => $certificate },   qr{TLS_KEY: \Q$certificate\E has no key without a password},               'a certificate for a key' ],
	[ { TLS_CERTIFICATE => $certificate, TLS_KEY => "$dir/locked.key" }, qr{TLS_KEY: \Q$dir\E/locked.key has no key without a password},         'a key with a password' ],
	[ { TLS_CERTIFICATE => $certificate, TLS_KEY => $other_key },     qr{TLS_KEY: \Q$other_key\E does not belong to the certificate in \Q$certificate\E}, 'the key of another one' ],
	[ { TLS_CERTIFICATE => $certificate, TLS_KEY => $key, TLS_MIN_VERSION => '1.1' }, qr/TLS_MIN_VERSION must be/,                             'a version that is too old' ],
	$> == 0 ? () : [ { TLS_CERTIFICATE => $certificate, TLS_KEY => "$dir/unreadable" }, qr/TLS_KEY: .* cannot be read: Permission denied/,      'a key that may not be read' ],
)
{
	my ($setting, $says, $name) = @$case;
	my $said = check(%$setting);
	ok($said =~ /^1 / && $said =~ $says, "issue 13: $name is refused, and why") or diag($said);
	unlike($said, qr/PRIVATE|secret/, 'without what is in it') if $name =~ /key/;
}
my @old = make('old');
if (system("openssl x509 -in $old[0] -signkey $old[1] -days -1 -out $dir/expired.crt 2>/dev/null") == 0)
{
	like(check(TLS_CERTIFICATE => "$dir/expired.crt", TLS_KEY => $old[1]), qr/^0 .*warning: TLS_CERTIFICATE: \S+ expired at \d{4}-/s, 'issue 13: one that has expired is a warning');
}
my $start = start_bridge(TLS_CERTIFICATE => $certificate, TLS_KEY => $other_key, wait => 0);
is($start->finish, 2, 'a start with a wrong key fails');
like($start->log_text, qr/does not belong to the certificate/, 'and says why');

# ---- served by it
my $admin  = free_port();
my $bridge = tls_bridge(ADMIN_PORT => $admin, MEDIA_DIR => "$dir/media", WS_ECHO => 'on', REQUEST_TIMEOUT => 20, LOG_LEVEL => 'debug', LOOPS => 2);
$bridge->{admin} = $admin;
my $url = $bridge->{url};
like(curl($bridge, $health), qr/"status":\s*"healthy"/, 'issue 13: a request by TLS');
for my $version ('1.2', '1.3')
{
	my $said = curl($bridge, $health, '-v', "--tlsv$version", '--tls-max', $version, '--http1.1', '--alpn');
	like($said, qr/SSL connection using TLSv$version/, "TLS $version");
	like($said, qr/ALPN: server accepted http\/1\.1/, 'ALPN') or diag($said);
	like($said, qr/^< Strict-Transport-Security: max-age=31536000/mi, 'who came by TLS is told to stay');
}
like(curl($bridge, $health, '-v', '--http2'), qr/server accepted http\/1\.1.*healthy/s, 'a client that would rather have HTTP/2');
unlike(s_client($bridge, '', '-alpn', 'h2'), qr/ALPN protocol: h2/, 'one that has nothing else is refused');
like(curl($bridge, $health, '--tls-max', '1.1', '--tlsv1.0', '--ciphers', 'DEFAULT@SECLEVEL=0'), qr/^curl: \(35\)/m, 'TLS 1.1 is not spoken');
for my $cipher ('AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-SHA')
{
	like(curl($bridge, $health, '--tls-max', '1.2', '--ciphers', "$cipher:\@SECLEVEL=0"), qr/^curl: \(35\)/m, "nor $cipher");
}
like(curl($bridge, $health, '--cacert', $other), qr/^curl: \(60\)/m, 'who does not know the certificate goes');
is(api(GET => '/live', url => "http://127.0.0.1:$admin")->{status}, 200, 'the port for operators has none');

my $ann  = account(url => $url);
my $post = api(POST => '/api/posts/posts/', url => $url, token => $ann->{token}, json => { title => 'By TLS', content => 'sealed #tls' });
is($post->{status}, 201, 'REST: a post');
is(api(GET => "/api/posts/posts/$post->{json}{id}/", url => $url, token => $ann->{token})->{json}{title}, 'By TLS', 'is read again');
is(api(POST => '/graphql/', url => $url, token => $ann->{token}, json => { query => '{ me { username } }' })->{json}{data}{me}{username}, $ann->{username}, 'GraphQL');
my $list = curl($bridge, '/api/posts/posts/?first=1', '-v', '-H', "Authorization: Bearer $ann->{token}", '--compressed');
like($list, qr/"results"/, 'a list');

# keep-alive, pipelined requests, the end that a client asks for
my $twice = curl($bridge, $health, '-o', '/dev/null', '-o', '/dev/null', '-w', '%{num_connects} ', "https://127.0.0.1:$bridge->{port}/nowhere/");
is($twice, '1 0 ', 'a connection is used again');
my $get = sub { my ($n, $more) = @_; return "GET $health HTTP/1.1\r\nHost: x\r\nX-Request-Id: r$n\r\n" . ($more // '') . "\r\n" };
my ($answers) = raw(join('', map { $get->($_) } 1 .. 49) . $get->(50, "Connection: close\r\n"), undef, $url);
is(join(',', $answers =~ /^X-Request-Id: r(\d+)/mg), join(',', 1 .. 50), 'pipelined requests are answered in their order');
my $half = raw_connect($url);
syswrite $half, $get->(1);
shutdown $half, SHUT_WR;
like((raw_read($half, 30))[0], qr/^HTTP\/1\.1 200 .*healthy/s, 'who says that he sends no more is answered') or diag('half-close');

# sockets and streams
my $echo = WebSocket->new('/ws/echo/', url => $url, early => frame(0x81, 'early'));
is($echo->{status}, 101, 'a WebSocket');
is($echo->next_frame->{bytes}, 'early', 'with what came along with its handshake');
my $large = random(6_000_000);
if (my $pid = fork)
{
	my $frame = $echo->next_frame(120);
	ok($frame && $frame->{bytes} eq $large, '6 MB there and back, byte for byte') or diag($frame ? length $frame->{bytes} : 'none');
	waitpid $pid, 0;
}
else
{
	$echo->send(frame(0x82, $large));
	POSIX::_exit(0);
}
my $listener = WebSocket->new("/ws/notifications/$ann->{id}/", url => $url, token => $ann->{token});
is($listener->next_message->{type}, 'ready', 'a WebSocket for events') if $listener->{status} == 101;
my $socket = WebSocket->new("/ws/posts/$post->{json}{id}/", url => $url, token => $ann->{token});
my @heard;
my $stream = EventStream->new("topics=post:$post->{json}{id}", url => $url, token => $ann->{token});
is($stream->{status}, 200, 'a stream of events');
is(api(POST => "/api/posts/posts/$post->{json}{id}/like/", url => $url, token => $ann->{token})->{status}, 200, 'something happens');
ok(wait_until(30, sub { $stream->fill(0.1); $stream->{bytes} =~ /event: post\./ }), 'the stream tells it') or diag($stream->{bytes});
push @heard, $socket->next_message(10)->{type} // 'none' until @heard > 5 || grep { /^post\./ } @heard;
like("@heard", qr/post\./, 'and the WebSocket');

# large bodies: through libmicrohttpd, and by sendfile
my $bytes   = random(20_000_000);
my $address = sub { my ($method, $key) = @_; return psql("SELECT social.media_store_address(s, '$method', '$key', 900, now(), '{}', '{}') FROM social.media_store s") };
spill("$dir/large", $bytes);
my $object = sprintf 'uploads/%d/tls.png', $$;
like(curl($bridge, $address->(PUT => $object), '-T', "$dir/large", '-o', '/dev/null', '-w', '%{http_code}'), qr/^200$/, 'seed 144: 20 MB are sent');
for my $version ('1.2', '1.3')
{
	curl($bridge, $address->(GET => $object), '-o', "$dir/back", '--tls-max', $version);
	ok(slurp("$dir/back") eq $bytes, "seed 145: and read again by TLS $version, byte for byte");
}
like(curl($bridge, $address->(GET => $object), '-r', '1000000-1000009', '-o', "$dir/part", '-w', '%{http_code}'), qr/206/, 'a part');
ok(slurp("$dir/part") eq substr($bytes, 1_000_000, 10), 'is that part');
psql('SELECT social.set_media_store(max_size => 1000)');
ok(wait_until(30, sub { api(PUT => $address->(PUT => $object), url => $url, body => 'x' x 1001, type => 'image/png')->{status} == 400 }), 'what the store does not take');
my $refused = api(PUT => $address->(PUT => $object), url => $url, body => $bytes, type => 'image/png');
like("$refused->{status} $refused->{content}", qr/^400 .*EntityTooLarge/s, 'whoever sends much that nobody wants hears why');
psql('SELECT social.set_media_store(max_size => 104857600)');
spill("$dir/json", '{"title":"' . 'x' x 2_000_000 . '"}');
like(curl($bridge, '/api/posts/posts/', '-H', "Authorization: Bearer $ann->{token}", '-H', 'Content-Type: application/json', '-d', "\@$dir/json", '-w', ' %{http_code}'), qr/413/, 'a body that is too large');

# ---- who does not do as he should
my $failed = figure($bridge, 'social_tls_handshakes_total\{outcome="failed"\}');
for my $said ("GET $health HTTP/1.1\r\nHost: x\r\n\r\n", join('', map { chr rand 256 } 1 .. 5000), "\x16\x03\x01\xff\xff" . "\0" x 100, "\x16\x03\x01\0\5\1\0\0\1\0", "\x80\x2e\1\0\2" . 'x' x 100, "\x15\x03\x03\0\2\2\50")
{
	my $client = plain($bridge);
	syswrite $client, $said;
	shutdown $client, SHUT_WR;
	my ($answer, $closed) = raw_read($client, 30);
	ok($closed && $answer !~ /HTTP/, 'what is no TLS ends the connection: ' . join ' ', unpack '(H2)4', $said);
}
ok(wait_until(30, sub { figure($bridge, 'social_tls_handshakes_total\{outcome="failed"\}') >= $failed + 6 }), 'and is counted');
# Renegotiation, which TLS 1.2 has.
my $asking = open2(my $told, my $ask, "timeout 60 openssl s_client -connect 127.0.0.1:$bridge->{port} -CAfile $certificate -tls1_2 2>&1");
syswrite $ask, "R\n";
my $renegotiated = do { local $/; <$told> };
waitpid $asking, 0;
like($renegotiated, qr/RENEGOTIATING/, 'a handshake in the midst of a connection');
isnt($? >> 8, 124, 'ends it');
# The end of the socket without that of the session.
for my $version ('1.2', '1.3')
{
	my $done = s_client($bridge, $get->(1), '-tls' . ($version =~ tr/./_/r), '-quiet', '-no_ign_eof');
	is(curl($bridge, $health) =~ /healthy/, 1, "TLS $version: who goes without a word harms nobody");
}
# Somebody who reads nothing: his answers wait, bounded; the others do not.
my @asked = map { raw_connect($url) } 1 .. 4;
setsockopt $_, SOL_SOCKET, SO_RCVBUF, 4096 for @asked;
syswrite $_, 'GET ' . $address->(GET => $object) . " HTTP/1.1\r\nHost: x\r\n\r\n" for @asked;
my $memory = sub { return slurp("/proc/$bridge->{pid}/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0 };
for (1 .. 20) { curl($bridge, $health) =~ /healthy/ or fail('others wait') }
pass('who reads nothing holds up nobody');
cmp_ok($memory->(), '<', 200_000, 'and no memory') if ($ENV{VARIANT} // 'release') eq 'release';
close $_ for @asked;
# Sessions are taken up again.
s_client($bridge, $get->(1, "Connection: close\r\n"), '-sess_out', "$dir/session", '-ign_eof');
like(s_client($bridge, $get->(1, "Connection: close\r\n"), '-sess_in', "$dir/session", '-ign_eof'), qr/^Reused, TLSv1\.3/m, 'a session is taken up again');
cmp_ok(figure($bridge, 'social_tls_handshakes_total\{outcome="resumed"\}'), '>=', 1, 'and counted');
ok(wait_until(30, sub { figure($bridge, 'social_tls_connections') > 0 }), 'connections are counted');

# ---- another certificate
my ($second, $second_key) = make('second');
my $serial = sub { return s_client($bridge, '', @_) =~ /subject=CN\s*=\s*(\w+)/ ? $1 : 'none' };
is($serial->(), 'first', 'the certificate');
my $before = raw_connect($url);
syswrite $before, $get->(1);
raw_read($before, 30, qr/healthy/);
my @was = (slurp($certificate), slurp($key));
spill($certificate, slurp($second));
ok(rereads($bridge, 'does not belong to the certificate.*\n.*TLS goes on with the certificate as it was'), 'issue 13: half of a new one is told');
is($serial->(), 'first', 'and changes nothing');
spill($key, slurp($second_key));
ok(rereads($bridge, 'certificate read again'), 'SIGHUP takes a new one over');
is($serial->(), 'second', 'who connects is shown it');
syswrite $before, $get->(2);
like((raw_read($before, 30, qr/healthy/))[0], qr/X-Request-Id: r2/, 'who was there goes on');
unlink $key;
ok(rereads($bridge, 'TLS_KEY: \S+ cannot be read: No such file.*\n.*TLS goes on'), 'a file that is gone is told');
is($serial->(), 'second', 'and changes nothing');
spill($key, slurp($second_key));

# ---- SIGTERM: what is asked is answered, whoever is in his handshake goes
my $stalled = plain($bridge);
# The tunnel knows the first certificate alone; who was there is served.
syswrite $before, $get->(3);
raw_read($before, 30, qr/healthy/);
$bridge->signal('TERM');
is($bridge->finish, 0, 'issue 13: it stops by itself');
is((raw_read($stalled, 30))[1], 1, 'who said nothing is gone');
my $log = $bridge->log_text;
unlike($log, qr/PRIVATE KEY|BEGIN|\Q$ann->{token}\E/, 'no secret is in the log');
(my $core = $was[1]) =~ s/-----[^-]+-----|\s//g;
unlike($log, qr/\Q@{[ substr $core, 0, 40 ]}\E/, 'nor the key');
like($log, qr/"tls":"1\.2"|tls=1\.2/, 'it says at the start that it has TLS');
spill($certificate, $was[0]);
spill($key, $was[1]);

# ---- whose address it is
$bridge = tls_bridge(ANONYMOUS_READ => 'on', RATE_LIMITS => 'on', SEARCH_RATE_LIMIT => '2/hour', TRUSTED_PROXIES => '127.0.0.9', TLS_MIN_VERSION => '1.3', MAX_CONNECTIONS_PER_ADDRESS => 5, REQUEST_TIMEOUT => 3, LOOPS => 1, ADMIN_PORT => $admin);
$bridge->{admin} = $admin;
like(curl($bridge, $health, '--tls-max', '1.2'), qr/^curl: \(35\)/m, 'TLS_MIN_VERSION');
my $search = sub { my ($from, @more) = @_; return curl($bridge, '/api/posts/search/text/?query=tls', '--interface', $from, '-o', '/dev/null', '-w', '%{http_code}', @more) };
is(join(' ', map { $search->('127.0.0.5') } 1 .. 3), '200 200 429', 'P-11: requests count against their address');
is($search->('127.0.0.6'), '200', 'and against no other');
is($search->('127.0.0.5', '-H', 'X-Forwarded-For: 203.0.113.7'), '429', 'who is no proxy speaks for himself');
is($search->('127.0.0.9', '-H', 'X-Forwarded-For: 203.0.113.8', '-H', 'X-Forwarded-Proto: https'), '200', 'a proxy speaks for others');
is($search->('127.0.0.9', '-H', 'X-Forwarded-For: 127.0.0.5', '-H', 'X-Forwarded-Proto: https'), '429', 'whom that counts for');
is($search->('127.0.0.9', '-H', 'X-Forwarded-For: 203.0.113.8', '-H', 'X-Forwarded-Proto: http'), '308', 'and says how they came');
# Who stalls has one of the places of his address, until the deadline.
my @stalled = map { plain($bridge, LocalAddr => '127.0.0.7') } 1 .. 5;
syswrite $stalled[0], "\x16\x03\x01\0\x80\1";
ok(wait_until(30, sub { figure($bridge, 'social_tls_connections') >= 5 }), 'handshakes that stall');
like($search->('127.0.0.7'), qr/^000/m, 'P-12: take the places of their address');
is($search->('127.0.0.8'), '200', 'and of no other');
my $late = time;
my @ended = map { (raw_read($_, 60))[1] } @stalled;
is("@ended", '1 1 1 1 1', 'they have REQUEST_TIMEOUT');
ok(wait_until(30, sub { $search->('127.0.0.7') eq '200' }), 'and give their places back');
cmp_ok(figure($bridge, 'social_tls_handshakes_total\{outcome="late"\}'), '>=', 5, 'which is counted');
# A reset in the midst of an answer, a hundred times; nothing is left behind.
sub descriptors { return scalar(my @all = glob "/proc/$bridge->{pid}/fd/*") }
ok(wait_until(30, sub { figure($bridge, 'social_tls_connections') == 0 }), 'nobody is there');
my $open = descriptors();
for (1 .. 100)
{
	my $client = plain($bridge, LocalAddr => '127.0.0.' . (20 + $_));
	syswrite $client, "\x16\x03\x01\2\0" if $_ % 2;
	setsockopt $client, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if $_ % 3;
	close $client;
}
curl($bridge, $health);
ok(wait_until(30, sub { descriptors() <= $open && figure($bridge, 'social_tls_connections') == 0 }), 'no descriptor is left behind') or diag(descriptors() . " of $open");
is($bridge->stop, 0, 'it ends as ever');

# ---- more handshakes than may be under way
$bridge = tls_bridge(LOOPS => 1, ADMIN_PORT => $admin);
$bridge->{admin} = $admin;
my @many = map { plain($bridge) } 1 .. 300;
ok(wait_until(30, sub { figure($bridge, 'social_tls_handshakes_total\{outcome="crowded"\}') >= 40 }), 'P-12: of too many handshakes the oldest end');
like(curl($bridge, $health), qr/healthy/, 'and others have theirs');
is((raw_read($many[0], 30))[1], 1, 'the first is gone');
close $_ for @many;
# Who has knocked before the stop has his handshake, and his answer.
ok(wait_until(30, sub { figure($bridge, 'social_tls_connections') == 0 }), 'nobody is there');
$bridge->signal('STOP');
my @knocking = map { open my $out, '-|', 'curl', '-s', '-m', 60, '--cacert', $certificate, "https://127.0.0.1:$bridge->{port}$health" or die; $out } 1 .. 20;
my $knocked = sub { my $port = sprintf '%04X', $bridge->{port}; return scalar(() = slurp('/proc/net/tcp') =~ /^\s*\d+: \w{8}:$port \w{8}:\w{4} 01 /mg) };
ok(wait_until(60, sub { $knocked->() >= 20 }), 'twenty knock at a bridge that is about to stop');
$bridge->signal('TERM');
$bridge->signal('CONT');
is(scalar(grep { my $out = $_; local $/; (<$out> // '') =~ /healthy/ } @knocking), 20, 'and are served');
is($bridge->finish, 0, 'it ends as ever');

# ---- a socket that systemd has (issue 13: socket activation)
my $passed = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') // die "listen: $!";
my $pid    = fork // die "fork: $!";
if ($pid == 0)
{
	POSIX::dup2(fileno $passed, 200);
	POSIX::dup2(200, 3);
	@ENV{qw(LISTEN_PID LISTEN_FDS TLS_CERTIFICATE TLS_KEY)} = ($$, 1, $certificate, $key);
	open STDERR, '>', "$dir/activated.log";
	exec $ENV{BRIDGE_BIN} or POSIX::_exit(127);
}
$bridge = bless { pid => $pid, port => $passed->sockport, ca => $certificate, log => "$dir/activated.log" }, 'Social::Bridge';
ok(wait_until(60, sub { curl($bridge, $health) =~ /healthy/ }), 'issue 13: a socket that was passed speaks TLS, too') or diag($bridge->log_text);
is($bridge->stop, 0, 'it ends as ever');
done_testing();
