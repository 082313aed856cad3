# Doors tell nobody who has an account: equal bytes, equal time (P-16); what may not be seen reads like
# what does not exist (I-05, I-13).
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;
use Time::HiRes 'time';

my $host = 'doors.example';

# The whole answer, head included, without what differs from second to second; names become the same.
sub bytes
{
	my ($method, $path, $json, $token, @hidden) = @_;
	my $body = defined $json ? encode_json($json) : '';
	my $head = "$method $path HTTP/1.1\r\nHost: $host\r\nX-Request-Id: same\r\nConnection: close\r\n";
	$head .= "Authorization: Bearer $token\r\n" if $token;
	$head .= "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\n" if defined $json;
	my ($answer) = raw("$head\r\n$body");
	$answer =~ s/^Date: [^\r]*\r\n//m;
	$answer =~ s/^(?:X-)?RateLimit-[^\r]*\r\n//gm;
	$answer =~ s/\Q$_\E/NAME/g for @hidden;
	return $answer;
}

# `known` and `unknown` are [method, path, JSON, token, names to hide].
sub same
{
	my ($what, $known, $unknown, $status) = @_;
	my ($one, $other) = (bytes(@$known), bytes(@$unknown));
	like($one, qr{^HTTP/1\.1 $status }, "$what: $status");
	is($other, $one, "P-16: $what: byte for byte the same");
}

my ($user, $other) = (account(), account());
psql("UPDATE social.users SET email = '$user->{email}', pending_email = '', email_verified_at = now() WHERE id = $user->{id}");
my $login = sub { [ POST => '/api/auth/login/', { username => $_[0], password => $_[1] } ] };
my $gone  = account();
psql("UPDATE social.users SET is_active = false WHERE id = $gone->{id}");
same('login', $login->($user->{username}, 'wrong password'), $login->('u_nobody_here', 'wrong password'), 401);
same('login by address', $login->($user->{email}, 'wrong password'), $login->('nobody@example.com', 'wrong password'), 401);
same('login of an inactive account', $login->($user->{username}, 'wrong password'), $login->($gone->{username}, $gone->{password}), 401);
my $second = account();
psql("INSERT INTO social.user_totp (user_id, secret, confirmed_at) VALUES ($second->{id}, '12345678901234567890', now())");
same('login of an account with one-time codes', $login->($user->{username}, 'wrong password'), $login->($second->{username}, 'wrong password'), 401);

my $n = 0;
my $name     = sub { sprintf 'd%x_%06d_%d', $$, time % 1_000_000, ++$n };
my $free     = sub { 'f' . ('x' x (length($user->{email}) - 13 - length $n)) . $n++ . '@example.com' };
my $register = sub { my ($address) = @_; my $new = $name->(); [ POST => '/api/auth/register/', { username => $new, email => $address, password => 'correct horse battery' }, undef, $new, $address ] };
same('register', $register->($user->{email}), $register->($free->()), 201);
my $reset = sub { [ POST => '/api/auth/password-reset/', { email => $_[0] }, undef, $_[0] ] };
same('password reset', $reset->($user->{email}), $reset->($free->()), 200);
my $claim = sub { my ($who, $address) = @_; [ PATCH => '/api/auth/users/me/', { email => $address, current_password => $who->{password} }, $who->{token}, $address ] };
{
	my ($taken, $fresh) = ($claim->($other, $user->{email}), $claim->($other, $free->()));
	same('another address of an account', $taken, $fresh, 200);
}
my $sid = psql("SELECT id FROM social.user_sessions WHERE user_id = $user->{id} LIMIT 1");
same("revoking somebody else's session", [ POST => "/api/auth/users/$sid/revoke-session/", undef, $other->{token} ],
	[ POST => '/api/auth/users/999999999/revoke-session/', undef, $other->{token} ], 404);
same('refreshing', [ POST => '/api/auth/refresh/', { refresh => 'x' x 43 } ], [ POST => '/api/auth/refresh/', { refresh => 'y' x 43 } ], 401);
same('a reset token', [ POST => '/api/auth/password-reset/confirm/', { token => 'x' x 43, new_password => 'correct horse battery' } ],
	[ POST => '/api/auth/password-reset/confirm/', { token => 'y' x 43, new_password => 'correct horse battery' } ], 401);
for my $field (qw(login register)) {
	my $query = $field eq 'login' ? 'mutation($u: String!) { login(username: $u, password: "wrong password") { access } }' : 'mutation($u: String!, $e: String!) { register(username: $u, email: $e, password: "correct horse battery") { username email message } }';
	my $ask = sub { my ($u, $e) = @_; [ POST => '/graphql/', { query => $query, variables => { u => $u, $field eq 'login' ? () : (e => $e) } }, undef, $u, $e // () ] };
	same("GraphQL $field", $ask->($field eq 'login' ? $user->{username} : $name->(), $user->{email}), $ask->($field eq 'login' ? 'u_nobody_here' : $name->(), $free->()), 200);
}

# Time: known and unknown take turns, the quicker the door the more of them; the medians are within noise
# of each other. Another process may disturb one round, but hardly all of them.
sub median { my @sorted = sort { $a <=> $b } @_; return $sorted[ @sorted / 2 ] }
sub takes { my ($ask) = @_; my $began = time; bytes(@$ask); return time - $began }
my %doors = (
	login            => [ sub { $login->($user->{username}, 'wrong password') },  sub { $login->('u_nobody_' . $n++, 'wrong password') } ],
	'login (codes)'  => [ sub { $login->($second->{username}, 'wrong password') }, sub { $login->('u_nobody_' . $n++, 'wrong password') } ],
	register         => [ sub { $register->($user->{email}) },                     sub { $register->($free->()) } ],
	'password reset' => [ sub { $reset->($user->{email}) },                        sub { $reset->($free->()) } ]);
for my $door (sort keys %doors)
{
	my ($known, $unknown) = @{ $doors{$door} };
	my ($ratio, $text) = (0, '');
	my $turns = takes($known->()) < 0.02 ? 61 : 9;
	for my $round (1 .. 15)
	{
		my (@known, @unknown);
		for (1 .. $turns) { push @known, takes($known->()); push @unknown, takes($unknown->()) }
		$ratio = median(@known) / median(@unknown);
		$text .= sprintf '%.4f s known, %.4f s unknown; ', median(@known), median(@unknown);
		last if $ratio > 0.75 && $ratio < 1.33;
	}
	ok($ratio > 0.75 && $ratio < 1.33, "P-16: $door takes as long for nobody") or diag($text);
}
done_testing;
