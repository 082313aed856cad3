# Notifications over GraphQL (seed 069, 070, 081, 105, 133, 134, I-13): what somebody was told, one by one
# and grouped, whose it is, what it is about, marking it, and what somebody wants to be told.
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

my ($ann, $bob, $cem) = map { account() } 1 .. 3;
my $as = sub { my ($who, $sql) = @_; return psql("SELECT social.act_as($who->{id}), $sql") =~ s/^.*\|//r };

# Ann writes, the others do something about it, in this order.
my $post    = $as->($ann, q{social.create_post('Tea', 'hot')});
my $comment = $as->($ann, "social.create_comment($post, 'too hot')");
$as->($bob, "social.like_post($post)");
$as->($cem, "social.like_post($post)");
my $said  = $as->($bob, "social.create_comment($post, 'no')");
my $reply = $as->($cem, "social.create_comment($post, 'yes', $comment)");
$as->($bob, "social.like_comment($comment)");
$as->($bob, "social.follow_user($ann->{id})");
my $quote = $as->($cem, "social.share_post($post, 'see')");
my $named = $as->($cem, "social.create_post('Who', 'ask \@$ann->{username}')");
psql("SELECT social.system_notification($ann->{id}, 'Welcome')");

# ---- one by one
my $fields = 'type recipient { username } actor { username } target { __typename ... on Post { title } ... on Comment { content } ... on User { username } }
	post { id } comment { id } quote { content } message isRead';
my $told = sub {
	my ($type, $actor, $target, %more) = @_;
	return { type => $type, recipient => { username => $ann->{username} }, actor => $actor && { username => $actor->{username} }, target => $target,
		post => undef, comment => undef, quote => undef, message => '', isRead => $false, %more };
};
my $tea    = { __typename => 'Post', title => 'Tea' };
my $hot    = { __typename => 'Comment', content => 'too hot' };
my @told = ($told->('SYSTEM', undef, undef, message => 'Welcome'),
	$told->('MENTION',      $cem, { __typename => 'Post', title => 'Who' }, post => { id => $named }),
	$told->('REPOST',       $cem, $tea, post => { id => $post }, quote => { content => 'see' }),
	$told->('FOLLOW',       $bob, { __typename => 'User', username => $ann->{username} }),
	$told->('COMMENT_LIKE', $bob, $hot, post => { id => $post }, comment => { id => $comment }),
	$told->('REPLY',        $cem, $hot, post => { id => $post }, comment => { id => $reply }),
	$told->('COMMENT',      $bob, $tea, post => { id => $post }, comment => { id => $said }),
	$told->('LIKE',         $cem, $tea, post => { id => $post }),
	$told->('LIKE',         $bob, $tea, post => { id => $post }));
my $list = get($ann, "query(\$id: ID!) { userNotifications(userId: \$id) { $fields } }", id => $ann->{id});
is_deeply([ map { $_->{type} } @$list ], [ map { $_->{type} } @told ], 'seed 069, 133: what somebody was told, latest first');
is_deeply($list->[$_], $told[$_], "seed 105: $told[$_]{type}") for 0 .. $#told;
is_deeply(get($ann, "{ userNotifications { $fields } }"), $list, "I-13: the viewer's own without an id");
is(scalar @{ get($ann, '{ userNotifications(first: 2) { id } }') }, 2, 'a page of it');
my $page = get($ann, '{ userNotificationsConnection(first: 2) { edges { node { type } } pageInfo { hasNextPage endCursor } } }');
is_deeply(get($ann, 'query($after: Cursor) { userNotificationsConnection(first: 3, after: $after) { edges { node { type } } } }', after => $page->{pageInfo}{endCursor}),
	{ edges => [ map { { node => { type => $_->{type} } } } @told[ 2 .. 4 ] ] }, 'and the next, as a connection');
is(get($ann, 'query($id: ID) { unreadNotificationsCount(userId: $id) }', id => $ann->{id}), 9, 'seed 070: how much is unread');
is(get($ann, '{ unreadNotificationsCount }'), 9, "I-13: the viewer's own without an id");

# ---- whose it is
for my $field ('userNotifications(userId: $id) { id }', 'unreadNotificationsCount(userId: $id)')
{
	my $query = "query(\$id: ID) { $field }";
	my $unknown = refused('NOT_FOUND', "I-13: nobody's $field", $bob, $query, id => '9007199254740991');
	is_deeply(refused('NOT_FOUND', "I-13: somebody else's", $bob, $query, id => $_), $unknown, 'I-13: the same error as for an unknown id') for $ann->{id}, 'x', '0';
	refused('UNAUTHENTICATED', 'nor without a token', undef, $query, id => $ann->{id});
	refused('UNAUTHENTICATED', 'nor without an id',   undef, $query);
}
psql("UPDATE social.users SET is_staff = true WHERE id = $bob->{id}");
is_deeply(get($bob, "query(\$id: ID) { userNotifications(userId: \$id) { $fields } }", id => $ann->{id}), $list, 'I-13: staff see them');
is(get($bob, 'query($id: ID) { unreadNotificationsCount(userId: $id) }', id => $ann->{id}), 9, 'I-13: and their number');
psql("UPDATE social.users SET is_staff = false WHERE id = $bob->{id}");

# ---- grouped
my $groups = '{ notifications { id type count actors { username } target { __typename ... on Post { title } ... on Comment { content } ... on User { username } } isRead message } }';
my $grouped = get($ann, $groups);
is_deeply([ map { "$_->{type} $_->{count}" } @$grouped ], [ 'SYSTEM 1', 'MENTION 1', 'REPOST 1', 'FOLLOW 1', 'COMMENT_LIKE 1', 'REPLY 1', 'COMMENT 1', 'LIKE 2' ], 'mission 3.3: grouped by kind and target');
is_deeply([ @{ $grouped->[7] }{qw(actors target isRead)} ], [ [ map { { username => $_->{username} } } $cem, $bob ], $tea, $false ], 'with the last actors, latest first');
is_deeply([ map { $_->{target} } @$grouped ], [ map { $_->{target} } @told[ 0 .. 7 ] ], 'and what they are about');
refused('UNAUTHENTICATED', 'nobody was told anything', undef, '{ notifications { id } }');
is_deeply([ map { "$_->{node}{type} $_->{node}{count}" } @{ get($ann, '{ notificationsConnection(first: 1) { edges { node { type count } } } }')->{edges} } ], ['SYSTEM 1'], 'as a connection');

# ---- marking
my $mark = 'mutation($id: ID!) { markNotificationAsRead(id: $id) { notification { id isRead readAt } success message } }';
my $id   = $grouped->[0]{id};
refused('NOT_FOUND',       "somebody else's notification is unknown", $bob,  $mark, id => $id);
refused('NOT_FOUND',       'as an unknown one is',                    $ann,  $mark, id => '9007199254740991');
is(ask($ann, $mark, id => 'x')->{errors}[0]{extensions}{code}, 'BAD_USER_INPUT', 'what is no id is refused before anything runs');
refused('UNAUTHENTICATED', 'nobody reads',                            undef, $mark, id => $id);
is(get($ann, '{ unreadNotificationsCount }'), 9, 'nothing was marked');
for ('once', 'and again')
{
	my $marked = get($ann, $mark, id => $id);
	like(delete $marked->{notification}{readAt}, qr/^20/, 'it says when');
	is_deeply($marked, { notification => { id => $id, isRead => $true }, success => $true, message => 'Notification read' }, "seed 081: marking, $_");
}
is(get($ann, '{ unreadNotificationsCount }'), 8, 'one is read');
is(scalar @{ get($ann, '{ userNotifications(unreadOnly: true) { id } }') }, 8, 'seed 134: the unread ones');
is(get($ann, 'mutation($id: ID!) { markNotificationAsUnread(id: $id) { notification { isRead } } }', id => $id)->{notification}{isRead}, $false, 'seed 134: and back');
my $group = 'mutation($id: ID!) { markNotificationGroupAsRead(id: $id) { notification { isRead } success message } }';
refused('NOT_FOUND', "somebody else's group", $bob, $group, id => $grouped->[7]{id});
is_deeply(get($ann, $group, id => $grouped->[7]{id}), { notification => { isRead => $true }, success => $true, message => 'Notifications read' }, 'a group is marked');
is_deeply([ map { $_->{isRead} } @{ get($ann, $groups) } ], [ ($false) x 7, $true ], 'all of it, and no other');
is_deeply(get($ann, 'mutation { markAllNotificationsAsRead { notificationsRead success message } }'), { notificationsRead => 7, success => $true, message => 'All notifications read' }, 'seed 134: all are marked');
is(get($ann, '{ unreadNotificationsCount }'), 0, 'none is unread');
refused('UNAUTHENTICATED', 'nobody reads all', undef, 'mutation { markAllNotificationsAsRead { success } }');

# ---- what is not to be seen
my $count = sub { return scalar @{ get($ann, '{ userNotifications(first: 100) { id } }') } };
psql("SELECT social.act_as($ann->{id}), social.mute_user($cem->{id}, posts => false)");
is($count->(), 5, 'what a muted person does is not told');
psql("SELECT social.act_as($ann->{id}), social.unmute_user($cem->{id})");
psql("UPDATE social.posts SET deleted_at = now() WHERE id = $post");
is($count->(), 3, 'nor what is about a post that is gone');
$as->($cem, "social.block_user($ann->{id})");
is($count->(), 2, 'nor what somebody did whom a block hides');

# ---- preferences
my $preferences = get($ann, '{ notificationPreferences { type isEnabled } }');
is_deeply($preferences, [ map { { type => $_, isEnabled => $true } } qw(LIKE COMMENT_LIKE COMMENT REPLY FOLLOW FOLLOW_REQUEST REPOST MENTION LIVE_STREAM SYSTEM) ], 'seed 134: every kind is wanted at first');
is_deeply(get($ann, '{ me { settings { notificationPreferences { type isEnabled } } } }'), { settings => { notificationPreferences => $preferences } }, 'settings say the same');
my $set = 'mutation($type: NotificationType!, $is: Boolean!) { setNotificationPreference(type: $type, isEnabled: $is) { preference { type isEnabled } success message } }';
is_deeply(get($ann, $set, type => 'FOLLOW', is => $false), { preference => { type => 'FOLLOW', isEnabled => $false }, success => $true, message => 'Preference set' }, 'a kind is turned off');
is_deeply([ map { $_->{type} } grep { !$_->{isEnabled} } @{ get($ann, '{ notificationPreferences { type isEnabled } }') } ], ['FOLLOW'], 'that one');
$as->($bob, "social.unfollow_user($ann->{id})");
$as->(account(), "social.follow_user($ann->{id})");
is($count->(), 1, 'and not told any more');
get($ann, $set, type => 'FOLLOW', is => $true);
is(scalar(grep { !$_->{isEnabled} } @{ get($ann, '{ notificationPreferences { isEnabled } }') }), 0, 'and on again');
is(ask($ann, $set, type => 'LIKES', is => $true)->{errors}[0]{extensions}{code}, 'BAD_USER_INPUT', 'there is no other kind');
refused('UNAUTHENTICATED', 'nobody wants anything', undef, $set, type => 'LIKE', is => $true);
refused('UNAUTHENTICATED', 'nor has preferences', undef, '{ notificationPreferences { type } }');
done_testing;
