package Own;
# What the bridge adds to its own statements: a request through it (wrk; token checked, admission sent)
# against pgbench -M prepared, which runs the same statements in one flight as the bridge sends them. CPU
# seconds per 1,000 requests from /proc, of bridge and database on one side and of the database on the
# other, and the rate, at 16 and 64 connections. What a statement itself costs is plain.pl's.
#
# The data are plain.pl's. Both sides answer the same people, as what one sees is not what another does. Who
# writes or has a feed is admitted on the other side, too; who reads what everybody may has been its sessions'
# viewer from their start: that a request says who it is of, and that their session lives, is the bridge's to pay.
#
# RELAY=1 measures a third side: relay.c, which checks nothing, and sends those statements behind their
# admission, as the bridge does. What no bridge can be below on this machine, it tells.
use strict;
use warnings;
use lib 'test/instance';
use Bench;
use Dataset;
use Exporter 'import';
use File::Temp 'tempdir';
use IPC::Open2;
use JSON::PP;
use Load;
use MIME::Base64 'decode_base64url';
use Port;
our @EXPORT = qw(load one_of content judge compare missed);

# Of the bridge's sessions: the other sides' have them, too.
use constant SETTINGS => '-c plan_cache_mode=force_generic_plan -c jit=off -c search_path=pg_catalog';

our (@readers, @tokens, @sessions, @likeable, @busy);

# Posts that every reader may see and like, so many that most likes are new; and those of them that have ten
# comments with replies.
sub load
{
	$ENV{BENCH_POSTS} //= 100_000;
	my ($base) = load_activity();
	my $open = <<"SQL";
FROM social.listed_posts l WHERE l.visibility = 'public' AND l.id BETWEEN $base AND @{[$base + Dataset::posts() - 1]}
AND NOT EXISTS (SELECT FROM social.blocks b WHERE l.author_id IN (b.blocker_id, b.blocked_id))
SQL
	@readers  = readers();
	@tokens   = tokens(@readers);
	@sessions = map { decode_json(decode_base64url((split /\./)[1]))->{sid} } @tokens;
	@likeable = split /\n/, sql("SELECT l.id $open ORDER BY random() LIMIT 40000");
	# For the other side's sessions; to an extension's setting this is a grant like others.
	sql('GRANT SET ON PARAMETER social.viewer_id TO social_bridge');
	@busy     = split /\n/, sql("SELECT l.id $open AND (l.id - $base) % 100 = 0");
	return;
}

# ---- what differs from request to request --------------------------------------------------------

# A variable: what wrk (Lua) and pgbench put in its place.
sub one_of
{
	my ($type, @values) = @_;
	return {
		values  => \@values,
		prelude => 'local values = { ' . join(', ', map { qq("$_") } @values) . ' }', lua => 'pick(values)',
		sets => "\\set one random(1, @{[scalar @values]})\n", sql => "('{" . join(',', map { qq("$_") } @values) . "}'::$type\[])[:one]" };
}

# The text of a post with two hashtags and a mention.
sub content
{
	my @text = (
		'Reading about #topic', ' with @person',
		' this morning; the longer I look, the more the old lessons hold. Write it down, measure it, then decide again. More in #part', ' soon.');
	return {
		sets => "\\set a random(1, 5000)\n\\set b random(0, 999)\n",
		lua  => qq("$text[0]" .. math.random(1, 5000) .. "$text[1]" .. math.random(0, 999) .. "$text[2]" .. math.random(0, 999) .. "$text[3]"),
		sql  => "('$text[0]' || :a::text || '$text[1]' || :b::text || '$text[2]' || :b::text || '$text[3]')" };
}

# ---- the two sides -------------------------------------------------------------------------------

