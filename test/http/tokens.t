# Tokens: good, bad, expired, of unknown keys; on every kind of route (seed 049, 133, P-13, P-14).
use strict;
use warnings;
use MIME::Base64 qw(encode_base64url decode_base64url);
use Social;
use Test::More;
use Time::HiRes 'time';

my $user = account();
my ($head, $claims, $signature) = split /\./, $user->{token};
my %changed = (
	'no token at all'           => '',
	'no JWT'                    => 'abc',
	'two parts'                 => "$head.$claims",
	'an empty signature'        => "$head.$claims.",
	'another signature'         => "$head.$claims." . encode_base64url('x' x 64),
	'changed claims'            => "$head." . encode_base64url(decode_base64url($claims) =~ s/"sub":\s*"(\d+)"/'"sub":"' . ($1 + 1) . '"'/er) . ".$signature",
	'alg none'                  => encode_base64url('{"alg":"none","typ":"JWT"}') . ".$claims.",
	'alg HS256 of the same kid' => encode_base64url(decode_base64url($head) =~ s/ES256/HS256/r) . ".$claims.$signature",
	'an unknown kid'            => encode_base64url(decode_base64url($head) =~ s/"kid":\s*"[^"]*"/"kid":"nobody"/r) . ".$claims.$signature",
	'no kid'                    => encode_base64url('{"alg":"ES256","typ":"JWT"}') . ".$claims.$signature",
	'a very long one'           => "$head.$claims." . 'A' x 9000,
	'a blank inside'            => "$head. $claims.$signature",
);

for my $name (sort keys %changed)
{
	for my $route ([ GET => '/api/posts/posts/' ], [ POST => '/graphql/', json => { query => '{ __typename }' } ])
	{
		my ($method, $path, @body) = @$route;
		my $answer = api($method, $path, token => $changed{$name}, @body);
		is_error($answer, 401, 'UNAUTHENTICATED', "$name: 401 on $path");
		is($answer->{headers}{'www-authenticate'}, 'Bearer error="invalid_token"', 'with the challenge');
	}
}
for my $value ('Basic YTpi', $user->{token}, 'Bearer', "Token $user->{token}")
{
	my $answer = api(GET => '/api/posts/posts/', headers => { Authorization => $value });
	is_error($answer, 401, 'UNAUTHENTICATED', 'Authorization: ' . substr $value, 0, 12);
}
my ($twice) = raw("GET /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $user->{token}\r\nAuthorization: Bearer $user->{token}\r\n\r\n", qr/null\}/);
like($twice, qr{^HTTP/1\.1 401 }, 'two Authorization headers');
is(api(GET => '/api/posts/posts/', headers => { Authorization => "bearer  $user->{token}" })->{status}, 200, 'the scheme in any case, more blanks');

# A token just made is taken at once, though its key may be new to the bridge.
# One of several bridges shows that nothing waits; a loaded machine may delay some.
my ($fresh, $took) = (undef, 99);
for (1 .. 5)
{
	$fresh = start_bridge();
	my $new   = account(url => $fresh->{url})->{token};
	my $began = time;
	is(api(GET => '/api/posts/posts/', url => $fresh->{url}, token => $new)->{status}, 200, 'a token just made is good');
	last if ($took = time - $began) < 2.5;
}
cmp_ok($took, '<', 2.5, 'without waiting for the keys');

# An account that is switched off loses its access at once, cached token or not.
my $gone = account();
is(api(GET => '/api/posts/posts/', token => $gone->{token})->{status}, 200, 'an active account');
psql("UPDATE social.users SET is_active = false WHERE id = $gone->{id}");
my $answer = api(GET => '/api/posts/posts/', token => $gone->{token});
is_error($answer, 401, 'UNAUTHENTICATED', 'switched off: 401');
is($answer->{headers}{'www-authenticate'}, 'Bearer error="invalid_token"', 'as for a bad token');
is_error(api(POST => '/graphql/', token => $gone->{token}, json => { query => '{ trendingHashtags(limit: 1) { tag } }' }), 401, 'UNAUTHENTICATED', 'also over GraphQL');

