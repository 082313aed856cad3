# Reads of several callers in one transaction (design D13): each is answered as if it were alone, whoever else is in
# it, and whoever fails there (mission 3.3, 126).
use strict;
use warnings;
use JSON::PP;
use List::Util 'shuffle';
use Social;
use Test::More;
use Time::HiRes 'time';

my $admin  = free_port();
my $bridge = start_bridge(LOOPS => 1, ADMIN_PORT => $admin, DB_CONNECTIONS => 1);
my @there  = (url => $bridge->{url});
my ($alice, $bob, $carol, $gone) = map { account(@there) } 1 .. 4;
my $figure = sub { my ($name) = @_; my ($value) = api(GET => '/metrics', url => "http://127.0.0.1:$admin")->{content} =~ /^\Q$name\E (\S+)$/m; return $value };

sub post
{
	my ($author, %more) = @_;
	my $answer = api(POST => '/api/posts/posts/', @there, token => $author->{token}, json => { title => 't', content => "by $author->{username}", %more });
	die $answer->{content} unless $answer->{status} == 201;
	return $answer->{json}{id};
}
my $public  = post($alice);
my $private = post($alice, visibility => 'private');
my $of_bob  = post($bob);
api(POST => "/api/accounts/users/$bob->{id}/block/", @there, token => $carol->{token});

# ---- what is asked: as whom, method, path, body
my $graphql = sub { return encode_json({ query => $_[0] }) };
my %asked = (
	'her own private post'        => [ $alice, GET => "/api/posts/posts/$private/" ],
	'his, which it is not'        => [ $bob,   GET => "/api/posts/posts/$private/" ],
	'nobody, whose it is not'     => [ undef,  POST => '/graphql/', $graphql->("{ post(id: $private) { id content } me { id } }") ],
	'what everybody may read'     => [ undef,  POST => '/graphql/', $graphql->("{ post(id: $public) { id content } me { id } }") ],
	'who she is'                  => [ $alice, GET => '/api/auth/users/me/' ],
	'who he is'                   => [ $bob,   GET => '/api/auth/users/me/' ],
	'a post of whom she blocked'  => [ $carol, GET => "/api/posts/posts/$of_bob/" ],
	'the same to another'         => [ $alice, GET => "/api/posts/posts/$of_bob/" ],
	'no such post'                => [ $bob,   GET => '/api/posts/posts/9223372036854775807/' ],
	'an account that is suspended' => [ $gone, GET => "/api/posts/posts/$public/" ],
	'a field of two that fails'   => [ $bob,   POST => '/graphql/', $graphql->("{ bad: searchPostsFts(query: \" \") { id } good: post(id: $public) { id content } me { username } }") ],
	# libpq sends these before the transaction is whole: beyond 64 kB it waits for nobody.
	'a tag of 100,000 letters'    => [ $bob,   POST => '/graphql/', encode_json({ query => 'query ($tag: String!) { hashtag(tag: $tag) { id } me { username } }', variables => { tag => 'x' x 100_000 } }) ],
	'me'                          => [ $carol, POST => '/graphql/', $graphql->('{ me { username email } }') ]);
# Without triggers: the bridge is not told, and only the database knows.
psql("SET session_replication_role = replica; UPDATE social.users SET suspended_at = now() WHERE id = $gone->{id}");

sub bytes_of
{
	my ($who, $method, $path, $body) = @_;
	my $head = "$method $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" . ($who ? "Authorization: Bearer $who->{token}\r\n" : '');
	return $head . (defined $body ? "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body" : "\r\n");
}

