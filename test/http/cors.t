# Which pages of other origins may call (seed 156, 165, I-14), OPTIONS, and the headers of security.
use strict;
use warnings;
use Social;
use Test::More;

my $path   = '/api/posts/health/';
my $bridge = start_bridge(CORS_ALLOWED_ORIGINS => 'https://app.example.com, http://localhost:3000', FRONTEND_URL => 'https://www.example.com/start/');
my @bridge = (url => $bridge->{url});

for my $origin ('https://app.example.com', 'http://localhost:3000', 'https://www.example.com')
{
	my $answer = api(GET => $path, @bridge, headers => { Origin => $origin });
	is($answer->{headers}{'access-control-allow-origin'}, $origin, "$origin may call");
	is($answer->{headers}{vary}, 'Origin', 'and caches know that it matters');
}
for my $origin ('https://evil.example', 'https://app.example.com.evil.example', 'http://app.example.com', 'https://app.example.com:444', 'null')
{
	my $answer = api(GET => $path, @bridge, headers => { Origin => $origin });
	is("$answer->{status} " . ($answer->{headers}{'access-control-allow-origin'} // 'no'), '200 no', "$origin may not");
}
my %ask = ('Access-Control-Request-Method' => 'POST', 'Access-Control-Request-Headers' => 'authorization');
my $preflight = api(OPTIONS => '/api/posts/posts/', @bridge, headers => { Origin => 'https://app.example.com', %ask });
is($preflight->{status}, 204, 'a preflight is answered 204');
is($preflight->{headers}{'access-control-allow-origin'},  'https://app.example.com', 'with the origin');
is($preflight->{headers}{'access-control-allow-methods'}, 'GET, POST, HEAD, OPTIONS', 'the methods of the path');
like($preflight->{headers}{'access-control-allow-headers'}, qr/\b\Q$_\E\b/, "and that $_ may be sent (issue 13)")
  for qw(Authorization Content-Type Idempotency-Key If-Match If-None-Match X-Request-Id);
my $shown = api(GET => $path, @bridge, headers => { Origin => 'https://app.example.com' })->{headers}{'access-control-expose-headers'};
like($shown, qr/\b\Q$_\E\b/, "$_ may be read (issue 13)") for qw(ETag Idempotent-Replayed Link Location Retry-After X-Request-Id RateLimit-Remaining);
ok(!exists $preflight->{headers}{'access-control-allow-credentials'}, 'cookies are never asked for');
$preflight = api(OPTIONS => '/api/posts/posts/', @bridge, headers => { Origin => 'https://evil.example', %ask });
ok(!exists $preflight->{headers}{'access-control-allow-methods'}, 'others get no permission');
is(api(GET => '/nothing/', @bridge, headers => { Origin => 'http://localhost:3000' })->{headers}{'access-control-allow-origin'},
	'http://localhost:3000', 'errors can be read too');

my $options = api(OPTIONS => '/api/posts/posts/');
is("$options->{status} $options->{headers}{allow}", '204 GET, POST, HEAD, OPTIONS', 'OPTIONS says what a path knows');
is_error(api(OPTIONS => '/nothing/'), 404, 'NOT_FOUND', 'or that it is none');
ok(!exists api(GET => $path, headers => { Origin => 'https://app.example.com' })->{headers}{'access-control-allow-origin'}, 'without the setting nobody may');
my $all = start_bridge(CORS_ALLOWED_ORIGINS => '*');
is(api(GET => $path, url => $all->{url}, headers => { Origin => 'https://anything.example' })->{headers}{'access-control-allow-origin'},
	'https://anything.example', '* lets all');

# On every answer, whatever it is (seed 165); transport security only where TLS was (seed 162).
my $proxied = start_bridge(TRUSTED_PROXIES => '127.0.0.1');
my %tls     = (headers => { 'X-Forwarded-Proto' => 'https' });
for my $case ([ GET => $path ], [ GET => '/nothing/here/' ], [ GET => '/api/posts/posts/' ], [ POST => '/graphql/' ])
{
	my $headers = api(@$case, url => $proxied->{url}, %tls)->{headers};
	is_deeply([ @$headers{qw(x-frame-options x-content-type-options x-xss-protection referrer-policy content-security-policy)} ],
		[ 'DENY', 'nosniff', '0', 'no-referrer', "default-src 'none'; frame-ancestors 'none'" ], "seed 165: $case->[0] $case->[1]");
	is($headers->{'strict-transport-security'}, 'max-age=31536000; includeSubDomains', 'seed 162: by TLS, as a trusted proxy says');
}
my $hsts = sub { my ($bridge, %option) = @_; api(GET => $path, url => $bridge->{url}, %option)->{headers}{'strict-transport-security'} };
is($hsts->($proxied), undef, 'not without TLS');
is($hsts->($proxied, headers => { 'X-Forwarded-Proto' => 'http' }), undef, 'nor over plain HTTP');
is($hsts->(start_bridge(TRUSTED_PROXIES => '127.0.0.1', DEBUG => 'on'), %tls), undef, 'nor with DEBUG');

# seed 162: who came by plain HTTP is sent to HTTPS, where a trusted proxy says so.
my $sent = sub
{
	my ($bridge, $target, %option) = @_;
	my $head = join '', map { "$_\r\n" } 'Host: ' . ($option{host} // 'a.example'), 'X-Forwarded-Proto: ' . ($option{scheme} // 'http'), 'Content-Length: 2';
	my ($answer) = raw("POST $target HTTP/1.1\r\n$head\r\n{}", qr/\r\n\r\n/, $bridge->{url});
	return join ' ', $answer =~ m{^HTTP/1\.1 (\d+)}, $answer =~ /^Location: (\S+)/m;
};
is($sent->($proxied, '/api/auth/login/?a=b'), '308 https://a.example/api/auth/login/?a=b', 'with method and body');
is($sent->($proxied, '/x', host => 'a.example:80'), '308 https://a.example/x', 'without the port of plain HTTP');
is($sent->($proxied, '/x', host => 'a.example:8080'), '308 https://a.example:8080/x', 'another port is kept');
is($sent->($proxied, '//evil.example/'), '308 https://a.example//evil.example/', 'to the same host, whatever the path');
is($sent->($proxied, 'http://b.example/x'), '403', 'not where it would have to be guessed');
is($sent->($proxied, '/' . 'x' x 3000), '403', 'nor to what is too long');
is($sent->($proxied, '/x', scheme => $_), '404', "not who came by $_") for 'https', 'ws', 'http, https';
is($sent->($bridge, '/x'), '404', 'nor where anybody could say so');
is($sent->(start_bridge(TRUSTED_PROXIES => '127.0.0.1', SECURE_SSL_REDIRECT => 'off'), '/x'), '404', 'nor when it is turned off');
is($sent->(start_bridge(TRUSTED_PROXIES => '127.0.0.1', DEBUG => 'on'), '/x'), '404', 'nor with DEBUG');
is($hsts->($bridge, %tls), undef, 'nor where anybody could say so');
is($hsts->(start_bridge(TRUSTED_PROXIES => '127.0.0.1', SECURE_HSTS_SECONDS => 0), %tls), undef, 'nor when it is turned off');
done_testing;
