# social-worker on a corpus that others made to try decoders (issue 15, bad input; seed 144-149): pictures that two Debian
# packages ship as their test files. Cameras' with places and all that they tell, cut off within, with tags that lie about
# their length; odd depths and palettes; and types that nobody may send. Each one is shown as clean variants or
# comes to nothing, and its owner reads why.
use strict;
use warnings;
use Media;
use Social;
use Test::More;
use Worker;

my %type_of = (jpg => 'image/jpeg', jpeg => 'image/jpeg', png => 'image/png', gif => 'image/gif', map { $_ => '' } qw(tif tiff webp bmp exif));
my @types = qw(image/jpeg image/png image/gif video/mp4);    # under which others are sent
my @corpus;    # {name, path, type (that may be sent, or nothing), declared (also as that), tags}
my $n = 0;
for my $path (sort split /\n/, `dpkg-query -L golang-github-rwcarlsen-goexif-dev golang-golang-x-image-dev`)
{
	my ($name, $extension) = $path =~ m{([^/]*\.(\w+))$} or next;
	next unless exists $type_of{$extension} && -f $path && -s _;
	my @others = grep { $_ ne $type_of{$extension} } @types;
	push @corpus, { name => $name, path => $path, type => $type_of{$extension}, declared => $others[ $n++ % @others ] };
}
# Many of the cameras' files end behind the metadata: their own first segment in front of a picture that can be shown.
my ($begin, $rest) = unpack 'a2a*', file_of(picture('jpg', '320x200'));
my @shipped = @corpus;
for my $file (@shipped)
{
	my ($length, $data) = file_of($file->{path}) =~ /^\xff\xd8\xff\xe1(..)(.*)/s or next;
	my $segment = pack 'a4a' . (unpack('n', $length) - 2), "\xff\xe1$length", $data;
	push @corpus, { name => "metadata of $file->{name}", path => made($begin . $segment . $rest, 'jpg'), type => 'image/jpeg' };
}
my $tags = tags_of_all(map { $_->{path} } @corpus);
$_->{tags} = $tags->{ $_->{path} } // {} for @corpus;
sub counted { my ($what, $least, @files) = @_; cmp_ok(scalar @files, '>=', $least, "$what: " . @files); return }
sub has { my ($file, $group) = @_; return grep { /^$group/ } keys %{ $file->{tags} } }
# What packages of other releases have may differ a little, but not be nothing.
counted('files that may be sent', 120, grep { $_->{type} } @corpus);
counted('files of other types',   20,  grep { !$_->{type} } @corpus);

use_directory();
my $worker = start_worker(media_settings(MEDIA_JOBS => 4));
my $ann = account();

# ---- each as what it is, and as what it is not
my @sent;    # {file, declared, is_wrong, id, key}
for my $file (@corpus)
{
	for my $declared (grep { $_ } @$file{qw(type declared)})
	{
		my $upload = send_file($ann, $file->{path}, $declared);
		push @sent, { file => $file, declared => $declared, is_wrong => $declared eq $file->{type} ? 0 : 1, id => $upload->{media_id}, key => $upload->{key} };
	}
}
my @untold = grep { api(POST => "/api/media/$_->{id}/complete/", token => $ann->{token})->{status} != 200 } @sent;
is_deeply(\@untold, [], 'all were sent');
my $ids = join ',', map { $_->{id} } @sent;
my $waiting = "SELECT count(*) FROM social.media WHERE id IN ($ids) AND state NOT IN ('ready', 'rejected', 'failed')";
ok(wait_until(1200, sub { psql($waiting) eq '0' }), 'each is ready, or came to nothing')
	or diag(psql($waiting), "\n", psql(q{SELECT to_jsonb(j) FROM social.admin_jobs j WHERE queue = 'media'}));
