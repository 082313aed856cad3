# What the bridge is told is checked at once and as a whole: --check-config, and the start (found A12).
use strict;
use warnings;
use File::Temp 'tempdir';
use EventStream;
use Social;
use Test::More;
use WebSocket;
use Time::HiRes 'time';

# Runs the bridge with this environment and these flags; (exit status, what it says, seconds).
sub told
{
	my ($environment, @flags) = @_;
	my $began = time;
	my $pid = open(my $out, '-|') // die "fork: $!";
	if (!$pid)
	{
		@ENV{ keys %$environment } = values %$environment;
		open STDERR, '>&', \*STDOUT;
		exec $ENV{BRIDGE_BIN}, @flags or POSIX::_exit(127);
	}
	local $/;
	my $text = <$out> // '';
	close $out;
	return ($? >> 8, $text, time - $began);
}

my ($status, $text) = told({}, '--check-config');
is($status, 0, 'found A12: --check-config succeeds') or diag($text);
is($text, "social-bridge: the settings are good\n", 'and says so');
is((told({}, '-h'))[0], 0, '-h is help');
is((told({}, '-h'))[1], (told({}, '--help'))[1], 'the same');

my %wrong = (
	HTTP_PORT                => [ ' 80', '80 ', '+80', '8e1', '65536', '-1' ],
	HTTP_HOST                => [ 'http://localhost', 'a b' ],
	LOOPS                    => ['many'],
	DB_PORT                  => [ 'tcp://172.17.0.2:5432', '0' ],
	DATABASE_URL             => [ 'nonsense', 'host=x sslmode=banana', 'postgres://%zz', 'host=a,b port=1,2,3', 'host=a port=99999', 'postgres://u\@h:x/d', 'host=a,b port=1,0' ],
	RATE_LIMITS              => ['perhaps'],
	RATE_LIMIT_STORE         => ['memory'],
	RATE_LIMIT_FAILURE       => ['ajar'],
	POST_CREATION_RATE_LIMIT => [ '10/fortnight', '10' ],
	REDIS_URL                => [ 'http://x', 'redis://', 'redis://h:99999', 'redis://h/x', 'redis://a b', 'redis://[::1', 'redis://[::1]6379', 'redis://::1' ],
	REDIS_PREFIX             => ["a b"],
	TRUSTED_PROXIES          => [ '10.0.0.0/33', 'proxy.example', '10.0.0.1,x' ],
	CORS_ALLOWED_ORIGINS     => [ 'http://x/path', 'x.example', 'http://*.example.com', 'https://a.example, b' ],
	FRONTEND_URL             => [ 'ftp://x', 'x.example' ],
	LOG_LEVEL                => ['loud'],
	PLAYGROUND               => ['plain'],
	PLAYGROUND_DIR           => [ '/nowhere', "$ENV{RUN_DIR}/pgdata", '/' . 'x' x 5000 ],
	STATEMENT_TIMEOUT        => ['0'],
	LOCK_TIMEOUT             => ['0']);
for my $name (sort keys %wrong)
{
	for my $value (@{ $wrong{$name} })
	{
		($status, $text) = told({ $name => $value }, '--check-config');
		is($status, 1, "$name='$value' is refused");
		like($text, qr/^social-bridge: \Q$name\E\b/m, 'by its name');
	}
}
is((told({ REDIS_URL => $_ }, '--check-config'))[0], 0, "REDIS_URL='$_' is taken") for 'redis://h', 'redis://h:1/2', 'redis://u:p@ss:w@h:1/', 'redis://[::1]', 'redis://[::1]:6379/0';
is((told({ CORS_ALLOWED_ORIGINS => 'https://a.example, http://localhost:3000/', FRONTEND_URL => 'https://b.example/start/?a', TRUSTED_PROXIES => '10.0.0.0/8,::1' }, '--check-config'))[0], 0, 'what is right is taken');

($status, $text, my $seconds) = told({ HTTP_PORT => 'x', MAX_BODY => 'banana', CORS_ALLOWED_ORIGINS => 'http://x/path', TRUSTED_PROXIES => 'y' }, '--lops=1');
is($status, 2, 'a start with faulty settings fails');
is(scalar(() = $text =~ /^social-bridge: /mg), 5, 'and tells all five') or diag($text);
like($text, qr/unknown flag --lops \(perhaps LOOPS\?\)/, 'with what was meant');
cmp_ok($seconds, '<', 20, 'at once');
unlike((told({ DATABASE_URL => 'host=x s3cret', DB_PASSWORD => "s3cret\n", REDIS_URL => 'http://s3cret@x' }, '--check-config'))[1], qr/s3cret/, 'secrets are not repeated');

