# What the bridge is told is checked at once and as a whole: --check-config, and the start (found A12).
use strict;
use warnings;
use Social;
use Test::More;
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
my $bridge = start_bridge(HTTP_PROT => 8001);
like($bridge->log_text, qr/^\{.*"level":"warning","msg":"the variable HTTP_PROT is no setting/m, 'at the start it is a line of the log');
is($bridge->stop, 0, 'and all is well');
done_testing;
