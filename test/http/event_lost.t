# Who subscribes to what he may see no more is told so and hears nothing else, on every bridge, whichever way he listens:
# WebSocket, its path, stream, GraphQL on a socket and as a stream (issue 14 line 4, P-17). What is lost: a post that is made
# private, for followers or for those it names, deleted, hidden; whose author blocks or is blocked, is suspended or gone;
# a person likewise. Who may still see it goes on hearing of it.
use strict;
use warnings;
use EventStream;
use IPC::Open2;
use JSON::PP;
use Social;
use Test::More;
use Time::HiRes 'time';
use WebSocket;

my @bridges = map { start_bridge(LOOPS => $_, SSE_HEARTBEAT => 3600, WS_PING_INTERVAL => 3600, RATE_LIMITS => 'off') } 2, 1;
my $url = $bridges[0]{url};
my ($watcher, $other, $staff) = map { account(url => $url) } 1 .. 3;
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");
sub act { my ($who, $method, $path, $json) = @_; my $answer = api($method => $path, token => $who->{token}, url => $url, $json ? (json => $json) : ()); $answer->{status} < 300 or die "$path: $answer->{content}"; return $answer->{json} }

# ---- the ways to listen: {begin (bridge's address, who, kind of topic, id), heard (types or data up to the end, the last
# what says that it is over)}

