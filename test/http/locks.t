# Requests that meet what another transaction has locked hold up nobody else (found E3): they are
# rolled back after a moment, begin again where they may wait, and are answered by themselves.
use strict;
use warnings;
use IO::Select;
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

my $bridge = start_bridge(LOOPS => 1, LOCK_TIMEOUT => 2, DATABASE_URL => "$ENV{DATABASE_URL} application_name=locks");
my @bridge = (url => $bridge->{url});
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
sub post { api(POST => '/api/posts/posts/', @bridge, token => ($_[0] // $user)->{token}, json => { title => 't', content => 'c' }) }

# All answers, and how long the longest took.
sub answers
{
	my ($began, @sockets) = @_;
	my ($select, %text, $longest) = (IO::Select->new(@sockets));
	while ($select->count && time < $began + 120)
	{
		for my $socket ($select->can_read(1))
		{
			next if sysread($socket, $text{$socket}, 65536, length($text{$socket} // ''));
			$longest = time - $began;
			$select->remove($socket);
		}
	}
	return ($longest // 99, map { $text{$_} // '' } @sockets);
}

my @victims = map { account(@bridge) } 1 .. 8;
my $follow  = sub { my ($who, $whom) = @_; send_request('POST', "/api/accounts/users/$whom->{id}/follow/", '{}', $who->{token}) };
my $waiting = sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'locks' AND wait_event_type = 'Lock'}) };

# What two hundred posts take on this machine: nobody can be asked for more than to be as quick.
my ($pace) = answers(time, map { send_request('POST', '/api/posts/posts/', '{"title":"t","content":"c"}') } 1 .. 200);

# ---- writes that wait, and the others
my $connections = sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'locks'}) };
my $at_rest     = $connections->();
my $ids = join ',', map { $_->{id} } @victims;
{
	my $release = hold("SELECT FROM social.users WHERE id IN ($ids) FOR UPDATE");
	my $began   = time;
	my @stuck   = map { send_request('POST', '/api/posts/posts/', '{"title":"t","content":"c"}', $_->{token}) } @victims;
	ok(wait_until(30, sub { $waiting->() > 0 }), 'found E3: eight writes find something locked');
	ok(wait_until(30, sub { $connections->() > $at_rest }), 'those that wait have connections of their own, made for them');
	my $then = time;
	my ($longest, @texts) = answers($then, map { send_request('POST', '/api/posts/posts/', '{"title":"t","content":"c"}') } 1 .. 200);
	is(scalar(grep { status_of($_) == 201 } @texts), 200, '200 others succeed');
	cmp_ok($longest, '<', 3 + 4 * $pace, 'and none of them waits for the eight') or diag($longest);
	($longest, @texts) = answers($began, @stuck);
	is(scalar(grep { status_of($_) == 503 } @texts), 8, 'the eight are answered by themselves: 503') or diag(join '|', map { substr $_, 0, 15 } @texts);
	is(scalar(grep { /"code":"BUSY"/ } @texts), 8, 'with a code of its own');
	is(scalar(grep { /^Retry-After: 1\r$/m } @texts), 8, 'and when to try again');
	cmp_ok($longest, '<', 10 + 4 * $pace, 'after LOCK_TIMEOUT');
	$release->();
	is(post($victims[0])->{status}, 201, 'which then works');
}

# ---- what is unlocked in time is done, once
{
	my $count   = "SELECT count(*) FROM social.posts WHERE author_id IN ($ids)";
	my $before  = psql($count);
	my $patient = start_bridge(LOOPS => 1, LOCK_TIMEOUT => 60, DATABASE_URL => "$ENV{DATABASE_URL} application_name=patient");
	my $release = hold("SELECT FROM social.users WHERE id IN ($ids) FOR UPDATE");
	my $began   = time;
	my @stuck   = map { send_request('POST', '/api/posts/posts/', '{"title":"t","content":"c"}', $_->{token}, $patient->{url}) } @victims[ 0 .. 2 ];
	ok(wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'patient' AND wait_event_type = 'Lock' AND query_start < clock_timestamp() - interval '0.5 s'}) > 0 }), 'three writes wait where they may');
	is(psql($count), $before, 'nothing is written while it is locked');
	$release->();
	my ($longest, @texts) = answers($began, @stuck);
	is(scalar(grep { status_of($_) == 201 } @texts), 3, 'a lock that goes within LOCK_TIMEOUT: all succeed');
	is(psql($count), $before + 3, 'each once');
}

