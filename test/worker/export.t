# social-worker and exports (issue 17, seed 166) on the directory that bridges serve: one archive with all that there
# is of a person, as the database has it, made again where a worker was killed, and nothing left of it when it goes.
use strict;
use warnings;
use Archive;
use Digest::SHA 'sha256_hex';
use JSON::PP;
use Media;
use Social;
use Test::More;
use Worker;

use_directory();
my $path   = '/api/accounts/users/me/export/';
my $worker = start_worker(media_settings());
my ($ann, $bob) = map { account() } 1 .. 2;
sub asks { my ($person, $method, @more) = @_; return api($method => $path, token => $person->{token}, @more) }
sub state_of { my ($person) = @_; return asks($person, 'GET')->{json}{state} // 'gone' }

# Waits for the end of a person's export; the answer.
sub exported
{
	my ($person) = @_;
	ok(wait_until(180, sub { state_of($person) =~ /ready|failed|gone/ }), 'the export comes to an end');
	my $answer = asks($person, 'GET')->{json};
	is($answer->{state}, 'ready', 'it is ready') or diag(explain($answer), psql(q{SELECT kind, state, attempts, error FROM social.admin_jobs WHERE kind = 'export'}), $worker->log_text);
	return $answer;
}
my $json = JSON::PP->new->utf8->canonical;

# ---- a person with something in every part
my $text  = qq{a "quoted" text,\nwith lines <b>and</b> marks: caf\x{e9} \x{1f600}};
my $film  = sent($ann, picture('png', '64x48'), 'image/png', 'ready', 'a picture');
my $first = api(POST => '/api/posts/posts/', token => $ann->{token}, json => { title => 'First', content => $text, image => $film->{upload}{key} })->{json};
my $other = api(POST => '/api/posts/posts/', token => $bob->{token}, json => { title => 'Theirs', content => 'bobs own words' })->{json};
my $said  = api(POST => "/api/posts/posts/$other->{id}/comments/", token => $ann->{token}, json => { content => 'annsaid' })->{json};
api(POST => "/api/posts/posts/$other->{id}/comments/", token => $ann->{token}, json => { content => 'answer', parent_id => $said->{id} });
api(POST => "/api/posts/posts/$other->{id}/comments/", token => $bob->{token}, json => { content => 'bobsecret' });
api(POST => $_, token => $ann->{token}, json => {}) for "/api/posts/posts/$other->{id}/like/", "/api/posts/posts/$other->{id}/repost/", "/api/accounts/users/$bob->{id}/follow/", '/api/auth/totp/enable/';
api(POST => "/api/accounts/users/$ann->{id}/follow/", token => $bob->{token}, json => {});
psql("UPDATE social.users SET first_name = '<script>alert(1)</script>' WHERE id = $ann->{id}");

is(asks($ann, POST => json => {})->{status}, 201, 'issue 17: an export is asked for');
my $export = exported($ann);
like($export->{expires_at}, qr/^\d{4}-/, 'it says when it goes');
my $bytes = fetch($export->{url})->{content};
is(length $bytes, $export->{size}, 'issue 17: it can be read at a signed address');
is(sha256_hex($bytes), $export->{sha256}, 'and is what it was when it was made');
(my $bare = $export->{url}) =~ s/\?.*//;
is(fetch($bare)->{status}, 403, 'not without its signature');
like(fetch($export->{url})->{headers}{'content-disposition'} // '', qr/attachment/, 'a browser saves it');

# ---- the archive, by itself
my %file = unpacked($bytes);
my $manifest = $json->decode($file{'manifest.json'});
is(join(' ', $manifest->{format}, $manifest->{format_version}, $manifest->{user}{id}, $manifest->{user}{username}), "social-export 1 $ann->{id} $ann->{username}", 'the manifest says whose it is');
is_deeply([ sort map { $_->{path} } @{ $manifest->{files} } ], [ sort grep { $_ ne 'manifest.json' } keys %file ], 'issue 17: and names every file');
is_deeply([ grep { $_->{sha256} ne sha256_hex($file{ $_->{path} }) || $_->{size} != length $file{ $_->{path} } } @{ $manifest->{files} } ], [], 'with its size and digest');
is($file{"media/$film->{id}.png"}, file_of_key($film->{upload}{key}), 'the picture is there, byte by byte');
unlike($file{'index.html'}, qr/<script/, 'nothing in the page is a script');
like($file{'index.html'}, qr{<a href="data/posts\.json">.*<a href="media/$film->{id}\.png">}s, 'the page leads to the files');

# ---- against the database
cmp_ok(psql('SELECT count(*) FROM social.export_parts()'), '>', 30, 'it has many parts');
is_deeply([ unlike_database($ann->{id}, %file) ], [], 'issue 17: as many rows as the database has, in both forms, with the same columns');
my ($post) = grep { $_->{id} == $first->{id} } @{ $json->decode($file{'data/posts.json'}) };
is($post->{content}, $text, 'texts are what they were, as JSON');
my ($head, @lines) = records($file{'data/posts.csv'});
my %row; @row{@$head} = @{ (grep { $_->[0] == $first->{id} } @lines)[0] };
utf8::decode($row{content});
is($row{content}, $text, 'and as CSV');
my @comments = @{ $json->decode($file{'data/comments.json'}) };
is((grep { $_->{content} eq 'answer' } @comments)[0]{parent_id}, $said->{id}, 'replies keep what they answer');
is($json->decode($file{'data/following.json'})->[0]{followed_username}, $bob->{username}, 'others are named');
my $all = join '', map { $file{$_} } grep { !/^media/ } keys %file;
my $secrets = psql("SELECT concat_ws(' ', password, (SELECT encode(family_secret, 'hex') FROM social.user_sessions WHERE user_id = $ann->{id} LIMIT 1), (SELECT encode(secret, 'hex') FROM social.user_totp WHERE user_id = $ann->{id}), (SELECT email FROM social.users WHERE id = $bob->{id})) FROM social.users WHERE id = $ann->{id}");
is_deeply([ grep { index($all, $_) >= 0 } grep { length > 5 } split / /, $secrets ], [], 'issue 17: no password, no secret, no address of others');
unlike($all, qr/bobsecret|bobs own words/, 'and no words of others');

# ---- one at most
my $old = $export->{url};
is(asks($ann, POST => json => {})->{status}, 201, 'another one');
$export = exported($ann);
ok(wait_until(60, sub { fetch($old)->{status} == 404 }), 'issue 17: takes the place of the older one, whose archive goes');
is(asks($ann, 'DELETE')->{status}, 200, 'its owner deletes it');
ok(wait_until(60, sub { fetch($export->{url})->{status} == 404 }), 'and the archive goes');
ok(wait_until(30, sub { !places() }), 'nothing lies around') or diag(join "\n", places());

# ---- suspended
psql("UPDATE social.users SET suspended_at = now() WHERE id = $bob->{id}");
my $id = psql("SELECT social.export_user($bob->{id})");
ok(wait_until(180, sub { psql("SELECT state FROM social.admin_exports WHERE id = $id") eq 'ready' }), 'issue 17: an administrator exports who is suspended');
my $handed = psql("SELECT social.export_url($bob->{id}, 7200)");
like({ unpacked(fetch($handed)->{content}) }->{'data/posts.json'}, qr/bobs own words/, 'and hands over an address');

# ---- a file that is gone from the store is told
psql("SELECT social.set_media_store()");
my $lost = sent($ann, picture('png', '32x32'), 'image/png', 'ready', 'another picture');
HTTP::Tiny->new->delete(address(psql("SELECT social.media_address('DELETE', '$lost->{upload}{key}')")));
asks($ann, POST => json => {});
%file = unpacked(fetch(exported($ann)->{url})->{content});
my ($told) = grep { $_->{path} eq "media/$lost->{id}.png" } @{ $json->decode($file{'manifest.json'})->{files} };
is($told->{missing}, 'it is not in the store any more', 'a file that is lost is told of');
ok(!exists $file{"media/$lost->{id}.png"}, 'and is not there');
is($worker->stop, 0, 'the worker stops');

# ---- kill -9 at any moment
psql("INSERT INTO social.posts (author_id, title, content) SELECT $ann->{id}, 'Post ' || n, repeat('word ', 200) FROM generate_series(1, 3000) n");
psql(q{SELECT social.set_job_kind('export', queue => 'media', max_attempts => 50, timeout => '5 minutes', backoff => '100 milliseconds')});
asks($ann, POST => json => {});
for my $round (1 .. 4)
{
	my $victim = start_worker(media_settings(WORKER_LEASE => 3, WORKER_KINDS => 'export'));
	wait_until(60, sub { places() || state_of($ann) eq 'ready' });
	select undef, undef, undef, rand 0.5;
	$victim->signal('KILL');
	$victim->finish;
}
$worker = start_worker(media_settings(WORKER_LEASE => 3));
%file = unpacked(fetch(exported($ann)->{url})->{content});
is(scalar @{ $json->decode($file{'data/posts.json'}) }, 3001, 'issue 17: kill -9 at any moment loses nothing');
ok(wait_until(30, sub { !places() }), 'nor is anything left') or diag(join "\n", places());

# ---- its account goes
my $last = asks($ann, 'GET')->{json}{url};
psql("SELECT social.delete_user($ann->{id})");
ok(wait_until(120, sub { fetch($last)->{status} == 404 }), 'issue 17: it goes with its account');
is($worker->stop, 0, 'the worker stops');
unlike($worker->log_text, qr/X-Amz|"level":"error"/, 'its log has no address, and no error');
psql("DELETE FROM social.job_kinds WHERE kind = 'export'; SELECT social.set_media_store()");
done_testing;
