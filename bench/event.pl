# event.pl: 32 writers, synchronous_commit on, with the event log on against off, and with 50 sessions that
# listen against none; how long after a commit the bell rings on an idle machine. design D7, mission P-01:
# a NOTIFY in each commit leaves 0.08 of the rate.
use strict;
use warnings;
use Bench;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Time::HiRes qw(time sleep);

my $clients = 32;
sql(<<"SQL");
INSERT INTO social.users (username) SELECT 'eventful' || n FROM generate_series(1, 1000) n;
INSERT INTO social.posts (author_id, title, content) SELECT id, 'eventful', 'text' FROM social.users WHERE username LIKE 'eventful%';
VACUUM ANALYZE social.users, social.posts;
SQL
my $user = sql("SELECT min(id) FROM social.users WHERE username LIKE 'eventful%'");
my $post = sql("SELECT min(id) FROM social.posts WHERE title = 'eventful'");

# Sessions that hear the bell, and read what it says once a second.
sub with_listeners
{
	my ($run) = @_;
	open my $script, '>', "$ENV{RUN_DIR}/listen.sql" or die "listen.sql: $!";
	print $script "LISTEN social_event;\n\\sleep 1 s\n";
	close $script;
	my $pid = fork() // die;
	if (!$pid)
	{
		open STDOUT, '>', '/dev/null';
		open STDERR, '>&', \*STDOUT;
		exec 'pgbench', '-n', '-c', '50', '-T', '600', '-f', "$ENV{RUN_DIR}/listen.sql";
	}
	sleep 0.1 until sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN social_event%'") >= 50;
	my $result = $run->();
	kill 'TERM', $pid;
	waitpid $pid, 0;
	return $result;
}

my %scripts = (
	post => "\\set user random($user, $user + 999)\nINSERT INTO social.posts (author_id, title, content) VALUES (:user, 'title', 'some words');\n",
	like => "\\set user random($user, $user + 999)\n\\set post random($post, $post + 999)\n"
		. "INSERT INTO social.post_likes (post_id, user_id) VALUES (:post, :user) ON CONFLICT DO NOTHING;\n",
);
for my $what (sort keys %scripts)
{
	my $run = sub {
		my ($events) = @_;
		local $ENV{PGOPTIONS} = "-c social.events=$events -c synchronous_commit=on";
		return pgbench($scripts{$what}, "-c $clients", '-j 2', '-T ' . seconds_per_side())->{tps};
	};
	my %tps = interleave(on => sub { $run->('on') }, off => sub { $run->('off') }, heard => sub { with_listeners(sub { $run->('on') }) });
	row("$what: $clients writers, events on / off", median(@{ $tps{on} }), median(@{ $tps{off} }), '>= 0.7');
	row("$what: with 50 listening sessions / with none", median(@{ $tps{heard} }), median(@{ $tps{on} }), '>= 0.8');
}

# ---- from the commit to the bell

# A session that speaks the protocol itself, for psql shows a notification only after its next statement.
sub connect_raw
{
	my $host = $ENV{PGHOST} // '/var/run/postgresql';
	my $port = $ENV{PGPORT} // 5432;
	my $socket = $host =~ m{^/} ? IO::Socket::UNIX->new("$host/.s.PGSQL.$port") : IO::Socket::INET->new("$host:$port");
	die "connect: $!" unless $socket;
	my $user = $ENV{PGUSER} // getpwuid $>;
	my $start = pack('N', 196608) . "user\0$user\0database\0" . ($ENV{PGDATABASE} // $user) . "\0\0";
	syswrite $socket, pack('N', 4 + length $start) . $start;
	until_message($socket, 'Z');
	return $socket;
}

sub read_exactly
{
	my ($socket, $length) = @_;
	my $data = '';
	while (length $data < $length) { sysread($socket, $data, $length - length $data, length $data) or die 'the server has gone' }
	return $data;
}

# Reads on to a message of this kind.
sub until_message
{
	my ($socket, $wanted) = @_;
	while (1)
	{
		my ($kind, $length) = unpack 'aN', read_exactly($socket, 5);
		my $body = read_exactly($socket, $length - 4);
		die $body if $kind eq 'E';
		return $body if $kind eq $wanted;
	}
}

sub query { my ($socket, $sql) = @_; syswrite $socket, 'Q' . pack('N', 5 + length $sql) . "$sql\0"; until_message($socket, 'Z') }

my ($writer, $listener) = (connect_raw(), connect_raw());
query($listener, 'LISTEN social_event');
my @took;
for my $n (1 .. 100)
{
	query($writer, "INSERT INTO social.posts (author_id, title, content) VALUES ($user, 'title', 'some words')");
	my $committed = time;
	until_message($listener, 'A');
	push @took, (time - $committed) * 1000;
	sleep 0.3 + rand 0.1; # all that follows a post, its counts too, is over
	my $ready = '';
	vec($ready, fileno $listener, 1) = 1;
	until_message($listener, 'A') while select(my $left = $ready, undef, undef, 0) > 0;
}
@took = sort { $a <=> $b } @took;
row('ms from the commit to the bell, median / bar', $took[49], 10, '<= 1');
printf "%-58s %12.3g %12.3g\n", '  99th percentile, longest', $took[98], $took[99];
