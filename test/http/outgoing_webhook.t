# Webhooks over REST and GraphQL (mission 3.2; issue 17 line 6): each does what SQL does, for its owner alone. What
# arrives at receivers is in test/worker/webhook.t.
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($ann, $bob) = (account(), account());
my $base = '/api/accounts/webhooks';

# ---- REST
is_error(api(GET => "$base/"), 401, 'UNAUTHENTICATED', 'somebody must ask');
my $made = api(POST => "$base/", token => $ann->{token}, json => { url => 'https://example.com/hook', event_types => [ 'post.*', 'notification.created' ], topics => [ 'feed', 'notifications' ], description => 'Mine' });
is($made->{status}, 201, 'made');
my $id = $made->{json}{id};
like($made->{json}{secret}, qr/^whsec_/, 'its secret is told');
is_deeply([ @{ $made->{json} }{qw(url description state)}, @{ $made->{json}{topics} } ], [ 'https://example.com/hook', 'Mine', 'active', 'feed', "notifications:$ann->{id}" ], 'as it was asked for');
my $got = api(GET => "$base/$id/", token => $ann->{token})->{json};
is_deeply({ %$got, secret => $made->{json}{secret} }, $made->{json}, 'it is shown, without the secret');
is(api(GET => "$base/", token => $ann->{token})->{json}{results}[0]{id}, $id, 'and stands on the list');
is_error(api(POST => "$base/", token => $ann->{token}, json => $_), 400, 'BAD_REQUEST', 'not made: ' . encode_json($_))
  for { url => 'http://example.com/' }, { url => 'https://10.0.0.1/' }, { url => 'https://example.com', event_types => 'post.created' }, { url => 'https://example.com', event_types => [1] }, { url => 'https://example.com', topics => ['x'] }, { topics => ['posts'] };
is_error(api(POST => "$base/", token => $ann->{token}, json => { url => 'https://example.com', topics => ['*'] }), 403, 'FORBIDDEN', 'everything is for staff');
my $key = 'hook-' . time;
my @twice = map { api(POST => "$base/", token => $ann->{token}, headers => { 'Idempotency-Key' => $key }, json => { url => 'https://example.com/twice' }) } 1 .. 2;
unlike(psql("SELECT coalesce(string_agg(answer::text, ' '), '') FROM social.idempotency_keys WHERE user_id = $ann->{id}"), qr/whsec_/, 'no secret is kept for an Idempotency-Key');
my $changed = api(PATCH => "$base/$id/", token => $ann->{token}, json => { event_types => ['*'], description => undef, is_active => JSON::PP::false });
is_deeply([ @{ $changed->{json} }{qw(state description)}, $changed->{json}{event_types}[0] ], [ 'paused', '', '*' ], 'changed');
is_error(api(POST => "$base/$id/test/", token => $ann->{token}), 409, 'CONFLICT', 'a paused one is told nothing');
is(api(PATCH => "$base/$id/", token => $ann->{token}, json => { is_active => JSON::PP::true })->{json}{state}, 'active', 'it goes on');
my $rotated = api(POST => "$base/$id/rotate-secret/", token => $ann->{token}, json => { kind => 'ed25519', overlap_seconds => 60 });
like($rotated->{json}{secret}, qr/^whpk_/, 'another secret');
is(scalar @{ $rotated->{json}{secrets} }, 2, 'beside the first one');
my $test = api(POST => "$base/$id/test/", token => $ann->{token})->{json};
is_deeply([ @$test{qw(type state attempts)} ], [ 'webhook.test', 'waiting', 0 ], 'a test waits');
is(api(GET => "$base/$id/deliveries/?state=waiting", token => $ann->{token})->{json}{results}[0]{message_id}, "msg_$test->{id}", 'among the deliveries');
is_error(api(GET => "$base/$id/deliveries/?state=lost", token => $ann->{token}), 400, 'BAD_REQUEST', 'states are known');
is_deeply(api(GET => "$base/$id/attempts/", token => $ann->{token})->{json}{results}, [], 'no attempt yet');
is(api(POST => "$base/deliveries/$test->{id}/replay/", token => $ann->{token})->{json}{id}, $test->{id}, 'replayed');
is(api(POST => "$base/$id/recover/", token => $ann->{token}, json => { since => '2026-01-01T00:00:00Z' })->{status}, 200, 'recovered');
is_error(api(POST => "$base/$id/recover/", token => $ann->{token}, json => { since => '2999-01-01T00:00:00Z' }), 400, 'BAD_REQUEST', 'not from the future');
for ([ GET => "$base/$id/" ], [ PATCH => "$base/$id/", { url => 'https://example.com' } ], [ DELETE => "$base/$id/" ], [ POST => "$base/$id/test/" ], [ POST => "$base/$id/rotate-secret/", {} ], [ GET => "$base/$id/deliveries/" ], [ GET => "$base/$id/attempts/" ], [ POST => "$base/deliveries/$test->{id}/replay/" ])
{
	my ($method, $path, $json) = @$_;
	is_error(api($method, $path, token => $bob->{token}, $json ? (json => $json) : ()), 404, 'NOT_FOUND', "another's: $method $path");
}

