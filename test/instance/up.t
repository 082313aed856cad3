# up.t: make up, status, restart, down, purge: an instance that remembers its variables and restarts
# what changed.
use strict;
use warnings;
use lib 'test/instance';
use Instance;
use Test::More;

# Orphans become this test's, which reaps none of them: as where process 1 does not (found A5).
require 'sys/syscall.ph';
syscall(SYS_prctl(), 36, 1, 0, 0, 0) == 0 or BAIL_OUT("PR_SET_CHILD_SUBREAPER: $!");

my $instance = Instance->new;
my %before;
sub pids { return map { $_ => $instance->pid($_) } qw(bridge worker-1 redis postgres) }
# The servers that are others than before, by name.
sub restarted
{
	my %now = pids();
	my @others = grep { $now{$_} != $before{$_} } sort keys %now;
	%before = %now;
	return "@others";
}

# Its output is a pipe here, as under `make up | cat` or x=$(make up).
my $up = $instance->make('up', $instance->ports, 'DEMO=0');
is($up->{status}, 0, 'make up | cat returns (found A3)') or BAIL_OUT($up->{errors});
like($up->{output}, qr/social is up/, 'and says that it is up');
%before = pids();

my $graphiql = -f 'bridge/web/node_modules/.package-lock.json';
my $page = `curl -s -H 'Accept: text/html' @{[ $instance->url ]}/graphql/`;
like($page, $graphiql ? qr/graphiql\.js/ : qr/apt-get install npm/, 'seed 087: the playground is GraphiQL where npm has brought it');
is(`curl -s @{[ $instance->url ]}/graphql/graphiql.js | cmp bridge/web/node_modules/graphiql/graphiql.min.js 2>&1`, '', 'the one that the lock file pins') if $graphiql;

my $status = $instance->make('status');
is($status->{status}, 0, 'make status finds it without its variables repeated (found A6)');
like($status->{output}, qr/$_\s+runs \(process $before{$_}\)/, "$_ runs") for sort keys %before;
like($status->{output}, qr/HTTP_PORT=@{[$instance->port('HTTP_PORT')]} .*REDIS_PORT=@{[$instance->port('REDIS_PORT')]} .*DEMO=0/, 'with these variables');

is(system('docker/instance', 'status', 'RUN_DIR=' . $instance->run_dir) >> 8, 0, 'docker/instance takes variables as make does');

$up = $instance->make('up');
# Without npm's registry it says each time that it asked in vain.
is("$up->{status} " . $up->{errors} =~ s{^(?:npm |social: (?:installing )?bridge/web ).*\n}{}mgr, '0 ', 'make up again, without variables: up, in silence (found A11)');
is(restarted(), '', 'nothing was restarted');

# What changed is restarted, and nothing else (found A7); workers find the directory of files at the bridge.
for my $change ([ 'HTTP_PORT', 'bridge worker-1' ], [ 'REDIS_PORT', 'bridge redis' ], [ 'PGPORT', 'bridge postgres worker-1' ])
{
	my ($name, $servers) = @$change;
	my $old = $instance->port($name);
	$instance->{ports}{$name} = free_port();
	$up = $instance->make('up', "$name=" . $instance->port($name));
	is($up->{status}, 0, "another $name") or diag($up->{errors});
	is(restarted(), $servers, "restarts $servers");
	like($up->{output}, qr/$_ restarts: /, 'and says so') for $name eq 'HTTP_PORT' ? split(/ /, $servers) : ();
	ok(port_open($instance->port($name)) && !port_open($old), 'what listens is there, not here');
}
$up = $instance->make('up', 'MAX_BODY=2048', 'PG_EXTRA_CONF=social.title_max_length = 99');
is(restarted(), 'bridge postgres', "the bridge's settings and the extension's restart what they are for");
is($instance->psql('SHOW social.title_max_length'), 99, "a setting of the extension is PG_EXTRA_CONF's");
# What the server reads and does not take it warns of in its log alone; check() says it.
my $in_files = q{SELECT status FROM social.check() WHERE name = 'settings in files'};
is($instance->psql($in_files), 'ok', 'check(): the settings in the files are in force');
my $file = $instance->run_dir . '/pgdata/postgresql.conf';
my $kept = -s $file;
open my $more, '>>', $file or die;
print $more "social.restore_window = 'a while'\nsocial.restore_windows = 30d\n";
close $more;
is($instance->psql($in_files), 'error', 'check(): one that cannot be, or that there is not, is an error');
like($instance->psql(q{SELECT detail FROM social.check() WHERE name = 'settings in files'}), qr/restore_window = a while \(.*postgresql\.conf:\d+\), social\.restore_windows = 30d/, 'which says where it stands');
truncate $file, $kept;
my $body = `curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '@{[ ' ' x 3000 ]}' @{[ $instance->url ]}/graphql/`;
is($body, 413, "a setting of the bridge is passed on");
$instance->make('up', 'SMTP_URL=smtp://127.0.0.1:9', 'MAIL_FROM=a@example.com', 'FRONTEND_URL=');
is(restarted(), 'worker-1', "a worker's settings restart workers");
isnt($instance->make('up', 'WORKERS=many')->{status}, 0, 'WORKERS is a number');
$instance->make('up', 'WORKERS=2');
is(restarted(), '', 'another worker');
like($instance->make('status')->{output}, qr/worker-1\s+runs .*worker-2\s+runs /s, 'comes beside the first');
$instance->make('up', 'WORKERS=1', 'SMTP_URL=', 'MAIL_FROM=');
is(restarted(), 'worker-1', 'and goes');
is($instance->make('up')->{status}, 0, 'they are remembered');
is(restarted(), '', 'all of them');
$instance->make('up', 'MAX_BODY=');
is(restarted(), 'bridge', 'an empty one is its default again');

