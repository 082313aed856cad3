# The table of media is compared with a real S3 server, Ceph's, both ways, by a job (issue 15, line 7).
use strict;
use warnings;
use HTTP::Tiny;
use Media;
use Radosgw;
use Social;
use Test::More;
use Worker;

my $s3   = use_radosgw();
my $http = HTTP::Tiny->new;
my $ann  = account();

sub put
{
	my ($key, $bytes) = @_;
	return $http->put(psql("SELECT social.media_store_address(s, 'PUT', '$key', 60, now()) FROM social.media_store s"), { content => $bytes // 'x' })->{status};
}
sub there { my ($key) = @_; return $http->head(psql("SELECT social.media_address('HEAD', '$key')"))->{status} }

psql('DELETE FROM social.media'); # of other tests, whose objects are elsewhere

# Files of two days ago that are there, some more that are not, and objects that nobody knows.
psql("INSERT INTO social.media (owner_id, state, key, content_type, updated_at) SELECT $ann->{id}, 'ready', format('uploads/%s/%s.png', $ann->{id}, i), 'image/png', now() - interval '2 days' FROM generate_series(1, 5) i");
psql("UPDATE social.media SET variants = format('{\"full\": {\"key\": \"media/%s/f.webp\"}}', id)::jsonb WHERE owner_id = $ann->{id}");
my @keys = split /\n/, psql(q{SELECT key FROM social.expected_objects('', NULL, now()) ORDER BY 1});
cmp_ok(scalar @keys, '>=', 10, 'files with variants');
my @gone = splice @keys, -2;
is_deeply([ grep { put($_) != 200 } @keys ], [], 'most of them are there');
my @strange = ("uploads/$ann->{id}/a&b.png", 'media/999999/f.webp', 'other/thing');
is(put($_), 200, "and $_") for @strange;

# What is in the store is of this moment; the sweep is of tomorrow.
sub sweep
{
	my ($arguments, $at) = @_;
	my $id = psql("BEGIN; SELECT social.start_media_sweep($arguments); UPDATE social.media_sweeps SET started_at = started_at + interval '$at' WHERE finished_at IS NULL; COMMIT");
	ok(wait_until(120, sub { psql("SELECT finished_at IS NOT NULL FROM social.media_sweeps WHERE id = $id") eq 't' }), 'a sweep comes to its end') or diag(psql(q{SELECT state, error FROM social.admin_jobs WHERE kind = 'media.sweep'}));
	return $id;
}
my $found = sub { my ($id) = @_; return [ sort split /\n/, psql("SELECT kind || ' ' || key FROM social.admin_media_findings WHERE sweep_id = $id") ] };
my $worker = start_worker(media_settings());
my $id = sweep('', '0');
is_deeply($found->($id), [ sort map { "missing $_" } @gone ], 'what is missing; what is new is left alone');
$id = sweep('', '2 hours');
is_deeply($found->($id), [ sort((map { "missing $_" } @gone), (map { "orphan $_" } @strange)) ], 'what nobody knows, later');
is(there($strange[0]), 200, 'which stays');
$id = sweep('delete_orphans => true', '2 days');
ok(wait_until(60, sub { there($strange[0]) == 404 && there($strange[1]) == 404 }), 'until it is to go');
is($http->head(psql("SELECT social.media_store_address(s, 'HEAD', '$strange[2]', 60, now()) FROM social.media_store s"))->{status}, 200, 'but for what is not ours');
is(there($keys[0]), 200, 'and what is known stays');
is(psql("SELECT objects || ' ' || orphans || ' ' || deleted FROM social.media_sweeps WHERE id = $id"), @keys + @strange . ' 3 2', 'as it says');
psql(q{SELECT social.set_media_store(secret_key => 'another'), social.set_job_kind('media.sweep', queue => 'media', max_attempts => 1)});
psql('SELECT social.start_media_sweep()');
ok(wait_until(60, sub { psql(q{SELECT count(*) FROM social.admin_jobs WHERE kind = 'media.sweep' AND state = 'dead' AND error = 'the store answers 403 to a listing'}) eq '1' }), 'a store that refuses: a dead letter that says so');
is($worker->stop, 0, 'the worker stops');
psql('SELECT social.set_media_store(true)');
psql("DELETE FROM social.media WHERE owner_id = $ann->{id}");

done_testing();
