# What strangers read is kept in Redis (seed 127, 128, 129, 168; I-25): the same bytes with and without, a
# write is seen by the next read of any bridge within a tenth of a second, limits count, one question at a
# time, and whatever becomes of Redis and of what lies there costs nobody an error.
use strict;
use warnings;
use lib 'test/http';
use File::Temp 'tempdir';
use HTTP::Tiny;
use List::Util qw(max sum);
use Social;
use Test::More;
use Time::HiRes 'time';

# ---- a Redis of the test's own ---------------------------------------------------------------------

my $dir        = tempdir(CLEANUP => 1);
my $redis_port = free_port();
my $redis;

sub start_redis
{
	$redis = fork // die "fork: $!";
	return wait_until(30, sub { `redis-cli -p $redis_port ping 2>&1` eq "PONG\n" }) || die 'no Redis' if $redis;
	open STDOUT, '>', '/dev/null';
	exec 'redis-server', '--port', $redis_port, '--bind', '127.0.0.1', '--dir', $dir, '--save', '', @_ or POSIX::_exit(127);
}

sub stop_redis { kill 'KILL', $redis; waitpid $redis, 0 }

sub redis_cli
{
	my (@words) = @_;
	open my $output, '-|', 'redis-cli', '-p', $redis_port, @words or die "redis-cli: $!";
	my @lines = map { chomp; $_ } <$output>;
	close $output or die "redis-cli @words";
	return wantarray ? @lines : $lines[0];
}

END { local $?; stop_redis() if $redis }

sub start_cached
{
	my (%setting) = @_;
	my $bridge = start_bridge(CACHE => 'on', ANONYMOUS_READ => 'on', REDIS_URL => "redis://127.0.0.1:$redis_port/2", REDIS_TIMEOUT => 1000, LOOPS => 1, ADMIN_PORT => my $port = free_port(), %setting);
	$bridge->{admin} = "http://127.0.0.1:$port";
	return $bridge;
}

# A figure by its name and label as they are printed.
sub figure
{
	my ($bridge, $name) = @_;
	my ($value) = api(GET => '/metrics', url => $bridge->{admin})->{content} =~ /^\Q$name\E (\S+)$/m;
	return $value // die "no figure $name";
}

sub answers { my ($bridge, $result) = @_; return figure($bridge, qq(social_cache_answers_total{result="$result"})) }
sub failures { my ($bridge, $what) = @_; return figure($bridge, qq(social_cache_failures_total{what="$what"})) }
sub is_open { my ($bridge, $of) = @_; return figure($bridge, qq(social_cache_breakers_open{of="$of"})) }

# Whether asking is answered by Redis: others may write meanwhile, and each write makes all of it old.
sub is_hit
{
	my ($bridge, $path, %option) = @_;
	my $seconds = delete $option{seconds} // 30;
	return wait_until($seconds, sub {
		my $before = answers($bridge, 'hit');
		api(GET => $path, url => $bridge->{url}, %option);
		return answers($bridge, 'hit') > $before;
	});
}

sub get { my ($bridge, $path, %option) = @_; return api(GET => $path, url => $bridge->{url}, %option) }

start_redis();
# One compresses, the other does not: each reads both.
my ($one, $two) = (start_cached(CACHE_COMPRESS_MIN => 100), start_cached(CACHE_COMPRESS_MIN => 0));
my $plain = start_bridge(ANONYMOUS_READ => 'on', LOOPS => 1);
my ($ann, $bea) = map { account() } 1, 2;

sub create
{
	my ($person, $text, %option) = @_;
	my $made = api(POST => '/api/posts/posts/', url => $one->{url}, token => $person->{token}, json => { title => $text, content => "$text #cached", %option });
	die "create: $made->{status} $made->{content}" unless $made->{status} == 201;
	return $made->{json}{id};
}

my $word  = "w$$" . int(time) % 100000;
my @posts = map { create($ann, "$word number $_") } 1 .. 5;
create($bea, "$word mentions \@$ann->{username}");
api(POST => "/api/posts/posts/$posts[0]/comments/", token => $bea->{token}, json => { content => "comment $_" }) for 1 .. 3;

