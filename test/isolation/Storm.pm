package Storm;
# What storms share: a database of their own, and pgbench sessions that must all end well.
use strict;
use warnings;
use Exporter 'import';
use File::Temp 'tempdir';
use Test::More;
our @EXPORT = qw(sql start ends_well);

my $dir = tempdir(CLEANUP => 1);
my $own = "social_storm_$$";
my $seconds = $ENV{STORM_SECONDS} // 8;
my $scripts = 0;

sub psql
{
	my ($database, $sql) = @_;
	open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-c', $sql
		or BAIL_OUT("psql: $!");
	my $output = join '', <$psql>;
	close $psql or BAIL_OUT("psql failed in $database: $sql");
	chomp $output;
	return $output;
}

psql('postgres', "CREATE DATABASE $own TEMPLATE template0 ENCODING 'UTF8'");
psql($own, 'CREATE EXTENSION social');
END { my $status = $?; psql('postgres', "DROP DATABASE IF EXISTS $own WITH (FORCE)"); $? = $status }

sub sql { return psql($own, @_) }

# Starts so many pgbench sessions with these settings and this script for the time of the storm.
sub start
{
	my ($sessions, $settings, $script) = @_;
	my $file = "$dir/script" . $scripts++;
	open my $handle, '>', $file or BAIL_OUT("script: $!");
	print $handle $script;
	close $handle;
	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @$settings;
	open my $pgbench, '-|', "pgbench -n -c $sessions -T $seconds -f $file --max-tries=100 $own 2>&1" or BAIL_OUT("pgbench: $!");
	return $pgbench;
}

# Waits for their end; is(…) that no transaction failed, and that there were some.
sub ends_well
{
	my ($pgbench, $name) = @_;
	my $output = join '', <$pgbench>;
	my $status = close $pgbench;
	my ($done)   = $output =~ /transactions actually processed: (\d+)/;
	my ($failed) = $output =~ /number of failed transactions: (\d+)/;
	ok($status && $done && !$failed, $name) or diag($output);
}

1;
