# Comments over REST, their threads and likes (seed 027-030, 033, 066, 074-076, 078, I-22).
use strict;
use warnings;
use utf8;
use Rest;
use Social;
use Test::More;

my ($ann, $bob, $eve) = map { account() } 1 .. 3;
my $post  = as($ann, q{social.create_post('Ground', 'for comments')});
my $other = as($ann, q{social.create_post('Other', 'ground')});
my $under = "posts/posts/$post";

# ---- writing
my $first = does($bob, "POST $under/comments/", { content => 'first' }, 201,
	{ content => 'first', post_id => $post + 0, parent_id => undef, parent_comment => undef, is_edited => $no, edited_at => undef, is_deleted => $no, likes_count => 0, replies_count => 0 }, 'seed 028: a comment');
is($first->{author}{id}, $bob->{id}, 'by the caller');
is(api(POST => "/api/$under/$_", token => $eve->{token}, json => { content => 'x' })->{headers}{location} =~ s/\d+/N/gr, '/api/posts/posts/N/comments/N/', 'and says where it is') for 'comments/', 'comments';
psql("DELETE FROM social.comments WHERE author_id = $eve->{id}");
my $reply = does($ann, "POST $under/comments/", { content => 'reply', parent_id => $first->{id} }, 201, { parent_id => $first->{id}, parent_comment => $first->{id} }, 'I-22: an answer by one name');
my $deep  = does($bob, "POST $under/comments/", { content => 'deep', parent_comment => $reply->{id} }, 201, { parent_id => $reply->{id} }, 'I-22: and by the other');
my $last  = does($eve, "POST $under/comments/", { content => 'last' }, 201, { parent_id => undef }, 'one more');
does($bob, "POST $under/comments/", $_, 400, undef, 'no comment') for {}, { content => '' }, { content => 5 }, { content => 'x' x 5001 }, { content => 'x', parent_id => 'first' };
does($bob, "POST $under/comments/", { content => 'x', parent_id => $_ }, 404, undef, 'no such parent') for 9007199254740991, as($eve, "social.create_comment($other, 'elsewhere')") + 0;
does(undef, "POST $under/comments/", { content => 'x' }, 401, undef, 'nobody');
psql("UPDATE social.posts SET reply_settings = 'none' WHERE id = $other");
does($bob, "POST posts/posts/$other/comments/", { content => 'x' }, 403, undef, 'seed 033: reply settings hold');

my $at = "$under/comments/$first->{id}/";
for my $method (qw(PUT PATCH))
{
	does($bob, "$method $at", { content => "first by $method" }, 200, { content => "first by $method", is_edited => $yes }, 'seed 029: the author rewrites it');
	does($ann, "$method $at", { content => 'x' }, 403, undef, 'nobody else');
	does($bob, "$method $at", $_, 400, undef, 'with a text') for {}, { content => undef }, { content => ' ' };
	does($bob, "$method posts/posts/$other/comments/$first->{id}/", { content => 'x' }, 404, undef, 'under its own post');
}
does($eve, "GET $at", undef, 200, { id => $first->{id}, replies_count => 1 }, 'one comment');
does($eve, "GET posts/posts/$other/comments/$first->{id}/", undef, 404, undef, 'not under another post');

