# Requests that meet what another transaction has locked hold up nobody else (found E3): they are
# rolled back after a moment, begin again where they may wait, and are answered by themselves.
use strict;
use warnings;
use IO::Select;
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

# One whose requests wait for longer than this test takes, so that who is answered meanwhile has not
# waited for them, and one that gives up soon, while what it waits for is still locked.
my $bridge = start_bridge(LOOPS => 1, LOCK_TIMEOUT => 600, STATEMENT_TIMEOUT => 600, DATABASE_URL => "$ENV{DATABASE_URL} application_name=locks");
my @bridge = (url => $bridge->{url});
my $hasty  = start_bridge(LOOPS => 1, LOCK_TIMEOUT => 2, DATABASE_URL => "$ENV{DATABASE_URL} application_name=hasty");
my $user   = account(@bridge);

# A transaction of somebody else's that holds locks until ->() is called.
sub hold
{
	my ($sql) = @_;
	my $pid = open(my $in, '|-') // die "fork: $!";
	if (!$pid)
	{
		open STDOUT, '>', '/dev/null';
		open STDERR, '>&', \*STDOUT;
		exec 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1' or POSIX::_exit(127);
	}
	$in->autoflush(1);
	print $in "SET application_name = 'holder_$pid';\nBEGIN;\n$sql;\n";
	wait_until(30, sub { psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holder_$pid' AND state = 'idle in transaction' AND query NOT LIKE 'BEGIN%'") })
	  or die 'nothing is locked';
	return sub { print $in "ROLLBACK;\n"; close $in; };
}

# Sends a request and does not wait.
sub send_request
{
	my ($method, $path, $json, $token, $url) = @_;
	my $socket = raw_connect($url // $bridge->{url});
	my $body   = $json // '';
	syswrite $socket, "$method $path HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " . ($token // $user->{token}) . "\r\n"
	  . (defined $json ? "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\n" : '') . "Connection: close\r\n\r\n$body";
	return $socket;
}
sub status_of { my ($text) = @_; return $text =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0 }
sub post { my ($who, $where) = @_; return api(POST => '/api/posts/posts/', url => $where->{url}, token => $who->{token}, json => { title => 't', content => 'c' }) }

# All answers, or '' for who has none after minutes.
sub answers
{
	my (@sockets) = @_;
	my ($select, $deadline, %text) = (IO::Select->new(@sockets), time + 240);
	while ($select->count && time < $deadline)
	{
		for my $socket ($select->can_read(1))
		{
			next if sysread($socket, $text{$socket}, 65536, length($text{$socket} // ''));
			$select->remove($socket);
		}
	}
	return map { $text{$_} // '' } @sockets;
}
sub have_status { my ($status, @texts) = @_; return scalar grep { status_of($_) =~ $status } @texts }
sub answered { my (@sockets) = @_; return scalar(my @ready = IO::Select->new(@sockets)->can_read(0)) }

my @victims = map { account(@bridge) } 1 .. 8;
my $follow  = sub { my ($who, $whom) = @_; send_request('POST', "/api/accounts/users/$whom->{id}/follow/", '{}', $who->{token}) };
my $write   = sub { my ($who, $url) = @_; send_request('POST', '/api/posts/posts/', '{"title":"t","content":"c"}', $who->{token}, $url) };
my $waiting = sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'locks' AND wait_event_type = 'Lock'}) };

# ---- writes that wait, and the others
my $connections = sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'locks'}) };
my $at_rest     = $connections->();
my $ids = join ',', map { $_->{id} } @victims;
{
	my $count   = "SELECT count(*) FROM social.posts WHERE author_id IN ($ids)";
	my $before  = psql($count);
	my $release = hold("SELECT FROM social.users WHERE id IN ($ids) FOR UPDATE");
	my @stuck   = map { $write->($_) } @victims;
	ok(wait_until(30, sub { $waiting->() > 0 }), 'found E3: eight writes find something locked');
	ok(wait_until(30, sub { $connections->() > $at_rest }), 'those that wait have connections of their own, made for them');
	is(have_status(qr/^201$/, answers(map { $write->($user) } 1 .. 200)), 200, '200 others succeed');
	is(answered(@stuck), 0, 'while the eight wait');
	my @texts = answers(map { $write->($_, $hasty->{url}) } @victims);
	is(have_status(qr/^503$/, @texts), 8, 'where LOCK_TIMEOUT is short, they are answered by themselves: 503') or diag(join '|', map { substr $_, 0, 15 } @texts);
	is(scalar(grep { /"code":"BUSY"/ } @texts), 8, 'with a code of its own');
	is(scalar(grep { /^Retry-After: 1\r$/m } @texts), 8, 'and when to try again');
	is(psql($count), $before, 'nothing is written while it is locked');
	$release->();
	is(have_status(qr/^201$/, answers(@stuck)), 8, 'a lock that goes within LOCK_TIMEOUT: all succeed');
	is(psql($count), $before + 8, 'each once');
	is(post($victims[0], $hasty)->{status}, 201, 'and the hasty one works, too');
}

# ---- whole tables: statements that cannot even be prepared; reads; the doors
{
	my $new     = start_bridge(LOOPS => 1, LOCK_TIMEOUT => 2);    # has prepared nothing yet
	my $release = hold('LOCK TABLE social.follows');
	my $answer  = api(POST => "/api/accounts/users/$victims[0]{id}/follow/", url => $new->{url}, token => $user->{token}, json => {});
	is_error($answer, 503, 'BUSY', 'a locked table: 503 after LOCK_TIMEOUT');
	is(post($user, $new)->{status}, 201, 'others write');
	$release->();
	ok(wait_until(30, sub { api(POST => "/api/accounts/users/$victims[0]{id}/follow/", url => $new->{url}, token => $user->{token}, json => {})->{status} == 200 }), 'then it works');

	$release = hold('LOCK TABLE social.posts');
	my @stuck = map { send_request('GET', '/api/posts/posts/') } 1 .. 12;
	ok(wait_until(30, sub { $waiting->() > 0 }), 'reads find a locked table');
	is(have_status(qr/^200$/, answers(map { send_request('GET', '/api/auth/users/me/') } 1 .. 50)), 50, 'other reads succeed');
	is(answered(@stuck), 0, 'and do not wait');
	$release->();
	is(have_status(qr/^200$/, answers(@stuck)), 12, 'all are answered');

	$release = hold("SELECT FROM social.users WHERE id IN ($ids) FOR UPDATE");
	my $login = sub { my ($who) = @_; '{"username":"' . $who->{username} . '","password":"' . $who->{password} . '"}' };
	@stuck = map { send_request('POST', '/api/auth/login/', $login->($_)) } @victims;
	ok(wait_until(30, sub { $waiting->() > 0 }), 'logins find their accounts locked');
	is(api(POST => '/api/auth/login/', @bridge, json => { username => $user->{username}, password => $user->{password} })->{status}, 200, 'another one succeeds');
	is(answered(@stuck), 0, 'without waiting for them');
	$release->();
	is(have_status(qr/^200$/, answers(@stuck)), 8, 'who then succeed');
}

# ---- a flood of what is locked as a whole
{
	my $release = hold('LOCK TABLE social.posts');
	my @stuck   = map { $write->($user) } 1 .. 120;
	ok(wait_until(30, sub { $waiting->() > 0 }), '120 writes find a locked table');
	is(have_status(qr/^200$/, answers(map { $follow->($_, $user) } @victims)), 8, 'other writes succeed');
	is(answered(@stuck), 0, 'and do not wait for them');
	my @texts = answers(map { $write->($user, $hasty->{url}) } 1 .. 120);
	is(scalar(grep { status_of($_) == 503 && /"code":"BUSY"/ } @texts), 120, 'where LOCK_TIMEOUT is short, all are answered: busy') or diag(join ' ', map { status_of($_) } @texts);
	$release->();
	is(have_status(qr/^201$/, answers(@stuck)), 120, 'once it is unlocked those that wait succeed');
	ok(wait_until(30, sub { post($user, $hasty)->{status} == 201 }), 'and all works');
	is(have_status(qr/^201$/, answers(map { $write->($user, $hasty->{url}) } 1 .. 100)), 100, 'for everybody');
}

# ---- a request that begins again counts once
{
	my $limited = start_bridge(LOOPS => 1, LOCK_TIMEOUT => 60, RATE_LIMITS => 'on', DATABASE_URL => "$ENV{DATABASE_URL} application_name=counting");
	my $free    = account(@bridge);
	my $send    = sub { api(POST => '/api/posts/posts/', url => $limited->{url}, token => $free->{token}, json => { title => 't', content => 'c' }) };
	my $first   = $send->();
	my $release = hold("SELECT FROM social.users WHERE id = $free->{id} FOR UPDATE");
	my $pid     = fork // die;
	if (!$pid) { wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counting' AND wait_event_type = 'Lock' AND now() - xact_start > '0.4 s'}) }); $release->(); POSIX::_exit(0) }
	my $second = $send->();
	waitpid $pid, 0;
	is($second->{status}, 201, 'a write that waited succeeds');
	is($second->{headers}{'x-ratelimit-remaining'}, $first->{headers}{'x-ratelimit-remaining'} - 1, 'and has counted once, as its headers say');
	is($send->()->{headers}{'x-ratelimit-remaining'}, $first->{headers}{'x-ratelimit-remaining'} - 2, 'as does the next');
}

is($_->stop, 0, 'a clean end') for $bridge, $hasty;
done_testing;
