package Radosgw;
# Radosgw.pm owns a real S3 server for tests: Ceph's, with one monitor and one store in memory, all of it in a
# temporary directory and ended with the test.
use strict;
use warnings;
use Exporter 'import';
use File::Temp 'tempdir';
use HTTP::Tiny;
use POSIX ();
use Port;
use Social;
our @EXPORT = qw(use_radosgw);

my @running;

sub run_it
{
	my ($dir, $input, @command) = @_;
	open my $in, '>', "$dir/input" or die;
	print $in $input;
	close $in;
	my $said = `$command[0] --conf $dir/ceph.conf @command[1 .. $#command] <$dir/input 2>>$dir/commands.log`;
	die "@command: " . `tail -n 5 $dir/commands.log` if $?;
	return $said;
}

sub begin
{
	my ($dir, @command) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', "$dir/$command[0].out";
		open STDERR, '>&', \*STDOUT;
		exec $command[0], '--conf', "$dir/ceph.conf", '-f', @command[1 .. $#command] or POSIX::_exit(127);
	}
	push @running, $pid;
	return $pid;
}

# {url, access_key, secret_key, pid (of the gateway), dir}, once it answers.
sub start_radosgw
{
	my $dir = tempdir('rgw-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	my ($mon, $port) = (free_port(), free_port());
	chomp(my ($fsid, $osd) = map { scalar `cat /proc/sys/kernel/random/uuid` } 1 .. 2);
	mkdir "$dir/$_" or die for qw(mon osd rgw);
	my ($classes) = glob '/usr/lib/*/rados-classes' or die 'no classes of the store'; # Debian 13 looks for them where it is started
	open my $conf, '>', "$dir/ceph.conf" or die;
	print $conf <<"CONF";
[global]
fsid = $fsid
mon_host = v2:127.0.0.1:$mon/0
public_addr = 127.0.0.1
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_warn = 1
mon_data_avail_crit = 1
keyring = $dir/keyring
run_dir = $dir
admin_socket = $dir/\$name.asok
pid_file = $dir/\$name.pid
log_file = $dir/\$name.log
mon_data = $dir/mon
osd_data = $dir/osd
osd_class_dir = $classes
rgw_data = $dir/rgw
setuser_match_path =
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_dns_name = s3.localhost
rgw_crypt_require_ssl = false
CONF
	close $conf;
	my %s = (url => "http://127.0.0.1:$port", access_key => 'TESTKEY', secret_key => 'test-secret', dir => $dir);
	for ([ 'mon.', "--create-keyring --cap mon 'allow *'" ], [ 'client.admin', "--cap mon 'allow *' --cap osd 'allow *'" ], [ 'client.rgw', "--cap mon 'allow rwx' --cap osd 'allow rwx'" ])
	{
		run_it($dir, '', 'ceph-authtool', "$dir/keyring", '--gen-key', '-n', $_->[0], $_->[1]);
	}
	run_it($dir, '', 'monmaptool', '--create', '--fsid', $fsid, "--addv a '[v2:127.0.0.1:$mon]'", "$dir/monmap");
	run_it($dir, '', 'ceph-mon', '--mkfs', '-i', 'a', '--monmap', "$dir/monmap", '--keyring', "$dir/keyring");
	begin($dir, 'ceph-mon', '-i', 'a');
	chomp(my $secret = run_it($dir, '', 'ceph-authtool', '--gen-print-key'));
	my $known = wait_until(120, sub { eval { run_it($dir, qq({"cephx_secret": "$secret"}), 'ceph', '--connect-timeout', 10, 'osd', 'new', $osd, '-i', '-') } });
	die 'no monitor: ' . `tail -n 5 $dir/*.log` unless $known;
	run_it($dir, '', 'ceph-authtool', "$dir/keyring", '-n', 'osd.0', "--add-key $secret");
	run_it($dir, '', 'ceph-osd', '--mkfs', '-i', 0, '--osd-uuid', $osd);
	begin($dir, 'ceph-osd', '-i', 0);
	run_it($dir, '', 'radosgw-admin', '-n', 'client.rgw', 'user', 'create', '--uid=test', '--display-name=test', "--access-key=$s{access_key}", "--secret=$s{secret_key}");
	$s{pid} = begin($dir, 'radosgw', '-n', 'client.rgw');
	wait_until(120, sub { HTTP::Tiny->new(timeout => 5)->get($s{url})->{status} == 200 }) or die 'no gateway: ' . `tail -n 20 $dir/*.log $dir/*.out`;
	return \%s;
}

# The same, with a bucket in which media are stored from now on: {..., set, status (of making the bucket)}. What
# `set` holds are the store's arguments.
sub use_radosgw
{
	my $s3 = start_radosgw();
	$s3->{set} = "is_local => false, endpoint => '$s3->{url}', bucket => 'social-media', region => 'us-east-1', path_style => true, access_key => '$s3->{access_key}', secret_key => '$s3->{secret_key}'";
	psql("SELECT social.set_media_store($s3->{set})");
	$s3->{status} = HTTP::Tiny->new->request(PUT => psql("SELECT social.s3_presign('PUT', '', 'social-media', '$s3->{access_key}', '$s3->{secret_key}', endpoint => '$s3->{url}', path_style => true)"))->{status};
	return $s3;
}

END
{
	local $?;
	kill 'KILL', @running if @running;
	waitpid $_, 0 for @running;
}

1;
