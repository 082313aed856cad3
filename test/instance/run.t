# run.t: what a newcomer does, on a terminal. `make run` on an empty directory, the two curl lines it
# prints, the README's examples line by line, Ctrl-C, a second start that keeps the data (issue: first
# light), and the end of the terminal (found A4).
use strict;
use warnings;
use lib 'test/instance';
use Cwd 'getcwd';
use Instance;
use IO::Select;
use POSIX ();
use Readme;
use Test::More;
use Time::HiRes qw(time);

my $top      = getcwd();
my $instance = Instance->new;
my ($terminal, $keys);

# Starts `make run` on a pseudo terminal; returns its output up to the prompt.
sub start
{
	pipe(my $read, my $write) or die;
	pipe(my $typed, $keys) or die;
	$terminal = fork() // die;
	if (!$terminal)
	{
		Instance::plain_environment();
		open STDIN,  '<&', $typed;
		open STDOUT, '>&', $write;
		open STDERR, '>&', $write;
		close $_ for $keys, $read;
		exec 'script', '-q', '-f', '-e', '-c', join(' ', 'make --no-print-directory run', "RUN_DIR=" . $instance->run_dir, $instance->ports), '/dev/null' or POSIX::_exit(127);
	}
	close $_ for $write, $typed;
	$keys->autoflush(1);
	my ($output, $deadline) = ('', time + 480);
	my $select = IO::Select->new($read);
	while ($output !~ /Ctrl-C stops it/ && time < $deadline)
	{
		next unless $select->can_read(1);
		sysread($read, $output, 4096, length $output) or last;
	}
	return $output;
}

# Whether it has ended within 120 seconds.
sub ended
{
	my $status = wait_until(120, sub { waitpid($terminal, POSIX::WNOHANG()) == $terminal });
	close $keys;
	return $status;
}

my $psql = "psql -X -A -t -h " . $instance->run_dir . " -p " . $instance->port('PGPORT') . " -U postgres social";

# 1. An empty directory.
my $began  = time;
my $output = start();
my $first  = time - $began;
like($output, qr/Ctrl-C stops it/, 'make run comes up and says so') or BAIL_OUT($output);
my @curls = $output =~ /^\s+(curl .*?)\r?$/mg;
is(scalar @curls, 2, 'it prints two curl lines to try');
like(shell($curls[0]), qr/"searchPostsFts":\[\{"id":"\d+"/, 'the first finds a post over HTTP');
like(shell($curls[1]), qr/"access":\s?"[\w-]+\.[\w-]+\.[\w-]+"/, 'the second logs a demo user in');
cmp_ok(shell(qq{$psql -c 'SELECT count(*) FROM social.posts'}), '>', 100, 'the demo data is there (seed 152)');
is((stat $instance->run_dir)[2] & 077, 0, 'nobody but the owner enters RUN_DIR');
cmp_ok(scalar $instance->processes, '>=', 3, 'PostgreSQL, Redis and the bridge run there');

# 2. The README's examples: each command of a ```console block and the output printed below it.
readme_holds($top, run_dir => $instance->run_dir, http => $instance->port('HTTP_PORT'), pg => $instance->port('PGPORT'));

# 3. A second one is refused: its Ctrl-C could not stop anything (found A7).
my $second = $instance->make('run', $instance->ports);
isnt($second->{status}, 0, 'make run while it is up is refused');
like($second->{errors}, qr/it is up already/, 'with the reason');
is($instance->make('status')->{status}, 0, 'and what runs goes on');

# 4. Ctrl-C stops all it started and nothing else.
my $posts = shell(qq{$psql -c 'SELECT count(*) FROM social.posts'});
print $keys "\003";
ok(ended(), 'Ctrl-C ends it');
is(join("\n", $instance->processes), '', 'no process of it is left');
is(port_open($instance->port($_)), 0, "$_ is closed") for qw(HTTP_PORT PGPORT REDIS_PORT);
if ($ENV{BRIDGE_URL})
{
	like(shell("curl -sS $ENV{BRIDGE_URL}/api/posts/health/"), qr/healthy/, 'the other instance goes on');
}

# 5. A second start keeps the data, installs nothing and takes less than the first; the terminal is closed
# (found A4).
my $soonest;
for my $time (1 .. 4)
{
	$began  = time;
	$output = start();
	like($output, qr/Ctrl-C stops it/, 'it starts again');
	my $took = time - $began;
	$soonest = $took unless defined $soonest && $soonest < $took;
	if ($time == 1)
	{
		unlike($output, qr/installing/, 'nothing is installed again');
		is(shell(qq{$psql -c 'SELECT count(*) FROM social.posts'}), $posts, 'the data was kept');
	}
	kill 'KILL', $terminal;
	ended();
	my $left;
	ok(wait_until(120, sub { !($left = join "\n", $instance->processes) }), "its terminal is closed: nothing is left, time $time") or diag($left);
}
cmp_ok($soonest, '<', $first, 'it starts sooner than the first time') or diag("$soonest s and $first s");

# 6. make down from another terminal.
like(start(), qr/Ctrl-C stops it/, 'once more');
is($instance->make('down')->{status}, 0, 'make down from elsewhere');
ok(ended(), 'ends it');
$instance->nothing_left('and nothing is left');
done_testing();
