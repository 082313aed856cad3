# The database goes away and comes back: requests in flight get 503, health says so, then all is
# well again without a restart of the bridge. Needs a cluster of its own.
use strict;
use warnings;
use File::Temp 'tempdir';
use HTTP::Tiny;
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

chomp(my $bindir = `docker/pg-config --bindir`);
plan skip_all => 'no PostgreSQL server programs' unless -x "$bindir/initdb";

# PostgreSQL refuses to run as root.
my @as   = $> == 0 ? qw(setpriv --reuid postgres --regid postgres --init-groups --) : ();
my $dir  = tempdir('social-restart-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $port = free_port();
chown((getpwnam 'postgres')[ 2, 3 ], $dir) if @as;

$ENV{PGCTLTIMEOUT} = 300;

sub run_quietly
{
	my $pid = fork // die "fork: $!";
	if (!$pid)
	{
		chdir '/';
		open STDOUT, '>>', "/dev/null";
		open STDERR, '>&', \*STDOUT;
		exec @as, @_ or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return $? == 0;
}
sub pg_ctl { return run_quietly("$bindir/pg_ctl", '-D', "$dir/data", '-l', "$dir/log", '-w', @_) }

run_quietly("$bindir/initdb", '-D', "$dir/data", '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync') or plan skip_all => 'initdb does not work here';
run_quietly('sh', '-c', qq(printf '%s\\n' "port = $port" "unix_socket_directories = '$dir'" "listen_addresses = ''" "shared_preload_libraries = 'social'" "fsync = off" >>$dir/data/postgresql.conf));
pg_ctl('start') or BAIL_OUT('a cluster of its own does not start');
END { local $?; pg_ctl('stop', '-m', 'immediate') if $dir }

local @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ($dir, $port, 'postgres', 'postgres');
psql('CREATE DATABASE social');
$ENV{PGDATABASE} = 'social';
psql(q{CREATE EXTENSION social; CREATE ROLE social_bridge LOGIN; SELECT social.grant_bridge('social_bridge')});

my $bridge = start_bridge(DATABASE_URL => "host=$dir port=$port dbname=social user=social_bridge", LOOPS => 2);
my @bridge = (url => $bridge->{url});
my $user   = account(@bridge);
my $list   = sub { api(GET => '/api/posts/posts/', @bridge, token => $user->{token}) };
is($list->()->{status}, 200, 'before');

# ---- one backend dies
psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'social_bridge'});
ok(wait_until(30, sub { $list->()->{status} == 200 }), 'all backends terminated: it connects again');
ok(wait_until(30, sub { api(POST => '/api/auth/login/', @bridge, json => { username => $user->{username}, password => $user->{password} })->{status} == 200 }), 'in every lane');

# ---- away with requests in flight
my $lock = fork // die;
if (!$lock) { open STDERR, '>', '/dev/null'; exec 'psql', '-X', '-q', '-c', 'BEGIN', '-c', 'LOCK TABLE social.posts', '-c', 'SELECT pg_sleep(300)' }
wait_until(30, sub { psql(q{SELECT count(*) FROM pg_locks WHERE relation = 'social.posts'::regclass AND mode = 'AccessExclusiveLock' AND granted}) > 0 });
my @stuck = map { raw_connect($bridge->{url}) } 1 .. 5;
syswrite $_, "GET /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $user->{token}\r\n\r\n" for @stuck;
wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND wait_event_type = 'Lock'}) > 0 });
pg_ctl('stop', '-m', 'immediate');
waitpid $lock, 0;
my $answers = join ' ', map { (raw_read($_, 30, qr/\}$/))[0] =~ m{^HTTP/1\.1 (\d+)} } @stuck;
is($answers, '503 503 503 503 503', 'requests in flight get 503');
is(api(GET => '/api/posts/health/', @bridge)->{status}, 503, 'unhealthy while it is away');
my $began  = time;
my $answer = $list->();
is_error($answer, 503, 'UNAVAILABLE', 'requests get 503');
is($answer->{headers}{'retry-after'}, 1, 'and when to try again');
cmp_ok(time - $began, '<', 10, 'at once');

