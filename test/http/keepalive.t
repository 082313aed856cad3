# Many requests on one connection, many connections at once, requests sent before answers came.
use strict;
use warnings;
use lib 'test/isolation';
use HTTP::Tiny;
use Hashers;
use IO::Select;
use Social;
use Test::More;

my $get = "GET /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n";

my $socket = raw_connect();
my $good   = 0;
for (1 .. 200)
{
	syswrite $socket, $get;
	my ($answer) = raw_read($socket, 30, qr/healthy"\}/);
	$good += $answer =~ m{^HTTP/1\.1 200 };
}
is($good, 200, '200 requests on one connection');

my $token = account()->{token};
my $id    = api(POST => '/api/posts/posts/', token => $token, json => { title => 'k', content => 'k' })->{json}{id};
my @paths = map { $_ % 3 ? "/api/posts/posts/$id/" : $_ % 2 ? '/api/posts/health/' : "/nothing/$_" } 1 .. 40;
$socket = raw_connect();
syswrite $socket, join '', map {"GET $paths[$_] HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\nX-Request-Id: n$_\r\n\r\n"} 0 .. $#paths;
my ($answers) = raw_read($socket, 30, qr/X-Request-Id: n39\r\n.*\r\n\r\n.*\}/s);
is_deeply([ $answers =~ /^X-Request-Id: n(\d+)/mg ], [ 0 .. 39 ], '40 pipelined requests are answered in order');
my $wanted = join ' ', map { m{^/nothing} ? 404 : 200 } @paths;
is(join(' ', $answers =~ m{HTTP/1\.1 (\d+)}g), $wanted, 'each with its own status');
close $socket;

# A body that an early answer does not need is passed over; the connection goes on.
my $body = 'x' x 5000;
$socket = raw_connect();
syswrite $socket, "POST /nothing/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n$body$get";
my ($both) = raw_read($socket, 30, qr/healthy"\}/);
is(join(' ', $both =~ m{HTTP/1\.1 (\d+)}g), '404 200', 'a refused body is passed over, the next request is served');
$socket = raw_connect();
$body   = '{"title":"a","content":"' . 'x' x (2 * 1024 * 1024) . '"}';
my $size = length $body;
syswrite $socket, "POST /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nContent-Length: $size\r\n\r\n";
my $sent = 0;
$sent += syswrite $socket, $body, 65536, $sent while $sent < $size;
syswrite $socket, $get;
($both) = raw_read($socket, 30, qr/healthy"\}/);
is(join(' ', $both =~ m{HTTP/1\.1 (\d+)}g), '413 200', 'so is a body over the limit');

# 200 connections that all ask before any reads its answer.
my @sockets = map { raw_connect() } 1 .. 200;
syswrite $_, "GET /api/posts/posts/$id/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\n\r\n" for @sockets;
my $served = 0;
for (@sockets)
{
	my ($answer) = raw_read($_, 30, qr/"updated_at":"[^"]*"\}/);
	$served += $answer =~ m{^HTTP/1\.1 200 };
}
is($served, 200, '200 concurrent requests are all answered');

# Writers at once: each of 40 children likes the same post with an account of its own.
my @accounts = map { account()->{token} } 1 .. 8;
my @children;
for my $n (0 .. 39)
{
	my $pid = fork // die "fork: $!";
	if (!$pid)
	{
		my $own = HTTP::Tiny->new;
		exit(api(POST => "/api/posts/posts/$id/like/", token => $accounts[ $n % 8 ], agent => $own)->{status} == 200 ? 0 : 1);
	}
	push @children, $pid;
}
my $failed = 0;
for (@children) { waitpid $_, 0; $failed++ if $? }
is($failed, 0, '40 concurrent likes by 8 users all succeed');
is(api(GET => "/api/posts/posts/$id/", token => $token)->{json}{likes_count}, 8, 'and count 8');

# Password hashes have a lane of their own: a read overtakes them. Who hashes stands still meanwhile.
stop_hashers();
my $login = '{"username":"nobody","password":"takes its time"}';
@sockets = map { raw_connect() } 1 .. 60;
syswrite $_, "POST /api/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " . length($login) . "\r\n\r\n$login" for @sockets;
is(api(GET => "/api/posts/posts/$id/", token => $token)->{status}, 200, 'a read behind 60 logins');
is(scalar(my @ready = IO::Select->new(@sockets)->can_read(0)), 0, 'does not wait for them');
hashers_go_on();
is(scalar(grep { (raw_read($_, 30, qr/UNAUTHENTICATED/))[0] =~ m{^HTTP/1\.1 401 } } @sockets), 60, 'which are all answered in the end');

# So have queries over thousands of rows, and searches: a quick one overtakes them.
{
	my $bridge = start_bridge(LOOPS => 1, DB_CONNECTIONS => 1, LOCK_TIMEOUT => 120, STATEMENT_TIMEOUT => 120);
	my $lock   = fork // die;
	if (!$lock) { exec '/bin/sh', '-c', 'psql -X -q -c "BEGIN" -c "LOCK TABLE social.posts IN ACCESS EXCLUSIVE MODE" -c "SELECT pg_sleep(300)" >/dev/null 2>&1' }
	wait_until(30, sub { psql(q{SELECT count(*) FROM pg_locks WHERE relation = 'social.posts'::regclass AND mode = 'AccessExclusiveLock' AND granted}) > 0 });
	my @slow;
	for my $query ('{ allPosts(first: 100) { hashtags { tag } } }', '{ searchPostsFts(query: \"a\", first: 1) { id } }')
	{
		push @slow, my $socket = raw_connect($bridge->{url});
		my $json = qq({"query":"$query"});
		syswrite $socket, "POST /graphql/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " . length($json) . "\r\n\r\n$json";
	}
	ok(wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND wait_event_type = 'Lock'}) >= 2 }), 'a large page and a search wait for the database');
	my $answer = api(POST => '/graphql/', url => $bridge->{url}, json => { query => '{ user(id: 1) { id } }' });
	is($answer->{status}, 200, 'a quick query does not');
	is(scalar(grep { IO::Select->new($_)->can_read(0) } @slow), 0, 'at all');
	psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%' AND pid <> pg_backend_pid()});
	waitpid $lock, 0;
	is(scalar(grep { (raw_read($_, 30, qr/\}\z/))[0] =~ m{^HTTP/1\.1 200 .*\{"data":}s } @slow), 2, 'and they are answered in the end');
}

# 1,000 idle connections cost little and take nothing from the others.
my $bridge = start_bridge(LOOPS => 1, MAX_CONNECTIONS_PER_ADDRESS => 2000);
my $memory = sub { open my $f, '<', "/proc/$bridge->{pid}/status"; (join('', <$f>) =~ /VmRSS:\s+(\d+)/)[0] };
my $before = $memory->();
my @idle   = map { raw_connect($bridge->{url}) } 1 .. 1000;
is(api(GET => '/api/posts/health/', url => $bridge->{url})->{status}, 200, 'with 1,000 idle connections another one is served');
my $grown = ($memory->() - $before) / 1024;
SKIP:
{
	skip 'memory under the sanitizers says nothing', 1 if ($ENV{VARIANT} // '') =~ /san$/;
	cmp_ok($grown, '<', 32, sprintf 'they take %.1f MiB', $grown);
}
@idle = ();
is($bridge->stop, 0, 'a clean end');
done_testing;
