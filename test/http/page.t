# Pages over REST: {results, next, previous} of every list, both ways, by one template (mission P-04).
use strict;
use warnings;
use Social;
use Test::More;

my ($reader, $author) = map { account() } 1 .. 4;
api(POST => "/api/accounts/users/$author->{id}/follow/", token => $reader->{token}, json => { following => JSON::PP::true() });
my $word = sprintf 'paged%x', $$;
api(POST => '/api/posts/posts/', token => $author->{token}, json => { title => "$word $_", content => 'words' }) for 1 .. 5;
api(POST => '/api/auth/login/', json => { username => $reader->{username}, password => 'wrong wrong' }) for 1 .. 3;

my %id = (map({ $_ => sub { $_[0]{id} } } 'posts/posts', 'posts/feed', 'accounts/users', 'auth/users/login-attempts'), 'posts/search' => sub { $_[0]{post}{id} });
my $read = sub {
	my ($list, %query) = @_;
	$query{query} = $word if $list eq 'posts/search';
	my $page = api(GET => "/api/$list/?" . join('&', map { "$_=$query{$_}" } sort keys %query), token => $reader->{token})->{json};
	return { %$page, ids => [ map { $id{$list}->($_) } @{ $page->{results} } ] };
};

for my $list (sort keys %id)
{
	my $whole = $read->($list, first => 3);
	is_deeply([ sort grep { $_ ne 'ids' } keys %$whole ], [ sort qw(results next previous), $list eq 'posts/search' ? qw(total is_bounded) : $list eq 'posts/feed' ? 'live' : () ], "$list: what a page is");
	is($whole->{previous}, undef, "$list: nothing comes before the first page");
	my $first = $read->($list, first => 2);
	is_deeply($first->{ids}, [ @{ $whole->{ids} }[ 0, 1 ] ], "$list: two rows");
	my $second = $read->($list, first => 1, after => $first->{next});
	is_deeply($second->{ids}, [ $whole->{ids}[2] ], "$list: next leads on");
	if ($list eq 'posts/search')
	{
		is($second->{previous}, undef, "$list: but not back");
		is(api(GET => "/api/posts/search/?query=$word&after=nonsense", token => $reader->{token})->{status}, 400, "$list: a bad cursor");
		next;
	}
	my $back = $read->($list, first => 2, before => $second->{previous});
	is_deeply($back->{ids}, $first->{ids}, "$list: previous leads back");
	is($back->{previous}, undef, "$list: to the start");
	my $again = $read->($list, first => 1, after => $back->{next});
	is_deeply($again->{ids}, $second->{ids}, "$list: and on again");
	my $one = $read->($list, first => 1, before => $second->{previous});
	is_deeply([ @{ $one->{ids} }, defined $one->{previous} ], [ $whole->{ids}[1], 1 ], "$list: one row back, with more before it");
	is_error(api(GET => "/api/$list/?after=$first->{next}&before=$first->{next}", token => $reader->{token}), 400, 'BAD_REQUEST', "$list: two cursors");
}

# Whoever is listed is shown as on a page of their own, and posts likewise.
my $listed = $read->('accounts/users', first => 1)->{results}[0];
my $own    = api(GET => "/api/accounts/users/$listed->{id}/", token => $reader->{token})->{json};
delete @$own{qw(following requested follows_you)};
is_deeply($listed, $own, 'a person in a list');
my $post = $read->('posts/posts', first => 1)->{results}[0];
is_deeply($post, api(GET => "/api/posts/posts/$post->{id}/", token => $reader->{token})->{json}, 'a post in a list');
my $fed = $read->('posts/feed', first => 1)->{results}[0];
delete @$fed{qw(reposted_by reposted_at)};
is_deeply($fed, $post, 'in a feed');
my ($hit) = grep { $_->{post}{id} == $post->{id} } @{ $read->('posts/search', first => 100)->{results} };
is_deeply($hit->{post}, $post, 'and in a search');
is_deeply([ @{ $read->('posts/search', first => 100) }{qw(previous next)} ], [ undef, undef ], 'all results on one page');
my $none = api(GET => "/api/posts/search/?query=nosuch$word", token => $reader->{token});
is_deeply($none->{json}, { results => [], next => undef, previous => undef, total => { value => 0, is_exact => JSON::PP::true() }, is_bounded => JSON::PP::false() }, 'no results');
done_testing();
