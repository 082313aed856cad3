# GraphQL over server-sent events (graphql-sse, distinct connections): an answer is `next`, then comes `complete`; a
# subscription goes on, and who comes back misses nothing (issue 14).
use strict;
use warnings;
use EventStream;
use JSON::PP;
use Social;
use Test::More;

my $bridge = start_bridge(LOOPS => 2, SSE_HEARTBEAT => 3600);
my $url    = $bridge->{url};
my ($ann, $bob) = map { account(url => $url) } 1, 2;
sub post { my ($who, %post) = @_; return api(POST => '/api/posts/posts/', token => $who->{token}, url => $url, json => { title => 'a title', content => 'text', %post })->{json} }

# Asks by POST, as whoever has the account.
sub ask
{
	my ($who, $query, %more) = @_;
	my $last = delete $more{last_id};
	my $headers = delete $more{headers} // {};
	my $body = encode_json({ query => $query, %more });
	return EventStream->new('', url => $url, method => 'POST', path => '/graphql/', $who ? (token => $who->{token}) : (), defined $last ? (last_id => $last) : (),
		headers => { 'Content-Type' => 'application/json', 'Content-Length' => length $body, %$headers }, more => $body);
}

# What came up to the end: [event, data], ...
sub all_of { my ($stream) = @_; my @all; while (my $block = $stream->next_block) { push @all, [ $block->{event}, $block->{data} ] if defined $block->{event}; last if ($block->{event} // '') eq 'complete' } return \@all }

# A subscription that hears of what is new.
sub listen_to { my ($who, $query, %more) = @_; my $stream = ask($who, $query, %more); $stream->next_block if $stream->{status} == 200; return $stream }

# ---- one answer
my $post  = post($bob, title => 'for sse');
my $query = ask($ann, '{ me { id } }');
is($query->{headers}{'content-type'}, 'text/event-stream', 'who names text/event-stream gets one');
is_deeply(all_of($query), [ [ next => { data => { me => { id => "$ann->{id}" } } } ], [ complete => '' ] ], 'a query: next, complete');
is_deeply([ map { $_->[0] } @{ all_of(ask($ann, 'mutation { createPost(title: "by sse", content: "text") { success } }')) } ], [qw(next complete)], 'a mutation likewise');
my $refused = all_of(ask($ann, '{ nothing }'));
is($refused->[0][1]{errors}[0]{extensions}{code}, 'GRAPHQL_VALIDATION_FAILED', 'what is not valid is told the same way');
is($refused->[1][0], 'complete', 'and is over');
my $json = api(POST => '/graphql/', url => $url, json => { query => "subscription { postUpdated(postId: $post->{id}) { id } }" });
is($json->{json}{errors}[0]{extensions}{code}, 'SUBSCRIPTION_NOT_CARRIED', 'as JSON there is no subscription');
my $preferred = api(POST => '/graphql/', url => $url, headers => { Accept => 'application/json, text/event-stream;q=0.5' }, json => { query => '{ __typename }' });
is($preferred->{headers}{'content-type'}, 'application/json', 'who would rather have JSON gets it');
$preferred = api(POST => '/graphql/', url => $url, headers => { Accept => 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed' }, json => { query => '{ __typename }' });
is($preferred->{headers}{'content-type'}, 'application/graphql-response+json', 'so does who takes either, as urql does');
my %once = (headers => { 'Idempotency-Key' => "sse-$$" });
my $first = all_of(ask($ann, 'mutation { createPost(title: "once", content: "by sse") { post { id } } }', %once));
my $again = all_of(ask($ann, 'mutation { createPost(title: "once", content: "by sse") { post { id } } }', %once));
is_deeply($again, $first, 'Idempotency-Key holds');
is(ask({ token => 'nonsense' }, '{ me { id } }')->{status}, 401, 'a bad token: 401, and no stream');
is(ask($ann, '{ me { id } }', extensions => { lastEventId => 'x' })->{status}, 400, 'no id of an event: 400');

# ---- subscriptions
my $stream = listen_to($ann, "subscription { postUpdated(postId: $post->{id}) { title } }");
is($stream->{status}, 200, 'a subscription begins');
my $edit = sub { api(PUT => "/api/posts/posts/$post->{id}/", token => $bob->{token}, url => $url, json => { title => $_[0], content => 'text' }) };
$edit->('edited');
my $heard = $stream->hear('next');
is_deeply($heard->{data}{data}, { postUpdated => { title => 'edited' } }, 'and hears');
is($heard->{id}, $heard->{data}{extensions}{eventId}, 'by the id of the log');
my $new = listen_to(undef, 'subscription { postCreated { id title } }');
my $made = post($bob, title => 'new');
is($new->hear('next')->{data}{data}{postCreated}{title}, 'new', 'a stranger, too');
my $get = EventStream->new('', url => $url, token => $ann->{token}, path => '/graphql/?query=subscription%7BnotificationReceived%7Btype%7D%7D');
$get->next_block;
api(POST => "/api/posts/posts/$made->{id}/like/", token => $bob->{token}, url => $url);
api(POST => "/api/accounts/users/$ann->{id}/follow/", token => $bob->{token}, url => $url);
is($get->hear('next')->{data}{data}{notificationReceived}{type}, 'FOLLOW', 'by GET, as an EventSource asks');
for my $row ([ 'NOT_FOUND', $ann, 'subscription { postUpdated(postId: 9007199254740991) { id } }' ], [ 'UNAUTHENTICATED', undef, 'subscription { feedUpdated { post { id } } }' ])
{
	my ($code, $who, $document) = @$row;
	my $all = all_of(ask($who, $document));
	is_deeply([ $all->[0][1]{errors}[0]{extensions}{code}, $all->[1][0] ], [ $code, 'complete' ], "$code is told, and it is over");
}

# ---- coming back
my $back = ask($ann, "subscription { postUpdated(postId: $post->{id}) { title } }", last_id => $heard->{id} - 1);
is($back->hear('next')->{id}, $heard->{id}, 'Last-Event-ID: what came after it');
my $named = ask($ann, "subscription { postUpdated(postId: $post->{id}) { title } }", extensions => { lastEventId => $heard->{id} - 1 });
is($named->hear('next')->{id}, $heard->{id}, 'or in the extensions');
my $future = all_of(ask($ann, 'subscription { postCreated { id } }', last_id => 9_007_199_254_740_991));
is($future->[0][1]{errors}[0]{extensions}{code}, 'RESYNC', 'an id that the log has not given out');

# ---- the end
my $eve     = account(url => $url);
my $leaving = listen_to($eve, 'subscription { postCreated(tag: "nobodys") { id } }');
api(POST => '/api/auth/logout/', url => $url, token => $eve->{token}, json => { refresh => $eve->{refresh} });
is_deeply([ map { $_->[1] && $_->[1]{errors} ? $_->[1]{errors}[0]{extensions}{code} : $_->[0] } @{ all_of($leaving) } ], [qw(UNAUTHENTICATED complete)], 'P-17: it dies with its session');
SKIP:
{
	skip 'test/npm is not installed: the npm registry was out of reach', 1 unless -f 'test/npm/node_modules/.installed';
	my $target = post($ann, title => 'for sse');
	open my $npm, '-|', 'node', 'test/npm/graphql_sse.mjs', $url, $ann->{token}, $target->{id} or die;
	is(scalar(<$npm>), "asked\n", 'npm graphql-sse asks');
	my $told;
	my $n = 0;
	wait_until(60, sub { api(PATCH => "/api/posts/posts/$target->{id}/", token => $ann->{token}, url => $url, json => { title => 'edit ' . ++$n }); IO::Select->new($npm)->can_read(0.5) });
	$told = decode_json(scalar(<$npm>) // '{}');
	close $npm;
	is_deeply($told->{query}{data}, { post => { title => 'for sse' } }, 'a query');
	like(encode_json($told->{refused}), qr/GRAPHQL_VALIDATION_FAILED/, 'a refusal');
	like($told->{event}{data}{postUpdated}{title}, qr/^edit /, 'an event') or diag(explain($told));
}
$bridge->signal('TERM');
my $rest = all_of($stream);
ok(!grep({ $_->[0] eq 'complete' } @$rest), 'a bridge that stops does not say that it is complete');
done_testing();
