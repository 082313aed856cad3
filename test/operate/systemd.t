# The bridge under a service manager: sockets that are open already, what it tells, the watchdog; and the
# units (issue 13 line 6).
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Social;
use Socket;
use Test::More;

my $dir = tempdir(CLEANUP => 1);

# ---- what a service manager does: sockets from descriptor 3 on, in a process that knows its own id
sub start_activated
{
	my ($sockets, $names, %setting) = @_;
	my $stderr = delete $setting{stderr};
	my (undef, $log) = File::Temp::tempfile('bridge-XXXXXX', TMPDIR => 1, UNLINK => 1);
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		@ENV{ keys %setting } = values %setting;
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', $log;
		open STDERR, $stderr ? '>&' : '>>', $stderr // $log;
		my @high = map { POSIX::dup2($_->fileno, 200 + fileno($_)); 200 + fileno($_) } @$sockets;
		POSIX::dup2($high[$_], 3 + $_) for 0 .. $#high;
		@ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($setting{LISTEN_PID} // $$, scalar @high, $names);
		exec { $ENV{BRIDGE_BIN} } $ENV{BRIDGE_BIN} or POSIX::_exit(127);
	}
	return bless { pid => $pid, log => $log, url => 'http://127.0.0.1:' . $sockets->[0]->sockport, port => $sockets->[0]->sockport }, 'Social::Bridge';
}
sub listener { return IO::Socket::INET->new(Listen => 128, LocalAddr => '127.0.0.1', ReuseAddr => 1) // die "listen: $!" }
sub is_healthy { my ($url, $path) = @_; return wait_until(60, sub { api(GET => $path // '/api/posts/health/', url => $url, agent => HTTP::Tiny->new)->{status} == 200 }) }

my $public   = listener();
my $admin    = listener();
my $notified = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$dir/notify") // die "socket: $!";
# What is told until a line like this; all of it.
sub told
{
	my ($wanted) = @_;
	my $text = '';
	my $select = IO::Select->new($notified);
	while ($text !~ /^$wanted/m && $select->can_read(30)) { $notified->recv(my $datagram, 4096); $text .= "$datagram\n" }
	return $text;
}
my $bridge = start_activated([ $public, $admin ], 'public:admin', NOTIFY_SOCKET => "$dir/notify", WATCHDOG_USEC => 300_000, LOOPS => 2);
my $url    = $bridge->{url};
like(told('READY=1'), qr/^READY=1$/m, 'issue 13: it says when it serves');
ok(is_healthy($url), 'issue 13: a socket that was passed is served') or diag($bridge->log_text);
ok(is_healthy('http://127.0.0.1:' . $admin->sockport, '/ready'), "the one named admin is for operators");
like($bridge->log_text, qr/"msg":"listening".*"sockets_passed":1/, 'and told');
like(told('WATCHDOG=1'), qr/^WATCHDOG=1$/m, 'issue 13: the watchdog hears of it');
like(told('WATCHDOG=1'), qr/^WATCHDOG=1$/m, 'again and again');
$bridge->signal('HUP');
like(told('RELOADING=1'), qr/^RELOADING=1\nMONOTONIC_USEC=\d+$/m, 'a reload is told');
like(told('READY=1'), qr/^READY=1$/m, 'and its end');

# ---- a restart refuses nobody
my $user = account(url => $url);
$bridge->signal('TERM');
like(told('STOPPING=1'), qr/^STOPPING=1$/m, 'and its own end');
is($bridge->finish, 0, 'it ends');
my @waiting = map { my $socket = raw_connect($url); syswrite $socket, "GET /api/auth/users/me/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $user->{token}\r\nConnection: close\r\n\r\n"; $socket } 1 .. 20;
my $next = start_activated([ $public, $admin ], 'public:admin', LOOPS => 2);
is(scalar(grep { (raw_read($_, 60))[0] =~ m{^HTTP/1\.1 200 } } @waiting), 20, 'issue 13: who came while no process was there is answered by the next');
ok(is_healthy($url), 'which serves');
is($next->stop, 0, 'and ends');

# ---- one that is stopped before it has found its database refuses nobody, either
{
	my $mute  = listener(); # who takes connections, and says nothing
	my $early = start_activated([$public], 'public', LOOPS => 2, DATABASE_URL => 'host=127.0.0.1 user=social_bridge dbname=social port=' . $mute->sockport);
	ok(wait_until(60, sub { $early->log_text =~ /"msg":"listening"/ }), 'a bridge whose database is silent');
	my @waiting = map { my $socket = raw_connect($url); syswrite $socket, "GET /api/auth/users/me/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $user->{token}\r\nConnection: close\r\n\r\n"; $socket } 1 .. 20;
	$early->signal('TERM');
	is($early->finish, 0, 'it ends');
	my $later = start_activated([ $public, $admin ], 'public:admin', LOOPS => 2);
	is(scalar(grep { (raw_read($_, 60))[0] =~ m{^HTTP/1\.1 200 } } @waiting), 20, 'issue 13: who came before it served is answered by the next');
	is($later->stop, 0, 'a clean end');
}

# ---- a stuck loop: the watchdog is told nothing more. A log that nobody takes is what a loop waits for.
{
	pipe(my $reader, my $writer) or die;
	my $stuck = start_activated([ listener() ], 'x', NOTIFY_SOCKET => "$dir/notify", WATCHDOG_USEC => 100_000, LOOPS => 1, stderr => $writer);
	close $writer;
	ok(is_healthy($stuck->{url}), 'one whose log is a pipe');
	my $socket = raw_connect($stuck->{url});
	my $path   = 'x' x 200;
	my ($answers, $sent) = ('', 0);
	while ($sent < 5000)
	{
		syswrite $socket, "GET /$path HTTP/1.1\r\nHost: x\r\n\r\n" x 100;
		$sent += 100;
		my $select = IO::Select->new($socket);
		while ((() = $answers =~ m{HTTP/1\.1 404}g) < $sent && $select->can_read(5)) { sysread $socket, $answers, 65536, length $answers }
		last if (() = $answers =~ m{HTTP/1\.1 404}g) < $sent;
	}
	cmp_ok($sent, '<', 5000, 'stands still when the pipe is full');
	my $is_quiet = wait_until(60, sub {
		my $old;
		$notified->blocking(0);
		1 while defined $notified->recv($old, 4096) && length $old;
		$notified->blocking(1);
		return !IO::Select->new($notified)->can_read(1);
	});
	ok($is_quiet, 'issue 13: and the watchdog hears nothing, though it asks every tenth of a second');
	$reader->blocking(0);
	my $log;
	ok(wait_until(30, sub { 1 while sysread $reader, $log, 65536; IO::Select->new($notified)->can_read(0.1) }), 'until it goes on');
	$stuck->signal('TERM');
	is(wait_until(30, sub { 1 while sysread $reader, $log, 65536; waitpid($stuck->{pid}, POSIX::WNOHANG()) == $stuck->{pid} }), 1, 'a clean end');
	delete $stuck->{pid};
}

# ---- what is no such socket is refused, what is not for this process is none of its business
{
	my $plain = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') // die;
	my $wrong = start_activated([$plain], 'x');
	is($wrong->finish, 2, 'a socket of datagrams is refused');
	like($wrong->log_text, qr/descriptor 3 \(LISTEN_FDS\) is no listening TCP socket/, 'and told');
	my $foreign = start_activated([ my $not_ours = listener() ], 'x', LISTEN_PID => 1, HTTP_PORT => my $port = free_port());
	ok(is_healthy("http://127.0.0.1:$port"), 'sockets for another process are left alone');
	is($foreign->stop, 0, 'a clean end');
}

# ---- a worker tells the same
{
	my $notified_of = "$dir/notify";
	my $pid = fork // die;
	if ($pid == 0)
	{
		@ENV{qw(NOTIFY_SOCKET WATCHDOG_USEC DATABASE_URL)} = ($notified_of, 300_000, $ENV{DATABASE_URL} =~ s/social_bridge/social_worker/r);
		open STDERR, '>', '/dev/null';
		exec $ENV{WORKER_BIN} or POSIX::_exit(127);
	}
	my $worker = bless { pid => $pid, log => '/dev/null' }, 'Social::Bridge';
	like(told('READY=1'), qr/^READY=1$/m, 'issue 15: a worker says when it runs');
	like(told('WATCHDOG=1'), qr/^WATCHDOG=1$/m, 'and that its loop goes round');
	$worker->signal('HUP');
	like(told('RELOADING=1'), qr/^RELOADING=1$/m, 'a reload');
	$worker->signal('TERM');
	like(told('STOPPING=1'), qr/^STOPPING=1$/m, 'and its end');
	is($worker->finish, 0, 'it ends');
}

# ---- the units
mkdir "$dir/units";
for my $unit (glob 'docker/systemd/*')
{
	my ($name) = $unit =~ m{([^/]+)$};
	open my $in, '<', $unit or die;
	local $/;
	my $text = <$in> =~ s{/usr/local/bin/social-bridge}{$ENV{BRIDGE_BIN}}gr =~ s{/usr/local/bin/social-worker}{$ENV{WORKER_BIN}}gr;
	open my $out, '>', "$dir/units/$name" or die;
	print $out $text;
	close $out;
}
my $said = `cd $dir/units && systemd-analyze verify --man=no --recursive-errors=no ./social-bridge.service ./social-bridge.socket ./social-bridge-admin.socket ./social-worker.service ./social-ingest.service 2>&1`;
is($?, 0, 'issue 13: systemd-analyze verify takes the units') or diag($said);
unlike($said, qr/social-(bridge|worker|ingest)/, 'and has nothing to say of them');
system(qq(sed -i 's/^WatchdogSec=.*/WatchdogSec=soon/' $dir/units/social-bridge.service));
like(`cd $dir/units && systemd-analyze verify --man=no --recursive-errors=no ./social-bridge.service 2>&1`, qr/social-bridge\.service:\d+: Failed to parse/, 'as it has of a faulty one');
done_testing;
