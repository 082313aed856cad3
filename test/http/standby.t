# A bridge on a standby serves what reads and refuses what writes, in its own words; once the standby
# is promoted everything works, without a restart (found E9). Two clusters of the test's own.
use strict;
use warnings;
use lib 'test/upgrade';
use Cluster;
use EventStream;
use Social;
use Test::More;
use Time::HiRes qw(sleep time);
use WebSocket;

plan skip_all => "no $bin/pg_basebackup" unless -x "$bin/pg_basebackup";
my $preload = "shared_preload_libraries = 'social'\nsocial.database = 'postgres'\nfsync = off\nhot_standby = on\nmax_standby_streaming_delay = -1";
make_cluster('primary', $preload);
start('primary');
sql('CREATE EXTENSION social');
sql(q{CREATE ROLE social_bridge LOGIN; SELECT social.grant_bridge('social_bridge')});
@ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ($dir, $port, 'postgres', 'postgres');

my $primary_port = $port;
my $standby_port = free_port();
my $target       = sub { "host=$dir port=$_[0] dbname=postgres user=social_bridge" };
my $primary      = start_bridge(DATABASE_URL => $target->($primary_port), LOOPS => 1);
my $user         = account(url => $primary->{url});
my $post         = api(POST => '/api/posts/posts/', url => $primary->{url}, token => $user->{token}, json => { title => 'hello', content => 'c' })->{json}{id};

# ---- a streaming standby
make_standby('standby', $standby_port, '');
start('standby');
my $on_standby = sub { local $ENV{PGPORT} = $standby_port; psql(@_) };
is($on_standby->('SELECT pg_is_in_recovery()'), 't', 'a standby');

my $bridge = start_bridge(DATABASE_URL => $target->($standby_port), LOOPS => 2, RATE_LIMITS => 'on');
my @there  = (url => $bridge->{url}, token => $user->{token});
my $health = sub { api(GET => '/api/posts/health/', url => $bridge->{url}) };
is($health->()->{status}, 200, 'found E9: a bridge on a standby is healthy');
is($health->()->{json}{read_only}, JSON::PP::true(), 'and says that it only reads');
is(api(GET => "/api/posts/posts/$post/", @there)->{status}, 200, 'reads work');
is(api(GET => '/api/posts/posts/', @there)->{status}, 200, 'lists');
is(api(GET => '/api/posts/search/?query=hello', @there)->{status}, 200, 'search');
is(api(POST => '/graphql/', @there, json => { query => '{ allPosts(first: 1) { id } }' })->{json}{data}{allPosts}[0]{id}, $post, 'GraphQL');
my $write = sub { api(POST => '/api/posts/posts/', @there, json => { title => 't', content => 'c' }) };
my $answer = $write->();
is_error($answer, 503, 'READ_ONLY', 'writes are refused: 503 with a code of its own');
diag(grep { /statement failed/ } split /^/m, $bridge->log_text) if $answer->{status} != 503;
is($answer->{headers}{'retry-after'}, 1, 'and when to try again');
is_error(api(POST => '/api/auth/login/', url => $bridge->{url}, json => { username => $user->{username}, password => $user->{password} }), 503, 'READ_ONLY', 'logins likewise');
$answer = api(POST => '/graphql/', @there, json => { query => "mutation { likePost(postId: $post) { __typename } }" });
is($answer->{json}{errors}[0]{extensions}{code}, 'READ_ONLY', 'and mutations') or diag($answer->{content});

# Where requests are counted in a table, that cannot be written either.
sql("ALTER DATABASE postgres SET social.rate_limit_store = 'table'");
ok(wait_until(30, sub { $on_standby->('SHOW social.rate_limit_store') eq 'table' }), 'counting in a table');
{
	my $counting = start_bridge(DATABASE_URL => $target->($standby_port), LOOPS => 1, RATE_LIMITS => 'on');
	is(api(GET => '/api/posts/posts/', url => $counting->{url}, token => $user->{token})->{status}, 200, 'reads go on uncounted');
	is_error(api(POST => '/api/auth/login/', url => $counting->{url}, json => { username => $user->{username}, password => $user->{password} }), 503, 'READ_ONLY', 'the doors stay shut');
	unlike($counting->log_text, qr/"level":"error"/, 'without a line in the log for each');
	$counting->stop;
}
sql('ALTER DATABASE postgres RESET social.rate_limit_store');

