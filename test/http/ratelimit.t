# Rate limits over HTTP (seed 046, 119-126, 160; I-07 to I-12, I-29; P-11, P-12): one suite for the three
# stores, each with two bridges that share it; then what happens when a store fails, and bad settings.
use strict;
use warnings;
use lib 'test/http';
use File::Temp 'tempdir';
use MIME::Base64 'encode_base64url';
use Social;
use Test::More;
use Time::HiRes 'time';

my $next = 0;
sub fresh_address { $next++; return sprintf '198.51.%d.%d', 100 + $next / 250, 1 + $next % 250 }

# A token that says it is of an issuer which the database knows.
psql("SELECT social.register_issuer('https://flood.example/', '" . api(GET => '/.well-known/jwks.json')->{content} . "', 'us', 'sub', 'username')");
my $foreign = join '.', map { encode_base64url($_) } '{"alg":"ES256","typ":"JWT","kid":"theirs"}', '{"iss":"https://flood.example/","aud":"us","sub":"alice"}', 'x' x 64;

my $post = { title => 'Limited', content => 'text' };

sub create
{
	my ($bridge, $token, %option) = @_;
	return api(POST => '/api/posts/posts/', url => $bridge->{url}, token => $token, json => $post, %option);
}

sub from { my ($address) = @_; return (headers => { 'X-Forwarded-For' => $address }) }

sub header { my ($response, $name) = @_; return $response->{headers}{ lc $name } }

