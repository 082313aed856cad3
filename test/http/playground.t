# The pages for browsers: the playground at /graphql/ (seed 087), the documentation at /api/docs/ (issue 13,
# line 2), the example of events at /api/realtime/ (issue 14, line 6): who gets them, with which headers, and that the table of files is all there is. test/browser/
# uses them.
use strict;
use warnings;
use File::Path 'make_path';
use File::Temp 'tempdir';
use Social;
use Test::More;

my $browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';
my @own = ([ 'playground.js', 'text/javascript; charset=utf-8' ], [ 'playground.css', 'text/css; charset=utf-8' ], [ 'examples.graphql', 'application/graphql; charset=utf-8' ]);
my @npm = ([ 'react.js', 'react/umd/react.production.min.js' ], [ 'react-dom.js', 'react-dom/umd/react-dom.production.min.js' ],
	[ 'graphiql.js', 'graphiql/graphiql.min.js' ], [ 'graphiql.css', 'graphiql/graphiql.min.css' ]);
my @docs_own = ([ 'docs.js', 'text/javascript; charset=utf-8' ], [ 'docs.css', 'text/css; charset=utf-8' ]);
my @docs_npm = ([ 'swagger-ui.js', 'swagger-ui-dist/swagger-ui-bundle.js' ], [ 'swagger-ui.css', 'swagger-ui-dist/swagger-ui.css' ]);

