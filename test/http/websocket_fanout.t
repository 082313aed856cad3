# What many sockets are told at once, by one system call for all of them (io_uring) and by one each: everybody hears all of
# it in its order, whatever the others do (mission 088-092, P-18, issue 14's speed).
use strict;
use warnings;
use File::Temp 'tempdir';
use Social;
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use WebSocket;

my $many = 270; # more than go out by one call
my $big  = 600; # messages of 9 kB: more than kernels keep for who does not read

# A kernel, or a container, that lets nobody have a ring: io_uring_setup fails with EPERM.
my $refusing = tempdir(CLEANUP => 1) . '/bridge';
open my $script, '>', $refusing or die;
print $script <<"PERL";
#!$^X
use POSIX 'uname';
my \$prctl  = (uname)[4] eq 'x86_64' ? 157 : 167;
my \$filter = pack '(SCCL)4', 0x20, 0, 0, 0, 0x15, 0, 1, 425, 0x06, 0, 0, 0x00050001, 0x06, 0, 0, 0x7fff0000;
syscall(\$prctl, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: \$!";
syscall(\$prctl, 22, 2, pack 'Sx6P', 4, \$filter) == 0 or die "seccomp: \$!";
exec '$ENV{BRIDGE_BIN}' or die;
PERL
close $script;
chmod 0755, $refusing;

# The texts of comments (or the titles of posts) that come until there are so many. They are ten thousand frames: no more
# is looked at.
sub heard
{
	my ($socket, $type, $name, $count) = @_;
	my @texts;
	while (@texts < $count)
	{
		my $frame = $socket->next_frame(120) or last;
		last if $frame->{opcode} == 8;
		push @texts, $1 if $frame->{bytes} =~ /^\{"type":"\Q$type\E".*?"\Q$name\E": ?"([^"]*)"/;
	}
	return \@texts;
}

sub has_ring { my ($bridge) = @_; return scalar grep { (readlink($_) // '') =~ /io_uring/ } glob "/proc/$bridge->{pid}/fd/*" }

for my $way ([ 'by io_uring', 'on', $ENV{BRIDGE_BIN} ], [ 'without', 'off', $ENV{BRIDGE_BIN} ], [ 'where it is refused', 'on', $refusing ])
{
	my ($name, $setting, $program) = @$way;
	my $bridge = do { local $ENV{BRIDGE_BIN} = $program; start_bridge(LOOPS => 1, IO_URING => $setting, WS_QUEUE => 16777216, WS_PING_INTERVAL => 3600, LOG_LEVEL => 'info') };
	my ($ann, $bob) = map { account(url => $bridge->{url}) } 1 .. 2;
	my $post = psql("SELECT social.act_as($bob->{id}, session => true); SELECT social.create_post('heard', 'text')") =~ s/.*\n//sr;
	my $open = sub {
		my ($path) = @_;
		my $socket = WebSocket->new($path, url => $bridge->{url}, token => $ann->{token});
		my $message;
		1 until !($message = $socket->next_message) || $message->{type} eq 'subscribed';
		return $socket;
	};
	my @sockets = map { $open->("/ws/posts/$post/") } 1 .. $many;
	# One is gone as the events come, and was not heard of before; one hears them and has said that it closes.
	setsockopt $sockets[7]{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	$sockets[7]->close;
	$sockets[9]->send(frame(0x88, pack 'n', 1000));
	my $count = 20;
	psql("SELECT social.act_as($bob->{id}, session => true); SELECT social.create_comment($post, 'beat ' || n) FROM generate_series(1, $count) n");
	my @wanted = map { "beat $_" } 1 .. $count;
	my @wrong;
	for my $number (grep { $_ != 7 && $_ != 9 } 0 .. $#sockets)
	{
		my $got = heard($sockets[$number], 'comment.created', 'content', $count);
		push @wrong, "$number: @$got" if "@$got" ne "@wanted";
	}
	is("@wrong[0 .. ($#wrong < 2 ? $#wrong : 2)]", '', "P-18: $name: each of @{[$many - 2]} sockets hears $count events once and in their order");
	is($sockets[9]->closed_with, 1000, "$name: one that closes is answered");
	if ($setting eq 'off' || $program eq $refusing)
	{
		ok(!has_ring($bridge), "$name: there is no ring");
		is(scalar(() = $bridge->log_text =~ /no io_uring/g), $setting eq 'on' ? 1 : 0, "$name: the log says so where it was wanted, once");
	}
	else
	{
		ok(has_ring($bridge) || $bridge->log_text =~ /no io_uring/, "$name: there is a ring, or the log says why not");
	}

	# Readers beside one that takes nothing for a while: it hears the same.
	$_->close for @sockets;
	my ($slow, @others) = map { my $socket = WebSocket->new('/ws/', url => $bridge->{url}, token => $ann->{token}); $socket->say_json({ type => 'subscribe', topic => "user:$bob->{id}" }); 1 until $socket->next_message->{type} eq 'subscribed'; $socket } 1 .. 3;
	psql("SELECT social.act_as($bob->{id}, session => true); SELECT social.create_post('t' || n, repeat('x', 9000)) FROM generate_series(1, $big) n");
	@wanted = map { "t$_" } 1 .. $big;
	is_deeply(heard($_, 'post.created', 'title', $big), \@wanted, "$name: a reader beside a slow one hears $big large events in their order") for @others;
	is_deeply(heard($slow, 'post.created', 'title', $big), \@wanted, "$name: and so does the slow one, when it reads");
	$_->close for $slow, @others;
	is($bridge->stop, 0, "$name: and the bridge stops as it should");
}
done_testing();
