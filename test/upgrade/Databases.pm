package Databases;
# What the tests of dumps and upgrades share: databases of their own, psql, fingerprints of data.
use strict;
use warnings;
use Exporter 'import';
use File::Temp qw(tempdir);
use Test::More;
our @EXPORT = qw(run sql create_database fingerprint $dir);

our $dir = tempdir(CLEANUP => 1);
my @databases;
# A dump of one statement a row is ten thousand commits; when each reaches the disk proves nothing here.
$ENV{PGOPTIONS} = '-c synchronous_commit=off';

# Runs a program without a shell; its exit status must be 0.
sub run
{
	my (@command) = @_;
	system(@command) == 0 or BAIL_OUT("@command failed: $?");
}

# Runs a psql script in a database and returns its output, unaligned.
sub sql
{
	my ($database, $sql) = @_;
	open my $script, '>', "$dir/script.sql" or BAIL_OUT("script: $!");
	print $script $sql;
	close $script;
	open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', "$dir/script.sql"
		or BAIL_OUT("psql: $!");
	my $output = join '', <$psql>;
	close $psql or BAIL_OUT("psql failed in $database: $sql");
	chomp $output;
	return $output;
}

sub create_database
{
	my ($name, $locale, $encoding) = @_;
	sql('postgres', "CREATE DATABASE $name TEMPLATE template0 ENCODING '" . ($encoding // 'UTF8') . "' " . ($locale // ''));
	push @databases, $name;
	return $name;
}

# Every table's rows and every sequence's state, one line each; but for events, which are about moments and stay.
sub fingerprint
{
	my ($database) = @_;
	return sql($database, <<'SQL');
SELECT format(CASE relkind WHEN 'r' THEN 'SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM social.%I t'
	ELSE 'SELECT %L, last_value, is_called FROM social.%I' END, relname, relname)
FROM pg_class WHERE relnamespace = 'social'::regnamespace AND relkind IN ('r', 'S') AND relname <> ALL ('{event_outbox,event_counts,events}') ORDER BY relkind, relname \gexec
SQL
}

END
{
	my $status = $?;
	sql('postgres', "DROP DATABASE $_ WITH (FORCE)") for reverse @databases;
	$? = $status;
}

1;
