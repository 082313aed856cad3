# Likes with reactions, reposts, shares, bookmarks and views of posts over REST (seed 025, 026, 033, 065, 067, 068, 077, 079, I-18).
use strict;
use warnings;
use utf8;
use Rest;
use Social;
use Test::More;

my ($ann, $bob, $eve, $staff) = map { account() } 1 .. 4;
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");
my $post    = as($ann, q{social.create_post('Liked', 'and shared')});
my $private = as($ann, q{social.create_post('Mine', 'alone', visibility => 'private')});
my $close   = as($ann, q{social.create_post('Close', 'for followers', visibility => 'followers')});
psql("SELECT social.act_as($bob->{id}), social.follow_user($ann->{id})");
my $at = "posts/posts/$post";

# ---- likes
does($bob, "POST $at/like/", { reaction => 'wow' }, 200, { liked => $yes, likes_count => 1, reaction => 'wow' }, 'seed 025: a like with a reaction') for 1, 2;
does($bob, "GET $at/reactions/", undef, 200, { results => [ { reaction => 'wow', count => 1, is_exact => $yes } ] }, 'mission 3.3: likes by reaction');
does($bob, "POST $at/like/", undef, 200, { likes_count => 1, reaction => 'heart' }, 'another takes its place');
does($bob, "POST $at/like/", { reaction => $_ }, 400, undef, 'no reaction') for '', 'two words', 'x' x 33, 5;
is_deeply([ map { [ $_->{user}{id}, $_->{reaction} ] } @{ does($eve, "GET $at/likes/", undef, 200, {}, 'seed 065: who likes it')->{results} } ], [ [ $bob->{id}, 'heart' ] ], 'and how');
does($eve, "POST $at/like/", { reaction => 'wow' }, 200, { likes_count => 2 }, 'another likes it otherwise');
is_deeply([ sort map { "$_->{reaction} $_->{count} $_->{is_exact}" } @{ does($ann, "GET $at/reactions/", undef, 200, {}, 'how many with which')->{results} } ], [ 'heart 1 1', 'wow 1 1' ], 'each');
does($eve, "POST $at/unlike/", undef, 200, { likes_count => 1 }, 'and takes it back');
does($bob, "POST $at/unlike/", undef, 200, { liked => $no, likes_count => 0, reaction => undef }, 'seed 026: taken back') for 1, 2;
does($bob, "POST $at/like/", undef, 200, { liked => $yes }, 'again');
does($bob, "DELETE $at/like/", undef, 200, { liked => $no, likes_count => 0 }, 'and taken back by DELETE');

# ---- reposts and shares
does($bob, "POST $at/repost/", undef, 200, { reposted => $yes, reposts_count => 1 }, 'seed 033: a repost') for 1, 2;
does($bob, "POST posts/posts/$close/repost/", undef, 403, undef, 'of what is for everybody');
my $quote = does($bob, "POST $at/share/", { message => 'look' }, 201, { content => 'look', quoted_post_id => $post + 0 }, 'seed 079: a share with a message quotes');
is_deeply([ @{ $quote->{quoted_post} }{qw(id title)} ], [ $post, 'Liked' ], 'and shows what it quotes');
does($eve, "POST $at/share/", undef, 201, { id => $post + 0 }, 'without one it is a repost');
does($eve, "POST $at/share/", { message => $_ }, 400, undef, 'no message') for '', 7, 'x' x 10001;
my @shares = map { [ $_->{user}{id}, $_->{message}, $_->{quote_id} ] } @{ does($eve, "GET $at/shares/", undef, 200, {}, 'seed 067: who passed it on')->{results} };
is_deeply(\@shares, [ [ $eve->{id}, '', undef ], [ $bob->{id}, 'look', $quote->{id} ], [ $bob->{id}, '', undef ] ], 'the latest first');
is_deeply(ids(does($eve, "GET $at/quotes/", undef, 200, {}, 'what quotes it')), [ $quote->{id} ], 'newest first');
does($bob, "POST $at/unrepost/", undef, 200, { reposted => $no, reposts_count => 1 }, 'taken back') for 1, 2;
does($eve, "DELETE $at/repost/", undef, 200, { reposted => $no, reposts_count => 0 }, 'and by DELETE');
psql("UPDATE social.posts SET visibility = 'private' WHERE id = $post");
does($eve, "GET posts/posts/$quote->{id}/", undef, 200, { quoted_post_id => $post + 0, quoted_post => undef }, 'what may not be seen is not shown by who quotes it');
psql("UPDATE social.posts SET visibility = 'public' WHERE id = $post");

# ---- bookmarks
does($bob, "POST $at/bookmark/", undef, 200, { bookmarked => $yes }, 'seed 033: a bookmark') for 1, 2;
is_deeply(ids(does($bob, 'GET posts/bookmarks/', undef, 200, {}, 'stands among them')), [ $post ], 'alone');
is_deeply(ids(does($ann, 'GET posts/bookmarks/', undef, 200, {}, 'not')), [], "among another's");
does($bob, "POST $at/unbookmark/", undef, 200, { bookmarked => $no }, 'no longer') for 1, 2;
does($bob, "POST $at/bookmark/", undef, 200, { bookmarked => $yes }, 'again');
does($bob, "DELETE $at/bookmark/", undef, 200, { bookmarked => $no }, 'and no longer by DELETE');

# ---- views
does($bob, "POST $at/views/", undef, 200, { id => $post + 0, views_count => 1 }, 'seed 033: a view counts once in a while') for 1, 2;
does($eve, "POST $at/views/", undef, 200, { views_count => 2 }, 'for each who looks');
is_deeply([ sort map { $_->{user}{id} } @{ does($_, "GET $at/views/", undef, 200, {}, 'seed 068: who has seen it, for its author and staff')->{results} } ], [ sort $bob->{id}, $eve->{id} ], 'both') for $ann, $staff;
does($bob, "GET $at/views/", undef, 403, undef, 'not for others');

# ---- what may not be seen does not exist
for my $call (map({ "POST posts/posts/$private/$_/" } qw(like unlike repost unrepost share bookmark unbookmark views)), map { "GET posts/posts/$private/$_/" } qw(likes shares quotes views))
{
	does($bob, $call, undef, 404, undef, 'a private post');
}
is(psql("SELECT count(*) FROM social.reposts WHERE post_id IN ($private, $close)"), 0, 'nothing was written of what was refused');
done_testing;
