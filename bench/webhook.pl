# webhook.pl: deliveries of webhooks a second from one worker to a local receiver (issue 17: 1,000), in order to one
# webhook, and to 16 at once: new posts, each read through its owner's eyes, signed, sent, answered, told. And the CPU
# seconds of worker and database for 1,000 of them.
use strict;
use warnings;
use lib 'test/http', 'test/instance', 'test/worker';
use Bench;
use IO::Select;
use IO::Socket::INET;
use Social;
use Test::More ();
use Time::HiRes 'time';
use Webhook;
use Worker;

# The least receiver: reads a request, answers 204.
my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die;
my $receiver = fork() // die;
if (!$receiver)
{
	my ($select, %rest) = IO::Select->new($listener);
	while (my @ready = $select->can_read)
	{
		for my $socket (@ready)
		{
			if ($socket == $listener) { $select->add($listener->accept); next }
			if (!sysread $socket, $rest{$socket}, 65536, length($rest{$socket} // '')) { $select->remove($socket); delete $rest{$socket}; next }
			while ($rest{$socket} =~ /\r\n\r\n/ && $rest{$socket} =~ /content-length: (\d+)/i)
			{
				my $length = index($rest{$socket}, "\r\n\r\n") + 4 + $1;
				last if length $rest{$socket} < $length;
				substr $rest{$socket}, 0, $length, '';
				syswrite $socket, "HTTP/1.1 204 No Content\r\n\r\n";
			}
		}
	}
	exit;
}

allow_loopback();
sql(q{ALTER SYSTEM SET social.webhook_max = 100; SELECT pg_reload_conf()});
my $ann = account();
my $n = 0;

# Deliveries a second to so many webhooks, each of which is told so many posts; and the CPU seconds.
sub deliver
{
	my ($webhooks, $posts) = @_;
	my $topic = 'bench' . ++$n;
	sql("SELECT social.act_as($ann->{id}, true); SELECT social.create_webhook('http://127.0.0.1:" . $listener->sockport . "/', '{post.created}', '{hashtag:$topic}') FROM generate_series(1, $webhooks)");
	sql("INSERT INTO social.posts (author_id, title, content) SELECT $ann->{id}, 'Post ' || n, repeat('some words ', 20) || '#$topic' FROM generate_series(1, $posts) n");
	my $waiting = "SELECT count(*) FROM social.webhook_deliveries WHERE state = 'waiting'";
	wait_until(300, sub { sql($waiting) == $webhooks * $posts }) or die 'they are not noted: ' . sql($waiting);
	my $worker = start_worker(webhook_settings(WEBHOOK_JOBS => 16, LOG_LEVEL => 'warning', wait => 0));
	wait_until(60, sub { sql($waiting) < $webhooks * $posts }) or die $worker->log_text;
	my ($begin, $left, $cpu) = (time, sql($waiting), Bench::process_cpu($worker->{pid}));
	wait_until(300, sub { sql($waiting) == 0 }) or die $worker->log_text;
	my $rate = $left / (time - $begin);
	$cpu = (Bench::process_cpu($worker->{pid}) - $cpu) / $left * 1000;
	$worker->stop;
	sql('DELETE FROM social.webhooks');
	return ($rate, $cpu);
}

my (%rate, %cpu);
for (1 .. Bench::rounds())
{
	for my $webhooks (1, 16)
	{
		my ($rate, $cpu) = deliver($webhooks, $webhooks == 1 ? 10_000 : 1000);
		push @{ $rate{$webhooks} }, $rate;
		push @{ $cpu{$webhooks} }, $cpu;
	}
}
my $is_met = 1;
for my $webhooks (1, 16)
{
	$is_met &= row("deliveries/s to $webhooks webhook" . ($webhooks > 1 ? 's' : ', in order') . ' / bar', median(@{ $rate{$webhooks} }), 1000, '>= 1') >= 1;
	row("CPU s of the worker for 1,000 deliveries to $webhooks / bar", median(@{ $cpu{$webhooks} }), 1, '');
}
kill 'KILL', $receiver;
exit !$is_met;
