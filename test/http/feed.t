# The home feed over REST: whose posts, in which order, page by page (seed 031, P-04).
use strict;
use warnings;
use Social;
use Test::More;

my ($reader, $author, $stranger) = map { account() } 1 .. 3;
is_error(api(GET => '/api/posts/feed/'), 401, 'UNAUTHENTICATED', 'seed 031: a feed is somebody\'s');
my $feed = sub { api(GET => '/api/posts/feed/' . ($_[0] // ''), token => $reader->{token}) };
is_deeply($feed->()->{json}, { results => [], next => undef, previous => undef, live => [] }, 'who follows nobody and has written nothing has an empty one');

my $follow = api(POST => "/api/accounts/users/$author->{id}/follow/", token => $reader->{token}, json => { following => JSON::PP::true() });
is($follow->{status}, 200, 'the reader follows the author');
my @posts = map { api(POST => '/api/posts/posts/', token => $author->{token}, json => { title => "Number $_", content => 'words' })->{json} } 1 .. 5;
api(POST => '/api/posts/posts/', token => $stranger->{token}, json => { title => 'Elsewhere', content => 'words' });

my $all = $feed->();
is($all->{status}, 200, 'a feed answers 200');
is_deeply([map { $_->{id} } @{ $all->{json}{results} }], [reverse map { $_->{id} } @posts], 'posts of the people followed, newest first, and of nobody else');
is($all->{json}{next}, undef, 'all on one page');
is($all->{json}{results}[0]{author}{username}, $author->{username}, 'each with its author');
ok(exists $all->{json}{results}[0]{reposted_by}, 'and who passed it on');

my (@seen, $after);
do
{
	my $page = $feed->('?first=2' . (defined $after ? "&after=$after" : ''))->{json};
	cmp_ok(scalar @{ $page->{results} }, '<=', 2, 'a page holds what was asked for');
	push @seen, map { $_->{id} } @{ $page->{results} };
	$after = $page->{next};
} while (defined $after && @seen < 10);
is_deeply(\@seen, [reverse map { $_->{id} } @posts], 'page by page, nothing twice and nothing left out');

for my $query ('?first=0', '?first=-1', '?first=1000000000', '?first=x', '?after=nonsense', '?after=')
{
	is_error($feed->($query), 400, 'BAD_REQUEST', "$query is refused");
}
done_testing();
