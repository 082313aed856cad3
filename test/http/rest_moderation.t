# Reports and what staff do, over REST (mission 3.3, seed 151, 153).
use strict;
use warnings;
use Rest;
use Social;
use Test::More;

my ($ann, $bob, $eve, $staff, $super) = map { account() } 1 .. 5;
psql("UPDATE social.users SET is_staff = true WHERE id IN ($staff->{id}, $super->{id}); UPDATE social.users SET is_superuser = true WHERE id = $super->{id}");
my $post    = as($eve, q{social.create_post('Cheap', 'pills')});
my $comment = as($eve, "social.create_comment($post, 'buy')");
my $desk    = 'moderation';

# ---- reporting
my %path = (post => "posts/posts/$post", comment => "posts/posts/$post/comments/$comment", user => "accounts/users/$eve->{id}");
my %about = (post => $post, comment => $comment, user => $eve->{id});
my %report;
for my $kind (qw(post comment user))
{
	my $report = does($ann, "POST $path{$kind}/report/", { reason => 'spam', details => 'again' }, 201,
		{ status => 'open', object_type => $kind, object_id => $about{$kind} + 0, reason => 'spam', details => 'again', reporter => $ann->{username}, object_owner => undef, excerpt => undef, resolution => undef }, "a $kind is reported");
	$report{$kind} = $report->{id};
	does($ann, "POST $path{$kind}/report/", { reason => 'more' }, 201, { id => $report->{id}, reason => 'spam' }, 'once, while the report is open');
	does($eve, "POST $path{$kind}/report/", { reason => 'spam' }, 400, undef, 'nobody reports their own');
	does($ann, "POST $path{$kind}/report/", $_, 400, undef, 'for no reason') for {}, { reason => ' ' }, { reason => 5 }, { reason => 'x' x 101 };
	does($ann, "GET $desk/reports/$report->{id}/", undef, 200, { id => $report->{id}, excerpt => undef }, 'who reported sees it');
	does($bob, "GET $desk/reports/$report->{id}/", undef, 404, undef, 'others do not');
}
does($ann, "POST posts/posts/$post/comments/$_/report/", { reason => 'spam' }, 404, undef, 'a comment elsewhere') for as($ann, q{social.create_comment(social.create_post('Other', 'x'), 'x')}) + 0, 9007199254740991;

# ---- the desk: staff alone
# Reports are the oldest first, and other tests leave some: the page that begins above this one's.
my $cursor = psql("SELECT social.cursor_encode('reports', $report{post} - 1, $report{post} - 1)");
my @mine   = grep { $_->{reporter} eq $ann->{username} } @{ does($staff, "GET $desk/reports/?after=$cursor", undef, 200, {}, 'staff see reports')->{results} };
is_deeply([ map { [ @$_{qw(id object_owner excerpt)} ] } @mine ], [ [ $report{post}, $eve->{username}, 'Cheap: pills' ], [ $report{comment}, $eve->{username}, 'buy' ], [ $report{user}, $eve->{username}, '' ] ], 'with whose it is and how it begins');
does($staff, "GET $desk/reports/?status=$_", undef, 200, {}, 'of each status') for qw(open resolved dismissed all);
does($staff, "GET $desk/reports/?status=lost", undef, 400, undef, 'of no other');
my @acts = ([ "POST $desk/reports/$report{post}/resolve/", { action => 'dismiss' } ], (map { [ "POST $desk/$_/", {} ] } "posts/$post/hide", "posts/$post/unhide", "comments/$comment/hide", "comments/$comment/unhide", "users/$eve->{id}/suspend", "users/$eve->{id}/unsuspend"),
	[ "POST $desk/content-rules/", { kind => 'word', pattern => 'xyzzy' } ], [ "DELETE $desk/content-rules/1/" ], map { ["GET $desk/$_/"] } qw(reports content-rules audit-log audit-log/all));
for (@acts)
{
	does($ann,  @$_[ 0, 1 ], 403, undef, 'others may not');
	does(undef, @$_[ 0, 1 ], 401, undef, 'nor nobody');
}

# ---- hiding
for my $kind (qw(post comment))
{
	my $act = "$desk/${kind}s/$about{$kind}";
	does($staff, "POST $act/hide/", { note => 'rule 4' }, 200, { id => $about{$kind} + 0, hidden => $yes }, "a $kind is hidden") for 1, 2;
	does($ann, "GET $path{$kind}/", undef, 404, undef, 'from others');
	does($eve, "GET $path{$kind}/", undef, 200, {}, 'not from its author');
	does($staff, "POST $act/unhide/", undef, 200, { hidden => $no }, 'and shown again');
	does($ann, "GET $path{$kind}/", undef, 200, {}, 'to all');
	does($staff, "POST $desk/${kind}s/9007199254740991/$_/", undef, 404, undef, 'nothing there') for qw(hide unhide);
}

