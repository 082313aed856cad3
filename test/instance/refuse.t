# refuse.t: what cannot work is refused at once, with the reason, and what had started is stopped
# (found A2, A10).
use strict;
use warnings;
use lib 'test/instance';
use Instance;
use Test::More;

my $foreign = Instance->new;
my $up      = $foreign->make('up', $foreign->ports, 'DEMO=0');
is($up->{status}, 0, 'an instance') or BAIL_OUT($up->{errors});
my $instance = Instance->new;

# refused(NAME, REASON, ARGUMENTS...): `make up` is refused with this reason, at once: a wait for a server
# would last longer than this test has patience for (Instance::make). Nothing is left.
sub refused
{
	my ($name, $reason, @arguments) = @_;
	my $result = $instance->make('up', $instance->ports, 'DEMO=0', 'START_SECONDS=9999', @arguments);
	isnt($result->{status}, -1, "$name: an answer without waiting for a server");
	isnt($result->{status}, 0, "$name is refused");
	like($result->{errors}, $reason, 'with the reason');
	unlike($result->{output}, qr/social is up/, 'and not said to be up');
	$instance->nothing_left('nothing is left of it');
}

refused("another instance's HTTP_PORT", qr/port \d+ is taken by process \d+ \(social-bridge\): set HTTP_PORT/, 'HTTP_PORT=' . $foreign->port('HTTP_PORT')) for 1 .. 4;
refused("another instance's REDIS_PORT", qr/port \d+ is taken by process \d+ \(redis-server\): set REDIS_PORT/, 'REDIS_PORT=' . $foreign->port('REDIS_PORT'));
refused("another instance's PGPORT", qr/port \d+ is taken by process \d+ \(postgres\): set PGPORT/, 'PGPORT=' . $foreign->port('PGPORT'));
my $silent = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die;
refused('a port of a server that never answers', qr/port \d+ is taken by process $$ \(.*perl.*\)|port \d+ is taken by process $$ /, 'HTTP_PORT=' . $silent->sockport);
refused('a port that is none', qr/HTTP_PORT must be a port from 1 to 65535, not "80800"/, 'HTTP_PORT=80800');
refused('MAX_BODY=banana', qr/MAX_BODY must be a whole number/, 'MAX_BODY=banana');
refused('a setting that PostgreSQL does not know', qr/unrecognized configuration parameter "no_such_thing"/, 'PG_EXTRA_CONF=no_such_thing = 1');
refused('a setting that the extension does not have', qr/there is no such setting, or it cannot be that: social\.no_such_thing = 1/, 'PG_EXTRA_CONF=social.no_such_thing = 1');
refused('a value that a setting of it cannot have', qr/there is no such setting, or it cannot be that: social\.deletion_grace = 14 days/, "PG_EXTRA_CONF=social.deletion_grace = '14 days'");
refused('a RUN_DIR that sockets cannot have', qr/RUN_DIR cannot have a double quote/, "RUN_DIR=@{[ $instance->run_dir ]}/a\"b");
refused('a RUN_DIR that is too long', qr/RUN_DIR is too long/, "RUN_DIR=@{[ $instance->run_dir ]}/" . 'long' x 20);
# A directory of programs without redis-server.
my $bin = $instance->run_dir . '/programs';
mkdir $bin;
for my $directory (split /:/, $ENV{PATH}) { for (glob "$directory/*") { my ($name) = m{([^/]+)\z}; symlink $_, "$bin/$name" if $name ne 'redis-server' && !-e "$bin/$name" } }
{
	local $ENV{PATH} = $bin;
	refused('redis-server gone', qr/redis-server is missing/);
}
is($foreign->make('status')->{status}, 0, 'the other instance has gone on all the while');

# A running one whose new settings are refused goes on with the old ones.
my $pid = $foreign->pid('bridge');
my $bad = $foreign->make('up', 'HTTP_PORT=' . $silent->sockport);
isnt($bad->{status}, 0, 'a port that is taken is refused to a running instance too');
$bad = $foreign->make('up', 'MAX_BODY=banana', 'PG_EXTRA_CONF=work_mem = 8MB');
like($bad->{errors}, qr/MAX_BODY must be a whole number/, 'and a setting that cannot be');
$bad = $foreign->make('up', 'MAX_BDOY=4096');
like("$bad->{status} $bad->{errors}", qr/^0 .*warning.*MAX_BDOY/, 'a misspelt setting is warned about');
is($foreign->make('status')->{status}, 0, 'which runs on');
is($foreign->pid('bridge'), $pid, 'the same');
is($foreign->make('down')->{status}, 0, 'down');
done_testing();