# ---- the same bytes --------------------------------------------------------------------------------

# Headers that differ from one answer to the next anyway.
sub compared
{
	my ($answer) = @_;
	my %headers = %{ $answer->{headers} };
	delete @headers{qw(date x-request-id)};
	return join "\n", $answer->{status}, (map { "$_: " . (ref $headers{$_} ? join '|', @{ $headers{$_} } : $headers{$_}) } sort keys %headers), '', $answer->{content};
}

my @paths = (
	"/api/posts/search/?query=$word", "/api/posts/search/?query=$word&first=2", "/api/posts/search/text/?query=$word%20number&first=3", "/api/posts/search/users/?query=$ann->{username}",
	'/api/posts/search/hashtags/?query=cached', "/api/posts/search/all/?query=$word", '/api/posts/trending/', '/api/posts/hashtags/posts/?tag=cached&first=2', '/api/posts/hashtags/trending/',
	"/api/accounts/users/$ann->{id}/mentions/", "/api/posts/posts/$posts[0]/thread/");
my %is_kept;
for my $path (@paths)
{
	for my $coding ('identity', 'gzip', 'br')
	{
		my @option = (headers => { 'Accept-Encoding' => $coding });
		my ($reference, $kept);
		my $same = wait_until(180, sub {
			$reference = compared(get($plain, $path, @option));
			my $before = answers($two, 'hit');
			get($one, $path, @option) for 1, 2;    # which keeps it
			$kept = compared(get($two, $path, @option));
			$is_kept{$path} ||= answers($two, 'hit') > $before;
			return $kept eq $reference && $is_kept{$path};
		});
		ok($same, "$path, $coding: the same bytes and headers whoever answers") or diag("kept: $is_kept{$path}\n$reference\n--\n$kept");
	}
}
my $search = "/api/posts/search/?query=$word";
my $answer = get($two, "$search&first=2");
like($answer->{headers}{link}, qr{first=2&after=\S+>; rel="next"}, 'with the Link header of this request');
is(get($two, "$search&first=2", headers => { 'If-None-Match' => $answer->{headers}{etag} })->{status}, 304, 'and 304 by its tag');
my $head = api(HEAD => "$search&first=2", url => $two->{url});
is("$head->{status} $head->{headers}{etag}", "200 $answer->{headers}{etag}", 'HEAD tells of the same');
like(join("\n", redis_cli('-n', 2, '--scan')), qr{^social_media:cache:posts\.search:[0-9a-f]{64}$}m, 'seed 127: keys have the prefix, in the database of the URL');
redis_cli('-n', 2, 'flushdb');
my $key;
ok(wait_until(60, sub { get($two, $search); ($key) = redis_cli('-n', 2, '--scan', '--pattern', 'social_media:cache:posts.search:*') }), 'what is forgotten is kept anew');
my $ttl = redis_cli('-n', 2, 'ttl', $key);
ok($ttl > 300 && $ttl <= 600, 'seed 128: searches are kept ten minutes at most') or diag($ttl);
is_error(get($one, "$search&first=banana"), 400, 'BAD_REQUEST', 'what is wrong is refused as ever');
is(get($one, "/api/posts/posts/$posts[0]/comments/9007199254740991/")->{status}, 404, 'and what is not there');

# ---- a write is seen -------------------------------------------------------------------------------

# How long after the acknowledgement of a write a request was still sent that did not see it; 0: none was.
sub staleness
{
	my ($write, $is_seen) = @_;
	is_hit($_, $search) or return 99 for $one, $two;
	$write->();
	my ($written, $stale) = (time, 0);
	for my $bridge ($two, $one)
	{
		my $deadline = time + 30;
		while (time < $deadline)
		{
			my $asked = time;
			last if $is_seen->(get($bridge, $search));
			$stale = max($stale, $asked - $written);
		}
	}
	return $stale;
}

