# event_exactly_once.t: eight writers, half of them by SQL and half through two bridges, while in turn the worker, the
# bridges' LISTEN backends, the postmaster and the bridges are killed (-9). Clients by WebSocket, by stream and by the
# module for JavaScript come again by themselves after the last id that they have heard of. At the end each has had
# every event of the log once, in its order, and the log is what the tables hold and what was acknowledged (issue 14,
# "Bad input and faults"; mission P-18, design D7). A cluster of its own.
use strict;
use warnings;
use lib 'test/upgrade';
use Cluster;
use EventStream;
use HTTP::Tiny;
use IPC::Open2;
use POSIX ();
use Social;
use Test::More;
use Time::HiRes qw(sleep time);
use WebSocket;

my $nwriters = 8;    # half of them by SQL
my $pause    = 0.05; # seconds between a writer's writes: clients are to keep up on a loaded machine, too
my $patience = 240;

adopt_servers();
make_cluster('primary', "shared_preload_libraries = 'social'\nsocial.database = 'postgres'\nfsync = off\nmax_connections = 80\nsocial.argon2_memory = 64\nsocial.argon2_iterations = 1");
start('primary');
sql(q{CREATE EXTENSION social; CREATE ROLE social_bridge LOGIN; SELECT social.grant_bridge('social_bridge')});
@ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ($dir, $port, 'postgres', 'postgres');
sub ask { my ($sql) = @_; return eval { psql($sql) } } # undef while the server is down

my %bridge;
sub bridge_up
{
	my ($name, %setting) = @_;
	$setting{HTTP_PORT} = $bridge{$name}{port} if $bridge{$name};
	$bridge{$name} = start_bridge(DATABASE_URL => "host=$dir port=$port dbname=postgres user=social_bridge", RATE_LIMITS => 'off', SSE_HEARTBEAT => 1, STOP_TIMEOUT => 5, %setting);
}
bridge_up('one', LOOPS => 2);
bridge_up('two', LOOPS => 1);
my @urls = map { $_->{url} } @bridge{qw(one two)};

my $ann  = account(url => $urls[0]);
my $post = api(POST => '/api/posts/posts/', url => $urls[0], token => $ann->{token}, json => { title => 'all talk here', content => 'x' })->{json}{id};
psql("SELECT social.act_as($ann->{id}, session => true); SELECT count(social.create_post('pool', n::text)) FROM generate_series(1, 500) n");
my $pool = psql("SELECT min(id) FROM social.posts WHERE title = 'pool'");
my @topics = ('posts', "post:$post", "notifications:$ann->{id}");

# ---- processes that say what comes to pass, a line each, into a file of their own
my $end_file = "$dir/end"; # says the last event of all

