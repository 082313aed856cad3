# socket.pl: what WebSockets cost that are only there (memory of the bridge, its CPU with a ping each in every
# interval); how long an event takes from its commit to the last of those who listen to a post, 200 and 1,000 of
# them; what that costs against a server that somebody has written by hand with ws and pg for just that
# (node/socket.mjs), which tells the same bytes; how many statements GraphQL subscriptions take (issue 14). Who
# listens and writes is a program in C (fanout.c), for it shares the machine. SOCKETS (10000; 0: none that are idle).
use strict;
use warnings;
use lib 'test/http', 'test/instance';
use Bench;
use File::Temp qw(tempdir tempfile);
use HTTP::Tiny;
use IO::Select;
use IPC::Open2;
use JSON::PP;
use Port;
use Social;
use Time::HiRes qw(sleep time);
use WebSocket;

$| = 1;
my $sockets     = $ENV{SOCKETS} // 10000;
my $interval    = 60;
my $bridge      = start_bridge(LOOPS => 1, MAX_CONNECTIONS => $sockets + 2000, MAX_CONNECTIONS_PER_ADDRESS => $sockets + 2000, WS_PING_INTERVAL => $interval, LOG_LEVEL => 'warning', RATE_LIMITS => 'off');
# Two hundred accounts at what passwords cost everybody would be most of the time here.
sql("ALTER SYSTEM SET social.argon2_memory = 64; ALTER SYSTEM SET social.argon2_iterations = 1; SELECT pg_reload_conf()");
my $person      = account(url => $bridge->{url});
sub kilobytes { open my $in, '<', "/proc/$bridge->{pid}/status" or die; my ($kb) = join('', <$in>) =~ /^VmRSS:\s+(\d+)/m; return $kb }
sub cpu { return Bench::process_cpu($bridge->{pid}) }

my $good = 1;

sub judge
{
	my ($name, $value, $bar, $format) = @_;
	printf "%-58s %12.${\($format // 2)}f %12g %8s %8s\n", $name, $value, $bar, '', "<= $bar";
	$good = 0 if $value > $bar;
}

# ---- idle
sub idle
{
	my @idle;
	for (1 .. 100) { WebSocket->new('/ws/', url => $bridge->{url}, token => $person->{token})->close }
	my $before = kilobytes();
	while (@idle < $sockets)
	{
		my @new = map { my $socket = bless { socket => raw_connect($bridge->{url}), bytes => '' }, 'WebSocket'; $socket->send(handshake('/ws/', token => $person->{token})); $socket } 1 .. ($sockets - @idle < 100 ? $sockets - @idle : 100);
		for my $socket (@new) { $socket->fill(60) or die 'a socket was refused' until $socket->{bytes} =~ /"ready"/; $socket->{bytes} = '' }
		push @idle, @new;
	}
	my $each = (kilobytes() - $before) * 1024 / $sockets;
	# Pings are answered, at the pace at which they come.
	my %by_number = map { fileno $_->{socket} => $_ } @idle;
	my $pong      = frame(0x8a, '');
	my ($began, $used, $pings) = (time, cpu(), 0);
	while ((my $left = $began + $interval + 10 - time) > 0)
	{
		# A select of ten thousand each time would be most of what runs here.
		sleep($left < 0.5 ? $left : 0.5);
		for my $handle (IO::Select->new(map { $_->{socket} } @idle)->can_read(0))
		{
			my $socket = $by_number{ fileno $handle };
			$socket->fill(1) or die 'an idle socket was closed';
			$pings++ if $socket->{bytes} =~ s/^\x89\x00//;
			$socket->send($pong);
		}
	}
	my $share = 100 * (cpu() - $used) / (time - $began);
	die 'nobody was pinged' unless $pings >= $sockets;
	judge("bytes of the bridge's memory for each of $sockets sockets", $each, 10240, 0);
	judge("CPU of the bridge for them, %, with $pings pings", $share, 2);
	$_->close for @idle;
}

# ---- delivery

