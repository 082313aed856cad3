# up.t: the ingest server is one of an instance's servers (issue 16 line 3): `make up` configures and starts it without
# being asked to, `make status` tells of it, another setting restarts it, `make restart` and `make down` end it. Of two
# instances on a machine one has the ports: the other says so, and goes on without.
use strict;
use warnings;
use lib 'test/instance';
use Instance;
use Test::More;

my @cheap = ('DEMO=0', "PG_EXTRA_CONF=social.argon2_memory = 64\nsocial.argon2_iterations = 1");
my %port  = map { $_ => free_port() } qw(RTMP_PORT RTMP_PLAY_PORT HLS_PORT BEAT_PORT INGEST_PORT);
sub live_ports { return map { "$_=$port{$_}" } sort keys %port }
# What hosts and viewers are told: where to publish, where to watch.
sub told { my ($instance) = @_; return $instance->psql(q{SELECT current_setting('social.stream_ingest_url') || ' ' || current_setting('social.stream_playback_url')}) }

my ($first, $second) = map { Instance->new(live => 1) } 1, 2;
my $up = $first->make('up', $first->ports, live_ports(), @cheap);
is($up->{status}, 0, 'make up') or BAIL_OUT($up->{errors});
like($up->{output}, qr{streams +publish to rtmp://127\.0\.0\.1:$port{RTMP_PORT}/live$}m, 'issue 16: an ingest server comes along, unasked');
ok(port_open($port{$_}), "who listens on $_") for sort keys %port;
my $status = $first->make('status');
my $pid    = $first->pid('live');
like("$status->{status} $status->{output}", qr/^0 .*\blive +runs \(process $pid\) on 127\.0\.0\.1:$port{RTMP_PORT}$/sm, 'make status tells of it');
is(told($first), "rtmp://127.0.0.1:$port{RTMP_PORT}/live http://127.0.0.1:$port{HLS_PORT}/hls", 'hosts and viewers are told where it is');

# Another one on this machine.
my $other = $second->make('up', $second->ports, grep({ !/^INGEST_PORT/ } live_ports()), @cheap);
is($other->{status}, 0, 'issue 16: an instance comes up where the ports are taken') or diag($other->{errors});
my $why = qr/port \d+ is taken by process \d+ \(\S+\): set [A-Z_]+_PORT/;
like($other->{output}, qr/streams +none are taken in: $why$/m, 'and says why it takes in none');
$status = $second->make('status');
like("$status->{status} $status->{output}", qr/^0 .*live +takes nothing in: $why$/sm, 'make status says it, too');
my $asked = $second->make('up', 'LIVE=1');
isnt($asked->{status}, 0, 'who asks for one by LIVE=1');
like($asked->{errors}, $why, 'is refused');

# What changed is restarted.
my $old = $port{HLS_PORT};
$port{HLS_PORT} = free_port();
$up = $first->make('up', "HLS_PORT=$port{HLS_PORT}");
like($up->{output}, qr/live restarts: its settings changed/, 'issue 16: another setting restarts it');
isnt($first->pid('live'), $pid, 'as another process');
ok(port_open($port{HLS_PORT}) && !port_open($old), 'which listens there, not here');
is(told($first), "rtmp://127.0.0.1:$port{RTMP_PORT}/live http://127.0.0.1:$port{HLS_PORT}/hls", 'as viewers are told');
$pid = $first->pid('live');
my $taken = $first->make('up', 'RTMP_PORT=' . $second->port('HTTP_PORT'));
like("$taken->{status} $taken->{errors}", qr/^[^0].*$why/s, 'a port that is taken is refused to one that runs');
is($first->make('up')->{output} =~ /restarts/, '', 'make up again restarts nothing');
is($first->pid('live'), $pid, 'it has gone on');

# Whoever died is seen, and started again.
kill 'KILL', $pid;
ok(wait_until(60, sub { $first->make('status')->{output} =~ /live +does not run/ }), 'one that was killed does not run');
is($first->make('restart')->{status}, 0, 'make restart');
is($first->make('status')->{status}, 0, 'starts it again');

$up = $first->make('up', 'LIVE=0', 'INGEST_PORT=');
like($up->{output}, qr/live restarts: LIVE is 0.*streams +none are taken in: LIVE is 0/s, 'LIVE=0 ends it');
ok(!port_open($port{$_}), "nobody listens on $_ any more") for sort keys %port;
$other = $second->make('up', live_ports());
like($other->{output}, qr{publish to rtmp://127\.0\.0\.1:$port{RTMP_PORT}/live}, 'then the other one has the ports') or diag($other->{errors});
for my $instance ($first, $second)
{
	is($instance->make('down')->{status}, 0, 'make down');
	$instance->nothing_left('ends all of it');
}
ok(!port_open($port{$_}), "nobody listens on $_") for sort keys %port;
done_testing();
