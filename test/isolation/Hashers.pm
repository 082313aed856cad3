package Hashers;
# The server's processes that hash passwords: a test makes them stand still, and so decides how long a
# hash takes. They go on when it ends.
use strict;
use warnings;
use Exporter 'import';
use Time::HiRes qw(sleep time);
our @EXPORT = qw(hashers stop_hashers hashers_go_on);

my ($server) = `psql -X -q -A -t -c "SELECT pg_read_file('postmaster.pid')"` =~ /^(\d+)/ or die 'no postmaster.pid';
my @stopped;

sub slurp { my ($path) = @_; open my $file, '<', $path or return ''; local $/; return <$file> // '' }

sub hashers { return grep { slurp("/proc/$_/cmdline") =~ /social password hasher/ } split ' ', slurp("/proc/$server/task/$server/children") }

# Who stands still has a task for as long as we like. The server may be about to start them.
sub stop_hashers
{
	my $deadline = time + 120;
	sleep 0.02 until @stopped = hashers() or time > $deadline;
	kill STOP => @stopped;
	return scalar @stopped;
}

# hashers_go_on(SIGNAL): with a signal that they find when they go on
sub hashers_go_on
{
	my ($signal) = @_;
	kill $signal => @stopped if $signal;
	kill CONT => @stopped;
	@stopped = ();
}

END { local ($?, $!); hashers_go_on() }

1;