my $dir = tempdir(CLEANUP => 1);
system('cc', '-O2', '-D_GNU_SOURCE', '-I' . (`pg_config --includedir` =~ s/\n//r), 'bench/fanout.c', '-o', "$dir/fanout", '-lpq', '-lpthread') == 0 or die 'fanout.c does not compile';

# A thousand people with a session and a token each; who writes; a post of the first.
my @listening = map { [ split /\|/ ] } split /\n/, sql(<<'SQL');
WITH people AS (INSERT INTO social.users (username) SELECT 'fan' || n FROM generate_series(1, 1000) n RETURNING id),
	sessions AS (INSERT INTO social.user_sessions (user_id, family_secret, expires_at) SELECT id, '', now() + interval '1 day' FROM people RETURNING id, user_id)
SELECT user_id, social.sign_access_token(user_id, id::text, now() + interval '1 hour') FROM sessions;
SQL
my $post   = sql("SELECT social.act_as($listening[0][0], session => true); SELECT social.create_post('heard', 'text')") =~ s/.*\n//sr;
my $writer = sql("INSERT INTO social.users (username) VALUES ('fanned') RETURNING id");
my @ours   = ("SELECT social.act_as($writer, session => true)", "SELECT social.create_comment($post, \$1)");

# The other side: a comment of ours as it is told, with another id and text, is what it tells.
my $sample = sql("SELECT social.act_as($writer, session => true); SELECT social.create_comment($post, 'beat-sample;')") =~ s/.*\n//sr;
sleep 0.1 until sql("SELECT count(*) FROM social.events WHERE type = 'comment.created' AND comment_id = $sample");
my $told = sql("SELECT payload FROM social.event_payloads(ARRAY(SELECT id FROM social.events WHERE type = 'comment.created' AND comment_id = $sample), '{0}')");
sql(<<"SQL");
DROP SCHEMA IF EXISTS live CASCADE;
CREATE SCHEMA live;
CREATE TABLE live.comments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, post_id bigint NOT NULL, author_id bigint NOT NULL, content text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE live.blocks (blocker_id bigint, blocked_id bigint, PRIMARY KEY (blocker_id, blocked_id));
CREATE INDEX ON live.blocks (blocked_id);
CREATE FUNCTION live.ring() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_notify(''live_comment'', NEW.id::text); RETURN NULL; END';
CREATE TRIGGER ring AFTER INSERT ON live.comments FOR EACH ROW EXECUTE FUNCTION live.ring();
CREATE VIEW live.told AS SELECT id, post_id, author_id, replace(replace(\$t\$$told\$t\$, '"id":$sample,', '"id":' || id || ','), 'beat-sample;', content) AS document FROM live.comments;
SQL
my @theirs = ('SELECT 1', "INSERT INTO live.comments (post_id, author_id, content) VALUES ($post, $writer, \$1)");
my $node_port = free_port();
my $node = fork() // die "fork: $!";
if (!$node)
{
	@ENV{qw(PORT NODE_ENV)} = ($node_port, 'production');
	exec 'node', 'bench/node/socket.mjs' or POSIX::_exit(127);
}
END { my $status = $?; if ($node) { kill 'TERM', $node; waitpid $node, 0 } $? = $status }
my $deadline = time + 30;
until (HTTP::Tiny->new->get("http://127.0.0.1:$node_port/")->{status} == 426)
{
	die 'the other server does not start' if time > $deadline;
	sleep 0.05;
}

# What each socket sends.
sub requests
{
	my ($handle, $file) = tempfile(DIR => $dir);
	print $handle map { "$_\n--\n" } @_;
	close $handle;
	return $file;
}
my %side = (
	ours   => { port => $bridge->{url} =~ /:(\d+)/, pid => $bridge->{pid}, sql => \@ours, requests => requests(map { handshake("/ws/posts/$post/", token => $_->[1]) } @listening) },
	theirs => { port => $node_port, pid => $node, sql => \@theirs, requests => requests(map { handshake("/?user=$_->[0]&post=$post") } @listening) });
($side{$_}{port}) = "$side{$_}{port}" for keys %side;

# Events for so many seconds at a rate, to so many sockets; {p50, p99, bytes, cpu (ms of the server for 1,000 deliveries, counts
# of comments among them), database}.
sub fan_out
{
	my ($side, $count, $rate, $seconds) = @_;
	my $pid = open2(my $from, my $to, "$dir/fanout", '127.0.0.1', $side->{port}, $count, $rate, $seconds, $side->{requests}, @{ $side->{sql} });
	(readline($from) // '') eq "ready\n" or die 'fanout did not begin';
	my ($used, $database) = (cpu_seconds($side->{pid}), cpu_seconds('postgres'));
	print $to "\n";
	close $to;
	my @figures = split ' ', readline($from) // die 'fanout failed';
	my ($own, $theirs) = (cpu_seconds($side->{pid}) - $used, cpu_seconds('postgres') - $database);
	waitpid $pid, 0;
	return { events => $figures[0], bytes => $figures[2], p50 => $figures[3], p99 => $figures[4], cpu => 1e6 * $own / $figures[1], database => 1e6 * $theirs / $figures[1] };
}

fan_out($side{$_}, 200, 50, 1) for sort keys %side; # what is planned and compiled first
my $seconds = $ENV{SECONDS_PER_SIDE} // 3;
my %figures = interleave(map { my $side = $_; $side => sub { fan_out($side{$side}, 200, 50, $seconds) } } keys %side);
my %of = map { my $side = $_; $side => { map { my $figure = $_; $figure => median(map { $_->{$figure} } @{ $figures{$side} }) } qw(cpu database p50 p99 bytes) } } keys %figures;
abs($of{ours}{bytes} - $of{theirs}{bytes}) <= 30 or die "the sides tell other things: $of{ours}{bytes} and $of{theirs}{bytes} bytes";
$good = 0 if row('CPU ms of the server, 1,000 deliveries to 200 sockets', $of{ours}{cpu}, $of{theirs}{cpu}, '<= 0.5') > 0.5;
row('  of PostgreSQL, writers and all', $of{ours}{database}, $of{theirs}{database}, '');
row('  ms from the commit to the last, median', $of{ours}{p50}, $of{theirs}{p50}, '');
row('  99th percentile', $of{ours}{p99}, $of{theirs}{p99}, '');
my $few = fan_out($side{ours}, 200, 10, $seconds);
judge('ms from the commit to the last of 200 sockets, 10 a second', $few->{p50}, 5);
my $many = fan_out($side{ours}, 1000, 100, $seconds);
judge("ms to the last of 1,000 at 100 events a second, median", $many->{p50}, 20);
judge('  99th percentile', $many->{p99}, 100);

# ---- statements

# One event for GraphQL subscriptions of 200 people whose answer is their own: units of work that the bridge sent.
my @operations = map {
	my $socket = WebSocket->new('/graphql/', url => $bridge->{url}, protocol => 'graphql-transport-ws', token => $_->[1]);
	$socket->say_json({ type => 'connection_init' });
	$socket->say_json({ id => '1', type => 'subscribe', payload => { query => "subscription { postUpdated(postId: $post) { title isLiked author { username } } }" } });
	my $message;
	1 until ($message = $socket->next_message)->{type} eq 'ping';
	$socket
} @listening[0 .. 199];
sql("UPDATE social.users SET is_staff = true WHERE id = $listening[0][0]");
sub units { my ($sum) = api(GET => '/api/posts/metrics/', url => $bridge->{url}, token => $listening[0][1])->{content} =~ /social_database_outcomes_total\{outcome="ok"\} (\d+)/; return $sum }
my ($asked, $used, $database) = (units(), cpu(), cpu_seconds('postgres'));
for my $n (1 .. 5)
{
	sql("SELECT social.act_as($listening[0][0], session => true); SELECT social.update_post($post, title => 'title $n')");
	for my $socket (@operations) { my $message; 1 until !($message = $socket->next_message) || ($message->{payload}{data}{postUpdated}{title} // '') eq "title $n" }
}
judge('units of work for an event to 200 GraphQL subscriptions', (units() - $asked - 1) / 5, 4, 1);
printf "%-58s %12.1f %12.1f\n", '  CPU ms of the bridge and of PostgreSQL for it', 200 * (cpu() - $used), 200 * (cpu_seconds('postgres') - $database);
$_->close for @operations;
idle() if $sockets;
exit($good ? 0 : 1);
