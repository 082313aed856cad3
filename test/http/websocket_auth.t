# WebSockets: who is let in, by which way of showing a token, until when, and to what (mission 088-092, 118, I-13,
# I-15, P-17).
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;
use Time::HiRes 'time';
use WebSocket;

my $bridge = start_bridge(LOOPS => 2, WS_AUTH_TIMEOUT => 2, WS_MAX_TOPICS => 4, WS_MAX_MESSAGE => 12000, STOP_TIMEOUT => 20);
my $url    = $bridge->{url};
sub dial { my ($path, %option) = @_; return WebSocket->new($path, url => $url, %option) }
sub ready { my ($socket) = @_; my $message = $socket->next_message; return $message && ($message->{type} // '') eq 'ready' ? $message->{data} : undef }
my ($ann, $bob) = map { account(url => $url) } 1, 2;

# ---- the ways in, in their order (I-15)
my $by_header = dial('/ws/', token => $ann->{token});
is($by_header->{status}, 101, 'a token in the Authorization header');
is(ready($by_header)->{user_id}, $ann->{id}, 'I-15: who it is');
my $by_protocol = dial('/ws/', protocol => "bearer, $ann->{token}, social");
is($by_protocol->{headers}{'sec-websocket-protocol'}, 'social', 'a token in Sec-WebSocket-Protocol: what is spoken is social');
is(ready($by_protocol)->{user_id}, $ann->{id}, 'I-15: who it is');
my $bare = dial('/ws/', protocol => "bearer, $bob->{token}");
is($bare->{headers}{'sec-websocket-protocol'}, 'bearer', 'a browser that names only its token hears one of its names');
ok(ready($bare), 'and is let in');
my $by_message = dial('/ws/');
$by_message->say_json({ type => 'auth', token => $bob->{token} });
my $said = ready($by_message);
is($said->{user_id}, $bob->{id}, 'I-15: a token in the first message');
cmp_ok(abs($said->{expires_at} - claims_of($bob->{token})->{exp}), '<=', 1, 'and when it ends');
my $both = dial('/ws/', token => $ann->{token}, protocol => "bearer, $bob->{token}, social");
is(ready($both)->{user_id}, $ann->{id}, 'the header comes first');
$_->close for $both, $bare;

is(dial('/ws/', token => 'nonsense')->{status}, 401, 'a bad token in the header: 401');
is(dial('/ws/', headers => { Authorization => 'Basic abc' })->{status}, 401, 'no bearer: 401');
is(dial('/ws/', protocol => 'bearer, nonsense, social')->closed_with, 4401, 'a bad token in the protocol: 4401');
my $bad = dial('/ws/');
$bad->say_json({ type => 'auth', token => 'nonsense' });
is($bad->closed_with, 4401, 'a bad token in a message: 4401');
is(dial("/ws/?token=$bob->{token}")->closed_with, 4408, 'P-17: a token in the address is not looked at, and who says nothing goes after WS_AUTH_TIMEOUT');
for my $row (
	[ 'ping',             4401, '{"type":"ping"}' ],
	[ 'subscribe',        4401, '{"type":"subscribe","topic":"feed"}' ],
	[ 'another type',     4401, '{"type":"hello"}' ],
	[ 'no JSON',          4400, 'hello' ],
	[ 'no object',        4400, '["auth"]' ],
	[ 'no type',          4400, '{"token":"x"}' ],
	[ 'a type twice',     4400, '{"type":"auth","type":"ping"}' ],
	[ 'auth without one', 4400, '{"type":"auth"}' ],
	[ 'a token that is a number', 4400, '{"type":"auth","token":5}' ],
	[ 'deep nesting',     4400, '[' x 5000 ],
	[ 'too large',        1009, '{"type":"auth","token":"' . 'x' x 12000 . '"}' ],
  )
{
	my ($name, $code, $text) = @$row;
	my $socket = dial('/ws/');
	$socket->text($text);
	is($socket->closed_with, $code, "before auth, $name: $code");
	$socket->close;
}
my $binary = dial('/ws/');
$binary->send(frame(0x82, '{"type":"auth"}'));
is($binary->closed_with, 1003, 'binary: 1003');

# ---- whose (I-13)
for my $other ($bob->{id}, 9_007_199_254_740_991)
{
	my $socket = dial("/ws/notifications/$other/", token => $ann->{token});
	my $first  = $socket->next_message;
	is($first->{close}, 4403, "I-13: another's notifications, or an unknown person's: 4403 before any data");
}
is(dial('/ws/notifications/1x/')->{status}, 404, 'I-16: ids are digits');
is(dial('/ws/notifications/0x10/')->{status}, 404, 'of one form');
my $own = dial("/ws/notifications/$ann->{id}/", token => $ann->{token});
ok(ready($own), 'the own');
is_deeply([ @{ $own->next_message }{qw(type data)} ], [ 'subscribed', { topic => "notifications:$ann->{id}" } ], 'are subscribed to');
$own->close;

# ---- topics
my $socket = $by_header;
# The answer; events of what was subscribed to may come before it.
sub ask { my ($message) = @_; $socket->say_json($message); while (my $told = $socket->next_message) { return $told unless ($told->{type} // '') =~ /\./ } return }
my $post = api(POST => '/api/posts/posts/', token => $bob->{token}, url => $url, json => { title => 'for sockets', content => 'text' })->{json};
my $draft = api(POST => '/api/posts/posts/', token => $bob->{token}, url => $url, json => { title => 'hidden', content => 'text', is_published => JSON::PP::false })->{json};
is(ask({ type => 'ping' })->{type}, 'pong', 'a ping in a message');
is_deeply(ask({ type => 'subscribe', topic => "post:$post->{id}" })->{data}, { topic => "post:$post->{id}" }, 'mission 089: a post');
is(ask({ type => 'subscribe', topic => "post:$post->{id}" })->{type}, 'subscribed', 'twice is once');
for my $topic ("post:$draft->{id}", 'post:9007199254740991', 'post:0', 'post:-1', 'post:1a', 'post:', 'post', 'user:9007199254740991', "notifications:$bob->{id}", 'session:1', 'everything', '', 'feed:1', "feed\x{1F600}")
{
	my $answer = ask({ type => 'subscribe', topic => $topic });
	is_deeply([ $answer->{type}, @{ $answer->{data} }{qw(code status)} ], [ 'error', 'NOT_FOUND', 404 ], "no topic, or none that one may see: '" . ($topic =~ s/[^ -~]/?/gr) . "'");
}
is(ask({ type => 'subscribe', topic => 'feed', after => 'x' })->{data}{code}, 'BAD_REQUEST', 'after that is no id');
is(ask({ type => 'subscribe' })->{data}{code}, 'BAD_REQUEST', 'no topic');
is(ask({ type => 'dance' })->{data}{code}, 'BAD_REQUEST', 'an unknown type, from who is known, costs no socket');
is(ask({ type => 'subscribe', topic => "user:$bob->{id}" })->{type}, 'subscribed', 'a person');
is(ask({ type => 'subscribe', topic => 'hashtag:SOCKETS' })->{data}{topic}, 'hashtag:sockets', 'a hashtag, as it is written there');
is(ask({ type => 'subscribe', topic => 'feed' })->{type}, 'subscribed', 'the feed');
is(ask({ type => 'subscribe', topic => "user:$ann->{id}" })->{data}{code}, 'LIMIT_EXCEEDED', 'WS_MAX_TOPICS');
is(ask({ type => 'unsubscribe', topic => 'feed' })->{type}, 'unsubscribed', 'no longer');
is(ask({ type => 'subscribe', topic => "user:$ann->{id}" })->{type}, 'subscribed', 'which makes room');
is(dial("/ws/posts/$draft->{id}/", token => $ann->{token})->closed_with, 4404, 'a path to a post that one may not see: 4404');
is(dial('/ws/posts/9007199254740991/', token => $ann->{token})->closed_with, 4404, 'the same as one that there is not');

# ---- caps
my $limited = start_bridge(LOOPS => 2, RATE_LIMITS => 'on', WS_MAX_PER_USER => 2);
my $capped  = $limited->{url};
my @own     = map { WebSocket->new('/ws/', url => $capped, token => $ann->{token}) } 1, 2;
ok(ready($_), 'a socket of an account') for @own;
is(WebSocket->new('/ws/', url => $capped, token => $ann->{token})->closed_with, 4429, 'WS_MAX_PER_USER, whichever loop has them');
$own[0]->send(frame(0x88, "\x03\xe8"));
ok($own[0]->ends, 'one goes');
ok(ready(WebSocket->new('/ws/', url => $capped, token => $ann->{token})), 'and there is room again');
my $busy = WebSocket->new('/ws/', url => $capped, token => $bob->{token});
ok(ready($busy), 'somebody who asks for much');
$busy->say_json({ type => 'subscribe', topic => "post:90000$_" }) for 100 .. 220;
my $answer;
1 while $answer = $busy->next_message(20) and ($answer->{data}{status} // 0) != 429;
is($answer->{data}{status}, 429, 'mission 124: what is asked for on a socket counts like any request') or diag(explain($answer));

# ---- renewal, and the end
$by_message->say_json({ type => 'auth', token => $ann->{token} });
is($by_message->next_message->{data}{code}, 'FORBIDDEN', "another person's token renews nothing");
$by_message->say_json({ type => 'auth', token => 'nonsense' });
is($by_message->next_message->{data}{status}, 401, 'nor does a bad one');
my $again = api(POST => '/api/auth/login/', url => $url, json => { username => $bob->{username}, password => $bob->{password} })->{json};
$by_message->say_json({ type => 'auth', token => $again->{access} });
ok(ready($by_message), 'a token of the same person does');
my $old = dial('/ws/', token => $bob->{token});
ok(ready($old), 'a socket of the first session');
my $began = time;
api(POST => '/api/auth/logout/', url => $url, token => $bob->{token}, json => { refresh => $bob->{refresh} });
is($old->closed_with, 4401, 'P-17: the socket dies with its session');
cmp_ok(time - $began, '<', 10, 'soon');
$by_message->say_json({ type => 'ping' });
is($by_message->next_message->{type}, 'pong', 'the socket whose token is of another session goes on');

my $dan       = account(url => $url);
my $suspended = dial('/ws/', token => $dan->{token});
ok(ready($suspended), 'one who is suspended next');
psql("UPDATE social.users SET suspended_at = now() WHERE id = $dan->{id}");
is($suspended->closed_with, 4401, 'P-17: a suspension ends the socket');
my $eve = account(url => $url);
sub short_token { my $sid = claims_of($eve->{token})->{sid}; return psql("SELECT social.sign_access_token($eve->{id}, '$sid', now() + interval '8 seconds')") }
my ($expires, $renewed) = map { dial('/ws/', token => short_token()) } 1, 2;
ok(ready($_), 'a token that ends soon') for $expires, $renewed;
$renewed->say_json({ type => 'auth', token => $eve->{token} });
is(ready($renewed)->{expires_at}, claims_of($eve->{token})->{exp}, 'one is renewed');
is($expires->closed_with, 4401, 'I-15: the other ends with its token');
$renewed->say_json({ type => 'ping' });
is($renewed->next_message->{type}, 'pong', 'the renewed one goes on');

# ---- heartbeat (P-17)
my $beating = start_bridge(LOOPS => 1, WS_PING_INTERVAL => 2);
my $quiet   = WebSocket->new('/ws/', url => $beating->{url}, token => $again->{access});
ok(ready($quiet), 'one who says nothing');
my $ping = $quiet->next_frame(20);
is($ping && $ping->{opcode}, 9, 'is pinged after WS_PING_INTERVAL');
$quiet->send(frame(0x8a, $ping->{bytes}));
is($quiet->next_frame(20)->{opcode}, 9, 'and again, once he has answered');
is($quiet->closed_with(30), 4408, 'who does not answer goes');

# Who waits for the database is not read meanwhile, so he cannot be heard: that is no silence of his.
{
	my $held = start_bridge(LOOPS => 1, WS_PING_INTERVAL => 1, SLOW_STATEMENT_TIMEOUT => 300, DATABASE_URL => "$ENV{DATABASE_URL} application_name=held");
	my ($waits, $silent) = map { WebSocket->new('/ws/', url => $held->{url}, token => $again->{access}) } 1, 2;
	ok(ready($_), 'one who waits, and one who is silent') for $waits, $silent;
	my @backends = split /\n/, psql(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'held'});
	kill STOP => @backends;
	$waits->say_json({ type => 'subscribe', topic => 'feed', after => 0 });
	$silent->say_json({ type => 'ping' });
	is($silent->next_message->{type}, 'pong', 'was heard later');
	my $code = $silent->closed_with(120);
	kill CONT => @backends;
	is($code, 4408, 'the silent one goes');
	my $message;
	do { $message = $waits->next_message(120) } until !$message || exists $message->{close} || $message->{type} =~ /^(?:subscribed|error)$/;
	is(($message // {})->{type}, 'subscribed', 'the other is served when the database comes to') or diag(explain($message));
}
my $flood = dial('/ws/', token => $again->{access});
ok(ready($flood), 'one who says too much');
$flood->send(frame(0x89, '') x 30_000); # so many that a second has too many of them, however slow the machine
is($flood->closed_with, 1008, 'a flood of frames: 1008');

my $lax = start_bridge(WS_QUERY_TOKEN => 'on', LOOPS => 1);
is(WebSocket->new("/ws/?token=$again->{access}", url => $lax->{url})->next_message->{type}, 'ready', 'WS_QUERY_TOKEN lets a token stand in the address');
unlike($bridge->log_text, qr/\Q$ann->{token}\E|\Q$again->{access}\E/, 'no token is in the log');
$bridge->signal('TERM');
is($by_message->closed_with, 1012, 'a bridge that stops');
is($bridge->finish, 0, 'ends');
done_testing();
