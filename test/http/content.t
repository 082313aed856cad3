# Which answer Accept asks for, and which bodies are taken: problem details, Accept nonsense, bodies that
# are compressed (issue 13, "HTTP a client expects" and its bad input).
use strict;
use warnings;
use Social;
use Test::More;

my $user    = account();
my @me      = (token => $user->{token});
my $missing = '/api/posts/posts/9007199254740991/';
my $asks    = 'application/problem+json';

# RFC 9457, when asked; the seed's body otherwise.
for my $accept ($asks, "application/json, $asks", "$asks;q=0.8, text/html")
{
	my $answer = api(GET => $missing, @me, headers => { Accept => $accept });
	my $json   = $answer->{json};
	is("$answer->{status} $answer->{headers}{'content-type'}", "404 $asks", "problem details: Accept: $accept");
	is_deeply([ @$json{qw(type title status code error)} ], [ 'about:blank', 'Not Found', 404, 'NOT_FOUND', 'not found' ], 'with what the seed says beside them');
	ok(length $json->{detail}, 'and a detail that is a text');
}
for my $accept (undef, '*/*', 'application/json', "$asks;q=0", "application/json, $asks;q=0.5")
{
	my $answer = api(GET => $missing, @me, headers => { defined $accept ? (Accept => $accept) : () });
	is($answer->{headers}{'content-type'}, 'application/json', 'the seed\'s body: Accept: ' . ($accept // 'none'));
	is_deeply([ sort keys %{ $answer->{json} } ], [qw(code detail error)], 'and nothing else in it');
}
for my $case ([ 401, GET => '/api/accounts/users/me/' ], [ 404, GET => '/nothing/' ], [ 405, DELETE => '/api/posts/feed/' ], [ 400, GET => '/api/posts/posts/?first=x', @me ],
	[ 415, POST => '/api/posts/posts/', @me, body => 'x', type => 'text/plain' ])
{
	my ($status, @request) = @$case;
	my $answer = api(@request, headers => { Accept => $asks });
	is_deeply([ $answer->{status}, $answer->{json}{status}, $answer->{headers}{'content-type'} ], [ $status, $status, $asks ], "every error: $request[0] $request[1]");
}
is(api(GET => '/api/posts/posts/', @me, headers => { Accept => $asks })->{headers}{'content-type'}, 'application/json', 'what succeeds is no problem');

# Nonsense says nothing.
for my $nonsense (',', ';q=', 'a/b;q=99999999999999999999', '"', '"\\', '*' x 2000, 'application/problem+json' x 80, '/', 'q=1', '*/*;q=-1, ;;,,;q', ',' x 3000)
{
	my %headers = (Accept => $nonsense, 'Accept-Encoding' => $nonsense);
	is(api(GET => $missing,            @me, headers => \%headers)->{status}, 404, 'nonsense in Accept: ' . substr $nonsense, 0, 30);
	is(api(GET => '/api/posts/posts/', @me, headers => \%headers)->{status}, 200, 'and where there is an answer');
}

# How large a compressed body would become is not found out.
my %coded = (@me, body => "\x1f\x8b\x08", type => 'application/json');
for my $coding ('gzip', 'deflate', 'br', 'gzip, gzip', 'x', 'identity, gzip')
{
	my $answer = api(POST => '/api/posts/posts/', %coded, headers => { 'Content-Encoding' => $coding });
	is_error($answer, 415, 'UNSUPPORTED_MEDIA_TYPE', "a body with Content-Encoding: $coding");
	is($answer->{headers}{'accept-encoding'}, 'identity', 'says what is taken');
}
is(api(POST => '/graphql/', json => { query => '{ __typename }' }, headers => { 'Content-Encoding' => 'gzip' })->{status}, 415, 'over GraphQL too');
is(api(POST => '/api/posts/posts/', @me, json => { title => 'plain', content => 'text' }, headers => { 'Content-Encoding' => 'identity' })->{status}, 201, 'identity is no coding');
done_testing;