# A token dies at its time although it was checked before.
my ($short, $state) = (account(), 0);
my $lives = sub {
	my ($lifetime, $login) = @_;
	psql('ALTER SYSTEM ' . ($lifetime ? "SET social.access_token_lifetime = $lifetime" : 'RESET social.access_token_lifetime') . '; SELECT pg_reload_conf()');
	wait_until(30, sub { ($login = api(POST => '/api/auth/login/', json => { username => $short->{username}, password => $short->{password} })->{json})->{expires_in} == ($lifetime || 900) });
	return $login->{access};
};
for my $lifetime (2, 4, 8, 16) # as short as this machine can use it in time
{
	$short->{token} = $lives->($lifetime);
	$state = api(GET => '/api/posts/posts/', token => $short->{token})->{status};
	last if $state == 200;
}
is($state, 200, 'a short-lived token is good');
ok(wait_until(60, sub { api(GET => '/api/posts/posts/', token => $short->{token})->{status} == 401 }), 'and ends, though it is cached');
is(api(GET => '/api/posts/posts/', token => $lives->(0))->{status}, 200, 'a new one is good');

# While the keys cannot be read nobody can say that a token's key does not exist.
psql('REVOKE EXECUTE ON FUNCTION social.bridge_config() FROM social_bridge');
is_error(api(GET => '/api/posts/posts/', url => $fresh->{url}, token => $changed{'an unknown kid'}), 503, 'UNAVAILABLE', 'an unknown kid, the keys cannot be read: 503');
is(api(GET => '/api/posts/posts/', url => $fresh->{url}, token => $user->{token})->{status}, 200, 'known keys go on');
psql('GRANT EXECUTE ON FUNCTION social.bridge_config() TO social_bridge');

# Keys taken back are forgotten on SIGHUP.
my $hup = start_bridge(LOOPS => 1);
my $old = account(url => $hup->{url});
is(api(GET => '/api/posts/posts/', url => $hup->{url}, token => $old->{token})->{status}, 200, 'before the key is taken back');
my $status = sub { api(GET => '/api/posts/posts/', url => $hup->{url}, token => $old->{token})->{status} };
my $kid    = psql(q{SELECT kid FROM social.jwt_key WHERE status = 'active'});
my $become = sub { psql("UPDATE social.jwt_key SET status = '$_[0]' WHERE kid = '$kid'") };
# A bridge that has just begun to listen reads the keys once more; then it waits to be told.
ok(wait_until(30, sub { $become->('active'); $hup->signal('HUP'); wait_until(30, sub { $status->() == 200 }); $become->('standby'); $status->() == 200 }),
	'the bridge does not know yet');
$hup->signal('HUP');
ok(wait_until(30, sub { $status->() == 401 }), 'SIGHUP tells it');
$become->('active');
$hup->signal('HUP');
ok(wait_until(30, sub { $status->() == 200 }), 'and back');

# A flood of unknown keys: the keys are read a few times at once, then once in three seconds.
psql(q{ALTER ROLE social_bridge SET log_statement = 'all'});
my $flooded = start_bridge(LOOPS => 1);
psql('ALTER ROLE social_bridge RESET log_statement');
my $loads = sub { open my $log, '<', "$ENV{RUN_DIR}/postgres.log" or die; return scalar grep { /SELECT social\.bridge_config\(\)/ } <$log> };
my $before = $loads->();
my $flooded_at = time;
my @refused;

while (@refused < 36)
{
	my @sockets = map { raw_connect($flooded->{url}) } 1 .. 6;
	syswrite $_, "GET /api/posts/posts/?first=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $changed{'an unknown kid'}\r\n\r\n" for @sockets;
	push @refused, map { (raw_read($_, 30))[0] =~ m{^HTTP/1\.1 (\d+)} } @sockets;
}
my $elapsed = time - $flooded_at;
is(join(' ', grep { $_ != 401 } @refused), '', 'each of them is refused');
my $read = $loads->() - $before;
cmp_ok($read, '>', 0, 'after the keys were read again');
cmp_ok($read, '<=', 5 + $elapsed / 3 + 1 + $elapsed / 60 + 1, "but not for each: $read times in $elapsed s");
done_testing;
