# hook.pl: how long the ingest server waits for the answers to its hooks (issue 16: under 5 ms): median and 99th
# percentile of some hundred publishers, each with its key and, as nginx-rtmp asks, a connection for each question.
# What the machine takes for a question that the bridge answers by itself stands beside it.
use strict;
use warnings;
use lib 'test/http', 'test/instance';
use Bench;
use IO::Socket::INET;
use Social;
use Test::More ();
use Time::HiRes 'time';

my $publishers = 300;
my $bar        = 5; # ms
my $port       = free_port();
sql(q{ALTER SYSTEM SET social.stream_active_max = 1000; SELECT pg_reload_conf()});
wait_until(30, sub { sql('SHOW social.stream_active_max') == 1000 }) or die;
my $host   = account();
my $bridge = start_bridge(INGEST_PORT => $port, RATE_LIMITS => 'off', LOG_LEVEL => 'warning');

# The milliseconds until an answer of this status has come, the connection among them.
sub ask
{
	my ($hook, $key, $n, $status) = @_;
	my $form = $key eq '' ? '' : "app=live&flashver=FMLE/3.0&tcurl=rtmp://127.0.0.1:1935/live&addr=192.0.2." . $n % 250 . "&clientid=$n&call=$hook&name=$key&type=live";
	$form =~ s/call=update/call=update_publish/;
	my $began  = time;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "no bridge: $!";
	syswrite $socket, "POST /ingest/$hook/ HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " . length($form) . "\r\n\r\n$form";
	my $answer = '';
	1 while $answer !~ /\r\n\r\n/ && sysread $socket, $answer, 4096, length $answer;
	my $took = 1000 * (time - $began);
	$answer =~ m{^HTTP/1\.[01] $status } or die "$hook: $answer";
	return $took;
}
sub percentile { my ($share, @sorted) = @_; return $sorted[ int($share * $#sorted + 0.5) ] }

# Each publishes, is heard of and ends; a stranger tries in between.
my %took;
for (0 .. Bench::rounds())
{
	my @keys = split /\n/, sql("SELECT social.act_as($host->{id}, true) \\g /dev/null\nSELECT c.stream_key FROM generate_series(1, $publishers) n, social.create_stream('Stream ' || n) c");
	my %this;
	for my $n (1 .. $publishers)
	{
		my $key = $keys[ $n - 1 ];
		push @{ $this{'to publish'} }, ask(publish => $key, $n, 302);
		push @{ $this{'of a heart-beat'} }, ask(update => $key, $n, 200);
		push @{ $this{'of a key that is none'} }, ask(publish => 'x' x 22, $n, 403);
		push @{ $this{'that ends'} }, ask(done => $key, $n, 200);
		push @{ $this{'that is none, without the database'} }, ask(done => '', $n, 403);
	}
	sql("DELETE FROM social.streams WHERE host_id = $host->{id}");
	# The first round warms up.
	if ($_) { push @{ $took{$_} }, @{ $this{$_} } for keys %this }
}
$bridge->stop;
sql(q{ALTER SYSTEM RESET social.stream_active_max; SELECT pg_reload_conf()});
my $is_met = 1;
for my $hook ('to publish', 'of a heart-beat', 'of a key that is none', 'that ends', 'that is none, without the database')
{
	my $is_ours = $hook !~ /without/;
	my @sorted = sort { $a <=> $b } @{ $took{$hook} };
	for my $case ([ 'median', 0.5 ], [ '99th percentile', 0.99 ])
	{
		my ($name, $share) = @$case;
		my $ratio = row("ms of a hook $hook, $name / bar", percentile($share, @sorted), $bar, $is_ours ? '<= 1' : '');
		$is_met &= $ratio <= 1 if $is_ours;
	}
}
exit !$is_met;
