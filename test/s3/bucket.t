# A bucket of a real S3 server, Ceph's, told what it must know (--configure-bucket), and a large file sent to it in parts, over a
# connection that breaks off (issue 15; seed 145, 148; I-11, P-21).
use strict;
use warnings;
use Digest::MD5 'md5_hex';
use File::Temp 'tempdir';
use Radosgw;
use Social;
use Test::More;

my $s3  = use_radosgw();
my $dir = tempdir(CLEANUP => 1);

# What the program says, and its exit status.
sub configure
{
	my (%setting) = @_;
	local %ENV = (%ENV, USE_S3 => 'on', %setting);
	my $said = `$ENV{BRIDGE_BIN} --configure-bucket 2>&1`;
	return ($? >> 8, $said);
}

# What the bucket has of a setting.
sub bucket
{
	my ($what) = @_;
	return HTTP::Tiny->new->get(psql("SELECT social.media_store_address(s, 'GET', '', 60, now(), '{}', '{\"$what\": \"\"}') FROM social.media_store s"))->{content};
}

my ($status, $said) = configure(CORS_ALLOWED_ORIGINS => 'https://one.example.com,https://two.example.com', FRONTEND_URL => 'https://app.example.com/start');
is($status, 0, 'I-11: the bucket is told') or diag($said);
like($said, qr/^$_: done$/m, $_) for qw(cors versioning lifecycle);
unlike($said, qr/Signature|X-Amz/, 'no address is printed');
my $cors = bucket('cors');
is_deeply([ sort $cors =~ m{<AllowedOrigin>(.*?)</AllowedOrigin>}g ], [qw(https://app.example.com https://one.example.com https://two.example.com)], 'whose pages may call it');
is_deeply([ sort $cors =~ m{<AllowedMethod>(.*?)</AllowedMethod>}g ], [qw(GET POST PUT)], 'I-11: to read and to send');
like($cors, qr{<ExposeHeader>ETag</ExposeHeader>}, 'and read the tags of parts');
like(bucket('versioning'), qr{<Status>Enabled</Status>}, 'seed 148: versions are kept');
my $lifecycle = bucket('lifecycle');
like($lifecycle, qr{<DaysAfterInitiation>1</DaysAfterInitiation>}, 'parts that nobody completes go after a day');
like($lifecycle, qr{<NoncurrentDays>30</NoncurrentDays>}, 'earlier versions after a month');
# Ceph 16 knows no such setting, Ceph 18 does, and without keys takes no file once it is told.
is(bucket('encryption') =~ /AES256/ ? 'encrypts' : 'does not', $said =~ /^an encrypted upload: done$/m ? 'encrypts' : 'does not', 'seed 148: encrypted at rest where the store can, and only there') or diag($said);
is((configure(CORS_ALLOWED_ORIGINS => 'https://one.example.com', AWS_S3_CLIENT_DELETE => 'on'))[0], 0, 'again');
like(bucket('cors'), qr{<AllowedMethod>DELETE</AllowedMethod>}, 'I-11: DELETE where that is asked for');
($status, $said) = configure();
ok($status == 1 && $said =~ /invalid origins/, 'without any page there is nothing to tell: said so') or diag($said);
psql(q{SELECT social.set_media_store(secret_key => 'another')});
($status, $said) = configure(CORS_ALLOWED_ORIGINS => 'https://one.example.com');
ok($status == 1 && $said =~ /^cors: the store answers 403 SignatureDoesNotMatch$/m, 'what the store refuses is said') or diag($said);
psql("SELECT social.set_media_store(secret_key => '$s3->{secret_key}', endpoint => 'http://127.0.0.1:9')");
($status, $said) = configure(CORS_ALLOWED_ORIGINS => 'https://one.example.com');
ok($status == 1 && $said =~ /^cors: .*connect/m, 'and that it is not there') or diag($said);
psql("SELECT social.set_media_store(endpoint => '$s3->{url}')");
{
	local $ENV{DATABASE_URL} = 'postgresql://127.0.0.1:9/none';
	($status, $said) = configure(CORS_ALLOWED_ORIGINS => 'https://one.example.com');
	ok($status == 1 && $said =~ /^the database is not there/, 'or the database') or diag($said);
}

# ---- a large file
my $http   = HTTP::Tiny->new;
my $ann    = account();
my $size   = 17_000_000;
my $bytes  = join '', map { chr($_ * 7 % 251) } 0 .. 999;
$bytes = substr($bytes x ($size / 1000), 0, $size);
my $upload = api(POST => '/api/posts/upload-url/', token => $ann->{token}, json => { file_name => 'film.mp4', content_type => 'video/mp4', size => $size })->{json};
my ($id)   = $http->post($upload->{create_url}, { headers => { 'Content-Type' => 'video/mp4' } })->{content} =~ m{<UploadId>(.*?)</UploadId>};
ok($id, 'an upload in parts begins');
is($http->post($upload->{create_url}, { headers => { 'Content-Type' => 'text/html' } })->{status}, 403, 'with the type that was declared');
sub parts { return api(GET => "/api/posts/media/$upload->{media_id}/parts/?upload_id=" . $id =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger, token => $ann->{token})->{json} }
my $parts = parts();
is(scalar @{ $parts->{parts} }, 3, 'there is an address for each part');
sub send_part { my ($part, $content) = @_; return $http->put($part->{upload_url}, { content => $content // substr($bytes, ($part->{number} - 1) * $parts->{part_size}, $part->{size}) }) }
is(send_part($parts->{parts}[0])->{status}, 200, 'one arrives');
is(send_part($parts->{parts}[1], 'x' x 100)->{status}, 403, 'P-21: not one of another length');

# Somebody comes back: which have arrived, and where do the others go?
$parts = parts();
is_deeply([ $http->get($parts->{list_url})->{content} =~ m{<PartNumber>(\d+)</PartNumber>}g ], [1], 'after a break: what has arrived');
is(send_part($parts->{parts}[$_])->{status}, 200, 'the rest follows') for 1, 2;
my $listed = $http->get($parts->{list_url})->{content};
my @tags = map { /<PartNumber>(\d+)/; my $n = $1; /<ETag>(.*?)</; [ $n, $1 ] } $listed =~ m{<Part>(.*?)</Part>}gs;
my $done = $http->post($parts->{complete_url}, { content => '<CompleteMultipartUpload>' . join('', map { "<Part><PartNumber>$_->[0]</PartNumber><ETag>$_->[1]</ETag></Part>" } @tags) . '</CompleteMultipartUpload>' });
is($done->{status}, 200, 'and makes a file') or diag($done->{content});
my $address = psql("SELECT social.media_address('GET', '$upload->{key}')");
my $got = $http->get($address);
is(md5_hex($got->{content}), md5_hex($bytes), 'the one that was sent');
is($got->{headers}{'content-type'}, 'video/mp4', 'of its type');

# Given up.
my $other = api(POST => '/api/posts/upload-url/', token => $ann->{token}, json => { file_name => 'film.mp4', content_type => 'video/mp4', size => $size })->{json};
($id) = $http->post($other->{create_url}, { headers => { 'Content-Type' => 'video/mp4' } })->{content} =~ m{<UploadId>(.*?)</UploadId>};
$upload = $other;
$parts  = parts();
is(send_part($parts->{parts}[0])->{status}, 200, 'another');
is($http->request('DELETE', $parts->{abort_url})->{status}, 204, 'given up');
is($http->get($parts->{list_url})->{status}, 404, 'is gone');

psql('SELECT social.set_media_store(true)');

done_testing();