# ---- what the document says that receivers get
my $said = api(GET => '/api/schema/')->{json}{webhooks}{event}{post};
is_deeply([ map { $_->{name} } @{ $said->{parameters} } ], [qw(webhook-id webhook-timestamp webhook-signature)], 'OpenAPI: its headers');
is_deeply($said->{requestBody}{content}{'application/json'}{schema}{required}, [qw(type timestamp data)], 'and its body');

# ---- GraphQL
my $ask = sub { my ($query, $variables, $who) = @_; return api(POST => '/graphql/', token => ($who // $ann)->{token}, json => { query => $query, variables => $variables // {} })->{json} };
my $new = $ask->('mutation { createWebhook(url: "https://example.com/graphql", eventTypes: ["post.created"], topics: ["posts"], kind: ED25519) { success secret webhook { id state eventTypes topics secrets { kind publicKey } } } }')->{data}{createWebhook};
like($new->{secret}, qr/^whpk_/, 'GraphQL makes one');
is_deeply([ @{ $new->{webhook} }{qw(state eventTypes topics)} ], [ 'ACTIVE', ['post.created'], ['posts'] ], 'as it was asked for');
is_deeply($new->{webhook}{secrets}, [ { kind => 'ED25519', publicKey => $new->{secret} } ], 'with its public key');
my $hook = $new->{webhook}{id};
is($ask->('mutation($id: ID!) { updateWebhook(webhookId: $id, description: "Changed") { webhook { description } } }', { id => $hook })->{data}{updateWebhook}{webhook}{description}, 'Changed', 'changes it');
like($ask->('mutation($id: ID!) { rotateWebhookSecret(webhookId: $id, kind: HMAC, overlapSeconds: 0) { secret } }', { id => $hook })->{data}{rotateWebhookSecret}{secret}, qr/^whsec_/, 'rotates');
my $told = $ask->('mutation($id: ID!) { testWebhook(webhookId: $id) { delivery { id messageId state } } }', { id => $hook })->{data}{testWebhook}{delivery};
is($told->{state}, 'WAITING', 'tests');
is($ask->('mutation($id: ID!) { replayWebhookDelivery(deliveryId: $id) { delivery { id } } }', { id => $told->{id} })->{data}{replayWebhookDelivery}{delivery}{id}, $told->{id}, 'replays');
is($ask->('mutation($id: ID!) { recoverWebhook(webhookId: $id, since: "2026-01-01T00:00:00Z") { webhook { isRecovering } } }', { id => $hook })->{data}{recoverWebhook}{webhook}{isRecovering}, JSON::PP::true, 'recovers');
my $mine = $ask->('{ myWebhooks(first: 1) { id deliveries(state: WAITING) { messageId type } attempts { status } } myWebhooksConnection(first: 1) { pageInfo { hasNextPage } } }')->{data};
is_deeply($mine->{myWebhooks}, [ { id => $hook, deliveries => [ { messageId => "msg_$told->{id}", type => 'webhook.test' } ], attempts => [] } ], 'lists');
is($mine->{myWebhooksConnection}{pageInfo}{hasNextPage}, JSON::PP::true, 'in pages');
is($ask->('query($id: ID!) { webhook(id: $id) { id } }', { id => $hook }, $bob)->{data}{webhook}, undef, 'nobody else\'s');
is($ask->('mutation($id: ID!) { deleteWebhook(webhookId: $id) { id } }', { id => $hook }, $bob)->{errors}[0]{extensions}{code}, 'NOT_FOUND', 'nor to delete');
is($ask->('mutation($id: ID!) { deleteWebhook(webhookId: $id) { id } }', { id => $hook })->{data}{deleteWebhook}{id}, $hook, 'deletes');
is(api(DELETE => "$base/$id/", token => $ann->{token})->{json}{id}, $id, 'and so does REST');
psql("DELETE FROM social.webhooks WHERE owner_id = $ann->{id}");
done_testing;