sub graphql_of
{
	my ($kind, $id) = @_;
	return $kind eq 'post' ? "subscription { commentAdded(postId: $id) { content } }" : "subscription { postCreated(authorId: $id) { title } }";
}
my %ways = (
	socket => {
		begin => sub {
			my ($at, $who, $kind, $id) = @_;
			my $socket = WebSocket->new('/ws/', url => $at, token => $who->{token});
			$socket->say_json({ type => 'subscribe', topic => "$kind:$id" });
			1 until $socket->next_message->{type} eq 'subscribed';
			return $socket;
		},
		# The socket goes on: what comes before the answer to a ping is all there is.
		rest => sub {
			my ($socket) = @_;
			my @all;
			while (my $message = $socket->next_message) {
				push @all, $message->{type} eq 'unsubscribed' ? "lost $message->{data}{topic} $message->{data}{code}" : $message->{type};
				last if $all[-1] =~ /^lost/;
			}
			$socket->say_json({ type => 'ping' });
			while (my $message = $socket->next_message) { last if $message->{type} eq 'pong'; push @all, $message->{type} }
			return @all;
		},
		end => sub { my ($topic) = @_; return ("lost $topic NOT_FOUND") } },
	path => {
		only  => 'post',
		begin => sub { my ($at, $who, $kind, $id) = @_; my $socket = WebSocket->new("/ws/posts/$id/", url => $at, token => $who->{token}); 1 until $socket->next_message->{type} eq 'subscribed'; return $socket },
		rest  => sub {
			my ($socket) = @_;
			my @all;
			while (my $message = $socket->next_message) { push @all, exists $message->{close} ? "close $message->{close}" : $message->{type}; last if exists $message->{close} }
			return @all;
		},
		end => sub { return ('close 4404') } },
	stream => {
		begin => sub { my ($at, $who, $kind, $id) = @_; my $stream = EventStream->new("topics=$kind:$id", url => $at, token => $who->{token}); $stream->hear('subscribed'); return $stream },
		rest  => sub {
			my ($stream) = @_;
			my @all;
			while (my $block = $stream->next_block) { my ($type, $data) = @$block{qw(event data)}; push @all, $type eq 'close' ? "close $data->{code}" : $type if defined $type }
			return (@all, $stream->{is_whole} ? () : 'cut');
		},
		end => sub { return ('close 4404') } },
	graphql => {
		begin => sub {
			my ($at, $who, $kind, $id) = @_;
			my $socket = WebSocket->new('/graphql/', url => $at, protocol => 'graphql-transport-ws');
			$socket->say_json({ type => 'connection_init', payload => { Authorization => "Bearer $who->{token}" } });
			$socket->next_message;
			$socket->say_json({ id => '1', type => 'subscribe', payload => { query => graphql_of($kind, $id) } });
			$socket->next_message->{type} eq 'ping' or die 'not live';
			return $socket;
		},
		rest => sub {
			my ($socket) = @_;
			my @all;
			while (my $message = $socket->next_message) { push @all, $message->{type} eq 'error' ? "error $message->{payload}[0]{extensions}{code}" : $message->{type}; last if $all[-1] =~ /^error/ }
			$socket->say_json({ type => 'ping' });
			while (my $message = $socket->next_message) { last if $message->{type} eq 'pong'; push @all, $message->{type} }
			return @all;
		},
		end => sub { return ('error NOT_FOUND') } },
	'graphql stream' => {
		begin => sub {
			my ($at, $who, $kind, $id) = @_;
			my $body = encode_json({ query => graphql_of($kind, $id) });
			my $stream = EventStream->new('', url => $at, method => 'POST', path => '/graphql/', token => $who->{token}, headers => { 'Content-Type' => 'application/json', 'Content-Length' => length $body }, more => $body);
			$stream->next_block;
			return $stream;
		},
		rest => sub {
			my ($stream) = @_;
			my @all;
			while (my $block = $stream->next_block) { my ($type, $data) = @$block{qw(event data)}; push @all, ref $data && $data->{errors} ? "error $data->{errors}[0]{extensions}{code}" : $type if defined $type; last if ($type // '') eq 'complete' }
			return @all;
		},
		end => sub { return ('error NOT_FOUND', 'complete') } },
);

# ---- what is lost: the topic, what is done to it, and what may be heard of that before

my @longest = (0, '');
sub try_case
{
	my ($name, $kind, $do, %option) = @_;
	my $author = account(url => $url);
	my $post = act($author, POST => '/api/posts/posts/', { title => 'watched', content => "for \@$watcher->{username}" });
	my $id = $kind eq 'post' ? $post->{id} : $author->{id};
	$option{before}->($author, $post) if $option{before};
	# What was done before is in the log, so that who subscribes now does not hear of it.
	wait_until(60, sub { psql('SELECT count(*) FROM social.event_outbox') eq '0' });
	my $witness = $option{goes_on} ? $ways{socket}{begin}->($bridges[1]{url}, $option{goes_on}->($author), $kind, $id) : undef;
	my @listening;
	for my $way (sort keys %ways)
	{
		next if ($ways{$way}{only} // $kind) ne $kind;
		push @listening, { way => $way, bridge => $_, link => $ways{$way}{begin}->($bridges[$_]{url}, $watcher, $kind, $id) } for 0, 1;
	}
	my $began = time;
	$do->($author, $post);
	for my $one (@listening)
	{
		my @heard = grep { !/^post\.(?:deleted|edited|counts)|^profile|^comment\.counts/ } $ways{ $one->{way} }{rest}->($one->{link});
		my $took = time - $began;
		@longest = ($took, "$name, $one->{way}") if $took > $longest[0];
		is_deeply(\@heard, [ $ways{ $one->{way} }{end}->("$kind:$id") ], "$name: $one->{way}, bridge $one->{bridge}") or diag(explain(\@heard));
		$one->{link}->close;
	}
	if ($witness)
	{
		my $said = act($author, POST => "/api/posts/posts/$post->{id}/comments/", { content => 'still here' });
		my $message;
		1 until !($message = $witness->next_message) || $message->{type} =~ /comment.created|unsubscribed/;
		is(($message // {})->{type}, 'comment.created', "$name: who may see it goes on hearing");
		$witness->close;
	}
	return;
}

my $edit = sub { my (%more) = @_; return sub { my ($author, $post) = @_; act($author, PATCH => "/api/posts/posts/$post->{id}/", \%more) } };
my $as_follower = sub { my ($author) = @_; act($watcher, POST => "/api/accounts/users/$author->{id}/follow/") };
my $same = sub { my ($author) = @_; return $author };
my $anybody = sub { return $other };
try_case('made private', post => $edit->(visibility => 'private'), goes_on => $same);
try_case('made for followers, and names nobody', post => $edit->(visibility => 'followers', content => 'for nobody'), goes_on => $same);
try_case('not named any more', post => $edit->(content => 'for nobody'), goes_on => $same, before => sub { $edit->(visibility => 'mentioned')->(@_) });
try_case('not followed any more', post => sub { my ($author) = @_; act($watcher, DELETE => "/api/accounts/users/$author->{id}/follow/") }, goes_on => $same,
	before => sub { my ($author, $post) = @_; $as_follower->($author); $edit->(visibility => 'followers', content => 'for nobody')->($author, $post) });
try_case('deleted', post => sub { my ($author, $post) = @_; act($author, DELETE => "/api/posts/posts/$post->{id}/") });
try_case('removed for good', post => sub { my ($author, $post) = @_; psql("DELETE FROM social.posts WHERE id = $post->{id}") });
try_case('hidden by staff', post => sub { my ($author, $post) = @_; psql("UPDATE social.posts SET hidden_at = now() WHERE id = $post->{id}") });
for my $kind (qw(post user))
{
	try_case("its author blocks him ($kind)", $kind => sub { my ($author) = @_; act($author, POST => "/api/accounts/users/$watcher->{id}/block/") }, $kind eq 'post' ? (goes_on => $anybody) : ());
	try_case("he blocks its author ($kind)", $kind => sub { my ($author) = @_; act($watcher, POST => "/api/accounts/users/$author->{id}/block/") }, $kind eq 'post' ? (goes_on => $anybody) : ());
	try_case("its author is suspended ($kind)", $kind => sub { my ($author) = @_; psql("UPDATE social.users SET suspended_at = now() WHERE id = $author->{id}") });
	try_case("its author is gone ($kind)", $kind => sub { my ($author) = @_; psql("SELECT social.delete_user($author->{id})") });
}
diag(sprintf 'the longest from the act to the last of ten listeners, one after the other: %.3f s (%s)', @longest);

# ---- what is not lost
{
	my $author = account(url => $url);
	my $post = act($author, POST => '/api/posts/posts/', { title => 'muted', content => 'text' });
	my $socket = $ways{socket}{begin}->($url, $watcher, post => $post->{id});
	act($watcher, POST => "/api/accounts/users/$author->{id}/mute/");
	act($author, PATCH => "/api/posts/posts/$post->{id}/", { title => 'edited' });
	act($other, POST => "/api/posts/posts/$post->{id}/comments/", { content => 'by somebody else' });
	my $message;
	1 until !($message = $socket->next_message) || $message->{type} =~ /^comment.created|unsubscribed/;
	is($message->{type}, 'comment.created', 'a mute hides posts from lists, and takes no topic away');

	# One of two topics goes, the other goes on; and it may be subscribed to again once it is back.
	my $two = act($author, POST => '/api/posts/posts/', { title => 'two', content => 'text' });
	my $stream = EventStream->new("topics=post:$two->{id},user:$author->{id}", url => $url, token => $other->{token});
	$stream->hear('subscribed') for 1, 2;
	act($author, DELETE => "/api/posts/posts/$two->{id}/");
	is($stream->hear('unsubscribed')->{data}{topic}, "post:$two->{id}", 'one of two topics of a stream is lost');
	my $three = act($author, POST => '/api/posts/posts/', { title => 'three', content => 'text' });
	is($stream->hear('post.created')->{data}{id}, $three->{id}, 'the other goes on');
	# A browser that comes back asks for both again, with the last id that it has; without one it is refused as ever.
	my $back = EventStream->new("topics=post:$two->{id},user:$author->{id}", url => $bridges[1]{url}, token => $other->{token}, last_id => $stream->{last_id} - 1);
	is($back->{status}, 200, 'who comes back with a topic that is lost is let in');
	is($back->hear('post.created')->{data}{id}, $three->{id}, 'hears what was missed of the other');
	is($back->hear('unsubscribed')->{data}{topic}, "post:$two->{id}", 'and which is lost');
	act($author, PATCH => "/api/posts/posts/$three->{id}/", { title => 'three, edited' });
	is($back->hear('post.edited')->{data}{id}, $three->{id}, 'and goes on');
	is(EventStream->new("topics=post:$two->{id},user:$author->{id}", url => $url, token => $other->{token})->{status}, 404, 'who comes for the first time is not');
	is(EventStream->new("topics=post:$two->{id}", url => $url, token => $other->{token}, last_id => $stream->{last_id})->{status}, 404, 'nor for that alone');
	act($author, POST => "/api/posts/posts/$two->{id}/restore/");
	my $again = $ways{socket}{begin}->($url, $other, post => $two->{id});
	act($author, POST => "/api/posts/posts/$two->{id}/comments/", { content => 'back' });
	1 until !($message = $again->next_message) || $message->{type} =~ /^comment.created|unsubscribed/;
	is($message->{type}, 'comment.created', 'what is back can be subscribed to again');

	# A subscription tells that its post was deleted before it ends.
	my $gone = act($author, POST => '/api/posts/posts/', { title => 'gone', content => 'text' });
	# That it was made is told before anybody listens: who could not see it then is in doubt at once.
	ok(wait_until(60, sub { psql("SELECT count(*) FROM social.events WHERE post_id = $gone->{id} AND type = 'post.created'") > 0 }), 'a post is in the log');
	my $graphql = $ways{graphql}{begin}->($url, $other, post => $gone->{id});
	$graphql->say_json({ id => '2', type => 'subscribe', payload => { query => "subscription { postUpdated(postId: $gone->{id}) { title isLiked } }" } });
	$graphql->next_message;
	act($author, DELETE => "/api/posts/posts/$gone->{id}/");
	my %of;
	while (!$of{1} || !$of{2} || $of{2}[-1]{type} ne 'error') { my $said = $graphql->next_message or last; push @{ $of{ $said->{id} } }, $said if $said->{id} }
	is_deeply([ map { $_->{type} } @{ $of{2} } ], [qw(next error)], 'postUpdated of a deleted post: an answer, and the end');
	is_deeply($of{2}[0]{payload}{data}, { postUpdated => undef }, 'which is null');

	# So it is where an edit of it is read when it is gone already, and where its deletion begins a batch of the log that
	# ends with what puts the topic in doubt.
	for my $case ([ 'an edit is read when it is gone already', 1, sub { edit_and_delete($author, $_[0]) } ],
		[ 'its deletion begins another batch', 250, sub { psql("BEGIN; UPDATE social.posts SET title = 'first' WHERE id = $post->{id}; UPDATE social.posts SET deleted_at = now() WHERE author_id = $author->{id} AND title = 'one of many'; COMMIT") } ])
	{
		my ($name, $count, $delete) = @$case;
		my $last = last_of($author, $count);
		my $watched = watch_post($last);
		$delete->($last);
		is_deeply(said_to($watched), [ 'next null', 'error NOT_FOUND' ], "$name: null, and the end");
	}
}
done_testing();

# The last of so many posts, of which everything has been told.
sub last_of
{
	my ($author, $count) = @_;
	my @ids = split /\n/, psql("SELECT social.act_as($author->{id}, session => true) \\g /dev/null\nINSERT INTO social.posts (author_id, title, content) SELECT $author->{id}, 'one of many', 'text' FROM generate_series(1, $count) RETURNING id");
	wait_until(60, sub { psql("SELECT count(*) FROM social.events WHERE post_id = $ids[-1] AND type = 'post.created'") > 0 });
	return $ids[-1];
}

sub watch_post
{
	my ($id) = @_;
	my $graphql = $ways{graphql}{begin}->($url, $other, post => $id);
	$graphql->say_json({ id => '2', type => 'subscribe', payload => { query => "subscription { postUpdated(postId: $id) { title isLiked } }" } });
	$graphql->next_message;
	return $graphql;
}

sub said_to
{
	my ($graphql) = @_;
	my @said;
	while (my $said = $graphql->next_message)
	{
		next if ($said->{id} // '') ne '2';
		push @said, $said->{type} eq 'error' ? "error $said->{payload}[0]{extensions}{code}" : $said->{payload}{data}{postUpdated} ? 'next' : 'next null';
		last if $said->{type} ne 'next';
	}
	return \@said;
}

# The bridge is kept from reading the edit until the post is gone, which is numbered only then.
sub edit_and_delete
{
	my ($author, $id) = @_;
	my ($numbering, $deletion) = (session(), session());
	my $hold = sub { wait_until(60, sub { $numbering->('BEGIN', 'SELECT social.hold_events()') eq 't' || ($numbering->('ROLLBACK'), 0)[1] }) };
	my $waiting = q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%social.events_after%'};
	$hold->();
	act($author, PATCH => "/api/posts/posts/$id/", { title => 'edited' });
	$deletion->('BEGIN', 'LOCK TABLE social.posts', "UPDATE social.posts SET deleted_at = now() WHERE id = $id");
	$numbering->('COMMIT');
	wait_until(60, sub { psql("SELECT count(*) FROM social.events WHERE post_id = $id AND type = 'post.edited'") > 0 });
	$hold->();
	wait_until(60, sub { psql($waiting) > 0 });
	$deletion->('COMMIT');
	wait_until(60, sub { psql($waiting) == 0 });
	$numbering->('COMMIT');
	return;
}

# A connection that stays: it answers a call with the last row of its statements.
sub session
{
	my $pid = open2(my $out, my $in, 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=0') or die "psql: $!";
	$in->autoflush(1);
	return sub {
		print $in map { "$_;\n" } @_, q{SELECT 'over'};
		my $last = '';
		while (defined(my $line = <$out>)) { chomp $line; return $last if $line eq 'over'; $last = $line }
		die 'psql is gone';
	};
}
