package Nginx;
# An nginx of a benchmark's own, in a directory of its own; it ends with the benchmark.
use strict;
use warnings;
use Exporter 'import';
use IO::Socket::INET;
use POSIX ();
use Port;
use Time::HiRes qw(sleep time);
our @EXPORT = qw(start_nginx stop_nginx);

my @started;

# http: what stands in http { } beside, with PORT for where it is to listen. Returns {port, pid}.
sub start_nginx
{
	my ($dir, $workers, $http) = @_;
	my $port = free_port();
	mkdir "$dir/temp" or die "$dir/temp: $!";
	my $temp = join ' ', map { "${_}_temp_path $dir/temp;" } qw(client_body proxy fastcgi uwsgi scgi);
	open my $file, '>', "$dir/nginx.conf" or die "$dir/nginx.conf: $!";
	print $file 'user root; ' x ($> == 0), "daemon off; pid $dir/pid; worker_processes $workers; error_log stderr error; events {}\n",
	  "http { access_log off; $temp ", $http =~ s/PORT/127.0.0.1:$port/r, " }\n";
	close $file;
	my $pid = fork // die "fork: $!";
	exec '/usr/sbin/nginx', '-e', 'stderr', '-p', $dir, '-c', "$dir/nginx.conf" or POSIX::_exit(127) if $pid == 0;
	push @started, $pid;
	my $deadline = time + 30;
	until (IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port"))
	{
		die 'nginx does not start' if time > $deadline;
		sleep 0.05;
	}
	return { port => $port, pid => $pid };
}

sub stop_nginx
{
	my ($nginx) = @_;
	@started = grep { $_ != $nginx->{pid} } @started;
	kill 'QUIT', $nginx->{pid};
	waitpid $nginx->{pid}, 0;
	return;
}

END { local $?; kill 'TERM', @started; waitpid $_, 0 for @started }

1;
