# Lanes: each kind of statement has its own time, and a queue that is full refuses at once (issue 13 line 6).
use strict;
use warnings;
use Social;
use Test::More;
use Time::HiRes 'time';

my $admin  = free_port();
my $bridge = start_bridge(LOOPS => 1, ADMIN_PORT => $admin, STATEMENT_TIMEOUT => 1, SLOW_STATEMENT_TIMEOUT => 60, LOCK_TIMEOUT => 1, DB_WRITE_CONNECTIONS => 1, DB_QUEUE => 3);
my @there  = (url => $bridge->{url});
my $user   = account(@there);
my $figure = sub { my ($name) = @_; my ($value) = api(GET => '/metrics', url => "http://127.0.0.1:$admin")->{content} =~ /^\Q$name\E (\S+)$/m; return $value };

# What a table's rows take from now on; 0: nothing.
sub slow_down
{
	my ($table, $seconds) = @_;
	psql("DROP TRIGGER IF EXISTS slow ON social.$table; DROP FUNCTION IF EXISTS public.slow_$table()");
	psql("CREATE FUNCTION public.slow_$table() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep($seconds); RETURN NEW; END';
		CREATE TRIGGER slow BEFORE INSERT ON social.$table FOR EACH ROW EXECUTE FUNCTION public.slow_$table()") if $seconds;
}
my $body = '{"title":"t","content":"c"}';
my $post = "POST /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $user->{token}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";

# ---- what comes at once goes to every connection that is free before any of it is refused
{
	my $short   = start_bridge(LOOPS => 1, DB_CONNECTIONS => 2, DB_QUEUE => 8);
	# How many share a transaction is how short they have been, and now and then a burst is two: most are whole, where
	# one in eight was.
	my $burst = sub {
		api(GET => '/api/posts/posts/', url => $short->{url}, token => $user->{token}) for 1 .. 60;
		my @sockets = map { raw_connect($short->{url}) } 1 .. 24;
		api(GET => '/api/posts/health/', url => $short->{url});    # all of them are accepted
		$short->signal('STOP');
		syswrite $_, "GET /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $user->{token}\r\nConnection: close\r\n\r\n" for @sockets;
		$short->signal('CONT');
		return join ' ', sort map { (raw_read($_, 60))[0] =~ m{^HTTP/1\.1 (\d+)} } @sockets;
	};
	my @bursts = map { $burst->() } 1 .. 12;
	cmp_ok(scalar(grep { $_ eq join ' ', (200) x 24 } @bursts), '>', 6, 'issue 13: 24 reads at once, of which two connections take eighteen and a short queue the others') or diag(join "\n", @bursts);
	is($short->stop, 0, 'a clean end');
}

# ---- the time of each lane
slow_down(posts => 300);
my $began = time;
is_error(api(POST => '/api/posts/posts/', @there, token => $user->{token}, json => { title => 't', content => 'c' }), 504, 'TIMEOUT', 'issue 13: a write beyond STATEMENT_TIMEOUT');
cmp_ok(time - $began, '>', 0.9, 'has its second');
slow_down(login_attempts => 2);
is_error(api(POST => '/api/auth/login/', @there, json => { username => $user->{username}, password => 'guess-77' }), 401, 'UNAUTHENTICATED', 'the lane for slow statements has SLOW_STATEMENT_TIMEOUT');
slow_down(login_attempts => 0);

# ---- a full queue: two are on the connection, three wait, the others hear at once that there is no room
my @sockets = map { my $socket = raw_connect($bridge->{url}); syswrite $socket, $post; $socket } 1 .. 12;
my @answers = map { (raw_read($_, 60))[0] } @sockets;
my @refused = grep { m{^HTTP/1\.1 503 }s } @answers;
cmp_ok(scalar @refused, '>=', 7, 'issue 13: a full queue refuses') or diag(map { substr $_, 0, 20 } @answers);
is(scalar(grep { /^Retry-After: \d+\r$/m && /"code":"UNAVAILABLE"/ } @refused), scalar @refused, 'with 503 and Retry-After');
is(scalar(grep { m{^HTTP/1\.1 50[34] }s } @answers), 12, 'the others have waited for their turn');
cmp_ok($figure->('social_database_no_room_total{lane="write"}'), '>=', 7, 'which is counted');
is(api(GET => '/api/posts/posts/', @there, token => $user->{token})->{status}, 200, 'reads have a lane of their own');
slow_down(posts => 0);
ok(wait_until(30, sub { api(POST => '/api/posts/posts/', @there, token => $user->{token}, json => { title => 't', content => 'c' })->{status} == 201 }), 'and then all is well');
is($bridge->stop, 0, 'a clean end');
done_testing;
