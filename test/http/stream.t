# Live streams over REST and GraphQL (mission 034-041, 090-094, 107, 108, 122, 135, 137-139, I-08, I-12, I-17, P-20). What an
# ingest server says of them is said here in its name: it is another program.
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Rest;
use Social;
use Test::More;
use WebSocket;

my ($host, $friend, $stranger) = map { account() } 1 .. 3;
my $live = 'posts/live/stream/';

# Says what an ingest server says of a stream, by its key.
sub ingest
{
	my ($key, $kind, $number) = @_;
	return psql("SELECT social.stream_event('local', '$kind $number " . substr($key, 0, 4) . "', '$kind', clock_timestamp(), '{\"stream_key\": \"$key\", \"publisher\": \"c\"}')");
}

# ---- announcing
my $made = does($host, "POST $live", { title => 'The final', description => 'Live', tags => 'football, final', thumbnail_url => 'https://example.org/a.jpg', scheduled_at => '2027-01-01T20:00:00Z' }, 201,
	{ status => 'scheduled', tags => [ 'football', 'final' ], is_private => $no, viewer_count => 0, peak_viewers => 0, rtmp_url => 'rtmp://127.0.0.1:1935/live', allowed_users => [] }, 'seed 035: announced');
my ($id, $key) = @$made{qw(id stream_key)};
like($key, qr/^[A-Za-z0-9_-]{22}$/, 'seed 035, 137: with a key');
is($made->{host}{id}, $host->{id}, 'seed 107: its host');
is($made->{playback_url}, undef, 'issue 16: one for who is logged in has no address for everybody');
my $open = does($host, "POST $live", { title => 'Open', is_open => $yes }, 201, {}, 'one that is open');
like($open->{playback_url}, qr{^/hls/[A-Za-z0-9_-]{22}/index\.m3u8$}, 'seed 107: has: where it is watched');
unlike($open->{playback_url}, qr/\Q$open->{stream_key}\E/, 'I-17: the key is no part of that');
does($host, "DELETE $live$open->{id}/", undef, 200, {}, 'it goes');
does($host, "POST $live", $_, 400, undef, 'seed 138: ' . encode_json($_)) for {}, { title => '' }, { title => 'x' x 101 }, { title => 'a', description => 'x' x 501 }, { title => 'a', thumbnail_url => 'javascript:alert(1)' },
  { title => 'a', tags => join ',', 1 .. 11 }, { title => 'a', is_private => $yes, is_open => $yes }, { title => 'a', allowed_users => 'x' }, { title => "a\x{1}" };
does(undef, "POST $live", { title => 'a' }, 401, undef, 'I-12');
my $private = does($host, "POST $live", { title => 'Private', is_private => $yes, allowed_users => [ $friend->{id} ] }, 201, { is_private => $yes, playback_url => undef, allowed_users => [ $friend->{id} ] }, 'seed 139: for those invited');
does($host, "POST $live", { title => 'a', allowed_users => [ 9007199254740991 ] }, 404, undef, 'an unknown person');

# ---- who sees it
does($friend, "GET $live$id/", undef, 200, { title => 'The final', stream_url => undef, allowed_users => undef, status => 'scheduled' }, 'seed 036: a public one');
does($host, "GET $live$id/", undef, 200, { stream_url => 'rtmp://127.0.0.1:1935/live' }, 'where to publish is for its host');
does(undef, "GET $live$id/", undef, 401, undef, 'I-12: for who is logged in');
does($friend, "GET $live$private->{id}/", undef, 200, { title => 'Private' }, 'seed 139: who is invited');
does($stranger, "GET $live$private->{id}/", undef, 404, undef, 'and nobody else');
is_deeply([ grep { $_ == $id || $_ == $private->{id} } @{ ids(does($friend, "GET $live", undef, 200, {}, 'seed 034')) } ], [ $private->{id}, $id ], 'seed 034: those that one may see');
is_deeply([ grep { $_ == $id || $_ == $private->{id} } @{ ids(does($stranger, "GET $live?status=scheduled", undef, 200, {}, 'seed 034')) } ], [$id], 'seed 034: of a status');
does($friend, "GET $live?status=over", undef, 400, undef, 'which there is not');
is_deeply(ids(does($friend, "GET ${live}by/$host->{id}/", undef, 200, {}, 'of a person')), [ $private->{id}, $id ], 'a person\'s');
is_deeply(ids(does($friend, "GET ${live}search/?q=football+final&first=100", undef, 200, {}, 'a search')), [$id], 'a search') if psql("SELECT count(*) FROM social.streams WHERE search_vector @@ social.search_query('football final')") == 1;

