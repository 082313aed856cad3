# specs.t: runs the isolation specs (specs/*.spec) in a database of their own and compares what each
# interleaving did with expected/*.out.
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Temp 'tempdir';
use Test::More;

my $here      = dirname(__FILE__);
my $output    = tempdir(CLEANUP => 1);
my @specs     = map { basename($_, '.spec') } sort glob "$here/specs/*.spec";
chomp(my ($bindir, $pgxs) = (`docker/pg-config --bindir`, `\$(docker/pg-config) --pgxs`));
my $regress = dirname($pgxs) . '/../test/isolation/pg_isolation_regress';

my $log = `$regress --host=$ENV{PGHOST} --port=$ENV{PGPORT} --user=$ENV{PGUSER} --dbname=social_isolation --encoding=UTF8 --bindir=$bindir --load-extension=social --inputdir=$here --outputdir=$output @specs 2>&1`;
my $status = $?;
for my $spec (@specs)
{
	# From 16 on pg_regress speaks TAP itself.
	ok($log =~ /^(?:test \Q$spec\E\s.*ok|ok \d+\s+- \Q$spec\E\s)/m, $spec);
}
if (open my $diffs, '<', "$output/regression.diffs") { diag(<$diffs>) }
is($status, 0, 'every interleaving ended as expected') or diag($log);
system 'psql', '-X', '-q', '-d', 'postgres', '-c', 'DROP DATABASE IF EXISTS social_isolation';
done_testing();
