package Media;
# Media.pm owns what the tests of media share: files of many kinds, sending them, what becomes of them.
use strict;
use warnings;
use Compress::Zlib qw(crc32 compress);
use Exporter 'import';
use File::Temp 'tempdir';
use HTTP::Tiny;
use JSON::PP;
use Social;
use Test::More;
use Worker;
our @EXPORT = qw(media_settings use_directory file_of made picture video png_of gif_of send_file sent media_of becomes address fetch keys_stored places tags_of tags_of_all whole_life);

my $dir = tempdir('media-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $http = HTTP::Tiny->new(timeout => 60);
my $n = 0;

# Settings of a worker that works on media alone, in a place that the test can look into.
sub media_settings { return (SMTP_URL => '', MAIL_FROM => '', MEDIA_JOBS => 2, MEDIA_STORE_URL => $ENV{BRIDGE_URL}, MEDIA_TEMP => "$dir", WORKER_POLL => 1, @_) }

# Files go to the directory of the bridge, which knows it when this returns.
sub use_directory
{
	psql(q{SELECT social.set_media_store(is_local => true, endpoint => '')});
	my $address = psql(q{SELECT social.media_address('GET', 'media/0/nothing')});
	wait_until(60, sub { $http->get(address($address))->{content} =~ /NoSuchKey/ }) or die 'the bridge does not answer at the addresses of the directory';
	return;
}

# What lies where workers work on files.
sub places { return map { glob "$_/*" } glob "$dir/social-worker-*/at-*" }

# ---- files
sub made
{
	my ($bytes, $extension) = @_;
	my $path = sprintf '%s/file%d.%s', $dir, ++$n, $extension // 'bin';
	open my $file, '>:raw', $path or die;
	print $file $bytes;
	close $file;
	return $path;
}
sub file_of { my ($path) = @_; open my $file, '<:raw', $path or die "$path: $!"; local $/; return <$file> }

sub does { my (@command) = @_; my $said = `@command 2>&1`; die "@command: $said" if $?; return $said }

# What ffmpeg makes: arguments between the source and the name.
sub video
{
	my ($extension, $source, $arguments) = @_;
	my $path = sprintf '%s/film%d.%s', $dir, ++$n, $extension;
	does("ffmpeg -nostdin -v error -y -f lavfi -i '$source' $arguments $path");
	return $path;
}
sub picture
{
	my ($extension, $size, $tags) = @_;
	my $path = video($extension, "testsrc2=size=$size", '-frames:v 1');
	does("exiftool -q -overwrite_original $tags $path") if $tags;
	return $path;
}

# A PNG of this size, grey, one bit a pixel; its rows are as many as are asked for.
sub png_of
{
	my ($width, $height, $rows) = @_;
	my $chunk = sub { my ($type, $data) = @_; return pack('N', length $data) . $type . $data . pack('N', crc32($type . $data)) };
	return "\x89PNG\r\n\x1a\n" . $chunk->('IHDR', pack('NNCCCCC', $width, $height, 1, 0, 0, 0, 0))
	  . $chunk->('IDAT', compress(("\0" . "\0" x (($width + 7) / 8)) x $rows)) . $chunk->('IEND', '');
}

# A GIF of so many frames, of each of which only the first pixels come.
sub gif_of
{
	my ($width, $height, $frames) = @_;
	return 'GIF89a' . pack('vvCCC', $width, $height, 0x80, 0, 0) . "\0\0\0\xff\xff\xff" . ("!\xf9\x04\0\x0a\0\0\0" . pack("Cvvvv", 0x2c, 0, 0, $width, $height) . "\0\x02\x02\x44\x01\0") x $frames . ';';
}

# ---- sending
# The address in full: of a directory it is a path of the bridge.
sub address { my ($url) = @_; return $url =~ m{^/} ? "$ENV{BRIDGE_URL}$url" : $url }

# Asks for an address and sends a file there: the answer of upload-url. %as: content_type, size, body.
sub send_file
{
	my ($person, $path, $type, %as) = @_;
	my $bytes  = file_of($path);
	my $answer = api(POST => '/api/posts/upload-url/', token => $person->{token}, json => { file_name => 'a file', content_type => $type, size => length $bytes, alternative_text => 'What is seen', %as });
	die "upload-url: $answer->{content}" unless $answer->{status} == 200;
	my $upload = $answer->{json};
	my $put = $http->request($upload->{method}, address($upload->{upload_url}), { headers => $upload->{headers}, content => $bytes });
	die "PUT: $put->{status} $put->{content}" unless $put->{success};
	return $upload;
}

sub media_of { my ($person, $id) = @_; return api(GET => "/api/media/$id/", token => $person->{token})->{json} }

# Waits until a file is in one of these states; the file, as its owner sees it.
sub becomes
{
	my ($person, $id, $states, $name) = @_;
	my $media;
	wait_until($ENV{MEDIA_SECONDS} // 300, sub { $media = media_of($person, $id); ($media->{state} // 'gone') =~ /^($states)$/ });
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like($media->{state} // 'gone', qr/^($states)$/, $name) or diag(explain($media), psql(q{SELECT kind, state, attempts, error FROM social.admin_jobs WHERE queue = 'media'}));
	return $media;
}

# Sends a file and says so; the file when it is ready, or came to nothing.
sub sent
{
	my ($person, $path, $type, $states, $name, %as) = @_;
	my $upload = send_file($person, $path, $type, %as);
	my $told = api(POST => "/api/media/$upload->{media_id}/complete/", token => $person->{token});
	die "complete: $told->{content}" unless $told->{status} == 200;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return { %{ becomes($person, $upload->{media_id}, $states, $name) }, upload => $upload };
}

# ---- looking
sub fetch { my ($url) = @_; return $http->get(address($url)) }

# The keys of all that is in the store, a page of them (1,000 in S3, where a bucket is a test's own).
sub keys_stored
{
	my $listing = fetch(psql(q{SELECT social.media_store_address(s, 'GET', '', 60, now(), '{}', '{"list-type": "2", "max-keys": "10000"}') FROM social.media_store s}));
	die "no listing: $listing->{content}" unless $listing->{status} == 200;
	my @keys = $listing->{content} =~ m{<Key>([^<]*)</Key>}g;
	return @keys;
}

# What is said in a file's metadata, groups in front: {EXIF:GPSLatitude => ...}.
sub tags_of { my ($bytes, $extension) = @_; return decode_json(does('exiftool -j -G -n ' . made($bytes, $extension)))->[0] }

# The same of many files, with finer groups, {path => {EXIF:GPS:GPSLatitude => ...}}; one that cannot be read is not in it,
# or with ExifTool:Error.
sub tags_of_all
{
	my (@paths) = @_;
	open my $said, '-|', 'sh', '-c', 'exec exiftool -q -j -G0:1 -n "$@" 2>/dev/null', 'sh', @paths or die "exiftool: $!";
	local $/;
	return { map { $_->{SourceFile} => $_ } @{ decode_json(<$said> || '[]') } };
}

# upload -> complete -> variants -> post -> signed read -> delete, which is the same with every store.
sub whole_life
{
	my ($ann, $bob) = @_;
	my $path  = picture('jpg', '1200x900', '-n -Orientation=6 -GPSLatitude=48.2 -GPSLatitudeRef=N -GPSLongitude=16.4 -GPSLongitudeRef=E -Model=Telltale -XMP:City=Telltale');
	my $media = sent($ann, $path, 'image/jpeg', 'ready', 'seed 149: a picture that was sent is ready');
	is(join(' ', @$media{qw(width height content_type size)}), "900 1200 image/jpeg @{[-s $path]}", 'its size is that of the picture as people see it');
	like($media->{placeholder}, qr{^data:image/webp;base64,[A-Za-z0-9+/]{40,}={0,2}$}, 'a tiny picture comes with it');
	my %variant = map { $_->{name} => $_ } @{ $media->{variants} };
	is_deeply({ map { $_ => join ' ', @{ $variant{$_} }{qw(content_type width height)} } keys %variant },
		{ full => 'image/webp 900 1200', full_jpeg => 'image/jpeg 900 1200', preview => 'image/webp 450 600', preview_jpeg => 'image/jpeg 450 600', thumbnail => 'image/webp 150 150', thumbnail_jpeg => 'image/jpeg 150 150' },
		'seed 147: its variants');
	for my $name (sort keys %variant)
	{
		my $got = fetch($variant{$name}{url});
		is($got->{status}, 200, "$name can be read");
		is(length $got->{content}, $variant{$name}{size}, 'all of it');
		is($got->{headers}{'content-type'}, $variant{$name}{content_type}, 'as what it is');
		my $tags = tags_of($got->{content}, $name =~ /jpeg/ ? 'jpg' : 'webp');
		is("$tags->{'File:ImageWidth'}" || '', $variant{$name}{width}, 'upright') if $tags->{'File:ImageWidth'};
		is_deeply([ grep { /GPS|Model|XMP|Orientation/ } keys %$tags ], [], 'and without what the camera said');
		ok($got->{content} !~ /Telltale|Exif/, 'in whatever form');
	}
	like($variant{full}{url}, qr{/media/$media->{id}/full\.webp\?}, 'seed 147: under its key');

	my $post = api(POST => '/api/posts/posts/', token => $ann->{token}, json => { title => 'Harbour', content => 'text', image => $media->{upload}{key} });
	is($post->{status}, 201, 'a post shows it');
	my $id = $post->{json}{id};
	my $seen = api(GET => "/api/posts/posts/$id/media/", token => $bob->{token})->{json}{results}[0];
	is($seen->{url}, undef, 'others do not get the original');
	my ($preview) = grep { $_->{name} eq 'preview' } @{ $seen->{variants} };
	is(fetch($preview->{url})->{status}, 200, 'but what was made of it');
	(my $forged = $preview->{url}) =~ s/preview\.webp/full.webp/;
	is(fetch($forged)->{status}, 403, 'an address is good for one object');
	(my $bare = $preview->{url}) =~ s/\?.*//;
	is(fetch($bare)->{status}, 403, 'and not without its signature');
	is(fetch($media->{url})->{content}, file_of($path), 'its owner has the original');

	is(api(DELETE => "/api/posts/posts/$id/", token => $ann->{token})->{status} =~ /^20[04]$/ ? 1 : 0, 1, 'the post is deleted');
	psql("DELETE FROM social.posts WHERE id = $id"); # what retention does, later
	my $waits = "SELECT count(*) FROM social.jobs j WHERE j.kind = 'media.delete' AND j.args -> 'keys' ? '$media->{upload}{key}'";
	ok(wait_until(120, sub { psql($waits) eq '0' }), 'seed 109: then its objects are, too, by a job that is done') or diag(psql(q{SELECT kind, state, attempts, error FROM social.admin_jobs WHERE queue = 'media'}));
	my @keys = ($media->{upload}{key}, map { "media/$media->{id}/$_" } qw(full.webp full.jpg preview.webp preview.jpg thumbnail.webp thumbnail.jpg));
	is_deeply([ map { fetch(psql("SELECT social.media_address('GET', '$_')"))->{status} } @keys ], [ map { 404 } @keys ], 'nothing is left of it');
	return;
}

1;
