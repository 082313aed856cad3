# Likes, shares, bookmarks and views over GraphQL (seed 065-068, 077-079, 101, 102): doing, undoing and
# listing them, and what a post says of its viewer, as its author, as somebody else, across a block,
# and as nobody.
use strict;
use warnings;
use utf8;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my ($ann, $bob, $cem) = map { account() } 1 .. 3;
my $post    = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($ann->{id}, 't', 'c') RETURNING id");
my $other   = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($ann->{id}, 't2', 'c') RETURNING id");
my $hidden  = psql("INSERT INTO social.posts (author_id, title, content, visibility) VALUES ($ann->{id}, 'only ann', 'c', 'private') RETURNING id");
my $comment = psql("INSERT INTO social.comments (post_id, author_id, content) VALUES ($post, $ann->{id}, 'c') RETURNING id");
psql("SELECT social.act_as($cem->{id}), social.block_user($ann->{id})");
sub state_of
{
	return psql(join ' || ', 'SELECT ' . join ' || ', map { "coalesce((SELECT md5(string_agg(r::text, '|' ORDER BY r)) FROM social.$_->[0] r WHERE r.$_->[1] IN ($_->[2])), '-')" }
		  [ post_likes => 'post_id', "$post, $other, $hidden" ], [ reposts => 'post_id', "$post, $other, $hidden" ], [ bookmarks => 'post_id', "$post, $other, $hidden" ],
		[ post_views => 'post_id', "$post, $other, $hidden" ], [ comment_likes => 'comment_id', $comment ], [ posts => 'author_id', "$bob->{id}, $cem->{id}" ]);
}
sub users { my ($rows) = @_; return [ map { $_->{user}{username} } @{ $rows // [] } ] }

# ---- likes
my $viewer = 'isLiked myReaction isBookmarked isReposted';
is_deeply(get($_, "{ post(id: $post) { $viewer } }"), { isLiked => $false, myReaction => undef, isBookmarked => $false, isReposted => $false }, 'nothing done yet') for $bob, undef;
is_deeply(payload(post => $bob, "mutation { likePost(postId: $post) { post { id likesCount $viewer } success message } }"),
	{ id => "$post", likesCount => 1, isLiked => $true, myReaction => 'heart', isBookmarked => $false, isReposted => $false }, 'seed 077: likePost; the post says so') for 1, 2;
is_deeply(get($_, "{ post(id: $post) { isLiked myReaction likesCount } }"), { isLiked => $false, myReaction => undef, likesCount => 1 }, 'to the viewer alone') for $ann, undef;
is_deeply(payload(post => $bob, 'mutation ($r: String) { likePost(postId: ' . $post . ', reaction: $r) { post { likesCount myReaction } success message } }', r => '🎉'), { likesCount => 1, myReaction => '🎉' }, 'another reaction takes its place');
get($ann, "mutation { likePost(postId: $post) { success } }");
is_deeply(get(undef, "{ postLikes(postId: $post) { user { username } post { title } reaction } }"),
	[ { user => { username => $ann->{username} }, post => { title => 't' }, reaction => 'heart' }, { user => { username => $bob->{username} }, post => { title => 't' }, reaction => '🎉' } ], 'seed 065, 101: postLikes, the latest first');
is_deeply(users(get($bob, "{ postLikes(postId: $post, first: 1) { user { username } } }")), [ $ann->{username} ], 'as many as asked for');
is_deeply(users(get($bob, "{ post(id: $post) { likes { user { username } createdAt } } }")->{likes}), [ $ann->{username}, $bob->{username} ], 'also of a post');
is_deeply(payload(post => $bob, "mutation { unlikePost(postId: $post) { post { likesCount isLiked myReaction } success message } }"), { likesCount => 1, isLiked => $false, myReaction => undef }, 'seed 077: unlikePost') for 1, 2;

is_deeply(payload(comment => $bob, "mutation { likeComment(commentId: $comment, reaction: \"thumb\") { comment { id likesCount isLiked myReaction } success message } }"), { id => "$comment", likesCount => 1, isLiked => $true, myReaction => 'thumb' }, 'seed 078: likeComment');
is_deeply(get($ann, "{ commentLikes(commentId: $comment) { user { username } comment { content } reaction } }"), [ { user => { username => $bob->{username} }, comment => { content => 'c' }, reaction => 'thumb' } ], 'seed 066, 101: commentLikes');
is_deeply(get($ann, "{ comment(id: $comment) { isLiked myReaction likes { reaction } } }"), { isLiked => $false, myReaction => undef, likes => [ { reaction => 'thumb' } ] }, 'and of a comment');
is_deeply(payload(comment => $bob, "mutation { unlikeComment(commentId: $comment) { comment { likesCount isLiked } success message } }"), { likesCount => 0, isLiked => $false }, 'seed 078: unlikeComment');

# ---- shares
my $plain = get($bob, "mutation { sharePost(postId: $post) { share { user { username } post { id } message quote { id } createdAt } post { repostsCount isReposted } success message } }");
like(delete $plain->{share}{createdAt}, qr/^\d{4}-/, 'seed 102: when it was shared');
is_deeply([ @$plain{qw(share post success)} ], [ { user => { username => $bob->{username} }, post => { id => "$post" }, message => '', quote => undef }, { repostsCount => 1, isReposted => $true }, $true ],
	'seed 079: sharePost without a message is a repost');
my $quote = payload(share => $bob, "mutation { sharePost(postId: $post, message: \"Read this\") { share { user { username } post { id } message quote { id title content quotedPost { id title } } } success message } }");
my $quote_id = delete $quote->{quote}{id};
is_deeply($quote, { user => { username => $bob->{username} }, post => { id => "$post" }, message => 'Read this', quote => { title => '', content => 'Read this', quotedPost => { id => "$post", title => 't' } } },
	'seed 079: with a message a post that quotes it');
is_deeply(payload(share => $ann, "mutation { sharePost(postId: $quote_id) { share { user { username } message quote { id } } success message } }"), { user => { username => $ann->{username} }, message => '', quote => undef }, 'a quote is shared like another post');
is_deeply(get(undef, "{ postShares(postId: $post) { user { username } post { title } message quote { content } } }"),
	[ { user => { username => $bob->{username} }, post => { title => 't' }, message => 'Read this', quote => { content => 'Read this' } }, { user => { username => $bob->{username} }, post => { title => 't' }, message => '', quote => undef } ],
	'seed 067, 102: postShares, the latest first');
is_deeply(get(undef, "{ postQuotes(postId: $post) { id author { username } } }"), [ { id => $quote_id, author => { username => $bob->{username} } } ], 'what quotes it');
is_deeply(get(undef, "{ post(id: $post) { quotes { id } repostsCount } }"), { quotes => [ { id => $quote_id } ], repostsCount => 1 }, 'also of a post');
is_deeply(payload(post => $bob, "mutation { unrepostPost(postId: $post) { post { isReposted repostsCount } success message } }"), { isReposted => $false, repostsCount => 0 }, 'a repost is taken back') for 1, 2;
is_deeply(payload(post => $bob, "mutation { repostPost(postId: $post) { post { isReposted repostsCount } success message } }"), { isReposted => $true, repostsCount => 1 }, 'and made again') for 1, 2;

# ---- bookmarks
is(payload(post => $bob, "mutation { bookmarkPost(postId: $_) { post { isBookmarked } success message } }")->{isBookmarked}, $true, 'a bookmark') for $post, $other, $other;
is_deeply([ map { $_->{id} } @{ get($bob, "{ bookmarks { id $viewer } }") } ], [ "$other", "$post" ], 'the latest first');
is_deeply(get($ann, '{ bookmarks { id } }'), [], 'nobody else sees them');
is(payload(post => $bob, "mutation { unbookmarkPost(postId: $other) { post { isBookmarked } success message } }")->{isBookmarked}, $false, 'no longer') for 1, 2;
is_deeply([ map { $_->{id} } @{ get($bob, '{ bookmarks(first: 5) { id } }') } ], ["$post"], 'one is left');

# ---- views
is(payload(post => $bob, "mutation { viewPost(postId: $post) { post { viewsCount } success message } }")->{viewsCount}, 1, 'seed 102: a view counts once in a while') for 1, 2;
is(get(undef, "mutation { viewPost(postId: $post) { post { viewsCount } } }")->{post}{viewsCount}, 2, "a visitor's likewise") for 1, 2;
is_deeply(get($ann, "{ postViews(postId: $post) { user { username } post { id } } }"), [ { user => { username => $bob->{username} }, post => { id => "$post" } } ], 'seed 068: postViews, for its author');
refused('FORBIDDEN', 'seed 068: not for others', $bob, "{ postViews(postId: $post) { createdAt } }");
refused('UNAUTHENTICATED', 'nor for nobody', undef, "{ postViews(postId: $post) { createdAt } }");

# ---- what is refused, and that nothing is written then
my $before = state_of();
for my $name (qw(likePost unlikePost sharePost repostPost unrepostPost bookmarkPost unbookmarkPost viewPost))
{
	refused('NOT_FOUND', "$name: not across a block", $cem, "mutation { $name(postId: $post) { success } }");
	refused('NOT_FOUND', "$name: not a post that may not be seen", $bob, "mutation { $name(postId: $hidden) { success } }");
	refused('NOT_FOUND', "$name: not a post that is not there", $bob, "mutation { $name(postId: \"9007199254740991\") { success } }");
	refused('UNAUTHENTICATED', "$name: not by nobody", undef, "mutation { $name(postId: $post) { success } }") unless $name eq 'viewPost';
}
for my $name (qw(likeComment unlikeComment))
{
	refused('NOT_FOUND', "$name: not across a block", $cem, "mutation { $name(commentId: $comment) { success } }");
	refused('NOT_FOUND', "$name: not one that is not there", $bob, "mutation { $name(commentId: \"9007199254740991\") { success } }");
	refused('UNAUTHENTICATED', "$name: not by nobody", undef, "mutation { $name(commentId: $comment) { success } }");
}
is_deeply(get($cem, "{ $_(postId: $post) { createdAt } }"), [], "$_: nothing of what may not be seen") for qw(postLikes postShares postQuotes);
is_deeply(get($cem, "{ commentLikes(commentId: $comment) { createdAt } }"), [], 'commentLikes: likewise');
refused('NOT_FOUND', 'postViews: likewise', $cem, "{ postViews(postId: $post) { createdAt } }");
refused('UNAUTHENTICATED', 'bookmarks: nobody has any', undef, '{ bookmarks { id } }');
refused('BAD_REQUEST', 'a reaction that is none', $bob, "mutation { likePost(postId: $post, reaction: \"$_\") { success } }") for '', 'two words', 'x' x 33;
refused('BAD_REQUEST', 'an empty message', $bob, "mutation { sharePost(postId: $post, message: \"\") { success } }");
psql("UPDATE social.posts SET visibility = 'followers' WHERE id = $other; SELECT social.act_as($bob->{id}), social.follow_user($ann->{id})");
refused('FORBIDDEN', "sharePost: not what is not everybody's", $bob, "mutation { sharePost(postId: $other) { success } }");
is(ask($bob, "mutation { likePost(postId: \"$_\") { success } }")->{errors}[0]{extensions}{code}, 'BAD_USER_INPUT', "an id that can be none: $_") for 'abc', '-1', '9007199254740992';
is(state_of(), $before, 'nothing of all this was written');

# ---- how many with which reaction
my ($fan, $next) = map { account() } 1 .. 2;
my $liked = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($fan->{id}, 'liked', 'x') RETURNING id");
my $said  = psql("INSERT INTO social.comments (post_id, author_id, content) VALUES ($liked, $fan->{id}, 'x') RETURNING id");
ask($_->[0], 'mutation($p: ID!, $c: ID!, $r: String) { likePost(postId: $p, reaction: $r) { success } likeComment(commentId: $c, reaction: $r) { success } }', p => $liked, c => $said, r => $_->[1]) for [ $fan, 'party' ], [ $next, 'party' ], [ account(), undef ];
my $counts = [ { reaction => 'party', count => 2, isExact => JSON::PP::true }, { reaction => 'heart', count => 1, isExact => JSON::PP::true } ];
is_deeply(get(undef, 'query($p: ID!) { post(id: $p) { likesCount reactions { reaction count isExact } comments { reactions { reaction count isExact } } } }', p => $liked),
	{ likesCount => 3, reactions => $counts, comments => [ { reactions => $counts } ] }, 'mission 3.3: likes by reaction, of a post and its comments');
ask($next, 'mutation($p: ID!) { likePost(postId: $p, reaction: "wow") { success } }', p => $liked);
is_deeply(get(undef, 'query($p: ID!) { post(id: $p) { reactions { reaction count } } }', p => $liked)->{reactions}, [ map { { reaction => $_, count => 1 } } qw(heart party wow) ], 'another reaction takes the place of the first');
done_testing;
