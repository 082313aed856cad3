# Tokens and the world: the negative corpus over HTTP, an independent library both ways, rotation in
# every algorithm, other issuers (seed 049, 114; I-03; pains P-13, P-14).
use strict;
use warnings;
use JSON::PP;
use MIME::Base64 ();
use Social;
use Test::More;
plan skip_all => 'test/npm is not installed: the npm registry was out of reach' unless -f 'test/npm/node_modules/.installed';

account(); # may have the corpus' id
my $user   = account();
my $status = sub { my ($token, %option) = @_; api(GET => '/api/posts/posts/?first=1', token => $token, %option)->{status} };
my $data   = 'test/data/jwt_keys';
my $slurp  = sub { my ($file) = @_; open my $handle, '<', $file or die "$file: $!"; local $/; <$handle> };
my $login  = sub { api(POST => '/api/auth/login/', json => { username => $user->{username}, password => $user->{password} })->{json}{access} };
my ($issuer, $audience) = map { psql("SELECT social.setting('$_')") } qw(jwt_issuer jwt_audience);

# ---- the negative corpus, with its keys registered, its user and its session alive: 401 all the same -
{
	psql("INSERT INTO social.users (id, username) VALUES (1, 'corpus_one') ON CONFLICT DO NOTHING");
	psql("INSERT INTO social.user_sessions (id, user_id, family_secret, expires_at) VALUES (1, 1, 'x', now() + interval '1 day') ON CONFLICT (id) DO UPDATE SET user_id = 1, revoked_at = NULL, expires_at = now() + interval '1 day'");
	psql("UPDATE social.users SET is_active = true, suspended_at = NULL WHERE id = 1");
	my $someone = account();
	for my $key ([ es256 => 'ES256', 'es256_public.pem' ], [ rs256 => 'RS256', 'rs256_public.pem' ])
	{
		is(psql("SELECT social.import_jwt_key('$key->[1]', '" . $slurp->("$data/$key->[2]") . "', '$key->[0]', 'retired')"), $key->[0], "found D5: $key->[2] is brought along");
	}
	is(psql("SELECT social.import_jwt_key('HS256', '" . $slurp->("$data/hs256_secret.txt") . "', 'hs256', 'retired')"), 'hs256', 'found D5: so is a secret');
	my $bridge = start_bridge();
	my $sid    = claims_of($user->{token})->{sid};
	my %claims = (%{ claims_of($user->{token}) }, jti => 'positive');
	my $good   = jose({ key => $slurp->("$data/es256.pem"), header => { alg => 'ES256', kid => 'es256' }, claims => \%claims }, 'sign')->{token};
	is($status->($good, url => $bridge->{url}), 200, 'a token that these keys sign for a session that lives is good');
	is($status->(jose({ key => $slurp->("$data/rs256.pem"), header => { alg => 'RS256', kid => 'rs256' }, claims => \%claims }, 'sign')->{token}, url => $bridge->{url}), 200, 'in RS256, too');
	for my $wrong ([ 'no session' => sid => undef ], [ 'a session of a former version' => sid => 'b2e7a1de-0000-4000-8000-000000000000' ], [ "somebody else's session" => sid => '999999999' ],
		[ 'a session with a sign' => sid => "+$sid" ], [ 'a session as a number' => sid => $sid + 0 ], [ 'another user' => sub => $someone->{id} ], [ 'another audience' => aud => 'others' ], [ 'expired' => exp => time - 1 ],
		[ 'an hour ahead' => nbf => time + 3600 ], [ 'issued in the future' => iat => time + 3600 ], [ 'exp as a text' => exp => '4102444800' ], [ 'no exp' => exp => undef ])
	{
		my ($name, $claim, $value) = @$wrong;
		my %changed = (%claims, $claim => $value);
		delete $changed{$claim} unless defined $value;
		my $token = jose({ key => $slurp->("$data/es256.pem"), header => { alg => 'ES256', kid => 'es256' }, claims => \%changed }, 'sign')->{token};
		is($status->($token, url => $bridge->{url}), 401, "well signed, but $name");
	}

	open my $corpus, '<', 'test/data/jwt_negative.tsv' or die $!;
	my ($read, $valid, @sent, @wrong) = (0, 0);
	while (my $line = <$corpus>)
	{
		chomp $line;
		my ($name, undef, undef, undef, undef, $token, $outcome) = split /\t/, $line;
		$read++;
		next if $token =~ /[^\x21-\x7e]/ || $token eq '';
		# Good tokens that are tried on another key, or at another time; here the kid and the clock choose.
		next if $name =~ /token for an \w+ key|^(RSA|private|empty) key|^key on|in a (fraction of a )?second$/;
		# All at once: a token with an unknown kid waits for the keys to be read again.
		push @sent, [ $name, raw_connect($bridge->{url}), $outcome eq 'the token is valid' ];
		syswrite $sent[-1][1], "GET /api/posts/posts/?first=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $token\r\n\r\n";
	}
	for my $sent (@sent)
	{
		my ($name, $socket, $is_valid) = @$sent;
		my ($got) = (raw_read($socket, 30))[0] =~ m{^HTTP/1\.1 (\d+)};
		push @wrong, "$name: " . ($got // 'nothing') unless ($got // 0) == 401 || ($got // 0) == 431 || ($is_valid && $got == 200);
		$valid += ($got // 0) == 200;
	}
	cmp_ok($read, '>', 150, 'the corpus was read');
	cmp_ok($valid, '>=', 3, 'its valid tokens are good, in every algorithm');
	is(join("\n", @wrong), '', 'P-14: every token of the corpus is refused');
	psql("DELETE FROM social.jwt_key WHERE kid IN ('es256', 'rs256', 'hs256'); UPDATE social.user_sessions SET revoked_at = now() WHERE id = 1");
}

# ---- ours there --------------------------------------------------------------------------------------
my $check = sub { my ($token) = @_; jose($token, 'check', "$ENV{BRIDGE_URL}/.well-known/jwks.json", $issuer, $audience) };
is($check->($user->{token})->{claims}{sub}, $user->{id}, 'jose verifies our token with the key set');
is($check->(substr($user->{token}, 0, -5) . 'AAAAA')->{error}, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED', 'and not a changed one');

# ---- rotation logs nobody out ---------------------------------------------------------------------------
for my $alg (qw(RS256 HS256 ES256))
{
	my $before = $login->();
	psql("SELECT social.rotate_jwt_key('$alg')");
	my $after = $login->();
	is(JSON::PP::decode_json(MIME::Base64::decode_base64url((split /\./, $after)[0]))->{alg}, $alg, "after rotating to $alg the next token is one");
	is($status->($before), 200, 'the token before holds');
	is($status->($after),  200, 'and the one after');
	is($status->(substr($after, 0, -5) . 'AAAAA'), 401, 'a changed one does not');
	is($check->($after)->{claims}{sub}, $user->{id}, "jose verifies it, too") if $alg ne 'HS256';
}
unlike(api(GET => '/.well-known/jwks.json')->{content}, qr{"(?:d|k|p|q|dp|dq|qi)":|private|"oct"}, 'no secret in the key set');
my $kid = psql("SELECT kid FROM social.jwt_key WHERE status = 'active'");
my $token = $login->();
is($status->($token), 200, 'a token of the key');
psql("SELECT social.remove_jwt_key('$kid')");
ok(wait_until(30, sub { $status->($token) == 401 }), 'a key that is removed takes its tokens along, within a second or so');
is($status->($login->()), 200, 'and another one signs');

# ---- theirs here -----------------------------------------------------------------------------------------
my $other = 'https://issuer.example/';
for my $alg (qw(ES256 RS256))
{
	my $keys   = jose('', 'keys', $alg, 'theirs');
	my $bridge = start_bridge(LOOPS => 1); # which has not been asked for unknown keys too often yet
	my $status = sub { my ($token) = @_; api(GET => '/api/posts/posts/?first=1', token => $token, url => $bridge->{url})->{status} };
	my $header = sub { my %header = (alg => $alg, kid => 'theirs', %{ $_[0] // {} }); delete @header{ grep { !defined $header{$_} } keys %header }; \%header };
	my $sign  = sub { jose({ key => $keys->{private}, header => $header->($_[1]), claims => { iss => $other, aud => 'us', sub => $user->{username}, iat => time, exp => time + 300, jti => 'j' . rand, %{ $_[0] // {} } } }, 'sign')->{token} };
	is($status->($sign->()), 401, "$alg: an issuer that nobody registered");
	psql("SELECT social.register_issuer('$other', '" . encode_json($keys->{jwks}) . "', 'us', 'sub', 'username')");
	my $theirs = $sign->();
	ok(wait_until(30, sub { $status->($theirs) == 200 }), "$alg: a token of jose is good once its issuer is registered");
	is(api(GET => '/api/auth/users/me/', token => $theirs, url => $bridge->{url})->{json}{id}, $user->{id}, 'for the account that it names');
	is($status->($sign->({ aud => 'others' })), 401, 'not for another audience');
	is($status->($sign->({ exp => time - 60 })), 401, 'not when it has ended');
	is($status->($sign->({ sub => 'u_nobody_here' })), 401, 'not for nobody');
	is($status->($sign->({ iss => 'https://else.example/' })), 401, 'not of another issuer');
	my ($short, $good);
	for my $lifetime (2, 4, 8, 16) # as short as this machine can use it in time
	{
		$short = $sign->({ exp => time + $lifetime });
		$good  = $status->($short);
		last if $good == 200;
	}
	is($good, 200, 'a short one is good');
	ok(wait_until(60, sub { $status->($short) == 401 }), 'and dies at its time, cached or not');
	my $forger = jose('', 'keys', $alg, 'theirs');
	is($status->(jose({ key => $forger->{private}, header => { alg => $alg, kid => 'theirs' }, claims => { iss => $other, aud => 'us', sub => $user->{username}, iat => time, exp => time + 300 } }, 'sign')->{token}), 401, 'not with the kid of a key that signed it not');
	is($status->($sign->({}, { typ => $_ })), 200, "$alg, found D4: typ $_") for 'JWT', 'at+jwt', 'AT+JWT', 'application/at+jwt';
	is($status->($sign->({}, { typ => $_ })), 401, "$alg, found D4: not typ $_") for 'dpop+jwt', 'application/jwt+at', 'id_token', '';
	my ($set, $second) = ($keys->{jwks}{keys}[0], jose('', 'keys', $alg, 'second')->{jwks}{keys}[0]);
	my %bare = %$set;
	delete $bare{kid};
	my $other_alg = jose('', 'keys', $alg eq 'ES256' ? 'RS256' : 'ES256', 'third')->{jwks}{keys}[0];
	for my $case ([ 'one key, a token without kid', [$set], undef, 200 ], [ 'a key without kid, a token with one', [ \%bare ], 'theirs', 200 ], [ 'neither has one', [ \%bare ], undef, 200 ],
		[ 'the only key for the algorithm', [ $set, $other_alg ], undef, 200 ], [ 'the only key for the algorithm, without kid', [ \%bare, $other_alg ], 'theirs', 200 ],
		[ 'two keys, a token without kid', [ $set, $second ], undef, 401 ], [ 'two keys, one without kid, a token with one', [ \%bare, $second ], 'theirs', 401 ],
		[ 'another kid', [$second], 'theirs', 401 ], [ 'the kid among several', [ $second, $set ], 'theirs', 200 ], [ 'a key for encryption', [ { %bare, use => 'enc' }, $second ], 'theirs', 401 ])
	{
		my ($name, $list, $kid, $expected) = @$case;
		my $made = encode_json({ keys => $list });
		psql("SELECT social.register_issuer('$other', '$made', 'us', 'sub', 'username')");
		is($status->($sign->({}, { kid => $kid })), $expected, "$alg, found D4: $name");
	}
	psql("SELECT social.register_issuer('$other', '" . encode_json($keys->{jwks}) . "', 'us', 'sub', 'username')");
	psql("UPDATE social.users SET is_active = false WHERE id = $user->{id}");
	is($status->($theirs), 401, 'an account that is switched off');
	psql("UPDATE social.users SET is_active = true WHERE id = $user->{id}");
	is($status->($theirs), 200, 'and on again');
	psql("SELECT social.register_issuer('$other', '" . encode_json($forger->{jwks}) . "', 'us', 'sub', 'username')");
	ok(wait_until(30, sub { $status->($theirs) == 401 }), 'a key that its issuer replaced takes its tokens along, checked before or not');
	psql("UPDATE social.users SET email = 'theirs_$user->{id}\@example.com' WHERE id = $user->{id}");
	psql("SELECT social.register_issuer('$other', '" . encode_json($keys->{jwks}) . "', 'us', 'email', 'email')");
	my %named = (email => "Theirs_$user->{id}\@example.com");
	is($status->($sign->({ %named, %$_ })), 200, 'an address names an account') for {}, { email_verified => \1 }, { email_verified => 'true' };
	is($status->($sign->({ %named, email_verified => $_ })), 401, 'not one that the issuer has not proven') for \0, 'false', undef, 1;
	psql("SELECT social.remove_issuer('$other')");
	ok(wait_until(30, sub { $status->($theirs) == 401 }), 'an issuer that is removed takes its tokens along');
}
done_testing;
