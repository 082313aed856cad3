# graphql.pl: documents through the bridge (token checked, document from the plan cache) against pgbench
# -M prepared that runs the very statements which the library makes of them (graphql_explain), in one
# flight as the bridge sends them; what a statement itself costs is plain.pl's. CPU seconds per 1,000
# requests from /proc, and the rate, at 16 and 64 connections. A write needs somebody who writes, so that
# the other side admits one, too; a read there is nobody's.
#
# The data are plain.pl's. GRAPHQL="post like" runs the rows of these names. mission 050-081.
use strict;
use warnings;
use Bench;
use Dataset;
use JSON::PP;
use Load;

$| = 1;
$ENV{BENCH_POSTS} //= 100_000;
my $explain = 'build/release/test/unit/graphql_explain';
system('make', '-s', $explain) == 0 or die "$explain is not built";

my ($base)  = load_activity();
my $posts   = Dataset::posts();
my @readers = readers();
my @tokens  = tokens(@readers);

# Posts that every reader may like, and those that have ten comments with replies, every hundredth.
my @likeable = split /\n/, sql(<<"SQL");
SELECT l.id FROM social.listed_posts l WHERE l.visibility = 'public' AND l.id BETWEEN $base AND @{[$base + $posts - 1]}
AND NOT EXISTS (SELECT FROM social.blocks b WHERE l.author_id IN (b.blocker_id, b.blocked_id)) ORDER BY random() LIMIT 5000
SQL
my @busy = map { $base + 100 * $_ } 0 .. int($posts / 100) - 1;

# A variable: its GraphQL type, a value for the library, and what wrk (Lua) and pgbench put in its place.
sub one_of
{
	my (@ids) = @_;
	return {
		type => 'ID!', value => '900000001',
		prelude => 'local ids = { ' . join(', ', @ids) . ' }', lua => 'pick(ids)',
		sets => "\\set one random(1, @{[scalar @ids]})\n", sql => "('{" . join(',', @ids) . "}'::bigint[])[:one]" };
}
my @text = (
	'Reading about #topic', ' with @person',
	' this morning; the longer I look, the more the old lessons hold. Write it down, measure it, then decide again. More in #part', ' soon.');
my %content = (
	type => 'String!', value => 'written', sets => "\\set a random(1, 5000)\n\\set b random(0, 999)\n",
	lua  => '"' . $text[0] . '" .. math.random(1, 5000) .. "' . $text[1] . '" .. math.random(0, 999) .. "' . $text[2] . '" .. math.random(0, 999) .. "' . $text[3] . '"',
	sql  => "('$text[0]' || :a::text || '$text[1]' || :b::text || '$text[2]' || :b::text || '$text[3]')");

my $card = '{ id title createdAt likesCount commentsCount author { id username } hashtags { tag } }';
my $comments = 'comments(first: 10) { id content author { username } replies(first: 5) { id content author { username } } }';

# name, document, its variables, whether it writes
my @rows = (
	[ list       => "{ allPosts(first: 20) $card }" ],
	[ post       => "{ post(id: \$id) { id title content author { username } likesCount commentsCount $comments } }", { id => one_of(@busy) } ],
	[ connection => "{ allPostsConnection(first: 20) { edges { cursor node $card } pageInfo { hasNextPage endCursor } } }" ],
	[ deep       => '{ post(id: $id) { title author { username posts(first: 3) { title comments(first: 3) { content author { username } } } } } }', { id => one_of(@busy) } ],
	[ create     => 'mutation { createPost(title: "Notes", content: $content) { post { id title author { username } hashtags { tag } createdAt } success } }', { content => \%content }, 1 ],
	[ like       => 'mutation { likePost(postId: $id) { post { id likesCount } success } }', { id => one_of(@likeable) }, 1 ],
);

# The document with its variables declared.
sub declared
{
	my ($document, $variables) = @_;
	my $list = join ', ', map { "\$$_: $variables->{$_}{type}" } sort keys %$variables;
	return $document unless $list;
	return $document =~ /^mutation/ ? $document =~ s/^mutation/mutation($list)/r : "query($list) $document";
}

# As Lua: with variables, or with what they hold written into the document.
sub request_of
{
	my ($document, $variables, $inline) = @_;
	my %value = map { $_ => "{{$variables->{$_}{lua}}}" } keys %$variables;
	return body({ query => declared($document, $variables), variables => \%value }) unless $inline;
	$document =~ s/\$(\w+)/"$value{$1}"/g;
	return body({ query => $document });
}

