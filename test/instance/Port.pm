package Port;
# A port of 127.0.0.1 for a server that is started a moment later: free, and none that the kernel gives
# to clients, one of whom could have it by then.
use strict;
use warnings;
use Exporter 'import';
use IO::Socket::INET;
our @EXPORT = qw(free_port);

my $lowest = 10240;

sub free_port
{
	open my $range, '<', '/proc/sys/net/ipv4/ip_local_port_range' or die "ip_local_port_range: $!";
	my ($of_clients) = split ' ', <$range>;
	for (1 .. 1000)
	{
		my $port = $of_clients > $lowest ? $lowest + int rand $of_clients - $lowest : 0;
		my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port) // next;
		return $socket->sockport;
	}
	die "no free port: $!";
}

1;
