# Posts over REST: writing in all its forms, by whom, and their lists (seed 020-024, 033, 055-057, 060, I-20, I-30).
use strict;
use warnings;
use utf8;
use Rest;
use Social;
use Test::More;

my ($ann, $bob, $staff) = map { account() } 1 .. 3;
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");

# ---- writing: PUT and PATCH
my $post = does($ann, 'POST posts/posts/', { title => 'One', content => 'with #tag', visibility => 'followers', reply_settings => 'none', image => 'https://example.com/a.png', language => 'en' }, 201,
	{ title => 'One', visibility => 'followers', reply_settings => 'none', image => 'https://example.com/a.png', video => undef, language => 'en', is_published => $yes,
		is_pinned => $no, is_highlighted => $no, is_edited => $no, reposts_count => 0, views_count => 0, quoted_post_id => undef, publish_at => undef }, 'seed 021, 099: a post with all that it can have');
my $at = "posts/posts/$post->{id}/";
does($bob, "GET $at", undef, 404, undef, 'I-20: for followers alone');
does($ann, "PATCH $at", { visibility => 'public', reply_settings => 'everyone' }, 200, { title => 'One', content => 'with #tag', visibility => 'public', image => 'https://example.com/a.png', is_edited => $no }, 'visibility and reply settings change, the rest stays');
does($bob, "GET $at", undef, 200, { id => $post->{id} }, 'now for everybody');
does($ann, "PUT $at", { title => 'Two', content => 'with #other' }, 200, { title => 'Two', hashtags => ['other'], visibility => 'public', image => 'https://example.com/a.png', is_edited => $yes }, 'seed 023, I-30: PUT leaves what is not given');
does($ann, "PATCH $at", { title => 'Three' }, 200, { title => 'Three', content => 'with #other' }, 'PATCH changes one member');
does($ann, "PATCH $at", { image => undef, language => undef }, 200, { image => undef, title => 'Three' }, 'I-30: null is not absent: it clears');
does($ann, "PATCH $at", {}, 200, { title => 'Three' }, 'an empty object changes nothing');
does($ann, "PATCH $at", undef, 200, { title => 'Three' }, 'nor does no body');
my $whole = does($ann, "GET $at", undef, 200, {}, 'what is read');
my $sent  = does($ann, "PUT $at", $whole, 200, {}, 'can be sent back');
delete @$_{qw(updated_at)} for $whole, $sent;
is_deeply($sent, $whole, 'and is the same then');
for my $method (qw(PUT PATCH))
{
	does($ann, "$method $at", { title => undef }, 400, undef, 'I-30: a title cannot be null');
	does($ann, "$method $at", { $_->[0] => $_->[1] }, 400, undef, "no such $_->[0]") for [ visibility => 'nobody' ], [ reply_settings => 'all' ], [ title => 7 ], [ is_published => 'no' ],
	  [ publish_at => 'tomorrow' ], [ publish_at => '2031-02-30T00:00:00Z' ], [ publish_at => 'infinity' ], [ image => 'javascript:alert(1)' ], [ title => 'x' x 256 ], [ content => '' ];
	does($bob, "$method $at", { title => 'mine' }, 403, undef, 'seed 023: the author alone');
	does(undef, "$method $at", { title => 'mine' }, 401, undef, 'seed 049: nobody');
}
does($ann, "PUT $at", undef, 415, undef, 'PUT without a body');
is(psql("SELECT title FROM social.posts WHERE id = $post->{id}"), 'Three', 'and nothing was written');

# ---- history
my $history = does($ann, "GET ${at}history/", undef, 200, {}, 'what it said before');
is_deeply([ map { [ $_->{revision}, $_->{title}, $_->{editor}{id} ] } @{ $history->{results} } ], [ [ 2, 'Two', $ann->{id} ], [ 1, 'One', $ann->{id} ] ], 'latest first');
does($bob, "GET ${at}history/", undef, 403, undef, 'its author and staff alone');
is(scalar @{ does($staff, "GET ${at}history/?first=1", undef, 200, {}, 'staff')->{results} }, 1, 'page by page');

# ---- pins, highlights: each is safe to repeat, and has its end
for my $mark (qw(pin highlight))
{
	my $member = { pin => 'is_pinned', highlight => 'is_highlighted' }->{$mark};
	does($ann, "POST $at$mark/", undef, 200, { $member => $yes }, $mark) for 1, 2;
	is_deeply(ids(does($bob, "GET accounts/users/$ann->{id}/pinned/", undef, 200, {}, 'the profile has it')), [ $post->{id} ], 'for everybody') if $mark eq 'pin';
	does($ann, "POST ${at}un$mark/", undef, 200, { $member => $no }, "no $mark");
	does($ann, "POST $at$mark/", undef, 200, { $member => $yes }, "$mark again");
	does($ann, "DELETE $at$mark/", undef, 200, { $member => $no }, "and no $mark by DELETE") for 1, 2;
	does($bob, "$_/", undef, 403, undef, 'on an own post alone') for "POST $at$mark", "POST ${at}un$mark", "DELETE $at$mark";
}

