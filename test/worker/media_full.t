# social-worker where the disk on which it works on files is full (issue 15, line 5): no file is rejected for that; it
# waits, is tried again, and is ready when there is room.
use strict;
use warnings;
use File::Temp 'tempdir';
use Media;
use SmallDisk;
use Social;
use Test::More;
use Worker;

plan skip_all => 'nothing can be mounted here' unless can_mount();
my $dir = tempdir(CLEANUP => 1);
mkdir "$dir/disk" or die;
use_directory();
psql(q{SELECT social.ensure_media_kinds(), social.set_job_kind('media.process', queue => 'media', max_attempts => 50, backoff => '100 ms', backoff_max => '200 ms', timeout => '5 minutes')});
my $ann = account();
my $worker;

# A worker that works on such a disk.
sub begin
{
	my ($options) = @_;
	local $ENV{WORKER_BIN} = on_small_disk($ENV{WORKER_BIN}, "$dir/disk", $options, "$dir/small");
	$worker = start_worker(media_settings(MEDIA_TEMP => "$dir/disk", WORKER_KINDS => 'media.verify,media.process,media.delete'));
	return;
}
sub disk { return seen_by($worker->{pid}, "$dir/disk") }
sub worked_on { return glob disk() . '/social-worker-*/at-*/*' }
sub error_of { my ($media) = @_; return psql(qq{SELECT coalesce(max(error), '') FROM social.jobs WHERE kind = 'media.process' AND args ->> 'media_id' = '$media'}) }
sub told { my ($path, $type) = @_; my $id = send_file($ann, $path, $type)->{media_id}; api(POST => "/api/media/$id/complete/", token => $ann->{token}); return $id }
sub waits
{
	my ($media, $why, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(wait_until(120, sub { error_of($media) =~ $why }), $name) or diag(error_of($media), ' ', media_of($ann, $media)->{state}, ' ', media_of($ann, $media)->{error} // '');
	like(media_of($ann, $media)->{state}, qr/^(verified|processing)$/, 'it is not rejected, but waits');
	ok(wait_until(60, sub { !worked_on() }), 'nothing of it lies around');
	return;
}

# ---- too small from the beginning
begin('size=8m');
my $picture = told(picture('jpg', '640x480'), 'image/jpeg');
waits($picture, qr/^there is no room for files to work on$/, 'seed 149: no room for a picture');
is($worker->stop, 0, 'the worker stops');
begin('size=200m');
becomes($ann, $picture, 'ready', 'with room it is ready');

# ---- full in the middle of it
my $film = told(video('mov', 'testsrc2=size=1280x720:rate=30', '-t 8 -c:v mpeg4'), 'video/quicktime');
ok(wait_until(120, sub { worked_on() }), 'a video is worked on');
my $filler = disk() . '/filler';
open my $file, '>', $filler or die "$filler: $!";
while (defined syswrite $file, 'x' x 1_048_576) { }
close $file;
waits($film, qr/no room|No space left/, 'and the disk is full: said in its job');
unlink $filler or die;
becomes($ann, $film, 'ready', 'with room it is ready');
is($worker->stop, 0, 'the worker stops');

# ---- no room for names, of which there is no more to see than that making a file fails
begin('size=200m,nr_inodes=9');
$picture = told(picture('jpg', '640x480'), 'image/jpeg');
waits($picture, qr/no room|No space left/, 'a disk that takes no more files');
is($worker->stop, 0, 'the worker stops');
begin('size=200m');
becomes($ann, $picture, 'ready', 'on another one it is ready');
is($worker->stop, 0, 'the worker stops');
done_testing;
