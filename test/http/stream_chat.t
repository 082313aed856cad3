# The chat of a stream on its sockets, and whoever loses the right to be there in mid-stream (mission 090-094, 123, I-07,
# I-16; issue 16 lines 6, 7, 8 and its bad input). What an ingest server says is said here in its name.
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Rest;
use Social;
use Test::More;
use Time::HiRes 'time';
use WebSocket;

my ($host, $ann, $bob, $staff) = map { account() } 1 .. 4;
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");
my $live = 'posts/live/stream/';
my $stream = does($host, "POST $live", { title => 'Talk' }, 201, {}, 'a stream');
my $id = $stream->{id};
psql("SELECT social.stream_event('local', 'on $id', 'update', clock_timestamp(), jsonb_build_object('playback_id', playback_id, 'publisher', 'c')) FROM social.streams WHERE id = $id");
my $chat = "$live$id/chat/";

# Connects to a path, and reads until it has subscribed (what a path names), or is ready; the socket and what came.
sub joins
{
	my ($who, $path, $until) = @_;
	my $socket = WebSocket->new($path, token => $who->{token});
	my @came;
	while (my $message = $socket->next_message(60))
	{
		push @came, $message;
		last if !$message->{type} || $message->{type} eq ($until // 'subscribed');
	}
	return ($socket, @came);
}

# The next message of a type; what comes before it is passed over.
sub hears
{
	my ($socket, $type) = @_;
	my $deadline = time + 60;
	while (my $message = $socket->next_message($deadline - time)) { return $message if ($message->{type} // '') eq $type; last if $message->{close} }
	return {};
}
sub says { my ($socket, %message) = @_; $socket->say_json({ type => 'chat_message', %message }); return $socket }

# ---- saying something
my ($one, @came) = joins($ann, "/ws/posts/stream/$id/");
is_deeply([ map { $_->{type} } @came ], [ 'ready', 'subscribed' ], 'seed 090: nothing was said yet');
my ($two) = joins($bob, "/ws/posts/stream/$id/");
says($one, message => 'hello', ref => 'a1');
my $sent = hears($one, 'sent');
is_deeply([ @{ $sent->{data} }{qw(topic ref)} ], [ "stream:$id", 'a1' ], 'seed 090: what the client of the seed sends is a chat message');
my $heard = hears($two, 'chat.message');
is_deeply([ $heard->{data}{id}, $heard->{data}{content}, $heard->{data}{author}{id}, $heard->{data}{role} ], [ $sent->{data}{id}, 'hello', $ann->{id}, 'viewer' ], 'seed 090, I-16: and is told to the others');
$one->say_json({ message => 'no type' });
is(hears($two, 'chat.message')->{data}{content}, 'no type', 'seed 090: with or without a type');
my ($general) = joins($host, '/ws/', 'ready');
says($general, content => 'from elsewhere', topic => "stream:$id");
ok(hears($general, 'sent')->{data}{id}, 'issue 16 line 7: on any other socket, by its topic');
is(hears($two, 'chat.message')->{data}{role}, 'host', 'as whom');

# ---- what is none
for my $bad ([ { message => 'x' x 501 }, 400, 'too long' ], [ { message => '' }, 400, 'empty' ], [ { message => "a\x{1}b" }, 400, 'a control character' ], [ { message => 7 }, 400, 'no text' ], [ {}, 400, 'nothing' ],
	[ { message => 'x', topic => 'post:1' }, 400, 'of a post' ], [ { message => 'x', topic => 'stream:x' }, 400, 'of no stream' ], [ { message => 'x', topic => undef }, 400, 'of nothing' ], [ { message => 'x', ref => 'r' x 65 }, 400, 'a long ref' ],
	[ { message => 'x', topic => 'stream:9007199254740991' }, 404, 'of a stream that is not there' ])
{
	my ($message, $status, $what) = @$bad;
	says($general, topic => "stream:$id", %$message);
	my $error = hears($general, 'error');
	is($error->{data}{status}, $status, "issue 16: $what is refused as an envelope") or diag(explain $error);
	like($error->{data}{code}, $status == 404 ? qr/^NOT_FOUND$/ : qr/^BAD_REQUEST$/, 'with a code');
}
says($general, message => 'x');
is(hears($general, 'error')->{data}{status}, 400, 'on /ws/ the topic is to be said');
as($staff, "social.add_content_rule('link', 'chat$id.example', 'reject')");
says($general, message => "see https://chat$id.example/", topic => "stream:$id", ref => 'link');
is_deeply([ @{ hears($general, 'error')->{data} }{qw(status code ref topic)} ], [ 422, 'UNPROCESSABLE', 'link', "stream:$id" ], 'issue 16: a link on the block list');
my ($flood) = joins($host, '/ws/', 'ready');
$flood->text('{"type":"chat_message","topic":"stream:' . $id . '","message":"' . 'x' x 1_048_576 . '"}');
is($flood->closed_with(60), 1009, 'issue 16: a message of a megabyte ends the socket');
my ($binary) = joins($host, '/ws/', 'ready');
$binary->send(frame(0x82, '{"message":"x"}'));
is($binary->closed_with(60), 1003, 'so does one that is no text');
my ($quiet) = joins($host, '/ws/', 'ready');
$quiet->text("{\"type\":\"chat_message\",\"topic\":\"stream:$id\",\"message\":\"\\u0000\"}");
is($quiet->closed_with(60), 4400, 'and U+0000');
my $new = WebSocket->new("/ws/posts/stream/$id/");
says($new, message => 'x');
is($new->closed_with(60), 4401, 'seed 093: only who is logged in');

# ---- joining and coming back
my ($late, @history) = joins($ann, "/ws/posts/stream/$id/");
my ($told) = grep { $_->{type} eq 'history' } @history;
is_deeply([ map { $_->{type} } @history ], [qw(ready history subscribed)], 'issue 16 line 7: who joins is told what was said');
sub many { my ($what) = @_; psql("INSERT INTO social.stream_chat_messages (stream_id, author_id, content) SELECT $id, $host->{id}, '$what ' || n FROM generate_series(1, 60) n"); return }
sub until_told { my ($socket, $what) = @_; my (@ids, $m); do { $m = hears($socket, 'chat.message'); push @ids, $m->{data}{id} if $m->{data} } until !$m->{data} || $m->{data}{content} eq $what; return ($m, @ids) }
many('many');
until_told($late, 'many 60');
my ($later, @more) = joins($ann, "/ws/posts/stream/$id/");
my ($fifty) = grep { $_->{type} eq 'history' } @more;
is_deeply([ map { $_->{content} } @{ $fifty->{data}{messages} } ], [ map { "many $_" } 11 .. 60 ], 'issue 16 line 7: the last fifty, the oldest first');
# Whoever joins while much is said hears all of it once, of whatever part it was history for him.
for my $try (1 .. 3)
{
	many("torrent $try");
	my ($joined, @came) = joins($ann, "/ws/posts/stream/$id/");
	my @shown = map { @{ $_->{data}{messages} } } grep { $_->{type} eq 'history' } @came;
	my @ids = map { $_->{id} } @shown;
	push @ids, map { $_->{data}{id} } grep { $_->{type} eq 'chat.message' } @came;
	my $last = psql("SELECT max(id) FROM social.stream_chat_messages WHERE stream_id = $id");
	if ($ids[-1] != $last) { my ($m, @heard) = until_told($joined, "torrent $try 60"); push @ids, @heard }
	is_deeply(\@ids, [ $ids[0] .. $last ], 'nothing is missing, nothing comes twice');
	$joined->close;
}
until_told($later, 'torrent 3 60');
psql("INSERT INTO social.stream_chat_messages (stream_id, author_id, content) VALUES ($id, $host->{id}, 'anchor')");
my $anchor;
do { $anchor = hears($later, 'chat.message') } until !$anchor->{data} || $anchor->{data}{content} eq 'anchor';
$later->close;
says($general, message => "missed $_", topic => "stream:$id") && hears($general, 'sent') for 1 .. 3;
my ($back) = joins($ann, '/ws/', 'ready');
$back->say_json({ type => 'subscribe', topic => "stream:$id", after => $anchor->{id} });
my @missed;
while (@missed < 3 && (my $m = $back->next_message(60))) { push @missed, $m if $m->{type} ne 'subscribed' } # the last may be told as it happens
is_deeply([ map { "$_->{type} " . ($_->{data}{content} // '') } @missed ], [ map { "chat.message missed $_" } 1 .. 3 ], 'issue 16 line 7: who comes back by the last id misses nothing, and hears nothing twice');

# ---- how often viewers are told of (line 6)
{
	my $crowd = account();
	my ($listener) = joins($ann, "/ws/posts/stream/$id/");
	my $began = time;
	for (1 .. 25)
	{
		my $token = api(GET => "/api/${live}watch/$id/", token => $crowd->{token})->{json}{playback_token};
		api(POST => "/api/${live}leave/", token => $crowd->{token}, json => { playback_token => $token }) if $_ % 2;
	}
	psql("INSERT INTO social.stream_chat_messages (stream_id, author_id, content) VALUES ($id, $host->{id}, 'crowd')");
	my (@told, $m);
	while ($m = $listener->next_message(60)) { push @told, $m->{type}; last if $m->{type} eq 'chat.message' && $m->{data}{content} eq 'crowd' }
	my $counts = grep { $_ eq 'stream.viewers' } @told;
	cmp_ok($counts, '<=', time - $began + 2, 'seed 094, issue 16 line 6: how many watch is told at most once a second, however many come and go');
	cmp_ok(scalar(grep { $_ eq 'stream.joined' } @told), '>=', 10, 'seed 094: who comes is told at once');
	psql("UPDATE social.stream_views SET left_at = renewed_at WHERE viewer_id = $crowd->{id} AND left_at IS NULL");
	psql("DELETE FROM social.stream_views WHERE viewer_id = $crowd->{id}; DELETE FROM social.stream_audiences");
	ok(wait_until(60, sub { psql("SELECT viewer_count FROM social.streams WHERE id = $id") == 0 }), 'and all of them go');
	psql("UPDATE social.streams SET peak_viewers = 0 WHERE id = $id");
}

# ---- watching by a socket (line 6)
my $peer = account();
my ($watcher) = joins($peer, "/ws/posts/stream/$id/");
my $watch = does($peer, "GET ${live}watch/$id/", undef, 200, {}, 'watched');
$watcher->say_json({ type => 'watch', playback_token => $watch->{playback_token} });
is(hears($watcher, 'watching')->{data}{renewed}, $yes, 'issue 16 line 6: a socket holds the lease of a playback token');
$watcher->say_json({ type => 'watch', playback_token => $_ }), is(hears($watcher, 'watching')->{data}{renewed}, $no, 'not of ' . substr($_, 0, 20)) for 'x', 'a"b', '', 'y' x 200;
$watcher->say_json({ type => 'watch' });
is(hears($watcher, 'error')->{data}{status}, 400, 'nor of nothing');
my $renewed = sub { psql("SELECT renewed_at FROM social.stream_views WHERE viewer_id = $peer->{id} AND stream_id = $id AND left_at IS NULL") };
my $first = $renewed->();
psql("UPDATE social.stream_views SET renewed_at = joined_at WHERE viewer_id = $peer->{id}");
$first = $renewed->();
ok(wait_until(60, sub { my $now = $renewed->(); $now ne '' && $now ne $first }), 'which it renews by itself');
ok(wait_until(60, sub { api(GET => "/api/$live$id/", token => $ann->{token})->{json}{viewer_count} == 1 }), 'seed 094: its viewer counts');
my $api = api(GET => "/api/$live$id/", token => $host->{token})->{json}{viewer_count};
is_deeply([ $api, get($ann, "{ liveStream(id: $id) { viewerCount } }")->{viewerCount}, psql("SELECT viewer_count FROM social.streams WHERE id = $id") ], [ 1, 1, 1 ], 'issue 16 line 6: the same number for host, viewers, REST, GraphQL and SQL');
$watcher->close;
ok(wait_until(60, sub { $renewed->() eq '' }), 'and lets it go with the socket');
ok(wait_until(60, sub { api(GET => "/api/$live$id/", token => $ann->{token})->{json}{viewer_count} == 0 }), 'seed 094: which counts');

# ---- analytics (line 8)
does($ann, "GET $live$id/analytics/", undef, 403, undef, 'seed 140: for the host alone');
does(undef, "GET $live$id/analytics/", undef, 401, undef, 'seed 140: who is logged in');
my $numbers = does($host, "GET $live$id/analytics/", undef, 200, { stream_id => $id, viewers => 1, joins => 1, peak_viewers => 1 }, 'seed 140: what a host learns');
is($numbers->{devices}[0]{viewers}, 1, 'with what they watched');
is($numbers->{countries}[0]{country}, 'unknown', 'from where nobody said');
cmp_ok(scalar @{ $numbers->{timeline} }, '>=', 1, 'minute by minute');
is_deeply(get($host, "{ streamAnalytics(streamId: $id) { viewers joins peakViewers chatMessages devices } }"), { viewers => 1, joins => 1, peakViewers => 1, chatMessages => $numbers->{chat_messages}, devices => $numbers->{devices} }, 'over GraphQL the same');
refused('FORBIDDEN', 'for the host alone', $ann, "{ streamAnalytics(streamId: $id) { viewers } }");

my $seen = get($bob, "mutation { watchStream(streamId: $id) { playbackToken } }")->{playbackToken};
api(POST => "/api/${live}leave/", token => $bob->{token}, json => { playback_token => $seen });
is(psql("SELECT sum(viewers) FROM social.stream_audiences WHERE stream_id = $id"), 2, 'who watches by GraphQL is one of them');

# ---- the chat beside the recording (line 7)
my $replay = does($ann, "GET ${chat}replay/?first=2", undef, 200, {}, 'replayed');
is_deeply([ map { $_->{content} } @{ $replay->{results} } ], [ 'hello', 'no type' ], 'issue 16 line 7: the oldest first');
ok(defined $replay->{results}[0]{offset_seconds} && $replay->{results}[0]{offset_seconds} >= 0, 'each with its place in the broadcast');
is(does($ann, "GET ${chat}replay/?first=1&after=$replay->{next}", undef, 200, {}, 'page by page')->{results}[0]{content}, 'from elsewhere', 'page by page') if $replay->{next} !~ /\//;
is_deeply(does($ann, "GET ${chat}replay/?from_seconds=86400", undef, 200, {}, 'later nothing was said')->{results}, [], 'later nothing was said');
does($ann, "GET ${chat}replay/?from_seconds=-1", undef, 400, undef, 'before it was nothing');
is_deeply([ map { $_->{content} } @{ get($ann, "{ liveStream(id: $id) { chatReplay(fromSeconds: 0, first: 2) { content offsetSeconds } } }")->{chatReplay} } ], [ 'hello', 'no type' ], 'over GraphQL, too');

# ---- in mid-stream
my $private = does($host, "POST $live", { title => 'Private', is_private => $yes, allowed_users => [ $ann->{id} ] }, 201, {}, 'a private stream')->{id};
psql("UPDATE social.streams SET status = 'live', started_at = now() WHERE id IN ($id, $private)");

# Somebody new watches, with a lease; then something happens. The fastest of some is to be out within a second: what
# a machine that is busy takes says nothing.
sub is_out
{
	my ($name, $code, $of, $do) = @_;
	my $fastest;
	for my $try (1 .. 5)
	{
		my $viewer = account();
		psql("INSERT INTO social.stream_invitations (stream_id, user_id) VALUES ($private, $viewer->{id})");
		my ($socket) = joins($viewer, "/ws/posts/stream/$of/");
		my $token = api(GET => "/api/${live}watch/$of/", token => $viewer->{token})->{json}{playback_token};
		$socket->say_json({ type => 'watch', playback_token => $token });
		hears($socket, 'watching');
		my $began = time;
		$do->($viewer);
		my $is_kept = psql("SELECT count(*) FROM social.stream_views WHERE viewer_id = $viewer->{id} AND left_at IS NULL");
		my ($closed) = $socket->closed_with(60);
		my $took = time - $began;
		$fastest = $took if !defined $fastest || $took < $fastest;
		is("$is_kept $closed", "0 $code", "issue 16: $name: no lease, and the socket is told") if $try == 1;
		my $status = api(POST => "/api/$live$of/chat/", token => $viewer->{token}, json => { content => 'still here?' })->{status};
		is($status, $code == 4401 ? 401 : 404, "issue 16: $name: out of the chat") if $try == 1;
		is(api(POST => "/api/${live}renew/", token => $host->{token}, json => { playback_token => $token })->{json}{renewed}, $no, "issue 16: $name: the token renews nothing") if $try == 1;
		last if $fastest < 1;
	}
	cmp_ok($fastest, '<', 1, "issue 16: $name: within a second");
}
is_out('whom the host blocks', 4404, $id, sub { api(POST => "/api/accounts/users/$_[0]{id}/block/", token => $host->{token}, json => {}) });
is_out('whose invitation is taken back', 4404, $private, sub { api(DELETE => "/api/$live$private/invitations/$_[0]{id}/", token => $host->{token}) });
is_out('who is suspended', 4401, $id, sub { as($staff, "social.suspend_user($_[0]{id}, reason => 'rude')") });

# ---- from which country, as a proxy says it (seed 140)
for my $case ([ 'a trusted proxy', 'DE', COUNTRY_HEADER => 'CF-IPCountry', TRUSTED_PROXIES => '127.0.0.1' ], [ 'nobody in particular', 'unknown', COUNTRY_HEADER => 'CF-IPCountry' ], [ 'a proxy that is not asked', 'unknown', TRUSTED_PROXIES => '127.0.0.1' ])
{
	my ($who, $country, %settings) = @$case;
	my $bridge = start_bridge(%settings);
	my $viewer = account();
	my $before = psql("SELECT coalesce(sum(viewers), 0) FROM social.stream_audiences WHERE stream_id = $id AND country = '$country' AND device = 'mobile'");
	my $answer = api(GET => "/api/${live}watch/$id/", url => $bridge->{url}, token => $viewer->{token}, headers => { 'CF-IPCountry' => 'de', 'User-Agent' => 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)' });
	is("$answer->{status} " . (psql("SELECT coalesce(sum(viewers), 0) FROM social.stream_audiences WHERE stream_id = $id AND country = '$country' AND device = 'mobile'") - $before), '200 1', "seed 140: the country that $who says is $country");
	my $counted = "SELECT coalesce(sum(viewers), 0) FROM social.stream_audiences WHERE stream_id = $id AND country = '$country' AND device = 'tablet'";
	$before = psql($counted);
	$answer = api(POST => '/graphql/', url => $bridge->{url}, token => account()->{token}, json => { query => "mutation { watchStream(streamId: $id) { success } }" }, headers => { 'CF-IPCountry' => 'de', 'User-Agent' => 'Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X)' });
	is(($answer->{json}{data}{watchStream}{success} ? 'watches ' : 'does not ') . (psql($counted) - $before), 'watches 1', 'issue 16: GraphQL counts country and device as REST does');
	$counted =~ s/tablet/tv/;
	$before = psql($counted);
	my $socket = WebSocket->new('/graphql/', url => $bridge->{url}, protocol => 'graphql-transport-ws', headers => { 'CF-IPCountry' => 'de', 'User-Agent' => 'Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0)' });
	$socket->say_json({ type => 'connection_init', payload => { Authorization => 'Bearer ' . account()->{token} } });
	$socket->next_message;
	$socket->say_json({ id => '1', type => 'subscribe', payload => { query => "mutation { watchStream(streamId: $id) { success } }" } });
	$answer = $socket->next_message;
	is(($answer->{payload}{data}{watchStream}{success} ? 'watches ' : 'does not ') . (psql($counted) - $before), 'watches 1', 'issue 16: so does GraphQL on a WebSocket, of who opened it');
	$bridge->stop;
}

# ---- how often (I-07), of bridges that count
my $counting = start_bridge(RATE_LIMITS => 'on');
my $often = account();
my $two_limited = WebSocket->new("/ws/posts/stream/$id/", url => $counting->{url}, token => $often->{token});
hears($two_limited, 'subscribed');
my @answers = map { says($two_limited, message => "flood $_", ref => "f$_"); my $m; do { $m = $two_limited->next_message(60) } until !$m || ($m->{type} // '') =~ /^(sent|error)$/; $m } 1 .. 6;
is(join(' ', map { $_->{type} eq 'sent' ? 'sent' : $_->{data}{status} } @answers), 'sent sent sent sent sent 429', 'I-07: five a minute for viewers');
ok($answers[5]{data}{retry_after} >= 1 && $answers[5]{data}{retry_after} <= 60, 'and after how long it is worth another try') or diag(explain $answers[5]);
is(api(POST => "/api/$chat", url => $counting->{url}, token => $often->{token}, json => { content => 'by another way' })->{status}, 429, 'I-07: whatever it is said by');
my $author = account();
my $other = psql("INSERT INTO social.streams (host_id, title) VALUES ($author->{id}, 'Talkative') RETURNING id");
is(join(' ', map { api(POST => "/api/$live$other/chat/", url => $counting->{url}, token => $author->{token}, json => { content => "host $_" })->{status} } 1 .. 31), join(' ', (201) x 30, 429), 'I-07: thirty for the host, each counted once');
$counting->stop;
my $own = start_bridge(RATE_LIMITS => 'on', CHAT_MESSAGE_RATE_LIMIT => '2/minute');
my $talker = account();
is(join(' ', map { api(POST => "/api/$chat", url => $own->{url}, token => $talker->{token}, json => { content => "own $_" })->{status} } 1 .. 3), '201 201 429', 'seed 161, I-07: CHAT_MESSAGE_RATE_LIMIT is for viewers');
$own->stop;

done_testing();
