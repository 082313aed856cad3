# Media on a real S3 server, Ceph's (issue 15: upload -> complete -> variants -> post -> signed read -> delete; seed
# 144, 145), and what a worker does when the store refuses, is gone, or is full.
use strict;
use warnings;
use Media;
use Radosgw;
use Social;
use Test::More;
use Worker;

my $s3 = use_radosgw();
is($s3->{status}, 200, 'a bucket');
psql(q{SELECT social.set_job_kind(kind, queue => 'media', max_attempts => 3, backoff => '10 ms', backoff_max => '20 ms', timeout => '5 minutes') FROM unnest('{media.verify,media.process,media.delete}'::text[]) kind});
my $worker = start_worker(media_settings());
my ($ann, $bob) = map { account() } 1 .. 2;

whole_life($ann, $bob);

# ---- forms, which S3 alone takes
my $path = picture('png', '40x30');
my $form = api(POST => '/api/posts/upload-url/', token => $ann->{token}, json => { file_name => 'a', content_type => 'image/png', form => \1 })->{json};
is($form->{method}, 'POST', 'P-21: a form');
my @parts = map { "-F '$_=$form->{fields}{$_}'" } sort keys %{ $form->{fields} };
like(`curl -s -o /dev/null -w '%{http_code}' @parts -F 'file=\@$path;type=image/png' '$form->{upload_url}'`, qr/^20[04]$/, 'takes a file');
api(POST => "/api/media/$form->{media_id}/complete/", token => $ann->{token});
is(becomes($ann, $form->{media_id}, 'ready', 'which is ready then')->{size}, -s $path, 'and as long as it is');

# ---- the store refuses, and says why in a dead letter
my $last = "FROM social.admin_jobs WHERE queue = 'media' ORDER BY id DESC LIMIT 1";
my $upload = send_file($ann, $path, 'image/png');
psql(q{SELECT social.set_media_store(secret_key => 'another')});
api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
ok(wait_until(60, sub { psql("SELECT state $last") eq 'dead' }), '403: tried again, then a dead letter');
like(psql("SELECT attempts || ' ' || error $last"), qr/^3 the store answers 403 to HEAD of uploads/, 'that says why');
is(media_of($ann, $upload->{media_id})->{state}, 'uploaded', 'the file waits');
psql("SELECT social.set_media_store(secret_key => '$s3->{secret_key}')");
psql("SELECT social.requeue_jobs(ARRAY(SELECT id $last))");
becomes($ann, $upload->{media_id}, 'ready', 'put right and requeued, it goes on');

psql(q{SELECT social.set_media_store(bucket => 'no-such-bucket')});
$upload = api(POST => '/api/posts/upload-url/', token => $ann->{token}, json => { file_name => 'a', content_type => 'image/png', size => 10 })->{json};
is(api(DELETE => "/api/media/$upload->{media_id}/", token => $ann->{token})->{status}, 200, 'a file is deleted');
psql(q{UPDATE social.jobs SET run_at = now() WHERE kind = 'media.delete'});
ok(wait_until(60, sub { psql("SELECT state $last") eq 'dead' }), 'a bucket that is not there is no object that is not there');
like(psql("SELECT error $last"), qr/NoSuchBucket/, 'the dead letter says so');
psql("SELECT social.set_media_store(bucket => 'social-media')");
psql("SELECT social.requeue_jobs(ARRAY(SELECT id $last))");
ok(wait_until(60, sub { psql(q{SELECT count(*) FROM social.admin_jobs WHERE kind = 'media.delete'}) eq '0' }), 'put right, what is not there counts as deleted');

# ---- between two steps
is($worker->stop, 0, 'a worker stops');
$worker = start_worker(media_settings(WORKER_KINDS => 'media.verify'));
$upload = send_file($ann, $path, 'image/png');
api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
becomes($ann, $upload->{media_id}, 'verified', 'a worker that only looks at files');
is($worker->stop, 0, 'stops');
psql(q{SELECT social.set_media_store(secret_key => 'another')});
$worker = start_worker(media_settings());
ok(wait_until(60, sub { psql("SELECT state $last") eq 'dead' }), 'the store refuses the next step: a dead letter');
like(psql("SELECT error $last"), qr/^the store answers 403 \(\w+\) to GET of uploads/, 'that says why');
is(media_of($ann, $upload->{media_id})->{state}, 'processing', 'nothing is lost by that');
psql("SELECT social.set_media_store(secret_key => '$s3->{secret_key}')");
psql("SELECT social.requeue_jobs(ARRAY(SELECT id $last))");
becomes($ann, $upload->{media_id}, 'ready', 'put right and requeued, it is ready');

# ---- it is gone, and comes back
$upload = send_file($ann, $path, 'image/png');
kill 'STOP', $s3->{pid};
psql(q{SELECT social.set_media_store(endpoint => 'http://127.0.0.1:9')});
api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
ok(wait_until(60, sub { psql("SELECT state $last") eq 'dead' }), 'a store that is gone: a dead letter');
like(psql("SELECT error $last"), qr/the store cannot be asked: .*connect/i, 'says so');
kill 'CONT', $s3->{pid};
psql("SELECT social.set_media_store(endpoint => '$s3->{url}')");
psql("SELECT social.requeue_jobs(ARRAY(SELECT id $last))");
becomes($ann, $upload->{media_id}, 'ready', 'when it is back, the work goes on');

is($worker->stop, 0, 'the worker stops');
is_deeply([ places() ], [], 'and has left nothing');
unlike($worker->log_text, qr/X-Amz|\Q$s3->{secret_key}\E/, 'its log has no address and no key');
psql(q{SELECT social.set_media_store(is_local => true)});
done_testing;
