# What every route refuses, read from what the routes say of themselves: nobody, ids that name nothing,
# cursors of other lists, and whatever the viewer may not see, which does not exist (seed 049, I-12,
# design D2).
use strict;
use warnings;
use JSON::PP;
use Rest;
use Route;
use Social;
use Test::More;

my ($ann, $bob, $cid, $staff) = map { account() } 1 .. 4;
psql("UPDATE social.users SET is_staff = true, is_superuser = true WHERE id = $staff->{id}");
my %tags = map { $_ => 1 } qw(user relation post comment reaction share feed hashtag search notification moderation sport);
my @rows = grep { $tags{ $_->{tag} } && $_->{auth} =~ /^(content|required)$/ } @{ Route::book()->{routes} };
cmp_ok(scalar @rows, '>', 100, 'there are routes');

# ---- a request that a row takes
my %value = (text => 'x', int => 1, bigint => 1, bool => $yes, time => '2099-01-01T00:00:00Z', bigints => [1], json => []);
my %words = (action => 'dismiss', kind => 'word', visibility => 'public', reply_settings => 'none', type => 'like', status => 'open');
sub body_of
{
	my ($row) = @_;
	my @taken = grep { $_->{in} eq 'body' && $_->{required} } @{ $row->{parameters} };
	return @taken ? { map { $_->{name} => $words{ $_->{name} } // $value{ $_->{type} } } @taken } : $row->{method} eq 'PUT' ? {} : undef;
}

sub query_of
{
	my ($row) = @_;
	return join '&', map { "$_->{name}=" . ($words{ $_->{name} } // ($_->{type} eq 'bigints' ? 1 : $value{ $_->{type} })) } grep { $_->{in} eq 'query' && $_->{required} } @{ $row->{parameters} };
}

# Sends what a row takes, with these ids in its path and this query; the answer.
sub ask
{
	my ($row, $who, $ids, %other) = @_;
	my $path  = $row->{paths}[0] =~ s/\{(\w+)\}/$ids->{$1}/gr;
	my $query = join '&', grep { length } query_of($row), $other{query} // '';
	my $body  = body_of($row);
	return api($row->{method} => $path . (length $query ? "?$query" : ''), $other{url} ? (url => $other{url}) : (), $who ? (token => $who->{token}) : (),
		defined $body ? (json => $body) : ());
}

# The rows of a set whose answer has not one of these statuses; each with what came.
sub others
{
	my ($statuses, $rows, @how) = @_;
	return [ map { my $answer = ask($_, @how); $answer->{status} =~ /^($statuses)$/ ? () : "$_->{method} $_->{paths}[0]: $answer->{status} $answer->{content}" } @$rows ];
}

my %unknown = map { $_ => '9007199254740991' } qw(id post_id target_id);
is_deeply(others(401, \@rows, undef, \%unknown), [], 'seed 049: nobody is answered by no route');

# What ANONYMOUS_READ opens, and nothing else.
my $open = start_bridge(ANONYMOUS_READ => 'on');
my ($shown, $kept) = map { my $auth = $_; [ grep { $_->{auth} eq $auth } @rows ] } qw(content required);
is_deeply(others('200|404', $shown, undef, \%unknown, url => $open->{url}), [], 'I-12: ANONYMOUS_READ opens what is read');
is_deeply(others(401, $kept, undef, \%unknown, url => $open->{url}), [], 'I-12: and nothing else');
$open->stop;

# ---- ids; what is none: test/http/openapi.t
my @by_id = grep { $_->{paths}[0] =~ /\{/ } @rows;
my %of_staff = map { ("$_->{method} $_->{name}" => 1) } grep { ($_->{tag} eq 'moderation' && $_->{name} ne 'reports.get') || ($_->{tag} eq 'sport' && $_->{method} ne 'GET' && $_->{name} !~ /follow/) } @rows;
is_deeply(others(404, [ grep { $_->{tag} ne 'moderation' && !$of_staff{"$_->{method} $_->{name}"} } @by_id ], $ann, \%unknown), [], 'an id that names nothing');
is_deeply(others(404, \@by_id, $staff, \%unknown), [], 'is not there for staff either');
is_deeply(others(403, [ grep { $of_staff{"$_->{method} $_->{name}"} } @rows ], $ann, \%unknown), [], 'what staff do is not for others');

# ---- pages: what else is no question, and no body: test/http/openapi.t
my @of_nothing = grep { my $row = $_; $row->{paths}[0] !~ /\{/ && grep { $_->{name} eq 'after' } @{ $row->{parameters} } } @rows;
cmp_ok(scalar @of_nothing, '>', 15, 'there are lists');
my $foreign = psql("SELECT social.cursor_encode('somewhere', 1, 1)");
is_deeply(others(400, \@of_nothing, $staff, {}, query => "after=$foreign"), [], "another list's cursor");

# ---- what may not be seen does not exist; in which other ways that can be: test/pgtap/visibility_matrix.sql
my $make = sub { my ($who, $settings) = @_; return as($who, "social.create_post('x', 'y'$settings)") };
my %post = (
	private => $make->($ann, ", visibility => 'private'"),
	deleted => $make->($ann, ''));
$post{suspended} = $make->($bob, '');
$post{blocked}   = $make->($cid, '');
my %comment = map { $_ => as($ann, "social.create_comment($post{$_}, 'c')") } qw(private deleted suspended blocked);
psql("UPDATE social.posts SET deleted_at = now() WHERE id = $post{deleted};
	UPDATE social.users SET suspended_at = now() WHERE id = $bob->{id}; INSERT INTO social.blocks (blocker_id, blocked_id) VALUES ($cid->{id}, $staff->{id})");
psql("UPDATE social.users SET is_staff = false, is_superuser = false WHERE id = $staff->{id}");
my $reader = $staff;
my @of_posts = grep { $_->{paths}[0] =~ m{^/api/posts/posts/\{} } @rows;
cmp_ok(scalar @of_posts, '>', 40, 'there are routes of posts');
for my $state (sort keys %post)
{
	my @asked = grep { $comment{$state} || $_->{paths}[0] !~ m{comments/\{id\}} } @of_posts;
	is_deeply(others(404, [ grep { $_->{paths}[0] !~ /\{post_id\}/ } @asked ], $reader, { id => $post{$state} }), [], "a post: $state");
	is_deeply(others(404, [ grep { $_->{paths}[0] =~ /\{post_id\}/ } @asked ], $reader, { post_id => $post{$state}, id => $comment{$state} // 1 }), [], "what hangs on a post: $state");
}
my @of_people = grep { $_->{paths}[0] =~ m{^/api/accounts/users/(follow-requests/)?\{} } @rows;
cmp_ok(scalar @of_people, '>', 15, 'there are routes of people');
my %person = (suspended => $bob, blocked => $cid);
is_deeply(others(404, \@of_people, $reader, { id => $person{$_}{id}, target_id => $ann->{id} }), [], "a person: $_") for sort keys %person;
is(psql("SELECT count(*) FROM social.posts p WHERE p.author_id = $reader->{id}"), 0, 'and nothing was written');
done_testing;
