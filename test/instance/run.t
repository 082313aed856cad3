# run.t: what a newcomer does. `make run` on an empty directory, the two curl lines it prints, the
# README's examples line by line, Ctrl-C, and a second start that keeps the data (issue: first light).
use strict;
use warnings;
use lib 'test/instance';
use Cwd 'getcwd';
use File::Temp 'tempdir';
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Readme;
use Test::More;
use Time::HiRes qw(time sleep);

my $top = getcwd();
my $run_dir = tempdir('/tmp/social-run.XXXXXX', CLEANUP => 0);
sub free_port { IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport }
my %ports = map { $_ => free_port() } qw(HTTP_PORT PGPORT REDIS_PORT);

# Starts `make run` in a process group of its own; returns its pid and its output up to the prompt.
sub start
{
	pipe(my $read, my $write) or die;
	my $pid = fork() // die;
	if (!$pid)
	{
		POSIX::setpgid(0, 0);
		delete @ENV{qw(PGHOST PGUSER PGDATABASE DATABASE_URL REDIS_URL BRIDGE_URL BRIDGE_BIN DEMO MAKEFLAGS MAKELEVEL MFLAGS)};
		$ENV{VARIANT} = 'release';
		open STDIN,  '<', '/dev/null';
		open STDOUT, '>&', $write;
		open STDERR, '>&', $write;
		exec 'make', '--no-print-directory', 'run', "RUN_DIR=$run_dir", map { "$_=$ports{$_}" } sort keys %ports;
	}
	close $write;
	my ($output, $deadline) = ('', time + 240);
	my $select = IO::Select->new($read);
	while ($output !~ /Ctrl-C stops it/ && time < $deadline)
	{
		next unless $select->can_read(1);
		sysread($read, $output, 4096, length $output) or last;
	}
	return ($pid, $output);
}

# Sends Ctrl-C to the group; returns whether it ended within 60 seconds.
sub interrupt
{
	my ($pid) = @_;
	kill 'INT', -$pid;
	my $deadline = time + 60;
	while (time < $deadline)
	{
		return 1 if waitpid($pid, POSIX::WNOHANG()) == $pid;
		sleep 0.05;
	}
	return 0;
}

# The processes that name RUN_DIR or Redis's port in their command line or stand in RUN_DIR.
sub processes
{
	my @found;
	for my $process (glob '/proc/[0-9]*')
	{
		open my $file, '<', "$process/cmdline" or next;
		local $/;
		my $command = (<$file> // '') =~ tr/\0/ /r;
		push @found, $command if $command =~ /\Q$run_dir\E|127\.0\.0\.1:$ports{REDIS_PORT}/ || (readlink("$process/cwd") // '') =~ /^\Q$run_dir\E/;
	}
	return @found;
}

sub port_open { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_[0]) ? 1 : 0 }

my $psql = "psql -X -A -t -h $run_dir -p $ports{PGPORT} -U postgres social";

# 1. An empty directory.
my ($pid, $output) = start();
like($output, qr/Ctrl-C stops it/, 'make run comes up and says so') or BAIL_OUT($output);
my @curls = $output =~ /^\s+(curl .*)$/mg;
is(scalar @curls, 2, 'it prints two curl lines to try');
like(shell($curls[0]), qr/"searchPostsFts":\[\{"id":"\d+"/, 'the first finds a post over HTTP');
like(shell($curls[1]), qr/"access":\s?"[\w-]+\.[\w-]+\.[\w-]+"/, 'the second logs a demo user in');
cmp_ok(shell(qq{$psql -c 'SELECT count(*) FROM social.posts'}), '>', 100, 'the demo data is there (seed 152)');
is((stat $run_dir)[2] & 077, 0, 'nobody but the owner enters RUN_DIR');

cmp_ok(scalar processes(), '>=', 3, 'PostgreSQL, Redis and the bridge run there');

# 2. The README's examples: each command of a ```console block and the output printed below it.
readme_holds($top, run_dir => $run_dir, http => $ports{HTTP_PORT}, pg => $ports{PGPORT});

# 3. Ctrl-C stops all it started and nothing else.
my $posts = shell(qq{$psql -c 'SELECT count(*) FROM social.posts'});
ok(interrupt($pid), 'Ctrl-C ends it');
is(join("\n", processes()), '', 'no process of it is left');
is(port_open($ports{$_}), 0, "$_ is closed") for sort keys %ports;
if ($ENV{BRIDGE_URL})
{
	like(shell("curl -sS $ENV{BRIDGE_URL}/api/posts/health/"), qr/healthy/, 'the other instance goes on');
}

# 4. A second start keeps the data, installs nothing and takes seconds.
my $begin = time;
($pid, $output) = start();
like($output, qr/Ctrl-C stops it/, 'it starts again');
cmp_ok(time - $begin, '<', 30, 'within seconds');
unlike($output, qr/installing/, 'nothing is installed again');
is(shell(qq{$psql -c 'SELECT count(*) FROM social.posts'}), $posts, 'the data was kept');
ok(interrupt($pid), 'Ctrl-C ends it again');
system 'rm', '-rf', $run_dir;
done_testing();
