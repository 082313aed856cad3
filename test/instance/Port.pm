package Port;
# A port of 127.0.0.1 for a server that is started a moment later: free, none that the kernel gives to clients,
# one of whom could have it by then, and no other test's while this process lives: a test whose bridge found its
# port taken would speak with another test's.
use strict;
use warnings;
use Exporter 'import';
use IO::Socket::INET;
use IO::Socket::UNIX;
our @EXPORT = qw(free_port hold_ports);

my $lowest = 10240;
my @held; # abstract names, which are the network's, as ports are: of tests in other roots, too

sub free_port
{
	open my $range, '<', '/proc/sys/net/ipv4/ip_local_port_range' or die "ip_local_port_range: $!";
	my ($of_clients) = split ' ', <$range>;
	for (1 .. 1000)
	{
		my $port = $of_clients > $lowest ? $lowest + int rand $of_clients - $lowest : 0;
		my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port) // next;
		push @held, IO::Socket::UNIX->new(Local => "\0social-test-port-" . $socket->sockport, Listen => 1) // next;
		return $socket->sockport;
	}
	die "no free port: $!";
}

# For scripts: says so many on a line, and holds them until its input ends.
sub hold_ports
{
	my ($count) = @_;
	local $| = 1;
	print join(' ', map { free_port() } 1 .. $count), "\n";
	return scalar <STDIN>;
}

1;
