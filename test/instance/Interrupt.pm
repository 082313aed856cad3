package Interrupt;
# Ctrl-C, or the end of whoever started it, ends a test as its own end does: END blocks and destructors
# stop its servers and remove its files. test/exec loads this before each Perl test.
use strict;
use warnings;
use POSIX ();

my $test = $$;
$SIG{$_} = sub { $$ == $test ? exit 130 : POSIX::_exit(130) } for qw(INT TERM HUP);

1;
