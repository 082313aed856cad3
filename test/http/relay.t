# Relay's own compiler takes the schema as a Relay application would use it, and what it makes of the
# application's fragments is answered: nodes by nodeId, fetched again page by page (mission P-10).
use strict;
use warnings;
use Cwd 'getcwd';
use File::Temp 'tempdir';
use JSON::PP;
use Social;
use Test::More;

plan skip_all => 'test/npm is not installed: the npm registry was out of reach' unless -f 'test/npm/node_modules/.installed';

my $variant = $ENV{VARIANT} // 'release';
my $explain = "build/$variant/test/unit/graphql_explain";
my $here    = tempdir(CLEANUP => 1);
is(system('make', '--no-print-directory', '-s', "VARIANT=$variant", $explain), 0, 'the explain command builds');
is(system("cp -r test/data/relay/. $here && mkdir $here/made && $explain --sdl > $here/schema.graphql"), 0, 'an application');
my $top  = getcwd();
my $said = `cd $here && node $top/test/npm/node_modules/relay-compiler/cli.js 2>&1`;
is($?, 0, 'the compiler takes it') or diag($said);

# What a document of the application became: its text, as it is sent.
sub compiled
{
	my ($name) = @_;
	open my $file, '<', "$here/made/$name.graphql.js" or die "$name: $!";
	my $text = do { local $/; <$file> };
	my ($string) = $text =~ /^ *"text": ("(?:\\.|[^"\\])*")/m or die "$name has no text";
	return decode_json("[$string]")->[0];
}
sub run_query
{
	my ($name, $variables, %option) = @_;
	my $answer = api(POST => '/graphql/', json => { query => compiled($name), variables => $variables }, %option)->{json};
	is($answer->{errors}, undef, "$name is answered") or diag(encode_json($answer));
	return $answer->{data};
}

my $user = account();
my $word = sprintf 'relay%x', $$;
my $post = api(POST => '/api/posts/posts/', token => $user->{token}, json => { title => $word, content => 'words' })->{json}{id};
api(POST => '/graphql/', token => $user->{token}, json => { query => "mutation { createComment(postId: $post, content: \"words $_\") { success } }" }) for 1 .. 3;

my ($found) = grep { $_->{__typename} eq 'Post' } @{ run_query('postSearchQuery', { query => $word })->{search} };
is($found->{title}, $word, 'a search finds the post');
like(compiled('postQuery'), qr/author \{\s+username\s+nodeId\s/, 'the compiler asks each node for its nodeId');
my $node = run_query('postQuery', { id => $found->{nodeId} })->{node};
is_deeply([ @$node{qw(__typename title nodeId)}, map { $_->{node}{content} } @{ $node->{commentsConnection}{edges} } ], [ 'Post', $word, $found->{nodeId}, 'words 1', 'words 2' ], 'its page');
is($node->{commentsConnection}{edges}[0]{node}{__typename}, 'Comment', 'with what Relay adds to a connection');
my $info = $node->{commentsConnection}{pageInfo};
is($info->{hasNextPage}, JSON::PP::true, 'there is more');
my $more = run_query('postCommentsQuery', { nodeId => $node->{nodeId}, cursor => $info->{endCursor}, count => 2 })->{node};
is_deeply([ map({ $_->{node}{content} } @{ $more->{commentsConnection}{edges} }), $more->{commentsConnection}{pageInfo}{hasNextPage} ], [ 'words 3', JSON::PP::false ], 'which the fragment fetches by its node');
my $back = run_query('postCommentsQuery', { nodeId => $node->{nodeId}, last => 1, before => $more->{commentsConnection}{edges}[0]{cursor}, count => undef })->{node};
is_deeply([ map { $_->{node}{content} } @{ $back->{commentsConnection}{edges} } ], ['words 2'], 'also backwards');
my $liked = run_query('postLikeMutation', { id => $post }, token => $user->{token})->{likePost}{post};
is_deeply($liked, { likesCount => 1, nodeId => $found->{nodeId} }, 'a mutation answers what the store knows by its nodeId');
done_testing;