my $shows = sub { my ($text) = @_; return sub { $_[0]{text} =~ /\Q$text\E/ } };
my @stale = map {
	my $text = "$word round $_";
	staleness(sub { create($ann, $text) }, $shows->($text))
} 1 .. 10;
cmp_ok(max(@stale), '<', 0.1, 'seed 129: what one bridge writes, the next read of another shows within 100 ms');
note('stale for so many ms: ', join ' ', map { sprintf '%.1f', 1000 * $_ } @stale);
my $update = sub { my ($title, $how) = @_; return sub { psql(sprintf $how, "UPDATE social.posts SET title = '$title' WHERE id = $posts[1]") } };
my $turn   = 0;
for my $way (
	[ 'a statement of SQL'             => '%s' ],
	[ 'one within a savepoint'         => "BEGIN; SAVEPOINT a; %s; RELEASE a; SAVEPOINT b; UPDATE social.posts SET title = 'never' WHERE id = $posts[1]; ROLLBACK TO b; COMMIT" ],
	[ 'one that fires no triggers'     => 'SET session_replication_role = replica; %s' ],
	[ 'one without statistics'         => 'SET track_counts = off; %s' ],
	[ 'a two-phase commit'             => "BEGIN; %s; PREPARE TRANSACTION 'cache$$'; COMMIT PREPARED 'cache$$'" ])
{
	my ($name, $how) = @$way;
	my $title = "$word turn " . ++$turn;
	cmp_ok(staleness($update->($title, $how), $shows->($title)), '<', 0.1, "$name is seen as soon");
}
my $gone = sub { $_[0]{status} == 200 && $_[0]{text} !~ /"username":"\Q$ann->{username}\E"/ };
cmp_ok(staleness(sub { psql("UPDATE social.users SET suspended_at = now() WHERE id = $ann->{id}") }, $gone), '<', 0.1, 'I-25: whoever is suspended vanishes');
psql("UPDATE social.users SET suspended_at = NULL WHERE id = $ann->{id}");
ok(wait_until(30, sub { get($two, $search)->{text} =~ /$word number 1/ }), 'and comes back');
my $version = psql('SELECT social.content_version()');
psql("BEGIN; UPDATE social.posts SET title = 'rolled back' WHERE id = $posts[1]; ROLLBACK");
unlike(get($two, $search)->{text}, qr/rolled back/, 'what is rolled back is never seen');

# ---- viewers ---------------------------------------------------------------------------------------

psql("INSERT INTO social.blocks (blocker_id, blocked_id) VALUES ($bea->{id}, $ann->{id})");
ok(is_hit($two, $search), 'strangers are answered by Redis');
my %before = map { $_ => answers($two, $_) } qw(hit miss shared bypassed);
my $seen   = get($two, $search, token => $bea->{token});
is($seen->{status}, 200, 'somebody with a token');
unlike($seen->{text}, qr/$word number/, 'I-25: sees what a viewer may see, not what is kept');
is_deeply({ map { $_ => answers($two, $_) } keys %before }, \%before, 'and Redis is not asked');
like(get($two, $search)->{text}, qr/$word number/, 'nor told: strangers see what they saw');
is(api(GET => $search, url => start_cached(ANONYMOUS_READ => 'off')->{url})->{status}, 401, 'ANONYMOUS_READ=off is as it was');

# ---- limits ----------------------------------------------------------------------------------------