# An edited program.
my $bridge = 'build/release/social-bridge';
system "cp -p $bridge $bridge.kept && cp -p $bridge $bridge.edited && echo >>$bridge.edited && mv $bridge.edited $bridge";
$instance->make('up');
is(restarted(), 'bridge', 'the bridge was edited: it restarts');
system "mv $bridge.kept $bridge";
$instance->make('up');
is(restarted(), 'bridge', 'and again when the edit is undone');
my $conf = $instance->run_dir . '/pgdata/social.conf';
system 'sed', '-i', 's/^# library .*/# library of before/', $conf;
$instance->make('up');
is(restarted(), 'postgres', "the extension's library was edited: PostgreSQL restarts");

my $restart = $instance->make('restart', 'MAX_BODY=4096', 'LOG_LEVEL=error');
is($restart->{status}, 0, 'make restart, whatever is logged') or diag($restart->{errors});
is(restarted(), 'bridge postgres redis worker-1', 'restarts all');
like($instance->make('status', 'MAX_BODY=1024', 'HTTP_PORT=1')->{output}, qr/on 127\.0\.0\.1:@{[$instance->port('HTTP_PORT')]}.* MAX_BODY=4096/s, 'with what it is told, and status says what runs');
is($instance->make('status')->{status}, 0, 'with the same variables');

# Whoever died is seen, though its pid file stands there, and started again (found A11).
kill 'KILL', $before{bridge};
ok(wait_until(120, sub { $instance->make('status')->{output} =~ /bridge\s+does not run/ }), 'a bridge that was killed does not run');
$up = $instance->make('up');
is("$up->{status} $up->{errors}", '0 ', 'make up starts it again, in silence');
is(restarted(), 'bridge', 'and it alone');
kill 'KILL', $before{postgres};
$up = $instance->make('up');
is($up->{status}, 0, 'PostgreSQL likewise') or diag($up->{errors});

# Logs are bounded (found E7).
$instance->psql(q{DO $$ BEGIN FOR i IN 1 .. 6000 LOOP RAISE LOG '%', repeat('x', 10000); END LOOP; END $$});
my $size;
ok(wait_until(60, sub { ($size) = split ' ', `du -sm @{[ $instance->run_dir ]}/log/postgres`; $size > 15 }), 'PostgreSQL logs 60 MB: older pieces are kept');
cmp_ok($size, '<=', 32, "but not all: $size MB");

my $down = $instance->make('down');
is($down->{status}, 0, 'make down, without its variables');
unlike("$down->{output}$down->{errors}", qr/does not end|killed/, 'and all end when they are asked to (found A5)');
$instance->nothing_left('and leaves nothing: Redis neither (found A6)');
$down = $instance->make('down');
is($down->{status}, 0, 'down once more');
like($down->{output}, qr/nothing runs/, 'says that nothing runs');
my $zombies = grep { my $stat; open($stat, '<', "$_/stat") && (<$stat> // '') =~ /\) Z $$ / } glob '/proc/[0-9]*';
cmp_ok($zombies, '>=', 3, "though they are zombies that nobody reaps: $zombies (found A5)");
is($instance->make('status')->{status}, 2, 'and status fails'); # make's own status for a recipe that fails
is($instance->make('purge')->{status}, 0, 'make purge');
ok(!-e $instance->run_dir, 'deletes the data');

like($instance->make('help')->{output}, qr/make up .*make purge.*RUN_DIR .*MAX_BODY/s, 'make help names the commands and the variables');
done_testing();
