# password_turn.t: no more backends than social.password_concurrency hash passwords at once; the others
# wait in the order in which they came, and whoever leaves the queue leaves nothing behind. mission 117,
# design D10.
use strict;
use warnings;
use lib 'test/isolation';
use File::Temp 'tempfile';
use Hashers;
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

$ENV{PGOPTIONS} = '-c social.argon2_memory=19456 -c social.argon2_iterations=2'; # so that there is a queue

sub psql { my $out = `psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$_[0]"`; BAIL_OUT("psql failed: $_[0]") if $?; chomp $out; return $out }

sub becomes
{
	my ($sql, $wanted, $name) = @_;
	my $deadline = time + 240;
	my $got;
	while (($got = psql($sql)) ne $wanted && time < $deadline) { sleep 0.02 }
	is($got, $wanted, $name);
}

my $turns = 'SELECT running, waiting FROM social.password_turns()';
plan skip_all => 'the library is not preloaded' if psql('SELECT allowed FROM social.password_turns()') eq '0';

sub allow
{
	my ($number) = @_;
	psql("ALTER SYSTEM SET social.password_concurrency = $number");
	psql('SELECT pg_reload_conf()');
	becomes('SELECT allowed FROM social.password_turns()', $number, "$number may hash at once");
}

# Runs statements in a backend that pg_stat_activity shows by this name; returns where it answers.
sub start
{
	my ($name, $sql, $options) = @_;
	local $ENV{PGAPPNAME} = $name;
	local $ENV{PGOPTIONS} = join ' ', $ENV{PGOPTIONS}, $options // ();
	my ($handle, $file) = tempfile(UNLINK => 1);
	print $handle $sql;
	close $handle;
	open my $psql, '-|', "psql -X -q -A -t -v VERBOSITY=sqlstate -f $file 2>&1" or BAIL_OUT("psql: $!");
	return $psql;
}
sub answer { my ($psql) = @_; my $out = do { local $/; <$psql> }; close $psql; return $out }
sub kill_by { my ($function, $name) = @_; psql("SELECT $function(pid) FROM pg_stat_activity WHERE application_name = '$name'") }

# Hashing itself cannot be cancelled; one that takes longer than a process that has its turn waits for a core.
my $long = q{SELECT social.verify_password('x', 'pbkdf2_sha256$1000000$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=')};

cmp_ok(psql('SELECT allowed FROM social.password_turns()'), '>=', 1, 'by default at least one may hash');
allow(1);

cmp_ok(stop_hashers(), '>=', 1, 'who would hash stands still');
my $holder = start('turn_holder', $long);
becomes($turns, '1|0', 'one hashes');
my $cancelled = start('turn_cancelled', $long);
becomes($turns, '1|1', 'the next one waits');
becomes("SELECT wait_event_type FROM pg_stat_activity WHERE application_name = 'turn_cancelled'", 'Extension', 'which is to be seen');
my $terminated = start('turn_terminated', $long);
becomes($turns, '1|2', 'and one more');
kill_by('pg_cancel_backend', 'turn_cancelled');
like(answer($cancelled), qr/57014/, 'a waiting backend can be cancelled');
kill_by('pg_terminate_backend', 'turn_terminated');
like(answer($terminated), qr/57P01|closed/, 'and terminated');
like(answer(start('turn_timeout', $long, '-c statement_timeout=100ms')), qr/57014/, 'and runs out of time while it waits');
is(psql($turns), '1|0', 'they leave no place behind, while the first still hashes');

my @order;
my @queue = map {
	my $number = $_;
	my $psql = start("turn_$number", "$long IS NOT NULL, clock_timestamp()");
	becomes($turns, "1|$number", "$number wait");
	$psql
} 1 .. 3;
hashers_go_on();
is(answer($holder), "f\n", 'the first has its answer');
my @times = map { answer($_) =~ /^t\|(.+)$/ ? $1 : 'none' } @queue;
is_deeply([ sort @times ], \@times, 'the others have theirs in the order in which they came');
becomes($turns, '0|0', 'and nothing is left');

stop_hashers();
my $doomed = start('turn_doomed', $long);
becomes($turns, '1|0', 'one hashes again');
kill_by('pg_terminate_backend', 'turn_doomed');
answer($doomed);
hashers_go_on();
becomes($turns, '0|0', 'terminated, it gives its turn back');

# Through every door, with statements that run out of time in all places.
allow(2);
my $script = join '', map { "SET statement_timeout = $_; SELECT social.hash_password('x'); SELECT social.check_password('x', NULL); SELECT social.verify_password('x', 'none');" } map { 1 + 7 * $_ % 120 } 1 .. 16;
my @storm = map { start("turn_storm_$_", $script) } 1 .. 8;
my ($most, $waited) = (0, 0);
my $deadline = time + 120;
while (psql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'turn_storm%'}) > 0 && time < $deadline)
{
	my ($running, $waiting) = split /\|/, psql($turns);
	($most, $waited) = (max($most, $running), max($waited, $waiting));
}
answer($_) for @storm;
is($most, 2, 'of eight, two hash at once and never more');
cmp_ok($waited, '>', 0, 'while others wait');
becomes($turns, '0|0', 'and the count is right when all have gone, in time or not');

END
{
	local $?;
	system 'psql', '-X', '-q', '-o', '/dev/null', '-c', 'ALTER SYSTEM RESET social.password_concurrency', '-c', 'SELECT pg_reload_conf()';
}
done_testing();
