# One's own account over GraphQL: settings, sessions, passwords, addresses and one-time codes (seed 005,
# 009-012, 116, I-03, I-05). What the doors do is auth.t's; here is that GraphQL opens the same ones.
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub mailed
{
	my ($template, $address) = @_;
	return psql("SELECT variables ->> 'token' FROM social.mail_outbox WHERE template = '$template' AND address = '$address' ORDER BY id DESC LIMIT 1");
}

my $user   = account();
my $other  = account();
my $log_in = sub { my (%more) = @_; return api(POST => '/api/auth/login/', json => { username => $user->{username}, password => $user->{password}, %more })->{json} };
my $lives  = sub { return api(GET => '/api/auth/users/me/', token => $_[0])->{status} };
my $token  = $user->{token};

# ---- settings
my $settings = 'settings { email emailVerified pendingEmail isLocked isStaff isSuperuser totpEnabled recoveryCodesLeft }';
my %fresh    = (email => $user->{email}, emailVerified => $false, pendingEmail => undef, isLocked => $false, isStaff => $false, isSuperuser => $false, totpEnabled => $false, recoveryCodesLeft => 0);
is_deeply(get($token, "{ me { $settings } }"), { settings => \%fresh }, 'me, with settings');
like(get($token, '{ me { settings { lastLoginAt } } }')->{settings}{lastLoginAt}, qr/^20\d\d-/, 'and the last login');
my $hidden = "query(\$id: ID!) { user(id: \$id) { $settings sessions { id } } }";
is_deeply(get($_, $hidden, id => $user->{id}), { settings => undef, sessions => [] }, 'which nobody else sees') for undef, $other->{token};
psql("UPDATE social.users SET is_staff = true WHERE id = $other->{id}");
is_deeply(get($other->{token}, $hidden, id => $user->{id}), { settings => undef, sessions => [] }, 'not even staff');
psql("UPDATE social.users SET is_staff = false WHERE id = $other->{id}");

# ---- sessions
my $second = $log_in->(device => 'phone')->{access};
my $list   = get($token, '{ me { sessions { id device userAgent address isCurrent createdAt lastSeenAt expiresAt } } }')->{sessions};
is_deeply([ map { "$_->{id} $_->{device} " . ($_->{isCurrent} ? 'current' : 'other') } sort { $a->{id} <=> $b->{id} } @$list ],
	[ claims_of($token)->{sid} . '  current', claims_of($second)->{sid} . ' phone other' ], 'seed 010: the sessions that live, and which one asks');
is($list->[0]{address}, '127.0.0.1', 'seed 116: with their address');
is(scalar @{ get($token, '{ me { sessions(first: 1) { id } } }')->{sessions} }, 1, 'a page of them');
my $revoke = 'mutation($id: ID!) { revokeSession(id: $id) { sessionId success message } }';
my $sid    = claims_of($second)->{sid};
refused('NOT_FOUND',       "I-05: somebody else's session is unknown", $other->{token}, $revoke, id => $sid);
refused('NOT_FOUND',       'I-05: as an unknown one is',              $token,          $revoke, id => 9_007_199_254_740_991);
refused('UNAUTHENTICATED', 'nobody ends any',                         undef,           $revoke, id => $sid);
is($lives->($second), 200, 'it lives');
is_deeply(get($token, $revoke, id => $sid), { sessionId => "$sid", success => $true, message => 'Session ended' }, 'seed 011: the own one can be ended');
is($lives->($second), 401, 'its token is refused at once');
is(get($token, 'mutation { clearExpiredSessions { sessionsCleared message } }')->{sessionsCleared}, 1, 'seed 012: what has ended is forgotten');
$second = $log_in->()->{access};
is_deeply(get($second, 'mutation { logoutAll { sessionsEnded success message } }'), { sessionsEnded => 2, success => $true, message => 'Logged out everywhere' }, 'seed 005: logging out everywhere');
is($lives->($_), 401, 'ends every session') for $token, $second;
refused('UNAUTHENTICATED', 'nobody logs out everywhere', undef, 'mutation { logoutAll { success } }');
$token = $log_in->()->{access};

