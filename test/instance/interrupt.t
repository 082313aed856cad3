# interrupt.t: Ctrl-C on `make test` leaves nothing, and a `make test &` of a script, which starts it
# with Ctrl-C ignored, is green (found A8).
use strict;
use warnings;
use lib 'test/instance';
use Instance;
use POSIX ();
use Test::More;

my $number = $$;
my $mark = "SOCIAL_INTERRUPT=$number";
my $work = $ENV{SOCIAL_TEST} // '/tmp';

# Starts `make test` on some files, or another command, in a process group of its own.
sub start
{
	my ($tests, $ignored, @command) = @_;
	my $pid = fork() // die;
	if (!$pid)
	{
		POSIX::setpgid(0, 0);
		Instance::plain_environment();
		@ENV{qw(SOCIAL_INTERRUPT SOCIAL_TEST)} = ($number, $work);
		$SIG{INT} = $ignored ? 'IGNORE' : 'DEFAULT';
		open STDIN,  '<', '/dev/null';
		open STDOUT, '>', "$work/output";
		open STDERR, '>&', \*STDOUT;
		exec @command ? @command : ('make', '--no-print-directory', 'test', "TESTS=$tests") or POSIX::_exit(127);
	}
	return $pid;
}

# Its exit status, or -1 after so many seconds.
sub finish
{
	my ($pid, $seconds) = @_;
	return wait_until($seconds, sub { waitpid($pid, POSIX::WNOHANG()) == $pid }) ? $? : -1;
}

sub marked
{
	my @found;
	for my $process (glob '/proc/[0-9]*')
	{
		open my $file, '<', "$process/environ" or next;
		local $/;
		my $environment = "\0" . (<$file> // '');
		push @found, $process if $environment =~ /\0\Q$mark\E\0/;
	}
	return "@found";
}

sub nothing_left
{
	my ($when) = @_;
	is(marked(), '', "$when: no process is left");
	is(join(' ', glob "$work/social-test.*"), '', 'and no directory');
}

for my $moment ([ 'its instance is being made', 'run' ], [ 'a test has a cluster of its own', 'tmp/cluster.*/old/postmaster.pid' ])
{
	my ($when, $file) = @$moment;
	my $pid = start('test/upgrade/pg_upgrade.t');
	ok(wait_until(240, sub { my @there = glob "$work/social-test.*/$file" }), $when);
	kill 'INT', -$pid;
	isnt(finish($pid, 120), -1, 'Ctrl-C ends it');
	nothing_left($when);
}

my $pid = start('test/http/lifecycle.t', 1);
is(finish($pid, 480), 0, 'with Ctrl-C ignored it passes') or diag(`tail -n 50 $work/output`);
nothing_left('it ended');

$pid = start('', 0, 'test/with-instance', 'bash', '-c', 'setsid sleep 1000 >/dev/null 2>&1 &');
isnt(finish($pid, 120), 0, 'a process that is left behind is a failure');
like(scalar `cat $work/output`, qr/left behind: \d+ sleep 1000/, 'which says so');
nothing_left('and it is ended');
unlink "$work/output";
done_testing();