# ---- suspending
does($staff, "POST $desk/users/$bob->{id}/suspend/", { until => '2099-01-01T00:00:00Z', reason => 'third time' }, 200, { id => $bob->{id}, suspended => $yes, until => '2099-01-01T00:00:00+00:00' }, 'until a time');
does($ann, "GET accounts/users/$bob->{id}/", undef, 404, undef, 'who is suspended is not seen');
does($bob, 'GET posts/feed/', undef, 401, undef, 'and has no session');
does($staff, "POST $desk/users/$bob->{id}/suspend/", undef, 200, { until => undef }, 'for good');
does($staff, "POST $desk/users/$bob->{id}/unsuspend/", undef, 200, { suspended => $no }, 'ended') for 1, 2;
does($ann, "GET accounts/users/$bob->{id}/", undef, 200, {}, 'and seen again');
does($staff, "POST $desk/users/$bob->{id}/suspend/", $_, 400, undef, 'no such time') for { until => '2001-01-01T00:00:00Z' }, { until => 'forever' }, { until => 5 };
does($staff, "POST $desk/users/$staff->{id}/suspend/", undef, 400, undef, 'not oneself');
does($staff, "POST $desk/users/$super->{id}/suspend/", undef, 403, undef, 'not a superuser');

# ---- closing reports
does($staff, "POST $desk/reports/$report{comment}/resolve/", { action => 'dismiss', note => 'fine' }, 200, { status => 'dismissed', resolution => 'dismiss: fine', resolver => $staff->{username} }, 'dismissed');
does($staff, "POST $desk/reports/$report{comment}/resolve/", { action => 'hide' }, 409, undef, 'once');
does($staff, "POST $desk/reports/$report{post}/resolve/", $_, 400, undef, 'no such action') for {}, { action => 'burn' }, { action => undef };
does($staff, "POST $desk/reports/$report{post}/resolve/", { action => 'delete' }, 200, { status => 'resolved' }, 'deleted');
does($ann, "GET $path{post}/", undef, 404, undef, 'the post is gone');
does($ann, "GET $desk/reports/$report{post}/", undef, 200, { status => 'resolved', resolution => undef, resolver => undef }, 'who reported sees that, not by whom');
does($staff, "POST $desk/reports/9007199254740991/resolve/", { action => 'dismiss' }, 404, undef, 'no such report');

# ---- rules
my $word = sprintf 'rule%x', $$;
my $rule = does($staff, "POST $desk/content-rules/", { kind => 'word', pattern => uc $word }, 201, { kind => 'word', pattern => $word, action => 'reject' }, 'a rule');
does($staff, "POST $desk/content-rules/", { kind => 'word', pattern => $word, action => 'flag' }, 201, { id => $rule->{id}, action => 'flag' }, 'which gets another action');
does($staff, "POST $desk/content-rules/", $_, 400, undef, 'no rule') for {}, { kind => 'word' }, { kind => 'song', pattern => 'x' }, { kind => 'word', pattern => '' }, { kind => 'word', pattern => 'x', action => 'burn' };
ok(grep({ $_->{id} == $rule->{id} } @{ does($staff, "GET $desk/content-rules/", undef, 200, {}, 'stands among them')->{results} }), 'with its id');
does($staff, "DELETE $desk/content-rules/$rule->{id}/", undef, 200, { id => $rule->{id}, removed => $yes }, 'taken back');
does($staff, "DELETE $desk/content-rules/$rule->{id}/", undef, 404, undef, 'once');

# ---- the log
my $log = does($staff, "GET $desk/audit-log/?actor_id=$staff->{id}&first=3", undef, 200, {}, 'seed 153: what was done')->{results};
is_deeply([ map { [ $_->{action}, $_->{object_id}, $_->{actor} ] } @$log ], [ map { [ @$_, $staff->{username} ] } [ remove_content_rule => $rule->{id} ], [ add_content_rule => $rule->{id} ], [ add_content_rule => $rule->{id} ] ], 'latest first');
ok(!exists $log->[0]{address}, 'without addresses');
as($ann, 'social.logout_all()');
is_deeply(does($staff, "GET $desk/audit-log/?actor_id=$ann->{id}", undef, 200, {}, 'what people do with their accounts')->{results}, [], 'is not in it');
does($staff, "GET $desk/audit-log/all/", undef, 403, undef, 'superusers alone read everything');
my $entry = does($super, "GET $desk/audit-log/all/?actor_id=$ann->{id}&action=logout_all", undef, 200, {}, 'who can')->{results}[0];
is($entry->{action}, 'logout_all', 'by action and person');
ok(exists $entry->{address}, 'with addresses');
does($super, "GET $desk/audit-log/all/?$_", undef, 400, undef, 'no such question') for 'actor_id=x', 'first=1000', 'after=x';
done_testing;