($status, $text) = told({ HTTP_PROT => 8001, DB_PASS => 'x', PATH => $ENV{PATH}, REDIS_PORT => 1, HTTP_PROXY => 'x' }, '--check-config');
is($status, 0, 'a misspelt variable does not stop it');
like($text, qr/warning: the variable HTTP_PROT is no setting; perhaps HTTP_PORT is meant\?/, 'but is told');
like($text, qr/warning: the variable DB_PASS is no setting; perhaps DB_PASSWORD is meant\?/, 'each');
is(scalar(() = $text =~ /warning/g), 2, "others' variables are not") or diag($text);
like((told({ LOCK_TIMEOUT => 20, STATEMENT_TIMEOUT => 10 }, '--check-config'))[1], qr/^social-bridge: warning: LOCK_TIMEOUT is longer/m, 'settings that contradict each other are told');
# ---- files (issue 13 line 6)
my $dir = tempdir(CLEANUP => 1);
sub write_file { my ($name, $text) = @_; open my $file, '>', "$dir/$name" or die "$name: $!"; print $file $text; close $file; return "$dir/$name" }

# A secret in a file of its own.
my $good = write_file('url', "host=x password=s3cret\n");
is((told({ DATABASE_URL => '', DATABASE_URL_FILE => $good }, '--check-config'))[0], 0, 'issue 13: DATABASE_URL_FILE');
is((told({ DATABASE_URL => '' }, '--check-config', "--database-url-file=$good"))[0], 0, 'also as a flag');
for my $case ([ 'nonsense s3cret', 'DATABASE_URL is no connection string' ], [ "host=x\0s3cret", 'it is no text' ], [ "host=x\ny=s3cret", 'DATABASE_URL must be text without control characters' ], [ 's3cret' x 20000, 'it is too large' ])
{
	($status, $text) = told({ DATABASE_URL => '', DATABASE_URL_FILE => write_file('bad', $case->[0]) }, '--check-config');
	is($status, 1, "one of which $case->[1] is refused");
	like($text, qr/^social-bridge: DATABASE_URL(?:_FILE)?\b/m, 'by its name') or diag($text);
	like($text, qr/\Q$case->[1]\E/, 'with the reason');
	unlike($text, qr/s3cret/, 'without what it says');
}
like((told({ DATABASE_URL => '', DATABASE_URL_FILE => "$dir/nowhere" }, '--check-config'))[1], qr/^social-bridge: DATABASE_URL_FILE \Q$dir\E\/nowhere: No such file/m, 'one that is not there is told');
like((told({ DATABASE_URL => 'host=x', DATABASE_URL_FILE => $good }, '--check-config'))[1], qr/DATABASE_URL and DATABASE_URL_FILE are both set/, 'there is one or the other');
like((told({ MAX_BODY_FILE => $good }, '--check-config'))[1], qr/^social-bridge: (the settings are good|warning: the variable MAX_BODY_FILE is no setting)/m, 'for secrets alone');

# A file of settings.
my $config = write_file('config', "# ours\nMAX_BODY=2048\nLOG_LEVEL = debug\n");
is((told({}, '--check-config', "--config-file=$config"))[0], 1, 'a name ends at the =');
$config = write_file('config', "# ours\nMAX_BODY=2048\nCORS_ALLOWED_ORIGINS='https://a.example'\nDATABASE_URL_FILE=$good\n\n");
is((told({ DATABASE_URL => '' }, '--check-config', "--config-file=$config"))[1], "social-bridge: the settings are good\n", 'issue 13: a file of settings');
is((told({ CONFIG_FILE => $config }, '--check-config'))[0], 0, 'which a variable may name');
for my $case ([ 'MAX_BODY=banana', 'MAX_BODY must be' ], [ "LOOPS=1\nHTTP_PROT=1", 'line 2: HTTP_PROT is no setting of a file; perhaps HTTP_PORT is meant' ], [ 'nonsense', 'line 1: it is not NAME=value' ], [ "LOOPS=1\nLOOPS=2", 'line 2: LOOPS is there twice' ], [ 'CONFIG_FILE=x', 'line 1: CONFIG_FILE is no setting of a file' ], [ "DB_PASSWORD_FILE=$dir/nowhere", 'DB_PASSWORD_FILE' ])
{
	($status, $text) = told({ CONFIG_FILE => write_file('wrong', $case->[0]) }, '--check-config');
	is($status, 1, "a file that says $case->[0] is refused");
	like($text, qr/\Q$case->[1]\E/, 'with the reason');
}
like((told({ CONFIG_FILE => "$dir/nowhere" }, '--check-config'))[1], qr/CONFIG_FILE \Q$dir\E\/nowhere: No such file/, 'one that is not there is told');
is((told({ SECRET_KEY => 'x', DEBUG => 'False', DB_ENGINE => 'django.db.backends.postgresql', CELERY_BROKER_URL => 'redis://x' }, '--check-config'))[1], "social-bridge: the settings are good\n", "seed 156, 157: what others' settings say is taken");
is((told({ ALLOWED_HOSTS => $_ }, '--check-config'))[0], 1, "ALLOWED_HOSTS='$_' is refused") for 'http://x', '*.x';

