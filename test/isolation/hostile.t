# hostile.t: every function of the extension, found in the catalog, is called with null, extremes and
# rubbish in each place, as its owner: no call may end the backend, report an internal error (class
# XX), or go on after its time is over. found E8.
use strict;
use warnings;
use File::Temp 'tempdir';
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = tempdir(CLEANUP => 1);
my $own = "social_hostile_$$";
# Milliseconds that a call may take before the server cancels it; one in C must need less. Those in
# SQL may well take longer for a megabyte, but can be cancelled.
my %timeout = (1 => 30000, 0 => 300);
my $patience = 120; # seconds without an answer after which nobody believes in a cancel any more

sub sql
{
	my ($database, $sql) = @_;
	open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-F', "\t", '-v', 'ON_ERROR_STOP=1', '-d', $database, '-c', $sql
		or BAIL_OUT("psql: $!");
	my $output = join '', <$psql>;
	close $psql or BAIL_OUT("psql failed in $database: $sql");
	chomp $output;
	return $output;
}

# ---- values: for each type (or its category), an ordinary one first, then the hostile ones -----------

my @text = ("'ann'", 'NULL', "''", "' '", "'a'", "E'\\x01\\x1b\\n'", "U&'\\200B\\3164'", "'-'", "'{}'", "'[]'", "'%'", "'\\'", "'\"'",
	"repeat('a', 1000000)", "repeat('a ', 500000)", "repeat('漢', 300000)", "repeat('é', 500000)", "repeat(U&'\\FDFA', 100000)",
	"repeat(U&'e\\0301', 300000)", "repeat('#a ', 300000)", "repeat('#', 1000000)", "repeat('\@b ', 300000)", "repeat('x.y/', 200000)",
	"repeat('-', 100000)", "repeat('\"a ', 100000)", "repeat('(a|', 100000)", "repeat('[', 100000)", "repeat('{\"a\":', 100000)",
	"repeat('a.b.', 100000)", "repeat('=', 100000)", "repeat('_', 1000000)", "repeat(E'\\n', 1000000)");
my @timestamp = ("'2026-01-01 00:00:00'", 'NULL', "'infinity'", "'-infinity'", "'4714-11-24 00:00:00 BC'", "'294276-12-31 23:59:59.999999'", "'epoch'");
my @float = ("'1'", 'NULL', "'NaN'", "'Infinity'", "'-Infinity'", "'0'", "'-0'", "'-1'");
my %values = (
	bool   => ['true', 'NULL', 'false'],
	int2   => [1, 'NULL', 0, "'-1'", "'-32768'", 32767],
	int4   => [1, 'NULL', 0, "'-1'", "'-2147483648'", 2147483647, 20, 100000],
	int8   => [1, 'NULL', 0, "'-1'", "'-9223372036854775808'", 9223372036854775807, 1000000000],
	float4 => [@float, "'3e38'", "'1e-40'"],
	float8 => [@float, "'1e308'", "'-1e308'", "'1e-320'"],
	numeric => [@float, "'1e1000'"],
	oid    => [1259, 'NULL', 0, 1, 4294967295],
	bytea  => ["'\\x00'", 'NULL', "''", "decode(repeat('ff', 20), 'hex')", "decode(repeat('00', 1000000), 'hex')"],
	timestamptz => \@timestamp, timestamp => \@timestamp, date => ["'2026-01-01'", 'NULL', "'infinity'", "'-infinity'"],
	interval => ["'1 hour'", 'NULL', "'0'", "'-178000000 years'", "'178000000 years'", "'-1 second'"],
	tsquery => ["'ann'", 'NULL', "''", "'!a'", "'!!!!(a & !b)'", "'a:* <5> b'", "array_to_string(array_fill('!a'::text, '{10000}'), '<->')::tsquery",
		"array_to_string(array_fill('a:*'::text, '{20000}'), '|')::tsquery"],
	tsvector => ["'ann:1A'", 'NULL', "''", "to_tsvector('simple', repeat('a b ', 10000))"],
	json   => ["'{}'", 'NULL', "'null'", "'[]'", "'\"x\"'", "'1e400'", "'{\"keys\":[{}]}'"],
	jsonb  => ["'{}'", 'NULL', "'null'", "'[]'", "'\"x\"'", "'{\"keys\":[{}]}'"],
	inet   => ["'::1'", 'NULL', "'0.0.0.0/0'"],
	uuid   => ["'00000000-0000-0000-0000-000000000000'", 'NULL'],
	name   => ["'ann'", 'NULL', "''"],
);
my %category = (S => \@text);