# Nothing tells a standby's version of what strangers read, so nothing is kept of it.
{
	my $cached = start_bridge(DATABASE_URL => $target->($standby_port), LOOPS => 1, CACHE => 'on', ANONYMOUS_READ => 'on');
	is(api(GET => '/api/posts/search/?query=hello', url => $cached->{url})->{status}, 200, 'seed 127: a bridge with a cache reads from the standby') for 1 .. 3;
	is(scalar(() = $cached->log_text =~ /the database does not tell its version/g), 1, 'and says once that it keeps nothing');
	is($cached->stop, 0, 'stopped');
}

# What was put into the primary is seen; nobody hammers the server meanwhile.
my $began  = time;
my $second = api(POST => '/api/posts/posts/', url => $primary->{url}, token => $user->{token}, json => { title => 'two', content => 'c' })->{json}{id};
ok(wait_until(30, sub { api(GET => "/api/posts/posts/$second/", @there)->{status} == 200 }), 'what is written to the primary is read here');
sleep 0.05 until time > $began + 3;
my @complaints = grep { /"level":"(?:warning|error)"/ && !/"msg":"statement failed"/ } split /\n/, $bridge->log_text;
cmp_ok(scalar @complaints, '<=', 2, 'the log does not fill') or diag(join "\n", @complaints[ 0 .. 5 ]);
is($on_standby->(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND backend_start > now() - interval '2 s'}), 0, 'no connection is begun over and over');

