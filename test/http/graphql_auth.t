# Accounts over GraphQL: register, login, refreshToken, logout, me (I-23), with the trace that a refused
# login leaves (seed 116), in the lane of slow statements.
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;

sub ask
{
	my ($query, $variables, %option) = @_;
	return api(POST => '/graphql/', json => { query => $query, variables => $variables // {} }, %option)->{json};
}
my $code = sub { my ($answer) = @_; $answer->{errors}[0]{extensions}{code} };

my $name     = sprintf 'g%x_%x', $$, time;
my %person   = (username => $name, email => "$name\@example.com", password => 'correct horse battery');
my $register = 'mutation($username: String!, $email: String!, $password: String!) { register(username: $username, email: $email, password: $password, firstName: "Ada") { username email success message } }';
my $login    = 'mutation($username: String!, $password: String!, $totp: String) { login(username: $username, password: $password, totp: $totp, device: "app") { access refresh tokenType expiresIn refreshExpiresIn success message user { id username firstName } } }';

my $made = ask($register, \%person)->{data}{register};
is_deeply([ @$made{qw(username email success)} ], [ $name, $person{email}, JSON::PP::true ], 'I-23: register says what was given');
is($code->(ask($register, \%person)), 'CONFLICT', 'a name that is taken');
is($code->(ask($register, { %person, username => 'a b' })), 'BAD_REQUEST', 'a name that is none');

my $answer = ask($login, \%person)->{data}{login};
is($answer->{user}{username}, $name, 'I-23: login gives the user');
is($answer->{user}{firstName}, 'Ada', 'with the fields asked for');
is_deeply([ @$answer{qw(tokenType expiresIn refreshExpiresIn success)} ], [ 'Bearer', 900, 604800, JSON::PP::true ], 'and the tokens');
my $me = '{ me { username } }';
is(ask($me, {}, token => $answer->{access})->{data}{me}{username}, $name, 'I-23: me, with the access token');
is(ask($me)->{data}{me}, undef, 'nobody without');
is(psql("SELECT device || ' ' || address FROM social.user_sessions WHERE id = " . claims_of($answer->{access})->{sid}), 'app 127.0.0.1', 'the session has its device and address');

my $wrong = ask($login, { %person, password => 'wrong' });
is($wrong->{data}{login}, undef, 'a wrong password gives nothing');
is($code->($wrong), 'UNAUTHENTICATED', 'but an error');
is_deeply($wrong->{errors}[0]{path}, ['login'], 'at the field');
is(psql("SELECT string_agg(outcome, ' ' ORDER BY id) FROM social.login_attempts WHERE username = '$name'"), 'success wrong_password', 'seed 116: both attempts are recorded');
psql("INSERT INTO social.user_totp (user_id, secret, confirmed_at) SELECT id, '12345678901234567890', now() FROM social.users WHERE username = '$name'");
is($code->(ask($login, \%person)), 'TOTP_REQUIRED', 'an account with one-time codes asks for one');
is(ask($login, { %person, totp => psql("SELECT social.totp('12345678901234567890')") })->{data}{login}{success}, JSON::PP::true, 'which lets in');
psql("DELETE FROM social.user_totp");

my $both = ask('mutation($u: String!, $p: String!) { a: login(username: $u, password: "wrong") { access } b: login(username: $u, password: $p) { success } }', { u => $name, p => $person{password} });
is_deeply([ $both->{data}{a}, $both->{data}{b}{success} ], [ undef, JSON::PP::true ], 'a field that is refused leaves the next alone');

my $refreshed = ask('mutation($r: String!) { refreshToken(refresh: $r) { access refresh expiresIn success } }', { r => $answer->{refresh} })->{data}{refreshToken};
ok($refreshed->{access} && $refreshed->{refresh} ne $answer->{refresh}, 'I-23: refreshToken rotates');
is($code->(ask('mutation { refreshToken(refresh: "nonsense") { access } }')), 'UNAUTHENTICATED', 'nonsense does not');
is(ask('mutation { logout { success } }', {}, token => $refreshed->{access})->{data}{logout}{success}, JSON::PP::true, 'I-23: logout');
is(api(POST => '/graphql/', token => $refreshed->{access}, json => { query => $me })->{status}, 401, 'ends the session');
is($code->(ask('mutation { logout { success } }')), 'UNAUTHENTICATED', 'without a session there is nothing to end');

my $schema = ask('{ __type(name: "LoginPayload") { fields { name } } }')->{data}{__type}{fields};
is(join(' ', map { $_->{name} } @$schema), 'access refresh tokenType expiresIn refreshExpiresIn user success message', 'the schema shows no internals');
done_testing;
