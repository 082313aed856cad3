# The load test itself, for some seconds: every request of its users is sent and succeeds, the mix is the
# seeds', what fails is told by the exit status (seed 154).
use strict;
use warnings;
use Social;
use Test::More;

my @requests = (
	'account: login',
	'feed: page', 'feed: next page', 'feed: post', 'feed: comments', 'feed: like',
	'create: post', 'create: newest', 'create: comment',
	'watch: newest', 'watch: post', 'watch: comments', 'watch: view',
	'search: posts', 'search: people', 'search: hashtags', 'search: trending');

sub load
{
	my ($scenario, %setting) = @_;
	local @ENV{ keys %setting } = values %setting;
	delete local $ENV{MAKEFLAGS};
	my $said = `make --no-print-directory load SCENARIO=$scenario 2>&1`;
	my $status = $? >> 8;
	my %row = map { /^(\S.*?)  +(\d+) +(\d+) +[\d.]+ +\d+ +\d+ +\d+$/ ? ($1 => { requests => $2, failures => $3 }) : () } split /\n/, $said;
	return ($status, $said, %row);
}

# Four people whom the others follow, of whom one has written more than a page.
my ($writer, @others) = map { account() } 1 .. 4;
for my $other (@others)
{
	is(api(POST => "/api/accounts/users/$writer->{id}/follow/", token => $other->{token}, json => {})->{status}, 200, 'somebody follows');
	is(api(POST => "/api/accounts/users/$other->{id}/follow/", token => $writer->{token}, json => {})->{status}, 200, 'and is followed');
	api(POST => '/api/posts/posts/', token => $other->{token}, json => { title => 'A post', content => "Number $_" }) for 1 .. 21;
}
api(POST => '/api/posts/posts/', token => $writer->{token}, json => { title => 'A post', content => "Number $_" }) for 1 .. 21;
my %people = (LOAD_ACCOUNTS => join(',', map { $_->{username} } $writer, @others), LOAD_PASSWORD => $writer->{password}, LOAD_THINK => 0.1);

my ($status, $said, %row) = load('smoke', %people);
is($status, 0, 'seed 154: the load test ends well') or diag($said);
my @missing = grep { !$row{$_} || !$row{$_}{requests} } @requests;
is("@missing", '', 'and has sent all its requests') or diag($said);
my @failed = grep { $row{$_}{failures} } sort keys %row;
is("@failed", '', 'none of which failed');
my %known = map { $_ => 1 } @requests, 'all';
is(join(' ', grep { !$known{$_} } sort keys %row), '', 'and no others');
like($said, qr/^users: FeedBrowsingUser 14, ContentCreationUser 3, StreamViewerUser 2, SearchAndDiscoveryUser 1$/m, 'seed 154: of twenty users 70, 15, 10 and 5 %');

like($said, qr/^scenario smoke: up to 20 users, \d+ s, 4 accounts, RATE_LIMITS=off$/m, 'it says what ran');

# The stages of a scenario, in small: how it grows, and that users come and go.
($status, $said, %row) = load('spike', %people, LOAD_USERS => 10, LOAD_SECONDS => 3);
is($status, 0, 'a spike in small ends well') or diag($said);
is(join(' ', sort grep { /^stage/ } keys %row), 'stage of 1 users stage of 10 users', 'its stages are told');
my ($first, $peak, $last) = $said =~ /^stage of \d+ users +(\d+)/mg;
cmp_ok($peak, '>', $first, 'most is asked at its peak');

# What is not answered well.
($status, $said, %row) = load('smoke', %people, LOAD_PASSWORD => 'no-such-password', LOAD_USERS => 1, LOAD_SECONDS => 1);
isnt($status, 0, 'requests that fail are a failure');
cmp_ok($row{all}{failures} // 0, '>', 0, 'counted in the summary') or diag($said);
like($said, qr/^failed: account: login: 401 \w+ \(\d+ times\)$/m, 'with what was answered');
($status, $said) = load('nonsense', %people);
isnt($status, 0, 'a scenario that is not there is none');
like($said, qr/no scenario nonsense; there are smoke, normal, stress, spike, endurance/, 'and which are is said');
done_testing;
