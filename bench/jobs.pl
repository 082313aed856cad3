# jobs.pl: background jobs (seed 149, 155; P-24). Asking for a job against a bare INSERT of the same row;
# claiming and ending jobs that do nothing against graphile-worker (bench/jobs, pinned by its lock file),
# both by the same driver in node; from the commit to the start; and what a snapshot that somebody holds
# for 20 seconds costs.
use strict;
use warnings;
use Bench;

$| = 1;
my $status = 0;
my $jobs   = $ENV{BENCH_JOBS} // 20_000;

sub bar { $status = 1 if !$_[0] }

sub worker
{
	my (@arguments) = @_;
	chomp(my $figure = `node bench/jobs/worker.mjs @arguments`);
	die "worker.mjs failed\n" if $? || $figure !~ /^[\d.]+$/;
	return $figure;
}

sub clean { sql('TRUNCATE social.jobs, social.job_history') }

sql(q{SELECT social.set_job_kind('bench')});

# ---- asking: what the session works for one, without the commit that both need

my $args = q{'{"post": 12345, "to": "somebody"}'};
clean();
my %cost = latencies(
	prepare => "PREPARE ours AS SELECT social.enqueue_job('bench', $args); PREPARE bare AS INSERT INTO social.jobs (kind, args) VALUES ('bench', $args);",
	calls   => [ map { (['ours', undef, 'EXECUTE ours'], ['bare', undef, 'EXECUTE bare']) } 1 .. 100 ]);
bar(row('enqueue: a bare insert, ms of CPU / ours', $cost{bare}, $cost{ours}, '>= 0.9') >= 0.9);

# With the commit and with the worker, which is woken.
my %asking = (
	ours   => "SELECT social.enqueue_job('bench', $args);",
	insert => "INSERT INTO social.jobs (kind, args) VALUES ('bench', $args);",
);
my %figures = interleave(map { my $side = $_; $side => sub { clean(); return pgbench($asking{$side}, '-c 4', '-T ' . seconds_per_side())->{tps} } } keys %asking);
row('enqueue a second, 4 clients / a bare insert', median(@{ $figures{ours} }), median(@{ $figures{insert} }), '');

# ---- claiming and ending

if (-d 'bench/jobs/node_modules')
{
	system('node', 'bench/jobs/node_modules/graphile-worker/dist/cli.js', '--schema-only', '-c', 'postgres:///') == 0 or die "no schema of graphile-worker\n";
	my %sides = (
		ours => sub {
			clean();
			sql("SELECT cardinality(social.enqueue_jobs('bench', (SELECT array_agg(jsonb_build_object('n', n)) FROM generate_series(1, $jobs) n))); ANALYZE social.jobs");
			return worker('ours', $jobs);
		},
		graphile => sub {
			sql('DELETE FROM graphile_worker._private_jobs');
			sql("SELECT count(graphile_worker.add_job('bench', json_build_object('n', n))) FROM generate_series(1, $jobs) n; ANALYZE graphile_worker._private_jobs");
			return worker('graphile', $jobs);
		},
	);
	my %done = interleave(%sides);
	bar(row('claim and end, jobs a second / graphile-worker', median(@{ $done{ours} }), median(@{ $done{graphile} }), '>= 2') >= 2);

	# ---- from the commit to the start
	clean();
	my $pid = fork // die;
	if ($pid == 0) { close STDOUT; exec 'node', 'bench/jobs/worker.mjs', 'listen', seconds_per_side() + 3 }
	pgbench($asking{ours}, '-c 1', '-R 20', '-T ' . seconds_per_side());
	waitpid $pid, 0;
	my $latency = 1000 * sql('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM leased_at - created_at)) FROM social.job_history');
	my $last    = 1000 * sql('SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM leased_at - created_at)) FROM social.job_history');
	bar(row('from commit to start, p50 in ms (20 a second)', $latency, 25, '<= 1') <= 1);
	row('from commit to start, p99 in ms', $last, 25, '');
}
else { print "# bench/jobs/node_modules is missing: no graphile-worker\n" }

# ---- a held snapshot

my $round_trip = <<'SQL';
SELECT cardinality(social.enqueue_jobs('bench', array_fill('{"n": 1}'::jsonb, ARRAY[100])));
SELECT coalesce(array_agg(id), '{}') AS ids, coalesce(array_agg(attempt), '{}') AS attempts FROM social.claim_jobs('held' || :client_id, '{bench}', 100) \gset
SELECT cardinality(social.finish_jobs('held' || :client_id, :ids::bigint[], :attempts::integer[]));
SQL
my %held = interleave(
	free => sub { clean(); return 100 * pgbench($round_trip, '-c 2', '-T 20')->{tps} },
	held => sub {
		clean();
		open my $holder, '|-', 'psql', '-X', '-q', '-A', '-t', '-o', '/dev/null' or die;
		$holder->autoflush(1);
		print $holder "SET application_name = 'bench holder'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM social.job_kinds;\n";
		until (sql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bench holder' AND state = 'idle in transaction'}) == 1) { }
		my $tps = pgbench($round_trip, '-c 2', '-T 20')->{tps};
		print $holder "COMMIT;\n";
		close $holder;
		return 100 * $tps;
	});
bar(row('jobs a second while a snapshot is held for 20 s / free', median(@{ $held{held} }), median(@{ $held{free} }), '>= 0.7') >= 0.7);
clean();
exit $status;
