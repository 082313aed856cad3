# Files that people send, over REST and GraphQL (mission 032, 033, 109, 144-147, 149, 158, I-11, I-27, P-21). What a worker
# says of them is said here in its name: it is another program.
use strict;
use warnings;
use GraphQL;
use Rest;
use Social;
use Test::More;

my ($ann, $bob) = map { account() } 1 .. 2;
my %file = (file_name => 'harbour.png', content_type => 'image/png');

# ---- where to send it
my $upload = does($ann, 'POST posts/upload-url/', \%file, 200, { method => 'PUT', headers => { 'Content-Type' => 'image/png' }, fields => undef, max_size => 104857600 }, 'seed 032: an address');
like($upload->{key}, qr{^uploads/$ann->{id}/[0-9a-f-]{36}\.png$}, 'seed 147: the key is ours');
like($upload->{upload_url}, qr{/files/\Q$upload->{key}\E\?X-Amz-Algorithm=AWS4-HMAC-SHA256&.*X-Amz-Signature=[0-9a-f]{64}$}, 'seed 144: signed');
does($ann, 'POST posts/upload-url/', { %file, $_ => undef }, 400, undef, "seed 032: without $_") for qw(file_name content_type);
does($ann, 'POST posts/upload-url/', { %file, @$_ }, 400, undef, "seed 146: @$_") for [ content_type => 'text/html' ], [ size => 0 ], [ size => 104857601 ], [ size => 'large' ], [ file_name => '' ], [ form => 'perhaps' ];
does(undef, 'POST posts/upload-url/', \%file, 401, undef, 'I-27: for those who are logged in');
my $sized = does($ann, 'POST posts/upload-url/', { %file, size => 321, alternative_text => 'Boats' }, 200, { max_size => 321 }, 'P-21: with a length');
like($sized->{upload_url}, qr/X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&/, 'which is signed, as is the type');
my $formed = does($ann, 'POST posts/upload-url/', { %file, form => $yes }, 200, { method => 'PUT', fields => undef }, 'P-21: a directory needs no form (S3: test/pgtap/media.sql)');

# ---- what becomes of it
my $id = $sized->{media_id};
does($ann, "GET media/$id/", undef, 200, { state => 'reserved', file_name => 'harbour.png', alternative_text => 'Boats', size => 321, variants => [], url => undef }, 'seed 149: its state');
does($ann, "GET posts/media/$id/", undef, 200, { state => 'reserved' }, 'I-19: at this path, too');
does($bob, "$_ media/$id/", $_ eq 'PATCH' ? { alternative_text => 'mine' } : undef, 404, undef, "$_ of another's") for qw(GET PATCH DELETE);
does($bob, "POST media/$id/complete/", undef, 404, undef, "another's");
does($ann, "POST media/$id/complete/", undef, 200, { state => 'uploaded' }, 'sent') for 1, 2;
does($ann, 'POST posts/posts/', { title => 'Early', content => 'text', image => $sized->{key} }, 409, undef, 'a post cannot show what was not looked at');
psql("SELECT social.media_found($id, 321, 'image/png', 'tag')");
my $post = does($ann, 'POST posts/posts/', { title => 'Harbour', content => 'text', image => $sized->{key} }, 201, { image => $sized->{key} }, 'seed 021: what was, it can');
does($ann, 'POST posts/posts/', { title => 'Again', content => 'text', image => $sized->{key} }, 409, undef, 'once');
does($bob, "GET posts/posts/$post->{id}/media/", undef, 200, { results => [] }, 'others wait until it is ready');
does($ann, "GET posts/posts/$post->{id}/media/", undef, 200, {}, 'its owner does not');
psql("SELECT social.media_processing($id), social.media_processed($id, '{\"full\": {\"key\": \"media/$id/full.webp\", \"content_type\": \"image/webp\", \"width\": 40, \"height\": 30}}', 40, 30)");
my $shown = does($bob, "GET posts/posts/$post->{id}/media/", undef, 200, {}, 'seed 109: ready')->{results}[0];
is_deeply([ @$shown{qw(id state width url file_name)} ], [ $id, 'ready', 40, undef, undef ], 'the original and its name are its owner\'s');
like($shown->{variants}[0]{url}, qr{/files/media/$id/full\.webp\?.*X-Amz-Signature=}, 'its variants are for all who see the post');
is_deeply(does($bob, "GET posts/posts/$post->{id}/", undef, 200, {}, 'seed 021: a post')->{media}, [$shown], 'has them');
is_deeply([ map { $_->{id} } map { @{ $_->{media} } } grep { $_->{id} == $post->{id} } @{ does($bob, 'GET posts/posts/', undef, 200, {}, 'the list')->{results} } ], [$id], 'as does the list');
is_deeply([ map { "$_->{id} $_->{state}" } @{ does($ann, 'GET media/', undef, 200, {}, 'seed 149: all of one\'s own')->{results} } ], [ map { "$_->[0] $_->[1]" } sort { $b->[0] <=> $a->[0] } [ $id, 'ready' ], [ $upload->{media_id}, 'reserved' ], [ $formed->{media_id}, 'reserved' ] ], 'newest first');
does(undef, 'GET media/', undef, 401, undef, 'of those who are logged in');
my $large = does($ann, 'POST posts/upload-url/', { %file, size => 16777217 }, 200, { part_size => 8388608, part_count => 3 }, 'a large file may come in parts');
like($large->{create_url}, qr/&uploads=&X-Amz-Signature=/, 'which the store is asked for');
my $parts = does($ann, "GET posts/media/$large->{media_id}/parts/?upload_id=abc", undef, 200, { part_count => 3, upload_id => 'abc', create_url => undef }, 'with its id');
is_deeply([ map { $_->{size} } @{ $parts->{parts} } ], [ 8388608, 8388608, 1 ], 'there are addresses for each');
does($bob, "GET media/$large->{media_id}/parts/", undef, 404, undef, "another's");
does($ann, "GET media/$id/parts/", undef, 409, undef, 'one that was sent');
does($ann, "DELETE media/$large->{media_id}/", undef, 200, {}, 'given up');
does($ann, "PATCH media/$id/", { alternative_text => 'Boats at night' }, 200, { alternative_text => 'Boats at night' }, 'described anew');
does($ann, "PATCH media/$id/", { alternative_text => 'x' x 1501 }, 400, undef, 'not at any length');
does($ann, "DELETE media/$id/", undef, 409, undef, 'what a post shows stays');
does($ann, "PATCH posts/posts/$post->{id}/", { visibility => 'private' }, 200, {}, 'a private post');
does($bob, "GET $_", undef, 404, undef, 'has no files for others') for "media/$id/", "posts/posts/$post->{id}/media/";
does($ann, "DELETE media/$upload->{media_id}/", undef, 200, { id => $upload->{media_id} }, 'what nobody shows goes');
does($ann, "GET media/$upload->{media_id}/", undef, 404, undef, 'and is gone');