# ---- lists
is_deeply(ids(does($eve, "GET $under/comments/", undef, 200, {}, 'seed 027: comments')), [ $first->{id}, $last->{id} ], 'that answer no other, oldest first');
my $page = does($eve, "GET $under/comments/?first=1", undef, 200, {}, 'page');
is_deeply(ids(does($eve, "GET $under/comments/?first=1&after=$page->{next}", undef, 200, {}, 'by page')), [ $last->{id} ], 'on');
is_deeply(ids(does($eve, "GET ${at}replies/", undef, 200, {}, 'answers')), [ $reply->{id} ], 'to one');
does($eve, "GET posts/posts/$other/comments/$first->{id}/replies/", undef, 404, undef, 'not under another post');
my $thread = does($eve, "GET $under/thread/", undef, 200, {}, 'the thread');
is_deeply([ map { [ $_->{id}, $_->{depth} ] } @{ $thread->{results} } ], [ [ $first->{id}, 1 ], [ $reply->{id}, 2 ], [ $deep->{id}, 3 ], [ $last->{id}, 1 ] ], 'each followed by its answers');
$page = does($eve, "GET $under/thread/?first=2", undef, 200, {}, 'page');
is_deeply(ids(does($eve, "GET $under/thread/?first=2&after=$page->{next}", undef, 200, {}, 'by page')), [ $deep->{id}, $last->{id} ], 'on');
psql("INSERT INTO social.mutes (muter_id, muted_id) VALUES ($eve->{id}, $bob->{id})");
is_deeply(ids(does($eve, "GET $under/comments/", undef, 200, {}, 'who is muted')), [ $last->{id} ], 'is in no list');
does($eve, "GET $at", undef, 200, { id => $first->{id} }, 'but can be read');
psql("DELETE FROM social.mutes WHERE muter_id = $eve->{id}");

# ---- likes of comments
my $likes = { liked => $yes, likes_count => 1 };
does($eve, "POST ${at}like/", undef, 200, { %$likes, reaction => 'heart' }, 'seed 033, 078: a like') for 1, 2;
does($eve, "POST ${at}like/", { reaction => '🎉' }, 200, { %$likes, reaction => '🎉' }, 'with another reaction');
does($eve, "GET ${at}reactions/", undef, 200, { results => [ { reaction => '🎉', count => 1, is_exact => $yes } ] }, 'mission 3.3: likes by reaction');
my $likers = does($ann, "GET ${at}likes/", undef, 200, {}, 'seed 066: who likes it')->{results};
is_deeply([ map { [ $_->{user}{id}, $_->{reaction} ] } @$likers ], [ [ $eve->{id}, '🎉' ] ], 'and how');
is_deeply(does($ann, "GET ${at}reactions/", undef, 200, {}, 'how many with which')->{results}, [ { reaction => '🎉', count => 1, is_exact => $yes } ], 'reaction');
does($ann, "GET posts/posts/$other/comments/$first->{id}/reactions/", undef, 404, undef, 'under its own post');
does($eve, "POST ${at}like/", { reaction => $_ }, 400, undef, 'no reaction') for '', 'a b', 'x' x 33;
does($eve, "POST ${at}unlike/", undef, 200, { liked => $no, likes_count => 0, reaction => undef }, 'taken back') for 1, 2;
does($eve, "POST ${at}like/", undef, 200, $likes, 'again');
does($eve, "DELETE ${at}like/", undef, 200, { liked => $no, likes_count => 0 }, 'and taken back by DELETE');
does($eve, "$_ posts/posts/$other/comments/$first->{id}/like/", undef, 404, undef, 'under its own post') for qw(POST DELETE);
does(undef, "POST ${at}like/", undef, 401, undef, 'nobody');

# ---- deletion
does($eve, "DELETE $at", undef, 403, undef, 'seed 030: not by others');
does($bob, "DELETE posts/posts/$other/comments/$first->{id}/", undef, 404, undef, 'under its own post');
does($bob, "DELETE $at", undef, 200, { id => $first->{id}, deleted => $yes }, 'seed 030: by its author');
does($bob, "DELETE $at", undef, 404, undef, 'once');
does($eve, "GET $at", undef, 200, { content => '', author => undef, is_deleted => $yes }, 'its place stays, for the answers');
does($eve, "POST ${at}like/", undef, 404, undef, 'which nobody likes');
does($ann, "DELETE $under/comments/$last->{id}/", undef, 200, { deleted => $yes }, 'by the author of the post');
does($eve, "GET $under/comments/$last->{id}/", undef, 404, undef, 'gone');
done_testing;