# ---- drafts and scheduled posts
my $draft = does($ann, 'POST posts/posts/', { title => 'Draft', content => 'x', is_published => $no }, 201, { is_published => $no }, 'a draft');
my $later = does($ann, 'POST posts/posts/', { title => 'Later', content => 'x', publish_at => '2099-01-01T00:00:00+02:00' }, 201, { is_published => $no, publish_at => '2098-12-31T22:00:00+00:00' }, 'a scheduled post');
is_deeply(ids(does($ann, 'GET posts/drafts/', undef, 200, {}, 'both')), [ $later->{id}, $draft->{id} ], 'stand among the drafts, newest first');
is_deeply(ids(does($bob, 'GET posts/drafts/', undef, 200, {}, 'not')), [], "among another's");
does($ann, "PATCH posts/posts/$later->{id}/", { publish_at => undef }, 200, { publish_at => undef, is_published => $no }, 'null makes it a draft again');
does($ann, "PATCH posts/posts/$later->{id}/", { publish_at => '2099-01-01T00:00:00Z' }, 200, { publish_at => '2099-01-01T00:00:00+00:00' }, 'a time schedules it');
does($bob, "POST posts/posts/$draft->{id}/publish/", undef, 404, undef, "somebody else's draft");
does($ann, "POST posts/posts/$draft->{id}/publish/", undef, 200, { is_published => $yes }, 'published') for 1, 2;
does($ann, "POST posts/posts/$later->{id}/pin/", undef, 400, undef, 'a draft cannot be pinned');
does($ann, 'POST posts/posts/', { title => 'Past', content => 'x', publish_at => '2001-01-01T00:00:00Z' }, 400, undef, 'a time that is over');

# ---- lists
is_deeply(ids(does($bob, "GET accounts/users/$ann->{id}/posts/", undef, 200, {}, "a person's posts")), [ $draft->{id}, $post->{id} ], 'newest first');
my $page = does($bob, "GET accounts/users/$ann->{id}/posts/?first=1", undef, 200, {}, 'page');
is_deeply(ids(does($bob, "GET accounts/users/$ann->{id}/posts/?first=1&after=$page->{next}", undef, 200, {}, 'by page')), [ $post->{id} ], 'the next one');
is(ref does($bob, 'GET posts/trending/?first=3', undef, 200, {}, 'seed 060: trending')->{results}, 'ARRAY', 'a list');
does($bob, "GET posts/trending/?first=$_", undef, 400, undef, 'no such limit') for 0, 101, 'x';
psql("INSERT INTO social.post_likes (post_id, user_id) VALUES ($post->{id}, $bob->{id})");
is_deeply(does($bob, "GET posts/states/?ids=$draft->{id},$post->{id},$later->{id},9007199254740991", undef, 200, {}, 'what one has done with several posts')->{results},
	[ { id => $draft->{id}, liked => $no, reaction => undef, bookmarked => $no, reposted => $no }, { id => $post->{id}, liked => $yes, reaction => 'heart', bookmarked => $no, reposted => $no } ], 'in the order of the question, those that are seen');
does($bob, "GET posts/states/?ids=$_", undef, 400, undef, 'no such ids') for 'x', '1,', ',1', '1,,2', '9223372036854775808', join(',', 1 .. 101);
does($bob, 'GET posts/states/', undef, 400, undef, 'no ids');

# ---- deletion and what brings it back
does($bob, "DELETE $at", undef, 403, undef, 'seed 024: the author alone');
does(undef, "DELETE $at", undef, 401, undef, 'nobody');
my $gone = does($ann, "DELETE $at", undef, 200, { id => $post->{id}, title => 'Three' }, 'seed 024: deleted');
like($gone->{restorable_until}, qr/^\d{4}-/, 'and until when it can be restored');
does($_, "GET $at", undef, 404, undef, 'it is gone') for $ann, $bob;
does($ann, "DELETE $at", undef, 404, undef, 'once');
is_deeply(ids(does($ann, 'GET posts/deleted/', undef, 200, {}, 'it stands among the deleted')), [ $post->{id} ], 'alone');
is_deeply(ids(does($bob, 'GET posts/deleted/', undef, 200, {}, 'not')), [], "among another's");
does($bob, "POST ${at}restore/", undef, 404, undef, "not another's to restore");
does($ann, "POST ${at}restore/", undef, 200, { id => $post->{id}, title => 'Three' }, 'restored') for 1, 2;
does($bob, "GET $at", undef, 200, { id => $post->{id} }, 'and there again');

# ---- what a rule refuses
my $word = sprintf 'forbidden%x', $$;
psql("INSERT INTO social.content_rules (kind, pattern, action) VALUES ('word', '$word', 'reject')");
does($ann, 'POST posts/posts/', { title => $word, content => 'x' }, 422, undef, 'a word that is not allowed');
does($ann, "PATCH $at", { content => "so $word" }, 422, undef, 'nor in a change');
psql("DELETE FROM social.content_rules WHERE pattern = '$word'");
done_testing;
