# Media on a real S3 server, Ceph's (issue 15: upload -> complete -> variants -> post -> signed read -> delete; seed
# 144, 145), and what a worker does when the store refuses, is gone, or is full.
use strict;
use warnings;
use File::Temp 'tempdir';
use HTTP::Tiny;
use Media;
use POSIX ();
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

# ---- it is busy, and says until when: a real nginx before it answers so
my $dir   = tempdir(CLEANUP => 1);
my $port  = free_port();
my $busy  = "$dir/busy";
my $until = 3600;
chmod 0755, $dir;
sub is_busy { my ($is) = @_; return unlink $busy unless $is; open my $file, '>', $busy or die; return close $file }
open my $conf, '>', "$dir/nginx.conf" or die;
print $conf 'user root;' x ($> == 0), <<"END";
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log info;
events { worker_connections 64; }
http {
	access_log off;
	client_max_body_size 100m;
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
	server {
		listen 127.0.0.1:$port;
		error_page 503 \@busy;
		location \@busy {
			add_header Retry-After $until always;
			default_type application/xml;
			return 503 '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>';
		}
		location / {
			if (-f $busy) { return 503; }
			proxy_pass $s3->{url};
			proxy_set_header Host \$http_host;
		}
	}
}
END
close $conf;
my $nginx = fork // die;
if (!$nginx) { exec '/usr/sbin/nginx', '-c', "$dir/nginx.conf", '-e', "$dir/error.log" or POSIX::_exit(127) }
END { if ($nginx) { local $?; kill 'QUIT', $nginx; waitpid $nginx, 0 } }
ok(wait_until(30, sub { HTTP::Tiny->new(timeout => 5)->get("http://127.0.0.1:$port")->{status} == 200 }), 'a proxy before the store') or diag(`cat $dir/error.log`);
psql("SELECT social.set_media_store(endpoint => 'http://127.0.0.1:$port')");
$upload = send_file($ann, $path, 'image/png');
is_busy(1);
api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
my $job = "FROM social.jobs WHERE kind LIKE 'media.%' AND args ->> 'media_id' = '$upload->{media_id}'";
ok(wait_until(60, sub { psql("SELECT count(*) $job AND error <> ''") eq '1' }), 'a store that answers 503');
is(psql("SELECT error $job"), "the store answers 503 to HEAD of $upload->{key}", 'which is said in the job');
my $wait = psql("SELECT floor(extract(epoch FROM run_at - now())) $job");
ok($wait > $until - 120 && $wait <= $until * 1.1, 'is asked again when it said: Retry-After') or diag($wait);
is(psql("SELECT attempts $job"), 1, 'and not before');
is_busy(0);
psql("UPDATE social.jobs SET run_at = now() WHERE id IN (SELECT id $job)");
becomes($ann, $upload->{media_id}, 'ready', 'then it goes on');
is($worker->stop, 0, 'a worker stops');
$worker = start_worker(media_settings(WORKER_KINDS => 'media.verify'));
$upload = send_file($ann, $path, 'image/png');
api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
becomes($ann, $upload->{media_id}, 'verified', 'one that only looks at files');
is($worker->stop, 0, 'stops');
is_busy(1);
$worker = start_worker(media_settings());
$job = "FROM social.jobs WHERE kind = 'media.process' AND args ->> 'media_id' = '$upload->{media_id}'";
for my $attempt (1 .. 3)
{
	ok(wait_until(60, sub { psql("SELECT j.attempts || j.state FROM social.admin_jobs j WHERE j.error <> '' AND j.id IN (SELECT id $job)") =~ /^$attempt(?!running)/ }), "busy at attempt $attempt") or diag(psql("SELECT to_jsonb(j) FROM social.jobs j WHERE id IN (SELECT id $job)"));
	psql("UPDATE social.jobs SET run_at = now() WHERE id IN (SELECT id $job)") if $attempt < 3;
}
is(psql("SELECT state || ' ' || error $last"), "dead the store answers 503 (SlowDown) to GET of $upload->{key}", 'busy for good: a dead letter that says why');
is(media_of($ann, $upload->{media_id})->{state}, 'processing', 'nothing is lost by that');
is_busy(0);
psql("SELECT social.requeue_jobs(ARRAY(SELECT id $last))");
becomes($ann, $upload->{media_id}, 'ready', 'requeued, it is ready');
psql("SELECT social.set_media_store(endpoint => '$s3->{url}')");

# ---- it is full, for whoever signs
my $quota = sub { my ($what) = @_; return system("radosgw-admin --conf $s3->{dir}/ceph.conf -n client.rgw quota $what --quota-scope=user --uid=test >>$s3->{dir}/quota.log 2>&1") };
$upload = send_file($ann, $path, 'image/png');
is($quota->('set --max-size=1') + $quota->('enable'), 0, 'no room at the store');
api(POST => "/api/media/$upload->{media_id}/complete/", token => $ann->{token});
ok(wait_until(120, sub { psql("SELECT state || kind $last") eq 'deadmedia.process' }), 'a store that is full: a dead letter') or diag(psql("SELECT kind, state, attempts, error $last"));
like(psql("SELECT error $last"), qr/^the store answers 403 \(QuotaExceeded\) to PUT of media/, 'that says so');
is($quota->('disable'), 0, 'there is room');
psql("SELECT social.requeue_jobs(ARRAY(SELECT id $last))");
becomes($ann, $upload->{media_id}, 'ready', 'requeued, it is ready');

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
