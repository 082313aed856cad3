# storm.t: the benchmark's storm for a few seconds: everything at once, in opposite orders, without
# a deadlock and with exact counts and notifications at its end. mission P-02.
use strict;
use warnings;
use Test::More;

my $own = "social_random_storm_$$";
sub psql { system('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $_[0], '-c', $_[1]) == 0 or BAIL_OUT("psql failed: $_[1]") }

psql('postgres', "CREATE DATABASE $own TEMPLATE template0 ENCODING 'UTF8'");
psql($own, 'CREATE EXTENSION social');
{
	local @ENV{qw(PGDATABASE STORM_SECONDS)} = ($own, $ENV{STORM_SECONDS} // 6);
	my $output = `perl -Ibench bench/storm.pl 2>&1`;
	is($?, 0, 'the storm leaves nothing wrong') or diag($output);
	like($output, qr/^  $_ +0$/m, "no $_") or diag($output)
		for 'deadlocks', 'failed transactions', 'counters that drifted', 'notifications of what was undone', 'likes that nobody was told of';
}
END { psql('postgres', "DROP DATABASE IF EXISTS $own WITH (FORCE)") if $own }
done_testing();