# ---- the password
my $change = 'mutation($old: String!, $new: String!) { changePassword(oldPassword: $old, newPassword: $new) { success message } }';
is(refused('FORBIDDEN', 'a wrong old password', $token, $change, old => 'wrong', new => 'another good one')->{message}, 'wrong password', 'in plain words');
is(psql("SELECT count(*) FROM social.audit_log WHERE action = 'change_password_refused' AND actor_id = $user->{id}"), 1, 'of which a trace stays');
refused('BAD_REQUEST',     'a new one that is too short', $token, $change, old => $user->{password}, new => 'short');
refused('UNAUTHENTICATED', 'nobody has one',              undef,  $change, old => $user->{password}, new => 'another good one');
is($lives->($token), 200, 'nothing has happened yet');
is_deeply(get($token, $change, old => $user->{password}, new => 'another good one'), { success => $true, message => 'Password changed, log in again' }, 'seed 009: a new password');
is($lives->($token), 401, 'seed 009: every session ends');
$user->{password} = 'another good one';
$token = $log_in->()->{access};
ok($token, 'which logs in');
is_deeply([ map { $_->{outcome} } @{ get($token, '{ me { settings { loginAttempts(first: 2) { outcome address createdAt } } } }')->{settings}{loginAttempts} } ], [ 'SUCCESS', 'SUCCESS' ], 'seed 116: attempts to log in');

my $forgot = 'mutation($email: String!) { requestPasswordReset(email: $email) { email success message } }';
my @same   = map { get(undef, $forgot, email => $_) } $user->{email}, "no-$user->{email}";
is_deeply([ map { { %$_, email => '' } } @same ], [ ({ email => '', success => $true, message => 'If somebody has that address, a mail is on its way' }) x 2 ], 'I-03: known or unknown, the same answer');
my $mail = mailed('reset_password', $user->{email});
my $set  = 'mutation($token: String!, $new: String!) { resetPassword(token: $token, newPassword: $new) { success message } }';
refused('UNAUTHENTICATED', 'a token that is none', undef, $set, token => 'nonsense', new => 'yet another one');
refused('BAD_REQUEST', 'a new password that is too short', undef, $set, token => $mail, new => 'short');
is_deeply(get(undef, $set, token => $mail, new => 'yet another one'), { success => $true, message => 'Password changed' }, 'I-03: the token of the mail works');
refused('UNAUTHENTICATED', 'once', undef, $set, token => $mail, new => 'and again another');
is($lives->($token), 401, 'every session ends');
$user->{password} = 'yet another one';
$token = $log_in->()->{access};

# ---- the address
my $verify = 'mutation($token: String!) { verifyEmail(token: $token) { email success message } }';
is(get($token, '{ me { settings { emailVerified } } }')->{settings}{emailVerified}, $true, 'whoever reads the mail of a reset has the address');
refused('CONFLICT', 'nothing is left to prove', $token, 'mutation { requestEmailVerification { email } }');
my $moved = "new-$user->{email}";
my $claim = 'mutation($email: String!, $password: String!) { changeEmail(email: $email, currentPassword: $password) { email pendingEmail success message } }';
refused('FORBIDDEN',       'another address wants the password', $token, $claim, email => $moved, password => 'wrong');
refused('BAD_REQUEST',     'an address that is none',            $token, $claim, email => 'nowhere', password => $user->{password});
refused('UNAUTHENTICATED', 'nobody has one',                     undef,  $claim, email => $moved, password => $user->{password});
is_deeply(get($token, "{ me { $settings } }")->{settings}, { %fresh, emailVerified => $true }, 'nothing has happened yet');
is_deeply(get($token, $claim, email => $moved, password => $user->{password}), { email => $user->{email}, pendingEmail => $moved, success => $true, message => 'See the mail to prove the address' }, 'a claim');
my $first = mailed('verify_email', $moved);
is(get($token, 'mutation { requestEmailVerification { email success message } }')->{email}, $moved, 'another mail can be asked for');
isnt(mailed('verify_email', $moved), $first, 'with another token');
refused('UNAUTHENTICATED', 'a token that is none', undef, $verify, token => 'nonsense');
is_deeply(get(undef, $verify, token => mailed('verify_email', $moved)), { email => $moved, success => $true, message => 'E-mail address verified' }, 'I-03: the token of the mail proves the address');
is_deeply(get($token, "{ me { $settings } }")->{settings}, { %fresh, email => $moved, emailVerified => $true }, 'which is the account\'s now');
refused('UNAUTHENTICATED', 'the token works once', undef, $verify, token => mailed('verify_email', $moved));

