# password_hasher.t: passwords are hashed by processes of low priority, so that reads do not wait for
# logins; whoever leaves early, the backend or the process, leaves nothing behind. mission 117, design D10.
use strict;
use warnings;
use lib 'test/isolation';
use File::Temp 'tempfile';
use Hashers;
use Test::More;
use Time::HiRes qw(sleep time);

sub psql { my $out = `psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$_[0]"`; BAIL_OUT("psql failed: $_[0]") if $?; chomp $out; return $out }
sub slurp { my ($path) = @_; open my $file, '<', $path or return ''; local $/; return <$file> // '' }

sub becomes
{
	my ($get, $wanted, $name) = @_;
	my $deadline = time + 120;
	my $got;
	while (($got = $get->()) ne $wanted && time < $deadline) { sleep 0.02 }
	is($got, $wanted, $name);
}

my $turns = 'SELECT running, waiting FROM social.password_turns()';
plan skip_all => 'the library is not preloaded' if psql('SELECT allowed FROM social.password_turns()') eq '0';

sub turns_become { my ($wanted, $name) = @_; becomes(sub { psql($turns) }, $wanted, $name) }

# Runs a statement in a backend that pg_stat_activity shows by this name; returns where it answers.
sub start
{
	my ($name, $sql) = @_;
	local $ENV{PGAPPNAME} = $name;
	my ($handle, $file) = tempfile(UNLINK => 1);
	print $handle $sql;
	close $handle;
	open my $psql, '-|', "psql -X -q -A -t -v VERBOSITY=sqlstate -f $file 2>&1" or BAIL_OUT("psql: $!");
	return $psql;
}
sub answer { my ($psql) = @_; my $out = do { local $/; <$psql> }; close $psql; return $out }
sub kill_by { my ($function, $name) = @_; psql("SELECT $function(pid) FROM pg_stat_activity WHERE application_name = '$name'") }

# What the kernel tells of a process: after its name, niceness is the 17th field, CPU time the 12th and 13th.
sub fields { my ($pid) = @_; return split ' ', slurp("/proc/$pid/stat") =~ s/^.*\)\s+//sr }

sub priority
{
	my ($pid) = @_;
	my ($group) = slurp("/proc/$pid/autogroup") =~ /nice (-?\d+)/;
	return join ' ', (fields($pid))[16], $group // 3;
}

sub cpu { my $sum = 0; $sum += $_->[11] + $_->[12] for map { [ fields($_) ] } hashers(); return $sum }

sub given
{
	my ($name) = @_;
	my $hash = start($name, q{SELECT social.verify_password('x', social.hash_password('x'))});
	becomes(sub { psql("SELECT wait_event_type FROM pg_stat_activity WHERE application_name = '$name'") }, 'Extension', "$name waits");
	is(psql($turns), '1|0', 'and has a turn');
	return $hash;
}

psql('ALTER SYSTEM SET social.password_concurrency = 1');
psql('SELECT pg_reload_conf()');
becomes(sub { psql('SELECT allowed FROM social.password_turns()') }, 1, 'one may hash at once');

my $count = hashers();
cmp_ok($count, '>=', 1, 'there are processes that hash');
becomes(sub { join ',', map { priority($_) } hashers() }, join(',', ('3 3') x $count), 'their priority is low, each alone and as its session');

my $before = cpu();
is(psql(q{SELECT social.verify_password('x', 'pbkdf2_sha256\$1000000\$salt\$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=')}), 'f', 'a password is verified');
cmp_ok(cpu(), '>', $before, 'by one of them');

stop_hashers();
my $cancelled = given('hash_cancelled');
kill_by('pg_cancel_backend', 'hash_cancelled');
like(answer($cancelled), qr/57014/, 'it can be cancelled while a process hashes for it');
is(psql($turns), '1|0', 'the process keeps the turn');
my $next = start('hash_next', q{SELECT social.verify_password('x', social.hash_password('x'))});
turns_become('1|1', 'so that the next one waits');
hashers_go_on();
is(answer($next), "t\n", 'until the process comes to its end');
turns_become('0|0', 'and nothing is left');

stop_hashers();
my $left = given('hash_left');
hashers_go_on('TERM');
is(answer($left), "t\n", 'a backend whose process goes away hashes by itself');
turns_become('0|0', 'in the same turn');
becomes(sub { scalar hashers() }, $count, 'the server starts another one');
becomes(sub { join ',', map { priority($_) } hashers() }, join(',', ('3 3') x $count), 'of low priority too');

stop_hashers();
my $terminated = given('hash_terminated');
kill_by('pg_terminate_backend', 'hash_terminated');
like(answer($terminated), qr/57P01|closed/, 'it can be terminated');
hashers_go_on('TERM');
turns_become('0|0', 'a process that goes away gives back the turn that was left to it');
is(psql(q{SELECT social.verify_password('x', social.hash_password('x'))}), 't', 'and everything works as before');
becomes(sub { scalar hashers() }, $count, 'with as many processes');

END
{
	local $?;
	system 'psql', '-X', '-q', '-o', '/dev/null', '-c', 'ALTER SYSTEM RESET social.password_concurrency', '-c', 'SELECT pg_reload_conf()';
}
done_testing();
