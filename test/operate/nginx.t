# Two bridges behind a real nginx with the configuration of docker/nginx: TLS, whose address counts, a
# rolling restart in which no request fails, a bridge that dies (issue 13 line 6; P-11).
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Social;
use Test::More;
use Time::HiRes 'time';

my $nginx = '/usr/sbin/nginx';
my $dir   = tempdir(CLEANUP => 1);
my ($tls_port, @ports) = map { free_port() } 1 .. 3;
my $listeners = '';

# ---- a certificate, and nginx
system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=social.example -addext subjectAltName=DNS:social.example -keyout $dir/tls.key -out $dir/tls.crt 2>$dir/openssl") == 0 or die;
my $conf = do { open my $in, '<', 'docker/nginx/social.conf' or die; local $/; <$in> };
$conf =~ s/127\.0\.0\.1:8001/127.0.0.1:$ports[0]/;
$conf =~ s/127\.0\.0\.1:8002/127.0.0.1:$ports[1]/;
$conf =~ s/listen 443 ssl/listen 127.0.0.1:$tls_port ssl/;
$conf =~ s{/etc/social/}{$dir/}g;
open my $out, '>', "$dir/nginx.conf" or die;
print $out 'user root;' x ($> == 0), <<"END", "$conf}\n";
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log info;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
END
close $out;
is(system("$nginx -t -q -c $dir/nginx.conf -e $dir/error.log 2>$dir/said"), 0, 'nginx takes the configuration') or diag(`cat $dir/said`);
my $server = fork // die;
if (!$server) { exec $nginx, '-c', "$dir/nginx.conf", '-e', "$dir/error.log" or POSIX::_exit(127) }
END { if ($server) { local $?; kill 'QUIT', $server; waitpid $server, 0 } }

# A bridge, which is there for an nginx that keeps connections.
sub start { my ($n, %setting) = @_; return start_bridge(HTTP_PORT => $ports[$n], LOOPS => 1, TRUSTED_PROXIES => '127.0.0.1', DRAIN_TIMEOUT => 4, STOP_TIMEOUT => 30, %setting) }
my @bridges = map { start($_) } 0, 1;
my @curl    = ('curl', '-s', '--cacert', "$dir/tls.crt", '--resolve', "social.example:$tls_port:127.0.0.1");
my $base    = "https://social.example:$tls_port";
sub curl { open my $pipe, '-|', @curl, @_ or die; local $/; my $text = <$pipe>; close $pipe; return $text // '' }
ok(wait_until(30, sub { curl("$base/api/posts/health/") eq '{"status":"healthy"}' }), 'issue 13: TLS by nginx') or diag(`cat $dir/error.log`);

# ---- what the bridges learn of the client
my $head = curl('-D', '-', '-o', '/dev/null', "$base/api/posts/health/");
like($head, qr/^Strict-Transport-Security: max-age=31536000/mi, 'the bridge knows that TLS was there');
my $user = account(url => $bridges[0]{url});
curl('-H', 'X-Forwarded-For: 203.0.113.9', '-H', "Authorization: Bearer $user->{token}", '-H', 'Content-Type: application/json', '-d', '{"username":"nobody","password":"guess-7"}', "$base/api/auth/login/");
is(psql(q{SELECT host(address::inet) FROM social.login_attempts ORDER BY id DESC LIMIT 1}), '127.0.0.1', 'P-11: what a client says of his address is not believed');

# ---- load, in processes of their own: each request is answered, and every write once
sub load
{
	my ($number) = @_;
	pipe(my $reader, my $writer) or die;
	my $pid = fork // die;
	if (!$pid)
	{
		my $go_on = 1;
		local $SIG{TERM} = sub { $go_on = 0 };
		my ($sent, @posts, @failed) = (0);
		open my $config, '>', "$dir/load$number" or die;
		my $common = qq(silent\nwrite-out = "\\n%{http_code}\\n"\ncacert = "$dir/tls.crt"\nresolve = "social.example:$tls_port:127.0.0.1"\nheader = "Authorization: Bearer $user->{token}"\nheader = "Content-Type: application/json"\n);
		my $read   = qq(url = "$base/api/posts/posts/?first=1"\n$common);
		my $write  = qq(url = "$base/api/posts/posts/"\ndata = "{\\"title\\":\\"roll\\",\\"content\\":\\"$number\\"}"\n$common);
		print $config join "next\n", ($write, $read, $read) x 10;
		close $config;
		while ($go_on)
		{
			my @lines = split /\n/, `curl -K $dir/load$number 2>/dev/null`;
			for my $i (0 .. $#lines)
			{
				next unless $lines[$i] =~ /^\d{3}$/;
				$sent++;
				push @failed, "$lines[$i] " . substr($lines[ $i - 1 ], 0, 200) unless $lines[$i] =~ /^20[01]$/;
				push @posts, $1 if $lines[$i] == 201 && $lines[ $i - 1 ] =~ /^\{"id":(\d+)/;
			}
		}
		print $writer encode_json({ sent => $sent, posts => \@posts, failed => \@failed });
		close $writer;
		POSIX::_exit(0);
	}
	close $writer;
	return { pid => $pid, reader => $reader };
}
sub result { my ($load) = @_; kill 'TERM', $load->{pid}; local $/; my $text = readline $load->{reader}; waitpid $load->{pid}, 0; return decode_json($text) }
my $count = sub { psql("SELECT count(*) FROM social.posts WHERE author_id = $user->{id} AND title = 'roll'") };

my @loads = map { load($_) } 1, 2;
ok(wait_until(60, sub { $count->() > 10 }), 'load');
for my $round (1, 2)
{
	for my $n (0, 1)
	{
		is($bridges[$n]->stop, 0, "round $round: bridge $n drains and ends");
		$bridges[$n] = start($n);
		my $posts = $count->();
		ok(wait_until(60, sub { $count->() > $posts + 5 }), 'and the next is there');
	}
}
my @results = map { result($_) } @loads;
cmp_ok($results[0]{sent} + $results[1]{sent}, '>', 100, 'requests in a rolling restart of both, twice');
is_deeply([ map { @{ $_->{failed} } } @results ], [], 'issue 13: none of them failed') or diag(`grep error $dir/error.log | tail -5`);
is($count->(), @{ $results[0]{posts} } + @{ $results[1]{posts} }, 'and every post that was acknowledged is there, once');

# ---- a bridge that is killed: reads go on, writes are not done twice
@loads = map { load($_) } 1, 2;
my $posts = $count->();
ok(wait_until(60, sub { $count->() > $posts + 5 }), 'load');
$bridges[0]->signal('KILL');
waitpid delete $bridges[0]{pid}, 0;
$posts = $count->();
ok(wait_until(60, sub { $count->() > $posts + 10 }), 'one bridge is killed, the other serves');
@results = map { result($_) } @loads;
is(scalar(grep { !/^50[24]/ } map { @{ $_->{failed} } } @results), 0, 'what failed is said to have failed');
cmp_ok(scalar(map { @{ $_->{failed} } } @results), '<=', 4, 'and is what was under way') or diag(join "\n", map { @{ $_->{failed} } } @results);
my %there = map { $_ => 1 } split /\n/, psql("SELECT id FROM social.posts WHERE author_id = $user->{id} AND title = 'roll'");
is(scalar(grep { !$there{$_} } map { @{ $_->{posts} } } @results), 0, 'nothing acknowledged is lost');
is($bridges[1]->stop, 0, 'a clean end');
done_testing;