sub slurp { my ($path) = @_; open my $file, '<:raw', $path or die "$path: $!"; local $/; return scalar <$file> }
sub page { my ($bridge, $accept, %option) = @_; return api(GET => $option{path} // '/graphql/', url => $bridge->{url}, headers => { Accept => $accept }, %option) }

# ---- without what npm brings: the plain form
my $plain = start_bridge(PLAYGROUND_DIR => '');
my $page  = page($plain, $browser);
is("$page->{status} $page->{headers}{'content-type'}", '200 text/html; charset=utf-8', 'seed 087: a browser gets a page');
is($page->{content}, slurp('bridge/web/plain.html'), 'which says how GraphiQL is had');
like($page->{content}, qr/apt-get install npm.*make up.*PLAYGROUND_DIR/s, 'in so many words');
my %want = (
	'content-security-policy' => qr/^default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
	'x-content-type-options'  => qr/^nosniff$/,
	'x-frame-options'         => qr/^DENY$/,
	'referrer-policy'         => qr/^no-referrer$/,
	'cache-control'           => qr/^no-cache$/,
	'vary'                    => qr/^Accept$/,
	'etag'                    => qr/^"[0-9a-f]{32}"$/);
like($page->{headers}{$_}, $want{$_}, $_) for sort keys %want;
unlike($page->{content}, qr/<script>|<style| on\w+=|style=|https?:/, 'nothing stands in the page that the policy forbids');
is(page($plain, $browser, path => '/graphql')->{content}, $page->{content}, 'the same without the last slash');
is(page($plain, 'text/html')->{content}, $page->{content}, 'Accept: text/html alone');
my $head = api(HEAD => '/graphql/', url => $plain->{url}, headers => { Accept => $browser });
is("$head->{status} $head->{headers}{'content-length'} " . ($head->{content} // ''), '200 ' . length($page->{content}) . ' ', 'HEAD');

is_error(page($plain, $_), 400, 'BAD_REQUEST', "Accept: $_ is no browser") for '*/*', 'application/json', 'text/*', 'application/json, text/html', 'text/html;q=0', 'text/html;q=0.5, application/*';
is(page($plain, $browser, path => '/graphql/?query=%7B__typename%7D')->{content}, '{"data":{"__typename":"Query"}}', 'a query is answered, whoever asks');
is_error(api(POST => '/graphql/', url => $plain->{url}, headers => { Accept => $browser }, body => 'x', type => 'text/plain'), 415, 'UNSUPPORTED_MEDIA_TYPE', 'a POST is never the page');

for (@own)
{
	my ($name, $type) = @$_;
	my $file = api(GET => "/graphql/$name", url => $plain->{url});
	is("$file->{status} $file->{headers}{'content-type'} $file->{headers}{'x-content-type-options'}", "200 $type nosniff", $name);
	is($file->{content}, slurp("bridge/web/$name"), 'as in bridge/web');
	unlike($file->{content}, qr/\beval\b|innerHTML|new Function|https?:/, 'and with nothing that a policy would have to allow');
}
is_error(api(GET => "/graphql/$_->[0]", url => $plain->{url}), 404, 'NOT_FOUND', "$_->[0] is not there") for @npm;
is_error(api(POST => '/graphql/playground.js', url => $plain->{url}, json => {}), 405, 'METHOD_NOT_ALLOWED', 'a file is only read');

# ---- asked for again
my $tag = $page->{headers}{etag};
for ([ $tag, 304 ], [ "W/$tag", 304 ], [ qq("x", $tag), 304 ], [ '*', 304 ], [ '"x"', 200 ], [ '', 200 ])
{
	my ($has, $status) = @$_;
	my $again = page($plain, $browser, headers => { Accept => $browser, 'If-None-Match' => $has });
	is("$again->{status} $again->{headers}{etag} " . length($again->{content} // ''), "$status $tag " . ($status == 304 ? 0 : length $page->{content}), "If-None-Match: $has");
}
isnt(api(GET => '/graphql/playground.js', url => $plain->{url})->{headers}{etag}, $tag, 'each file has a tag of its own');
my ($two) = raw("GET /graphql/ HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nIf-None-Match: $tag\r\n\r\nGET /graphql/ HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n", undef, $plain->{url});
like($two, qr{^HTTP/1.1 304 [^\n]*\n(?:[^\r\n]+\r\n)+\r\nHTTP/1.1 200 .*</html>\n$}s, 'a 304 has no body, and the connection goes on');

# ---- the documentation
my $docs = api(GET => '/api/docs/', url => $plain->{url});
is("$docs->{status} $docs->{headers}{'content-type'}", '200 text/html; charset=utf-8', 'issue 13: whoever asks gets the documentation');
is($docs->{content}, slurp('bridge/web/docs_plain.html'), 'which says how Swagger UI is had');
like($docs->{content}, qr/apt-get install npm.*make up.*PLAYGROUND_DIR/s, 'in so many words');
like($docs->{headers}{$_}, $want{$_}, $_) for grep { $_ ne 'vary' } sort keys %want;
unlike($docs->{content}, qr/<script>|<style| on\w+=|style=|https?:/, 'nothing stands in it that the policy forbids');
is(api(GET => '/api/docs', url => $plain->{url}, headers => { 'If-None-Match' => $docs->{headers}{etag} })->{status}, 304, 'who has it is told so');
for (@docs_own)
{
	my ($name, $type) = @$_;
	my $file = api(GET => "/api/docs/$name", url => $plain->{url});
	is("$file->{status} $file->{headers}{'content-type'}", "200 $type", $name);
	is($file->{content}, slurp("bridge/web/$name"), 'as in bridge/web');
	unlike($file->{content}, qr/\beval\b|innerHTML|new Function|https?:/, 'and with nothing that a policy would have to allow');
}
is_error(api(GET => "/api/docs/$_->[0]", url => $plain->{url}), 404, 'NOT_FOUND', "$_->[0] is not there") for @docs_npm;

# ---- the example of events, which needs nothing of npm
my $realtime = api(GET => '/api/realtime/', url => $plain->{url});
is("$realtime->{status} $realtime->{headers}{'content-type'}", '200 text/html; charset=utf-8', 'issue 14: whoever asks gets the example');
is($realtime->{content}, slurp('bridge/web/realtime/realtime.html'), 'as in bridge/web/realtime');
like($realtime->{headers}{$_}, $want{$_}, $_) for grep { $_ ne 'vary' } sort keys %want;
unlike($realtime->{content}, qr/<script>|<style| on\w+=|style=|https?:/, 'nothing stands in it that the policy forbids');
for ([ 'realtime.js', 'text/javascript; charset=utf-8' ], [ 'page.js', 'text/javascript; charset=utf-8' ], [ 'realtime.css', 'text/css; charset=utf-8' ])
{
	my ($name, $type) = @$_;
	my $file = api(GET => "/api/realtime/$name", url => $plain->{url});
	is("$file->{status} $file->{headers}{'content-type'}", "200 $type", $name);
	is($file->{content}, slurp("bridge/web/realtime/$name"), 'as in bridge/web/realtime');
	unlike($file->{content}, qr/\beval\b|innerHTML|new Function|https?:/, 'and with nothing that a policy would have to allow');
}

# ---- with it
my $dir = tempdir(CLEANUP => 1);
chmod 0755, $dir;
for (@npm, @docs_npm)
{
	my ($directory) = $_->[1] =~ m{(.*)/};
	make_path("$dir/$directory");
	open my $file, '>', "$dir/$_->[1]" or die "$_->[1]: $!";
	print $file "/* $_->[0] */ ", 'x' x ($_->[0] eq 'graphiql.js' ? 1_000_000 : 10);
	close $file;
}
my $whole = start_bridge(PLAYGROUND_DIR => $dir);
$page = page($whole, $browser);
is($page->{content}, slurp('bridge/web/graphiql.html'), 'with PLAYGROUND_DIR the page is that of GraphiQL');
like($page->{headers}{$_}, $want{$_}, $_) for 'content-security-policy', 'etag';
my $whole_docs = api(GET => '/api/docs/', url => $whole->{url});
is($whole_docs->{content}, slurp('bridge/web/docs.html'), 'and the documentation Swagger UI');
like($whole_docs->{headers}{$_}, $want{$_}, $_) for 'content-security-policy', 'etag';
for my $from ($page->{content}, $whole_docs->{content}, slurp('bridge/web/plain.html'), slurp('bridge/web/docs_plain.html'))
{
	is(page($whole, $browser, path => $_)->{status}, 200, "$_ is there, as a page wants it") for $from =~ m{(?:src|href)="(/[^"]+)"}g;
}
unlink "$dir/$_->[1]" for @npm, @docs_npm;
is(api(GET => "/graphql/$_->[0]", url => $whole->{url})->{content} =~ s/x+$//r, "/* $_->[0] */ ", "$_->[0] is what was there at the start") for @npm;
is(length api(GET => '/graphql/graphiql.js', url => $whole->{url})->{content}, 1_000_018, 'whole, also a large one');

# ---- nothing else is
is_error(api(GET => $_, url => $whole->{url}), 404, 'NOT_FOUND', "GET $_")
  for '/graphql/package.json', '/graphql/react/umd/react.production.min.js', '/graphql/graphiql.html', '/graphql/plain.html', '/graphql/../graphql/playground.js', '/graphql/..%2fplayground.js', '/graphql/%2e%2e/%2e%2e/etc/passwd',
  '/graphql/playground.js/x', '/graphql//playground.js', '/graphql/PLAYGROUND.JS', '/graphql/.',
  '/graphql/docs.js', '/api/docs/playground.js', '/api/docs/docs.html', '/api/docs/swagger-ui-bundle.js', '/api/docs/index.html', '/api/realtime/realtime.html', '/api/realtime/package.json', '/api/page.js', '/api/docs/realtime.js';

# ---- where strangers get no data, and where there is no playground
my $closed = start_bridge(ANONYMOUS_GRAPHQL => 'off');
is(page($closed, $browser)->{status}, 200, 'ANONYMOUS_GRAPHQL=off: the page comes, to log in with');
is_error(page($closed, '*/*'), 401, 'UNAUTHENTICATED', 'and nothing else does');
my $off = start_bridge(PLAYGROUND => 'off', PLAYGROUND_DIR => '');
is_error(page($off, $browser), 400, 'BAD_REQUEST', 'PLAYGROUND=off: no page');
is_error(api(GET => "/graphql/$_->[0]", url => $off->{url}), 404, 'NOT_FOUND', "no $_->[0]") for @own, @npm;
is_error(api(GET => $_, url => $off->{url}), 404, 'NOT_FOUND', "no $_") for '/api/docs/', '/api/docs/docs.js', '/api/realtime/', '/api/realtime/realtime.js';
is(api(GET => '/api/schema/', url => $off->{url})->{status}, 200, 'the document is there all the same');

# ---- the examples: all of them are valid, and none is run here
my $examples = slurp('bridge/web/examples.graphql');
my @names = $examples =~ /^(?:query|mutation) (\w+)/mg;
cmp_ok(scalar @names, '>', 10, 'examples');
my $answer = api(POST => '/graphql/', json => { query => "$examples query Nothing { __typename }", operationName => 'Nothing' });
is($answer->{content}, '{"data":{"__typename":"Query"}}', 'each of them suits the schema');
is(scalar(() = $examples =~ /\n\n# [A-Z][^\n]+\n(?:query|mutation) /g), scalar @names, 'and has a name of its own, as the page reads it');
# A domain of the schema that nobody shows is one that nobody finds.
for my $domain (glob 'bridge/graphql/schema/*.graphql')
{
	my @fields = map { /^  (\w+)/mg } slurp($domain) =~ /^extend type (?:Query|Mutation) \{\n(.*?)^\}/msg;
	ok(!@fields || (grep { $examples =~ /\b$_\b/ } @fields), "of $domain there is an example");
}
done_testing;
