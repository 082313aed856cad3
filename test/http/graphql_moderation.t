# Reports and what staff do about them over GraphQL (mission 3.3, seed 166): as who reports, who is
# reported, somebody else, nobody and staff.
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

my ($ann, $bob, $eve, $staff) = map { account() } 1 .. 4;
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");
my $as      = sub { my ($who, $sql) = @_; return psql("SELECT social.act_as($who->{id}), $sql") =~ s/^.*\|//r };
my $post    = $as->($eve, q{social.create_post('Cheap', 'pills')});
my $comment = $as->($eve, "social.create_comment($post, 'buy')");

# ---- reporting
my $seen  = 'id status targetType targetId target { __typename ... on Post { title } ... on Comment { content } ... on User { username } } reason details reporter { username } owner { username } excerpt resolution resolver { username }';
my %about = (post => $post, comment => $comment, user => $eve->{id});
my %what  = (post => { __typename => 'Post', title => 'Cheap' }, comment => { __typename => 'Comment', content => 'buy' }, user => { __typename => 'User', username => $eve->{username} });
my %report;
for my $kind (qw(post comment user))
{
	my $field  = 'report' . ucfirst $kind;
	my $report = "mutation(\$id: ID!, \$reason: String!, \$details: String) { $field(${kind}Id: \$id, reason: \$reason, details: \$details) { report { $seen } success message } }";
	my $told   = get($ann, $report, id => $about{$kind}, reason => 'spam', details => 'again');
	$report{$kind} = $told->{report};
	my $id = $report{$kind}{id};
	is_deeply($told, { report => { id => $id, status => 'OPEN', targetType => uc $kind, targetId => "$about{$kind}", target => $what{$kind}, reason => 'spam', details => 'again',
		reporter => { username => $ann->{username} }, map { $_ => undef } qw(owner excerpt resolution resolver) }, success => $true, message => 'Reported' }, "a $kind is reported");
	is(get($ann, $report, id => $about{$kind}, reason => 'spam')->{report}{id}, $id, 'once, while the report is open');
	refused('BAD_REQUEST',     "nobody reports their own $kind", $eve,  $report, id => $about{$kind}, reason => 'spam');
	refused('BAD_REQUEST',     'nor for no reason',              $ann,  $report, id => $about{$kind}, reason => ' ');
	refused('NOT_FOUND',       'nor what there is not',          $ann,  $report, id => '9007199254740991', reason => 'spam');
	refused('UNAUTHENTICATED', 'nor without a token',            undef, $report, id => $about{$kind}, reason => 'spam');
}
psql("SELECT social.act_as($bob->{id}), social.block_user($eve->{id})");
refused('NOT_FOUND', "who is blocked is not there: report$_", $bob, "mutation(\$id: ID!) { report$_(" . lc($_) . 'Id: $id, reason: "spam") { success } }', id => $about{ lc $_ }) for qw(Post Comment User);
is(psql("SELECT count(*) FROM social.reports WHERE reporter_id IN ($ann->{id}, $bob->{id}, $eve->{id}, $staff->{id})"), 3, 'nothing is written of what is refused');

# ---- what staff see
# Reports are the oldest first, and other tests leave some: the page that begins above this one's.
my $cursor  = psql("SELECT social.cursor_encode('reports', $report{post}{id} - 1, $report{post}{id} - 1)");
my $reports = "query(\$status: ReportStatus, \$after: Cursor) { reportsConnection(status: \$status, first: 3, after: \$after) { edges { node { $seen } } } }";
my $listed  = get($staff, $reports, status => 'OPEN', after => $cursor);
is_deeply([ map { $_->{node}{id} } @{ $listed->{edges} } ], [ map { $report{$_}{id} } qw(post comment user) ], 'staff see reports, the oldest first');
is_deeply($listed->{edges}[0]{node}, { %{ $report{post} }, owner => { username => $eve->{username} }, excerpt => 'Cheap: pills', resolution => '', resolver => undef }, 'with whose it is and how it begins');
is(ref get($staff, '{ reports(first: 1) { id } }'), 'ARRAY', 'of any status');
for ('{ reports { id } }', '{ contentRules { id } }')
{
	refused('FORBIDDEN',       "only staff: $_",   $ann,  $_);
	refused('UNAUTHENTICATED', "not nobody: $_", undef, $_);
}

# ---- what staff do
my $state = "query(\$post: ID!, \$user: ID!) { post(id: \$post) { id } user(id: \$user) { id } }";
my %ids   = (post => $post, user => $eve->{id});
my %word  = (hidePost => 'post', unhidePost => 'post', hideComment => 'comment', unhideComment => 'comment', suspendUser => 'user', unsuspendUser => 'user');
my %said  = (hidePost => 'Post hidden', unhidePost => 'Post shown again', hideComment => 'Comment hidden', unhideComment => 'Comment shown again', suspendUser => 'User suspended', unsuspendUser => 'Suspension ended');
my %sight = (post => sub { get($ann, 'query($id: ID!) { post(id: $id) { id } }', id => $post) }, user => sub { get($ann, 'query($id: ID!) { user(id: $id) { id } }', id => $eve->{id}) },
	comment => sub { get($ann, 'query($id: ID!) { post(id: $id) { comments { id } } }', id => $post)->{comments}[0] });
for my $field (qw(hideComment unhideComment hidePost unhidePost suspendUser unsuspendUser))
{
	my $kind = $word{$field};
	my $note = $kind eq 'user' ? 'reason' : 'note';
	my $do   = "mutation(\$id: ID!) { $field(${kind}Id: \$id, $note: \"see rule 4\") { $kind { id } success message } }";
	my $was  = $sight{$kind}->();
	refused('FORBIDDEN',       "$field: not by others", $ann,   $do, id => $about{$kind});
	refused('FORBIDDEN',       'nor by whose it is',    $eve,   $do, id => $about{$kind}) unless $field eq 'unsuspendUser';
	refused('UNAUTHENTICATED', 'nor by nobody',         undef,  $do, id => $about{$kind});
	refused('NOT_FOUND',       'of what there is',      $staff, $do, id => '9007199254740991');
	is_deeply($sight{$kind}->(), $was, 'nothing has happened');
	is_deeply(get($staff, $do, id => $about{$kind}), { $kind => { id => "$about{$kind}" }, success => $true, message => $said{$field} }, "$field, $_") for 'once', 'and again';
	is(!defined $sight{$kind}->(), $field !~ /^un/, 'which others see');
	is(psql("SELECT detail ->> 'note' FROM social.audit_log WHERE actor_id = $staff->{id} ORDER BY id DESC LIMIT 1"), 'see rule 4', 'and the audit log');
}
is(get($staff, 'mutation($id: ID!) { suspendUser(userId: $id, until: "2999-01-01T00:00:00Z") { success } }', id => $eve->{id})->{success}, $true, 'a suspension may have an end');
is(psql("SELECT suspended_until > '2998-12-31' FROM social.users WHERE id = $eve->{id}"), 't', 'which is kept');
refused('BAD_REQUEST', 'not a past one', $staff, 'mutation($id: ID!) { suspendUser(userId: $id, until: "2001-01-01T00:00:00Z") { success } }', id => $eve->{id});
get($staff, 'mutation($id: ID!) { unsuspendUser(userId: $id) { success } }', id => $eve->{id});

my $resolve = "mutation(\$id: ID!, \$action: ReportAction!) { resolveReport(id: \$id, action: \$action, note: \"ours\") { report { $seen } success message } }";
refused('FORBIDDEN',       'others close no report', $ann,   $resolve, id => $report{post}{id}, action => 'DISMISS');
refused('UNAUTHENTICATED', 'nor does nobody',        undef,  $resolve, id => $report{post}{id}, action => 'DISMISS');
refused('NOT_FOUND',       'nor an unknown one',     $staff, $resolve, id => '9007199254740991', action => 'DISMISS');
refused('BAD_REQUEST',     'a user is not hidden',   $staff, $resolve, id => $report{user}{id}, action => 'HIDE');
is(ask($staff, $resolve, id => $report{post}{id}, action => 'BURN')->{errors}[0]{extensions}{code}, 'BAD_USER_INPUT', 'nor burnt');
my $closed = get($staff, $resolve, id => $report{post}{id}, action => 'HIDE');
is_deeply([ @{ $closed->{report} }{qw(status resolution)}, $closed->{report}{resolver}{username}, $closed->{message} ], [ 'RESOLVED', 'hide: ours', $staff->{username}, 'Report closed' ], 'a report is resolved');
is($sight{post}->(), undef, 'by hiding the post');
refused('CONFLICT', 'once', $staff, $resolve, id => $report{post}{id}, action => 'DISMISS');
is(get($staff, $resolve, id => $report{user}{id}, action => 'DISMISS')->{report}{status}, 'DISMISSED', 'or dismissed');
my %mine = map { $_->{id} => 1 } values %report;
is_deeply([ grep { $mine{$_} } map { $_->{node}{id} } @{ get($staff, $reports, status => 'OPEN', after => $cursor)->{edges} } ], [ $report{comment}{id} ], 'what is open');

# ---- rules
my $word = "gmword$$";
my $add  = 'mutation($pattern: String!, $action: ContentRuleAction) { addContentRule(kind: WORD, pattern: $pattern, action: $action) { rule { id kind pattern action } success message } }';
refused('FORBIDDEN',       'others make no rules', $ann,   $add, pattern => $word);
refused('UNAUTHENTICATED', 'nor does nobody',      undef,  $add, pattern => $word);
refused('BAD_REQUEST',     'of nothing',           $staff, $add, pattern => ' ');
my $rule = get($staff, $add, pattern => uc $word)->{rule};
is_deeply({ %$rule, id => '' }, { id => '', kind => 'WORD', pattern => $word, action => 'REJECT' }, 'a rule');
is(ask($ann, 'mutation($c: String!) { createPost(title: "x", content: $c) { success } }', c => "a $word here")->{errors}[0]{extensions}{code}, 'UNPROCESSABLE', 'refuses what it says');
is_deeply(get($staff, $add, pattern => $word, action => 'FLAG')->{rule}, { %$rule, action => 'FLAG' }, 'again gives it another action');
ok((grep { $_->{id} eq $rule->{id} } @{ get($staff, '{ contentRules(first: 100) { id pattern } }') }), 'staff see it');
my $remove = 'mutation($id: ID!) { removeContentRule(id: $id) { ruleId success message } }';
refused('FORBIDDEN', 'others take none back', $ann, $remove, id => $rule->{id});
is_deeply(get($staff, $remove, id => $rule->{id}), { ruleId => $rule->{id}, success => $true, message => 'Rule removed' }, 'it is taken back');
refused('NOT_FOUND', 'once', $staff, $remove, id => $rule->{id});

# ---- so many reports an hour: each is somebody's work, whatever it is about
my $limited  = start_bridge(RATE_LIMITS => 'on', LOOPS => 1);
my $reporter = account();
my @kinds    = ("reportPost(postId: $post", "reportComment(commentId: $comment", "reportUser(userId: $eve->{id}");
psql("SELECT social.act_as($staff->{id}), social.unsuspend_user($eve->{id})");
my $many = api(POST => '/graphql/', url => $limited->{url}, token => $reporter->{token}, json => { query => 'mutation { ' . join(' ', map { "r$_: $kinds[ $_ % 3 ], reason: \"spam\") { success }" } 1 .. 31) . ' }' })->{json};
is_deeply([ map { "@{ $_->{path} } $_->{extensions}{code}" } grep { $_->{extensions}{code} ne 'NOT_FOUND' } @{ $many->{errors} } ], ['r31 RATE_LIMITED'], 'the 31st report of an hour is refused') or diag(encode_json($many));
done_testing;
