# WebSockets: what subscribers hear, when, and of what they may see; what they miss they get (mission 088-092, 134, P-18,
# design D7).
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;
use Time::HiRes 'time';
use WebSocket;

# One tells many by one system call, if it may, the other one by a call each.
my @bridges = map { start_bridge(LOOPS => $_, IO_URING => $_ == 2 ? 'on' : 'off', WS_QUEUE => 65536, WS_PING_INTERVAL => 3600) } 2, 1;
my ($url, $other) = map { $_->{url} } @bridges;
my ($ann, $bob, $cy) = map { account(url => $url) } 1 .. 3;
sub post { my ($who, %post) = @_; return api(POST => '/api/posts/posts/', token => $who->{token}, url => $url, json => { title => 'a title', content => 'text', %post })->{json} }

# Opens a socket of somebody that has subscribed to topics; {topic => id} is where it began.
sub listen_to
{
	my ($who, $at, @topics) = @_;
	my $socket = WebSocket->new('/ws/', url => $at, token => $who->{token});
	$socket->next_message->{type} eq 'ready' or die;
	for my $topic (@topics)
	{
		my ($name, $after) = ref $topic ? @$topic : $topic;
		$socket->say_json({ type => 'subscribe', topic => $name, defined $after ? (after => $after) : () });
	}
	return $socket;
}

