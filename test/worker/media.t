# social-worker and media (issue 15 lines 2, 3, 5; seed 144-149) on the directory that bridges serve: what people send is
# looked at, decoded where it can do no harm, and shown as its variants; hostile files come to nothing.
use strict;
use warnings;
use Media;
use Social;
use Test::More;
use Worker;

use_directory();
# What other tests have left, dead letters among it, is not ours.
my $first  = psql(q{SELECT coalesce(max(id), 0) + 1 FROM social.jobs});
my $worker = start_worker(media_settings());
my ($ann, $bob) = map { account() } 1 .. 2;
sub names { my ($media) = @_; return join ' ', sort map { $_->{name} } @{ $media->{variants} } }
sub variant { my ($media, $name) = @_; return (grep { $_->{name} eq $name } @{ $media->{variants} })[0] }

whole_life($ann, $bob);

# ---- pictures
my $media = sent($ann, picture('png', '64x48'), 'image/png', 'ready', 'a small picture');
is(variant($media, $_->[0])->{width}, $_->[1], "is not made larger: $_->[0]") for [ full => 64 ], [ preview => 64 ], [ thumbnail => 64 ];
$media = sent($ann, video('png', 'color=red@0.5:size=300x200,format=rgba', '-frames:v 1'), 'image/png', 'ready', 'a picture that one can see through');
$media = sent($ann, video('gif', 'testsrc=size=200x100:rate=10', '-t 1'), 'image/gif', 'ready', 'an animation');
my $bytes = fetch(variant($media, 'full')->{url})->{content};
like($bytes, qr/^RIFF....WEBP/s, 'is WebP');
is(scalar(() = $bytes =~ /ANMF/g), 10, 'and moves still');
is(join(' ', @$media{qw(width height)}), '200 100', 'its size is that of one frame');
like(fetch(variant($media, 'full_jpeg')->{url})->{content}, qr/^\xff\xd8\xff/, 'who cannot show that gets its first frame');

