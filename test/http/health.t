# The health route, and the headers of every answer (seed 043, 165).
use strict;
use warnings;
use Social;
use Test::More;

my $answer = api(GET => '/api/posts/health/');
is($answer->{status}, 200, 'seed 043: healthy is 200');
is($answer->{content}, '{"status":"healthy"}', 'with the agreed body');
is(api(GET => '/api/posts/health')->{status}, 200, 'also without the last slash');
is(api(GET => '/api/posts/health/', token => 'not-a-token')->{status}, 200, 'open: the token is not looked at');

is($answer->{headers}{'content-type'}, 'application/json', 'JSON');
is($answer->{headers}{'x-content-type-options'}, 'nosniff', 'seed 165: no sniffing');
is($answer->{headers}{'x-frame-options'}, 'DENY', 'no frames');
is($answer->{headers}{'referrer-policy'}, 'no-referrer', 'no referrer');
like($answer->{headers}{'x-request-id'}, qr/^[0-9a-f]{16}$/, 'a request id of our own');

my %id = ('abc-DEF_1.2' => 1, 'x' x 64 => 1, 'x' x 65 => 0, 'a b' => 0);
for my $given (sort keys %id)
{
	my $echoed = api(GET => '/api/posts/health/', headers => { 'X-Request-Id' => $given })->{headers}{'x-request-id'};
	is($echoed eq $given ? 1 : 0, $id{$given}, "request id '$given' is " . ($id{$given} ? 'kept' : 'replaced'));
}

my $away = start_bridge(DATABASE_URL => 'host=/nonexistent dbname=social', wait => 0);
my $unhealthy;
wait_until(30, sub { ($unhealthy = api(GET => '/api/posts/health/', url => $away->{url}))->{status} == 503 });
is($unhealthy->{status}, 503, 'without a database: 503');
is($unhealthy->{content}, '{"status":"unhealthy"}', 'unhealthy');
is_error(api(POST => '/api/auth/login/', url => $away->{url}, json => { username => 'a', password => 'b' }),
	503, 'UNAVAILABLE', 'requests that need it get 503');
is_error(api(GET => '/api/posts/posts/', url => $away->{url}, token => 'a.b.c'), 503, 'UNAVAILABLE', 'a token cannot be checked: 503');
is($away->stop, 0, 'and it stops cleanly');
done_testing;