for my $store (qw(database redis))
{
	my $limited = start_cached(RATE_LIMITS => 'on', RATE_LIMIT_STORE => $store, TRUSTED_PROXIES => '127.0.0.1', SEARCH_RATE_LIMIT => '6/hour');
	my $address = sprintf '198.18.%d.%d', $$ % 250, $store eq 'redis' ? 1 : 2;
	my @other   = (headers => { 'X-Forwarded-For' => sprintf '198.18.%d.%d', $$ % 250, $store eq 'redis' ? 3 : 4 });
	my @from    = (headers => { 'X-Forwarded-For' => $address });
	ok(wait_until(30, sub { api(GET => '/api/posts/posts/?first=1', url => $limited->{url}, @other)->{headers}{'x-ratelimit-limit'} }), "$store: it counts");
	my $hits = answers($limited, 'hit');
	my @seen = map { get($limited, $search, @from) } 1 .. 7;
	is(join(' ', map { $_->{status} } @seen), '200 200 200 200 200 200 429', "$store: what Redis answers counts, up to the limit");
	is(join(' ', map { $_->{headers}{'x-ratelimit-remaining'} } @seen), '5 4 3 2 1 0 0', 'and says what is left');
	cmp_ok(answers($limited, 'hit'), '>', $hits, 'and Redis did answer');
	is(get($limited, $search, @other)->{status}, 200, 'another address is none the worse');
	is($limited->stop, 0, "$store: a clean end");
}

# ---- one question at a time ------------------------------------------------------------------------

# So many requests at once, sent while nobody can read posts; what they are answered once that is over.
sub stampede
{
	my ($bridge, $path, $many, $held) = @_;
	# What the database says for /metrics is asked every ten seconds at most, and waits for the lock then.
	wait_until(30, sub { figure($bridge, 'social_database_up') });
	open my $holder, '|-', 'psql', '-X', '-q', '-o', '/dev/null' or die;
	print $holder "BEGIN; LOCK TABLE social.posts;\n";
	$holder->flush;
	wait_until(30, sub { psql(q{SELECT count(*) FROM pg_locks WHERE relation = 'social.posts'::regclass AND mode = 'AccessExclusiveLock' AND granted}) }) or die 'no lock';
	my @sockets = map { my $socket = raw_connect($bridge->{url}); syswrite $socket, "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"; $socket } 1 .. $many;
	$held->();
	close $holder;
	return map { (raw_read($_, 60))[0] } @sockets;
}

my $patient = start_cached(LOCK_TIMEOUT => 20, STATEMENT_TIMEOUT => 60, SLOW_STATEMENT_TIMEOUT => 60);
is_hit($patient, $search);
# Somebody's write in the middle of it, the worker's for one, rightly makes it two questions: then the next one counts.
my (%counted, @crowd);
for my $first (21 .. 30)
{
	my $version = psql('SELECT social.content_version()');
	%counted = map { $_ => answers($patient, $_) } qw(miss shared hit);
	@crowd   = stampede($patient, "$search&first=$first", 40, sub { wait_until(8, sub { answers($patient, 'shared') - $counted{shared} >= 39 }) });
	last if psql('SELECT social.content_version()') eq $version;
}
is(scalar(grep { m{^HTTP/1.1 200 } } @crowd), 40, 'forty ask the same slow question at once, and are all answered');
is(scalar(keys %{ { map { (split /\r\n\r\n/, $_, 2)[1] => 1 } @crowd } }), 1, 'the same');
is(answers($patient, 'miss') - $counted{miss}, 1, 'seed 127: the database is asked once');
my %waited = map { $_ => answers($patient, $_) - $counted{$_} } qw(shared hit);
is($waited{shared} + $waited{hit}, 39, 'the others are given that');
cmp_ok($waited{shared}, '>=', 20, 'most of them wait for it');
my $impatient = start_cached(LOCK_TIMEOUT => 1);
is_hit($impatient, $search);
%counted = map { $_ => answers($impatient, $_) } qw(miss shared);
@crowd = stampede($impatient, "$search&first=8", 20, sub { wait_until(8, sub { figure($impatient, 'social_database_outcomes_total{outcome="busy"}') > 0 }) });
my $failed = grep { m{^HTTP/1.1 503 .*"BUSY"}s } @crowd;
cmp_ok($failed, '>=', 10, 'a question that fails fails for those who wait');
is($failed + grep({ m{^HTTP/1.1 200 } } @crowd), 20, 'and for nobody otherwise');
cmp_ok(answers($impatient, 'miss') - $counted{miss}, '<=', 3, 'once');
is(get($impatient, "$search&first=8")->{status}, 200, 'and is not remembered');