# ---- changing
does($_, "PUT $live$id/", { title => 'Mine' }, 403, undef, 'seed 037: the host alone') for $friend;
does($stranger, "$_ $live$private->{id}/", $_ eq 'PUT' ? { title => 'Mine' } : undef, 404, undef, 'seed 037, 038') for qw(PUT DELETE);
does($host, "PUT $live$id/", { title => 'The great final', scheduled_at => undef }, 200, { title => 'The great final', description => 'Live', scheduled_at => undef }, 'seed 037, I-30: what is not given stays');
does($host, "PATCH $live$id/", { title => undef }, 400, undef, 'a title there must be');
does($friend, "POST $live$id/$_/", undef, 403, undef, 'seed 039, 040, I-17: the host alone') for qw(start end rotate-key);
does($friend, "DELETE $live$id/", undef, 403, undef, 'seed 038');
my $rotated = does($host, "POST $live$id/rotate-key/", undef, 200, { id => $id, rtmp_url => 'rtmp://127.0.0.1:1935/live' }, 'I-17: another key');
isnt($rotated->{stream_key}, $key, 'I-17: which is another');
is(psql("SELECT refusal FROM social.stream_publish('$key', 'c', '192.0.2.7')"), 'unknown key', 'I-17: the old one is none any more');
$key = $rotated->{stream_key};

# ---- who is invited
does($host, "POST $live$private->{id}/invitations/", { user_id => $stranger->{id} }, 200, { allowed_users => [ sort { $a <=> $b } $friend->{id}, $stranger->{id} ] }, 'seed 139: invited');
is_deeply([ sort { $a <=> $b } @{ ids(does($host, "GET $live$private->{id}/invitations/", undef, 200, {}, 'seed 139')) } ], [ sort { $a <=> $b } $friend->{id}, $stranger->{id} ], 'who is');
does($friend, "GET $live$private->{id}/invitations/", undef, 403, undef, 'is the host\'s business');
does($host, "DELETE $live$private->{id}/invitations/$stranger->{id}/", undef, 200, { allowed_users => [ $friend->{id} ] }, 'and no more') for 1, 2;
does($host, "POST $live$private->{id}/invitations/", { user_id => $host->{id} }, 400, undef, 'nobody invites themselves');