# ---- events (issue 14, line 5): nobody rings there, so the log is looked at, and the sessions of those who listen
my $listener = account(url => $primary->{url});
ok(wait_until(30, sub { api(GET => '/api/notifications/', url => $bridge->{url}, token => $listener->{token})->{status} == 200 }), 'somebody who listens on the standby');
my $stream = EventStream->new("topics=user:$user->{id}", url => $bridge->{url}, token => $listener->{token});
my $socket = WebSocket->new('/ws/', url => $bridge->{url}, token => $listener->{token});
$socket->say_json({ type => 'subscribe', topic => "user:$user->{id}" });
ok($stream->hear('subscribed'), 'by a stream');
ok(wait_until(30, sub { ($socket->next_message(1)->{type} // '') eq 'subscribed' }), 'and by a WebSocket');
my $third = api(POST => '/api/posts/posts/', url => $primary->{url}, token => $user->{token}, json => { title => 'three', content => 'c' })->{json}{id};
my $heard = $stream->hear('post.created');
is($heard->{data}{id}, $third, 'hears of what is written to the primary');
my $message = $socket->next_message;
is("$message->{id} $message->{data}{id}", "$heard->{id} $third", 'on both, by the id that the primary gave');
my $resumed = EventStream->new("topics=user:$user->{id}", url => $primary->{url}, token => $listener->{token}, last_id => $heard->{id} - 1);
is($resumed->hear('post.created')->{id}, $heard->{id}, 'by which the primary goes on, too');
api(POST => '/api/auth/logout/', url => $primary->{url}, token => $listener->{token}, json => { refresh => $listener->{refresh} });
is($stream->closed_with->{code}, 4401, 'the end of a session ends the stream there');
is($socket->closed_with, 4401, 'and the socket');

# ---- promotion; what the standby has not got any more is lost with the primary (issue 14: "ids rising, or resync")
my $hears = account(url => $primary->{url});
my $by_stream = sub { my ($url, %option) = @_; return EventStream->new("topics=user:$user->{id}", url => $url, token => $hears->{token}, %option) };
my $by_socket = sub
{
	my ($url, %option) = @_;
	my $opened = WebSocket->new('/ws/', url => $url, token => $hears->{token});
	$opened->say_json({ type => 'subscribe', topic => "user:$user->{id}", %option });
	return $opened;
};
my $next = sub { my ($socket, $type) = @_; while (my $message = $socket->next_message) { return $message if ($message->{type} // 'closed') eq $type } return {} };
ok(wait_until(30, sub { api(GET => '/api/notifications/', url => $bridge->{url}, token => $hears->{token})->{status} == 200 }), 'somebody else who listens');
my ($on_both, $socket_on_both, $on_primary) = ($by_stream->($bridge->{url}), $by_socket->($bridge->{url}), $by_stream->($primary->{url}));
ok($on_both->hear('subscribed') && $next->($socket_on_both, 'subscribed')->{id} && $on_primary->hear('subscribed'), 'on both servers');
my $say = sub { my ($title) = @_; return api(POST => '/api/posts/posts/', url => $primary->{url}, token => $user->{token}, json => { title => $title, content => 'c' })->{json}{id} };
my $on_them = $say->('on both');
my $known = $on_both->hear('post.created')->{id};
is($next->($socket_on_both, 'post.created')->{id}, $known, 'hear of what comes to the standby');
$on_standby->(q{ALTER SYSTEM SET primary_conninfo = ''});
$on_standby->('SELECT pg_reload_conf()');
ok(wait_until(60, sub { $on_standby->('SELECT count(*) FROM pg_stat_wal_receiver') eq '0' }), 'then nothing comes any more');
my $lost = $say->('lost');
my $heard_there;
do { $heard_there = $on_primary->hear('post.created') } until !$heard_there || $heard_there->{data}{id} == $lost;
cmp_ok($heard_there->{id}, '>', $known, 'somebody has heard of what is lost');
owner("$bin/pg_ctl", '-D', "$dir/primary", '-m', 'immediate', 'stop');
owner("$bin/pg_ctl", '-D', "$dir/standby", '-w', 'promote') or BAIL_OUT(output());
ok(wait_until(30, sub { $write->()->{status} == 201 }), 'promoted: writes work, without a restart of the bridge');
is($health->()->{content}, '{"status":"healthy"}', 'and health is as ever');
my $first = $on_both->hear('post.created');
is(scalar($on_both->heard('resync')), 0, 'who listened there all along goes on, without a gap');
cmp_ok($first->{id}, '>', $heard_there->{id}, 'by ids that nobody has seen');
is($next->($socket_on_both, 'post.created')->{id}, $first->{id}, 'by a socket, too');
is($by_stream->($bridge->{url}, last_id => $known)->hear('post.created')->{id}, $first->{id}, 'who comes with an id that the standby had goes on, too');
my $astray = $by_stream->($bridge->{url}, last_id => $heard_there->{id});
is($astray->hear('resync')->{data}{topic}, "user:$user->{id}", 'who comes with one that is lost is told to read anew');
my $astray_too = $by_socket->($bridge->{url}, after => $heard_there->{id});
is($next->($astray_too, 'resync')->{data}{topic}, "user:$user->{id}", 'by a socket, too');
my $newest = $write->()->{json}{id};
my $told;
do { $told = $astray->hear('post.created') } until !$told || $told->{data}{id} == $newest;
cmp_ok($told->{id}, '>', $first->{id}, 'and then hears of what is new');
my $new = api(POST => '/api/auth/login/', url => $bridge->{url}, json => { username => $user->{username}, password => $user->{password} });
is($new->{status}, 200, 'logins, too');

# It listens from now on: an end is heard of by routes that ask nothing.
my $meta = sub { api(POST => '/graphql/', url => $bridge->{url}, token => $new->{json}{access}, json => { query => '{ __typename }' })->{status} };
ok(wait_until(30, sub { $on_standby->(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND query LIKE 'LISTEN%'}) > 0 }), 'it listens now');
is($meta->(), 200, 'a token that it knows') for 1 .. 10;
$on_standby->("SELECT social.end_sessions($user->{id}, 'test')");
ok(wait_until(30, sub { !grep { $meta->() != 401 } 1 .. 10 }), 'is refused when its session ends');
is($bridge->stop, 0, 'a clean end');
$primary->stop;
done_testing;
