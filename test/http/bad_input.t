# Bad input: each gets its 4xx with the error body, nothing is written, the server stays up (seed 126).
use strict;
use warnings;
use Social;
use Test::More;

my $writer = account();
my $token  = $writer->{token};
my $json  = 'application/json';

sub post_raw { my ($body, %option) = @_; return api(POST => '/api/posts/posts/', token => $token, body => $body, %option) }

my @malformed = (
	[ '{"title":"a","content":"b"',              'JSON that is cut off' ],
	[ '{"title":"a","content":"b"} x',           'something behind the JSON' ],
	[ "{'title':'a','content':'b'}",             'single quotes' ],
	[ '',                                        'an empty body' ],
	[ '[{"title":"a","content":"b"}]',           'an array' ],
	[ '"title"',                                 'a text' ],
	[ 'null',                                    'null' ],
	[ '{"title":"a","title":"b","content":"c"}', 'a member given twice' ],
	[ '{"title":"a\u0000b","content":"c"}',      'an escaped NUL' ],
	[ "{\"title\":\"a\0b\",\"content\":\"c\"}",  'a NUL byte' ],
	[ "{\"title\":\"a\xff\",\"content\":\"c\"}", 'a byte that is never UTF-8' ],
	[ "{\"title\":\"\xc0\xaf\",\"content\":\"c\"}", 'an overlong form' ],
	[ "{\"title\":\"\xed\xa0\x80\",\"content\":\"c\"}", 'a surrogate in UTF-8' ],
	[ '{"title":"\ud800","content":"c"}',        'half a surrogate pair' ],
	[ "\xef\xbb\xbf{\"title\":\"a\",\"content\":\"b\"}", 'a byte order mark' ],
	[ '{"title":' . '[' x 100_000 . ',"content":"b"}', 'deep nesting' ],
	[ '{"title":"a","content":"b","n":1e999}',   'a number out of range' ],
	[ '{"title":"a","content":"b","n":' . '9' x 30 . '}', 'a whole one out of range' ],
);
is_error(post_raw($_->[0]), 400, 'BAD_REQUEST', $_->[1]) for @malformed;

# Found C11: what is said is true.
for my $said ([ '"\u0000"', 'the body holds the character U+0000, which cannot be stored' ], [ '1e400', 'the body holds a number that is out of range' ], [ '"\ud800"', 'the body is not valid JSON' ],
	[ '1,"n":2', 'the body gives a member twice' ], [ '[' x 100_000, 'the body nests too deeply' ], [ "\"\xff\"", 'the body is not valid UTF-8' ])
{
	like(post_raw("{\"title\":\"a\",\"content\":\"b\",\"n\":$said->[0]}")->{json}{error}, qr/^\Q$said->[1]\E \(line 1, column \d+\)$/, "found C11: $said->[1]");
}
is(post_raw($_)->{json}{error}, 'the body must be a JSON object', "found C11: $_ is JSON, but no object") for 'null', '1', '"a"', 'true';
like(api(GET => '/graphql/?query=%7B__typename%7D&variables=%7B%22a%22%3A1e400%7D')->{json}{error}, qr/^variables holds a number that is out of range/, 'found C11: of variables, too');

# Found C12: an id is a number that every client keeps exact, at most 2^53 - 1; others name nothing.
is_error(api(GET => "/api/posts/posts/$_/", token => $token), 404, 'NOT_FOUND', "found C12: $_") for '9007199254740991', '9007199254740992', '9007199254740993';
like(api(POST => '/graphql/', token => $token, json => { query => 'mutation { likePost(postId: "9007199254740993") { success } }' })->{json}{errors}[0]{message}, qr/not an identifier/, 'found C12: GraphQL says so');