# To the service at the address: Lua that returns a request, with what its variables need before it.
sub sent
{
	my ($url, $service, $lua, @variables) = @_;
	local $Load::prelude = join ' ', map { $_->{prelude} // '' } @variables;
	return through_service($url, $service, "return $lua", @tokens);
}

# What pgbench runs. statements: [SQL, values]; a value is a variable, a constant, or undef for null.
sub script_of
{
	my ($needs_viewer, $variables, @statements) = @_;
	my (@options, $script);
	$script = "SELECT social.admit(('{" . join(',', @readers) . "}'::bigint[])[:who]);\n" if $needs_viewer;
	for my $statement (@statements)
	{
		my ($sql, @values) = @$statement;
		my @places = map {
			my $constant = 'constant' . @options;
			push @options, "-D '$constant=$_'" if defined && !ref;
			ref ? $_->{sql} : defined ? ":$constant" : 'NULL'
		} @values;
		$sql =~ s/(?<![\w\$"])\$(\d+)\b/$places[$1 - 1]/g;
		$script .= "$sql;\n";
	}
	my $sets = join '', $needs_viewer ? "\\set who random(1, @{[scalar @readers]})\n" : '', map { $_->{sets} } @$variables;
	return ($sets . ($needs_viewer || @statements > 1 ? "\\startpipeline\n$script\\endpipeline\n" : $script), '-U social_bridge', @options);
}

# ---- the relay -----------------------------------------------------------------------------------

# What it answers with, one row after the other, so many that most writes are new; undef where a variable
# has no list of values.
sub plan_of
{
	my ($is_read, $variables, @statements) = @_;
	return if grep { !$_->{values} } @$variables;
	my @sql = map { $_->[0] } @statements;
	my $is_folded = $is_read && @sql == 1;
	if ($is_folded)
	{
		my @places = map { '$' . (@{ $statements[0] } - 1 + $_) } 1 .. 3;
		@sql = ("SELECT q.* FROM ($sql[0]) q WHERE (SELECT social.admit($places[0], $places[1], address => $places[2]) IS NULL)");
	}
	else { unshift @sql, 'SELECT social.admit($1, $2, address => $3)' }
	my @rows = map {
		my @caller = ("$readers[$_ % @readers]", "$sessions[$_ % @readers]", '127.0.0.1');
		my %value  = map { $_ => $_->{values}[ rand @{ $_->{values} } ] } @$variables;
		my @values = map { my (undef, @values) = @$_; [ map { !defined ? undef : ref ? "$value{$_}" : "$_" } @values ] } @statements;
		$is_folded ? [ [ @{ $values[0] }, @caller ] ] : [ \@caller, @values ]
	} 0 .. ($is_read ? 999 : 39_999);
	return { database => "host=$ENV{PGHOST} dbname=$ENV{PGDATABASE} user=social_bridge options='@{[SETTINGS]}'", statements => \@sql, rows => \@rows };
}

my $relay;

# Starts one for the plan: its address and process, and what ends it when it is let go.
sub start_relay
{
	my ($is_read, $plan) = @_;
	my $dir = tempdir(CLEANUP => 1);
	$relay //= do {
		my $built = tempdir(CLEANUP => 1) . '/relay';
		system('cc', '-O2', '-I' . (`pg_config --includedir` =~ s/\n//r), 'bench/relay.c', '-o', $built, '-lpq', '-ljansson', '-lpthread') == 0 or die 'relay.c does not compile';
		$built
	};
	open my $file, '>', "$dir/plan" or die "the relay's plan: $!";
	print $file encode_json($plan);
	close $file;
	my $port = free_port();
	my $cores = `nproc` + 0;
	# As many as the bridge has for such work; reads share transactions.
	my $pid = open2(my $from, my $to, $relay, $port, $cores, $is_read ? (2, 8) : (4, 1), "$dir/plan");
	(readline($from) // '') eq "ready\n" or die 'the relay did not begin';
	return { url => "http://127.0.0.1:$port", pid => $pid, input => $to };
}

sub stop_relay
{
	my ($running) = @_;
	close $running->{input};
	waitpid $running->{pid}, 0;
}

# ---- rows ----------------------------------------------------------------------------------------

my $missed = 0;
sub missed { return $missed }

sub judge
{
	my ($name, $ours, $reference, $bar) = @_;
	my $ratio = row($name, $ours, $reference, $bar);
	my ($sense, $limit) = split ' ', $bar;
	$missed++ if $limit && ($sense eq '<=' ? $ratio > $limit : $ratio < $limit);
	return;
}

# One request. name; request, Lua that returns it, and inline, another form of it that is compared with
# the first; variables; statements; needs_viewer, is_read.
sub compare
{
	my (%arg) = @_;
	my @variables = @{ $arg{variables} // [] };
	my @bridge = ($ENV{BRIDGE_URL}, 'bridge');
	my $runs   = 0;
	my @pgbench = script_of($arg{needs_viewer}, \@variables, @{ $arg{statements} });
	my $plan    = $ENV{RELAY} ? plan_of($arg{is_read}, \@variables, @{ $arg{statements} }) : undef;
	my $running = $plan ? start_relay($arg{is_read}, $plan) : undef;
	for my $connections (16, 64)
	{
		local $Load::connections = $connections;
		my %sides = (
			bridge  => sub { sent(@bridge, $arg{request}, @variables) },
			pgbench => sub {
				local $ENV{PGOPTIONS} = SETTINGS . ($arg{needs_viewer} ? '' : " -c social.viewer_id=$readers[$runs++ % @readers]");
				return through_pgbench(@pgbench);
			});
		$sides{inline} = sub { sent(@bridge, $arg{inline}, @variables) } if $arg{inline} && $connections == 16;
		$sides{relay}  = sub { sent($running->{url}, [ $running->{pid} ], $arg{request}, @variables) } if $running;
		my %figures = interleave(%sides);
		my %of = map {
			my $side = $_;
			$side => { map { my $figure = $_; $figure => median(map { $_->{$figure} } @{ $figures{$side} }) } grep { defined $figures{$side}[0]{$_} } qw(cpu client rate p50 p99) }
		} keys %figures;
		judge("$arg{name}, $connections connections, CPU s per 1,000 / pgbench", $of{bridge}{cpu}, $of{pgbench}{cpu}, $arg{is_read} ? '<= 1.15' : '<= 1.3');
		judge("  requests a second / pgbench", $of{bridge}{rate}, $of{pgbench}{rate}, '>= 0.9');
		judge("  CPU with that of wrk / of pgbench itself", map({ $_->{cpu} + $_->{client} } @of{qw(bridge pgbench)}), '');
		judge("  CPU with inline literals / with variables", $of{inline}{cpu}, $of{bridge}{cpu}, '<= 1.1') if $of{inline};
		next unless $running;
		judge("  the least relay, CPU / pgbench", $of{relay}{cpu}, $of{pgbench}{cpu}, '');
		judge("  the least relay, requests a second / pgbench", $of{relay}{rate}, $of{pgbench}{rate}, '');
		judge("  requests a second / those of the least relay", $of{bridge}{rate}, $of{relay}{rate}, '');
		printf "  50th and 99th percentile, ms: %.2f, %.2f; of the least relay %.2f, %.2f\n", map { @{ $of{$_} }{qw(p50 p99)} } qw(bridge relay);
	}
	stop_relay($running) if $running;
	return;
}

1;
