# What two HTTP parsers could read in two ways is refused and the connection closed (design D13,
# RFC 9112 sections 3, 5, 6, 11.2). Raw sockets: no client library would send these.
use strict;
use warnings;
use Social;
use Test::More;

my $line   = "POST /api/auth/login/ HTTP/1.1\r\n";
my $get    = "GET /api/posts/health/ HTTP/1.1\r\n";
my $body   = '{"username":"a","password":"b"}';
my $length = 'Content-Length: ' . length($body) . "\r\n";
my $type   = "Content-Type: application/json\r\n";

# Every case must be answered 400 with the error body, closed, and never be read as two requests.
my @refused = (
	[ "${line}Host: x\r\n$type${length}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 'Transfer-Encoding beside Content-Length' ],
	[ "${line}Host: x\r\n${type}Transfer-Encoding: chunked\r\n$length\r\n0\r\n\r\n", 'the other way round' ],
	[ "${line}Host: x\r\n$type${length}Content-Length: 3\r\n\r\n$body",              'two different Content-Lengths' ],
	[ "${line}Host: x\r\n$type$length$length\r\n$body",                             'the same Content-Length twice' ],
	[ "${line}Host: x\r\n${type}Transfer-Encoding: gzip\r\n\r\n",                    'an unknown transfer coding' ],
	[ "${line}Host: x\r\n${type}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",  'a list of transfer codings' ],
	[ "${line}Host: x\r\n${type}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 'chunked twice' ],
	[ "${line}Host: x\r\n${type}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",    'a vertical tab before chunked' ],
	[ "POST /api/auth/login/ HTTP/1.0\r\nHost: x\r\n${type}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 'chunked in HTTP/1.0' ],
	[ "${get}Host: a\r\nHost: b\r\n\r\n",            'two different Hosts' ],
	[ "${get}Host: a\r\nHost: a\r\n\r\n",            'the same Host twice' ],
	[ "${get}Host: a/b\r\n\r\n",                   'a Host with a path' ],
	[ "${get}Host: a\@b\r\n\r\n",                  'a Host with a user' ],
	[ "${get}Host: a b\r\n\r\n",                   'two Hosts in one' ],
	[ "${get}Host: \xe9\r\n\r\n",                  'a Host beyond ASCII' ],
	[ "${get}Accept: x\r\n\r\n",                     'no Host in HTTP/1.1' ],
	[ "${get}Host : a\r\n\r\n",                      'a blank before the colon' ],
	[ "${get}Host: x\r\nContent-Length : 5\r\n\r\n", 'a blank before the colon of Content-Length' ],
	[ "${get}Host: x\r\nX\tY: 1\r\n\r\n",            'a tab in a name' ],
	[ "${get}Host: x\r\nX(Y): 1\r\n\r\n",            'brackets in a name' ],
	[ "${get}Host: x\r\nX\xe9: 1\r\n\r\n",           'a byte above ASCII in a name' ],
	[ "${get}Host: x\r\n: 1\r\n\r\n",                'an empty name' ],
	[ "${get}Host: x\r\nA: b\0c\r\n\r\n",            'a NUL in the last value' ],
	[ "${get}A: b\0c\r\nHost: x\r\n\r\n",            'a NUL in another value' ],
	[ "${get}Host: x\r\nA: b\0\0\0\0C: d\r\n\r\n",   'several NULs in a value' ],
	[ "${get}A: b\0\0C: d\r\nHost: x\r\n\r\n",       'NULs that look like a line end' ],
	[ "${get}Host: x\r\n:\n",                          'a colon and a bare LF, which 0.9.75 takes for the end of the head' ],
	[ "${get}Host: x\r\nA: b\0\n\r\n",               'a NUL and a bare LF, which 0.9.75 cannot tell from CR LF' ],
	[ "${get}Host: x\r\nA:\0\r\n\n",                 'a NUL as a value and a bare LF at the end' ],
	[ "${get}Host: x\r\n\0A: b\r\n\r\n",             'a NUL before a name' ],
	[ "${get}Host: x\r\nA: b\x01c\r\n\r\n",          'a control character in a value' ],
	[ "${get}Host: x\r\nA: b\x7fc\r\n\r\n",          'DEL in a value' ],
	[ "${get}Host: x\r\nA: b\rC: d\r\n\r\n",         'a bare CR in a value' ],
	[ "${get}Host: x\nA: b\r\n\r\n",                 'a bare LF after a header' ],
	[ "GET /api/posts/health/ HTTP/1.1\nHost: x\r\n\r\n", 'a bare LF after the request line' ],
	[ "${get}Host: x\r\n\n",                         'a bare LF at the end' ],
	[ "${get}Host: x\r\nA: b\r\n c\r\n\r\n",         'a folded line' ],
	[ "${get}Host: x\r\nA: b\r\n\tTransfer-Encoding: chunked\r\n\r\n", 'a folded line that hides a header' ],
	[ "GET /api/posts/health/ x HTTP/1.1\r\nHost: x\r\n\r\n",  'a blank in the target' ],
	[ "G\x01T /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n",  'a control character in the method' ],
	[ "G(T /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n",     'a bracket in the method' ],
	[ "GET  /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n",   'two blanks before the target' ],
	[ "GET /api/posts/health/  HTTP/1.1\r\nHost: x\r\n\r\n",   'two blanks behind the target' ],
);
for my $case (@refused)
{
	my ($answer, $closed) = raw($case->[0] . $get . "Host: smuggled\r\n\r\n");
	ok($answer =~ m{^HTTP/1\.1 400 } && $answer =~ /"code":"BAD_REQUEST"/, "400 for $case->[1]") or diag($answer);
	ok($closed && $answer =~ /^Connection: close\r$/m && (() = $answer =~ m{HTTP/1\.1 }g) == 1, 'and the connection ends there') or diag($answer);
}

# The library itself refuses these, or we do before it answers: its page of HTML never goes out, our
# error body does. What is no request line at all it closes without a word.
for my $case (
	[ "${line}Host: x\r\n${type}Content-Length: -1\r\n\r\n", 'a negative Content-Length' ],
	[ "${line}Host: x\r\n${type}Content-Length: 5, 5\r\n\r\n$body", 'a list as Content-Length' ],
	[ "${line}Host: x\r\n${type}Content-Length: 0x5\r\n\r\n$body", 'a hexadecimal Content-Length' ],
	[ "${line}Host: x\r\n${type}Content-Length: 99999999999999999999999\r\n\r\n", 'a Content-Length beyond all numbers' ],
	[ "${get}Host x\r\n\r\n",                        'a header without a colon' ],
	[ "GET\r\n\r\n",                                 'a request line without a target', 'silent' ],
	[ "GET /api/posts/health/\0x HTTP/1.1\r\nHost: x\r\n\r\n", 'a NUL in the target', 'silent' ], # libmicrohttpd 1.0
	[ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 'TLS spoken to a plain port', 'silent' ],
	[ "GET /api/posts/health/ HTTP/3.7\r\nHost: x\r\n\r\n", 'an unknown version' ],
	[ $get . 'Host: x' . "\r\nA: " . 'a' x 20_000 . "\r\n\r\n", 'a head beyond its room' ],
	[ 'GET /' . 'a' x 20_000 . " HTTP/1.1\r\nHost: x\r\n\r\n", 'a target beyond its room' ],
	[ "${get}Host: x\r\n" . join('', map {"A$_: b\r\n"} 1 .. 2000) . "\r\n", 'thousands of headers' ],
  )
{
	my ($answer, $closed) = raw($case->[0]);
	ok($closed && $answer !~ m{^HTTP/1\.1 2}m, "$case->[1] is not served") or diag($answer);
	next if $answer eq '' && $case->[2];
	like($answer, qr{^HTTP/1\.1 (4\d\d|505) .*^Content-Type: application/json\r\n.*\r\n\r\n\{"error":"[^"]+","code":"[A-Z_]+","detail":null\}\z}ms, 'with the error body')
	  && like($answer, qr/^X-Request-Id: [0-9a-f]{16}\r$/m, 'and the usual headers');
	is(scalar(() = $answer =~ m{HTTP/1\.1 }g), 1, 'once');
	unlike($answer, qr/<html|"INTERNAL"/i, 'and no HTML');
}

my ($answer) = raw("GET http://example.com/api/posts/health/ HTTP/1.1\r\nHost: example.com\r\n\r\n", qr/healthy"\}/);
like($answer, qr{^HTTP/1\.1 200 }, 'an absolute target is understood');
($answer) = raw("GET /api/posts/health/ HTTP/1.0\r\n\r\n");
like($answer, qr{^HTTP/1\.[01] 200 }, 'HTTP/1.0 needs no Host');
($answer) = raw("\r\n${get}hOsT:x\r\nACCEPT:\t*/*\r\nEmpty:\r\n\r\n", qr/healthy"\}/);
like($answer, qr{^HTTP/1\.1 200 }, 'names in any case, no blank, a tab, an empty value');

# Bodies in chunks are refused, however they are cut: 0.9.75 takes bare line feeds in their sizes and
# trailers, and folded trailers, which nobody but the library sees (found C19).
for my $chunks ("5\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "5;a=b\r\nhello\r\n0\r\n\r\n", "0\r\nA: b\n\n", "0\r\nA: b\r\n c\r\n\r\n", "0\r\n\r\n", '')
{
	for my $method ('POST /api/auth/login/', 'PATCH /api/posts/posts/1/', 'DELETE /api/posts/posts/1/', 'GET /api/posts/health/', 'OPTIONS /graphql/')
	{
		my ($refusal, $closed) = raw("$method HTTP/1.1\r\nHost: x\r\n${type}Transfer-Encoding: Chunked\r\n\r\n$chunks${get}Host: smuggled\r\n\r\n");
		(my $shown = $chunks) =~ s/([\r\n])/$1 eq "\r" ? '\r' : '\n'/ge;
		ok($closed && $refusal =~ m{^HTTP/1\.1 411 } && $refusal =~ /"code":"LENGTH_REQUIRED"/ && (() = $refusal =~ m{HTTP/1\.1 }g) == 1,
			"$method with '$shown' is refused and closed")
		  or diag($refusal);
	}
}
is(api(GET => '/api/posts/health/')->{status}, 200, 'the server is up');
done_testing;