# ---- videos
$media = sent($ann, video('mp4', 'testsrc2=size=320x240:rate=25', '-f lavfi -i sine -t 3 -c:v libx264 -pix_fmt yuv420p -c:a aac -metadata location=+48.2+016.4/ -metadata title=Telltale'), 'video/mp4', 'ready', 'a video that browsers play');
is(names($media), 'poster poster_jpeg preview preview_jpeg sprite thumbnail thumbnail_jpeg video', 'has a poster, a sprite and itself');
cmp_ok(abs($media->{duration} - 3), '<', 0.3, 'its length is known');
is(join(' ', @$media{qw(width height)}), '320 240', 'and its size');
$bytes = fetch(variant($media, 'video')->{url})->{content};
like($bytes, qr/^.{4}ftyp.{0,60}moov/s, 'it can be shown before all of it has come');
unlike($bytes, qr/Telltale|48\.2/, 'and does not say where it was made');
like($media->{placeholder}, qr/^data:image/, 'a tiny picture comes with it');
is(join('x', @{ variant($media, 'sprite') }{qw(width height)}), '800x600', 'the sprite is 5 by 5');
$media = sent($ann, video('mov', 'testsrc2=size=640x480:rate=10', '-f lavfi -i sine -t 2 -c:v mpeg4 -c:a pcm_s16le'), 'video/quicktime', 'ready', 'a video that they do not play');
is(names($media), 'playlist poster poster_jpeg preview preview_jpeg sprite stream_0 stream_0_list stream_1 stream_1_list thumbnail thumbnail_jpeg video', 'is encoded, with a ladder');
like(fetch(variant($media, 'playlist')->{url})->{content}, qr/^#EXTM3U\n.*RESOLUTION=640x480.*RESOLUTION=480x360/s, 'of two steps');
# P-20: an address reads one object; the playlist has those of its pieces. FFmpeg is a player as others are.
my $played = `ffprobe -v error -allowed_extensions ALL -count_frames -show_entries stream=codec_name,nb_read_frames -of csv=p=0 '$ENV{BRIDGE_URL}@{[ variant($media, 'playlist')->{url} ]}' 2>&1`;
like($played, qr/\A(?=.*^h264,20$)(?=.*^aac,\d+$)/sm, 'a player gets all of them') or diag($played);
my $pieces = fetch(variant($media, 'stream_0_list')->{url});
like($pieces->{headers}{'cache-control'}, qr/^private, /, 'where not everybody may see it no cache keeps that');
my ($piece) = $pieces->{content} =~ /^(stream_0\.m4s\?\S+)/m;
my ($below) = variant($media, 'stream_0_list')->{url} =~ m{^(.*/)};
is(fetch($below . $piece)->{status}, 200, 'each has an address of its own') or diag($pieces->{content});
is(fetch($below . $piece =~ s/stream_0/stream_1/r)->{status}, 403, 'which is of no other');
is(fetch($below =~ s{/media/\K\d+}{0}r . $piece)->{status}, 403, 'nor beside another film');
my $codec = sub { my $path = made(fetch($_[0]{url})->{content}, 'mp4'); return `ffprobe -v error -show_entries stream=codec_name -of csv=p=0 $path` =~ s/\n/ /gr };
is($codec->(variant($media, 'video')), 'h264 aac ', 'as H.264 and AAC');
$media = sent($ann, video('avi', 'testsrc2=size=160x120:rate=10', '-t 1 -c:v mpeg4'), 'video/x-msvideo', 'ready', 'an old one without sound');
is($codec->(variant($media, 'video')), 'h264 ', 'too');

# ---- hostile files
my $jpeg = file_of(picture('jpg', '320x200'));
my $png  = file_of(picture('png', '320x200'));
my $mp4  = file_of(video('mp4', 'testsrc2=size=160x120:rate=10', '-t 2 -pix_fmt yuv420p'));
for (
	[ 'another type than signed',                 'image/jpeg', $png,                                           qr/^it is image\/png, not image\/jpeg$/ ],
	[ 'a page',                                   'image/png',  '<!DOCTYPE html><script>alert(1)</script>',     qr/^it is .*, not image\/png$/ ],
	[ 'a drawing with a script',                  'image/png',  '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', qr/^it is .*, not image\/png$/ ],
	[ 'words for ImageMagick',                    'image/jpeg', "push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 'https://127.0.0.1/x'\npop graphic-context\n", qr/^it is .*, not image\/jpeg$/ ],
	[ 'a program',                                'video/mp4',  file_of($ENV{WORKER_BIN}),                     qr/^it is .*, not video\/mp4$/ ],
	[ 'noise',                                    'image/gif',  join('', map { chr(($_ * 7919) % 251) } 1 .. 5000), qr/^it is .*, not image\/gif$/ ],
	[ 'a JPEG that ends too soon',                'image/jpeg', substr($jpeg, 0, length($jpeg) / 2),            qr/./ ],
	[ 'the first bytes of a JPEG',                'image/jpeg', "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", qr/./ ],
	[ 'a PNG that ends too soon',                 'image/png',  substr($png, 0, 3000),                           qr/./ ],
	[ 'a PNG whose middle is another\'s',         'image/png',  substr($png, 0, 500) . ("\xaa" x 400) . substr($png, 900), qr/./ ],
	[ 'a GIF that is a script',                   'image/gif',  "GIF89a/*\1\0\1\0*/=1;alert(1);//" . ("x" x 200), qr/./ ],
	[ 'a picture of 50,000 x 50,000',             'image/png',  png_of(50_000, 50_000, 50_000),                  qr/^it has 50000 x 50000 pixels, the limit is 100000000$/ ],
	[ 'one that says so and has nothing',         'image/png',  png_of(2_000_000_000, 2_000_000_000, 1),         qr/./ ],
	[ 'an animation of 5,000 frames',             'image/gif',  gif_of(100, 100, 5000),                          qr/^it has \d+ frames/ ],
	[ 'a few large frames in few bytes',          'image/gif',  gif_of(9000, 9000, 50),                          qr/^it has 50 frames of 9000 x 9000 pixels/ ],
	[ 'a video that ends too soon',               'video/mp4',  substr($mp4, 0, length($mp4) / 2),               qr/./ ],
	[ 'a video of nothing',                       'video/mp4',  "\0\0\0\x18ftypisom\0\0\2\0isomiso2mp41" . ("\0" x 4000), qr/./ ],
	[ 'a picture that says it is a video',        'video/mp4',  "\0\0\0\x18ftypisom\0\0\2\0isomiso2mp41$jpeg",   qr/./ ],
	[ 'an endless video',                         'video/mp4',  file_of(video('mp4', 'color=size=16x16:rate=1/4', '-t 4000 -pix_fmt yuv420p')), qr/^it has 40\d\d seconds, the limit is 3600$/ ],
	[ 'a list of other addresses',                'video/mp4',  "#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",    qr/^it is .*, not video\/mp4$/ ],
	[ 'sound alone',                              'video/mp4',  file_of(video('mp4', 'sine', '-t 1 -c:a aac -brand isom')), qr/./ ])
{
	my ($name, $type, $body, $why) = @$_;
	my $came = sent($ann, made($body), $type, 'rejected', "$name is rejected");
	like($came->{error}, $why, 'and its owner is told why');
	is_deeply($came->{variants}, [], 'nothing was made of it');
	is(fetch(psql("SELECT social.media_address('GET', '$came->{upload}{key}')"))->{status} == 404 || wait_until(60, sub { fetch(psql("SELECT social.media_address('GET', '$came->{upload}{key}')"))->{status} == 404 }) ? 404 : 0, 404, 'the file is deleted');
}
$media = sent($ann, made("$jpeg<html><script>alert('Telltale')</script>"), 'image/jpeg', 'ready', 'a picture that is a page, too');
unlike(join('', map { fetch($_->{url})->{content} } @{ $media->{variants} }), qr/Telltale/, 'is only a picture then');
my $empty = api(POST => '/api/posts/upload-url/', token => $ann->{token}, json => { file_name => 'a', content_type => 'image/png' })->{json};
HTTP::Tiny->new->request(PUT => address($empty->{upload_url}), { headers => $empty->{headers}, content => '' });
api(POST => "/api/media/$empty->{media_id}/complete/", token => $ann->{token});
like(becomes($ann, $empty->{media_id}, 'rejected|reserved', 'nothing was sent, or nothing at all')->{error} // 'it is empty', qr/^it is empty$/, 'which is said');
my $never = api(POST => '/api/posts/upload-url/', token => $ann->{token}, json => { file_name => 'a', content_type => 'image/png' })->{json};
api(POST => "/api/media/$never->{media_id}/complete/", token => $ann->{token});
becomes($ann, $never->{media_id}, 'reserved', 'who says that he has sent what he has not may still do so');
unlike($worker->log_text, qr/"level":"error"/, 'none of that is an error of ours');
ok(wait_until(30, sub { !places() }), 'and nothing lies around') or diag(join "\n", places());

# ---- bytes that are wrong here and there: made into something or rejected, and never more than that
srand(17);
my @mutants;
for my $n (1 .. 16)
{
	my ($type, $body) = @{ ([ 'image/jpeg', $jpeg ], [ 'image/png', $png ], [ 'video/mp4', $mp4 ])[ $n % 3 ] };
	substr($body, 40 + int rand(length($body) - 41), 1) = chr int rand 256 for 1 .. 1 + $n / 2;
	my $upload = send_file($ann, made($body), $type);
	api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
	push @mutants, $upload->{media_id};
}
my %end = map { $_ => 1 } qw(ready rejected);
ok(wait_until(300, sub { !grep { !$end{ media_of($ann, $_)->{state} } } @mutants }), 'files with wrong bytes are ready or rejected') or diag(join ' ', map { media_of($ann, $_)->{state} } @mutants);

# ---- kill -9 at any moment
my $film = video('mov', 'testsrc2=size=640x480:rate=25', '-t 6 -c:v mpeg4');
my $still = picture('jpg', '1600x1200');
my @many = map { my $upload = send_file($ann, $_ % 3 ? $still : $film, $_ % 3 ? 'image/jpeg' : 'video/quicktime'); $upload->{media_id} } 1 .. 6;
is($worker->stop, 0, 'a worker stops');
api(POST => "/api/media/$_/complete/", token => $ann->{token}) for @many;
psql(q{SELECT social.set_job_kind(kind, queue => 'media', max_attempts => 50, timeout => '5 minutes') FROM unnest('{media.verify,media.process,media.delete}'::text[]) kind; UPDATE social.jobs SET max_attempts = 50 WHERE kind LIKE 'media.%'});
for my $round (1 .. 5)
{
	my $victim = start_worker(media_settings(WORKER_LEASE => 3));
	my $busy = wait_until(60, sub { places() || !grep { !$end{ media_of($ann, $_)->{state} } } @many });
	select undef, undef, undef, rand 0.7;
	$victim->signal('KILL');
	$victim->finish;
}
ok(wait_until(30, sub { !`pgrep -f 'ffmpeg .*in[.]mov|vipsthumbnail (in|base)[.]'` }), 'no decoder lives longer than its worker');
my $next = start_worker(media_settings(WORKER_LEASE => 3));
ok(wait_until(300, sub { !grep { media_of($ann, $_)->{state} ne 'ready' } @many }), 'kill -9 at any moment loses nothing') or diag(join ' ', map { media_of($ann, $_)->{state} } @many);
ok(wait_until(30, sub { !places() }), 'nor is anything left') or diag(join "\n", places());

# ---- it goes while it is worked on
my $upload = send_file($ann, $film, 'video/quicktime');
api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
ok(wait_until(60, sub { places() }), 'a video is worked on');
is(api(DELETE => "/api/media/$upload->{media_id}/", token => $ann->{token})->{status}, 200, 'and is deleted meanwhile');
ok(wait_until(120, sub { !places() && psql("SELECT count(*) FROM social.admin_jobs WHERE queue = 'media' AND state <> 'later' AND id >= $first") eq '0' }), 'the work comes to its end')
	or diag(join "\n", places(), psql(q{SELECT to_jsonb(j) FROM social.admin_jobs j WHERE queue = 'media'}));
is(fetch(psql("SELECT social.media_address('GET', 'media/$upload->{media_id}/$_')"))->{status}, 404, "without $_") for qw(full.webp video.mp4 playlist.m3u8);
is($next->stop, 0, 'the worker stops');
is_deeply([ places() ], [], 'and has left nothing');
unlike($next->log_text, qr/X-Amz/, 'its log has no address');
done_testing;
