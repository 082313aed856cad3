# Search over REST: web-search syntax, ranked, with snippets, page by page; languages (seed 033, 059, 130, P-06, P-07).
use strict;
use warnings;
use HTTP::Tiny;
use Social;
use Test::More;

my $person = account();
my $word   = sprintf 'needle%x', $$;
my $post   = sub { my (%post) = @_; my $r = api(POST => '/api/posts/posts/', token => $person->{token}, json => \%post); $r->{json}{id} };
my $search = sub { my ($query, $more) = @_; api(GET => '/api/posts/search/?' . HTTP::Tiny->new->www_form_urlencode({ query => $query }) . ($more // ''), token => $person->{token}) };

my @content = map { $post->(title => "Number $_", content => "a $word in <b>hay</b>") } 1 .. 3;
my $title = $post->(title => "The $word", content => 'in a title');
my $found = $search->($word);
is($found->{status}, 200, 'seed 033: search answers 200');
is_deeply([map { $_->{post}{id} } @{ $found->{json}{results} }], [$title, reverse @content], 'seed 130: titles first, then the newest');
is($found->{json}{total}{value}, 4, 'with the number of results');
ok($found->{json}{total}{is_exact} && !$found->{json}{is_bounded}, 'which is exact, for so few');
like($found->{json}{results}[1]{snippet}, qr/\Q$word\E/, 'and snippets');
unlike($found->{json}{results}[1]{snippet}, qr/<b>hay/, 'that are safe as HTML');

my ($next, @pages) = ('');
for (1 .. 3)
{
	my $page = $search->($word, "&first=2$next")->{json};
	push @pages, map { $_->{post}{id} } @{ $page->{results} };
	last unless defined $page->{next};
	$next = "&after=$page->{next}";
}
is_deeply(\@pages, [$title, reverse @content], 'page by page, the same');
is_deeply($search->("$word -hay")->{json}{results}[0]{post}{id}, $title, 'a minus leaves out');
is($search->("\"$word hay\"")->{json}{total}{value}, 0, 'quotes want a phrase');
is($search->("\"in hay\" or nosuchword$$")->{status}, 200, 'or');

my $tokyo = $post->(title => "\x{6771}\x{4EAC}\x{306E}\x{96E8} $$", content => "\x{6771}\x{4EAC}\x{306F}\x{96E8}\x{3067}\x{3059}");
ok((grep { $_->{post}{id} == $tokyo } @{ $search->("\x{6771}\x{4EAC}")->{json}{results} }), 'P-07: two characters of Japanese');
my $german = $post->(title => "H\x{E4}user $$", content => 'viele', language => 'de');
ok(defined $german, 'a post may name its language');
is_error(api(POST => '/api/posts/posts/', token => $person->{token}, json => { title => 't', content => 'c', language => 'xx-nonsense' }), 400, 'BAD_REQUEST', 'an unknown one is refused');

is_error($search->(''), 400, 'BAD_REQUEST', 'an empty query is refused');
is_error($search->('x' x 501), 400, 'BAD_REQUEST', 'and an over-long one');
is_error($search->($word, '&first=0'), 400, 'BAD_REQUEST', 'and a page of nothing');
is_error($search->($word, '&after=nonsense'), 400, 'BAD_REQUEST', 'and a bad cursor');
is($search->($_)->{status}, 200, "hostile but served: $_") for '"unbalanced', '-', '& | ! ( ) <->', "-$word", ':*', '%', q{' OR 1=1 --};
is_error(api(GET => '/api/posts/search/?query=x'), 401, 'UNAUTHENTICATED', 'I-12: without a token, nothing');
done_testing();