$_->{media} = media_of($ann, $_->{id}) for @sent;
sub told { my ($one) = @_; return join ' ', $one->{file}{name}, "($one->{declared})", $one->{media}{state}, $one->{media}{error} // '' }
my ($right, $wrong) = map { my $is = $_; [ grep { $_->{is_wrong} == $is } @sent ] } 0, 1;
my @ready    = grep { $_->{media}{state} eq 'ready' } @$right;
my @rejected = grep { $_->{media}{state} eq 'rejected' } @$right;
counted('ready',                     80,  @ready);
counted('of which tell a camera',    30,  grep { has($_->{file}, 'EXIF') } @ready);
counted('and where they were made',  3,   grep { has($_->{file}, 'EXIF:GPS') } @ready);
counted('rejected',                  20,  @rejected);
counted('sent as what they are not', 100, @$wrong);
is_deeply([ map { told($_) } grep { $_->{media}{state} !~ /^(ready|rejected)$/ } @sent ], [], 'none of them is a fault of ours');
is_deeply([ map { told($_) } grep { $_->{media}{state} ne 'rejected' || $_->{media}{error} !~ m{^it is .+, not \Q$_->{declared}\E$} } @$wrong ], [], 'what is not what it was declared to be is rejected, and why is said');
is_deeply([ map { told($_) } grep { ($_->{media}{error} // '') !~ /[a-z]{2}/ } @rejected ], [], 'so is what cannot be decoded');
note(told($_)) for @rejected;
is_deeply([ map { told($_) } grep { @{ $_->{media}{variants} } } grep { $_->{media}{state} ne 'ready' } @sent ], [], 'nothing was made of either');
my %nothing = map { $_->{key} => told($_) } grep { $_->{media}{state} ne 'ready' } @sent;
ok(wait_until(300, sub { !grep { $nothing{$_} } keys_stored() }), 'their objects go') or diag(join "\n", map { $nothing{$_} // () } keys_stored());

# ---- what was made
sub size_of { my ($tags) = @_; return map { my $side = $_; map { $tags->{$_} } grep { /:Image$side$/ && /^(File|PNG|RIFF)/ } sort keys %$tags } qw(Width Height) }
my %side = (full => 2048, preview => 600, thumbnail => 150);
# The sizes that a picture's variants have: made smaller to fit, a thumbnail to cover its square, which is cut out then.
sub sizes_for
{
	my ($name, $width, $height) = @_;
	my $side = $side{$name};
	my @scale = sort { $a <=> $b } $side / $width, $side / $height;
	my $scale = $scale[ $name eq 'thumbnail' ];
	return map { my $made = $_ * ($scale < 1 ? $scale : 1); $made > $side ? $side : $made } $width, $height;
}
my (@wrong_size, %variant);
for my $one (@ready)
{
	my ($tags, $media) = ($one->{file}{tags}, $one->{media});
	my @size = size_of($tags);
	@size = reverse @size if ($tags->{'EXIF:IFD0:Orientation'} // 1) > 4;
	push @wrong_size, told($one) . " is $media->{width}x$media->{height}, not " . join 'x', @size unless "@size" eq "$media->{width} $media->{height}";
	push @wrong_size, told($one) . ' lacks variants' unless join(' ', sort map { $_->{name} } @{ $media->{variants} }) eq 'full full_jpeg preview preview_jpeg thumbnail thumbnail_jpeg';
	for my $made (@{ $media->{variants} })
	{
		my ($name) = $made->{name} =~ /^([a-z]+)/;
		my @should = sizes_for($name, $media->{width}, $media->{height});
		push @wrong_size, told($one) . " $made->{name} is $made->{width}x$made->{height}, not @should"
			if abs($made->{width} - $should[0]) > 1 || abs($made->{height} - $should[1]) > 1;
		$variant{ made(fetch($made->{url})->{content}, $made->{content_type} =~ s{.*/}{}r) } = { %$made, of => told($one) };
	}
}
is_deeply(\@wrong_size, [], 'their variants have the sizes that they should have');
my $made = tags_of_all(sort keys %variant);
is(scalar keys %$made, 6 * @ready, 'all can be read: ' . keys %$made);
my @differs = grep { join(' ', size_of($made->{$_})) ne "$variant{$_}{width} $variant{$_}{height}" || -s $_ != $variant{$_}{size} } sort keys %$made;
is_deeply([ map { "$variant{$_}{of} $variant{$_}{name}: @{[size_of($made->{$_})]}" } @differs ], [], 'so do their bytes');
sub tells { my ($tags) = @_; return grep { !/^(File|RIFF|JFIF|Composite|ExifTool|SourceFile)\b/ } sort keys %$tags }
my @tell = grep { file_of($_) =~ m{Exif\0|ns\.adobe\.com|<x:xmpmeta|http://} || tells($made->{$_}) } sort keys %$made;
is_deeply([ map { "$variant{$_}{of} $variant{$_}{name}: " . join ' ', tells($made->{$_}) } @tell ], [], 'and nothing in them tells of camera, place or maker');
is_deeply([ map { "$variant{$_}{of} $variant{$_}{name}" } grep { $made->{$_}{'ExifTool:Error'} || $made->{$_}{'ExifTool:Warning'} } sort keys %$made ], [], 'nor is any of them damaged');

# ---- the worker
ok(wait_until(60, sub { !places() }), 'nothing lies around') or diag(join "\n", places());
is(kill(0, $worker->{pid}), 1, 'the worker lives');
is(scalar(() = $worker->log_text =~ /"msg":"serving"/g), 1, 'and has not begun anew');
unlike($worker->log_text, qr/"level":"error"/, 'none of that is an error of ours');
is($worker->stop, 0, 'it stops');
done_testing;
