# People over GraphQL (seed 050-054, 080, 096, 097): reading them, what is between them and the viewer,
# and what changes it, as each of those concerned sees it.
use strict;
use warnings;
use utf8;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

my ($ann, $bob, $cem) = map { account() } 1 .. 3;
my %id = (ann => $ann->{id}, bob => $bob->{id}, cem => $cem->{id});

# ---- reading
my $all = get(undef, '{ allUsers(first: 3) { id username firstName createdAt } }');
is_deeply([ map { $_->{id} } @$all ], [ sort { $b <=> $a } map { $_->{id} } @$all ], 'seed 050: the newest first');
is(scalar @$all, 3, 'a page of them');
is(get(undef, 'query($id: ID!) { user(id: $id) { username } }', id => $id{ann})->{username}, $ann->{username}, 'seed 051: one by id');
is(get(undef, 'query($n: String!) { userByUsername(username: $n) { id } }', n => uc $ann->{username})->{id}, $id{ann}, 'seed 052: one by name, in any case');
is(get(undef, 'query($id: ID!) { user(id: $id) { username } }', id => $_), undef, "nobody has the id $_") for 'x', '0', '9007199254740991', '-1';
is(get(undef, 'query($n: String!) { userByUsername(username: $n) { id } }', n => ''), undef, 'nor an empty name');
is(get(undef, '{ me { id } }'),         undef,    'nobody is me');
is(get($ann,  '{ me { id } }')->{id}, $id{ann}, 'I-23: me');

