# What is between two people over REST: blocks, mutes with an end, followers, requests to follow (seed 018, 019, 097, I-19).
use strict;
use warnings;
use Rest;
use Social;
use Test::More;

my ($ann, $bob, $eve) = map { account() } 1 .. 3;
my $users = 'accounts/users';
my $post  = as($bob, q{social.create_post('Of Bob', 'text')});

# ---- followers
as($ann, "social.follow_user($bob->{id})");
as($eve, "social.follow_user($bob->{id})");
is_deeply(ids(does($eve, "GET $users/$bob->{id}/followers/", undef, 200, {}, 'who follows')), [ $eve->{id}, $ann->{id} ], 'the latest first');
my $page = does($eve, "GET $users/$bob->{id}/followers/?first=1", undef, 200, {}, 'page');
is_deeply(ids(does($eve, "GET $users/$bob->{id}/followers/?after=$page->{next}", undef, 200, {}, 'by page')), [ $ann->{id} ], 'on');
my $followed = does($bob, "GET $users/$ann->{id}/following/", undef, 200, {}, 'whom somebody follows')->{results};
is_deeply([ map { $_->{username} } @$followed ], [ $bob->{username} ], 'by name');
ok(exists $followed->[0]{avatar} && exists $followed->[0]{profile_image}, 'I-02: with both names of the picture');
is_deeply(does($ann, "GET $users/relations/?ids=$eve->{id},$bob->{id},9007199254740991", undef, 200, {}, 'what is between one and several')->{results},
	[ { id => $eve->{id}, following => $no, requested => $no, follows_you => $no, muted => $no }, { id => $bob->{id}, following => $yes, requested => $no, follows_you => $no, muted => $no } ], 'in the order of the question, those who are seen');
does($eve, "GET $users/$ann->{id}/following/$bob->{id}/", undef, 200, { following => $yes }, 'whether somebody follows another');
does($eve, "GET $users/$bob->{id}/following/$ann->{id}/", undef, 200, { following => $no }, 'and the other way round');
does($bob, "POST $users/$eve->{id}/remove-follower/", undef, 200, { id => $eve->{id}, follows_you => $no }, 'a follower is removed') for 1, 2;
is_deeply(ids(does($eve, "GET $users/$bob->{id}/followers/", undef, 200, {}, 'and is no longer')), [ $ann->{id} ], 'among them');
does($ann, "GET $users/lookup/?username=" . uc $bob->{username}, undef, 200, { id => $bob->{id}, following => $yes }, 'a person by name, in capitals or not');
does($ann, "GET $users/lookup/?username=nobody_of_this_name", undef, 404, undef, 'nobody of that name');

# ---- requests
psql("UPDATE social.users SET is_locked = true WHERE id = $bob->{id}");
does($eve, "POST $users/$bob->{id}/follow/", { following => $yes }, 200, { following => $no, requested => $yes }, 'a locked account is asked');
is_deeply(ids(does($bob, "GET $users/follow-requests/", undef, 200, {}, 'who waits')), [ $eve->{id} ], 'stands on the list');
is_deeply(ids(does($eve, "GET $users/follow-requests/", undef, 200, {}, 'not')), [], "on another's");
does($bob, "POST $users/follow-requests/$ann->{id}/accept/", undef, 200, { accepted => $yes }, 'who follows already is accepted');
does($ann, "POST $users/follow-requests/$eve->{id}/accept/", undef, 404, undef, 'who asked somebody else is not');
does($bob, "POST $users/follow-requests/$eve->{id}/reject/", undef, 200, { accepted => $no }, 'refused') for 1, 2;
does($eve, "GET $users/$bob->{id}/", undef, 200, { following => $no, requested => $no }, 'and does not follow');
does($bob, "POST $users/follow-requests/$eve->{id}/accept/", undef, 404, undef, 'who has not asked');
does($eve, "POST $users/$bob->{id}/follow/", { following => $yes }, 200, { requested => $yes }, 'asked again');
does($bob, "POST $users/follow-requests/$eve->{id}/accept/", undef, 200, { id => $eve->{id}, accepted => $yes }, 'accepted') for 1, 2;
does($eve, "GET $users/$bob->{id}/", undef, 200, { following => $yes, requested => $no }, 'and follows');

