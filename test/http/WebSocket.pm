package WebSocket;
# WebSocket.pm owns a WebSocket client that sends whatever bytes a test wants, and reads frames as they are.
use strict;
use warnings;
use Digest::SHA 'sha1_base64';
use Exporter 'import';
use IO::Select;
use JSON::PP;
use Message;
use MIME::Base64 'encode_base64';
use Social;
use Test::More ();
use Time::HiRes 'time';
our @EXPORT = qw(frame handshake);

my $json = JSON::PP->new->utf8->canonical;

# A client's frame. first: its first byte; options: bare (not masked), length (as it is announced).
sub frame
{
	my ($first, $bytes, %option) = @_;
	my $length = $option{length} // length $bytes;
	my $bit    = $option{bare} ? 0 : 0x80;
	my $head   = pack 'C', $first;
	$head .= $length < 126 ? pack('C', $bit | $length) : $length < 65536 ? pack('Cn', $bit | 126, $length) : pack('CQ>', $bit | 127, $length);
	return $head . $bytes if $option{bare};
	my $mask = pack 'N', int rand 2**32;
	my $all  = $mask x (length($bytes) / 4 + 1);
	return $head . $mask . ($bytes ^ substr $all, 0, length $bytes);
}

# The bytes of a handshake. Options: headers (in place of the usual ones; undef takes one away), key, protocol.
sub handshake
{
	my ($path, %option) = @_;
	my %headers = (
		'Host' => 'bridge.test', 'Upgrade' => 'websocket', 'Connection' => 'Upgrade', 'Sec-WebSocket-Version' => 13,
		'Sec-WebSocket-Key' => $option{key} // encode_base64('0123456789abcdef', ''),
		defined $option{protocol} ? ('Sec-WebSocket-Protocol' => $option{protocol}) : (),
		defined $option{token} ? (Authorization => "Bearer $option{token}") : (),
		%{ $option{headers} // {} }
	);
	my $method = $option{method} // 'GET';
	return "$method $path HTTP/1.1\r\n" . join('', map { defined $headers{$_} ? "$_: $headers{$_}\r\n" : () } sort keys %headers) . "\r\n";
}

# Connects; {status, headers (lower case), body (of a refusal)}. Options: those of handshake, url, early (bytes
# that go along with the handshake).
sub new
{
	my ($class, $path, %option) = @_;
	my $self = bless { socket => raw_connect($option{url}), bytes => '', tells => scalar $path =~ m{^/ws/(?!echo/)} }, $class;
	$self->send(handshake($path, %option) . ($option{early} // ''));
	$self->fill(30) or return $self until $self->{bytes} =~ /\r\n\r\n/;
	my ($head) = $self->{bytes} =~ /^(.*?\r\n)\r\n/s;
	substr($self->{bytes}, 0, length($head) + 2) = '';
	$self->{status} = $head =~ m{^HTTP/1\.1 (\d+) } ? $1 : 0;
	$self->{headers}{ lc $1 } = $2 while $head =~ /^([^:\r\n]+): *([^\r\n]*)\r\n/mg;
	if ($self->{status} != 101)
	{
		my $length = $self->{headers}{'content-length'} // 0;
		$self->fill(30) or last while length $self->{bytes} < $length;
		$self->{body} = substr $self->{bytes}, 0, $length, '';
	}
	return $self;
}

# More bytes within seconds; false at the end.
sub fill
{
	my ($self, $seconds) = @_;
	return 0 if $self->{is_over} || !IO::Select->new($self->{socket})->can_read($seconds);
	my $n = sysread $self->{socket}, $self->{bytes}, 65536, length $self->{bytes};
	$self->{is_over} = 1 unless $n;
	return $n;
}

sub send
{
	my ($self, $bytes) = @_;
	my $at = 0;
	local $SIG{PIPE} = 'IGNORE';
	while ($at < length $bytes)
	{
		my $n = syswrite($self->{socket}, $bytes, length($bytes) - $at, $at) // return 0;
		$at += $n;
	}
	return 1;
}

sub text { my ($self, $text) = @_; return $self->send(frame(0x81, $text)) }
sub say_json { my ($self, $message) = @_; return $self->text($json->encode($message)) }

# The next frame, {opcode, fin, bytes}; undef at the end, or when none comes within seconds.
sub next_frame
{
	my ($self, $seconds) = @_;
	my $deadline = time + ($seconds // 30);
	while (1)
	{
		my $bytes = \$self->{bytes};
		if (length $$bytes >= 2)
		{
			my ($first, $short) = unpack 'CC', $$bytes;
			my $head = $short == 127 ? 10 : $short == 126 ? 4 : 2;
			my $length = length $$bytes < $head ? 0 : $short == 127 ? unpack('x2Q>', $$bytes) : $short == 126 ? unpack('x2n', $$bytes) : $short;
			if (length $$bytes >= $head + $length)
			{
				my $frame = { opcode => $first & 15, fin => $first >> 7, first => $first, bytes => substr $$bytes, $head, $length };
				substr($$bytes, 0, $head + $length) = '';
				return $frame;
			}
		}
		my $left = $deadline - time;
		return undef if $left <= 0 || !$self->fill($left);
	}
}

# What a subscriber is told must be as the bridge documents it.
sub read_message
{
	my ($self, $bytes) = @_;
	my $message = $json->decode($bytes);
	if (my @wrong = $self->{tells} ? Message::wrong($message) : ())
	{
		Test::More::fail('a message is as --print-asyncapi says');
		Test::More::diag(join "\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)], $bytes);
	}
	return $message;
}

# The next message, JSON as a structure; pings are answered and passed over. A close is {close => code, reason}.
sub next_message
{
	my ($self, $seconds) = @_;
	my $deadline = time + ($seconds // 30);
	while (my $frame = $self->next_frame($deadline - time))
	{
		return { close => length $frame->{bytes} ? unpack('n', $frame->{bytes}) : 1005, reason => substr($frame->{bytes}, 2) // '' } if $frame->{opcode} == 8;
		$self->send(frame(0x8a, $frame->{bytes})) if $frame->{opcode} == 9;
		return $self->read_message($frame->{bytes})  if $frame->{opcode} == 1;
	}
	return undef;
}

# The code of the close that comes next, whatever comes before; the reason too in list context. 0: none came.
sub closed_with
{
	my ($self, $seconds) = @_;
	my $deadline = time + ($seconds // 30);
	while (my $frame = $self->next_frame($deadline - time))
	{
		next unless $frame->{opcode} == 8;
		my @said = length $frame->{bytes} ? unpack 'na*', $frame->{bytes} : (1005, '');
		$self->send(frame(0x88, substr $frame->{bytes}, 0, 2));
		return wantarray ? @said : $said[0];
	}
	return wantarray ? (0, '') : 0;
}

# Whether the other side ends the connection within seconds.
sub ends { my ($self, $seconds) = @_; my $deadline = time + ($seconds // 30); 1 while !$self->{is_over} && time < $deadline && $self->fill($deadline - time); return $self->{is_over} ? 1 : 0 }

sub accept_of { my ($key) = @_; return sha1_base64($key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=' }

sub close { my ($self) = @_; return close $self->{socket} }

1;
