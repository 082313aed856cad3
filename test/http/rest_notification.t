# Notifications over REST: list, groups, marks, count, preferences (seed 047, 105, 133, 134, I-13, I-19).
use strict;
use warnings;
use Rest;
use Social;
use Test::More;

my ($ann, $bob, $eve, $staff) = map { account() } 1 .. 4;
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");
my $post = as($ann, q{social.create_post('Told', 'about')});
as($bob, "social.like_post($post)");
as($eve, "social.like_post($post)");
as($bob, "social.create_comment($post, 'well')");
my $all = 'notifications/';

my $list = does($ann, "GET $all", undef, 200, {}, 'seed 047: what one was told')->{results};
is_deeply([ map { [ $_->{type}, $_->{actor}{id}, $_->{post_id}, $_->{is_read} ] } @$list ], [ map { [ @$_, $post, $no ] } [ comment => $bob->{id} ], [ like => $eve->{id} ], [ like => $bob->{id} ] ], 'newest first');
my @id   = map { $_->{id} } @$list;
my $page = does($ann, "GET $all?first=2", undef, 200, {}, 'page');
is_deeply(ids(does($ann, "GET $all?first=2&after=$page->{next}", undef, 200, {}, 'by page')), [ $id[2] ], 'on');
my $groups = does($ann, "GET ${all}grouped/", undef, 200, {}, 'seed 134: the same together')->{results};
is_deeply([ map { [ $_->{type}, $_->{count}, [ map { $_->{id} } @{ $_->{actors} } ] ] } @$groups ], [ [ comment => 1, [ $bob->{id} ] ], [ like => 2, [ $eve->{id}, $bob->{id} ] ] ], 'with how many and who was last');

# ---- marks
my $count = sub { my ($n, $name) = @_; does($ann, "GET ${all}unread-count/", undef, 200, { unread_count => $n }, $name) };
$count->(3, 'seed 134: unread');
does($ann, "POST $all$id[0]/read/", undef, 200, { id => $id[0], is_read => $yes }, 'seed 134: read') for 1, 2;
$count->(2, 'one less');
is_deeply(ids(does($ann, "GET $all?unread_only=true", undef, 200, {}, 'what is unread')), [ @id[ 1, 2 ] ], 'alone');
does($ann, "POST $all$id[0]/unread/", undef, 200, { is_read => $no }, 'unread again') for 1, 2;
does($bob, "POST $all$id[0]/$_/", undef, 404, undef, "not another's") for qw(read unread read-group);
does($ann, "POST $all$groups->[1]{id}/read-group/", undef, 200, { id => $groups->[1]{id}, is_read => $yes }, 'a group is read');
$count->(1, 'both of it');
does($ann, "POST ${all}unread/", { ids => [ @id, 9007199254740991 ] }, 200, { changed => 2 }, 'seed 134: several unread, and what there is not passed over');
does($bob, "POST ${all}read/", { ids => \@id }, 200, { changed => 0 }, "not another's");
$count->(3, 'all unread');
does($ann, "POST ${all}read/", { ids => [ @id[ 0, 1 ] ] }, 200, { changed => 2 }, 'seed 134: several read');
does($ann, "POST ${all}read/", $_, 400, undef, 'no ids') for {}, { ids => 'x' }, { ids => ['1'] }, { ids => [1.5] }, { ids => [ [1] ] }, { ids => [ 1 .. 101 ] }, { ids => [9007199254740992] };
does($ann, "POST ${all}read/", { ids => [] }, 200, { changed => 0 }, 'none');
does($ann, "POST ${all}read-all/", undef, 200, { changed => 1 }, 'all read');
$count->(0, 'none unread');

# ---- whose
is_deeply(ids(does($staff, "GET $all?user_id=$ann->{id}", undef, 200, {}, 'I-13: staff read anybody\'s')), \@id, 'all');
does($staff, "GET ${all}unread-count/?user_id=$ann->{id}", undef, 200, { unread_count => 0 }, 'and count them');
does($bob, "GET $all?user_id=$_", undef, 404, undef, 'I-13: a foreign id is as an unknown one') for $ann->{id}, 9007199254740991;
does($bob, "GET ${all}unread-count/?user_id=$ann->{id}", undef, 404, undef, 'I-13: counted neither');
does($ann, "GET $all?$_", undef, 400, undef, 'no such question') for 'unread_only=1', 'user_id=x', 'first=0', 'first=101', 'after=x';
psql("SELECT social.act_as($ann->{id}), social.block_user($bob->{id})");
is_deeply([ map { $_->{actor}{id} } @{ does($ann, "GET $all", undef, 200, {}, 'who is blocked')->{results} } ], [ $eve->{id} ], 'is not told of');

# ---- preferences
my $preferences = does($ann, "GET ${all}preferences/", undef, 200, {}, 'seed 134: preferences')->{results};
is_deeply([ grep { !$_->{is_enabled} } @$preferences ], [], 'everything is told at first');
my %named = map { $_->{type} => 1 } @$preferences;
ok(!grep({ !$named{$_} } qw(like comment follow repost mention)), 'seed 133: all kinds');
for my $method (qw(PUT PATCH))
{
	my $set = does($ann, "$method ${all}preferences/", { type => 'like', is_enabled => $no }, 200, {}, 'one is turned off')->{results};
	is_deeply([ map { $_->{type} } grep { !$_->{is_enabled} } @$set ], ['like'], 'and the answer says so');
	is(does($ann, "$method ${all}preferences/", { type => 'gossip', is_enabled => $no }, 400, undef, 'no such kind')->{hint}, 'GET /api/notifications/preferences/ lists them.', 'and where they are');
	does($ann, "$method ${all}preferences/", $_, 400, undef, 'no preference') for {}, { type => 'like' }, { type => 'nothing', is_enabled => $no }, { type => 'like', is_enabled => undef }, { type => 'like', is_enabled => 'no' };
}
is_deeply([ grep { !$_->{is_enabled} } @{ does($bob, "GET ${all}preferences/", undef, 200, {}, "another's")->{results} } ], [], 'are their own');
as($eve, "social.unlike_post($post), social.like_post(" . as($ann, q{social.create_post('More', 'x')}) . ')');
does($ann, "GET ${all}unread-count/", undef, 200, { unread_count => 0 }, 'what is turned off is not told');
done_testing;