# ---- one-time codes
my $code    = sub { return psql("SELECT social.totp(secret, now() + interval '30 seconds' * $_[0]) FROM social.user_totp WHERE user_id = $user->{id}") };
my $enable  = 'mutation($password: String!) { enableTotp(password: $password) { secret uri success message } }';
my $confirm = 'mutation($code: String!) { confirmTotp(code: $code) { recoveryCodes success message } }';
refused('FORBIDDEN',       'turning codes on wants the password', $token, $enable, password => 'wrong');
refused('UNAUTHENTICATED', 'and somebody',                        undef,  $enable, password => $user->{password});
refused('CONFLICT',        'nothing to confirm yet',              $token, $confirm, code => '000000');
my $enabled = get($token, $enable, password => $user->{password});
like($enabled->{uri}, qr{^otpauth://totp/.*secret=\Q$enabled->{secret}\E&}, 'a secret, also as an address for apps');
refused('FORBIDDEN', 'a wrong code', $token, $confirm, code => '000000');
my $recovery = get($token, $confirm, code => $code->(0))->{recoveryCodes};
is(scalar @$recovery, 10, 'the first code turns them on and gives recovery codes');
is_deeply(get($token, '{ me { settings { totpEnabled recoveryCodesLeft } } }')->{settings}, { totpEnabled => $true, recoveryCodesLeft => 10 }, 'settings say so');
is($log_in->()->{code}, 'TOTP_REQUIRED', 'login asks for one');
my $renew = 'mutation($code: String!) { regenerateRecoveryCodes(code: $code) { recoveryCodes success message } }';
refused('FORBIDDEN', 'new recovery codes want a code', $token, $renew, code => '000000');
my $renewed = get($token, $renew, code => $recovery->[0])->{recoveryCodes};
is(scalar @$renewed, 10, 'and are ten others');
my $disable = 'mutation($password: String!, $code: String!) { disableTotp(password: $password, code: $code) { success message } }';
refused('FORBIDDEN', 'turning codes off wants the password', $token, $disable, password => 'wrong', code => $renewed->[0]);
refused('FORBIDDEN', 'and a code', $token, $disable, password => $user->{password}, code => $recovery->[1]);
is_deeply(get($token, $disable, password => $user->{password}, code => $renewed->[1]), { success => $true, message => 'One-time codes are off' }, 'with both they are off');
refused('CONFLICT', 'once', $token, $disable, password => $user->{password}, code => $renewed->[2]);
ok($log_in->()->{access}, 'login is as before');

# ---- the end of it
my $delete = 'mutation($password: String!, $totp: String) { deleteAccount(password: $password, totp: $totp, keepContent: true) { id restorableUntil success message } }';
is(get($token, '{ me { email } }')->{email}, $moved, 'the address, where the seed has it');
is(get($_, 'query($id: ID!) { user(id: $id) { email } }', id => $user->{id})->{email}, undef, 'which nobody else sees') for undef, $other->{token};
refused('UNAUTHENTICATED', 'nobody is deleted',                   undef,  $delete, password => $user->{password});
refused('FORBIDDEN',       'seed 166: not without the password', $token, $delete, password => 'wrong');
get($token, $enable, password => $user->{password});
$recovery = get($token, $confirm, code => $code->(0))->{recoveryCodes};
is(refused('FORBIDDEN', 'nor without a code where login asks for one', $token, $delete, password => $user->{password})->{message}, 'a one-time code is required', 'as it says');
refused('FORBIDDEN', 'or with a wrong one', $token, $delete, password => $user->{password}, totp => 'wrong');
is($lives->($token), 200, 'nothing has happened yet');
my $deleted = get($token, $delete, password => $user->{password}, totp => $recovery->[0]);
like(delete $deleted->{restorableUntil}, qr/^2\d{3}-/, 'issue 17: for a while it can be had back');
is_deeply($deleted, { id => "$user->{id}", success => $true, message => 'Account deleted' }, 'seed 166: with both the account is gone');
is($lives->($token), 401, 'its sessions end');
is(get($other->{token}, 'query($id: ID!) { user(id: $id) { id } }', id => $user->{id}), undef, 'nobody sees it');
is($log_in->()->{code}, 'ACCOUNT_DELETING', 'issue 17: logging in says so');
my $restore = 'mutation($username: String!, $password: String!, $totp: String) { login(username: $username, password: $password, totp: $totp, restore: true) { access } }';
refused('TOTP_REQUIRED', 'a restoring login takes a code, too', undef, $restore, username => $user->{username}, password => $user->{password});
is($lives->(get(undef, $restore, username => $user->{username}, password => $user->{password}, totp => $recovery->[1])->{access}), 200, 'issue 17: with it the account is back');
done_testing;
