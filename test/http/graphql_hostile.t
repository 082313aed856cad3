# What somebody hostile tries on GraphQL (issue 12, "Bad input"; P-22, seed 119-121): ids and fragments of
# types that are not to be seen, limits got round by aliases and directives, acts after a session's end,
# names and values that are too much.
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my ($ann, $bob, $eve) = map { account() } 1 .. 3;
my $word = sprintf 'gh%x%x', $$, time & 0xffff;
my $post  = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($eve->{id}, '$word', '#$word') RETURNING id");
my $draft = psql("INSERT INTO social.posts (author_id, title, content, is_published) VALUES ($eve->{id}, 'draft', 'x', false) RETURNING id");
my $said  = psql("INSERT INTO social.comments (post_id, author_id, content) VALUES ($post, $eve->{id}, 'x') RETURNING id");

# ---- ids among everything: of what may not be seen, and of types that are no nodes
my $node = sub { my ($type, $id) = @_; return psql("SELECT social.node_id('$type', $id)") };
my @nothing = ($node->(Post => $draft), map { $node->($_ => 1) } qw(Session Settings Report Notification Hashtag Profile Query post POST));
is_deeply(get($ann, 'query($i: [ID!]!) { nodes(ids: $i) { nodeId __typename } }', i => \@nothing), [ (undef) x @nothing ], "somebody's draft, and what is no node");
is(get($eve, 'query($i: ID!) { node(id: $i) { ... on Post { title } } }', i => $nothing[0])->{title}, 'draft', 'which its author sees');
my @hers = ($node->(User => $eve->{id}), $node->(Post => $post), $node->(Comment => $said));
my $seen = sub { scalar grep { defined } @{ get($ann, 'query($i: [ID!]!) { nodes(ids: $i) { nodeId } }', i => \@hers) } };
is($seen->(), 3, 'a person, a post, a comment');
psql("UPDATE social.users SET suspended_at = now() WHERE id = $eve->{id}");
is($seen->(), 0, 'nothing of somebody who is suspended');
psql("UPDATE social.users SET suspended_at = NULL WHERE id = $eve->{id}");
psql("SELECT social.act_as($eve->{id}), social.block_user($ann->{id})");
is($seen->(), 0, 'nor of somebody who blocks the viewer');
is_deeply(ask($ann, "{ searchPosts(query: \"$word\") { id } user(id: $eve->{id}) { email profile { bio } pinnedPosts { id } } postLikes(postId: $post) { reaction } }")->{data},
	{ searchPosts => [], user => undef, postLikes => [] }, 'by no other way either');

# ---- fragments on a union
is(ask($bob, "{ search(query: \"$word\") { $_ } }")->{errors}[0]{extensions}{code}, 'GRAPHQL_VALIDATION_FAILED', "no document: $_")
  for '... on Comment { id }', '... on Node { ... on Hashtag { tag } }', 'id', '... on Settings { email }';
