# Streams of events (server-sent events): the topics, ids and payloads of the WebSockets over plain HTTP (issue 14 line 3,
# mission 088-092, I-13, I-15, P-17, P-18).
use strict;
use warnings;
use EventStream;
use JSON::PP;
use Social;
use Test::More;
use Time::HiRes 'time';
use WebSocket;

my @bridges = map { start_bridge(LOOPS => $_, WS_QUEUE => 65536, SSE_HEARTBEAT => 3600, WS_MAX_TOPICS => 5, CORS_ALLOWED_ORIGINS => 'https://app.test') } 2, 1;
my ($url, $other) = map { $_->{url} } @bridges;
my ($ann, $bob, $cy) = map { account(url => $url) } 1 .. 3;
sub act { my ($who, $path, $json) = @_; my $answer = api(POST => $path, token => $who->{token}, url => $url, $json ? (json => $json) : ()); $answer->{status} < 300 or die "$path: $answer->{content}"; return $answer->{json} }
sub post { my ($who, %post) = @_; return act($who, '/api/posts/posts/', { title => 'a title', content => 'text', %post }) }
sub listen_to { my ($who, $topics, %option) = @_; return EventStream->new("topics=$topics", url => $url, token => $who->{token}, %option) }
sub figure { my ($name, $at) = @_; return api(GET => '/api/posts/metrics/', url => $at // $url, token => $ann->{token})->{content} =~ /^\Q$name\E (\d+)/m ? $1 : undef }
psql("UPDATE social.users SET is_staff = true WHERE id = $ann->{id}");

# ---- the head
act($ann, "/api/accounts/users/$bob->{id}/follow/");
my $first = post($bob);
# What was written before is in the log, so that who subscribes now does not hear of it.
ok(wait_until(30, sub { psql('SELECT count(*) FROM social.event_outbox') eq '0' }), 'the log is up to date');
my $feed  = listen_to($ann, "feed,notifications:$ann->{id}");
is($feed->{status}, 200, 'a stream') or diag(explain($feed->{body}));
is_deeply([ @{ $feed->{headers} }{qw(content-type cache-control x-accel-buffering content-encoding content-length)} ], [ 'text/event-stream', 'no-store', 'no', undef, undef ], 'its type; nobody keeps, collects or compresses it');
like($feed->next_block->{retry}, qr/^[1-5]\d{3}$/, 'when to come again, some seconds after its end');
my @begun = map { $feed->next_block } 1, 2;
is_deeply([ map { $_->{event}, $_->{data}{topic} } @begun ], [ subscribed => 'feed', subscribed => "notifications:$ann->{id}" ], 'several topics on one stream');
like($begun[0]{id}, qr/^\d+$/, 'the id to go on after is there before any event');
my $head = listen_to($ann, 'feed', method => 'HEAD');
is("$head->{status} $head->{headers}{'content-type'}", '200 text/event-stream', 'HEAD has the head');
is(listen_to($ann, 'post:9007199254740991', method => 'HEAD')->{status}, 404, 'or the refusal');
my $old = listen_to($ann, 'feed', version => '1.0');
ok($old->hear('subscribed'), 'HTTP/1.0 has it without chunks');
is($old->{headers}{'transfer-encoding'}, undef, 'indeed');
my $page = listen_to($ann, 'feed', headers => { Origin => 'https://app.test', 'Accept-Encoding' => 'gzip, br' });
is("$page->{headers}{'access-control-allow-origin'} " . ($page->{headers}{'content-encoding'} // '-'), 'https://app.test -', 'CORS, and no compression');
my $preflight = api(OPTIONS => '/api/events/', url => $url, headers => { Origin => 'https://app.test', 'Access-Control-Request-Method' => 'GET', 'Access-Control-Request-Headers' => 'last-event-id' });
like($preflight->{headers}{'access-control-allow-headers'}, qr/Last-Event-ID/, 'a page of that origin may send Last-Event-ID');
$_->close for $head, $old, $page;

# ---- live, the same as on a WebSocket
my $socket = WebSocket->new('/ws/', url => $other, token => $ann->{token});
$socket->say_json({ type => 'subscribe', topic => 'feed' });
1 while ($socket->next_message->{type} // '') ne 'subscribed';
my $person = listen_to($cy, "user:$bob->{id},hashtag:Streams", url => $other);
ok($person->hear('subscribed'), "another bridge's stream") for 1, 2;
is(($person->heard('subscribed'))[1]{data}{topic}, 'hashtag:streams', 'a hashtag as it is written there');
my $live = post($bob, title => "live", content => "of #Streams\nin lines");
my $got  = $feed->hear('post.created');
my $same = $socket->next_message;
is($got->{data}{id}, $live->{id}, 'a post comes into the feed of who follows') or diag(explain($feed->{heard}));
is("$got->{id} $got->{event}", "$same->{id} $same->{type}", 'by the id and the type of the WebSocket');
is_deeply($got->{data}, $same->{data}, 'with the same data');
my $there = $person->hear('post.created');
is("$there->{id} $there->{data}{id}", "$got->{id} $live->{id}", 'on another bridge, too');
my $about = listen_to($bob, "post:$first->{id},notifications:$bob->{id}");
$about->hear('subscribed') for 1, 2;
act($ann, "/api/posts/posts/$first->{id}/comments/", { content => 'said' });
is($about->hear('comment.created')->{data}{content}, 'said', 'mission 089: a comment under its post');
ok($about->hear('notification.created') || $about->heard('notification.created'), 'mission 088, 134: and its author is told') or diag(explain($about->{heard}));
is(scalar(grep { $_->{data}{id} == $live->{id} } $person->heard('post.created')), 1, 'once, though the person and the hashtag are subscribed to');

# ---- what one may not see (P-17): the next that may be seen comes, and nothing before
act($bob, "/api/accounts/users/$cy->{id}/block/");
post($bob, title => 'not for cy');
my $seen = post($ann, content => 'of #streams, too');
is($person->hear('post.created')->{data}{id}, $seen->{id}, 'who is blocked hears no more, at once');
ok(!grep({ ($_->{data}{title} // '') eq 'not for cy' } @{ $person->{heard} }), 'of anything');
my $draft = post($bob, title => 'draft', is_published => JSON::PP::false);
my $next  = post($bob, title => 'public');
1 until grep { ($_->{data}{id} // 0) == $next->{id} } $feed->hear('post.created') // last;
ok(!grep({ ($_->{data}{id} // 0) == $draft->{id} } @{ $feed->{heard} }), "a draft is nobody's");

# ---- coming again (P-18)
my $since   = $got->{id} - 1;
my $resumed = listen_to($ann, "user:$bob->{id},feed", last_id => $since, url => $other);
my @missed;
while (my $block = $resumed->next_block) { push @missed, $block if ($block->{event} // '') =~ /^post/; last if ($block->{event} // '') eq 'subscribed' }
is($missed[0]{id}, $got->{id}, 'Last-Event-ID: what came after it comes first');
my @ids = map { $_->{id} } @missed;
is_deeply(\@ids, [ sort { $a <=> $b } keys %{ { map { $_ => 1 } @ids } } ], 'each once and in one order, whatever topics it is under');
my $by_query = EventStream->new("topics=user:$bob->{id}&last_event_id=$since", url => $url, token => $ann->{token});
is($by_query->hear('post.created')->{id}, $got->{id}, 'last_event_id in the address says the same');
my $newer = EventStream->new("topics=user:$bob->{id}&last_event_id=$since", url => $url, token => $ann->{token}, last_id => $ids[-1]);
my $late = post($bob, title => 'late');
is($newer->hear('post.created')->{data}{id}, $late->{id}, 'the header, which is newer, wins');
my $future = listen_to($ann, "user:$bob->{id}", last_id => 9_007_199_254_740_991);
my $resync = $future->hear('resync');
is($resync->{data}{topic}, "user:$bob->{id}", 'an id that the log has not given out: resync');
cmp_ok($resync->{id}, '<', 9_007_199_254_740_991, 'with the id to go on after');
is($future->hear('subscribed')->{id}, $resync->{id}, 'and it goes on from now');
is(post($bob, title => 'after')->{id}, $future->hear('post.created')->{data}{id}, 'with what is new');

# None is missed and none comes twice while streams are cut and come again under writes.
my $writer = fork // die;
if (!$writer)
{
	eval { psql("SELECT social.act_as($bob->{id}, session => true); SELECT social.create_post('n', 'streamed');"); 1 } or last for 1 .. 60;
	POSIX::_exit(0);
}
my $after = $future->{last_id};
my %times;
for my $round (1 .. 8)
{
	my $stream = listen_to($ann, "user:$bob->{id},feed", url => $round % 2 ? $url : $other, last_id => $after);
	for (1 .. 12)
	{
		my $block = $stream->next_block(3) // last;
		$times{ $block->{data}{id} }++ if ($block->{event} // '') eq 'post.created';
	}
	$after = $stream->{last_id} // $after;
	$stream->close;
}
waitpid $writer, 0;
ok(wait_until(30, sub { psql('SELECT count(*) FROM social.event_outbox') eq '0' }), 'all of it is in the log');
my $rest = listen_to($ann, "user:$bob->{id},feed", last_id => $after);
$rest->hear('subscribed');
$times{ $_->{data}{id} }++ for $rest->heard('post.created');
my $wanted = psql("SELECT string_agg(id::text, ',' ORDER BY id) FROM social.posts WHERE author_id = $bob->{id} AND content = 'streamed'");
is(join(',', sort { $a <=> $b } grep { $times{$_} } split /,/, $wanted), $wanted, 'P-18: none of 60 posts is missed over nine streams');
is(scalar(grep { $_ > 1 } values %times), 0, 'none comes twice');

# ---- who asks for what is not there, or not so
my $hidden = post($bob, is_published => JSON::PP::false);
my $fay    = account(url => $url);
for my $case (
	[ 'no topics',                   400, 'BAD_REQUEST',    '' ],
	[ 'topics twice',                400, 'BAD_REQUEST',    'topics=feed&topics=feed' ],
	[ 'an empty name',               404, 'NOT_FOUND',      'topics=' ],
	[ 'an empty name among others',  404, 'NOT_FOUND',      'topics=feed,' ],
	[ 'no such kind',                404, 'NOT_FOUND',      'topics=everything' ],
	[ 'an id that is none',          404, 'NOT_FOUND',      'topics=post:1a' ],
	[ 'a post that is not there',    404, 'NOT_FOUND',      'topics=feed,post:9007199254740991' ],
	[ 'a post that one may not see', 404, 'NOT_FOUND',      "topics=post:$hidden->{id}" ],
	[ "another's notifications",     404, 'NOT_FOUND',      "topics=notifications:$bob->{id}" ],
	[ 'more than WS_MAX_TOPICS',     400, 'LIMIT_EXCEEDED', "topics=feed,user:$ann->{id},user:$bob->{id},post:$first->{id},post:$live->{id},hashtag:streams" ],
	[ 'an id with a sign',           400, 'BAD_REQUEST',    'topics=feed', '-1' ],
	[ 'an id with a letter',         400, 'BAD_REQUEST',    'topics=feed', '1e3' ],
	[ 'an id beyond 2^53',           400, 'BAD_REQUEST',    'topics=feed', '9007199254740992' ],
	[ 'an id of the address',        400, 'BAD_REQUEST',    'topics=feed&last_event_id=x' ])
{
	my ($what, $status, $code, $query, $id) = @$case;
	my $answer = EventStream->new($query, url => $url, token => $fay->{token}, defined $id ? (last_id => $id) : ());
	is_deeply([ $answer->{status}, $answer->{body}{code} ], [ $status, $code ], "$what: $status $code") or diag(explain($answer));
}
is(listen_to($ann, 'feed', last_id => '')->{status}, 200, 'an empty id is none');
my $twice = listen_to($ann, 'hashtag:A,hashtag:a');
is(scalar(grep { defined $_->{id} } map { $twice->hear('subscribed') } 1, 2), 1, 'a topic twice is once, and takes no id back');
is_deeply([ @{ EventStream->new('topics=feed', url => $url) }{qw(status)} ], [401], 'I-15: nobody is told anything without a token');
is(listen_to({ token => 'nonsense' }, 'feed')->{status}, 401, 'nor by one that is no good');
is(EventStream->new("topics=feed&token=$ann->{token}", url => $url)->{status}, 401, 'P-17: a token in the address is not looked at');
is(EventStream->new('', url => $url, token => $ann->{token}, path => '/api/events?topics=feed', headers => { Accept => '*/*' })->{status}, 200, 'whatever is accepted');
for my $accept ('text/event-stream', '*/*', undef, 'application/json')
{
	my $name = $accept // 'nothing';
	is(EventStream->new('', url => $url, token => $ann->{token}, path => "$_?topics=feed", headers => { Accept => $accept })->{status}, 200, "$_ and $name in Accept") for '/api/events/', '/api/%65vents', '/%61%70i/events/', 'http://bridge.test/api/events/';
}
is(listen_to($ann, 'feed', path => '/api%2Fevents/?topics=feed', headers => { Accept => '*/*' })->{status}, 404, 'but a slash cuts, and its escape does not');
is_error(api(POST => '/api/events/', url => $url, token => $ann->{token}, json => {}), 405, 'METHOD_NOT_ALLOWED', 'it is only read');

# ---- how it ends
my $dan  = account(url => $url);
my $gone = listen_to($dan, 'feed');
$gone->hear('subscribed');
my $began = time;
api(POST => '/api/auth/logout/', url => $url, token => $dan->{token}, json => { refresh => $dan->{refresh} });
my $end = $gone->closed_with;
is_deeply([ @$end{qw(code is_whole)} ], [ 4401, 1 ], 'P-17: the stream ends with its session, and says so') or diag(explain($gone->{heard}));
cmp_ok(time - $began, '<', 10, 'soon');
is($end->{after}, $gone->{last_id}, 'with the id to go on after');
my $eve       = account(url => $url);
my $suspended = listen_to($eve, 'feed', url => $other);
$suspended->hear('subscribed');
psql("UPDATE social.users SET suspended_at = now() WHERE id = $eve->{id}");
is($suspended->closed_with->{code}, 4401, 'P-17: a suspension ends it, on every bridge');
is(listen_to($eve, 'feed')->{status}, 401, 'and he does not come again');
my $sid     = claims_of($cy->{token})->{sid};
my $expires = listen_to({ token => psql("SELECT social.sign_access_token($cy->{id}, '$sid', now() + interval '8 seconds')") }, 'feed');
ok($expires->hear('subscribed'), 'a token that ends soon');
is($expires->closed_with->{code}, 4401, 'I-15: ends its stream');

# A client who is gone has his place and his subscriptions no longer, though nothing is said.
my $limited = start_bridge(LOOPS => 2, RATE_LIMITS => 'on', WS_MAX_PER_USER => 2, WS_QUERY_TOKEN => 'on', SSE_HEARTBEAT => 1);
my @at      = (url => $limited->{url});
my @own     = map { listen_to($bob, 'feed', @at) } 1, 2;
is_deeply([ map { $_->{status} } @own ], [ 200, 200 ], 'two streams of an account');
my $third = listen_to($bob, 'feed', @at);
is_deeply([ $third->{status}, $third->{body}{code} ], [ 429, 'RATE_LIMITED' ], 'WS_MAX_PER_USER, whichever loop has them');
my $as_socket = WebSocket->new('/ws/', @at, token => $bob->{token});
is($as_socket->closed_with, 4429, 'streams and sockets together');
$own[0]->close;
my $again;
ok(wait_until(30, sub { $again = listen_to($bob, 'feed', @at); $again->{status} == 200 }), 'one goes, and there is room');
my $by_address = EventStream->new("topics=feed&token=$ann->{token}", @at);
is($by_address->{status}, 200, 'WS_QUERY_TOKEN: for EventSource, which has no headers');
is(EventStream->new('topics=feed&token=nonsense', @at)->{status}, 401, 'a bad one is none');
unlike($limited->log_text, qr/\Q$ann->{token}\E/, 'and the log has none of it');

# ---- silence
my $beat;
$by_address->hear('subscribed');
$beat = $by_address->next_block until !$beat ? 0 : exists $beat->{comment};
is($beat->{lines}, ":\nid: $by_address->{last_id}", 'SSE_HEARTBEAT: a line that says nothing, with the id of the log');
post($cy);
my $position = psql('SELECT social.event_position()');
ok(wait_until(60, sub { my $block = $by_address->next_block(5); ($block->{id} // 0) >= $position }), 'which goes on with the log, though nothing of it is to be seen');

# ---- who is too slow (P-18)
my $slow = listen_to($ann, "user:$bob->{id}");
my $from = $slow->hear('subscribed')->{id};
psql("SELECT social.act_as($bob->{id}, session => true); SELECT social.create_post('big', repeat('x', 9000) || n) FROM generate_series(1, 800) n;");
ok(wait_until(60, sub { (figure('social_stream_closes_total{code="1013"}') // 0) > 0 }), 'a burst');
my $said = $slow->closed_with(60);
is($said->{code}, 1013, 'who does not read is ended with 1013');
is($said->{after}, $slow->{last_id}, 'after the event that came last');
my $count  = $slow->heard('post.created');
my $follow = listen_to($ann, "user:$bob->{id}", last_id => $slow->{last_id});
while ($count < 800 && defined(my $block = $follow->next_block(30)))
{
	last if ($block->{event} // '') eq 'close';
	$count++ if ($block->{event} // '') eq 'post.created';
}
is($count, 800, 'and has all the rest on the next stream, though it is many times WS_QUEUE');

# ---- figures, and a client that is not ours
cmp_ok(figure('social_streams_opened_total'), '>', 10, 'streams are counted');
cmp_ok(figure('social_http_connections{state="streaming"}'), '>=', 1, 'those that are there');
{
	my $pid = open my $curl, '-|', 'curl', '-sN', '-m', 60, '-H', "Authorization: Bearer $ann->{token}", "$url/api/events/?topics=user:$cy->{id}" or die;
	while (<$curl>) { last if /^event: subscribed/ }
	my $for_curl = post($cy, title => 'for curl');
	my $line;
	while ($line = <$curl>) { last if $line =~ /^data: .*"for curl"/ }
	like($line // '', qr/"id" ?: ?$for_curl->{id}\b/, 'curl -N hears of a post');
	kill TERM => $pid;    # it would spin until its time is over
	close $curl;
}

# ---- the bridge stops, and starts
my $stays = listen_to($ann, "user:$bob->{id}", url => $other);
$stays->hear('subscribed');
is($bridges[1]->stop, 0, 'a bridge with streams stops') or diag($bridges[1]->log_text);
is_deeply([ @{ $stays->closed_with }{qw(code is_whole)} ], [ 1012, 1 ], 'they are told to come again');
my $while = post($bob, title => 'while it was away');
my $new   = start_bridge(LOOPS => 1);
my $back  = listen_to($ann, "user:$bob->{id}", url => $new->{url}, last_id => $stays->{last_id});
is($back->hear('post.created')->{data}{id}, $while->{id}, 'and have what came meanwhile');
is($new->stop, 0, 'a clean end');
done_testing();