# ---- one's own profile
my $profile = 'bio avatar profileImage bannerImage location website followersCount followingCount postsCount';
my %fields  = (firstName => 'Ann', lastName => 'Önning', bio => "I write.\nOften.", bannerImage => 'https://example.com/b.png', location => 'Riga', website => 'https://example.com/');
my $update  = get($ann, "mutation(\$firstName: String, \$lastName: String, \$bio: String, \$bannerImage: String, \$location: String, \$website: String) {
	updateProfile(firstName: \$firstName, lastName: \$lastName, bio: \$bio, profileImage: \"media/a.png\", bannerImage: \$bannerImage, location: \$location, website: \$website)
	{ user { id firstName lastName bio profileImage } profile { $profile user { username } } success message } }", %fields);
is_deeply($update->{user}, { id => "$id{ann}", (map { $_ => $fields{$_} } qw(firstName lastName bio)), profileImage => 'media/a.png' }, 'seed 083, 096: a profile is changed');
my %expected = ((map { $_ => $fields{$_} } qw(bio bannerImage location website)), avatar => 'media/a.png', profileImage => 'media/a.png', followersCount => 0, followingCount => 0, postsCount => 0);
is_deeply([ @$update{qw(success message)} ], [ $true, 'Profile updated' ], 'and says so');
is_deeply(get($bob, "query(\$id: ID!) { userProfile(userId: \$id) { $profile } }", id => $id{ann}), \%expected, 'seed 053, I-02: others see it, both names of the picture');
get($ann, 'mutation { updateProfile(location: "", avatar: "media/c.png") { success } }');
is_deeply(get(undef, "query(\$id: ID!) { userProfile(userId: \$id) { $profile user { firstName } } }", id => $id{ann}),
	{ %expected, location => '', avatar => 'media/c.png', profileImage => 'media/c.png', user => { firstName => 'Ann' } }, 'what is left out stays');
is(get(undef, 'query($id: ID!) { userProfile(userId: $id) { bio } }', id => $_), undef, "there is no profile $_") for 'x', '9007199254740991';
refused('UNAUTHENTICATED', 'nobody has no profile', undef, 'mutation { updateProfile(bio: "x") { success } }');
refused('BAD_REQUEST', "no profile has $_", $ann, "mutation { updateProfile(bio: \"new\", $_) { success } }")
  for 'website: "javascript:alert(1)"', 'avatar: "../etc"', 'firstName: "a\nb"', 'location: "' . 'x' x 151 . '"';
is(get($ann, '{ me { bio } }')->{bio}, $fields{bio}, 'nothing is written of what is refused');

# ---- following
my $between  = 'isFollowing isFollowedBy isFollowRequested isBlocked isMuted';
my $them     = "query(\$id: ID!) { user(id: \$id) { $between followersCount followingCount } }";
my $isFollow = 'query($a: ID!, $b: ID!) { isFollowing(userId: $a, targetUserId: $b) }';
my %nothing  = (map { $_ => $false } split / /, $between);
is_deeply(get($ann, $them, id => $id{bob}), { %nothing, followersCount => 0, followingCount => 0 }, 'strangers');
is(get(undef, $isFollow, a => $id{ann}, b => $id{bob}), $false, 'seed 054: who does not follow');
my $follow = 'mutation($id: ID!) { followUser(userId: $id) { user { username isFollowing followersCount } success message } }';
is_deeply(get($ann, $follow, id => $id{bob}), { user => { username => $bob->{username}, isFollowing => $true, followersCount => 1 }, success => $true, message => 'User followed' }, "seed 080: following, $_")
  for 'once', 'and again';
is(get(undef, $isFollow, a => $id{ann}, b => $id{bob}), $true,  'seed 054: who follows');
is(get(undef, $isFollow, a => $id{bob}, b => $id{ann}), $false, 'one way');
is(get(undef, $isFollow, a => 'x', b => $id{ann}), $false, 'nobody follows');
is_deeply(get($ann, $them, id => $id{bob}), { %nothing, isFollowing => $true, followersCount => 1, followingCount => 0 }, 'as the follower sees it');
is_deeply(get($bob, $them, id => $id{ann}), { %nothing, isFollowedBy => $true, followersCount => 0, followingCount => 1 }, 'as the followed sees it');
is_deeply(get($cem, $them, id => $id{bob}), { %nothing, followersCount => 1, followingCount => 0 }, 'as others see it');
is_deeply(get(undef, $them, id => $id{bob}), { %nothing, followersCount => 1, followingCount => 0 }, 'as nobody sees it');
refused('NOT_FOUND',       'nobody to follow',    $ann,  $follow, id => '9007199254740991');
refused('BAD_REQUEST',     'nor oneself',         $ann,  $follow, id => $id{ann});
refused('UNAUTHENTICATED', 'nor without a token', undef, $follow, id => $id{bob});

get($cem, $follow, id => $id{bob});
my $lists = 'query($id: ID!) { followers(userId: $id) { username bio isFollowing } following(userId: $id) { username } user(id: $id) { followers(first: 1) { username } following { username } } }';
is_deeply(ask($ann, $lists, id => $id{bob})->{data}, {
	followers => [ map { { username => $_->[0]{username}, bio => $_->[1], isFollowing => $false } } [ $cem, '' ], [ $ann, $fields{bio} ] ],
	following => [], user => { followers => [ { username => $cem->{username} } ], following => [] } }, 'followers, latest first, with what is between them and the viewer');
my $connection = get($ann, 'query($id: ID!) { followersConnection(userId: $id, first: 1) { totalCount edges { cursor node { username isFollowing } } pageInfo { hasNextPage hasPreviousPage endCursor } } }', id => $id{bob});
is_deeply([ $connection->{totalCount}, map({ $_->{node} } @{ $connection->{edges} }), @{ $connection->{pageInfo} }{qw(hasNextPage hasPreviousPage)} ], [ 2, { username => $cem->{username}, isFollowing => $false }, $true, $false ], 'as a connection');
is_deeply(get($ann, 'query($id: ID!, $after: Cursor) { user(id: $id) { followersConnection(first: 1, after: $after) { edges { node { username } } pageInfo { hasNextPage } } } }', id => $id{bob}, after => $connection->{pageInfo}{endCursor}),
	{ followersConnection => { edges => [ { node => { username => $ann->{username} } } ], pageInfo => { hasNextPage => $false } } }, 'and the rest of it');
is_deeply(get($ann, '{ me { following { username } followers { username } } }'), { following => [ { username => $bob->{username} } ], followers => [] }, 'whom one follows');
is_deeply(ask($ann, $lists, id => $_)->{data}, { followers => [], following => [], user => undef }, "nobody's followers: $_") for 'x', '9007199254740991';
is_deeply(get($bob, 'mutation($id: ID!) { removeFollower(userId: $id) { user { username isFollowedBy } message } }', id => $id{cem}), { user => { username => $cem->{username}, isFollowedBy => $false }, message => 'Follower removed' }, 'a follower is removed');
is_deeply(get($ann, 'mutation($id: ID!) { unfollowUser(userId: $id) { user { isFollowing followersCount } success message } }', id => $id{bob}), { user => { isFollowing => $false, followersCount => 0 }, success => $true, message => 'User unfollowed' }, "seed 080: unfollowing, $_")
  for 'once', 'and again';

# ---- asking to follow
get($bob, 'mutation { updateProfile(isLocked: true) { success } }');
is_deeply(get($_, 'mutation($id: ID!) { followUser(userId: $id) { user { isLocked isFollowing isFollowRequested } message } }', id => $id{bob}),
	{ user => { isLocked => $true, isFollowing => $false, isFollowRequested => $true }, message => 'Follow requested' }, 'a locked account is asked') for $ann, $cem;
my $requests = '{ followRequests { user { username } createdAt } }';
is_deeply([ map { $_->{user}{username} } @{ get($bob, $requests) } ], [ $cem->{username}, $ann->{username} ], 'requests, latest first');
is_deeply(get($ann, $requests), [], 'which others do not see');
is_deeply(get($bob, $them, id => $id{ann}), { %nothing, followersCount => 0, followingCount => 0 }, 'being asked is not asking');
refused('UNAUTHENTICATED', 'nor nobody', undef, $requests);
my $accept = 'mutation($id: ID!) { acceptFollowRequest(userId: $id) { user { username isFollowedBy } success message } }';
my $reject = 'mutation($id: ID!) { rejectFollowRequest(userId: $id) { user { username isFollowedBy } success message } }';
refused('NOT_FOUND',       'somebody who was not asked accepts nothing', $cem,  $accept, id => $id{ann});
refused('UNAUTHENTICATED', 'nor does nobody',                             undef, $accept, id => $id{ann});
is_deeply(get($bob, $accept, id => $id{ann}), { user => { username => $ann->{username}, isFollowedBy => $true }, success => $true, message => 'Follow request accepted' }, "accepting, $_") for 'once', 'and again';
is_deeply(get($bob, $reject, id => $id{cem}), { user => { username => $cem->{username}, isFollowedBy => $false }, success => $true, message => 'Follow request rejected' }, 'rejecting');
is_deeply(get($bob, $requests), [], 'nobody waits');
refused('NOT_FOUND', 'who was rejected cannot be accepted', $bob, $accept, id => $id{cem});

# ---- muting
my $mute = 'mutation($id: ID!, $posts: Boolean, $notifications: Boolean, $until: DateTime) { muteUser(userId: $id, posts: $posts, notifications: $notifications, expiresAt: $until) { mute { user { username isMuted } posts notifications expiresAt } success message } }';
is_deeply(get($ann, $mute, id => $id{cem}), { mute => { user => { username => $cem->{username}, isMuted => $true }, posts => $true, notifications => $true, expiresAt => undef }, success => $true, message => 'User muted' }, 'seed 097: muting');
is_deeply(get($ann, $mute, id => $id{cem}, posts => $false, until => '2999-01-02T03:04:05Z')->{mute}, { user => { username => $cem->{username}, isMuted => $true }, posts => $false, notifications => $true, expiresAt => '2999-01-02T03:04:05+00:00' }, 'again says how and until when');
is_deeply(get($ann, '{ mutedUsers { user { username } posts notifications } }'), [ { user => { username => $cem->{username} }, posts => $false, notifications => $true } ], 'a list');
is(get($cem, $them, id => $id{ann})->{isMuted}, $false, 'who is muted does not notice');
refused('BAD_REQUEST',     'a mute of nothing',    $ann,  $mute, id => $id{cem}, posts => $false, notifications => $false);
refused('BAD_REQUEST',     'a mute that is past',  $ann,  $mute, id => $id{cem}, until => '2001-01-01T00:00:00Z');
is(ask($ann, $mute, id => $id{cem}, until => $_)->{errors}[0]{extensions}{code}, 'BAD_USER_INPUT', "no time: $_") for 'soon', 'tomorrow', '2999-01-02', '2999-01-02 03:04:05', '2999-01-02T03:04:05';
refused('BAD_REQUEST',     'no day',               $ann,  $mute, id => $id{cem}, until => '2999-02-30T00:00:00Z');
refused('NOT_FOUND',       'nobody to mute',       $ann,  $mute, id => '9007199254740991');
refused('UNAUTHENTICATED', 'nor by nobody',        undef, $mute, id => $id{cem});
refused('UNAUTHENTICATED', 'nobody mutes anybody', undef, '{ mutedUsers { posts } }');
is_deeply(get($ann, 'mutation($id: ID!) { unmuteUser(userId: $id) { user { isMuted } message } }', id => $id{cem}), { user => { isMuted => $false }, message => 'User unmuted' }, 'unmuting');

# ---- blocking
my $block = 'mutation($id: ID!) { blockUser(userId: $id) { blockedUser { id username firstName avatar } success message } }';
is_deeply(get($cem, $block, id => $id{ann}), { blockedUser => { id => "$id{ann}", username => $ann->{username}, firstName => 'Ann', avatar => 'media/c.png' }, success => $true, message => 'User blocked' }, "seed 097: blocking, $_") for 'once', 'and again';
for ([ $cem, $ann, 'who blocks' ], [ $ann, $cem, 'who is blocked' ])
{
	my ($viewer, $other, $name) = @$_;
	my %other = (id => $other->{id});
	is(get($viewer, $them, %other), undef, "$name sees nobody");
	is(get($viewer, "query(\$id: ID!) { userProfile(userId: \$id) { $profile } }", %other), undef, 'no profile');
	is(get($viewer, $isFollow, a => $other->{id}, b => $id{bob}), $false, 'no follows');
	is_deeply(get($viewer, 'query($id: ID!) { followers(userId: $id) { id } }', %other), [], 'no followers');
	is_deeply([ grep { $_->{id} eq $other->{id} } @{ get($viewer, 'query($q: String!) { searchUsers(query: $q, first: 100) { id } }', q => $other->{username}) } ], [], 'does not find them, though perhaps others of nearly that name');
	refused('NOT_FOUND', 'and cannot follow', $viewer, $follow, %other);
}
is_deeply([ map { $_->{username} } @{ get($cem, '{ blockedUsers { username createdAt } }') } ], [ $ann->{username} ], 'but who blocks has a list');
is_deeply(get($ann, '{ blockedUsers { username } }'), [], 'of their own alone');
refused('UNAUTHENTICATED', 'nobody blocks anybody', undef, '{ blockedUsers { id } }');
is_deeply(get($cem, 'mutation($id: ID!) { unblockUser(userId: $id) { user { username isFollowing } message } }', id => $id{ann}), { user => { username => $ann->{username}, isFollowing => $false }, message => 'User unblocked' }, 'unblocking');
psql("UPDATE social.users SET is_staff = true WHERE id = $id{cem}");
get($cem, $block, id => $id{ann});
is(get($cem, $them, id => $id{ann})->{isBlocked}, $true, 'staff see whom they block');

# ---- finding
is_deeply(get($bob, 'query($q: String!) { searchUsers(query: $q, first: 1) { id isFollowedBy } }', q => "\@$ann->{username}"), [ { id => "$id{ann}", isFollowedBy => $true } ], 'people are found by name');
my $tag = lc sprintf 'gu%x', $id{ann};
psql("SELECT social.act_as($id{ann}), social.create_post('x', '#$tag')");
is_deeply(get(undef, 'query($q: String!) { searchHashtags(query: $q, first: 1) { tag postCount posts { author { username } } } }', q => "#$tag"), [ { tag => $tag, postCount => 1, posts => [ { author => { username => $ann->{username} } } ] } ], 'hashtags too');
refused('BAD_REQUEST', 'nothing was typed', undef, '{ searchUsers(query: "") { id } }');

# ---- what one field refuses leaves the others alone
my $part = ask(undef, '{ allUsers(first: 1) { id } followRequests { createdAt } blockedUsers { id } }');
is_deeply([ scalar @{ $part->{data}{allUsers} }, @{ $part->{data} }{qw(followRequests blockedUsers)}, map { $_->{path} } @{ $part->{errors} } ], [ 1, undef, undef, ['followRequests'], ['blockedUsers'] ], 'errors have their fields')
  or diag(encode_json($part));

# ---- one statement (P-10), whatever hangs on the people of a page
my $deep = get($ann, 'query($id: ID!) { followers(userId: $id) { username isFollowing isMuted followers { isFollowedBy posts { title author { isFollowing } } } } }', id => $id{bob});
is_deeply($deep, [ { username => $ann->{username}, isFollowing => $false, isMuted => $false, followers => [] } ], 'viewer fields at every depth');
done_testing;
