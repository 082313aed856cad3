# websocket_conformance.t: the frame layer on its echo path (mission 088-092, P-17, RFC 6455 sections 5-7, design D13). The
# rows are the cases of Autobahn's suite by their numbers, but for those of compression (12, 13), in its strict reading:
# what was sent before a fault or a close comes back, each ping is answered, nothing comes behind the close. Family 0 is
# what that suite cannot send. Each case goes out as it is written and, where it is short, byte by byte.
use strict;
use warnings;
use Encode ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Social;
use Test::More;
use WebSocket;

my $bridge = start_bridge(WS_ECHO => 'on', LOOPS => 1);

# What is sent: a message in fragments of so many bytes, frames by name.
sub text   { return frame(0x81, $_[0]) }
sub binary { return frame(0x82, $_[0]) }
sub ping   { return frame(0x89, $_[0] // '') }
sub pong   { return frame(0x8a, $_[0] // '') }
sub shut   { my ($code, $reason) = @_; return frame(0x88, defined $code ? pack('n', $code) . ($reason // '') : '') }
sub begin  { return frame(0x01, $_[0]) }    # of a text
sub go_on  { return frame(0x00, $_[0]) }
sub ends   { return frame(0x80, $_[0]) }

sub in_fragments
{
	my ($opcode, $bytes, $size) = @_;
	my $all = '';
	for (my $at = 0; $at < length $bytes; $at += $size)
	{
		$all .= frame(($at ? 0 : $opcode) | ($at + $size >= length $bytes ? 0x80 : 0), substr $bytes, $at, $size);
	}
	return $all;
}

# What comes back.
sub T { return [ 1, $_[0] ] }
sub B { return [ 2, $_[0] ] }
sub P { return [ 10, $_[0] // '' ] }
my $hello = 'Hello, world!';

my @rows; # [case, what, bytes or [opcode, size, size of fragments], [what comes back], code of the close (0: the client
# closes, with 1000), size of pieces]

# ---- 1: messages
my @sizes = (0, 125 .. 128, 65535, 65536);
for my $n (0 .. $#sizes)
{
	push @rows, [ '1.1.' . ($n + 1), "text of $sizes[$n] bytes", text('*' x $sizes[$n]), [ T('*' x $sizes[$n]) ], 0 ], [ '1.2.' . ($n + 1), "$sizes[$n] bytes", binary("\xfe" x $sizes[$n]), [ B("\xfe" x $sizes[$n]) ], 0 ];
}
push @rows, [ '1.1.8', 'in pieces of 997', text('*' x 65536), [ T('*' x 65536) ], 0, 997 ], [ '1.2.8', 'in pieces of 997', binary("\xfe" x 65536), [ B("\xfe" x 65536) ], 0, 997 ];

# ---- 2: pings
my $any = "\0\xff\xfe\xfd\xfc\xfb\0\xff";
push @rows,
  [ '2.1',  'a ping',                       ping(),                          [ P() ],               0 ],
  [ '2.2',  'with text',                    ping($hello),                    [ P($hello) ],         0 ],
  [ '2.3',  'of any bytes',                 ping($any),                      [ P($any) ],           0 ],
  [ '2.4',  'of 125 bytes',                 ping("\xfe" x 125),              [ P("\xfe" x 125) ],   0 ],
  [ '2.5',  'of 126 bytes',                 ping("\xfe" x 126),              [],                    1002 ],
  [ '2.7',  'a pong that nobody asked for', pong(),                          [],                    0 ],
  [ '2.8',  'with content',                 pong('nobody'),                  [],                    0 ],
  [ '2.9',  'and a ping',                   pong('nobody') . ping('asked'),  [ P('asked') ],        0 ],
  [ '2.10', 'ten pings',                    join('', map { ping("no. $_") } 1 .. 10), [ map { P("no. $_") } 1 .. 10 ], 0 ];

# ---- 3: reserved bits. 4: opcodes. A message before comes back; a ping behind is not answered.
push @rows, map({ [ "3.$_", "reserved bits $_ of a text", ($_ > 1 ? text($hello) : '') . frame(0x81 | $_ << 4, $hello) . ping(), [ $_ > 1 ? T($hello) : () ], 1002 ] } 1 .. 4),
  [ '3.5', 'reserved bits 5 of bytes',   frame(0xd2, $any) . ping(),          [], 1002 ],
  [ '3.6', 'reserved bits 6 of a ping',  frame(0xe9, $hello) . ping(),        [], 1002 ],
  [ '3.7', 'reserved bits 7 of a close', frame(0xf8, "\x03\xe8") . ping(),    [], 1002 ],
  map({ [ '4.1.' . ($_ - 2),  "opcode $_", ($_ > 4 ? text($hello) : '') . frame(0x80 | $_, $_ % 2 ? '' : $hello) . ping(), [ $_ > 4 ? T($hello) : () ], 1002 ] } 3 .. 7),
  map({ [ '4.2.' . ($_ - 10), "opcode $_", ($_ > 12 ? text($hello) : '') . frame(0x80 | $_, $_ % 2 ? '' : $hello) . ping(), [ $_ > 12 ? T($hello) : () ], 1002 ] } 11 .. 15);

# ---- 5: fragments
my @parts = ('fragment1', 'fragment2', 'fragment3', 'fragment4', 'fragment5');
push @rows,
  [ '5.1',  'a ping in fragments',               frame(0x09, 'a') . ends('b'),                               [],                            1002 ],
  [ '5.2',  'a pong in fragments',               frame(0x0a, 'a') . ends('b'),                               [],                            1002 ],
  [ '5.3',  'text in two',                       begin('fragment1') . ends('fragment2'),                     [ T('fragment1fragment2') ],   0 ],
  [ '5.6',  'a ping between them',               begin('fragment1') . ping('p') . ends('fragment2'),         [ P('p'), T('fragment1fragment2') ], 0 ],
  [ '5.9',  'a last continuation of nothing',    ends('nothing') . text($hello),                             [],                            1002 ],
  [ '5.12', 'one that goes on',                  go_on('nothing') . text($hello),                            [],                            1002 ],
  [ '5.15', 'a continuation of what has ended',  begin('one') . ends('two') . go_on('three') . text('four'), [ T('onetwo') ],               1002 ],
  [ '5.16', 'twice of nothing, to go on',        join('', (go_on('one') . begin('two') . ends('three')) x 2),         [],                            1002 ],
  [ '5.17', 'twice of nothing, the last',        join('', (ends('one') . begin('two') . ends('three')) x 2),          [],                            1002 ],
  [ '5.18', 'a text within a text',              begin('one') . text('two'),                                 [],                            1002 ],
  [ '5.19', 'five fragments and two pings', begin($parts[0]) . go_on($parts[1]) . ping('one') . go_on($parts[2]) . go_on($parts[3]) . ping('two') . ends($parts[4]), [ P('one'), P('two'), T(join '', @parts) ], 0 ],
  [ '0.1',  'a close in fragments',              frame(0x08, "\x03\xe8") . ends('b'),                        [],                            1002 ],
  [ '0.2',  'bytes within a text',               begin('one') . binary('two'),                               [],                            1002 ],
  [ '0.3',  'a pong between fragments',          begin('one') . pong('p') . ends('two'),                     [ T('onetwo') ],               0 ],
  [ '0.4',  'bytes in fragments are no text',    frame(0x02, "\xff") . go_on('') . ends("\xfe"),             [ B("\xff\xfe") ],             0 ];

# ---- 6: UTF-8
my $greek = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
push @rows,
  [ '6.1.1', 'an empty text',                    text(''),                                                   [ T('') ],                     0 ],
  [ '6.1.2', 'empty fragments',                  begin('') . go_on('') . ends(''),                           [ T('') ],                     0 ],
  [ '6.1.3', 'one that is not',                  begin('') . go_on('middle') . ends(''),                     [ T('middle') ],               0 ],
  [ '6.2.1', 'text in one frame',                text("Hello-\xc2\xb5\@\xc3\x9f-UTF-8!!"),                   [ T("Hello-\xc2\xb5\@\xc3\x9f-UTF-8!!") ], 0 ],
  [ '6.2.2', 'cut between characters',           begin("Hello-\xc2\xb5\@\xc3\x9f") . ends('-UTF-8!!'),       [ T("Hello-\xc2\xb5\@\xc3\x9f-UTF-8!!") ], 0 ],
  [ '6.2.3', 'cut at each byte',                 in_fragments(1, "Hello-\xc2\xb5\@\xc3\x9f-UTF-8!!", 1),     [ T("Hello-\xc2\xb5\@\xc3\x9f-UTF-8!!") ], 0 ],
  [ '6.2.4', 'of long characters',               in_fragments(1, $greek, 1),                                 [ T($greek) ],                 0 ],
  [ '6.3.1', 'a surrogate in the midst',         text("$greek\xed\xa0\x80edited"),                           [],                            1007 ],
  [ '6.3.2', 'cut at each byte',                 in_fragments(1, "$greek\xed\xa0\x80edited", 1),             [],                            1007 ],
  # Told at once: nothing of what is bad is followed by anything.
  [ '6.4.1', 'beyond the last character, told before the last fragment', begin($greek) . go_on("\xf4\x90\x80\x80"), [],                     1007 ],
  [ '6.4.2', 'told at the byte that cannot follow',                      begin("$greek\xf4") . go_on("\x90"),       [],                     1007 ],
  [ '6.4.3', 'before the frame has ended',       substr(text("$greek\xf4\x90\x80\x80edited"), 0, 6 + length("$greek\xf4\x90\x80\x80")), [], 1007 ],
  [ '6.4.4', 'at the byte, within the frame',    substr(text("$greek\xf4\x90\x80\x80edited"), 0, 6 + length("$greek\xf4\x90")),         [], 1007 ];

# From 6.5 on: one text each that is UTF-8 or not, by family.
push @rows, [ '6.11.5', 'beyond the last', text("\xf4\x90\x80\x80"), [], 1007 ];
my @lonely  = map { my ($from, $to) = @$_; join ' ', map({ chr } $from .. $to - 1), '' } [ 0xc0, 0xdf ], [ 0xe0, 0xef ], [ 0xf0, 0xf7 ], [ 0xf8, 0xfb ], [ 0xfc, 0xfd ];
my @missing = ("\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80", "\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf");
my @last    = map { my $plane = $_; map { my $text = chr($plane << 16 | $_); utf8::encode($text); $text } 0xfffe, 0xffff } 1 .. 16;
my @families = (
	[ 5,  'some',                                   1, "hello\$world", "hello\xc2\xa2world", "hello\xe2\x82\xacworld", "hello\xf0\xa4\xad\xa2world", $greek ],
	[ 6,  'a beginning of a text',                  2, map { substr $greek, 0, $_ } 1 .. length $greek ],
	[ 7,  'the first of its length',                1, "\0", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80" ],
	[ 8,  'the first of five and six bytes',        0, "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80" ],
	[ 9,  'the last of its length',                 1, "\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf" ],
	[ 10, 'the last of a length that is none',      0, "\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf" ],
	[ 11, 'another bound',                          1, "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf" ],
	[ 12, 'a continuation of nothing',              0, "\x80", "\xbf", map({ substr "\x80\xbf" x 3, 0, $_ } 2 .. 6), join('', map { chr } 0x80 .. 0xbe) ],
	[ 13, 'beginnings without an end',              0, @lonely ],
	[ 14, 'the last byte missing',                  0, @missing ],
	[ 15, 'all of those together',                  0, join '', @missing ],
	[ 16, 'bytes that are never there',             0, "\xfe", "\xff", "\xfe\xfe\xff\xff" ],
	[ 17, 'a slash in too many bytes',              0, "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf" ],
	[ 18, 'the last in too many bytes',             0, "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf" ],
	[ 19, 'NUL in too many bytes',                  0, "\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80" ],
	[ 20, 'a surrogate',                            0, map { "\xed$_" } "\xa0\x80", "\xad\xbf", "\xae\x80", "\xaf\xbf", "\xb0\x80", "\xbe\x80", "\xbf\xbf" ],
	[ 21, 'a pair of them',                         0, map { my $high = $_; map { "\xed$high\xed$_" } "\xb0\x80", "\xbf\xbf" } "\xa0\x80", "\xad\xbf", "\xae\x80", "\xaf\xbf" ],
	[ 22, 'no character, but UTF-8',                1, "\xef\xbf\xbe", "\xef\xbf\xbf", @last ],
	[ 23, 'special ones',                           1, map { "\xef\xbf" . chr } 0xb9 .. 0xbf ],
);
for my $family (@families)
{
	my ($number, $name, $is_good, @texts) = @$family;
	for my $n (0 .. $#texts)
	{
		my $copy = $texts[$n];
		my $good = $is_good == 2 ? eval { Encode::decode('UTF-8', $copy, Encode::FB_CROAK); 1 } : $is_good;
		push @rows, [ "6.$number." . ($n + 1), "$name: " . unpack('H*', $texts[$n]), text($texts[$n]), [ $good ? T($texts[$n]) : () ], $good ? 0 : 1007 ];
	}
}

# ---- 7: closes
push @rows,
  [ '7.1.1',  'a message, and a close',       text($hello) . shut(1000),                                       [ T($hello) ],        1000 ],
  [ '7.1.2',  'two closes',                   shut(1000) . shut(1000),                                         [],                   1000 ],
  [ '7.1.3',  'a ping behind it',             shut(1000) . ping(),                                             [],                   1000 ],
  [ '7.1.4',  'a message behind it',          shut(1000) . text($hello),                                       [],                   1000 ],
  [ '7.1.5',  'a close within a message',     begin('fragment1') . shut(1000) . ends('fragment2'),             [],                   1000 ],
  [ '7.1.6',  'a large message, one more, a close, a ping', text('BAsd7&jh23' x 26214) . text($hello) . shut(1000) . ping(), [ T('BAsd7&jh23' x 26214), T($hello) ], 1000 ],
  [ '7.3.1',  'nothing in it',                shut(),                                                          [],                   1005 ],
  [ '7.3.2',  'one byte',                     frame(0x88, 'a'),                                                [],                   1002 ],
  [ '7.3.3',  'a code',                       shut(1000),                                                      [],                   1000 ],
  [ '7.3.4',  'with a reason',                shut(1000, $hello),                                              [],                   1000 ],
  [ '7.3.5',  'of 123 bytes',                 shut(1000, '*' x 123),                                           [],                   1000 ],
  [ '7.3.6',  'of 124',                       shut(1000, '*' x 124),                                           [],                   1002 ],
  [ '7.5.1',  'that is no UTF-8',             shut(1000, "$greek\xed\xa0\x80edited"),                          [],                   1007 ];
my ($good, $bad) = (0, 0);
push @rows, map({ [ '7.7.' . ++$good, "code $_", shut($_), [], $_ ] } 1000 .. 1003, 1007 .. 1011, 3000, 3999, 4000, 4999),
  map({ [ '7.9.' . ++$bad, "code $_, which nobody may send", shut($_), [], 1002 ] } 0, 999, 1004 .. 1006, 1016, 1100, 2000, 2999),
  [ '7.13.1', 'code 5000', shut(5000), [], 1002 ], [ '7.13.2', 'code 65536', shut(65535), [], 1002 ],
  map({ [ "0.$_", "code $_, registered since", shut($_), [], $_ ] } 1012 .. 1014), [ '0.1015', 'code 1015', shut(1015), [], 1002 ];

# ---- 0: heads that no client's library writes
push @rows,
  [ '0.5', 'text that is not masked',                     frame(0x81, $hello, bare => 1),                     [],                   1002 ],
  [ '0.6', 'a ping that is not masked',                   frame(0x89, '', bare => 1),                         [],                   1002 ],
  [ '0.7', 'a length in more bytes than it needs',        "\x81\xfe\0\5abcdHello",                            [],                   1002 ],
  [ '0.8', 'likewise in eight',                           "\x82\xff\0\0\0\0\0\0\1\0abcdy",                    [],                   1002 ],
  [ '0.9', 'a length of 64 bits with the first set',      "\x82\xff\x80\0\0\0\0\0\0\5abcdHello",              [],                   1002 ],
  [ '0.10', 'more than 16 MiB, announced',                frame(0x82, 'x', length => (1 << 24) + 1),          [],                   1009 ],
  [ '0.11', 'more than 16 MiB, in fragments',             frame(0x02, 'x') . frame(0x80, 'y', length => 1 << 24), [],               1009 ];

# ---- 9: sizes. 10: fragments of 1,300 bytes
sub much { my ($size) = @_; my $text = join '', map { chr(33 + $_ % 90) } 1 .. 1024; return $text x ($size / 1024) }
my $mega = 1 << 20;
my %large = map { $_ => much($_) } 1 << 16, 1 << 18, map { $_ * $mega } 1, 4, 8, 16;
my $n;
$n = 0; push @rows, map { $n++; my $size = $_; map { [ "9.$_.$n", "a message of $size bytes", [ $_, $size, $size ], [ [ $_, \$large{$size} ] ], 0 ] } 1, 2 } sort { $a <=> $b } keys %large;
$n = 0; push @rows, map { $n++; my $size = $_; map { [ "9." . ($_ + 2) . ".$n", "4 MiB in fragments of $size", [ $_, 4 * $mega, $size ], [ [ $_, \$large{ 4 * $mega } ] ], 0 ] } 1, 2 } map { 1 << $_ } 6, 8, 10, 12, 14, 16, 18, 20, 22;
$n = 0; push @rows, map { $n++; my $size = $_; map { [ '9.' . ($_ + 4) . ".$n", "1 MiB in pieces of $size", [ $_, $mega, $mega ], [ [ $_, \$large{$mega} ] ], 0, $size ] } 1, 2 } map { 1 << $_ } 6 .. 11;
push @rows, [ '10.1.1', 'text in fragments of 1,300', in_fragments(1, '*' x 65536, 1300), [ T('*' x 65536) ], 0 ];

# Sends a row's bytes in pieces, and reads until the close: what is wrong with what came, or ''. Answers to pings may come
# before what was said earlier: they are compared apart from messages.
sub problem_of
{
	my ($bytes, $wanted, $code, $size) = @_;
	my $socket = WebSocket->new('/ws/echo/', url => $bridge->{url});
	return "no WebSocket: $socket->{status}" if ($socket->{status} // 0) != 101;
	setsockopt $socket->{socket}, IPPROTO_TCP, TCP_NODELAY, 1;
	for (my $at = 0; $at < length $bytes; $at += $size) { $socket->send(substr $bytes, $at, $size) or last }
	my @got;
	while (@got < @$wanted || $code)
	{
		my $frame = $socket->next_frame(120) // return 'it ends without a close, after ' . @got . ' frames';
		return 'a frame that is not whole, or has reserved bits' if ($frame->{first} & 0xf0) != 0x80;
		if ($frame->{opcode} == 8)
		{
			my $said = length $frame->{bytes} ? unpack 'n', $frame->{bytes} : 1005;
			return "it closes with $said" if $said != ($code || -1);
			last;
		}
		push @got, [ @$frame{qw(opcode bytes)} ];
		return 'more comes back than should' if @got > @$wanted;
	}
	my $sort = sub { return join "\0", map { "@$_" } (grep { $_->[0] > 8 } @_), (grep { $_->[0] < 8 } @_) };
	return 'not that comes back: ' . join ', ', map { "$_->[0]:" . substr $_->[1], 0, 40 } @got if $sort->(@got) ne $sort->(@$wanted);
	if (!$code)
	{
		$socket->send(shut(1000));
		my $frame = $socket->next_frame(120) // return 'no answer to a close';
		return "instead of a close: $frame->{opcode}" if $frame->{opcode} != 8 || $frame->{bytes} ne "\x03\xe8";
	}
	return 'it does not end' unless $socket->ends(120);
	return length $socket->{bytes} ? 'something comes behind the close' : '';
}
my (%passed, @failed);
for my $row (@rows)
{
	my ($case, $name, $bytes, $wanted, $code, $piece) = @$row;
	my ($family) = split /\./, $case;
	my @wanted = map { [ $_->[0], ref $_->[1] ? ${ $_->[1] } : $_->[1] ] } @$wanted;
	$bytes = in_fragments($bytes->[0], $large{ $bytes->[1] }, $bytes->[2]) if ref $bytes;
	for my $size ($piece // (length $bytes, length $bytes < 300 && length $bytes > 1 ? 1 : ()))
	{
		my $problem = problem_of($bytes, \@wanted, $code, $size);
		if ($problem eq '') { $passed{$family}++ }
		else                { push @{ $failed[$family] }, "$case ($name), pieces of $size: $problem" }
	}
}
for my $family ([ 0, 'what no suite sends' ], [ 1, 'messages' ], [ 2, 'pings' ], [ 3, 'reserved bits' ], [ 4, 'opcodes' ], [ 5, 'fragments' ], [ 6, 'UTF-8' ], [ 7, 'closes' ], [ 9, 'sizes' ], [ 10, 'fragments by themselves' ])
{
	my ($number, $name) = @$family;
	is(join("\n", @{ $failed[$number] // [] }), '', "family $number, $name: all of " . (($passed{$number} // 0) + @{ $failed[$number] // [] }) . ' cases pass');
}

# ---- 9.7, 9.8: to and fro
for my $kind (1, 2)
{
	my $socket = WebSocket->new('/ws/echo/', url => $bridge->{url});
	my $wrong  = 0;
	for my $size (0, 16, 64, 256, 1024, 4096, 16384)
	{
		my $bytes = '*' x $size;
		for (1 .. 200) { $socket->send(frame(0x80 | $kind, $bytes)); my $got = $socket->next_frame(120) // { opcode => 0 }; $wrong++ if $got->{opcode} != $kind || $got->{bytes} ne $bytes }
	}
	is($wrong, 0, "family 9." . ($kind + 6) . ': 200 messages of each size to and fro');
	$socket->close;
}
is($bridge->stop, 0, 'a clean end');
done_testing();
