# A resolver that takes its time holds up nobody: names are looked up outside of the loops (found C15).
# A real one, which hears and says what it is told, in a mount namespace where /etc/resolv.conf names it.
use strict;
use warnings;
use File::Temp 'tempdir';
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = tempdir('social-resolver-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $dir;
my $address = '127.0.0.153';
sub write_file { my ($name, $text) = @_; open my $file, '>', "$dir/$name" or die "$dir/$name: $!"; print $file $text; close $file }

# ---- the namespace: as root, or as a user who may make one
write_file('resolv.conf', "nameserver $address\noptions timeout:20 attempts:1\n");
write_file('nsswitch.conf', "hosts: files dns\n");
my $mount = "mount --bind $dir/resolv.conf \"\$(readlink -f /etc/resolv.conf)\" && mount --bind $dir/nsswitch.conf /etc/nsswitch.conf";
my ($enter) = grep { system("$_ sh -c '$mount' >$dir/out 2>&1") == 0 } 'unshare -m', 'unshare -rm';
plan skip_all => 'NOT TESTED: neither root nor a user who may make namespaces (unshare -rm)' unless $enter;

# ---- the resolver: it answers a name of which there is a file in $dir, with the address in it, and is
# silent about all others; as root, or by sudo, for its port. It ends when its input does.
write_file('resolver.pl', <<'END_OF_RESOLVER');
use IO::Select;
use IO::Socket::INET;
my ($dir, $address) = @ARGV;
my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => $address, LocalPort => 53) or exit 1;
my $select = IO::Select->new($socket, \*STDIN);
open my $ready, '>', "$dir/ready";
close $ready;
while (1)
{
	my @ready = $select->can_read;
	exit 0 if grep { $_ == \*STDIN } @ready;
	my $peer = $socket->recv(my $query, 512) // next;
	my ($at, @labels) = (12);
	while ((my $len = unpack "x$at C", $query)) { push @labels, substr $query, $at + 1, $len; $at += $len + 1 }
	open my $log, '>>', "$dir/asked";
	print $log join('.', @labels), "\n";
	close $log;
	open my $known, '<', "$dir/$labels[0].address" or next;
	my $type = unpack 'x' . ($at + 1) . ' n', $query;
	my $ip = $type == 1 ? join '', map { chr } split /\./, <$known> : undef;
	my $answer = substr($query, 0, 2) . pack('n5', 0x8180, 1, defined $ip ? 1 : 0, 0, 0) . substr($query, 12, $at + 5 - 12);
	$answer .= pack('n n n N n', 0xc00c, 1, 1, 0, 4) . $ip if defined $ip;
	$socket->send($answer, 0, $peer);
}
END_OF_RESOLVER
my $input;
for my $sudo ('', 'sudo -n')
{
	my $pid = open($input, '|-', "exec $sudo $^X $dir/resolver.pl $dir $address 2>/dev/null") // next;
	last if wait_until(30, sub { -e "$dir/ready" || waitpid($pid, POSIX::WNOHANG()) == $pid }) && -e "$dir/ready";
	undef $input;
}
plan skip_all => "NOT TESTED: port 53 of $address cannot be had here (as root, or by sudo -n)" unless $input;
my $asked = sub { open my $file, '<', "$dir/asked" or return 0; return scalar grep { /^\Q$_[0]\E/i } <$file> };

# A bridge within the namespace.
my $run = "$dir/run";
write_file('run', "#!/bin/sh\nexec $enter sh -c '$mount && exec $ENV{BRIDGE_BIN}'\n");
chmod 0755, $run;
sub inside { my (%setting) = @_; local $ENV{BRIDGE_BIN} = $run; return start_bridge(LOOPS => 1, %setting) }

my ($port) = $ENV{DATABASE_URL} =~ /port=(\d+)/;
my $health = sub { my ($bridge) = @_; my $began = time; my $status = api(GET => '/api/posts/health/', url => $bridge->{url})->{status}; return ($status, time - $began) };
my $calls  = sub {
	my ($bridge, $seconds) = @_;
	my ($longest, $until, %seen) = (0, time + $seconds);
	while (time < $until) { my ($status, $took) = $health->($bridge); $longest = $took if $took > $longest; $seen{$status}++; sleep 0.05 }
	return ($longest, join ',', sort keys %seen);
};

# ---- the database's name has no answer
{
	my $bridge = inside(DATABASE_URL => "host=silent.example port=$port dbname=social user=social_bridge connect_timeout=20", wait => 0);
	ok(wait_until(30, sub { $asked->('silent') }), 'the resolver is asked for the name of the database');
	my ($longest, $statuses) = $calls->($bridge, 4.5);
	cmp_ok($longest, '<', 15, 'found C15: health answers while it is silent') or diag($longest);
	is($statuses, '503', 'that there is no database');
	ok(wait_until(60, sub { $bridge->log_text =~ /the database's host has no address|cannot be looked up/ }), 'and the log tells why');
	is_error(api(POST => '/api/auth/login/', url => $bridge->{url}, json => { username => 'a', password => 'b' }), 503, 'UNAVAILABLE', 'requests get 503');

	# ---- until it has
	write_file('silent.address', '127.0.0.1');
	ok(wait_until(60, sub { $bridge->log_text =~ /password|pg_hba|fe_sendauth/ || ($health->($bridge))[0] == 200 }), 'once the name has an address, the server is reached') or diag($bridge->log_text);
	my $began = time;
	is($bridge->stop, 0, 'a clean end');
	cmp_ok(time - $began, '<', 15, 'at once'); # the resolver would hold it up for twenty seconds
}

# ---- several hosts: the first unknown, the second there; the name stays what libpq knows the host by
{
	write_file('there.address', '127.0.0.1');
	psql("ALTER ROLE social_bridge PASSWORD 'a password'");
	write_file('pgpass', "there.example:$port:*:social_bridge:a password\n");
	chmod 0600, "$dir/pgpass";
	my $bridge = inside(DATABASE_URL => "host=unknown.example,there.example port=$port dbname=social user=social_bridge passfile=$dir/pgpass", wait => 0);
	ok(wait_until(90, sub { ($health->($bridge))[0] == 200 }), 'several hosts: the one that has an address serves, by the password of its name') or diag($bridge->log_text);
	my $before = $asked->('there');
	is(account(url => $bridge->{url})->{id} > 0, 1, 'and is used');
	psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'social_bridge' AND client_addr IS NOT NULL});
	ok(wait_until(90, sub { $asked->('there') > $before && ($health->($bridge))[0] == 200 }), 'a connection that was lost has the name looked up again');
	is($bridge->stop, 0, 'a clean end');
	psql('ALTER ROLE social_bridge PASSWORD NULL');
}

# ---- the name of Redis
{
	my ($redis_port) = $ENV{REDIS_URL} =~ /:(\d+)/;
	my $bridge = inside(RATE_LIMITS => 'on', RATE_LIMIT_STORE => 'redis', REDIS_URL => "redis://redis.example:$redis_port/0");
	ok(wait_until(30, sub { $asked->('redis') }), 'the resolver is asked for the name of Redis');
	my ($longest) = $calls->($bridge, 4.5);
	cmp_ok($longest, '<', 15, 'health answers meanwhile');
	write_file('redis.address', '127.0.0.1');
	ok(wait_until(60, sub { $bridge->log_text =~ /Redis is there/ }), 'once it has an address, Redis is reached') or diag($bridge->log_text);
	is($bridge->stop, 0, 'a clean end');
}
done_testing;
