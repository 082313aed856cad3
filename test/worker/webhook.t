# social-worker delivers webhooks (mission 3.2; issue 17 line 6): receivers that are not ours verify them, in
# order; what fails is tried again, and bad receivers harm nobody.
use strict;
use warnings;
use File::Temp 'tempdir';
use JSON::PP;
use Social;
use Test::More;
use Webhook;
use Worker;

plan skip_all => 'needs the libraries of test/npm' unless -d 'test/npm/node_modules/svix';
allow_loopback();
my $receiver = start_receiver();
my $worker = start_worker(webhook_settings(https_proxy => 'http://127.0.0.1:1', http_proxy => 'http://127.0.0.1:1', all_proxy => 'http://127.0.0.1:1'));
my ($ann, $bob) = (account(), account());
sub comes { my ($path, $like, $name, $from) = @_; my $is = ''; wait_until(60, sub { ($is = titles(($from // $receiver)->received($path))) =~ $like }); local $Test::Builder::Level = $Test::Builder::Level + 1; like($is, $like, $name) or diag($worker->log_text); return }

# ---- what arrives, and how
my $hook = webhook_of($ann, $receiver, '/ok');
post_by($ann, "one$_") for 1 .. 3;
comes('/ok', qr/^one1,one2,one3$/, 'posts arrive, in order');
my ($first) = $receiver->received('/ok');
is_deeply($first->{verified}, { standardwebhooks => [ $hook->{secret} ], svix => [ $hook->{secret} ], ed25519 => [] }, 'npm standardwebhooks and svix verify it');
is($first->{method}, 'POST', 'by POST');
is($first->{headers}{'content-type'}, 'application/json', 'as JSON');
like($first->{headers}{'webhook-id'}, qr/^msg_\d+$/, 'with an id');
cmp_ok(abs($first->{headers}{'webhook-timestamp'} - time), '<', 120, 'the time of the attempt');
is_deeply([ sort keys %{ $first->{body} } ], [qw(data timestamp type)], 'type, timestamp and data');
is($first->{body}{type}, 'post.created', 'the type');
is_deeply($first->{body}{data}, { %{ api(GET => "/api/posts/posts/$first->{body}{data}{id}/", token => $ann->{token})->{json} } }, 'the data as REST shows it to its owner');
is(api(GET => "/api/accounts/webhooks/$hook->{id}/", token => $ann->{token})->{json}{secret}, undef, 'the secret is told once');
unlike($worker->log_text, qr/whsec_|\Q$hook->{secret}\E/, 'and not in the log');

# ---- secrets that change
my $again = api(POST => "/api/accounts/webhooks/$hook->{id}/rotate-secret/", token => $ann->{token}, json => { overlap_seconds => 3600 })->{json};
my $keyed = api(POST => "/api/accounts/webhooks/$hook->{id}/rotate-secret/", token => $ann->{token}, json => { kind => 'ed25519' })->{json};
$receiver->knows('/ok', $hook->{secret}, $again->{secret}, $keyed->{secret});
post_by($ann, 'rotated');
comes('/ok', qr/,rotated$/, 'while secrets change it goes on');
is_deeply(($receiver->received('/ok'))[-1]{verified}, { standardwebhooks => [ $hook->{secret}, $again->{secret} ], svix => [ $hook->{secret}, $again->{secret} ], ed25519 => [ $keyed->{secret} ] },
	'who knows the old, the new, or the public key accepts it');
psql("UPDATE social.webhook_secrets SET expires_at = now() - interval '1 second' WHERE webhook_id = $hook->{id} AND expires_at IS NOT NULL");
my $delivery = api(POST => "/api/accounts/webhooks/$hook->{id}/test/", token => $ann->{token})->{json};
comes('/ok', qr/,webhook\.test$/, 'a test');
my $test = ($receiver->received('/ok'))[-1];
is_deeply($test->{verified}, { standardwebhooks => [], svix => [], ed25519 => [ $keyed->{secret} ] }, 'what has expired does not sign');
is($test->{headers}{'webhook-id'}, $delivery->{message_id}, 'with the id that was told');
api(POST => "/api/accounts/webhooks/deliveries/$delivery->{id}/replay/", token => $ann->{token});
ok(wait_until(60, sub { (grep { $_->{headers}{'webhook-id'} eq $delivery->{message_id} } $receiver->received('/ok')) == 2 }), 'replayed, it comes once more, with its id');

# ---- what its owner may not see is never told
my $watch = webhook_of($ann, $receiver, '/posts', topics => ['posts']);
psql("SELECT social.act_as($ann->{id}, true) \\g /dev/null\nSELECT social.block_user($bob->{id})");
post_by($bob, 'by the blocked');
post_by($ann, 'seen');
comes('/posts', qr/seen/, 'what comes behind it is told');
unlike($receiver->{dir} && do { open my $f, '<', "$receiver->{dir}/received"; local $/; <$f> }, qr/by the blocked/, 'a blocked author\'s post never is');
is(api(GET => "/api/accounts/webhooks/$watch->{id}/deliveries/?state=withheld", token => $ann->{token})->{json}{results}[0]{type}, 'post.created', 'its owner sees that something was withheld');
api(DELETE => "/api/accounts/webhooks/$watch->{id}/", token => $ann->{token});

# ---- receivers that are no good
psql(q{ALTER SYSTEM SET social.webhook_max = 100}); psql(q{SELECT pg_reload_conf()});
wait_until(60, sub { psql(q{SELECT social.setting('webhook_max')}) eq '100' });
my $dir = tempdir('tls-XXXXXX', TMPDIR => 1, CLEANUP => 1);
system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout $dir/key -out $dir/crt 2>/dev/null") == 0 or die 'openssl';
my $secure = start_receiver(undef, "$dir/crt", "$dir/key");
my %bad;
for my $row (
	[ '/status/500',  qr/^active \d+ 500 it answered 500$/,                           'a failure of its own' ],
	[ '/status/302',  qr/^active \d+ 302 it answered 302, and no redirect/,           'a redirect without a place' ],
	[ '/redirect',    qr/^active \d+ 307 it answered 307, and no redirect/,           'a redirect to this host' ],
	[ '/hang',        qr/^active \d 0 Operation timed out/,                            'one that never answers' ],
	[ '/drip',        qr/^active \d+ 200 Operation timed out/,                        'one that never comes to an end' ],
	[ '/head',        qr/^active \d+ (200|0)? ?(the head of its answer is too long|.*[Tt]imed out)/, 'one whose head never ends' ],
	[ '/forever/500', qr/^active \d+ 500 it answered 500$/,                           'one that streams forever' ],
	[ '/cut',         qr/^active \d+ 0? ?(Empty reply|Recv failure|Server returned nothing)/, 'one that hangs up' ],
	[ '/retry/3600',  qr/^active \d+ 429 it answered 429$/,                           'one that asks for a pause' ])
{
	my ($path, $like, $name) = @$row;
	my $one = $bad{$path} = webhook_of($ann, $receiver, $path);
	api(POST => "/api/accounts/webhooks/$one->{id}/test/", token => $ann->{token});
	webhook_becomes($one, $like, $name);
}
is(scalar(() = $receiver->received('/redirected')), 0, 'no redirect is followed');
my ($wait) = psql("SELECT extract(epoch FROM next_at - now())::integer FROM social.webhooks WHERE id = $bad{'/retry/3600'}{id}");
ok($wait > 3500 && $wait < 4000, 'Retry-After counts') or diag($wait);
my $long = webhook_of($ann, $receiver, '/forever/200');
api(POST => "/api/accounts/webhooks/$long->{id}/test/", token => $ann->{token});
webhook_becomes($long, qr/^active 0 200$/, 'one that accepts, and says more than anybody needs, has accepted');
is(length(api(GET => "/api/accounts/webhooks/$long->{id}/attempts/", token => $ann->{token})->{json}{results}[0]{answer}), 1024, 'a kilobyte of it is kept');
my $wrong = webhook_of($ann, $secure, '/wrong');
api(POST => "/api/accounts/webhooks/$wrong->{id}/test/", token => $ann->{token});
webhook_becomes($wrong, qr/^active \d+ 0? ?.*certificate/i, 'a certificate that nobody has signed');
is(scalar(() = $secure->received('/wrong')), 0, 'gets nothing');
my $gone = webhook_of($ann, $receiver, '/status/410');
api(POST => "/api/accounts/webhooks/$gone->{id}/test/", token => $ann->{token});
webhook_becomes($gone, qr/^disabled gone \d 410/, '410 disables');
is(api(POST => "/api/accounts/webhooks/$gone->{id}/test/", token => $ann->{token})->{status}, 409, 'then nothing is told');
like(psql("SELECT string_agg(message, ' ') FROM social.notifications WHERE recipient_id = $ann->{id} AND type = 'system'"), qr/^Your webhook $gone->{id} to http:\/\/127\.0\.0\.1:\d+ was disabled: its receiver answered that it is gone \(410\)\.$/, 'its owner is notified');
post_by($ann, 'meanwhile');
comes('/ok', qr/,meanwhile$/, 'and those that answer are told all the same');

# ---- 500 for days, then it is back
my $days = $bad{'/status/500'};
comes('/status/500', qr/webhook\.test/, 'the first attempt');
post_by($ann, 'waits');
for my $n (1 .. 3)
{
	my $failures = psql("SELECT failures FROM social.webhooks WHERE id = $days->{id}");
	due_now($days);
	ok(wait_until(60, sub { psql("SELECT failures FROM social.webhooks WHERE id = $days->{id}") > $failures }), "after $failures failures the next attempt fails, too");
}
is(titles($receiver->received('/status/500')), 'webhook.test', 'nothing passes what fails');
psql("UPDATE social.webhooks SET failing_since = now() - interval '5 days 1 hour' WHERE id = $days->{id}");
due_now($days);
webhook_becomes($days, qr/^disabled failing \d+ 500/, 'after five days it is disabled');
$receiver->answers('/status/500', '/ok');
post_by($ann, 'missed');
comes('/ok', qr/,missed$/, 'what happens then');
is(api(PATCH => "/api/accounts/webhooks/$days->{id}/", token => $ann->{token}, json => { is_active => JSON::PP::true })->{json}{state}, 'active', 'its owner has it go on');
comes('/status/500', qr/^webhook\.test,(meanwhile,)?waits$/, 'with what waited');
my $since = psql(q{SELECT to_char((now() - interval '1 hour') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')});
is(api(POST => "/api/accounts/webhooks/$days->{id}/recover/", token => $ann->{token}, json => { since => $since })->{status}, 200, 'and recovers');
comes('/status/500', qr/,missed(,|$)/, 'what it has missed');
webhook_becomes($days, qr/^active 0 204/, 'all is well');

# ---- deleted meanwhile
my $hang = webhook_of($ann, $receiver, '/hang/2');
psql(q{ALTER SYSTEM SET social.webhook_timeout = '30s'}); psql(q{SELECT pg_reload_conf()});
wait_until(60, sub { psql(q{SELECT social.setting('webhook_timeout')}) eq '30s' });
api(POST => "/api/accounts/webhooks/$hang->{id}/test/", token => $ann->{token});
ok(wait_until(60, sub { (() = $receiver->received('/hang/2')) == 1 }), 'a delivery that is under way');
is(api(DELETE => "/api/accounts/webhooks/$hang->{id}/", token => $ann->{token})->{status}, 200, 'its webhook is deleted');
is($worker->stop, 0, 'a worker that stops meanwhile does');
unlike($worker->log_text, qr/"level":"error"/, 'nothing went wrong in it') or diag($worker->log_text);

# ---- addresses that lead elsewhere
allow_loopback('10.9.9.9/32');
my $named = api(POST => '/api/accounts/webhooks/', token => $ann->{token}, json => { url => "http://localhost:$receiver->{port}/named" })->{json};
is(api(POST => '/api/accounts/webhooks/', token => $ann->{token}, json => { url => "$receiver->{url}/direct" })->{status}, 400, 'an address of this host is refused at once');
$worker = start_worker(webhook_settings());
api(POST => "/api/accounts/webhooks/$named->{id}/test/", token => $ann->{token});
webhook_becomes($named, qr/^active \d+ 0? ?its host leads to an address that is not of the internet \(loopback\)$/, 'a name that leads here, when it is connected to');
post_by($ann, 'refused');
webhook_becomes($hook, qr/^active \d+ 0? ?its host leads to an address/, 'and one that was allowed until now');
unlike(titles($receiver->received('/ok')), qr/refused/, 'nothing arrives');
is($worker->stop, 0, 'the worker stops');

# ---- a name that leads elsewhere than it did (rebinding): each connection is looked at, not the name
my $place = tempdir('hosts-XXXXXX', TMPDIR => 1, CLEANUP => 1);
sub name_is { my ($address) = @_; open my $file, '>', "$place/hosts" or die $!; print $file "$address rebound.example\n"; return close $file }
name_is('127.0.0.1');
my ($enter) = grep { system("$_ sh -c 'mount --bind $place/hosts /etc/hosts' >$place/said 2>&1") == 0 } 'unshare -m', 'unshare -rm';
SKIP: {
	skip 'NOT TESTED: neither root nor a user who may make namespaces (unshare -rm)', 4 unless $enter;
	allow_loopback('127.0.0.1/32');
	open my $file, '>', "$place/worker" or die $!;
	print $file "#!/bin/sh\nexec $enter sh -c 'mount --bind $place/hosts /etc/hosts && exec $ENV{WORKER_BIN}'\n";
	close $file;
	chmod 0755, "$place/worker";
	# Another port: what a name was is remembered for a minute, for each.
	my $later = start_receiver();
	my ($before, $after) = map { api(POST => '/api/accounts/webhooks/', token => $ann->{token}, json => { url => "http://rebound.example:$_->{port}/rebound" })->{json} } $receiver, $later;
	$worker = start_worker(webhook_settings(WORKER_BIN => "$place/worker"));
	api(POST => "/api/accounts/webhooks/$before->{id}/test/", token => $ann->{token});
	webhook_becomes($before, qr/^active 0 204/, 'a name that leads to an address that is allowed');
	name_is('127.0.0.2');
	api(POST => "/api/accounts/webhooks/$after->{id}/test/", token => $ann->{token});
	webhook_becomes($after, qr/^active \d+ 0? ?its host leads to an address that is not of the internet \(loopback\)$/, 'issue 17: and then to another one: refused when it is connected to');
	is(scalar(() = $later->received('/rebound')), 0, 'nothing arrives');
	is($worker->stop, 0, 'the worker stops');
}
allow_loopback();
done_testing;
