# Lists as connections over GraphQL: forwards, backwards, totals, cursors that are wrong or whose row is
# gone, people who block meanwhile (seed 059-062, 068-070; mission P-04, P-10).
use strict;
use warnings;
use Social;
use Test::More;

sub graphql { my ($query, %option) = @_; return api(POST => '/graphql/', json => { query => $query, %{ delete $option{body} // {} } }, %option) }
sub data
{
	my ($answer, @path) = @_;
	my $at = $answer->{json}{data};
	for (@path) { $at = ref $at eq 'HASH' ? $at->{$_} : undef }
	diag($answer->{content}) unless defined $at;
	return $at;
}

my ($author, $reader, $other) = map { account() } 1 .. 3;
my $word = sprintf 'leaf%x', $$;
my @posts = map { api(POST => '/api/posts/posts/', token => $author->{token}, json => { title => "$word $_", content => "#$word \@$reader->{username}" })->{json}{id} } 1 .. 5;
my $post = $posts[2];
my $comment = sub {
	my ($person, $content, $parent) = @_;
	my $answer = graphql('mutation ($p: ID!, $c: String!, $r: ID) { createComment(postId: $p, content: $c, parentId: $r) { comment { id } } }', token => $person->{token}, body => { variables => { p => $post, c => $content, r => $parent } });
	return $answer->{json}{data}{createComment}{comment}{id};
};
my @comments = map { $comment->($other, "words $_") } 1 .. 5;
my @replies  = map { $comment->($author, "answer $_", $comments[0]) } 1 .. 5;
is(scalar(grep { defined } @posts, @comments, @replies), 15, 'five of each') or BAIL_OUT('no rows');

# The list: what leads to it, the plain list and its arguments, an entry's fields, its total.
my @lists = (
	[ 'seed 068: posts of a user', [], 'userPosts', "userId: $author->{id}", 'id', 5, 1 ],
	[ "a user's posts", [ "user(id: $author->{id})", 'user' ], 'posts', '', 'id', 5, 1 ],
	[ 'seed 062: posts with a hashtag', [], 'hashtagPosts', "tag: \"#$word\"", 'id', undef, 1 ],
	[ 'comments on a post', [ "post(id: $post)", 'post' ], 'comments', '', 'id', undef, 1 ],
	[ 'mentions of a user', [], 'userMentions', "userId: $reader->{id}", 'post { id }', undef, 1 ],
	[ 'seed 059: a search', [], 'searchPostsFts', "query: \"$word\"", 'id', 5, 0 ],
);
my $info = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
for my $list (@lists)
{
	my ($name, $around, $field, $given, $fields, $total, $both) = @$list;
	my $inside = sub { my ($text) = @_; return $around->[0] ? "{ $around->[0] { $text } }" : "{ $text }" };
	my $call = sub { my (@arguments) = grep { length } $given, @_; return @arguments ? '(' . join(', ', @arguments) . ')' : '' };
	my $read = sub {
		my $page = data(graphql($inside->("page: ${field}Connection" . $call->(@_) . " { edges { cursor node { $fields } } $info totalCount totalCountAtLeast }"), token => $reader->{token}),
			$around->[1] // (), 'page');
		return { %{ $page->{pageInfo} }, all => $page, entries => [ map { $_->{node} } @{ $page->{edges} } ], cursors => [ map { $_->{cursor} } @{ $page->{edges} } ] };
	};
	my $whole = data(graphql($inside->($field . $call->('first: 100') . " { $fields }"), token => $reader->{token}), $around->[1] // (), $field);
	is(scalar @$whole, 5, "$name: the plain list");
	my $all = $read->();
	is_deeply([ @$all{qw(entries hasNextPage hasPreviousPage)} ], [ $whole, JSON::PP::false, JSON::PP::false ], "$name: the connection has the same, 20 unless said");
	is_deeply([ @$all{qw(startCursor endCursor)} ], [ @{ $all->{cursors} }[ 0, 4 ] ], "$name: its ends");
	is_deeply([ @{ $all->{all} }{qw(totalCount totalCountAtLeast)} ], [ 5, 5 ], "$name: all of it counts itself");
	my @walked;
	my $page = { hasNextPage => 1 };
	for (my $step = 0; $step < 5 && $page->{hasNextPage}; $step++)
	{
		my $first = $step == 0;
		$page = $read->('first: 2', $first ? () : "after: \"$page->{endCursor}\"");
		push @walked, @{ $page->{entries} };
		is(!!$page->{hasPreviousPage}, !$first, "$name: page $step has something before it, or not");
		is_deeply([ @{ $page->{all} }{qw(totalCount totalCountAtLeast)} ], [ $total, $total // @{ $page->{entries} } + ($page->{hasNextPage} ? 1 : 0) ], "$name: what page $step knows of the total");
	}
	is_deeply(\@walked, $whole, "$name: forwards, page by page");
	my $beyond = $read->("after: \"$all->{endCursor}\"");
	is_deeply([ @$beyond{qw(entries hasNextPage startCursor endCursor)} ], [ [], JSON::PP::false, undef, undef ], "$name: nothing behind the end");
	next unless $both;
	my $back = $read->('last: 2', "before: \"$all->{cursors}[4]\"");
	is_deeply([ @$back{qw(entries hasNextPage hasPreviousPage)} ], [ [ @$whole[ 2, 3 ] ], JSON::PP::true, JSON::PP::true ], "$name: backwards");
	$back = $read->('last: 2', "before: \"$back->{startCursor}\"");
	is_deeply([ @$back{qw(entries hasNextPage hasPreviousPage)} ], [ [ @$whole[ 0, 1 ] ], JSON::PP::true, JSON::PP::false ], "$name: to the start");
}

# What stands on one level below another, each list for each row, in one document.
my $nested = data(graphql("{ post(id: $post) { author { postsConnection(first: 1) { totalCount edges { node { id commentsConnection(first: 1) { pageInfo { hasNextPage } } } } } }
	commentsConnection(first: 2) { edges { node { id repliesConnection(first: 3) { totalCount totalCountAtLeast edges { node { id } } pageInfo { hasNextPage } } } } } } }", token => $reader->{token}), 'post');
is_deeply($nested->{author}{postsConnection}, { totalCount => 5, edges => [ { node => { id => "$posts[4]", commentsConnection => { pageInfo => { hasNextPage => JSON::PP::false } } } } ] }, 'seed 068: a connection below another');
is_deeply($nested->{commentsConnection}{edges}, [
	{ node => { id => "$comments[0]", repliesConnection => { totalCount => 5, totalCountAtLeast => 5, edges => [ map { { node => { id => "$_" } } } @replies[ 0 .. 2 ] ], pageInfo => { hasNextPage => JSON::PP::true } } } },
	{ node => { id => "$comments[1]", repliesConnection => { totalCount => 0, totalCountAtLeast => 0, edges => [], pageInfo => { hasNextPage => JSON::PP::false } } } } ], 'seed 070: replies of each comment, with their kept count');
my $both = graphql('{ allPosts(first: 3) { id } allPostsConnection(first: 3) { edges { node { id } } } }', token => $reader->{token})->{json}{data};
is_deeply([ map { $_->{node} } @{ $both->{allPostsConnection}{edges} } ], $both->{allPosts}, 'allPosts, whatever stands there now');
is_deeply(data(graphql("{ user(id: $author->{id}) { postsConnection { totalCount __typename } } }"), 'user', 'postsConnection'), { totalCount => 5, __typename => 'PostConnection' }, 'a count alone');
is_deeply(data(graphql("{ searchPostsFtsConnection(query: \"nosuch$word\") { edges { cursor } totalCount totalCountAtLeast } }"), 'searchPostsFtsConnection'), { edges => [], totalCount => 0, totalCountAtLeast => 0 }, 'a search in vain has no results');
is_deeply(data(graphql('{ userPostsConnection(userId: 9007199254740991) { edges { cursor } totalCount } }'), 'userPostsConnection'), { edges => [], totalCount => undef }, 'of nobody there is an empty list');

# ---- cursors
my $cursor = sub { my ($field) = @_; return data(graphql("{ c: $field { pageInfo { endCursor } } }", token => $reader->{token}), 'c', 'pageInfo', 'endCursor') };
my $second = $cursor->("userPostsConnection(userId: $author->{id}, first: 2)");
sub refused
{
	my ($field, $code, $name) = @_;
	my $answer = graphql("{ list: $field { edges { cursor } } }", token => $reader->{token});
	my $error  = $answer->{json}{errors}[0] // {};
	is_deeply([ $error->{extensions}{code}, $error->{path} ], [ $code, ['list'] ], $name) or diag($answer->{content});
}
refused("hashtagPostsConnection(tag: \"$word\", after: \"@{[ $cursor->(qq(userMentionsConnection(userId: $reader->{id}, first: 2))) ]}\")", 'BAD_REQUEST', "another list's cursor");
refused("allPostsConnection(after: \"$_\")", 'BAD_REQUEST', "no cursor: $_") for 'nonsense', '', $second . 'x';
refused("allPostsConnection(after: \"$second\", before: \"$second\")", 'BAD_USER_INPUT', 'two cursors');
refused('allPostsConnection(last: 2)', 'BAD_USER_INPUT', 'last without before');
refused("allPostsConnection($_->[0])", $_->[1], $_->[0]) for [ 'first: 101', 'LIMIT_EXCEEDED' ], [ 'first: -1', 'BAD_USER_INPUT' ], [ 'first: 0', 'BAD_USER_INPUT' ],
  [ "last: 101, before: \"$second\"", 'LIMIT_EXCEEDED' ], [ "last: -1, before: \"$second\"", 'BAD_USER_INPUT' ];

my $inside = graphql("{ post(id: $post) { id c: commentsConnection(first: 101) { totalCount } } user(id: $reader->{id}) { id } }", token => $reader->{token})->{json};
is_deeply([ $inside->{data}, @{ $inside->{errors}[0] }{qw(path)}, scalar @{ $inside->{errors} } ], [ { post => undef, user => { id => "$reader->{id}" } }, [ 'post', 'c' ], 1 ], 'an error of one field, with its path, leaves the others');

# ---- what happens between two pages
my $next = sub { my @ids = map { $_->{node}{id} } @{ data(graphql("{ l: userPostsConnection(userId: $author->{id}, after: \"$second\", first: 2) { edges { node { id } } } }", token => $reader->{token}), 'l', 'edges') }; return "@ids" };
is($next->(), "$posts[2] $posts[1]", 'the next page');
my $act = sub { my ($person, $call) = @_; psql("SELECT social.act_as($person->{id}::bigint, true); SELECT social.$call") };
$act->($author, "delete_post($posts[3])");
is($next->(), "$posts[2] $posts[1]", 'is the same when the row that the cursor came from is gone');
$act->($author, "delete_post($posts[2])");
is($next->(), "$posts[1] $posts[0]", 'and closes up over one that it had');
api(POST => '/api/posts/posts/', token => $author->{token}, json => { title => 'newer', content => 'words' });
is($next->(), "$posts[1] $posts[0]", 'a newer one moves nothing');
$act->($author, "block_user($reader->{id})");
is($next->(), '', 'nothing more from somebody who has blocked the reader meanwhile');
is_deeply(graphql("{ hashtagPostsConnection(tag: \"$word\") { edges { node { id } } } }", token => $reader->{token})->{json}{data}{hashtagPostsConnection}{edges}, [], 'nor under a hashtag');
done_testing;
