# rate_limit.pl: counting a request (two windows: everything per minute, the feed per minute) against
# an empty prepared call, in shared memory and in the table; 100,000 people, and one who asks all the
# time. design section 5. Refusals are not measured: the limits are raised first.
use strict;
use warnings;
use Bench;

sql(<<'SQL');
SELECT social.set_rate_limit('*', 'global', 'client', '1000000/second'), social.set_rate_limit('rest', 'feed_access', 'client', '1000000/second') \g /dev/null
TRUNCATE social.rate_limit_state;
SQL

my @load = ('-c 4', '-j 1', '-T ' . seconds_per_side());

sub side
{
	my ($script, $store) = @_;
	return sub {
		local $ENV{PGOPTIONS} = "-c social.rate_limit_store=$store";
		my $result = pgbench($script, @load);
		die "failed transactions: $result->{output}" if $result->{failed};
		return $result->{tps};
	};
}

my $many = "\\set user random(1, 100000)\nSELECT social.take_rate_limit('feed_access', :user, NULL, '192.0.2.1');\n";
my $one  = "\\set user random(1, 1)\nSELECT social.take_rate_limit('feed_access', :user, NULL, '192.0.2.1');\n";
my %tps  = interleave(
	empty     => side("\\set user random(1, 100000)\nSELECT :user;\n", 'auto'),
	memory    => side($many, 'memory'),
	table     => side($many, 'table'),
	memory_1  => side($one,  'memory'),
	table_1   => side($one,  'table'));
my %median = map { $_ => median(@{ $tps{$_} }) } keys %tps;
my $memory = row('rate limit in shared memory, tps / empty prepared call', $median{memory}, $median{empty}, '>= 0.85');
my $table  = row('rate limit in a table, tps / empty prepared call', $median{table}, $median{empty}, '>= 0.25');
row('  one person alone, shared memory', $median{memory_1}, $median{empty}, '');
row('  one person alone, table',         $median{table_1},  $median{empty}, '');
my $uncounted = sql('SELECT count(*) = 0 FROM social.rate_limit_state') eq 't' || sql('SELECT live = 0 FROM social.rate_limit_memory()') eq 't';
sql(q{SELECT social.set_rate_limit('*', 'global', 'client', NULL), social.set_rate_limit('rest', 'feed_access', 'client', NULL) \g /dev/null});
exit($memory >= 0.85 && $table >= 0.25 && !$uncounted ? 0 : 1);
