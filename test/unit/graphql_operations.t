# The 35 operations of the seed (seed 050-082): each is planned with its very name and arguments, and the
# README's table links it to a test that names its item.
use strict;
use warnings;
use Test::More;

my $variant = $ENV{VARIANT} // 'release';
my $explain = "build/$variant/test/unit/graphql_explain";
is(system('make', '--no-print-directory', '-s', "VARIANT=$variant", $explain), 0, 'the explain command builds');

# Item, kind, name, its arguments with values; one that answers no object.
my @operations = map { [ split /\s*\|\s*/ ] } grep { /\S/ } split /\n/, <<'END';
050 | query    | allUsers
051 | query    | user | id: 1
052 | query    | userByUsername | username: "x"
053 | query    | userProfile | userId: 1
054 | query    | isFollowing | userId: 1, targetUserId: 2 | leaf
055 | query    | allPosts
056 | query    | post | id: 1
057 | query    | userPosts | userId: 1
058 | query    | searchPosts | query: "x"
059 | query    | searchPostsFts | query: "x"
060 | query    | trendingPosts | limit: 1
061 | query    | hashtags | limit: 1
062 | query    | hashtagPosts | tag: "x"
063 | query    | trendingHashtags | limit: 1
064 | query    | userMentions | userId: 1
065 | query    | postLikes | postId: 1
066 | query    | commentLikes | commentId: 1
067 | query    | postShares | postId: 1
068 | query    | postViews | postId: 1
069 | query    | userNotifications | userId: 1
070 | query    | unreadNotificationsCount | userId: 1 | leaf
071 | mutation | createPost | title: "x", content: "x"
072 | mutation | updatePost | id: 1, title: "x", content: "x"
073 | mutation | deletePost | id: 1
074 | mutation | createComment | postId: 1, content: "x", parentId: 1
075 | mutation | updateComment | id: 1, content: "x"
076 | mutation | deleteComment | id: 1
077 | mutation | likePost | postId: 1
077 | mutation | unlikePost | postId: 1
078 | mutation | likeComment | commentId: 1
078 | mutation | unlikeComment | commentId: 1
079 | mutation | sharePost | postId: 1, message: "x"
080 | mutation | followUser | userId: 1
080 | mutation | unfollowUser | userId: 1
081 | mutation | markNotificationAsRead | id: 1
END
is(scalar @operations, 35, 'seed 082: 35 operations');

sub text { my ($path) = @_; open my $file, '<', $path or return ''; local $/; return <$file> }
# Does a test name an item: "seed 050", in a list ("seed 049, 050") or within a range ("seed 050-054")?
sub names_item
{
	my ($path, $item) = @_;
	for my $list (text($path) =~ /seed (\d{3}[\d, -]*)/g)
	{
		for (split /,\s*/, $list)
		{
			my ($from, $to) = /(\d{3})(?:-(\d{3}))?/ or next;
			return 1 if $from <= $item && $item <= ($to // $from);
		}
	}
	return 0;
}
my %test_of;
for (grep { /^\| `/ } split /\n/, text('README.md'))
{
	my ($names, $test) = /^\| (.*) \| \[[^\]]*\]\(([^)]*)\) \|$/ or next;
	$test_of{$_} = $test for $names =~ /`([^`]*)`/g;
}
for my $operation (@operations)
{
	my ($item, $kind, $name, $arguments, $leaf) = map { s/\s+\z//r } @$operation;
	my $call = $name . ($arguments ? "($arguments)" : '');
	my $body = $leaf ? '' : $kind eq 'mutation' ? ' { success message }' : ' { __typename }';
	open my $child, '-|', $explain, "$kind { $call$body }" or die $!;
	like(do { local $/; scalar <$child> }, qr/^-- statement/, "seed $item: $kind $name");
	close $child;
	my $shown = $name . ($arguments ? '(' . join(', ', $arguments =~ /(\w+):/g) . ')' : '');
	ok($test_of{$shown}, "the README has `$shown`") or next;
	ok(names_item($test_of{$shown}, $item), "and links a test that names seed $item");
}
done_testing;