# ---- a bridge that starts meanwhile tries again, and says so (issue 13 line 6)
my $early = start_bridge(DATABASE_URL => "host=$dir port=$port dbname=social user=social_bridge", LOOPS => 2, wait => 0);
ok(wait_until(30, sub { $early->log_text =~ /"msg":"no connection to the database","error":"(?:[^"\\]|\\.)+","retry_ms":\d+/ }), 'issue 13: started without a database, it tells what is missing');
ok(wait_until(30, sub { api(GET => '/api/posts/health/', url => $early->{url})->{status} == 503 }), 'and is not healthy');

pg_ctl('start');
ok(wait_until(30, sub { api(GET => '/api/posts/health/', url => $early->{url})->{status} == 200 }), 'it serves once there is one');
is($early->stop, 0, 'a clean end');
ok(wait_until(30, sub { api(GET => '/api/posts/health/', @bridge)->{status} == 200 }), 'back: healthy again');
ok(wait_until(30, sub { $list->()->{status} == 200 }), 'and served');

# ---- killed in mid-load: writers with keys go on, and each post is there once (issue 13, Bad input and faults)
my $keyed = sub
{
	my ($writer, $out) = @_;
	my $agent = HTTP::Tiny->new(timeout => 30);
	my $over  = 0;
	local $SIG{TERM} = sub { $over = 1 };
	for (my $n = 0; !$over; $n++)
	{
		my $name = "keyed-$writer-$n";
		my $answer;
		do
		{
			$answer = $agent->post("$bridge->{url}/api/posts/posts/", { content => qq({"title":"$name","content":"x"}),
				headers => { Authorization => "Bearer $user->{token}", 'Content-Type' => 'application/json', 'Idempotency-Key' => $name } });
			sleep 0.01 if $answer->{status} != 201;
		} until $answer->{status} == 201 || $answer->{status} =~ /^4(?!09)/;
		my ($id) = $answer->{content} =~ /"id":(\d+)/;
		syswrite $out, "$name $answer->{status} " . ($id // 0) . ' ' . ($answer->{headers}{'idempotent-replayed'} // 'new') . "\n";
	}
};
my (%posted, @writers, $replays);
pipe my $acks, my $acked or die "pipe: $!";
for my $writer (1 .. 4)
{
	my $pid = fork // die "fork: $!";
	if (!$pid) { close $acks; $keyed->($writer, $acked); POSIX::_exit(0) }
	push @writers, $pid;
}
close $acked;
my $more = sub
{
	my ($count) = @_;
	while ($count-- > 0)
	{
		my ($name, $status, $id, $how) = split ' ', <$acks> // return 0;
		$posted{$name} = "$status $id";
		$replays++ if $how ne 'new';
	}
	return 1;
};
my $killed_bridge = sub { $bridge->signal('KILL'); $bridge->finish; $bridge = start_bridge(@_, HTTP_PORT => $bridge->{port}) };
for my $fault (
	[ 'its backends are terminated', sub { psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'social_bridge'}) } ],
	[ 'the bridge is killed',        sub { $killed_bridge->(DATABASE_URL => "host=$dir port=$port dbname=social user=social_bridge", LOOPS => 2) } ],
	[ 'a backend is killed',         sub { kill KILL => psql(q{SELECT pid FROM pg_stat_activity WHERE usename = 'social_bridge' AND backend_type = 'client backend' ORDER BY state_change DESC LIMIT 1}) } ],
	[ 'the database is killed',      sub { pg_ctl('stop', '-m', 'immediate'); pg_ctl('start') } ])
{
	my ($name, $do) = @$fault;
	ok($more->(40), "$name: writers write") or last;
	$do->();
}
ok($more->(40), 'and go on');
kill TERM => @writers;
$more->(1_000_000);
waitpid $_, 0 for @writers;
is(join(' ', grep { $posted{$_} !~ /^201 / } sort keys %posted), '', 'everything was acknowledged');
my %there = map { my ($name, $ids) = split /\|/; ($name => "201 $ids") } split /\n/, psql(q{SELECT title, string_agg(id::text, ',') FROM social.posts WHERE title LIKE 'keyed-%' GROUP BY title});
is_deeply(\%there, \%posted, 'what was acknowledged is there, once, with the id that was told');
note(($replays // 0) . ' of ' . keys(%posted) . ' had to be asked for again');

# ---- a crash of the database in mid-load: what was acknowledged is there, and nothing twice (issue 13 line 6)
{
	pipe(my $reader, my $writer) or die;
	my $pid = fork // die;
	if (!$pid)
	{
		my ($go_on, $n, @acknowledged) = (1, 0);
		local $SIG{TERM} = sub { $go_on = 0 };
		while ($go_on)
		{
			my $answer = api(POST => '/api/posts/posts/', @bridge, token => $user->{token}, agent => HTTP::Tiny->new(timeout => 30), json => { title => 'crash', content => 'n' . ++$n });
			push @acknowledged, $n if $answer->{status} == 201;
			push @acknowledged, "wrong: $answer->{status} $answer->{content}" unless $answer->{status} =~ /^(?:201|503)$/;
		}
		print $writer "@acknowledged";
		close $writer;
		POSIX::_exit(0);
	}
	close $writer;
	my $count = sub { eval { psql(q{SELECT count(*) FROM social.posts WHERE title = 'crash'}) } // 0 };
	ok(wait_until(60, sub { $count->() > 20 }), 'load');
	pg_ctl('restart', '-m', 'immediate');
	my $posts = $count->();
	ok(wait_until(60, sub { $count->() > $posts + 10 }), 'the database crashes and comes back: writes resume');
	ok(wait_until(60, sub { $list->()->{status} == 200 }), 'and reads, whose connections come back by themselves');
	kill 'TERM', $pid;
	my $said = do { local $/; readline $reader };
	waitpid $pid, 0;
	unlike($said, qr/wrong/, 'what was not done was 503');
	my %there = map { $_ => 1 } split /\n/, psql(q{SELECT substr(content, 2) FROM social.posts WHERE title = 'crash'});
	is(join(' ', grep { !$there{$_} } split / /, $said), '', 'issue 13: nothing acknowledged is lost');
	is(psql(q{SELECT count(*) - count(DISTINCT content) FROM social.posts WHERE title = 'crash'}), 0, 'and nothing was done twice');
}

# ---- the objects behind prepared statements change
ok(wait_until(30, sub { api(POST => '/api/posts/posts/', @bridge, token => $user->{token}, json => { title => 'a', content => 'a' })->{status} == 201 }), 'a post');
psql('SET social.allow_drop = on; DROP EXTENSION social CASCADE');
psql(q{CREATE EXTENSION IF NOT EXISTS social; SELECT social.grant_bridge('social_bridge')});
my $again;
ok(wait_until(30, sub { $again = eval { account(@bridge) } }), 'the extension is made anew: accounts can be made');
ok(wait_until(30, sub { api(GET => '/api/posts/posts/', @bridge, token => $again->{token})->{status} == 200 }), 'and used')
  or diag($bridge->log_text);
is($bridge->stop, 0, 'a clean end');
done_testing;
