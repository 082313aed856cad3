package EventStream;
# EventStream.pm owns a client of streams of events (text/event-stream) that sees what came, byte by byte.
use strict;
use warnings;
use IO::Select;
use JSON::PP;
use Social;
use Time::HiRes 'time';

my $json = JSON::PP->new->utf8->canonical;

# Asks for /api/events/?QUERY; {status, headers (lower case), body (of a refusal)}. Options: url, token, last_id,
# headers, method, path, version (1.1), more (bytes behind the request).
sub new
{
	my ($class, $query, %option) = @_;
	my $self    = bless { socket => raw_connect($option{url}), bytes => '', text => '', heard => [] }, $class;
	my %headers = (
		Host => 'bridge.test', Accept => 'text/event-stream',
		defined $option{token}   ? (Authorization => "Bearer $option{token}") : (),
		defined $option{last_id} ? ('Last-Event-ID' => $option{last_id})      : (),
		%{ $option{headers} // {} }
	);
	my ($method, $path) = ($option{method} // 'GET', $option{path} // "/api/events/?$query");
	syswrite $self->{socket}, "$method $path HTTP/" . ($option{version} // '1.1') . "\r\n" . join('', map { "$_: $headers{$_}\r\n" } grep { defined $headers{$_} } sort keys %headers) . "\r\n" . ($option{more} // '');
	$self->fill(30) or return $self until $self->{bytes} =~ /\r\n\r\n/;
	my ($head) = $self->{bytes} =~ /^(.*?\r\n)\r\n/s;
	substr($self->{bytes}, 0, length($head) + 2) = '';
	$self->{status} = $head =~ m{^HTTP/1\.1 (\d+) } ? $1 : 0;
	$self->{headers}{ lc $1 } = $2 while $head =~ /^([^:\r\n]+): *([^\r\n]*)\r\n/mg;
	return $self if $method eq 'HEAD';

	if ($self->{status} != 200)
	{
		my $length = $self->{headers}{'content-length'} // 0;
		$self->fill(30) or last while length $self->{bytes} < $length;
		$self->{body} = eval { $json->decode(substr $self->{bytes}, 0, $length, '') };
	}
	return $self;
}

# More bytes within seconds; false at the end, or when none come.
sub fill
{
	my ($self, $seconds) = @_;
	return 0 if $self->{is_over} || $seconds <= 0 || !IO::Select->new($self->{socket})->can_read($seconds);
	my $n = sysread $self->{socket}, $self->{bytes}, 65536, length $self->{bytes};
	$self->{is_over} = 1 unless $n;
	return $n;
}

# What came of the body moves from the bytes to the text. No pattern looks at all of either, which may be megabytes:
# what it finds would be kept with a copy of them.
sub undo_chunks
{
	my ($self) = @_;
	if (($self->{headers}{'transfer-encoding'} // '') ne 'chunked')
	{
		$self->{text} .= $self->{bytes};
		$self->{bytes} = '';
		$self->{is_whole} = $self->{is_over};
		return;
	}
	while (substr($self->{bytes}, 0, 20) =~ /^([0-9A-Fa-f]+)\r\n/)
	{
		my ($head, $length) = (length $&, hex $1);
		last if length $self->{bytes} < $head + $length + 2;
		$self->{is_whole} = 1 if $length == 0;
		$self->{text} .= substr $self->{bytes}, $head, $length;
		substr($self->{bytes}, 0, $head + $length + 2) = '';
	}
}

# The next block, {id, event, data (of JSON), comment, retry, lines}; undef when none comes within seconds, or the body is
# over.
sub next_block
{
	my ($self, $seconds) = @_;
	my $deadline = time + ($seconds // 30);
	while (1)
	{
		$self->undo_chunks;
		if ((my $end = index $self->{text}, "\n\n") >= 0)
		{
			my $lines = substr $self->{text}, 0, $end;
			substr($self->{text}, 0, $end + 2) = '';
			my %block = (lines => $lines);
			for my $line (split /\n/, $lines)
			{
				$line =~ /^([a-z]*):(?: ?(.*))?$/s or die "no line of a stream: $line";
				$block{ $1 eq '' ? 'comment' : $1 } = $2;
			}
			$block{data} = $json->decode($block{data}) if length($block{data} // q{});
			$self->{last_id} = $block{id} if defined $block{id};
			push @{ $self->{heard} }, \%block;
			return \%block;
		}
		return undef if $self->{is_whole} || !$self->fill($deadline - time);
	}
}

# The next event of a type; others that come before are in heard.
sub hear
{
	my ($self, $type, $seconds) = @_;
	my $deadline = time + ($seconds // 30);
	while (my $block = $self->next_block($deadline - time))
	{
		return $block if ($block->{event} // '') eq $type;
	}
	return undef;
}

# All that were heard of a type.
sub heard { my ($self, $type) = @_; return grep { ($_->{event} // '') eq $type } @{ $self->{heard} } }

# What the last block says, and whether the body ended as it must; {} when no end comes.
sub closed_with
{
	my ($self, $seconds) = @_;
	my $deadline = time + ($seconds // 30);
	my $close = $self->hear('close', $seconds) // return {};
	1 while !$self->{is_whole} && $self->next_block($deadline - time);
	return { %{ $close->{data} }, is_whole => $self->{is_whole} };
}

sub close { my ($self) = @_; return close $self->{socket} }

1;
