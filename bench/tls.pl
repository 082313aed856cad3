# tls.pl: what TLS costs. The bridge's own (TLS_CERTIFICATE) against nginx before a bridge without (docker/nginx): CPU of all
# that is there, PostgreSQL too, for a list of 20 posts over connections that are kept, at 16 and 64 of them; and handshakes,
# one for each request, of one that asks no database. The same certificate and TLS 1.3 for both (issue 13 line 6).
use strict;
use warnings;
use lib 'test/http', 'test/instance';
use Bench;
use File::Temp 'tempdir';
use IO::Socket::INET;
use Load;
use Nginx;
use Social;

$| = 1;
my $dir = tempdir(CLEANUP => 1);
system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout $dir/tls.key -out $dir/tls.crt 2>$dir/said") == 0 or die `cat $dir/said`;
chmod 0644, "$dir/tls.key";
chmod 0755, $dir;

my %setting = (RATE_LIMITS => 'off', LOG_LEVEL => 'warning', ACCESS_LOG => 'off');
my $plain = start_bridge(%setting);
my $tls   = start_bridge(%setting, TLS_CERTIFICATE => "$dir/tls.crt", TLS_KEY => "$dir/tls.key", wait => 0);
my $nginx = start_nginx($dir, 2, <<"CONF");
upstream social { server 127.0.0.1:$plain->{port}; keepalive 64; }
server {
	listen PORT ssl; ssl_certificate $dir/tls.crt; ssl_certificate_key $dir/tls.key; ssl_protocols TLSv1.2 TLSv1.3;
	keepalive_requests 1000000;
	location / { proxy_pass http://social; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host \$host; }
}
CONF
wait_until(30, sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$tls->{port}") }) or die 'no bridge with TLS';

my %side = (
	plain => [ "http://127.0.0.1:$plain->{port}", $plain->{pid} ],
	ours  => [ "https://127.0.0.1:$tls->{port}",  $tls->{pid} ],
	nginx => [ "https://127.0.0.1:$nginx->{port}", [ $plain->{pid}, $nginx->{pid} ] ]);
my ($token) = map { request('POST', '/api/auth/login/', { username => $_, password => 'demo-password' })->{access} } 'alice';
my $missed = 0;

# ours against nginx, and against no TLS at all.
sub compare
{
	my ($name, $request, $bar) = @_;
	my %figures = interleave(map { my $side = $_; $side => sub { through_service(@{ $side{$side} }, $request, $token) } } keys %side);
	my %of = map { my $side = $_; $side => { map { my $figure = $_; $figure => median(map { $_->{$figure} } @{ $figures{$side} }) } qw(cpu rate) } } keys %figures;
	my $ratio = row("$name, CPU s per 1,000 / nginx", $of{ours}{cpu}, $of{nginx}{cpu}, $bar ? "<= $bar" : '');
	$missed++ if $bar && $ratio > $bar;
	row('  against no TLS', $of{ours}{cpu}, $of{plain}{cpu}, '');
	row('  requests a second / nginx', $of{ours}{rate}, $of{nginx}{rate}, '');
}

for my $connections (16, 64)
{
	local $Load::connections = $connections;
	compare("list of 20 over TLS, $connections connections", 'return send("GET", "/api/posts/posts/?limit=20")', 1);
}
local $Load::connections = 16;
compare('a handshake for each request', 'return wrk.format("GET", "/api/posts/health/", { ["Connection"] = "close" })');
exit($missed ? 1 : 0);
