# API keys over REST, GraphQL, sockets and streams (issue 17 line 5, mission 3.4); consent and the page about
# security (line 4, mission 166).
use strict;
use warnings;
use EventStream;
use GraphQL;
use JSON::PP;
use Rest;
use Social;
use Test::More;
use Time::HiRes 'time';
use WebSocket;

my $bridge = start_bridge(LOOPS => 2, LOG_LEVEL => 'debug');
my $url    = $bridge->{url};
my ($ann, $bob, $staff) = map { account(url => $url) } 1 .. 3;
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");
my @secrets;

# A key as its owner makes it; {id, token}.
sub make_key
{
	my ($who, @scopes) = @_;
	my $answer = api(POST => '/api/auth/keys/', url => $url, token => $who->{token}, json => { password => $who->{password}, name => 'A script', scopes => \@scopes });
	is($answer->{status}, 201, "a key for @scopes") or diag($answer->{content});
	push @secrets, substr $answer->{json}{token}, 18;
	return $answer->{json};
}
sub by { my ($key, $method, $path, %option) = @_; return api($method => $path, url => $url, token => $key->{token}, %option) }

# ---- making
is_error(api(POST => '/api/auth/keys/', url => $url, json => { password => 'x', name => 'x', scopes => ['read'] }), 401, 'UNAUTHENTICATED', 'nobody makes a key');
is_error(api(POST => '/api/auth/keys/', url => $url, token => $ann->{token}, json => { password => 'wrong', name => 'x', scopes => ['read'] }), 403, 'FORBIDDEN', 'nor without the password');
is_error(api(POST => '/api/auth/keys/', url => $url, token => $bob->{token}, json => { password => $bob->{password}, name => 'x', scopes => $_ }), 400, 'BAD_REQUEST', 'nor for ' . encode_json([$_])) for { read => 1 }, [], [ 'read', 7 ];
is_error(api(POST => '/api/auth/keys/', url => $url, token => $bob->{token}, json => { password => $bob->{password}, name => 'x', scopes => ['sports:write'] }), 403, 'FORBIDDEN', 'what staff do is for staff');
my $reader = make_key($ann, 'read');
my $writer = make_key($ann, 'read', 'write');
like($reader->{token}, qr/^social_sk_[0-9A-Za-z]{57}$/, 'programs that look for secrets find it by its form');
my $listed = api(GET => '/api/auth/keys/', url => $url, token => $ann->{token});
is_deeply([ map { [ @$_{qw(id name prefix scopes last_used_at)} ] } @{ $listed->{json}{results} } ], [ map { [ $_->{id}, 'A script', substr($_->{token}, 0, 18), $_->{scopes}, undef ] } $writer, $reader ], 'its owner sees which there are');
unlike($listed->{content}, qr/\Q$_\E/, 'and no text of one') for @secrets;

# ---- what it may, over REST
my $current = by($reader, GET => '/api/auth/keys/current/');
is_deeply([ @{ $current->{json} }{qw(id user_id scopes)} ], [ $reader->{id}, $ann->{id}, ['read'] ], 'a key says whose it is');
is_error(api(GET => '/api/auth/keys/current/', url => $url, token => $ann->{token}), 404, 'NOT_FOUND', 'a login is none');
is(by($reader, GET => '/api/posts/feed/')->{status}, 200, 'it reads');
my $refused = by($reader, POST => '/api/posts/posts/', json => { title => 'x', content => 'y' });
is_error($refused, 403, 'SCOPE_MISSING', 'and writes nothing');
is($refused->{json}{detail}, 'It lacks the scope write.', 'it hears which scope it lacks');
is($refused->{headers}{'www-authenticate'}, 'Bearer error="insufficient_scope", scope="write"', 'as RFC 6750 says it');
my $post = by($writer, POST => '/api/posts/posts/', json => { title => 'By a key', content => 'text' }, headers => { 'Idempotency-Key' => 'k1' });
is($post->{status}, 201, 'one that may write does');
is($post->{json}{author}{id}, $ann->{id}, 'as its owner');
is_error(by($writer, POST => '/api/sports/leagues/', json => { name => 'x' }), 403, 'SCOPE_MISSING', 'not what staff write');
for (
	[ GET => '/api/auth/users/me/' ], [ GET => '/api/auth/keys/' ], [ GET => '/api/auth/security/' ], [ GET => '/api/auth/consents/' ], [ GET => '/api/auth/users/active-sessions/' ], [ POST => '/api/auth/logout-all/' ],
	[ POST => '/api/auth/logout/' ], [ DELETE => "/api/auth/keys/$writer->{id}/" ], [ POST => '/api/auth/users/me/change-password/', json => { old_password => $ann->{password}, new_password => 'another good one' } ],
	[ POST => '/api/auth/keys/', json => { password => $ann->{password}, name => 'x', scopes => ['read'] } ], [ POST => '/api/auth/users/me/delete/', json => { password => $ann->{password} } ]
  )
{
	my ($method, $path, %option) = @$_;
	is_error(by($writer, $method => $path, %option), 403, 'NOT_FOR_KEYS', "$method $path is for who has logged in");
}

