# The AsyncAPI document of the WebSockets (issue 14, line 2): it is of the published form, made of the rows that
# serve, and what the bridge tells is as it says: WebSocket.pm holds every message of every test against it.
use strict;
use warnings;
use File::Temp 'tempfile';
use JSON::PP;
use Message;
use Social;
use Test::More;
use Time::HiRes 'time';
use WebSocket;

my $document = Message::document();
my $served   = api(GET => '/api/schema/asyncapi/');
is("$served->{status} $served->{headers}{'content-type'}", '200 application/json', 'issue 14: the document is served, whoever asks');
is_deeply($served->{json}, $document, 'it is what --print-asyncapi prints');
is($document->{asyncapi}, '3.0.0', 'AsyncAPI 3');
is($document->{info}{version}, `$ENV{BRIDGE_BIN} --version` =~ s/\S+ (\S+)\n/$1/r, 'of this version');
is(api(GET => '/api/schema/asyncapi', headers => { 'If-None-Match' => $served->{headers}{etag} })->{status}, 304, 'who has it is told so');
is_error(api(POST => '/api/schema/asyncapi/', json => {}), 405, 'METHOD_NOT_ALLOWED', 'it is only read');

# ---- the rows
sub slurp { my ($path) = @_; open my $file, '<', $path or die "$path: $!"; local $/; return scalar <$file> }
is_deeply([ sort map { $_->{address} } values %{ $document->{channels} } ], [ '/ws/', '/ws/notifications/{user_id}/', '/ws/posts/stream/{stream_id}/', '/ws/posts/streams/status/', '/ws/posts/{post_id}/' ], 'every path of a WebSocket, but that of echoes');
my @closes = slurp('bridge/event/close.def') =~ /^SB_CLOSE\(\w+, (\d+)/mg;
is_deeply([ map { $_->{code} } @{ $document->{'x-close-codes'} } ], [ map { 0 + $_ } @closes ], 'every code of a close');
is_deeply([ sort keys %{ $document->{'x-topics'} } ], [qw(feed hashtag notifications post posts stream streams user)], 'every kind of topic');
my $pattern = $document->{components}{messages}{subscribe}{payload}{properties}{topic}{pattern};
like($_, qr/$pattern/, "the name of a topic: $_") for qw(feed posts post:1 user:42 notifications:7 stream:7 streams hashtag:a);
unlike($_, qr/$pattern/, "none: '$_'") for qw(feeds post posts:1 post: post:0 post:1a feed:1 hashtag:), '';

# What the database tells of (extension/content/event_document.c) is documented, and nothing else is. The end of a
# session comes under no topic of a socket: it closes it.
my %name  = slurp('extension/event/event.h') =~ /TYPE\((\w+), "([\w.]+)"\)/g;
my @told  = map { $name{$_} } slurp('extension/content/event_document.c') =~ /\[SOCIAL_EVENT_(\w+)\] = tell_/g;
my @types = grep { /\./ } Message::types();
cmp_ok(scalar @told, '>', 15, 'there are events');
is_deeply(\@types, [ sort grep { $_ ne 'session.ended' } @told ], 'every type of an event is documented, and no other');

# ---- every message there is
my ($ann, $bob) = map { account() } 1, 2;
my ($first) = map { api(POST => '/api/posts/posts/', token => $bob->{token}, json => { title => 'first', content => 'text' })->{json} } 1;
my $socket = WebSocket->new('/ws/', token => $ann->{token});
my %heard;

# Does something, and waits until a message of that type is told.
sub hears
{
	my ($type, $do) = @_;
	my $before   = $heard{$type} ? @{ $heard{$type} } : 0;
	my $done     = $do->();
	my $deadline = time + 60;
	while ((!$heard{$type} || @{ $heard{$type} } == $before) && time < $deadline)
	{
		my $message = $socket->next_message($deadline - time) or last;
		push @{ $heard{ $message->{type} // "close $message->{close}" } }, $message;
	}
	ok($heard{$type} && @{ $heard{$type} } > $before, "$type is heard of") or diag(join ' ', sort keys %heard);
	return $done;
}
sub does { my ($who, $method, $path, $json) = @_; return sub { my $answer = api($method => $path, token => $who->{token}, defined $json ? (json => $json) : ()); diag("$method $path: $answer->{status} $answer->{content}") if $answer->{status} >= 300; return $answer->{json} } }
sub says { my ($message) = @_; return sub { $socket->say_json($message) } }

hears('ready', sub { });
hears('subscribed', says({ type => 'subscribe', topic => $_ })) for "user:$bob->{id}", "user:$ann->{id}", "post:$first->{id}", "notifications:$ann->{id}";
hears('resync', says({ type => 'subscribe', topic => 'feed', after => 9_007_199_254_740_991 }));
hears('unsubscribed', says({ type => 'unsubscribe', topic => 'feed' }));
hears('error',        says({ type => 'subscribe', topic => 'nothing' }));
hears('pong',         says({ type => 'ping' }));
my $posts = '/api/posts/posts/';
my $post  = hears('post.created', does($bob, POST => $posts, { title => 'second', content => 'of #events' }));
hears('post.edited',   does($bob, PATCH  => "$posts$post->{id}/", { title => 'edited' }));
hears('subscribed',    says({ type => 'subscribe', topic => "post:$post->{id}" }));
hears('unsubscribed',  does($bob, PATCH  => "$posts$post->{id}/", { visibility => 'private' }));
is_deeply([ @{ $heard{unsubscribed}[-1]{data} }{qw(topic code)} ], [ "post:$post->{id}", 'NOT_FOUND' ], 'issue 14, line 4: what is not to be seen any more is told, with a reason');
like($heard{unsubscribed}[-1]{data}{reason}, qr/\w/, 'in words');
does($bob, PATCH => "$posts$post->{id}/", { visibility => 'public' })->();
hears('post.deleted',  does($bob, DELETE => "$posts$post->{id}/"));
hears('post.restored', does($bob, POST   => "$posts$post->{id}/restore/", {}));
hears('post.counts',   does($ann, POST   => "$posts$first->{id}/like/", {}));
my $comment = hears('comment.created', does($ann, POST => "$posts$first->{id}/comments/", { content => 'said' }));
my $said = "$posts$first->{id}/comments/$comment->{id}/";
hears('comment.edited',       does($ann, PATCH  => $said, { content => 'said otherwise' }));
hears('comment.counts',       does($bob, POST   => "${said}like/", {}));
hears('notification.created', does($bob, POST   => "$posts$first->{id}/comments/", { content => 'an answer', parent_id => $comment->{id} }));
hears('notification.read',    does($ann, POST   => '/api/notifications/read-all/', {}));
hears('comment.deleted',      does($ann, DELETE => $said));
hears('repost.created',       does($ann, POST   => "$posts$first->{id}/repost/", {}));
hears('repost.deleted',       does($ann, DELETE => "$posts$first->{id}/repost/"));
hears('follow.created',       does($bob, POST   => "/api/accounts/users/$ann->{id}/follow/", {}));
hears('profile.counts',       sub { });
hears('profile.edited',       does($bob, PATCH  => '/api/accounts/users/me/', { first_name => 'Bob' }));
hears('export.changed',       does($ann, POST   => '/api/accounts/users/me/export/', {}));
hears('media.changed',        does($ann, POST   => '/api/posts/upload-url/', { file_name => 'a.png', content_type => 'image/png' }));
my $streams = '/api/posts/live/stream/';
my $stream  = api(POST => $streams, token => $bob->{token}, json => { title => 'A stream' })->{json};
hears('subscribed', says({ type => 'subscribe', topic => "stream:$stream->{id}" }));
my $chat = "$streams$stream->{id}/chat/";
hears('stream.status', does($bob, POST  => "$streams$stream->{id}/start/", {}));
hears('stream.edited', does($bob, PATCH => "$streams$stream->{id}/", { title => 'Another' }));
my $watching = hears('stream.joined', does($bob, GET => "${streams}watch/$stream->{id}/"));
hears('stream.viewers', sub { });
hears('stream.left', does($bob, POST => "${streams}leave/", { playback_token => $watching->{playback_token} }));
hears('watching', says({ type => 'watch', playback_token => 'none' }));
hears('sent', says({ type => 'chat_message', topic => "stream:$stream->{id}", content => 'said by the socket', ref => '1' }));
my $message = hears('chat.message', does($ann, POST => $chat, { content => 'said' }));
hears('unsubscribed', says({ type => 'unsubscribe', topic => "stream:$stream->{id}" }));
hears('history', says({ type => 'subscribe', topic => "stream:$stream->{id}" }));
hears('subscribed', sub { });
hears('chat.deleted',   does($bob, DELETE => "$chat$message->{id}/"));
hears('chat.banned',    does($bob, POST   => "$streams$stream->{id}/bans/", { user_id => $ann->{id} }));
hears('chat.unbanned',  does($bob, DELETE => "$streams$stream->{id}/bans/$ann->{id}/"));
hears('stream.deleted', does($bob, DELETE => "$streams$stream->{id}/"));
is_deeply([ grep { !$heard{$_} } Message::types() ], [], 'every message that is documented was told');

# ---- and others' tools can read it
SKIP:
{
	skip 'test/npm is not installed: the npm registry was out of reach', 2 unless -f 'test/npm/node_modules/.installed';
	my ($file, $path) = tempfile(UNLINK => 1);
	print $file encode_json({ document => $document, messages => [ map { @$_ } values %heard ] });
	close $file;
	my $seen = decode_json(`node test/npm/asyncapi.mjs $path` || '{"document":["it ended"]}');
	is_deeply($seen->{document}, [], 'it is as the schema of AsyncAPI 3.0 says');
	is_deeply($seen->{messages}, [], 'and the messages are as it says');
}
done_testing;
