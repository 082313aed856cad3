# chat.pl: how long a message in a chat takes from the socket that says it to the last of 1,000 viewers of its stream, 10
# messages a second; what it costs bridge and database; what joining costs; and what 10,000 viewers cost who are there, each
# with a lease that is renewed, as the bridge does it, and counted by the worker (issue 16).
use strict;
use warnings;
use lib 'test/http', 'test/instance';
use Bench;
use File::Temp qw(tempdir tempfile);
use IPC::Open2;
use Social;
use Time::HiRes qw(sleep time);
use WebSocket;

$| = 1;
my $viewers = $ENV{SOCKETS} // 1000;
my $seconds = $ENV{SECONDS_PER_SIDE} // 10;
my $bridge  = start_bridge(LOOPS => 1, MAX_CONNECTIONS => $viewers + 2000, MAX_CONNECTIONS_PER_ADDRESS => $viewers + 2000, LOG_LEVEL => 'warning', RATE_LIMITS => 'off');
my $good    = 1;

sub judge
{
	my ($name, $value, $bar) = @_;
	printf "%-58s %12.5g %12s %8s %8s%s\n", $name, $value, '', '', defined $bar ? "<= $bar" : '', defined $bar && $value > $bar ? '  MISSED' : '';
	$good = 0 if defined $bar && $value > $bar;
}

my $dir = tempdir(CLEANUP => 1);
system('cc', '-O2', '-D_GNU_SOURCE', '-I' . (`pg_config --includedir` =~ s/\n//r), 'bench/fanout.c', '-o', "$dir/fanout", '-lpq', '-lpthread') == 0 or die 'fanout.c does not compile';

# The viewers with a session and a token each, the host, the stream.
my @listening = map { [ split /\|/ ] } split /\n/, sql(<<"SQL");
WITH people AS (INSERT INTO social.users (username) SELECT 'viewer' || n FROM generate_series(0, $viewers) n RETURNING id),
	sessions AS (INSERT INTO social.user_sessions (user_id, family_secret, expires_at) SELECT id, '', now() + interval '1 day' FROM people RETURNING id, user_id)
SELECT user_id, social.sign_access_token(user_id, id::text, now() + interval '1 hour') FROM sessions;
SQL
my $host   = shift @listening;
my $stream = sql("INSERT INTO social.streams (host_id, title, status, provider, started_at) VALUES ($host->[0], 'Watched', 'live', 'mux', now()) RETURNING id");

sub requests
{
	my ($handle, $file) = tempfile(DIR => $dir);
	print $handle map { "$_\n--\n" } @_;
	close $handle;
	return $file;
}

sub chat
{
	my ($count, $rate, $long) = @_;
	my $used = cpu_seconds('postgres') + cpu_seconds($bridge->{pid});
	my $pid  = open2(my $from, my $to, "$dir/fanout", '127.0.0.1', $bridge->{url} =~ /:(\d+)/, $count, $rate, $long, requests(map { handshake("/ws/posts/stream/$stream/", token => $_->[1]) } @listening[ 0 .. $count - 1 ]),
		handshake('/ws/', token => $host->[1]), qq({"type":"chat_message","topic":"stream:$stream","message":"What a goal! \$1"}));
	(readline($from) // '') eq "ready\n" or die 'fanout did not begin';
	my $joined = cpu_seconds('postgres') + cpu_seconds($bridge->{pid}) - $used;
	my ($own, $database) = (cpu_seconds($bridge->{pid}), cpu_seconds('postgres'));
	print $to "\n";
	close $to;
	my @figures = split ' ', readline($from) // die 'fanout failed';
	($own, $database) = (cpu_seconds($bridge->{pid}) - $own, cpu_seconds('postgres') - $database);
	waitpid $pid, 0;
	return { events => $figures[0], bytes => $figures[2], p50 => $figures[3], p99 => $figures[4], longest => $figures[5], own => 1000 * $own / $figures[0], database => 1000 * $database / $figures[0], joined => 1000 * $joined / $count };
}

chat(20, 10, 2); # what is planned first
my $figures = chat($viewers, 10, $seconds);
judge("ms from a chat message sent to the last of $viewers viewers, median", $figures->{p50});
judge('  99th percentile', $figures->{p99}, 150);
judge('  CPU ms of the bridge for a message to all of them', $figures->{own});
judge('  of PostgreSQL', $figures->{database});
judge('  CPU ms of both for a viewer who joins', $figures->{joined});

# ---- viewers who are there
my $leases = $ENV{LEASES} // 10000;
my $watched = sql("INSERT INTO social.streams (host_id, title, status, provider, started_at) VALUES ($host->[0], 'Watched by many', 'live', 'mux', now()) RETURNING id");
sub database_cpu { my ($long, $do) = @_; my ($began, $used) = (time, cpu_seconds('postgres')); $do->() if $do; my $left = $began + $long - time; sleep $left if $left > 0; return 100 * (cpu_seconds('postgres') - $used) / (time - $began) }
my $idle = database_cpu(20);
sql(<<"SQL");
WITH people AS (INSERT INTO social.users (username) SELECT 'lease' || n FROM generate_series(1, $leases) n RETURNING id)
INSERT INTO social.stream_views (stream_id, viewer_id, token_hash, is_told) SELECT $watched, id, sha256(convert_to('lease-' || row_number() OVER (), 'UTF8')), false FROM people;
SQL
# All of them each ten seconds, 2,000 in a statement.
my $batch = int(($leases + 4) / 5);
my $renew = join '', map { my $round = $_; map { my $low = 1 + $_ * $batch; "SELECT count(*) FROM social.renew_stream_views(ARRAY(SELECT 'lease-' || n FROM generate_series($low, @{[ $low + $batch - 1 ]}) n));\nSELECT pg_sleep(1.9);\n" } 0 .. 4 } 1 .. 2;
sql("$renew");
my $busy = database_cpu(20, sub { sql($renew) });
my $count = sql("SELECT viewer_count FROM social.streams WHERE id = $watched");
die "$count are counted" if $count != $leases;
judge("CPU of PostgreSQL, %, for $leases viewers who are there", $busy - $idle, 5);
exit($good ? 0 : 1);