# ---- a broadcast
api(POST => "/api/accounts/users/$host->{id}/follow/", token => $friend->{token}, json => { following => $yes });
is_deeply(ids(does($friend, "GET ${live}followed/", undef, 200, {}, 'nothing is on the air')), [], 'nothing is on the air yet');
does($host, "POST $live$id/start/", undef, 200, { status => 'starting' }, 'seed 039: it begins') for 1, 2;
my $published = psql("SELECT playback_id FROM social.stream_publish('$key', 'c', '192.0.2.8')");
like($published, qr/^[A-Za-z0-9_-]{22}$/, 'somebody publishes');
is(ingest($key, 'update', 1), 'applied', 'pictures come');
does($friend, "GET $live$id/", undef, 200, { status => 'live' }, 'seed 135: it is live');
is_deeply(ids(does($friend, "GET ${live}followed/", undef, 200, {}, 'what is on the air')), [$id], 'which who follows the host finds');
ok(wait_until(60, sub { grep { ($_->{stream_id} // 0) == $id && $_->{type} eq 'live_stream' } @{ does_quietly($friend, 'notifications/')->{results} } }), 'seed 141: and is told');

# ---- watching
my $watch = does($friend, "GET ${live}watch/$id/", undef, 200, { mode => 'signed_prefix' }, 'seed 041: watched');
is($watch->{playback_url}, "/hls/$watch->{playback_token}/$published/index.m3u8", 'issue 16, P-20: at an address of the viewer\'s own');
is($watch->{stream}{id}, $id, 'seed 041: the stream');
ok(wait_until(60, sub { does_quietly($friend, "$live$id/")->{viewer_count} == 1 }), 'seed 041, 140: which counts');
does($friend, "POST ${live}renew/", { playback_token => $watch->{playback_token} }, 200, { renewed => $yes }, 'and goes on');
does($friend, "POST ${live}renew/", { playback_token => 'x' }, 200, { renewed => $no }, 'not by any token');
does($friend, "POST ${live}leave/", { playback_token => $watch->{playback_token} }, 200, { was_watching => $yes }, 'until they leave');
ok(wait_until(60, sub { my $now = does_quietly($friend, "$live$id/"); $now->{viewer_count} == 0 && $now->{peak_viewers} == 1 }), 'seed 140: the peak stays');
is(does($stranger, "GET ${live}watch/$private->{id}/", undef, 403, undef, 'seed 041')->{error}, 'Access denied', 'seed 041, 126: the words of the seed');
is(does($stranger, "GET ${live}watch/9007199254740991/", undef, 404, undef, 'seed 041')->{error}, 'Stream not found', 'seed 041, 126: likewise');
does(undef, "GET ${live}watch/$id/", undef, 401, undef, 'I-12: a login would help');
does($host, "POST $live$private->{id}/start/", undef, 200, {}, 'a private one');
my $signed = does($friend, "GET ${live}watch/$private->{id}/", undef, 200, { mode => 'signed_prefix' }, 'P-20: a private one');
like($signed->{playback_url}, qr{^/hls/\Q$signed->{playback_token}\E/[A-Za-z0-9_-]{22}/index\.m3u8$}, 'P-20: its path begins with the token');

# ---- what an ingest server asks for each viewer, of many at once
{
	my $bridge = start_bridge(INGEST_PORT => my $port = free_port(), LOOPS => 1);
	my @viewers = ($watch, map { my $viewer = $_; api(GET => "/api/${live}watch/$id/", token => $viewer->{token})->{json} } ($friend, $stranger) x 20);
	my ($open_id) = does($host, "POST $live", { title => 'Open', is_open => $yes }, 201, {}, 'one that is open')->{playback_url} =~ m{/hls/([^/]+)/};
	my ($private_id) = $signed->{playback_url} =~ m{/([^/]+)/index};
	my @asked = (map({ [ $published, $_->{playback_token}, 200 ] } @viewers[ 1 .. $#viewers ]), map { @$_ } ([ [ $published, $watch->{playback_token}, 403 ], [ $published, '', 403 ], [ $private_id, $signed->{playback_token}, 200 ],
		[ $published, $signed->{playback_token}, 403 ], [ $private_id, $viewers[1]{playback_token}, 403 ], [ $open_id, '', 200 ], [ $open_id, 'x', 403 ], [ 'x' x 22, '', 403 ], [ '%22%2C', '', 403 ], [ '', '', 403 ], [ $published, 'a%22b', 403 ],
		[ $published, 'a' x 5000, 403 ], [ 'NULL', 'NULL', 403 ] ]) x 20);
	my $ask = sub {
		my ($asked) = @_;
		my $socket = raw_connect("http://127.0.0.1:$port");
		syswrite $socket, "GET /ingest/watch/?id=$asked->[0]&token=$asked->[1] HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
		return $socket;
	};
	my $wrong = 0;
	# As many connections as an ingest server keeps.
	while (my @some = splice @asked, 0, 30)
	{
		my @sockets = map { $ask->($_) } @some;
		for my $n (0 .. $#some)
		{
			my ($answer) = raw_read($sockets[$n], 60);
			next if $answer =~ m{^HTTP/1\.1 $some[$n][2] };
			$wrong++;
			diag("@{$some[$n]}: $answer");
		}
	}
	is($wrong, 0, 'issue 16, P-20: each is answered for itself');
	psql("INSERT INTO social.blocks (blocker_id, blocked_id) VALUES ($host->{id}, $stranger->{id})");
	is_deeply([ map { (raw_read($ask->([ $published, $_->{playback_token} ]), 60))[0] =~ m{^HTTP/1\.1 (\d+)} } @viewers[ 1, -1 ] ], [ 200, 403 ], 'issue 16: whom the host of a public stream blocks is out at once, and nobody else');
	psql("DELETE FROM social.blocks WHERE blocker_id = $host->{id}");
	psql("DELETE FROM social.streams WHERE playback_id = '$open_id'");
	is($bridge->stop, 0, 'a clean end');
}

# ---- the key is told once, and kept nowhere
my $once = api(POST => "/api/$live", token => $host->{token}, json => { title => 'Once' }, headers => { 'Idempotency-Key' => "stream $id" });
my $again = api(POST => "/api/$live$once->{json}{id}/rotate-key/", token => $host->{token}, headers => { 'Idempotency-Key' => "rotate $id" });
my $graphql = get($host, 'mutation { createStream(title: "Twice") { stream { id } streamKey } }');
my @keys = ($made->{stream_key}, $private->{stream_key}, $key, map { $_ // '' } $once->{json}{stream_key}, $again->{json}{stream_key}, $graphql->{streamKey});
is(scalar(grep { length == 22 } @keys), 6, 'I-17: six keys');
my @tables = split /\n/, psql("SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'r'");
is(psql(join ' UNION ALL ', map { my $table = $_; map { "(SELECT '$table' FROM $table t WHERE position('$_' IN t::text) > 0 LIMIT 1)" } @keys } @tables), '', 'I-17: none stands in any table, nor in an answer that is kept for an Idempotency-Key');
is(scalar(grep { my $key = $_; grep { index(encode_json($_ // {}), $key) >= 0 } does_quietly($host, "$live?first=100"), does_quietly($host, "$live$id/"), does_quietly($friend, "$live$id/"), does_quietly($host, 'notifications/') } @keys), 0, 'I-17: nor in a later answer, the host\'s included');
does($host, "DELETE $live$_/", undef, 200, {}, 'they go') for $once->{json}{id}, $graphql->{stream}{id};

# ---- the end
does($host, "POST $live$id/end/", undef, 200, { status => 'ended', viewer_count => 0 }, 'seed 040: it ends') for 1, 2;
does($host, "POST $live$id/start/", undef, 409, undef, 'for good');
does($host, "POST $live$id/rotate-key/", undef, 409, undef, 'with its key');
does($host, "DELETE $live$private->{id}/", undef, 200, { id => $private->{id} }, 'seed 038: deleted');
does($host, "GET $live$private->{id}/", undef, 404, undef, 'and gone');

# ---- chat (seed 090-094, 123, I-07)
my $talk = does($host, "POST $live", { title => 'Talk' }, 201, { chat => { enabled => $yes, slow_mode_seconds => 0, followers_only => $no, follow_minutes => 0, pinned_message_id => undef } }, 'seed 093: a chat');
my $chat = "$live$talk->{id}/chat/";
ok(wait_until(60, sub { psql('SELECT count(*) FROM social.event_outbox') == 0 }), 'seed 093: which is in the log');
my $socket = WebSocket->new("/ws/posts/stream/$talk->{id}/", token => $friend->{token});
is_deeply([ map { my $m = $socket->next_message(60); "$m->{type} " . ($m->{data}{topic} // '') } 1, 2 ], [ 'ready ', "subscribed stream:$talk->{id}" ], 'seed 090: a socket of the stream');
my $status = WebSocket->new('/ws/posts/streams/status/', token => $friend->{token});
is_deeply([ map { my $m = $status->next_message(60); "$m->{type} " . ($m->{data}{topic} // '') } 1, 2 ], [ 'ready ', 'subscribed streams' ], 'seed 091: and of those whom one follows');
is(WebSocket->new("/ws/posts/stream/9007199254740991/", token => $friend->{token})->next_message(60)->{type}, 'ready', 'of one that is not there');
my $said = does($stranger, "POST $chat", { content => 'What a goal!' }, 201, { content => 'What a goal!', role => 'viewer', stream_id => $talk->{id} }, 'seed 093: said');
is($said->{author}{id}, $stranger->{id}, 'seed 093: by whom');
my $heard = $socket->next_message(60);
is_deeply([ $heard->{type}, $heard->{data} ], [ 'chat.message', $said ], 'I-16: and heard, as it was answered');
does(undef, "POST $chat", { content => 'x' }, 401, undef, 'seed 093: by who is logged in');
does($stranger, "POST $chat", { content => $_ }, 400, undef, 'seed 093: no message') for '', 'x' x 501, "a\x{1}";
is_deeply(ids(does($friend, "GET $chat?first=50", undef, 200, {}, 'the last fifty')), [ $said->{id} ], 'seed 093: kept');
does($stranger, "PATCH $chat", { slow_mode_seconds => 30 }, 403, undef, 'its rules are the host\'s');
is(does($host, "PATCH $chat", { slow_mode_seconds => 30 }, 200, {}, 'slow mode')->{chat}{slow_mode_seconds}, 30, 'slow mode');
is($socket->next_message(60)->{data}{chat}{slow_mode_seconds}, 30, 'which all are told');
is(api(POST => "/api/$chat", token => $stranger->{token}, json => { content => 'again' })->{status}, 429, 'slow mode: not at once');
does($host, "POST $live$talk->{id}/moderators/", { user_id => $friend->{id} }, 200, { moderator => $yes }, 'a moderator');
does($stranger, "POST $live$talk->{id}/bans/", { user_id => $friend->{id} }, 403, undef, 'nobody else bans');
does($friend, "POST $live$talk->{id}/bans/", { user_id => $stranger->{id}, seconds => 600, reason => 'rude' }, 200, { banned => $yes }, 'a timeout');
does($stranger, "POST $chat", { content => 'x' }, 403, undef, 'a timeout');
is_deeply(ids(does($friend, "GET $live$talk->{id}/bans/", undef, 200, {}, 'who is banned')), [ $stranger->{id} ], 'who is');
does($stranger, "GET $live$talk->{id}/bans/", undef, 403, undef, 'which is not told to everybody');
does($friend, "DELETE $live$talk->{id}/bans/$stranger->{id}/", undef, 200, { banned => $no }, 'and no more');
is(does($friend, "POST $chat$said->{id}/pin/", undef, 200, {}, 'pinned')->{chat}{pinned_message_id}, $said->{id}, 'pinned');
is(does($friend, "POST ${chat}unpin/", undef, 200, {}, 'unpinned')->{chat}{pinned_message_id}, undef, 'unpinned');
does($friend, "DELETE $chat$said->{id}/", undef, 200, { id => $said->{id} }, 'deleted') for 1, 2;
does($friend, "POST ${chat}clear/", { user_id => $stranger->{id} }, 200, {}, 'cleared');
my @types;
for (1 .. 10) { my $m = $socket->next_message(60); push @types, $m->{type}; last if $m->{type} eq 'chat.deleted' }
is_deeply(\@types, [ 'chat.banned', 'chat.unbanned', 'stream.edited', 'stream.edited', 'chat.deleted' ], 'seed 090: all of which is told in its order');
does($host, "POST $live$talk->{id}/start/", undef, 200, {}, 'it begins');
my $begun = $status->next_message(60);
is_deeply([ $begun->{type}, $begun->{data}{id}, $begun->{data}{status}, $begun->{data}{stream_url} ], [ 'stream.status', $talk->{id}, 'starting', undef ], 'seed 091: who follows the host hears of it');
is(payload('chatMessage', $friend, "mutation { sendChatMessage(streamId: $talk->{id}, content: \"hello\") { chatMessage { role content } success message } }")->{role}, 'MODERATOR', 'sendChatMessage');
is_deeply(get($friend, "{ liveStream(id: $talk->{id}) { chat { content author { username } } moderators { username } } }"), { chat => [ { content => 'hello', author => { username => $friend->{username} } } ], moderators => [ { username => $friend->{username} } ] }, 'LiveStream.chat');
refused('FORBIDDEN', 'nobody else', $stranger, "mutation { updateStreamChat(streamId: $talk->{id}, chatEnabled: false) { success } }");
does($host, "DELETE $live$talk->{id}/", undef, 200, {}, 'gone');

# ---- the same over GraphQL
my $asked = get($host, 'mutation { createStream(title: "Second", tags: "a, b", isOpen: true) { stream { id title status tags isOpen playbackUrl streamUrl host { username } } streamKey rtmpUrl success message } }');
is_deeply([ $asked->{stream}{title}, $asked->{stream}{status}, $asked->{stream}{tags}, $asked->{stream}{host}{username}, $asked->{success} ], [ 'Second', 'SCHEDULED', [ 'a', 'b' ], $host->{username}, $yes ], 'createStream');
like($asked->{streamKey}, qr/^[A-Za-z0-9_-]{22}$/, 'with its key');
my $second = $asked->{stream}{id};
is(get(undef, "{ liveStream(id: $second) { title } }")->{title}, 'Second', 'I-12: an open one is for everybody');
is(payload('stream', $host, "mutation { updateStream(id: $second, title: \"Another\") { stream { title } success message } }")->{title}, 'Another', 'updateStream');
isnt(payload('streamKey', $host, "mutation { rotateStreamKey(streamId: $second) { streamKey success message } }"), $asked->{streamKey}, 'rotateStreamKey');
refused('FORBIDDEN', 'the host alone', $friend, "mutation { rotateStreamKey(streamId: $second) { streamKey } }");
is(payload('stream', $host, "mutation { inviteToStream(streamId: $second, userId: $friend->{id}) { stream { id } success message } }")->{id}, $second, 'inviteToStream');
is(payload('stream', $host, "mutation { uninviteFromStream(streamId: $second, userId: $friend->{id}) { stream { id } success message } }")->{id}, $second, 'uninviteFromStream');
is(payload('stream', $host, "mutation { startStream(streamId: $second) { stream { status } success message } }")->{status}, 'STARTING', 'startStream');
my $seen = get($friend, "mutation { watchStream(streamId: $second) { stream { id } playbackUrl mode playbackToken expiresAt success } }");
is_deeply([ $seen->{stream}{id}, $seen->{mode} ], [ $second, 'public' ], 'watchStream');
ok(get($friend, 'mutation($t: String!) { renewStreamView(playbackToken: $t) { renewed } }', t => $seen->{playbackToken})->{renewed}, 'renewStreamView');
ok(get($friend, 'mutation($t: String!) { leaveStream(playbackToken: $t) { wasWatching } }', t => $seen->{playbackToken})->{wasWatching}, 'leaveStream');
is_deeply([ map { $_->{id} } @{ get($friend, '{ followedStreams { id } }') } ], [$second], 'followedStreams');
ok(scalar(grep { $_->{id} eq $second } @{ get($friend, '{ liveStreams(status: STARTING, first: 50) { id } }') }), 'liveStreams');
is_deeply([ map { $_->{node}{id} } @{ get($friend, "{ user(id: $host->{id}) { liveStreamsConnection(first: 1) { edges { node { id } } } } }")->{liveStreamsConnection}{edges} } ], [$second], 'a person\'s, in pages');
ok(scalar(grep { $_->{id} eq $second } @{ get($friend, '{ searchStreams(query: "another", first: 50) { id } }') }), 'searchStreams');
my ($told) = grep { $_->{type} eq 'LIVE_STREAM' } @{ get($friend, '{ userNotifications { type stream { id } target { __typename ... on LiveStream { id } } } }') };
is_deeply($told, { type => 'LIVE_STREAM', stream => { id => $id }, target => { __typename => 'LiveStream', id => $id } }, 'seed 133: what a notification is about');
is(payload('stream', $host, "mutation { endStream(streamId: $second) { stream { status } success message } }")->{status}, 'ENDED', 'endStream');
is(payload('id', $host, "mutation { deleteStream(id: $second) { id success message } }"), $second, 'deleteStream');
refused('NOT_FOUND', 'gone', $host, "mutation { endStream(streamId: $second) { success } }");

sub does_quietly { my ($who, $path) = @_; return api(GET => "/api/$path", token => $who->{token})->{json} }
done_testing();