# The next message of a type; others that came before are kept.
sub hear
{
	my ($socket, $type, $seconds) = @_;
	my $deadline = time + ($seconds // 30);
	while (my $message = $socket->next_message($deadline - time))
	{
		push @{ $socket->{heard} }, $message;
		return $message if ($message->{type} // '') eq $type;
		return undef if exists $message->{close};
	}
	return undef;
}
# The next about something. Who subscribes may hear of what was numbered just before: a bridge begins where it has read.
sub hear_of
{
	my ($socket, $type, $id) = @_;
	my $message;
	do { $message = hear($socket, $type) } until !$message || ($message->{data}{id} // 0) == $id;
	return $message // {};
}
sub subscribed { my ($socket, $times) = @_; my $last; $last = hear($socket, 'subscribed') for 1 .. $times // 1; return $last->{id} // 0 }

api(POST => "/api/accounts/users/$bob->{id}/follow/", token => $ann->{token}, url => $url);
my $first  = post($bob);
my $feed   = listen_to($ann, $url,   'feed');
my $person = listen_to($cy,  $other, "user:$bob->{id}", 'hashtag:sockets');
my $about  = WebSocket->new("/ws/posts/$first->{id}/", url => $url, token => $ann->{token});
my $notes  = WebSocket->new("/ws/notifications/$bob->{id}/", url => $other, token => $bob->{token});
subscribed($feed);
subscribed($person, 2);
my $began = subscribed($about);
subscribed($notes);

# ---- live
my $post = post($bob, title => 'live', content => 'of #Sockets');
my $got  = hear_of($feed, 'post.created', $post->{id});
is($got->{data}{id}, $post->{id}, 'a post comes into the feed of who follows') or diag(explain($feed->{heard}));
is_deeply([ sort keys %$got ], [qw(data id type)], 'I-16: {type, id, data}');
cmp_ok($got->{id}, '>', 0, 'with the id of the event');
my $there = hear_of($person, 'post.created', $post->{id});
is($there->{data}{id}, $post->{id}, "another bridge's subscriber hears of it under the person");
is($there->{id}, $got->{id}, 'by the same id');
api(POST => "/api/posts/posts/$first->{id}/comments/", token => $ann->{token}, url => $url, json => { content => 'said' });
my $comment = hear($about, 'comment.created');
is($comment->{data}{content}, 'said', 'mission 089: a comment is heard of under its post') or diag(explain($about->{heard}));
like((hear($notes, 'notification.created') // {})->{type}, qr/^notification/, 'mission 088, 134: and its author is told') or diag(explain($notes->{heard}));
is(scalar(grep { ($_->{type} // '') eq 'post.created' && $_->{data}{id} == $post->{id} } @{ $person->{heard} }), 1, 'once, though the person and the hashtag are subscribed to');

# ---- what one may not see (P-17): the next that may be seen comes, and nothing before
api(POST => "/api/accounts/users/$cy->{id}/block/", token => $bob->{token}, url => $url);
post($bob, title => 'not for cy');
my $seen = post($ann, content => 'of #sockets, too');
is(hear_of($person, 'post.created', $seen->{id})->{data}{id}, $seen->{id}, 'who is blocked hears no more, at once');
ok(!grep({ ($_->{data}{title} // '') eq 'not for cy' } @{ $person->{heard} }), 'of anything');
my $draft = post($bob, title => 'draft', is_published => JSON::PP::false);
my $public = post($bob, title => 'public');
hear($feed, 'post.created') until grep { ($_->{data}{id} // 0) == $public->{id} } @{ $feed->{heard} };
ok(!grep({ ($_->{data}{id} // 0) == $draft->{id} } @{ $feed->{heard} }), 'a draft is nobody\'s');

# ---- a client that is not ours
open my $npm, '-|', 'node', 'test/npm/websocket.mjs', $url, $ann->{token}, "user:$bob->{id}", 'post.created' or die;
is(scalar(<$npm>), "subscribed\n", 'npm ws subscribes');
my $for_npm = post($bob, title => 'for npm');
my $told    = decode_json(scalar(<$npm>) // '{}');
close $npm;
is_deeply([ @$told{qw(protocol extensions code)}, $told->{pong} ? 1 : 0 ], [ 'social', '', 1000, 1 ], 'npm ws: the protocol, no extension, a pong, and the close') or diag(explain($told));
is($told->{event}{data}{id}, $for_npm->{id}, 'and it hears of the post');

# ---- resuming (P-18)
my $resumed = listen_to($ann, $other, [ "user:$bob->{id}", $got->{id} - 1 ]);
my $missed  = hear($resumed, 'post.created');
is($missed->{id}, $got->{id}, 'who names the last event before hears of it');
hear($resumed, 'subscribed');
my @ids = grep { $_ } map { $_->{type} =~ /^post\.created/ ? $_->{id} : 0 } @{ $resumed->{heard} };
is_deeply(\@ids, [ sort { $a <=> $b } @ids ], 'in their order');
my $late = post($bob, title => 'late');
is(hear($resumed, 'post.created')->{data}{id}, $late->{id}, 'then of what is new');
my $future = listen_to($ann, $other, [ "user:$bob->{id}", 9_007_199_254_740_991 ]);
ok(hear($future, 'resync'), 'an id that the log has not given out: resync');
ok(hear($future, 'subscribed'), 'and it goes on from now');
is(post($bob, title => 'after')->{id}, hear($future, 'post.created')->{data}{id}, 'with what is new');

# None is missed and none comes twice while subscribers come and go under writes.
my $writer = fork // die;
if (!$writer)
{
	eval { psql("SELECT social.act_as($bob->{id}, session => true); SELECT social.create_post('n' || n, 'many') FROM generate_series(1, 1) n;"); 1 } or last for 1 .. 60;
	POSIX::_exit(0);
}
my ($from, %times) = ($late->{id} ? $got->{id} : 0);
my $after = (grep { $_->{id} } @{ $future->{heard} })[-1]{id};
for my $round (1 .. 8)
{
	my $socket = listen_to($ann, $round % 2 ? $url : $other, [ "user:$bob->{id}", $after ]);
	for (1 .. 12)
	{
		my $message = $socket->next_message(3) or last;
		next unless ($message->{type} // '') eq 'post.created';
		$times{ $message->{data}{id} }++;
		$after = $message->{id};
	}
	$socket->close;
}
waitpid $writer, 0;
ok(wait_until(240, sub { psql('SELECT count(*) FROM social.event_outbox') eq '0' }), 'all of it is in the log');
my $rest = listen_to($ann, $url, [ "user:$bob->{id}", $after ]);
hear($rest, 'subscribed');
$times{ $_->{data}{id} }++ for grep { ($_->{type} // '') eq 'post.created' } @{ $rest->{heard} };
my $wanted = psql("SELECT string_agg(id::text, ',' ORDER BY id) FROM social.posts WHERE author_id = $bob->{id} AND content = 'many'");
is(join(',', sort { $a <=> $b } grep { $times{$_} } split /,/, $wanted), $wanted, 'P-18: none of 60 posts is missed over nine sockets');
is(scalar(grep { $_ > 1 } values %times), 0, 'none comes twice');

# ---- who is too slow (P-18)
my $slow = listen_to($ann, $url, "user:$bob->{id}");
subscribed($slow);
psql("SELECT social.act_as($bob->{id}, session => true); SELECT social.create_post('big', repeat('x', 9000) || n) FROM generate_series(1, 800) n;");
# Whoever comes back hears what the log has by then.
ok(wait_until(240, sub { psql('SELECT count(*) FROM social.event_outbox') eq '0' }), 'a burst is in the log');
# Who takes nothing at all is given up; who is slow to take what is on its way hears the end of it.
my $taken = 0;
ok(wait_until(240, sub { time - $taken < 0.25 or $taken = time, $slow->fill(0); $bridges[0]->log_text =~ /"code":1013/ }), 'another socket, that nobody reads, is given up');
my ($code, $reason) = $slow->closed_with(30);
is($code, 1013, 'who does not read is closed with 1013');
like($reason, qr/: go on after \d+$/, 'and hears after which id to go on');
my ($place) = $reason =~ /(\d+)$/;
my $seen_before = psql("SELECT count(*) FROM social.events_after($place, 2000) WHERE type = 'post.created' AND author_id = $bob->{id}");
my $caught_up = listen_to($ann, $url, [ "user:$bob->{id}", $place ]);
hear($caught_up, 'subscribed', 60);
is(scalar(grep { ($_->{type} // '') eq 'post.created' } @{ $caught_up->{heard} }), $seen_before, 'and has all the rest on the next socket, though it is many times WS_QUEUE');
done_testing();
