package Instance;
# An instance of a test's own: its directory and ports, docker/instance's commands through make, what
# lives of it.
use strict;
use warnings;
use Cwd 'getcwd';
use Exporter 'import';
use File::Temp qw(tempdir tempfile);
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Port;
use Test::More;
use Time::HiRes qw(time sleep);
our @EXPORT = qw(free_port port_open wait_until);

my $top = getcwd();
my @made;

sub port_open { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_[0]) ? 1 : 0 }

# Waits for a condition; true once it holds, false after `seconds`.
sub wait_until
{
	my ($seconds, $condition) = @_;
	my $deadline = time + $seconds;
	until ($condition->())
	{
		return 0 if time > $deadline;
		sleep 0.05;
	}
	return 1;
}

# {run_dir, ports, top, live}; HTTP_PORT and the others are methods by name. With `live` it has an ingest server
# where its variables say so.
sub new
{
	my ($class, %with) = @_;
	my $self = bless { top => $with{top} // $top, run_dir => $with{run_dir} // tempdir('run.XXXXXX', TMPDIR => 1), live => $with{live},
		ports => { map { $_ => free_port() } qw(HTTP_PORT PGPORT REDIS_PORT) } }, $class;
	push @made, $self;
	return $self;
}
sub run_dir { $_[0]{run_dir} }
sub port    { $_[0]{ports}{ $_[1] } }
sub url     { "http://127.0.0.1:$_[0]{ports}{HTTP_PORT}" }
sub ports   { my ($self) = @_; map { "$_=$self->{ports}{$_}" } sort keys %{ $self->{ports} } }

# As a user's shell is, who has not set anything.
sub plain_environment
{
	delete @ENV{grep { /^PG/ } keys %ENV};
	delete @ENV{qw(SOCIAL_TEST LANES TMPDIR LOG_LINES DATABASE_URL REDIS_URL BRIDGE_URL BRIDGE_BIN HTTP_PORT REDIS_PORT RUN_DIR DEMO RATE_LIMITS MEDIA_JOBS WEBHOOK_JOBS MAKEFLAGS MAKELEVEL MFLAGS)};
	@ENV{qw(VARIANT LIVE)} = ('release', 0); # where it is on, its ports are those of others
}

# Runs make with these arguments; returns {output, errors, status (-1: not within 300 seconds)}.
# Its output is a pipe, as under `make up | cat`: it ends when nobody has it open any more.
sub make
{
	my ($self, @arguments) = @_;
	my ($errors, $errors_file) = tempfile(UNLINK => 1);
	my $began = time;
	my $pid = open(my $pipe, '-|') // die "fork: $!";
	if (!$pid)
	{
		plain_environment();
		delete $ENV{LIVE} if $self->{live};
		chdir $self->{top};
		open STDIN,  '<', '/dev/null';
		open STDERR, '>', $errors_file;
		exec 'make', '--no-print-directory', "RUN_DIR=$self->{run_dir}", @arguments or POSIX::_exit(127);
	}
	my ($output, $select) = ('', IO::Select->new($pipe));
	while (time - $began < 300)
	{
		next unless $select->can_read(1);
		last unless sysread $pipe, $output, 65536, length $output;
	}
	my $late = time - $began >= 300;
	kill 'TERM', $pid if $late;
	close $pipe;
	my $status = $late ? -1 : $? >> 8;
	local $/;
	return { output => $output, errors => scalar(<$errors>) // '', status => $status };
}

# The process of bridge, redis or postgres, by its pid file.
sub pid
{
	my ($self, $name) = @_;
	open my $file, '<', $self->{run_dir} . ($name eq 'postgres' ? '/pgdata/postmaster.pid' : "/$name.pid") or return 0;
	chomp(my $pid = <$file> // 0);
	return $pid;
}

# The processes that name RUN_DIR or Redis's port in their command line or stand in RUN_DIR; no zombies.
sub processes
{
	my ($self) = @_;
	my @found;
	for my $process (glob '/proc/[0-9]*')
	{
		open my $file, '<', "$process/cmdline" or next;
		local $/;
		my $command = (<$file> // '') =~ tr/\0/ /r;
		push @found, $command if $command =~ /\Q$self->{run_dir}\E|127\.0\.0\.1:$self->{ports}{REDIS_PORT}/ || (readlink("$process/cwd") // '') =~ /^\Q$self->{run_dir}\E/;
	}
	return @found;
}

# Its processes, which by now are to be none.
sub nothing_left
{
	my ($self, $name) = @_;
	my @left;
	wait_until(120, sub { !(@left = $self->processes) });
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join("\n", @left), '', $name);
}

sub psql
{
	my ($self, $sql) = @_;
	open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-h', $self->{run_dir}, '-p', $self->{ports}{PGPORT}, '-U', 'postgres', '-d', 'social', '-c', $sql or die;
	my $output = join '', <$psql>;
	close $psql;
	chomp $output;
	return $output;
}

END
{
	my $status = $?;
	for my $self (@made)
	{
		local $?;
		system 'make', '-s', '-C', $self->{top}, 'purge', "RUN_DIR=$self->{run_dir}" if -d "$self->{run_dir}/pgdata";
		system 'rm', '-rf', $self->{run_dir};
	}
	$? = $status;
}

1;
