package Cluster;
# What tests share that need a cluster of their own making: a directory, initdb, start, stop, psql.
use strict;
use warnings;
use Cwd 'getcwd';
use Exporter 'import';
use File::Temp 'tempdir';
use Port;
use Test::More;
use Time::HiRes qw(sleep time);
our @EXPORT = qw(owner output sql make_cluster make_standby start stop adopt_servers kill_server start_again $bin $dir $port);

chomp(our $bin = `docker/pg-config --bindir`);
our $port = free_port();
our $failures = 0; # of psql
our $dir  = tempdir('cluster.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my @as = $> == 0 ? qw(setpriv --reuid postgres --regid postgres --init-groups --) : ();
my $here = getcwd();
my %clusters;
chown +(getpwnam 'postgres')[2, 3], $dir if $> == 0;
delete @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS)};
$ENV{PGCTLTIMEOUT} = 300; # a loaded machine takes its time

# Runs a program as the owner of the clusters; returns whether it succeeded; its output is kept.
sub owner
{
	my (@command) = @_;
	my $pid = fork() // die;
	if (!$pid)
	{
		chdir $dir;
		open STDOUT, '>>', "$dir/output";
		open STDERR, '>&', \*STDOUT;
		exec @as, @command or die;
	}
	waitpid $pid, 0;
	return $? == 0;
}

sub output { open my $file, '<', "$dir/output" or return ''; local $/; return <$file> }

sub sql
{
	my ($sql) = @_;
	open my $psql, '-|', "$bin/psql", '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', $dir, '-p', $port, '-U', 'postgres', '-d', 'postgres', '-c', $sql or die;
	local $/;
	my $result = <$psql> // '';
	close $psql or $failures++, diag("psql failed: $sql");
	$result =~ s{\n\z}{};
	return $result;
}

# Makes a cluster in the directory $dir/name, with further lines of postgresql.conf.
sub make_cluster
{
	my ($name, $settings) = @_;
	owner("$bin/initdb", '-D', "$dir/$name", '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-A', 'trust', '-N') or BAIL_OUT(output());
	open my $conf, '>>', "$dir/$name/postgresql.conf" or BAIL_OUT("postgresql.conf: $!");
	print $conf "port = $port\nunix_socket_directories = '$dir'\nlisten_addresses = ''\n$settings\n";
	close $conf;
	$clusters{$name} = 1;
}

# Makes a streaming standby of the cluster that runs at $port, with a port of its own and further settings.
sub make_standby
{
	my ($name, $its_port, $settings) = @_;
	owner("$bin/pg_basebackup", '-D', "$dir/$name", '-h', $dir, '-p', $port, '-U', 'postgres', '-R', '-X', 'stream', '-c', 'fast', '-N') or BAIL_OUT(output());
	open my $conf, '>>', "$dir/$name/postgresql.conf" or BAIL_OUT("postgresql.conf: $!");
	print $conf "port = $its_port\n$settings\n";
	close $conf;
	$clusters{$name} = 1;
}
sub start { owner("$bin/pg_ctl", '-D', "$dir/$_[0]", '-l', "$dir/$_[0].log", '-w', 'start') or BAIL_OUT(output()) }
sub stop  { owner("$bin/pg_ctl", '-D', "$dir/$_[0]", '-m', 'fast', '-w', 'stop') }

# From now on servers whose pg_ctl has ended become this test's children, which reaps those that it kills: a zombie
# that nobody reaps keeps the lock file of its directory, and process 1 need not be one who does.
sub adopt_servers
{
	require 'sys/syscall.ph';
	syscall(SYS_prctl(), 36, 1, 0, 0, 0) == 0 or BAIL_OUT("PR_SET_CHILD_SUBREAPER: $!");
}

# Kills a postmaster (-9) that was adopted; the others of its processes end by themselves.
sub kill_server
{
	my ($name) = @_;
	open my $file, '<', "$dir/$name/postmaster.pid" or return 0;
	my $pid = <$file> + 0;
	return $pid && kill(9, $pid) && waitpid($pid, 0) == $pid;
}

# Starts it anew, once those have ended; whether it runs.
sub start_again
{
	my ($name) = @_;
	my $deadline = time + 240;
	until (owner("$bin/pg_ctl", '-D', "$dir/$name", '-l', "$dir/$name.log", '-w', 'start'))
	{
		return 0 if time > $deadline;
		sleep 0.1;
	}
	return 1;
}

END
{
	my $status = $?;
	stop($_) for grep { -f "$dir/$_/postmaster.pid" } keys %clusters;
	chdir $here;
	$? = $status;
}

1;