# ---- mutes
does($eve, "POST $users/$bob->{id}/mute/", undef, 200, { id => $bob->{id}, muted => $yes, posts => $yes, notifications => $yes, expires_at => undef }, 'seed 019: a mute, for good');
is_deeply([ grep { $_->{author}{id} == $bob->{id} } @{ does($eve, 'GET posts/feed/', undef, 200, {}, 'the feed')->{results} } ], [], 'is without them');
does($eve, "GET posts/posts/$post/", undef, 200, {}, 'who can still be read');
does($eve, "POST $users/$bob->{id}/mute/", { posts => $no, expires_at => '2099-05-06T07:08:09Z' }, 200, { posts => $no, notifications => $yes, expires_at => '2099-05-06T07:08:09+00:00' }, 'again, with an end and of one kind');
is_deeply([ map { [ @$_{qw(id posts expires_at)} ] } @{ does($eve, "GET $users/muted/", undef, 200, {}, 'stands on the list')->{results} } ], [ [ $bob->{id}, $no, '2099-05-06T07:08:09+00:00' ] ], 'with kind and end');
is_deeply(ids(does($bob, "GET $users/muted/", undef, 200, {}, 'not')), [], "on another's");
does($eve, "POST $users/$bob->{id}/mute/", $_, 400, undef, 'no mute') for { posts => $no, notifications => $no }, { expires_at => '2001-01-01T00:00:00Z' }, { expires_at => 'infinity' }, { expires_at => '2099-13-01T00:00:00Z' }, { posts => 'no' };
does($eve, "POST $users/$eve->{id}/mute/", undef, 400, undef, 'nor of oneself');
psql("UPDATE social.mutes SET expires_at = now() - interval '1 second' WHERE muter_id = $eve->{id}");
is_deeply(ids(does($eve, "GET $users/muted/", undef, 200, {}, 'once it is over')), [], 'it is on no list');
does($eve, "POST $users/$bob->{id}/unmute/", undef, 200, { muted => $no }, 'ended') for 1, 2;
does($eve, "POST $users/$bob->{id}/mute/", undef, 200, { muted => $yes }, 'again');
does($eve, "DELETE $users/$bob->{id}/mute/", undef, 200, { muted => $no }, 'and ended by DELETE');

# ---- blocks
does($eve, "POST $users/$bob->{id}/block/", undef, 200, { id => $bob->{id}, blocked => $yes }, 'seed 019: a block') for 1, 2;
does($eve, "POST $users/$eve->{id}/block/", undef, 400, undef, 'not of oneself');
is_deeply(ids(does($eve, "GET $users/blocked/", undef, 200, {}, 'stands on the list')), [ $bob->{id} ], 'alone');
is_deeply(ids(does($bob, "GET $users/blocked/", undef, 200, {}, 'not')), [], "on the other's");
does($eve, "GET $users/$bob->{id}/",  undef, 404, undef, 'the two do not exist for each other');
does($bob, "GET $users/$eve->{id}/",  undef, 404, undef, 'either');
does($eve, "GET posts/posts/$post/",  undef, 404, undef, 'nor their posts');
does($bob, "$_->[0] $users/$eve->{id}/$_->[1]/", undef, 404, undef, 'nothing can be done to who has blocked') for [ POST => 'block' ], [ POST => 'mute' ], [ POST => 'remove-follower' ], [ GET => 'followers' ], [ GET => 'posts' ];
does($eve, "POST $users/$bob->{id}/unblock/", undef, 200, { blocked => $no }, 'ended') for 1, 2;
does($eve, "GET $users/$bob->{id}/", undef, 200, { following => $no }, 'follows do not come back');
does($eve, "POST $users/$bob->{id}/block/", undef, 200, { blocked => $yes }, 'again');
does($eve, "DELETE $users/$bob->{id}/block/", undef, 200, { blocked => $no }, 'and ended by DELETE');
done_testing;
