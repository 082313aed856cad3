# Most requests are served without the HTTP library (http/direct.c), the others with it: nobody can
# tell which, and they may follow each other on one connection in any order. A request that says that
# it is the last goes to the library, so each is asked in both ways.
use strict;
use warnings;
use IO::Select;
use Social;
use Socket qw(SHUT_WR);
use Test::More;

my $ann  = account();
my $post = api(POST => '/api/posts/posts/', token => $ann->{token}, json => { title => 'direct', content => 'x' x 3000 })->{json}{id};
my $host = "Host: x\r\n";
my $who  = "Authorization: Bearer $ann->{token}\r\n";
my $type = "Content-Type: application/json\r\n";
my $tag  = (raw("GET /api/posts/posts/$post/ HTTP/1.1\r\n$host$who\r\n", qr/\}\z/))[0] =~ /^ETag: (\S+)\r$/m ? $1 : die;

sub with_body { my ($head, $body) = @_; return $head . 'Content-Length: ' . length($body) . "\r\n\r\n$body" }

# The answer without what differs from one to the next: head lines in order, body.
sub comparable
{
	my ($answer) = @_;
	my ($head, $body) = $answer =~ /\A(.*?\r\n)\r\n(.*)\z/s or return "no answer: $answer";
	my @lines = map { s/^(X-Request-Id|[\w-]+-(?:Remaining|Reset)): .*/$1/r } grep { !/^(Date|Connection): / } split /\r\n/, $head;
	return join "\n", $lines[0], (sort @lines[ 1 .. $#lines ]), $body;
}

# Reads one answer, to the end that its head tells.
sub read_one
{
	my ($socket, $no_body) = @_;
	my $text   = '';
	my $select = IO::Select->new($socket);
	while ($text !~ /\r\n\r\n/ || (!$no_body && length($text) < index($text, "\r\n\r\n") + 4 + ($text =~ /^Content-Length: (\d+)\r$/m ? $1 : 0)))
	{
		last unless $select->can_read(30) && sysread $socket, $text, 65536, length $text;
	}
	return $text;
}

for my $case (
	[ "GET /api/posts/posts/$post/ HTTP/1.1\r\n$host$who", '', 200, 'a post' ],
	[ "HEAD /api/posts/posts/$post/ HTTP/1.1\r\n$host$who", '', 200, 'its head', 1 ],
	[ "GET /api/posts/posts/$post/ HTTP/1.1\r\n$host${who}If-None-Match: $tag\r\n", '', 304, 'a post that is known', 1 ],
	[ "GET /api/posts/posts/$post/ HTTP/1.1\r\n$host${who}If-Match: \"x\"\r\n", '', 412, 'a condition that fails' ],
	[ "GET /api/posts/posts/$post/ HTTP/1.1\r\n$host${who}Accept-Encoding: gzip\r\n", '', 200, 'a compressed one' ],
	[ "GET /api/posts/posts/$post/ HTTP/1.1\r\n$host", '', 401, 'a stranger' ],
	[ "GET /api/posts/posts/9007199254740990/ HTTP/1.1\r\n$host$who", '', 404, 'what is not there' ],
	[ "GET /nothing/ HTTP/1.1\r\n$host", '', 404, 'no such path' ],
	[ "HEAD /nothing/ HTTP/1.1\r\n$host", '', 404, 'its head', 1 ],
	[ "OPTIONS /api/posts/posts/ HTTP/1.1\r\n$host", '', 204, 'OPTIONS', 1 ],
	[ "DELETE /api/posts/health/ HTTP/1.1\r\n$host", '', 405, 'a method that the path does not know' ],
	[ "BREW /api/posts/health/ HTTP/1.1\r\n$host", '', 405, 'a method that nobody knows' ],
	[ "GET /api/posts/health/?a=%zz HTTP/1.1\r\n$host", '', 400, 'a broken escape' ],
	[ "GET http://x/api/posts/health/ HTTP/1.1\r\n$host", '', 200, 'an absolute target' ],
	[ "GET /api/posts/health/ HTTP/1.1\r\nA: \t b \t\r\nhOST:x\r\nB:\r\n", '', 200, 'blanks around values, names in any case' ],
	[ "POST /graphql/ HTTP/1.1\r\n$host$who$type", "{\"query\":\"{ post(id: $post) { title } }\"}", 200, 'GraphQL' ],
	[ "POST /graphql/ HTTP/1.1\r\n$host$who$type", '{"query":"{ nothing }"}', 200, 'GraphQL that is none' ],
	[ "POST /api/auth/login/ HTTP/1.1\r\n$host$type", '{"username":', 400, 'a body that is no JSON' ],
	[ "POST /api/auth/login/ HTTP/1.1\r\n${host}Content-Encoding: gzip\r\n$type", '{}', 415, 'a coded body' ],
	[ "POST /nothing/ HTTP/1.1\r\n$host", 'x' x 9000, 404, 'a body that nobody wants' ],
  )
{
	my ($head, $body, $status, $name, $no_body) = @$case;
	my @request = map { my $all = "$head$_"; length $body ? with_body($all, $body) : "$all\r\n" } '', "Connection: close\r\n";
	my $socket = raw_connect();
	syswrite $socket, $request[0];
	my $direct = read_one($socket, $no_body);
	my ($other) = raw($request[1]);
	like($direct, qr{\AHTTP/1\.1 $status .*^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$}ms, "$name: $status");
	is(comparable($direct), comparable($other), 'the same with the library');
	next if $direct =~ /^Connection: close\r$/m;
	syswrite $socket, "GET /api/posts/health/ HTTP/1.1\r\n$host\r\n";
	like((raw_read($socket, 30, qr/healthy"\}\z/))[0], qr{\AHTTP/1\.1 200 }, 'and the connection goes on');
}

# Newer libraries (1.0.10) say this themselves, in words of their own.
like((raw("GET /api/posts/health/ HTTP/1.1\r\n$host$host$_\r\n"))[0], qr{\AHTTP/1\.1 400 }, 'two Hosts, ' . ($_ ? 'with' : 'without') . ' the library') for '', "Connection: close\r\n";
like((raw("GET /api/posts/health/ HTTP/1.1\r\n$_\r\n"))[0], qr{\AHTTP/1\.1 400 .*BAD_REQUEST}s, 'no Host, ' . ($_ ? 'with' : 'without') . ' the library') for '', "Connection: close\r\n";

# ---- both kinds after each other, in one go: answers keep their places
my %kind = (
	direct  => [ "GET /api/posts/posts/$post/ HTTP/1.1\r\n$host$who\r\n", 200 ],
	quick   => [ "GET /nothing/ HTTP/1.1\r\n$host\r\n", 404 ],
	body    => [ with_body("POST /graphql/ HTTP/1.1\r\n$host$who$type", '{"query":"{ __typename }"}'), 200 ],
	library => [ "GET /api/posts/posts/9007199254740990/ HTTP/1.1\r\n$host${who}Cookie: " . 'a=b; ' x 120 . "\r\n\r\n", 404 ],
	large   => [ with_body("POST /api/auth/login/ HTTP/1.1\r\n$host$type", '{"username":"' . 'x' x 30_000 . '"}'), 400 ],
	upgrade => [ "GET /api/posts/health/ HTTP/1.1\r\n${host}Connection: upgrade\r\nUpgrade: nothing\r\n\r\n", 200 ],
);
my $last = "GET /api/posts/health/ HTTP/1.1\r\n${host}Connection: close\r\n\r\n";
srand 7;
for my $round (1 .. 20)
{
	my @kinds   = map { (sort keys %kind)[ rand keys %kind ] } 1 .. 8;
	my $bytes   = join '', (map { $kind{$_}[0] } @kinds), $last;
	my $socket  = raw_connect();
	my $piece   = $round % 2 ? length $bytes : 1 + int rand 900;
	my $written = 0;
	$written += syswrite $socket, $bytes, $piece, $written while $written < length $bytes;
	my ($answers, $closed) = raw_read($socket, 30);
	is(join(' ', $answers =~ m{HTTP/1\.1 (\d+) }g), join(' ', (map { $kind{$_}[1] } @kinds), 200), "@kinds, last, in pieces of $piece");
	ok($closed, 'and the end');
}

# ---- what follows the last request is not served
my ($answers, $closed) = raw($last . $kind{direct}[0] . $kind{quick}[0]);
is(join(' ', $answers =~ m{HTTP/1\.1 (\d+) }g), '200', 'nothing is served behind the last request');
($answers, $closed) = raw("GET / HTTP/1.1\r\n\r\n$kind{direct}[0]");
is(join(' ', $answers =~ m{HTTP/1\.1 (\d+) }g), '400', 'nor behind a refusal');
ok($closed, 'which ends the connection');

# ---- who sends no more is answered; who is gone leaves nothing
my $socket = raw_connect();
syswrite $socket, $kind{direct}[0] x 3;
shutdown $socket, SHUT_WR;
($answers, $closed) = raw_read($socket, 30);
is(join(' ', $answers =~ m{HTTP/1\.1 (\d+) }g), '200 200 200', 'half-closed: all the answers arrive');
ok($closed, 'then the end');

my $bridge = start_bridge(LOOPS => 1);
my $open   = sub { scalar(my @all = glob "/proc/$bridge->{pid}/fd/*") };
is(api(GET => "/api/posts/posts/$post/", token => $ann->{token}, url => $bridge->{url})->{status}, 200, 'a bridge of its own');
my $before = $open->();
for (1 .. 200)
{
	my $gone = raw_connect($bridge->{url});
	syswrite $gone, $kind{direct}[0] x (1 + $_ % 3);
	setsockopt $gone, Socket::SOL_SOCKET(), Socket::SO_LINGER(), pack('ii', 1, 0) if $_ % 2;
	close $gone;
}
ok(wait_until(30, sub { $open->() <= $before + 8 }), 'clients that go while they are served leave nothing') or diag($open->(), " of $before");

# ---- the bridge stops while requests wait for the database
my $lock = fork // die;
if (!$lock) { exec '/bin/sh', '-c', 'psql -X -q -c "BEGIN" -c "LOCK TABLE social.posts IN ACCESS EXCLUSIVE MODE" -c "SELECT pg_sleep(300)" >/dev/null 2>&1' }
wait_until(30, sub { psql(q{SELECT count(*) FROM pg_locks WHERE relation = 'social.posts'::regclass AND mode = 'AccessExclusiveLock' AND granted}) > 0 });
my @waiting = map { my $s = raw_connect($bridge->{url}); syswrite $s, $kind{direct}[0] x 2; $s } 1 .. 4;
wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND wait_event_type = 'Lock'}) > 0 });
$bridge->signal('TERM');
wait_until(30, sub { !defined eval { raw_connect($bridge->{url}) } });
psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%' AND pid <> pg_backend_pid()});
waitpid $lock, 0;
for (@waiting)
{
	my ($answer, $closed) = raw_read($_, 30);
	is(join(' ', $answer =~ m{HTTP/1\.1 (\d+) }g), '200', 'the request that was there is answered');
	ok($closed && $answer =~ /^Connection: close\r$/m, 'as the last');
}
is($bridge->finish, 0, 'a clean end');
done_testing;