# ---- what lies in Redis ----------------------------------------------------------------------------

my $true = get($plain, "$search&first=3")->{content};
get($two, "$search&first=3");
ok(is_hit($two, "$search&first=3"), 'something is kept');
redis_cli('-n', 2, 'flushdb');
ok(wait_until(30, sub { get($two, "$search&first=3"); ($key) = redis_cli('-n', 2, '--scan', '--pattern', 'social_media:cache:posts.search:*') }), 'under a key');
redis_cli('-n', 2, 'copy', $key, 'whole');
my $kept = redis_cli('-n', 2, 'strlen', 'whole');
my $bytes_of = sub { redis_cli('-n', 2, 'eval', $_[0], 1, $key) };
# The most kilobytes that the second bridge ever had.
sub peak
{
	open my $status, '<', "/proc/$two->{pid}/status" or die $!;
	return map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$status>;
}
my ($before) = peak();

for my $poison (
	[ 'garbage'              => "redis.call('SET', KEYS[1], 'not ours at all')" ],
	[ 'nothing'              => "redis.call('SET', KEYS[1], '')" ],
	[ 'a value cut short'    => "redis.call('SET', KEYS[1], redis.call('GETRANGE', 'whole', 0, @{[int($kept / 2)]}))" ],
	[ 'its head alone'       => "redis.call('SET', KEYS[1], redis.call('GETRANGE', 'whole', 0, 67))" ],
	[ 'a byte of another'    => "redis.call('SET', KEYS[1], redis.call('GET', 'whole')) redis.call('SETRANGE', KEYS[1], @{[$kept - 5]}, '~')" ],
	[ 'a list'               => "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'a', 'b')" ],
	[ 'a hundred megabytes'  => "redis.call('SETRANGE', KEYS[1], 100000000, 'x')" ])
{
	my ($name, $script) = @$poison;
	my $unreadable = failures($two, 'value');
	my $got;
	my $is_met = wait_until(30, sub {
		$bytes_of->("$script return 1");
		$got = get($two, "$search&first=3");
		return $name eq 'nothing' || failures($two, 'value') > $unreadable;
	});
	is("$got->{status} $got->{content}", "200 $true", "$name under our key is a miss");
	ok($is_met, 'which is counted');
	ok(is_hit($two, "$search&first=3"), 'and is overwritten');
}
my ($after) = peak();
cmp_ok($after - $before, '<', 50_000, 'no more than a megabyte of it was read');

# ---- Redis away, slow, full, new -------------------------------------------------------------------

# Clients that ask all the time, until a file says that it is enough; each then tells what was wrong, the
# number of answers, and the longest.
sub start_clients
{
	my ($many, @bridges) = @_;
	my $end = "$dir/end";
	unlink $end;
	return map {
		my $number = $_;
		my $pid = open(my $from, '-|') // die "fork: $!";
		if ($pid == 0)
		{
			my ($count, $longest, %wrong) = (0, 0);
			my $agent = HTTP::Tiny->new(timeout => 60);
			until (-e $end)
			{
				my $began  = time;
				my $first  = 1 + ($count * 7 + $number) % 20;
				my $answer = $agent->get("$bridges[ $count % @bridges ]{url}$search&first=$first");
				$longest = max($longest, time - $began);
				$count++;
				$wrong{"$answer->{status} $answer->{content}"}++ if $answer->{status} != 200;
			}
			print join("\t", $count, $longest, map { "$_ ($wrong{$_})" } sort keys %wrong), "\n";
			close STDOUT;
			POSIX::_exit(0);
		}
		$from;
	} 1 .. $many;
}

