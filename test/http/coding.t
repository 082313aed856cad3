# Answers are compressed for who accepts it (issue 13, "HTTP a client expects": gzip, br).
use strict;
use warnings;
use Social;
use Test::More;

my $ann  = account();
my @me   = (token => $ann->{token});
my $text = join ' ', map { "word$_" } 1 .. 400;
my $id   = api(POST => '/api/posts/posts/', @me, json => { title => 'long', content => $text })->{json}{id};
my $path = "/api/posts/posts/$id/";
sub get { my ($path, $accept, %option) = @_; return api(GET => $path, @me, %option, headers => { 'Accept-Encoding' => $accept, %{ $option{headers} // {} } }) }

my $plain = api(GET => $path, @me);
ok(!exists $plain->{headers}{'content-encoding'}, 'who does not ask gets it as it is');
like($plain->{headers}{vary}, qr/\bAccept-Encoding\b/, 'and caches are told that others do');
my $coded = get($path, 'gzip');
is($coded->{headers}{'content-encoding'}, 'gzip', 'gzip');
is($coded->{text}, $plain->{content}, 'of the same bytes');
is($coded->{headers}{'content-length'}, length $coded->{content}, 'with their length');
cmp_ok(length $coded->{content}, '<', length($plain->{content}) / 2, 'fewer of them');
is($coded->{headers}{etag}, $plain->{headers}{etag} =~ s/"\z/-gzip"/r, 'and a tag of their own');
like($coded->{headers}{vary}, qr/\bAccept-Encoding\b/, 'caches are told');
is(get($path, 'br, gzip')->{headers}{'content-encoding'}, 'br', 'br where it is as welcome');
for my $accept ('gzip;q=0', 'identity', 'deflate', '*;q=0', 'gzip;q=0.5, identity;q=1', 'nonsense')
{
	is(get($path, $accept)->{content}, $plain->{content}, "as it is: Accept-Encoding: $accept");
}
my $head = api(HEAD => $path, @me, headers => { 'Accept-Encoding' => 'gzip' });
is_deeply([ @{ $head->{headers} }{qw(content-encoding content-length etag)} ], [ @{ $coded->{headers} }{qw(content-encoding content-length etag)} ], 'HEAD tells the same');

# Tags: either names the document, whatever the coding.
for my $accept ('gzip', 'br', 'identity')
{
	my $again = get($path, $accept, headers => { 'If-None-Match' => $coded->{headers}{etag} });
	is("$again->{status} " . length($again->{content} // ''), '304 0', "304: Accept-Encoding: $accept");
}
is(api(PATCH => $path, @me, json => { title => 'longer' }, headers => { 'If-Match' => $coded->{headers}{etag} })->{status}, 200, 'an update takes it, too');

# Small answers, errors and what is about accounts stay as they are.
my $small = api(POST => '/api/posts/posts/', @me, json => { title => 'short', content => 'text' })->{json}{id};
ok(!exists get("/api/posts/posts/$small/", 'gzip')->{headers}{$_}, "no $_ on a small answer") for qw(content-encoding);
ok(!exists get('/api/posts/posts/9007199254740991/', 'gzip')->{headers}{'content-encoding'}, 'nor on errors');
api(PATCH => '/api/accounts/users/me/', @me, json => { bio => 'b' x 400, website => 'https://e.com/' . 'w' x 150, avatar => 'https://e.com/' . 'a' x 450, banner_image => 'https://e.com/' . 'c' x 450 });
my $account = get('/api/accounts/users/me/', 'gzip');
cmp_ok(length $account->{content}, '>', 1400, 'the own account');
ok(!exists $account->{headers}{'content-encoding'}, 'is not compressed, nor is what else may hold secrets');

# GraphQL: queries, not mutations. Bytes that never change.
my $post = sub { my ($query, $accept) = @_; api(POST => '/graphql/', @me, json => { query => $query }, headers => { 'Accept-Encoding' => $accept }) };
my $query = $post->("{ post(id: $id) { content } }", 'gzip');
is($query->{headers}{'content-encoding'}, 'gzip', 'GraphQL, too');
is($query->{json}{data}{post}{content}, $text, 'a query');
is($post->("mutation { updatePost(id: $id, title: \"again\") { post { content } } }", 'gzip')->{json}{data}{updatePost}{post}{content}, $text, 'a mutation stays as it is');
my $schema = api(GET => '/api/schema/');
is(get('/api/schema/', 'gzip')->{text}, $schema->{content}, 'a document of the program');
is(get('/api/schema/', 'gzip', headers => { 'If-None-Match' => $schema->{headers}{etag} })->{status}, 304, 'and its tag');

# The setting.
my $off = start_bridge(COMPRESS_MIN => 0);
ok(!exists get($path, 'gzip', url => $off->{url})->{headers}{'content-encoding'}, 'COMPRESS_MIN=0: nothing is');
my $all = start_bridge(COMPRESS_MIN => 1);
is(get("/api/posts/posts/$small/", 'gzip', url => $all->{url})->{headers}{'content-encoding'}, 'gzip', 'COMPRESS_MIN=1: everything');
done_testing;