# Found A14: hints are about what a client can do here.
sub hint { return $_[0]{json}{hint} // $_[0]{json}{errors}[0]{extensions}{hint} // 'none' }
is(hint(api(GET => '/api/accounts/users/?first=1000', token => $token)), 'Ask for a smaller page.', 'found A14: a page');
is(hint(post_raw(undef, json => { title => 'a' x 256, content => 'b' })), 'Shorten it.', 'found A14: a title');
is(hint(api(POST => '/api/posts/posts/9007199254740991/like/', token => $token)), 'Check the id, and who is logged in.', 'found A14: an id');
is(hint(api(POST => '/graphql/', token => $token, json => { query => 'mutation { likePost(postId: "9007199254740991") { success } }' })), 'Check the id, and who is logged in.', 'found A14: over GraphQL');
is(hint(api(POST => '/graphql/', json => { query => 'mutation { likePost(postId: "1") { success } }' })), 'Log in.', 'found A14: a stranger');

my @fields = (
	[ {},                                                        'title',        'a missing field' ],
	[ { title => 'a' },                                          'content',      'another missing field' ],
	[ { title => undef, content => 'b' },                        'title',        'null for a required field' ],
	[ { title => 1, content => 'b' },                            'title',        'a number for a text' ],
	[ { title => ['a'], content => 'b' },                        'title',        'an array for a text' ],
	[ { title => 'a', content => {} },                           'content',      'an object for a text' ],
	[ { title => 'a', content => 'b', is_published => 'yes' },   'is_published', 'a text for a boolean' ],
	[ { title => 'a', content => 'b', is_published => 1 },       'is_published', 'a number for a boolean' ],
	[ { title => 'a' x 256, content => 'b' },                    'title',        'a title over its length' ],
	[ { title => 'a', content => 'b' x 10_001 },                 'content',      'a content over its length' ],
);
for my $case (@fields)
{
	my $answer = post_raw(undef, json => $case->[0]);
	is_error($answer, 400, 'BAD_REQUEST', $case->[2]);
	like($answer->{json}{error}, qr/$case->[1]/, "names $case->[1]");
}

is_error(post_raw('{"title":"a","content":"b"}', type => $_), 415, 'UNSUPPORTED_MEDIA_TYPE', "content type $_")
  for 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'application/json; charset=latin1';
is_error(api(POST => '/api/posts/posts/', token => $token), 415, 'UNSUPPORTED_MEDIA_TYPE', 'no content type at all');

my $big = '{"title":"a","content":"' . 'x' x (1024 * 1024) . '"}';
is_error(post_raw($big), 413, 'PAYLOAD_TOO_LARGE', 'a body over the limit');
is(post_raw('{"title":"a","content":"b","pad":"' . 'x' x (1024 * 1024 - 100) . '"}', type => 'application/json; charset=utf-8')->{status},
	201, 'a body just below the limit is taken');
my @expect = raw("POST /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
like($expect[0], qr/^HTTP\/1.1 413 .*PAYLOAD_TOO_LARGE/s, 'who asks before sending is told at once');

is_error(api(GET => $_), 404, 'NOT_FOUND', "unknown path $_")
  for '/', '/api', '/nothing/', '/api/posts/posts/abc/', '/api/posts/posts/1/2/', '/api/posts//posts/', '/api/posts/posts/-1/',
  '/api/posts/posts/99999999999999999999/', '/api/posts/posts/1%2flike/', '/graphql/x', '/' . 'a/' x 11;
is_error(api(GET => '/api/posts/posts/9223372036854775807/', token => $token), 404, 'NOT_FOUND', 'an id that nobody has');
is_error(api(POST => '/api/posts/posts/9223372036854775807/like/', token => $token), 404, 'NOT_FOUND', 'also for a like');

for my $case ([ DELETE => '/api/posts/posts/', 'GET, POST, HEAD, OPTIONS' ], [ GET => '/api/auth/login/', 'POST, OPTIONS' ], [ PUT => '/api/posts/health/', 'GET, HEAD, OPTIONS' ], [ BREW => '/graphql/', 'GET, POST, HEAD, OPTIONS' ])
{
	my $answer = api($case->[0], $case->[1]);
	is_error($answer, 405, 'METHOD_NOT_ALLOWED', "$case->[0] $case->[1]");
	is($answer->{headers}{allow}, $case->[2], 'says what is allowed');
}

is_error(api(GET => "/api/posts/posts/$_", token => $token), 400, 'BAD_REQUEST', "path or query $_")
  for '?first=x', '?first=1&first=2', '?first=', '?first=99999999999', '?first=+1', '?first=1.5', '?after=%', '?after=%g0', '?after=%4',
  '?after=%00', '?after=%ff', '?after=%c0%80', '?after=not-a-cursor', '?first=0', '?first=101', '?first=-1', '%zz/', '%ff/', '%00/',
  '?' . join('&', map {"a$_=1"} 1 .. 40);

is_error(api(POST => '/api/auth/login/', json => { username => 'nobody', password => 'x' }), 401, 'UNAUTHENTICATED', 'an unknown user');
my $user = account();
is_error(api(POST => '/api/auth/login/', json => { username => $user->{username}, password => 'wrong' }), 401, 'UNAUTHENTICATED', 'a wrong password');
my %taken = (username => uc $user->{username}, email => 'other@example.com', password => 'correct horse battery');
is_error(api(POST => '/api/auth/register/', json => \%taken), 409, 'CONFLICT', 'a username that is taken, in other case');
is_error(api(POST => '/api/auth/register/', json => { %taken, username => "n$$", password => 'short' }), 400, 'BAD_REQUEST', 'a short password');
is_error(api(POST => '/api/auth/register/', json => { %taken, username => 'with space' }), 400, 'BAD_REQUEST', 'a malformed username');
is_error(api(POST => '/api/auth/register/', json => { username => "n$$", password => 'correct horse battery' }), 400, 'BAD_REQUEST', 'no e-mail');

is(psql("SELECT count(*) FROM social.posts WHERE author_id = $writer->{id}"), 1, 'nothing was written but the one good post');
is(api(GET => '/api/posts/health/')->{status}, 200, 'and the server is up');
done_testing;