# ---- whole tables: statements that cannot even be prepared; reads; the doors
{
	my $new     = start_bridge(LOOPS => 1, LOCK_TIMEOUT => 2);    # has prepared nothing yet
	my $release = hold('LOCK TABLE social.follows');
	my $began   = time;
	my $answer  = api(POST => "/api/accounts/users/$victims[0]{id}/follow/", url => $new->{url}, token => $user->{token}, json => {});
	is_error($answer, 503, 'BUSY', 'a locked table: 503');
	cmp_ok(time - $began, '<', 5 + 4 * $pace, 'after LOCK_TIMEOUT');
	is(api(POST => '/api/posts/posts/', url => $new->{url}, token => $user->{token}, json => { title => 't', content => 'c' })->{status}, 201, 'others write');
	$release->();
	ok(wait_until(30, sub { api(POST => "/api/accounts/users/$victims[0]{id}/follow/", url => $new->{url}, token => $user->{token}, json => {})->{status} == 200 }), 'then it works');

	$release = hold('LOCK TABLE social.posts');
	my @stuck = map { send_request('GET', '/api/posts/posts/') } 1 .. 12;
	ok(wait_until(30, sub { $waiting->() > 0 }), 'reads find a locked table');
	my ($longest, @texts) = answers(time, map { send_request('GET', '/api/auth/users/me/') } 1 .. 50);
	is(scalar(grep { status_of($_) == 200 } @texts), 50, 'other reads succeed');
	cmp_ok($longest, '<', 3 + 4 * $pace, 'and do not wait');
	$release->();
	($longest, @texts) = answers(time, @stuck);
	is(scalar(grep { status_of($_) =~ /^(200|503)$/ } @texts), 12, 'all are answered');

	$release = hold("SELECT FROM social.users WHERE id IN ($ids) FOR UPDATE");
	my $login = sub { my ($who) = @_; '{"username":"' . $who->{username} . '","password":"' . $who->{password} . '"}' };
	@stuck = map { send_request('POST', '/api/auth/login/', $login->($_)) } @victims;
	ok(wait_until(30, sub { $waiting->() > 0 }), 'logins find their accounts locked');
	$began = time;
	is(api(POST => '/api/auth/login/', @bridge, json => { username => $user->{username}, password => $user->{password} })->{status}, 200, 'another one succeeds');
	cmp_ok(time - $began, '<', 5 + 4 * $pace, 'without waiting for them');
	$release->();
	answers(time, @stuck);
}

# ---- a flood of what is locked as a whole
{
	my $release = hold('LOCK TABLE social.posts');
	my $began   = time;
	my @stuck   = map { send_request('POST', '/api/posts/posts/', '{"title":"t","content":"c"}') } 1 .. 120;
	ok(wait_until(30, sub { $waiting->() > 0 }), '120 writes find a locked table');
	my ($longest, @texts) = answers(time, map { $follow->($_, $user) } @victims);
	is(scalar(grep { status_of($_) == 200 } @texts), 8, 'other writes succeed');
	cmp_ok($longest, '<', 4 + 4 * $pace, 'and do not wait until each has tried') or diag($longest);
	($longest, @texts) = answers($began, @stuck);
	is(scalar(grep { status_of($_) == 503 && /"code":"BUSY"/ } @texts), 120, 'all are answered: busy') or diag(join ' ', map { status_of($_) } @texts);
	cmp_ok($longest, '<', 10 + 4 * $pace, 'within LOCK_TIMEOUT here and there') or diag($longest);
	$release->();
	ok(wait_until(30, sub { post()->{status} == 201 }), 'and once it is unlocked all works');
	($longest, @texts) = answers(time, map { send_request('POST', '/api/posts/posts/', '{"title":"t","content":"c"}') } 1 .. 100);
	is(scalar(grep { status_of($_) == 201 } @texts), 100, 'for everybody');
}

# ---- a request that begins again counts once
{
	my $limited = start_bridge(LOOPS => 1, LOCK_TIMEOUT => 5, RATE_LIMITS => 'on', DATABASE_URL => "$ENV{DATABASE_URL} application_name=counting");
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

is($bridge->stop, 0, 'a clean end');
done_testing;