# ---- staff
my $import = make_key($staff, 'sports:write');
my $admin  = make_key($staff, 'admin:read');
is(by($import, POST => '/api/sports/import/', json => { provider => "keys$staff->{id}", leagues => [ { id => 'L', name => "Keyed $staff->{id}" } ] })->{status}, 200, 'seed 150: a script imports');
is_error(by($import, GET => '/api/posts/feed/'), 403, 'SCOPE_MISSING', 'and reads nothing');
is(by($admin, GET => '/api/moderation/reports/')->{status}, 200, 'another reads reports');
is(by($admin, GET => '/api/posts/metrics/')->{status}, 200, 'and figures');
is(by($admin, POST => "/api/moderation/users/$bob->{id}/suspend/")->{json}{detail}, 'It lacks the scope admin:write.', 'and suspends nobody');
psql("UPDATE social.users SET is_staff = false WHERE id = $staff->{id}");
is_error(by($import, POST => '/api/sports/leagues/', json => { name => 'x' }), 403, 'FORBIDDEN', 'who is of the staff no more has keys that are worth no more');
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");

# ---- every route is for keys by a word of the table, or is not for keys
my ($routes) = decode_json(scalar `$ENV{BRIDGE_BIN} --routes`);
my %not_for_keys = map { $_ => 1 } qw(logout logout_all email.request account.get account.replace account.update account.profile password.change account.delete totp.enable totp.confirm totp.disable totp.recovery
  attempts.list sessions.list sessions.revoke sessions.clear keys.list keys.create keys.revoke consents.state consents.give consents.withdraw consents.history security.get security.changes
  webhooks.list webhooks.create webhooks.get webhooks.update webhooks.delete webhooks.rotate_secret webhooks.test webhooks.recover webhooks.deliveries webhooks.attempts webhooks.replay);
