# event_crash.t: the worker and the postmaster are killed (-9) again and again while eight sessions write,
# and at last the primary for good: each post that was committed is one event, under one id for whoever
# reads the log meanwhile, in the order of its writer's commits; a standby that takes over goes on with
# ids that nobody has seen. mission P-18, design D7.
use strict;
use warnings;
use lib 'test/upgrade', 'test/http';
use Cluster;
use POSIX ();
use Port;
use Social qw(wait_until);
use Test::More;

adopt_servers();
my $writers = 8;
my %port = (primary => $port, standby => free_port());

make_cluster('primary', "shared_preload_libraries = 'social'\nsocial.database = 'postgres'\nmax_connections = 60\nrestart_after_crash = on");
start('primary');
sql('CREATE EXTENSION social');
sql("INSERT INTO social.users (username) SELECT 'writer' || n FROM generate_series(1, $writers) n");
open my $script, '>', "$dir/write.sql" or BAIL_OUT("script: $!");
print $script <<'SQL';
\set n :n + 1
INSERT INTO social.posts (author_id, title, content) VALUES (:client_id + 1, :generation::text, :n::text);
SQL
close $script;

# Asks quietly: while a server is down there is no answer.
sub ask
{
	my ($sql) = @_;
	my $answer = `$bin/psql -X -q -A -t -v ON_ERROR_STOP=1 -h $dir -p $port -U postgres -d postgres -c "$sql" 2>$dir/asked`;
	chomp $answer;
	return $? == 0 ? $answer : undef;
}

# Reads on as a bridge does: what came after the last id that was seen.
my ($last, %seen, @order) = (0);
sub read_on
{
	my $rows = ask("SELECT id, post_id, type FROM social.events_after($last, 10000)") // return 0;
	my $n = 0;
	for (split /\n/, $rows)
	{
		my ($id, $post, $type) = split /\|/;
		$n++;
		$last = $id;
		next if $type ne 'post.created';
		$seen{$id} = $post;
		push @order, $id;
	}
	return $n;
}

my $generation = 0;
sub begin_writing
{
	$generation++;
	my $pid = fork() // die;
	if (!$pid)
	{
		open STDOUT, '>', '/dev/null';
		open STDERR, '>&', \*STDOUT;
		exec "$bin/pgbench", '-n', '-h', $dir, '-p', $port, '-U', 'postgres', '-c', $writers, '-T', '600', '-D', 'n=0', '-D', "generation=$generation", '-f', "$dir/write.sql", 'postgres' or POSIX::_exit(1);
	}
	return $pid;
}

# Reads on until so many more events have come.
sub read_more
{
	my ($more) = @_;
	my $before = @order;
	return wait_until(240, sub { read_on(); return @order >= $before + $more });
}
for my $victim (qw(worker postmaster worker postmaster))
{
	my $pgbench = begin_writing();
	ok(read_more(200), "events come while $writers sessions write");
	my $worker = $victim eq 'worker' && ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'social worker'");
	ok($victim eq 'worker' ? $worker && kill(9, $worker) : kill_server('primary'), "the $victim is killed");
	waitpid $pgbench, 0;
	isnt($?, 0, 'which ends the writers');
	ok(start_again('primary'), 'the server starts again') if $victim eq 'postmaster';
	ok(wait_until(240, sub { (ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'social worker'") // 0) == 1 }), 'the worker is back');
	ok(wait_until(240, sub { read_on(); (ask('SELECT count(*) FROM social.event_outbox') // 1) eq '0' && read_on() == 0 }), 'what waited is numbered');
}

# What holds of the log, and of what was read of it all along.
sub is_whole
{
	my ($where) = @_;
	is(sql(q{SELECT count(*) FROM social.posts p WHERE (SELECT count(*) FROM social.events e WHERE e.type = 'post.created' AND e.post_id = p.id) <> 1}), 0, "$where: each post is one event");
	is(sql(q{SELECT count(*) FROM social.events e WHERE e.type = 'post.created' AND NOT EXISTS (SELECT FROM social.posts p WHERE p.id = e.post_id)}), 0, 'and there is none without');
	is(sql(q{SELECT count(*) FROM (SELECT e.id, lag(e.id) OVER (PARTITION BY p.author_id, p.title ORDER BY p.content::integer) AS before
		FROM social.events e JOIN social.posts p ON p.id = e.post_id WHERE e.type = 'post.created') o WHERE o.id < o.before}), 0, 'in the order of its writer\'s commits');
}
cmp_ok(sql('SELECT count(*) FROM social.posts'), '>', 800, 'posts were written');
is_whole('after four crashes');
is(join(' ', map { "$_=$seen{$_}" } @order), sql(q{SELECT string_agg(id || '=' || post_id, ' ' ORDER BY id) FROM social.events WHERE type = 'post.created'}), 'P-18: who has read on through all of it has read the log, id by id');
is(sql('SELECT count(*) FROM social.event_histories'), 1, 'a crash begins no other history');

# The primary goes for good.
make_standby('standby', $port{standby}, '');
start('standby');
my $pgbench = begin_writing();
ok(read_more(200), 'events come while a standby follows');
ok(kill_server('primary'), 'the primary is killed');
waitpid $pgbench, 0;
$port = $port{standby};
ok(owner("$bin/pg_ctl", '-D', "$dir/standby", '-w', 'promote'), 'the standby takes over') or diag(output());
ok(wait_until(240, sub { (ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'social worker'") // 0) == 1 }), 'its worker is there');
sql("INSERT INTO social.posts (author_id, title, content) VALUES (1, 'afterwards', '0')");
ok(wait_until(240, sub { sql('SELECT count(*) FROM social.event_outbox') eq '0' }), 'and numbers');
is(sql(q{SELECT count(*) FROM social.event_histories}), 2, 'another history begins');
cmp_ok(sql(q{SELECT e.id FROM social.events e JOIN social.posts p ON p.id = e.post_id WHERE p.title = 'afterwards'}), '>', $last, 'with ids that nobody has seen');
is_whole('after the fail-over');
my $known = sql("SELECT max(id) FROM social.events WHERE id <= $last");
if ($known == $last) { isnt(ask("SELECT count(*) FROM social.events_after($last)"), undef, 'who has seen what the standby had goes on') }
else
{
	is(ask("SELECT count(*) FROM social.events_after($last)"), undef, 'who has seen what is lost is told');
	like(do { open my $said, '<', "$dir/asked" or die; local $/; <$said> }, qr/resync/, 'to read anew');
}
my $lost = $known + 1000;
is(ask("SELECT count(*) FROM social.events_after($lost)"), undef, 'an id beyond what was known here is refused');
is(ask("SELECT count(*) FROM social.events_after($known)") > 0, 1, 'the last that was known is not');

is($Cluster::failures, 0, 'no statement failed');
done_testing();
