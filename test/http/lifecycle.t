# Start and stop, signals, flags, and what the log holds (seed 155).
use strict;
use warnings;
use Social;
use Test::More;

# Sends a request of which the body's rest is to come, and returns when the bridge has its head.
sub begin_request
{
	my ($bridge, $head) = @_;
	my $socket = raw_connect($bridge->{url});
	syswrite $socket, "${head}Expect: 100-continue\r\n\r\n";
	raw_read($socket, 30, qr{^HTTP/1\.1 100 .*\r\n\r\n}s);
	syswrite $socket, '{';
	return $socket;
}

# ---- flags
my $help = `$ENV{BRIDGE_BIN} --help`;
is($?, 0, '--help succeeds');
like($help, qr/^[* ]\s+$_ /m, "and names $_") for qw(HTTP_PORT DATABASE_URL CORS_ALLOWED_ORIGINS MAX_BODY LOG_LEVEL);
like(`$ENV{BRIDGE_BIN} --version`, qr/^social-bridge \d+\.\d+/, '--version');
for my $case ([ '--http-port=99999', 'HTTP_PORT must be' ], [ '--no-such-flag=1', 'unknown flag' ], [ '--max-body', 'needs a value' ], [ '--rate-limits=maybe', 'on or off' ], [ '--log-level=loud', 'LOG_LEVEL must be' ], [ '--cors-allowed-origins=example.com', 'not an origin' ], [ '--database-url=postgres//u:pw-secret-9@h/d', 'DATABASE_URL is no connection string' ])
{
	my $said = `$ENV{BRIDGE_BIN} $case->[0] 2>&1`;
	is($? >> 8, 2, "$case->[0] ends with status 2");
	like($said, qr/$case->[1]/, 'and says why');
	unlike($said, qr/secret-9/, 'without a secret') if $case->[0] =~ /secret/;
}
my ($port) = (host_port())[1];
my $second = start_bridge(HTTP_PORT => $port, wait => 0);
is($second->finish, 1, 'a port that another bridge serves is refused, though sockets could share it');
like($second->log_text, qr/cannot listen on 127\.0\.0\.1 port $port/, 'with a reason');

# ---- of several bridges that are started at once on one port, one gets it (found A2)
{
	my $free    = free_port();
	my @bridges = map { start_bridge(HTTP_PORT => $free, LOOPS => 2, wait => 0) } 1 .. 6;
	ok(wait_until(30, sub { (grep { $_->log_text =~ /"listening"|cannot listen/ } @bridges) == 6 }), 'six are started');
	my @serve = grep { $_->log_text =~ /"listening"/ } @bridges;
	is(scalar @serve, 1, 'one serves');
	is($serve[0]->stop, 0, 'and ends well');
	is(join(' ', map { $_->finish } grep { $_ != $serve[0] } @bridges), '1 1 1 1 1', 'the others say that they cannot listen');
}

# ---- a graceful stop: what is in flight is answered, nothing new is accepted
for my $signal ('TERM', 'INT')
{
	my $bridge = start_bridge(STOP_TIMEOUT => 60);
	my $login  = '{"username":"nobody","password":"takes its time"}';
	my $post   = "POST /api/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " . length($login) . "\r\n";
	my $idle   = raw_connect($bridge->{url});
	syswrite $idle, "GET /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n";
	raw_read($idle, 30, qr/healthy"\}/);
	my $half = begin_request($bridge, $post);
	my @busy = map { my $socket = raw_connect($bridge->{url}); syswrite $socket, "$post\r\n$login"; $socket } 1 .. 6;
	$bridge->signal($signal);
	ok((raw_read($idle, 30))[1], "SIG$signal: an idle connection is closed");
	ok(wait_until(30, sub { !defined eval { raw_connect($bridge->{url}) } }), 'no new one is accepted');
	syswrite $half, substr $login, 1;
	my $answered = 0;
	for (@busy, $half)
	{
		my ($answer, $closed) = raw_read($_, 30);
		$answered++ if $closed && $answer =~ m{^HTTP/1\.1 401 .*UNAUTHENTICATED}s;
	}
	is($answered, 7, 'requests in flight are answered, also one that was still being sent');
	is($bridge->finish, 0, 'and the exit status is 0');
	like($bridge->log_text, qr/"msg":"stopped"\}\n\z/, 'the log ends with it');
}

# ---- who has knocked before the stop is let in, however many
{
	my $bridge = start_bridge(LOOPS => 2);
	$bridge->signal('STOP');
	my @knocking = map { raw_connect($bridge->{url}) } 1 .. 200;
	syswrite $_, "GET /nothing/ HTTP/1.1\r\nHost: x\r\n\r\n" for @knocking;
	$bridge->signal('TERM');
	$bridge->signal('CONT');
	is(scalar(grep { (raw_read($_, 30))[0] =~ m{^HTTP/1\.1 404 } } @knocking), 200, '200 connections not yet accepted at the stop are served');
	is($bridge->finish, 0, 'and the exit status is 0');
}

