# What a row of any type is over GraphQL: Node and its ids, the union of a search (mission P-10, seed 059).
use strict;
use warnings;
use MIME::Base64 'encode_base64';
use Social;
use Test::More;

sub graphql { my ($query, %option) = @_; return api(POST => '/graphql/', json => { query => $query, %{ delete $option{body} // {} } }, %option) }

my ($author, $reader) = map { account() } 1, 2;
my $word = sprintf 'node%x', $$;
my $post = api(POST => '/api/posts/posts/', token => $author->{token}, json => { title => $word, content => "#$word" })->{json}{id};
my $made = graphql("mutation { createComment(postId: $post, content: \"words\") { comment { id nodeId author { nodeId } post { nodeId } } } }", token => $reader->{token})->{json}{data}{createComment}{comment};
my ($comment, $user, $posted) = ($made->{nodeId}, $made->{author}{nodeId}, $made->{post}{nodeId});
is(scalar(keys %{ { map { $_ => 1 } grep { defined } $comment, $user, $posted } }), 3, 'ids that differ by type and row');
unlike("$comment $user $posted", qr/:/, 'and are opaque');

my $fields = '__typename nodeId ... on Post { id title } ... on User { id username } ... on Comment { id content }';
my %want = (
	$posted => { __typename => 'Post', nodeId => $posted, id => "$post", title => $word },
	$user => { __typename => 'User', nodeId => $user, id => "$reader->{id}", username => $reader->{username} },
	$comment => { __typename => 'Comment', nodeId => $comment, id => $made->{id}, content => 'words' });
is_deeply(graphql("query (\$i: ID!) { node(id: \$i) { $fields } }", body => { variables => { i => $_ } })->{json}, { data => { node => $want{$_} } }, "node, $want{$_}{__typename}") for sort keys %want;
is(graphql("{ node(id: \"$posted\") { ... on Post { commentsConnection { edges { node { nodeId } } } } } }")->{json}{data}{node}{commentsConnection}{edges}[0]{node}{nodeId}, $comment, 'a literal; what belongs to it');

my $strange = sub { encode_base64($_[0], '') };
my @nothing = ($post, "$post", '', 'nonsense', "$posted ", $strange->('Post'), $strange->("Post:$post;"), $strange->('Post:99999999999999999999'), $strange->('Post:9007199254740991'),
	$strange->("Nothing:$post"), $strange->("Query:$post"), $strange->("\xff\xfe:1"), 'x' x 5000);
is_deeply(graphql('query ($i: ID!) { node(id: $i) { nodeId } }', body => { variables => { i => $_ } })->{json}, { data => { node => undef } }, 'names nothing: ' . substr $_, 0, 30) for @nothing;
is_deeply(graphql("query (\$i: [ID!]!) { nodes(ids: \$i) { $fields } }", body => { variables => { i => [ $comment, @nothing, $posted, $user, $posted ] } })->{json},
	{ data => { nodes => [ $want{$comment}, (undef) x @nothing, @want{ $posted, $user, $posted } ] } }, 'nodes, in the order of their ids');
is_deeply(graphql("{ nodes(ids: [\"$posted\", \"no\"]) { nodeId } one: nodes(ids: \"$user\") { nodeId } none: nodes(ids: []) { nodeId } }")->{json},
	{ data => { nodes => [ { nodeId => $posted }, undef ], one => [ { nodeId => $user } ], none => [] } }, 'literals');
is(graphql('query ($i: [ID!]!) { nodes(ids: $i) { nodeId } }', body => { variables => { i => [ ($posted) x 101 ] } })->{json}{errors}[0]{extensions}{code}, 'BAD_REQUEST', 'too many at once');
is_deeply(graphql("{ a: node(id: \"$posted\") { ...n } } fragment n on Node { nodeId ... on User { id } }")->{json}{data}{a}, { nodeId => $posted }, 'a fragment on Node');
psql("SELECT social.act_as($author->{id}::bigint, true); SELECT social.block_user($reader->{id})");
is_deeply(graphql("{ nodes(ids: [\"$posted\", \"$comment\"]) { nodeId } }", token => $reader->{token})->{json}, { data => { nodes => [ undef, undef ] } }, 'what the viewer may not see is null');

# ---- a search over everything
psql("UPDATE social.users SET first_name = '$word' WHERE id = $author->{id}");
my $found = graphql("{ search(query: \"$word\") { __typename ... on User { id } ... on Hashtag { tag } ... on Post { id author { username } } } }");
is_deeply($found->{json}{data}{search}, [ { __typename => 'User', id => "$author->{id}" }, { __typename => 'Hashtag', tag => $word }, { __typename => 'Post', id => "$post", author => { username => $author->{username} } } ],
	'seed 059: search finds people, hashtags and posts') or diag($found->{content});
is(scalar @{ graphql("{ search(query: \"$word\", first: 2) { __typename } }")->{json}{data}{search} }, 2, 'so many of them');
is(graphql('{ search(query: "") { __typename } }')->{json}{errors}[0]{extensions}{code}, 'BAD_REQUEST', 'for nothing');
is_deeply(graphql("{ search(query: \"nosuch$word\") { __typename } }")->{json}{data}{search}, [], 'or in vain');

# ---- what tools are told
my $told = graphql('{ __schema { description } n: __type(name: "Node") { kind possibleTypes { name } } s: __type(name: "SearchResult") { kind possibleTypes { name } } }')->{json}{data};
like($told->{__schema}{description}, qr/nodeInterfaceIdField.*nodeId/s, "the schema says how Relay's compiler is told");
my %possible = map { $_->{name} => 1 } @{ $told->{n}{possibleTypes} };
is_deeply([ $told->{n}{kind}, @possible{qw(Post User Comment)} ], [ 'INTERFACE', 1, 1, 1 ], 'Node and its types');
is_deeply([ $told->{s}{kind}, map { $_->{name} } @{ $told->{s}{possibleTypes} } ], [qw(UNION User Hashtag Post)], 'SearchResult and its own');
done_testing;