# The values for an argument of a type, each cast to it.
sub values_for
{
	my ($type, $base, $category, $kind, $element) = @_;
	my @list;
	if ($category eq 'A') {
		my ($one) = @{ values_for($element, $element =~ s/^(pg_catalog|social)\.//r, $values{$element} ? '' : 'S', 'b', '') };
		@list = ("ARRAY[$one]", 'NULL', "'{}'", 'ARRAY[NULL]', "ARRAY[ARRAY[$one,NULL],ARRAY[NULL,$one]]",
			"array_fill($one, '{100000}')", "array_fill($one, '{2}', '{-5}')");
	}
	elsif ($kind eq 'c') { @list = ("(SELECT r FROM $type r LIMIT 1)", 'NULL', "jsonb_populate_record(NULL::$type, '{}')") }
	elsif ($base =~ /^reg/) { @list = ($base eq 'regconfig' ? "'english'" : '0', 'NULL', 0, 1, 4294967295) }
	else { @list = @{ $values{$base} // $category{$category} // ['NULL'] } }
	return [ map { "($_)::$type" } @list ];
}

# ---- calls --------------------------------------------------------------------------------------------

# Who acts, and in which database: both at the same time, and neither meets the other's locks.
my %database = ('' => $own, alice => "${own}_alice");
sql('postgres', "CREATE DATABASE $own TEMPLATE template0 ENCODING 'UTF8'");
sql($own, 'CREATE EXTENSION social; SELECT social.init_data()');
sql('postgres', "CREATE DATABASE $database{alice} TEMPLATE $own");
my $born = sql($own, 'SELECT pg_postmaster_start_time()');

# One row for each argument; functions without any have one row too.
my %function;
for (split /\n/, sql($own, q{
	SELECT p.oid, format('%I.%I', n.nspname, p.proname), l.lanname, p.prokind, p.prorettype::regtype, coalesce(format_type(t.oid, NULL), ''),
		coalesce(t.typname, ''), coalesce(t.typcategory, ''), coalesce(t.typtype, ''), coalesce(format_type(nullif(t.typelem, 0), NULL), ''),
		pg_get_function_identity_arguments(p.oid)
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'social'
	LEFT JOIN unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, n) ON true
	LEFT JOIN pg_type t ON t.oid = a.type
	WHERE p.prokind IN ('f', 'p')
	ORDER BY p.oid, a.n}))
{
	my ($oid, $name, $language, $kind, $returns, @type) = split /\t/, $_, -1;
	$function{$oid} //= { name => $name, c => $language eq 'c' ? 1 : 0, kind => $kind, arguments => [], shown => "$name($type[-1])" };
	push @{ $function{$oid}{arguments} }, values_for(@type[0 .. 4]) if $type[0] ne '';
}

# Every value in each place among ordinary ones; then the n-th of each place together.
sub calls_of
{
	my ($function) = @_;
	my @arguments = @{ $function->{arguments} };
	my @ordinary = map { $_->[0] } @arguments;
	my @lists = ([@ordinary]);
	for my $i (0 .. $#arguments) {
		for my $value (@{ $arguments[$i] }[1 .. $#{ $arguments[$i] }]) {
			push @lists, [ @ordinary[0 .. $i - 1], $value, @ordinary[$i + 1 .. $#ordinary] ];
		}
	}
	if (@arguments > 1) {
		for my $n (1 .. 7) { push @lists, [ map { $_->[ $n % @$_ ] } @arguments ] }
	}
	my $verb = $function->{kind} eq 'p' ? 'CALL ' : 'SELECT ';
	return map { { sql => $verb . $function->{name} . '(' . join(', ', @$_) . ')', of => $function } } @lists;
}

my @calls;
my $c_functions = 0;
for my $oid (sort { $a <=> $b } keys %function) {
	next if $ENV{HOSTILE_ONLY} && "$function{$oid}{name} c=$function{$oid}{c}" !~ /$ENV{HOSTILE_ONLY}/;
	$c_functions += $function{$oid}{c};
	push @calls, calls_of($function{$oid});
}
cmp_ok($c_functions, '>=', $ENV{HOSTILE_ONLY} ? 1 : 80, "$c_functions functions in C are among the " . keys(%function) . ' that are called');

# Each call in a transaction that is rolled back, as somebody, and with nobody acting.
sub script
{
	my ($file, $acting) = @_;
	open my $script, '>', $file or BAIL_OUT("script: $!");
	print $script "\\set VERBOSITY verbose\nSET client_min_messages = error;\n";
	print $script "SELECT social.act_as('$acting', true) \\g /dev/null\n" if $acting;
	for my $n (0 .. $#calls) {
		print $script "BEGIN;\nSET LOCAL statement_timeout = $timeout{ $calls[$n]{of}{c} };\n$calls[$n]{sql} \\g /dev/null\nROLLBACK;\n\\echo call $n\n";
	}
	close $script;
}

# What is wrong with an answer.
sub fault
{
	my ($call, $said) = @_;
	return $said if $said =~ /^ERROR:  XX/m || $said =~ /connection to server/;
	return $said if $call->{of}{c} && $said =~ /^ERROR:  57014/m;
	return '';
}

# Runs the calls; returns how many were answered, and faults, one for each function and message.
sub run_calls
{
	my ($acting) = @_;
	my $file = "$dir/calls_by_$acting.sql";
	script($file, $acting);
	my $pid = open my $psql, '-|', "exec psql -X -q -A -t -d $database{$acting} -f $file 2>&1" or BAIL_OUT("psql: $!");
	my ($next, $said, %bad) = (0, '');
	eval {
		local $SIG{ALRM} = sub { die "silent\n" };
		alarm $patience;
		while (<$psql>) {
			if (/^call (\d+)$/) {
				$next = $1 + 1;
				my $fault = fault($calls[$1], $said);
				$bad{ $calls[$next - 1]{of}{shown} . substr $fault, 0, 60 } //= "$calls[$next - 1]{sql}: $fault" if $fault;
				$said = '';
				alarm $patience;
			}
			elsif (length $said < 1000) { $said .= s/^psql:\S+ //r }
		}
		alarm 0;
	};
	if ($@ eq "silent\n") {
		kill TERM => $pid;
		$bad{''} = "$calls[$next]{sql}: no answer, and no end at its time";
	}
	close $psql;
	$bad{''} = "$calls[$next]{sql}: the session ended: $said" if $next < @calls && !%bad;
	return ($next, sort values %bad);
}

my %run;
for my $acting (sort keys %database) {
	my $pid = open($run{$acting}, '-|') // BAIL_OUT("fork: $!");
	next if $pid;
	print join "\0", run_calls($acting);
	close STDOUT;
	POSIX::_exit(0);
}
for my $acting (sort keys %run) {
	my ($done, @bad) = do { local $/; split /\0/, readline $run{$acting} };
	is($done, scalar @calls, "each of them is answered, as " . ($acting || 'nobody'));
	is(scalar @bad, 0, 'none with an internal error or past its time') or diag(join "\n", map { substr $_, 0, 400 } @bad);
}
is(sql($own, 'SELECT pg_postmaster_start_time()'), $born, 'the server has not restarted');
is(sql($_, 'SELECT count(*) > 0 FROM social.posts'), 't', 'and serves') for sort values %database;

END
{
	my $status = $?;
	sql('postgres', "DROP DATABASE IF EXISTS $_ WITH (FORCE)") for sort values %database;
	$? = $status;
}

done_testing();
