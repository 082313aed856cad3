# GraphQL documents that clients name instead of sending them: documentId, Apollo's automatic persisted
# queries, and the setting that lets nothing else run (issue 12, line 5; anchors H.3).
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use JSON::PP qw(decode_json encode_json);
use Social;
use Test::More;

my $user = account();
my $tag  = sprintf 'd%x%x', $$, time;
my %bridge;
$bridge{$_} = start_bridge(GRAPHQL_DOCUMENTS => $_, LOOPS => 1) for 'off', 'only';
$bridge{prefer} = start_bridge(LOOPS => 1);

sub ask { my ($mode, $body, %option) = @_; return api(POST => '/graphql/', json => $body, url => $bridge{$mode}{url}, %option) }
sub get { my ($mode, $query, %option) = @_; return api(GET => "/graphql/?$query", url => $bridge{$mode}{url}, %option) }
sub escape { my ($text) = @_; return $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger }
sub apq { my ($hash) = @_; return { persistedQuery => { version => 1, sha256Hash => $hash } } }
sub is_data { my ($answer, $data, $name) = @_; local $Test::Builder::Level = $Test::Builder::Level + 1; return is_deeply($answer->{json}, { data => $data }, $name) || diag("$answer->{status} $answer->{content}") }
sub is_refused
{
	my ($answer, $code, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return ok($answer->{status} == 200 && !exists $answer->{json}{data} && @{ $answer->{json}{errors} // [] } == 1 && $answer->{json}{errors}[0]{extensions}{code} eq $code, $name)
	  || diag("$answer->{status} $answer->{content}");
}

# ---- what stands in the database
my $document = "query Me(\$on: Boolean = true) { $tag: me \@include(if: \$on) { username } }";
my $hash     = sha256_hex($document);
is(psql("SELECT social.add_graphql_document('$document')"), "sha256:$hash", 'the database has the hash that clients compute');
psql("SELECT social.add_graphql_document('$document', '$tag')");
my $me = { $tag => { username => $user->{username} } };
for my $mode ('prefer', 'only')
{
	is_data(ask($mode, { documentId => $_ }, token => $user->{token}), $me, "$mode: documentId $_") for "sha256:$hash", $tag, $tag;
	is_data(ask($mode, { documentId => $tag, variables => { on => JSON::PP::false }, operationName => 'Me' }), {}, "$mode: with variables and an operation name");
	is_data(ask($mode, { extensions => apq($hash) }, token => $user->{token}), $me, "$mode: Apollo's way");
	is_data(ask($mode, { extensions => apq(uc $hash), query => undef }, token => $user->{token}), $me, "$mode: in capitals");
	is_data(ask($mode, { extensions => apq($hash), query => $document }, token => $user->{token}), $me, "$mode: with the document");
	is_data(get($mode, "documentId=$tag", token => $user->{token}), $me, "$mode: by GET");
	is_data(get($mode, 'extensions=' . escape(encode_json(apq($hash))), token => $user->{token}), $me, "$mode: by GET, Apollo's way");
	is_refused(ask($mode, { documentId => $_ }), 'PERSISTED_QUERY_NOT_FOUND', "$mode: nothing is called " . substr $_, 0, 70) for "x$tag", 'sha256:' . sha256_hex("x$tag"), '', 'x' x 3000, "'; --";
	is_refused(ask($mode, { extensions => apq(sha256_hex('x')), query => $document }), 'BAD_USER_INPUT', "$mode: the hash of another document");
	my $unknown = ask($mode, { documentId => "x$tag" }, headers => { Accept => 'application/graphql-response+json' });
	is($unknown->{status}, 404, "$mode: unknown under GraphQL's own type");
	is($unknown->{json}{errors}[0]{message}, 'PersistedQueryNotFound', "$mode: in the words that Apollo's clients look for");
}
is_data(ask(prefer => { query => $document }, token => $user->{token}), $me, 'prefer: documents themselves are run, too');

# ---- Apollo's handshake: the hash, the answer that nobody knows it, the document with its hash, the hash
my $new  = "{ ${tag}x: me { username } }";
my $said = { "${tag}x" => { username => $user->{username} } };
is_refused(ask(prefer => { extensions => apq(sha256_hex($new)) }), 'PERSISTED_QUERY_NOT_FOUND', 'a hash that nobody knows');
is_data(ask(prefer => { extensions => apq(sha256_hex($new)), query => $new }, token => $user->{token}), $said, 'comes with its document');
is_data(ask(prefer => { extensions => apq(sha256_hex($new)) }, token => $user->{token}), $said, 'and is known from then on');
is_data(get(prefer => 'extensions=' . escape(encode_json(apq(sha256_hex($new)))), token => $user->{token}), $said, 'also by GET');
is_data(ask(prefer => { documentId => 'sha256:' . sha256_hex($new) }, token => $user->{token}), $said, 'and by the other name');
is(psql("SELECT count(*) FROM social.graphql_documents WHERE body LIKE '%${tag}x%'"), 0, 'strangers write nothing into the database');
my $writes = 'mutation { likePost(postId: 1) { success } }';
ask(prefer => { extensions => apq(sha256_hex($writes)), query => $writes });
is(get(prefer => 'extensions=' . escape(encode_json(apq(sha256_hex($writes)))), token => $user->{token})->{status}, 405, 'a mutation is none by GET, whatever it is called');

# ---- only, and off
is_refused(ask(only => { query => '{ __typename }' }), 'FORBIDDEN', 'only: no other document');
is_refused(ask(only => { query => $new, extensions => apq(sha256_hex($new)) }, token => $user->{token}), 'PERSISTED_QUERY_NOT_FOUND', 'only: nor with its hash');
is_refused(get(only => 'query=' . escape('{ __typename }')), 'FORBIDDEN', 'only: nor by GET');
is_refused(api(POST => '/graphql/', type => 'application/graphql', body => '{ __typename }', url => $bridge{only}{url}), 'FORBIDDEN', 'only: nor as it is');
is(ask(only => { query => '{ __typename }' }, headers => { Accept => 'application/graphql-response+json' })->{status}, 403, 'only: its status');
is_refused(ask(off => { documentId => $tag }), 'PERSISTED_QUERY_NOT_SUPPORTED', 'off: no names');
my $off = ask(off => { extensions => apq($hash) });
is($off->{json}{errors}[0]{message}, 'PersistedQueryNotSupported', "off: in the words that Apollo's clients look for");
is_data(ask(off => { extensions => apq($hash), query => $document }, token => $user->{token}), $me, 'off: a document is run, whatever hash it has');

# ---- what is no request
is_error(ask(prefer => $_->[0]), 400, 'BAD_REQUEST', $_->[1])
  for [ { documentId => 1 }, 'a number as documentId' ], [ { documentId => "a\0" }, 'U+0000 in it' ], [ { documentId => $tag, query => '{ __typename }' }, 'both' ],
  [ { documentId => $tag, extensions => apq($hash) }, 'two names' ], [ { extensions => { persistedQuery => 1 } }, 'no object' ], [ { extensions => { persistedQuery => { version => 2, sha256Hash => $hash } } }, 'another version' ],
  [ { extensions => apq("x$hash") }, 'no hash' ], [ { extensions => apq('x' x 64) }, 'no hexadecimal' ], [ { query => undef }, 'neither' ], [ { documentId => undef }, 'neither, said otherwise' ];
is_error(get(prefer => "documentId=$tag&documentId=$tag"), 400, 'BAD_REQUEST', 'twice by GET');
is_error(get(prefer => "documentId=$tag&query=%7B__typename%7D"), 400, 'BAD_REQUEST', 'both by GET');

# What is removed is gone where it has not been seen, and within a minute where it has.
psql("SELECT social.add_graphql_document('{ ${tag}y: __typename }', '${tag}y'), social.remove_graphql_document('${tag}y')");
is_refused(ask(prefer => { documentId => "${tag}y" }), 'PERSISTED_QUERY_NOT_FOUND', 'removed is removed');
psql("SELECT social.remove_graphql_document(id) FROM social.admin_graphql_documents WHERE body LIKE '%$tag%'");
done_testing;
