# social-worker --import (issue 17): an archive that an export has made goes into a fresh account, once; archives that
# somebody has tampered with do nothing at all.
use strict;
use warnings;
use Archive;
use Digest::SHA 'sha256_hex';
use File::Temp 'tempdir';
use JSON::PP;
use Media;
use Social;
use Test::More;
use Worker;

use_directory();
my $path   = '/api/accounts/users/me/export/';
my $worker = start_worker(media_settings(WORKER_KINDS => 'export'));
my ($ann, $bob, $new) = map { account() } 1 .. 3;
my $json = JSON::PP->new->utf8->canonical;

# What --import says of an archive for somebody: its status, and what it wrote.
sub imports
{
	my ($archive, $name, %setting) = @_;
	local @ENV{qw(IMPORT_FILE IMPORT_USER DATABASE_URL)} = ($archive, $name, $setting{DATABASE_URL} // "host=$ENV{PGHOST} port=$ENV{PGPORT} dbname=$ENV{PGDATABASE} user=postgres");
	my $said = `$ENV{WORKER_BIN} --import 2>&1`;
	return ($? >> 8, $said);
}
# A tar archive, compressed.
sub tarred
{
	my (%files) = @_;
	my $dir = tempdir('tar-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	mkdir "$dir/data";
	for my $name (grep { !m{/} || m{^data/} } sort keys %files)
	{
		open my $file, '>:raw', "$dir/$name" or die "$name: $!";
		print $file $files{$name};
		close $file;
	}
	system('tar', '-C', $dir, '-czf', "$dir.tgz", '.') == 0 or die 'tar';
	return made(file_of("$dir.tgz"), 'zip');
}
sub posts_of { my ($person) = @_; return psql("SELECT count(*) FROM social.posts WHERE author_id = $person->{id}") }

# ---- there and back
api(POST => "/api/accounts/users/$bob->{id}/follow/", token => $ann->{token}, json => {});
api(POST => '/api/posts/posts/', token => $ann->{token}, json => { title => 'One', content => qq{"first"\nof caf\x{e9} \x{1f600}} });
psql("INSERT INTO social.posts (author_id, title, content, created_at) SELECT $ann->{id}, 'Post ' || n, repeat('word ', 100), timestamptz '2020-01-01' + n * interval '1 hour' FROM generate_series(1, 1200) n");
api(POST => $path, token => $ann->{token}, json => {});
ok(wait_until(180, sub { (api(GET => $path, token => $ann->{token})->{json}{state} // '') eq 'ready' }), 'an archive is made');
my $bytes   = fetch(api(GET => $path, token => $ann->{token})->{json}{url})->{content};
my $archive = made($bytes, 'zip');
my ($status, $said) = imports($archive, $new->{username});
is($status, 0, 'issue 17: it goes into a fresh account') or diag($said);
is($said, "blocks: 0 of 0\nmutes: 0 of 0\nfollowing: 1 of 1\nposts: 1201 of 1201\n", 'and says what came');
is(psql("SELECT count(*) FROM (SELECT title, content, created_at FROM social.posts WHERE author_id = $ann->{id} EXCEPT SELECT title, content, created_at FROM social.posts WHERE author_id = $new->{id}) d"), 0, 'posts are what they were, with their times');
is(psql("SELECT followed_id FROM social.follows WHERE follower_id = $new->{id}"), $bob->{id}, 'who was followed is');
($status, $said) = imports($archive, uc $new->{username});
is("$status $said", "0 blocks: 0 of 0\nmutes: 0 of 0\nfollowing: 0 of 1\nposts: 0 of 1201\n", 'issue 17: again, nothing is taken twice');

# ---- hostile ones
my %good = unpacked($bytes);
my $with = sub {
	my (%more) = @_;
	my %files = (%good, %more);
	delete $files{$_} for grep { !defined $files{$_} } keys %files;
	return packed('ZIP_DEFLATED', %files);
};
# With a manifest that fits.
my $signed = sub {
	my (%more) = @_;
	my $manifest = $json->decode($good{'manifest.json'});
	for my $file (@{ $manifest->{files} }) { $file->{sha256} = sha256_hex($more{ $file->{path} }) if defined $more{ $file->{path} } }
	return $with->(%more, 'manifest.json' => $json->encode($manifest));
};
my $fresh = account();
for (
	[ 'no archive',                       made('not an archive'),                                                    qr/no zip archive|cannot be read/ ],
	[ 'an archive of another kind (tar)',  tarred(%good),                                                            qr/no zip archive|cannot be read/ ],
	[ 'a bomb of that kind',              tarred('data/posts.json' => '[' . (' ' x 50_000_000) . ']'),               qr/no zip archive|cannot be read/ ],
	[ 'nothing',                          '/nowhere/at/all',                                                         qr/no zip archive/ ],
	[ 'an archive that ends too soon',    made(substr($bytes, 0, length($bytes) / 2), 'zip'),                        qr/./ ],
	[ 'none with a manifest',             $with->('manifest.json' => undef),                                         qr/it has no manifest/ ],
	[ 'a manifest that is none',          $with->('manifest.json' => '[' x 100_000),                                 qr/manifest cannot be read/ ],
	[ 'another format',                   $with->('manifest.json' => '{"format":"other"}'),                          qr/it is no export/ ],
	[ 'a later one',                      $with->('manifest.json' => '{"format":"social-export","format_version":2}'), qr/another version/ ],
	[ 'other posts than the manifest says', $with->('data/posts.json' => '[{"id":1,"title":"Planted","content":"planted"}]'), qr/the digest is another/ ],
	[ 'posts that the manifest does not know', $with->('manifest.json' => '{"format":"social-export","format_version":1,"files":[]}'), qr/does not know/ ],
	[ 'a name that leads up',             $with->('../../tmp/planted' => 'planted'),                                 qr/leads elsewhere/ ],
	[ 'one from the root',                made(file_of($with->('Xtmp/planted' => 'planted')) =~ s{Xtmp/planted}{/tmp/planted}gr), qr/leads elsewhere/ ],
	[ 'a bomb',                           $signed->('data/posts.json' => '[' . (' ' x 300_000_000) . ']'),           qr/more than an archive of its size may/ ],
	[ 'posts that are no list',           $signed->('data/posts.json' => '{"a":1}'),                                 qr/posts is no list/ ],
	[ 'a list of something else',         $signed->('data/posts.json' => '[1,2]'),                                   qr/something else than objects/ ],
	[ 'a list that ends too soon',        $signed->('data/posts.json' => '[{"id":1,"title":"a","content":"b"},'),    qr/posts/ ],
	[ 'a depth without end',              $signed->('data/posts.json' => '[' . ('{"a":' x 100_000)),                 qr/posts cannot be read/ ],
	[ 'a bad row behind good ones',       $signed->('data/posts.json' => $json->encode([ (map { { id => $_, title => 'x', content => 'good' } } 1 .. 700), { id => 701, title => 'x', content => '' } ])), qr/row 201 of posts.*701/s ])
{
	my ($name, $file, $why) = @$_;
	($status, $said) = imports($file, $fresh->{username});
	is($status, 1, "$name: refused");
	like($said, qr/^nothing was imported: .*$why/s, 'and it is said why');
}
is(posts_of($fresh), 0, 'issue 17: and nothing of any of them was taken');
ok(!-e '/tmp/planted', 'nor written anywhere');

# ---- ids of others
my $theirs = api(POST => '/api/posts/posts/', token => $bob->{token}, json => { title => 'Theirs', content => 'words of theirs' })->{json}{id};
($status, $said) = imports($signed->('data/posts.json' => $json->encode([ { id => $theirs, author_id => $bob->{id}, title => 'Planted', content => 'planted' } ]),
	'data/following.json' => $json->encode([ { follower_id => $bob->{id}, followed_id => 999_999_999_999, followed_username => 'nobody at all' } ])), $fresh->{username});
is("$status $said", "0 blocks: 0 of 0\nmutes: 0 of 0\nfollowing: 0 of 1\nposts: 1 of 1\n", 'issue 17: ids of others in an archive are names of its own rows');
is(psql("SELECT author_id || ' ' || (id <> $theirs)::text FROM social.posts WHERE title = 'Planted'"), "$fresh->{id} true", 'what comes is of whom it is imported for, under an id of its own');
is(psql("SELECT content FROM social.posts WHERE id = $theirs"), 'words of theirs', 'nothing of others changes');
is(psql("SELECT count(*) FROM social.follows WHERE follower_id IN ($fresh->{id}, $bob->{id})"), 0, 'and nobody follows whom there is not');
($status, $said) = imports($archive, 'nobody at all');
like("$status $said", qr/^1 nothing was imported: user not found/, 'nobody has that name');
(my $url = $ENV{DATABASE_URL}) =~ s/social_bridge/social_worker/;
($status, $said) = imports($archive, $fresh->{username}, DATABASE_URL => $url);
like("$status $said", qr/^1 nothing was imported: permission denied/, 'a worker\'s own role may not');
is($worker->stop, 0, 'the worker stops');
psql("DELETE FROM social.exports WHERE user_id = $ann->{id}; DELETE FROM social.users WHERE id = 0");
done_testing;
