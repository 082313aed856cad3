# The directory of files (issue 15, line 4; mission 144-147, 158; USE_S3 off): what answers at the addresses that the
# database signs. Objects are whole or not there, whatever breaks; answers are those of S3.
use strict;
use warnings;
use Digest::MD5 qw(md5_base64);
use File::Temp 'tempdir';
use IO::Select;
use JSON::PP;
use Rest;
use Social;
use Socket qw(SHUT_WR);
use Test::More;
use Time::HiRes qw(time);

$SIG{PIPE} = 'IGNORE';
my $dir     = tempdir(CLEANUP => 1) . '/media';
my %setting = (MEDIA_DIR => $dir, REQUEST_TIMEOUT => 2, CORS_ALLOWED_ORIGINS => 'https://app.example.com');
my $bridge  = start_bridge(%setting);
my $n       = 0;

sub key { return sprintf 'uploads/%d/%d-%d.png', $$, time, ++$n }

# An address for a method and a key. Options: headers (JSON), seconds, at (SQL), parameters (JSON).
sub address
{
	my ($method, $key, %option) = @_;
	my ($headers, $parameters) = map { $_ // '{}' } @option{qw(headers parameters)};
	return psql("SELECT social.media_store_address(s, '$method', '$key', @{[ $option{seconds} // 900 ]}, @{[ $option{at} // 'now()' ]}, '$headers', '$parameters') FROM social.media_store s");
}

sub ask { my ($method, $address, %option) = @_; return api($method, $address, url => $bridge->{url}, %option) }
sub put { my ($key, $bytes, %option) = @_; return ask(PUT => address(PUT => $key), body => $bytes, type => 'image/png', %option) }
sub get { my ($key, %option) = @_; return ask(GET => address(GET => $key), %option) }
sub s3_error
{
	my ($answer, $status, $code, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($got) = $answer->{content} =~ m{^<\?xml version="1.0" encoding="UTF-8"\?>\s*<Error><Code>(\w+)</Code><Message>[^<]+</Message><RequestId>[\w.-]+</RequestId></Error>};
	is("$answer->{status} " . ($got // $answer->{content}), "$status $code", $name);
	return;
}
sub files { my ($what) = @_; return scalar(my @all = glob "$dir/$what") }
sub incoming { return files('incoming/*') }

# ---- there and back
my $key   = key();
my $bytes = join '', map { chr rand 256 } 1 .. 100_000;
my $sent  = put($key, $bytes);
is($sent->{status}, 200, 'seed 144: PUT');
like($sent->{headers}{etag}, qr/^"[0-9a-f]{32}"$/, 'with a tag');
my $got = get($key);
is($got->{status}, 200, 'GET');
ok($got->{content} eq $bytes, 'the bytes are those that were sent');
is_deeply([ @{ $got->{headers} }{qw(content-type content-length etag accept-ranges)} ], [ 'image/png', 100_000, $sent->{headers}{etag}, 'bytes' ], 'with type, length and tag');
like($got->{headers}{'last-modified'}, qr/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/, 'and time');
is_deeply([ @{ $got->{headers} }{qw(x-content-type-options content-security-policy cache-control content-disposition)} ],
	[ 'nosniff', "sandbox; default-src 'none'", 'private, max-age=60', undef ], 'issue 15, 6: kept by nobody but its reader, and inert');
my $head = ask(HEAD => address(HEAD => $key));
is_deeply([ $head->{status}, length($head->{content} // ''), @{ $head->{headers} }{qw(content-length etag content-type)} ], [ 200, 0, 100_000, $sent->{headers}{etag}, 'image/png' ], 'HEAD');
is(ask(GET => address(GET => $key, seconds => 172_800))->{headers}{'cache-control'}, 'public, max-age=86400, immutable', 'seed 145: an address for days is for everybody');
is(ask(GET => address(GET => $key, seconds => 20))->{headers}{'cache-control'}, 'private, max-age=20', 'a short one is kept no longer than it is good');
is(incoming(), 0, 'nothing is on its way in');
is(files('objects/??/*'), 1, 'one file is there');
s3_error(get(key()), 404, 'NoSuchKey', 'what is not there');
is(ask(HEAD => address(HEAD => key()))->{status}, 404, 'likewise its head');
my $empty = key();
is(put($empty, '')->{status}, 200, 'an empty object');
is_deeply([ @{ get($empty) }{qw(status content)} ], [ 200, '' ], 'is one');
my $again = put($key, 'other bytes');
isnt($again->{headers}{etag}, $sent->{headers}{etag}, 'what takes its place has another tag');
is(get($key)->{content}, 'other bytes', 'and is there');
is(ask(DELETE => address(DELETE => $key))->{status}, 204, 'DELETE');
s3_error(get($key), 404, 'NoSuchKey', 'which is gone');
is(ask(DELETE => address(DELETE => $key))->{status}, 204, 'again is harmless');
my $odd = "media/7/it''s a \x{e4}&+%25=.webp";
utf8::encode($odd);
is(put($odd, 'odd')->{status}, 200, 'any character in a key');
is(get($odd)->{content}, 'odd', 'is one of it');
put("media/9/$_", $_) for qw(a a/b A);
is_deeply([ map { get("media/9/$_")->{content} } qw(a a/b A) ], [qw(a a/b A)], 'no key is in the way of another, and letters differ by their case');

# ---- parts, and conditions
put($key, join '', map { chr(65 + $_ % 26) } 0 .. 999);
my $now = get($key);
my ($tag, $date) = @{ $now->{headers} }{qw(etag last-modified)};
for my $case (
	[ 'bytes=0-9', 206, 'ABCDEFGHIJ', 'bytes 0-9/1000' ], [ 'bytes=990-', 206, 'CDEFGHIJKL', 'bytes 990-999/1000' ], [ 'bytes=-3', 206, 'JKL', 'bytes 997-999/1000' ],
	[ 'bytes=998-5000', 206, 'KL', 'bytes 998-999/1000' ], [ 'bytes=0-1,5-6', 200, undef, undef ], [ 'lines=1-2', 200, undef, undef ], [ 'bytes=9-1', 200, undef, undef ])
{
	my ($range, $status, $content, $told) = @$case;
	my $part = get($key, headers => { Range => $range });
	is_deeply([ $part->{status}, $part->{headers}{'content-range'}, $part->{content} ], [ $status, $told, $content // $now->{content} ], "Range: $range");
}
my $beyond = get($key, headers => { Range => 'bytes=1000-' });
s3_error($beyond, 416, 'InvalidRange', 'beyond its end');
is($beyond->{headers}{'content-range'}, 'bytes */1000', 'which is told');
is(get($key, headers => { Range => 'bytes=0-1', 'If-Range' => $_->[0] })->{status}, $_->[1], "If-Range: $_->[0]") for [ $tag, 206 ], [ $date, 206 ], [ '"other"', 200 ];
my $known = get($key, headers => { 'If-None-Match' => "\"x\", $tag" });
is_deeply([ $known->{status}, $known->{content} // '', $known->{headers}{etag} ], [ 304, '', $tag ], 'If-None-Match of what is there');
is(get($key, headers => { 'If-None-Match' => '"x"' })->{status}, 200, 'and of what was');
is(get($key, headers => { 'If-Modified-Since' => $date })->{status}, 304, 'If-Modified-Since');
s3_error(get($key, headers => { 'If-Match' => '"x"' }), 412, 'PreconditionFailed', 'If-Match');
is(get($key, headers => { 'If-Match' => $tag })->{status}, 200, 'of what is there');

# ---- who may
my $address = address(GET => $key);
(my $altered = $address) =~ s/(.)$/$1 eq '0' ? '1' : '0'/e;
s3_error(ask(GET => $altered), 403, 'SignatureDoesNotMatch', 'an altered signature');
(my $other = $address) =~ s/\.png/.gif/;
s3_error(ask(GET => $other), 403, 'SignatureDoesNotMatch', 'of another key');
s3_error(ask(GET => $address =~ s/X-Amz-Expires=900/X-Amz-Expires=901/r), 403, 'SignatureDoesNotMatch', 'for longer');
s3_error(ask(GET => "$address&response-content-type=text%2Fhtml"), 403, 'SignatureDoesNotMatch', 'a parameter that nobody signed');
s3_error(ask($_ => $address), 403, 'SignatureDoesNotMatch', "an address for GET, with $_") for qw(PUT DELETE);
is(ask(HEAD => $address)->{status}, 403, 'and HEAD');
s3_error(ask(GET => address(GET => $key, at => "now() - interval '901 seconds'")), 403, 'AccessDenied', 'expired');
s3_error(ask(GET => address(GET => $key, at => "now() + interval '1 hour'")), 403, 'AccessDenied', 'not good yet');
s3_error(ask(GET => $address =~ s/\?.*//r), 403, 'AccessDenied', 'unsigned');
s3_error(ask(GET => "/files/$_"), 403, 'AccessDenied', "no list of objects (/files/$_)") for '', '?list-type=2';
s3_error(ask(GET => $address =~ s/X-Amz-Algorithm=AWS4/X-Amz-Algorithm=AWS5/r), 400, 'AuthorizationQueryParametersError', 'another algorithm');
s3_error(ask(GET => $address =~ s/&X-Amz-Date=[^&]*//r), 400, 'AuthorizationQueryParametersError', 'a parameter that is gone');
s3_error(ask(GET => $address =~ s/social-/social_/r), 403, 'InvalidAccessKeyId', 'an unknown key');
s3_error(ask(GET => "/files/$_?" . ($address =~ s/.*\?//r)), 400, 'InvalidURI', "no key: $_") for 'uploads/%2E%2E/x', 'a%2F..%2Fb', 'a%00b', '%2e', 'a%zz', '%FF', 'a//b';
s3_error(ask(GET => address(GET => 'uploads/../../../etc/passwd')), 400, 'InvalidURI', 'a key that leads elsewhere, well signed');
s3_error(ask(GET => '/files/' . 'x' x 1100 . '?' . ($address =~ s/.*\?//r)), 400, 'KeyTooLongError', 'a long one');
s3_error(ask(POST => address(POST => $key)), 405, 'MethodNotAllowed', 'another method');
s3_error(ask(GET => address(GET => $key, parameters => '{"partNumber": 1}')), 501, 'NotImplemented', 'a part of what was not sent in parts');
s3_error(ask(GET => address(GET => $key, parameters => '{"acl": ""}')), 501, 'NotImplemented', 'what is not offered');
like((raw("GET $address HTTP/1.1\r\nHost: files.example.com\r\nConnection: close\r\n\r\n", undef, $bridge->{url}))[0], qr{^HTTP/1\.1 200 }, 'a directory whose endpoint is empty answers by any name');
is(ask(GET => $address)->{status}, 200, 'an address is good again and again');

# ---- what is sent is what was signed
my %headers = (headers => '{"content-type": "image/png", "content-length": "5"}');
my $exact   = address(PUT => key(), %headers);
is(ask(PUT => $exact, body => '12345', type => 'image/png')->{status}, 200, 'P-21: as signed');
s3_error(ask(PUT => $exact, body => '12345', type => 'text/html'), 403, 'SignatureDoesNotMatch', 'another type');
s3_error(ask(PUT => $exact, body => $_, type => 'image/png'), 403, 'SignatureDoesNotMatch', 'P-21: ' . length($_) . ' bytes instead of 5') for '', '1234', '123456', 'x' x 3_000_000;
my $unsigned_type = put(key(), 'x', type => 'a' x 256);
s3_error($unsigned_type, 400, 'InvalidArgument', 'a type that is none');
is(put(key(), 'abc', headers => { 'Content-MD5' => md5_base64('abc') . '==' })->{status}, 200, 'Content-MD5');
s3_error(put(key(), 'abd', headers => { 'Content-MD5' => md5_base64('abc') . '==' }), 400, 'BadDigest', 'of other bytes');
s3_error(put(key(), 'abd', headers => { 'Content-MD5' => 'abc' }), 400, 'InvalidDigest', 'that is none');
s3_error(put(key(), '', headers => { 'x-amz-copy-source' => '/files/a' }), 501, 'NotImplemented', 'a copy');
is((raw("PUT @{[ address(PUT => key()) ]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", undef, $bridge->{url}))[0] =~ m{^HTTP/1\.1 411 .*MissingContentLength}s ? 1 : 0, 1, 'no length');
psql('SELECT social.set_media_store(max_size => 1000)');
ok(wait_until(30, sub { put(key(), 'x' x 1001)->{status} == 400 }), 'seed 146: the most that the store takes is read again');
s3_error(put(key(), 'x' x 1001), 400, 'EntityTooLarge', 'which is refused');
s3_error(put(key(), 'x' x 20_000_000), 400, 'EntityTooLarge', 'so is what is so large that it is not read');
is(put(key(), 'x' x 1000)->{status}, 200, 'and not less');
psql('SELECT social.set_media_store(max_size => 104857600)');
psql(q{SELECT social.set_media_store(secret_key => 'another secret of this store')});
is(get($key)->{status}, 200, 'a signature by a key that is new is known at once');
s3_error(ask(GET => $address), 403, 'SignatureDoesNotMatch', 'and those by the old one are not');
is(incoming(), 0, 'nothing of what was refused is left');

# ---- what browsers must not do with it
for my $case ([ 'text/html', 'application/octet-stream' ], [ 'image/svg+xml', 'application/octet-stream' ], [ 'text/javascript', 'application/octet-stream' ], [ 'IMAGE/PNG; x=y', 'image/png' ], [ 'application/vnd.apple.mpegurl', 'application/vnd.apple.mpegurl' ])
{
	my ($type, $shown) = @$case;
	my $file = key();
	put($file, '<script>alert(1)</script>', type => $type);
	my $answer = get($file);
	is_deeply([ @{ $answer->{headers} }{qw(content-type content-disposition x-content-type-options)} ], [ $shown, $shown eq 'image/png' ? undef : 'attachment', 'nosniff' ], "issue 15, 6: $type");
}
my %origin = (headers => { Origin => 'https://app.example.com', 'Access-Control-Request-Method' => 'PUT', 'Access-Control-Request-Headers' => 'content-type' });
my $preflight = ask(OPTIONS => $exact, %origin);
is_deeply([ $preflight->{status}, @{ $preflight->{headers} }{qw(access-control-allow-origin access-control-allow-methods)} ], [ 204, 'https://app.example.com', 'GET, POST, PUT, DELETE, HEAD, OPTIONS' ], 'a page of ours may send files');
my $shared = get($key, headers => { Origin => 'https://app.example.com' });
like($shared->{headers}{'access-control-expose-headers'}, qr/\bETag\b/, 'and read the tag');
is(get(key(), headers => { Origin => 'https://app.example.com' })->{headers}{'access-control-allow-origin'}, 'https://app.example.com', 'errors, too');

# ---- clients that are slow, or break off
sub begin_put
{
	my ($key, $length, $bytes, $more, $address) = @_;
	$address //= address(PUT => $key);
	my $socket = raw_connect($bridge->{url});
	syswrite $socket, "PUT $address HTTP/1.1\r\nHost: x\r\nContent-Length: $length\r\n" . ($more // '') . "\r\n$bytes";
	return $socket;
}
{
	my $broken = key();
	my $socket = begin_put($broken, 1000, 'x' x 999);
	ok(wait_until(30, sub { incoming() == 1 }), 'one is on its way in');
	close $socket;
	ok(wait_until(30, sub { incoming() == 0 }), 'it broke off, and nothing is left');
	s3_error(get($broken), 404, 'NoSuchKey', 'nor is it there');

	$socket = begin_put($broken, 1000, 'x');
	my ($answer, $closed) = raw_read($socket, 60);
	like($answer, qr{^HTTP/1\.1 400 .*RequestTimeout}s, 'who sends nothing for long is told');
	ok($closed && wait_until(30, sub { incoming() == 0 }), 'and given up');

	$socket = begin_put($broken, 40, 'x' x 10, "Expect: 100-continue\r\nConnection: close\r\n");
	for my $piece (1 .. 3) { wait_until(30, sub { ((map { -s } glob "$dir/incoming/*")[0] // 0) == 10 * $piece }) or fail("piece $piece is there"); syswrite $socket, 'y' x 10 }
	($answer, $closed) = raw_read($socket, 30);
	like($answer, qr{^HTTP/1\.1 200 OK\r\n.*Connection: close\r\n}s, 'in pieces it is whole, too');
	is(get($broken)->{content}, 'x' x 10 . 'y' x 30, 'as it is then');

	$socket = begin_put($broken, 5, '', "Expect: 100-continue\r\n");
	($answer) = raw_read($socket, 30, qr/\r\n\r\n/);
	is($answer, "HTTP/1.1 100 Continue\r\n\r\n", 'who asks first is told to go on');
	syswrite $socket, "12345GET @{[ address(GET => $broken) ]} HTTP/1.1\r\nHost: x\r\n\r\nGET /api/posts/health/ HTTP/1.1\r\nHost: x\r\n\r\n";
	($answer) = raw_read($socket, 30, qr/12345HTTP.*\r\n\r\n\{.*\}\z/s);
	like($answer, qr{^HTTP/1\.1 200 OK\r\n.*\r\n\r\nHTTP/1\.1 200 OK\r\n.*\r\n\r\n12345HTTP/1\.1 200 OK}s, 'what follows on the connection is served in its order, whatever it is for');

	my $wrong = address(PUT => $broken) =~ s/Expires=900/Expires=90/r;
	($answer) = raw("PUT $wrong HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", undef, $bridge->{url});
	like($answer, qr{^HTTP/1\.1 403 .*SignatureDoesNotMatch}s, 'who asks first, and may not, is told at once');

	# A megabyte more than every buffer between us.
	put($broken, 'z' x 20_000_000);
	$socket = raw_connect($bridge->{url});
	syswrite $socket, "GET @{[ address(GET => $broken) ]} HTTP/1.1\r\nHost: x\r\n\r\n";
	sysread $socket, $answer, 100;
	ok(wait_until(60, sub { $bridge->log_text =~ /"route":"files","status":200,[^}]*"bytes":20000000,"note":"the client did not take/ }), 'who takes nothing for long is given up');
}

# ---- lists of objects (ListObjectsV2), in the order of keys, as a comparison with the database reads them
{
	my @odd  = map { "listed/$$/$_" } 'B', 'a&b<c>', 'a/b', 'b c', "\x{e9}t\x{e9}", '~';
	my $list = sub {
		my ($after, $most, %more) = @_;
		my $address = psql(q{SELECT social.media_store_address(s, 'GET', '', 900, now(), '{}', } . "'" . JSON::PP->new->ascii->encode({ 'list-type' => '2', (defined $most ? ('max-keys' => "$most") : ()), (length $after ? ('start-after' => $after) : ()), %more }) . q{'::jsonb) FROM social.media_store s});
		return ask(GET => $address);
	};
	for my $key (@odd)
	{
		my $address = psql(q{SELECT social.media_store_address(s, 'PUT', j ->> 0, 900, now()) FROM social.media_store s, jsonb('} . JSON::PP->new->ascii->encode([$key]) . q{') j});
		is(ask(PUT => $address, body => 'x' x length $key, type => 'image/png')->{status}, 200, 'an object to be listed');
	}
	my $told = sub { my ($answer) = @_; utf8::decode(my $text = $answer->{content}); return map { my $key = $_; $key =~ s/&lt;/</g; $key =~ s/&gt;/>/g; $key =~ s/&amp;/&/g; $key } $text =~ m{<Contents><Key>([^<]*)</Key>}g };
	my $all  = $list->('', 10000);
	like($all->{content}, qr{^<\?xml version="1.0" encoding="UTF-8"\?>\s*<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>files</Name><Prefix></Prefix><KeyCount>\d+</KeyCount><MaxKeys>10000</MaxKeys><IsTruncated>false</IsTruncated><Contents>}, 'a list');
	my $bytes = sub { my $key = $_[0]; utf8::encode($key); return $key };
	my @keys  = $told->($all);
	is_deeply(\@keys, [ sort { $bytes->($a) cmp $bytes->($b) } @keys ], 'in the order of the bytes of keys');
	is_deeply([ grep { m{^listed/$$/} } @keys ], [ sort { $bytes->($a) cmp $bytes->($b) } @odd ], 'with each key as it is');
	is(scalar @keys, files('objects/*/*'), 'all that are there');
	like($all->{content}, qr{<Key>listed/$$/a/b</Key><LastModified>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z</LastModified><ETag>&quot;[0-9a-f]{32}&quot;</ETag><Size>@{[ length "listed/$$/a/b" ]}</Size>}, 'with time, tag and size');
	my @paged;
	for (1 .. @keys)
	{
		my $page = $list->($paged[-1] // q{}, 9);
		push @paged, $told->($page);
		last if $page->{content} =~ m{<IsTruncated>false<};
	}
	is_deeply(\@paged, \@keys, 'page by page the same');
	is(scalar(() = $list->('~', 5)->{content} =~ /<Contents>/g), 0, 'nothing behind the last');
	like($list->('', 999_999_999)->{content}, qr{<MaxKeys>10000<}, 'no page is longer than 10,000');
	s3_error($list->('', $_), 501, 'NotImplemented', "max-keys $_") for '0', '-1', '1x', '', '9' x 12;
	s3_error($list->('', 5, %$_), 501, 'NotImplemented', join ' ', %$_) for { delimiter => '/' }, { 'list-type' => '1' }, { uploads => '' }, { partNumber => '1' };
	s3_error($list->('../x', 5), 400, 'InvalidURI', 'a place that is no key');
	s3_error(ask(GET => psql(q{SELECT social.media_store_address(s, 'GET', '', 900, now()) FROM social.media_store s})), 403, 'AccessDenied', 'nothing is at the address of no key');
	s3_error(ask($_ => psql(qq{SELECT social.media_store_address(s, '$_', '', 900, now(), '{}', '{"list-type": "2"}') FROM social.media_store s}), body => $_ eq 'PUT' ? 'x' : undef), 405, 'MethodNotAllowed', "$_ of a list") for qw(PUT DELETE);
	open my $strange, '>', (glob "$dir/objects/*")[0] . '/not-ours' or die;
	print $strange 'x' x 3000;
	close $strange;
	is_deeply([ $told->($list->('', 10000)) ], \@keys, 'a file that is no object is none');
}

# ---- in parts: the protocol of S3
{
	my $ann   = account();
	my $size  = 17_000_000;
	my $large = does($ann, 'POST posts/upload-url/', { file_name => 'a.mp4', content_type => 'video/mp4', size => $size }, 200, {}, 'P-24: a large file');
	my $begun = ask(POST => $large->{create_url}, body => '', type => 'video/mp4');
	my ($id)  = $begun->{content} =~ m{<InitiateMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>files</Bucket><Key>\Q$large->{key}\E</Key><UploadId>([0-9a-f]{32})</UploadId></Initiate};
	ok($id, 'is begun') or diag $begun->{content};
	my $steps = does($ann, "GET media/$large->{media_id}/parts/?upload_id=$id", undef, 200, {}, 'and its steps told');
	my @parts = @{ $steps->{parts} };
	is(scalar @parts, 3, 'three parts');
	my @text = map { my $part = $_; chr(64 + $part->{number}) x $part->{size} } @parts;
	my %tag;
	my $send = sub { my ($n) = @_; my $sent = ask(PUT => $parts[$n]{upload_url}, body => $text[$n], type => undef); $tag{ $n + 1 } = $sent->{headers}{etag}; return $sent->{status} };
	is($send->($_), 200, "part @{[ $_ + 1 ]} is sent") for 2, 0;
	s3_error(ask(PUT => $parts[1]{upload_url}, body => 'short', type => undef), 403, 'SignatureDoesNotMatch', 'a part has the length that was signed');
	my $told = sub { return [ map { [ m{<PartNumber>(\d+)</PartNumber>.*<ETag>&quot;([0-9a-f]{32})&quot;</ETag><Size>(\d+)</Size>} ] } $_[0]{content} =~ m{<Part>(.*?)</Part>}g ] };
	my $listed = ask(GET => $steps->{list_url});
	is_deeply($told->($listed), [ map { [ $_, $tag{$_} =~ tr/"//dr, $parts[ $_ - 1 ]{size} ] } 1, 3 ], 'those that came are told, in order') or diag $listed->{content};
	my $document = sub { return '<CompleteMultipartUpload>' . join('', map { "<Part><PartNumber>$_->[0]</PartNumber><ETag>$_->[1]</ETag></Part>" } @_) . '</CompleteMultipartUpload>' };
	my $complete = sub { return ask(POST => $steps->{complete_url}, body => $_[0], type => 'application/xml') };
	s3_error($complete->($document->(map { [ $_, $tag{$_} // '"x"' ] } 1 .. 3)), 400, 'InvalidPart', 'not without the second');
	is($send->(1), 200, 'which comes then');
	s3_error($complete->($document->([ 1, $tag{2} ], [ 2, $tag{1} ], [ 3, $tag{3} ])), 400, 'InvalidPart', 'not others than were sent');
	s3_error($complete->($document->([ 2, $tag{2} ], [ 1, $tag{1} ])), 400, 'InvalidPartOrder', 'not in another order');
	s3_error($complete->($_), 400, 'MalformedXML', 'not by ' . (substr($_, 0, 20) || 'nothing')) for '', 'text', '<!DOCTYPE x>' . $document->([ 1, $tag{1} ]), 'x' x 1_100_000;
	s3_error(get($large->{key}), 404, 'NoSuchKey', 'until then there is nothing');
	my $whole = $complete->($document->(map { [ $_, $tag{$_} ] } 1 .. 3));
	like($whole->{content}, qr{<CompleteMultipartUploadResult .*<Key>\Q$large->{key}\E</Key><ETag>&quot;[0-9a-f]{32}&quot;</ETag>}, 'all of them are the file');
	my $read = get($large->{key});
	ok($read->{content} eq join('', @text), 'in their order');
	is($read->{headers}{'content-type'}, 'video/mp4', 'of the type that was said at first');
	is(files('parts/*'), 0, 'nothing of its parts is left');
	s3_error($complete->($document->([ 1, $tag{1} ])), 404, 'NoSuchUpload', 'which is over');
	s3_error(ask(PUT => $parts[0]{upload_url}, body => $text[0], type => undef), 404, 'NoSuchUpload', 'also for parts');
	my $other = key();
	($id) = ask(POST => address(POST => $other, parameters => '{"uploads": ""}'), body => '')->{content} =~ m{<UploadId>(\w+)<};
	my %one = (parameters => qq({"uploadId": "$id"}));
	s3_error(ask(PUT => address(PUT => $other, parameters => qq({"uploadId": "$id", "partNumber": $_})), body => 'x'), 400, 'InvalidArgument', "part $_") for 0, 10001;
	is(ask(PUT => address(PUT => $other, parameters => qq({"uploadId": "$id", "partNumber": 10000})), body => 'x')->{status}, 200, 'part 10000');
	s3_error(ask(GET => address(GET => key(), %one)), 404, 'NoSuchUpload', 'an upload is of one key');
	s3_error(ask(GET => address(GET => $other, parameters => qq({"uploadId": "$_"}))), 404, 'NoSuchUpload', "no upload: $_") for '../objects', 'x', 'f' x 32;
	is(ask(DELETE => address(DELETE => $other, %one))->{status}, 204, 'one is given up');
	s3_error(ask(DELETE => address(DELETE => $other, %one)), 404, 'NoSuchUpload', 'once');
	is(files('parts/*'), 0, 'and nothing is left');
	ask(POST => address(POST => $other, parameters => '{"uploads": ""}'), body => '');
	my ($forgotten) = glob "$dir/parts/*";
	utime time - 90_000, time - 90_000, $forgotten;
	start_bridge(%setting)->stop;
	is(files('parts/*'), 0, 'what nobody goes on with for a day goes');
}

# ---- two who write the same
{
	my $both = key();
	my @socket = map { begin_put($both, 200_000, $_ x 100_000) } 'a', 'b';
	ok(wait_until(30, sub { incoming() == 2 }), 'two write the same key');
	syswrite $socket[$_], ('a', 'b')[$_] x 100_000 for 1, 0;
	raw_read($_, 30, qr/\r\n\r\n/) for reverse @socket;
	like(get($both)->{content}, qr{^(a+|b+)$}, 'one of them is there, as a whole');
	is(length get($both)->{content}, 200_000, 'of all its bytes');
}

# ---- fifty at once, in no more memory than one
sub memory { my ($what) = @_; open my $file, '<', "/proc/$bridge->{pid}/status" or die; return (grep { /^$what:/ } <$file>)[0] =~ /(\d+)/ ? $1 : die }
{
	my ($count, $length) = (50, 4_000_000);
	my @keys    = map { key() } 1 .. $count;
	my @address = map { address(PUT => $_) } @keys;
	my $before  = memory('VmRSS');
	my %socket  = map { my $socket = begin_put($keys[$_], $length, '', '', $address[$_]); $socket->blocking(0); ($socket => [ $socket, $keys[$_], 0, '' ]) } 0 .. $#keys;
	my $piece   = 'p' x 65536;
	my $writers = IO::Select->new(map { $_->[0] } values %socket);
	my $most    = 0;
	while ($writers->count)
	{
		for my $socket ($writers->can_write(30))
		{
			my $one = $socket{$socket};
			my $rest = $length - $one->[2];
			my $written = syswrite $socket, $piece, $rest < 65536 ? $rest : 65536;
			$one->[2] += $written // 0;
			$writers->remove($socket) if $one->[2] == $length || (!defined $written && !$!{EAGAIN});
		}
		my $memory = memory('VmRSS');
		$most = $memory if $memory > $most;
	}
	my $good = grep { my ($answer) = raw_read($_->[0], 60, qr/\r\n\r\n/); $answer =~ m{^HTTP/1\.1 200 } } values %socket;
	is($good, $count, 'fifty objects at once');
	cmp_ok($most - $before, '<', 10_240, sprintf 'issue 15: in less than 10 MB (%d kB)', $most - $before) unless ($ENV{VARIANT} // 'release') ne 'release';
	is(length get($keys[7])->{content}, $length, 'each is whole');
	ask(DELETE => address(DELETE => $_)) for @keys;
}

# ---- killed in the middle of it
{
	my $stays = key();
	$bridge->stop;
	$bridge = start_bridge(%setting, REQUEST_TIMEOUT => 60); # for nobody to be too slow while another one starts
	put($stays, 'stays');
	my $socket = begin_put($stays, 1000, 'x' x 500);
	ok(wait_until(30, sub { incoming() == 1 }), 'one is on its way in');
	my $second = start_bridge(%setting);
	is(incoming(), 1, 'a second bridge leaves it alone');
	is(api(GET => address(GET => $stays), url => $second->{url})->{content}, 'stays', 'and serves the same objects');
	$bridge->signal('KILL');
	$bridge->finish;
	is(incoming(), 1, 'the bridge is killed: its half is left');
	$bridge = start_bridge(%setting, REQUEST_TIMEOUT => 60);
	is(incoming(), 0, 'the next one removes it');
	is(get($stays)->{content}, 'stays', 'what was there is there');
	$socket = begin_put($stays, 100, 'x');
	ok(wait_until(30, sub { incoming() == 1 }), 'one is on its way in');
	$bridge->signal('TERM');
	ok(wait_until(30, sub { !defined eval { raw_connect($bridge->{url}) } }), 'the bridge begins to stop');
	syswrite $socket, 'x' x 99;
	like((raw_read($socket, 30))[0], qr{^HTTP/1\.1 200 .*Connection: close}s, 'a bridge that stops finishes it');
	is($bridge->finish, 0, 'and ends');
	my $slow = start_bridge(%setting, STOP_TIMEOUT => 1);
	$bridge = $slow;
	$socket = begin_put($stays, 100, 'x');
	ok(wait_until(30, sub { incoming() == 1 }), 'one is on its way in');
	is($slow->stop, 0, 'who does not go on is not waited for');
	is(incoming(), 0, 'and leaves nothing');
	$bridge = start_bridge(%setting);
}

# ---- no room
{
	local $ENV{REAL}       = $ENV{BRIDGE_BIN};
	local $ENV{BRIDGE_BIN} = "$dir/small";
	open my $file, '>', $ENV{BRIDGE_BIN} or die;
	print $file "#!/bin/sh\nulimit -f 100\nexec \"\$REAL\" \"\$@\"\n";
	close $file;
	chmod 0755, $ENV{BRIDGE_BIN};
	my $kept = $bridge;
	$bridge = start_bridge(%setting);
	s3_error(put(key(), 'x' x $_), 507, 'InsufficientStorage', "no room for $_ bytes") for 300_000, 30_000_000;
	is(put(key(), 'small')->{status}, 200, 'but for less');
	is(incoming(), 0, 'and nothing is left');
	$bridge->signal('TERM');
	$bridge = $kept;
}

# ---- what is told of it
unlike($bridge->log_text, qr{uploads/|Signature|Credential}, 'the log has neither keys nor signatures');
get($key);
ok(wait_until(30, sub { $bridge->log_text =~ m{"method":"GET","path":"/files/","route":"files","status":200,} }), 'but a line for each request');
my $admin = free_port();
my $told  = start_bridge(%setting, ADMIN_PORT => $admin);
api(GET => address(GET => $key), url => $told->{url});
like(api(GET => '/metrics', url => "http://127.0.0.1:$admin")->{content}, qr/^social_http_requests_total\{[^}]*route="files"[^}]*\} 1$/m, 'and a figure');

# ---- none here
my $none = start_bridge();
s3_error(api(GET => address(GET => $key), url => $none->{url}), 503, 'ServiceUnavailable', 'a bridge without MEDIA_DIR');
psql(q{SELECT social.set_media_store(endpoint => 'http://media.example.com:8080')});
my $full = address(GET => $key);
like($full, qr{^http://media\.example\.com:8080/files/}, 'with an endpoint addresses are whole');
is(ask(GET => $full =~ s{^http://[^/]+}{}r)->{status}, 200, 'and good by whatever name the bridge is reached');
psql(q{SELECT social.set_media_store(endpoint => '')});

# ---- as a person would (README)
my $ann    = account();
my $upload = does($ann, 'POST posts/upload-url/', { file_name => 'a.png', content_type => 'image/png', size => 7 }, 200, {}, 'seed 032: an address');
is(`printf 1234567 | curl -sS -o /dev/null -w '%{http_code}' -T - -H 'Content-Type: image/png' -H 'Content-Length: 7' -H 'Transfer-Encoding:' '$bridge->{url}$upload->{upload_url}'`, 200, 'curl sends a file there');
is(psql("SELECT size FROM social.media WHERE id = $upload->{media_id}"), 7, 'whose size is known');

# ---- S3 in its place
psql(q{SELECT social.set_media_store(false, '', 'example-media', 'eu-central-1', false, 'AKIAIOSFODNN7EXAMPLE', 'secret')});
ok(wait_until(60, sub { my $answer = ask(GET => $address); $answer->{status} == 404 && ($answer->{json}{code} // '') eq 'NOT_FOUND' }), 'where the store is S3, nothing is here');
psql('SELECT social.set_media_store(true)');
done_testing;