sub end_clients
{
	open my $end, '>', "$dir/end" or die;
	my @reports = map { my $from = $_; my $line = <$from> // "0\t0\tgone"; chomp $line; [ split /\t/, $line ] } @_;
	return (sum(map { $_->[0] } @reports), max(map { $_->[1] } @reports), map { @$_[ 2 .. $#$_ ] } @reports);
}

# The median of the times that requests take to each of these bridges, which are asked in turn.
sub usual_times
{
	my (@bridges) = @_;
	my @times = map { [] } @bridges;
	for (1 .. 21)
	{
		for my $n (0 .. $#bridges) { my $began = time; get($bridges[$n], "$search&first=9"); push @{ $times[$n] }, time - $began }
	}
	return map { (sort { $a <=> $b } @$_)[10] } @times;
}

# Whoever waited for Redis would take a second (REDIS_TIMEOUT) longer.
sub waits_not
{
	my ($bridge, $name) = @_;
	my ($with, $without) = usual_times($bridge, $plain);
	return cmp_ok($with, '<', 0.2 + 3 * $without, $name);
}

my @clients = start_clients(4, $one, $two);
kill 'STOP', $redis;
ok(wait_until(30, sub { is_open($one, 'connection') && is_open($two, 'connection') }), 'Redis hangs: the connections are given up');
waits_not($one, 'and nobody waits for it any more');
kill 'CONT', $redis;
ok(wait_until(60, sub { is_hit($one, $search, seconds => 1) && is_hit($two, $search, seconds => 1) }), 'it is used again when it answers');
stop_redis();
ok(wait_until(30, sub { is_open($one, 'connection') && is_open($two, 'connection') }), 'Redis is killed');
waits_not($two, 'nobody waits');
start_redis();
ok(wait_until(60, sub { is_hit($one, $search, seconds => 1) && is_hit($two, $search, seconds => 1) }), 'it is used again when it is new, and empty');
redis_cli('config', 'set', 'maxmemory', 1);
my %is_full;
ok(wait_until(60, sub { psql('SELECT social.touch_content()'); $is_full{$_} ||= is_open($_, 'write') for $one, $two; $is_full{$one} && $is_full{$two} }), 'Redis is full: nothing is sent there for a while');
cmp_ok(failures($one, 'write'), '>', 0, 'what was not kept is counted');
redis_cli('config', 'set', 'maxmemory', 0);
ok(wait_until(60, sub { psql('SELECT social.touch_content()'); !is_open($one, 'write') && is_hit($one, $search, seconds => 1) }), 'until it has room');
kill 'KILL', $two->{pid};
$two->finish;
my ($count, $longest, @wrong) = end_clients(@clients);
is(join("\n", grep { !/^599 / } @wrong), '', "bad input: no error has reached a client, of $count answers, but for those of the bridge that was killed");
cmp_ok($longest, '<', 10, 'nor has anybody waited long');
note(sprintf '%d answers, the longest %.3f s', $count, $longest);
ok(is_hit($one, $search), 'the other bridge goes on');
is($_->stop, 0, 'a clean end') for $one, $plain, $impatient, $patient;
stop_redis();
my $without = start_cached();
is(get($without, $search)->{status}, 200, "seed 127: without Redis the database answers, the $_ time") for qw(first second);
cmp_ok(answers($without, 'bypassed'), '>', 0, 'as if there were no cache');
is($without->stop, 0, 'a clean end without Redis');
undef $redis;

# ---- settings --------------------------------------------------------------------------------------

for my $bad ([ CACHE => 'perhaps' ], [ SEARCH_CACHE_TIMEOUT => '-1' ], [ POST_CACHE_TIMEOUT => 'long' ], [ FEED_CACHE_TIMEOUT => '86401' ])
{
	my $bridge = start_bridge(wait => 0, @$bad);
	is($bridge->finish, 2, "$bad->[0]=$bad->[1] does not start");
	like($bridge->log_text, qr/^social-bridge: $bad->[0]\b[^\n]*\n$/, 'and says which setting is wrong');
}
{
	local $ENV{REDIS_URL};
	delete $ENV{REDIS_URL};
	my $bridge = start_bridge(wait => 0, CACHE => 'on');
	is($bridge->finish, 2, 'CACHE=on without REDIS_URL does not start');
	like($bridge->log_text, qr/CACHE=on needs REDIS_URL/, 'and says so');
}
done_testing();
