# Files by CloudFront with a key pair (issue 15, lines 4 and 6; mission 144, 158, P-20): what the settings say signs all
# addresses there, and cookies for what a player fetches by itself. What CloudFront checks, openssl does.
use strict;
use warnings;
use File::Temp 'tempdir';
use GraphQL;
use Rest;
use Social;
use Test::More;

my $dir = tempdir(CLEANUP => 1);
my $pem = 'test/data/jwt_keys/rs256.pem';
is(system("openssl rsa -in $pem -pubout -out $dir/public.pem 2>$dir/said"), 0, 'a public key');
chomp(my $key = `base64 -w0 $pem`);
my %setting = (USE_S3 => 'on', AWS_ACCESS_KEY_ID => 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY => 'secret', AWS_STORAGE_BUCKET_NAME => 'example-media', AWS_S3_CUSTOM_DOMAIN => 'cdn.example.com');

# ---- settings
sub refuses
{
	my ($said, $name, %more) = @_;
	local @ENV{ keys %more } = values %more;
	my $text = `$ENV{BRIDGE_BIN} --check-config 2>&1`;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like($text, $said, $name);
	unlike($text, qr/\Q$key\E/, 'without the key');
	return;
}
refuses(qr/AWS_CLOUDFRONT_KEY_ID and AWS_CLOUDFRONT_KEY are set together/, 'half a key pair', %setting, AWS_CLOUDFRONT_KEY => $key);
refuses(qr/AWS_CLOUDFRONT_KEY_ID is set, and AWS_S3_CUSTOM_DOMAIN is not/, 'one for no host', %setting, AWS_S3_CUSTOM_DOMAIN => '', AWS_CLOUDFRONT_KEY => $key, AWS_CLOUDFRONT_KEY_ID => 'K2JCJMDEHXQW5F');
refuses(qr/AWS_S3_CUSTOM_DOMAIN without AWS_CLOUDFRONT_KEY_ID/, 'a host without one: whoever guesses', %setting);

my $bridge = start_bridge(%setting, AWS_CLOUDFRONT_KEY_ID => 'K2JCJMDEHXQW5F', AWS_CLOUDFRONT_KEY => $key);
ok(wait_until(60, sub { psql('SELECT cdn_key_id FROM social.media_store') eq 'K2JCJMDEHXQW5F' }), 'the database is told');

# What a policy allows, where openssl finds its signature good: (resource, until).
sub allowed
{
	my (%pass) = @_;
	tr{-_~}{+=/} for @pass{qw(Policy Signature)};
	my ($policy, $signature) = map { my $file = "$dir/$_"; open my $out, '|-', "base64 -d >$file" or die; print $out $pass{$_}; close $out or die; $file } qw(Policy Signature);
	return if $pass{'Key-Pair-Id'} ne 'K2JCJMDEHXQW5F' || `openssl dgst -sha1 -verify $dir/public.pem -signature $signature $policy 2>&1` ne "Verified OK\n";
	open my $file, '<', $policy or die;
	return readline($file) =~ m!^\{"Statement":\[\{"Resource":"([^"]+)","Condition":\{"DateLessThan":\{"AWS:EpochTime":(\d+)\}\}\}\]\}\z!;
}

# ---- addresses and cookies of a private post
my ($ann, $bob) = map { account() } 1 .. 2;
my $film = does($ann, 'POST posts/upload-url/', { file_name => 'a.mp4', content_type => 'video/mp4', size => 100 }, 200, {}, 'a film');
my $id = $film->{media_id};
does($ann, "POST media/$id/complete/", undef, 200, {}, 'is sent');
psql("SELECT social.media_found($id, 100, 'video/mp4')");
does($ann, "GET media/$id/cookies/", undef, 404, undef, 'there is nothing to be played yet');
my $post = does($ann, 'POST posts/posts/', { title => 'Film', content => 'text', video => $film->{key}, visibility => 'private' }, 201, {}, 'a private post shows it');
psql("SELECT social.media_processing($id), social.media_processed($id, '{\"playlist\": {\"key\": \"media/$id/playlist.m3u8\", \"content_type\": \"application/vnd.apple.mpegurl\"}}', 40, 30, 10)");
my ($variant) = @{ does($ann, "GET media/$id/", undef, 200, {}, 'its owner sees it')->{variants} };
like($variant->{url}, qr{^https://cdn\.example\.com/media/$id/playlist\.m3u8\?Policy=}, 'seed 144: at CloudFront');
my ($resource, $until) = allowed($variant->{url} =~ /[?&]([^=&]+)=([^&]+)/g);
is($resource, "https://cdn.example.com/media/$id/*", 'with a good signature');
ok($until > time + 20 && $until <= time + 61, 'issue 15, 6: for a minute') or diag($until - time);
my $told = does($ann, "GET media/$id/cookies/", undef, 200, { domain => 'cdn.example.com', path => "/media/$id/" }, 'P-20: cookies for the pieces of the playlist');
is_deeply([ map { $_->{name} } @{ $told->{cookies} } ], [qw(CloudFront-Key-Pair-Id CloudFront-Policy CloudFront-Signature)], 'as CloudFront calls them');
($resource, $until) = allowed(map { $_->{name} =~ s/^CloudFront-//r => $_->{value} } @{ $told->{cookies} });
is($resource, "https://cdn.example.com/media/$id/*", 'with a good signature');
ok($until > time + 3600 && $until <= time + 3611, 'I-11: for an hour, and as long as it plays') or diag($until - time);
my $asked = get($ann, "{ mediaCookies(mediaId: $id) { domain path cookies { name } } }");
is_deeply([ @$asked{qw(domain path)}, scalar @{ $asked->{cookies} } ], [ 'cdn.example.com', "/media/$id/", 3 ], 'mediaCookies');
does($bob, "GET media/$id/cookies/", undef, 404, undef, 'who may not see the post gets none');
does(undef, "GET media/$id/cookies/", undef, 401, undef, "nor does a stranger");
is(get($bob, "{ mediaCookies(mediaId: $id) { path } }"), undef, 'by whatever way');
does($ann, "PATCH posts/posts/$post->{id}/", { visibility => 'public' }, 200, {}, 'what everybody may see');
does($bob, "GET media/$id/cookies/", undef, 200, { path => "/media/$id/" }, 'everybody may play');
unlike($bridge->log_text, qr/PRIVATE|\Q$key\E/, 'the log has no key');
$bridge->stop;
psql('SELECT social.set_media_store(true)');
is(psql('SELECT cdn_key_id || cdn_private_key FROM social.media_store'), '', 'a directory has no key pair');
does($ann, "GET media/$id/cookies/", undef, 409, undef, 'and no cookies');
done_testing;
