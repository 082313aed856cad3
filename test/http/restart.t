# The database goes away and comes back: requests in flight get 503, health says so, then all is
# well again without a restart of the bridge. Needs a cluster of its own.
use strict;
use warnings;
use File::Temp 'tempdir';
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

pg_ctl('start');
ok(wait_until(30, sub { api(GET => '/api/posts/health/', @bridge)->{status} == 200 }), 'back: healthy again');
ok(wait_until(30, sub { $list->()->{status} == 200 }), 'and served');

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
