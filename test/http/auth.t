# The account operations over REST: the authentication cases of the seeds by name (seed 001-015, 049,
# 114-117, 169; mission I-01 to I-06).
use strict;
use warnings;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $counter = 0;
sub new_name { sprintf 'a%x_%x_%d', $$, time, ++$counter }
sub me { my ($token) = @_; return api(GET => '/api/auth/users/me/', token => $token)->{status} }

# The token of the newest mail of a template to an address.
sub mailed
{
	my ($template, $address) = @_;
	return psql("SELECT variables ->> 'token' FROM social.mail_outbox WHERE template = '$template' AND lower(address) = lower('$address') ORDER BY id DESC LIMIT 1");
}

# Every case under each base (I-01).
for my $base ('/api/auth', '/api/accounts')
{
	my ($name, $password) = (new_name(), 'correct horse battery');
	my %person = (username => $name, email => "$name\@example.com", password => $password, first_name => 'Ada', last_name => 'L');
	my $post   = sub { my ($path, $json, %option) = @_; api(POST => "$base$path", json => $json // {}, %option) };
	my $log_in = sub { $post->('/login/', { username => $name, password => $password, @_ }) };
	my ($user, $other);

	subtest "$base: test_register" => sub {
		my $answer = $post->('/register/', \%person);
		is($answer->{status}, 201, 'seed 003, 014: 201');
		is_deeply($answer->{json}, { map { $_ => $person{$_} } qw(username email first_name last_name) }, 'says what was given, and no more');
		is($post->('/verify-email/', { token => mailed('verify_email', $person{email}) })->{status}, 200, 'the mail proves the address');
	};
	subtest "$base: test_register_duplicate_username" => sub {
		is_error($post->('/register/', { %person, username => uc $name, email => 'x@example.com' }), 409, 'CONFLICT', 'in any case');
	};
	subtest "$base: test_register_duplicate_email" => sub {
		my %second = (%person, username => new_name());
		my $answer = $post->('/register/', \%second);
		is($answer->{status}, 201, 'P-16: the answer is the one of success');
		is_deeply($answer->{json}, { map { $_ => $second{$_} } qw(username email first_name last_name) }, 'in form, too');
		is(psql("SELECT count(*) FROM social.mail_outbox WHERE template = 'verify_email' AND address = '$person{email}'"), 1, 'but no second token goes to the owner');
		is(psql("SELECT count(*) FROM social.mail_outbox WHERE template NOT IN ('verify_email') AND address = '$person{email}'"), 1, 'who is told');
	};
	subtest "$base: test_register_invalid" => sub {
		my %new = (%person, username => new_name(), email => 'y@example.com');
		is_error($post->('/register/', { %new, password => 'short' }), 400, 'BAD_REQUEST', 'a short password');
		is_error($post->('/register/', { %new, password => $new{username} . '123' =~ s/123//r }), 400, 'BAD_REQUEST', 'the name as password');
		is_error($post->('/register/', { %new, email => 'nothing' }), 400, 'BAD_REQUEST', 'no e-mail address');
		is_error($post->('/register/', { %new, username => 'a b' }), 400, 'BAD_REQUEST', 'a blank in the name');
		is_error($post->('/register/', { %new, username => "x'; DROP TABLE social.users; --" }), 400, 'BAD_REQUEST', 'SQL in the name');
		is_error($post->('/register/', { %new, username => 'x' x 1_000_000 }), 400, 'BAD_REQUEST', 'a megabyte of name');
		is_error($post->('/register/', { %new, username => 5 }), 400, 'BAD_REQUEST', 'a number for a name');
		is_error($post->('/register/', { username => 'abc' }), 400, 'BAD_REQUEST', 'fields left out');
	};
	subtest "$base: test_login" => sub {
		my $answer = $log_in->(device => 'phone');
		is($answer->{status}, 200, 'seed 001, 015: 200');
		is(join(' ', sort keys %{ $answer->{json} }), 'access expires_in refresh refresh_expires_in token_type user', 'the token pair and the user');
		is_deeply([ @{ $answer->{json} }{qw(token_type expires_in refresh_expires_in)} ], [ 'Bearer', 900, 7 * 86400 ], 'seed 114: 15 minutes and 7 days');
		is($answer->{json}{user}{username}, $name, 'the user');
		$user = $answer->{json};
	};
	subtest "$base: test_login_with_email" => sub {
		is($post->('/login/', { username => $person{email}, password => $password })->{status}, 200, 'the address serves as name');
	};
	subtest "$base: test_login_wrong_password" => sub {
		is_error($log_in->(password => 'wrong'), 401, 'UNAUTHENTICATED', 'refused');
	};
	subtest "$base: test_login_unknown_user" => sub {
		is_error($log_in->(username => 'nobody_here'), 401, 'UNAUTHENTICATED', 'refused');
	};
	subtest "$base: test_login_missing_fields" => sub {
		is_error($post->('/login/', { username => $name }), 400, 'BAD_REQUEST', 'no password');
		is_error($post->('/login/', {}), 400, 'BAD_REQUEST', 'nothing');
		is_error(api(POST => "$base/login/"), 415, 'UNSUPPORTED_MEDIA_TYPE', 'no body');
	};
	subtest "$base: test_login_inactive_user" => sub {
		psql("UPDATE social.users SET is_active = false WHERE username = '$name'");
		is_error($log_in->(), 401, 'UNAUTHENTICATED', '401, in the words of a wrong password');
		psql("UPDATE social.users SET is_active = true WHERE username = '$name'");
		is(me($user->{access}), 401, 'its sessions have ended');
		$user = $log_in->(device => 'phone')->{json};
	};
	subtest "$base: test_login_hostile_names" => sub {
		is_error($log_in->(username => $_), 401, 'UNAUTHENTICATED', 'no account has a hostile name') for "' OR 1=1 --", "$name' --", 'x' x 900_000, "\x{1f600}", '%';
		is_error($log_in->(username => "$name\0"), 400, 'BAD_REQUEST', 'a NUL');
	};
	subtest "$base: test_token_claims" => sub {
		my $claims = claims_of($user->{access});
		is(join(' ', sort keys %$claims), 'aud exp iat iss jti nbf sid sub', 'seed 114: all of them');
		cmp_ok(abs($claims->{exp} - $claims->{iat} - 900), '<=', 1, '15 minutes');
		is($claims->{sub}, $user->{user}{id}, 'the user');
		like($claims->{sid}, qr/^[1-9]\d*$/, 'the session');
	};
	subtest "$base: test_access_protected_endpoint" => sub {
		my $answer = api(GET => "$base/users/me/", token => $user->{access});
		is($answer->{status}, 200, 'seed 006: users/me');
		is_deeply([ @{ $answer->{json} }{qw(username email first_name email_verified totp_enabled)} ], [ $name, $person{email}, 'Ada', $true, $false ], 'account and profile');
		ok(exists $answer->{json}{avatar} && exists $answer->{json}{profile_image}, 'I-02: both names of the picture');
		unlike($answer->{content}, qr/argon2|correct horse/, 'no password');
	};
	subtest "$base: test_access_without_token" => sub {
		is_error(api(GET => "$base/users/me/"), 401, 'UNAUTHENTICATED', 'seed 049: 401');
	};
	subtest "$base: test_access_with_invalid_token" => sub {
		is_error(api(GET => "$base/users/me/", token => "$user->{access}x"), 401, 'UNAUTHENTICATED', 'refused');
	};
	subtest "$base: test_refresh_token_is_no_access_token" => sub {
		is_error(api(GET => "$base/users/me/", token => $user->{refresh}), 401, 'UNAUTHENTICATED', 'refused');
		is_error($post->('/refresh/', { refresh => $user->{access} }), 401, 'UNAUTHENTICATED', 'nor the other way round');
	};
	subtest "$base: test_token_refresh" => sub {
		my $old    = $user->{refresh};
		my $answer = $post->('/refresh/', { refresh => $old });
		is($answer->{status}, 200, 'seed 002: 200');
		isnt($answer->{json}{refresh}, $old, 'seed 115: the refresh token is rotated');
		is(me($answer->{json}{access}), 200, 'the access token works');
		is(claims_of($answer->{json}{access})->{sid}, claims_of($user->{access})->{sid}, 'in the same session');
		is(psql("SELECT count(*) FROM social.token_blacklist WHERE token_type = 'refresh' AND jti = encode(sha256('$old'), 'hex')"), 1, 'seed 115: the old one is blacklisted');
		@$user{qw(access refresh)} = @{ $answer->{json} }{qw(access refresh)};
		is($post->('/token/refresh/', { refresh => $user->{refresh} })->{status}, 200, 'I-01: token/refresh/') if $base =~ /accounts/;
		$user = $log_in->()->{json};
	};
	subtest "$base: test_token_refresh_invalid" => sub {
		is_error($post->('/refresh/', { refresh => 'nonsense' }), 401, 'UNAUTHENTICATED', 'nonsense');
		is_error($post->('/refresh/', {}), 400, 'BAD_REQUEST', 'nothing');
	};
	subtest "$base: test_token_verify" => sub {
		my $answer = $post->('/token/verify/', { token => $user->{access} });
		is($answer->{status}, 200, 'I-03: a good token');
		is_deeply([ @{ $answer->{json} }{qw(valid user_id session_id)} ], [ $true, $user->{user}{id}, claims_of($user->{access})->{sid} ], 'says whose it is');
		is_error($post->('/token/verify/', { token => "$user->{access}x" }), 401, 'UNAUTHENTICATED', 'a bad one');
	};
	subtest "$base: test_profile_update_put" => sub {
		my $put = sub { api(PUT => "$base/users/me/", token => $user->{access}, json => $_[0]) };
		my $answer = $put->({ first_name => 'Ada', bio => 'Hello', avatar => 'https://example.com/a.png', website => 'https://example.com/' });
		is($answer->{status}, 200, 'seed 007: 200');
		is_deeply([ @{ $answer->{json} }{qw(first_name last_name bio profile_image)} ], [ 'Ada', '', 'Hello', 'https://example.com/a.png' ], 'I-04: what is missing is emptied');
		is_deeply([ @{ $put->({ bio => 'B', profile_image => 'https://example.com/b.png' })->{json} }{qw(first_name bio avatar website)} ], [ '', 'B', 'https://example.com/b.png', '' ], 'I-02: either name of the picture');
		is_error(api(PUT => "$base/users/me/", token => $user->{access}), 415, 'UNSUPPORTED_MEDIA_TYPE', 'no body replaces nothing');
		is_error($put->({ username => 'somebody_else' }), 400, 'BAD_REQUEST', 'the name stays');
		is_error($put->({ email => 'new@example.com' }), 403, 'FORBIDDEN', 'another address wants the password');
	};
	for my $way ([ PATCH => '/users/me/' ], [ POST => '/users/me/update-profile/' ])
	{
		my ($method, $path) = @$way;
		subtest "$base: test_profile_update_" . lc $method => sub {
			my $send = sub { api($method, "$base$path", token => $user->{access}, json => $_[0]) };
			$send->({ first_name => 'Eve', bio => 'old', avatar => 'https://example.com/a.png' });
			my $answer = $send->({ bio => 'new' });
			is($answer->{status}, 200, 'seed 008, I-04: 200');
			is_deeply([ @{ $answer->{json} }{qw(first_name bio avatar)} ], [ 'Eve', 'new', 'https://example.com/a.png' ], 'what is missing stays');
			is_deeply([ @{ $send->({ avatar => undef, first_name => undef })->{json} }{qw(first_name bio avatar)} ], [ '', 'new', undef ], 'null clears');
			is($send->({})->{status}, 200, 'nothing to change');
			is_error($send->({ bio => 'x' x 501 }), 400, 'BAD_REQUEST', 'a bio that is too long');
			is_error($send->({ website => 'javascript:alert(1)' }), 400, 'BAD_REQUEST', 'an address that is none');
		};
	}
	subtest "$base: test_active_sessions" => sub {
		my $answer = api(GET => "$base/users/active-sessions/", token => $user->{access}, headers => { 'User-Agent' => 'Browser/1' });
		is($answer->{status}, 200, 'seed 010: 200');
		my ($own) = grep { $_->{is_current} } @{ $answer->{json}{results} };
		is($own->{id}, claims_of($user->{access})->{sid}, 'the session that asks is marked');
		is($own->{address}, '127.0.0.1', 'seed 116: with its address');
		like($own->{user_agent}, qr/HTTP-Tiny/, 'and its user agent');
		ok((grep { $_->{device} eq 'phone' } @{ $answer->{json}{results} }), 'the device that login named');
		unlike($answer->{content}, qr/secret|hash/, 'and no secrets');
	};
	subtest "$base: test_revoke_session" => sub {
		$other = account();
		my $second = $log_in->()->{json};
		my $sid    = claims_of($second->{access})->{sid};
		my $revoke = sub { api(POST => "$base/users/$_[0]/revoke-session/", token => $_[1]) };
		is_error($revoke->($sid, $other->{token}), 404, 'NOT_FOUND', "I-05: somebody else's session does not exist");
		is_error($revoke->(999_999_999, $user->{access}), 404, 'NOT_FOUND', 'I-05: nor an unknown one');
		is(me($second->{access}), 200, 'it lives');
		is($revoke->($sid, $user->{access})->{status}, 200, 'seed 011: the own one can be ended');
		is(me($second->{access}), 401, 'its token is refused at once');
		is_error($post->('/refresh/', { refresh => $second->{refresh} }), 401, 'UNAUTHENTICATED', 'and its refresh token');
		is(me($user->{access}), 200, 'the other session goes on');
		psql("UPDATE social.users SET is_staff = true WHERE id = $other->{id}");
		is($revoke->(claims_of($log_in->()->{json}{access})->{sid}, $other->{token})->{status}, 200, "I-05: staff end anybody's");
	};
	subtest "$base: test_clear_expired_sessions" => sub {
		my $answer = $post->('/users/clear-expired/', undef, token => $user->{access});
		is($answer->{status}, 200, 'seed 012: 200');
		cmp_ok($answer->{json}{cleared}, '>=', 2, 'the ended sessions are gone');
		is($post->('/users/clear-expired/', undef, token => $user->{access})->{json}{cleared}, 0, 'nothing is left');
	};
	subtest "$base: test_login_attempts" => sub {
		my $answer = api(GET => "$base/users/login-attempts/?first=100", token => $user->{access});
		is($answer->{status}, 200, 'I-03: 200');
		my %outcomes = map { $_->{outcome} => 1 } @{ $answer->{json}{results} };
		ok($outcomes{success} && $outcomes{wrong_password}, 'seed 116: also those that failed');
		is($answer->{json}{results}[0]{address}, '127.0.0.1', 'with the address');
	};
	subtest "$base: test_logout" => sub {
		my $gone = $log_in->()->{json};
		is($post->('/logout/', undef, token => $gone->{access})->{status}, 200, 'seed 004: 200');
		is(me($gone->{access}), 401, 'the access token is refused');
		is_error($post->('/refresh/', { refresh => $gone->{refresh} }), 401, 'UNAUTHENTICATED', 'the refresh token, too');
		is(me($user->{access}), 200, 'the other session lives');
		$gone = $log_in->()->{json};
		is($post->('/logout/', { refresh => $gone->{refresh} })->{status}, 200, 'the refresh token alone ends its session');
		is(me($gone->{access}), 401, 'indeed');
		is_error($post->('/logout/', {}), 401, 'UNAUTHENTICATED', 'nothing at all ends nothing');
	};
	subtest "$base: test_logout_all" => sub {
		my @all = ($user, map { $log_in->()->{json} } 1, 2);
		my $answer = $post->('/logout-all/', undef, token => $all[1]{access});
		is($answer->{status}, 200, 'seed 005: 200');
		cmp_ok($answer->{json}{sessions}, '>=', 3, 'says how many');
		is(me($_->{access}), 401, 'none is left') for @all;
		$user = $log_in->()->{json};
	};
	subtest "$base: test_change_password" => sub {
		my $second = $log_in->()->{json};
		my $change = sub { $post->('/users/me/change-password/', { old_password => $_[0], new_password => $_[1] }, token => $user->{access}) };
		is_error($change->('wrong', 'another good one'), 403, 'FORBIDDEN', 'a wrong old password');
		is_error($change->($password, 'short'), 400, 'BAD_REQUEST', 'a new one that is too short');
		is(me($user->{access}), 200, 'nothing has happened yet');
		is($change->($password, 'another good one')->{status}, 200, 'seed 009: 200');
		is(me($_->{access}), 401, 'seed 009: every session ends') for $user, $second;
		is_error($log_in->(), 401, 'UNAUTHENTICATED', 'the old password is gone');
		$password = 'another good one';
		$user     = $log_in->()->{json};
		ok($user->{access}, 'the new one works');
	};
	subtest "$base: test_password_reset" => sub {
		my $ask = sub { $post->('/password-reset/', { email => $_[0] }) };
		my $answer = $ask->($person{email});
		is($answer->{status}, 200, 'I-03: 200');
		my $token = mailed('reset_password', $person{email});
		ok($token, 'a mail is in the outbox') or diag(psql('SELECT DISTINCT template FROM social.mail_outbox'));
		unlike($answer->{content}, qr/\Q$token/, 'and the token nowhere else');
		my $set = sub { $post->('/password-reset/confirm/', { token => $_[0], new_password => $_[1] }) };
		is_error($set->('nonsense', 'yet another one'), 401, 'UNAUTHENTICATED', 'a token that is none');
		is_error($set->($token, 'short'), 400, 'BAD_REQUEST', 'a new password that is too short');
		is($set->($token, 'yet another one')->{status}, 200, 'the token works');
		is_error($set->($token, 'and again another'), 401, 'UNAUTHENTICATED', 'once');
		is(me($user->{access}), 401, 'every session ends');
		$password = 'yet another one';
		$user     = $log_in->()->{json};
		ok($user->{access}, 'the new password works');
	};
	subtest "$base: test_verify_email" => sub {
		my $fresh = new_name();
		$post->('/register/', { %person, username => $fresh, email => "$fresh\@example.com" });
		my $token = $post->('/login/', { username => $fresh, password => $person{password} })->{json}{access};
		my $state = sub { api(GET => "$base/users/me/", token => $token)->{json}{email_verified} };
		is($state->(), $false, 'not proven at first');
		is_error($post->('/verify-email/', { token => 'nonsense' }), 401, 'UNAUTHENTICATED', 'a token that is none');
		is($post->('/verify-email/request/', undef, token => $token)->{status}, 200, 'another mail can be asked for');
		is($post->('/verify-email/', { token => mailed('verify_email', "$fresh\@example.com") })->{status}, 200, 'I-03: the token of the mail');
		is($state->(), $true, 'proves the address');
		is_error($post->('/verify-email/request/', undef, token => $token), 409, 'CONFLICT', 'nothing is left to prove');
	};
	subtest "$base: test_totp" => sub {
		my $totp = sub { my ($path, $json) = @_; $post->("/totp/$path/", $json, token => $user->{access}) };
		my $code = sub { psql("SELECT social.totp(t.secret, now() + interval '30 seconds' * $_[0]) FROM social.user_totp t JOIN social.users u ON u.id = t.user_id WHERE u.username = '$name'") };
		is_error($totp->('enable'), 400, 'BAD_REQUEST', 'turning codes on wants the password');
		is_error($totp->('enable', { password => 'wrong' }), 403, 'FORBIDDEN', 'the right one');
		my $enabled = $totp->('enable', { password => $password });
		is($enabled->{status}, 200, 'a secret is made');
		like($enabled->{json}{uri}, qr{^otpauth://totp/}, 'with the address for apps');
		is_error($totp->('confirm', { code => '000000' }), 403, 'FORBIDDEN', 'a wrong code');
		my $confirmed = $totp->('confirm', { code => $code->(0) });
		is($confirmed->{status}, 200, 'the first code turns it on');
		my @recovery = @{ $confirmed->{json}{recovery_codes} };
		is(scalar @recovery, 10, 'and gives recovery codes');
		is_error($log_in->(), 401, 'TOTP_REQUIRED', 'login asks for a code, and says so');
		is_error($log_in->(totp => '000000'), 401, 'TOTP_REQUIRED', 'not for a wrong one');
		my $next = $code->(1); # good for this half minute and the next two
		is_error($log_in->(password => 'wrong', totp => $next), 401, 'UNAUTHENTICATED', 'a wrong password is told nothing of codes');
		is($log_in->(totp => $next)->{status}, 200, 'the code lets in');
		is_error($log_in->(totp => $next), 401, 'TOTP_REQUIRED', 'once');
		is($log_in->(totp => $recovery[0])->{status}, 200, 'so does a recovery code');
		is_error($log_in->(totp => $recovery[0]), 401, 'TOTP_REQUIRED', 'once');
		psql("UPDATE social.user_totp SET last_step = 0 WHERE user_id = (SELECT id FROM social.users WHERE username = '$name')");
		my $renewed = $totp->('recovery-codes', { code => $code->(0) });
		is(scalar @{ $renewed->{json}{recovery_codes} // [] }, 10, 'new recovery codes') or diag($renewed->{content});
		is_error($totp->('disable', { password => 'wrong', code => $renewed->{json}{recovery_codes}[0] }), 403, 'FORBIDDEN', 'turning it off wants the password');
		is($totp->('disable', { password => $password, code => $renewed->{json}{recovery_codes}[1] })->{status}, 200, 'and a code');
		is($log_in->()->{status}, 200, 'login is as before');
	};
	subtest "$base: test_suspended_user" => sub {
		psql("UPDATE social.users SET suspended_at = now() WHERE username = '$name'");
		is_error($log_in->(), 403, 'FORBIDDEN', 'the right password learns of it');
		is_error($log_in->(password => 'wrong'), 401, 'UNAUTHENTICATED', 'others do not');
		is(me($user->{access}), 401, 'tokens are refused');
		psql("UPDATE social.users SET suspended_at = NULL WHERE username = '$name'");
		is(me($user->{access}), 401, 'also when the account is back');
		is(me($log_in->()->{json}{access}), 200, 'which may log in again');
	};
	subtest "$base: test_delete_account" => sub {
		my $token = $log_in->()->{json}{access};
		my $delete = sub { $post->('/users/me/delete/', $_[0], token => $token) };
		is_error($delete->({}), 400, 'BAD_REQUEST', 'seed 166: not without the password');
		is_error($delete->({ password => 'wrong' }), 403, 'FORBIDDEN', 'nor with a wrong one');
		is_error($post->('/users/me/delete/', { password => $password }), 401, 'UNAUTHENTICATED', 'nor without a token');
		is(me($token), 200, 'nothing has happened yet');
		my $gone = $delete->({ password => $password });
		is($gone->{json}{message}, 'Account deleted', 'seed 166: with both the account is gone');
		like($gone->{json}{restorable_until}, qr/^2\d{3}-/, 'issue 17: for a while it can be had back');
		is(me($token), 401, 'its token is refused');
		is_error($log_in->(), 403, 'ACCOUNT_DELETING', 'issue 17: the right password learns of it');
		is_error($log_in->(password => 'wrong', restore => JSON::PP::true()), 401, 'UNAUTHENTICATED', 'others do not');
		$token = $log_in->(restore => JSON::PP::true())->{json}{access};
		is(me($token), 200, 'issue 17: and has it back');
		my $end = sub { api(DELETE => "$base/users/me/", token => $token, json => $_[0]) };
		is_error($end->({}), 400, 'BAD_REQUEST', 'DELETE wants the password, too');
		is_error($end->({ password => 'wrong' }), 403, 'FORBIDDEN', 'the right one');
		is($end->({ password => $password, keep_content => JSON::PP::true() })->{status}, 200, 'and does the same');
		is(psql("SELECT d.keeps_content FROM social.account_deletions d JOIN social.users u ON u.id = d.user_id WHERE u.username = '$name'"), 't', 'with what is to stay');
		psql("UPDATE social.account_deletions SET due_at = now() WHERE user_id = (SELECT id FROM social.users WHERE username = '$name')");
		is_error($log_in->(), 401, 'UNAUTHENTICATED', 'issue 17: too late nobody logs in to it');
	};
}

my $keys = api(GET => '/.well-known/jwks.json');
is($keys->{status}, 200, 'I-03: the key set is open');
is_deeply([ sort keys %{ $keys->{json}{keys}[0] } ], [qw(alg crv kid kty use x y)], 'public parts only');
is($keys->{headers}{'cache-control'}, 'public, max-age=300', 'and may be kept for a while');

# Imported hashes move in at the first login (D10).
my $django = new_name();
psql("INSERT INTO social.users (username, email, password) VALUES ('$django', '$django\@example.com', 'pbkdf2_sha256\$1000\$saltSALT123\$7HZFUcb8Gh4XsP3JGl8jZSZ96vb+T8we36aAlnAJaAk=')");
is(api(POST => '/api/auth/login/', json => { username => $django, password => 'secret' })->{status}, 200, 'test_login_imported_hash: a hash of Django');
like(psql("SELECT password FROM social.users WHERE username = '$django'"), qr/^\$argon2id\$/, 'is renewed');
done_testing;
