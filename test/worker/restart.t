# The database goes away while a worker sends, and comes back (issue 15 line 2). Needs a cluster of its own.
use strict;
use warnings;
use lib 'test/upgrade';
my %url;
BEGIN { %url = map { $_ => $ENV{$_} } qw(PGHOST PGPORT PGUSER PGDATABASE) }
use Social;
use Test::More;
use Worker;
use Cluster;

make_cluster('worker', "shared_preload_libraries = 'social'\nsocial.database = 'postgres'");
start('worker');
@ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ($Cluster::dir, $Cluster::port, 'postgres', 'postgres');
$ENV{DATABASE_URL} = "host=$Cluster::dir port=$Cluster::port dbname=postgres user=social_worker";
psql(q{CREATE EXTENSION social; CREATE ROLE social_worker LOGIN; SELECT social.grant_worker('social_worker')});
my $server = start_mail_server();
# What a container's health check asks of a worker, which has no door: the time of its last sign of life.
my $heartbeat = "$Cluster::dir/heartbeat";
my $is_healthy = sub { system("docker/worker-health $heartbeat 2 2>/dev/null") == 0 };
ok(!$is_healthy->(), 'a worker that is not there is not healthy');
for my $text ('', 'soon', time - 60)
{
	open my $file, '>', $heartbeat or die;
	print $file "$text\n";
	close $file;
	ok(!$is_healthy->(), "nor one whose HEARTBEAT_FILE says '" . ($text =~ s/^\d+$/a minute ago/r) . "'");
}
my $worker = start_worker(worker_settings($server), HEARTBEAT_FILE => $heartbeat);
ok(wait_until(60, $is_healthy), 'one that serves is (issue 13 line 7)');

$server->does('hold');
my @ids = map { queue_mail("to$_\@example.com") } 1 .. 3;
ok(wait_until(60, sub { mail_to($server, 'to3@example.com') }), 'three mails are with the server');
stop('worker');
$server->does_not('hold');
ok(wait_until(60, sub { $worker->log_text =~ /no connection to the database/ }), 'the database is away');
ok(wait_until(60, sub { !$is_healthy->() }), 'a worker without a database is not healthy');
start('worker');
ok(wait_until(60, sub { 3 == grep { mail_state($_) eq 'sent' } @ids }), 'when it is back, the worker tells that they were sent') or diag($worker->log_text);
is_deeply([ map { scalar mail_to($server, "to$_\@example.com") } 1 .. 3 ], [ 1, 1, 1 ], 'each was sent once');
my $id = queue_mail('after@example.com');
ok(wait_until(60, sub { mail_state($id) eq 'sent' }), 'and it goes on');
ok(wait_until(60, $is_healthy), 'and is healthy');
is($worker->stop, 0, 'it stops');
is(psql('SELECT count(*) FROM social.job_workers'), 0, 'and has left');
stop('worker');
done_testing;
