# The directory of files on a disk that is full (issue 15, line 4; mission 144): who sends is told 507, what is there
# stays there, of what came nothing is left, and with some room the bridge takes files again.
use strict;
use warnings;
use File::Temp 'tempdir';
use Rest;
use SmallDisk;
use Social;
use Test::More;

plan skip_all => 'nothing can be mounted here' unless can_mount();
$SIG{PIPE} = 'IGNORE';
my $dir = tempdir(CLEANUP => 1);
mkdir "$dir/disk" or die;
chmod 0755, $dir;
my $n = 0;

# A bridge whose files are on such a disk.
my $bridge;
sub begin
{
	my ($options) = @_;
	local $ENV{BRIDGE_BIN} = on_small_disk($ENV{BRIDGE_BIN}, "$dir/disk", $options, "$dir/small");
	$bridge = start_bridge(MEDIA_DIR => "$dir/disk/media");
	return;
}
sub key { return sprintf 'uploads/7/%d.png', ++$n }
sub ask
{
	my ($method, $key, $body, $parameters) = @_;
	my $address = psql(qq{SELECT social.media_store_address(s, '$method', '$key', 900, now(), '{}', '@{[ $parameters // '{}' ]}') FROM social.media_store s});
	return api($method, $address, url => $bridge->{url}, body => $body, type => 'image/png');
}
sub files { my ($what) = @_; return scalar(my @all = glob seen_by($bridge->{pid}, "$dir/disk/media/$what")) }
sub is_full
{
	my ($answer, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($code) = $answer->{content} =~ m{<Code>(\w+)</Code>};
	is("$answer->{status} " . ($code // $answer->{content}), '507 InsufficientStorage', $name);
	is(files('incoming/*'), 0, 'and nothing of it is left');
	return;
}

# ---- no room for bytes
begin('size=4m');
my $kept = key();
is(ask(PUT => $kept, 'k' x 1_500_000)->{status}, 200, 'seed 144: a file that fits');
is_full(ask(PUT => key(), 'x' x $_), "one of $_ bytes does not") for 4_000_000, 12_000_000, 30_000_000;
is_full(ask(PUT => $kept, 'x' x 4_000_000), 'nor does what would take the place of another');
is(ask(GET => $kept)->{content}, 'k' x 1_500_000, 'which is as it was');
is(ask(PUT => key(), 'small')->{status}, 200, 'a small one does');
is(api(GET => '/api/posts/health/', url => $bridge->{url})->{status}, 200, 'the bridge serves');
my ($line) = $bridge->log_text =~ /^(.*"level":"error".*)$/m;
like($line, qr/No space left on device/, 'its log says what is wrong');
unlike($line, qr{uploads/|X-Amz}, 'and of no file');

# ---- in parts: while they come, and when they are put together
my $large = key();
my ($id) = ask(POST => $large, '', '{"uploads": ""}')->{content} =~ m{<UploadId>(\w+)<};
my $part = sub { my ($number, $bytes) = @_; return ask(PUT => $large, $bytes, qq({"uploadId": "$id", "partNumber": $number})) };
my $first = $part->(1, 'p' x 1_400_000);
is($first->{status}, 200, 'P-24: a part that fits');
is_full($part->(2, 'p' x 4_000_000), 'and one that does not');
is($part->(2, 'end')->{status}, 200, 'a shorter one in its place');
my $tag = sub { my ($number) = @_; return (ask(GET => $large, undef, qq({"uploadId": "$id"}))->{content} =~ m{<PartNumber>$number</PartNumber>.*?<ETag>(.*?)</ETag>}s)[0] };
my $whole = '<CompleteMultipartUpload>' . join('', map { "<Part><PartNumber>$_</PartNumber><ETag>@{[ $tag->($_) ]}</ETag></Part>" } 1, 2) . '</CompleteMultipartUpload>';
is_full(ask(POST => $large, $whole, qq({"uploadId": "$id"})), 'no room for the whole');
is(ask(DELETE => $kept)->{status}, 204, 'room is made');
is(ask(POST => $large, $whole, qq({"uploadId": "$id"}))->{status}, 200, 'and all parts are there still');
is(ask(GET => $large)->{content}, 'p' x 1_400_000 . 'end', 'in their order');
is(files('parts/*'), 0, 'nothing of them is left');
is(ask(PUT => $kept, 'k' x 1_500_000)->{status}, 200, 'the bridge takes files again');
is($bridge->stop, 0, 'and stops');

# ---- no room for names
begin('size=4m,nr_inodes=14');
my @stored;
for (1 .. 20)
{
	my $key    = key();
	my $answer = ask(PUT => $key, 'a few bytes');
	push @stored, $key if $answer->{status} == 200;
	is_full($answer, "file $_ of a disk that has no more of them") if $answer->{status} != 200;
}
cmp_ok(scalar @stored, '>', 1, 'some were taken');
cmp_ok(scalar @stored, '<', 10, 'others were not');
is(ask(GET => $_)->{content}, 'a few bytes', 'what was taken is there') for @stored;
is_full(ask(POST => key(), '', '{"uploads": ""}'), 'nor does a file in parts begin');
is(files('parts/*'), 0, 'of which nothing is left');
is(ask(DELETE => $_)->{status}, 204, 'room is made') for @stored;
is(ask(PUT => $stored[0], 'again')->{status}, 200, 'and used');
is($bridge->stop, 0, 'the bridge stops');
done_testing;
