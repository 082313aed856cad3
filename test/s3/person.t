# All that there is of a person, on a real S3 server, Ceph's: exported, and gone when the account is (issue 17, lines 2 and 3).
use strict;
use warnings;
use Archive;
use Media;
use Radosgw;
use Social;
use Test::More;
use Worker;

my $s3 = use_radosgw();
is($s3->{status}, 200, 'a bucket');
my $worker = start_worker(media_settings());
my $path = '/api/accounts/users/me/export/';
my ($ann, $bob) = map { account() } 1 .. 2;
sub asks { my ($method) = @_; return api($method => $path, token => $ann->{token}, $method eq 'POST' ? (json => {}) : ()) }
sub exported { ok(wait_until(180, sub { (asks('GET')->{json}{state} // '') =~ /ready|failed/ }), 'an export comes to its end'); return asks('GET')->{json} }

# The keys that the bucket has of somebody.
sub objects_of { my ($person, @files) = @_; my $ids = join '|', map { $_->{id} } @files; return grep { m{^(uploads|exports)/$person->{id}/} || m{^media/($ids)/} } keys_stored() }

my @hers = (sent($ann, picture('jpg', '320x200'), 'image/jpeg', 'ready', 'a picture of hers'), sent($ann, picture('png', '64x64'), 'image/png', 'ready', 'and another'));
my @his  = (sent($bob, picture('png', '32x32'), 'image/png', 'ready', 'one of somebody else'));
api(POST => '/api/posts/posts/', token => $ann->{token}, json => { title => 'Harbour', content => 'text', image => $hers[0]{upload}{key} });
my @his_objects = objects_of($bob, @his);
cmp_ok(scalar @his_objects, '>=', 4, 'the bucket has what was sent, and what was made of it');

# ---- exported
is(asks('POST')->{status}, 201, 'an export is asked for');
my $first = exported();
is($first->{state}, 'ready', 'issue 17: it is ready') or diag(explain($first), $worker->log_text);
my $bytes = fetch($first->{url})->{content};
is(length $bytes, $first->{size}, 'it can be read at an address that S3 takes');
(my $bare = $first->{url}) =~ s/\?.*//;
is(fetch($bare)->{status}, 403, 'and not without its signature');
my %file = unpacked($bytes);
is_deeply([ unlike_database($ann->{id}, %file) ], [], 'it has what the database has');
my ($kind) = $hers[0]{upload}{key} =~ /(\.\w+)$/;
is($file{"media/$hers[0]{id}$kind"}, file_of_key($hers[0]{upload}{key}), 'and her pictures, byte by byte');
is(scalar(grep { m{^media/} } keys %file), 2, 'all of them');
my ($old) = psql("SELECT key FROM social.exports WHERE user_id = $ann->{id}");
is_deeply([ grep { m{^exports/} } objects_of($ann, @hers) ], [$old], 'one archive is in the bucket');
asks('POST');
is(exported()->{state}, 'ready', 'another one takes its place');
ok(wait_until(60, sub { !grep { $_ eq $old } keys_stored() }), 'issue 17: the older one is gone from the bucket');
my %prefix = map { m{^(\w+)/} ? ($1 => 1) : () } objects_of($ann, @hers);
is_deeply([ sort keys %prefix ], [qw(exports media uploads)], 'she has objects under every prefix');
my %told = map { split /\|/ } split /\n/, psql("SELECT * FROM social.user_footprint($ann->{id})");
is(scalar(grep { m{^(exports|uploads|media)/} } keys %told), 4, 'as her footprint says') or diag(explain(\%told));

# ---- deleted
psql("SELECT social.delete_user($ann->{id}); UPDATE social.account_deletions SET due_at = now() WHERE user_id = $ann->{id}");
ok(wait_until(180, sub { psql("SELECT social.tick(); SELECT count(*) FROM social.account_deletions WHERE user_id = $ann->{id} AND erased_at IS NOT NULL") =~ /1$/ }), 'she is erased')
  or diag(psql("SELECT * FROM social.user_footprint($ann->{id})"), psql(q{SELECT kind, state, attempts, error FROM social.admin_jobs}));
is(psql("SELECT * FROM social.user_footprint($ann->{id})"), '', 'issue 17: her footprint is empty');
ok(wait_until(60, sub { !objects_of($ann, @hers) }), 'issue 17: and nothing of her is in the bucket') or diag(join "\n", objects_of($ann, @hers));
is_deeply([ sort(objects_of($bob, @his)) ], [ sort @his_objects ], 'what others have is');
is($worker->stop, 0, 'the worker stops');
psql(q{SELECT social.set_media_store(is_local => true)});
done_testing;
