# Searches, hashtags and mentions over REST (seed 033, 058, 059, 061-064, 103, 104, 130).
use strict;
use warnings;
use utf8;
use Rest;
use Social;
use Test::More;

my ($ann, $bob) = (account(), account());
my $word = sprintf 'needle%x', $$;
my @posts = map { as($ann, "social.create_post('The $word $_', 'of #Tag$word and \@$bob->{username}')") } 1, 2;
my $private = as($ann, "social.create_post('The $word 3', 'of #Tag$word and #Own$word', visibility => 'private')");

# ---- searches
my $search = 'posts/search';
my $part   = substr $word, 1, 6;
is_deeply(ids(does($bob, "GET $search/text/?query=$part", undef, 200, { previous => undef }, 'seed 058: a part of a text')), [ reverse @posts ], 'newest first');
my $page = does($bob, "GET $search/text/?query=$part&first=1", undef, 200, {}, 'page');
is_deeply(ids(does($bob, "GET $search/text/?query=$part&first=1&after=$page->{next}", undef, 200, {}, 'by page')), [ $posts[0] ], 'on');
is_deeply([ sort @{ ids(does($bob, "GET $search/?query=$word", undef, 200, {}, 'seed 059: a word'), 'post') } ], [ sort @posts ], 'best first');
is_deeply(ids(does($ann, "GET $search/users/?query=$bob->{username}", undef, 200, {}, 'people')), [ $bob->{id} ], 'by name');
is_deeply([ map { $_->{tag} } @{ does($bob, "GET $search/hashtags/?query=tag$word", undef, 200, {}, 'seed 033: hashtags')->{results} } ], ["tag$word"], 'by how they begin');
my $found = does($bob, "GET $search/all/?query=tag$word&first=5", undef, 200, {}, 'everything')->{results};
is_deeply([ map { [ $_->{type}, $_->{item}{tag} ] } grep { $_->{type} eq 'hashtag' } @$found ], [ [ hashtag => "tag$word" ] ], 'by what it is');
for my $kind ('', 'text/', 'users/', 'hashtags/', 'all/')
{
	does($bob, "GET $search/$kind$_", undef, 400, undef, 'no query') for '', '?query=', '?query=a&query=b', '?query=' . 'x' x 501;
	does(undef, "GET $search/$kind?query=x", undef, 401, undef, 'seed 049: nobody');
	is(ref does($bob, "GET $search/$kind?query=%25%27%3B--%22%5C%E2%80%AE", undef, 200, {}, 'no character is special')->{results}, 'ARRAY', 'a list');
}

# ---- hashtags
my $tags = 'posts/hashtags';
does($bob, "GET $tags/lookup/?tag=%23TAG$word", undef, 200, { tag => "tag$word", display => "Tag$word", post_count => 2 }, 'seed 061: a hashtag, in any spelling');
does($bob, "GET $tags/lookup/?tag=$_", undef, 404, undef, 'none') for "own$word", "no$word", '%23';
does($ann, "GET $tags/lookup/?tag=own$word", undef, 200, { post_count => 0 }, 'of an own private post');
is_deeply(ids(does($bob, "GET $tags/posts/?tag=Tag$word", undef, 200, {}, 'seed 062: its posts')), [ reverse @posts ], 'newest first');
is_deeply(ids(does($bob, "GET $tags/posts/?tag=no$word", undef, 200, { next => undef }, 'an unknown tag')), [], 'has none');
is(ref does($bob, "GET $tags/$_", undef, 200, {}, 'seed 063')->{results}, 'ARRAY', 'a list') for '', 'trending/', 'topics/', 'trending/?first=3';
does($bob, "GET $tags/$_", undef, 400, undef, 'no such question') for 'posts/', 'lookup/', '?first=0', 'trending/?first=0', 'topics/?first=101';

# ---- mentions
my $mentions = does($ann, "GET accounts/users/$bob->{id}/mentions/", undef, 200, {}, 'seed 064: where somebody is mentioned');
is_deeply(ids($mentions, 'post'), [ reverse @posts ], 'latest first');

# ---- links (RFC 8288)
my $link = sub {
	my ($path) = @_;
	my $answer = api(GET => "/api/$path", token => $bob->{token});
	my %link = map { /^<([^>]*)>; rel="([^"]*)"$/ ? ($2 => $1) : () } split /, /, $answer->{headers}{link} // '';
	return (\%link, $answer->{json});
};
my ($first, $json) = $link->("$tags/posts/?tag=%23Tag$word&first=1");
is_deeply($first, { next => "/api/$tags/posts/?first=1&tag=%23Tag$word&after=$json->{next}" }, 'the first page links to the next, with what it was asked for');
my ($second, $back) = $link->($first->{next} =~ s{^/api/}{}r);
is_deeply(ids($back), [ $posts[0] ], 'which is there');
my $before = "/api/$tags/posts/?first=1&tag=%23Tag$word&before=$back->{previous}";
is_deeply($second, { prev => $before, previous => $before }, 'and links back, by both registered names');
is_deeply(ids(($link->($before =~ s{^/api/}{}r))[1]), [ $posts[1] ], 'to where it came from');
is(api(GET => "/api/$tags/posts/?tag=Tag$word", token => $bob->{token})->{headers}{link}, undef, 'a list of one page has no links');
($first) = $link->("$search/text/?query=$part&first=1&evil=%0d%0aX:1");
is_deeply([ keys %$first ], ['next'], 'pages that go one way have no link back');
unlike($first->{next}, qr/evil/, 'and what no route reads is in no link');
is(api(HEAD => "/api/$tags/posts/?tag=Tag$word&first=1", token => $bob->{token})->{headers}{link} // '', '</api/' . "$tags/posts/?first=1&tag=Tag$word&after=$json->{next}>; rel=\"next\"", 'HEAD tells the same');
done_testing;
