# The table of media is compared with the directory of files, both ways, by a job (issue 15, line 7); with S3 in
# test/s3/sweep.t.
use strict;
use warnings;
use Media;
use Social;
use Sweep;
use Test::More;
use Worker;

use_directory();
my $ann    = account();
my $worker = start_worker(media_settings());
cmp_ok(compares_both_ways($ann), '>=', 11, 'each object was looked at');
is($worker->stop, 0, 'the worker stops');
psql("DELETE FROM social.media WHERE owner_id = $ann->{id}");

done_testing();