# ---- reload
{
	write_file('live', "MAX_BODY=2048\nLOOPS=1\nSLOW_STATEMENT=0\nALLOWED_HOSTS=127.0.0.1,.example.com\n");
	my $live = start_bridge(CONFIG_FILE => "$dir/live", MAX_BODY => '', RATE_LIMITS => 'on');
	my $user = account(url => $live->{url});
	my $post = sub { api(POST => '/api/posts/posts/', url => $live->{url}, token => $user->{token}, json => { title => 't', content => 'x' x 3000 })->{status} };
	is($post->(), 413, 'the file holds');
	write_file('live', "MAX_BODY=65536\nLOOPS=2\nALLOWED_HOSTS=127.0.0.1,.example.com\nLOG_LEVEL=info\n");
	$live->signal('HUP');
	ok(wait_until(30, sub { $post->() == 201 }), 'issue 13: SIGHUP takes over what may change');
	ok(wait_until(30, sub { $live->log_text =~ /LOOPS changed: that takes a restart/ }), 'what may not is told');
	# WebSockets and streams: what is open goes on by the new ones.
	my $file = "MAX_BODY=65536\nLOOPS=2\nALLOWED_HOSTS=127.0.0.1,.example.com\nLOG_LEVEL=info\n";
	my $socket = WebSocket->new('/ws/', url => $live->{url}, token => $user->{token}, headers => { Host => 'a.example.com' });
	$socket->next_message;
	my $subscribe = sub { $socket->say_json({ type => 'subscribe', topic => $_[0] }); return $socket->next_message };
	is($subscribe->("user:$user->{id}")->{type}, 'subscribed', 'a topic');
	my $echo = sub { WebSocket->new('/ws/echo/', url => $live->{url}, headers => { Host => 'a.example.com' })->{status} };
	my $by_query = sub { WebSocket->new("/ws/?token=$user->{token}", url => $live->{url}, headers => { Host => 'a.example.com' }) };
	is($echo->(), 404, 'WS_ECHO is off');
	write_file('live', "${file}WS_MAX_TOPICS=1\nWS_ECHO=on\nWS_QUERY_TOKEN=on\nWS_MAX_MESSAGE=128\nWS_AUTH_TIMEOUT=1\nWS_PING_INTERVAL=1\nSSE_HEARTBEAT=1\nWS_QUEUE=2048\nWS_MAX_PER_USER=3\n");
	$live->signal('HUP');
	ok(wait_until(30, sub { $echo->() == 101 }), 'issue 14: a reload turns WS_ECHO on');
	is($subscribe->('feed')->{data}{code}, 'LIMIT_EXCEEDED', 'WS_MAX_TOPICS holds for a socket that is open');
	my $ping = sub { while (my $frame = $_[0]->next_frame(30)) { return 1 if $frame->{opcode} == 9 } return 0 };
	ok($ping->($socket), 'WS_PING_INTERVAL: it is pinged');
	my $queried = $by_query->();
	is($queried->next_message->{type}, 'ready', 'WS_QUERY_TOKEN');
	$queried->say_json({ type => 'subscribe', topic => 'x' x 200 });
	is($queried->closed_with, 1009, 'WS_MAX_MESSAGE of one that is new');
	my $stream = EventStream->new('topics=feed', url => $live->{url}, token => $user->{token}, headers => { Host => 'a.example.com' });
	my $block;
	1 until !($block = $stream->next_block) || defined $block->{comment};
	ok($block, 'SSE_HEARTBEAT: a stream that says nothing has one');
	my $silent = WebSocket->new('/ws/', url => $live->{url}, headers => { Host => 'a.example.com' });
	is($silent->closed_with, 4408, 'WS_AUTH_TIMEOUT');
	my @more = map { $by_query->() } 1 .. 3;
	ok((grep { (($_->next_message // {})->{close} // 0) == 4429 } @more), 'WS_MAX_PER_USER');
	my @told = $live->log_text =~ /(?:WS|SSE)_\w+ changed: that takes a restart/g;
	is_deeply(\@told, [], 'none of them takes a restart');
	my $help = `$ENV{BRIDGE_BIN} --help`;
	my @plain = grep { !/\*/ } grep { /^\W*(?:WS|SSE)_/ } split /\n/, $help;
	is_deeply(\@plain, [], '--help says so, with a star');
	$_->close for @more, $socket, $stream;
	write_file('live', "MAX_BODY=banana\n");
	$live->signal('HUP');
	ok(wait_until(30, sub { $live->log_text =~ /MAX_BODY must be.*the settings stay as they were/s }), 'faulty settings are told');
	is($post->(), 201, 'and change nothing');
	is((raw("GET /api/posts/health/ HTTP/1.1\r\nHost: $_->[0]\r\nConnection: close\r\n\r\n", undef, $live->{url}))[0] =~ m{^HTTP/1.1 (\d+)}, 1, 'an answer')
	  && is($1, $_->[1], "seed 156: ALLOWED_HOSTS and a request for $_->[0]") for [ 'a.example.com', 200 ], [ 'example.com:80', 200 ], [ 'evil.example', 400 ], [ 'localhost', 400 ];
	is($live->stop, 0, 'a clean end');
}

my $bridge = start_bridge(HTTP_PROT => 8001);
like($bridge->log_text, qr/^\{.*"level":"warning","msg":"the variable HTTP_PROT is no setting/m, 'at the start it is a line of the log');
is($bridge->stop, 0, 'and all is well');
done_testing;