is_deeply([ grep { !$not_for_keys{$_} } map { $_->{name} } grep { $_->{auth} !~ /^(none|admin|ingest)$/ && $_->{scope} eq '' && $_->{tag} ne 'account' } @{ $routes->{routes} } ], [], 'what is not for keys is about the account (or give it a scope in scope.def)');
is_deeply([ map { $_->{name} } grep { $_->{scope} ne '' && $not_for_keys{ $_->{name} } } @{ $routes->{routes} } ], [], 'and that is not');
is_deeply([ map { "$_->{method} $_->{name}" } grep { $_->{method} eq 'GET' && $_->{scope} =~ /write/ && $_->{name} ne 'streams.watch' } @{ $routes->{routes} } ], [], 'what reads asks for no scope that writes, but where it is noted who watches');
is_deeply([ map { "$_->{method} $_->{name}" } grep { $_->{method} !~ /^GET$/ && $_->{scope} =~ /read/ } @{ $routes->{routes} } ], [], 'and what writes for one that does');
open my $table, '<', 'bridge/api/scope.def' or die $!;
my $text = do { local $/; <$table> };
my (%routes_named, %fields_named);
while ($text =~ /SB_SCOPE\(\w+,((?:\s*"[^"]*")+),((?:\s*"[^"]*")+)\)/g)
{
	my @lists = ($1, $2);
	for my $list (0, 1)
	{
		my $named = (\%routes_named, \%fields_named)[$list];
		$named->{$_}++ for map { split } $lists[$list] =~ /"([^"]*)"/g;
	}
}
my %known = map { $_->{name} => 1 } @{ $routes->{routes} };
is_deeply([ grep { !$known{$_} } sort keys %routes_named ], [], 'every route that the table names is there');
my $schema = decode_json(api(POST => '/graphql/', json => { query => '{ __schema { types { name fields { name } } } }' }, token => $staff->{token}, url => $url)->{content});
my %fields = map { $_->{name} => 1 } map { @{ $_->{fields} // [] } } grep { $_->{name} =~ /^(Query|Mutation|Subscription)$/ } @{ $schema->{data}{__schema}{types} };
is_deeply([ grep { !$fields{$_} } sort keys %fields_named ], [], 'and every field');
is_deeply([ grep { $routes_named{$_} > 1 } keys %routes_named ], [], 'a route once');
is_deeply([ grep { $fields_named{$_} > 1 } keys %fields_named ], [], 'a field once');
is_deeply([ sort grep { my $plain = s/Connection$//r; !$fields_named{$plain} } keys %fields ], [ sort qw(register login refreshToken logout logoutAll revokeSession clearExpiredSessions changePassword requestPasswordReset resetPassword changeEmail
	  requestEmailVerification verifyEmail enableTotp confirmTotp disableTotp deleteAccount regenerateRecoveryCodes createApiKey revokeApiKey apiKeys apiKeysConnection consents consentHistory consentHistoryConnection giveConsent withdrawConsent security myExport requestExport deleteExport exportChanged
	  myWebhooks myWebhooksConnection webhook createWebhook updateWebhook deleteWebhook rotateWebhookSecret testWebhook replayWebhookDelivery recoverWebhook) ],
	'fields that are not for keys are about the account (or give them a scope in scope.def)');

# ---- OpenAPI
my $openapi = api(GET => '/api/schema/', url => $url)->{json};
is($openapi->{components}{securitySchemes}{api_key}{scheme}, 'bearer', 'OpenAPI has the scheme');
is_deeply($openapi->{paths}{'/api/posts/posts/'}{post}{security}, [ { bearer => [] }, { api_key => ['write'] } ], 'and which scope an operation needs');
is_deeply($openapi->{paths}{'/api/auth/logout-all/'}{post}{security}, [ { bearer => [] } ], 'or that it is not for keys');

# ---- GraphQL
sub ask_by { my ($key, $query) = @_; return api(POST => '/graphql/', url => $url, json => { query => $query }, token => $key->{token})->{json} }
is_deeply(ask_by($reader, '{ me { id email settings { email } sessions { id } } currentApiKey { id scopes } allPostsConnection(first: 1) { edges { cursor } } }')->{data}{me}, { id => "$ann->{id}", email => undef, settings => undef, sessions => [] }, 'over GraphQL it reads, but nothing of the account');
is(ask_by($reader, 'mutation { createPost(title: "x", content: "y") { success } }')->{errors}[0]{extensions}{code}, 'SCOPE_MISSING', 'it writes nothing');
is(ask_by($reader, 'mutation { createPost(title: "x", content: "y") { success } }')->{errors}[0]{message}, 'createPost: the API key may not do this. It lacks the scope write.', 'and hears which field, and which scope');
is(ask_by($reader, '{ me { id } q: security { email } }')->{errors}[0]{extensions}{code}, 'NOT_FOR_KEYS', 'one field is enough, under any name');
is(ask_by($writer, 'mutation { a: createPost(title: "x", content: "y") { success } createApiKey(password: "x", name: "x", scopes: ["read"]) { token } }')->{data}, undef, 'a mutation is refused as a whole');
is(psql("SELECT count(*) FROM social.posts WHERE author_id = $ann->{id} AND title = 'x'"), 0, 'before anything is written');
is(ask_by($writer, 'mutation { createPost(title: "By GraphQL", content: "y") { success } }')->{data}{createPost}{success}, $yes, 'what may write does');
my $made = ask($bob, 'mutation($p: String!) { createApiKey(password: $p, name: "G", scopes: ["read"], expiresAt: "2026-12-24T00:00:00Z") { id token prefix scopes expiresAt success } }', p => $bob->{password})->{data}{createApiKey};
like($made->{token}, qr/^\Q$made->{prefix}\E/, 'a key is made over GraphQL, too');
push @secrets, substr $made->{token}, 18;
is_deeply(get($bob, '{ apiKeys { id name isLive lastUsedAt } }'), [ { id => $made->{id}, name => 'G', isLive => $yes, lastUsedAt => undef } ], 'listed');
is(get($bob, 'mutation($id: ID!) { revokeApiKey(id: $id) { id } }', id => $made->{id})->{id}, $made->{id}, 'and revoked');
refused('NOT_FOUND', 'by its owner', $bob, 'mutation($id: ID!) { revokeApiKey(id: $id) { id } }', id => $reader->{id});

# ---- a key that is none
sub no_key { my ($token, $message, $name) = @_; my $answer = api(GET => '/api/posts/feed/', url => $url, token => $token); is_error($answer, 401, 'UNAUTHENTICATED', $name); is($answer->{json}{error}, $message, "$name: $message"); return $answer }
my $typo = $reader->{token};
substr($typo, 30, 1) = substr($typo, 30, 1) eq 'A' ? 'B' : 'A';
no_key($typo, 'the API key is mistyped', 'a typo is told');
no_key(substr($reader->{token}, 0, 60), 'the API key is not complete', 'so is what lacks its end');
is(no_key(psql('SELECT social.api_key_new()'), 'the API key is unknown, has expired or was revoked', 'one that nobody has')->{headers}{'www-authenticate'}, 'Bearer error="invalid_token"', 'as RFC 6750 says it');
no_key("$made->{token}", 'the API key is unknown, has expired or was revoked', 'one that was revoked');

# ---- last used: noted apart from the request, once a minute
ok(wait_until(30, sub { psql("SELECT last_used_at IS NOT NULL FROM social.api_keys WHERE id = $reader->{id}") eq 't' }), 'that it is in use is noted');
my $xmin = psql("SELECT xmin FROM social.api_keys WHERE id = $reader->{id}");
by($reader, GET => '/api/posts/feed/') for 1 .. 5;
is(psql("SELECT xmin FROM social.api_keys WHERE id = $reader->{id}"), $xmin, 'once a minute, not with each request');

# ---- sockets and streams
sub dial { my ($path, %option) = @_; return WebSocket->new($path, url => $url, %option) }
my $by_header  = dial('/ws/', token => $reader->{token});
my $by_message = dial('/ws/');
$by_message->say_json({ type => 'auth', token => $writer->{token} });
is($_->next_message->{data}{user_id}, $ann->{id}, 'a socket by a key') for $by_header, $by_message;
$by_message->say_json({ type => 'subscribe', topic => 'feed' });
is($by_message->next_message->{type}, 'subscribed', 'hears what its owner may hear');
my $deaf = make_key($bob, 'write');
is(dial('/ws/', token => $deaf->{token})->{status}, 403, 'without the scope read: 403');
my $late = dial('/ws/');
$late->say_json({ type => 'auth', token => $deaf->{token} });
is($late->closed_with, 4403, 'in a message: 4403');
is_error(by($deaf, GET => '/api/events/?topics=feed'), 403, 'SCOPE_MISSING', 'and no stream');
my $stream = EventStream->new('topics=feed', url => $url, token => $writer->{token});
ok($stream->hear('subscribed'), 'a stream by a key');
my $graphql = dial('/graphql/', protocol => 'graphql-transport-ws');
$graphql->say_json({ type => 'connection_init', payload => { Authorization => "Bearer $writer->{token}" } });
is($graphql->next_message->{type}, 'connection_ack', 'GraphQL on a socket');
$graphql->say_json({ type => 'subscribe', id => '1', payload => { query => 'mutation { logoutAll { success } }' } });
my $said = $graphql->next_message;
is($said->{payload}[0]{extensions}{code}, 'NOT_FOR_KEYS', 'asks for scopes as well');
$graphql->say_json({ type => 'subscribe', id => '2', payload => { query => "subscription { postUpdated(postId: $post->{json}{id}) { id author { username } } }" } });
ok(wait_until(30, sub { my $message = $graphql->next_message; ($message->{type} // '') eq 'ping' && ($message->{payload}{subscribed} // '') eq '2' }), 'a subscription by a key');
is(by($writer, PATCH => "/api/posts/posts/$post->{json}{id}/", json => { title => 'Edited by a key' })->{status}, 200, 'something happens');
my $event;
ok(wait_until(30, sub { $event = $graphql->next_message; ($event->{type} // '') eq 'next' }), 'and is told');
is($event->{payload}{data}{postUpdated}{author}{username}, $ann->{username}, 'as its owner sees it');

# ---- revoked: within a second, whatever it holds open
# How long anything takes to be heard here and now; a slow machine is slow with that, too.
$by_header->say_json({ type => 'subscribe', topic => "user:$ann->{id}" });
ok(wait_until(30, sub { ($by_header->next_message->{type} // '') eq 'subscribed' }), 'a socket that shows how long an event takes');
my $usual = 0;
for my $n (1 .. 3)
{
	my $said_at = time;
	api(POST => '/api/posts/posts/', url => $url, token => $ann->{token}, json => { title => "Event $n", content => 'text' });
	wait_until(30, sub { my $heard = $by_header->next_message; ($heard->{type} // '') eq 'post.created' && $heard->{data}{title} eq "Event $n" }) or fail("event $n is heard");
	$usual = time - $said_at if time - $said_at > $usual;
}
my $began = time;
is(api(DELETE => "/api/auth/keys/$writer->{id}/", url => $url, token => $ann->{token})->{status}, 200, 'its owner revokes it');
my @after = map { by($writer, GET => '/api/posts/feed/')->{status} } 1 .. 8;
is_deeply(\@after, [ map { 401 } 1 .. 8 ], 'issue 17: from then on its requests are refused, on every loop');
is($by_message->closed_with, 4401, 'its sockets end: 4401');
is($graphql->closed_with, 4401, 'GraphQL\'s too');
is($stream->closed_with->{code}, 4401, 'its streams');
my $took = time - $began;
ok(wait_until(30, sub { api(POST => '/graphql/', url => $url, json => { query => '{ __typename }' }, token => $writer->{token})->{status} == 401 }), 'and what needs no statement is refused');
my $all = time - $began;
diag(sprintf 'its sockets ended after %.0f ms, all of it was refused after %.0f ms; an event takes %.0f ms', 1000 * $took, 1000 * $all, 1000 * $usual);
cmp_ok($_, '<=', 1 + 8 * $usual, 'issue 17: within a second, but for what this machine takes for eight events') for $took, $all;
is(by($reader, GET => '/api/posts/feed/')->{status}, 200, 'another key of the same person goes on');
# ---- an owner who may not act
my $bobs  = make_key($bob, 'read');
my $heard = dial('/ws/', token => $bobs->{token});
is($heard->next_message->{type}, 'ready', 'a socket of another');
psql("UPDATE social.users SET suspended_at = now() WHERE id = $bob->{id}");
is($heard->closed_with, 4401, 'a suspended owner\'s sockets end: 4401');
is(by($bobs, GET => '/api/posts/feed/')->{status}, 401, 'and his keys are dead');
psql("UPDATE social.users SET suspended_at = NULL WHERE id = $bob->{id}");
is(by($bobs, GET => '/api/posts/feed/')->{status}, 401, 'for good');

# ---- limits: a subject of its own
my $limited = start_bridge(LOOPS => 1, RATE_LIMITS => 'on');
my $status  = api(GET => '/api/posts/rate-limit-status/', url => $limited->{url}, token => $reader->{token});
my ($global) = grep { $_->{action} eq 'global' } @{ $status->{json}{limits} // $status->{json}{results} // [] };
is($global->{subject}, 'key', 'a key is counted by itself') or diag($status->{content});
my $before = api(GET => '/api/posts/feed/', url => $limited->{url}, token => $ann->{token})->{headers}{'x-ratelimit-remaining'};
api(GET => '/api/posts/feed/', url => $limited->{url}, token => $reader->{token}) for 1 .. 5;
my $after = api(GET => '/api/posts/feed/', url => $limited->{url}, token => $ann->{token})->{headers}{'x-ratelimit-remaining'};
cmp_ok($before - $after, '<=', 2, 'what a script asks for is no matter of its owner\'s browser');
cmp_ok(api(GET => '/api/posts/feed/', url => $limited->{url}, token => $reader->{token})->{headers}{'x-ratelimit-remaining'}, '<=', 95, 'but of its own');

# ---- consent
psql("SELECT social.set_consent_document('terms$ann->{id}', '1', 'Terms', 'https://example.com/t', true)");
my ($terms) = grep { $_->{document} eq "terms$ann->{id}" } @{ api(GET => '/api/auth/consents/', url => $url, token => $ann->{token})->{json}{results} };
is_deeply([ @$terms{qw(version is_required is_given is_missing)} ], [ '1', $yes, $no, $yes ], 'seed 166: what is asked for');
is_error(api(POST => '/api/auth/consents/', url => $url, token => $ann->{token}, json => { document => "terms$ann->{id}", version => '0' }), 409, 'CONFLICT', 'another version holds');
is_error(api(POST => '/api/auth/consents/', url => $url, token => $ann->{token}, json => { document => 'none' }), 404, 'NOT_FOUND', 'there is no such document');
my $given = api(POST => '/api/auth/consents/', url => $url, token => $ann->{token}, json => { document => "terms$ann->{id}", version => '1' });
is($given->{status}, 200, 'agreed');
is(psql("SELECT source || ' ' || address FROM social.consents WHERE id = $given->{json}{id}"), 'rest 127.0.0.1', 'with where and from which address');
is(get($ann, 'mutation($d: String!) { withdrawConsent(document: $d) { success } }', d => "terms$ann->{id}")->{success}, $yes, 'taken back over GraphQL');
is_deeply([ map { [ $_->{is_given}, $_->{source} ] } @{ api(GET => '/api/auth/consents/history/', url => $url, token => $ann->{token})->{json}{results} } ], [ [ $no, 'graphql' ], [ $yes, 'rest' ] ], 'the history has both');
is_deeply(get($ann, '{ consentHistory { isGiven source } }'), [ { isGiven => $no, source => 'graphql' }, { isGiven => $yes, source => 'rest' } ], 'over GraphQL, too');
is_deeply([ grep { $_->{document} eq "terms$ann->{id}" } @{ get($ann, '{ consents { document isMissing saidVersion } }') } ], [ { document => "terms$ann->{id}", isMissing => $yes, saidVersion => '1' } ], 'and the state');
psql("UPDATE social.consent_documents SET is_required = false WHERE document = 'terms$ann->{id}'");

# ---- the page about security
my $page = api(GET => '/api/auth/security/', url => $url, token => $ann->{token})->{json};
is_deeply([ scalar @{ $page->{sessions} }, $page->{sessions}[0]{is_current}, scalar @{ $page->{api_keys} }, $page->{totp_enabled}, $page->{login_attempts}[0]{outcome}, $page->{changes}[0]{action} ], [ 1, $yes, 2, $no, 'success', 'revoke_api_key' ], 'sessions, keys, second factor, attempts, changes: in one');
my $shown = get($ann, '{ security { email totpEnabled sessions { isCurrent } apiKeys { isLive } loginAttempts { outcome } changes(first: 1) { action } changesConnection(first: 1) { edges { node { id } } } } }');
is_deeply([ $shown->{email}, $shown->{sessions}, $shown->{apiKeys}, $shown->{changes} ], [ $ann->{email}, [ { isCurrent => $yes } ], [ { isLive => $no }, { isLive => $yes } ], [ { action => 'revoke_api_key' } ] ], 'likewise over GraphQL');

# ---- nowhere to be read
ok($bridge->stop == 0, 'the bridge stops');
my $log = $bridge->log_text . $limited->log_text;
unlike($log, qr/\Q$_\E/, 'P-13: no key in the log of a bridge, even of all that it does') for @secrets;
open my $server, '<', "$ENV{RUN_DIR}/postgres.log" or die $!;
my $said_there = do { local $/; <$server> };
unlike($said_there, qr/\Q$_\E/, 'nor in the server\'s') for @secrets;
done_testing;
