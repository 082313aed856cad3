package Own;
# What the bridge adds to its own statements: a request through it (wrk; token checked, admission sent)
# against pgbench -M prepared, which runs the same statements in one flight as the bridge sends them. CPU
# seconds per 1,000 requests from /proc, of bridge and database on one side and of the database on the
# other, and the rate, at 16 and 64 connections. What a statement itself costs is plain.pl's.
#
# The data are plain.pl's. Both sides answer the same people, as what one sees is not what another does. Who
# writes or has a feed is admitted on the other side, too; who reads what everybody may has been its sessions'
# viewer from their start: that a request says who it is of, and that their session lives, is the bridge's to pay.
use strict;
use warnings;
use Bench;
use Dataset;
use Exporter 'import';
use Load;
our @EXPORT = qw(load one_of content judge compare missed);

our (@readers, @tokens, @likeable, @busy);

# Posts that every reader may see and like, and those of them that have ten comments with replies.
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
	@likeable = split /\n/, sql("SELECT l.id $open ORDER BY random() LIMIT 5000");
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

# Lua that returns a request, with what its variables need before it.
sub sent
{
	my ($lua, @variables) = @_;
	local $Load::prelude = join ' ', map { $_->{prelude} // '' } @variables;
	return through_bridge("return $lua", @tokens);
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
	my $options = '-c plan_cache_mode=force_generic_plan -c jit=off -c search_path=pg_catalog';
	my $runs = 0;
	my @pgbench = script_of($arg{needs_viewer}, \@variables, @{ $arg{statements} });
	for my $connections (16, 64)
	{
		local $Load::connections = $connections;
		my %sides = (
			bridge  => sub { sent($arg{request}, @variables) },
			pgbench => sub {
				local $ENV{PGOPTIONS} = $options . ($arg{needs_viewer} ? '' : " -c social.viewer_id=$readers[$runs++ % @readers]");
				return through_pgbench(@pgbench);
			});
		$sides{inline} = sub { sent($arg{inline}, @variables) } if $arg{inline} && $connections == 16;
		my %figures = interleave(%sides);
		my %of = map {
			my $side = $_;
			$side => { map { my $figure = $_; $figure => median(map { $_->{$figure} } @{ $figures{$side} }) } qw(cpu client rate) }
		} keys %figures;
		judge("$arg{name}, $connections connections, CPU s per 1,000 / pgbench", $of{bridge}{cpu}, $of{pgbench}{cpu}, $arg{is_read} ? '<= 1.15' : '<= 1.3');
		judge("  requests a second / pgbench", $of{bridge}{rate}, $of{pgbench}{rate}, '>= 0.9');
		judge("  CPU with that of wrk / of pgbench itself", map({ $_->{cpu} + $_->{client} } @of{qw(bridge pgbench)}), '');
		judge("  CPU with inline literals / with variables", $of{inline}{cpu}, $of{bridge}{cpu}, '<= 1.1') if $of{inline};
	}
	return;
}

1;
