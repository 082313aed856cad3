# event_deaf.t: who does not listen holds up nobody. A bridge stands still (SIGSTOP), and the server's backend that tells
# it what is new is stuck in doing so; a session listens in a transaction that does not end; clients take nothing. Writers
# write, the worker numbers, others hear of all; who comes to hears of all that he missed; who does not is given up
# (issue 14, "Speed": writers never slow down; "Bad input and faults": half-open peers, slow readers).
use strict;
use warnings;
use EventStream;
use IPC::Open2;
use POSIX ();
use Social;
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Test::More;
use WebSocket;

my $patience = 240;
my $admin    = free_port();
my $still    = start_bridge(LOOPS => 1, WS_QUEUE => 1 << 28, WS_PING_INTERVAL => 3600, SSE_HEARTBEAT => 3600);
my $well     = start_bridge(LOOPS => 1, WS_QUEUE => 65536, WS_PING_INTERVAL => 2, SSE_HEARTBEAT => 1, ADMIN_PORT => $admin);
my ($ann, $bob) = map { account(url => $well->{url}) } 1, 2;
my $topic = "user:$bob->{id}";

sub by_socket
{
	my ($bridge, %option) = @_;
	my $socket = WebSocket->new('/ws/', url => $bridge->{url}, token => $ann->{token});
	$socket->say_json({ type => 'subscribe', topic => $topic, %option });
	return $socket if %option;
	1 while ($socket->next_message->{type} // 'subscribed') ne 'subscribed';
	return $socket;
}
sub by_stream
{
	my ($bridge) = @_;
	my $stream = EventStream->new("topics=$topic", url => $bridge->{url}, token => $ann->{token});
	$stream->hear('subscribed') or die;
	return $stream;
}
sub figure { my ($name) = @_; return api(GET => '/metrics', url => "http://127.0.0.1:$admin")->{content} =~ /^\Q$name\E (\S+)$/m ? $1 : 0 }

my ($asleep, $asleep_too) = (by_socket($still), by_stream($still));
my ($awake, $awake_too)   = (by_socket($well), by_stream($well));
my ($idle, $idle_too)     = (by_socket($well), by_stream($well)); # nobody reads there from now on
setsockopt $_->{socket}, SOL_SOCKET, SO_RCVBUF, 4096 for $idle, $idle_too;
ok(wait_until($patience, sub { figure('social_sockets') == 2 }), 'sockets, of which one is not read');
ok(wait_until($patience, sub { figure('social_http_connections{state="streaming"}') == 2 }), 'and streams');

my $began = psql('SELECT social.event_position()');

# A session that has listened, and whose transaction does not end.
my $pid = open2(my $answers, my $session, 'psql', '-X', '-q', '-A', '-t');
print $session "LISTEN social_event;\nBEGIN;\nSELECT 'listens';\n";
$session->flush;
is(scalar(<$answers>), "listens\n", 'a session listens and does nothing');

# The bridge takes nothing, so its backend is stuck with more than the socket holds.
my $stuck = sub { psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND wait_event = 'ClientWrite'") };
$still->signal('STOP');
psql(q{SELECT count(pg_notify('social_event', n || repeat('-', 7000))) FROM generate_series(1, 3000) n});
ok(wait_until($patience, sub { $stuck->() == 1 }), 'a backend is stuck in telling a bridge that stands still');

# ---- writers write meanwhile
my $each    = 100;
my @writers = map {
	my $pid = fork // die;
	if (!$pid)
	{
		eval { psql("SELECT social.act_as($bob->{id}, session => true); SELECT social.create_post('while others sleep', repeat('x', 9000)) FROM generate_series(1, 10)"); 1 } or POSIX::_exit(1) for 1 .. $each / 10;
		POSIX::_exit(0);
	}
	$pid
} 1 .. 4;
my $failed = 0;
ok(wait_until($patience, sub { @writers = grep { waitpid($_, POSIX::WNOHANG()) == 0 or $failed ||= $? and 0 } @writers; !@writers }), 'writers write all that they have');
kill KILL => @writers;
is($failed, 0, 'without an error');
is(api(POST => '/api/posts/posts/', url => $well->{url}, token => $bob->{token}, json => { title => 'while others sleep', content => 'the last' })->{status}, 201, 'and by a bridge that is well');
ok(wait_until($patience, sub { psql('SELECT count(*) FROM social.event_outbox') eq '0' }), 'the worker numbers them');
my @wanted = split /\n/, psql("SELECT e.id FROM social.events e JOIN social.posts p ON p.id = e.post_id WHERE e.type = 'post.created' AND p.title = 'while others sleep' ORDER BY e.id");
is(scalar @wanted, 4 * $each + 1, 'each is in the log');

# What came by a socket or a stream. Who was closed (what he did not take was too much, or he did not answer meanwhile)
# goes on after the last event.
sub heard
{
	my ($listener, $again, $next) = @_;
	my @ids;
	while (@ids < @wanted)
	{
		my ($type, $id) = $next->($listener);
		if    ($type eq 'post.created') { push @ids, $id }
		elsif ($type eq 'close') { $listener->close; $listener = $again->($ids[-1] // $began) }
		elsif ($type eq 'nothing') { last }
	}
	$listener->close;
	return \@ids;
}
sub heard_by_socket
{
	my ($bridge, $socket) = @_;
	my $again = sub { my ($after) = @_; return by_socket($bridge, after => $after) };
	return heard($socket, $again, sub { my ($one) = @_; my $message = $one->next_message($patience); return $message ? ($message->{type} // 'close', $message->{id}) : $one->{is_over} ? 'close' : 'nothing' });
}
sub heard_by_stream
{
	my ($bridge, $stream) = @_;
	my $again = sub { my ($after) = @_; return EventStream->new("topics=$topic", url => $bridge->{url}, token => $ann->{token}, last_id => $after) };
	return heard($stream, $again, sub { my ($one) = @_; my $block = $one->next_block($patience); return $block ? ($block->{event} // '', $block->{id}) : $one->{is_over} ? 'close' : 'nothing' });
}
is_deeply(heard_by_socket($well, $awake), \@wanted, 'who reads has every one once, in order, by a socket');
is_deeply(heard_by_stream($well, $awake_too), \@wanted, 'and by a stream');
is($stuck->(), 1, 'all the while the backend was stuck');
print $session "SELECT 'still listens';\n";
$session->flush;
my $line;
1 until ($line = <$answers> // 'gone') !~ /^Async/;
is($line, "still listens\n", 'and the session listened');
close $session;
waitpid $pid, 0;

# ---- those who take nothing are given up, though they do not even take the word that says so
ok(wait_until($patience, sub { figure('social_sockets') == 0 }), 'the socket that nobody reads is gone');
ok(wait_until($patience, sub { figure('social_http_connections{state="streaming"}') == 0 }), 'so is the stream');

# ---- who comes to again
$still->signal('CONT');
is_deeply(heard_by_socket($still, $asleep), \@wanted, 'a bridge that goes on: its socket has every one once, in order');
is_deeply(heard_by_stream($still, $asleep_too), \@wanted, 'and its stream');
is($_->stop, 0, 'a clean end') for $still, $well;
done_testing();
