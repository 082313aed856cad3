package Bench;
# What the benchmarks share: psql, pgbench, CPU time from /proc, interleaved rounds, medians, rows.
use strict;
use warnings;
use Exporter 'import';
use File::Temp 'tempfile';
use POSIX qw(sysconf _SC_CLK_TCK);
our @EXPORT = qw(sql pgbench interleave median row cpu_seconds rounds seconds_per_side);

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
	my ($fields) = <$stat> =~ /\)\s+(.*)/;
	my @fields = split ' ', $fields;
	return ($fields[11] + $fields[12] + $fields[13] + $fields[14]) / sysconf(_SC_CLK_TCK);
}

# CPU seconds of the whole PostgreSQL cluster, or of the bridge, so far.
sub cpu_seconds
{
	my ($what) = @_;
	open my $file, '<', $what eq 'bridge' ? "$ENV{RUN_DIR}/bridge.pid" : "$ENV{RUN_DIR}/pgdata/postmaster.pid"
	  or die "no pid file of $what";
	chomp(my $pid = <$file>);
	return process_cpu($pid) if $what eq 'bridge';
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
