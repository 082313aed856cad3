# The table of media is compared with a real S3 server, Ceph's, both ways, by a job (issue 15, line 7).
use strict;
use warnings;
use Media;
use Radosgw;
use Social;
use Sweep;
use Test::More;
use Worker;

my $s3     = use_radosgw();
my $ann    = account();
my $worker = start_worker(media_settings());
is(compares_both_ways($ann), 11, 'each object was looked at');
psql(q{SELECT social.set_media_store(secret_key => 'another'), social.set_job_kind('media.sweep', queue => 'media', max_attempts => 1)});
psql('SELECT social.start_media_sweep()');
ok(wait_until(60, sub { psql(q{SELECT count(*) FROM social.admin_jobs WHERE kind = 'media.sweep' AND state = 'dead' AND error = 'the store answers 403 to a listing'}) eq '1' }), 'a store that refuses: a dead letter that says so');
is($worker->stop, 0, 'the worker stops');
psql('SELECT social.set_media_store(true)');
psql("DELETE FROM social.media WHERE owner_id = $ann->{id}");

done_testing();
