# media.pl: the directory of files (issue 15) against nginx: PUT into WebDAV, and a file that it serves. The same
# bytes by the same curl, in turn, on one file system in memory, so that no disk is what is measured; nginx on a
# disk asks for nothing to be on it, the bridge does, so there it is compared with nginx and `sync`. Then the
# bridge's memory while fifty send at once. MEDIA_MB (64): of a file.
use strict;
use warnings;
use lib 'test/http', 'test/instance';
use Bench;
use File::Temp 'tempdir';
use IO::Select;
use Nginx;
use Social;
use Time::HiRes qw(time);

my $megabytes = $ENV{MEDIA_MB} // 64;
my $times     = 4; # in a round
my $good      = 1;
my %bridge;

# nginx with a directory of files: {url, pid, root}.
sub start_files
{
	my ($dir) = @_;
	mkdir "$dir/root" or die "$dir/root: $!";
	my $nginx = start_nginx($dir, 1, "sendfile on; tcp_nopush on; types {} default_type image/png; server { listen PORT; root $dir/root; client_max_body_size 0; dav_methods PUT DELETE; }");
	return { %$nginx, url => "http://127.0.0.1:$nginx->{port}", root => "$dir/root" };
}

sub address
{
	my ($method, $key) = @_;
	return sql("SELECT social.media_store_address(s, '$method', '$key', 9000, now()) FROM social.media_store s");
}

# MB a second of some transfers by curl, one after the other.
sub transfers
{
	my ($url, @options) = @_;
	my $seconds = 0;
	for (1 .. $times)
	{
		my $told = `curl -sS -f -o /dev/null -w '%{time_total}' @options '$url'`;
		die "curl: $url" if $?;
		$seconds += $told;
	}
	return $megabytes * $times / $seconds;
}

sub compare
{
	my ($name, $bar, %sides) = @_;
	$_->() for values %sides; # warm
	my %figures = interleave(%sides);
	my %of = map { $_ => median(@{ $figures{$_} }) } keys %figures;
	my $ratio = row($name, $of{bridge}, $of{nginx}, $bar);
	$good &&= !$bar || $ratio >= (split ' ', $bar)[1];
	return;
}

sub on_file_system
{
	my ($base, $where, $bar, $after) = @_;
	my $dir    = tempdir(DIR => $base, CLEANUP => 1);
	my $nginx  = start_files($dir);
	my $bridge = start_bridge(MEDIA_DIR => "$dir/media", LOG_LEVEL => 'warning', RATE_LIMITS => 'off');
	my $file   = "$dir/file";
	open my $out, '>', $file or die;
	for (1 .. $megabytes) { print $out map { chr(rand 256) x 1024 } 1 .. 1024 }
	close $out;
	my ($put, $get) = map { $bridge->{url} . address($_ => 'uploads/1/bench.png') } qw(PUT GET);
	my @send = ("-T '$file'", '-H Expect:', '-H Content-Type:image/png');
	my $sync = sub { my $began = time; system("sync $nginx->{root}/file") == 0 or die; return time - $began };
	compare("MB/s sent, $where", $bar,
		bridge => sub { transfers($put, @send) },
		nginx  => sub {
			return transfers("$nginx->{url}/file", @send) unless $after;
			my $seconds = 0;
			for (1 .. $times)
			{
				my $told = `curl -sS -f -o /dev/null -w '%{time_total}' @send $nginx->{url}/file` || die;
				$seconds += $told + $sync->();
			}
			return $megabytes * $times / $seconds;
		});
	compare("MB/s read, $where", $bar, bridge => sub { transfers($get) }, nginx => sub { transfers("$nginx->{url}/file") });
	stop_nginx($nginx);
	return $bridge;
}

my $bridge = on_file_system('/dev/shm', 'in memory', '>= 0.8', 0);
on_file_system($ENV{RUN_DIR}, 'on disk', '>= 0.8', 1)->stop;

# ---- memory
sub memory { open my $in, '<', "/proc/$bridge->{pid}/status" or die; return join('', <$in>) =~ /^VmRSS:\s+(\d+)/m ? $1 : die }
my ($before, $most, $length) = (memory(), 0, 4_000_000);
my $piece = 'p' x 65536;
my %left;
my $select = IO::Select->new;
for my $n (1 .. 50)
{
	my $socket = raw_connect($bridge->{url});
	syswrite $socket, "PUT @{[ address(PUT => qq(uploads/1/$n.png)) ]} HTTP/1.1\r\nHost: x\r\nContent-Length: $length\r\n\r\n";
	$socket->blocking(0);
	$left{$socket} = $length;
	$select->add($socket);
}
my @all = $select->handles;
while ($select->count)
{
	for my $socket ($select->can_write(30))
	{
		$left{$socket} -= syswrite($socket, $piece, $left{$socket} < 65536 ? $left{$socket} : 65536) // 0;
		$select->remove($socket) if $left{$socket} == 0;
	}
	my $now = memory();
	$most = $now if $now > $most;
}
for (@all) { (raw_read($_, 60, qr/\r\n\r\n/))[0] =~ m{^HTTP/1.1 200} or die 'one was refused' }
printf "%-58s %12d %12d %8s %8s%s\n", 'kB of memory more while 50 send', $most - $before, 10240, '', '<= 10240', $most - $before <= 10240 ? '' : '  MISSED';
$bridge->stop;
exit($good && $most - $before <= 10240 ? 0 : 1);
