# media_process.pl: what a picture of 12 megapixels costs (issue 15: ready with all variants in under 1.2 s of one core):
# the CPU seconds of the worker and its decoders, from the job to the state ready, on a real S3 server. The other side
# is the least that decodes it and makes the large variant alone: one call of libvips' own program.
use strict;
use warnings;
use lib 'test/http', 'test/instance', 'test/worker', 'test/s3';
use Bench;
use Media;
use POSIX qw(sysconf _SC_CLK_TCK);
use Radosgw;
use Social;
use Test::More ();
use Worker;

my $s3 = use_radosgw();
# A photograph is neither flat nor noise.
my $picture = picture('jpg', "4000x3000,noise=alls=20' -q:v '2");
my $worker  = start_worker(media_settings(MEDIA_JOBS => 1, LOG_LEVEL => 'info'));
my $ann     = account();

my %figures = interleave(
	ours => sub {
		my $upload = send_file($ann, $picture, 'image/jpeg');
		my $before = Bench::process_cpu($worker->{pid});
		api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
		wait_until(300, sub { media_of($ann, $upload->{media_id})->{state} eq 'ready' }) or die $worker->log_text;
		return Bench::process_cpu($worker->{pid}) - $before;
	},
	least => sub {
		my @before = times;
		system("VIPS_CONCURRENCY=1 vipsthumbnail $picture --size '2048x2048>' -o $picture.webp[strip,Q=80]") == 0 or die;
		my @after = times;
		return $after[2] + $after[3] - $before[2] - $before[3];
	});
row('CPU s of a 12-megapixel JPEG / of its large variant alone', median(@{ $figures{ours} }), median(@{ $figures{least} }), '');
my $is_met = row('CPU s of a 12-megapixel JPEG with all variants / bar', median(@{ $figures{ours} }), 1.2, '<= 1') <= 1;
$worker->stop;
psql(q{SELECT social.set_media_store(is_local => true)});
exit !$is_met;
