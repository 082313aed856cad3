# path.t: a checkout below a path with a blank and a quote (found A9).
use strict;
use warnings;
use lib 'test/instance';
use File::Temp 'tempdir';
use Instance;
use Test::More;

my $above = tempdir('path.XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $above;
my $copy = "$above/it's a checkout";
mkdir $copy;
# What was built goes along, so that little is to be built again.
system('bash', '-o', 'pipefail', '-c', 'tar --exclude=./.git --exclude=./.run --exclude="./build/[!r]*" --exclude=./test/npm/node_modules/relay-compiler -cf - . | tar -C "$1" -xf -', 'sh', $copy) == 0 or BAIL_OUT('the copy');

my $instance = Instance->new(top => $copy, run_dir => "$copy/.run");
my $up       = $instance->make('up', $instance->ports);
is($up->{status}, 0, 'make up') or BAIL_OUT($up->{errors});
like(`curl -s @{[ $instance->url ]}/api/posts/health/`, qr/healthy/, 'the bridge has found the database');
my ($psql) = $up->{output} =~ /psql +(psql .*)/;
is(`$psql -X -A -t -c 'SELECT 1'`, "1\n", 'the psql line that it prints is one for a shell');
is($instance->make('up')->{output} =~ /restarts/, '', 'make up again restarts nothing');
is($instance->make('status')->{status}, 0, 'make status');
my $test = $instance->make('test', 'TESTS=test/pgtap/core.sql test/unit/cursor_test.c test/http/health.t');
is($test->{status}, 0, 'make test') or diag($test->{output}, $test->{errors});
is($instance->make('purge')->{status}, 0, 'make purge');
ok(!-e $instance->run_dir, 'the data is deleted');
done_testing();