# ---- the same over GraphQL
my $asked = get($ann, 'mutation($type: String!) { createUpload(fileName: "film.mp4", contentType: $type, size: 5000) { upload { uploadUrl key method maxSize headers { name value } fields { name } } media { id state contentType size } success } }',
	type => 'video/mp4');
is_deeply([ $asked->{upload}{method}, $asked->{upload}{maxSize}, $asked->{upload}{headers}, $asked->{upload}{fields}, $asked->{media}{state}, $asked->{media}{size} ],
	[ 'PUT', 5000, [ { name => 'Content-Type', value => 'video/mp4' } ], [], 'RESERVED', 5000 ], 'createUpload');
my $film = $asked->{media}{id};
is(payload('media', $ann, "mutation { completeUpload(mediaId: $film) { media { state } success message } }")->{state}, 'UPLOADED', 'completeUpload');
psql("SELECT social.media_found($film, 5000, 'video/mp4')");
my $shows = get($ann, 'mutation($key: String!) { createPost(title: "Film", content: "text", video: $key) { post { id media { id state alternativeText variants { name } post { title } } } } }', key => $asked->{upload}{key});
is_deeply($shows->{post}{media}, [ { id => $film, state => 'VERIFIED', alternativeText => '', variants => [], post => { title => 'Film' } } ], 'the files of a post');
is(payload('media', $ann, "mutation { updateMedia(mediaId: $film, alternativeText: \"Waves\") { media { alternativeText } success message } }")->{alternativeText}, 'Waves', 'updateMedia');
like(get($ann, "{ media(id: $film) { url } }")->{url}, qr/X-Amz-Signature=/, 'its owner finds the original');
is(get($bob, "{ media(id: $film) { id } }"), undef, 'others do not, before it is ready');
is_deeply(get($ann, '{ myMedia(first: 1) { id state } }'), [ { id => $film, state => 'VERIFIED' } ], 'myMedia');
my $big = get($ann, 'mutation { createUpload(fileName: "b.mp4", contentType: "video/mp4", size: 20000000) { upload { partSize partCount createUrl } media { id } } }');
is_deeply([ $big->{upload}{partSize}, $big->{upload}{partCount} ], [ 8388608, 3 ], 'in parts');
is_deeply(get($ann, "{ uploadParts(mediaId: $big->{media}{id}, uploadId: \"u\") { partCount createUrl parts { number size } } }"),
	{ partCount => 3, createUrl => undef, parts => [ { number => 1, size => 8388608 }, { number => 2, size => 8388608 }, { number => 3, size => 3222784 } ] }, 'uploadParts');
is(payload('id', $ann, "mutation { deleteMedia(mediaId: $big->{media}{id}) { id success message } }"), $big->{media}{id}, 'deleteMedia');
refused('CONFLICT', 'not of what a post shows', $ann, "mutation { deleteMedia(mediaId: $film) { success } }");
psql("SELECT social.media_processing($film), social.media_processed($film, '{\"hls\": {\"key\": \"media/$film/a.m3u8\", \"content_type\": \"application/vnd.apple.mpegurl\"}}', 40, 30, 1.5)");
like(get($bob, "{ post(id: $shows->{post}{id}) { media { duration variants { name url } } author { avatarUrl avatarVariants { name } bannerUrl } } }")->{media}[0]{variants}[0]{url}, qr/X-Amz-Signature=/, 'for others, when it is ready');
refused('BAD_REQUEST', 'nor is every type taken', $ann, 'mutation { createUpload(fileName: "a", contentType: "text/html") { success } }');
refused('NOT_FOUND', "another's file", $bob, "mutation { completeUpload(mediaId: $film) { success } }");

done_testing();
