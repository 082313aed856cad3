package Mmdb;
# Mmdb.pm owns files in MaxMind's format (https://maxmind.github.io/MaxMind-DB/, version 2.0) that tests make: networks,
# and what is said of each.
use strict;
use warnings;
use Exporter 'import';
use Socket qw(AF_INET AF_INET6 inet_pton);
our @EXPORT = qw(mmdb);

# Values: a hash, an array, a text, or a number as [ how many bits, number ].
sub control { my ($type, $size) = @_; return $type < 8 ? pack('C', $type << 5 | $size) : pack('CC', $size, $type - 7) }

sub value
{
	my ($value) = @_;
	return control(7, scalar keys %$value) . join '', map { value($_) . value($value->{$_}) } sort keys %$value if ref $value eq 'HASH';
	return control(2, length $value) . $value unless ref $value;
	return control(11, 0) unless @$value;
	my ($bits, $number) = @$value;
	return control(11, scalar @$value) . join '', map { value($_) } @$value unless $bits =~ /^\d+$/;
	$number = pack('Q>', $number) =~ s/^\0+//r;
	return control({ 16 => 5, 32 => 6, 64 => 9 }->{$bits}, length $number) . $number;
}

# The bits of a network in a tree of this version.
sub bits
{
	my ($network, $version) = @_;
	my ($address, $length) = split m{/}, $network;
	my $is_v6 = $address =~ /:/;
	my $bits = substr(unpack('B*', inet_pton($is_v6 ? AF_INET6 : AF_INET, $address)), 0, $length);
	return $is_v6 || $version == 4 ? $bits : '0' x 96 . $bits;
}

# The bytes of a file: version 4 or 6, and networks that do not overlap with what is said of each.
sub mmdb
{
	my ($version, %said) = @_;
	my ($data, %at, @nodes) = ('');
	push @nodes, [];
	for my $network (sort keys %said)
	{
		$at{$network} = length $data;
		$data .= value($said{$network});
		my @bits = split //, bits($network, $version);
		my $last = pop @bits;
		my $node = 0;
		for my $bit (@bits)
		{
			push @nodes, [] and $nodes[$node][$bit] = $#nodes unless defined $nodes[$node][$bit];
			$node = $nodes[$node][$bit];
		}
		$nodes[$node][$last] = \$at{$network};
	}
	my $count = @nodes;
	my $tree = join '', map { my $node = $_; map { substr pack('N', ref $_ ? $count + 16 + $$_ : $_ // $count), 1 } @$node[ 0, 1 ] } @nodes;
	return $tree . "\0" x 16 . $data . "\xab\xcd\xefMaxMind.com" . value({ binary_format_major_version => [ 16, 2 ], binary_format_minor_version => [ 16, 0 ],
		build_epoch => [ 64, 1700000000 ], database_type => 'Test-Country', description => { en => 'of a test' }, ip_version => [ 16, $version ], languages => [], node_count => [ 32, $count ], record_size => [ 16, 24 ] });
}

1;