# ---- the stop is bounded
my $bridge = start_bridge(STOP_TIMEOUT => 1, STATEMENT_TIMEOUT => 300, LOCK_TIMEOUT => 300);
my $token  = account(url => $bridge->{url})->{token};
my $lock   = fork // die;
if (!$lock) { exec '/bin/sh', '-c', 'psql -X -q -c "BEGIN" -c "LOCK TABLE social.posts IN ACCESS EXCLUSIVE MODE" -c "SELECT pg_sleep(300)" >/dev/null 2>&1' }
wait_until(30, sub { psql(q{SELECT count(*) FROM pg_locks WHERE relation = 'social.posts'::regclass AND mode = 'AccessExclusiveLock' AND granted}) > 0 });
my $stuck = raw_connect($bridge->{url});
syswrite $stuck, "GET /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\n\r\n";
wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND wait_event_type = 'Lock'}) > 0 });
$bridge->signal('TERM');
my ($answer) = raw_read($stuck, 30);
like($answer, qr{^HTTP/1\.1 503 .*"code":"UNAVAILABLE"}s, 'a request that does not end in time gets 503');
is($bridge->finish, 0, 'and the bridge ends');
is(psql(q{SELECT count(*) FROM pg_locks WHERE relation = 'social.posts'::regclass AND mode = 'AccessExclusiveLock' AND granted}), 1, 'long before it could');
psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%' AND pid <> pg_backend_pid()});
waitpid $lock, 0;

# ---- a request that becomes whole after that time is refused, and the bridge ends as it should
for my $path ('/api/auth/login/', '/graphql/')
{
	my $late  = start_bridge(STOP_TIMEOUT => 0, LOOPS => 1);
	my $open  = sub { scalar(() = glob "/proc/$late->{pid}/fd/*") };
	my $body  = '{"query":"{ post(id: 1) { id } }","username":"a","password":"b"}';
	my $token = account(url => $late->{url})->{token};
	my @slow  = map { begin_request($late, "POST $path HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n") } 1 .. 3;
	my $before = $open->();
	$late->signal('TERM');
	wait_until(30, sub { $open->() <= $before - 4 }); # it has left the database
	syswrite $_, substr $body, 1 for @slow;
	is(scalar(grep { (raw_read($_, 30))[0] =~ m{^HTTP/1\.1 503 .*"code":"UNAVAILABLE"}s } @slow), 3, "$path: too late is 503");
	is($late->finish, 0, 'and the exit status is 0');
}

# ---- the log: one JSON object a line, nothing secret in it
$bridge = start_bridge(LOG_LEVEL => 'debug');
my $user = account(url => $bridge->{url});
api(GET  => '/api/posts/posts/?after=query-secret-9', url => $bridge->{url}, token => $user->{token});
api(GET  => '/graphql/?query=%7Bx%7D&variables=query-secret-9', url => $bridge->{url}, token => 'token-secret-9.a.b');
api(POST => '/api/posts/posts/', url => $bridge->{url}, token => $user->{token}, json => { title => 'body-secret-9', content => 'body-secret-9' },
	headers => { 'X-Request-Id' => 'find-me' });
api(POST => '/api/posts/posts/', url => $bridge->{url}, token => $user->{token}, body => '{"title":"body-secret-9"');
api(GET  => "/path\"quote/%ff", url => $bridge->{url});
raw("GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", qr/\}$/, $bridge->{url});
$bridge->stop;
my $log   = $bridge->log_text;
my @lines = map { eval { JSON::PP::decode_json($_) } } split /\n/, $log;
is(scalar @lines, scalar(() = $log =~ /\n/g), 'every line is a JSON object');
my ($line) = grep { ($_->{request_id} // '') eq 'find-me' } @lines;
is("$line->{level} $line->{msg} $line->{method} $line->{path} $line->{route} $line->{status} $line->{user}",
	"info request POST /api/posts/posts/ posts.create 201 $user->{id}", 'a request is one line');
like($line->{ts}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'with the time');
ok($line->{ms} > 0 && $line->{bytes} > 0, 'how long it took and how much it was');
unlike($log, qr/\Q$user->{token}\E|secret-9|\Q$user->{password}\E|argon2|\?/, 'no token, password, body or query string');

my $quiet = start_bridge(LOG_LEVEL => 'error');
api(GET => '/api/posts/health/', url => $quiet->{url}) for 1 .. 3;
$quiet->stop;
is($quiet->log_text, '', 'LOG_LEVEL=error: nothing to say');
done_testing;