sub sent
{
	my ($document, $variables, $inline) = @_;
	local $Load::prelude = join ' ', map { $_->{prelude} // '' } values %$variables;
	return through_bridge('return graphql(' . request_of($document, $variables, $inline) . ')', @tokens);
}

# What pgbench runs: the statements, each parameter a variable of pgbench's or what stands for it.
sub script_of
{
	my ($document, $variables, $writes) = @_;
	my %marker = map { $variables->{$_}{value} => $variables->{$_} } keys %$variables;
	open my $output, '-|', $explain, declared($document, $variables), encode_json({ map { $_ => $variables->{$_}{value} } keys %$variables }) or die "$explain: $!";
	my (@statements, @options);
	while (<$output>)
	{
		chomp;
		if (/^--   \$(\d+) = (.*)/)
		{
			my ($number, $value) = ($1, $2);
			my $place = $marker{$value} ? $marker{$value}{sql} : $value eq 'NULL' ? 'NULL' : ":constant@{[scalar @options]}";
			push @options, "constant@{[scalar @options]}=$value" if $place =~ /^:constant/;
			$statements[-1] =~ s/(?<![\w\$"])\$$number\b/$place/g;
		}
		elsif (!/^--/)
		{
			push @statements, $_;
		}
	}
	close $output or die "$explain refuses the document $document";
	my $sets = join '', map { $_->{sets} } values %$variables;
	$sets .= "\\set who random(0, $#readers)\n" if $writes;
	unshift @statements, "SELECT social.admit((ARRAY[" . join(',', @readers) . "]::bigint[])[:who + 1])" if $writes;
	my $script = join '', map { "$_;\n" } @statements;
	return ($sets . (@statements > 1 ? "\\startpipeline\n$script\\endpipeline\n" : $script), '-U social_bridge', map { "-D '$_'" } @options);
}

my %wanted = map { $_ => 1 } split ' ', $ENV{GRAPHQL} // join ' ', 'library', map { $_->[0] } @rows;
my $missed = 0;

sub judge
{
	my ($name, $ours, $reference, $bar) = @_;
	my $ratio = row($name, $ours, $reference, $bar);
	my ($sense, $limit) = split ' ', $bar;
	$missed++ if $sense eq '<=' ? $ratio > $limit : $ratio < $limit;
}

for my $row (@rows)
{
	my ($name, $document, $variables, $writes) = @$row;
	next unless $wanted{$name};
	$variables //= {};
	local $ENV{PGOPTIONS} = '-c plan_cache_mode=force_generic_plan -c jit=off -c search_path=pg_catalog';
	my @pgbench = script_of($document, $variables, $writes);
	for my $connections (16, 64)
	{
		local $Load::connections = $connections;
		my %sides = (
			bridge  => sub { sent($document, $variables) },
			pgbench => sub { through_pgbench(@pgbench) });
		$sides{inline} = sub { sent($document, $variables, 1) } if %$variables && $connections == 16;
		my %figures = interleave(%sides);
		my %of = map {
			my $side = $_;
			$side => { map { my $figure = $_; $figure => median(map { $_->{$figure} } @{ $figures{$side} }) } qw(cpu rate) }
		} keys %figures;
		judge("$name, $connections connections, CPU s per 1,000 / pgbench", $of{bridge}{cpu}, $of{pgbench}{cpu}, $writes ? '<= 1.3' : '<= 1.15');
		judge("  requests a second / pgbench", $of{bridge}{rate}, $of{pgbench}{rate}, '>= 0.9');
		judge("  CPU with inline literals / with variables", $of{inline}{cpu}, $of{bridge}{cpu}, '<= 1.1') if $of{inline};
	}
}

# The library alone: a document of 2 kB that it has never seen, and one that it knows. Microseconds.
if ($wanted{library})
{
	my $document = '';
	for (my $n = 0; length $document < 2000; $n++)
	{
		$document .= "p$n: post(id: @{[$n + 1]}) { id title content likesCount author { username } $comments } ";
	}
	open my $output, '-|', $explain, '--time', "{ $document}" or die "$explain: $!";
	my %time = map { /^(known|new) shape\s+([\d.]+)/ ? ($1 => $2) : () } <$output>;
	close $output or die "$explain refuses the document";
	judge('a new document of 2 kB: read, checked, planned; µs / 200', $time{new}, 200, '<= 1');
	judge('a known one from the cache, µs / 5', $time{known}, 5, '<= 1');
}
exit($missed ? 1 : 0);