my @processes;
sub begin_process
{
	my ($name, $run) = @_;
	my $self = { name => $name, rest => '', said => {} };
	open my $out, '>>', "$dir/said.$name" or die "said: $!";
	$self->{pid} = fork // die;
	if (!$self->{pid})
	{
		eval { $run->($out); 1 } or say_line($out, 'died', $@ =~ s/\n/ /gr);
		POSIX::_exit(0);
	}
	open $self->{in}, '<', "$dir/said.$name" or die;
	push @processes, $self;
	return $self;
}
END { local ($?, $!); kill KILL => map { $_->{pid} // () } @processes }
sub say_line { my ($out, @words) = @_; syswrite $out, "@words\n" }
sub the_end  { open my $file, '<', $end_file or return undef; return scalar <$file> }

# What a process has said so far by lines that begin with a word.
sub said
{
	my ($self, $word) = @_;
	while (sysread $self->{in}, $self->{rest}, 65536, length $self->{rest})
	{
		push @{ $self->{said}{$1} }, $2 while $self->{rest} =~ s/^(\S+) ?(.*)\n//;
	}
	return @{ $self->{said}{$word} // [] };
}

# Waits until they have ended by themselves.
sub all_end
{
	my @left = @_;
	return wait_until($patience, sub { @left = grep { waitpid($_->{pid}, POSIX::WNOHANG()) == 0 or delete $_->{pid} and 0 } @left; !@left });
}

# ---- clients: they say `began ID` for each topic, `event ID TYPE …`, and whatever else they are told
sub counts_of { my ($data) = @_; return join ' ', map { "$_=$data->{$_}" } grep { defined $data->{$_} } qw(likes_count comments_count) }

sub follow_by_socket
{
	my ($out, $topic, @at) = @_;
	my $after;
	for (my $turn = 0; ; $turn++)
	{
		my $socket = eval { WebSocket->new('/ws/', url => $at[ $turn % @at ], token => $ann->{token}) };
		if (!$socket || ($socket->{status} // 0) != 101) { sleep 0.05; next }
		say_line($out, 'connected', $at[ $turn % @at ]);
		$socket->{tells} = 0; # what messages look like is for other tests
		my $asked = time;
		while (time - $asked < $patience)
		{
			my $message = $socket->next_message(1);
			my $end     = the_end();
			return if defined $end && defined $after && $after >= $end;
			last if $socket->{is_over} && !$message;
			if (!$message) { $socket->say_json({ type => 'ping' }); next }
			$asked = time;
			my ($type, $id, $data) = ($message->{type} // 'close', @$message{qw(id data)});
			if ($type eq 'ready') { $socket->say_json({ type => 'subscribe', topic => $topic, defined $after ? (after => $after) : () }) }
			elsif ($type eq 'close') { say_line($out, 'closed', $message->{close}); last }
			elsif ($type eq 'error') { say_line($out, 'refused', $data->{status}); last }
			elsif ($type eq 'resync') { say_line($out, 'resync', $id) }
			elsif ($type eq 'subscribed') { say_line($out, 'began', $id) if !defined $after; $after //= $id }
			elsif ($type eq 'pong') { $after = $id if defined $after && ($id // 0) > $after }
			else { say_line($out, 'event', $id, $type, counts_of($data)); $after = $id }
		}
		$socket->close;
	}
}

sub follow_by_stream
{
	my ($out, $topics, @at) = @_;
	my ($last, $began) = (undef, 0);
	for (my $turn = 0; ; $turn++)
	{
		my $stream = eval { EventStream->new("topics=$topics", url => $at[ $turn % @at ], token => $ann->{token}, last_id => $last) };
		if (!$stream || ($stream->{status} // 0) != 200) { sleep 0.05; next }
		say_line($out, 'connected', $at[ $turn % @at ]);
		while (my $block = $stream->next_block($patience))
		{
			my $type = $block->{event} // '';
			if    ($type eq 'subscribed') { say_line($out, 'began', $block->{id} // $last) if $began++ < @topics }
			elsif ($type eq 'resync') { say_line($out, 'resync', $block->{id}) }
			elsif ($type eq 'close') { say_line($out, 'closed', $block->{data}{code}) }
			elsif ($type ne '') { say_line($out, 'event', $block->{id}, $type, counts_of($block->{data})) }
			$last = $stream->{last_id} // $last;
			my $end = the_end();
			return if defined $end && defined $last && $last >= $end;
		}
		$stream->close;
	}
}

sub follow_by_module
{
	my ($out, $url) = @_;
	open STDOUT, '>&', $out or die;
	exec 'node', 'test/npm/exactly_once.mjs', $url, $ann->{token}, $end_file, @topics or die;
}

my @clients = (
	begin_process('a WebSocket to the first bridge',    sub { follow_by_socket($_[0], $topics[0], $urls[0]) }),
	begin_process('a WebSocket to the second',          sub { follow_by_socket($_[0], $topics[1], $urls[1]) }),
	begin_process('a WebSocket to each in turn',        sub { follow_by_socket($_[0], $topics[2], @urls) }),
	begin_process('a stream from each in turn',         sub { follow_by_stream($_[0], join(',', @topics), @urls) }),
	-f 'test/npm/node_modules/.installed' ? begin_process('the module for JavaScript', sub { follow_by_module($_[0], $urls[0]) }) : (),
);
my %topics_of = (map({ $clients[$_]{name} => [ $topics[$_] ] } 0 .. 2), map { $clients[$_]{name} => \@topics } 3 .. $#clients);
ok(wait_until($patience, sub { said($_, 'began') >= @{ $topics_of{ $_->{name} } } or return 0 for @clients; 1 }), scalar(@clients) . ' clients listen') or BAIL_OUT('nobody listens');
my $start = psql('SELECT social.event_position()');

# ---- writers: they say `post ID BEGAN ACKNOWLEDGED`, likewise comment, and like POST
my @people = map { account(url => $urls[0]) } 1 .. $nwriters;

sub liked { my ($n) = @_; return $pool + int($n / 3) % 500 }
sub write_on
{
	my ($write) = @_;
	my ($over, $n) = (0, 0);
	local $SIG{TERM} = sub { $over = 1 };
	local $SIG{PIPE} = 'IGNORE';
	for (; !$over; $n++, sleep $pause) { $write->($n) }
}

# One after the other in a session; another session when the server has gone.
sub write_by_sql
{
	my ($out, $me) = @_;
	my ($from, $to, $pid);
	open STDERR, '>', '/dev/null'; # psql tells of each server that is gone
	write_on(sub
	{
		my ($n) = @_;
		if (!$pid)
		{
			$pid = open2($from, $to, "$bin/psql", '-X', '-q', '-A', '-t') or die;
			print $to "SELECT social.act_as($me->{id}, session => true) IS NULL;\n";
		}
		my ($kind, $sql) = $n % 3 == 0 ? ('post', "social.create_post('by SQL', '$n')") : $n % 3 == 1 ? ('comment', "social.create_comment($post, '$n')") : ('like', 'social.like_post(' . liked($n) . ')');
		my $began = time;
		print $to "SELECT 'id ' || $sql;\n\\echo done\n";
		$to->flush;
		my $id;
		while (defined(my $line = <$from>))
		{
			$id = $1 if $line =~ /^id (\d+)$/;
			if ($line =~ /^done$/) { say_line($out, $kind, $id, $began, time) if $id; return }
		}
		waitpid $pid, 0;
		undef $pid;
	});
}

sub write_by_bridge
{
	my ($out, $me) = @_;
	my $agent = HTTP::Tiny->new(timeout => 60, default_headers => { Authorization => "Bearer $me->{token}", 'Content-Type' => 'application/json' });
	write_on(sub
	{
		my ($n) = @_;
		my ($kind, $path, $body) = $n % 3 == 0 ? ('post', 'posts/', qq({"title":"by HTTP","content":"$n"})) : $n % 3 == 1 ? ('comment', "posts/$post/comments/", qq({"content":"$n"})) : ('like', 'posts/' . liked($n) . '/like/', '');
		my $began  = time;
		my $answer = $agent->post($urls[ $n % 2 ] . "/api/posts/$path", { content => $body });
		my $id     = $kind eq 'like' ? liked($n) : $answer->{content} =~ /"id": ?(\d+)/ ? $1 : 0;
		say_line($out, $kind, $id, $began, time) if $answer->{success};
		say_line($out, 'wrong', $answer->{status}, $answer->{content}) unless $answer->{success} || $answer->{status} =~ /^(?:599|50[034])$/;
	});
}
my @writers = map { my $n = $_; begin_process("writer $n", sub { ($n < $nwriters / 2 ? \&write_by_sql : \&write_by_bridge)->($_[0], $people[$n]) }) } 0 .. $nwriters - 1;

# ---- faults
# Every writer and every client goes on.
sub all_go_on
{
	my $count  = sub { my ($self) = @_; return $self->{name} =~ /^writer/ ? said($self, 'post') + said($self, 'comment') + said($self, 'like') : scalar said($self, 'event') };
	my %before = map { $_->{name} => $count->($_) } @clients, @writers;
	my @late;
	return 1 if wait_until($patience, sub { @late = grep { $count->($_) < $before{ $_->{name} } + 12 } @clients, @writers; !@late });
	diag("not: $_->{name}") for @late;
	return 0;
}
sub kill_backend
{
	my ($which) = @_;
	return wait_until($patience, sub { my $pid = ask("SELECT min(pid) FROM pg_stat_activity WHERE $which"); $pid && kill KILL => $pid });
}
my $listens = q{usename = 'social_bridge' AND (query LIKE 'LISTEN %' OR query = 'SELECT 1')};
sub bridge_again { my ($name, $signal, @setting) = @_; $bridge{$name}->signal($signal); $bridge{$name}->finish; return bridge_up($name, @setting) }

ok(all_go_on(), 'every writer is heard of by every client');
for my $fault (
	[ 'the worker is killed',               sub { kill_backend(q{backend_type = 'social worker'}) } ],
	[ 'the first bridge is killed',         sub { bridge_again('one', 'KILL', LOOPS => 2) } ],
	[ 'a LISTEN backend is killed',         sub { wait_until($patience, sub { (ask("SELECT count(*) FROM pg_stat_activity WHERE $listens") // 0) > 0 }) && kill_backend($listens) } ],
	[ 'the second bridge stops and starts', sub { bridge_again('two', 'TERM', LOOPS => 1) } ],
	[ 'the LISTEN backends are terminated', sub { ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE $listens") } ],
	[ 'the postmaster is killed',           sub { kill_server('primary') && start_again('primary') } ])
{
	my ($name, $do) = @$fault;
	ok($do->(), "$name …");
	ok(all_go_on(), '… and all go on');
}
kill TERM => map { $_->{pid} } @writers;
ok(all_end(@writers), 'the writers end');
ok(wait_until($patience, sub { (ask('SELECT (SELECT count(*) FROM social.event_outbox) + (SELECT count(*) FROM social.event_counts) + (SELECT count(*) FROM social.post_counter_deltas)') // 1) eq '0' }), 'all of it is in the log');
my $end = psql('SELECT social.event_position()');
open my $file, '>', "$end_file.new" or die;
print $file $end;
close $file;
rename "$end_file.new", $end_file or die;
ok(all_end(@clients), 'the clients have heard of all of it');

# ---- the log is what the tables hold
for my $row (
	[ 'post',         'post.created',         'post_id',    q{SELECT id FROM social.posts WHERE title LIKE 'by %'} ],
	[ 'comment',      'comment.created',      'comment_id', 'SELECT id FROM social.comments' ],
	[ 'notification', 'notification.created', 'subject_id', 'SELECT id FROM social.notifications' ])
{
	my ($name, $type, $column, $rows) = @$row;
	my ($wrong, $all) = split /\|/, psql("SELECT count(*) FILTER (WHERE l.n IS DISTINCT FROM 1 OR t.id IS NULL), count(*)
		FROM (SELECT $column AS id, count(*) AS n FROM social.events WHERE type = '$type' AND id > $start GROUP BY 1) l FULL JOIN ($rows) t USING (id)");
	is($wrong, 0, "each of $all ${name}s is one event, and each event one of them");
}

# ---- and what was acknowledged, in its order: what was begun when another was acknowledged comes behind it
my %event = map { split /\|/ } split /\n/, psql("SELECT 'post ' || post_id, id FROM social.events WHERE type = 'post.created' UNION ALL
	SELECT 'comment ' || comment_id, id FROM social.events WHERE type = 'comment.created' UNION ALL
	SELECT 'like ' || n.actor_id || '.' || n.post_id, e.id FROM social.events e JOIN social.notifications n ON n.id = e.subject_id WHERE e.type = 'notification.created' AND n.type = 'like'");
my (@acknowledged, %known);
for my $n (0 .. $nwriters - 1)
{
	for my $kind (qw(post comment like))
	{
		for (said($writers[$n], $kind))
		{
			my ($id, $began, $acknowledged) = split;
			my $what = "$kind " . ($kind eq 'like' ? "$people[$n]{id}.$id" : $id);
			push @acknowledged, { what => $what, began => $began, at => $acknowledged, event => $event{$what} } if !$known{$what}++;
		}
	}
	is(join("\n", said($writers[$n], 'wrong'), said($writers[$n], 'died')), '', "$writers[$n]{name}: what was not done was for want of a server");
}
is(join(', ', map { $_->{event} ? () : $_->{what} } @acknowledged), '', 'each of ' . @acknowledged . ' acknowledged writes has its event');
my @by_end = sort { $a->{at} <=> $b->{at} } @acknowledged;
my ($highest, @behind) = (0);
for my $one (sort { $a->{began} <=> $b->{began} } @acknowledged)
{
	while (@by_end && $by_end[0]{at} < $one->{began}) { my $id = (shift @by_end)->{event} // 0; $highest = $id if $id > $highest }
	push @behind, $one->{what} if ($one->{event} // 0) < $highest;
}
is("@behind", '', 'in the order of the commits');

# ---- and what each client has heard of
my ($likes, $comments) = split /\|/, psql("SELECT likes_count, comments_count FROM social.visible_posts WHERE id = $post");
is($comments, psql("SELECT count(*) FROM social.comments WHERE post_id = $post"), 'comments are counted');
for my $client (@clients)
{
	my $name   = $client->{name};
	my $mine   = join ',', map { "'$_'" } @{ $topics_of{$name} };
	my @wanted = split /\n/, psql("SELECT e.id || ' ' || e.type FROM social.events e WHERE e.id > $start AND e.id <= $end
		AND social.event_topics(e.type, e.author_id, e.post_id, e.recipient_id, e.subject_id, e.stream_id) && ARRAY[$mine] ORDER BY e.id");
	my (@heard, %times, $last);
	for (said($client, 'event'))
	{
		my ($id, $type, $counts) = split ' ', $_, 3;
		next if $id <= $start || $id > $end;
		push @heard, "$id $type";
		$times{"$id $type"}++;
		$last = $counts if $type eq 'post.counts';
	}
	cmp_ok(scalar @wanted, '>', 50, "$name: there was something to hear of");
	my %wanted = map { $_ => 1 } @wanted;
	is_deeply([ grep({ !$times{$_} } @wanted), grep({ $times{$_} > 1 } @heard), grep { !$wanted{$_} } @heard ], [], "$name has every one of " . @wanted . ' events once');
	is_deeply(\@heard, \@wanted, 'in the order of the log') or diag(scalar @heard);
	is(join(' ', said($client, 'resync'), said($client, 'died')), '', 'without a gap');
	is($last, "likes_count=$likes comments_count=$comments", 'the last counts that it was told are true') if $mine =~ /post:/;
	note("$name connected " . said($client, 'connected') . ' times, was closed with ' . (join(' ', said($client, 'closed')) || 'nothing') . ', refused with ' . (join(' ', said($client, 'refused')) || 'nothing'));
}
is($_->stop, 0, 'a bridge ends') for @bridge{qw(one two)};
is($Cluster::failures, 0, 'no statement failed');
done_testing();