is_deeply([ sort map { "$_->{__typename} " . ($_->{nodeId} // '-') } @{ get($bob, "{ search(query: \"$word\") { __typename ... on Node { nodeId } } }") } ], [ 'Hashtag -', "Post $hers[1]" ], 'an interface that some of a union have');

# ---- after its own end a token does nothing, in the same document either
my $count = sub { psql("SELECT count(*) FROM social.posts WHERE title = '$word ghost'") };
my $write = "createPost(title: \"$word ghost\", content: \"x\") { success }";
for ([ 'logoutAll { success }', account() ], [ 'deleteAccount(password: $p) { success }', account() ], [ 'changePassword(oldPassword: $p, newPassword: "another good one") { success }', account() ])
{
	my ($end, $who) = @$_;
	my ($name) = $end =~ /^(\w+)/;
	my $answer = ask($who, 'mutation' . ($end =~ /\$p/ ? '($p: String!)' : '') . " { $end $write }", p => $who->{password});
	is_deeply([ $answer->{data}{$name}, $answer->{data}{createPost}, $answer->{errors}[0]{path}, $answer->{errors}[0]{extensions}{code} ], [ { success => $true }, undef, ['createPost'], 'UNAUTHENTICATED' ], "nothing after $name");
}
is($count->(), 0, 'and nothing is written');

# ---- limits: what does not run does not count, what runs counts under every name that it has
my $limited = start_bridge(RATE_LIMITS => 'on', LOOPS => 1);
my $asked   = sub { my ($who, $query, %variables) = @_; return api(POST => '/graphql/', url => $limited->{url}, json => { query => $query, variables => \%variables }, $who ? (token => $who->{token}) : ()) };
my $fifty   = sub { my ($field, $directive) = @_; return join ' ', map { "f$_: $field $directive { __typename }" } 1 .. 50 };
my $left    = sub { my ($row) = grep { $_->{action} eq 'search' && $_->{surface} eq 'graphql' } @{ api(GET => '/api/posts/rate-limit-status/', url => $limited->{url}, token => $_[0]{token})->{json}{limits} }; return $row->{remaining} };
my $finder  = account();
is($left->($finder), 100, 'a hundred searches an hour');
is_deeply($asked->($finder, '{ __typename ' . $fifty->("searchPosts(query: \"$word\")", '@include(if: false)') . ' }')->{json}, { data => { __typename => 'Query' } }, 'fifty that are not included');
is_deeply($asked->($finder, 'query($s: Boolean!) { __typename ' . $fifty->("searchPosts(query: \"$word\")", '@skip(if: $s)') . ' }', s => $true)->{json}, { data => { __typename => 'Query' } }, 'fifty that are skipped');
is($left->($finder), 100, 'do not count');
is($asked->($finder, '{ __typename ' . $fifty->("searchPosts(query: \"$word\", first: 1)", '@skip(if: false)') . ' }')->{status}, 200, 'fifty that run');
cmp_ok($left->($finder), '<=', 51, 'count fifty times');
is($asked->($finder, "{ ...a ...b a: searchUsersConnection(query: \"$word\") { totalCount } } fragment a on Query { s: searchConnection(query: \"$word\") { totalCount } } fragment b on Query { s: searchConnection(query: \"$word\") { totalCountAtLeast } }")->{status}, 200, 'as connections, one of them twice');
cmp_ok($left->($finder), '<=', 49, 'and so do these');
is_error($asked->($finder, '{ ' . $fifty->("search(query: \"$word\")", '') . ' }'), 429, 'RATE_LIMITED', 'fifty more are too many');

# Guesses under aliases are guesses.
my $codes = sub { return join ' ', map { $_->{extensions}{code} } @{ $_[0]{json}{errors} } };
is($codes->($asked->($bob, 'mutation { ' . join(' ', map { "g$_: deleteAccount(password: \"guess $_\") { success }" } 1 .. 7) . ' }')), join(' ', ('FORBIDDEN') x 5, ('RATE_LIMITED') x 2), 'five guesses a minute at a password');
is($codes->($asked->(undef, 'mutation($n: String!) { ' . join(' ', map { "g$_: login(username: \$n, password: \"guess $_\") { access }" } 1 .. 7) . ' }', n => $bob->{username})), join(' ', ('UNAUTHENTICATED') x 5, ('RATE_LIMITED') x 2), 'also at the door');
$limited->stop;

# ---- too much of it
is_deeply(ask(undef, "{ @{[ 'a' x 63 ]}: __typename __proto__: __typename constructor: me { id } }"), { data => { 'a' x 63 => 'Query', __proto__ => 'Query', constructor => undef } }, 'names that a response may have');
is(ask(undef, "{ @{[ 'a' x 64 ]}: __typename }")->{errors}[0]{extensions}{code}, 'LIMIT_EXCEEDED', 'one that is too long');
my $deep = 'x';
$deep = [$deep] for 1 .. 60;
is(ask(undef, 'query($q: String!) { searchPosts(query: $q) { id } }', q => $deep)->{errors}[0]{extensions}{code}, 'BAD_USER_INPUT', 'lists in lists for a text');
is_deeply(ask($bob, 'query($t: String!) { hashtag(tag: $t) { id } hashtagPosts(tag: $t) { id } userByUsername(username: $t) { id } me { username } }', t => $_)->{data},
	{ hashtag => undef, hashtagPosts => [], userByUsername => undef, me => { username => $bob->{username} } }, 'a name that is ' . substr $_, 0, 20) for "' OR 1=1 --", '$1', '%', '{parent}.id', 'x' x 50_000;
done_testing;
