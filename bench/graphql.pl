# graphql.pl: documents through the bridge (token checked, document from the plan cache) against the very
# statements which the library makes of them (graphql_explain), as Own.pm has it.
#
# GRAPHQL="post like" runs the rows of these names. mission 050-081.
use strict;
use warnings;
use Bench;
use JSON::PP;
use Load 'body';
use Own;

$| = 1;
my $explain = 'build/release/test/unit/graphql_explain';
system('make', '-s', $explain) == 0 or die "$explain is not built";
Own::load();

my $card = '{ id title createdAt likesCount commentsCount author { id username } hashtags { tag } }';
my $comments = 'comments(first: 10) { id content author { username } replies(first: 5) { id content author { username } } }';

# A variable of a document: its GraphQL type, and the value that the library is told.
sub id_of   { return { %{ one_of('bigint', @_) }, type => 'ID!', value => '900000001' } }
sub text_of { return { %{ content() }, type => 'String!', value => 'written' } }

# name, document, its variables, whether it writes
my @rows = (
	[ list       => "{ allPosts(first: 20) $card }" ],
	[ post       => "{ post(id: \$id) { id title content author { username } likesCount commentsCount $comments } }", { id => id_of(@Own::busy) } ],
	[ connection => "{ allPostsConnection(first: 20) { edges { cursor node $card } pageInfo { hasNextPage endCursor } } }" ],
	[ deep       => '{ post(id: $id) { title author { username posts(first: 3) { title comments(first: 3) { content author { username } } } } } }', { id => id_of(@Own::busy) } ],
	[ create     => 'mutation { createPost(title: "Notes", content: $content) { post { id title author { username } hashtags { tag } createdAt } success } }', { content => text_of() }, 1 ],
	[ like       => 'mutation { likePost(postId: $id) { post { id likesCount } success } }', { id => id_of(@Own::likeable) }, 1 ],
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
	return 'graphql(' . body({ query => declared($document, $variables), variables => \%value }) . ')' unless $inline;
	$document =~ s/\$(\w+)/"$value{$1}"/g;
	return 'graphql(' . body({ query => $document }) . ')';
}

# What the library makes of it, with the variables' values told by what they hold.
sub statements_of
{
	my ($document, $variables) = @_;
	my %told = map { $variables->{$_}{value} => $variables->{$_} } keys %$variables;
	my @statements;
	open my $output, '-|', $explain, declared($document, $variables), encode_json({ map { $_ => $variables->{$_}{value} } keys %$variables }) or die "$explain: $!";
	while (<$output>)
	{
		chomp;
		if (/^--   \$\d+ = (.*)/) { push @{ $statements[-1] }, $told{$1} // ($1 eq 'NULL' ? undef : $1) }
		elsif (!/^--/)            { push @statements, [$_] }
	}
	close $output or die "$explain refuses the document $document";
	return @statements;
}

my %wanted = map { $_ => 1 } split ' ', $ENV{GRAPHQL} // join ' ', 'library', map { $_->[0] } @rows;

for my $row (@rows)
{
	my ($name, $document, $variables, $writes) = @$row;
	next unless $wanted{$name};
	$variables //= {};
	compare(
		name       => $name, is_read => !$writes, needs_viewer => $writes,
		variables  => [ values %$variables ],
		request    => request_of($document, $variables),
		inline     => %$variables ? request_of($document, $variables, 1) : undef,
		statements => [ statements_of($document, $variables) ]);
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
exit(missed() ? 1 : 0);
