package Bench;
# What the benchmarks share: psql, pgbench, CPU time from /proc, interleaved rounds, latencies within
# one session, medians, rows.
use strict;
use warnings;
use Exporter 'import';
use File::Temp 'tempfile';
use POSIX qw(sysconf _SC_CLK_TCK);
our @EXPORT = qw(sql cpu_clock pgbench interleave latencies median row bridge_pid cpu_seconds rounds seconds_per_side);

sub rounds           { $ENV{ROUNDS}           // 5 }
sub seconds_per_side { $ENV{SECONDS_PER_SIDE} // 5 }

# Runs SQL text as the superuser; returns its output; dies when it fails.
sub sql
{
	my ($text) = @_;
	my ($handle, $file) = tempfile(UNLINK => 1);
	print $handle $text;
	close $handle;
	my $output = `psql -X -q -A -t -v ON_ERROR_STOP=1 -f $file 2>&1`;
	die "SQL failed: $output" if $?;
	chomp $output;
	return $output;
}

# Runs a pgbench script (its text) with further options; returns {tps, transactions, failed}.
sub pgbench
{
	my ($script, @options) = @_;
	my ($handle, $file) = tempfile(UNLINK => 1);
	print $handle $script;
	close $handle;
	my $command = join ' ', 'pgbench', '-n', '-M prepared', "-f $file", @options;
	my $output = `$command 2>&1`;
	die "pgbench failed: $output" if $? || $output !~ /^tps = ([\d.]+)/m;
	my $tps = $1;
	my ($transactions) = $output =~ /transactions actually processed: (\d+)/;
	my ($failed)       = $output =~ /number of failed transactions: (\d+)/;
	return { tps => $tps, transactions => $transactions, failed => $failed // 0, output => $output };
}

# CPU seconds (user and system) that a process has used, its reaped children included.
sub process_cpu
{
	my ($pid) = @_;
	open my $stat, '<', "/proc/$pid/stat" or return 0;
	my ($fields) = (<$stat> // '') =~ /\)\s+(.*)/ or return 0;    # it has gone
	my @fields = split ' ', $fields;
	return ($fields[11] + $fields[12] + $fields[13] + $fields[14]) / sysconf(_SC_CLK_TCK);
}

sub pid_in
{
	my ($name) = @_;
	open my $file, '<', "$ENV{RUN_DIR}/$name" or die "no pid file $name";
	chomp(my $pid = <$file>);
	return $pid;
}

sub bridge_pid { return pid_in('bridge.pid') }

# CPU seconds so far of the whole PostgreSQL cluster, of the bridge, or of a process and its children.
sub cpu_seconds
{
	my ($what) = @_;
	my $pid = $what eq 'bridge' ? bridge_pid() : $what eq 'postgres' ? pid_in('pgdata/postmaster.pid') : $what;
	my $children = do { open my $list, '<', "/proc/$pid/task/$pid/children"; <$list> // '' };
	my $sum = 0;
	$sum += process_cpu($_) for $pid, split ' ', $children;
	return $sum;
}

# Runs each side once a round, in turn; returns a list of figures per side.
sub interleave
{
	my (%sides) = @_;
	my %figures;
	for my $round (1 .. rounds())
	{
		push @{ $figures{$_} }, $sides{$_}->($round) for sort { ($round % 2) ? $a cmp $b : $b cmp $a } keys %sides;
	}
	return %figures;
}

# SQL that makes pg_temp.cpu(): the milliseconds of a processor that this session has had.
sub cpu_clock
{
	return <<'SQL';
-- Reading stat first brings what schedstat says up to date.
CREATE FUNCTION pg_temp.cpu() RETURNS double precision LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_read_file('/proc/self/stat');
	RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint / 1e6;
END $$;
SQL
}

# Runs prepared statements in turn within one session, each call in a transaction of its own, and
# returns the median milliseconds of each side. calls: [side, viewer or undef, 'EXECUTE name(...)'];
# the n-th calls of all sides run in turn, to and fro. clock is
# 'cpu' (what the backend worked, without what it waited for a processor; no parallel workers) or
# 'wall'. What an empty prepared call takes is taken off.
sub latencies
{
	my (%arg) = @_;
	my $clock = ($arg{clock} // 'cpu') eq 'cpu' ? 'pg_temp.cpu()' : 'extract(epoch FROM clock_timestamp()) * 1000';
	my @calls = @{ $arg{calls} };
	my %seen;
	my $values = join ",\n", map { sprintf "(%d, '%s', %s, \$call\$%s\$call\$)", $seen{ $_->[0] }++, $_->[0], $_->[1] // 'NULL', $_->[2] } @calls;
	my $rounds = $arg{rounds} // rounds();
	my $output = sql(cpu_clock() . <<"SQL");
SET client_min_messages = warning; SET max_parallel_workers_per_gather = 0; SET jit = off;
$arg{prepare}
PREPARE nothing AS SELECT 1;
CREATE TEMP TABLE calls (groups integer, side text, viewer bigint, statement text);
INSERT INTO calls VALUES $values;
INSERT INTO calls SELECT DISTINCT groups, '', viewer, 'EXECUTE nothing' FROM calls;
CREATE TEMP TABLE samples (side text, ms double precision);
DO \$\$
DECLARE
	call record;
	started double precision;
	ended double precision;
BEGIN
	-- The first round warms up.
	FOR round IN 0 .. $rounds LOOP
		FOR call IN SELECT * FROM calls ORDER BY groups, CASE WHEN round % 2 = 0 THEN side END, side DESC LOOP
			COMMIT;
			PERFORM social.act_as(call.viewer);
			started := $clock;
			EXECUTE call.statement;
			ended := $clock;
			IF round > 0 THEN
				INSERT INTO samples VALUES (call.side, ended - started);
			END IF;
		END LOOP;
	END LOOP;
END \$\$;
SELECT side, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FROM samples GROUP BY side;
SQL
	my %median = map { split /\|/ } grep { /\|/ } split /\n/, $output;
	my $empty = delete $median{''};
	return map { $_ => $median{$_} - $empty } keys %median;
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return @sorted % 2 ? $sorted[ @sorted / 2 ] : ($sorted[ @sorted / 2 - 1 ] + $sorted[ @sorted / 2 ]) / 2;
}

# Prints one row; bar is '>= x' or '<= x' or '' where the row only reports.
sub row
{
	my ($name, $ours, $reference, $bar) = @_;
	my $ratio = $reference ? $ours / $reference : 0;
	my $verdict = '';
	if ($bar)
	{
		my ($sense, $limit) = split ' ', $bar;
		$verdict = ($sense eq '>=' ? $ratio >= $limit : $ratio <= $limit) ? '' : '  MISSED';
	}
	printf "%-58s %12.5g %12.5g %8.3f %8s%s\n", $name, $ours, $reference, $ratio, $bar // '', $verdict;
	return $ratio;
}

1;