sub left_of
{
	my ($response, $action, $seconds) = @_;
	my ($row) = grep { $_->{action} eq $action && $_->{window_seconds} == $seconds } @{ $response->{json}{limits} // [] };
	return $row ? $row->{remaining} : undef;
}

# A window refills while time passes, also here: at least `$least` of something, and no more than what
# comes back meanwhile, one in so many seconds since `$began`.
sub is_about
{
	my ($got, $least, $began, $seconds, $name) = @_;
	my $most = $least + int((time - $began) / $seconds);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(defined $got && $got >= $least && $got <= $most, $name) or diag(($got // 'nothing') . " is not from $least to $most");
}

# Asks until it is refused, at most so many times as can be let in meanwhile; the statuses.
sub until_refused
{
	my ($limit, $seconds, $ask) = @_;
	my ($began, @statuses) = (time);
	do { push @statuses, $ask->(scalar @statuses)->{status} } until $statuses[-1] == 429 || @statuses > $limit + (time - $began) / $seconds;
	return @statuses;
}

sub test_store
{
	my ($store, %setting) = @_;
	# On a busy machine Redis answers late, which is another test's matter.
	my @bridges = map { start_bridge(RATE_LIMITS => 'on', TRUSTED_PROXIES => '127.0.0.1', LOOPS => 1, REDIS_TIMEOUT => 10_000, %setting) } 1, 2;
	my ($one, $two) = @bridges;
	my $person = account();

	# Redis is there a moment after the bridge is healthy.
	my $asked = time;
	ok(wait_until(30, sub { header(api(GET => '/api/posts/posts/', url => $_->{url}, token => $person->{token}), 'X-RateLimit-Limit') }), "$store: bridge counts") for @bridges;

	my $began = time;
	my $first = create($one, $person->{token});
	is($first->{status}, 201, "$store: a post");
	is(header($first, 'X-RateLimit-Limit'),     10, "$store, seed 125: the tightest window's limit");
	is(header($first, 'X-RateLimit-Remaining'), 9,  'what remains');
	my ($reset, $ended) = (header($first, 'X-RateLimit-Reset'), time);
	ok($reset >= $began + 360 && $reset < $ended + 361, 'when it is whole again, Unix time, rounded up') or diag("$reset, between $began and $ended");
	is(header($first, 'RateLimit-Limit'),     10, 'the same by the draft standard: limit');
	is(header($first, 'RateLimit-Remaining'), 9,  'remaining');
	cmp_ok(abs(header($first, 'RateLimit-Reset') - 360), '<', 5, 'reset, in seconds');
	is(header($first, 'RateLimit-Policy'), '10;w=3600', 'policy');
	is(header($first, 'Retry-After'),      undef,       'no Retry-After');

	my @posts = map { create($_ % 2 ? $two : $one, $person->{token}) } 1 .. 11;
	is(scalar(grep { $_->{status} == 201 } @posts), 9, "$store, seed 124: two bridges share one limit");
	is_error($posts[-1], 429, 'RATE_LIMITED', "$store, seed 121: the eleventh post of the hour");
	is($posts[-1]{json}{error}, 'rate limit exceeded', 'its message');
	like($posts[-1]{json}{detail}, qr{^The limit "post_creation" is 10/hour\.$}, 'its detail');
	is(header($posts[-1], 'X-RateLimit-Remaining'), 0, 'I-10: nothing remains');
	cmp_ok(header($posts[-1], 'Retry-After'), '>', 300, 'I-10: Retry-After');
	my $read = api(GET => '/api/posts/posts/', url => $two->{url}, token => $person->{token});
	is($read->{status}, 200, "$store: reading goes on");
	is(header($read, 'RateLimit-Policy'), '100;w=60', 'seed 120: within 100 a minute');
	is_about(header($read, 'X-RateLimit-Remaining'), 87, $asked, 0.6, 'which counts every request, but not the refused ones');

	my $status = api(GET => '/api/posts/rate-limit-status/', url => $two->{url}, token => $person->{token});
	is($status->{status}, 200, "$store, seed 046: the status");
	is(left_of($status, 'post_creation', 3600), 0,  'no post left this hour');
	is(left_of($status, 'search',        60),   30, 'every search');
	is(left_of($status, 'anon', 86400), undef, 'nothing about strangers');
	my $stranger = api(GET => '/api/posts/rate-limit-status/', url => $two->{url}, from(fresh_address()));
	is(left_of($stranger, 'anon', 86400), 100, 'a stranger sees his own');

	my $clumsy = account();
	create($one, $clumsy->{token}, json => { title => 'x' x 300, content => 'too long a title' }) for 1 .. 3;
	is(header(create($one, $clumsy->{token}), 'X-RateLimit-Remaining'), 6, "$store: a request that fails costs its token");

	my ($here, $there) = (fresh_address(), fresh_address());
	is_error(create($one, undef, from($here)), 401, 'UNAUTHENTICATED', "$store, I-12: a stranger cannot post");
	is_error(create($two, undef, from($here)), 429, 'RATE_LIMITED', 'seed 121: nor try more than once an hour');
	is_error(create($two, undef, from("203.0.113.77, $here")), 429, 'RATE_LIMITED', 'P-11: an invented hop changes nothing');
	is_error(create($two, undef, from($there)), 401, 'UNAUTHENTICATED', 'somebody else can');
	my $six = sprintf '2001:db8:%x:%x', $$ % 65536, ++$next;
	is_error(create($one, undef, from("$six\::1")), 401, 'UNAUTHENTICATED', 'P-11: an IPv6 client');
	is_error(create($one, undef, from("$six:ffff::2")), 429, 'RATE_LIMITED', 'his /64');

	my $login = sub {
		my ($name, $address, $password) = @_;
		return api(POST => '/api/auth/login/', url => $_[3]{url}, json => { username => $name, password => $password }, from($address));
	};
	my $office  = fresh_address();
	my $tried   = time;
	my @guesses = until_refused(5, 12, sub { $login->($_[0] % 2 ? $person->{username} : uc $person->{username}, $office, 'wrong', $bridges[ $_[0] % 2 ]) });
	is_deeply([ grep { $_ != 401 } @guesses ], [429], "$store, seed 119: logins in any case of the name");
	is_about(@guesses - 1, 5, $tried, 12, 'are five a minute');
	is($login->($person->{username}, $office, $person->{password}, $one)->{status}, 429, 'not even the right password helps now');
	is($login->($clumsy->{username}, $office, $clumsy->{password}, $one)->{status}, 200, 'I-29: the office is not locked out');
	my $cafe = fresh_address();
	my @names = ("$person->{username}", " $person->{username}", "$person->{username} ", "\t$person->{username}\n", $person->{username}, "$person->{username}  ");
	$tried   = time;
	@guesses = until_refused(5, 12, sub { $login->($names[ $_[0] % @names ], $cafe, 'wrong', $one) });
	is_deeply([ grep { $_ != 401 } @guesses ], [429], "$store, found B9, C13: blanks around a name");
	is_about(@guesses - 1, 5, $tried, 12, 'make no other');
	$tried = time;
	my @addresses = map { $login->($person->{email}, $cafe, $_, $one) } ('wrong') x 4, $person->{password};
	is(join(' ', map { $_->{status} } @addresses), '401 401 401 401 401', "$store, found B9: the address brings no five tries more");
	is_about(header($addresses[$_], 'X-RateLimit-Remaining'), 4 - $_, $tried, 12, 'and does not show whose it is') for 0 .. 4;
	is($addresses[4]{content}, $addresses[0]{content}, "$store, found B9: in the same bytes");
	is($login->("$person->{email} ", fresh_address(), $person->{password}, $one)->{status}, 200, "$store, found C13: a blank after an address is nothing");
	is($login->($person->{username}, fresh_address(), $person->{password}, $two)->{status}, 200, 'I-29: nor the owner, elsewhere');

	my $query = sub { my ($text, @option) = @_; return api(POST => '/graphql/', url => $one->{url}, json => { query => $text }, @option) };
	my $reader = account();
	my $search = $query->('{ searchPostsFts(query: "x") { id } }', token => $reader->{token});
	is(header($search, 'RateLimit-Policy'), '100;w=3600', "$store, I-09: a search over GraphQL has its own limit");
	is(left_of(api(GET => '/api/posts/rate-limit-status/', url => $one->{url}, token => $reader->{token}), 'user', 86400), 999, 'seed 119: and the quota of the day counts it');
	$tried   = time;
	my $many = $query->('mutation {' . join(' ', map { qq{l$_: login(username: "$person->{username}", password: "wrong") { access }} } 1 .. 7) . '}', from(fresh_address()));
	my @codes = map { $_->{extensions}{code} } @{ $many->{json}{errors} };
	is_about(scalar(grep { $_ eq 'UNAUTHENTICATED' } @codes), 5, $tried, 12, "$store: seven logins in one document are seven logins");
	is(scalar(grep { /^(UNAUTHENTICATED|RATE_LIMITED)$/ } @codes), 7, 'of which the others are refused');

	# Found B8: a query counts as many searches as it makes.
	my $finder   = account();
	my $searches = sub { my ($n) = @_; return $query->('{' . join(' ', map { qq{s$_: searchPostsFts(query: "x") { id }} } 1 .. $n) . ' s1: searchPostsFts(query: "x") { title } }', token => $finder->{token}) };
	my $searched = time;
	is_about(header($searches->(49), 'X-RateLimit-Remaining'), 51, $searched, 36, "$store, found B8: 49 searches in one query are 49, and what merges is one");
	is($searches->(50)->{status}, 200, 'fifty more fit');
	my $beyond = $searches->(20);
	is_error($beyond, 429, 'RATE_LIMITED', 'twenty more do not, and nothing is searched');
	is_about(header($beyond, 'X-RateLimit-Remaining'), 1, $searched, 36, 'one would');
	is($searches->(1)->{status}, 200, 'and does');
	is_about(left_of(api(GET => '/api/posts/rate-limit-status/', url => $two->{url}, token => $finder->{token}), 'global', 60), 96, $searched, 0.6, 'each query is one request');
	is_error(api(GET => '/api/posts/search/?query=x', url => $two->{url}, token => $finder->{token}), 429, 'RATE_LIMITED', "$store, found E11: REST counts the searches of GraphQL, by its own rate");

	# What asks the database for nothing is a request nevertheless: refusals, the schema.
	my $asker = account();
	my $asking = time;
	my @free  = map { $query->($_, token => $asker->{token}) } ('{ nothing }', '{', '{ __schema { queryType { name } } }', '{ __typename }');
	is(join(' ', map { $_->{status} } @free), '200 200 200 200', "$store: a document that is refused, the schema");
	is_about(left_of(api(GET => '/api/posts/rate-limit-status/', url => $two->{url}, token => $asker->{token}), 'global', 60), 95, $asking, 0.6, 'are requests like others, and so is asking for the status');
	my @flood = map { $query->('{ nothing }', token => $asker->{token})->{status} } 1 .. 120;
	is($flood[0], 200, 'of which there are some');
	ok(scalar(grep { $_ == 429 } @flood), 'and no more');

	# Found E11: a person's posts are one count, whatever they come by.
	my $writer = account();
	my $write  = sub {
		my ($n) = @_;
		return $query->('mutation {' . join(' ', map { qq{p$_: createPost(title: "t", content: "c") { success }} } 1 .. $n) . '}', token => $writer->{token});
	};
	is(scalar(grep { create($two, $writer->{token})->{status} == 201 } 1 .. 4), 4, "$store, found E11: four posts over REST");
	my $flood_of_posts = $write->(40);
	is(scalar(grep { $_->{extensions}{code} eq 'RATE_LIMITED' } @{ $flood_of_posts->{json}{errors} }), 34, 'leave six to GraphQL');
	is(psql("SELECT count(*) FROM social.posts WHERE author_id = $writer->{id}"), 10, 'ten posts an hour');
	is_error(create($two, $writer->{token}), 429, 'RATE_LIMITED', 'and none to REST');
	is(left_of(api(GET => '/api/posts/rate-limit-status/', url => $two->{url}, token => $writer->{token}), 'post_creation', 3600), 0, 'as the status says');

	# Found E11: what has no limit of its own is a request each, as over REST.
	my $talker = account();
	my $post   = psql("SELECT max(id) FROM social.posts WHERE author_id = $writer->{id}");
	my $talk   = sub {
		my ($n) = @_;
		return $query->('mutation {' . join(' ', map { qq{c$_: createComment(postId: "$post", content: "c") { __typename }} } 1 .. $n) . '}', token => $talker->{token});
	};
	my $talked = time;
	$talk->(50) for 1 .. 2;
	my $more = $talk->(50);
	ok($more->{status} == 429 || grep({ $_->{extensions}{code} eq 'RATE_LIMITED' } @{ $more->{json}{errors} }), "$store, found E11: 150 comments in three requests are too many");
	is_about(psql("SELECT count(*) FROM social.comments WHERE author_id = $talker->{id}"), 100, $talked, 0.6, 'a hundred a minute go in, and what comes back meanwhile');

	my $pair = $login->($reader->{username}, fresh_address(), $reader->{password}, $one)->{json};
	my @refreshed = map { my $answer = api(POST => '/api/auth/refresh/', url => $bridges[ $_ % 2 ]{url}, json => { refresh => $pair->{refresh} }, from(fresh_address())); $pair = $answer->{json} if $answer->{status} == 200; $answer } 1 .. 6;
	is(join(' ', map { $_->{status} } @refreshed), '200 200 200 200 200 429', "$store, I-29: a session refreshes five times a minute, from anywhere");
	cmp_ok(header($refreshed[-1], 'Retry-After'), '<=', 12, 'and is told when it may again');
	is(header($refreshed[-1], 'RateLimit-Policy'), '5;w=60', 'by which limit');

	my $thief  = account();
	my $change = sub { my ($path, %body) = @_; return api(PATCH => "/api/auth/users/me/$path", url => $one->{url}, token => $thief->{token}, json => \%body) };
	is(join(' ', map { $change->('', bio => "Line $_")->{status} } 1 .. 7), join(' ', (200) x 7), "$store: a profile is changed as often as one likes");
	my $last;
	$tried   = time;
	@guesses = until_refused(5, 12, sub { $last = $change->('', email => "$store-thief\@example.com", current_password => "guess $_[0]") });
	is_deeply([ grep { $_ != 403 } @guesses ], [429], 'seed 119: the password beside it is tried');
	is_about(@guesses - 1, 5, $tried, 12, 'five times a minute');
	like($last->{json}{detail}, qr{"credential"}, 'by the limit of every door that asks for it');
	is(api(POST => '/api/auth/users/me/change-password/', url => $one->{url}, token => $thief->{token}, json => { old_password => 'x', new_password => 'another good one' })->{status}, 429, 'all of them together');
	is($change->('', bio => 'Still me')->{status}, 200, 'without a password nothing is held up');
	# At most five of a document's eight, whatever was tried before; the doors of REST and GraphQL are the same.
	my @doors = map { "d$_: " . ($_ % 2 ? 'changePassword(oldPassword: "x", newPassword: "another good one")' : 'enableTotp(password: "x")') . ' { success }' } 1 .. 8;
	my $tries = api(POST => '/graphql/', url => $one->{url}, token => $thief->{token}, json => { query => 'mutation { ' . join(' ', @doors) . ' }' });
	my @told  = grep { $_ ne 'FORBIDDEN' } map { $_->{extensions}{code} } @{ $tries->{json}{errors} };
	ok($tries->{status} == 429 || (@told && !grep({ $_ ne 'RATE_LIMITED' } @told)), 'seed 119: the doors of GraphQL have the same count') or diag($tries->{content});

	my $flood = sub {
		my ($token, $address) = @_;
		return until_refused(100, 0.6, sub { api(GET => '/api/posts/posts/?first=1', url => $one->{url}, token => $token, from($address)) });
	};
	for my $bad ([ 'malformed tokens', 'x.y.z' ], [ 'tokens of another issuer, which the database must check,', $foreign ])
	{
		my ($kind, $token) = @$bad;
		my $forger = fresh_address();
		my @refused = $flood->($token, $forger);
		is_deeply([ grep { $_ != 401 } @refused ], [429], "$store: $kind are refused, until they are too many");
		cmp_ok(scalar @refused, '>', 100, 'as many as requests of strangers (seed 120)');
		is(api(GET => '/api/posts/posts/?first=1', url => $two->{url}, token => $clumsy->{token}, from($forger))->{status}, 200, 'a good token is not counted there');
		is(api(GET => '/api/posts/posts/?first=1', url => $two->{url}, token => $token, from(fresh_address()))->{status}, 401, 'nor another address');
	}

	is($one->stop, 0, "$store: a bridge stops");
	$one = start_bridge(RATE_LIMITS => 'on', TRUSTED_PROXIES => '127.0.0.1', LOOPS => 1, REDIS_TIMEOUT => 10_000, %setting);
	ok(wait_until(30, sub { header(api(GET => '/api/posts/posts/', url => $one->{url}, token => $clumsy->{token}), 'X-RateLimit-Limit') }), 'and comes back');
	is(create($one, $person->{token})->{status}, 429, 'P-12: it remembers');
	is($_->stop, 0, "$store: a clean end") for $one, $two;
}

# ---- the three stores ------------------------------------------------------------------------------

test_store('memory');
psql(q{ALTER ROLE social_bridge SET social.rate_limit_store = 'table'});
test_store('table');
psql('ALTER ROLE social_bridge RESET ALL');
test_store('redis', RATE_LIMIT_STORE => 'redis');

# ---- settings --------------------------------------------------------------------------------------

my $person = account();
my $strict = start_bridge(RATE_LIMITS => 'on', POST_CREATION_RATE_LIMIT => '2/minute,3/day', SEARCH_RATE_LIMIT => '7/minute');
my @posts  = map { create($strict, $person->{token}) } 1 .. 3;
is(join(' ', map { $_->{status} } @posts), '201 201 429', 'seed 160: a limit by its variable');
is(header($posts[0], 'RateLimit-Policy'), '2;w=60', 'of several windows the tightest');
is(left_of(api(GET => '/api/posts/rate-limit-status/', url => $strict->{url}, token => $person->{token}), 'post_creation', 60), 0, 'the status knows them');
is_error(create($strict, undef, from('203.0.113.1')), 401, 'UNAUTHENTICATED', 'the one attempt of this address');
is_error(create($strict, undef, from('203.0.113.2')), 429, 'RATE_LIMITED', 'P-11: an untrusted peer speaks for nobody else');
psql(q{SELECT social.set_rate_limit('*', 'global', 'client', '3/minute')});
is($strict->stop, 0, 'stopped');
my $lowered = start_bridge(RATE_LIMITS => 'on');
my $other   = account();
is(join(' ', map { api(GET => '/api/posts/posts/', url => $lowered->{url}, token => $other->{token})->{status} } 1 .. 4), '200 200 200 429', 'an override of the operator holds');
psql(q{SELECT social.set_rate_limit('*', 'global', 'client', NULL)});
my $off = start_bridge(RATE_LIMITS => 'off');
my $answer;
$answer = create($off, $person->{token}) for 1 .. 15;
is($answer->{status}, 201, 'RATE_LIMITS=off turns every limit off');
is(header($answer, 'X-RateLimit-Limit'), undef, 'and tells no figures');
is($_->stop, 0, 'stopped') for $lowered, $off;

for my $bad ([ POST_CREATION_RATE_LIMIT => '10/fortnight' ], [ SEARCH_RATE_LIMIT => '0/minute' ], [ CHAT_MESSAGE_RATE_LIMIT => '5' ], [ FEED_ACCESS_RATE_LIMIT => 'many' ],
	[ MEDIA_UPLOAD_RATE_LIMIT => '20/minute,' ], [ STREAM_CREATION_RATE_LIMIT => '3/day,3/day' ], [ RATE_LIMIT_STORE => 'disk' ], [ RATE_LIMIT_FAILURE => 'maybe' ],
	[ TRUSTED_PROXIES => '10.0.0.0/33' ], [ TRUSTED_PROXIES => 'proxy.example.org' ], [ REDIS_URL => 'http://127.0.0.1' ], [ REDIS_URL => 'redis://127.0.0.1:99999' ])
{
	my $bridge = start_bridge(wait => 0, @$bad);
	is($bridge->finish, 2, "$bad->[0]=$bad->[1] does not start");
	like($bridge->log_text, qr/^social-bridge: $bad->[0]\b[^\n]*\n$/, 'and says which setting is wrong');
}

# ---- a store that fails ----------------------------------------------------------------------------

sub is_open_for_reads
{
	my ($bridge, $what) = @_;
	my $began = time;
	my $read  = api(GET => '/api/posts/posts/', url => $bridge->{url}, token => $person->{token});
	is($read->{status}, 200, "$what: reads go on");
	is(header($read, 'X-RateLimit-Limit'), undef, 'uncounted');
	is_error(api(POST => '/api/auth/login/', url => $bridge->{url}, json => { username => $person->{username}, password => $person->{password} }), 503, 'UNAVAILABLE', "$what: the doors are closed");
	cmp_ok(time - $began, '<', 20, 'nobody waits for long');
}

my $dir  = tempdir(CLEANUP => 1);
my $port = free_port();
my $own;
my $start_redis = sub {
	$own = fork // die "fork: $!";
	return if $own;
	open STDOUT, '>', '/dev/null';
	exec 'redis-server', '--port', $port, '--bind', '127.0.0.1', '--dir', $dir, '--save', '' or POSIX::_exit(127);
};
my $stop_redis = sub { kill 'KILL', $own; waitpid $own, 0 };

my $redis = start_bridge(RATE_LIMITS => 'on', RATE_LIMIT_STORE => 'redis', REDIS_URL => "redis://127.0.0.1:$port/3", REDIS_TIMEOUT => 1000, LOOPS => 1);
is_open_for_reads($redis, 'Redis is not there');
$start_redis->();
my $counts = sub { header(api(GET => '/api/posts/posts/', url => $redis->{url}, token => $person->{token}), 'X-RateLimit-Limit') };
ok(wait_until(30, $counts), 'it is found when it comes');
is(`redis-cli -p $port script flush`, "OK\n", 'it forgets the script');
ok($counts->(), 'which is sent again');
like(`redis-cli -p $port -n 3 keys '*'`, qr{^social_media:rate:\*/global/60/user:$person->{id}$}m, 'its keys have the prefix, in the database of the URL');
is_deeply([ grep { my ($window) = m{^social_media:rate:.*/(\d+)/}; my $left = `redis-cli -p $port -n 3 pttl '$_'`; $left == -1 || $left > 1000 * $window } split /\n/, `redis-cli -p $port -n 3 --scan` ],
	[], 'seed 166: each goes when its window is over: nothing is left of who is deleted');
kill 'STOP', $own;
is_open_for_reads($redis, 'Redis hangs');
kill 'CONT', $own;
ok(wait_until(30, $counts), 'it is used again');
$stop_redis->();
is_open_for_reads($redis, 'Redis died');
is($redis->stop, 0, 'a clean end without Redis');

my $closed = start_bridge(RATE_LIMITS => 'on', RATE_LIMIT_STORE => 'redis', REDIS_URL => "redis://127.0.0.1:$port", RATE_LIMIT_FAILURE => 'closed');
is_error(api(GET => '/api/posts/posts/', url => $closed->{url}, token => $person->{token}), 503, 'UNAVAILABLE', 'RATE_LIMIT_FAILURE=closed closes everything');
is($closed->stop, 0, 'stopped');
my $open = start_bridge(RATE_LIMITS => 'on', RATE_LIMIT_STORE => 'redis', REDIS_URL => "redis://127.0.0.1:$port", RATE_LIMIT_FAILURE => 'open');
is(api(POST => '/api/auth/login/', url => $open->{url}, json => { username => $person->{username}, password => $person->{password} })->{status}, 200, 'RATE_LIMIT_FAILURE=open opens the doors too');
is($open->stop, 0, 'stopped');

psql(q{ALTER ROLE social_bridge SET social.rate_limit_store = 'table'});
my $table = start_bridge(RATE_LIMITS => 'on', LOOPS => 1);
ok(header(api(GET => '/api/posts/posts/', url => $table->{url}, token => $person->{token}), 'X-RateLimit-Limit'), 'the table counts');
open my $holder, '|-', 'psql', '-X', '-q', '-o', '/dev/null' or die;
print $holder "BEGIN; LOCK TABLE social.rate_limit_state;\n";
$holder->flush;
ok(wait_until(30, sub { psql(q{SELECT count(*) FROM pg_locks WHERE relation = 'social.rate_limit_state'::regclass AND mode = 'AccessExclusiveLock' AND granted}) }), 'somebody locks it');
is_open_for_reads($table, 'the table is locked');
close $holder;
ok(wait_until(30, sub { header(api(GET => '/api/posts/posts/', url => $table->{url}, token => $person->{token}), 'X-RateLimit-Limit') }), 'it counts again');
is($table->stop, 0, 'stopped');
psql('ALTER ROLE social_bridge RESET ALL');
psql("SELECT social.remove_issuer('https://flood.example/')");

done_testing;