# What does not differ from one answer to the next.
sub essence
{
	my ($text) = @_;
	my ($status) = $text =~ m{^HTTP/1\.1 (\d+)} or return "no answer: $text";
	my ($body) = $text =~ /\r\n\r\n(.*)/s;
	return "$status $body" =~ s/"request_id":"[^"]*"//gr;
}
my %alone = map { $_ => essence((raw(bytes_of(@{ $asked{$_} }), undef, $bridge->{url}))[0]) } keys %asked;
like($alone{'her own private post'}, qr/^200 .*"by \Q$alice->{username}\E"/, 'each is asked alone first: a private post');
like($alone{'nobody, whose it is not'}, qr/"post":null/, 'nobody, whose it is not');
like($alone{'a tag of 100,000 letters'}, qr/"hashtag":null/, 'a tag of 100,000 letters');
like($alone{$_}, qr/^404 /, $_) for 'his, which it is not', 'a post of whom she blocked', 'no such post';
like($alone{'an account that is suspended'}, qr/^401 /, 'an account that is suspended');
like($alone{'a field of two that fails'}, qr/^200 .*"code":"BAD_REQUEST".*"good":\{"id"/, 'a field of two that fails');

# ---- the same at once: the bridge is stopped until all of it has come
sub at_once
{
	my (@names) = @_;
	my @sockets = map { raw_connect($bridge->{url}) } @names;
	api(GET => '/api/posts/health/', @there);    # all of them are accepted
	$bridge->signal('STOP');
	syswrite $sockets[$_], bytes_of(@{ $asked{ $names[$_] } }) for 0 .. $#names;
	$bridge->signal('CONT');
	return map { essence((raw_read($_, 60))[0]) } @sockets;
}

my (%wrong, $count);
for my $round (1 .. 60)
{
	my @names = (shuffle(keys %asked), (sort keys %asked)[ map { int rand keys %asked } 1 .. 4 ]);
	my @answers = at_once(@names);
	$count += @names;
	$answers[$_] eq $alone{ $names[$_] } or $wrong{"$names[$_]: $answers[$_], alone $alone{$names[$_]}"}++ for 0 .. $#names;
}
is_deeply([ sort keys %wrong ], [], "mission 3.3: $count reads that came at once are answered as each alone");
cmp_ok($figure->('social_database_unrun_total'), '>', 60, 'many were in a transaction that another ended');

# ---- each is counted once, run or not at first (seed 046)
{
	my $limited = start_bridge(LOOPS => 1, DB_CONNECTIONS => 1, RATE_LIMITS => 'on');
	my $erin    = account(url => $limited->{url});
	my @paths   = map { "/api/posts/posts/$_/" } ($public, 9_000_000_000) x 6;
	my @sockets = map { raw_connect($limited->{url}) } @paths;
	my $left    = sub { $_[0] =~ /^X-RateLimit-Remaining: (\d+)\r$/mi ? $1 : die "not counted: $_[0]" };
	my $began   = time;
	my $first   = $left->((raw(bytes_of($erin, GET => $paths[0]), undef, $limited->{url}))[0]);
	$limited->signal('STOP');
	syswrite $sockets[$_], bytes_of($erin, GET => $paths[$_]) for 0 .. $#paths;
	$limited->signal('CONT');
	my @left = map { $left->((raw_read($_, 60))[0]) } @sockets;
	my $back = int((time - $began) / 36) + 1;
	my ($least) = sort { $a <=> $b } @left;
	cmp_ok($least, '>=', $first - @paths, 'seed 046: what waited for another to fail is counted once');
	cmp_ok($least, '<=', $first - @paths + $back, 'and counted');
}

# ---- and where nobody fails
my @good = ('her own private post', 'what everybody may read', 'who she is', 'who he is', 'the same to another', 'me');
my $before_unrun = $figure->('social_database_unrun_total');
is_deeply([ at_once(@good) ], [ @alone{@good} ], 'without a failure among them');
is($figure->('social_database_unrun_total'), $before_unrun, 'none runs again');

# ---- one meets a lock: it waits by itself
my $lock = fork // die "fork: $!";
if ($lock == 0)
{
	eval { psql('BEGIN; LOCK TABLE social.comments IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(2); COMMIT') };
	POSIX::_exit($@ ? 1 : 0);
}
$asked{'comments'} = [ $alice, GET => "/api/posts/posts/$public/comments/" ];
ok(wait_until(10, sub { psql("SELECT count(*) FROM pg_locks WHERE relation = 'social.comments'::regclass AND mode = 'AccessExclusiveLock' AND granted") }), 'a table is locked');
my $began   = time;
my @names   = ('comments', 'who she is', 'who he is');
my @sockets = map { raw_connect($bridge->{url}) } @names;
api(GET => '/api/posts/health/', @there);
$bridge->signal('STOP');
syswrite $sockets[$_], bytes_of(@{ $asked{ $names[$_] } }) for 0 .. 2;
$bridge->signal('CONT');
is(essence((raw_read($sockets[$_], 60))[0]), $alone{ $names[$_] }, "$names[$_] does not wait for it") for 1, 2;
cmp_ok(time - $began, '<', 1.5, 'but for a moment');
like(essence((raw_read($sockets[0], 60))[0]), qr/^200 /, 'and who met it is answered in the end');
waitpid $lock, 0;

# ---- the connection is lost: nobody hangs
psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'social_bridge' AND datname = current_database()");
my @after = at_once(@good);
is(scalar(grep { /^(?:200|503) / } @after), scalar @after, 'after a loss each is answered, or told to come again') or diag(@after);
ok(wait_until(30, sub { api(GET => "/api/posts/posts/$public/", @there, token => $alice->{token})->{status} == 200 }), 'and soon all is well');
is_deeply([ at_once(@good) ], [ @alone{@good} ], 'with the same answers');

# ---- nor is it an answer that the session ended in mid-statement
$asked{'comments by name'} = [ $alice, POST => '/graphql/', $graphql->("{ said_here: post(id: $public) { comments { id } } }") ];
my ($heard) = at_once('comments by name');
like($heard, qr/^200 .*"comments":/, 'a statement that the connection knows');
my $killer = fork // die "fork: $!";
if ($killer == 0)
{
	eval {
		psql(<<'SQL');
		BEGIN; LOCK TABLE social.comments IN ACCESS EXCLUSIVE MODE;
		DO $$ BEGIN
			FOR i IN 1 .. 10000 LOOP
				PERFORM pg_stat_clear_snapshot(), pg_sleep(0.002);
				PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%said_here%';
				EXIT WHEN FOUND;
			END LOOP;
		END $$; COMMIT
SQL
	};
	POSIX::_exit($@ ? 1 : 0);
}
ok(wait_until(10, sub { psql("SELECT count(*) FROM pg_locks WHERE relation = 'social.comments'::regclass AND mode = 'AccessExclusiveLock' AND granted") }), 'who waits for a lock now loses the connection');
my @told = at_once('comments by name', 'comments by name');
ok((grep { /^503 / } @told) > 0, 'is told to come again');
is_deeply([ grep { !/^503 / && $_ ne $heard } @told ], [], 'and nobody anything else');
waitpid $killer, 0;
is($?, 0, 'that happened');
is($bridge->stop, 0, 'a clean end');
done_testing;
